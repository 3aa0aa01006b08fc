/*
 * A subject with more events, or longer texts, than there is memory for.
 *
 *     events as they come ► raw runs of a scratch file, one a table; context is learnt on the way,
 *                           rows that others are joined with go to files of their own
 *     raw runs ► settled piece by piece, each sorted ► runs of finished events
 *     these runs, merged ► the packet's room, set by set
 *
 * What comes out is what the way through memory gives, sets included.
 */
#ifndef MIMIC_EVENTS_EVENT_GIANT_H
#define MIMIC_EVENTS_EVENT_GIANT_H

#include "events/event_packet.h"

typedef struct mimic_giant mimic_giant;

typedef struct mimic_giant_options {
    size_t memory;
    const char *path;     /* the scratch file stands beside it; borrowed */
    mimic_packet *packet; /* whose subjects before this one are settled, and stand in its room */
    mimic_packet_subject *subject;
    /* A set is complete in the packet's room: encodes, writes and counts it. */
    mimic_status (*give)(void *ctx, mimic_packet *packet, bool is_more, mimic_error *err);
    /* Whether to go on. */
    mimic_status (*check)(void *ctx, mimic_error *err);
    void *ctx;
} mimic_giant_options;

/* What there is of a subject so far. */
typedef struct mimic_giant_load {
    size_t events;
    size_t long_bytes; /* see event.h */
    size_t bytes;      /* of all texts, about */
} mimic_giant_load;

/* Is it too much for `memory`? Never less than a packet, which ends with such a subject in any case. */
bool mimic__giant_is_due(size_t memory, const mimic_giant_load *load);

mimic_status mimic__giant_new(const mimic_giant_options *options, mimic_giant **out_giant,
                              mimic_error *err);
void mimic__giant_free(mimic_giant *giant); /* NULL is allowed */
/* The next slice of the subject, in the order of the streams. */
mimic_status mimic__giant_add(mimic_giant *giant, mimic_event_slice slice, mimic_error *err);
/* When all are added. */
mimic_status mimic__giant_finish(mimic_giant *giant, mimic_error *err);
int64_t mimic__giant_spilled(const mimic_giant *giant); /* bytes */

#endif
