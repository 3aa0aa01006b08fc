/* Which compression a name promises or a content has, and the codec for it. */
#include "io/codec.h"

#include <string.h>

#include "base/error.h"

/* RFC 1952 2.3.1; RFC 8878 3.1.1 and 3.1.2, where the low four bits of a skippable frame's magic
 * number are free. */
mimic_compression mimic__compression_from_magic(const unsigned char *bytes, size_t size)
{
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return MIMIC_COMPRESSION_GZIP;
    if (size >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0)
        return MIMIC_COMPRESSION_ZSTD;
    if (size >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0)
        return MIMIC_COMPRESSION_ZSTD;
    return MIMIC_COMPRESSION_NONE;
}

/* `ending` is lower-case ASCII. */
static bool ends_in(const char *name, const char *ending)
{
    const size_t size = strlen(name);
    const size_t ending_size = strlen(ending);
    if (size < ending_size)
        return false;
    for (size_t i = 0; i < ending_size; i++) {
        const char byte = name[size - ending_size + i];
        const bool is_upper = byte >= 'A' && byte <= 'Z';
        if ((is_upper ? byte - 'A' + 'a' : byte) != ending[i])
            return false;
    }
    return true;
}

mimic_compression mimic__compression_from_name(const char *name)
{
    if (ends_in(name, ".gz"))
        return MIMIC_COMPRESSION_GZIP;
    if (ends_in(name, ".zst"))
        return MIMIC_COMPRESSION_ZSTD;
    return MIMIC_COMPRESSION_NONE;
}

const char *mimic__compression_name(mimic_compression compression)
{
    switch (compression) {
    case MIMIC_COMPRESSION_GZIP:
        return "gzip";
    case MIMIC_COMPRESSION_ZSTD:
        return "Zstandard";
    default:
        return "uncompressed";
    }
}

mimic_status mimic__decoder_new(const mimic_context *ctx, mimic_compression compression,
                                mimic_decoder **out_decoder, mimic_error *err)
{
    if (compression == MIMIC_COMPRESSION_GZIP)
        return mimic__gzip_decoder_new(ctx, out_decoder, err);
    return mimic__zstd_decoder_new(ctx, out_decoder, err);
}

mimic_status mimic__encoder_new(const mimic_context *ctx, mimic_compression compression, int level,
                                mimic_encoder **out_encoder, mimic_error *err)
{
    if (compression == MIMIC_COMPRESSION_GZIP)
        return mimic__gzip_encoder_new(ctx, level, out_encoder, err);
    return mimic__zstd_encoder_new(ctx, level, out_encoder, err);
}

void mimic__decoder_free(mimic_decoder *decoder)
{
    if (decoder != NULL)
        decoder->free(decoder);
}

void mimic__encoder_free(mimic_encoder *encoder)
{
    if (encoder != NULL)
        encoder->free(encoder);
}
