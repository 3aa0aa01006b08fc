/*
 * A packet: whole subjects of one file on their way through a task of the pool, which settles their
 * events, sorts them and has them encoded. The task reads the chunks and touches nothing but its
 * packet; chunks are taken up and let go on the caller's thread alone.
 */
#ifndef MIMIC_EVENTS_EVENT_PACKET_H
#define MIMIC_EVENTS_EVENT_PACKET_H

#include "events/event_held.h"
#include "events/event_patient.h"

typedef struct mimic_packet_slice {
    mimic_held_chunk *held;
    uint32_t first;
    uint32_t count;
} mimic_packet_slice;

typedef struct mimic_packet_subject {
    int64_t subject;
    size_t end;      /* its slices: from the end of the subject before to here */
    int64_t written; /* events, when the task is done */
} mimic_packet_subject;

/* What the tasks share; read only. */
typedef struct mimic_packet_setup {
    const mimic_context *ctx;
    const mimic_patient_rules *rules;
    const mimic_event_target *target;
    size_t table_count;
} mimic_packet_setup;

typedef struct mimic_packet mimic_packet;
struct mimic_packet {
    mimic_task task; /* first, as the pool knows it */
    const mimic_packet_setup *setup;
    mimic_packet *next; /* in the list that it is in */
    mimic_event_place place;
    size_t charge; /* bytes that its task may take */
    /* What goes in: */
    mimic_packet_slice *slices;
    size_t slice_count;
    size_t slice_capacity;
    mimic_packet_subject *subjects;
    size_t subject_count;
    size_t subject_capacity;
    size_t event_count;
    size_t long_bytes; /* of texts, see event.h */
    size_t most_events; /* of one subject */
    /* What the task makes: */
    mimic_patient_work patient;
    mimic_event_tally *tallies;
    mimic_patient_room room; /* finished events */
    size_t room_capacity;
    size_t count;
    bool is_more; /* the first of them go on with the subject of the set before */
    void **encoded;
    size_t encoded_count;
    size_t encoded_capacity;
    mimic_status status;
    mimic_error err;
};

mimic_status mimic__packet_new(const mimic_packet_setup *setup, mimic_packet **out_packet,
                               mimic_error *err);
/* Slices must have been taken out. NULL is allowed. */
void mimic__packet_free(mimic_packet *packet);
/* Ready for other subjects; gives room back that only a large one needed. */
void mimic__packet_clear(mimic_packet *packet);
mimic_status mimic__packet_add_subject(mimic_packet *packet, int64_t subject, mimic_error *err);
/* The next slice of the last subject; takes up the chunk. */
mimic_status mimic__packet_add_slice(mimic_packet *packet, mimic_held_chunk *held,
                                     const mimic_event_run *run, mimic_error *err);
static inline mimic_event_slice mimic__packet_slice(const mimic_packet_slice *slice)
{
    return (mimic_event_slice){slice->held->chunk, slice->first, slice->count};
}
/* Copies what the packet has of chunks that it shares with others into chunks of its own, one a table,
 * and lets the others go. */
mimic_status mimic__packet_detach(mimic_packet *packet, mimic_pinned *pinned, mimic_error *err);
/* Lets slices [first, …) go. */
void mimic__packet_let_go(mimic_packet *packet, mimic_pinned *pinned, size_t first);
/* Bytes that the task takes, beside the chunks. */
size_t mimic__packet_charge(const mimic_packet *packet);
/* The steps of the task, for whoever takes them one by one. */
/* Room for `count` events in all; those that are there stay. */
mimic_status mimic__packet_make_room(mimic_packet *packet, size_t count, mimic_error *err);
mimic_status mimic__packet_settle_subject(mimic_packet *packet, size_t subject, mimic_error *err);
mimic_status mimic__packet_encode(mimic_packet *packet, mimic_error *err);
/* Drops what was encoded and not taken. */
void mimic__packet_drop(mimic_packet *packet);

#endif
