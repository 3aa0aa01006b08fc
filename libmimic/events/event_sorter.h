/*
 * Brings the events of a table into the order of their subjects, in bounded memory: what is full is
 * sorted by (lane, subject), its rows staying in order, compressed and written as runs, one a lane;
 * runs that follow each other are one. What fits into memory is never written. A lane is a split of the
 * dataset, so that a part of the output finds its subjects in few blocks.
 *
 * Used in two ways: as scratch space of one process (a file without a name, gone with it), and as the
 * file that `partition` leaves for `assemble`.
 *
 * Chunks that come out carry events only: rows, rows_none and rejects of those that were added are
 * the business of whoever adds them. Errors are sticky. One thread at a time.
 */
#ifndef MIMIC_EVENTS_EVENT_SORTER_H
#define MIMIC_EVENTS_EVENT_SORTER_H

#include "base/pool.h"
#include "events/event_codes.h"
#include "events/event_map.h"

typedef struct mimic_event_sorter mimic_event_sorter;

typedef struct mimic_event_sorter_options {
    size_t memory;       /* bytes for events, while they are added */
    const char *path;    /* scratch: the file stands beside this one (see mimic__open_nameless) */
    mimic_pool *pool;    /* may be NULL */
    unsigned lane_count; /* 1 to 16 */
    unsigned (*lane)(const void *ctx, int64_t subject); /* NULL = all are 0 */
    const void *lane_ctx;
    size_t memory_out;   /* from finish on, for what it keeps and for its streams; 0 = as memory. Where many
                          * sorters are filled one behind the other and read side by side, each can have
                          * all the memory for the former and its share for the latter */
} mimic_event_sorter_options;

mimic_status mimic__event_sorter_new(const mimic_context *ctx,
                                     const mimic_event_sorter_options *options,
                                     mimic_event_sorter **out_sorter, mimic_error *err);
void mimic__event_sorter_free(mimic_event_sorter *sorter); /* NULL is allowed */
/* The next chunk of the table, in the order of its rows, taken over in any case. Subjects need no order. */
mimic_status mimic__event_sorter_add(mimic_event_sorter *sorter, mimic_event_chunk *chunk,
                                     mimic_error *err);
mimic_status mimic__event_sorter_finish(mimic_event_sorter *sorter, mimic_error *err);
/* The events of one lane with first <= subject <= last, after finish; several may be open at once, and
 * share the memory when they are one a lane. The stream borrows the sorter. */
mimic_status mimic__event_sorter_stream(mimic_event_sorter *sorter, unsigned lane, int64_t first,
                                        int64_t last, mimic_event_stream **out_stream,
                                        mimic_error *err);
/* Compressed bytes written to scratch files so far. */
int64_t mimic__event_sorter_spilled(const mimic_event_sorter *sorter);

/* ---- files of `partition` ---- */

typedef struct mimic_event_file_head {
    const char *json; /* what the writer has to say of the table: counts, rejects, hashes; any size */
    size_t json_size;
} mimic_event_file_head;

/* Writes what the sorter holds (after finish), with the codes and units it uses, under a name that
 * appears when the file is whole. Its bytes depend on the events alone, not on memory or jobs. */
mimic_status mimic__event_file_write(mimic_event_sorter *sorter, const char *path,
                                     const mimic_event_codes *codes,
                                     const mimic_event_codes *units,
                                     const mimic_event_file_head *head, mimic_error *err);

typedef struct mimic_event_file mimic_event_file;

typedef struct mimic_event_file_options {
    const char *path;
    mimic_event_codes *codes;   /* where codes and units of the file are added to; the events of its */
    mimic_event_codes *units;   /* streams have their numbers */
    const mimic_event_map *map; /* which kinds and tables there are; NULL = not checked (tests) */
    mimic_pool *pool;           /* reads ahead; may be NULL */
    size_t memory;              /* a block that takes more is MIMIC_ERR_LIMIT; 0 = any */
} mimic_event_file_options;

/* Nothing of a file is trusted: MIMIC_ERR_CORRUPT, also from its streams. MIMIC_ERR_NOT_FOUND: there is
 * none. The options are copied, what they refer to is borrowed. */
mimic_status mimic__event_file_open(const mimic_context *ctx,
                                    const mimic_event_file_options *options,
                                    mimic_event_file **out_file, mimic_error *err);
void mimic__event_file_free(mimic_event_file *file); /* NULL is allowed */
mimic_event_file_head mimic__event_file_head(const mimic_event_file *file); /* borrowed */
/* As mimic__event_sorter_stream: of a lane that the file does not have there are no events. `memory`: bytes that the stream may hold. */
mimic_status mimic__event_file_stream(mimic_event_file *file, unsigned lane, int64_t first,
                                      int64_t last, size_t memory,
                                      mimic_event_stream **out_stream, mimic_error *err);

#endif
