/*
 * See postgres_connection.h. The only door to libpq, which is used without blocking: it makes
 * messages and reads answers, and the waiting in between is done here. libpq allocates with malloc;
 * what it keeps is bounded, since a COPY is flushed before more is given to it.
 */
#include "sink/postgres_connection.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define OLDEST_SERVER 120000
#define ASK_EVERY_MS 100           /* how often `interrupted` is asked while waiting */
#define PIECE_BYTES ((size_t)131072) /* of one CopyData message */
#define PATIENCE_MS 30000          /* for the server's answer to a cancel or a rollback */
#define SUSPICION_MS 2000          /* see look_for_error */

struct mimic_postgres {
    const mimic_context *ctx;
    const char *shown;
    int (*interrupted)(void *ctx);
    void *interrupted_ctx;
    PGconn *conn;
    bool is_copying;
    bool is_committing; /* the answer to COMMIT is waited for: without it nobody knows */
    bool is_reading; /* a COPY from the server */
    char *piece;     /* of that COPY, as libpq gave it */
    bool is_uninterruptible;
    bool was_cancelled;       /* the statement that runs: the server was asked to end it */
    int64_t deadline;         /* of an answer that must come, 0 = none */
    int64_t suspicious_since; /* the server said something during COPY, 0 = not */
    int64_t suspicious_notices; /* notice_count at that time */
    int64_t notice_count;
    int64_t failed_row;
    mimic_error lost; /* code MIMIC_OK = the connection is sound */
};

static int64_t now_ms(void)
{
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* ---- what the server says ---- */

/* Line ends and what follows blanks become one blank; the end is cut. */
static void flatten(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        const bool is_blank = *in == '\n' || *in == '\t' || *in == ' ';
        if (!is_blank)
            *out++ = *in;
        else if (out > text && out[-1] != ' ')
            *out++ = ' ';
    }
    while (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
}

/* A notice goes to the log: a library does not print. */
static void take_notice(void *ctx, const char *message)
{
    mimic_postgres *const db = ctx;
    char text[MIMIC_ERROR_MESSAGE_BYTES];
    db->notice_count++;
    (void)snprintf(text, sizeof text, "%s", message);
    flatten(text);
    const bool is_warning = strncmp(text, "WARNING", 7) == 0;
    mimic__log(db->ctx, is_warning ? MIMIC_LOG_WARNING : MIMIC_LOG_INFO, "PostgreSQL: %s", text);
}

static const char *connection_message(const PGconn *conn, char *out, size_t size)
{
    (void)snprintf(out, size, "%s", PQerrorMessage(conn));
    flatten(out);
    return out[0] == '\0' ? "no reason was given" : out;
}

static const char *field_of(const PGresult *result, int field)
{
    const char *const text = PQresultErrorField(result, field);
    return text == NULL ? "" : text;
}

/* A server that ends a connection says why, but libpq does not look while it is in a COPY. */
static PGresult *last_words(mimic_postgres *db)
{
    if (!db->is_copying)
        return NULL;
    db->is_copying = false;
    (void)PQputCopyEnd(db->conn, "lost");
    return PQgetResult(db->conn);
}

static mimic_status fail_lost(mimic_postgres *db, mimic_error *err)
{
    char why[MIMIC_ERROR_MESSAGE_BYTES];
    if (db->lost.code == MIMIC_OK) {
        const char *const first = PQerrorMessage(db->conn);
        (void)snprintf(why, sizeof why, "%.*s", (int)strcspn(first, "\n"), first);
        const char *const reason = why[0] == '\0' ? "no reason was given" : why;
        PGresult *const result = last_words(db);
        const char *const words = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
        mimic__fail(&db->lost, MIMIC_ERR_BACKEND,
                    "the connection to %s was lost: %s; what was committed stays, and the table "
                    "that was being written is %s",
                    db->shown, words[0] == '\0' ? reason : words,
                    db->is_committing ? "the old one or the new one: run this again, which finds out"
                                      : "as it was before");
        (void)snprintf(db->lost.sqlstate, sizeof db->lost.sqlstate, "%.5s",
                       field_of(result, PG_DIAG_SQLSTATE));
        PQclear(result);
    }
    return mimic__fail_again(err, &db->lost);
}

/* "COPY labevents, line 12, column value": the 12. */
static int64_t row_of_context(const char *context)
{
    const char *const line = strstr(context, ", line ");
    return strncmp(context, "COPY ", 5) != 0 || line == NULL ? 0 : strtoll(line + 7, NULL, 10);
}

static mimic_status fail_result(mimic_postgres *db, const PGresult *result, mimic_error *err)
{
    const char *const state = field_of(result, PG_DIAG_SQLSTATE);
    const char *const detail = field_of(result, PG_DIAG_MESSAGE_DETAIL);
    const char *const hint = field_of(result, PG_DIAG_MESSAGE_HINT);
    const char *primary = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
    char why[MIMIC_ERROR_MESSAGE_BYTES];
    db->failed_row = row_of_context(field_of(result, PG_DIAG_CONTEXT));
    if (primary[0] == '\0')
        primary = connection_message(db->conn, why, sizeof why);
    const bool is_cancelled = db->was_cancelled && strcmp(state, "57014") == 0;
    mimic__fail(err, is_cancelled ? MIMIC_ERR_CANCELLED : MIMIC_ERR_BACKEND,
                "PostgreSQL says: %s%s%s%s%s%s%s%s", primary, detail[0] == '\0' ? "" : "; ", detail,
                hint[0] == '\0' ? "" : "; ", hint, state[0] == '\0' ? "" : " (SQLSTATE ", state,
                state[0] == '\0' ? "" : ")");
    if (err != NULL) {
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%.5s", state);
        flatten(err->message);
    }
    return is_cancelled ? MIMIC_ERR_CANCELLED : MIMIC_ERR_BACKEND;
}

/* ---- waiting ---- */

static bool is_interrupted(mimic_postgres *db)
{
    return !db->is_uninterruptible && !db->was_cancelled && db->interrupted != NULL &&
           db->interrupted(db->interrupted_ctx) != 0;
}

/* Asks the server to end what it does; its answer is then waited for, but not for ever. */
static void cancel(mimic_postgres *db)
{
    char ignored[256];
    PGcancel *const request = PQgetCancel(db->conn);
    if (request != NULL)
        (void)PQcancel(request, ignored, (int)sizeof ignored);
    PQfreeCancel(request);
    db->was_cancelled = true;
    db->deadline = now_ms() + PATIENCE_MS;
}

static mimic_status fail_cancelled(mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while PostgreSQL was at work");
}

/*
 * Waits until the socket can be read or, with `to_write`, written. An interruption is passed to the
 * server while a statement runs, and ends the waiting at once in a COPY, which the caller gives up.
 */
static mimic_status wait_for_socket(mimic_postgres *db, bool to_write, bool *out_readable,
                                    mimic_error *err)
{
    for (;;) {
        struct pollfd socket = {.fd = PQsocket(db->conn),
                                .events = (short)(to_write ? POLLIN | POLLOUT : POLLIN)};
        if (socket.fd < 0)
            return fail_lost(db, err);
        const int ready = poll(&socket, 1, ASK_EVERY_MS);
        if (ready > 0) {
            *out_readable = (socket.revents & ~POLLOUT) != 0;
            return MIMIC_OK;
        }
        if (ready < 0 && errno != EINTR)
            return mimic__fail_errno(err, MIMIC_ERR_IO, errno, "waiting for %s", db->shown);
        if (db->deadline != 0 && now_ms() > db->deadline) {
            mimic__fail(&db->lost, db->was_cancelled ? MIMIC_ERR_CANCELLED : MIMIC_ERR_BACKEND,
                        "%s did not answer within %d s", db->shown, PATIENCE_MS / 1000);
            return fail_lost(db, err);
        }
        if (is_interrupted(db)) {
            if (db->is_copying || db->is_reading)
                return fail_cancelled(err);
            cancel(db);
        }
    }
}

/* Reads what the server said. In a COPY that is a notice, or else bad news; see look_for_error. */
static mimic_status take_input(mimic_postgres *db, mimic_error *err)
{
    if (PQconsumeInput(db->conn) == 0)
        return fail_lost(db, err);
    if (db->is_copying && db->suspicious_since == 0) {
        db->suspicious_since = now_ms();
        db->suspicious_notices = db->notice_count;
    }
    return MIMIC_OK;
}

static mimic_status flush(mimic_postgres *db, mimic_error *err)
{
    for (;;) {
        const int left = PQflush(db->conn);
        bool is_readable = false;
        if (left == 0)
            return MIMIC_OK;
        if (left < 0)
            return fail_lost(db, err);
        MIMIC_TRY(wait_for_socket(db, true, &is_readable, err));
        if (is_readable)
            MIMIC_TRY(take_input(db, err));
    }
}

/* The next result of what was sent; *out_result is NULL behind the last. */
static mimic_status next_result(mimic_postgres *db, PGresult **out_result, mimic_error *err)
{
    *out_result = NULL;
    while (PQisBusy(db->conn)) {
        bool is_readable = false;
        MIMIC_TRY(wait_for_socket(db, false, &is_readable, err));
        if (PQconsumeInput(db->conn) == 0)
            return fail_lost(db, err);
    }
    *out_result = PQgetResult(db->conn);
    return MIMIC_OK;
}

static int tell_rows(const PGresult *result, const mimic_postgres_query *query)
{
    const int columns = PQnfields(result);
    const char *values[MIMIC_POSTGRES_COLUMNS_MAX] = {NULL};
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < columns && i < MIMIC_POSTGRES_COLUMNS_MAX; i++)
            values[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        if (query->row_fn(query->row_ctx, values, (size_t)columns) != 0)
            return 1;
    }
    return 0;
}

/* Takes all results of what was sent, or the beginning of a COPY; keeps the first failure. */
static mimic_status take_results(mimic_postgres *db, const mimic_postgres_query *query,
                                 mimic_error *err)
{
    mimic_status first = MIMIC_OK;
    bool is_stopped = query == NULL || query->row_fn == NULL;
    for (;;) {
        PGresult *result = NULL;
        MIMIC_TRY(next_result(db, &result, err));
        if (result == NULL)
            break;
        const ExecStatusType kind = PQresultStatus(result);
        if (kind == PGRES_FATAL_ERROR && first == MIMIC_OK)
            first = fail_result(db, result, err);
        else if (kind == PGRES_TUPLES_OK && !is_stopped)
            is_stopped = tell_rows(result, query) != 0;
        PQclear(result);
        db->is_copying = kind == PGRES_COPY_IN;
        db->is_reading = kind == PGRES_COPY_OUT;
        if (db->is_copying || db->is_reading)
            return first;
    }
    if (PQstatus(db->conn) == CONNECTION_BAD) {
        if (first == MIMIC_OK)
            return fail_lost(db, err);
        (void)fail_lost(db, NULL); /* the server said why before it went */
    }
    return first;
}

static mimic_status run(mimic_postgres *db, int was_sent, const mimic_postgres_query *query,
                        mimic_error *err)
{
    if (!was_sent)
        return fail_lost(db, err);
    db->was_cancelled = false;
    db->failed_row = 0;
    mimic_status status = flush(db, err);
    if (status == MIMIC_OK)
        status = take_results(db, query, err);
    if (!db->is_uninterruptible)
        db->deadline = 0;
    return status;
}

static mimic_status check_idle(mimic_postgres *db, mimic_error *err)
{
    if (db->lost.code != MIMIC_OK)
        return mimic__fail_again(err, &db->lost);
    if (is_interrupted(db))
        return fail_cancelled(err);
    return MIMIC_OK;
}

mimic_status mimic__postgres_exec(mimic_postgres *db, const char *sql, mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    db->is_committing = strcmp(sql, "COMMIT") == 0;
    const mimic_status status = run(db, PQsendQuery(db->conn, sql), NULL, err);
    db->is_committing = false;
    return status;
}

mimic_status mimic__postgres_query(mimic_postgres *db, const mimic_postgres_query *query,
                                   mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    return run(db,
               PQsendQueryParams(db->conn, query->sql, (int)query->value_count, NULL, query->values,
                                 NULL, NULL, 0),
               query, err);
}

/* ---- COPY ---- */

mimic_status mimic__postgres_copy_begin(mimic_postgres *db, const char *sql, mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    db->suspicious_since = 0;
    MIMIC_TRY(run(db, PQsendQuery(db->conn, sql), NULL, err));
    return db->is_copying ? MIMIC_OK
                          : mimic__fail(err, MIMIC_ERR_INTERNAL, "the statement was no COPY");
}

/* Ends the COPY, with a reason when it is to fail. */
static mimic_status end_copy(mimic_postgres *db, const char *reason, mimic_error *err)
{
    db->is_copying = false;
    for (;;) {
        const int sent = PQputCopyEnd(db->conn, reason);
        bool is_readable = false;
        if (sent < 0)
            return fail_lost(db, err);
        if (sent > 0)
            break;
        MIMIC_TRY(wait_for_socket(db, true, &is_readable, err));
    }
    return run(db, 1, NULL, err);
}

/*
 * A server that fails in the middle of a COPY says so at once and swallows the rest, but libpq reads
 * the message only when the COPY is ended, and lets nobody see it before. It does read notices; so a
 * server that has said something, and says no notice for a while, has failed. (libpq may take the
 * message from the socket before it is seen here; then it is told when the COPY ends.)
 */
static mimic_status look_for_error(mimic_postgres *db, mimic_error *err)
{
    struct pollfd socket = {.fd = PQsocket(db->conn), .events = POLLIN};
    if (poll(&socket, 1, 0) > 0)
        MIMIC_TRY(take_input(db, err));
    if (db->suspicious_since == 0)
        return MIMIC_OK;
    (void)PQisBusy(db->conn); /* reads notices */
    if (db->notice_count != db->suspicious_notices)
        db->suspicious_since = 0;
    if (db->suspicious_since == 0 || now_ms() - db->suspicious_since < SUSPICION_MS)
        return MIMIC_OK;
    db->suspicious_since = 0;
    const mimic_status status = end_copy(db, "the server failed", err);
    return status == MIMIC_OK ? mimic__fail(err, MIMIC_ERR_BACKEND, "the COPY ended too early")
                              : status;
}

mimic_status mimic__postgres_copy_write(mimic_postgres *db, const void *bytes, size_t size,
                                        mimic_error *err)
{
    const char *at = bytes;
    MIMIC_TRY(check_idle(db, err));
    while (size > 0) {
        const size_t piece = size < PIECE_BYTES ? size : PIECE_BYTES;
        MIMIC_TRY(look_for_error(db, err));
        const int sent = PQputCopyData(db->conn, at, (int)piece);
        if (sent < 0)
            return fail_lost(db, err);
        MIMIC_TRY(flush(db, err));
        if (sent > 0) {
            at += piece;
            size -= piece;
        }
    }
    return MIMIC_OK;
}

mimic_status mimic__postgres_copy_end(mimic_postgres *db, mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    return end_copy(db, NULL, err);
}

mimic_status mimic__postgres_copy_out(mimic_postgres *db, const char *sql, mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    MIMIC_TRY(run(db, PQsendQuery(db->conn, sql), NULL, err));
    return db->is_reading ? MIMIC_OK
                          : mimic__fail(err, MIMIC_ERR_INTERNAL, "the statement was no COPY");
}

mimic_status mimic__postgres_copy_read(mimic_postgres *db, const char **out_bytes, size_t *out_size,
                                       mimic_error *err)
{
    MIMIC_TRY(check_idle(db, err));
    PQfreemem(db->piece);
    for (;;) {
        bool is_readable = false;
        db->piece = NULL;
        const int size = PQgetCopyData(db->conn, &db->piece, 1);
        if (size > 0) {
            *out_bytes = db->piece;
            *out_size = (size_t)size;
            return MIMIC_OK;
        }
        if (size < -1)
            return fail_lost(db, err);
        if (size < 0)
            break;
        MIMIC_TRY(wait_for_socket(db, false, &is_readable, err));
        if (PQconsumeInput(db->conn) == 0)
            return fail_lost(db, err);
    }
    db->is_reading = false;
    const mimic_status status = take_results(db, NULL, err);
    return status == MIMIC_OK ? MIMIC_END : status;
}

int64_t mimic__postgres_failed_row(const mimic_postgres *db)
{
    return db->failed_row;
}

void mimic__postgres_rollback(mimic_postgres *db)
{
    if (db->lost.code != MIMIC_OK)
        return;
    mimic_status ignored = MIMIC_OK;
    db->is_uninterruptible = true;
    db->deadline = now_ms() + PATIENCE_MS;
    if (db->is_copying)
        ignored = end_copy(db, "given up", NULL);
    /* A statement whose answer was not waited for: only one that was cancelled. */
    if (PQtransactionStatus(db->conn) == PQTRANS_ACTIVE && db->lost.code == MIMIC_OK)
        ignored = take_results(db, NULL, NULL);
    if (PQtransactionStatus(db->conn) != PQTRANS_IDLE && db->lost.code == MIMIC_OK)
        ignored = run(db, PQsendQuery(db->conn, "ROLLBACK"), NULL, NULL);
    (void)ignored; /* a connection that cannot roll back is lost, and the server does it */
    db->is_uninterruptible = false;
    db->deadline = 0;
}

/* ---- connecting ---- */

static mimic_status fail_connect(mimic_postgres *db, mimic_error *err)
{
    char why[MIMIC_ERROR_MESSAGE_BYTES];
    return mimic__fail(err, MIMIC_ERR_BACKEND, "cannot connect to %s: %s", db->shown,
                       connection_message(db->conn, why, sizeof why));
}

/* What libpq says of a bad address quotes it, secrets and all, so it is shown only where there are
 * none. */
static mimic_status check_uri(const mimic_postgres *db, const char *uri, mimic_error *err)
{
    char *why = NULL;
    PQconninfoOption *const parts = PQconninfoParse(uri, &why);
    mimic_status status = MIMIC_OK;
    if (parts == NULL) {
        if (why != NULL)
            flatten(why);
        status = mimic__fail(err, MIMIC_ERR_ARGUMENT,
                             "%s is not an address that PostgreSQL's client library takes: %s",
                             db->shown,
                             strcmp(uri, db->shown) != 0
                                 ? "special characters of a name or password must be written as "
                                   "%40 and the like"
                             : why == NULL ? "out of memory"
                                           : why);
    }
    PQfreemem(why);
    PQconninfoFree(parts);
    return status;
}

/* Wherever it comes from: the address, the environment, a service file. */
static bool has_timeout(PGconn *conn)
{
    PQconninfoOption *const parts = PQconninfo(conn);
    bool found = false;
    for (const PQconninfoOption *part = parts; part != NULL && part->keyword != NULL; part++)
        found |= strcmp(part->keyword, "connect_timeout") == 0 && part->val != NULL;
    PQconninfoFree(parts);
    return found;
}

/* Step by step, so that it can be interrupted. */
static mimic_status wait_for_connection(mimic_postgres *db, mimic_error *err)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED || PQstatus(db->conn) == CONNECTION_BAD)
            return fail_connect(db, err);
        struct pollfd socket = {.fd = PQsocket(db->conn),
                                .events =
                                    (short)(step == PGRES_POLLING_WRITING ? POLLOUT : POLLIN)};
        const int ready = poll(&socket, 1, ASK_EVERY_MS);
        if (is_interrupted(db))
            return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while connecting to %s",
                               db->shown);
        if (ready > 0)
            step = PQconnectPoll(db->conn);
    }
    return MIMIC_OK;
}

/*
 * The address goes to libpq as it is: services, password files, PG… variables and TLS are its own
 * matter. A time limit is kept by its blocking call alone, which then needs no interruption.
 */
static mimic_status connect_by_rules(mimic_postgres *db, const char *uri, mimic_error *err)
{
    /* What stands before the address can be changed by it. A connection may be quiet for hours while
     * others load: keepalives tell routers in between that it is alive. */
    static const char *const keys[] = {"keepalives_idle", "dbname", "fallback_application_name",
                                       "client_encoding", NULL};
    const char *const values[] = {"60", uri, "mimic", "UTF8", NULL};
    MIMIC_TRY(check_uri(db, uri, err));
    db->conn = PQconnectStartParams(keys, values, 1);
    const bool is_limited = db->conn != NULL && has_timeout(db->conn);
    if (is_limited) {
        PQfinish(db->conn);
        db->conn = PQconnectdbParams(keys, values, 1);
    }
    if (db->conn == NULL)
        return mimic__fail_memory(err);
    if (PQstatus(db->conn) == CONNECTION_BAD)
        return fail_connect(db, err);
    if (!is_limited)
        MIMIC_TRY(wait_for_connection(db, err));
    (void)PQsetNoticeProcessor(db->conn, take_notice, db);
    return PQsetnonblocking(db->conn, 1) == 0 ? MIMIC_OK : fail_connect(db, err);
}

static mimic_status check_server(const mimic_postgres *db, mimic_error *err)
{
    const char *const encoding = PQparameterStatus(db->conn, "server_encoding");
    if (PQserverVersion(db->conn) < OLDEST_SERVER)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "%s is a PostgreSQL of version %d; the oldest that is written to is %d",
                           db->shown, PQserverVersion(db->conn) / 10000, OLDEST_SERVER / 10000);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                           "the database of %s has the encoding %s, which cannot hold every text; "
                           "make one WITH ENCODING 'UTF8'",
                           db->shown, encoding == NULL ? "unknown" : encoding);
    return MIMIC_OK;
}

/*
 * What a role or a database may have set, and what we depend on: names are compared as they are
 * printed, and a lane must see what another one committed since its transaction began. The check of
 * the connection is not offered on every system, so it may fail. The session that holds the lock of
 * a load is idle while the lanes work.
 */
static mimic_status set_up_session(mimic_postgres *db, mimic_error *err)
{
    MIMIC_TRY(check_server(db, err));
    MIMIC_TRY(mimic__postgres_exec(db,
                                   "SET standard_conforming_strings = on;"
                                   "SET search_path = '';"
                                   "SET quote_all_identifiers = off;"
                                   "SET default_transaction_isolation = 'read committed';"
                                   "SET statement_timeout = 0;"
                                   "SET lock_timeout = 0;"
                                   "SET idle_in_transaction_session_timeout = 0",
                                   err));
    mimic_error ignored = MIMIC_ERROR_INIT;
    if (PQserverVersion(db->conn) < 140000)
        return MIMIC_OK;
    MIMIC_TRY(mimic__postgres_exec(db, "SET idle_session_timeout = 0", err));
    if (mimic__postgres_exec(db, "SET client_connection_check_interval = 5000", &ignored) ==
            MIMIC_ERR_CANCELLED)
        return mimic__fail_again(err, &ignored);
    return MIMIC_OK;
}

mimic_status mimic__postgres_connect(const mimic_context *ctx,
                                     const mimic_postgres_options *options,
                                     mimic_postgres **out_db, mimic_error *err)
{
    static const mimic_error no_error = MIMIC_ERROR_INIT;
    mimic_postgres *const db = mimic__alloc_zeroed(ctx, 1, sizeof *db);
    *out_db = NULL;
    if (db == NULL)
        return mimic__fail_memory(err);
    db->ctx = ctx;
    db->shown = options->shown;
    db->interrupted = options->interrupted;
    db->interrupted_ctx = options->interrupted_ctx;
    db->lost = no_error;
    mimic_status status = connect_by_rules(db, options->uri, err);
    if (status == MIMIC_OK)
        status = set_up_session(db, err);
    if (status != MIMIC_OK) {
        mimic__postgres_free(db);
        return status;
    }
    *out_db = db;
    return MIMIC_OK;
}

int mimic__postgres_version(const mimic_postgres *db)
{
    return PQserverVersion(db->conn);
}

void mimic__postgres_free(mimic_postgres *db)
{
    if (db == NULL)
        return;
    PQfreemem(db->piece);
    PQfinish(db->conn);
    mimic__free(db->ctx, db);
}
