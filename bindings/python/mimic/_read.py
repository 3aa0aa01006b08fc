"""read_csv and open: tables of CSV files, of folders, and of what was loaded."""

from __future__ import annotations

import os
from ctypes import byref, c_void_p
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _errors, _ffi, _inputs, _passes, _registry, _show
from ._calls import LongCall
from ._ffi import ArrowArrayStream, PathLike, lib
from ._options import ON_ERROR
from ._progress import ProgressArgument
from ._passes import CsvOptions, CsvPass, Pass, RejectLog, ScanPass, Selection, Shape
from ._registry import Registry, Schema
from ._table import Origin, Table

_ENDINGS = (".csv", ".csv.gz", ".csv.zst")


# ---- CSV ----

class CsvOrigin(Origin):
    """One CSV file, or the parts of a table, each with a header of its own."""

    def __init__(self, inputs: Sequence[_inputs.Input], schema: Schema, options: CsvOptions) -> None:
        self._inputs = tuple(inputs)
        self._options = options
        self.schema = schema
        self.name = inputs[0].name + (f" and {len(inputs) - 1} more" if len(inputs) > 1 else "")
        self.is_rereadable = all(part.is_rereadable for part in inputs)
        sizes = [part.size for part in inputs]
        self.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        self.leaves = len(inputs) == 1 and self.is_rereadable and not inputs[0].calls_back

    def open(self, selection: Selection, jobs: int,
             log: Optional[RejectLog]) -> Sequence[Callable[[int], Pass]]:
        return [self._opener(part, selection, jobs, log) for part in self._inputs]

    def _opener(self, part: _inputs.Input, selection: Selection, jobs: int,
                log: Optional[RejectLog]) -> Callable[[int], Pass]:
        def opened(before: int) -> Pass:
            left = None if selection.limit is None else max(0, selection.limit - before)
            rest = Selection(selection.columns, selection.where, left)
            return CsvPass(part, self.schema, rest, self._options, jobs, log)

        return opened

    def export(self, selection: Selection, jobs: int) -> ArrowArrayStream:
        return CsvPass(self._inputs[0], self.schema, selection, self._options, jobs).export()


def _letter(value: Any, what: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    if len(value) != 1 or not "\0" < value < "\x80":
        raise ValueError(f"{what} must be one ASCII character, not {value!r}")
    return value.encode()


def _dialect(delimiter: Optional[str], quote: Optional[str], escape: Optional[str],
             comment: Optional[str], header: bool, quoting: bool) -> Dict[str, Any]:
    given = {"delimiter": delimiter, "quote": quote, "escape": escape, "comment": comment}
    made: Dict[str, Any] = {name: _letter(value, name) for name, value in given.items()
                            if value is not None and (name, value) != ("quote", '"')}
    made["no_header"], made["no_quoting"] = int(not header), int(quote is None or not quoting)
    return made


def _recognise(part: _inputs.Input, registry: Registry) -> Schema:
    """The table that a file says it is."""
    if part.path is None or not part.is_rereadable:
        raise ValueError(f"{part.name} has no name to recognise its table by: give table=, such as "
                         "'mimic-iv@3.1/labevents' or a Table Schema")
    found = c_void_p()
    try:
        lib.mimic_detect_table(_ffi.context(), registry._handle, _ffi.path(part.path), byref(found))
    except _errors.NotFoundError as error:
        if not os.path.exists(part.path):
            raise
        raise _errors.NotFoundError(
            f"{error.message}: table='mimic-iv@3.1/labevents', a Table Schema, or the guess that "
            "mimic.infer(path) makes", source=error.source) from None
    return Schema(registry, found.value or 0)


def read_csv(source: Any, table: Union[None, str, Schema, Mapping[str, Any], PathLike] = None, *,
             columns: Union[None, str, Iterable[str]] = None,
             where: Optional[Mapping[str, Any]] = None, on_error: Optional[str] = None,
             limit: Optional[int] = None, jobs: Optional[int] = None,
             delimiter: Optional[str] = None, quote: Optional[str] = '"',
             escape: Optional[str] = None, comment: Optional[str] = None, header: bool = True,
             quoting: bool = True, strict_drift: bool = False, max_rejects_kept: int = 10_000,
             progress: ProgressArgument = None, registry: Optional[Registry] = None) -> Table:
    """A CSV file as a table. It is opened at once, and read when rows are asked for.

    source   a path (.csv, .csv.gz, .csv.zst), bytes, a binary file object, or a list of paths that
             are parts of one table, each with a header
    table    what it holds: "mimic-iv@3.1/labevents", a Schema, a Table Schema as a dict or the path of
             a .json file. None: recognised by the file's name and header
    columns  names of those wanted, in this order
    where    {"itemid": [50912, 50813]}: rows that hold one of these integers or texts; all must hold
    on_error what becomes of a row with a value that does not fit: "reject" (it is left out, see
             Table.rejects), "null" (the value is) or "fail"; by default what the schema says, else "reject"
    limit    ends after so many rows
    jobs     threads that may work; None = one a processor. The rows are the same whatever it is
    delimiter, quote (None, or quoting=False: nothing is quoted), escape, comment, header  the dialect
    strict_drift  any difference between header and schema is an error, not only a missing required column
    max_rejects_kept  so many are kept in Table.rejects; all are counted
    progress True shows a bar while to_pandas() and the like read; a function is called with a
             mimic.Progress some times a second, and may return False or raise to cancel
    registry where specs are looked up

        >>> import mimic
        >>> wards = {"fields": [{"name": "ward", "type": "integer"}, {"name": "beds", "type": "integer"}]}
        >>> table = mimic.read_csv(b"ward,beds\\n1,20\\n2,31\\n", table=wards, columns=["beds"])
        >>> table.to_pylist()
        [{'beds': 20}, {'beds': 31}]
    """
    parts = [_inputs.of(part) for part in source] if isinstance(source, (list, tuple)) else [
        _inputs.of(source)]
    if not parts:
        raise ValueError("source is an empty list")
    known = _registry.known(registry)
    if table is None:
        schema = _recognise(parts[0], known)
    else:
        schema = Schema.of(table, registry=known, name=_stem(parts[0].name))
    options = CsvOptions(
        0 if on_error is None else _registry.choice(on_error, ON_ERROR, "on_error"),
        bool(strict_drift), _dialect(delimiter, quote, escape, comment, header, quoting))
    return Table(CsvOrigin(parts, schema, options), Selection.of(schema, columns, where, limit),
                 jobs=jobs, max_rejects_kept=max_rejects_kept, progress=progress)


def _stem(path: str) -> str:
    name = os.path.basename(path)
    return "" if name.startswith("<") else name.partition(".")[0]


# ---- targets and folders ----

class ScanOrigin(Origin):
    """A table of a target. Every time through opens the target anew."""

    def __init__(self, target: bytes, shown: str, registry: Registry, dataset: Optional[str],
                 schema: Schema) -> None:
        self._target, self._registry, self._dataset = target, registry, dataset
        self.schema = schema
        self.name = shown

    def open(self, selection: Selection, jobs: int,
             log: Optional[RejectLog]) -> Sequence[Callable[[int], Pass]]:
        return [lambda before: self._pass(selection, jobs, True)]

    def _pass(self, selection: Selection, jobs: int, can_interrupt: bool) -> ScanPass:
        return ScanPass(self._target, self._registry, self._dataset, self.schema.name, selection,
                        jobs, can_interrupt)

    def export(self, selection: Selection, jobs: int) -> ArrowArrayStream:
        return self._pass(selection, jobs, False).export()


class Store(Mapping[str, Table]):
    """The tables of a dataset's folder or of a target, by their names in any case.

        with mimic.open("hospital.db") as store:
            labs = store.table("labevents", where={"itemid": [50912]}).to_pandas()
    """

    def __init__(self, name: str, kind: str, origins: Sequence[Origin],
                 jobs: Optional[int] = None) -> None:
        self.name = name
        self._kind = kind
        self._origins = {origin.schema.name.lower(): origin for origin in origins}
        self._jobs = jobs
        self._is_closed = False

    def table(self, name: str, *, columns: Union[None, str, Iterable[str]] = None,
              where: Optional[Mapping[str, Any]] = None, limit: Optional[int] = None,
              jobs: Optional[int] = None) -> Table:
        """A table, or a part of it; see mimic.read_csv for the arguments."""
        if self._is_closed:
            raise ValueError(f"the store {self.name} is closed")
        if not isinstance(name, str):
            raise TypeError(f"a table's name is a str, not {type(name).__name__}")
        origin = self._origins.get(name.lower())
        if origin is None:
            raise _errors.missing(self.name, "table", name, self)
        return Table(origin, Selection.of(origin.schema, columns, where, limit),
                     jobs=self._jobs if jobs is None else jobs)

    def schema(self, name: str) -> Schema:
        """The schema of a table, without opening it."""
        if name not in self:
            raise _errors.missing(self.name, "table", name, self)
        return self._origins[name.lower()].schema

    def __getitem__(self, name: str) -> Table:
        return self.table(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._origins

    def __iter__(self) -> Iterator[str]:
        return iter([origin.schema.name for origin in self._origins.values()])

    def __len__(self) -> int:
        return len(self._origins)

    def close(self) -> None:
        """No table is opened any more; those that were go on."""
        self._is_closed = True

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _listing(self) -> _show.Listing:
        rows = [(origin.schema.name, origin.schema.module, len(origin.schema.fields),
                 origin.schema.title or origin.schema.description) for origin in self._origins.values()]
        return _show.Listing(self.name, self._kind, ("table", "module", "columns", "description"), rows)

    def __repr__(self) -> str:
        return f"<mimic.Store {self.name}: {self._kind}, {len(self)} tables>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


def open(path: PathLike, *, dataset: Optional[str] = None, registry: Optional[Registry] = None,
         on_error: Optional[str] = None, jobs: Optional[int] = None) -> Store:
    """Opens a dataset's folder of CSV files, or a target that was loaded, for reading.

    path     a folder with CSV files of a release, in modules or flat; a SQLite database, a folder or
             file of Arrow or CSV, or "postgresql://…"
    dataset  "mimic-iv@3.1"; None = recognised
    on_error as in read_csv, for CSV files of a release

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> store = mimic.open(mimic.synth("mimic-iv", folder.name, patients=5))
        >>> len(store), "labevents" in store
        (31, True)
        >>> store.table("patients", columns=["subject_id"]).head(2)["subject_id"].tolist()
        [10000000, 10000034]
        >>> folder.cleanup()
    """
    known = _registry.known(registry)
    shown = os.fspath(path) if isinstance(path, os.PathLike) else path
    action = 0 if on_error is None else _registry.choice(on_error, ON_ERROR, "on_error")
    target = _ffi.target(path)
    if isinstance(shown, str) and os.path.isdir(os.path.expanduser(shown)):
        folder = os.path.expanduser(shown)
        found = _of_folder(folder, known, dataset, CsvOptions(action))
        if found:
            return Store(folder, found[0].schema.dataset, found, jobs)
    elif isinstance(shown, str) and ":" not in shown and not os.path.exists(os.path.expanduser(shown)):
        raise _errors.NotFoundError(f"there is no folder or file {shown!r}", source=shown)
    return _of_target(target, shown, known, dataset, jobs)


def _of_folder(folder: str, registry: Registry, dataset: Optional[str],
               options: CsvOptions) -> List[Origin]:
    """The CSV files that are tables of a release; none where there is no release, or Arrow files."""
    files = list(_csv_files(folder))
    if not files:
        return []
    if dataset is not None:
        release = registry.dataset(dataset)
    else:
        handle = c_void_p()
        try:
            LongCall().run(lib.mimic_detect, _ffi.context(), registry._handle, _ffi.path(folder),
                           byref(handle))
        except _errors.NotFoundError:
            return []
        release = _registry.Dataset(registry, handle.value or 0)
    modules = {table.module.lower() for table in release.tables}
    found: Dict[str, Origin] = {}
    for module, path in files:
        name = _stem(path)
        if name not in release:
            continue
        schema = release[name]
        if module.lower() in modules and module.lower() != schema.module.lower():
            continue
        found.setdefault(schema.name, CsvOrigin([_inputs.PathInput(path)], schema, options))
    return [found[table.name] for table in release.tables if table.name in found]


def _csv_files(folder: str) -> Iterator[Tuple[str, str]]:
    """Module and path of the CSV files of a folder and of those one below, in order of names."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.lower().endswith(_ENDINGS) and os.path.isfile(path):
            yield "", path
        elif os.path.isdir(path) and name != "rejects" and not name.startswith("."):
            try:
                below = sorted(os.listdir(path))
            except OSError:
                continue
            for inner in below:
                if inner.lower().endswith(_ENDINGS) and os.path.isfile(os.path.join(path, inner)):
                    yield name, os.path.join(path, inner)


def _of_target(target: bytes, shown: str, registry: Registry, dataset: Optional[str],
               jobs: Optional[int]) -> Store:
    scan = _passes.open_scan(LongCall(), target, registry, dataset, 1)
    try:
        schemas = [Shape(lib.mimic_scan_table(scan, index)).schema
                   for index in range(lib.mimic_scan_table_count(scan))]
    finally:
        lib.mimic_scan_free(scan)
    name = _ffi.take_text(_redacted(target))
    origins = [ScanOrigin(target, name, registry, dataset, schema) for schema in schemas]
    return Store(name, "a target", origins, jobs)


def _redacted(target: bytes) -> c_void_p:
    """Without the password."""
    made = c_void_p()
    lib.mimic_target_redact(_ffi.context(), target, byref(made))
    return made
