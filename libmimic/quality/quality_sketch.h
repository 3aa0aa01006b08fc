/*
 * What is kept of a column when its values are too many to keep: how many differ, and where they lie.
 * Both are functions of the set (or bag) of values alone: order and batches leave no trace.
 */
#ifndef MIMIC_QUALITY_SKETCH_H
#define MIMIC_QUALITY_SKETCH_H

#include "base/context_internal.h"

/* ---- how many differ: HyperLogLog, standard error 1.04 / sqrt(registers) = 1.15 % ---- */

#define QUALITY_REGISTERS 8192

static inline void mimic__registers_add(uint8_t *registers, uint64_t hash)
{
    const uint64_t rest = hash << 13 | 1u << 12; /* at most 51 zeros */
    const uint8_t rank = (uint8_t)(__builtin_clzll(rest) + 1);
    uint8_t *const slot = &registers[hash >> 51];
    if (rank > *slot)
        *slot = rank;
}

void mimic__registers_merge(uint8_t *registers, const uint8_t *more);
/* Ertl's estimator (2017), which needs no table of corrections. */
int64_t mimic__registers_estimate(const uint8_t *registers);

/* ---- where they lie: counts of value >> shift ---- */

#define QUALITY_BUCKETS 4096

/* The smallest shift at which the range of the values takes at most QUALITY_BUCKETS buckets. */
typedef struct quality_buckets {
    uint64_t lowest;  /* of the keys */
    uint64_t highest;
    uint64_t first;   /* lowest >> shift: the number of bucket 0 */
    int32_t shift;
    int64_t total;
    int64_t *counts; /* NULL = empty */
} quality_buckets;

/* Makes room for keys between both; false when memory ran out. `counts` comes from `ctx`. */
bool mimic__buckets_widen(quality_buckets *buckets, const mimic_context *ctx, uint64_t lowest,
                          uint64_t highest);
/* The range must include the key. */
static inline void mimic__buckets_add(quality_buckets *buckets, uint64_t key, int64_t count)
{
    buckets->counts[(key >> buckets->shift) - buckets->first] += count;
    buckets->total += count;
}
bool mimic__buckets_merge(quality_buckets *buckets, const mimic_context *ctx,
                          const quality_buckets *more);
void mimic__buckets_free(quality_buckets *buckets, const mimic_context *ctx);

/* Keys that sort as the values do. */
static inline uint64_t mimic__key_of_whole(int64_t value)
{
    return (uint64_t)value ^ UINT64_C(1) << 63;
}
static inline int64_t mimic__whole_of_key(uint64_t key)
{
    return (int64_t)(key ^ UINT64_C(1) << 63);
}
/* Of a number above 0: its bits. */
static inline uint64_t mimic__key_of_real(double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline double mimic__real_of_key(uint64_t key)
{
    double value;
    __builtin_memcpy(&value, &key, sizeof value);
    return value;
}

#endif
