/* See event_held.h. */
#include "events/event_held.h"

#include "base/error.h"

mimic_status mimic__held_new(const mimic_pinned *pinned, mimic_event_chunk *chunk,
                             mimic_held_chunk **out_held, mimic_error *err)
{
    mimic_held_chunk *const held = mimic__alloc(pinned->ctx, sizeof *held);
    *out_held = held;
    if (held == NULL) {
        mimic__chunk_release(chunk);
        return mimic__fail_memory(err);
    }
    *held = (mimic_held_chunk){.chunk = chunk, .uses = 1};
    return MIMIC_OK;
}

mimic_status mimic__held_new_copy(mimic_pinned *pinned, mimic_event_chunk *chunk, size_t uses,
                                  mimic_held_chunk **out_held, mimic_error *err)
{
    MIMIC_TRY(mimic__held_new(pinned, chunk, out_held, err));
    (*out_held)->uses = uses;
    (*out_held)->is_left = true;
    (*out_held)->is_copy = true;
    pinned->bytes += chunk->memory_size;
    pinned->copies += chunk->memory_size;
    return MIMIC_OK;
}

void mimic__held_let_go(mimic_pinned *pinned, mimic_held_chunk *held)
{
    if (--held->uses > 0)
        return;
    if (held->is_left)
        pinned->bytes -= held->chunk->memory_size;
    if (held->is_copy)
        pinned->copies -= held->chunk->memory_size;
    mimic__chunk_release(held->chunk);
    mimic__free(pinned->ctx, held);
}

void mimic__held_leave(mimic_pinned *pinned, mimic_held_chunk *held)
{
    if (held == NULL)
        return;
    if (held->uses > 1) {
        held->is_left = true;
        pinned->bytes += held->chunk->memory_size;
    }
    mimic__held_let_go(pinned, held);
}
