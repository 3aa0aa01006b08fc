/* A small generator of random numbers for the coercion tests: same seed, same tests. */
#ifndef COERCE_RANDOM_H
#define COERCE_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

typedef struct test_random {
    uint64_t state;
} test_random;

/* splitmix64 */
static inline uint64_t random_word(test_random *random)
{
    uint64_t word = random->state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static inline uint32_t random_below(test_random *random, uint32_t limit)
{
    return (uint32_t)((random_word(random) >> 32) * limit >> 32);
}

/* MIMIC_TEST_LONG=1 makes the random tests twenty times as long. */
static inline int test_rounds(int rounds)
{
    return getenv("MIMIC_TEST_LONG") != NULL ? rounds * 20 : rounds;
}

#endif
