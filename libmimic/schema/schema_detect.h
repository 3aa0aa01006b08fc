/*
 * Which table is this file, and which release is this folder? Answers come from names, headers and,
 * where releases have the same headers, from the marks that the packages give ("signature").
 */
#ifndef MIMIC_SCHEMA_DETECT_H
#define MIMIC_SCHEMA_DETECT_H

#include "schema/schema_registry.h"

/*
 * The table that a file holds, by its name: no folders, no .csv, .csv.gz or .csv.zst, any case,
 * equal to a table's name or alias. A folder that is a module of the dataset must be the table's
 * module ("icu/labevents.csv" is no labevents); other folders mean nothing. NULL = no table.
 */
const mimic_table *mimic__schema_match_file(const mimic_dataset *dataset, const char *relative);
/* True for files that the package names as no tables. */
bool mimic__schema_ignores_file(const mimic_dataset *dataset, const char *relative);

/* A file and its header; rows -1 = not counted. */
typedef struct mimic_found_file {
    const char *relative;
    const char *const *header;
    size_t header_count;
    int64_t rows;
} mimic_found_file;

/*
 * Gives values that occur in a column of a file (all, or those near its beginning), valid until the
 * next call. Called only when headers leave a choice. Returns how many; 0 when it cannot tell.
 */
typedef size_t (*mimic_column_values_fn)(const mimic_found_file *file, size_t column,
                                         const mimic_text **out_values, void *ctx);

typedef struct mimic_release_score {
    const mimic_dataset *dataset;
    size_t tables_found;
    size_t columns_known;    /* in a file and in its table */
    size_t columns_unknown;  /* in a file only */
    size_t columns_missing;  /* in a table only */
    size_t required_missing; /* of these, those that may not be NULL */
    size_t marks_held;
    size_t marks_failed;
    double likeness;   /* sum over the files: 2 * known / (columns of the file + of the table) */
    const char *marks; /* the marks that held or failed, in words; "" = none */
} mimic_release_score;

typedef struct mimic_detection {
    mimic_release_score best;
    mimic_release_score second; /* dataset NULL = there is no other */
    bool is_tie;                /* nothing but the version speaks for the best one */
    const char *reason;         /* a sentence, in the arena */
} mimic_detection;

/*
 * Scores every release and gives the best two. Order: likeness, fewer failed marks, fewer missing
 * required columns, more marks that held, the higher version. `values` may be NULL.
 * MIMIC_ERR_NOT_FOUND when no file is a table of any release.
 */
mimic_status mimic__schema_detect(mimic_arena *arena, const mimic_registry *registry,
                                  const mimic_found_file *files, size_t file_count,
                                  mimic_column_values_fn values, void *values_ctx,
                                  mimic_detection *out_detection, mimic_error *err);

/* A table that a single file may be. */
typedef struct mimic_table_candidate {
    const mimic_table *table;
    bool name_matches;
    double likeness; /* 1 = same columns */
    size_t required_missing;
} mimic_table_candidate;

/*
 * Tables of all releases that a file may be, by its name or by at least half of its columns; best
 * first, the higher version first among equals. header_count 0 = go by the name.
 */
mimic_status mimic__schema_candidates(mimic_arena *arena, const mimic_registry *registry,
                                      const mimic_found_file *file,
                                      mimic_table_candidate **out_candidates, size_t *out_count,
                                      mimic_error *err);

/* The table of another version that has exactly these columns, when `table` has not; else NULL. */
const mimic_table *mimic__schema_better_release(const mimic_registry *registry,
                                                const mimic_table *table, const char *const *header,
                                                size_t header_count);

/* ---- shared by schema_match.c and schema_detect.c ---- */

typedef struct mimic_header_fit {
    size_t known;
    size_t unknown;
    size_t missing;
    size_t required_missing;
    double likeness;
} mimic_header_fit;

mimic_header_fit mimic__schema_fit(const mimic_table *table, const char *const *header,
                                   size_t header_count);
bool mimic__schema_has_column(const char *const *header, size_t header_count, const char *name,
                              size_t *out_column);

#endif
