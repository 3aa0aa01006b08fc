/*
 * The public byte source: stored bytes (source_raw.c), through a decoder where they are compressed
 * (codec.c), with the limit, the place in messages and the stickiness of errors.
 *
 * A source starts with one buffer of stored bytes, from which the compression is told. Plain bytes
 * then go straight into the caller's buffer. Compressed ones go through the units of source_units.c,
 * where a pool was given and as far as they can be taken apart, and through one decoder from there.
 */
#include <mimic/source.h>

#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "io/codec.h"
#include "io/source_internal.h"
#include "io/source_raw.h"
#include "io/source_units.h"

struct mimic_source {
    const mimic_context *ctx;
    mimic_stored stored;
    mimic_compression compression; /* NONE, GZIP or ZSTD */
    mimic_decoder *decoder;        /* NULL for plain bytes */
    mimic_pool *pool;              /* until the first read */
    mimic_units *units;            /* until the decoder has taken all that they gave back */
    const unsigned char *input;    /* the decoder's */
    size_t input_size;
    bool is_decoding;    /* no units, or no more */
    bool is_input_ended; /* the decoder was or is to be told that nothing follows */
    uint64_t max_bytes;  /* 0 = no limit */
    int64_t position;    /* decompressed bytes handed out */
    mimic_status status;
    mimic_error failure; /* when status is negative */
};

/* Fills the buffer until the magic bytes are there or the input ends. */
static mimic_status read_head(mimic_source *source, mimic_error *err)
{
    while (source->stored.size < MIMIC_MAGIC_BYTES) {
        const mimic_status status = mimic__stored_read_more(&source->stored, err);
        if (status == MIMIC_END)
            break;
        if (status != MIMIC_OK)
            return status;
    }
    return MIMIC_OK;
}

/* `wanted` AUTO: what the content is, which must be what the name promises. Otherwise the content
 * must be what the caller wants, whatever the name. */
static mimic_status choose_compression(mimic_source *source, mimic_compression wanted,
                                       mimic_error *err)
{
    source->compression = MIMIC_COMPRESSION_NONE;
    if (wanted == MIMIC_COMPRESSION_NONE)
        return MIMIC_OK;
    source->compression = mimic__compression_from_magic(source->stored.bytes, source->stored.size);
    mimic_compression expected = wanted;
    if (wanted == MIMIC_COMPRESSION_AUTO)
        expected = mimic__compression_from_name(source->stored.raw.name);
    if (wanted == MIMIC_COMPRESSION_AUTO && expected == MIMIC_COMPRESSION_NONE)
        return MIMIC_OK;
    if (source->compression == expected)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_CORRUPT,
                       "%s: expected %s data by %s, found %s; rename it or fetch it again",
                       source->stored.raw.name, mimic__compression_name(expected),
                       wanted == MIMIC_COMPRESSION_AUTO ? "its name" : "the options",
                       source->stored.size == 0 ? "an empty file"
                       : source->compression == MIMIC_COMPRESSION_NONE
                           ? "other bytes"
                           : mimic__compression_name(source->compression));
}

/* Everything after the raw reader is open. */
static mimic_status start(mimic_source *source, const mimic_source_options *options,
                          mimic_error *err)
{
    mimic_source_options chosen = MIMIC_SOURCE_OPTIONS_INIT;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_source_options", err));
    if (chosen.compression < MIMIC_COMPRESSION_AUTO || chosen.compression > MIMIC_COMPRESSION_ZSTD)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_source_options.compression is %d; expected a "
                           "MIMIC_COMPRESSION_ constant",
                           (int)chosen.compression);
    source->max_bytes = chosen.max_bytes;
    source->is_decoding = true;
    MIMIC_TRY(read_head(source, err));
    MIMIC_TRY(choose_compression(source, chosen.compression, err));
    if (source->compression == MIMIC_COMPRESSION_NONE)
        return MIMIC_OK;
    return mimic__decoder_new(source->ctx, source->compression, &source->decoder, err);
}

/* What the three ways to open have in common: `opened` is the raw reader's outcome. Takes `source`,
 * whose failure record was filled until here. */
static mimic_status finish_open(mimic_source *source, mimic_status opened,
                                const mimic_source_options *options, mimic_source **out_source,
                                mimic_error *err)
{
    mimic_status status = opened;
    if (status == MIMIC_OK)
        status = start(source, options, &source->failure);
    if (status == MIMIC_OK) {
        source->stored.raw.owns_callbacks = true;
        *out_source = source;
        return MIMIC_OK;
    }
    (void)mimic__fail_again(err, &source->failure);
    mimic__error_place(err, source->stored.raw.name, -1, -1, -1, NULL);
    mimic_source_free(source);
    return status;
}

static mimic_status new_source(const mimic_context *ctx, const char *name,
                               mimic_source **out_source, mimic_source **out_new, mimic_error *err)
{
    if (out_source != NULL)
        *out_source = NULL;
    if (ctx == NULL || name == NULL || out_source == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a source needs %s",
                           ctx == NULL    ? "a context"
                           : name == NULL ? "a path or name"
                                          : "out_source");
    mimic_source *source = mimic__alloc_zeroed(ctx, 1, sizeof *source);
    if (source == NULL)
        return mimic__fail_memory(err);
    source->ctx = ctx;
    source->stored.failure = (mimic_error)MIMIC_ERROR_INIT;
    source->failure = (mimic_error)MIMIC_ERROR_INIT;
    *out_new = source;
    return MIMIC_OK;
}

mimic_status mimic_source_open(const mimic_context *ctx, const char *path,
                               const mimic_source_options *options, mimic_source **out_source,
                               mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_source_options chosen = MIMIC_SOURCE_OPTIONS_INIT;
    MIMIC_TRY(new_source(ctx, path, out_source, &source, err));
    mimic_status opened =
        MIMIC_OPTIONS_COPY(&chosen, options, "mimic_source_options", &source->failure);
    if (opened == MIMIC_OK)
        opened = mimic__raw_open_file(&source->stored.raw, ctx, path, &chosen, &source->failure);
    return finish_open(source, opened, options, out_source, err);
}

mimic_status mimic_source_from_memory(const mimic_context *ctx, const void *data, size_t size_bytes,
                                      const char *name, const mimic_source_options *options,
                                      mimic_source **out_source, mimic_error *err)
{
    mimic_source *source = NULL;
    MIMIC_TRY(new_source(ctx, name, out_source, &source, err));
    mimic_status opened =
        mimic__raw_open_memory(&source->stored.raw, ctx, data, size_bytes, name, &source->failure);
    if (opened == MIMIC_OK && data == NULL && size_bytes > 0)
        opened = mimic__fail(&source->failure, MIMIC_ERR_ARGUMENT,
                             "%s: data is NULL, but its size is %zu", name, size_bytes);
    return finish_open(source, opened, options, out_source, err);
}

mimic_status mimic_source_from_callbacks(const mimic_context *ctx,
                                         const mimic_source_callbacks *callbacks, const char *name,
                                         const mimic_source_options *options,
                                         mimic_source **out_source, mimic_error *err)
{
    mimic_source *source = NULL;
    MIMIC_TRY(new_source(ctx, name, out_source, &source, err));
    const mimic_status opened =
        mimic__raw_open_callbacks(&source->stored.raw, ctx, callbacks, name, &source->failure);
    return finish_open(source, opened, options, out_source, err);
}

static mimic_status fail_decoding(mimic_source *source, mimic_status status, int64_t position,
                                  const char *reason)
{
    return mimic__fail(&source->failure, status,
                       "%s: cannot decompress the %s data: %s; %lld decompressed bytes came before",
                       source->stored.raw.name, mimic__compression_name(source->compression), reason,
                       (long long)position);
}

/* More input for the decoder: what units gave back, what was read already, what can be read. Where
 * it ends the decoder has one more step; MIMIC_END when that has been and it ends where it may. */
static mimic_status refill(mimic_source *source)
{
    if (source->is_input_ended)
        return source->decoder->is_complete(source->decoder)
                   ? MIMIC_END
                   : fail_decoding(source, MIMIC_ERR_CORRUPT, source->position,
                                   "the file is cut off; fetch it again");
    if (source->units != NULL &&
        mimic__units_give_back(source->units, &source->input, &source->input_size))
        return MIMIC_OK;
    mimic__units_free(source->units);
    source->units = NULL;
    if (source->stored.size == 0) {
        const mimic_status status = mimic__stored_read_more(&source->stored, &source->failure);
        source->is_input_ended = status == MIMIC_END;
        if (status < MIMIC_OK)
            return status;
    }
    source->input = source->stored.bytes;
    source->input_size = source->stored.size;
    mimic__stored_take(&source->stored, source->stored.size);
    return MIMIC_OK;
}

/* These give bytes, a status other than MIMIC_OK, or both: the bytes came before. */
static mimic_status read_decoded(mimic_source *source, unsigned char *buffer, size_t capacity,
                                 size_t *out_size)
{
    for (;;) {
        mimic_codec_step step = {source->input, source->input_size, buffer, capacity,
                                 source->is_input_ended};
        const char *reason = "";
        const mimic_status status = source->decoder->step(source->decoder, &step, &reason);
        const bool is_stuck = step.input_size > 0 && step.input_size == source->input_size;
        source->input = step.input;
        source->input_size = step.input_size;
        *out_size = capacity - step.output_size;
        if (status != MIMIC_OK)
            return fail_decoding(source, status, source->position + (int64_t)*out_size, reason);
        if (*out_size > 0)
            return MIMIC_OK;
        if (is_stuck)
            return fail_decoding(source, MIMIC_ERR_INTERNAL, source->position,
                                 "the decoder makes no progress");
        if (source->input_size == 0)
            MIMIC_TRY(refill(source));
    }
}

static mimic_status read_compressed(mimic_source *source, unsigned char *buffer, size_t capacity,
                                    size_t *out_size)
{
    if (!source->is_decoding && source->units == NULL)
        MIMIC_TRY(mimic__units_new(&source->stored, source->compression, source->pool,
                                   &source->units, &source->failure));
    if (!source->is_decoding) {
        const mimic_status status =
            mimic__units_read(source->units, buffer, capacity, out_size, &source->failure);
        if (status != MIMIC_END)
            return status;
        if (mimic__units_have_begun(source->units))
            source->decoder->expect_next(source->decoder);
        source->is_decoding = true;
    }
    return read_decoded(source, buffer, capacity, out_size);
}

static mimic_status read_some(mimic_source *source, unsigned char *buffer, size_t capacity,
                              size_t *out_size)
{
    mimic_stored *const stored = &source->stored;
    if (source->decoder != NULL)
        return read_compressed(source, buffer, capacity, out_size);
    if (stored->size == 0)
        return mimic__raw_read(&stored->raw, buffer, capacity, out_size, &source->failure);
    const size_t size = stored->size < capacity ? stored->size : capacity;
    memcpy(buffer, stored->bytes, size);
    mimic__stored_take(stored, size);
    *out_size = size;
    return MIMIC_OK;
}

static mimic_status read_limited(mimic_source *source, unsigned char *buffer, size_t capacity,
                                 size_t *out_size)
{
    if (source->max_bytes == 0)
        return read_some(source, buffer, capacity, out_size);
    const uint64_t left = source->max_bytes - (uint64_t)source->position;
    if (left > 0)
        return read_some(source, buffer, left < capacity ? (size_t)left : capacity, out_size);
    unsigned char beyond;
    size_t beyond_size = 0;
    const mimic_status status = read_some(source, &beyond, 1, &beyond_size);
    if (beyond_size == 0)
        return status;
    return mimic__fail(&source->failure, MIMIC_ERR_LIMIT,
                       "%s holds more than the limit of %llu decompressed bytes; raise the limit "
                       "if that is expected",
                       source->stored.raw.name, (unsigned long long)source->max_bytes);
}

mimic_status mimic_source_read(mimic_source *source, void *buffer, size_t capacity,
                               size_t *out_size, mimic_error *err)
{
    if (out_size != NULL)
        *out_size = 0;
    if (source == NULL || buffer == NULL || capacity == 0 || out_size == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_source_read needs a source, a buffer, a capacity and out_size");
    if (source->status == MIMIC_OK) {
        source->status = read_limited(source, buffer, capacity, out_size);
        source->position += (int64_t)*out_size;
        if (source->status < MIMIC_OK)
            mimic__error_place(&source->failure, source->stored.raw.name, -1, -1, source->position, NULL);
        if (*out_size > 0) /* the end or a failure behind good bytes waits for the next call */
            return MIMIC_OK;
    }
    return source->status < MIMIC_OK ? mimic__fail_again(err, &source->failure) : source->status;
}

void mimic__source_use_pool(mimic_source *source, mimic_pool *pool)
{
    if (source->units != NULL) {
        if (pool == NULL)
            mimic__units_leave_pool(source->units);
    } else if (source->position == 0) {
        source->pool = pool;
        source->is_decoding = mimic__pool_jobs(pool) == 1;
    }
}

const char *mimic_source_name(const mimic_source *source)
{
    return source == NULL ? "" : source->stored.raw.name;
}

bool mimic__source_reads_anywhere(const mimic_source *source)
{
    return source->stored.raw.callbacks.read == NULL && source->stored.raw.total >= 0;
}

void mimic_source_progress(const mimic_source *source, int64_t *out_bytes, int64_t *out_total_bytes)
{
    if (out_bytes != NULL)
        *out_bytes = source == NULL ? 0 : source->stored.raw.position;
    if (out_total_bytes != NULL)
        *out_total_bytes = source == NULL ? -1 : source->stored.raw.total;
}

void mimic_source_hash(const mimic_source *source, char out_hex[33])
{
    if (source == NULL)
        out_hex[0] = '\0';
    else
        mimic__hasher_hex(source->stored.raw.hasher, out_hex);
}

void mimic_source_free(mimic_source *source)
{
    if (source == NULL)
        return;
    mimic__units_free(source->units);
    mimic__decoder_free(source->decoder);
    mimic__stored_free(&source->stored);
    mimic__free(source->ctx, source);
}
