/* The formulary: what is prescribed, how, and how often. */
#ifndef MIMIC_SYNTH_DRUGS_H
#define MIMIC_SYNTH_DRUGS_H

#include <stddef.h>
#include <stdint.h>

typedef enum mimic_drug_kind {
    MIMIC_DRUG_UNIT,      /* unit dose: tablets, syringes, vials */
    MIMIC_DRUG_PIGGYBACK, /* in a small bag: a BASE row beside the MAIN one */
    MIMIC_DRUG_FLUID,     /* large volume */
    MIMIC_DRUG_DRIP,      /* continuous, intensive care only */
    MIMIC_DRUG_FLUSH,
    MIMIC_DRUG_SLIDING,   /* insulin by scale */
} mimic_drug_kind;

typedef struct mimic_frequency {
    const char *name;
    int16_t period_hours; /* 0 = once */
    int16_t doses_per_24;
    const char *schedule; /* NULL = as needed */
    int16_t is_as_needed;
} mimic_frequency;

typedef enum mimic_frequency_number {
    MIMIC_FREQUENCY_DAILY, MIMIC_FREQUENCY_BID, MIMIC_FREQUENCY_TID, MIMIC_FREQUENCY_QID,
    MIMIC_FREQUENCY_Q4H, MIMIC_FREQUENCY_Q6H, MIMIC_FREQUENCY_Q8H, MIMIC_FREQUENCY_Q12H,
    MIMIC_FREQUENCY_Q24H, MIMIC_FREQUENCY_QHS, MIMIC_FREQUENCY_ONCE, MIMIC_FREQUENCY_Q4HPRN,
    MIMIC_FREQUENCY_Q6HPRN, MIMIC_FREQUENCY_Q8HPRN, MIMIC_FREQUENCY_PRN, MIMIC_FREQUENCY_ASDIR,
    MIMIC_FREQUENCY_INFUSION
} mimic_frequency_number;

typedef struct mimic_drug {
    const char *name;
    const char *formulary_code;
    const char *gsn; /* NULL = none; some are lists */
    const char *ndc;
    const char *strength;
    const char *dose;
    const char *dose_unit;
    const char *form_value;
    const char *form_unit;
    const char *route;
    int16_t frequency;
    int16_t kind;
    int16_t weight;
} mimic_drug;

extern const mimic_frequency mimic__frequencies[];
extern const mimic_drug mimic__drugs[];
extern const int32_t mimic__drug_count;

#endif
