#!/usr/bin/env python3
"""A PostgreSQL server against our COPY BINARY, on random tables of every type: it takes our bytes, writes
the same ones, byte for byte, and what it writes decodes to the same rows. Also the golden file.

    test_pgcopy.py PGCOPY_CASES [SEEDS]
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "support"))

import postgres  # noqa: E402


def round_trip(server, program, seed, folder):
    """What is wrong with one table; None when nothing is."""
    subprocess.run([program, "write", str(seed), folder], check=True)
    rows, back = os.path.join(folder, "rows.bin"), os.path.join(folder, "back.bin")
    with open(os.path.join(folder, "table.sql"), encoding="utf-8") as file:
        table = file.read()
    server.psql("DROP SCHEMA IF EXISTS test CASCADE;\nSET client_min_messages = warning;\n%s\n"
                "\\copy test.random FROM '%s' WITH (FORMAT binary)\n"
                "\\copy (SELECT * FROM test.random ORDER BY position) TO '%s' WITH (FORMAT binary)\n"
                % (table, rows, back))
    with open(rows, "rb") as ours, open(back, "rb") as theirs:
        if ours.read() != theirs.read():
            return "the server writes other bytes"
    done = subprocess.run([program, "read", str(seed), folder], stderr=subprocess.PIPE, text=True, check=False)
    return done.stderr.strip() or None if done.returncode else None


def main():
    postgres.require()
    program, seeds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, postgres.Server() as server:
        for seed in range(1, seeds + 1):
            fault = round_trip(server, program, seed, folder)
            if fault is not None:
                wrong += 1
                print("seed %d: %s" % (seed, fault), flush=True)
    golden = subprocess.run([sys.executable, os.path.join(HERE, "..", "golden", "pgcopy", "make.py")], check=False)
    print("%d random tables, %d wrong" % (seeds, wrong))
    return 1 if wrong or golden.returncode else 0


if __name__ == "__main__":
    postgres.stop_on_signals()
    sys.exit(main())
