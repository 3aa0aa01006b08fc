/* What every sink must do, run over all of them; see conformance.h. */
#include "check_main.h"

#include <math.h>

#include "conformance.h"
#include "conformance_memory.h"
#include "test_batch.h"
#include "test_files.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* One sink in one fresh folder. */
typedef struct bench {
    const conformance_sink *kind;
    mimic_context *ctx;
    mimic_sink *sink;
    char folder[TEST_PATH_BYTES];
    mimic_error err;
} bench;

static void bench_open(bench *b, size_t index)
{
    *b = (bench){.kind = &SINKS[index], .ctx = test_context_make(NULL), .err = MIMIC_ERROR_INIT};
    test_folder_make(b->folder);
    ck_assert_msg(b->kind->open(b->ctx, b->folder, &b->sink, &b->err) == MIMIC_OK, "%s: %s",
                  b->kind->name, b->err.message);
}

static void bench_reopen(bench *b)
{
    mimic_sink_free(b->sink);
    ck_assert_msg(b->kind->open(b->ctx, b->folder, &b->sink, &b->err) == MIMIC_OK, "%s: %s",
                  b->kind->name, b->err.message);
}

static void bench_close(bench *b)
{
    mimic_sink_free(b->sink);
    mimic_context_free(b->ctx);
    memory_sink_forget();
    test_folder_walk(b->folder, 1);
}

#define CK_OK(b, call)                                                                             \
    ck_assert_msg((call) == MIMIC_OK, "%s, %s: %s", (b)->kind->name, #call, (b)->err.message)

static void finish(bench *b)
{
    CK_OK(b, mimic_sink_finish(b->sink, NULL, NULL, &b->err));
}

/* Writes the whole of a table; NULL batch = no rows. */
static void write_table(bench *b, const mimic_table *table, const mimic_batch *batch)
{
    CK_OK(b, mimic_sink_begin(b->sink, table, NULL, &b->err));
    if (batch != NULL)
        CK_OK(b, mimic_sink_write(b->sink, batch, &b->err));
    CK_OK(b, mimic_sink_commit(b->sink, &b->err));
}

static void expect_dump(const bench *b, const mimic_table *table, const char *expected)
{
    if (b->kind->dump == NULL)
        return;
    char *found = b->kind->dump(b->folder, table);
    if (expected == NULL)
        ck_assert_msg(found == NULL, "%s: there is a table: %s", b->kind->name, found);
    else
        ck_assert_msg(found != NULL && strcmp(found, expected) == 0, "%s:\nexpected\n%s\nfound\n%s",
                      b->kind->name, expected, found == NULL ? "no table" : found);
    free(found);
}

/* Two columns, one a primary key. */
static void make_labs(test_table *t)
{
    test_table_make(t, "labs");
    test_table_field(t, "id", MIMIC_TYPE_INT32, true);
    test_table_field(t, "value", MIMIC_TYPE_STRING, false);
    test_table_key(t, 0);
}

static void make_rows(test_batch *b, const mimic_table *table, int32_t first, int32_t count)
{
    test_batch_make(b, table, count);
    for (int32_t i = 0; i < count; i++) {
        test_set_integer(b, 0, i, first + i);
        test_set_text(b, 1, i, "x");
    }
    test_batch_view(b);
}

/* ---- values ---- */

static const mimic_type EVERY_TYPE[] = {
    MIMIC_TYPE_BOOLEAN,     MIMIC_TYPE_INT16,     MIMIC_TYPE_INT32,       MIMIC_TYPE_INT64,
    MIMIC_TYPE_FLOAT32,     MIMIC_TYPE_FLOAT64,   MIMIC_TYPE_DECIMAL,     MIMIC_TYPE_DATE,
    MIMIC_TYPE_TIME,        MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_TIMESTAMPTZ, MIMIC_TYPE_STRING,
    MIMIC_TYPE_CATEGORICAL, MIMIC_TYPE_BINARY};

static void make_every_type(test_table *t)
{
    static char names[ARRAY_SIZE(EVERY_TYPE)][16];
    test_table_make(t, "every_type");
    for (size_t i = 0; i < ARRAY_SIZE(EVERY_TYPE); i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        test_table_field(t, names[i], EVERY_TYPE[i], false);
    }
}

static void set_row(test_batch *b, int64_t row, const int64_t integers[6], double real,
                    const char *text)
{
    for (size_t i = 0; i < 4; i++)
        test_set_integer(b, i, row, integers[i]);
    test_set_real(b, 4, row, real);
    test_set_real(b, 5, row, real);
    test_cell_at(b, 6, row)->decimal =
        (mimic_int128){.low = (uint64_t)integers[3], .high = integers[3] < 0 ? -1 : 0};
    test_set_integer(b, 7, row, integers[4]);
    test_set_integer(b, 8, row, integers[5]);
    test_set_integer(b, 9, row, integers[4] * INT64_C(86400000000) + integers[5]);
    test_set_integer(b, 10, row, integers[4] * INT64_C(86400000000) + integers[5]);
    for (size_t i = 11; i < 14; i++)
        test_set_text(b, i, row, text);
}

/* Rendered by the memory sink, whose own rendering is the oracle. */
static char *oracle_dump(const mimic_table *table, const mimic_batch *batch)
{
    bench b;
    for (size_t i = 0; i < SINK_COUNT; i++)
        if (SINKS[i].dump == memory_sink_dump)
            bench_open(&b, i);
    write_table(&b, table, batch);
    finish(&b);
    char *dump = memory_sink_dump(b.folder, table);
    bench_close(&b);
    return dump;
}

static void check_over_all(const mimic_table *table, const mimic_batch *batch)
{
    char *expected = oracle_dump(table, batch);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        write_table(&b, table, batch);
        finish(&b);
        expect_dump(&b, table, expected);
        bench_close(&b);
    }
    free(expected);
}

START_TEST(sink__every_type_and_extremes)
{
    test_table t;
    test_batch batch;
    make_every_type(&t);
    test_batch_make(&batch, &t.table, 9);
    static const int64_t rows[][6] = {
        {0, 0, 0, 0, 0, 0},
        {1, 1, -1, 1000, 1, 1},
        {1, INT16_MAX, INT32_MAX, INT64_MAX, 2932896, INT64_C(86399999999)}, /* 9999-12-31 */
        {0, INT16_MIN, INT32_MIN, INT64_MIN, -719162, 0},                    /* 0001-01-01 */
        {1, 7, 42, -1, -1, INT64_C(3600000000)},
        {0, -7, 1000000, 999, 66000, INT64_C(45296500000)},
    };
    static const double reals[] = {0.0, 1e15, 1.7976931348623157e308, 5e-324, 0.1, 123456.789};
    static const char *const texts[] = {
        "", "a,b\n\"c\"\r", "\xc3\xa4\xe2\x82\xac\xf0\x9f\xa9\xba", " blank ", "NULL", "it's \\"};
    for (int64_t row = 0; row < 6; row++) {
        set_row(&batch, row, rows[row], reals[row], texts[row]);
        if (fabs(reals[row]) > 1e38)
            test_set_real(&batch, 4, row, 3.4028234663852886e38);
    }
    /* row 6 stays NULL throughout */
    set_row(&batch, 7, rows[1], 1.0 / 3.0, "\n");
    set_row(&batch, 8, rows[2], 2.2250738585072014e-308, "\"");
    check_over_all(&t.table, test_batch_view(&batch));
    test_batch_free(&batch);
}
END_TEST

START_TEST(sink__single_column_of_nulls)
{
    test_table t;
    test_batch batch;
    test_table_make(&t, "one");
    test_table_field(&t, "only", MIMIC_TYPE_STRING, false);
    test_batch_make(&batch, &t.table, 3);
    test_set_text(&batch, 0, 1, "");
    check_over_all(&t.table, test_batch_view(&batch));
    test_batch_free(&batch);
}
END_TEST

START_TEST(sink__no_rows)
{
    test_table t;
    make_labs(&t);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        write_table(&b, &t.table, NULL);
        finish(&b);
        expect_dump(&b, &t.table, "");
        bench_close(&b);
    }
}
END_TEST

START_TEST(sink__many_batches_and_empty_ones)
{
    test_table t;
    make_labs(&t);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        char expected[8192] = "";
        bench_open(&b, i);
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, NULL, &b.err));
        for (int32_t n = 0, first = 0; n < 20; n++) {
            test_batch batch;
            make_rows(&batch, &t.table, first, n);
            CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
            for (int32_t row = 0; row < n; row++)
                sprintf(expected + strlen(expected), "%d|'x'\n", first + row);
            first += n;
            test_batch_free(&batch);
        }
        CK_OK(&b, mimic_sink_commit(b.sink, &b.err));
        finish(&b);
        expect_dump(&b, &t.table, expected);
        bench_close(&b);
    }
}
END_TEST

START_TEST(sink__hostile_names)
{
    test_table t;
    test_batch batch;
    test_table_make(&t, "x\"; DROP TABLE y; --");
    test_table_field(&t, "a\"b'c", MIMIC_TYPE_INT64, true);
    test_table_field(&t, "select, \n", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "rowid", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "%s%n", MIMIC_TYPE_STRING, false);
    test_table_field(&t, "\xc3\xa4", MIMIC_TYPE_STRING, false);
    static const char *const fields[] = {"a\"b'c", "select, \n"};
    t.foreign_keys[0] = (mimic_foreign_key){.referenced_table = "no\"where",
                                            .count = 2,
                                            .fields = fields,
                                            .referenced_fields = fields,
                                            .is_enforceable = true};
    t.table.foreign_key_count = 1;
    test_table_key(&t, 0);
    test_batch_make(&batch, &t.table, 1);
    test_set_integer(&batch, 0, 0, 5);
    test_set_text(&batch, 2, 0, "r");
    test_batch_view(&batch);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        write_table(&b, &t.table, &batch.batch);
        finish(&b);
        expect_dump(&b, &t.table, "5|NULL|'r'|NULL|NULL\n");
        bench_close(&b);
    }
    test_batch_free(&batch);
}
END_TEST

/* ---- whole or not at all ---- */

START_TEST(sink__nothing_without_finish)
{
    test_table t;
    test_batch batch;
    make_labs(&t);
    make_rows(&batch, &t.table, 1, 100);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        write_table(&b, &t.table, &batch.batch);
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, NULL, &b.err));
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
        if (!b.kind->appears_by_table)
            expect_dump(&b, &t.table, NULL);
        mimic_sink_free(b.sink);
        b.sink = NULL;
        if (!b.kind->appears_by_table)
            expect_dump(&b, &t.table, NULL);
        ck_assert_int_eq(test_folder_walk(b.folder, 0), 0);
        bench_close(&b);
    }
    test_batch_free(&batch);
}
END_TEST

START_TEST(sink__abort_gives_up_one_table_only)
{
    test_table kept;
    test_table given_up;
    test_batch batch;
    make_labs(&kept);
    make_labs(&given_up);
    given_up.table.name = "given_up";
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        make_rows(&batch, &given_up.table, 1, 5000);
        CK_OK(&b, mimic_sink_begin(b.sink, &given_up.table, NULL, &b.err));
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
        mimic_sink_abort(b.sink);
        mimic_sink_abort(b.sink); /* once more does nothing */
        test_batch_free(&batch);
        make_rows(&batch, &kept.table, 7, 1);
        write_table(&b, &kept.table, &batch.batch);
        CK_OK(&b, mimic_sink_begin(b.sink, &given_up.table, NULL, &b.err));
        mimic_sink_abort(b.sink);
        finish(&b);
        expect_dump(&b, &kept.table, "7|'x'\n");
        expect_dump(&b, &given_up.table, NULL);
        test_batch_free(&batch);
        bench_close(&b);
    }
}
END_TEST

START_TEST(sink__existing_table_is_replaced_or_kept)
{
    test_table t;
    test_table other;
    test_batch batch;
    make_labs(&t);
    make_labs(&other);
    other.table.name = "other";
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        make_rows(&batch, &t.table, 1, 2);
        write_table(&b, &t.table, &batch.batch);
        batch.batch.table = &other.table;
        write_table(&b, &other.table, &batch.batch);
        finish(&b);
        test_batch_free(&batch);

        bench_reopen(&b); /* given up: the old one stays */
        make_rows(&batch, &t.table, 5, 1);
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, NULL, &b.err));
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
        mimic_sink_abort(b.sink);
        finish(&b);
        expect_dump(&b, &t.table, "1|'x'\n2|'x'\n");

        bench_reopen(&b);
        write_table(&b, &t.table, &batch.batch);
        finish(&b);
        expect_dump(&b, &t.table, "5|'x'\n");
        expect_dump(&b, &other.table, "1|'x'\n2|'x'\n");
        test_batch_free(&batch);
        bench_close(&b);
    }
}
END_TEST

/* ---- refused rows and rejects ---- */

typedef struct refusals {
    mimic_sink *sink;
    int64_t rows[16];
    char columns[16][32];
    mimic_reject_code codes[16];
    size_t count;
} refusals;

/* Does what a loader does: turns the refused row into a reject at once. */
static int note_refusal(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                        const char *message)
{
    refusals *noted = ctx;
    ck_assert_uint_lt(noted->count, 16);
    noted->rows[noted->count] = row;
    noted->codes[noted->count] = code;
    snprintf(noted->columns[noted->count++], sizeof noted->columns[0], "%s", column);
    const mimic_reject reject = {.struct_size = sizeof reject,
                                 .code = code,
                                 .source = "labs.csv",
                                 .record = row + 1,
                                 .line = row + 2,
                                 .byte_offset = 10 * row,
                                 .column = column,
                                 .message = message,
                                 .raw = "1,\"x\"",
                                 .raw_size = 5};
    return mimic_sink_reject(noted->sink, &reject, NULL) == MIMIC_OK ? 0 : 1;
}

static void expect_rejects(const bench *b, const char *table, const char *expected)
{
    if (b->kind->dump_rejects == NULL)
        return;
    char *found = b->kind->dump_rejects(b->folder, table);
    ck_assert_msg(strcmp(found, expected) == 0, "%s:\nexpected\n%s\nfound\n%s", b->kind->name,
                  expected, found);
    free(found);
}

START_TEST(sink__duplicates_by_key_are_refused)
{
    test_table t;
    test_batch batch;
    make_labs(&t);
    test_batch_make(&batch, &t.table, 8);
    static const int ids[] = {1, 2, 1, 3, 3, 2, 4, 1};
    for (int row = 0; row < 8; row++) {
        test_set_integer(&batch, 0, row, ids[row]);
        test_set_text(&batch, 1, row, "x");
    }
    test_batch_view(&batch);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        refusals noted = {.sink = b.sink};
        const mimic_sink_host host = {sizeof host, note_refusal, &noted};
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, &host, &b.err));
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
        if (b.kind->fails_on_duplicates) {
            ck_assert_int_eq(mimic_sink_commit(b.sink, &b.err), MIMIC_ERR_BACKEND);
            ck_assert_str_eq(b.err.sqlstate, "23505");
            mimic_sink_abort(b.sink);
            finish(&b);
            expect_dump(&b, &t.table, NULL);
            bench_close(&b);
            continue;
        }
        CK_OK(&b, mimic_sink_commit(b.sink, &b.err));
        finish(&b);
        if (b.kind->checks_keys) {
            static const int64_t refused[] = {2, 4, 5, 7};
            ck_assert_uint_eq(noted.count, 4);
            for (size_t n = 0; n < 4; n++) {
                ck_assert_int_eq(noted.rows[n], refused[n]);
                ck_assert_int_eq(noted.codes[n], MIMIC_REJECT_UNIQUE);
                ck_assert_str_eq(noted.columns[n], "id");
            }
            expect_dump(&b, &t.table, "1|'x'\n2|'x'\n3|'x'\n4|'x'\n");
            expect_rejects(&b, "labs",
                           "unique id 3 1,\"x\"\nunique id 5 1,\"x\"\nunique id 6 1,\"x\"\n"
                           "unique id 8 1,\"x\"\n");
        } else {
            ck_assert_uint_eq(noted.count, 0);
        }
        bench_close(&b);
    }
    test_batch_free(&batch);
}
END_TEST

START_TEST(sink__nan_is_held_or_refused)
{
    test_table t;
    test_batch batch;
    test_table_make(&t, "reals");
    test_table_field(&t, "a", MIMIC_TYPE_FLOAT64, false);
    test_table_field(&t, "b", MIMIC_TYPE_FLOAT32, false);
    test_batch_make(&batch, &t.table, 4);
    for (int64_t row = 0; row < 4; row++) {
        test_set_real(&batch, 0, row, row == 1 ? (double)NAN : 1.5);
        test_set_real(&batch, 1, row, row == 3 ? (double)NAN : -(double)INFINITY);
    }
    test_batch_view(&batch);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        refusals noted = {.sink = b.sink};
        const mimic_sink_host host = {sizeof host, note_refusal, &noted};
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, &host, &b.err));
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err));
        CK_OK(&b, mimic_sink_commit(b.sink, &b.err));
        finish(&b);
        if (b.kind->holds_nan) {
            ck_assert_uint_eq(noted.count, 0);
        } else {
            ck_assert_uint_eq(noted.count, 2);
            ck_assert_int_eq(noted.rows[0], 1);
            ck_assert_str_eq(noted.columns[1], "b");
            ck_assert_int_eq(noted.codes[0], MIMIC_REJECT_SINK);
            expect_dump(&b, &t.table, "1.5|-inf\n1.5|-inf\n");
        }
        bench_close(&b);
    }
    test_batch_free(&batch);
}
END_TEST

START_TEST(sink__rejects_follow_their_table)
{
    test_table t;
    make_labs(&t);
    const mimic_reject reject = {.struct_size = sizeof reject,
                                 .code = MIMIC_REJECT_TYPE,
                                 .source = "a,\"b\".csv",
                                 .record = 12,
                                 .line = 14,
                                 .byte_offset = 1234,
                                 .column = "value",
                                 .message = "value \"2.5\" is not an int32",
                                 .raw = "1,\"2\n5\"",
                                 .raw_size = 7};
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, NULL, &b.err));
        CK_OK(&b, mimic_sink_reject(b.sink, &reject, &b.err));
        CK_OK(&b, mimic_sink_reject(b.sink, &reject, &b.err));
        CK_OK(&b, mimic_sink_commit(b.sink, &b.err));
        finish(&b);
        expect_rejects(&b, "labs", "type value 12 1,\"2\n5\"\ntype value 12 1,\"2\n5\"\n");
        bench_reopen(&b); /* loaded again without rejects, it has none */
        write_table(&b, &t.table, NULL);
        finish(&b);
        expect_rejects(&b, "labs", "");
        bench_close(&b);
    }
}
END_TEST

/* ---- order of calls ---- */

START_TEST(sink__calls_out_of_order)
{
    test_table t;
    test_batch batch;
    make_labs(&t);
    make_rows(&batch, &t.table, 1, 1);
    const mimic_reject reject = {.struct_size = sizeof reject};
    for (size_t i = 0; i < SINK_COUNT; i++) {
        bench b;
        bench_open(&b, i);
        ck_assert_int_eq(mimic_sink_write(b.sink, &batch.batch, &b.err), MIMIC_ERR_STATE);
        ck_assert_int_eq(mimic_sink_commit(b.sink, &b.err), MIMIC_ERR_STATE);
        ck_assert_int_eq(mimic_sink_reject(b.sink, &reject, &b.err), MIMIC_ERR_STATE);
        CK_OK(&b, mimic_sink_begin(b.sink, &t.table, NULL, &b.err));
        ck_assert_int_eq(mimic_sink_begin(b.sink, &t.table, NULL, &b.err), MIMIC_ERR_STATE);
        ck_assert_int_eq(mimic_sink_finish(b.sink, NULL, NULL, &b.err), MIMIC_ERR_STATE);
        CK_OK(&b, mimic_sink_write(b.sink, &batch.batch, &b.err)); /* none of it did harm */
        CK_OK(&b, mimic_sink_commit(b.sink, &b.err));
        finish(&b);
        ck_assert_int_eq(mimic_sink_finish(b.sink, NULL, NULL, &b.err), MIMIC_ERR_STATE);
        ck_assert_int_eq(mimic_sink_begin(b.sink, &t.table, NULL, &b.err), MIMIC_ERR_STATE);
        expect_dump(&b, &t.table, "1|'x'\n");
        bench_close(&b);
    }
    test_batch_free(&batch);
}
END_TEST

/* ---- failing allocations ---- */

static mimic_status run_scenario(const mimic_context *ctx, const conformance_sink *kind,
                                 const char *folder, const test_batch *batch)
{
    mimic_sink *sink = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_reject reject = {.struct_size = sizeof reject,
                           .source = "s",
                           .column = "c",
                           .message = "m",
                           .raw = "raw",
                           .raw_size = 3};
    mimic_status status = kind->open(ctx, folder, &sink, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_begin(sink, batch->batch.table, NULL, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_write(sink, &batch->batch, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_reject(sink, &reject, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_commit(sink, &err);
    if (status == MIMIC_OK)
        status = mimic_sink_finish(sink, NULL, NULL, &err);
    ck_assert_int_eq(status, err.code);
    mimic_sink_free(sink);
    return status;
}

START_TEST(sink__every_allocation_may_fail)
{
    test_table t;
    test_batch batch;
    make_labs(&t);
    make_rows(&batch, &t.table, 1, 10);
    for (size_t i = 0; i < SINK_COUNT; i++) {
        mimic_status status = MIMIC_ERR_MEMORY;
        for (long fail_at = 2; status != MIMIC_OK; fail_at++) { /* 1 is the context */
            test_allocator allocator = {.fail_at = fail_at};
            char folder[TEST_PATH_BYTES];
            test_folder_make(folder);
            mimic_context *ctx = test_context_make(&allocator);
            status = run_scenario(ctx, &SINKS[i], folder, &batch);
            if (status != MIMIC_OK) {
                ck_assert_msg(status == MIMIC_ERR_MEMORY, "%s, allocation %ld: status %d",
                              SINKS[i].name, fail_at, status);
                ck_assert_int_eq(test_folder_walk(folder, 0), 0);
            }
            mimic_context_free(ctx);
            ck_assert_int_eq(allocator.alive, 0);
            test_folder_walk(folder, 1);
            ck_assert_int_lt(fail_at, 1000);
        }
        memory_sink_forget();
    }
    test_batch_free(&batch);
}
END_TEST

MIMIC_TEST_MAIN(sink_conformance, sink__every_type_and_extremes, sink__single_column_of_nulls,
                sink__no_rows, sink__many_batches_and_empty_ones, sink__hostile_names,
                sink__nothing_without_finish, sink__abort_gives_up_one_table_only,
                sink__existing_table_is_replaced_or_kept, sink__duplicates_by_key_are_refused,
                sink__nan_is_held_or_refused, sink__rejects_follow_their_table,
                sink__calls_out_of_order, sink__every_allocation_may_fail)
