"""Messy clinical data into typed, validated tables."""

from ._errors import (ArgumentError, BackendError, CancelledError, CorruptError, DriftError,
                      HeaderError, InputOutputError, InternalError, InvalidValueError, JSONError,
                      LimitError, MimicError, NotFoundError, OutOfMemoryError, RejectsError,
                      SchemaError, StateError, UnsupportedError)
from ._ffi import lib as _lib
from ._jobs import check, convert, detect, infer, load, quality, status, synth
from ._progress import Progress
from ._registry import Dataset, Field, ForeignKey, Registry, Schema, registry
from ._report import (Draft, Ledger, LedgerEntry, Note, Quality, QualityCheck, QualityColumn,
                      QualityTable, Report, TableReport)

__version__: str = _lib.mimic_version().decode()

__all__ = [
    "ArgumentError", "BackendError", "CancelledError", "CorruptError", "Dataset", "Draft",
    "DriftError", "Field", "ForeignKey", "HeaderError", "InputOutputError", "InternalError",
    "InvalidValueError", "JSONError", "Ledger", "LedgerEntry", "LimitError", "MimicError",
    "NotFoundError", "Note", "OutOfMemoryError", "Progress", "Quality", "QualityCheck",
    "QualityColumn", "QualityTable", "Registry", "RejectsError", "Report", "Schema",
    "SchemaError", "StateError", "TableReport", "UnsupportedError", "check", "convert",
    "detect", "infer", "load", "quality", "registry", "status", "synth",
]
