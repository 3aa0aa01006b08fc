#!/usr/bin/env python3
"""Runs a program with a fresh folder as its last argument, and says what it said.

    run_in_folder.py PROGRAM [ARGUMENT...]
"""

import os
import shlex
import subprocess
import sys
import tempfile

emulator = shlex.split(os.environ.get("MESON_EXE_WRAPPER", ""))
with tempfile.TemporaryDirectory() as folder:
    sys.exit(subprocess.run([*emulator, *sys.argv[1:], folder], check=False).returncode)
