/* Chunks of events: shared by counting, freed by whom is last. See event.h. */
#include "events/event.h"

void mimic__chunk_release(mimic_event_chunk *chunk)
{
    if (chunk == NULL ||
        atomic_fetch_sub_explicit(&chunk->references, 1, memory_order_acq_rel) > 1)
        return;
    mimic__free(chunk->ctx, chunk->memory);
    for (size_t i = 0; i < sizeof chunk->more / sizeof chunk->more[0]; i++)
        mimic__free(chunk->ctx, chunk->more[i]);
    mimic__free(chunk->ctx, chunk);
}
