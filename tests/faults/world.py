"""What the fault tests share: an invented ward in two versions, the targets it is loaded into, what
a target holds, and runs of the program with faults put in (shim.c)."""

import argparse
import atexit
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
RERUN_CLEARS = True  # temporary files of a killed load
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import moments  # noqa: E402
from peak import MEASURE  # noqa: E402

PATIENCE = moments.PATIENCE


class Settings:
    """Set by begin."""

    mimic = ""
    shim = ""
    memory = ""
    moments = 40
    all = False
    seed = 1
    patients = 500
    folder = ""
    is_sanitized = False


def begin():
    """Takes the options off the command line; what is left is unittest's."""
    parser = argparse.ArgumentParser(usage="%(prog)s MIMIC SHIM MEMORY [OPTION...] [NAME...]")
    parser.add_argument("mimic")
    parser.add_argument("shim")
    parser.add_argument("memory")
    parser.add_argument("--moments", type=int, default=40, help="moments to kill a load at, over all targets")
    parser.add_argument("--all", action="store_true", help="every call and allocation, not a sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patients", type=int, default=500, help="of the hospital that memory is measured with")
    parser.add_argument("--folder", help="where to work; default: a temporary folder")
    chosen, rest = parser.parse_known_args()
    Settings.mimic, Settings.shim, Settings.memory = map(
        os.path.abspath, (chosen.mimic, chosen.shim, chosen.memory))
    Settings.moments, Settings.all, Settings.seed = chosen.moments, chosen.all, chosen.seed
    Settings.patients = chosen.patients
    Settings.folder = os.path.realpath(chosen.folder or tempfile.mkdtemp(prefix="mimic-faults-"))
    os.makedirs(Settings.folder, exist_ok=True)
    for name in os.listdir(Settings.folder):  # of an earlier run, of another build perhaps
        if name.startswith("kept-"):
            shutil.rmtree(os.path.join(Settings.folder, name))
    if not chosen.folder:
        atexit.register(shutil.rmtree, Settings.folder, ignore_errors=True)
    linked = subprocess.run(["ldd", Settings.mimic], capture_output=True, text=True, check=False)
    Settings.is_sanitized = "libasan" in linked.stdout
    sys.argv[1:] = rest


# ---- the ward ----

def field(name, kind, physical, **constraints):
    result = {"name": name, "type": kind, "mimic": {"type": physical}}
    if constraints:
        result["constraints"] = constraints
    return result


def package():
    patient = {"fields": ["patient_id"],
               "reference": {"resource": "patients", "fields": ["patient_id"]}}
    visit = {"fields": ["visit_id"], "reference": {"resource": "visits", "fields": ["visit_id"]}}
    tables = {
        "patients": {"fields": [field("patient_id", "integer", "int32", required=True),
                                field("name", "string", "string", maxLength=30),
                                field("born", "date", "date")],
                     "primaryKey": ["patient_id"]},
        "visits": {"fields": [field("visit_id", "integer", "int64", required=True),
                              field("patient_id", "integer", "int32", required=True),
                              field("at", "datetime", "timestamp"),
                              field("weight", "number", "float64"),
                              field("ward", "string", "categorical"),
                              field("note", "string", "string")],
                   "primaryKey": ["visit_id"], "foreignKeys": [patient]},
        "labs": {"fields": [field("visit_id", "integer", "int64", required=True),
                            field("patient_id", "integer", "int32", required=True),
                            field("item", "string", "string"),
                            field("value", "number", "float64"),
                            field("at", "datetime", "timestamp")],
                 "foreignKeys": [visit, patient]},
    }
    tables["visits"]["fields"][2]["format"] = "%Y-%m-%d %H:%M:%S"
    tables["labs"]["fields"][4]["format"] = "%Y-%m-%d %H:%M:%S"
    return {"name": "faults", "version": "1", "title": "A ward that meets misfortune",
            "resources": [{"name": name, "type": "table", "path": name + ".csv", "schema": schema}
                          for name, schema in tables.items()]}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    return path


def moment(chance):
    return "21%02d-%02d-%02d %02d:%02d:00" % (chance.randrange(100), chance.randrange(1, 13),
                                              chance.randrange(1, 29), chance.randrange(24),
                                              chance.randrange(60))


def make_ward(folder, size, seed):
    """Three tables; labs has `size` rows. Some rows are bad, so that there are rejects, and a primary
    key comes twice."""
    chance = random.Random(seed)
    patients = max(size // 20, 3)
    visits = max(size // 4, 5)
    lines = ["patient_id,name,born"]
    for i in range(patients):
        lines.append("%d,%s,19%02d-%02d-01" % (i, "name %d" % chance.randrange(10**6),
                                               chance.randrange(100), chance.randrange(1, 13)))
    lines.append("%d,twin,1990-01-01" % (patients - 1))
    write(os.path.join(folder, "patients.csv"), "\n".join(lines) + "\n")
    lines = ["visit_id,patient_id,at,weight,ward,note"]
    for i in range(visits):
        note = "" if i % 3 else '"a ""note"", %d"' % chance.randrange(10**9)
        lines.append("%d,%d,%s,%.2f,ward %d,%s" % (i * 7 % visits + 1 if visits % 7 else i,
                                                   chance.randrange(patients), moment(chance),
                                                   chance.uniform(2, 120), chance.randrange(9), note))
    write(os.path.join(folder, "visits.csv"), "\n".join(lines) + "\n")
    lines = ["visit_id,patient_id,item,value,at"]
    for i in range(size):
        value = "no number" if i % 97 == 50 else "%.3f" % chance.uniform(0, 1000)
        lines.append("%d,%d,item %d,%s,%s" % (chance.randrange(1, visits + 1),
                                              chance.randrange(patients), chance.randrange(40),
                                              value, moment(chance)))
    write(os.path.join(folder, "labs.csv"), "\n".join(lines) + "\n")
    return folder


class Ward:
    """The package, and two versions of the data of one size, made once."""

    made = {}

    def __init__(self, size):
        self.name = "ward-%d" % size
        top = os.path.join(Settings.folder, self.name)
        self.schemas = os.path.join(top, "schemas")
        write(os.path.join(self.schemas, "datapackage.json"), json.dumps(package()))
        self.old = make_ward(os.path.join(top, "old"), size, "old %d" % Settings.seed)
        self.new = make_ward(os.path.join(top, "new"), size, "new %d" % Settings.seed)

    @classmethod
    def of(cls, size):
        if size not in cls.made:
            cls.made[size] = cls(size)
        return cls.made[size]

    def load(self, source, target, *more):
        return [Settings.mimic, "load", "-q", "--schema-dir", self.schemas, "--dataset", "faults",
                *more, source, target]


# ---- running ----

class Result:
    def __init__(self, status, said, out="", peak_kib=0):
        self.status = status
        self.said = said
        self.out = out
        self.peak_kib = peak_kib

    def __repr__(self):
        return "status %d, said: %s" % (self.status, self.said.strip()[:2000])


def environment(**faults):
    """`faults`: below, calls, at, fault, report (see shim.c)."""
    result = dict(os.environ, LC_ALL="C")
    return moments.faulty(Settings.shim, result, **faults) if faults else result


def held(command, at, below, calls="all"):
    """The program, waiting before one of its calls."""
    return moments.Held(command, Settings.shim, at, below, calls, environment(), stdout=subprocess.DEVNULL,
                        stderr=subprocess.PIPE, text=True)


def run(command, faults=None, **more):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL,
                          env=environment(**(faults or {})), **more)
    return Result(done.returncode, done.stderr, done.stdout)


def run_measured(command, **more):
    """Run with its peak memory. MALLOC_PERTURB_ would make memory count that nobody touches."""
    surroundings = {name: value for name, value in os.environ.items() if name != "MALLOC_PERTURB_"}
    note = os.path.join(Settings.folder, "peak")
    done = subprocess.run([sys.executable, "-c", MEASURE, note, *command], capture_output=True,
                          text=True, timeout=PATIENCE, check=False, env=surroundings,
                          **more)
    with open(note, encoding="ascii") as stream:
        return Result(done.returncode, done.stderr, done.stdout, int(stream.read()))


# ---- targets ----

def digest(value):
    return hashlib.sha256(value if isinstance(value, bytes) else repr(value).encode()).hexdigest()


# What differs from load to load, and where a test puts its folders.
TIMES = {"started", "finished", "source_modified", "source"}


def database_state(path):
    """What stands under every name of a SQLite database, rejects and ledger lines by table."""
    state = {}
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return state
    database = sqlite3.connect(path)
    database.text_factory = bytes
    try:
        objects = [[part.decode() if isinstance(part, bytes) else part for part in row]
                   for row in database.execute("SELECT name, tbl_name, sql FROM sqlite_schema")]
        tables = [name for name, table, sql in objects if name == table]
        for table in tables:
            if table.startswith("_mimic_"):
                continue
            rows = database.execute('SELECT * FROM "%s" ORDER BY rowid' % table).fetchall()
            made = sorted((name, sql) for name, owner, sql in objects if owner == table)
            state[table] = digest((made, rows))
        for table, name in (("_mimic_rejects", "rejects"), ("_mimic_meta", "meta")):
            if table in tables:
                for (key,) in database.execute("SELECT DISTINCT table_name FROM " + table).fetchall():
                    rows = database.execute("SELECT * FROM %s WHERE table_name = ?" % table,
                                            (key.decode(),)).fetchall()
                    rows = [[strip_folder(cell) for cell in row] for row in rows]
                    state["%s of %s" % (name, key.decode())] = digest(sorted(map(repr, rows)))
        if "_mimic_ledger" in tables:
            found = database.execute("SELECT * FROM _mimic_ledger")
            names = [column[0] for column in found.description]
            for row in found.fetchall():
                line = {name: cell for name, cell in zip(names, row)
                        if name not in TIMES and "seconds" not in name}
                state["ledger of " + line.pop("table_name").decode()] = digest(sorted(line.items(), key=repr))
    finally:
        database.close()
    return state


def strip_folder(cell):
    """Sources are named by their path; the two versions of a ward have one each."""
    return re.sub(rb"[^ ]*/", b"", cell) if isinstance(cell, bytes) else cell


def files_below(folder):
    found = []
    for place, folders, names in os.walk(folder):
        for name in names + [name + "/" for name in folders]:
            found.append(os.path.relpath(os.path.join(place, name), folder) + "/" * name.endswith("/"))
    return sorted(found)


def ledger_state(path):
    with open(path, encoding="utf-8") as stream:
        ledger = json.load(stream)
    lines = ledger if isinstance(ledger, list) else ledger.get("tables", [])
    return {"ledger of " + line.get("table_name", "?"):
            digest(sorted((key, value) for key, value in line.items() if key not in TIMES))
            for line in lines}


def folder_state(folder):
    state = {}
    for name in files_below(folder):
        path = os.path.join(folder, name)
        if name.endswith("/") or any(part.startswith(".") for part in name.split("/")):
            continue
        if os.path.basename(name) == "mimic-ledger.json":
            state.update(ledger_state(path))
            continue
        with open(path, "rb") as stream:
            content = stream.read()
        if "rejects" in name:
            content = re.sub(rb"(?m)^[^,]*/", b"", content)
        state[name] = digest(content)
    return state


class Target:
    """A place for one load: `top` holds nothing else, so that what is left over shows."""

    def __init__(self, name, uri, below):
        self.name = name
        self.uri = uri      # of the target, with {} for top
        self.below = below  # what of top the target is

    def spec(self, top):
        return self.uri.format(top)

    def state(self, top):
        path = os.path.join(top, self.below)
        return database_state(path) if self.below.endswith(".db") else folder_state(path)

    def check(self, top):
        """What a user's own tools would say of it; "" when it is sound."""
        path = os.path.join(top, self.below)
        if not self.below.endswith(".db") or not os.path.exists(path):
            return ""
        database = sqlite3.connect(path)
        try:
            found = database.execute("PRAGMA integrity_check").fetchall()
        finally:
            database.close()
        return "" if found == [("ok",)] else repr(found)


SQLITE = Target("sqlite", "sqlite:{}/ward.db", "ward.db")
ARROW = Target("arrow", "arrow:{}/data", "data")
CSV = Target("csv", "csv:{}/data", "data")
TARGETS = [SQLITE, ARROW, CSV]


def fresh(name):
    """An empty folder for a test."""
    path = os.path.join(Settings.folder, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


class Faults(unittest.TestCase):
    """`top` is the folder of the target at hand."""

    def setUp(self):
        self.top = fresh("top")
        self.chance = random.Random("%d %s" % (Settings.seed, self.id()))

    def loaded(self, target, ward, *sources, more=()):
        """Loads one after the other into a folder kept aside; returns its path."""
        key = "-".join(["kept", target.name, ward.name, *map(os.path.basename, sources), *more])
        path = os.path.join(Settings.folder, key)
        if not os.path.isdir(path):
            os.makedirs(path)
            for source in sources:
                result = run(ward.load(source, target.spec(path), *more))
                self.assertEqual(result.status, 3, result)
        return path

    def reset(self, kept=None):
        """Makes top a copy of a folder kept aside, or empty."""
        shutil.rmtree(self.top)
        if kept is None:
            os.makedirs(self.top)
        else:
            shutil.copytree(kept, self.top, symlinks=True)

    def expect_error(self, result, *words):
        """Status 1, one error in one paragraph, no abort of a sanitizer."""
        self.assertEqual(result.status, 1, result)
        lines = [line for line in result.said.splitlines() if line.startswith("mimic: error:")]
        self.assertEqual(len(lines), 1, result)
        for word in words:
            self.assertIn(word, result.said)

    def expect_old_or_new(self, state, old, new, what):
        """Every table is the old one or the new one, and nothing else is there."""
        for name in sorted(set(state) | set(old)):
            self.assertIn(state.get(name), (old.get(name), new.get(name)),
                          "%s: %s is neither the old nor the new one" % (what, name))

    def expect_no_leftovers(self, names, what, folder=None, is_failed=False):
        """A load that failed keeps the tables that it finished, for the next one."""
        self.assertEqual([name for name in files_below(folder or self.top) if name not in names and
                          not (is_failed and ".mimic-partial" in name)],
                         [], what + ": left over")
