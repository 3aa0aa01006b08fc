#!/usr/bin/env python3
"""Makes the pages of the C API; any warning of Doxygen is a failure.

    build.py VERSION OUTPUT_FOLDER

The guided tour is the main page, the numbered examples stand beside it. Exit status 77 (skipped) where
Doxygen is not installed.
"""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def examples():
    """A page for each example, told by the comment that it begins with."""
    out = []
    folder = os.path.join(TOP, "examples")
    for name in sorted(os.listdir(folder)):
        if re.fullmatch(r"\d+_\w+\.c", name):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                about = re.match(r"/\*\n(.*?)\n \*(?:/|\n)", stream.read(), re.DOTALL).group(1)
            text = re.sub(r"^ \* ?", "", about, flags=re.MULTILINE)
            text = re.sub(r"([\\@<>#%&*|])", r"\\\1", text)
            out.append(f"/** @example {name}\n{text}\n*/\n")
    return "".join(out)


def main():
    version, output = sys.argv[1], os.path.abspath(sys.argv[2])
    if shutil.which("doxygen") is None:
        print("doxygen is not installed: no pages were made")
        return 77
    shutil.rmtree(output, ignore_errors=True)
    os.makedirs(output)
    listed = os.path.join(output, "examples.dox")
    with open(listed, "w", encoding="utf-8") as stream:
        stream.write(examples())
    with open(os.path.join(TOP, "docs", "doxygen", "Doxyfile"), encoding="utf-8") as stream:
        settings = stream.read()
    settings += f'PROJECT_NUMBER = {version}\nOUTPUT_DIRECTORY = "{output}"\nINPUT += "{listed}"\n'
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=TOP, text=True, capture_output=True,
                          check=False)
    os.unlink(listed)
    told = done.stdout + done.stderr
    print(told, end="")
    main_page = os.path.join(output, "html", "index.html")
    if done.returncode or re.search("warning:|error:", told) or not os.path.exists(main_page):
        print("Doxygen is not content")
        return 1
    print(f"see {main_page}")
    return 0


sys.exit(main())
