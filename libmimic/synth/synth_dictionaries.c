/* Writes the dictionary tables, each in the order of its static list. */
#include "synth/synth_dictionaries.h"

#include <string.h>

#include "synth/synth_labs.h"
#include "synth/synth_tables.h"

const char *mimic__code_title(const mimic_code *codes, const char *code)
{
    for (; codes->code != NULL; codes++)
        if (strcmp(codes->code, code) == 0)
            return codes->title;
    return "";
}

void mimic__write_d_hcpcs(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    for (const mimic_hcpcs *code = mimic__hcpcs; code->code != NULL; code++) {
        mimic__csv_word(out, code->code);
        if (code->category == 0)
            mimic__csv_null(out);
        else
            mimic__csv_int(out, code->category);
        mimic__csv_text_or_null(out, code->long_description);
        mimic__csv_text_or_null(out, code->short_description);
        mimic__csv_row_end(out);
    }
}

static void write_codes(mimic_csv_writer *out, const mimic_code *codes, int version)
{
    for (; codes->code != NULL; codes++) {
        mimic__csv_word(out, codes->code);
        mimic__csv_int(out, version);
        mimic__csv_text(out, codes->title);
        mimic__csv_row_end(out);
    }
}

void mimic__write_d_icd_diagnoses(mimic_synth_run *run)
{
    write_codes(&run->writer, mimic__diagnoses9, 9);
    write_codes(&run->writer, mimic__diagnoses10, 10);
}

void mimic__write_d_icd_procedures(mimic_synth_run *run)
{
    write_codes(&run->writer, mimic__procedures9, 9);
    write_codes(&run->writer, mimic__procedures10, 10);
}

void mimic__write_d_labitems(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    for (int32_t i = 0; i < mimic__lab_count; i++) {
        mimic__csv_int(out, mimic__labs[i].itemid);
        mimic__csv_text(out, mimic__labs[i].label);
        mimic__csv_text(out, mimic__labs[i].fluid);
        mimic__csv_text(out, mimic__labs[i].category);
        mimic__csv_row_end(out);
    }
}

void mimic__write_d_items(mimic_synth_run *run)
{
    mimic_csv_writer *out = &run->writer;
    for (const mimic_item *item = mimic__items; item->itemid != 0; item++) {
        mimic__csv_int(out, item->itemid);
        mimic__csv_text(out, item->label);
        mimic__csv_text(out, item->abbreviation);
        mimic__csv_text(out, item->linksto);
        mimic__csv_text(out, item->category);
        mimic__csv_text_or_null(out, item->unit);
        mimic__csv_text(out, item->param_type);
        mimic__csv_word_or_null(out, item->low);
        mimic__csv_word_or_null(out, item->high);
        mimic__csv_row_end(out);
    }
}

void mimic__write_provider(mimic_synth_run *run)
{
    char id[8];
    for (int32_t i = 0; i < MIMIC_SYNTH_PROVIDERS; i++) {
        mimic__provider_id(run->seed, i, id);
        mimic__csv_word(&run->writer, id);
        mimic__csv_row_end(&run->writer);
    }
}

void mimic__write_caregiver(mimic_synth_run *run)
{
    for (int32_t i = 0; i < MIMIC_SYNTH_CAREGIVERS; i++) {
        mimic__csv_int(&run->writer, mimic__caregiver_id(run->seed, i));
        mimic__csv_row_end(&run->writer);
    }
}
