#!/usr/bin/env python3
"""Damaged and hostile inputs made from a real table, targets that cannot be written, signals. Of each
case: the exit status, what is said and of what place, which rows arrive, what is left behind.

    check_hostile.py MIMIC [BUILD_FOLDER] [NAME...]
"""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zlib

import real

TABLE = "mimic-iv@2.2/labevents"
ROWS = 20000
BROKEN = 10000  # the record that cases of one bad line damage
PEAK_KIB = 64 * 1024
VALUE = 8  # place of the column "value"

MIMIC = ""
IS_SANITIZED = False


# Runs a program and notes its peak memory. A process of its own: until it becomes the program a child
# counts the memory of its parent, and that of this test is large.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as stream:
    stream.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) % 256)
"""


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


def rows_of(path, table="labevents"):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        rows = database.execute(f'SELECT * FROM "{table}" ORDER BY rowid').fetchall()
    database.close()
    return rows


def zstandard(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


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
        job = subprocess.Popen([MIMIC, *arguments], cwd=self.folder, **more)
        self.addCleanup(lambda: job.poll() is None and job.kill())
        return job

    def mimic(self, *arguments, feed=None):
        """Runs to the end; `feed` gives the pieces of standard input."""
        with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err, \
                tempfile.NamedTemporaryFile() as peak:
            with subprocess.Popen([sys.executable, "-ISc", MEASURE, peak.name, MIMIC, *arguments],
                                  cwd=self.folder, stdout=out, stderr=err,
                                  stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE) as job:
                try:
                    for piece in feed or ():
                        job.stdin.write(piece)
                    if job.stdin is not None:
                        job.stdin.close()
                except BrokenPipeError:
                    pass  # it need not read to the end
                status = job.wait(timeout=300)
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
        self.assertTrue(rows_of(self.path(target)) == DATA.rows, "rows differ from the sound file's")

    def expect_one_lost(self, result, code, column="value", record=BROKEN, line=None, offset=None):
        """Everything arrived but one record; the reject tells where it stands."""
        self.assertEqual((result.status, result.said), (3, ""))
        self.assertEqual(result.counts, (ROWS, ROWS - 1, 1))
        lost = int(DATA.lines[record].split(b",")[0])
        self.assertTrue(rows_of(self.path("x.db")) == [row for row in DATA.rows if row[0] != lost],
                        "not exactly the damaged record was lost")
        with sqlite3.connect(self.path("x.db")) as database:
            found = database.execute("SELECT record, line, byte_offset, column_name, code "
                                     "FROM _mimic_rejects").fetchall()
        database.close()
        offset = DATA.offset if offset is None else offset
        self.assertEqual(found, [(record, line or record + 1, offset, column, code)])
        self.assertEqual([note["code"] for note in result.rejects], [code])


class Gzip(Hostile):
    def setUp(self):
        super().setUp()
        self.packed = gzip.compress(DATA.bytes, 6, mtime=0)

    def convert_bytes(self, data, name="lab.csv.gz"):
        return self.convert(self.write(name, data))

    def test_sound(self):
        self.expect_all_rows(self.convert_bytes(self.packed))

    def test_bad_crc(self):
        data = bytearray(self.packed)
        data[-8] ^= 1
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "gzip", "data check",
                            f"{len(DATA.bytes)} decompressed bytes")

    def test_bad_length(self):
        data = bytearray(self.packed)
        data[-1] ^= 1
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "gzip", "length check")

    def test_cut_in_the_trailer(self):
        for cut in (1, 4, 8):
            self.expect_failure(self.convert_bytes(self.packed[:-cut]), "lab.csv.gz", "cut off",
                                f"{len(DATA.bytes)} decompressed bytes")

    def test_cut_in_the_middle(self):
        result = self.convert_bytes(self.packed[:len(self.packed) // 2])
        self.expect_failure(result, "lab.csv.gz", "cut off", "decompressed bytes came before")
        self.assertEqual(result.table["status"], "MIMIC_ERR_CORRUPT")
        self.assertEqual(result.table["written"], 0)

    def test_cut_in_the_header(self):
        for size in (1, 2, 9, 12):
            self.expect_failure(self.convert_bytes(self.packed[:size]), "lab.csv.gz")

    def test_flipped_bits(self):
        for place in range(20, len(self.packed), len(self.packed) // 12):
            data = bytearray(self.packed)
            data[place] ^= 0x10
            self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "gzip")

    def test_garbage_behind(self):
        self.expect_failure(self.convert_bytes(self.packed + b"garbage"), "lab.csv.gz",
                            "no gzip member")

    def test_zeros_behind(self):  # of tape blocks; gzip takes them, too
        self.expect_all_rows(self.convert_bytes(self.packed + bytes(512)))

    def test_twice(self):
        self.expect_failure(self.convert_bytes(gzip.compress(self.packed)), "lab.csv.gz", "header")

    def test_members(self):
        cuts = [0, 1, 5000, 100003, 100004, len(DATA.bytes)]
        data = b"".join(gzip.compress(DATA.bytes[begin:end]) + gzip.compress(b"")
                        for begin, end in zip(cuts, cuts[1:]))
        self.expect_all_rows(self.convert_bytes(data))

    def test_bad_crc_of_one_member(self):
        first = bytearray(gzip.compress(DATA.bytes[:100003]))
        first[-8] ^= 1
        data = bytes(first) + gzip.compress(DATA.bytes[100003:])
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "data check",
                            "100003 decompressed bytes")

    def test_name_lies(self):
        self.expect_failure(self.convert_bytes(DATA.bytes), "lab.csv.gz", "expected gzip")
        self.expect_all_rows(self.convert_bytes(self.packed, "lab.csv"))

    def test_nothing_inside(self):
        self.expect_failure(self.convert_bytes(gzip.compress(b"")), "lab.csv.gz", "empty")
        self.expect_failure(self.convert_bytes(b""), "lab.csv.gz", "empty")

    def test_bomb(self):
        """A gigabyte of zeros in a megabyte: one line that is too long."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        zeros = bytes(1 << 20)
        with open(self.path("lab.csv.gz"), "wb") as stream:
            stream.write(packer.compress(DATA.bytes))
            for _ in range(1024):
                stream.write(packer.compress(zeros))
            stream.write(packer.flush())
        result = self.convert("lab.csv.gz")
        self.assertEqual((result.status, result.counts), (3, (ROWS + 1, ROWS, 1)))
        self.assertEqual([note["code"] for note in result.rejects], ["oversize"])
        self.assertTrue(IS_SANITIZED or result.peak_kib < PEAK_KIB, result.peak_kib)

    def test_header_bomb(self):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        letters = b"a" * (1 << 20)
        with open(self.path("lab.csv.gz"), "wb") as stream:
            for _ in range(256):
                stream.write(packer.compress(letters))
            stream.write(packer.flush())
        result = self.convert("lab.csv.gz")
        self.expect_failure(result, "lab.csv.gz", "header")
        self.assertTrue(IS_SANITIZED or result.peak_kib < PEAK_KIB, result.peak_kib)


@unittest.skipUnless(shutil.which("zstd"), "the program zstd is not installed")
class Zstandard(Hostile):
    SKIPPABLE = struct.pack("<II", 0x184D2A50, 11) + b"hello world"

    def setUp(self):
        super().setUp()
        self.packed = zstandard(DATA.bytes)

    def convert_bytes(self, data, name="lab.csv.zst"):
        return self.convert(self.write(name, data))

    def test_sound(self):
        self.expect_all_rows(self.convert_bytes(self.packed))

    def test_frames(self):
        data = (self.SKIPPABLE + zstandard(DATA.bytes[:100003]) + self.SKIPPABLE + zstandard(b"") +
                zstandard(DATA.bytes[100003:]) + self.SKIPPABLE)
        self.expect_all_rows(self.convert_bytes(data))

    def test_cut(self):
        size = len(self.packed)
        for end in (1, 3, 10, size // 2, size - 5, size - 1):
            self.expect_failure(self.convert_bytes(self.packed[:end]), "lab.csv.zst")
        self.expect_failure(self.convert_bytes(self.packed[:size // 2]), "lab.csv.zst", "cut off",
                            "decompressed bytes came before")

    def test_bad_checksum(self):
        data = bytearray(self.packed)
        data[-1] ^= 1
        self.expect_failure(self.convert_bytes(data), "lab.csv.zst", "checksum")

    def test_flipped_bits(self):
        for place in range(20, len(self.packed), len(self.packed) // 12):
            data = bytearray(self.packed)
            data[place] ^= 0x10
            self.expect_failure(self.convert_bytes(data), "lab.csv.zst", "Zstandard")

    def test_garbage_behind(self):
        self.expect_failure(self.convert_bytes(self.packed + b"garbage"), "lab.csv.zst")

    def test_name_lies(self):
        self.expect_failure(self.convert_bytes(gzip.compress(DATA.bytes)), "lab.csv.zst", "gzip")
        self.expect_all_rows(self.convert_bytes(self.packed, "lab.csv"))


class Lines(Hostile):
    def convert_bytes(self, data, *options):
        return self.convert(self.write("lab.csv", data), "x.db", *options)

    def test_line_ends(self):
        for end in (b"\r\n", b"\r"):
            self.expect_all_rows(self.convert_bytes(DATA.bytes.replace(b"\n", end)))
        mixed = b"".join(line + (b"\n", b"\r\n", b"\r")[number % 3]
                         for number, line in enumerate(DATA.lines))
        self.expect_all_rows(self.convert_bytes(mixed))
        self.expect_all_rows(self.convert_bytes(DATA.bytes[:-1]))
        self.expect_all_rows(self.convert_bytes(b"\xef\xbb\xbf" + DATA.bytes))

    def test_unclosed_quote(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b'"15')), "after_quote")

    def test_unclosed_quote_and_none_behind(self):
        """No quote closes it by chance: the rest of the file is inside, and must be read all the same."""
        lines = [line for line in DATA.lines if b'"' not in line]
        bad = next(i for i in range(5000, len(lines)) if lines[i].split(b",")[VALUE])
        fields = lines[bad].split(b",")
        fields[VALUE] = b'"' + fields[VALUE]
        lines[bad] = b",".join(fields)
        result = self.convert_bytes(b"\n".join(lines) + b"\n")
        self.assertEqual(result.status, 3, result.said)
        self.assertEqual(result.counts, (len(lines) - 1, len(lines) - 2, 1))
        self.assertEqual([note["code"] for note in result.rejects], ["unclosed_quote"])
        self.assertIn(f"line {bad + 1},", result.rejects[0]["message"])

    def test_unclosed_quote_on_the_last_line(self):
        last = max(i for i, line in enumerate(DATA.lines) if b'"' not in line)
        result = self.convert_bytes(DATA.with_field(b'"15', record=last))
        self.assertEqual((result.status, result.counts), (3, (ROWS, ROWS - 1, 1)), result.said)

    def test_stray_quote(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b'a"b')), "stray_quote")
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b' "b"')), "stray_quote")

    def test_text_after_a_quote(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b'"a"b')), "after_quote")

    def test_nul(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b"a\0b")), "nul", "")

    def test_latin_1(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b"37 \xb0C")), "utf8", "")

    def test_overlong_utf_8(self):
        for text in (b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
            self.expect_one_lost(self.convert_bytes(DATA.with_field(text)), "utf8", "")

    def test_numbers_that_are_none(self):
        for text, code in ((b"2.5", "type"), (b" 7 ", "type"), (b"1_000", "type"), (b"0x10", "type"),
                           (b"1,000", "field_count"), (b"3000000000", "range"), (b"1e3", "type"),
                           (b"nan", "type"), (b"", "required"), (b'""', "type")):
            with self.subTest(text=text):
                result = self.convert_bytes(DATA.with_field(text, place=4))
                column = "" if code == "field_count" else "itemid"
                self.expect_one_lost(result, code, column)

    def test_times_that_are_none(self):
        for text in (b"2100-1-1 0:0:0", b"2100-01-01", b"2100-02-30 00:00:00", b"2100-01-01 24:00:00",
                     b"2100-01-01 23:59:60", b"2100-01-01T00:00:00Z", b"2100-01-01 00:00:00+01:00",
                     b"2100-01-01 00:00:00.123456789", b" 2100-01-01 00:00:00"):
            with self.subTest(text=text):
                result = self.convert_bytes(DATA.with_field(text, place=6))
                self.assertEqual((result.status, result.counts), (3, (ROWS, ROWS - 1, 1)))

    def test_empty_lines(self):
        lines = list(DATA.lines)
        lines[BROKEN:BROKEN] = [b"", b"\r"]
        result = self.convert_bytes(b"\n".join(lines) + b"\n\n")
        self.assertEqual((result.status, result.counts), (3, (ROWS + 3, ROWS, 3)))
        self.assertTrue(rows_of(self.path("x.db")) == DATA.rows)
        self.assertEqual([(note["code"], note["count"]) for note in result.rejects],
                         [("empty_line", 3)])

    def test_duplicate_key(self):
        lines = list(DATA.lines)
        lines.insert(BROKEN + 1, lines[BROKEN])
        result = self.convert_bytes(b"\n".join(lines) + b"\n")
        self.assertEqual((result.status, result.counts), (3, (ROWS + 1, ROWS, 1)))
        self.assertTrue(rows_of(self.path("x.db")) == DATA.rows)
        self.assertEqual([note["code"] for note in result.rejects], ["unique"])

    def test_large_field(self):
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b"x" * 20_000_000)), "oversize")
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b"x" * 10_000_000)), "length")
        self.expect_one_lost(self.convert_bytes(DATA.with_field(b"x" * 201)), "length")

    def test_reject_policies(self):
        name = self.write("lab.csv", DATA.with_field(b"2.5", place=4))
        self.expect_failure(self.convert(name, "x.db", "--on-error", "fail"), "lab.csv", "itemid",
                            "2.5")
        self.expect_failure(self.convert(name, "x.db", "--max-rejects", "0"), "1 rows rejected")
        result = self.convert(self.write("lab.csv", DATA.with_field(b"high", place=9)), "x.db",
                              "--on-error", "null")
        self.assertEqual((result.status, result.counts, result.table["nulled"]),
                         (0, (ROWS, ROWS, 0), 1))
        lost = int(DATA.lines[BROKEN].split(b",")[0])
        self.assertTrue(rows_of(self.path("x.db")) == [
            row[:9] + (None,) + row[10:] if row[0] == lost else row for row in DATA.rows])
        result = self.convert(self.write("lab.csv", DATA.with_field(b"2,5", place=9)), "x.db",
                              "--on-error", "null")  # no value is at fault: the row is
        self.assertEqual((result.status, result.counts), (3, (ROWS, ROWS - 1, 1)))


class Headers(Hostile):
    def convert_lines(self, header, order, *options):
        """The file with its columns in `order` (places in the source) under `header`."""
        lines = [b",".join(header)]
        for line in DATA.lines[1:]:
            fields = real.split_quoted(line.decode()) if b'"' in line else line.decode().split(",")
            fields = ['"' + field.replace('"', '""') + '"' if '"' in field or "," in field else
                      field for field in fields]
            lines.append(",".join(fields[place] if place is not None else "extra"
                                  for place in order).encode())
        return self.convert(self.write("lab.csv", b"\n".join(lines) + b"\n"), "x.db", *options)

    def test_swapped(self):
        places = list(range(len(DATA.header)))
        for order in (places[::-1], places[5:] + places[:5]):
            self.expect_all_rows(self.convert_lines([DATA.header[i] for i in order], order))

    def test_other_case(self):
        places = list(range(len(DATA.header)))
        self.expect_all_rows(self.convert_lines([name.upper() for name in DATA.header], places))

    def test_more_columns(self):
        places = [0, None, *range(1, len(DATA.header))]
        header = [DATA.header[0], b"surprise", *DATA.header[1:]]
        result = self.convert_lines(header, places)
        self.expect_all_rows(result)
        drift = [note for note in result.report["notes"] if note["kind"] == "drift"]
        self.assertEqual([note["column"] for note in drift], ["surprise"])
        os.unlink(self.path("x.db"))
        self.expect_failure(self.convert_lines(header, places, "--strict"), "lab.csv", "surprise")

    def test_missing_columns(self):
        places = [i for i, name in enumerate(DATA.header) if name != b"comments"]
        result = self.convert_lines([DATA.header[i] for i in places], places)
        self.assertEqual((result.status, result.counts), (0, (ROWS, ROWS, 0)))
        at = DATA.header.index(b"comments")
        self.assertTrue(rows_of(self.path("x.db")) ==
                        [row[:at] + (None,) + row[at + 1:] for row in DATA.rows])
        drift = [note for note in result.report["notes"] if note["kind"] == "drift"]
        self.assertEqual([note["column"] for note in drift], ["comments"])

    def test_missing_required_column(self):
        for renamed in (b"item", None):
            header = [renamed if name == b"itemid" else name for name in DATA.header]
            places = [i for i, name in enumerate(header) if name is not None]
            self.expect_failure(self.convert_lines([header[i] for i in places], places), "lab.csv",
                                '"itemid"')

    def test_header_names_twice(self):
        header = [b"itemid" if name == b"charttime" else name for name in DATA.header]
        places = list(range(len(header)))
        self.expect_failure(self.convert_lines(header, places), "lab.csv", '"itemid"', "twice")

    def test_no_header(self):
        self.expect_failure(self.convert(self.write("lab.csv", b"\n".join(DATA.lines[1:]))),
                            "lab.csv", "header")

    def test_header_only(self):
        result = self.convert(self.write("lab.csv", DATA.lines[0] + b"\n"))
        self.assertEqual((result.status, result.counts), (0, (0, 0, 0)))
        self.assertEqual(rows_of(self.path("x.db")), [])

    def test_nothing(self):
        for data in (b"", b"\n", b"\xef\xbb\xbf", b"\0", b"\xff\xfe\0\0"):
            self.expect_failure(self.convert(self.write("lab.csv", data)), "lab.csv")

    def test_very_wide_header(self):
        header = b",".join(b"c%d" % i for i in range(100000)) + b"\n"
        self.expect_failure(self.convert(self.write("lab.csv", header)), "lab.csv", "100000 columns")


class Size(Hostile):
    def expect_bounded(self, result):
        self.assertTrue(IS_SANITIZED or result.peak_kib < PEAK_KIB,
                        f"peak memory {result.peak_kib} KiB")

    @staticmethod
    def repeat(piece, megabytes):
        for _ in range(megabytes * 1_000_000 // len(piece)):
            yield piece

    def test_memory_does_not_follow_the_input(self):
        body = DATA.bytes[len(DATA.lines[0]) + 1:]
        for megabytes in (5, 50, 500):
            times = megabytes * 1_000_000 // len(body)
            result = self.convert("-", "null:", feed=[DATA.lines[0] + b"\n", *[body] * times])
            self.assertEqual((result.status, result.counts), (0, (ROWS * times, ROWS * times, 0)))
            self.expect_bounded(result)

    def test_memory_of_targets(self):
        header = b"specimen_id,labevent_id,itemid,subject_id,comments\n"
        for target in ("x.db", "x.arrow", "x.csv.zst"):
            def feed():
                yield header
                for block in range(50):
                    yield b"".join(b"1,%d,50912,10000032,some comment of the laboratory\n" %
                                   (block * 20000 + i) for i in range(20000))
            result = self.convert("-", target, feed=feed())
            self.assertEqual((result.status, result.counts), (0, (1000000, 1000000, 0)), result.said)
            self.expect_bounded(result)

    def long_line(self, *pieces):
        """Sound rows, an absurd line, sound rows: only the absurd line is lost."""
        body = DATA.bytes[len(DATA.lines[0]) + 1:]
        def feed():
            yield DATA.bytes
            for piece in pieces:
                yield from piece
            yield b"\n" + body
        result = self.convert("-", "null:", feed=feed())
        self.assertEqual((result.status, result.counts), (3, (2 * ROWS + 1, 2 * ROWS, 1)))
        self.assertEqual([note["code"] for note in result.rejects], ["oversize"])
        self.assertIn(f"<stdin> record {ROWS + 1}, line {ROWS + 2}, byte {len(DATA.bytes)}",
                      result.rejects[0]["message"])
        self.expect_bounded(result)

    def test_long_line(self):
        self.long_line(self.repeat(b"x" * 1_000_000, 200))

    def test_long_line_of_commas(self):
        self.long_line(self.repeat(b"," * 1_000_000, 100))

    def test_long_line_of_quotes(self):
        self.long_line(self.repeat(b'"' * 1_000_000, 100))

    def test_long_line_of_zeros(self):
        self.long_line(self.repeat(bytes(1_000_000), 100))

    def test_runaway_quote_over_many_lines(self):
        line = b"x" * 99 + b"\n"
        def feed():
            yield DATA.bytes + b'1,2,"'
            yield from self.repeat(line * 10000, 50)
        result = self.convert("-", "null:", feed=feed())
        lines = 50_000_000 // len(line)
        self.assertEqual((result.status, result.counts), (3, (ROWS + lines, ROWS, lines)))
        self.expect_bounded(result)

    def test_nothing_but_line_ends(self):
        result = self.convert("-", "null:", feed=[DATA.bytes, *self.repeat(b"\n" * 1_000_000, 5)])
        self.assertEqual((result.status, result.counts), (3, (ROWS + 5_000_000, ROWS, 5_000_000)))
        self.expect_bounded(result)

    def wide(self, columns):
        schema = {"fields": [{"name": f"c{i}", "type": ("integer", "number", "string")[i % 3]}
                             for i in range(columns)]}
        self.write("wide.json", json.dumps(schema).encode())
        return b",".join(b"c%d" % i for i in range(columns)) + b"\n"

    def test_wide_table(self):
        header = self.wide(1000)
        row = b",".join((b"12", b"1.5", b"abc")[i % 3] for i in range(1000)) + b"\n"
        empty = b"," * 999 + b"\n"
        result = self.mimic("convert", "-q", "--format", "json", "--schema", "wide.json", "-", "x.db",
                            feed=[header, row * 500, empty * 500])
        self.assertEqual((result.status, result.counts), (0, (1000, 1000, 0)), result.said)
        self.assertEqual(result.table["nulls"], 500000)
        rows = rows_of(self.path("x.db"), "wide")
        self.assertEqual(rows[0], tuple((12, 1.5, "abc")[i % 3] for i in range(1000)))
        self.assertEqual(rows[-1], (None,) * 1000)

    def test_wide_table_of_empty_lines(self):
        header = self.wide(4000)
        result = self.mimic("convert", "-q", "--format", "json", "--schema", "wide.json", "-", "null:",
                            feed=[header, *self.repeat(b"\n" * 1_000_000, 2)])
        self.assertEqual((result.status, result.counts), (3, (2000000, 0, 2000000)), result.said)
        self.expect_bounded(result)


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


class Signals(Hostile):
    """A FIFO feeds the program, so that the signal comes in the middle for certain."""

    def interrupt(self, number, target):
        """Sends the signal when some rows are in; the exit status and what was said."""
        os.mkfifo(self.path("slow.csv"))
        job = self.start("convert", "--quiet", "--table", TABLE, "slow.csv", target,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(self.path("slow.csv"), "wb", buffering=0) as stream:
            stream.write(DATA.bytes)
            time.sleep(0.2)
            job.send_signal(number)
            try:
                while job.poll() is None:  # keys repeat: rejects are part of it
                    stream.write(DATA.lines[1] + b"\n" * 1000)
            except BrokenPipeError:
                pass
        _, said = job.communicate(timeout=60)
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
            time.sleep(1)
            job.send_signal(signal.SIGINT)
            _, said = job.communicate(timeout=20)
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

    def load_and(self, number, target, is_begun):
        """A load of a whole folder, struck when is_begun() holds."""
        job = self.start("load", "--quiet", os.path.join(real.DATA, "mimic-iv-demo"), target,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while not is_begun() and job.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        job.send_signal(number)
        _, said = job.communicate(timeout=60)
        self.assertEqual(job.returncode, 130 if number == signal.SIGINT else -number, said)

    def has_hidden(self, size):
        return any(os.path.getsize(entry) > size for entry in
                   (os.path.join(where, name) for where, _, names in os.walk(self.folder)
                    for name in names if name.startswith(".")) if os.path.exists(entry))

    def test_load_into_a_database(self):
        self.load_and(signal.SIGINT, "x.db", lambda: self.has_hidden(1000000))
        self.assertEqual(os.listdir(self.folder), [])
        self.load_and(signal.SIGKILL, "x.db", lambda: self.has_hidden(1000000))
        self.assertFalse(os.path.exists(self.path("x.db")))
        result = self.mimic("load", "--quiet", "--format", "json", "--tables", "patients,icustays",
                            os.path.join(real.DATA, "mimic-iv-demo"), "x.db")
        self.assertEqual(result.status, 0, result.said)
        self.assertEqual(len(rows_of(self.path("x.db"), "icustays")), 140)

    def test_load_into_a_folder(self):
        def is_begun():
            return any(names for _, _, names in os.walk(self.path("out")))
        self.load_and(signal.SIGINT, "csv:out", is_begun)
        files = [name for _, _, names in os.walk(self.folder) for name in names]
        self.assertEqual(files, [])
        self.load_and(signal.SIGKILL, "csv:out", is_begun)
        for where, _, names in os.walk(self.folder):
            for name in names:
                self.assertTrue(name.startswith(".") or os.path.getsize(os.path.join(where, name)))
        result = self.mimic("load", "--quiet", "--format", "json", "--tables", "patients,icustays",
                            os.path.join(real.DATA, "mimic-iv-demo"), "csv:out")
        self.assertEqual(result.status, 0, result.said)


def setUpModule():
    global DATA  # pylint: disable=global-statement
    DATA = Data()
    with tempfile.TemporaryDirectory() as work:
        source, target = os.path.join(work, "lab.csv"), os.path.join(work, "x.db")
        with open(source, "wb") as stream:
            stream.write(DATA.bytes)
        subprocess.run([MIMIC, "convert", "--quiet", "--table", TABLE, source, target], check=True,
                       stdout=subprocess.DEVNULL)
        DATA.rows = rows_of(target)
    assert len(DATA.rows) == ROWS


if __name__ == "__main__":
    real.require_data()
    MIMIC = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
        sys.argv.pop(1)
    with open(MIMIC, "rb") as program:
        IS_SANITIZED = b"__asan_init" in program.read()
    unittest.main()
