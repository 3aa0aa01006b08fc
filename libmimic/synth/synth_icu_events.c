/*
 * outputevents, datetimeevents and procedureevents: rows stand stay by stay in order of admission,
 * the first two within a stay in order of time.
 */
#include "synth/synth_problems.h"
#include "synth/synth_tables.h"

/* subject_id to caregiver_id */
static void begin(mimic_synth_run *run, const mimic_synth_stay *stay, int64_t time)
{
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_int(out, run->patient.admissions[stay->admission].hadm_id);
    mimic__csv_int(out, stay->stay_id);
    mimic__csv_int(out, mimic__shift_caregiver(run, stay, time));
}

static void output_row(mimic_synth_run *run, const mimic_synth_stay *stay, int64_t time,
                       int32_t itemid, int32_t volume)
{
    mimic_csv_writer *out = &run->writer;
    begin(run, stay, time);
    mimic__csv_time(out, time);
    mimic__csv_time(out, time + (int64_t)(mimic__mix2(stay->key, (uint64_t)time) % 45) * 60);
    mimic__csv_int(out, itemid);
    mimic__csv_int(out, volume);
    mimic__csv_word(out, "ml");
    mimic__csv_row_end(out);
}

/* Volumes are read off a bag: in steps of five. */
static int32_t readable(int32_t volume)
{
    return volume < 0 ? 0 : volume - volume % 5;
}

static void write_stay_output(mimic_synth_run *run, const mimic_synth_stay *stay)
{
    const bool is_surgical =
        mimic__problems[run->patient.admissions[stay->admission].problem].surgery != 0;
    const int32_t chest = is_surgical && stay->key % 3 != 0;
    int32_t bladder = 0; /* what has gathered since it was last measured */
    for (int64_t time = stay->intime - stay->intime % MIMIC_SYNTH_HOUR + MIMIC_SYNTH_HOUR;
         time < stay->outtime; time += MIMIC_SYNTH_HOUR) {
        const uint64_t bits = mimic__mix3(stay->key, MIMIC_STREAM_OUTPUT, (uint64_t)time);
        bladder += mimic__stay_urine(stay, time);
        const bool is_read = stay->has_foley ? bits % 100 < 46 : bits % 100 < 20 && bladder > 60;
        if (is_read) {
            output_row(run, stay, time, stay->has_foley ? 226559 : 226560, readable(bladder));
            bladder = 0;
        }
        const int64_t hour = time / MIMIC_SYNTH_HOUR;
        if (chest && hour % 4 == 0)
            output_row(run, stay, time, 226588, readable(20 + mimic__scale(mimic__mix(bits), 70)));
        if (mimic__stay_airway(stay, time) == MIMIC_AIRWAY_TUBE && hour % 4 == 2 && bits % 3 == 0)
            output_row(run, stay, time, 227510, readable(mimic__scale(mimic__mix(bits), 120)));
        if (stay->key % 11 == 0 && hour % 8 == 0)
            output_row(run, stay, time, 226599, readable(30 + mimic__scale(mimic__mix(bits), 120)));
    }
}

void mimic__write_outputevents(mimic_synth_run *run)
{
    for (int32_t i = 0; i < run->patient.stay_count; i++)
        write_stay_output(run, &run->patient.stays[i]);
}

typedef enum line { PERIPHERAL, ARTERIAL, CENTRAL, PICC, FOLEY } line;

typedef struct line_item {
    int32_t itemid;
    line where;
    int16_t is_timed; /* "Date and Time", else "Date" */
    int16_t max_age_days;
} line_item;

static const line_item line_items[] = {
    {224183, PICC, 0, 4},     {224184, PICC, 0, 20},    {224186, PICC, 1, 6},
    {224187, PICC, 0, 4},     {224261, CENTRAL, 0, 4},  {224279, CENTRAL, 1, 4},
    {224280, CENTRAL, 0, 7},  {224282, CENTRAL, 0, 4},  {224287, ARTERIAL, 1, 4},
    {224288, ARTERIAL, 0, 4}, {224290, ARTERIAL, 0, 4}, {225754, PERIPHERAL, 0, 4},
    {225755, PERIPHERAL, 0, 4}, {225753, PERIPHERAL, 0, 4}, {229352, FOLEY, 0, 5},
};

static bool has_line(const mimic_synth_stay *stay, line where)
{
    switch (where) {
    case ARTERIAL: return stay->has_arterial_line;
    case CENTRAL: return stay->has_central_line;
    case PICC: return stay->key % 6 == 0;
    case FOLEY: return stay->has_foley;
    case PERIPHERAL: break;
    }
    return true;
}

static void write_stay_dates(mimic_synth_run *run, const mimic_synth_stay *stay)
{
    mimic_csv_writer *out = &run->writer;
    for (int64_t time = stay->intime - stay->intime % (4 * MIMIC_SYNTH_HOUR) + 4 * MIMIC_SYNTH_HOUR;
         time < stay->outtime; time += 4 * MIMIC_SYNTH_HOUR)
        for (size_t i = 0; i < sizeof line_items / sizeof line_items[0]; i++) {
            const line_item *item = &line_items[i];
            const uint64_t bits =
                mimic__mix3(stay->key + MIMIC_STREAM_DATETIME, (uint64_t)time, (uint64_t)item->itemid);
            if (!has_line(stay, item->where) || bits % 100 >= 45)
                continue;
            /* The same date all through the stay: when the line was put in or last seen to. */
            const int64_t since = stay->intime - (int64_t)(mimic__mix2(stay->key, (uint64_t)item->itemid) %
                                                           (uint64_t)(item->max_age_days * 24)) *
                                                     MIMIC_SYNTH_HOUR;
            begin(run, stay, time);
            mimic__csv_time(out, time);
            mimic__csv_time(out, time + (int64_t)(bits % 50) * 60);
            mimic__csv_int(out, item->itemid);
            mimic__csv_time(out, since - since % (item->is_timed ? MIMIC_SYNTH_HOUR : MIMIC_SYNTH_DAY));
            mimic__csv_word(out, item->is_timed ? "Date and Time" : "Date");
            mimic__csv_word(out, bits % 5000 == 7 ? "1" : "0");
            mimic__csv_row_end(out);
        }
}

void mimic__write_datetimeevents(mimic_synth_run *run)
{
    for (int32_t i = 0; i < run->patient.stay_count; i++)
        write_stay_dates(run, &run->patient.stays[i]);
}

typedef struct procedure {
    int32_t itemid;
    const char *order_category;
    const char *location; /* or NULL */
    const char *location_category;
    bool is_task; /* done at one moment */
    int16_t per_mille;
} procedure;

static const procedure procedures[] = {
    {225459, "Imaging", NULL, NULL, true, 850},
    {225459, "Imaging", NULL, NULL, true, 350},
    {225402, "Procedures", NULL, NULL, true, 480},
    {221214, "Imaging", NULL, NULL, true, 400},
    {225432, "Imaging", NULL, NULL, true, 190},
    {228129, "Communication", NULL, NULL, true, 320},
    {225401, "Procedures", NULL, NULL, true, 300},
    {225454, "Procedures", NULL, NULL, true, 220},
    {225966, "Procedures", NULL, NULL, true, 180},
    {221217, "Imaging", NULL, NULL, true, 150},
    {224275, "Peripheral Lines", "Right Antecubital", "Peripheral", false, 800},
    {224275, "Peripheral Lines", "Left Lower Forearm", "Peripheral", false, 400},
    {224277, "Peripheral Lines", "Left Antecubital", "Peripheral", false, 780},
    {224274, "Peripheral Lines", "Right Hand, dorsal", "Peripheral", false, 280},
};

typedef struct procedure_row {
    const mimic_synth_stay *stay;
    const procedure *what;
    int64_t start;
    int64_t end;
    uint64_t key;
} procedure_row;

static void procedure_line(mimic_synth_run *run, const procedure_row *row)
{
    mimic_csv_writer *out = &run->writer;
    const procedure *what = row->what;
    const int64_t minutes = (row->end - row->start) / 60;
    const int32_t order = 1 + mimic__scatter_small(run->group_counter++, 5);
    mimic__csv_int(out, run->patient.subject_id);
    mimic__csv_int(out, run->patient.admissions[row->stay->admission].hadm_id);
    mimic__csv_int(out, row->stay->stay_id);
    if (row->key % 6 == 0)
        mimic__csv_null(out);
    else
        mimic__csv_int(out, mimic__shift_caregiver(run, row->stay, row->start));
    mimic__csv_time(out, row->start);
    mimic__csv_time(out, row->end);
    if (row->key % 6 == 0) { /* what the system filed itself has milliseconds */
        mimic__csv_time(out, row->end);
        out->at[-1] = '.';
        out->at = mimic__csv_put_int(out->at, 100 + (int64_t)(row->key % 900));
        mimic__csv_next(out);
    } else {
        mimic__csv_time(out, row->end);
    }
    mimic__csv_int(out, what->itemid);
    mimic__csv_int(out, what->is_task ? 1 : minutes);
    mimic__csv_word(out, what->is_task ? "None" : "min");
    mimic__csv_text_or_null(out, what->location);
    mimic__csv_text_or_null(out, what->location_category);
    mimic__csv_int(out, order);
    mimic__csv_int(out, order);
    mimic__csv_word(out, what->order_category);
    mimic__csv_word(out, what->is_task ? "Task" : "ContinuousProcess");
    mimic__csv_decimal(out, run->patient.weight_grams, 3);
    mimic__csv_word(out, what->is_task ? "0" : "1");
    mimic__csv_word(out, "0");
    mimic__csv_word(out, row->key % 57 == 3 ? "Stopped" : "FinishedRunning");
    mimic__csv_int(out, what->is_task ? 1 : minutes);
    mimic__csv_word(out, what->is_task ? "0" : "1");
    mimic__csv_row_end(out);
}

/* From start to end within the stay; too short ones are left out. */
static void add_process(mimic_synth_run *run, const mimic_synth_stay *stay, const procedure *what,
                        int64_t start, int64_t end)
{
    start -= start % 60;
    if (start < stay->intime)
        start += 60;
    if (what->is_task)
        end = start + 60;
    end -= end % 60;
    if (end > stay->outtime || end <= start)
        return;
    const procedure_row row = {stay, what, start, end,
                               mimic__mix3(stay->key + MIMIC_STREAM_PROCEDURE, (uint64_t)start,
                                           (uint64_t)what->itemid)};
    procedure_line(run, &row);
}

static void write_support(mimic_synth_run *run, const mimic_synth_stay *stay)
{
    static const procedure arterial = {225752, "Invasive Lines", "Left Radial", "Invasive Arterial", false, 0};
    static const procedure central = {224263, "Invasive Lines", "Right IJ", "Invasive Venous", false, 0};
    static const procedure foley = {229351, "GI/GU", NULL, "Catheter, GU", false, 0};
    static const procedure ventilation = {225792, "Ventilation", NULL, NULL, false, 0};
    static const procedure intubation = {224385, "Intubation/Extubation", NULL, NULL, true, 0};
    static const procedure extubation = {227194, "Intubation/Extubation", NULL, NULL, true, 0};
    const int64_t hour = MIMIC_SYNTH_HOUR;
    if (stay->tube_start != 0) {
        if (stay->tube_start > stay->intime + hour)
            add_process(run, stay, &intubation, stay->tube_start, 0);
        add_process(run, stay, &ventilation, stay->tube_start, stay->tube_end);
        if (stay->tube_end < stay->outtime - hour)
            add_process(run, stay, &extubation, stay->tube_end, 0);
    }
    if (stay->has_arterial_line)
        add_process(run, stay, &arterial, stay->intime + hour, stay->outtime - 2 * hour);
    if (stay->has_central_line)
        add_process(run, stay, &central, stay->intime + 2 * hour, stay->outtime - 3 * hour);
    if (stay->has_foley && stay->key % 3 == 0)
        add_process(run, stay, &foley, stay->intime + hour, stay->outtime - hour);
}

void mimic__write_procedureevents(mimic_synth_run *run)
{
    for (int32_t i = 0; i < run->patient.stay_count; i++) {
        const mimic_synth_stay *stay = &run->patient.stays[i];
        mimic_rng rng = mimic__rng(stay->key, MIMIC_STREAM_PROCEDURE);
        write_support(run, stay);
        const int32_t minutes = (int32_t)((stay->outtime - stay->intime) / 60) - 5;
        for (size_t k = 0; k < sizeof procedures / sizeof procedures[0]; k++) {
            const int64_t start = stay->intime + mimic__rng_below(&rng, minutes) * 60;
            const int64_t end = start + mimic__rng_range(&rng, 60, 4000) * 60;
            if (mimic__rng_chance(&rng, procedures[k].per_mille))
                add_process(run, stay, &procedures[k], start,
                            end < stay->outtime ? end : stay->outtime);
        }
    }
}
