"""What the checks on hostile inputs and targets share: the beginning of a real table, running the
program with its peak memory, and what is expected after a failure or a lost record."""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import real

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from peak import MEASURE  # noqa: E402

TABLE = "mimic-iv@2.2/labevents"
ROWS = 20000
BROKEN = 10000  # the record that cases of one bad line damage
PEAK_KIB = 64 * 1024
VALUE = 8  # place of the column "value"


class Data:
    """The table's beginning: the bytes, its lines, and the rows as they stand in SQLite."""

    def __init__(self):
        source = real.source_files("mimic-iv-demo")["labevents"]
        with gzip.open(source) as stream:
            self.lines = [stream.readline().rstrip(b"\n") for _ in range(ROWS + 1)]
        self.bytes = b"\n".join(self.lines) + b"\n"
        self.header = self.lines[0].split(b",")
        self.offset = len(b"\n".join(self.lines[:BROKEN])) + 1  # of the record BROKEN
        self.rows = None

    def with_field(self, value, place=VALUE, record=BROKEN):
        """The file with one field of an unquoted record replaced."""
        lines = list(self.lines)
        fields = lines[record].split(b",")
        assert len(fields) == len(self.header), "choose a record without quotes"
        fields[place] = value
        lines[record] = b",".join(fields)
        return b"\n".join(lines) + b"\n"


DATA = None


class Settings:
    """Set by begin."""

    mimic = ""
    is_sanitized = False
    data = None


def rows_of(path, table="labevents"):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        rows = database.execute(f'SELECT * FROM "{table}" ORDER BY rowid').fetchall()
    database.close()
    return rows


class Result:
    def __init__(self, status, stdout, stderr, peak_kib):
        self.status = status
        self.report = json.loads(stdout) if stdout.strip() else None
        self.said = stderr.decode("utf-8")
        self.peak_kib = peak_kib

    @property
    def table(self):
        return self.report["tables"][0]

    @property
    def counts(self):
        return tuple(self.table[key] for key in ("read", "written", "rejected"))

    @property
    def rejects(self):
        return [note for note in self.report["notes"] if note["kind"] == "rejects"]


class Hostile(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="mimic-hostile-")
        self.addCleanup(top.cleanup)
        self.folder = top.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as stream:
            stream.write(data)
        return name

    def start(self, *arguments, **more):
        # pylint: disable=consider-using-with
        job = subprocess.Popen([Settings.mimic, *arguments], cwd=self.folder, **more)
        self.addCleanup(lambda: job.poll() is None and job.kill())
        return job

    def mimic(self, *arguments, feed=None):
        """Runs to the end; `feed` gives the pieces of standard input."""
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err, \
                tempfile.NamedTemporaryFile() as peak:
            source = subprocess.DEVNULL if feed is None else subprocess.PIPE
            with subprocess.Popen([sys.executable, "-ISc", MEASURE, peak.name, Settings.mimic,
                                   *arguments],
                                  cwd=self.folder, stdout=out, stderr=err,
                                  stdin=source) as job:
                try:
                    for piece in feed or ():
                        job.stdin.write(piece)
                    if job.stdin is not None:
                        job.stdin.close()
                except BrokenPipeError:
                    pass  # it need not read to the end
                status = job.wait(timeout=600)
            out.seek(0)
            err.seek(0)
            return Result(status, out.read(), err.read(), int(peak.read() or 0))

    def convert(self, source, target="x.db", *options, table=TABLE, feed=None):
        return self.mimic("convert", "--quiet", "--format", "json", "--table", table, *options,
                          source, target, feed=feed)

    def expect_failure(self, result, *words, target="x.db"):
        """Exit 1, a message with all these words, nothing written and nothing left."""
        self.assertEqual(result.status, 1, result.said)
        for word in words:
            self.assertIn(word, result.said)
        self.assertFalse(os.path.exists(self.path(target)), "the target was written")
        self.expect_no_leftovers()

    def expect_no_leftovers(self):
        hidden = [name for _, _, names in os.walk(self.folder) for name in names
                  if name.startswith(".")]
        self.assertEqual(hidden, [])

    def expect_all_rows(self, result, target="x.db"):
        self.assertEqual((result.status, result.said), (0, ""))
        self.assertEqual(result.counts, (ROWS, ROWS, 0))
        self.assertTrue(rows_of(self.path(target)) == Settings.data.rows,
                        "rows differ from the sound file's")

    def expect_one_lost(self, result, code, column="value", record=BROKEN, line=None, offset=None):
        """Everything arrived but one record; the reject tells where it stands."""
        self.assertEqual((result.status, result.said), (3, ""))
        self.assertEqual(result.counts, (ROWS, ROWS - 1, 1))
        lost = int(Settings.data.lines[record].split(b",")[0])
        expected = [row for row in Settings.data.rows if row[0] != lost]
        self.assertTrue(rows_of(self.path("x.db")) == expected,
                        "not exactly the damaged record was lost")
        with sqlite3.connect(self.path("x.db")) as database:
            found = database.execute("SELECT record, line, byte_offset, column_name, code "
                                     "FROM _mimic_rejects").fetchall()
        database.close()
        offset = Settings.data.offset if offset is None else offset
        self.assertEqual(found, [(record, line or record + 1, offset, column, code)])
        self.assertEqual([note["code"] for note in result.rejects], [code])

    def expect_bounded(self, result):
        self.assertTrue(Settings.is_sanitized or result.peak_kib < PEAK_KIB,
                        f"peak memory {result.peak_kib} KiB")


def begin():
    """Takes the program and the build folder from the command line; loads the sound table."""
    real.require_data()
    Settings.mimic = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
        sys.argv.pop(1)
    with open(Settings.mimic, "rb") as program:
        Settings.is_sanitized = b"__asan_init" in program.read()
    Settings.data = data = Data()
    with tempfile.TemporaryDirectory() as work:
        source, target = os.path.join(work, "lab.csv"), os.path.join(work, "x.db")
        with open(source, "wb") as stream:
            stream.write(data.bytes)
        subprocess.run([Settings.mimic, "convert", "--quiet", "--table", TABLE, source, target],
                       check=True, stdout=subprocess.DEVNULL)
        data.rows = rows_of(target)
    assert len(data.rows) == ROWS
