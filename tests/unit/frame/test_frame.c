/*
 * Frames against the cells of the batches that went in: every type, required and not, in both forms,
 * batches of uneven sizes around 8 and 64 rows, rows without NULL, with some, and with nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"
#include "frame_fixture.h"

#define TYPES 14
#define COLUMNS (2 * TYPES)
#define BATCHES 12

/* Column i is of type i % 14 + 1; the first fourteen are required. */
static void make_table(test_table *t)
{
    static char names[COLUMNS][8];
    test_table_make(t, "all");
    for (size_t i = 0; i < COLUMNS; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        test_table_field(t, names[i], (mimic_type)(i % TYPES + 1), i < TYPES);
    }
}

static const char *const words[] = {"",     "a",       "b",        "abc",       "abd",
                                    "abcd", "abcdefg", "abcdefgh", "mg/dL",     "NEGATIVE",
                                    "___",  "\xc3\xa9", "abcdefghijklmnop", "abcdefghijklmnoq",
                                    "a text of more than thirty-two bytes, that is not short",
                                    "a text of more than thirty-two bytes, that is not shorT"};

static void set_cell(const test_batch *b, size_t column, int64_t row, mimic_type type)
{
    const int64_t number = (int64_t)random_below(2000000) - 1000000;
    test_cell *const cell = test_cell_at(b, column, row);
    cell->integer = number;
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        cell->integer = number & 1;
        break;
    case MIMIC_TYPE_INT16:
        cell->integer = number % 32768;
        break;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        cell->real = (double)number / 8;
        break;
    case MIMIC_TYPE_DECIMAL:
        cell->decimal = (mimic_int128){.low = (uint64_t)number, .high = number < 0 ? -1 : 0};
        break;
    case MIMIC_TYPE_DATE:
        cell->integer = number % 100000;
        break;
    case MIMIC_TYPE_TIME:
        cell->integer = (number + 1000000) * 43000;
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        cell->integer = number * 9000000000;
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        cell->text = words[random_below(sizeof words / sizeof words[0])];
        cell->size = strlen(cell->text);
        break;
    default:
        break;
    }
}

/* nulls: of 8, how many cells of a nullable column are NULL. */
static void fill_batch(test_batch *b, const mimic_table *table, int64_t rows, uint32_t nulls)
{
    test_batch_make(b, table, rows);
    for (int64_t row = 0; row < rows; row++)
        for (size_t i = 0; i < table->field_count; i++)
            if (table->fields[i].is_required || random_below(8) >= nulls)
                set_cell(b, i, row, table->fields[i].type);
    test_batch_view(b);
}

typedef struct batches {
    test_table table;
    test_batch list[BATCHES];
    size_t count;
    int64_t rows;
} batches;

static void make_batches(batches *all, uint64_t seed)
{
    static const int64_t sizes[] = {1, 3, 7, 8, 9, 15, 16, 63, 64, 65, 200, 1023, 1024, 1025, 2500, 0};
    random_state = seed * 7919 + 1;
    memset(all, 0, sizeof *all);
    make_table(&all->table);
    all->count = 1 + random_below(BATCHES - 1);
    const uint32_t habit = random_below(10); /* 0..8: that many of 8 are NULL; 9: it changes */
    for (size_t i = 0; i < all->count; i++) {
        const int64_t rows = sizes[random_below(sizeof sizes / sizeof sizes[0])];
        fill_batch(&all->list[i], &all->table.table, rows, habit < 9 ? habit : random_below(9));
        all->rows += rows;
    }
}

static void free_batches(batches *all)
{
    for (size_t i = 0; i < all->count; i++)
        test_batch_free(&all->list[i]);
}

static mimic_frame *gather(const mimic_context *ctx, const batches *all,
                           const mimic_frame_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_frame *frame = NULL;
    ck_assert_int_eq(mimic_frame_new(ctx, &all->table.table, options, &frame, &err), MIMIC_OK);
    for (size_t i = 0; i < all->count; i++)
        ck_assert_msg(mimic_frame_append(frame, &all->list[i].batch, &err) == MIMIC_OK, "%s",
                      err.message);
    ck_assert_int_eq(mimic_frame_row_count(frame), all->rows);
    return frame;
}

/* What a view may have, whatever the rows. */
static void check_view(const mimic_frame_column *view, const mimic_field *field, bool is_dense)
{
    const bool has_bytes = field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_BINARY;
    const bool has_texts = field->type == MIMIC_TYPE_CATEGORICAL ||
                           (field->type == MIMIC_TYPE_STRING && is_dense);
    ck_assert_ptr_nonnull(view->values);
    ck_assert_uint_eq((uintptr_t)view->values % 64, 0);
    ck_assert_int_eq(view->type, field->type);
    ck_assert_int_eq(view->offsets != NULL, has_bytes && !is_dense);
    ck_assert_int_eq(view->long_offsets != NULL, field->type == MIMIC_TYPE_BINARY && is_dense);
    ck_assert_int_eq(view->texts != NULL, has_texts);
    ck_assert_int_eq(view->text_offsets != NULL, has_texts);
    if (!is_dense) {
        ck_assert_int_eq(view->validity != NULL, view->null_count > 0);
        ck_assert_ptr_null(view->missing);
        return;
    }
    ck_assert_ptr_null(view->validity);
    const bool can_miss = field->type <= MIMIC_TYPE_INT64 || field->type == MIMIC_TYPE_DECIMAL ||
                          field->type == MIMIC_TYPE_BINARY;
    ck_assert_int_eq(view->missing != NULL, can_miss && !field->is_required);
}

static void check_frame(mimic_frame *frame, const batches *all, bool is_dense, bool is_fine)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const mimic_frame_column view = get(frame, i);
        int64_t first = 0;
        int64_t nulls = 0;
        ck_assert_int_eq(view.row_count, all->rows);
        check_view(&view, &all->table.table.fields[i], is_dense);
        for (size_t b = 0; b < all->count; b++) {
            const test_batch *const batch = &all->list[b];
            for (int64_t row = 0; row < batch->batch.row_count; row++) {
                const test_cell *const cell = &batch->cells[(size_t)row * COLUMNS + i];
                nulls += !cell->is_present;
                if (is_dense)
                    check_dense_cell(&view, first + row, cell, is_fine);
                else
                    check_arrow_cell(&view, first + row, cell);
            }
            first += batch->batch.row_count;
        }
        ck_assert_int_eq(view.null_count, nulls);
    }
}

START_TEST(frame__holds_what_batches_held)
{
    mimic_context *ctx = new_context();
    for (uint64_t seed = 0; seed < 60; seed++) {
        batches all;
        make_batches(&all, seed);
        for (int form = 0; form < 3; form++) {
            mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
            options.form = form == 0 ? MIMIC_FRAME_ARROW : MIMIC_FRAME_DENSE;
            options.nanoseconds = form == 2;
            options.expected_rows = (int64_t)(seed % 3) * 700;
            mimic_frame *frame = gather(ctx, &all, &options);
            check_frame(frame, &all, form > 0, form == 2);
            mimic_frame_free(frame);
        }
        free_batches(&all);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(frame__without_rows_has_values)
{
    mimic_context *ctx = new_context();
    batches all;
    memset(&all, 0, sizeof all);
    make_table(&all.table);
    for (int form = 0; form < 2; form++) {
        mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
        options.form = form;
        mimic_frame *frame = gather(ctx, &all, &options);
        check_frame(frame, &all, form == 1, false);
        for (size_t i = 0; i < COLUMNS; i++) {
            const mimic_frame_column view = get(frame, i);
            if (view.offsets != NULL)
                ck_assert_int_eq(view.offsets[0], 0);
            if (view.long_offsets != NULL)
                ck_assert_int_eq(view.long_offsets[0], 0);
            if (view.text_offsets != NULL)
                ck_assert_int_eq(view.text_offsets[0], 0);
        }
        mimic_frame_free(frame);
    }
    mimic_context_free(ctx);
}
END_TEST

/* ---- Arrow ---- */

/* A view of an exported column, so that check_frame's eyes see it. */
static void check_array(const struct ArrowArray *array, const batches *all, size_t column)
{
    const mimic_type type = all->table.table.fields[column].type;
    const bool has_offsets = type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_BINARY;
    ck_assert_int_eq(array->length, all->rows);
    ck_assert_int_eq(array->n_buffers, has_offsets ? 3 : 2);
    ck_assert_int_eq(array->dictionary != NULL, type == MIMIC_TYPE_CATEGORICAL);
    for (int64_t i = 0; i < array->n_buffers; i++)
        ck_assert_uint_eq((uintptr_t)array->buffers[i] % 64, 0);
    mimic_frame_column view = MIMIC_FRAME_COLUMN_INIT;
    view.type = array->dictionary == NULL ? type : MIMIC_TYPE_INT32;
    view.validity = array->buffers[0];
    view.values = array->buffers[has_offsets ? 2 : 1];
    view.offsets = has_offsets ? array->buffers[1] : NULL;
    int64_t first = 0;
    for (size_t b = 0; b < all->count; b++) {
        const test_batch *const batch = &all->list[b];
        for (int64_t row = 0; row < batch->batch.row_count; row++) {
            test_cell cell = batch->cells[(size_t)row * COLUMNS + column];
            if (array->dictionary != NULL && cell.is_present) {
                const int32_t code = ((const int32_t *)array->buffers[1])[first + row];
                const int32_t *const offsets = array->dictionary->buffers[1];
                ck_assert_int_lt(code, array->dictionary->length);
                check_text((const char *)array->dictionary->buffers[2] + offsets[code],
                           (size_t)(offsets[code + 1] - offsets[code]), &cell);
                cell.integer = code;
            }
            check_arrow_cell(&view, first + row, &cell);
        }
        first += batch->batch.row_count;
    }
}

START_TEST(frame__leaves_as_an_arrow_array)
{
    for (uint64_t seed = 100; seed < 130; seed++) {
        failing_allocator state = {-1, 0, false};
        mimic_context *ctx = failing_context(&state);
        batches all;
        make_batches(&all, seed);
        mimic_frame *frame = gather(ctx, &all, NULL);
        struct ArrowArray array;
        ck_assert_int_eq(mimic_frame_export(&frame, &array, NULL), MIMIC_OK);
        ck_assert_ptr_null(frame);
        ck_assert_int_eq(array.n_children, COLUMNS);
        ck_assert_int_eq(array.n_buffers, 1);
        for (size_t i = 0; i < COLUMNS; i++)
            check_array(array.children[i], &all, i);
        /* A column, and the dictionary of another one, move out and live on. */
        const size_t text = 2 * TYPES - 3;
        const size_t category = 2 * TYPES - 2;
        struct ArrowArray moved = *array.children[text];
        array.children[text]->release = NULL;
        struct ArrowArray dictionary = *array.children[category]->dictionary;
        array.children[category]->dictionary->release = NULL;
        array.release(&array);
        ck_assert_ptr_null(array.release);
        check_array(&moved, &all, text);
        moved.release(&moved);
        const int32_t *const offsets = dictionary.buffers[1];
        for (int64_t i = 0; i < dictionary.length; i++)
            ck_assert_int_le(offsets[i], offsets[i + 1]);
        dictionary.release(&dictionary);
        free_batches(&all);
        mimic_context_free(ctx);
        ck_assert_int_eq(state.alive, 0);
    }
}
END_TEST

/* ---- refusals ---- */

static mimic_status append_one(const mimic_context *ctx, mimic_type type, const char *text,
                               size_t size, int64_t integer, const mimic_frame_options *options,
                               mimic_error *err)
{
    test_table t;
    test_batch b;
    mimic_frame *frame = NULL;
    test_table_make(&t, "t");
    test_table_field(&t, "value", type, false);
    test_batch_make(&b, &t.table, 2);
    test_cell *const cell = test_cell_at(&b, 0, 1);
    *cell = (test_cell){.is_present = true, .integer = integer, .text = text, .size = size};
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, options, &frame, NULL), MIMIC_OK);
    const mimic_status status = mimic_frame_append(frame, test_batch_view(&b), err);
    if (status != MIMIC_OK) { /* and the frame says so from then on */
        mimic_error again = MIMIC_ERROR_INIT;
        mimic_frame_column view = MIMIC_FRAME_COLUMN_INIT;
        struct ArrowArray array;
        ck_assert_int_eq(mimic_frame_append(frame, &b.batch, &again), status);
        ck_assert_str_eq(again.message, err->message);
        ck_assert_int_eq(mimic_frame_get(frame, 0, &view, &again), status);
        ck_assert_int_eq(mimic_frame_export(&frame, &array, &again), status);
        ck_assert_ptr_nonnull(frame);
        ck_assert_int_eq(mimic_frame_row_count(frame), 0);
    }
    mimic_frame_free(frame);
    test_batch_free(&b);
    return status;
}

START_TEST(frame__refuses_what_it_cannot_hold)
{
    static const struct {
        mimic_type type;
        int64_t value;
        mimic_status status;
    } times[] = {
        {MIMIC_TYPE_TIMESTAMP, INT64_C(9223372036854775), MIMIC_OK},
        {MIMIC_TYPE_TIMESTAMP, INT64_C(9223372036854776), MIMIC_ERR_VALUE},
        {MIMIC_TYPE_TIMESTAMP, INT64_C(-9223372036854775), MIMIC_OK},
        {MIMIC_TYPE_TIMESTAMP, INT64_C(-9223372036854776), MIMIC_ERR_VALUE},
        {MIMIC_TYPE_TIMESTAMPTZ, INT64_MAX, MIMIC_ERR_VALUE},
        {MIMIC_TYPE_TIMESTAMPTZ, INT64_MIN, MIMIC_ERR_VALUE},
        {MIMIC_TYPE_DATE, 106751, MIMIC_OK},
        {MIMIC_TYPE_DATE, 106752, MIMIC_ERR_VALUE},
        {MIMIC_TYPE_DATE, -106751, MIMIC_OK},
        {MIMIC_TYPE_DATE, -106752, MIMIC_ERR_VALUE},
    };
    mimic_context *ctx = new_context();
    mimic_frame_options dense = MIMIC_FRAME_OPTIONS_INIT;
    dense.form = MIMIC_FRAME_DENSE;
    mimic_error err = MIMIC_ERROR_INIT;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        dense.nanoseconds = 1;
        err.column[0] = '\0';
        ck_assert_int_eq(append_one(ctx, times[i].type, NULL, 0, times[i].value, &dense, &err),
                         times[i].status);
        ck_assert_str_eq(err.column, times[i].status == MIMIC_OK ? "" : "value");
        dense.nanoseconds = 0;
        ck_assert_int_eq(append_one(ctx, times[i].type, NULL, 0, times[i].value, &dense, &err),
                         MIMIC_OK);
    }
    for (mimic_type type = MIMIC_TYPE_STRING; type <= MIMIC_TYPE_BINARY; type++) {
        ck_assert_int_eq(append_one(ctx, type, "a\0b", 3, 0, &dense, &err),
                         type == MIMIC_TYPE_BINARY ? MIMIC_OK : MIMIC_ERR_VALUE);
        if (type != MIMIC_TYPE_BINARY)
            ck_assert_str_eq(err.column, "value");
        ck_assert_int_eq(append_one(ctx, type, "a\0b", 3, 0, NULL, &err), MIMIC_OK);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(frame__keeps_to_its_bound)
{
    mimic_context *ctx = new_context();
    batches all;
    make_batches(&all, 7);
    test_batch big;
    fill_batch(&big, &all.table.table, 5000, 2);
    for (int form = 0; form < 2; form++) {
        mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
        options.form = form;
        options.max_bytes = 3000000;
        options.expected_rows = 1000000;
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_frame *frame = NULL;
        ck_assert_int_eq(mimic_frame_new(ctx, &all.table.table, &options, &frame, NULL), MIMIC_OK);
        mimic_status status = MIMIC_OK;
        while (status == MIMIC_OK) {
            status = mimic_frame_append(frame, &big.batch, &err);
            if (status == MIMIC_OK)
                ck_assert_uint_le(mimic_frame_bytes(frame), options.max_bytes);
        }
        ck_assert_int_eq(status, MIMIC_ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(err.message, "max_bytes"));
        mimic_frame_free(frame);
    }
    test_batch_free(&big);
    free_batches(&all);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(frame__refuses_nonsense)
{
    mimic_context *ctx = new_context();
    mimic_error err = MIMIC_ERROR_INIT;
    test_table t, other;
    test_batch b;
    mimic_frame *frame = NULL;
    mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
    mimic_frame_column view = MIMIC_FRAME_COLUMN_INIT;
    struct ArrowArray array;
    test_table_make(&t, "t");
    test_table_field(&t, "value", MIMIC_TYPE_INT32, false);
    test_table_make(&other, "o");
    test_table_field(&other, "value", MIMIC_TYPE_INT64, false);
    ck_assert_int_eq(mimic_frame_new(ctx, NULL, NULL, &frame, &err), MIMIC_ERR_ARGUMENT);
    options.form = 2;
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, &err), MIMIC_ERR_ARGUMENT);
    options.form = MIMIC_FRAME_ARROW;
    options.nanoseconds = 1;
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, &err), MIMIC_ERR_ARGUMENT);
    options.form = MIMIC_FRAME_DENSE;
    options.expected_rows = -1;
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, &err), MIMIC_ERR_ARGUMENT);
    options.expected_rows = INT64_MAX; /* a hint, not an order */
    ck_assert_int_eq(mimic_frame_new(ctx, &t.table, &options, &frame, &err), MIMIC_OK);
    test_batch_make(&b, &other.table, 1);
    ck_assert_int_eq(mimic_frame_append(frame, test_batch_view(&b), &err), MIMIC_ERR_ARGUMENT);
    test_batch_free(&b);
    test_batch_make(&b, &t.table, 1); /* which did no harm */
    ck_assert_int_eq(mimic_frame_append(frame, test_batch_view(&b), &err), MIMIC_OK);
    test_batch_free(&b);
    ck_assert_int_eq(mimic_frame_get(frame, 1, &view, &err), MIMIC_ERR_ARGUMENT);
    view.struct_size = 0;
    ck_assert_int_eq(mimic_frame_get(frame, 0, &view, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_frame_export(&frame, &array, &err), MIMIC_ERR_STATE);
    ck_assert_int_eq(mimic_frame_append(NULL, NULL, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(mimic_frame_table(NULL));
    ck_assert_int_eq(mimic_frame_row_count(NULL), 0);
    ck_assert_uint_eq(mimic_frame_bytes(NULL), 0);
    mimic_frame_free(frame);
    mimic_frame_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

/* ---- memory ---- */

static batches memory_batches;

static mimic_status use_frame(const mimic_context *ctx, mimic_frame_form form, mimic_error *err)
{
    mimic_frame_options options = MIMIC_FRAME_OPTIONS_INIT;
    mimic_frame *frame = NULL;
    options.form = form;
    mimic_status status = mimic_frame_new(ctx, &memory_batches.table.table, &options, &frame, err);
    for (size_t i = 0; i < memory_batches.count && status == MIMIC_OK; i++)
        status = mimic_frame_append(frame, &memory_batches.list[i].batch, err);
    for (size_t i = 0; i < COLUMNS && status == MIMIC_OK; i++) {
        mimic_frame_column view = MIMIC_FRAME_COLUMN_INIT;
        status = mimic_frame_get(frame, i, &view, err);
    }
    struct ArrowArray array = {.release = NULL};
    if (status == MIMIC_OK && form == MIMIC_FRAME_ARROW)
        status = mimic_frame_export(&frame, &array, err);
    if (array.release != NULL)
        array.release(&array);
    mimic_frame_free(frame);
    return status;
}

static mimic_status use_arrow(const mimic_context *ctx, mimic_error *err)
{
    return use_frame(ctx, MIMIC_FRAME_ARROW, err);
}

static mimic_status use_dense(const mimic_context *ctx, mimic_error *err)
{
    return use_frame(ctx, MIMIC_FRAME_DENSE, err);
}

START_TEST(frame__survives_failing_allocations)
{
    make_batches(&memory_batches, 3);
    ck_assert_int_gt(replay_failing_allocations(use_arrow), 40);
    ck_assert_int_gt(replay_failing_allocations(use_dense), 40);
    free_batches(&memory_batches);
}
END_TEST

MIMIC_TEST_MAIN(frame, frame__holds_what_batches_held, frame__without_rows_has_values,
                frame__leaves_as_an_arrow_array, frame__refuses_what_it_cannot_hold,
                frame__keeps_to_its_bound, frame__refuses_nonsense,
                frame__survives_failing_allocations)
