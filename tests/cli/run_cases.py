"""Runs a file of command line cases: commands, what they print and how they end.

    $ mimic schema list --fromat json
    ! mimic: error: unknown option '--fromat'; did you mean '--format'?
    ! See 'mimic schema list --help'.
    ? 2

A case begins with "$ " (a line for sh; "  " goes on with it) in an empty folder that has the files
of tests/data/cli. "> " is a line of standard output, "! " of standard error, "? " the exit status
when it is not 0. "..." in a line stands for any text, a line of "..." alone for any lines. All of
both streams must be as written, nothing more. Cases share their folder until a line "---".

    run_cases.py MIMIC FILE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

MARKS = {"> ": "stdout", "! ": "stderr"}


class Case:
    def __init__(self, line, command):
        self.line = line
        self.command = command
        self.stdout = []
        self.stderr = []
        self.status = 0


def parse(path):
    """Groups of cases; a group shares a folder."""
    groups = [[]]
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.rstrip("\n")
            mark, text = line[:2], line[2:]
            if line == "---":
                groups.append([])
            elif mark == "$ ":
                groups[-1].append(Case(number, text))
            elif mark == "  " and line.strip():
                groups[-1][-1].command += "\n" + text.lstrip()
            elif line.rstrip() in (">", "!"):
                getattr(groups[-1][-1], MARKS[line[0] + " "]).append("")
            elif mark in MARKS:
                getattr(groups[-1][-1], MARKS[mark]).append(text)
            elif mark == "? ":
                groups[-1][-1].status = int(text)
            elif line and not line.startswith("#"):
                sys.exit(f"{path}:{number}: no case, no expectation and no comment: {line}")
    return groups


def pattern(lines):
    parts = []
    for line in lines:
        if line == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append("[^\n]*".join(re.escape(part) for part in line.split("...")) + "\n")
    return re.compile("".join(parts))


def run(case, folder, environment):
    done = subprocess.run(["sh", "-c", case.command], cwd=folder, env=environment, text=True,
                          encoding="utf-8", capture_output=True, timeout=600, check=False,
                          stdin=subprocess.DEVNULL)
    wrong = []
    for name, lines, text in (("stdout", case.stdout, done.stdout),
                              ("stderr", case.stderr, done.stderr)):
        if not pattern(lines).fullmatch(text):
            wrong.append(f"  {name} expected:\n" + "".join(f"    {line}\n" for line in lines))
            wrong.append(f"  {name} found:\n" + "".join(f"    {line}\n" for line in text.splitlines()))
    if done.returncode != case.status:
        wrong.append(f"  exit status {done.returncode}, expected {case.status}\n")
    return "".join(wrong)


def main():
    mimic, path = sys.argv[1:]
    data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "cli")
    environment = dict(os.environ, LC_ALL="C.UTF-8",
                       PATH=os.path.dirname(os.path.abspath(mimic)) + os.pathsep + os.environ["PATH"])
    count = 0
    failed = 0
    for group in parse(path):
        with tempfile.TemporaryDirectory() as top:
            folder = os.path.join(top, "here")
            shutil.copytree(data, folder)
            for case in group:
                count += 1
                wrong = run(case, folder, environment)
                if wrong:
                    failed += 1
                    print(f"{path}:{case.line}: $ {case.command}\n{wrong}")
    print(f"{count} cases, {failed} failed")
    sys.exit(1 if failed or not count else 0)


main()
