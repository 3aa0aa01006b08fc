/*
 * The Arrow reader from inside: what a conversion asks of it beyond the public calls, and its parts,
 * shared by the files that open it, convert its columns and tell its rejects.
 */
#ifndef MIMIC_IMPORT_READER_H
#define MIMIC_IMPORT_READER_H

#include "base/arena.h"
#include "coerce/coerce_memory.h"
#include "import/import_array.h"

/* What mimic_arrow_reader_open has no option for. */
typedef struct import_setup {
    const mimic_csv_filter *filters; /* rows to keep; borrowed until the reader is freed */
    size_t filter_count;
    const mimic_text_filter *text_filters;
    size_t text_filter_count;
    int64_t limit;           /* rows delivered; 0 = all */
    uint32_t max_categories; /* 0 = the default */
    mimic_unique_mode unique;
} import_setup;

/* How the values of a column become those of its field. */
typedef enum import_way {
    IMPORT_ABSENT,  /* the stream has no such column, or one of NULLs */
    IMPORT_BY_VALUE,
    IMPORT_BY_TEXT
} import_way;

typedef struct import_column {
    const mimic_field *field; /* of the batches */
    size_t child;             /* of the stream; SIZE_MAX = none */
    import_way way;
    bool empty_is_null; /* of texts that are read as another type */
    import_array array; /* of the array at hand */
    import_array dictionary;
} import_column;

typedef struct import_filter {
    import_column column;
    const int64_t *values; /* sorted */
    const char **texts;    /* the same; NULL = a filter on integers */
    size_t value_count;
} import_filter;

/* Some rows of the array at hand, on their way to a batch. */
typedef struct import_block {
    int64_t first;       /* of the array's rows */
    size_t count;
    const uint32_t *rows; /* of these, what filters kept, `row_count` of them; NULL = all */
    size_t row_count;
    int64_t first_record; /* 1-based, of the stream */
} import_block;

struct mimic_arrow_reader {
    const mimic_context *ctx;
    mimic_arena arena;
    mimic_arrow_options options;
    import_setup setup;
    const char *name;
    struct ArrowArrayStream stream;
    const import_type **types; /* of the stream's columns */
    size_t type_count;
    const mimic_table *source_table; /* whole, as given or the stream's own */
    const mimic_table *table;        /* of the batches */
    const mimic_table *plain_table;  /* the same for the plan: values do not stand for others */
    mimic_drift *drift;
    import_column *columns; /* one a field of `table` */
    import_filter *filters;
    size_t filter_count;
    mimic_coerce_plan *plan;
    mimic_coerce_memory *memory;
    mimic_row_faults faults;
    size_t rows_per_block;

    struct ArrowArray array; /* at hand; release NULL = none */
    const uint8_t *root_validity;
    int64_t position; /* rows of it that are done */
    import_block block;
    uint32_t *row_memory;
    mimic_buffer texts; /* of a column of the block, one LF behind each */
    mimic_buffer marks; /* uint32_t, where they end */
    mimic_buffer values;
    mimic_buffer codes; /* uint8_t, see mimic_typed_values */
    mimic_buffer line;  /* of a reject: its value, its row as CSV */
    mimic_buffer row_text;

    mimic_column *batch_columns;
    mimic_batch batch;
    bool has_batch;
    int64_t next_record;
    int64_t next_row;
    bool is_last; /* the limit is reached */
    mimic_csv_counts counts;
    mimic_status status;
    mimic_error error; /* of that status, for later calls */
};

mimic_status mimic__import_open(const mimic_context *ctx, struct ArrowArrayStream *stream,
                                const mimic_table *table, const mimic_arrow_options *options,
                                const import_setup *setup, mimic_arrow_reader **out_reader,
                                mimic_error *err);
/* The schema that columns are chosen from: as given, or the stream's own. */
const mimic_table *mimic__import_source_table(const mimic_arrow_reader *reader);
/* Before the first batch. */
void mimic__import_set_on_reject(mimic_arrow_reader *reader, mimic_reject_fn on_reject, void *ctx);
/* 1-based row of the stream that row `row` of the batch at hand is. */
int64_t mimic__import_record(const mimic_arrow_reader *reader, int64_t row);
/* As mimic_csv_reader_place. */
mimic_status mimic__import_place(mimic_arrow_reader *reader, int64_t row, mimic_reject *out_reject);

/* ---- import_column.c ---- */

/* Row `row` of the block, as a row of the array at hand. */
static inline int64_t mimic__import_array_row(const import_block *block, size_t row)
{
    return block->first + (int64_t)(block->rows == NULL ? row : block->rows[row]);
}

/* The value of a row of the array at hand. */
import_found mimic__import_value(const mimic_arrow_reader *reader, const import_column *column,
                                 int64_t array_row, import_place *out);
import_way mimic__import_choose_way(const import_type *type, const mimic_field *field);
/* A whole number, from an integer, a boolean or a float: 0, MIMIC_REJECT_RANGE, _TYPE. */
mimic_reject_code mimic__import_whole(const import_place *place, int64_t *out);
/* "5.00" becomes "5", which is an integer, as "5.00" is not. */
void mimic__import_cut_zeros(mimic_buffer *decimal);
/* Fills a column of the plan for the block. */
mimic_status mimic__import_convert(mimic_arrow_reader *reader, size_t column, mimic_error *err);
mimic_status mimic__import_fail_broken(const mimic_arrow_reader *reader, const import_type *type,
                                       const char *what, mimic_error *err);

/* ---- import_filter.c ---- */

mimic_status mimic__import_bind_filters(mimic_arrow_reader *reader, mimic_error *err);
/* Leaves out the rows of the block that are not wanted; one that a filter cannot judge is a fault of
 * column field_count + the filter's number. */
mimic_status mimic__import_filter_rows(mimic_arrow_reader *reader, mimic_error *err);

/* ---- import_reader.c ---- */

mimic_status mimic__import_bind_field(const mimic_arrow_reader *reader, import_column *column,
                                      const mimic_field *field, mimic_error *err);

/* ---- import_rows.c ---- */

/* Takes the next rows of the stream: reader->block, with reader->faults empty but for those that the
 * filters cannot judge. MIMIC_END. */
mimic_status mimic__import_next_block(mimic_arrow_reader *reader, mimic_error *err);

/* ---- import_reject.c ---- */

/* Tells the faults of the block, in the order of rows, and applies the policy "fail". */
mimic_status mimic__import_deliver_rejects(mimic_arrow_reader *reader, mimic_error *err);

#endif
