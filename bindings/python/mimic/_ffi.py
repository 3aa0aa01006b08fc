"""Every function of the C library, and the way to it: no objects, no logic. Structs:
_structs.py and _job_structs.py.

A function of the library is called as `lib.mimic_detect(ctx, ...)`. Where its last parameter is a
`mimic_error *`, the caller leaves that out: a status below zero becomes the exception of
`_errors.py`, and statuses from zero on are returned.

Handles are c_void_p, `out = c_void_p()` and `byref(out)` where the library makes one. Texts go in
by text(), path() and target(), lists of names by Strings; they come back by string() and
take_text().
ctypes lets go of the GIL in every call, so a call that may call back, or that may take long, goes
through `_calls.LongCall`: see there why Ctrl-C needs that.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import threading
from ctypes import (POINTER, byref, c_char_p, c_double, c_float, c_int, c_int16, c_int32, c_int64,
                    c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

from . import _errors
from ._job_structs import *
from ._structs import *

ABI_VERSION = 0


# One line a function of exports.txt: what it returns, what it takes.
PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    # version.h
    "mimic_version": (c_char_p, []),
    "mimic_abi_version": (c_int, []),
    # status.h
    "mimic_status_name": (c_char_p, [c_int32]),
    # context.h
    "mimic_context_new": (c_int32, [POINTER(mimic_context_options), OUT_P, ERROR_P]),
    "mimic_context_free": (None, [c_void_p]),
    "mimic_free": (None, [c_void_p, c_void_p]),
    # source.h
    "mimic_source_open": (c_int32, [c_void_p, c_char_p, POINTER(mimic_source_options), OUT_P,
        ERROR_P]),
    "mimic_source_from_memory": (c_int32, [c_void_p, c_void_p, c_size_t, c_char_p,
        POINTER(mimic_source_options), OUT_P, ERROR_P]),
    "mimic_source_from_callbacks": (c_int32, [c_void_p, POINTER(mimic_source_callbacks), c_char_p,
        POINTER(mimic_source_options), OUT_P, ERROR_P]),
    "mimic_source_read": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(c_size_t), ERROR_P]),
    "mimic_source_name": (c_char_p, [c_void_p]),
    "mimic_source_progress": (None, [c_void_p, POINTER(c_int64), POINTER(c_int64)]),
    "mimic_source_hash": (None, [c_void_p, c_char_p]),
    "mimic_source_free": (None, [c_void_p]),
    # schema.h
    "mimic_type_name": (c_char_p, [c_int32]),
    "mimic_registry_new": (c_int32, [c_void_p, OUT_P, ERROR_P]),
    "mimic_registry_add_dir": (c_int32, [c_void_p, c_char_p, ERROR_P]),
    "mimic_registry_add_json": (c_int32, [c_void_p, c_char_p, c_size_t, c_char_p, OUT_P,
        ERROR_P]),
    "mimic_registry_dataset_count": (c_size_t, [c_void_p]),
    "mimic_registry_dataset": (c_void_p, [c_void_p, c_size_t]),
    "mimic_registry_find_dataset": (c_int32, [c_void_p, c_char_p, OUT_P, ERROR_P]),
    "mimic_registry_find_table": (c_int32, [c_void_p, c_char_p, OUT_P, ERROR_P]),
    "mimic_registry_free": (None, [c_void_p]),
    "mimic_dataset_name": (c_char_p, [c_void_p]),
    "mimic_dataset_version": (c_char_p, [c_void_p]),
    "mimic_dataset_title": (c_char_p, [c_void_p]),
    "mimic_dataset_description": (c_char_p, [c_void_p]),
    "mimic_dataset_table_count": (c_size_t, [c_void_p]),
    "mimic_dataset_table": (c_void_p, [c_void_p, c_size_t]),
    "mimic_dataset_find_table": (c_void_p, [c_void_p, c_char_p]),
    "mimic_table_name": (c_char_p, [c_void_p]),
    "mimic_table_module": (c_char_p, [c_void_p]),
    "mimic_table_title": (c_char_p, [c_void_p]),
    "mimic_table_description": (c_char_p, [c_void_p]),
    "mimic_table_dataset": (c_char_p, [c_void_p]),
    "mimic_table_version": (c_char_p, [c_void_p]),
    "mimic_table_path": (c_char_p, [c_void_p]),
    "mimic_table_field_count": (c_size_t, [c_void_p]),
    "mimic_table_field": (c_int32, [c_void_p, c_size_t, POINTER(mimic_field_info)]),
    "mimic_table_find_field": (c_int64, [c_void_p, c_char_p]),
    "mimic_table_primary_key": (c_size_t, [c_void_p, POINTER(POINTER(c_size_t))]),
    "mimic_table_foreign_key_count": (c_size_t, [c_void_p]),
    "mimic_table_foreign_key": (c_int32, [c_void_p, c_size_t, POINTER(mimic_foreign_key_info)]),
    "mimic_table_expected_rows": (c_int64, [c_void_p, c_char_p]),
    "mimic_drift_compare": (c_int32, [c_void_p, c_void_p, POINTER(c_char_p), c_size_t, OUT_P,
        ERROR_P]),
    "mimic_drift_count": (c_size_t, [c_void_p]),
    "mimic_drift_get": (c_int32, [c_void_p, c_size_t, POINTER(mimic_drift_item)]),
    "mimic_drift_free": (None, [c_void_p]),
    "mimic_schema_ddl": (c_int32, [c_void_p, c_void_p, c_void_p, c_int32, OUT_P, ERROR_P]),
    "mimic_schema_dictionary": (c_int32, [c_void_p, c_void_p, c_int32, OUT_P, ERROR_P]),
    "mimic_schema_check": (c_int32, [c_void_p, c_char_p, c_size_t, c_char_p,
        mimic_schema_finding_fn, c_void_p, ERROR_P]),
    # coerce.h
    "mimic_reject_code_name": (c_char_p, [c_int32]),
    "mimic_coerce_int16": (c_int32, [c_char_p, c_size_t, POINTER(c_int16)]),
    "mimic_coerce_int32": (c_int32, [c_char_p, c_size_t, POINTER(c_int32)]),
    "mimic_coerce_int64": (c_int32, [c_char_p, c_size_t, POINTER(c_int64)]),
    "mimic_coerce_float32": (c_int32, [c_char_p, c_size_t, c_int, POINTER(c_float)]),
    "mimic_coerce_float64": (c_int32, [c_char_p, c_size_t, c_int, POINTER(c_double)]),
    "mimic_coerce_decimal": (c_int32, [c_char_p, c_size_t, c_int32, c_int32,
        POINTER(mimic_int128)]),
    "mimic_coerce_boolean": (c_int32, [c_char_p, c_size_t, POINTER(c_int)]),
    "mimic_coerce_date": (c_int32, [c_char_p, c_size_t, c_char_p, POINTER(c_int32)]),
    "mimic_coerce_time": (c_int32, [c_char_p, c_size_t, c_char_p, POINTER(c_int64)]),
    "mimic_coerce_timestamp": (c_int32, [c_char_p, c_size_t, c_char_p, POINTER(c_int64)]),
    "mimic_coerce_timestamptz": (c_int32, [c_char_p, c_size_t, c_char_p, POINTER(c_int64)]),
    "mimic_coerce_string": (c_int32, [c_char_p, c_size_t, c_int64, c_int64]),
    "mimic_coerce_binary": (c_int32, [c_char_p, c_size_t, POINTER(c_uint8), POINTER(c_size_t)]),
    # csv.h
    "mimic_csv_reader_open": (c_int32, [c_void_p, c_void_p, c_void_p, POINTER(mimic_csv_options),
        OUT_P, ERROR_P]),
    "mimic_csv_reader_table": (c_void_p, [c_void_p]),
    "mimic_csv_reader_drift": (c_void_p, [c_void_p]),
    "mimic_csv_reader_next": (c_int32, [c_void_p, POINTER(POINTER(mimic_batch)), ERROR_P]),
    "mimic_csv_reader_counts": (None, [c_void_p, POINTER(mimic_csv_counts)]),
    "mimic_csv_reader_place": (c_int32, [c_void_p, c_int64, POINTER(mimic_reject)]),
    "mimic_csv_reader_free": (None, [c_void_p]),
    # record.h
    "mimic_record_checker_new": (c_int32, [c_void_p, c_void_p, POINTER(mimic_csv_options), OUT_P,
        ERROR_P]),
    "mimic_record_check": (c_int32, [c_void_p, POINTER(mimic_cell), c_size_t,
        POINTER(mimic_reject), ERROR_P]),
    "mimic_record_check_line": (c_int32, [c_void_p, c_char_p, c_size_t, POINTER(mimic_reject),
        ERROR_P]),
    "mimic_record_batch": (POINTER(mimic_batch), [c_void_p]),
    "mimic_record_checker_free": (None, [c_void_p]),
    # arrow.h
    "mimic_table_export_schema": (c_int32, [c_void_p, c_void_p, POINTER(ArrowSchema), ERROR_P]),
    "mimic_batch_export": (c_int32, [c_void_p, POINTER(mimic_batch), POINTER(ArrowArray),
        ERROR_P]),
    "mimic_csv_reader_export": (c_int32, [OUT_P, POINTER(ArrowArrayStream), ERROR_P]),
    "mimic_arrow_reader_open": (c_int32, [c_void_p, POINTER(ArrowArrayStream), c_void_p,
        POINTER(mimic_arrow_options), OUT_P, ERROR_P]),
    "mimic_arrow_reader_table": (c_void_p, [c_void_p]),
    "mimic_arrow_reader_drift": (c_void_p, [c_void_p]),
    "mimic_arrow_reader_next": (c_int32, [c_void_p, POINTER(POINTER(mimic_batch)), ERROR_P]),
    "mimic_arrow_reader_counts": (None, [c_void_p, POINTER(mimic_csv_counts)]),
    "mimic_arrow_reader_free": (None, [c_void_p]),
    "mimic_stream_keep": (c_int32, [c_void_p, POINTER(ArrowArrayStream), c_void_p, c_void_p,
        ERROR_P]),  # the address of a C function
    "mimic_array_share": (c_int32, [c_void_p, POINTER(ArrowArray), POINTER(ArrowArray), ERROR_P]),
    "mimic_array_stream": (c_int32, [c_void_p, c_void_p, POINTER(ArrowArray), c_size_t,
        POINTER(ArrowArrayStream), ERROR_P]),
    # frame.h
    "mimic_frame_new": (c_int32, [c_void_p, c_void_p, POINTER(mimic_frame_options), OUT_P,
        ERROR_P]),
    "mimic_frame_append": (c_int32, [c_void_p, POINTER(mimic_batch), ERROR_P]),
    "mimic_frame_table": (c_void_p, [c_void_p]),
    "mimic_frame_row_count": (c_int64, [c_void_p]),
    "mimic_frame_bytes": (c_uint64, [c_void_p]),
    "mimic_frame_get": (c_int32, [c_void_p, c_size_t, POINTER(mimic_frame_column), ERROR_P]),
    "mimic_frame_export": (c_int32, [OUT_P, POINTER(ArrowArray), ERROR_P]),
    "mimic_frame_free": (None, [c_void_p]),
    # sink.h
    "mimic_sink_open": (c_int32, [c_void_p, c_char_p, POINTER(mimic_sink_options), OUT_P,
        ERROR_P]),
    "mimic_target_redact": (c_int32, [c_void_p, c_char_p, OUT_P, ERROR_P]),
    "mimic_sink_new": (c_int32, [c_void_p, POINTER(mimic_sink_vtable), c_void_p, OUT_P, ERROR_P]),
    "mimic_sink_begin": (c_int32, [c_void_p, c_void_p, POINTER(mimic_sink_host), ERROR_P]),
    "mimic_sink_write": (c_int32, [c_void_p, POINTER(mimic_batch), ERROR_P]),
    "mimic_sink_reject": (c_int32, [c_void_p, POINTER(mimic_reject), ERROR_P]),
    "mimic_sink_commit": (c_int32, [c_void_p, ERROR_P]),
    "mimic_sink_abort": (None, [c_void_p]),
    "mimic_sink_finish": (c_int32, [c_void_p, mimic_finding_fn, c_void_p, ERROR_P]),
    "mimic_sink_ledger": (c_int32, [c_void_p, POINTER(mimic_ledger_entry), ERROR_P]),
    "mimic_sink_read_ledger": (c_int32, [c_void_p, mimic_ledger_fn, c_void_p, ERROR_P]),
    "mimic_ledger_read": (c_int32, [c_void_p, c_char_p, POINTER(mimic_sink_options),
        mimic_ledger_fn, c_void_p, POINTER(mimic_ledger_state), ERROR_P]),
    "mimic_sink_lane": (c_int32, [c_void_p, OUT_P, ERROR_P]),
    "mimic_sink_free": (None, [c_void_p]),
    # scan.h
    "mimic_scan_open": (c_int32, [c_void_p, c_void_p, c_char_p, POINTER(mimic_scan_options),
        OUT_P, ERROR_P]),
    "mimic_scan_table_count": (c_size_t, [c_void_p]),
    "mimic_scan_table": (c_void_p, [c_void_p, c_size_t]),
    "mimic_scan_find_table": (c_void_p, [c_void_p, c_char_p]),
    "mimic_scan_read": (c_int32, [c_void_p, c_void_p, POINTER(c_char_p), c_size_t, OUT_P,
        ERROR_P]),
    "mimic_scan_select": (c_int32, [c_void_p, c_void_p, POINTER(mimic_scan_selection), OUT_P,
        ERROR_P]),
    "mimic_scan_stream_export": (c_int32, [OUT_P, POINTER(ArrowArrayStream), ERROR_P]),
    "mimic_scan_stream_table": (c_void_p, [c_void_p]),
    "mimic_scan_next": (c_int32, [c_void_p, POINTER(POINTER(mimic_batch)), ERROR_P]),
    "mimic_scan_stream_free": (None, [c_void_p]),
    "mimic_scan_free": (None, [c_void_p]),
    # quality.h
    "mimic_quality_read": (c_int32, [c_void_p, c_void_p, c_char_p,
        POINTER(mimic_quality_read_options), OUT_P, ERROR_P]),
    "mimic_quality_text": (c_int32, [c_void_p, c_int32, POINTER(mimic_quality_options), OUT_P,
        ERROR_P]),
    "mimic_quality_table_count": (c_size_t, [c_void_p]),
    "mimic_quality_table": (c_int32, [c_void_p, c_size_t, POINTER(mimic_quality_table_info)]),
    "mimic_quality_column": (c_int32, [c_void_p, c_size_t, c_size_t,
        POINTER(mimic_quality_column_info)]),
    "mimic_quality_check_count": (c_size_t, [c_void_p]),
    "mimic_quality_check": (c_int32, [c_void_p, c_size_t, POINTER(mimic_quality_check_info)]),
    "mimic_quality_free": (None, [c_void_p]),
    # load.h
    "mimic_convert": (c_int32, [c_void_p, c_void_p, c_void_p, POINTER(c_char_p), c_size_t,
        c_char_p, POINTER(mimic_load_options), OUT_P, ERROR_P]),
    "mimic_convert_stream": (c_int32, [c_void_p, POINTER(ArrowArrayStream), c_char_p, c_void_p,
        c_char_p, POINTER(mimic_load_options), OUT_P, ERROR_P]),
    "mimic_load": (c_int32, [c_void_p, c_void_p, c_char_p, c_char_p, POINTER(mimic_load_options),
        OUT_P, ERROR_P]),
    "mimic_detect": (c_int32, [c_void_p, c_void_p, c_char_p, OUT_P, ERROR_P]),
    "mimic_detect_table": (c_int32, [c_void_p, c_void_p, c_char_p, OUT_P, ERROR_P]),
    "mimic_infer": (c_int32, [c_void_p, c_void_p, c_int64, OUT_P, ERROR_P]),
    "mimic_report_dataset": (c_char_p, [c_void_p]),
    "mimic_report_edition": (c_char_p, [c_void_p]),
    "mimic_report_target": (c_char_p, [c_void_p]),
    "mimic_report_table_count": (c_size_t, [c_void_p]),
    "mimic_report_table": (c_int32, [c_void_p, c_size_t, POINTER(mimic_table_report)]),
    "mimic_report_note_count": (c_size_t, [c_void_p]),
    "mimic_report_note": (c_int32, [c_void_p, c_size_t, POINTER(mimic_note)]),
    "mimic_report_quality": (c_void_p, [c_void_p]),
    "mimic_report_json": (c_int32, [c_void_p, OUT_P, ERROR_P]),
    "mimic_report_free": (None, [c_void_p]),
    # events.h
    "mimic_trajectories_build": (c_int32, [c_void_p, c_void_p, POINTER(c_char_p), c_size_t, c_char_p,
        POINTER(mimic_trajectory_options), OUT_P, ERROR_P]),
    "mimic_trajectories_partition": (c_int32, [c_void_p, c_void_p, POINTER(c_char_p), c_size_t,
        c_char_p, POINTER(mimic_trajectory_options), OUT_P, ERROR_P]),
    "mimic_trajectories_assemble": (c_int32, [c_void_p, c_void_p, c_char_p, c_char_p,
        POINTER(mimic_trajectory_options), OUT_P, ERROR_P]),
    "mimic_trajectory_report_table_count": (c_size_t, [c_void_p]),
    "mimic_trajectory_report_table": (c_int32, [c_void_p, c_size_t,
        POINTER(mimic_event_table_report)]),
    "mimic_trajectory_report_totals": (c_int32, [c_void_p, POINTER(mimic_trajectory_totals)]),
    "mimic_trajectory_report_name_count": (c_size_t, [c_void_p, c_int32]),
    "mimic_trajectory_report_name": (c_char_p, [c_void_p, c_int32, c_size_t]),
    "mimic_trajectory_report_json": (c_int32, [c_void_p, OUT_P, ERROR_P]),
    "mimic_trajectory_report_free": (None, [c_void_p]),
    "mimic_event_map_check": (c_int32, [c_void_p, c_void_p, c_char_p, c_size_t, c_char_p,
        mimic_schema_finding_fn, c_void_p, ERROR_P]),
    "mimic_trajectories_open": (c_int32, [c_void_p, c_char_p, POINTER(mimic_trajectories_options),
        OUT_P, ERROR_P]),
    "mimic_trajectories_next": (c_int32, [c_void_p, POINTER(mimic_patient), ERROR_P]),
    "mimic_trajectories_seek": (c_int32, [c_void_p, c_int64, ERROR_P]),
    "mimic_trajectories_code_count": (c_uint32, [c_void_p]),
    "mimic_trajectories_code": (c_int32, [c_void_p, c_uint32, POINTER(mimic_code)]),
    "mimic_trajectories_find_code": (c_uint32, [c_void_p, c_char_p]),
    "mimic_trajectories_unit": (c_char_p, [c_void_p, c_uint32]),
    "mimic_trajectories_table": (c_char_p, [c_void_p, c_uint16]),
    "mimic_trajectories_describe": (c_int32, [c_void_p, POINTER(mimic_trajectories_info),
        ERROR_P]),
    "mimic_trajectories_free": (None, [c_void_p]),
    # clinical.h
    "mimic_rows_int64": (None, [c_void_p, c_size_t, c_int64]),
    "mimic_rows_double": (None, [c_void_p, c_size_t, c_double]),
    "mimic_rows_text": (None, [c_void_p, c_size_t, c_char_p, c_size_t]),
    "mimic_rows_end": (None, [c_void_p]),
    "mimic_patients_run": (c_int32, [c_void_p, c_char_p, POINTER(mimic_patient_function),
        c_char_p, POINTER(mimic_patients_options), POINTER(c_int64), ERROR_P]),
    # synth.h
    "mimic_synth": (c_int32, [c_void_p, c_void_p, c_char_p, c_char_p,
        POINTER(mimic_synth_options), ERROR_P]),
}


# ---- the library ----

def library_path() -> str:
    """The library: of MIMIC_LIBRARY, beside this file (as wheels have it), or the system's."""
    named = os.environ.get("MIMIC_LIBRARY")
    if named:
        return named
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libmimic.so")
    if os.path.exists(beside):
        return beside
    return ctypes.util.find_library("mimic") or f"libmimic.so.{ABI_VERSION}"


def _raising(function: Any) -> Callable[..., int]:
    """Calls with a mimic_error of its own behind the arguments; what failed is raised."""

    def call(*arguments: Any) -> int:
        error = mimic_error()
        status: int = function(*arguments, byref(error))
        if status < 0:
            raise _errors.from_struct(status, error)
        return status

    call.__name__ = function.__name__
    return call


class Library:
    """The functions of the shared library as attributes."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            dll = ctypes.CDLL(path)
            dll.mimic_abi_version.restype = c_int
            found = dll.mimic_abi_version()
            if found != ABI_VERSION:
                raise ImportError(f"{path} has ABI {found}, this package needs {ABI_VERSION}")
            for name, (result, parameters) in PROTOTYPES.items():
                self._bind(name, getattr(dll, name), result, parameters)
        except (OSError, AttributeError) as error:
            raise ImportError(
                f"the C library of mimic cannot be used: {error}. Install the package with pip, "
                "which brings it, or set MIMIC_LIBRARY to the path of libmimic.so") from error

    def _bind(self, name: str, function: Any, result: Any, parameters: List[Any]) -> None:
        function.restype, function.argtypes = result, parameters
        is_fallible = result is c_int32 and bool(parameters) and parameters[-1] is ERROR_P
        setattr(self, name, _raising(function) if is_fallible else function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.path} has no function {name} that this package declares")


lib = Library(library_path())

_context: Optional[c_void_p] = None
_context_lock = threading.Lock()


def context() -> c_void_p:
    """The one context of the process. It is never freed: exported Arrow arrays may outlive all."""
    global _context
    if _context is not None:  # without the lock, which another thread may have held at a fork
        return _context
    with _context_lock:
        if _context is None:
            made = c_void_p()
            lib.mimic_context_new(None, byref(made))
            _context = made
        return _context


# ---- texts ----

PathLike = Union[str, "os.PathLike[str]"]


def text(value: str, what: str = "a text") -> bytes:
    """A text on its way in. C would stop at a NUL in silence, so there must be none."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what} must not hold a NUL: {value!r}")
    return value.encode("utf-8", "surrogateescape")


def path(value: PathLike, what: str = "the path") -> bytes:
    """A path on its way in; `~` is the user's home."""
    try:
        given = os.fspath(value)
    except TypeError:
        raise TypeError(f"{what} must be a str or a path, not {type(value).__name__}") from None
    return text(os.path.expanduser(given) if isinstance(given, str) else given, what)


def target(value: PathLike) -> bytes:
    """A target on its way in: a path, or one behind `sqlite:`, `arrow:` or `csv:`."""
    if isinstance(value, str):
        kind, colon, rest = value.partition(":")
        if colon and kind in ("sqlite", "arrow", "csv"):
            return text(kind + ":" + os.path.expanduser(rest), "the target")
    return path(value, "the target")


def string(value: Optional[bytes]) -> str:
    """A borrowed text on its way out; NULL is the empty text."""
    return "" if value is None else value.decode("utf-8", "replace")


def take_text(pointer: c_void_p) -> str:
    """A text that the library handed over, which is freed here."""
    try:
        return string(ctypes.cast(pointer, c_char_p).value)
    finally:
        lib.mimic_free(context(), pointer)


class Strings:
    """Names as `const char *const *` and a count. Lives as long as C looks at them.

    None is NULL with 0. A single str counts as a list of one.
    """

    def __init__(self, names: Union[None, str, Iterable[str]], what: str = "names") -> None:
        self.array: Any = None
        self.count = 0
        if names is None:
            return
        listed = [names] if isinstance(names, str) else list(names)
        encoded = [text(name, f"each of {what}") for name in listed]
        self.count = len(encoded)
        self.array = (c_char_p * max(self.count, 1))(*encoded)  # not NULL when empty

    @property
    def pointer(self) -> Any:
        return None if self.array is None else ctypes.cast(self.array, POINTER(c_char_p))


def processors() -> int:
    """How many this process may use; the most that the library takes is 256."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, min(256, len(os.sched_getaffinity(0))))
    return max(1, min(256, os.cpu_count() or 1))


def jobs(value: Optional[int]) -> int:
    """The argument `jobs` as the library takes it: None is one thread a processor."""
    if value is None:
        return processors()
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"jobs must be an int, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"jobs must be at least 1, not {value}")
    return min(value, 256)
