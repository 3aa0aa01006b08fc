/*
 * The file of a database: an existing one is used where it stands; a new one is built under a hidden
 * name beside its own and renamed when it is whole. One process at a time (io/target_lock.h).
 */
#ifndef MIMIC_SINK_SQLITE_FILE_H
#define MIMIC_SINK_SQLITE_FILE_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "io/output.h"
#include "io/target_lock.h"

typedef struct mimic_sqlite_file {
    const mimic_context *ctx;
    char *open_path;      /* what SQLite is to open; never a URI */
    mimic_output *output; /* the hidden file of a new database; NULL = an existing one */
    mimic_target_lock *lock;
    char *partial;   /* its name, ".<name>.mimic-partial", where it may outlive this process; else NULL */
    bool is_resumed; /* it was there already */
    bool is_kept;    /* mimic__sqlite_file_free leaves it where it is */
} mimic_sqlite_file;

/* Looks at `path`, and makes an empty hidden file when there is no database yet, or takes the one
 * that a load left, with options->resume. The caller calls mimic__sqlite_file_free in any case. */
mimic_status mimic__sqlite_file_prepare(const mimic_context *ctx, const char *path,
                                        const mimic_sink_options *options,
                                        mimic_sqlite_file *out_file, mimic_error *err);
/* The application id of a file that may outlive its process: it is gone on with only while the
 * machine has not been started anew, as it is not synced, and by the same version. 0 = not known. */
int32_t mimic__sqlite_file_mark(void);
/* Gives up what was resumed and takes a new file in its place; SQLite must have closed it. */
mimic_status mimic__sqlite_file_begin_anew(mimic_sqlite_file *file, const char *path,
                                           const mimic_sink_options *options, mimic_error *err);
/* Takes the mark off and gives the new database its name; SQLite must have closed it. */
mimic_status mimic__sqlite_file_publish(mimic_sqlite_file *file, mimic_error *err);
/* Removes the hidden file unless it was published or is kept. */
void mimic__sqlite_file_free(mimic_sqlite_file *file);

#endif
