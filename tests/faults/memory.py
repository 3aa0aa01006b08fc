"""Memory that runs out: every allocation of a load in turn (memory.c), on every sink, new and there.
Nothing is lost, nothing half done is left."""

import subprocess

import world
from world import ARROW, CSV, SQLITE, Settings, Ward

SIZE = 120


class Allocations(world.Faults):
    SAMPLE = 24

    def setUp(self):
        super().setUp()
        self.ward = Ward.of(SIZE)

    def open_program(self, target, *options):
        program = subprocess.Popen(
            [Settings.memory, self.ward.schemas, "faults", self.ward.new, target.spec(self.top),
             *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.stdout.close)
        return program

    def ask(self, program, line):
        program.stdin.write(line + "\n")
        program.stdin.flush()
        answer = program.stdout.readline()
        self.assertNotEqual(answer, "", "the program ended at allocation " + line)
        status, blocks, failed, message = (answer.rstrip("\n") + " ").split(" ", 3)
        return status, int(blocks), failed == "1", message.strip()

    def count(self, program, kept):
        """How many allocations a load makes: the first that is too far, by halves."""
        low, high = 0, 1
        while self.fails_at(program, kept, high):
            low, high = high, high * 2
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self.fails_at(program, kept, middle) else (low, middle)
        return high

    def fails_at(self, program, kept, number):
        self.reset(kept)
        return self.ask(program, str(number))[2]

    def sweep(self, target, is_new, *options):
        ward = self.ward
        kept = None if is_new else self.loaded(target, ward, ward.old)
        wanted = target.state(self.loaded(target, ward, *([ward.new] if is_new else
                                                          [ward.old, ward.new])))
        before = {} if is_new else target.state(kept)
        names = set(world.files_below(kept)) if kept else set()
        program = self.open_program(target, *options)
        count = self.count(program, kept)
        start = self.first_of_the_load(program, kept, count)
        numbers = range(start, count) if Settings.all or count - start < self.SAMPLE else sorted(
            self.chance.sample(range(start, count), self.SAMPLE))
        for number in numbers:
            for line in (str(number), "%d+" % number):
                what = "%s %s, allocation %s of %d" % (target.name, "new" if is_new else "there",
                                                       line, count)
                with self.subTest(what):
                    self.reset(kept)
                    status, blocks, failed, message = self.ask(program, line)
                    self.assertEqual(blocks, 0, what + ": blocks lost")
                    state = target.state(self.top)
                    self.assertEqual(target.check(self.top), "")
                    if status == "MIMIC_OK":  # it could be done without
                        self.assertEqual(state, wanted, what)
                        continue
                    self.assertTrue(failed, message)
                    if "is complete" in message:
                        self.assertEqual(state, wanted, what)
                        continue
                    self.assertEqual((status, message), ("MIMIC_ERR_MEMORY", "out of memory"))
                    self.expect_old_or_new(state, before, wanted, what)
                    self.expect_no_leftovers({"data/", "data/rejects/", *names, *state,
                                              *("data/" + name for name in state)}, what,
                                             is_failed=True)
        program.stdin.close()
        self.assertEqual(program.wait(), 0)

    def first_of_the_load(self, program, kept, count):
        """The registry of schemas makes many allocations before the load begins; tests of their own
        look at those. It is the same number whatever the folder holds: found with an absent one."""
        absent = subprocess.run(
            [Settings.memory, self.ward.schemas, "nothing", self.top + "/absent", "null:"],
            input="".join("%d\n" % n for n in self.powers(count)), capture_output=True, text=True,
            check=True).stdout.splitlines()
        failed = [n for n, line in zip(self.powers(count), absent) if line.split(" ")[2] == "1"]
        return max(failed, default=0)

    def powers(self, count):
        return [count * i // 64 for i in range(64)]

    def both(self, target, *options):
        for is_new in (True, False):
            self.sweep(target, is_new, *options)

    def test_sqlite(self):
        self.both(SQLITE, "jobs=1")

    def test_sqlite_by_inserts(self):
        self.sweep(SQLITE, True, "jobs=1", "no_pages")

    def test_arrow(self):
        self.both(ARROW, "jobs=1")

    def test_csv(self):
        self.both(CSV, "jobs=1")

    def test_many_rejects(self):
        """Rejects by the hundred, with keys and profiles where the load makes them."""
        self.ward = Ward.of(1500)
        self.sweep(SQLITE, False, "jobs=2")

    def test_several_threads(self):
        for target in world.TARGETS:
            self.sweep(target, False, "jobs=3")
