/*
 * See quality_exact.h. The end is done in pairs of doubles (some 106 bits), so that the difference
 * of the two large terms of a variance keeps its digits even for numbers that differ little.
 */
#include "quality/quality_exact.h"

#include <math.h>
#include <string.h>

/* ---- adding ---- */

void mimic__whole_merge(quality_whole *total, const quality_whole *more)
{
    (void)mimic__wide_add(&total->sum, more->sum);
    total->squares_high += more->squares_high + mimic__wide_add(&total->squares, more->squares);
}

#define LOW_32 0xffffffffu
#define PENDING_MAX (1u << 29) /* additions of less than 2^33 that a cell holds without a carry */

/* Leaves every cell but the last within 0 to 2^32 - 1; the last has the sign. */
static void carry(quality_fixed *number)
{
    for (size_t i = 0; i + 1 < QUALITY_CELLS; i++) {
        const int64_t low = number->cells[i] & (int64_t)LOW_32;
        number->cells[i + 1] += (number->cells[i] - low) / ((int64_t)1 << 32);
        number->cells[i] = low;
    }
    number->pending = 1;
}

/* Adds sign * value * 2^position. */
static inline void add_at(quality_fixed *number, uint64_t value, uint32_t position, int64_t sign)
{
    const uint32_t shift = position & 31;
    const uint64_t low = value << shift;
    int64_t *const cell = number->cells + position / 32;
    cell[0] += sign * (int64_t)(low & LOW_32);
    cell[1] += sign * (int64_t)(low >> 32);
    cell[2] += sign * (int64_t)(value >> 32 >> (32 - shift));
}

static inline void count_addition(quality_fixed *number, uint32_t additions)
{
    number->pending += additions;
    if (number->pending > PENDING_MAX)
        carry(number);
}

#define TIMES_MAX 2047 /* 53 bits of a number and 11 of a count are 64 */

void mimic__real_add(quality_real *total, double value, uint32_t times)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t stored = (uint32_t)(bits >> 52) & 0x7ff;
    const uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    const uint64_t digits = stored == 0 ? fraction : fraction | UINT64_C(1) << 52;
    const uint32_t exponent = stored == 0 ? 0 : stored - 1;
    while (digits != 0 && times > 0) {
        const uint32_t part = times > TIMES_MAX ? TIMES_MAX : times;
        mimic_wide square;
        square.low = mimic__multiply64(digits, digits, &square.high);
        square = mimic__wide_product(square, part, 0);
        add_at(&total->sum, digits * part, exponent, bits >> 63 != 0 ? -1 : 1);
        add_at(&total->squares, square.low, 2 * exponent, 1);
        add_at(&total->squares, square.high, 2 * exponent + 64, 1);
        count_addition(&total->sum, 1);
        count_addition(&total->squares, 2);
        times -= part;
    }
}

static void merge_fixed(quality_fixed *total, const quality_fixed *more)
{
    for (size_t i = 0; i < QUALITY_CELLS; i++)
        total->cells[i] += more->cells[i];
    count_addition(total, more->pending);
}

void mimic__real_merge(quality_real *total, const quality_real *more)
{
    merge_fixed(&total->sum, &more->sum);
    merge_fixed(&total->squares, &more->squares);
}

/* ---- pairs of doubles: high + low, |low| at most half a unit of high ---- */

typedef struct pair {
    double high;
    double low;
} pair;

static pair pair_of_sum(double a, double b)
{
    const double sum = a + b;
    const double part = sum - a;
    return (pair){sum, (a - (sum - part)) + (b - part)};
}

static pair pair_add(pair a, pair b)
{
    const pair high = pair_of_sum(a.high, b.high);
    const pair low = pair_of_sum(a.low, b.low);
    const pair first = pair_of_sum(high.high, high.low + low.high);
    return pair_of_sum(first.high, first.low + low.low);
}

static pair pair_square(pair a)
{
    const double product = a.high * a.high;
    const double rest = fma(a.high, a.high, -product) + 2.0 * (a.high * a.low);
    return pair_of_sum(product, rest);
}

static pair pair_divide(pair a, double by)
{
    const double quotient = a.high / by;
    const double rest = fma(-quotient, by, a.high) + a.low;
    return pair_of_sum(quotient, rest / by);
}

static void moments(pair sum, pair squares, int64_t count, double *out_mean, double *out_deviation)
{
    const double n = (double)count;
    const pair mean = pair_divide(sum, n);
    const pair expected = pair_divide(pair_square(sum), n);
    const pair spread = pair_add(squares, (pair){-expected.high, -expected.low});
    *out_mean = mean.high;
    *out_deviation = count > 1 && spread.high > 0 ? sqrt(spread.high / (n - 1)) : 0;
}

/* ---- what the sums are ---- */

static pair pair_of_whole(mimic_wide magnitude)
{
    const uint64_t words[] = {magnitude.high >> 32, magnitude.high & LOW_32, magnitude.low >> 32,
                              magnitude.low & LOW_32};
    pair result = {0, 0};
    for (int i = 0; i < 4; i++)
        result = pair_add(result, (pair){ldexp((double)words[i], 96 - 32 * i), 0});
    return result;
}

void mimic__whole_moments(const quality_whole *total, int64_t count, double *out_mean,
                          double *out_deviation)
{
    mimic_wide magnitude = total->sum;
    const bool is_negative = mimic__wide_split_sign(&magnitude);
    const pair high = pair_of_whole((mimic_wide){total->squares_high, 0});
    const pair scaled = {ldexp(high.high, 128), ldexp(high.low, 128)};
    moments(pair_of_whole(magnitude), pair_add(scaled, pair_of_whole(total->squares)), count,
            out_mean, out_deviation);
    if (is_negative)
        *out_mean = -*out_mean;
}

/* The highest cells make up the pair; what stands below them is beyond its digits. */
static pair pair_of_fixed(const quality_fixed *number, int scale, bool *out_negative)
{
    quality_fixed copy = *number;
    carry(&copy);
    *out_negative = copy.cells[QUALITY_CELLS - 1] < 0;
    if (*out_negative) {
        for (size_t i = 0; i < QUALITY_CELLS; i++)
            copy.cells[i] = -copy.cells[i];
        carry(&copy);
    }
    size_t top = QUALITY_CELLS;
    while (top > 0 && copy.cells[top - 1] == 0)
        top--;
    pair result = {0, 0};
    for (size_t i = top; i > 0 && i + 5 > top; i--)
        result = pair_add(
            result,
            (pair){ldexp((double)copy.cells[i - 1], (int)(32 * (i - 1)) - scale), 0});
    return result;
}

void mimic__real_moments(const quality_real *total, int64_t count, double *out_mean,
                         double *out_deviation)
{
    bool is_negative;
    bool unused;
    const pair sum = pair_of_fixed(&total->sum, 1074, &is_negative);
    const pair squares = pair_of_fixed(&total->squares, 2148, &unused);
    moments(sum, squares, count, out_mean, out_deviation);
    if (is_negative)
        *out_mean = -*out_mean;
}
