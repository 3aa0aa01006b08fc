"""CSV into PostgreSQL: \\copy, COPY BINARY of bytes that lie ready, and mimic; the same server, interleaved.

Ready bytes are the most that the server takes from anybody: a load that reaches them costs nothing of its
own. They are made beforehand by bench_pgcopy and sent by psql. Every job begins without its tables and ends
committed; secondary indexes are left out everywhere, primary keys are in.
"""

import os
import shutil
import statistics
import sys
import time

import data
import postgres
import process
import report

COPY, READY, UNLOGGED, KEYED = "psql \\copy (CSV)", "ready bytes, FREEZE", "ready bytes, unlogged", "ready bytes, key after"
ONE, TWO, READY_TWO = "mimic, 1 connection", "mimic, 2 connections", "ready bytes, 2 connections"
BOTH = "both"  # tables at once
# What is aimed at: our job, a job it is compared with, and how many times that; or MB/s.
GOALS = [(ONE, READY, 0.9), (ONE, COPY, 2.0)]
GOAL_TWO_MB = 220


class Loads:
    """The jobs on one server."""

    def __init__(self, options, mimic, server):
        self.build, self.work, self.threads, self.mimic, self.server = (options.build, options.work, options.jobs,
                                                                        mimic, server)

    def server_seconds(self):
        """Processor seconds of the sessions that have ended."""
        with open("/proc/%d/stat" % self.server.process.pid, encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def measure(self, command, **rest):
        """One job on a clean database."""
        schemas = self.server.psql("SELECT string_agg(format('DROP SCHEMA %I CASCADE', nspname), ';') FROM pg_namespace "
                                   "WHERE nspname LIKE 'mimic%'").strip()
        self.server.psql("SET client_min_messages = warning;\n%s;\nCHECKPOINT;\n" % schemas)
        time.sleep(0.1)
        before = self.server_seconds()
        sample = process.measure(self.build, command, environment=self.server.environment(), **rest)
        time.sleep(0.1)  # until the sessions are gone
        sample.server_cpu = self.server_seconds() - before
        return sample

    def ready(self, table):
        """The path of a table's COPY BINARY, made once."""
        path = table.path[:-4] + ".copy"
        if not os.path.exists(path):
            process.measure(self.build, [os.path.join(self.build, "tests", "bench", "bench_pgcopy"), table.spec,
                                         table.path, path + ".tmp"])
            os.rename(path + ".tmp", path)
        return path

    def script(self, table, kind):
        """What psql does for one table."""
        create = next(s for s in self.mimic.ddl(table, "postgres").split(";\n") if "CREATE TABLE" in s)
        create = create[create.index("CREATE TABLE"):]
        name = create.split("(")[0].replace("CREATE TABLE", "").strip()
        after = []
        if kind == UNLOGGED:
            create = create.replace("CREATE TABLE", "CREATE UNLOGGED TABLE")
        if kind == KEYED and ",\n  PRIMARY KEY" in create:
            create, key = create.split(",\n  PRIMARY KEY", 1)
            create, key = create + ")", key.rsplit(")", 1)[0]
            after = ["ALTER TABLE %s ADD PRIMARY KEY %s;" % (name, key), "ANALYZE %s;" % name]
        elif kind == KEYED:
            after = ["ANALYZE %s;" % name]
        if kind == COPY:
            copy = "FROM '%s' WITH (FORMAT csv, HEADER true)" % os.path.abspath(table.path)
        else:
            copy = "FROM '%s' WITH (FORMAT binary%s)" % (os.path.abspath(self.ready(table)),
                                                         "" if kind == UNLOGGED else ", FREEZE true")
        return "\n".join(["CREATE SCHEMA IF NOT EXISTS %s;" % name.split(".")[0], "BEGIN;", create + ";",
                          "\\copy %s %s" % (name, copy), *after, "COMMIT;", ""])

    def psql(self, table, kind):
        text = self.script(table, kind).encode()
        return lambda: self.measure(self.server.psql_command("-f", "-"), script=text)

    def psql_at_once(self, tables):
        """A session for each table, side by side."""
        files = []
        for table in tables:
            files.append(os.path.abspath(os.path.join(self.work, "load-%s.sql" % table.name)))
            with open(files[-1], "w", encoding="utf-8") as file:
                file.write(self.script(table, READY))
        psql = " ".join(self.server.psql_command("-f"))
        command = " & ".join("%s %s" % (psql, file) for file in files) + " & wait"
        return lambda: self.measure(["sh", "-c", command])

    def convert(self, table):
        command = self.mimic.command(table, table.path, self.server.dsn(), self.threads, "--no-indexes")
        return lambda: self.measure(command)

    def load(self, tables):
        folder = os.path.join(self.work, "load-folder")
        shutil.rmtree(folder, ignore_errors=True)
        for table in tables:
            place = os.path.join(folder, data.TABLES[table.name][0])
            os.makedirs(place)
            os.symlink(os.path.abspath(table.path), os.path.join(place, os.path.basename(table.path)))
        command = [self.mimic.program, "load", folder, self.server.dsn(), "--dataset", "mimic-iv@3.1", "--quiet",
                   "--no-indexes", "--jobs", str(max(2, self.threads))]
        return lambda: self.measure(command)

    def jobs(self, tables):
        """(table or BOTH, megabytes, name, once)."""
        for table in tables:
            size = table.megabytes
            for kind in (COPY, READY, UNLOGGED, KEYED):
                yield table.name, size, kind, self.psql(table, kind)
            yield table.name, size, ONE, self.convert(table)
        if len(tables) > 1:
            size = sum(table.megabytes for table in tables)
            yield BOTH, size, READY_TWO, self.psql_at_once(tables)
            yield BOTH, size, TWO, self.load(tables)


def run(options, who):
    if not postgres.is_installed():
        raise SystemExit("PostgreSQL is not installed")
    names = options.tables.split(",") if options.tables else list(data.TABLES)
    tables = data.tables(options.build, options.work, options.mb, names)
    facts = report.machine(options.build, {name: who[name] for name in ("mimic", "postgres")}, options.jobs,
                           options.rounds)
    server = who["postgres"].server
    server.start()
    try:
        rows = compare(list(Loads(options, who["mimic"], server).jobs(tables)), options.rounds)
    finally:
        server.stop()
    return "postgres", facts, rows, markdown(facts, rows)


def compare(jobs, rounds):
    """Interleaved rounds, each second one backwards; the first is not counted."""
    taken = [[] for _ in jobs]
    failed = {}
    for number in range(rounds + 1):
        order = range(len(jobs)) if number % 2 == 0 else range(len(jobs) - 1, -1, -1)
        for i in order:
            if i in failed:
                continue
            try:
                sample = jobs[i][3]()
            except process.Failed as error:
                failed[i] = str(error)
                print("%s, %s failed: %s" % (jobs[i][0], jobs[i][2], error), file=sys.stderr)
                continue
            if number > 0:
                taken[i].append(sample)
        print("postgres: round %d of %d" % (number, rounds), file=sys.stderr)
    rows = []
    for i, (table, size, name, _) in enumerate(jobs):
        row = {"table": table, "megabytes": size, "who": name, "is_mimic": name.startswith("mimic")}
        if i in failed:
            rows.append({**row, "failed": failed[i]})
            continue
        speeds = [size / sample.seconds for sample in taken[i]]
        rows.append({**row, "mb_per_s": statistics.median(speeds), "slowest": min(speeds), "fastest": max(speeds),
                     "cpu_s": statistics.median(s.cpu for s in taken[i]), "peak_mb": max(s.peak_kb for s in taken[i]) / 1024,
                     "server_s": statistics.median(s.server_cpu for s in taken[i]),
                     "seconds": [s.seconds for s in taken[i]]})
    return rows


def goal_lines(rows):
    found = {(row["table"], row["who"]): row for row in rows if "failed" not in row}
    for table in dict.fromkeys(row["table"] for row in rows):
        for ours, theirs, times in GOALS:
            if (table, ours) in found and (table, theirs) in found:
                ratio = found[table, ours]["mb_per_s"] / found[table, theirs]["mb_per_s"]
                yield "| %s | %s beside %s | %.2fx | %.1fx | %s |" % (table, ours, theirs, ratio, times,
                                                                    report.verdict(ratio, times))
    if (BOTH, TWO) in found:
        speed = found[BOTH, TWO]["mb_per_s"]
        yield "| both tables | %s | %.0f MB/s | %d MB/s | %s |" % (TWO, speed, GOAL_TWO_MB,
                                                                   report.verdict(speed, GOAL_TWO_MB))


def markdown(facts, rows):
    lines = [report.machine_text(facts), "fsync, synchronous_commit and full_page_writes off, wal_level minimal, "
             "shared_buffers 256 MB; client and server share the processors.\n",
             "| data | who | MB/s of CSV | min–max | CPU s, client | CPU s, server | peak MB, client |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        head = "| %s | %s |" % ("both tables" if row["table"] == BOTH else row["table"], row["who"])
        if "failed" in row:
            lines.append(head + " failed: %s | | | | |" % row["failed"].replace("|", "/"))
        else:
            lines.append(head + " %(mb_per_s).0f | %(slowest).0f–%(fastest).0f | %(cpu_s).2f | %(server_s).2f | "
                         "%(peak_mb).0f |" % row)
    return "\n".join(lines + ["", "| data | measure | found | goal | |", "| --- | --- | ---: | ---: | --- |",
                              *goal_lines(rows)]) + "\n"
