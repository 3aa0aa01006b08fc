#!/usr/bin/env python3
"""A private PostgreSQL server for one test: its own cluster in a temporary folder, reached by a Unix
socket and, when asked for, by a port of the loopback device.

    with postgres.Server() as server:
        run(..., server.dsn())
        print(server.psql("SELECT count(*) FROM visits"))

    postgres.py run [--tcp] [--password WORD] -- COMMAND...

The second form runs COMMAND with MIMIC_TEST_POSTGRES set to the address, and ends with its status.
It is 77 (skipped) where there is no PostgreSQL, but 1 under continuous integration (CI=true).

The server is a child of this process, never of init: the kernel stops it when this process ends in
whatever way, SIGKILL included. Start it from the main thread, whose life it shares. As root it runs
as the user postgres, since it refuses to be root. Nothing is synced to disk: a cluster that is
thrown away need not outlive the machine; a commit does outlive a crash of the server. Standard
library only.
"""

import ctypes
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import moments  # noqa: E402

USER = "postgres"
VARIABLE = "MIMIC_TEST_POSTGRES"
SETTINGS = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": "40",
            "logging_collector": "off", "timezone": "UTC"}
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The server or psql ended badly; the text says why."""


def program(name):
    """The path of one of PostgreSQL's programs; Debian keeps the server's away from PATH."""
    kept = glob.glob("/usr/lib/postgresql/*/bin/" + name)
    kept.sort(key=lambda path: int(re.sub(r"\D", "", path.split("/")[4]) or 0))
    found = kept[-1] if kept else shutil.which(name)
    return os.path.realpath(found) if found else None


def is_installed():
    return all(program(name) for name in ("initdb", "postgres", "psql"))


def require():
    """Ends the process where there is no server: 77 means skipped; CI must have one."""
    if is_installed():
        return
    is_ci = os.environ.get("CI") == "true"
    print("%s: PostgreSQL is not installed (Debian: postgresql postgresql-client)" % ("failed" if is_ci else "skipped"))
    sys.exit(1 if is_ci else 77)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Running from start() to stop(); a context manager does both.

    folder    where the cluster is made; default: the folder of temporary files
    password  of the user postgres, asked for by SCRAM; None lets everybody in who reaches the socket
    tcp       also listens on 127.0.0.1
    settings  of postgresql.conf, over those above
    """

    def __init__(self, folder=None, password=None, tcp=False, settings=None):
        self.parent, self.password = folder, password
        self.settings = {**SETTINGS, **(settings or {})}
        self.port = free_port() if tcp else 5432
        self.tcp = tcp
        self.folder = self.socket = self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    # ---- life ----

    def owner(self):
        """Arguments of Popen for the server's own programs."""
        return {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}

    def start(self):
        """Makes the cluster when there is none yet; returns when the server takes connections."""
        if self.process is not None:
            return
        try:
            if self.folder is None:
                self.create()
                self.launch_first()
            else:
                self.launch()
        except BaseException:
            self.stop()
            raise

    def create(self):
        self.folder = tempfile.mkdtemp(prefix="mimic-postgres-", dir=self.parent)
        self.socket = tempfile.mkdtemp(prefix="pg-", dir="/tmp")  # a socket's path is at most 107 bytes long
        word = os.path.join(self.folder, "word")
        if self.password is not None:
            with open(word, "w", encoding="utf-8") as file:
                file.write(self.password + "\n")
        if os.geteuid() == 0:
            for path in [self.folder, self.socket] + ([word] if self.password is not None else []):
                shutil.chown(path, USER, USER)
        login = ["-A", "trust"] if self.password is None else ["-A", "scram-sha-256", "--pwfile", word]
        done = subprocess.run([program("initdb"), "-D", self.cluster(), "-U", USER, "-E", "UTF8", "--no-locale",
                               "--no-sync", *login], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, **self.owner())
        if done.returncode != 0:
            raise Failed("initdb: " + done.stdout.decode(errors="replace").strip()[-500:])
        if self.password is not None:
            os.unlink(word)

    def launch_first(self):
        """The free port may have been taken by somebody else meanwhile."""
        for _ in range(5):
            try:
                return self.launch()
            except Failed:
                if not self.tcp or "Address already in use" not in self.log():
                    raise
                self.process, self.port = None, free_port()
        return self.launch()

    def cluster(self):
        return os.path.join(self.folder, "cluster")

    def log(self):
        """What the server said so far."""
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def launch(self):
        prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

        def die_with_parent():
            prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
            if os.getppid() != parent:
                os._exit(1)

        settings = {**self.settings, "listen_addresses": "127.0.0.1" if self.tcp else "", "port": self.port,
                    "unix_socket_directories": self.socket}
        options = [part for name, value in settings.items() for part in ("-c", "%s=%s" % (name, value))]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([program("postgres"), "-D", self.cluster(), *options], cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            preexec_fn=die_with_parent, **self.owner())
        until = time.monotonic() + moments.PATIENCE
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed("postgres did not start: " + self.log()[-500:])
            time.sleep(0.02)

    def is_ready(self):
        """The eighth line of the pid file, as pg_ctl -w reads it."""
        try:
            with open(os.path.join(self.cluster(), "postmaster.pid"), encoding="utf-8") as file:
                lines = file.read().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def halt(self, immediate=True):
        """Stops the server and keeps the cluster; immediate is a crash, otherwise sessions are ended in order."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        try:
            self.process.wait(moments.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self, immediate=True):
        self.halt(immediate)
        self.start()

    def stop(self):
        """Stops the server and removes all of it."""
        self.halt()
        for path in (self.socket, self.folder):
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)
        self.folder = self.socket = None

    # ---- use ----

    def dsn(self, database="postgres", tcp=None, password=False, **parameters):
        """The address as a URI; the password is in it only when asked for."""
        word = ":" + urllib.parse.quote(self.password, safe="") if password and self.password else ""
        tcp = self.tcp if tcp is None else tcp
        if tcp:
            address = "postgresql://%s%s@127.0.0.1:%d/%s" % (USER, word, self.port, database)
        else:
            address = "postgresql://%s%s@/%s" % (USER, word, database)
            parameters = {"host": self.socket, "port": self.port, **parameters}
        return address + ("?" + urllib.parse.urlencode(parameters, safe="/") if parameters else "")

    def environment(self, **more):
        """For a client that is told nothing else."""
        word = {} if self.password is None else {"PGPASSWORD": self.password}
        return {**os.environ, "PGHOST": self.socket, "PGPORT": str(self.port), "PGUSER": USER,
                "PGDATABASE": "postgres", **word, **more}

    def psql_command(self, *arguments):
        """psql without the user's settings; text unaligned, rows only. Needs environment()."""
        return [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments]

    def psql(self, sql, database="postgres"):
        """Runs statements (and psql's own, as \\copy) and returns what they print."""
        done = subprocess.run(self.psql_command("-f", "-"), input=sql.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.environment(PGDATABASE=database), check=False)
        if done.returncode != 0:
            raise Failed("psql: " + done.stderr.decode(errors="replace").strip()[-1000:])
        return done.stdout.decode()

    def settle(self, database="postgres"):
        """Waits until nobody else is connected to a database: a session outlives a client that was killed."""
        question = ("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND "
                    "pid <> pg_backend_pid() AND datname = '%s';" % database.replace("'", "''"))
        moments.until(lambda: self.psql(question).strip() == "0", "the end of sessions")

    def terminate_backends(self, where="application_name LIKE 'mimic%'"):
        """Ends the sessions of a condition on pg_stat_activity, by default those of mimic; returns how many."""
        return int(self.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                             "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND (%s);" % where))


# ---- the command ----

def stop_on_signals():
    """Turns signals that would end the process into an exit that stops the server."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def run(command, **options):
    """Runs a command beside a server; its status, 128 + number when a signal ended it."""
    stop_on_signals()
    with Server(**options) as server:
        word = {} if server.password is None else {"PGPASSWORD": server.password}
        child = subprocess.Popen(command, env={**os.environ, VARIABLE: server.dsn(), **word})
        try:
            status = child.wait()
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
    return status if status >= 0 else 128 - status


def main(arguments):
    options = {}
    if arguments[:1] != ["run"] or "--" not in arguments:
        print(__doc__, file=sys.stderr)
        return 2
    end = arguments.index("--")
    given = iter(arguments[1:end])
    for word in given:
        if word == "--tcp":
            options["tcp"] = True
        elif word == "--password":
            options["password"] = next(given, "")
        else:
            print("unknown option: " + word, file=sys.stderr)
            return 2
    require()
    return run(arguments[end + 1:], **options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
