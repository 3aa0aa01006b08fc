/* Targets, the order of calls, and sinks of a program's own. */
#include "check_main.h"

#include <stddef.h>

#include "sink/sink_internal.h"
#include "test_batch.h"
#include "test_files.h"

static mimic_context *ctx;
static mimic_error err;

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
}

static void teardown(void)
{
    mimic_context_free(ctx);
}

/* ---- targets ---- */

static void expect_target(const char *text, mimic_target_kind kind, const char *path,
                          bool is_one_table)
{
    struct mimic_target target;
    ck_assert_msg(mimic__target_parse(ctx, text, &target, &err) == MIMIC_OK, "%s: %s", text,
                  err.message);
    ck_assert_int_eq(target.kind, kind);
    ck_assert_str_eq(target.path, path);
    ck_assert_int_eq(target.is_one_table, is_one_table);
    mimic__target_free(ctx, &target);
}

static void refuse_target(const char *text, mimic_status status, const char *part)
{
    struct mimic_target target;
    ck_assert_int_eq(mimic__target_parse(ctx, text, &target, &err), status);
    ck_assert_msg(strstr(err.message, part) != NULL, "%s: %s", text, err.message);
    mimic__target_free(ctx, &target);
}

START_TEST(sink__targets)
{
    setup();
    expect_target("sqlite:x", MIMIC_TARGET_SQLITE, "x", false);
    expect_target("a/b.db", MIMIC_TARGET_SQLITE, "a/b.db", false);
    expect_target("b.sqlite", MIMIC_TARGET_SQLITE, "b.sqlite", false);
    expect_target("b.sqlite3", MIMIC_TARGET_SQLITE, "b.sqlite3", false);
    expect_target("sqlite:x.csv", MIMIC_TARGET_SQLITE, "x.csv", false);
    expect_target("csv:dir.csv", MIMIC_TARGET_CSV, "dir.csv", false);
    expect_target("x.csv", MIMIC_TARGET_CSV, "x.csv", true);
    expect_target("x.csv.gz", MIMIC_TARGET_CSV, "x.csv.gz", true);
    expect_target("arrow:out", MIMIC_TARGET_ARROW, "out", false);
    expect_target("x.arrow", MIMIC_TARGET_ARROW, "x.arrow", true);
    expect_target("x.arrows", MIMIC_TARGET_ARROW, "x.arrows", true);
    expect_target("null:", MIMIC_TARGET_NULL, "", false);
    refuse_target("", MIMIC_ERR_ARGUMENT, "sqlite:PATH");
    refuse_target(".db", MIMIC_ERR_ARGUMENT, "sqlite:PATH");
    refuse_target("x.parquet", MIMIC_ERR_ARGUMENT, ".csv.zst");
    refuse_target("sqlite:", MIMIC_ERR_ARGUMENT, "no path");
    expect_target("postgresql://h/d", MIMIC_TARGET_POSTGRES, "postgresql://h/d", false);
    expect_target("postgres://", MIMIC_TARGET_POSTGRES, "postgres://", false);
    teardown();
}
END_TEST

START_TEST(sink__targets_are_shown_without_secrets)
{
    static const char *const cases[][2] = {
        {"a/b.db", "a/b.db"},
        {"csv:u:p@h", "csv:u:p@h"},
        {"postgresql://", "postgresql://"},
        {"postgresql:///db", "postgresql:///db"},
        {"postgresql://u@h/db", "postgresql://u@h/db"},
        {"postgresql://h:5432/db?user=a@b", "postgresql://h:5432/db?user=a@b"},
        {"postgresql://h:1,i:2/db", "postgresql://h:1,i:2/db"},
        {"postgresql://[::1]:5432/db", "postgresql://[::1]:5432/db"},
        {"postgresql://u:p@h/db", "postgresql://u:***@h/db"},
        {"postgres://u:p%40q@h/db?sslmode=require", "postgres://u:***@h/db?sslmode=require"},
        {"postgresql://u:p:q@h", "postgresql://u:***@h"},
        {"postgresql://u:12@h:12/d", "postgresql://u:***@h:12/d"},
        {"postgresql://:p@/d", "postgresql://:***@/d"},
        {"postgresql://u:@h/d", "postgresql://u:***@h/d"},
        {"postgresql://h/d?password=p&x=1", "postgresql://h/d?password=***&x=1"},
        {"postgresql://h/d?x=1&pass%77ord=p", "postgresql://h/d?x=1&pass%77ord=***"},
        {"postgresql://h/d?sslpassword=p", "postgresql://h/d?sslpassword=***"},
        {"postgresql://u:p@h/d?password=q", "postgresql://u:***@h/d?password=***"},
        /* against the rules */
        {"postgresql://u:p@q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:p/q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:p?q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:12/q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://u:12?q@h/d", "postgresql://u:***@h/d"},
        {"postgresql://h/d?password=p&q&x=1", "postgresql://h/d?password=***&x=1"},
    };
    setup();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *shown = NULL;
        ck_assert_int_eq(mimic_target_redact(ctx, cases[i][0], &shown, &err), MIMIC_OK);
        ck_assert_str_eq(shown, cases[i][1]);
        mimic_free(ctx, shown);
    }
    teardown();
}
END_TEST

START_TEST(sink__loose_passwords_are_refused)
{
    static const char *const loose[] = {"postgresql://u:SECRET@SECRET@h/d",
                                        "postgresql://u:SECRET/SECRET@h/d",
                                        "postgresql://u:SECRET%zz@h/d"};
    setup();
    for (size_t i = 0; i < sizeof loose / sizeof loose[0]; i++) {
        mimic_sink *sink = NULL;
        ck_assert_int_eq(mimic_sink_open(ctx, loose[i], NULL, &sink, &err),
                         MIMIC_HAVE_POSTGRES ? MIMIC_ERR_ARGUMENT : MIMIC_ERR_UNSUPPORTED);
        ck_assert_msg(strstr(err.message, "SECRET") == NULL, "%s", err.message);
        ck_assert_msg(strstr(err.message, "u:***@h/d") != NULL, "%s", err.message);
    }
    teardown();
}
END_TEST

START_TEST(sink__options_are_checked)
{
    setup();
    mimic_sink *sink = NULL;
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.compression = 4;
    ck_assert_int_eq(mimic_sink_open(ctx, "null:", &options, &sink, &err), MIMIC_ERR_ARGUMENT);
    options.struct_size = 0;
    ck_assert_int_eq(mimic_sink_open(ctx, "null:", &options, &sink, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_sink_open(ctx, NULL, NULL, &sink, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_sink_open(NULL, "null:", NULL, &sink, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(sink);
    mimic_sink_free(NULL);
    mimic_sink_abort(NULL);
    teardown();
}
END_TEST

START_TEST(sink__file_names_stay_in_their_folder)
{
    setup();
    char *path = NULL;
    ck_assert_int_eq(mimic__sink_table_path(ctx, "out", "hosp", "labs", ".csv", &path, &err),
                     MIMIC_OK);
    ck_assert_str_eq(path, "out/hosp/labs.csv");
    mimic__free(ctx, path);
    ck_assert_int_eq(mimic__sink_table_path(ctx, "out", "", "labs", ".csv", &path, &err), MIMIC_OK);
    ck_assert_str_eq(path, "out/labs.csv");
    mimic__free(ctx, path);
    static const char *const bad[] = {"", ".", "..", "a/b", "/etc/passwd", "../x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(mimic__sink_table_path(ctx, "out", "", bad[i], ".csv", &path, &err),
                         MIMIC_ERR_ARGUMENT);
        if (bad[i][0] != '\0')
            ck_assert_int_eq(mimic__sink_table_path(ctx, "out", bad[i], "t", ".csv", &path, &err),
                             MIMIC_ERR_ARGUMENT);
    }
    teardown();
}
END_TEST

/* ---- a sink of one's own ---- */

typedef struct own_sink {
    char calls[256];
    mimic_status answer; /* of write */
    bool fills_error;
    bool refuses;
    const mimic_sink_host *host;
} own_sink;

static void note(own_sink *own, const char *call)
{
    strcat(strcat(own->calls, call), " ");
}

static mimic_status own_begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                              mimic_error *error)
{
    (void)table;
    (void)error;
    note(self, "begin");
    ((own_sink *)self)->host = host;
    return MIMIC_OK;
}

static mimic_status own_write(void *self, const mimic_batch *batch, void *chunk, mimic_error *error)
{
    (void)batch;
    (void)chunk;
    own_sink *own = self;
    note(own, "write");
    if (own->refuses &&
        own->host->reject_row(own->host->ctx, 3, MIMIC_REJECT_SINK, "id", "odd") != 0)
        return MIMIC_ERR_CANCELLED;
    if (own->answer != MIMIC_OK && own->fills_error) {
        error->code = own->answer;
        snprintf(error->message, sizeof error->message, "the tape is full");
    }
    return own->answer;
}

static mimic_status own_commit(void *self, mimic_error *error)
{
    (void)error;
    note(self, "commit");
    return MIMIC_OK;
}

static void own_abort(void *self)
{
    note(self, "abort");
}

static void own_free(void *self)
{
    note(self, "free");
}

static const mimic_sink_vtable OWN = {.struct_size = sizeof OWN,
                                      .name = "own",
                                      .begin = own_begin,
                                      .write = own_write,
                                      .commit = own_commit,
                                      .abort = own_abort,
                                      .free = own_free};

static void make_batch(test_table *t, test_batch *b)
{
    test_table_make(t, "labs");
    test_table_field(t, "id", MIMIC_TYPE_INT32, false);
    test_batch_make(b, &t->table, 1);
    test_batch_view(b);
}

START_TEST(sink__own_vtable_may_be_short_or_long)
{
    setup();
    test_table t;
    test_batch b;
    make_batch(&t, &b);
    own_sink own = {.calls = ""};
    mimic_sink *sink = NULL;
    struct {
        mimic_sink_vtable known;
        void *newer;
    } longer = {OWN, &own};
    longer.known.struct_size = sizeof longer;
    ck_assert_int_eq(mimic_sink_new(ctx, &longer.known, &own, &sink, &err), MIMIC_OK);
    mimic_sink_free(sink);
    ck_assert_str_eq(own.calls, "free ");

    mimic_sink_vtable shorter = OWN; /* ends behind commit: abort and free count as NULL */
    shorter.struct_size = offsetof(mimic_sink_vtable, abort);
    own = (own_sink){.calls = ""};
    ck_assert_int_eq(mimic_sink_new(ctx, &shorter, &own, &sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_OK);
    mimic_sink_abort(sink);
    mimic_sink_free(sink);
    ck_assert_str_eq(own.calls, "begin ");

    shorter.struct_size = offsetof(mimic_sink_vtable, commit);
    ck_assert_int_eq(mimic_sink_new(ctx, &shorter, &own, &sink, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(sink);
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(sink__first_failure_stays_until_abort)
{
    setup();
    test_table t;
    test_batch b;
    make_batch(&t, &b);
    own_sink own = {.calls = "", .answer = MIMIC_ERR_IO, .fills_error = true};
    mimic_sink *sink = NULL;
    ck_assert_int_eq(mimic_sink_new(ctx, &OWN, &own, &sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_IO);
    ck_assert_str_eq(err.message, "the tape is full");
    own.answer = MIMIC_OK;
    err = (mimic_error)MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_IO);
    ck_assert_str_eq(err.message, "the tape is full");
    ck_assert_int_eq(mimic_sink_commit(sink, NULL), MIMIC_ERR_IO);
    ck_assert_int_eq(mimic_sink_finish(sink, NULL, NULL, NULL), MIMIC_ERR_IO);
    mimic_sink_abort(sink);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_commit(sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_finish(sink, NULL, NULL, &err), MIMIC_OK);
    mimic_sink_free(sink);
    ck_assert_str_eq(own.calls, "begin write abort begin write commit free ");
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(sink__failure_without_words_gets_some)
{
    setup();
    test_table t;
    test_batch b;
    make_batch(&t, &b);
    own_sink own = {.calls = "", .answer = MIMIC_ERR_LIMIT};
    mimic_sink *sink = NULL;
    ck_assert_int_eq(mimic_sink_new(ctx, &OWN, &own, &sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_LIMIT);
    ck_assert_int_eq(err.code, MIMIC_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "own"));
    mimic_sink_free(sink); /* an open table is given up first */
    ck_assert_str_eq(own.calls, "begin write abort free ");
    test_batch_free(&b);
    teardown();
}
END_TEST

static int stop(void *host_ctx, int64_t row, mimic_reject_code code, const char *column,
                const char *message)
{
    (void)row;
    (void)code;
    (void)column;
    (void)message;
    ++*(int *)host_ctx;
    return 1;
}

START_TEST(sink__refused_row_without_a_host_is_an_error)
{
    setup();
    test_table t;
    test_batch b;
    make_batch(&t, &b);
    own_sink own = {.calls = "", .refuses = true};
    mimic_sink *sink = NULL;
    ck_assert_int_eq(mimic_sink_new(ctx, &OWN, &own, &sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_VALUE);
    ck_assert_str_eq(err.column, "id");
    ck_assert_ptr_nonnull(strstr(err.message, "odd"));
    mimic_sink_abort(sink);
    int asked = 0;
    const mimic_sink_host host = {sizeof host, stop, &asked};
    ck_assert_int_eq(mimic_sink_begin(sink, &t.table, &host, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_CANCELLED);
    ck_assert_int_eq(asked, 1);
    mimic_sink_free(sink);
    test_batch_free(&b);
    teardown();
}
END_TEST

START_TEST(sink__batch_must_fit_its_table)
{
    setup();
    test_table t;
    test_table other;
    test_batch b;
    make_batch(&t, &b);
    test_table_make(&other, "labs");
    test_table_field(&other, "id", MIMIC_TYPE_STRING, false);
    mimic_sink *sink = NULL;
    ck_assert_int_eq(mimic_sink_open(ctx, "null:", NULL, &sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(sink, &other.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "int32"));
    mimic_sink_abort(sink);
    test_table_field(&other, "more", MIMIC_TYPE_STRING, false);
    ck_assert_int_eq(mimic_sink_begin(sink, &other.table, NULL, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(sink, NULL, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_sink_write(sink, &b.batch, &err), MIMIC_ERR_ARGUMENT);
    mimic_sink_free(sink);
    test_batch_free(&b);
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(sink, sink__targets, sink__targets_are_shown_without_secrets,
                sink__loose_passwords_are_refused, sink__options_are_checked,
                sink__file_names_stay_in_their_folder, sink__own_vtable_may_be_short_or_long,
                sink__first_failure_stays_until_abort, sink__failure_without_words_gets_some,
                sink__refused_row_without_a_host_is_an_error, sink__batch_must_fit_its_table)
