/*
 * See sqlite_unique.h. A generation is a list of hashes. The set over both generations, open
 * addressing with places in the lists, is made when keys first come out of order, and anew when a
 * generation ends; while keys ascend there is none.
 */
#include "sink/sqlite_unique.h"

#include "base/hash.h"
#include "io/sort.h"

#define PREFIX_SLOTS_FIRST 1024
#define PREFIX_SLOTS_MAX ((size_t)1 << 20)

typedef struct generation {
    uint64_t (*hashes)[2];
    size_t count;
    size_t capacity;
    mimic_buffer largest;  /* key of this and all earlier generations */
    mimic_buffer prefixes; /* 64-bit hashes */
} generation;

struct mimic_sqlite_unique {
    const mimic_context *ctx;
    size_t rows_kept;          /* a generation ends when it has so many */
    generation generations[2]; /* the one before, and the one at hand */
    uint32_t *slots;           /* place + 1, the second generation behind the first; 0 = free */
    size_t slot_count;         /* a power of two; 0 = no set: keys ascended so far */
    /* of the rows before both */
    bool has_forgotten;
    mimic_buffer forgotten; /* their largest key */
    uint64_t *prefixes;     /* their first columns, a set; 0 = free */
    size_t prefix_slots;
    size_t prefix_count;
    bool lost_prefixes; /* there were too many */
};

/* ---- facts of a batch ---- */

bool mimic__sqlite_facts_init(mimic_sqlite_key_facts *facts, const mimic_context *ctx,
                              int64_t row_count)
{
    *facts = (mimic_sqlite_key_facts){.is_ascending = true};
    mimic__buffer_init(&facts->smallest, ctx);
    mimic__buffer_init(&facts->largest, ctx);
    mimic__buffer_init(&facts->last, ctx);
    mimic__buffer_init(&facts->prefixes, ctx);
    facts->hashes = mimic__alloc_zeroed(ctx, (size_t)row_count + 1, sizeof *facts->hashes);
    return facts->hashes != NULL;
}

void mimic__sqlite_facts_free(mimic_sqlite_key_facts *facts, const mimic_context *ctx)
{
    if (facts->hashes == NULL)
        return;
    mimic__free(ctx, facts->hashes);
    mimic__buffer_free(&facts->smallest);
    mimic__buffer_free(&facts->largest);
    mimic__buffer_free(&facts->last);
    mimic__buffer_free(&facts->prefixes);
    facts->hashes = NULL;
}

static void set_bytes(mimic_buffer *buffer, const void *bytes, size_t size)
{
    buffer->size = 0;
    mimic__buffer_append(buffer, bytes, size);
}

static int compare(const mimic_buffer *a, const mimic_buffer *b)
{
    return mimic__sort_compare((const unsigned char *)a->data, a->size,
                               (const unsigned char *)b->data, b->size);
}

static int compare_key(const mimic_buffer *a, const mimic_sqlite_key *key)
{
    return mimic__sort_compare((const unsigned char *)a->data, a->size, key->bytes, key->size);
}

static void add_prefix(mimic_sqlite_key_facts *facts, const mimic_sqlite_key *key)
{
    uint64_t hash = mimic__hash64(key->bytes, mimic__sqlite_key_column_size(key->bytes));
    const size_t count = facts->prefixes.size / sizeof hash;
    hash += hash == 0;
    if (count == 0 ||
        memcmp(facts->prefixes.data + (count - 1) * sizeof hash, &hash, sizeof hash) != 0)
        mimic__buffer_append(&facts->prefixes, &hash, sizeof hash);
}

bool mimic__sqlite_facts_add(mimic_sqlite_key_facts *facts, int64_t row,
                             const mimic_sqlite_key *key, size_t column_count)
{
    if (key->has_null)
        return true;
    uint64_t *const hash = facts->hashes[row];
    mimic__hash128(key->bytes, key->size, hash);
    hash[0] += (hash[0] | hash[1]) == 0;
    if (facts->key_count > 0 && compare_key(&facts->last, key) >= 0)
        facts->is_ascending = false;
    if (facts->key_count == 0 || compare_key(&facts->smallest, key) > 0)
        set_bytes(&facts->smallest, key->bytes, key->size);
    if (facts->key_count == 0 || compare_key(&facts->largest, key) < 0)
        set_bytes(&facts->largest, key->bytes, key->size);
    set_bytes(&facts->last, key->bytes, key->size);
    facts->key_count++;
    if (column_count > 1)
        add_prefix(facts, key);
    return !facts->last.failed && !facts->smallest.failed && !facts->largest.failed &&
           !facts->prefixes.failed;
}

/* ---- the set ---- */

mimic_sqlite_unique *mimic__sqlite_unique_new(const mimic_context *ctx, size_t rows_kept)
{
    mimic_sqlite_unique *unique = mimic__alloc_zeroed(ctx, 1, sizeof *unique);
    if (unique == NULL)
        return NULL;
    unique->ctx = ctx;
    unique->rows_kept = rows_kept;
    mimic__buffer_init(&unique->forgotten, ctx);
    for (int i = 0; i < 2; i++) {
        mimic__buffer_init(&unique->generations[i].largest, ctx);
        mimic__buffer_init(&unique->generations[i].prefixes, ctx);
    }
    return unique;
}

void mimic__sqlite_unique_free(mimic_sqlite_unique *unique)
{
    if (unique == NULL)
        return;
    for (int i = 0; i < 2; i++) {
        mimic__free(unique->ctx, unique->generations[i].hashes);
        mimic__buffer_free(&unique->generations[i].largest);
        mimic__buffer_free(&unique->generations[i].prefixes);
    }
    mimic__buffer_free(&unique->forgotten);
    mimic__free(unique->ctx, unique->slots);
    mimic__free(unique->ctx, unique->prefixes);
    mimic__free(unique->ctx, unique);
}

static const uint64_t *hash_at(const mimic_sqlite_unique *unique, size_t place)
{
    const size_t first = unique->generations[0].count;
    return place < first ? unique->generations[0].hashes[place]
                         : unique->generations[1].hashes[place - first];
}

/* The slot of a hash, or the free one where it belongs. */
static size_t probe(const mimic_sqlite_unique *unique, const uint64_t hash[2])
{
    const size_t mask = unique->slot_count - 1;
    size_t slot = (size_t)hash[0] & mask;
    for (; unique->slots[slot] != 0; slot = (slot + 1) & mask) {
        const uint64_t *const other = hash_at(unique, unique->slots[slot] - 1);
        if (other[0] == hash[0] && other[1] == hash[1])
            break;
    }
    return slot;
}

/* Makes the set of what the generations hold, with room for as much again. */
static bool make_set(mimic_sqlite_unique *unique)
{
    const size_t count = unique->generations[0].count + unique->generations[1].count;
    size_t slot_count = 1024;
    while (slot_count < 3 * count)
        slot_count *= 2;
    mimic__free(unique->ctx, unique->slots);
    unique->slots = mimic__alloc_zeroed(unique->ctx, slot_count, sizeof *unique->slots);
    unique->slot_count = unique->slots == NULL ? 0 : slot_count;
    for (size_t place = 0; place < count && unique->slots != NULL; place++)
        unique->slots[probe(unique, hash_at(unique, place))] = (uint32_t)place + 1;
    return unique->slots != NULL;
}

static bool list_hash(mimic_sqlite_unique *unique, const uint64_t hash[2])
{
    generation *const now = &unique->generations[1];
    uint64_t(*const grown)[2] = mimic__array_grow(unique->ctx, now->hashes, now->count,
                                                  &now->capacity, sizeof *now->hashes);
    if (grown == NULL)
        return false;
    now->hashes = grown;
    now->hashes[now->count][0] = hash[0];
    now->hashes[now->count++][1] = hash[1];
    return true;
}

/* ---- what is forgotten ---- */

static size_t probe_prefix(const mimic_sqlite_unique *unique, uint64_t hash)
{
    const size_t mask = unique->prefix_slots - 1;
    size_t slot = (size_t)hash & mask;
    while (unique->prefixes[slot] != 0 && unique->prefixes[slot] != hash)
        slot = (slot + 1) & mask;
    return slot;
}

/* When there are too many, prefixes are of no use any more. False when memory ran out. */
static bool grow_prefixes(mimic_sqlite_unique *unique)
{
    uint64_t *const former = unique->prefixes;
    const size_t former_slots = unique->prefix_slots;
    const size_t slots = former_slots == 0 ? PREFIX_SLOTS_FIRST : former_slots * 2;
    unique->lost_prefixes = slots > PREFIX_SLOTS_MAX;
    if (unique->lost_prefixes)
        return true;
    uint64_t *const made = mimic__alloc_zeroed(unique->ctx, slots, sizeof *made);
    if (made == NULL)
        return false;
    unique->prefixes = made;
    unique->prefix_slots = slots;
    for (size_t i = 0; i < former_slots; i++)
        if (former[i] != 0)
            made[probe_prefix(unique, former[i])] = former[i];
    mimic__free(unique->ctx, former);
    return true;
}

static uint64_t prefix_at(const mimic_buffer *prefixes, size_t index)
{
    uint64_t hash;
    memcpy(&hash, prefixes->data + index * sizeof hash, sizeof hash);
    return hash;
}

static bool forget_prefixes(mimic_sqlite_unique *unique, const mimic_buffer *prefixes)
{
    const size_t count = prefixes->size / sizeof(uint64_t);
    unique->lost_prefixes |= count == 0; /* of one column */
    for (size_t i = 0; i < count && !unique->lost_prefixes; i++) {
        if (3 * unique->prefix_count >= 2 * unique->prefix_slots && !grow_prefixes(unique))
            return false;
        if (unique->lost_prefixes)
            break;
        const uint64_t hash = prefix_at(prefixes, i);
        uint64_t *const slot = &unique->prefixes[probe_prefix(unique, hash)];
        unique->prefix_count += *slot == 0;
        *slot = hash;
    }
    return true;
}

/* The generation at hand becomes the one before, and that one is forgotten. */
static bool turn_generations(mimic_sqlite_unique *unique)
{
    generation former = unique->generations[0];
    if (former.count > 0) {
        unique->has_forgotten = true;
        set_bytes(&unique->forgotten, former.largest.data, former.largest.size);
        if (!forget_prefixes(unique, &former.prefixes))
            return false;
    }
    unique->generations[0] = unique->generations[1];
    former.count = 0;
    former.prefixes.size = 0;
    set_bytes(&former.largest, unique->generations[0].largest.data,
              unique->generations[0].largest.size);
    unique->generations[1] = former;
    const bool has_failed = unique->forgotten.failed || former.largest.failed;
    return !has_failed && (unique->slot_count == 0 || make_set(unique));
}

static bool may_be_forgotten(const mimic_sqlite_unique *unique, const mimic_sqlite_key_facts *facts)
{
    if (!unique->has_forgotten || compare(&facts->smallest, &unique->forgotten) > 0)
        return false;
    const size_t count = facts->prefixes.size / sizeof(uint64_t);
    if (unique->lost_prefixes || count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        if (unique->prefixes[probe_prefix(unique, prefix_at(&facts->prefixes, i))] != 0)
            return true;
    return false;
}

/* ---- batches ---- */

mimic_sqlite_seen mimic__sqlite_unique_begin(mimic_sqlite_unique *unique,
                                             const mimic_sqlite_key_facts *facts)
{
    const generation *const now = &unique->generations[1];
    if (facts->key_count == 0)
        return MIMIC_SQLITE_NOT_SEEN;
    if (now->count >= unique->rows_kept && !turn_generations(unique))
        return MIMIC_SQLITE_NO_MEMORY;
    if (facts->is_ascending && compare(&facts->smallest, &now->largest) > 0)
        return MIMIC_SQLITE_NOT_SEEN;
    if (may_be_forgotten(unique, facts))
        return MIMIC_SQLITE_UNSURE;
    if (unique->slot_count == 0 && !make_set(unique))
        return MIMIC_SQLITE_NO_MEMORY;
    return MIMIC_SQLITE_SEEN;
}

mimic_sqlite_seen mimic__sqlite_unique_find(mimic_sqlite_unique *unique, const uint64_t hash[2])
{
    return unique->slots[probe(unique, hash)] != 0 ? MIMIC_SQLITE_SEEN : MIMIC_SQLITE_NOT_SEEN;
}

mimic_sqlite_seen mimic__sqlite_unique_add(mimic_sqlite_unique *unique, const uint64_t hash[2])
{
    if (!list_hash(unique, hash))
        return MIMIC_SQLITE_NO_MEMORY;
    const size_t count = unique->generations[0].count + unique->generations[1].count;
    if (unique->slot_count == 0)
        return MIMIC_SQLITE_NOT_SEEN;
    if (3 * count >= 2 * unique->slot_count)
        return make_set(unique) ? MIMIC_SQLITE_NOT_SEEN : MIMIC_SQLITE_NO_MEMORY;
    unique->slots[probe(unique, hash)] = (uint32_t)count;
    return MIMIC_SQLITE_NOT_SEEN;
}

mimic_sqlite_seen mimic__sqlite_unique_end(mimic_sqlite_unique *unique,
                                           const mimic_sqlite_key_facts *facts)
{
    generation *const now = &unique->generations[1];
    if (facts->key_count == 0)
        return MIMIC_SQLITE_NOT_SEEN;
    if (compare(&facts->largest, &now->largest) > 0)
        set_bytes(&now->largest, facts->largest.data, facts->largest.size);
    if (facts->prefixes.size > 0)
        mimic__buffer_append(&now->prefixes, facts->prefixes.data, facts->prefixes.size);
    return now->largest.failed || now->prefixes.failed ? MIMIC_SQLITE_NO_MEMORY
                                                       : MIMIC_SQLITE_NOT_SEEN;
}
