/* icustays: one row a stay, in order of admission; its times are those of one row of transfers. */
#include "synth/synth_tables.h"

void mimic__write_icustays(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    for (int32_t i = 0; i < run->patient.stay_count; i++) {
        const mimic_synth_stay *stay = &run->patient.stays[i];
        mimic__csv_int(out, run->patient.subject_id);
        mimic__csv_int(out, run->patient.admissions[stay->admission].hadm_id);
        mimic__csv_int(out, stay->stay_id);
        mimic__csv_word(out, stay->first_unit);
        mimic__csv_word(out, stay->last_unit);
        mimic__csv_time(out, stay->intime);
        mimic__csv_time(out, stay->outtime);
        mimic__csv_ratio(out, stay->outtime - stay->intime, MIMIC_SYNTH_DAY);
        mimic__csv_row_end(out);
    }
}
