/* What became of a build. */
#ifndef MIMIC_EVENTS_EVENT_REPORT_H
#define MIMIC_EVENTS_EVENT_REPORT_H

#include "events/event_state.h"

/* A copy of the counts. */
mimic_status mimic__event_report_new(const event_job *job, const event_state *sum,
                                     bool is_complete, bool is_unchanged,
                                     mimic_trajectory_report **out_report, mimic_error *err);

#endif
