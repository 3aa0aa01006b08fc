#!/usr/bin/env python3
"""The version of version.h agrees with itself and has a heading in CHANGELOG.md."""

import re

import tree


def main():
    top = tree.root()
    header = tree.read(top, "include/mimic/version.h")
    parts = [re.search(rf"#define MIMIC_VERSION_{part} (\d+)", header).group(1)
             for part in ("MAJOR", "MINOR", "PATCH")]
    version = re.search(r'#define MIMIC_VERSION_STRING "([^"]*)"', header).group(1)
    findings = []
    if version != ".".join(parts):
        findings.append(f"include/mimic/version.h: the string is {version}, the numbers {parts}")
    if not re.search(rf"^## {re.escape(version)}(\s|$)", tree.read(top, "CHANGELOG.md"), re.MULTILINE):
        findings.append(f"CHANGELOG.md: no heading `## {version}`")
    tree.finish(findings, 2, "files")


main()
