"""pandas reads one CSV file into a data frame, with the types given. Times the read alone.

    /usr/bin/python3 peer_pandas.py FILE '{"subject_id": "int32", ...}'
"""

import json
import sys
import time

import pandas

TYPES = {"int16": "Int16", "int32": "Int32", "int64": "Int64", "float32": "float32", "float64": "float64",
         "categorical": "category"}


def main():
    path, fields = sys.argv[1], json.loads(sys.argv[2])
    times = [name for name, kind in fields.items() if kind in ("timestamp", "date")]
    types = {name: TYPES.get(kind, "str") for name, kind in fields.items() if name not in times}
    start = time.perf_counter()
    frame = pandas.read_csv(path, dtype=types, parse_dates=times, na_values=[""], keep_default_na=False)
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": len(frame), "seconds": seconds}))


main()
