"""write: any table of Python's into a target."""

from __future__ import annotations

import ctypes
from ctypes import byref
from typing import Any, Optional, Tuple, Union

from . import _arrow, _columns, _ffi
from ._calls import LongCall
from ._ffi import ArrowArray, ArrowArrayStream, ArrowSchema, PathLike, lib
from ._jobs import Job, TableArgument
from ._options import CsvOptions, LoadOptions, Names, sink_options
from ._progress import ProgressArgument
from ._registry import Registry, Schema
from ._report import Report
from ._stream import ColumnStream


def write(data: Any, target: PathLike, table: TableArgument = None, *, name: Optional[str] = None,
          columns: Names = None, on_error: Optional[str] = None,
          max_rejects: Union[None, int, str] = None, strict_drift: bool = False,
          keys: Optional[str] = None, duplicates: Optional[str] = None, order_by: Names = None,
          quality: bool = False, jobs: Optional[int] = None, progress: ProgressArgument = None,
          compress: Optional[str] = None, integer_times: bool = False, indexes: bool = True,
          verify: bool = False, dictionaries: bool = True, pg_schema: Optional[str] = None,
          temporary_dir: Optional[PathLike] = None, registry: Optional[Registry] = None) -> Report:
    """Writes a table of Python's into a target, validated on the way.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> wards = {"fields": [{"name": "ward", "type": "integer"}, {"name": "beds", "type": "integer"}]}
        >>> report = mimic.write({"ward": [1, 2, 3], "beds": ["20", "many", None]},
        ...                      folder.name + "/wards.db", wards, name="wards")
        >>> report.tables[0].written, report.tables[0].rejected
        (2, 1)
        >>> mimic.open(folder.name + "/wards.db")["wards"].to_pylist()
        [{'ward': 1, 'beds': 20}, {'ward': 3, 'beds': None}]
        >>> folder.cleanup()

    data    anything with __arrow_c_stream__ or __arrow_c_array__ (tables of polars, pyarrow, DuckDB,
            pandas 2.2, a mimic.Table or Batch), a data frame of pandas, a dict of lists or arrays, or
            a list of dicts. What is None, NA, NaT, masked, or NaN in an array, is NULL. The index
            of a data frame is not written: reset_index() makes columns of it
    target  as of `mimic.convert`
    table   the schema that it must fit: "mimic-iv@3.1/labevents", a Schema, a dict or the path of a Table
            Schema. None: names and types are those of the data
    name    of the table, where `table` does not say it, and of the data in messages; by default "table"
    columns only these, in this order

    The other options are those of `mimic.load`, and so is what comes back: the Report, also with
    rejects. They are in the target's table of rejects; record is the row, from 1.
    """
    if name is not None:
        _ffi.text(name, "name")
    schema = (_schema_of(data) if name is None else None) if table is None else Schema.of(
        table, name=name or "" if isinstance(table, dict) else "", registry=registry)
    called = name or (schema.name if schema is not None else "table")
    job = Job(progress)
    sink = sink_options(job.call, compress=compress, integer_times=integer_times, indexes=indexes,
                        verify=verify, dictionaries=dictionaries, pg_schema=pg_schema)
    options = LoadOptions(CsvOptions(columns=columns), sink, job.progress, on_error=on_error,
                          max_rejects=max_rejects, strict_drift=strict_drift, keys=keys,
                          duplicates=duplicates, order_by=order_by, quality=quality, jobs=jobs,
                          temporary_dir=temporary_dir)
    encoded = _ffi.target(target)
    stream, alive = open_stream(data, job.call)
    try:
        return job.report(lib.mimic_convert_stream, _ffi.context(), stream, _ffi.text(called),
                          schema._handle if schema is not None else None, encoded,
                          options.reference)
    finally:
        _arrow.release(stream.contents)
        if isinstance(alive, (ColumnStream, _OneArray)):
            alive.free()
        del alive


def _schema_of(data: Any) -> Optional[Schema]:
    """Of a table of ours; the types of others are their own."""
    from ._table import Batch, Table

    return data.schema if isinstance(data, (Batch, Table)) else None


def open_stream(data: Any, call: LongCall) -> Tuple[Any, Any]:
    """The data as a pointer to an Arrow stream, and what must live until it is released."""
    from ._table import Table

    if isinstance(data, Table) and not data._origin.leaves:
        made = data._whole_stream()  # so that rejects are known
        return _arrow.pointer(made, ArrowArrayStream), made
    if isinstance(data, type):
        raise TypeError(f"data is the class {data.__name__}, not an object of it")
    if hasattr(data, "__arrow_c_stream__") and not _columns.is_data_frame(data):
        made = data.__arrow_c_stream__()
        return _arrow.pointer(made, ArrowArrayStream), made
    if hasattr(data, "__arrow_c_array__"):
        return _of_array(data)
    stream = ColumnStream(_columns.of_data(data), call)
    return ctypes.pointer(stream.struct), stream


def _of_array(data: Any) -> Tuple[Any, Any]:
    pair = data.__arrow_c_array__()
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError("__arrow_c_array__ did not give two capsules")
    _arrow.pointer(pair[1], ArrowArray)  # before the schema is taken out of its capsule
    schema = _arrow.move(pair[0], ArrowSchema)
    stream = _OneArray(schema, _arrow.move(pair[1], ArrowArray))
    return ctypes.pointer(stream.struct), stream


class _OneArray:
    """A stream of one array that somebody handed out."""

    def __init__(self, schema: ArrowSchema, array: ArrowArray) -> None:
        self._schema, self._array = schema, array
        kinds = {name: _arrow.callback_type(ArrowArrayStream, name) for name in (
            "get_schema", "get_next", "get_last_error", "release")}
        self._callbacks = [kinds["get_schema"](lambda stream, out: self._give(self._schema, out)),
                           kinds["get_next"](lambda stream, out: self._give(self._array, out)),
                           kinds["get_last_error"](lambda stream: None),
                           kinds["release"](self._release)]
        self.struct = ArrowArrayStream()
        (self.struct.get_schema, self.struct.get_next, self.struct.get_last_error,
         self.struct.release) = self._callbacks

    def _give(self, struct: Any, out: Any) -> int:
        """Once; after that `release` is NULL, which of an array says that the stream has ended."""
        ctypes.memmove(out, byref(struct), ctypes.sizeof(struct))
        struct.release = type(struct.release)()
        return 0

    def _release(self, pointer: Any) -> None:
        pointer.contents.release = type(pointer.contents.release)()
        self.free()

    def free(self) -> None:
        _arrow.release(self._schema)
        _arrow.release(self._array)

    def __del__(self) -> None:
        self.free()
