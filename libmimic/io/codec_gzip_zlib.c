/*
 * gzip by zlib, the only user of zlib.h: the encoder, and an inflater for machines without ISA-L.
 * What is written depends on the content and the level alone: no time, no name, system "unknown".
 */
#include "io/codec_gzip.h"

#include "base/error.h"

#if MIMIC_HAVE_ZLIB

#include <string.h>

#include <zlib.h>

#define DEFLATE_WINDOW_BITS (-15)  /* zlib.h: the largest window, no wrapper */
#define GZIP_WINDOW_BITS (15 + 16) /* the same in a gzip wrapper */
#define GZIP_MEMORY_LEVEL 8        /* zlib's default */
#define GZIP_SYSTEM_UNKNOWN 255    /* RFC 1952 2.3.1, OS */
#define STEP_BYTES_MAX (1u << 30)  /* zlib counts in unsigned int */

typedef struct zlib_inflater {
    mimic_inflater base;
    const mimic_context *ctx;
    z_stream stream;
} zlib_inflater;

typedef struct gzip_encoder {
    mimic_encoder base;
    const mimic_context *ctx;
    z_stream stream;
    gz_header header;
} gzip_encoder;

static voidpf zlib_alloc(voidpf ctx, uInt count, uInt size)
{
    return mimic__alloc_array((const mimic_context *)ctx, count, size);
}

static void zlib_free(voidpf ctx, voidpf memory)
{
    mimic__free((const mimic_context *)ctx, memory);
}

static void use_context(z_stream *stream, const mimic_context *ctx)
{
    stream->zalloc = zlib_alloc;
    stream->zfree = zlib_free;
    stream->opaque = (voidpf)ctx;
}

/* Lends the stream at most STEP_BYTES_MAX of either side. */
static void lend(z_stream *stream, const mimic_codec_step *step)
{
    stream->next_in = (z_const Bytef *)step->input;
    stream->avail_in = step->input_size < STEP_BYTES_MAX ? (uInt)step->input_size : STEP_BYTES_MAX;
    stream->next_out = step->output;
    stream->avail_out =
        step->output_size < STEP_BYTES_MAX ? (uInt)step->output_size : STEP_BYTES_MAX;
}

static void take_back(const z_stream *stream, mimic_codec_step *step)
{
    step->input_size -= (size_t)(stream->next_in - step->input);
    step->input = stream->next_in;
    step->output_size -= (size_t)(stream->next_out - step->output);
    step->output = stream->next_out;
}

static mimic_status inflate_step(mimic_inflater *base, mimic_codec_step *step)
{
    zlib_inflater *inflater = (zlib_inflater *)base;
    const unsigned char *const start = step->output;
    lend(&inflater->stream, step);
    const int result = inflate(&inflater->stream, Z_NO_FLUSH);
    take_back(&inflater->stream, step);
    base->crc = (uint32_t)crc32_z(base->crc, start, (size_t)(step->output - start));
    base->is_done = result == Z_STREAM_END;
    switch (result) {
    case Z_OK:
    case Z_STREAM_END:
    case Z_BUF_ERROR: /* no input or no room: not an error */
        return MIMIC_OK;
    case Z_MEM_ERROR:
        return MIMIC_ERR_MEMORY;
    default:
        return MIMIC_ERR_CORRUPT;
    }
}

static void inflater_reset(mimic_inflater *base)
{
    zlib_inflater *inflater = (zlib_inflater *)base;
    (void)inflateReset(&inflater->stream); /* fails for no stream only */
    base->is_done = false;
    base->crc = 0;
}

static void inflater_free(mimic_inflater *base)
{
    zlib_inflater *inflater = (zlib_inflater *)base;
    inflateEnd(&inflater->stream);
    mimic__free(inflater->ctx, inflater);
}

mimic_inflater *mimic__inflater_zlib_new(const mimic_context *ctx)
{
    zlib_inflater *inflater = mimic__alloc_zeroed(ctx, 1, sizeof *inflater);
    if (inflater == NULL)
        return NULL;
    inflater->base.step = inflate_step;
    inflater->base.reset = inflater_reset;
    inflater->base.free = inflater_free;
    inflater->ctx = ctx;
    use_context(&inflater->stream, ctx);
    if (inflateInit2(&inflater->stream, DEFLATE_WINDOW_BITS) != Z_OK) {
        mimic__free(ctx, inflater);
        return NULL;
    }
    return &inflater->base;
}

static mimic_status encode(mimic_encoder *base, mimic_codec_step *step, bool is_last,
                           bool *out_is_done, mimic_error *err)
{
    gzip_encoder *encoder = (gzip_encoder *)base;
    lend(&encoder->stream, step);
    const bool is_all = encoder->stream.avail_in == step->input_size;
    const int result = deflate(&encoder->stream, is_last && is_all ? Z_FINISH : Z_NO_FLUSH);
    take_back(&encoder->stream, step);
    *out_is_done = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
        return mimic__fail(err, MIMIC_ERR_INTERNAL, "zlib failed to compress: error %d", result);
    return MIMIC_OK;
}

static void encoder_free(mimic_encoder *base)
{
    gzip_encoder *encoder = (gzip_encoder *)base;
    deflateEnd(&encoder->stream);
    mimic__free(encoder->ctx, encoder);
}

mimic_status mimic__gzip_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err)
{
    if (level < 0 || level > 9)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "gzip has levels 1 to 9, and 0 for the default; found %d", level);
    gzip_encoder *encoder = mimic__alloc_zeroed(ctx, 1, sizeof *encoder);
    if (encoder == NULL)
        return mimic__fail_memory(err);
    encoder->base = (mimic_encoder){encode, encoder_free};
    encoder->ctx = ctx;
    encoder->header.os = GZIP_SYSTEM_UNKNOWN;
    use_context(&encoder->stream, ctx);
    if (deflateInit2(&encoder->stream, level == 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED,
                     GZIP_WINDOW_BITS, GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        mimic__free(ctx, encoder);
        return mimic__fail_memory(err);
    }
    (void)deflateSetHeader(&encoder->stream, &encoder->header); /* fails only for no gzip stream */
    *out_encoder = &encoder->base;
    return MIMIC_OK;
}

#else

mimic_status mimic__gzip_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err)
{
    (void)ctx;
    (void)level;
    (void)out_encoder;
    return mimic__gzip_not_built_in(err);
}

#endif
