"""The events that the released MEDS mapping of MIMIC-IV gives, by rules written down here from the
facts about it: no event map is read, and no code of the library is used.

    python3 tests/real/meds_reference.py

says how many there are in the open demo, table by table, and compares them with the totals that
are known of the released build.

What the released build does beyond these rules, found by its totals: events that are equal in every
column, the extension columns included, are written once. That explains its number of measurements to
the last one (merged_total); the library writes one event a row instead, and says which row.

A rule makes events (subject, time, code, number, text): the time as microseconds since 1970 or None
for a static fact, the number as the nearest float32 or None. Rules of the mapping in a few words: the
parts of a code are joined by //, a missing one is UNK; an event whose time is missing is not made.
"""

import calendar
import collections
import re
import struct
import sys

from real import DATA, EMPTY_TEXT, read_bytes, read_records, require_data, source_files

FOLDERS = ["mimic-iv-demo", "mimic-iv-demo-rebuilt"]

# Of the released build of the demo: measurements, distinct (subject, time), codes.
RELEASED = (1022555, 96949, 7523)


def rows_of(path):
    """The records of a file as dictionaries; a missing value is None."""
    header, records = read_records(read_bytes(path))
    for fields in records:
        yield {name: (None if text == "" else "" if text == EMPTY_TEXT else text)
               for name, text in zip(header, fields)}


def moment(text):
    """Microseconds since 1970 of a date, a time, or a time with fractions of a second."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?", text)
    parts = [int(part or 0) for part in match.groups()[:6]]
    fraction = int((match.group(7) or "").ljust(6, "0"))
    return calendar.timegm(tuple(parts)) * 1000000 + fraction


def single(text):
    """The float32 nearest to a number (over the double, as everybody does it)."""
    if text is None:
        return None
    try:
        return struct.unpack("<f", struct.pack("<f", float(text)))[0]
    except OverflowError:
        return float("inf") if float(text) > 0 else float("-inf")


def code(*parts):
    return "//".join("UNK" if part is None else part for part in parts)


class Demo:
    """The tables of the two folders, and what joins need of them."""

    def __init__(self):
        self.paths = {}
        for folder in FOLDERS:
            self.paths.update(source_files(folder))
        self.ends = {}
        self.deaths = {}
        for row in self.rows("admissions"):
            self.ends[row["hadm_id"]] = row["dischtime"]
            if row["deathtime"] is not None:
                subject = row["subject_id"]
                self.deaths[subject] = min(row["deathtime"], self.deaths.get(subject, "9"))

    def rows(self, table):
        return rows_of(self.paths[table])


def patients(demo, row):
    yield None, code("GENDER", row["gender"]), None, None
    yield f"{int(row['anchor_year']) - int(row['anchor_age']):04d}-01-01", "MEDS_BIRTH", None, None
    died = demo.deaths.get(row["subject_id"]) or row["dod"]
    if died is not None:
        yield died, "MEDS_DEATH", None, None


def admissions(_, row):
    yield row["edregtime"] or "", "ED_REGISTRATION", None, None
    yield row["edouttime"] or "", "ED_OUT", None, None
    yield (row["admittime"],
           code("HOSPITAL_ADMISSION", row["admission_type"], row["admission_location"]), None, None)
    yield row["dischtime"] or "", code("HOSPITAL_DISCHARGE", row["discharge_location"]), None, None


def diagnoses_icd(demo, row):
    yield (demo.ends.get(row["hadm_id"]) or "",
           code("DIAGNOSIS", "ICD", row["icd_version"], row["icd_code"]), None, None)


def procedures_icd(demo, row):
    yield (demo.ends.get(row["hadm_id"]) or "",
           code("PROCEDURE", "ICD", row["icd_version"], row["icd_code"]), None, None)


def drgcodes(demo, row):
    yield (demo.ends.get(row["hadm_id"]) or "",
           code("DRG", row["drg_type"], row["drg_code"], row["description"]), None, None)


def emar(_, row):
    yield row["charttime"] or "", code("MEDICATION", row["medication"], row["event_txt"]), None, None


def hcpcsevents(_, row):
    yield row["chartdate"] or "", code("HCPCS", row["short_description"]), None, None


def labevents(_, row):
    yield row["charttime"] or "", code("LAB", "SPECIMEN_COLLECTED", row["itemid"]), None, None
    yield (row["storetime"] or "", code("LAB", "RESULT", row["itemid"], row["valueuom"]),
           row["valuenum"], row["value"])


def omr(_, row):
    yield row["chartdate"] or "", code(row["result_name"]), None, row["result_value"]


def pharmacy(_, row):
    yield row["starttime"] or "", code("MEDICATION", "START", row["medication"]), None, None
    yield row["stoptime"] or "", code("MEDICATION", "STOP", row["medication"]), None, None


def transfers(_, row):
    yield row["intime"] or "", code("TRANSFER_TO", row["eventtype"], row["careunit"]), None, None


def icustays(_, row):
    yield row["intime"] or "", code("ICU_ADMISSION", row["first_careunit"]), None, None
    yield row["outtime"] or "", code("ICU_DISCHARGE", row["last_careunit"]), None, None


def chartevents(_, row):
    yield (row["charttime"] or "", code("LAB", row["itemid"], row["valueuom"]), row["valuenum"],
           row["value"])


def procedureevents(_, row):
    yield row["starttime"] or "", code("PROCEDURE", "START", row["itemid"]), None, None
    yield row["endtime"] or "", code("PROCEDURE", "END", row["itemid"]), None, None


def inputevents(_, row):
    yield row["starttime"] or "", code("INFUSION_START", row["itemid"]), row["rate"], None
    yield row["endtime"] or "", code("INFUSION_END", row["itemid"]), row["amount"], None
    if row["patientweight"] is not None:
        yield row["starttime"] or "", "SUBJECT_WEIGHT_AT_INFUSION//KG", row["patientweight"], None


def outputevents(_, row):
    yield (row["charttime"] or "", code("SUBJECT_FLUID_OUTPUT", row["itemid"], row["valueuom"]),
           row["value"], None)


RULES = {rule.__name__: rule for rule in (
    patients, admissions, diagnoses_icd, procedures_icd, drgcodes, emar, hcpcsevents, labevents, omr,
    pharmacy, transfers, icustays, chartevents, procedureevents, inputevents, outputevents)}


def table_events(demo, table):
    """The events of a table, each with the 1-based number of its row first."""
    rule = RULES[table]
    for number, row in enumerate(demo.rows(table), 1):
        subject = int(row["subject_id"])
        for time, name, value, text in rule(demo, row):
            if time == "":
                continue  # a time that should be there is not: no event
            yield number, (subject, moment(time), name, single(value), text)


# Columns beside those of an event, by table and code: where they differ, two events are not merged.
ADMISSION = ("hadm_id",)
STAY = ("hadm_id", "stay_id")
ORDER = STAY + ("orderid", "linkorderid", "ordercategorydescription")
EXTENSIONS = [
    ("admissions", "HOSPITAL_ADMISSION",
     ADMISSION + ("insurance", "language", "marital_status", "race")),
    ("admissions", "HOSPITAL_DISCHARGE", ADMISSION),
    ("diagnoses_icd", "", ADMISSION),
    ("procedures_icd", "", ADMISSION),
    ("drgcodes", "", ADMISSION + ("drg_severity", "drg_mortality")),
    ("hcpcsevents", "", ADMISSION),
    ("labevents", "", ADMISSION + ("priority",)),
    ("pharmacy", "MEDICATION//START", ("route", "frequency", "doses_per_24_hrs", "poe_id")),
    ("pharmacy", "MEDICATION//STOP", ("poe_id",)),
    ("transfers", "", ADMISSION),
    ("icustays", "", STAY),
    ("procedureevents", "", STAY),
    ("inputevents", "INFUSION_START", ORDER + ("rateuom",)),
    ("inputevents", "INFUSION_END", ORDER + ("amountuom", "statusdescription")),
    ("outputevents", "", STAY),
]

# Rows that are one by one in the release, and lost here what tells them apart: the number of the
# administration (emar_id), the text of a charted value.
NEVER_MERGED = ("emar", "chartevents")


def extension(table, name):
    for owner, prefix, columns in EXTENSIONS:
        if owner == table and name.startswith(prefix):
            return columns
    return ()


def merged_total(demo):
    """How many measurements the released build of these tables has to have."""
    total = 0
    for table, rule in RULES.items():
        found, rows = set(), 0
        unweighted = set()
        for row in demo.rows(table):
            if table == "inputevents" and row["patientweight"] is None:
                unweighted.add((row["subject_id"], row["starttime"]))
            for event in rule(demo, row):
                if event[0] == "":
                    continue
                rows += 1
                if table not in NEVER_MERGED:
                    columns = extension(table, event[1])
                    found.add((row["subject_id"], *event, *(row[name] for name in columns)))
        total += rows if table in NEVER_MERGED else len(found)
        # The stand-in of inputevents has no weight where the release has two at one time.
        total += 2 * len(unweighted)
    return total


def tables(demo):
    """Table: the multiset of its events."""
    return {table: collections.Counter(event for _, event in table_events(demo, table))
            for table in RULES}


def main():
    require_data()
    demo = Demo()
    events = tables(demo)
    every = collections.Counter()
    for table, found in events.items():
        print(f"{table:20} {sum(found.values()):9} events, {len(found):9} different, "
              f"{len({event[2] for event in found}):5} codes")
        every.update(found)
    totals = (sum(every.values()), len({event[:2] for event in every}),
              len({event[2] for event in every}))
    print(f"events {totals[0]}, merged {merged_total(demo)}, subject and time {totals[1]}, "
          f"codes {totals[2]}; the released build has {RELEASED}")


if __name__ == "__main__":
    main()
