#!/usr/bin/env python3
"""README.md keeps its word: its C program compiles and runs, every command of its first look, and its Python.

    check_readme.py README MIMIC_PROGRAM LIBRARY INCLUDE_FOLDER COMPILER...

All of it happens in a fresh folder with a hospital of three patients in it. Python is Debian's, which
has pandas; without that the Python blocks are left out, and it says so.
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


def run_python(blocks, source_tree, library, folder, environment):
    """Runs each block by itself; returns what to say of it."""
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    if subprocess.run([python, "-c", "import pandas"], capture_output=True, check=False).returncode:
        return f"no pandas for {python}: the Python blocks were left out"
    environment = dict(environment, MIMIC_LIBRARY=library,
                       PYTHONPATH=os.path.join(source_tree, "bindings", "python"))
    for block in blocks:
        run([python, "-c", block], cwd=folder, env=environment)
    return f"{len(blocks)} of Python"


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
    snippets = [block for kind, block in blocks if kind == "python"]
    if len(programs) != 1 or len(looks) != 1 or not snippets:
        sys.exit("expected one C program, one first look and some Python")
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
        tree = os.path.dirname(os.path.abspath(readme))
        said = run_python(snippets, tree, library, folder, environment)
    print(f"one program, {len(looks[0].splitlines())} commands, {said}")


main()
