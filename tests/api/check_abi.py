#!/usr/bin/env python3
"""The binary interface against the one that was agreed on, by abidiff (Debian: abigail-tools).

    check_abi.py BASELINE LIBRARY INCLUDE_FOLDER ABI_NUMBER [--refresh]

LIBRARY has debug information. New symbols, and members at the end of a struct, are listed and
allowed; whatever else changes or goes fails. What only looks like growth, a member put between
others, is found too. The check then proves on spoilt copies of the baseline that it can fail.
--refresh writes the baseline anew, unless that would hide a break.
Exit status 77 (skipped) without abidiff.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

MEMBER = r" *<data-member .*?\n *</data-member>\n"
FUNCTION = r" *<function-decl name='{}'.*?</function-decl>\n"
# What grows by rule: structs that begin with struct_size, passed and filled by pointer.
GROWS = re.compile(r"<class-decl name='(\w+)' size-in-bits='(\d+)'[^>]*>\n(.*?)</class-decl>", re.DOTALL)


def describe(library, include):
    """The interface as XML: types reachable from exported functions, no place of any machine."""
    command = ["abidw", "--headers-dir", include, "--drop-private-types", "--exported-interfaces-only",
               "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed",
               "--no-parameter-names", "--no-write-default-sizes", library]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r" path='[^']*/", " path='", text)


def members(text, size):
    """The members of one struct, without the numbers that abidw gives to types."""
    found = re.findall(r"layout-offset-in-bits='(\d+)'>\s*<var-decl name='(\w+)'", text)
    return found, int(size)


def structs(text):
    return {name: members(body, size) for name, size, body in GROWS.findall(text)}


def grown(old, new):
    """Names of the structs that only got members behind their old ones, which begin with their size."""
    result = []
    before, now = structs(old), structs(new)
    for name, (fields, size) in before.items():
        if name in now and now[name] != (fields, size):
            later, later_size = now[name]
            if fields and fields[0] == ("0", "struct_size") and later_size >= size and \
                    later[:len(fields)] == fields:
                result.append(name)
    return sorted(result)


def compare(old, new, folder):
    """(broken, report) of abidiff over two descriptions."""
    paths = [os.path.join(folder, name) for name in ("old.xml", "new.xml", "allowed.ini")]
    names = grown(old, new)
    with open(paths[0], "w", encoding="utf-8") as stream:
        stream.write(old)
    with open(paths[1], "w", encoding="utf-8") as stream:
        stream.write(new)
    with open(paths[2], "w", encoding="utf-8") as stream:
        for name in names:
            stream.write(f"[suppress_type]\nname = {name}\nhas_data_member_inserted_at = end\n")
    done = subprocess.run(["abidiff", "--no-show-locs", "--suppressions", paths[2], paths[0], paths[1]],
                          capture_output=True, text=True, check=False)
    lost = sorted(set(structs(old)) - set(structs(new)))
    report = done.stdout + done.stderr + "".join(f"{name} is gone\n" for name in lost)
    report += "".join(f"{name} grew at its end\n" for name in names)
    # Bits of the exit status: 1 and 2 errors, 4 any change, 8 one that breaks programs.
    changed = re.search(r"^Functions changes summary: (\d+) Removed, (\d+) Changed", done.stdout, re.MULTILINE)
    counts = [int(number) for number in changed.groups()] if changed else [0, 0]
    return bool(done.returncode & 11 or any(counts) or lost), report


def spoilt(text):
    """(what was done, spoilt copy) of ways in which the baseline and a library may part."""
    body = re.search(r"<class-decl name='mimic_load_options'.*?</class-decl>", text, re.DOTALL).group(0)
    first, second = re.findall(MEMBER, body, re.DOTALL)[1:3]
    yield "two members of an option struct changed places", text.replace(body, body.replace(
        first + second, second.replace(offset(second), offset(first)) +
        first.replace(offset(first), offset(second))))
    last = re.findall(MEMBER, body, re.DOTALL)[-1]
    yield "a member at the end went", text.replace(body, body.replace(last, extra(last) + last))
    name = "mimic_version"
    gone = re.sub(FUNCTION.format(name), lambda found: found.group(0).replace(name, "mimic_gone"), text,
                  flags=re.DOTALL)
    yield "a function went", gone.replace(f"elf-symbol name='{name}'", "elf-symbol name='mimic_gone'")
    declaration = re.search(FUNCTION.format("mimic_abi_version"), text, re.DOTALL).group(0)
    other = re.search(FUNCTION.format("mimic_report_note_count"), text, re.DOTALL).group(0)
    result = re.search(r"<return type-id='[^']+'/>", other).group(0)
    yield "a function returns another type", text.replace(
        declaration, re.sub(r"<return type-id='[^']+'/>", result, declaration))


def younger(text):
    """The baseline as it was before the last member of an option struct and a function came."""
    body = re.search(r"<class-decl name='mimic_load_options'.*?</class-decl>", text, re.DOTALL).group(0)
    last = re.findall(MEMBER, body, re.DOTALL)[-1]
    size = re.search(r"offset-in-bits='(\d+)'", last).group(1)
    smaller = re.sub(r"size-in-bits='\d+'", f"size-in-bits='{size}'", body.replace(last, ""), count=1)
    text = re.sub(FUNCTION.format("mimic_version"), "", text.replace(body, smaller), flags=re.DOTALL)
    return re.sub(r" *<elf-symbol name='mimic_version'.*\n", "", text)


def offset(member):
    return re.search(r"layout-offset-in-bits='\d+'", member).group(0)


def extra(member):
    """A member that stood before this one in the baseline and is in no library."""
    return re.sub(r"var-decl name='\w+'", "var-decl name='was_here_once'", member)


def main():
    baseline, library, include, number = sys.argv[1:5]
    if shutil.which("abidiff") is None or shutil.which("abidw") is None:
        print("skipped: abidiff is not installed (package abigail-tools)")
        return 77
    new = describe(library, include)
    if sys.argv[5:] == ["--refresh"] and not os.path.exists(baseline):
        old = new
    else:
        with open(baseline, encoding="utf-8") as stream:
            old = stream.read()
    if f"soname='libmimic.so.{number}'" not in old:
        if sys.argv[5:] != ["--refresh"]:
            print(f"the baseline is not of ABI {number}: write it anew (CONTRIBUTING.md)")
            return 1
        old = new
    with tempfile.TemporaryDirectory() as folder:
        broken, report = compare(old, new, folder)
        print(report.strip() or "no change")
        if broken:
            print("this breaks programs that were built before; MIMIC_ABI_VERSION would have to rise")
            return 1
        if sys.argv[5:] == ["--refresh"]:
            with open(baseline, "w", encoding="utf-8") as stream:
                stream.write(new)
            print(f"{baseline} is written")
            old = new
        for what, text in spoilt(old):
            if text == old or not compare(text, old, folder)[0]:
                print(f"not noticed: {what}")
                return 1
            print(f"noticed: {what}")
        broken, report = compare(younger(old), old, folder)
        if broken or "mimic_load_options grew" not in report or "1 Added function" not in report:
            print(f"growth is not told from change:\n{report}")
            return 1
        print("allowed: a member at the end of an option struct, a new function")
    return 0


sys.exit(main())
