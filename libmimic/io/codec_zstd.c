/*
 * Zstandard (RFC 8878), the only user of zstd.h. libzstd goes from frame to frame and over
 * skippable ones by itself and verifies a frame's checksum where it has one.
 *
 * Two decisions. The window is limited to 32 MiB, because a frame's header decides how much memory
 * its reader takes: every level up to 19 stays well below, `zstd --long` and --ultra may not.
 * libzstd's own memory comes from malloc: its allocator interface is for static linking only and
 * may change with any release of the shared library.
 */
#include "io/codec.h"

#include <string.h>

#include "base/error.h"

/* RFC 8878 3.1.1: magic number, a descriptor that says nothing, a window of 128 KiB; then blocks of
 * one byte and how often it comes (3.1.1.2.2). */
size_t mimic__zstd_repeat_frame(unsigned char byte, size_t size, void *target)
{
    static const unsigned char header[6] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38};
    const size_t block_max = (size_t)128 * 1024;
    unsigned char *out = target;
    memcpy(out, header, sizeof header);
    out += sizeof header;
    while (size > 0) {
        const size_t block = size < block_max ? size : block_max;
        size -= block;
        const size_t start = block << 3 | 1u << 1 | (size == 0);
        *out++ = (unsigned char)start;
        *out++ = (unsigned char)(start >> 8);
        *out++ = (unsigned char)(start >> 16);
        *out++ = byte;
    }
    return (size_t)(out - (unsigned char *)target);
}

bool mimic__zstd_is_built_in(void)
{
    return MIMIC_HAVE_ZSTD;
}

#if MIMIC_HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#define WINDOW_LOG_MAX 25
#define LEVEL_MAX 19
#define FRAME_BEGINNING 5 /* RFC 8878 3.1.1.1: magic number and descriptor */
#define BLOCK_HEADER 3    /* RFC 8878 3.1.1.2 */

typedef struct zstd_decoder {
    mimic_decoder base;
    const mimic_context *ctx;
    ZSTD_DCtx *stream;
    bool is_between_frames; /* false before the first */
    bool is_in_frame;       /* some of its bytes were taken */
    bool is_full;           /* the output was filled; there may be more of it */
    size_t hint;            /* what libzstd wants next, in a frame */
} zstd_decoder;

typedef struct zstd_encoder {
    mimic_encoder base;
    const mimic_context *ctx;
    ZSTD_CCtx *stream;
} zstd_encoder;

struct mimic_zstd_compressor {
    const mimic_context *ctx;
    ZSTD_CCtx *stream;
};

static mimic_status decode_failure(size_t result, const char **out_reason)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        *out_reason = "out of memory";
        return MIMIC_ERR_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        *out_reason = "it needs a window of more than 32 MiB (zstd --long or --ultra); compress it "
                      "again with level 19 or less and without --long";
        return MIMIC_ERR_LIMIT;
    case ZSTD_error_dictionary_wrong:
        *out_reason = "it needs a dictionary, which is not supported; compress it again without";
        return MIMIC_ERR_UNSUPPORTED;
    case ZSTD_error_prefix_unknown:
        *out_reason = "bytes that are no Zstandard frame follow the last one";
        return MIMIC_ERR_CORRUPT;
    default:
        *out_reason = ZSTD_getErrorName(result);
        return MIMIC_ERR_CORRUPT;
    }
}

/* How much input the next call may see. When libzstd finds damage it forgets what the same call gave
 * before, and it takes a frame at once when all of it is there, without a limit for its window. So
 * that it does not matter in what pieces a file comes, a call sees part of one header or of one block:
 * of a frame what is less than any header; then what libzstd asks for, but for the header of the next
 * block, which it asks for together with a block; and nothing while there may be output left. */
static size_t next_piece(const zstd_decoder *decoder)
{
    if (decoder->is_full)
        return 0;
    if (!decoder->is_in_frame)
        return FRAME_BEGINNING;
    return decoder->hint > BLOCK_HEADER ? decoder->hint - BLOCK_HEADER : 1;
}

static mimic_status decode(mimic_decoder *base, mimic_codec_step *step, const char **out_reason)
{
    zstd_decoder *decoder = (zstd_decoder *)base;
    if (step->input_size == 0 && decoder->is_between_frames)
        return MIMIC_OK;
    ZSTD_inBuffer input = {step->input, 0, 0};
    ZSTD_outBuffer output = {step->output, step->output_size, 0};
    size_t result;
    do {
        const size_t left = step->input_size - input.pos;
        const size_t piece = next_piece(decoder);
        input.size = input.pos + (piece < left ? piece : left);
        result = ZSTD_decompressStream(decoder->stream, &output, &input);
        decoder->is_between_frames = result == 0;
        decoder->is_in_frame = result != 0;
        decoder->is_full = result != 0 && output.pos == output.size;
        decoder->hint = result;
    } while (!ZSTD_isError(result) && !decoder->is_full && input.pos < step->input_size);
    step->input += input.pos;
    step->input_size -= input.pos;
    step->output += output.pos;
    step->output_size -= output.pos;
    return ZSTD_isError(result) ? decode_failure(result, out_reason) : MIMIC_OK;
}

static bool decoder_is_complete(const mimic_decoder *base)
{
    return ((const zstd_decoder *)base)->is_between_frames;
}

static void expect_next(mimic_decoder *base)
{
    ((zstd_decoder *)base)->is_between_frames = true;
}

static bool decode_whole(mimic_decoder *base, mimic_codec_step *step)
{
    zstd_decoder *decoder = (zstd_decoder *)base;
    const size_t result = ZSTD_decompressDCtx(decoder->stream, step->output, step->output_size,
                                              step->input, step->input_size);
    if (ZSTD_isError(result))
        return false;
    step->input += step->input_size;
    step->input_size = 0;
    step->output += result;
    step->output_size -= result;
    return true;
}

static void decoder_free(mimic_decoder *base)
{
    zstd_decoder *decoder = (zstd_decoder *)base;
    ZSTD_freeDCtx(decoder->stream);
    mimic__free(decoder->ctx, decoder);
}

mimic_status mimic__zstd_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    zstd_decoder *decoder = mimic__alloc_zeroed(ctx, 1, sizeof *decoder);
    if (decoder == NULL)
        return mimic__fail_memory(err);
    decoder->base = (mimic_decoder){decode, decoder_is_complete, expect_next, decode_whole,
                                    decoder_free};
    decoder->ctx = ctx;
    decoder->stream = ZSTD_createDCtx();
    if (decoder->stream == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(
                                       decoder->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        decoder_free(&decoder->base);
        return mimic__fail_memory(err);
    }
    *out_decoder = &decoder->base;
    return MIMIC_OK;
}

static mimic_status new_stream(int level, ZSTD_CCtx **out_stream, mimic_error *err)
{
    if (level < 0 || level > LEVEL_MAX)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "Zstandard has levels 1 to %d, and 0 for the default; found %d",
                           LEVEL_MAX, level);
    ZSTD_CCtx *stream = ZSTD_createCCtx();
    if (stream == NULL)
        return mimic__fail_memory(err);
    if (ZSTD_isError(ZSTD_CCtx_setParameter(stream, ZSTD_c_compressionLevel, level))) {
        ZSTD_freeCCtx(stream);
        return mimic__fail(err, MIMIC_ERR_INTERNAL, "libzstd refused level %d", level);
    }
    *out_stream = stream;
    return MIMIC_OK;
}

static mimic_status compress_failure(size_t result, mimic_error *err)
{
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
        return mimic__fail_memory(err);
    return mimic__fail(err, MIMIC_ERR_INTERNAL, "libzstd failed to compress: %s",
                       ZSTD_getErrorName(result));
}

static mimic_status encode(mimic_encoder *base, mimic_codec_step *step, bool is_last,
                           bool *out_is_done, mimic_error *err)
{
    zstd_encoder *encoder = (zstd_encoder *)base;
    ZSTD_inBuffer input = {step->input, step->input_size, 0};
    ZSTD_outBuffer output = {step->output, step->output_size, 0};
    const size_t result = ZSTD_compressStream2(encoder->stream, &output, &input,
                                               is_last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(result))
        return compress_failure(result, err);
    step->input += input.pos;
    step->input_size -= input.pos;
    step->output += output.pos;
    step->output_size -= output.pos;
    *out_is_done = is_last && result == 0;
    return MIMIC_OK;
}

static void encoder_free(mimic_encoder *base)
{
    zstd_encoder *encoder = (zstd_encoder *)base;
    ZSTD_freeCCtx(encoder->stream);
    mimic__free(encoder->ctx, encoder);
}

mimic_status mimic__zstd_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err)
{
    zstd_encoder *encoder = mimic__alloc_zeroed(ctx, 1, sizeof *encoder);
    if (encoder == NULL)
        return mimic__fail_memory(err);
    encoder->base = (mimic_encoder){encode, encoder_free};
    encoder->ctx = ctx;
    const mimic_status status = new_stream(level, &encoder->stream, err);
    if (status != MIMIC_OK) {
        encoder_free(&encoder->base);
        return status;
    }
    /* A file keeps its checksum (RFC 8878 3.1.1); fails only for a parameter that libzstd lacks. */
    (void)ZSTD_CCtx_setParameter(encoder->stream, ZSTD_c_checksumFlag, 1);
    *out_encoder = &encoder->base;
    return MIMIC_OK;
}

mimic_status mimic__zstd_compressor_new(const mimic_context *ctx, int level,
                                        mimic_zstd_compressor **out_compressor, mimic_error *err)
{
    mimic_zstd_compressor *compressor = mimic__alloc_zeroed(ctx, 1, sizeof *compressor);
    if (compressor == NULL)
        return mimic__fail_memory(err);
    compressor->ctx = ctx;
    const mimic_status status = new_stream(level, &compressor->stream, err);
    if (status != MIMIC_OK) {
        mimic__free(ctx, compressor);
        return status;
    }
    /* Arrow gives the size before the frame, so the frame need not; and readers in JavaScript can
     * then take what fzstd returns as it is, which for a frame with a size is 12 bytes off any
     * alignment. */
    (void)ZSTD_CCtx_setParameter(compressor->stream, ZSTD_c_contentSizeFlag, 0);
    *out_compressor = compressor;
    return MIMIC_OK;
}

mimic_status mimic__zstd_compress_frame(mimic_zstd_compressor *compressor, const void *bytes,
                                        size_t size, void *target, size_t capacity,
                                        size_t *out_size, mimic_error *err)
{
    const size_t result = ZSTD_compress2(compressor->stream, target, capacity, bytes, size);
    const bool is_too_large =
        ZSTD_isError(result) && ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall;
    *out_size = ZSTD_isError(result) ? 0 : result;
    return ZSTD_isError(result) && !is_too_large ? compress_failure(result, err) : MIMIC_OK;
}

void mimic__zstd_compressor_free(mimic_zstd_compressor *compressor)
{
    if (compressor == NULL)
        return;
    ZSTD_freeCCtx(compressor->stream);
    mimic__free(compressor->ctx, compressor);
}

mimic_status mimic__zstd_decompress_frame(const void *bytes, size_t size, void *target,
                                          size_t target_size, mimic_error *err)
{
    const size_t result = ZSTD_decompress(target, target_size, bytes, size);
    if (ZSTD_isError(result))
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "damaged Zstandard data: %s",
                           ZSTD_getErrorName(result));
    if (result != target_size)
        return mimic__fail(err, MIMIC_ERR_CORRUPT,
                           "expected %zu bytes in the Zstandard frame, found %zu", target_size,
                           result);
    return MIMIC_OK;
}

#else

static mimic_status not_built_in(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "this build of libmimic lacks Zstandard; build it with libzstd "
                       "(-Dzstd=enabled)");
}

mimic_status mimic__zstd_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    (void)ctx;
    (void)out_decoder;
    return not_built_in(err);
}

mimic_status mimic__zstd_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err)
{
    (void)ctx;
    (void)level;
    (void)out_encoder;
    return not_built_in(err);
}

mimic_status mimic__zstd_compressor_new(const mimic_context *ctx, int level,
                                        mimic_zstd_compressor **out_compressor, mimic_error *err)
{
    (void)ctx;
    (void)level;
    (void)out_compressor;
    return not_built_in(err);
}

mimic_status mimic__zstd_compress_frame(mimic_zstd_compressor *compressor, const void *bytes,
                                        size_t size, void *target, size_t capacity,
                                        size_t *out_size, mimic_error *err)
{
    (void)compressor;
    (void)bytes;
    (void)size;
    (void)target;
    (void)capacity;
    (void)out_size;
    return not_built_in(err);
}

void mimic__zstd_compressor_free(mimic_zstd_compressor *compressor)
{
    (void)compressor;
}

mimic_status mimic__zstd_decompress_frame(const void *bytes, size_t size, void *target,
                                          size_t target_size, mimic_error *err)
{
    (void)bytes;
    (void)size;
    (void)target;
    (void)target_size;
    return not_built_in(err);
}

#endif
