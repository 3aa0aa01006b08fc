/*
 * A SQL script for a release or a table. Foreign keys go where the dialect takes them: inside
 * CREATE TABLE (SQLite, in any order), in ALTER TABLE after all tables (PostgreSQL), or inside
 * CREATE TABLE with the referenced table first (DuckDB, BigQuery; keys that close a circle are left
 * out with a remark). Athena has none.
 */
#include "schema/schema_ddl.h"

#include "base/error.h"

#define NOT_HERE SIZE_MAX

/* What becomes of a foreign key. */
typedef struct key_plan {
    size_t referenced; /* index in script.tables, NOT_HERE = not part of the script */
    bool can_declare;  /* by this dialect */
} key_plan;

/* A script in the making. */
typedef struct script {
    mimic_ddl ddl;
    const mimic_table *const *tables;
    key_plan **plans; /* of a table's foreign keys */
    bool *is_created;
    size_t table_count;
    size_t current; /* the table being written */
} script;

static const char *dialect_label(mimic_sql_dialect dialect)
{
    switch (dialect) {
    case MIMIC_SQL_SQLITE:
        return "SQLite";
    case MIMIC_SQL_POSTGRES:
        return "PostgreSQL";
    case MIMIC_SQL_DUCKDB:
        return "DuckDB";
    case MIMIC_SQL_BIGQUERY:
        return "BigQuery";
    case MIMIC_SQL_ATHENA:
        return "Athena";
    default:
        return NULL;
    }
}

/* ---- schemas ---- */

static void put_schema(const script *self, const char *name)
{
    mimic__buffer_text(self->ddl.sql, self->ddl.dialect == MIMIC_SQL_ATHENA
                                          ? "CREATE DATABASE IF NOT EXISTS "
                                          : "CREATE SCHEMA IF NOT EXISTS ");
    mimic__ddl_name(&self->ddl, name);
    mimic__buffer_text(self->ddl.sql, ";\n");
}

/* True when an earlier table has the same module, hence the same schema. */
static bool is_known_module(const script *self, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (mimic__name_equals(self->tables[i]->module, self->tables[index]->module))
            return true;
    return false;
}

static void put_schemas(const script *self)
{
    if (self->ddl.dialect == MIMIC_SQL_SQLITE || self->ddl.dialect == MIMIC_SQL_DUCKDB)
        return;
    for (size_t i = 0; i < self->table_count; i++) {
        if (is_known_module(self, i))
            continue;
        mimic_buffer name;
        mimic__buffer_init(&name, self->ddl.sql->ctx);
        mimic__ddl_schema_name(&name, self->tables[i]);
        const bool is_named = name.size > 0;
        mimic__buffer_byte(&name, '\0');
        if (name.failed)
            self->ddl.sql->failed = true;
        else if (is_named)
            put_schema(self, name.data);
        mimic__buffer_free(&name);
    }
    mimic__buffer_byte(self->ddl.sql, '\n');
}

/* ---- order ---- */

/* BigQuery: only to primary keys, and not into the table itself. */
static bool is_primary_key(const mimic_table *table, const mimic_foreign_key *key)
{
    if (table->primary_key_count != key->count)
        return false;
    for (size_t i = 0; i < key->count; i++)
        if (!mimic__name_equals(table->fields[table->primary_key[i]].name,
                                key->referenced_fields[i]))
            return false;
    return true;
}

static bool is_text(const mimic_field *field)
{
    return field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL;
}

/* DuckDB casts nothing to compare keys: an INTEGER cannot refer to a BIGINT. */
static bool has_same_types(const mimic_table *table, const mimic_table *referenced,
                           const mimic_foreign_key *key)
{
    for (size_t i = 0; i < key->count; i++) {
        const mimic_field *own = &table->fields[mimic_table_find_field(table, key->fields[i])];
        const mimic_field *other =
            &referenced->fields[mimic_table_find_field(referenced, key->referenced_fields[i])];
        if (!(is_text(own) && is_text(other)) &&
            (own->type != other->type || own->precision != other->precision ||
             own->scale != other->scale))
            return false;
    }
    return true;
}

static bool can_declare(const script *self, size_t table, const mimic_foreign_key *key,
                        const mimic_table *referenced)
{
    if (!key->is_enforceable || self->ddl.dialect == MIMIC_SQL_ATHENA)
        return false;
    if (self->ddl.dialect == MIMIC_SQL_DUCKDB)
        return referenced == NULL || has_same_types(self->tables[table], referenced, key);
    if (self->ddl.dialect != MIMIC_SQL_BIGQUERY)
        return true;
    return referenced != NULL && is_primary_key(referenced, key) &&
           !mimic__name_equals(referenced->name, self->tables[table]->name);
}

static bool plan_keys(mimic_arena *arena, script *self, size_t table)
{
    const size_t count = self->tables[table]->foreign_key_count;
    key_plan *plans = mimic__arena_array(arena, count, sizeof *plans);
    self->plans[table] = plans;
    for (size_t i = 0; plans != NULL && i < count; i++) {
        const mimic_foreign_key *key = &self->tables[table]->foreign_keys[i];
        const mimic_table *referenced =
            mimic_dataset_find_table(self->ddl.dataset, key->referenced_table);
        const bool is_whole = self->table_count > 1 && referenced != NULL;
        plans[i].referenced =
            is_whole ? (size_t)(referenced - self->ddl.dataset->tables) : NOT_HERE;
        plans[i].can_declare = can_declare(self, table, key, referenced);
    }
    return plans != NULL;
}

static bool needs_order(const script *self)
{
    return self->ddl.dialect == MIMIC_SQL_DUCKDB || self->ddl.dialect == MIMIC_SQL_BIGQUERY;
}

/* True when the table that the key refers to stands above, is the same, or is not in the script. */
static bool is_resolved(const script *self, size_t table, const key_plan *plan)
{
    return plan->referenced == NOT_HERE || plan->referenced == table ||
           self->is_created[plan->referenced];
}

static bool is_ready(const script *self, size_t table)
{
    for (size_t i = 0; i < self->tables[table]->foreign_key_count; i++)
        if (self->plans[table][i].can_declare && !is_resolved(self, table, &self->plans[table][i]))
            return false;
    return true;
}

/* The next table: the first whose referenced tables exist; in a circle the first that is left. */
static size_t next_table(const script *self)
{
    size_t first = self->table_count;
    for (size_t i = 0; i < self->table_count; i++) {
        if (self->is_created[i])
            continue;
        if (!needs_order(self) || is_ready(self, i))
            return i;
        if (first == self->table_count)
            first = i;
    }
    return first;
}

/* ---- one table ---- */

/* A filter for mimic__ddl_create_table. */
static bool stands_inside(const mimic_ddl *ddl, const mimic_table *table,
                          const mimic_foreign_key *key, void *ctx)
{
    const script *self = ctx;
    const key_plan *plan = &self->plans[self->current][key - table->foreign_keys];
    return ddl->dialect != MIMIC_SQL_POSTGRES && plan->can_declare &&
           (!needs_order(self) || is_resolved(self, self->current, plan));
}

static void put_column_list(mimic_buffer *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mimic__buffer_format(out, "%s%s", i > 0 ? ", " : "", names[i]);
}

static const char *reason_left_out(const script *self, size_t key)
{
    if (!self->tables[self->current]->foreign_keys[key].is_enforceable)
        return "), which is no key there";
    if (self->plans[self->current][key].can_declare)
        return "), which closes a circle";
    return "), which the dialect does not take";
}

/* Says which relations the script does not declare, and why. */
static void put_left_out(script *self, const mimic_table *table)
{
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const mimic_foreign_key *key = &table->foreign_keys[i];
        if (self->ddl.dialect == MIMIC_SQL_ATHENA ||
            (self->ddl.dialect == MIMIC_SQL_POSTGRES && key->is_enforceable) ||
            stands_inside(&self->ddl, table, key, self))
            continue;
        mimic_buffer text;
        mimic__buffer_init(&text, self->ddl.sql->ctx);
        mimic__buffer_text(&text, "not declared: (");
        put_column_list(&text, key->fields, key->count);
        mimic__buffer_format(&text, ") refers to %s (", key->referenced_table);
        put_column_list(&text, key->referenced_fields, key->count);
        mimic__buffer_text(&text, reason_left_out(self, i));
        mimic__buffer_byte(&text, '\0');
        if (text.failed)
            self->ddl.sql->failed = true;
        else
            mimic__ddl_remark(&self->ddl, text.data);
        mimic__buffer_free(&text);
    }
}

static void put_table(script *self, size_t index)
{
    const mimic_table *table = self->tables[index];
    const mimic_sql_dialect dialect = self->ddl.dialect;
    self->current = index;
    mimic__ddl_remark(&self->ddl, table->title[0] == '\0' ? table->name : table->title);
    put_left_out(self, table);
    if (dialect == MIMIC_SQL_ATHENA)
        mimic__ddl_athena_table(&self->ddl, table);
    else
        mimic__ddl_create_table(&self->ddl, table, stands_inside, self);
    mimic__buffer_text(self->ddl.sql, ";\n");
    if (dialect == MIMIC_SQL_SQLITE || dialect == MIMIC_SQL_POSTGRES)
        mimic__ddl_indexes(&self->ddl, table);
    if (dialect == MIMIC_SQL_POSTGRES || dialect == MIMIC_SQL_DUCKDB)
        mimic__ddl_comments(&self->ddl, table);
    mimic__buffer_byte(self->ddl.sql, '\n');
    self->is_created[index] = true;
}

/* ALTER TABLE … ADD FOREIGN KEY, when all tables are there. */
static void put_late_keys(const script *self)
{
    if (self->ddl.dialect != MIMIC_SQL_POSTGRES)
        return;
    for (size_t i = 0; i < self->table_count; i++)
        for (size_t j = 0; j < self->tables[i]->foreign_key_count; j++) {
            const mimic_foreign_key *key = &self->tables[i]->foreign_keys[j];
            if (!key->is_enforceable)
                continue;
            mimic__buffer_text(self->ddl.sql, "ALTER TABLE ");
            mimic__ddl_table_name(&self->ddl, self->tables[i]);
            mimic__buffer_text(self->ddl.sql, " ADD ");
            mimic__ddl_foreign_key(&self->ddl, self->tables[i], key);
            mimic__buffer_text(self->ddl.sql, ";\n");
        }
}

/* ---- the script ---- */

static void put_script(script *self)
{
    const mimic_table *first = self->tables[0];
    mimic_buffer *sql = self->ddl.sql;
    mimic_buffer title;
    mimic__buffer_init(&title, sql->ctx);
    mimic__buffer_format(
        &title, "%s%s%s for %s", first->dataset[0] == '\0' ? first->name : first->dataset,
        first->version[0] == '\0' ? "" : "@", first->version, dialect_label(self->ddl.dialect));
    mimic__buffer_byte(&title, '\0');
    if (title.failed)
        sql->failed = true;
    else
        mimic__ddl_remark(&self->ddl, title.data);
    mimic__buffer_free(&title);
    mimic__buffer_byte(sql, '\n');
    put_schemas(self);
    for (size_t i = 0; i < self->table_count && !sql->failed; i++)
        put_table(self, next_table(self));
    put_late_keys(self);
}

static mimic_status write_script(mimic_arena *arena, mimic_ddl ddl, const mimic_table *table,
                                 char **out_sql, mimic_error *err)
{
    const size_t count = table != NULL ? 1 : ddl.dataset->table_count;
    const mimic_table **tables = mimic__arena_array(arena, count, sizeof *tables);
    script self = {.ddl = ddl, .tables = tables, .table_count = count};
    self.plans = mimic__arena_array(arena, count, sizeof *self.plans);
    self.is_created = mimic__arena_array(arena, count, sizeof *self.is_created);
    if (tables == NULL || self.plans == NULL || self.is_created == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        tables[i] = table != NULL ? table : &ddl.dataset->tables[i];
    for (size_t i = 0; i < count; i++)
        if (!plan_keys(arena, &self, i))
            return mimic__fail_memory(err);
    put_script(&self);
    *out_sql = mimic__buffer_take_text(ddl.sql);
    return *out_sql == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic_schema_ddl(const mimic_context *ctx, const mimic_dataset *dataset,
                              const mimic_table *table, mimic_sql_dialect dialect, char **out_sql,
                              mimic_error *err)
{
    if (ctx == NULL || out_sql == NULL || (dataset == NULL && table == NULL) ||
        (table == NULL && dataset->table_count == 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_schema_ddl needs a context and a dataset or a table");
    *out_sql = NULL;
    if (dialect_label(dialect) == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%d is no SQL dialect; there are SQLite, PostgreSQL, DuckDB, BigQuery "
                           "and Athena",
                           dialect);
    mimic_arena arena;
    mimic_buffer sql;
    mimic__arena_init(&arena, ctx);
    mimic__buffer_init(&sql, ctx);
    const mimic_ddl ddl = {.sql = &sql, .dialect = dialect, .dataset = dataset};
    const mimic_status status = write_script(&arena, ddl, table, out_sql, err);
    mimic__buffer_free(&sql);
    mimic__arena_free(&arena);
    return status;
}
