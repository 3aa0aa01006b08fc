/*
 * diagnoses_icd, procedures_icd, drgcodes, hcpcsevents: what was billed. The principal diagnosis is
 * that of the admission's problem; the others are drawn from the common ones, each at most once in
 * an admission. Rows of an admission stand in order of seq_num.
 */
#include <string.h>

#include "synth/synth_dictionaries.h"
#include "synth/synth_problems.h"
#include "synth/synth_tables.h"

#define MAX_CODES 39

/* The codes of an admission: the principal first, then an increasing walk through the common ones
 * with short steps where they are frequent. No code comes twice. */
static int32_t choose_codes(mimic_rng *rng, const char *const *principal, const mimic_code *common,
                            int32_t common_count, int32_t wanted, const char **out_codes)
{
    int32_t principals = 0;
    while (principals < MIMIC_PROBLEM_CODES && principal[principals][0] != '\0')
        principals++;
    int32_t count = 0;
    out_codes[count++] = principal[mimic__rng_below(rng, principals)];
    int32_t at = -1;
    while (count < wanted) {
        at += 1 + mimic__rng_below(rng, 2 + 2 * common_count / (wanted + 3));
        if (at >= common_count)
            break;
        if (strcmp(common[at].code, out_codes[0]) != 0)
            out_codes[count++] = common[at].code;
    }
    return count;
}

void mimic__write_diagnoses_icd(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_patient *patient = &run->patient;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        const mimic_problem *problem = &mimic__problems[admission->problem];
        const bool is_tenth = admission->icd_version == 10;
        mimic_rng rng = mimic__rng(admission->key, MIMIC_STREAM_CODES);
        const int32_t ill = patient->burden / 60 + admission->severity / 70;
        const int32_t wanted = mimic__clamp(mimic__rng_bell(&rng, 4 + ill, 4), 1, MAX_CODES);
        const char *codes[MAX_CODES + 1];
        const int32_t count = choose_codes(
            &rng, is_tenth ? problem->icd10 : problem->icd9,
            is_tenth ? mimic__diagnoses10 : mimic__diagnoses9,
            is_tenth ? mimic__common_diagnoses10 : mimic__common_diagnoses9, wanted, codes);
        for (int32_t number = 0; number < count; number++) {
            mimic__csv_int(out, patient->subject_id);
            mimic__csv_int(out, admission->hadm_id);
            mimic__csv_int(out, number + 1);
            mimic__csv_word(out, codes[number]);
            mimic__csv_int(out, admission->icd_version);
            mimic__csv_row_end(out);
        }
    }
}

void mimic__write_procedures_icd(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_patient *patient = &run->patient;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        const mimic_problem *problem = &mimic__problems[admission->problem];
        const bool is_tenth = admission->icd_version == 10;
        mimic_rng rng = mimic__rng(admission->key + 1, MIMIC_STREAM_CODES);
        const int32_t chance = problem->surgery ? 900 : 300 + 500 * (admission->stay_count > 0);
        if (!mimic__rng_chance(&rng, chance))
            continue;
        const int32_t wanted =
            1 + mimic__rng_below(&rng, 3 + admission->severity / 220 + 3 * (admission->stay_count > 0));
        const char *codes[MAX_CODES + 1];
        const int32_t count = choose_codes(
            &rng, is_tenth ? problem->procedure10 : problem->procedure9,
            is_tenth ? mimic__procedures10 : mimic__procedures9,
            is_tenth ? mimic__common_procedures10 : mimic__common_procedures9, wanted, codes);
        const int32_t days =
            1 + (int32_t)((admission->discharge - admission->admit) / MIMIC_SYNTH_DAY);
        for (int32_t number = 0; number < count; number++) {
            mimic__csv_int(out, patient->subject_id);
            mimic__csv_int(out, admission->hadm_id);
            mimic__csv_int(out, number + 1);
            mimic__csv_date(out, admission->admit + mimic__rng_below(&rng, days) * MIMIC_SYNTH_DAY);
            mimic__csv_word(out, codes[number]);
            mimic__csv_int(out, admission->icd_version);
            mimic__csv_row_end(out);
        }
    }
}

static void drg_row(mimic_synth_run *run, const mimic_synth_admission *admission, const char *type,
                    const mimic_code *codes, const char *code)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_int(out, admission->hadm_id);
    mimic__csv_word(out, type);
    mimic__csv_word(out, code);
    mimic__csv_text(out, mimic__code_title(codes, code));
}

void mimic__write_drgcodes(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_patient *patient = &run->patient;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        const mimic_problem *problem = &mimic__problems[admission->problem];
        mimic_rng rng = mimic__rng(admission->key + 2, MIMIC_STREAM_CODES);
        if (mimic__rng_chance(&rng, 850)) {
            drg_row(run, admission, "HCFA", mimic__drgs_hcfa,
                    problem->drg_hcfa[admission->severity < 420]);
            mimic__csv_nulls(out, 2);
            mimic__csv_row_end(out);
        }
        if (mimic__rng_chance(&rng, 550)) {
            drg_row(run, admission, "APR", mimic__drgs_apr, problem->drg_apr);
            mimic__csv_int(out, mimic__clamp(1 + admission->severity / 200, 1, 4));
            mimic__csv_int(out, mimic__clamp(1 + (admission->severity + mimic__rng_bell(&rng, -60, 60)) / 210, 1, 4));
            mimic__csv_row_end(out);
        }
    }
}

/* Observation hours and outpatient-like procedures of short admissions. */
void mimic__write_hcpcsevents(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_patient *patient = &run->patient;
    int32_t count = 0;
    while (mimic__hcpcs[count].code != NULL)
        count++;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        mimic_rng rng = mimic__rng(admission->key + 3, MIMIC_STREAM_CODES);
        const bool is_observed = strstr(admission->type, "OBSERVATION") != NULL;
        const int32_t rows = is_observed ? 1 + mimic__rng_chance(&rng, 280)
                                         : mimic__rng_chance(&rng, 60);
        for (int32_t number = 0; number < rows; number++) {
            /* The last of the list is the observation hour; the first is no real code. */
            const mimic_hcpcs *code =
                &mimic__hcpcs[is_observed && number == 0 ? count - 1
                                                         : 1 + mimic__rng_below(&rng, count - 2)];
            mimic__csv_int(out, patient->subject_id);
            mimic__csv_int(out, admission->hadm_id);
            mimic__csv_date(out, admission->admit);
            mimic__csv_word(out, code->code);
            mimic__csv_int(out, number + 1);
            mimic__csv_text(out, code->short_description);
            mimic__csv_row_end(out);
        }
    }
}
