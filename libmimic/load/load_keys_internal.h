/* Inside the keys of a load: what its files share. */
#ifndef MIMIC_LOAD_KEYS_INTERNAL_H
#define MIMIC_LOAD_KEYS_INTERNAL_H

#include "load/load_keys.h"
#include "load/load_keys_set.h"

#define KEYS_EXAMPLES 3
#define KEYS_NO_UNIQUE SIZE_MAX

/* The keys of one list of columns. */
typedef struct key_collector {
    const size_t *fields; /* of the schema's table */
    size_t *places;       /* of the table as delivered */
    load_key_columns columns;  /* the same */
    bool is_active;       /* false: a column is not delivered */
    bool is_rows;         /* every row is an entry of its own; else rows of one key are one */
    bool is_parent;       /* others name these keys: they are kept */
    bool is_child;        /* they name others: kept with counts and texts */
    size_t unique;        /* in keys_table.uniques, KEYS_NO_UNIQUE = may come again */
    load_key_set *set;    /* while the table is read */
    load_key_run *run;    /* then: distinct keys in order */
    load_key_run *repeats; /* of a unique one: all rows of the keys that came again; NULL = none did */
} key_collector;

typedef enum key_kind { KEY_PRIMARY, KEY_UNIQUE, KEY_FIELD } key_kind;

/* A primary or unique key, or a field that is unique by itself. */
typedef struct key_unique {
    key_kind kind;
    const char *code;    /* "primary_key", "unique_key" */
    const char *columns; /* "stay_id, seq_num" */
    const char *column;  /* the same when it is one, else "" */
    size_t collector;
    bool is_dropped;    /* the sink is not told of it */
    int64_t violations; /* rows behind the first of their key */
    size_t example_count;
    uint64_t examples[KEYS_EXAMPLES]; /* places of rows that repeat, */
    uint64_t firsts[KEYS_EXAMPLES];   /* and of the row before them */
    load_key keys[KEYS_EXAMPLES];
} key_unique;

struct keys_table;

/* A foreign key of a table. */
typedef struct key_foreign {
    const mimic_foreign_key *key;
    const char *columns; /* of the child, joined */
    const char *parent_columns;
    struct keys_table *parent; /* NULL = not loaded */
    size_t child_collector;
    size_t parent_collector;
    const char *obstacle; /* why it cannot be checked; NULL = nothing */
    bool is_checked;
    int64_t violations; /* rows */
    int64_t missing;    /* keys */
    size_t example_count;
    uint64_t examples[KEYS_EXAMPLES]; /* places of the first rows */
    const char *texts[KEYS_EXAMPLES];
} key_foreign;

typedef struct keys_table {
    struct load_keys *keys;
    const mimic_table *table;
    mimic_arena arena; /* of what this table finds, on its own thread */
    key_collector *collectors;
    size_t collector_count;
    key_unique *uniques;
    size_t unique_count;
    key_foreign *foreigns;
    size_t foreign_count;
    const char *const *paths;
    size_t path_count;
    size_t *order; /* LATEST: the fields that decide */
    load_key_columns order_columns; /* their places */
    bool has_given_order; /* by the options, not the schema */
    size_t depth;         /* parents above */
    /* while it is loaded */
    load_flow *flow;
    const mimic_table *delivered;
    mimic_table without; /* the same without the keys that are dropped */
    bool is_refused; /* the sink refused a row whose key was there */
    bool is_settled; /* duplicates were dealt with: none may come any more */
    load_skip *skip;
    load_key_run *losers; /* by row; first = the place of the row that won, extra = which unique */
    load_key_reader loser_reader;
    const load_key_entry *loser;
    mimic_buffer scratch; /* on the thread that takes */
    bool is_complete; /* its keys are there */
} keys_table;

struct load_keys {
    const mimic_context *ctx;
    load_keys_setup setup;
    mimic_arena arena;
    keys_table *tables;
    size_t table_count;
};

/* What `look` found in a batch: of each collector the keys with their rows. */
typedef struct key_note {
    load_key key;
    uint32_t row;
    uint32_t count;
} key_note;

typedef struct keys_notes {
    key_note *items;
    size_t count;
    size_t capacity;
    const int32_t *ascending; /* instead of items: values of the batch, one a row, each above the one
                               * before it; NULL = no */
} keys_notes;

/* False for a table that the target holds already. */
static inline bool keys_table_is_loaded(const keys_table *table)
{
    return (size_t)(table - table->keys->tables) < table->keys->setup.loaded_count;
}

/* ---- load_keys_look.c ---- */

/* Of every row that has one. */
mimic_status mimic__keys_look_rows(const mimic_context *ctx, const key_collector *collector,
                                   const mimic_batch *batch, keys_notes *notes, mimic_error *err);
/* Rows of one key together. */
mimic_status mimic__keys_look_distinct(const mimic_context *ctx, const key_collector *collector,
                                       const mimic_batch *batch, keys_notes *notes,
                                       mimic_error *err);

/* ---- load_keys_table.c ---- */

load_stage mimic__keys_stage(keys_table *table);
/* Makes the table that the sink is told of: without the keys that are dropped. */
mimic_status mimic__keys_drop(keys_table *table, mimic_error *err);
/* Gives back everything but what is known of foreign keys. */
void mimic__keys_table_reset(keys_table *table);
mimic_duplicates mimic__keys_policy(const keys_table *table);
/* "record 12", or "part.csv record 12" where there are several parts. */
void mimic__keys_show_place(const keys_table *table, uint64_t place, mimic_buffer *out);

/* ---- load_keys_losers.c ---- */

/* Which rows are not to be written: fills table->losers and table->skip from the repeats. */
mimic_status mimic__keys_find_losers(keys_table *table, mimic_error *err);

/* ---- load_keys_foreign.c ---- */

/* Merges child and parent, when both are complete. */
mimic_status mimic__keys_check_foreign(keys_table *table, key_foreign *foreign, mimic_error *err);
/* Says what was found, as one sentence. */
void mimic__keys_describe_foreign(const keys_table *table, const key_foreign *foreign,
                                  mimic_buffer *out);
void mimic__keys_describe_unique(const keys_table *table, const key_unique *unique,
                                 mimic_buffer *out);

#endif
