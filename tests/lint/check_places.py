#!/usr/bin/env python3
"""No tracked file names one machine's folders or a package registry's host.

Both would tie the tree to the place where it was made. The patterns are put together here so that
this file passes its own check.
"""

import os
import subprocess

import tree

PLACES = ["/" + "work/", "/" + "root/", "/" + "home/", "/" + "Users/", "/tmp/" + "wt"]
HOSTS = ["registry." + "npmjs", "py" + "pi.org", "python" + "hosted.org", "deb." + "debian.org",
         "proxy." + "golang", "crates" + ".io", "rubygems" + ".org", "conda" + ".anaconda"]


def tracked(top):
    """What git tracks; without git (a release archive), every file that is not built."""
    if os.path.exists(os.path.join(top, ".git")):
        listing = subprocess.run(["git", "-c", "safe.directory=*", "-C", top, "ls-files", "-z"],
                                 check=True, capture_output=True, text=True).stdout
        return [path for path in listing.split("\0") if path]
    return [path for path in tree.files(top, ".", "") if not path.startswith(("build", "."))]


def main():
    top = tree.root()
    findings, checked = [], 0
    for path in tracked(top):
        try:
            with open(os.path.join(top, path), "rb") as stream:
                content = stream.read()
        except (FileNotFoundError, IsADirectoryError):
            continue
        checked += 1
        for word in PLACES + HOSTS:
            position = content.find(word.encode())
            if position >= 0:
                line = content.count(b"\n", 0, position) + 1
                findings.append(f"{path}:{line}: names {word}")
    tree.finish(findings, checked, "files")


main()
