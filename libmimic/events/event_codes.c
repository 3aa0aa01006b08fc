/*
 * See event_codes.h. A table of hashes finds the number of a text, under a lock; what numbers stand
 * for lies in segments that never move, each twice as large as the one before, so that readers need
 * nothing but the pointer to a segment.
 */
#include "events/event_codes.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"

#define FIRST_SEGMENT 256u /* codes */
#define SEGMENT_COUNT 24
#define FIRST_SLOTS 512u
#define NO_KIND UINT32_MAX

typedef struct code_entry {
    const char *text;
    uint32_t size;
    uint32_t kind; /* the least so far; NO_KIND = no origin. Together with the key under the lock */
    char *key;
    size_t key_size;
} code_entry;

struct mimic_event_codes {
    const mimic_context *ctx;
    size_t max_bytes;
    _Atomic(code_entry *) segments[SEGMENT_COUNT];
    pthread_mutex_t lock; /* of what follows */
    mimic_arena texts;
    uint64_t *slots; /* upper half of the hash, and number + 1; 0 = free */
    size_t slot_count; /* a power of two */
    size_t bytes;
    uint32_t count;
};

mimic_status mimic__event_codes_new(const mimic_context *ctx, size_t max_bytes,
                                    mimic_event_codes **out_codes, mimic_error *err)
{
    mimic_event_codes *const codes = mimic__alloc_zeroed(ctx, 1, sizeof *codes);
    *out_codes = NULL;
    if (codes == NULL)
        return mimic__fail_memory(err);
    codes->ctx = ctx;
    codes->max_bytes = max_bytes;
    codes->slot_count = FIRST_SLOTS;
    codes->slots = mimic__alloc_zeroed(ctx, FIRST_SLOTS, sizeof *codes->slots);
    if (codes->slots == NULL) {
        mimic__free(ctx, codes);
        return mimic__fail_memory(err);
    }
    mimic__arena_init(&codes->texts, ctx);
    for (size_t i = 0; i < SEGMENT_COUNT; i++)
        atomic_init(&codes->segments[i], NULL);
    pthread_mutex_init(&codes->lock, NULL);
    *out_codes = codes;
    return MIMIC_OK;
}

/* Segment s has the numbers from FIRST_SEGMENT * (2^s - 1) on. */
static size_t segment_of(uint32_t number, size_t *out_place)
{
    const uint64_t shifted = (uint64_t)number / FIRST_SEGMENT + 1;
    const size_t segment = 63 - (size_t)__builtin_clzll(shifted);
    *out_place = (size_t)(number - FIRST_SEGMENT * ((UINT64_C(1) << segment) - 1));
    return segment;
}

static code_entry *entry_of(const mimic_event_codes *codes, uint32_t number)
{
    size_t place;
    const size_t segment = segment_of(number, &place);
    return atomic_load_explicit(&codes->segments[segment], memory_order_acquire) + place;
}

void mimic__event_codes_free(mimic_event_codes *codes)
{
    if (codes == NULL)
        return;
    for (uint32_t number = 0; number < codes->count; number++)
        mimic__free(codes->ctx, entry_of(codes, number)->key);
    for (size_t i = 0; i < SEGMENT_COUNT; i++)
        mimic__free(codes->ctx, atomic_load_explicit(&codes->segments[i], memory_order_relaxed));
    mimic__arena_free(&codes->texts);
    mimic__free(codes->ctx, codes->slots);
    pthread_mutex_destroy(&codes->lock);
    mimic__free(codes->ctx, codes);
}

/* ---- adding, under the lock ---- */

static bool grow_slots(mimic_event_codes *codes)
{
    const size_t slot_count = codes->slot_count * 2;
    uint64_t *const slots = mimic__alloc_zeroed(codes->ctx, slot_count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < codes->slot_count; i++) {
        if (codes->slots[i] == 0)
            continue;
        size_t slot = (size_t)(codes->slots[i] >> 32) & (slot_count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (slot_count - 1);
        slots[slot] = codes->slots[i];
    }
    mimic__free(codes->ctx, codes->slots);
    codes->slots = slots;
    codes->slot_count = slot_count;
    return true;
}

/* The slot of a text, or the free one where it belongs. */
static size_t find_slot(const mimic_event_codes *codes, const char *text, size_t size, uint64_t hash)
{
    size_t slot = (size_t)(hash >> 32) & (codes->slot_count - 1);
    for (; codes->slots[slot] != 0; slot = (slot + 1) & (codes->slot_count - 1)) {
        if (codes->slots[slot] >> 32 != hash >> 32)
            continue;
        const code_entry *const entry = entry_of(codes, (uint32_t)codes->slots[slot] - 1);
        if (entry->size == size && (size == 0 || memcmp(entry->text, text, size) == 0))
            break;
    }
    return slot;
}

static mimic_status fail_limit(const mimic_event_codes *codes, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_LIMIT,
                       "more than %zu bytes of different codes or units (%u of them so far): leave "
                       "out columns of free text from the codes of the event map, or choose codes",
                       codes->max_bytes, (unsigned)codes->count);
}

static bool has_room(const mimic_event_codes *codes, size_t more)
{
    return codes->bytes <= codes->max_bytes && more <= codes->max_bytes - codes->bytes;
}

static mimic_status append(mimic_event_codes *codes, const char *text, size_t size, uint64_t hash,
                           uint32_t *out_number, mimic_error *err)
{
    if (size > UINT32_MAX - 1 - sizeof(code_entry) || codes->count >= UINT32_MAX / 4 ||
        !has_room(codes, size + sizeof(code_entry)))
        return fail_limit(codes, err);
    if ((codes->count + UINT64_C(1)) * 2 > codes->slot_count && !grow_slots(codes))
        return mimic__fail_memory(err);
    size_t place;
    const size_t segment = segment_of(codes->count, &place);
    code_entry *entries = atomic_load_explicit(&codes->segments[segment], memory_order_relaxed);
    if (entries == NULL) {
        entries = mimic__alloc_zeroed(codes->ctx, (size_t)FIRST_SEGMENT << segment, sizeof *entries);
        if (entries == NULL)
            return mimic__fail_memory(err);
        atomic_store_explicit(&codes->segments[segment], entries, memory_order_release);
    }
    const char *const copy = mimic__arena_strndup(&codes->texts, size == 0 ? "" : text, size);
    if (copy == NULL)
        return mimic__fail_memory(err);
    entries[place] = (code_entry){.text = copy, .size = (uint32_t)size, .kind = NO_KIND};
    codes->slots[find_slot(codes, text, size, hash)] = (hash >> 32) << 32 | (codes->count + 1);
    codes->bytes += size + sizeof(code_entry);
    *out_number = codes->count++;
    return MIMIC_OK;
}

static bool is_less(const mimic_event_origin *origin, const code_entry *entry)
{
    if (origin->kind != entry->kind)
        return origin->kind < entry->kind;
    const size_t common = origin->key_size < entry->key_size ? origin->key_size : entry->key_size;
    const int order = common == 0 ? 0 : memcmp(origin->key, entry->key, common);
    return order != 0 ? order < 0 : origin->key_size < entry->key_size;
}

static mimic_status set_origin(mimic_event_codes *codes, code_entry *entry,
                               const mimic_event_origin *origin, mimic_error *err)
{
    char *copy = NULL;
    if (origin->key_size > entry->key_size && !has_room(codes, origin->key_size - entry->key_size))
        return fail_limit(codes, err);
    if (origin->key_size > 0) {
        copy = mimic__strndup(codes->ctx, origin->key, origin->key_size);
        if (copy == NULL)
            return mimic__fail_memory(err);
    }
    mimic__free(codes->ctx, entry->key);
    codes->bytes = codes->bytes - entry->key_size + origin->key_size;
    entry->kind = origin->kind;
    entry->key = copy;
    entry->key_size = origin->key_size;
    return MIMIC_OK;
}

static mimic_status add(mimic_event_codes *codes, const char *text, size_t size,
                        const mimic_event_origin *origin, uint32_t *out_number, mimic_error *err)
{
    const uint64_t hash = mimic__hash64(text, size);
    const uint64_t found = codes->slots[find_slot(codes, text, size, hash)];
    if (found != 0)
        *out_number = (uint32_t)found - 1;
    else
        MIMIC_TRY(append(codes, text, size, hash, out_number, err));
    code_entry *const entry = entry_of(codes, *out_number);
    if (origin != NULL && is_less(origin, entry))
        MIMIC_TRY(set_origin(codes, entry, origin, err));
    return MIMIC_OK;
}

mimic_status mimic__event_codes_add(mimic_event_codes *codes, const char *text, size_t size,
                                    const mimic_event_origin *origin, uint32_t *out_number,
                                    mimic_error *err)
{
    pthread_mutex_lock(&codes->lock);
    const mimic_status status = add(codes, text, size, origin, out_number, err);
    pthread_mutex_unlock(&codes->lock);
    return status;
}

/* ---- reading ---- */

const char *mimic__event_codes_text(const mimic_event_codes *codes, uint32_t number,
                                    size_t *out_size)
{
    const code_entry *const entry = entry_of(codes, number);
    *out_size = entry->size;
    return entry->text;
}

uint32_t mimic__event_codes_count(const mimic_event_codes *codes)
{
    return codes->count;
}

mimic_event_origin mimic__event_codes_origin(const mimic_event_codes *codes, uint32_t number)
{
    const code_entry *const entry = entry_of(codes, number);
    if (entry->kind == NO_KIND)
        return (mimic_event_origin){.kind = UINT16_MAX, .key = ""};
    return (mimic_event_origin){(uint16_t)entry->kind, entry->key == NULL ? "" : entry->key,
                                entry->key_size};
}
