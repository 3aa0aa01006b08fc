/* Batches with some of their rows, rows to be skipped, and the stages between reader and sink. */
#include "check_main.h"
#include "test_batch.h"
#include "test_folder.h"

#include <stdio.h>
#include <string.h>

#include "load/load_flow.h"

static mimic_context *ctx;
static test_folder folder;
static test_table table;
static test_batch source;

#define ROWS 150

static void set_up(void)
{
    static char texts[ROWS][16];
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    folder = test_folder_make();
    test_table_make(&table, "all");
    test_table_field(&table, "i", MIMIC_TYPE_INT32, false);
    test_table_field(&table, "s", MIMIC_TYPE_STRING, false);
    test_table_field(&table, "b", MIMIC_TYPE_BOOLEAN, false);
    test_table_field(&table, "c", MIMIC_TYPE_CATEGORICAL, false);
    test_batch_make(&source, &table.table, ROWS);
    for (int64_t row = 0; row < ROWS; row++) {
        snprintf(texts[row], sizeof texts[row], "t%0*d", (int)(row % 5), (int)row);
        if (row % 3 != 0)
            test_set_integer(&source, 0, row, row * 7);
        if (row % 4 != 0)
            test_set_text(&source, 1, row, texts[row]);
        if (row % 5 != 0)
            test_set_integer(&source, 2, row, row % 2);
        test_set_text(&source, 3, row, texts[row]);
    }
}

static void tear_down(void)
{
    test_batch_free(&source);
    test_folder_remove(&folder);
    mimic_context_free(ctx);
}

static void check_row(const mimic_batch *a, int64_t left, const mimic_batch *b, int64_t right)
{
    for (size_t i = 0; i < a->column_count; i++) {
        const mimic_column *const x = &a->columns[i];
        const mimic_column *const y = &b->columns[i];
        ck_assert_int_eq(mimic_column_is_valid(x, left), mimic_column_is_valid(y, right));
        if (!mimic_column_is_valid(x, left))
            continue;
        if (x->type == MIMIC_TYPE_BOOLEAN) {
            ck_assert_int_eq(((const uint8_t *)x->values)[left >> 3] >> (left & 7) & 1,
                             ((const uint8_t *)y->values)[right >> 3] >> (right & 7) & 1);
        } else if (x->offsets != NULL) {
            const int32_t size = x->offsets[left + 1] - x->offsets[left];
            ck_assert_int_eq(size, y->offsets[right + 1] - y->offsets[right]);
            ck_assert_mem_eq((const char *)x->values + x->offsets[left],
                             (const char *)y->values + y->offsets[right], (size_t)size);
        } else {
            ck_assert_int_eq(((const int32_t *)x->values)[left], ((const int32_t *)y->values)[right]);
        }
    }
}

START_TEST(load_flow__takes_rows)
{
    set_up();
    const mimic_batch *const batch = test_batch_view(&source);
    for (uint32_t step = 1; step < 12; step++) {
        uint32_t rows[ROWS];
        size_t count = 0;
        int64_t nulls = 0;
        mimic_batch_part *part = NULL;
        for (uint32_t row = step % 4; row < ROWS; row += step) {
            rows[count++] = row;
            nulls += row % 3 == 0;
        }
        ck_assert_int_eq(mimic__batch_take(ctx, batch, rows, count, &part, NULL), MIMIC_OK);
        ck_assert_int_eq(part->batch.row_count, (int64_t)count);
        ck_assert_int_eq(part->batch.columns[0].null_count, nulls);
        for (size_t i = 0; i < count; i++)
            check_row(&part->batch, (int64_t)i, batch, rows[i]);
        mimic__batch_part_free(part);
    }
    mimic_batch_part *none = NULL;
    ck_assert_int_eq(mimic__batch_take(ctx, batch, NULL, 0, &none, NULL), MIMIC_OK);
    ck_assert_int_eq(none->batch.row_count, 0);
    mimic__batch_part_free(none);
    tear_down();
}
END_TEST

START_TEST(load_flow__skips_rows_of_any_number)
{
    set_up();
    static const int64_t skipped[] = {0, 1, 63, 64, 8191, 8192, 32767, 32768, 5000000, 5000001};
    static uint32_t rows[40000];
    load_skip *skip = NULL;
    ck_assert_int_eq(mimic__skip_open(ctx, test_path(&folder, "x"), &skip, NULL), MIMIC_OK);
    for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
        ck_assert_int_eq(mimic__skip_add(skip, skipped[i], NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_end(skip, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_count(skip), 10);
    static const int64_t starts[] = {0, 1, 7, 8190, 32000, 4999990, 9000000};
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
        size_t kept = 0;
        size_t expected = 0;
        ck_assert_int_eq(mimic__skip_kept(skip, starts[s], 40000, rows, &kept, NULL), MIMIC_OK);
        for (int64_t row = starts[s]; row < starts[s] + 40000; row++) {
            bool is_skipped = false;
            for (size_t i = 0; i < sizeof skipped / sizeof skipped[0]; i++)
                is_skipped |= skipped[i] == row;
            if (!is_skipped)
                ck_assert_int_eq(rows[expected++], row - starts[s]);
        }
        ck_assert_uint_eq(kept, expected);
    }
    mimic__skip_free(skip);
    tear_down();
}
END_TEST

/* A stage that adds up column 0, and counts notes that are made and given back. */
typedef struct summing {
    int64_t sum;
    int64_t rows;
    int notes;
    uint32_t last_row;
} summing;

static mimic_status sum_look(void *self, const mimic_batch *batch, void **out_notes,
                             mimic_error *err)
{
    int64_t *const sum = malloc(sizeof *sum);
    (void)err;
    *sum = 0;
    for (int64_t row = 0; row < batch->row_count; row++)
        if (mimic_column_is_valid(&batch->columns[0], row))
            *sum += ((const int32_t *)batch->columns[0].values)[row];
    ((summing *)self)->notes++;
    *out_notes = sum;
    return MIMIC_OK;
}

static void sum_drop(void *self, void *notes)
{
    ((summing *)self)->notes--;
    free(notes);
}

static mimic_status sum_take(void *self, const mimic_batch *batch, const uint32_t *rows, void *notes,
                             mimic_error *err)
{
    summing *const sums = self;
    (void)err;
    sums->sum += *(int64_t *)notes;
    sums->rows += batch->row_count;
    sums->last_row = rows == NULL ? (uint32_t)batch->row_count - 1 : rows[batch->row_count - 1];
    sum_drop(self, notes);
    return MIMIC_OK;
}

START_TEST(load_flow__stages_see_what_is_written)
{
    set_up();
    const mimic_batch *const batch = test_batch_view(&source);
    summing sums = {0};
    load_flow flow = {.ctx = ctx, .stage_count = 1};
    load_skip *skip = NULL;
    void *chunk = NULL;
    flow.stages[0] = (load_stage){.self = &sums, .look = sum_look, .take = sum_take, .drop = sum_drop};
    ck_assert_int_eq(mimic_sink_open(ctx, "null:", NULL, &flow.sink, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_sink_begin(flow.sink, &table.table, NULL, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_open(ctx, test_path(&folder, "x"), &skip, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_add(skip, 1, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_add(skip, 149, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__skip_end(skip, NULL), MIMIC_OK);
    int64_t all = 0;
    for (int64_t row = 0; row < ROWS; row++)
        all += row % 3 != 0 ? row * 7 : 0;

    ck_assert_int_eq(mimic__flow_encode(&flow, batch, &chunk, NULL), MIMIC_OK);
    mimic__flow_free_chunk(&flow, chunk); /* never delivered */
    ck_assert_int_eq(sums.notes, 0);

    flow.skip = skip;
    ck_assert_int_eq(mimic__flow_encode(&flow, batch, &chunk, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__flow_batch(chunk, batch)->row_count, ROWS - 2);
    ck_assert_int_eq(mimic__flow_write(&flow, chunk, batch, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__flow_take(&flow, chunk, batch, NULL, 0, NULL), MIMIC_OK);
    mimic__flow_free_chunk(&flow, chunk);
    ck_assert_int_eq(sums.sum, all - 7 - 149 * 7);
    ck_assert_int_eq(sums.rows, ROWS - 2);
    ck_assert_int_eq(sums.last_row, 148);

    /* The sink refused all but two of what was left. */
    const uint32_t kept[] = {0, 3}; /* rows 0 and 4 of the batch */
    sums = (summing){0};
    ck_assert_int_eq(mimic__flow_encode(&flow, batch, &chunk, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__flow_write(&flow, chunk, batch, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__flow_take(&flow, chunk, batch, kept, 2, NULL), MIMIC_OK);
    mimic__flow_free_chunk(&flow, chunk);
    ck_assert_int_eq(sums.sum, 4 * 7);
    ck_assert_int_eq(sums.last_row, 4);
    ck_assert_int_eq(sums.notes, 0);
    mimic__skip_free(skip);
    mimic_sink_free(flow.sink);
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(load_flow, load_flow__takes_rows, load_flow__skips_rows_of_any_number,
                load_flow__stages_see_what_is_written)
