#!/usr/bin/env python3
"""Write the built-in packages as one C file: embed.py OUT PACKAGE.json...

Each package is minified and becomes a string literal; literals compile far faster than lists of
numbers. Malformed JSON fails the build here, unsound packages fail the tests.
"""

import json
import sys

LINE = 96


def literal(data):
    """C string literals, one a line. '?' is escaped for the sake of trigraphs."""
    lines, line = [], []
    size = 0
    for byte in data:
        if byte in b'"\\?':
            text = "\\" + chr(byte)
        elif 32 <= byte < 127:
            text = chr(byte)
        else:
            text = "\\%03o" % byte
        line.append(text)
        size += len(text)
        if size >= LINE:
            lines.append('"' + "".join(line) + '"')
            line, size = [], 0
    lines.append('"' + "".join(line) + '"')
    return "\n    ".join(lines)


def main(out_path, paths):
    packages = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            package = json.load(file)
        text = json.dumps(package, ensure_ascii=False, separators=(",", ":"))
        packages.append((f"{package['name']}@{package['version']}", text.encode("utf-8")))
    with open(out_path, "w", encoding="ascii") as out:
        out.write('#include "schema/schema_builtin.h"\n\n')
        for number, (name, data) in enumerate(packages):
            out.write(f"static const char package_{number}[] =\n    {literal(data)};\n\n")
        out.write("const mimic_builtin_package mimic__builtin_packages[] = {\n")
        for number, (name, data) in enumerate(packages):
            out.write(f'    {{"{name}", package_{number}, {len(data)}}},\n')
        out.write("};\n\n")
        out.write(f"const size_t mimic__builtin_package_count = {len(packages)};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
