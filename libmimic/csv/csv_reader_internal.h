/* The reader's parts, shared by csv_reader.c (opening and reading), csv_filter.c and csv_reject.c. */
#ifndef MIMIC_CSV_READER_INTERNAL_H
#define MIMIC_CSV_READER_INTERNAL_H

#include "base/arena.h"
#include "coerce/coerce_column.h"
#include "csv/csv_index.h"

/* One filter, bound to a column of the file. */
typedef struct csv_filter {
    const mimic_field *field;
    size_t file_field;
    const int64_t *values; /* sorted */
    size_t value_count;
} csv_filter;

/* One row to be rejected; gathered from all stages, then put in order. */
typedef struct csv_reject_entry {
    size_t start; /* of the record, offset in the block */
    size_t end;
    size_t rows_before; /* rows of the block, filtered ones included, that come before it */
    bool is_row;        /* itself one of those rows */
    mimic_reject_code code;
    mimic_on_error policy;
    size_t column;     /* of the plan; SIZE_MAX = not found by coercion */
    size_t file_field; /* SIZE_MAX = the record as a whole */
    size_t value_start; /* the value at fault, as it stands in the block */
    size_t value_end;
} csv_reject_entry;

/* How far mimic_csv_reader_place went through the batch at hand: rows are asked for in order as a
 * rule, and a target may refuse all of them. */
typedef struct csv_place_cursor {
    size_t batch_rows;   /* rows of the batch before `row` */
    size_t row;          /* of the index */
    size_t start;        /* of that row, offset in the block */
    size_t lines_before; /* physical lines of the block before it */
    size_t faults_before;
} csv_place_cursor;

struct mimic_csv_reader {
    const mimic_context *ctx;
    mimic_source *source;
    const mimic_table *source_table; /* as given by the caller */
    mimic_csv_options options;
    mimic_arena arena;
    const mimic_table *table; /* of the batches */
    mimic_drift *drift;
    const char **header; /* names in the file; NULL without a header */
    size_t field_count;  /* of a record in the file */
    size_t *file_fields; /* one a column of `table`; SIZE_MAX = not in the file */
    csv_filter *filters;
    csv_splitter *splitter;
    csv_index index;
    mimic_coerce_plan *plan;
    bool borrows_plan;
    mimic_row_faults faults;
    mimic_column *columns;
    mimic_batch batch;

    csv_block block;
    size_t block_rows;      /* rows of the block before filters */
    uint32_t *row_numbers;  /* of the rows that filters kept; NULL = all were kept */
    uint32_t *row_number_memory;
    size_t row_number_capacity;
    csv_reject_entry *rejects;
    size_t reject_count;
    size_t reject_capacity;

    csv_place_cursor place;

    int64_t first_record; /* 1-based, of the block */
    int64_t first_line;
    int64_t next_record;
    int64_t next_line;
    mimic_csv_counts counts;
    mimic_status status;
    mimic_error error; /* of that status, for later calls */
};

/* True for a row of the index that is dropped: faulty, or behind the limit. */
static inline bool mimic_csv__row_is_bad(const mimic_csv_reader *reader, size_t row)
{
    return (reader->faults.bad[row / 64] >> (row % 64) & 1) != 0;
}

/* Names of the file's columns; NULL without a header. Borrowed from the reader. */
const char *const *mimic_csv__reader_header(const mimic_csv_reader *reader, size_t *out_count);

/*
 * Lets `reader` go on with what `before` remembers: values that may come once, texts of categorical
 * columns. For the next part of one table, opened with the same table and options, before anything is
 * read of it. `before` is read no more, but must outlive `reader`.
 */
void mimic_csv__reader_continue(mimic_csv_reader *reader, mimic_csv_reader *before);

/* Binds options.filters; the field numbers of the file must be known. */
mimic_status mimic_csv__filters_bind(mimic_csv_reader *reader, mimic_error *err);
/* Drops the rows of the index that a filter leaves out, and notes those it cannot judge. */
mimic_status mimic_csv__filters_apply(mimic_csv_reader *reader, mimic_error *err);

mimic_status mimic_csv__reject_add(mimic_csv_reader *reader, csv_reject_entry entry,
                                   mimic_error *err);
/* An entry for a row of the index, not yet filtered; marks are that row's. */
csv_reject_entry mimic_csv__row_entry(const mimic_csv_reader *reader, const uint32_t *marks,
                                      size_t file_field);
/* Number within the block, filters not regarded, of a row of the index. */
size_t mimic_csv__row_number(const mimic_csv_reader *reader, size_t row);
/* Puts the entries in order, reports them, and applies the policy "fail". */
mimic_status mimic_csv__rejects_deliver(mimic_csv_reader *reader, mimic_error *err);

#endif
