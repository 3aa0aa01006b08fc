/*
 * Short numbers of up to 64 rows of a column at a time: the part of the number loops that is worth
 * instructions of its own. A kernel reads what it can and says which rows it could not; the loops
 * do with the results what their type asks for, and bring the other rows the slow way.
 *
 * Every kernel takes the same texts, those of mimic__short_integer and mimic__short_number, so that
 * nothing depends on the processor, not even which way a row goes.
 */
#ifndef MIMIC_COERCE_STRIP_H
#define MIMIC_COERCE_STRIP_H

#include "coerce/coerce_digits.h"

#define MIMIC_STRIP_ROWS 64

typedef struct mimic_number_strip {
    /* In: as in mimic_field_index, the marks those of the field in the strip's first row. */
    const char *bytes;
    const uint32_t *marks;
    size_t stride;
    size_t row_count; /* 1 to MIMIC_STRIP_ROWS */
    int32_t low;      /* integers outside are hard */
    int32_t high;

    /* Out. Rows that are empty or hard have zero digits and the divisor 1. */
    uint64_t empty;                     /* a bit a row: no text at all */
    uint64_t hard;                      /* a bit a row: no short number, empty rows included */
    int32_t digits[MIMIC_STRIP_ROWS];   /* with the sign */
    int32_t divisors[MIMIC_STRIP_ROWS]; /* decimals only: the value is digits / divisor */
    int64_t wide[MIMIC_STRIP_ROWS];     /* wide integers only */
} mimic_number_strip;

typedef struct mimic_time_strip mimic_time_strip; /* coerce_time_strip.h */

typedef struct mimic_strip_kernel {
    const char *name;
    void (*integers)(mimic_number_strip *strip);
    void (*decimals)(mimic_number_strip *strip);
    /* Integers of nine to sixteen characters among the given rows; returns which were. */
    uint64_t (*wide_integers)(mimic_number_strip *strip, uint64_t rows);
    void (*timestamps)(mimic_time_strip *strip);
    void (*dates)(mimic_time_strip *strip);
    void (*times)(mimic_time_strip *strip);
} mimic_strip_kernel;

extern const mimic_strip_kernel mimic__strip_kernel_portable;
#if defined(__x86_64__)
extern const mimic_strip_kernel mimic__strip_kernel_avx2;
#endif

/* `cpu`: MIMIC_CPU_… bits that may be used. */
const mimic_strip_kernel *mimic__strip_kernel_select(uint32_t cpu);

/* Integer of up to eight characters, a minus being one of them. */
static inline bool mimic__short_integer(const char *text, size_t size, int32_t *out)
{
    if (size - 1 > 7)
        return false;
    const uint64_t is_negative = text[0] == '-';
    /* The minus is lowest in the word; shifting it to and fro leaves a zero digit. */
    uint64_t word = mimic__load8(text) ^ MIMIC_EIGHT('0');
    word = word >> (8 * is_negative) << (8 * is_negative);
    const unsigned half = 32 - 4 * (unsigned)size;
    word = word << half << half;
    const int32_t value = (int32_t)mimic__digits_value(word);
    *out = is_negative ? -value : value;
    return mimic__are_digits(word) && size > is_negative;
}

/* Integer of nine to sixteen characters, a minus being one of them. */
static inline bool mimic__wide_integer(const char *text, size_t size, int64_t *out)
{
    if (size - 9 > 7)
        return false;
    const uint64_t is_negative = text[0] == '-';
    uint64_t high = mimic__load8(text) ^ MIMIC_EIGHT('0');
    high = high >> (8 * is_negative) << (8 * is_negative);
    const unsigned half = 32 - 4 * (unsigned)(size - 8);
    high = high << half << half;
    const uint64_t low = mimic__digit_word(text + size - 8, 8);
    const int64_t value = (int64_t)mimic__digits_value(high) * 100000000 + mimic__digits_value(low);
    *out = is_negative ? -value : value;
    return mimic__are_digits(high) && mimic__are_digits(low);
}

/*
 * Number of up to eight characters, a minus and a point being two of them: its digits with the
 * sign, and a power of ten that they are to be divided by. Zero with a minus is left to others: the
 * sign would be lost.
 */
static inline bool mimic__short_number(const char *text, size_t size, int32_t *out_digits,
                                       int32_t *out_divisor)
{
    static const int32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
    if (size - 1 > 7)
        return false;
    const uint64_t is_negative = text[0] == '-';
    uint64_t word = mimic__load8(text) ^ MIMIC_EIGHT('0');
    word = word >> (8 * is_negative) << (8 * is_negative);
    const unsigned half = 32 - 4 * (unsigned)size;
    word = word << half << half;
    const uint64_t points = word ^ MIMIC_EIGHT('.' ^ '0');
    /* The lowest zero byte of `points`: borrows can only spoil bytes above it. */
    const uint64_t found = (points - MIMIC_EIGHT(1)) & ~points & MIMIC_EIGHT(0x80);
    unsigned places = 0;
    if (found != 0) {
        const unsigned shift = mimic__lowest_bit(found) - 7;
        const uint64_t before = word & ((UINT64_C(1) << shift) - 1);
        const uint64_t after = word & (UINT64_MAX << shift << 8);
        word = before << 8 | after; /* the point is squeezed out */
        places = 7 - shift / 8;
    }
    const int32_t value = (int32_t)mimic__digits_value(word);
    *out_digits = is_negative ? -value : value;
    *out_divisor = powers[places];
    return mimic__are_digits(word) && size > is_negative + (found != 0) &&
           (!is_negative || value != 0);
}

#endif
