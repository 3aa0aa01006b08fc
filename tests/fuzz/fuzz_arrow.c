/*
 * Fuzz target of the Arrow IPC reader: any bytes as a file or a stream, read whole and column by
 * column. Oracle: a batch that was handed out can be looked at from end to end (offsets rise, codes
 * have a text, texts are UTF-8, times are of the calendar), an error has words and stays, and reading
 * once more gives the same. Memory is bounded by max_batch_bytes, which is small here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/ipc_reader.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

#define MAX_BATCH_BYTES ((uint64_t)4 << 20)
#define MAX_COLUMNS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct memory {
    const uint8_t *data;
    size_t size;
} memory;

static void check(int is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static mimic_status read_memory(void *ctx, int64_t offset, void *bytes, size_t size,
                                mimic_error *err)
{
    const memory *source = ctx;
    (void)err;
    check(offset >= 0 && (uint64_t)offset <= source->size &&
              size <= source->size - (size_t)offset,
          "read outside of the file");
    if (size > 0)
        memcpy(bytes, source->data + offset, size);
    return MIMIC_OK;
}

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ p[i]) * UINT64_C(1099511628211);
    return sum;
}

static uint64_t check_text(uint64_t sum, const char *bytes, const int32_t *offsets, int64_t index,
                           int is_text)
{
    check(offsets[index] >= 0 && offsets[index] <= offsets[index + 1], "offsets fall");
    const size_t size = (size_t)(offsets[index + 1] - offsets[index]);
    const char *text = bytes + offsets[index];
    check(!is_text || mimic__utf8_check(text, size) == size, "no UTF-8");
    return mix(mix(sum, &size, sizeof size), text, size);
}

static uint64_t check_cell(uint64_t sum, const mimic_column *column, int64_t row)
{
    const char *values = column->values;
    const size_t width = mimic__type_width(column->type);
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        return sum * 3 + ((unsigned char)values[row >> 3] >> (row & 7) & 1);
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        return check_text(sum, values, column->offsets, row, column->type == MIMIC_TYPE_STRING);
    case MIMIC_TYPE_CATEGORICAL: {
        const int32_t code = ((const int32_t *)column->values)[row];
        check(code >= 0 && code < column->dictionary->count, "a code without a text");
        return check_text(sum, column->dictionary->bytes, column->dictionary->offsets, code, 1);
    }
    case MIMIC_TYPE_DATE:
        check(mimic__time_is_valid(column->type, ((const int32_t *)column->values)[row]), "no day");
        break;
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        check(mimic__time_is_valid(column->type, ((const int64_t *)column->values)[row]),
              "no time");
        break;
    default:
        break;
    }
    return mix(sum, values + (size_t)row * width, width);
}

static uint64_t check_batch(uint64_t sum, const mimic_batch *batch)
{
    for (size_t i = 0; i < batch->column_count; i++) {
        const mimic_column *column = &batch->columns[i];
        int64_t nulls = 0;
        for (int64_t row = 0; row < batch->row_count; row++)
            if (mimic_column_is_valid(column, row))
                sum = check_cell(sum, column, row);
            else
                nulls++;
        check(nulls == column->null_count, "another number of NULL values");
    }
    return mix(sum, &batch->row_count, sizeof batch->row_count);
}

/* Reads columns [first, first + count); flips says to take texts as categories, and the reverse. */
static uint64_t read_columns(const mimic_context *ctx, const mimic_ipc_input *input, size_t first,
                             size_t count, int flips)
{
    mimic_ipc_reader *reader = NULL;
    const mimic_batch *batch = NULL;
    size_t fields[MAX_COLUMNS];
    mimic_type types[MAX_COLUMNS];
    mimic_error err = MIMIC_ERROR_INIT;
    uint64_t sum = 0;
    mimic_status status = mimic__ipc_reader_open(ctx, input, MAX_BATCH_BYTES, &reader, &err);
    if (status == MIMIC_OK) {
        const mimic_ipc_schema *schema = mimic__ipc_reader_schema(reader);
        for (size_t i = 0; i < count; i++) {
            const mimic_type type = schema->fields[first + i].type;
            const mimic_type other = type == MIMIC_TYPE_STRING        ? MIMIC_TYPE_CATEGORICAL
                                     : type == MIMIC_TYPE_CATEGORICAL ? MIMIC_TYPE_STRING
                                                                      : type;
            fields[i] = first + i;
            types[i] = flips ? other : type;
        }
        status = mimic__ipc_reader_choose(reader, fields, types, count, &err);
    }
    while (status == MIMIC_OK) {
        status = mimic__ipc_reader_next(reader, &batch, &err);
        if (status == MIMIC_OK)
            sum = check_batch(sum, batch);
    }
    check(status == MIMIC_END || err.message[0] != '\0', "an error without words");
    check(status != MIMIC_ERR_INTERNAL && status != MIMIC_ERR_MEMORY, "a wrong kind of error");
    mimic__ipc_reader_free(reader);
    return mix(sum, &status, sizeof status);
}

static size_t count_columns(const mimic_context *ctx, const mimic_ipc_input *input)
{
    mimic_ipc_reader *reader = NULL;
    size_t count = 0;
    if (mimic__ipc_reader_open(ctx, input, MAX_BATCH_BYTES, &reader, NULL) == MIMIC_OK)
        count = mimic__ipc_reader_schema(reader)->field_count;
    mimic__ipc_reader_free(reader);
    return count < MAX_COLUMNS ? count : MAX_COLUMNS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memory source = {data, size};
    const mimic_ipc_input input = {read_memory, &source, (int64_t)size, "fuzz"};
    mimic_context *ctx = NULL;
    if (mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return 0;
    const size_t count = count_columns(ctx, &input);
    const uint64_t first = read_columns(ctx, &input, 0, count, 0);
    check(read_columns(ctx, &input, 0, count, 0) == first, "another result the second time");
    read_columns(ctx, &input, 0, count, 1);
    for (size_t i = 0; i < count; i++)
        read_columns(ctx, &input, i, 1, 0);
    mimic_context_free(ctx);
    return 0;
}
