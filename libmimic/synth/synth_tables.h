/*
 * The tables of the dataset: which function writes the rows of one patient into which columns. Rows
 * of a table are written patient by patient in ascending subject_id, as the release has them, inside
 * a patient in the order said at each function.
 */
#ifndef MIMIC_SYNTH_TABLES_H
#define MIMIC_SYNTH_TABLES_H

#include "synth/synth_patient.h"
#include "synth/synth_writer.h"

typedef struct mimic_synth_orders mimic_synth_orders;

/* What one pass over the patients for one table works with. */
typedef struct mimic_synth_run {
    const mimic_context *ctx;
    mimic_error *err;
    uint64_t seed;
    int64_t patients;
    /* Running numbers of the table; the same in every pass that counts the same things. */
    uint64_t row_counter;
    uint64_t group_counter;
    mimic_csv_writer writer;
    mimic_synth_orders *orders;
    mimic_synth_patient patient;
} mimic_synth_run;

typedef struct mimic_synth_table {
    const char *name;
    const char *columns; /* of the release, in its order, joined by commas */
    void (*write_patient)(mimic_synth_run *run);    /* for every patient, or */
    void (*write_dictionary)(mimic_synth_run *run); /* once */
} mimic_synth_table;

/* Ends with a name of NULL. */
extern const mimic_synth_table mimic__synth_tables[];

/* synth_dictionaries.c */
void mimic__write_d_hcpcs(mimic_synth_run *run);
void mimic__write_d_icd_diagnoses(mimic_synth_run *run);
void mimic__write_d_icd_procedures(mimic_synth_run *run);
void mimic__write_d_labitems(mimic_synth_run *run);
void mimic__write_d_items(mimic_synth_run *run);
void mimic__write_provider(mimic_synth_run *run);
void mimic__write_caregiver(mimic_synth_run *run);
/* synth_hosp_stay.c */
void mimic__write_patients(mimic_synth_run *run);
void mimic__write_admissions(mimic_synth_run *run);
void mimic__write_transfers(mimic_synth_run *run);
void mimic__write_services(mimic_synth_run *run);
void mimic__write_omr(mimic_synth_run *run);
/* synth_hosp_codes.c */
void mimic__write_diagnoses_icd(mimic_synth_run *run);
void mimic__write_procedures_icd(mimic_synth_run *run);
void mimic__write_drgcodes(mimic_synth_run *run);
void mimic__write_hcpcsevents(mimic_synth_run *run);
/* synth_hosp_labs.c, synth_hosp_micro.c */
void mimic__write_labevents(mimic_synth_run *run);
void mimic__write_microbiologyevents(mimic_synth_run *run);
/* synth_hosp_orders.c, synth_hosp_pharmacy.c, synth_hosp_emar.c */
void mimic__write_poe(mimic_synth_run *run);
void mimic__write_poe_detail(mimic_synth_run *run);
void mimic__write_pharmacy(mimic_synth_run *run);
void mimic__write_prescriptions(mimic_synth_run *run);
void mimic__write_emar(mimic_synth_run *run);
void mimic__write_emar_detail(mimic_synth_run *run);
/* synth_icu_*.c */
void mimic__write_icustays(mimic_synth_run *run);
void mimic__write_chartevents(mimic_synth_run *run);
void mimic__write_datetimeevents(mimic_synth_run *run);
void mimic__write_inputevents(mimic_synth_run *run);
void mimic__write_ingredientevents(mimic_synth_run *run);
void mimic__write_outputevents(mimic_synth_run *run);
void mimic__write_procedureevents(mimic_synth_run *run);

/* A provider drawn from bits. */
static inline void mimic__csv_provider(mimic_synth_run *run, uint64_t bits)
{
    char id[8];
    mimic__provider_id(run->seed, mimic__scale(bits, MIMIC_SYNTH_PROVIDERS), id);
    mimic__csv_word(&run->writer, id);
}

/* The nurse of a stay's shift of twelve hours. */
static inline int32_t mimic__shift_caregiver(const mimic_synth_run *run, const mimic_synth_stay *stay,
                                             int64_t time)
{
    const uint64_t shift = (uint64_t)((time - 7 * MIMIC_SYNTH_HOUR) / (12 * MIMIC_SYNTH_HOUR));
    const uint64_t bits = mimic__mix3(stay->key, MIMIC_STREAM_SHIFT, shift);
    return mimic__caregiver_id(run->seed, mimic__scale(bits, MIMIC_SYNTH_CAREGIVERS));
}

#endif
