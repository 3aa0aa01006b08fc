#!/usr/bin/python3
"""Executes notebooks from top to bottom, each in a kernel of this Python, and looks at what they show.

    run_notebooks.py [--library LIBRARY] [--save DIR] NOTEBOOK...

The package is that of this tree with LIBRARY, or else the installed one; the interpreter is Debian's, as
in run_tests.py. MIMIC_DATA names a folder of real data to use instead of invented data. A cell fails the run when it raises, or takes longer than ten minutes. What a
cell must show stands in its tags: "figure" (a picture), "table" (an HTML form). In the file a notebook has
no outputs, and every cell an id. Jupyter's folders are temporary ones: nothing is written elsewhere.

Exit status 77 (skipped) where a module is missing, 1 under continuous integration (CI=true).
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from datetime import datetime

sys.dont_write_bytecode = True  # run_tests.py wants nothing left in the tree
import run_tests

NEEDED = ["nbformat", "nbclient", "ipykernel", "matplotlib", "numpy", "pandas"]
SECONDS = 600
SHOWN = {"figure": "image/png", "table": "text/html"}


def isolate(folder):
    """Points Jupyter, IPython and matplotlib to `folder`, with one kernel in it: this Python."""
    kernel = os.path.join(folder, "kernels", "mimic")
    os.makedirs(kernel)
    with open(os.path.join(kernel, "kernel.json"), "w", encoding="utf-8") as stream:
        json.dump({"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                   "display_name": "mimic", "language": "python"}, stream)
    os.environ.update(JUPYTER_PATH=folder, JUPYTER_DATA_DIR=folder, JUPYTER_PLATFORM_DIRS="1")
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME"):
        os.environ[name] = os.path.join(folder, name.lower())
        os.makedirs(os.environ[name])
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the kernel would warn of frozen modules
    os.environ.pop("MPLBACKEND", None)


def form_findings(book):
    """What is wrong with the file before anything runs."""
    seen = set()
    for cell in book.cells:
        name = cell.get("id")
        if not name or name in seen:
            yield f"a cell has no id of its own: {cell.source[:50]!r}"
        seen.add(name)
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None):
            yield f"cell {name} has outputs; strip them"


def result_findings(book):
    """Cells that do not show what their tags say."""
    for cell in book.cells:
        kinds = {kind for output in cell.get("outputs", []) for kind in output.get("data", {})}
        for tag in cell.metadata.get("tags", []):
            if tag not in SHOWN:
                yield f"cell {cell.id}: {tag!r} is no tag that is known"
            elif SHOWN[tag] not in kinds:
                yield f"cell {cell.id} shows no {tag}"


def seconds(cell):
    """How long a cell ran, from the times that nbclient notes."""
    times = cell.metadata.get("execution", {})
    if len(times) < 4:
        return 0.0
    begun, ended = (datetime.fromisoformat(times[name].replace("Z", "+00:00"))
                    for name in ("iopub.execute_input", "shell.execute_reply"))
    return (ended - begun).total_seconds()


def run(path, save):
    """Executes one notebook in a folder of its own; returns the findings."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    findings = list(form_findings(book))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(book, timeout=SECONDS, startup_timeout=SECONDS, kernel_name="mimic",
                                resources={"metadata": {"path": folder}})
        try:
            client.execute()
            findings += result_findings(book)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
            findings.append(re.sub(r"\x1b\[[\d;]*m", "", str(problem)))
        if save:
            nbformat.write(book, os.path.join(save, os.path.basename(path)))
    slowest = max(book.cells, key=seconds)
    print(f"{os.path.basename(path)}: {len(book.cells)} cells, slowest {slowest.id} {seconds(slowest):.1f} s")
    return [f"{os.path.basename(path)}: {finding}" for finding in findings]


def main():
    run_tests.use_debian()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", metavar="LIBRARY", help="libmimic.so; the package is this tree's")
    parser.add_argument("--save", metavar="DIR", help="where executed notebooks are kept")
    parser.add_argument("notebook", nargs="+")
    options = parser.parse_args()
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: {sys.executable} has no {', '.join(missing)}")
        return 1 if os.environ.get("CI") == "true" else 77
    if options.library:
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        os.environ.update(run_tests.environment(options.library, os.path.abspath(source), "", ""))
    if os.environ.get("MIMIC_DATA"):
        os.environ["MIMIC_DATA"] = os.path.abspath(os.environ["MIMIC_DATA"])  # a kernel runs elsewhere
    folder = tempfile.mkdtemp()
    try:
        isolate(folder)
        findings = [finding for path in options.notebook for finding in run(path, options.save)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
