/* The packages that are compiled in, made from schemas/ by embed.py. */
#ifndef MIMIC_SCHEMA_BUILTIN_H
#define MIMIC_SCHEMA_BUILTIN_H

#include <stddef.h>

typedef struct mimic_builtin_package {
    const char *name; /* "mimic-iv@3.1", for messages */
    const char *json;
    size_t size;
} mimic_builtin_package;

extern const mimic_builtin_package mimic__builtin_packages[];
extern const size_t mimic__builtin_package_count;

#endif
