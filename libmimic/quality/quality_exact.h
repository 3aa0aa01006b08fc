/*
 * Sums that do not depend on the order of the numbers, nor on how they were cut into batches: the
 * sum of int64 and of finite doubles, and that of their squares, both exact. Only mean and standard
 * deviation, made at the end, are rounded.
 */
#ifndef MIMIC_QUALITY_EXACT_H
#define MIMIC_QUALITY_EXACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wide.h"

/* Of integers: rows are fewer than 2^63, so the sum fits 128 bits and that of the squares 192. */
typedef struct quality_whole {
    mimic_wide sum; /* signed */
    mimic_wide squares;
    uint64_t squares_high;
} quality_whole;

static inline void mimic__whole_add(quality_whole *total, int64_t value)
{
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    mimic_wide square;
    square.low = mimic__multiply64(magnitude, magnitude, &square.high);
    (void)mimic__wide_add(&total->sum, mimic__wide_of(value));
    total->squares_high += mimic__wide_add(&total->squares, square);
}

void mimic__whole_merge(quality_whole *total, const quality_whole *more);

/* A double is an integer times 2^-1074, a square of one an integer times 2^-2148: fixed-point numbers
 * of 32 bits a cell, with room for carries that are not yet made. */
#define QUALITY_CELLS 140

typedef struct quality_fixed {
    int64_t cells[QUALITY_CELLS];
    uint32_t pending; /* additions since the last carry */
} quality_fixed;

typedef struct quality_real {
    quality_fixed sum;
    quality_fixed squares;
} quality_real;

void mimic__real_add(quality_real *total, double value, uint32_t times); /* finite */
void mimic__real_merge(quality_real *total, const quality_real *more);

/* Mean and standard deviation of the sample (n - 1); deviation is 0 for one value. `count` > 0. */
void mimic__whole_moments(const quality_whole *total, int64_t count, double *out_mean,
                          double *out_deviation);
void mimic__real_moments(const quality_real *total, int64_t count, double *out_mean,
                         double *out_deviation);

#endif
