/* What the number coercers share: the lexical form, powers of ten and exact comparison. */
#ifndef MIMIC_COERCE_NUMBER_H
#define MIMIC_COERCE_NUMBER_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wide.h"

/* 1 where float and double arithmetic is done in the type itself. x87 keeps more digits and would
 * round twice. */
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
#define MIMIC_EXACT_FLOATS 1
#else
#define MIMIC_EXACT_FLOATS 0
#endif

/*
 * A number as it is written, XML Schema decimal with an optional exponent. `digits` is the text
 * from the first digit or point to before the exponent, of which at most one byte is a point. The
 * value is the digits without the point, times 10^exponent.
 */
typedef struct mimic_number_text {
    bool is_negative;
    const char *digits;
    size_t size;
    int64_t exponent; /* the fraction digits counted in; written exponents end at ±10^17 */
    /* The first digits of it: at most 19 significant ones; value >= mantissa *
     * 10^mantissa_exponent, equal unless is_cut. */
    uint64_t mantissa;
    int64_t mantissa_exponent;
    bool is_cut;
} mimic_number_text;

/* False when the text is no such number. */
bool mimic__number_scan(const char *text, size_t size, mimic_number_text *out);

/* 10^q for q from MIMIC_POWER_MIN to MIMIC_POWER_MAX, normalised to 128 bits with the top bit set
 * and cut (never rounded up): 10^q = (high, low) * 2^mimic__power_exponent(q), exactly for 0 to 55.
 * The table is made by gen_powers.py. */
#define MIMIC_POWER_MIN (-342)
#define MIMIC_POWER_MAX 308
#define MIMIC_POWER_EXACT_MAX 55

extern const uint64_t mimic__powers[MIMIC_POWER_MAX - MIMIC_POWER_MIN + 1][2];

/* floor(q * log2(10)) - 127; gen_powers.py proves the constant for the whole table. */
static inline int32_t mimic__power_exponent(int32_t q)
{
    return ((217706 * q) >> 16) - 127;
}

/*
 * Compares a number's magnitude with odd * 2^exponent, exactly: -1, 0 or 1. The number must be one
 * that a double or float could round from: between 1e-350 and 1e310.
 */
int mimic__number_compare(const mimic_number_text *number, uint64_t odd, int32_t exponent);

#endif
