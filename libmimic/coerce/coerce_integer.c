/*
 * Text to integers: optional sign, decimal digits, nothing else. The column loops have a faster way
 * for short ones (coerce_column_integer.c) and come here for the rest; this is the reference.
 */
#include <mimic/coerce.h>

#include "coerce/coerce_digits.h"

/* Integers whose magnitude is at most `positive_limit`, one more below zero. */
static mimic_reject_code parse_integer(const char *text, size_t size, uint64_t positive_limit,
                                       int64_t *out)
{
    const char *p = text;
    const char *const end = text + size;
    const bool is_negative = size > 0 && *p == '-';
    if (size > 0 && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return MIMIC_REJECT_TYPE;
    const uint64_t limit = positive_limit + is_negative;
    uint64_t magnitude = 0;
    bool is_too_large = false;
    for (; p < end; p++) {
        if (!mimic__is_digit(*p))
            return MIMIC_REJECT_TYPE;
        const uint64_t digit = (uint64_t)(*p - '0');
        if (is_too_large || magnitude > (limit - digit) / 10)
            is_too_large = true; /* read on: it may be no integer at all */
        else
            magnitude = magnitude * 10 + digit;
    }
    if (is_too_large)
        return MIMIC_REJECT_RANGE;
    /* -(m - 1) - 1 because -INT64_MIN is no int64. */
    *out = is_negative && magnitude > 0 ? -(int64_t)(magnitude - 1) - 1 : (int64_t)magnitude;
    return 0;
}

mimic_reject_code mimic_coerce_int16(const char *text, size_t size, int16_t *out)
{
    int64_t value = 0;
    const mimic_reject_code code = parse_integer(text, size, INT16_MAX, &value);
    if (code == 0)
        *out = (int16_t)value;
    return code;
}

mimic_reject_code mimic_coerce_int32(const char *text, size_t size, int32_t *out)
{
    int64_t value = 0;
    const mimic_reject_code code = parse_integer(text, size, INT32_MAX, &value);
    if (code == 0)
        *out = (int32_t)value;
    return code;
}

mimic_reject_code mimic_coerce_int64(const char *text, size_t size, int64_t *out)
{
    return parse_integer(text, size, INT64_MAX, out);
}
