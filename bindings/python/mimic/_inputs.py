"""Where the bytes of a CSV file come from: a path, bytes in memory, or a file object."""

from __future__ import annotations

import ctypes
import os
import stat
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_ssize_t, c_void_p, py_object
from typing import Any, Optional, Tuple, Union

from . import _arrow, _ffi
from ._calls import LongCall
from ._ffi import lib

_READ_BYTES = 1 << 20


class Input:
    """Something that can be read from its beginning, once or as often as one likes."""

    name = ""
    path: Optional[str] = None
    is_rereadable = True
    size: Optional[int] = None  # in bytes, of what is not compressed
    calls_back = False  # into Python, so that it cannot leave for a consumer of C

    def open(self, call: LongCall) -> Tuple[c_void_p, Any]:
        """A mimic_source, and what must live as long."""
        raise NotImplementedError


class PathInput(Input):
    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        self._encoded = _ffi.path(path)
        self.path = self.name = os.fsdecode(self._encoded)
        self._was_read = False
        try:
            found = os.stat(self.path)
            self.is_rereadable = self.path != "-" and stat.S_ISREG(found.st_mode)
            if self.is_rereadable and not self.path.lower().endswith((".gz", ".zst")):
                self.size = found.st_size
        except OSError:
            pass  # the library says it better

    def open(self, call: LongCall) -> Tuple[c_void_p, Any]:
        options = _ffi.mimic_source_options()
        if not self.is_rereadable:
            options.interrupted = call.interrupted
            if self._was_read:  # another open of a pipe would wait for another writer
                raise ValueError(f"{self.name} was read already; it is read once only")
        made = c_void_p()
        call.run(lib.mimic_source_open, _ffi.context(), self._encoded, byref(options), byref(made))
        self._was_read = True
        return made, call.interrupted


class _PyBuffer(ctypes.Structure):
    """Py_buffer, as every interpreter has it since Python 3."""

    _fields_ = [("buf", c_void_p), ("obj", c_void_p), ("len", c_ssize_t), ("itemsize", c_ssize_t),
                ("readonly", c_int), ("ndim", c_int), ("format", c_char_p), ("shape", c_void_p),
                ("strides", c_void_p), ("suboffsets", c_void_p), ("internal", c_void_p)]


_get_buffer = _arrow._python("PyObject_GetBuffer", c_int, py_object, POINTER(_PyBuffer), c_int)
_release_buffer = _arrow._python("PyBuffer_Release", None, POINTER(_PyBuffer))


class Buffer:
    """The bytes of an object, which stay where they are as long as this lives."""

    def __init__(self, data: Any) -> None:
        self._view = _PyBuffer()
        _get_buffer(data, byref(self._view), 0)
        self.address: int = self._view.buf or 0
        self.size: int = self._view.len

    def __del__(self, free: Any = _release_buffer, byref: Any = byref) -> None:
        if self._view.obj:
            free(byref(self._view))


class MemoryInput(Input):
    def __init__(self, data: Any) -> None:
        self._buffer = Buffer(data)
        self.name = f"<{type(data).__name__}>"

    def open(self, call: LongCall) -> Tuple[c_void_p, Any]:
        made = c_void_p()
        lib.mimic_source_from_memory(_ffi.context(), self._buffer.address or b"", self._buffer.size,
                                     _ffi.text(self.name), None, byref(made))
        return made, self._buffer


class _Place:
    """Where one reading of a file object is."""

    def __init__(self, position: int) -> None:
        self.position = position


class FileInput(Input):
    """A binary file object. It is read from where it stands; one that can seek, again and again.

    Several readings may be under way, each with a place of its own in the file.
    """

    calls_back = True

    def __init__(self, file: Any) -> None:
        self._file = file
        name = getattr(file, "name", None)
        self.name = name if isinstance(name, str) and "\0" not in name else f"<{type(file).__name__}>"
        self._start: Optional[int] = None
        self._was_read = False
        self._lock = threading.Lock()
        self._reading: Optional[_Place] = None  # whose place the file stands at
        seekable = getattr(file, "seekable", None)
        if callable(seekable) and seekable():
            self._start = file.tell()
        self.is_rereadable = self._start is not None

    def _take(self, place: "_Place", size: int) -> Any:
        with self._lock:
            if self._start is not None and self._reading is not place:
                self._reading = None
                self._file.seek(place.position)
                self._reading = place
            data = self._file.read(size)
            if data is not None and not isinstance(data, str):
                place.position += memoryview(data).nbytes
            return data

    def _read(self, place: "_Place", buffer: int, capacity: int, out_size: Any) -> int:
        data = self._take(place, min(capacity, _READ_BYTES))
        if data is None:
            raise BlockingIOError(f"{self.name} has nothing to read yet; it must be a blocking file")
        if isinstance(data, str):
            raise TypeError(f"{self.name} gives str; open it in binary mode, as with open(path, 'rb')")
        view = memoryview(data).cast("B")
        if len(view) > min(capacity, _READ_BYTES):
            raise ValueError(f"{self.name} gave {len(view)} bytes where at most "
                             f"{min(capacity, _READ_BYTES)} were asked for")
        out_size[0] = len(view)
        if len(view) == 0:
            return _ffi.END
        ctypes.memmove(buffer, bytes(view), len(view))
        return _ffi.OK

    def open(self, call: LongCall) -> Tuple[c_void_p, Any]:
        if self._was_read and self._start is None:
            raise ValueError(f"{self.name} was read already and cannot seek; it is read once only")
        self._was_read = True
        place = _Place(self._start or 0)
        callbacks = _ffi.mimic_source_callbacks()
        kind = _arrow.callback_type(_ffi.mimic_source_callbacks, "read")
        callbacks.read = call.callback(
            kind, lambda _, buffer, capacity, out, error: self._read(place, buffer, capacity, out),
            failed=_ffi.ERR_CANCELLED)
        made = c_void_p()
        call.run(lib.mimic_source_from_callbacks, _ffi.context(), byref(callbacks),
                 _ffi.text(self.name), None, byref(made))
        return made, call


def of(source: Any) -> Input:
    """The input that an argument means."""
    if isinstance(source, (str, os.PathLike)):
        return PathInput(source)
    if callable(getattr(source, "read", None)):
        return FileInput(source)
    try:
        return MemoryInput(source)
    except TypeError:
        raise TypeError("source must be a path, bytes or a binary file object, not "
                        f"{type(source).__name__}") from None
