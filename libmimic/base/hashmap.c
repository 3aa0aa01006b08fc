/* See hashmap.h. The hash is XXH3, a keyless 64-bit hash of which the upper half is kept, so that
 * most probes are settled without touching a key. */
#include "base/hashmap.h"

#include <string.h>

#include "base/hash.h"

#define FIRST_SLOTS 64

/* An array that was outgrown. */
struct mimic_retired {
    struct mimic_retired *next;
    void *memory;
};

void mimic__hashmap_init(mimic_hashmap *map, const mimic_context *ctx)
{
    *map = (mimic_hashmap){.ctx = ctx};
}

void mimic__hashmap_free(mimic_hashmap *map)
{
    if (map->ctx == NULL)
        return;
    while (map->retired != NULL) {
        struct mimic_retired *const next = map->retired->next;
        mimic__free(map->ctx, map->retired->memory);
        mimic__free(map->ctx, map->retired);
        map->retired = next;
    }
    mimic__free(map->ctx, map->slots);
    mimic__free(map->ctx, map->offsets);
    mimic__free(map->ctx, map->bytes);
    mimic__hashmap_init(map, map->ctx);
}

void mimic__hashmap_clear(mimic_hashmap *map)
{
    map->count = 0;
    if (map->slot_count > 0)
        memset(map->slots, 0, map->slot_count * sizeof *map->slots);
}

/* An array with more room. The old one is freed, or kept for those who may still read it. */
static void *outgrow(mimic_hashmap *map, void *old, size_t old_size, size_t new_size)
{
    if (!map->keeps_old || old == NULL)
        return mimic__realloc(map->ctx, old, old_size, new_size);
    struct mimic_retired *retired = mimic__alloc(map->ctx, sizeof *retired);
    void *grown = retired == NULL ? NULL : mimic__alloc(map->ctx, new_size);
    if (grown == NULL) {
        mimic__free(map->ctx, retired);
        return NULL;
    }
    memcpy(grown, old, old_size);
    *retired = (struct mimic_retired){map->retired, old};
    map->retired = retired;
    return grown;
}

static bool key_equals(const mimic_hashmap *map, uint32_t number, const char *key, size_t size)
{
    const size_t start = (size_t)map->offsets[number];
    return (size_t)map->offsets[number + 1] - start == size &&
           (size == 0 || memcmp(map->bytes + start, key, size) == 0);
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t probe(const mimic_hashmap *map, uint64_t hash, const char *key, size_t size)
{
    const size_t mask = map->slot_count - 1;
    const uint32_t high = (uint32_t)(hash >> 32);
    size_t slot = (size_t)hash & mask;
    while (map->slots[slot] != 0) {
        const uint64_t entry = map->slots[slot];
        if ((uint32_t)(entry >> 32) == high && key_equals(map, (uint32_t)entry - 1, key, size))
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool grow_slots(mimic_hashmap *map)
{
    const size_t slot_count = map->slot_count == 0 ? FIRST_SLOTS : map->slot_count * 2;
    uint64_t *slots = mimic__alloc_zeroed(map->ctx, slot_count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (uint32_t number = 0; number < map->count; number++) {
        const size_t start = (size_t)map->offsets[number];
        const uint64_t hash =
            mimic__hash64(map->bytes + start, (size_t)map->offsets[number + 1] - start);
        size_t slot = (size_t)hash & (slot_count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = (hash & 0xffffffff00000000u) | (number + 1);
    }
    mimic__free(map->ctx, map->slots);
    map->slots = slots;
    map->slot_count = slot_count;
    return true;
}

static bool reserve_key(mimic_hashmap *map, size_t size)
{
    const size_t used = map->count == 0 ? 0 : (size_t)map->offsets[map->count];
    if (size > (size_t)INT32_MAX - used || map->count >= INT32_MAX - 2)
        return false;
    if ((size_t)map->count + 2 > map->offset_capacity) {
        const size_t capacity = map->offset_capacity == 0 ? 64 : map->offset_capacity * 2;
        int32_t *offsets = outgrow(map, map->offsets, map->offset_capacity * sizeof *offsets,
                                   capacity * sizeof *offsets);
        if (offsets == NULL)
            return false;
        if (map->offset_capacity == 0)
            offsets[0] = 0;
        map->offsets = offsets;
        map->offset_capacity = capacity;
    }
    if (used + size > map->byte_capacity) {
        size_t capacity = map->byte_capacity == 0 ? 1024 : map->byte_capacity;
        while (capacity < used + size)
            capacity *= 2;
        char *bytes = outgrow(map, map->bytes, map->byte_capacity, capacity);
        if (bytes == NULL)
            return false;
        map->bytes = bytes;
        map->byte_capacity = capacity;
    }
    return true;
}

uint32_t mimic__hashmap_find(const mimic_hashmap *map, const char *key, size_t size)
{
    if (map->slot_count == 0)
        return MIMIC_HASHMAP_NONE;
    const size_t slot = probe(map, mimic__hash64(key, size), key, size);
    return map->slots[slot] == 0 ? MIMIC_HASHMAP_NONE : (uint32_t)map->slots[slot] - 1;
}

uint32_t mimic__hashmap_insert(mimic_hashmap *map, const char *key, size_t size)
{
    if ((size_t)map->count * 4 >= map->slot_count * 3 && !grow_slots(map))
        return MIMIC_HASHMAP_NONE;
    const uint64_t hash = mimic__hash64(key, size);
    const size_t slot = probe(map, hash, key, size);
    if (map->slots[slot] != 0)
        return (uint32_t)map->slots[slot] - 1;
    if (!reserve_key(map, size))
        return MIMIC_HASHMAP_NONE;
    const uint32_t number = map->count;
    const size_t start = (size_t)map->offsets[number];
    if (size > 0)
        memcpy(map->bytes + start, key, size);
    map->offsets[number + 1] = (int32_t)(start + size);
    map->count = number + 1;
    map->slots[slot] = (hash & 0xffffffff00000000u) | (number + 1);
    return number;
}
