/* The random helpers that are too long to be inline. See synth_random.h for the rules. */
#include "synth/synth_random.h"

int32_t mimic__rng_weighted(mimic_rng *rng, const int16_t *weights, int32_t count)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += weights[i];
    int32_t left = mimic__rng_below(rng, sum);
    for (int32_t i = 0; i < count - 1; i++) {
        left -= weights[i];
        if (left < 0)
            return i;
    }
    return count - 1;
}

int32_t mimic__wander(uint64_t key, int64_t seconds, int32_t spread)
{
    const int64_t step = 4 * 3600;
    const int64_t knot = seconds / step;
    const int64_t into = seconds - knot * step;
    const int64_t before = mimic__bell(mimic__mix2(key, (uint64_t)knot), spread);
    const int64_t after = mimic__bell(mimic__mix2(key, (uint64_t)knot + 1), spread);
    return (int32_t)((before * (step - into) + after * into) / step);
}

/* 99 999 989 is prime, so any factor below it is coprime and multiplication permutes. */
int32_t mimic__scatter_large(uint64_t counter)
{
    return (int32_t)((counter * UINT64_C(61803391) + UINT64_C(27182818)) % MIMIC_SCATTER_LARGE);
}

/* 9 999 990 = 2 * 3 * 5 * 333 333 and the factor shares none of 2, 3, 5, 7, 11, 13, 37. */
int32_t mimic__scatter_small(uint64_t counter, uint32_t salt)
{
    return (int32_t)((counter * UINT64_C(6180347) + UINT64_C(31415) * salt) % MIMIC_SCATTER_SMALL);
}
