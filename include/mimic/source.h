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
 */
#ifndef MIMIC_SOURCE_H
#define MIMIC_SOURCE_H

#include <stddef.h>
#include <mimic/context.h>

MIMIC_BEGIN_DECLS

typedef struct mimic_source mimic_source;

typedef int32_t mimic_compression;
#define MIMIC_COMPRESSION_AUTO 0 /* by content, checked against the name */
#define MIMIC_COMPRESSION_NONE 1
#define MIMIC_COMPRESSION_GZIP 2
#define MIMIC_COMPRESSION_ZSTD 3

typedef struct mimic_source_options {
    uint32_t struct_size;
    mimic_compression compression; /* other than AUTO: the content must be that, whatever the name */
    uint64_t max_bytes; /* limit on the decompressed size, MIMIC_ERR_LIMIT beyond; 0 = none */
    /* Asked when a signal interrupts the wait for a pipe: not 0 ends it with MIMIC_ERR_CANCELLED.
       NULL = the wait goes on. */
    int (*interrupted)(void *ctx);
    void *interrupted_ctx;
} mimic_source_options;

#define MIMIC_SOURCE_OPTIONS_INIT { (uint32_t)sizeof(mimic_source_options), 0, 0, NULL, NULL }

/**
 * A caller's own bytes. read puts 1 to `capacity` bytes into `buffer` and their number into
 * *out_size and returns MIMIC_OK, or returns MIMIC_END, or a negative status (filling err if it
 * likes). Short reads are welcome. close may be NULL and is called once by mimic_source_free.
 */
typedef struct mimic_source_callbacks {
    uint32_t struct_size;
    mimic_status (*read)(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                         mimic_error *err);
    void (*close)(void *ctx);
    void *ctx;
} mimic_source_callbacks;

/**
 * Opens a file for reading; "-" is standard input, named "<stdin>" and left open in the end. Files
 * are read in order only, so that FIFOs will do. Opening reads the first bytes already, which tell
 * the compression.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_NOT_FOUND; MIMIC_ERR_IO (permission, a folder …); MIMIC_ERR_CORRUPT
 * when the name promises a compression that the content has not; MIMIC_ERR_UNSUPPORTED for a
 * compression that is not built in; MIMIC_ERR_MEMORY; MIMIC_ERR_ARGUMENT.
 * Ownership: the caller frees *out_source. `path` is copied.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_open(const mimic_context *ctx, const char *path,
                                                         const mimic_source_options *options,
                                                         mimic_source **out_source,
                                                         mimic_error *err);

/**
 * Reads from memory. `name` stands in messages and must not be NULL.
 *
 * Returns: as mimic_source_open.
 * Ownership: `data` is borrowed and must outlive the source; the caller frees *out_source.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_memory(
    const mimic_context *ctx, const void *data, size_t size_bytes, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);

/**
 * Reads from a caller's callback. `name` stands in messages and must not be NULL.
 *
 * Returns: as mimic_source_open, or what the callback returned; MIMIC_ERR_ARGUMENT, here or from
 * mimic_source_read, when a callback breaks its contract.
 * Ownership: the struct is copied; on failure callbacks->close is not called.
 * Thread safety: the callbacks are called on the thread that reads.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_from_callbacks(
    const mimic_context *ctx, const mimic_source_callbacks *callbacks, const char *name,
    const mimic_source_options *options, mimic_source **out_source, mimic_error *err);

/**
 * Reads decompressed bytes. Errors are sticky: every later call returns the same status.
 *
 * Returns: MIMIC_OK with 1 ≤ *out_size ≤ capacity; MIMIC_END with *out_size 0; MIMIC_ERR_IO,
 * MIMIC_ERR_CORRUPT, MIMIC_ERR_LIMIT, MIMIC_ERR_MEMORY or what a callback returned, with
 * err->byte_offset saying how many decompressed bytes came before.
 * Ownership: none.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_source_read(mimic_source *source, void *buffer,
                                                         size_t capacity, size_t *out_size,
                                                         mimic_error *err);

/**
 * Name of the source as it stands in messages.
 *
 * Returns: a string, never NULL.
 * Ownership: borrowed, valid until the source is freed.
 * Since: 0.1
 */
MIMIC_API const char *mimic_source_name(const mimic_source *source);

/**
 * How far reading got, in bytes of the stored (compressed) form. *out_total_bytes is -1 where the
 * size is not known. Either pointer may be NULL.
 *
 * Returns: nothing, cannot fail.
 * Ownership: none.
 * Since: 0.1
 */
MIMIC_API void mimic_source_progress(const mimic_source *source, int64_t *out_bytes,
                                     int64_t *out_total_bytes);

/**
 * XXH3-128 hash of the stored bytes read so far, as 32 lower-case hex digits and a NUL; after
 * MIMIC_END it is the hash of the whole file.
 *
 * Returns: nothing, cannot fail.
 * Ownership: `out_hex` is the caller's.
 * Since: 0.1
 */
MIMIC_API void mimic_source_hash(const mimic_source *source, char out_hex[33]);

/**
 * Closes and frees a source; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `source`.
 * Since: 0.1
 */
MIMIC_API void mimic_source_free(mimic_source *source);

MIMIC_END_DECLS

#endif
