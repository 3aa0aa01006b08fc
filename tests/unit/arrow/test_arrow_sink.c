/* What the Arrow sink adds to what every sink does (tests/conformance): names, options, rejects. */
#include <string.h>

#include <mimic/sink.h>

#include "arrow_fixture.h"
#include "check_main.h"
#include "schema/schema_model.h"
#include "test_files.h"

typedef struct sink_case {
    failing_heap heap;
    mimic_context *ctx;
    mimic_sink *sink;
    char folder[TEST_PATH_BYTES];
    fixture_batch fixture;
} sink_case;

static void setup(sink_case *c)
{
    memset(c, 0, sizeof *c);
    c->ctx = failing_context(&c->heap);
    test_folder_make(c->folder);
    fixture_batch_make(&c->fixture, c->ctx, 0, 0, 20);
}

static void teardown(sink_case *c)
{
    mimic_sink_free(c->sink);
    fixture_batch_free(&c->fixture);
    test_folder_walk(c->folder, 1);
    ck_assert_int_eq(c->heap.live, 1);
    mimic_context_free(c->ctx);
}

static mimic_status open_target(sink_case *c, const char *scheme, const char *name,
                                mimic_sink_compression compression, mimic_error *err)
{
    char target[TEST_PATH_BYTES + 64];
    const mimic_sink_options options = {
        .struct_size = sizeof options, .compression = compression, .no_sync = 1};
    snprintf(target, sizeof target, "%s%s/%s", scheme, c->folder, name);
    mimic_sink_free(c->sink);
    return mimic_sink_open(c->ctx, target, &options, &c->sink, err);
}

static mimic_status write_table(sink_case *c, const mimic_table *table, bool has_reject)
{
    const mimic_reject reject = {.struct_size = sizeof reject,
                                 .code = MIMIC_REJECT_REQUIRED,
                                 .source = "a.csv",
                                 .record = 7,
                                 .line = 8,
                                 .byte_offset = 99,
                                 .column = "row_id",
                                 .message = "a value is required, \"nothing\" was found",
                                 .raw = "x,\xff",
                                 .raw_size = 3};
    mimic_status status = mimic_sink_begin(c->sink, table, NULL, NULL);
    if (status == MIMIC_OK)
        status = mimic_sink_write(c->sink, &c->fixture.batch, NULL);
    if (status == MIMIC_OK && has_reject)
        status = mimic_sink_reject(c->sink, &reject, NULL);
    if (status == MIMIC_OK)
        status = mimic_sink_commit(c->sink, NULL);
    return status;
}

static char *read_in(const sink_case *c, const char *name)
{
    char path[TEST_PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", c->folder, name);
    return test_file_read(path);
}

static void check_begins(const sink_case *c, const char *name, const char *bytes, size_t size)
{
    char *content = read_in(c, name);
    ck_assert_msg(content != NULL, "%s is not there", name);
    ck_assert_mem_eq(content, bytes, size);
    free(content);
}

START_TEST(arrow_sink__folder_of_tables_with_rejects)
{
    static const char expected[] =
        "source,record,line,byte_offset,column,code,message,raw\n"
        "a.csv,7,8,99,row_id,required,"
        "\"a value is required, \"\"nothing\"\" was found\",\"x,\xff\"\n";
    sink_case c;
    setup(&c);
    ck_assert_int_eq(open_target(&c, "arrow:", "out", 0, NULL), MIMIC_OK);
    ck_assert_int_eq(write_table(&c, fixture_table(), true), MIMIC_OK);
    ck_assert_ptr_null(read_in(&c, "out/hosp/fixture.arrow"));
    ck_assert_int_eq(mimic_sink_finish(c.sink, NULL, NULL, NULL), MIMIC_OK);
    check_begins(&c, "out/hosp/fixture.arrow", "ARROW1\0\0", 8);
    char *rejects = read_in(&c, "out/rejects/fixture.csv");
    ck_assert_str_eq(rejects, expected);
    free(rejects);

    /* Loaded again without rejects: the old ones go. */
    ck_assert_int_eq(open_target(&c, "arrow:", "out", 0, NULL), MIMIC_OK);
    ck_assert_int_eq(write_table(&c, fixture_table(), false), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_finish(c.sink, NULL, NULL, NULL), MIMIC_OK);
    ck_assert_ptr_null(read_in(&c, "out/rejects/fixture.csv"));
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__one_file_one_table)
{
    sink_case c;
    mimic_error err = MIMIC_ERROR_INIT;
    setup(&c);
    ck_assert_int_eq(open_target(&c, "", "labs.arrow", MIMIC_SINK_COMPRESSION_NONE, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(write_table(&c, fixture_table(), true), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(c.sink, fixture_table(), NULL, &err), MIMIC_ERR_STATE);
    ck_assert_ptr_nonnull(strstr(err.message, "one table"));
    mimic_sink_abort(c.sink);
    ck_assert_int_eq(mimic_sink_finish(c.sink, NULL, NULL, NULL), MIMIC_OK);
    check_begins(&c, "labs.arrow", "ARROW1\0\0", 8);
    check_begins(&c, "labs.rejects.csv", "source,", 7);
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__stream_by_its_ending)
{
    sink_case c;
    setup(&c);
    ck_assert_int_eq(open_target(&c, "", "labs.arrows", 0, NULL), MIMIC_OK);
    ck_assert_int_eq(write_table(&c, fixture_table(), false), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_finish(c.sink, NULL, NULL, NULL), MIMIC_OK);
    check_begins(&c, "labs.arrows", "\xff\xff\xff\xff", 4);
    ck_assert_int_eq(test_folder_walk(c.folder, 0), 1);
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__gzip_and_wild_levels_are_refused)
{
    sink_case c;
    mimic_error err = MIMIC_ERROR_INIT;
    setup(&c);
    ck_assert_int_eq(open_target(&c, "arrow:", "out", MIMIC_SINK_COMPRESSION_GZIP, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "zstd"));
    if (MIMIC_HAVE_ZSTD == 0) {
        teardown(&c);
        return;
    }
    char target[TEST_PATH_BYTES + 64];
    const mimic_sink_options options = {.struct_size = sizeof options, .compression_level = 99};
    snprintf(target, sizeof target, "arrow:%s/out", c.folder);
    ck_assert_int_eq(mimic_sink_open(c.ctx, target, &options, &c.sink, &err), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(c.sink, fixture_table(), NULL, &err), MIMIC_ERR_ARGUMENT);
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__names_that_leave_the_folder_are_refused)
{
    static const char *const names[] = {"", ".", "..", "../x", "a/b", "/etc/x"};
    sink_case c;
    setup(&c);
    ck_assert_int_eq(open_target(&c, "arrow:", "out", 0, NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mimic_table table = *fixture_table();
        table.name = names[i];
        ck_assert_int_eq(mimic_sink_begin(c.sink, &table, NULL, NULL), MIMIC_ERR_ARGUMENT);
        mimic_sink_abort(c.sink);
        table.name = "t";
        table.module = names[i];
        if (names[i][0] != '\0')
            ck_assert_int_eq(mimic_sink_begin(c.sink, &table, NULL, NULL), MIMIC_ERR_ARGUMENT);
        mimic_sink_abort(c.sink);
    }
    mimic_sink_free(c.sink);
    c.sink = NULL;
    ck_assert_int_eq(test_folder_walk(c.folder, 0), 0);
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__two_tables_cannot_share_rejects)
{
    sink_case c;
    mimic_table other = *fixture_table();
    other.module = "icu";
    setup(&c);
    ck_assert_int_eq(open_target(&c, "arrow:", "out", 0, NULL), MIMIC_OK);
    ck_assert_int_eq(write_table(&c, fixture_table(), false), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(c.sink, &other, NULL, NULL), MIMIC_ERR_STATE);
    mimic_sink_abort(c.sink);
    teardown(&c);
}
END_TEST

typedef struct refusals {
    int64_t rows[8];
    size_t count;
} refusals;

static int note_refusal(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                        const char *message)
{
    refusals *noted = ctx;
    (void)message;
    ck_assert_int_eq(code, MIMIC_REJECT_REQUIRED);
    ck_assert_str_eq(column, "row_id");
    noted->rows[noted->count++] = row;
    return 0;
}

START_TEST(arrow_sink__null_in_a_required_column_is_refused)
{
    static const uint8_t validity[] = {0xf6, 0xff, 0x07}; /* rows 0, 3 and 19 are NULL */
    refusals noted = {0};
    const mimic_sink_host host = {sizeof host, note_refusal, &noted};
    sink_case c;
    setup(&c);
    c.fixture.columns[1].validity = validity;
    c.fixture.columns[1].null_count = 3;
    ck_assert_int_eq(open_target(&c, "arrow:", "out", 0, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(c.sink, fixture_table(), &host, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_write(c.sink, &c.fixture.batch, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_commit(c.sink, NULL), MIMIC_OK);
    ck_assert_uint_eq(noted.count, 3);
    ck_assert_int_eq(noted.rows[0], 0);
    ck_assert_int_eq(noted.rows[1], 3);
    ck_assert_int_eq(noted.rows[2], 19);
    teardown(&c);
}
END_TEST

START_TEST(arrow_sink__every_allocation_may_fail)
{
    mimic_status status = MIMIC_ERR_MEMORY;
    sink_case c;
    setup(&c);
    const int64_t live = c.heap.live;
    for (int64_t fail_at = 1; status != MIMIC_OK; fail_at++) {
        c.heap.calls = 0;
        c.heap.fail_at = fail_at;
        status = open_target(&c, "arrow:", "out", 0, NULL);
        if (status == MIMIC_OK)
            status = write_table(&c, fixture_table(), true);
        if (status == MIMIC_OK)
            status = mimic_sink_finish(c.sink, NULL, NULL, NULL);
        ck_assert(status == MIMIC_OK || status == MIMIC_ERR_MEMORY);
        mimic_sink_free(c.sink);
        c.sink = NULL;
        ck_assert_int_eq(c.heap.live, live);
        ck_assert_int_eq(test_folder_walk(c.folder, 0), status == MIMIC_OK ? 2 : 0);
    }
    c.heap.fail_at = 0;
    teardown(&c);
}
END_TEST

MIMIC_TEST_MAIN(arrow_sink, arrow_sink__folder_of_tables_with_rejects,
                arrow_sink__one_file_one_table, arrow_sink__stream_by_its_ending,
                arrow_sink__gzip_and_wild_levels_are_refused,
                arrow_sink__names_that_leave_the_folder_are_refused,
                arrow_sink__two_tables_cannot_share_rejects,
                arrow_sink__null_in_a_required_column_is_refused,
                arrow_sink__every_allocation_may_fail)
