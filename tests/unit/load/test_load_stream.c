/*
 * mimic_convert_stream: the report and account of a conversion, rejects in the sink, keys, limits, and
 * that the stream is released once whatever happens.
 */
#include "check_main.h"
#include "read_arrow.h"
#include "test_folder.h"

#include <mimic/load.h>

static mimic_context *ctx;
static test_folder folder;

static const char SCHEMA[] =
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"
    "\"constraints\":{\"required\":true}},{\"name\":\"note\",\"type\":\"string\","
    "\"constraints\":{\"maxLength\":5}}],\"primaryKey\":[\"id\"]}";

static void set_up(void)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    folder = test_folder_make();
    hand_live = 0;
}

static void tear_down(void)
{
    ck_assert_int_eq(hand_live, 0);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}

/* Rows 1 to 5: the third has no id, the fourth a long note. */
static struct ArrowArrayStream make_stream(hand_stream *h)
{
    *h = (hand_stream){0};
    hand_column(h, "id", "l", HAND_NULLABLE);
    hand_column(h, "note", "u", HAND_NULLABLE);
    struct ArrowArray *rows = hand_rows(h, 3);
    hand_fixed(rows, 0, (int64_t[]){1, 2, 3}, 8, "vv.");
    hand_texts(rows, 1, (const char *[]){"a", NULL, "c"}, 4);
    rows = hand_rows(h, 2);
    hand_fixed(rows, 0, (int64_t[]){4, 5}, 8, NULL);
    hand_texts(rows, 1, (const char *[]){"too long", ""}, 4);
    return hand_open(h);
}

static const char *target_of(const char *scheme, const char *name)
{
    static char target[1100];
    snprintf(target, sizeof target, "%s:%s", scheme, test_path(&folder, name));
    return target;
}

static void check_report(mimic_report *report, int64_t written)
{
    mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
    ck_assert_uint_eq(mimic_report_table_count(report), 1);
    ck_assert_int_eq(mimic_report_table(report, 0, &table), MIMIC_OK);
    ck_assert_str_eq(table.table, "t");
    ck_assert_str_eq(table.source, "frame");
    ck_assert_str_eq(table.hash, "");
    ck_assert_int_eq(table.read, 5);
    ck_assert_int_eq(table.written, written);
    ck_assert_int_eq(table.rejected, 5 - written);
    ck_assert_int_eq(table.nulls, 1);
    mimic_report_free(report);
}

START_TEST(load_stream__into_every_file_sink)
{
    static const char *const schemes[] = {"csv", "sqlite", "arrow", "null"};
    set_up();
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        hand_stream h;
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_report *report = NULL;
        struct ArrowArrayStream stream = make_stream(&h);
        const char *target = strcmp(schemes[i], "null") == 0 ? "null:" : target_of(schemes[i], "out");
        ck_assert_msg(mimic_convert_stream(ctx, &stream, "frame", read_schema(SCHEMA), target, NULL,
                                           &report, &err) == MIMIC_OK,
                      "%s: %s", schemes[i], err.message);
        ck_assert_ptr_null(stream.release);
        check_report(report, 3);
        test_folder_remove(&folder);
        folder = test_folder_make();
    }
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load_stream, load_stream__into_every_file_sink)
