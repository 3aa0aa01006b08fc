/*
 * The part of gathering keys that runs on the workers: of every batch, the keys and where they stand.
 * Ids repeat from row to row, and those that do not (codes of items) are few in a batch: rows of one
 * key are gathered here, so that what must go in order is little.
 */
#include "base/error.h"
#include "load/load_keys_internal.h"

#define FIRST_SLOTS 1024
#define STEPS_A_NOTE 6

static bool reserve(const mimic_context *ctx, keys_notes *notes, size_t capacity)
{
    if (capacity <= notes->capacity)
        return true;
    key_note *const grown =
        mimic__realloc(ctx, notes->items, notes->capacity * sizeof *grown, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    notes->items = grown;
    notes->capacity = capacity;
    return true;
}

/*
 * Files are sorted by patient as a rule, and keys nearly so: within a batch they are put in order where
 * that takes a few steps, as keys that ascend need no sorting later.
 */
static void sort_nearly_sorted(keys_notes *notes)
{
    key_note *const items = notes->items;
    size_t descents = 0;
    for (size_t i = 1; i < notes->count; i++)
        descents += mimic__key_compare(&items[i - 1].key, &items[i].key) > 0;
    if (descents == 0 || descents > notes->count / 4)
        return;
    size_t steps = STEPS_A_NOTE * notes->count;
    for (size_t i = 1; i < notes->count && steps > 0; i++) {
        const key_note note = items[i];
        size_t at = i;
        for (; at > 0 && mimic__key_compare(&items[at - 1].key, &note.key) > 0; at--)
            items[at] = items[at - 1];
        items[at] = note;
        steps = steps > i - at ? steps - (i - at) : 0;
    }
}

/* ---- every row ---- */

static const int32_t *plain_int32(const key_collector *collector, const mimic_batch *batch)
{
    const mimic_column *const column = &batch->columns[collector->places[0]];
    return collector->columns.count == 1 && column->type == MIMIC_TYPE_INT32 &&
                   column->validity == NULL
               ? column->values
               : NULL;
}

static bool is_ascending(const int32_t *values, size_t count)
{
    bool ascends = true;
    for (size_t i = 1; i < count; i++)
        ascends &= values[i - 1] < values[i];
    return ascends;
}

mimic_status mimic__keys_look_rows(const mimic_context *ctx, const key_collector *collector,
                                   const mimic_batch *batch, keys_notes *notes, mimic_error *err)
{
    const size_t rows = (size_t)batch->row_count;
    const int32_t *const values = plain_int32(collector, batch);
    mimic_buffer scratch;
    if (values != NULL && is_ascending(values, rows)) {
        notes->ascending = values;
        return MIMIC_OK;
    }
    mimic__buffer_init(&scratch, ctx);
    if (!reserve(ctx, notes, rows))
        return mimic__fail_memory(err);
    for (size_t row = 0; row < rows; row++) {
        key_note *const note = &notes->items[notes->count];
        note->row = (uint32_t)row;
        note->count = 1;
        if (values != NULL)
            note->key = mimic__key_of_integer(values[row]);
        else if (!mimic__key_make(batch, &collector->columns, (int64_t)row, &scratch, &note->key))
            continue;
        notes->count++;
    }
    const bool failed = scratch.failed;
    mimic__buffer_free(&scratch);
    sort_nearly_sorted(notes);
    return failed ? mimic__fail_memory(err) : MIMIC_OK;
}

/* ---- distinct keys ---- */

typedef struct gathering {
    const mimic_context *ctx;
    keys_notes *notes;
    uint32_t *slots; /* number of a note + 1; 0 = free */
    size_t slot_count;
} gathering;

static uint32_t *find(const gathering *g, const load_key *key)
{
    uint64_t hash = (key->hi ^ key->lo) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    size_t at = (size_t)hash & (g->slot_count - 1);
    while (g->slots[at] != 0 &&
           mimic__key_compare(&g->notes->items[g->slots[at] - 1].key, key) != 0)
        at = (at + 1) & (g->slot_count - 1);
    return &g->slots[at];
}

static bool grow(gathering *g)
{
    const size_t count = g->slot_count == 0 ? FIRST_SLOTS : 4 * g->slot_count;
    uint32_t *const slots = mimic__alloc_zeroed(g->ctx, count, sizeof *slots);
    if (slots == NULL || !reserve(g->ctx, g->notes, count / 2)) {
        mimic__free(g->ctx, slots);
        return false;
    }
    mimic__free(g->ctx, g->slots);
    g->slots = slots;
    g->slot_count = count;
    for (size_t i = 0; i < g->notes->count; i++)
        *find(g, &g->notes->items[i].key) = (uint32_t)i + 1;
    return true;
}

/* False when memory ran out. */
static inline bool gather(gathering *g, const load_key *key, size_t row, size_t count)
{
    uint32_t *slot = find(g, key);
    if (*slot != 0) {
        g->notes->items[*slot - 1].count += (uint32_t)count;
        return true;
    }
    if (2 * g->notes->count >= g->slot_count) {
        if (!grow(g))
            return false;
        slot = find(g, key);
    }
    g->notes->items[g->notes->count] = (key_note){*key, (uint32_t)row, (uint32_t)count};
    *slot = (uint32_t)++g->notes->count;
    return true;
}

/* Of a column of 32-bit integers, which most ids are. */
static bool gather_int32(gathering *g, const mimic_column *column, size_t rows)
{
    const int32_t *const values = column->values;
    for (size_t row = 0, end; row < rows; row = end) {
        const int32_t value = values[row];
        const bool is_valid = mimic_column_is_valid(column, (int64_t)row) != 0;
        end = row + 1;
        if (column->validity == NULL)
            while (end < rows && values[end] == value)
                end++;
        else
            while (end < rows && (mimic_column_is_valid(column, (int64_t)end) != 0) == is_valid &&
                   (values[end] == value || !is_valid))
                end++;
        const load_key key = mimic__key_of_integer(value);
        if (is_valid && !gather(g, &key, row, end - row))
            return false;
    }
    return true;
}

static bool gather_any(gathering *g, const load_key_columns *columns, const mimic_batch *batch,
                       mimic_buffer *scratch)
{
    for (int64_t row = 0, end; row < batch->row_count; row = end) {
        load_key key;
        for (end = row + 1;
             end < batch->row_count && mimic__key_is_same(batch, columns, end - 1, end);)
            end++;
        if (mimic__key_make(batch, columns, row, scratch, &key) &&
            !gather(g, &key, (size_t)row, (size_t)(end - row)))
            return false;
    }
    return !scratch->failed;
}

mimic_status mimic__keys_look_distinct(const mimic_context *ctx, const key_collector *collector,
                                       const mimic_batch *batch, keys_notes *notes,
                                       mimic_error *err)
{
    const mimic_column *const first = &batch->columns[collector->places[0]];
    const bool is_plain = collector->columns.count == 1 && first->type == MIMIC_TYPE_INT32;
    gathering g = {ctx, notes, NULL, 0};
    mimic_buffer scratch;
    mimic__buffer_init(&scratch, ctx);
    bool is_done = grow(&g);
    if (is_done)
        is_done = is_plain ? gather_int32(&g, first, (size_t)batch->row_count)
                           : gather_any(&g, &collector->columns, batch, &scratch);
    mimic__buffer_free(&scratch);
    mimic__free(ctx, g.slots);
    sort_nearly_sorted(notes);
    return is_done ? MIMIC_OK : mimic__fail_memory(err);
}
