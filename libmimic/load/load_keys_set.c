/*
 * See load_keys_set.h. The sorter takes strings: the key, the payload, `first` and `extra`, numbers
 * in big-endian order, so that the order of the strings is the one that is wanted.
 */
#include "load/load_keys_set.h"

#include "base/error.h"
#include "io/sorter.h"

#define FIRST_SLOTS 64
#define STRING_NUMBERS 32 /* bytes of a string beside its payload */
#define TABLE_SHARE 2     /* the table has one part of the memory in so many, texts included */
#define SORTER_BYTES_MIN 65536

typedef struct key_slot {
    load_key key;
    uint64_t first;
    uint64_t rows; /* 0 = free */
    uint32_t payload; /* in payloads */
    uint32_t payload_size;
} key_slot;

struct load_key_set {
    const mimic_context *ctx;
    load_key_set_options options;
    /* of distinct keys */
    key_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t used;
    mimic_buffer payloads;
    /* those that ascend; of distinct ones the last is kept back, as more rows may have it */
    load_key_run *run;
    load_key_entry last;
    mimic_buffer last_payload;
    bool has_last;
    /* the others; NULL = none so far */
    mimic_sorter *sorter;
    unsigned char *string;
    size_t string_capacity;
    /* coming out */
    load_key_reader reader;
    bool is_started;
    bool is_reading;
    const load_key_entry *of_run; /* next of each, NULL = no more */
    const load_key_entry *of_sorter;
    load_key_entry sorted;
    load_key_entry merged;
    mimic_buffer merged_payload;
};

mimic_status mimic__key_set_new(const mimic_context *ctx, const load_key_set_options *options,
                                load_key_set **out_set, mimic_error *err)
{
    load_key_set *const set = mimic__alloc_zeroed(ctx, 1, sizeof *set);
    *out_set = set;
    if (set == NULL)
        return mimic__fail_memory(err);
    set->ctx = ctx;
    set->options = *options;
    mimic__buffer_init(&set->payloads, ctx);
    mimic__buffer_init(&set->merged_payload, ctx);
    mimic__buffer_init(&set->last_payload, ctx);
    return mimic__key_run_new(ctx, options->path, &set->run, err);
}

void mimic__key_set_free(load_key_set *set)
{
    if (set == NULL)
        return;
    if (set->is_reading)
        mimic__key_reader_free(&set->reader);
    mimic__key_run_free(set->run);
    mimic__sorter_free(set->sorter);
    mimic__buffer_free(&set->payloads);
    mimic__buffer_free(&set->merged_payload);
    mimic__buffer_free(&set->last_payload);
    mimic__free(set->ctx, set->slots);
    mimic__free(set->ctx, set->string);
    mimic__free(set->ctx, set);
}

/* ---- into the sorter ---- */

static mimic_status make_sorter(load_key_set *set, mimic_error *err)
{
    size_t bytes = set->options.memory_bytes;
    if (set->options.is_distinct)
        bytes -= bytes / TABLE_SHARE;
    const mimic_sorter_options options = {
        .of_strings = true,
        .memory_bytes = bytes < SORTER_BYTES_MIN ? SORTER_BYTES_MIN : bytes,
        .path = set->options.path,
        .pool = set->options.pool};
    return mimic__sorter_new(set->ctx, &options, &set->sorter, err);
}

static unsigned char *put64(unsigned char *to, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(value >> (56 - 8 * i));
    return to + 8;
}

static uint64_t get64(const unsigned char *from)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

static mimic_status sort_entry(load_key_set *set, const load_key_entry *entry, mimic_error *err)
{
    const size_t size = STRING_NUMBERS + entry->payload_size;
    if (set->sorter == NULL)
        MIMIC_TRY(make_sorter(set, err));
    if (size > set->string_capacity) {
        unsigned char *const grown =
            mimic__realloc(set->ctx, set->string, set->string_capacity, 2 * size);
        if (grown == NULL)
            return mimic__fail_memory(err);
        set->string = grown;
        set->string_capacity = 2 * size;
    }
    unsigned char *to = put64(put64(set->string, entry->key.hi), entry->key.lo);
    if (entry->payload_size > 0)
        memcpy(to, entry->payload, entry->payload_size);
    to = put64(put64(to + entry->payload_size, entry->first), entry->extra);
    return mimic__sorter_add_string(set->sorter, set->string, (size_t)(to - set->string), err);
}

/* ---- distinct keys ---- */

static key_slot *find(key_slot *slots, size_t slot_count, const load_key *key)
{
    uint64_t hash = key->hi * UINT64_C(0x9e3779b97f4a7c15) + key->lo;
    hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
    size_t at = (size_t)(hash >> 32) & (slot_count - 1);
    while (slots[at].rows != 0 &&
           (slots[at].key.hi != key->hi || slots[at].key.lo != key->lo))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static mimic_status empty_table(load_key_set *set, mimic_error *err)
{
    for (size_t i = 0; i < set->slot_count; i++) {
        const key_slot *const slot = &set->slots[i];
        const load_key_entry entry = {
            slot->key, slot->first, slot->rows,
            (const unsigned char *)set->payloads.data + slot->payload, slot->payload_size};
        if (slot->rows != 0)
            MIMIC_TRY(sort_entry(set, &entry, err));
    }
    if (set->slots != NULL)
        memset(set->slots, 0, set->slot_count * sizeof *set->slots);
    set->used = 0;
    set->payloads.size = 0;
    return MIMIC_OK;
}

static mimic_status grow_table(load_key_set *set, mimic_error *err)
{
    const size_t count = set->slot_count == 0 ? FIRST_SLOTS : 2 * set->slot_count;
    key_slot *const slots = mimic__alloc_zeroed(set->ctx, count, sizeof *slots);
    if (slots == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < set->slot_count; i++)
        if (set->slots[i].rows != 0)
            *find(slots, count, &set->slots[i].key) = set->slots[i];
    mimic__free(set->ctx, set->slots);
    set->slots = slots;
    set->slot_count = count;
    return MIMIC_OK;
}

/* Room for one more key with its payload, in a table that is kept to two thirds. */
static mimic_status make_room(load_key_set *set, size_t payload_size, mimic_error *err)
{
    const size_t most = set->options.memory_bytes / TABLE_SHARE;
    const bool is_full = set->used * 3 >= set->slot_count * 2;
    /* While it grows, the old one is there too. */
    const bool can_grow = 3 * set->slot_count * sizeof *set->slots + set->payloads.size <= most;
    if (set->used > 0 &&
        ((is_full && !can_grow) ||
         set->slot_count * sizeof *set->slots + set->payloads.size + payload_size > most))
        return empty_table(set, err);
    return is_full ? grow_table(set, err) : MIMIC_OK;
}

bool mimic__key_set_count(load_key_set *set, const load_key *key, uint64_t rows)
{
    if (set->has_last && set->last.key.hi == key->hi && set->last.key.lo == key->lo) {
        set->last.extra += rows;
        return true;
    }
    if (set->slot_count == 0)
        return false;
    key_slot *const slot = find(set->slots, set->slot_count, key);
    if (slot->rows == 0)
        return false;
    slot->rows += rows;
    return true;
}

static mimic_status end_last(load_key_set *set, mimic_error *err)
{
    if (!set->has_last)
        return MIMIC_OK;
    set->has_last = false;
    set->last.payload = (const unsigned char *)set->last_payload.data;
    return mimic__key_run_add(set->run, &set->last, err);
}

static mimic_status add_distinct(load_key_set *set, const load_key_entry *entry, mimic_error *err)
{
    if (mimic__key_set_count(set, &entry->key, entry->extra))
        return MIMIC_OK;
    if (!set->has_last || mimic__key_compare(&set->last.key, &entry->key) < 0) {
        MIMIC_TRY(end_last(set, err));
        set->has_last = true;
        set->last = *entry;
        set->last_payload.size = 0;
        mimic__buffer_append(&set->last_payload, entry->payload, entry->payload_size);
        return set->last_payload.failed ? mimic__fail_memory(err) : MIMIC_OK;
    }
    MIMIC_TRY(make_room(set, entry->payload_size, err));
    if (set->slot_count == 0)
        MIMIC_TRY(grow_table(set, err));
    *find(set->slots, set->slot_count, &entry->key) =
        (key_slot){entry->key, entry->first, entry->extra, (uint32_t)set->payloads.size,
                   (uint32_t)entry->payload_size};
    mimic__buffer_append(&set->payloads, entry->payload, entry->payload_size);
    set->used++;
    return set->payloads.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__key_set_add(load_key_set *set, const load_key_entry *entry, mimic_error *err)
{
    if (entry->payload_size > LOAD_KEY_PAYLOAD_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "the columns that rows of one key are ordered by are too long");
    if (set->options.is_distinct)
        return add_distinct(set, entry, err);
    const load_key last = mimic__key_run_last(set->run);
    if (mimic__key_run_count(set->run) == 0 || mimic__key_compare(&last, &entry->key) < 0)
        return mimic__key_run_add(set->run, entry, err);
    return sort_entry(set, entry, err);
}

mimic_status mimic__key_set_add_integers(load_key_set *set, const int32_t *values, size_t count,
                                         uint64_t first, uint64_t extra, mimic_error *err)
{
    size_t row = 0;
    const load_key last = mimic__key_run_last(set->run);
    for (; row < count; row++) {
        const load_key_entry entry = {mimic__key_of_integer(values[row]), first + row, extra + row,
                                      NULL, 0};
        if (mimic__key_run_count(set->run) == 0 || mimic__key_compare(&last, &entry.key) < 0)
            break;
        MIMIC_TRY(sort_entry(set, &entry, err));
    }
    return mimic__key_run_add_integers(set->run, values + row, count - row, first + row,
                                       extra + row, err);
}

/* ---- coming out ---- */

static mimic_status next_of_run(load_key_set *set, mimic_error *err)
{
    set->of_run = NULL;
    return set->is_reading ? mimic__key_reader_next(&set->reader, &set->of_run, err) : MIMIC_OK;
}

static mimic_status next_of_sorter(load_key_set *set, mimic_error *err)
{
    const unsigned char *string = NULL;
    size_t size = 0;
    set->of_sorter = NULL;
    if (set->sorter == NULL)
        return MIMIC_OK;
    MIMIC_TRY(mimic__sorter_next_string(set->sorter, &string, &size, err));
    if (string == NULL)
        return MIMIC_OK;
    set->sorted = (load_key_entry){{get64(string), get64(string + 8)},
                                   get64(string + size - 16),
                                   get64(string + size - 8),
                                   string + 16,
                                   size - STRING_NUMBERS};
    set->of_sorter = &set->sorted;
    return MIMIC_OK;
}

mimic_status mimic__key_set_end(load_key_set *set, mimic_error *err)
{
    MIMIC_TRY(end_last(set, err));
    if (set->used > 0)
        MIMIC_TRY(empty_table(set, err));
    mimic__free(set->ctx, set->slots);
    set->slots = NULL;
    set->slot_count = 0;
    mimic__buffer_free(&set->payloads);
    if (set->sorter != NULL)
        MIMIC_TRY(mimic__sorter_finish(set->sorter, err));
    return mimic__key_run_end(set->run, err);
}

load_key_run *mimic__key_set_take_run(load_key_set *set)
{
    load_key_run *const run = set->sorter == NULL && !set->is_reading ? set->run : NULL;
    if (run != NULL)
        set->run = NULL;
    return run;
}

static mimic_status start(load_key_set *set, mimic_error *err)
{
    if (set->run != NULL) {
        set->is_reading = true;
        MIMIC_TRY(mimic__key_reader_init(&set->reader, set->run, err));
        MIMIC_TRY(next_of_run(set, err));
    }
    return next_of_sorter(set, err);
}

static int compare_entries(const load_key_entry *a, const load_key_entry *b)
{
    const int order = mimic__key_compare(&a->key, &b->key);
    if (order != 0)
        return order;
    const int payloads =
        mimic__sort_compare(a->payload, a->payload_size, b->payload, b->payload_size);
    return payloads != 0 ? payloads : (a->first > b->first) - (a->first < b->first);
}

/* The next of both, copied, as reading on reuses its memory. */
static mimic_status take_next(load_key_set *set, mimic_error *err)
{
    const bool takes_run =
        set->of_sorter == NULL ||
        (set->of_run != NULL && compare_entries(set->of_run, set->of_sorter) <= 0);
    set->merged = takes_run ? *set->of_run : *set->of_sorter;
    set->merged_payload.size = 0;
    mimic__buffer_append(&set->merged_payload, set->merged.payload, set->merged.payload_size);
    set->merged.payload = (const unsigned char *)set->merged_payload.data;
    if (set->merged_payload.failed)
        return mimic__fail_memory(err);
    return takes_run ? next_of_run(set, err) : next_of_sorter(set, err);
}

/* Adds another entry of the same distinct key: the place and payload are those of the first row. */
static mimic_status combine(load_key_set *set, const load_key_entry *entry, mimic_error *err)
{
    set->merged.extra += entry->extra;
    if (entry->first > set->merged.first)
        return MIMIC_OK;
    set->merged.first = entry->first;
    set->merged_payload.size = 0;
    mimic__buffer_append(&set->merged_payload, entry->payload, entry->payload_size);
    set->merged.payload = (const unsigned char *)set->merged_payload.data;
    set->merged.payload_size = entry->payload_size;
    return set->merged_payload.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__key_set_next(load_key_set *set, const load_key_entry **out_entry,
                                 mimic_error *err)
{
    *out_entry = NULL;
    if (!set->is_started) {
        set->is_started = true;
        MIMIC_TRY(start(set, err));
    }
    if (set->of_run == NULL && set->of_sorter == NULL)
        return MIMIC_OK;
    MIMIC_TRY(take_next(set, err));
    *out_entry = &set->merged;
    if (!set->options.is_distinct)
        return MIMIC_OK;
    while (set->of_run != NULL &&
           mimic__key_compare(&set->of_run->key, &set->merged.key) == 0) {
        MIMIC_TRY(combine(set, set->of_run, err));
        MIMIC_TRY(next_of_run(set, err));
    }
    while (set->of_sorter != NULL &&
           mimic__key_compare(&set->of_sorter->key, &set->merged.key) == 0) {
        MIMIC_TRY(combine(set, set->of_sorter, err));
        MIMIC_TRY(next_of_sorter(set, err));
    }
    return MIMIC_OK;
}
