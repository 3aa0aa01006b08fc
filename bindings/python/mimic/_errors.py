"""What goes wrong, as exceptions.

Every failed call of the library raises a MimicError. Its subclasses, one a status of status.h,
also derive from the builtin exception that fits, so that `except FileNotFoundError` does what one
expects.

    >>> import mimic
    >>> try:
    ...     mimic.registry()["mimic-v"]
    ... except KeyError as error:
    ...     print(error.name, error.code)
    MIMIC_ERR_NOT_FOUND -301
"""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Iterable, Optional, Tuple, Type

__all__ = [
    "ArgumentError", "BackendError", "CancelledError", "CorruptError", "DriftError", "HeaderError",
    "InputOutputError", "InternalError", "InvalidValueError", "JSONError", "LimitError",
    "MimicError", "NotFoundError", "OutOfMemoryError", "RejectsError", "SchemaError", "StateError",
    "UnsupportedError",
]

_PLACES = ("source", "record", "line", "byte_offset", "column", "sqlstate", "report")


class MimicError(Exception):
    """A call of the library failed.

    code         a status of status.h, such as -300
    name         its name, such as "MIMIC_ERR_IO"
    message      what was expected, what was found, and how to mend it
    source       the file, "" where it concerns none
    record       from 1, the header not counted; None where not known
    line         physical line, from 1
    byte_offset  of the record in the decompressed file, from 0
    column       name of the column, "" where it concerns none
    sqlstate     of PostgreSQL, "" where it concerns none
    report       mimic.Report of the job that failed, where it had begun
    """

    code: int = 0
    name: ClassVar[str] = "MIMIC_ERR_UNKNOWN"

    def __init__(self, message: str, *, code: Optional[int] = None, source: str = "",
                 record: Optional[int] = None, line: Optional[int] = None,
                 byte_offset: Optional[int] = None, column: str = "", sqlstate: str = "",
                 report: Any = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.source = source
        self.record = record
        self.line = line
        self.byte_offset = byte_offset
        self.column = column
        self.sqlstate = sqlstate
        self.report = report
        if isinstance(self, OSError) and source:
            setattr(self, "filename", source)

    def __str__(self) -> str:
        """The message, with what of the place does not stand in it already."""
        text = self.message
        places = []
        if self.line is not None and self.line > 1 and "line " not in text:
            places.append(f"line {self.line}")
        if self.record is not None and "record " not in text and "row " not in text:
            places.append(f"record {self.record}")
        if self.column and self.column not in text:
            places.append(f"column {self.column}")
        if self.sqlstate and self.sqlstate not in text:
            places.append(f"SQLSTATE {self.sqlstate}")
        before = f"{self.source}: " if self.source and self.source not in text else ""
        return before + text + (f" ({', '.join(places)})" if places else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def __reduce__(self) -> Tuple[Any, ...]:
        state = {name: getattr(self, name) for name in ("code",) + _PLACES}
        return _restore, (type(self), self.message), state

    def __setstate__(self, state: Optional[Dict[str, Any]]) -> None:
        for name, value in (state or {}).items():
            setattr(self, name, value)


def _restore(kind: Type[MimicError], message: str) -> MimicError:
    return kind(message)


class ArgumentError(MimicError, ValueError):
    """An argument is out of its range."""

    code, name = -100, "MIMIC_ERR_ARGUMENT"


class StateError(MimicError, RuntimeError):
    """The object is not in a state that allows the call."""

    code, name = -101, "MIMIC_ERR_STATE"


class UnsupportedError(MimicError, NotImplementedError):
    """Not built in, or not possible on this target."""

    code, name = -102, "MIMIC_ERR_UNSUPPORTED"


class CancelledError(MimicError):
    """A callback asked to stop."""

    code, name = -103, "MIMIC_ERR_CANCELLED"


class OutOfMemoryError(MimicError, MemoryError):
    """An allocation failed."""

    code, name = -200, "MIMIC_ERR_MEMORY"


class LimitError(MimicError):
    """A limit set in the options was reached."""

    code, name = -201, "MIMIC_ERR_LIMIT"


class InputOutputError(MimicError, OSError):
    """The operating system refused."""

    code, name = -300, "MIMIC_ERR_IO"


class NotFoundError(MimicError, FileNotFoundError, KeyError):
    """No such file, table, dataset or column."""

    code, name = -301, "MIMIC_ERR_NOT_FOUND"


class CorruptError(MimicError, OSError):
    """Compressed data is damaged or cut off."""

    code, name = -302, "MIMIC_ERR_CORRUPT"


class HeaderError(MimicError, ValueError):
    """A CSV file has no header, or one that cannot be used."""

    code, name = -400, "MIMIC_ERR_CSV_HEADER"


class JSONError(MimicError, ValueError):
    """Not well-formed JSON."""

    code, name = -500, "MIMIC_ERR_JSON"


class SchemaError(MimicError, ValueError):
    """A package or schema breaks the standard."""

    code, name = -501, "MIMIC_ERR_SCHEMA"


class DriftError(MimicError, ValueError):
    """The file differs from its schema more than the policy allows."""

    code, name = -502, "MIMIC_ERR_DRIFT"


class InvalidValueError(MimicError, ValueError):
    """A value does not fit and the policy is to fail."""

    code, name = -600, "MIMIC_ERR_VALUE"


class RejectsError(MimicError, ValueError):
    """More rows were rejected than the caller allows."""

    code, name = -601, "MIMIC_ERR_REJECTS"


class BackendError(MimicError, RuntimeError):
    """SQLite, PostgreSQL or another backend refused; see message and sqlstate."""

    code, name = -700, "MIMIC_ERR_BACKEND"


class InternalError(MimicError, RuntimeError):
    """A defect of the library itself; please report it."""

    code, name = -900, "MIMIC_ERR_INTERNAL"


def _distance(name: str, wanted: str) -> int:
    """Letters to change, add or leave out."""
    row = list(range(len(wanted) + 1))
    for i, letter in enumerate(name, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(wanted, 1):
            diagonal, row[j] = row[j], min(diagonal + (letter != other), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def missing(owner: str, kind: str, wanted: Any, offered: Iterable[str], *, source: str = "",
            column: str = "") -> NotFoundError:
    """In the library's words: what is not there, what may be meant, and what there is."""
    names = list(offered)
    near = ""
    if isinstance(wanted, str) and 0 < len(wanted) < 128:
        best, found = min(((_distance(name.lower(), wanted.lower()), name) for name in names),
                          key=lambda pair: pair[0], default=(len(wanted), ""))
        near = found if best * 3 <= len(wanted) + 1 else ""
    shown = wanted if isinstance(wanted, str) and wanted.isprintable() else repr(wanted)
    it_has = f'; did you mean "{near}"? It has: ' if near else "; it has: "
    return NotFoundError(f'{owner} has no {kind} "{shown}"{it_has}{", ".join(names) or "none"}',
                         source=source, column=column)


BY_CODE: Dict[int, Type[MimicError]] = {
    kind.code: kind
    for kind in (ArgumentError, StateError, UnsupportedError, CancelledError, OutOfMemoryError,
                 LimitError, InputOutputError, NotFoundError, CorruptError, HeaderError, JSONError,
                 SchemaError, DriftError, InvalidValueError, RejectsError, BackendError,
                 InternalError)
}


def from_struct(status: int, error: Any) -> MimicError:
    """The exception for a failed call, from its mimic_error."""

    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    def number(value: int, first: int) -> Optional[int]:
        return value if value >= first else None

    kind = BY_CODE.get(status, MimicError)
    return kind(text(error.message) or f"the library returned {kind.name} ({status})", code=status,
                source=text(error.source), record=number(error.record, 1),
                line=number(error.line, 1), byte_offset=number(error.byte_offset, 0),
                column=text(error.column), sqlstate=text(error.sqlstate))
