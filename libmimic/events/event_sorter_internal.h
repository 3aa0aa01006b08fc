/* What event_file.c and tests need to know of a sorter. */
#ifndef MIMIC_EVENTS_EVENT_SORTER_INTERNAL_H
#define MIMIC_EVENTS_EVENT_SORTER_INTERNAL_H

#include "events/event_run.h"
#include "events/event_sorter.h"

typedef struct mimic_event_sorter_facts {
    const mimic_context *ctx;
    mimic_pool *pool;
    unsigned lane_count;
    uint16_t table; /* of the chunks; 0 when there was none */
    unsigned slots; /* blocks that may be packed at once */
    bool is_finished;
} mimic_event_sorter_facts;

mimic_event_sorter_facts mimic__event_sorter_facts(const mimic_event_sorter *sorter);
/* Runs of a lane in the scratch file. */
size_t mimic__event_sorter_runs(const mimic_event_sorter *sorter, unsigned lane);

#endif
