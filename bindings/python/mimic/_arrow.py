"""The Arrow C interfaces, in and out: structs in PyCapsules, and who frees them when.

*Out.* A consumer takes a capsule and moves the struct out of it; from then on only functions of the
C library are called, on whatever thread and however late. That holds for what a stream reads from,
too: `keep` makes it own C objects, and lets Python objects live until it is released, which is told
by a lock of the interpreter's that C code may open without the GIL.

The capsules have no destructor. One in Python would be called while capsules are taken down, maybe
with an exception set, and ctypes cannot run code then (the process crashes); one in C would have to
know the interpreter. So the capsules that were handed out are kept here, and one that nobody else
refers to any more is freed at the next collection of garbage, or when the next one is made.

*In.* The name of a capsule says what it holds, and a struct whose `release` is NULL was taken before.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
import threading
from ctypes import POINTER, byref, c_char_p, c_int, c_void_p, py_object
from typing import Any, Dict, List, Optional, Tuple, Type

from . import _ffi
from ._ffi import ArrowArray, ArrowArrayStream, ArrowSchema, lib

NAMES: Dict[Type[Any], bytes] = {ArrowSchema: b"arrow_schema", ArrowArray: b"arrow_array",
                                 ArrowArrayStream: b"arrow_array_stream"}


def callback_type(struct: Type[Any], member: str) -> Any:
    """The type of a function pointer in a struct."""
    return {field[0]: field[1] for field in struct._fields_}[member]


def _python(name: str, result: Any, *parameters: Any) -> Any:
    """A function of the interpreter, with types of our own: others may have set those of pythonapi."""
    return ctypes.PYFUNCTYPE(result, *parameters)((name, ctypes.pythonapi))


_new_capsule = _python("PyCapsule_New", py_object, c_void_p, c_char_p, c_void_p)
_is_valid = _python("PyCapsule_IsValid", c_int, py_object, c_char_p)
_get_pointer = _python("PyCapsule_GetPointer", c_void_p, py_object, c_char_p)
_new_lock = _python("PyThread_allocate_lock", c_void_p)
_take_lock = _python("PyThread_acquire_lock", c_int, c_void_p, c_int)
_open_lock = ctypes.cast(ctypes.pythonapi.PyThread_release_lock, c_void_p)  # void (void *), any thread


def release(struct: Any, byref: Any = byref) -> None:
    """Releases a struct unless that was done, or was left to somebody who took it."""
    if struct.release:
        struct.release(byref(struct))


# ---- what was handed out ----

_capsules: Dict[int, Tuple[Any, Any]] = {}  # by the address of the struct: the capsule, the struct
_kept: Dict[int, Tuple[Any, ...]] = {}      # by the address of a closed lock: what its stream needs
_free_locks: List[int] = []                 # closed ones; reused, never freed, since C may be leaving one
_left_behind: List[Any] = []                # in a forked child: what is the parent's
_is_sweeping = threading.Lock()


def _references() -> int:
    """What getrefcount says of a capsule that only _capsules refers to, here and in sweep()."""
    only: Dict[int, Tuple[Any, Any]] = {0: (object(), None)}
    capsule, _ = only[0]
    return sys.getrefcount(capsule)


_ALONE = _references()


def sweep() -> None:
    """Frees what was handed out and is not wanted any more."""
    if not _is_sweeping.acquire(blocking=False):
        return
    try:
        for address in list(_capsules):
            capsule, struct = _capsules[address]
            if sys.getrefcount(capsule) <= _ALONE:
                del _capsules[address]
                release(struct)
        for lock in list(_kept):
            if _take_lock(lock, 0):
                _free_locks.append(lock)
                del _kept[lock]
    finally:
        _is_sweeping.release()


def _on_collection(phase: str, _: Any) -> None:
    if phase == "stop" and (_capsules or _kept):
        sweep()


gc.callbacks.append(_on_collection)


def _forget_parents() -> None:
    """In a forked child: to release the parent's streams would wait for threads that are not there."""
    global _is_sweeping
    _is_sweeping = threading.Lock()  # which another thread may have held
    _left_behind.append((dict(_capsules), dict(_kept)))
    _capsules.clear()
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)


@atexit.register
def _stop_sweeping() -> None:
    """What is left at the end of the process ends with it."""
    if _on_collection in gc.callbacks:
        gc.callbacks.remove(_on_collection)


def capsule(struct: Any) -> Any:
    """A PyCapsule that holds the struct, which belongs to it from now on."""
    sweep()
    address = ctypes.addressof(struct)
    made = _new_capsule(address, NAMES[type(struct)], None)
    _capsules[address] = (made, struct)
    return made


def keep(stream: ArrowArrayStream, *objects: Any) -> None:
    """Lets Python objects live as long as a stream that reads from them."""
    try:
        lock = _free_locks.pop()
    except IndexError:
        lock = _new_lock()
        if not lock:
            raise MemoryError
        _take_lock(lock, 0)
    _kept[lock] = objects
    try:
        lib.mimic_stream_keep(_ffi.context(), byref(stream), _open_lock, lock)
    except BaseException:
        del _kept[lock]
        _free_locks.append(lock)
        raise


def own(stream: ArrowArrayStream, function: Any, handle: c_void_p) -> None:
    """Makes a stream free a handle of the library with `function`, one of its mimic_…_free."""
    lib.mimic_stream_keep(_ffi.context(), byref(stream), ctypes.cast(function, c_void_p), handle)


# ---- what others hand out ----

def pointer(made: Any, kind: Type[Any]) -> Any:
    """The struct of somebody's capsule, as a pointer; the capsule must live as long as it is used."""
    name = NAMES[kind]
    if type(made).__name__ != "PyCapsule":
        raise TypeError(f"a PyCapsule {name.decode()!r} was expected, not {type(made).__name__}")
    if not _is_valid(made, name):
        raise TypeError(f"a PyCapsule {name.decode()!r} was expected, but it has another name")
    found = ctypes.cast(_get_pointer(made, name), POINTER(kind))
    if not found.contents.release:
        raise ValueError(f"the capsule {name.decode()!r} was taken by somebody already")
    return found


def move(made: Any, kind: Type[Any]) -> Any:
    """The struct itself, taken out of somebody's capsule."""
    found = pointer(made, kind)
    struct = kind()
    ctypes.memmove(byref(struct), found, ctypes.sizeof(kind))
    found.contents.release = type(struct.release)()
    return struct


# ---- arrays that belong to an object ----

class OwnedArray:
    """An ArrowArray that is released with the last object that refers to this one."""

    def __init__(self) -> None:
        self.struct = ArrowArray()
        self._lock = threading.Lock()

    def __del__(self, release: Any = release) -> None:
        struct = getattr(self, "struct", None)
        if struct is not None:
            release(struct)

    def share(self) -> Any:
        """A capsule with a view of it."""
        view = ArrowArray()
        with self._lock:
            lib.mimic_array_share(_ffi.context(), byref(self.struct), byref(view))
        return capsule(view)


def memory(address: Optional[int], size: int, owner: Any) -> memoryview:
    """Bytes that belong to `owner`, which lives as long as any view of them. Read only."""
    if not address or size <= 0:
        return memoryview(b"")
    array = (ctypes.c_char * size).from_address(address)
    array.owner = owner  # type: ignore[attr-defined]
    return memoryview(array).cast("B").toreadonly()
