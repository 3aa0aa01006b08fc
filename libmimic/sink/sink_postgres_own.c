/*
 * What the PostgreSQL sink keeps for itself: its own tables, the ledger, what is known of each
 * table, and the locks. Two loads into one target would disturb each other, so a load holds an
 * advisory lock of its session, named by the schema of the own tables; the server frees it when the
 * session ends, however it ends. Lanes share another one, so that lanes whose first session was lost
 * keep the next load waiting too.
 */
#include "sink/sink_postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mimic/version.h>

#include "base/error.h"
#include "base/hash.h"

#define LOCK_LOAD 1
#define LOCK_SWAP 2
#define LOCK_LANE 3
#define LOCK_WAIT_MS 10000 /* a killed load's server process needs a moment to notice */
#define LOCK_PAUSE_MS 100

/* ---- SQL in the making ---- */

void mimic__postgres_quote(mimic_buffer *sql, const char *name)
{
    mimic__sql_quote_identifier(sql, name);
}

void mimic__postgres_quote_in(mimic_buffer *sql, const char *schema, const char *name)
{
    mimic__postgres_quote(sql, schema);
    mimic__buffer_byte(sql, '.');
    mimic__postgres_quote(sql, name);
}

void mimic__postgres_literal(mimic_buffer *sql, const char *text)
{
    const mimic_ddl ddl = {.sql = sql, .dialect = MIMIC_SQL_POSTGRES};
    mimic__ddl_text(&ddl, text);
}

mimic_status mimic__postgres_run(mimic_postgres *db, mimic_buffer *sql, mimic_error *err)
{
    mimic__buffer_byte(sql, '\0');
    const mimic_status status =
        sql->failed ? mimic__fail_memory(err) : mimic__postgres_exec(db, sql->data, err);
    mimic__buffer_free(sql);
    return status;
}

mimic_status mimic__postgres_run_own(mimic_postgres_sink *sink, const char *format,
                                     const mimic_postgres_query *query, mimic_error *err)
{
    mimic_buffer name;
    mimic_buffer text;
    mimic__buffer_init(&name, sink->ctx);
    mimic__buffer_init(&text, sink->ctx);
    mimic__postgres_quote(&name, sink->own_schema);
    for (const char *at = format; *at != '\0'; at++) {
        if (strncmp(at, "%s._mimic_", 10) == 0) {
            mimic__buffer_append(&text, name.data, name.size);
            at++; /* the %, and the s with the loop */
        } else {
            mimic__buffer_byte(&text, *at);
        }
    }
    mimic__buffer_byte(&text, '\0');
    mimic_postgres_query filled = query == NULL ? (mimic_postgres_query){0} : *query;
    filled.sql = text.data;
    mimic_status status = name.failed || text.failed ? mimic__fail_memory(err) : MIMIC_OK;
    if (status == MIMIC_OK)
        status = query == NULL ? mimic__postgres_exec(sink->db, text.data, err)
                               : mimic__postgres_query(sink->db, &filled, err);
    mimic__buffer_free(&name);
    mimic__buffer_free(&text);
    return status;
}

int mimic__postgres_take_yes(void *ctx, const char *const *values, size_t count)
{
    (void)count;
    *(bool *)ctx = values[0] != NULL && values[0][0] == 't';
    return 0;
}

/* ---- schemas and own tables ---- */

mimic_status mimic__postgres_make_schema(mimic_postgres *db, const char *schema, mimic_error *err)
{
    bool is_there = false;
    const mimic_postgres_query query = {
        "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = $1", &schema, 1, mimic__postgres_take_yes,
        &is_there};
    mimic_error why = MIMIC_ERROR_INIT;
    for (int pass = 0; pass < 2; pass++) { /* another lane may make it at the same time */
        char sql[4 * MIMIC_POSTGRES_NAME_BYTES];
        char quoted[2 * MIMIC_POSTGRES_NAME_BYTES];
        size_t size = 0;
        MIMIC_TRY(mimic__postgres_query(db, &query, err));
        if (is_there)
            return MIMIC_OK;
        for (const char *at = schema; *at != '\0' && size + 2 < sizeof quoted; at++) {
            if (*at == '"')
                quoted[size++] = '"';
            quoted[size++] = *at;
        }
        (void)snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS \"%.*s\"", (int)size, quoted);
        if (mimic__postgres_exec(db, sql, &why) == MIMIC_OK)
            return MIMIC_OK;
    }
    mimic__fail_again(err, &why);
    return why.code;
}

static const char OWN_TABLES[] =
    "CREATE TABLE IF NOT EXISTS %s._mimic_meta (schema_name text, table_name text, key text,"
    " value text NOT NULL, PRIMARY KEY (schema_name, table_name, key));"
    "CREATE TABLE IF NOT EXISTS %s._mimic_rejects (schema_name text NOT NULL,"
    " table_name text NOT NULL, source text NOT NULL, record bigint NOT NULL, line bigint NOT NULL,"
    " byte_offset bigint NOT NULL, column_name text NOT NULL, code text NOT NULL,"
    " message text NOT NULL, raw text, raw_bytes bytea);"
    "CREATE INDEX IF NOT EXISTS _mimic_rejects_table_idx"
    " ON %s._mimic_rejects (schema_name, table_name);"
    "CREATE TABLE IF NOT EXISTS %s._mimic_ledger (schema_name text, table_name text,"
    " module text NOT NULL, dataset text NOT NULL, source text NOT NULL,"
    " source_bytes bigint NOT NULL, source_modified bigint NOT NULL, source_hash text NOT NULL,"
    " schema_hash text NOT NULL, options_hash text NOT NULL, library_version text NOT NULL,"
    " read bigint NOT NULL, written bigint NOT NULL, rejected bigint NOT NULL,"
    " duplicates bigint NOT NULL, filtered bigint NOT NULL, nulled bigint NOT NULL,"
    " started text NOT NULL, finished text NOT NULL, PRIMARY KEY (schema_name, table_name));"
    "CREATE TABLE IF NOT EXISTS %s._mimic_foreign_keys (schema_name text, table_name text,"
    " name text, definition text NOT NULL, fields text[] NOT NULL,"
    " referenced_schema text NOT NULL,"
    " referenced_table text NOT NULL, referenced_fields text[] NOT NULL,"
    " is_enforceable boolean NOT NULL, is_own boolean NOT NULL, dataset text NOT NULL,"
    " state text NOT NULL,"
    " violations bigint NOT NULL, PRIMARY KEY (schema_name, table_name, name))";

static int32_t lock_key(const mimic_postgres_sink *sink)
{
    const uint64_t hash = mimic__hash64(sink->own_schema, strlen(sink->own_schema));
    const uint32_t low = (uint32_t)(hash ^ hash >> 32) & ~UINT32_C(3);
    int32_t key;
    memcpy(&key, &low, sizeof key);
    return key;
}

/* "MIMC": locks of ours, apart from those of other programs. */
#define LOCK_CLASS 1296649539

static int32_t lock_number(const mimic_postgres_sink *sink, int kind)
{
    return lock_key(sink) | kind;
}

typedef struct lock_holder {
    char text[256];
} lock_holder;

static int take_holder(void *ctx, const char *const *values, size_t count)
{
    lock_holder *const holder = ctx;
    (void)count;
    (void)snprintf(holder->text, sizeof holder->text, "process %s (%s, user %s, since %s)",
                   values[0], values[1] == NULL ? "?" : values[1],
                   values[2] == NULL ? "?" : values[2], values[3] == NULL ? "?" : values[3]);
    return 0;
}

static mimic_status fail_locked(mimic_postgres_sink *sink, const char *const *key, mimic_error *err)
{
    lock_holder holder = {"a process that has gone by now"};
    const mimic_postgres_query query = {
        "SELECT l.pid, a.application_name, a.usename, to_char(a.backend_start, 'YYYY-MM-DD"
        " HH24:MI:SS') FROM pg_catalog.pg_locks AS l"
        " LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid"
        " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2"
        " AND l.classid = $1::int4::oid AND l.objid::int8 = ($2::int8 & 4294967295)"
        " AND l.database = (SELECT oid FROM pg_catalog.pg_database"
        "  WHERE datname = current_database())",
        key, 2, take_holder, &holder};
    MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
    return mimic__fail(err, MIMIC_ERR_BACKEND,
                       "another load is at work in schema \"%s\" of %s: %s; wait for it to end and "
                       "run this once more",
                       sink->own_schema, sink->shown, holder.text);
}

typedef struct lock_name {
    char numbers[2][16];
    const char *values[2];
} lock_name;

static void name_lock(const mimic_postgres_sink *sink, int kind, lock_name *out_name)
{
    (void)snprintf(out_name->numbers[0], sizeof out_name->numbers[0], "%d", LOCK_CLASS);
    (void)snprintf(out_name->numbers[1], sizeof out_name->numbers[1], "%d", lock_number(sink, kind));
    out_name->values[0] = out_name->numbers[0];
    out_name->values[1] = out_name->numbers[1];
}

/* Waits for some seconds. */
static mimic_status take_lock(mimic_postgres_sink *sink, int kind, mimic_error *err)
{
    lock_name name;
    bool is_ours = false;
    name_lock(sink, kind, &name);
    const mimic_postgres_query query = {"SELECT pg_catalog.pg_try_advisory_lock($1::int4, $2::int4)",
                                        name.values, 2, mimic__postgres_take_yes, &is_ours};
    for (int waited = 0;; waited += LOCK_PAUSE_MS) {
        MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
        if (is_ours)
            return MIMIC_OK;
        if (waited >= LOCK_WAIT_MS)
            return fail_locked(sink, name.values, err);
        const struct timespec pause = {0, LOCK_PAUSE_MS * 1000000L};
        (void)nanosleep(&pause, NULL);
    }
}

/* The lock of the lanes is only tried: ours are still to come, and nobody else's begin meanwhile. */
static mimic_status lock_load(mimic_postgres_sink *sink, mimic_error *err)
{
    lock_name name;
    name_lock(sink, LOCK_LANE, &name);
    const mimic_postgres_query unlock = {"SELECT pg_catalog.pg_advisory_unlock($1::int4, $2::int4)",
                                         name.values, 2, NULL, NULL};
    MIMIC_TRY(take_lock(sink, LOCK_LOAD, err));
    MIMIC_TRY(take_lock(sink, LOCK_LANE, err));
    return mimic__postgres_query(sink->db, &unlock, err);
}

mimic_status mimic__postgres_lock_lane(mimic_postgres_sink *lane, mimic_error *err)
{
    lock_name name;
    name_lock(lane, LOCK_LANE, &name);
    const mimic_postgres_query query = {
        "SELECT pg_catalog.pg_advisory_lock_shared($1::int4, $2::int4)", name.values, 2, NULL, NULL};
    return mimic__postgres_query(lane->db, &query, err);
}

mimic_status mimic__postgres_lock_swap(mimic_postgres_sink *sink, mimic_error *err)
{
    char sql[96];
    (void)snprintf(sql, sizeof sql, "SELECT pg_catalog.pg_advisory_xact_lock(%d, %d)", LOCK_CLASS,
                   lock_number(sink, LOCK_SWAP));
    return mimic__postgres_exec(sink->db, sql, err);
}

/*
 * What others own in the schema of the own tables could run with our rights: by triggers, or by the
 * definitions of keys that are noted there. Superusers and the owner of the database are trusted, and
 * roles that this one is a member of, but a superuser is a member of all.
 */
static const char STRANGERS[] =
    "WITH me AS (SELECT oid, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),"
    " things AS (SELECT c.relowner AS owner, 'table ' || c.relname AS what"
    "  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = $1 AND c.relname IN ('_mimic_meta', '_mimic_rejects', '_mimic_ledger',"
    "   '_mimic_foreign_keys')"
    "  UNION ALL SELECT nspowner, 'schema' FROM pg_catalog.pg_namespace, me"
    "  WHERE nspname = $1 AND me.rolsuper)"
    " SELECT what, pg_get_userbyid(owner) FROM things, me"
    " LEFT JOIN pg_catalog.pg_database AS d ON d.datname = current_database()"
    " WHERE owner <> me.oid AND owner <> d.datdba"
    "  AND pg_get_userbyid(owner) <> 'pg_database_owner'"
    "  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE oid = owner AND rolsuper)"
    "  AND (me.rolsuper OR NOT pg_has_role(me.oid, owner, 'MEMBER')) ORDER BY what DESC LIMIT 1";

typedef struct stranger {
    char what[MIMIC_POSTGRES_NAME_BYTES];
    char owner[MIMIC_POSTGRES_NAME_BYTES];
} stranger;

static int take_stranger(void *ctx, const char *const *values, size_t count)
{
    stranger *const found = ctx;
    (void)count;
    (void)snprintf(found->what, sizeof found->what, "%s", values[0]);
    (void)snprintf(found->owner, sizeof found->owner, "%s", values[1]);
    return 1;
}

static mimic_status check_owners(mimic_postgres_sink *sink, mimic_error *err)
{
    stranger found = {"", ""};
    const char *const schema = sink->own_schema;
    const mimic_postgres_query query = {STRANGERS, &schema, 1, take_stranger, &found};
    MIMIC_TRY(mimic__postgres_query(sink->db, &query, err));
    if (found.what[0] == '\0')
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_BACKEND,
                       "the %s%s\"%s\" belongs to role \"%s\", which could make this load run "
                       "what it likes; load as that role, or change the owner",
                       found.what, strcmp(found.what, "schema") == 0 ? " " : " of schema ",
                       sink->own_schema, found.owner);
}

mimic_status mimic__postgres_prepare(mimic_postgres_sink *sink, mimic_error *err)
{
    if (sink->main->is_prepared)
        return MIMIC_OK;
    MIMIC_TRY(lock_load(sink, err));
    MIMIC_TRY(mimic__postgres_make_schema(sink->db, sink->own_schema, err));
    MIMIC_TRY(check_owners(sink, err));
    /* "Already there" is no news. */
    MIMIC_TRY(mimic__postgres_exec(sink->db, "SET client_min_messages = warning", err));
    MIMIC_TRY(mimic__postgres_run_own(sink, OWN_TABLES, NULL, err));
    MIMIC_TRY(mimic__postgres_exec(sink->db, "RESET client_min_messages", err));
    sink->is_prepared = true;
    return MIMIC_OK;
}

/* ---- what is known of a table ---- */

mimic_status mimic__postgres_forget(mimic_postgres_sink *sink, mimic_error *err)
{
    static const char *const statements[] = {
        "DELETE FROM %s._mimic_meta WHERE schema_name = $1 AND table_name = $2",
        "DELETE FROM %s._mimic_rejects WHERE schema_name = $1 AND table_name = $2",
        "DELETE FROM %s._mimic_ledger WHERE schema_name = $1 AND table_name = $2",
    };
    const char *const values[] = {sink->open.names.schema, sink->open.names.table->name};
    const mimic_postgres_query query = {NULL, values, 2, NULL, NULL};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        MIMIC_TRY(mimic__postgres_run_own(sink, statements[i], &query, err));
    return MIMIC_OK;
}

mimic_status mimic__postgres_store_meta(mimic_postgres_sink *sink, mimic_error *err)
{
    const mimic_table *const table = sink->open.given;
    const char *const values[] = {sink->open.names.schema, sink->open.names.table->name,
                                  table->dataset,          table->version,
                                  table->title,            table->description,
                                  MIMIC_VERSION_STRING};
    const mimic_postgres_query query = {NULL, values, sizeof values / sizeof values[0], NULL, NULL};
    return mimic__postgres_run_own(sink,
                   "INSERT INTO %s._mimic_meta VALUES ($1, $2, 'dataset', $3),"
                   " ($1, $2, 'version', $4), ($1, $2, 'title', $5), ($1, $2, 'description', $6),"
                   " ($1, $2, 'library_version', $7)",
                   &query, err);
}

/* ---- the ledger ---- */

#define LEDGER_TEXTS 9
#define LEDGER_NUMBERS 8

static const char NEW_LINE[] =
    "INSERT INTO %s._mimic_ledger (schema_name, table_name, module, dataset, source, source_hash,"
    " schema_hash, options_hash, library_version, started, finished, source_bytes, source_modified,"
    " read, written, rejected, duplicates, filtered, nulled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8,"
    " $9, $10, $11, $12::int8, $13::int8, $14::int8, $15::int8, $16::int8, $17::int8, $18::int8,"
    " $19::int8)";
/* Of a table that is there already. */
static const char OTHER_LINE[] =
    "UPDATE %s._mimic_ledger SET module = $3, source = $5, source_hash = $6, schema_hash = $7,"
    " options_hash = $8, library_version = $9, started = $10, finished = $11,"
    " source_bytes = $12::int8, source_modified = $13::int8, read = $14::int8, written = $15::int8,"
    " rejected = $16::int8, duplicates = $17::int8, filtered = $18::int8, nulled = $19::int8"
    " WHERE table_name = lower($2 COLLATE \"C\") AND dataset = $4"
    " AND coalesce(schema_name = $1::text, true)";

mimic_status mimic__postgres_store_ledger(mimic_postgres_sink *sink,
                                          const mimic_ledger_entry *entry, mimic_error *err)
{
    const int64_t numbers[LEDGER_NUMBERS] = {entry->source_bytes, entry->source_modified,
                                             entry->read,         entry->written,
                                             entry->rejected,     entry->duplicates,
                                             entry->filtered,     entry->nulled};
    char digits[LEDGER_NUMBERS][24];
    const char *texts[LEDGER_TEXTS] = {entry->module,       entry->dataset,
                                       entry->source,       entry->source_hash,
                                       entry->schema_hash,  entry->options_hash,
                                       entry->library_version, entry->started,
                                       entry->finished};
    const char *values[2 + LEDGER_TEXTS + LEDGER_NUMBERS];
    const bool is_open = sink->open.given != NULL;
    mimic_buffer source;
    mimic__buffer_init(&source, sink->ctx);
    mimic__postgres_put_text(&source, entry->source, strlen(entry->source));
    mimic__buffer_byte(&source, '\0');
    texts[2] = source.data;
    values[0] = is_open ? sink->open.names.schema : NULL;
    values[1] = is_open ? sink->open.names.table->name : entry->table;
    for (size_t i = 0; i < LEDGER_TEXTS; i++)
        values[2 + i] = texts[i];
    for (size_t i = 0; i < LEDGER_NUMBERS; i++) {
        (void)snprintf(digits[i], sizeof digits[i], "%lld", (long long)numbers[i]);
        values[2 + LEDGER_TEXTS + i] = digits[i];
    }
    const mimic_postgres_query query = {NULL, values, sizeof values / sizeof values[0], NULL, NULL};
    const mimic_status status =
        source.failed
            ? mimic__fail_memory(err)
            : mimic__postgres_run_own(sink, is_open ? NEW_LINE : OTHER_LINE, &query, err);
    mimic__buffer_free(&source);
    return status;
}

typedef struct ledger_reading {
    mimic_ledger_fn fn;
    void *fn_ctx;
    bool is_stopped;
} ledger_reading;

static int take_entry(void *ctx, const char *const *values, size_t count)
{
    ledger_reading *const reading = ctx;
    (void)count;
    const mimic_ledger_entry entry = {.struct_size = sizeof entry,
                                      .table = values[0],
                                      .module = values[1],
                                      .dataset = values[2],
                                      .source = values[3],
                                      .source_bytes = strtoll(values[4], NULL, 10),
                                      .source_modified = strtoll(values[5], NULL, 10),
                                      .source_hash = values[6],
                                      .schema_hash = values[7],
                                      .options_hash = values[8],
                                      .library_version = values[9],
                                      .read = strtoll(values[10], NULL, 10),
                                      .written = strtoll(values[11], NULL, 10),
                                      .rejected = strtoll(values[12], NULL, 10),
                                      .duplicates = strtoll(values[13], NULL, 10),
                                      .filtered = strtoll(values[14], NULL, 10),
                                      .nulled = strtoll(values[15], NULL, 10),
                                      .started = values[16],
                                      .finished = values[17]};
    reading->is_stopped = reading->fn(&entry, reading->fn_ctx) != 0;
    return reading->is_stopped;
}

/* A line counts only while its table is there. */
mimic_status mimic__postgres_read_ledger(mimic_postgres_sink *sink, mimic_ledger_fn fn,
                                         void *fn_ctx, mimic_error *err)
{
    bool is_there = false;
    ledger_reading reading = {fn, fn_ctx, false};
    const char *const own = sink->own_schema;
    const mimic_postgres_query look = {
        "SELECT true FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
        " ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = '_mimic_ledger'",
        &own, 1, mimic__postgres_take_yes, &is_there};
    MIMIC_TRY(mimic__postgres_query(sink->db, &look, err));
    if (!is_there)
        return MIMIC_OK;
    const mimic_postgres_query query = {NULL, NULL, 0, take_entry, &reading};
    MIMIC_TRY(mimic__postgres_run_own(sink,
                      "SELECT table_name, module, dataset, source, source_bytes, source_modified,"
                      " source_hash, schema_hash, options_hash, library_version, read, written,"
                      " rejected, duplicates, filtered, nulled, started, finished"
                      " FROM %s._mimic_ledger AS l WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_class"
                      " AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
                      " WHERE n.nspname = l.schema_name AND c.relname = l.table_name)"
                      " ORDER BY dataset, module, table_name",
                      &query, err));
    return reading.is_stopped ? mimic__fail(err, MIMIC_ERR_CANCELLED, "stopped by the callback")
                              : MIMIC_OK;
}
