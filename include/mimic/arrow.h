/*
 * The Arrow C Data and C Stream interfaces: batches leave the library without a copy of its own kind.
 *
 *     struct ArrowArrayStream stream;
 *     mimic_csv_reader_export(&reader, &stream, &err);   // the stream now owns the reader
 *     duckdb_arrow_scan(connection, "labs", &stream);
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

MIMIC_END_DECLS

#endif
