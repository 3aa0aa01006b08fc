/*
 * Rows as PostgreSQL's COPY … (FORMAT BINARY) has them, in both directions. Pure bytes, no libpq.
 *
 * Format ("COPY", File Formats, Binary Format): a header, then for each row the number of its fields
 * and for each field its size (-1 = NULL) and its value as the type's send function gives it, then a
 * trailer; all numbers big endian. Types are those of mimic__ddl_postgres_type; values are written as
 * the server itself would write them, byte for byte, so numerics and times fit their type exactly.
 *
 *     mimic__pgcopy_plan_init(&plan, ctx, table, &err);
 *     mimic__pgcopy_put_header(&out);
 *     if (mimic__pgcopy_may_have_faults(&plan, batch)) …       // refuse rows, see below
 *     mimic__pgcopy_put_rows(&plan, batch, 0, batch->row_count, &out);
 *     mimic__pgcopy_put_trailer(&out);
 *
 * A plan is read only once it is made: any number of threads may encode by it.
 */
#ifndef MIMIC_SINK_PGCOPY_H
#define MIMIC_SINK_PGCOPY_H

#include <stdbool.h>

#include <mimic/batch.h>
#include <mimic/coerce.h>

#include "base/buffer.h"

/* How the values of a column are laid out, by their size or by their kind. */
typedef enum mimic_pgcopy_layout {
    MIMIC_PGCOPY_BOOLEAN,
    MIMIC_PGCOPY_2_BYTES,
    MIMIC_PGCOPY_4_BYTES,
    MIMIC_PGCOPY_8_BYTES,
    MIMIC_PGCOPY_NUMERIC,
    MIMIC_PGCOPY_BYTES,
    MIMIC_PGCOPY_CATEGORICAL
} mimic_pgcopy_layout;

typedef struct mimic_pgcopy_column {
    mimic_pgcopy_layout layout;
    mimic_type type;
    int32_t precision; /* of decimals */
    int32_t scale;
    int64_t epoch;        /* PostgreSQL's zero of dates and times, in ours */
    int64_t step;         /* microseconds of the last digit that times keep; 1 = all */
    int64_t max_length;   /* characters of varchar; -1 = no bound */
    bool must_be_present; /* NOT NULL, or part of the primary key */
} mimic_pgcopy_column;

typedef struct mimic_pgcopy_plan {
    const mimic_context *ctx;
    const mimic_table *table; /* borrowed */
    mimic_pgcopy_column *columns;
    size_t column_count;
    size_t fixed_bytes; /* of a row, all values present and all texts empty */
    bool may_be_wide;   /* a row of short values may be more than a page holds */
} mimic_pgcopy_plan;

/* MIMIC_ERR_UNSUPPORTED for more columns than PostgreSQL has. `table` must outlive the plan, which is
 * freed in any case. */
mimic_status mimic__pgcopy_plan_init(mimic_pgcopy_plan *plan, const mimic_context *ctx,
                                     const mimic_table *table, mimic_error *err);
void mimic__pgcopy_plan_free(mimic_pgcopy_plan *plan);

/* ---- batch ► bytes ---- */

/* Each appends to `out`, whose latch tells about a lack of memory. Rows from `first` to before
 * `end`; those with a fault (below) make the server refuse the whole COPY. */
void mimic__pgcopy_put_header(mimic_buffer *out);
void mimic__pgcopy_put_rows(const mimic_pgcopy_plan *plan, const mimic_batch *batch, int64_t first,
                            int64_t end, mimic_buffer *out);
void mimic__pgcopy_put_trailer(mimic_buffer *out);

/* A row that the server would not take, or not as it is. */
typedef struct mimic_pgcopy_fault {
    int64_t row;
    ptrdiff_t column; /* -1 = the row as a whole */
    mimic_reject_code code;
    const char *message; /* static */
} mimic_pgcopy_fault;

/* A quick look at a batch: when this is false, no row of it has a fault. */
bool mimic__pgcopy_may_have_faults(const mimic_pgcopy_plan *plan, const mimic_batch *batch);
/* The first fault in the rows from `first` on; false when there is none. */
bool mimic__pgcopy_find_fault(const mimic_pgcopy_plan *plan, const mimic_batch *batch,
                              int64_t first, mimic_pgcopy_fault *out_fault);

/* ---- bytes ► batch ---- */

typedef struct mimic_pgcopy_decoder mimic_pgcopy_decoder;

/*
 * Reads what COPY … TO … (FORMAT BINARY) of a table with these fields sends, in pieces of any size.
 * Nothing in the bytes is trusted: what is malformed, of another type, or no value of the field is
 * MIMIC_ERR_BACKEND with the row and the column. `table` must outlive the decoder; a batch has at
 * most `row_count` rows.
 */
mimic_status mimic__pgcopy_decoder_new(const mimic_context *ctx, const mimic_table *table,
                                       size_t row_count, mimic_pgcopy_decoder **out_decoder,
                                       mimic_error *err);
/* Takes bytes until a batch is full; *out_used says how many. Fewer than `size`: ask for a batch. */
mimic_status mimic__pgcopy_decoder_feed(mimic_pgcopy_decoder *decoder, const void *bytes,
                                        size_t size, size_t *out_used, mimic_error *err);
/* The rows that are whole so far as a batch, NULL when there are none; valid until the next call. */
mimic_status mimic__pgcopy_decoder_batch(mimic_pgcopy_decoder *decoder,
                                         const mimic_batch **out_batch, mimic_error *err);
/* After the last byte: an error unless the trailer was there. */
mimic_status mimic__pgcopy_decoder_end(const mimic_pgcopy_decoder *decoder, mimic_error *err);
void mimic__pgcopy_decoder_free(mimic_pgcopy_decoder *decoder); /* NULL is allowed */

#endif
