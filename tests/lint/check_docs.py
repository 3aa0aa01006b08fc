#!/usr/bin/env python3
"""Every exported function has a comment above it that names Returns, Ownership and Since.

One comment serves the declarations that follow it without an empty line. Each public header opens
with a comment, too.
"""

import re

import tree

NEEDED = ("Returns", "Ownership", "Since:")
NAME = re.compile(r"\b(mimic_\w+)\s*\(")


def check_header(path, text):
    if not text.startswith("/*"):
        yield f"{path}: begin with a comment that shows the use of what stands here"
    comment, blank_since = "", True
    number, lines = 0, text.split("\n")
    while number < len(lines):
        line = lines[number]
        first = number + 1
        if line.lstrip().startswith("/*"):
            block = [line]
            while "*/" not in lines[number]:
                number += 1
                block.append(lines[number])
            if line.startswith("/*"):
                comment, blank_since = "\n".join(block), False
        elif line.startswith("MIMIC_API"):
            declaration = line
            while ";" not in lines[number]:
                number += 1
                declaration += " " + lines[number].strip()
            name = NAME.search(declaration)
            missing = [word.rstrip(":") for word in NEEDED if blank_since or word not in comment]
            if missing:
                yield f"{path}:{first}: {name.group(1)} lacks {', '.join(missing)}"
        elif not line.strip():
            blank_since = True
        number += 1


def main():
    top = tree.root()
    findings, checked = [], 0
    for path in tree.files(top, "include/mimic", (".h",)):
        checked += 1
        findings += check_header(path, tree.read(top, path))
    tree.finish(findings, checked, "headers")


main()
