/*
 * The chart: items of MetaVision that make up most of chartevents. Item numbers are facts of the
 * release; how often and from which values is rough judgement. Trailing blanks in texts are the
 * system's own ("Venti mask "), and readers that trim them lose information.
 */
#include "synth/synth_chart_items.h"

#define LIST(name, ...) static const char *const name[] = {__VA_ARGS__}
#define COUNT(list) ((int32_t)(sizeof(list) / sizeof((list)[0])))

/* clang-format off */
LIST(rhythm, "SR (Sinus Rhythm)", "ST (Sinus Tachycardia) ", "AF (Atrial Fibrillation)", "SB (Sinus Bradycardia)", "V Paced", "1st AV (First degree AV Block) ", "A Flut (Atrial Flutter) ");
LIST(ectopy, "None", "PVCs", "PACs");
LIST(ectopy_rate, "Rare", "Occasional", "Frequent");
LIST(safety, "Bed alarm in place", "Call light in reach", "Side rails up, bed in low position", "ICU protocol maintained", "Sitter in room", "Frequent checks, \"safety huddle\" done");
LIST(less_restrictive, "Reorientation", "Re-positioned", "Family at bedside", "Distraction, music", "Tubes covered and out of sight");
LIST(interventions, "Monitor and assess per protocol", "Titrate oxygen to goal", "Reposition, elevate head of bed", "Assess pulses, color, capillary refill", "Provide emotional support", "Medication as ordered; reassess", "Educate patient/family (see \"Education\" tab)");
LIST(outcomes, "Progressing toward goal", "Goal met", "No change", "Goal not met, plan revised", "Stable hemodynamics, \"MAP > 65\"");
LIST(pain_management, "Medication (See eMAR)", "Repositioned", "Cold applied", "Relaxation, guided imagery", "PCA");
LIST(head_of_bed, "30 Degrees", "45 Degrees", "Less than 30 degrees", "60 Degrees", "Flat", "90 Degrees");
LIST(turn, "Left Side", "Right Side", "Supine", "Self ", "Refused", "Unable to turn, unstable");
LIST(tolerance, "Tolerated Well", "Tolerated Fair", "Tolerated Poor", "Refused");
LIST(position, "Right Side", "Supine", "Left Side", "Chair", "Prone", "Reverse Trendelenburg");
LIST(assistance, "Total assist, 2 people", "Moderate assist", "Minimal assist", "Independent");
LIST(temperature_site, "Oral", "Axillary", "Blood", "Rectal", "Temporal");
LIST(topic, "Plan of Care ", "Unit Routines", "Medications", "Equipment", "Pain Management ", "Disease/Dx");
LIST(bed, "Low Air loss", "Foam/Gel overlay", "Atmos Air", "Rotation bed", "Bariatric Bed");
LIST(yes_no, "Yes", "No", "Unable to assess");
LIST(pain_method, "Verbal", "CPOT", "Nonverbal cues", "Wong-Baker FACES");
LIST(device_legs, "Compression sleeves", "None", "Compression boots", "TEDS");
LIST(lung_sounds, "Clear", "Diminished", "Rhonchi", "Crackles", "Exp Wheeze", "Absent", "Bronchial");
LIST(rails, "4 Rails up", "3 rails up", "2 Rails up");
LIST(status, "On", "Off", "Refused");
LIST(abdomen, "Soft ", "Obese", "Distended", "Firm", "Tender");
LIST(pain_site, "Abdominal", "Incision", "Back", "Chest", "Head", "Lower extremity, left");
LIST(rass, " 0  Alert and calm", "-1 Awakens to voice (eye opening/contact) > 10 sec", "-2 Light sedation, briefly awakens to voice (eye opening/contact) < 10 sec", "-3 Moderate sedation, movement or eye opening; No eye contact", "-4 Deep sedation, no response to voice, but movement or eye opening to physical stimulation", "-5 Unarousable, no response to voice or physical stimulation");
LIST(restraint_reason, "Pulling at lines/tubes", "Ventilator dependence", "Climbing out of bed", "Confusion, attempts to remove dressing");
LIST(mobility, "Lying in bed", "Turn self in bed", "Sitting on edge of bed", "Transfer to chair", "Standing >= 1 minute", "Walking 10+ steps", "Walking 25 ft", "Walking 250 ft");
LIST(diet, "NPO", "Tube feeding", "Regular/House", "Clear Liquids", "Diabetic/Consistent carbohydrate", "Cardiac, 2 gm sodium");
LIST(pupil_size, "3 mm", "2 mm", "4 mm", "5 mm", "1 mm", "Fixed, 6 mm");
LIST(pupil_response, "Brisk", "Sluggish", "Non-reactive");
LIST(mouth, "Pink", "Dry", "Coated", "Lesion(s)");
LIST(orientation, "Oriented x 3", "Oriented x 2", "Oriented x 1", "Disoriented", "Unable to Assess");
LIST(activity, "Bedrest", "Chair", "OOB with assist", "Ambulate in hall, with walker");
LIST(urine_source, "Foley", "Voiding", "Condom Cath", "Straight Cath", "Anuric");
LIST(done, "Done", "Not Done", "Refused", "Offered, declined");
LIST(bowel_sounds, "Present", "Hypoactive", "Hyperactive", "Absent");
LIST(pain_cause, "Surgery", "Positional", "Procedure", "Chronic", "Trauma, acute");
LIST(oral_care, "Yankauer", "Toothbrush", "Chlorhexidine swab, 0.12%", "Moisturizer");
LIST(pulse, "Easily Palpable", "Weak Palpable", "Doppler", "Difficult to Palpate", "Absent");
LIST(edema_site, "Bilateral lower extremities", "Generalized", "Bilateral upper extremities", "Sacral, dependent");
LIST(pressure_device, "Pillow", "Heel protector (boots)", "Foam wedge");
LIST(strength, "No movement", "Trace movement", "Movement, but not against gravity", "Lifts/falls back", "Some resistance", "Full resistance");
LIST(pain_level, "None", "None to Mild", "Mild", "Mild to Moderate", "Moderate", "Moderate to Severe", "Severe");
LIST(cough, "Strong", "Weak", "Impaired", "None");
LIST(commands, "Consistently", "Inconsistently", "No Response");
LIST(color, "Yellow", "Amber", "Pink tinged", "Tea", "Icteric, dark");
LIST(restraint_device, "Soft limb", "Mitts", "Belt");
LIST(restraint_site, "Upper extremities, bilateral", "Right upper", "Left upper");
LIST(clarity, "Clear", "Cloudy", "Sediment", "Bloody, with clots");
LIST(integrity, "Intact", "Impaired");
LIST(skin_temperature, "Warm", "Cool", "Hot", "Cold");
LIST(skin_color, "Normal for ethnicity", "Pale", "Jaundiced", "Flushed", "Mottled");
LIST(skin_condition, "Dry", "Diaphoretic", "Fragile", "Weeping");
LIST(speech, "Normal", "Unable to assess: intubated", "Slurred", "Garbled", "Aphasic");
LIST(wake_up, "Yes", "No, contraindicated", "Not applicable");
LIST(limb_temperature, "Warm", "Cool", "Cold");
LIST(size, "16 Fr", "14 Fr", "18 Fr", "Coude, 16 Fr");
LIST(clear_dry, "Patent", "Dry", "Bleeding", "Occluded");
LIST(braden_sense, "Completely Limited", "Very Limited", "Slight Impairment", "No Impairment");
LIST(braden_moist, "Consistently Moist", "Moist", "Occasionally Moist", "Rarely Moist");
LIST(braden_active, "Bedfast", "Chairfast", "Walks Occasionally", "Walks Frequently");
LIST(braden_mobile, "Completely Immobile", "Very Limited", "Slight Limitations", "No Limitations");
LIST(braden_food, "Very Poor", "Probably Inadequate", "Adequate", "Excellent");
LIST(braden_shear, "Problem", "Potential Problem", "No Apparent Problem");
LIST(cough_type, "Non-productive", "Productive", "Congested");
LIST(support, "Spouse", "Children", "Parent(s)", "Friend(s)", "None, homeless");
LIST(family, "Family visited", "Family called", "Family talked to MD", "Health Care Proxy called");
LIST(refill, "Normal <3 Seconds", "Abnormal >3 Seconds");
LIST(none_other, "None", "Nausea", "Itching", "Sedation, oversedated", "Constipation");
LIST(breathing, "Regular", "Irregular", "Tachypnea", "Labored, use of accessory muscles", "Shallow");
LIST(delirium, "Negative", "Positive", "UTA");
LIST(humidity, "Heated", "HME", "Cool Aerosol");
LIST(tube_type, "Nasogastric", "Orogastric", "PEG", "Dobhoff, post-pyloric");
LIST(flow_pattern, "Decelerating", "Square");
LIST(tube_site, "Right Naris", "Left Naris", "Oral");
LIST(tube_status, "Clamped", "Suction-low Intermitent", "Feeding", "Gravity");
LIST(barrier, "None", "Sedation", "Language", "Cognitive, baseline dementia");
LIST(problems, "Respiratory failure, acute (not ARDS/[J96])", "Hypotension (not Shock)", "Renal failure, acute (Acute renal failure, ARF)", "Sepsis, Severe (with organ dysfunction)", "Altered mental status (not Delirium)", "Pain control (acute pain, chronic pain)", "Impaired Skin Integrity");
LIST(fixed_variable, "Variable", "Fixed");
LIST(ett_place, "Lip, 22 cm right", "Lip, 23 cm middle", "Lip, 24 cm left");
LIST(ett_size, "7.5", "8.0", "7.0");
LIST(ett_mark, "22", "23", "24", "21");
LIST(ett_type, "Standard", "Evac tube (subglottic suction)", "Oral, reinforced");
LIST(edema_amount, "1+ (Trace)", "2+ (Mild)", "3+ (Moderate)", "4+ (Severe)");
LIST(services, "MED", "SURG", "CMED", "NSURG");
LIST(code_status, "Full code", "DNR (do not resuscitate)", "DNR / DNI", "Comfort measures only");
LIST(lines, "Site assessed: dry, intact", "Dressing changed", "Line flushed, good blood return", "Red, no drainage");

#define NONE MIMIC_ORGAN_NONE
#define LUNG MIMIC_ORGAN_LUNG
#define HEART MIMIC_ORGAN_HEART
#define BRAIN MIMIC_ORGAN_BRAIN
#define WHOLE MIMIC_ORGAN_WHOLE
#define ALWAYS MIMIC_WHEN_ALWAYS
#define ONCE MIMIC_WHEN_ONCE
#define LINE MIMIC_WHEN_ARTERIAL_LINE
#define CUFF MIMIC_WHEN_CUFF
#define TUBE MIMIC_WHEN_TUBE
#define NO_TUBE MIMIC_WHEN_NO_TUBE
#define CENTRAL MIMIC_WHEN_CENTRAL_LINE
#define FOLEY MIMIC_WHEN_FOLEY
#define TIED MIMIC_WHEN_RESTRAINT

#define NUMBER(item, when, period, chance, decimals, organ, base, spread, slope, low, high, unit) \
    {item, MIMIC_CHART_NUMBER, when, period, decimals, chance, organ, base, spread, slope, low, high, unit, NULL, 0}
#define TEXT(item, when, period, chance, list) \
    {item, MIMIC_CHART_TEXT, when, period, 0, chance, NONE, 0, 0, 0, 0, 0, NULL, list, COUNT(list)}
#define SCORE(item, when, period, chance, organ, base, list) \
    {item, MIMIC_CHART_SCORE, when, period, 0, chance, organ, base, 0, 0, 0, 0, NULL, list, COUNT(list)}
#define CHECK(item, when, period, chance) \
    {item, MIMIC_CHART_CHECKBOX, when, period, 0, chance, NONE, 0, 0, 0, 0, 0, NULL, NULL, 0}
#define SPECIAL(item, kind, when, period, chance, base, unit) \
    {item, kind, when, period, 0, chance, NONE, base, 0, 0, 0, 0, unit, NULL, 0}
#define LAB(item, lab, unit) \
    {item, MIMIC_CHART_LAB, ALWAYS, 12, 0, 520, NONE, lab, 0, 0, 0, 0, unit, NULL, 0}

const mimic_chart_item mimic__chart_items[] = {
    /* On arrival. */
    SPECIAL(226512, MIMIC_CHART_WEIGHT, ONCE, 1, 960, 0, "kg"),
    SPECIAL(226707, MIMIC_CHART_HEIGHT, ONCE, 1, 700, 0, "Inch"),
    SPECIAL(226730, MIMIC_CHART_HEIGHT, ONCE, 1, 700, 1, "cm"),
    TEXT(223758, ONCE, 1, 900, code_status),
    /* Hourly. */
    NUMBER(220045, ALWAYS, 1, 1000, 0, WHOLE, 74, 9, 42, 28, 190, "bpm"),
    NUMBER(220210, ALWAYS, 1, 990, 0, LUNG, 16, 3, 14, 4, 55, "insp/min"),
    SPECIAL(220277, MIMIC_CHART_SPO2, ALWAYS, 1, 980, 0, "%"),
    SPECIAL(220050, MIMIC_CHART_PRESSURE, LINE, 1, 960, 0, "mmHg"),
    SPECIAL(220051, MIMIC_CHART_PRESSURE, LINE, 1, 960, 1, "mmHg"),
    SPECIAL(220052, MIMIC_CHART_PRESSURE, LINE, 1, 970, 2, "mmHg"),
    SPECIAL(225312, MIMIC_CHART_PRESSURE, LINE, 1, 25, 2, "mmHg"),
    SPECIAL(220179, MIMIC_CHART_PRESSURE, CUFF, 1, 980, 0, "mmHg"),
    SPECIAL(220180, MIMIC_CHART_PRESSURE, CUFF, 1, 980, 1, "mmHg"),
    SPECIAL(220181, MIMIC_CHART_PRESSURE, CUFF, 1, 980, 2, "mmHg"),
    TEXT(220048, ALWAYS, 1, 900, rhythm),
    TEXT(224650, ALWAYS, 1, 800, ectopy),
    TEXT(227969, ALWAYS, 1, 990, safety),
    NUMBER(220074, CENTRAL, 1, 420, 0, HEART, 8, 3, 9, -2, 32, "mmHg"),
    TEXT(227958, TIED, 1, 900, less_restrictive),
    TEXT(224093, ALWAYS, 2, 700, position),
    TEXT(224082, ALWAYS, 2, 720, turn),
    TEXT(224080, ALWAYS, 2, 730, head_of_bed),
    TEXT(224086, ALWAYS, 2, 700, tolerance),
    TEXT(223792, ALWAYS, 2, 780, pain_management),
    TEXT(228928, ALWAYS, 4, 990, interventions),
    TEXT(228905, ALWAYS, 4, 990, interventions),
    TEXT(228988, TIED, 2, 900, interventions),
    TEXT(228868, ALWAYS, 4, 990, assistance),
    TEXT(228924, ALWAYS, 4, 990, outcomes),
    /* Every four hours. */
    NUMBER(223761, ALWAYS, 4, 960, 1, WHOLE, 980, 6, 22, 920, 1060, "°F"),
    TEXT(224642, ALWAYS, 4, 980, temperature_site),
    NUMBER(223762, ALWAYS, 4, 60, 1, WHOLE, 368, 4, 12, 320, 412, "°C"),
    SPECIAL(220739, MIMIC_CHART_EYES, ALWAYS, 4, 950, 0, NULL),
    SPECIAL(223900, MIMIC_CHART_VERBAL, ALWAYS, 4, 950, 0, NULL),
    SPECIAL(223901, MIMIC_CHART_MOTOR, ALWAYS, 4, 945, 0, NULL),
    SPECIAL(226732, MIMIC_CHART_DEVICE, ALWAYS, 4, 930, 0, NULL),
    TEXT(223987, ALWAYS, 4, 900, lung_sounds),
    TEXT(223989, ALWAYS, 4, 900, lung_sounds),
    TEXT(223986, ALWAYS, 4, 890, lung_sounds),
    TEXT(223988, ALWAYS, 4, 890, lung_sounds),
    TEXT(224073, ALWAYS, 4, 980, topic),
    TEXT(224087, ALWAYS, 4, 960, bed),
    TEXT(223781, ALWAYS, 4, 960, yes_no),
    TEXT(223795, ALWAYS, 4, 960, pain_method),
    TEXT(224089, ALWAYS, 4, 920, device_legs),
    TEXT(227944, ALWAYS, 4, 880, rails),
    CHECK(224641, ALWAYS, 4, 870),
    CHECK(224168, ALWAYS, 4, 860),
    CHECK(228305, ALWAYS, 4, 690),
    TEXT(228947, ALWAYS, 4, 850, interventions),
    TEXT(225054, ALWAYS, 4, 840, status),
    TEXT(224003, ALWAYS, 4, 840, abdomen),
    TEXT(228898, ALWAYS, 4, 820, interventions),
    TEXT(223783, ALWAYS, 4, 800, pain_site),
    SCORE(228096, ALWAYS, 4, 790, BRAIN, -5, rass),
    SCORE(228299, ALWAYS, 4, 700, NONE, -5, rass),
    TEXT(227947, TIED, 4, 990, restraint_reason),
    SCORE(229321, ALWAYS, 4, 760, WHOLE, 1, mobility),
    TEXT(224001, ALWAYS, 4, 740, diet),
    TEXT(223907, ALWAYS, 4, 730, pupil_size),
    TEXT(224733, ALWAYS, 4, 730, pupil_size),
    TEXT(227121, ALWAYS, 4, 730, pupil_response),
    TEXT(227288, ALWAYS, 4, 730, pupil_response),
    TEXT(223999, ALWAYS, 4, 710, mouth),
    TEXT(229381, ALWAYS, 4, 700, orientation),
    TEXT(224084, ALWAYS, 4, 690, activity),
    TEXT(224015, ALWAYS, 4, 680, urine_source),
    TEXT(227955, TIED, 2, 800, done),
    TEXT(227954, TIED, 2, 800, done),
    TEXT(228977, ALWAYS, 4, 650, interventions),
    TEXT(224004, ALWAYS, 4, 650, bowel_sounds),
    TEXT(223784, ALWAYS, 4, 640, pain_cause),
    TEXT(226168, ALWAYS, 4, 640, oral_care),
    TEXT(223934, ALWAYS, 4, 640, pulse),
    TEXT(223943, ALWAYS, 4, 630, pulse),
    TEXT(224031, ALWAYS, 4, 620, edema_site),
    TEXT(224088, ALWAYS, 4, 620, pressure_device),
    SCORE(228409, ALWAYS, 4, 610, BRAIN, 0, strength),
    SCORE(228412, ALWAYS, 4, 610, BRAIN, 0, strength),
    SCORE(228410, ALWAYS, 4, 610, BRAIN, 0, strength),
    SCORE(228411, ALWAYS, 4, 610, BRAIN, 0, strength),
    TEXT(228902, ALWAYS, 4, 610, outcomes),
    TEXT(223791, ALWAYS, 4, 600, pain_level),
    TEXT(223991, ALWAYS, 4, 600, cough),
    TEXT(228397, ALWAYS, 4, 600, commands),
    TEXT(224016, ALWAYS, 4, 600, color),
    TEXT(223794, ALWAYS, 4, 590, pain_level),
    TEXT(227948, TIED, 2, 800, restraint_device),
    TEXT(227950, TIED, 2, 800, restraint_site),
    TEXT(227945, TIED, 2, 800, restraint_device),
    TEXT(227951, TIED, 2, 780, done),
    TEXT(227959, TIED, 2, 780, done),
    TEXT(227952, TIED, 2, 780, done),
    TEXT(227953, TIED, 2, 780, done),
    TEXT(227956, TIED, 2, 780, done),
    TEXT(227946, TIED, 4, 780, yes_no),
    TEXT(227957, TIED, 2, 780, yes_no),
    TEXT(224876, ALWAYS, 4, 580, clarity),
    TEXT(224026, ALWAYS, 4, 570, integrity),
    TEXT(224027, ALWAYS, 4, 570, skin_temperature),
    TEXT(228414, ALWAYS, 4, 570, speech),
    TEXT(224028, ALWAYS, 4, 560, skin_color),
    TEXT(224860, ALWAYS, 4, 560, skin_condition),
    TEXT(228890, ALWAYS, 4, 550, interventions),
    TEXT(223782, ALWAYS, 4, 550, pain_cause),
    TEXT(228298, TUBE, 4, 900, wake_up),
    TEXT(224771, ALWAYS, 4, 510, limb_temperature),
    TEXT(224773, ALWAYS, 4, 510, limb_temperature),
    TEXT(224767, ALWAYS, 4, 500, limb_temperature),
    TEXT(224769, ALWAYS, 4, 500, limb_temperature),
    TEXT(223979, ALWAYS, 4, 500, skin_color),
    TEXT(223983, ALWAYS, 4, 500, skin_color),
    TEXT(223976, ALWAYS, 4, 500, skin_color),
    TEXT(223982, ALWAYS, 4, 500, skin_color),
    TEXT(224017, FOLEY, 4, 700, size),
    TEXT(224000, ALWAYS, 4, 490, clear_dry),
    TEXT(224879, ALWAYS, 4, 480, clear_dry),
    TEXT(223992, ALWAYS, 4, 480, cough_type),
    TEXT(223935, ALWAYS, 4, 480, pulse),
    TEXT(223947, ALWAYS, 4, 470, pulse),
    TEXT(224023, ALWAYS, 8, 920, support),
    TEXT(224024, ALWAYS, 8, 890, family),
    TEXT(223951, ALWAYS, 4, 450, refill),
    TEXT(224308, ALWAYS, 4, 440, refill),
    TEXT(223796, ALWAYS, 4, 410, none_other),
    TEXT(227968, ALWAYS, 4, 400, yes_no),
    TEXT(228933, ALWAYS, 4, 390, outcomes),
    TEXT(228937, ALWAYS, 4, 480, interventions),
    TEXT(228894, ALWAYS, 4, 390, outcomes),
    TEXT(229322, ALWAYS, 4, 380, breathing),
    TEXT(228973, ALWAYS, 4, 380, outcomes),
    TEXT(223936, ALWAYS, 4, 380, pulse),
    TEXT(223948, ALWAYS, 4, 370, pulse),
    TEXT(228332, ALWAYS, 4, 380, delirium),
    TEXT(223985, ALWAYS, 4, 360, breathing),
    TEXT(223990, ALWAYS, 4, 360, breathing),
    TEXT(224651, ALWAYS, 4, 360, ectopy_rate),
    TEXT(224785, TUBE, 4, 800, tube_type),
    TEXT(224007, TUBE, 4, 790, tube_site),
    TEXT(224786, TUBE, 4, 780, tube_status),
    TEXT(224076, ALWAYS, 4, 350, barrier),
    TEXT(228914, ALWAYS, 4, 350, interventions),
    TEXT(224862, ALWAYS, 4, 330, edema_amount),
    TEXT(224409, ALWAYS, 4, 350, pain_level),
    NUMBER(225664, ALWAYS, 6, 720, 0, WHOLE, 128, 34, 60, 38, 560, NULL),
    TEXT(224188, CENTRAL, 4, 500, lines),
    CHECK(225187, ALWAYS, 8, 500),
    TEXT(220001, ALWAYS, 12, 900, problems),
    TEXT(224640, ALWAYS, 12, 200, services),
    CHECK(225103, ONCE, 1, 300),
    /* Twice a day. */
    SCORE(224054, ALWAYS, 12, 980, BRAIN, 1, braden_sense),
    SCORE(224055, ALWAYS, 12, 980, WHOLE, 1, braden_moist),
    SCORE(224056, ALWAYS, 12, 980, WHOLE, 1, braden_active),
    SCORE(224057, ALWAYS, 12, 980, WHOLE, 1, braden_mobile),
    SCORE(224058, ALWAYS, 12, 980, WHOLE, 1, braden_food),
    SCORE(224059, ALWAYS, 12, 980, WHOLE, 1, braden_shear),
    NUMBER(220046, ALWAYS, 12, 900, 0, NONE, 125, 8, 0, 90, 160, "bpm"),
    NUMBER(220047, ALWAYS, 12, 900, 0, NONE, 52, 5, 0, 35, 60, "bpm"),
    NUMBER(223769, ALWAYS, 12, 900, 0, NONE, 100, 0, 0, 100, 100, "%"),
    NUMBER(223770, ALWAYS, 12, 900, 0, NONE, 91, 1, 0, 86, 94, "%"),
    NUMBER(224161, ALWAYS, 12, 880, 0, NONE, 35, 2, 0, 28, 45, "insp/min"),
    NUMBER(224162, ALWAYS, 12, 880, 0, NONE, 8, 0, 0, 6, 10, "insp/min"),
    NUMBER(227341, ALWAYS, 12, 860, 0, NONE, 0, 0, 0, 0, 25, NULL),
    NUMBER(227342, ALWAYS, 12, 860, 0, NONE, 15, 0, 0, 0, 15, NULL),
    NUMBER(227343, ALWAYS, 12, 860, 0, NONE, 0, 0, 0, 0, 30, NULL),
    NUMBER(227344, ALWAYS, 12, 860, 0, NONE, 20, 0, 0, 0, 20, NULL),
    SPECIAL(224639, MIMIC_CHART_WEIGHT, ALWAYS, 24, 620, 1, "kg"),
    /* The ventilator. */
    SPECIAL(223848, MIMIC_CHART_MODE, TUBE, 4, 930, 0, NULL),
    SPECIAL(223835, MIMIC_CHART_FIO2, TUBE, 2, 900, 0, NULL),
    SPECIAL(220339, MIMIC_CHART_PEEP, TUBE, 4, 970, 0, "cmH2O"),
    NUMBER(224700, TUBE, 8, 500, 0, LUNG, 5, 1, 7, 3, 20, "cmH2O"),
    NUMBER(224687, TUBE, 4, 960, 1, LUNG, 80, 16, 35, 25, 240, "L/min"),
    NUMBER(224697, TUBE, 4, 950, 0, LUNG, 7, 2, 9, 3, 30, "cmH2O"),
    NUMBER(224685, TUBE, 4, 950, 0, NONE, 460, 80, 0, 150, 1100, "mL"),
    NUMBER(224684, TUBE, 4, 700, 0, NONE, 450, 45, 0, 250, 700, "mL"),
    NUMBER(224690, TUBE, 4, 940, 0, LUNG, 16, 3, 12, 6, 50, "insp/min"),
    NUMBER(224688, TUBE, 4, 760, 0, LUNG, 14, 2, 10, 6, 36, "insp/min"),
    NUMBER(224689, TUBE, 4, 930, 0, NONE, 4, 6, 0, 0, 40, "insp/min"),
    NUMBER(224695, TUBE, 4, 930, 0, LUNG, 15, 3, 16, 6, 50, "cmH2O"),
    NUMBER(224696, TUBE, 6, 800, 0, LUNG, 14, 2, 14, 6, 42, "cmH2O"),
    NUMBER(220292, TUBE, 4, 920, 0, NONE, 4, 1, 0, 2, 8, "L/min"),
    NUMBER(220293, TUBE, 4, 920, 0, NONE, 17, 2, 0, 12, 30, "L/min"),
    NUMBER(223873, TUBE, 4, 920, 0, NONE, 40, 3, 0, 30, 60, "cmH2O"),
    NUMBER(223876, TUBE, 4, 910, 0, NONE, 20, 0, 0, 20, 30, "sec"),
    NUMBER(223874, TUBE, 4, 900, 0, NONE, 900, 180, 0, 500, 1800, "mL"),
    NUMBER(223875, TUBE, 4, 860, 0, NONE, 36, 4, 0, 20, 50, "insp/min"),
    NUMBER(224691, TUBE, 8, 300, 0, NONE, 55, 9, 0, 30, 90, "L/min"),
    TEXT(227517, TUBE, 4, 900, humidity),
    TEXT(224692, TUBE, 4, 880, flow_pattern),
    TEXT(224735, TUBE, 4, 830, fixed_variable),
    TEXT(223838, TUBE, 4, 820, ett_place),
    TEXT(224415, TUBE, 4, 820, ett_mark),
    TEXT(223837, TUBE, 4, 820, ett_size),
    TEXT(224832, TUBE, 4, 820, ett_type),
    /* Labs repeated on the chart. */
    LAB(220615, 50912, NULL), LAB(225690, 50885, NULL), LAB(227457, 51265, NULL),
    LAB(220645, 50983, NULL), LAB(227442, 50971, NULL), LAB(220602, 50902, NULL),
    LAB(225624, 51006, NULL), LAB(227443, 50882, NULL), LAB(220228, 51222, "g/dl"),
    LAB(220545, 51221, NULL), LAB(220546, 51301, NULL), LAB(220621, 50931, NULL),
    LAB(225668, 50813, NULL), LAB(227466, 51275, NULL), LAB(227465, 51274, NULL),
    LAB(227467, 51237, NULL), LAB(220635, 50960, NULL), LAB(225677, 50970, NULL),
    LAB(225625, 50893, NULL), LAB(227073, 50868, NULL), LAB(220587, 50878, NULL),
    LAB(220644, 50861, NULL), LAB(225612, 50863, NULL), LAB(220224, 50821, "mmHg"),
    LAB(220235, 50818, "mmHg"), LAB(223830, 50820, NULL), LAB(225667, 50808, NULL),
};
/* clang-format on */

const int32_t mimic__chart_item_count =
    (int32_t)(sizeof mimic__chart_items / sizeof mimic__chart_items[0]);
