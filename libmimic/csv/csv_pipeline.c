/*
 * From bytes to batches on several threads:
 *
 *     read ──► parse ──► settle ──► finish ──► deliver
 *     in order  anywhere  in order   anywhere   in order
 *
 * Blocks are numbered as they come and travel in slots, block n in the slot at n modulo their number.
 * Of the idle ones those that have memory are used first, so that no more have any than may be used.
 * Settling and delivering belong to the caller's thread, which also works on whatever task waits
 * while it waits itself. Reading is one task at a time, on any thread; where bytes come from a
 * callback or a pipe it stays on the caller's thread, as promised there. A step hands the slot to the
 * next one through the pool, so that no slot is seen by two threads at once and no lock is needed.
 *
 * With one job there is one slot, no pool, and every task runs where it is submitted.
 *
 * Nothing depends on which thread did what: dictionaries, unique values, the limit, numbers of
 * records and rows are all settled in order, and an error is told when its block is due.
 */
#include <string.h>

#include "base/error.h"
#include "csv/csv_reader_internal.h"
#include "io/source_internal.h"

#define SPARE_SLOTS 3 /* beside one a job: one with the caller, and some in wait */
#define MOST_SLOTS 12
#define FIRST_SLOTS 2 /* until it is known what a block takes */
#define BUDGET_BYTES ((size_t)32 * 1024 * 1024) /* of all slots, unless one record takes more */

static csv_slot *slot_of(const mimic_csv_reader *reader, int64_t number)
{
    return reader->ring[(size_t)number % reader->slot_count];
}

/* ---- tasks ---- */

static void run_parse(mimic_task *task)
{
    csv_slot *const slot = (csv_slot *)task;
    slot->status = mimic_csv__slot_parse(slot, &slot->error);
}

static void run_finish(mimic_task *task)
{
    csv_slot *const slot = (csv_slot *)task;
    slot->status = mimic_csv__slot_finish(slot, &slot->error);
}

static void submit(csv_slot *slot, void (*run)(mimic_task *task))
{
    slot->task.run = run;
    mimic__pool_submit(slot->reader->pool, &slot->task);
}

/* A record longer than usual: such a block goes alone. */
static bool is_long(const csv_slot *slot)
{
    return slot->memory.capacity > 4 * (size_t)slot->reader->options.block_bytes;
}

static void read_block(mimic_csv_reader *reader, csv_slot *slot)
{
    slot->is_settled = false;
    slot->error = (mimic_error)MIMIC_ERROR_INIT;
    slot->status =
        mimic_csv__splitter_next(reader->splitter, &slot->memory, &slot->block, &slot->error);
    slot->bytes_read = mimic_csv__splitter_position(reader->splitter);
    mimic_source_progress(reader->source, &slot->stored_bytes, NULL);
}

/* Where the caller reads, it stops as soon as it has something to deliver: a pipe may be slow. */
static bool front_is_ready(mimic_csv_reader *reader)
{
    return reader->input_is_callers && reader->read_end > reader->front &&
           mimic__pool_is_done(reader->pool, &slot_of(reader, reader->front)->task);
}

static void read_ahead(mimic_csv_reader *reader)
{
    while (reader->read_end < reader->input_until && !reader->input_ended &&
           !front_is_ready(reader)) {
        csv_slot *const slot = slot_of(reader, reader->read_end++);
        read_block(reader, slot);
        if (slot->status == MIMIC_OK)
            submit(slot, run_parse);
        else
            reader->input_ended = true;
        if (is_long(slot))
            break;
    }
}

static void run_input(mimic_task *task)
{
    read_ahead((mimic_csv_reader *)((char *)task - offsetof(mimic_csv_reader, input_task)));
}

/* ---- the caller's thread ---- */

/* How many blocks may be on their way. */
static size_t slots_allowed(const mimic_csv_reader *reader)
{
    size_t allowed = reader->block_footprint == 0 ? FIRST_SLOTS
                                                  : BUDGET_BYTES / reader->block_footprint;
    for (int64_t i = reader->front; i < reader->seen_end; i++)
        if (is_long(slot_of(reader, i)))
            allowed = 0;
    if (allowed > reader->slot_count)
        allowed = reader->slot_count;
    return allowed == 0 ? 1 : allowed;
}

/* Memory of a slot that is idle, while nobody reads; that of an unusual block is not kept. */
static void give_back(const mimic_csv_reader *reader, csv_slot *slot, bool is_needed)
{
    const bool is_held = mimic_csv__splitter_holds(reader->splitter, &slot->memory);
    const bool is_unusual = is_long(slot) && !is_held;
    if (!is_needed || is_unusual ||
        mimic_csv__slot_bytes(slot) - slot->memory.capacity > BUDGET_BYTES / 2)
        mimic_csv__slot_trim(slot);
    if (is_unusual || (!is_needed && !is_held))
        mimic_csv__block_memory_free(reader->ctx, &slot->memory);
}

/* Puts the idle slots that have memory first, and takes it from those that are not needed. */
static void order_idle(mimic_csv_reader *reader)
{
    const int64_t end = reader->front + (int64_t)reader->slot_count;
    int64_t next = reader->seen_end;
    for (int64_t i = next; i < end; i++) {
        csv_slot **const place = &reader->ring[(size_t)i % reader->slot_count];
        csv_slot *const slot = *place;
        if (slot->memory.data == NULL)
            continue;
        *place = slot_of(reader, next);
        reader->ring[(size_t)next % reader->slot_count] = slot;
        give_back(reader, slot, next < reader->input_until);
        next++;
    }
}

void mimic_csv__pipeline_feed(mimic_csv_reader *reader)
{
    if (!mimic__pool_is_done(reader->pool, &reader->input_task))
        return;
    reader->seen_end = reader->read_end;
    reader->input_until = reader->front + (int64_t)slots_allowed(reader);
    order_idle(reader);
    if (reader->input_ended || reader->seen_end >= reader->input_until)
        return;
    if (reader->input_is_callers)
        read_ahead(reader);
    else
        mimic__pool_submit(reader->pool, &reader->input_task);
    if (reader->input_is_callers || reader->pool == NULL)
        reader->seen_end = reader->read_end;
}

/* Settles the blocks that are parsed, as far as they follow each other; none behind one that failed
 * or fills the limit. */
static void settle_parsed(mimic_csv_reader *reader)
{
    while (reader->settled_end < reader->seen_end && !reader->settling_ended) {
        csv_slot *const slot = slot_of(reader, reader->settled_end);
        if (!mimic__pool_is_done(reader->pool, &slot->task))
            return;
        if (slot->status == MIMIC_OK)
            slot->status = mimic_csv__slot_settle(slot, &slot->error);
        reader->settled_end++;
        reader->settling_ended = slot->status != MIMIC_OK || slot->is_last;
        if (slot->status == MIMIC_OK)
            submit(slot, run_finish);
    }
}

/* What a block takes, with what the encoder makes of it: that is small beside the bytes of the block
 * as a rule, but not where the columns are larger than those. */
static size_t footprint(const csv_slot *slot)
{
    const size_t bytes = mimic_csv__slot_bytes(slot);
    const size_t columns = slot->plan == NULL ? 0 : mimic__coerce_plan_bytes(slot->plan);
    const bool is_wide =
        slot->reader->encoder.encode != NULL && columns > slot->memory.capacity;
    return is_wide ? bytes + columns - slot->memory.capacity : bytes;
}

/* The block delivered before is done with. */
static void release_current(mimic_csv_reader *reader)
{
    csv_slot *const slot = reader->current;
    if (slot == NULL)
        return;
    if (slot->chunk != NULL)
        reader->encoder.free_chunk(reader->encoder.ctx, slot->chunk);
    slot->chunk = NULL;
    const size_t bytes = footprint(slot);
    if (bytes > reader->block_footprint)
        reader->block_footprint = bytes;
    else
        reader->block_footprint -= (reader->block_footprint - bytes) / 16;
    reader->current = NULL;
    reader->front++;
}

mimic_status mimic_csv__pipeline_next(mimic_csv_reader *reader, csv_slot **out_slot,
                                      mimic_error *err)
{
    release_current(reader);
    for (;;) {
        mimic_csv__pipeline_feed(reader);
        settle_parsed(reader);
        if (reader->settled_end > reader->front)
            break;
        mimic__pool_wait(reader->pool, reader->front < reader->seen_end
                                           ? &slot_of(reader, reader->front)->task
                                           : &reader->input_task);
    }
    csv_slot *const slot = slot_of(reader, reader->front);
    mimic__pool_wait(reader->pool, &slot->task);
    *out_slot = slot;
    if (slot->status < MIMIC_OK && err != NULL)
        *err = slot->error;
    return slot->status;
}

/* ---- open and free ---- */

static mimic_status choose_pool(mimic_csv_reader *reader, const csv_setup *setup, mimic_error *err)
{
    if (setup != NULL)
        reader->pool = setup->pool;
    if (setup != NULL || reader->options.jobs <= 1)
        return MIMIC_OK;
    reader->owns_pool = true;
    return mimic__pool_new(reader->ctx, reader->options.jobs, &reader->pool, err);
}

mimic_status mimic_csv__pipeline_open(mimic_csv_reader *reader, const csv_setup *setup,
                                      mimic_error *err)
{
    MIMIC_TRY(choose_pool(reader, setup, err));
    if (mimic__pool_jobs(reader->pool) == 1 && reader->owns_pool) {
        mimic__pool_free(reader->pool);
        reader->pool = NULL;
    }
    mimic__source_use_pool(reader->source, reader->pool);
    reader->input_task.run = run_input;
    reader->input_is_callers = !mimic__source_reads_anywhere(reader->source);
    const size_t jobs = (size_t)mimic__pool_jobs(reader->pool);
    const size_t slot_count = reader->pool == NULL               ? 1
                              : jobs + SPARE_SLOTS > MOST_SLOTS ? MOST_SLOTS
                                                                : jobs + SPARE_SLOTS;
    reader->slots = mimic__alloc_zeroed(reader->ctx, slot_count, sizeof *reader->slots);
    reader->ring = mimic__alloc_array(reader->ctx, slot_count, sizeof *reader->ring);
    if (reader->slots == NULL || reader->ring == NULL)
        return mimic__fail_memory(err);
    reader->slot_count = slot_count;
    for (size_t i = 0; i < slot_count; i++) {
        reader->slots[i].reader = reader;
        reader->ring[i] = &reader->slots[i];
    }
    return MIMIC_OK;
}

void mimic_csv__pipeline_free(mimic_csv_reader *reader)
{
    mimic__pool_wait(reader->pool, &reader->input_task);
    for (size_t i = 0; i < reader->slot_count; i++)
        mimic__pool_wait(reader->pool, &reader->slots[i].task);
    if (reader->pool != NULL)
        mimic__source_use_pool(reader->source, NULL);
    for (size_t i = 0; i < reader->slot_count; i++) {
        csv_slot *const slot = &reader->slots[i];
        if (slot->chunk != NULL)
            reader->encoder.free_chunk(reader->encoder.ctx, slot->chunk);
        mimic_csv__slot_free(slot);
    }
    mimic__free(reader->ctx, reader->slots);
    mimic__free(reader->ctx, reader->ring);
    reader->slots = NULL;
    reader->ring = NULL;
    reader->slot_count = 0;
    if (reader->owns_pool)
        mimic__pool_free(reader->pool);
    reader->pool = NULL;
}
