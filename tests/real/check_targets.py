#!/usr/bin/env python3
"""Inputs that are no plain files, targets that cannot be written or are there already, signals. Of
each case: the exit status, what is said, what is left behind.

    check_targets.py MIMIC BUILD_FOLDER SHIM [NAME...]

SHIM is built from tests/faults/shim.c; '-' where there is none.
"""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import hostile
import real
from hostile import ROWS, TABLE, Hostile, rows_of

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import moments  # noqa: E402

hostile.begin()
SHIM = sys.argv.pop(1)
DATA = hostile.Settings.data


class Inputs(Hostile):
    def test_stdin(self):
        self.expect_all_rows(self.convert("-", feed=[DATA.bytes]))
        os.unlink(self.path("x.db"))
        self.expect_all_rows(self.convert("-", feed=[gzip.compress(DATA.bytes)]))
        os.unlink(self.path("x.db"))
        self.expect_failure(self.convert("-", feed=[gzip.compress(DATA.bytes)[:-3]]), "stdin",
                            "cut off")

    def test_fifo(self):
        for name, data in (("pipe.csv", DATA.bytes), ("pipe.csv.gz", gzip.compress(DATA.bytes))):
            os.mkfifo(self.path(name))
            def feed(name=name, data=data):
                with open(self.path(name), "wb") as stream:
                    stream.write(data)
            writer = threading.Thread(target=feed)
            writer.start()
            result = self.convert(name)
            writer.join()
            self.expect_all_rows(result)
            os.unlink(self.path("x.db"))

    def test_parts(self):
        middle = DATA.offset
        self.write("a.csv", DATA.bytes[:middle])
        self.write("b.csv.gz", gzip.compress(DATA.lines[0] + b"\n" + DATA.bytes[middle:]))
        result = self.mimic("convert", "--quiet", "--format", "json", "--table", TABLE, "a.csv",
                            "b.csv.gz", "x.db")
        self.assertEqual(result.status, 0, result.said)
        self.assertTrue(rows_of(self.path("x.db")) == DATA.rows)

    def test_no_input(self):
        self.expect_failure(self.convert("nowhere.csv"), "nowhere.csv", "No such file")
        os.mkdir(self.path("folder.csv"))
        self.expect_failure(self.convert("folder.csv"), "folder.csv", "folder")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_forbidden_input(self):
        os.chmod(self.path(self.write("lab.csv", DATA.bytes)), 0)
        self.expect_failure(self.convert("lab.csv"), "lab.csv", "Permission denied")


class Targets(Hostile):
    def setUp(self):
        super().setUp()
        self.write("lab.csv", DATA.bytes)

    def test_folder_as_file(self):
        for name in ("x.db", "x.csv", "x.arrow"):
            os.mkdir(self.path(name))
            result = self.convert("lab.csv", name)
            self.assertEqual(result.status, 1)
            self.assertIn(name, result.said)
            self.assertIn("folder", result.said)
            self.assertEqual(os.listdir(self.path(name)), [])
        self.expect_no_leftovers()

    def test_file_as_folder(self):
        self.write("out", b"mine")
        for kind in ("csv:", "arrow:"):
            result = self.convert("lab.csv", kind + "out")
            self.assertEqual(result.status, 1)
            self.assertIn("out", result.said)
        with open(self.path("out"), "rb") as stream:
            self.assertEqual(stream.read(), b"mine")

    def test_unknown_form(self):
        self.expect_failure(self.convert("lab.csv", "x.parquet"), "x.parquet", "form",
                            target="x.parquet")

    def test_file_that_is_no_database(self):
        junk = b"these are my notes\n" * 100
        self.write("x.db", junk)
        result = self.convert("lab.csv")
        self.assertEqual(result.status, 1)
        self.assertIn("x.db", result.said)
        self.assertIn("no SQLite database", result.said)
        with open(self.path("x.db"), "rb") as stream:
            self.assertEqual(stream.read(), junk)
        self.expect_no_leftovers()

    def test_place_that_cannot_be_written(self):
        for target in ("/proc/x.db", "/proc/x.csv", "/proc/x.arrow"):
            result = self.convert("lab.csv", target)
            self.assertEqual(result.status, 1)
            self.assertIn(target, result.said)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_read_only_folder(self):
        os.mkdir(self.path("closed"))
        os.chmod(self.path("closed"), 0o500)
        for target in ("closed/x.db", "closed/x.csv"):
            result = self.convert("lab.csv", target)
            self.assertEqual(result.status, 1)
            self.assertIn("Permission denied", result.said)

    def test_failure_in_an_absent_folder(self):
        self.write("cut.csv.gz", gzip.compress(DATA.bytes)[:-3])
        for target in ("deep/er/x.db", "deep/er/x.csv", "arrow:deep/er", "csv:deep/er"):
            result = self.convert("cut.csv.gz", target)
            self.assertEqual(result.status, 1)
            files = [name for _, _, names in os.walk(self.path("deep")) for name in names]
            self.assertEqual(files, [], target)

    def test_absent_folder(self):
        """Made, as far as it is missing."""
        result = self.convert("lab.csv", "deep/er/x.db")
        self.assertEqual(result.status, 0, result.said)
        self.assertTrue(rows_of(self.path("deep/er/x.db")) == DATA.rows)

    def make_database(self):
        with sqlite3.connect(self.path("x.db")) as database:
            database.executescript("CREATE TABLE mine (a); INSERT INTO mine VALUES (1), (2);"
                                   "CREATE TABLE labevents (old TEXT);"
                                   "INSERT INTO labevents VALUES ('before');")
        database.close()

    def expect_old_database(self):
        self.assertEqual(rows_of(self.path("x.db"), "mine"), [(1,), (2,)])
        self.assertEqual(rows_of(self.path("x.db")), [("before",)])

    def test_table_is_replaced_and_others_kept(self):
        self.make_database()
        self.expect_all_rows(self.convert("lab.csv"))
        self.assertEqual(rows_of(self.path("x.db"), "mine"), [(1,), (2,)])
        self.expect_all_rows(self.convert("lab.csv"))  # and once more, over itself

    def test_failure_leaves_an_old_database_alone(self):
        self.make_database()
        self.write("cut.csv.gz", gzip.compress(DATA.bytes)[:-3])
        self.assertEqual(self.convert("cut.csv.gz").status, 1)
        self.expect_old_database()
        self.expect_no_leftovers()

    def test_failure_leaves_old_files_alone(self):
        self.write("cut.csv.gz", gzip.compress(DATA.bytes)[:-3])
        for name in ("x.csv", "x.csv.gz", "x.arrow", "x.arrows"):
            self.write(name, b"old")
            self.assertEqual(self.convert("cut.csv.gz", name).status, 1)
            with open(self.path(name), "rb") as stream:
                self.assertEqual(stream.read(), b"old")
        self.expect_no_leftovers()

    def test_database_in_use(self):
        self.make_database()
        # pylint: disable=consider-using-with
        holder = sqlite3.connect(self.path("x.db"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        result = self.convert("lab.csv")
        holder.execute("ROLLBACK")
        holder.close()
        self.assertEqual(result.status, 1)
        self.assertIn("in use", result.said)
        self.expect_old_database()

    def test_target_is_the_input(self):
        result = self.convert("lab.csv", "lab.csv")
        self.assertEqual(result.status, 2)
        with open(self.path("lab.csv"), "rb") as stream:
            self.assertEqual(stream.read(), DATA.bytes)


EARLY = 3  # the first write is of the lock
needs_shim = unittest.skipIf(SHIM == "-", "no shim here")


class Signals(Hostile):
    """A FIFO feeds the program, so that the signal comes in the middle for certain."""

    def interrupt(self, number, target):
        """Sends the signal when some rows are in; the exit status and what was said."""
        os.mkfifo(self.path("slow.csv"))
        job = self.start("convert", "--quiet", "--table", TABLE, "slow.csv", target,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(self.path("slow.csv"), "wb", buffering=0) as stream:
            stream.write(DATA.bytes)
            job.send_signal(number)
            try:
                while job.poll() is None:  # keys repeat: rejects are part of it
                    stream.write(DATA.lines[1] + b"\n" * 1000)
            except BrokenPipeError:
                pass
        _, said = job.communicate(timeout=moments.PATIENCE)
        os.unlink(self.path("slow.csv"))
        return job.returncode, said.decode()

    def test_interrupt(self):
        for target in ("x.db", "x.csv", "x.csv.gz", "x.arrow"):
            with self.subTest(target=target):
                status, said = self.interrupt(signal.SIGINT, target)
                self.assertEqual(status, 130, said)
                self.assertIn("cancelled", said)
                self.assertEqual(os.listdir(self.folder), [])

    def test_interrupt_while_waiting_for_input(self):
        """Nobody writes at all, or no more: the first signal ends the wait."""
        for first in (None, DATA.bytes):
            os.mkfifo(self.path("slow.csv"))
            job = self.start("convert", "--quiet", "--table", TABLE, "slow.csv", "x.db",
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            stream = None if first is None else open(self.path("slow.csv"), "wb", buffering=0)
            if stream is not None:
                stream.write(first)
            moments.until(lambda: moments.catches(job.pid, signal.SIGINT), "a handler")
            time.sleep(0.2)  # it waits, most likely; before that the signal does the same
            job.send_signal(signal.SIGINT)
            _, said = job.communicate(timeout=moments.PATIENCE)
            self.assertEqual(job.returncode, 130, said)
            if stream is not None:
                stream.close()
            os.unlink(self.path("slow.csv"))
            self.assertEqual(os.listdir(self.folder), [])

    def test_kill(self):
        for target in ("x.db", "x.csv", "x.arrow"):
            with self.subTest(target=target):
                status, _ = self.interrupt(signal.SIGKILL, target)
                self.assertEqual(status, -signal.SIGKILL)
                self.assertFalse(os.path.exists(self.path(target)))
                self.assertEqual([name for name in os.listdir(self.folder)
                                  if not name.startswith(".")], [])
                self.write("lab.csv", DATA.bytes)
                self.assertEqual(self.convert("lab.csv", target).counts, (ROWS, ROWS, 0))
                if target == "x.db":
                    self.assertTrue(rows_of(self.path(target)) == DATA.rows)
                os.unlink(self.path(target))
                os.unlink(self.path("lab.csv"))

    def test_kill_over_an_old_database(self):
        with sqlite3.connect(self.path("x.db")) as database:
            database.executescript("CREATE TABLE labevents (old TEXT);"
                                   "INSERT INTO labevents VALUES ('before');")
        database.close()
        status, _ = self.interrupt(signal.SIGKILL, "x.db")
        self.assertEqual(status, -signal.SIGKILL)
        database = sqlite3.connect(self.path("x.db"))  # rolls back what was left
        self.assertEqual(database.execute("SELECT * FROM labevents").fetchall(), [("before",)])
        self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        database.close()
        self.write("lab.csv", DATA.bytes)
        self.expect_all_rows(self.convert("lab.csv"))

    def load_and(self, number, target, part):
        """A load of a whole folder, struck in one of its writes: in the first ones, where no table is
        finished, or at some part of them."""
        command = [hostile.Settings.mimic, "load", "--quiet", os.path.join(real.DATA, "mimic-iv-demo"), target]
        at = EARLY
        if part > 0:
            with tempfile.TemporaryDirectory(prefix="mimic-hostile-") as aside:
                length, _ = moments.count(command, SHIM, below=aside, calls="write,pwrite", cwd=aside)
            at = int(length * part)
        with moments.Held([*command, "--jobs", "2" if part > 0 else "1"], SHIM, at, below=self.folder,
                          calls="write,pwrite", cwd=self.folder, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE) as job:
            self.assertTrue(job.is_held)
            self.assertTrue(list(self.files()))
            job.send_signal(number)
            job.let_go()
            _, said = job.communicate(timeout=moments.PATIENCE)
        self.assertEqual(job.returncode, 130 if number == signal.SIGINT else -number, said)

    def files(self):
        for where, _, names in os.walk(self.folder):
            for name in names:
                yield os.path.relpath(os.path.join(where, name), self.folder)

    def expect_hidden(self):
        """What is there is for the next load only."""
        self.assertEqual([name for name in self.files() if not any(part.startswith(".") for part in name.split("/"))],
                         [])

    @needs_shim
    def test_load_into_a_database(self):
        self.load_and(signal.SIGINT, "x.db", 0)
        self.assertEqual(os.listdir(self.folder), [])
        for number in (signal.SIGINT, signal.SIGKILL):
            self.load_and(number, "x.db", 0.25)
            self.expect_hidden()
        result = self.mimic("load", "--quiet", "--format", "json", "--tables", "patients,icustays",
                            os.path.join(real.DATA, "mimic-iv-demo"), "x.db")
        self.assertEqual(result.status, 0, result.said)
        self.assertEqual(len(rows_of(self.path("x.db"), "icustays")), 140)

    @needs_shim
    def test_load_into_a_folder(self):
        self.load_and(signal.SIGINT, "csv:out", 0)
        self.assertEqual(list(self.files()), [])
        for number in (signal.SIGINT, signal.SIGKILL):
            self.load_and(number, "csv:out", 0.25)
            self.expect_hidden()
        result = self.mimic("load", "--quiet", "--format", "json", "--tables", "patients,icustays",
                            os.path.join(real.DATA, "mimic-iv-demo"), "csv:out")
        self.assertEqual(result.status, 0, result.said)


if __name__ == "__main__":
    unittest.main()
