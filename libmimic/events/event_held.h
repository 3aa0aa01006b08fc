/*
 * Chunks in use by a stream's place and by packets, and what they cost: as long as its stream stands
 * at a chunk, the chunk is the stream's; from then on it costs of the memory of those who still use
 * it. Everything here is the caller's thread's, so nothing is atomic.
 */
#ifndef MIMIC_EVENTS_EVENT_HELD_H
#define MIMIC_EVENTS_EVENT_HELD_H

#include "events/event.h"

typedef struct mimic_pinned {
    const mimic_context *ctx;
    size_t bytes;  /* of chunks that only packets use */
    size_t copies; /* of them in copies: these cannot become less by copying */
} mimic_pinned;

typedef struct mimic_held_chunk {
    mimic_event_chunk *chunk;
    size_t uses;
    bool is_left; /* by its stream */
    bool is_copy; /* of the few events that a packet has of larger chunks */
} mimic_held_chunk;

/* For the stream that stands at it. Takes the chunk over in any case. */
mimic_status mimic__held_new(const mimic_pinned *pinned, mimic_event_chunk *chunk,
                             mimic_held_chunk **out_held, mimic_error *err);
/* A copy that is used as often as `uses` says. */
mimic_status mimic__held_new_copy(mimic_pinned *pinned, mimic_event_chunk *chunk, size_t uses,
                                  mimic_held_chunk **out_held, mimic_error *err);
/* The stream goes on. NULL is allowed. */
void mimic__held_leave(mimic_pinned *pinned, mimic_held_chunk *held);
void mimic__held_let_go(mimic_pinned *pinned, mimic_held_chunk *held);

#endif
