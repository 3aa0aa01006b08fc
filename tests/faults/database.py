"""A PostgreSQL server that fails: loads killed, sessions ended, the server restarted, the connection
cut anywhere, the disk of the server full, nobody there, nobody let in."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import unittest

import kills
import limits
import memory
import world
from world import Settings, Ward, moments, run

import postgres  # world knows where

TOP = "top"  # the database of the test at hand
COLUMNS = """
SELECT c.oid::regclass::text || E'\\t' || md5(coalesce(string_agg(a.attname || ' ' ||
           format_type(a.atttypid, a.atttypmod) || a.attnotnull::text, ',' ORDER BY a.attnum), '') ||
       coalesce((SELECT string_agg(pg_get_indexdef(i.indexrelid), ';' ORDER BY i.indexrelid::regclass::text)
                 FROM pg_index i WHERE i.indrelid = c.oid), '') ||
       coalesce(obj_description(c.oid), ''))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
GROUP BY c.oid ORDER BY 1;
"""
KEYS = """
SELECT 'keys of ' || conrelid::regclass::text || E'\\t' ||
       string_agg(conname || ' ' || pg_get_constraintdef(oid), ';' ORDER BY conname)
FROM pg_constraint WHERE conrelid <> 0 AND
      connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') GROUP BY conrelid;
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted;"
BY_TABLE = {"_mimic_rejects": "rejects of ", "_mimic_meta": "meta of ", "_mimic_ledger": "ledger of "}


class Server:
    """One for all tests of a run; started when first asked for."""

    one = None

    @classmethod
    def get(cls):
        if cls.one is None:
            if not postgres.is_installed():
                if os.environ.get("CI") == "true":
                    raise AssertionError("PostgreSQL is not installed")
                raise unittest.SkipTest("PostgreSQL is not installed")
            probe = subprocess.run([Settings.mimic, "load", "-q", "/nowhere", "postgresql:///x?host=/nowhere"],
                                   capture_output=True, text=True, check=False)
            if "not built in" in probe.stderr:
                raise unittest.SkipTest("the program is built without PostgreSQL")
            cls.one = postgres.Server(tcp=True)
            cls.one.start()
            unittest.addModuleCleanup(cls.end)
        return cls.one

    @classmethod
    def end(cls):
        cls.one.stop()
        cls.one = None


def state_of(server, database):
    state = {}
    shapes = dict(line.split("\t", 1) for line in server.psql(COLUMNS, database).splitlines())
    questions = []
    for table in shapes:
        name = table.split(".")[-1].strip('"')
        title = "keys of the load" if name == "_mimic_foreign_keys" else table
        if name in BY_TABLE:
            left_out = "'started', 'finished', 'source_modified', 'source', 'seconds'"
            questions.append(
                "SELECT '%s' || table_name || E'\\t' || md5(string_agg(line, '|' ORDER BY line)) FROM "
                "(SELECT table_name, (SELECT string_agg(key || regexp_replace(value, '[^ ]*/', '', 'g'), ',' ORDER BY key) "
                "FROM jsonb_each_text(to_jsonb(t)) WHERE key NOT IN (%s)) AS line FROM %s t) x GROUP BY table_name;"
                % (BY_TABLE[name], left_out, table))
        else:
            questions.append("SELECT '%s' || E'\\t' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') "
                             "|| '%s' FROM %s t;" % (title, shapes[table], table))
    for line in server.psql("\n".join(questions) + KEYS, database).splitlines():
        name, value = line.split("\t", 1)
        state[name] = value
    return state


class Database(world.Faults):
    """Has a database where other tests have a folder."""

    SIZE = 400

    def setUp(self):
        self.server = Server.get()
        self.ward = Ward.of(self.SIZE)
        self.chance = world.random.Random("%d %s" % (Settings.seed, self.id()))
        self.kept = {}
        self.top = TOP

    def address(self, database=TOP):
        return self.server.dsn(database, tcp=False)

    def sql(self, text, database="postgres"):
        return self.server.psql(text, database)

    def recreate(self, database, template="template0"):
        self.server.settle(template)
        self.sql('DROP DATABASE IF EXISTS "%s" WITH (FORCE);\nCREATE DATABASE "%s" TEMPLATE "%s";'
                 % (database, database, template))

    def loaded(self, _target, ward, *sources, more=()):
        name = "kept-%d-%s" % (self.SIZE, "-".join(map(os.path.basename, sources)))
        if self.sql("SELECT count(*) FROM pg_database WHERE datname = '%s';" % name).strip() == "0":
            self.recreate(name)
            for source in sources:
                result = run(ward.load(source, self.address(name), *more))
                self.assertEqual(result.status, 3, result)
        return name

    def reset(self, kept=None):
        self.recreate(TOP, kept or "template0")

    def state(self, database=TOP):
        """When nobody is at work any more: the session of a killed load goes on for a moment."""
        self.server.settle(database)
        return state_of(self.server, database)

    def states(self):
        """Before and behind a load of the new version over the old one."""
        return (self.state(self.loaded(None, self.ward, self.ward.old)),
                self.state(self.loaded(None, self.ward, self.ward.old, self.ward.new)))

    def expect_between(self, before, wanted, what):
        """Foreign keys come when all tables are there."""
        state = self.state()
        for part in (state, before, wanted):
            for name in [name for name in part if name.startswith("keys of ")]:
                del part[name]
        self.expect_old_or_new(state, before, wanted, what)

    def expect_rerun(self, wanted, what):
        """The same load again ends well, and nothing is left of the first."""
        result = run(self.ward.load(self.ward.new, self.address()))
        self.assertEqual(result.status, 3, (what, result))
        self.assertEqual(self.state(), wanted, what)


class Target:
    """As the moments of kills.py want it."""

    name = "postgres"

    def __init__(self, test):
        self.test = test

    def spec(self, _top):
        return self.test.address()

    def state(self, database):
        return self.test.state(database)

    def check(self, _database):
        return ""


class Moments(Database, kills.Moments):
    SIZE = 8000

    def calls(self):
        return moments.SOCKETS

    for name in dir(kills.Moments):
        if name.startswith("test_"):
            locals()[name] = None
    del name

    def setUp(self):
        Database.setUp(self)

    def look(self, target, before, wanted, what):
        self.expect_between(dict(before), dict(wanted), what)

    def expect_no_leftovers(self, *_ignored, **_too):
        """The state names every table."""

    def test_new(self):
        self.kill_often(Target(self), True, 0.1)

    def test_there(self):
        self.kill_often(Target(self), False, 0.2)


class AtOnce(Database, kills.AtOnce):
    SIZE = 8000
    test_files = None

    def setUp(self):
        Database.setUp(self)

    def test_database(self):
        self.two_at_once(Target(self))


class Allocations(Database, memory.Allocations):
    """Memory that runs out between libmimic and the server; libpq has its own."""

    SIZE = 120
    SAMPLE = 8
    test_sqlite = test_sqlite_by_inserts = test_arrow = test_csv = None
    test_several_threads = test_many_rejects = None

    def setUp(self):
        Database.setUp(self)

    def expect_no_leftovers(self, *_ignored, **_too):
        """The state names every table."""

    def expect_old_or_new(self, state, old, new, what):
        states = [{name: value for name, value in part.items() if not name.startswith("keys of ")}
                  for part in (state, old, new)]
        world.Faults.expect_old_or_new(self, *states, what)

    def test_database(self):
        for options in (["jobs=1"], ["jobs=3"]):
            self.sweep(Target(self), False, *options)


class Session(Database):
    """The load goes on; what it talks to does not."""

    SIZE = 8000

    def interrupt(self, deed, count, words):
        before, wanted = self.states()
        kept = self.loaded(None, self.ward, self.ward.old)
        command = self.ward.load(self.ward.new, self.address(), "-j", "2")
        self.reset(kept)
        length, status = moments.count(command, Settings.shim, **moments.SOCKETS)
        self.assertEqual(status, 3)
        met = 0
        for i in range(count):
            at = int(length * (i + 0.5) / count) + 1
            what = "at call %d of %d" % (at, length)
            with self.subTest(what):
                self.reset(kept)
                with world.held(command, at, **moments.SOCKETS) as load:
                    deed()
                    load.let_go()
                    _, said = load.communicate(timeout=world.PATIENCE)
                result = world.Result(load.returncode, said)
                self.server.start()
                if result.status != 3:
                    met += 1
                    self.expect_error(result)
                    self.assertRegex(result.said, words)
                self.expect_between(dict(before), dict(wanted), what)
                self.expect_rerun(wanted, what)
        self.assertGreaterEqual(met, count // 2, "the load was over")

    def test_backends_end(self):
        self.interrupt(self.server.terminate_backends, 8, "terminat|connection|57P01")

    def test_server_restarts(self):
        self.interrupt(lambda: self.server.restart(immediate=True), 4,
                       "(?i)terminat|connection|crash|57P0|shut")

    def test_orderly_shutdown(self):
        self.interrupt(lambda: self.server.restart(immediate=False), 2,
                       "(?i)terminat|connection|57P0|shut")


class Proxy:
    """Passes bytes on until so many have gone one way, then cuts the line."""

    def __init__(self, port, limit, of_client, is_hard):
        self.port, self.limit, self.of_client, self.is_hard = port, limit, of_client, is_hard
        self.passed = {True: 0, False: 0}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open = []
        threading.Thread(target=self.serve, daemon=True).start()

    def address(self, database=TOP):
        return "postgresql://postgres@127.0.0.1:%d/%s?sslmode=disable&gssencmode=disable" % (
            self.listener.getsockname()[1], database)

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            self.open += [client, server]
            threading.Thread(target=self.pass_on, args=(client, server), daemon=True).start()

    def pass_on(self, client, server):
        answers = threading.Thread(target=self.pump, args=(server, client, False), daemon=True)
        answers.start()
        self.pump(client, server, True)
        answers.join()
        client.close()
        server.close()

    def pump(self, source, sink, of_client):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                if self.limit is not None and of_client == self.of_client:
                    data = data[:max(self.limit - self.passed[of_client], 0)]
                sink.sendall(data)
                self.passed[of_client] += len(data)
                if self.limit is not None and self.passed[self.of_client] >= self.limit:
                    self.cut()
        except OSError:
            pass
        self.end((source, sink))

    def cut(self):
        """Closing a socket whose lingering is off resets the connection."""
        for end in self.open if self.is_hard else []:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass
        self.end(self.open)

    def end(self, ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RD if self.is_hard else socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.end(self.open)


class Cut(Database):
    """The connection is cut behind any number of bytes, of the load's or of the server's."""

    def test_cuts(self):
        before, wanted = self.states()
        kept = self.loaded(None, self.ward, self.ward.old)
        self.reset(kept)
        whole = Proxy(self.server.port, None, True, False)
        self.assertEqual(run(self.ward.load(self.ward.new, whole.address(), "-j", "1")).status, 3)
        total = dict(whole.passed)
        whole.close()
        count = 60 if Settings.all else 16
        for i in range(count):
            of_client, is_hard = i % 2 == 0, i % 4 < 2
            # The last bytes of either side are a good-bye that nobody waits for.
            limit = 1 + int((total[of_client] - 20) * self.chance.random())
            if i >= count * 3 // 4:
                limit = total[of_client] - 5 - self.chance.randrange(400)
            what = "%s cut behind byte %d of %d of the %s" % (
                "hard" if is_hard else "soft", limit, total[of_client], "load" if of_client else "server")
            with self.subTest(what):
                self.reset(kept)
                proxy = Proxy(self.server.port, limit, of_client, is_hard)
                result = run(self.ward.load(self.ward.new, proxy.address(), "-j", "1"))
                proxy.close()
                state = self.state()
                if result.status != 3:
                    self.expect_error(result)
                    self.assertRegex(result.said, "(?i)connection|server closed|could not|lost")
                    self.expect_honest(result, state, before, wanted)
                self.expect_between(dict(before), dict(wanted), what)
                self.expect_rerun(wanted, what)

    def expect_honest(self, result, state, before, wanted):
        """What is said of the table at hand is so."""
        if "is as it was before" in result.said:
            found = re.search(r"table (\w+)", result.said)
            name = found.group(1) if found else ""
            for table in state:
                if table.split(".")[-1] == name:
                    self.assertEqual(state[table], before[table], result)


class NoEntry(Database):
    def setUp(self):
        super().setUp()
        self.reset()

    def load(self, address, **more):
        environment = dict(world.environment(), **more)
        done = subprocess.run(self.ward.load(self.ward.new, address), capture_output=True, text=True,
                              env=environment, check=False, timeout=world.PATIENCE)
        return world.Result(done.returncode, done.stderr, done.stdout)

    def test_nobody_there(self):
        taken = socket.socket()  # and nobody listens
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        for address in ("postgresql://postgres@127.0.0.1:%d/x" % taken.getsockname()[1],
                        "postgresql://postgres@/x?host=/nowhere/at/all",
                        "postgresql://postgres@host.invalid/x"):
            with self.subTest(address):
                self.expect_error(self.load(address), "cannot connect")

    def test_no_such_database_or_role(self):
        self.expect_error(self.load(self.server.dsn("nowhere", tcp=False)), "nowhere", "does not exist")
        address = self.server.dsn(TOP, tcp=False).replace("//postgres@", "//nobody_here@")
        self.expect_error(self.load(address), "nobody_here")

    def test_wrong_password(self):
        with postgres.Server(password="the right one") as server:
            for address, more in ((server.dsn(), {"PGPASSWORD": "wr0ng-w0rd"}),
                                  (server.dsn().replace("//postgres@", "//postgres:wr0ng-w0rd@"), {}),
                                  (server.dsn() + "&password=wr0ng-w0rd", {}),
                                  (server.dsn(), {})):
                with self.subTest(address):
                    result = self.load(address, **more)
                    self.expect_error(result, "assword")
                    self.assertNotIn("wr0ng-w0rd", result.said + result.out)

    def test_no_rights(self):
        self.sql("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN;")
        self.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC;", TOP)
        address = self.server.dsn(TOP, tcp=False).replace("//postgres@", "//guest@")
        result = self.load(address)
        self.expect_error(result, "permission denied", "42501")
        self.assertEqual(self.state(), {})

    def test_table_of_another(self):
        """A table that is not ours to replace stays."""
        self.assertEqual(self.load(self.address()).status, 3)
        before = self.state()
        self.sql("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; GRANT ALL ON DATABASE top TO guest;", TOP)
        address = self.server.dsn(TOP, tcp=False).replace("//postgres@", "//guest@")
        result = run(self.ward.load(self.ward.old, address))
        self.expect_error(result, "permission denied", "42501")
        self.assertEqual(self.state(), before)
        self.sql("REVOKE ALL ON DATABASE top FROM guest;", TOP)

    def test_table_in_use(self):
        """Another session holds a lock on the old table; the load waits, and a signal ends the wait."""
        self.assertEqual(self.load(self.address()).status, 3)
        before = self.state()
        holder = subprocess.Popen(self.server.psql_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True, env=self.server.environment(PGDATABASE=TOP))
        tables = [name for name in before if name.endswith("labs") and " " not in name]
        holder.stdin.write("BEGIN; SELECT count(*) FROM %s;\n" % tables[0])
        holder.stdin.flush()
        holder.stdout.readline()
        with subprocess.Popen(self.ward.load(self.ward.old, self.address()), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, env=world.environment()) as load:
            moments.until(lambda: load.poll() is not None or self.sql(WAITING).strip() != "0", "a wait for the lock")
            self.assertIsNone(load.poll(), "it did not wait")
            load.send_signal(signal.SIGINT)
            _, said = load.communicate(timeout=world.PATIENCE)
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
        self.assertEqual(load.returncode, 130, said)
        state = self.state()
        self.assertEqual(state[tables[0]], before[tables[0]])


class Names(Database):
    """Names and values that are SQL. limits.py has the same for SQLite."""

    def setUp(self):
        super().setUp()
        self.reset()
        self.maker = limits.Packages()
        self.maker.top = world.fresh("names")

    def expect_tables(self, tables, schema):
        found = self.sql("SELECT c.relname FROM pg_class c WHERE relkind = 'r' AND "
                         "relnamespace::regnamespace::text = '%s' ORDER BY 1;" % schema, TOP).splitlines()
        self.assertEqual(sorted(found), sorted(name.lower() for name in tables))
        for name in tables:
            quoted = '"%s"."%s"' % (schema, name.lower().replace('"', '""'))
            rows = self.sql("SELECT * FROM %s ORDER BY 1;" % quoted, TOP)
            self.assertEqual(rows, "1|'); DROP TABLE y; --\n2|x\n", name)

    def test_names_that_are_sql(self):
        tables = self.maker.hostile_tables()
        for again in range(2):
            result = self.maker.load_named(tables, os.path.join(self.maker.top, "in"), self.address())
            self.assertEqual(result.status, 3, result)
            self.expect_tables(tables, "hostile")
            count = self.sql("SELECT count(*) FROM mimic._mimic_rejects;", TOP).strip()
            self.assertEqual(count, str(len(tables)))

    def test_schema_that_is_sql(self):
        tables = self.maker.hostile_tables()
        for name in ('x"; DROP SCHEMA public CASCADE; --', "it's", "select", "ä"):
            more = ["--pg-schema", name]
            with self.subTest(name):
                self.maker.load_named({"y": tables["y"] | {"schema": {"fields": tables["y"]["schema"]["fields"]}}},
                                      os.path.join(self.maker.top, "in"), "null:")
                result = run([Settings.mimic, "load", "-q", "--schema-dir", self.maker.path("schemas"), "--dataset",
                              "hostile", *more, self.maker.path("in"), self.address()])
                self.assertEqual(result.status, 3, result)
                found = self.sql("SELECT nspname FROM pg_namespace;", TOP).splitlines()
                self.assertIn(name.lower(), found)
                self.assertIn("public", found)

    def test_long_names(self):
        """The server cuts names at 63 bytes: two that would be one are refused or told apart."""
        field = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}
        stem = "x" * 70
        tables = {stem + "1": {"schema": field}, stem + "2": {"schema": field}}
        result = self.maker.load_named(tables, os.path.join(self.maker.top, "in"), self.address())
        self.expect_error(result, "63")
        self.assertEqual([name for name in self.state() if name.startswith("hostile")], [])
        columns = {"fields": [{"name": stem + "1", "type": "integer"}, {"name": stem + "2", "type": "string"}]}
        result = self.maker.load_named({"y": {"schema": columns}}, os.path.join(self.maker.top, "in2"), self.address())
        self.expect_error(result)


class FullDisk(Database):
    SIZE = 4000

    def test_tablespace(self):
        """The server's disk is a small one."""
        folder = os.path.join(Settings.folder, "disk")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        os.chmod(Settings.folder, 0o755)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "tmpfs", folder],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting a tmpfs is not allowed here")
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        before, wanted = self.states()
        space = os.path.join(folder, "space")
        os.mkdir(space)
        shutil.chown(space, "postgres", "postgres")
        self.sql("CREATE TABLESPACE small LOCATION '%s';" % space)
        self.addCleanup(self.sql, "DROP DATABASE top WITH (FORCE); DROP TABLESPACE small;")
        self.sql('DROP DATABASE IF EXISTS top WITH (FORCE);\nCREATE DATABASE top TEMPLATE "%s" TABLESPACE small;'
                 % self.loaded(None, self.ward, self.ward.old))
        refused = 0
        for free in (0, 64, 256, 512, 1024):
            with self.subTest("%d KiB free" % free):
                facts = os.statvfs(folder)
                with open(os.path.join(folder, "filler"), "wb") as filler:
                    filler.write(bytes(max(facts.f_bavail * facts.f_frsize - free * 1024, 0)))
                result = run(self.ward.load(self.ward.new, self.address()))
                os.remove(os.path.join(folder, "filler"))
                if result.status == 3:
                    continue
                refused += 1
                self.expect_error(result)
                self.assertRegex(result.said, "No space left.*53100|could not write")
                self.expect_between(dict(before), dict(wanted), str(free))
        self.assertGreater(refused, 1)
        self.expect_rerun(wanted, "with room")
