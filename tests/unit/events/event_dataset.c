/* See event_dataset.h. */
#include "event_dataset.h"

#include "io/output.h"
#include "schema/schema_model.h"

#define STEP 65536

typedef struct dataset_column {
    uint8_t *validity;
    void *values;
    int32_t *offsets;
    size_t size;
    size_t capacity;
} dataset_column;

void dataset_make_folders(const char *path)
{
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    ck_assert_int_eq(mimic__make_folders(folder, NULL), MIMIC_OK);
}

static size_t width_of(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_INT16:
        return 2;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
        return 4;
    case MIMIC_TYPE_STRING:
        return 0;
    default:
        return 8;
    }
}

static void put_cell(dataset_column *column, mimic_type type, size_t row, dataset_cell cell)
{
    const int16_t int16 = (int16_t)cell.number;
    const int32_t int32 = (int32_t)cell.number;
    const float real32 = (float)cell.real;
    const size_t width = width_of(type);
    const bool is_real = type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64;
    const bool is_there = type == MIMIC_TYPE_STRING ? cell.text != NULL : cell.number != DATASET_NULL;
    const void *from = type == MIMIC_TYPE_INT16     ? (const void *)&int16
                       : type == MIMIC_TYPE_INT32   ? (const void *)&int32
                       : type == MIMIC_TYPE_FLOAT32 ? (const void *)&real32
                       : is_real                    ? (const void *)&cell.real
                                                    : (const void *)&cell.number;
    if (is_there)
        column->validity[row / 8] = (uint8_t)(column->validity[row / 8] | 1u << row % 8);
    if (width > 0) {
        memcpy((char *)column->values + row * width, from, width);
        return;
    }
    const size_t size = is_there ? strlen(cell.text) : 0;
    if (column->size + size >= column->capacity) {
        column->capacity = 2 * (column->size + size) + 1024;
        column->values = realloc(column->values, column->capacity);
    }
    if (size > 0)
        memcpy((char *)column->values + column->size, cell.text, size);
    column->size += size;
    column->offsets[row + 1] = (int32_t)column->size;
}

static void write_batch(mimic_sink *sink, const mimic_table *table, int64_t first, size_t rows,
                        dataset_cell_fn cell, void *cell_ctx)
{
    dataset_column made[DATASET_COLUMNS] = {{0}};
    mimic_column columns[DATASET_COLUMNS] = {{0}};
    const size_t count = table->field_count;
    ck_assert_uint_le(count, DATASET_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const mimic_type type = table->fields[i].type;
        made[i].validity = calloc(rows / 8 + 1, 1);
        made[i].values = calloc(rows + 1, 8);
        made[i].offsets = calloc(rows + 1, sizeof(int32_t));
        int64_t nulls = 0;
        for (size_t row = 0; row < rows; row++) {
            const dataset_cell one = cell(first + (int64_t)row, i, cell_ctx);
            put_cell(&made[i], type, row, one);
            nulls += type == MIMIC_TYPE_STRING ? one.text == NULL : one.number == DATASET_NULL;
        }
        columns[i] = (mimic_column){.type = type,
                                    .null_count = nulls,
                                    .validity = nulls == 0 ? NULL : made[i].validity,
                                    .values = made[i].values,
                                    .offsets = type == MIMIC_TYPE_STRING ? made[i].offsets : NULL};
    }
    const mimic_batch batch = {
        .row_count = (int64_t)rows, .column_count = count, .columns = columns, .table = table};
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(mimic_sink_write(sink, &batch, &err) == MIMIC_OK, "%s", err.message);
    for (size_t i = 0; i < count; i++) {
        free(made[i].validity);
        free(made[i].values);
        free(made[i].offsets);
    }
}

void dataset_write(const mimic_context *ctx, const char *path, const char *schema, int64_t first,
                   int64_t end, dataset_cell_fn cell, void *cell_ctx)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_registry *registry = NULL;
    mimic_sink *sink = NULL;
    const mimic_dataset *added = NULL;
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    options.no_sync = 1;
    dataset_make_folders(path);
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, &err), MIMIC_OK);
    ck_assert_msg(mimic_registry_add_json(registry, schema, strlen(schema), "test", &added, &err) ==
                      MIMIC_OK,
                  "%s", err.message);
    const mimic_table *table = mimic_dataset_table(added, 0);
    ck_assert_msg(mimic_sink_open(ctx, path, &options, &sink, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_int_eq(mimic_sink_begin(sink, table, NULL, &err), MIMIC_OK);
    for (int64_t at = first; at < end; at += STEP)
        write_batch(sink, table, at, (size_t)(end - at < STEP ? end - at : STEP), cell, cell_ctx);
    ck_assert_msg(mimic_sink_commit(sink, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_msg(mimic_sink_finish(sink, NULL, NULL, &err) == MIMIC_OK, "%s", err.message);
    mimic_sink_free(sink);
    mimic_registry_free(registry);
}
