/*
 * chartevents: a nurse's flow sheet, hour by hour through every stay. Rows stand by stay in order of
 * admission, within it by charttime, as far as the release's rows of one stay are ordered at all.
 * This is the largest table by far: what the rows of one time share is rendered once.
 */
#include "synth/synth_chart_items.h"
#include "synth/synth_labs.h"
#include "synth/synth_tables.h"

/* What the rows of one charting share. */
typedef struct charting {
    mimic_synth_run *run;
    const mimic_synth_stay *stay;
    int64_t time;
    uint64_t key;
    mimic_airway airway;
    int32_t systolic; /* of this time, mmHg */
    int32_t diastolic;
    int32_t organs[MIMIC_ORGAN_COUNT];
    size_t prefix_size;
    char prefix[96]; /* subject, hadm, stay, caregiver, charttime, storetime with their commas */
} charting;

static void render_prefix(charting *c)
{
    mimic_csv_writer *out = &c->run->writer;
    const mimic_synth_admission *admission = &c->run->patient.admissions[c->stay->admission];
    char *at = mimic__csv_put_int(c->prefix, c->run->patient.subject_id);
    *at++ = ',';
    at = mimic__csv_put_int(at, admission->hadm_id);
    *at++ = ',';
    at = mimic__csv_put_int(at, c->stay->stay_id);
    *at++ = ',';
    at = mimic__csv_put_int(at, mimic__shift_caregiver(c->run, c->stay, c->time));
    *at++ = ',';
    mimic__csv_render_time(out, c->time);
    memcpy(at, out->time_text, 19);
    at += 19;
    *at++ = ',';
    mimic__csv_render_time(out, c->time + mimic__scale(c->key, 55) * 60);
    memcpy(at, out->time_text, 19);
    at += 19;
    *at++ = ',';
    c->prefix_size = (size_t)(at - c->prefix);
}

static void begin(charting *c, int32_t itemid)
{
    mimic__csv_raw(&c->run->writer, c->prefix, c->prefix_size);
    mimic__csv_int(&c->run->writer, itemid);
}

/* unit and the warning, which is hardly ever set */
static void end(charting *c, const char *unit, uint64_t bits)
{
    mimic__csv_word_or_null(&c->run->writer, unit);
    mimic__csv_word(&c->run->writer, (bits & 0x3FF) == 7 ? "1" : "0");
    mimic__csv_row_end(&c->run->writer);
}

static void write_value(charting *c, const mimic_chart_item *item, int32_t value, uint64_t bits)
{
    mimic_csv_writer *out = &c->run->writer;
    begin(c, item->itemid);
    mimic__csv_decimal(out, value, item->decimals);
    mimic__csv_decimal(out, value, item->decimals);
    end(c, item->unit, bits);
}

static void write_words(charting *c, int32_t itemid, const char *text, int32_t number, uint64_t bits)
{
    mimic_csv_writer *out = &c->run->writer;
    begin(c, itemid);
    mimic__csv_text(out, text);
    if (number == INT32_MIN)
        mimic__csv_null(out);
    else
        mimic__csv_int(out, number);
    end(c, NULL, bits);
}

static void write_number(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    int32_t value = item->base + mimic__bell(bits, item->spread);
    if (item->organ != MIMIC_ORGAN_NONE)
        value += item->slope * c->organs[item->organ] / 1000;
    write_value(c, item, mimic__clamp(value, item->low, item->high), bits);
}

/* Low choices in illness (Braden, strength); of RASS the later ones mean deeper sedation. */
static void write_score(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    const int32_t illness = item->organ == MIMIC_ORGAN_NONE ? 300 : c->organs[item->organ];
    const int32_t last = item->choice_count - 1;
    if (item->base == -5) {
        const int32_t deep = c->airway == MIMIC_AIRWAY_TUBE ? 1 : 0;
        const int32_t choice =
            mimic__clamp(deep + (illness - 250) * last / 800 + (bits % 4 == 0), 0, last);
        write_words(c, item->itemid, item->choices[choice], -choice, bits);
        return;
    }
    const int32_t choice =
        mimic__clamp(last - illness * (last + 1) / 900 - (bits % 3 == 0), 0, last);
    write_words(c, item->itemid, item->choices[choice], item->base + choice, bits);
}

static void write_text(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    /* The smaller of two draws: the first choices are the usual ones. */
    const int32_t a = mimic__scale(bits, item->choice_count);
    const int32_t b = mimic__scale(bits << 32, item->choice_count);
    write_words(c, item->itemid, item->choices[a < b ? a : b], INT32_MIN, bits);
}

static void write_eyes(charting *c, const mimic_chart_item *item, int32_t gcs, uint64_t bits)
{
    static const char *const eyes[] = {"None", "To Pain", "To Speech", "Spontaneously"};
    static const char *const motor[] = {"No response",  "Abnormal extension", "Abnormal Flexion",
                                        "Flex-withdraws", "Localizes Pain",   "Obeys Commands"};
    static const char *const verbal[] = {"No Response", "Incomprehensible sounds",
                                         "Inappropriate Words", "Confused", "Oriented"};
    const int32_t lost = 15 - gcs;
    if (item->kind == MIMIC_CHART_EYES) {
        const int32_t score = mimic__clamp(4 - (lost + 2) / 4, 1, 4);
        write_words(c, item->itemid, eyes[score - 1], score, bits);
    } else if (item->kind == MIMIC_CHART_MOTOR) {
        const int32_t score = mimic__clamp(6 - (lost * 5 + 3) / 12, 1, 6);
        write_words(c, item->itemid, motor[score - 1], score, bits);
    } else if (c->airway == MIMIC_AIRWAY_TUBE) {
        write_words(c, item->itemid, "No Response-ETT", 1, bits);
    } else {
        const int32_t score = mimic__clamp(5 - (lost * 4 + 4) / 12 - (lost == 1), 1, 5);
        write_words(c, item->itemid, verbal[score - 1], score, bits);
    }
}

static void write_plain(charting *c, int32_t itemid, int32_t value, const char *unit, uint64_t bits)
{
    begin(c, itemid);
    mimic__csv_int(&c->run->writer, value);
    mimic__csv_int(&c->run->writer, value);
    end(c, unit, bits);
}

/* Device and its flow; the flow is often charted at another time, which the scores must bear. */
static void write_device(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    static const char *const masks[] = {"Face tent", "Aerosol-cool", "Non-rebreather", "Venti mask "};
    const char *device = "None";
    int32_t flow = 0;
    switch (c->airway) {
    case MIMIC_AIRWAY_TUBE: device = "Endotracheal tube"; break;
    case MIMIC_AIRWAY_BIPAP: device = "Bipap mask "; flow = 10; break;
    case MIMIC_AIRWAY_HIGH_FLOW: device = "High flow nasal cannula"; flow = 40 + mimic__scale(bits, 20); break;
    case MIMIC_AIRWAY_MASK: device = masks[mimic__scale(c->stay->key, 4)]; flow = 8 + mimic__scale(bits, 7); break;
    case MIMIC_AIRWAY_CANNULA: device = "Nasal cannula"; flow = 2 + mimic__scale(bits, 4); break;
    case MIMIC_AIRWAY_ROOM_AIR: break;
    }
    write_words(c, item->itemid, device, INT32_MIN, bits);
    if (flow > 0 && bits % 10 < 6)
        write_plain(c, c->airway == MIMIC_AIRWAY_BIPAP ? 227582 : 223834, flow, "L/min", bits);
}

static void write_mode(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    static const char *const drager[] = {"CMV/ASSIST/AutoFlow", "CPAP/PSV", "MMV/PSV/AutoFlow",
                                         "PRVC/AC", "PSV/SBT", "Standby"};
    static const char *const hamilton[] = {"APV (cmv)", "SPONT", "ASV", "P-CMV", "(S) CMV", "Ambient"};
    static const int16_t weights[] = {52, 28, 8, 6, 4, 2};
    const bool is_hamilton = c->stay->key % 10 < 3;
    mimic_rng rng = {bits};
    const int32_t mode = mimic__rng_weighted(&rng, weights, 6);
    write_words(c, item->itemid, is_hamilton ? "Hamilton" : "Drager", INT32_MIN, bits);
    if (is_hamilton)
        write_words(c, 229314, hamilton[mode], INT32_MIN, bits);
    else
        write_words(c, 223849, drager[mode], INT32_MIN, bits);
}

static void write_body(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    const mimic_synth_patient *patient = &c->run->patient;
    mimic_csv_writer *out = &c->run->writer;
    if (item->kind == MIMIC_CHART_HEIGHT) {
        write_plain(c, item->itemid,
                    item->base == 0 ? patient->height_cm * 100 / 254 : patient->height_cm, item->unit,
                    bits);
        return;
    }
    const int32_t gain = item->base == 0 ? 0 : mimic__bell(bits, 14);
    begin(c, item->itemid);
    mimic__csv_decimal(out, patient->weight_grams / 100 + gain, 1);
    mimic__csv_decimal(out, patient->weight_grams / 100 + gain, 1);
    end(c, item->unit, bits);
}

static void write_lab(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    const mimic_lab *lab = mimic__find_lab(item->base);
    if ((lab->itemid == 50821 || lab->itemid == 50818 || lab->itemid == 50820) &&
        !c->stay->has_arterial_line)
        return;
    const int32_t value = mimic__lab_value(&c->run->patient, lab, c->time);
    begin(c, item->itemid);
    mimic__csv_decimal(&c->run->writer, value, lab->decimals);
    mimic__csv_decimal(&c->run->writer, value, lab->decimals);
    end(c, item->unit, bits);
}

static void write_special(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    const int32_t jitter = item->itemid == 220179 || item->itemid == 220181 ? 2 : 0;
    switch ((mimic_chart_kind)item->kind) {
    case MIMIC_CHART_PRESSURE:
        write_plain(c, item->itemid,
                    jitter + (item->base == 0   ? c->systolic
                              : item->base == 1 ? c->diastolic
                                                : (c->systolic + 2 * c->diastolic) / 3),
                    item->unit, bits);
        break;
    case MIMIC_CHART_EYES: case MIMIC_CHART_VERBAL: case MIMIC_CHART_MOTOR:
        write_eyes(c, item, mimic__stay_gcs(c->stay, c->time), bits);
        break;
    case MIMIC_CHART_DEVICE: write_device(c, item, bits); break;
    case MIMIC_CHART_MODE: write_mode(c, item, bits); break;
    case MIMIC_CHART_FIO2:
        write_plain(c, item->itemid, mimic__stay_fio2(c->stay, c->time), NULL, bits);
        break;
    case MIMIC_CHART_PEEP:
        write_plain(c, item->itemid, 5 + c->organs[MIMIC_ORGAN_LUNG] / 90 / 2 * 2, item->unit, bits);
        break;
    case MIMIC_CHART_SPO2:
        write_plain(c, item->itemid,
                    mimic__clamp(98 - c->organs[MIMIC_ORGAN_LUNG] / 130 + mimic__bell(bits, 1), 68, 100),
                    item->unit, bits);
        break;
    case MIMIC_CHART_WEIGHT: case MIMIC_CHART_HEIGHT: write_body(c, item, bits); break;
    case MIMIC_CHART_LAB: write_lab(c, item, bits); break;
    default: break;
    }
}

static bool is_due(const charting *c, const mimic_chart_item *item, uint64_t bits)
{
    switch ((mimic_chart_when)item->when) {
    case MIMIC_WHEN_ALWAYS: return true;
    case MIMIC_WHEN_ONCE: return false;
    case MIMIC_WHEN_ARTERIAL_LINE: return c->stay->has_arterial_line;
    case MIMIC_WHEN_CUFF:
        /* The three of one cuff reading are charted together. */
        return !c->stay->has_arterial_line || c->key % 100 < 22;
    case MIMIC_WHEN_TUBE: return c->airway == MIMIC_AIRWAY_TUBE;
    case MIMIC_WHEN_NO_TUBE: return c->airway != MIMIC_AIRWAY_TUBE;
    case MIMIC_WHEN_CENTRAL_LINE: return c->stay->has_central_line;
    case MIMIC_WHEN_FOLEY: return c->stay->has_foley;
    case MIMIC_WHEN_RESTRAINT:
        return c->airway == MIMIC_AIRWAY_TUBE || c->organs[MIMIC_ORGAN_BRAIN] > 420;
    }
    (void)bits;
    return false;
}

static void write_item(charting *c, const mimic_chart_item *item, uint64_t bits)
{
    switch ((mimic_chart_kind)item->kind) {
    case MIMIC_CHART_NUMBER: write_number(c, item, bits); break;
    case MIMIC_CHART_TEXT: write_text(c, item, bits); break;
    case MIMIC_CHART_SCORE: write_score(c, item, bits); break;
    case MIMIC_CHART_CHECKBOX: write_plain(c, item->itemid, 1, NULL, bits); break;
    default: write_special(c, item, bits); break;
    }
}

/* The state of the patient that the items of one time are drawn from. */
static void observe(charting *c, int64_t time)
{
    c->time = time;
    c->key = mimic__mix3(c->stay->key, MIMIC_STREAM_CHART, (uint64_t)time);
    c->airway = mimic__stay_airway(c->stay, time);
    for (int organ = 0; organ < MIMIC_ORGAN_COUNT; organ++)
        c->organs[organ] = mimic__stay_organ(c->stay, (mimic_organ)organ, time);
    const int32_t usual = 122 + mimic__bell(mimic__mix(c->run->patient.key), 10);
    c->systolic = mimic__clamp(usual - c->organs[MIMIC_ORGAN_HEART] * 42 / 1000 + mimic__bell(c->key, 9),
                               48, 235);
    c->diastolic = c->systolic * (500 + mimic__scale(c->key << 20, 90)) / 1000;
    render_prefix(c);
}

static void write_time(charting *c, int64_t hour, bool is_first)
{
    for (int32_t i = 0; i < mimic__chart_item_count; i++) {
        const mimic_chart_item *item = &mimic__chart_items[i];
        const bool is_once = item->when == MIMIC_WHEN_ONCE;
        /* Items of one period share their hours, so that a round of charting is one time. */
        if (is_once ? !is_first : !is_first && hour % item->period != 0)
            continue;
        const uint64_t bits = mimic__mix2(c->key, (uint64_t)item->itemid);
        if (mimic__scale(bits, 1000) >= item->per_mille || (!is_once && !is_due(c, item, bits)))
            continue;
        write_item(c, item, mimic__mix(bits));
    }
}

static void write_stay(mimic_synth_run *run, const mimic_synth_stay *stay)
{
    charting c = {.run = run, .stay = stay};
    const int64_t arrival = stay->intime - stay->intime % 60 + 4 * 60;
    observe(&c, arrival < stay->outtime ? arrival : stay->intime);
    write_time(&c, 0, true);
    for (int64_t time = stay->intime - stay->intime % MIMIC_SYNTH_HOUR + MIMIC_SYNTH_HOUR;
         time < stay->outtime; time += MIMIC_SYNTH_HOUR) {
        if (time <= arrival)
            continue;
        observe(&c, time);
        write_time(&c, time / MIMIC_SYNTH_HOUR, false);
        /* The unstable are looked at between the hours. */
        if (c.organs[MIMIC_ORGAN_WHOLE] > 600 && time + 46 * 60 < stay->outtime) {
            observe(&c, time + (15 + mimic__scale(c.key, 3) * 15) * 60);
            write_time(&c, 1, false);
        }
    }
}

void mimic__write_chartevents(mimic_synth_run *run)
{
    for (int32_t i = 0; i < run->patient.stay_count; i++)
        write_stay(run, &run->patient.stays[i]);
}
