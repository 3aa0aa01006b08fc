/*
 * The half of a profile that needs no order: the present values of a batch as keys (numbers and times
 * themselves, texts as hashes), then sums and extremes, then the distinct ones with their counts. Runs
 * on any thread; of the column it reads only the set, and that only when it no longer changes.
 */
#include <string.h>

#include <mimic/coerce.h>

#include "base/calendar.h"
#include "base/hash.h"
#include "quality/quality_column.h"

#define NOT_A_NUMBER_BITS UINT64_C(0x7ff8000000000000)
/* 1900-01-01 */
#define EARLY_DAY (-25567)

static inline uint32_t slot_of(uint64_t key)
{
    key ^= key >> 32;
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 51);
}

void mimic__set_clear(quality_set *set)
{
    set->count = 0;
    memset(set->slots, 0, sizeof set->slots);
}

uint32_t mimic__set_find(const quality_set *set, uint64_t key)
{
    for (uint32_t slot = slot_of(key);; slot = (slot + 1) & (QUALITY_SLOTS - 1)) {
        const uint32_t number = set->slots[slot];
        if (number == 0)
            return QUALITY_SLOTS;
        if (set->keys[number - 1] == key)
            return number - 1;
    }
}

uint32_t mimic__set_insert(quality_set *set, uint64_t key, bool *out_new)
{
    *out_new = false;
    for (uint32_t slot = slot_of(key);; slot = (slot + 1) & (QUALITY_SLOTS - 1)) {
        const uint32_t number = set->slots[slot];
        if (number != 0 && set->keys[number - 1] == key)
            return number - 1;
        if (number != 0)
            continue;
        if (set->count == QUALITY_VALUES_MAX)
            return QUALITY_SLOTS;
        set->keys[set->count] = key;
        set->slots[slot] = (uint16_t)(set->count + 1);
        *out_new = true;
        return set->count++;
    }
}

double mimic__real_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- values as keys ---- */

/* -0 is 0, and one NaN is all. */
static uint64_t key_of(double value)
{
    uint64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    return value != value ? NOT_A_NUMBER_BITS : bits;
}

static double decimal_at(const mimic_column *data, int64_t row)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
                                    1e20, 1e21, 1e22};
    mimic_int128 whole;
    memcpy(&whole, (const char *)data->values + 16 * row, sizeof whole);
    double value = mimic__wide_to_double((mimic_wide){whole.low, (uint64_t)whole.high});
    for (int32_t left = data->scale; left > 0; left -= 22)
        value /= powers[left > 22 ? 22 : left];
    return value;
}

const char *mimic__cell_text(const mimic_column *data, int64_t row, size_t *out_size)
{
    const int32_t *offsets = data->offsets;
    const char *bytes = data->values;
    if (data->type == MIMIC_TYPE_CATEGORICAL) {
        row = ((const int32_t *)data->values)[row];
        offsets = data->dictionary->offsets;
        bytes = data->dictionary->bytes;
    }
    *out_size = (size_t)(offsets[row + 1] - offsets[row]);
    return bytes + offsets[row];
}

static uint64_t key_at(const mimic_column *data, int64_t row)
{
    size_t size;
    const char *text;
    switch (data->type) {
    case MIMIC_TYPE_BOOLEAN:
        return (((const uint8_t *)data->values)[row >> 3] >> (row & 7)) & 1;
    case MIMIC_TYPE_DECIMAL:
        return key_of(decimal_at(data, row));
    default:
        text = mimic__cell_text(data, row, &size);
        return mimic__hash64(text, size);
    }
}

#define GATHER(type, expression)                                                                   \
    do {                                                                                           \
        const type *const values = data->values;                                                   \
        if (rows == scratch->every) {                                                              \
            for (size_t i = 0; i < count; i++) {                                                   \
                const type value = values[i];                                                      \
                keys[i] = (expression);                                                            \
            }                                                                                      \
        } else {                                                                                   \
            for (size_t i = 0; i < count; i++) {                                                   \
                const type value = values[rows[i]];                                                \
                keys[i] = (expression);                                                            \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void gather_keys(const mimic_column *data, quality_scratch *scratch)
{
    const size_t count = scratch->count;
    const uint32_t *const rows = scratch->rows;
    uint64_t *const keys = scratch->keys;
    switch (data->type) {
    case MIMIC_TYPE_INT16:
        GATHER(int16_t, (uint64_t)value);
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_CATEGORICAL: /* the code, for now */
        GATHER(int32_t, (uint64_t)value);
        break;
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        GATHER(int64_t, (uint64_t)value);
        break;
    case MIMIC_TYPE_FLOAT32:
        GATHER(float, key_of((double)value));
        break;
    case MIMIC_TYPE_FLOAT64:
        GATHER(double, key_of(value));
        break;
    default:
        for (size_t i = 0; i < count; i++)
            keys[i] = key_at(data, rows[i]);
    }
}

static void gather_rows(const mimic_column *data, int64_t row_count, quality_scratch *scratch)
{
    uint32_t *const rows = scratch->places;
    size_t count = 0;
    scratch->rows = scratch->every;
    scratch->count = (size_t)row_count;
    if (data->validity == NULL || data->null_count == 0)
        return;
    for (int64_t first = 0; first < row_count; first += 8) {
        uint32_t bits = data->validity[first >> 3];
        if (row_count - first < 8)
            bits &= (1u << (row_count - first)) - 1;
        for (; bits != 0; bits &= bits - 1)
            rows[count++] = (uint32_t)first + (uint32_t)__builtin_ctz(bits);
    }
    scratch->rows = rows;
    scratch->count = count;
}

static void find_runs(quality_scratch *scratch)
{
    uint64_t *const keys = scratch->keys;
    uint32_t *const starts = scratch->starts;
    size_t runs = 0;
    uint64_t last = scratch->count == 0 ? 0 : ~keys[0];
    for (size_t i = 0; i < scratch->count; i++) {
        const uint64_t key = keys[i];
        keys[runs] = key;
        starts[runs] = (uint32_t)i;
        runs += key != last; /* what follows in a run is written over */
        last = key;
    }
    starts[runs] = (uint32_t)scratch->count;
    scratch->runs = runs;
}

/* Runs of codes become runs of hashes; each category is hashed once. */
static void hash_categories(const mimic_dictionary *texts, quality_scratch *scratch)
{
    const size_t known = texts->count < QUALITY_VALUES_MAX ? (size_t)texts->count : QUALITY_VALUES_MAX;
    memset(scratch->hashes, 0, known * sizeof *scratch->hashes);
    for (size_t i = 0; i < scratch->runs; i++) {
        const uint64_t code = scratch->keys[i];
        uint64_t hash = code < known ? scratch->hashes[code] : 0;
        if (hash == 0) {
            const int32_t start = texts->offsets[code];
            hash = mimic__hash64(texts->bytes + start, (size_t)(texts->offsets[code + 1] - start));
            if (code < known)
                scratch->hashes[code] = hash;
        }
        scratch->keys[i] = hash;
    }
}

static inline uint32_t run_length(const quality_scratch *scratch, size_t run)
{
    return scratch->starts[run + 1] - scratch->starts[run];
}

/* Values with their counts: the distinct ones of the batch where they are known, else its runs. */
typedef struct weighted {
    const uint64_t *keys;
    const uint32_t *counts;
    const uint32_t *ordinals; /* of the first one among the values present */
    size_t size;
} weighted;

static weighted weigh(quality_scratch *scratch, const quality_notes *notes)
{
    if (notes->keys != NULL && !notes->has_others)
        return (weighted){scratch->set.keys, scratch->counts, scratch->firsts, scratch->set.count};
    for (size_t i = 0; i < scratch->runs; i++)
        scratch->lengths[i] = run_length(scratch, i);
    return (weighted){scratch->keys, scratch->lengths, scratch->starts, scratch->runs};
}

/* ---- values ---- */

static void list_values(quality_scratch *scratch, quality_notes *notes)
{
    quality_set *const set = &scratch->set;
    mimic__set_clear(set);
    for (size_t i = 0; i < scratch->runs; i++) {
        bool is_new;
        const uint32_t number = mimic__set_insert(set, scratch->keys[i], &is_new);
        if (number == QUALITY_SLOTS) {
            if (!notes->has_others)
                notes->first_other = scratch->starts[i];
            notes->has_others = true;
            notes->others += run_length(scratch, i);
            continue;
        }
        if (is_new) {
            scratch->counts[number] = 0;
            scratch->firsts[number] = scratch->starts[i];
        }
        scratch->counts[number] += run_length(scratch, i);
    }
}

static bool keep_list(const quality_scratch *scratch, mimic_arena *arena, quality_notes *notes)
{
    const uint32_t count = scratch->set.count;
    notes->keys = mimic__arena_array(arena, count, sizeof *notes->keys);
    notes->counts = mimic__arena_array(arena, count, sizeof *notes->counts);
    notes->ordinals = mimic__arena_array(arena, count, sizeof *notes->ordinals);
    notes->rows = mimic__arena_array(arena, count, sizeof *notes->rows);
    if (notes->keys == NULL || notes->counts == NULL || notes->ordinals == NULL ||
        notes->rows == NULL)
        return false;
    notes->entry_count = count;
    memcpy(notes->keys, scratch->set.keys, count * sizeof *notes->keys);
    memcpy(notes->counts, scratch->counts, count * sizeof *notes->counts);
    memcpy(notes->ordinals, scratch->firsts, count * sizeof *notes->ordinals);
    for (uint32_t i = 0; i < count; i++)
        notes->rows[i] = scratch->rows[scratch->firsts[i]];
    return true;
}

static bool tally_values(const quality_set *set, const quality_scratch *scratch,
                         mimic_arena *arena, quality_notes *notes)
{
    notes->tallies = mimic__arena_array(arena, QUALITY_VALUES_MAX, sizeof *notes->tallies);
    if (notes->tallies == NULL)
        return false;
    for (size_t i = 0; i < scratch->runs; i++) {
        const uint32_t number = mimic__set_find(set, scratch->keys[i]);
        if (number == QUALITY_SLOTS)
            notes->others += run_length(scratch, i);
        else
            notes->tallies[number] += run_length(scratch, i);
    }
    return true;
}

bool mimic__bucket_key(quality_kind kind, uint64_t value, int *out_side, uint64_t *out_key)
{
    *out_side = 1;
    if (kind == QUALITY_TIME) {
        *out_key = mimic__key_of_whole((int64_t)value);
        return true;
    }
    if (kind == QUALITY_TEXT)
        return false;
    const double number =
        kind == QUALITY_NUMBER ? (double)(int64_t)value : mimic__real_of_bits(value);
    if (number == 0 || !(number - number == 0))
        return false;
    *out_side = number > 0;
    *out_key = mimic__key_of_real(number > 0 ? number : -number);
    return true;
}

static bool fill_buckets(const quality_column *column, const quality_scratch *scratch,
                         quality_notes *notes)
{
    uint64_t lowest[2] = {UINT64_MAX, UINT64_MAX};
    uint64_t highest[2] = {0, 0};
    int side;
    uint64_t key;
    for (size_t i = 0; i < scratch->runs; i++)
        if (mimic__bucket_key(column->kind, scratch->keys[i], &side, &key)) {
            lowest[side] = key < lowest[side] ? key : lowest[side];
            highest[side] = key > highest[side] ? key : highest[side];
        }
    for (side = 0; side < 2; side++)
        if (lowest[side] <= highest[side] &&
            !mimic__buckets_widen(&notes->sides[side], column->ctx, lowest[side], highest[side]))
            return false;
    for (size_t i = 0; i < scratch->runs; i++)
        if (mimic__bucket_key(column->kind, scratch->keys[i], &side, &key))
            mimic__buckets_add(&notes->sides[side], key, run_length(scratch, i));
    return true;
}

static bool fill_sketches(const quality_column *column, const quality_scratch *scratch,
                          mimic_arena *arena, quality_notes *notes)
{
    notes->registers = mimic__arena_alloc(arena, QUALITY_REGISTERS);
    if (notes->registers == NULL)
        return false;
    for (size_t i = 0; i < scratch->runs; i++) {
        const uint64_t key = scratch->keys[i];
        mimic__registers_add(notes->registers, column->kind == QUALITY_TEXT
                                                   ? key
                                                   : mimic__hash64(&key, sizeof key));
    }
    return column->kind == QUALITY_TEXT || fill_buckets(column, scratch, notes);
}

static bool look_at_values(const quality_column *column, quality_scratch *scratch,
                           mimic_arena *arena, quality_notes *notes)
{
    const int state = atomic_load_explicit(&column->state, memory_order_acquire);
    if (state == QUALITY_OPEN) {
        list_values(scratch, notes);
        return keep_list(scratch, arena, notes) &&
               (!notes->has_others || fill_sketches(column, scratch, arena, notes));
    }
    if (state == QUALITY_FULL && !tally_values(column->set, scratch, arena, notes))
        return false;
    return fill_sketches(column, scratch, arena, notes);
}

/* ---- sums and extremes ---- */

static void look_at_whole(const weighted *values, quality_facts *facts)
{
    int64_t least = INT64_MAX;
    int64_t greatest = INT64_MIN;
    for (size_t i = 0; i < values->size; i++) {
        const int64_t value = (int64_t)values->keys[i];
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    facts->finite = mimic__facts_present(facts);
    facts->least = least;
    facts->greatest = greatest;
}

/* Squares of numbers below 2^31 are below 2^62, and a run is shorter than 2^32: sums of their halves
 * need no more than 128 bits. */
static void add_small_numbers(const weighted *values, quality_whole *whole)
{
    mimic_wide squares = {0, 0};
    int64_t sum = 0;
    for (size_t i = 0; i < values->size; i++) {
        const int64_t value = (int64_t)values->keys[i];
        const uint32_t length = values->counts[i];
        sum += value * length;
        mimic_wide product;
        product.low = mimic__multiply64((uint64_t)(value * value), length, &product.high);
        (void)mimic__wide_add(&squares, product);
    }
    const quality_whole more = {mimic__wide_of(sum), squares, 0};
    mimic__whole_merge(whole, &more);
}

static void look_at_numbers(const weighted *values, quality_facts *facts)
{
    const int64_t limit = INT64_C(1) << 31;
    look_at_whole(values, facts);
    /* The sum of a batch must fit too: its rows are below 2^32. */
    const bool are_small = facts->least > -limit && facts->greatest < limit;
    if (are_small)
        add_small_numbers(values, &facts->whole);
    for (size_t i = 0; i < values->size; i++) {
        const int64_t value = (int64_t)values->keys[i];
        const uint32_t length = values->counts[i];
        facts->zeros += value == 0 ? length : 0;
        facts->negatives += value < 0 ? length : 0;
        for (uint32_t j = are_small ? length : 0; j < length; j++)
            mimic__whole_add(&facts->whole, value);
    }
}

static void look_at_times(const mimic_column *data, const weighted *values,
                          quality_facts *facts)
{
    look_at_whole(values, facts);
    const int64_t limit = data->type == MIMIC_TYPE_DATE ? EARLY_DAY
                          : data->type == MIMIC_TYPE_TIME
                              ? INT64_MIN
                              : EARLY_DAY * MIMIC_MICROSECONDS_PER_DAY;
    if (values->size > 0 && facts->least < limit)
        for (size_t i = 0; i < values->size; i++)
            facts->early += (int64_t)values->keys[i] < limit ? values->counts[i] : 0;
}

static bool look_at_reals(const mimic_context *ctx, const weighted *values,
                          quality_facts *facts)
{
    double least = 0;
    double greatest = 0;
    if (values->size == 0)
        return true;
    facts->real = mimic__alloc_zeroed(ctx, 1, sizeof *facts->real);
    if (facts->real == NULL)
        return false;
    for (size_t i = 0; i < values->size; i++) {
        const double value = mimic__real_of_bits(values->keys[i]);
        const uint32_t length = values->counts[i];
        if (!(value - value == 0)) {
            facts->not_finite += length;
            continue;
        }
        mimic__real_add(facts->real, value, length);
        facts->zeros += value == 0 ? length : 0;
        facts->negatives += value < 0 ? length : 0;
        least = facts->finite == 0 || value < least ? value : least;
        greatest = facts->finite == 0 || value > greatest ? value : greatest;
        facts->finite += length;
    }
    memcpy(&facts->least, &least, sizeof least);
    memcpy(&facts->greatest, &greatest, sizeof greatest);
    return true;
}

/* Characters of UTF-8 are the bytes that do not continue one; eight bytes at a time. */
static int64_t count_characters(const char *text, size_t size)
{
    int64_t following = 0;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) == 0)
            continue;
        const uint64_t marks = (word & ~(word << 1) & UINT64_C(0x8080808080808080)) >> 7;
        following += (int64_t)((marks * UINT64_C(0x0101010101010101)) >> 56);
    }
    for (; i < size; i++)
        following += ((unsigned char)text[i] & 0xc0) == 0x80;
    return (int64_t)size - following;
}

static void look_at_lengths(const mimic_column *data, const uint32_t *rows,
                            const weighted *values, quality_facts *facts)
{
    facts->shortest = values->size == 0 ? -1 : INT64_MAX;
    for (size_t i = 0; i < values->size; i++) {
        size_t size;
        const char *const text =
            mimic__cell_text(data, rows[values->ordinals[i]], &size);
        const int64_t length =
            data->type == MIMIC_TYPE_BINARY ? (int64_t)size : count_characters(text, size);
        facts->characters += length * values->counts[i];
        facts->shortest = length < facts->shortest ? length : facts->shortest;
        facts->longest = length > facts->longest ? length : facts->longest;
    }
}

static bool look_at_facts(const quality_column *column, const mimic_column *data,
                          quality_scratch *scratch, quality_notes *notes)
{
    const weighted values = weigh(scratch, notes);
    quality_facts *const facts = &notes->facts;
    switch (column->kind) {
    case QUALITY_NUMBER:
        look_at_numbers(&values, facts);
        return true;
    case QUALITY_TIME:
        look_at_times(data, &values, facts);
        return true;
    case QUALITY_REAL:
        return look_at_reals(column->ctx, &values, facts);
    default:
        look_at_lengths(data, scratch->rows, &values, facts);
        return true;
    }
}

bool mimic__column_look(const quality_column *column, const mimic_column *data, int64_t row_count,
                        quality_scratch *scratch, mimic_arena *arena, quality_notes *notes)
{
    gather_rows(data, row_count, scratch);
    gather_keys(data, scratch);
    find_runs(scratch);
    if (data->type == MIMIC_TYPE_CATEGORICAL)
        hash_categories(data->dictionary, scratch);
    notes->facts = (quality_facts){.rows = row_count,
                                   .nulls = row_count - (int64_t)scratch->count,
                                   .shortest = -1};
    return look_at_values(column, scratch, arena, notes) &&
           look_at_facts(column, data, scratch, notes);
}

void mimic__notes_free(const mimic_context *ctx, quality_notes *notes)
{
    mimic__free(ctx, notes->facts.real);
    for (int side = 0; side < 2; side++)
        mimic__buckets_free(&notes->sides[side], ctx);
}
