/*
 * mimic_convert_stream: the report and account of a conversion, rejects in the sink, keys, limits, and
 * that the stream is released once whatever happens.
 */
#include "check_main.h"
#include "failing_allocator.h"
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


/* ---- the same as from CSV ---- */

static const char CSV[] = "id,note,kind\n1,a,x\n2,,y\n,c,x\n4,too long,x\n2,b,x\n5,\"\",\n6,\"q\"\"\n\",y\n";
static const char FULL[] =
    "{\"fields\":[{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"
    "\"constraints\":{\"required\":true}},{\"name\":\"note\",\"type\":\"string\","
    "\"constraints\":{\"maxLength\":5}},{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":"
    "\"categorical\"}}],\"primaryKey\":[\"id\"]}";

/* The rows of CSV, faulty ones and all, as large texts, and numbers of another width. */
static struct ArrowArrayStream make_full_stream(hand_stream *h)
{
    *h = (hand_stream){0};
    hand_column(h, "id", "g", HAND_NULLABLE);
    hand_column(h, "note", "U", HAND_NULLABLE);
    h->values[hand_column(h, "kind", "C", HAND_NULLABLE)] = "u";
    struct ArrowArray *rows = hand_rows(h, 7);
    hand_fixed(rows, 0, (double[]){1, 2, 0, 4, 2, 5, 6}, 8, "vv.vvvv");
    hand_texts(rows, 1, (const char *[]){"a", NULL, "c", "too long", "b", "", "q\"\n"}, 8);
    hand_coded(rows, 2, (uint8_t[]){0, 1, 0, 0, 0, 0, 1}, 1, "vvvvv.v", (const char *[]){"x", "y"}, 2);
    return hand_open(h);
}

static char *describe_report(const mimic_report *report)
{
    read_text text = {NULL, 0, 0};
    mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
    ck_assert_int_eq(mimic_report_table(report, 0, &table), MIMIC_OK);
    read_put(&text, "%s %lld = %lld + %lld + %lld + %lld, %lld nulled, %lld NULL, %s\n", table.table,
             (long long)table.read, (long long)table.written, (long long)table.rejected,
             (long long)table.duplicates, (long long)table.filtered, (long long)table.nulled,
             (long long)table.nulls, mimic_status_name(table.status));
    for (size_t i = 0; i < mimic_report_note_count(report); i++) {
        mimic_note note = MIMIC_NOTE_INIT;
        ck_assert_int_eq(mimic_report_note(report, i, &note), MIMIC_OK);
        read_put(&text, "%d %s %s %s %lld\n", (int)note.kind, note.table, note.column, note.code,
                 (long long)note.count);
    }
    return text.data;
}

/* A text that is to be freed: what a file target holds of the one table. */
static char *read_target(const char *name)
{
    size_t size;
    char *bytes = test_read_file(test_path(&folder, name), &size);
    bytes = realloc(bytes, size + 1);
    bytes[size] = '\0';
    return bytes;
}

/* What a scan finds in the target, line by line. */
static char *scan_target(const char *scheme, const char *name)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_scan *scan = NULL;
    mimic_scan_stream *rows = NULL;
    const mimic_batch *batch = NULL;
    read_text text = {NULL, 0, 0};
    read_put(&text, "%s", "");
    mimic_status status = mimic_scan_open(ctx, NULL, target_of(scheme, name), NULL, &scan, &err);
    if (status == MIMIC_OK)
        status = mimic_scan_read(scan, mimic_scan_find_table(scan, "t"), NULL, 0, &rows, &err);
    while (status == MIMIC_OK && (status = mimic_scan_next(rows, &batch, &err)) == MIMIC_OK)
        for (int64_t row = 0; row < batch->row_count; row++)
            for (size_t i = 0; i < batch->column_count; i++) {
                read_put_value(&text, &batch->columns[i], row);
                read_put(&text, i + 1 < batch->column_count ? "|" : "\n");
            }
    ck_assert_msg(status == MIMIC_END, "%s", err.message);
    mimic_scan_stream_free(rows);
    mimic_scan_free(scan);
    return text.data;
}

/* Both ways into `scheme` give the same report and, of `file`, the same bytes. */
static void check_same(const char *scheme, const char *file, const mimic_load_options *options)
{
    hand_stream h;
    mimic_report *reports[2] = {NULL, NULL};
    mimic_error err[2] = {MIMIC_ERROR_INIT, MIMIC_ERROR_INIT};
    char input[1100];
    char name[64];
    test_write_file(test_path(&folder, "t.csv"), CSV, sizeof CSV - 1);
    snprintf(input, sizeof input, "%s", test_path(&folder, "t.csv"));
    const char *const inputs[] = {input};
    const mimic_status from_csv =
        mimic_convert(ctx, NULL, read_schema(FULL), inputs, 1, target_of(scheme, "from_csv"), options,
                      &reports[0], &err[0]);
    struct ArrowArrayStream stream = make_full_stream(&h);
    const mimic_status from_stream =
        mimic_convert_stream(ctx, &stream, "frame", read_schema(FULL), target_of(scheme, "from_frame"),
                             options, &reports[1], &err[1]);
    ck_assert_msg(from_csv == from_stream, "%s: %s / %s", scheme, err[0].message, err[1].message);
    char *texts[2] = {describe_report(reports[0]), describe_report(reports[1])};
    ck_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    mimic_report_free(reports[0]);
    mimic_report_free(reports[1]);
    if (from_csv != MIMIC_OK)
        return;
    texts[0] = scan_target(scheme, "from_csv");
    texts[1] = scan_target(scheme, "from_frame");
    ck_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    if (file == NULL)
        return;
    snprintf(name, sizeof name, "from_csv/%s", file);
    texts[0] = read_target(name);
    snprintf(name, sizeof name, "from_frame/%s", file);
    texts[1] = read_target(name);
    ck_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

static void clear_folder(void)
{
    test_folder_remove(&folder);
    folder = test_folder_make();
}

START_TEST(load_stream__as_from_csv)
{
    static const char *const columns[] = {"kind", "id"};
    static const int64_t wanted[] = {2, 6, 4};
    set_up();
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.csv = &csv;
    static const char *const schemes[] = {"csv", "arrow", "sqlite"};
    for (size_t i = 0; i < 3; i++) {
        const char *file = i == 0 ? "t.csv" : NULL;
        options.keys = i < 2 ? MIMIC_KEYS_OFF : MIMIC_KEYS_DEFAULT; /* SQLite has its own */
        check_same(schemes[i], file, &options);
        clear_folder();
        const mimic_csv_filter filter = {"ID", wanted, 3};
        csv.filters = &filter;
        csv.filter_count = 1;
        check_same(schemes[i], file, &options);
        clear_folder();
        static const char *const kinds[] = {"y", "x", "?"};
        const mimic_text_filter text_filter = {"kind", kinds, 2 - (i % 2)};
        csv.text_filters = &text_filter;
        csv.text_filter_count = 1;
        check_same(schemes[i], file, &options);
        clear_folder();
        csv.text_filter_count = 0;
        csv.columns = columns;
        csv.column_count = 2;
        check_same(schemes[i], file, &options);
        clear_folder();
        csv.filter_count = 0;
        csv.limit = 2;
        check_same(schemes[i], file, &options);
        clear_folder();
        csv.limit = 0;
        csv.columns = NULL;
        options.on_error = MIMIC_ON_ERROR_NULL;
        check_same(schemes[i], file, &options);
        clear_folder();
        options.on_error = MIMIC_ON_ERROR_DEFAULT;
        options.max_rejects = -1;
        check_same(schemes[i], file, &options);
        clear_folder();
        options.max_rejects = 0;
        options.max_reject_percent = 20;
        check_same(schemes[i], file, &options);
        clear_folder();
        options.max_reject_percent = 0;
        options.on_error = MIMIC_ON_ERROR_FAIL;
        check_same(schemes[i], file, &options);
        clear_folder();
        options.on_error = MIMIC_ON_ERROR_DEFAULT;
    }
    tear_down();
}
END_TEST


static mimic_status convert(struct ArrowArrayStream stream, const char *schema, const char *target,
                            const mimic_load_options *options, mimic_report **out_report,
                            mimic_error *err)
{
    const mimic_status status =
        mimic_convert_stream(ctx, &stream, "frame", schema == NULL ? NULL : read_schema(schema),
                             target, options, out_report, err);
    ck_assert_ptr_null(stream.release);
    ck_assert_int_eq(hand_live, 0);
    return status;
}

START_TEST(load_stream__keys_of_what_is_read_once)
{
    set_up();
    hand_stream h;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    /* The row that comes second could only be left out by writing all again. */
    ck_assert_int_eq(convert(make_full_stream(&h), FULL, target_of("csv", "a"), NULL, &report, &err),
                     MIMIC_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "can be read only once"));
    mimic_report_free(report);
    /* The name of a file that is there changes nothing. */
    test_write_file(test_path(&folder, "frame"), CSV, sizeof CSV - 1);
    struct ArrowArrayStream stream = make_full_stream(&h);
    ck_assert_int_eq(mimic_convert_stream(ctx, &stream, test_path(&folder, "frame"),
                                          read_schema(FULL), target_of("csv", "a"), NULL, &report,
                                          &err),
                     MIMIC_ERR_UNSUPPORTED);
    mimic_report_free(report);
    options.duplicates = MIMIC_DUPLICATES_KEEP;
    ck_assert_int_eq(
        convert(make_full_stream(&h), FULL, target_of("csv", "b"), &options, &report, &err), MIMIC_OK);
    char *text = describe_report(report);
    ck_assert_ptr_nonnull(strstr(text, "t 7 = 5 + 2 + 0 + 0"));
    ck_assert_ptr_nonnull(strstr(text, "primary_key 1\n"));
    free(text);
    mimic_report_free(report);
    tear_down();
}
END_TEST

/* Ids as texts; one is no integer, one is beyond 64 bits, one is nothing. */
static struct ArrowArrayStream make_texts(hand_stream *h)
{
    *h = (hand_stream){0};
    hand_column(h, "id", "u", HAND_NULLABLE);
    hand_column(h, "note", "u", HAND_NULLABLE);
    struct ArrowArray *rows = hand_rows(h, 5);
    hand_texts(rows, 0, (const char *[]){"1", "x", "", "99999999999999999999", "5"}, 4);
    hand_texts(rows, 1, (const char *[]){"a", "b", "c", "d", "e"}, 4);
    return hand_open(h);
}

START_TEST(load_stream__filters_that_cannot_judge)
{
    static const int64_t wanted[] = {5, 7};
    static const char *const columns[] = {"note"};
    static const char *const notes[] = {"e"};
    set_up();
    hand_stream h;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    mimic_csv_filter filter = {"id", wanted, 2};
    const mimic_text_filter text_filter = {"id", notes, 1};
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    options.csv = &csv;
    csv.filters = &filter;
    csv.filter_count = 1;
    csv.columns = columns;
    csv.column_count = 1;
    ck_assert_int_eq(convert(make_texts(&h), SCHEMA, "null:", &options, &report, &err), MIMIC_OK);
    char *text = describe_report(report);
    ck_assert_ptr_nonnull(strstr(text, "t 5 = 1 + 2 + 0 + 2"));
    ck_assert_ptr_nonnull(strstr(text, " t id type 1\n"));
    ck_assert_ptr_nonnull(strstr(text, " t id range 1\n"));
    free(text);
    mimic_report_free(report);
    filter.value_count = 0;
    ck_assert_int_eq(convert(make_texts(&h), SCHEMA, "null:", &options, &report, &err), MIMIC_OK);
    text = describe_report(report);
    ck_assert_ptr_nonnull(strstr(text, "t 5 = 0 + 2 + 0 + 3"));
    free(text);
    mimic_report_free(report);
    filter.column = "nobody";
    ck_assert_int_eq(convert(make_texts(&h), SCHEMA, "null:", &options, &report, &err),
                     MIMIC_ERR_NOT_FOUND);
    filter.column = "note";
    ck_assert_int_eq(convert(make_texts(&h), SCHEMA, "null:", &options, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    csv.filter_count = 0;
    csv.text_filters = &text_filter;
    csv.text_filter_count = 1;
    ck_assert_int_eq(convert(make_texts(&h), SCHEMA, "null:", &options, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    tear_down();
}
END_TEST

static int count_progress(const mimic_progress *progress, void *seen)
{
    ck_assert_int_eq(progress->total_bytes, -1);
    ck_assert_str_eq(progress->table, "t");
    ++*(int *)seen;
    return 0;
}

static int stop_progress(const mimic_progress *progress, void *seen)
{
    (void)progress;
    ++*(int *)seen;
    return 1;
}

START_TEST(load_stream__progress_profile_and_errors)
{
    set_up();
    hand_stream h;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    mimic_load_options options = MIMIC_LOAD_OPTIONS_INIT;
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    int seen = 0;
    options.progress = count_progress;
    options.progress_ctx = &seen;
    options.profile = 1;
    ck_assert_int_eq(convert(make_stream(&h), SCHEMA, "null:", &options, &report, &err), MIMIC_OK);
    ck_assert_int_ge(seen, 3);
    ck_assert_ptr_nonnull(mimic_report_quality(report));
    mimic_report_free(report);
    options.progress = stop_progress;
    ck_assert_int_eq(convert(make_stream(&h), SCHEMA, "null:", &options, &report, &err),
                     MIMIC_ERR_CANCELLED);
    mimic_report_free(report);
    options.progress = NULL;
    /* The stream's own schema, which the report outlives. */
    ck_assert_int_eq(convert(make_stream(&h), NULL, target_of("sqlite", "own.db"), &options, &report,
                             &err),
                     MIMIC_OK);
    char *text = describe_report(report);
    ck_assert_ptr_nonnull(strstr(text, "frame 5 = 5 + 0 + 0 + 0, 0 nulled, 2 NULL, MIMIC_OK\n"));
    free(text);
    char *json = NULL;
    ck_assert_int_eq(mimic_report_json(report, &json, NULL), MIMIC_OK);
    mimic_free(ctx, json);
    mimic_report_free(report);
    /* A producer that fails, a dialect, a name that cannot be a table's, nothing at all. */
    struct ArrowArrayStream stream = make_stream(&h);
    h.fail_code = 5;
    h.fail_text = "the producer lost its data";
    ck_assert_int_eq(convert(stream, SCHEMA, target_of("csv", "gone"), NULL, &report, &err),
                     MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "the producer lost its data"));
    mimic_report_free(report);
    csv.delimiter = ';';
    options.csv = &csv;
    ck_assert_int_eq(convert(make_stream(&h), SCHEMA, "null:", &options, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(report);
    stream = make_stream(&h);
    ck_assert_int_eq(mimic_convert_stream(ctx, &stream, "a\nb", NULL, "null:", NULL, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    stream = make_stream(&h);
    ck_assert_int_eq(mimic_convert_stream(NULL, &stream, "a", NULL, "null:", NULL, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(stream.release);
    ck_assert_int_eq(mimic_convert_stream(ctx, &stream, "a", NULL, "null:", NULL, &report, &err),
                     MIMIC_ERR_ARGUMENT);
    stream = make_stream(&h);
    ck_assert_int_ne(
        mimic_convert_stream(ctx, &stream, "../up", NULL, target_of("csv", "x"), NULL, &report, &err),
        MIMIC_OK);
    mimic_report_free(report);
    ck_assert_int_eq(hand_live, 0);
    tear_down();
}
END_TEST

static int count_lines(const mimic_ledger_entry *entry, void *seen)
{
    ck_assert_str_eq(entry->source, "frame");
    ck_assert_int_eq(entry->source_bytes, -1);
    ck_assert_int_eq(entry->source_modified, -1);
    ck_assert_str_eq(entry->source_hash, "");
    ck_assert_int_eq(entry->written, 3);
    ++*(int *)seen;
    return 0;
}

START_TEST(load_stream__ledger)
{
    set_up();
    hand_stream h;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    int seen = 0;
    for (int i = 0; i < 2; i++) { /* the second is never taken for the first */
        ck_assert_int_eq(
            convert(make_stream(&h), SCHEMA, target_of("csv", "out"), NULL, &report, &err), MIMIC_OK);
        mimic_table_report table = MIMIC_TABLE_REPORT_INIT;
        ck_assert_int_eq(mimic_report_table(report, 0, &table), MIMIC_OK);
        ck_assert_int_eq(table.is_unchanged, 0);
        mimic_report_free(report);
    }
    ck_assert_int_eq(mimic_ledger_read(ctx, target_of("csv", "out"), NULL, count_lines, &seen, NULL,
                                       &err),
                     MIMIC_OK);
    ck_assert_int_eq(seen, 1);
    tear_down();
}
END_TEST

static mimic_status convert_failing(const mimic_context *failing, mimic_error *err)
{
    hand_stream h;
    mimic_report *report = NULL;
    struct ArrowArrayStream stream = make_stream(&h);
    const mimic_status status = mimic_convert_stream(failing, &stream, "frame", read_schema(SCHEMA),
                                                     "null:", NULL, &report, err);
    mimic_report_free(report);
    ck_assert_ptr_null(stream.release);
    ck_assert_int_eq(hand_live, 0);
    return status;
}

START_TEST(load_stream__memory_runs_out)
{
    set_up();
    ck_assert_int_gt(replay_failing_allocations(convert_failing), 30);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load_stream, load_stream__into_every_file_sink, load_stream__as_from_csv,
                load_stream__keys_of_what_is_read_once, load_stream__filters_that_cannot_judge,
                load_stream__progress_profile_and_errors,
                load_stream__ledger, load_stream__memory_runs_out)
