/*
 * What an emitter has looked up before: keys of two words with the number that each stands for, read by
 * many threads without a lock. Entries are never changed or taken away; a table that has become too
 * small is kept until the end, for those who still read it.
 *
 * It holds so many entries and no more; what finds no room is worked out again each time.
 */
#ifndef MIMIC_EVENTS_EVENT_EMIT_CACHE_H
#define MIMIC_EVENTS_EVENT_EMIT_CACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/context_internal.h"
#include "base/wide.h"

#define EMIT_CACHE_NONE UINT32_MAX
#define EMIT_CACHE_PROBES 64 /* an entry is at most so far from its place */

/* `text` tells keys apart that are hashes: NULL for those that are what they stand for. */
typedef struct emit_key {
    uint64_t low;
    uint64_t high;
    const char *text;
    uint32_t size;
} emit_key;

typedef struct emit_entry {
    uint64_t low;
    uint64_t high;
    const char *text;
    uint32_t size;
    _Atomic(uint32_t) state; /* number + 1; 0 = free. Written last */
} emit_entry;

typedef struct emit_cache_table {
    struct emit_cache_table *older;
    size_t mask;
    emit_entry entries[];
} emit_cache_table;

typedef struct emit_cache emit_cache;

/* The newest table, for mimic__emit_cache_find. */
struct emit_cache_head {
    _Atomic(emit_cache_table *) table;
};

/* NULL when memory ran out. */
emit_cache *mimic__emit_cache_new(const mimic_context *ctx, size_t max_entries);
void mimic__emit_cache_free(emit_cache *cache); /* NULL is allowed */

/*
 * Enters a key, whose text is copied. `number` may be EMIT_CACHE_NONE: then it is given one, from 1
 * on. *out_number: that of the key, which another thread may have entered before; EMIT_CACHE_NONE =
 * there is no room for it.
 */
mimic_status mimic__emit_cache_add(emit_cache *cache, const emit_key *key, uint32_t number,
                                   uint32_t *out_number, mimic_error *err);

static inline size_t mimic__emit_cache_hash(uint64_t low, uint64_t high)
{
    uint64_t upper;
    const uint64_t lower = mimic__multiply64(low ^ UINT64_C(0x9e3779b97f4a7c15),
                                             high ^ UINT64_C(0xe7037ed1a0b428db), &upper);
    return (size_t)(lower ^ upper);
}

static inline uint32_t mimic__emit_table_find(const emit_cache_table *table, const emit_key *key)
{
    size_t place = mimic__emit_cache_hash(key->low, key->high);
    for (unsigned i = 0; i < EMIT_CACHE_PROBES; i++, place++) {
        const emit_entry *const entry = &table->entries[place & table->mask];
        const uint32_t state = atomic_load_explicit(&entry->state, memory_order_acquire);
        if (state == 0)
            break;
        if (entry->low == key->low && entry->high == key->high &&
            (key->text == NULL ||
             (entry->size == key->size && memcmp(entry->text, key->text, key->size) == 0)))
            return state - 1;
    }
    return EMIT_CACHE_NONE;
}

/* The number of a key, or EMIT_CACHE_NONE. */
static inline uint32_t mimic__emit_cache_find(const emit_cache *cache, const emit_key *key)
{
    const struct emit_cache_head *const head = (const struct emit_cache_head *)(const void *)cache;
    return mimic__emit_table_find(atomic_load_explicit(&head->table, memory_order_acquire), key);
}

#endif
