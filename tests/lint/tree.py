"""What the lint checks share: the files of a tree, C text without comments, and the report."""

import os
import re
import sys

ROOMS = ["base", "io", "json", "schema", "batch", "coerce", "csv", "fhir", "arrow", "frame", "sink", "import", "scan", "quality", "load", "events", "clinical", "synth"]


def root():
    """The tree to check: the first argument, else the one this file stands in."""
    if len(sys.argv) > 1:
        return os.path.abspath(sys.argv[1])
    return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def files(top, folder, endings):
    """Paths below folder, relative to top, in a fixed order."""
    found = []
    for where, names, entries in os.walk(os.path.join(top, folder)):
        names.sort()
        for entry in sorted(entries):
            if entry.endswith(endings):
                found.append(os.path.relpath(os.path.join(where, entry), top))
    return found


def read(top, path):
    with open(os.path.join(top, path), encoding="utf-8", newline="") as stream:
        return stream.read()


_TOKENS = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def blank(text, keep_strings=False):
    """The text with comments (and the insides of strings) as blanks; line numbers stay."""

    def replace(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token if keep_strings else token[0] + " " * (len(token) - 2) + token[0]
        return re.sub(r"[^\n]", " ", token)

    return _TOKENS.sub(replace, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def finish(findings, checked, what):
    """Prints the findings and ends the program."""
    for finding in findings:
        print(finding)
    if not checked:
        print(f"nothing was checked: no {what} found")
        sys.exit(1)
    print(f"{checked} {what} checked, {len(findings)} findings")
    sys.exit(1 if findings else 0)
