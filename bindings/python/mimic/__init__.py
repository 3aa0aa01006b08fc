"""Messy clinical data into typed, validated tables.

    report = mimic.load("mimic-iv-demo", "hospital.db", progress=True)   # a folder into a database
    mimic.check("mimic-iv-demo")                                         # validated, nothing written
    mimic.quality("hospital.db")                                         # what its columns hold
    labs = mimic.open("mimic-iv-demo")["labevents"]                      # a table, to be read
    mimic.registry()["mimic-iv@3.1/labevents"]                           # what is known of it

What does not fit its schema is a reject, with its place and the reason, and the rest goes on. What
fails raises a MimicError, which says where. Ctrl-C ends any job cleanly.
"""

from ._build import assemble_trajectories, build_trajectories, partition_trajectories
from ._errors import (ArgumentError, BackendError, CancelledError, CorruptError, DriftError,
                      HeaderError, InputOutputError, InternalError, InvalidValueError, JSONError,
                      LimitError, MimicError, NotFoundError, OutOfMemoryError, RejectsError,
                      SchemaError, StateError, UnsupportedError)
from ._ffi import lib as _lib
from ._decode import Column
from ._jobs import check, convert, detect, infer, load, quality, status, synth
from ._passes import Counts, Drift
from ._progress import Progress
from ._read import Store, open, read_csv
from ._quality import Quality, QualityCheck, QualityColumn, QualityTable
from ._registry import Dataset, Field, ForeignKey, Registry, Schema, registry
from ._report import Draft, Ledger, LedgerEntry, Note, Report, TableReport
from ._table import Batch, Reject, Rejects, Table
from ._trajectories import Code, Codes, Event, Patient, PatientError, Trajectories, patients, trajectories
from ._write import write

__version__: str = _lib.mimic_version().decode()

# `open` is not among them: `from mimic import *` must not hide the builtin.
__all__ = [
    "ArgumentError", "BackendError", "Batch", "CancelledError", "Code", "Codes", "Column", "CorruptError",
    "Counts", "Dataset", "Draft", "Drift", "DriftError", "Event", "Field", "ForeignKey", "HeaderError",
    "InputOutputError", "InternalError", "InvalidValueError", "JSONError", "Ledger",
    "LedgerEntry", "LimitError", "MimicError", "NotFoundError", "Note", "OutOfMemoryError",
    "Patient", "PatientError", "Progress", "Quality", "QualityCheck", "QualityColumn", "QualityTable", "Registry",
    "Reject", "Rejects", "RejectsError", "Report", "Schema", "SchemaError", "StateError",
    "Store", "Table", "TableReport", "Trajectories", "UnsupportedError",
    "assemble_trajectories", "build_trajectories", "check", "convert", "detect", "infer",
    "load", "partition_trajectories", "patients", "quality", "read_csv", "registry", "status", "synth", "trajectories",
    "write",
]
