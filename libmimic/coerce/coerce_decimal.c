/* Text to exact decimals of up to 38 digits, in two words, without 128-bit types of the compiler.
 */
#include <mimic/coerce.h>

#include "coerce/coerce_digits.h"
#include "coerce/coerce_number.h"

#define WORD_DIGITS 19

typedef struct wide {
    uint64_t high;
    uint64_t low;
} wide;

/* Cannot overflow: 10^38 - 1 is under 2^127. */
static wide append_digit(wide value, unsigned digit)
{
    uint64_t carry;
    const uint64_t product = mimic__multiply64(value.low, 10, &carry);
    wide result = {value.high * 10 + carry, product + digit};
    result.high += result.low < product;
    return result;
}

/* The digits from p that count, `zeros` zeros behind them. */
static wide read_digits(const char *p, const char *end, int64_t zeros)
{
    wide value = {0, 0};
    int count = 0;
    for (; p < end || zeros > 0; p++) {
        unsigned digit = 0;
        if (p >= end)
            zeros--;
        else if (*p == '.')
            continue;
        else
            digit = (unsigned)(*p - '0');
        count++;
        if (count <= WORD_DIGITS)
            value.low = value.low * 10 + digit;
        else
            value = append_digit(value, digit);
    }
    return value;
}

mimic_reject_code mimic_coerce_decimal(const char *text, size_t size, int32_t precision,
                                       int32_t scale, mimic_int128 *out)
{
    mimic_number_text number;
    if (!mimic__number_scan(text, size, &number))
        return MIMIC_REJECT_TYPE;
    const char *first = number.digits;
    const char *end = number.digits + number.size;
    while (first < end && (*first == '0' || *first == '.'))
        first++;
    int64_t lowest = number.exponent; /* power of ten of the last digit that counts */
    for (; end > first && (end[-1] == '0' || end[-1] == '.'); end--)
        lowest += end[-1] == '0';
    wide value = {0, 0};
    if (first < end) {
        int64_t digit_count = 0;
        for (const char *p = first; p < end; p++)
            digit_count += *p != '.';
        if (lowest + digit_count > precision - scale)
            return MIMIC_REJECT_RANGE;
        if (lowest < -scale)
            return MIMIC_REJECT_PRECISION;
        value = read_digits(first, end, lowest + scale);
    }
    if (number.is_negative) {
        value.low = ~value.low + 1;
        value.high = ~value.high + (value.low == 0);
    }
    out->low = value.low;
    out->high = value.high <= INT64_MAX ? (int64_t)value.high : -(int64_t)~value.high - 1;
    return 0;
}
