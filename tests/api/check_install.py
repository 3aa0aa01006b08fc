#!/usr/bin/env python3
"""Installs into a fresh folder and builds an example from there, as a user would.

    check_install.py MESON BUILD_FOLDER SOURCE_FOLDER COMPILER...

The headers that are installed are those of include/mimic; pkg-config alone says how to compile and
link; the program runs with the shared library, and again with the static one linked in.
"""

import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

EXAMPLE = "01_read_csv"


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


def main():
    meson, build, source, compiler = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    with open(os.path.join(source, "examples/expected", EXAMPLE + ".txt"), encoding="utf-8") as stream:
        expected = stream.read()
    labs = os.path.join(source, "tests/data/labs.csv")
    with tempfile.TemporaryDirectory() as root:
        run([meson, "install", "-C", build, "--no-rebuild", "--destdir", root])
        pc_file = only(root + "/**/mimic.pc")
        library = only(root + "/**/libmimic.so")
        archive = only(root + "/**/libmimic.a")
        headers = sorted(os.listdir(only(root + "/**/include/mimic")))
        if headers != sorted(name for name in os.listdir(os.path.join(source, "include/mimic"))
                             if name.endswith(".h")):
            sys.exit(f"other headers were installed: {headers}")
        if not os.path.islink(library):
            sys.exit("libmimic.so is not a link to the soname")
        program = os.path.join(root, "program")
        text = os.path.join(source, "examples", EXAMPLE + ".c")
        flags = pkg_config(os.path.dirname(pc_file), root, "--cflags", "--libs")
        run([*compiler, "-std=c11", text, "-o", program, *flags])
        environment = dict(os.environ, LD_LIBRARY_PATH=os.path.dirname(library))
        if run([program, labs], env=environment) != expected:
            sys.exit("the program linked to the shared library prints something else")

        flags = pkg_config(os.path.dirname(pc_file), root, "--static", "--cflags", "--libs")
        flags = [archive if flag == "-lmimic" else flag for flag in flags]
        run([*compiler, "-std=c11", text, "-o", program, *flags])
        if "libmimic" in run(["ldd", program]):
            sys.exit("the static program needs the shared library")
        if run([program, labs]) != expected:
            sys.exit("the program with the static library prints something else")
    print("installed, compiled, linked both ways, run")


main()
