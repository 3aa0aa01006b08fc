"""SIGKILL at random calls of a load, then the same load again: the same final state as without the
interruption, and in between the old tables or the new ones. A call, not a time, since how long a load
takes depends on the machine and on what else it does; other threads are anywhere."""

import os
import shutil
import signal
import subprocess
import time

import world
from world import ARROW, CSV, SQLITE, Settings, Ward, moments, run

SIZE = 30000
LAST = 24  # calls in which the results get their names


class Moments(world.Faults):
    def setUp(self):
        super().setUp()
        self.ward = Ward.of(SIZE)

    def calls(self):
        """Those that count: of the source and of the target."""
        return {"below": Settings.folder, "calls": "all"}

    def kill_at(self, command, number):
        """True when the load came so far."""
        result = run(command, {**self.calls(), "fault": self.chance.choice(["kill", "gone"]), "at": number})
        self.assertIn(result.status, (3, -signal.SIGKILL), result)
        return result.status == -signal.SIGKILL

    def length(self, command, kept):
        """Calls of an undisturbed load. With several threads it is about so many."""
        self.reset(kept)
        count, status = moments.count(command, Settings.shim, **self.calls())
        self.assertEqual(status, 3)
        return count

    def moments(self, count, length):
        """Spread over the load, a third of them over its end."""
        for i in range(count):
            if i % 3 == 2:
                yield max(length - self.chance.randrange(LAST), 1)
            else:
                yield self.chance.randrange(length) + 1

    def kill_often(self, target, is_new, share):
        ward = self.ward
        kept = None if is_new else self.loaded(target, ward, ward.old)
        finished = self.loaded(target, ward, *([ward.new] if is_new else [ward.old, ward.new]))
        before = {} if is_new else target.state(kept)
        wanted = target.state(finished)
        count = max(round(Settings.moments * share), 3)
        jobs = self.chance.choice(["1", "2", "4"])
        command = ward.load(ward.new, target.spec(self.top), "-j", jobs)
        killed = 0
        length = self.length(command, kept)
        for at in self.moments(count, length):
            what = "%s %s, killed at call %d of %d" % (target.name, "new" if is_new else "there", at, length)
            with self.subTest(what):
                self.reset(kept)
                killed += self.kill_at(command, at)
                self.look(target, before, wanted, what)
                result = run(command)
                self.assertIn(result.status, (0, 3), (what, result))
                self.assertEqual(target.check(self.top), "", what)
                self.assertEqual(target.state(self.top), wanted, what)
                if world.RERUN_CLEARS:
                    self.expect_no_leftovers(world.files_below(finished), what)
        self.assertGreater(killed, count // 3, "it made fewer calls than before")

    def look(self, target, before, wanted, what):
        """In a copy, so that the next load finds what the killed one left."""
        twin = world.fresh("twin")
        os.rmdir(twin)
        shutil.copytree(self.top, twin, symlinks=True)
        self.assertEqual(target.check(twin), "", what)
        self.expect_old_or_new(target.state(twin), before, wanted, what)

    def test_sqlite_new(self):
        self.kill_often(SQLITE, True, 0.2)

    def test_sqlite_there(self):
        self.kill_often(SQLITE, False, 0.3)

    def test_arrow_new(self):
        self.kill_often(ARROW, True, 0.1)

    def test_arrow_there(self):
        self.kill_often(ARROW, False, 0.15)

    def test_csv_new(self):
        self.kill_often(CSV, True, 0.1)

    def test_csv_there(self):
        self.kill_often(CSV, False, 0.15)


class AtOnce(world.Faults):
    """Two loads into one target: one after the other, or one of them says who is at work."""

    def setUp(self):
        super().setUp()
        self.ward = Ward.of(SIZE)

    def two_at_once(self, target):
        ward = self.ward
        sources = {"old": ward.old, "new": ward.new}
        alone = {name: target.state(self.loaded(target, ward, source)) for name, source in sources.items()}
        both = [target.state(self.loaded(target, ward, ward.old, ward.new)),
                target.state(self.loaded(target, ward, ward.new, ward.old))]
        for turn in range(6):
            names = ["old", "new"] if turn % 2 == 0 else ["new", "old"]
            with self.subTest("%s, turn %d" % (target.name, turn)):
                self.reset()
                loads = []
                for name in names:
                    loads.append(subprocess.Popen(ward.load(sources[name], target.spec(self.top)),
                                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                                  text=True, env=world.environment()))
                    time.sleep(0.02 * turn)
                said = [load.communicate(timeout=world.PATIENCE)[1] for load in loads]
                done = [name for name, load in zip(names, loads) if load.returncode == 3]
                for load, words in zip(loads, said):
                    if load.returncode != 3:
                        self.expect_error(world.Result(load.returncode, words))
                        self.assertRegex(words, "another load is at work|is being written by process")
                self.assertGreater(len(done), 0, said)
                wanted = both if len(done) == 2 else [alone[done[0]]]
                self.assertIn(target.state(self.top), wanted)
                self.assertEqual(target.check(self.top), "")
                if isinstance(self.top, str) and os.path.isdir(self.top):
                    kept = self.loaded(target, ward, ward.old)
                    self.expect_no_leftovers(world.files_below(kept), "two at once")

    def test_files(self):
        for target in world.TARGETS:
            self.two_at_once(target)
