/* Laboratory items: what a value is made of, and which are drawn together. */
#ifndef MIMIC_SYNTH_LABS_H
#define MIMIC_SYNTH_LABS_H

#include "synth/synth_patient.h"

#define MIMIC_LAB_NO_RANGE INT32_MIN

/*
 * A number, scaled by 10^decimals: base + slope * (organ / 1000)^2 + what is the patient's own +
 * noise, within low .. high. With choices instead: a word; the release puts most of those into the
 * comments and `___` into the value.
 */
typedef struct mimic_lab {
    int32_t itemid;
    const char *label;
    const char *fluid;
    const char *category;
    const char *unit;
    int16_t decimals;
    int16_t organ;
    int32_t base;
    int32_t spread;
    int32_t slope;
    int32_t low;
    int32_t high;
    int32_t range_low; /* reference range */
    int32_t range_high;
    const char *const *choices; /* NULL = a number */
    int32_t choice_count;
} mimic_lab;

extern const mimic_lab mimic__labs[]; /* ascending itemid */
extern const int32_t mimic__lab_count;

/* NULL when it is not there. */
const mimic_lab *mimic__find_lab(int32_t itemid);

/* Value of a numeric lab of a patient at a time, scaled. */
int32_t mimic__lab_value(const mimic_synth_patient *patient, const mimic_lab *lab, int64_t time);

typedef enum mimic_panel {
    MIMIC_PANEL_CBC,
    MIMIC_PANEL_DIFFERENTIAL,
    MIMIC_PANEL_CHEMISTRY,
    MIMIC_PANEL_LIVER,
    MIMIC_PANEL_COAGULATION,
    MIMIC_PANEL_GAS_ARTERIAL,
    MIMIC_PANEL_GAS_VENOUS,
    MIMIC_PANEL_URINE,
    MIMIC_PANEL_CARDIAC,
    MIMIC_PANEL_LIPIDS,
    MIMIC_PANEL_GLYCATED,
    MIMIC_PANEL_THYROID,
    MIMIC_PANEL_IRON,
    MIMIC_PANEL_VANCOMYCIN,
    MIMIC_PANEL_TOXICOLOGY,
    MIMIC_PANEL_SMEAR,
    MIMIC_PANEL_HOLD,
    MIMIC_PANEL_COUNT
} mimic_panel;

/* Item ids of a panel, ending with 0. */
extern const int32_t *const mimic__panels[MIMIC_PANEL_COUNT];

#endif
