#!/usr/bin/env python3
"""Profiles of the demo data against a computation of their own: rows, nulls, distinct values, extremes,
means, deviations, quantiles, frequent values and lengths of every column.

    check_quality.py MIMIC BUILD_FOLDER
"""

import collections
import json
import math
import os
import re
import statistics
import sys
import tempfile
from datetime import datetime

import real

NAMES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
INTEGERS = ("int16", "int32", "int64")
TIMES = ("date", "timestamp")


def near(found, expected, relative):
    return math.isclose(found, expected, rel_tol=relative, abs_tol=relative)


def value_of(text, kind):
    if kind in INTEGERS:
        return int(text)
    if kind == "float64":
        return float(text)
    if kind in TIMES:
        return re.sub(r"(\.\d*?)0+$", r"\1", text.replace("T", " ")).rstrip(".")
    return "" if text == real.EMPTY_TEXT else text


def check_numbers(faults, found, values, where):
    exact = [v for v in values if math.isfinite(v)]
    if not exact:
        return
    faults.expect(near(found["mean"], math.fsum(exact) / len(exact), 1e-12), f"{where}: mean")
    if len(exact) > 1:
        deviation = float(statistics.stdev(exact[:20000])) if len(exact) <= 20000 else None
        if deviation is not None:
            faults.expect(near(found["deviation"], deviation, 1e-9), f"{where}: deviation")
    faults.equal(found["zeros"], sum(v == 0 for v in exact), f"{where}: zeros")
    faults.equal(found["negatives"], sum(v < 0 for v in exact), f"{where}: negatives")


def check_places(faults, found, values, where):
    ordered = sorted(values)
    faults.equal(found["minimum"], ordered[0], f"{where}: minimum")
    faults.equal(found["maximum"], ordered[-1], f"{where}: maximum")
    histogram = found["histogram"]
    faults.equal(histogram["below"] + histogram["above"] + sum(histogram["counts"]), len(values),
                 f"{where}: bars")
    for name, share in NAMES.items():
        expected = ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]
        got = found["quantiles"][name]
        if found["quantiles"]["exact"]:
            faults.equal(got, expected, f"{where}: {name}")
        elif "relative_error" in found["quantiles"]:
            bound = found["quantiles"]["relative_error"] * abs(expected) * 1.001 + 0.5
            faults.expect(abs(got - expected) <= bound, f"{where}: {name} {got} {expected}")
        else:
            off = datetime.fromisoformat(got) - datetime.fromisoformat(expected)
            faults.expect(abs(off.total_seconds()) <= found["quantiles"]["error_seconds"],
                          f"{where}: {name} {got} {expected}")


def check_column(faults, found, texts, kind, where):
    values = [value_of(text, kind) for text in texts if text != ""]
    counts = collections.Counter(values)
    faults.equal(found["rows"], len(texts), f"{where}: rows")
    faults.equal(found["nulls"], len(texts) - len(values), f"{where}: nulls")
    if found["distinct_exact"]:
        faults.equal(found["distinct"], len(counts), f"{where}: distinct")
    else:
        faults.expect(abs(found["distinct"] - len(counts)) <= 0.05 * len(counts),
                      f"{where}: distinct {found['distinct']}, not {len(counts)}")
    faults.equal(found["distinct_exact"], len(counts) <= 4096, f"{where}: exact")
    if values and kind not in ("string", "categorical"):
        check_places(faults, found, values, where)
    if kind in INTEGERS or kind == "float64":
        check_numbers(faults, found, values, where)
    elif kind not in TIMES and values:
        lengths = [len(value) for value in values]
        faults.equal((found["length"]["minimum"], found["length"]["maximum"]),
                     (min(lengths), max(lengths)), f"{where}: length")
    for entry in found.get("top", {"values": []})["values"]:
        text = entry["value"]
        if "cut" not in entry:
            value = value_of(text or real.EMPTY_TEXT, kind)
            faults.equal(entry["count"], counts[value], f"{where}: count of {text!r}")
    if found.get("top", {}).get("exact") and not any("cut" in e for e in found["top"]["values"]):
        faults.equal([e["count"] for e in found["top"]["values"]],
                     [count for _, count in counts.most_common(len(found["top"]["values"]))],
                     f"{where}: most frequent")


def check_folder(faults, program, folder, release, top):
    path = os.path.join(top, "quality.json")
    done = program.run("check", "-q", "--quality", path, os.path.join(real.DATA, folder))
    faults.expect(done.returncode in (0, 3), f"{folder}: {done.stderr}")
    with open(path, encoding="utf-8") as stream:
        quality = json.load(stream)
    resources, files = real.package(release), real.source_files(folder)
    for table in quality["tables"]:
        name = table["table"]
        if table["rejected"]:
            continue
        header, records = real.read_records(real.read_bytes(files[name.lower()]))
        columns = dict(zip([title.strip('"').lower() for title in header], zip(*records)))
        kinds = {field["name"]: field["mimic"]["type"]
                 for field in resources[name]["schema"]["fields"]}
        for found in table["columns"]:
            kind = kinds[found["column"]]
            if kind in (*INTEGERS, *TIMES, "float64", "string", "categorical"):
                texts = columns.get(found["column"].lower(), [""] * table["rows"])
                check_column(faults, found, texts, kind,
                             f"{folder}/{name}.{found['column']}")


def main():
    real.require_data()
    faults = real.Faults()
    program = real.Program(sys.argv[1])
    with tempfile.TemporaryDirectory() as top:
        check_folder(faults, program, "mimic-iv-demo", "mimic-iv@2.2", top)
        check_folder(faults, program, "mimic-iii-demo", "mimic-iii@1.4", top)
    faults.finish("quality")


main()
