/*
 * One subject's events, from what the rows say to what is written: late times found, ids filled in,
 * rules applied, everything in order.
 *
 *     mimic__patient_begin(patient, subject, &err);
 *     mimic__patient_learn(patient, &slice, &err);    // each slice: what others are joined with
 *     mimic__patient_settle(patient, &err);
 *     mimic__patient_resolve(patient, &slice, &err);  // each slice again, in order
 *     mimic__patient_end(patient, &err);              // patient->count events are left
 *     mimic__patient_take(patient, order, &place);    // sorted, into a set
 *
 * How an event is settled:
 *   1. its anchor: what "at" of the table says, else its own time
 *   2. an admission or stay that the row lacks: the admission of its stay; where the table says so the
 *      one that covers the anchor; and the admission of a stay that was found this way
 *   3. its time and when it was available, joins included; "available" is the time where not said, and
 *      never before it
 *   4. the rules: unknown subject, missing id, outside its admission
 * An event with a time to be joined that is not there is not made, but its subject and ids are judged
 * all the same, as they may be the reason. A rule that rejects takes the whole
 * row. What a row says of admissions and stays counts for others even so.
 */
#ifndef MIMIC_EVENTS_EVENT_PATIENT_H
#define MIMIC_EVENTS_EVENT_PATIENT_H

#include "events/event_assembly.h"
#include "events/event_block.h"
#include "events/event_context.h"

/* ---- what holds for all patients; made once, then only read ---- */

typedef struct mimic_kind_rule {
    const mimic_event_kind *kind;
    uint16_t table;
    uint8_t rank;
    bool is_static;
    bool has_late_time;
    bool has_late_available;
    bool has_late_anchor;
    bool is_day; /* its anchor is a date without a time of day */
    bool knows_admissions; /* an id that is not there is a missing one */
    bool knows_stays;
} mimic_kind_rule;

typedef struct mimic_patient_rules {
    const mimic_event_rules *rules;
    mimic_kind_rule *kinds;
    unsigned rejecting; /* marks */
    unsigned keeping;   /* marks that are counted and taken away */
} mimic_patient_rules;

mimic_status mimic__patient_rules_init(mimic_patient_rules *out, const mimic_context *ctx,
                                       const mimic_event_rules *rules, mimic_error *err);
void mimic__patient_rules_free(mimic_patient_rules *rules, const mimic_context *ctx);

/* ---- one after the other ---- */

/* The row whose events are at hand. */
typedef struct mimic_patient_row {
    int64_t row;
    size_t first;      /* its events begin here */
    int64_t outside;   /* of them belong to no group */
    int64_t at_fault;
    uint16_t table;
    uint16_t rejected; /* the mark that did it; 0 = none */
    bool is_there;
    bool has_context;
} mimic_patient_row;

typedef struct mimic_patient_work {
    const mimic_context *ctx;
    const mimic_patient_rules *rules;
    mimic_event_tally *tallies; /* one a table; borrowed */
    int64_t subject;
    unsigned marks; /* of all its events */
    mimic_event_context context;
    mimic_patient_row row;
    const mimic_episode *joined; /* the row of another table that the event at hand goes with */
    /* Settled events as they came, until the next subject: */
    mimic_event *events;
    const char **texts;
    size_t count;
    size_t capacity;
    mimic_sort_pair *pairs;   /* two times the capacity */
    /* Of all subjects; the caller empties it: */
    mimic_event_reject *rejects;
    size_t reject_count;
    size_t reject_capacity;
} mimic_patient_work;

void mimic__patient_init(mimic_patient_work *patient, const mimic_context *ctx,
                         const mimic_patient_rules *rules, mimic_event_tally *tallies);
void mimic__patient_free(mimic_patient_work *patient);
void mimic__patient_begin(mimic_patient_work *patient, int64_t subject);
mimic_status mimic__patient_learn(mimic_patient_work *patient, const mimic_event_slice *slice,
                                  mimic_error *err);
mimic_status mimic__patient_settle(mimic_patient_work *patient, mimic_error *err);
mimic_status mimic__patient_resolve(mimic_patient_work *patient, const mimic_event_slice *slice,
                                    mimic_error *err);
mimic_status mimic__patient_end(mimic_patient_work *patient, mimic_error *err);
/* The order of the events: lo & MIMIC_ORDER_INDEX is a place in `events`. Borrowed. */
const mimic_sort_pair *mimic__patient_order(mimic_patient_work *patient);
/* Forgets the events and keeps the subject, to go on with the next piece of it. */
void mimic__patient_next_piece(mimic_patient_work *patient);

/* Where finished events are put. */
typedef struct mimic_patient_room {
    mimic_event *events;
    const char **texts;
    uint32_t *codes;
} mimic_patient_room;

/* Writes the events in order into rooms for `count` of them, and counts them. */
void mimic__patient_take(mimic_patient_work *patient, const mimic_patient_room *room);
/* The last touch of one event: counts it, and takes away the marks that are kept to ourselves. */
void mimic__patient_finish(const mimic_patient_rules *rules, mimic_event_tally *tallies,
                           mimic_event *event);

#endif
