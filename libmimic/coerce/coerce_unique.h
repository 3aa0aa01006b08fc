/* A set of values seen, for "unique": 128-bit hashes of the texts or values, so that two different
 * values are taken for one with a chance of about n^2 / 2^129. */
#ifndef MIMIC_COERCE_UNIQUE_H
#define MIMIC_COERCE_UNIQUE_H

#include "base/context_internal.h"

typedef struct mimic_unique_set mimic_unique_set;

/* NULL when memory ran out. max_bytes 0 = no bound. */
mimic_unique_set *mimic__unique_new(const mimic_context *ctx, size_t max_bytes);
void mimic__unique_free(mimic_unique_set *set);

typedef enum mimic_unique_result {
    MIMIC_UNIQUE_NEW,
    MIMIC_UNIQUE_SEEN,
    MIMIC_UNIQUE_FULL, /* max_bytes reached */
    MIMIC_UNIQUE_NO_MEMORY
} mimic_unique_result;

mimic_unique_result mimic__unique_add(mimic_unique_set *set, const void *bytes, size_t size);

#endif
