/*
 * See sink_sqlite_sql.h. Indexes follow the keys: a foreign key is looked up from both sides, and
 * nearly every question to these datasets begins with a patient, an admission or a stay.
 */
#include "sink/sink_sqlite_sql.h"

#include <string.h>

#include "schema/schema_model.h"

void mimic__sql_quote_identifier(mimic_buffer *sql, const char *name)
{
    mimic__buffer_byte(sql, '"');
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"')
            mimic__buffer_byte(sql, '"');
        mimic__buffer_byte(sql, *p);
    }
    mimic__buffer_byte(sql, '"');
}

static void put_names(mimic_buffer *sql, const mimic_table *table, const size_t *fields, size_t n)
{
    mimic__buffer_byte(sql, '(');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            mimic__buffer_text(sql, ", ");
        mimic__sql_quote_identifier(sql, table->fields[fields[i]].name);
    }
    mimic__buffer_byte(sql, ')');
}

static const char *sqlite_type(mimic_type type, bool integer_times)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
        return "INTEGER";
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return "REAL";
    case MIMIC_TYPE_BINARY:
        return "BLOB";
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return integer_times ? "INTEGER" : "TEXT";
    default:
        return "TEXT";
    }
}

void mimic__ddl_sqlite_table(mimic_buffer *sql, const mimic_table *table, bool integer_times)
{
    mimic__buffer_text(sql, "CREATE TABLE ");
    mimic__sql_quote_identifier(sql, table->name);
    mimic__buffer_text(sql, " (");
    for (size_t i = 0; i < table->field_count; i++) {
        const mimic_field *field = &table->fields[i];
        mimic__buffer_text(sql, i == 0 ? "\n  " : ",\n  ");
        mimic__sql_quote_identifier(sql, field->name);
        mimic__buffer_format(sql, " %s%s%s", sqlite_type(field->type, integer_times),
                             field->is_required ? " NOT NULL" : "",
                             field->is_unique ? " UNIQUE" : "");
    }
    if (table->primary_key_count > 0) {
        mimic__buffer_text(sql, ",\n  PRIMARY KEY ");
        put_names(sql, table, table->primary_key, table->primary_key_count);
    }
    for (size_t i = 0; i < table->unique_key_count; i++) {
        mimic__buffer_text(sql, ",\n  UNIQUE ");
        put_names(sql, table, table->unique_keys[i].fields, table->unique_keys[i].count);
    }
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const mimic_foreign_key *key = &table->foreign_keys[i];
        mimic__buffer_text(sql, ",\n  FOREIGN KEY (");
        for (size_t k = 0; k < key->count; k++) {
            mimic__buffer_text(sql, k == 0 ? "" : ", ");
            mimic__sql_quote_identifier(sql, key->fields[k]);
        }
        mimic__buffer_text(sql, ") REFERENCES ");
        mimic__sql_quote_identifier(sql, key->referenced_table);
        mimic__buffer_text(sql, " (");
        for (size_t k = 0; k < key->count; k++) {
            mimic__buffer_text(sql, k == 0 ? "" : ", ");
            mimic__sql_quote_identifier(sql, key->referenced_fields[k]);
        }
        mimic__buffer_byte(sql, ')');
    }
    mimic__buffer_text(sql, "\n) STRICT");
}

/* Columns that are looked up by without being foreign keys everywhere. */
static const char *const USUAL_COLUMNS[] = {"subject_id", "hadm_id", "stay_id", "icustay_id"};

#define USUAL_COUNT (sizeof USUAL_COLUMNS / sizeof USUAL_COLUMNS[0])

typedef struct column_list {
    const char *const *names;
    size_t count;
} column_list;

/* Wanted index number `index`: first the foreign keys, then the usual columns. */
static column_list wanted_index(const mimic_table *table, size_t index)
{
    if (index < table->foreign_key_count)
        return (column_list){table->foreign_keys[index].fields, table->foreign_keys[index].count};
    return (column_list){&USUAL_COLUMNS[index - table->foreign_key_count], 1};
}

/* Whether an index over fields of the table serves for `list`: it begins with the same columns. */
static bool key_covers(const mimic_table *table, const size_t *fields, size_t count,
                       column_list list)
{
    if (count < list.count)
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!mimic__name_equals(table->fields[fields[i]].name, list.names[i]))
            return false;
    return true;
}

static bool is_covered(const mimic_table *table, size_t index)
{
    const column_list list = wanted_index(table, index);
    if (key_covers(table, table->primary_key, table->primary_key_count, list))
        return true;
    for (size_t i = 0; i < table->unique_key_count; i++)
        if (key_covers(table, table->unique_keys[i].fields, table->unique_keys[i].count, list))
            return true;
    for (size_t i = 0; i < table->field_count; i++)
        if (table->fields[i].is_unique && key_covers(table, &i, 1, list))
            return true;
    for (size_t earlier = 0; earlier < index; earlier++) {
        const column_list other = wanted_index(table, earlier);
        size_t same = 0;
        while (same < list.count && same < other.count &&
               mimic__name_equals(list.names[same], other.names[same]))
            same++;
        if (same == list.count)
            return true;
    }
    return false;
}

static bool has_columns(const mimic_table *table, column_list list)
{
    for (size_t i = 0; i < list.count; i++)
        if (mimic_table_find_field(table, list.names[i]) < 0)
            return false;
    return true;
}

/* CREATE INDEX "idx_labevents_subject_id" ON … */
static void put_index(mimic_buffer *sql, const mimic_table *table, column_list list)
{
    mimic_buffer name;
    mimic__buffer_init(&name, sql->ctx);
    mimic__buffer_format(&name, "idx_%s", table->name);
    for (size_t i = 0; i < list.count; i++)
        mimic__buffer_format(&name, "_%s", list.names[i]);
    mimic__buffer_byte(&name, '\0');
    sql->failed |= name.failed;
    mimic__buffer_text(sql, "CREATE INDEX IF NOT EXISTS main.");
    if (!name.failed)
        mimic__sql_quote_identifier(sql, name.data);
    mimic__buffer_free(&name);
    mimic__buffer_text(sql, " ON ");
    mimic__sql_quote_identifier(sql, table->name);
    for (size_t i = 0; i < list.count; i++) {
        mimic__buffer_text(sql, i == 0 ? " (" : ", ");
        mimic__sql_quote_identifier(sql, list.names[i]);
    }
    mimic__buffer_text(sql, ");\n");
}

void mimic__sqlite_index_sql(mimic_buffer *sql, const mimic_table *table)
{
    for (size_t i = 0; i < table->foreign_key_count + USUAL_COUNT; i++)
        if (has_columns(table, wanted_index(table, i)) && !is_covered(table, i))
            put_index(sql, table, wanted_index(table, i));
}
