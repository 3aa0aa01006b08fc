/*
 * patients, admissions, transfers, services and omr: who was where. A patient's rows stand in order
 * of time, emergency visits without admission after the admissions.
 */
#include "synth/synth_problems.h"
#include "synth/synth_tables.h"

static void time_or_null(mimic_csv_writer *out, int64_t time)
{
    if (time == 0)
        mimic__csv_null(out);
    else
        mimic__csv_time(out, time);
}

void mimic__write_patients(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, patient->subject_id);
    mimic__csv_word(out, patient->is_female ? "F" : "M");
    mimic__csv_int(out, patient->anchor_age);
    mimic__csv_int(out, patient->anchor_year);
    out->at = mimic__csv_put_int(out->at, patient->anchor_group);
    mimic__csv_raw(out, " - ", 3);
    mimic__csv_int(out, patient->anchor_group + 2);
    if (patient->death == 0)
        mimic__csv_null(out);
    else
        mimic__csv_date(out, patient->death);
    mimic__csv_row_end(out);
}

void mimic__write_admissions(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        mimic__csv_int(out, patient->subject_id);
        mimic__csv_int(out, admission->hadm_id);
        mimic__csv_time(out, admission->admit);
        mimic__csv_time(out, admission->discharge);
        time_or_null(out, admission->dies ? admission->discharge : 0);
        mimic__csv_word(out, admission->type);
        mimic__csv_provider(run, mimic__mix2(admission->key, 1));
        mimic__csv_word(out, admission->location);
        mimic__csv_word_or_null(out, admission->discharge_location);
        mimic__csv_word_or_null(out, admission->insurance);
        mimic__csv_word(out, patient->language);
        mimic__csv_word_or_null(out, admission->marital_status);
        mimic__csv_text(out, patient->race);
        time_or_null(out, admission->ed_register);
        time_or_null(out, admission->ed_out);
        mimic__csv_word(out, admission->dies ? "1" : "0");
        mimic__csv_row_end(out);
    }
}

/* transfer_id counts through the table, scattered; stay_id of icustays has numbers of its own. */
void mimic__write_transfers(mimic_synth_run *run)
{
    static const char *const kinds[] = {"ED", "admit", "transfer", "discharge"};
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    for (int32_t i = 0; i < patient->transfer_count; i++) {
        const mimic_synth_transfer *transfer = &patient->transfers[i];
        mimic__csv_int(out, patient->subject_id);
        if (transfer->hadm_id == 0)
            mimic__csv_null(out);
        else
            mimic__csv_int(out, transfer->hadm_id);
        mimic__csv_int(out, 30000000 + mimic__scatter_small(run->row_counter++, 3));
        mimic__csv_word(out, kinds[transfer->kind]);
        mimic__csv_word_or_null(out, transfer->unit);
        mimic__csv_time(out, transfer->intime);
        time_or_null(out, transfer->outtime);
        mimic__csv_row_end(out);
    }
}

void mimic__write_services(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        mimic_rng rng = mimic__rng(admission->key, MIMIC_STREAM_SERVICES);
        const char *service = mimic__problems[admission->problem].service;
        const bool is_changed = mimic__rng_chance(&rng, 86);
        const char *first = is_changed ? (service[0] == 'M' ? "SURG" : "MED") : service;
        const int64_t start = admission->admit + mimic__rng_range(&rng, 10, 180);
        mimic__csv_int(out, patient->subject_id);
        mimic__csv_int(out, admission->hadm_id);
        mimic__csv_time(out, start);
        mimic__csv_null(out);
        mimic__csv_word(out, first);
        mimic__csv_row_end(out);
        if (!is_changed)
            continue;
        mimic__csv_int(out, patient->subject_id);
        mimic__csv_int(out, admission->hadm_id);
        mimic__csv_time(out, start + (admission->discharge - start) / 3);
        mimic__csv_word(out, first);
        mimic__csv_word(out, service);
        mimic__csv_row_end(out);
    }
}

static void omr_row(mimic_synth_run *run, int64_t day, int32_t number, const char *name)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_date(out, day);
    mimic__csv_int(out, number);
    mimic__csv_word(out, name);
}

/* Weight in pounds with two digits: grams * 2.20462 / 1000. */
static int64_t pounds(int64_t grams)
{
    return grams * 220462 / 1000000;
}

static void write_measurements(mimic_synth_run *run, int64_t day, mimic_rng *rng)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_patient *patient = &run->patient;
    const int64_t grams = patient->weight_grams + mimic__rng_bell(rng, 0, 2500);
    const int64_t height = patient->height_cm;
    if (mimic__rng_chance(rng, 750)) {
        omr_row(run, day, 1, "Blood Pressure");
        out->at = mimic__csv_put_int(out->at, mimic__rng_bell(rng, 118 + patient->burden / 50, 15));
        *out->at++ = '/';
        mimic__csv_int(out, mimic__rng_bell(rng, 73, 9));
        mimic__csv_row_end(out);
    }
    if (mimic__rng_chance(rng, 820)) {
        omr_row(run, day, 1, "Weight (Lbs)");
        mimic__csv_decimal_full(out, pounds(grams), 2);
        mimic__csv_row_end(out);
    }
    if (mimic__rng_chance(rng, 660)) {
        omr_row(run, day, 1, "BMI (kg/m2)");
        mimic__csv_decimal_full(out, grams * 100 / (height * height), 1);
        mimic__csv_row_end(out);
    }
    if (mimic__rng_chance(rng, 320)) {
        omr_row(run, day, 1, "Height (Inches)");
        mimic__csv_int(out, height * 100 / 254);
        mimic__csv_row_end(out);
    }
    if (mimic__rng_chance(rng, 30)) {
        omr_row(run, day, 1, "eGFR");
        mimic__csv_int(out, mimic__clamp(mimic__rng_bell(rng, 90 - patient->burden / 14, 12), 6, 125));
        mimic__csv_row_end(out);
    }
}

/* Measurements of the outpatient clinics: more of the chronically ill, on days of their own. */
void mimic__write_omr(mimic_synth_run *run)
{
    mimic_rng rng = mimic__rng(run->patient.key, MIMIC_STREAM_OMR);
    if (mimic__rng_chance(&rng, 330))
        return;
    const int32_t days = 1 + mimic__rng_below(&rng, 8 + run->patient.burden / 13);
    int64_t day = (run->patient.admission_count > 0 ? run->patient.admissions[0].admit
                   : run->patient.visit_count > 0   ? run->patient.visits[0].time
                                                    : 0);
    if (day == 0)
        return;
    day -= day % MIMIC_SYNTH_DAY + 200 * MIMIC_SYNTH_DAY;
    for (int32_t i = 0; i < days; i++) {
        day += mimic__rng_range(&rng, 2, 90) * MIMIC_SYNTH_DAY;
        if (run->patient.death != 0 && day > run->patient.death)
            return;
        write_measurements(run, day, &rng);
    }
}
