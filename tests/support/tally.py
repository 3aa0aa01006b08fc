#!/usr/bin/env python3
"""Counts tests over several meson logs and prints `N passed, N failed, N skipped`.

    tally.py build/meson-logs/testlog.json build:gcc=pass ...

A test that speaks TAP counts with each of its cases; any other counts as one. A program that fails
without a failed case (it crashed, or ran out of time) adds one failure. Exit status 1 on any failure.
"""

import json
import re
import sys

TAP_PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\b\s*(.*))?", re.MULTILINE | re.IGNORECASE)
TAP_CASE = re.compile(r"^(not )?ok\b(.*)$", re.MULTILINE)
PASSED = {"OK", "EXPECTEDFAIL"}


def count_test(test):
    """(passed, failed, skipped) of one entry of testlog.json."""
    result = test["result"]
    output = test.get("stdout") or ""
    if result == "SKIP":
        return 0, 0, 1
    plan = TAP_PLAN.search(output)
    if plan is None:
        return (1, 0, 0) if result in PASSED else (0, 1, 0)
    passed = failed = skipped = 0
    for case in TAP_CASE.finditer(output):
        if re.search(r"#\s*SKIP\b", case.group(2), re.IGNORECASE):
            skipped += 1
        elif case.group(1):
            failed += 1
        else:
            passed += 1
    if result not in PASSED and failed == 0:
        failed += 1
    return passed, failed, skipped


def read_log(path):
    try:
        with open(path, encoding="utf-8") as stream:
            return [json.loads(line) for line in stream if line.strip()]
    except FileNotFoundError:
        return [{"name": path, "result": "ERROR", "stdout": "", "stderr": "no test log was written"}]


def main(arguments):
    totals = [0, 0, 0]
    for argument in arguments:
        if argument.startswith("build:"):
            name, outcome = argument[len("build:"):].rsplit("=", 1)
            counts = {"pass": (1, 0, 0), "fail": (0, 1, 0), "skip": (0, 0, 1)}[outcome]
            entries = [("build of " + name, counts, "not installed")]
        else:
            folder = argument.split("/")[0]
            entries = [(f"{test['name']} ({folder})", count_test(test), reason(test))
                       for test in read_log(argument)]
        for name, counts, why in entries:
            totals = [total + count for total, count in zip(totals, counts)]
            if counts[1]:
                print(f"FAILED  {name}")
            elif counts[2]:
                print(f"skipped {name}{': ' + why if why else ''}")
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


def reason(test):
    """Why a test was skipped: the TAP remark, else the last line that it printed."""
    output = test.get("stdout") or ""
    plan = TAP_PLAN.search(output)
    if plan and plan.group(2):
        return plan.group(2).strip()
    lines = (output + "\n" + (test.get("stderr") or "")).strip().splitlines()
    return lines[-1].strip() if lines else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
