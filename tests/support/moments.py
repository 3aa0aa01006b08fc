"""Moments of a program at work, without a clock: it waits by itself before its Nth call
(tests/faults/shim.c), and a test looks at it, strikes it, and lets it go on. Whether the machine is
fast, slow or busy makes no difference.

    with moments.Held(command, shim, 12, below=folder) as job:
        job.send_signal(signal.SIGINT)
        job.let_go()
"""

import os
import shutil
import subprocess
import tempfile
import time

PATIENCE = 600  # seconds for what always comes: longer, and something hangs
SOCKETS = {"below": "socket:", "calls": "send,recv"}  # what is said to a server


class TooLong(Exception):
    """What always comes did not."""


def until(is_there, what):
    """Returns when is_there() holds."""
    end = time.monotonic() + PATIENCE
    while not is_there():
        if time.monotonic() > end:
            raise TooLong("waited for " + what)
        time.sleep(0.005)


def catches(pid, number):
    """Whether a process has a handler for a signal."""
    with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as stream:
        for line in stream:
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (number - 1) & 1 == 1
    return False


def faulty(shim, environment=None, **faults):
    """Variables for a program with faults: below, calls, at, fault, report (see shim.c)."""
    result = dict(os.environ if environment is None else environment, LD_PRELOAD=os.path.abspath(shim))
    result["ASAN_OPTIONS"] = result.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    for name, value in faults.items():
        result["MIMIC_FAULT" if name == "fault" else "MIMIC_FAULT_" + name.upper()] = str(value)
    return result


def count(command, shim, below, calls="all", environment=None, **more):
    """How many calls the program makes below a folder, undisturbed, and its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "count")
        done = subprocess.run(command, env=faulty(shim, environment, below=below, calls=calls, report=report),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE, check=False, **more)
        with open(report, encoding="ascii") as stream:
            return int(stream.read()), done.returncode


class Held(subprocess.Popen):
    """A program that waits before its call number `at`, if it comes to it (`is_held`), for let_go()."""

    def __init__(self, command, shim, at, below, calls="all", environment=None, **more):
        self.folder = tempfile.mkdtemp()
        self.note = os.path.join(self.folder, "note")
        super().__init__(command, env=faulty(shim, environment, below=below, calls=calls, at=at, fault="wait",
                                             report=self.note), stdin=subprocess.DEVNULL, **more)
        until(lambda: self.poll() is not None or self.said() is not None, "a call")
        self.is_held = self.said() == -self.pid

    def said(self):
        """Minus its own number while it waits; how many calls it made when it has ended. None before."""
        try:
            with open(self.note, encoding="ascii") as stream:
                text = stream.read()
        except FileNotFoundError:
            return None
        return int(text) if text.endswith("\n") else None

    def let_go(self):
        if self.is_held:
            os.remove(self.note)

    def __exit__(self, *why):
        if self.poll() is None:
            self.kill()
        super().__exit__(*why)
        shutil.rmtree(self.folder, ignore_errors=True)
