#!/usr/bin/env python3
"""Runs a program with a locale that has a decimal comma, made for it in a fresh folder.

    with_locale.py PROGRAM [ARGUMENT...]

MIMIC_TEST_LOCALE is its name; without localedef or its sources the program runs without, and says so.
"""

import os
import shutil
import subprocess
import sys
import tempfile

NAME = "de_DE.UTF-8"
environment = dict(os.environ)
with tempfile.TemporaryDirectory() as folder:
    if shutil.which("localedef"):
        made = subprocess.run(["localedef", "--no-archive", "-i", "de_DE", "-f", "UTF-8",
                               os.path.join(folder, NAME)], capture_output=True, check=False)
        if made.returncode == 0:
            environment.update(LOCPATH=folder, MIMIC_TEST_LOCALE=NAME)
    sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
