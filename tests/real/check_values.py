#!/usr/bin/env python3
"""Every value of every table: the source against SQLite, normalised CSV and, where readers are
installed, Arrow.

    check_values.py MIMIC BUILD_FOLDER

Both sides are brought to one form, by the type that the package gives a column: text as it stands,
whole numbers as their digits (a leading zero or a plus would be a difference), floats as the
nearest double or single, decimals as exact numbers, dates and times as ISO 8601 in UTC where there
is a zone. Absent and empty text differ.
"""

import itertools
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import real

CHUNK = 20000
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?")

# Folder and table: the column whose absence makes a row a reject.
REJECTED_WITHOUT = {("mimic-iv-demo-rebuilt", "emar"): "emar_id"}

# Tables whose Arrow files are read back; the readers hold a table in memory as text.
ARROW_TABLES = {
    "mimic-iv-demo": ["admissions", "d_labitems", "labevents", "microbiologyevents",
                      "prescriptions"],
    "synthea-csv/v3-large": ["claims", "encounters", "patients", "payers"],
}


def single(text):
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def moment(text, with_zone):
    match = TIME.fullmatch(text)
    if match is None:
        if with_zone or not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(f"not a time: {text!r}")
        return text + "T00:00:00"
    day, clock, fraction, zone = match.groups()
    fraction = "." + fraction.rstrip("0") if fraction and fraction.strip("0") else ""
    if (zone is None) == with_zone:
        raise ValueError(f"zone: {text!r}")
    if zone in (None, "Z"):
        return f"{day}T{clock}{fraction}"
    sign = -1 if zone[0] == "-" else 1
    shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])) * sign
    return f"{datetime.fromisoformat(f'{day}T{clock}') - shift:%Y-%m-%dT%H:%M:%S}{fraction}"


def day(text):
    date.fromisoformat(text)
    return text


def same(text):
    return text


FORMS = {"string": same, "categorical": same, "int16": same, "int32": same, "int64": same,
         "float64": float, "float32": single, "decimal": Decimal, "date": day,
         "timestamp": lambda text: moment(text, False),
         "timestamptz": lambda text: moment(text, True)}


class Column:
    def __init__(self, field, schema):
        self.name = field["name"]
        self.type = field["mimic"]["type"].split("(")[0]
        self.missing = set(field.get("missingValues") or schema.get("missingValues") or [""]) - {""}
        self.form = FORMS[self.type]
        self.is_text = self.form is same

    def of_text(self, values):
        """Canonical form of fields of a file; None where there is no value."""
        form, missing = self.form, self.missing
        if missing:
            values = ["" if value in missing else value for value in values]
        if self.is_text:
            return list(values)
        # Values repeat; a memory for each chunk spares most of the conversions.
        known = {value: form(value) if value else "" for value in set(values)}
        return [known[value] for value in values]

    def of_sqlite(self, values):
        """The same of what SQLite gives."""
        if self.is_text:
            if self.type in ("string", "categorical"):
                return ["" if value is None else value or real.EMPTY_TEXT for value in values]
            return ["" if value is None else str(value) for value in values]
        if self.type in ("float32", "float64"):
            return ["" if value is None else value for value in values]
        known = {value: self.form(value) if value is not None else "" for value in set(values)}
        return [known[value] for value in values]


def columns_of(resource):
    return [Column(field, resource["schema"]) for field in resource["schema"]["fields"]]


class Source:
    """A source file as chunks of columns, in the order of the package."""

    def __init__(self, folder, table, path, resource):
        self.columns = columns_of(resource)
        self.header, self.records = real.read_records(real.read_bytes(path))
        lower = [name.lower() for name in self.header]
        self.order = [lower.index(column.name.lower()) for column in self.columns]
        needed = REJECTED_WITHOUT.get((folder, table))
        if needed:
            at = lower.index(needed)
            self.records = (record for record in self.records if record[at])

    def chunks(self):
        while chunk := list(itertools.islice(self.records, CHUNK)):
            by_place = list(zip(*chunk, strict=True))
            yield [by_place[place] for place in self.order]


def compare(what, columns, source, target, of_target):
    """Compares chunks; returns (values, first faults)."""
    count, faults, row = 0, [], 0
    for expected, found in itertools.zip_longest(source, target):
        if expected is None or found is None or len(expected[0]) != len(found[0]):
            faults.append(f"{what}: the number of rows differs near row {row + 1}")
            break
        for column, left, right in zip(columns, expected, found, strict=True):
            count += len(left)
            if left == right:  # the same text: nothing to bring into one form
                continue
            left, right = column.of_text(left), of_target(column, right)
            if left != right:
                at = next(i for i, pair in enumerate(zip(left, right)) if pair[0] != pair[1])
                faults.append(f"{what}.{column.name}: row {row + at + 1}: expected {left[at]!r}, "
                              f"found {right[at]!r}")
        row += len(expected[0])
    return count, faults


def sqlite_chunks(database, table, columns, key):
    """In the order of the file: rows stand as they came unless a whole number is the key."""
    names = ", ".join(f'"{column.name}"' for column in columns)
    cursor = database.execute(f'SELECT {names} FROM "{table}" ORDER BY {key}')
    while rows := cursor.fetchmany(CHUNK):
        yield list(zip(*rows))


def compare_sqlite(database, folder, table, path, resource):
    source = Source(folder, table, path, resource)
    key = resource["schema"].get("primaryKey", [])
    key = [key] if isinstance(key, str) else key
    order = "rowid"
    chunks = source.chunks()
    if len(key) == 1:  # may be SQLite's rowid: both sides in its order
        names = [column.name for column in source.columns]
        at = source.order[names.index(key[0])]
        is_number = source.columns[names.index(key[0])].type.startswith("int")
        source.records = iter(sorted(source.records,
                                     key=lambda row: int(row[at]) if is_number else row[at]))
        chunks, order = source.chunks(), f'"{key[0]}"'
    return compare(f"{folder}: SQLite: {table}", source.columns, chunks,
                   sqlite_chunks(database, table, source.columns, order), Column.of_sqlite)


def compare_csv(what, folder, table, path, resource, written):
    source = Source(folder, table, path, resource)
    target = Source("", "", written, resource)
    if target.header != [column.name for column in source.columns]:
        return 0, [f"{what}: {table}: header {target.header}"]
    return compare(f"{what}: {table}", source.columns, source.chunks(), target.chunks(),
                   Column.of_text)


def written_files(top, ending):
    return {name[:-len(ending)]: os.path.join(where, name)
            for where, _, names in os.walk(top) for name in names if name.endswith(ending)}


def check_sqlite(mimic, folder, work):
    path = os.path.join(work, "all.db")
    status, _, said = real.Program(mimic).load(folder, path, "--quiet")
    if status not in (0, 3):
        return 0, [f"{folder}: SQLite: exit status {status}: {said}"]
    resources = real.package(real.FOLDERS[folder])
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    count, faults = 0, []
    for table, source in real.source_files(folder).items():
        more, wrong = compare_sqlite(database, folder, table, source, resources[table])
        count, faults = count + more, faults + wrong
    database.close()
    return count, faults


def check_csv(mimic, folder, work):
    """Plain files value by value; the compressed ones must hold the same bytes."""
    resources = real.package(real.FOLDERS[folder])
    count, faults, files = 0, [], {}
    kinds = {"none": ".csv", "gz": ".csv.gz"}
    if shutil.which("zstd"):
        kinds["zst"] = ".csv.zst"
    for kind, ending in kinds.items():
        top = os.path.join(work, kind)
        status, _, said = real.Program(mimic).load(folder, "csv:" + top, "--quiet", "--compress",
                                                   kind)
        if status not in (0, 3):
            return count, faults + [f"{folder}: CSV {kind}: exit status {status}: {said}"]
        files[kind] = {name: path for name, path in written_files(top, ending).items()
                       if os.path.basename(os.path.dirname(path)) != "rejects"}
    for table, source in real.source_files(folder).items():
        plain = files["none"][table]
        more, wrong = compare_csv(f"{folder}: CSV", folder, table, source, resources[table], plain)
        count, faults = count + more, faults + wrong
        for kind in kinds:
            if real.read_bytes(files[kind][table]) != real.read_bytes(plain):
                faults.append(f"{folder}: CSV {kind}: {table} differs from the plain file")
    return count, faults


def of_arrow(column, values):
    """Canonical form of what read_arrow.mjs prints: stored numbers as text."""
    def form(value):
        if value is None:
            return ""
        if column.type in ("string", "categorical"):
            return value or real.EMPTY_TEXT
        if column.type in ("float32", "float64"):
            return float(value)
        if column.type == "decimal":
            return Decimal(value).scaleb(-2)
        if column.type == "date":
            return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()
        if column.type.startswith("timestamp"):
            at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=int(value))
            return moment(at.replace(tzinfo=None).isoformat(), False)
        return value
    return [form(value) for value in values]


def check_arrow(mimic, folder, work, readers):
    resources = real.package(real.FOLDERS[folder])
    tables = ARROW_TABLES[folder]
    status, _, said = real.Program(mimic).load(folder, "arrow:" + os.path.join(work, "arrow"),
                                               "--quiet", "--tables", ",".join(tables))
    if status != 0:
        return 0, [f"{folder}: Arrow: exit status {status}: {said}"]
    files = written_files(os.path.join(work, "arrow"), ".arrow")
    sources = real.source_files(folder)
    count, faults = 0, []
    for table in tables:
        done = subprocess.run(["node", os.path.join(readers, "read_arrow.mjs"), files[table]],
                              stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            faults.append(f"{folder}: Arrow: {table} cannot be read")
            continue
        source = Source(folder, table, sources[table], resources[table])
        names = [column.name for column in source.columns]
        rows = [[row[name] for name in names] for row in map(json.loads, done.stdout.splitlines())]
        target = (list(zip(*rows[at:at + CHUNK])) for at in range(0, len(rows), CHUNK))
        more, wrong = compare(f"{folder}: Arrow: {table}", source.columns, source.chunks(), target,
                              of_arrow)
        count, faults = count + more, faults + wrong
    return count, faults


def check(job):
    kind, folder, mimic, readers = job
    with tempfile.TemporaryDirectory(prefix="mimic-real-") as work:
        if kind == "SQLite":
            return check_sqlite(mimic, folder, work)
        if kind == "CSV":
            return check_csv(mimic, folder, work)
        return check_arrow(mimic, folder, work, readers)


def main():
    real.require_data()
    mimic = os.path.abspath(sys.argv[1])
    readers = os.path.join(sys.argv[2], "tests", "interop", "readers")
    jobs = [(kind, folder, mimic, "") for folder in sorted(real.FOLDERS)
            for kind in ("SQLite", "CSV")]
    if os.path.isfile(os.path.join(readers, "installed-lock.json")):
        jobs += [("Arrow", folder, mimic, readers) for folder in ARROW_TABLES]
    else:
        print("Arrow: not compared, the readers of suite interop are not installed")
    if not shutil.which("zstd"):
        print("CSV: .csv.zst not compared, the program zstd is not installed")
    faults = 0
    with ProcessPoolExecutor(max_workers=2) as pool:
        for job, (count, found) in zip(jobs, pool.map(check, jobs)):
            print(f"{job[1]}: {job[0]}: {count:,} values compared, {len(found)} faults", flush=True)
            for fault in found[:20]:
                print(f"FAULT: {fault}", flush=True)
            faults += len(found)
            faults += count == 0
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
