#!/usr/bin/env python3
"""Write the built-in packages, or event maps, as one C file: embed.py packages|maps OUT FILE.json...

Each file is minified and becomes a string literal; literals compile far faster than lists of
numbers. Malformed JSON fails the build here, unsound packages fail the tests.
"""

import json
import sys

LINE = 96
# What is embedded: the member that names the dataset, the header, and the array.
KINDS = {"packages": ("name", "schema/schema_builtin.h", "mimic__builtin_packages",
                      "mimic__builtin_package_count"),
         "maps": ("dataset", "events/event_map_builtin.h", "mimic__builtin_maps",
                  "mimic__builtin_map_count")}


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


def main(kind, out_path, paths):
    name_member, header, array, count = KINDS[kind]
    texts = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        texts.append((f"{document[name_member]}@{document['version']}", text.encode("utf-8")))
    with open(out_path, "w", encoding="ascii") as out:
        out.write(f'#include "{header}"\n\n')
        for number, (name, data) in enumerate(texts):
            out.write(f"static const char text_{number}[] =\n    {literal(data)};\n\n")
        out.write(f"const mimic_builtin_package {array}[] = {{\n")
        for number, (name, data) in enumerate(texts):
            out.write(f'    {{"{name}", text_{number}, {len(data)}}},\n')
        out.write("};\n\n")
        out.write(f"const size_t {count} = {len(texts)};\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
