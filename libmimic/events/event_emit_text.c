/* Values as texts, as numbers, and as JSON: what of an event cannot be worked on in columns. */
#include <math.h>
#include <string.h>

#include <mimic/coerce.h>

#include "base/calendar.h"
#include "base/utf8.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

static emit_text time_text(mimic_type type, int64_t value, char *buffer)
{
    int size;
    if (type == MIMIC_TYPE_DATE)
        size = mimic__format_date(buffer, (int32_t)value);
    else if (type == MIMIC_TYPE_TIME)
        size = mimic__format_time(buffer, value);
    else
        size = mimic__format_timestamp(buffer, value, ' ');
    if (type == MIMIC_TYPE_TIMESTAMPTZ)
        buffer[size++] = 'Z';
    return (emit_text){buffer, (size_t)size};
}

/* A time that came as text, in the form that all have. */
static emit_text read_time_text(const emit_column *plan, const mimic_column *column, int64_t row,
                                char *buffer)
{
    const int32_t *const offsets = column->offsets + row;
    int64_t value;
    if (!mimic__emit_read_time(plan, (const char *)column->values + offsets[0],
                               (size_t)(offsets[1] - offsets[0]), &value))
        return (emit_text){NULL, 0};
    return time_text(plan->type, value, buffer);
}

static emit_text piece_of(const char *bytes, const int32_t *offsets)
{
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    return (emit_text){size == 0 ? "" : bytes + offsets[0], size};
}

emit_text mimic__emit_text(const emit_call *call, size_t index, int64_t row, char *buffer)
{
    const mimic_column *const column = call->columns[index];
    if (column == NULL || !mimic_column_is_valid(column, row))
        return (emit_text){NULL, 0};
    const emit_column *const plan = &call->emitter->columns[index];
    const void *const values = column->values;
    switch (column->type) {
    case MIMIC_TYPE_STRING:
        return plan->is_time_text ? read_time_text(plan, column, row, buffer)
                                  : piece_of(values, column->offsets + row);
    case MIMIC_TYPE_CATEGORICAL:
        return piece_of(column->dictionary->bytes,
                        column->dictionary->offsets + ((const int32_t *)values)[row]);
    case MIMIC_TYPE_BOOLEAN:
        return (((const uint8_t *)values)[row >> 3] >> (row & 7) & 1) != 0
                   ? (emit_text){"true", 4}
                   : (emit_text){"false", 5};
    case MIMIC_TYPE_INT16:
        return (emit_text){buffer, mimic__format_int64(buffer, ((const int16_t *)values)[row])};
    case MIMIC_TYPE_INT32:
        return (emit_text){buffer, mimic__format_int64(buffer, ((const int32_t *)values)[row])};
    case MIMIC_TYPE_INT64:
        return (emit_text){buffer, mimic__format_int64(buffer, ((const int64_t *)values)[row])};
    case MIMIC_TYPE_FLOAT32:
        return (emit_text){buffer, mimic__format_float32(buffer, ((const float *)values)[row])};
    case MIMIC_TYPE_FLOAT64:
        return (emit_text){buffer, mimic__format_float64(buffer, ((const double *)values)[row])};
    case MIMIC_TYPE_DECIMAL:
        return (emit_text){buffer, mimic__format_decimal(buffer, (const char *)values + 16 * row,
                                                         column->scale)};
    case MIMIC_TYPE_DATE:
        return time_text(column->type, ((const int32_t *)values)[row], buffer);
    default:
        return time_text(column->type, ((const int64_t *)values)[row], buffer);
    }
}

bool mimic__emit_value(const emit_call *call, size_t index, int64_t row, double *out_value)
{
    const mimic_column *const column = call->columns[index];
    if (column == NULL || !mimic_column_is_valid(column, row))
        return false;
    const void *const values = column->values;
    char buffer[MIMIC_FORMAT_BYTES];
    switch (column->type) {
    case MIMIC_TYPE_FLOAT64:
        *out_value = ((const double *)values)[row];
        return !isnan(*out_value);
    case MIMIC_TYPE_FLOAT32:
        *out_value = ((const float *)values)[row];
        return !isnan(*out_value);
    case MIMIC_TYPE_INT16:
        *out_value = ((const int16_t *)values)[row];
        return true;
    case MIMIC_TYPE_INT32:
        *out_value = ((const int32_t *)values)[row];
        return true;
    case MIMIC_TYPE_INT64:
        *out_value = (double)((const int64_t *)values)[row];
        return true;
    case MIMIC_TYPE_BOOLEAN:
        *out_value = ((const uint8_t *)values)[row >> 3] >> (row & 7) & 1;
        return true;
    default: { /* a decimal: the nearest double of its text */
        const emit_text text = mimic__emit_text(call, index, row, buffer);
        return mimic_coerce_float64(text.data, text.size, 0, out_value) == 0;
    }
    }
}

/* ---- JSON ---- */

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* As mimic__buffer_json_string, for texts of known size. */
void mimic__emit_json_string(mimic_buffer *out, const char *text, size_t size)
{
    mimic__buffer_byte(out, '"');
    for (size_t i = 0; i < size;) {
        const size_t start = i;
        while (i < size && is_plain((unsigned char)text[i]))
            i++;
        mimic__buffer_append(out, text + start, i - start);
        if (i == size)
            break;
        const size_t begin = i;
        const uint32_t character = mimic__utf8_decode(text, size, &i);
        const bool is_malformed = character == 0xfffd && i - begin == 1;
        if (character == '"' || character == '\\')
            mimic__buffer_format(out, "\\%c", (char)character);
        else if (character < 0x20 || (character >= 0x7f && character < 0xa0) || is_malformed)
            mimic__buffer_format(out, "\\u%04x", (unsigned)character);
        else
            mimic__buffer_append(out, text + begin, i - begin);
    }
    mimic__buffer_byte(out, '"');
}

/* Numbers and truths stand as they are; what JSON has no number for, as a text. */
static bool is_bare(mimic_type type, emit_text text)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_DECIMAL:
        return true;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return text.data[text.size - 1] >= '0' && text.data[text.size - 1] <= '9';
    default:
        return false;
    }
}

void mimic__emit_properties(emit_call *call, const emit_kind *kind, int64_t row)
{
    char buffer[MIMIC_FORMAT_BYTES];
    mimic_buffer *const out = &call->bytes;
    char separator = '{';
    for (size_t i = 0; i < kind->property_count; i++) {
        const emit_property *const property = &kind->properties[i];
        const emit_text text = mimic__emit_text(call, property->column, row, buffer);
        if (text.data == NULL)
            continue;
        mimic__buffer_byte(out, separator);
        separator = ',';
        mimic__buffer_append(out, property->head, property->head_size);
        if (is_bare(call->columns[property->column]->type, text))
            mimic__buffer_append(out, text.data, text.size);
        else
            mimic__emit_json_string(out, text.data, text.size);
    }
    if (separator == ',')
        mimic__buffer_byte(out, '}');
}
