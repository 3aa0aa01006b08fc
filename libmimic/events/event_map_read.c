/*
 * Event maps: context, dictionaries and tables, bound to the tables of the registry. Every fault is
 * a finding where it stands, and what is faulty is left out, so that one fault does not hide the next.
 */
#include "events/event_map_reader.h"

#include "base/error.h"

void mimic__map_enter(mimic_map_reader *reader, const mimic_map_source *source)
{
    reader->source = source;
    reader->base.name = source->name;
}

void mimic__map_known_only(mimic_map_reader *reader, const mimic_json *object,
                           const char *const *known)
{
    if (object == NULL || object->kind != MIMIC_JSON_OBJECT)
        return;
    for (const mimic_json *member = object->first; member != NULL; member = member->next) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], member->key) != 0)
            i++;
        if (known[i] != NULL)
            continue;
        const char *near = mimic__name_nearest(member->key, known);
        mimic__schema_finding(&reader->base, member, "unknown property \"%s\"%s%s%s", member->key,
                              near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                              near == NULL ? "" : "\"?");
    }
}

/* ---- columns ---- */

int64_t mimic__map_find_column(const mimic_table *table, const char *name, size_t size)
{
    char text[MIMIC_MAP_NAME_BYTES];
    if (size == 0 || size >= sizeof text)
        return MIMIC_EVENT_NO_COLUMN;
    memcpy(text, name, size);
    text[size] = '\0';
    return mimic_table_find_field(table, text);
}

int64_t mimic__map_column_named(mimic_map_reader *reader, const mimic_table *table,
                                const mimic_json *at, const char *name, size_t size)
{
    const int64_t column = mimic__map_find_column(table, name, size);
    if (column >= 0)
        return column;
    char text[256];
    const size_t kept = size < sizeof text ? size : 0;
    mimic_error failure = MIMIC_ERROR_INIT;
    memcpy(text, name, kept);
    text[kept] = '\0';
    mimic__fail_no_column(reader->base.arena->ctx, table, text, &failure);
    if (size < sizeof text)
        mimic__schema_finding(&reader->base, at, "%s", failure.message);
    else
        mimic__schema_finding(&reader->base, at, "table %s has no column with a name of %zu bytes",
                              table->name, size);
    return MIMIC_EVENT_NO_COLUMN;
}

int64_t mimic__map_column(mimic_map_reader *reader, const mimic_table *table,
                          const mimic_json *name)
{
    if (name == NULL)
        return MIMIC_EVENT_NO_COLUMN;
    if (name->kind == MIMIC_JSON_STRING)
        return mimic__map_column_named(reader, table, name, name->text, name->text_size);
    mimic__schema_finding(&reader->base, name, "a column must be a string, not %s",
                          mimic__json_kind_name(name->kind));
    return MIMIC_EVENT_NO_COLUMN;
}

const char *mimic__map_type_name(const mimic_table *table, int64_t column)
{
    return mimic_type_name(table->fields[column].type);
}

bool mimic__map_is_time(const mimic_table *table, int64_t column)
{
    const mimic_type type = table->fields[column].type;
    return type == MIMIC_TYPE_DATE || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

bool mimic__map_is_integer(const mimic_table *table, int64_t column)
{
    const mimic_type type = table->fields[column].type;
    return type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
}

static bool is_text(const mimic_table *table, int64_t column)
{
    const mimic_type type = table->fields[column].type;
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

/* A column of ids; *out_hashes says that they are texts. */
int64_t mimic__map_id(mimic_map_reader *reader, const mimic_table *table, const mimic_json *name,
                      bool *out_hashes)
{
    const int64_t column = mimic__map_column(reader, table, name);
    *out_hashes = column >= 0 && is_text(table, column);
    if (column < 0 || *out_hashes || mimic__map_is_integer(table, column))
        return column;
    mimic__schema_finding(&reader->base, name,
                          "column \"%s\" is a %s; an id must be a whole number or a text",
                          table->fields[column].name, mimic__map_type_name(table, column));
    return MIMIC_EVENT_NO_COLUMN;
}

/* The table of the release that an entry names; NULL after a finding. */
static const mimic_table *find_table(mimic_map_reader *reader, const mimic_json *at,
                                     const char *name)
{
    const mimic_table *table = mimic_dataset_find_table(reader->dataset, name);
    if (table != NULL)
        return table;
    mimic_error failure = MIMIC_ERROR_INIT;
    mimic__fail_no_table(reader->base.arena->ctx, reader->dataset, name, &failure);
    mimic__schema_finding(&reader->base, at, "%s", failure.message);
    return NULL;
}

static const mimic_json *need(mimic_map_reader *reader, const mimic_json *object, const char *key,
                              const char *what)
{
    const mimic_json *value = mimic__json_get(object, key);
    if (value == NULL)
        mimic__schema_finding(&reader->base, object, "\"%s\" is missing: %s", key, what);
    return value;
}

/* ---- context ---- */

static void read_context_times(mimic_map_reader *reader, const mimic_json *json, int group,
                               mimic_map_context *context)
{
    static const char *const keys[SLOT_COUNT] = {"start", "end", "extra"};
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        const mimic_json *name = mimic__json_get(json, keys[slot]);
        const int64_t column = mimic__map_column(reader, context->table, name);
        context->times[slot] = MIMIC_EVENT_NO_COLUMN;
        if (name == NULL && group != GROUP_SUBJECT && slot != SLOT_EXTRA)
            mimic__schema_finding(&reader->base, json,
                                  "\"%s\" is missing: the column that says when the %s %s",
                                  keys[slot], mimic__map_group_name((mimic_event_group)group),
                                  slot == SLOT_START ? "begins" : "ends");
        if (column < 0)
            continue;
        if (mimic__map_is_time(context->table, column))
            context->times[slot] = column;
        else
            mimic__schema_finding(
                &reader->base, name, "column \"%s\" is a %s; a time must be a date or timestamp",
                context->table->fields[column].name, mimic__map_type_name(context->table, column));
    }
}

static void read_context(mimic_map_reader *reader, int group)
{
    static const char *const known[] = {"table", "id", "start", "end", "extra", "comment", NULL};
    const mimic_map_entry *entry = &reader->layers->context[group];
    mimic_map_context *context = &reader->contexts[group];
    *context = (mimic_map_context){.id = MIMIC_EVENT_NO_COLUMN};
    if (entry->name == NULL)
        return;
    mimic__map_enter(reader, entry->source);
    mimic__map_known_only(reader, entry->json, known);
    const mimic_json *name = need(reader, entry->json, "table", "the one with a row for each");
    if (name != NULL)
        name = mimic__schema_member(&reader->base, entry->json, "table", MIMIC_JSON_STRING);
    const mimic_table *table = name == NULL ? NULL : find_table(reader, name, name->text);
    if (table == NULL)
        return;
    context->table = table;
    for (int other = 0; other < group; other++)
        if (reader->contexts[other].table == table)
            mimic__schema_finding(&reader->base, name,
                                  "table \"%s\" is the context of \"%s\" already", table->name,
                                  mimic__map_group_name((mimic_event_group)other));
    bool hashes;
    context->id = mimic__map_id(reader, table, need(reader, entry->json, "id", "its column of ids"),
                          &hashes);
    read_context_times(reader, entry->json, group, context);
}

static const mimic_map_entry *find_entry(const mimic_map_layers *layers, const char *table)
{
    for (size_t i = 0; i < layers->tables.count; i++)
        if (mimic__name_equals(layers->tables.items[i].name, table))
            return &layers->tables.items[i];
    return NULL;
}

const mimic_map_entry *mimic__map_dropped(const mimic_map_layers *layers, const char *table)
{
    const mimic_map_entry *entry = find_entry(layers, table);
    return entry == NULL || entry->json != NULL ? NULL : entry;
}

/* Context whose table the map does not read. */
static void check_context(mimic_map_reader *reader)
{
    for (int group = 0; group < GROUP_COUNT; group++) {
        const mimic_map_entry *entry = &reader->layers->context[group];
        const mimic_map_context *context = &reader->contexts[group];
        if (context->table == NULL || context->is_met)
            continue;
        const mimic_map_entry *other = find_entry(reader->layers, context->table->name);
        if (other != NULL && other->json != NULL)
            continue; /* it is there, and faulty */
        mimic__map_enter(reader, other == NULL ? entry->source : other->source);
        mimic__schema_finding(&reader->base,
                              other == NULL ? mimic__json_get(entry->json, "table") : other->at,
                              "table \"%s\" is the context of \"%s\" and must be among \"tables\" "
                              "(\"events\" may be empty there); or drop the context too: "
                              "\"context\": {\"%s\": null}",
                              context->table->name, entry->name, entry->name);
    }
}

/* ---- dictionaries ---- */

static mimic_event_dictionary *add_dictionary(mimic_map_reader *reader)
{
    mimic_event_map *map = reader->map;
    if (map->dictionary_count == reader->dictionary_capacity) {
        const size_t capacity = 2 * reader->dictionary_capacity + 16;
        mimic_event_dictionary *grown =
            mimic__schema_array(&reader->base, capacity, sizeof *grown);
        if (grown == NULL)
            return NULL;
        if (map->dictionary_count > 0)
            memcpy(grown, reader->dictionaries, map->dictionary_count * sizeof *grown);
        reader->dictionaries = grown;
        reader->dictionary_capacity = capacity;
        map->dictionaries = grown;
    }
    return &reader->dictionaries[map->dictionary_count];
}

/* Events name their dictionary, so that no two releases may have one of a name. */
static bool is_dictionary_free(mimic_map_reader *reader, const mimic_map_entry *entry)
{
    for (size_t i = 0; i < reader->map->dictionary_count; i++) {
        const mimic_table *other = reader->dictionaries[i].source;
        if (!mimic__name_equals(other->name, entry->name))
            continue;
        mimic__schema_finding(&reader->base, entry->json,
                              "%s@%s has a dictionary \"%s\" too; releases that are built together "
                              "must not share names", other->dataset, other->version, other->name);
        return false;
    }
    return true;
}

static void read_dictionary(mimic_map_reader *reader, const mimic_map_entry *entry)
{
    static const char *const known[] = {"key", "description", "comment", NULL};
    const mimic_table *table = find_table(reader, entry->json, entry->name);
    if (table != NULL && !is_dictionary_free(reader, entry))
        return;
    if (entry->json->kind != MIMIC_JSON_OBJECT) {
        mimic__schema_finding(&reader->base, entry->json, "a dictionary must be an object, not %s",
                              mimic__json_kind_name(entry->json->kind));
        return;
    }
    mimic__map_known_only(reader, entry->json, known);
    mimic_event_dictionary *dictionary = table == NULL ? NULL : add_dictionary(reader);
    if (dictionary == NULL)
        return;
    *dictionary = (mimic_event_dictionary){.table = table->name, .source = table};
    const mimic_json *key = need(reader, entry->json, "key", "a list of the columns that find a row");
    const mimic_json *description =
        need(reader, entry->json, "description", "the column with the words");
    dictionary->description = mimic__map_column(reader, table, description);
    if (key != NULL && (key->kind != MIMIC_JSON_ARRAY || key->child_count == 0)) {
        mimic__schema_finding(&reader->base, key, "\"key\" must be a list of columns, at least one");
        key = NULL;
    }
    int64_t *keys = mimic__schema_array(&reader->base, key == NULL ? 0 : key->child_count,
                                        sizeof *keys);
    if (keys == NULL)
        return;
    dictionary->keys = keys;
    for (const mimic_json *name = key == NULL ? NULL : key->first; name != NULL; name = name->next)
        keys[dictionary->key_count++] = mimic__map_column(reader, table, name);
    reader->map->dictionary_count++;
}

/* ---- tables ---- */

/* Patients of all tables, of all releases too, must be named in one way. */
static void check_subject(mimic_map_reader *reader, const mimic_event_table *table,
                          const mimic_json *json)
{
    const mimic_event_table *first = &reader->tables[0];
    if (reader->map->table_count == 0 || table->subject < 0 || first->subject < 0 ||
        first->hashes_subject == table->hashes_subject)
        return;
    mimic__schema_finding(&reader->base, mimic__json_get(json, "subject"),
                          "the subject is a %s here and a %s in table \"%s\" of %s@%s",
                          table->hashes_subject ? "text" : "number",
                          first->hashes_subject ? "text" : "number", first->table->name,
                          first->table->dataset, first->table->version);
}

/* A table's name says where an event comes from: no other release may have it. */
static bool is_name_free(mimic_map_reader *reader, const mimic_map_entry *entry,
                         const mimic_table *schema)
{
    for (size_t i = 0; i < reader->map->table_count; i++) {
        const mimic_table *other = reader->tables[i].table;
        if (!mimic__name_equals(other->name, schema->name))
            continue;
        mimic__schema_finding(&reader->base, entry->json,
                              "%s@%s has a table \"%s\" too; releases that are built together must "
                              "not share names", other->dataset, other->version, other->name);
        return false;
    }
    return true;
}

/* The table's own ids must be of the kind that those of the context are. */
static void check_ids(mimic_map_reader *reader, const mimic_event_table *table,
                      const mimic_json *json)
{
    const int64_t columns[GROUP_COUNT] = {table->subject, table->admission, table->stay};
    const bool hashes[GROUP_COUNT] = {table->hashes_subject, table->hashes_admission,
                                      table->hashes_stay};
    for (int group = 0; group < GROUP_COUNT; group++) {
        const mimic_map_context *context = &reader->contexts[group];
        const char *name = mimic__map_group_name((mimic_event_group)group);
        if (columns[group] < 0 || context->table == NULL || context->id < 0)
            continue;
        if (table->context == group && columns[group] != context->id)
            mimic__schema_finding(&reader->base, mimic__json_get(json, name),
                                  "the context of \"%s\" is this table by its column \"%s\"; name "
                                  "the same here", name,
                                  context->table->fields[context->id].name);
        if (hashes[group] != is_text(context->table, context->id))
            mimic__schema_finding(&reader->base, mimic__json_get(json, name),
                                  "ids of \"%s\" are %s here and %s in table \"%s\"", name,
                                  hashes[group] ? "texts" : "numbers",
                                  hashes[group] ? "numbers" : "texts", context->table->name);
    }
}

static void read_ids(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json)
{
    const mimic_table *schema = table->table;
    table->subject = mimic__map_id(reader, schema,
                             need(reader, json, "subject", "the column that says whose the row is"),
                             &table->hashes_subject);
    table->admission =
        mimic__map_id(reader, schema, mimic__json_get(json, "admission"), &table->hashes_admission);
    table->stay = mimic__map_id(reader, schema, mimic__json_get(json, "stay"), &table->hashes_stay);
    table->context = -1;
    for (int group = 0; group < GROUP_COUNT; group++) {
        mimic_map_context *context = &reader->contexts[group];
        if (context->table != schema)
            continue;
        context->is_met = true;
        table->context = group;
        memcpy(table->context_times, context->times, sizeof table->context_times);
        if (group == GROUP_ADMISSION && mimic__json_get(json, "admission") == NULL) {
            table->admission = context->id;
            table->hashes_admission = context->id >= 0 && is_text(schema, context->id);
        }
        if (group == GROUP_STAY && mimic__json_get(json, "stay") == NULL) {
            table->stay = context->id;
            table->hashes_stay = context->id >= 0 && is_text(schema, context->id);
        }
    }
    check_ids(reader, table, json);
}

/* "fill", "expects": lists of "admission" and "stay". */
static void read_groups(mimic_map_reader *reader, const mimic_json *json, const char *key,
                        bool out_groups[GROUP_COUNT])
{
    const mimic_json *list = mimic__schema_member(&reader->base, json, key, MIMIC_JSON_ARRAY);
    memset(out_groups, 0, GROUP_COUNT * sizeof *out_groups);
    for (const mimic_json *name = list == NULL ? NULL : list->first; name != NULL;
         name = name->next) {
        if (name->kind == MIMIC_JSON_STRING && strcmp(name->text, "admission") == 0)
            out_groups[GROUP_ADMISSION] = true;
        else if (name->kind == MIMIC_JSON_STRING && strcmp(name->text, "stay") == 0)
            out_groups[GROUP_STAY] = true;
        else
            mimic__schema_finding(&reader->base, name,
                                  "\"%s\" takes \"admission\" and \"stay\" only", key);
    }
}

static void read_table_rules(mimic_map_reader *reader, mimic_event_table *table,
                             const mimic_json *json)
{
    bool fills[GROUP_COUNT];
    bool needs[GROUP_COUNT];
    read_groups(reader, json, "fill", fills);
    read_groups(reader, json, "expects", needs);
    table->fills_admission = fills[GROUP_ADMISSION];
    table->fills_stay = fills[GROUP_STAY];
    table->needs_admission = needs[GROUP_ADMISSION];
    table->needs_stay = needs[GROUP_STAY];
    if ((table->needs_admission && mimic__json_get(json, "admission") == NULL &&
         table->admission < 0 && !table->fills_admission) ||
        (table->needs_stay && mimic__json_get(json, "stay") == NULL && table->stay < 0 &&
         !table->fills_stay))
        mimic__schema_finding(&reader->base, mimic__json_get(json, "expects"),
                              "an id that the table has no column for is missing in every row; "
                              "name its column, or \"fill\" it in by time");
    const mimic_json *at = mimic__json_get(json, "at");
    const mimic_map_scope scope = {table, NULL};
    if (at != NULL && at->kind != MIMIC_JSON_NULL)
        table->anchor = mimic__map_times(reader, &scope, at, true);
}

static void check_links(mimic_map_reader *reader, const mimic_event_table *table,
                        const mimic_json *events)
{
    size_t starts = 0;
    size_t ends = 0;
    for (size_t i = 0; i < table->kind_count; i++) {
        starts += table->kinds[i]->link == LINK_START;
        ends += table->kinds[i]->link == LINK_END;
    }
    if (starts > 1 || ends > 1)
        mimic__schema_finding(&reader->base, events,
                              "%zu starts and %zu ends of an interval; a row has one of each",
                              starts, ends);
    else if (starts != ends)
        mimic__schema_finding(&reader->base, events, "\"link\": \"%s\" without a \"%s\"",
                              starts > ends ? "start" : "end", starts > ends ? "end" : "start");
}

/* Some table of the map has a "join" with this one. */
static bool is_joined(const mimic_map_reader *reader, const mimic_event_table *table)
{
    for (size_t i = 0; i < reader->layers->tables.count; i++) {
        const mimic_json *other = mimic__json_get(
            mimic__json_get(reader->layers->tables.items[i].json, "join"), "table");
        if (other != NULL && other->kind == MIMIC_JSON_STRING &&
            mimic__name_equals(other->text, table->table->name))
            return true;
    }
    return false;
}

static void read_events(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json)
{
    mimic_schema_reader *base = &reader->base;
    const mimic_json *events = need(reader, json, "events", "a list, of what each row gives");
    if (events != NULL)
        events = mimic__schema_member(base, json, "events", MIMIC_JSON_ARRAY);
    if (events == NULL)
        return;
    if (events->child_count == 0 && table->context < 0 && !is_joined(reader, table))
        mimic__schema_finding(base, events, "a table that gives no event and is no context need not "
                                            "be read; leave it out");
    if (events->child_count > MIMIC_MAP_MAX_ROW_KINDS) {
        mimic__schema_finding(base, events, "%zu events of a row; at most %d are possible",
                              events->child_count, MIMIC_MAP_MAX_ROW_KINDS);
        return;
    }
    if (events->child_count > MIMIC_MAP_MAX_KINDS - reader->kind_count) {
        mimic__schema_finding(base, events, "more than %u kinds of events in the map",
                              MIMIC_MAP_MAX_KINDS);
        return;
    }
    mimic_event_kind *kinds = mimic__schema_array(base, events->child_count, sizeof *kinds);
    const mimic_event_kind **pointers =
        mimic__schema_array(base, events->child_count, sizeof *pointers);
    if (kinds == NULL || pointers == NULL)
        return;
    table->kinds = pointers;
    mimic__hashmap_clear(&base->fields); /* the names so far */
    for (const mimic_json *event = events->first; event != NULL && !base->out_of_memory;
         event = event->next) {
        mimic_event_kind *kind = &kinds[table->kind_count];
        if (!mimic__map_kind(reader, table, event, kind))
            continue;
        kind->number = (uint16_t)reader->kind_count++;
        kind->table = table->number;
        pointers[table->kind_count++] = kind;
    }
    check_links(reader, table, events);
}

static void read_table(mimic_map_reader *reader, const mimic_map_entry *entry)
{
    static const char *const known[] = {"subject", "admission", "stay",    "at",   "fill",
                                        "expects", "events",    "comment", "join", NULL};
    mimic__map_enter(reader, entry->source);
    const mimic_table *schema = find_table(reader, entry->json, entry->name);
    if (entry->json->kind != MIMIC_JSON_OBJECT) {
        mimic__schema_finding(&reader->base, entry->json, "a table must be an object%s, not %s",
                              entry->source->extends ? ", or null to drop it" : "",
                              mimic__json_kind_name(entry->json->kind));
        return;
    }
    mimic__map_known_only(reader, entry->json, known);
    if (schema == NULL || !is_name_free(reader, entry, schema))
        return;
    if (reader->map->table_count == MIMIC_MAP_MAX_TABLES) {
        mimic__schema_finding(&reader->base, entry->json, "more than %d tables",
                              MIMIC_MAP_MAX_TABLES);
        return;
    }
    mimic_event_table *table = &reader->tables[reader->map->table_count];
    *table = (mimic_event_table){.table = schema, .number = (uint16_t)reader->map->table_count};
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        table->context_times[slot] = MIMIC_EVENT_NO_COLUMN;
    read_ids(reader, table, entry->json);
    check_subject(reader, table, entry->json);
    mimic__map_join(reader, table, entry->json);
    read_table_rules(reader, table, entry->json);
    read_events(reader, table, entry->json);
    reader->map->table_count++;
}

void mimic__map_read(mimic_map_reader *reader, const mimic_map_layers *layers)
{
    reader->layers = layers;
    reader->first_dictionary = reader->map->dictionary_count;
    for (int group = 0; group < GROUP_COUNT; group++)
        read_context(reader, group);
    for (size_t i = 0; i < layers->dictionaries.count && !reader->base.out_of_memory; i++) {
        const mimic_map_entry *entry = &layers->dictionaries.items[i];
        mimic__map_enter(reader, entry->source);
        if (entry->json != NULL)
            read_dictionary(reader, entry);
    }
    for (size_t i = 0; i < layers->tables.count && !reader->base.out_of_memory; i++)
        if (layers->tables.items[i].json != NULL)
            read_table(reader, &layers->tables.items[i]);
    mimic__map_joins_bind(reader, layers);
    check_context(reader);
}
