"""The program and PostgreSQL: passwords, resuming, killed and interrupted loads, two loads at once.

    test_postgres.py MIMIC SHIM [NAME...]

SHIM is built from tests/faults/shim.c; '-' where there is none.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import moments
import postgres

MIMIC = os.path.abspath(sys.argv.pop(1))
SHIM = sys.argv.pop(1)
needs_shim = unittest.skipIf(SHIM == "-", "no shim here")
PASSWORD = "Sesam/oeffne@dich?99"  # has what must be percent-encoded
PARTS = ["Sesam", "oeffne", "dich?99", "dich%3F99"]
EVERYTHING = """SELECT string_agg(line, ' ' ORDER BY line) FROM (
  SELECT format('%s.%s %s', n.nspname, c.relname, (xpath('/row/c/text()', query_to_xml(format(
    'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) AS c FROM %I.%I AS t',
    n.nspname, c.relname), false, true, '')))[1]) AS line
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname LIKE 'mimiciv%') AS lines"""


def setUpModule():
    global server, data, top
    server = postgres.Server(password=PASSWORD, tcp=True)
    server.start()
    top = tempfile.TemporaryDirectory()
    data = os.path.join(top.name, "hospital")
    subprocess.run([MIMIC, "synth", "--quiet", "mimic-iv", data, "--patients", "40", "--seed", "5"], check=True,
                   stdout=subprocess.DEVNULL)


def tearDownModule():
    server.stop()
    top.cleanup()


def clean():
    server.psql("DO $$ DECLARE s text; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname ~ '^(mimic|own)'"
                " LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP; END $$")


class Case(unittest.TestCase):
    def setUp(self):
        clean()

    def run_mimic(self, *arguments, environment=None):
        return subprocess.run([MIMIC, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=moments.PATIENCE,
                              check=False, env=environment or server.environment())

    def load(self, *options, environment=None):
        done = self.run_mimic("load", "--quiet", "--format", "json", *options, data, server.dsn(),
                              environment=environment)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    def start(self, *options):
        return subprocess.Popen([MIMIC, "load", "--quiet", *options, data, server.dsn()], env=server.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def command(self, *options):
        return [MIMIC, "load", "--quiet", *options, data, server.dsn()]

    def length(self, *options):
        """Calls of an undisturbed load, to the server and back."""
        count, status = moments.count(self.command(*options), SHIM, environment=server.environment(), **moments.SOCKETS)
        self.assertEqual(status, 0)
        return count

    def held(self, at, *options):
        """A load that waits before one of these calls."""
        return moments.Held(self.command(*options), SHIM, at, environment=server.environment(),
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **moments.SOCKETS)


class Passwords(Case):
    def plain(self):
        return {key: value for key, value in os.environ.items() if not key.startswith("PG")}

    def expect_no_secret(self, text):
        for part in PARTS:
            self.assertNotIn(part, text)

    @needs_shim
    def test_nowhere(self):
        """Neither in what is said, nor in the report, the ledger or the list of processes."""
        dsn = server.dsn(password=True)
        self.assertIn("%2F", dsn)
        with moments.Held([MIMIC, "load", "--format", "json", data, dsn], SHIM, 1, environment=self.plain(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **moments.SOCKETS) as child:
            with open(f"/proc/{child.pid}/cmdline", encoding="utf-8") as stream:
                seen = stream.read()
            child.let_go()
            out, err = child.communicate(timeout=moments.PATIENCE)
        self.assertEqual(child.returncode, 0, err)
        self.assertIn("***", seen)
        self.expect_no_secret(seen)
        self.expect_no_secret(out + err)
        self.assertIn("postgres:***@", json.loads(out)["target"])
        self.expect_no_secret(server.psql("SELECT * FROM mimic._mimic_ledger; SELECT * FROM mimic._mimic_meta;"
                                          "SELECT * FROM pg_stat_activity"))

    def test_not_in_errors(self):
        ways = [server.dsn(password=True).replace("99@", "98@"), server.dsn(password=True).replace(f":{server.port}/", ":1/"),
                server.dsn(password=True) + "?sslmode=nonsense", server.dsn(password=True) + "?nonsense",
                server.dsn(password=True) + "?nonsense=1", f"postgresql://postgres:{PASSWORD}@127.0.0.1/postgres",
                server.dsn() + "?password=" + PASSWORD + "&nonsense=%zz", f"postgresql://u:{PASSWORD}@h",
                "postgresql://u:Sesam%zz@127.0.0.1/d"]
        for target in ways:
            for arguments in (["load", data, target], ["load", target, data], ["load", target], ["load", data, target, "x"],
                              ["convert", target, target], ["check", target], ["schema", "show", target],
                              ["nonsense", target]):
                with self.subTest(arguments=arguments):
                    done = self.run_mimic(*arguments, environment=self.plain())
                    self.assertIn(done.returncode, (1, 2))
                    self.expect_no_secret(done.stdout + done.stderr)

    def test_other_ways_in(self):
        """PGPASSWORD, a password file, a service file."""
        table = os.path.join(data, "hosp", "patients.csv.gz")
        self.assertTrue(os.path.exists(table))
        word = os.path.join(top.name, "pgpass")
        with open(word, "w", encoding="utf-8") as stream:
            stream.write("127.0.0.1:*:*:*:" + PASSWORD + "\n")
        os.chmod(word, 0o600)
        service = os.path.join(top.name, "service.conf")
        with open(service, "w", encoding="utf-8") as stream:
            stream.write(f"[lab]\nhost=127.0.0.1\nport={server.port}\nuser=postgres\ndbname=postgres\n"
                         f"password={PASSWORD}\nconnect_timeout=600\n")
        for target, more in ((server.dsn(), {"PGPASSWORD": PASSWORD}), (server.dsn(), {"PGPASSFILE": word}),
                             ("postgresql://?service=lab", {"PGSERVICEFILE": service})):
            with self.subTest(target=target):
                done = self.run_mimic("convert", "--quiet", table, target, environment={**self.plain(), **more})
                self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.run_mimic("convert", "--quiet", table, server.dsn(),
                                        environment=self.plain()).returncode, 1)


class Loads(Case):
    def test_schema_of_ones_own(self):
        status, _, said = self.load("--pg-schema", "Own")
        self.assertEqual((status, said), (0, ""))
        self.assertEqual(server.psql("SELECT count(*) FROM own.patients").strip(), "40")
        self.assertEqual(server.psql("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^mimic'").strip(), "0")

    def test_jobs_make_no_difference(self):
        found = set()
        for jobs in ("1", "2", "7"):
            clean()
            self.assertEqual(self.load("--jobs", jobs)[0], 0)
            found.add(server.psql(EVERYTHING))
        self.assertEqual(len(found), 1)

    def test_without_rights(self):
        server.psql("DROP ROLE IF EXISTS nobody_special; CREATE ROLE nobody_special LOGIN PASSWORD 'x'")
        done = self.run_mimic("load", "--quiet", data, server.dsn().replace("postgres@", "nobody_special:x@"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("permission denied", done.stderr)
        self.assertIn("42501", done.stderr)

    def test_no_server(self):
        done = self.run_mimic("load", "--quiet", data, "postgresql://127.0.0.1:1/x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot connect", done.stderr)

    @needs_shim
    def test_ctrl_c(self):
        length = self.length()
        for part in (0.1, 0.5):
            clean()
            with self.held(int(length * part)) as child:
                self.assertTrue(child.is_held)
                child.send_signal(signal.SIGINT)
                child.let_go()
                _, err = child.communicate(timeout=moments.PATIENCE)
            self.assertEqual(child.returncode, 130, err)
            server.settle()
            self.assertEqual(self.load()[0], 0)

    def test_second_load_waits_or_fails(self):
        children = [self.start("--jobs", "1") for _ in range(2)]
        results = [(child.communicate(timeout=moments.PATIENCE), child.returncode) for child in children]
        for (_, err), status in results:
            self.assertTrue(status == 0 or "another load is at work" in err, err)
        self.assertIn(0, [status for _, status in results])

    @needs_shim
    def test_killed_and_resumed(self):
        """SIGKILL at some call, then once more: as if nothing had happened."""
        self.assertEqual(self.load()[0], 0)
        expected = server.psql(EVERYTHING)
        clean()
        length = self.length()
        dice = random.Random(20261121)
        killed = 0
        for _ in range(8):
            clean()
            faults = moments.faulty(SHIM, server.environment(), fault="kill", at=dice.randrange(length) + 1,
                                    **moments.SOCKETS)
            done = subprocess.run(self.command(), env=faults, capture_output=True, timeout=moments.PATIENCE, check=False)
            killed += done.returncode == -signal.SIGKILL
            server.settle()
            status, _, said = self.load()
            self.assertEqual(status, 0, said)
            self.assertEqual(server.psql(EVERYTHING), expected)
            self.assertEqual(server.psql("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_mimic\\_new%'").strip(),
                             "0")
            self.assertEqual(server.psql("SELECT count(*) FROM mimic._mimic_foreign_keys WHERE state = 'pending'")
                             .strip(), "0")
        self.assertGreater(killed, 4)

    @needs_shim
    def test_backend_terminated(self):
        """The server ends the session in the middle: a clear error, and what was there stays."""
        self.assertEqual(self.load()[0], 0)
        expected = server.psql(EVERYTHING)
        length = self.length("--force")
        for part in (0.2, 0.4, 0.7):
            with self.held(int(length * part), "--force") as child:
                self.assertTrue(child.is_held)
                self.assertGreater(server.terminate_backends(), 0)
                server.settle()
                child.let_go()
                _, err = child.communicate(timeout=moments.PATIENCE)
            self.assertEqual(child.returncode, 1, err)
            self.assertRegex(err, "terminat|lost|closed")
            self.assertEqual(server.psql(EVERYTHING), expected)
        self.assertEqual(self.load("--force")[0], 0)
        self.assertEqual(server.psql(EVERYTHING), expected)


if __name__ == "__main__":
    postgres.require()
    unittest.main()
