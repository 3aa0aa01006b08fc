/*
 * Keys that were there before (sqlite_index.h). A row is refused for the first key that was seen,
 * and counts for none then: so all keys of a row are looked up before one is remembered.
 */
#include "base/error.h"
#include "schema/schema_model.h"
#include "sink/sink_internal.h"
#include "sink/sqlite_index_internal.h"

mimic_status mimic__sqlite_check_begin(mimic_sqlite_indexes *indexes, mimic_sqlite_keys *keys,
                                       mimic_sqlite_seen *out_seen, mimic_error *err)
{
    *out_seen = MIMIC_SQLITE_NOT_SEEN;
    for (size_t i = 0; i < indexes->count; i++) {
        mimic_sqlite_entries *const entries = &keys->entries[i];
        if (!indexes->items[i].is_key)
            continue;
        const mimic_sqlite_seen seen =
            entries->is_left
                ? MIMIC_SQLITE_UNSURE
                : mimic__sqlite_unique_begin(indexes->items[i].unique, &entries->facts);
        if (seen == MIMIC_SQLITE_NO_MEMORY)
            return mimic__fail_memory(err);
        if (seen > *out_seen)
            *out_seen = seen;
        entries->must_look = seen != MIMIC_SQLITE_NOT_SEEN;
    }
    return MIMIC_OK;
}

static const uint64_t *hash_of(const mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                               size_t index, int64_t row)
{
    const uint64_t *const hash =
        indexes->items[index].is_key ? keys->entries[index].facts.hashes[row] : NULL;
    return hash == NULL || (hash[0] | hash[1]) == 0 ? NULL : hash;
}

/* The first index whose key the row repeats; the count when there is none. */
static size_t find_seen(const mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                        int64_t row)
{
    for (size_t i = 0; i < indexes->count; i++) {
        const uint64_t *const hash =
            keys->entries[i].must_look ? hash_of(indexes, keys, i, row) : NULL;
        if (hash != NULL &&
            mimic__sqlite_unique_find(indexes->items[i].unique, hash) == MIMIC_SQLITE_SEEN)
            return i;
    }
    return indexes->count;
}

mimic_status mimic__sqlite_check_rows(mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                                      int64_t row, int64_t end, mimic_sqlite_clash *out_clash,
                                      mimic_error *err)
{
    if (!indexes->has_keys)
        row = end;
    for (; row < end; row++) {
        out_clash->index = find_seen(indexes, keys, row);
        if (out_clash->index < indexes->count)
            break;
        for (size_t i = 0; i < indexes->count; i++) {
            const uint64_t *const hash = hash_of(indexes, keys, i, row);
            if (hash != NULL &&
                mimic__sqlite_unique_add(indexes->items[i].unique, hash) == MIMIC_SQLITE_NO_MEMORY)
                return mimic__fail_memory(err);
        }
    }
    out_clash->row = row;
    return MIMIC_OK;
}

mimic_status mimic__sqlite_check_refuse(const mimic_sqlite_indexes *indexes,
                                        const mimic_sink_host *host,
                                        const mimic_sqlite_clash *clash, mimic_error *err)
{
    const mimic_sqlite_index *const index = &indexes->items[clash->index];
    const mimic_table *const table = indexes->options.table;
    mimic_buffer message;
    mimic__buffer_init(&message, indexes->options.ctx);
    mimic__buffer_format(&message,
                         "a row with the same %s key came before (UNIQUE constraint "
                         "failed: ",
                         index->is_primary ? "primary" : "unique");
    for (size_t i = 0; i < index->column_count; i++)
        mimic__buffer_format(&message, "%s%s.%s", i == 0 ? "" : ", ", table->name,
                             table->fields[index->fields[i]].name);
    mimic__buffer_append(&message, ")", 2);
    const mimic_status status =
        message.failed ? mimic__fail_memory(err)
                       : mimic__sink_refuse(
                             host, clash->row, MIMIC_REJECT_UNIQUE,
                             index->column_count == 1 ? table->fields[index->fields[0]].name : "",
                             message.data, err);
    mimic__buffer_free(&message);
    return status;
}

mimic_status mimic__sqlite_check_end(mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                                     mimic_error *err)
{
    for (size_t i = 0; i < indexes->count; i++)
        if (indexes->items[i].is_key &&
            mimic__sqlite_unique_end(indexes->items[i].unique, &keys->entries[i].facts) ==
                MIMIC_SQLITE_NO_MEMORY)
            return mimic__fail_memory(err);
    return MIMIC_OK;
}
