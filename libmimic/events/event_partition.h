/*
 * The first of the two steps of a build, and what the second takes from it. WORK holds of each table
 *
 *     <number>-<table>.events           its events by split and subject (event_sorter.h)
 *     <number>-<table>.codes.records    what its codes mean
 *     <number>-<table>.rejects.records  rows that were put aside
 *     <number>-<table>.subjects.records who is known: of the table of patients, else of each
 *
 * Each file of events says in its head which tables there are, so that a missing one is noticed, and
 * which options it was read with, so that assemble need not be told again.
 */
#ifndef MIMIC_EVENTS_EVENT_PARTITION_H
#define MIMIC_EVENTS_EVENT_PARTITION_H

#include "events/event_part.h"

/* The tables that options.tables names, NULL = all. The counts are put into *sum. */
mimic_status mimic__event_partition(event_job *job, const char *work, event_state *sum,
                                    mimic_error *err);

typedef struct event_partition event_partition;

/* Finds the files; datasets, map, options of reading and inputs of the job come from their heads. */
mimic_status mimic__event_partition_open(event_job *job, const char *work,
                                         event_partition **out_partition, mimic_error *err);
void mimic__event_partition_free(event_partition *partition); /* NULL is allowed */
/* Makes job->plan, and tells the end of the build about codes and rejects. */
mimic_status mimic__event_partition_plan(event_partition *partition, event_out *out,
                                         mimic_error *err);
mimic_status mimic__event_partition_run(event_partition *partition, event_making *run,
                                        mimic_error *err);

#endif
