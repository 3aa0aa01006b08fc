/*
 * Exact comparison of a decimal number with a binary one, by integers of as many bits as it takes.
 * It settles what 128-bit arithmetic cannot (coerce_float.c), so it is slow and small.
 *
 * The digits that can matter are bounded: a point halfway between two doubles has at most 768
 * significant digits, so beyond 800 it is enough to know whether any other digit is there.
 */
#include "coerce/coerce_number.h"

#include <assert.h>

#define SIGNIFICANT_DIGITS 800
/* 801 digits are 2661 bits; 5^1151 is 2673 bits, with 54 bits of mantissa and a shift that stays
 * under 1500 bits: 4300 bits at most. */
#define LIMBS 160

typedef struct big {
    uint32_t limbs[LIMBS]; /* lowest first */
    size_t count;          /* no leading zeros */
} big;

static void big_multiply_add(big *number, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limbs[i] * factor;
        number->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        assert(number->count < LIMBS);
        number->limbs[number->count++] = (uint32_t)carry;
    }
}

static void big_multiply_power_of_5(big *number, int32_t exponent)
{
    for (; exponent >= 13; exponent -= 13)
        big_multiply_add(number, 1220703125, 0); /* 5^13, the highest power in 32 bits */
    for (; exponent > 0; exponent--)
        big_multiply_add(number, 5, 0);
}

static void big_shift_left(big *number, int32_t bits)
{
    const size_t whole = (size_t)bits / 32;
    assert(number->count + whole + 1 <= LIMBS);
    for (size_t i = number->count; i-- > 0;)
        number->limbs[i + whole] = number->limbs[i];
    for (size_t i = 0; i < whole; i++)
        number->limbs[i] = 0;
    number->count += whole;
    big_multiply_add(number, (uint32_t)1 << (bits % 32), 0);
}

static int big_compare(const big *a, const big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (size_t i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* The number's digits as an integer; returns the power of ten that goes with it. */
static int32_t big_from_digits(big *out, const mimic_number_text *number)
{
    const char *p = number->digits;
    const char *const end = p + number->size;
    int64_t exponent = number->exponent;
    size_t taken = 0;
    bool has_more = false;
    out->count = 0;
    for (; p < end; p++) {
        if (*p == '.' || (taken == 0 && *p == '0'))
            continue;
        if (taken < SIGNIFICANT_DIGITS) {
            big_multiply_add(out, 10, (uint32_t)(*p - '0'));
            taken++;
        } else {
            exponent++;
            has_more |= *p != '0';
        }
    }
    if (has_more) {
        big_multiply_add(out, 10, 1);
        exponent--;
    }
    return (int32_t)exponent;
}

int mimic__number_compare(const mimic_number_text *number, uint64_t odd, int32_t exponent)
{
    big decimal;
    const int32_t power_of_10 = big_from_digits(&decimal, number);
    big binary = {.limbs = {(uint32_t)odd, (uint32_t)(odd >> 32)}, .count = odd >> 32 != 0 ? 2 : 1};
    /* 10^n = 5^n * 2^n: fives go to the side where their power is positive, and so do the twos. */
    if (power_of_10 >= 0)
        big_multiply_power_of_5(&decimal, power_of_10);
    else
        big_multiply_power_of_5(&binary, -power_of_10);
    const int32_t power_of_2 = power_of_10 - exponent;
    if (power_of_2 >= 0)
        big_shift_left(&decimal, power_of_2);
    else
        big_shift_left(&binary, -power_of_2);
    return big_compare(&decimal, &binary);
}
