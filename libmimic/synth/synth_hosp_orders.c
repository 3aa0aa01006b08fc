/*
 * poe and poe_detail: provider orders. Rows of a patient stand in order of poe_seq, details in the
 * order of their orders.
 */
#include "synth/synth_orders.h"
#include "synth/synth_problems.h"

void mimic__write_poe(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    const mimic_synth_orders *orders = mimic__orders_make(run);
    for (size_t i = 0; i < orders->count; i++) {
        const mimic_order *order = &orders->items[i];
        const mimic_order_type *type = &mimic__order_types[order->type];
        mimic__csv_order_id(out, patient->subject_id, order->seq);
        mimic__csv_int(out, order->seq);
        mimic__csv_int(out, patient->subject_id);
        mimic__csv_int(out, patient->admissions[order->admission].hadm_id);
        mimic__csv_time(out, order->time);
        mimic__csv_word(out, type->type);
        mimic__csv_word_or_null(out, type->subtype);
        mimic__csv_word(out, order->ends >= 0         ? "D/C"
                             : order->key % 100 < 9   ? "Change"
                             : order->key % 100 == 99 ? "Co"
                                                      : "New");
        if (order->ends >= 0)
            mimic__csv_order_id(out, patient->subject_id, order->ends + 1);
        else
            mimic__csv_null(out);
        if (order->ended_by >= 0)
            mimic__csv_order_id(out, patient->subject_id, order->ended_by + 1);
        else
            mimic__csv_null(out);
        if (order->key % 1000 < 6)
            mimic__csv_null(out);
        else
            mimic__csv_provider(run, mimic__mix(order->key));
        mimic__csv_word(out, order->key % 2000 == 1999 ? "Active" : "Inactive");
        mimic__csv_row_end(out);
    }
}

static void detail(mimic_synth_run *run, const mimic_order *order, const char *name, const char *value)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_order_id(out, run->patient.subject_id, order->seq);
    mimic__csv_int(out, order->seq);
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_word(out, name);
    mimic__csv_text(out, value);
    mimic__csv_row_end(out);
}

static const char *pick(uint64_t bits, const char *const *texts, int32_t count)
{
    return texts[mimic__scale(mimic__mix(bits), count)];
}

static void write_details(mimic_synth_run *run, const mimic_order *order)
{
    static const char *const tubes[] = {"Indwelling urinary catheter (IUC) - Foley",
                                        "Indwelling urinary catheter (IUC) - Foley",
                                        "Indwelling urinary catheter (IUC) - Foley", "Chest tube",
                                        "NGT", "Closed suction drain",
                                        "Fecal Management System, Flexiseal"};
    static const char *const codes[] = {"Resuscitate (Full code)", "Full code  (attempt resuscitation)",
                                        "Do not resuscitate (DNR/DNI)",
                                        "DNAR (DO NOT attempt resuscitation for cardiac arrest) "};
    static const char *const indications[] = {"Antibiotics", "Hydration", "TPN",
                                              "Blood products- Red cells", "Chemo"};
    static const char *const urgencies[] = {"Routine (within 24 hours)", "Urgent (same day)",
                                            "Emergent, \"now\""};
    const mimic_synth_admission *admission = &run->patient.admissions[order->admission];
    const char *service = mimic__problems[admission->problem].surgery ? "Surgery" : "Medicine";
    const bool is_short = admission->discharge - admission->admit < MIMIC_SYNTH_DAY;
    switch ((mimic_order_detail)mimic__order_types[order->type].detail) {
    case MIMIC_DETAIL_ADMIT:
        detail(run, order, "Admit category", is_short ? "Place in observation" : "Admit to inpatient");
        detail(run, order, "Admit to", admission->stay_count > 0 && order->key % 3 == 0 ? "ICU" : service);
        break;
    case MIMIC_DETAIL_DISCHARGE:
        detail(run, order, "Discharge Planning", "Finalized");
        detail(run, order, "Discharge When", "Discharge Now");
        break;
    case MIMIC_DETAIL_TRANSFER: detail(run, order, "Transfer to", service); break;
    case MIMIC_DETAIL_CODE_STATUS:
        detail(run, order, "Code status", pick(order->key, codes, 4));
        break;
    case MIMIC_DETAIL_TUBE: detail(run, order, "Tubes & Drains type", pick(order->key, tubes, 7)); break;
    case MIMIC_DETAIL_LINE: detail(run, order, "Indication", pick(order->key, indications, 5)); break;
    case MIMIC_DETAIL_CONSULT:
        detail(run, order, "Consult Status", "Accepted");
        detail(run, order, "Level of Urgency", pick(order->key, urgencies, 3));
        break;
    case MIMIC_DETAIL_NONE: break;
    }
}

void mimic__write_poe_detail(mimic_synth_run *run)
{
    const mimic_synth_orders *orders = mimic__orders_make(run);
    for (size_t i = 0; i < orders->count; i++)
        if (orders->items[i].ends < 0)
            write_details(run, &orders->items[i]);
}
