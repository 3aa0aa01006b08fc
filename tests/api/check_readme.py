#!/usr/bin/env python3
"""README.md keeps its word: its C program compiles and runs, and so does every command of its first look.

    check_readme.py README MIMIC_PROGRAM LIBRARY INCLUDE_FOLDER COMPILER...

All of it happens in a fresh folder with a hospital of three patients in it.
"""

import os
import re
import subprocess
import sys
import tempfile


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    readme, program, library, include, compiler = *sys.argv[1:5], sys.argv[5:]
    with open(readme, encoding="utf-8") as stream:
        text = stream.read()
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    set_up = [block for kind, block in blocks if kind == "sh" and block.startswith("sh ")]
    if [block.split()[:2] for block in set_up] != [["sh", "examples/quickstart.sh"], ["sh", "tests/run.sh"]]:
        sys.exit("README.md has other set-up commands than the two")
    programs = [block for kind, block in blocks if kind == "c"]
    looks = [block for kind, block in blocks if kind == "sh" and block.startswith("mimic ")]
    if len(programs) != 1 or len(looks) != 1:
        sys.exit("expected one C program and one first look")
    library = os.path.abspath(library)
    path = os.path.dirname(os.path.abspath(program))
    environment = dict(os.environ, PATH=path + os.pathsep + os.environ["PATH"])
    with tempfile.TemporaryDirectory() as folder:
        run([program, "synth", "mimic-iv", os.path.join(folder, "hospital"), "--patients", "3", "-q"])
        with open(os.path.join(folder, "load.c"), "w", encoding="utf-8") as stream:
            stream.write(programs[0])
        run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", include,
             "load.c", library, f"-Wl,-rpath,{os.path.dirname(library)}", "-o", "load"], cwd=folder)
        output = run(["./load"], cwd=folder)
        if "patients: 3 rows, 0 rejected" not in output:
            sys.exit(f"the program printed\n{output}")
        for command in looks[0].splitlines():
            run(["sh", "-c", command], cwd=folder, env=environment)
    print(f"one program, {len(looks[0].splitlines())} commands")


main()
