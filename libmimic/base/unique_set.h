/* A set of values seen: 128-bit hashes, so that two different values are taken for one with a chance
 * of about n^2 / 2^129. */
#ifndef MIMIC_BASE_UNIQUE_SET_H
#define MIMIC_BASE_UNIQUE_SET_H

#include <stdbool.h>

#include "base/context_internal.h"

typedef struct mimic_unique_set mimic_unique_set;

/* NULL when memory ran out. max_bytes 0 = no bound. */
mimic_unique_set *mimic__unique_new(const mimic_context *ctx, size_t max_bytes);
void mimic__unique_free(mimic_unique_set *set); /* NULL is allowed */

/* Of a value; never all zeros, which callers may use for "none". */
void mimic__unique_hash(const void *bytes, size_t size, uint64_t out_hash[2]);

typedef enum mimic_unique_result {
    MIMIC_UNIQUE_NEW,
    MIMIC_UNIQUE_SEEN,
    MIMIC_UNIQUE_FULL, /* max_bytes reached */
    MIMIC_UNIQUE_NO_MEMORY
} mimic_unique_result;

bool mimic__unique_contains(const mimic_unique_set *set, const uint64_t hash[2]);
mimic_unique_result mimic__unique_add(mimic_unique_set *set, const uint64_t hash[2]);

#endif
