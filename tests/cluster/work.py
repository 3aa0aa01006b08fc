"""What the tests of clusters share: the data, the one command's result, folders as bytes."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("MIMIC_TEST_DATA") or os.path.join(os.path.dirname(ROOT), "shared", "data")
DEMO = [os.path.join(DATA, name) for name in ("mimic-iv-demo", "mimic-iv-demo-rebuilt")]
MIMIC = None
SHIM = None


def begin():
    """Takes the program and tests/faults/shim.c off the command line; the rest is unittest's."""
    global MIMIC, SHIM
    MIMIC = os.path.abspath(sys.argv.pop(1))
    SHIM = os.path.abspath(sys.argv.pop(1))


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def digests_below(folder):
    """Every file and folder, by name."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, folder)] = (
                hashlib.sha256(read(path)).hexdigest())
        for name in folders:
            found[os.path.relpath(os.path.join(place, name), folder) + "/"] = None
    return found


def texts_below(folder):
    return "\n".join("== %s\n%s" % (name, read(os.path.join(folder, name)).decode(errors="replace"))
                     for name in sorted(os.listdir(folder)))


class Work(unittest.TestCase):
    """`dirs` are the folders of the data, `wanted` what the one command makes of them; each test has
    a folder of its own, `top`."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.once = tempfile.mkdtemp(prefix="mimic-cluster-")
        cls.addClassCleanup(shutil.rmtree, cls.once)
        cls.dirs = DEMO
        if not all(map(os.path.isdir, DEMO)):
            cls.dirs = [os.path.join(cls.once, "hospital")]
            subprocess.run([MIMIC, "synth", "-q", "mimic-iv", cls.dirs[0], "--patients", "100"], check=True,
                           stdout=subprocess.DEVNULL)
        out = os.path.join(cls.once, "out")
        done = subprocess.run([MIMIC, "trajectories", "-q", *cls.dirs, out], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise AssertionError(done.stderr)
        cls.wanted = digests_below(out)

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="mimic-cluster-")
        self.addCleanup(shutil.rmtree, self.top)

    def path(self, name):
        return os.path.join(self.top, name)

    def number_of(self, table):
        """Its line among the tables of the list that are there."""
        number = 0
        with open(os.path.join(ROOT, "examples", "slurm", "tables.txt"), encoding="utf-8") as stream:
            for name in stream.read().split():
                number += any(file.lower().startswith(name + ".csv") for folder in self.dirs
                              for _, _, files in os.walk(folder) for file in files)
                if name == table:
                    return number
        raise AssertionError("no table " + table)
