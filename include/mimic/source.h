/*
 * Byte sources: a file, standard input, memory or a caller's callback, decompressed on the way.
 *
 * gzip (RFC 1952, any number of members) and Zstandard (RFC 8878, any number of frames, skippable
 * frames too) are recognised by their magic bytes. A name that ends in .gz or .zst must agree with
 * the content. Damage is never silent: a bad checksum, a cut trailer or rubbish after the last
 * member is MIMIC_ERR_CORRUPT with the offset in the decompressed stream that was reached (zeros
 * after a gzip member, as tapes pad with, are let pass). A checksum stands at the end: bytes are
 * sound only once MIMIC_END has come. Zstandard windows above 32 MiB (`zstd --long`) are
 * MIMIC_ERR_LIMIT, so that no input decides how much memory its reader takes.
 *
 *     mimic_source *source = NULL;
 *     mimic_source_open(ctx, "hosp/labevents.csv.gz", NULL, &source, &err);
 *     while ((status = mimic_source_read(source, buffer, sizeof buffer, &size, &err)) == MIMIC_OK)
 *         use(buffer, size);
 *     mimic_source_free(source);              // status is MIMIC_END, or an error
 *
 * Since: 0.1
 */
#ifndef MIMIC_SOURCE_H
#define MIMIC_SOURCE_H

#include <stddef.h>
#include <mimic/context.h>

MIMIC_BEGIN_DECLS

/** Bytes from somewhere, decompressed; made by mimic_source_open and its two siblings. */
typedef struct mimic_source mimic_source;

/** How stored bytes are compressed. */
typedef int32_t mimic_compression;
#define MIMIC_COMPRESSION_AUTO 0 /* by content, checked against the name */
#define MIMIC_COMPRESSION_NONE 1 /* bytes as they are */
#define MIMIC_COMPRESSION_GZIP 2 /* RFC 1952, any number of members */
#define MIMIC_COMPRESSION_ZSTD 3 /* RFC 8878, any number of frames */

/** How bytes are read; begin with MIMIC_SOURCE_OPTIONS_INIT. */
typedef struct mimic_source_options {
    uint32_t struct_size;
    mimic_compression compression; /* other than AUTO: the content must be that, whatever the name */
    uint64_t max_bytes; /* limit on the decompressed size, MIMIC_ERR_LIMIT beyond; 0 = none */
    /* Asked when a signal interrupts the wait for a pipe: not 0 ends it with MIMIC_ERR_CANCELLED.
       NULL = the wait goes on. */
    int (*interrupted)(void *ctx);
    void *interrupted_ctx; /* handed to interrupted */
} mimic_source_options;

#define MIMIC_SOURCE_OPTIONS_INIT { sizeof(mimic_source_options), 0, 0, NULL, NULL }

/**
 * A caller's own bytes. Both functions are called on the caller's thread, whatever the number of
 * jobs.
 *
 * read: puts 1 to `capacity` bytes into `buffer` and their number into *out_size and returns
 * MIMIC_OK, or returns MIMIC_END, or a negative status (filling err if it likes). Short reads are
 * welcome
 * close: called once by mimic_source_free; may be NULL
 * ctx: handed to both
 */
typedef struct mimic_source_callbacks {
    uint32_t struct_size;
    mimic_status (*read)(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                         mimic_error *err);
    void (*close)(void *ctx);
    void *ctx;
} mimic_source_callbacks;

/**
 * Opens a file for reading. Files are read in order only, so that FIFOs will do. Opening reads the
 * first bytes already, which tell the compression.
 *
 * path: of the file; "-" is standard input, named "<stdin>" and left open in the end
 * options: NULL = defaults
 * out_source: the source; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND when there is no such file; MIMIC_ERR_IO (permission, a
 * folder …); MIMIC_ERR_CORRUPT when the name promises a compression that the content has not;
 * MIMIC_ERR_UNSUPPORTED for a compression that is not built in; MIMIC_ERR_MEMORY;
 * MIMIC_ERR_ARGUMENT for a NULL or an unknown compression in the options.
 * Ownership: the caller frees *out_source. `path` and options are copied.
 * Thread safety: any thread; then one thread at a time a source.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_source_open(ctx, "hosp/labevents.csv.gz", NULL, &source, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_open(const mimic_context *ctx, const char *path,
                                                         const mimic_source_options *options,
                                                         mimic_source **out_source,
                                                         mimic_error *err);

/**
 * Reads from memory.
 *
 * data: bytes as they would stand in a file, compressed or not; NULL only with a size of 0
 * size_bytes: their number
 * name: stands in messages, and tells the compression as a file's name does
 * options: NULL = defaults
 * out_source: the source; NULL after a failure
 *
 * Returns: as mimic_source_open.
 * Ownership: the caller frees *out_source. `data` is borrowed and must outlive it; `name` and
 * options are copied.
 * Thread safety: any thread; then one thread at a time a source.
 * Since: 0.1
 *
 * Example:
 *     static const char text[] = "itemid,valuenum\n50912,1.2\n";
 *     status = mimic_source_from_memory(ctx, text, sizeof text - 1, "labs", NULL, &source, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_memory(
    const mimic_context *ctx, const void *data, size_t size_bytes, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);

/**
 * Reads from a caller's callback, from the first bytes on before this call returns.
 *
 * callbacks: the functions, at least read
 * name: stands in messages, and tells the compression as a file's name does
 * options: NULL = defaults
 * out_source: the source; NULL after a failure
 *
 * Returns: as mimic_source_open, or what the callback returned; MIMIC_ERR_ARGUMENT, here or from
 * mimic_source_read, when a callback breaks its contract.
 * Ownership: the caller frees *out_source. The structs and `name` are copied; on failure
 * callbacks->close is not called.
 * Thread safety: any thread; then one thread at a time a source.
 * Since: 0.1
 *
 * Example:
 *     mimic_source_callbacks callbacks = {sizeof callbacks, read_bytes, NULL, NULL};
 *     status = mimic_source_from_callbacks(ctx, &callbacks, "socket", NULL, &source, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_callbacks(
    const mimic_context *ctx, const mimic_source_callbacks *callbacks, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);

/**
 * Reads decompressed bytes. Errors are sticky: every later call returns the same status. A reader
 * that was opened on a source reads it by itself.
 *
 * buffer: where they go
 * capacity: bytes that it holds, at least 1
 * out_size: how many came
 *
 * Returns: MIMIC_OK with 1 ≤ *out_size ≤ capacity; MIMIC_END with *out_size 0; MIMIC_ERR_IO;
 * MIMIC_ERR_CORRUPT for damage; MIMIC_ERR_LIMIT beyond max_bytes or for a Zstandard window above 32
 * MiB; MIMIC_ERR_CANCELLED when `interrupted` says so; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT for a
 * NULL; or what a callback returned. err->byte_offset says how many decompressed bytes came before.
 * Ownership: none.
 * Thread safety: one thread at a time a source.
 * Since: 0.1
 *
 * Example:
 *     status = mimic_source_read(source, buffer, sizeof buffer, &size, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_read(mimic_source *source, void *buffer,
                                                         size_t capacity, size_t *out_size,
                                                         mimic_error *err);

/**
 * Name of the source as it stands in messages.
 *
 * Returns: a string, never NULL; "" for a NULL source.
 * Ownership: borrowed, valid until the source is freed.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     printf("reading %s\n", mimic_source_name(source));
 */
MIMIC_API const char *mimic_source_name(const mimic_source *source);

/**
 * How far reading got, in bytes of the stored (compressed) form.
 *
 * out_bytes: bytes read so far; NULL = not wanted
 * out_total_bytes: bytes in all, -1 where that is not known; NULL = not wanted
 *
 * Returns: nothing, cannot fail.
 * Ownership: none.
 * Thread safety: one thread at a time a source; not while a reader with `jobs` above 1 uses it.
 * Since: 0.1
 *
 * Example:
 *     int64_t bytes = 0, total = 0;
 *     mimic_source_progress(source, &bytes, &total);
 */
MIMIC_API void mimic_source_progress(const mimic_source *source, int64_t *out_bytes,
                                     int64_t *out_total_bytes);

/**
 * XXH3-128 hash of the stored bytes read so far; after MIMIC_END it is the hash of the whole file.
 *
 * out_hex: 32 lower-case hex digits and a NUL; "" for a NULL source
 *
 * Returns: nothing, cannot fail.
 * Ownership: `out_hex` is the caller's.
 * Thread safety: as mimic_source_progress.
 * Since: 0.1
 *
 * Example:
 *     char hex[33];
 *     mimic_source_hash(source, hex);
 */
MIMIC_API void mimic_source_hash(const mimic_source *source, char out_hex[33]);

/**
 * Closes and frees a source; NULL is allowed. What reads from it is freed before.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `source`.
 * Thread safety: one thread, when no other uses the source any more.
 * Since: 0.1
 */
MIMIC_API void mimic_source_free(mimic_source *source);

MIMIC_END_DECLS

#endif
