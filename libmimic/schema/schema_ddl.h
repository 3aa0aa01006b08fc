/* SQL texts made from tables; the SQLite ones are also what the SQLite sink runs. */
#ifndef MIMIC_SCHEMA_DDL_H
#define MIMIC_SCHEMA_DDL_H

#include "schema/schema_model.h"

/* "name", quotes inside doubled: any name is safe in SQLite, PostgreSQL and DuckDB. */
void mimic__sql_quote_identifier(mimic_buffer *sql, const char *name);

/* CREATE TABLE … STRICT, without a semicolon. Times are TEXT, or INTEGER microseconds; decimals are
 * TEXT, the only type of SQLite that keeps them exact. */
void mimic__ddl_sqlite_table(mimic_buffer *sql, const mimic_table *table, bool integer_times);
/* CREATE INDEX statements, each with a semicolon and a line end, over foreign keys and the usual
 * patient and stay columns, unless a key or an earlier index begins with the same columns. */
void mimic__ddl_sqlite_indexes(mimic_buffer *sql, const mimic_table *table);

/* The type of a field in PostgreSQL, for the DDL and for what is sent by COPY. The numbers that stand
 * in brackets behind the name: characters of varchar; precision and scale of numeric; digits of the
 * fraction of a second. */
typedef struct mimic_postgres_type {
    const char *name;
    int32_t argument_count; /* 0 to 2 */
    int32_t arguments[2];
} mimic_postgres_type;

mimic_postgres_type mimic__ddl_postgres_type(const mimic_field *field);

/* ---- inside the DDL ---- */

typedef struct mimic_ddl {
    mimic_buffer *sql;
    mimic_sql_dialect dialect;
    const mimic_dataset *dataset; /* NULL = a table by itself */
    bool integer_times;           /* SQLite only */
    const char *schema;           /* where all tables stand; NULL = by their module */
} mimic_ddl;

/* True when the dialect takes this foreign key at this point of the script. */
typedef bool (*mimic_ddl_key_filter)(const mimic_ddl *ddl, const mimic_table *table,
                                     const mimic_foreign_key *key, void *ctx);

/* A name as the dialect stores it, quoted. */
void mimic__ddl_name(const mimic_ddl *ddl, const char *name);
void mimic__ddl_names(const mimic_ddl *ddl, const char *const *names, size_t count);
void mimic__ddl_field_names(const mimic_ddl *ddl, const mimic_table *table, const size_t *fields,
                            size_t count);
/* The name with its schema, where the dialect has schemas. */
void mimic__ddl_table_name(const mimic_ddl *ddl, const mimic_table *table);
/* Schema of a table: "mimiciv_hosp"; nothing for a bare table. */
void mimic__ddl_schema_name(mimic_buffer *out, const mimic_table *table);
/* A text literal. */
void mimic__ddl_text(const mimic_ddl *ddl, const char *text);
void mimic__ddl_type(const mimic_ddl *ddl, const mimic_field *field);
/* "-- text" on one line. */
void mimic__ddl_remark(const mimic_ddl *ddl, const char *text);
/* Title or, without one, description. */
const char *mimic__ddl_table_comment(const mimic_table *table);

/* CREATE TABLE without the semicolon; foreign keys that pass the filter stand inside. */
void mimic__ddl_create_table(const mimic_ddl *ddl, const mimic_table *table,
                             mimic_ddl_key_filter filter, void *filter_ctx);
void mimic__ddl_foreign_key(const mimic_ddl *ddl, const mimic_table *table,
                            const mimic_foreign_key *key);
/* COMMENT ON TABLE and COLUMN, for PostgreSQL and DuckDB. */
void mimic__ddl_comments(const mimic_ddl *ddl, const mimic_table *table);
void mimic__ddl_indexes(const mimic_ddl *ddl, const mimic_table *table);
/* The columns of each of those indexes. */
typedef void (*mimic_ddl_index_fn)(void *ctx, const char *const *columns, size_t count);
void mimic__ddl_each_index(const mimic_table *table, mimic_ddl_index_fn fn, void *ctx);
void mimic__ddl_athena_table(const mimic_ddl *ddl, const mimic_table *table);

#endif
