/*
 * The half of a profile that needs order: what look wrote down is added to the column. The first
 * QUALITY_VALUES_MAX distinct values stay in the order of rows, so that the set does not depend on
 * batches; once it is full it is shown to the workers (a release of `state`) and never changes.
 */
#include "quality/quality_column.h"

#include <string.h>

#include "base/hash.h"

quality_kind mimic__quality_kind(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
        return QUALITY_NUMBER;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_DECIMAL:
        return QUALITY_REAL;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        return QUALITY_TEXT;
    default:
        return QUALITY_TIME;
    }
}

bool mimic__column_init(quality_column *column, const mimic_context *ctx, const mimic_field *field)
{
    *column = (quality_column){.ctx = ctx,
                               .field = field,
                               .kind = mimic__quality_kind(field->type),
                               .facts = {.shortest = -1}};
    atomic_init(&column->state, QUALITY_OPEN);
    mimic__arena_init(&column->arena, ctx);
    column->set = mimic__alloc(ctx, sizeof *column->set);
    if (column->set != NULL)
        mimic__set_clear(column->set); /* what no value needs is not touched */
    column->counts = mimic__alloc_array(ctx, QUALITY_VALUES_MAX, sizeof *column->counts);
    if (column->kind == QUALITY_TEXT)
        column->texts = mimic__alloc_array(ctx, QUALITY_VALUES_MAX, sizeof *column->texts);
    return column->set != NULL && column->counts != NULL &&
           (column->kind != QUALITY_TEXT || column->texts != NULL);
}

void mimic__column_free(quality_column *column)
{
    if (column->ctx == NULL)
        return;
    mimic__free(column->ctx, column->set);
    mimic__free(column->ctx, column->counts);
    mimic__free(column->ctx, column->texts);
    mimic__free(column->ctx, column->registers);
    mimic__free(column->ctx, column->facts.real);
    for (int side = 0; side < 2; side++)
        mimic__buckets_free(&column->sides[side], column->ctx);
    mimic__arena_free(&column->arena);
}

/* ---- sums and extremes ---- */

static bool is_less(quality_kind kind, int64_t a, int64_t b)
{
    return kind == QUALITY_REAL
               ? mimic__real_of_bits((uint64_t)a) < mimic__real_of_bits((uint64_t)b)
               : a < b;
}

static bool add_facts(quality_column *column, const quality_facts *more)
{
    quality_facts *const facts = &column->facts;
    if (more->finite > 0) {
        if (facts->finite == 0 || is_less(column->kind, more->least, facts->least))
            facts->least = more->least;
        if (facts->finite == 0 || is_less(column->kind, facts->greatest, more->greatest))
            facts->greatest = more->greatest;
    }
    if (more->shortest >= 0 && (facts->shortest < 0 || more->shortest < facts->shortest))
        facts->shortest = more->shortest;
    if (more->longest > facts->longest)
        facts->longest = more->longest;
    facts->rows += more->rows;
    facts->nulls += more->nulls;
    facts->zeros += more->zeros;
    facts->negatives += more->negatives;
    facts->not_finite += more->not_finite;
    facts->early += more->early;
    facts->characters += more->characters;
    facts->finite += more->finite;
    mimic__whole_merge(&facts->whole, &more->whole);
    if (more->real == NULL)
        return true;
    if (facts->real == NULL)
        facts->real = mimic__alloc_zeroed(column->ctx, 1, sizeof *facts->real);
    if (facts->real == NULL)
        return false;
    mimic__real_merge(facts->real, more->real);
    return true;
}

/* ---- sketches ---- */

static bool sketch_value(quality_column *column, uint64_t key, int64_t count)
{
    int side;
    uint64_t place;
    mimic__registers_add(column->registers, column->kind == QUALITY_TEXT
                                                ? key
                                                : mimic__hash64(&key, sizeof key));
    if (!mimic__bucket_key(column->kind, key, &side, &place))
        return true;
    if (!mimic__buckets_widen(&column->sides[side], column->ctx, place, place))
        return false;
    mimic__buckets_add(&column->sides[side], place, count);
    return true;
}

/* Begins the sketches with what the set counted so far. */
static bool begin_sketches(quality_column *column)
{
    column->registers = mimic__alloc_zeroed(column->ctx, QUALITY_REGISTERS, 1);
    if (column->registers == NULL)
        return false;
    for (uint32_t i = 0; i < column->set->count; i++)
        if (!sketch_value(column, column->set->keys[i], column->counts[i]))
            return false;
    return true;
}

static bool add_sketches(quality_column *column, const quality_notes *notes)
{
    if (notes->registers == NULL) {
        for (uint32_t i = 0; i < notes->entry_count; i++)
            if (!sketch_value(column, notes->keys[i], notes->counts[i]))
                return false;
        return true;
    }
    mimic__registers_merge(column->registers, notes->registers);
    return mimic__buckets_merge(&column->sides[0], column->ctx, &notes->sides[0]) &&
           mimic__buckets_merge(&column->sides[1], column->ctx, &notes->sides[1]);
}

/* ---- values ---- */

static bool overflows(const quality_column *column, const quality_notes *notes)
{
    uint32_t room = QUALITY_VALUES_MAX - column->set->count;
    if (notes->has_others)
        return true;
    if (notes->entry_count <= room)
        return false;
    for (uint32_t i = 0; i < notes->entry_count; i++)
        if (mimic__set_find(column->set, notes->keys[i]) == QUALITY_SLOTS && room-- == 0)
            return true;
    return false;
}

static bool keep_text(quality_column *column, uint32_t number, const mimic_column *data,
                      int64_t row)
{
    size_t size;
    const char *const text = mimic__cell_text(data, row, &size);
    size_t kept = size > QUALITY_TEXT_MAX ? QUALITY_TEXT_MAX : size;
    while (kept < size && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    quality_text *const entry = &column->texts[number];
    entry->data = mimic__arena_strndup(&column->arena, text, kept);
    entry->size = (uint32_t)kept;
    entry->is_cut = kept < size;
    return entry->data != NULL;
}

/* *first_other: the ordinal of the first value for which there is no room. */
static bool add_list(quality_column *column, const mimic_column *data, const quality_notes *notes,
                     uint32_t *first_other)
{
    const bool is_open = atomic_load_explicit(&column->state, memory_order_relaxed) == QUALITY_OPEN;
    for (uint32_t i = 0; i < notes->entry_count; i++) {
        bool is_new = false;
        const uint32_t number = is_open
                                    ? mimic__set_insert(column->set, notes->keys[i], &is_new)
                                    : mimic__set_find(column->set, notes->keys[i]);
        if (number == QUALITY_SLOTS) {
            column->others += notes->counts[i];
            if (notes->ordinals[i] < *first_other)
                *first_other = notes->ordinals[i];
            continue;
        }
        if (is_new) {
            column->counts[number] = 0;
            if (column->texts != NULL && !keep_text(column, number, data, notes->rows[i]))
                return false;
        }
        column->counts[number] += notes->counts[i];
    }
    column->others += notes->others;
    return true;
}

/* A set that fills up among twice as many values would count values that are met once. */
static void close_set(quality_column *column, int64_t values_before)
{
    const quality_state state =
        values_before < 2 * QUALITY_VALUES_MAX ? QUALITY_UNTOLD : QUALITY_FULL;
    atomic_store_explicit(&column->state, state, memory_order_release);
}

bool mimic__column_take(quality_column *column, const mimic_column *data,
                        const quality_notes *notes)
{
    const int64_t present = mimic__facts_present(&column->facts);
    const bool was_open = atomic_load_explicit(&column->state, memory_order_relaxed) == QUALITY_OPEN;
    if (!add_facts(column, &notes->facts))
        return false;
    if (notes->tallies != NULL)
        for (uint32_t i = 0; i < column->set->count; i++)
            column->counts[i] += notes->tallies[i];
    const bool is_closing = was_open && overflows(column, notes);
    if (is_closing && !begin_sketches(column))
        return false;
    if ((is_closing || !was_open) && !add_sketches(column, notes))
        return false;
    uint32_t first_other = notes->has_others ? notes->first_other : UINT32_MAX;
    if (!add_list(column, data, notes, &first_other))
        return false;
    if (is_closing)
        close_set(column, present + first_other);
    return true;
}
