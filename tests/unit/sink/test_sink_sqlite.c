/* What the SQLite sink does beyond the common cases: declarations, findings, existing databases,
 * and being killed. */
#include "check_main.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "test_batch.h"
#include "test_files.h"

#include <mimic/sink.h>

static mimic_context *ctx;
static mimic_error err;
static char folder[TEST_PATH_BYTES];
static char path[TEST_PATH_BYTES + 32];

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
    test_folder_make(folder);
    snprintf(path, sizeof path, "%s/x.db", folder);
}

static void teardown(void)
{
    mimic_context_free(ctx);
    test_folder_walk(folder, 1);
}

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

/* First column of the rows of a query, each followed by a newline. */
static const char *query(const char *sql)
{
    static char text[4096];
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    text[0] = '\0';
    ck_assert_int_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_msg(sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s",
                  sql, sqlite3_errmsg(database));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *value = (const char *)sqlite3_column_text(statement, 0);
        strncat(text, value == NULL ? "NULL" : value, sizeof text - strlen(text) - 2);
        strcat(text, "\n");
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return text;
}

static void expect_query(const char *sql, const char *expected)
{
    const char *found = query(sql);
    ck_assert_msg(strcmp(found, expected) == 0, "%s\nexpected\n%s\nfound\n%s", sql, expected,
                  found);
}

static void make_labs(test_table *t)
{
    static const char *const fields[] = {"subject_id"};
    test_table_make(t, "labs");
    test_table_field(t, "id", MIMIC_TYPE_INT32, true);
    test_table_field(t, "subject_id", MIMIC_TYPE_INT32, false);
    test_table_field(t, "charttime", MIMIC_TYPE_TIMESTAMP, false);
    test_table_key(t, 0);
    t->foreign_keys[0] = (mimic_foreign_key){.referenced_table = "patients",
                                             .count = 1,
                                             .fields = fields,
                                             .referenced_fields = fields,
                                             .is_enforceable = true};
    t->table.foreign_key_count = 1;
}

static void make_patients(test_table *t)
{
    test_table_make(t, "patients");
    test_table_field(t, "subject_id", MIMIC_TYPE_INT32, true);
    test_table_key(t, 0);
}

/* Rows first, first + 1, … in every column. */
static void write_rows(mimic_sink *sink, const mimic_table *table, int32_t first, int32_t count)
{
    test_batch b;
    test_batch_make(&b, table, count);
    for (int32_t row = 0; row < count; row++)
        for (size_t i = 0; i < table->field_count; i++)
            test_set_integer(&b, i, row, first + row);
    CK_OK(mimic_sink_write(sink, test_batch_view(&b), &err));
    test_batch_free(&b);
}

static void write_table(mimic_sink *sink, const mimic_table *table, int32_t first, int32_t count)
{
    CK_OK(mimic_sink_begin(sink, table, NULL, &err));
    write_rows(sink, table, first, count);
    CK_OK(mimic_sink_commit(sink, &err));
}

typedef struct findings {
    char text[4096];
    int count;
} findings;

static void note_finding(const mimic_finding *finding, void *finding_ctx)
{
    findings *found = finding_ctx;
    char line[1024];
    snprintf(line, sizeof line, "%s %s %lld %d\n", finding->check, finding->table,
             (long long)finding->count, finding->is_problem);
    strcat(found->text, line);
    found->count++;
}

/* Loads labs 1 to 10, and patients 1 to 8 when asked for. */
static findings load(const mimic_sink_options *options, bool with_patients)
{
    test_table labs;
    test_table patients;
    mimic_sink *sink = NULL;
    findings found = {.text = ""};
    make_labs(&labs);
    make_patients(&patients);
    CK_OK(mimic_sink_open(ctx, path, options, &sink, &err));
    write_table(sink, &labs.table, 1, 10);
    if (with_patients)
        write_table(sink, &patients.table, 1, 8);
    CK_OK(mimic_sink_finish(sink, note_finding, &found, &err));
    mimic_sink_free(sink);
    return found;
}

START_TEST(sqlite__declares_what_the_schema_says)
{
    setup();
    load(NULL, true);
    expect_query("SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk"
                 " FROM pragma_table_info('labs')",
                 "id INTEGER 1 1\nsubject_id INTEGER 0 0\ncharttime TEXT 0 0\n");
    expect_query("SELECT strict FROM pragma_table_list WHERE name = 'labs'", "1\n");
    expect_query("SELECT \"table\" || ' ' || \"from\" FROM pragma_foreign_key_list('labs')",
                 "patients subject_id\n");
    expect_query("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'labs'",
                 "idx_labs_subject_id\n");
    expect_query("SELECT charttime FROM labs WHERE rowid = 2", "1970-01-01 00:00:00.000002\n");
    expect_query("SELECT value FROM _mimic_meta WHERE table_name = 'labs' AND key = 'dataset'",
                 "test\n");
    expect_query("PRAGMA integrity_check", "ok\n");
    expect_query("PRAGMA journal_mode", "delete\n");
    struct stat facts;
    const mode_t mask = umask(0);
    umask(mask);
    ck_assert_int_eq(stat(path, &facts), 0);
    ck_assert_uint_eq(facts.st_mode & 0777, 0666 & ~mask);
    ck_assert_int_eq(test_folder_walk(folder, 0), 1);
    teardown();
}
END_TEST

START_TEST(sqlite__options)
{
    setup();
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.integer_times = 1;
    options.no_indexes = 1;
    options.no_sync = 1;
    load(&options, true);
    expect_query("SELECT charttime FROM labs WHERE id = 2 AND typeof(charttime) = 'integer'",
                 "2\n");
    expect_query("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'labs'",
                 "0\n");
    teardown();
}
END_TEST

START_TEST(sqlite__finding_says_that_it_was_checked)
{
    setup();
    const findings whole = load(NULL, true);
    ck_assert_str_eq(whole.text, "integrity_check  -1 0\n");
    teardown();
}
END_TEST

START_TEST(sqlite__null_in_an_integer_key_is_refused)
{
    setup();
    test_table t;
    test_batch b;
    mimic_sink *sink = NULL;
    make_patients(&t);
    t.fields[0].is_required = false;
    test_batch_make(&b, &t.table, 2);
    test_set_integer(&b, 0, 0, 1);
    for (int is_counted = 0; is_counted < 2; is_counted++) {
        test_batch_view(&b);
        if (!is_counted)
            b.columns[0].null_count = 0; /* the bitmap decides */
        CK_OK(mimic_sink_open(ctx, path, NULL, &sink, &err));
        CK_OK(mimic_sink_begin(sink, &t.table, NULL, &err));
        ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_VALUE);
        ck_assert_str_eq(err.column, "subject_id");
        mimic_sink_free(sink);
    }
    test_batch_free(&b);
    teardown();
}
END_TEST

/* ---- existing databases ---- */

static void run_sql(const char *sql)
{
    sqlite3 *database = NULL;
    char *message = NULL;
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql,
                  message);
    sqlite3_close(database);
}

START_TEST(sqlite__existing_database_keeps_the_rest)
{
    setup();
    static const char *const journals[] = {"DELETE", "WAL"};
    for (size_t i = 0; i < 2; i++) {
        char sql[256];
        snprintf(sql, sizeof sql,
                 "PRAGMA journal_mode = %s; CREATE TABLE mine (a); INSERT INTO mine VALUES (7);"
                 "CREATE TABLE labs (old); CREATE VIEW v AS SELECT 1;",
                 journals[i]);
        run_sql(sql);
        load(NULL, false);
        expect_query("SELECT a FROM mine", "7\n");
        expect_query("SELECT count(*) FROM labs", "10\n");
        load(NULL, true);
        expect_query("SELECT count(*) FROM labs", "10\n");
        expect_query("PRAGMA journal_mode", i == 0 ? "delete\n" : "wal\n");
        expect_query("PRAGMA integrity_check", "ok\n");
        test_folder_walk(folder, 1);
        mkdir(folder, 0700);
    }
    teardown();
}
END_TEST

START_TEST(sqlite__table_in_another_case_is_replaced_with_all_it_left)
{
    setup();
    static const char *const names[] = {"patients", "PATIENTS"};
    mimic_reject reject = {.struct_size = sizeof reject,
                           .source = "p.csv",
                           .column = "",
                           .code = MIMIC_REJECT_TYPE,
                           .message = "",
                           .raw = "x"};
    for (size_t i = 0; i < 2; i++) {
        test_table t;
        mimic_sink *sink = NULL;
        make_patients(&t);
        t.table.name = names[i];
        CK_OK(mimic_sink_open(ctx, path, NULL, &sink, &err));
        CK_OK(mimic_sink_begin(sink, &t.table, NULL, &err));
        CK_OK(mimic_sink_reject(sink, &reject, &err));
        CK_OK(mimic_sink_commit(sink, &err));
        CK_OK(mimic_sink_finish(sink, NULL, NULL, &err));
        mimic_sink_free(sink);
    }
    expect_query("SELECT DISTINCT table_name FROM _mimic_meta", "PATIENTS\n");
    expect_query("SELECT table_name FROM _mimic_rejects", "PATIENTS\n");
    expect_query("SELECT name FROM sqlite_schema WHERE name = 'patients' COLLATE NOCASE",
                 "PATIENTS\n");
    teardown();
}
END_TEST

START_TEST(sqlite__cannot_be_compressed)
{
    setup();
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    mimic_sink *sink = NULL;
    options.compression = MIMIC_SINK_COMPRESSION_ZSTD;
    ck_assert_int_eq(mimic_sink_open(ctx, path, &options, &sink, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(test_folder_walk(folder, 0), 0);
    options.compression = MIMIC_SINK_COMPRESSION_NONE;
    load(&options, false);
    teardown();
}
END_TEST

START_TEST(sqlite__utf16_database_is_written_as_well)
{
    setup();
    run_sql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE mine (a);");
    load(NULL, false);
    expect_query("SELECT charttime FROM labs WHERE id = 1", "1970-01-01 00:00:00.000001\n");
    teardown();
}
END_TEST

START_TEST(sqlite__locked_database_is_a_clear_error)
{
    setup();
    load(NULL, true);
    sqlite3 *other = NULL;
    ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    test_table t;
    mimic_sink *sink = NULL;
    make_patients(&t);
    mimic_status status = mimic_sink_open(ctx, path, NULL, &sink, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_begin(sink, &t.table, NULL, &err);
    ck_assert_int_eq(status, MIMIC_ERR_BACKEND);
    ck_assert_msg(strstr(err.message, "in use") != NULL, "%s", err.message);
    mimic_sink_free(sink);
    sqlite3_close(other);
    expect_query("SELECT count(*) FROM patients", "8\n");
    teardown();
}
END_TEST

START_TEST(sqlite__what_is_no_database_is_left_alone)
{
    setup();
    mimic_sink *sink = NULL;
    test_file_write(path, "precious notes, longer than a header of sixteen bytes");
    ck_assert_int_eq(mimic_sink_open(ctx, path, NULL, &sink, &err), MIMIC_ERR_BACKEND);
    char *content = test_file_read(path);
    ck_assert_str_eq(content, "precious notes, longer than a header of sixteen bytes");
    free(content);
    unlink(path);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(mimic_sink_open(ctx, path, NULL, &sink, &err), MIMIC_ERR_IO);
    rmdir(path);

    char journal[TEST_PATH_BYTES + 64];
    snprintf(journal, sizeof journal, "%s-wal", path);
    test_file_write(journal, "left over");
    ck_assert_int_eq(mimic_sink_open(ctx, path, NULL, &sink, &err), MIMIC_ERR_IO);
    unlink(journal);

    test_file_write(path, ""); /* an empty file is an empty database */
    load(NULL, true);
    expect_query("SELECT count(*) FROM labs", "10\n");
    teardown();
}
END_TEST

START_TEST(sqlite__odd_paths)
{
    setup();
    static const char *const names[] = {"deep/er/x.db", "file:x?mode=memory", ":memory:", "a'b\"c"};
    const int home = open(".", O_RDONLY);
    ck_assert_int_eq(chdir(folder), 0);
    for (size_t i = 0; i < 4; i++) {
        char target[64];
        test_table t;
        mimic_sink *sink = NULL;
        make_patients(&t);
        snprintf(target, sizeof target, "sqlite:%s", names[i]);
        for (int again = 0; again < 2; again++) { /* made, then found */
            CK_OK(mimic_sink_open(ctx, target, NULL, &sink, &err));
            write_table(sink, &t.table, 1, 3);
            CK_OK(mimic_sink_finish(sink, NULL, NULL, &err));
            mimic_sink_free(sink);
        }
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_int_eq(access(path, R_OK), 0);
    }
    ck_assert_int_eq(fchdir(home), 0);
    close(home);
    ck_assert_int_eq(test_folder_walk(folder, 0), 4);
    teardown();
}
END_TEST

START_TEST(sqlite__reserved_names)
{
    setup();
    static const char *const names[] = {"_mimic_rejects", "sqlite_x", "_MIMIC_Rejects", "SQLite_x"};
    mimic_sink *sink = NULL;
    CK_OK(mimic_sink_open(ctx, path, NULL, &sink, &err));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        test_table t;
        make_patients(&t);
        t.table.name = names[i];
        ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_ERR_ARGUMENT);
        mimic_sink_abort(sink);
    }
    mimic_sink_free(sink);
    teardown();
}
END_TEST

/* ---- killed ---- */

/* A child writes `batches` batches into the open table, says so, and waits to be killed. */
static void kill_a_writer(int32_t batches, bool commits)
{
    int channel[2];
    char byte = 0;
    ck_assert_int_eq(pipe(channel), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        test_table t;
        mimic_sink *sink = NULL;
        make_labs(&t);
        if (mimic_sink_open(ctx, path, NULL, &sink, &err) != MIMIC_OK ||
            mimic_sink_begin(sink, &t.table, NULL, &err) != MIMIC_OK)
            _exit(1);
        for (int32_t i = 0; i < batches; i++)
            write_rows(sink, &t.table, 100 + i * 1000, 1000);
        if (commits && mimic_sink_commit(sink, &err) != MIMIC_OK)
            _exit(1);
        if (write(channel[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(channel[1]);
    ck_assert_int_eq(read(channel[0], &byte, 1), 1);
    close(channel[0]);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

START_TEST(sqlite__a_kill_leaves_old_or_new)
{
    setup();
    kill_a_writer(3, true); /* new database, not finished: no trace under its name */
    ck_assert_int_ne(access(path, F_OK), 0);
    load(NULL, true);
    kill_a_writer(1, false);
    expect_query("SELECT count(*) FROM labs", "10\n");
    kill_a_writer(600, false); /* more than the page cache holds: the file is half written */
    expect_query("SELECT count(*) FROM labs", "10\n");
    expect_query("PRAGMA integrity_check", "ok\n");
    kill_a_writer(5, true);
    expect_query("SELECT count(*) FROM labs", "5000\n");
    expect_query("PRAGMA integrity_check", "ok\n");
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(sink_sqlite, sqlite__declares_what_the_schema_says, sqlite__options,
                sqlite__finding_says_that_it_was_checked,
                sqlite__null_in_an_integer_key_is_refused, sqlite__existing_database_keeps_the_rest,
                sqlite__table_in_another_case_is_replaced_with_all_it_left,
                sqlite__cannot_be_compressed, sqlite__utf16_database_is_written_as_well, sqlite__locked_database_is_a_clear_error,
                sqlite__what_is_no_database_is_left_alone, sqlite__odd_paths,
                sqlite__reserved_names, sqlite__a_kill_leaves_old_or_new)
