/* A quality of the library as text on stdout or in a file. */
#ifndef MIMIC_CLI_QUALITY_H
#define MIMIC_CLI_QUALITY_H

#include "session.h"

/* The form that a file's ending asks for; 0 when it asks for none. */
mimic_quality_format quality_format_of(const char *path);

/* Writes to `path`, which appears whole or not at all; NULL or "-" = stdout. Returns an exit status. */
int quality_write(const session *s, const cli_arguments *arguments, const mimic_quality *quality,
                  mimic_quality_format format, const char *path);

#endif
