"""Messy clinical data into typed, validated tables."""

from ._errors import (ArgumentError, BackendError, CancelledError, CorruptError, DriftError,
                      HeaderError, InputOutputError, InternalError, InvalidValueError, JSONError,
                      LimitError, MimicError, NotFoundError, OutOfMemoryError, RejectsError,
                      SchemaError, StateError, UnsupportedError)
from ._ffi import lib as _lib
from ._registry import Dataset, Field, ForeignKey, Registry, Schema, registry

__version__: str = _lib.mimic_version().decode()

__all__ = [
    "ArgumentError", "BackendError", "CancelledError", "CorruptError", "Dataset", "DriftError",
    "Field", "ForeignKey", "HeaderError", "InputOutputError", "InternalError", "InvalidValueError",
    "JSONError", "LimitError", "MimicError", "NotFoundError", "OutOfMemoryError", "Registry",
    "RejectsError", "Schema", "SchemaError", "StateError", "UnsupportedError", "registry",
]
