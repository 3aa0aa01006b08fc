/*
 * gzip (RFC 1952) by zlib, the only user of zlib.h. zlib checks each member's header, CRC-32 and
 * length; going from member to member and refusing what is no member is done here. What is written
 * depends on the content and the level alone: no time, no name, system "unknown".
 */
#include "io/codec.h"

#include "base/error.h"

#if MIMIC_HAVE_ZLIB

#include <string.h>

#include <zlib.h>

#define GZIP_WINDOW_BITS (15 + 16) /* zlib.h: the largest window, in a gzip wrapper */
#define GZIP_MEMORY_LEVEL 8        /* zlib's default */
#define GZIP_SYSTEM_UNKNOWN 255    /* RFC 1952 2.3.1, OS */
#define STEP_BYTES_MAX (1u << 30)  /* zlib counts in unsigned int */

typedef enum gzip_state { IN_MEMBER, BETWEEN_MEMBERS, IN_PADDING } gzip_state;

typedef struct gzip_decoder {
    mimic_decoder base;
    const mimic_context *ctx;
    z_stream stream;
    gzip_state state;
} gzip_decoder;

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

/* A member may follow a member (RFC 1952 2.2). Zeros to the end are what tapes and block devices
 * pad with, and hold nothing that could be lost. Everything else is damage. */
static mimic_status start_next_member(gzip_decoder *decoder, const mimic_codec_step *step,
                                      const char **out_reason)
{
    if (step->input[0] == 0) {
        decoder->state = IN_PADDING;
        return MIMIC_OK;
    }
    if (step->input[0] != 0x1f) {
        *out_reason = "bytes that are no gzip member follow the last one";
        return MIMIC_ERR_CORRUPT;
    }
    if (inflateReset(&decoder->stream) != Z_OK) {
        *out_reason = "zlib refused to start a member";
        return MIMIC_ERR_INTERNAL;
    }
    decoder->state = IN_MEMBER;
    return MIMIC_OK;
}

static mimic_status skip_padding(mimic_codec_step *step, const char **out_reason)
{
    for (; step->input_size > 0; step->input++, step->input_size--)
        if (step->input[0] != 0) {
            *out_reason = "zeros and then other bytes follow the last gzip member";
            return MIMIC_ERR_CORRUPT;
        }
    return MIMIC_OK;
}

static mimic_status inflate_member(gzip_decoder *decoder, mimic_codec_step *step,
                                   const char **out_reason)
{
    lend(&decoder->stream, step);
    const int result = inflate(&decoder->stream, Z_NO_FLUSH);
    take_back(&decoder->stream, step);
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR: /* no input or no room: not an error */
        return MIMIC_OK;
    case Z_STREAM_END:
        decoder->state = BETWEEN_MEMBERS;
        return MIMIC_OK;
    case Z_MEM_ERROR:
        *out_reason = "out of memory";
        return MIMIC_ERR_MEMORY;
    default:
        *out_reason = decoder->stream.msg != NULL ? decoder->stream.msg : "invalid data";
        return MIMIC_ERR_CORRUPT;
    }
}

static mimic_status decode(mimic_decoder *base, mimic_codec_step *step, const char **out_reason)
{
    gzip_decoder *decoder = (gzip_decoder *)base;
    for (;;) {
        if (decoder->state == IN_PADDING)
            return skip_padding(step, out_reason);
        if (decoder->state == BETWEEN_MEMBERS) {
            if (step->input_size == 0)
                return MIMIC_OK;
            MIMIC_TRY(start_next_member(decoder, step, out_reason));
            continue;
        }
        MIMIC_TRY(inflate_member(decoder, step, out_reason));
        if (decoder->state == IN_MEMBER)
            return MIMIC_OK;
    }
}

static bool decoder_is_complete(const mimic_decoder *base)
{
    return ((const gzip_decoder *)base)->state != IN_MEMBER;
}

static void decoder_free(mimic_decoder *base)
{
    gzip_decoder *decoder = (gzip_decoder *)base;
    inflateEnd(&decoder->stream);
    mimic__free(decoder->ctx, decoder);
}

mimic_status mimic__gzip_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    gzip_decoder *decoder = mimic__alloc_zeroed(ctx, 1, sizeof *decoder);
    if (decoder == NULL)
        return mimic__fail_memory(err);
    decoder->base = (mimic_decoder){decode, decoder_is_complete, decoder_free};
    decoder->ctx = ctx;
    use_context(&decoder->stream, ctx);
    if (inflateInit2(&decoder->stream, GZIP_WINDOW_BITS) != Z_OK) {
        mimic__free(ctx, decoder);
        return mimic__fail_memory(err);
    }
    *out_decoder = &decoder->base;
    return MIMIC_OK;
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

static mimic_status not_built_in(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "this build of libmimic lacks gzip; build it with zlib (-Dzlib=enabled)");
}

mimic_status mimic__gzip_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    (void)ctx;
    (void)out_decoder;
    return not_built_in(err);
}

mimic_status mimic__gzip_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err)
{
    (void)ctx;
    (void)level;
    (void)out_encoder;
    return not_built_in(err);
}

#endif
