"""The wheel: built by pip in a virtual environment, used outside of the source tree, taken away."""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig

import pytest

SNIPPET = """
import os, sys, mimic
assert mimic.__file__.startswith(sys.prefix), mimic.__file__
from mimic import _ffi
assert os.path.dirname(_ffi.lib.path) == os.path.dirname(mimic.__file__), _ffi.lib.path
hospital = mimic.synth("mimic-iv", "hospital", patients=3)
print(mimic.load(hospital, "hospital.db").ok, mimic.__version__)
"""

for _module in ("pip", "setuptools", "wheel", "ensurepip"):
    if importlib.util.find_spec(_module) is None:
        pytest.skip(f"no {_module}", allow_module_level=True)


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


def listing(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of its own, and an environment that knows nothing of the source tree; the first
    meson on PATH does not run."""
    folder = tmp_path_factory.mktemp("package")
    (folder / "bin").mkdir()
    (folder / "bin" / "meson").write_text("#!/bin/sh\nexit 1\n")
    (folder / "bin" / "meson").chmod(0o755)
    known = {name: value for name, value in os.environ.items()
             if not name.startswith(("MIMIC_", "PYTHON", "LD_PRELOAD"))}
    known["PATH"] = f"{folder / 'bin'}{os.pathsep}{known['PATH']}"
    known["PIP_DISABLE_PIP_VERSION_CHECK"] = known["PIP_NO_INDEX"] = "1"
    known["TMPDIR"] = str(folder)
    return folder, known


def test_install_use_uninstall(place, source_tree):
    folder, known = place
    venv = folder / "venv"
    package = os.path.join(source_tree, "bindings", "python")
    before = listing(package)
    run(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(venv))
    python = str(venv / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python]
    installed = listing(venv)
    temporary = set(os.listdir(folder))
    run(*pip, "install", "--no-build-isolation", "--no-deps", package, cwd=folder, env=known)
    assert listing(package) == before, "the build left something in the source tree"
    assert set(os.listdir(folder)) == temporary, "the build left something in the temporary folder"

    with open(os.path.join(source_tree, "include", "mimic", "version.h"), encoding="utf-8") as file:
        version = re.search(r'VERSION_STRING "(.*)"', file.read()).group(1)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    assert run(python, "-W", "error", "-c", SNIPPET, cwd=elsewhere,
               env=known).split("\n")[-2] == f"True {version}"
    shown = run(*pip, "show", "-f", "mimic", cwd=folder, env=known)
    assert f"Version: {version}" in shown and "mimic/py.typed" in shown
    assert "License: Apache-2.0" in shown

    (info,) = (venv / "lib").glob("python*/site-packages/mimic-*.dist-info")
    wheel = (info / "WHEEL").read_text()
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert f"Tag: py3-none-{platform}" in wheel and "Root-Is-Purelib: false" in wheel
    assert "Requires-Python: >=3.9" in (info / "METADATA").read_text()
    library = info.parent / "mimic" / "libmimic.so"
    assert ".debug_info" not in run("readelf", "-SW", str(library))
    assert "RUNPATH" not in run("readelf", "-d", str(library))

    run(*pip, "uninstall", "-y", "mimic", cwd=folder, env=known)
    assert listing(venv) == installed


def test_there_is_no_sdist(place, source_tree):
    folder, known = place
    code = "import setuptools.build_meta as b; b.build_sdist('.')"
    done = subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True,
                          cwd=os.path.join(source_tree, "bindings", "python"), check=False)
    assert done.returncode != 0 and "there is no sdist" in done.stderr
