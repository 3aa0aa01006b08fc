/* One part of a build: all streams into the files of a range. */
#ifndef MIMIC_EVENTS_EVENT_MAKE_H
#define MIMIC_EVENTS_EVENT_MAKE_H

#include "events/event_sorter.h"
#include "events/event_state.h"

/* What the part came to; *state is initialised. */
typedef struct event_making {
    event_job *job;
    event_file_range files;
    const char *dir;      /* where its files go, which is there and empty */
    event_state *state;
    mimic_event_output *output;
    int64_t *code_events; /* by number */
    size_t code_count;
    mimic_output *strangers; /* patients whom nobody knew; NULL = none yet */
} event_making;

/* From the tables themselves. */
mimic_status mimic__event_run_tables(event_making *run, mimic_error *err);
/* From the files that `partition` left, one a table of the map (NULL = none). */
mimic_status mimic__event_run_files(event_making *run, mimic_event_file *const *files,
                                    size_t file_count, mimic_error *err);
/* How a table is sorted. */
typedef struct event_sorting {
    size_t memory;     /* while it is read */
    size_t memory_out; /* from then on; 0 = the same */
    unsigned lanes;    /* 1, or one a split: what `partition` does */
    const event_file_range *files; /* only subjects of these; NULL = all */
} event_sorting;

mimic_status mimic__event_sort_input(event_job *job, event_input *input,
                                     const event_sorting *sorting,
                                     mimic_event_sorter **out_sorter, mimic_error *err);

#endif
