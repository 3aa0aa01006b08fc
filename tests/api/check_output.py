#!/usr/bin/env python3
"""Runs a program and compares what it prints with a file.

    check_output.py EXPECTED PROGRAM [ARGUMENT...]

{new} in an argument stands for a fresh folder that goes afterwards. Exit status 0 when standard output
and exit status 0 are as expected; 77 (skipped) when EXPECTED is for another kind of machine (its first
line is `# 64-bit` and this one is not), or when the program says so by the same status.
"""

import difflib
import struct
import subprocess
import sys
import tempfile


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        expected = stream.read()
    if expected.startswith("# 64-bit\n"):
        if struct.calcsize("P") != 8:
            print("the expected output is for 64-bit machines")
            return 77
        expected = expected.split("\n", 1)[1]
    with tempfile.TemporaryDirectory() as new:
        command = [argument.replace("{new}", new) for argument in sys.argv[2:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        print(done.stderr)
        return 77
    if done.returncode == 0 and done.stdout == expected:
        return 0
    print(f"exit status {done.returncode}\n{done.stderr}")
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), done.stdout.splitlines(True),
                                               sys.argv[1], "printed"))
    return 1


sys.exit(main())
