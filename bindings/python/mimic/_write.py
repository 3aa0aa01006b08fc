"""write: any table of Python's into a target."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_void_p
from typing import Any, Iterable, Mapping, Optional, Tuple, Union

from . import _arrow, _columns, _ffi
from ._calls import LongCall
from ._ffi import ArrowArray, ArrowArrayStream, ArrowSchema, PathLike
from ._registry import Registry, Schema
from ._stream import ColumnStream


def open_stream(data: Any, call: LongCall) -> Tuple[Any, Any]:
    """The data as a pointer to an Arrow stream, and what must live until it is released."""
    from ._table import Table

    if isinstance(data, Table) and not data._origin.leaves:
        made = data._whole_stream()  # so that rejects are known
        return _arrow.pointer(made, ArrowArrayStream), made
    if isinstance(data, type):
        raise TypeError(f"data is the class {data.__name__}, not an object of it")
    if hasattr(data, "__arrow_c_stream__"):
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
    schema, array = _arrow.move(pair[0], ArrowSchema), _arrow.move(pair[1], ArrowArray)
    stream = _OneArray(schema, array)
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
