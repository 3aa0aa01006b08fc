/*
 * The file of a database: an existing one is used where it stands; a new one is built under a
 * temporary name beside its own and renamed when it is whole.
 */
#ifndef MIMIC_SINK_SQLITE_FILE_H
#define MIMIC_SINK_SQLITE_FILE_H

#include <stdbool.h>

#include "io/output.h"

typedef struct mimic_sqlite_file {
    const mimic_context *ctx;
    char *open_path;      /* what SQLite is to open; never a URI */
    mimic_output *output; /* the temporary file of a new database; NULL = an existing one */
} mimic_sqlite_file;

/* Looks at `path`, and makes an empty temporary file when there is no database yet. The caller
 * calls mimic__sqlite_file_free in any case. */
mimic_status mimic__sqlite_file_prepare(const mimic_context *ctx, const char *path, bool no_sync,
                                        mimic_sqlite_file *out_file, mimic_error *err);
/* Removes the temporary file unless its output was published. */
void mimic__sqlite_file_free(mimic_sqlite_file *file);

#endif
