/*
 * labevents: panels drawn at clinic and emergency visits, on arrival, every morning, and around the
 * clock in intensive care. Rows of a patient stand in order of time, a specimen's rows together;
 * labevent_id counts through the table, as the release's does. Visits, and what is drawn in the
 * emergency department before the admission, have no hadm_id.
 */
#include "synth/synth_labs.h"
#include "synth/synth_tables.h"

const mimic_lab *mimic__find_lab(int32_t itemid)
{
    int32_t low = 0;
    int32_t high = mimic__lab_count - 1;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (mimic__labs[middle].itemid < itemid)
            low = middle + 1;
        else
            high = middle;
    }
    return mimic__labs[low].itemid == itemid ? &mimic__labs[low] : NULL;
}

/* Oxygen in the blood: the ratio of the lungs times what is breathed. */
static int32_t oxygen_pressure(const mimic_synth_patient *patient, int64_t time, int32_t noise)
{
    const mimic_synth_stay *stay = mimic__patient_stay_at(patient, time);
    if (stay == NULL)
        return 92 - mimic__patient_organ(patient, MIMIC_ORGAN_LUNG, time) / 25 + noise;
    return mimic__stay_pf_ratio(stay, time) * mimic__stay_fio2(stay, time) / 100 + noise;
}

int32_t mimic__lab_value(const mimic_synth_patient *patient, const mimic_lab *lab, int64_t time)
{
    const uint64_t key = mimic__mix3(patient->key, MIMIC_STREAM_LAB_VALUES, (uint64_t)lab->itemid);
    const int32_t noise = mimic__wander(key, time, lab->spread);
    if (lab->itemid == 50821)
        return mimic__clamp(oxygen_pressure(patient, time, noise), lab->low, lab->high);
    if (lab->itemid == 50816) {
        const mimic_synth_stay *stay = mimic__patient_stay_at(patient, time);
        return stay == NULL ? 21 : mimic__stay_fio2(stay, time);
    }
    int64_t value = lab->base + mimic__bell(key, lab->spread * 12 / 10) + noise;
    if (lab->organ != MIMIC_ORGAN_NONE) {
        const int64_t organ = mimic__patient_organ(patient, (mimic_organ)lab->organ, time);
        value += lab->slope * organ * organ / 1000000;
    }
    return mimic__clamp((int32_t)value, lab->low, lab->high);
}

/* What the rows of one specimen share. */
typedef struct specimen {
    mimic_synth_run *run;
    mimic_panel panel;
    int64_t time;
    int64_t stored;
    int32_t hadm_id; /* 0 = NULL */
    int32_t specimen_id;
    int32_t provider; /* -1 = NULL */
    const char *priority;
    bool is_intubated;
    uint64_t key;
} specimen;

static void write_number(mimic_csv_writer *out, const mimic_lab *lab, int32_t value)
{
    mimic__csv_decimal_full(out, value, lab->decimals);
    mimic__csv_decimal(out, value, lab->decimals);
}

static void write_range_and_flag(mimic_csv_writer *out, const mimic_lab *lab, int32_t value)
{
    if (lab->range_low == MIMIC_LAB_NO_RANGE) {
        mimic__csv_nulls(out, 3);
        return;
    }
    mimic__csv_decimal(out, lab->range_low, lab->decimals);
    mimic__csv_decimal(out, lab->range_high, lab->decimals);
    const bool is_abnormal = value < lab->range_low || value > lab->range_high;
    mimic__csv_word_or_null(out, is_abnormal ? "abnormal" : NULL);
}

/* Comments of numeric results; most have none. */
static const char *number_comment(const specimen *s, const mimic_lab *lab, uint64_t bits)
{
    static const char *const remarks[] = {
        "VERIFIED.", "VERIFIED BY DILUTION.", "HEMOLYSIS FALSELY ELEVATES THIS TEST.",
        "NO CALLS MADE - SAME ABNORMALITY PREVIOUSLY NOTED TODAY.",
        "VERIFIED.  PROVIDER NOTIFIED PER CURRENT LAB POLICY.", "New reference range as of ___.",
        "REPORTED BY PHONE TO \"RN ___\",\nREAD BACK AND VERIFIED.", "GREEN TOP;LIGHTLY HEMOLYZED SPECIMEN"};
    if (lab->itemid == 50931)
        return bits % 3 == 0 ? "___" : "IF FASTING, 70-100 NORMAL, >125 PROVISIONAL DIABETES.";
    if (lab->itemid == 50852)
        return "ADA RECOMMENDATIONS:;  <7%  GOAL OF THERAPY;  >8%  WARRANTS THERAPEUTIC ACTION.";
    if (lab->itemid == 51003)
        return "CTROPNT > 0.10 NG/ML SUGGESTS ACUTE MI.";
    if (lab->itemid == 50821 && s->panel == MIMIC_PANEL_GAS_VENOUS)
        return "NO CALLS MADE - NOT ARTERIAL BLOOD.";
    if (mimic__scale(bits, 1000) < 60)
        return remarks[mimic__scale(mimic__mix(bits), 8)];
    return mimic__scale(mimic__mix(bits + 1), 1000) < 30 ? "___" : NULL;
}

static const char *choice_of(const specimen *s, const mimic_lab *lab, uint64_t bits)
{
    if (lab->itemid == 52033)
        return s->panel == MIMIC_PANEL_GAS_ARTERIAL ? "ART." : "VEN.";
    if (lab->itemid == 50812)
        return lab->choices[s->is_intubated ? 0 : 1];
    return lab->choices[mimic__scale(bits, lab->choice_count)];
}

/* value, valuenum, unit, range, flag, priority, comments */
static void write_result(const specimen *s, const mimic_lab *lab, uint64_t bits)
{
    mimic_csv_writer *out = &s->run->writer;
    if (lab->choices != NULL) {
        const char *choice = choice_of(s, lab, bits);
        /* The specimen type stands in the value, as the scores that read it need. */
        const bool is_in_value = lab->itemid == 52033;
        mimic__csv_text(out, is_in_value ? choice : "___");
        mimic__csv_null(out);
        mimic__csv_word_or_null(out, lab->unit);
        mimic__csv_nulls(out, 3);
        mimic__csv_word_or_null(out, s->priority);
        mimic__csv_text(out, is_in_value ? "___" : choice);
        return;
    }
    const int32_t value = mimic__lab_value(&s->run->patient, lab, s->time);
    if (mimic__scale(bits, 1000) < 14) { /* cancelled or below what can be measured */
        mimic__csv_word(out, "___");
        mimic__csv_null(out);
    } else {
        write_number(out, lab, value);
    }
    mimic__csv_word_or_null(out, lab->unit);
    write_range_and_flag(out, lab, value);
    mimic__csv_word_or_null(out, s->priority);
    const char *comment = number_comment(s, lab, mimic__mix(bits));
    if (comment == NULL)
        mimic__csv_null(out);
    else
        mimic__csv_text(out, comment);
}

/* Some items of a panel are not always measured. */
static bool is_measured(const specimen *s, int32_t itemid, uint64_t bits)
{
    switch (itemid) {
    case 50816: case 50819: case 50812: /* only the intubated, and not always noted */
        return s->is_intubated && mimic__scale(bits, 1000) < 450;
    case 50934: case 50947: case 51678: case 52172:
        return mimic__mix2(s->run->patient.key, 5) % 2 == 0;
    case 50808: case 50822: case 50956: case 50963: case 50954:
        return mimic__scale(bits, 1000) < 550;
    case 50887: case 50919: case 50933: case 50979: case 50920: case 51107:
        return mimic__scale(bits, 1000) < 250;
    default:
        return mimic__scale(bits, 1000) < 985;
    }
}

static void write_panel(specimen *s)
{
    mimic_synth_run *run = s->run;
    mimic_csv_writer *out = &run->writer;
    s->specimen_id = mimic__scatter_large(run->group_counter++ % MIMIC_SCATTER_LARGE);
    for (const int32_t *item = mimic__panels[s->panel]; *item != 0; item++) {
        const uint64_t bits = mimic__mix2(s->key, (uint64_t)*item);
        if (!is_measured(s, *item, bits))
            continue;
        const mimic_lab *lab = mimic__find_lab(*item);
        mimic__csv_int(out, (int64_t)++run->row_counter);
        mimic__csv_int(out, run->patient.subject_id);
        if (s->hadm_id != 0)
            mimic__csv_int(out, s->hadm_id);
        else
            mimic__csv_null(out);
        mimic__csv_int(out, s->specimen_id);
        mimic__csv_int(out, *item);
        if (s->provider >= 0)
            mimic__csv_provider(run, mimic__mix2(s->key, 99));
        else
            mimic__csv_null(out);
        mimic__csv_time(out, s->time);
        if (mimic__scale(mimic__mix(bits), 1000) < 9)
            mimic__csv_null(out);
        else
            mimic__csv_time(out, s->stored);
        write_result(s, lab, mimic__mix(bits + 7));
        mimic__csv_row_end(out);
    }
}

/* Draws some panels at one time. */
static void draw(mimic_synth_run *run, int32_t hadm_id, int64_t time, uint32_t panels,
                 const char *priority)
{
    time -= time % 60;
    if (run->patient.death != 0 && time > run->patient.death)
        return;
    const mimic_synth_stay *stay = mimic__patient_stay_at(&run->patient, time);
    for (int panel = 0; panel < MIMIC_PANEL_COUNT; panel++) {
        if (!(panels >> panel & 1))
            continue;
        const uint64_t key = mimic__mix3(run->patient.key + MIMIC_STREAM_LABS, (uint64_t)time,
                                         (uint64_t)panel);
        specimen s = {.run = run,
                      .panel = (mimic_panel)panel,
                      .time = time,
                      .stored = time + (8 + mimic__scale(key, 95)) * 60,
                      .hadm_id = hadm_id,
                      .provider = hadm_id == 0 || mimic__scale(mimic__mix(key), 1000) < 60 ? 1 : -1,
                      .priority = priority,
                      .is_intubated = stay != NULL && mimic__stay_airway(stay, time) == MIMIC_AIRWAY_TUBE,
                      .key = key};
        write_panel(&s);
    }
}

#define PANEL(name) (UINT32_C(1) << MIMIC_PANEL_##name)
#define DAILY (PANEL(CBC) | PANEL(CHEMISTRY))

static uint32_t maybe(mimic_rng *rng, int32_t per_mille, uint32_t panels)
{
    return mimic__rng_chance(rng, per_mille) ? panels : 0;
}

static uint32_t draw_panels(mimic_rng *rng, bool is_first)
{
    uint32_t panels = maybe(rng, 900, PANEL(CBC));
    panels |= maybe(rng, 900, PANEL(CHEMISTRY));
    panels |= maybe(rng, is_first ? 700 : 330, PANEL(COAGULATION));
    panels |= maybe(rng, is_first ? 600 : 260, PANEL(LIVER));
    panels |= maybe(rng, is_first ? 700 : 200, PANEL(DIFFERENTIAL));
    panels |= maybe(rng, is_first ? 600 : 35, PANEL(URINE));
    panels |= maybe(rng, is_first ? 330 : 50, PANEL(CARDIAC));
    panels |= maybe(rng, is_first ? 120 : 40, PANEL(SMEAR));
    panels |= maybe(rng, 45, PANEL(VANCOMYCIN));
    panels |= maybe(rng, is_first ? 700 : 60, PANEL(HOLD));
    panels |= maybe(rng, is_first ? 70 : 4, PANEL(TOXICOLOGY));
    panels |= maybe(rng, 22, PANEL(GLYCATED) | PANEL(LIPIDS));
    panels |= maybe(rng, 22, PANEL(IRON));
    panels |= maybe(rng, 30, PANEL(THYROID));
    return panels;
}

/* Intensive care: gases and electrolytes in between, the more the iller. */
static void draw_icu(mimic_synth_run *run, const mimic_synth_admission *admission,
                     const mimic_synth_stay *stay, mimic_rng *rng, int64_t from, int64_t to)
{
    int64_t time = from;
    while (true) {
        const int32_t severity = mimic__stay_severity(stay, time);
        time += mimic__rng_range(rng, 100, 620 - severity / 3) * 60;
        if (time >= to)
            return;
        uint32_t panels = 0;
        if (stay->has_arterial_line)
            panels = maybe(rng, 300 + severity / 2, PANEL(GAS_ARTERIAL));
        else
            panels = maybe(rng, 30 + severity / 6, PANEL(GAS_VENOUS));
        panels |= maybe(rng, 300, PANEL(CHEMISTRY));
        panels |= maybe(rng, 220, PANEL(CBC));
        panels |= maybe(rng, 150, PANEL(COAGULATION));
        panels |= maybe(rng, 60, PANEL(LIVER));
        draw(run, admission->hadm_id, time, panels, "STAT");
    }
}

/* The day's draw in the morning, and in intensive care what comes between. */
static void write_admission(mimic_synth_run *run, const mimic_synth_admission *admission)
{
    mimic_rng rng = mimic__rng(admission->key, MIMIC_STREAM_LABS);
    const uint32_t first_panels = draw_panels(&rng, true);
    const int64_t delay = mimic__rng_range(&rng, 10, 55) * 60;
    if (admission->ed_register != 0)
        draw(run, 0, admission->ed_register + delay, first_panels, "STAT");
    else
        draw(run, admission->hadm_id, admission->admit + delay, first_panels, "STAT");
    const int64_t first_day = admission->admit - admission->admit % MIMIC_SYNTH_DAY;
    for (int64_t day = first_day; day <= admission->discharge; day += MIMIC_SYNTH_DAY) {
        const int64_t morning = day + mimic__rng_range(&rng, 240, 470) * 60;
        if (morning > admission->admit && morning < admission->discharge &&
            mimic__rng_chance(&rng, 930))
            draw(run, admission->hadm_id, morning, draw_panels(&rng, false), "ROUTINE");
        for (int32_t i = 0; i < admission->stay_count; i++) {
            const mimic_synth_stay *stay = &run->patient.stays[admission->first_stay + i];
            const int64_t from = stay->intime > morning ? stay->intime : morning;
            const int64_t next = day + MIMIC_SYNTH_DAY + 4 * MIMIC_SYNTH_HOUR;
            draw_icu(run, admission, stay, &rng, from, stay->outtime < next ? stay->outtime : next);
        }
    }
}

static void write_visit(mimic_synth_run *run, int32_t number)
{
    const mimic_synth_visit *visit = &run->patient.visits[number];
    mimic_rng rng = mimic__rng(run->patient.key + (uint64_t)number, MIMIC_STREAM_LABS);
    if (mimic__rng_chance(&rng, visit->is_emergency ? 800 : 900))
        draw(run, 0, visit->time + 25 * 60,
             draw_panels(&rng, visit->is_emergency || mimic__rng_chance(&rng, 600)),
             visit->is_emergency ? "STAT" : NULL);
}

void mimic__write_labevents(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    int32_t visit = 0;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        while (visit < patient->visit_count && patient->visits[visit].time < patient->admissions[i].admit)
            write_visit(run, visit++);
        write_admission(run, &patient->admissions[i]);
    }
    while (visit < patient->visit_count)
        write_visit(run, visit++);
}
