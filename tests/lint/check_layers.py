#!/usr/bin/env python3
"""The order of the rooms is law: who may include whom, and where third-party headers stand.

    base < io, json < schema < batch < coerce < csv, fhir;  batch < arrow < sink;
    csv, arrow < frame;  coerce, sink < import;  csv, sink < scan;  all < load < events < clinical
    synth may use everything but these three.

Private headers follow that order. Public headers stand in one line, and a room may include those up
to its own. A third-party header appears in exactly one .c. The program, the examples and the public
headers see public headers and the C library only.
"""

import re

import tree

BELOW = {
    "base": [],
    "io": ["base"],
    "json": ["base"],
    "schema": ["base", "io", "json"],
    "batch": ["base", "io", "json", "schema"],
    "coerce": ["base", "io", "json", "schema", "batch"],
    "csv": ["base", "io", "json", "schema", "batch", "coerce"],
    "fhir": ["base", "io", "json", "schema", "batch", "coerce"],
    "arrow": ["base", "io", "json", "schema", "batch"],
    "frame": ["base", "io", "json", "schema", "batch", "coerce", "csv", "arrow"],
    "sink": ["base", "io", "json", "schema", "batch", "coerce", "arrow"],
    "import": ["base", "io", "json", "schema", "batch", "coerce", "arrow", "sink"],
    "scan": ["base", "io", "json", "schema", "batch", "coerce", "csv", "arrow", "sink"],
    "quality": ["base", "io", "json", "schema", "batch", "coerce", "csv", "arrow", "sink", "scan"],
    "load": [room for room in tree.ROOMS if room not in ("load", "events", "clinical", "synth")],
    "events": [room for room in tree.ROOMS if room not in ("events", "clinical", "synth")],
    "clinical": [room for room in tree.ROOMS if room not in ("clinical", "synth")],
    "synth": [room for room in tree.ROOMS if room not in ("load", "events", "clinical", "synth")],
}
# Public headers in their order, and the room that each belongs to.
PUBLIC = [
    ("export.h", "base"), ("version.h", "base"), ("status.h", "base"), ("context.h", "base"),
    ("source.h", "io"), ("schema.h", "schema"), ("batch.h", "batch"), ("coerce.h", "coerce"),
    ("csv.h", "csv"), ("record.h", "csv"), ("arrow.h", "arrow"), ("frame.h", "frame"), ("sink.h", "sink"), ("scan.h", "scan"), ("quality.h", "quality"),
    ("load.h", "load"), ("events.h", "events"), ("clinical.h", "clinical"),
    ("synth.h", "synth"), ("mimic.h", None),
]
RANK = {name: index for index, (name, _) in enumerate(PUBLIC)}
HIGHEST = {room: max(i for i, (_, r) in enumerate(PUBLIC) if r == room)
           for room in {r for _, r in PUBLIC if r}}
HIGHEST["json"] = HIGHEST["io"]
HIGHEST["import"] = HIGHEST["arrow"]
HIGHEST["fhir"] = HIGHEST["csv"]

C_HEADERS = set(
    "assert ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg "
    "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string time uchar wchar wctype".split())
SYSTEM_HEADERS = set(
    "dirent fcntl poll pthread sched strings unistd sys/stat sys/types sys/mman sys/resource sys/time "
    "sys/wait sys/ioctl sys/auxv asm/hwcap immintrin arm_neon cpuid termios libgen malloc sys/file".split())
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(top, path):
    text = tree.blank(tree.read(top, path), keep_strings=True)
    for match in INCLUDE.finditer(text):
        yield tree.line_of(text, match.start()), match.group(1) == "<", match.group(2)


def is_system(name, public_only):
    stem = name[:-2] if name.endswith(".h") else name
    return stem in C_HEADERS or (not public_only and stem in SYSTEM_HEADERS)


def check_room_file(top, path, room, third_party):
    for line, angled, name in includes(top, path):
        place = f"{path}:{line}"
        if name.startswith("mimic/"):
            header = name[len("mimic/"):]
            if header not in RANK:
                yield f"{place}: {name} is no public header"
            elif RANK[header] > HIGHEST[room]:
                yield f"{place}: {room} may not see {name}, which stands above it"
        elif angled and name == "dlfcn.h" and path.startswith("examples/"):
            continue  # a library that an example looks for when it runs
        elif angled and not is_system(name, False):
            third_party.setdefault(name, []).append(place)
            if not path.endswith(".c"):
                yield f"{place}: third-party header {name} in a header"
        elif not angled:
            owner = name.split("/")[0] if "/" in name else None
            if owner is None:
                yield f'{place}: write private headers with their room, "{room}/{name}"'
            elif owner != room and owner not in BELOW[room]:
                yield f"{place}: {room} may not see {owner} ({name})"


def check_consumer_file(top, path):
    """The program and the examples: <mimic/...>, their own headers, the system's."""
    for line, angled, name in includes(top, path):
        if name.startswith("mimic/"):
            if name[len("mimic/"):] not in RANK:
                yield f"{path}:{line}: {name} is no public header"
        elif angled and name == "dlfcn.h" and path.startswith("examples/"):
            continue  # a library that an example looks for when it runs
        elif angled and not is_system(name, False):
            yield f"{path}:{line}: only public and system headers are allowed here, not {name}"
        elif not angled and "/" in name:
            yield f"{path}:{line}: {name} is private to the library"


def check_public_file(top, path):
    own = RANK.get(path.rsplit("/", 1)[1])
    if own is None:
        yield f"{path}: give it a place in the order of {__file__.rsplit('/', 1)[1]}"
        return
    for line, angled, name in includes(top, path):
        if name.startswith("mimic/"):
            if RANK.get(name[len("mimic/"):], len(RANK)) >= own:
                yield f"{path}:{line}: {name} stands above it"
        elif not angled or not is_system(name, True):
            yield f"{path}:{line}: a public header includes C standard headers only, not {name}"


def main():
    top = tree.root()
    findings, third_party, checked = [], {}, 0
    for path in tree.files(top, "libmimic", (".c", ".h")):
        room = path.split("/")[1]
        checked += 1
        if room not in BELOW:
            findings.append(f"{path}: {room} is no room of the plan")
            continue
        findings += check_room_file(top, path, room, third_party)
    for folder in ("cli", "examples"):
        for path in tree.files(top, folder, (".c", ".h")):
            checked += 1
            findings += check_consumer_file(top, path)
    for path in tree.files(top, "include/mimic", (".h",)):
        checked += 1
        findings += check_public_file(top, path)
    for name, places in sorted(third_party.items()):
        if len(places) > 1:
            findings.append(f"{name} is included {len(places)} times: {', '.join(places)}")
    tree.finish(findings, checked, "files")


main()
