/*
 * See sink_csv_encode.h. One function a type is chosen when the encoder is made; the row loop does
 * nothing but call them.
 */
#include "sink/sink_csv_encode.h"

#include <string.h>

#include "base/calendar.h"
#include "schema/schema_model.h"
#include "sink/sink_format.h"

typedef struct csv_column csv_column;
typedef void (*put_fn)(mimic_buffer *out, csv_column *column, int64_t row);

struct csv_column {
    const mimic_column *data;
    put_fn put;
    char separator; /* between date and time */
    /* The last date or time formatted: measurements of one moment stand together. */
    int64_t last_value;
    int last_size; /* 0 = none */
    char text[MIMIC_FORMAT_BYTES];
};

struct mimic_csv_encoder {
    const mimic_context *ctx;
    const mimic_table *table;
    csv_column columns[]; /* one a field */
};

/* ---- texts ---- */

static bool needs_quotes(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return size == 0;
}

void mimic__csv_encode_text(mimic_buffer *out, const char *text, size_t size)
{
    if (!needs_quotes(text, size)) {
        mimic__buffer_append(out, text, size);
        return;
    }
    mimic__buffer_byte(out, '"');
    const char *end = text + size;
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *stop = quote == NULL ? end : quote + 1;
        mimic__buffer_append(out, text, (size_t)(stop - text));
        if (quote != NULL)
            mimic__buffer_byte(out, '"');
        text = stop;
    }
    mimic__buffer_byte(out, '"');
}

static void put_string(mimic_buffer *out, csv_column *column, int64_t row)
{
    const int32_t *offsets = column->data->offsets + row;
    mimic__csv_encode_text(out, (const char *)column->data->values + offsets[0],
                           (size_t)(offsets[1] - offsets[0]));
}

static void put_categorical(mimic_buffer *out, csv_column *column, int64_t row)
{
    const mimic_dictionary *dictionary = column->data->dictionary;
    const int32_t *offsets = dictionary->offsets + ((const int32_t *)column->data->values)[row];
    mimic__csv_encode_text(out, dictionary->bytes + offsets[0], (size_t)(offsets[1] - offsets[0]));
}

/* Base64 of RFC 4648, section 4; empty binary is a quoted empty field. */
static void put_binary(mimic_buffer *out, csv_column *column, int64_t row)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const int32_t *offsets = column->data->offsets + row;
    const uint8_t *bytes = (const uint8_t *)column->data->values + offsets[0];
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    if (size == 0)
        mimic__buffer_append(out, "\"\"", 2);
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t group = (uint32_t)bytes[i] << 16 |
                               (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        const char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                              left > 1 ? digits[group >> 6 & 63] : '=',
                              left > 2 ? digits[group & 63] : '='};
        mimic__buffer_append(out, text, sizeof text);
    }
}

/* ---- numbers ---- */

static void put_boolean(mimic_buffer *out, csv_column *column, int64_t row)
{
    const uint8_t *bits = column->data->values;
    mimic__buffer_text(out, ((bits[row >> 3] >> (row & 7)) & 1) != 0 ? "true" : "false");
}

static void put_integer(mimic_buffer *out, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    mimic__buffer_append(out, text, mimic__format_int64(text, value));
}

static void put_int16(mimic_buffer *out, csv_column *column, int64_t row)
{
    put_integer(out, ((const int16_t *)column->data->values)[row]);
}

static void put_int32(mimic_buffer *out, csv_column *column, int64_t row)
{
    put_integer(out, ((const int32_t *)column->data->values)[row]);
}

static void put_int64(mimic_buffer *out, csv_column *column, int64_t row)
{
    put_integer(out, ((const int64_t *)column->data->values)[row]);
}

static void put_float32(mimic_buffer *out, csv_column *column, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const float value = ((const float *)column->data->values)[row];
    mimic__buffer_append(out, text, mimic__format_float32(text, value));
}

static void put_float64(mimic_buffer *out, csv_column *column, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const double value = ((const double *)column->data->values)[row];
    mimic__buffer_append(out, text, mimic__format_float64(text, value));
}

static void put_decimal(mimic_buffer *out, csv_column *column, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const unsigned char *value = (const unsigned char *)column->data->values + 16 * row;
    mimic__buffer_append(out, text, mimic__format_decimal(text, value, column->data->scale));
}

/* ---- dates and times ---- */

static void put_date(mimic_buffer *out, csv_column *column, int64_t row)
{
    const int32_t value = ((const int32_t *)column->data->values)[row];
    if (column->last_size == 0 || value != column->last_value) {
        column->last_size = mimic__format_date(column->text, value);
        column->last_value = value;
    }
    mimic__buffer_append(out, column->text, (size_t)column->last_size);
}

static void put_time(mimic_buffer *out, csv_column *column, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const int size = mimic__format_time(text, ((const int64_t *)column->data->values)[row]);
    mimic__buffer_append(out, text, (size_t)size);
}

static void put_timestamp(mimic_buffer *out, csv_column *column, int64_t row)
{
    const int64_t value = ((const int64_t *)column->data->values)[row];
    if (column->last_size == 0 || value != column->last_value) {
        column->last_size = mimic__format_timestamp(column->text, value, column->separator);
        column->last_value = value;
        if (column->data->type == MIMIC_TYPE_TIMESTAMPTZ)
            column->text[column->last_size++] = 'Z';
    }
    mimic__buffer_append(out, column->text, (size_t)column->last_size);
}

/* ISO 8601, which "default" stands for, joins date and time by T; so do patterns such as
 * "%Y-%m-%dT%H:%M:%SZ". */
static char choose_separator(const mimic_field *field)
{
    const char *format = field->format_count > 0 ? field->formats[0] : "default";
    return strcmp(format, "default") == 0 || strstr(format, "T%") != NULL ? 'T' : ' ';
}

static put_fn choose_put(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return put_boolean;
    case MIMIC_TYPE_INT16:
        return put_int16;
    case MIMIC_TYPE_INT32:
        return put_int32;
    case MIMIC_TYPE_INT64:
        return put_int64;
    case MIMIC_TYPE_FLOAT32:
        return put_float32;
    case MIMIC_TYPE_FLOAT64:
        return put_float64;
    case MIMIC_TYPE_DECIMAL:
        return put_decimal;
    case MIMIC_TYPE_DATE:
        return put_date;
    case MIMIC_TYPE_TIME:
        return put_time;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return put_timestamp;
    case MIMIC_TYPE_CATEGORICAL:
        return put_categorical;
    case MIMIC_TYPE_BINARY:
        return put_binary;
    default:
        return put_string;
    }
}

/* ---- tables ---- */

mimic_csv_encoder *mimic__csv_encoder_new(const mimic_context *ctx, const mimic_table *table)
{
    mimic_csv_encoder *encoder = mimic__alloc_zeroed(
        ctx, 1, sizeof *encoder + table->field_count * sizeof encoder->columns[0]);
    if (encoder == NULL)
        return NULL;
    encoder->ctx = ctx;
    encoder->table = table;
    for (size_t i = 0; i < table->field_count; i++) {
        encoder->columns[i].put = choose_put(table->fields[i].type);
        encoder->columns[i].separator = choose_separator(&table->fields[i]);
    }
    return encoder;
}

void mimic__csv_encoder_free(mimic_csv_encoder *encoder)
{
    if (encoder != NULL)
        mimic__free(encoder->ctx, encoder);
}

void mimic__csv_encode_header(const mimic_csv_encoder *encoder, mimic_buffer *out)
{
    const mimic_table *table = encoder->table;
    for (size_t i = 0; i < table->field_count; i++) {
        if (i > 0)
            mimic__buffer_byte(out, ',');
        mimic__csv_encode_text(out, table->fields[i].name, strlen(table->fields[i].name));
    }
    mimic__buffer_byte(out, '\n');
}

void mimic__csv_encode_rows(mimic_csv_encoder *encoder, const mimic_batch *batch, int64_t first,
                            int64_t end, mimic_buffer *out)
{
    for (size_t i = 0; i < batch->column_count; i++)
        encoder->columns[i].data = &batch->columns[i];
    for (int64_t row = first; row < end; row++) {
        for (size_t i = 0; i < batch->column_count; i++) {
            csv_column *column = &encoder->columns[i];
            if (i > 0)
                mimic__buffer_byte(out, ',');
            if (mimic_column_is_valid(column->data, row))
                column->put(out, column, row);
        }
        mimic__buffer_byte(out, '\n');
    }
}
