/* See event_emit_cache.h. Writers take a lock; a table grows when it is half full. */
#include "events/event_emit_cache.h"

#include <pthread.h>

#include "base/arena.h"
#include "base/error.h"

#define FIRST_ENTRIES 256u

struct emit_cache {
    struct emit_cache_head head; /* first, for readers */
    const mimic_context *ctx;
    size_t max_entries;
    pthread_mutex_t lock; /* of what follows */
    mimic_arena texts;
    size_t count;
    uint32_t given; /* numbers */
};

static emit_cache_table *new_table(const mimic_context *ctx, size_t size)
{
    emit_cache_table *const table =
        mimic__alloc_zeroed(ctx, 1, sizeof *table + size * sizeof table->entries[0]);
    if (table != NULL)
        table->mask = size - 1;
    return table;
}

emit_cache *mimic__emit_cache_new(const mimic_context *ctx, size_t max_entries)
{
    emit_cache *const cache = mimic__alloc_zeroed(ctx, 1, sizeof *cache);
    emit_cache_table *const table = cache == NULL ? NULL : new_table(ctx, FIRST_ENTRIES);
    if (table == NULL) {
        mimic__free(ctx, cache);
        return NULL;
    }
    atomic_init(&cache->head.table, table);
    cache->ctx = ctx;
    cache->max_entries = max_entries;
    mimic__arena_init(&cache->texts, ctx);
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void mimic__emit_cache_free(emit_cache *cache)
{
    if (cache == NULL)
        return;
    emit_cache_table *table = atomic_load_explicit(&cache->head.table, memory_order_relaxed);
    while (table != NULL) {
        emit_cache_table *const older = table->older;
        mimic__free(cache->ctx, table);
        table = older;
    }
    mimic__arena_free(&cache->texts);
    pthread_mutex_destroy(&cache->lock);
    mimic__free(cache->ctx, cache);
}

/* A free entry for a key near its place; NULL when there is none. */
static emit_entry *free_entry(emit_cache_table *table, const emit_key *key)
{
    size_t place = mimic__emit_cache_hash(key->low, key->high);
    for (unsigned i = 0; i < EMIT_CACHE_PROBES; i++, place++) {
        emit_entry *const entry = &table->entries[place & table->mask];
        if (atomic_load_explicit(&entry->state, memory_order_relaxed) == 0)
            return entry;
    }
    return NULL;
}

static void put(emit_entry *entry, const emit_key *key, uint32_t number)
{
    entry->low = key->low;
    entry->high = key->high;
    entry->text = key->text;
    entry->size = key->size;
    atomic_store_explicit(&entry->state, number + 1, memory_order_release);
}

/* Twice as large. An entry that finds no place there is forgotten, and will be refused again. */
static bool grow(emit_cache *cache)
{
    emit_cache_table *const old = atomic_load_explicit(&cache->head.table, memory_order_relaxed);
    emit_cache_table *const table = new_table(cache->ctx, (old->mask + 1) * 2);
    if (table == NULL)
        return false;
    for (size_t i = 0; i <= old->mask; i++) {
        const emit_entry *const entry = &old->entries[i];
        const uint32_t state = atomic_load_explicit(&entry->state, memory_order_relaxed);
        const emit_key key = {entry->low, entry->high, entry->text, entry->size};
        emit_entry *const place = state == 0 ? NULL : free_entry(table, &key);
        if (place != NULL)
            put(place, &key, state - 1);
    }
    table->older = old;
    atomic_store_explicit(&cache->head.table, table, memory_order_release);
    return true;
}

static mimic_status add(emit_cache *cache, emit_key key, uint32_t *number, mimic_error *err)
{
    emit_cache_table *table = atomic_load_explicit(&cache->head.table, memory_order_relaxed);
    const uint32_t found = mimic__emit_table_find(table, &key);
    if (found != EMIT_CACHE_NONE || cache->count >= cache->max_entries) {
        *number = found;
        return MIMIC_OK;
    }
    if ((cache->count + 1) * 2 > table->mask + 1) {
        if (!grow(cache))
            return mimic__fail_memory(err);
        table = atomic_load_explicit(&cache->head.table, memory_order_relaxed);
    }
    emit_entry *const entry = free_entry(table, &key);
    if (entry == NULL) {
        *number = EMIT_CACHE_NONE;
        return MIMIC_OK;
    }
    if (key.text != NULL) {
        key.text = mimic__arena_strndup(&cache->texts, key.text, key.size);
        if (key.text == NULL)
            return mimic__fail_memory(err);
    }
    if (*number == EMIT_CACHE_NONE)
        *number = ++cache->given;
    put(entry, &key, *number);
    cache->count++;
    return MIMIC_OK;
}

mimic_status mimic__emit_cache_add(emit_cache *cache, const emit_key *key, uint32_t number,
                                   uint32_t *out_number, mimic_error *err)
{
    pthread_mutex_lock(&cache->lock);
    *out_number = number;
    const mimic_status status = add(cache, *key, out_number, err);
    pthread_mutex_unlock(&cache->lock);
    return status;
}
