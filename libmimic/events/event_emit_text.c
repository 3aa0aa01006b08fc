/* Values as texts and as numbers, one at a time: what of an event cannot be worked on in columns. */
#include <math.h>

#include <mimic/coerce.h>

#include "base/calendar.h"
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
    default: { /* of a decimal the nearest double; of a text what it says, if that is a number */
        const emit_text text = mimic__emit_text(call, index, row, buffer);
        return mimic_coerce_float64(text.data, text.size, 0, out_value) == 0;
    }
    }
}
