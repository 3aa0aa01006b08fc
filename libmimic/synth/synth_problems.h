/* What brings patients to hospital: the case mix, and how each problem takes its course. */
#ifndef MIMIC_SYNTH_PROBLEMS_H
#define MIMIC_SYNTH_PROBLEMS_H

#include <stdint.h>

#include "synth/synth_patient.h"

#define MIMIC_PROBLEM_CODES 4

typedef struct mimic_problem {
    const char *name;
    int16_t weight;      /* among the admissions */
    int16_t min_age;
    int16_t max_age;
    int16_t is_female_only;
    int16_t icu_per_mille;
    int16_t severity;    /* mean, 0 to 1000 */
    int16_t ward_days;   /* mean length outside the ICU, tenths of a day */
    int16_t surgery;     /* 1 = an operation belongs to it */
    const char *service;
    const char *ward;
    const char *icu;
    int16_t organ_weight[MIMIC_ORGAN_COUNT];
    const char *icd9[MIMIC_PROBLEM_CODES];  /* principal diagnoses, one is drawn; "" = no more */
    const char *icd10[MIMIC_PROBLEM_CODES];
    const char *procedure9[MIMIC_PROBLEM_CODES];
    const char *procedure10[MIMIC_PROBLEM_CODES];
    const char *drg_hcfa[2]; /* severe, mild */
    const char *drg_apr;
} mimic_problem;

extern const mimic_problem mimic__problems[];
extern const int32_t mimic__problem_count;

#endif
