"""libmimic reads one CSV file into a pandas data frame, through its Python package. Times the read alone,
the package and pandas being loaded.

    MIMIC_LIBRARY=... PYTHONPATH=bindings/python /usr/bin/python3 read_pandas.py FILE SPEC JOBS
"""

import json
import sys
import time

import pandas  # noqa: F401

import mimic


def main():
    path, spec, jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    mimic.registry().table(spec)
    start = time.perf_counter()
    frame = mimic.read_csv(path, spec, jobs=jobs).to_pandas()
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": len(frame), "seconds": seconds}))


main()
