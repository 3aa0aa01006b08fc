#!/usr/bin/env python3
"""What the shared library gives and takes, read from its symbols and segments.

    check_symbols.py LIBRARY EXPORTS_TXT INCLUDE_FOLDER release|debug ARCHIVE

Gives: exactly exports.txt, a list that only grows, and exactly what the headers declare, all of them
with the version MIMIC_<ABI number>. Takes: nothing that prints, ends the process or changes the
locale. Its soname carries the ABI number. No executable stack, no relocation of code, nothing left
writable after relocation, no variable that is not constant. What the static library ARCHIVE gives
beyond that begins with the project's name, so that it meets nobody else's.
"""

import os
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"^(_*(v?f?printf|v?dprintf)(_chk)?|puts|putchar|putc|fputs|fputc|fwrite|perror|psignal|stdout|stderr"
    r"|exit|_exit|_Exit|quick_exit|abort|raise|kill|setlocale|uselocale|strtod|strtof|strtold|atof"
    r"|strcpy|strcat|sprintf|vsprintf|gets|strtok|system|popen|fork|execv\w*|signal|sigaction|getenv"
    r"|setenv|unsetenv|putenv|clearenv|srand|rand|random|umask|chdir|fchdir|chroot|setrlimit|prctl|sigprocmask"
    r"|atexit|on_exit|pthread_atfork|fesetround|fesetenv|feenableexcept|tzset|localtime(_r)?|mktime|dlopen"
    r"|sqlite3_(config|initialize|shutdown|auto_extension|enable_shared_cache|soft_heap_limit(64)?"
    r"|hard_heap_limit64|vfs_register|db_config|temp_directory|data_directory))$")
# Written once by the compiler's own start-up code: the processor's features, and whether it ran.
WRITABLE = {"completed.0", "__TMC_END__", "__dso_handle", "__cpu_model", "__cpu_features2"}
IN_RELEASE = re.compile(r"^__assert")


def symbols(library, which):
    output = subprocess.run(["nm", "-D", which, library], check=True, capture_output=True, text=True)
    return {line.split()[-1].split("@")[0] for line in output.stdout.splitlines() if line.strip()}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def unversioned(library, abi):
    """Exported functions that lack the version of the ABI."""
    lines = [line.split() for line in output_of("nm", "-D", "--defined-only", "--with-symbol-versions",
                                                library).splitlines()]
    return [line[-1] for line in lines if line[1] == "T" and not line[-1].endswith(f"@@MIMIC_{abi}")]


def faults_of_segments(library, is_release):
    segments, dynamic = output_of("readelf", "-lW", library), output_of("readelf", "-dW", library)
    stack = re.search(r"GNU_STACK .*? (R\S*)\s+0x", segments)
    if stack is None or "E" in stack.group(1):
        yield "the stack is executable"
    if "GNU_RELRO" not in segments or not re.search(r"\bNOW\b", dynamic):
        yield "relocated data stays writable (-z relro -z now)"
    if "TEXTREL" in dynamic:
        yield "code is relocated"
    if not is_release:
        return # sanitizers and coverage have variables of their own
    for line in output_of("objdump", "-t", library).splitlines():
        found = re.search(r" O (\.t?data|\.t?bss)\s+\S+\s+(?:\.hidden )?(\S+)$", line)
        if found and found.group(2) not in WRITABLE:
            yield f"{found.group(2)} is a variable of the whole process ({found.group(1)})"


def foreign(archive):
    lines = [line.split() for line in output_of("nm", "-g", "--defined-only", archive).splitlines()]
    return sorted({line[2] for line in lines if len(line) == 3 and not line[2].startswith("mimic_")})


def declared(include):
    names = set()
    for header in os.listdir(os.path.join(include, "mimic")):
        with open(os.path.join(include, "mimic", header), encoding="utf-8") as stream:
            text = stream.read()
        names |= set(re.findall(r"^MIMIC_API\b[^;(]*?\b(mimic_\w+)\s*\(", text, re.MULTILINE))
    return names


def main():
    library, exports_path, include, kind, archive = sys.argv[1:]
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
    findings += [f"{name} has not the version MIMIC_{abi}" for name in unversioned(library, abi)]
    findings += faults_of_segments(library, kind == "release")
    findings += [f"{name} of the static library may meet another's" for name in foreign(archive)]
    for finding in findings:
        print(finding)
    print(f"{len(given)} symbols given, {len(taken)} taken, {len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
