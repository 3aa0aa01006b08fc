"""System calls that fail: each of a load in turn, on every sink, with the disk full, broken, or
interrupted; once or from then on. And the process killed right before or behind any of them."""

import os

import world
from world import ARROW, CSV, SQLITE, Settings, Ward, run

SIZE = 400
SAMPLE = 25  # calls of a sweep, unless all are asked for
WRITING = "open,write,pwrite,fsync,close,rename,ftruncate"


class Calls(world.Faults):
    def setUp(self):
        super().setUp()
        self.ward = Ward.of(SIZE)

    def count(self, command, below, calls):
        report = os.path.join(Settings.folder, "count")
        result = run(command, {"below": below, "calls": calls, "report": report})
        self.assertEqual(result.status, 3, result)
        with open(report, encoding="ascii") as stream:
            return int(stream.read())

    def moments(self, count):
        """The numbers of the calls to fail: a sample, the first and last ones among them."""
        if Settings.all or count <= SAMPLE:
            return range(1, count + 1)
        ends = {1, 2, 3} | set(range(count - 7, count + 1))
        return sorted(ends | set(self.chance.sample(range(1, count + 1), SAMPLE - len(ends))))

    def sweep(self, target, *, is_new, calls, fault, stays=False, more=("-j", "1")):
        """Fails call after call of a load; the target is new, or holds the old version."""
        ward = self.ward
        kept = None if is_new else self.loaded(target, ward, ward.old)
        wanted = target.state(self.loaded(target, ward, *([ward.new] if is_new else
                                                          [ward.old, ward.new])))
        before = {} if is_new else target.state(kept)
        names = [] if is_new else world.files_below(kept)
        command = ward.load(ward.new, target.spec(self.top), *more)
        self.reset(kept)
        count = self.count(command, self.top, calls)
        self.assertGreater(count, 5)
        for number in self.moments(count):
            what = "%s %s, %s at call %d%s of %d" % (
                target.name, "new" if is_new else "there", fault, number, "+" * stays, count)
            with self.subTest(what):
                self.reset(kept)
                result = run(command, {"below": self.top, "calls": calls, "fault": fault,
                                       "at": "%d%s" % (number, "+" * stays)})
                self.judge(target, result, before, wanted, names, what)

    def judge(self, target, result, before, wanted, names, what):
        state = target.state(self.top)
        self.assertEqual(target.check(self.top), "", what)
        if result.status == 3:  # it could be done without
            self.assertEqual(state, wanted, what)
            return
        self.expect_error(result, self.top)
        self.expect_old_or_new(state, before, wanted, what)
        if target is SQLITE and not before and "complete and in its place" not in result.said:
            self.assertEqual(state, {}, what)
            names = []
        elif not before: # files get their names one after the other
            names = set(state) | {"data/" + name for name in state} | {
                "ward.db", "data/mimic-ledger.json"}
        self.expect_no_leftovers(set(names) | {"data/", "data/rejects/"}, what,
                                 is_failed=True)


def both_ways(target, **more):
    def test(self):
        for is_new in (True, False):
            self.sweep(target, is_new=is_new, **more)
    return test


class DiskFull(Calls):
    test_sqlite = both_ways(SQLITE, calls=WRITING, fault="ENOSPC", stays=True)
    test_arrow = both_ways(ARROW, calls=WRITING, fault="ENOSPC", stays=True)
    test_csv = both_ways(CSV, calls=WRITING, fault="EDQUOT", stays=True)


class OneFailure(Calls):
    """A call fails once; whatever is done about it afterwards works again."""

    test_sqlite = both_ways(SQLITE, calls=WRITING + ",read,pread", fault="EIO")
    test_arrow = both_ways(ARROW, calls=WRITING, fault="EIO")
    test_csv = both_ways(CSV, calls=WRITING, fault="ENOSPC")

    def test_several_threads(self):
        self.sweep(ARROW, is_new=False, calls=WRITING, fault="EIO", more=("-j", "3"))
        self.sweep(SQLITE, is_new=True, calls=WRITING, fault="EIO", more=("-j", "3"))


class Interrupted(Calls):
    """Signals and short transfers on every call: nothing may come of them."""

    def test_storm(self):
        for target in world.TARGETS:
            for is_new in (True, False):
                what = "%s %s" % (target.name, "new" if is_new else "there")
                with self.subTest(what):
                    sources = [self.ward.new] if is_new else [self.ward.old, self.ward.new]
                    wanted = target.state(self.loaded(target, self.ward, *sources))
                    self.reset(None if is_new else self.loaded(target, self.ward, self.ward.old))
                    calls = "read,pread,write,pwrite,open,ftruncate"
                    result = run(self.ward.load(self.ward.new, target.spec(self.top)),
                                 {"below": Settings.folder, "calls": calls, "fault": "storm"})
                    self.assertEqual(result.status, 3, result)
                    self.assertEqual(target.state(self.top), wanted)

    def test_one_at_a_time(self):
        for target in world.TARGETS:
            for fault in ("EINTR", "short"):
                self.sweep(target, is_new=True, calls="open,read,pread,write,pwrite,ftruncate",
                           fault=fault)


class Source(Calls):
    """The input breaks off."""

    def sweep_reads(self, target, fault):
        kept = self.loaded(target, self.ward, self.ward.old)
        before = target.state(kept)
        wanted = target.state(self.loaded(target, self.ward, self.ward.old, self.ward.new))
        command = self.ward.load(self.ward.new, target.spec(self.top))
        self.reset(kept)
        count = self.count(command, self.ward.new, "open,read")
        for number in self.moments(count):
            what = "%s, %s at read %d of %d" % (target.name, fault, number, count)
            with self.subTest(what):
                self.reset(kept)
                result = run(command, {"below": self.ward.new, "calls": "open,read",
                                       "fault": fault, "at": number})
                if fault != "EIO":
                    self.assertEqual((result.status, target.state(self.top)), (3, wanted), result)
                    continue
                self.expect_error(result, ".csv", "Input/output error")
                self.expect_old_or_new(target.state(self.top), before, wanted, what)
                self.expect_no_leftovers(world.files_below(kept), what, is_failed=True)

    def test_read_errors(self):
        for target in world.TARGETS:
            self.sweep_reads(target, "EIO")

    def test_short_reads_and_signals(self):
        for fault in ("short", "EINTR"):
            self.sweep_reads(SQLITE, fault)


class Killed(Calls):
    """Killed before or behind a call that changes something; then the load is run again."""

    def sweep_kills(self, target, is_new, fault, more=()):
        ward = self.ward
        kept = None if is_new else self.loaded(target, ward, ward.old)
        finished = self.loaded(target, ward, *([ward.new] if is_new else [ward.old, ward.new]))
        wanted = target.state(finished)
        before = {} if is_new else target.state(kept)
        command = ward.load(ward.new, target.spec(self.top), *more)
        calls = WRITING + ",unlink,mkdir,fchmod"
        self.reset(kept)
        count = self.count(command, self.top, calls)
        for number in self.moments(count):
            what = "%s %s, %s at call %d of %d" % (
                target.name, "new" if is_new else "there", fault, number, count)
            with self.subTest(what):
                self.reset(kept)
                result = run(command, {"below": self.top, "calls": calls, "fault": fault,
                                       "at": number})
                self.assertEqual(result.status, -9, result)
                self.judge_kill(target, command, before, wanted, finished, what)

    def judge_kill(self, target, command, before, wanted, finished, what):
        twin = world.fresh("twin")
        os.rmdir(twin)
        world.shutil.copytree(self.top, twin, symlinks=True)
        self.assertEqual(target.check(twin), "", what)
        self.expect_old_or_new(target.state(twin), before, wanted, what)
        result = run(command)
        self.assertEqual(result.status, 3, (what, result))
        self.assertEqual(target.state(self.top), wanted, what)
        self.assertEqual(target.check(self.top), "", what)
        if world.RERUN_CLEARS:
            self.expect_no_leftovers(world.files_below(finished), what)

    def both(self, target):
        for is_new in (True, False):
            for fault in ("kill", "gone"):
                self.sweep_kills(target, is_new, fault)

    def test_sqlite(self):
        self.both(SQLITE)

    def test_arrow(self):
        self.both(ARROW)

    def test_csv(self):
        self.both(CSV)
