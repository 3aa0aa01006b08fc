/*
 * A Table Schema: fields, missing values, keys; and the Table Dialect. Foreign keys are read in a
 * second walk, when the tables that they refer to are known.
 */
#include "schema/schema_reader.h"

/* ---- fields ---- */

static mimic_missing_values read_missing_values(mimic_schema_reader *reader,
                                                const mimic_json *schema)
{
    static const mimic_text empty = {"", 0};
    mimic_missing_values missing = {&empty, 1}; /* the standard's default: [""] */
    const mimic_json *values =
        mimic__schema_member(reader, schema, "missingValues", MIMIC_JSON_ARRAY);
    if (values != NULL)
        missing.values = mimic__schema_texts(
            reader, values, (mimic_schema_list_rule){.allow_labels = true}, &missing.count);
    return missing;
}

static void read_fields(mimic_schema_reader *reader, const mimic_json *schema, mimic_table *table)
{
    const mimic_json *fields = mimic__schema_member(reader, schema, "fields", MIMIC_JSON_ARRAY);
    if (fields == NULL) {
        if (mimic__json_get(schema, "fields") == NULL)
            mimic__schema_finding(reader, schema, "the schema has no \"fields\"");
        return;
    }
    if (fields->child_count == 0 || fields->child_count > MIMIC_SCHEMA_MAX_FIELDS) {
        mimic__schema_finding(reader, fields, "\"fields\" has %zu entries; expected 1 to %d",
                              fields->child_count, MIMIC_SCHEMA_MAX_FIELDS);
        return;
    }
    const mimic_missing_values missing = read_missing_values(reader, schema);
    mimic_field *array = mimic__schema_array(reader, fields->child_count, sizeof *array);
    if (array == NULL)
        return;
    table->fields = array;
    for (const mimic_json *entry = fields->first; entry != NULL && !reader->out_of_memory;
         entry = entry->next) {
        if (entry->kind != MIMIC_JSON_OBJECT) {
            mimic__schema_finding(reader, entry, "a field must be an object, not %s",
                                  mimic__json_kind_name(entry->kind));
            continue;
        }
        const uint32_t known = reader->fields.count;
        mimic__schema_read_field(reader, entry, missing, &array[table->field_count]);
        /* A nameless or doubled field is out, so that the map's numbers stay indexes. */
        table->field_count += reader->fields.count > known;
    }
}

/* ---- keys of this table ---- */

/* The entries of a key: an array of strings, or a single string as older packages have it. */
static const mimic_json *key_entries(mimic_schema_reader *reader, const mimic_json *key,
                                     size_t *out_count)
{
    *out_count = 0;
    if (key->kind == MIMIC_JSON_STRING) {
        *out_count = 1;
        return key;
    }
    if (key->kind != MIMIC_JSON_ARRAY || key->child_count == 0 ||
        key->child_count > MIMIC_SCHEMA_MAX_KEYS) {
        mimic__schema_finding(reader, key, "a key must be a list of field names, not %s",
                              key->kind == MIMIC_JSON_ARRAY ? "one of this length"
                                                            : mimic__json_kind_name(key->kind));
        return NULL;
    }
    *out_count = key->child_count;
    return key->first;
}

/* Steps to the next entry; a key that is a single string has one. */
static const mimic_json *next_entry(const mimic_json *key, const mimic_json *entry)
{
    return entry == key ? NULL : entry->next;
}

static bool contains(const size_t *numbers, size_t count, size_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* Field indexes of a key; 0 after findings. */
static size_t read_key(mimic_schema_reader *reader, const mimic_json *key, const size_t **out_key)
{
    size_t count;
    const mimic_json *entry = key_entries(reader, key, &count);
    size_t *indexes = entry == NULL ? NULL : mimic__schema_array(reader, count, sizeof *indexes);
    if (indexes == NULL)
        return 0;
    size_t used = 0;
    bool is_sound = true;
    for (; entry != NULL; entry = next_entry(key, entry)) {
        const uint32_t index = entry->kind == MIMIC_JSON_STRING
                                   ? mimic__schema_find_name(reader, &reader->fields, entry->text)
                                   : MIMIC_HASHMAP_NONE;
        if (entry->kind != MIMIC_JSON_STRING)
            mimic__schema_finding(reader, entry, "a key names fields; expected a string, not %s",
                                  mimic__json_kind_name(entry->kind));
        else if (index == MIMIC_HASHMAP_NONE)
            mimic__schema_finding(reader, entry, "the key names field \"%s\", which is not there",
                                  entry->text);
        else if (contains(indexes, used, index))
            mimic__schema_finding(reader, entry, "the key names field \"%s\" twice", entry->text);
        else {
            indexes[used++] = index;
            continue;
        }
        is_sound = false;
    }
    *out_key = indexes;
    return is_sound ? used : 0;
}

static void read_primary_key(mimic_schema_reader *reader, const mimic_json *schema,
                             mimic_table *table)
{
    const mimic_json *key = mimic__json_get(schema, "primaryKey");
    if (key == NULL)
        return;
    table->primary_key_count = read_key(reader, key, &table->primary_key);
    mimic_field *fields = (mimic_field *)table->fields; /* still being built */
    for (size_t i = 0; i < table->primary_key_count; i++)
        fields[table->primary_key[i]].is_required = true;
}

static void read_unique_keys(mimic_schema_reader *reader, const mimic_json *schema,
                             mimic_table *table)
{
    const mimic_json *keys = mimic__schema_member(reader, schema, "uniqueKeys", MIMIC_JSON_ARRAY);
    if (keys == NULL)
        return;
    if (keys->child_count > MIMIC_SCHEMA_MAX_KEYS) {
        mimic__schema_finding(reader, keys, "more than %d unique keys", MIMIC_SCHEMA_MAX_KEYS);
        return;
    }
    mimic_unique_key *array = mimic__schema_array(reader, keys->child_count, sizeof *array);
    if (array == NULL)
        return;
    table->unique_keys = array;
    for (const mimic_json *key = keys->first; key != NULL; key = key->next) {
        mimic_unique_key *unique = &array[table->unique_key_count];
        unique->count = read_key(reader, key, &unique->fields);
        table->unique_key_count += unique->count > 0;
    }
}

void mimic__schema_read_order_key(mimic_schema_reader *reader, const mimic_json *names,
                                  mimic_table *table)
{
    if (names != NULL)
        table->order_key_count = read_key(reader, names, &table->order_key);
}

static bool is_time(mimic_type type)
{
    return type == MIMIC_TYPE_DATE || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

void mimic__schema_read_spans(mimic_schema_reader *reader, const mimic_json *extension,
                              mimic_table *table)
{
    const mimic_json *list = mimic__schema_member(reader, extension, "spans", MIMIC_JSON_ARRAY);
    mimic_span *spans =
        list == NULL ? NULL : mimic__schema_array(reader, list->child_count, sizeof *spans);
    if (spans == NULL)
        return;
    table->spans = spans;
    for (const mimic_json *pair = list->first; pair != NULL; pair = pair->next) {
        const size_t *fields = NULL;
        const size_t count = read_key(reader, pair, &fields);
        if (count == 2 && is_time(table->fields[fields[0]].type) &&
            table->fields[fields[0]].type == table->fields[fields[1]].type)
            spans[table->span_count++] = (mimic_span){fields[0], fields[1]};
        else if (count != 0)
            mimic__schema_finding(reader, pair,
                                  "a span names two dates or two timestamps, start and end");
    }
}

void mimic__schema_read_table(mimic_schema_reader *reader, const mimic_json *schema,
                              mimic_table *table)
{
    static const char *const matches[] = {"exact", "equal", "subset", "superset", "partial"};
    mimic__hashmap_free(&reader->fields);
    read_fields(reader, schema, table);
    if (reader->out_of_memory)
        return;
    const mimic_json *match =
        mimic__schema_member(reader, schema, "fieldsMatch", MIMIC_JSON_STRING);
    size_t i = 0;
    while (match != NULL && i < 5 && strcmp(matches[i], match->text) != 0)
        i++;
    if (i == 5)
        mimic__schema_finding(reader, match,
                              "\"fieldsMatch\" must be exact, equal, subset, superset or partial");
    if (table->field_count == 0)
        return; /* the keys would only repeat the finding */
    read_primary_key(reader, schema, table);
    read_unique_keys(reader, schema, table);
}

/* ---- foreign keys ---- */

/* The names of a key, spelled as `table` spells them; 0 after findings. */
static size_t read_names(mimic_schema_reader *reader, const mimic_json *key,
                         const mimic_table *table, const char *const **out_names)
{
    size_t count;
    const mimic_json *entry = key_entries(reader, key, &count);
    const char **names = entry == NULL ? NULL : mimic__schema_array(reader, count, sizeof *names);
    if (names == NULL)
        return 0;
    size_t used = 0;
    for (; entry != NULL; entry = next_entry(key, entry)) {
        const int64_t index =
            entry->kind == MIMIC_JSON_STRING ? mimic_table_find_field(table, entry->text) : -1;
        if (index >= 0)
            names[used++] = table->fields[index].name;
        else
            mimic__schema_finding(reader, entry,
                                  "the foreign key names a field%s%s%s that table "
                                  "\"%s\" has not",
                                  entry->text_size > 0 ? " \"" : "", entry->text,
                                  entry->text_size > 0 ? "\"" : "", table->name);
    }
    *out_names = names;
    return used == count ? count : 0;
}

static const mimic_table *find_referenced(mimic_schema_reader *reader, const mimic_json *reference,
                                          const mimic_table *tables, const mimic_table *table)
{
    const mimic_json *resource =
        mimic__schema_member(reader, reference, "resource", MIMIC_JSON_STRING);
    if (resource == NULL)
        return mimic__json_get(reference, "resource") == NULL ? table : NULL;
    if (resource->text_size == 0)
        return table;
    const uint32_t number = mimic__schema_find_name(reader, &reader->tables, resource->text);
    if (number == MIMIC_HASHMAP_NONE)
        mimic__schema_finding(reader, resource,
                              "the foreign key refers to table \"%s\", which is not in the package",
                              resource->text);
    return number == MIMIC_HASHMAP_NONE ? NULL : &tables[number];
}

static bool is_text(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

static bool is_integer(mimic_type type)
{
    return type >= MIMIC_TYPE_INT16 && type <= MIMIC_TYPE_INT64;
}

/* Fields of a key name the same columns as `names`, in any order. */
static bool is_same_key(const mimic_table *table, const size_t *fields, size_t field_count,
                        const char *const *names, size_t name_count)
{
    if (field_count != name_count)
        return false;
    for (size_t i = 0; i < name_count; i++)
        if (!contains(fields, field_count, (size_t)mimic_table_find_field(table, names[i])))
            return false;
    return true;
}

static bool is_key(const mimic_table *table, const char *const *names, size_t count)
{
    if (count == 1 && table->fields[mimic_table_find_field(table, names[0])].is_unique)
        return true;
    if (is_same_key(table, table->primary_key, table->primary_key_count, names, count))
        return true;
    for (size_t i = 0; i < table->unique_key_count; i++)
        if (is_same_key(table, table->unique_keys[i].fields, table->unique_keys[i].count, names,
                        count))
            return true;
    return false;
}

static bool has_like_types(const mimic_table *table, const mimic_table *referenced,
                           const mimic_foreign_key *key)
{
    for (size_t i = 0; i < key->count; i++) {
        const mimic_type own = table->fields[mimic_table_find_field(table, key->fields[i])].type;
        const mimic_type other =
            referenced->fields[mimic_table_find_field(referenced, key->referenced_fields[i])].type;
        if (own != other && !(is_text(own) && is_text(other)) &&
            !(is_integer(own) && is_integer(other)))
            return false;
    }
    return true;
}

static bool read_foreign_key(mimic_schema_reader *reader, const mimic_json *json,
                             const mimic_table *tables, const mimic_table *table,
                             mimic_foreign_key *out_key)
{
    const mimic_json *fields = mimic__json_get(json, "fields");
    const mimic_json *reference =
        mimic__schema_member(reader, json, "reference", MIMIC_JSON_OBJECT);
    const mimic_json *referenced_fields = mimic__json_get(reference, "fields");
    if (fields == NULL || reference == NULL || referenced_fields == NULL) {
        mimic__schema_finding(reader, json,
                              "a foreign key needs \"fields\" and \"reference\": {\"resource\", "
                              "\"fields\"}");
        return false;
    }
    const mimic_table *referenced = find_referenced(reader, reference, tables, table);
    out_key->count = read_names(reader, fields, table, &out_key->fields);
    if (referenced == NULL)
        return false;
    const size_t count =
        read_names(reader, referenced_fields, referenced, &out_key->referenced_fields);
    if (out_key->count > 0 && count > 0 && count != out_key->count)
        mimic__schema_finding(reader, json, "the foreign key has %zu fields and refers to %zu",
                              out_key->count, count);
    out_key->referenced_table = referenced->name;
    if (count == 0 || count != out_key->count)
        return false;
    out_key->is_enforceable = is_key(referenced, out_key->referenced_fields, count) &&
                              has_like_types(table, referenced, out_key);
    return true;
}

void mimic__schema_read_foreign_keys(mimic_schema_reader *reader, const mimic_json *schema,
                                     const mimic_table *tables, mimic_table *table)
{
    const mimic_json *keys = mimic__schema_member(reader, schema, "foreignKeys", MIMIC_JSON_ARRAY);
    if (keys == NULL || table->field_count == 0)
        return;
    if (keys->child_count > MIMIC_SCHEMA_MAX_KEYS) {
        mimic__schema_finding(reader, keys, "more than %d foreign keys", MIMIC_SCHEMA_MAX_KEYS);
        return;
    }
    mimic_foreign_key *array = mimic__schema_array(reader, keys->child_count, sizeof *array);
    if (array == NULL)
        return;
    table->foreign_keys = array;
    for (const mimic_json *key = keys->first; key != NULL; key = key->next)
        table->foreign_key_count +=
            read_foreign_key(reader, key, tables, table, &array[table->foreign_key_count]);
}

/* ---- dialect ---- */

/* Properties that the reader does not have; a value other than the default is a finding. */
static void check_unsupported(mimic_schema_reader *reader, const mimic_json *dialect)
{
    const mimic_json *rows = mimic__json_get(dialect, "headerRows");
    if (rows != NULL && (rows->kind != MIMIC_JSON_ARRAY || rows->child_count != 1 ||
                         strcmp(rows->first->text, "1") != 0))
        mimic__schema_finding(reader, rows, "only a header in row 1 is supported: [1]");
    const mimic_json *comments = mimic__json_get(dialect, "commentRows");
    if (comments != NULL && (comments->kind != MIMIC_JSON_ARRAY || comments->child_count > 0))
        mimic__schema_finding(reader, comments, "\"commentRows\" are not supported");
    if (mimic__schema_flag(reader, dialect, "skipInitialSpace", false))
        mimic__schema_finding(reader, mimic__json_get(dialect, "skipInitialSpace"),
                              "\"skipInitialSpace\" is not supported: blanks are data");
    const mimic_json *null_sequence = mimic__json_get(dialect, "nullSequence");
    if (null_sequence != NULL && null_sequence->kind != MIMIC_JSON_NULL)
        mimic__schema_finding(reader, null_sequence,
                              "\"nullSequence\" is not supported; use \"missingValues\"");
    const mimic_json *end =
        mimic__schema_member(reader, dialect, "lineTerminator", MIMIC_JSON_STRING);
    if (end != NULL && strcmp(end->text, "\n") != 0 && strcmp(end->text, "\r\n") != 0 &&
        strcmp(end->text, "\r") != 0)
        mimic__schema_finding(reader, end, "lines can end with LF, CRLF or CR only");
}

void mimic__schema_read_dialect(mimic_schema_reader *reader, const mimic_json *dialect,
                                mimic_table *table)
{
    if (dialect == NULL)
        return;
    check_unsupported(reader, dialect);
    table->delimiter = mimic__schema_character(reader, dialect, "delimiter");
    table->quote = mimic__schema_character(reader, dialect, "quoteChar");
    table->escape = mimic__schema_character(reader, dialect, "escapeChar");
    table->comment = mimic__schema_character(reader, dialect, "commentChar");
    table->no_header = !mimic__schema_flag(reader, dialect, "header", true);
    if (!mimic__schema_flag(reader, dialect, "doubleQuote", true) && table->escape == '\0')
        mimic__schema_finding(
            reader, dialect,
            "without \"doubleQuote\" an \"escapeChar\" is needed to write a quote");
    const char delimiter = table->delimiter == '\0' ? ',' : table->delimiter;
    const char quote = table->quote == '\0' ? '"' : table->quote;
    if (delimiter == quote || delimiter == table->escape || delimiter == table->comment)
        mimic__schema_finding(reader, dialect,
                              "the delimiter is the quote, escape or comment character too");
}
