"""Constants, structs and callbacks of the public headers, in their order: those of data, from
status.h to frame.h. Those of jobs, from sink.h on: _job_structs.py.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import (CFUNCTYPE, POINTER, c_char, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint8,
                    c_uint32, c_uint64, c_void_p, sizeof)
from typing import Any


class _Struct(ctypes.Structure):
    """Begins as its INIT macro does: zero, but for struct_size."""

    def __init__(self, **members: Any) -> None:
        super().__init__(**members)
        if self._fields_[0][0] == "struct_size":
            self.struct_size = sizeof(self)

    def __setattr__(self, name: str, value: Any) -> None:
        """ctypes would take any name, and C would never see what was set."""
        if not hasattr(type(self), name):
            raise AttributeError(f"{type(self).__name__} has no member {name}")
        super().__setattr__(name, value)


mimic_interrupted_fn = CFUNCTYPE(c_int, c_void_p)


# ---- status.h ----

OK = 0
END = 1
ERR_ARGUMENT = -100
ERR_STATE = -101
ERR_UNSUPPORTED = -102
ERR_CANCELLED = -103
ERR_MEMORY = -200
ERR_LIMIT = -201
ERR_IO = -300
ERR_NOT_FOUND = -301
ERR_CORRUPT = -302
ERR_CSV_HEADER = -400
ERR_JSON = -500
ERR_SCHEMA = -501
ERR_DRIFT = -502
ERR_VALUE = -600
ERR_REJECTS = -601
ERR_BACKEND = -700
ERR_INTERNAL = -900
ERROR_MESSAGE_BYTES = 512
ERROR_SOURCE_BYTES = 256
ERROR_COLUMN_BYTES = 128


class mimic_error(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("code", c_int32),
        ("record", c_int64),
        ("line", c_int64),
        ("byte_offset", c_int64),
        ("sqlstate", c_char * 8),
        ("column", c_char * ERROR_COLUMN_BYTES),
        ("source", c_char * ERROR_SOURCE_BYTES),
        ("message", c_char * ERROR_MESSAGE_BYTES),
    ]


ERROR_P = POINTER(mimic_error)
OUT_P = POINTER(c_void_p)  # of a handle, or a text that is the caller's to free


# ---- context.h ----


class mimic_allocator(_Struct):
    _fields_ = [
        ("alloc", CFUNCTYPE(c_void_p, c_size_t, c_void_p)),
        ("realloc", CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_size_t, c_void_p)),
        ("free", CFUNCTYPE(None, c_void_p, c_void_p)),
        ("ctx", c_void_p),
    ]


mimic_log_fn = CFUNCTYPE(None, c_int32, c_char_p, c_void_p)


class mimic_context_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("cpu_mask", c_uint32),
        ("allocator", mimic_allocator),
        ("log", mimic_log_fn),
        ("log_ctx", c_void_p),
    ]


# ---- source.h ----

COMPRESSION_AUTO = 0
COMPRESSION_NONE = 1
COMPRESSION_GZIP = 2
COMPRESSION_ZSTD = 3


class mimic_source_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("compression", c_int32),
        ("max_bytes", c_uint64),
        ("interrupted", mimic_interrupted_fn),
        ("interrupted_ctx", c_void_p),
    ]


class mimic_source_callbacks(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("read", CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t, POINTER(c_size_t), ERROR_P)),
        ("close", CFUNCTYPE(None, c_void_p)),
        ("ctx", c_void_p),
    ]


# ---- schema.h ----

TYPE_BOOLEAN = 1
TYPE_INT16 = 2
TYPE_INT32 = 3
TYPE_INT64 = 4
TYPE_FLOAT32 = 5
TYPE_FLOAT64 = 6
TYPE_DECIMAL = 7
TYPE_DATE = 8
TYPE_TIME = 9
TYPE_TIMESTAMP = 10
TYPE_TIMESTAMPTZ = 11
TYPE_STRING = 12
TYPE_CATEGORICAL = 13
TYPE_BINARY = 14
ON_ERROR_DEFAULT = 0
ON_ERROR_REJECT = 1
ON_ERROR_NULL = 2
ON_ERROR_FAIL = 3
DRIFT_MISSING_REQUIRED = 1
DRIFT_MISSING = 2
DRIFT_UNKNOWN = 3
DRIFT_REORDERED = 4
DRIFT_RELEASE = 5
DRIFT_RENAMED_CASE = 6
SQL_SQLITE = 1
SQL_POSTGRES = 2
SQL_DUCKDB = 3
SQL_BIGQUERY = 4
SQL_ATHENA = 5
TEXT_MARKDOWN = 1
TEXT_HTML = 2


class mimic_field_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_int32),
        ("name", c_char_p),
        ("title", c_char_p),
        ("description", c_char_p),
        ("format", c_char_p),
        ("precision", c_int32),
        ("scale", c_int32),
        ("is_required", c_int32),
        ("is_unique", c_int32),
        ("min_length", c_int64),
        ("max_length", c_int64),
        ("on_error", c_int32),
    ]


class mimic_foreign_key_info(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("referenced_table", c_char_p),
        ("count", c_size_t),
        ("fields", POINTER(c_char_p)),
        ("referenced_fields", POINTER(c_char_p)),
    ]


class mimic_drift_item(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("column", c_char_p),
        ("file_position", c_int64),
        ("schema_position", c_int64),
        ("message", c_char_p),
    ]


mimic_schema_finding_fn = CFUNCTYPE(None, c_char_p, c_int64, c_int64, c_char_p, c_void_p)


# ---- batch.h ----


class mimic_dictionary(_Struct):
    _fields_ = [
        ("count", c_int64),
        ("offsets", POINTER(c_int32)),
        ("bytes", c_void_p),  # not ended by a NUL
    ]


class mimic_column(_Struct):
    _fields_ = [
        ("type", c_int32),
        ("precision", c_int32),
        ("scale", c_int32),
        ("null_count", c_int64),
        ("validity", POINTER(c_uint8)),
        ("values", c_void_p),
        ("offsets", POINTER(c_int32)),
        ("dictionary", POINTER(mimic_dictionary)),
    ]


class mimic_batch(_Struct):
    _fields_ = [
        ("row_count", c_int64),
        ("column_count", c_size_t),
        ("columns", POINTER(mimic_column)),
        ("table", c_void_p),
        ("first_record", c_int64),
        ("first_row", c_int64),
    ]


# ---- coerce.h ----


class mimic_int128(_Struct):
    _fields_ = [  # as the machine orders bytes
        ("low", c_uint64),
        ("high", c_int64),
    ][::1 if sys.byteorder == "little" else -1]


# ---- csv.h ----


class mimic_reject(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("code", c_int32),
        ("source", c_char_p),
        ("record", c_int64),
        ("line", c_int64),
        ("byte_offset", c_int64),
        ("column", c_char_p),
        ("message", c_char_p),
        ("raw", c_void_p),  # raw_size bytes, any of them
        ("raw_size", c_size_t),
        ("raw_is_cut", c_int32),
    ]


mimic_reject_fn = CFUNCTYPE(c_int, POINTER(mimic_reject), c_void_p)


class mimic_csv_filter(_Struct):
    _fields_ = [
        ("column", c_char_p),
        ("values", POINTER(c_int64)),
        ("value_count", c_size_t),
    ]


class mimic_text_filter(_Struct):
    _fields_ = [
        ("column", c_char_p),
        ("values", POINTER(c_char_p)),
        ("value_count", c_size_t),
    ]


class mimic_csv_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("delimiter", c_char),
        ("quote", c_char),
        ("escape", c_char),
        ("comment", c_char),
        ("no_header", c_int32),
        ("no_quoting", c_int32),
        ("strict_drift", c_int32),
        ("on_error", c_int32),
        ("columns", POINTER(c_char_p)),
        ("column_count", c_size_t),
        ("filters", POINTER(mimic_csv_filter)),
        ("filter_count", c_size_t),
        ("limit", c_int64),
        ("max_record_bytes", c_uint64),
        ("max_columns", c_uint32),
        ("block_bytes", c_uint32),
        ("max_raw_bytes", c_uint32),
        ("max_categories", c_uint32),
        ("on_reject", mimic_reject_fn),
        ("on_reject_ctx", c_void_p),
        ("jobs", c_int32),
        ("text_filters", POINTER(mimic_text_filter)),
        ("text_filter_count", c_size_t),
    ]


class mimic_csv_counts(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("read", c_int64),
        ("delivered", c_int64),
        ("rejected", c_int64),
        ("filtered", c_int64),
        ("nulled", c_int64),
        ("bytes", c_int64),
    ]


# ---- record.h ----


class mimic_cell(_Struct):
    _fields_ = [
        ("text", c_char_p),
        ("size", c_size_t),
    ]


# ---- arrow.h ----


class ArrowSchema(_Struct):
    pass


ArrowSchema._fields_ = [
    ("format", c_char_p),
    ("name", c_char_p),
    ("metadata", c_char_p),
    ("flags", c_int64),
    ("n_children", c_int64),
    ("children", POINTER(POINTER(ArrowSchema))),
    ("dictionary", POINTER(ArrowSchema)),
    ("release", CFUNCTYPE(None, POINTER(ArrowSchema))),
    ("private_data", c_void_p),
]


class ArrowArray(_Struct):
    pass


ArrowArray._fields_ = [
    ("length", c_int64),
    ("null_count", c_int64),
    ("offset", c_int64),
    ("n_buffers", c_int64),
    ("n_children", c_int64),
    ("buffers", POINTER(c_void_p)),
    ("children", POINTER(POINTER(ArrowArray))),
    ("dictionary", POINTER(ArrowArray)),
    ("release", CFUNCTYPE(None, POINTER(ArrowArray))),
    ("private_data", c_void_p),
]


class ArrowArrayStream(_Struct):
    pass


ArrowArrayStream._fields_ = [
    ("get_schema", CFUNCTYPE(c_int, POINTER(ArrowArrayStream), POINTER(ArrowSchema))),
    ("get_next", CFUNCTYPE(c_int, POINTER(ArrowArrayStream), POINTER(ArrowArray))),
    ("get_last_error", CFUNCTYPE(c_char_p, POINTER(ArrowArrayStream))),
    ("release", CFUNCTYPE(None, POINTER(ArrowArrayStream))),
    ("private_data", c_void_p),
]


class mimic_arrow_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("name", c_char_p),
        ("on_error", c_int32),
        ("strict_drift", c_int32),
        ("columns", POINTER(c_char_p)),
        ("column_count", c_size_t),
        ("on_reject", mimic_reject_fn),
        ("on_reject_ctx", c_void_p),
        ("max_raw_bytes", c_uint32),
    ]


# ---- frame.h ----

FRAME_ARROW = 0
FRAME_DENSE = 1


class mimic_frame_options(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("form", c_int32),
        ("nanoseconds", c_int32),
        ("max_bytes", c_uint64),
        ("expected_rows", c_int64),
    ]


class mimic_frame_column(_Struct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_int32),
        ("row_count", c_int64),
        ("null_count", c_int64),
        ("precision", c_int32),
        ("scale", c_int32),
        ("values", c_void_p),
        ("validity", POINTER(c_uint8)),
        ("missing", POINTER(c_uint8)),
        ("offsets", POINTER(c_int32)),
        ("long_offsets", POINTER(c_int64)),
        ("text_count", c_int64),
        ("texts", c_void_p),
        ("texts_size", c_int64),
        ("text_offsets", POINTER(c_int64)),
    ]
