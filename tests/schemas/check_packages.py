#!/usr/bin/env python3
"""Check the built-in schema packages, and real data against them.

Without options: the structure of every schemas/<dataset>/<version>/datapackage.json.
With --data DIR: also streams the files of DIR (mimic-iv-demo, mimic-iv-demo-rebuilt,
mimic-iii-demo, synthea-csv) through a strict checker that shares no code with the library.

Standard library only.  Exit status 0: all well, 1: faults.
"""

import argparse
import calendar
import collections
import gzip
import io
import itertools
import json
import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

LOGICAL = {
    "int16": "integer",
    "int32": "integer",
    "int64": "integer",
    "float32": "number",
    "float64": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "timestamp": "datetime",
    "timestamptz": "datetime",
    "string": "string",
    "categorical": "string",
    "binary": "string",
}
BITS = {"int16": 16, "int32": 32, "int64": 64}
FORMAT_FOR = {"date", "time", "datetime"}
CONSTRAINTS = {
    "required": "any",
    "unique": "any",
    "enum": "any",
    "minLength": {"string"},
    "maxLength": {"string"},
    "pattern": {"string"},
    "minimum": {"integer", "number", "date", "time", "datetime"},
    "maximum": {"integer", "number", "date", "time", "datetime"},
}
PACKAGE_KEYS = {
    "$schema", "name", "version", "title", "description", "homepage", "licenses", "resources", "mimic",
}
RESOURCE_KEYS = {
    "name", "type", "path", "format", "mediatype", "encoding", "title", "description", "schema", "mimic",
}
SCHEMA_KEYS = {"fields", "missingValues", "primaryKey", "uniqueKeys", "foreignKeys"}
FIELD_KEYS = {"name", "type", "format", "description", "constraints", "missingValues", "mimic"}
PACKAGE_MIMIC = {"modules", "signature", "ignore"}
RESOURCE_MIMIC = {"module", "expectedRows", "aliases", "orderKey", "spans"}
FIELD_MIMIC = {"type", "formats", "special"}
SIGNATURE_KINDS = {"columns", "absent", "values", "otherValues", "rows"}
SHORTEST_DESCRIPTION = 12


class Faults:
    def __init__(self):
        self.count = 0

    def add(self, where, what):
        self.count += 1
        print("FAULT %s: %s" % (where, what))


# ---------------------------------------------------------------- structure


def check_description(faults, where, name, text):
    if not isinstance(text, str) or len(text) < SHORTEST_DESCRIPTION:
        faults.add(where, "description is missing or shorter than %d characters" % SHORTEST_DESCRIPTION)
        return
    plain = re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
    bare = re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
    for said in (bare, "the " + bare, "the %s column" % bare, bare + " column", "the %s of the table" % bare):
        if plain == said:
            faults.add(where, "description only repeats the name")


def check_unknown(faults, where, have, known):
    for key in have:
        if key not in known:
            faults.add(where, "unknown property %s" % key)


def check_field(faults, where, field):
    check_unknown(faults, where, field, FIELD_KEYS)
    check_description(faults, where, field["name"], field.get("description"))
    mimic = field.get("mimic", {})
    check_unknown(faults, where, mimic, FIELD_MIMIC)
    physical = mimic.get("type", "")
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", physical)
    logical = "number" if decimal else LOGICAL.get(physical)
    if decimal and not 0 <= int(decimal.group(2)) <= int(decimal.group(1)) <= 38:
        faults.add(where, "bad decimal %s" % physical)
    if logical is None:
        faults.add(where, "unknown physical type %r" % physical)
    elif logical != field.get("type"):
        faults.add(where, "type %s does not agree with physical type %s" % (field.get("type"), physical))
    if "format" in field and field["type"] not in FORMAT_FOR:
        faults.add(where, "format on a %s" % field["type"])
    if physical == "timestamp" and "%" not in field.get("format", ""):
        faults.add(where, "timestamp without zone needs a format")
    formats = mimic.get("formats")
    if formats is not None and (len(formats) < 2 or formats[0] != field.get("format")):
        faults.add(where, "formats must begin with format and name an alternative")
    constraints = field.get("constraints", {})
    for key, value in constraints.items():
        allowed = CONSTRAINTS.get(key)
        if allowed is None or (allowed != "any" and field["type"] not in allowed):
            faults.add(where, "constraint %s does not fit" % key)
        if key in ("required", "unique") and value is not True:
            faults.add(where, "%s must be true or left out" % key)
        if key in ("maxLength", "minLength") and (not isinstance(value, int) or value < 1):
            faults.add(where, "%s must be a positive integer" % key)
        if key == "enum" and not value:
            faults.add(where, "empty enum")


def check_resource(faults, where, resource, package, fields_of):
    check_unknown(faults, where, resource, RESOURCE_KEYS)
    for key in RESOURCE_KEYS:
        if key not in resource:
            faults.add(where, "%s is missing" % key)
    for key, value in (("type", "table"), ("format", "csv"), ("mediatype", "text/csv"), ("encoding", "utf-8")):
        if resource.get(key) != value:
            faults.add(where, "%s is not %s" % (key, value))
    name = resource["name"]
    if name != name.lower() or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        faults.add(where, "table name must be lower case letters, digits and _")
    stem = os.path.basename(resource["path"]).split(".")[0].lower()
    if stem != name:
        faults.add(where, "path %s does not name the table" % resource["path"])
    check_description(faults, where, name, resource.get("description"))
    schema = resource["schema"]
    check_unknown(faults, where, schema, SCHEMA_KEYS)
    names = [field["name"] for field in schema["fields"]]
    if len({n.lower() for n in names}) != len(names):
        faults.add(where, "column names are not unique (without regard to case)")
    if schema.get("missingValues") != [""]:
        faults.add(where, "missingValues must be the empty field")
    for field in schema["fields"]:
        check_field(faults, where + "." + field["name"], field)
    required = {f["name"] for f in schema["fields"] if f.get("constraints", {}).get("required")}
    key = schema.get("primaryKey")
    if key is not None:
        if not key:
            faults.add(where, "empty primary key")
        for column in key:
            if column not in names:
                faults.add(where, "primary key names unknown column %s" % column)
            elif column not in required:
                faults.add(where, "primary key column %s is not required" % column)
    for unique in schema.get("uniqueKeys", []):
        for column in unique:
            if column not in names:
                faults.add(where, "unique key names unknown column %s" % column)
    for foreign in schema.get("foreignKeys", []):
        reference = foreign["reference"]
        for column in foreign["fields"]:
            if column not in names:
                faults.add(where, "foreign key names unknown column %s" % column)
        target = fields_of.get(reference["resource"])
        if target is None:
            faults.add(where, "foreign key names unknown table %s" % reference["resource"])
            continue
        if len(reference["fields"]) != len(foreign["fields"]):
            faults.add(where, "foreign key with unequal numbers of columns")
        for mine, theirs in zip(foreign["fields"], reference["fields"]):
            if theirs not in target:
                faults.add(where, "foreign key names unknown column %s.%s" % (reference["resource"], theirs))
            elif mine in names:
                own = schema["fields"][names.index(mine)]
                if own["type"] != target[theirs]["type"]:
                    faults.add(where, "foreign key %s and its target differ in type" % mine)
    mimic = resource.get("mimic", {})
    check_unknown(faults, where, mimic, RESOURCE_MIMIC)
    modules = package["mimic"].get("modules", {})
    if mimic.get("module") is not None and mimic["module"] not in modules:
        faults.add(where, "unknown module %s" % mimic["module"])
    if modules and mimic.get("module") is None:
        faults.add(where, "module is missing")
    for kind, rows in mimic.get("expectedRows", {}).items():
        if kind not in ("full", "demo") or not isinstance(rows, int) or rows < 0:
            faults.add(where, "bad expectedRows %s" % kind)
    for column in mimic.get("orderKey", []):
        if column not in names:
            faults.add(where, "order key names unknown column %s" % column)
    for span in mimic.get("spans", []):
        if len(span) != 2 or not set(span) <= set(names):
            faults.add(where, "span %s does not name two columns" % span)
    if "orderKey" in mimic and "primaryKey" not in schema:
        faults.add(where, "order key without primary key")


def check_package(faults, path, package):
    where = "/".join(path.split(os.sep)[-3:-1])
    check_unknown(faults, where, package, PACKAGE_KEYS)
    for key in ("$schema", "name", "version", "title", "description", "homepage", "resources", "mimic"):
        if key not in package:
            faults.add(where, "%s is missing" % key)
    if where != "%s/%s" % (package["name"], package["version"]):
        faults.add(where, "folder and name/version differ")
    check_description(faults, where, package["name"], package.get("description"))
    check_unknown(faults, where, package["mimic"], PACKAGE_MIMIC)
    fields_of = collections.OrderedDict()
    for resource in package["resources"]:
        if resource["name"] in fields_of:
            faults.add(where, "table %s occurs twice" % resource["name"])
        fields_of[resource["name"]] = {f["name"]: f for f in resource["schema"]["fields"]}
    for resource in package["resources"]:
        check_resource(faults, where + "/" + resource["name"], resource, package, fields_of)
    for entry in package["mimic"].get("signature", []):
        table = fields_of.get(entry.get("table"))
        if table is None:
            faults.add(where, "signature names unknown table %s" % entry.get("table"))
            continue
        check_unknown(faults, where + " signature", entry, SIGNATURE_KINDS | {"table", "column"})
        if not SIGNATURE_KINDS & set(entry):
            faults.add(where, "signature entry for %s says nothing" % entry["table"])
        for column in entry.get("columns", []) + ([entry["column"]] if "column" in entry else []):
            if column not in table:
                faults.add(where, "signature names unknown column %s.%s" % (entry["table"], column))
        for column in entry.get("absent", []):
            if column in table:
                faults.add(where, "signature calls %s.%s absent" % (entry["table"], column))
        if ("values" in entry or "otherValues" in entry) and "column" not in entry:
            faults.add(where, "signature values without a column")


def load_packages(faults, root):
    packages = collections.OrderedDict()
    for folder, dirs, files in sorted(os.walk(root)):
        dirs.sort()
        if "datapackage.json" not in files:
            continue
        path = os.path.join(folder, "datapackage.json")
        with open(path, "rb") as handle:
            raw = handle.read()
        try:
            text = raw.decode("utf-8")
            package = json.loads(text, object_pairs_hook=no_duplicates)
        except ValueError as error:
            faults.add(path, str(error))
            continue
        if "\t" in text or not text.endswith("}\n"):
            faults.add(path, "tab characters or no final newline")
        packages[package["name"], package["version"]] = package
        check_package(faults, path, package)
    return packages


def no_duplicates(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a property occurs twice among %s" % ", ".join(keys))
    return collections.OrderedDict(pairs)


# --------------------------------------------------------------------- data


def open_text(path):
    raw = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")
    return io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8", errors="strict", newline="\n")


def read_rows(path):
    """Yield lists of fields; None is an unquoted empty field, "" a quoted one."""
    with open_text(path) as handle:
        for line in handle:
            if '"' not in line:
                yield [field or None for field in line.rstrip("\r\n").split(",")]
                continue
            while line.count('"') % 2:
                more = handle.readline()
                if not more:
                    raise ValueError("unclosed quote at the end of %s" % path)
                line += more
            yield split_quoted(line.rstrip("\r\n"))


QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)')


def split_quoted(line):
    fields, at = [], 0
    while True:
        match = QUOTED.match(line, at)
        if match is None:
            raise ValueError("bad quoting near %r" % line[at : at + 40])
        if match.group(1) is not None:
            fields.append(match.group(1).replace('""', '"'))
        else:
            fields.append(match.group(2) or None)
        at = match.end()
        if at >= len(line):
            return fields
        at += 1


INTEGER = re.compile(r"[+-]?[0-9]+\Z")
NUMBER = re.compile(r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|NaN|-?INF)\Z", re.I)
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)\Z")
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?\Z")
ZONED = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)\Z")


def real_date(match):
    year, month, day = int(match.group(1)), int(match.group(2)), int(match.group(3))
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1] if year else False


def real_stamp(match):
    return real_date(match) and int(match.group(4)) < 24 and int(match.group(5)) < 60 and int(match.group(6)) < 60


def make_check(field):
    """Return a function from a field's text to None or the name of the fault."""
    physical = field["mimic"]["type"]
    constraints = field.get("constraints", {})
    longest = constraints.get("maxLength")
    low, high, enum = constraints.get("minimum"), constraints.get("maximum"), constraints.get("enum")
    seen = {}

    def bounded(number):
        if low is not None and number < low:
            return "minimum"
        if high is not None and number > high:
            return "maximum"
        if enum is not None and number not in enum:
            return "enum"
        return None

    if physical in BITS:
        limit = 1 << (BITS[physical] - 1)

        def check(text):
            if not INTEGER.match(text):
                return "type " + physical
            number = int(text)
            return bounded(number) if -limit <= number < limit else "range " + physical

    elif physical in ("float32", "float64"):

        def check(text):
            return bounded(float(text)) if NUMBER.match(text) else "type " + physical

    elif physical.startswith("decimal"):
        precision, scale = map(int, re.findall(r"\d+", physical))

        def check(text):
            match = re.match(r"[+-]?(\d*)(?:\.(\d*))?\Z", text)
            if not match or not (match.group(1) or match.group(2)):
                return "type decimal"
            if len(match.group(2) or "") > scale or len(match.group(1).lstrip("0")) > precision - scale:
                return "range " + physical
            return bounded(float(text))

    elif physical == "date":

        def check(text):
            match = DATE.match(text)
            return None if match and real_date(match) else "type date"

    elif physical == "timestamp":
        loose = "%Y-%m-%d" in field["mimic"].get("formats", [])
        if field["format"] != "%Y-%m-%d %H:%M:%S":
            raise ValueError("no checker for format " + field["format"])

        def check(text):
            match = STAMP.match(text)
            if match and real_stamp(match):
                return None
            match = DATE.match(text) if loose else None
            return None if match and real_date(match) else "type timestamp"

    elif physical == "timestamptz":

        def check(text):
            match = ZONED.match(text)
            return None if match and real_stamp(match) else "type timestamptz"

    elif physical in ("string", "categorical"):

        def check(text):
            if longest is not None and len(text) > longest:
                return "maxLength %d" % longest
            return "enum" if enum is not None and text not in enum else None

        return check
    else:
        raise ValueError("no checker for " + physical)

    def cached(text):
        fault = seen.get(text, seen)
        if fault is seen:
            fault = check(text)
            if len(seen) < 200000:
                seen[text] = fault
        return fault

    return cached


class Table:
    def __init__(self, rows):
        self.rows = rows
        self.rejected = 0
        self.faults = collections.Counter()
        self.example = {}
        self.values = collections.defaultdict(collections.Counter)


def stream(path, resource, wanted):
    """Check one file; wanted names the columns whose values are kept for foreign keys."""
    fields = {f["name"].lower(): f for f in resource["schema"]["fields"]}
    rows = read_rows(path)
    header = [(name or "").lower() for name in next(rows)]
    table = Table(0)
    for name in fields:
        if name not in header:
            table.faults["missing column " + name] += 1
    for name in header:
        if name not in fields:
            table.faults["unknown column " + name] += 1
    plan = []
    for at, name in enumerate(header):
        if name in fields:
            field = fields[name]
            plan.append((at, field["name"], make_check(field), bool(field.get("constraints", {}).get("required"))))
    unique = [tuple(resource["schema"][k]) for k in ("primaryKey",) if k in resource["schema"]]
    unique += [tuple(key) for key in resource["schema"].get("uniqueKeys", [])]
    position = {name: at for at, name, _, _ in plan}
    unique = [key for key in unique if all(c in position for c in key)]
    sets = {key: set() for key in unique}
    keep = [(name, position[name]) for name in wanted if name in position]
    width = len(header)
    for row in rows:
        table.rows += 1
        bad = None
        if len(row) != width:
            bad = "row with %d fields" % len(row)
        else:
            for at, name, check, required in plan:
                text = row[at]
                if text is None:
                    if required:
                        bad = "%s: required" % name
                        break
                    continue
                fault = check(text)
                if fault:
                    bad = "%s: %s" % (name, fault)
                    table.example.setdefault(bad, text)
                    break
        if bad:
            table.rejected += 1
            table.faults[bad] += 1
            continue
        for key in unique:
            value = tuple([row[position[c]] for c in key])
            if None in value:
                continue
            if value in sets[key]:
                table.faults["duplicate key (%s)" % ", ".join(key)] += 1
            else:
                sets[key].add(value)
        for name, at in keep:
            if row[at] is not None:
                table.values[name][row[at]] += 1
    return table


def find_files(folder, package):
    by_stem = {}
    for resource in package["resources"]:
        by_stem[resource["name"]] = resource
        for alias in resource["mimic"].get("aliases", []):
            by_stem[alias.lower()] = resource
    ignored = set(package["mimic"].get("ignore", []))
    found, stray = [], []
    for where, dirs, files in os.walk(folder):
        dirs.sort()
        for name in sorted(files):
            if not re.search(r"\.csv(\.gz)?$", name, re.I):
                continue
            stem = name.split(".")[0].lower()
            if stem in by_stem:
                found.append((by_stem[stem], os.path.join(where, name)))
            elif stem not in ignored:
                stray.append(os.path.join(where, name))
    return found, stray


# folder -> package, tables whose row counts are not those of the release, faults known and explained
DATASETS = [
    ("mimic-iv-demo", ("mimic-iv", "2.2"), set(), {}),
    ("mimic-iv-demo-rebuilt", ("mimic-iv", "2.2"), {"d_icd_procedures"}, {"emar": {"emar_id: required": 6130}}),
    ("mimic-iii-demo", ("mimic-iii", "1.4"), set(), {}),
    ("synthea-csv/r2024-small", ("synthea", "3.1.0"), set(), {}),
    ("synthea-csv/r2024-small", ("synthea", "3.2.0"), set(), {}),
    ("synthea-csv/v3-large", ("synthea", "3.3.0"), set(), {}),
]


def judge(entry, path):
    """Tell whether a signature entry holds (True), fails (False) or says nothing (None) of a file."""
    rows = read_rows(path)
    header = [(name or "").lower() for name in next(rows)]
    verdict = None
    if "columns" in entry or "absent" in entry:
        wanted = all(name.lower() in header for name in entry.get("columns", []))
        verdict = wanted and not any(name.lower() in header for name in entry.get("absent", []))
    if "column" in entry and entry["column"].lower() in header:
        at = header.index(entry["column"].lower())
        seen = {row[at] for row in rows}
        if seen & set(entry.get("otherValues", [])):
            verdict = False
        elif verdict is not False and seen & set(entry.get("values", [])):
            verdict = True
    if "rows" in entry and sum(1 for _ in itertools.islice(rows, entry["rows"] + 1)) == entry["rows"]:
        verdict = True
    return verdict


def check_recognition(faults, folder, path, packages, name, expected):
    """The release of a folder must be recognised from the signatures alone."""
    scores = {}
    for (dataset, version), package in packages.items():
        if dataset != name:
            continue
        files = {resource["name"]: file for resource, file in find_files(path, package)[0]}
        verdicts = [judge(e, files[e["table"]]) for e in package["mimic"]["signature"] if e["table"] in files]
        if False not in verdicts:
            scores[version] = verdicts.count(True)
    best = sorted(version for version in scores if scores[version] == max(scores.values()))
    print("  recognised as %s" % (" or ".join(best) or "nothing"))
    if expected not in best:
        faults.add(folder, "recognised as %s, not as %s" % (" or ".join(best) or "nothing", expected))


def check_data(faults, packages, data):
    kept = {}
    for folder, which, uncounted, known in DATASETS:
        path = os.path.join(data, folder)
        if not os.path.isdir(path):
            print("skip  %s: no such folder" % folder)
            continue
        package = packages[which]
        print("\n%s as %s %s" % ((folder,) + which))
        check_recognition(faults, folder, path, packages, *which)
        found, stray = find_files(path, package)
        for name in stray:
            faults.add(folder, "%s belongs to no table" % os.path.relpath(name, path))
        wanted = collections.defaultdict(set)
        for resource in package["resources"]:
            for foreign in resource["schema"].get("foreignKeys", []):
                if len(foreign["fields"]) == 1:
                    wanted[resource["name"]].add(foreign["fields"][0])
                    wanted[foreign["reference"]["resource"]].add(foreign["reference"]["fields"][0])
        tables = {}
        for resource, name in found:
            table = stream(name, resource, wanted[resource["name"]])
            tables[resource["name"]] = table
            print("  %-20s %8d rows  %6d rejected" % (resource["name"], table.rows, table.rejected))
            allowed = known.get(resource["name"], {})
            for what, count in sorted(table.faults.items()):
                example = table.example.get(what)
                if allowed.get(what) == count:
                    print("        expected: %s, %d rows" % (what, count))
                else:
                    faults.add(
                        folder + "/" + resource["name"],
                        "%s, %d times%s" % (what, count, "" if example is None else ", such as %r" % example),
                    )
            expected = resource["mimic"].get("expectedRows", {}).get("demo")
            if expected is not None and resource["name"] not in uncounted and expected != table.rows:
                faults.add(folder + "/" + resource["name"], "%d rows, %d expected" % (table.rows, expected))
        # the rebuilt tables refer to those of the demo itself
        family = kept.setdefault(which if which[0] != "synthea" else (folder,) + which, {})
        family.update(tables)
        for resource in package["resources"]:
            if resource["name"] not in tables:
                continue
            for foreign in resource["schema"].get("foreignKeys", []):
                target = family.get(foreign["reference"]["resource"])
                if target is None or len(foreign["fields"]) != 1:
                    continue
                have = target.values[foreign["reference"]["fields"][0]]
                mine = tables[resource["name"]].values[foreign["fields"][0]]
                orphans = sum(count for value, count in mine.items() if value not in have)
                if orphans:
                    print(
                        "  note: %s.%s: %d of %d values are not in %s"
                        % (resource["name"], foreign["fields"][0], orphans, sum(mine.values()), foreign["reference"]["resource"])
                    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--schemas", default=os.path.join(ROOT, "schemas"), help="folder of the packages")
    parser.add_argument("--data", help="folder that holds the real data folders")
    options = parser.parse_args()
    faults = Faults()
    packages = load_packages(faults, options.schemas)
    for (name, version), package in packages.items():
        columns = sum(len(r["schema"]["fields"]) for r in package["resources"])
        print("%-14s %-6s %3d tables %4d columns" % (name, version, len(package["resources"]), columns))
    if not packages:
        faults.add(options.schemas, "holds no packages")
    if options.data:
        check_data(faults, packages, options.data)
    print("\n%d faults" % faults.count)
    return 1 if faults.count else 0


if __name__ == "__main__":
    sys.exit(main())
