/*
 * Random numbers as pure functions of (seed, patient, stream, counter), so that any part of any
 * patient can be made again at any time. Integers only: the last bit of exp, log and sin differs
 * between C libraries, and the bytes of a synthetic table must not. For the same reason no expression
 * draws twice from one generator unless &&, || or ?: orders the draws: C leaves the order of operands
 * and arguments to the compiler.
 */
#ifndef MIMIC_SYNTH_RANDOM_H
#define MIMIC_SYNTH_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mimic_rng {
    uint64_t state;
} mimic_rng;

/* The finaliser of splitmix64: a bijection that mixes all bits. */
static inline uint64_t mimic__mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static inline uint64_t mimic__mix2(uint64_t key, uint64_t counter)
{
    return mimic__mix(key + (counter + 1) * UINT64_C(0x9E3779B97F4A7C15));
}

static inline uint64_t mimic__mix3(uint64_t key, uint64_t a, uint64_t b)
{
    return mimic__mix2(mimic__mix2(key, a), b);
}

static inline mimic_rng mimic__rng(uint64_t key, uint64_t stream)
{
    return (mimic_rng){mimic__mix2(key, stream)};
}

static inline uint64_t mimic__rng_next(mimic_rng *rng)
{
    rng->state += UINT64_C(0x9E3779B97F4A7C15);
    return mimic__mix(rng->state);
}

/* A share of [0, bound), from the high bits; bound > 0. */
static inline int32_t mimic__scale(uint64_t bits, int32_t bound)
{
    return (int32_t)(((bits >> 32) * (uint64_t)(uint32_t)bound) >> 32);
}

static inline int32_t mimic__rng_below(mimic_rng *rng, int32_t bound)
{
    return mimic__scale(mimic__rng_next(rng), bound);
}

/* low to high, both included. */
static inline int32_t mimic__rng_range(mimic_rng *rng, int32_t low, int32_t high)
{
    return low + mimic__rng_below(rng, high - low + 1);
}

static inline bool mimic__rng_chance(mimic_rng *rng, int32_t per_mille)
{
    return mimic__rng_below(rng, 1000) < per_mille;
}

/* About normal with standard deviation `spread`: the sum of four uniform 16-bit numbers, whose
 * deviation is 37837. Never beyond 3.46 deviations. */
static inline int32_t mimic__bell(uint64_t bits, int32_t spread)
{
    const int64_t sum = (int64_t)((bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) +
                                  (bits >> 48)) -
                        131070;
    return (int32_t)(sum * spread / 37837);
}

static inline int32_t mimic__rng_bell(mimic_rng *rng, int32_t mean, int32_t spread)
{
    return mean + mimic__bell(mimic__rng_next(rng), spread);
}

/* From 0 to below 1000, the low ones more often: the product of two draws. */
static inline int32_t mimic__rng_skewed(mimic_rng *rng)
{
    const int32_t a = mimic__rng_below(rng, 1000);
    const int32_t b = mimic__rng_below(rng, 1000);
    return a * b / 1000;
}

static inline int32_t mimic__clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* An index with probability weights[i] / sum; the sum must be positive and fit. */
int32_t mimic__rng_weighted(mimic_rng *rng, const int16_t *weights, int32_t count);

/* Noise that wanders: deviates of hourly knots four hours apart, joined by lines. */
int32_t mimic__wander(uint64_t key, int64_t seconds, int32_t spread);

/* A permutation of [0, 99 999 989) or, for small ids, of [0, 9 999 990): ids that look random and
 * never collide. `counter` must be below the modulus. */
int32_t mimic__scatter_large(uint64_t counter);
int32_t mimic__scatter_small(uint64_t counter, uint32_t salt);

#define MIMIC_SCATTER_LARGE 99999989
#define MIMIC_SCATTER_SMALL 9999990

#endif
