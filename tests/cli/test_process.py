"""What golden cases cannot say of the program: help of every command, signals, pipes, the bar on a
terminal, JSON, completion in bash.

    test_process.py MIMIC SHIM [NAME...]

SHIM is built from tests/faults/shim.c; '-' where there is none.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import moments  # noqa: E402

MIMIC = os.path.abspath(sys.argv.pop(1))
SHIM = sys.argv.pop(1)
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "cli")
COMMANDS = ["load", "convert", "check", "status", "quality",
            "trajectories", "trajectories partition", "trajectories assemble",
            "trajectories show", "trajectories stats", "schema list", "schema show", "schema ddl", "schema dictionary",
            "schema infer", "schema check", "schema diff", "synth",
            "completion", "help"]
HEADER = "visit_id,patient_id,at,weight,ward\n"
ROW = "%d,1,2100-05-01 08:00:00,70.5,east\n"


def run(*arguments, **more):
    return subprocess.run([MIMIC, *arguments], capture_output=True, text=True, encoding="utf-8",
                          timeout=moments.PATIENCE, check=False, **more)


def without_times(content):
    """The ledger says when a table was loaded: all else is the same from run to run."""
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"", content)


class Folder(unittest.TestCase):
    """Each test has a folder of its own with the files of tests/data/cli."""

    def setUp(self):
        top = tempfile.TemporaryDirectory()
        self.addCleanup(top.cleanup)
        self.folder = os.path.join(top.name, "here")
        shutil.copytree(DATA, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def mimic(self, *arguments):
        return run(*arguments, cwd=self.folder)


class Help(unittest.TestCase):
    def test_every_command_has_a_page(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                page = run(*command.split(), "--help")
                self.assertEqual((page.returncode, page.stderr), (0, ""))
                self.assertEqual(page.stdout, run("help", *command.split()).stdout)
                heads = re.findall(r"^[A-Z ]+$", page.stdout, re.MULTILINE)
                self.assertEqual(heads, ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS",
                                         "EXIT STATUS", "EXAMPLES"])
                for line in page.stdout.splitlines():
                    self.assertLessEqual(len(line), 80, line)
                    self.assertEqual(line, line.rstrip())

    def test_overview_names_every_command(self):
        page = run("--help")
        self.assertEqual(page.returncode, 0)
        named = re.findall(r"^  ((?:schema |trajectories )?[a-z]+)  ", page.stdout, re.MULTILINE)
        self.assertEqual(named, COMMANDS)

    def test_overview_of_schema(self):
        page = run("schema", "--help")
        self.assertEqual(page.stdout, run("help", "schema").stdout)
        for command in COMMANDS:
            self.assertEqual(f"  {command} " in page.stdout, command.startswith("schema "))


class Streams(Folder):
    def test_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([MIMIC, "schema", "list"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)

    def test_reader_that_goes_away_is_none(self):
        done = subprocess.run(["bash", "-c", '"$0" schema show mimic-iv --format json | head -c 10;'
                               'exit ${PIPESTATUS[0]}', MIMIC], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_report_on_stdout_talk_on_stderr(self):
        done = self.mimic("load", "--schema-dir", ".", "--dataset", "clinic", "clinic", "x.db")
        self.assertIn("patients", done.stdout)
        self.assertNotIn("mimic:", done.stdout)
        for line in done.stderr.splitlines():
            self.assertTrue(line.startswith("mimic: "), line)
        self.assertNotEqual(done.stderr, "")

    def test_quiet_keeps_the_report(self):
        done = self.mimic("check", "-q", "--schema-dir", ".", "--dataset", "clinic", "clinic")
        self.assertEqual(done.stderr, "")
        self.assertIn("patients", done.stdout)


class Json(Folder):
    def test_report(self):
        done = self.mimic("load", "--schema-dir", ".", "--dataset", "clinic", "--format", "json",
                          "clinic", "x.db")
        report = json.loads(done.stdout)
        rows = {table["table"]: table["read"] for table in report["tables"]}
        self.assertEqual(rows, {"patients": 4, "visits": 5})

    def test_schema_commands(self):
        for arguments in (["list"], ["show", "mimic-iv@3.1"], ["show", "mimic-iv@3.1/labevents"],
                          ["show", "synthea"], ["check", "wards.json"],
                          ["diff", "wards.csv", "mimic-iv/patients"],
                          ["diff", "clinic/patients.csv", "mimic-iv/patients"]):
            with self.subTest(arguments=arguments):
                done = self.mimic("schema", *arguments, "--format", "json")
                if done.stdout:
                    json.loads(done.stdout)
                else:
                    self.assertNotEqual(done.returncode, 0)


class Jobs(Folder):
    """Whatever the number of threads: the same files, the same report."""

    TARGETS = {"sqlite": "%s.db", "csv": "csv:%s", "arrow": "arrow:%s"}

    def break_some_lines(self, name):
        path = self.path("broken/hosp/%s.csv" % name)
        with open(path, "rb") as file:
            lines = file.readlines()
        for number in range(7, len(lines), 31):  # a stray quote, a field too many, no number
            lines[number] = (b'x"', b",", b"x")[number % 3] + lines[number]
        with open(path, "wb") as file:
            file.writelines(lines)

    @staticmethod
    def page_by_page(path, content):
        """The bytes; of a database those of the ledger's pages only as its rows, since what is left in them
        of rows that SQLite has moved holds parts of times too."""
        if not path.endswith(".db"):
            return without_times(content)
        database = sqlite3.connect(path)
        rows = database.execute("SELECT * FROM _mimic_ledger ORDER BY table_name").fetchall()
        database.close()
        pages = [content[i:i + 4096] for i in range(0, len(content), 4096)]
        pages = [b"" if b"hosp/" in page and b".csv" in page and page[:1] in (b"\x0a", b"\x02") else page
                 for page in pages]
        return pages, without_times(repr(rows).encode())

    def load(self, jobs, source, kind):
        """Exit status, report without times and name, and the bytes of every file written."""
        top = self.path("out-%d" % jobs)
        os.mkdir(top)
        done = self.mimic("load", source, self.TARGETS[kind] % os.path.join(top, "out"), "-q",
                          "--format", "json", "--jobs", str(jobs))
        report = json.loads(done.stdout)
        del report["target"], report["totals"]["seconds"]
        for table in report["tables"]:
            del table["seconds"]
        files = {}
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    files[os.path.relpath(path, top)] = self.page_by_page(path, file.read())
        shutil.rmtree(top)
        return done.returncode, report, files

    def test_output_is_the_same(self):
        self.mimic("synth", "mimic-iv", "sound", "--patients", "15", "--seed", "3", "-q")
        self.mimic("synth", "mimic-iv", "broken", "--patients", "15", "--seed", "3", "-q",
                   "--compress", "none")
        for name in ("labevents", "prescriptions", "admissions"):
            self.break_some_lines(name)
        for source, status in (("sound", 0), ("broken", 3)):
            for kind in self.TARGETS:
                with self.subTest(source=source, kind=kind):
                    wanted = self.load(1, source, kind)
                    self.assertEqual(wanted[0], status)
                    for jobs in (2, 3, 8):
                        got = self.load(jobs, source, kind)
                        self.assertEqual(got[:2], wanted[:2])
                        self.assertEqual(sorted(got[2]), sorted(wanted[2]))
                        for name, content in wanted[2].items():
                            self.assertTrue(got[2][name] == content, "%d jobs: %s" % (jobs, name))


class Ledger(Folder):
    """A second run, a killed one, and two at once."""

    TARGETS = Jobs.TARGETS

    def contents(self, target):
        """Every file, that of a database table by table."""
        found = {}
        for folder, _, names in os.walk(self.path(".")):
            for name in names:
                path = os.path.join(folder, name)
                if path.endswith(".db"):
                    database = sqlite3.connect(path)
                    self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                    tables = [row[0] for row in database.execute(
                        "SELECT name FROM sqlite_master WHERE type = 'table'")]
                    for table in tables:
                        rows = database.execute('SELECT * FROM "%s"' % table).fetchall()
                        if table.startswith("_mimic_"):
                            rows = sorted(without_times(repr(row).encode()) for row in rows)
                        found[table] = hash(tuple(rows))
                    database.close()
                elif target in folder or name.startswith("."):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, self.folder)] = without_times(file.read())
        return found

    def remove_outputs(self):
        shutil.rmtree(self.path("out"), ignore_errors=True)
        if os.path.exists(self.path("out.db")):
            os.remove(self.path("out.db"))

    @unittest.skipIf(SHIM == "-", "no shim here")
    def test_killed_loads_go_on(self):
        self.mimic("synth", "mimic-iv", "source", "--patients", "12", "--seed", "5", "-q")
        for kind, form in self.TARGETS.items():
            with self.subTest(kind=kind):
                self.remove_outputs()
                command = [MIMIC, "load", "-q", "source", form % "out"]
                length, status = moments.count(command, SHIM, self.folder, cwd=self.folder)
                self.assertEqual(status, 0)
                wanted = self.contents("out")
                kept = 0
                for part in (0.3, 0.6, 0.8, 0.95):
                    self.remove_outputs()
                    faults = moments.faulty(SHIM, below=self.folder, calls="all", fault="kill", at=int(length * part))
                    killed = run(*command[1:], cwd=self.folder, env=faults)
                    self.assertEqual(killed.returncode, -signal.SIGKILL, killed)
                    done = run(*command[1:], cwd=self.folder)
                    self.assertEqual(done.returncode, 0, done)
                    kept += "unchanged" in done.stdout
                    self.assertTrue(self.contents("out") == wanted, "killed at %s" % part)
                self.assertGreater(kept, 0)

    def test_a_folder_in_two_forms(self):
        self.mimic("synth", "mimic-iv", "source", "--patients", "3", "--seed", "5", "-q")
        for form, ending in (("arrow:%s", ".arrow"), ("csv:%s", ".csv"), ("arrow:%s", ".arrow")):
            done = self.mimic("load", "-q", "source", form % "both")
            self.assertEqual((done.returncode, "unchanged" in done.stdout), (0, False), done)
            self.assertIn("patients" + ending, os.listdir(self.path("both/hosp")))
        self.assertIn("patients.csv", os.listdir(self.path("both/hosp")))

    def test_what_waits_must_be_ones_own(self):
        self.mimic("synth", "mimic-iv", "source", "--patients", "3", "--seed", "5", "-q")
        self.mimic("load", "-q", "source", "csv:other")
        before = self.contents("other")
        os.mkdir(self.path("out"))
        os.symlink("../other", self.path("out/.mimic-partial"))
        done = self.mimic("load", "-q", "source", "csv:out")
        self.assertEqual(done.returncode, 1)
        self.assertIn("move it away", done.stderr)
        self.assertEqual(self.contents("other"), before)

    def test_times_beyond_nanoseconds(self):
        self.mimic("synth", "mimic-iv", "source", "--patients", "3", "--seed", "5", "-q")
        path = self.path("source/hosp/patients.csv.gz")
        os.utime(path, (15000000000, 15000000000))
        for words in ("total", "nothing to do"):
            done = self.mimic("load", "-q", "source", "out.db")
            self.assertEqual(done.returncode, 0, done)
            self.assertIn(words, done.stdout)

    def test_two_at_once(self):
        for target, lock in (("x.db", ".x.db.mimic-lock"), ("csv:out", "out/.mimic-lock"),
                             ("y.arrow", ".y.arrow.mimic-lock")):
            with self.subTest(target=target):
                os.makedirs(os.path.dirname(self.path(lock)), exist_ok=True)
                with open(self.path(lock), "w", encoding="ascii") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    file.write("process 42 on ward since 2026-01-01T00:00:00Z\n")
                    file.flush()
                    words = ["--dataset", "clinic", "clinic"]
                    if target == "y.arrow":
                        words = ["--table", "clinic/visits", "clinic/visits.csv"]
                    words = ["convert" if target == "y.arrow" else "load", "-q", "--schema-dir", ".",
                             *words, target]
                    refused = self.mimic(*words)
                    self.assertEqual(refused.returncode, 1)
                    self.assertIn("is being written by process 42 on ward since", refused.stderr)
                self.assertEqual(self.mimic(*words).returncode, 0)
                self.assertFalse(os.path.exists(self.path(lock)))

    def test_second_run_is_quick(self):
        self.mimic("synth", "mimic-iv", "source", "--patients", "12", "--seed", "5", "-q")
        for kind, form in self.TARGETS.items():
            with self.subTest(kind=kind):
                self.mimic("load", "-q", "source", form % "out")
                time.sleep(0.01)
                start = os.times()
                done = self.mimic("load", "-q", "source", form % "out")
                end = os.times()
                self.assertIn("nothing to do: ", done.stdout)
                self.assertLess(end.children_user - start.children_user, 1)


class Cancel(Folder):
    """A conversion that reads from a FIFO, so that it lasts as long as the test wants."""

    def start(self, target, **more):
        os.mkfifo(self.path("slow"))
        # pylint: disable=consider-using-with
        job = subprocess.Popen([MIMIC, "convert", "--schema-dir", ".", "--table", "clinic/visits",
                                "slow", target], cwd=self.folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **more)
        self.addCleanup(job.kill)
        return job

    def feed(self, job, at_row, action):
        """Writes rows until the job ends; does `action` at one of them."""
        # Not to be killed by the job's end; to be told by the write instead.
        fifo = os.open(self.path("slow"), os.O_WRONLY)
        try:
            os.write(fifo, HEADER.encode())
            for number in range(1, at_row):
                os.write(fifo, "".join(ROW % (number * 10000 + i)
                                       for i in range(1000)).encode())
            action(job)
            end = time.monotonic() + moments.PATIENCE
            while job.poll() is None and time.monotonic() < end:  # other keys: nothing is rejected
                number += 1
                os.write(fifo, "".join(ROW % (number * 10000 + i)
                                       for i in range(1000)).encode())
                time.sleep(0.005)
        except BrokenPipeError:
            pass
        finally:
            os.close(fifo)
        return job.communicate(timeout=moments.PATIENCE)

    def check_cancelled(self, number, target):
        before = sorted(os.listdir(self.folder)) + ["slow"]
        job = self.start(target)
        stdout, stderr = self.feed(job, 100, lambda job: job.send_signal(number))
        self.assertEqual(job.returncode, 130, stderr)
        self.assertEqual(stdout, b"")
        self.assertIn(b"mimic: cancelled", stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(before))

    def test_interrupt(self):
        self.check_cancelled(signal.SIGINT, "x.db")

    def test_terminate(self):
        self.check_cancelled(signal.SIGTERM, "x.arrow")

    def test_second_interrupt_kills(self):
        job = self.start("null:")
        fifo = os.open(self.path("slow"), os.O_WRONLY)
        self.addCleanup(os.close, fifo)
        os.write(fifo, HEADER.encode())  # and nothing more: the job waits
        if SHIM != "-":  # elsewhere the handler cannot be seen, but is there before the input is opened
            moments.until(lambda: moments.catches(job.pid, signal.SIGINT), "a handler")
        for _ in range(2):
            job.send_signal(signal.SIGINT)
            time.sleep(0.3)  # or both are one
        job.communicate(timeout=moments.PATIENCE)
        self.assertIn(job.returncode, (130, -signal.SIGINT))


class Terminal(Folder):
    def test_bar_is_drawn_and_cleared(self):
        with open(self.path("many.csv"), "w", encoding="ascii") as stream:
            stream.write(HEADER)
            stream.writelines(ROW % i for i in range(1, 400001))
        master, slave = pty.openpty()
        # pylint: disable=consider-using-with
        job = subprocess.Popen([MIMIC, "convert", "--schema-dir", ".", "--table", "clinic/visits",
                                "many.csv", "many.db"], cwd=self.folder, stderr=slave,
                               stdout=subprocess.PIPE)
        os.close(slave)
        talk = b""
        while True:
            ready, _, _ = select.select([master], [], [], moments.PATIENCE)
            try:
                part = os.read(master, 4096) if ready else b""
            except OSError:
                part = b""
            if not part:
                break
            talk += part
        os.close(master)
        job.communicate(timeout=moments.PATIENCE)
        self.assertEqual(job.returncode, 0)
        text = talk.decode()
        self.assertIn("visits", text)
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text[-80:]))
        drawn = re.findall(r"\r([^\r]+)\x1b\[K", text)
        self.assertGreater(len(drawn), 0)
        for line in drawn:
            self.assertLess(len(line), 80)


class HostileNames(Folder):
    def test_completion_runs_nothing_of_a_package(self):
        tables = [{"name": name, "schema": {"fields": [{"name": "a"}]}}
                  for name in ("$(>pwned)", "good", "`>pwned`", "'; >pwned; '")]
        for name in ("x'; >pwned; '", "$(>pwned)", "fine"):
            os.makedirs(self.path("packages/" + str(len(name))))
            with open(self.path(f"packages/{len(name)}/datapackage.json"), "w",
                      encoding="utf-8") as stream:
                json.dump({"name": name, "version": "1", "resources": tables}, stream)
        script = self.mimic("completion", "bash", "--schema-dir", "packages")
        self.assertEqual((script.returncode, script.stderr), (0, ""))
        self.assertIn("fine@1/good", script.stdout)
        self.assertNotIn("pwned", script.stdout)

    def test_json_is_utf8_whatever_the_path(self):
        name = os.fsencode(self.folder) + b"/\xffwards\x1b.csv"
        shutil.copyfile(self.path("wards.csv"), name)
        done = subprocess.run([MIMIC, "convert", "--format", "json", "--schema", "wards.json", name,
                               "null:"], cwd=self.folder, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout.decode("utf-8"))["tables"][0]["read"], 2)


class Completion(Folder):
    def complete(self, line):
        script = run("completion", "bash")
        self.assertEqual((script.returncode, script.stderr), (0, ""))
        with open(self.path("script"), "w", encoding="utf-8") as stream:
            stream.write(script.stdout)
        done = subprocess.run(["bash", "--norc", "-uc",
                               'set +u; source ./script; COMP_LINE=$1 COMP_POINT=${#1}; _mimic; '
                               'printf "%s\\n" "${COMPREPLY[@]}"', "bash", line],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    @unittest.skipUnless(shutil.which("bash"), "no bash here")
    def test_words(self):
        for line, expected in (
                ("mimic c", ["convert", "check", "completion"]),
                ("mimic schema d", ["ddl", "dictionary", "diff"]),
                ("mimic convert --on", ["--on-error"]),
                ("mimic convert --on-error ", ["reject", "null", "fail"]),
                ("mimic convert --on-error=r", ["reject"]),
                ("mimic schema show mimic-iv@3.1/lab", ["3.1/labevents"]),
                ("mimic load --dataset mimic-iii", ["mimic-iii@1.4"]),
                ("mimic schema ddl --dialect=p", ["postgres"]),
                ("mimic help schema l", ["list"]),
                ("mimic load -q cl", ["clinic"]),
                ("mimic schema check w", ["wards.csv", "wards.json"]),
                ("mimic trajectories a", ["assemble"]),
                ("mimic trajectories cl", ["clinic"]),
                ("mimic trajectories clinic --gr", ["--group"]),
                ("mimic trajectories clinic --group ", ["subject", "admission", "stay"]),
                ("mimic trajectories assemble --sh", ["--shard"]),
                ("mimic trajectories partition --sh", []),
                ("mimic help trajectories p", ["partition"]),
                ("mimic completion ", ["bash"]),
                ("mimic nothing ", [])):
            with self.subTest(line=line):
                self.assertEqual(sorted(self.complete(line)), sorted(expected))


if __name__ == "__main__":
    unittest.main()
