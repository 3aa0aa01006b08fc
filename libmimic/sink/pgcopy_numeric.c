/*
 * See pgcopy_numeric.h. A numeric is ndigits, weight (the power of 10000 of its first digit), sign and
 * dscale (decimal places shown), 16 bits each, and the digits, without zeros at either end
 * (PostgreSQL: numeric_send in utils/adt/numeric.c). The point stands between two digits of base
 * 10000, so the places behind it are filled up to a multiple of four.
 *
 * 128 bits are four words of 32 here: exact on every compiler, and rare: nearly all clinical values fit
 * 64 bits, which go the short way.
 */
#include "sink/pgcopy_numeric.h"

static const uint32_t powers_of_ten[] = {1, 10, 100, 1000};

/* ---- 128 bits ---- */

typedef struct wide {
    uint32_t words[4]; /* the lowest first */
} wide;

static wide wide_from(uint64_t low, uint64_t high)
{
    return (wide){{(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)}};
}

static bool is_zero(const wide *value)
{
    return (value->words[0] | value->words[1] | value->words[2] | value->words[3]) == 0;
}

/* Divides in place; returns the remainder. */
static uint32_t divide(wide *value, uint32_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = 4; i-- > 0;) {
        const uint64_t dividend = rest << 32 | value->words[i];
        value->words[i] = (uint32_t)(dividend / divisor);
        rest = dividend % divisor;
    }
    return (uint32_t)rest;
}

/* value * factor + term in place; false when it does not fit. */
static bool multiply_add(wide *value, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (size_t i = 0; i < 4; i++) {
        carry += (uint64_t)value->words[i] * factor;
        value->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

static int compare(const wide *a, const wide *b)
{
    for (size_t i = 4; i-- > 0;)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

static uint64_t low_half(const wide *value)
{
    return (uint64_t)value->words[1] << 32 | value->words[0];
}

static uint64_t high_half(const wide *value)
{
    return (uint64_t)value->words[3] << 32 | value->words[2];
}

static wide magnitude(mimic_int128 value)
{
    uint64_t low = value.low;
    uint64_t high = (uint64_t)value.high;
    if (value.high < 0) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    return wide_from(low, high);
}

bool mimic__pgcopy_fits_precision(mimic_int128 value, int32_t precision)
{
    const wide digits = magnitude(value);
    wide limit = wide_from(1, 0);
    for (int32_t i = 0; i < precision; i++)
        if (!multiply_add(&limit, 10, 0))
            return true;
    return compare(&digits, &limit) < 0;
}

/* ---- writing ---- */

typedef struct digits {
    uint16_t values[MIMIC_PGCOPY_NUMERIC_DIGITS_MAX]; /* the lowest first */
    size_t count;
} digits;

static void split_long(digits *out, wide value)
{
    while (!is_zero(&value))
        out->values[out->count++] = (uint16_t)divide(&value, MIMIC_PGCOPY_DIGIT_BASE);
}

static void split(digits *out, uint64_t value)
{
    for (; value > 0; value /= MIMIC_PGCOPY_DIGIT_BASE)
        out->values[out->count++] = (uint16_t)(value % MIMIC_PGCOPY_DIGIT_BASE);
}

/* The digits of a value; the first one is of the power -ceil(scale / 4). */
static void split_value(digits *out, mimic_int128 value, int32_t scale)
{
    wide rest = magnitude(value);
    const uint32_t odd_places = (uint32_t)scale % 4;
    out->count = 0;
    if (odd_places > 0 && !is_zero(&rest)) {
        const uint32_t part = divide(&rest, powers_of_ten[odd_places]);
        out->values[out->count++] = (uint16_t)(part * powers_of_ten[4 - odd_places]);
    }
    if (high_half(&rest) == 0)
        split(out, low_half(&rest));
    else
        split_long(out, rest);
}

size_t mimic__pgcopy_put_numeric(char *to, mimic_int128 value, int32_t scale)
{
    digits all;
    split_value(&all, value, scale);
    while (all.count > 0 && all.values[all.count - 1] == 0)
        all.count--;
    size_t first = 0;
    while (first < all.count && all.values[first] == 0)
        first++;
    const size_t count = all.count - first;
    const int32_t weight = count == 0 ? 0 : (int32_t)all.count - 1 - (scale + 3) / 4;
    mimic__pgcopy_store16(to, (uint32_t)count);
    mimic__pgcopy_store16(to + 2, (uint32_t)weight);
    mimic__pgcopy_store16(to + 4, value.high < 0 ? MIMIC_PGCOPY_NUMERIC_NEGATIVE : 0);
    mimic__pgcopy_store16(to + 6, (uint32_t)scale);
    for (size_t i = 0; i < count; i++)
        mimic__pgcopy_store16(to + MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2 * i,
                              all.values[all.count - 1 - i]);
    return MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2 * count;
}

/* ---- reading ---- */

/* Appends the decimal places of one digit that are within the scale: all four, none, or the first
 * ones, the others being zero. `places`: how many are left before the digit. */
static bool append_digit(wide *value, uint32_t digit, int32_t places)
{
    if (places >= 4)
        return multiply_add(value, MIMIC_PGCOPY_DIGIT_BASE, digit);
    if (places <= 0)
        return digit == 0;
    const uint32_t cut = powers_of_ten[4 - places];
    return digit % cut == 0 && multiply_add(value, powers_of_ten[places], digit / cut);
}

/* value * 10^places, unless it is zero. */
static bool shift(wide *value, int32_t places)
{
    if (is_zero(value))
        return true;
    if (places > 40) /* more than 128 bits hold, whatever the value */
        return false;
    for (; places > 0; places--)
        if (!multiply_add(value, 10, 0))
            return false;
    return true;
}

bool mimic__pgcopy_get_numeric(const char *from, size_t size, int32_t precision, int32_t scale,
                               mimic_int128 *out)
{
    if (size < MIMIC_PGCOPY_NUMERIC_HEAD_BYTES)
        return false;
    const int32_t count = mimic__pgcopy_load16(from);
    const int32_t weight = (int16_t)mimic__pgcopy_load16(from + 2);
    const uint32_t sign = mimic__pgcopy_load16(from + 4);
    if ((sign != 0 && sign != MIMIC_PGCOPY_NUMERIC_NEGATIVE) ||
        size != MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2 * (size_t)count)
        return false;
    wide value = wide_from(0, 0);
    int32_t places = scale + 4 * (weight + 1); /* decimal places from here to the scale */
    for (int32_t i = 0; i < count; i++, places -= 4) {
        const uint32_t digit =
            mimic__pgcopy_load16(from + MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2 * (size_t)i);
        if (digit >= MIMIC_PGCOPY_DIGIT_BASE || !append_digit(&value, digit, places))
            return false;
    }
    if (!shift(&value, places) || high_half(&value) > INT64_MAX)
        return false;
    uint64_t low = low_half(&value);
    uint64_t high = high_half(&value);
    if (sign != 0) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    *out = (mimic_int128){.low = low, .high = (int64_t)high};
    return mimic__pgcopy_fits_precision(*out, precision);
}
