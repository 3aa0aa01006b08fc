"""Inputs that are made to hurt: archives that blow up, endless lines and headers, rows of thousands
of columns, packages whose names are paths or SQL. Memory and the limits hold, nothing is written
outside the target."""

import json
import os
import sqlite3
import stat
import struct
import zlib

import world
from world import Settings, run, run_measured, write

PEAK_KIB = 64 * 1024
MIB = 1024 * 1024
GIB = 1024 * MIB


def zeros_gz(path, size, byte=b"\0", head=b""):
    """A gzip file of one member that inflates to `head` and `size` equal bytes. The checksum at its
    end is made up."""
    piece = 8 * MIB
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = coder.compress(head) + coder.flush(zlib.Z_FULL_FLUSH)
    again = coder.compress(byte * piece) + coder.flush(zlib.Z_FULL_FLUSH)
    with open(path, "wb") as stream:
        stream.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + first)
        for _ in range(size // piece):
            stream.write(again)
        stream.write(coder.flush() + struct.pack("<II", 0, (size + len(head)) % 2**32))
    return path


def zeros_zst(path, size, byte=b"\0", head=b""):
    """The same as one Zstandard frame of run-length blocks: four bytes for 128 KiB."""
    def block(kind, length, content):
        return struct.pack("<I", kind << 1 | length << 3)[:3] + content
    piece = 128 * 1024
    with open(path, "wb") as stream:
        stream.write(b"\x28\xb5\x2f\xfd" + bytes([0x00, (20 - 10) << 3]))  # a window of 1 MiB
        if head:
            stream.write(block(0, len(head), head))
        stream.write(block(1, piece, byte) * (size // piece))
        stream.write(struct.pack("<I", 1)[:3])  # an empty raw block, the last
    return path


def schema_of(*names, **more):
    return json.dumps({"fields": [{"name": name, "type": "string"} for name in names], **more})


class Limits(world.Faults):
    def convert(self, source, schema, *more, target="null:"):
        path = write(os.path.join(self.top, "schema.json"), schema)
        return run_measured([Settings.mimic, "convert", "-q", "--schema", path, *more, source, target])

    def path(self, name):
        return os.path.join(self.top, name)

    def expect_little_memory(self, result):
        if not Settings.is_sanitized:
            self.assertLess(result.peak_kib, PEAK_KIB)


class Bombs(Limits):
    """Ten gigabytes in a few megabytes or less."""

    def bombs(self, size, **content):
        yield zeros_gz(self.path("bomb.csv.gz"), size, **content)
        yield zeros_zst(self.path("bomb.csv.zst"), size, **content)

    def test_limit(self):
        for bomb in self.bombs(10 * GIB, head=b"a\n1\n"):
            for target in ("null:", self.path("x.db"), "csv:" + self.path("x")):
                with self.subTest(bomb + " " + target):
                    self.assertLess(os.path.getsize(bomb), 12 * MIB)
                    result = self.convert(bomb, schema_of("a"), "--max-bytes", "100M",
                                          target=target)
                    self.expect_error(result, os.path.basename(bomb), "limit of 104857600")
                    self.expect_little_memory(result)
                    self.expect_no_leftovers({"schema.json", os.path.basename(bomb), "x/",
                                              "x/rejects/", "bomb.csv.gz"}, bomb)

    def test_exact_limit(self):
        source = write(self.path("x.csv"), "a\n" + "1234567\n" * 1000)
        size = os.path.getsize(source)
        self.assertEqual(self.convert(source, schema_of("a"), "--max-bytes", str(size)).status, 0)
        self.expect_error(self.convert(source, schema_of("a"), "--max-bytes", str(size - 1)),
                          "limit of %d decompressed bytes" % (size - 1))

    def test_one_line(self):
        """Without a limit it takes time, but no memory: one record, which is too long."""
        for byte in (b"\0", b"a", b'"'):
            for bomb in self.bombs(512 * MIB, head=b"a\n1\n", byte=byte):
                with self.subTest("%r in %s" % (byte, bomb)):
                    result = self.convert(bomb, schema_of("a"), "-j", "4")
                    self.expect_little_memory(result)
                    self.assertIn(result.status, (1, 3), result)  # the checksum is wrong
                    if bomb.endswith(".zst"):
                        self.assertRegex(result.out, "oversize|too long|longer than|quote")

    def test_header(self):
        for byte in (b"a", b",", b'"', b"\0"):
            for bomb in self.bombs(512 * MIB, byte=byte):
                with self.subTest("%r in %s" % (byte, bomb)):
                    result = self.convert(bomb, schema_of("a"))
                    self.expect_error(result, "header")
                    self.expect_little_memory(result)

    def test_line_ends(self):
        """Every byte a faulty record: --max-rejects ends it."""
        for bomb in self.bombs(512 * MIB, head=b"a,b\n1,1\n", byte=b"\n"):
            with self.subTest(bomb):
                result = self.convert(bomb, schema_of("a", "b"), "--max-rejects", "1000",
                                      target=self.path("x.csv"))
                self.expect_error(result, "1001 rows rejected")
                self.expect_little_memory(result)


class Width(Limits):
    def test_columns(self):
        """4,096 columns at most, in a file and in a schema."""
        names = ["c%d" % i for i in range(5000)]
        source = write(self.path("wide.csv"), ",".join(names) + "\n" + ",".join(names) + "\n")
        self.expect_error(self.convert(source, schema_of("c0")), "5000", "4096")
        self.expect_error(self.convert(source, schema_of(*names)), "4096")
        source = write(self.path("wide.csv"), ",".join(names[:4096]) + "\n")
        for target in ("null:", self.path("x.csv"), self.path("x.arrow")):
            self.assertEqual(self.convert(source, schema_of(*names[:4096]), target=target).status, 0)
        result = self.convert(source, schema_of(*names[:4096]), target=self.path("x.db"))
        self.expect_error(result, "too many columns")

    def wide(self, rows, line, count=1500):
        names = ["c%d" % i for i in range(count)]
        source = write(self.path("wide.csv"),
                       (",".join(names) if "," in line else names[0]) + "\n" + line * rows)
        kinds = ["integer", "number", "string", "datetime"]
        schema = {"fields": [{"name": name, "type": kinds[i % 4]} if i > 0 else
                             {"name": name, "type": "string"} for i, name in enumerate(names)]}
        schema["fields"][3]["type"] = "integer"
        for field in schema["fields"]:
            if field["type"] == "datetime":
                field["format"] = "%Y-%m-%d %H:%M:%S"
        return source, json.dumps(schema)

    def test_memory_of_short_wide_rows(self):
        for what, rows, line in (("absent", 100000, "1\n"), ("empty", 5000, "1" + "," * 1499 + "\n")):
            source, schema = self.wide(rows, line)
            for target in (self.path("x.db"), self.path("x.arrow"), self.path("x.csv.gz"), "null:"):
                for jobs in ("1", "16"):
                    with self.subTest("%s, %s, %s jobs" % (what, target, jobs)):
                        result = self.convert(source, schema, "-j", jobs, target=target)
                        self.assertEqual(result.status, 0, result)
                        self.expect_little_memory(result)


class Packages(Limits):
    """Schemas from strangers."""

    def load(self, tables, target, more=()):
        """A package whose tables are named by the keys; each has a file table_N.csv."""
        dataset = self.path("in")
        resources = []
        for i, (name, resource) in enumerate(tables.items()):
            write(os.path.join(dataset, "table_%d.csv" % i), "a,b\n%d,x\n" % i)
            resources.append({"name": name, "type": "table", "path": "table_%d.csv" % i,
                              "schema": json.loads(schema_of("a", "b")), **resource})
            resources[-1]["mimic"] = {"aliases": ["table_%d" % i], **resource.get("mimic", {})}
        schemas = self.path("schemas")
        write(os.path.join(schemas, "datapackage.json"),
              json.dumps({"name": "hostile", "version": "1", "resources": resources}))
        return run([Settings.mimic, "load", "-q", "--schema-dir", schemas, "--dataset", "hostile",
                    *more, dataset, target])

    def test_names_that_are_paths(self):
        outside = world.fresh("outside")
        for name in ("../x", "../../outside/x", outside + "/x", "a/b", "..", ".", ".hidden",
                     "/etc/x", "a/../../x"):
            for kind in ("csv:", "arrow:"):
                for resource in ({"name": name}, {"name": "x", "module": name}):
                    with self.subTest("%s %s" % (kind, resource)):
                        module = resource.get("module")
                        tables = {resource["name"]: {"mimic": {"module": module}} if module else {}}
                        result = self.load(tables, kind + self.path("out/deep"))
                        self.expect_error(result)
        self.assertEqual(os.listdir(outside), [])
        self.assertEqual([name for name in world.files_below(self.top)
                          if not name.startswith(("in/", "schemas/")) and not name.endswith("/")], [])

    def test_paths_of_resources(self):
        """The path of a resource is a name to look for in the folder, never a way out of it."""
        secret = write(os.path.join(world.fresh("outside"), "secret.csv"), "a,b\n1,secret\n")
        for path in ("../outside/secret.csv", secret, "../../" + secret):
            result = self.load({"x": {"path": path}}, "csv:" + self.path("out"))
            with self.subTest(path):
                self.assertEqual(result.status, 0, result)
                with open(self.path("out/x.csv"), encoding="ascii") as stream:
                    self.assertEqual(stream.read(), "a,b\n0,x\n")

    def hostile_tables(self):
        """Tables and fields whose names, titles and values are SQL; each refers to the next."""
        names = ['x"; DROP TABLE y; --', "x'; DROP TABLE y; --", "x]y", "x`y", "select", "x y", "%s%n",
                 "?1", ":a", "$$", "y", "\u00e4\u4e2d", "x\\", "-- ", "/* ", "x;y"]
        tables = {name: {"title": name, "description": name + "\n'; DROP TABLE y; --"}
                  for name in names}
        names = list(tables)
        for i, name in enumerate(names):
            other = names[i - 1]
            tables[name]["schema"] = {
                "fields": [{"name": name, "type": "integer"},
                           {"name": other + "\n" + name, "type": "string",
                            "description": "'; DROP TABLE y; --", "constraints": {
                                "enum": ["'); DROP TABLE y; --", "x"]}}],
                "primaryKey": [name], "uniqueKeys": [[other + "\n" + name]],
                "foreignKeys": [{"fields": [name], "reference": {"resource": other,
                                                                "fields": [other]}}]}
        return tables

    def test_names_that_are_sql(self):
        tables = self.hostile_tables()
        dataset = self.path("in")
        for again in range(2):
            result = self.load_named(tables, dataset, "sqlite:" + self.path("x.db"))
            self.assertEqual(result.status, 3, result)
            database = sqlite3.connect(self.path("x.db"))
            found = {row[0] for row in database.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_mimic%' "
                "ESCAPE '\\' AND name NOT LIKE 'sqlite%'")}
            self.assertEqual(found, set(tables))
            for name in tables:
                quoted = '"' + name.replace('"', '""') + '"'
                rows = database.execute("SELECT * FROM " + quoted).fetchall()
                self.assertEqual(rows, [(1, "'); DROP TABLE y; --"), (2, "x")], name)
            count = database.execute("SELECT count(*) FROM _mimic_rejects").fetchone()[0]
            self.assertEqual(count, len(tables))
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")
            database.close()

    def load_named(self, tables, dataset, target):
        """Files with the columns that the tables say; one good row, one more, one bad."""
        resources = []
        for i, (name, resource) in enumerate(tables.items()):
            fields = [field["name"] for field in resource["schema"]["fields"]]
            header = ",".join('"%s"' % field.replace('"', '""') for field in fields)
            write(os.path.join(dataset, "table_%d.csv" % i),
                  header + "\n1,'); DROP TABLE y; --\n2,x\n3,'); DROP TABLE z; --\n")
            resources.append({"name": name, "type": "table", "path": "table_%d.csv" % i, **resource,
                              "mimic": {"aliases": ["table_%d" % i]}})
        write(self.path("schemas/datapackage.json"),
              json.dumps({"name": "hostile", "version": "1", "resources": resources}))
        return run([Settings.mimic, "load", "-q", "--force", "--schema-dir", self.path("schemas"),
                    "--dataset", "hostile", dataset, target])

    def test_reserved_names(self):
        for name in ("_mimic_rejects", "_mimic_meta", "_mimic_ledger", "_MIMIC_x", "sqlite_master",
                     "SQLite_x", "sqlite_sequence"):
            with self.subTest(name):
                self.expect_error(self.load({name: {}}, "sqlite:" + self.path("x.db")), "reserved")
                self.assertFalse(os.path.exists(self.path("x.db")))

    def test_rejects_and_tables_have_one_name(self):
        """rejects/x.csv cannot be two files."""
        for target in ("csv:", "arrow:"):
            tables = {"x": {"mimic": {"module": "rejects"}}}
            result = self.load(tables, target + self.path("out"))
            self.expect_error(result, "rejects")

    def test_control_characters(self):
        for name in ("x\ny", "x\x1b[31my", "x\x7f", "x\ty", "\u0085x"):
            result = self.load({name: {}}, "csv:" + self.path("out"))
            with self.subTest(repr(name)):
                self.expect_error(result)
                self.assertNotIn("\x1b", result.said + result.out)
        self.expect_error(self.load({"x\0y": {}}, "csv:" + self.path("out")), "\\u0000")

    def test_long_names(self):
        for size in (201, 100000, 10 * MIB):
            with self.subTest(size):
                result = self.load({"x" * size: {}}, "null:")
                self.expect_error(result, "bytes")
                self.assertLess(len(result.said), 4096)
                columns = json.loads(schema_of("a", "y" * size * 6))
                self.expect_error(self.load({"x": {"schema": columns}}, "null:"), "bytes")
        self.assertEqual(self.load({"x" * 200: {}}, "csv:" + self.path("out")).status, 0)

    def test_nesting_and_size(self):
        for text, words in (("[" * 100000, "nesting"), ('{"a":' * 100000, "nesting"),
                            ("[" * 65 + "]" * 65, "nesting"), ("[" + "1," * 5000000 + "1]", "tokens"),
                            ('{"fields": "' + "x" * (64 * MIB) + '"}', "64 M")):
            path = write(self.path("bad.json"), text)
            result = run_measured([Settings.mimic, "schema", "check", path])
            with self.subTest(text[:20]):
                self.assertIn(result.status, (1, 3), result)
                self.assertIn(words, result.said + result.out)
        fields = ",".join('{"name":"f%d","type":"string"}' % i for i in range(5000))
        path = write(self.path("bad.json"), '{"fields":[%s]}' % fields)
        self.assertIn("4096", run([Settings.mimic, "schema", "check", path]).out)
        tables = ",".join('{"name":"t%d"}' % i for i in range(20000))
        path = write(self.path("bad.json"), '{"name":"x","resources":[%s]}' % tables)
        self.assertIn("10000", run([Settings.mimic, "schema", "check", path]).out)


class Modes(Limits):
    """Finished files have the user's umask, unfinished ones are private."""

    def modes(self, umask, target):
        ward = world.Ward.of(400)
        old = os.umask(umask)
        try:
            self.assertEqual(run(ward.load(ward.new, target)).status, 3)
        finally:
            os.umask(old)
        return {name: stat.S_IMODE(os.lstat(os.path.join(self.top, name)).st_mode)
                for name in world.files_below(self.top) if not name.endswith("/")}

    def test_finished_files(self):
        for umask in (0o022, 0o077, 0o007, 0o000):
            for target in world.TARGETS:
                with self.subTest("%03o %s" % (umask, target.name)):
                    self.reset()
                    for name, mode in self.modes(umask, target.spec(self.top)).items():
                        self.assertEqual(mode, 0o666 & ~umask, name)

    def test_unfinished_files(self):
        """Killed before each call: nothing that is left may be read by others."""
        ward = world.Ward.of(400)
        for target in world.TARGETS:
            for number in range(3, 40, 4):
                self.reset()
                run(ward.load(ward.new, target.spec(self.top)),
                    {"below": self.top, "calls": "write,pwrite,fsync,close",
                     "fault": "kill", "at": number})
                for name in world.files_below(self.top):
                    facts = os.lstat(os.path.join(self.top, name))
                    if os.path.basename(name).startswith(".") or "-journal" in name:
                        if name.endswith(".mimic-lock"):
                            continue # who writes, not what
                        if not name.endswith("/") and facts.st_size > 0:
                            self.assertEqual(stat.S_IMODE(facts.st_mode) & 0o077, 0, (target.name, number, name))
