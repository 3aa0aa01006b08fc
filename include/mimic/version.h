/*
 * The one place of the version: the build reads these lines.
 *
 * Since: 0.1
 */
#ifndef MIMIC_VERSION_H
#define MIMIC_VERSION_H

#include <mimic/export.h>

/** Version of these headers, which may be another than that of the library that runs. */
#define MIMIC_VERSION_MAJOR 0
#define MIMIC_VERSION_MINOR 1
#define MIMIC_VERSION_PATCH 0
#define MIMIC_VERSION_STRING "0.1.0"

/** Number of the binary interface: the soname. It rises when a released symbol changes or goes. */
#define MIMIC_ABI_VERSION 0

MIMIC_BEGIN_DECLS

/**
 * Version of the library that is running, such as "0.1.0".
 *
 * Returns: a static string, never NULL.
 * Ownership: borrowed, valid for the life of the process.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("libmimic %s, built against %s\n", mimic_version(), MIMIC_VERSION_STRING);
 */
MIMIC_API const char *mimic_version(void);

/**
 * ABI number of the library that is running; compare it with MIMIC_ABI_VERSION.
 *
 * Returns: the number in the soname.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     if (mimic_abi_version() != MIMIC_ABI_VERSION)
 *         fprintf(stderr, "these headers belong to another libmimic\n");
 */
MIMIC_API int mimic_abi_version(void);

MIMIC_END_DECLS

#endif
