/*
 * Laboratory items with their real ids, labels and units, and the panels in which they are drawn.
 * Reference ranges are the hospital's as the open demo shows them; the other numbers are rough
 * physiology. Ascending itemid, so that mimic__find_lab may search by halves.
 */
#include "synth/synth_labs.h"

#define LIST(name, ...) static const char *const name[] = {__VA_ARGS__}
#define COUNT(list) ((int32_t)(sizeof(list) / sizeof((list)[0])))
#define NO MIMIC_LAB_NO_RANGE
#define NUMBER(item, label, fluid, category, unit, decimals, organ, base, spread, slope, low, high, from, to) \
    {item, label, fluid, category, unit, decimals, MIMIC_ORGAN_##organ, base, spread, slope, low, high, from, to, NULL, 0}
#define WORD(item, label, fluid, category, unit, list) \
    {item, label, fluid, category, unit, 0, MIMIC_ORGAN_NONE, 0, 0, 0, 0, 0, NO, NO, list, COUNT(list)}

/* clang-format off */
LIST(intubated, "INTUBATED.", "NOT INTUBATED.");
LIST(specimen, "ART.", "VEN.", "MIX.");
LIST(hold_blue, "HOLD.  DISCARD GREATER THAN 24 HRS OLD.");
LIST(hold_red, "HOLD.");
LIST(hold_green, "HOLD.  DISCARD GREATER THAN 4 HOURS OLD.");
LIST(egfr, "Using this patient's age, gender, and serum creatinine value of ___,   Estimated GFR = ___ if non African-American (mL/min/1.73 m2)   Estimated GFR = ___ if African-American (mL/min/1.73 m2)   For comparison, mean GFR for age group 60-69 is 85 (mL/min/1.73 m2)   GFR<60 = Chronic Kidney Disease, GFR<15 = Kidney Failure.");
LIST(negative, "NEG.", "NEG.", "NEG.", "NEG", "POS.");
LIST(tox, "NEG.", "NEG.", "NEG.", "POS.  POSITIVE RESULTS REPRESENT PRELIMINARY, \"UNCONFIRMED\" SCREEN;CONFIRM IF CLINICALLY INDICATED.");
LIST(smear, "NORMAL.", "NORMAL.", "1+.", "OCCASIONAL.", "2+*.");
LIST(platelet_smear, "NORMAL.", "LOW.", "VERY LOW.", "VERIFIED, \"1 NRBC\"/100 WBCS SEEN.");
LIST(sediment, "NONE.", "FEW.", "MOD.", "MANY.");
LIST(appearance, "Clear.", "Hazy.", "Cloudy.", "Clear");
LIST(color, "Yellow.", "Straw.", "DkAmb.", "Yellow");
LIST(small, "NEG.", "NEG.", "TR.", "SM .", "LG.");
LIST(hold_urine, "HOLD.  SPECIMEN TO BE HELD 48 HOURS AND DISCARDED.");
LIST(random_urine, "RANDOM.");

const mimic_lab mimic__labs[] = {
    NUMBER(50802, "Base Excess", "Blood", "Blood Gas", "mEq/L", 0, WHOLE, 0, 2, -14, -28, 18, NO, NO),
    NUMBER(50804, "Calculated Total CO2", "Blood", "Blood Gas", "mEq/L", 0, WHOLE, 26, 2, -11, 5, 48, 21, 30),
    NUMBER(50808, "Free Calcium", "Blood", "Blood Gas", "mmol/L", 2, WHOLE, 116, 4, -14, 72, 160, 112, 132),
    NUMBER(50809, "Glucose", "Blood", "Blood Gas", "mg/dL", 0, WHOLE, 118, 22, 70, 35, 680, 70, 105),
    NUMBER(50810, "Hematocrit, Calculated", "Blood", "Blood Gas", "%", 0, BLOOD, 34, 3, -12, 14, 58, NO, NO),
    NUMBER(50811, "Hemoglobin", "Blood", "Blood Gas", "g/dL", 1, BLOOD, 112, 9, -40, 45, 190, 140, 180),
    WORD(50812, "Intubated", "Blood", "Blood Gas", NULL, intubated),
    NUMBER(50813, "Lactate", "Blood", "Blood Gas", "mmol/L", 1, WHOLE, 11, 3, 60, 4, 280, 5, 20),
    NUMBER(50816, "Oxygen", "Blood", "Blood Gas", "%", 0, NONE, 40, 0, 0, 21, 100, NO, NO),
    NUMBER(50817, "Oxygen Saturation", "Blood", "Blood Gas", "%", 0, LUNG, 97, 1, -18, 42, 100, NO, NO),
    NUMBER(50818, "pCO2", "Blood", "Blood Gas", "mm Hg", 0, LUNG, 39, 4, 16, 16, 115, 35, 45),
    NUMBER(50819, "PEEP", "Blood", "Blood Gas", NULL, 0, LUNG, 5, 1, 9, 5, 20, NO, NO),
    NUMBER(50820, "pH", "Blood", "Blood Gas", "units", 2, WHOLE, 741, 4, -30, 675, 765, 735, 745),
    NUMBER(50821, "pO2", "Blood", "Blood Gas", "mm Hg", 0, NONE, 95, 8, 0, 25, 560, 85, 105),
    NUMBER(50822, "Potassium, Whole Blood", "Blood", "Blood Gas", "mEq/L", 1, KIDNEY, 40, 3, 16, 19, 92, 33, 51),
    NUMBER(50824, "Sodium, Whole Blood", "Blood", "Blood Gas", "mEq/L", 0, WHOLE, 138, 3, -4, 108, 172, 133, 145),
    NUMBER(50825, "Temperature", "Blood", "Blood Gas", NULL, 1, WHOLE, 369, 4, 8, 320, 412, NO, NO),
    NUMBER(50852, "% Hemoglobin A1c", "Blood", "Chemistry", "%", 1, WHOLE, 60, 9, 20, 40, 160, 48, 59),
    NUMBER(50861, "Alanine Aminotransferase (ALT)", "Blood", "Chemistry", "IU/L", 0, LIVER, 24, 10, 780, 4, 9200, 0, 40),
    NUMBER(50862, "Albumin", "Blood", "Chemistry", "g/dL", 1, WHOLE, 40, 4, -18, 11, 55, 35, 52),
    NUMBER(50863, "Alkaline Phosphatase", "Blood", "Chemistry", "IU/L", 0, LIVER, 82, 22, 230, 18, 1900, 40, 130),
    NUMBER(50868, "Anion Gap", "Blood", "Chemistry", "mEq/L", 0, WHOLE, 13, 2, 11, 4, 42, 8, 20),
    NUMBER(50878, "Asparate Aminotransferase (AST)", "Blood", "Chemistry", "IU/L", 0, LIVER, 26, 10, 980, 6, 12400, 0, 40),
    NUMBER(50882, "Bicarbonate", "Blood", "Chemistry", "mEq/L", 0, WHOLE, 26, 2, -10, 5, 48, 22, 32),
    NUMBER(50883, "Bilirubin, Direct", "Blood", "Chemistry", "mg/dL", 1, LIVER, 2, 1, 140, 1, 280, 0, 3),
    NUMBER(50885, "Bilirubin, Total", "Blood", "Chemistry", "mg/dL", 1, LIVER, 5, 2, 230, 1, 520, 0, 15),
    WORD(50887, "Blue Top Hold", "Blood", "Chemistry", NULL, hold_blue),
    NUMBER(50889, "C-Reactive Protein", "Blood", "Chemistry", "mg/L", 1, WHOLE, 40, 60, 2400, 3, 3600, 0, 50),
    NUMBER(50893, "Calcium, Total", "Blood", "Chemistry", "mg/dL", 1, WHOLE, 90, 4, -13, 52, 152, 84, 103),
    NUMBER(50902, "Chloride", "Blood", "Chemistry", "mEq/L", 0, WHOLE, 102, 3, 3, 68, 138, 96, 108),
    NUMBER(50903, "Cholesterol Ratio (Total/HDL)", "Blood", "Chemistry", "Ratio", 1, NONE, 36, 9, 0, 15, 120, NO, NO),
    NUMBER(50904, "Cholesterol, HDL", "Blood", "Chemistry", "mg/dL", 0, NONE, 52, 13, 0, 10, 120, NO, NO),
    NUMBER(50905, "Cholesterol, LDL, Calculated", "Blood", "Chemistry", "mg/dL", 0, NONE, 98, 28, 0, 20, 260, 0, 129),
    NUMBER(50907, "Cholesterol, Total", "Blood", "Chemistry", "mg/dL", 0, NONE, 174, 34, 0, 60, 420, 0, 199),
    NUMBER(50910, "Creatine Kinase (CK)", "Blood", "Chemistry", "IU/L", 0, HEART, 110, 60, 1100, 12, 42000, 47, 322),
    NUMBER(50911, "Creatine Kinase, MB Isoenzyme", "Blood", "Chemistry", "ng/mL", 0, HEART, 3, 1, 55, 1, 480, 0, 10),
    NUMBER(50912, "Creatinine", "Blood", "Chemistry", "mg/dL", 1, KIDNEY, 8, 1, 58, 2, 160, 5, 12),
    WORD(50919, "EDTA Hold", "Blood", "Chemistry", NULL, hold_red),
    WORD(50920, "Estimated GFR (MDRD equation)", "Blood", "Chemistry", NULL, egfr),
    WORD(50922, "Ethanol", "Blood", "Chemistry", "mg/dL", tox),
    NUMBER(50924, "Ferritin", "Blood", "Chemistry", "ng/mL", 0, LIVER, 150, 90, 2600, 5, 16000, 30, 400),
    NUMBER(50930, "Globulin", "Blood", "Chemistry", "g/dL", 1, NONE, 27, 4, 0, 14, 66, 20, 40),
    NUMBER(50931, "Glucose", "Blood", "Chemistry", "mg/dL", 0, WHOLE, 112, 26, 75, 28, 980, 70, 100),
    WORD(50933, "Green Top Hold (plasma)", "Blood", "Chemistry", NULL, hold_green),
    NUMBER(50934, "H", "Blood", "Chemistry", NULL, 0, NONE, 8, 5, 0, 0, 300, NO, NO),
    NUMBER(50947, "I", "Blood", "Chemistry", NULL, 0, LIVER, 1, 0, 12, 0, 20, NO, NO),
    NUMBER(50952, "Iron", "Blood", "Chemistry", "ug/dL", 0, BLOOD, 70, 26, -45, 8, 240, 30, 160),
    NUMBER(50953, "Iron Binding Capacity, Total", "Blood", "Chemistry", "ug/dL", 0, WHOLE, 290, 52, -120, 70, 520, 260, 470),
    NUMBER(50954, "Lactate Dehydrogenase (LD)", "Blood", "Chemistry", "IU/L", 0, WHOLE, 205, 45, 720, 80, 9900, 94, 250),
    NUMBER(50956, "Lipase", "Blood", "Chemistry", "IU/L", 0, NONE, 34, 14, 0, 5, 3400, 0, 60),
    NUMBER(50960, "Magnesium", "Blood", "Chemistry", "mg/dL", 1, KIDNEY, 20, 2, 5, 8, 52, 16, 26),
    NUMBER(50963, "NTproBNP", "Blood", "Chemistry", "pg/mL", 0, HEART, 420, 330, 22000, 5, 70000, 0, 177),
    NUMBER(50970, "Phosphate", "Blood", "Chemistry", "mg/dL", 1, KIDNEY, 34, 6, 35, 8, 140, 27, 45),
    NUMBER(50971, "Potassium", "Blood", "Chemistry", "mEq/L", 1, KIDNEY, 41, 3, 15, 22, 88, 33, 51),
    NUMBER(50976, "Protein, Total", "Blood", "Chemistry", "g/dL", 1, WHOLE, 67, 5, -14, 32, 110, 64, 83),
    WORD(50979, "Red Top Hold", "Blood", "Chemistry", NULL, hold_red),
    WORD(50981, "Salicylate", "Blood", "Chemistry", "mg/dL", tox),
    NUMBER(50983, "Sodium", "Blood", "Chemistry", "mEq/L", 0, WHOLE, 139, 3, -4, 108, 172, 133, 145),
    NUMBER(50993, "Thyroid Stimulating Hormone", "Blood", "Chemistry", "uIU/mL", 1, NONE, 22, 13, 0, 1, 500, 3, 42),
    NUMBER(50998, "Transferrin", "Blood", "Chemistry", "mg/dL", 0, WHOLE, 220, 40, -110, 55, 420, 200, 360),
    WORD(50999, "Tricyclic Antidepressant Screen", "Blood", "Chemistry", NULL, tox),
    NUMBER(51000, "Triglycerides", "Blood", "Chemistry", "mg/dL", 0, NONE, 124, 52, 0, 25, 1600, 0, 149),
    NUMBER(51003, "Troponin T", "Blood", "Chemistry", "ng/mL", 2, HEART, 1, 1, 240, 1, 2400, 0, 1),
    NUMBER(51006, "Urea Nitrogen", "Blood", "Chemistry", "mg/dL", 0, KIDNEY, 15, 4, 92, 2, 240, 6, 20),
    NUMBER(51007, "Uric Acid", "Blood", "Chemistry", "mg/dL", 1, KIDNEY, 54, 13, 60, 8, 240, 34, 70),
    NUMBER(51009, "Vancomycin", "Blood", "Chemistry", "ug/mL", 1, KIDNEY, 150, 38, 110, 18, 780, 100, 200),
    NUMBER(51010, "Vitamin B12", "Blood", "Chemistry", "pg/mL", 0, NONE, 560, 180, 0, 90, 2000, 240, 900),
    NUMBER(51082, "Creatinine, Urine", "Urine", "Chemistry", "mg/dL", 0, NONE, 82, 36, 0, 8, 420, NO, NO),
    WORD(51087, "Length of Urine Collection", "Urine", "Chemistry", NULL, random_urine),
    NUMBER(51100, "Sodium, Urine", "Urine", "Chemistry", "mEq/L", 0, NONE, 52, 26, 0, 10, 220, NO, NO),
    WORD(51107, "Urine tube, held", "Urine", "Chemistry", NULL, hold_urine),
    NUMBER(51133, "Absolute Lymphocyte Count", "Blood", "Hematology", "K/uL", 2, WHOLE, 165, 40, -120, 2, 980, 120, 370),
    WORD(51137, "Anisocytosis", "Blood", "Hematology", NULL, smear),
    NUMBER(51144, "Bands", "Blood", "Hematology", "%", 0, WHOLE, 0, 1, 22, 0, 52, 0, 5),
    NUMBER(51146, "Basophils", "Blood", "Hematology", "%", 1, NONE, 4, 2, 0, 0, 40, 0, 10),
    NUMBER(51200, "Eosinophils", "Blood", "Hematology", "%", 1, NONE, 18, 11, 0, 0, 300, 10, 70),
    NUMBER(51214, "Fibrinogen, Functional", "Blood", "Hematology", "mg/dL", 0, LIVER, 330, 80, -190, 40, 980, 180, 400),
    NUMBER(51221, "Hematocrit", "Blood", "Hematology", "%", 1, BLOOD, 372, 22, -130, 140, 590, 400, 510),
    NUMBER(51222, "Hemoglobin", "Blood", "Hematology", "g/dL", 1, BLOOD, 122, 8, -45, 44, 196, 137, 175),
    WORD(51233, "Hypochromia", "Blood", "Hematology", NULL, smear),
    NUMBER(51237, "INR(PT)", "Blood", "Hematology", NULL, 1, LIVER, 11, 1, 34, 8, 135, 9, 11),
    NUMBER(51244, "Lymphocytes", "Blood", "Hematology", "%", 1, WHOLE, 205, 60, -160, 5, 920, 190, 530),
    NUMBER(51248, "MCH", "Blood", "Hematology", "pg", 1, NONE, 300, 13, 0, 190, 420, 260, 320),
    NUMBER(51249, "MCHC", "Blood", "Hematology", "g/dL", 1, NONE, 327, 9, 0, 270, 380, 320, 370),
    NUMBER(51250, "MCV", "Blood", "Hematology", "fL", 0, NONE, 91, 4, 0, 60, 128, 82, 98),
    NUMBER(51254, "Monocytes", "Blood", "Hematology", "%", 1, NONE, 70, 22, 0, 2, 400, 50, 130),
    NUMBER(51256, "Neutrophils", "Blood", "Hematology", "%", 1, WHOLE, 660, 80, 220, 10, 985, 340, 710),
    NUMBER(51265, "Platelet Count", "Blood", "Hematology", "K/uL", 0, BLOOD, 240, 55, -560, 5, 1180, 150, 400),
    WORD(51266, "Platelet Smear", "Blood", "Hematology", NULL, platelet_smear),
    WORD(51267, "Poikilocytosis", "Blood", "Hematology", NULL, smear),
    WORD(51268, "Polychromasia", "Blood", "Hematology", NULL, smear),
    NUMBER(51274, "PT", "Blood", "Hematology", "sec", 1, LIVER, 122, 9, 360, 85, 1450, 94, 125),
    NUMBER(51275, "PTT", "Blood", "Hematology", "sec", 1, BLOOD, 308, 40, 420, 180, 1500, 250, 365),
    NUMBER(51277, "RDW", "Blood", "Hematology", "%", 1, WHOLE, 140, 9, 40, 110, 320, 105, 155),
    NUMBER(51279, "Red Blood Cells", "Blood", "Hematology", "m/uL", 2, BLOOD, 412, 28, -150, 150, 690, 460, 610),
    NUMBER(51301, "White Blood Cells", "Blood", "Hematology", "K/uL", 1, WHOLE, 76, 24, 190, 1, 980, 40, 100),
    WORD(51463, "Bacteria", "Urine", "Hematology", NULL, sediment),
    WORD(51464, "Bilirubin", "Urine", "Hematology", "mg/dL", negative),
    WORD(51466, "Blood", "Urine", "Hematology", NULL, small),
    NUMBER(51476, "Epithelial Cells", "Urine", "Hematology", "#/hpf", 0, NONE, 1, 1, 0, 0, 60, NO, NO),
    WORD(51478, "Glucose", "Urine", "Hematology", "mg/dL", negative),
    WORD(51484, "Ketone", "Urine", "Hematology", "mg/dL", small),
    WORD(51486, "Leukocytes", "Urine", "Hematology", NULL, small),
    WORD(51487, "Nitrite", "Urine", "Hematology", NULL, negative),
    NUMBER(51491, "pH", "Urine", "Hematology", "units", 1, NONE, 60, 6, 0, 50, 90, 50, 80),
    WORD(51492, "Protein", "Urine", "Hematology", "mg/dL", small),
    NUMBER(51493, "RBC", "Urine", "Hematology", "#/hpf", 0, KIDNEY, 2, 2, 40, 0, 182, 0, 2),
    NUMBER(51498, "Specific Gravity", "Urine", "Hematology", " ", 3, NONE, 1017, 6, 0, 1001, 1050, 1001, 1035),
    WORD(51506, "Urine Appearance", "Urine", "Hematology", NULL, appearance),
    WORD(51508, "Urine Color", "Urine", "Hematology", NULL, color),
    NUMBER(51514, "Urobilinogen", "Urine", "Hematology", "mg/dL", 1, NONE, 4, 3, 0, 2, 120, 2, 10),
    NUMBER(51516, "WBC", "Urine", "Hematology", "#/hpf", 0, WHOLE, 4, 3, 60, 0, 182, 0, 5),
    WORD(51519, "Yeast", "Urine", "Hematology", NULL, sediment),
    NUMBER(51678, "L", "Blood", "Chemistry", NULL, 0, NONE, 12, 7, 0, 0, 200, NO, NO),
    WORD(52033, "Specimen Type", "Blood", "Blood Gas", NULL, specimen),
    NUMBER(52069, "Absolute Basophil Count", "Blood", "Hematology", "K/uL", 2, NONE, 3, 2, 0, 0, 60, 1, 8),
    NUMBER(52073, "Absolute Eosinophil Count", "Blood", "Hematology", "K/uL", 2, NONE, 14, 9, 0, 0, 400, 4, 54),
    NUMBER(52074, "Absolute Monocyte Count", "Blood", "Hematology", "K/uL", 2, NONE, 62, 20, 0, 1, 500, 20, 80),
    NUMBER(52075, "Absolute Neutrophil Count", "Blood", "Hematology", "K/uL", 2, WHOLE, 560, 170, 900, 1, 6800, 160, 610),
    NUMBER(52172, "RDW-SD", "Blood", "Hematology", "fL", 1, WHOLE, 468, 30, 120, 340, 1100, 351, 463),
};

const int32_t mimic__lab_count = (int32_t)(sizeof mimic__labs / sizeof mimic__labs[0]);

static const int32_t cbc[] = {51221, 51222, 51248, 51249, 51250, 51265, 51277, 51279, 51301, 52172, 0};
static const int32_t differential[] = {51133, 51146, 51200, 51244, 51254, 51256, 52069, 52073, 52074, 52075, 51144, 0};
static const int32_t chemistry[] = {50868, 50882, 50893, 50902, 50912, 50931, 50960, 50970, 50971, 50983, 51006, 50934, 50947, 51678, 0};
static const int32_t liver[] = {50861, 50862, 50863, 50878, 50885, 50954, 50956, 0};
static const int32_t coagulation[] = {51237, 51274, 51275, 0};
static const int32_t gas_arterial[] = {52033, 50802, 50804, 50813, 50816, 50818, 50819, 50820, 50821, 50808, 50812, 50822, 0};
static const int32_t gas_venous[] = {52033, 50802, 50804, 50813, 50818, 50820, 50821, 50817, 0};
static const int32_t urine[] = {51463, 51464, 51466, 51476, 51478, 51484, 51486, 51487, 51491, 51492, 51493, 51498, 51506, 51508, 51514, 51516, 51519, 51087, 0};
static const int32_t cardiac[] = {50910, 50911, 51003, 50963, 0};
static const int32_t lipids[] = {50903, 50904, 50905, 50907, 51000, 0};
static const int32_t glycated[] = {50852, 0};
static const int32_t thyroid[] = {50993, 51010, 0};
static const int32_t iron[] = {50924, 50952, 50953, 50998, 0};
static const int32_t vancomycin[] = {51009, 0};
static const int32_t toxicology[] = {50922, 50981, 50999, 0};
static const int32_t smears[] = {51137, 51233, 51266, 51267, 51268, 0};
static const int32_t hold[] = {50887, 50919, 50933, 50979, 50920, 51107, 0};
/* clang-format on */

const int32_t *const mimic__panels[MIMIC_PANEL_COUNT] = {
    cbc,     differential, chemistry, liver, coagulation, gas_arterial, gas_venous, urine, cardiac,
    lipids,  glycated,     thyroid,   iron,  vancomycin,  toxicology,   smears,     hold,
};
