/*
 * emar and emar_detail: administrations of the medication orders, for admissions since the record
 * became electronic. A patient's rows are in order of emar_seq, which follows the hours; each
 * administration has one detail row for what was due and one for what was given.
 */
#include "synth/synth_orders.h"

#define MAX_RUNNING 256

typedef struct dose {
    const mimic_order *order;
    const mimic_drug *drug;
    int64_t scheduled;
    int64_t charted;
    int32_t seq;
    const char *event;
    uint64_t key;
} dose;

typedef void (*dose_fn)(mimic_synth_run *run, const dose *given);

static const char *draw_event(const mimic_drug *drug, uint64_t bits)
{
    static const char *const usual[] = {"Administered", "Not Given", "Delayed Administered",
                                        "Hold Dose", "Partial Administered", NULL};
    static const int16_t usual_weights[] = {900, 75, 9, 8, 1, 8};
    static const char *const flush[] = {"Flushed", "Not Flushed", "Delayed Flushed"};
    static const int16_t flush_weights[] = {720, 275, 5};
    static const char *const drip[] = {"Started", "Confirmed", "Stopped", "Infusion Reconciliation",
                                       "Rate Change", "Restarted"};
    static const int16_t drip_weights[] = {250, 430, 140, 70, 80, 30};
    static const char *const scale[] = {"Administered", "Not Given per Sliding Scale", "Not Given"};
    static const int16_t scale_weights[] = {580, 360, 60};
    mimic_rng rng = {bits};
    switch ((mimic_drug_kind)drug->kind) {
    case MIMIC_DRUG_FLUSH: return flush[mimic__rng_weighted(&rng, flush_weights, 3)];
    case MIMIC_DRUG_DRIP: case MIMIC_DRUG_FLUID:
        return drip[mimic__rng_weighted(&rng, drip_weights, 6)];
    case MIMIC_DRUG_SLIDING: return scale[mimic__rng_weighted(&rng, scale_weights, 3)];
    default: return usual[mimic__rng_weighted(&rng, usual_weights, 6)];
    }
}

static bool is_due(const mimic_order *order, int64_t hour)
{
    const mimic_frequency *frequency =
        &mimic__frequencies[mimic__drugs[order->drug].frequency];
    const int64_t first = order->time - order->time % MIMIC_SYNTH_HOUR + MIMIC_SYNTH_HOUR;
    const int64_t elapsed = (hour - first) / MIMIC_SYNTH_HOUR;
    if (elapsed < 0)
        return false;
    if (frequency->period_hours == 0)
        return elapsed == 0;
    if (elapsed % frequency->period_hours != 0)
        return false;
    const uint64_t bits = mimic__mix2(order->key, (uint64_t)elapsed);
    return mimic__scale(bits, 1000) < (frequency->is_as_needed ? 560 : 970);
}

/* Takes the orders that begin in this hour into `running`, and those that ended out of it. */
static int32_t update_running(const mimic_synth_orders *orders, size_t *next, int32_t admission,
                              int64_t hour, int32_t *running, int32_t count)
{
    for (; *next < orders->count && orders->items[*next].admission == admission &&
           orders->items[*next].time < hour;
         (*next)++) {
        const mimic_order *order = &orders->items[*next];
        if (order->drug >= 0 && order->ends < 0 && count < MAX_RUNNING)
            running[count++] = (int32_t)*next;
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++)
        if (orders->items[running[i]].stop >= hour)
            running[kept++] = running[i];
    return kept;
}

/* Calls `fn` for every administration of the patient. */
static void for_each_dose(mimic_synth_run *run, dose_fn fn)
{
    const mimic_synth_orders *orders = mimic__orders_make(run);
    int32_t running[MAX_RUNNING];
    size_t next = 0;
    int32_t seq = 9; /* the release's numbers begin anywhere */
    for (int32_t i = 0; i < run->patient.admission_count; i++) {
        const mimic_synth_admission *admission = &run->patient.admissions[i];
        while (next < orders->count && orders->items[next].admission < i)
            next++;
        if (!admission->has_emar)
            continue;
        int32_t count = 0;
        for (int64_t hour = admission->admit - admission->admit % MIMIC_SYNTH_HOUR + MIMIC_SYNTH_HOUR;
             hour < admission->discharge; hour += MIMIC_SYNTH_HOUR) {
            count = update_running(orders, &next, i, hour, running, count);
            for (int32_t k = 0; k < count; k++) {
                const mimic_order *order = &orders->items[running[k]];
                if (!is_due(order, hour))
                    continue;
                const uint64_t key = mimic__mix3(order->key, MIMIC_STREAM_EMAR, (uint64_t)hour);
                const mimic_drug *drug = &mimic__drugs[order->drug];
                const dose given = {order, drug, hour, hour + mimic__scale(key, 58) * 60,
                                    ++seq, draw_event(drug, mimic__mix(key)), key};
                fn(run, &given);
            }
        }
    }
}

static void emar_row(mimic_synth_run *run, const dose *given)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, patient->subject_id);
    mimic__csv_int(out, patient->admissions[given->order->admission].hadm_id);
    mimic__csv_order_id(out, patient->subject_id, given->seq);
    mimic__csv_int(out, given->seq);
    mimic__csv_order_id(out, patient->subject_id, given->order->seq);
    if (given->key % 100 < 3)
        mimic__csv_null(out);
    else
        mimic__csv_int(out, given->order->pharmacy_id);
    if (given->key % 10 < 8)
        mimic__csv_null(out);
    else
        mimic__csv_provider(run, mimic__mix(given->key));
    mimic__csv_time(out, given->charted);
    mimic__csv_text(out, given->drug->name);
    mimic__csv_word_or_null(out, given->event);
    mimic__csv_time(out, given->scheduled);
    mimic__csv_time(out, given->charted + (int64_t)(given->key % 300));
    mimic__csv_row_end(out);
}

void mimic__write_emar(mimic_synth_run *run)
{
    for_each_dose(run, emar_row);
}

static bool was_given(const dose *given)
{
    return given->event != NULL && given->event[0] != 'N' && given->event[0] != 'H';
}

static const char *administration_type(const dose *given)
{
    switch ((mimic_drug_kind)given->drug->kind) {
    case MIMIC_DRUG_PIGGYBACK: return "IV Intermittent";
    case MIMIC_DRUG_FLUID: return "IV Bolus";
    case MIMIC_DRUG_DRIP: return "IV Infusion";
    case MIMIC_DRUG_SLIDING: return "Insulin SC Sliding Scale";
    case MIMIC_DRUG_FLUSH: return "Standard Maintenance Medication";
    default: return given->key % 3 == 0 ? "PRN" : "Standard Maintenance Medication";
    }
}

/* subject_id to emar_seq */
static void begin_detail(mimic_synth_run *run, const dose *given)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_order_id(out, run->patient.subject_id, given->seq);
    mimic__csv_int(out, given->seq);
}

/* What was due. */
static void parent_row(mimic_synth_run *run, const dose *given)
{
    static const char *const reasons[] = {"Barcode damaged", "Scanner not working, reported to \"IT\"",
                                          "Emergency, patient unstable", "Barcode not available"};
    mimic_csv_writer *out = &run->writer;
    begin_detail(run, given);
    mimic__csv_null(out);
    mimic__csv_word(out, administration_type(given));
    mimic__csv_null(out);
    mimic__csv_null(out);
    if (given->key % 25 == 0)
        mimic__csv_text(out, reasons[mimic__scale(given->key, 4)]);
    else
        mimic__csv_null(out);
    mimic__csv_word_or_null(out, was_given(given) ? (given->key % 50 == 1 ? "Yes" : "No") : NULL);
    mimic__csv_text(out, given->drug->dose);
    mimic__csv_text(out, given->drug->dose_unit);
    mimic__csv_nulls(out, 13); /* dose_given to infusion_rate_unit */
    mimic__csv_word_or_null(out, given->drug->kind == MIMIC_DRUG_SLIDING ? "SC" : NULL);
    mimic__csv_nulls(out, 5); /* infusion_complete to restart_interval */
    const bool is_sided = given->drug->kind == MIMIC_DRUG_SLIDING;
    mimic__csv_word_or_null(out, is_sided ? (given->key % 2 ? "Left" : "Right") : NULL);
    mimic__csv_word_or_null(out, is_sided ? "Abdomen" : NULL);
    mimic__csv_null(out);
    mimic__csv_row_end(out);
}

/* prior_infusion_rate to infusion_rate_unit */
static void write_rates(mimic_csv_writer *out, const dose *given)
{
    if (given->drug->kind != MIMIC_DRUG_DRIP) {
        mimic__csv_nulls(out, 5);
        return;
    }
    const int32_t rate = 5 + mimic__scale(given->key, 200);
    mimic__csv_decimal(out, rate - (int64_t)(given->key % 4), 1);
    mimic__csv_decimal(out, rate, 1);
    mimic__csv_word_or_null(out, given->key % 4 ? "Increase" : NULL);
    if (given->key % 4)
        mimic__csv_decimal(out, (int64_t)(given->key % 4), 1);
    else
        mimic__csv_null(out);
    mimic__csv_word(out, "mL/hr");
}

/* What was given of which product. */
static void child_row(mimic_synth_run *run, const dose *given)
{
    mimic_csv_writer *out = &run->writer;
    const mimic_drug *drug = given->drug;
    const bool is_scanned = given->key % 25 != 0;
    begin_detail(run, given);
    mimic__csv_word(out, "1.1");
    mimic__csv_null(out);
    mimic__csv_int(out, given->order->pharmacy_id);
    mimic__csv_word_or_null(out, is_scanned ? (given->key % 3 ? "if" : "lr") : NULL);
    mimic__csv_nulls(out, 4);
    if (was_given(given)) {
        mimic__csv_text(out, drug->dose);
        mimic__csv_text(out, drug->dose_unit);
    } else {
        mimic__csv_text(out, given->key % 2 ? "___" : "0");
        mimic__csv_text(out, drug->dose_unit);
    }
    mimic__csv_null(out);
    mimic__csv_text(out, drug->form_value);
    mimic__csv_word(out, drug->form_unit);
    mimic__csv_text(out, drug->formulary_code);
    mimic__csv_text(out, drug->strength);
    if (given->key % 60 == 7)
        mimic__csv_text(out, "Patient's own supply,\nverified by \"pharmacy\"");
    else
        mimic__csv_null(out);
    write_rates(out, given);
    mimic__csv_word_or_null(out, NULL);
    mimic__csv_word_or_null(out, drug->kind == MIMIC_DRUG_PIGGYBACK ? "Y" : NULL);
    mimic__csv_word_or_null(out, drug->kind == MIMIC_DRUG_PIGGYBACK ? "1 hour" : NULL);
    mimic__csv_word_or_null(out, drug->kind == MIMIC_DRUG_DRIP ? (given->key % 3 ? "N" : "Y") : NULL);
    mimic__csv_nulls(out, 4);
    mimic__csv_word_or_null(out, given->key % 300 == 5 ? "Y" : NULL);
    mimic__csv_row_end(out);
}

static void detail_rows(mimic_synth_run *run, const dose *given)
{
    parent_row(run, given);
    child_row(run, given);
    if (given->key % 23 == 3)
        child_row(run, given);
}

void mimic__write_emar_detail(mimic_synth_run *run)
{
    for_each_dose(run, detail_rows);
}
