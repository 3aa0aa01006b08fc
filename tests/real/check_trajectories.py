#!/usr/bin/env python3
"""mimic trajectories on the open demo data, event by event, against rules that share nothing with
the library or its event maps: meds_reference.py (the released MEDS mapping of MIMIC-IV) and
event_rules.py (all other tables).

    python3 tests/real/check_trajectories.py MIMIC_PROGRAM [DATASET...]

A dataset is mimic-iv, mimic-iii, synthea-small or synthea-large. What is compared: the multiset of
(table, row, subject, time, code, float32, text) of every table, the accounting of rows, the order of
the events of each patient, and a few patients by hand.
"""

import collections
import json
import os
import re
import sys
import tempfile

import event_rules
import meds_reference
from event_rules import Dataset
from meds_reference import moment, single
from real import DATA, Faults, Program, ROOT, require_data

ADMISSIONS = ("admissions", "hadm_id", "dischtime", "deathtime", "subject_id")
ENCOUNTERS = ("encounters", "Id", "STOP", None, "PATIENT")

# Name: folders, release, where the ends of admissions are, rules, column of the subject.
DATASETS = {
    "mimic-iv": (["mimic-iv-demo", "mimic-iv-demo-rebuilt"], "mimic-iv/2.2", ADMISSIONS,
                 {**meds_reference.RULES, **event_rules.MIMIC_IV}),
    "mimic-iii": (["mimic-iii-demo"], "mimic-iii/1.4", ADMISSIONS, event_rules.MIMIC_III),
    "synthea-small": (["synthea-csv/r2024-small"], "synthea/3.2.0", ENCOUNTERS, event_rules.SYNTHEA),
    "synthea-large": (["synthea-csv/v3-large"], "synthea/3.3.0", ENCOUNTERS, event_rules.SYNTHEA),
}
SUBJECT = re.compile(r"subject_id|PATIENT|PATIENTID", re.IGNORECASE)

# Read off the tables by eye: subject, time, code, value, when it was known.
BY_HAND = {
    "mimic-iii": [
        ("10006", "2094-03-05 00:00:00", "MEDS_BIRTH", None, "2094-03-05 00:00:00"),
        ("10006", "2164-10-23 21:09:00", "HOSPITAL_ADMISSION//EMERGENCY//EMERGENCY ROOM ADMIT", None,
         "2164-10-23 21:09:00"),
        ("10006", "2164-11-01 17:15:00", "HOSPITAL_DISCHARGE//HOME HEALTH CARE", None,
         "2164-11-01 17:15:00"),
        ("10017", "2149-05-31 10:44:34", "CALLOUT//REQUEST//MED", None, "2149-05-31 10:44:34"),
        ("42367", "2147-10-29 16:46:00", "INFUSION_END//225799", 60.0, "2147-10-29 16:46:00"),
    ],
    "synthea-small": [
        ("b37f7960-7e9e-f3f7-f891-79ae4f632406", "2014-05-06 08:34:30",
         "ENCOUNTER//START//ambulatory//185345009", None, "2014-05-06 08:34:30"),
        ("b37f7960-7e9e-f3f7-f891-79ae4f632406", "2014-05-06 00:00:00", "CONDITION//START//195662009",
         None, "2014-05-06 08:49:30"),
        ("b37f7960-7e9e-f3f7-f891-79ae4f632406", "2014-08-22 18:34:30", "OBSERVATION//8302-2//cm",
         101.8, "2014-08-22 18:34:30"),
    ],
}


def expected_events(data, table, rule):
    """(row, subject as it stands in the table, time, code, float32, text) of a table."""
    for number, row in enumerate(data.rows(table), 1):
        if table == "patients" and "Id" in row:
            subject = row["Id"]
        else:
            subject = next(row[name] for name in row if SUBJECT.fullmatch(name))
        for time, name, value, text in rule(data, row):
            if time != "":
                yield number, subject, moment(time), name, single(value), text


def written_events(folder):
    """The events of every file, as dictionaries, in the order of each file."""
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            if name.endswith(".ndjson"):
                with open(os.path.join(where, name), encoding="utf-8", newline="\n") as stream:
                    yield name, [json.loads(line) for line in stream]


def time_of(event, key="time"):
    text = event.get(key)
    return None if text is None else moment(text.replace("T", " "))


class Build:
    """What the program wrote, and what it said of it."""

    def __init__(self, program, folders, out):
        self.done = program.run("trajectories", *(os.path.join(DATA, name) for name in folders), out,
                                "--layout", "files", "--format", "ndjson", timeout=600)
        self.files = []
        self.by_table = collections.defaultdict(list)
        self.manifest = None
        if self.done.returncode not in (0, 3):
            return
        for name, events in written_events(out):
            self.files.append((name, events))
            for event in events:
                self.by_table[event["source_table"]].append(event)
        with open(os.path.join(out, "manifest.json"), encoding="utf-8") as stream:
            self.manifest = json.load(stream)


def subject_ids(build, data):
    """Subject as it stands in the tables: its number among the events."""
    texts = {}
    for number, row in enumerate(data.rows("patients"), 1):
        texts[number] = row.get("subject_id") or row.get("Id")
    ids = {}
    for event in build.by_table["patients"]:
        ids.setdefault(texts[event["source_row"]], set()).add(event["subject_id"])
    return ids


def compare_table(faults, build, data, table, rule, ids):
    expected = collections.Counter(
        (row, ids[subject], time, code, value, text)
        for row, subject, time, code, value, text in expected_events(data, table, rule))
    found = collections.Counter(
        (event["source_row"], event["subject_id"], time_of(event), event["code"],
         event.get("numeric_value"), event.get("text_value")) for event in build.by_table[table])
    # float32 shortest texts are read back as doubles
    found = collections.Counter({
        (*key[:4], None if key[4] is None else single(str(key[4])), key[5]): count
        for key, count in found.items()})
    lost, more = expected - found, found - expected
    faults.expect(not lost and not more,
                  f"{table}: {sum(lost.values())} of {sum(expected.values())} events are missing, "
                  f"{sum(more.values())} are not expected: {list(lost)[:3]} / {list(more)[:3]}")
    return expected


def check_order(faults, build, tables):
    """Static facts first, then by time, rank, table and row; one subject a file."""
    place = {name: number for number, name in enumerate(tables)}
    wrong = collections.Counter()
    for _, events in build.files:
        keys = []
        for event in events:
            time = time_of(event)
            keys.append((event["subject_id"], time is not None, time or 0, event["order_rank"],
                         place[event["source_table"]], event["source_row"]))
            available = time_of(event, "available_time")
            wrong["known before it happened"] += (
                time is not None and (available is None or available < time))
        wrong["out of order"] += keys != sorted(keys)
        wrong["subjects in one file"] += len({key[0] for key in keys}) != 1
    for what, count in wrong.items():
        faults.equal(count, 0, f"{what}")


def check_links(faults, build, name):
    """A link ties two events of one row at most."""
    links = collections.defaultdict(list)
    for _, events in build.files:
        for event in events:
            if "link_id" in event:
                links[event["link_id"]].append((event["source_table"], event["source_row"]))
    faults.expect(all(len(ends) <= 2 and len(set(ends)) == 1 for ends in links.values()),
                  f"{name}: a link ties other than the two events of a row")


def check_by_hand(faults, build, name, ids):
    found = {(event["subject_id"], time_of(event), event["code"], event.get("value"),
              time_of(event, "available_time")) for _, events in build.files for event in events}
    for subject, time, name_of, value, known in BY_HAND.get(name, []):
        faults.expect((ids[subject], moment(time), name_of, value, moment(known)) in found,
                      f"{name}: no {name_of} of {subject} at {time}, known at {known}")


def check_accounting(faults, build, data, rules, expected):
    """Rows read = with events + without + rejected, and each as it should be."""
    tables = {entry["table"]: entry for entry in build.manifest["tables"]}
    for table in rules:
        if table not in data.paths:
            continue
        entry = tables.get(table)
        if not faults.expect(entry is not None, f"{table} is not in the manifest"):
            continue
        rows = sum(1 for _ in data.rows(table))
        faults.equal(entry["read"], rows, f"{table}: rows read")
        faults.equal(entry["with_events"] + entry["without_events"] + entry["rejected"], rows,
                     f"{table}: rows accounted for")
        faults.equal(entry["rejected"], 0, f"{table}: rows rejected")
        faults.equal(entry["events"], sum(expected[table].values()), f"{table}: events")


def check_dataset(faults, program, name):
    folders, release, join, rules = DATASETS[name]
    data = Dataset(folders, join)
    with open(os.path.join(ROOT, "schemas", release, "events.json"), encoding="utf-8") as stream:
        order = list(json.load(stream)["tables"])
    with tempfile.TemporaryDirectory() as work:
        build = Build(program, folders, os.path.join(work, "out"))
    if not faults.expect(build.manifest is not None,
                         f"{name}: {build.done.returncode} {build.done.stderr[-2000:]}"):
        return None
    ids = subject_ids(build, data)
    faults.expect(all(len(found) == 1 for found in ids.values()) and
                  len(set.union(*ids.values())) == len(ids), f"{name}: subjects have one id each")
    ids = {text: found.pop() for text, found in ids.items()}
    expected = {}
    for table, rule in rules.items():
        if table in data.paths:
            expected[table] = compare_table(faults, build, data, table, rule, ids)
    faults.expect(set(build.by_table) <= set(order), f"{name}: events of tables that are not mapped")
    check_order(faults, build, order)
    check_links(faults, build, name)
    check_by_hand(faults, build, name, ids)
    check_accounting(faults, build, data, rules, expected)
    return build, expected, ids


def check_released(faults, expected):
    """The totals of the released build, from the same events."""
    events = collections.Counter()
    for table in meds_reference.RULES:
        events.update((time, subject, code)
                      for (_, subject, time, code, _, _), count in expected[table].items()
                      for _ in range(count))
    faults.equal(len({key[:2] for key in events}), meds_reference.RELEASED[1],
                 "subject and time, as in the released build")
    faults.equal(len({key[2] for key in events}), meds_reference.RELEASED[2],
                 "codes, as in the released build")
    faults.equal(meds_reference.merged_total(meds_reference.Demo()), meds_reference.RELEASED[0],
                 "measurements, as in the released build")


def main():
    require_data()
    program = Program(sys.argv[1])
    if program.run("trajectories", "--help").returncode != 0:
        print("skipped: the program has no command trajectories")
        sys.exit(77)
    faults = Faults()
    for name in sys.argv[2:] or DATASETS:
        result = check_dataset(faults, program, name)
        if result and name == "mimic-iv":
            check_released(faults, result[1])
    faults.finish("trajectories")


if __name__ == "__main__":
    main()
