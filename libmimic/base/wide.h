/*
 * 128-bit integers as two words, for compilers without such a type (32-bit machines); where there is
 * one, the products are made with it. Signed values are two's complement.
 */
#ifndef MIMIC_BASE_WIDE_H
#define MIMIC_BASE_WIDE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mimic_wide {
    uint64_t low;
    uint64_t high;
} mimic_wide;

/* The 128-bit product of two words. */
static inline uint64_t mimic__multiply64(uint64_t a, uint64_t b, uint64_t *out_high)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    const wide product = (wide)a * b;
    *out_high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    const uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
    const uint64_t mixed = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
    const uint64_t other = (a & UINT32_MAX) * (b >> 32) + (mixed & UINT32_MAX);
    *out_high = (a >> 32) * (b >> 32) + (mixed >> 32) + (other >> 32);
    return other << 32 | (low & UINT32_MAX);
#endif
}

static inline mimic_wide mimic__wide_of(int64_t value)
{
    return (mimic_wide){(uint64_t)value, value < 0 ? UINT64_MAX : 0};
}

/* a * b + plus, of which the part beyond 128 bits is lost. */
static inline mimic_wide mimic__wide_product(mimic_wide a, uint64_t b, uint64_t plus)
{
    mimic_wide product;
    product.low = mimic__multiply64(a.low, b, &product.high);
    product.high += a.high * b;
    product.low += plus;
    product.high += product.low < plus;
    return product;
}

/* Adds in place; 1 when it went beyond 128 bits. */
static inline uint64_t mimic__wide_add(mimic_wide *total, mimic_wide more)
{
    total->low += more.low;
    const uint64_t carry = total->low < more.low;
    const uint64_t high = total->high + more.high;
    const uint64_t beyond = high < more.high;
    total->high = high + carry;
    return beyond | (total->high < carry);
}

/* Makes the magnitude of a signed value; true when it was negative. */
static inline bool mimic__wide_split_sign(mimic_wide *value)
{
    const bool is_negative = value->high >> 63 != 0;
    if (is_negative) {
        value->low = 0 - value->low;
        value->high = ~value->high + (value->low == 0);
    }
    return is_negative;
}

/* Divides a magnitude in place; returns the remainder. */
static inline uint32_t mimic__wide_divide(mimic_wide *value, uint32_t divisor)
{
    uint64_t rest = 0;
    uint64_t quotient[2] = {value->high, value->low};
    for (int i = 0; i < 2; i++) {
        const uint64_t top = rest << 32 | quotient[i] >> 32;
        const uint64_t bottom = (top % divisor) << 32 | (quotient[i] & UINT32_MAX);
        quotient[i] = top / divisor << 32 | bottom / divisor;
        rest = bottom % divisor;
    }
    *value = (mimic_wide){quotient[1], quotient[0]};
    return (uint32_t)rest;
}

/* The nearest double of a signed value, ties to even. */
static inline double mimic__wide_to_double(mimic_wide value)
{
    const bool is_negative = mimic__wide_split_sign(&value);
    double scale = 1;
    if (value.high != 0) {
        /* The highest 64 bits are enough when the last one says whether any below them is set. */
        int shift = 0;
        while (value.high >> shift >> 1 != 0)
            shift++;
        shift++;
        const uint64_t below = shift == 64 ? value.low : value.low << (64 - shift);
        const uint64_t kept = shift == 64 ? value.high
                                          : value.high << (64 - shift) | value.low >> shift;
        value.low = kept | (below != 0);
        for (; shift > 0; shift--)
            scale *= 2;
    }
    const double magnitude = (double)value.low * scale;
    return is_negative ? -magnitude : magnitude;
}

#endif
