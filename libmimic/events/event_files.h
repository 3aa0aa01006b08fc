/*
 * MIMIC_LAYOUT_FILES: a file a patient, admission or stay,
 *
 *     files/<fan-out>/<subject>.arrow           files/<fan-out>/<subject>-<admission or stay>.ndjson
 *
 * where the fan-out is the first byte of the XXH3-64 of the subject's id (8 bytes, little endian) in two
 * hex digits, and the second byte below it when the plan has more than MIMIC_EVENT_FLAT_FILES shards.
 *
 * A set is encoded into pieces. Those of a subject wait until it is sure to be complete, in memory or,
 * when they are many, in a scratch file; then its files are written, one by one.
 */
#ifndef MIMIC_EVENTS_EVENT_FILES_H
#define MIMIC_EVENTS_EVENT_FILES_H

#include "events/event_columns.h"
#include "events/event_piece.h"
#include "io/output.h"

#define MIMIC_EVENT_FLAT_FILES 1000
#define MIMIC_EVENT_WAITING_BYTES ((size_t)8 << 20)

typedef struct mimic_event_files mimic_event_files;

typedef struct mimic_event_files_options {
    const char *path; /* the folder of the dataset */
    mimic_event_format format;
    mimic_group group;
    bool is_deep;     /* two levels of folders */
    bool no_sync;
    const mimic_event_terms *terms;
    const mimic_ipc_form *form;
} mimic_event_files_options;

/* What the options refer to is borrowed. */
mimic_status mimic__event_files_new(const mimic_context *ctx,
                                    const mimic_event_files_options *options,
                                    mimic_event_files **out_files, mimic_error *err);
void mimic__event_files_free(mimic_event_files *files); /* NULL is allowed */
/* Any thread, with columns of its own. */
mimic_status mimic__event_files_encode(const mimic_event_files *files,
                                       mimic_event_columns *columns, const mimic_event_set *set,
                                       mimic_event_pieces *pieces, mimic_error *err);
/* In order, one thread. Takes what is in the pieces. */
mimic_status mimic__event_files_write(mimic_event_files *files, mimic_event_pieces *pieces,
                                      mimic_error *err);
mimic_status mimic__event_files_finish(mimic_event_files *files, mimic_error *err);
void mimic__event_files_totals(const mimic_event_files *files, int64_t *out_files,
                               int64_t *out_bytes);

#endif
