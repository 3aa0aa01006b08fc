/*
 * One call of mimic__emit: a batch, block by block, into a chunk. Arrays for a block are made once a
 * call; the chunk grows as events come.
 */
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "events/event_emit_plan.h"
#include "sink/sink_format.h"

#define MOST_TEXT_BYTES ((size_t)INT32_MAX)
#define SPARE_PART 8 /* a chunk has at most one part of so many to spare */

/* ---- memory of a call ---- */

/* What arrays are cut from: first to learn the size, with NULL, then in earnest. */
typedef struct cutter {
    char *memory;
    size_t used;
} cutter;

static void *cut(cutter *from, size_t count, size_t size)
{
    void *const part = from->memory == NULL ? NULL : from->memory + from->used;
    from->used += (count * size + 15) & ~(size_t)15;
    return part;
}

/* `lists` hold a pointer a slot, moment and kind. */
static void cut_arrays(emit_call *call, cutter *from)
{
    const mimic_emitter *const emitter = call->emitter;
    const bool is_real = from->memory != NULL;
    for (size_t i = 0; i < emitter->slot_count; i++) {
        const bool is_number = emitter->slots[i].form == FORM_NUMBER;
        void *const part = cut(from, EMIT_BLOCK, is_number ? sizeof(uint32_t) : sizeof(int64_t));
        if (!is_real)
            continue;
        call->numbers[i] = is_number ? part : NULL;
        call->wide[i] = is_number ? NULL : part;
    }
    for (size_t i = 0; i < emitter->moment_count; i++) {
        const emit_moment *const moment = &emitter->moments[i];
        int64_t *const times = moment->is_slot ? NULL : cut(from, EMIT_BLOCK, sizeof(int64_t));
        uint8_t *const bad = moment->may_be_bad ? cut(from, EMIT_BLOCK, 1) : NULL;
        if (!is_real)
            continue;
        call->moments[i] = moment->is_slot ? call->wide[moment->ways[0].slot] : times;
        call->bad[i] = bad;
    }
    for (size_t i = 0; i < emitter->kind_count; i++) {
        uint32_t *const codes = cut(from, EMIT_BLOCK, sizeof(uint32_t));
        uint8_t *const present = cut(from, EMIT_BLOCK, 1);
        uint8_t *const faults = cut(from, EMIT_BLOCK, 1);
        if (!is_real)
            continue;
        call->codes[i] = codes;
        call->present[i] = present;
        call->faults[i] = faults;
    }
    call->reversed = cut(from, EMIT_BLOCK, 1);
    call->marks = cut(from, EMIT_BLOCK, 1);
    int64_t *const none = cut(from, EMIT_BLOCK, sizeof(int64_t));
    for (size_t i = 0; is_real && i < EMIT_BLOCK; i++)
        none[i] = MIMIC_EVENT_NONE;
    call->none = none;
}

static void cut_all(emit_call *call, cutter *from)
{
    const mimic_emitter *const emitter = call->emitter;
    call->columns = cut(from, emitter->column_count, sizeof *call->columns);
    call->dictionaries = cut(from, emitter->column_count, sizeof *call->dictionaries);
    call->wide = cut(from, emitter->slot_count, sizeof *call->wide);
    call->numbers = cut(from, emitter->slot_count, sizeof *call->numbers);
    call->moments = cut(from, emitter->moment_count, sizeof *call->moments);
    call->bad = cut(from, emitter->moment_count, sizeof *call->bad);
    call->codes = cut(from, emitter->kind_count, sizeof *call->codes);
    call->present = cut(from, emitter->kind_count, sizeof *call->present);
    call->faults = cut(from, emitter->kind_count, sizeof *call->faults);
    cut_arrays(call, from);
}

static mimic_status bind_columns(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    if (call->batch->column_count != emitter->read_count)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s: a batch of %zu columns instead of %zu",
                           emitter->table.name, call->batch->column_count, emitter->read_count);
    for (size_t i = 0; i < emitter->column_count; i++) {
        const emit_column *const plan = &emitter->columns[i];
        call->dictionaries[i] = NULL;
        call->columns[i] = plan->index < 0 ? NULL : &call->batch->columns[plan->index];
        const mimic_type type = plan->is_time_text ? MIMIC_TYPE_STRING : plan->type;
        if (call->columns[i] != NULL && call->columns[i]->type != type)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "%s.%s comes as %s instead of %s",
                               emitter->table.name, plan->field->name,
                               mimic_type_name(call->columns[i]->type), mimic_type_name(type));
    }
    return MIMIC_OK;
}

/* Lists of what the texts of dictionaries are known as, where they are not much larger than the batch. */
static mimic_status make_dictionaries(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    for (size_t i = 0; i < emitter->column_count; i++) {
        const mimic_column *const column = call->columns[i];
        if (emitter->slot_of[i * FORM_COUNT + FORM_NUMBER] == EMIT_NO_SLOT || column == NULL ||
            column->type != MIMIC_TYPE_CATEGORICAL || emitter->cache == NULL ||
            column->dictionary->count / 4 > call->batch->row_count)
            continue;
        call->dictionaries[i] = mimic__alloc_zeroed(
            emitter->ctx, (size_t)column->dictionary->count, sizeof *call->dictionaries[i]);
        if (call->dictionaries[i] == NULL)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

/* ---- writing ---- */

static int64_t record_of(const emit_call *call, int64_t row)
{
    return call->rows->records != NULL ? call->rows->records[row] : call->rows->first_record + row;
}

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

/* Room for the events of the block; of the first block it is told how many the batch may give. */
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
    if (capacity < needed)
        capacity = needed;
    if (!mimic__multiply_overflows(capacity, sizeof *events, &bytes))
        events = mimic__realloc(call->emitter->ctx, call->events,
                                call->event_capacity * sizeof *events, bytes);
    if (events == NULL)
        return mimic__fail_memory(err);
    call->events = events;
    call->event_capacity = capacity;
    return MIMIC_OK;
}

static mimic_status begin_run(emit_call *call, int64_t subject, mimic_error *err)
{
    mimic_event_run *const runs = mimic__array_grow(call->emitter->ctx, call->runs, call->run_count,
                                                    &call->run_capacity, sizeof *runs);
    if (runs == NULL)
        return mimic__fail_memory(err);
    call->runs = runs;
    call->descends |= call->run_count > 0 && runs[call->run_count - 1].subject > subject;
    runs[call->run_count++] = (mimic_event_run){subject, (uint32_t)call->event_count, 0};
    return MIMIC_OK;
}

static uint16_t event_marks(const emit_call *call, const emit_kind *kind, size_t k, size_t i)
{
    const mimic_emit_setup *const setup = &call->emitter->setup;
    unsigned marks = 0;
    if (kind->bad_moment_count > 0 && call->faults[k][i])
        marks |= setup->bad_times == MIMIC_POLICY_KEEP ? MIMIC_EVENT_KEPT_BAD_TIME
                                                       : (unsigned)MIMIC_MARK_BAD_TIME;
    if (kind->source->link != LINK_NONE && call->reversed[i])
        marks |= setup->reversed == MIMIC_POLICY_KEEP ? MIMIC_EVENT_KEPT_REVERSED
                                                      : (unsigned)MIMIC_MARK_REVERSED;
    return (uint16_t)marks;
}

static void put_text(emit_call *call, const emit_kind *kind, int64_t row, mimic_event *event)
{
    char buffer[MIMIC_FORMAT_BYTES];
    event->text = (uint32_t)call->bytes.size;
    if (kind->text != EMIT_NO_SLOT) {
        const emit_text text = mimic__emit_text(call, kind->text, row, buffer);
        if (text.data != NULL) {
            mimic__buffer_append(&call->bytes, text.data, text.size);
            event->text_size = (uint32_t)text.size;
        }
    }
    if (kind->property_count > 0) {
        const size_t begin = call->bytes.size;
        mimic__emit_properties(call, kind, row);
        event->properties_size = (uint32_t)(call->bytes.size - begin);
    }
}

static int64_t moment_of(const emit_call *call, size_t moment, size_t i)
{
    return moment == EMIT_NO_SLOT ? MIMIC_EVENT_NONE : call->moments[moment][i];
}

/* The id by which rows of two tables find each other; of different tables they are different. */
static int64_t row_id(const emit_call *call, size_t i)
{
    const int64_t id = call->row_ids[i];
    return id == MIMIC_EVENT_NONE ? id : id ^ call->emitter->setup.table->row_salt;
}

static void put_event(emit_call *call, size_t k, size_t i)
{
    const mimic_emitter *const emitter = call->emitter;
    const bool is_joined = emitter->setup.table->joined != NULL;
    const emit_kind *const kind = &emitter->kinds[k];
    const int64_t row = call->first + (int64_t)i;
    mimic_event *const event = &call->events[call->event_count++];
    *event = (mimic_event){
        .subject = call->wide[emitter->subject][i],
        .time = moment_of(call, kind->time, i),
        .available = moment_of(call, kind->available, i),
        .anchor = moment_of(call, kind->anchor, i),
        .admission = call->admissions[i],
        .stay = is_joined ? row_id(call, i) : call->stays[i],
        .row = record_of(call, row),
        .code = call->codes[k][i],
        .unit = kind->unit == EMIT_NO_SLOT ? kind->unit_number : call->numbers[kind->unit][i] - 1,
        .text_size = MIMIC_EVENT_NO_TEXT,
        .kind = kind->source->number,
        .flags = event_marks(call, kind, k, i),
    };
    if (kind->value != EMIT_NO_SLOT && mimic__emit_value(call, kind->value, row, &event->value))
        event->flags |= MIMIC_EVENT_HAS_VALUE;
    put_text(call, kind, row, event);
}

static void put_context(emit_call *call, size_t i)
{
    const mimic_emitter *const emitter = call->emitter;
    const bool is_row = emitter->setup.table->context == GROUP_ROW;
    call->events[call->event_count++] = (mimic_event){
        .subject = call->wide[emitter->subject][i],
        .time = moment_of(call, emitter->context_times[SLOT_START], i),
        .available = moment_of(call, emitter->context_times[SLOT_END], i),
        .anchor = moment_of(call, emitter->context_times[SLOT_EXTRA], i),
        .admission = call->admissions[i],
        .stay = is_row ? row_id(call, i) : call->stays[i],
        .row = record_of(call, call->first + (int64_t)i),
        .code = MIMIC_EVENT_NO_TEXT,
        .unit = MIMIC_EVENT_NO_TEXT,
        .text = (uint32_t)call->bytes.size,
        .text_size = MIMIC_EVENT_NO_TEXT,
        .kind = (uint16_t)(MIMIC_EVENT_CONTEXT + (unsigned)emitter->setup.table->context),
    };
}

/* A row of a context table without the id of what it is about says nothing. */
static bool has_context(const emit_call *call, size_t i)
{
    switch (call->emitter->setup.table->context) {
    case GROUP_SUBJECT:
        return true;
    case GROUP_ADMISSION:
        return call->admissions[i] != MIMIC_EVENT_NONE;
    case GROUP_STAY:
        return call->stays[i] != MIMIC_EVENT_NONE;
    case GROUP_ROW:
        return call->row_ids[i] != MIMIC_EVENT_NONE;
    default:
        return false;
    }
}

static size_t count_events(const emit_call *call)
{
    size_t count = call->emitter->setup.table->context >= 0 ? call->count : 0;
    for (size_t k = 0; k < call->emitter->kind_count; k++)
        for (size_t i = 0; i < call->count; i++)
            count += call->codes[k][i] != EMIT_NO_CODE;
    return count;
}

static mimic_status put_row(emit_call *call, size_t i, mimic_error *err)
{
    if (call->marks[i] != 0)
        return add_reject(call, i, err);
    const size_t before = call->event_count;
    if (has_context(call, i))
        put_context(call, i);
    for (size_t k = 0; k < call->emitter->kind_count; k++)
        if (call->codes[k][i] != EMIT_NO_CODE)
            put_event(call, k, i);
    const size_t made = call->event_count - before;
    if (made == 0) {
        call->rows_none++;
        return MIMIC_OK;
    }
    const int64_t subject = call->events[before].subject;
    if (call->run_count == 0 || call->runs[call->run_count - 1].subject != subject) {
        call->event_count = before;
        MIMIC_TRY(begin_run(call, subject, err));
        call->event_count = before + made;
    }
    call->runs[call->run_count - 1].count += (uint32_t)made;
    return MIMIC_OK;
}

static mimic_status run_block(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    MIMIC_TRY(mimic__emit_slots(call, err));
    call->admissions =
        emitter->admission == EMIT_NO_SLOT ? call->none : call->wide[emitter->admission];
    call->stays = emitter->stay == EMIT_NO_SLOT ? call->none : call->wide[emitter->stay];
    call->row_ids = emitter->row_id == EMIT_NO_SLOT ? call->none : call->wide[emitter->row_id];
    mimic__emit_judge(call);
    MIMIC_TRY(mimic__emit_codes(call, err));
    MIMIC_TRY(reserve_events(call, count_events(call), err));
    for (size_t i = 0; i < call->count; i++)
        MIMIC_TRY(put_row(call, i, err));
    if (call->bytes.failed)
        return mimic__fail_memory(err);
    if (call->bytes.size > MOST_TEXT_BYTES || call->event_count > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "%s: the texts of one batch make more than 2 GiB: choose smaller blocks",
                           emitter->table.name);
    return MIMIC_OK;
}

/* ---- the chunk ---- */

/* Gives back what is too much of an array; false when memory ran out, the array being as it was. */
static bool trim(const mimic_context *ctx, void **items, size_t used, size_t *capacity)
{
    if (*items == NULL || *capacity - used <= *capacity / SPARE_PART)
        return true;
    void *const smaller = mimic__realloc(ctx, *items, *capacity, used == 0 ? 1 : used);
    if (smaller == NULL)
        return false;
    *items = smaller;
    *capacity = used;
    return true;
}

static bool trim_all(emit_call *call, size_t *out_size)
{
    const mimic_context *const ctx = call->emitter->ctx;
    void *events = call->events;
    void *runs = call->runs;
    void *bytes = call->bytes.data;
    size_t event_bytes = call->event_capacity * sizeof *call->events;
    size_t run_bytes = call->run_capacity * sizeof *call->runs;
    const bool is_done =
        trim(ctx, &events, call->event_count * sizeof *call->events, &event_bytes) &&
        trim(ctx, &runs, call->run_count * sizeof *call->runs, &run_bytes) &&
        trim(ctx, &bytes, call->bytes.size, &call->bytes.capacity);
    call->events = events;
    call->runs = runs;
    call->bytes.data = bytes;
    *out_size = event_bytes + run_bytes + call->bytes.capacity +
                call->reject_capacity * sizeof *call->rejects;
    return is_done;
}

static mimic_status make_chunk(emit_call *call, mimic_event_chunk **out_chunk, mimic_error *err)
{
    const mimic_context *const ctx = call->emitter->ctx;
    size_t size = 0;
    mimic_event_chunk *const chunk =
        trim_all(call, &size) ? mimic__alloc_zeroed(ctx, 1, sizeof *chunk) : NULL;
    if (chunk == NULL)
        return mimic__fail_memory(err);
    chunk->ctx = ctx;
    atomic_init(&chunk->references, 1);
    chunk->table = call->emitter->setup.table->number;
    chunk->ascends = !call->descends;
    chunk->events = call->events;
    chunk->count = call->event_count;
    chunk->bytes = call->bytes.data;
    chunk->bytes_size = call->bytes.size;
    chunk->runs = call->runs;
    chunk->run_count = call->run_count;
    chunk->rows = call->batch->row_count;
    chunk->rows_none = call->rows_none;
    chunk->rejects = call->rejects;
    chunk->reject_count = call->reject_count;
    chunk->memory = call->events;
    chunk->more[0] = call->bytes.data;
    chunk->more[1] = call->runs;
    chunk->more[2] = call->rejects;
    chunk->memory_size = sizeof *chunk + size;
    *out_chunk = chunk;
    return MIMIC_OK;
}

static mimic_status run_all(emit_call *call, mimic_event_chunk **out_chunk, mimic_error *err)
{
    MIMIC_TRY(bind_columns(call, err));
    MIMIC_TRY(make_dictionaries(call, err));
    for (call->first = 0; call->first < call->batch->row_count; call->first += EMIT_BLOCK) {
        const int64_t left = call->batch->row_count - call->first;
        call->count = left < EMIT_BLOCK ? (size_t)left : EMIT_BLOCK;
        MIMIC_TRY(run_block(call, err));
    }
    return make_chunk(call, out_chunk, err);
}

mimic_status mimic__emit(const mimic_emitter *emitter, const mimic_batch *batch,
                         const mimic_emit_rows *rows, mimic_event_chunk **out_chunk,
                         mimic_error *err)
{
    emit_call call = {.emitter = emitter, .batch = batch, .rows = rows};
    cutter from = {NULL, 0};
    *out_chunk = NULL;
    cut_all(&call, &from);
    from = (cutter){mimic__alloc(emitter->ctx, from.used), 0};
    if (from.memory == NULL)
        return mimic__fail_memory(err);
    cut_all(&call, &from);
    for (size_t i = 0; i < emitter->column_count; i++)
        call.dictionaries[i] = NULL;
    mimic__buffer_init(&call.scratch, emitter->ctx);
    mimic__buffer_init(&call.key, emitter->ctx);
    mimic__buffer_init(&call.bytes, emitter->ctx);
    const mimic_status status = run_all(&call, out_chunk, err);
    for (size_t i = 0; i < emitter->column_count; i++)
        mimic__free(emitter->ctx, call.dictionaries[i]);
    mimic__buffer_free(&call.scratch);
    mimic__buffer_free(&call.key);
    if (status != MIMIC_OK) {
        mimic__buffer_free(&call.bytes);
        mimic__free(emitter->ctx, call.events);
        mimic__free(emitter->ctx, call.runs);
        mimic__free(emitter->ctx, call.rejects);
    }
    mimic__free(emitter->ctx, from.memory);
    return status;
}
