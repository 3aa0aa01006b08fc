/*
 * Frames: a whole table in memory, each column in one piece, as data frames and array libraries want
 * them.
 *
 *     mimic_frame *frame = NULL;
 *     mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
 *     options.form = MIMIC_FRAME_DENSE;
 *     status = mimic_frame_new(ctx, mimic_csv_reader_table(reader), &options, &frame, &err);
 *     while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
 *         status = mimic_frame_append(frame, batch, &err);
 *     if (status == MIMIC_END) {
 *         mimic_frame_column column = MIMIC_FRAME_COLUMN_INIT;
 *         const int64_t field = mimic_table_find_field(mimic_frame_table(frame), "valuenum");
 *         status = mimic_frame_get(frame, (size_t)field, &column, &err);
 *         const double *valuenum = column.values;      // column.row_count of them; NaN where NULL
 *     }
 *     mimic_frame_free(frame);
 *
 * Two forms. ARROW is the memory layout of batches (batch.h), and may leave as one ArrowArray
 * without a copy. DENSE is what numpy, R and plain loops want: no bitmaps, one value a row.
 *
 *     type                    values of the dense form                           where NULL
 *     boolean                 uint8_t 0 or 1                                     0, missing[row] = 1
 *     int16, int32, int64     int16_t, int32_t, int64_t                          0, missing[row] = 1
 *     float32, float64        float, double                                      NaN
 *     decimal                 mimic_int128, the value times 10^scale             0, missing[row] = 1
 *     date                    int64_t days since 1970-01-01, or nanoseconds      INT64_MIN
 *     timestamp, timestamptz  int64_t microseconds since 1970, or nanoseconds    INT64_MIN
 *     time                    int64_t microseconds since midnight, or nanoseconds  INT64_MIN
 *     categorical, string     int32_t number of its text in `texts`              -1
 *     binary                  bytes between long_offsets                         empty, missing[row] = 1
 *
 * A frame grows with its table; mimic_frame_options.max_bytes bounds it.
 *
 * Since: 0.1
 */
#ifndef MIMIC_FRAME_H
#define MIMIC_FRAME_H

#include <mimic/arrow.h>

MIMIC_BEGIN_DECLS

/** A table in memory; made by mimic_frame_new. */
typedef struct mimic_frame mimic_frame;

/** How a frame lays out its columns. */
typedef int32_t mimic_frame_form;
#define MIMIC_FRAME_ARROW 0 /* as batches do, and Arrow */
#define MIMIC_FRAME_DENSE 1 /* one value a row, as the table above says */

/** What a frame is to hold, and how; begin with MIMIC_FRAME_OPTIONS_INIT. */
typedef struct mimic_frame_options {
    uint32_t struct_size;
    mimic_frame_form form; /* ARROW where it is not set */
    int32_t nanoseconds;   /* DENSE: 1 = dates and times in nanoseconds; a moment that int64_t cannot
                            * hold (before 1677-09-21 00:12:43.145225, after 2262-04-11
                            * 23:47:16.854775) is MIMIC_ERR_VALUE */
    uint64_t max_bytes;    /* memory that the frame may hold; 0 = no bound */
    int64_t expected_rows; /* a hint: room is made for as many at once where there is memory and
                            * max_bytes allows it; 0 = not known */
} mimic_frame_options;

#define MIMIC_FRAME_OPTIONS_INIT { sizeof(mimic_frame_options), MIMIC_FRAME_ARROW, 0, 0, 0 }

/**
 * A view of one column; begin with MIMIC_FRAME_COLUMN_INIT. Its arrays begin at multiples of 64 bytes.
 */
typedef struct mimic_frame_column {
    uint32_t struct_size;
    mimic_type type;             /* of its field */
    int64_t row_count;           /* that of the frame */
    int64_t null_count;          /* rows without a value */
    int32_t precision;           /* decimal only */
    int32_t scale;               /* decimal only */
    const void *values;          /* never NULL, also without rows */
    const uint8_t *validity;     /* ARROW: bit set = value present; NULL = no NULL in this column */
    const uint8_t *missing;      /* DENSE, types that the table above says: a byte a row, 1 = NULL.
                                  * NULL for a required field that has none, and for other types */
    const int32_t *offsets;      /* ARROW, string and binary: row_count + 1 */
    const int64_t *long_offsets; /* DENSE, binary: row_count + 1 */
    /* Texts of a categorical column and of a string column in the DENSE form; otherwise 0 and NULL.
     * Those of a string column are distinct and in the order of their first rows; those of a
     * categorical column begin with what the batches' dictionaries began with, so there may be some
     * that no row has. No text of the DENSE form holds a NUL. */
    int64_t text_count;          /* how many */
    const char *texts;           /* one behind the other, each followed by a NUL */
    int64_t texts_size;          /* bytes of `texts`, the NULs included */
    const int64_t *text_offsets; /* text_count + 1: text i begins at text_offsets[i] and is
                                  * text_offsets[i + 1] - text_offsets[i] - 1 bytes long */
} mimic_frame_column;

#define MIMIC_FRAME_COLUMN_INIT                                                                    \
    { sizeof(mimic_frame_column), 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL }

/**
 * Makes a frame without rows.
 *
 * table: the schema of the batches to come, that is, of their reader or stream; copied
 * options: NULL = defaults, the ARROW form
 * out_frame: receives the frame, NULL on failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL or for options that make no sense;
 * MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_frame, before the context; the table may go at once.
 * Thread safety: any thread; a frame is used by one thread at a time.
 * Since: 0.1
 *
 * Example:
 *     mimic_frame *frame = NULL;
 *     status = mimic_frame_new(ctx, mimic_csv_reader_table(reader), NULL, &frame, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_frame_new(const mimic_context *ctx,
                                                       const mimic_table *table,
                                                       const mimic_frame_options *options,
                                                       mimic_frame **out_frame, mimic_error *err);

/**
 * Adds the rows of a batch behind those that are there. Batches may differ in size, and their
 * dictionaries may grow or be other ones: codes are kept true.
 *
 * batch: columns of exactly the frame's table, by type and order
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a batch of another table, which changes nothing; and, after
 * which the frame is of no use and says the same again: MIMIC_ERR_MEMORY; MIMIC_ERR_LIMIT when the
 * frame passes max_bytes, a string or binary column of the ARROW form 2 GiB, or a column 2^31 - 1
 * distinct texts; MIMIC_ERR_VALUE, with the column, for a time that nanoseconds cannot hold or a text of
 * the DENSE form that holds a NUL.
 * Ownership: the batch is borrowed during the call.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
 *         if ((status = mimic_frame_append(frame, batch, &err)) != MIMIC_OK)
 *             break;
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_frame_append(mimic_frame *frame,
                                                          const mimic_batch *batch,
                                                          mimic_error *err);

/**
 * The schema of the columns.
 *
 * Returns: the table, NULL for a NULL frame.
 * Ownership: borrowed, valid until the frame is freed or exported.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     const size_t column_count = mimic_table_field_count(mimic_frame_table(frame));
 */
MIMIC_API const mimic_table *mimic_frame_table(const mimic_frame *frame);

/**
 * The number of rows.
 *
 * Returns: the count, 0 for a NULL frame.
 * Ownership: none.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     const int64_t row_count = mimic_frame_row_count(frame);
 */
MIMIC_API int64_t mimic_frame_row_count(const mimic_frame *frame);

/**
 * The memory that the frame holds for its columns, in bytes, room for more rows included.
 *
 * Returns: the size, 0 for a NULL frame.
 * Ownership: none.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     const uint64_t megabytes = mimic_frame_bytes(frame) >> 20;
 */
MIMIC_API uint64_t mimic_frame_bytes(const mimic_frame *frame);

/**
 * Shows one column.
 *
 * column: its number, from 0
 * out_column: filled; struct_size set before, as by MIMIC_FRAME_COLUMN_INIT
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL or when there is no such column; MIMIC_ERR_MEMORY or
 * MIMIC_ERR_LIMIT when there is no room for the texts of a categorical column, which are made here;
 * what an append before it returned, when that failed.
 * Ownership: the arrays are borrowed, valid until the next append, export or free.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     mimic_frame_column column = MIMIC_FRAME_COLUMN_INIT;
 *     status = mimic_frame_get(frame, 0, &column, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_frame_get(mimic_frame *frame, size_t column,
                                                       mimic_frame_column *out_column,
                                                       mimic_error *err);

/**
 * Makes one Arrow array (struct, a child a column) of a frame of the ARROW form, without a copy of its
 * columns. mimic_table_export_schema describes it, to be called before. Children that are moved out
 * live on by themselves; a column's memory goes with its array.
 *
 * frame: becomes NULL on success
 * out_array: the columns, all buffers at multiples of 64 bytes
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_STATE for a frame of the DENSE form;
 * MIMIC_ERR_LIMIT for 2 GiB of distinct texts in a column; MIMIC_ERR_MEMORY; what an append returned
 * that failed. On failure the frame stays with the caller.
 * Ownership: the caller calls out_array->release, before the context is freed, on any thread.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowSchema schema;
 *     struct ArrowArray array;
 *     status = mimic_table_export_schema(ctx, mimic_frame_table(frame), &schema, &err);
 *     if (status == MIMIC_OK)
 *         status = mimic_frame_export(&frame, &array, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_frame_export(mimic_frame **frame,
                                                          struct ArrowArray *out_array,
                                                          mimic_error *err);

/**
 * Frees a frame; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `frame`; its views and its table go with it.
 * Thread safety: one thread at a time a frame.
 * Since: 0.1
 */
MIMIC_API void mimic_frame_free(mimic_frame *frame);

MIMIC_END_DECLS

#endif
