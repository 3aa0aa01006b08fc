/* Arithmetic on sizes that come from input: true means that the result did not fit. */
#ifndef MIMIC_BASE_CHECKED_H
#define MIMIC_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool mimic__add_overflows(size_t a, size_t b, size_t *out)
{
    *out = a + b;
    return *out < a;
}

static inline bool mimic__multiply_overflows(size_t a, size_t b, size_t *out)
{
    *out = a * b;
    return a != 0 && b > SIZE_MAX / a;
}

#endif
