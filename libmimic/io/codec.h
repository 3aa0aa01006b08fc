/*
 * Compression as streams of steps. A codec sees bytes only: where they come from, how far a stream
 * got and what a message says about it is the business of source.c and output.c.
 *
 * A build without zlib or zstd has all of these; making a codec then fails with
 * MIMIC_ERR_UNSUPPORTED.
 */
#ifndef MIMIC_IO_CODEC_H
#define MIMIC_IO_CODEC_H

#include <stdbool.h>

#include <mimic/source.h>

#include "base/context_internal.h"

/* What one step may take and fill. The step moves the pointers and lessens the sizes. */
typedef struct mimic_codec_step {
    const unsigned char *input;
    size_t input_size;
    unsigned char *output;
    size_t output_size;
    bool is_last; /* decoders: no input comes after this */
} mimic_codec_step;

typedef struct mimic_decoder mimic_decoder;
struct mimic_decoder {
    /* Takes input or fills output, as far as either goes. On failure *out_reason is a static text,
     * what was filled before is good, and the decoder can only be freed. */
    mimic_status (*step)(mimic_decoder *decoder, mimic_codec_step *step, const char **out_reason);
    /* May the input end here? */
    bool (*is_complete)(const mimic_decoder *decoder);
    /* Of a new decoder: what comes follows a member (or frame) that was read by another one. */
    void (*expect_next)(mimic_decoder *decoder);
    /* Decompresses whole members, of which the decoder knows nothing afterwards. False when they are
     * not sound, do not end where the bytes end, or have more content than there is room for; step
     * will say what is the matter. */
    bool (*decode_whole)(mimic_decoder *decoder, mimic_codec_step *step);
    void (*free)(mimic_decoder *decoder);
};

typedef struct mimic_encoder mimic_encoder;
struct mimic_encoder {
    /* With is_last the input is all there is: call until *out_is_done. */
    mimic_status (*step)(mimic_encoder *encoder, mimic_codec_step *step, bool is_last,
                         bool *out_is_done, mimic_error *err);
    void (*free)(mimic_encoder *encoder);
};

/* gzip is inflated by ISA-L where the build has it, and by zlib where it has not or where the context
 * forbids what is special to a processor (MIMIC_CPU_NONE).
 * Level 0 = the default; gzip 1 to 9, zstd 1 to 19 (what the decoder's window limit can read). */
mimic_status mimic__gzip_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err);
mimic_status mimic__gzip_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err);
mimic_status mimic__zstd_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err);
mimic_status mimic__zstd_encoder_new(const mimic_context *ctx, int level,
                                     mimic_encoder **out_encoder, mimic_error *err);

/* The codec of a compression, which must be GZIP or ZSTD. */
mimic_status mimic__decoder_new(const mimic_context *ctx, mimic_compression compression,
                                mimic_decoder **out_decoder, mimic_error *err);
mimic_status mimic__encoder_new(const mimic_context *ctx, mimic_compression compression, int level,
                                mimic_encoder **out_encoder, mimic_error *err);
void mimic__decoder_free(mimic_decoder *decoder); /* NULL is allowed */
void mimic__encoder_free(mimic_encoder *encoder); /* NULL is allowed */

/* "gzip", "Zstandard", "uncompressed". */
const char *mimic__compression_name(mimic_compression compression);
/* What the ending promises (.gz, .zst, in any case); NONE for every other name. */
mimic_compression mimic__compression_from_name(const char *name);
/* Bytes that are enough for mimic__compression_from_magic. */
#define MIMIC_MAGIC_BYTES 4
mimic_compression mimic__compression_from_magic(const unsigned char *bytes, size_t size);

/* Whole Zstandard frames in memory, as Arrow IPC bodies have them. One compressor is used by one
 * thread at a time. */
typedef struct mimic_zstd_compressor mimic_zstd_compressor;

bool mimic__zstd_is_built_in(void);
mimic_status mimic__zstd_compressor_new(const mimic_context *ctx, int level,
                                        mimic_zstd_compressor **out_compressor, mimic_error *err);
/* *out_size is 0 when the frame would take more than `capacity` bytes. */
mimic_status mimic__zstd_compress_frame(mimic_zstd_compressor *compressor, const void *bytes,
                                        size_t size, void *target, size_t capacity,
                                        size_t *out_size, mimic_error *err);
void mimic__zstd_compressor_free(mimic_zstd_compressor *compressor); /* NULL is allowed */
/* A frame of `size` > 0 equal bytes, written down without looking at them: its size, which is no more
 * than MIMIC_REPEAT_FRAME_BYTES(size). */
#define MIMIC_REPEAT_FRAME_BYTES(size) (6 + 4 * ((size) / (128 * 1024) + 1))
size_t mimic__zstd_repeat_frame(unsigned char byte, size_t size, void *target);
/* A frame of `count` words of 4 or 8 bytes in the machine's order, of which the upper bytes change seldom
 * from one to the next, as in numbers that count up. Returns its size, or 0 when it does not pay or the
 * capacity is too small for it: then they are to be compressed. */
size_t mimic__zstd_words_frame(const void *words, size_t width, size_t count, void *target,
                               size_t capacity);
/* The frame must give exactly `target_size` bytes. */
mimic_status mimic__zstd_decompress_frame(const void *bytes, size_t size, void *target,
                                          size_t target_size, mimic_error *err);

#endif
