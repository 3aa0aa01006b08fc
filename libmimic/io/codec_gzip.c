/*
 * Reading gzip (RFC 1952): a file is a row of members, a member is a header, a DEFLATE stream and a
 * trailer with the checksum and length of the content. Everything but the DEFLATE stream is read
 * here, byte by byte, as it may be cut anywhere; codec_gzip.h says who inflates.
 */
#include "io/codec_gzip.h"

#include "base/error.h"

mimic_status mimic__gzip_not_built_in(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "this build of libmimic lacks gzip; build it with zlib (-Dzlib=enabled)");
}

#if MIMIC_HAVE_ZLIB

#define HEADER_BYTES 10 /* RFC 1952 2.3: of every header */
#define METHOD_DEFLATE 8
#define TRAILER_BYTES 8
#define CHECKSUM_POLYNOMIAL 0xedb88320u

enum { /* RFC 1952 2.3.1, FLG */
    FLAG_CHECKSUM = 1 << 1,
    FLAG_EXTRA = 1 << 2,
    FLAG_NAME = 1 << 3,
    FLAG_COMMENT = 1 << 4,
    FLAGS_RESERVED = 0xe0
};

typedef enum gzip_state {
    IN_HEADER,
    IN_EXTRA_SIZE,
    IN_EXTRA,
    IN_NAME,
    IN_COMMENT,
    IN_HEADER_CHECKSUM,
    IN_DATA,
    IN_TRAILER,
    BETWEEN_MEMBERS,
    IN_PADDING
} gzip_state;

typedef struct gzip_decoder {
    mimic_decoder base;
    const mimic_context *ctx;
    mimic_inflater *inflater;
    gzip_state state;
    unsigned char flags;
    uint32_t header_crc;
    uint32_t held;    /* the last four bytes of header or trailer, little end first */
    uint32_t count;   /* bytes of the state so far; in IN_EXTRA, those to come */
    uint32_t checksum; /* of the trailer */
    uint32_t size;     /* of the member's content, modulo 2^32 */
} gzip_decoder;

static mimic_status damaged(const char **out_reason)
{
    *out_reason = "the data is damaged; fetch it again";
    return MIMIC_ERR_CORRUPT;
}

/* ---- headers ---- */

/* Headers with a checksum are rare and short: a bit at a time will do. */
static uint32_t add_to_checksum(uint32_t crc, unsigned char byte)
{
    crc = ~crc ^ byte;
    for (int bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1) != 0 ? CHECKSUM_POLYNOMIAL : 0);
    return ~crc;
}

/* Ends a part of the header: goes to the next that the flags announce. */
static void enter_next_part(gzip_decoder *decoder)
{
    static const unsigned char flags[] = {
        [IN_EXTRA_SIZE] = FLAG_EXTRA, [IN_EXTRA] = FLAG_EXTRA,
        [IN_NAME] = FLAG_NAME,        [IN_COMMENT] = FLAG_COMMENT,
        [IN_HEADER_CHECKSUM] = FLAG_CHECKSUM,
    };
    if (decoder->state != IN_EXTRA_SIZE)
        decoder->count = 0;
    do
        decoder->state++;
    while (decoder->state < IN_DATA && (decoder->flags & flags[decoder->state]) == 0);
}

static mimic_status take_fixed_byte(gzip_decoder *decoder, unsigned char byte,
                                    const char **out_reason)
{
    const uint32_t place = decoder->count++;
    if ((place == 0 && byte != 0x1f) || (place == 1 && byte != 0x8b)) {
        *out_reason = "bytes that are no gzip member follow the last one";
        return MIMIC_ERR_CORRUPT;
    }
    if (place == 2 && byte != METHOD_DEFLATE) {
        *out_reason = "a gzip header names another method than DEFLATE";
        return MIMIC_ERR_CORRUPT;
    }
    if (place == 3)
        decoder->flags = byte;
    if (place == 3 && (byte & FLAGS_RESERVED) != 0) {
        *out_reason = "a gzip header has flags that are not defined";
        return MIMIC_ERR_CORRUPT;
    }
    if (place == HEADER_BYTES - 1)
        enter_next_part(decoder);
    return MIMIC_OK;
}

static mimic_status take_header_byte(gzip_decoder *decoder, unsigned char byte,
                                     const char **out_reason)
{
    const uint32_t crc = decoder->header_crc;
    if (decoder->state == IN_HEADER || (decoder->flags & FLAG_CHECKSUM) != 0)
        decoder->header_crc = add_to_checksum(crc, byte);
    decoder->held = decoder->held >> 8 | (uint32_t)byte << 24;
    switch (decoder->state) {
    case IN_HEADER:
        return take_fixed_byte(decoder, byte, out_reason);
    case IN_EXTRA_SIZE:
        if (++decoder->count < 2)
            return MIMIC_OK;
        decoder->count = decoder->held >> 16;
        enter_next_part(decoder);
        if (decoder->count == 0)
            enter_next_part(decoder);
        return MIMIC_OK;
    case IN_EXTRA:
        if (--decoder->count == 0)
            enter_next_part(decoder);
        return MIMIC_OK;
    case IN_NAME:
    case IN_COMMENT:
        if (byte == 0)
            enter_next_part(decoder);
        return MIMIC_OK;
    default: /* IN_HEADER_CHECKSUM: the lower half of what came before these two bytes */
        if (++decoder->count == 1) {
            decoder->checksum = crc & 0xffff;
            return MIMIC_OK;
        }
        if (decoder->held >> 16 != decoder->checksum) {
            *out_reason = "the checksum of a gzip header is wrong";
            return MIMIC_ERR_CORRUPT;
        }
        enter_next_part(decoder);
        return MIMIC_OK;
    }
}

static mimic_status read_header(gzip_decoder *decoder, mimic_codec_step *step,
                                const char **out_reason)
{
    for (; step->input_size > 0 && decoder->state < IN_DATA; step->input++, step->input_size--)
        MIMIC_TRY(take_header_byte(decoder, *step->input, out_reason));
    return MIMIC_OK;
}

/* ---- content and trailer ---- */

static mimic_status inflate_content(gzip_decoder *decoder, mimic_codec_step *step,
                                    const char **out_reason)
{
    const size_t room = step->output_size;
    const mimic_status status = decoder->inflater->step(decoder->inflater, step);
    decoder->size += (uint32_t)(room - step->output_size);
    if (status == MIMIC_ERR_CORRUPT)
        return damaged(out_reason);
    if (status != MIMIC_OK) {
        *out_reason = "out of memory";
        return status;
    }
    if (decoder->inflater->is_done) {
        decoder->state = IN_TRAILER;
        decoder->count = 0;
    }
    return MIMIC_OK;
}

/* The inflater may hold a beginning of the trailer; it never holds more. */
static mimic_status read_trailer(gzip_decoder *decoder, mimic_codec_step *step,
                                 const char **out_reason)
{
    const mimic_inflater *const inflater = decoder->inflater;
    while (decoder->count < TRAILER_BYTES) {
        unsigned char byte;
        if (decoder->count < inflater->rest_size) {
            byte = inflater->rest[decoder->count];
        } else {
            if (step->input_size == 0)
                return MIMIC_OK;
            byte = *step->input++;
            step->input_size--;
        }
        decoder->held = decoder->held >> 8 | (uint32_t)byte << 24;
        if (++decoder->count == 4)
            decoder->checksum = decoder->held;
    }
    if (decoder->checksum != inflater->crc || decoder->held != decoder->size)
        return damaged(out_reason);
    decoder->state = BETWEEN_MEMBERS;
    return MIMIC_OK;
}

/* ---- members ---- */

/* A member may follow a member (RFC 1952 2.2). Zeros to the end are what tapes and block devices
 * pad with, and hold nothing that could be lost. Everything else is damage. */
static void start_next_member(gzip_decoder *decoder, const mimic_codec_step *step)
{
    if (step->input[0] == 0) {
        decoder->state = IN_PADDING;
        return;
    }
    decoder->state = IN_HEADER;
    decoder->flags = 0;
    decoder->header_crc = 0;
    decoder->count = 0;
    decoder->size = 0;
    decoder->inflater->reset(decoder->inflater);
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

static mimic_status decode(mimic_decoder *base, mimic_codec_step *step, const char **out_reason)
{
    gzip_decoder *decoder = (gzip_decoder *)base;
    for (;;) {
        gzip_state before = decoder->state;
        if (before == IN_PADDING)
            return skip_padding(step, out_reason);
        if (before == BETWEEN_MEMBERS && step->input_size > 0)
            start_next_member(decoder, step);
        else if (before == IN_TRAILER)
            MIMIC_TRY(read_trailer(decoder, step, out_reason));
        else if (before == IN_DATA)
            MIMIC_TRY(inflate_content(decoder, step, out_reason));
        else if (before < IN_DATA)
            MIMIC_TRY(read_header(decoder, step, out_reason));
        if (decoder->state == before)
            return MIMIC_OK;
    }
}

static bool decoder_is_complete(const mimic_decoder *base)
{
    return ((const gzip_decoder *)base)->state >= BETWEEN_MEMBERS;
}

static void expect_next(mimic_decoder *base)
{
    ((gzip_decoder *)base)->state = BETWEEN_MEMBERS;
}

static bool decode_whole(mimic_decoder *base, mimic_codec_step *step)
{
    const char *reason;
    expect_next(base);
    return decode(base, step, &reason) == MIMIC_OK && step->input_size == 0 &&
           ((gzip_decoder *)base)->state == BETWEEN_MEMBERS;
}

static void decoder_free(mimic_decoder *base)
{
    gzip_decoder *decoder = (gzip_decoder *)base;
    if (decoder->inflater != NULL)
        decoder->inflater->free(decoder->inflater);
    mimic__free(decoder->ctx, decoder);
}

static mimic_inflater *new_inflater(const mimic_context *ctx)
{
#if MIMIC_HAVE_ISAL
    if (ctx->cpu != 0)
        return mimic__inflater_isal_new(ctx);
#endif
    return mimic__inflater_zlib_new(ctx);
}

mimic_status mimic__gzip_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    gzip_decoder *decoder = mimic__alloc_zeroed(ctx, 1, sizeof *decoder);
    if (decoder == NULL)
        return mimic__fail_memory(err);
    decoder->base = (mimic_decoder){decode, decoder_is_complete, expect_next, decode_whole,
                                    decoder_free};
    decoder->ctx = ctx;
    decoder->inflater = new_inflater(ctx);
    if (decoder->inflater == NULL) {
        decoder_free(&decoder->base);
        return mimic__fail_memory(err);
    }
    *out_decoder = &decoder->base;
    return MIMIC_OK;
}

#else

mimic_status mimic__gzip_decoder_new(const mimic_context *ctx, mimic_decoder **out_decoder,
                                     mimic_error *err)
{
    (void)ctx;
    (void)out_decoder;
    return mimic__gzip_not_built_in(err);
}

#endif
