"""Runs libmimic and its peers side by side; see run.sh. Standard library only."""

import json
import os
import statistics
import subprocess
import sys
import time

BUILD = "build"
MIMIC = os.path.join(BUILD, "cli", "mimic")
BENCH_CSV = os.path.join(BUILD, "tests", "bench", "bench_csv")
PATIENTS_PER_MEGABYTE = 9  # of chartevents; enough for labevents of about a third of that
DUCKDB_TYPES = {
    "int16": "SMALLINT", "int32": "INTEGER", "int64": "BIGINT", "float32": "FLOAT", "float64": "DOUBLE",
    "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN",
}


def fields(table):
    """The columns of a table as the registry has them: name to physical type."""
    with open("schemas/mimic-iv/3.1/datapackage.json", encoding="utf-8") as file:
        package = json.load(file)
    resource = next(r for r in package["resources"] if r["name"] == table)
    return {f["name"]: f["mimic"]["type"] for f in resource["schema"]["fields"]}


def make_data(work, megabytes):
    """chartevents and labevents as plain CSV of about the wanted size, cut at a line's end."""
    folder = os.path.join(work, "data-%d" % megabytes)
    if not os.path.isdir(folder):
        patients = max(20, megabytes * PATIENTS_PER_MEGABYTE * 3)
        subprocess.run([MIMIC, "synth", "mimic-iv", folder + ".tmp", "--patients", str(patients), "--seed", "1",
                        "--compress", "none", "--tables", "chartevents,labevents", "--quiet"],
                       check=True, stdout=subprocess.DEVNULL)
        os.rename(folder + ".tmp", folder)
    files = {}
    for table, module in (("chartevents", "icu"), ("labevents", "hosp")):
        path = os.path.join(folder, table + ".csv")
        if not os.path.exists(path):
            with open(os.path.join(folder, module, table + ".csv"), "rb") as source, open(path, "wb") as target:
                size = 0
                for line in source:  # an embedded line end may cut one record: the last line is left out
                    if size + len(line) > megabytes * 1000000:
                        break
                    target.write(line)
                    size += len(line)
        files[table] = path
    return files


def run(command, stdin=None):
    """Seconds and peak memory of a process; its standard output."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE if stdin else None, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    if stdin:
        process.stdin.write(stdin)
        process.stdin.close()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 3):
        raise SystemExit("%s failed with %d" % (command[0], code))
    return seconds, usage.ru_maxrss, usage.ru_utime + usage.ru_stime, output


def typed_batches(table, path, kernel):
    def job():
        _, _, cpu, output = run([BENCH_CSV, "mimic-iv@3.1/" + table, path] + ([kernel] if kernel else []))
        result = json.loads(output)
        return result["seconds"], result["peak_kb"], cpu
    return job


def duckdb_scan(work, table, path):
    types = {name: DUCKDB_TYPES.get(kind, "VARCHAR") for name, kind in fields(table).items()}
    def job():
        _, _, cpu, output = run(["node", os.path.join(work, "duckdb_scan.mjs"), path, "1", json.dumps(types)])
        result = json.loads(output)
        return result["seconds"], result["peak_kb"], cpu
    return job


def sqlite_import(table, path, target, with_indexes):
    ddl = subprocess.run([MIMIC, "schema", "ddl", "mimic-iv@3.1/" + table, "--dialect", "sqlite"], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    create = [s for s in ddl.split(";\n") if "CREATE TABLE" in s]
    index = [s for s in ddl.split(";\n") if "CREATE INDEX" in s] if with_indexes else []
    # Strict tables refuse the empty text that .import puts for a NULL: the plain table is its best case.
    script = "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;\n.mode csv\n"
    script += create[0].replace(") STRICT", ")").replace(" NOT NULL", "") + ";\n"
    script += ".import --skip 1 %s %s\n" % (path, table)
    script += "".join(s + ";\n" for s in index)
    if with_indexes:
        script += "PRAGMA integrity_check;\n"
    def job():
        if os.path.exists(target):
            os.remove(target)
        seconds, peak, cpu, _ = run(["sqlite3", target], script.encode())
        return seconds, peak, cpu
    return job


def mimic_convert(table, path, target, *options):
    def job():
        if os.path.exists(target):
            os.remove(target)
        seconds, peak, cpu, _ = run([MIMIC, "convert", path, target, "--table", "mimic-iv@3.1/" + table, "--quiet",
                                     *options])
        return seconds, peak, cpu
    return job


def jobs_of(work, table, path):
    has_duckdb = os.path.isdir(os.path.join(work, "node_modules"))
    target = os.path.join(work, "out")
    jobs = [("typed batches", "mimic", typed_batches(table, path, None)),
            ("typed batches", "mimic, scalar kernel", typed_batches(table, path, "scalar"))]
    if has_duckdb:
        jobs.append(("typed batches", "DuckDB typed scan, 1 thread", duckdb_scan(work, table, path)))
    jobs += [
        ("to SQLite, indexes, check", "mimic convert", mimic_convert(table, path, target + ".db")),
        ("to SQLite, indexes, check", "sqlite3 .import", sqlite_import(table, path, target + "-x.db", True)),
        ("to SQLite, rows", "mimic convert --no-indexes (checks all the same)",
         mimic_convert(table, path, target + "-n.db", "--no-indexes")),
        ("to SQLite, rows", "sqlite3 .import", sqlite_import(table, path, target + "-i.db", False)),
        ("to Arrow zstd", "mimic convert", mimic_convert(table, path, target + ".arrow")),
        ("to CSV", "mimic convert", mimic_convert(table, path, target + ".csv")),
    ]
    return jobs


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    work, megabytes, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    files = make_data(work, megabytes)
    rows = []
    for table, path in files.items():
        size = os.path.getsize(path) / 1e6
        jobs = jobs_of(work, table, path)
        samples = {name: [] for name in ((j[0], j[1]) for j in jobs)}
        for round_number in range(rounds + 1):  # the first warms the page cache and is not counted
            for job, who, function in jobs:
                sample = function()
                if round_number > 0:
                    samples[(job, who)].append(sample)
            print("%s: round %d of %d" % (table, round_number, rounds), file=sys.stderr)
        for job, who, _ in jobs:
            taken = samples[(job, who)]
            rows.append({"table": table, "megabytes": round(size), "job": job, "who": who,
                         "mb_per_s": round(size / statistics.median(s[0] for s in taken)),
                         "mb_per_cpu_s": round(size / statistics.median(s[2] for s in taken)),
                         "peak_mb": round(max(s[1] for s in taken) / 1024)})
    print("%s, %d processors; medians of %d interleaved rounds\n" % (cpu_name(), os.cpu_count(), rounds))
    print("| table | MB | job | who | MB/s | mimic is | MB per CPU second | peak MB |")
    print("| --- | ---: | --- | --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        ours = next(r for r in rows if r["table"] == row["table"] and r["job"] == row["job"])
        ratio = "" if ours is row else "%.1fx" % (ours["mb_per_s"] / max(1, row["mb_per_s"]))
        print("| {table} | {megabytes} | {job} | {who} | {mb_per_s} | {0} | {mb_per_cpu_s} | {peak_mb} |".format(ratio, **row))
    with open(os.path.join(work, "result.json"), "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
