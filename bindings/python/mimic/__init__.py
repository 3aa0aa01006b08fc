"""Messy clinical data into typed, validated tables."""

from ._errors import (ArgumentError, BackendError, CancelledError, CorruptError, DriftError,
                      HeaderError, InputOutputError, InternalError, InvalidValueError, JSONError,
                      LimitError, MimicError, NotFoundError, OutOfMemoryError, RejectsError,
                      SchemaError, StateError, UnsupportedError)
from ._ffi import lib as _lib
from ._decode import Column
from ._passes import Counts, Drift
from ._read import Store, open, read_csv
from ._registry import Dataset, Field, ForeignKey, Registry, Schema, registry
from ._table import Batch, Reject, Rejects, Table

__version__: str = _lib.mimic_version().decode()

__all__ = [
    "ArgumentError", "BackendError", "Batch", "CancelledError", "Column", "CorruptError",
    "Counts", "Dataset", "Drift", "DriftError", "Field", "ForeignKey", "HeaderError",
    "InputOutputError", "InternalError", "InvalidValueError", "JSONError", "LimitError",
    "MimicError", "NotFoundError", "OutOfMemoryError", "Registry", "Reject", "Rejects",
    "RejectsError", "Schema", "SchemaError", "StateError", "Store", "Table", "UnsupportedError",
    "open", "read_csv", "registry",
]
