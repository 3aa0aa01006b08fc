"""Where the time goes: perf's view of each of our jobs, by library and by function."""

import os
import re
import shutil
import subprocess
import sys

import data
import peers
import report

LINE = re.compile(r"^\s*(\d+\.\d+)%\s+(\S+)\s+\[(.)\]\s+(\S+)")
FUNCTIONS = 10  # of each job that are shown


def jobs_on(options, mimic, table):
    target = os.path.join(options.out, "bench-profile")
    read = [mimic.reader, "--jobs", str(options.jobs), *table.options]
    yield "count", [*read, "--count", table.spec, table.path], None
    yield "batches", [*read, table.spec, table.path], None
    for row, ending in (("gzip", "gz"), ("zstd", "zst")):
        yield row, [*read, table.spec, table.variant(ending)], None
    for row, ending, rest in (("columnar", ".arrow", []), ("sqlite", ".db", ["--no-indexes"]), ("indexes", ".db", []),
                              ("csv", ".csv", [])):
        yield row, mimic.command(table, table.path, target + ending, options.jobs, *rest), target + ending


def sampled(work, command):
    """Share of each function: [(percent, library, function)]."""
    record = os.path.join(work, "perf.data")
    subprocess.run(["perf", "record", "-q", "-F", "2500", "-o", record, "--", *command], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run(["perf", "report", "-i", record, "--stdio", "--no-children", "--sort", "dso,symbol",
                            "--percent-limit", "0.05"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    os.remove(record)
    found = []
    for line in shown.stdout.decode(errors="replace").splitlines():
        if match := LINE.match(line):
            library = "kernel" if match.group(3) == "k" else re.sub(r"\.so.*", "", match.group(2))
            found.append((float(match.group(1)), library, match.group(4)))
    return found


def gathered(found):
    """The shares of libraries, and of the functions of ours and of others by name; addresses without a
    name are counted with their library only."""
    libraries = {}
    for percent, library, _ in found:
        libraries[library] = libraries.get(library, 0) + percent
    named = [entry for entry in found if not entry[2].startswith("0x") and entry[1] != "kernel"]
    return sorted(((p, name) for name, p in libraries.items()), reverse=True), named[:FUNCTIONS]


def run(options, who):
    if shutil.which("perf") is None:
        sys.exit("perf is not there: sh tests/bench/run.sh --install")
    facts = report.machine(options.build, who, options.jobs, 1)
    rows = []
    names = options.tables.split(",") if options.tables else list(data.TABLES)
    for table in data.tables(options.build, options.work, options.mb, names):
        for job, command, target in jobs_on(options, who["mimic"], table):
            if job not in options.only:
                continue
            found = sampled(options.work, command)
            if target:
                peers.remove(target)
            libraries, functions = gathered(found)
            rows.append({"table": table.name, "row": job, "libraries": libraries, "functions": functions})
        print("profile: %s" % table.name, file=sys.stderr)
    return "profile", facts, rows, markdown(facts, rows)


def markdown(facts, rows):
    lines = ["%(date)s. %(cpu)s, kernel %(kernel)s; %(threads)d threads; per cent of the samples.\n" % facts,
             "| data | job | by library | by function |", "| --- | --- | --- | --- |"]
    for row in rows:
        libraries = ", ".join("%s %.0f" % (name, p) for p, name in row["libraries"] if p >= 1)
        functions = ", ".join("%s %.0f" % (name.replace("|", "/"), p) for p, _, name in row["functions"] if p >= 1)
        lines.append("| %s | %s | %s | %s |" % (row["table"], row["row"], libraries, functions))
    return "\n".join(lines) + "\n"
