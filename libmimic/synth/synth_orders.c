/*
 * Makes a patient's orders admission by admission, in order of time, so that poe_seq follows time.
 * A day has slots; at each slot medications whose time is over are discontinued and a new order is
 * given. No sorting, and nothing kept but the list itself.
 */
#include "synth/synth_orders.h"

#include "base/error.h"

#define MAX_ACTIVE 64
#define TYPE_ADMIT 0
#define TYPE_DISCHARGE 1
#define TYPE_MEDICATION 2
#define FIRST_COMMON_TYPE 3

const mimic_order_type mimic__order_types[] = {
    {"ADT orders", "Admit", 0, MIMIC_DETAIL_ADMIT},
    {"ADT orders", "Discharge", 0, MIMIC_DETAIL_DISCHARGE},
    {"Medications", NULL, 0, MIMIC_DETAIL_NONE},
    {"Lab", NULL, 470, MIMIC_DETAIL_NONE},
    {"General Care", "Vitals/Monitoring", 95, MIMIC_DETAIL_NONE},
    {"General Care", "Other", 130, MIMIC_DETAIL_NONE},
    {"General Care", "Tubes/Drains", 42, MIMIC_DETAIL_TUBE},
    {"General Care", "Activity", 36, MIMIC_DETAIL_NONE},
    {"General Care", "Intake/Output", 30, MIMIC_DETAIL_NONE},
    {"General Care", "Wound Care", 14, MIMIC_DETAIL_NONE},
    {"General Care", "Code status", 62, MIMIC_DETAIL_CODE_STATUS},
    {"Nutrition", "Diet Order", 72, MIMIC_DETAIL_NONE},
    {"Radiology", "General Xray", 48, MIMIC_DETAIL_NONE},
    {"Radiology", "CT Scan", 22, MIMIC_DETAIL_NONE},
    {"Radiology", "Ultrasound", 12, MIMIC_DETAIL_NONE},
    {"Respiratory", "Oxygen Therapy", 24, MIMIC_DETAIL_NONE},
    {"Respiratory", "Ventilation", 10, MIMIC_DETAIL_NONE},
    {"IV therapy", "IV access", 90, MIMIC_DETAIL_LINE},
    {"IV therapy", "IV fluids", 62, MIMIC_DETAIL_NONE},
    {"Consults", "Physical Therapy", 24, MIMIC_DETAIL_CONSULT},
    {"Consults", "Nutrition", 12, MIMIC_DETAIL_CONSULT},
    {"ADT orders", "Transfer", 40, MIMIC_DETAIL_TRANSFER},
    {"Blood Bank", "Blood tests", 30, MIMIC_DETAIL_NONE},
    {"Cardiology", "ECG", 24, MIMIC_DETAIL_NONE},
    {"Hemodialysis", NULL, 6, MIMIC_DETAIL_NONE},
    {"Critical Care", "Hemodynamic monitoring", 10, MIMIC_DETAIL_NONE},
};

#define TYPE_COUNT ((int32_t)(sizeof mimic__order_types / sizeof mimic__order_types[0]))

typedef struct maker {
    mimic_synth_run *run;
    mimic_synth_orders *orders;
    const mimic_synth_admission *admission;
    mimic_rng rng;
    int32_t active[MAX_ACTIVE]; /* medications that will have to be discontinued */
    int32_t active_count;
} maker;

void mimic__orders_free(const mimic_context *ctx, mimic_synth_orders *orders)
{
    if (orders == NULL)
        return;
    mimic__free(ctx, orders->items);
    mimic__free(ctx, orders);
}

void mimic__csv_order_id(mimic_csv_writer *out, int32_t subject_id, int32_t seq)
{
    out->at = mimic__csv_put_int(out->at, subject_id);
    *out->at++ = '-';
    mimic__csv_int(out, seq);
}

static bool has_room(maker *m)
{
    mimic_synth_orders *orders = m->orders;
    if (orders->count < orders->capacity)
        return true;
    const size_t capacity = orders->capacity == 0 ? 256 : orders->capacity * 2;
    mimic_order *items =
        mimic__realloc(m->run->ctx, orders->items, orders->capacity * sizeof *items,
                       capacity * sizeof *items);
    if (items == NULL) {
        if (m->run->writer.status == MIMIC_OK)
            m->run->writer.status = mimic__fail_memory(m->run->err);
        return false;
    }
    orders->items = items;
    orders->capacity = capacity;
    return true;
}

/* NULL when memory ran out. */
static mimic_order *add(maker *m, int64_t time, int32_t type)
{
    if (!has_room(m))
        return NULL;
    mimic_order *order = &m->orders->items[m->orders->count];
    *order = (mimic_order){.time = time,
                           .admission = m->admission->number,
                           .seq = (int32_t)m->orders->count + 1,
                           .ends = -1,
                           .ended_by = -1,
                           .type = (int16_t)type,
                           .drug = -1,
                           .key = mimic__rng_next(&m->rng)};
    m->orders->count++;
    return order;
}

static bool is_in_icu(const maker *m, int64_t time)
{
    return m->admission->stay_count > 0 && mimic__patient_stay_at(&m->run->patient, time) != NULL;
}

static int32_t draw_drug(maker *m, int64_t time)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        const int32_t drug = mimic__rng_below(&m->rng, mimic__drug_count);
        const int32_t kind = mimic__drugs[drug].kind;
        if (kind == MIMIC_DRUG_DRIP && !is_in_icu(m, time))
            continue;
        if (mimic__rng_below(&m->rng, 120) < mimic__drugs[drug].weight)
            return drug;
    }
    return 0;
}

static int64_t draw_stop(maker *m, const mimic_drug *drug, int64_t time)
{
    const mimic_frequency *frequency = &mimic__frequencies[drug->frequency];
    int64_t hours = mimic__rng_below(&m->rng, 48);
    if (mimic__rng_chance(&m->rng, 480))
        hours *= 5;
    hours = frequency->period_hours == 0 ? 2 + hours / 10 : 9 + hours;
    const int64_t stop = time - time % MIMIC_SYNTH_HOUR + (1 + hours) * MIMIC_SYNTH_HOUR;
    return stop < m->admission->discharge ? stop : m->admission->discharge;
}

static void add_medication(maker *m, int64_t time)
{
    mimic_order *order = add(m, time, TYPE_MEDICATION);
    if (order == NULL)
        return;
    order->drug = (int16_t)draw_drug(m, time);
    order->stop = draw_stop(m, &mimic__drugs[order->drug], time);
    order->pharmacy_id = mimic__scatter_large(m->run->group_counter++ % MIMIC_SCATTER_LARGE);
    const bool is_open = order->stop < m->admission->discharge &&
                         mimic__frequencies[mimic__drugs[order->drug].frequency].period_hours != 0;
    if (is_open && m->active_count < MAX_ACTIVE && mimic__rng_chance(&m->rng, 620))
        m->active[m->active_count++] = (int32_t)m->orders->count - 1;
}

/* Discontinues what is due; the medication then really ends at that order. */
static void discontinue_due(maker *m, int64_t time)
{
    for (int32_t i = 0; i < m->active_count;) {
        const int32_t index = m->active[i];
        if (m->orders->items[index].stop > time) {
            i++;
            continue;
        }
        m->active[i] = m->active[--m->active_count];
        mimic_order *order = add(m, time, TYPE_MEDICATION);
        if (order == NULL)
            return;
        order->ends = index;
        m->orders->items[index].ended_by = (int32_t)m->orders->count - 1;
        m->orders->items[index].stop = time;
    }
}

static int32_t draw_type(maker *m)
{
    int16_t weights[TYPE_COUNT];
    for (int32_t i = 0; i < TYPE_COUNT; i++)
        weights[i] = mimic__order_types[i].weight;
    return mimic__rng_weighted(&m->rng, weights, TYPE_COUNT);
}

/* `count` orders at rising times between two moments. */
static void add_slots(maker *m, int64_t from, int64_t to, int32_t count, int32_t medications_per_mille)
{
    for (int32_t slot = 0; slot < count && m->run->writer.status == MIMIC_OK; slot++) {
        const int64_t step = (to - from) / count;
        const int64_t time =
            from + slot * step + (step > 1 ? mimic__rng_below(&m->rng, (int32_t)step) : 0);
        discontinue_due(m, time);
        if (mimic__rng_chance(&m->rng, medications_per_mille))
            add_medication(m, time);
        else
            (void)add(m, time, draw_type(m));
    }
}

static void make_admission(maker *m, const mimic_synth_admission *admission)
{
    m->admission = admission;
    m->rng = mimic__rng(admission->key, MIMIC_STREAM_ORDERS);
    m->active_count = 0;
    (void)add(m, admission->admit, TYPE_ADMIT);
    const int32_t load = 15 + admission->severity / 42 + m->run->patient.burden / 80;
    const int64_t settled = admission->admit + 2 * MIMIC_SYNTH_HOUR < admission->discharge
                                ? admission->admit + 2 * MIMIC_SYNTH_HOUR
                                : admission->discharge;
    add_slots(m, admission->admit, settled, load, 520);
    int64_t day = settled;
    while (day < admission->discharge) {
        const int64_t next = day + MIMIC_SYNTH_DAY < admission->discharge ? day + MIMIC_SYNTH_DAY
                                                                          : admission->discharge;
        const int32_t daily = is_in_icu(m, day + 4 * MIMIC_SYNTH_HOUR) ? 19 : 5;
        const int32_t count = (int32_t)((daily + admission->severity / 105) * (next - day) / MIMIC_SYNTH_DAY);
        add_slots(m, day, next, count, 340);
        day = next;
    }
    (void)add(m, admission->discharge - 60, TYPE_DISCHARGE);
}

const mimic_synth_orders *mimic__orders_make(mimic_synth_run *run)
{
    if (run->orders == NULL)
        run->orders = mimic__alloc_zeroed(run->ctx, 1, sizeof *run->orders);
    if (run->orders == NULL) {
        if (run->writer.status == MIMIC_OK)
            run->writer.status = mimic__fail_memory(run->err);
        static const mimic_synth_orders none = {NULL, 0, 0};
        return &none;
    }
    run->orders->count = 0;
    maker m = {.run = run, .orders = run->orders};
    for (int32_t i = 0; i < run->patient.admission_count; i++)
        make_admission(&m, &run->patient.admissions[i]);
    if (run->writer.status != MIMIC_OK)
        run->orders->count = 0;
    return run->orders;
}
