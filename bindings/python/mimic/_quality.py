"""Data quality: what columns hold, and which checks hold of them."""

from __future__ import annotations

import json
import os
import weakref
from ctypes import byref, c_void_p
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from . import _ffi, _show
from ._errors import missing
from ._ffi import PathLike, lib

_CATEGORIES = {
    _ffi.CONFORMANCE_VALUE: "conformance.value",
    _ffi.CONFORMANCE_RELATIONAL: "conformance.relational",
    _ffi.CONFORMANCE_COMPUTATIONAL: "conformance.computational",
    _ffi.COMPLETENESS: "completeness",
    _ffi.PLAUSIBILITY_UNIQUENESS: "plausibility.uniqueness",
    _ffi.PLAUSIBILITY_ATEMPORAL: "plausibility.atemporal",
    _ffi.PLAUSIBILITY_TEMPORAL: "plausibility.temporal",
}
_VERDICTS = {_ffi.QUALITY_PASSED: "passed", _ffi.QUALITY_FAILED: "failed",
             _ffi.QUALITY_INFORMATION: "information"}


class Owned:
    """A handle that is freed once, when this goes."""

    def __init__(self, handle: c_void_p, free: Callable[[c_void_p], None]) -> None:
        self.handle = handle
        self._finalizer = weakref.finalize(self, free, handle)
        self._finalizer.atexit = False


def _least(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"min_count must be an int, not {type(value).__name__}")
    number = int(value.__index__())
    if not 0 <= number < 1 << 63:
        raise ValueError(f"min_count must be 0 or more, not {number}")
    return number


def known(value: int) -> Optional[int]:
    return value if value >= 0 else None


@dataclass(frozen=True)
class QualityCheck:
    """A rule and whether it holds.

    category  of Kahn and others 2016: "conformance.value", "completeness", …
    verdict   "passed", "failed" or "information", where nothing is expected
    observed  rows or values against the rule, or what was counted, of `of` that were looked at
    """

    category: str
    verdict: str
    rule: str
    table: str
    column: str
    observed: Optional[int]
    expected: Optional[int]
    of: Optional[int]
    message: str


@dataclass(frozen=True)
class QualityTable:
    """A table that was looked at; the counts of a load are None where there was none."""

    table: str
    module: str
    rows: int
    read: Optional[int]
    written: Optional[int]
    rejected: Optional[int]
    duplicates: Optional[int]
    filtered: Optional[int]
    nulled: Optional[int]
    expected_rows: Optional[int]
    message: str


@dataclass(frozen=True)
class QualityColumn:
    """What a column holds. minimum, maximum and quantiles (1, 5, 25, 50, 75, 95 and 99 percent) are
    texts as in canonical CSV, "" where there is none; distinct is an estimate where not exact."""

    table: str
    column: str
    type: str
    rows: int
    nulls: int
    distinct: int
    distinct_exact: bool
    mean: Optional[float]
    deviation: Optional[float]
    minimum: str
    maximum: str
    quantiles: Tuple[str, ...]
    zeros: int
    negatives: int
    not_finite: int
    shortest: Optional[int]
    longest: Optional[int]


class Quality:
    """What the columns of a target hold, and which checks hold of them.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> out = mimic.synth("mimic-iv", folder.name, patients=3, tables=["patients"])
        >>> quality = mimic.quality(out)
        >>> quality["patients"]["gender"].distinct <= 2
        True
        >>> quality.ok
        True
        >>> folder.cleanup()
    """

    def __init__(self, owner: Owned, handle: c_void_p) -> None:
        self._owner, self._handle = owner, handle
        self.tables: Tuple[QualityTable, ...]
        self.columns: Tuple[QualityColumn, ...]
        self.tables, self.columns = _quality_tables(handle)
        self.checks = tuple(_quality_check(handle, i)
                            for i in range(lib.mimic_quality_check_count(handle)))

    @property
    def ok(self) -> bool:
        """No check failed."""
        return not self.failed

    @property
    def failed(self) -> Tuple[QualityCheck, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.verdict == "failed")

    def to_text(self, *, values: bool = True, min_count: int = 1) -> str:
        """All of it for a terminal. values=False shows no value of a cell; a frequent value and
        extremes are shown only where min_count rows stand behind them."""
        return self._text(_ffi.QUALITY_PLAIN, values, min_count, True)

    def to_json(self, *, values: bool = True, min_count: int = 1) -> str:
        """All of it as JSON (docs/formats.md)."""
        return self._text(_ffi.QUALITY_JSON, values, min_count, True)

    def to_dict(self, *, values: bool = True, min_count: int = 1) -> Dict[str, Any]:
        """All of it as plain values."""
        made: Dict[str, Any] = json.loads(self.to_json(values=values, min_count=min_count))
        return made

    def to_html(self, *, values: bool = True, min_count: int = 1, script: bool = True) -> str:
        """One page, complete in itself; script=False leaves out what sorts and filters it."""
        return self._text(_ffi.QUALITY_HTML, values, min_count, script)

    def save(self, path: PathLike, *, values: bool = True, min_count: int = 1) -> None:
        """Writes a page for the browser (.html), .json or .txt."""
        name = os.path.expanduser(os.fspath(path))
        formats = {".html": _ffi.QUALITY_HTML, ".json": _ffi.QUALITY_JSON,
                   ".txt": _ffi.QUALITY_PLAIN}
        format = formats.get(os.path.splitext(name)[1].lower())
        if format is None:
            raise ValueError(f"quality is saved as .html, .json or .txt, not {name!r}")
        text = self._text(format, values, min_count, True)
        with open(name, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)

    def _text(self, format: int, values: bool, min_count: int, script: bool) -> str:
        options = _ffi.mimic_quality_options(no_values=int(not values), min_count=_least(min_count),
                                             no_script=int(not script))
        made = c_void_p()
        lib.mimic_quality_text(self._handle, format, byref(options), byref(made))
        return _ffi.take_text(made)

    def __getitem__(self, table: str) -> Dict[str, QualityColumn]:
        """The columns of a table by their names."""
        found = {column.column: column for column in self.columns
                 if isinstance(table, str) and column.table.lower() == table.lower()}
        if not found:
            raise missing("the quality", "table", table, [known.table for known in self.tables])
        return found

    def _listing(self) -> _show.Listing:
        failed = {table.table: 0 for table in self.tables}
        checks = dict(failed)
        for check in self.checks:
            if check.table in checks and check.verdict != "information":
                checks[check.table] += 1
                failed[check.table] += check.verdict == "failed"
        rows = [(table.table, table.rows, table.rejected,
                 sum(column.table == table.table for column in self.columns),
                 checks[table.table], failed[table.table] or None, table.message)
                for table in self.tables]
        head = ("table", "rows", "rejected", "columns", "checks", "failed", "")
        return _show.Listing("Data quality", "", head, rows)

    def _failures(self) -> Tuple[Sequence[str], List[Sequence[Any]]]:
        head = ("table", "column", "rule", "observed", "of", "what it means")
        return head, [(c.table, c.column, c.rule, c.observed, c.of, c.message) for c in self.failed]

    def __repr__(self) -> str:
        judged = sum(check.verdict != "information" for check in self.checks)
        return (f"<mimic.Quality: {len(self.tables)} tables, {len(self.columns)} columns, "
                f"{len(self.failed)} of {judged} checks failed>")

    def __str__(self) -> str:
        lines = [self._listing().text()]
        if self.failed:
            lines += ["", "Failed checks", "", _show.table(*self._failures())]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        failures = ""
        if self.failed:
            failures = ("<div><strong>Failed checks</strong></div>"
                        + _show.html_table(*self._failures()))
        return f"<div>{self._listing().html()}{failures}</div>"


def _quality_tables(
        quality: c_void_p) -> Tuple[Tuple[QualityTable, ...], Tuple[QualityColumn, ...]]:
    tables, columns = [], []
    for index in range(lib.mimic_quality_table_count(quality)):
        info = _ffi.mimic_quality_table_info()
        lib.mimic_quality_table(quality, index, byref(info))
        name = _ffi.string(info.table)
        tables.append(QualityTable(
            table=name, module=_ffi.string(info.module), rows=info.rows, read=known(info.read),
            written=known(info.written), rejected=known(info.rejected),
            duplicates=known(info.duplicates), filtered=known(info.filtered),
            nulled=known(info.nulled), expected_rows=known(info.expected_rows),
            message=_ffi.string(info.message)))
        columns += [_quality_column(quality, name, index, i) for i in range(info.column_count)]
    return tuple(tables), tuple(columns)


def _quality_column(quality: c_void_p, name: str, table: int, index: int) -> QualityColumn:
    info = _ffi.mimic_quality_column_info()
    lib.mimic_quality_column(quality, table, index, byref(info))
    return QualityColumn(
        table=name, column=_ffi.string(info.column),
        type=_ffi.string(lib.mimic_type_name(info.type)), rows=info.rows, nulls=info.nulls,
        distinct=info.distinct, distinct_exact=bool(info.is_distinct_exact),
        mean=info.mean if info.has_moments else None,
        deviation=info.deviation if info.has_moments else None,
        minimum=_ffi.string(info.minimum), maximum=_ffi.string(info.maximum),
        quantiles=tuple(_ffi.string(text) for text in info.quantiles), zeros=info.zeros,
        negatives=info.negatives, not_finite=info.not_finite, shortest=known(info.shortest),
        longest=known(info.longest))


def _quality_check(quality: c_void_p, index: int) -> QualityCheck:
    info = _ffi.mimic_quality_check_info()
    lib.mimic_quality_check(quality, index, byref(info))
    return QualityCheck(
        category=_CATEGORIES.get(info.category, "other"),
        verdict=_VERDICTS.get(info.verdict, "information"), rule=_ffi.string(info.rule),
        table=_ffi.string(info.table), column=_ffi.string(info.column),
        observed=known(info.observed), expected=known(info.expected), of=known(info.of),
        message=_ffi.string(info.message))
