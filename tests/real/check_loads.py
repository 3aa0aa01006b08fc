#!/usr/bin/env python3
"""Loads every demo folder into SQLite and holds the outcome against what is known of the data:
published row counts, files that are no table, rejects, and the database's own checks.

    check_loads.py MIMIC
"""

import os
import re
import sqlite3
import sys
import tempfile

import real

# Rows that a load must reject, by folder and table.
REJECTS = {("mimic-iv-demo-rebuilt", "emar"): 6130}

IGNORED = {
    "mimic-iv-demo": ["LICENSE.txt", "README.md", "SHA256SUMS.plain.txt", "demo_subject_id.csv"],
    "mimic-iv-demo-rebuilt": ["LICENSE.txt", "README.md"],
    "mimic-iii-demo": ["LICENSE.txt", "README.md", "SHA256SUMS.plain.txt"],
    "synthea-csv/r2024-small": [],
    "synthea-csv/v3-large": [],
}

# The folder holds the 352 codes that occur, not the whole dictionary.
OTHER_COUNT = {("mimic-iv-demo-rebuilt", "d_icd_procedures")}


def known_rows():
    """Folder: {table: rows}."""
    rows = {}
    with open(os.path.join(real.HERE, "rows.tsv"), encoding="ascii") as stream:
        for line in stream:
            if not line.startswith("#"):
                folder, table, count = line.rstrip("\n").split("\t")
                rows.setdefault(folder, {})[table] = int(count)
    return rows


def check_report(faults, folder, report, expected):
    faults.equal(report["dataset"], real.FOLDERS[folder], f"{folder}: release")
    tables = {table["table"]: table for table in report["tables"]}
    faults.equal(sorted(tables), sorted(expected), f"{folder}: tables")
    for name, table in tables.items():
        what = f"{folder}: {name}"
        rejected = REJECTS.get((folder, name), 0)
        faults.equal(table["status"], "MIMIC_OK", what)
        faults.equal(table["read"], expected.get(name), f"{what}: rows read")
        faults.equal(table["rejected"], rejected, f"{what}: rows rejected")
        faults.equal(table["filtered"], 0, f"{what}: rows filtered")
        faults.equal(table["read"], table["written"] + table["rejected"] + table["filtered"],
                     f"{what}: rows accounted for")
        faults.equal(table["nulled"], 0, f"{what}: values made NULL")
        size = len(real.read_bytes(table["source"]))
        faults.equal(table["bytes"], size, f"{what}: bytes")
        faults.equal(table["stored_bytes"], os.path.getsize(table["source"]),
                     f"{what}: stored bytes")
        if (folder, name) not in OTHER_COUNT and "expected_rows" in table:
            faults.equal(table["expected_rows"], table["read"], f"{what}: published rows")
    for key in ("read", "written", "rejected", "filtered", "bytes"):
        faults.equal(report["totals"][key], sum(table[key] for table in tables.values()),
                     f"{folder}: total {key}")
    notes = report["notes"]
    ignored = sorted(note["message"] for note in notes if note["kind"] == "ignored")
    faults.equal(ignored, IGNORED[folder], f"{folder}: ignored files")
    absent = {note["table"] for note in notes if note["kind"] == "absent"}
    faults.equal(absent, set(real.package(real.FOLDERS[folder])) - set(expected),
                 f"{folder}: absent tables")
    drift = [note for note in notes if note["kind"] == "drift"]
    faults.equal(drift, [], f"{folder}: drift")
    counts = {(folder, note["table"]) for note in notes if note["kind"] == "count"}
    faults.equal(counts, {key for key in OTHER_COUNT if key[0] == folder}, f"{folder}: odd counts")
    rejects = {note["table"]: note["count"] for note in notes if note["kind"] == "rejects"}
    faults.equal(rejects, {table: count for (where, table), count in REJECTS.items()
                           if where == folder}, f"{folder}: notes of rejects")


def check_database(faults, folder, path, report):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = {row[0] for row in
             database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = {table["table"]: table for table in report["tables"]}
    faults.equal(names, set(tables) | {"_mimic_meta", "_mimic_rejects", "_mimic_ledger"}, f"{folder}: tables there")
    for name, table in tables.items():
        count = database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        faults.equal(count, table["written"], f"{folder}: rows of {name} in the database")
    rejects = dict(database.execute("SELECT table_name, count(*) FROM _mimic_rejects GROUP BY 1"))
    faults.equal(rejects, {name: table["rejected"] for name, table in tables.items()
                           if table["rejected"]}, f"{folder}: rejects in the database")
    faults.equal(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)],
                 f"{folder}: integrity_check")
    findings = [note for note in report["notes"] if note["kind"] == "finding"]
    faults.equal([note["is_problem"] for note in findings
                  if note["code"] in ("integrity_check", "row_count")],
                 [False], f"{folder}: the check as reported")
    # References to tables that are there all hold. Those to absent tables are named, once each,
    # where a row has one.
    broken = {(row[0], row[2]) for row in database.execute("PRAGMA foreign_key_check")}
    faults.equal({pair for pair in broken if pair[1] in tables}, set(),
                 f"{folder}: broken references")
    unchecked = set()
    for name in tables:
        for row in database.execute(f'PRAGMA foreign_key_list("{name}")'):
            used = f'SELECT count(*) FROM "{name}" WHERE "{row[3]}" IS NOT NULL'
            if row[2] not in tables and database.execute(used).fetchone()[0] > 0:
                unchecked.add((name, row[2], row[3]))
    keys = [note for note in report["notes"] if note["kind"] == "key"]
    named = {(note["table"], parent_of(note["message"]), note["column"]) for note in keys if note["count"] < 0}
    faults.equal(unchecked - named, set(), f"{folder}: references to absent tables")
    faults.equal({parent for _, parent, _ in named} & set(tables), set(), f"{folder}: keys that were not checked")
    faults.equal([note for note in keys if note["count"] > 0], [], f"{folder}: keys that do not hold")
    faults.equal({pair[:2] for pair in unchecked} >= broken, True,
                 f"{folder}: foreign_key_check is explained")
    faults.equal([note["is_problem"] for note in findings if note["is_problem"]], [],
                 f"{folder}: findings that are problems")
    database.close()


def parent_of(message):
    """PARENT of "not checked against PARENT: that table is not there"."""
    found = re.match(r"not checked against (\w+): that table is not there$", message)
    return found.group(1) if found else message


def check_rebuilt_rejects(faults, path):
    """Exactly the rows without emar_id are rejected, each with its place and text."""
    source = real.source_files("mimic-iv-demo-rebuilt")["emar"]
    data = real.read_bytes(source)
    header = data[:data.index(b"\n")].decode().split(",")
    at = header.index("emar_id")
    expected, offset = [], 0
    for number, line in enumerate(data.split(b"\n")[:-1]):
        if number and b'"' in line:
            fields = real.split_quoted(line.decode())
        else:
            fields = line.decode().split(",")
        if number and fields[at] == "":
            expected.append((number, number + 1, offset, "emar_id", "required", line.decode()))
        offset += len(line) + 1
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = database.execute("SELECT record, line, byte_offset, column_name, code, "
                             "CAST(raw AS TEXT) FROM _mimic_rejects ORDER BY rowid").fetchall()
    faults.equal(len(found), 6130, "emar: rejects")
    faults.expect(found == expected, "emar: places or texts of rejects are not those of the rows "
                                     "without emar_id")
    database.close()


def main():
    real.require_data()
    program = real.Program(sys.argv[1])
    faults = real.Faults()
    known = known_rows()
    with tempfile.TemporaryDirectory(prefix="mimic-real-") as work:
        for folder in real.FOLDERS:
            path = os.path.join(work, os.path.basename(folder) + ".db")
            status, report, said = program.load(folder, path, "--quiet")
            rejects = sum(count for (where, _), count in REJECTS.items() if where == folder)
            if not faults.equal(status, 3 if rejects else 0, f"{folder}: exit status ({said})"):
                continue
            faults.equal(said, "", f"{folder}: talk in spite of --quiet")
            check_report(faults, folder, report, known[folder])
            check_database(faults, folder, path, report)
            if rejects:
                check_rebuilt_rejects(faults, path)
            os.unlink(path)
        faults.equal(os.listdir(work), [], "files left over")
    faults.finish("loads")


if __name__ == "__main__":
    main()
