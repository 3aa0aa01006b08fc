/*
 * One call of mimic__emit: a batch, block by block, into a chunk. Arrays for a block are made once a
 * call; the chunk grows as events come.
 */
#include "base/error.h"
#include "events/event_emit_plan.h"

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
    call->places = cut(from, EMIT_BLOCK, sizeof(uint32_t));
    call->made_rows = cut(from, EMIT_BLOCK, sizeof(uint32_t));
    call->made = cut(from, EMIT_BLOCK, sizeof(uint32_t));
    call->reversed = cut(from, EMIT_BLOCK, 1);
    call->marks = cut(from, EMIT_BLOCK, 1);
    call->row_ids = cut(from, emitter->row_id == EMIT_NO_SLOT ? 0 : EMIT_BLOCK, sizeof(int64_t));
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
    call->quoted = cut(from, emitter->column_count, sizeof *call->quoted);
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
    for (size_t i = 0; i < emitter->column_count && !emitter->setup.is_plain; i++) {
        const mimic_column *const column = call->columns[i];
        if (column == NULL || column->type != MIMIC_TYPE_CATEGORICAL ||
            column->dictionary->count / 4 > call->batch->row_count)
            continue;
        const size_t count = (size_t)column->dictionary->count;
        if (emitter->slot_of[i * FORM_COUNT + FORM_NUMBER] != EMIT_NO_SLOT) {
            call->dictionaries[i] =
                mimic__alloc_zeroed(emitter->ctx, count, sizeof *call->dictionaries[i]);
            if (call->dictionaries[i] == NULL)
                return mimic__fail_memory(err);
        }
        if (emitter->columns[i].is_property) {
            call->quoted[i] = mimic__alloc_zeroed(emitter->ctx, count, sizeof *call->quoted[i]);
            if (call->quoted[i] == NULL)
                return mimic__fail_memory(err);
        }
    }
    return MIMIC_OK;
}

/* The id of a row that is looked for travels as the stay, until it is found. */
static void fill_row_ids(emit_call *call)
{
    const mimic_event_table *const table = call->emitter->setup.table;
    if (call->emitter->row_id == EMIT_NO_SLOT)
        return;
    const int64_t *const ids = call->wide[call->emitter->row_id];
    for (size_t i = 0; i < call->count; i++)
        call->row_ids[i] = ids[i] == MIMIC_EVENT_NONE ? ids[i] : ids[i] ^ table->row_salt;
    if (table->joined != NULL)
        call->stays = call->row_ids;
}

static mimic_status run_block(emit_call *call, mimic_error *err)
{
    const mimic_emitter *const emitter = call->emitter;
    MIMIC_TRY(mimic__emit_slots(call, err));
    call->admissions =
        emitter->admission == EMIT_NO_SLOT ? call->none : call->wide[emitter->admission];
    call->stays = emitter->stay == EMIT_NO_SLOT ? call->none : call->wide[emitter->stay];
    fill_row_ids(call);
    mimic__emit_judge(call);
    MIMIC_TRY(mimic__emit_codes(call, err));
    return mimic__emit_put(call, err);
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

static void count_long(mimic_event_chunk *chunk)
{
    for (size_t i = 0; i < chunk->run_count; i++) {
        mimic_event_run *const run = &chunk->runs[i];
        for (uint32_t k = run->first; k < run->first + run->count; k++)
            run->long_bytes += mimic__event_long_bytes(&chunk->events[k]);
    }
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
    if (call->has_long)
        count_long(chunk);
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
    for (size_t i = 0; i < emitter->column_count; i++)
        call.quoted[i] = NULL;
    mimic__buffer_init(&call.json, emitter->ctx);
    mimic__buffer_init(&call.scratch, emitter->ctx);
    mimic__buffer_init(&call.key, emitter->ctx);
    mimic__buffer_init(&call.bytes, emitter->ctx);
    const mimic_status status = run_all(&call, out_chunk, err);
    for (size_t i = 0; i < emitter->column_count; i++)
        mimic__free(emitter->ctx, call.dictionaries[i]);
    for (size_t i = 0; i < emitter->column_count; i++)
        mimic__free(emitter->ctx, call.quoted[i]);
    mimic__buffer_free(&call.json);
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
