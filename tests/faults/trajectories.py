"""Trajectories that meet misfortune: their steps killed, out of disk, out of luck, and run again. The
same bytes as without, and nothing left over: no scratch files, no locks, no halves. And the memory
that they take."""

import os
import random
import shutil
import signal
import subprocess
import time

import world
from world import Settings, moments, run

PATIENTS = 12
CHANGING = "open,write,pwrite,fsync,close,rename,ftruncate,unlink,mkdir,fchmod"
WRITING = "open,write,pwrite,fsync,close,rename,ftruncate"
SAMPLE = 14  # calls of a sweep, unless all are asked for
MB = 1 << 20
ALLOWED_OVER = 64 * MB  # beyond --memory


def hospital(patients, *more):
    """An invented one, made once."""
    path = os.path.join(Settings.folder, "-".join(["hospital", str(patients), *more]).replace("--", ""))
    if not os.path.isdir(path):
        made = run([Settings.mimic, "synth", "-q", "mimic-iv", path, "--patients", str(patients), "--seed",
                    str(Settings.seed), "--compress", "none", *more])
        if made.status != 0:
            raise AssertionError(made)
    return path


def shuffled(source):
    """The same rows in no order, of the three tables with the most."""
    path = source + "-shuffled"
    if not os.path.isdir(path):
        shutil.copytree(source, path + ".tmp")
        for name in ("icu/chartevents.csv", "hosp/labevents.csv", "hosp/emar.csv"):
            with open(os.path.join(path + ".tmp", name), "rb") as stream:
                header, *lines = stream.read().splitlines(keepends=True)
            random.Random(Settings.seed).shuffle(lines)
            with open(os.path.join(path + ".tmp", name), "wb") as stream:
                stream.write(header + b"".join(lines))
        os.rename(path + ".tmp", path)
    return path


def state_of(folder):
    """Every file below, hidden ones too, by what it holds."""
    state = {}
    for name in world.files_below(folder):
        path = os.path.join(folder, name)
        if name.endswith("/"):
            state[name] = ""
        else:
            with open(path, "rb") as stream:
                state[name] = world.digest(stream.read())
    return state


class Step:
    """A command, with {} for the folder that it works in, and what must be done before it."""

    def __init__(self, name, source, words, before=None):
        self.name = name
        self.source = source
        self.words = words
        self.before = before

    def command(self, top, *more):
        return [Settings.mimic, "trajectories",
                *(word.format(top=top, source=self.source()) for word in self.words), "-q", "--memory", "64M", *more]


def small():
    return hospital(PATIENTS)


def large():
    """More than fits into the memory of a step that sorts: it spills."""
    return shuffled(hospital(300))


BUILD = Step("build", small, ["{source}", "{top}/out"])
PARTITION = Step("partition", small, ["partition", "{source}", "{top}/work"])
ASSEMBLE = Step("assemble", small, ["assemble", "{top}/work", "{top}/out"], PARTITION)
FIRST_PART = Step("assemble 1/2", small, ["assemble", "{top}/work", "{top}/out", "--shard", "1/2"], PARTITION)
LAST_PART = Step("assemble 2/2", small, ["assemble", "{top}/work", "{top}/out", "--shard", "2/2"], FIRST_PART)
FILES = Step("files", small, ["{source}", "{top}/out", "--layout", "files", "--group", "admission", "--format", "ndjson"])
AGAIN = Step("build again", small, ["{source}", "{top}/out", "--trajectory-version", "v2", "--force"], BUILD)
SPILL = Step("build that spills", large, ["{source}", "{top}/out"])
SPILL_PARTITION = Step("partition that spills", large, ["partition", "{source}", "{top}/work", "--tables",
                                                       "patients,chartevents,labevents,emar"])


class Trajectories(world.Faults):
    kept = {}

    def setUp(self):
        super().setUp()
        self.twin_top = self.top

    def ready(self, step):
        """Makes top what it is before the step."""
        self.reset(None if step.before is None else self.done(step.before))

    def done(self, step):
        """A folder in which the step was done, undisturbed."""
        if step.name not in self.kept:
            self.ready(step)
            result = run(step.command(self.top, "-j", "1"))
            self.assertIn(result.status, (0, 3), result)
            path = os.path.join(Settings.folder, "kept-" + step.name.replace("/", "-of-"))
            shutil.copytree(self.top, path)
            self.kept[step.name] = path
        return self.kept[step.name]

    def expect_done(self, step, command, what):
        """The step, run again, ends as it should have the first time."""
        result = run(command)
        self.assertIn(result.status, (0, 3), (what, result))
        wanted, found = state_of(self.done_aside(step)), state_of(self.top)
        self.assertEqual(sorted(found), sorted(wanted), what + ": files")
        self.assertEqual([name for name in wanted if wanted[name] != found[name]], [], what + ": other bytes")

    def done_aside(self, step):
        """done(step), which may have to work in top, has been asked for before."""
        return self.kept[step.name]

    def expect_no_halves(self, step, what):
        """A manifest stands by a whole dataset: the old one or the new one."""
        out = os.path.join(self.top, "out")
        if not os.path.exists(os.path.join(out, "manifest.json")):
            return
        wholes = [self.done_aside(step)]
        if step.before is not None and step.before.name in self.kept:
            wholes.append(self.kept[step.before.name])
        shown = {name: content for name, content in state_of(out).items() if not name.startswith(".")}
        self.assertIn(shown, [{name: content for name, content in state_of(os.path.join(whole, "out")).items()
                               if not name.startswith(".")} for whole in wholes], what + ": half of a dataset")

    def count(self, command, calls):
        report = os.path.join(Settings.folder, "count")
        result = run(command, {"below": self.top, "calls": calls, "report": report})
        self.assertIn(result.status, (0, 3), result)
        with open(report, encoding="ascii") as stream:
            return int(stream.read())

    def some_of(self, count, sample=SAMPLE):
        if Settings.all or count <= sample:
            return range(1, count + 1)
        ends = {1, 2, 3} | set(range(count - 5, count + 1))
        return sorted(ends | set(self.chance.sample(range(1, count + 1), max(sample - len(ends), 1))))


class Killed(Trajectories):
    """At a call that changes something, and at any moment."""

    def sweep(self, step, *more, sample=SAMPLE):
        self.done(step)
        command = step.command(self.top, "-j", "1", *more)
        self.ready(step)
        count = self.count(command, CHANGING)
        self.assertGreater(count, 5)
        for number in self.some_of(count, sample):
            fault = self.chance.choice(["kill", "gone"])
            what = "%s, %s at call %d of %d" % (step.name, fault, number, count)
            with self.subTest(what):
                self.ready(step)
                result = run(command, {"below": self.top, "calls": CHANGING, "fault": fault, "at": number})
                self.assertEqual(result.status, -signal.SIGKILL, (what, result))
                self.expect_no_halves(step, what)
                self.expect_done(step, command, what)

    def moments(self, step, share, *more):
        """Several threads, one of which comes to some call, of reading too; the others are anywhere."""
        self.done(step)
        command = step.command(self.top, "-j", self.chance.choice(["2", "3"]), *more)
        calls = {"below": Settings.folder, "calls": "all"}
        self.ready(step)
        length, status = moments.count(command, Settings.shim, **calls)
        self.assertIn(status, (0, 3))
        killed = 0
        count = max(round(Settings.moments * share), 3)
        for _ in range(count):
            at = self.chance.randrange(length) + 1
            what = "%s, killed at call %d of %d" % (step.name, at, length)
            with self.subTest(what):
                self.ready(step)
                result = run(command, {**calls, "fault": "kill", "at": at})
                self.assertIn(result.status, (0, 3, -signal.SIGKILL), result)
                killed += result.status == -signal.SIGKILL
                self.expect_no_halves(step, what)
                self.expect_done(step, command, what)
        self.assertGreater(killed, count // 3, "it made fewer calls than before")

    def test_build(self):
        self.sweep(BUILD)

    def test_build_again(self):
        self.sweep(AGAIN)

    def test_files(self):
        self.sweep(FILES)

    def test_partition(self):
        self.sweep(PARTITION)

    def test_assemble(self):
        self.sweep(ASSEMBLE)

    def test_parts(self):
        self.sweep(FIRST_PART)
        self.sweep(LAST_PART)

    def test_spilling(self):
        self.sweep(SPILL, sample=9)
        self.sweep(SPILL_PARTITION, sample=9)

    def test_scratch_elsewhere(self):
        """What a killed build leaves in --temporary-dir goes with the next one there."""
        scratch = world.fresh("scratch")
        self.moments(SPILL, 0.1, "--temporary-dir", scratch)
        self.assertEqual(os.listdir(scratch), [])

    def test_moments(self):
        for step in (BUILD, AGAIN, PARTITION, ASSEMBLE):
            self.moments(step, 0.15)
        self.moments(SPILL, 0.1)
        self.moments(SPILL_PARTITION, 0.1)


class Failing(Trajectories):
    """A call that fails, once or from then on: an error that names the place, and the step done again."""

    def sweep(self, step, fault, stays):
        self.done(step)
        command = step.command(self.top, "-j", "1")
        self.ready(step)
        count = self.count(command, WRITING)
        refused = 0
        for number in self.some_of(count):
            what = "%s, %s at call %d%s of %d" % (step.name, fault, number, "+" * stays, count)
            with self.subTest(what):
                self.ready(step)
                result = run(command, {"below": self.top, "calls": WRITING, "fault": fault,
                                       "at": "%d%s" % (number, "+" * stays)})
                if result.status == 1:
                    refused += 1
                    self.expect_error(result, self.top)
                else:
                    self.assertIn(result.status, (0, 3), (what, result))
                self.expect_no_halves(step, what)
                self.expect_done(step, command, what)
        self.assertGreater(refused, 3)

    def test_disk_full(self):
        for step in (BUILD, AGAIN, PARTITION, ASSEMBLE, LAST_PART, FILES):
            self.sweep(step, "ENOSPC", True)

    def test_one_failure(self):
        for step in (BUILD, AGAIN, PARTITION, ASSEMBLE, LAST_PART):
            self.sweep(step, "EIO", False)

    def test_storm(self):
        """Signals and short transfers on every call: nothing may come of them."""
        for step in (BUILD, PARTITION, ASSEMBLE, SPILL):
            with self.subTest(step.name):
                self.done(step)
                self.ready(step)
                command = step.command(self.top, "-j", "2")
                result = run(command, {"below": self.top, "calls": "read,pread,write,pwrite,open,ftruncate",
                                       "fault": "storm"})
                self.assertIn(result.status, (0, 3), result)
                self.assertEqual(state_of(self.top), state_of(self.done_aside(step)))

    def test_scratch_is_full(self):
        """A real disk, too small for what spills."""
        scratch = world.fresh("scratch")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", scratch], capture_output=True,
                              check=False)
        if done.returncode != 0:
            self.skipTest("mounting a tmpfs is not allowed here")
        self.addCleanup(subprocess.run, ["umount", scratch], check=True)
        self.done(SPILL)
        self.ready(SPILL)
        result = run(SPILL.command(self.top, "--temporary-dir", scratch))
        self.expect_error(result, scratch, "No space left")
        self.assertEqual(os.listdir(scratch), [])
        self.expect_done(SPILL, SPILL.command(self.top), "after a full disk")


class Cancelled(Trajectories):
    def test_signal(self):
        """Ctrl-C: status 130, soon, and nothing is left in the way of the next run."""
        for step in (SPILL, SPILL_PARTITION):
            self.done(step)
            self.ready(step)
            command = step.command(self.top, "-j", "2")
            length, _ = moments.count(command, Settings.shim, Settings.folder, "read,pread,write,pwrite")
            for number, part in ((signal.SIGINT, 0.1), (signal.SIGTERM, 0.5)):
                with self.subTest("%s %s" % (step.name, number)):
                    self.ready(step)
                    at = int(length * part)
                    with world.held(command, at, Settings.folder, "read,pread,write,pwrite") as process:
                        self.assertTrue(process.is_held)
                        process.send_signal(number)
                        process.let_go()
                        said = process.communicate(timeout=world.PATIENCE)[1]
                        more = process.said() - at
                    self.assertEqual(process.returncode, 130, said)
                    self.assertLess(more, (length - at) // 2, "it went on for long")
                    self.assertEqual(said, "mimic: cancelled; what was not finished is as it was\n")
                    self.expect_done(step, command, "after a signal")


class AtOnce(Trajectories):
    def test_two_builds(self):
        """One after the other, or one of them says who is at work."""
        self.done(BUILD)
        for turn in range(4):
            self.ready(BUILD)
            both = []
            for _ in range(2):
                both.append(subprocess.Popen(BUILD.command(self.top), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                             text=True, env=world.environment()))
                time.sleep(0.03 * turn)
            said = [process.communicate(timeout=world.PATIENCE)[1] for process in both]
            statuses = [process.returncode for process in both]
            self.assertTrue(set(statuses) <= {0, 1, 3} and set(statuses) & {0, 3}, said)
            self.expect_done(BUILD, BUILD.command(self.top), "two at once")

    def test_all_parts_at_once(self):
        """The one that is finished last writes the metadata, whichever that is."""
        self.done(ASSEMBLE)
        for _ in range(3):
            self.ready(ASSEMBLE)
            parts = [subprocess.Popen(ASSEMBLE.command(self.top, "--shard", "%d/3" % part, "-j", "1"),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                      env=world.environment()) for part in (1, 2, 3)]
            said = [part.communicate(timeout=world.PATIENCE)[1] for part in parts]
            self.assertTrue({part.returncode for part in parts} <= {0, 3}, said)
            out = os.path.join("out", "")
            wanted, found = state_of(self.done_aside(ASSEMBLE)), state_of(self.top)
            self.assertEqual({name: content for name, content in found.items() if "/." not in name},
                             {name: content for name, content in wanted.items() if "/." not in name}, out)


class Memory(Trajectories):
    """Peak resident memory stays under --memory and 64 MB, whatever comes in, and so do the bytes that
    come out stay the same."""

    LIMITS = (64, 256, 1024)

    def measure(self, source, *more):
        digests = set()
        for limit in self.LIMITS:
            for jobs in ("1", "4"):
                what = "%d MB, %s jobs, %s" % (limit, jobs, os.path.basename(source))
                with self.subTest(what):
                    self.reset()
                    result = world.run_measured(
                        [Settings.mimic, "trajectories", "-q", "--memory", "%dM" % limit, "-j", jobs, *more, source,
                         os.path.join(self.top, "out")])
                    self.assertIn(result.status, (0, 3), result)
                    print("%s: peak %d MB" % (what, result.peak_kib // 1024))
                    if not Settings.is_sanitized:
                        self.assertLess(result.peak_kib * 1024, limit * MB + ALLOWED_OVER, what)
                    shown = {name: content for name, content in state_of(self.top).items() if "/." not in name}
                    digests.add(world.digest(shown))
        self.assertEqual(len(digests), 1, "other bytes with other memory")

    def test_sorted(self):
        self.measure(hospital(Settings.patients))

    def test_shuffled(self):
        self.measure(shuffled(hospital(Settings.patients)))

    def test_everything_is_sorted(self):
        self.measure(hospital(Settings.patients), "--always-sort")

    def test_two_steps(self):
        source = shuffled(hospital(Settings.patients))
        for limit in self.LIMITS:
            self.reset()
            work, out = os.path.join(self.top, "work"), os.path.join(self.top, "out")
            for words in (["partition", source, work], ["assemble", work, out]):
                with self.subTest("%s, %d MB" % (words[0], limit)):
                    result = world.run_measured([Settings.mimic, "trajectories", *words, "-q", "-j", "2", "--memory",
                                                 "%dM" % limit])
                    self.assertIn(result.status, (0, 3), result)
                    print("%s, %d MB: peak %d MB" % (words[0], limit, result.peak_kib // 1024))
                    if not Settings.is_sanitized:
                        self.assertLess(result.peak_kib * 1024, limit * MB + ALLOWED_OVER)

    def test_files(self):
        self.measure(hospital(Settings.patients), "--layout", "files", "--group", "admission", "--tables",
                     "patients,admissions,labevents,chartevents")
