#!/usr/bin/env python3
"""Every public header compiles alone, twice over, as strict C11, C17, C++11 and C++20, and so does
every INIT macro: each sets all members of its struct. Structs that C programs begin with a designated
struct_size can be begun so in C++20. mimic.h includes all the others.

    check_headers.py INCLUDE_FOLDER [--c COMPILER...]... [--cxx COMPILER...]...
"""

import os
import re
import subprocess
import sys

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror",
          "-fsyntax-only"]
ONLY = {"c": ["-Wc++-compat", "-Wstrict-prototypes"], "c++": ["-Wnon-virtual-dtor"]}


def parse(arguments):
    folder, commands = arguments[0], {"--c": [], "--cxx": []}
    for argument in arguments[1:]:
        if argument in commands:
            current = []
            commands[argument].append(current)
        else:
            current.append(argument)
    return folder, commands["--c"], commands["--cxx"]


def uses(header, standard):
    """A function for each INIT macro of a header (MIMIC_NOTE_INIT begins a mimic_note), and where the
    language has it one for each struct with a struct_size."""
    macros = re.findall(r"^#define (MIMIC_\w+)_INIT\b", header, re.MULTILINE)
    text = "int main(void) { return 0; }\n"
    for macro in macros:
        size = f"size_of_{macro.lower()}"
        text += (f"unsigned {size}(void);\nunsigned {size}(void)\n"
                 f"{{\n    const {macro.lower()} x = {macro}_INIT;\n    return x.struct_size;\n}}\n")
    if standard == "c++20":
        for name in re.findall(r"^typedef struct (\w+) \{\n    uint32_t struct_size;", header, re.MULTILINE):
            text += (f"unsigned designated_{name}(void);\nunsigned designated_{name}(void)\n"
                     f"{{\n    {name} x = {{.struct_size = sizeof(x)}};\n    return x.struct_size;\n}}\n")
    return text


def check_umbrella(include, headers):
    with open(os.path.join(include, "mimic", "mimic.h"), encoding="utf-8") as stream:
        included = re.findall(r"^#include <mimic/(\w+\.h)>", stream.read(), re.MULTILINE)
    wanted = [name for name in headers if name not in ("mimic.h", "export.h")]
    if included != wanted:
        print(f"mimic.h should include, in this order: {', '.join(wanted)}")
    return included == wanted


def main():
    include, c_compilers, cxx_compilers = parse(sys.argv[1:])
    languages = [(compiler, "c", standard) for compiler in c_compilers for standard in ("c11", "c17")]
    languages += [(compiler, "c++", standard) for compiler in cxx_compilers
                  for standard in ("c++11", "c++20")]
    if not cxx_compilers:
        print("no C++ compiler: C only")
    headers = sorted(name for name in os.listdir(os.path.join(include, "mimic")) if name.endswith(".h"))
    failed = 0 if check_umbrella(include, headers) else 1
    for name in headers:
        with open(os.path.join(include, "mimic", name), encoding="utf-8") as stream:
            header = stream.read()
        for compiler, language, standard in languages:
            designated = ["-Wno-missing-field-initializers"] if standard == "c++20" else []
            command = [*compiler, "-x", language, f"-std={standard}", *STRICT, *ONLY[language],
                       *designated, "-I", include, "-"]
            text = f"#include <mimic/{name}>\n#include <mimic/{name}>\n{uses(header, standard)}"
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
            if done.returncode:
                failed += 1
                print(f"{name} as {standard} by {compiler[0]}:\n{done.stderr}")
    print(f"{len(headers)} headers in {len(languages)} languages, {failed} failures")
    return 1 if failed or not headers else 0


sys.exit(main())
