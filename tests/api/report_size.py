#!/usr/bin/env python3
"""What the library weighs, and what it needs at run time; held below limits.

    report_size.py LIBRARY [--limits]

Prints the size of the shared library as it is installed stripped, by segments, the folders and objects
of the source that take most of it, and the libraries that it loads. With --limits the exit status is 1
when a limit is passed: a limit is raised by hand, with the reason in the commit.
"""

import collections
import os
import re
import subprocess
import sys
import tempfile

LIMIT_STRIPPED = 2_300_000  # bytes of the stripped file
LIMIT_BSS = 256             # bytes of variables: those of the compiler's start-up code
ALLOWED = {"libc", "libm", "libjansson", "libz", "libisal", "libzstd", "libsqlite3", "libpq",
           "libpthread", "ld-linux-x86-64", "ld-linux-aarch64"}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def objects(archive_folder):
    """(name, bytes of code and constants) of every object of the library, the largest first."""
    found = []
    for folder, _, names in os.walk(archive_folder):
        for name in names:
            if name.endswith(".o") and "libmimic_" in folder:
                text, data, bss = output_of("size", os.path.join(folder, name)).splitlines()[1].split()[:3]
                found.append((int(text) + int(data) + int(bss), name.rsplit(".c.o", 1)[0]))
    return sorted(found, reverse=True)


def main():
    library, limits = os.path.realpath(sys.argv[1]), "--limits" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "stripped.so")
        subprocess.run(["strip", "-o", stripped, library], check=True)
        size = os.path.getsize(stripped)
        text, data, bss = (int(number) for number in output_of("size", stripped).splitlines()[1].split()[:3])
    needed = re.findall(r"\(NEEDED\).*\[(.*?)\]", output_of("readelf", "-dW", library))
    print(f"stripped {size:,} bytes: text {text:,}, data {data:,}, bss {bss:,}")
    print("needs " + " ".join(needed))
    all_objects = objects(os.path.dirname(library))
    rooms = collections.Counter()
    for weight, name in all_objects:
        rooms[name.split("_")[0]] += weight
    print("by room: " + ", ".join(f"{room} {weight:,}" for room, weight in rooms.most_common(8)))
    print("largest: " + ", ".join(f"{name} {weight:,}" for weight, name in all_objects[:6]))
    faults = [f"it needs {name}, which it did not" for name in needed if name.split(".so")[0] not in ALLOWED]
    if size > LIMIT_STRIPPED:
        faults.append(f"the limit is {LIMIT_STRIPPED:,} bytes")
    if bss > LIMIT_BSS:
        faults.append(f"variables take {bss} bytes, the limit is {LIMIT_BSS}")
    for fault in faults:
        print(fault)
    return 1 if faults and limits else 0


sys.exit(main())
