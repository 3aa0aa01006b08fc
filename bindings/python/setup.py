"""Builds a wheel with the C library inside: py3-none-<platform>, for any Python from 3.9 on.

Meson builds the library, from the tree that this folder stands in, into a temporary folder; nothing
is written to the source. There is no sdist, since the library's source stands above this folder.
Everything else is said in pyproject.toml.
"""

import os
import re
import shutil
import subprocess
import tempfile

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # setuptools before 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
VERSION_H = os.path.join(SOURCE, "include", "mimic", "version.h")


def version():
    if not os.path.exists(VERSION_H):
        raise SystemExit(f"{VERSION_H} is missing: build from a whole checkout of libmimic")
    with open(VERSION_H, encoding="utf-8") as stream:
        return re.search(r'MIMIC_VERSION_STRING "(.*)"', stream.read()).group(1)


def find_meson():
    """The meson on PATH may belong to a Python that lacks its modules; Debian's own always runs."""
    for meson in ("meson", "/usr/bin/meson"):
        try:
            subprocess.run([meson, "--version"], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            return meson
        except (OSError, subprocess.CalledProcessError):
            continue
    raise SystemExit("no meson that runs was found (Debian: apt-get install meson)")


def run(*command):
    """Shows what a command said only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def build_library(target):
    """libmimic.so with every feature that the machine has the libraries for, stripped."""
    meson = find_meson()
    with tempfile.TemporaryDirectory(prefix="mimic-build-") as folder:
        run(meson, "setup", folder, SOURCE, "--buildtype=release", "-Dtests=disabled")
        run(meson, "compile", "-C", folder, "mimic:shared_library")
        built = os.path.realpath(os.path.join(folder, "libmimic", "libmimic.so"))
        run(os.environ.get("STRIP", "strip"), "--strip-unneeded", built)
        shutil.copyfile(built, target)


class BuildWithLibrary(build_py):
    def run(self):
        super().run()
        if not getattr(self, "editable_mode", False):
            build_library(os.path.join(self.build_lib, "mimic", "libmimic.so"))


class PlatformWheel(bdist_wheel):
    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


class NoSdist(sdist):
    def run(self):
        raise SystemExit("there is no sdist of the package: build a wheel, `pip wheel "
                         "--no-build-isolation ./bindings/python`")


class WithLibrary(Distribution):
    def has_ext_modules(self):
        return True


SCRATCH = tempfile.TemporaryDirectory(prefix="mimic-wheel-")
setup(version=version(), distclass=WithLibrary,
      cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel, "sdist": NoSdist},
      options={"build": {"build_base": SCRATCH.name}, "egg_info": {"egg_base": SCRATCH.name}})
