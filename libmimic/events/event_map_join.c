/*
 * Event maps: "join", which gives the rows of one table the times of another's, of the same subject:
 *
 *     "emar_detail": {"join": {"table": "emar", "by": "emar_id", "columns": ["charttime"]}, …
 *                     "time": "emar.charttime" …
 */
#include "events/event_map_reader.h"

#include "base/error.h"
#include "base/hash.h"

static const mimic_json *join_of(const mimic_map_layers *layers, const mimic_event_table *table,
                                 const mimic_map_entry **out_entry)
{
    for (size_t i = 0; i < layers->tables.count; i++)
        if (layers->tables.items[i].json != NULL &&
            mimic__name_equals(layers->tables.items[i].name, table->table->name)) {
            *out_entry = &layers->tables.items[i];
            return mimic__json_get(layers->tables.items[i].json, "join");
        }
    return NULL;
}

static void read_times(mimic_map_reader *reader, const mimic_json *json)
{
    mimic_map_context *const join = &reader->join;
    const mimic_json *columns =
        mimic__schema_member(&reader->base, json, "columns", MIMIC_JSON_ARRAY);
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        join->times[slot] = MIMIC_EVENT_NO_COLUMN;
    if (columns == NULL || columns->child_count == 0 || columns->child_count > SLOT_COUNT) {
        mimic__schema_finding(&reader->base, columns == NULL ? json : columns,
                              "\"columns\" must be a list of 1 to %d times of the other table",
                              SLOT_COUNT);
        return;
    }
    int slot = 0;
    for (const mimic_json *name = columns->first; name != NULL; name = name->next, slot++) {
        join->times[slot] = mimic__map_column(reader, join->table, name);
        if (join->times[slot] >= 0 && !mimic__map_is_time(join->table, join->times[slot]))
            mimic__schema_finding(&reader->base, name,
                                  "column \"%s\" is a %s; a time must be a date or timestamp",
                                  join->table->fields[join->times[slot]].name,
                                  mimic__map_type_name(join->table, join->times[slot]));
    }
}

static const mimic_table *read_other(mimic_map_reader *reader, const mimic_event_table *table,
                                     const mimic_json *json)
{
    const mimic_json *name = mimic__schema_member(&reader->base, json, "table", MIMIC_JSON_STRING);
    if (name == NULL) {
        mimic__schema_finding(&reader->base, json, "\"table\" is missing: whose rows are looked for");
        return NULL;
    }
    const mimic_table *other = mimic_dataset_find_table(reader->dataset, name->text);
    if (other == NULL) {
        mimic_error failure = MIMIC_ERROR_INIT;
        mimic__fail_no_table(reader->base.arena->ctx, reader->dataset, name->text, &failure);
        mimic__schema_finding(&reader->base, name, "%s", failure.message);
    } else if (other == table->table) {
        mimic__schema_finding(&reader->base, name, "a table cannot be joined with itself");
        return NULL;
    }
    return other;
}

void mimic__map_join(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json)
{
    static const char *const known[] = {"table", "by", "columns", "comment", NULL};
    const mimic_json *join = mimic__schema_member(&reader->base, json, "join", MIMIC_JSON_OBJECT);
    table->row_id = MIMIC_EVENT_NO_COLUMN;
    reader->join = (mimic_map_context){.id = MIMIC_EVENT_NO_COLUMN};
    if (join == NULL)
        return;
    mimic__map_known_only(reader, join, known);
    if (table->stay >= 0)
        mimic__schema_finding(&reader->base, join,
                              "a table with a \"stay\" of its own cannot be joined with rows");
    const mimic_json *by = mimic__schema_member(&reader->base, join, "by", MIMIC_JSON_STRING);
    const mimic_table *other = read_other(reader, table, join);
    if (by == NULL)
        mimic__schema_finding(&reader->base, join, "\"by\" is missing: the id that both tables have");
    if (other == NULL || by == NULL)
        return;
    bool hashes;
    reader->join.table = other;
    reader->join.id = mimic__map_id(reader, other, by, &hashes);
    table->row_id = mimic__map_id(reader, table->table, by, &table->hashes_row_id);
    if (reader->join.id >= 0 && table->row_id >= 0 && hashes != table->hashes_row_id)
        mimic__schema_finding(&reader->base, by, "\"%s\" is a text in one of the tables only",
                              by->text);
    read_times(reader, join);
    table->joined = other;
    memcpy(table->context_times, reader->join.times, sizeof table->context_times);
}

/* ---- the other side ---- */

static mimic_event_table *find_read(mimic_map_reader *reader, const mimic_table *schema)
{
    for (size_t i = 0; i < reader->map->table_count; i++)
        if (reader->tables[i].table == schema)
            return &reader->tables[i];
    return NULL;
}

/* What the other table has to have for this one; false when it is there for something else. */
static bool bind_other(mimic_event_table *table, mimic_event_table *other)
{
    const int64_t id =
        mimic_table_find_field(other->table, table->table->fields[table->row_id].name);
    if (other->context == GROUP_ROW)
        return other->row_id == id && memcmp(other->context_times, table->context_times,
                                             sizeof other->context_times) == 0;
    if (other->context >= 0 || other->joined != NULL)
        return false;
    uint64_t hash[2];
    mimic__hash128(other->table->name, strlen(other->table->name), hash);
    other->context = GROUP_ROW;
    other->row_id = id;
    other->hashes_row_id = table->hashes_row_id;
    other->row_salt = (int64_t)(hash[0] >> 1);
    memcpy(other->context_times, table->context_times, sizeof other->context_times);
    return true;
}

void mimic__map_joins_bind(mimic_map_reader *reader, const mimic_map_layers *layers)
{
    for (size_t i = 0; i < reader->map->table_count; i++) {
        mimic_event_table *const table = &reader->tables[i];
        if (table->joined == NULL || table->row_id < 0)
            continue;
        mimic_event_table *const other = find_read(reader, table->joined);
        const bool is_bound = other != NULL && bind_other(table, other);
        for (int slot = 0; slot < SLOT_COUNT; slot++)
            table->context_times[slot] = MIMIC_EVENT_NO_COLUMN;
        if (is_bound) {
            table->row_salt = other->row_salt;
            continue;
        }
        const mimic_map_entry *entry = NULL;
        const mimic_json *join = join_of(layers, table, &entry);
        if (entry == NULL)
            continue;
        const mimic_map_entry *dropped =
            other == NULL ? mimic__map_dropped(layers, table->joined->name) : NULL;
        mimic__map_enter(reader, dropped == NULL ? entry->source : dropped->source);
        if (other == NULL)
            mimic__schema_finding(&reader->base, dropped == NULL ? join : dropped->at,
                                  "table \"%s\" is joined with by \"%s\" and must be among "
                                  "\"tables\" (\"events\" may be empty there)",
                                  table->joined->name, table->table->name);
        else
            mimic__schema_finding(&reader->base, join,
                                  "table \"%s\" is \"context\", has a \"join\" itself, or is joined "
                                  "with in another way by another table", table->joined->name);
    }
}
