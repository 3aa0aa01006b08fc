"""One kernel, coercer or codec at a time: runs the microbenchmarks that are built and gathers what
they print with --json, a list of objects."""

import glob
import json
import os
import subprocess

import report

PROGRAMS = ("bench_kernels", "bench_coerce", "bench_inflate", "bench_sink")


def run(options, who):
    facts = report.machine(who, 1, 1)
    rows = []
    for name in PROGRAMS:
        for path in glob.glob(os.path.join(options.build, "tests", "**", name), recursive=True):
            done = subprocess.run([path, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            try:
                found = json.loads(done.stdout)
            except ValueError:
                continue  # it has no --json
            rows.append({"program": name, "results": found})
    return "micro", facts, rows, markdown(facts, rows)


def markdown(facts, rows):
    lines = ["%(date)s. %(cpu)s, kernel %(kernel)s; one thread.\n" % facts]
    for row in rows:
        results = [r for r in row["results"] if isinstance(r, dict)]
        keys = list(dict.fromkeys(key for result in results for key in result))
        lines += ["%s:\n" % row["program"], "| " + " | ".join(keys) + " |", "| --- " * len(keys) + "|"]
        lines += ["| " + " | ".join(str(result.get(key, "")) for key in keys) + " |" for result in results]
        lines.append("")
    return "\n".join(lines) + "\n"
