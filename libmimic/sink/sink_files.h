/*
 * What the sinks that write files have in common: one file a table below a folder
 * (DIR/<module>/<table><ending>), or one file for one table; rejects as CSV beside them
 * (DIR/rejects/<table>.csv, or out.rejects.csv beside out.arrow). All of it becomes visible
 * together, when the sink finishes.
 *
 * A rejects file has the header source,record,line,byte_offset,column,code,message,raw; raw is
 * given byte for byte, even when it is no UTF-8. A table without rejects has no such file, and one
 * from an earlier load goes away.
 *
 * A folder has a ledger, mimic-ledger.json. With mimic_sink_options.resume finished tables wait in
 * DIR/.mimic-partial, which has a ledger of its own; else they wait beside their names.
 */
#ifndef MIMIC_SINK_FILES_H
#define MIMIC_SINK_FILES_H

#include <stdbool.h>

#include <mimic/csv.h>

#include "io/output.h"
#include "io/target_lock.h"
#include "sink/sink_folder_ledger.h"
#include "sink/sink_internal.h"

/* The two files of one table. */
typedef struct mimic_table_files {
    char *path;
    mimic_output *output;
    char *rejects_path;
    mimic_output *rejects; /* NULL until there is a reject */
} mimic_table_files;

typedef struct mimic_sink_files {
    const mimic_context *ctx;
    char *root; /* the folder, or the path of the only file */
    bool is_one_table;
    const char *ending; /* ".arrow" */
    mimic_output_options options;
    mimic_target_lock *lock;
    char *partial;           /* the folder where tables wait; NULL = beside their names */
    const mimic_table *table; /* that is begun */
    mimic_table_files open;  /* of the table that is begun */
    mimic_table_files *done; /* committed, waiting for their names; without `partial` */
    size_t done_count;
    size_t done_capacity;
    mimic_folder_ledger held;    /* of what the folder holds */
    mimic_folder_ledger waiting; /* of what is committed */
    mimic_arena line_arena;
    mimic_ledger_entry line; /* of the open table */
    bool has_line;
    bool is_touched;  /* a line of `held` changed */
    bool is_finished; /* nothing waits any more */
} mimic_sink_files;

/* `ending` is static, and without meaning for a single file. MIMIC_ERR_IO when a folder stands
 * where a file should, or the reverse. On failure mimic__sink_files_free is still due. */
mimic_status mimic__sink_files_init(mimic_sink_files *files, const mimic_context *ctx,
                                    const struct mimic_target *target, const char *ending,
                                    const mimic_output_options *options,
                                    const mimic_sink_options *sink_options, mimic_error *err);
void mimic__sink_files_free(mimic_sink_files *files);

/* Opens the file of a table, files->open.output. A table that comes again replaces what came
 * before; MIMIC_ERR_STATE for a second table where there is one file, or one name for two rejects
 * files. */
mimic_status mimic__sink_files_begin(mimic_sink_files *files, const mimic_table *table,
                                     mimic_error *err);
/* Opens the table's file once more; *out_former is what was written so far, which the caller frees. */
mimic_status mimic__sink_files_begin_anew(mimic_sink_files *files, mimic_output **out_former,
                                          mimic_error *err);
mimic_status mimic__sink_files_reject(mimic_sink_files *files, const mimic_reject *reject,
                                      mimic_error *err);
/* Completes the files of the open table, which then wait under other names. */
mimic_status mimic__sink_files_commit(mimic_sink_files *files, mimic_error *err);
void mimic__sink_files_abort(mimic_sink_files *files);
/* Gives every committed file its name. */
mimic_status mimic__sink_files_finish(mimic_sink_files *files, mimic_error *err);

/* As mimic_sink_vtable has them. */
mimic_status mimic__sink_files_ledger(mimic_sink_files *files, const mimic_ledger_entry *entry,
                                      mimic_error *err);
mimic_status mimic__sink_files_read_ledger(mimic_sink_files *files, mimic_ledger_fn fn,
                                           void *fn_ctx, mimic_error *err);

/* ---- sink_files_wait.c: tables that wait, and how they get their names ---- */

#define MIMIC_FOLDER_LEDGER_NAME "mimic-ledger.json"
#define MIMIC_FOLDER_PARTIAL_NAME ".mimic-partial"

/* "dir/name", freed with mimic__free; NULL when memory ran out. */
char *mimic__sink_files_path(const mimic_sink_files *files, const char *dir, const char *name);
/* Reads the folder's ledger, ends what a killed process was about to publish, and goes on with, or
 * gives up, what it left unfinished. */
mimic_status mimic__sink_files_resume(mimic_sink_files *files, const mimic_sink_options *options,
                                      mimic_error *err);
/* Adds the open table, whose files have their names below `dir`, to those that wait. */
mimic_status mimic__sink_files_wait(mimic_sink_files *files, const char *dir, mimic_error *err);
mimic_status mimic__sink_files_publish(mimic_sink_files *files, mimic_error *err);
/* Of a sink that was not finished: what waits is kept for the next, or there is nothing to keep. */
void mimic__sink_files_leave(mimic_sink_files *files);

#endif
