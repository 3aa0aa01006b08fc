/*
 * A map from byte strings to 32-bit numbers, open addressing with linear probing. Keys are copied.
 * Numbers are given in order of insertion, so the map doubles as an ordered set of texts.
 */
#ifndef MIMIC_BASE_HASHMAP_H
#define MIMIC_BASE_HASHMAP_H

#include <stdbool.h>

#include "base/context_internal.h"

typedef struct mimic_hashmap {
    const mimic_context *ctx;
    uint64_t *slots;   /* high 32 bits: hash, low 32 bits: key number + 1; 0 = free */
    size_t slot_count; /* a power of two, or 0 */
    int32_t *offsets;  /* count + 1 ends of keys in bytes */
    size_t offset_capacity;
    char *bytes;
    size_t byte_capacity;
    uint32_t count;
    bool keeps_old; /* set once, before the first key: offsets and bytes that were outgrown stay
                     * readable until the map is freed, for threads that look at older keys */
    struct mimic_retired *retired;
} mimic_hashmap;

#define MIMIC_HASHMAP_NONE UINT32_MAX

void mimic__hashmap_init(mimic_hashmap *map, const mimic_context *ctx);
void mimic__hashmap_free(mimic_hashmap *map);
/* Forgets the keys, keeps the memory. */
void mimic__hashmap_clear(mimic_hashmap *map);
/* Number of a key, MIMIC_HASHMAP_NONE when it is not there. */
uint32_t mimic__hashmap_find(const mimic_hashmap *map, const char *key, size_t size);
/* Number of a key, added when it is not there; MIMIC_HASHMAP_NONE when memory ran out or the keys
 * together pass 2 GiB. */
uint32_t mimic__hashmap_insert(mimic_hashmap *map, const char *key, size_t size);

#endif
