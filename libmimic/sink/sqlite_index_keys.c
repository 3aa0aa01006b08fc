/* Entries of indexes from batches (sqlite_index.h): the half that runs on any thread. */
#include "base/error.h"
#include "sink/sqlite_index_internal.h"

/* The rows of a batch, as they are stored. */
typedef struct row_walk {
    const mimic_batch *batch;
    int64_t end_row;
    const uint8_t *skip;
    bool has_rowid_field;
    mimic_sqlite_cell rowid; /* the field that is the rowid */
} row_walk;

static int64_t get_integer(const mimic_sqlite_cell *cell, int64_t row)
{
    const void *const values = cell->values;
    switch (cell->storage) {
    case MIMIC_SQLITE_AS_BIT:
        return (((const uint8_t *)values)[row >> 3] >> (row & 7)) & 1;
    case MIMIC_SQLITE_AS_INT16:
        return ((const int16_t *)values)[row];
    case MIMIC_SQLITE_AS_INT32:
        return ((const int32_t *)values)[row];
    default:
        return ((const int64_t *)values)[row];
    }
}

static inline bool is_stored(const row_walk *walk, int64_t row)
{
    return walk->skip == NULL || walk->skip[row] == 0;
}

/* lo of a row; false when the rowid does not fit. */
static inline bool get_lo_of(const row_walk *walk, int64_t row, uint64_t *out_lo)
{
    const int64_t rowid =
        walk->has_rowid_field ? get_integer(&walk->rowid, row) : walk->batch->first_row + row + 1;
    *out_lo = (uint64_t)rowid << ROWID_SHIFT;
    return rowid >= 0 && rowid < ROWID_END;
}

/* ---- one column of integers ---- */

static inline void add_pair(mimic_sqlite_entries *entries, uint64_t hi, uint64_t lo)
{
    mimic_sort_pair *const last = entries->pairs + entries->pair_count;
    if (entries->pair_count > 0 && last[-1].hi == hi && continues(last[-1].lo, lo))
        last[-1].lo = joined(last[-1].lo, lo);
    else
        entries->pairs[entries->pair_count++] = (mimic_sort_pair){hi, lo};
}

static void make_pairs(mimic_sqlite_entries *entries, const row_walk *walk,
                       const mimic_sqlite_cell *cell)
{
    for (int64_t row = 0; row < walk->end_row; row++) {
        if (!is_stored(walk, row))
            continue;
        const bool is_present =
            cell->validity == NULL || ((cell->validity[row >> 3] >> (row & 7)) & 1) != 0;
        uint64_t lo = 0;
        entries->is_left |= !get_lo_of(walk, row, &lo);
        uint64_t hi = 0;
        if (is_present) {
            hi = (uint64_t)get_integer(cell, row) ^ SIGN_BIT;
            lo |= hi == 0 ? SMALLEST_MARK : 0;
        }
        add_pair(entries, hi, lo);
    }
}

/* ---- any columns ---- */

/* Appends an entry, or lets the last one go on. `*last` is where that one begins. */
static void add_string(mimic_buffer *strings, size_t *last, const mimic_sqlite_key *key,
                       uint64_t lo)
{
    const uint32_t size = (uint32_t)key->size + 8;
    if (strings->size > 0) {
        unsigned char *const string = (unsigned char *)strings->data + *last;
        uint32_t last_size;
        memcpy(&last_size, string, sizeof last_size);
        const uint64_t last_lo = get_lo(string + sizeof last_size, last_size);
        if (last_size == size && continues(last_lo, lo) &&
            memcmp(string + sizeof last_size, key->bytes, key->size) == 0) {
            put_lo(string + sizeof last_size, last_size, joined(last_lo, lo));
            return;
        }
    }
    unsigned char tail[8];
    put_lo(tail, sizeof tail, lo);
    *last = strings->size;
    mimic__buffer_append(strings, &size, sizeof size);
    mimic__buffer_append(strings, key->bytes, key->size);
    mimic__buffer_append(strings, tail, sizeof tail);
}

/* Entries, and for a PRIMARY KEY or UNIQUE the facts about its keys. */
static bool make_strings(mimic_sqlite_entries *entries, const row_walk *walk,
                         const mimic_sqlite_index *index, mimic_sqlite_cell *cells,
                         mimic_sqlite_key *key)
{
    size_t last = 0;
    for (int64_t row = 0; row < walk->end_row && !entries->is_left; row++) {
        if (!is_stored(walk, row))
            continue;
        uint64_t lo = 0;
        entries->is_left = !get_lo_of(walk, row, &lo) ||
                           !mimic__sqlite_key_make(key, cells, index->column_count, row);
        if (entries->is_left)
            break;
        if (!index->is_integer)
            add_string(&entries->strings, &last, key, lo);
        if (index->is_key &&
            !mimic__sqlite_facts_add(&entries->facts, row, key, index->column_count))
            return false;
    }
    return !entries->strings.failed;
}

/* ---- a batch ---- */

static bool make_entries(mimic_sqlite_entries *entries, const row_walk *walk,
                         const mimic_sqlite_index *index, const mimic_context *ctx,
                         bool integer_times)
{
    mimic_sqlite_cell cells[MIMIC_SQLITE_KEY_COLUMNS_MAX];
    for (size_t i = 0; i < index->column_count; i++) {
        const mimic_column *const column = &walk->batch->columns[index->fields[i]];
        mimic__sqlite_cell_init(&cells[i], column->type, integer_times);
        mimic__sqlite_cell_bind(&cells[i], column);
    }
    mimic__buffer_init(&entries->strings, ctx);
    if (index->is_integer) {
        entries->pairs =
            mimic__alloc_array(ctx, (size_t)walk->batch->row_count + 1, sizeof *entries->pairs);
        if (entries->pairs == NULL)
            return false;
        make_pairs(entries, walk, &cells[0]);
    }
    if (index->is_integer && !index->is_key)
        return true;
    if (index->is_key && !mimic__sqlite_facts_init(&entries->facts, ctx, walk->batch->row_count))
        return false;
    mimic_sqlite_key *const key = mimic__alloc(ctx, sizeof *key);
    if (key == NULL)
        return false;
    const bool is_made = make_strings(entries, walk, index, cells, key);
    mimic__free(ctx, key);
    return is_made;
}

mimic_status mimic__sqlite_keys_encode(const mimic_sqlite_indexes *indexes,
                                       const mimic_batch *batch, int64_t end_row,
                                       const uint8_t *skip, mimic_sqlite_keys **out_keys,
                                       mimic_error *err)
{
    const mimic_context *const ctx = indexes->options.ctx;
    row_walk walk = {.batch = batch, .end_row = end_row, .skip = skip};
    const ptrdiff_t rowid_field = indexes->rowid_field;
    *out_keys = NULL;
    if (rowid_field >= 0) {
        walk.has_rowid_field = true;
        mimic__sqlite_cell_init(&walk.rowid, batch->columns[rowid_field].type, true);
        mimic__sqlite_cell_bind(&walk.rowid, &batch->columns[rowid_field]);
    }
    mimic_sqlite_keys *keys = mimic__alloc_zeroed(ctx, 1, sizeof *keys);
    if (keys == NULL)
        return mimic__fail_memory(err);
    keys->indexes = indexes;
    keys->row_count = batch->row_count;
    keys->entries = mimic__alloc_zeroed(ctx, indexes->count + 1, sizeof *keys->entries);
    bool is_made = keys->entries != NULL;
    for (size_t i = 0; i < indexes->count && is_made; i++)
        if (!indexes->items[i].is_left)
            is_made = make_entries(&keys->entries[i], &walk, &indexes->items[i], ctx,
                                   indexes->options.integer_times);
    if (!is_made) {
        mimic__sqlite_keys_free(keys);
        return mimic__fail_memory(err);
    }
    *out_keys = keys;
    return MIMIC_OK;
}

void mimic__sqlite_keys_free(mimic_sqlite_keys *keys)
{
    if (keys == NULL)
        return;
    const mimic_context *const ctx = keys->indexes->options.ctx;
    for (size_t i = 0; i < keys->indexes->count && keys->entries != NULL; i++) {
        mimic_sqlite_entries *const entries = &keys->entries[i];
        mimic__free(ctx, entries->pairs);
        if (entries->strings.ctx != NULL)
            mimic__buffer_free(&entries->strings);
        mimic__sqlite_facts_free(&entries->facts, ctx);
    }
    mimic__free(ctx, keys->entries);
    mimic__free(ctx, keys);
}
