"""What a job tells: reports of loads, quality of columns, ledgers of targets, drafts of schemas.

Small immutable objects that hold plain values, print as aligned text and show as tables in a
notebook. Everything that comes from data is escaped there.
"""

from __future__ import annotations

import html
import json
import os
import weakref
from ctypes import byref, c_void_p
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from . import _ffi, _show
from ._errors import NotFoundError
from ._ffi import PathLike, lib
from ._registry import Schema

_NOTE_KINDS = {
    _ffi.NOTE_REJECTS: "rejects", _ffi.NOTE_KEY: "key", _ffi.NOTE_LEDGER: "ledger",
    _ffi.NOTE_DRIFT: "drift", _ffi.NOTE_FINDING: "finding", _ffi.NOTE_COUNT: "count",
    _ffi.NOTE_IGNORED: "ignored", _ffi.NOTE_ABSENT: "absent",
}
_NOTE_TITLES = {
    "rejects": "Rejects", "key": "Keys", "ledger": "Ledger", "drift": "Drift",
    "finding": "Checks of the target", "count": "Row counts", "ignored": "Ignored files",
    "absent": "Absent tables",
}
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


def _known(value: int) -> Optional[int]:
    return value if value >= 0 else None


# ---- reports ----

@dataclass(frozen=True)
class TableReport:
    """What became of one table: read = written + rejected + duplicates + filtered.

    nulled         values that the policy "null" made NULL
    nulls          NULL values written, all columns
    bytes          decompressed; stored_bytes as the file has them
    expected_rows  of the edition that was recognised; None where not known
    status         "MIMIC_OK", or why it was not written; message says more
    unchanged      nothing was done: the target holds this source already
    """

    table: str
    source: str
    hash: str
    read: int
    written: int
    rejected: int
    duplicates: int
    filtered: int
    nulled: int
    nulls: int
    bytes: int
    stored_bytes: int
    expected_rows: Optional[int]
    seconds: float
    status: str
    message: str
    unchanged: bool

    @property
    def ok(self) -> bool:
        """It was written (or checked, or was there), and no row was rejected."""
        return self.status == "MIMIC_OK" and self.rejected == 0


@dataclass(frozen=True)
class Note:
    """Another line of a report.

    kind     "rejects", "key", "ledger", "drift", "finding", "count", "ignored" or "absent"
    problem  it is one, and not just told
    code     the reason of rejects, the kind of drift, the name of a check
    count    rows concerned; None where it means nothing
    """

    kind: str
    problem: bool
    table: str
    column: str
    code: str
    count: Optional[int]
    message: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.table, self.column) if part)
        if place and self.message.startswith(place):
            place = ""
        count = f"{self.count:,} {self.code}; " if self.kind == "rejects" else ""
        return f"{place}{': ' if place else ''}{count}{self.message}"


class Report:
    """What became of a load, a check or a conversion.

    ok       everything was written, nothing was rejected, and every check holds
    tables   TableReports, also to be had by name: report["labevents"]
    notes    rejects by column and reason, keys that do not hold, drift, files that were ignored …
    quality  mimic.Quality, where `quality=True` asked for it
    """

    def __init__(self, dataset: str, edition: str, target: str, tables: Sequence[TableReport],
                 notes: Sequence[Note], json_text: str, quality: Optional["Quality"]) -> None:
        self.dataset, self.edition, self.target = dataset, edition, target
        self.tables, self.notes = tuple(tables), tuple(notes)
        self.quality = quality
        self._json = json_text

    @classmethod
    def take(cls, handle: c_void_p) -> "Report":
        """From the library's report, which is given up."""
        owner = Owned(handle, lib.mimic_report_free)
        text = c_void_p()
        lib.mimic_report_json(handle, byref(text))
        quality = lib.mimic_report_quality(handle)
        return cls(_ffi.string(lib.mimic_report_dataset(handle)),
                   _ffi.string(lib.mimic_report_edition(handle)),
                   _ffi.string(lib.mimic_report_target(handle)),
                   [_table_report(handle, i) for i in range(lib.mimic_report_table_count(handle))],
                   [_note(handle, i) for i in range(lib.mimic_report_note_count(handle))],
                   _ffi.take_text(text), Quality(owner, c_void_p(quality)) if quality else None)

    @property
    def ok(self) -> bool:
        checks = ("finding", "count", "key")
        return (all(table.ok for table in self.tables)
                and not any(note.problem and note.kind in checks for note in self.notes))

    @property
    def rejects(self) -> Tuple[Note, ...]:
        """Rejects by table, column and reason; each note has the first of them as an example."""
        return tuple(note for note in self.notes if note.kind == "rejects")

    def total(self, count: str) -> int:
        """A count over all tables: "read", "written", "rejected", "duplicates" …"""
        return int(sum(getattr(table, count) for table in self.tables))

    def to_json(self) -> str:
        """All of it, as `mimic load --format json` prints it."""
        return self._json

    def to_dict(self) -> Dict[str, Any]:
        """All of it as plain values (docs/formats.md)."""
        made: Dict[str, Any] = json.loads(self._json)
        return made

    def __getitem__(self, name: str) -> TableReport:
        for table in self.tables:
            if table.table.lower() == name.lower():
                return table
        listed = ", ".join(table.table for table in self.tables)
        raise NotFoundError(f"the report has no table {name!r}; it has {listed}")

    def __iter__(self) -> Iterator[TableReport]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def _title(self) -> str:
        edition = f" ({self.edition})" if self.edition else ""
        end = ", checked" if self.target == "null:" else f" \u2192 {self.target}"
        return f"{self.dataset or 'one table'}{edition}{end}"

    def _rows(self) -> Tuple[Sequence[str], List[Sequence[Any]]]:
        head = ("table", "read", "written", "rejected", "duplicates", "filtered", "nulled", "nulls",
                "expected", "seconds", "")
        rows: List[Sequence[Any]] = [
            (t.table, t.read, t.written, t.rejected, t.duplicates or None, t.filtered or None,
             t.nulled or None, t.nulls, t.expected_rows, t.seconds,
             "unchanged" if t.unchanged else t.message) for t in self.tables]
        if len(rows) > 1:
            sums = [self.total(name) for name in
                    ("read", "written", "rejected", "duplicates", "filtered", "nulled", "nulls")]
            rows.append(["total", *sums[:3], *[value or None for value in sums[3:6]], sums[6], None,
                         sum(table.seconds for table in self.tables), ""])
        return head, rows

    def __repr__(self) -> str:
        state = "ok" if self.ok else f"{self.total('rejected'):,} rejected"
        failed = sum(table.status != "MIMIC_OK" for table in self.tables)
        problems = sum(note.problem for note in self.notes if note.kind != "rejects")
        state += f", {failed} failed" if failed else ""
        state += f", {problems} problem{'s' * (problems != 1)}" if problems else ""
        return (f"<mimic.Report {self._title()}: {len(self.tables)} tables, "
                f"{self.total('written'):,} rows written, {state}>")

    def __str__(self) -> str:
        lines = [self._title(), "", _show.table(*self._rows())]
        for title, _, texts in self._grouped():
            lines += ["", title] + ["  " + _show.plain(text) for text in texts]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<div><strong>{html.escape(self._title())}</strong>",
                 _show.html_table(*self._rows())]
        for title, notes, texts in self._grouped():
            items = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
            is_open = any(note.problem for note in notes)  # what is wrong is not folded away
            parts.append(f"<details{' open' if is_open else ''}><summary>{title} "
                         f"({len(notes)})</summary><ul>{items}</ul></details>")
        return "".join(parts) + "</div>"

    def _grouped(self) -> Iterator[Tuple[str, List[Note], List[str]]]:
        """Title, notes and texts of each kind."""
        for kind, title in _NOTE_TITLES.items():
            notes = [note for note in self.notes if note.kind == kind]
            if notes and kind in ("ignored", "absent"):
                yield title, notes, [", ".join(note.table or note.code or note.message
                                               for note in notes)]
            elif notes:
                yield title, notes, [str(note) for note in notes]


def _table_report(report: c_void_p, index: int) -> TableReport:
    info = _ffi.mimic_table_report()
    lib.mimic_report_table(report, index, byref(info))
    return TableReport(
        table=_ffi.string(info.table), source=_ffi.string(info.source),
        hash=_ffi.string(info.hash), read=info.read, written=info.written, rejected=info.rejected,
        duplicates=info.duplicates, filtered=info.filtered, nulled=info.nulled, nulls=info.nulls,
        bytes=info.bytes, stored_bytes=info.stored_bytes, expected_rows=_known(info.expected_rows),
        seconds=info.seconds, status=_ffi.string(lib.mimic_status_name(info.status)),
        message=_ffi.string(info.message), unchanged=bool(info.is_unchanged))


def _note(report: c_void_p, index: int) -> Note:
    info = _ffi.mimic_note()
    lib.mimic_report_note(report, index, byref(info))
    return Note(kind=_NOTE_KINDS.get(info.kind, "other"), problem=bool(info.is_problem),
                table=_ffi.string(info.table), column=_ffi.string(info.column),
                code=_ffi.string(info.code), count=_known(info.count),
                message=_ffi.string(info.message))


# ---- quality ----

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
        options = _ffi.mimic_quality_options(no_values=int(not values), min_count=min_count,
                                             no_script=int(not script))
        made = c_void_p()
        lib.mimic_quality_text(self._handle, format, byref(options), byref(made))
        return _ffi.take_text(made)

    def __getitem__(self, table: str) -> Dict[str, QualityColumn]:
        """The columns of a table by their names."""
        found = {column.column: column for column in self.columns
                 if column.table.lower() == table.lower()}
        if not found:
            listed = ", ".join(table.table for table in self.tables)
            raise NotFoundError(f"there is no quality of a table {table!r}; there is of {listed}")
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
            table=name, module=_ffi.string(info.module), rows=info.rows, read=_known(info.read),
            written=_known(info.written), rejected=_known(info.rejected),
            duplicates=_known(info.duplicates), filtered=_known(info.filtered),
            nulled=_known(info.nulled), expected_rows=_known(info.expected_rows),
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
        negatives=info.negatives, not_finite=info.not_finite, shortest=_known(info.shortest),
        longest=_known(info.longest))


def _quality_check(quality: c_void_p, index: int) -> QualityCheck:
    info = _ffi.mimic_quality_check_info()
    lib.mimic_quality_check(quality, index, byref(info))
    return QualityCheck(
        category=_CATEGORIES.get(info.category, "other"),
        verdict=_VERDICTS.get(info.verdict, "information"), rule=_ffi.string(info.rule),
        table=_ffi.string(info.table), column=_ffi.string(info.column),
        observed=_known(info.observed), expected=_known(info.expected), of=_known(info.of),
        message=_ffi.string(info.message))


# ---- ledgers ----

@dataclass(frozen=True)
class LedgerEntry:
    """What a target holds of one table, where that came from, and how it was made.

    source           path as the load was given it
    source_modified  nanoseconds since 1970; None where there is no such time
    started, finished  UTC, "2026-01-31T12:00:00Z"
    waiting          of a load that was cut short or runs: the target does not show it yet
    """

    table: str
    module: str
    dataset: str
    source: str
    source_bytes: Optional[int]
    source_modified: Optional[int]
    source_hash: str
    schema_hash: str
    options_hash: str
    library_version: str
    read: int
    written: int
    rejected: int
    duplicates: int
    filtered: int
    nulled: int
    started: str
    finished: str
    waiting: bool

    @classmethod
    def of(cls, info: Any) -> "LedgerEntry":
        """From a mimic_ledger_entry, whose texts are borrowed."""
        return cls(
            table=_ffi.string(info.table), module=_ffi.string(info.module),
            dataset=_ffi.string(info.dataset), source=_ffi.string(info.source),
            source_bytes=_known(info.source_bytes), source_modified=_known(info.source_modified),
            source_hash=_ffi.string(info.source_hash), schema_hash=_ffi.string(info.schema_hash),
            options_hash=_ffi.string(info.options_hash),
            library_version=_ffi.string(info.library_version), read=info.read,
            written=info.written, rejected=info.rejected, duplicates=info.duplicates,
            filtered=info.filtered, nulled=info.nulled, started=_ffi.string(info.started),
            finished=_ffi.string(info.finished), waiting=bool(info.is_waiting))


class Ledger:
    """The ledger of a target; see `mimic.status`.

    entries     LedgerEntries, a line a table
    unfinished  a load is under way or was cut short; the next goes on with it
    writer      who is writing the target, "" for nobody (or where that is not known)
    """

    def __init__(self, target: str, entries: Sequence[LedgerEntry], unfinished: bool,
                 writer: str) -> None:
        self.target, self.entries = target, tuple(entries)
        self.unfinished, self.writer = unfinished, writer

    def __getitem__(self, table: str) -> LedgerEntry:
        for entry in self.entries:
            if entry.table.lower() == table.lower():
                return entry
        listed = ", ".join(entry.table for entry in self.entries)
        raise NotFoundError(f"{self.target} has no table {table!r}; it has {listed}")

    def __iter__(self) -> Iterator[LedgerEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def to_dict(self) -> Dict[str, Any]:
        """All of it as plain values."""
        return {"target": self.target, "unfinished": self.unfinished, "writer": self.writer,
                "tables": [asdict(entry) for entry in self.entries]}

    def _listing(self) -> _show.Listing:
        rows = [(e.table, e.dataset, e.written, e.rejected or None, e.duplicates or None,
                 e.finished, e.source, e.source_hash[:8], "waiting" if e.waiting else "")
                for e in self.entries]
        head = ("table", "dataset", "rows", "rejected", "duplicates", "finished", "source", "hash",
                "")
        remark = f"{self.writer} is writing it" if self.writer else (
            "a load was cut short; the next goes on with it" if self.unfinished else "")
        return _show.Listing(self.target, remark, head, rows)

    def __repr__(self) -> str:
        return f"<mimic.Ledger {self.target}: {len(self)} tables>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


# ---- drafts ----

class Draft(Dict[str, Any]):
    """A Table Schema that was guessed from a file: a dict, to be read over and changed.

    It can stand wherever a table is asked for, `table=draft`.
    """

    def __init__(self, schema: Dict[str, Any], name: str) -> None:
        super().__init__(schema)
        self.name = name

    @property
    def schema(self) -> Schema:
        """The Schema of what the dict says now."""
        return Schema.of(self, name=self.name)

    def to_json(self) -> str:
        return json.dumps(self, indent=2, ensure_ascii=False) + "\n"

    def save(self, path: PathLike) -> None:
        """Writes it as JSON, to be given as `table=path` later."""
        with open(os.path.expanduser(os.fspath(path)), "w", encoding="utf-8") as stream:
            stream.write(self.to_json())

    def _listing(self) -> _show.Listing:
        rows = []
        for field in self.get("fields", []):
            known = field.get("mimic", {})
            required = field.get("constraints", {}).get("required")
            rows.append((field.get("name", ""), known.get("type", field.get("type", "")),
                         "required" if required else "", field.get("description", "")))
        remark = str(self.get("description", ""))
        return _show.Listing(self.name, remark, ("column", "type", "", "description"), rows)

    def __repr__(self) -> str:
        return f"<mimic.Draft {self.name}: {len(self.get('fields', []))} columns>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()
