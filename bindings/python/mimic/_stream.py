"""An Arrow stream made in Python, for the library alone: it is read and released within one call.

Its functions are ctypes callbacks, which a consumer that outlives the interpreter could not call; so
no such stream leaves the package.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_void_p, cast
from typing import Any, Dict, List, Sequence

from . import _ffi, _inputs
from ._arrow import callback_type
from ._calls import LongCall
from ._columns import Piece, Source
from ._ffi import ArrowArray, ArrowArrayStream, ArrowSchema

_ROWS = 65_536
_EIO = 5
_FLAG_NULLABLE = 2
_ReleaseSchema = callback_type(ArrowSchema, "release")
_ReleaseArray = callback_type(ArrowArray, "release")


class ColumnStream:
    """Columns in pieces of some thousand rows."""

    def __init__(self, columns: Sequence[Source], call: LongCall) -> None:
        self._columns = list(columns)
        self._rows = columns[0].rows
        self._next = 0
        self._alive: Dict[int, List[Any]] = {}  # by the private_data of what was handed out
        self._count = 0
        self._release_schema = _ReleaseSchema(self._on_release)
        self._release_array = _ReleaseArray(self._on_release)
        self._release_inner_schema = _ReleaseSchema(_forget)
        self._release_inner_array = _ReleaseArray(_forget)
        kinds = {name: callback_type(ArrowArrayStream, name) for name in (
            "get_schema", "get_next", "get_last_error", "release")}
        self._no_error = kinds["get_last_error"](lambda stream: None)
        self._release_stream = kinds["release"](_forget)
        self.struct = ArrowArrayStream()
        self.struct.get_schema = call.callback(kinds["get_schema"], self._schema, _EIO, False)
        self.struct.get_next = call.callback(kinds["get_next"], self._advance, _EIO, False)
        self.struct.get_last_error = self._no_error
        self.struct.release = self._release_stream

    def free(self) -> None:
        """Lets go of the data at once: callbacks and this refer to each other."""
        self._columns.clear()
        self._alive.clear()

    def _remember(self, *things: Any) -> int:
        self._count += 1
        self._alive[self._count] = list(things)
        return self._count

    def _on_release(self, pointer: Any) -> None:
        struct = pointer.contents
        for index in range(struct.n_children):
            child = struct.children[index].contents
            child.release = type(child.release)()
        struct.release = type(struct.release)()
        self._alive.pop(struct.private_data, None)

    def _schema(self, _: Any, out: Any) -> int:
        children = [self._field(column) for column in self._columns]
        pointers = (POINTER(ArrowSchema) * len(children))(*(ctypes.pointer(child) for child in children))
        struct = out.contents
        ctypes.memset(out, 0, ctypes.sizeof(ArrowSchema))
        struct.format, struct.name = b"+s", b""
        struct.n_children = len(children)
        struct.children = cast(pointers, POINTER(POINTER(ArrowSchema)))
        struct.private_data = self._remember(children, pointers)
        struct.release = self._release_schema
        return 0

    def _field(self, column: Source) -> ArrowSchema:
        child = ArrowSchema()
        child.format, child.name = column.format.encode(), _ffi.text(column.name)
        child.flags = _FLAG_NULLABLE
        child.release = self._release_inner_schema
        if column.categories is not None:
            texts = ArrowSchema()
            texts.format, texts.name, texts.release = b"u", b"", self._release_inner_schema
            child.dictionary = ctypes.pointer(texts)
        return child

    def _advance(self, _: Any, out: Any) -> int:
        ctypes.memset(out, 0, ctypes.sizeof(ArrowArray))
        if self._next >= self._rows:
            return 0
        start, stop = self._next, min(self._next + _ROWS, self._rows)
        alive: List[Any] = []
        children = [self._array(column, column.piece(start, stop), stop - start, alive)
                    for column in self._columns]
        pointers = (POINTER(ArrowArray) * len(children))(*(ctypes.pointer(child) for child in children))
        nothing = (c_void_p * 1)()
        struct = out.contents
        struct.length, struct.n_buffers, struct.n_children = stop - start, 1, len(children)
        struct.buffers = cast(nothing, POINTER(c_void_p))
        struct.children = cast(pointers, POINTER(POINTER(ArrowArray)))
        struct.private_data = self._remember(alive, children, pointers, nothing)
        struct.release = self._release_array
        self._next = stop
        return 0

    def _array(self, column: Source, piece: Piece, rows: int, alive: List[Any]) -> ArrowArray:
        made = self._plain(piece, rows, alive)
        if column.categories is not None:
            texts = self._plain(column.categories, column.category_count, alive)
            made.dictionary = ctypes.pointer(texts)
        return made

    def _plain(self, piece: Piece, rows: int, alive: List[Any]) -> ArrowArray:
        made = ArrowArray()
        addresses = (c_void_p * len(piece.buffers))()
        for index, data in enumerate(piece.buffers):
            if data is not None:
                buffer = _inputs.Buffer(data)
                alive.append(buffer)
                addresses[index] = buffer.address or None
        made.length, made.null_count, made.n_buffers = rows, piece.null_count, len(piece.buffers)
        made.buffers = cast(addresses, POINTER(c_void_p))
        made.release = self._release_inner_array
        alive.append(addresses)
        return made


def _forget(pointer: Any) -> None:
    pointer.contents.release = type(pointer.contents.release)()
