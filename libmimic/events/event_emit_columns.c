/*
 * The columns of a block of rows brought into the form that events want: times as microseconds, ids as
 * numbers, texts of codes and units as numbers too. A loop a type.
 */
#include <string.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/hash.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

int64_t mimic__event_text_id(const char *text, size_t size)
{
    return (int64_t)(mimic__hash64(text, size) & INT64_MAX);
}

/* Puts NONE where the column is NULL. */
static void clear_nulls(int64_t *out, const mimic_column *column, int64_t first, size_t count)
{
    if (column->validity == NULL || column->null_count == 0)
        return;
    const uint8_t *const validity = column->validity + first / 8; /* blocks begin with a byte */
    for (size_t i = 0; i < count; i += 8) {
        const unsigned bits = validity[i / 8];
        if (bits == 0xff)
            continue;
        const size_t end = count - i < 8 ? count : i + 8;
        for (size_t j = i; j < end; j++)
            out[j] = (bits >> (j - i) & 1) != 0 ? out[j] : MIMIC_EVENT_NONE;
    }
}

static void fill_none(int64_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = MIMIC_EVENT_NONE;
}

static void fill_integers(int64_t *out, const mimic_column *column, int64_t first, size_t count)
{
    if (column->type == MIMIC_TYPE_INT16)
        for (size_t i = 0; i < count; i++)
            out[i] = ((const int16_t *)column->values)[(size_t)first + i];
    else if (column->type == MIMIC_TYPE_INT32)
        for (size_t i = 0; i < count; i++)
            out[i] = ((const int32_t *)column->values)[(size_t)first + i];
    else
        memcpy(out, (const int64_t *)column->values + first, count * sizeof *out);
    clear_nulls(out, column, first, count);
}

bool mimic__emit_read_time(const emit_column *column, const char *text, size_t size, int64_t *out)
{
    for (size_t i = 0; i < column->format_count; i++)
        if (mimic__time_parse(&column->formats[i], column->type, text, size, out) == 0)
            return true;
    return false;
}

static emit_text raw_text(const mimic_column *column, int64_t row)
{
    if (!mimic_column_is_valid(column, row))
        return (emit_text){NULL, 0};
    const bool is_coded = column->type == MIMIC_TYPE_CATEGORICAL;
    const int32_t *const offsets =
        is_coded ? column->dictionary->offsets + ((const int32_t *)column->values)[row]
                 : column->offsets + row;
    const char *const bytes = is_coded ? column->dictionary->bytes : column->values;
    const size_t size = (size_t)(offsets[1] - offsets[0]);
    return (emit_text){size == 0 ? "" : bytes + offsets[0], size};
}

static void fill_time_texts(int64_t *out, const emit_column *plan, const mimic_column *column,
                            int64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const emit_text text = raw_text(column, first + (int64_t)i);
        if (text.data == NULL)
            out[i] = MIMIC_EVENT_NONE;
        else if (!mimic__emit_read_time(plan, text.data, text.size, &out[i]))
            out[i] = EMIT_BAD_TIME;
        else if (plan->type == MIMIC_TYPE_DATE)
            out[i] *= MIMIC_MICROSECONDS_PER_DAY;
    }
}

static void fill_times(int64_t *out, const emit_column *plan, const mimic_column *column,
                       int64_t first, size_t count)
{
    if (plan->is_time_text) {
        fill_time_texts(out, plan, column, first, count);
        return;
    }
    if (column->type == MIMIC_TYPE_DATE)
        for (size_t i = 0; i < count; i++)
            out[i] = ((const int32_t *)column->values)[(size_t)first + i] *
                     MIMIC_MICROSECONDS_PER_DAY;
    else
        memcpy(out, (const int64_t *)column->values + first, count * sizeof *out);
    clear_nulls(out, column, first, count);
}

static bool is_text(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

static void fill_ids(int64_t *out, const mimic_column *column, int64_t first, size_t count)
{
    if (!is_text(column->type)) {
        fill_integers(out, column, first, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const emit_text text = raw_text(column, first + (int64_t)i);
        out[i] = text.data == NULL ? MIMIC_EVENT_NONE : mimic__event_text_id(text.data, text.size);
    }
}

/* Integers as they are; of dates and times the year. */
static void fill_whole(int64_t *out, const emit_column *plan, const mimic_column *column,
                       int64_t first, size_t count)
{
    if (column->type == MIMIC_TYPE_INT16 || column->type == MIMIC_TYPE_INT32 ||
        column->type == MIMIC_TYPE_INT64) {
        fill_integers(out, column, first, count);
        return;
    }
    fill_times(out, plan, column, first, count);
    for (size_t i = 0; i < count; i++) {
        if (out[i] == MIMIC_EVENT_NONE || out[i] == EMIT_BAD_TIME)
            continue;
        int64_t days = out[i] / MIMIC_MICROSECONDS_PER_DAY;
        days -= out[i] % MIMIC_MICROSECONDS_PER_DAY < 0;
        out[i] = mimic__date_from_days((int32_t)days).year;
    }
}

/* ---- texts as numbers ---- */

/* Of a dictionary each text is looked up once a batch. */
static mimic_status fill_coded_numbers(emit_call *call, size_t column_index, uint32_t *out,
                                       mimic_error *err)
{
    const emit_column *const plan = &call->emitter->columns[column_index];
    const mimic_column *const column = call->columns[column_index];
    uint32_t *const known = call->dictionaries[column_index];
    const int32_t *const codes = (const int32_t *)column->values + call->first;
    for (size_t i = 0; i < call->count; i++) {
        const int64_t row = call->first + (int64_t)i;
        if (!mimic_column_is_valid(column, row)) {
            out[i] = 0;
            continue;
        }
        out[i] = known[codes[i]];
        if (out[i] != 0)
            continue;
        MIMIC_TRY(mimic__emit_text_number(call, plan, raw_text(column, row), &out[i], err));
        known[codes[i]] = out[i];
    }
    return MIMIC_OK;
}

static mimic_status fill_numbers(emit_call *call, size_t column_index, uint32_t *out,
                                 mimic_error *err)
{
    char buffer[MIMIC_FORMAT_BYTES];
    const emit_column *const plan = &call->emitter->columns[column_index];
    if (call->columns[column_index] == NULL) {
        memset(out, 0, call->count * sizeof *out);
        return MIMIC_OK;
    }
    if (call->dictionaries[column_index] != NULL)
        return fill_coded_numbers(call, column_index, out, err);
    for (size_t i = 0; i < call->count; i++) {
        const emit_text text =
            mimic__emit_text(call, column_index, call->first + (int64_t)i, buffer);
        out[i] = 0;
        if (text.data != NULL)
            MIMIC_TRY(mimic__emit_text_number(call, plan, text, &out[i], err));
    }
    return MIMIC_OK;
}

static void fill_wide(const emit_call *call, const emit_slot *slot, int64_t *out)
{
    const emit_column *const plan = &call->emitter->columns[slot->column];
    const mimic_column *const column = call->columns[slot->column];
    if (column == NULL)
        fill_none(out, call->count);
    else if (slot->form == FORM_TIME)
        fill_times(out, plan, column, call->first, call->count);
    else if (slot->form == FORM_ID)
        fill_ids(out, column, call->first, call->count);
    else
        fill_whole(out, plan, column, call->first, call->count);
}

/* ---- moments ---- */

/* The first moment of a year, counted from 1. */
static int64_t year_start(int64_t year)
{
    return mimic__days_from_date((int32_t)year, 1, 1) * MIMIC_MICROSECONDS_PER_DAY;
}

static int64_t way_time(const emit_call *call, const emit_way *way, size_t i)
{
    const int64_t value = call->wide[way->slot][i];
    if (!way->is_year || value == MIMIC_EVENT_NONE || value == EMIT_BAD_TIME)
        return value;
    const int64_t minus = way->minus == EMIT_NO_SLOT ? 0 : call->wide[way->minus][i];
    if (minus == MIMIC_EVENT_NONE)
        return MIMIC_EVENT_NONE;
    /* Both within a few thousands, or there is no such year. */
    if (value < -100000 || value > 100000 || minus < -100000 || minus > 100000 ||
        value - minus < 1 || value - minus > 9999)
        return EMIT_BAD_TIME;
    return year_start(value - minus);
}

static void fill_moment(const emit_call *call, const emit_moment *moment, int64_t *out,
                        uint8_t *bad)
{
    for (size_t i = 0; i < call->count; i++) {
        out[i] = MIMIC_EVENT_NONE;
        for (size_t w = 0; w < moment->way_count && out[i] == MIMIC_EVENT_NONE; w++) {
            const int64_t time = way_time(call, &moment->ways[w], i);
            if (time == EMIT_BAD_TIME)
                bad[i] = 1;
            else
                out[i] = time;
        }
    }
}

mimic_status mimic__emit_slots(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    for (size_t i = 0; i < emitter->slot_count; i++) {
        const emit_slot *const slot = &emitter->slots[i];
        if (slot->form == FORM_NUMBER)
            MIMIC_TRY(fill_numbers(call, slot->column, call->numbers[i], err));
        else
            fill_wide(call, slot, call->wide[i]);
    }
    for (size_t i = 0; i < emitter->moment_count; i++) {
        const emit_moment *const moment = &emitter->moments[i];
        if (moment->is_slot)
            continue; /* the slot's own array */
        if (moment->may_be_bad)
            memset(call->bad[i], 0, call->count);
        fill_moment(call, moment, call->moments[i], call->bad[i]);
    }
    return MIMIC_OK;
}
