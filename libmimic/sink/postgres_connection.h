/*
 * A PostgreSQL connection as the sink needs it; the only file that sees libpq-fe.h stands behind
 * this. Everything waits by poll() and asks `interrupted` while it does, so that a long index build
 * or a server that takes no more rows can be cancelled.
 *
 * Errors are MIMIC_ERR_BACKEND with the server's SQLSTATE, its primary message and detail. A
 * connection that is lost stays lost: every later call says so again. Nothing here ever writes a
 * password into a message; `shown` is how the target is named.
 */
#ifndef MIMIC_SINK_POSTGRES_CONNECTION_H
#define MIMIC_SINK_POSTGRES_CONNECTION_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/context_internal.h"

typedef struct mimic_postgres mimic_postgres;

typedef struct mimic_postgres_options {
    const char *uri;   /* for libpq as it is; borrowed during the call */
    const char *shown; /* the same without its secrets; borrowed */
    int (*interrupted)(void *ctx); /* NULL = never */
    void *interrupted_ctx;
} mimic_postgres_options;

/* Connects and sets up the session: UTF-8, an empty search_path, no time limits. */
mimic_status mimic__postgres_connect(const mimic_context *ctx,
                                     const mimic_postgres_options *options,
                                     mimic_postgres **out_db, mimic_error *err);
/* What is not committed is rolled back by the server. NULL is allowed. */
void mimic__postgres_free(mimic_postgres *db);

/* 150000 and more for PostgreSQL 15. */
int mimic__postgres_version(const mimic_postgres *db);

/* Runs statements without parameters; several are one transaction. */
mimic_status mimic__postgres_exec(mimic_postgres *db, const char *sql, mimic_error *err);

#define MIMIC_POSTGRES_COLUMNS_MAX 32

/* Called for each row with its values as text, NULL for NULL; not 0 stops: no more rows are told. */
typedef int (*mimic_postgres_row_fn)(void *ctx, const char *const *values, size_t count);

/* One statement with parameters $1 …, which are texts; NULL is NULL. */
typedef struct mimic_postgres_query {
    const char *sql;
    const char *const *values;
    size_t value_count;
    mimic_postgres_row_fn row_fn; /* NULL = rows do not matter */
    void *row_ctx;
} mimic_postgres_query;

mimic_status mimic__postgres_query(mimic_postgres *db, const mimic_postgres_query *query,
                                   mimic_error *err);

/*
 * COPY … FROM STDIN: begin, any number of writes, end. write returns when all bytes are in the
 * hands of the operating system, whose buffer is then as full as it gets: the server goes on while
 * the next rows are made.
 */
mimic_status mimic__postgres_copy_begin(mimic_postgres *db, const char *sql, mimic_error *err);
mimic_status mimic__postgres_copy_write(mimic_postgres *db, const void *bytes, size_t size,
                                        mimic_error *err);
mimic_status mimic__postgres_copy_end(mimic_postgres *db, mimic_error *err);
/* The row of the COPY that failed last, counted from 1, as the server told it; 0 = it did not. */
int64_t mimic__postgres_failed_row(const mimic_postgres *db);

/*
 * COPY … TO STDOUT: begin, then read until MIMIC_END. *out_bytes is borrowed until the next read. A
 * COPY that is not read to its end leaves a connection that can only be freed.
 */
mimic_status mimic__postgres_copy_out(mimic_postgres *db, const char *sql, mimic_error *err);
mimic_status mimic__postgres_copy_read(mimic_postgres *db, const char **out_bytes, size_t *out_size,
                                       mimic_error *err);

/* Ends a COPY and the transaction, whatever state they are in. Cannot be interrupted. */
void mimic__postgres_rollback(mimic_postgres *db);

#endif
