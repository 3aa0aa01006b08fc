/*
 * The SQLite sink. A new database is built in a hidden file, without syncs and with a journal in
 * memory only: pages that are appended need no journal, so it stays small, and a table can still be
 * given up. Where the file may outlive the process (sink_sqlite_resume.h) the journal is a file, so
 * that a kill, though not a crash of the machine, leaves what can be gone on with. An existing database is changed in place, each table in one transaction with whatever
 * journal the database has, so that a kill at any moment leaves the old table or the new one.
 *
 * Besides the tables there are _mimic_meta (what was loaded, by which library), _mimic_rejects and
 * _mimic_ledger (where each table came from), which change in the transaction of their table.
 * Foreign keys are declared and checked at the end, never enforced: exports and demo subsets do
 * have rows whose parent was left out.
 */
#include "sink/sink_internal.h"

#include <stdlib.h>
#include <string.h>

#include <mimic/version.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/utf8.h"
#include "schema/schema_ddl.h"
#include "schema/schema_model.h"
#include "sink/sink_ledger.h"
#include "sink/sink_sqlite_check.h"
#include "sink/sink_sqlite_db.h"
#include "sink/sink_sqlite_direct.h"
#include "sink/sink_sqlite_file.h"
#include "sink/sink_sqlite_ledger.h"
#include "sink/sink_sqlite_resume.h"

#define OWN_PREFIX "_mimic_"

static const char NEW_DATABASE[] = "PRAGMA page_size = 4096;"
                                   "PRAGMA auto_vacuum = NONE;"
                                   "PRAGMA synchronous = OFF;"
                                   "PRAGMA secure_delete = OFF;";

/* 16 MiB of page cache, whatever the size of the database. */
static const char ANY_DATABASE[] =
    "PRAGMA cache_size = -16384;"
    "PRAGMA foreign_keys = OFF;"
    "PRAGMA trusted_schema = OFF;"
    "CREATE TEMP TABLE _mimic_done (name TEXT PRIMARY KEY COLLATE NOCASE, rows INTEGER) STRICT;"
    "CREATE TEMP TABLE _mimic_relations (child TEXT COLLATE NOCASE, id INTEGER, parent TEXT,"
    " source TEXT, target TEXT) STRICT;"
    "CREATE TEMP TABLE _mimic_new_rejects (table_name, source, record, line, byte_offset,"
    " column_name, code, message, raw);";

/* Rejects of a table that is written past SQLite wait beside the database. */
static const char TAKE_REJECTS[] =
    "INSERT INTO main._mimic_rejects SELECT * FROM temp._mimic_new_rejects ORDER BY rowid;"
    "DELETE FROM temp._mimic_new_rejects;";

static const char OWN_TABLES[] =
    "CREATE TABLE IF NOT EXISTS _mimic_meta (table_name TEXT NOT NULL, key TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY (table_name, key)) STRICT;"
    "CREATE TABLE IF NOT EXISTS _mimic_rejects (table_name TEXT NOT NULL, source TEXT NOT NULL,"
    " record INTEGER NOT NULL, line INTEGER NOT NULL, byte_offset INTEGER NOT NULL,"
    " column_name TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, raw ANY) STRICT;";

typedef struct sqlite_sink {
    const mimic_context *ctx;
    char *path;
    mimic_sqlite_file file;
    bool is_new;
    mimic_sqlite *db;
    mimic_sink_options options;
    mimic_pool *pool;
    const mimic_table *table; /* the open one */
    const mimic_sink_host *given_host;
    mimic_sink_host host; /* counts the refused rows on their way to the given one */
    int64_t row_count;    /* of the open table */
    size_t done_count;    /* tables that were committed */
    size_t kept_count;    /* those among them, and of a load before, that have a line */
    bool is_direct;    /* its rows go in past SQLite, or did at first */
    bool is_continued; /* by inserts */
    bool is_created;   /* its empty self is committed */
    mimic_sqlite_direct *direct;
    mimic_arena line_arena;
    mimic_ledger_entry line; /* of the open table, until it is committed */
    bool has_line;
    bool is_published;
    mimic_status broken; /* an abort failed: the database is no good any more */
} sqlite_sink;

static mimic_sqlite_value text_value(const char *text)
{
    return (mimic_sqlite_value){.text = text, .size = strlen(text)};
}

/* Runs what a buffer holds, and frees it. */
static mimic_status run_buffer(sqlite_sink *sink, mimic_buffer *sql, mimic_error *err)
{
    mimic__buffer_byte(sql, '\0');
    const mimic_status status =
        sql->failed ? mimic__fail_memory(err) : mimic__sqlite_exec(sink->db, sql->data, err);
    mimic__buffer_free(sql);
    return status;
}

static mimic_status fail_broken(const sqlite_sink *sink, mimic_error *err)
{
    return mimic__fail(err, sink->broken,
                       "database \"%s\" was lost: a table could not be given up cleanly",
                       sink->path);
}

/* ---- a table ---- */

static mimic_status check_name(const mimic_table *table, mimic_error *err)
{
    static const char *const prefixes[] = {OWN_PREFIX, "sqlite_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (mimic__name_equals_sized(prefixes[i], table->name, strlen(prefixes[i])))
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "a table of a SQLite database may not be named \"%s\": names that "
                               "begin with %s are reserved",
                               table->name, prefixes[i]);
    return MIMIC_OK;
}

static mimic_status replace_table(sqlite_sink *sink, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_text(&sql, "DROP TABLE IF EXISTS main.");
    mimic__sql_quote_identifier(&sql, sink->table->name);
    mimic__buffer_text(&sql, ";\n");
    mimic__ddl_sqlite_table(&sql, sink->table, sink->options.integer_times != 0);
    return run_buffer(sink, &sql, err);
}

/* Of a table that was here before, in whatever case its name was. */
static mimic_status forget_table(sqlite_sink *sink, mimic_error *err)
{
    const mimic_sqlite_value name = text_value(sink->table->name);
    MIMIC_TRY(mimic__sqlite_exec(sink->db, OWN_TABLES, err));
    MIMIC_TRY(mimic__sqlite_ledger_create(sink->db, err));
    MIMIC_TRY(mimic__sqlite_ledger_forget(sink->db, sink->table->name, err));
    MIMIC_TRY(mimic__sqlite_run(sink->db,
                                "DELETE FROM main._mimic_meta WHERE table_name = ?1 COLLATE NOCASE",
                                &name, 1, err));
    return mimic__sqlite_run(sink->db,
                             "DELETE FROM main._mimic_rejects WHERE table_name = ?1 COLLATE NOCASE",
                             &name, 1, err);
}

static mimic_status start_inserts(sqlite_sink *sink, mimic_error *err)
{
    const mimic_sqlite_insert insert = {sink->table, &sink->host, sink->options.integer_times != 0};
    return mimic__sqlite_insert_open(sink->db, &insert, err);
}

/* What the database says of the open table. */
typedef struct table_facts {
    uint32_t root; /* its page; 0 = there is none */
} table_facts;

static int take_facts(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    table_facts *facts = ctx;
    facts->root = values[0] == NULL ? 0 : (uint32_t)strtoul(values[0], NULL, 10);
    return 0;
}

static mimic_status look_up(sqlite_sink *sink, table_facts *out_facts, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    const mimic_ddl ddl = {.sql = &sql, .dialect = MIMIC_SQL_SQLITE};
    mimic__buffer_text(&sql, "SELECT max(CASE type WHEN 'table' THEN rootpage END)"
                             " FROM main.sqlite_schema WHERE tbl_name COLLATE NOCASE = ");
    mimic__ddl_text(&ddl, sink->table->name);
    mimic__buffer_byte(&sql, '\0');
    const mimic_status status =
        sql.failed ? mimic__fail_memory(err)
                   : mimic__sqlite_query(sink->db, sql.data, take_facts, out_facts, err);
    mimic__buffer_free(&sql);
    return status;
}

static mimic_status create_indexes(sqlite_sink *sink, mimic_error *err)
{
    if (sink->options.no_indexes != 0)
        return MIMIC_OK;
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__ddl_sqlite_indexes(&sql, sink->table);
    return run_buffer(sink, &sql, err);
}

/* With sink->is_direct, or else with inserts, for which the indexes that are no keys come last. */
static mimic_status start_direct(sqlite_sink *sink, uint32_t root, mimic_sqlite_indexes *indexes,
                                 mimic_error *err)
{
    if (mimic__sqlite_indexes_watch_keys(indexes)) {
        if (sink->file.partial != NULL)
            MIMIC_TRY(mimic__sqlite_mark_direct(sink->db, err));
        MIMIC_TRY(mimic__sqlite_exec(sink->db, "COMMIT", err));
        sink->is_created = true;
        const mimic_sqlite_direct_table table = {sink->table, &sink->host, root,
                                                 sink->options.integer_times != 0, indexes};
        const mimic_status status = mimic__sqlite_direct_begin(sink->direct, &table, err);
        sink->is_direct = status == MIMIC_OK;
        if (status != MIMIC_ERR_UNSUPPORTED)
            return status;
        MIMIC_TRY(mimic__sqlite_exec(sink->db, "BEGIN IMMEDIATE", err));
    }
    MIMIC_TRY(mimic__sqlite_indexes_drop(indexes, err));
    return start_inserts(sink, err);
}

/*
 * Rows can go in past SQLite in a table that is new. Its indexes are made now, while they are empty:
 * SQLite says where they begin, and their content is written as pages too.
 */
static mimic_status start_rows(sqlite_sink *sink, bool is_new_table, mimic_error *err)
{
    table_facts facts = {0};
    if (sink->direct == NULL || !is_new_table)
        return start_inserts(sink, err);
    MIMIC_TRY(look_up(sink, &facts, err));
    if (facts.root == 0)
        return start_inserts(sink, err);
    mimic_sqlite_indexes *indexes = NULL;
    const mimic_sqlite_indexes_options options = {.ctx = sink->ctx,
                                                  .db = sink->db,
                                                  .table = sink->table,
                                                  .integer_times = sink->options.integer_times != 0,
                                                  .path = sink->file.open_path,
                                                  .pool = sink->pool};
    MIMIC_TRY(create_indexes(sink, err));
    MIMIC_TRY(mimic__sqlite_indexes_open(&options, &indexes, err));
    const mimic_status status = start_direct(sink, facts.root, indexes, err);
    if (!sink->is_direct)
        mimic__sqlite_indexes_free(indexes);
    return status;
}

static int refuse_row(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                      const char *message)
{
    sqlite_sink *sink = ctx;
    sink->row_count--;
    return sink->given_host->reject_row(sink->given_host->ctx, row, code, column, message);
}

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    sqlite_sink *sink = self;
    table_facts former = {0};
    if (sink->broken != MIMIC_OK)
        return fail_broken(sink, err);
    MIMIC_TRY(check_name(table, err));
    MIMIC_TRY(mimic__sqlite_exec(sink->db, "BEGIN IMMEDIATE", err));
    sink->table = table;
    sink->given_host = host;
    sink->row_count = 0;
    MIMIC_TRY(forget_table(sink, err));
    MIMIC_TRY(look_up(sink, &former, err));
    MIMIC_TRY(replace_table(sink, err));
    return start_rows(sink, former.root == 0, err);
}

static mimic_status encode(void *self, const mimic_batch *batch, void **out_chunk, mimic_error *err)
{
    const sqlite_sink *sink = self;
    mimic_sqlite_chunk *chunk = NULL;
    if (sink->is_direct)
        MIMIC_TRY(mimic__sqlite_direct_encode(sink->direct, batch, &chunk, err));
    *out_chunk = chunk;
    return MIMIC_OK;
}

static void free_chunk(void *self, void *chunk)
{
    const sqlite_sink *sink = self;
    mimic__sqlite_direct_free_chunk(sink->direct, chunk);
}

static bool is_inserting(const sqlite_sink *sink)
{
    return !sink->is_direct || sink->is_continued;
}

/* Hands the open table over to SQLite. */
static mimic_status finish_direct(sqlite_sink *sink, bool rows_follow, mimic_error *err)
{
    MIMIC_TRY(mimic__sqlite_direct_finish(sink->direct, rows_follow, err));
    MIMIC_TRY(mimic__sqlite_exec(sink->db, "BEGIN IMMEDIATE", err));
    return rows_follow ? mimic__sqlite_indexes_drop(sink->direct->indexes, err)
                       : mimic__sqlite_indexes_complete(sink->direct->indexes, err);
}

static mimic_status write_batch(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    sqlite_sink *sink = self;
    int64_t row = 0;
    sink->row_count += batch->row_count;
    if (is_inserting(sink)) {
        free_chunk(self, chunk);
    } else {
        MIMIC_TRY(mimic__sqlite_direct_write(sink->direct, batch, chunk, &row, err));
        if (row == batch->row_count)
            return MIMIC_OK;
        MIMIC_TRY(finish_direct(sink, true, err));
        sink->is_continued = true;
        MIMIC_TRY(start_inserts(sink, err));
    }
    return mimic__sqlite_insert_batch(sink->db, batch, row, err);
}

static mimic_status store_reject(void *self, const mimic_table *table, const mimic_reject *reject,
                                 mimic_error *err)
{
    sqlite_sink *sink = self;
    const bool raw_is_text =
        mimic__utf8_check(reject->raw, reject->raw_size) == reject->raw_size &&
        (reject->raw_size == 0 || memchr(reject->raw, '\0', reject->raw_size) == NULL);
    const mimic_sqlite_value values[] = {
        text_value(table->name),
        text_value(reject->source),
        {.number = reject->record},
        {.number = reject->line},
        {.number = reject->byte_offset},
        text_value(reject->column),
        text_value(mimic_reject_code_name(reject->code)),
        text_value(reject->message),
        {.text = reject->raw, .size = reject->raw_size, .is_blob = !raw_is_text},
    };
    return mimic__sqlite_run(
        sink->db,
        sink->is_direct ? "INSERT INTO temp._mimic_new_rejects VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)"
                        : "INSERT INTO main._mimic_rejects VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        values, sizeof values / sizeof values[0], err);
}

static mimic_status store_meta(sqlite_sink *sink, mimic_error *err)
{
    const mimic_table *table = sink->table;
    const char *const pairs[][2] = {{"dataset", table->dataset},
                                    {"version", table->version},
                                    {"title", table->title},
                                    {"description", table->description},
                                    {"library_version", MIMIC_VERSION_STRING}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const mimic_sqlite_value values[] = {text_value(table->name), text_value(pairs[i][0]),
                                             text_value(pairs[i][1])};
        MIMIC_TRY(mimic__sqlite_run(sink->db, "INSERT INTO main._mimic_meta VALUES (?1, ?2, ?3)",
                                    values, 3, err));
    }
    return MIMIC_OK;
}

/* Notes the table for the checks at the end, with the keys that its declaration leaves out because
 * the database could not enforce them. Their numbers are negative, apart from SQLite's own. */
static mimic_status note_done(sqlite_sink *sink, mimic_error *err)
{
    const mimic_table *table = sink->table;
    const mimic_sqlite_value name = text_value(table->name);
    const mimic_sqlite_value done[] = {name, {.number = sink->row_count}};
    MIMIC_TRY(mimic__sqlite_run(sink->db, "INSERT OR REPLACE INTO temp._mimic_done VALUES (?1, ?2)",
                                done, 2, err));
    MIMIC_TRY(mimic__sqlite_run(sink->db, "DELETE FROM temp._mimic_relations WHERE child = ?1",
                                &name, 1, err));
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const mimic_foreign_key *key = &table->foreign_keys[i];
        for (size_t k = 0; k < key->count && !key->is_enforceable; k++) {
            const mimic_sqlite_value values[] = {name,
                                                 {.number = -1 - (int64_t)i},
                                                 text_value(key->referenced_table),
                                                 text_value(key->fields[k]),
                                                 text_value(key->referenced_fields[k])};
            MIMIC_TRY(mimic__sqlite_run(
                sink->db, "INSERT INTO temp._mimic_relations VALUES (?1, ?2, ?3, ?4, ?5)", values,
                5, err));
        }
    }
    return MIMIC_OK;
}

static void forget_open_table(sqlite_sink *sink)
{
    mimic__arena_free(&sink->line_arena);
    sink->has_line = false;
    if (sink->is_direct)
        mimic__sqlite_direct_end(sink->direct);
    sink->is_direct = sink->is_continued = sink->is_created = false;
    sink->table = NULL;
}

/* A line waits for its table; without one it takes the place of a line that is there. */
static mimic_status store_line(void *self, const mimic_ledger_entry *entry, mimic_error *err)
{
    sqlite_sink *sink = self;
    if (sink->table == NULL)
        return mimic__sqlite_ledger_store(sink->db, entry, err);
    sink->has_line = mimic__ledger_copy(&sink->line_arena, entry, &sink->line);
    return sink->has_line ? MIMIC_OK : mimic__fail_memory(err);
}

static mimic_status read_lines(void *self, mimic_ledger_fn fn, void *fn_ctx, mimic_error *err)
{
    sqlite_sink *sink = self;
    return mimic__sqlite_ledger_read(sink->db, fn, fn_ctx, err);
}

static mimic_status commit(void *self, mimic_error *err)
{
    sqlite_sink *sink = self;
    mimic__sqlite_insert_close(sink->db);
    if (!is_inserting(sink))
        MIMIC_TRY(finish_direct(sink, false, err));
    MIMIC_TRY(create_indexes(sink, err));
    if (sink->is_direct)
        MIMIC_TRY(mimic__sqlite_exec(sink->db, TAKE_REJECTS, err));
    MIMIC_TRY(store_meta(sink, err));
    if (sink->has_line)
        MIMIC_TRY(mimic__sqlite_ledger_store(sink->db, &sink->line, err));
    MIMIC_TRY(note_done(sink, err));
    if (sink->file.partial != NULL && sink->is_created)
        MIMIC_TRY(mimic__sqlite_unmark_direct(sink->db, err));
    MIMIC_TRY(mimic__sqlite_exec(sink->db, "COMMIT", err));
    sink->done_count++;
    sink->kept_count += sink->has_line;
    forget_open_table(sink);
    return MIMIC_OK;
}

/* Undoes what was committed of the table already. */
static mimic_status remove_table(sqlite_sink *sink, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_text(&sql, "DELETE FROM temp._mimic_new_rejects; DROP TABLE IF EXISTS main.");
    mimic__sql_quote_identifier(&sql, sink->table->name);
    if (sink->is_direct) {
        const mimic_status status = mimic__sqlite_direct_rollback(sink->direct, err);
        if (status != MIMIC_OK) {
            mimic__buffer_free(&sql);
            return status;
        }
    }
    MIMIC_TRY(run_buffer(sink, &sql, err));
    return sink->file.partial == NULL ? MIMIC_OK : mimic__sqlite_unmark_direct(sink->db, err);
}

static void abort_table(void *self)
{
    sqlite_sink *sink = self;
    if (sink->table == NULL)
        return;
    mimic__sqlite_insert_close(sink->db);
    /* Fails only where SQLite rolled back by itself, or had nothing to. */
    const mimic_status ignored = mimic__sqlite_exec(sink->db, "ROLLBACK", NULL);
    (void)ignored;
    if (sink->is_created)
        sink->broken = remove_table(sink, NULL);
    forget_open_table(sink);
}

/* ---- the whole database ---- */

static mimic_status check_all(sqlite_sink *sink, const mimic_sqlite_check *check, mimic_error *err)
{
    const mimic_status status = mimic__sqlite_check(sink->db, check, err);
    if (status == MIMIC_ERR_BACKEND)
        sink->broken = status;
    return status;
}

static mimic_status finish(void *self, mimic_finding_fn finding, void *finding_ctx,
                           mimic_error *err)
{
    sqlite_sink *sink = self;
    if (sink->broken != MIMIC_OK)
        return fail_broken(sink, err);
    const mimic_sqlite_check check = {sink->ctx, sink->path,  sink->is_new,
                                      sink->options.verify != 0, finding, finding_ctx};
    if (sink->is_new || sink->done_count > 0)
        MIMIC_TRY(check_all(sink, &check, err));
    MIMIC_TRY(mimic__sqlite_close(sink->db, err));
    if (sink->is_new)
        MIMIC_TRY(mimic__sqlite_file_publish(&sink->file, err));
    sink->is_published = true;
    mimic__target_lock_free(sink->file.lock);
    sink->file.lock = NULL;
    return MIMIC_OK;
}

/* What a load finished is left for the next; a database that is known to be bad is not. */
static void leave_partial(sqlite_sink *sink)
{
    sink->file.is_kept = sink->file.partial != NULL && sink->broken == MIMIC_OK &&
                         sink->kept_count > 0 && !sink->is_published;
    if (sink->file.is_kept)
        mimic__log(sink->ctx, MIMIC_LOG_WARNING,
                   "%zu finished table%s kept in %s; the next load goes on from there",
                   sink->kept_count, sink->kept_count == 1 ? " is" : "s are", sink->file.partial);
}

static void free_sink(void *self)
{
    sqlite_sink *sink = self;
    mimic__sqlite_free(sink->db);
    mimic__sqlite_direct_free(sink->direct);
    leave_partial(sink);
    mimic__sqlite_file_free(&sink->file);
    mimic__arena_free(&sink->line_arena);
    mimic__free(sink->ctx, sink->path);
    mimic__free(sink->ctx, sink);
}

static mimic_status connect(sqlite_sink *sink, mimic_error *err)
{
    MIMIC_TRY(mimic__sqlite_open(sink->ctx, sink->file.open_path, &sink->db, err));
    mimic__sqlite_set_name(sink->db, sink->path);
    mimic__sqlite_set_interrupted(sink->db, sink->options.interrupted,
                                  sink->options.interrupted_ctx);
    return mimic__sqlite_exec(sink->db, ANY_DATABASE, err);
}

static mimic_status set_mark(sqlite_sink *sink, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, sink->ctx);
    mimic__buffer_format(&sql, "PRAGMA main.application_id = %ld", (long)mimic__sqlite_file_mark());
    return run_buffer(sink, &sql, err);
}

static mimic_status open_new(sqlite_sink *sink, mimic_error *err)
{
    const bool is_partial = sink->file.partial != NULL;
    MIMIC_TRY(connect(sink, err));
    MIMIC_TRY(mimic__sqlite_exec(sink->db, NEW_DATABASE, err));
    MIMIC_TRY(mimic__sqlite_exec(sink->db, is_partial ? "PRAGMA journal_mode = DELETE"
                                                      : "PRAGMA journal_mode = MEMORY", err));
    if (is_partial && !sink->file.is_resumed)
        MIMIC_TRY(set_mark(sink, err));
    return mimic__sqlite_direct_new(sink->ctx, sink->file.open_path, sink->path, &sink->direct,
                                    err);
}

/* Goes on with what a load left, where that is possible. */
static mimic_status resume(sqlite_sink *sink, mimic_error *err)
{
    mimic_sqlite_resume work = {.ctx = sink->ctx,
                                .keeps = sink->options.resume,
                                .keeps_ctx = sink->options.resume_ctx};
    mimic_error why = MIMIC_ERROR_INIT;
    mimic_status status = open_new(sink, &why);
    if (status == MIMIC_OK) {
        work.pages = &sink->direct->pages;
        status = mimic__sqlite_resume(sink->db, &work, &why);
    }
    sink->kept_count = work.kept_count;
    if (status == MIMIC_OK)
        return MIMIC_OK;
    mimic__sqlite_free(sink->db);
    mimic__sqlite_direct_free(sink->direct);
    sink->db = NULL;
    sink->direct = NULL;
    sink->kept_count = 0;
    if (status == MIMIC_ERR_MEMORY)
        return mimic__fail_memory(err);
    mimic__log(sink->ctx, MIMIC_LOG_WARNING, "%s cannot be gone on with, and the load begins anew: %s",
               sink->file.partial, why.message);
    MIMIC_TRY(mimic__sqlite_file_begin_anew(&sink->file, sink->path, &sink->options, err));
    return open_new(sink, err);
}

static mimic_status open_database(sqlite_sink *sink, const char *path, mimic_error *err)
{
    sink->path = mimic__strdup(sink->ctx, path);
    if (sink->path == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__sqlite_file_prepare(sink->ctx, path, &sink->options, &sink->file, err));
    sink->is_new = sink->file.output != NULL;
    if (sink->is_new) {
        MIMIC_TRY(sink->file.is_resumed ? resume(sink, err) : open_new(sink, err));
        if (sink->options.no_direct_pages == 0)
            return MIMIC_OK;
        mimic__sqlite_direct_free(sink->direct);
        sink->direct = NULL;
        return MIMIC_OK;
    }
    MIMIC_TRY(connect(sink, err));
    return sink->options.no_sync == 0
               ? MIMIC_OK
               : mimic__sqlite_exec(sink->db, "PRAGMA synchronous = OFF", err);
}

mimic_status mimic__sink_sqlite_open(const mimic_context *ctx, const struct mimic_target *target,
                                     const mimic_sink_options *options, mimic_pool *pool,
                                     mimic_sink **out_sink, mimic_error *err)
{
    const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                      .name = "sqlite",
                                      .begin = begin,
                                      .encode = encode,
                                      .free_chunk = free_chunk,
                                      .write = write_batch,
                                      .reject = store_reject,
                                      .commit = commit,
                                      .abort = abort_table,
                                      .finish = finish,
                                      .free = free_sink,
                                      .ledger = store_line,
                                      .read_ledger = read_lines};
    if (options->compression > MIMIC_SINK_COMPRESSION_NONE)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "\"%s\": a SQLite database cannot be compressed", target->path);
    sqlite_sink *sink = mimic__alloc_zeroed(ctx, 1, sizeof *sink);
    if (sink == NULL)
        return mimic__fail_memory(err);
    sink->ctx = ctx;
    sink->file.ctx = ctx;
    mimic__arena_init(&sink->line_arena, ctx);
    sink->options = *options;
    sink->host = (mimic_sink_host){sizeof sink->host, refuse_row, sink};
    sink->pool = pool;
    mimic_status status = open_database(sink, target->path, err);
    if (status == MIMIC_OK)
        status = mimic_sink_new(ctx, &vtable, sink, out_sink, err);
    if (status != MIMIC_OK)
        free_sink(sink);
    return status;
}
