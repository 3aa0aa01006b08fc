/*
 * Numbers as text. Clinical values are short ("98", "36.7"), so integers and short decimals have
 * exact paths of their own; everything else tries rising precision until the text reads back as the
 * same number. snprintf follows LC_NUMERIC in its decimal point only, which is put right here.
 */
#include "sink/sink_format.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mimic/coerce.h>

/* Up to 10^15 every integer is a double, and 15 digits always survive the way there and back. */
#define EXACT_LIMIT 1e15
#define MAX_SHORT_FRACTION 6

static size_t put_unsigned(char *out, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    out[count] = '\0';
    return count;
}

size_t mimic__format_int64(char *out, int64_t value)
{
    if (value >= 0)
        return put_unsigned(out, (uint64_t)value);
    *out = '-';
    return 1 + put_unsigned(out + 1, 0 - (uint64_t)value);
}

/* Inserts a point before the last `scale` digits of `digits`, adding zeros in front if needed. */
static size_t put_point(char *out, const char *digits, size_t count, size_t scale)
{
    size_t size = 0;
    if (count <= scale) {
        out[size++] = '0';
        if (scale > 0)
            out[size++] = '.';
        for (size_t i = count; i < scale; i++)
            out[size++] = '0';
        memcpy(out + size, digits, count);
        size += count;
    } else {
        memcpy(out, digits, count - scale);
        size = count - scale;
        if (scale > 0)
            out[size++] = '.';
        memcpy(out + size, digits + count - scale, scale);
        size += scale;
    }
    out[size] = '\0';
    return size;
}

/*
 * Writes magnitudes that have few digits after the point; 0 when `magnitude` has more. An integer
 * below 2^53 divided by a power of ten up to 10^22 is rounded once, so the quotient is what a
 * correct reader makes of the text (Clinger's fast path, run backwards).
 */
static size_t put_short(char *out, double magnitude)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    for (size_t scale = 0; scale <= MAX_SHORT_FRACTION; scale++) {
        const double scaled = magnitude * powers[scale];
        if (scaled >= EXACT_LIMIT)
            return 0;
        const uint64_t integer = (uint64_t)(scaled + 0.5);
        if ((double)integer / powers[scale] == magnitude) {
            char digits[24];
            const size_t count = put_unsigned(digits, integer);
            return scale == 0 ? (memcpy(out, digits, count + 1), count)
                              : put_point(out, digits, count, scale);
        }
    }
    return 0;
}

static size_t put_precision(char *out, double value, int precision)
{
    const int size = snprintf(out, MIMIC_FORMAT_BYTES, "%.*g", precision, value);
    /* The decimal point may be a comma, or several bytes; what is no digit, sign or e is it. */
    size_t written = 0;
    bool in_point = false;
    for (int i = 0; i < size; i++) {
        const char c = out[i];
        const bool is_plain = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
        if (is_plain)
            out[written++] = c;
        else if (!in_point)
            out[written++] = '.';
        in_point = !is_plain;
    }
    out[written] = '\0';
    return written;
}

static size_t put_special(char *out, double value)
{
    const char *text = isnan(value) ? "NaN" : value > 0 ? "INF" : "-INF";
    const size_t size = strlen(text);
    memcpy(out, text, size + 1);
    return size;
}

static size_t put_common(char *out, double value)
{
    if (!isfinite(value))
        return put_special(out, value);
    const bool is_negative = signbit(value) != 0;
    *out = '-';
    const size_t size = put_short(out + is_negative, fabs(value));
    return size == 0 ? 0 : size + is_negative;
}

size_t mimic__format_float64(char *out, double value)
{
    size_t size = put_common(out, value);
    /* Subnormal numbers need fewer digits than the 15 that every normal one keeps. */
    const int first = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    for (int precision = first; size == 0; precision++) {
        double back = 0;
        const size_t tried = put_precision(out, value, precision);
        if (precision >= DBL_DECIMAL_DIG ||
            (mimic_coerce_float64(out, tried, 0, &back) == 0 && back == value))
            size = tried;
    }
    return size;
}

size_t mimic__format_float32(char *out, float value)
{
    size_t size = isfinite(value) ? 0 : put_special(out, (double)value);
    const int first = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
    if (size == 0 && value == truncf(value) && fabsf(value) < 1e6f)
        size = put_common(out, (double)value);
    for (int precision = first; size == 0; precision++) {
        float back = 0;
        const size_t tried = put_precision(out, (double)value, precision);
        if (precision >= FLT_DECIMAL_DIG ||
            (mimic_coerce_float32(out, tried, 0, &back) == 0 && back == value))
            size = tried;
    }
    return size;
}

/* Divides a 128-bit magnitude by 10^9 and returns the remainder. */
static uint32_t divide_by_billion(uint32_t words[4])
{
    uint64_t rest = 0;
    for (int i = 3; i >= 0; i--) {
        rest = (rest << 32) | words[i];
        words[i] = (uint32_t)(rest / 1000000000u);
        rest %= 1000000000u;
    }
    return (uint32_t)rest;
}

size_t mimic__format_decimal(char *out, const void *value, int32_t scale)
{
    mimic_int128 whole;
    memcpy(&whole, value, sizeof whole);
    const uint64_t high = (uint64_t)whole.high;
    uint32_t words[4] = {(uint32_t)whole.low, (uint32_t)(whole.low >> 32), (uint32_t)high,
                         (uint32_t)(high >> 32)};
    const bool is_negative = (words[3] & 0x80000000u) != 0;
    if (is_negative) {
        uint64_t carry = 1;
        for (int i = 0; i < 4; i++) {
            carry += (uint32_t)~words[i];
            words[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    char digits[48]; /* five groups of nine, most significant first */
    size_t first = 45;
    while (first > 0) {
        uint32_t group = divide_by_billion(words);
        for (int i = 0; i < 9; i++, group /= 10)
            digits[--first] = (char)('0' + group % 10);
        if ((words[0] | words[1] | words[2] | words[3]) == 0)
            break;
    }
    while (first < 44 && digits[first] == '0')
        first++;
    if (is_negative)
        *out++ = '-';
    return is_negative + put_point(out, digits + first, 45 - first, (size_t)scale);
}
