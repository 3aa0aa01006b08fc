"""What the checks on real data share: where the data are, running the program, packages, and a
strict reader of CSV that tells a quoted empty field from an absent value (the csv module cannot).

Nothing here uses libmimic but for running the program: the comparisons stand on their own code.
"""

import gzip
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.environ.get("MIMIC_TEST_DATA") or os.path.join(os.path.dirname(ROOT), "shared", "data")

# Folder below DATA: the release it holds.
FOLDERS = {
    "mimic-iv-demo": "mimic-iv@2.2",
    "mimic-iv-demo-rebuilt": "mimic-iv@2.2",
    "mimic-iii-demo": "mimic-iii@1.4",
    "synthea-csv/r2024-small": "synthea@3.2.0",
    "synthea-csv/v3-large": "synthea@3.3.0",
}

# Stands for a quoted empty field, an absent value being "": NUL never occurs in a field.
EMPTY_TEXT = "\0empty"


def require_data():
    """Ends the process with 77, which means skipped, where there are no data."""
    missing = [name for name in FOLDERS if not os.path.isdir(os.path.join(DATA, name))]
    if missing:
        print(f"skipped: {DATA} has no {', '.join(missing)}; set MIMIC_TEST_DATA to the folder of "
              "the demo data")
        sys.exit(77)


class Program:
    def __init__(self, path):
        self.path = os.path.abspath(path)

    def run(self, *arguments, **more):
        more.setdefault("timeout", 600)
        return subprocess.run([self.path, *arguments], capture_output=True, text=True,
                              encoding="utf-8", check=False, **more)

    def load(self, folder, target, *options):
        """The exit status, the report (None where there is none) and what was said."""
        done = self.run("load", "--format", "json", *options, os.path.join(DATA, folder), target)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


class Faults:
    """Collects what is wrong; a check ends with its number as exit status 0 or 1."""

    def __init__(self):
        self.count = 0
        self.passed = 0

    def expect(self, holds, message):
        if holds:
            self.passed += 1
        else:
            self.count += 1
            print(f"FAULT: {message}", flush=True)
        return holds

    def equal(self, found, expected, what):
        return self.expect(found == expected, f"{what}: expected {expected!r}, found {found!r}")

    def finish(self, what):
        print(f"{what}: {self.passed} checks passed, {self.count} failed")
        sys.exit(1 if self.count else 0)


def package(release):
    """The resources of a release by name."""
    name, version = release.split("@")
    path = os.path.join(ROOT, "schemas", name, version, "datapackage.json")
    with open(path, encoding="utf-8") as stream:
        return {resource["name"]: resource for resource in json.load(stream)["resources"]}


def source_files(folder):
    """Table name: path, for every file of a folder that is a table by its place and name."""
    found = {}
    top = os.path.join(DATA, folder)
    for where, _, names in os.walk(top):
        for name in names:
            match = re.fullmatch(r"(\w+)\.csv(\.gz)?", name)
            if match and name != "demo_subject_id.csv":
                found[match.group(1).lower()] = os.path.join(where, name)
    return found


def read_bytes(path):
    if path.endswith(".gz"):
        with gzip.open(path) as stream:
            return stream.read()
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout
    with open(path, "rb") as stream:
        return stream.read()


FIELD = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)|([^",\r\n]*)(?=,|\Z)')


def split_quoted(line):
    """The fields of a record in which there are quotes; ValueError where it breaks RFC 4180."""
    fields, at = [], 0
    while True:
        match = FIELD.match(line, at)
        if match is None:
            raise ValueError(f"not RFC 4180: {line!r}")
        quoted, plain = match.groups()
        if quoted is None:
            fields.append(plain)
        else:
            fields.append(quoted.replace('""', '"') or EMPTY_TEXT)
        at = match.end()
        if at == len(line):
            return fields
        at += 1


def read_records(data):
    """Header and records (lists of text) of a file with LF line ends."""
    text = data.decode("utf-8")
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    lines = iter(text[:-1].split("\n"))
    header = next(lines).split(",")
    return header, _records(lines)


def _records(lines):
    for line in lines:
        if '"' not in line:
            yield line.split(",")
            continue
        while line.count('"') % 2:
            line += "\n" + next(lines)
        yield split_quoted(line)
