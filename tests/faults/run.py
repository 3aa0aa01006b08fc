#!/usr/bin/env python3
"""Loads that meet misfortune: full disks, broken and interrupted system calls, SIGKILL, locked and
forbidden targets, hostile inputs, memory that runs out, a server that fails.

    run.py MIMIC SHIM MEMORY [--moments N] [--all] [--seed S] [--patients N]
           [--folder DIR] [NAME...]

NAME is unittest's, such as calls or kills.Moments.test_sqlite; without one everything runs. Another
seed means other data, other moments, other calls. SHIM and MEMORY are built from shim.c and
memory.c beside this file.
"""

import sys
import unittest

import world

NAMES = ["calls", "kills", "places", "limits", "memory", "database", "trajectories"]

if __name__ == "__main__":
    world.begin()
    unittest.main(module=None, argv=[sys.argv[0], *(sys.argv[1:] or NAMES)])
