/*
 * Writes the events of a block. First row by row what becomes of each row: its runs, its reject, and
 * where its events will stand; then kind by kind the events themselves, then their values and texts,
 * so that every loop is about one thing. The usual columns have loops of their own; the others, and a
 * plain emitter, which is there to compare with, go through mimic__emit_text and mimic__emit_value.
 */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

#define MOST_TEXT_BYTES ((size_t)INT32_MAX)
#define COPY_BYTES 16 /* short texts are copied so many bytes at a time, whatever their size */

static int64_t record_of(const emit_call *call, int64_t row)
{
    return call->rows->records != NULL ? call->rows->records[row] : call->rows->first_record + row;
}

static const int64_t *moment_of(const emit_call *call, size_t moment)
{
    return moment == EMIT_NO_SLOT ? call->none : call->moments[moment];
}

/* ---- rows ---- */

static mimic_status add_reject(emit_call *call, size_t i, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    mimic_event_reject *const rejects =
        mimic__array_grow(emitter->ctx, call->rejects, call->reject_count, &call->reject_capacity,
                          sizeof *rejects);
    if (rejects == NULL)
        return mimic__fail_memory(err);
    call->rejects = rejects;
    int64_t time = MIMIC_EVENT_NONE;
    for (size_t k = 0; k < emitter->kind_count && call->marks[i] == MIMIC_MARK_REVERSED; k++)
        if (emitter->kinds[k].source->link == LINK_END && call->present[k][i])
            time = call->moments[emitter->kinds[k].time][i];
    rejects[call->reject_count++] = (mimic_event_reject){
        record_of(call, call->first + (int64_t)i), emitter->setup.table->number, call->marks[i],
        call->wide[emitter->subject][i], time};
    return MIMIC_OK;
}

/* A run that begins with the next event; NULL when memory ran out. */
static mimic_event_run *begin_run(emit_call *call, int64_t subject)
{
    mimic_event_run *const runs = mimic__array_grow(
        call->emitter->ctx, call->runs, call->run_count, &call->run_capacity, sizeof *runs);
    if (runs == NULL)
        return NULL;
    call->runs = runs;
    call->descends |= call->run_count > 0 && runs[call->run_count - 1].subject > subject;
    runs[call->run_count] =
        (mimic_event_run){.subject = subject, .first = (uint32_t)call->event_count};
    return &runs[call->run_count++];
}

/* One of the times that others are joined with is there. */
static bool has_context_time(const emit_call *call, size_t i)
{
    for (size_t slot = 0; slot < SLOT_COUNT; slot++)
        if (moment_of(call, call->emitter->context_times[slot])[i] != MIMIC_EVENT_NONE)
            return true;
    return false;
}

/* A row of a context table without the id of what it is about says when something was, at most. */
static bool has_context(const emit_call *call, size_t i)
{
    switch (call->emitter->setup.table->context) {
    case GROUP_SUBJECT:
        return true;
    case GROUP_ADMISSION:
        return call->admissions[i] != MIMIC_EVENT_NONE || has_context_time(call, i);
    case GROUP_STAY:
        return call->stays[i] != MIMIC_EVENT_NONE || has_context_time(call, i);
    case GROUP_ROW:
        return call->row_ids[i] != MIMIC_EVENT_NONE;
    default:
        return false;
    }
}

/* How many events each row has; `places` holds them until the rows are placed. */
static size_t count_events(const emit_call *call)
{
    const mimic_emitter *const emitter = call->emitter;
    const bool is_context = emitter->setup.table->context >= 0;
    uint32_t *const counts = call->places;
    size_t sum = 0;
    for (size_t i = 0; i < call->count; i++)
        counts[i] = is_context && call->marks[i] == 0 && has_context(call, i);
    for (size_t k = 0; k < emitter->kind_count; k++)
        for (size_t i = 0; i < call->count; i++)
            counts[i] += call->codes[k][i] != EMIT_NO_CODE;
    for (size_t i = 0; i < call->count; i++)
        sum += counts[i];
    return sum;
}

/* From the counts of the rows to the places of their first events. */
static mimic_status place_rows(emit_call *call, mimic_error *err)
{
    const int64_t *const subjects = call->wide[call->emitter->subject];
    const uint8_t *const marks = call->marks;
    uint32_t *const places = call->places;
    mimic_event_run *run = call->run_count == 0 ? NULL : &call->runs[call->run_count - 1];
    for (size_t i = 0; i < call->count; i++) {
        const uint32_t made = places[i];
        places[i] = (uint32_t)call->event_count;
        if (marks[i] != 0) {
            MIMIC_TRY(add_reject(call, i, err));
            continue;
        }
        if (made == 0) {
            call->rows_none++;
            continue;
        }
        if (run == NULL || run->subject != subjects[i])
            run = begin_run(call, subjects[i]);
        if (run == NULL)
            return mimic__fail_memory(err);
        run->count += made;
        call->event_count += made;
    }
    return MIMIC_OK;
}

/* Room for more events; the first block tells how many the batch may give. */
static mimic_status reserve_events(emit_call *call, size_t count, mimic_error *err)
{
    const size_t needed = call->event_count + count;
    if (needed <= call->event_capacity)
        return MIMIC_OK;
    const size_t rows_left = (size_t)(call->batch->row_count - call->first);
    size_t capacity = needed + needed / 4;
    if (call->events == NULL)
        capacity = count * (rows_left / call->count + 1);
    size_t bytes;
    mimic_event *events = NULL;
    if (needed <= INT32_MAX && !mimic__multiply_overflows(capacity, sizeof *events, &bytes))
        events = mimic__realloc(call->emitter->ctx, call->events,
                                call->event_capacity * sizeof *events, bytes);
    if (events == NULL)
        return mimic__fail_memory(err);
    call->events = events;
    call->event_capacity = capacity;
    return MIMIC_OK;
}

/* ---- events without their values and texts ---- */

static void put_contexts(emit_call *call)
{
    const mimic_emitter *const emitter = call->emitter;
    const mimic_event_table *const table = emitter->setup.table;
    for (size_t i = 0; i < call->count; i++) {
        if (call->marks[i] != 0 || !has_context(call, i))
            continue;
        call->events[call->places[i]++] = (mimic_event){
            .subject = call->wide[emitter->subject][i],
            .time = moment_of(call, emitter->context_times[SLOT_START])[i],
            .available = moment_of(call, emitter->context_times[SLOT_END])[i],
            .anchor = moment_of(call, emitter->context_times[SLOT_EXTRA])[i],
            .admission = call->admissions[i],
            .stay = table->context == GROUP_ROW ? call->row_ids[i] : call->stays[i],
            .row = record_of(call, call->first + (int64_t)i),
            .code = MIMIC_EVENT_NO_TEXT,
            .unit = MIMIC_EVENT_NO_TEXT,
            .text_size = MIMIC_EVENT_NO_TEXT,
            .kind = (uint16_t)(MIMIC_EVENT_CONTEXT + (unsigned)table->context),
            .flags = table->context_joins_only ? MIMIC_EVENT_JOINS_ONLY : 0,
        };
    }
}

/* Writes the events of a kind; `made_rows` and `made` list their rows and where they stand. */
static void put_fixed(emit_call *call, size_t k)
{
    const mimic_emitter *const emitter = call->emitter;
    const emit_kind *const kind = &emitter->kinds[k];
    const uint32_t *const codes = call->codes[k];
    const int64_t *const subjects = call->wide[emitter->subject];
    const int64_t *const times = moment_of(call, kind->time);
    const int64_t *const available = moment_of(call, kind->available);
    const int64_t *const anchors = moment_of(call, kind->anchor);
    const uint32_t *const units = kind->unit == EMIT_NO_SLOT ? NULL : call->numbers[kind->unit];
    const int64_t *const admissions = call->admissions;
    const int64_t *const stays = call->stays;
    const int64_t *const records =
        call->rows->records == NULL ? NULL : call->rows->records + call->first;
    const int64_t first_record = call->rows->first_record + call->first;
    const uint16_t number = kind->source->number;
    mimic_event *const events = call->events;
    uint32_t *const next = call->places;
    uint32_t *const made_rows = call->made_rows;
    uint32_t *const places = call->made;
    const size_t count = call->count;
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        if (codes[i] == EMIT_NO_CODE)
            continue;
        const uint32_t place = next[i]++;
        mimic_event *const event = &events[place];
        event->subject = subjects[i];
        event->time = times[i];
        event->available = available[i];
        event->anchor = anchors[i];
        event->admission = admissions[i];
        event->stay = stays[i];
        event->row = records == NULL ? first_record + (int64_t)i : records[i];
        event->value = 0;
        event->code = codes[i];
        event->unit = units == NULL ? kind->unit_number : units[i] - 1;
        event->text = 0;
        event->text_size = MIMIC_EVENT_NO_TEXT;
        event->properties_size = 0;
        event->kind = number;
        event->flags = 0;
        made_rows[made] = (uint32_t)i;
        places[made++] = place;
    }
    call->made_count = made;
}

static void put_marks(emit_call *call, const emit_kind *kind, size_t k)
{
    const mimic_emit_setup *const setup = &call->emitter->setup;
    const uint16_t bad = setup->bad_times == MIMIC_POLICY_KEEP ? MIMIC_EVENT_KEPT_BAD_TIME
                                                               : (uint16_t)MIMIC_MARK_BAD_TIME;
    const uint16_t reversed = setup->reversed == MIMIC_POLICY_KEEP ? MIMIC_EVENT_KEPT_REVERSED
                                                                   : (uint16_t)MIMIC_MARK_REVERSED;
    const bool is_linked = kind->source->link != LINK_NONE;
    const uint8_t *const unread = kind->is_late ? call->bad[kind->time] : NULL;
    if (kind->bad_moment_count == 0 && !is_linked)
        return;
    for (size_t m = 0; m < call->made_count; m++) {
        const uint32_t i = call->made_rows[m];
        unsigned marks = 0;
        if (kind->bad_moment_count > 0 && call->faults[k][i])
            marks |= bad;
        if (unread != NULL && unread[i])
            marks |= MIMIC_EVENT_UNREAD_TIME;
        if (is_linked && call->reversed[i])
            marks |= reversed;
        call->events[call->made[m]].flags = (uint16_t)marks;
    }
}

/* ---- values ---- */

static void put_doubles(const emit_call *call, const mimic_column *column)
{
    const double *const values = (const double *)column->values + call->first;
    const uint32_t *const made_rows = call->made_rows;
    const uint32_t *const made = call->made;
    mimic_event *const events = call->events;
    const bool has_nulls = column->validity != NULL;
    for (size_t m = 0; m < call->made_count; m++) {
        const uint32_t i = made_rows[m];
        const double value = values[i];
        if (isnan(value) || (has_nulls && !mimic_column_is_valid(column, call->first + i)))
            continue;
        events[made[m]].value = value;
        events[made[m]].flags |= MIMIC_EVENT_HAS_VALUE;
    }
}

static void put_values(emit_call *call, size_t index)
{
    const mimic_column *const column = call->columns[index];
    if (column == NULL)
        return;
    if (column->type == MIMIC_TYPE_FLOAT64 && !call->emitter->setup.is_plain) {
        put_doubles(call, column);
        return;
    }
    for (size_t m = 0; m < call->made_count; m++) {
        mimic_event *const event = &call->events[call->made[m]];
        if (mimic__emit_value(call, index, call->first + call->made_rows[m], &event->value))
            event->flags |= MIMIC_EVENT_HAS_VALUE;
        else
            event->value = 0;
    }
}

/* ---- texts ---- */

static mimic_status fail_text(const emit_call *call, mimic_error *err)
{
    if (call->bytes.failed)
        return mimic__fail_memory(err);
    return mimic__fail(err, MIMIC_ERR_LIMIT,
                       "%s: the texts of one batch make more than 2 GiB: choose smaller blocks",
                       call->emitter->table.name);
}

/* Copies a text, short ones without asking how short. `end`: of what may be read. */
static char *copy_text(char *out, const char *text, size_t size, const char *end)
{
    if (size <= COPY_BYTES && end - text >= COPY_BYTES)
        memcpy(out, text, COPY_BYTES);
    else
        memcpy(out, text, size);
    return out + size;
}

/* The texts of a string column, all of which lie between those of the first and of the last row. */
static mimic_status put_strings(emit_call *call, const mimic_column *column, mimic_error *err)
{
    const int32_t *const offsets = column->offsets + call->first;
    const char *const bytes = column->values;
    const char *const end = bytes + column->offsets[call->batch->row_count];
    const uint32_t *const made_rows = call->made_rows;
    const uint32_t *const made = call->made;
    mimic_event *const events = call->events;
    const size_t count = call->made_count;
    const size_t most =
        count == 0 ? 0 : (size_t)(offsets[made_rows[count - 1] + 1] - offsets[made_rows[0]]);
    if (most > MOST_TEXT_BYTES - call->bytes.size ||
        !mimic__buffer_reserve(&call->bytes, most + COPY_BYTES))
        return fail_text(call, err);
    char *const begin = call->bytes.data;
    char *out = begin + call->bytes.size;
    for (size_t m = 0; m < count; m++) {
        const uint32_t i = made_rows[m];
        if (!mimic_column_is_valid(column, call->first + i))
            continue;
        const size_t size = (size_t)(offsets[i + 1] - offsets[i]);
        mimic_event *const event = &events[made[m]];
        event->text = (uint32_t)(out - begin);
        event->text_size = (uint32_t)size;
        call->has_long |= size > MIMIC_EVENT_LONG_TEXT / 2;
        if (size > 0)
            out = copy_text(out, bytes + offsets[i], size, end);
    }
    call->bytes.size = (size_t)(out - begin);
    return MIMIC_OK;
}

static bool is_fast_string(const emit_call *call, size_t index)
{
    return !call->emitter->setup.is_plain && call->columns[index]->type == MIMIC_TYPE_STRING &&
           !call->emitter->columns[index].is_time_text;
}

/* The text of one event; false when memory ran out. */
static inline bool put_text(emit_call *call, size_t index, int64_t row, mimic_event *event)
{
    char buffer[MIMIC_FORMAT_BYTES];
    const mimic_column *const column = call->columns[index];
    const char *end = NULL;
    emit_text text = {NULL, 0};
    if (is_fast_string(call, index)) {
        const int32_t *const offsets = column->offsets + row;
        end = (const char *)column->values + column->offsets[call->batch->row_count];
        if (mimic_column_is_valid(column, row))
            text = (emit_text){(const char *)column->values + offsets[0],
                               (size_t)(offsets[1] - offsets[0])};
    } else {
        text = mimic__emit_text(call, index, row, buffer);
        end = text.data == NULL ? NULL : text.data + text.size;
    }
    if (text.data == NULL)
        return true;
    if (text.size + COPY_BYTES > call->bytes.capacity - call->bytes.size &&
        !mimic__buffer_reserve(&call->bytes, text.size + COPY_BYTES))
        return false;
    if (text.size > 0)
        copy_text(call->bytes.data + call->bytes.size, text.data, text.size, end);
    call->bytes.size += text.size;
    event->text_size = (uint32_t)text.size;
    call->has_long |= text.size > MIMIC_EVENT_LONG_TEXT / 2;
    return true;
}

static mimic_status put_texts(emit_call *call, const emit_kind *kind, mimic_error *err)
{
    const bool has_text = kind->text != EMIT_NO_SLOT && call->columns[kind->text] != NULL;
    if (!has_text && kind->property_count == 0)
        return MIMIC_OK;
    if (has_text && kind->property_count == 0 && is_fast_string(call, kind->text))
        return put_strings(call, call->columns[kind->text], err);
    for (size_t m = 0; m < call->made_count; m++) {
        const int64_t row = call->first + call->made_rows[m];
        mimic_event *const event = &call->events[call->made[m]];
        event->text = (uint32_t)call->bytes.size;
        if (has_text && !put_text(call, kind->text, row, event))
            return mimic__fail_memory(err);
        const size_t begin = call->bytes.size;
        if (call->emitter->setup.is_plain)
            mimic__emit_properties_plain(call, kind, row);
        else if (kind->property_count > 0)
            mimic__emit_properties(call, kind, row);
        event->properties_size = (uint32_t)(call->bytes.size - begin);
        call->has_long |= event->properties_size > MIMIC_EVENT_LONG_TEXT / 2;
        if (call->bytes.failed || call->bytes.size > MOST_TEXT_BYTES)
            return fail_text(call, err);
    }
    return MIMIC_OK;
}

/* How many more bytes of text there will be, by those of the first block. */
static size_t guess_bytes(const emit_call *call)
{
    const size_t blocks = (size_t)call->batch->row_count / call->count;
    return call->bytes.size > MOST_TEXT_BYTES / (blocks + 1) ? 0 : call->bytes.size * blocks;
}

mimic_status mimic__emit_put(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    MIMIC_TRY(reserve_events(call, count_events(call), err));
    MIMIC_TRY(place_rows(call, err));
    if (emitter->setup.table->context >= 0)
        put_contexts(call);
    for (size_t k = 0; k < emitter->kind_count; k++) {
        const emit_kind *const kind = &emitter->kinds[k];
        put_fixed(call, k);
        put_marks(call, kind, k);
        if (kind->value != EMIT_NO_SLOT)
            put_values(call, kind->value);
        MIMIC_TRY(put_texts(call, kind, err));
    }
    if (call->first == 0 && !mimic__buffer_reserve(&call->bytes, guess_bytes(call)))
        return mimic__fail_memory(err);
    return MIMIC_OK;
}
