/*
 * Inside the room of the scans: the scan, its tables, and what each kind of target gives: a function
 * that finds tables, and one that starts to read one.
 */
#ifndef MIMIC_SCAN_INTERNAL_H
#define MIMIC_SCAN_INTERNAL_H

#include <mimic/scan.h>

#include "base/arena.h"
#include "base/value_set.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"

typedef struct scan_table scan_table;

/* One filter of a stream, bound to a field of the table. `columns` and `values` of the caller's are
 * there while the stream is begun only. */
typedef struct scan_filter {
    const mimic_field *field;
    size_t number; /* of the stream's filters, from 0 */
    size_t column; /* of the batches; SIZE_MAX: the target itself leaves rows out */
    bool takes_texts;
    mimic_csv_filter integers;
    mimic_text_filter texts;
    mimic_integer_set integer_set;
    mimic_text_set text_set;
    int8_t *verdicts; /* on the texts of a dictionary: 1 = wanted */
    size_t verdict_count;
    size_t verdict_capacity;
} scan_filter;

/* How the rows of one table come, until `free`. */
typedef struct scan_reader {
    void *self;
    /* MIMIC_OK, MIMIC_END or an error. The batch has the columns of the request, in its order; its
     * table and first_row are set by scan.c, and batches without rows are passed over. */
    mimic_status (*next)(void *self, const mimic_batch **out_batch, mimic_error *err);
    void (*free)(void *self);
} scan_reader;

/* What is to be read: fields[i] is the index in the table of column i of `projected`. */
typedef struct scan_request {
    mimic_scan *scan;
    const scan_table *table;
    const mimic_table *projected;
    const size_t *fields;
    const scan_filter *filters; /* those with column SIZE_MAX are the target's business */
    size_t filter_count;
} scan_request;

typedef mimic_status (*scan_start_fn)(const scan_request *request, scan_reader *out_reader,
                                      mimic_error *err);

struct scan_table {
    const mimic_table *table;
    const char *source;   /* as messages name it: the file, or the database */
    scan_start_fn start;
    /* Will `start` see to this filter? NULL = to none. */
    bool (*takes_filter)(const scan_filter *filter);
    const void *detail;   /* the target's own, in the scan's arena */
};

struct mimic_scan {
    const mimic_context *ctx;
    const mimic_registry *registry; /* or NULL */
    mimic_scan_options options;
    mimic_arena arena;
    struct mimic_target target;
    char *shown; /* the target without its secrets, for messages */
    scan_table *tables;
    size_t table_count;
    size_t table_capacity;
    void *database; /* the connection, of a database */
    void (*close_database)(void *database);
};

/* Not 0 asks to stop: MIMIC_ERR_CANCELLED. */
mimic_status mimic__scan_check_interrupt(const mimic_scan *scan, mimic_error *err);

/* ---- filters (scan_filter.c) ---- */

/* The filters of one stream, applied to its batches where the target does not. */
typedef struct scan_filters {
    const mimic_context *ctx;
    scan_filter *items;
    size_t count;
    uint32_t *rows; /* that are kept */
    size_t row_capacity;
    struct mimic_batch_part *part; /* the batch that was handed out last, when rows were left out */
} scan_filters;

/* Binds the filters of a selection; arrays stand in the arena. To be freed in any case. */
mimic_status mimic__scan_filters_bind(scan_filters *filters, mimic_arena *arena,
                                      const scan_table *table, const mimic_scan_selection *selection,
                                      mimic_error *err);
/* The rows of `batch` that all filters keep, of these the first `limit`, with the first `column_count`
 * columns. *out_batch, valid until the next call, may have no rows. */
mimic_status mimic__scan_filters_apply(scan_filters *filters, const mimic_batch *batch,
                                       size_t column_count, int64_t limit, mimic_batch *out_batch,
                                       mimic_error *err);
void mimic__scan_filters_free(scan_filters *filters);
/* " WHERE …" of the filters that the target takes; `names` are the table's columns as it spells them. */
void mimic__scan_put_where(mimic_buffer *sql, mimic_sql_dialect dialect, const scan_request *request,
                           const char *const *names);
/* Is it short enough to stand in a statement? */
bool mimic__scan_filter_fits_sql(const scan_filter *filter);

/* ---- tables (scan_schema.c) ---- */

/* What a target says of one of its tables. Texts and fields stand in the scan's arena. */
typedef struct scan_layout {
    const char *name;
    const char *module;         /* "" where it has none */
    const mimic_table *release; /* what the release says of it, or NULL */
    mimic_field *fields;        /* as the target gives them */
    size_t field_count;
    /* May the release's field, which has the name of fields[index], stand for it? */
    bool (*fits)(const void *ctx, size_t index, const mimic_field *field);
    const void *fits_ctx;
} scan_layout;

/* The table of a release "name", "version"; NULL where it is not known. */
const mimic_table *mimic__scan_release_table(const mimic_scan *scan, const char *dataset,
                                             const char *version, const char *name);
/* Adds a table; *table holds source, start and detail, and gets the rest. */
mimic_status mimic__scan_add_table(mimic_scan *scan, const scan_layout *layout, scan_table *table,
                                   mimic_error *err);

/* ---- targets: each finds its tables ---- */

mimic_status mimic__scan_open_sqlite(mimic_scan *scan, mimic_error *err);
mimic_status mimic__scan_open_postgres(mimic_scan *scan, mimic_error *err);
/* A folder of files, with Arrow files, CSV files or both; or one file, which the target is. */
mimic_status mimic__scan_open_folder(mimic_scan *scan, bool takes_arrow, bool takes_csv,
                                     mimic_error *err);
mimic_status mimic__scan_open_file(mimic_scan *scan, mimic_error *err);

/* One file of a folder: `relative` says its module and name where it does not itself. */
typedef struct scan_file {
    const char *path;
    const char *relative;
    const mimic_dataset *dataset; /* the release that the folder is of, or NULL */
} scan_file;

bool mimic__scan_is_csv(const char *path);
bool mimic__scan_is_arrow(const char *path);
/* Module and name from a relative path: "hosp/labs.csv.gz" is table "labs" of "hosp". */
mimic_status mimic__scan_split_path(mimic_scan *scan, const char *relative, const char **out_module,
                                    const char **out_name, mimic_error *err);
mimic_status mimic__scan_add_csv(mimic_scan *scan, const scan_file *file, mimic_error *err);
mimic_status mimic__scan_add_arrow(mimic_scan *scan, const scan_file *file, mimic_error *err);
/* The header of a CSV file, in the scan's arena. */
mimic_status mimic__scan_csv_header(mimic_scan *scan, const char *path, const char *const **out_names,
                                    size_t *out_count, mimic_error *err);

#endif
