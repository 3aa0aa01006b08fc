/*
 * Names, literals and types of the SQL dialects. Names are always quoted, so that no name of a
 * schema can be read as SQL. PostgreSQL and Athena fold unquoted names to lower case; there names
 * are stored in lower case, so that people need no quotes (names differ by more than case anyway).
 */
#include "schema/schema_ddl.h"

#include <string.h>

static bool folds_case(const mimic_ddl *ddl)
{
    return ddl->dialect == MIMIC_SQL_POSTGRES || ddl->dialect == MIMIC_SQL_ATHENA;
}

static bool has_schemas(const mimic_ddl *ddl)
{
    return ddl->dialect != MIMIC_SQL_SQLITE && ddl->dialect != MIMIC_SQL_DUCKDB;
}

/* ---- names ---- */

/* Quotes inside are doubled (SQL, Hive). */
static void put_quoted(mimic_buffer *sql, const char *text, char quote)
{
    mimic__buffer_byte(sql, quote);
    for (; *text != '\0'; text++) {
        if (*text == quote)
            mimic__buffer_byte(sql, quote);
        mimic__buffer_byte(sql, *text);
    }
    mimic__buffer_byte(sql, quote);
}

/* C-like escapes: BigQuery's texts and names, Hive's texts. */
static void put_escaped(mimic_buffer *sql, const char *text, char quote)
{
    mimic__buffer_byte(sql, quote);
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '\n')
            mimic__buffer_text(sql, "\\n");
        else if (byte < 0x20 || byte == 0x7f)
            mimic__buffer_byte(sql, ' ');
        else {
            if (*text == quote || *text == '\\')
                mimic__buffer_byte(sql, '\\');
            mimic__buffer_byte(sql, *text);
        }
    }
    mimic__buffer_byte(sql, quote);
}

void mimic__sql_quote_identifier(mimic_buffer *sql, const char *name)
{
    put_quoted(sql, name, '"');
}

static void put_name(const mimic_ddl *ddl, const char *name)
{
    if (ddl->dialect == MIMIC_SQL_BIGQUERY)
        put_escaped(ddl->sql, name, '`');
    else
        put_quoted(ddl->sql, name, ddl->dialect == MIMIC_SQL_ATHENA ? '`' : '"');
}

void mimic__ddl_name(const mimic_ddl *ddl, const char *name)
{
    if (!folds_case(ddl)) {
        put_name(ddl, name);
        return;
    }
    mimic_buffer folded;
    mimic__buffer_init(&folded, ddl->sql->ctx);
    mimic__name_fold(&folded, name);
    mimic__buffer_byte(&folded, '\0');
    if (folded.failed)
        ddl->sql->failed = true;
    else
        put_name(ddl, folded.data);
    mimic__buffer_free(&folded);
}

void mimic__ddl_names(const mimic_ddl *ddl, const char *const *names, size_t count)
{
    mimic__buffer_byte(ddl->sql, '(');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mimic__buffer_text(ddl->sql, ", ");
        mimic__ddl_name(ddl, names[i]);
    }
    mimic__buffer_byte(ddl->sql, ')');
}

void mimic__ddl_field_names(const mimic_ddl *ddl, const mimic_table *table, const size_t *fields,
                            size_t count)
{
    mimic__buffer_byte(ddl->sql, '(');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mimic__buffer_text(ddl->sql, ", ");
        mimic__ddl_name(ddl, table->fields[fields[i]].name);
    }
    mimic__buffer_byte(ddl->sql, ')');
}

/* Letters and digits of a name in lower case. */
static void put_plain(mimic_buffer *out, const char *name, size_t size, bool keeps_underscores)
{
    for (size_t i = 0; i < size; i++) {
        const char byte = name[i];
        if (byte >= 'A' && byte <= 'Z')
            mimic__buffer_byte(out, (char)(byte - 'A' + 'a'));
        else if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                 (byte == '_' && keeps_underscores))
            mimic__buffer_byte(out, byte);
    }
}

/* "mimic-iv" and "hosp" give "mimiciv_hosp"; "mimic-iv-ed" and "ed" give "mimiciv_ed". */
void mimic__ddl_schema_name(mimic_buffer *out, const mimic_table *table)
{
    size_t size = strlen(table->dataset);
    const size_t module_size = strlen(table->module);
    if (module_size > 0 && size > module_size + 1 &&
        table->dataset[size - module_size - 1] == '-' &&
        strcmp(table->dataset + size - module_size, table->module) == 0)
        size -= module_size + 1;
    put_plain(out, table->dataset, size, true);
    if (module_size > 0 && size > 0) {
        mimic__buffer_byte(out, '_');
        put_plain(out, table->module, module_size, true);
    }
}

void mimic__ddl_table_name(const mimic_ddl *ddl, const mimic_table *table)
{
    if (ddl->schema != NULL) {
        put_name(ddl, ddl->schema);
        mimic__buffer_byte(ddl->sql, '.');
    } else if (has_schemas(ddl)) {
        mimic_buffer schema;
        mimic__buffer_init(&schema, ddl->sql->ctx);
        mimic__ddl_schema_name(&schema, table);
        const bool is_named = schema.size > 0;
        mimic__buffer_byte(&schema, '\0');
        if (schema.failed) {
            ddl->sql->failed = true;
        } else if (is_named) {
            put_name(ddl, schema.data);
            mimic__buffer_byte(ddl->sql, '.');
        }
        mimic__buffer_free(&schema);
    }
    mimic__ddl_name(ddl, table->name);
}

/* ---- texts ---- */

/* PostgreSQL takes backslashes as they are only while standard_conforming_strings is on, which has been
 * the default since 9.1; this form means the same under either setting, and under any backslash_quote.
 * All other characters stand for themselves. */
static void put_escape_form(mimic_buffer *sql, const char *text)
{
    mimic__buffer_text(sql, "E'");
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            mimic__buffer_byte(sql, *text);
        mimic__buffer_byte(sql, *text);
    }
    mimic__buffer_byte(sql, '\'');
}

void mimic__ddl_text(const mimic_ddl *ddl, const char *text)
{
    if (ddl->dialect == MIMIC_SQL_BIGQUERY || ddl->dialect == MIMIC_SQL_ATHENA) {
        put_escaped(ddl->sql, text, '\'');
        return;
    }
    if (ddl->dialect == MIMIC_SQL_POSTGRES && strchr(text, '\\') != NULL) {
        put_escape_form(ddl->sql, text);
        return;
    }
    put_quoted(ddl->sql, text, '\'');
}

void mimic__ddl_remark(const mimic_ddl *ddl, const char *text)
{
    mimic__buffer_text(ddl->sql, "-- ");
    for (; *text != '\0'; text++)
        mimic__buffer_byte(ddl->sql, (unsigned char)*text < 0x20 ? ' ' : *text);
    mimic__buffer_byte(ddl->sql, '\n');
}

const char *mimic__ddl_table_comment(const mimic_table *table)
{
    return table->description[0] != '\0' ? table->description : table->title;
}

/* ---- types ---- */

typedef const char *type_names[MIMIC_TYPE_BINARY + 1];

/* What stands in brackets is added by mimic__ddl_type. */
static const type_names sqlite_types = {
    [MIMIC_TYPE_BOOLEAN] = "INTEGER",  [MIMIC_TYPE_INT16] = "INTEGER",
    [MIMIC_TYPE_INT32] = "INTEGER",    [MIMIC_TYPE_INT64] = "INTEGER",
    [MIMIC_TYPE_FLOAT32] = "REAL",     [MIMIC_TYPE_FLOAT64] = "REAL",
    [MIMIC_TYPE_DECIMAL] = "TEXT",     [MIMIC_TYPE_DATE] = "TEXT",
    [MIMIC_TYPE_TIME] = "TEXT",        [MIMIC_TYPE_TIMESTAMP] = "TEXT",
    [MIMIC_TYPE_TIMESTAMPTZ] = "TEXT", [MIMIC_TYPE_STRING] = "TEXT",
    [MIMIC_TYPE_CATEGORICAL] = "TEXT", [MIMIC_TYPE_BINARY] = "BLOB",
};

static const type_names postgres_types = {
    [MIMIC_TYPE_BOOLEAN] = "boolean",
    [MIMIC_TYPE_INT16] = "smallint",
    [MIMIC_TYPE_INT32] = "integer",
    [MIMIC_TYPE_INT64] = "bigint",
    [MIMIC_TYPE_FLOAT32] = "real",
    [MIMIC_TYPE_FLOAT64] = "double precision",
    [MIMIC_TYPE_DECIMAL] = "numeric",
    [MIMIC_TYPE_DATE] = "date",
    [MIMIC_TYPE_TIME] = "time",
    [MIMIC_TYPE_TIMESTAMP] = "timestamp",
    [MIMIC_TYPE_TIMESTAMPTZ] = "timestamptz",
    [MIMIC_TYPE_STRING] = "text",
    [MIMIC_TYPE_CATEGORICAL] = "text",
    [MIMIC_TYPE_BINARY] = "bytea",
};

static const type_names duckdb_types = {
    [MIMIC_TYPE_BOOLEAN] = "BOOLEAN",
    [MIMIC_TYPE_INT16] = "SMALLINT",
    [MIMIC_TYPE_INT32] = "INTEGER",
    [MIMIC_TYPE_INT64] = "BIGINT",
    [MIMIC_TYPE_FLOAT32] = "FLOAT",
    [MIMIC_TYPE_FLOAT64] = "DOUBLE",
    [MIMIC_TYPE_DECIMAL] = "DECIMAL",
    [MIMIC_TYPE_DATE] = "DATE",
    [MIMIC_TYPE_TIME] = "TIME",
    [MIMIC_TYPE_TIMESTAMP] = "TIMESTAMP",
    [MIMIC_TYPE_TIMESTAMPTZ] = "TIMESTAMP WITH TIME ZONE",
    [MIMIC_TYPE_STRING] = "VARCHAR",
    [MIMIC_TYPE_CATEGORICAL] = "VARCHAR",
    [MIMIC_TYPE_BINARY] = "BLOB",
};

static const type_names bigquery_types = {
    [MIMIC_TYPE_BOOLEAN] = "BOOL",
    [MIMIC_TYPE_INT16] = "INT64",
    [MIMIC_TYPE_INT32] = "INT64",
    [MIMIC_TYPE_INT64] = "INT64",
    [MIMIC_TYPE_FLOAT32] = "FLOAT64",
    [MIMIC_TYPE_FLOAT64] = "FLOAT64",
    [MIMIC_TYPE_DECIMAL] = "NUMERIC",
    [MIMIC_TYPE_DATE] = "DATE",
    [MIMIC_TYPE_TIME] = "TIME",
    [MIMIC_TYPE_TIMESTAMP] = "DATETIME",
    [MIMIC_TYPE_TIMESTAMPTZ] = "TIMESTAMP",
    [MIMIC_TYPE_STRING] = "STRING",
    [MIMIC_TYPE_CATEGORICAL] = "STRING",
    [MIMIC_TYPE_BINARY] = "BYTES",
};

/* Hive has no time of day; the text keeps it whole. */
static const type_names athena_types = {
    [MIMIC_TYPE_BOOLEAN] = "boolean",
    [MIMIC_TYPE_INT16] = "smallint",
    [MIMIC_TYPE_INT32] = "int",
    [MIMIC_TYPE_INT64] = "bigint",
    [MIMIC_TYPE_FLOAT32] = "float",
    [MIMIC_TYPE_FLOAT64] = "double",
    [MIMIC_TYPE_DECIMAL] = "decimal",
    [MIMIC_TYPE_DATE] = "date",
    [MIMIC_TYPE_TIME] = "string",
    [MIMIC_TYPE_TIMESTAMP] = "timestamp",
    [MIMIC_TYPE_TIMESTAMPTZ] = "timestamp",
    [MIMIC_TYPE_STRING] = "string",
    [MIMIC_TYPE_CATEGORICAL] = "string",
    [MIMIC_TYPE_BINARY] = "binary",
};

static const char *type_name(mimic_sql_dialect dialect, mimic_type type)
{
    switch (dialect) {
    case MIMIC_SQL_POSTGRES:
        return postgres_types[type];
    case MIMIC_SQL_DUCKDB:
        return duckdb_types[type];
    case MIMIC_SQL_BIGQUERY:
        return bigquery_types[type];
    case MIMIC_SQL_ATHENA:
        return athena_types[type];
    default:
        return sqlite_types[type];
    }
}

static bool is_text(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

static bool is_time(mimic_type type)
{
    return type == MIMIC_TYPE_TIME || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

/* Limits of PostgreSQL's varchar and of BigQuery's STRING. */
#define MAX_VARCHAR 10485760

static bool has_limit(const mimic_field *field)
{
    return is_text(field->type) && field->max_length > 0 && field->max_length <= MAX_VARCHAR;
}

mimic_postgres_type mimic__ddl_postgres_type(const mimic_field *field)
{
    if (field->type == MIMIC_TYPE_DECIMAL)
        return (mimic_postgres_type){"numeric", 2, {field->precision, field->scale}};
    if (has_limit(field))
        return (mimic_postgres_type){"varchar", 1, {(int32_t)field->max_length, 0}};
    /* A pattern that ends in %S takes fractions of a second too, and the server would round them. */
    if (is_time(field->type))
        return (mimic_postgres_type){
            postgres_types[field->type], 1, {field->has_whole_seconds ? 0 : 6, 0}};
    return (mimic_postgres_type){postgres_types[field->type], 0, {0, 0}};
}

static void put_postgres_type(mimic_buffer *sql, const mimic_field *field)
{
    const mimic_postgres_type type = mimic__ddl_postgres_type(field);
    mimic__buffer_text(sql, type.name);
    if (type.argument_count == 1)
        mimic__buffer_format(sql, "(%d)", type.arguments[0]);
    else if (type.argument_count == 2)
        mimic__buffer_format(sql, "(%d,%d)", type.arguments[0], type.arguments[1]);
}

void mimic__ddl_type(const mimic_ddl *ddl, const mimic_field *field)
{
    const char *name = type_name(ddl->dialect, field->type);
    if (ddl->dialect == MIMIC_SQL_POSTGRES) {
        put_postgres_type(ddl->sql, field);
    } else if (ddl->dialect == MIMIC_SQL_SQLITE && ddl->integer_times && is_time(field->type)) {
        mimic__buffer_text(ddl->sql, "INTEGER");
    } else if (field->type == MIMIC_TYPE_DECIMAL && ddl->dialect != MIMIC_SQL_SQLITE) {
        /* BigQuery's NUMERIC has 29 digits before the point and 9 behind it. */
        const bool is_big = ddl->dialect == MIMIC_SQL_BIGQUERY &&
                            (field->scale > 9 || field->precision - field->scale > 29);
        mimic__buffer_format(ddl->sql, "%s%s(%d,%d)", is_big ? "BIG" : "", name, field->precision,
                             field->scale);
    } else if (has_limit(field) && ddl->dialect == MIMIC_SQL_BIGQUERY) {
        mimic__buffer_format(ddl->sql, "STRING(%lld)", (long long)field->max_length);
    } else {
        mimic__buffer_text(ddl->sql, name);
    }
}
