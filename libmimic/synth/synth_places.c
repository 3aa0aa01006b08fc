/*
 * Where an admission takes place: emergency department, wards, operating room, intensive care, and
 * who dies where. Each unit begins when the one before ends, so that transfers have no gaps, and an
 * ICU stay is exactly one transfer row.
 */
#include "synth/synth_patient.h"

#include <string.h>

#include "synth/synth_problems.h"

/* Seconds do not end in 0 in transfers of the release. */
static int64_t with_seconds(mimic_rng *rng, int64_t time)
{
    return time - time % 60 + mimic__rng_below(rng, 60);
}

static void add_transfer(mimic_synth_patient *patient, mimic_transfer_kind kind, int32_t hadm_id,
                         const char *unit, int64_t intime, int64_t outtime)
{
    if (patient->transfer_count < MIMIC_SYNTH_MAX_TRANSFERS)
        patient->transfers[patient->transfer_count++] =
            (mimic_synth_transfer){kind, hadm_id, unit, intime, outtime};
}

/* Support devices follow from how ill lungs, heart and brain become. */
static void draw_support(mimic_synth_stay *stay, mimic_rng *rng, const mimic_problem *problem,
                         bool is_first)
{
    const int64_t length = stay->outtime - stay->intime;
    const int32_t lung = mimic__stay_organ(stay, MIMIC_ORGAN_LUNG, stay->peak);
    const int32_t brain = mimic__stay_organ(stay, MIMIC_ORGAN_BRAIN, stay->peak);
    const int32_t heart = mimic__stay_organ(stay, MIMIC_ORGAN_HEART, stay->peak);
    const bool is_after_surgery = problem->surgery && is_first && mimic__rng_chance(rng, 700);
    const bool is_failing = lung > mimic__rng_range(rng, 380, 640) ||
                            brain > mimic__rng_range(rng, 520, 800);
    if (is_after_surgery || is_failing) {
        stay->tube_start = stay->intime + mimic__rng_range(rng, 2, is_after_surgery ? 20 : 300) * 60;
        const int64_t share = is_failing ? length * mimic__rng_range(rng, 30, 80) / 100
                                         : mimic__rng_range(rng, 3, 14) * MIMIC_SYNTH_HOUR;
        stay->tube_end = stay->severity_out > 900 ? stay->outtime : stay->tube_start + share;
        if (stay->tube_end > stay->outtime)
            stay->tube_end = stay->outtime;
    }
    if (heart > mimic__rng_range(rng, 330, 620)) {
        stay->pressor_start = stay->intime + mimic__rng_range(rng, 5, 400) * 60;
        stay->pressor_end = stay->pressor_start + length * mimic__rng_range(rng, 20, 60) / 100;
        if (stay->severity_out > 900 || stay->pressor_end > stay->outtime)
            stay->pressor_end = stay->outtime;
        if (stay->pressor_start >= stay->outtime)
            stay->pressor_start = stay->pressor_end = 0;
    }
    stay->has_arterial_line = stay->tube_start != 0 ? mimic__rng_chance(rng, 750)
                              : stay->pressor_start != 0 ? mimic__rng_chance(rng, 550)
                                                         : mimic__rng_chance(rng, 120);
    stay->has_central_line = stay->pressor_start != 0 || mimic__rng_chance(rng, 300);
    stay->has_foley = stay->tube_start != 0 || mimic__rng_chance(rng, 620);
}

static void add_stay(mimic_synth_patient *patient, mimic_synth_admission *admission, int64_t intime,
                     int64_t outtime, bool dies)
{
    const mimic_problem *problem = &mimic__problems[admission->problem];
    const int32_t number = patient->stay_count++;
    mimic_synth_stay *stay = &patient->stays[number];
    memset(stay, 0, sizeof *stay);
    stay->key = mimic__mix3(patient->key, MIMIC_STREAM_STAY, (uint64_t)number);
    mimic_rng rng = mimic__rng(stay->key, MIMIC_STREAM_STAY);
    stay->stay_id = 30000000 + mimic__scatter_small((uint64_t)(patient->index * 27 + number), 2);
    stay->admission = admission->number;
    stay->intime = intime;
    stay->outtime = outtime;
    const int32_t worst = mimic__clamp(admission->severity + mimic__rng_range(&rng, 0, 120), 60, 960);
    stay->peak = intime + (outtime - intime) * mimic__rng_range(&rng, 5, 35) / 100;
    stay->severity_peak = dies ? mimic__clamp(worst, 600, 960) : worst;
    stay->severity_in = stay->severity_peak * mimic__rng_range(&rng, 60, 95) / 100;
    stay->severity_out = dies ? mimic__rng_range(&rng, 910, 1000)
                              : stay->severity_peak * mimic__rng_range(&rng, 20, 55) / 100;
    for (int i = 0; i < MIMIC_ORGAN_COUNT; i++)
        stay->organ_weight[i] =
            (int16_t)(problem->organ_weight[i] * mimic__rng_range(&rng, 55, 135) / 100);
    static const char *const others[] = {"Medical Intensive Care Unit (MICU)",
                                         "Surgical Intensive Care Unit (SICU)",
                                         "Medical/Surgical Intensive Care Unit (MICU/SICU)"};
    stay->first_unit = mimic__rng_chance(&rng, 800) ? problem->icu
                                                    : others[mimic__rng_below(&rng, 3)];
    stay->last_unit = stay->first_unit;
    draw_support(stay, &rng, problem, admission->stay_count == 0);
    if (admission->stay_count == 0)
        admission->first_stay = number;
    admission->stay_count++;
}

static bool draw_icu(mimic_rng *rng, const mimic_synth_patient *patient,
                     const mimic_synth_admission *admission)
{
    const mimic_problem *problem = &mimic__problems[admission->problem];
    const int64_t chance =
        (int64_t)problem->icu_per_mille * (300 + admission->severity * 1000 / problem->severity) / 2000;
    return patient->stay_count < MIMIC_SYNTH_MAX_STAYS - 3 &&
           mimic__rng_chance(rng, mimic__clamp((int32_t)chance, 0, 985));
}

/* Minutes in the ICU: mostly one to four days, sometimes weeks. */
static int64_t draw_icu_seconds(mimic_rng *rng, int32_t severity)
{
    const int64_t skewed = mimic__rng_skewed(rng);
    int64_t hours = 13 + skewed * (60 + severity) / 1700;
    hours += mimic__rng_below(rng, 36);
    if (mimic__rng_chance(rng, 60))
        hours += mimic__rng_below(rng, 500);
    return hours * MIMIC_SYNTH_HOUR + mimic__rng_below(rng, 3600);
}

static int64_t draw_ward_seconds(mimic_rng *rng, int32_t tenths_of_days, int32_t severity)
{
    const int64_t mean_hours = (int64_t)tenths_of_days * 24 / 10;
    const int64_t skewed = mimic__rng_skewed(rng) * mean_hours / 330;
    return (6 + mean_hours / 4 + skewed * (500 + severity) / 900) * MIMIC_SYNTH_HOUR +
           mimic__rng_below(rng, 3600);
}

typedef struct course {
    mimic_synth_patient *patient;
    mimic_synth_admission *admission;
    mimic_rng rng;
    int64_t now;
    bool is_first; /* the next place is where the admission begins */
} course;

static void go(course *c, const char *unit, int64_t seconds)
{
    const int64_t out = with_seconds(&c->rng, c->now + (seconds < 600 ? 600 : seconds));
    add_transfer(c->patient, c->is_first ? MIMIC_TRANSFER_ADMIT : MIMIC_TRANSFER_MOVE,
                 c->admission->hadm_id, unit, c->now, out);
    c->is_first = false;
    c->now = out;
}

static void go_icu(course *c, bool dies)
{
    const int64_t intime = c->now;
    const int64_t seconds = draw_icu_seconds(&c->rng, c->admission->severity);
    add_stay(c->patient, c->admission, intime, intime, dies);
    mimic_synth_stay *stay = &c->patient->stays[c->patient->stay_count - 1];
    go(c, stay->first_unit, seconds);
    /* Made again now that its end is known: support depends on the length. */
    c->patient->stay_count--;
    c->admission->stay_count--;
    add_stay(c->patient, c->admission, intime, c->now, dies);
}

/* Ends after at most four ICU stays. */
static void run_course(course *c, bool has_icu, bool dies)
{
    const mimic_problem *problem = &mimic__problems[c->admission->problem];
    const int32_t severity = c->admission->severity;
    int64_t ward = draw_ward_seconds(&c->rng, problem->ward_days, severity);
    if (!has_icu) {
        const bool is_moved = mimic__rng_chance(&c->rng, 330);
        go(c, problem->ward, is_moved ? ward / 3 : ward);
        if (is_moved)
            go(c, mimic__rng_chance(&c->rng, 500) ? "Med/Surg" : problem->ward, ward - ward / 3);
        if (!dies && mimic__rng_chance(&c->rng, 110))
            go(c, "Discharge Lounge", 2 * MIMIC_SYNTH_HOUR);
        return;
    }
    if (problem->surgery && mimic__rng_chance(&c->rng, 500))
        go(c, "PACU", mimic__rng_range(&c->rng, 1, 7) * MIMIC_SYNTH_HOUR);
    else if (mimic__rng_chance(&c->rng, 350))
        go(c, problem->ward, ward / 4);
    const bool returns = mimic__rng_chance(&c->rng, 90);
    const bool dies_in_icu = dies && mimic__rng_chance(&c->rng, 820);
    go_icu(c, dies_in_icu && !returns);
    if (returns) {
        go(c, problem->ward, ward / 3);
        go_icu(c, dies_in_icu);
    }
    if (!dies_in_icu)
        go(c, problem->ward, ward / 2);
}

void mimic__synth_admission_places(mimic_synth_patient *patient, mimic_synth_admission *admission)
{
    course c = {patient, admission, mimic__rng(admission->key, MIMIC_STREAM_STAY),
                with_seconds(&(mimic_rng){admission->key}, admission->admit), true};
    if (admission->ed_register != 0) {
        add_transfer(patient, MIMIC_TRANSFER_ED, admission->hadm_id, "Emergency Department",
                     admission->ed_register, admission->ed_out);
        c.now = admission->ed_out;
    }
    const bool has_icu = draw_icu(&c.rng, patient, admission);
    const int64_t cube = (int64_t)admission->severity * admission->severity / 1000 *
                         admission->severity / 1000;
    const int32_t risk = (int32_t)(has_icu ? 25 + cube * 620 / 1000 : cube * 45 / 1000);
    admission->dies = mimic__rng_chance(&c.rng, mimic__clamp(risk, 0, 900));
    run_course(&c, has_icu, admission->dies);
    admission->discharge = c.now;
    /* The administrative times have no seconds; the last unit ends when the admission does. */
    admission->discharge -= admission->discharge % 60;
    mimic_synth_transfer *last = &patient->transfers[patient->transfer_count - 1];
    last->outtime = admission->discharge;
    if (admission->stay_count > 0) {
        mimic_synth_stay *stay = &patient->stays[patient->stay_count - 1];
        if (stay->outtime > admission->discharge)
            stay->outtime = admission->discharge;
        if (stay->tube_end > stay->outtime)
            stay->tube_end = stay->outtime;
        if (stay->pressor_end > stay->outtime)
            stay->pressor_end = stay->outtime;
    }
    add_transfer(patient, MIMIC_TRANSFER_DISCHARGE, admission->hadm_id, NULL, admission->discharge, 0);
}
