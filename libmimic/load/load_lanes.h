/*
 * Several tables at once, for targets that take them so (mimic_sink_lane): each lane is a thread with
 * a sink, a job and a report of its own; all share the pool. The caller's thread waits, tells the
 * progress, and passes on that the caller wants to stop, so that its callbacks stay on its thread.
 */
#ifndef MIMIC_LOAD_LANES_H
#define MIMIC_LOAD_LANES_H

#include "load/load_job.h"

/* True on a thread of a lane; *out_stop: whether the lanes are to stop. */
bool mimic__lanes_is_lane(load_lanes *lanes, bool *out_stop);

/*
 * Converts the tables, the first ones first. After a failure no further table is begun, and those that
 * are under way are given up. *out_done is false when the target has no lanes, or there is one job or
 * one table only: then nothing was done. The first failure, in the order of the inputs, is returned.
 */
mimic_status mimic__load_in_lanes(load_job *job, const load_input *inputs, size_t count,
                                  bool *out_done, mimic_error *err);

#endif
