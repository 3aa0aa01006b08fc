/*
 * Frames and where their batches come from: a CSV reader whose dictionary grows, streams whose
 * dictionaries change, texts and their numbers, schemas that go before the frame does, and NULLs that
 * a schema does not allow.
 */
#include <stdio.h>
#include <string.h>

#include "frame_fixture.h"
#include "read_csv.h"

/* ---- from a reader ---- */

/* A cell of a batch as the cells of hand-made batches are. */
static test_cell cell_of(const mimic_column *column, int64_t row)
{
    test_cell cell = {.is_present = mimic_column_is_valid(column, row)};
    const char *const values = column->values;
    if (!cell.is_present)
        return cell;
    if (column->dictionary != NULL) {
        const int64_t code = integer_at(values, 4, row);
        cell.text = column->dictionary->bytes + column->dictionary->offsets[code];
        cell.size = (size_t)(column->dictionary->offsets[code + 1] - column->dictionary->offsets[code]);
    } else if (column->offsets != NULL) {
        cell.text = values + column->offsets[row];
        cell.size = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    } else if (column->type == MIMIC_TYPE_BOOLEAN) {
        cell.integer = values[row / 8] >> (row % 8) & 1;
    } else if (column->type == MIMIC_TYPE_FLOAT64) {
        cell.real = ((const double *)column->values)[row];
    } else if (column->type == MIMIC_TYPE_DECIMAL) {
        memcpy(&cell.decimal, values + row * 16, 16);
    } else {
        const bool is_short = column->type == MIMIC_TYPE_INT32 || column->type == MIMIC_TYPE_DATE;
        cell.integer = integer_at(values, is_short ? 4 : 8, row);
    }
    return cell;
}

static const char *const csv_schema =
    "{\"name\": \"t\", \"fields\": ["
    "{\"name\": \"id\", \"type\": \"integer\", \"constraints\": {\"required\": true}, \"mimic\": {\"type\": "
    "\"int32\"}},"
    "{\"name\": \"large\", \"type\": \"integer\", \"mimic\": {\"type\": \"int64\"}},"
    "{\"name\": \"real\", \"type\": \"number\", \"mimic\": {\"type\": \"float64\"}},"
    "{\"name\": \"price\", \"type\": \"number\", \"mimic\": {\"type\": \"decimal(10,2)\"}},"
    "{\"name\": \"day\", \"type\": \"date\", \"mimic\": {\"type\": \"date\"}},"
    "{\"name\": \"time\", \"type\": \"datetime\", \"format\": \"%Y-%m-%d %H:%M:%S\", \"mimic\": {\"type\": "
    "\"timestamp\"}},"
    "{\"name\": \"kind\", \"type\": \"string\", \"mimic\": {\"type\": \"categorical\"}},"
    "{\"name\": \"text\", \"type\": \"string\", \"mimic\": {\"type\": \"string\"}},"
    "{\"name\": \"yes\", \"type\": \"boolean\", \"mimic\": {\"type\": \"boolean\"}}]}";

static void put_csv(read_text *out, int rows)
{
    read_put(out, "id,large,real,price,day,time,kind,text,yes\n");
    for (int row = 0; row < rows; row++) {
        const uint32_t empty = random_below(4) == 0 ? random_below(256) : 0;
        read_put(out, "%d,", random_below(50) == 0 ? -row : row);
        for (uint32_t i = 0; i < 8; i++) {
            const uint32_t n = random_below(30000);
            if ((empty >> i & 1) == 0) {
                if (i == 0)
                    read_put(out, "%u00000", n);
                else if (i < 3)
                    read_put(out, "%u.%02u", n, n % 100);
                else if (i < 5)
                    read_put(out, "%u-%02u-%02u%s", 1800 + n % 400, 1 + n % 12, 1 + n % 28,
                             i == 3 ? "" : " 12:34:56");
                else if (i < 7)
                    read_put(out, "%s%u", i == 5 ? "k" : "a text ",
                             n % (i == 5 ? 1 + (uint32_t)row / 9 : 5000));
                else
                    read_put(out, n % 2 == 0 ? "true" : "false");
            }
            read_put(out, i < 7 ? "," : "\n");
        }
    }
}

static mimic_csv_reader *open_csv(const mimic_context *ctx, const read_text *csv, int jobs,
                                  mimic_source **out_source)
{
    mimic_csv_reader *reader = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = jobs;
    options.block_bytes = 3000;
    ck_assert_int_eq(mimic_source_from_memory(ctx, csv->data, csv->size, "t", NULL, out_source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_csv_reader_open(ctx, *out_source, read_schema(csv_schema), &options,
                                           &reader, NULL),
                     MIMIC_OK);
    return reader;
}

static void check_csv(const mimic_context *ctx, const read_text *csv, mimic_frame *frame,
                      bool is_dense)
{
    mimic_source *source = NULL;
    mimic_csv_reader *reader = open_csv(ctx, csv, 1, &source);
    const mimic_batch *batch = NULL;
    int64_t first = 0;
    while (mimic_csv_reader_next(reader, &batch, NULL) == MIMIC_OK) {
        for (size_t i = 0; i < batch->column_count; i++) {
            const mimic_frame_column view = get(frame, i);
            for (int64_t row = 0; row < batch->row_count; row++) {
                const test_cell cell = cell_of(&batch->columns[i], row);
                if (is_dense)
                    check_dense_cell(&view, first + row, &cell, true);
                else
                    check_arrow_cell(&view, first + row, &cell);
            }
        }
        first += batch->row_count;
    }
    ck_assert_int_eq(first, mimic_frame_row_count(frame));
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
}

START_TEST(frame__holds_what_a_reader_gave_and_outlives_it)
{
    mimic_context *ctx = new_context();
    read_text csv = {NULL, 0, 0};
    random_state = 5;
    put_csv(&csv, 4000);
    for (int form = 0; form < 2; form++) {
        mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
        mimic_frame *frame = NULL;
        mimic_source *source = NULL;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_batch *batch = NULL;
        options.form = form;
        options.nanoseconds = form;
        mimic_csv_reader *reader = open_csv(ctx, &csv, 2, &source);
        ck_assert_int_eq(
            mimic_frame_new(ctx, mimic_csv_reader_table(reader), &options, &frame, &err), MIMIC_OK);
        while (mimic_csv_reader_next(reader, &batch, &err) == MIMIC_OK)
            ck_assert_msg(mimic_frame_append(frame, batch, &err) == MIMIC_OK, "%s", err.message);
        mimic_csv_reader_free(reader);
        mimic_source_free(source);
        ck_assert_int_gt(mimic_frame_row_count(frame), 3000);
        check_csv(ctx, &csv, frame, form == 1);
        mimic_frame_free(frame);
    }
    free(csv.data);
    mimic_context_free(ctx);
}
END_TEST

static const char *const other_schema =
    "{\"name\": \"other\", \"primaryKey\": [\"a\"], \"foreignKeys\": [{\"fields\": [\"b\"], \"reference\": "
    "{\"resource\": \"\", \"fields\": [\"a\"]}}], \"fields\": [{\"name\": \"a\", \"type\": \"string\", "
    "\"description\": \"first\", \"constraints\": {\"required\": true, \"enum\": [\"x\", \"y\"], \"minLength\": 1}}, "
    "{\"name\": \"b\", \"type\": \"string\", \"title\": \"B\"}]}";

START_TEST(frame__has_a_table_of_its_own)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = NULL;
    const mimic_dataset *dataset = NULL;
    mimic_frame *frame = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    ck_assert_msg(mimic_registry_add_json(registry, other_schema, strlen(other_schema), "t",
                                          &dataset, &err) == MIMIC_OK,
                  "%s", err.message);
    struct ArrowSchema before, after;
    const mimic_table *table = mimic_dataset_table(dataset, 0);
    ck_assert_int_eq(mimic_table_export_schema(ctx, table, &before, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_frame_new(ctx, table, NULL, &frame, NULL), MIMIC_OK);
    mimic_registry_free(registry);
    table = mimic_frame_table(frame);
    ck_assert_int_eq(mimic_table_export_schema(ctx, table, &after, NULL), MIMIC_OK);
    ck_assert_int_eq(before.n_children, after.n_children);
    for (int64_t i = 0; i < before.n_children; i++) {
        ck_assert_str_eq(before.children[i]->name, after.children[i]->name);
        ck_assert_str_eq(before.children[i]->format, after.children[i]->format);
    }
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    ck_assert_int_eq(mimic_table_field(table, 0, &field), MIMIC_OK);
    ck_assert_str_eq(field.description, "first");
    ck_assert_uint_eq(table->fields[0].enum_count, 2);
    ck_assert_str_eq(table->fields[0].enum_values[1].data, "y");
    ck_assert_uint_eq(mimic_table_primary_key(table, NULL), 1);
    mimic_foreign_key_info key = MIMIC_FOREIGN_KEY_INFO_INIT;
    ck_assert_int_eq(mimic_table_foreign_key(table, 0, &key), MIMIC_OK);
    ck_assert_str_eq(key.referenced_fields[0], "a");
    before.release(&before);
    after.release(&after);
    mimic_frame_free(frame);
    mimic_context_free(ctx);
}
END_TEST

/* A NULL where the schema allows none, as a database may hold one, is still a NULL. */
START_TEST(frame__shows_a_null_against_the_schema)
{
    mimic_context *ctx = new_context();
    test_table t;
    test_table_make(&t, "t");
    test_table_field(&t, "value", MIMIC_TYPE_INT32, true);
    for (int form = 0; form < 2; form++) {
        mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
        mimic_frame *frame = NULL;
        options.form = form;
        ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, NULL), MIMIC_OK);
        for (int round = 0; round < 3; round++) {
            test_batch b;
            test_batch_make(&b, &t.table, 3);
            for (int64_t row = 0; row < 3; row++)
                if (round != 1 || row != 1)
                    test_set_integer(&b, 0, row, 7);
            ck_assert_int_eq(mimic_frame_append(frame, test_batch_view(&b), NULL), MIMIC_OK);
            test_batch_free(&b);
        }
        const mimic_frame_column view = get(frame, 0);
        ck_assert_int_eq(view.null_count, 1);
        for (int64_t row = 0; row < 9; row++)
            ck_assert_int_eq(form == 0 ? (view.validity[row / 8] >> (row % 8) & 1) == 0
                                       : view.missing[row],
                             row == 4);
        mimic_frame_free(frame);
    }
    mimic_context_free(ctx);
}
END_TEST

/* ---- dictionaries ---- */

static void append_categories(mimic_frame *frame, const mimic_table *table,
                              const mimic_dictionary *dictionary, const int32_t *codes, int64_t rows)
{
    mimic_column column = {.type = MIMIC_TYPE_CATEGORICAL, .values = codes, .dictionary = dictionary};
    const mimic_batch batch = {rows, 1, &column, table, 1, 0};
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(mimic_frame_append(frame, &batch, &err) == MIMIC_OK, "%s", err.message);
}

START_TEST(frame__keeps_codes_true_when_dictionaries_change)
{
    static const int32_t ab_offsets[] = {0, 1, 2}, abc_offsets[] = {0, 1, 2, 3};
    static const int32_t cb_offsets[] = {0, 1, 2};
    const mimic_dictionary ab = {2, ab_offsets, "ab"};
    const mimic_dictionary abc = {3, abc_offsets, "abc"};
    const mimic_dictionary db = {2, cb_offsets, "db"};
    const mimic_dictionary abcd = {0, NULL, NULL};
    static const int32_t codes[] = {0, 1, 2, 1};
    mimic_context *ctx = new_context();
    test_table t;
    test_table_make(&t, "t");
    test_table_field(&t, "kind", MIMIC_TYPE_CATEGORICAL, true);
    for (int form = 0; form < 2; form++) {
        mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
        options.form = form;
        mimic_frame *frame = NULL;
        ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, NULL), MIMIC_OK);
        append_categories(frame, &t.table, &ab, codes, 2);
        ck_assert_int_eq(get(frame, 0).text_count, 2);
        append_categories(frame, &t.table, &abc, codes, 3);
        append_categories(frame, &t.table, &db, codes, 2);
        append_categories(frame, &t.table, &ab, codes, 2);
        append_categories(frame, &t.table, &abcd, codes, 0);
        append_categories(frame, &t.table, &abc, codes, 4);
        const mimic_frame_column view = get(frame, 0);
        static const int32_t expected[] = {0, 1, 0, 1, 2, 3, 1, 0, 1, 0, 1, 2, 1};
        ck_assert_int_eq(view.row_count, 13);
        ck_assert_mem_eq(view.values, expected, sizeof expected);
        ck_assert_int_eq(view.text_count, 4);
        ck_assert_int_eq(view.texts_size, 8);
        ck_assert_mem_eq(view.texts, "a\0b\0c\0d", 8);
        mimic_frame_free(frame);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(frame__numbers_texts_by_first_appearance)
{
    mimic_context *ctx = new_context();
    test_table t;
    test_table_make(&t, "t");
    test_table_field(&t, "text", MIMIC_TYPE_STRING, false);
    mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
    options.form = MIMIC_FRAME_DENSE;
    mimic_frame *frame = NULL;
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, NULL), MIMIC_OK);
    /* Each number comes first at its own row, then again in other batches. */
    enum { DISTINCT = 30000 };
    static char texts[DISTINCT][8];
    for (int round = 0; round < 2; round++) {
        test_batch b;
        test_batch_make(&b, &t.table, DISTINCT);
        for (int64_t row = 0; row < DISTINCT; row++) {
            snprintf(texts[row], sizeof texts[row], "%d", (int)row);
            if (row % 5 != 1 || round == 1)
                test_set_text(&b, 0, row, texts[row]);
        }
        ck_assert_int_eq(mimic_frame_append(frame, test_batch_view(&b), NULL), MIMIC_OK);
        test_batch_free(&b);
    }
    const mimic_frame_column view = get(frame, 0);
    const int32_t *const codes = view.values;
    ck_assert_int_eq(view.text_count, DISTINCT);
    int32_t next = 0;
    for (int32_t row = 0; row < DISTINCT; row++)
        ck_assert_int_eq(codes[row], row % 5 == 1 ? -1 : next++);
    for (int32_t row = 0; row < DISTINCT; row++) {
        const int32_t code = codes[DISTINCT + row];
        ck_assert_int_eq(code, row % 5 == 1 ? next++ : codes[row]);
        ck_assert_str_eq(view.texts + view.text_offsets[code], texts[row]);
    }
    mimic_frame_free(frame);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(frame_reader, frame__holds_what_a_reader_gave_and_outlives_it,
                frame__has_a_table_of_its_own, frame__shows_a_null_against_the_schema,
                frame__keeps_codes_true_when_dictionaries_change,
                frame__numbers_texts_by_first_appearance)
