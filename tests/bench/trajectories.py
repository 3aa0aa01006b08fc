"""Trajectories: two large tables into sorted, compressed shards, beside DuckDB's UNION ALL ... ORDER BY
into Parquet; and whether an event costs the same from 100,000 to 100 million of them."""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys

import data
import peers
import process
import report

TABLES = ("chartevents", "labevents")
CONTEXT = ("patients", "admissions", "icustays")
MB_PATIENT = 0.15  # of the two tables together
EVENTS_PATIENT = 1770
GOAL_SPEED, GOAL_TIMES, GOAL_PEAK = 650, 3.0, 512 + 64
MODULES = {"chartevents": "icu", "labevents": "hosp"}


def talk(text):
    print(text, file=sys.stderr, flush=True)


def release(options, patients, name):
    """A folder of plain CSV files; kept in the work folder."""
    path = os.path.join(options.work, "events-%s-%d" % (name, patients))
    if not os.path.isdir(path):
        talk("making %d patients" % patients)
        subprocess.run([os.path.join(options.build, "cli", "mimic"), "synth", "mimic-iv@3.1", path + ".tmp",
                        "--patients", str(patients), "--compress", "none", "--quiet", "--force",
                        "--tables", ",".join(CONTEXT + TABLES)], check=True, stdout=subprocess.DEVNULL)
        os.rename(path + ".tmp", path)
    return path


def files_of(path):
    return [os.path.join(path, MODULES[name], name + ".csv") for name in TABLES]


def records(source):
    """The records of a CSV file, which may have line ends in quotes."""
    record = b""
    for line in source:
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""


def shuffled(options, path):
    """The same rows in no order."""
    other = path + "-shuffled"
    if not os.path.isdir(other):
        shutil.copytree(path, other + ".tmp")
        for file in files_of(other + ".tmp"):
            with open(file, "rb") as source:
                head, *lines = records(source)
            random.Random(7).shuffle(lines)
            with open(file, "wb") as target:
                target.write(head)
                target.writelines(lines)
        os.rename(other + ".tmp", other)
    return other


class Run:
    """Our job on one folder."""

    def __init__(self, name, options, path, threads, *more, is_ours=False):
        self.name, self.is_ours = name, is_ours
        self.target = os.path.join(options.out, "bench-events")
        self.build = options.build
        self.command = [os.path.join(options.build, "cli", "mimic"), "trajectories", path, self.target,
                        "--dataset", "mimic-iv@3.1", "--jobs", str(threads), "--quiet", "--report", "json", *more]

    def once(self):
        shutil.rmtree(self.target, ignore_errors=True)
        sample = process.measure(self.build, self.command)
        told = json.loads(sample.output)
        sample.rows, sample.spilled, sample.file_bytes = told["events"], told["spilled_bytes"], told["bytes"]
        shutil.rmtree(self.target)
        return sample


class Peer:
    """DuckDB: types given, nothing sniffed; the events of the two tables, sorted, one Parquet file."""

    def __init__(self, options, path, threads, specimens):
        self.name = "DuckDB UNION ALL ORDER BY, Parquet zstd, " + ("our events" if specimens else "an event a row")
        self.is_ours, self.build = False, options.build
        self.target = os.path.abspath(os.path.join(options.out, "bench-events.parquet"))
        types = {}
        with open(data.MIMIC_PACKAGE, encoding="utf-8") as file:
            for table in json.load(file)["resources"]:
                types[table["name"]] = {f["name"]: peers.DUCKDB_TYPES.get(f["mimic"]["type"], "VARCHAR")
                                        for f in table["schema"]["fields"]}
        setup = {"files": dict(zip(TABLES, map(os.path.abspath, files_of(path)))), "types": types,
                 "threads": threads, "out": self.target,
                 "specimens": specimens}
        self.command = ["node", os.path.join(options.work, "peer_events.mjs"), json.dumps(setup)]

    def once(self):
        sample = process.measure_json(self.build, self.command)
        sample.spilled, sample.file_bytes = None, os.path.getsize(self.target)
        os.remove(self.target)
        return sample


def side_by_side(options, who):
    path = release(options, max(10, int(options.mb / MB_PATIENT)), "sorted")
    megabytes = sum(map(os.path.getsize, files_of(path))) / 1e6
    many = "%d threads" % options.jobs
    todo = [Run("mimic, " + many, options, path, options.jobs, is_ours=True)]
    if options.jobs > 1:
        todo.append(Run("mimic, 1 thread", options, path, 1))
    todo += [Run("mimic, %s, 64 MB" % many, options, path, options.jobs, "--memory", "64M"),
             Run("mimic, %s, every table sorted" % many, options, path, options.jobs, "--always-sort"),
             Run("mimic, %s, rows in no order" % many, options, shuffled(options, path), options.jobs)]
    if who["duckdb"].version:
        todo += [Peer(options, path, options.jobs, specimens) for specimens in (False, True)]
    taken = {job: [] for job in todo}
    for file in files_of(path):
        data.warm(file)
    for number in range(options.rounds + 1):
        for job in todo if number % 2 == 0 else todo[::-1]:
            sample = job.once()
            if number > 0:
                taken[job].append(sample)
        talk("round %d of %d" % (number, options.rounds))
    rows = [summary(job, taken[job], megabytes) for job in todo]
    ours = next(row for row in rows if row["is_mimic"])
    for row in rows:
        row["times"] = row["seconds"] / ours["seconds"]
    return rows


def summary(job, samples, megabytes):
    seconds = statistics.median(s.seconds for s in samples)
    return {"job": job.name, "is_mimic": job.is_ours, "megabytes": megabytes, "seconds": seconds,
            "speed": megabytes / seconds, "cpu": statistics.median(s.cpu for s in samples),
            "peak_mb": max(s.peak_kb for s in samples) / 1024, "events": samples[0].rows,
            "spilled": samples[0].spilled, "bytes": samples[0].file_bytes}


def growth(options):
    rows = []
    for events in (int(size) for size in options.sizes.split(",")):
        patients = max(5, round(events / EVENTS_PATIENT))
        path = release(options, patients, "growth")
        for name, more in (("as they come", ()), ("every table sorted", ("--always-sort",))):
            job = Run(name, options, path, options.jobs, *more)
            samples = [job.once() for _ in range(5 if events <= 1_000_000 else 1)]
            row = summary(job, samples, sum(map(os.path.getsize, files_of(path))) / 1e6)
            row["nanoseconds"] = 1e9 * row["seconds"] / row["events"]
            row["cpu_nanoseconds"] = 1e9 * row["cpu"] / row["events"]
            rows.append(row)
        talk("growth: %d events" % rows[-1]["events"])
        if events > 10_000_000:
            shutil.rmtree(path)
    return rows


def run(options, who):
    facts = report.machine(options.build, who, options.jobs, options.rounds)
    if options.growth:
        rows = growth(options)
        return "trajectories-growth", facts, rows, growth_page(facts, rows)
    rows = side_by_side(options, who)
    return "trajectories", facts, rows, page(facts, rows)


def page(facts, rows):
    lines = ["%(date)s. %(cpu)s, %(processors)d processors, kernel %(kernel)s; medians of %(rounds)d interleaved "
             "rounds." % facts,
             "chartevents and labevents of an invented hospital, %.0f MB of CSV, into shards sorted by subject and "
             "time, Zstandard.\n" % rows[0]["megabytes"],
             "| job | MB/s | s | CPU s | peak MB | scratch MB | output MB | rows out | x mimic's time |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        lines.append("| %s | %.0f | %.2f | %.2f | %.0f | %s | %.0f | %d | %.2f |" % (
            row["job"], row["speed"], row["seconds"], row["cpu"], row["peak_mb"],
            "" if row["spilled"] is None else "%.0f" % (row["spilled"] / 1e6), row["bytes"] / 1e6, row["events"],
            row["times"]))
    lines.append("\nAimed at: %d MB/s, %.0fx DuckDB, at most %d MB." % (GOAL_SPEED, GOAL_TIMES, GOAL_PEAK))
    return "\n".join(lines) + "\n"


def growth_page(facts, rows):
    lines = ["%(date)s. %(cpu)s, %(processors)d processors, kernel %(kernel)s. Whole processes, which take some 20 ms "
             "to start; medians of five runs up to a million events, one run from there.\n" % facts,
             "| tables | events | MB of CSV | s | ns an event | CPU ns an event | peak MB | scratch MB |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in sorted(rows, key=lambda row: (row["job"], row["events"])):
        lines.append("| %s | %d | %.0f | %.3f | %.0f | %.0f | %.0f | %.0f |" % (
            row["job"], row["events"], row["megabytes"], row["seconds"], row["nanoseconds"], row["cpu_nanoseconds"],
            row["peak_mb"], row["spilled"] / 1e6))
    return "\n".join(lines) + "\n"
