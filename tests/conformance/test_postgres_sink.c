/* What only PostgreSQL has: others that depend on a table, foreign keys, locks, lanes, a server that
 * goes away. Runs where MIMIC_TEST_POSTGRES names a server; see tests/support/postgres.py. */
#include "check_main.h"

#include <stdio.h>
#include <time.h>

#include "conformance_postgres.h"
#include "sink/postgres_connection.h"
#include "test_batch.h"
#include "test_files.h"

static mimic_context *ctx;
static mimic_error err;
static mimic_sink *sink;
static char folder[TEST_PATH_BYTES];
static char findings[4096];

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
    test_folder_make(folder);
    ck_assert_msg(postgres_is_there(), "MIMIC_TEST_POSTGRES names no server");
}

static void teardown(void)
{
    mimic_sink_free(sink);
    sink = NULL;
    mimic_context_free(ctx);
    test_folder_walk(folder, 1);
}

#define OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

static void open_sink(void)
{
    mimic_sink_free(sink);
    sink = NULL;
    OK(postgres_sink_open(ctx, folder, &sink, &err));
}

static void note_finding(const mimic_finding *finding, void *context)
{
    (void)context;
    const size_t size = strlen(findings);
    snprintf(findings + size, sizeof findings - size, "%d %s %lld\n", finding->is_problem,
             finding->table, (long long)finding->count);
}

static void finish(void)
{
    findings[0] = '\0';
    OK(mimic_sink_finish(sink, note_finding, NULL, &err));
}

static void expect_answer(const char *sql, const char *expected)
{
    char *found = postgres_ask(folder, sql);
    ck_assert_msg(found != NULL, "%s", sql);
    ck_assert_msg(strcmp(found, expected) == 0, "%s\nexpected\n%s\nfound\n%s", sql, expected, found);
    free(found);
}

#define RUN(sql) expect_answer(sql, "")

/* (id, parent), id the key. */
static void make_table(test_table *t, const char *name)
{
    test_table_make(t, name);
    test_table_field(t, "id", MIMIC_TYPE_INT32, true);
    test_table_field(t, "parent", MIMIC_TYPE_INT32, false);
    test_table_key(t, 0);
}

/* parent refers to `parent`'s id. */
static void make_child(test_table *t, const char *name, const char *parent)
{
    static const char *const fields[] = {"parent"};
    static const char *const ids[] = {"id"};
    make_table(t, name);
    t->foreign_keys[0] = (mimic_foreign_key){.referenced_table = parent,
                                             .count = 1,
                                             .fields = fields,
                                             .referenced_fields = ids,
                                             .is_enforceable = true};
    t->table.foreign_key_count = 1;
}

static void fill_rows(test_batch *b, const mimic_table *table, int32_t first, int32_t count)
{
    test_batch_make(b, table, count);
    for (int32_t i = 0; i < count; i++) {
        test_set_integer(b, 0, i, first + i);
        test_set_integer(b, 1, i, first + i);
    }
    test_batch_view(b);
}

/* Rows first to first + count - 1, parent like id. */
static void load(mimic_sink *into, const mimic_table *table, int32_t first, int32_t count)
{
    test_batch batch;
    fill_rows(&batch, table, first, count);
    OK(mimic_sink_begin(into, table, NULL, &err));
    OK(mimic_sink_write(into, &batch.batch, &err));
    OK(mimic_sink_commit(into, &err));
    test_batch_free(&batch);
}

/* ---- foreign keys ---- */

#define FOREIGN_KEYS                                                                               \
    "SELECT c.relname || ' ' || conname || ' ' || convalidated FROM pg_constraint AS k JOIN "      \
    "pg_class AS c ON c.oid = conrelid WHERE c.relnamespace = '%s'::regnamespace AND contype = "    \
    "'f' ORDER BY 1"

START_TEST(postgres__foreign_keys_are_declared_and_counted)
{
    test_table parent;
    test_table child;
    setup();
    make_table(&parent, "parent");
    make_child(&child, "child", "parent");
    open_sink();
    load(sink, &child.table, 1, 3);
    finish(); /* without a parent */
    ck_assert_str_eq(findings, "0 child 3\n");
    expect_answer(FOREIGN_KEYS, "");
    open_sink();
    load(sink, &parent.table, 1, 5);
    finish();
    ck_assert_str_eq(findings, "0  0\n");
    expect_answer(FOREIGN_KEYS, "child child_parent_fkey true\n");
    open_sink(); /* nothing new: nothing to say */
    finish();
    ck_assert_str_eq(findings, "");
    open_sink();
    load(sink, &parent.table, 1, 2);
    finish();
    ck_assert_str_eq(findings, "0 child 1\n");
    expect_answer(FOREIGN_KEYS, "child child_parent_fkey false\n");
    open_sink();
    load(sink, &child.table, 1, 2);
    finish();
    expect_answer(FOREIGN_KEYS, "child child_parent_fkey true\n");
    teardown();
}
END_TEST

START_TEST(postgres__parent_without_a_key)
{
    test_table parent;
    test_table child;
    setup();
    make_table(&parent, "parent");
    parent.table.primary_key_count = 0;
    make_child(&child, "child", "parent");
    open_sink();
    load(sink, &parent.table, 1, 2);
    load(sink, &child.table, 1, 3);
    finish();
    ck_assert_str_eq(findings, "0 child 1\n");
    expect_answer(FOREIGN_KEYS, "");
    teardown();
}
END_TEST

/* ---- others depend on the table ---- */

START_TEST(postgres__rights_indexes_and_keys_of_others_stay)
{
    test_table t;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 3);
    RUN("DO $$ BEGIN CREATE ROLE mimic_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    RUN("GRANT SELECT ON %s.visits TO mimic_reader");
    RUN("ALTER TABLE %s.visits OWNER TO mimic_reader");
    RUN("GRANT SELECT (id) ON %s.visits TO PUBLIC");
    RUN("CREATE INDEX mine ON %s.visits ((id + 1))");
    RUN("DROP TABLE IF EXISTS public.mine; CREATE TABLE public.mine (v int)");
    RUN("INSERT INTO public.mine VALUES (1), (3)");
    RUN("ALTER TABLE public.mine ADD CONSTRAINT to_visits FOREIGN KEY (v) REFERENCES %s.visits"
        " ON DELETE CASCADE");
    load(sink, &t.table, 1, 2); /* row 3 is gone */
    finish();
    ck_assert_str_eq(findings, "0 mine 1\n");
    expect_answer("SELECT has_table_privilege('mimic_reader', '%s.visits', 'SELECT')", "t\n");
    expect_answer("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = '%s.visits'::regclass",
                  "mimic_reader\n");
    expect_answer("SELECT attacl FROM pg_attribute WHERE attrelid = '%s.visits'::regclass AND attname = 'id'",
                  "{=r/mimic_reader}\n");
    expect_answer("SELECT count(*) FROM pg_indexes WHERE indexname = 'mine' AND tablename = 'visits'"
                  " AND quote_ident(schemaname)::regnamespace = '%s'::regnamespace",
                  "1\n");
    expect_answer("SELECT pg_get_constraintdef(oid) LIKE '%ON DELETE CASCADE NOT VALID' FROM"
                  " pg_constraint WHERE conname = 'to_visits'",
                  "t\n");
    RUN("DROP TABLE public.mine");
    teardown();
}
END_TEST

START_TEST(postgres__table_with_a_view_is_filled_in_place)
{
    test_table t;
    test_table wider;
    test_batch batch;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 3);
    RUN("CREATE VIEW %s.v AS SELECT id FROM %s.visits");
    load(sink, &t.table, 5, 2);
    expect_answer("SELECT id FROM %s.v ORDER BY 1", "5\n6\n");
    expect_answer("SELECT conname FROM pg_constraint WHERE conrelid = '%s.visits'::regclass",
                  "visits_pkey\n");
    make_table(&wider, "visits");
    test_table_field(&wider, "more", MIMIC_TYPE_STRING, false);
    ck_assert_int_eq(mimic_sink_begin(sink, &wider.table, NULL, &err), MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, ".v") != NULL, "%s", err.message);
    mimic_sink_abort(sink);
    /* A server that refuses a row names it. */
    RUN("ALTER TABLE %s.visits ADD CHECK (id < 100)");
    fill_rows(&batch, &t.table, 98, 4);
    OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    mimic_status status = mimic_sink_write(sink, &batch.batch, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_commit(sink, &err);
    ck_assert_int_eq(status, MIMIC_ERR_BACKEND);
    ck_assert_str_eq(err.sqlstate, "23514");
    ck_assert_msg(strstr(err.message, "table visits, row 3 of those sent") != NULL, "%s",
                  err.message);
    mimic_sink_abort(sink);
    expect_answer("SELECT id FROM %s.v ORDER BY 1", "5\n6\n");
    test_batch_free(&batch);
    teardown();
}
END_TEST

/* What a role may have set: a lane still sees what another one commits, no view is overlooked. */
START_TEST(postgres__settings_of_a_role_do_not_matter)
{
    test_table tables[2];
    mimic_sink *lanes[2] = {NULL, NULL};
    setup();
    make_table(&tables[0], "visits");
    make_child(&tables[1], "notes", "visits");
    RUN("ALTER ROLE CURRENT_USER SET quote_all_identifiers = on;"
        " ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'repeatable read'");
    open_sink();
    load(sink, &tables[0].table, 1, 3);
    load(sink, &tables[1].table, 1, 3);
    finish();
    RUN("CREATE VIEW %s.v AS SELECT id FROM %s.visits");
    open_sink();
    for (size_t i = 0; i < 2; i++)
        OK(mimic_sink_lane(sink, &lanes[i], &err));
    for (size_t i = 2; i-- > 0;)
        OK(mimic_sink_begin(lanes[i], &tables[i].table, NULL, &err));
    for (size_t i = 0; i < 2; i++) {
        OK(mimic_sink_commit(lanes[i], &err));
        mimic_sink_free(lanes[i]);
    }
    finish();
    RUN("SELECT id FROM %s.v");
    RUN("ALTER ROLE CURRENT_USER RESET ALL");
    teardown();
}
END_TEST

/* What another role left does not run with the rights of the load. */
START_TEST(postgres__others_do_not_borrow_our_rights)
{
    test_table t;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 3);
    RUN("DO $$ BEGIN CREATE ROLE mimic_stranger; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    RUN("GRANT USAGE, CREATE ON SCHEMA %s TO mimic_stranger;"
        " ALTER TABLE %s.visits OWNER TO mimic_stranger; DROP TABLE IF EXISTS public.ran;"
        " CREATE TABLE public.ran (who name); GRANT ALL ON public.ran TO PUBLIC");
    RUN("SET ROLE mimic_stranger; CREATE FUNCTION %s.g() RETURNS void LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO public.ran VALUES (current_user); END $$;"
        " CREATE FUNCTION %s.f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS"
        " $$ BEGIN PERFORM %s.g(); RETURN 1; END $$; CREATE INDEX who ON %s.visits (%s.f(id))");
    RUN("TRUNCATE public.ran");
    load(sink, &t.table, 1, 3);
    expect_answer("SELECT DISTINCT who FROM public.ran", "mimic_stranger\n");
    mimic_sink_free(sink);
    sink = NULL;
    RUN("ALTER TABLE %s._mimic_foreign_keys OWNER TO mimic_stranger");
    open_sink();
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "belongs to role \"mimic_stranger\"") != NULL, "%s",
                  err.message);
    mimic_sink_abort(sink);
    RUN("DROP OWNED BY mimic_stranger CASCADE; DROP TABLE public.ran");
    teardown();
}
END_TEST

START_TEST(postgres__name_of_a_view_is_refused)
{
    test_table t;
    setup();
    RUN("CREATE SCHEMA %s");
    RUN("CREATE VIEW %s.visits AS SELECT 1 AS id");
    make_table(&t, "visits");
    open_sink();
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "is a view there") != NULL, "%s", err.message);
    teardown();
}
END_TEST

/* ---- names ---- */

START_TEST(postgres__names_are_those_the_server_chooses)
{
    static const char names[] =
        "SELECT replace(relname, 'theirs', 'visits') FROM pg_class WHERE relkind = 'i' AND"
        " relnamespace = '%s'::regnamespace AND relname ~ '^(visits|theirs|a_very)' ORDER BY 1";
    test_table t;
    test_table longer;
    static size_t unique[] = {1, 0};
    static const mimic_unique_key key = {2, unique};
    setup();
    make_table(&t, "Visits");
    t.fields[1].is_unique = true;
    t.table.unique_keys = &key;
    t.table.unique_key_count = 1;
    test_table_field(&t, "Subject_ID", MIMIC_TYPE_INT64, false);
    open_sink();
    test_batch batch;
    test_batch_make(&batch, &t.table, 0);
    test_batch_view(&batch);
    OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    OK(mimic_sink_write(sink, &batch.batch, &err));
    OK(mimic_sink_commit(sink, &err));
    test_batch_free(&batch);
    char *ours = postgres_ask(folder, names);
    RUN("DROP TABLE %s.visits");
    RUN("CREATE TABLE %s.theirs (id int PRIMARY KEY, parent int UNIQUE, subject_id bigint,"
        " UNIQUE (parent, id)); CREATE INDEX ON %s.theirs (subject_id)");
    expect_answer(names, ours);
    free(ours);
    make_table(&longer, "a_very_very_very_long_name_of_a_table_that_is_over_the_limit_of_63");
    ck_assert_int_eq(mimic_sink_begin(sink, &longer.table, NULL, &err), MIMIC_ERR_ARGUMENT);
    mimic_sink_abort(sink);
    make_table(&longer, "a_very_very_very_long_name_of_a_table_that_is_near_the_limit_63");
    load(sink, &longer.table, 1, 1);
    expect_answer("SELECT relname FROM pg_class WHERE relkind = 'i' AND relname LIKE 'a_very%'"
                  " AND relnamespace = '%s'::regnamespace",
                  "a_very_very_very_long_name_of_a_table_that_is_near_the_lim_pkey\n");
    teardown();
}
END_TEST

/* Two tables whose indexes the server would name alike; replaced, and filled in place. */
START_TEST(postgres__names_of_indexes_may_meet)
{
    static const char names[] =
        "SELECT tablename FROM pg_indexes WHERE quote_ident(schemaname)::regnamespace ="
        " '%s'::regnamespace AND tablename LIKE 'labs%' ORDER BY indexname <> 'labs_extra_id_key'";
    test_table tables[2];
    setup();
    for (size_t i = 0; i < 2; i++) {
        test_table_make(&tables[i], i == 0 ? "labs" : "labs_extra");
        test_table_field(&tables[i], i == 0 ? "extra_id" : "id", MIMIC_TYPE_INT32, true);
        test_table_field(&tables[i], "parent", MIMIC_TYPE_INT32, false);
        tables[i].fields[0].is_unique = true;
    }
    open_sink();
    for (size_t pass = 0; pass < 3; pass++) {
        load(sink, &tables[pass % 2].table, 1, 3);
        load(sink, &tables[1 - pass % 2].table, 1, 3);
        expect_answer(names, "labs\nlabs_extra\n");
        if (pass == 1)
            RUN("CREATE VIEW %s.v AS SELECT id FROM %s.labs_extra");
    }
    teardown();
}
END_TEST

/* ---- rejects and the ledger ---- */

START_TEST(postgres__many_rejects_and_raw_bytes)
{
    test_table t;
    setup();
    make_table(&t, "visits");
    char raw[900];
    memset(raw, 'r', sizeof raw);
    mimic_reject reject = {.struct_size = sizeof reject,
                           .code = MIMIC_REJECT_TYPE,
                           .source = "a\xff.csv",
                           .column = "id",
                           .message = "no number",
                           .raw = raw,
                           .raw_size = sizeof raw};
    open_sink();
    OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    for (reject.record = 1; reject.record <= 2000; reject.record++)
        OK(mimic_sink_reject(sink, &reject, &err));
    reject.raw = "a\0b\xfe";
    reject.raw_size = 4;
    OK(mimic_sink_reject(sink, &reject, &err));
    OK(mimic_sink_commit(sink, &err));
    expect_answer("SELECT count(*) || ' ' || sum(record) || ' ' || count(DISTINCT raw) || ' ' ||"
                  " min(length(raw)) || ' ' || max(raw_bytes::text) || ' ' || min(source)"
                  " FROM %s._mimic_rejects",
                  "2001 2003001 1 900 \\x610062fe a\xef\xbf\xbd.csv\n");
    load(sink, &t.table, 1, 1);
    expect_answer("SELECT count(*) FROM %s._mimic_rejects", "0\n");
    teardown();
}
END_TEST

typedef struct seen_entry {
    int count;
    char text[512];
} seen_entry;

static int see_entry(const mimic_ledger_entry *entry, void *context)
{
    seen_entry *seen = context;
    seen->count++;
    snprintf(seen->text, sizeof seen->text, "%s %s %s %s %lld %lld %s %s %s %s %lld %lld %lld %lld %lld %lld %s %s",
             entry->table, entry->module, entry->dataset, entry->source,
             (long long)entry->source_bytes, (long long)entry->source_modified, entry->source_hash,
             entry->schema_hash, entry->options_hash, entry->library_version,
             (long long)entry->read, (long long)entry->written, (long long)entry->rejected,
             (long long)entry->duplicates, (long long)entry->filtered, (long long)entry->nulled,
             entry->started, entry->finished);
    return 0;
}

START_TEST(postgres__ledger_is_part_of_its_table)
{
    test_table t;
    test_batch batch;
    seen_entry seen = {0};
    mimic_ledger_entry entry = {sizeof entry, "visits", "hosp", "d@1", "a'b\nc", 1, 2, "h", "s",
                                "o",          "v",      3,      4,     5,        6, 7, 8,   "x",
                                "y"};
    setup();
    make_table(&t, "visits");
    open_sink();
    OK(mimic_sink_read_ledger(sink, see_entry, &seen, &err)); /* there is no table of it yet */
    ck_assert_int_eq(seen.count, 0);
    fill_rows(&batch, &t.table, 1, 3);
    for (int pass = 0; pass < 2; pass++) {
        OK(mimic_sink_begin(sink, &t.table, NULL, &err));
        OK(mimic_sink_write(sink, &batch.batch, &err));
        OK(mimic_sink_ledger(sink, &entry, &err));
        if (pass == 0)
            mimic_sink_abort(sink);
        else
            OK(mimic_sink_commit(sink, &err));
        OK(mimic_sink_read_ledger(sink, see_entry, &seen, &err));
        ck_assert_int_eq(seen.count, pass);
    }
    ck_assert_str_eq(seen.text, "visits hosp d@1 a'b\nc 1 2 h s o v 3 4 5 6 7 8 x y");
    test_batch_free(&batch);
    entry.table = "Visits";
    entry.source_modified = 77;
    OK(mimic_sink_ledger(sink, &entry, &err)); /* the source was touched */
    OK(mimic_sink_read_ledger(sink, see_entry, &seen, &err));
    ck_assert_str_eq(seen.text, "visits hosp d@1 a'b\nc 1 77 h s o v 3 4 5 6 7 8 x y");
    seen.count = 1;
    load(sink, &t.table, 1, 1); /* by something that keeps no ledger */
    OK(mimic_sink_read_ledger(sink, see_entry, &seen, &err));
    ck_assert_int_eq(seen.count, 1);
    teardown();
}
END_TEST

/* ---- several at once ---- */

START_TEST(postgres__lanes_write_side_by_side)
{
    test_table tables[2];
    test_batch batches[2];
    mimic_sink *lanes[2] = {NULL, NULL};
    setup();
    make_table(&tables[0], "first");
    make_child(&tables[1], "second", "first");
    open_sink();
    for (size_t i = 0; i < 2; i++) {
        fill_rows(&batches[i], &tables[i].table, 1, 1000);
        OK(mimic_sink_lane(sink, &lanes[i], &err));
        OK(mimic_sink_begin(lanes[i], &tables[i].table, NULL, &err));
    }
    for (size_t i = 0; i < 2; i++)
        OK(mimic_sink_write(lanes[i], &batches[i].batch, &err));
    for (size_t i = 0; i < 2; i++) {
        OK(mimic_sink_commit(lanes[i], &err));
        mimic_sink_free(lanes[i]);
        test_batch_free(&batches[i]);
    }
    finish();
    ck_assert_str_eq(findings, "0  0\n");
    expect_answer("SELECT count(*) FROM %s.first JOIN %s.second USING (id)", "1000\n");
    teardown();
}
END_TEST

START_TEST(postgres__second_load_is_told_who_is_at_work)
{
    test_table t;
    mimic_sink *other = NULL;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 1);
    OK(postgres_sink_open(ctx, folder, &other, &err));
    ck_assert_int_eq(mimic_sink_begin(other, &t.table, NULL, &err), MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "another load is at work") != NULL &&
                      strstr(err.message, "(mimic, user") != NULL,
                  "%s", err.message);
    mimic_sink_abort(other);
    mimic_sink_free(sink);
    sink = NULL;
    load(other, &t.table, 1, 2); /* the first is done */
    mimic_sink_free(other);
    teardown();
}
END_TEST

/* Lanes whose first session was lost are still at work. */
START_TEST(postgres__lanes_keep_others_waiting)
{
    test_table t;
    mimic_sink *lane = NULL;
    mimic_sink *other = NULL;
    setup();
    make_table(&t, "visits");
    open_sink();
    OK(mimic_sink_lane(sink, &lane, &err));
    OK(mimic_sink_begin(lane, &t.table, NULL, &err));
    expect_answer("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND"
                  " granted AND mode = 'ExclusiveLock' AND objsubid = 2",
                  "t\n");
    OK(postgres_sink_open(ctx, folder, &other, &err));
    ck_assert_int_eq(mimic_sink_begin(other, &t.table, NULL, &err), MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "another load is at work") != NULL, "%s", err.message);
    mimic_sink_abort(other);
    mimic_sink_free(lane);
    mimic_sink_free(other);
    teardown();
}
END_TEST

/* ---- a server that goes away ---- */

START_TEST(postgres__lost_connection_leaves_the_old_table)
{
    test_table t;
    test_batch batch;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 2);
    fill_rows(&batch, &t.table, 10, 1000);
    OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    OK(mimic_sink_write(sink, &batch.batch, &err));
    expect_answer("SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity"
                  " WHERE application_name = 'mimic'",
                  "t\n");
    mimic_status status = MIMIC_OK;
    for (int i = 0; i < 1000 && status == MIMIC_OK; i++)
        status = mimic_sink_write(sink, &batch.batch, &err);
    ck_assert_int_eq(status, MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "terminating connection") != NULL, "%s", err.message);
    ck_assert_str_eq(err.sqlstate, "57P01");
    mimic_sink_abort(sink);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_ERR_BACKEND);
    mimic_sink_abort(sink);
    expect_answer("SELECT id FROM %s.visits ORDER BY 1", "1\n2\n");
    expect_answer("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_mimic\\_new%'", "0\n");
    test_batch_free(&batch);
    teardown();
}
END_TEST

static int interrupt_at_once(void *context)
{
    return ++*(int *)context > 3;
}

START_TEST(postgres__waiting_can_be_interrupted)
{
    test_table t;
    mimic_sink *other = NULL;
    char schema[64];
    int asked = 0;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 1); /* holds the lock */
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.pg_schema = postgres_schema(folder, schema);
    options.interrupted = interrupt_at_once;
    options.interrupted_ctx = &asked;
    mimic_status status =
        mimic_sink_open(ctx, getenv("MIMIC_TEST_POSTGRES"), &options, &other, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_begin(other, &t.table, NULL, &err);
    ck_assert_int_eq(status, MIMIC_ERR_CANCELLED);
    mimic_sink_free(other);
    teardown();
}
END_TEST

/* A long step of the server: the table cannot change places while somebody reads it. */
START_TEST(postgres__work_of_the_server_can_be_interrupted)
{
    test_table t;
    char schema[64];
    char sql[256];
    int asked = -1000000;
    mimic_postgres *reader = NULL;
    test_batch batch;
    setup();
    make_table(&t, "visits");
    open_sink();
    load(sink, &t.table, 1, 1);
    mimic_sink_free(sink);
    sink = NULL;
    const mimic_postgres_options connection = {getenv("MIMIC_TEST_POSTGRES"), "here", NULL, NULL};
    OK(mimic__postgres_connect(ctx, &connection, &reader, &err));
    snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE \"%s\".visits IN ACCESS SHARE MODE",
             postgres_schema(folder, schema));
    OK(mimic__postgres_exec(reader, sql, &err));
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.pg_schema = schema;
    options.interrupted = interrupt_at_once;
    options.interrupted_ctx = &asked;
    OK(mimic_sink_open(ctx, getenv("MIMIC_TEST_POSTGRES"), &options, &sink, &err));
    fill_rows(&batch, &t.table, 5, 2);
    OK(mimic_sink_begin(sink, &t.table, NULL, &err));
    OK(mimic_sink_write(sink, &batch.batch, &err));
    asked = -40; /* far enough to wait for the lock */
    ck_assert_int_eq(mimic_sink_commit(sink, &err), MIMIC_ERR_CANCELLED);
    mimic_sink_abort(sink);
    mimic__postgres_free(reader);
    expect_answer("SELECT id FROM %s.visits", "1\n");
    asked = -1000000;
    load(sink, &t.table, 5, 1); /* the sink is as good as before */
    expect_answer("SELECT id FROM %s.visits", "5\n");
    test_batch_free(&batch);
    teardown();
}
END_TEST

/* The server says early that it failed; it is not left to swallow the rest. */
START_TEST(postgres__failure_in_the_middle_ends_the_copy)
{
    test_table t;
    test_batch batch;
    setup();
    make_table(&t, "visits");
    t.table.primary_key_count = 0;
    open_sink();
    load(sink, &t.table, 1, 1);
    RUN("CREATE VIEW %s.v AS SELECT id FROM %s.visits");
    RUN("ALTER TABLE %s.visits ADD CHECK (id < 1000)");
    fill_rows(&batch, &t.table, 1, 2000);
    bool is_early = false;
    for (int i = 0; i < 5 && !is_early; i++) {
        OK(mimic_sink_begin(sink, &t.table, NULL, &err));
        const time_t start = time(NULL);
        mimic_status status = MIMIC_OK;
        while (status == MIMIC_OK && time(NULL) - start < 20)
            status = mimic_sink_write(sink, &batch.batch, &err);
        is_early = status != MIMIC_OK;
        if (!is_early) /* libpq, now and then, takes the message before it is seen */
            status = mimic_sink_commit(sink, &err);
        ck_assert_int_eq(status, MIMIC_ERR_BACKEND);
        ck_assert_str_eq(err.sqlstate, "23514");
        ck_assert_msg(strstr(err.message, "row 1000 of those sent") != NULL, "%s", err.message);
        mimic_sink_abort(sink);
    }
    ck_assert(is_early);
    expect_answer("SELECT id FROM %s.visits", "1\n");
    test_batch_free(&batch);
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(postgres_sink, postgres__work_of_the_server_can_be_interrupted,
                postgres__failure_in_the_middle_ends_the_copy, postgres__foreign_keys_are_declared_and_counted,
                postgres__parent_without_a_key, postgres__rights_indexes_and_keys_of_others_stay,
                postgres__table_with_a_view_is_filled_in_place,
                postgres__name_of_a_view_is_refused, postgres__names_are_those_the_server_chooses,
                postgres__many_rejects_and_raw_bytes, postgres__ledger_is_part_of_its_table,
                postgres__lanes_write_side_by_side, postgres__second_load_is_told_who_is_at_work,
                postgres__lost_connection_leaves_the_old_table,
                postgres__waiting_can_be_interrupted, postgres__settings_of_a_role_do_not_matter,
                postgres__others_do_not_borrow_our_rights, postgres__names_of_indexes_may_meet,
                postgres__lanes_keep_others_waiting)
