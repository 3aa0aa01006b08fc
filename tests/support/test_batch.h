/*
 * Tables and batches built by hand, for tests of what takes batches.
 *
 *     test_table t = test_table_make("labs");
 *     test_table_field(&t, "id", MIMIC_TYPE_INT32, true);
 *     test_batch b = test_batch_make(&t.table, 2);
 *     test_set_integer(&b, 0, 0, 7);              // all cells are NULL until set
 *     mimic_sink_write(sink, test_batch_view(&b), &err);
 *     test_batch_free(&b);
 *
 * Uses the plain heap, so that a failing allocator of the library under test does not reach it.
 */
#ifndef MIMIC_TEST_BATCH_H
#define MIMIC_TEST_BATCH_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/batch.h>
#include <mimic/coerce.h>

#include "schema/schema_model.h"

#define TEST_FIELDS_MAX 64

typedef struct test_table {
    mimic_table table;
    mimic_field fields[TEST_FIELDS_MAX];
    size_t primary_key[TEST_FIELDS_MAX];
    mimic_foreign_key foreign_keys[4];
} test_table;

/* Fills in place: the table points into the struct. */
static inline void test_table_make(test_table *t, const char *name)
{
    memset(t, 0, sizeof *t);
    t->table = (mimic_table){.name = name,
                             .title = "",
                             .description = "",
                             .module = "",
                             .path = "",
                             .dataset = "test",
                             .version = "1.0",
                             .fields = t->fields,
                             .primary_key = t->primary_key,
                             .foreign_keys = t->foreign_keys};
}

static inline mimic_field *test_table_field(test_table *t, const char *name, mimic_type type,
                                            bool is_required)
{
    static const char *const formats[] = {"%Y-%m-%d %H:%M:%S"};
    mimic_field *field = &t->fields[t->table.field_count++];
    *field = (mimic_field){.name = name,
                           .title = "",
                           .description = "",
                           .schema_type = "any",
                           .type = type,
                           .formats = formats,
                           .format_count = 1,
                           .group_char = "",
                           .decimal_char = '.',
                           .is_required = is_required,
                           .min_length = -1,
                           .max_length = -1};
    if (type == MIMIC_TYPE_DECIMAL) {
        field->precision = 38;
        field->scale = 3;
    }
    return field;
}

static inline void test_table_key(test_table *t, size_t field)
{
    t->primary_key[t->table.primary_key_count++] = field;
}

typedef struct test_cell {
    bool is_present;
    int64_t integer;
    double real;
    mimic_int128 decimal;
    const char *text;
    size_t size;
} test_cell;

typedef struct test_batch {
    mimic_batch batch;
    mimic_column columns[TEST_FIELDS_MAX];
    mimic_dictionary dictionaries[TEST_FIELDS_MAX];
    test_cell *cells; /* row by row */
    void *owned[TEST_FIELDS_MAX * 5];
    size_t owned_count;
} test_batch;

static inline void test_batch_make(test_batch *b, const mimic_table *table, int64_t row_count)
{
    memset(b, 0, sizeof *b);
    b->batch = (mimic_batch){row_count, table->field_count, b->columns, table, 1};
    b->cells = calloc((size_t)row_count * table->field_count + 1, sizeof *b->cells);
}

static inline test_cell *test_cell_at(const test_batch *b, size_t column, int64_t row)
{
    test_cell *cell = &b->cells[(size_t)row * b->batch.column_count + column];
    cell->is_present = true;
    return cell;
}

static inline void test_set_integer(const test_batch *b, size_t column, int64_t row, int64_t value)
{
    test_cell_at(b, column, row)->integer = value;
}

static inline void test_set_real(const test_batch *b, size_t column, int64_t row, double value)
{
    test_cell_at(b, column, row)->real = value;
}

static inline void test_set_bytes(const test_batch *b, size_t column, int64_t row, const char *text,
                                  size_t size)
{
    test_cell *cell = test_cell_at(b, column, row);
    cell->text = text;
    cell->size = size;
}

static inline void test_set_text(const test_batch *b, size_t column, int64_t row, const char *text)
{
    test_set_bytes(b, column, row, text, strlen(text));
}

static inline void *test_own(test_batch *b, size_t size)
{
    void *memory = calloc(size + 64, 1);
    b->owned[b->owned_count++] = memory;
    return memory;
}

static inline void test_build_texts(test_batch *b, size_t index)
{
    const size_t rows = (size_t)b->batch.row_count;
    mimic_column *column = &b->columns[index];
    int32_t *offsets = test_own(b, (rows + 1) * sizeof *offsets);
    size_t total = 0;
    for (size_t row = 0; row < rows; row++)
        total += b->cells[row * b->batch.column_count + index].size;
    char *bytes = test_own(b, total);
    for (size_t row = 0; row < rows; row++) {
        const test_cell *cell = &b->cells[row * b->batch.column_count + index];
        if (cell->size > 0)
            memcpy(bytes + offsets[row], cell->text, cell->size);
        offsets[row + 1] = offsets[row] + (int32_t)cell->size;
    }
    if (column->type != MIMIC_TYPE_CATEGORICAL) {
        column->offsets = offsets;
        column->values = bytes;
        return;
    }
    /* One dictionary entry a row is a legal dictionary. */
    int32_t *codes = test_own(b, rows * sizeof *codes);
    for (size_t row = 0; row < rows; row++)
        codes[row] = (int32_t)row;
    b->dictionaries[index] = (mimic_dictionary){(int64_t)rows, offsets, bytes};
    column->values = codes;
    column->dictionary = &b->dictionaries[index];
}

static inline void test_put_value(unsigned char *values, mimic_type type, size_t row,
                                  const test_cell *cell)
{
    const int16_t int16 = (int16_t)cell->integer;
    const int32_t int32 = (int32_t)cell->integer;
    const float real32 = (float)cell->real;
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        values[row / 8] = (unsigned char)(values[row / 8] | (cell->integer != 0) << (row % 8));
        break;
    case MIMIC_TYPE_INT16:
        memcpy(values + row * 2, &int16, 2);
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        memcpy(values + row * 4, &int32, 4);
        break;
    case MIMIC_TYPE_FLOAT32:
        memcpy(values + row * 4, &real32, 4);
        break;
    case MIMIC_TYPE_FLOAT64:
        memcpy(values + row * 8, &cell->real, 8);
        break;
    case MIMIC_TYPE_DECIMAL:
        memcpy(values + row * 16, &cell->decimal, 16);
        break;
    default:
        memcpy(values + row * 8, &cell->integer, 8);
        break;
    }
}

/* Builds the columns from the cells; call it once, after the last cell is set. */
static inline const mimic_batch *test_batch_view(test_batch *b)
{
    const size_t rows = (size_t)b->batch.row_count;
    for (size_t index = 0; index < b->batch.column_count; index++) {
        const mimic_field *field = &b->batch.table->fields[index];
        mimic_column *column = &b->columns[index];
        unsigned char *validity = test_own(b, rows / 8 + 1);
        *column = (mimic_column){
            .type = field->type, .precision = field->precision, .scale = field->scale};
        if (field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_BINARY ||
            field->type == MIMIC_TYPE_CATEGORICAL)
            test_build_texts(b, index);
        else
            column->values = test_own(b, rows * 16);
        for (size_t row = 0; row < rows; row++) {
            const test_cell *cell = &b->cells[row * b->batch.column_count + index];
            column->null_count += !cell->is_present;
            validity[row / 8] =
                (unsigned char)(validity[row / 8] | (cell->is_present ? 1 << (row % 8) : 0));
            if (column->offsets == NULL && column->dictionary == NULL)
                test_put_value((unsigned char *)(uintptr_t)column->values, field->type, row, cell);
        }
        column->validity = column->null_count == 0 ? NULL : validity;
    }
    return &b->batch;
}

static inline void test_batch_free(test_batch *b)
{
    for (size_t i = 0; i < b->owned_count; i++)
        free(b->owned[i]);
    free(b->cells);
    memset(b, 0, sizeof *b);
}

#endif
