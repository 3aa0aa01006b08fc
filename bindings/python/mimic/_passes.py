"""One time through a table, batch by batch, on the C side: of CSV files, or of a target.

A pass owns its C objects and everything they read from. One thread at a time is in it; another one
waits, and a callback that comes back to the pass it is called from gets an exception.
"""

from __future__ import annotations

import os
import threading
import weakref
from ctypes import POINTER, byref, c_int64, c_void_p, string_at
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar

from . import _arrow, _ffi, _inputs
from ._calls import LongCall
from ._errors import NotFoundError, missing
from ._ffi import ArrowArrayStream, lib
from ._quality import Owned
from ._registry import Registry, Schema

T = TypeVar("T")

_INTEGERS = ("int16", "int32", "int64")
_TEXTS = ("string", "categorical")


@dataclass(frozen=True)
class Counts:
    """What became of the rows of a pass: read = delivered + rejected + filtered.

    nulled is the number of values that on_error="null" made NULL.
    """

    read: int
    delivered: int
    rejected: int
    filtered: int
    nulled: int


@dataclass(frozen=True)
class Drift:
    """A difference between a file and its schema.

    kind is "missing_required", "missing", "unknown", "reordered", "release" or "case".
    """

    kind: str
    column: str
    message: str

    def __str__(self) -> str:
        return self.message


_DRIFTS = {_ffi.DRIFT_MISSING_REQUIRED: "missing_required", _ffi.DRIFT_MISSING: "missing",
           _ffi.DRIFT_UNKNOWN: "unknown", _ffi.DRIFT_REORDERED: "reordered",
           _ffi.DRIFT_RELEASE: "release", _ffi.DRIFT_RENAMED_CASE: "case"}


class Guard:
    """A lock that a thread cannot wait for while it holds it."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self._holder: Optional[int] = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._holder == me:
            raise RuntimeError(f"{self._what} is used by a callback of its own")
        self._lock.acquire()
        self._holder = me

    def __exit__(self, *_: Any) -> None:
        self._holder = None
        self._lock.release()


# ---- which part of a table ----

@dataclass(frozen=True)
class Selection:
    """Columns, filters and a limit, checked against the schema that they are of."""

    columns: Optional[Tuple[str, ...]] = None
    where: Tuple[Tuple[str, bool, Tuple[Any, ...]], ...] = ()  # column, whether of texts, values
    limit: Optional[int] = None

    @classmethod
    def of(cls, schema: Schema, columns: Any, where: Any, limit: Any) -> "Selection":
        return cls(_columns(schema, columns), _where(schema, where), _limit(limit))

    def and_where(self, schema: Schema, where: Any) -> "Selection":
        return Selection(self.columns, self.where + _where(schema, where), self.limit)


def _limit(limit: Any) -> Optional[int]:
    if limit is None:
        return None
    if isinstance(limit, bool) or not hasattr(limit, "__index__"):
        raise TypeError(f"limit must be an int, not {type(limit).__name__}")
    rows = limit.__index__()
    if not 0 <= rows < 1 << 63:
        raise ValueError(f"limit must be 0 or more, not {rows}")
    return int(rows)


def _known(schema: Schema) -> Dict[str, str]:
    return {name.lower(): name for name in schema.columns}


def _no_column(schema: Schema, name: str) -> NotFoundError:
    return missing(f"table {schema.name}", "column", name, schema.columns, column=name)


def _columns(schema: Schema, columns: Any) -> Optional[Tuple[str, ...]]:
    if columns is None:
        return None
    listed = [columns] if isinstance(columns, str) else list(columns)
    known = _known(schema)
    chosen: List[str] = []
    for name in listed:
        if not isinstance(name, str):
            raise TypeError(f"columns must be names, not {type(name).__name__}")
        if name.lower() not in known:
            raise _no_column(schema, name)
        if known[name.lower()] in chosen:
            raise ValueError(f"column {name!r} is named twice")
        chosen.append(known[name.lower()])
    return tuple(chosen)


def _where(schema: Schema, where: Any) -> Tuple[Tuple[str, bool, Tuple[Any, ...]], ...]:
    if where is None:
        return ()
    if not isinstance(where, Mapping):
        raise TypeError("where must be a dict such as {'itemid': [50912, 50813]}, not "
                        f"{type(where).__name__}")
    known = _known(schema)
    filters = []
    for name, values in where.items():
        if not isinstance(name, str):
            raise TypeError(f"where: a column is a str, not {type(name).__name__}")
        if name.lower() not in known:
            raise _no_column(schema, name)
        kind = schema[known[name.lower()]].type
        if kind not in _INTEGERS + _TEXTS:
            raise TypeError(f"where: column {name} is {kind}; only integers and texts can be chosen by")
        if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
            values = [values]
        one = _integer if kind in _INTEGERS else _text
        filters.append((known[name.lower()], kind in _TEXTS,
                        tuple(one(name, kind, value) for value in values)))
    return tuple(filters)


def _integer(name: str, kind: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"where: column {name} is {kind}; {value!r} is no int")
    number = int(value.__index__())
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"where: {number} is no 64-bit integer")
    return number


def _text(name: str, kind: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"where: column {name} is {kind}; {value!r} is no str")
    return value


class _Filters:
    """The arrays of a selection; C copies them when it opens a reader or a stream."""

    def __init__(self, selection: Selection) -> None:
        self.columns = _ffi.Strings(selection.columns, "columns")
        numbers = [(n, v) for n, is_text, v in selection.where if not is_text]
        texts = [(n, v) for n, is_text, v in selection.where if is_text]
        self._alive: List[Any] = []
        self.numbers = (_ffi.mimic_csv_filter * max(len(numbers), 1))()
        self.number_count = len(numbers)
        for made, (name, values) in zip(self.numbers, numbers):
            array = (c_int64 * max(len(values), 1))(*values)
            self._alive.append(array)
            made.column, made.values, made.value_count = _ffi.text(name), array, len(values)
        self.texts = (_ffi.mimic_text_filter * max(len(texts), 1))()
        self.text_count = len(texts)
        for made, (name, values) in zip(self.texts, texts):
            strings = _ffi.Strings(values, "values of where")
            self._alive.append(strings)
            made.column, made.values = _ffi.text(name), strings.pointer
            made.value_count = strings.count

    def fill(self, options: Any) -> None:
        options.columns, options.column_count = self.columns.pointer, self.columns.count
        if self.number_count:
            options.filters, options.filter_count = self.numbers, self.number_count
        if self.text_count:
            options.text_filters, options.text_filter_count = self.texts, self.text_count


# ---- the schema of what comes out ----

class Shape:
    """A copy of the schema of a pass, which outlives it: a frame without rows."""

    def __init__(self, table: Any) -> None:
        made = c_void_p()
        lib.mimic_frame_new(_ffi.context(), table, None, byref(made))
        self._owned = Owned(made, lib.mimic_frame_free)
        self.handle = c_void_p(lib.mimic_frame_table(made))
        self.schema = Schema(self._owned, self.handle.value or 0)  # type: ignore[arg-type]

    def export(self) -> Any:
        """As a capsule."""
        struct = _ffi.ArrowSchema()
        lib.mimic_table_export_schema(_ffi.context(), self.handle, byref(struct))
        return _arrow.capsule(struct)


# ---- rejects ----

class RejectLog:
    """Rejects as they come, the first `limit` of them; called by C on whatever thread reads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept: List[Tuple[Any, ...]] = []
        self.total = 0

    def add(self, pointer: Any, _: Any) -> int:
        self.total += 1
        if len(self.kept) < self.limit:
            reject = pointer.contents
            raw = string_at(reject.raw, reject.raw_size) if reject.raw_size else b""
            self.kept.append((
                _ffi.string(reject.source), reject.record, reject.line, reject.byte_offset,
                _ffi.string(reject.column) or None,
                _ffi.string(lib.mimic_reject_code_name(reject.code)),
                _ffi.string(reject.message), raw.decode("utf-8", "replace")))
        return 0


# ---- passes ----

_left_behind: List[Any] = []  # in a forked child: what only the parent can end


def _free_all(handles: List[Tuple[Any, c_void_p]], alive: List[Any], process: int) -> None:
    """In order; emptied first, so that nothing can be freed twice."""
    if process != os.getpid():  # freeing would wait for threads that the child does not have
        _left_behind.append((list(handles), list(alive)))
        return
    while handles:
        free, handle = handles.pop(0)
        free(handle)
    alive.clear()


class Pass:
    """An open reader or stream. Every method may be called by any thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.call = LongCall()
        self._guard = Guard(f"the reading of {name}")
        self._handles: List[Tuple[Any, c_void_p]] = []
        self._alive: List[Any] = [self.call]
        self._is_empty = False  # a limit of 0, which C takes for none
        self._process = os.getpid()
        self._free = weakref.finalize(self, _free_all, self._handles, self._alive, self._process)
        self._free.atexit = False

    def _own(self, free: Any, handle: c_void_p) -> None:
        """What is owned later is freed first."""
        self._handles.insert(0, (free, handle))

    def close(self) -> None:
        if self._process != os.getpid():  # whose guard may be held for ever
            self._free()
            return
        with self._guard:
            self._free()

    def run(self, function: Callable[[Callable[[], Any]], T]) -> T:
        """Calls function(next), where next() gives the next mimic_batch, and None at the end."""
        if self._process != os.getpid():
            raise RuntimeError(f"the reading of {self.name} was begun before a fork, and its threads "
                               "stayed in the parent; begin anew in the child")
        with self._guard:
            if not self._free.alive:
                raise ValueError(f"the reading of {self.name} is closed")
            return self.call.run(function, self._next)

    def _next(self) -> Any:
        """On the thread of the library."""
        if self.call.interrupted(None):
            raise KeyboardInterrupt
        if self._is_empty:
            return None
        batch = POINTER(_ffi.mimic_batch)()
        return batch if self._advance(batch) == _ffi.OK else None

    def _advance(self, batch: Any) -> int:
        raise NotImplementedError

    @property
    def table(self) -> Any:
        """The mimic_table of the batches, borrowed."""
        raise NotImplementedError

    def counts(self) -> Optional[Counts]:
        """So far, or when this was asked last before it was closed; None for what nobody counts."""
        return None

    def read_so_far(self) -> Optional[Tuple[int, int]]:
        """Bytes and rows, asked on the thread that reads; None where nobody counts."""
        return None

    def drift(self) -> Tuple[Drift, ...]:
        return ()

    def export(self) -> ArrowArrayStream:
        """As a stream of C, which owns all; the pass is closed with that."""
        raise NotImplementedError


@dataclass(frozen=True)
class CsvOptions:
    """How a CSV file is written, and what is done about faults."""

    on_error: int = 0
    strict_drift: bool = False
    dialect: Mapping[str, Any] = field(default_factory=dict)


class CsvPass(Pass):
    def __init__(self, source: _inputs.Input, schema: Schema, selection: Selection,
                 options: CsvOptions, jobs: int, rejects: Optional[RejectLog] = None) -> None:
        super().__init__(source.name)
        self._is_empty = selection.limit == 0
        self._reader = c_void_p()
        self._last: Optional[Counts] = None
        try:
            handle, alive = source.open(self.call)
            self._own(lib.mimic_source_free, handle)
            self._source = handle
            self._alive += [alive, schema]
            self._open(schema, selection, options, jobs, rejects)
        except BaseException:
            self.close()
            raise

    def _open(self, schema: Schema, selection: Selection, options: CsvOptions, jobs: int,
              rejects: Optional[RejectLog]) -> None:
        filters = _Filters(selection)
        given = _ffi.mimic_csv_options()
        for key, value in options.dialect.items():
            setattr(given, key, value)
        filters.fill(given)
        given.on_error, given.strict_drift = options.on_error, options.strict_drift
        given.limit, given.jobs = selection.limit or 0, jobs
        if rejects is not None:
            given.on_reject = self.call.callback(_ffi.mimic_reject_fn, rejects.add, is_users=False)
        self.call.run(lib.mimic_csv_reader_open, _ffi.context(), self._source, schema._handle,
                      byref(given), byref(self._reader))
        self._own(lib.mimic_csv_reader_free, self._reader)

    def _advance(self, batch: Any) -> int:
        return int(lib.mimic_csv_reader_next(self._reader, byref(batch)))

    @property
    def table(self) -> Any:
        return lib.mimic_csv_reader_table(self._reader)

    def counts(self) -> Optional[Counts]:
        with self._guard:
            if self._free.alive:
                made = _ffi.mimic_csv_counts()
                lib.mimic_csv_reader_counts(self._reader, byref(made))
                self._last = Counts(made.read, made.delivered, made.rejected, made.filtered,
                                    made.nulled)
        return self._last

    def read_so_far(self) -> Optional[Tuple[int, int]]:
        made = _ffi.mimic_csv_counts()
        lib.mimic_csv_reader_counts(self._reader, byref(made))
        return made.bytes, made.read

    def drift(self) -> Tuple[Drift, ...]:
        drift = lib.mimic_csv_reader_drift(self._reader)
        items = []
        for index in range(lib.mimic_drift_count(drift) if drift else 0):
            item = _ffi.mimic_drift_item()
            lib.mimic_drift_get(drift, index, byref(item))
            items.append(Drift(_DRIFTS.get(item.kind, "case"), _ffi.string(item.column),
                               _ffi.string(item.message)))
        return tuple(items)

    def export(self) -> ArrowArrayStream:
        stream = ArrowArrayStream()
        with self._guard:
            lib.mimic_csv_reader_export(byref(self._reader), byref(stream))
            self._handles.pop(0)  # the reader's
            _hand_over(self, stream)
        return stream


class ScanPass(Pass):
    def __init__(self, target: bytes, registry: Registry, dataset: Optional[str], name: str,
                 selection: Selection, jobs: int, can_interrupt: bool = True) -> None:
        super().__init__(name)
        self._is_empty = selection.limit == 0
        self._stream = c_void_p()
        try:
            scan = open_scan(self.call if can_interrupt else None, target, registry, dataset, jobs)
            self._own(lib.mimic_scan_free, scan)
            self._alive.append(registry)
            table = lib.mimic_scan_find_table(scan, _ffi.text(name))
            if not table:
                raise NotFoundError(f"there is no table {name!r} any more")
            filters = _Filters(selection)
            chosen = _ffi.mimic_scan_selection()
            filters.fill(chosen)
            chosen.limit = selection.limit or 0
            self.call.run(lib.mimic_scan_select, scan, table, byref(chosen), byref(self._stream))
            self._own(lib.mimic_scan_stream_free, self._stream)
        except BaseException:
            self.close()
            raise

    def _advance(self, batch: Any) -> int:
        return int(lib.mimic_scan_next(self._stream, byref(batch)))

    @property
    def table(self) -> Any:
        return lib.mimic_scan_stream_table(self._stream)

    def export(self) -> ArrowArrayStream:
        stream = ArrowArrayStream()
        with self._guard:
            lib.mimic_scan_stream_export(byref(self._stream), byref(stream))
            self._handles.pop(0)  # the stream's
            _hand_over(self, stream)
        return stream


def _hand_over(passed: Pass, stream: ArrowArrayStream) -> None:
    """Gives a stream what the pass owned."""
    try:
        for free, handle in list(passed._handles):
            _arrow.own(stream, free, handle)
            passed._handles.remove((free, handle))
        _arrow.keep(stream, *passed._alive)
    except BaseException:
        _arrow.release(stream)
        raise
    finally:
        passed._free()


def open_scan(call: Optional[LongCall], target: bytes, registry: Registry, dataset: Optional[str],
              jobs: int) -> c_void_p:
    """With a call, Ctrl-C ends this and every later call on the scan; without one, C never calls back."""
    options = _ffi.mimic_scan_options()
    options.jobs = jobs
    if dataset is not None:
        options.dataset = _ffi.text(dataset, "the dataset")
    if call is not None:
        options.interrupted = call.interrupted
    made = c_void_p()
    (call or LongCall()).run(lib.mimic_scan_open, _ffi.context(), registry._handle, target,
                             byref(options), byref(made))
    return made
