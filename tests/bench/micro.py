"""One kernel, coercer or codec at a time: runs the microbenchmarks that are built. One that knows
--json prints a list of objects; what the others print is passed on as it is."""

import glob
import json
import os
import subprocess
import sys

import data
import peers
import report


def commands(options):
    """Name, program and arguments of each that is built."""
    wanted = [("kernels", "bench_kernels", []), ("coercers", "bench_coerce", []),
              ("records", "bench_record", [])]
    for table in data.tables(options.build, options.work, options.mb, list(data.TABLES)):
        for ending in ("gz", "zst"):
            if path := table.variant(ending):
                wanted.append(("inflate, %s.%s" % (table.name, ending), "bench_inflate", [path]))
    for title, name, rest in wanted:
        for program in glob.glob(os.path.join(options.build, "tests", "**", name), recursive=True)[:1]:
            yield title, name, [program, *rest]


def knows_json(name):
    with open(os.path.join(peers.HERE, name + ".c"), encoding="utf-8") as file:
        return '"--json"' in file.read()


def run(options, who):
    facts = report.machine(options.build, who, 1, 1)
    rows = []
    for title, name, command in commands(options):
        is_json = knows_json(name)
        done = subprocess.run(command + ["--json"] * is_json, stdout=subprocess.PIPE, check=True)
        text = done.stdout.decode()
        rows.append({"title": title, "results": json.loads(text) if is_json else text.splitlines()})
        print("micro: %s" % title, file=sys.stderr)
    return "micro", facts, rows, markdown(facts, rows)


def listing(results):
    """A table of objects, or the lines of a program that prints text or a table of its own."""
    if results and isinstance(results[0], dict):
        keys = list(dict.fromkeys(key for result in results for key in result))
        return ["| " + " | ".join(keys) + " |", "| --- " * len(keys) + "|",
                *("| " + " | ".join(str(result.get(key, "")) for key in keys) + " |" for result in results)]
    if any(line.startswith("|") for line in results):
        return results
    return ["    " + line for line in results]


def markdown(facts, rows):
    lines = ["%(date)s. %(cpu)s, kernel %(kernel)s; one thread, processor time.\n" % facts]
    for row in rows:
        lines += [row["title"][0].upper() + row["title"][1:] + ":\n", *listing(row["results"]), ""]
    return "\n".join(lines)
