"""The events that the built-in maps should give beyond the released MEDS mapping (meds_reference.py):
rules written down here once more, by hand, so that a slip in an event map shows. No event map is read.

A rule is a function of a dataset and a row that yields (time, code, number, text): the time as it
stands in the table, None for a static fact, "" where there is none and thus no event.
"""

import meds_reference
from meds_reference import code
from real import DATA, source_files


class Dataset(meds_reference.Demo):
    """Tables of some folders. `join` says what the admissions are: table, id, end, death."""

    def __init__(self, folders, join):
        self.paths = {}
        for folder in folders:
            self.paths.update(source_files(folder))
        table, name, end, death, subject = join
        self.ends, self.deaths = {}, {}
        for row in self.rows(table):
            self.ends[row[name]] = row[end]
            if death and row[death] is not None:
                self.deaths[row[subject]] = min(row[death], self.deaths.get(row[subject], "9"))


def moment_or_none(text):
    return "" if text is None else text


# ---- MIMIC-IV, what the released mapping leaves out ----


def services(_, row):
    yield row["transfertime"], code("SERVICE", row["curr_service"]), None, None


def prescriptions(_, row):
    yield (moment_or_none(row["starttime"]), code("PRESCRIPTION", "START", row["drug"]), None,
           row["dose_val_rx"])
    yield moment_or_none(row["stoptime"]), code("PRESCRIPTION", "STOP", row["drug"]), None, None


def microbiologyevents(_, row):
    taken = row["charttime"] or row["chartdate"]
    known = moment_or_none(row["storetime"] or row["storedate"])
    yield taken, code("MICROBIOLOGY", "SPECIMEN_COLLECTED", row["spec_itemid"]), None, None
    if row["org_itemid"] is None:
        yield known, code("MICROBIOLOGY", "TEST", row["test_itemid"]), None, row["comments"]
    else:
        yield known, code("MICROBIOLOGY", "ORGANISM", row["org_itemid"]), None, row["comments"]
    if row["ab_itemid"] is not None:
        yield (known, code("MICROBIOLOGY", "SUSCEPTIBILITY", row["org_itemid"], row["ab_itemid"],
                           row["interpretation"]), row["dilution_value"], row["dilution_text"])


def datetimeevents(_, row):
    yield row["charttime"], code("DATETIME", row["itemid"]), None, row["value"]


MIMIC_IV = {rule.__name__: rule for rule in (services, prescriptions, microbiologyevents, datetimeevents)}


# ---- MIMIC-III ----


def patients_3(data, row):
    yield None, code("GENDER", row["gender"]), None, None
    yield row["dob"], "MEDS_BIRTH", None, None
    yield moment_or_none(data.deaths.get(row["subject_id"]) or row["dod"]), "MEDS_DEATH", None, None


def transfers_3(_, row):
    yield (moment_or_none(row["intime"]), code("TRANSFER_TO", row["eventtype"], row["curr_careunit"]),
           None, None)


def callout(_, row):
    yield row["createtime"], code("CALLOUT", "REQUEST", row["callout_service"]), None, None
    yield row["outcometime"], code("CALLOUT", "OUTCOME", row["callout_outcome"]), None, None


def prescriptions_3(_, row):
    yield (moment_or_none(row["startdate"]), code("PRESCRIPTION", "START", row["drug"]), None,
           row["dose_val_rx"])
    yield moment_or_none(row["enddate"]), code("PRESCRIPTION", "STOP", row["drug"]), None, None


def labevents_3(_, row):
    yield (moment_or_none(row["charttime"]), code("LAB", "RESULT", row["itemid"], row["valueuom"]),
           row["valuenum"], row["value"])


def microbiologyevents_3(_, row):
    taken = moment_or_none(row["charttime"] or row["chartdate"])
    yield taken, code("MICROBIOLOGY", "SPECIMEN_COLLECTED", row["spec_itemid"]), None, None
    if row["org_itemid"] is None:
        yield taken, code("MICROBIOLOGY", "NO_GROWTH", row["spec_itemid"]), None, None
    else:
        yield taken, code("MICROBIOLOGY", "ORGANISM", row["org_itemid"]), None, None
    if row["ab_itemid"] is not None:
        yield (taken, code("MICROBIOLOGY", "SUSCEPTIBILITY", row["org_itemid"], row["ab_itemid"],
                           row["interpretation"]), row["dilution_value"], row["dilution_text"])


def chartevents_3(_, row):
    kind = "CHART_ERROR" if row["error"] == "1" else "LAB"
    yield (moment_or_none(row["charttime"]), code(kind, row["itemid"], row["valueuom"]),
           row["valuenum"], row["value"])


def datetimeevents_3(_, row):
    kind = "DATETIME_ERROR" if row["error"] == "1" else "DATETIME"
    yield row["charttime"], code(kind, row["itemid"]), None, row["value"]


def procedureevents_mv(_, row):
    if row["statusdescription"] == "Rewritten":
        yield row["endtime"], code("PROCEDURE_REWRITTEN", row["itemid"]), None, None
        return
    yield row["starttime"], code("PROCEDURE", "START", row["itemid"]), None, None
    yield row["endtime"], code("PROCEDURE", "END", row["itemid"]), None, None


def inputevents_mv(_, row):
    if row["statusdescription"] == "Rewritten":
        yield row["endtime"], code("INFUSION_REWRITTEN", row["itemid"]), row["amount"], None
        return
    yield row["starttime"], code("INFUSION_START", row["itemid"]), row["rate"], None
    yield row["endtime"], code("INFUSION_END", row["itemid"]), row["amount"], None
    if row["patientweight"] is not None:
        yield row["starttime"], "SUBJECT_WEIGHT_AT_INFUSION//KG", row["patientweight"], None


def inputevents_cv(_, row):
    time = moment_or_none(row["charttime"])
    if row["amount"] is not None:
        yield time, code("INPUT", "AMOUNT", row["itemid"]), row["amount"], None
    if row["rate"] is not None:
        yield time, code("INPUT", "RATE", row["itemid"]), row["rate"], None
    if row["amount"] is None and row["rate"] is None:
        yield time, code("INPUT", "NOTE", row["itemid"]), None, row["stopped"]


def outputevents_3(_, row):
    kind = "SUBJECT_FLUID_OUTPUT_ERROR" if row["iserror"] == "1" else "SUBJECT_FLUID_OUTPUT"
    yield (moment_or_none(row["charttime"]), code(kind, row["itemid"], row["valueuom"]), row["value"],
           None)


def noteevents(_, row):
    kind = "NOTE_ERROR" if row["iserror"] == "1" else "NOTE"
    yield (moment_or_none(row["charttime"] or row["chartdate"]),
           code(kind, row["category"], row["description"]), None, row["text"])


def diagnoses_3(data, row):
    yield (moment_or_none(data.ends.get(row["hadm_id"])), code("DIAGNOSIS", "ICD", "9", row["icd9_code"]),
           None, None)


def procedures_3(data, row):
    yield (moment_or_none(data.ends.get(row["hadm_id"])), code("PROCEDURE", "ICD", "9", row["icd9_code"]),
           None, None)


def cptevents(data, row):
    yield (moment_or_none(row["chartdate"] or data.ends.get(row["hadm_id"])), code("CPT", row["cpt_cd"]),
           None, None)


MIMIC_III = {
    "patients": patients_3, "admissions": meds_reference.admissions, "transfers": transfers_3,
    "services": services, "icustays": meds_reference.icustays, "callout": callout,
    "prescriptions": prescriptions_3, "labevents": labevents_3,
    "microbiologyevents": microbiologyevents_3, "chartevents": chartevents_3,
    "datetimeevents": datetimeevents_3, "procedureevents_mv": procedureevents_mv,
    "inputevents_mv": inputevents_mv, "inputevents_cv": inputevents_cv,
    "outputevents": outputevents_3, "noteevents": noteevents, "diagnoses_icd": diagnoses_3,
    "procedures_icd": procedures_3, "drgcodes": meds_reference.drgcodes, "cptevents": cptevents,
}


# ---- Synthea ----


def zulu(text):
    """2014-05-06T08:34:30Z as the other tables would write it; "" where there is none."""
    return "" if text is None else text.rstrip("Z").replace("T", " ")


def patients_s(_, row):
    yield None, code("GENDER", row["GENDER"]), None, None
    yield None, code("RACE", row["RACE"]), None, None
    yield None, code("ETHNICITY", row["ETHNICITY"]), None, None
    yield row["BIRTHDATE"], "MEDS_BIRTH", None, None
    yield zulu(row["DEATHDATE"]), "MEDS_DEATH", None, None


def encounters(_, row):
    yield zulu(row["START"]), code("ENCOUNTER", "START", row["ENCOUNTERCLASS"], row["CODE"]), None, None
    yield zulu(row["STOP"]), code("ENCOUNTER", "END", row["ENCOUNTERCLASS"], row["CODE"]), None, None


def observations(_, row):
    is_number = row["TYPE"] == "numeric"
    yield (zulu(row["DATE"]), code("OBSERVATION", row["CODE"], row["UNITS"]),
           row["VALUE"] if is_number else None, row["VALUE"])


def interval(kind, *more):
    """What lasts: an event at START, and one at STOP where it is known."""
    def rule(_, row):
        yield zulu(row["START"]), code(kind, "START", row["CODE"]), None, None
        yield zulu(row["STOP"]), code(kind, "END", row["CODE"]), None, None
    return rule


def immunizations(_, row):
    yield zulu(row["DATE"]), code("IMMUNIZATION", row["CODE"]), None, None


def supplies(_, row):
    yield zulu(row["DATE"]), code("SUPPLY", row["CODE"]), row["QUANTITY"], None


def imaging_studies(_, row):
    yield (zulu(row["DATE"]), code("IMAGING", row["MODALITY_CODE"], row["BODYSITE_CODE"]), None, None)


def payer_transitions(_, row):
    yield zulu(row["START_DATE"]), code("PAYER", "START", row["PAYER"]), None, None
    yield zulu(row["END_DATE"]), code("PAYER", "END", row["PAYER"]), None, None


def claims(_, row):
    yield zulu(row["SERVICEDATE"]), code("CLAIM", row["HEALTHCARECLAIMTYPEID1"]), None, None


def claims_transactions(_, row):
    time = zulu(row["TODATE"] or row["FROMDATE"])
    if row["TYPE"] == "PAYMENT":
        yield time, code("CLAIM", "PAYMENT", row["METHOD"]), row["PAYMENTS"], None
    else:
        yield time, code("CLAIM", row["TYPE"], row["PROCEDURECODE"]), row["AMOUNT"], None


SYNTHEA = {
    "patients": patients_s, "encounters": encounters, "observations": observations,
    "conditions": interval("CONDITION"), "medications": interval("MEDICATION"),
    "procedures": interval("PROCEDURE"), "allergies": interval("ALLERGY"),
    "careplans": interval("CAREPLAN"), "devices": interval("DEVICE"),
    "immunizations": immunizations, "supplies": supplies, "imaging_studies": imaging_studies,
    "payer_transitions": payer_transitions, "claims": claims,
    "claims_transactions": claims_transactions,
}
