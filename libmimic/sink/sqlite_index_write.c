/*
 * The trees of the indexes (sqlite_index.h): entries come out of a sorter in order, each standing
 * for some rowids in a row, and go into the tree as records.
 */
#include "base/error.h"
#include "schema/schema_ddl.h"
#include "sink/sqlite_index_internal.h"
#include "sink/sqlite_index_tree.h"

#define PAIRS_AT_ONCE 128

/* ---- two rows with the same key: check_rows let one pass ---- */

static mimic_status say_twice(const mimic_sqlite_index *index, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_INTERNAL, "the key %s holds a value twice", index->name);
}

/* ---- pairs ---- */

/*
 * The records of an entry: one column, an integer or NULL, and the rowid. A cell (size, header, two
 * values) is built to end where the buffer ends: the rowid last, and what is the same for all rows
 * before it, in one piece of 16 bytes, of which the last `size` count.
 */
static mimic_status add_pair(mimic_sqlite_index_tree *tree, const mimic_sort_pair *pair,
                             mimic_error *err)
{
    enum { COMMON = 16, END = MIMIC_SQLITE_SMALL_CELL };
    unsigned char cell[END] = {0};
    unsigned char value[8];
    unsigned char common[COMMON] = {0};
    unsigned char serial = MIMIC_SQLITE_SERIAL_NULL;
    size_t size = 0;
    if (pair->hi != 0 || (pair->lo & SMALLEST_MARK) != 0)
        size = mimic__sqlite_put_integer(value, (int64_t)(pair->hi ^ SIGN_BIT), &serial);
    memcpy(common + COMMON - size, value, size);
    size += 4;
    unsigned char *const head = common + COMMON - size;
    head[1] = 3;
    head[2] = serial;
    const int64_t first = (int64_t)first_rowid(pair->lo);
    const int64_t last = first + (int64_t)(pair->lo & REPEATS_MAX);
    for (int64_t rowid = first; rowid <= last; rowid++) {
        const size_t width = mimic__sqlite_put_integer(value, rowid, &head[3]);
        mimic__sqlite_put64(cell + END - 8, (uint64_t)rowid);
        head[0] = (unsigned char)(size - 1 + width);
        memcpy(cell + END - width - COMMON, common, COMMON);
        MIMIC_TRY(mimic__sqlite_index_tree_add_small(tree, cell, size + width, err));
    }
    return MIMIC_OK;
}

static mimic_status add_pairs(const mimic_sqlite_index *index, mimic_sqlite_index_tree *tree,
                              mimic_error *err)
{
    mimic_sort_pair pairs[PAIRS_AT_ONCE];
    mimic_sort_pair before = {0};
    size_t count = 0;
    do {
        MIMIC_TRY(mimic__sorter_next_pairs(index->sorter, pairs, PAIRS_AT_ONCE, &count, err));
        for (size_t i = 0; i < count; i++) {
            const bool is_twice = (pairs[i].lo & REPEATS_MAX) != 0 || pairs[i].hi == before.hi;
            if (index->is_key && pairs[i].hi != 0 && is_twice)
                return say_twice(index, err);
            before = pairs[i];
            MIMIC_TRY(add_pair(tree, &pairs[i], err));
        }
    } while (count > 0);
    return MIMIC_OK;
}

/* ---- strings ---- */

/* What the strings of an index need: the record, and the key before. */
typedef struct string_room {
    unsigned char record[MIMIC_SQLITE_KEY_RECORD_MAX];
    unsigned char before[MIMIC_SQLITE_KEY_MAX];
    size_t before_size;
} string_room;

static bool has_null(const unsigned char *key, size_t column_count)
{
    for (size_t i = 0; i < column_count; i++) {
        if (mimic__sqlite_key_is_null(key))
            return true;
        key += mimic__sqlite_key_column_size(key);
    }
    return false;
}

static bool is_twice(const mimic_sqlite_index *index, const string_room *room,
                     const unsigned char *key, size_t size, uint64_t lo)
{
    const bool is_same = (lo & REPEATS_MAX) != 0 ||
                         (room->before_size == size && memcmp(room->before, key, size) == 0);
    return is_same && !has_null(key, index->column_count);
}

static mimic_status add_strings(const mimic_sqlite_index *index, mimic_sqlite_index_tree *tree,
                                string_room *room, mimic_error *err)
{
    for (;;) {
        const unsigned char *string = NULL;
        size_t size = 0;
        MIMIC_TRY(mimic__sorter_next_string(index->sorter, &string, &size, err));
        if (string == NULL)
            return MIMIC_OK;
        const uint64_t lo = get_lo(string, size);
        size -= 8;
        if (index->is_key) {
            if (is_twice(index, room, string, size, lo))
                return say_twice(index, err);
            memcpy(room->before, string, size);
            room->before_size = size;
        }
        for (uint64_t i = 0; i <= (lo & REPEATS_MAX); i++) {
            const size_t record_size = mimic__sqlite_key_record(
                string, index->column_count, (int64_t)(first_rowid(lo) + i), room->record);
            MIMIC_TRY(mimic__sqlite_index_tree_add(tree, room->record, record_size, err));
        }
    }
}

/* ---- an index ---- */

static mimic_status add_entries(const mimic_context *ctx, mimic_sqlite_index *index,
                                mimic_sqlite_index_tree *tree, mimic_error *err)
{
    MIMIC_TRY(mimic__sqlite_index_add_pending(index, err));
    MIMIC_TRY(mimic__sorter_finish(index->sorter, err));
    if (index->is_integer)
        return add_pairs(index, tree, err);
    string_room *room = mimic__alloc(ctx, sizeof *room);
    if (room == NULL)
        return mimic__fail_memory(err);
    room->before_size = 0;
    const mimic_status status = add_strings(index, tree, room, err);
    mimic__free(ctx, room);
    return status;
}

static mimic_status write_index(const mimic_context *ctx, mimic_sqlite_index *index,
                                mimic_sqlite_pages *pages, mimic_error *err)
{
    mimic_sqlite_index_tree tree;
    mimic__sqlite_index_tree_init(&tree, pages, index->root);
    mimic_status status = add_entries(ctx, index, &tree, err);
    if (status == MIMIC_OK)
        status = mimic__sqlite_index_tree_finish(&tree, err);
    mimic__sqlite_index_tree_free(&tree);
    return status;
}

mimic_status mimic__sqlite_indexes_write(mimic_sqlite_indexes *indexes, mimic_sqlite_pages *pages,
                                         bool only_keys, mimic_error *err)
{
    for (size_t i = 0; i < indexes->count; i++) {
        mimic_sqlite_index *const index = &indexes->items[i];
        if (!index->is_given_up && (index->is_key || !only_keys))
            MIMIC_TRY(write_index(indexes->options.ctx, index, pages, err));
        mimic__sqlite_index_free(index);
    }
    return MIMIC_OK;
}

/* Runs a statement on an index. */
static mimic_status run(const mimic_sqlite_indexes *indexes, const char *statement,
                        const char *name, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, indexes->options.ctx);
    mimic__buffer_format(&sql, "%s main.", statement);
    mimic__sql_quote_identifier(&sql, name);
    mimic__buffer_byte(&sql, '\0');
    const mimic_status status = sql.failed ? mimic__fail_memory(err)
                                           : mimic__sqlite_exec(indexes->options.db, sql.data, err);
    mimic__buffer_free(&sql);
    return status;
}

mimic_status mimic__sqlite_indexes_drop(mimic_sqlite_indexes *indexes, mimic_error *err)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (!indexes->items[i].is_key)
            MIMIC_TRY(run(indexes, "DROP INDEX", indexes->items[i].name, err));
    return MIMIC_OK;
}

mimic_status mimic__sqlite_indexes_complete(mimic_sqlite_indexes *indexes, mimic_error *err)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (indexes->items[i].is_given_up)
            MIMIC_TRY(run(indexes, "REINDEX", indexes->items[i].name, err));
    return MIMIC_OK;
}
