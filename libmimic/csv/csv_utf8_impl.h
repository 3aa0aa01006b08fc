/*
 * UTF-8 validation, a vector at a time, after J. Keiser and D. Lemire, "Validating UTF-8 in less than
 * one instruction per byte" (2021). Two neighbouring bytes tell every fault but one through three
 * 16-entry tables: the high and the low half of the first byte, the high half of the second; each entry
 * names the faults that it allows, and a fault is what all three allow. The fault left over, a lead byte
 * of three or four with too few or too many bytes behind it, is a comparison with the bytes two and
 * three before. A file that includes this defines first
 *     vector, VECTOR_BYTES, load, is_ascii, is_zero, zero, or_bits, xor_bits, and_bits,
 *     high_halves, low_halves, look_up (16 entries by halves of bytes),
 *     before_1, before_2, before_3 (bytes shifted in from the vector before),
 *     must_follow (bit 7 where the byte two before leads three or more, or that three before leads four).
 */
#ifndef MIMIC_CSV_UTF8_IMPL_H
#define MIMIC_CSV_UTF8_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    TOO_SHORT = 1 << 0,      /* lead, then no continuation */
    TOO_LONG = 1 << 1,       /* ASCII, then a continuation */
    OVERLONG_3 = 1 << 2,     /* E0 80-9F */
    TOO_LARGE = 1 << 3,      /* F4 90-BF, F5-FF 90-BF */
    SURROGATE = 1 << 4,      /* ED A0-BF */
    OVERLONG_2 = 1 << 5,     /* C0-C1 */
    OVERLONG_4 = 1 << 6,     /* F0 80-8F; with F5-FF 80-8F */
    TWO_FOLLOWERS = 1 << 7,  /* a continuation after another: right after a long lead only */
    ANY_LOW = TOO_SHORT | TOO_LONG | TWO_FOLLOWERS,
};

static const unsigned char first_high[16] = {
    TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
    TWO_FOLLOWERS, TWO_FOLLOWERS, TWO_FOLLOWERS, TWO_FOLLOWERS,
    TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
    TOO_SHORT | TOO_LARGE | OVERLONG_4};

static const unsigned char first_low[16] = {
    ANY_LOW | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, ANY_LOW | OVERLONG_2, ANY_LOW, ANY_LOW,
    ANY_LOW | TOO_LARGE, ANY_LOW | TOO_LARGE | OVERLONG_4, ANY_LOW | TOO_LARGE | OVERLONG_4,
    ANY_LOW | TOO_LARGE | OVERLONG_4, ANY_LOW | TOO_LARGE | OVERLONG_4,
    ANY_LOW | TOO_LARGE | OVERLONG_4, ANY_LOW | TOO_LARGE | OVERLONG_4,
    ANY_LOW | TOO_LARGE | OVERLONG_4, ANY_LOW | TOO_LARGE | OVERLONG_4,
    ANY_LOW | TOO_LARGE | OVERLONG_4 | SURROGATE, ANY_LOW | TOO_LARGE | OVERLONG_4,
    ANY_LOW | TOO_LARGE | OVERLONG_4};

enum { FOLLOWER = TOO_LONG | OVERLONG_2 | TWO_FOLLOWERS };

static const unsigned char second_high[16] = {
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    FOLLOWER | OVERLONG_3 | OVERLONG_4, FOLLOWER | OVERLONG_3 | TOO_LARGE,
    FOLLOWER | SURROGATE | TOO_LARGE, FOLLOWER | SURROGATE | TOO_LARGE,
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT};

/* Bits that are set where a fault is; `before` are the bytes before. */
static inline vector find_bad_bytes(vector bytes, vector before)
{
    const vector first = before_1(bytes, before);
    const vector special = and_bits(and_bits(look_up(first_high, high_halves(first)),
                                             look_up(first_low, low_halves(first))),
                                    look_up(second_high, high_halves(bytes)));
    return xor_bits(special, must_follow(before_2(bytes, before), before_3(bytes, before)));
}

static inline bool is_utf8_text(const char *bytes, size_t size)
{
    vector bad = zero();
    vector before = zero();
    size_t offset = 0;
    for (; offset + 4 * VECTOR_BYTES <= size; offset += 4 * VECTOR_BYTES) {
        const vector a = load(bytes + offset);
        const vector b = load(bytes + offset + VECTOR_BYTES);
        const vector c = load(bytes + offset + 2 * VECTOR_BYTES);
        const vector d = load(bytes + offset + 3 * VECTOR_BYTES);
        const bool is_plain = is_ascii(or_bits(or_bits(a, b), or_bits(c, d)));
        /* What stands before plain bytes must be whole: they are looked at, too, if it is not ASCII. */
        if (!is_plain || !is_ascii(before)) {
            bad = or_bits(bad, or_bits(find_bad_bytes(a, before), find_bad_bytes(b, a)));
            bad = or_bits(bad, or_bits(find_bad_bytes(c, b), find_bad_bytes(d, c)));
        }
        before = d;
    }
    /* The rest, and at least one zero behind it, which no character reaches into. */
    char last[4 * VECTOR_BYTES] = {0};
    memcpy(last, bytes + offset, size - offset);
    for (size_t at = 0; at < sizeof last; at += VECTOR_BYTES) {
        const vector piece = load(last + at);
        bad = or_bits(bad, find_bad_bytes(piece, before));
        before = piece;
    }
    return is_zero(bad);
}

#endif
