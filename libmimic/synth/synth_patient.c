/*
 * Simulates one patient: who it is, when and why admitted, with what outcome. Draws integers only, in
 * a fixed order from streams of the patient's key. Assumes nothing about other patients. Where
 * admissions and stays lie inside the hospital is synth_places.c; illness over time is
 * synth_illness.c.
 */
#include "synth/synth_patient.h"

#include <string.h>

#include "base/calendar.h"
#include "synth/synth_problems.h"

static const char *const languages[] = {"English",    "Spanish", "Russian",       "Chinese",
                                        "Kabuverdianu", "Portuguese", "Haitian", "Other"};
static const int16_t language_weights[] = {900, 35, 14, 14, 9, 10, 7, 11};

static const char *const races[] = {
    "WHITE", "BLACK/AFRICAN AMERICAN", "OTHER", "UNKNOWN", "HISPANIC/LATINO - PUERTO RICAN",
    "WHITE - OTHER EUROPEAN", "HISPANIC OR LATINO", "ASIAN", "ASIAN - CHINESE",
    "WHITE - RUSSIAN", "BLACK/CAPE VERDEAN", "HISPANIC/LATINO - DOMINICAN",
    "BLACK/CARIBBEAN ISLAND", "PATIENT DECLINED TO ANSWER", "UNABLE TO OBTAIN", "PORTUGUESE",
    "ASIAN - SOUTH EAST ASIAN", "WHITE - EASTERN EUROPEAN", "HISPANIC/LATINO - GUATEMALAN",
    "AMERICAN INDIAN/ALASKA NATIVE"};
static const int16_t race_weights[] = {616, 137, 29, 26, 19, 25, 15, 16, 14, 12,
                                       12,  10,  9,  6,  7,  6,  5,  5, 4, 2};

static const char *const marital[] = {"MARRIED", "SINGLE", "WIDOWED", "DIVORCED", NULL};
static const int16_t marital_young[] = {300, 620, 5, 50, 25};
static const int16_t marital_old[] = {470, 250, 170, 85, 25};

static const char *const insurances[] = {"Medicare", "Private", "Medicaid", "Other", "No charge",
                                         NULL};
static const int16_t insurance_young[] = {90, 560, 270, 50, 1, 29};
static const int16_t insurance_old[] = {800, 120, 45, 25, 1, 9};

/* Moment of day: few admissions in the small hours. */
static int64_t time_of_day(mimic_rng *rng)
{
    static const int16_t hours[24] = {4, 3, 2, 2, 2, 2, 3, 6, 5, 5, 5, 5,
                                      5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5};
    const int64_t hour = mimic__rng_weighted(rng, hours, 24);
    return hour * MIMIC_SYNTH_HOUR + mimic__rng_below(rng, 60) * 60;
}

static int64_t year_start(int32_t year)
{
    return mimic__days_from_date(year, 1, 1) * MIMIC_SYNTH_DAY;
}

static int32_t age_at(const mimic_synth_patient *patient, int64_t time)
{
    const int32_t year = mimic__date_from_days((int32_t)(time / MIMIC_SYNTH_DAY)).year;
    return patient->anchor_age + year - patient->anchor_year;
}

int32_t mimic__patient_real_year(const mimic_synth_patient *patient, int64_t time)
{
    const int32_t year = mimic__date_from_days((int32_t)(time / MIMIC_SYNTH_DAY)).year;
    return patient->anchor_group + 1 + year - patient->anchor_year;
}

static void make_person(uint64_t seed, int64_t index, mimic_synth_patient *patient)
{
    static const int16_t age_weights[] = {10, 16, 15, 15, 15, 16, 17, 16, 14, 11, 8, 7};
    static const int16_t group_weights[] = {32, 24, 20, 15, 9};
    patient->index = index;
    patient->key = mimic__mix3(mimic__mix(seed + 1), (uint64_t)index, 0);
    mimic_rng rng = mimic__rng(patient->key, MIMIC_STREAM_PATIENT);
    patient->subject_id = (int32_t)(10000000 + index * 27 + mimic__rng_below(&rng, 27));
    patient->is_female = mimic__rng_chance(&rng, 529);
    const int32_t decade = mimic__rng_weighted(&rng, age_weights, 12);
    patient->anchor_age = 18 + decade * 6 + mimic__rng_below(&rng, 6);
    if (patient->anchor_age > 89)
        patient->anchor_age = 91; /* the release's way to hide very old age */
    patient->anchor_year = 2110 + mimic__rng_below(&rng, 75);
    patient->anchor_group = 2008 + 3 * mimic__rng_weighted(&rng, group_weights, 5);
    const int32_t age_burden = (patient->anchor_age - 18) * 5;
    patient->burden = mimic__clamp(mimic__rng_bell(&rng, age_burden, 170), 0, 950);
    patient->height_cm = mimic__rng_bell(&rng, patient->is_female ? 162 : 175, 7);
    const int32_t bmi_tenths = mimic__clamp(mimic__rng_bell(&rng, 275, 60), 165, 520);
    patient->weight_grams = patient->height_cm * patient->height_cm / 10 * bmi_tenths / 10;
    patient->weight_grams -= patient->weight_grams % 100;
    patient->language = languages[mimic__rng_weighted(&rng, language_weights, 8)];
    patient->race = races[mimic__rng_weighted(&rng, race_weights, 20)];
    patient->death = 0;
    patient->admission_count = patient->stay_count = 0;
    patient->transfer_count = patient->visit_count = 0;
}

static int32_t draw_problem(mimic_rng *rng, const mimic_synth_patient *patient, int32_t age)
{
    int16_t weights[32];
    for (int32_t i = 0; i < mimic__problem_count; i++) {
        const mimic_problem *problem = &mimic__problems[i];
        const bool fits = age >= problem->min_age && age <= problem->max_age &&
                          (patient->is_female || !problem->is_female_only);
        /* The ill fall severely ill more often. */
        const int32_t burden = 400 + patient->burden * problem->severity / 250;
        weights[i] = (int16_t)(fits ? problem->weight * burden / 100 : 0);
    }
    return mimic__rng_weighted(rng, weights, mimic__problem_count);
}

static void draw_type(mimic_rng *rng, const mimic_problem *problem,
                      mimic_synth_admission *admission)
{
    static const char *const emergency[] = {"EW EMER.", "EU OBSERVATION", "OBSERVATION ADMIT",
                                            "DIRECT EMER.", "URGENT"};
    static const int16_t ill[] = {500, 20, 170, 60, 250};
    static const int16_t mild[] = {150, 550, 250, 40, 10};
    const bool is_planned = problem->surgery && mimic__rng_chance(rng, 550);
    if (is_planned) {
        admission->type = mimic__rng_chance(rng, 730) ? "SURGICAL SAME DAY ADMISSION" : "ELECTIVE";
        admission->location = mimic__rng_chance(rng, 850) ? "PHYSICIAN REFERRAL" : "CLINIC REFERRAL";
        return;
    }
    const int32_t kind = mimic__rng_weighted(rng, problem->severity < 200 ? mild : ill, 5);
    admission->type = emergency[kind];
    if (kind <= 2) {
        admission->location = mimic__rng_chance(rng, 900) ? "EMERGENCY ROOM" : "WALK-IN/SELF REFERRAL";
        admission->ed_register = admission->admit - mimic__rng_range(rng, 60, 600) * 60;
        admission->ed_out = admission->admit + mimic__rng_range(rng, 20, 240) * 60;
    } else {
        admission->location = mimic__rng_chance(rng, 700) ? "TRANSFER FROM HOSPITAL"
                              : mimic__rng_chance(rng, 400)
                                  ? "TRANSFER FROM SKILLED NURSING FACILITY"
                                  : "PHYSICIAN REFERRAL";
    }
}

static const char *draw_discharge(mimic_rng *rng, const mimic_synth_admission *admission,
                                  int32_t age)
{
    static const char *const places[] = {"HOME", "HOME HEALTH CARE", "SKILLED NURSING FACILITY",
                                         "REHAB", "CHRONIC/LONG TERM ACUTE CARE", "HOSPICE",
                                         "AGAINST ADVICE", "PSYCH FACILITY", NULL};
    if (admission->dies)
        return "DIED";
    const int32_t need = admission->severity / 2 + age * 4;
    const int16_t weights[] = {(int16_t)mimic__clamp(700 - need, 60, 700),
                               (int16_t)(80 + need / 3),
                               (int16_t)(need / 4),
                               (int16_t)(need / 12),
                               (int16_t)(admission->severity / 25),
                               (int16_t)(need / 40),
                               15,
                               8,
                               150};
    return places[mimic__rng_weighted(rng, weights, 9)];
}

static void draw_person_at(mimic_rng *rng, const mimic_synth_patient *patient, int32_t age,
                           mimic_synth_admission *admission)
{
    const bool is_old = age >= 65;
    (void)patient;
    admission->insurance =
        insurances[mimic__rng_weighted(rng, is_old ? insurance_old : insurance_young, 6)];
    admission->marital_status =
        marital[mimic__rng_weighted(rng, is_old ? marital_old : marital_young, 5)];
}

/* One admission that begins on the day of `earliest`, or the day after. */
static void make_admission(mimic_synth_patient *patient, int64_t earliest)
{
    const int32_t number = patient->admission_count;
    mimic_synth_admission *admission = &patient->admissions[number];
    memset(admission, 0, sizeof *admission);
    admission->number = number;
    admission->key = mimic__mix3(patient->key, MIMIC_STREAM_ADMISSION, (uint64_t)number);
    mimic_rng rng = mimic__rng(admission->key, MIMIC_STREAM_ADMISSION);
    admission->hadm_id =
        20000000 + mimic__scatter_small((uint64_t)(patient->index * 27 + number), 1);
    admission->admit = earliest - earliest % MIMIC_SYNTH_DAY + time_of_day(&rng);
    if (admission->admit < earliest)
        admission->admit += MIMIC_SYNTH_DAY;
    const int32_t age = age_at(patient, admission->admit);
    admission->problem = draw_problem(&rng, patient, mimic__clamp(age, 18, 91));
    const mimic_problem *problem = &mimic__problems[admission->problem];
    admission->severity = mimic__clamp(
        mimic__rng_bell(&rng, problem->severity + patient->burden / 8, 30 + problem->severity / 3),
        10, 990);
    draw_type(&rng, problem, admission);
    draw_person_at(&rng, patient, age, admission);
    const int32_t year = mimic__patient_real_year(patient, admission->admit);
    admission->icd_version = year > 2015 ? 10 : year < 2015 ? 9 : mimic__rng_chance(&rng, 250) ? 10 : 9;
    admission->has_emar = year > 2012 && (year > 2014 || mimic__rng_chance(&rng, 600));
    mimic__synth_admission_places(patient, admission);
    admission->discharge_location = draw_discharge(&rng, admission, age);
    if (admission->dies)
        patient->death = admission->discharge;
    patient->admission_count++;
}

static void make_admissions(mimic_synth_patient *patient, mimic_rng *rng)
{
    const int64_t end = year_start(patient->anchor_year + (2023 - patient->anchor_group - 1));
    int64_t next = year_start(patient->anchor_year) + mimic__rng_below(rng, 365) * MIMIC_SYNTH_DAY;
    int32_t again = 530 + patient->burden / 5;
    while (patient->admission_count < MIMIC_SYNTH_MAX_ADMISSIONS) {
        make_admission(patient, next);
        if (patient->death != 0 || patient->stay_count > MIMIC_SYNTH_MAX_STAYS - 4 ||
            !mimic__rng_chance(rng, again))
            return;
        again = mimic__clamp(again + 25, 0, 880);
        const int64_t gap = (int64_t)mimic__rng_skewed(rng) * 2 / 3;
        next = patient->admissions[patient->admission_count - 1].discharge +
               (gap + 3) * MIMIC_SYNTH_DAY;
        if (next >= end)
            return;
    }
}

/* Emergency and clinic visits lie in days on which the patient is not admitted. */
static void add_visit(mimic_synth_patient *patient, int64_t time, bool is_emergency)
{
    if (patient->visit_count >= MIMIC_SYNTH_MAX_VISITS ||
        (patient->death != 0 && time > patient->death - MIMIC_SYNTH_DAY))
        return;
    for (int32_t i = 0; i < patient->admission_count; i++) {
        const mimic_synth_admission *admission = &patient->admissions[i];
        if (time > admission->admit - 2 * MIMIC_SYNTH_DAY &&
            time < admission->discharge + MIMIC_SYNTH_DAY)
            return;
    }
    patient->visits[patient->visit_count++] = (mimic_synth_visit){time, is_emergency};
}

/* Visits in order of time; an emergency visit without admission makes a transfer row of its own. */
static void make_visits(mimic_synth_patient *patient, mimic_rng *rng)
{
    const bool is_inpatient = patient->admission_count > 0;
    int32_t wanted = is_inpatient ? mimic__rng_below(rng, 4 + patient->burden / 45)
                                  : mimic__rng_range(rng, 1, 3 + patient->burden / 200);
    int64_t time = is_inpatient
                       ? patient->admissions[0].admit - 400 * MIMIC_SYNTH_DAY
                       : year_start(patient->anchor_year) +
                             mimic__rng_below(rng, 365) * MIMIC_SYNTH_DAY;
    while (wanted-- > 0) {
        time += mimic__rng_range(rng, 3, 170) * MIMIC_SYNTH_DAY;
        time = time - time % MIMIC_SYNTH_DAY + time_of_day(rng);
        add_visit(patient, time, mimic__rng_chance(rng, is_inpatient ? 170 : 850));
    }
    for (int32_t i = 0; i < patient->visit_count; i++) {
        if (!patient->visits[i].is_emergency ||
            patient->transfer_count >= MIMIC_SYNTH_MAX_TRANSFERS)
            continue;
        const int64_t intime = patient->visits[i].time;
        patient->transfers[patient->transfer_count++] = (mimic_synth_transfer){
            MIMIC_TRANSFER_ED, 0, "Emergency Department", intime,
            intime + mimic__rng_range(rng, 90 * 60, 900 * 60)};
    }
}

/* The state's register reports deaths up to a year after the last discharge. */
static void maybe_die_later(mimic_synth_patient *patient, mimic_rng *rng)
{
    if (patient->death != 0 || patient->admission_count == 0)
        return;
    const mimic_synth_admission *last = &patient->admissions[patient->admission_count - 1];
    const bool is_hospice = last->discharge_location != NULL &&
                            strcmp(last->discharge_location, "HOSPICE") == 0;
    const int32_t risk = is_hospice ? 850 : last->severity * last->severity / 4000 + patient->burden / 8;
    if (mimic__rng_chance(rng, risk))
        patient->death = last->discharge + mimic__rng_range(rng, 1, is_hospice ? 30 : 365) *
                                               MIMIC_SYNTH_DAY;
}

void mimic__synth_patient(uint64_t seed, int64_t index, mimic_synth_patient *out_patient)
{
    make_person(seed, index, out_patient);
    mimic_rng rng = mimic__rng(out_patient->key, MIMIC_STREAM_VISIT);
    if (mimic__rng_chance(&rng, 613))
        make_admissions(out_patient, &rng);
    maybe_die_later(out_patient, &rng);
    make_visits(out_patient, &rng);
}

void mimic__provider_id(uint64_t seed, int32_t number, char *out_id)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const uint32_t space = 36 * 36 * 36 * 36 * 36;
    const uint32_t step = space / MIMIC_SYNTH_PROVIDERS;
    const uint64_t bits = mimic__mix3(seed, 0x70726F76, (uint64_t)number);
    uint32_t value = (uint32_t)number * step + (uint32_t)mimic__scale(bits, (int32_t)step);
    out_id[0] = 'P';
    for (int i = 5; i > 0; i--) {
        out_id[i] = digits[value % 36];
        value /= 36;
    }
    out_id[6] = '\0';
}

int32_t mimic__caregiver_id(uint64_t seed, int32_t number)
{
    const int32_t step = 99000 / MIMIC_SYNTH_CAREGIVERS;
    return 500 + number * step + mimic__scale(mimic__mix3(seed, 0x63617265, (uint64_t)number), step);
}
