/*
 * Rejected rows of a build, as lines of a CSV file in the order of table and row, in bounded memory.
 * A line that is too long for the sorter loses the end of its raw text.
 *
 *     table,source,row,line,byte_offset,subject_id,column,code,message,raw
 */
#ifndef MIMIC_EVENTS_EVENT_REJECT_LINES_H
#define MIMIC_EVENTS_EVENT_REJECT_LINES_H

#include <mimic/csv.h>

#include "events/event_map.h"

typedef struct reject_lines reject_lines;

#define EVENT_REJECTS_HEADER                                                                       \
    "table,source,row,line,byte_offset,subject_id,column,code,message,raw\n"

/* `path`: scratch files stand beside it; borrowed. */
mimic_status mimic__reject_lines_new(const mimic_context *ctx, const char *path,
                                      reject_lines **out_rejects, mimic_error *err);
void mimic__reject_lines_free(reject_lines *rejects); /* NULL is allowed */
/* What the reader rejected. `source` stands for the path, which is the machine's. */
mimic_status mimic__reject_lines_row(reject_lines *rejects, const mimic_event_table *table,
                                      const char *source, const mimic_reject *reject,
                                      mimic_error *err);
/* What a policy rejected. */
mimic_status mimic__reject_lines_event(reject_lines *rejects, const mimic_event_table *table,
                                        const char *source, const mimic_event_reject *reject,
                                        mimic_error *err);
/* Everything so far into a file of lines with their keys, for mimic__reject_lines_merge. */
mimic_status mimic__reject_lines_write(reject_lines *rejects, const char *path, bool with_keys,
                                        int64_t *out_lines, mimic_error *err);
/* Adds the lines of a file with keys; a missing file has none. */
mimic_status mimic__reject_lines_merge(reject_lines *rejects, const char *path,
                                        mimic_error *err);
/* "bad_time" and so on. */
const char *mimic__event_mark_name(int mark);

#endif
