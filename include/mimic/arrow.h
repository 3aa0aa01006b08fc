/*
 * The Arrow C Data and C Stream interfaces: batches leave the library without a copy of its own kind.
 *
 *     struct ArrowArrayStream stream;
 *     mimic_csv_reader_export(&reader, &stream, &err);   // the stream now owns the reader
 *     duckdb_arrow_scan(connection, "labs", &stream);
 *
 * And back: whatever speaks the C Stream Interface is read as batches, validated like a CSV file:
 *
 *     mimic_arrow_reader *arrow_reader = NULL;
 *     mimic_arrow_reader_open(ctx, arrow, table, NULL, &arrow_reader, &err); // it owns the stream
 *     while ((status = mimic_arrow_reader_next(arrow_reader, &batch, &err)) == MIMIC_OK)
 *         use(batch);
 *     mimic_arrow_reader_free(arrow_reader);
 *
 * The three structs are the canonical ones of the Arrow project, under its own guards, so that this
 * header may stand beside any other that has them.
 *
 * Since: 0.1
 */
#ifndef MIMIC_ARROW_H
#define MIMIC_ARROW_H

#include <mimic/csv.h>

MIMIC_BEGIN_DECLS

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/**
 * Describes a table as a struct ArrowSchema (type struct, one child a field, metadata
 * mimic:dataset, mimic:version, mimic:table, mimic:library; of a field: mimic:description).
 * Categorical fields are dictionary<int32, utf8>.
 *
 * table: what is described
 * out_schema: filled, whatever it held before
 *
 * Returns: MIMIC_OK; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL; MIMIC_ERR_LIMIT for a text of
 * 2 GiB.
 * Ownership: the caller calls out_schema->release, before the context is freed; the table may go at
 * once.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowSchema schema;
 *     if (mimic_table_export_schema(ctx, table, &schema, &err) == MIMIC_OK)
 *         schema.release(&schema);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_table_export_schema(const mimic_context *ctx,
                                                                 const mimic_table *table,
                                                                 struct ArrowSchema *out_schema,
                                                                 mimic_error *err);

/**
 * Copies a batch into an ArrowArray that lives on its own (type struct, one child a column).
 *
 * batch: what is copied
 * out_array: filled, whatever it held before
 *
 * Returns: MIMIC_OK; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL or a column of no known type.
 * Ownership: the caller calls out_array->release, before the context is freed; the batch may change
 * or go at once.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArray array;
 *     if (mimic_batch_export(ctx, batch, &array, &err) == MIMIC_OK)
 *         array.release(&array);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_batch_export(const mimic_context *ctx,
                                                          const mimic_batch *batch,
                                                          struct ArrowArray *out_array,
                                                          mimic_error *err);

/**
 * Turns a reader into a stream of batches. Its calls fail with ENOMEM, ECANCELED (a callback asked
 * to stop) or EIO, and get_last_error has the message.
 *
 * reader: NULL after a success
 * out_stream: filled, whatever it held before
 *
 * Returns: MIMIC_OK; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a NULL.
 * Ownership: on success the stream owns *reader; source and table must outlive the stream, the
 * context also the schemas and arrays taken from it. On failure the reader stays with the caller.
 * Thread safety: one thread at a time a reader, and then a stream; what was taken from it may go to
 * other threads.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArrayStream stream;
 *     if (mimic_csv_reader_export(&reader, &stream, &err) == MIMIC_OK)
 *         stream.release(&stream);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_csv_reader_export(mimic_csv_reader **reader,
                                                               struct ArrowArrayStream *out_stream,
                                                               mimic_error *err);

/**
 * Frees an object of its caller's; called once.
 *
 * object: what mimic_stream_keep was given
 *
 * Thread safety: called on the thread that releases the stream.
 * Since: 0.1
 */
typedef void (*mimic_release_fn)(void *object);

/**
 * Makes a stream the owner of something that it reads from: release(object) is called when the
 * stream is released, after everything of the stream's own is gone. Of several objects, the one that
 * was given last goes last.
 *
 * stream: any stream; it is wrapped in place, at the cost of one more call a batch
 * release: frees the object; it may be called on any thread
 * object: handed to `release`; may be NULL
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT, also for a stream that was released; MIMIC_ERR_MEMORY.
 * Ownership: on success the stream owns `object`; on failure it stays with the caller, and the
 * stream is as it was. The context must outlive the stream.
 * Thread safety: one thread at a time a stream.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArrayStream stream;
 *     status = mimic_csv_reader_export(&reader, &stream, &err);
 *     if (status == MIMIC_OK)
 *         status = mimic_stream_keep(ctx, &stream, free_source, source, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_stream_keep(const mimic_context *ctx,
                                                         struct ArrowArrayStream *stream,
                                                         mimic_release_fn release, void *object,
                                                         mimic_error *err);

#define MIMIC_ARROW_MAX_DEPTH 64 /* children below children of an array that can be shared */

/**
 * Gives an array a second owner, without a copy: *array and *out_array look at the same buffers from
 * then on, and each is released by itself, in any order, on any thread, as may be the children that
 * a consumer moves out of one.
 *
 * array: any array, nested at most MIMIC_ARROW_MAX_DEPTH deep; replaced in place by a view of itself
 * out_array: another view of it
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT, also for an array that was released; MIMIC_ERR_LIMIT for
 * one that is nested deeper; MIMIC_ERR_MEMORY.
 * Ownership: the caller releases both; on failure *array is as good as before and *out_array empty.
 * Nobody may write to the buffers. The context must outlive both.
 * Thread safety: one thread at a time an array; the views are independent of each other.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArray array, mine;
 *     mimic_batch_export(ctx, batch, &array, &err);
 *     mimic_array_share(ctx, &array, &mine, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_array_share(const mimic_context *ctx,
                                                         struct ArrowArray *array,
                                                         struct ArrowArray *out_array,
                                                         mimic_error *err);

/**
 * Makes a stream of arrays that are there already, such as a frame's (frame.h).
 *
 * table: their schema; copied
 * arrays: `count` of them, each of the table's columns; moved into the stream (release becomes NULL)
 * count: 0 makes a stream without rows
 * out_stream: hands them out in order
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT, also for an array that was released; MIMIC_ERR_MEMORY.
 * Ownership: on success the stream owns the arrays, and the caller releases the stream, before the
 * context is freed; on failure they stay with the caller.
 * Thread safety: any thread; the stream is used by one thread at a time.
 * Since: 0.1
 *
 * Example:
 *     struct ArrowArray array;
 *     struct ArrowArrayStream whole;
 *     status = mimic_batch_export(ctx, batch, &array, &err);
 *     status = mimic_array_stream(ctx, batch->table, &array, 1, &whole, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_array_stream(const mimic_context *ctx,
                                                          const mimic_table *table,
                                                          struct ArrowArray *arrays, size_t count,
                                                          struct ArrowArrayStream *out_stream,
                                                          mimic_error *err);

/* ---- any stream as batches ---- */

/** Reads one Arrow stream; made by mimic_arrow_reader_open. */
typedef struct mimic_arrow_reader mimic_arrow_reader;

/** How a stream is read; begin with MIMIC_ARROW_OPTIONS_INIT. */
typedef struct mimic_arrow_options {
    uint32_t struct_size;
    const char *name;          /* of the stream, in messages and rejects; NULL = "<arrow>" */
    mimic_on_error on_error;   /* overrides what the fields say; 0 = what they say, else reject */
    int32_t strict_drift;      /* 1 = any drift fails, not only a missing required column */
    /* Projection: names, any case; NULL = every field of the table. */
    const char *const *columns;
    size_t column_count;       /* of columns */
    mimic_reject_fn on_reject; /* NULL = counted only; record is the 1-based row of the stream, line
                                * and byte_offset are -1, raw is the row as CSV */
    void *on_reject_ctx;       /* handed to on_reject */
    uint32_t max_raw_bytes;    /* of a reject's raw text; 0 = 1,024 */
} mimic_arrow_options;

#define MIMIC_ARROW_OPTIONS_INIT                                                                   \
    { sizeof(mimic_arrow_options), NULL, 0, 0, NULL, 0, NULL, NULL, 0 }

/**
 * Opens a reader on an Arrow stream of struct arrays: compares its columns with `table` and binds
 * them by name, any case. Missing nullable columns become NULL, unknown ones are left out; see
 * mimic_arrow_reader_drift.
 *
 * A value is taken as what it is, never by the texts that stand for "missing" in CSV files: NULL is
 * NULL, "" is an empty text. Constraints of the field are checked. Where the type of the column is
 * another one than the field's, each value is converted exactly, or its row is a reject (type, range
 * or precision): integers of any width and sign, floats that are whole numbers, decimals of any
 * scale, times of any unit (nothing finer than microseconds), dates and timestamps at midnight.
 * Floats are rounded to the nearest float32 as they are from CSV. NaN and infinities need a field
 * that allows them. Texts are read as the CSV reader reads them. Every type but bytes may
 * become a text. Timestamps with a zone and timestamps without one are not converted into each other.
 *
 * stream: taken over, on failure too: its release becomes NULL
 * table: schema of the rows; NULL = the stream's own: names and types of its columns, those that may
 *   not hold NULL being required, dictionaries of texts being categorical
 * options: NULL = defaults
 * out_reader: the reader; NULL on failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_DRIFT for a missing required column, and for a column whose type can
 * never fit its field (struct, list, map, union, duration, …); MIMIC_ERR_NOT_FOUND for a column in
 * options that the table has not; MIMIC_ERR_CSV_HEADER for column names that are empty or come twice;
 * MIMIC_ERR_ARGUMENT; MIMIC_ERR_MEMORY; MIMIC_ERR_CORRUPT for a schema that is none; MIMIC_ERR_IO with
 * the text of a producer that failed.
 * Ownership: the caller frees *out_reader. `table` is borrowed and must outlive the reader. Options are
 * copied.
 * Thread safety: one thread at a time a reader; the producer is called on the thread that calls.
 * Since: 0.1
 *
 * Example:
 *     mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
 *     options.name = "labs of a data frame";
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, table, &options, &frame, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_arrow_reader_open(const mimic_context *ctx,
                                                               struct ArrowArrayStream *stream,
                                                               const mimic_table *table,
                                                               const mimic_arrow_options *options,
                                                               mimic_arrow_reader **out_reader,
                                                               mimic_error *err);

/**
 * The schema of the batches: the chosen columns, in the order of the projection.
 *
 * Returns: the table; NULL for a NULL reader.
 * Ownership: borrowed, valid until the reader is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, NULL, NULL, &frame, &err);
 *     const mimic_table *schema = mimic_arrow_reader_table(frame);
 */
MIMIC_API const mimic_table *mimic_arrow_reader_table(const mimic_arrow_reader *reader);

/**
 * What the stream had that the table had not, and the reverse.
 *
 * Returns: the comparison; NULL for a NULL reader.
 * Ownership: borrowed, valid until the reader is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, table, NULL, &frame, &err);
 *     size_t findings = mimic_drift_count(mimic_arrow_reader_drift(frame));
 */
MIMIC_API const mimic_drift *mimic_arrow_reader_drift(const mimic_arrow_reader *reader);

/**
 * Reads the next batch, at most 65,536 rows; on_reject is called for the rejects among its rows first,
 * in the order of rows. A batch may be empty when all its rows were rejected. Errors are sticky.
 *
 * out_batch: rows; NULL when there is none
 *
 * Returns: MIMIC_OK; MIMIC_END; MIMIC_ERR_VALUE under the policy "fail"; MIMIC_ERR_CANCELLED when a
 * callback or the producer (ECANCELED) says so; MIMIC_ERR_LIMIT for too many categories;
 * MIMIC_ERR_CORRUPT for arrays that contradict themselves; MIMIC_ERR_IO with the producer's text;
 * MIMIC_ERR_MEMORY.
 * Ownership: *out_batch is borrowed, valid until the next call or free.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, table, NULL, &frame, &err);
 *     while (status == MIMIC_OK &&
 *            (status = mimic_arrow_reader_next(frame, &batch, &err)) == MIMIC_OK)
 *         rows += batch->row_count;
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_arrow_reader_next(mimic_arrow_reader *reader,
                                                               const mimic_batch **out_batch,
                                                               mimic_error *err);

/**
 * Counts so far: read = delivered + rejected + filtered; bytes is 0, as a stream does not tell.
 *
 * out_counts: begins with MIMIC_CSV_COUNTS_INIT
 *
 * Returns: nothing, cannot fail.
 * Ownership: none.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, table, NULL, &frame, &err);
 *     mimic_arrow_reader_counts(frame, &counts);
 */
MIMIC_API void mimic_arrow_reader_counts(const mimic_arrow_reader *reader,
                                         mimic_csv_counts *out_counts);

/**
 * Frees a reader, its stream and the array at hand; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `reader`.
 * Thread safety: one thread at a time a reader.
 * Since: 0.1
 *
 * Example:
 *     mimic_arrow_reader *frame = NULL;
 *     status = mimic_arrow_reader_open(ctx, arrow, table, NULL, &frame, &err);
 *     mimic_arrow_reader_free(frame);
 */
MIMIC_API void mimic_arrow_reader_free(mimic_arrow_reader *reader);

MIMIC_END_DECLS

#endif
