#!/usr/bin/env python3
"""Every public header compiles alone, twice over, as strict C11, C17 and C++, and so does every INIT
macro: each sets all members of its struct.

    check_headers.py INCLUDE_FOLDER [--c COMPILER...] [--cxx COMPILER...]
"""

import os
import re
import subprocess
import sys

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror",
          "-fsyntax-only"]


def parse(arguments):
    folder, commands, current = arguments[0], {"--c": [], "--cxx": []}, None
    for argument in arguments[1:]:
        if argument in commands:
            current = commands[argument]
        else:
            current.append(argument)
    return folder, commands["--c"], commands["--cxx"]


def uses(include, name):
    """A function for each INIT macro of a header: MIMIC_NOTE_INIT begins a mimic_note."""
    with open(os.path.join(include, "mimic", name), encoding="utf-8") as stream:
        macros = re.findall(r"^#define (MIMIC_\w+)_INIT\b", stream.read(), re.MULTILINE)
    text = "int main(void) { return 0; }\n"
    for macro in macros:
        size = f"size_of_{macro.lower()}"
        text += (f"unsigned {size}(void);\nunsigned {size}(void)\n"
                 f"{{\n    const {macro.lower()} x = {macro}_INIT;\n    return x.struct_size;\n}}\n")
    return text


def main():
    include, c_compiler, cxx_compiler = parse(sys.argv[1:])
    languages = [(c_compiler, "c", "c11"), (c_compiler, "c", "c17")]
    if cxx_compiler:
        languages += [(cxx_compiler, "c++", "c++11"), (cxx_compiler, "c++", "c++20")]
    else:
        print("no C++ compiler: C only")
    headers = sorted(name for name in os.listdir(os.path.join(include, "mimic")) if name.endswith(".h"))
    failed = 0
    for name in headers:
        for compiler, language, standard in languages:
            command = [*compiler, "-x", language, f"-std={standard}", *STRICT, "-I", include, "-"]
            text = f"#include <mimic/{name}>\n#include <mimic/{name}>\n{uses(include, name)}"
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
            if done.returncode:
                failed += 1
                print(f"{name} as {standard}:\n{done.stderr}")
    print(f"{len(headers)} headers in {len(languages)} languages, {failed} failures")
    return 1 if failed or not headers else 0


sys.exit(main())
