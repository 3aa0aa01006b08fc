/* Event maps: one event that a row may give. */
#include "events/event_map_reader.h"

#include "base/error.h"

/* ---- ranks ---- */

const mimic_event_rank mimic__event_ranks[] = {
    {0, "static"},       {10, "birth"},           {20, "arrival"},     {30, "admission"},
    {40, "transfer"},    {50, "stay_start"},      {60, "service"},     {70, "order"},
    {80, "specimen"},    {90, "start"},           {100, "administration"}, {110, "measurement"},
    {115, "observation"}, {120, "output"},        {130, "result"},     {140, "end"},
    {145, "procedure"},  {150, "stay_end"},       {155, "departure"},  {160, "discharge"},
    {170, "diagnosis"},  {180, "billing"},        {250, "death"},      {0, NULL},
};
#define RANK_COUNT (sizeof mimic__event_ranks / sizeof mimic__event_ranks[0] - 1)

static void find_no_rank(mimic_map_reader *reader, const mimic_json *name)
{
    const char *names[RANK_COUNT + 1];
    mimic_buffer list;
    mimic__buffer_init(&list, reader->base.arena->ctx);
    for (size_t i = 0; i <= RANK_COUNT; i++)
        names[i] = mimic__event_ranks[i].name;
    for (size_t i = 0; i < RANK_COUNT; i++)
        mimic__buffer_format(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    mimic__buffer_byte(&list, '\0');
    const char *near = mimic__name_nearest(name->text, names);
    if (list.failed)
        reader->base.out_of_memory = true;
    else
        mimic__schema_finding(&reader->base, name, "there is no rank \"%s\"%s%s%s there are: %s",
                              name->text, near == NULL ? ";" : "; did you mean \"",
                              near == NULL ? "" : near, near == NULL ? "" : "\"?", list.data);
    mimic__buffer_free(&list);
}

/* False after a finding. */
static bool read_rank(mimic_map_reader *reader, const mimic_json *json, mimic_event_kind *kind)
{
    const mimic_json *name = mimic__schema_member(&reader->base, json, "rank", MIMIC_JSON_STRING);
    if (name == NULL) {
        if (mimic__json_get(json, "rank") == NULL)
            mimic__schema_finding(&reader->base, json, "\"rank\" is missing: where the event stands "
                                                       "among others of its time, \"result\" say");
        return false;
    }
    for (size_t i = 0; i < RANK_COUNT; i++)
        if (strcmp(mimic__event_ranks[i].name, name->text) == 0) {
            kind->rank = mimic__event_ranks[i].number;
            return true;
        }
    find_no_rank(reader, name);
    return false;
}

/* ---- what is measured ---- */

/* Of a text, the number that it says; none where it says none. */
static bool can_be_number(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL ||
           type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64 ||
           type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64 || type == MIMIC_TYPE_DECIMAL;
}

static int64_t read_column(mimic_map_reader *reader, const mimic_table *table,
                           const mimic_json *json, const char *key)
{
    const mimic_json *name = mimic__json_get(json, key);
    const int64_t column = mimic__map_column(reader, table, name);
    if (column >= 0 && table->fields[column].type == MIMIC_TYPE_BINARY) {
        mimic__schema_finding(&reader->base, name, "column \"%s\" is binary, which no event holds",
                              table->fields[column].name);
        return MIMIC_EVENT_NO_COLUMN;
    }
    return column;
}

static void read_unit(mimic_map_reader *reader, const mimic_table *table, const mimic_json *json,
                      mimic_event_kind *kind)
{
    static const char *const known[] = {"text", NULL};
    const mimic_json *unit = mimic__json_get(json, "unit");
    kind->unit = MIMIC_EVENT_NO_COLUMN;
    if (unit == NULL)
        return;
    if (unit->kind == MIMIC_JSON_OBJECT) {
        const mimic_json *text =
            mimic__schema_member(&reader->base, unit, "text", MIMIC_JSON_STRING);
        mimic__map_known_only(reader, unit, known);
        if (unit->child_count == 0 || (text != NULL && text->text_size == 0))
            mimic__schema_finding(&reader->base, unit,
                                  "a fixed unit is written {\"text\": \"kg\"}");
        else if (text != NULL)
            kind->unit_text =
                mimic__schema_copy(&reader->base, text->text, text->text_size);
    } else {
        kind->unit = read_column(reader, table, json, "unit");
    }
    if (mimic__json_get(json, "value") == NULL && mimic__json_get(json, "text") == NULL)
        mimic__schema_finding(&reader->base, unit, "a unit of nothing; the event has neither "
                                                   "\"value\" nor \"text\"");
}

static void read_value(mimic_map_reader *reader, const mimic_table *table, const mimic_json *json,
                       mimic_event_kind *kind)
{
    kind->value = read_column(reader, table, json, "value");
    kind->text = read_column(reader, table, json, "text");
    if (kind->value >= 0 && !can_be_number(table->fields[kind->value].type)) {
        mimic__schema_finding(&reader->base, mimic__json_get(json, "value"),
                              "column \"%s\" is a %s, no number; as \"text\" it can be kept",
                              table->fields[kind->value].name,
                              mimic__map_type_name(table, kind->value));
        kind->value = MIMIC_EVENT_NO_COLUMN;
    }
    read_unit(reader, table, json, kind);
}

/* A list of columns, none of them twice. */
static const int64_t *read_columns(mimic_map_reader *reader, const mimic_table *table,
                                   const mimic_json *list, size_t *out_count)
{
    *out_count = 0;
    if (list == NULL)
        return NULL;
    if (list->child_count > table->field_count) {
        mimic__schema_finding(&reader->base, list, "%zu columns, but table \"%s\" has %zu",
                              list->child_count, table->name, table->field_count);
        return NULL;
    }
    int64_t *columns = mimic__schema_array(&reader->base, list->child_count, sizeof *columns);
    for (const mimic_json *name = columns == NULL ? NULL : list->first; name != NULL;
         name = name->next) {
        const int64_t column = mimic__map_column(reader, table, name);
        size_t i = 0;
        while (i < *out_count && columns[i] != column)
            i++;
        if (column >= 0 && i < *out_count)
            mimic__schema_finding(&reader->base, name, "column \"%s\" stands here twice",
                                  table->fields[column].name);
        else if (column >= 0)
            columns[(*out_count)++] = column;
    }
    return columns;
}

/* ---- conditions ---- */

/* The text that a value is compared with. */
static const char *read_wanted(mimic_map_reader *reader, const mimic_table *table,
                               const mimic_json *value, int64_t column)
{
    const mimic_type type = table->fields[column].type;
    mimic_json number = *value;
    int64_t whole;
    number.kind = MIMIC_JSON_NUMBER;
    if (type == MIMIC_TYPE_BOOLEAN && value->kind == MIMIC_JSON_BOOLEAN)
        return value->truth ? "true" : "false";
    if (value->kind != MIMIC_JSON_STRING && value->kind != MIMIC_JSON_NUMBER)
        mimic__schema_finding(&reader->base, value, "a value must be a string or a number, not %s",
                              mimic__json_kind_name(value->kind));
    else if (mimic__map_is_integer(table, column) &&
             (value->text_size == 0 || !mimic__json_int64(&number, &whole)))
        mimic__schema_finding(&reader->base, value, "\"%s\" is no whole number, but column \"%s\" is",
                              value->text, table->fields[column].name);
    else if (mimic__map_is_integer(table, column)) {
        const char *text = mimic__arena_format(reader->base.arena, "%lld", (long long)whole);
        reader->base.out_of_memory |= text == NULL;
        return text == NULL ? "" : text;
    } else {
        return mimic__schema_copy(&reader->base, value->text, value->text_size);
    }
    return "";
}

static void read_values(mimic_map_reader *reader, const mimic_table *table, const mimic_json *list,
                        mimic_event_condition *condition)
{
    const mimic_type type = table->fields[condition->column].type;
    if (type != MIMIC_TYPE_STRING && type != MIMIC_TYPE_CATEGORICAL && type != MIMIC_TYPE_BOOLEAN &&
        !mimic__map_is_integer(table, condition->column)) {
        mimic__schema_finding(&reader->base, list,
                              "column \"%s\" is a %s, which can be \"present\" or \"absent\" only",
                              table->fields[condition->column].name,
                              mimic__map_type_name(table, condition->column));
        return;
    }
    if (list->child_count == 0)
        mimic__schema_finding(&reader->base, list, "an empty list, which no value is in");
    const char **values = mimic__schema_array(&reader->base, list->child_count, sizeof *values);
    if (values == NULL)
        return;
    condition->values = values;
    for (const mimic_json *value = list->first; value != NULL; value = value->next)
        values[condition->value_count++] =
            read_wanted(reader, table, value, condition->column);
}

static void read_condition(mimic_map_reader *reader, const mimic_table *table,
                           const mimic_json *json, mimic_event_condition *condition)
{
    static const char *const known[] = {"not", NULL};
    const mimic_json *list = json;
    if (json->kind == MIMIC_JSON_STRING) {
        condition->wants_present = strcmp(json->text, "present") == 0;
        condition->wants_absent = strcmp(json->text, "absent") == 0;
        if (condition->wants_present || condition->wants_absent)
            return;
    } else if (json->kind == MIMIC_JSON_OBJECT) {
        list = mimic__json_get(json, "not");
        condition->is_negated = true;
        mimic__map_known_only(reader, json, known);
    }
    if (list != NULL && list->kind == MIMIC_JSON_ARRAY)
        read_values(reader, table, list, condition);
    else
        mimic__schema_finding(&reader->base, json,
                              "a condition is \"present\", \"absent\", a list of values, or "
                              "{\"not\": [values]}");
}

static void read_when(mimic_map_reader *reader, const mimic_table *table, const mimic_json *json,
                      mimic_event_kind *kind)
{
    const mimic_json *when = mimic__schema_member(&reader->base, json, "when", MIMIC_JSON_OBJECT);
    if (when == NULL)
        return;
    if (when->child_count > table->field_count) {
        mimic__schema_finding(&reader->base, when, "more conditions than table \"%s\" has columns",
                              table->name);
        return;
    }
    mimic_event_condition *conditions =
        mimic__schema_array(&reader->base, when->child_count, sizeof *conditions);
    if (conditions == NULL)
        return;
    kind->conditions = conditions;
    for (const mimic_json *member = when->first; member != NULL; member = member->next) {
        mimic_event_condition *condition = &conditions[kind->condition_count];
        *condition = (mimic_event_condition){
            .column = mimic__map_column_named(reader, table, member, member->key,
                                              strlen(member->key))};
        if (condition->column < 0)
            continue;
        kind->condition_count++;
        read_condition(reader, table, member, condition);
    }
}

/* ---- description and parents ---- */

static void read_dictionary(mimic_map_reader *reader, const mimic_json *describe,
                            mimic_event_kind *kind)
{
    const mimic_json *name =
        mimic__schema_member(&reader->base, describe, "dictionary", MIMIC_JSON_STRING);
    const mimic_event_dictionary *dictionary = NULL;
    for (size_t i = reader->first_dictionary; name != NULL && i < reader->map->dictionary_count; i++)
        if (mimic__name_equals(reader->dictionaries[i].table, name->text))
            dictionary = &reader->dictionaries[i];
    if (name == NULL)
        return;
    if (dictionary == NULL) {
        mimic__schema_finding(&reader->base, name,
                              "\"%s\" is not among the map's \"dictionaries\"", name->text);
        return;
    }
    kind->dictionary = dictionary->table;
    if (kind->key_count != dictionary->key_count)
        mimic__schema_finding(&reader->base, describe,
                              "a key of %zu columns, but dictionary \"%s\" is looked up by %zu",
                              kind->key_count, dictionary->table, dictionary->key_count);
}

/* "column": a text of the row, which joins the key as its last value. */
static void read_description_column(mimic_map_reader *reader, const mimic_table *table,
                                    const mimic_json *name, mimic_event_kind *kind)
{
    const int64_t column = mimic__map_column(reader, table, name);
    if (column < 0)
        return;
    if (table->fields[column].type != MIMIC_TYPE_STRING &&
        table->fields[column].type != MIMIC_TYPE_CATEGORICAL) {
        mimic__schema_finding(&reader->base, name,
                              "column \"%s\" is a %s; a description must be a text",
                              table->fields[column].name, mimic__map_type_name(table, column));
        return;
    }
    int64_t *columns =
        mimic__schema_array(&reader->base, kind->key_count + 1, sizeof *columns);
    if (columns == NULL)
        return;
    if (kind->key_count > 0)
        memcpy(columns, kind->key_columns, kind->key_count * sizeof *columns);
    columns[kind->key_count] = column;
    kind->description_key = (int64_t)kind->key_count++;
    kind->key_columns = columns;
}

static void read_describe(mimic_map_reader *reader, const mimic_table *table,
                          const mimic_json *json, mimic_event_kind *kind)
{
    static const char *const known[] = {"dictionary", "key", "text", "column", NULL};
    const mimic_json *describe =
        mimic__schema_member(&reader->base, json, "describe", MIMIC_JSON_OBJECT);
    kind->description_key = MIMIC_EVENT_NO_COLUMN;
    if (describe == NULL)
        return;
    mimic__map_known_only(reader, describe, known);
    const mimic_json *text = mimic__schema_member(&reader->base, describe, "text", MIMIC_JSON_STRING);
    const mimic_json *column = mimic__json_get(describe, "column");
    const mimic_json *dictionary = mimic__json_get(describe, "dictionary");
    const int ways = (mimic__json_get(describe, "text") != NULL) + (column != NULL) +
                     (dictionary != NULL);
    if (text != NULL)
        kind->description = mimic__schema_copy(&reader->base, text->text, text->text_size);
    if (ways > 1 || (ways == 0 && mimic__json_get(describe, "key") == NULL))
        mimic__schema_finding(&reader->base, describe,
                              "\"describe\" takes a \"dictionary\" and its \"key\", or a "
                              "\"column\", or a \"text\"");
    kind->key_columns = read_columns(
        reader, table, mimic__schema_member(&reader->base, describe, "key", MIMIC_JSON_ARRAY),
        &kind->key_count);
    read_dictionary(reader, describe, kind);
    if (column != NULL && dictionary == NULL)
        read_description_column(reader, table, column, kind);
}

static void read_icd_version(mimic_map_reader *reader, const mimic_table *table,
                             const mimic_json *json, mimic_event_kind *kind)
{
    const mimic_json *version = mimic__json_get(json, "icd_version");
    int64_t number = 0;
    int64_t column = mimic_table_find_field(table, "icd_version");
    if (version != NULL && version->kind == MIMIC_JSON_NUMBER) {
        column = MIMIC_EVENT_NO_COLUMN;
        if (!mimic__json_int64(version, &number) || (number != 9 && number != 10))
            mimic__schema_finding(&reader->base, version, "versions of the ICD are 9 and 10");
        kind->icd_version = (int)number;
        return;
    }
    if (version != NULL)
        column = mimic__map_column(reader, table, version);
    for (size_t i = 0; i < kind->key_count; i++)
        if (column >= 0 && kind->key_columns[i] == column)
            kind->icd_column = (int64_t)i;
    if (kind->icd_column < 0)
        mimic__schema_finding(&reader->base, version == NULL ? json : version,
                              "\"icd_version\" must be 9, 10, or a column of the \"key\" in "
                              "\"describe\"");
}

static void read_icd(mimic_map_reader *reader, const mimic_table *table, const mimic_json *json,
                     mimic_event_kind *kind)
{
    const mimic_json *icd = mimic__schema_member(&reader->base, json, "icd", MIMIC_JSON_STRING);
    kind->icd_column = MIMIC_EVENT_NO_COLUMN;
    if (icd == NULL)
        return;
    if (strcmp(icd->text, "diagnosis") == 0)
        kind->icd = ICD_DIAGNOSIS;
    else if (strcmp(icd->text, "procedure") == 0)
        kind->icd = ICD_PROCEDURE;
    else
        mimic__schema_finding(&reader->base, icd, "\"icd\" is \"diagnosis\" or \"procedure\"");
    read_icd_version(reader, table, json, kind);
}

static void read_parents(mimic_map_reader *reader, const mimic_map_scope *scope,
                         const mimic_json *json)
{
    mimic_schema_reader *base = &reader->base;
    mimic_event_kind *kind = scope->kind;
    const mimic_json *list = mimic__schema_member(base, json, "parents", MIMIC_JSON_ARRAY);
    if (list == NULL)
        return;
    const mimic_code_part **parents =
        mimic__schema_array(base, list->child_count, sizeof *parents);
    size_t *counts = mimic__schema_array(base, list->child_count, sizeof *counts);
    if (parents == NULL || counts == NULL)
        return;
    kind->parents = parents;
    kind->parent_counts = counts;
    for (const mimic_json *text = list->first; text != NULL; text = text->next) {
        const mimic_map_template parent = mimic__map_template(reader, scope, text, true);
        parents[kind->parent_count] = parent.parts;
        counts[kind->parent_count++] = parent.count;
        for (size_t i = 0; i < parent.count; i++)
            if (parent.parts[i].is_dotted && kind->icd == ICD_NONE)
                mimic__schema_finding(base, text, "dotted() needs to know what it is: give the event "
                                                  "\"icd\": \"diagnosis\" or \"procedure\"");
    }
}

/* ---- the event ---- */

static void read_name(mimic_map_reader *reader, const mimic_json *json, mimic_event_kind *kind)
{
    mimic_schema_reader *base = &reader->base;
    const mimic_json *name = mimic__schema_member(base, json, "event", MIMIC_JSON_STRING);
    kind->name = "";
    if (name == NULL && mimic__json_get(json, "event") == NULL)
        mimic__schema_finding(base, json, "\"event\" is missing: a name that no other event of the "
                                          "table has");
    else if (name != NULL && name->text_size == 0)
        mimic__schema_finding(base, name, "the name is empty");
    else if (name != NULL && mimic__schema_check_label(base, name)) {
        kind->name = mimic__schema_copy(base, name->text, name->text_size);
        if (!mimic__schema_add_name(base, &base->fields, name->text))
            mimic__schema_finding(base, name, "a second event \"%s\" of this table", name->text);
    }
}

static void read_kind_times(mimic_map_reader *reader, const mimic_map_scope *scope,
                            const mimic_json *json, bool has_rank)
{
    const mimic_json *time = mimic__json_get(json, "time");
    const mimic_json *available = mimic__json_get(json, "available");
    const bool is_anchor = scope->table->anchor.count == 0;
    if (time == NULL)
        mimic__schema_finding(&reader->base, json, "\"time\" is missing: a column, or null for a "
                                                   "static fact");
    else if (time->kind != MIMIC_JSON_NULL)
        scope->kind->time = mimic__map_times(reader, scope, time, is_anchor);
    if (time != NULL && time->kind != MIMIC_JSON_NULL && has_rank && scope->kind->rank == 0)
        mimic__schema_finding(&reader->base, time, "an event of rank \"static\" has no time; null "
                                                   "says so");
    if (available != NULL && available->kind != MIMIC_JSON_NULL)
        scope->kind->available = mimic__map_times(reader, scope, available, false);
}

static void read_link(mimic_map_reader *reader, const mimic_json *json, mimic_event_kind *kind)
{
    const mimic_json *link = mimic__schema_member(&reader->base, json, "link", MIMIC_JSON_STRING);
    if (link == NULL)
        return;
    if (strcmp(link->text, "start") == 0)
        kind->link = LINK_START;
    else if (strcmp(link->text, "end") == 0)
        kind->link = LINK_END;
    else
        mimic__schema_finding(&reader->base, link, "\"link\" is \"start\" or \"end\"");
}

bool mimic__map_kind(mimic_map_reader *reader, mimic_event_table *table, const mimic_json *json,
                     mimic_event_kind *kind)
{
    static const char *const known[] = {
        "event", "rank",       "code",     "time",    "available", "value",       "text",   "unit",
        "when",  "properties", "describe", "parents", "icd",       "icd_version", "link",   "comment",
        NULL};
    *kind = (mimic_event_kind){.name = ""};
    if (json->kind != MIMIC_JSON_OBJECT) {
        mimic__schema_finding(&reader->base, json, "an event must be an object, not %s",
                              mimic__json_kind_name(json->kind));
        return false;
    }
    const mimic_map_scope scope = {table, kind};
    mimic__map_known_only(reader, json, known);
    read_name(reader, json, kind);
    const bool has_rank = read_rank(reader, json, kind);
    const mimic_json *code = mimic__json_get(json, "code");
    if (code == NULL)
        mimic__schema_finding(&reader->base, json, "\"code\" is missing");
    const mimic_map_template parts = mimic__map_template(reader, &scope, code, false);
    kind->code = parts.parts;
    kind->code_count = parts.count;
    read_kind_times(reader, &scope, json, has_rank);
    read_value(reader, table->table, json, kind);
    read_when(reader, table->table, json, kind);
    read_link(reader, json, kind);
    kind->properties = read_columns(
        reader, table->table,
        mimic__schema_member(&reader->base, json, "properties", MIMIC_JSON_ARRAY),
        &kind->property_count);
    read_describe(reader, table->table, json, kind);
    read_icd(reader, table->table, json, kind);
    read_parents(reader, &scope, json);
    return true;
}
