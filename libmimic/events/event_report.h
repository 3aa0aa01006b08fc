/* What became of a build. */
#ifndef MIMIC_EVENTS_EVENT_REPORT_H
#define MIMIC_EVENTS_EVENT_REPORT_H

#include "base/buffer.h"
#include "events/event_state.h"

/* A copy of the counts. */
mimic_status mimic__event_report_new(const event_job *job, const event_state *sum,
                                     bool is_complete, bool is_unchanged,
                                     mimic_trajectory_report **out_report, mimic_error *err);
/* Of one table, as read and put together; texts are those of `state`. */
mimic_event_table_report mimic__event_table_report(const event_table_state *state);
/* As members of a JSON object that is begun, but for was_sorted: what a build comes to is the same
 * whichever way a table was read. */
void mimic__event_table_report_put(mimic_buffer *json, const mimic_event_table_report *table);

#endif
