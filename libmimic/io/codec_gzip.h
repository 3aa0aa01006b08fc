/*
 * The part of gzip that is worth a choice of libraries: inflating one DEFLATE stream (RFC 1951) and
 * its CRC-32. Members, headers and trailers are read in codec_gzip.c, so that both choices judge a
 * file alike and say so in the same words.
 *
 * Both give the same bytes before they refuse damaged or cut-off data, in whatever pieces it came,
 * with one exception: ISA-L accepts Huffman codes that leave bit patterns unassigned, which zlib
 * refuses where they are declared. Damage of that kind shows a little later: at the first pattern
 * that means nothing, or by the checksum.
 */
#ifndef MIMIC_IO_CODEC_GZIP_H
#define MIMIC_IO_CODEC_GZIP_H

#include "io/codec.h"

#define MIMIC_INFLATE_REST_MAX 8

typedef struct mimic_inflater mimic_inflater;
struct mimic_inflater {
    /* As a decoder's step. CORRUPT = this is no DEFLATE stream; what was filled before is good. */
    mimic_status (*step)(mimic_inflater *inflater, mimic_codec_step *step);
    /* Starts the next stream. */
    void (*reset)(mimic_inflater *inflater);
    void (*free)(mimic_inflater *inflater);
    bool is_done; /* the stream has ended */
    uint32_t crc; /* of its content, once it has */
    /* Input that was taken though it lies behind the stream. */
    unsigned char rest[MIMIC_INFLATE_REST_MAX];
    size_t rest_size;
};

/* The failure of a build that lacks gzip. */
mimic_status mimic__gzip_not_built_in(mimic_error *err);

/* NULL when memory ran out. */
#if MIMIC_HAVE_ZLIB
mimic_inflater *mimic__inflater_zlib_new(const mimic_context *ctx);
#endif
#if MIMIC_HAVE_ISAL
mimic_inflater *mimic__inflater_isal_new(const mimic_context *ctx);
#endif

#endif
