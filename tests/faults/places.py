"""Targets that cannot be written: a disk that is full, read-only or forbidden, a database in use, a
path that is something else."""

import os
import shutil
import sqlite3
import stat
import subprocess
import threading

import world
from world import ARROW, CSV, SQLITE, Settings, Ward, run

SIZE = 400
LARGE = 4000
NOBODY = 65534


def mount(path, options):
    """Mounts a tmpfs; False where that is not allowed."""
    try:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path],
                              capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return done.returncode == 0


class Places(world.Faults):
    def setUp(self):
        super().setUp()
        self.ward = Ward.of(SIZE)

    def path(self, name):
        return os.path.join(self.top, name)

    def load(self, target, *more):
        return run(self.ward.load(self.ward.new, target, *more))

    def convert(self, target):
        return run([Settings.mimic, "convert", "-q", "--schema-dir", self.ward.schemas, "--table",
                    "faults/labs", os.path.join(self.ward.new, "labs.csv"), target])

    def mounted(self, options):
        if not mount(self.top, options):
            self.skipTest("mounting a tmpfs is not allowed here")
        self.addCleanup(subprocess.run, ["umount", self.top], check=True)


class FullDisk(Places):
    """A real one: a small tmpfs, filled up but for a few pages, then for a few more."""

    STEPS = 14

    def setUp(self):
        super().setUp()
        self.ward = Ward.of(LARGE)

    def fill_up(self, target, kept, wanted, before):
        self.mounted("size=16m")
        needed = 0
        for name in world.files_below(self.finished):
            needed += os.path.getsize(os.path.join(self.finished, name)) + 4096
        refused = 0
        for step in range(self.STEPS + 1):
            free = needed * 5 // 4 * step // self.STEPS // 4096 * 4096
            what = "%s, %d of %d bytes free" % (target.name, free, needed)
            with self.subTest(what):
                for name in os.listdir(self.top):
                    path = os.path.join(self.top, name)
                    (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
                if kept is not None:
                    shutil.copytree(kept, self.top, dirs_exist_ok=True)
                facts = os.statvfs(self.top)
                with open(self.path("filler"), "wb") as filler:
                    filler.write(bytes(max(facts.f_bavail * facts.f_frsize - free, 0)))
                result = self.load(target.spec(self.top))
                os.remove(self.path("filler"))
                state = target.state(self.top)
                if result.status == 3:
                    self.assertEqual(state, wanted)
                    continue
                refused += 1
                self.expect_error(result, self.top)
                self.assertRegex(result.said, "No space left|disk is full|disk I/O error")
                self.expect_old_or_new(state, before, wanted, what)
                names = world.files_below(kept) if kept is not None else []
                self.expect_no_leftovers({"data/", "data/rejects/", *names, *state,
                                          *("data/" + name for name in state)}, what,
                                         is_failed=True)
        self.assertGreater(refused, 3)

    def sweep(self, target):
        self.finished = self.loaded(target, self.ward, self.ward.new)
        self.fill_up(target, None, target.state(self.finished), {})

    def sweep_existing(self, target):
        kept = self.loaded(target, self.ward, self.ward.old)
        self.finished = self.loaded(target, self.ward, self.ward.old, self.ward.new)
        self.fill_up(target, kept, target.state(self.finished), target.state(kept))

    def test_sqlite(self):
        self.sweep(SQLITE)

    def test_arrow(self):
        self.sweep(ARROW)

    def test_csv(self):
        self.sweep(CSV)

    def test_sqlite_there(self):
        self.sweep_existing(SQLITE)

    def test_arrow_there(self):
        self.sweep_existing(ARROW)

    def test_csv_there(self):
        self.sweep_existing(CSV)


class ReadOnly(Places):
    def test_disk(self):
        self.mounted("size=8m")
        for target in world.TARGETS:
            self.load(target.spec(self.top))
        states = [target.state(self.top) for target in world.TARGETS]
        names = world.files_below(self.top)
        subprocess.run(["mount", "-o", "remount,ro", self.top], check=True)
        ward = self.ward
        for target, state in zip(world.TARGETS, states):
            for place in (target.spec(self.top), target.spec(self.top).replace("ward.db", "x.db")
                          .replace("/data", "/other")):
                with self.subTest(place):
                    result = run(ward.load(ward.old, place))
                    self.expect_error(result, self.top)
                    self.assertRegex(result.said, "(?i)read-?only")
            self.assertEqual(target.state(self.top), state)
        self.assertEqual(world.files_below(self.top), names)


class Forbidden(Places):
    def load_as_nobody(self, target, source=None):
        prefix = []
        if os.geteuid() == 0:
            prefix = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]
            probe = subprocess.run(prefix + [Settings.mimic, "--version"], capture_output=True,
                                   check=False)
            if probe.returncode != 0:
                self.skipTest("the program cannot be run by another user")
        return run(prefix + self.ward.load(source or self.ward.new, target))

    def setUp(self):
        super().setUp()
        os.chmod(Settings.folder, 0o755)

    def test_folder(self):
        os.chmod(self.top, 0o555)
        self.addCleanup(os.chmod, self.top, 0o755)
        for target in world.TARGETS:
            with self.subTest(target.name):
                self.expect_error(self.load_as_nobody(target.spec(self.top)), self.top,
                                  "Permission denied")
        self.assertEqual(world.files_below(self.top), [])

    def test_database(self):
        self.assertEqual(self.load(SQLITE.spec(self.top)).status, 3)
        before = SQLITE.state(self.top)
        for mode in (0o444, 0o000):
            os.chmod(self.path("ward.db"), mode)
            os.chmod(self.top, 0o755)
            with self.subTest(oct(mode)):
                result = self.load_as_nobody(SQLITE.spec(self.top), self.ward.old)
                self.expect_error(result, "ward.db")
                self.assertRegex(result.said, "(?i)permission denied|read-?only")
        os.chmod(self.path("ward.db"), 0o644)
        self.assertEqual(SQLITE.state(self.top), before)

    def test_source(self):
        secret = world.fresh("secret")
        shutil.copytree(self.ward.new, secret, dirs_exist_ok=True)
        os.chmod(os.path.join(secret, "labs.csv"), 0)
        os.chmod(self.top, 0o777)
        ward, self.ward = self.ward, Ward.of(SIZE)
        command = ward.load(secret, SQLITE.spec(self.top))
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups",
                       *command]
            self.load_as_nobody(SQLITE.spec(self.top) + "x")  # skips where that cannot be done
            self.reset()
            os.chmod(self.top, 0o777)
        self.expect_error(run(command), "labs.csv", "Permission denied")
        self.assertEqual(world.files_below(self.top), [])


class InUse(Places):
    def test_database_that_another_program_writes(self):
        self.assertEqual(self.load(SQLITE.spec(self.top)).status, 3)
        before = SQLITE.state(self.top)
        for statement in ("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"):
            with self.subTest(statement):
                other = sqlite3.connect(self.path("ward.db"), isolation_level=None)
                other.execute(statement)
                result = run(self.ward.load(self.ward.old, SQLITE.spec(self.top)))
                other.execute("ROLLBACK")
                other.close()
                self.expect_error(result, "ward.db", "in use by another program")
                self.assertEqual(SQLITE.state(self.top), before)

    def test_database_that_another_program_reads(self):
        """The load waits for a reader that goes soon."""
        self.assertEqual(self.load(SQLITE.spec(self.top)).status, 3)
        other = sqlite3.connect(self.path("ward.db"), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN")
        other.execute("SELECT * FROM labs").fetchone()
        timer = threading.Timer(0.5, other.rollback)
        timer.start()
        result = run(self.ward.load(self.ward.old, SQLITE.spec(self.top)))
        timer.join()
        other.close()
        self.assertEqual(result.status, 3, result)


class SomethingElse(Places):
    """What stands under the name is no target."""

    def expect_refusal(self, result, *words):
        self.expect_error(result, *words)

    def test_folder_for_a_file(self):
        for name in ("x.db", "x.csv", "x.arrow", "x.arrows", "x.csv.gz"):
            os.mkdir(self.path(name))
            world.write(self.path(name + "/kept"), "kept")
            with self.subTest(name):
                self.expect_error(self.convert(self.path(name)), name, "folder")
        self.assertEqual(len(world.files_below(self.top)), 10)

    def test_file_for_a_folder(self):
        world.write(self.path("x"), "kept")
        for spec in ("arrow:%s", "csv:%s", "arrow:%s/below", "csv:%s/below", "%s/x.db", "%s/x.csv"):
            with self.subTest(spec):
                self.expect_error(self.convert(spec % self.path("x")), self.path("x"))
        with open(self.path("x"), encoding="ascii") as stream:
            self.assertEqual(stream.read(), "kept")
        self.assertEqual(world.files_below(self.top), ["x"])

    def test_no_database(self):
        world.write(self.path("x.db"), "these are notes, " * 1000)
        self.expect_error(self.convert(self.path("x.db")), "no SQLite database")
        self.assertEqual(world.files_below(self.top), ["x.db"])

    def test_damaged_database(self):
        self.assertEqual(self.load(SQLITE.spec(self.top)).status, 3)
        with open(self.path("ward.db"), "r+b") as stream:
            stream.truncate(os.path.getsize(self.path("ward.db")) // 8192 * 4096)
        with open(self.path("ward.db"), "rb") as stream:
            before = stream.read()
        self.expect_error(run(self.ward.load(self.ward.old, SQLITE.spec(self.top))), "ward.db")
        with open(self.path("ward.db"), "rb") as stream:
            self.assertEqual(stream.read(), before)

    def test_fifo_and_device(self):
        os.mkfifo(self.path("x.db"))
        os.mkfifo(self.path("x.csv"))
        for name in ("x.db", "x.csv"):
            with self.subTest(name):
                self.expect_error(self.convert(self.path(name)), name, "no regular file")
        if os.geteuid() == 0:
            os.mknod(self.path("null.csv"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            self.expect_error(self.convert(self.path("null.csv")), "no regular file")
            self.assertTrue(stat.S_ISCHR(os.lstat(self.path("null.csv")).st_mode))
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.path("x.db")).st_mode))

    def test_missing_folder_above(self):
        """Missing folders are made."""
        for spec in ("%s/a/b/x.db", "arrow:%s/c/d", "%s/e/x.csv"):
            with self.subTest(spec):
                self.assertEqual(self.convert(spec % self.top).status, 3)

    def test_endless_and_long_names(self):
        for name in ("x" * 300 + ".db", "y" * 5000 + ".csv"):
            self.expect_error(self.convert(self.path(name)), "File name too long")
        self.assertEqual(self.convert(self.path("z" * 240 + ".csv")).status, 3)


class Links(Places):
    """A link under the target's own name is followed for databases and replaced for files; links to
    folders are followed. What a link points at is never written to in place by way of a file."""

    def test_link_for_a_file(self):
        elsewhere = world.fresh("elsewhere")
        world.write(os.path.join(elsewhere, "precious.csv"), "precious")
        os.symlink(os.path.join(elsewhere, "precious.csv"), self.path("x.csv"))
        self.assertEqual(self.convert(self.path("x.csv")).status, 3)
        self.assertFalse(os.path.islink(self.path("x.csv")))
        with open(os.path.join(elsewhere, "precious.csv"), encoding="ascii") as stream:
            self.assertEqual(stream.read(), "precious")

    def test_link_inside_a_folder(self):
        elsewhere = world.fresh("elsewhere")
        world.write(os.path.join(elsewhere, "precious.csv"), "precious")
        os.mkdir(self.path("data"))
        os.symlink(os.path.join(elsewhere, "precious.csv"), self.path("data/labs.csv"))
        self.assertEqual(self.load(CSV.spec(self.top)).status, 3)
        self.assertFalse(os.path.islink(self.path("data/labs.csv")))
        with open(os.path.join(elsewhere, "precious.csv"), encoding="ascii") as stream:
            self.assertEqual(stream.read(), "precious")
        self.assertEqual(os.listdir(elsewhere), ["precious.csv"])

    def test_link_for_a_database(self):
        elsewhere = world.fresh("elsewhere")
        self.assertEqual(self.load("sqlite:" + os.path.join(elsewhere, "real.db")).status, 3)
        os.symlink(os.path.join(elsewhere, "real.db"), self.path("ward.db"))
        self.assertEqual(run(self.ward.load(self.ward.old, SQLITE.spec(self.top))).status, 3)
        self.assertTrue(os.path.islink(self.path("ward.db")))
        twin = self.loaded(SQLITE, self.ward, self.ward.old)
        state = world.database_state(os.path.join(elsewhere, "real.db"))
        self.assertEqual(state, SQLITE.state(twin))

    def test_dangling_link(self):
        for name in ("x.db", "x.csv"):
            os.symlink(self.path("nowhere/at/all"), self.path(name))
            with self.subTest(name):
                result = self.convert(self.path(name))
                self.assertEqual(result.status, 3, result)
                self.assertFalse(os.path.islink(self.path(name)))
        self.assertFalse(os.path.exists(self.path("nowhere")))

    def test_link_in_a_circle(self):
        os.symlink(self.path("b"), self.path("a"))
        os.symlink(self.path("a"), self.path("b"))
        self.expect_error(self.load("csv:" + self.path("a")), self.path("a"))
        self.expect_error(self.load("sqlite:" + self.path("a/x.db")), self.path("a"))
