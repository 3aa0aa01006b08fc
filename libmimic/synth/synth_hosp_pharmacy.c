/*
 * pharmacy and prescriptions: what became of the medication orders. One pharmacy row an order; one to
 * two prescription rows, since what is given in a bag has a BASE beside its MAIN. Rows of a patient
 * stand in order of poe_seq.
 */
#include "synth/synth_orders.h"

static int64_t hour_of(int64_t time)
{
    return time - time % MIMIC_SYNTH_HOUR;
}

static bool is_given(const mimic_order *order)
{
    return order->drug >= 0 && order->ends < 0;
}

static const char *process(const mimic_drug *drug)
{
    switch ((mimic_drug_kind)drug->kind) {
    case MIMIC_DRUG_PIGGYBACK: return "IV Piggyback";
    case MIMIC_DRUG_FLUID: case MIMIC_DRUG_DRIP: return "IV Large Volume";
    default: return "Unit Dose";
    }
}

static const char *status_of(const mimic_synth_admission *admission, const mimic_order *order)
{
    if (order->ended_by >= 0)
        return order->key % 5 == 0 ? "Inactive (Due to a change order)" : "Discontinued";
    return order->stop >= admission->discharge ? "Discontinued via patient discharge" : "Expired";
}

/* infusion_type to doses_per_24_hrs */
static void write_infusion(mimic_csv_writer *out, const mimic_drug *drug, const mimic_order *order)
{
    const bool is_pump = drug->kind == MIMIC_DRUG_DRIP && order->key % 4 == 0;
    mimic__csv_word_or_null(out, drug->kind == MIMIC_DRUG_DRIP    ? "C"
                                 : drug->kind == MIMIC_DRUG_FLUID ? "B"
                                                                  : NULL);
    mimic__csv_word_or_null(out, drug->kind == MIMIC_DRUG_SLIDING     ? "Y"
                                 : drug->kind == MIMIC_DRUG_PIGGYBACK && order->key % 9 == 0 ? "N"
                                                                                             : NULL);
    mimic__csv_word_or_null(out, is_pump ? "6" : NULL);
    mimic__csv_word_or_null(out, is_pump ? "0" : NULL);
    mimic__csv_word_or_null(out, is_pump && order->key % 3 == 0 ? "2.4" : NULL);
}

static void write_doses(mimic_csv_writer *out, const mimic_frequency *frequency)
{
    if (frequency->is_as_needed || frequency->schedule == NULL)
        mimic__csv_null(out);
    else
        mimic__csv_int(out, frequency->doses_per_24);
}

/* duration to fill_quantity */
static void write_dispensing(mimic_csv_writer *out, const mimic_drug *drug,
                             const mimic_frequency *frequency, const mimic_order *order)
{
    static const char *const dispensations[] = {"Omnicell", "Omnicell", "Omnicell", "Floor Stock Item",
                                                "Distribution-Floor Stock", "LET CALL", "IV MED",
                                                "Bulk Item"};
    const bool is_once = frequency->period_hours == 0;
    mimic__csv_word_or_null(out, is_once ? "1" : NULL);
    mimic__csv_word(out, is_once ? "Doses" : order->key % 20 == 0 ? "Days" : "Ongoing");
    const bool is_fluid = drug->kind != MIMIC_DRUG_UNIT;
    if (order->key % 7 == 0) {
        mimic__csv_null(out);
        mimic__csv_word(out, "Enter on Label");
    } else {
        mimic__csv_word(out, is_fluid ? "36" : "365");
        mimic__csv_word(out, is_fluid ? "Hours" : "Days");
    }
    mimic__csv_null(out);
    mimic__csv_word(out, dispensations[mimic__scale(order->key, 8)]);
    mimic__csv_null(out);
}

void mimic__write_pharmacy(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_orders *orders = mimic__orders_make(run);
    for (size_t i = 0; i < orders->count; i++) {
        const mimic_order *order = &orders->items[i];
        if (!is_given(order))
            continue;
        const mimic_synth_admission *admission = &patient->admissions[order->admission];
        const mimic_drug *drug = &mimic__drugs[order->drug];
        const mimic_frequency *frequency = &mimic__frequencies[drug->frequency];
        mimic__csv_int(out, patient->subject_id);
        mimic__csv_int(out, admission->hadm_id);
        mimic__csv_int(out, order->pharmacy_id);
        mimic__csv_order_id(out, patient->subject_id, order->seq);
        mimic__csv_time(out, hour_of(order->time));
        mimic__csv_time(out, hour_of(order->stop));
        if (drug->kind == MIMIC_DRUG_FLUID)
            mimic__csv_null(out); /* fluids have no name of a medication */
        else
            mimic__csv_text(out, drug->name);
        mimic__csv_word(out, process(drug));
        mimic__csv_word(out, status_of(admission, order));
        mimic__csv_time(out, order->time + (int64_t)(order->key % 50));
        mimic__csv_time(out, order->time + (int64_t)(order->key % 50));
        mimic__csv_word(out, drug->route);
        mimic__csv_word(out, frequency->name);
        mimic__csv_text_or_null(out, frequency->schedule);
        write_infusion(out, drug, order);
        write_doses(out, frequency);
        write_dispensing(out, drug, frequency, order);
        mimic__csv_row_end(out);
    }
}

/* The columns up to stoptime. */
static void begin_prescription(mimic_synth_run *run, const mimic_order *order)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, patient->subject_id);
    mimic__csv_int(out, patient->admissions[order->admission].hadm_id);
    mimic__csv_int(out, order->pharmacy_id);
    mimic__csv_order_id(out, patient->subject_id, order->seq);
    mimic__csv_int(out, order->seq);
    if (order->key % 200 == 0)
        mimic__csv_null(out);
    else
        mimic__csv_provider(run, mimic__mix(order->key));
    mimic__csv_time(out, hour_of(order->time));
    mimic__csv_time(out, hour_of(order->stop));
}

static void write_main(mimic_synth_run *run, const mimic_order *order, const mimic_drug *drug)
{
    mimic_csv_writer *out = &run->writer;
    begin_prescription(run, order);
    mimic__csv_word(out, "MAIN");
    /* The release has a few names that are empty texts, not NULL. */
    mimic__csv_text(out, order->key % 5000 == 77 ? "" : drug->name);
    mimic__csv_text(out, drug->formulary_code);
    mimic__csv_text_or_null(out, drug->gsn);
    mimic__csv_word(out, drug->ndc);
    mimic__csv_text(out, drug->strength);
    mimic__csv_null(out);
    mimic__csv_text(out, drug->dose);
    mimic__csv_text(out, drug->dose_unit);
    mimic__csv_text(out, drug->form_value);
    mimic__csv_word(out, drug->form_unit);
    write_doses(out, &mimic__frequencies[drug->frequency]);
    mimic__csv_word(out, drug->route);
    mimic__csv_row_end(out);
}

static void write_base(mimic_synth_run *run, const mimic_order *order, const mimic_drug *drug)
{
    static const char *const bags[][4] = {
        {"0.9% Sodium Chloride", "NS100", "001210", "00338004938"},
        {"Iso-Osmotic Dextrose", "ISODEX50", "001972", "0"},
        {"5% Dextrose", "D5W100", "001972", "00338001738"},
        {"0.9% Sodium Chloride (Mini Bag Plus)", "NS100CG", "001210", "00338055318"}};
    const char *const *bag = bags[mimic__scale(order->key, 4)];
    mimic_csv_writer *out = &run->writer;
    begin_prescription(run, order);
    mimic__csv_word(out, "BASE");
    mimic__csv_text(out, bag[0]);
    mimic__csv_word(out, bag[1]);
    mimic__csv_word(out, bag[2]);
    mimic__csv_word(out, bag[3]);
    mimic__csv_word(out, "100 mL Bag");
    mimic__csv_null(out);
    mimic__csv_word(out, "100");
    mimic__csv_word(out, "mL");
    mimic__csv_word(out, "100");
    mimic__csv_word(out, "mL");
    write_doses(out, &mimic__frequencies[drug->frequency]);
    mimic__csv_word(out, drug->route);
    mimic__csv_row_end(out);
}

void mimic__write_prescriptions(mimic_synth_run *run)
{
    const mimic_synth_orders *orders = mimic__orders_make(run);
    for (size_t i = 0; i < orders->count; i++) {
        const mimic_order *order = &orders->items[i];
        if (!is_given(order))
            continue;
        const mimic_drug *drug = &mimic__drugs[order->drug];
        write_main(run, order, drug);
        if (drug->kind == MIMIC_DRUG_PIGGYBACK && order->key % 10 < 8)
            write_base(run, order, drug);
    }
}
