#!/usr/bin/env python3
"""Damaged and hostile inputs made from a real table. Of each case: the exit status, what is said
and of what place, which rows arrive, the memory taken.

    check_hostile.py MIMIC [BUILD_FOLDER] [NAME...]
"""

import gzip
import json
import os
import shutil
import struct
import subprocess
import unittest
import zlib

import hostile
import real
from hostile import BROKEN, ROWS, VALUE, Hostile, rows_of

hostile.begin()
DATA = hostile.Settings.data


def zstandard(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


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
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "gzip", "the data is damaged",
                            f"{len(DATA.bytes)} decompressed bytes")

    def test_bad_length(self):
        data = bytearray(self.packed)
        data[-1] ^= 1
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "gzip", "the data is damaged")

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
        self.expect_failure(self.convert_bytes(data), "lab.csv.gz", "the data is damaged",
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
        self.expect_bounded(result)

    def test_header_bomb(self):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        letters = b"a" * (1 << 20)
        with open(self.path("lab.csv.gz"), "wb") as stream:
            for _ in range(256):
                stream.write(packer.compress(letters))
            stream.write(packer.flush())
        result = self.convert("lab.csv.gz")
        self.expect_failure(result, "lab.csv.gz", "header")
        self.expect_bounded(result)


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
        """No quote closes it by chance: the rest of the file is inside, and must be read."""
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
        for text, code in ((b"2.5", "type"), (b" 7 ", "type"), (b"1_000", "type"),
                           (b"0x10", "type"), (b"1,000", "field_count"), (b"3000000000", "range"),
                           (b"1e3", "type"),
                           (b"nan", "type"), (b"", "required"), (b'""', "type")):
            with self.subTest(text=text):
                result = self.convert_bytes(DATA.with_field(text, place=4))
                column = "" if code == "field_count" else "itemid"
                self.expect_one_lost(result, code, column)

    def test_times_that_are_none(self):
        for text in (b"2100-1-1 0:0:0", b"2100-01-01", b"2100-02-30 00:00:00",
                     b"2100-01-01 24:00:00", b"2100-01-01 23:59:60", b"2100-01-01T00:00:00Z",
                     b"2100-01-01 00:00:00+01:00",
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
        self.expect_failure(self.convert(self.write("lab.csv", header)), "lab.csv",
                            "100000 columns")


class Size(Hostile):
    @staticmethod
    def repeat(piece, megabytes):
        for _ in range(megabytes * 1_000_000 // len(piece)):
            yield piece

    def test_memory_does_not_follow_the_input(self):
        body = DATA.bytes[len(DATA.lines[0]) + 1:]
        for megabytes in (5, 50, 500):
            times = megabytes * 1_000_000 // len(body)
            result = self.convert("-", "null:", "--keys=off", feed=[DATA.lines[0] + b"\n", *[body] * times])
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
            self.assertEqual((result.status, result.counts), (0, (1000000, 1000000, 0)),
                             result.said)
            self.expect_bounded(result)

    def long_line(self, *pieces):
        """Sound rows, an absurd line, sound rows: only the absurd line is lost."""
        body = DATA.bytes[len(DATA.lines[0]) + 1:]
        def feed():
            yield DATA.bytes
            for piece in pieces:
                yield from piece
            yield b"\n" + body
        result = self.convert("-", "null:", "--keys=off", feed=feed())
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
        result = self.mimic("convert", "-q", "--format", "json", "--schema", "wide.json", "-",
                            "x.db", feed=[header, row * 500, empty * 500])
        self.assertEqual((result.status, result.counts), (0, (1000, 1000, 0)), result.said)
        self.assertEqual(result.table["nulls"], 500000)
        rows = rows_of(self.path("x.db"), "wide")
        self.assertEqual(rows[0], tuple((12, 1.5, "abc")[i % 3] for i in range(1000)))
        self.assertEqual(rows[-1], (None,) * 1000)

    def test_wide_table_of_empty_lines(self):
        header = self.wide(4000)
        result = self.mimic("convert", "-q", "--format", "json", "--schema", "wide.json", "-",
                            "null:", feed=[header, *self.repeat(b"\n" * 1_000_000, 2)])
        self.assertEqual((result.status, result.counts), (3, (2000000, 0, 2000000)), result.said)
        self.expect_bounded(result)


if __name__ == "__main__":
    unittest.main()
