#!/usr/bin/env python3
"""A private Slurm cluster for one test, on this machine: munged, slurmctld and some slurmd's, with a
configuration, ports and a folder of their own.

    with slurm.Cluster(nodes=2) as cluster:
        cluster.run(["sbatch", "--parsable", "job.sh"])

There is no systemd and there are no control groups in it: processes are found by their parents, and
neither memory nor processors are enforced. The daemons are children of this process and end with it.
Standard library only.
"""

import ctypes
import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo"]
PATIENCE = 600  # seconds for a start, a stop or a job: longer, and something hangs
PR_SET_PDEATHSIG = 1

CONFIGURATION = """
ClusterName=mimic
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=15
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,sched_interval=1,batch_sched_delay=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=2
MessageTimeout=100
BatchStartTimeout=300
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Failed(Exception):
    """A daemon or a command ended badly; the text says why."""


def program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def require():
    """Ends the process where there is no Slurm: 77 means skipped."""
    missing = [name for name in PROGRAMS if program(name) is None]
    if missing:
        print("skipped: no %s (Debian: slurm-wlm munge)" % ", ".join(missing))
        sys.exit(77)


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def end_with_parent():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Cluster:
    def __init__(self, nodes=2, processors=2):
        self.nodes = ["node%d" % (i + 1) for i in range(nodes)]
        self.processors = processors
        self.daemons = []
        self.folder = None
        self.environment = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="mimic-slurm-")
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *why):
        self.stop()

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self):
        controller, *ports = free_ports(1 + len(self.nodes))
        host = socket.gethostname().split(".")[0]
        lines = [CONFIGURATION.format(host=host, port=controller, user=getpass.getuser(), folder=self.folder)]
        for node, port in zip(self.nodes, ports):
            os.mkdir(self.path("spool-" + node))
            lines.append("NodeName=%s NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d RealMemory=4000" %
                         (node, host, port, self.processors))
        # Nodes stand before the partition that names them all.
        lines.sort(key=lambda line: not line.startswith("NodeName"))
        with open(self.path("slurm.conf"), "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
        self.environment = dict(os.environ, SLURM_CONF=self.path("slurm.conf"))
        for name in list(self.environment):
            if name.startswith(("SBATCH_", "SLURM_")) and name != "SLURM_CONF":
                del self.environment[name]

    def daemon(self, name, *options):
        with open(self.path("daemons.txt"), "ab") as said:
            self.daemons.append(subprocess.Popen(
                [program(name), *options], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=self.environment, preexec_fn=end_with_parent, start_new_session=True))

    def start(self):
        os.mkdir(self.path("state"))
        key = self.path("munge.key")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(1024))
        self.configure()
        self.daemon("munged", "--foreground", "--force", "--socket", self.path("munge.socket"), "--key-file", key,
                    "--pid-file", self.path("munged.pid"), "--log-file", self.path("munged.log"),
                    "--seed-file", self.path("munged.seed"))
        self.wait(lambda: os.path.exists(self.path("munge.socket")), "munged")
        self.daemon("slurmctld", "-D", "-f", self.path("slurm.conf"))
        for node in self.nodes:
            self.daemon("slurmd", "-D", "-f", self.path("slurm.conf"), "-N", node)
        self.wait(lambda: self.try_run(["sinfo", "-h", "-o", "%T %D"]).strip() == "idle %d" % len(self.nodes),
                  "the nodes")

    def wait(self, is_there, what):
        end = time.monotonic() + PATIENCE
        while not is_there():
            dead = [daemon.args[0] for daemon in self.daemons if daemon.poll() is not None]
            if dead or time.monotonic() > end:
                raise Failed("waited for %s; ended: %s\n%s" % (what, dead, self.logs()))
            time.sleep(0.1)

    def logs(self):
        lines = []
        for name in sorted(os.listdir(self.folder)):
            if name.endswith((".log", "daemons.txt")):
                with open(self.path(name), encoding="utf-8", errors="replace") as stream:
                    lines += ["== " + name, *stream.read().splitlines()[-15:]]
        return "\n".join(lines)

    def try_run(self, command):
        return subprocess.run([program(command[0]), *command[1:]], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE, check=False).stdout

    def run(self, command, **more):
        """What the command prints; `more` are variables for it."""
        done = subprocess.run(command, env=dict(self.environment, **more), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise Failed("%s: %d\n%s" % (command, done.returncode, done.stderr))
        return done.stdout

    def states(self, job):
        """State of each task of an array job, by its number."""
        states = {}
        for line in self.run(["scontrol", "show", "job", str(job), "--oneliner"]).splitlines():
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            for number in numbers(words.get("ArrayTaskId", "0")):
                states[number] = words["JobState"]
        return states

    def finish(self, job):
        """Waits until no task of a job is waiting or at work."""
        end = time.monotonic() + PATIENCE
        while True:
            states = self.states(job)
            if not set(states.values()) & {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED"}:
                return states
            if time.monotonic() > end:
                raise Failed("job %s: %s\n%s" % (job, states, self.logs()))
            time.sleep(0.2)

    def stop(self):
        if self.environment is not None and self.daemons:
            self.try_run(["scancel", "--full", "--signal=KILL", "--user", getpass.getuser()])
        for daemon in reversed(self.daemons):
            if daemon.poll() is None:
                daemon.terminate()
            try:
                daemon.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self.daemons = []
        shutil.rmtree(self.folder, ignore_errors=True)


def numbers(text):
    """"1-3,7%2" as 1, 2, 3, 7."""
    for part in text.split("%")[0].split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
