/*
 * Infusions and boluses of a stay. A drip runs in segments of some hours, each a row of its own with
 * the rate that the illness of its organ asks for, beside a row for the solution that carries it.
 * Amounts follow from rate, weight and time in fixed point, with the relative error of 2^-25.3 that
 * single-precision arithmetic left in the release (50 mL are 49.999998807907).
 */
#include "synth/synth_infusions.h"

typedef enum dosing { PER_WEIGHT_MINUTE, PER_HOUR } dosing;

/* A continuous drug: rate = base + slope * (organ - floor) / 1000, in 10^-6 of the unit. */
typedef struct drip {
    int32_t itemid;
    int32_t carrier;
    const char *amount_unit;
    const char *rate_unit;
    dosing how;
    mimic_organ organ;
    int32_t floor;
    int32_t base;
    int32_t slope;
    int32_t step; /* rates are multiples of it */
} drip;

static const drip norepinephrine = {221906, 225158, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                                    MIMIC_ORGAN_HEART, 250, 20000, 520000, 10000};
static const drip epinephrine = {221289, 225158, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                                 MIMIC_ORGAN_HEART, 300, 20000, 200000, 10000};
static const drip dopamine = {221662, 220949, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                              MIMIC_ORGAN_HEART, 300, 3000000, 20000000, 500000};
static const drip dobutamine = {221653, 220949, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                                MIMIC_ORGAN_HEART, 300, 2500000, 9000000, 500000};
static const drip phenylephrine = {221749, 225158, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                                   MIMIC_ORGAN_HEART, 250, 500000, 4500000, 100000};
static const drip vasopressin = {222315, 225943, "units", "units/hour", PER_HOUR,
                                 MIMIC_ORGAN_HEART, 500, 2400000, 0, 600000};
static const drip propofol = {222168, 0, "mg", "mcg/kg/min", PER_WEIGHT_MINUTE,
                              MIMIC_ORGAN_LUNG, 200, 20000000, 45000000, 5000000};
static const drip fentanyl = {225942, 225943, "mg", "mcg/hour", PER_HOUR,
                              MIMIC_ORGAN_LUNG, 200, 50000000, 180000000, 25000000};
static const drip insulin = {223258, 225158, "units", "units/hour", PER_HOUR,
                             MIMIC_ORGAN_WHOLE, 200, 2000000, 6000000, 500000};
static const drip saline = {225158, 0, "ml", "mL/hour", PER_HOUR,
                            MIMIC_ORGAN_WHOLE, 0, 50000000, 80000000, 25000000};
static const drip feeding = {229011, 0, "ml", "mL/hour", PER_HOUR,
                             MIMIC_ORGAN_NONE, 0, 40000000, 0, 10000000};

/* A dose that is given at once. */
typedef struct bolus {
    int32_t itemid;
    int32_t carrier;
    int32_t amount; /* thousandths */
    int32_t carrier_ml;
    const char *unit;
    const char *category;
    const char *description;
    int16_t every_hours;
    int16_t per_mille; /* of the stays that get it */
    bool is_fluid;
    bool is_oral;
} bolus;

static const bolus boluses[] = {
    {225975, 0, 1000, 0, "dose", "11-Prophylaxis (Non IV)", "Drug Push", 8, 480, false, false},
    {226452, 0, 180000, 0, "ml", "14-Oral/Gastric Intake", "Bolus", 5, 620, true, true},
    {225799, 0, 40000, 0, "ml", "14-Oral/Gastric Intake", "Bolus", 5, 380, true, true},
    {226453, 0, 30000, 0, "ml", "14-Oral/Gastric Intake", "Bolus", 6, 300, true, true},
    {225166, 225158, 20000, 100, "mEq", "02-Fluids (Crystalloids)", "Continuous IV", 16, 420, true, false},
    {227523, 0, 50000, 0, "ml", "02-Fluids (Crystalloids)", "Continuous IV", 24, 380, true, false},
    {225798, 220949, 1000, 200, "dose", "08-Antibiotics (IV)", "Drug Push", 12, 340, true, false},
    {225893, 220949, 1000, 100, "dose", "08-Antibiotics (IV)", "Drug Push", 8, 200, true, false},
    {225850, 220949, 1000, 50, "dose", "08-Antibiotics (IV)", "Drug Push", 8, 220, true, false},
    {225883, 220949, 1000, 50, "dose", "08-Antibiotics (IV)", "Drug Push", 8, 90, true, false},
    {225910, 225943, 1000, 10, "dose", "10-Prophylaxis (IV)", "Drug Push", 24, 460, true, false},
    {223262, 0, 4000, 0, "units", "06-Insulin (Non IV)", "Drug Push", 8, 380, false, false},
    {221744, 0, 50000, 0, "mcg", "05-Med Bolus", "Drug Push", 9, 300, false, false},
    {221794, 0, 40000, 0, "mg", "05-Med Bolus", "Drug Push", 14, 320, false, false},
    {225974, 0, 5000, 0, "mg", "05-Med Bolus", "Drug Push", 14, 150, false, false},
    {225154, 0, 2000, 0, "mg", "05-Med Bolus", "Drug Push", 10, 170, false, false},
    {225828, 0, 500000, 0, "ml", "03-IV Fluid Bolus", "Bolus", 26, 420, true, false},
    {225168, 0, 350000, 0, "ml", "07-Blood Products", "Continuous IV", 40, 200, true, false},
    {220864, 0, 250000, 0, "ml", "04-Fluids (Colloids)", "Continuous IV", 40, 150, true, false},
};

typedef struct flow {
    mimic_synth_run *run;
    const mimic_synth_stay *stay;
    mimic_infusion_fn fn;
} flow;

/* Half a unit in the last place of single precision short. */
static int64_t imprecise(int64_t amount)
{
    return amount - amount / 41943040;
}

static int64_t drip_rate(const flow *f, const drip *what, int64_t time)
{
    int64_t rate = what->base;
    if (what->organ != MIMIC_ORGAN_NONE) {
        const int32_t organ = mimic__stay_organ(f->stay, what->organ, time) - what->floor;
        rate += (int64_t)what->slope * (organ > 0 ? organ : 0) / 1000;
    }
    rate = (rate / what->step) * what->step;
    return rate < what->step ? what->step : rate;
}

/* 10^-12 units: micrograms per kilogram and minute make milligrams, so all powers of ten cancel;
 * micrograms an hour make milligrams too, other units an hour stay what they are. */
static int64_t drip_amount(const flow *f, const drip *what, int64_t rate, int64_t minutes)
{
    if (what->how == PER_WEIGHT_MINUTE)
        return rate * f->run->patient.weight_grams * minutes;
    const bool is_micro = what->amount_unit[0] == 'm' && what->amount_unit[1] == 'g';
    return rate * minutes / 60 * (is_micro ? 1000 : 1000000);
}

static void emit_carrier(const flow *f, const mimic_infusion *main, int32_t itemid, int64_t ml_per_hour)
{
    const int64_t minutes = (main->end - main->start) / 60;
    mimic_infusion carrier = *main;
    carrier.itemid = itemid;
    carrier.rate = main->rate < 0 ? -1 : ml_per_hour * 1000000;
    carrier.rate_unit = main->rate < 0 ? NULL : "mL/hour";
    carrier.amount_unit = "ml";
    carrier.amount = imprecise(main->rate < 0 ? ml_per_hour * INT64_C(1000000000000)
                                              : ml_per_hour * INT64_C(1000000000000) / 60 * minutes);
    carrier.component = "Mixed solution";
    carrier.is_fluid = true;
    carrier.key = main->key + 1;
    f->fn(f->run, &carrier);
}

static int32_t next_order(const flow *f)
{
    return 1 + mimic__scatter_large(f->run->group_counter++ % (MIMIC_SCATTER_LARGE - 1));
}

static void run_drip(const flow *f, const drip *what, int64_t from, int64_t to, int32_t stream)
{
    mimic_rng rng = mimic__rng(f->stay->key + (uint64_t)stream, MIMIC_STREAM_INPUT);
    const bool is_drug = what->itemid != saline.itemid && what->itemid != feeding.itemid;
    int64_t time = from - from % 60;
    int32_t link = 0;
    while (time < to - 600) {
        int64_t end = time + mimic__rng_range(&rng, 60, is_drug ? 420 : 900) * 60;
        if (end > to)
            end = to - to % 60;
        const int32_t order = next_order(f);
        link = link == 0 ? order : link;
        const int64_t rate = drip_rate(f, what, time);
        const int32_t kind = mimic__rng_below(&rng, 100);
        const mimic_infusion infusion = {
            .stay = f->stay, .start = time, .end = end, .itemid = what->itemid,
            .order_id = order, .link_id = link,
            .amount = imprecise(drip_amount(f, what, rate, (end - time) / 60)),
            .rate = rate, .amount_unit = what->amount_unit, .rate_unit = what->rate_unit,
            .category = is_drug ? "01-Drips"
                        : what->itemid == saline.itemid ? "02-Fluids (Crystalloids)"
                                                        : "13-Enteral Nutrition",
            .secondary = is_drug ? "02-Fluids (Crystalloids)" : NULL,
            .component = "Main order parameter",
            .description = is_drug ? "Continuous Med" : "Continuous IV",
            .status = end >= to - 60 ? "FinishedRunning"
                      : kind < 6     ? "Stopped"
                      : kind < 9     ? "Rewritten"
                      : kind < 12    ? "Paused"
                                     : "ChangeDose/Rate",
            .is_fluid = !is_drug, .is_oral = what->itemid == feeding.itemid,
            .key = mimic__rng_next(&rng)};
        f->fn(f->run, &infusion);
        if (what->carrier != 0)
            emit_carrier(f, &infusion, what->carrier, 3 + rate / what->step % 12);
        time = end;
    }
}

static void run_boluses(const flow *f, const bolus *what, int32_t stream)
{
    mimic_rng rng = mimic__rng(f->stay->key + (uint64_t)stream, MIMIC_STREAM_INPUT);
    if (!mimic__rng_chance(&rng, what->per_mille))
        return;
    int64_t time = f->stay->intime + mimic__rng_below(&rng, what->every_hours * 60 + 60) * 60;
    time -= time % 60;
    for (; time < f->stay->outtime - 3600;
         time += (what->every_hours * 50 + mimic__rng_below(&rng, what->every_hours * 20)) * 60) {
        if (what->is_oral && what->itemid == 226452 &&
            mimic__stay_airway(f->stay, time) == MIMIC_AIRWAY_TUBE)
            continue; /* nobody drinks past a tube */
        const bool runs = what->description[0] == 'C';
        const int64_t minutes = runs ? 60 : 1;
        const int64_t amount = what->amount * INT64_C(1000000000);
        const int32_t order = next_order(f);
        const mimic_infusion infusion = {
            .stay = f->stay, .start = time, .end = time + minutes * 60, .itemid = what->itemid,
            .order_id = order, .link_id = order,
            .amount = what->unit[0] == 'd' ? amount : imprecise(amount),
            .rate = runs ? what->amount * INT64_C(1000) : -1, .amount_unit = what->unit,
            .rate_unit = !runs                ? NULL
                         : what->unit[0] == 'm' && what->unit[1] == 'l' ? "mL/hour"
                                                                        : "mEq./hour",
            .category = what->category,
            .secondary = what->carrier != 0 ? "02-Fluids (Crystalloids)" : NULL,
            .component = "Main order parameter", .description = what->description,
            .status = "FinishedRunning", .is_fluid = what->is_fluid && what->carrier == 0,
            .is_oral = what->is_oral, .key = mimic__rng_next(&rng)};
        f->fn(f->run, &infusion);
        if (what->carrier != 0)
            emit_carrier(f, &infusion, what->carrier, what->carrier_ml);
    }
}

static void run_pressors(const flow *f)
{
    const mimic_synth_stay *stay = f->stay;
    if (stay->pressor_start == 0)
        return;
    const int32_t kind = (int32_t)(stay->key % 20);
    const drip *const first = kind < 13   ? &norepinephrine
                              : kind < 17 ? &phenylephrine
                              : kind < 18 ? &dopamine
                              : kind < 19 ? &dobutamine
                                          : &epinephrine;
    run_drip(f, first, stay->pressor_start, stay->pressor_end, 1);
    const int32_t heart = mimic__stay_organ(stay, MIMIC_ORGAN_HEART, stay->peak);
    const int64_t second = stay->pressor_start + (stay->pressor_end - stay->pressor_start) / 6;
    if (heart > 620)
        run_drip(f, &vasopressin, second, stay->pressor_end, 2);
    if (heart > 760)
        run_drip(f, kind % 2 ? &epinephrine : &phenylephrine, second, stay->pressor_end, 3);
}

void mimic__for_each_infusion(mimic_synth_run *run, mimic_infusion_fn fn)
{
    const int32_t bolus_count = (int32_t)(sizeof boluses / sizeof boluses[0]);
    for (int32_t i = 0; i < run->patient.stay_count; i++) {
        const mimic_synth_stay *stay = &run->patient.stays[i];
        const flow f = {run, stay, fn};
        const int64_t length = stay->outtime - stay->intime;
        run_pressors(&f);
        if (stay->tube_start != 0) {
            run_drip(&f, &propofol, stay->tube_start, stay->tube_end, 4);
            if (stay->key % 5 < 3)
                run_drip(&f, &fentanyl, stay->tube_start + 1800, stay->tube_end, 5);
            if (stay->tube_end - stay->tube_start > MIMIC_SYNTH_DAY)
                run_drip(&f, &feeding, stay->tube_start + MIMIC_SYNTH_DAY, stay->tube_end, 6);
        }
        if (stay->key % 9 == 0)
            run_drip(&f, &insulin, stay->intime + 3600, stay->intime + length / 2, 7);
        if (stay->key % 7 < 4)
            run_drip(&f, &saline, stay->intime + 900, stay->intime + length / 2, 8);
        for (int32_t k = 0; k < bolus_count; k++)
            run_boluses(&f, &boluses[k], 20 + k);
    }
}
