/*
 * A selection gives exactly the rows and columns that picking them by hand from all rows gives,
 * whatever the target and wherever it finds them; and a stream goes out as an Arrow stream.
 */
#include "scan_fixture.h"

#include "check_main.h"

/* A selection, and the same thing said to the test. */
typedef struct choice {
    mimic_scan_selection selection;
    size_t columns[FIXTURE_FIELDS]; /* the chosen ones, indexes in the table */
    size_t column_count;
} choice;

static int holds_integer(const mimic_csv_filter *filter, const mimic_column *column, int64_t row)
{
    size_t size = 0;
    int64_t value = 0;
    if (!mimic_column_is_valid(column, row))
        return 0;
    const void *bytes = fixture_value(column, row, &size);
    if (size == 2)
        value = *(const int16_t *)bytes;
    else if (size == 4)
        value = *(const int32_t *)bytes;
    else
        value = *(const int64_t *)bytes;
    for (size_t i = 0; i < filter->value_count; i++)
        if (filter->values[i] == value)
            return 1;
    return 0;
}

static int holds_text(const mimic_text_filter *filter, const mimic_column *column, int64_t row)
{
    size_t size = 0;
    if (!mimic_column_is_valid(column, row))
        return 0;
    const char *text = fixture_value(column, row, &size);
    for (size_t i = 0; i < filter->value_count; i++)
        if (strlen(filter->values[i]) == size && memcmp(filter->values[i], text, size) == 0)
            return 1;
    return 0;
}

static int is_wanted(const world *w, const mimic_scan_selection *selection, const mimic_batch *batch,
                     int64_t row)
{
    for (size_t i = 0; i < selection->filter_count; i++) {
        const int64_t field = mimic_table_find_field(w->table, selection->filters[i].column);
        if (!holds_integer(&selection->filters[i], &batch->columns[field], row))
            return 0;
    }
    for (size_t i = 0; i < selection->text_filter_count; i++) {
        const int64_t field = mimic_table_find_field(w->table, selection->text_filters[i].column);
        if (!holds_text(&selection->text_filters[i], &batch->columns[field], row))
            return 0;
    }
    return 1;
}

static mimic_scan_stream *select_rows(mimic_scan *scan, const mimic_scan_selection *selection)
{
    mimic_scan_stream *stream = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status = mimic_scan_select(scan, mimic_scan_find_table(scan, "things"),
                                                  selection, &stream, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return stream;
}

/* Returns the number of rows. */
static int64_t check_choice(const world *w, mimic_scan *scan, const choice *chosen)
{
    const mimic_scan_selection *selection = &chosen->selection;
    fixture_reader reader = {.stream = select_rows(scan, selection)};
    const int64_t limit = selection->limit > 0 ? selection->limit : INT64_MAX;
    mimic_error err = MIMIC_ERROR_INIT;
    int64_t rows = 0;
    int64_t next = 0;
    ck_assert_uint_eq(mimic_table_field_count(mimic_scan_stream_table(reader.stream)),
                      chosen->column_count);
    for (size_t k = 0; k < BATCHES; k++) {
        const mimic_batch *written = &w->batches[k].batch;
        for (int64_t row = 0; row < written->row_count && rows < limit; row++) {
            if (!is_wanted(w, selection, written, row))
                continue;
            if (reader.batch == NULL || reader.row == reader.batch->row_count) {
                ck_assert_msg(mimic_scan_next(reader.stream, &reader.batch, &err) == MIMIC_OK, "%s",
                              err.message);
                ck_assert_int_eq(reader.batch->first_row, next);
                ck_assert_uint_eq(reader.batch->column_count, chosen->column_count);
                ck_assert_int_gt(reader.batch->row_count, 0);
                next += reader.batch->row_count;
                reader.row = 0;
            }
            for (size_t i = 0; i < chosen->column_count; i++)
                fixture_same(&written->columns[chosen->columns[i]], row, &reader.batch->columns[i],
                             reader.row, reader.batch->table->fields[i].name);
            reader.row++;
            rows++;
        }
    }
    fixture_end(&reader);
    return rows;
}

#define TEXTS_MAX 5000
#define FILTERS_MAX 1200

/* Filters that some rows pass, on few and on very many values. */
static void check_target(const way *by)
{
    static const char *const names[] = {"double", "Id"};
    static const char *const texts[] = {"a",    "x,y\"z", "", "NULL",
                                        "back\\slash, 'quote' and\ttab"};
    static const char *const categories[] = {"\xc3\xa9t\xc3\xa9", "two words", "A", "line\nend"};
    static char many_bytes[TEXTS_MAX][8];
    static const char *many_texts[TEXTS_MAX];
    static int64_t many[TEXTS_MAX];
    static int64_t small[TEXTS_MAX];
    static mimic_csv_filter crowd[FILTERS_MAX];
    world w;
    make_world(&w, 31);
    store(&w, by);
    mimic_scan *scan = open_scan(&w, NULL);
    for (int i = 0; i < TEXTS_MAX; i++) {
        many[i] = 2430 - 3 * (int64_t)i;
        small[i] = 13 * (int64_t)i - 32768;
        snprintf(many_bytes[i], sizeof many_bytes[i], "t%d", i);
        many_texts[i] = i == 77 ? "a" : many_bytes[i];
    }
    const mimic_csv_filter ids[] = {{"id", many, TEXTS_MAX}, {"small", small, TEXTS_MAX}};
    const mimic_csv_filter few = {"ID", many, 40};
    for (int i = 0; i < FILTERS_MAX; i++)
        crowd[i] = few;
    const mimic_csv_filter none = {"middle", many, 0};
    const mimic_text_filter text = {"text", texts, 5};
    const mimic_text_filter both[] = {{"category", categories, 4}, {"text", texts, 4}};
    const mimic_text_filter long_list = {"text", many_texts, TEXTS_MAX};
    const mimic_text_filter no_text = {"text", texts, 0};
    const struct {
        const mimic_csv_filter *filters;
        size_t filter_count;
        const mimic_text_filter *texts;
        size_t text_count;
        int is_empty;
    } cases[] = {{NULL, 0, NULL, 0, 0},   {&few, 1, NULL, 0, 0},        {ids, 1, NULL, 0, 0},
                 {ids, 2, NULL, 0, 0},    {&none, 1, NULL, 0, 1},       {NULL, 0, &text, 1, 0},
                 {NULL, 0, both, 2, 0},   {ids, 1, both, 1, 0},         {NULL, 0, &long_list, 1, 0},
                 {&few, 1, &text, 1, 0},  {NULL, 0, &no_text, 1, 1},
                 {crowd, FILTERS_MAX, NULL, 0, 0}};
    static const int64_t limits[] = {0, 1, 7, 300, 100000};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++)
            for (size_t columns = 0; columns <= 3; columns++) {
                choice chosen = {.selection = MIMIC_SCAN_SELECTION_INIT, .columns = {5, 0}};
                chosen.selection.filters = cases[i].filters;
                chosen.selection.filter_count = cases[i].filter_count;
                chosen.selection.text_filters = cases[i].texts;
                chosen.selection.text_filter_count = cases[i].text_count;
                chosen.selection.limit = limits[k];
                chosen.column_count = columns == 3 ? FIXTURE_FIELDS : columns;
                chosen.selection.columns = columns == 3 ? NULL : names;
                chosen.selection.column_count = columns == 3 ? 0 : columns;
                for (size_t c = 0; c < FIXTURE_FIELDS && columns == 3; c++)
                    chosen.columns[c] = c;
                const int64_t rows = check_choice(&w, scan, &chosen);
                ck_assert_msg(cases[i].is_empty ? rows == 0 : rows > 0, "case %zu: %lld rows", i,
                              (long long)rows);
            }
    mimic_scan_free(scan);
    free_world(&w);
}

START_TEST(scan_select__gives_the_rows_that_are_wanted)
{
    for (size_t i = 0; way_at(i) != NULL; i++)
        check_target(way_at(i));
}
END_TEST

START_TEST(scan_select__refuses_what_makes_no_sense)
{
    static const char *const not_utf8[] = {"\xff"};
    static const char *const no_text[] = {NULL};
    static const int64_t numbers[] = {1};
    const mimic_csv_filter wrong[] = {{"text", numbers, 1}, {"other", numbers, 1},
                                      {NULL, numbers, 1},   {"id", NULL, 1}};
    const mimic_text_filter wrong_texts[] = {
        {"id", not_utf8, 0}, {"other", not_utf8, 0}, {"text", not_utf8, 1}, {"text", no_text, 1}};
    world w;
    make_world(&w, 31);
    store(&w, &WAYS[0]);
    mimic_scan *scan = open_scan(&w, NULL);
    mimic_scan_stream *stream = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    for (size_t i = 0; i < 8; i++) {
        mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
        const mimic_status expected = i % 4 == 1 ? MIMIC_ERR_NOT_FOUND : MIMIC_ERR_ARGUMENT;
        selection.filters = i < 4 ? &wrong[i] : NULL;
        selection.filter_count = i < 4;
        selection.text_filters = i < 4 ? NULL : &wrong_texts[i - 4];
        selection.text_filter_count = i >= 4;
        ck_assert_int_eq(mimic_scan_select(scan, mimic_scan_table(scan, 0), &selection, &stream,
                                           &err),
                         expected);
        ck_assert_ptr_null(stream);
    }
    mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
    selection.filter_count = 1;
    ck_assert_int_eq(
        mimic_scan_select(scan, mimic_scan_table(scan, 0), &selection, &stream, &err),
        MIMIC_ERR_ARGUMENT);
    struct ArrowArrayStream arrow;
    ck_assert_int_eq(mimic_scan_stream_export(&stream, &arrow, &err), MIMIC_ERR_ARGUMENT);
    mimic_scan_free(scan);
    free_world(&w);
}
END_TEST

START_TEST(scan_select__goes_out_as_an_arrow_stream)
{
    for (size_t i = 0; way_at(i) != NULL; i++) {
        world w;
        struct ArrowArrayStream arrow;
        struct ArrowSchema schema;
        struct ArrowArray array;
        mimic_error err = MIMIC_ERROR_INIT;
        int64_t rows = 0;
        make_world(&w, 31);
        store(&w, way_at(i));
        mimic_scan *scan = open_scan(&w, NULL);
        mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
        selection.limit = 1000;
        mimic_scan_stream *stream = select_rows(scan, &selection);
        ck_assert_int_eq(mimic_scan_stream_export(&stream, &arrow, &err), MIMIC_OK);
        ck_assert_ptr_null(stream);
        ck_assert_int_eq(arrow.get_schema(&arrow, &schema), 0);
        ck_assert_int_eq(schema.n_children, FIXTURE_FIELDS);
        schema.release(&schema);
        for (;;) {
            ck_assert_int_eq(arrow.get_next(&arrow, &array), 0);
            if (array.release == NULL)
                break;
            rows += array.length;
            array.release(&array);
        }
        ck_assert_int_eq(rows, 1000);
        ck_assert_ptr_null(arrow.get_last_error(&arrow));
        arrow.release(&arrow);
        mimic_scan_free(scan);
        free_world(&w);
    }
}
END_TEST

/* Each allocation fails in turn; the long list of texts is no business of the database. */
START_TEST(scan_select__survives_failing_allocations)
{
    static const char *const texts[] = {"a", "NULL"};
    static const char *const categories[] = {"two words", "a", ""};
    static const char *const names[] = {"id", "double"};
    static const way *const ways[] = {&WAYS[0], &WAYS[3], &WAYS[8]};
    const mimic_text_filter filters[] = {{"text", texts, 2}, {"category", categories, 3}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        world w;
        make_world(&w, 3);
        store(&w, ways[i]);
        bool is_done = false;
        for (long fail_at = 1; !is_done; fail_at++) {
            test_allocator allocator = {.fail_at = fail_at};
            mimic_context *ctx = test_context_make(&allocator);
            mimic_scan *scan = NULL;
            mimic_scan_stream *stream = NULL;
            struct ArrowArrayStream arrow = {0};
            struct ArrowArray array = {0};
            mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
            selection.columns = names;
            selection.column_count = 2;
            selection.text_filters = filters;
            selection.text_filter_count = 2;
            selection.limit = 60;
            if (ctx == NULL)
                continue;
            mimic_status status = mimic_scan_open(ctx, w.registry, w.target, NULL, &scan, NULL);
            if (status == MIMIC_OK)
                status = mimic_scan_select(scan, mimic_scan_table(scan, 0), &selection, &stream, NULL);
            if (status == MIMIC_OK)
                status = mimic_scan_stream_export(&stream, &arrow, NULL);
            ck_assert_msg(status == MIMIC_OK || status == MIMIC_ERR_MEMORY, "%d", status);
            while (status == MIMIC_OK) {
                status = arrow.get_next(&arrow, &array) == 0 ? MIMIC_OK : MIMIC_ERR_MEMORY;
                if (status == MIMIC_OK && array.release == NULL)
                    status = MIMIC_END;
                else if (status == MIMIC_OK)
                    array.release(&array);
            }
            is_done = allocator.calls < fail_at;
            ck_assert(is_done == (status == MIMIC_END));
            if (arrow.release != NULL)
                arrow.release(&arrow);
            mimic_scan_stream_free(stream);
            mimic_scan_free(scan);
            mimic_context_free(ctx);
            ck_assert_int_eq(allocator.alive, 0);
        }
        free_world(&w);
    }
}
END_TEST

MIMIC_TEST_MAIN(scan_select, scan_select__gives_the_rows_that_are_wanted,
                scan_select__refuses_what_makes_no_sense, scan_select__goes_out_as_an_arrow_stream,
                scan_select__survives_failing_allocations)
