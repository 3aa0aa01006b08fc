#!/usr/bin/env python3
"""examples/slurm on a Slurm of its own: two array jobs on two nodes write what the one command writes,
byte by byte, also when tasks are killed in the middle and run again.

    test_slurm.py MIMIC SHIM [NAME...]

On the demo of MIMIC-IV where it is there (MIMIC_TEST_DATA), else on an invented hospital. Skipped (77)
where Slurm is not installed.
"""

import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "support")]

import slurm  # noqa: E402
import work  # noqa: E402

SCRIPTS = os.path.join(work.ROOT, "examples", "slurm")

# Goes before the program: in the named task, once, it hangs in the middle of its work and says its
# number (tests/faults/shim.c), until somebody kills it. A stopped process would not do: Slurm lets it
# go on before it ends it.
DISTURBER = """#!/bin/sh
if [ "$SLURM_JOB_NAME/$SLURM_ARRAY_TASK_ID" = "$DISTURB" ] && mkdir "$SAID" 2>/dev/null; then
    export LD_PRELOAD="$SHIM" MIMIC_FAULT=hang MIMIC_FAULT_CALLS=all MIMIC_FAULT_AT=8
fi
exec "$REAL" "$@"
"""


class Slurm(work.Work):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster = slurm.Cluster(nodes=2, processors=8).__enter__()
        cls.addClassCleanup(cls.cluster.stop)

    def submit(self, out, **more):
        """Both jobs, as numbers."""
        words = self.cluster.run(
            ["sh", os.path.join(SCRIPTS, "submit.sh"), out, *self.dirs], **{"MIMIC": work.MIMIC, "PARTS": "3", **more})
        first, second = words.split()[1::2]
        return int(first), int(second)

    def logs(self, out):
        return self.cluster.logs() + work.texts_below(out + ".work.log")

    def expect(self, states, state, out):
        self.assertEqual(set(states.values()), {state}, self.logs(out))

    def expect_whole(self, out):
        self.assertEqual(work.digests_below(out), self.wanted)
        self.assertEqual([name for name in os.listdir(self.top) if name.startswith(".")], [])

    def disturbed(self, task):
        """A program that hangs in that task, and where its number will be."""
        said = self.path("said")
        path = self.path("disturber")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(DISTURBER)
        os.chmod(path, 0o755)
        said_number = os.path.join(said, "number")
        return said_number, {"MIMIC": path, "REAL": work.MIMIC, "DISTURB": task, "SAID": said, "SHIM": work.SHIM,
                             "MIMIC_FAULT_BELOW": self.top, "MIMIC_FAULT_REPORT": said_number}

    def number_in(self, path):
        """Waits for the process that hangs."""
        end = time.monotonic() + slurm.PATIENCE
        while not (os.path.exists(path) and work.read(path).endswith(b"\n")):
            self.assertLess(time.monotonic(), end, "no " + path)
            time.sleep(0.05)
        return int(work.read(path))

    def test_same_bytes(self):
        out = self.path("out")
        first, second = self.submit(out)
        self.expect(self.cluster.finish(first), "COMPLETED", out)
        self.expect(self.cluster.finish(second), "COMPLETED", out)
        self.expect_whole(out)
        # Once more: every task finds its work done.
        first, second = self.submit(out)
        self.expect(self.cluster.finish(first), "COMPLETED", out)
        self.expect(self.cluster.finish(second), "COMPLETED", out)
        self.expect_whole(out)

    def test_a_table_is_killed(self):
        """The second job goes away; all is submitted again."""
        out = self.path("out")
        said, variables = self.disturbed("mimic-partition/%d" % self.number_of("labevents"))
        first, second = self.submit(out, **variables)
        os.kill(self.number_in(said), signal.SIGKILL)
        states = self.cluster.finish(first)
        self.assertEqual(sorted(states.values()).count("FAILED"), 1, states)
        self.expect(self.cluster.finish(second), "CANCELLED", out)
        self.assertFalse(os.path.exists(os.path.join(out, "metadata")))
        first, second = self.submit(out, **variables)
        self.expect(self.cluster.finish(first), "COMPLETED", out)
        self.expect(self.cluster.finish(second), "COMPLETED", out)
        self.expect_whole(out)

    def test_a_part_is_cancelled(self):
        """scancel in the middle of a part; Slurm is told to run that task again."""
        out = self.path("out")
        said, variables = self.disturbed("mimic-assemble/2")
        first, second = self.submit(out, **variables)
        self.number_in(said)
        self.cluster.run(["scancel", "--full", "--signal=KILL", "%d_2" % second])
        states = self.cluster.finish(second)
        self.assertNotEqual(states.pop(2), "COMPLETED")
        self.expect(states, "COMPLETED", out)
        self.assertFalse(os.path.exists(os.path.join(out, "metadata")), "a part is missing")
        self.cluster.run(["scontrol", "requeue", "%d_2" % second])
        self.expect(self.cluster.finish(second), "COMPLETED", out)
        self.expect_whole(out)


if __name__ == "__main__":
    slurm.require()
    work.begin()
    unittest.main()
