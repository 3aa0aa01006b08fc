/*
 * What a part of a build leaves beside its data, for the end of the build:
 *
 *     codes.records     the codes of its events: how many, where from, what they mean
 *     subjects.records  patients that it wrote though nobody knew them
 *     rejects.records   rows that were put aside
 *     part.json         counts; there when all else is
 *
 * `partition` leaves codes.records and rejects.records beside each table's file, too.
 */
#ifndef MIMIC_EVENTS_EVENT_STATE_H
#define MIMIC_EVENTS_EVENT_STATE_H

#include "base/hashmap.h"
#include "events/event_assembly.h"
#include "events/event_job.h"
#include "events/event_output.h"

/* One table of the map. */
typedef struct event_table_state {
    const mimic_event_table *table;
    bool is_there;        /* it was read */
    char source[256];     /* relative path */
    event_reading reading;
    mimic_event_tally tally;
    bool was_direct;
} event_table_state;

typedef struct event_state {
    event_table_state *tables; /* one a table of the map */
    size_t table_count;
    mimic_event_output_totals totals;
    int64_t spilled;
    int64_t codes; /* of the whole; 0 in a part */
    bool is_of_dataset; /* what says something of a run, and nothing of what came out, is not written */
    int64_t *unused; /* of the whole: which of options.codes no event fits */
    size_t unused_count;
} event_state;

mimic_status mimic__event_state_init(event_state *state, const mimic_context *ctx,
                                     const mimic_event_map *map, mimic_error *err);
void mimic__event_state_free(const mimic_context *ctx, event_state *state);
/* Adds the counts of assembling; what reading came to must be the same in both. */
mimic_status mimic__event_state_add(event_state *sum, const event_state *part, mimic_error *err);
mimic_status mimic__event_state_write(const mimic_context *ctx, const event_state *state,
                                      const char *path, mimic_error *err);
/* Added to *state, which is of the same map; of `unused` the last that is read counts. */
mimic_status mimic__event_state_read(const mimic_context *ctx, const char *path,
                                     event_state *state, mimic_error *err);

/* ---- codes with their meaning ---- */

typedef struct event_code_entry {
    uint16_t kind;
    int64_t events;
    const char *key;
    const char *description; /* NULL = none is known */
} event_code_entry;

/* By code; texts in the arena. */
typedef struct event_code_table {
    mimic_arena arena;
    mimic_hashmap codes;
    event_code_entry *entries;
    size_t capacity;
} event_code_table;

void mimic__event_code_table_init(event_code_table *table, const mimic_context *ctx);
void mimic__event_code_table_free(event_code_table *table);
/* Adds the events; the least (kind, key) says what a code means. */
mimic_status mimic__event_code_table_add(event_code_table *table, const char *code, size_t size,
                                         const event_code_entry *entry, mimic_error *err);
mimic_status mimic__event_code_table_write(const event_code_table *table, const char *path,
                                           mimic_error *err);
mimic_status mimic__event_code_table_read(event_code_table *table, const char *path,
                                          mimic_error *err);

/* ---- event_gaps.c ---- */

mimic_status mimic__event_state_find_unused(event_state *sum, const event_job *job,
                                            const event_code_table *codes, mimic_error *err);
/* One of them, of `unused_count`; "" when the file it was read from is not sound. */
const char *mimic__event_state_unused(const event_state *sum, const event_job *job, size_t index);
/* Warns of them. */
void mimic__event_state_tell_unused(const event_state *sum, const event_job *job);

/* ---- event_describe.c ---- */

/* The codes of the job, with descriptions from the dictionaries in its folders; `events` by number,
 * NULL = 0 each. */
mimic_status mimic__event_codes_describe(event_job *job, const int64_t *events, size_t event_count,
                                         event_code_table *table, mimic_error *err);
/* Parents of a code, in the arena. */
mimic_status mimic__event_code_parents(const mimic_event_map *map, const event_code_entry *entry,
                                       mimic_arena *arena, const char *const **out_parents,
                                       size_t *out_count, mimic_error *err);

#endif
