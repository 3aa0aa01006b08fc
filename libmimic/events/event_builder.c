/* Chunks made of slices of other chunks: events are copied, their texts stand one behind the other.
 * Everything lies in one piece of memory, the texts last, so that they can grow. */
#include <string.h>

#include "base/error.h"
#include "events/event_block.h"

#define BYTES_FIRST ((size_t)4096) /* for texts, to begin with */

size_t mimic__event_chunk_bytes(size_t events, size_t runs, size_t bytes)
{
    return events * sizeof(mimic_event) + runs * sizeof(mimic_event_run) + bytes;
}

void mimic__event_builder_init(mimic_event_builder *builder, const mimic_context *ctx,
                               uint32_t max_events, size_t max_bytes)
{
    *builder = (mimic_event_builder){ctx, max_events, max_bytes, NULL, BYTES_FIRST, false};
}

void mimic__event_builder_free(mimic_event_builder *builder)
{
    mimic__chunk_release(builder->chunk);
    builder->chunk = NULL;
}

static void place_arrays(const mimic_event_builder *builder, mimic_event_chunk *chunk)
{
    char *memory = chunk->memory;
    chunk->events = chunk->memory;
    memory += builder->max_events * sizeof(mimic_event);
    chunk->runs = (mimic_event_run *)(void *)memory;
    chunk->bytes = memory + builder->max_events * sizeof(mimic_event_run);
}

static mimic_status begin(mimic_event_builder *builder, mimic_error *err)
{
    const size_t size = mimic__event_chunk_bytes(builder->max_events, builder->max_events,
                                                 builder->bytes_capacity);
    mimic_event_chunk *const chunk = mimic__alloc_zeroed(builder->ctx, 1, sizeof *chunk);
    void *const memory = mimic__alloc(builder->ctx, size);
    if (chunk == NULL || memory == NULL) {
        mimic__free(builder->ctx, chunk);
        mimic__free(builder->ctx, memory);
        return mimic__fail_memory(err);
    }
    chunk->ctx = builder->ctx;
    atomic_init(&chunk->references, 1);
    chunk->ascends = true;
    chunk->memory = memory;
    chunk->memory_size = size;
    place_arrays(builder, chunk);
    builder->chunk = chunk;
    builder->is_full = false;
    return MIMIC_OK;
}

static mimic_status grow_bytes(mimic_event_builder *builder, size_t needed, mimic_error *err)
{
    mimic_event_chunk *const chunk = builder->chunk;
    size_t capacity = builder->bytes_capacity;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : 2 * capacity;
    /* One large text shall not make all chunks to come large. */
    const size_t size =
        mimic__event_chunk_bytes(builder->max_events, builder->max_events, capacity);
    void *const memory = mimic__realloc(builder->ctx, chunk->memory, chunk->memory_size, size);
    if (memory == NULL)
        return mimic__fail_memory(err);
    chunk->memory = memory;
    chunk->memory_size = size;
    place_arrays(builder, chunk);
    builder->bytes_capacity = capacity;
    return MIMIC_OK;
}

static void add_to_runs(mimic_event_chunk *chunk, int64_t subject, size_t count,
                        uint32_t long_bytes)
{
    mimic_event_run *const last = chunk->runs + chunk->run_count;
    if (chunk->run_count > 0 && last[-1].subject == subject) {
        last[-1].count += (uint32_t)count;
        last[-1].long_bytes += long_bytes;
        return;
    }
    if (chunk->run_count > 0 && last[-1].subject > subject)
        chunk->ascends = false;
    *last = (mimic_event_run){subject, (uint32_t)chunk->count, (uint32_t)count, long_bytes};
    chunk->run_count++;
}

mimic_status mimic__event_builder_add(mimic_event_builder *builder, mimic_event_slice *slice,
                                      mimic_error *err)
{
    if (builder->chunk == NULL)
        MIMIC_TRY(begin(builder, err));
    mimic_event_chunk *const chunk = builder->chunk;
    const mimic_event *const from = slice->chunk->events + slice->first;
    const size_t room = builder->max_events - chunk->count;
    const size_t wanted = slice->count < room ? slice->count : room;
    chunk->table = slice->chunk->table;
    size_t taken = 0;
    uint32_t long_bytes = 0;
    for (; taken < wanted; taken++) {
        mimic_event event = from[taken];
        const size_t size = mimic__event_text_bytes(&event);
        const size_t end = chunk->bytes_size + size;
        if (end > builder->max_bytes && chunk->count + taken > 0)
            break;
        if (end > builder->bytes_capacity)
            MIMIC_TRY(grow_bytes(builder, end, err));
        if (size > 0)
            memcpy(chunk->bytes + chunk->bytes_size, slice->chunk->bytes + event.text, size);
        event.text = (uint32_t)chunk->bytes_size;
        if ((event.flags & MIMIC_EVENT_HAS_VALUE) == 0)
            event.value = 0;
        long_bytes += mimic__event_long_bytes(&event);
        chunk->events[chunk->count + taken] = event;
        chunk->bytes_size = end;
    }
    if (taken > 0)
        add_to_runs(chunk, from->subject, taken, long_bytes);
    chunk->count += taken;
    slice->first += (uint32_t)taken;
    slice->count -= (uint32_t)taken;
    builder->is_full = slice->count > 0 || chunk->count == builder->max_events;
    return MIMIC_OK;
}

mimic_event_chunk *mimic__event_builder_take(mimic_event_builder *builder)
{
    mimic_event_chunk *const chunk = builder->chunk;
    builder->chunk = NULL;
    builder->is_full = false;
    if (builder->bytes_capacity > builder->max_bytes + BYTES_FIRST)
        builder->bytes_capacity = BYTES_FIRST;
    return chunk;
}
