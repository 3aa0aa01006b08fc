"""A throw-away PostgreSQL: its own cluster in the work folder, reached by a Unix socket alone.

It is context, not a rival: libmimic has no PostgreSQL sink that could be held against it.
"""

import glob
import os
import shutil
import subprocess
import tempfile

import process

SETTINGS = ("-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
            "-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c shared_buffers=256MB "
            "-c autovacuum=off")
# The server's process is not psql's child: it is asked what it cost before psql leaves it.
COST = r"""\! cat /proc/$BACKEND/stat
\! grep VmHWM /proc/$BACKEND/status
"""


def program(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))[::-1]), None)
    return os.path.realpath(found) if found else None


class Postgres:
    """Starts at the first job and stops with stop()."""

    def __init__(self, build, work, mimic):
        self.build, self.mimic = build, mimic
        self.folder = os.path.join(os.path.abspath(work), "postgres")
        self.socket = None
        self.version = process.version([program("postgres") or "postgres", "--version"])
        if not shutil.which("psql") or not program("initdb"):
            self.version = None

    def as_server(self, *command):
        """The server refuses to run as root."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*user, *command], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise process.Failed("%s: %s" % (os.path.basename(command[0]),
                                             done.stdout.decode(errors="replace").strip()[-300:]))

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.socket = tempfile.mkdtemp(prefix="bench-pg-")  # a socket's path must be short
        if os.geteuid() == 0:
            for folder in (self.folder, self.socket):
                shutil.chown(folder, "postgres", "postgres")
        cluster = os.path.join(self.folder, "cluster")
        self.as_server(program("initdb"), "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                       "--no-locale", "--no-sync")
        self.as_server(program("pg_ctl"), "-D", cluster, "-w", "-l", os.path.join(self.folder, "log"), "-o",
                       "-k %s %s" % (self.socket, SETTINGS), "start")

    def stop(self):
        if self.socket is None:
            return
        try:
            self.as_server(program("pg_ctl"), "-D", os.path.join(self.folder, "cluster"), "-m", "immediate", "stop")
        except process.Failed:
            pass  # it never came up
        shutil.rmtree(self.socket, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.socket = None

    def job(self, table, path):
        create = next(s for s in self.mimic.ddl(table, "postgres").split(";\n") if "CREATE TABLE" in s)
        create = create[create.index("CREATE TABLE"):]
        name = create.split("(")[0].replace("CREATE TABLE", "").strip()
        schema = name.split(".")[0] if "." in name else "public"
        script = ["SELECT pg_backend_pid() AS pid \\gset", "\\setenv BACKEND :pid",
                  "CREATE SCHEMA IF NOT EXISTS %s;" % schema, "BEGIN;",
                  create.replace("CREATE TABLE", "CREATE UNLOGGED TABLE") + ";",
                  "\\copy %s FROM '%s' WITH (FORMAT csv, HEADER true)" % (name, os.path.abspath(path)), "COMMIT;",
                  COST + "DROP TABLE %s;" % name]
        text = ("\n".join(script) + "\n").encode()

        def once():
            if self.socket is None:
                self.start()
            sample = process.measure(self.build, ["psql", "-h", self.socket, "-U", "postgres", "-q", "-X", "-v",
                                                  "ON_ERROR_STOP=1", "postgres"], script=text)
            lines = sample.output.decode().splitlines()
            ticks = next(line for line in lines if "(postgres)" in line).split(")")[1].split()
            sample.cpu += (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
            sample.peak_kb += int(next(line for line in lines if "VmHWM" in line).split()[1])
            return sample
        return once
