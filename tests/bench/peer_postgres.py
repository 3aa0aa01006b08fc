"""A throw-away PostgreSQL: its own cluster in the work folder, reached by a Unix socket alone.

It is context beside the files that the other jobs write; loads into PostgreSQL have a comparison of their
own, pg_loads.py.
"""

import os

import postgres
import process

SETTINGS = {"synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "8GB",
            "shared_buffers": "256MB"}
# The server's process is not psql's child: it is asked what it cost before psql leaves it.
COST = r"""\! cat /proc/$BACKEND/stat
\! grep VmHWM /proc/$BACKEND/status
"""


class Postgres:
    """Starts at the first job and stops with stop()."""

    def __init__(self, build, work, mimic):
        self.build, self.mimic = build, mimic
        self.server = postgres.Server(folder=os.path.abspath(work), settings=SETTINGS)
        is_there = postgres.is_installed()
        self.version = process.version([postgres.program("postgres"), "--version"]) if is_there else None

    def start(self):
        try:
            self.server.start()
        except postgres.Failed as error:
            raise process.Failed(str(error)) from error

    def stop(self):
        self.server.stop()

    def job(self, table, path):
        create = next(s for s in self.mimic.ddl(table, "postgres").split(";\n") if "CREATE TABLE" in s)
        create = create[create.index("CREATE TABLE"):]
        name = create.split("(")[0].replace("CREATE TABLE", "").strip()
        schema = name.split(".")[0] if "." in name else "public"
        script = ["SELECT pg_backend_pid() AS pid \\gset", "\\setenv BACKEND :pid",
                  "CREATE SCHEMA IF NOT EXISTS %s;" % schema, "BEGIN;",
                  create.replace("CREATE TABLE", "CREATE UNLOGGED TABLE") + ";",
                  "\\copy %s FROM '%s' WITH (FORMAT csv, HEADER true)" % (name, os.path.abspath(path)), "COMMIT;",
                  COST + "DROP TABLE %s;" % name]
        text = ("\n".join(script) + "\n").encode()

        def once():
            self.start()
            sample = process.measure(self.build, self.server.psql_command("-f", "-"), script=text,
                                     environment=self.server.environment())
            lines = sample.output.decode().splitlines()
            ticks = next(line for line in lines if "(postgres)" in line).split(")")[1].split()
            sample.cpu += (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
            sample.peak_kb += int(next(line for line in lines if "VmHWM" in line).split()[1])
            return sample
        return once
