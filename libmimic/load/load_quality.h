/* The profiles of the tables of one call, as stages of their flows, and what the report adds to them. */
#ifndef MIMIC_LOAD_QUALITY_H
#define MIMIC_LOAD_QUALITY_H

#include "load/load_job.h"

/* *out_quality stays NULL where no profile is wanted. The inputs must stay. Each table is profiled by
 * one thread at a time, several tables at once. */
mimic_status mimic__load_quality_new(const load_job *job, const load_input *inputs, size_t count,
                                     load_quality **out_quality, mimic_error *err);
void mimic__load_quality_free(load_quality *quality); /* NULL is allowed */

/* The table is opened: adds its stage to a flow that has none yet, and forgets what was seen of it
 * before. Nothing is read of it meanwhile. `quality` NULL = none. */
mimic_status mimic__load_quality_open(load_quality *quality, const mimic_table *table,
                                     load_flow *flow, mimic_error *err);

/* Makes report->quality, from the profiles and everything that the report says by then. Once, when all
 * tables are written; NULL is allowed. */
mimic_status mimic__load_quality_finish(load_quality *quality, mimic_report *report,
                                        mimic_error *err);


/* Adds what was found out of the keys of tables that were read back: violations as they are noted in
 * `report`, the keys of the other tables as sound. False when memory ran out. */
bool mimic__load_quality_add_keys(mimic_quality *quality, const mimic_report *report,
                                  const mimic_table *const *tables, size_t table_count);

#endif
