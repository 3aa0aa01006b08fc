/* What flows into a patient in intensive care: the source of inputevents and ingredientevents. */
#ifndef MIMIC_SYNTH_INFUSIONS_H
#define MIMIC_SYNTH_INFUSIONS_H

#include "synth/synth_tables.h"

/* One row of inputevents; an order has one or two. */
typedef struct mimic_infusion {
    const mimic_synth_stay *stay;
    int64_t start;
    int64_t end;
    int32_t itemid;
    int32_t order_id;
    int32_t link_id; /* the first order of the chain of rate changes */
    int64_t amount;  /* 10^-12 of the unit */
    int64_t rate;    /* 10^-6 of the unit, -1 = a bolus */
    const char *amount_unit;
    const char *rate_unit;
    const char *category;
    const char *secondary; /* or NULL */
    const char *component;
    const char *description;
    const char *status;
    bool is_fluid; /* has ingredients */
    bool is_oral;
    uint64_t key;
} mimic_infusion;

typedef void (*mimic_infusion_fn)(mimic_synth_run *run, const mimic_infusion *infusion);

/* Calls `fn` for every row of the patient, stay by stay, infusion by infusion, in order of time. */
void mimic__for_each_infusion(mimic_synth_run *run, mimic_infusion_fn fn);

#endif
