#!/usr/bin/env python3
"""Real folders loaded into every kind of target and read back by the library, every cell compared.

    check_scans.py MIMIC BUILD_FOLDER SCAN_VALUES
"""

import os
import subprocess
import sys
import tempfile

import real

TARGETS = ["sqlite:{}/out.db", "arrow:{}/arrow", "csv:{}/csv"]
# Sources whose rows are all written; rejected ones are in no target and would have to be left out.
FOLDERS = ["mimic-iv-demo", "mimic-iii-demo", "synthea-csv/r2024-small"]


def main():
    real.require_data()
    program = real.Program(sys.argv[1])
    faults = real.Faults()
    for folder in FOLDERS:
        release = real.FOLDERS[folder]
        for target in TARGETS:
            with tempfile.TemporaryDirectory() as work:
                uri = target.format(work)
                status, report, said = program.load(folder, uri)
                if not faults.expect(report is not None, f"{folder} into {uri}: {said}"):
                    continue
                done = subprocess.run([sys.argv[3], os.path.join(real.DATA, folder), release, uri],
                                      capture_output=True, text=True, check=False, timeout=600)
                faults.equal(done.returncode, 0, f"{folder} from {target} ({status})\n{done.stdout}")
                faults.equal(done.stdout.splitlines()[-1], f"{len(report['tables'])} tables",
                             f"{folder} from {target}")
    faults.finish("real targets read back")


main()
