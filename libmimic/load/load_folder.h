/* What a folder holds: which file is which table, and of which release. */
#ifndef MIMIC_LOAD_FOLDER_H
#define MIMIC_LOAD_FOLDER_H

#include <mimic/load.h>

#include "base/arena.h"
#include "io/output.h"
#include "schema/schema_model.h"

typedef struct load_file {
    const char *path;
    const char *relative;
    int64_t size;
    const mimic_table *table; /* NULL = no table of the release */
    bool is_expected;         /* no table, but the release ships it */
} load_file;

typedef struct load_folder {
    const mimic_dataset *dataset;
    const char *reason; /* why this release, a sentence */
    load_file *files;   /* sorted by `relative` */
    size_t file_count;
} load_folder;

/*
 * Reads a folder; `spec` NULL = the release is recognised from names, headers and, where those leave
 * a choice, from values and row counts. Everything lives in `arena`. MIMIC_ERR_NOT_FOUND when no file
 * is a table.
 */
mimic_status mimic__folder_read(mimic_arena *arena, const mimic_registry *registry, const char *dir,
                                const char *spec, load_folder *out_folder, mimic_error *err);

/* False for standard input, pipes and the like, which can be read once only: their header is looked
 * at when they are converted. */
bool mimic__file_can_be_reread(const char *path);

/* The table of one file of any release, by name and header. */
mimic_status mimic__file_recognise(const mimic_context *ctx, const mimic_registry *registry,
                                   const char *path, const mimic_table **out_table,
                                   mimic_error *err);

#endif
