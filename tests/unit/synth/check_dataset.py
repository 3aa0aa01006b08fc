#!/usr/bin/env python3
"""Reads a synthetic MIMIC-IV dataset with the csv module of the standard library and checks it
against the schema package and against sense: types, keys, references, lengths, times, deaths.

    check_dataset.py <datapackage.json> <folder> [--counts <patients>]
    check_dataset.py <datapackage.json> --make <program> [--patients N] [--seed S]

With --make the program is called as `<program> <folder> <patients> <seed>` first, in a temporary
folder. Knows nothing of the library's code. Exit status 1 on the first table with faults.
"""
import argparse
import csv
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

csv.field_size_limit(1 << 30)
LIMITS = {"int16": 2**15, "int32": 2**31, "int64": 2**63}
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$")
DATE = re.compile(r"\d{4}-\d\d-\d\d$")
NUMBER = re.compile(r"-?\d+(\.\d+)?$")
# Rows per patient of release 3.1 (published counts by 364,627), and how far a small sample may stray.
RATES = {
    "admissions": 1.50, "diagnoses_icd": 17.5, "drgcodes": 2.09, "emar": 117.4, "emar_detail": 239.6,
    "hcpcsevents": 0.51, "labevents": 434.3, "microbiologyevents": 10.9, "omr": 21.3, "pharmacy": 48.9,
    "poe": 143.2, "poe_detail": 23.3, "prescriptions": 55.7, "procedures_icd": 2.36, "services": 1.63,
    "transfers": 6.62, "icustays": 0.259, "chartevents": 1187.5, "datetimeevents": 27.4,
    "inputevents": 30.0, "outputevents": 14.7, "procedureevents": 2.22, "ingredientevents": 38.8,
}


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, table, message):
        self.count += 1
        if self.count <= 40:
            print(f"FAULT {table}: {message}")


def split_quoted(path):
    """The dialect, byte by byte: LF only, quotes only around whole fields and only where needed."""
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode("utf-8")
    if "\r" in text or "\0" in text:
        return "CR or NUL inside"
    if not text.endswith("\n"):
        return "no line end at the end"
    # A quote may stand at a field's start, doubled inside, or before a delimiter.
    outside = re.sub(r'(^|,)"(?:[^"]|"")*"(?=[,\n])', r"\1", text, flags=re.M)
    return "stray quote" if '"' in outside else None


def check_value(field, text, was_quoted_empty=False):
    kind = field.get("mimic", {}).get("type")
    if kind in LIMITS:
        if not re.fullmatch(r"-?\d+", text) or not -LIMITS[kind] <= int(text) < LIMITS[kind]:
            return f"{text!r} is no {kind}"
    elif kind in ("float32", "float64"):
        if not NUMBER.match(text):
            return f"{text!r} is no number"
    elif kind == "timestamp":
        if not TIME.match(text):
            return f"{text!r} is no time"
        datetime.datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S")
    elif kind == "date":
        if not DATE.match(text):
            return f"{text!r} is no date"
        datetime.date.fromisoformat(text)
    rules = field.get("constraints", {})
    if len(text) > rules.get("maxLength", 1 << 30):
        return f"{text!r} is longer than {rules['maxLength']}"
    if "enum" in rules and text not in [str(v) for v in rules["enum"]]:
        return f"{text!r} is not in {rules['enum']}"
    return None


def read_table(folder, resource, faults):
    name = resource["name"]
    path = os.path.join(folder, re.sub(r"\.gz$", "", resource["path"]))
    fields = resource["schema"]["fields"]
    fault = split_quoted(path)
    if fault:
        faults.add(name, fault)
    rows = []
    seen = {f["name"]: set() for f in fields}
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader)
        if header != [f["name"] for f in fields]:
            faults.add(name, f"header {header}")
        for row in reader:
            if len(row) != len(fields):
                faults.add(name, f"{len(row)} fields in {row[:5]}")
                continue
            for field, text in zip(fields, row):
                if text in seen[field["name"]]:
                    continue
                if text == "":
                    if field.get("constraints", {}).get("required") and field["name"] not in (
                            "spec_type_desc", "drug"):
                        faults.add(name, f"{field['name']} is empty in {row[:5]}")
                    continue
                fault = check_value(field, text)
                if fault:
                    faults.add(name, f"{field['name']}: {fault}")
                elif len(seen[field["name"]]) < 100000:
                    seen[field["name"]].add(text)
            rows.append(row)
    return rows


def check_keys(tables, resources, faults):
    for name, resource in resources.items():
        names = [f["name"] for f in resource["schema"]["fields"]]
        key = resource["schema"].get("primaryKey", [])
        key = [key] if isinstance(key, str) else key
        if key:
            at = [names.index(k) for k in key]
            found = [tuple(row[i] for i in at) for row in tables[name]]
            if len(found) != len(set(found)):
                faults.add(name, f"primary key {key}: {len(found) - len(set(found))} duplicates")
        for foreign in resource["schema"].get("foreignKeys", []):
            target = foreign["reference"]["resource"] or name
            target_names = [f["name"] for f in resources[target]["schema"]["fields"]]
            to = [target_names.index(k) for k in foreign["reference"]["fields"]]
            at = [names.index(k) for k in foreign["fields"]]
            known = {tuple(row[i] for i in to) for row in tables[target]}
            lost = {tuple(row[i] for i in at) for row in tables[name]} - known
            lost = {k for k in lost if "" not in k}
            if lost:
                faults.add(name, f"{foreign['fields']} -> {target}: {len(lost)} lost, {sorted(lost)[:3]}")


def column(tables, resources, table, *names):
    all_names = [f["name"].lower() for f in resources[table]["schema"]["fields"]]
    at = [all_names.index(n) for n in names]
    if len(at) == 1:
        return [row[at[0]] for row in tables[table]]
    return [tuple(row[i] for i in at) for row in tables[table]]


def check_soft_keys(get, faults):
    """References that the release does not declare, but keeps."""
    providers = set(get("provider", "provider_id")) | {""}
    caregivers = set(get("caregiver", "caregiver_id")) | {""}
    for table, name in (("admissions", "admit_provider_id"), ("labevents", "order_provider_id"),
                        ("microbiologyevents", "order_provider_id"), ("poe", "order_provider_id"),
                        ("prescriptions", "order_provider_id"), ("emar", "enter_provider_id")):
        if set(get(table, name)) - providers:
            faults.add(table, f"unknown {name}")
    for table in ("chartevents", "datetimeevents", "inputevents", "ingredientevents", "outputevents",
                  "procedureevents"):
        if set(get(table, "caregiver_id")) - caregivers:
            faults.add(table, "unknown caregiver_id")
    admissions = set(get("admissions", "hadm_id")) | {""}
    for table in ("labevents", "transfers", "emar", "poe", "microbiologyevents"):
        if set(get(table, "hadm_id")) - admissions:
            faults.add(table, "unknown hadm_id")
    poe = set(get("poe", "poe_id")) | {""}
    for table in ("prescriptions", "pharmacy", "emar"):
        if set(get(table, "poe_id")) - poe:
            faults.add(table, "unknown poe_id")
    for name in ("discontinue_of_poe_id", "discontinued_by_poe_id"):
        if set(get("poe", name)) - poe:
            faults.add("poe", f"unknown {name}")
    pharmacy = dict(zip(get("pharmacy", "pharmacy_id"), get("pharmacy", "subject_id", "hadm_id", "poe_id")))
    for table in ("prescriptions", "emar"):
        for key, *rest in get(table, "pharmacy_id", "subject_id", "hadm_id", "poe_id"):
            if key and pharmacy.get(key) != tuple(rest):
                faults.add(table, f"pharmacy_id {key} does not agree with pharmacy")
                break
    emar = set(get("emar", "emar_id", "emar_seq", "subject_id"))
    if set(get("emar_detail", "emar_id", "emar_seq", "subject_id")) - emar:
        faults.add("emar_detail", "unknown emar_id, emar_seq, subject_id")
    inputs = set(get("inputevents", "orderid"))
    if set(get("ingredientevents", "orderid")) - inputs:
        faults.add("ingredientevents", "unknown orderid")
    for table, names, codes in (("diagnoses_icd", ("icd_code", "icd_version"), "d_icd_diagnoses"),
                                ("procedures_icd", ("icd_code", "icd_version"), "d_icd_procedures")):
        if set(get(table, *names)) - set(get(codes, *names)):
            faults.add(table, "code without a title")
    linksto = dict(get("d_items", "itemid", "linksto"))
    for table in ("chartevents", "datetimeevents", "inputevents", "ingredientevents", "outputevents",
                  "procedureevents"):
        wrong = {i for i in set(get(table, "itemid")) if linksto.get(i) != table}
        if wrong:
            faults.add(table, f"items of other tables: {sorted(wrong)[:5]}")
    pairs = dict(get("admissions", "hadm_id", "subject_id"))
    for table in ("labevents", "transfers", "icustays", "poe", "emar", "microbiologyevents", "pharmacy",
                  "prescriptions", "diagnoses_icd", "services"):
        if any(h and pairs.get(h) != s for h, s in set(get(table, "hadm_id", "subject_id"))):
            faults.add(table, "hadm_id of another subject")
    stays = dict(zip(get("icustays", "stay_id"), get("icustays", "subject_id", "hadm_id")))
    for table in ("chartevents", "datetimeevents", "inputevents", "ingredientevents", "outputevents",
                  "procedureevents"):
        if any(stays.get(t) != (s, h) for t, s, h in set(get(table, "stay_id", "subject_id", "hadm_id"))):
            faults.add(table, "stay_id of another admission")


def check_course(get, faults):
    """Patients, admissions, transfers and stays tell one story."""
    death = dict(get("patients", "subject_id", "dod"))
    admissions = {}
    by_subject = {}
    for subject, hadm, admit, disch, died, flag, place in get(
            "admissions", "subject_id", "hadm_id", "admittime", "dischtime", "deathtime",
            "hospital_expire_flag", "discharge_location"):
        admissions[hadm] = (admit, disch)
        by_subject.setdefault(subject, []).append((admit, disch))
        if admit >= disch:
            faults.add("admissions", f"{hadm}: {admit} to {disch}")
        if (flag == "1") != (died != "") or (flag == "1") != (place == "DIED"):
            faults.add("admissions", f"{hadm}: death flag, time and place differ")
        if died and death[subject] != died[:10]:
            faults.add("admissions", f"{hadm}: died {died}, but dod is {death[subject]!r}")
        if death[subject] and admit[:10] > death[subject]:
            faults.add("admissions", f"{hadm} begins after death")
    for subject, spans in by_subject.items():
        spans.sort()
        if any(a[1] > b[0] for a, b in zip(spans, spans[1:])):
            faults.add("admissions", f"{subject}: admissions overlap")
    units = {}
    for hadm, kind, unit, start, end in get("transfers", "hadm_id", "eventtype", "careunit", "intime",
                                            "outtime"):
        units.setdefault(hadm, []).append((start, end, unit, kind))
        if (kind == "discharge") != (end == "") or (end and end <= start):
            faults.add("transfers", f"{hadm}: {kind} from {start} to {end!r}")
    for hadm, spans in units.items():
        if hadm == "":
            continue
        spans = sorted(s for s in spans if s[3] != "ED")
        if [s[3] for s in spans].count("admit") != 1 or spans[-1][3] != "discharge":
            faults.add("transfers", f"{hadm}: {[s[3] for s in spans]}")
        if any(a[1] != b[0] for a, b in zip(spans, spans[1:])):
            faults.add("transfers", f"{hadm}: gap or overlap")
        if spans[-1][0] != admissions[hadm][1]:
            faults.add("transfers", f"{hadm}: discharge row at another time than dischtime")
    stays = {}
    for hadm, stay, start, end, first, los in get("icustays", "hadm_id", "stay_id", "intime", "outtime",
                                                  "first_careunit", "los"):
        stays[stay] = (start, end)
        if not any(s[0] == start and s[1] == end and s[2] == first for s in units[hadm]):
            faults.add("icustays", f"{stay}: no such transfer")
        seconds = (datetime.datetime.fromisoformat(end) - datetime.datetime.fromisoformat(start)).total_seconds()
        if abs(float(los) - seconds / 86400) > 1e-9:
            faults.add("icustays", f"{stay}: los {los}")
    for table, name in (("chartevents", "charttime"), ("datetimeevents", "charttime"),
                        ("outputevents", "charttime"), ("inputevents", "starttime"),
                        ("inputevents", "endtime"), ("ingredientevents", "starttime"),
                        ("procedureevents", "starttime"), ("procedureevents", "endtime")):
        outside = {t for t, when in set(get(table, "stay_id", name))
                   if t in stays and not stays[t][0][:16] <= when[:16] <= stays[t][1]}
        if outside:
            faults.add(table, f"{name} outside the stay: {sorted(outside)[:3]}")
    for table in ("inputevents", "ingredientevents", "procedureevents"):
        if any(a >= b for a, b in get(table, "starttime", "endtime")):
            faults.add(table, "endtime not after starttime")


def check_clinic(get, faults):
    """Values are plausible, and illness shows in all of them at once."""
    ranges = {"220045": (20, 220), "220052": (20, 200), "220181": (20, 200), "220277": (50, 100),
              "223835": (21, 100), "220739": (1, 4), "223900": (1, 5), "223901": (1, 6),
              "223761": (90, 110), "226512": (25, 250)}
    for item, text in set(get("chartevents", "itemid", "valuenum")):
        low, high = ranges.get(item, (-1e9, 1e9))
        if text and not low <= float(text) <= high:
            faults.add("chartevents", f"{item} is {text}")
    ranges = {"50912": (0.1, 20), "50971": (1.5, 10), "50983": (90, 190), "51265": (1, 1500),
              "50820": (6.5, 7.9), "50821": (10, 700), "50885": (0, 60), "50813": (0.1, 35)}
    for item, text in set(get("labevents", "itemid", "valuenum")):
        low, high = ranges.get(item, (-1e9, 1e9))
        if text and not low <= float(text) <= high:
            faults.add("labevents", f"{item} is {text}")
    died = {h for h, flag in get("admissions", "hadm_id", "hospital_expire_flag") if flag == "1"}

    def means(rows):
        sums = {True: [0, 0], False: [0, 0]}
        for hadm, value in rows:
            if hadm and value:
                sums[hadm in died][0] += float(value)
                sums[hadm in died][1] += 1
        return [s / n if n else None for s, n in (sums[True], sums[False])]

    labs = get("labevents", "itemid", "hadm_id", "valuenum")
    charts = get("chartevents", "itemid", "hadm_id", "valuenum")
    for what, rows, item, higher in (
            ("creatinine", labs, "50912", True), ("lactate", labs, "50813", True),
            ("platelets", labs, "51265", False), ("bilirubin", labs, "50885", True),
            ("GCS motor", charts, "223901", False), ("heart rate", charts, "220045", True)):
        dead, alive = means([(h, v) for i, h, v in rows if i == item])
        print(f"  {what}: died {dead}, survived {alive}")
        if dead is not None and alive is not None and (dead > alive) != higher:
            faults.add("illness", f"{what} of those who die is {dead}, of others {alive}")


def check_counts(tables, patients, faults):
    for name, rate in RATES.items():
        ours = len(tables[name]) / patients
        print(f"  {name:20} {ours:9.2f} a patient, release {rate:9.2f}, ratio {ours / rate:5.2f}")
        if patients >= 500 and not 0.6 <= ours / rate <= 1.6:
            faults.add(name, f"{ours:.2f} rows a patient, expected about {rate}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("package")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--make")
    parser.add_argument("--patients", type=int, default=0)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    with open(options.package, encoding="utf-8") as file:
        package = json.load(file)
    resources = {r["name"]: r for r in package["resources"]}
    faults = Faults()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or temporary
        if options.make:
            emulator = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
            subprocess.run([*emulator, options.make, folder, str(options.patients), options.seed], check=True)
        tables = {name: read_table(folder, r, faults) for name, r in resources.items()}

    def get(table, *names):
        return column(tables, resources, table, *names)

    check_keys(tables, resources, faults)
    check_soft_keys(get, faults)
    check_course(get, faults)
    check_clinic(get, faults)
    if options.patients:
        check_counts(tables, options.patients, faults)
    print(f"{sum(len(t) for t in tables.values())} rows, {faults.count} faults")
    return 1 if faults.count else 0


if __name__ == "__main__":
    sys.exit(main())
