/*
 * From a batch of a table to a chunk of events, by the map. Made once a table, used by many threads.
 *
 *     mimic__emitter_new(ctx, &setup, &emitter, &err);
 *     columns = mimic__emitter_columns(emitter, &count);     // read these, and no others
 *     ... a reader whose table is mimic__emitter_table(emitter) ...
 *     mimic__emit(emitter, batch, row_offset, &chunk, &err); // any thread, several at once
 *
 * The table that the reader is to coerce to (mimic__emitter_table) is the registry's, with nothing
 * required but the type: a column that an event can do without never costs the row. Dates and
 * timestamps stand there as texts when the policy for bad times is not to reject; else the reader
 * rejects rows with such as cannot be read, and counts them.
 *
 * What becomes of a row, in this order:
 *
 *     no subject                             a reject (MIMIC_MARK_MISSING_ID), whatever the policies
 *     bad time and that is rejected          a reject; from here only of year(...), see above
 *     reversed interval and that is rejected a reject, with its other events
 *     no event, and no context               counted in rows_none
 *     else                                   with events
 *
 * A row has an event of a kind when its conditions hold, its time is there, and its code is asked for.
 * Exceptions: a static kind needs no time; nor does one whose time is late, as the assembly finds it
 * (and counts the row anew where it does not); nor one whose time cannot be read, which is written
 * without a time and with MIMIC_MARK_BAD_TIME, also where no join finds one instead. An event bears that mark too when its available time,
 * its anchor, its text, its code or its properties are of a time that cannot be read and is NULL
 * therefore.
 *
 * Times in an event are the first of the row's own columns that is there; where a join stands before
 * it, the assembly prefers the join. `available` and `anchor` repeat the time where the map has none
 * for them. An anchor whose columns are all NULL is NONE.
 *
 * An interval is reversed when the time of its start event is after that of its end event, both being
 * there; whether their codes are asked for is not looked at. Late times are not compared.
 *
 * A context event stands before the others of its row. There is none without the id of the admission
 * or stay, but where a time of it is there, which may be the earliest of the subject's.
 */
#ifndef MIMIC_EVENTS_EVENT_EMIT_H
#define MIMIC_EVENTS_EVENT_EMIT_H

#include <mimic/batch.h>

#include "events/event_codes.h"
#include "events/event_map.h"

typedef struct mimic_emitter mimic_emitter;

typedef struct mimic_emit_setup {
    const mimic_event_map *map;
    const mimic_event_table *table;
    const char *const *columns_there; /* header of the file: a column that it lacks is NULL; may be NULL */
    size_t columns_there_count;
    const char *const *codes;         /* patterns, as in mimic_trajectory_options; NULL = all */
    size_t code_count;
    mimic_policy bad_times;           /* KEEP, MARK or REJECT (default) */
    mimic_policy reversed;            /* default MARK */
    mimic_event_codes *into_codes;
    mimic_event_codes *into_units;
    bool is_plain; /* 1 = every code is made anew, slowly: for comparison */
} mimic_emit_setup;

/* The setup is copied; what it refers to is borrowed. MIMIC_ERR_DRIFT: no column with the subject;
 * MIMIC_ERR_SCHEMA: a column is of a type that an event cannot be made of. */
mimic_status mimic__emitter_new(const mimic_context *ctx, const mimic_emit_setup *setup,
                                mimic_emitter **out_emitter, mimic_error *err);
void mimic__emitter_free(mimic_emitter *emitter); /* NULL is allowed */
const mimic_table *mimic__emitter_table(const mimic_emitter *emitter);
const char *const *mimic__emitter_columns(const mimic_emitter *emitter, size_t *out_count);
/* Filters that the patterns of codes allow to be handed to the reader; rows that they leave out give
 * no event, and count as such though they may have been rejects. 0 where there are none. */
const mimic_csv_filter *mimic__emitter_filters(const mimic_emitter *emitter, size_t *out_count);
/* False when no code of the table can fit the patterns and its rows are no context. */
bool mimic__emitter_is_needed(const mimic_emitter *emitter);
/* Does a code fit a pattern, in which "*" stands for any text? */
bool mimic__code_fits(const char *pattern, const char *code, size_t size);

/* `records`: 1-based record number in the table of each row of the batch; NULL = first_record and on. */
typedef struct mimic_emit_rows {
    int64_t first_record;
    const int64_t *records;
} mimic_emit_rows;

/* MIMIC_ERR_ARGUMENT: not a batch of this table and these columns. MIMIC_ERR_LIMIT: more than 2 GiB of
 * texts, or of codes than fit. */
mimic_status mimic__emit(const mimic_emitter *emitter, const mimic_batch *batch,
                         const mimic_emit_rows *rows, mimic_event_chunk **out_chunk,
                         mimic_error *err);

/* The id of a text id (a UUID): 63 bits of its XXH3-64. */
int64_t mimic__event_text_id(const char *text, size_t size);

#endif
