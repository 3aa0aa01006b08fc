#!/usr/bin/python3
"""A page keeps its word: its Python blocks run one after the other, and print what stands below them.

    check_guide.py LIBRARY SOURCE PROGRAM PAGE.md

The blocks (```python) share their names and run in a fresh folder that holds `hospital`, 30 invented patients;
a ```text block behind one is its output. A block that imports a package which is not installed here is left out, and
so is its output; the last line says which. LIBRARY, SOURCE, PROGRAM and the interpreter are as in run_tests.py. Exit
status 77 (skipped) without pandas, 1 under continuous integration (CI=true).
"""

import ast
import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True  # run_tests.py wants nothing left in the tree
import run_tests

OPTIONAL = ("pyarrow", "polars", "duckdb", "tqdm")


def blocks(text):
    """(line, code, expected output or None) of each Python block."""
    fences = [(text.count("\n", 0, found.start()) + 1, found.group(1), found.group(2)) for found in
              re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
    for number, (line, kind, code) in enumerate(fences):
        if kind == "python":
            follows = fences[number + 1] if number + 1 < len(fences) else (0, "", "")
            yield line, code, follows[2] if follows[1] == "text" else None


def missing(code):
    """The first package among OPTIONAL that a block imports and this Python has not."""
    for node in ast.walk(ast.parse(code)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else \
            [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in (name.split(".")[0] for name in names):
            if name in OPTIONAL and importlib.util.find_spec(name) is None:
                return name
    return None


def check(page, text):
    """Runs the blocks; returns (findings, blocks that ran, packages that are not there)."""
    names, findings, ran, absent = {"__name__": "__main__"}, [], 0, set()
    for line, code, expected in blocks(text):
        package = missing(code)
        if package:
            absent.add(package)
            continue
        output = io.StringIO()
        try:
            # As many lines before it as in the page, so that a traceback has the page's numbers.
            with contextlib.redirect_stdout(output):
                exec(compile("\n" * line + code, page, "exec"), names)
        except Exception:
            findings.append(f"{page}:{line}: {traceback.format_exc()}")
            break
        ran += 1
        if expected is not None and output.getvalue().rstrip() != expected.rstrip():
            findings.append(f"{page}:{line}: the block printed\n{output.getvalue()}")
    return findings, ran, absent


def main():
    run_tests.use_debian()
    library, source, program, page = map(os.path.abspath, sys.argv[1:])
    if importlib.util.find_spec("pandas") is None:
        print(f"skipped: {sys.executable} has no pandas")
        return 1 if os.environ.get("CI") == "true" else 77
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    os.environ.update(run_tests.environment(library, source, program, ""))
    sys.path.insert(0, os.environ["PYTHONPATH"])
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([program, "synth", "mimic-iv", "hospital", "--patients", "30", "--seed", "1", "-q"], check=True,
                       stdout=subprocess.DEVNULL)
        findings, ran, absent = check(os.path.basename(page), text)
        os.chdir("/")
    print("\n".join(findings))
    print(f"{ran} blocks" + (f"; not here: {', '.join(sorted(absent))}" if absent else ""))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
