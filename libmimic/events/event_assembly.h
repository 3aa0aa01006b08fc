/*
 * From the streams of all tables to finished events, subject by subject:
 *
 *     gather the slices of the next subject from every stream
 *     join, fill ids in, clean, sort            (event_patient.c; a task of the pool)
 *     several subjects of one file = a packet ► encode (the same task) ► write, in order
 *
 * A packet is closed by the first subject with which it has MIMIC_PACKET_EVENTS events (as they come
 * from the streams, context included) or MIMIC_PACKET_LONG_BYTES of long texts, so that what a record
 * batch holds depends on the data alone. A subject too large for memory, by its events or by its texts, is
 * sorted in pieces, through a scratch file, with the same result.
 */
#ifndef MIMIC_EVENTS_EVENT_ASSEMBLY_H
#define MIMIC_EVENTS_EVENT_ASSEMBLY_H

#include "base/pool.h"
#include "events/event_codes.h"
#include "events/event_map.h"
#include "events/event_plan.h"

#define MIMIC_PACKET_EVENTS 16384
#define MIMIC_PACKET_LONG_BYTES ((size_t)4 << 20)
#define MIMIC_SET_LONG_BYTES ((size_t)8 << 20)

/*
 * Finished events, in order; those of a subject are neighbours. Of one file. A packet is one set,
 * but for large ones: more than 2 * MIMIC_PACKET_EVENTS finished events come as sets of
 * MIMIC_PACKET_EVENTS and one with the rest, cut within subjects too, and a set ends with the event by which
 * its long texts come to MIMIC_SET_LONG_BYTES.
 */
typedef struct mimic_event_set {
    mimic_event_place place;
    const mimic_event *events; /* final: time, available, ids; flags are the marks and HAS_VALUE */
    const char *const *texts;  /* of each, its text, and right behind it its properties; `text` of
                                * the event says nothing any more */
    size_t count;              /* never 0 */
    bool is_more;              /* goes on with the subject that the last set ended with */
} mimic_event_set;

/*
 * Counts of one table; as in mimic_event_table_report. Rows are those whose events, context
 * included, came out of the streams: each is counted once, in one of the first three. Rows that gave
 * no event to begin with (rows_none and rejects of a chunk) are for the caller to add.
 */
typedef struct mimic_event_tally {
    int64_t with_events;
    int64_t without_events;
    int64_t rejected;
    int64_t events;
    int64_t outside_group;
    int64_t marked[16];
} mimic_event_tally;

typedef struct mimic_event_rules {
    const mimic_event_map *map;
    const mimic_event_plan *plan;
    bool knows_subjects; /* there is a table of patients: others are unknown */
    mimic_group group;   /* ADMISSION, STAY: events without such an id are outside */
    mimic_policy outside;
    mimic_policy unknown_subjects;
    mimic_policy missing_ids;
    bool knows_admissions; /* there is a table of admissions: an id that it lacks is a missing one */
    bool knows_stays;
    /* One a table: 1 << group for each whose ids cannot be judged there; NULL = none. */
    const uint8_t *unjudged;
} mimic_event_rules;

/* Where finished events go. */
typedef struct mimic_event_target {
    void *ctx;
    /* Any thread, several at once: a set into whatever write takes. */
    mimic_status (*encode)(void *ctx, const mimic_event_set *set, void **out_encoded,
                           mimic_error *err);
    /* In order, on the caller's thread; takes the encoded over in any case. */
    mimic_status (*write)(void *ctx, mimic_event_place place, void *encoded, mimic_error *err);
    void (*drop)(void *ctx, void *encoded); /* one that write never sees */
    /* On the caller's thread, in the order of subjects, tables and rows within a file: a row that a
     * rule rejected. */
    mimic_status (*reject)(void *ctx, const mimic_event_reject *reject, mimic_error *err);
    /* In order, behind its events: a subject that has some is done, with so many written. */
    mimic_status (*subject)(void *ctx, int64_t subject, int64_t events, mimic_error *err);
} mimic_event_target;

typedef struct mimic_assembly {
    const mimic_context *ctx;
    mimic_pool *pool;  /* NULL = one job */
    size_t memory;     /* bytes for packets on their way and large subjects; streams have their own */
    const char *path;  /* scratch files stand beside this one */
    const mimic_event_rules *rules;
    mimic_event_stream *const *streams; /* one a table or more, in the order of the map */
    size_t stream_count;
    const mimic_event_target *target;
    int (*interrupted)(void *ctx); /* asked now and then on the caller's thread; NULL = never */
    void *interrupted_ctx;
    /* Results, added to: */
    mimic_event_tally *tallies; /* one a table of the map */
    int64_t *code_events;       /* grown with mimic__array_…; events by code number */
    size_t code_count;
    int64_t spilled_bytes;
} mimic_assembly;

/* Everything that the streams hold. MIMIC_ERR_CANCELLED and what streams and target say. The caller
 * frees code_events with mimic__free. */
mimic_status mimic__assemble(mimic_assembly *assembly, mimic_error *err);

/* MIMIC_ERR_STATE is what a stream answers when its subjects turn back, contrary to expectation. */

#endif
