"""Are the outputs of 1, 2, 3 and 8 threads the same, byte for byte, with the same rejects?"""

import hashlib
import json
import os
import re
import subprocess
import sys

import data
import peers
import report

THREADS = (1, 2, 3, 8)
ENDINGS = (".arrow", ".arrows", ".csv", ".db")
FOLDED = ("gz", "zst", "bgzf.gz", "frames.zst")


def convert(mimic, table, path, target, threads):
    """Exit status and the report without what may differ: times and the target's name."""
    command = mimic.command(table, path, target, threads, "--format", "json")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 3):
        return done.returncode, done.stderr.decode(errors="replace").strip()[-300:]
    found = json.loads(done.stdout)
    found.pop("target")
    for part in [found["totals"], *found["tables"]]:
        part.pop("seconds")
    return done.returncode, found


def content(path):
    """Of a file, without the time when it was made, which a database keeps in its ledger."""
    with open(path, "rb") as file:
        return hashlib.sha256(re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"",
                                     file.read())).digest()


def check(mimic, table, path, ending, out):
    base = os.path.join(out, "bench-same")
    results, same = [], True
    for threads in THREADS:
        target = "%s-%d%s" % (base, threads, ending)
        peers.remove(target)
        results.append(convert(mimic, table, path, target, threads))
        is_made = os.path.exists(target)
        first = "%s-%d%s" % (base, THREADS[0], ending)
        same = same and is_made and results[-1] == results[0] and content(first) == content(target)
    sizes = os.path.getsize(first) if os.path.exists(first) else 0
    for threads in THREADS:
        peers.remove("%s-%d%s" % (base, threads, ending))
    report_of = results[0][1]
    rejected = report_of["totals"]["rejected"] if isinstance(report_of, dict) else None
    return {"table": table.name, "input": os.path.basename(path), "output": ending, "is_same": same,
            "rejected": rejected, "bytes": sizes,
            "message": "" if same else str([r for r in results if r != results[0]] or results[0])[:300]}


def run(options, who):
    facts = report.machine(options.build, who, options.jobs, 1)
    names = [*data.TABLES, *data.SHAPES, data.FAULTY]
    rows = []
    for table in data.tables(options.build, options.work, options.mb, names):
        paths = [table.path]
        if table.name in ("labevents", data.FAULTY):
            paths += [table.variant(ending) for ending in FOLDED]
        for path in paths:
            rows += [check(who["mimic"], table, path, ending, options.out) for ending in ENDINGS if path]
        print("identical: %s" % table.name, file=sys.stderr)
    return "identical", facts, rows, markdown(facts, rows)


def sentence(facts, rows):
    different = [row["input"] + " to " + row["output"] for row in rows if not row["is_same"]]
    return "%s. Outputs, reports and exit statuses of %s threads compared: %d inputs and outputs, %s.\n" % (
        facts["date"], ", ".join(map(str, THREADS)), len(rows),
        "these differ: " + ", ".join(different) if different else "all the same")


def markdown(facts, rows):
    lines = [sentence(facts, rows), "| input | output | rejected | MB | same |", "| --- | --- | ---: | ---: | --- |"]
    for row in rows:
        lines.append("| %s | %s | %s | %.1f | %s |" % (
            row["input"], row["output"], row["rejected"], row["bytes"] / 1e6,
            "yes" if row["is_same"] else "**no** " + row["message"].replace("|", "/")))
    return "\n".join(lines) + "\n"
