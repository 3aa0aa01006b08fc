/*
 * See rows.h. The first failure is kept, and what comes after it is not looked at.
 */
#include "clinical/rows.h"

#include <float.h>

#include <mimic/coerce.h>

#include "base/error.h"
#include "batch/batch_builder.h"

#define TEXT_BYTES_MAX ((size_t)INT32_MAX)

/* ---- making and freeing ---- */

static mimic_status check_table(const mimic_table *table, mimic_error *err)
{
    for (size_t i = 0; i < table->field_count; i++) {
        const mimic_type type = table->fields[i].type;
        if (type == MIMIC_TYPE_DECIMAL || type == MIMIC_TYPE_BINARY)
            return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                               "table %s, column %s: patient functions cannot write columns of "
                               "type %s",
                               table->name, table->fields[i].name, mimic_type_name(type));
    }
    return MIMIC_OK;
}

mimic_status mimic__rows_init(mimic_rows *rows, const mimic_context *ctx, const mimic_table *table,
                              mimic_error *err)
{
    *rows = (mimic_rows){.ctx = ctx, .table = table};
    MIMIC_TRY(check_table(table, err));
    rows->columns = mimic__alloc_zeroed(ctx, table->field_count + 1, sizeof *rows->columns);
    rows->views = mimic__alloc_zeroed(ctx, table->field_count + 1, sizeof *rows->views);
    if (rows->columns == NULL || rows->views == NULL) {
        mimic__rows_free(rows);
        return mimic__fail_memory(err);
    }
    for (size_t i = 0; i < table->field_count; i++) {
        mimic_rows_column *column = &rows->columns[i];
        column->field = &table->fields[i];
        mimic__buffer_init(&column->validity, ctx);
        mimic__buffer_init(&column->values, ctx);
        mimic__buffer_init(&column->offsets, ctx);
        mimic__hashmap_init(&column->texts, ctx);
    }
    return MIMIC_OK;
}

void mimic__rows_free(mimic_rows *rows)
{
    for (size_t i = 0; rows->columns != NULL && i < rows->table->field_count; i++) {
        mimic__buffer_free(&rows->columns[i].validity);
        mimic__buffer_free(&rows->columns[i].values);
        mimic__buffer_free(&rows->columns[i].offsets);
        mimic__hashmap_free(&rows->columns[i].texts);
    }
    mimic__free(rows->ctx, rows->columns);
    mimic__free(rows->ctx, rows->views);
    rows->columns = NULL;
    rows->views = NULL;
}

void mimic__rows_clear(mimic_rows *rows)
{
    rows->count = 0;
    rows->is_open = false;
    rows->status = MIMIC_OK;
    for (size_t i = 0; i < rows->table->field_count; i++) {
        mimic_rows_column *column = &rows->columns[i];
        column->is_set = false;
        column->null_count = 0;
        column->validity.size = column->values.size = column->offsets.size = 0;
        mimic__hashmap_clear(&column->texts);
    }
}

/* ---- values ---- */

/* The column, if a value of that kind may be set there; else the failure is kept. */
static mimic_rows_column *begin_value(mimic_rows *rows, size_t column, const char *kind,
                                      bool (*takes)(mimic_type type))
{
    if (rows->status != MIMIC_OK)
        return NULL;
    rows->error = (mimic_error)MIMIC_ERROR_INIT;
    if (column >= rows->table->field_count) {
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE, "table %s has no column number %zu",
                                   rows->table->name, column);
        return NULL;
    }
    mimic_rows_column *at = &rows->columns[column];
    if (!takes(at->field->type)) {
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE,
                                   "column %s of table %s is of type %s; %s was given",
                                   at->field->name, rows->table->name,
                                   mimic_type_name(at->field->type), kind);
        return NULL;
    }
    rows->is_open = true;
    at->is_set = true;
    return at;
}

static bool takes_int64(mimic_type type)
{
    return type != MIMIC_TYPE_FLOAT32 && type != MIMIC_TYPE_FLOAT64 &&
           type != MIMIC_TYPE_STRING && type != MIMIC_TYPE_CATEGORICAL;
}

static bool takes_double(mimic_type type)
{
    return type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64;
}

static bool takes_text(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

static bool is_in_range(mimic_type type, int64_t value)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return value == 0 || value == 1;
    case MIMIC_TYPE_INT16:
        return value >= INT16_MIN && value <= INT16_MAX;
    case MIMIC_TYPE_INT32:
        return value >= INT32_MIN && value <= INT32_MAX;
    default:
        return mimic__time_is_valid(type, value);
    }
}

void mimic_rows_int64(mimic_rows *rows, size_t column, int64_t value)
{
    mimic_rows_column *at = begin_value(rows, column, "an integer", takes_int64);
    if (at == NULL)
        return;
    at->number = value;
    if (!is_in_range(at->field->type, value))
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE,
                                   "column %s of table %s: %lld is no value of type %s",
                                   at->field->name, rows->table->name, (long long)value,
                                   mimic_type_name(at->field->type));
}

void mimic_rows_double(mimic_rows *rows, size_t column, double value)
{
    mimic_rows_column *at = begin_value(rows, column, "a float", takes_double);
    if (at == NULL)
        return;
    at->real = value;
    const double size = value < 0 ? -value : value;
    if (at->field->type == MIMIC_TYPE_FLOAT32 && size > (double)FLT_MAX && size <= DBL_MAX)
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE,
                                   "column %s of table %s: %g is no value of type float32",
                                   at->field->name, rows->table->name, value);
}

void mimic_rows_text(mimic_rows *rows, size_t column, const char *text, size_t size)
{
    mimic_rows_column *at = begin_value(rows, column, "a text", takes_text);
    if (at == NULL)
        return;
    const char *bytes = size == 0 ? "" : text;
    if (mimic_coerce_string(bytes, size, -1, -1) != 0) {
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE,
                                   "column %s of table %s: a text that is not UTF-8, or has a NUL",
                                   at->field->name, rows->table->name);
        return;
    }
    if (at->field->type == MIMIC_TYPE_CATEGORICAL) {
        const uint32_t number = mimic__hashmap_insert(&at->texts, bytes, size);
        at->number = number;
        if (number > INT32_MAX)
            rows->status = mimic__fail_memory(&rows->error);
        return;
    }
    /* The bytes go in at once; a text that is set again in the same row takes their place. */
    const int32_t *ends = (const int32_t *)(const void *)at->offsets.data;
    at->values.size = at->offsets.size == 0
                          ? 0
                          : (size_t)ends[at->offsets.size / sizeof(int32_t) - 1];
    if (size > TEXT_BYTES_MAX - at->values.size) {
        rows->status = mimic__fail(&rows->error, MIMIC_ERR_LIMIT,
                                   "column %s of table %s: more than 2 GiB of texts in one batch",
                                   at->field->name, rows->table->name);
        return;
    }
    mimic__buffer_append(&at->values, bytes, size);
}

/* ---- rows ---- */

static void put_bit(mimic_buffer *bits, int64_t row, bool is_set)
{
    if (row % 8 == 0)
        mimic__buffer_byte(bits, 0);
    if (is_set && !bits->failed)
        bits->data[row / 8] = (char)((unsigned char)bits->data[row / 8] | 1u << row % 8);
}

static void put_value(mimic_rows_column *column, int64_t row)
{
    const int64_t number = column->is_set ? column->number : 0;
    const double real = column->is_set ? column->real : 0;
    const int16_t int16 = (int16_t)number;
    const int32_t int32 = (int32_t)number;
    const int32_t zero = 0;
    const float real32 = (float)real;
    switch (column->field->type) {
    case MIMIC_TYPE_BOOLEAN:
        put_bit(&column->values, row, number != 0);
        return;
    case MIMIC_TYPE_STRING: {
        const int32_t end = (int32_t)column->values.size;
        if (column->offsets.size == 0)
            mimic__buffer_append(&column->offsets, &zero, sizeof zero);
        mimic__buffer_append(&column->offsets, &end, sizeof end);
        return;
    }
    case MIMIC_TYPE_FLOAT32:
        mimic__buffer_append(&column->values, &real32, sizeof real32);
        return;
    case MIMIC_TYPE_FLOAT64:
        mimic__buffer_append(&column->values, &real, sizeof real);
        return;
    default:
        if (mimic__type_width(column->field->type) == sizeof int16)
            mimic__buffer_append(&column->values, &int16, sizeof int16);
        else if (mimic__type_width(column->field->type) == sizeof int32)
            mimic__buffer_append(&column->values, &int32, sizeof int32);
        else
            mimic__buffer_append(&column->values, &number, sizeof number);
    }
}

void mimic_rows_end(mimic_rows *rows)
{
    if (rows->status != MIMIC_OK)
        return;
    rows->error = (mimic_error)MIMIC_ERROR_INIT;
    bool has_failed = false;
    for (size_t i = 0; i < rows->table->field_count; i++) {
        mimic_rows_column *column = &rows->columns[i];
        if (!column->is_set && column->field->is_required) {
            rows->status = mimic__fail(&rows->error, MIMIC_ERR_VALUE,
                                       "column %s of table %s has no value, and is required",
                                       column->field->name, rows->table->name);
            return;
        }
        put_bit(&column->validity, rows->count, column->is_set);
        put_value(column, rows->count);
        column->null_count += !column->is_set;
        column->is_set = false;
        has_failed |= column->validity.failed || column->values.failed || column->offsets.failed;
    }
    rows->is_open = false;
    rows->count++;
    if (has_failed)
        rows->status = mimic__fail_memory(&rows->error);
}

mimic_status mimic__rows_check(mimic_rows *rows, mimic_error *err)
{
    if (rows->status != MIMIC_OK)
        return mimic__fail_again(err, &rows->error);
    if (rows->is_open)
        return mimic__fail(err, MIMIC_ERR_VALUE,
                           "a row of table %s was begun and not ended; call mimic_rows_end",
                           rows->table->name);
    return MIMIC_OK;
}

mimic_batch mimic__rows_batch(mimic_rows *rows)
{
    static const int32_t no_texts[1] = {0};
    for (size_t i = 0; i < rows->table->field_count; i++) {
        mimic_rows_column *column = &rows->columns[i];
        const mimic_type type = column->field->type;
        column->dictionary = (mimic_dictionary){0, no_texts, ""};
        if (column->texts.count > 0)
            column->dictionary = (mimic_dictionary){column->texts.count, column->texts.offsets,
                                                    column->texts.bytes};
        rows->views[i] = (mimic_column){
            .type = type,
            .null_count = column->null_count,
            .validity =
                column->null_count == 0 ? NULL : (const uint8_t *)column->validity.data,
            .values = column->values.data == NULL ? "" : column->values.data,
            .offsets = type == MIMIC_TYPE_STRING
                           ? (const int32_t *)(const void *)column->offsets.data
                           : NULL,
            .dictionary = type == MIMIC_TYPE_CATEGORICAL ? &column->dictionary : NULL};
    }
    return (mimic_batch){.row_count = rows->count,
                         .column_count = rows->table->field_count,
                         .columns = rows->views,
                         .table = rows->table};
}
