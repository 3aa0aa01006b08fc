/*
 * Text to binary floating point, rounded to nearest, ties to even, for every input.
 *
 * Three ways, each exact where it is taken:
 *   1. mantissa and power of ten are both exact doubles: one multiplication or division rounds once
 *      (W. D. Clinger, How to read floating point numbers accurately, 1990);
 *   2. the mantissa times a 128-bit power of ten: the true value lies within one unit of the 128th
 *      bit, and the result stands unless a rounding boundary does too (after D. Lemire, Number
 *      parsing at a gigabyte per second, 2021; the test for doubt here is this file's own);
 *   3. the rest, by comparing big integers (coerce_number_compare.c).
 * Float is rounded from the text, never from a double. Nothing depends on the locale; the rounding
 * mode of the FPU is assumed to be to nearest.
 */
#include <mimic/coerce.h>

#include <string.h>

#include "coerce/coerce_number.h"

/* A value is mantissa * 2^exponent with mantissa < 2^mantissa_bits and exponent >= min_exponent. */
typedef struct float_format {
    int32_t mantissa_bits;
    int32_t min_exponent;
    uint64_t infinity; /* the bits of it; one less is the largest finite value */
} float_format;

static const float_format format_double = {53, -1074, UINT64_C(0x7ff0000000000000)};
static const float_format format_float = {24, -149, UINT64_C(0x7f800000)};

/* The value cut to the format, how it rounds as far as that can be told, and whether it can. */
typedef struct approximation {
    uint64_t mantissa;
    int32_t exponent;
    bool rounds_up;
    bool is_sure;
} approximation;

static int leading_zeros(uint64_t word)
{
#if defined(__GNUC__) || defined(__clang__)
    return __builtin_clzll(word);
#else
    int count = 0;
    for (; (word >> 63) == 0; word <<= 1)
        count++;
    return count;
#endif
}

/* Bits of mantissa * 2^exponent: when the mantissa has its top bit, that bit adds one to the biased
 * exponent; when it has not, the exponent is the least one and the value subnormal. */
static uint64_t compose(const float_format *format, uint64_t mantissa, int32_t exponent)
{
    return ((uint64_t)(exponent - format->min_exponent) << (format->mantissa_bits - 1)) + mantissa;
}

/* Way 2. mantissa is not 0, power is in the table. */
static approximation approximate(const float_format *format, uint64_t mantissa, int32_t power)
{
    const uint64_t *const factor = mimic__powers[power - MIMIC_POWER_MIN];
    const int zeros = leading_zeros(mantissa);
    uint64_t carry;
    uint64_t high;
    const uint64_t lowest = mimic__multiply64(mantissa << zeros, factor[1], &carry);
    uint64_t low = mimic__multiply64(mantissa << zeros, factor[0], &high);
    low += carry;
    high += low < carry;
    /* (high, low, lowest) * 2^(… - 128 …) is at most the true value, and less than one unit of
     * `low` below it, because the factor is less than one unit of its last bit short. */
    const int32_t unit = mimic__power_exponent(power) - zeros + 128; /* of high's lowest bit */
    int32_t dropped = (int32_t)(high >> 63) + 63 - format->mantissa_bits;
    if (unit + dropped < format->min_exponent)
        dropped = format->min_exponent - unit;
    if (dropped > 64)
        return (approximation){0, format->min_exponent, false, true};
    const uint64_t half = UINT64_C(1) << (dropped - 1);
    const uint64_t rest = high & (half | (half - 1));
    approximation result;
    result.mantissa = dropped == 64 ? 0 : high >> dropped;
    result.exponent = unit + dropped;
    const bool is_exact = power >= 0 && power <= MIMIC_POWER_EXACT_MAX;
    const bool is_at_half = rest == half && low == 0;
    const bool is_below_half = rest == half - 1 && low == UINT64_MAX;
    result.is_sure = is_exact || !(is_at_half || is_below_half);
    if (is_at_half && lowest == 0)
        result.rounds_up = (result.mantissa & 1) != 0;
    else
        result.rounds_up = rest >= half;
    return result;
}

static uint64_t rounded_bits(const float_format *format, const approximation *value)
{
    return compose(format, value->mantissa + value->rounds_up, value->exponent);
}

/* Ways 2 and 3 for a magnitude that is not 0; infinity when it is too large. */
static uint64_t magnitude_bits(const float_format *format, const mimic_number_text *number)
{
    if (number->mantissa_exponent < MIMIC_POWER_MIN)
        return 0; /* under 10^19 * 10^-343, which is less than half the least double */
    if (number->mantissa_exponent > MIMIC_POWER_MAX)
        return format->infinity;
    const int32_t power = (int32_t)number->mantissa_exponent;
    approximation value = approximate(format, number->mantissa, power);
    bool is_sure = value.is_sure;
    if (number->is_cut && is_sure) {
        const approximation next = approximate(format, number->mantissa + 1, power);
        is_sure = next.is_sure && rounded_bits(format, &value) == rounded_bits(format, &next);
    }
    if (!is_sure) {
        const int order = mimic__number_compare(number, value.mantissa * 2 + 1, value.exponent - 1);
        value.rounds_up = order > 0 || (order == 0 && (value.mantissa & 1) != 0);
    }
    const uint64_t bits = rounded_bits(format, &value);
    return bits < format->infinity ? bits : format->infinity;
}

static bool equals_any_case(const char *text, const char *upper, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((text[i] & ~0x20) != upper[i])
            return false;
    return true;
}

/* NaN, INF or -INF in any case: the bits of it, or 0. */
static uint64_t special_bits(const float_format *format, const char *text, size_t size)
{
    if (size == 3 && equals_any_case(text, "NAN", 3))
        return format->infinity | UINT64_C(1) << (format->mantissa_bits - 2);
    if (size == 3 && equals_any_case(text, "INF", 3))
        return format->infinity;
    if (size == 4 && *text == '-' && equals_any_case(text + 1, "INF", 3))
        return format->infinity |
               (format == &format_double ? UINT64_C(1) << 63 : UINT64_C(1) << 31);
    return 0;
}

static void set_double(uint64_t bits, double *out)
{
    memcpy(out, &bits, sizeof *out);
}

static void set_float(uint64_t bits, float *out)
{
    const uint32_t word = (uint32_t)bits;
    memcpy(out, &word, sizeof *out);
}

mimic_reject_code mimic_coerce_float64(const char *text, size_t size, int allow_special,
                                       double *out)
{
    static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    mimic_number_text number;
    if (!mimic__number_scan(text, size, &number)) {
        const uint64_t special = allow_special ? special_bits(&format_double, text, size) : 0;
        if (special == 0)
            return MIMIC_REJECT_TYPE;
        set_double(special, out);
        return 0;
    }
    const int64_t power = number.mantissa_exponent;
    double magnitude = 0;
    if (MIMIC_EXACT_FLOATS && !number.is_cut && number.mantissa <= UINT64_C(1) << 53 &&
        power >= -22 && power <= 22) {
        magnitude = (double)number.mantissa;
        magnitude = power < 0 ? magnitude / exact_powers[-power] : magnitude * exact_powers[power];
    } else if (number.mantissa != 0) {
        const uint64_t bits = magnitude_bits(&format_double, &number);
        if (bits == format_double.infinity)
            return MIMIC_REJECT_RANGE;
        set_double(bits, &magnitude);
    }
    *out = number.is_negative ? -magnitude : magnitude;
    return 0;
}

mimic_reject_code mimic_coerce_float32(const char *text, size_t size, int allow_special, float *out)
{
    static const float exact_powers[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f,
                                         1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
    mimic_number_text number;
    if (!mimic__number_scan(text, size, &number)) {
        const uint64_t special = allow_special ? special_bits(&format_float, text, size) : 0;
        if (special == 0)
            return MIMIC_REJECT_TYPE;
        set_float(special, out);
        return 0;
    }
    const int64_t power = number.mantissa_exponent;
    float magnitude = 0;
    if (MIMIC_EXACT_FLOATS && !number.is_cut && number.mantissa <= UINT64_C(1) << 24 &&
        power >= -10 && power <= 10) {
        magnitude = (float)number.mantissa;
        magnitude = power < 0 ? magnitude / exact_powers[-power] : magnitude * exact_powers[power];
    } else if (number.mantissa != 0) {
        const uint64_t bits = magnitude_bits(&format_float, &number);
        if (bits == format_float.infinity)
            return MIMIC_REJECT_RANGE;
        set_float(bits, &magnitude);
    }
    *out = number.is_negative ? -magnitude : magnitude;
    return 0;
}
