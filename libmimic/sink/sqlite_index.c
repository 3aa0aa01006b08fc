/*
 * See sqlite_index.h: the indexes of a table as SQLite tells them, and their entries on the way to
 * the sorters. Keys are looked at in SQLite's own order (PRAGMA index_list), so that of several
 * keys of a row that were there before the same one is named.
 */
#include <stdlib.h>

#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sqlite_index_internal.h"

#define MEMORY_BYTES ((size_t)16 << 20)
#define ROWS_KEPT 120000 /* of all keys together; some 70 bytes a row */

/* ---- what SQLite says ---- */

static const char INDEX_QUERY[] =
    "SELECT l.seq, l.name, l.\"unique\", l.origin, l.partial, m.rootpage, x.cid, x.\"desc\", "
    "x.coll,"
    " x.key FROM pragma_index_list(%s, 'main') AS l"
    " JOIN main.sqlite_master AS m ON m.type = 'index' AND m.name = l.name,"
    " pragma_index_xinfo(l.name, 'main') AS x ORDER BY l.seq, x.seqno";
enum {
    SAID_SEQ,
    SAID_NAME,
    SAID_UNIQUE,
    SAID_ORIGIN,
    SAID_PARTIAL,
    SAID_ROOT,
    SAID_FIELD,
    SAID_DESC,
    SAID_COLLATION,
    SAID_IS_KEY
};

/* A literal of SQL. */
static void put_literal(mimic_buffer *sql, const char *text)
{
    mimic__buffer_byte(sql, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            mimic__buffer_byte(sql, '\'');
        mimic__buffer_byte(sql, *text);
    }
    mimic__buffer_byte(sql, '\'');
}

typedef struct index_hearing {
    mimic_sqlite_indexes *indexes;
    size_t capacity;
    long last_seq;
    bool is_out_of_memory;
} index_hearing;

static bool add_index(index_hearing *hearing, char **said)
{
    mimic_sqlite_indexes *const indexes = hearing->indexes;
    mimic_sqlite_index *const grown = mimic__array_grow(
        indexes->options.ctx, indexes->items, indexes->count, &hearing->capacity, sizeof *grown);
    if (grown == NULL)
        return false;
    indexes->items = grown;
    mimic_sqlite_index *const index = &grown[indexes->count++];
    *index = (mimic_sqlite_index){
        .name = mimic__arena_strdup(&indexes->arena, said[SAID_NAME]),
        .root = (uint32_t)strtoul(said[SAID_ROOT], NULL, 10),
        .is_key = said[SAID_UNIQUE][0] == '1',
        .is_primary = strcmp(said[SAID_ORIGIN], "pk") == 0,
        .is_left = said[SAID_PARTIAL][0] != '0',
    };
    mimic__buffer_init(&index->pending_string, indexes->options.ctx);
    return index->name != NULL;
}

static void add_column(mimic_sqlite_indexes *indexes, mimic_sqlite_index *index, char **said)
{
    const long field = strtol(said[SAID_FIELD], NULL, 10);
    if (said[SAID_IS_KEY][0] == '0') {
        index->is_left |= field != -1; /* not a rowid table */
        return;
    }
    if (field < 0 || (size_t)field >= indexes->options.table->field_count ||
        said[SAID_DESC][0] != '0' || said[SAID_COLLATION] == NULL ||
        strcmp(said[SAID_COLLATION], "BINARY") != 0 ||
        index->column_count == MIMIC_SQLITE_KEY_COLUMNS_MAX)
        index->is_left = true;
    else
        index->fields[index->column_count++] = (size_t)field;
}

static int hear_column(void *ctx, int count, char **said, char **names)
{
    index_hearing *const hearing = ctx;
    (void)count;
    (void)names;
    const long seq = strtol(said[SAID_SEQ], NULL, 10);
    if (seq != hearing->last_seq && !add_index(hearing, said)) {
        hearing->is_out_of_memory = true;
        return 1;
    }
    hearing->last_seq = seq;
    add_column(hearing->indexes, &hearing->indexes->items[hearing->indexes->count - 1], said);
    return 0;
}

static mimic_status ask(mimic_sqlite_indexes *indexes, mimic_error *err)
{
    index_hearing hearing = {.indexes = indexes, .last_seq = -1};
    mimic_buffer name;
    mimic_buffer sql;
    mimic__buffer_init(&name, indexes->options.ctx);
    mimic__buffer_init(&sql, indexes->options.ctx);
    put_literal(&name, indexes->options.table->name);
    mimic__buffer_byte(&name, '\0');
    if (!name.failed)
        mimic__buffer_format(&sql, INDEX_QUERY, name.data);
    mimic__buffer_byte(&sql, '\0');
    mimic_status status =
        name.failed || sql.failed
            ? mimic__fail_memory(err)
            : mimic__sqlite_query(indexes->options.db, sql.data, hear_column, &hearing, err);
    if (hearing.is_out_of_memory)
        status = mimic__fail_memory(err);
    mimic__buffer_free(&name);
    mimic__buffer_free(&sql);
    return status;
}

/* ---- the object ---- */

static mimic_status prepare_index(mimic_sqlite_indexes *indexes, mimic_sqlite_index *index,
                                  mimic_error *err)
{
    const mimic_sqlite_indexes_options *const options = &indexes->options;
    size_t keys = 0;
    for (size_t i = 0; i < indexes->count; i++)
        keys += indexes->items[i].is_key;
    index->is_given_up = index->is_left;
    if (index->is_left)
        return MIMIC_OK;
    mimic_sqlite_cell cell;
    mimic__sqlite_cell_init(&cell, options->table->fields[index->fields[0]].type,
                            options->integer_times);
    index->is_integer = index->column_count == 1 && cell.storage >= MIMIC_SQLITE_AS_BIT &&
                        cell.storage <= MIMIC_SQLITE_AS_INT64;
    if (index->is_key) {
        index->unique = mimic__sqlite_unique_new(options->ctx, ROWS_KEPT / keys);
        if (index->unique == NULL)
            return mimic__fail_memory(err);
    }
    const size_t all = options->memory_bytes == 0 ? MEMORY_BYTES : options->memory_bytes;
    const size_t share = all / indexes->count;
    const mimic_sorter_options sorter = {
        .of_strings = !index->is_integer,
        .memory_bytes = share < MIMIC_SORTER_BYTES ? share : MIMIC_SORTER_BYTES,
        .path = options->path,
        .pool = options->pool};
    return mimic__sorter_new(options->ctx, &sorter, &index->sorter, err);
}

/* A primary key without an index is the rowid by another name. */
static void find_keys(mimic_sqlite_indexes *indexes)
{
    const mimic_table *const table = indexes->options.table;
    indexes->rowid_field = table->primary_key_count == 0 ? -1 : (ptrdiff_t)table->primary_key[0];
    for (size_t i = 0; i < indexes->count; i++)
        if (indexes->items[i].is_primary)
            indexes->rowid_field = -1;
    for (size_t i = 0; i < indexes->count; i++)
        indexes->has_keys |= indexes->items[i].is_key;
}

mimic_status mimic__sqlite_indexes_open(const mimic_sqlite_indexes_options *options,
                                        mimic_sqlite_indexes **out_indexes, mimic_error *err)
{
    *out_indexes = NULL;
    mimic_sqlite_indexes *indexes = mimic__alloc_zeroed(options->ctx, 1, sizeof *indexes);
    if (indexes == NULL)
        return mimic__fail_memory(err);
    indexes->options = *options;
    mimic__arena_init(&indexes->arena, options->ctx);
    mimic_status status = ask(indexes, err);
    find_keys(indexes);
    for (size_t i = 0; i < indexes->count && status == MIMIC_OK; i++)
        status = prepare_index(indexes, &indexes->items[i], err);
    if (status != MIMIC_OK)
        mimic__sqlite_indexes_free(indexes);
    else
        *out_indexes = indexes;
    return status;
}

void mimic__sqlite_index_free(mimic_sqlite_index *index)
{
    mimic__sorter_free(index->sorter);
    mimic__sqlite_unique_free(index->unique);
    mimic__buffer_free(&index->pending_string);
    index->sorter = NULL;
    index->unique = NULL;
}

void mimic__sqlite_indexes_free(mimic_sqlite_indexes *indexes)
{
    if (indexes == NULL)
        return;
    for (size_t i = 0; i < indexes->count; i++)
        mimic__sqlite_index_free(&indexes->items[i]);
    mimic__free(indexes->options.ctx, indexes->items);
    mimic__arena_free(&indexes->arena);
    mimic__free(indexes->options.ctx, indexes);
}

ptrdiff_t mimic__sqlite_indexes_rowid_field(const mimic_sqlite_indexes *indexes)
{
    return indexes->rowid_field;
}

bool mimic__sqlite_indexes_watch_keys(const mimic_sqlite_indexes *indexes)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (indexes->items[i].is_key && indexes->items[i].is_left)
            return false;
    return true;
}

/* ---- entries, in order ---- */

mimic_status mimic__sqlite_index_add_pending(mimic_sqlite_index *index, mimic_error *err)
{
    if (!index->has_pending)
        return MIMIC_OK;
    index->has_pending = false;
    if (index->is_integer)
        return mimic__sorter_add_pairs(index->sorter, &index->pending, 1, err);
    const mimic_buffer *const string = &index->pending_string;
    return mimic__sorter_add_string(index->sorter, (const unsigned char *)string->data,
                                    string->size, err);
}

/* All but the last go to the sorter: that one waits, as the next batch may go on with it. */
static mimic_status add_pairs(mimic_sqlite_index *index, mimic_sqlite_entries *entries,
                              mimic_error *err)
{
    mimic_sort_pair *const pairs = entries->pairs;
    const size_t count = entries->pair_count;
    if (count > 0 && index->has_pending && pairs[0].hi == index->pending.hi &&
        continues(index->pending.lo, pairs[0].lo)) {
        pairs[0].lo = joined(index->pending.lo, pairs[0].lo);
        index->has_pending = false;
    }
    if (count == 0)
        return MIMIC_OK;
    MIMIC_TRY(mimic__sqlite_index_add_pending(index, err));
    MIMIC_TRY(mimic__sorter_add_pairs(index->sorter, pairs, count - 1, err));
    index->pending = pairs[count - 1];
    index->has_pending = true;
    return MIMIC_OK;
}

static mimic_status add_strings(mimic_sqlite_index *index, const mimic_sqlite_entries *entries,
                                mimic_error *err)
{
    mimic_buffer *const pending = &index->pending_string;
    const unsigned char *at = (const unsigned char *)entries->strings.data;
    const unsigned char *const end = at == NULL ? at : at + entries->strings.size;
    for (uint32_t size; at < end; at += size) {
        memcpy(&size, at, sizeof size);
        at += sizeof size;
        const uint64_t lo = get_lo(at, size);
        const uint64_t before =
            index->has_pending ? get_lo((unsigned char *)pending->data, pending->size) : 0;
        if (index->has_pending && pending->size == size && continues(before, lo) &&
            memcmp(pending->data, at, size - 8) == 0) {
            put_lo((unsigned char *)pending->data, size, joined(before, lo));
            continue;
        }
        MIMIC_TRY(mimic__sqlite_index_add_pending(index, err));
        pending->size = 0;
        mimic__buffer_append(pending, at, size);
        if (pending->failed)
            return mimic__fail_memory(err);
        index->has_pending = true;
    }
    return MIMIC_OK;
}

mimic_status mimic__sqlite_indexes_add(mimic_sqlite_indexes *indexes, mimic_sqlite_keys *keys,
                                       mimic_error *err)
{
    for (size_t i = 0; i < indexes->count; i++) {
        mimic_sqlite_index *const index = &indexes->items[i];
        mimic_sqlite_entries *const entries = &keys->entries[i];
        if (entries->is_left && !index->is_given_up) {
            index->is_given_up = true;
            mimic__sqlite_index_free(index);
        }
        if (!index->is_given_up)
            MIMIC_TRY(index->is_integer ? add_pairs(index, entries, err)
                                        : add_strings(index, entries, err));
    }
    return MIMIC_OK;
}
