/*
 * microbiologyevents: cultures, what grew, and what it resists. A row an antibiotic, else a row an
 * organism, else one row for a test without growth. A patient's rows are in order of time;
 * microevent_id counts through the table.
 */
#include "synth/synth_tables.h"

typedef struct culture {
    int32_t specimen_itemid;
    const char *specimen;
    int32_t test_itemid;
    const char *test;
    int16_t weight;
    int16_t growth_per_mille;
    int16_t first_organism; /* those that are likely in it, in the list below */
    int16_t organisms;
    const char *negative;
} culture;

typedef struct named {
    int32_t itemid;
    const char *name;
} named;

static const named organisms[] = {
    {80002, "ESCHERICHIA COLI"},          {80004, "KLEBSIELLA PNEUMONIAE"},
    {80053, "ENTEROCOCCUS SP."},          {80026, "PSEUDOMONAS AERUGINOSA"},
    {80017, "PROTEUS MIRABILIS"},         {80023, "STAPH AUREUS COAG +"},
    {80155, "STAPHYLOCOCCUS, COAGULASE NEGATIVE"}, {80075, "YEAST"},
    {80005, "KLEBSIELLA OXYTOCA"},        {80014, "SERRATIA MARCESCENS"},
    {80280, "VIRIDANS STREPTOCOCCI"},     {80139, "CLOSTRIDIUM DIFFICILE"},
};

static const named antibiotics[] = {
    {90004, "AMPICILLIN"},        {90022, "AMPICILLIN/SULBACTAM"}, {90005, "CEFAZOLIN"},
    {90028, "CEFEPIME"},          {90017, "CEFTAZIDIME"},          {90018, "CEFTRIAXONE"},
    {90019, "CIPROFLOXACIN"},     {90012, "GENTAMICIN"},           {90029, "MEROPENEM"},
    {90010, "NITROFURANTOIN"},    {90026, "PIPERACILLIN/TAZO"},    {90013, "TOBRAMYCIN"},
    {90008, "TRIMETHOPRIM/SULFA"}, {90015, "VANCOMYCIN"},          {90016, "OXACILLIN"},
    {90007, "CLINDAMYCIN"},       {90006, "ERYTHROMYCIN"},         {90025, "LEVOFLOXACIN"},
};

static const culture cultures[] = {
    {70079, "URINE", 90039, "URINE CULTURE", 250, 330, 0, 6, "NO GROWTH.  "},
    {70012, "BLOOD CULTURE", 90201, "Blood Culture, Routine", 290, 90, 0, 7, "NO GROWTH.  "},
    {70062, "SPUTUM", 90055, "RESPIRATORY CULTURE", 50, 480, 1, 8, "Commensal Respiratory Flora Absent.  "},
    {70062, "SPUTUM", 90270, "GRAM STAIN", 30, 0, 0, 1,
     "1+    (<1 per 1000X FIELD):   POLYMORPHONUCLEAR LEUKOCYTES.  NO MICROORGANISMS SEEN.  "},
    {70091, "MRSA SCREEN", 90189, "MRSA SCREEN", 75, 60, 5, 1, "No MRSA isolated.  "},
    {70070, "SWAB", 90046, "WOUND CULTURE", 40, 520, 0, 8,
     "Culture workup discontinued. Further incubation showed contamination with mixed skin/genital "
     "flora. Clinical significance of isolate(s) uncertain. Interpret with caution.  "},
    {70070, "SWAB", 90115, "R/O VANCOMYCIN RESISTANT ENTEROCOCCUS", 35, 70, 2, 1, "No VRE isolated.  "},
    {70064, "STOOL", 90221, "C. difficile PCR", 60, 90, 11, 1,
     "Negative for toxigenic C. difficile by the Illumigene DNA amplification assay.            "
     "(Reference Range-Negative).  "},
    {70064, "STOOL", 90243, "CAMPYLOBACTER CULTURE", 20, 0, 0, 1, "NO CAMPYLOBACTER FOUND.  "},
    {70053, "PERITONEAL FLUID", 90268, "FLUID CULTURE", 22, 170, 0, 6, "NO GROWTH.  "},
    {70054, "PLEURAL FLUID", 90268, "FLUID CULTURE", 15, 110, 3, 5, "NO GROWTH.  "},
    {70017, "SEROLOGY/BLOOD", 90248, "RAPID PLASMA REAGIN TEST", 25, 0, 0, 1,
     "NONREACTIVE.  Reference Range: Non-Reactive.  "},
    {70045, "Immunology (CMV)", 90192, "CMV Viral Load", 18, 0, 0, 1,
     "CMV DNA not detected.  Performed by ___ CMV Test.  Linear range of quantification: 137 IU/mL - "
     "9,100,000 IU/mL."},
    {70021, "BRONCHOALVEOLAR LAVAGE", 90055, "RESPIRATORY CULTURE", 12, 480, 1, 8,
     "NO GROWTH, <1000 CFU/ml.  "},
    {70026, "CSF;SPINAL FLUID", 90268, "FLUID CULTURE", 9, 30, 5, 2, "NO GROWTH.  "},
    {70059, "Staph aureus swab", 90198, "Staph aureus Screen", 18, 160, 5, 1,
     "NO STAPHYLOCOCCUS AUREUS ISOLATED.  "},
};

#define CULTURE_COUNT ((int32_t)(sizeof cultures / sizeof cultures[0]))

typedef struct sample {
    mimic_synth_run *run;
    const culture *what;
    int32_t hadm_id;
    int32_t specimen_id;
    int64_t time;
    int64_t stored;
    uint64_t key;
} sample;

/* microevent_id to test_name */
static void begin(const sample *s, int32_t test_seq)
{
    mimic_synth_run *run = s->run;
    mimic_csv_writer *out = &run->writer;
    mimic__csv_int(out, (int64_t)++run->row_counter);
    mimic__csv_int(out, run->patient.subject_id);
    if (s->hadm_id == 0)
        mimic__csv_null(out);
    else
        mimic__csv_int(out, s->hadm_id);
    mimic__csv_int(out, s->specimen_id);
    if (s->key % 10 != 0)
        mimic__csv_null(out);
    else
        mimic__csv_provider(run, mimic__mix(s->key));
    mimic__csv_time(out, s->time - s->time % MIMIC_SYNTH_DAY);
    if (s->key % 16 == 1)
        mimic__csv_null(out);
    else
        mimic__csv_time(out, s->time);
    mimic__csv_int(out, s->what->specimen_itemid);
    /* One row in some hundred thousand of the release has an empty text here. */
    mimic__csv_text(out, s->key % 200003 == 5 ? "" : s->what->specimen);
    mimic__csv_int(out, test_seq);
    mimic__csv_time(out, s->stored - s->stored % MIMIC_SYNTH_DAY);
    mimic__csv_time(out, s->stored);
    mimic__csv_int(out, s->what->test_itemid);
    mimic__csv_text(out, s->what->test);
}

static void end(const sample *s, const char *comment)
{
    mimic_csv_writer *out = &s->run->writer;
    if (comment == NULL)
        mimic__csv_null(out);
    else
        mimic__csv_text(out, comment);
    mimic__csv_row_end(out);
}

/* dilution_text, dilution_comparison (padded, as the release has it), dilution_value, interpretation */
static void write_dilution(mimic_csv_writer *out, uint64_t bits)
{
    static const char *const values[] = {"0.25", "0.5", "1", "2", "4", "8", "16", "32", "64"};
    const int32_t kind = mimic__scale(bits, 1000);
    const bool resists = kind >= 790;
    const bool is_exact = kind % 7 == 0;
    const char *value = values[resists ? 5 + mimic__scale(mimic__mix(bits), 4)
                                       : mimic__scale(mimic__mix(bits), 5)];
    const char *sign = is_exact ? "=" : resists ? "=>" : "<=";
    if (!is_exact)
        mimic__csv_raw(out, sign, 2);
    mimic__csv_word(out, value);
    mimic__csv_word(out, is_exact ? "=         " : resists ? "=>        " : "<=        ");
    mimic__csv_word(out, value);
    mimic__csv_word(out, resists ? "R" : kind > 770 ? "I" : "S");
}

/* Gram positives are tested against the last drugs of the list, the others against the first. */
static void write_organism(const sample *s, int32_t isolate)
{
    mimic_csv_writer *out = &s->run->writer;
    const uint64_t bits = mimic__mix2(s->key, (uint64_t)isolate);
    const int32_t number = s->what->first_organism + mimic__scale(bits, s->what->organisms);
    const named *organism = &organisms[number];
    const bool is_positive = number == 2 || number == 5 || number == 6 || number == 10;
    const bool is_tested = number != 7 && number != 11 && s->what->organisms > 1;
    const int32_t first = is_positive ? 12 : 0;
    const int32_t tested = is_tested ? (is_positive ? 6 : 6 + mimic__scale(bits << 16, 7)) : 0;
    for (int32_t i = 0; i < (is_tested ? tested : 1); i++) {
        begin(s, 1);
        mimic__csv_int(out, organism->itemid);
        mimic__csv_text(out, organism->name);
        mimic__csv_int(out, isolate);
        mimic__csv_null(out);
        if (is_tested) {
            mimic__csv_int(out, antibiotics[first + i].itemid);
            mimic__csv_word(out, antibiotics[first + i].name);
            write_dilution(out, mimic__mix2(bits, (uint64_t)i));
        } else {
            mimic__csv_nulls(out, 6);
        }
        end(s, bits % 5 == 0 ? ">100,000 ORGANISMS/ML.\n\"PRESUMPTIVE IDENTIFICATION\".  " : NULL);
    }
}

static void write_sample(sample *s)
{
    s->specimen_id = mimic__scatter_small(s->run->group_counter++, 4);
    if (mimic__scale(s->key, 1000) < s->what->growth_per_mille) {
        write_organism(s, 1);
        if (s->key % 12 == 0 && s->what->organisms > 3)
            write_organism(s, 2);
        return;
    }
    begin(s, 1);
    mimic__csv_nulls(&s->run->writer, 10);
    end(s, s->key % 11 == 0 ? "___" : s->what->negative);
}

static void take(mimic_synth_run *run, int32_t hadm_id, int64_t time, mimic_rng *rng)
{
    int16_t weights[CULTURE_COUNT];
    for (int32_t i = 0; i < CULTURE_COUNT; i++)
        weights[i] = cultures[i].weight;
    sample s = {.run = run, .hadm_id = hadm_id, .key = mimic__rng_next(rng)};
    s.what = &cultures[mimic__rng_weighted(rng, weights, CULTURE_COUNT)];
    s.time = time - time % 60;
    s.stored = s.time + mimic__rng_range(rng, 14 * 60, 120 * 60) * 60;
    if (run->patient.death == 0 || time < run->patient.death)
        write_sample(&s);
}

static void write_admission(mimic_synth_run *run, const mimic_synth_admission *admission)
{
    mimic_rng rng = mimic__rng(admission->key, MIMIC_STREAM_MICRO);
    int32_t count = mimic__rng_below(&rng, 1 + admission->severity / 105);
    count += admission->stay_count * mimic__rng_below(&rng, 4);
    const int64_t step = (admission->discharge - admission->admit) / (count + 1);
    for (int32_t i = 0; i < count; i++)
        take(run, i == 0 && admission->ed_register != 0 ? 0 : admission->hadm_id,
             admission->admit + i * step + mimic__rng_below(&rng, (int32_t)step), &rng);
}

void mimic__write_microbiologyevents(mimic_synth_run *run)
{
    const mimic_synth_patient *patient = &run->patient;
    mimic_rng rng = mimic__rng(patient->key, MIMIC_STREAM_MICRO);
    int32_t visit = 0;
    for (int32_t i = 0; i <= patient->admission_count; i++) {
        for (; visit < patient->visit_count &&
               (i == patient->admission_count || patient->visits[visit].time < patient->admissions[i].admit);
             visit++)
            for (int32_t n = mimic__rng_below(&rng, 3); n > 0; n--)
                take(run, 0, patient->visits[visit].time + n * 1800, &rng);
        if (i < patient->admission_count)
            write_admission(run, &patient->admissions[i]);
    }
}
