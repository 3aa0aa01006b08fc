/*
 * Reads CSV text under a Table Schema and describes everything that came of it, a line a row, a
 * reject or an error, so that a test compares one text.
 */
#ifndef MIMIC_TEST_READ_CSV_H
#define MIMIC_TEST_READ_CSV_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/csv.h>

#include "base/calendar.h"

typedef struct read_text {
    char *data;
    size_t size;
    size_t capacity;
} read_text;

__attribute__((format(printf, 2, 3))) static inline void read_put(read_text *text,
                                                                  const char *format, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const size_t used = size < (int)sizeof line ? (size_t)size : sizeof line - 1;
    if (text->size + used + 1 > text->capacity) {
        text->capacity = (text->size + used + 1) * 2;
        text->data = realloc(text->data, text->capacity);
    }
    memcpy(text->data + text->size, line, used + 1);
    text->size += used;
}

static inline void read_put_value(read_text *text, const mimic_column *column, int64_t row)
{
    char time[40];
    if (!mimic_column_is_valid(column, row)) {
        read_put(text, "NULL");
        return;
    }
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        read_put(text, "%s",
                 (((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1) != 0 ? "true"
                                                                                    : "false");
        break;
    case MIMIC_TYPE_INT16:
        read_put(text, "%d", ((const int16_t *)column->values)[row]);
        break;
    case MIMIC_TYPE_INT32:
        read_put(text, "%d", ((const int32_t *)column->values)[row]);
        break;
    case MIMIC_TYPE_INT64:
        read_put(text, "%lld", (long long)((const int64_t *)column->values)[row]);
        break;
    case MIMIC_TYPE_FLOAT32:
        read_put(text, "%.9g", (double)((const float *)column->values)[row]);
        break;
    case MIMIC_TYPE_FLOAT64:
        read_put(text, "%.17g", ((const double *)column->values)[row]);
        break;
    case MIMIC_TYPE_DECIMAL:
        read_put(text, "%lld/%d", (long long)((const mimic_int128 *)column->values)[row].low,
                 column->scale);
        break;
    case MIMIC_TYPE_DATE:
        mimic__format_date(time, ((const int32_t *)column->values)[row]);
        read_put(text, "%s", time);
        break;
    case MIMIC_TYPE_TIME:
        mimic__format_time(time, ((const int64_t *)column->values)[row]);
        read_put(text, "%s", time);
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        mimic__format_timestamp(time, ((const int64_t *)column->values)[row], ' ');
        read_put(text, "%s", time);
        break;
    case MIMIC_TYPE_CATEGORICAL: {
        const mimic_dictionary *dictionary = column->dictionary;
        const int32_t code = ((const int32_t *)column->values)[row];
        read_put(text, "<%.*s>", (int)(dictionary->offsets[code + 1] - dictionary->offsets[code]),
                 dictionary->bytes + dictionary->offsets[code]);
        break;
    }
    default:
        read_put(text, "<%.*s>", (int)(column->offsets[row + 1] - column->offsets[row]),
                 (const char *)column->values + column->offsets[row]);
    }
}

static inline int read_put_reject(const mimic_reject *reject, void *ctx)
{
    read_put(ctx, "reject %s record %lld line %lld byte %lld column '%s' raw '%.*s'%s\n",
             mimic_reject_code_name(reject->code), (long long)reject->record,
             (long long)reject->line, (long long)reject->byte_offset, reject->column,
             (int)(reject->raw_size > 60 ? 60 : reject->raw_size), reject->raw,
             reject->raw_is_cut ? "…" : "");
    return 0;
}

/* Bytes handed out in pieces of `piece` bytes; 0 = as many as fit. */
typedef struct read_pieces {
    const char *bytes;
    size_t size;
    size_t at;
    size_t piece;
} read_pieces;

static inline mimic_status read_piece(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                                      mimic_error *err)
{
    read_pieces *input = ctx;
    (void)err;
    size_t size = input->size - input->at;
    if (size == 0)
        return MIMIC_END;
    if (size > capacity)
        size = capacity;
    if (input->piece != 0 && size > input->piece)
        size = input->piece;
    memcpy(buffer, input->bytes + input->at, size);
    input->at += size;
    *out_size = size;
    return MIMIC_OK;
}

/* The table of a bare schema. One registry serves all: building one takes some milliseconds. */
static inline const mimic_table *read_schema(const char *schema)
{
    static mimic_context *ctx = NULL;
    static mimic_registry *registry = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_dataset *dataset = NULL;
    if (registry == NULL) {
        ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_registry_new(ctx, &registry, NULL), MIMIC_OK);
    }
    if (mimic_registry_add_json(registry, schema, strlen(schema), "t", &dataset, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    return mimic_dataset_table(dataset, 0);
}

/* The caller frees the text. `options` may be NULL; its on_reject is replaced. */
static inline char *read_csv_in_pieces(const mimic_context *ctx, const char *schema,
                                       const char *bytes, size_t size, size_t piece,
                                       const mimic_csv_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_options chosen = MIMIC_CSV_OPTIONS_INIT;
    read_text text = {NULL, 0, 0};
    if (options != NULL)
        chosen = *options;
    chosen.on_reject = read_put_reject;
    chosen.on_reject_ctx = &text;
    read_pieces input = {bytes, size, 0, piece};
    const mimic_source_callbacks callbacks = {sizeof callbacks, read_piece, NULL, &input};
    ck_assert_int_eq(
        mimic_source_from_callbacks(ctx, &callbacks, "input", NULL, &source, &err), MIMIC_OK);
    read_put(&text, "%s", "");
    mimic_status status =
        mimic_csv_reader_open(ctx, source, read_schema(schema), &chosen, &reader, &err);
    const mimic_batch *batch;
    while (status == MIMIC_OK &&
           (status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK) {
        for (int64_t row = 0; row < batch->row_count; row++)
            for (size_t i = 0; i < batch->column_count; i++) {
                read_put_value(&text, &batch->columns[i], row);
                read_put(&text, i + 1 < batch->column_count ? "|" : "\n");
            }
    }
    if (status != MIMIC_END)
        read_put(&text, "%s line %lld column '%s'\n", mimic_status_name(status),
                 (long long)err.line, err.column);
    if (reader != NULL) {
        mimic_csv_counts counts = {.struct_size = sizeof counts};
        mimic_csv_reader_counts(reader, &counts);
        read_put(&text, "%lld = %lld + %lld + %lld\n", (long long)counts.read,
                 (long long)counts.delivered, (long long)counts.rejected,
                 (long long)counts.filtered);
        if (status == MIMIC_END)
            ck_assert_int_eq(counts.read, counts.delivered + counts.rejected + counts.filtered);
    }
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return text.data;
}

#endif
