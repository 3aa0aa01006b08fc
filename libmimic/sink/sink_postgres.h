/*
 * Inside the PostgreSQL sink: what its files share. sink_postgres.c keeps the calls of the vtable,
 * _table.c makes a table and puts it into the place of the old one, _own.c has the sink's own tables
 * and its locks, _rejects.c the rejects, _keys.c the foreign keys at the end.
 */
#ifndef MIMIC_SINK_POSTGRES_H
#define MIMIC_SINK_POSTGRES_H

#include "base/buffer.h"
#include "sink/postgres_connection.h"
#include "sink/postgres_names.h"
#include "sink/sink_internal.h"

/* ---- rejects wait while COPY keeps the connection busy ---- */

/* Bytes that wait in memory, or in a file without a name when there are many. */
typedef struct mimic_postgres_spool {
    mimic_buffer bytes;
    int fd; /* -1 = none yet */
    int64_t file_size;
    int64_t count; /* rejects */
} mimic_postgres_spool;

void mimic__postgres_spool_init(mimic_postgres_spool *spool, const mimic_context *ctx);
void mimic__postgres_spool_free(mimic_postgres_spool *spool);
mimic_status mimic__postgres_spool_reject(mimic_postgres_spool *spool,
                                          const mimic_postgres_names *names,
                                          const mimic_reject *reject, mimic_error *err);
/* Copies what waits into _mimic_rejects. */
mimic_status mimic__postgres_spool_store(mimic_postgres_spool *spool, mimic_postgres *db,
                                         const char *own_schema, mimic_error *err);

/* ---- the sink ---- */

/* Batches whose rows the server may still complain about, to tell their records. */
#define MIMIC_POSTGRES_PLACES 64

typedef struct mimic_postgres_place {
    int64_t first_row; /* of the COPY, from 0 */
    int64_t first_record;
    int64_t row_count;
    bool is_gapless; /* no row of it was refused */
} mimic_postgres_place;

typedef struct mimic_postgres_sink mimic_postgres_sink;

/* The open table. */
typedef struct mimic_postgres_table {
    mimic_arena arena;
    mimic_postgres_names names;
    const mimic_table *given; /* NULL = no table is open */
    const mimic_sink_host *host;
    const char *step; /* what the server does, for messages */
    bool is_there;    /* a table of its name */
    bool is_in_place; /* rows go into that table, because others depend on it */
    bool is_copying;
    bool is_forgotten; /* what the own tables knew of its former self */
    mimic_postgres_spool rejects;
    mimic_postgres_place places[MIMIC_POSTGRES_PLACES];
    int64_t place_count;
    int64_t row_count; /* sent */
    int64_t *present;  /* a column: its values that were sent and are not NULL */
    struct mimic_pgcopy_plan *plan;
} mimic_postgres_table;

struct mimic_postgres_sink {
    const mimic_context *ctx;
    char *uri;
    char *shown;
    char *schema;     /* of all tables, NULL = one a module */
    char *own_schema; /* of the own tables */
    mimic_sink_options options;
    mimic_postgres *db;
    mimic_postgres_sink *main; /* itself, or the one that made this lane */
    bool is_prepared;          /* locked, and the own tables are there */
    mimic_postgres_table open;
};

/* ---- SQL in the making ---- */

void mimic__postgres_quote(mimic_buffer *sql, const char *name);
/* "schema"."name" */
void mimic__postgres_quote_in(mimic_buffer *sql, const char *schema, const char *name);
void mimic__postgres_literal(mimic_buffer *sql, const char *text);
/* Runs what a buffer holds, and frees it. */
mimic_status mimic__postgres_run(mimic_postgres *db, mimic_buffer *sql, mimic_error *err);
/* Runs a statement over the own tables: the %s of "%s._mimic_…" stands for their schema. `query` (NULL
 * allowed) has the rest. */
mimic_status mimic__postgres_run_own(mimic_postgres_sink *sink, const char *format,
                                     const mimic_postgres_query *query, mimic_error *err);
/* For a query of one boolean: sets the bool that ctx is. */
int mimic__postgres_take_yes(void *ctx, const char *const *values, size_t count);
/* For a query of statements: appends them to the buffer that ctx is, to be run together. */
int mimic__postgres_take_statement(void *ctx, const char *const *values, size_t count);
/* A text that is well-formed UTF-8: what is not becomes U+FFFD. */
void mimic__postgres_put_text(mimic_buffer *out, const char *text, size_t size);

/* ---- own tables and locks ---- */

/* Takes the lock of the load and makes the own tables. */
mimic_status mimic__postgres_prepare(mimic_postgres_sink *sink, mimic_error *err);
/* A new lane keeps other loads waiting by itself; held to the end of its session. */
mimic_status mimic__postgres_lock_lane(mimic_postgres_sink *lane, mimic_error *err);
/* Only one table at a time changes places; held to the end of the transaction. */
mimic_status mimic__postgres_lock_swap(mimic_postgres_sink *sink, mimic_error *err);
mimic_status mimic__postgres_make_schema(mimic_postgres *db, const char *schema, mimic_error *err);
/* Removes what the own tables know of the open table. */
mimic_status mimic__postgres_forget(mimic_postgres_sink *sink, mimic_error *err);
mimic_status mimic__postgres_store_meta(mimic_postgres_sink *sink, mimic_error *err);
mimic_status mimic__postgres_store_ledger(mimic_postgres_sink *sink,
                                          const mimic_ledger_entry *entry, mimic_error *err);
mimic_status mimic__postgres_read_ledger(mimic_postgres_sink *sink, mimic_ledger_fn fn,
                                         void *fn_ctx, mimic_error *err);

/* ---- the table ---- */

/* Makes the empty table that is to be filled, within the transaction. */
mimic_status mimic__postgres_table_create(mimic_postgres_sink *sink, mimic_error *err);
/* Keys, indexes, comments, statistics; then takes the place of the old table. */
mimic_status mimic__postgres_table_complete(mimic_postgres_sink *sink, mimic_error *err);

/* ---- foreign keys ---- */

/* Notes the keys of the open table, and those that lead to it, for the end of the load. */
mimic_status mimic__postgres_note_keys(mimic_postgres_sink *sink, mimic_error *err);
/* Takes away the foreign keys from and to the open table's former self; the end of the load makes
 * them again. */
mimic_status mimic__postgres_detach_keys(mimic_postgres_sink *sink, mimic_error *err);
/* Declares what was noted and tells what it found. */
mimic_status mimic__postgres_finish_keys(mimic_postgres_sink *sink, mimic_finding_fn finding,
                                         void *finding_ctx, mimic_error *err);

#endif
