#!/usr/bin/env python3
"""The chapter on event maps in docs/events.md holds: its examples are sound maps, its table of ranks is
the library's, the properties that it describes are those that are known. The built-in maps are sound.

    check_event_docs.py MIMIC_PROGRAM
"""

import glob
import os
import re
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def check_map(program, name, text):
    done = subprocess.run([program, "schema", "check", "-"], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        yield f"{name}: {done.stdout}{done.stderr}"


def check_ranks(chapter):
    code = read("libmimic", "events", "event_map_kind.c")
    known = dict(re.findall(r'\{(\d+), *"(\w+)"\}', code))
    told = dict(re.findall(r"\| (\d+) `(\w+)`", chapter))
    if told != known or len(known) < 20:
        yield f"ranks: {sorted(set(told.items()) ^ set(known.items()))} on one side only"


def check_properties(chapter):
    """Every word that the reader knows as a property is in the chapter."""
    for name in ("event_map_layers.c", "event_map_read.c", "event_map_kind.c"):
        for words in re.findall(r"known\[\] = \{(.*?)NULL\}", read("libmimic", "events", name), re.DOTALL):
            for word in re.findall(r'"(\w+)"', words):
                if f"`{word}`" not in chapter and f'"{word}"' not in chapter:
                    yield f"property \"{word}\" is not described"


def main():
    program = sys.argv[1]
    chapter = re.search(r"\n## Event maps\n(.*?)(\n## |\Z)", read("docs", "events.md"), re.DOTALL).group(1)
    examples = re.findall(r"```json\n(.*?)```", chapter, re.DOTALL)
    faults = [] if len(examples) >= 2 else ["the chapter has no examples"]
    for number, text in enumerate(examples, 1):
        faults += check_map(program, f"example {number}", text)
    for path in sorted(glob.glob(os.path.join(ROOT, "schemas", "*", "*", "events.json"))):
        faults += check_map(program, os.path.relpath(path, ROOT), read(path))
    faults += check_ranks(chapter)
    faults += check_properties(chapter)
    for fault in faults:
        print(fault)
    print(f"{len(examples)} examples, {len(faults)} faults")
    sys.exit(1 if faults else 0)


main()
