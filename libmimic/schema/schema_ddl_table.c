/*
 * CREATE TABLE, indexes and foreign keys. One text serves SQLite, PostgreSQL, DuckDB and BigQuery,
 * whose CREATE TABLE differ in words; Athena's external tables are another statement.
 */
#include "schema/schema_ddl.h"

#include <string.h>

/* ---- foreign keys ---- */

void mimic__ddl_foreign_key(const mimic_ddl *ddl, const mimic_table *table,
                            const mimic_foreign_key *key)
{
    const mimic_table *referenced = mimic_dataset_find_table(ddl->dataset, key->referenced_table);
    /* Without its dataset a table is taken to stand beside the one that refers to it. */
    mimic_table beside = *table;
    beside.name = key->referenced_table;
    mimic__buffer_text(ddl->sql, "FOREIGN KEY ");
    mimic__ddl_names(ddl, key->fields, key->count);
    mimic__buffer_text(ddl->sql, " REFERENCES ");
    mimic__ddl_table_name(ddl, referenced == NULL ? &beside : referenced);
    mimic__buffer_byte(ddl->sql, ' ');
    mimic__ddl_names(ddl, key->referenced_fields, key->count);
    if (ddl->dialect == MIMIC_SQL_BIGQUERY)
        mimic__buffer_text(ddl->sql, " NOT ENFORCED");
}

/* ---- tables ---- */

static void put_column(const mimic_ddl *ddl, const mimic_field *field)
{
    mimic__ddl_name(ddl, field->name);
    mimic__buffer_byte(ddl->sql, ' ');
    mimic__ddl_type(ddl, field);
    if (field->is_required)
        mimic__buffer_text(ddl->sql, " NOT NULL");
    if (field->is_unique && ddl->dialect != MIMIC_SQL_BIGQUERY)
        mimic__buffer_text(ddl->sql, " UNIQUE");
    if (ddl->dialect == MIMIC_SQL_BIGQUERY && field->description[0] != '\0') {
        mimic__buffer_text(ddl->sql, " OPTIONS(description=");
        mimic__ddl_text(ddl, field->description);
        mimic__buffer_byte(ddl->sql, ')');
    }
}

static void put_keys(const mimic_ddl *ddl, const mimic_table *table)
{
    if (table->primary_key_count > 0) {
        mimic__buffer_text(ddl->sql, ",\n  PRIMARY KEY ");
        mimic__ddl_field_names(ddl, table, table->primary_key, table->primary_key_count);
        if (ddl->dialect == MIMIC_SQL_BIGQUERY)
            mimic__buffer_text(ddl->sql, " NOT ENFORCED");
    }
    for (size_t i = 0; i < table->unique_key_count && ddl->dialect != MIMIC_SQL_BIGQUERY; i++) {
        mimic__buffer_text(ddl->sql, ",\n  UNIQUE ");
        mimic__ddl_field_names(ddl, table, table->unique_keys[i].fields,
                               table->unique_keys[i].count);
    }
}

void mimic__ddl_create_table(const mimic_ddl *ddl, const mimic_table *table,
                             mimic_ddl_key_filter filter, void *filter_ctx)
{
    mimic__buffer_text(ddl->sql, "CREATE TABLE ");
    mimic__ddl_table_name(ddl, table);
    mimic__buffer_text(ddl->sql, " (");
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__buffer_text(ddl->sql, i == 0 ? "\n  " : ",\n  ");
        put_column(ddl, &table->fields[i]);
    }
    put_keys(ddl, table);
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (filter(ddl, table, &table->foreign_keys[i], filter_ctx)) {
            mimic__buffer_text(ddl->sql, ",\n  ");
            mimic__ddl_foreign_key(ddl, table, &table->foreign_keys[i]);
        }
    mimic__buffer_text(ddl->sql, "\n)");
    if (ddl->dialect == MIMIC_SQL_SQLITE)
        mimic__buffer_text(ddl->sql, " STRICT");
    if (ddl->dialect == MIMIC_SQL_BIGQUERY && mimic__ddl_table_comment(table)[0] != '\0') {
        mimic__buffer_text(ddl->sql, "\nOPTIONS(description=");
        mimic__ddl_text(ddl, mimic__ddl_table_comment(table));
        mimic__buffer_byte(ddl->sql, ')');
    }
}

static bool takes_enforceable(const mimic_ddl *ddl, const mimic_table *table,
                              const mimic_foreign_key *key, void *ctx)
{
    (void)ddl;
    (void)table;
    (void)ctx;
    return key->is_enforceable;
}

void mimic__ddl_sqlite_table(mimic_buffer *sql, const mimic_table *table, bool integer_times)
{
    const mimic_ddl ddl = {.sql = sql, .dialect = MIMIC_SQL_SQLITE, .integer_times = integer_times};
    mimic__ddl_create_table(&ddl, table, takes_enforceable, NULL);
}

/* ---- comments ---- */

void mimic__ddl_comments(const mimic_ddl *ddl, const mimic_table *table)
{
    mimic_buffer *sql = ddl->sql;
    if (mimic__ddl_table_comment(table)[0] != '\0') {
        mimic__buffer_text(sql, "COMMENT ON TABLE ");
        mimic__ddl_table_name(ddl, table);
        mimic__buffer_text(sql, " IS ");
        mimic__ddl_text(ddl, mimic__ddl_table_comment(table));
        mimic__buffer_text(sql, ";\n");
    }
    for (size_t i = 0; i < table->field_count; i++) {
        if (table->fields[i].description[0] == '\0')
            continue;
        mimic__buffer_text(sql, "COMMENT ON COLUMN ");
        mimic__ddl_table_name(ddl, table);
        mimic__buffer_byte(sql, '.');
        mimic__ddl_name(ddl, table->fields[i].name);
        mimic__buffer_text(sql, " IS ");
        mimic__ddl_text(ddl, table->fields[i].description);
        mimic__buffer_text(sql, ";\n");
    }
}

/* ---- Athena ---- */

/* A name as part of an object's key in S3. */
static void put_path_part(mimic_buffer *sql, const char *name)
{
    for (; *name != '\0'; name++) {
        const bool is_plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                              (*name >= '0' && *name <= '9') || *name == '_' || *name == '-';
        mimic__buffer_byte(sql, is_plain ? *name : '_');
    }
}

static void put_hive_comment(const mimic_ddl *ddl, const char *text)
{
    if (text[0] == '\0')
        return;
    mimic__buffer_text(ddl->sql, " COMMENT ");
    mimic__ddl_text(ddl, text);
}

void mimic__ddl_athena_table(const mimic_ddl *ddl, const mimic_table *table)
{
    mimic__buffer_text(ddl->sql, "CREATE EXTERNAL TABLE IF NOT EXISTS ");
    mimic__ddl_table_name(ddl, table);
    mimic__buffer_text(ddl->sql, " (");
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__buffer_text(ddl->sql, i == 0 ? "\n  " : ",\n  ");
        mimic__ddl_name(ddl, table->fields[i].name);
        mimic__buffer_byte(ddl->sql, ' ');
        mimic__ddl_type(ddl, &table->fields[i]);
        put_hive_comment(ddl, table->fields[i].description);
    }
    mimic__buffer_text(ddl->sql, "\n)");
    put_hive_comment(ddl, mimic__ddl_table_comment(table));
    mimic__buffer_text(ddl->sql, "\nSTORED AS PARQUET\nLOCATION 's3://BUCKET/");
    const size_t start = ddl->sql->size;
    mimic__ddl_schema_name(ddl->sql, table);
    if (ddl->sql->size > start)
        mimic__buffer_byte(ddl->sql, '/');
    put_path_part(ddl->sql, table->name);
    mimic__buffer_text(ddl->sql, "/'");
}

/* ---- indexes ---- */

/* Columns that questions to clinical data begin with. */
static const char *const usual_columns[] = {"subject_id", "hadm_id", "stay_id", "icustay_id"};

#define USUAL_COUNT (sizeof usual_columns / sizeof usual_columns[0])

typedef struct column_list {
    const char *const *names;
    size_t count;
} column_list;

/* Wanted indexes: first the foreign keys, then the usual columns. */
static column_list wanted_index(const mimic_table *table, size_t index)
{
    if (index < table->foreign_key_count)
        return (column_list){table->foreign_keys[index].fields, table->foreign_keys[index].count};
    return (column_list){&usual_columns[index - table->foreign_key_count], 1};
}

/* True when a key over `fields` begins with the columns of the list. */
static bool key_begins_with(const mimic_table *table, const size_t *fields, size_t count,
                            column_list list)
{
    if (count < list.count)
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!mimic__name_equals(table->fields[fields[i]].name, list.names[i]))
            return false;
    return true;
}

static bool list_begins_with(column_list list, column_list start)
{
    if (list.count < start.count)
        return false;
    for (size_t i = 0; i < start.count; i++)
        if (!mimic__name_equals(list.names[i], start.names[i]))
            return false;
    return true;
}

static bool is_covered(const mimic_table *table, size_t index)
{
    const column_list list = wanted_index(table, index);
    if (key_begins_with(table, table->primary_key, table->primary_key_count, list))
        return true;
    for (size_t i = 0; i < table->unique_key_count; i++)
        if (key_begins_with(table, table->unique_keys[i].fields, table->unique_keys[i].count, list))
            return true;
    for (size_t i = 0; i < table->field_count; i++)
        if (table->fields[i].is_unique && key_begins_with(table, &i, 1, list))
            return true;
    for (size_t earlier = 0; earlier < index; earlier++)
        if (list_begins_with(wanted_index(table, earlier), list))
            return true;
    return false;
}

static bool has_columns(const mimic_table *table, column_list list)
{
    for (size_t i = 0; i < list.count; i++)
        if (mimic_table_find_field(table, list.names[i]) < 0)
            return false;
    return true;
}

/* PostgreSQL names its indexes itself; they live in the schema of their table. */
static void put_index_name(const mimic_ddl *ddl, const mimic_table *table, column_list list)
{
    mimic_buffer name;
    mimic__buffer_init(&name, ddl->sql->ctx);
    mimic__buffer_format(&name, "idx_%s", table->name);
    for (size_t i = 0; i < list.count; i++)
        mimic__buffer_format(&name, "_%s", list.names[i]);
    mimic__buffer_byte(&name, '\0');
    if (name.failed)
        ddl->sql->failed = true;
    else
        mimic__ddl_name(ddl, name.data);
    mimic__buffer_free(&name);
}

static void put_index(const mimic_ddl *ddl, const mimic_table *table, column_list list)
{
    mimic__buffer_text(ddl->sql, "CREATE INDEX ");
    if (ddl->dialect == MIMIC_SQL_SQLITE) {
        mimic__buffer_text(ddl->sql, "IF NOT EXISTS ");
        put_index_name(ddl, table, list);
        mimic__buffer_byte(ddl->sql, ' ');
    }
    mimic__buffer_text(ddl->sql, "ON ");
    mimic__ddl_table_name(ddl, table);
    mimic__buffer_byte(ddl->sql, ' ');
    mimic__ddl_names(ddl, list.names, list.count);
    mimic__buffer_text(ddl->sql, ";\n");
}

void mimic__ddl_each_index(const mimic_table *table, mimic_ddl_index_fn fn, void *ctx)
{
    for (size_t i = 0; i < table->foreign_key_count + USUAL_COUNT; i++)
        if (has_columns(table, wanted_index(table, i)) && !is_covered(table, i))
            fn(ctx, wanted_index(table, i).names, wanted_index(table, i).count);
}

typedef struct index_script {
    const mimic_ddl *ddl;
    const mimic_table *table;
} index_script;

static void put_index_of(void *ctx, const char *const *columns, size_t count)
{
    const index_script *script = ctx;
    put_index(script->ddl, script->table, (column_list){columns, count});
}

void mimic__ddl_indexes(const mimic_ddl *ddl, const mimic_table *table)
{
    index_script script = {ddl, table};
    mimic__ddl_each_index(table, put_index_of, &script);
}

void mimic__ddl_sqlite_indexes(mimic_buffer *sql, const mimic_table *table)
{
    const mimic_ddl ddl = {.sql = sql, .dialect = MIMIC_SQL_SQLITE};
    mimic__ddl_indexes(&ddl, table);
}
