"""Tables that are read when they are asked for, their batches, and their rejects."""

from __future__ import annotations

import html
import threading
from ctypes import byref
from typing import (TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
                    Optional, Sequence, Tuple, Union)

from . import _arrow, _ffi, _follow, _show
from ._arrow import OwnedArray
from ._decode import Column
from ._errors import InvalidValueError, missing
from ._ffi import ArrowArrayStream, lib
from ._passes import Counts, Drift, Pass, RejectLog, Selection, Shape
from ._registry import Schema

if TYPE_CHECKING:
    import numpy
    import pandas  # type: ignore[import]

_PREVIEW_ROWS = 10


class Reject(NamedTuple):
    """A row that did not fit, where it stands and why."""

    source: str
    record: int          # from 1, the header not counted
    line: int            # physical line, from 1
    byte_offset: int     # from 0, in the decompressed file
    column: Optional[str]  # None where it concerns the whole record
    code: str            # "type", "required", "field_count" …
    message: str
    raw: str             # the record as it stands in the file, its first 1,024 bytes


class Rejects(Sequence[Reject]):
    """The rejects of a pass, in the order of the file: a sequence of `Reject`.

    The first `max_rejects_kept` are kept; `total` counts all.
    """

    def __init__(self, kept: Sequence[Tuple[Any, ...]] = (), total: int = 0) -> None:
        self._kept = tuple(Reject(*reject) for reject in kept)
        self.total = total

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: Any) -> Any:
        return self._kept[index]

    @property
    def is_complete(self) -> bool:
        """Whether all were kept."""
        return len(self._kept) == self.total

    def to_pylist(self) -> List[Dict[str, Any]]:
        """A dict a reject."""
        return [reject._asdict() for reject in self._kept]

    def to_pandas(self) -> "pandas.DataFrame":
        """A data frame with a row a reject."""
        import pandas

        columns = {name: [getattr(reject, name) for reject in self._kept] for name in Reject._fields}
        frame = pandas.DataFrame(columns, columns=list(Reject._fields))
        kinds = {name: "int64" for name in ("record", "line", "byte_offset")}
        kinds.update({name: "string" for name in ("source", "column", "message", "raw")})
        return frame.astype({**kinds, "code": "category"})

    def _listing(self) -> _show.Listing:
        head = ("line", "column", "code", "message", "raw")
        shown = self._kept[:_PREVIEW_ROWS]
        remark = f"{self.total:,} row{'s' * (self.total != 1)}" if self.total else "none"
        if len(shown) < self.total:
            remark += f", the first {len(shown)}"
        return _show.Listing("Rejects", remark, head, [
            tuple(getattr(reject, name) for name in head) for reject in shown])

    def __repr__(self) -> str:
        return f"<mimic.Rejects: {self.total:,}, of which {len(self):,} are kept>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


class Batch:
    """Some thousands of rows. It owns its memory, and so does everything that looks at it.

        >>> import mimic
        >>> wards = {"fields": [{"name": "ward", "type": "integer"}, {"name": "name", "type": "string"}]}
        >>> batch = next(iter(mimic.read_csv(b"ward,name\\n1,North\\n2,South\\n", table=wards)))
        >>> batch["ward"].values.tolist()
        [1, 2]
        >>> batch.to_pylist()
        [{'ward': 1, 'name': 'North'}, {'ward': 2, 'name': 'South'}]
    """

    def __init__(self, shape: Shape, array: OwnedArray, first_record: int = 0) -> None:
        self._shape = shape
        self._owned = array
        self.first_record = first_record

    @property
    def schema(self) -> Schema:
        """Of exactly these columns."""
        return self._shape.schema

    @property
    def columns(self) -> Tuple[str, ...]:
        return self._shape.schema.columns

    def __len__(self) -> int:
        return int(self._owned.struct.length)

    def __getitem__(self, name: str) -> Column:
        """A column by its name, in any case."""
        for index, field in enumerate(self.schema.fields):
            if isinstance(name, str) and field.name.lower() == name.lower():
                return self._column(index)
        raise missing("the batch", "column", name, self.columns, column=str(name))

    def _column(self, index: int) -> Column:
        return Column(self.schema.fields[index], self._owned.struct.children[index].contents,
                      self._owned)

    def to_pydict(self) -> Dict[str, List[Any]]:
        """A list a column."""
        return {field.name: self._column(index).to_pylist()
                for index, field in enumerate(self.schema.fields)}

    def to_pylist(self) -> List[Dict[str, Any]]:
        """A dict a row."""
        names = self.columns
        if not names:
            return [{} for _ in range(len(self))]
        return [dict(zip(names, row)) for row in zip(*self.to_pydict().values())]

    def _frame(self, **options: Any) -> Any:
        from . import _frame

        made = _frame.Frame(self._shape.handle, **options)
        batch, alive = _frame.as_batch(self._owned.struct, self._shape)
        made.append(byref(batch))
        del alive
        return made

    def to_numpy(self) -> Dict[str, "numpy.ndarray[Any, Any]"]:
        """As Table.to_numpy."""
        from . import _frame

        return _frame.to_numpy(self._frame())

    def to_pandas(self) -> "pandas.DataFrame":
        """As Table.to_pandas."""
        from . import _frame

        return _frame.to_pandas(self._frame())

    def __arrow_c_schema__(self) -> Any:
        return self._shape.export()

    def __arrow_c_array__(self, requested_schema: Any = None) -> Tuple[Any, Any]:
        """Without a copy; the consumer's array lives on by itself."""
        return self._shape.export(), self._owned.share()

    def __reduce__(self) -> Any:
        raise TypeError("a Batch cannot be pickled; pickle to_pylist() or to_pandas()")

    def __repr__(self) -> str:
        return f"<mimic.Batch of {self.schema.name}: {len(self):,} rows, {len(self.columns)} columns>"

    def _repr_html_(self) -> str:
        return _preview(repr(self), self.columns, self.to_pylist()[:_PREVIEW_ROWS])


class Origin:
    """Where a table's rows come from."""

    name = ""
    schema: Schema
    is_rereadable = True
    leaves = True  # a stream of it may leave for C: it never calls back into Python
    total_bytes: Optional[int] = None  # to be read, where it is known

    def open(self, selection: Selection, jobs: int, log: Optional[RejectLog]) -> Sequence[Any]:
        """The passes of its parts, as functions that open them, given the rows before."""
        raise NotImplementedError

    def export(self, selection: Selection, jobs: int) -> ArrowArrayStream:
        raise NotImplementedError


class Table:
    """A table that is read when it is asked for, as often as it is asked.

    Made by `mimic.read_csv` and `mimic.open`. Nothing is held in memory: every iteration, to_pandas()
    and so on goes through the file once. `counts` and `rejects` are those of the last time that this
    came to the end. It may be shared by threads.

        >>> import mimic
        >>> wards = {"fields": [{"name": "ward", "type": "integer"}, {"name": "beds", "type": "integer"}]}
        >>> table = mimic.read_csv(b"ward,beds\\n1,20\\n2,many\\n3,12\\n", table=wards)
        >>> table.columns
        ('ward', 'beds')
        >>> table.to_pylist()
        [{'ward': 1, 'beds': 20}, {'ward': 3, 'beds': 12}]
        >>> table.counts
        Counts(read=3, delivered=2, rejected=1, filtered=0, nulled=0)
        >>> table.rejects[0].line, table.rejects[0].code
        (3, 'type')
    """

    def __init__(self, origin: Origin, selection: Selection, *, jobs: Optional[int] = None,
                 max_rejects_kept: int = 10_000, progress: Any = None) -> None:
        self._origin = origin
        self._selection = selection
        self._jobs = _ffi.jobs(jobs)
        self._max_rejects = _count(max_rejects_kept, "max_rejects_kept")
        self._progress = _follow.checked(progress)
        self._lock = threading.Lock()
        self._is_closed = False
        self._counts: Optional[Counts] = None
        self._rejects: Optional[Rejects] = None
        self._first: Optional[Tuple[Pass, RejectLog]] = None
        log = RejectLog(self._max_rejects)
        passed = origin.open(selection, 1 if origin.is_rereadable else self._jobs, log)[0](0)
        try:
            self._shape = Shape(passed.table)
            self.drift: Tuple[Drift, ...] = passed.drift()
            if not origin.is_rereadable:
                self._first = (passed, log)
        finally:
            if self._first is None:
                passed.close()

    # ---- what it is ----

    @property
    def name(self) -> str:
        return self._origin.schema.name

    @property
    def schema(self) -> Schema:
        """Of exactly the columns that come out."""
        return self._shape.schema

    @property
    def columns(self) -> Tuple[str, ...]:
        return self._shape.schema.columns

    @property
    def counts(self) -> Optional[Counts]:
        """Rows of the last time through: read = delivered + rejected + filtered. None before that,
        and for tables of a target, whose rows were counted when they were written."""
        return self._counts

    @property
    def rejects(self) -> Rejects:
        """Rows of the last time through that did not fit. Reads the table where nothing did yet."""
        if self._rejects is None:
            self._read_all(lambda batch: None)
        assert self._rejects is not None
        return self._rejects

    def __len__(self) -> int:
        """Rows; the table is read where nothing did yet."""
        if self._counts is None and not self._origin.is_rereadable:  # list() asks, and then reads
            raise TypeError(f"{self._origin.name} is read once only: its rows are known when it was")
        if self._counts is None:
            self._read_all(lambda batch: None)
        assert self._counts is not None
        return self._counts.delivered

    def __bool__(self) -> bool:
        return True

    # ---- which part of it ----

    def _derived(self, selection: Selection) -> "Table":
        self._check_open()
        if not self._origin.is_rereadable:
            raise ValueError(f"{self._origin.name} is read once only; say columns, where and limit when "
                             "it is opened")
        return Table(self._origin, selection, jobs=self._jobs, max_rejects_kept=self._max_rejects,
                     progress=self._progress)

    def select(self, columns: Union[str, Iterable[str]]) -> "Table":
        """The same table with some of its columns, in this order."""
        chosen = Selection.of(self.schema, columns, None, None).columns
        return self._derived(Selection(chosen, self._selection.where, self._selection.limit))

    def where(self, where: Optional[Mapping[str, Any]] = None, **columns: Any) -> "Table":
        """The same table with the rows that hold one of some values, besides what was asked before.

            >>> import mimic
            >>> wards = {"fields": [{"name": "ward", "type": "integer"}]}
            >>> mimic.read_csv(b"ward\\n1\\n2\\n3\\n", table=wards).where(ward=[1, 3]).to_pylist()
            [{'ward': 1}, {'ward': 3}]
        """
        both = {**(where if where is not None else {}), **columns}
        return self._derived(self._selection.and_where(self._origin.schema, both))

    def limit(self, rows: int) -> "Table":
        """The same table, ended after so many rows."""
        wanted = _count(rows, "limit")
        if self._selection.limit is not None:
            wanted = min(wanted, self._selection.limit)
        return self._derived(Selection(self._selection.columns, self._selection.where, wanted))

    # ---- reading ----

    def _check_open(self) -> None:
        if self._is_closed:
            raise ValueError(f"the table {self.name} is closed")

    def close(self) -> None:
        """Ends it: what is read later is an exception. Batches and frames live on."""
        with self._lock:
            self._is_closed = True
            first, self._first = self._first, None
        if first is not None:
            first[0].close()

    def __enter__(self) -> "Table":
        self._check_open()
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _passes(self) -> Iterator[Tuple[Pass, RejectLog]]:
        """The parts of one time through, each opened when it is due."""
        self._check_open()
        with self._lock:
            first, self._first = self._first, None
        log = first[1] if first is not None else RejectLog(self._max_rejects)
        before = 0
        for opened in self._origin.open(self._selection, self._jobs, log):
            passed = first[0] if first is not None else opened(before)
            first = None
            yield passed, log
            counts = passed.counts()
            before += counts.delivered if counts is not None else 0

    def __iter__(self) -> Iterator[Batch]:
        """Batch by batch, so that memory is bounded whatever the size of the table."""
        return _chain(self)

    def _remember(self, counts: Optional[Counts], log: RejectLog) -> None:
        self._counts = counts
        self._rejects = Rejects(log.kept, log.total)

    def _read_all(self, use: Callable[[Any], Any]) -> None:
        """Calls use(batch) with every mimic_batch, on another thread."""
        follower = _follow.Follower(self._progress, self.name, self._origin.total_bytes)
        is_whole = False
        try:
            self._drain(use, follower)
            is_whole = True
        finally:
            follower.end(is_whole)

    def _drain(self, use: Callable[[Any], Any], follower: _follow.Follower) -> None:
        total: List[Counts] = []
        log = RejectLog(0)
        rows = 0

        def drain(advance: Callable[[], Any]) -> None:
            nonlocal rows
            while True:
                batch = advance()
                if batch is None:
                    return
                rows += batch.contents.row_count
                use(batch)
                follower.step(passed, batch.contents.row_count)

        for passed, log in self._passes():
            follower.begin(passed)
            try:
                passed.run(drain)
                counts = passed.counts()
            finally:
                passed.close()
            if counts is not None:
                total.append(counts)
        self._remember(_sum(total) or Counts(rows, rows, 0, 0, 0), log)

    def _frame(self, **options: Any) -> Any:
        from . import _frame

        made = _frame.Frame(self._shape.handle, **options)
        self._read_all(made.append)
        return made

    def to_pylist(self) -> List[Dict[str, Any]]:
        """All rows, a dict each: numbers, str, date, datetime, Decimal … and None for NULL."""
        return [row for batch in self for row in batch.to_pylist()]

    def to_pydict(self) -> Dict[str, List[Any]]:
        """All columns, a list each."""
        made: Dict[str, List[Any]] = {name: [] for name in self.columns}
        for batch in self:
            for name, values in batch.to_pydict().items():
                made[name] += values
        return made

    def to_numpy(self) -> Dict[str, "numpy.ndarray[Any, Any]"]:
        """All columns, an array each, most of them without a copy.

        Integers and booleans that may be NULL are masked arrays; floats have NaN, dates and times
        NaT; texts are objects, None where there is none.
        """
        from . import _frame

        return _frame.to_numpy(self._frame())

    def to_pandas(self) -> "pandas.DataFrame":
        """A data frame with the types that fit: nullable integers, datetime64, category, string.

        Times are datetime64 in microseconds, of pandas 1 in nanoseconds; a column that goes beyond the
        years 1677 to 2262 is one of datetime objects there.
        """
        from . import _frame

        if _frame.pandas_wants_nanoseconds() and self._origin.is_rereadable:
            try:
                return _frame.to_pandas(self._frame(nanoseconds=True))
            except InvalidValueError as error:
                if "nanoseconds" not in error.message:
                    raise
        return _frame.to_pandas(self._frame())

    def to_arrow(self) -> Any:
        """A pyarrow.Table, without a copy of what was read."""
        import pyarrow  # type: ignore[import]

        return pyarrow.table(_Whole(self))

    def to_polars(self) -> Any:
        """A polars.DataFrame, without a copy of what was read."""
        import polars  # type: ignore[import]

        return polars.DataFrame(_Whole(self))

    def head(self, rows: int = 5) -> Any:
        """The first rows: a data frame where pandas is there, else a list of dicts."""
        first = self.limit(rows)
        try:
            import pandas  # noqa: F401
        except ImportError:
            return first.to_pylist()
        return first.to_pandas()

    # ---- Arrow ----

    def __arrow_c_schema__(self) -> Any:
        self._check_open()
        return self._shape.export()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """A stream that reads while it is consumed, and needs neither this object nor Python for that.

        Rejects of such a stream are left out and counted nowhere; with on_error="fail" they end it.
        What cannot leave Python, which is file objects, pipes and tables of several files, is read first.
        """
        self._check_open()
        if not self._origin.leaves or self._selection.limit == 0:
            return self._whole_stream()
        return _arrow.capsule(self._origin.export(self._selection, self._jobs))

    def _whole_stream(self) -> Any:
        from . import _frame

        return _frame.stream(self._frame(form=_ffi.FRAME_ARROW), self._shape)

    # ---- looks ----

    def __reduce__(self) -> Any:
        raise TypeError("a Table cannot be pickled; pickle to_pandas() or what it was made of")

    def _state(self) -> str:
        if self._is_closed:
            return "closed"
        return f"{self._counts.delivered:,} rows" if self._counts is not None else "not read yet"

    def __repr__(self) -> str:
        return _show.plain(f"<mimic.Table {self._origin.schema.spec}: {len(self.columns)} columns, "
                           f"{self._state()}, from {self._origin.name}>", keep_blanks=True)

    def _preview(self) -> Optional[List[Dict[str, Any]]]:
        """The first rows, where looking at them takes nothing away."""
        if self._is_closed or not self._origin.is_rereadable:
            return None
        return self.limit(_PREVIEW_ROWS).to_pylist()

    def __str__(self) -> str:
        rows = self._preview()
        if rows is None:
            return repr(self)
        return f"{self!r}\n\n{_text_preview(self.columns, rows)}"

    def _repr_html_(self) -> str:
        rows = self._preview()
        if rows is None:
            return f"<div>{html.escape(repr(self))}</div>"
        return _preview(repr(self), self.columns, rows)


class _Whole:
    """A table that is read at once when its stream is asked for, so that its rejects are known."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table._whole_stream()

    def __arrow_c_schema__(self) -> Any:
        return self._table.__arrow_c_schema__()


def _chain(table: Table) -> Iterator[Batch]:
    """Batches of all parts."""
    total: List[Counts] = []
    log = RejectLog(0)
    rows = 0
    for passed, log in table._passes():
        try:
            while True:
                batch = passed.run(lambda advance: _take(advance, table._shape))
                if batch is None:
                    break
                rows += len(batch)
                yield batch
            counts = passed.counts()
        finally:
            passed.close()
        if counts is not None:
            total.append(counts)
    table._remember(_sum(total) or Counts(rows, rows, 0, 0, 0), log)


def _take(advance: Callable[[], Any], shape: Shape) -> Optional[Batch]:
    """The next batch that has rows, with memory of its own."""
    while True:
        batch = advance()
        if batch is None:
            return None
        if batch.contents.row_count > 0:
            owned = OwnedArray()
            lib.mimic_batch_export(_ffi.context(), batch, byref(owned.struct))
            return Batch(shape, owned, batch.contents.first_record)


def _sum(parts: Sequence[Counts]) -> Optional[Counts]:
    if not parts:
        return None
    return Counts(*(sum(getattr(part, name) for part in parts) for name in Counts.__annotations__))


def _count(value: Any, what: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    number = int(value.__index__())
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{what} must be 0 or more, not {number}")
    return number


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _text_preview(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    return _show.table(columns, [tuple(_shown(row[name]) or "-" for name in columns) for row in rows])


def _preview(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """For a notebook; every text is escaped."""
    right = [bool(rows) and all(isinstance(row[name], (int, float, type(None))) for row in rows)
             for name in columns]

    def line(tag: str, cells: Iterable[str]) -> str:
        return "<tr>" + "".join(
            f'<{tag} style="text-align:{"right" if is_right else "left"}">{html.escape(cell)}</{tag}>'
            for cell, is_right in zip(cells, right)) + "</tr>"

    body = "".join(line("td", (_shown(row[name]) for name in columns)) for row in rows)
    return (f"<div>{html.escape(title)}<table><thead>{line('th', columns)}</thead>"
            f"<tbody>{body}</tbody></table></div>")
