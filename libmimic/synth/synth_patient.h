/*
 * One simulated patient as plain structs: admissions, where they lay, ICU stays, and how ill they
 * were. Everything else (labs, charts, orders …) is drawn from it by the tables.
 *
 * Illness is a number from 0 (well) to 1000 (dying); an organ's share of it likewise. Times are
 * seconds since 1970-01-01, no zone.
 */
#ifndef MIMIC_SYNTH_PATIENT_H
#define MIMIC_SYNTH_PATIENT_H

#include "synth/synth_random.h"

#define MIMIC_SYNTH_HOUR INT64_C(3600)
#define MIMIC_SYNTH_DAY INT64_C(86400)

/* Room for ids that are blocks of a patient; the release has at most 238 admissions of one, we 27. */
#define MIMIC_SYNTH_MAX_ADMISSIONS 27
#define MIMIC_SYNTH_MAX_STAYS 27
#define MIMIC_SYNTH_MAX_VISITS 24
#define MIMIC_SYNTH_MAX_TRANSFERS (MIMIC_SYNTH_MAX_ADMISSIONS * 7 + MIMIC_SYNTH_MAX_VISITS)
/* Ids of 10 000 000 and up in blocks of 27 end below 20 000 000. */
#define MIMIC_SYNTH_MAX_PATIENTS 370370

/* Streams of random numbers; one a use, so that uses do not disturb one another. */
enum {
    MIMIC_STREAM_PATIENT = 1,
    MIMIC_STREAM_ADMISSION,
    MIMIC_STREAM_VISIT,
    MIMIC_STREAM_STAY,
    MIMIC_STREAM_CODES,
    MIMIC_STREAM_SERVICES,
    MIMIC_STREAM_LABS,
    MIMIC_STREAM_LAB_VALUES,
    MIMIC_STREAM_MICRO,
    MIMIC_STREAM_OMR,
    MIMIC_STREAM_ORDERS,
    MIMIC_STREAM_EMAR,
    MIMIC_STREAM_CHART,
    MIMIC_STREAM_CHART_VALUES,
    MIMIC_STREAM_INPUT,
    MIMIC_STREAM_OUTPUT,
    MIMIC_STREAM_DATETIME,
    MIMIC_STREAM_PROCEDURE,
    MIMIC_STREAM_SHIFT,
};

typedef enum mimic_organ {
    MIMIC_ORGAN_NONE = -1,
    MIMIC_ORGAN_LUNG,
    MIMIC_ORGAN_HEART,
    MIMIC_ORGAN_KIDNEY,
    MIMIC_ORGAN_LIVER,
    MIMIC_ORGAN_BLOOD,
    MIMIC_ORGAN_BRAIN,
    MIMIC_ORGAN_WHOLE, /* the illness itself, e.g. inflammation */
    MIMIC_ORGAN_COUNT
} mimic_organ;

typedef enum mimic_airway {
    MIMIC_AIRWAY_ROOM_AIR,
    MIMIC_AIRWAY_CANNULA,
    MIMIC_AIRWAY_MASK,
    MIMIC_AIRWAY_HIGH_FLOW,
    MIMIC_AIRWAY_BIPAP,
    MIMIC_AIRWAY_TUBE,
} mimic_airway;

typedef struct mimic_synth_admission {
    int32_t hadm_id;
    int32_t number; /* 0-based */
    int32_t problem; /* into mimic__problems */
    int32_t severity;
    int64_t admit;
    int64_t discharge;
    int64_t ed_register; /* 0 = not by way of the emergency department */
    int64_t ed_out;
    int32_t first_stay;
    int32_t stay_count;
    int32_t icd_version; /* 9 or 10 */
    bool dies;
    bool has_emar; /* the electronic record of administrations began in 2012 */
    const char *type;
    const char *location;
    const char *discharge_location; /* NULL = not known */
    const char *insurance;
    const char *marital_status;
    uint64_t key;
} mimic_synth_admission;

typedef struct mimic_synth_stay {
    int32_t stay_id;
    int32_t admission; /* index */
    int64_t intime;
    int64_t outtime;
    int64_t peak; /* when the illness is worst */
    int32_t severity_in;
    int32_t severity_peak;
    int32_t severity_out;
    int16_t organ_weight[MIMIC_ORGAN_COUNT]; /* 1000 = suffers as the whole does */
    int64_t tube_start; /* 0 = never intubated */
    int64_t tube_end;
    int64_t pressor_start; /* 0 = none */
    int64_t pressor_end;
    bool has_arterial_line;
    bool has_foley;
    bool has_central_line;
    const char *first_unit;
    const char *last_unit;
    uint64_t key;
} mimic_synth_stay;

typedef enum mimic_transfer_kind {
    MIMIC_TRANSFER_ED,
    MIMIC_TRANSFER_ADMIT,
    MIMIC_TRANSFER_MOVE,
    MIMIC_TRANSFER_DISCHARGE,
} mimic_transfer_kind;

typedef struct mimic_synth_transfer {
    mimic_transfer_kind kind;
    int32_t hadm_id; /* 0 = NULL: an emergency visit without admission */
    const char *unit; /* NULL for the discharge */
    int64_t intime;
    int64_t outtime; /* 0 = NULL */
} mimic_synth_transfer;

/* Care outside an admission: the emergency department and back home, or a clinic. */
typedef struct mimic_synth_visit {
    int64_t time;
    bool is_emergency;
} mimic_synth_visit;

typedef struct mimic_synth_patient {
    int64_t index; /* 0-based */
    uint64_t key;
    int32_t subject_id;
    bool is_female;
    int32_t anchor_age;
    int32_t anchor_year;
    int32_t anchor_group; /* first real year of the group: 2008, 2011 … 2020 */
    int64_t death;        /* 0 = not known to have died; the moment for deaths in hospital */
    int32_t burden;       /* chronic illness, 0 to 1000 */
    int32_t height_cm;
    int32_t weight_grams;
    const char *language;
    const char *race;
    int32_t admission_count;
    int32_t stay_count;
    int32_t transfer_count;
    int32_t visit_count;
    mimic_synth_admission admissions[MIMIC_SYNTH_MAX_ADMISSIONS];
    mimic_synth_stay stays[MIMIC_SYNTH_MAX_STAYS];
    mimic_synth_transfer transfers[MIMIC_SYNTH_MAX_TRANSFERS];
    mimic_synth_visit visits[MIMIC_SYNTH_MAX_VISITS];
} mimic_synth_patient;

/* Simulates patient `index` (below MIMIC_SYNTH_MAX_PATIENTS) of a seed into *out_patient. */
void mimic__synth_patient(uint64_t seed, int64_t index, mimic_synth_patient *out_patient);

/* Places of one admission, ICU stays included; appends to patient->transfers and ->stays. */
void mimic__synth_admission_places(mimic_synth_patient *patient, mimic_synth_admission *admission);

/* Illness of a stay, and of one organ in it, at a time; 0 to 1000. */
int32_t mimic__stay_severity(const mimic_synth_stay *stay, int64_t time);
int32_t mimic__stay_organ(const mimic_synth_stay *stay, mimic_organ organ, int64_t time);
int32_t mimic__stay_fio2(const mimic_synth_stay *stay, int64_t time);      /* percent */
int32_t mimic__stay_pf_ratio(const mimic_synth_stay *stay, int64_t time);  /* mmHg */
int32_t mimic__stay_gcs(const mimic_synth_stay *stay, int64_t time);       /* 3 to 15 */
int32_t mimic__stay_urine(const mimic_synth_stay *stay, int64_t time);     /* mL an hour */
mimic_airway mimic__stay_airway(const mimic_synth_stay *stay, int64_t time);

/* An organ's illness anywhere: in the stay that covers the time, in the admission, or at home. */
int32_t mimic__patient_organ(const mimic_synth_patient *patient, mimic_organ organ, int64_t time);
/* The stay that covers a time, or NULL. */
const mimic_synth_stay *mimic__patient_stay_at(const mimic_synth_patient *patient, int64_t time);

/* The real year behind a shifted time; accurate to the year. */
int32_t mimic__patient_real_year(const mimic_synth_patient *patient, int64_t time);

/* A provider ("P3529J") or caregiver (10492) by number; out_id takes 7 bytes with its NUL. */
#define MIMIC_SYNTH_PROVIDERS 4096
#define MIMIC_SYNTH_CAREGIVERS 2048
void mimic__provider_id(uint64_t seed, int32_t number, char *out_id);
int32_t mimic__caregiver_id(uint64_t seed, int32_t number);

#endif
