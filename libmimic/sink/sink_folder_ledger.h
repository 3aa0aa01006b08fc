/*
 * The ledger of a folder, mimic-ledger.json: a line a table, with the files that hold it. The same
 * form tells what a load that is not finished has done so far (sink_files.h).
 */
#ifndef MIMIC_SINK_FOLDER_LEDGER_H
#define MIMIC_SINK_FOLDER_LEDGER_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/arena.h"
#include "io/output.h"

typedef struct mimic_folder_line {
    mimic_ledger_entry entry;
    bool is_named_only;  /* of the entry only the table is known: nobody gave a line */
    const char *file;    /* below the folder */
    int64_t file_bytes;
    const char *rejects; /* its file below the folder, "" = none */
    const char *former;  /* while it is published: its file of before, of another name; else NULL */
} mimic_folder_line;

typedef struct mimic_folder_ledger {
    const mimic_context *ctx;
    mimic_arena arena;
    mimic_folder_line *lines;
    size_t count;
    size_t capacity;
    bool is_partial;    /* of an unfinished load */
    bool is_publishing; /* of an unfinished load: every table is done, the files are being moved */
} mimic_folder_ledger;

void mimic__folder_ledger_init(mimic_folder_ledger *ledger, const mimic_context *ctx);
void mimic__folder_ledger_free(mimic_folder_ledger *ledger); /* leaves an empty one */

mimic_folder_line *mimic__folder_ledger_find(const mimic_folder_ledger *ledger, const char *table);
/* Copies a line, replacing that of the same table. */
mimic_status mimic__folder_ledger_put(mimic_folder_ledger *ledger, const mimic_folder_line *line,
                                      mimic_error *err);
void mimic__folder_ledger_remove(mimic_folder_ledger *ledger, const char *table);

/*
 * Reads the file. *out_is_sound is false, and the ledger empty, when it is not there or no ledger, or
 * when it is of an unfinished load that cannot be gone on with: of another version of the library, or
 * of files that were not synced before the machine was started again. Names that would lead out of
 * the folder make it unsound.
 */
mimic_status mimic__folder_ledger_read(mimic_folder_ledger *ledger, const char *path,
                                       bool *out_is_sound, mimic_error *err);

typedef struct mimic_folder_ledger_form {
    bool is_partial;                    /* of an unfinished load */
    bool no_sync;
    const mimic_folder_ledger *without; /* lines of these tables are left out; NULL = none */
} mimic_folder_ledger_form;

/* Completes the file, which waits to be published and freed; nothing can run out of memory then. */
mimic_status mimic__folder_ledger_prepare(const mimic_folder_ledger *ledger, const char *path,
                                          const mimic_folder_ledger_form *form,
                                          mimic_output **out_output, mimic_error *err);
/* Writes the file whole or not at all. */
mimic_status mimic__folder_ledger_write(const mimic_folder_ledger *ledger, const char *path,
                                        const mimic_folder_ledger_form *form, mimic_error *err);

#endif
