#!/usr/bin/env python3
"""Installs into a fresh folder and builds every numbered example from there, as a user would.

    check_install.py MESON BUILD_FOLDER SOURCE_FOLDER COMPILER... [--cxx COMPILER...]

The headers that are installed are those of include/mimic; pkg-config alone says how to compile and
link. Each example is strict C11, runs with the shared library, and again with the static one linked in;
one is built as C++ too. An example that the build cannot run (a feature is off) stands in no test of
the suite `examples` and is compiled only.
"""

import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

AS_CXX = "02_csv_to_sqlite"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def pkg_config(folder, root, *arguments):
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=folder + ":" + run(
        ["pkg-config", "--variable", "pc_path", "pkg-config"]).strip(), PKG_CONFIG_SYSROOT_DIR=root)
    output = run(["pkg-config", *arguments, "mimic"], env=environment)
    # The sysroot stands before system folders too; those are where they always were.
    return [re.sub(re.escape(root) + r"(?=/usr/(lib|include)\b)", "", word)
            for word in shlex.split(output)]


def only(pattern):
    found = glob.glob(pattern, recursive=True)
    if len(found) != 1:
        sys.exit(f"expected one {pattern}, found {found}")
    return found[0]


def commands(meson, build):
    """How the build's own tests run the examples: {name: (expected output, arguments)}."""
    tests = json.loads(run([meson, "introspect", build, "--tests"]))
    found = {}
    for test in tests:
        name = test["name"].removeprefix("example_")
        words = test["cmd"]
        for place, word in enumerate(words):
            if os.path.basename(word) == name and place > 0 and words[place - 1].endswith(".txt"):
                found[name] = (words[place - 1], words[place + 1:])
    return found


def check_run(program, told, environment, how):
    with open(told[0], encoding="utf-8") as stream:
        expected = stream.read().removeprefix("# 64-bit\n")
    with tempfile.TemporaryDirectory() as new:
        arguments = [argument.replace("{new}", new) for argument in told[1]]
        if run([program, *arguments], env=environment) != expected:
            sys.exit(f"{os.path.basename(program)} with the {how} library prints something else")


def check_tree(source, root):
    """Headers, library and pkg-config file of the installed tree: (pc folder, library, archive)."""
    pc_file = only(root + "/**/mimic.pc")
    library = only(root + "/**/libmimic.so")
    archive = only(root + "/**/libmimic.a")
    headers = sorted(os.listdir(only(root + "/**/include/mimic")))
    if headers != sorted(name for name in os.listdir(os.path.join(source, "include/mimic"))
                         if name.endswith(".h")):
        sys.exit(f"other headers were installed: {headers}")
    if not os.path.islink(library):
        sys.exit("libmimic.so is not a link to the soname")
    return os.path.dirname(pc_file), library, archive


def main():
    meson, build, source, *compilers = sys.argv[1:]
    split = compilers.index("--cxx") if "--cxx" in compilers else len(compilers)
    compiler, cxx = compilers[:split], compilers[split + 1:]
    examples = sorted(glob.glob(os.path.join(source, "examples", "[0-9][0-9]_*.c")))
    told, ran = commands(meson, build), 0
    with tempfile.TemporaryDirectory() as root:
        run([meson, "install", "-C", build, "--no-rebuild", "--destdir", root])
        pc_folder, library, archive = check_tree(source, root)
        shared = pkg_config(pc_folder, root, "--cflags", "--libs")
        static = [archive if flag == "-lmimic" else flag
                  for flag in pkg_config(pc_folder, root, "--static", "--cflags", "--libs")]
        environment = dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(library))
        for text in examples:
            name = os.path.splitext(os.path.basename(text))[0]
            program = os.path.join(root, name)
            for how, flags in [("shared", shared), ("static", static)]:
                run([*compiler, "-std=c11", *STRICT, text, "-o", program, *flags])
                if (how == "static") == ("libmimic" in run(["ldd", program])):
                    sys.exit(f"{name} is not linked to the {how} library")
                if name in told:
                    check_run(program, told[name], environment if how == "shared" else None, how)
                    ran += 1
            if cxx and name == AS_CXX and name in told:
                run([*cxx, "-x", "c++", "-std=c++20", text, "-o", program, "-x", "none", *shared])
                check_run(program, told[name], environment, "shared")
    if ran < 8:
        sys.exit(f"only {ran} programs ran")
    print(f"{len(examples)} examples installed, compiled, linked both ways; {ran} programs run")


main()
