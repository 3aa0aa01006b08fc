"""Runs one process and says what it cost. Needs bench_time, the small starter, from the build."""

import json
import os
import re
import subprocess
import tempfile


class Failed(Exception):
    """A process that ended badly; the text says which and why."""


class Sample:
    """Wall seconds of the job, processor seconds and peak memory (KiB) of its whole process."""

    def __init__(self, seconds, cpu, peak_kb, rows=None):
        self.seconds, self.cpu, self.peak_kb, self.rows = seconds, cpu, peak_kb, rows
        self.output = b""
        self.file_bytes = None


def measure(build, command, script=None, environment=None, good=(0, 3)):
    """Runs a command to its end. 3 is mimic's "done, with rejects"."""
    starter = os.path.join(build, "tests", "bench", "bench_time")
    with tempfile.NamedTemporaryFile(mode="r", suffix=".cost") as cost:
        done = subprocess.run([starter, cost.name, *command], input=script, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}, check=False)
        line = cost.read().split()
    talk = done.stderr.decode(errors="replace").strip()
    if done.returncode != 0 or len(line) != 5 or int(line[4]) not in good:
        last = talk.splitlines()[-1] if talk else "no message"
        error = next((text for text in talk.splitlines() if "rror" in text), last)
        raise Failed("%s: %s" % (os.path.basename(command[0]), error[:300]))
    sample = Sample(float(line[0]), float(line[1]) + float(line[2]), int(line[3]))
    sample.output = done.stdout
    return sample


def measure_json(build, command, **rest):
    """The same for a program that times its own job and prints {"seconds": ..., "rows": ...}."""
    sample = measure(build, command, **rest)
    result = json.loads(sample.output.decode().strip().splitlines()[-1])
    sample.seconds, sample.rows = result["seconds"], result["rows"]
    return sample


def version(command):
    """The version number that a program prints; None when it is not there."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError:
        return None
    found = re.search(r"\d+(\.\d+)+", done.stdout.decode(errors="replace"))
    return found.group() if done.returncode == 0 and found else None
