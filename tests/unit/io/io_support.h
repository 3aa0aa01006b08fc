/* Bytes to feed sources with, and ways to drain them. */
#ifndef MIMIC_TEST_IO_SUPPORT_H
#define MIMIC_TEST_IO_SUPPORT_H

#include "test_folder.h"

#include <mimic/source.h>

#include "io/codec.h"

typedef struct blob {
    unsigned char *bytes;
    size_t size;
    size_t capacity;
} blob;

static inline void blob_append(blob *target, const void *bytes, size_t size)
{
    if (target->bytes == NULL || size > target->capacity - target->size) {
        target->capacity = 2 * target->capacity + size + 64;
        target->bytes = realloc(target->bytes, target->capacity);
    }
    if (size > 0)
        memcpy(target->bytes + target->size, bytes, size);
    target->size += size;
}

static inline void blob_free(blob *target)
{
    free(target->bytes);
    *target = (blob){NULL, 0, 0};
}

/* Something like a table: compressible, but not too well. */
static inline blob blob_table(size_t size, uint64_t seed)
{
    blob table = {NULL, 0, 0};
    blob_append(&table, "", 0);
    while (table.size < size) {
        char line[64];
        const int length = snprintf(
            line, sizeof line, "%u,2150-01-%02u,%u.%u\n", (unsigned)(test_random(&seed) % 1000000),
            (unsigned)(test_random(&seed) % 28) + 1, (unsigned)(test_random(&seed) % 300),
            (unsigned)(test_random(&seed) % 10));
        blob_append(&table, line, (size_t)length);
    }
    table.size = size;
    return table;
}

static inline bool codec_is_built_in(mimic_compression compression)
{
    if (compression == MIMIC_COMPRESSION_GZIP)
        return MIMIC_HAVE_ZLIB;
    return compression != MIMIC_COMPRESSION_ZSTD || MIMIC_HAVE_ZSTD;
}

/* One gzip member or Zstandard frame (with checksum), or the bytes themselves. */
static inline void blob_append_compressed(blob *target, const mimic_context *ctx,
                                          mimic_compression compression, const void *bytes,
                                          size_t size)
{
    if (compression == MIMIC_COMPRESSION_NONE) {
        blob_append(target, bytes, size);
        return;
    }
    mimic_encoder *encoder = NULL;
    ck_assert_int_eq(mimic__encoder_new(ctx, compression, 0, &encoder, NULL), MIMIC_OK);
    mimic_codec_step step = {bytes, size, NULL, 0};
    for (bool is_done = false; !is_done;) {
        unsigned char piece[1000];
        step.output = piece;
        step.output_size = sizeof piece;
        ck_assert_int_eq(encoder->step(encoder, &step, true, &is_done, NULL), MIMIC_OK);
        blob_append(target, piece, sizeof piece - step.output_size);
    }
    mimic__encoder_free(encoder);
}

/* Reads to the end or to a failure, in pieces of 1 to `piece_max` bytes (0: large ones). Returns
 * the last status. */
static inline mimic_status drain(mimic_source *source, size_t piece_max, uint64_t seed,
                                 blob *out_content, mimic_error *err)
{
    const size_t capacity = piece_max == 0 ? 100000 : piece_max;
    unsigned char *piece = malloc(capacity);
    mimic_status status;
    blob_append(out_content, "", 0);
    for (;;) {
        const size_t wanted = piece_max == 0 ? capacity : 1 + test_random(&seed) % piece_max;
        size_t size = 99;
        status = mimic_source_read(source, piece, wanted, &size, err);
        if (status != MIMIC_OK && size == 0)
            break;
        if (status != MIMIC_OK || size < 1 ||
            size > wanted) /* ck_assert writes each time, and this is often */
            ck_abort_msg("read gave %zu bytes of %zu", size, wanted);
        blob_append(out_content, piece, size);
    }
    free(piece);
    return status;
}

/* Opens from memory and drains. Failing to open counts as the status. */
static inline mimic_status drain_memory(const mimic_context *ctx, const void *bytes, size_t size,
                                        const char *name, const mimic_source_options *options,
                                        blob *out_content, mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_status status = mimic_source_from_memory(ctx, bytes, size, name, options, &source, err);
    if (status == MIMIC_OK)
        status = drain(source, 0, 0, out_content, err);
    mimic_source_free(source);
    return status;
}

/* With MIMIC_TEST_PORTABLE in the environment gzip is inflated by zlib, whatever else is there. */
static inline mimic_context *plain_context(void)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    mimic_context *ctx = NULL;
    if (getenv("MIMIC_TEST_PORTABLE") != NULL)
        options.cpu_mask = MIMIC_CPU_NONE;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    return ctx;
}

#endif
