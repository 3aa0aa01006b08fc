/*
 * The Arrow reader on streams made by hand: slices and long arrays, arrays that contradict themselves,
 * constraints, policies, drift, errors of the producer, failing allocations, and that everything is
 * released once.
 */
#include <errno.h>

#include "failing_allocator.h"

#include "arrow_case.h"

/* ---- shapes ---- */

START_TEST(arrow_rules__rows_that_are_null_and_slices)
{
    set_up();
    hand_stream h = {0};
    hand_column(&h, "a", "i", HAND_NULLABLE);
    hand_column(&h, "c", "u", HAND_NULLABLE);
    /* Rows 2 to 4 of five, the third not there at all. */
    struct ArrowArray *rows = hand_rows(&h, 5);
    hand_fixed(rows, 0, (int32_t[]){1, 2, 3, 4, 5}, 4, "vvv.v");
    hand_texts(rows, 1, (const char *[]){"a", "b", "c", "d", "e"}, 4);
    rows->offset = 1;
    rows->length = 3;
    rows->null_count = -1;
    hand_buffer(rows, 0, (const uint8_t[]){0x1b}, 1);
    expect(&h, PLAIN, NULL, "2|NULL|<b>|NULL\nNULL|NULL|NULL|NULL\nNULL|NULL|<d>|NULL\n3 = 3 + 0 + 0\n");
    tear_down();
}
END_TEST

START_TEST(arrow_rules__a_long_array_in_blocks)
{
    set_up();
    const size_t count = 200000;
    int32_t *values = malloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = (int32_t)i;
    hand_stream h = {0};
    hand_column(&h, "a", "i", 0);
    hand_fixed(hand_rows(&h, (int64_t)count), 0, values, 4, NULL);
    struct ArrowArrayStream stream = hand_open(&h);
    mimic_arrow_reader *reader = NULL;
    ck_assert_int_eq(mimic_arrow_reader_open(ctx, &stream, NULL, NULL, &reader, NULL), MIMIC_OK);
    const mimic_batch *batch = NULL;
    int64_t next = 0;
    while (mimic_arrow_reader_next(reader, &batch, NULL) == MIMIC_OK) {
        ck_assert_int_le(batch->row_count, 65536);
        ck_assert_int_eq(batch->first_row, next);
        ck_assert_int_eq(batch->first_record, next + 1);
        for (int64_t row = 0; row < batch->row_count; row++, next++)
            ck_assert_int_eq(((const int32_t *)batch->columns[0].values)[row], (int)next);
    }
    ck_assert_int_eq(next, (int64_t)count);
    mimic_arrow_reader_free(reader);
    free(values);
    tear_down();
}
END_TEST

/* A stream whose array was spoilt by `spoil`. */
static void check_spoilt(void (*spoil)(struct ArrowArray *rows), const char *wanted)
{
    hand_stream h = {0};
    hand_column(&h, "v", "u", HAND_NULLABLE);
    struct ArrowArray *rows = hand_rows(&h, 2);
    hand_texts(rows, 0, (const char *[]){"a", "b"}, 4);
    spoil(rows);
    char message[256];
    snprintf(message, sizeof message,
             "MIMIC_ERR_CORRUPT: <arrow> is no sound Arrow stream: %s\n0 = 0 + 0 + 0\n", wanted);
    expect(&h, NULL, NULL, message);
}

static void spoil_length(struct ArrowArray *rows)
{
    rows->length = 3;
}

static void spoil_children(struct ArrowArray *rows)
{
    rows->children[0]->release(rows->children[0]);
    free(rows->children[0]);
    rows->n_children = 0;
}

static void spoil_buffers(struct ArrowArray *rows)
{
    rows->children[0]->n_buffers = 2;
    free((void *)(uintptr_t)rows->children[0]->buffers[2]);
}

static void spoil_offsets(struct ArrowArray *rows)
{
    ((int32_t *)(uintptr_t)rows->children[0]->buffers[1])[1] = -5;
}

/* Bytes of no text reach beyond those of the last one. */
static void spoil_middle(struct ArrowArray *rows)
{
    ((int32_t *)(uintptr_t)rows->children[0]->buffers[1])[1] = 1000000;
}

static void spoil_last(struct ArrowArray *rows)
{
    ((int32_t *)(uintptr_t)rows->children[0]->buffers[1])[2] = -1;
}

static void spoil_offset(struct ArrowArray *rows)
{
    rows->children[0]->offset = INT64_MAX - 1;
}

static void spoil_nulls(struct ArrowArray *rows)
{
    free((void *)(uintptr_t)rows->children[0]->buffers[0]);
    rows->children[0]->buffers[0] = NULL;
    rows->children[0]->null_count = 1;
}

static void spoil_release(struct ArrowArray *rows)
{
    rows->children[0]->release(rows->children[0]);
}

static void spoil_values(struct ArrowArray *rows)
{
    free((void *)(uintptr_t)rows->children[0]->buffers[1]);
    rows->children[0]->buffers[1] = NULL;
}

START_TEST(arrow_rules__arrays_that_contradict_themselves)
{
    set_up();
    check_spoilt(spoil_length, "column \"v\" has an array of another length than its rows");
    check_spoilt(spoil_children, "an array of it has another number of columns than its schema");
    check_spoilt(spoil_buffers, "column \"v\" has another number of buffers than its type needs");
    check_spoilt(spoil_offsets, "column \"v\" has a value that lies outside of it");
    check_spoilt(spoil_middle, "column \"v\" has a value that lies outside of it");
    check_spoilt(spoil_last, "column \"v\" has a value that lies outside of it");
    check_spoilt(spoil_offset, "column \"v\" has an array of another length than its rows");
    check_spoilt(spoil_nulls, "column \"v\" has NULL values, but no bits that say which");
    check_spoilt(spoil_release, "column \"v\" has an array that was released already");
    check_spoilt(spoil_values, "column \"v\" has no values");
    tear_down();
}
END_TEST

/* The same of wide values, whose places would be beyond the numbers first. */
START_TEST(arrow_rules__wide_values_and_none)
{
    set_up();
    hand_stream h = {0};
    hand_column(&h, "v", "w:2000000000", HAND_NULLABLE);
    struct ArrowArray *rows = hand_rows(&h, 1);
    hand_fixed(rows, 0, "", 0, ".");
    rows->children[0]->offset = INT64_C(1) << 40;
    expect(&h, NULL, NULL,
           "MIMIC_ERR_CORRUPT: <arrow> is no sound Arrow stream: column \"v\" has an array of another "
           "length than its rows\n0 = 0 + 0 + 0\n");
    /* Values of no bytes need no buffer. */
    h = (hand_stream){0};
    hand_column(&h, "v", "w:0", HAND_NULLABLE);
    rows = hand_rows(&h, 3);
    hand_fixed(rows, 0, "", 0, "v.v");
    free((void *)(uintptr_t)rows->children[0]->buffers[1]);
    rows->children[0]->buffers[1] = NULL;
    expect(&h, NULL, NULL, "<>\nNULL\n<>\n3 = 3 + 0 + 0\n");
    tear_down();
}
END_TEST

START_TEST(arrow_rules__types_that_never_fit)
{
    static const struct {
        const char *format;
        const char *physical;
        const char *words;
    } cases[] = {{"+s", "string", "struct"},
                 {"+l", "int32", "list"},
                 {"+m", "string", "map"},
                 {"+us:0", "string", "union"},
                 {"+r", "string", "run-end encoded"},
                 {"tDn", "int64", "duration"},
                 {"tiM", "int64", "interval"},
                 {"zzz", "string", "unknown"},
                 {"b", "float64", "can never be of type float64"},
                 {"b", "date", "can never be of type date"},
                 {"i", "timestamp", "can never be of type timestamp"},
                 {"g", "boolean", "can never be of type boolean"},
                 {"tdD", "int32", "can never be of type int32"},
                 {"ttu", "timestamp", "can never be of type timestamp"},
                 {"z", "string", "can never be of type string"}};
    set_up();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_arrow_reader *reader = NULL;
        hand_stream h = {0};
        const char *type = strcmp(cases[i].physical, "timestamp") == 0 ? "datetime"
                           : strcmp(cases[i].physical, "date") == 0  ? "date"
                           : cases[i].physical[0] == 'b'             ? "boolean"
                           : cases[i].physical[0] == 's'             ? "string"
                           : cases[i].physical[0] == 'f'             ? "number"
                                                                     : "integer";
        hand_column(&h, "V", cases[i].format, 0);
        struct ArrowArrayStream stream = hand_open(&h);
        ck_assert_int_eq(mimic_arrow_reader_open(
                             ctx, &stream, read_schema(one_field(type, cases[i].physical, "")), NULL,
                             &reader, &err),
                         MIMIC_ERR_DRIFT);
        ck_assert_msg(strstr(err.message, cases[i].words) != NULL, "%s: %s", cases[i].format,
                      err.message);
        ck_assert_str_eq(err.column, "V");
        ck_assert_ptr_null(reader);
        ck_assert_ptr_null(stream.release);
        ck_assert_int_eq(hand_live, 0);
    }
    /* Nobody asked for it. */
    hand_stream h = {0};
    hand_column(&h, "x", "+l", 0);
    hand_column(&h, "v", "i", 0);
    struct ArrowArray *rows = hand_rows(&h, 1);
    hand_array(rows->children[0], 1, 2);
    hand_fixed(rows, 1, (int32_t[]){5}, 4, NULL);
    expect(&h, one_field("integer", "int32", ""), NULL, "5\n1 = 1 + 0 + 0\n");
    tear_down();
}
END_TEST

/* ---- constraints and policies ---- */

static const char RULES[] =
    "{\"fields\":[{\"name\":\"n\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},\"constraints\":{"
    "\"required\":true,\"minimum\":1,\"maximum\":9,\"unique\":true}},"
    "{\"name\":\"t\",\"type\":\"string\",\"constraints\":{\"minLength\":2,\"maxLength\":3,\"pattern\":"
    "\"[a-z]*\"}},{\"name\":\"e\",\"type\":\"string\",\"constraints\":{\"enum\":[\"M\",\"F\"]}},"
    "{\"name\":\"f\",\"type\":\"number\",\"constraints\":{\"enum\":[0.5,2]}}]}";

static void make_rules(hand_stream *h)
{
    *h = (hand_stream){0};
    hand_column(h, "f", "g", HAND_NULLABLE);
    h->values[hand_column(h, "e", "c", HAND_NULLABLE)] = "u";
    hand_column(h, "t", "vu", HAND_NULLABLE);
    hand_column(h, "n", "l", HAND_NULLABLE);
    struct ArrowArray *rows = hand_rows(h, 4);
    hand_fixed(rows, 0, (double[]){0.5, 2, 3, 0.5}, 8, "vvvv");
    hand_coded(rows, 1, (int8_t[]){0, 1, 0, 2}, 1, "vv.v", (const char *[]){"M", "F", "X"}, 3);
    hand_views(rows, 2, (const char *[]){"ab", "abc", "abc", "abc"});
    hand_fixed(rows, 3, (int64_t[]){1, 2, 3, 4}, 8, NULL);
    rows = hand_rows(h, 5);
    hand_fixed(rows, 0, (double[]){2, 2, 2, 2, 2}, 8, NULL);
    hand_coded(rows, 1, (int8_t[]){0, 0, 0, 0, 0}, 1, NULL, (const char *[]){"M"}, 1);
    hand_views(rows, 2, (const char *[]){"a", "ABC", NULL, "ab", "abcd"});
    hand_fixed(rows, 3, (int64_t[]){5, 6, 0, 2, 10}, 8, "vv.vv");
}

START_TEST(arrow_rules__constraints_and_policies)
{
    set_up();
    hand_stream h;
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    make_rules(&h);
    options.name = "frame";
    expect(&h, RULES, &options,
           "reject enum row 3 column 'f' raw '3,abc,,3': \"3\" is not one of \"0.5\", \"2\"\n"
           "reject enum row 4 column 'e' raw '4,abc,X,0.5': \"X\" is not one of \"M\", \"F\"\n"
           "1|<ab>|<M>|0.5\n2|<abc>|<F>|2\n"
           "reject length row 5 column 't' raw '5,a,M,2': not 2 to 3 characters long: \"a\"\n"
           "reject pattern row 6 column 't' raw '6,ABC,M,2': \"ABC\" does not match the pattern "
           "\"[a-z]*\"\n"
           "reject required row 7 column 'n' raw ',,M,2': empty, but a value is required\n"
           "reject unique row 8 column 'n' raw '2,ab,M,2': \"2\" came before, but the column is "
           "unique\n"
           "reject bound row 9 column 'n' raw '10,abcd,M,2': \"10\" is not between 1 and 9\n"
           "9 = 2 + 7 + 0\n");
    make_rules(&h);
    options.on_error = MIMIC_ON_ERROR_NULL;
    options.max_raw_bytes = 4;
    expect(&h, RULES, &options,
           "1|<ab>|<M>|0.5\n2|<abc>|<F>|2\n3|<abc>|NULL|NULL\n4|<abc>|NULL|0.5\n"
           "reject required row 7 column 'n' raw ',,M,'…: empty, but a value is required\n"
           "reject unique row 8 column 'n' raw '2,ab'…: \"2\" came before, but the column is unique\n"
           "reject bound row 9 column 'n' raw '10,a'…: \"10\" is not between 1 and 9\n"
           "5|NULL|<M>|2\n6|NULL|<M>|2\n9 = 6 + 3 + 0\n");
    make_rules(&h);
    options.on_error = MIMIC_ON_ERROR_FAIL;
    expect(&h, RULES, &options,
           "MIMIC_ERR_VALUE: frame, row 3, column f: \"3\" is not one of \"0.5\", \"2\" (enum)\n"
           "0 = 0 + 0 + 0\n");
    tear_down();
}
END_TEST

START_TEST(arrow_rules__columns_and_drift)
{
    set_up();
    hand_stream h;
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    make_rules(&h);
    options.columns = (const char *const[]){"E", "n"};
    options.column_count = 2;
    expect(&h, RULES, &options,
           "reject enum row 4 column 'e' raw 'X,4': \"X\" is not one of \"M\", \"F\"\n"
           "<M>|1\n<F>|2\nNULL|3\n"
           "reject required row 7 column 'n' raw 'M,': empty, but a value is required\n"
           "reject unique row 8 column 'n' raw 'M,2': \"2\" came before, but the column is unique\n"
           "reject bound row 9 column 'n' raw 'M,10': \"10\" is not between 1 and 9\n"
           "<M>|5\n<M>|6\n9 = 5 + 4 + 0\n");
    make_rules(&h);
    options.columns = (const char *const[]){"e", "nobody"};
    expect(&h, RULES, &options, "MIMIC_ERR_NOT_FOUND: table t has no column \"nobody\"\n");
    make_rules(&h);
    options.columns = (const char *const[]){"e", "E"};
    expect(&h, RULES, &options, "MIMIC_ERR_ARGUMENT: column \"E\" is chosen twice\n");
    options.column_count = 0;
    make_rules(&h);
    expect(&h, RULES, &options, "9 = 9 + 0 + 0\n");
    /* A required column that is not there; a nullable one; a strict reader. */
    h = (hand_stream){0};
    options = (mimic_arrow_options)MIMIC_ARROW_OPTIONS_INIT;
    hand_column(&h, "t", "u", HAND_NULLABLE);
    char *text = read_arrow(ctx, &h, RULES, &options);
    ck_assert_ptr_nonnull(strstr(text, "MIMIC_ERR_DRIFT: <arrow>: "));
    free(text);
    h = (hand_stream){0};
    hand_column(&h, "a", "i", 0);
    hand_fixed(hand_rows(&h, 1), 0, (int32_t[]){1}, 4, NULL);
    expect(&h, PLAIN, &options, "1|NULL|NULL|NULL\n1 = 1 + 0 + 0\n");
    h = (hand_stream){0};
    hand_column(&h, "a", "i", 0);
    options.strict_drift = 1;
    text = read_arrow(ctx, &h, PLAIN, &options);
    ck_assert_ptr_nonnull(strstr(text, "MIMIC_ERR_DRIFT: <arrow>: "));
    free(text);
    h = (hand_stream){0};
    hand_column(&h, "a", "i", 0);
    hand_column(&h, "A", "i", 0);
    text = read_arrow(ctx, &h, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(text, "MIMIC_ERR_CSV_HEADER"));
    free(text);
    tear_down();
}
END_TEST

/* ---- the stream's own schema ---- */

START_TEST(arrow_rules__own_schema)
{
    static const struct {
        const char *format;
        const char *values;
        const char *type;
    } cases[] = {{"b", NULL, "boolean"},       {"c", NULL, "int16"},      {"C", NULL, "int16"},
                 {"s", NULL, "int16"},         {"S", NULL, "int32"},      {"i", NULL, "int32"},
                 {"I", NULL, "int64"},         {"l", NULL, "int64"},      {"L", NULL, "int64"},
                 {"e", NULL, "float32"},       {"f", NULL, "float32"},    {"g", NULL, "float64"},
                 {"d:10,2", NULL, "decimal"},  {"tdD", NULL, "date"},     {"tdm", NULL, "date"},
                 {"ttm", NULL, "time"},        {"tsn:", NULL, "timestamp"},
                 {"tss:UTC", NULL, "timestamptz"}, {"vu", NULL, "string"}, {"Z", NULL, "binary"},
                 {"w:4", NULL, "binary"},      {"n", NULL, "string"},     {"I", "U", "categorical"},
                 {"c", "l", "int64"}};
    set_up();
    hand_stream h = {0};
    char names[32][8];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        h.values[hand_column(&h, names[i], cases[i].format, i % 2 == 0 ? HAND_NULLABLE : 0)] =
            cases[i].values;
    }
    struct ArrowArrayStream stream = hand_open(&h);
    mimic_arrow_reader *reader = NULL;
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    options.name = "frame";
    ck_assert_int_eq(mimic_arrow_reader_open(ctx, &stream, NULL, &options, &reader, NULL), MIMIC_OK);
    const mimic_table *table = mimic_arrow_reader_table(reader);
    ck_assert_str_eq(mimic_table_name(table), "frame");
    ck_assert_uint_eq(mimic_drift_count(mimic_arrow_reader_drift(reader)), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mimic_field_info field = MIMIC_FIELD_INFO_INIT;
        ck_assert_int_eq(mimic_table_field(table, i, &field), MIMIC_OK);
        ck_assert_str_eq(field.name, names[i]);
        ck_assert_str_eq(mimic_type_name(field.type), cases[i].type);
        ck_assert_int_eq(field.is_required, i % 2 != 0 && cases[i].format[0] != 'n');
    }
    const mimic_batch *batch = NULL;
    ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, NULL), MIMIC_END);
    mimic_arrow_reader_free(reader);
    tear_down();
}
END_TEST

/* What nobody asked for may be of a type that no field can hold. */
START_TEST(arrow_rules__own_schema_of_chosen_columns)
{
    set_up();
    const char *chosen[] = {"b", NULL};
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    options.columns = chosen;
    for (options.column_count = 1; options.column_count < 3; options.column_count++) {
        hand_stream h = {0};
        hand_column(&h, "a", "d:60,2,256", HAND_NULLABLE);
        hand_column(&h, "b", "i", HAND_NULLABLE);
        struct ArrowArray *rows = hand_rows(&h, 1);
        hand_fixed(rows, 0, (int64_t[]){1, 0, 0, 0}, 32, NULL);
        hand_fixed(rows, 1, (int32_t[]){5}, 4, NULL);
        expect(&h, NULL, &options,
               options.column_count == 1 ? "5\n1 = 1 + 0 + 0\n"
                                         : "MIMIC_ERR_ARGUMENT: column 2 of the options is NULL\n");
    }
    tear_down();
}
END_TEST

/* ---- errors ---- */

START_TEST(arrow_rules__what_the_producer_says)
{
    static const struct {
        int code;
        mimic_status status;
    } cases[] = {{EIO, MIMIC_ERR_IO},
                 {EINVAL, MIMIC_ERR_IO},
                 {ENOMEM, MIMIC_ERR_MEMORY},
                 {ECANCELED, MIMIC_ERR_CANCELLED}};
    set_up();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mimic_error err = MIMIC_ERROR_INIT;
        hand_stream h = {.fail_code = cases[i].code, .fail_text = i == 1 ? NULL : "the disk is gone"};
        hand_column(&h, "v", "i", 0);
        hand_fixed(hand_rows(&h, 1), 0, (int32_t[]){5}, 4, NULL);
        struct ArrowArrayStream stream = hand_open(&h);
        mimic_arrow_reader *reader = NULL;
        const mimic_batch *batch = NULL;
        ck_assert_int_eq(mimic_arrow_reader_open(ctx, &stream, NULL, NULL, &reader, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, &err), MIMIC_OK);
        ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, &err), cases[i].status);
        ck_assert_ptr_null(batch);
        ck_assert_ptr_nonnull(
            strstr(err.message, i == 1 ? "the producer of the stream failed" : "the disk is gone"));
        const long calls = h.calls;
        ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, &err), cases[i].status);
        ck_assert_int_eq(h.calls, calls);
        mimic_arrow_reader_free(reader);
        ck_assert_int_eq(hand_live, 0);
    }
    hand_stream h = {.fail_schema = EIO, .fail_text = "no schema today"};
    expect(&h, NULL, NULL,
           "MIMIC_ERR_IO: <arrow>: the schema of the stream cannot be had: no schema today\n");
    tear_down();
}
END_TEST

static int stop(const mimic_reject *reject, void *seen)
{
    (void)reject;
    ++*(int *)seen;
    return 1;
}

START_TEST(arrow_rules__arguments_and_callbacks)
{
    set_up();
    hand_stream h;
    mimic_arrow_reader *reader = NULL;
    const mimic_batch *batch = NULL;
    mimic_arrow_options options = MIMIC_ARROW_OPTIONS_INIT;
    int seen = 0;
    make_rules(&h);
    struct ArrowArrayStream stream = hand_open(&h);
    ck_assert_int_eq(mimic_arrow_reader_open(NULL, &stream, NULL, NULL, &reader, NULL),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(stream.release);
    ck_assert_int_eq(mimic_arrow_reader_open(ctx, &stream, NULL, NULL, &reader, NULL),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_arrow_reader_open(ctx, NULL, NULL, NULL, &reader, NULL),
                     MIMIC_ERR_ARGUMENT);
    make_rules(&h);
    stream = hand_open(&h);
    options.on_error = 9;
    ck_assert_int_eq(mimic_arrow_reader_open(ctx, &stream, NULL, &options, &reader, NULL),
                     MIMIC_ERR_ARGUMENT);
    make_rules(&h);
    stream = hand_open(&h);
    options.on_error = 0;
    options.on_reject = stop;
    options.on_reject_ctx = &seen;
    ck_assert_int_eq(
        mimic_arrow_reader_open(ctx, &stream, read_schema(RULES), &options, &reader, NULL),
        MIMIC_OK);
    ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, NULL), MIMIC_ERR_CANCELLED);
    ck_assert_int_eq(mimic_arrow_reader_next(reader, &batch, NULL), MIMIC_ERR_CANCELLED);
    ck_assert_int_eq(seen, 1);
    ck_assert_int_eq(mimic_arrow_reader_next(NULL, &batch, NULL), MIMIC_ERR_ARGUMENT);
    mimic_arrow_reader_free(reader);
    mimic_arrow_reader_free(NULL);
    ck_assert_ptr_null(mimic_arrow_reader_table(NULL));
    ck_assert_ptr_null(mimic_arrow_reader_drift(NULL));
    tear_down();
}
END_TEST

static mimic_status read_rules(const mimic_context *failing, mimic_error *err)
{
    hand_stream h;
    mimic_arrow_reader *reader = NULL;
    const mimic_batch *batch = NULL;
    make_rules(&h);
    struct ArrowArrayStream stream = hand_open(&h);
    mimic_status status =
        mimic_arrow_reader_open(failing, &stream, read_schema(RULES), NULL, &reader, err);
    while (status == MIMIC_OK)
        status = mimic_arrow_reader_next(reader, &batch, err);
    mimic_arrow_reader_free(reader);
    ck_assert_int_eq(hand_live, 0);
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status read_own(const mimic_context *failing, mimic_error *err)
{
    hand_stream h;
    mimic_arrow_reader *reader = NULL;
    const mimic_batch *batch = NULL;
    make_rules(&h);
    struct ArrowArrayStream stream = hand_open(&h);
    mimic_status status = mimic_arrow_reader_open(failing, &stream, NULL, NULL, &reader, err);
    while (status == MIMIC_OK)
        status = mimic_arrow_reader_next(reader, &batch, err);
    mimic_arrow_reader_free(reader);
    ck_assert_int_eq(hand_live, 0);
    return status == MIMIC_END ? MIMIC_OK : status;
}

START_TEST(arrow_rules__memory_runs_out)
{
    set_up();
    ck_assert_int_gt(replay_failing_allocations(read_rules), 20);
    ck_assert_int_gt(replay_failing_allocations(read_own), 20);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(arrow_rules, arrow_rules__rows_that_are_null_and_slices, arrow_rules__a_long_array_in_blocks, arrow_rules__arrays_that_contradict_themselves, arrow_rules__wide_values_and_none, arrow_rules__types_that_never_fit, arrow_rules__constraints_and_policies, arrow_rules__columns_and_drift, arrow_rules__own_schema, arrow_rules__own_schema_of_chosen_columns, arrow_rules__what_the_producer_says, arrow_rules__arguments_and_callbacks, arrow_rules__memory_runs_out)
