/* What nurses chart: which item, when, how often, and from which values. */
#ifndef MIMIC_SYNTH_CHART_ITEMS_H
#define MIMIC_SYNTH_CHART_ITEMS_H

#include "synth/synth_patient.h"

/* When an item is charted at all. */
typedef enum mimic_chart_when {
    MIMIC_WHEN_ALWAYS,
    MIMIC_WHEN_ONCE,          /* with the first row of the stay */
    MIMIC_WHEN_ARTERIAL_LINE,
    MIMIC_WHEN_CUFF,          /* always without an arterial line, now and then with one */
    MIMIC_WHEN_TUBE,
    MIMIC_WHEN_NO_TUBE,
    MIMIC_WHEN_CENTRAL_LINE,
    MIMIC_WHEN_FOLEY,
    MIMIC_WHEN_RESTRAINT,     /* the intubated and the confused */
} mimic_chart_when;

typedef enum mimic_chart_kind {
    MIMIC_CHART_NUMBER,
    MIMIC_CHART_TEXT,      /* one of the choices, the first ones more often */
    MIMIC_CHART_SCORE,     /* choice i has the number base + i; illness chooses low ones */
    MIMIC_CHART_CHECKBOX,  /* 1 */
    MIMIC_CHART_PRESSURE,  /* base: 0 systolic, 1 diastolic, 2 mean, of one draw */
    MIMIC_CHART_EYES,
    MIMIC_CHART_VERBAL,
    MIMIC_CHART_MOTOR,
    MIMIC_CHART_DEVICE,    /* oxygen device and, at times, its flow */
    MIMIC_CHART_FIO2,
    MIMIC_CHART_PEEP,
    MIMIC_CHART_MODE,      /* type and mode of the ventilator */
    MIMIC_CHART_WEIGHT,    /* base: 0 admission, 1 daily */
    MIMIC_CHART_HEIGHT,    /* base: 0 inches, 1 cm */
    MIMIC_CHART_LAB,       /* base: itemid of labevents whose value it repeats */
    MIMIC_CHART_SPO2,
} mimic_chart_kind;

/* Numbers are scaled by 10^decimals: base + slope * organ / 1000 + noise of the given spread. */
typedef struct mimic_chart_item {
    int32_t itemid;
    uint8_t kind;
    uint8_t when;
    uint8_t period; /* hours */
    uint8_t decimals;
    int16_t per_mille; /* of the occasions */
    int16_t organ;
    int32_t base;
    int32_t spread;
    int32_t slope;
    int32_t low;
    int32_t high;
    const char *unit;
    const char *const *choices; /* ends with NULL */
    int32_t choice_count;
} mimic_chart_item;

extern const mimic_chart_item mimic__chart_items[];
extern const int32_t mimic__chart_item_count;

#endif
