#!/usr/bin/env python3
"""What the shared library gives and takes, read from its dynamic symbols.

    check_symbols.py LIBRARY EXPORTS_TXT INCLUDE_FOLDER release|debug

Gives: exactly exports.txt, a list that only grows, and exactly what the headers declare. Takes:
nothing that prints, ends the process or changes the locale. Its soname carries the ABI number.
"""

import os
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"^(_*(v?f?printf|v?dprintf)(_chk)?|puts|putchar|putc|fputs|fputc|fwrite|perror|psignal|stdout|stderr"
    r"|exit|_exit|_Exit|quick_exit|abort|raise|kill|setlocale|uselocale|strtod|strtof|strtold|atof"
    r"|strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|fork|execv\w*|signal|sigaction|getenv"
    r"|setenv|putenv|srand|rand|random)$")
IN_RELEASE = re.compile(r"^__assert")


def symbols(library, which):
    output = subprocess.run(["nm", "-D", which, library], check=True, capture_output=True, text=True)
    return {line.split()[-1].split("@")[0] for line in output.stdout.splitlines() if line.strip()}


def declared(include):
    names = set()
    for header in os.listdir(os.path.join(include, "mimic")):
        with open(os.path.join(include, "mimic", header), encoding="utf-8") as stream:
            text = stream.read()
        names |= set(re.findall(r"^MIMIC_API\b[^;(]*?\b(mimic_\w+)\s*\(", text, re.MULTILINE))
    return names


def main():
    library, exports_path, include, kind = sys.argv[1:]
    with open(exports_path, encoding="utf-8") as stream:
        lines = [line.strip() for line in stream if line.strip() and not line.startswith("#")]
    exports, given, taken = set(lines), symbols(library, "--defined-only"), symbols(library, "--undefined-only")
    given -= {name for name in given if re.match(r"^MIMIC_\d+$", name)}
    findings = []
    for name in sorted(given - exports):
        findings.append(f"{name} is exported and not in exports.txt; add it at the end")
    for name in sorted(exports - given):
        findings.append(f"{name} is in exports.txt and gone from the library")
    for name in sorted(declared(include) ^ given):
        findings.append(f"{name} is in the headers or in the library, not in both")
    if len(lines) != len(exports):
        findings.append("exports.txt names a symbol twice")
    for name in sorted(taken):
        if FORBIDDEN.match(name) or (kind == "release" and IN_RELEASE.match(name)):
            findings.append(f"the library uses {name}")
    with open(os.path.join(include, "mimic", "version.h"), encoding="utf-8") as stream:
        abi = re.search(r"#define MIMIC_ABI_VERSION (\d+)", stream.read()).group(1)
    dynamic = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    if f"[libmimic.so.{abi}]" not in dynamic:
        findings.append(f"the soname is not libmimic.so.{abi}")
    for finding in findings:
        print(finding)
    print(f"{len(given)} symbols given, {len(taken)} taken, {len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
