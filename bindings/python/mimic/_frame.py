"""Whole tables in memory, as numpy arrays and pandas data frames.

The C library puts each column in one piece, without bitmaps (the dense form of frame.h). numpy looks
at that memory where it is; an array keeps the frame alive, and the last one frees it.
"""

from __future__ import annotations

import datetime
from ctypes import byref, c_void_p, cast, pointer, string_at
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from . import _arrow, _decode, _ffi
from ._ffi import ArrowArray, ArrowArrayStream, lib
from ._passes import Shape
from ._quality import Owned
from ._registry import Field, Schema

if TYPE_CHECKING:
    import numpy
    import pandas  # type: ignore[import]

DENSE = _ffi.FRAME_DENSE
_NUMBERS = {"boolean": "|b1", "int16": "<i2", "int32": "<i4", "int64": "<i8", "float32": "<f4",
            "float64": "<f8", "categorical": "<i4", "string": "<i4"}
_TYPES = {name: getattr(_ffi, "TYPE_" + name.upper()) for name in (
    "boolean", "int16", "int32", "int64", "float32", "float64", "decimal", "date", "time",
    "timestamp", "timestamptz", "string", "categorical", "binary")}
_NULLABLE = ("boolean", "int16", "int32", "int64")


class Frame:
    """A mimic_frame. It is filled by one thread, and only looked at afterwards."""

    def __init__(self, table: Any, *, form: int = DENSE, nanoseconds: bool = False) -> None:
        options = _ffi.mimic_frame_options()
        options.form, options.nanoseconds = form, nanoseconds
        self.handle = c_void_p()
        lib.mimic_frame_new(_ffi.context(), table, byref(options), byref(self.handle))
        self._owned = Owned(self.handle, lib.mimic_frame_free)
        # It refers to the handle's owner, not to the frame: in a cycle the frame would outlive its
        # arrays until garbage is collected, whatever its size.
        self.schema = Schema(self._owned, lib.mimic_frame_table(self.handle))  # type: ignore[arg-type]
        self.nanoseconds = nanoseconds

    def append(self, batch: Any) -> None:
        lib.mimic_frame_append(self.handle, batch)

    def __len__(self) -> int:
        return int(lib.mimic_frame_row_count(self.handle))

    def column(self, index: int) -> "DenseColumn":
        view = _ffi.mimic_frame_column()
        lib.mimic_frame_get(self.handle, index, byref(view))
        return DenseColumn(self, self.schema.fields[index], view)


class _Memory:
    """What numpy asks for memory that is somebody else's."""

    def __init__(self, owner: Any, address: int, kind: str, count: int) -> None:
        self.owner = owner
        self.__array_interface__ = {"data": (address, False), "shape": (count,), "typestr": kind,
                                    "version": 3}


class DenseColumn:
    """One column of a frame."""

    def __init__(self, frame: Frame, field: Field, view: Any) -> None:
        self._frame, self.field, self._view = frame, field, view
        self.rows: int = view.row_count
        self.null_count: int = view.null_count

    def _array(self, address: Optional[int], kind: str, count: Optional[int] = None) -> Any:
        import numpy

        count = self.rows if count is None else count
        if count == 0 or not address:
            return numpy.empty(0, kind)
        return numpy.asarray(_Memory(self._frame, address, kind, count))

    def values(self) -> Any:
        """Numbers, codes, datetimes and timedeltas as they stand in memory."""
        return self._array(self._view.values, self._kind())

    def _kind(self) -> str:
        kind = self.field.type
        if kind in _NUMBERS:
            return _NUMBERS[kind]
        letter = "m" if kind == "time" else "M"
        unit = "ns" if self._frame.nanoseconds else "D" if kind == "date" else "us"
        return f"<{letter}8[{unit}]"

    def missing(self) -> Any:
        """A bool a row, True where there is no value; None where the type says it otherwise."""
        address = cast(self._view.missing, c_void_p).value
        return self._array(address, "|b1") if address else None

    def texts(self) -> List[str]:
        """Of a text or categorical column: each once."""
        if self._view.text_count == 0:
            return []
        address = cast(self._view.texts, c_void_p).value or 0
        return string_at(address, self._view.texts_size - 1).decode("utf-8").split("\0")

    def objects(self) -> Any:
        """Texts, decimals or bytes as an array of objects; None where there is none."""
        import numpy

        kind = self.field.type
        if kind in ("string", "categorical"):
            return self.taken(None)
        made = numpy.empty(self.rows, object)
        if kind == "decimal":
            address = cast(self._view.values, c_void_p).value
            data = _arrow.memory(address, 16 * self.rows, self._frame)
            made[:] = _decode.decimals(data, self._view.scale)
        else:
            ends = self._array(cast(self._view.long_offsets, c_void_p).value, "<i8", self.rows + 1)
            address = cast(self._view.values, c_void_p).value
            held = bytes(_arrow.memory(address, int(ends[-1]) if self.rows else 0, self._frame))
            made[:] = [held[i:j] for i, j in zip(ends[:-1].tolist(), ends[1:].tolist())]
        missing = self.missing()
        if missing is not None:
            made[missing] = None
        return made

    def taken(self, absent: Any) -> Any:
        """The text of each row, `absent` where there is none."""
        import numpy

        texts = self.texts()
        codes = self.values()
        if len(texts) == self.rows and self.null_count == 0:  # each once, so in order of rows
            made = numpy.empty(self.rows, object)
            made[:] = texts
            if self.field.type == "string":
                return made
        pool = numpy.empty(len(texts) + 1, object)
        pool[:-1] = texts
        pool[-1] = absent  # where code -1 leads
        return pool[codes]  # a third of what take() needs


# ---- numpy ----

def to_numpy(frame: Frame) -> Dict[str, "numpy.ndarray[Any, Any]"]:
    return {field.name: _numpy_column(frame.column(index))
            for index, field in enumerate(frame.schema.fields)}


def _numpy_column(column: DenseColumn) -> Any:
    import numpy

    kind = column.field.type
    if kind in ("string", "categorical", "decimal", "binary"):
        return column.objects()
    values = column.values()
    if kind in _NULLABLE and not column.field.required:
        missing = column.missing()
        if missing is None:
            missing = numpy.zeros(len(values), bool)
        masked: Any = numpy.ma
        return masked.MaskedArray(values, missing)
    return values


# ---- pandas ----

def pandas_wants_nanoseconds() -> bool:
    """pandas 1 knows no other unit of time."""
    import pandas

    return int(pandas.__version__.partition(".")[0]) < 2


def to_pandas(frame: Frame) -> "pandas.DataFrame":
    import pandas

    columns = {field.name: _pandas_column(frame.column(index))
               for index, field in enumerate(frame.schema.fields)}
    return pandas.DataFrame(columns, index=pandas.RangeIndex(len(frame)), copy=False)


def _pandas_column(column: DenseColumn) -> Any:
    import numpy
    import pandas

    kind = column.field.type
    if kind == "categorical":
        return _category(column)
    if kind == "string":
        return _string(column.taken(pandas.NA))
    if kind in ("decimal", "binary"):
        return column.objects()
    values = column.values()
    if kind in _NULLABLE and not column.field.required:
        missing = column.missing()
        if missing is None:
            missing = numpy.zeros(len(values), bool)
        made = pandas.arrays.BooleanArray if kind == "boolean" else pandas.arrays.IntegerArray
        return made(values, missing)
    if values.dtype.kind in "Mm" and not column._frame.nanoseconds:
        values = pandas_times(values)
    if kind == "timestamptz":
        if values.dtype == object:
            utc = datetime.timezone.utc
            values[:] = [None if value is None else value.replace(tzinfo=utc) for value in values]
            return values
        return pandas.DatetimeIndex(values).tz_localize("UTC")
    return values


def pandas_times(values: Any) -> Any:
    """Microseconds and days as pandas has them; pandas 1 only where nanoseconds can say them."""
    import numpy

    if not pandas_wants_nanoseconds():
        return values.astype("<M8[s]") if values.dtype == "<M8[D]" else values  # it has no days
    there = values[~numpy.isnat(values)]
    exact = there.astype(f"<{values.dtype.kind}8[ns]")
    if len(there) == 0 or (exact.astype(values.dtype) == there).all():
        return values.astype(f"<{values.dtype.kind}8[ns]")
    return values.astype(object)


def _category(column: DenseColumn) -> Any:
    import pandas

    kind = pandas.CategoricalDtype(pandas.Index(column.texts(), dtype=object))
    return pandas.Categorical.from_codes(column.values(), dtype=kind)


def _string(texts: Any) -> Any:
    """A StringArray of an array that is known to hold str and NA only; its own look takes long."""
    import pandas

    array = pandas.arrays.StringArray
    try:
        return getattr(array, "_simple_new")(texts, pandas.StringDtype("python"))
    except (AttributeError, TypeError):
        return array(texts)


# ---- Arrow ----

def as_batch(array: ArrowArray, shape: Shape) -> Tuple[Any, List[Any]]:
    """A mimic_batch that looks at an array of the library's own, and what must live as long."""
    count = array.n_children
    columns = (_ffi.mimic_column * max(count, 1))()
    alive: List[Any] = [columns]
    for index, field in enumerate(shape.schema.fields):
        child, column = array.children[index].contents, columns[index]
        column.type = _TYPES[field.type]
        column.precision, column.scale = field.precision or 0, field.scale or 0
        column.null_count = child.null_count
        column.validity = cast(child.buffers[0], type(column.validity))
        column.values = child.buffers[1]
        if field.type in ("string", "binary"):
            column.offsets = cast(child.buffers[1], type(column.offsets))
            column.values = child.buffers[2]
        if child.dictionary:
            texts = child.dictionary.contents
            made = _ffi.mimic_dictionary()
            made.count = texts.length
            made.offsets = cast(texts.buffers[1], type(made.offsets))
            made.bytes = texts.buffers[2]
            column.dictionary = pointer(made)
            alive.append(made)
    batch = _ffi.mimic_batch()
    batch.row_count, batch.column_count = array.length, count
    batch.columns = cast(columns, type(batch.columns))
    batch.table = shape.handle
    batch.first_record = 1
    return batch, alive


def stream(frame: Frame, shape: Shape) -> Any:
    """A capsule of a stream that hands out the frame, of the ARROW form, in one piece."""
    array = ArrowArray()
    made = ArrowArrayStream()
    lib.mimic_frame_export(byref(frame.handle), byref(array))
    try:
        lib.mimic_array_stream(_ffi.context(), shape.handle, byref(array), 1, byref(made))
    finally:
        _arrow.release(array)
    return _arrow.capsule(made)
