"""DuckDB takes capsules of the Python package, as another library of a notebook would.

    MIMIC_LIBRARY=… PYTHONPATH=bindings/python /usr/bin/python3 consume_duckdb.py LIBDUCKDB

The table is a stream that reads while DuckDB asks, on DuckDB's threads, when every Python object that
had to do with it is gone.
"""

import ctypes
import gc
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_uint64, c_void_p

import mimic

WARDS = {"fields": [{"name": "ward", "type": "integer"}, {"name": "name", "type": "string"},
                    {"name": "kind", "type": "string", "mimic": {"type": "categorical"}},
                    {"name": "opened", "type": "date"}, {"name": "share", "type": "number"}]}
ROWS = 200_000
QUERY = ("SELECT count(*), sum(ward), count(DISTINCT name), count(kind), max(opened), sum(share), "
         "max(kind) FROM wards")


class Result(ctypes.Structure):
    """duckdb_result; only its size matters here."""

    _fields_ = [("words", c_uint64 * 8)]


def csv():
    lines = ["ward,name,kind,opened,share\n"]
    for row in range(ROWS):
        lines.append(f"{row},name {row % 1000},{'' if row % 4 == 0 else 'k%d' % (row % 7)},"
                     f"20{row % 90 + 10}-01-01,{row % 8 / 8}\n")
    return "".join(lines).encode()


def expected():
    rows = range(ROWS)
    kinds = [f"k{row % 7}" for row in rows if row % 4]
    return [str(ROWS), str(sum(rows)), "1000", str(len(kinds)), "2099-01-01",
            str(sum(row % 8 / 8 for row in rows)), max(kinds)]


def load(path):
    duckdb = ctypes.CDLL(path)
    duckdb.duckdb_arrow_scan.argtypes = [c_void_p, c_char_p, c_void_p]
    duckdb.duckdb_query.argtypes = [c_void_p, c_char_p, POINTER(Result)]
    duckdb.duckdb_result_error.restype = c_char_p
    duckdb.duckdb_value_varchar.restype = c_void_p
    duckdb.duckdb_value_varchar.argtypes = [POINTER(Result), c_uint64, c_uint64]
    duckdb.duckdb_free.argtypes = [c_void_p]
    return duckdb


def consume(duckdb, connection, capsule):
    """The row that the query gives; DuckDB moves the stream out of the capsule."""
    pointer = ctypes.PYFUNCTYPE(c_void_p, ctypes.py_object, c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi))
    stream = pointer(capsule, b"arrow_array_stream")
    if duckdb.duckdb_arrow_scan(connection, b"wards", stream) != 0:
        sys.exit("duckdb_arrow_scan failed")
    result = Result()
    if duckdb.duckdb_query(connection, QUERY.encode(), byref(result)) != 0:
        sys.exit(duckdb.duckdb_result_error(byref(result)).decode())
    row = []
    for column in range(7):
        text = duckdb.duckdb_value_varchar(byref(result), column, 0)
        row.append(ctypes.string_at(text).decode())
        duckdb.duckdb_free(text)
    duckdb.duckdb_destroy_result(byref(result))
    return row


def main():
    duckdb, database, connection = load(sys.argv[1]), c_void_p(), c_void_p()
    assert duckdb.duckdb_open(None, byref(database)) == 0
    assert duckdb.duckdb_connect(database, byref(connection)) == 0
    table = mimic.read_csv(csv(), WARDS)
    batch = next(iter(table))
    whole = table._whole_stream()
    streamed = table.__arrow_c_stream__()
    del table
    gc.collect()
    for capsule in (streamed, whole):
        row = consume(duckdb, connection, capsule)
        if row != expected():
            sys.exit(f"DuckDB says {row}, expected was {expected()}")
    del capsule, streamed, whole
    gc.collect()
    assert batch.to_pylist()[0]["ward"] == 0
    duckdb.duckdb_disconnect(byref(connection))
    duckdb.duckdb_close(byref(database))
    print(f"DuckDB took {ROWS:,} rows from a capsule, twice")


main()
