"""What a job tells: reports of loads, ledgers of targets, drafts of schemas.

Small immutable objects that hold plain values, print as aligned text and show as tables in a
notebook. Everything that comes from data is escaped there.
"""

from __future__ import annotations

import html
import json
import os
from ctypes import byref, c_void_p
from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from . import _ffi, _show
from ._errors import missing
from ._ffi import PathLike, lib
from ._quality import Owned, Quality, known
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
                 notes: Sequence[Note], json_text: str, quality: Optional[Quality]) -> None:
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
            if isinstance(name, str) and table.table.lower() == name.lower():
                return table
        raise missing("the report", "table", name, [table.table for table in self.tables])

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
                yield title, notes, [", ".join(note.table or note.message for note in notes)]
            elif notes:
                yield title, notes, [str(note) for note in notes]


def _table_report(report: c_void_p, index: int) -> TableReport:
    info = _ffi.mimic_table_report()
    lib.mimic_report_table(report, index, byref(info))
    return TableReport(
        table=_ffi.string(info.table), source=_ffi.string(info.source),
        hash=_ffi.string(info.hash), read=info.read, written=info.written, rejected=info.rejected,
        duplicates=info.duplicates, filtered=info.filtered, nulled=info.nulled, nulls=info.nulls,
        bytes=info.bytes, stored_bytes=info.stored_bytes, expected_rows=known(info.expected_rows),
        seconds=info.seconds, status=_ffi.string(lib.mimic_status_name(info.status)),
        message=_ffi.string(info.message), unchanged=bool(info.is_unchanged))


def _note(report: c_void_p, index: int) -> Note:
    info = _ffi.mimic_note()
    lib.mimic_report_note(report, index, byref(info))
    return Note(kind=_NOTE_KINDS.get(info.kind, "other"), problem=bool(info.is_problem),
                table=_ffi.string(info.table), column=_ffi.string(info.column),
                code=_ffi.string(info.code), count=known(info.count),
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
            source_bytes=known(info.source_bytes), source_modified=known(info.source_modified),
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
            if isinstance(table, str) and entry.table.lower() == table.lower():
                return entry
        raise missing(self.target, "table", table, [entry.table for entry in self.entries])

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
