#!/usr/bin/env python3
"""Runs the tests of the Python package, and the examples in its docstrings.

    run_tests.py LIBRARY SOURCE PROGRAM [--preload LIBRARY] TEST...

LIBRARY is libmimic.so, SOURCE the top of the tree, PROGRAM the mimic command. A TEST is a file for
pytest; `doctests` stands for the examples of all modules, `types` for mypy. The interpreter is
Debian's, /usr/bin/python3, where there is one: another that comes first on PATH may lack Debian's
modules. What is missing is told; without pytest it ends with 77, which means skipped, or with 1
under continuous integration (CI=true).
"""

import glob
import importlib.util
import os
import subprocess
import sys
import tempfile

DEBIAN = "/usr/bin/python3"
MODULES = {"pytest": "python3-pytest", "numpy": "python3-numpy", "pandas": "python3-pandas",
           "hypothesis": "python3-hypothesis", "pip": "python3-pip",
           "setuptools": "python3-setuptools", "wheel": "python3-wheel", "mypy": "mypy"}


def use_debian():
    """Starts over under Debian's interpreter, unless this is it or there is none."""
    if os.path.exists(DEBIAN) and os.environ.get("MIMIC_TEST_PYTHON") != "chosen":
        os.environ["MIMIC_TEST_PYTHON"] = "chosen"
        os.execv(DEBIAN, [DEBIAN, *sys.argv])


def require(needed):
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    for name in missing:
        print(f"missing: {name} (Debian: {MODULES[name]}); tests that need it are skipped")
    if any(name in missing for name in needed):
        is_ci = os.environ.get("CI") == "true"
        print(f"{'failed' if is_ci else 'skipped'}: {sys.executable} has no {', '.join(needed)}")
        sys.exit(1 if is_ci else 77)


def environment(library, source, program, preload):
    """What the tests see; nothing is left in the source tree."""
    known = dict(os.environ, MIMIC_LIBRARY=os.path.abspath(library),
                 MIMIC_TEST_PROGRAM=os.path.abspath(program), MIMIC_TEST_SOURCE=source,
                 PYTHONPATH=os.path.join(source, "bindings", "python"),
                 PYTHONDONTWRITEBYTECODE="1", PYTHONFAULTHANDLER="1", LC_ALL="C.UTF-8")
    if preload:
        known["LD_PRELOAD"] = preload
        known["MIMIC_TEST_SANITIZER"] = "1"
        known["ASAN_OPTIONS"] = known.get("ASAN_OPTIONS", "") + ":detect_leaks=0:abort_on_error=0"
        known["PYTHONMALLOC"] = "malloc"  # so that it sees Python's memory too
    return known


def command(name, source):
    package = os.path.join(source, "bindings", "python", "mimic")
    pytest = [sys.executable, "-W", "error", "-m", "pytest", "-W", "error", "-q", "-ra",
              "-p", "no:cacheprovider", "--rootdir", os.path.join(source, "tests", "python")]
    if name == "doctests":
        return pytest + ["--doctest-modules", "--doctest-continue-on-failure", package]
    if name == "types":
        return [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull, package]
    return pytest + [name]


def main(arguments):
    use_debian()
    library, source, program, *tests = arguments
    preload = ""
    if tests[:1] == ["--preload"]:
        preload, tests = tests[1], tests[2:]
    require(["mypy"] if tests == ["types"] else ["pytest"])
    status = 0
    with tempfile.TemporaryDirectory(prefix="mimic-python-") as folder:
        known = environment(library, os.path.abspath(source), program, preload)
        for name in tests:
            known["MIMIC_TEST_FOLDER"] = folder
            done = subprocess.run(command(name, os.path.abspath(source)), cwd=folder, env=known,
                                  check=False)
            status = status or done.returncode
    left = [path for part in ("bindings", os.path.join("tests", "python"))
            for name in ("__pycache__", ".pytest_cache", ".mypy_cache")
            for path in glob.glob(os.path.join(source, part, "**", name), recursive=True)]
    for path in left:
        print(f"left behind: {path}")
    return 1 if status or left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
