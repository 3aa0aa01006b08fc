/*
 * A table as PostgreSQL stores it: names in lower case, and a name for every key and index, the one
 * that the server itself would choose. Where something else of the schema has that name, the spare
 * one is taken, which a hash makes different and which is the same at every load. Names that
 * PostgreSQL would cut are refused, since cut names may be equal. Knows no connection.
 */
#ifndef MIMIC_SINK_POSTGRES_NAMES_H
#define MIMIC_SINK_POSTGRES_NAMES_H

#include "schema/schema_ddl.h"

#define MIMIC_POSTGRES_NAME_BYTES 64 /* with the NUL at its end */

typedef enum mimic_postgres_index_kind {
    MIMIC_POSTGRES_PRIMARY,
    MIMIC_POSTGRES_UNIQUE,
    MIMIC_POSTGRES_INDEX,
} mimic_postgres_index_kind;

typedef struct mimic_postgres_index {
    mimic_postgres_index_kind kind;
    char name[MIMIC_POSTGRES_NAME_BYTES];    /* for good */
    char spare[MIMIC_POSTGRES_NAME_BYTES];   /* where something else of the schema has that name */
    char staging[MIMIC_POSTGRES_NAME_BYTES]; /* until the table has its own */
    const char *const *columns;
    size_t column_count;
    bool is_kept; /* it is there already and stays */
} mimic_postgres_index;

typedef struct mimic_postgres_names {
    const char *schema;
    const mimic_table *table;   /* in lower case, else as it was given */
    const mimic_table *staging; /* the same without keys, under its staging name */
    mimic_postgres_index *indexes; /* in the order in which they are made */
    size_t index_count;
    /* By foreign key of the table. */
    char (*foreign_keys)[MIMIC_POSTGRES_NAME_BYTES];
    char primary_name[MIMIC_POSTGRES_NAME_BYTES]; /* of a primary key, whether there is one or not */
} mimic_postgres_names;

/* Everything is allocated in `arena`; `table` must outlive it, `schema` too. `with_indexes`: those
 * that are no keys too. */
mimic_status mimic__postgres_names(mimic_arena *arena, const mimic_table *table, const char *schema,
                                   bool with_indexes, mimic_postgres_names *out_names,
                                   mimic_error *err);

/* "table_columns_label", cut as PostgreSQL cuts it. `columns` may be NULL. */
void mimic__postgres_object_name(char out[MIMIC_POSTGRES_NAME_BYTES], const char *table,
                                 const char *columns, const char *label);

#endif
