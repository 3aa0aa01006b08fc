/*
 * Brings the events of a table into the order of their subjects, in bounded memory: what is full is
 * sorted by (lane, subject), its rows staying in order, compressed and written as a run; runs that
 * follow each other are one. A lane is a split of the dataset, so that a part of the output finds its
 * subjects in few blocks.
 *
 * Used in two ways: as scratch space of one process (a file without a name, gone with it), and as the
 * file that `partition` leaves for `assemble`.
 */
#ifndef MIMIC_EVENTS_EVENT_SORTER_H
#define MIMIC_EVENTS_EVENT_SORTER_H

#include "base/pool.h"
#include "events/event_codes.h"

typedef struct mimic_event_sorter mimic_event_sorter;

typedef struct mimic_event_sorter_options {
    size_t memory;       /* bytes for events, while they are added and again while they come out */
    const char *path;    /* scratch: the file stands beside this one (see mimic__open_nameless) */
    mimic_pool *pool;    /* may be NULL */
    unsigned lane_count; /* 1 to 16 */
    unsigned (*lane)(const void *ctx, int64_t subject); /* NULL = all are 0 */
    const void *lane_ctx;
} mimic_event_sorter_options;

mimic_status mimic__event_sorter_new(const mimic_context *ctx,
                                     const mimic_event_sorter_options *options,
                                     mimic_event_sorter **out_sorter, mimic_error *err);
void mimic__event_sorter_free(mimic_event_sorter *sorter); /* NULL is allowed */
/* The next chunk of the table, in the order of its rows, taken over in any case. Subjects need no order. */
mimic_status mimic__event_sorter_add(mimic_event_sorter *sorter, mimic_event_chunk *chunk,
                                     mimic_error *err);
mimic_status mimic__event_sorter_finish(mimic_event_sorter *sorter, mimic_error *err);
/* The events of one lane with first <= subject <= last, after finish; several may be open at once. The
 * stream borrows the sorter. */
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

/* Writes what the sorter holds, with the codes and units it uses, under a name that appears when the
 * file is whole. */
mimic_status mimic__event_file_write(mimic_event_sorter *sorter, const char *path,
                                     const mimic_event_codes *codes,
                                     const mimic_event_codes *units,
                                     const mimic_event_file_head *head, mimic_error *err);

typedef struct mimic_event_file mimic_event_file;

/* Nothing of a file is trusted: MIMIC_ERR_CORRUPT. Codes and units of the file are added to those
 * given, and the events of its streams have their numbers. */
mimic_status mimic__event_file_open(const mimic_context *ctx, const char *path,
                                    mimic_event_codes *codes, mimic_event_codes *units,
                                    mimic_event_file **out_file, mimic_error *err);
void mimic__event_file_free(mimic_event_file *file); /* NULL is allowed */
mimic_event_file_head mimic__event_file_head(const mimic_event_file *file);
/* As mimic__event_sorter_stream. `memory`: bytes that the stream may hold. */
mimic_status mimic__event_file_stream(mimic_event_file *file, unsigned lane, int64_t first,
                                      int64_t last, size_t memory,
                                      mimic_event_stream **out_stream, mimic_error *err);

#endif
