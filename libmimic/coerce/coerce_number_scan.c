/* The lexical form of numbers: XML Schema decimal with an optional exponent. See coerce_number.h.
 */
#include "coerce/coerce_number.h"

#include "coerce/coerce_digits.h"

#define MANTISSA_DIGITS 19 /* any 19 digits fit into 64 bits */
#define EXPONENT_LIMIT INT64_C(100000000000000000)

/* Steps over digits, adding them to *mantissa, which wraps around when there are too many. */
static const char *scan_digits(const char *p, const char *end, uint64_t *mantissa)
{
    uint64_t value = *mantissa;
    while (end - p >= 8) {
        const uint64_t word = mimic__load8(p) ^ MIMIC_EIGHT('0');
        if (!mimic__are_digits(word))
            break;
        value = value * 100000000 + mimic__digits_value(word);
        p += 8;
    }
    while (p < end && mimic__is_digit(*p))
        value = value * 10 + (uint64_t)(*p++ - '0');
    *mantissa = value;
    return p;
}

/* Reads an exponent after its "e"; NULL when it is malformed. */
static const char *scan_exponent(const char *p, const char *end, int64_t *out)
{
    const bool is_negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return NULL;
    int64_t value = 0;
    for (; p < end && mimic__is_digit(*p); p++)
        if (value < EXPONENT_LIMIT)
            value = value * 10 + (*p - '0');
    *out = is_negative ? -value : value;
    return p;
}

/* More than 19 digits: keeps the first 19 that count. */
static void cut_mantissa(mimic_number_text *number)
{
    const char *p = number->digits;
    const char *const end = p + number->size;
    uint64_t mantissa = 0;
    int taken = 0;
    for (; p < end && taken < MANTISSA_DIGITS; p++) {
        if (*p == '.' || (taken == 0 && *p == '0'))
            continue;
        mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        taken++;
    }
    number->mantissa = mantissa;
    number->mantissa_exponent = number->exponent;
    for (; p < end; p++) {
        if (*p == '.')
            continue;
        number->mantissa_exponent++;
        if (*p != '0')
            number->is_cut = true;
    }
}

bool mimic__number_scan(const char *text, size_t size, mimic_number_text *out)
{
    const char *p = text;
    const char *const end = text + size;
    out->is_negative = size > 0 && *p == '-';
    if (size > 0 && (*p == '-' || *p == '+'))
        p++;
    out->digits = p;
    out->is_cut = false;
    uint64_t mantissa = 0;
    p = scan_digits(p, end, &mantissa);
    size_t digit_count = (size_t)(p - out->digits);
    int64_t exponent = 0;
    if (p < end && *p == '.') {
        const char *const fraction = p + 1;
        p = scan_digits(fraction, end, &mantissa);
        digit_count += (size_t)(p - fraction);
        exponent = -(int64_t)(p - fraction);
    }
    out->size = (size_t)(p - out->digits);
    if (digit_count == 0)
        return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int64_t written = 0;
        p = scan_exponent(p + 1, end, &written);
        if (p == NULL)
            return false;
        exponent += written;
    }
    if (p != end)
        return false;
    out->exponent = exponent;
    out->mantissa = mantissa;
    out->mantissa_exponent = exponent;
    if (digit_count > MANTISSA_DIGITS)
        cut_mantissa(out);
    return true;
}
