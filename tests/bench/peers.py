"""The peers: how each does one job, with the settings that suit it best.

Every maker returns a function without arguments that does the job once and returns a process.Sample.
Types are those of the schema everywhere; nothing is sniffed; texts stay texts.
"""

import json
import os
import subprocess

import process

DUCKDB_TYPES = {
    "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "float32": "FLOAT", "float64": "DOUBLE",
    "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN",
}
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's pandas
HERE = os.path.dirname(os.path.abspath(__file__))


def remove(path):
    for name in (path, path + "-journal", path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.remove(name)


def into_file(target, work):
    """Does the work on a target that is not there yet; notes its size and removes it, so that no
    write-back of one job's output runs into the next one."""
    def once():
        remove(target)
        sample = work()
        sample.file_bytes = os.path.getsize(target)
        remove(target)
        return sample
    return once


class Mimic:
    """libmimic: the shared library through bench_csv, and the command line."""

    def __init__(self, build):
        self.build = build
        self.program = os.path.join(build, "cli", "mimic")
        self.reader = os.path.join(build, "tests", "bench", "bench_csv")
        self.version = process.version([self.program, "--version"])

    def read(self, table, path, jobs, *options):
        command = [self.reader, "--jobs", str(jobs), *options, *table.options, table.spec, path]
        return lambda: process.measure_json(self.build, command)

    def frame(self, table, path, jobs):
        """A pandas data frame, by the Python package."""
        command = [PYTHON, os.path.join(HERE, "read_pandas.py"), path, table.spec, str(jobs)]
        library = os.path.join(self.build, "libmimic", "libmimic.so.0")
        package = os.path.join(HERE, "..", "..", "bindings", "python")
        return lambda: process.measure_json(self.build, command, environment={
            "MIMIC_LIBRARY": os.path.abspath(library), "PYTHONPATH": os.path.abspath(package)})

    def command(self, table, path, target, jobs, *options):
        return [self.program, "convert", path, target, "--table", table.spec, "--quiet", "--jobs", str(jobs),
                *table.options, *options]

    def convert(self, table, path, target, jobs, *options):
        command = self.command(table, path, target, jobs, *options)
        work = lambda: process.measure(self.build, command)
        return work if target == "null:" else into_file(target, work)

    def ddl(self, table, dialect):
        return subprocess.run([self.program, "schema", "ddl", table.spec, "--dialect", dialect, *table.options],
                              check=True, stdout=subprocess.PIPE).stdout.decode()


class DuckDB:
    def __init__(self, build, work):
        self.build = build
        self.script = os.path.join(work, "peer_duckdb.mjs")
        self.version = node_version(work, "@duckdb/node-api")

    def job(self, job, table, path, threads, order=True, out=None, is_text=False):
        types = {name: "VARCHAR" if is_text else DUCKDB_TYPES.get(kind, "VARCHAR")
                 for name, kind in table.fields.items()}
        newline = "\\r\\n" if table.name == "crlf" else "\\n"
        request = {"job": job, "file": path, "types": types, "threads": threads, "order": order, "out": out,
                   "newline": newline}
        work = lambda: process.measure_json(self.build, ["node", self.script, json.dumps(request)])
        return into_file(out, work) if out else work


class Polars:
    def __init__(self, build, work):
        self.build = build
        self.script = os.path.join(work, "peer_polars.mjs")
        self.version = node_version(work, "nodejs-polars")

    def job(self, table, path, threads):
        command = ["node", self.script, path, json.dumps(table.fields)]
        return lambda: process.measure_json(self.build, command,
                                            environment={"POLARS_MAX_THREADS": str(threads)})


class Pandas:
    def __init__(self, build):
        self.build = build
        self.version = process.version([PYTHON, "-c", "import pandas; print(pandas.__version__)"])

    def job(self, table, path):
        command = [PYTHON, os.path.join(HERE, "peer_pandas.py"), path, json.dumps(table.fields)]
        return lambda: process.measure_json(self.build, command)


class SQLite:
    """The sqlite3 shell's .import, with no journal and no sync, into the same columns and keys."""

    def __init__(self, build, mimic, threads):
        self.build, self.mimic, self.threads = build, mimic, threads
        self.version = process.version(["sqlite3", "--version"])

    def job(self, table, path, target, with_indexes):
        statements = self.mimic.ddl(table, "sqlite").split(";\n")
        create = next(s for s in statements if "CREATE TABLE" in s)
        # Strict tables refuse the empty text that .import puts for a NULL: the plain table is its best case.
        create = create.replace(") STRICT", ")").replace(" NOT NULL", "")
        script = ["PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;",
                  "PRAGMA temp_store = MEMORY; PRAGMA threads = %d;" % self.threads,
                  ".mode csv", create + ";", '.import --skip 1 "%s" %s' % (path, table.name)]
        if with_indexes:
            script += [s + ";" for s in statements if "CREATE INDEX" in s] + ["PRAGMA integrity_check;"]
        text = ("\n".join(script) + "\n").encode()
        return into_file(target, lambda: process.measure(self.build, ["sqlite3", target], script=text))


def node_version(work, package):
    path = os.path.join(work, "node_modules", package, "package.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)["version"]
