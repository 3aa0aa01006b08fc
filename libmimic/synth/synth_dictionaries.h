/* Static tables of names and codes. All texts are public facts; lists end with a NULL or 0 entry. */
#ifndef MIMIC_SYNTH_DICTIONARIES_H
#define MIMIC_SYNTH_DICTIONARIES_H

#include <stddef.h>
#include <stdint.h>

typedef struct mimic_code {
    const char *code;
    const char *title;
} mimic_code;

/* The first `common` entries are the usual secondary ones, most frequent first. */
extern const mimic_code mimic__diagnoses9[];
extern const mimic_code mimic__diagnoses10[];
extern const mimic_code mimic__procedures9[];
extern const mimic_code mimic__procedures10[];
extern const int32_t mimic__common_diagnoses9;
extern const int32_t mimic__common_diagnoses10;
extern const int32_t mimic__common_procedures9;
extern const int32_t mimic__common_procedures10;
extern const mimic_code mimic__drgs_hcfa[];
extern const mimic_code mimic__drgs_apr[];

/* Title of a code; "" when it is not in the list. */
const char *mimic__code_title(const mimic_code *codes, const char *code);

typedef struct mimic_hcpcs {
    const char *code;
    int32_t category; /* 0 = NULL */
    const char *long_description;
    const char *short_description;
} mimic_hcpcs;

extern const mimic_hcpcs mimic__hcpcs[];

/* One row of d_items, NULL where the release has it. */
typedef struct mimic_item {
    int32_t itemid;
    const char *label;
    const char *abbreviation;
    const char *linksto;
    const char *category;
    const char *unit;
    const char *param_type;
    const char *low; /* as the release prints it; NULL = none */
    const char *high;
} mimic_item;

extern const mimic_item mimic__items[];

#endif
