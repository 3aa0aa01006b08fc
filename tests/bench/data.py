"""The files that are read: invented MIMIC-IV tables and adverse shapes, plain and compressed.

Everything is made once per size and kept in the work folder.
"""

import json
import os
import shutil
import subprocess

import process

MIMIC_PACKAGE = "schemas/mimic-iv/3.1/datapackage.json"
# Patients that give a megabyte, with something to spare.
TABLES = {"chartevents": ("icu", 11), "labevents": ("hosp", 26)}
SHAPES = ("comments", "short", "wide", "one", "quoted", "crlf")
FAULTY = "faulty"
PIECE = 8_000_000  # bytes of CSV in one zstd frame of the file with many


class Table:
    """A CSV file and its schema."""

    def __init__(self, name, path, spec, package, options):
        self.name, self.path, self.spec = name, path, spec
        self.options = options  # what mimic must be told to know the schema
        with open(package, encoding="utf-8") as file:
            resource = next(r for r in json.load(file)["resources"] if r["name"] == name)
        self.fields = {f["name"]: f["mimic"]["type"] for f in resource["schema"]["fields"]}
        self.size = os.path.getsize(path)

    @property
    def megabytes(self):
        return self.size / 1e6

    def variant(self, ending):
        """The path of a compressed copy: gz, zst, bgzf.gz or frames.zst; None when it cannot be made."""
        path = self.path[:-4] + "." + (ending if "." in ending else "csv." + ending)
        if not os.path.exists(path):
            maker = {"gz": gzip_whole, "zst": zstd_whole, "bgzf.gz": gzip_blocks, "frames.zst": zstd_frames}
            if not maker[ending](self.path, path + ".tmp"):
                return None
            os.rename(path + ".tmp", path)
        return path


def pack(command, source, target):
    if shutil.which(command[0]) is None:
        return False
    with open(source, "rb") as file, open(target, "wb") as out:
        subprocess.run(command, stdin=file, stdout=out, check=True)
    return True


def gzip_whole(source, target):
    return pack(["gzip", "-6", "-n", "-c"], source, target)


def gzip_blocks(source, target):
    return pack(["bgzip", "-l", "6", "-c"], source, target)


def zstd_whole(source, target):
    return pack(["zstd", "-3", "-q", "-c", "--stream-size=%d" % os.path.getsize(source)], source, target)


def zstd_frames(source, target):
    if shutil.which("zstd") is None:
        return False
    with open(source, "rb") as file, open(target, "wb") as out:
        while piece := file.read(PIECE):
            subprocess.run(["zstd", "-3", "-q", "-c", "--stream-size=%d" % len(piece)], input=piece,
                           stdout=out, check=True)
    return True


def cut(source, target, size):
    """The records of source that fit into size bytes."""
    quotes, done = 0, 0
    with open(source, "rb") as file, open(target, "wb") as out:
        while done < size:
            block = file.read(min(1 << 20, size - done))
            if not block:
                return
            done += len(block)
            if done < size:
                quotes += block.count(b'"')
                out.write(block)
                continue
            end = len(block)  # the last block: back to a line end outside quotes
            while (end := block.rfind(b"\n", 0, end)) >= 0 and (quotes + block.count(b'"', 0, end)) % 2:
                pass
            out.write(block[:end + 1])


def synth(build, folder, name, megabytes):
    """One table of the invented hospital, cut to size."""
    path = os.path.join(folder, name + ".csv")
    if not os.path.exists(path):
        module, patients = TABLES[name]
        made = os.path.join(folder, name + ".made")
        subprocess.run([os.path.join(build, "cli", "mimic"), "synth", "mimic-iv", made, "--patients",
                        str(max(50, megabytes * patients)), "--seed", "1", "--compress", "none", "--tables",
                        name, "--quiet", "--force"], check=True, stdout=subprocess.DEVNULL)
        cut(os.path.join(made, module, name + ".csv"), path + ".tmp", megabytes * 1_000_000)
        os.rename(path + ".tmp", path)
        shutil.rmtree(made)
    return Table(name, path, "mimic-iv@3.1/" + name, MIMIC_PACKAGE, [])


def shape(build, folder, name, megabytes):
    """One of the adverse shapes; all are written at once."""
    shapes = os.path.join(folder, "shapes")
    if not os.path.isdir(shapes):
        os.makedirs(shapes + ".tmp", exist_ok=True)
        subprocess.run([os.path.join(build, "tests", "bench", "bench_shapes"), shapes + ".tmp", str(megabytes)],
                       check=True)
        os.rename(shapes + ".tmp", shapes)
    return Table(name, os.path.join(shapes, name + ".csv"), "shapes@1.0/" + name,
                 os.path.join(shapes, "datapackage.json"), ["--schema-dir", shapes])


def tables(build, work, megabytes, names):
    folder = os.path.join(work, "data-%d" % megabytes)
    os.makedirs(folder, exist_ok=True)
    return [(synth if name in TABLES else shape)(build, folder, name, megabytes) for name in names]


def repeated(build, work, megabytes):
    """chartevents of any size: its first 100 MB, or those again and again under one header."""
    base = tables(build, work, 100, ["chartevents"])[0]
    if megabytes == 100:
        return base
    path = os.path.join(work, "growth-%d.csv" % megabytes)
    if megabytes < 100:
        cut(base.path, path, megabytes * 1_000_000)
    else:
        with open(base.path, "rb") as file:
            header, body = file.readline(), file.read()
        with open(path, "wb") as out:
            out.write(header)
            for _ in range(megabytes // 100):
                out.write(body)
    return Table("chartevents", path, base.spec, MIMIC_PACKAGE, [])


def warm(path):
    """Reads a file once, so that it lies in the page cache."""
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass


def compressors():
    return {"gzip": process.version(["gzip", "--version"]), "bgzip": process.version(["bgzip", "--version"]),
            "zstd": process.version(["zstd", "--version"])}
