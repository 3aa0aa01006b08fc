/*
 * Illness over time. A stay rises from its severity at entry to a peak and then goes in a line to its
 * end (up, for those who die), with noise that wanders over hours; organs follow by their weights.
 */
#include "synth/synth_patient.h"

static int32_t along(int64_t from, int64_t to, int64_t time, int32_t a, int32_t b)
{
    if (time <= from)
        return a;
    if (time >= to)
        return b;
    return a + (int32_t)((b - a) * (time - from) / (to - from));
}

int32_t mimic__stay_severity(const mimic_synth_stay *stay, int64_t time)
{
    const int32_t base =
        time < stay->peak
            ? along(stay->intime, stay->peak, time, stay->severity_in, stay->severity_peak)
            : along(stay->peak, stay->outtime, time, stay->severity_peak, stay->severity_out);
    return mimic__clamp(base + mimic__wander(stay->key, time, 45), 0, 1000);
}

int32_t mimic__stay_organ(const mimic_synth_stay *stay, mimic_organ organ, int64_t time)
{
    const int32_t severity = mimic__stay_severity(stay, time);
    const int32_t own = mimic__wander(stay->key + (uint64_t)organ + 1, time, 50);
    return mimic__clamp(severity * stay->organ_weight[organ] / 1000 + own, 0, 1000);
}

mimic_airway mimic__stay_airway(const mimic_synth_stay *stay, int64_t time)
{
    if (stay->tube_start != 0 && time >= stay->tube_start && time < stay->tube_end)
        return MIMIC_AIRWAY_TUBE;
    const int32_t lung = mimic__stay_organ(stay, MIMIC_ORGAN_LUNG, time);
    if (lung > 560)
        return mimic__mix2(stay->key, 77) % 3 == 0 ? MIMIC_AIRWAY_BIPAP : MIMIC_AIRWAY_HIGH_FLOW;
    if (lung > 400)
        return MIMIC_AIRWAY_MASK;
    return lung > 130 ? MIMIC_AIRWAY_CANNULA : MIMIC_AIRWAY_ROOM_AIR;
}

const mimic_synth_stay *mimic__patient_stay_at(const mimic_synth_patient *patient, int64_t time)
{
    for (int32_t i = 0; i < patient->stay_count; i++)
        if (time >= patient->stays[i].intime && time < patient->stays[i].outtime)
            return &patient->stays[i];
    return NULL;
}

int32_t mimic__patient_organ(const mimic_synth_patient *patient, mimic_organ organ, int64_t time)
{
    const mimic_synth_stay *stay = mimic__patient_stay_at(patient, time);
    if (stay != NULL)
        return mimic__stay_organ(stay, organ, time);
    const int32_t chronic = patient->burden * (int32_t)(mimic__mix2(patient->key, (uint64_t)organ + 50) %
                                                        700) / 1000;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        if (time < admission->admit - MIMIC_SYNTH_DAY || time > admission->discharge)
            continue;
        const int32_t acute = along(admission->admit, admission->discharge, time,
                                    admission->severity * 7 / 10,
                                    admission->dies ? 950 : admission->severity / 4);
        return mimic__clamp(chronic / 2 + acute / 2 + mimic__wander(admission->key, time, 40), 0, 1000);
    }
    return mimic__clamp(chronic * 6 / 10, 0, 1000);
}

/* The inspired oxygen that keeps the blood's at about 85 mmHg, in the steps that are set. */
int32_t mimic__stay_fio2(const mimic_synth_stay *stay, int64_t time)
{
    const mimic_airway airway = mimic__stay_airway(stay, time);
    if (airway == MIMIC_AIRWAY_ROOM_AIR)
        return 21;
    const int32_t ratio = mimic__stay_pf_ratio(stay, time);
    const int32_t wanted = (8500 / ratio + 9) / 10 * 10;
    if (airway == MIMIC_AIRWAY_CANNULA)
        return mimic__clamp(wanted, 24, 40);
    return mimic__clamp(wanted, 40, 100);
}

/* Arterial oxygen pressure over inspired fraction, mmHg: 440 in health, 40 in the worst lungs. */
int32_t mimic__stay_pf_ratio(const mimic_synth_stay *stay, int64_t time)
{
    const int32_t lung = mimic__stay_organ(stay, MIMIC_ORGAN_LUNG, time);
    return mimic__clamp(440 - lung * 46 / 100, 40, 520);
}

/* Glasgow coma scale without regard to a tube: 15 awake, 3 deep coma. */
int32_t mimic__stay_gcs(const mimic_synth_stay *stay, int64_t time)
{
    const int32_t brain = mimic__stay_organ(stay, MIMIC_ORGAN_BRAIN, time);
    const bool is_sedated = mimic__stay_airway(stay, time) == MIMIC_AIRWAY_TUBE;
    const int32_t depth = brain < 330 ? 0 : (brain - 330) * 13 / 560;
    return mimic__clamp(15 - depth - (is_sedated ? 4 : 0), 3, 15);
}

/* Millilitres of urine in an hour. */
int32_t mimic__stay_urine(const mimic_synth_stay *stay, int64_t time)
{
    const int32_t kidney = mimic__stay_organ(stay, MIMIC_ORGAN_KIDNEY, time);
    if (kidney > 880)
        return mimic__clamp(mimic__wander(stay->key + 90, time, 6), 0, 15);
    const int32_t hourly = 105 - kidney * 100 / 900;
    return mimic__clamp(hourly + mimic__wander(stay->key + 91, time, hourly / 3 + 1), 0, 900);
}
