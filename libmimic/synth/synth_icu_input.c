/*
 * inputevents and ingredientevents: the same infusions seen twice. Rows stand in the order in which
 * mimic__for_each_infusion gives them; ingredients repeat the orderid of what they are part of.
 */
#include "synth/synth_infusions.h"

/* subject_id to storetime */
static void begin(mimic_synth_run *run, const mimic_infusion *infusion)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_int(out, run->patient.admissions[infusion->stay->admission].hadm_id);
    mimic__csv_int(out, infusion->stay->stay_id);
    mimic__csv_int(out, mimic__shift_caregiver(run, infusion->stay, infusion->start));
    mimic__csv_time(out, infusion->start);
    mimic__csv_time(out, infusion->end);
    mimic__csv_time(out, infusion->start + (int64_t)(infusion->key % 60) * 60);
}

/* amount to rateuom */
static void write_flow(mimic_csv_writer *out, const mimic_infusion *infusion)
{
    mimic__csv_decimal(out, infusion->amount, 12);
    mimic__csv_word(out, infusion->amount_unit);
    if (infusion->rate < 0)
        mimic__csv_null(out);
    else
        mimic__csv_decimal(out, infusion->rate, 6);
    mimic__csv_word_or_null(out, infusion->rate_unit);
}

static void input_row(mimic_synth_run *run, const mimic_infusion *infusion)
{
    mimic_csv_writer *out = &run->writer;
    begin(run, infusion);
    mimic__csv_int(out, infusion->itemid);
    write_flow(out, infusion);
    mimic__csv_int(out, infusion->order_id);
    mimic__csv_int(out, infusion->link_id);
    mimic__csv_text(out, infusion->category);
    mimic__csv_word_or_null(out, infusion->secondary);
    mimic__csv_word(out, infusion->component);
    mimic__csv_word(out, infusion->description);
    mimic__csv_decimal(out, run->patient.weight_grams, 3);
    /* The bag: in millilitres, whatever the drug is counted in. */
    if (infusion->key % 12 == 0) {
        mimic__csv_nulls(out, 2);
    } else {
        mimic__csv_int(out, infusion->is_oral ? infusion->amount / INT64_C(1000000000000) + 1 : 250);
        mimic__csv_word(out, "ml");
    }
    mimic__csv_word(out, infusion->rate >= 0 && infusion->key % 20 == 0 ? "1" : "0");
    mimic__csv_word(out, "0");
    mimic__csv_word(out, infusion->status);
    mimic__csv_decimal(out, infusion->amount / 1000000, 6);
    mimic__csv_decimal(out, infusion->rate < 0 ? infusion->amount / 1000000 : infusion->rate, 6);
    mimic__csv_row_end(out);
}

void mimic__write_inputevents(mimic_synth_run *run)
{
    mimic__for_each_infusion(run, input_row);
}

static void ingredient(mimic_synth_run *run, const mimic_infusion *infusion, int32_t itemid)
{
    mimic_csv_writer *out = &run->writer;
    begin(run, infusion);
    mimic__csv_int(out, itemid);
    write_flow(out, infusion);
    mimic__csv_int(out, infusion->order_id);
    mimic__csv_int(out, infusion->link_id);
    mimic__csv_word(out, infusion->status);
    mimic__csv_int(out, 0);
    mimic__csv_decimal(out, infusion->rate < 0 ? infusion->amount / 1000000 : infusion->rate, 6);
    mimic__csv_row_end(out);
}

static void ingredient_rows(mimic_synth_run *run, const mimic_infusion *infusion)
{
    if (!infusion->is_fluid)
        return;
    ingredient(run, infusion, 220490); /* Water */
    ingredient(run, infusion, infusion->itemid == 225168 ? 226509 : infusion->is_oral ? 227075 : 227074);
    if (infusion->itemid == 229011) { /* tube feeding: its ingredient and energy */
        ingredient(run, infusion, 226221);
        ingredient(run, infusion, 226060);
    }
}

void mimic__write_ingredientevents(mimic_synth_run *run)
{
    mimic__for_each_infusion(run, ingredient_rows);
}
