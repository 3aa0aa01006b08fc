/* See unique_set.h. Open addressing with linear probing; a slot is a hash, all 0 when it is free.
 * Grows at two thirds, within the caller's bound. */
#include "base/unique_set.h"

#include "base/hash.h"

#define FIRST_SLOTS 1024

struct mimic_unique_set {
    const mimic_context *ctx;
    uint64_t (*slots)[2];
    size_t slot_count; /* a power of two */
    size_t count;
    size_t max_bytes;
};

mimic_unique_set *mimic__unique_new(const mimic_context *ctx, size_t max_bytes)
{
    mimic_unique_set *set = mimic__alloc_zeroed(ctx, 1, sizeof *set);
    if (set == NULL)
        return NULL;
    set->ctx = ctx;
    set->max_bytes = max_bytes;
    return set;
}

void mimic__unique_free(mimic_unique_set *set)
{
    if (set == NULL)
        return;
    mimic__free(set->ctx, set->slots);
    mimic__free(set->ctx, set);
}

/* The slot of a hash, or the free one where it belongs. */
static size_t probe(uint64_t (*slots)[2], size_t slot_count, const uint64_t hash[2])
{
    size_t slot = (size_t)hash[0] & (slot_count - 1);
    while ((slots[slot][0] | slots[slot][1]) != 0 &&
           (slots[slot][0] != hash[0] || slots[slot][1] != hash[1]))
        slot = (slot + 1) & (slot_count - 1);
    return slot;
}

static mimic_unique_result grow(mimic_unique_set *set)
{
    const size_t slot_count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count * 2;
    const size_t slot_size = sizeof *set->slots;
    /* Both tables live while the hashes move. */
    if (set->max_bytes != 0 && slot_count + set->slot_count > set->max_bytes / slot_size)
        return MIMIC_UNIQUE_FULL;
    uint64_t(*slots)[2] = mimic__alloc_zeroed(set->ctx, slot_count, slot_size);
    if (slots == NULL)
        return MIMIC_UNIQUE_NO_MEMORY;
    for (size_t i = 0; i < set->slot_count; i++) {
        if ((set->slots[i][0] | set->slots[i][1]) == 0)
            continue;
        const size_t slot = probe(slots, slot_count, set->slots[i]);
        slots[slot][0] = set->slots[i][0];
        slots[slot][1] = set->slots[i][1];
    }
    mimic__free(set->ctx, set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return MIMIC_UNIQUE_NEW;
}

void mimic__unique_hash(const void *bytes, size_t size, uint64_t out_hash[2])
{
    mimic__hash128(bytes, size, out_hash);
    if ((out_hash[0] | out_hash[1]) == 0)
        out_hash[0] = 1;
}

bool mimic__unique_contains(const mimic_unique_set *set, const uint64_t hash[2])
{
    if (set->slot_count == 0)
        return false;
    const size_t slot = probe(set->slots, set->slot_count, hash);
    return (set->slots[slot][0] | set->slots[slot][1]) != 0;
}

mimic_unique_result mimic__unique_add(mimic_unique_set *set, const uint64_t hash[2])
{
    if (set->count * 3 >= set->slot_count * 2) {
        const mimic_unique_result grown = grow(set);
        if (grown != MIMIC_UNIQUE_NEW)
            return grown;
    }
    const size_t slot = probe(set->slots, set->slot_count, hash);
    if ((set->slots[slot][0] | set->slots[slot][1]) != 0)
        return MIMIC_UNIQUE_SEEN;
    set->slots[slot][0] = hash[0];
    set->slots[slot][1] = hash[1];
    set->count++;
    return MIMIC_UNIQUE_NEW;
}
