"""The jobs: load, check, convert, quality, infer, detect, status, synth.

Each takes the options of the command of its name. Ctrl-C ends one cleanly, from anywhere in it, and
so does a `progress` function that raises or returns False.
"""

from __future__ import annotations

import json
import os
from ctypes import byref, c_void_p
from typing import Any, Callable, Iterable, Optional, Union

from . import _ffi, _progress
from ._calls import LongCall
from ._errors import MimicError
from ._ffi import PathLike, lib
from ._options import (CsvOptions, LoadOptions, Names, Where, count, sink_options)
from ._progress import Progress, ProgressArgument
from ._quality import Owned, Quality
from ._registry import Dataset, Registry, Schema, choice, known
from ._report import Draft, Ledger, LedgerEntry, Report

TableArgument = Union[None, str, Schema, Any]

_SYNTH_COMPRESS = {"gz": _ffi.COMPRESSION_GZIP, "zst": _ffi.COMPRESSION_ZSTD,
                   "none": _ffi.COMPRESSION_NONE}


class Job:
    """A long call with its progress, whatever the user wants to see of it."""

    def __init__(self, progress: ProgressArgument) -> None:
        self.call = LongCall()
        self._shown: Any = _progress.Silent()
        self._told: Optional[Callable[[Progress], Any]] = None
        if callable(progress):
            self._told = progress
        elif progress is True:
            self._shown = _progress.bar()
        elif progress not in (None, False):
            raise TypeError("progress must be True, False or something that can be called, not "
                            f"{type(progress).__name__}")
        self.is_told = self._told is not None or not isinstance(self._shown, _progress.Silent)
        self.progress = self.call.callback(_ffi.mimic_progress_fn, self._tell) \
            if self.is_told else self.call.callback(_ffi.mimic_progress_fn, lambda info, _: 0,
                                                    is_users=False)

    def _tell(self, info: Any, _: Any) -> int:
        return self.tell(Progress.of(info.contents))

    def tell(self, progress: Progress) -> int:
        """1 where the user wants to stop."""
        self._shown.update(progress)
        return int(self._told is not None and self._told(progress) is False)

    def run(self, function: Callable[..., int], *arguments: Any) -> None:
        is_whole = False
        try:
            self.call.run(function, *arguments)
            is_whole = True
        finally:
            self._shown.end(is_whole)

    def report(self, function: Callable[..., int], *arguments: Any) -> Report:
        """Runs what makes a report; an exception carries the report as far as it got."""
        made = c_void_p()
        try:
            self.run(function, *arguments, byref(made))
        except BaseException as error:
            if made.value and isinstance(error, MimicError):
                error.report = Report._take(made)
            elif made.value:
                lib.mimic_report_free(made)
            raise
        return Report._take(made)


def load(dir: PathLike, target: PathLike, *, dataset: Optional[str] = None, tables: Names = None,
         on_error: Optional[str] = None, max_rejects: Union[None, int, str] = None,
         strict_drift: bool = False, keys: Optional[str] = None,
         duplicates: Optional[str] = None, order_by: Names = None, expect: bool = False,
         force: bool = False, checksum: bool = False, quality: bool = False,
         jobs: Optional[int] = None, progress: ProgressArgument = None,
         compress: Optional[str] = None, integer_times: bool = False, indexes: bool = True,
         verify: bool = False, dictionaries: bool = True, pg_schema: Optional[str] = None,
         max_bytes: Optional[int] = None, temporary_dir: Optional[PathLike] = None,
         registry: Optional[Registry] = None) -> Report:
    """Loads every table of a dataset that a folder holds into one database or folder.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> hospital = mimic.synth("mimic-iv", folder.name + "/csv", patients=5)
        >>> report = mimic.load(hospital, folder.name + "/hospital.db")
        >>> report.ok, report.dataset, report["patients"].written
        (True, 'mimic-iv@3.1', 5)
        >>> folder.cleanup()

    dir        with `hosp/` and `icu/` or flat, names in any case; .csv, .csv.gz, .csv.zst
    target     "hospital.db", "sqlite:PATH", "postgresql://…", "arrow:DIR", "csv:DIR", "null:"
    dataset    "mimic-iv@3.1"; by default it is recognised
    tables     only these
    on_error   what becomes of a row with a value that does not fit: "reject", "null" or "fail"
    max_rejects  the most of a table, 100 or "0.1%"; more of them fail
    strict_drift  fail when a header differs from its schema in any way
    keys       that do not hold: "report" (default), "enforce" or "off"
    duplicates of a key: "reject" (default), "keep" or "latest", by the columns of order_by
    expect     fail when there are not as many rows as the release is published with
    force      load also what the target holds already; checksum tells that by the content alone
    quality    describe the columns too, see Report.quality
    jobs       threads; by default one a processor. What comes out does not depend on it
    progress   True shows a bar in a terminal or notebook; a function is called with a
               mimic.Progress some times a second, and may return False or raise to cancel
    compress   of Arrow and CSV targets: "gz", "zst" or "none"
    integer_times, indexes, verify  of SQLite; dictionaries of Arrow; pg_schema of PostgreSQL
    max_bytes  the most that one input may hold, decompressed

    Returns the Report, also with rejects. Where the load fails, the exception has it as `.report`.
    """
    job = Job(progress)
    sink = sink_options(job.call, compress=compress, integer_times=integer_times, indexes=indexes,
                        verify=verify, dictionaries=dictionaries, pg_schema=pg_schema)
    options = LoadOptions(CsvOptions(), sink, job.progress, dataset=dataset, tables=tables,
                          on_error=on_error, max_rejects=max_rejects, strict_drift=strict_drift,
                          keys=keys, duplicates=duplicates, order_by=order_by, expect=expect,
                          force=force, checksum=checksum, quality=quality, jobs=jobs,
                          max_bytes=max_bytes, temporary_dir=temporary_dir)
    return job.report(lib.mimic_load, _ffi.context(), known(registry)._handle,
                      _ffi.path(dir, "dir"), _ffi.target(target), options.reference)


def check(dir: PathLike, *, dataset: Optional[str] = None, tables: Names = None,
          on_error: Optional[str] = None, max_rejects: Union[None, int, str] = None,
          strict_drift: bool = False, keys: Optional[str] = None,
          duplicates: Optional[str] = None, order_by: Names = None, expect: bool = False,
          quality: bool = False, jobs: Optional[int] = None, progress: ProgressArgument = None,
          max_bytes: Optional[int] = None, temporary_dir: Optional[PathLike] = None,
          registry: Optional[Registry] = None) -> Report:
    """Validates a folder of a dataset as `mimic.load` does, and writes nothing.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> hospital = mimic.synth("mimic-iv", folder.name, patients=5)
        >>> mimic.check(hospital, tables=["patients", "admissions"]).ok
        True
        >>> folder.cleanup()
    """
    return load(dir, "null:", dataset=dataset, tables=tables, on_error=on_error,
                max_rejects=max_rejects, strict_drift=strict_drift, keys=keys,
                duplicates=duplicates, order_by=order_by, expect=expect, quality=quality,
                jobs=jobs, progress=progress, max_bytes=max_bytes, temporary_dir=temporary_dir,
                registry=registry)


def convert(inputs: Union[PathLike, Iterable[PathLike]], target: PathLike, *,
            table: TableArgument = None, columns: Names = None, where: Where = None,
            limit: Optional[int] = None, on_error: Optional[str] = None,
            max_rejects: Union[None, int, str] = None, strict_drift: bool = False,
            keys: Optional[str] = None, duplicates: Optional[str] = None,
            order_by: Names = None, quality: bool = False, jobs: Optional[int] = None,
            progress: ProgressArgument = None, delimiter: Optional[str] = None,
            quote: Optional[str] = '"', escape: Optional[str] = None,
            comment: Optional[str] = None, header: bool = True, max_record: Optional[int] = None,
            compress: Optional[str] = None, integer_times: bool = False, indexes: bool = True,
            verify: bool = False, dictionaries: bool = True, pg_schema: Optional[str] = None,
            max_bytes: Optional[int] = None, temporary_dir: Optional[PathLike] = None,
            registry: Optional[Registry] = None) -> Report:
    """Converts one table into a typed, validated target.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> hospital = mimic.synth("mimic-iv", folder.name, patients=5)
        >>> report = mimic.convert(hospital + "/hosp/patients.csv.gz", folder.name + "/p.arrow",
        ...                        columns=["subject_id", "gender"])
        >>> report.tables[0].written
        5
        >>> folder.cleanup()

    inputs     a file or several parts of one table, each with its own header; "-" is standard input
    target     as of `mimic.load`, and "x.arrow", "x.arrows", "x.csv", "x.csv.gz", "x.csv.zst"
    table      "mimic-iv@3.1/labevents", a Schema, a dict or the path of a Table Schema; by default
               it is recognised
    columns    only these, in this order
    where      {"itemid": [50912, 50813]}: only rows with one of these whole numbers or texts
    limit      stop after so many rows
    delimiter, quote (None: nothing is quoted), escape, comment, header   the dialect

    The other options are those of `mimic.load`, and so is what comes back.
    """
    paths = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    files = _ffi.Strings([os.fsdecode(_ffi.path(one, "an input")) for one in paths], "inputs")
    named = os.path.basename(os.fspath(paths[0])).partition(".")[0] if paths else ""
    schema = None if table is None else Schema.of(
        table, name=named if type(table) is dict else "", registry=registry)
    job = Job(progress)
    csv = CsvOptions(columns=columns, where=where, limit=limit, delimiter=delimiter, quote=quote,
                     escape=escape, comment=comment, header=header, max_record=max_record)
    sink = sink_options(job.call, compress=compress, integer_times=integer_times, indexes=indexes,
                        verify=verify, dictionaries=dictionaries, pg_schema=pg_schema)
    options = LoadOptions(csv, sink, job.progress, on_error=on_error, max_rejects=max_rejects,
                          strict_drift=strict_drift, keys=keys, duplicates=duplicates,
                          order_by=order_by, quality=quality, jobs=jobs, max_bytes=max_bytes,
                          temporary_dir=temporary_dir)
    return job.report(lib.mimic_convert, _ffi.context(), known(registry)._handle,
                      schema._handle if schema else None, files.pointer, files.count,
                      _ffi.target(target), options.reference)


def quality(target: PathLike, *, dataset: Optional[str] = None, tables: Names = None,
            jobs: Optional[int] = None, progress: ProgressArgument = None,
            registry: Optional[Registry] = None) -> Quality:
    """Reads a target back, describes what its columns hold, and checks them.

    target  a database, a folder of Arrow or CSV files, or an address, as of `mimic.load`. What was
            rejected while it was loaded is told by `mimic.load(…, quality=True).quality`
    """
    job = Job(progress)
    chosen = _ffi.Strings(tables, "tables")

    def tell(table: bytes, rows: int, _: Any) -> int:
        return job.tell(Progress(_ffi.string(table), 0, 1, 0, None, rows, 0, None, False))

    told = job.call.callback(_ffi.mimic_quality_progress_fn, tell, is_users=job.is_told)
    options = _ffi.mimic_quality_read_options(
        dataset=None if dataset is None else _ffi.text(dataset, "dataset"), tables=chosen.pointer,
        table_count=chosen.count, jobs=_ffi.jobs(jobs), progress=told)
    made = c_void_p()
    try:
        job.run(lib.mimic_quality_read, _ffi.context(), known(registry)._handle,
                _ffi.target(target), byref(options), byref(made))
    except BaseException:
        lib.mimic_quality_free(made)
        raise
    return Quality(Owned(made, lib.mimic_quality_free), made)


def infer(path: PathLike, *, sample: Optional[int] = None, name: Optional[str] = None) -> Draft:
    """Drafts a Table Schema from a CSV file: a guess, to be read over before it is used.

        >>> import mimic, os, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> path = os.path.join(folder.name, "wards.csv")
        >>> with open(path, "w") as file:
        ...     _ = file.write("ward,opened\\n1,2001-02-03\\n2,\\n")
        >>> draft = mimic.infer(path)
        >>> [(field.name, field.type, field.required) for field in draft.schema]
        [('ward', 'int16', True), ('opened', 'date', False)]
        >>> mimic.convert(path, "null:", table=draft).tables[0].read
        2
        >>> folder.cleanup()

    sample  rows to look at, 100,000 by default;  name: of the table, by default the file's
    """
    call = LongCall()
    rows = 0 if sample is None else count(sample, "sample", 1)
    options = _ffi.mimic_source_options(interrupted=call.interrupted)
    source, text = c_void_p(), c_void_p()
    try:
        call.run(lib.mimic_source_open, _ffi.context(), _ffi.path(path), byref(options),
                 byref(source))
        call.run(lib.mimic_infer, _ffi.context(), source, rows, byref(text))
        drafted = json.loads(_ffi.take_text(text))
    finally:
        lib.mimic_source_free(source)
    called = os.path.basename(os.fspath(path)).partition(".")[0]
    return Draft(drafted, name or called or "table")


def detect(dir: PathLike, *, registry: Optional[Registry] = None) -> Dataset:
    """The release whose tables a folder holds, by file names and headers.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> mimic.detect(mimic.synth("mimic-iv", folder.name, patients=1))
        <mimic.Dataset mimic-iv@3.1: 31 tables>
        >>> folder.cleanup()
    """
    owner, found = known(registry), c_void_p()
    LongCall().run(lib.mimic_detect, _ffi.context(), owner._handle, _ffi.path(dir, "dir"),
                   byref(found))
    return Dataset(owner, found.value or 0)


def status(target: PathLike, *, pg_schema: Optional[str] = None) -> Ledger:
    """The ledger of a target: what it holds and where that came from. Nothing is locked or changed.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> hospital = mimic.synth("mimic-iv", folder.name + "/csv", patients=2)
        >>> _ = mimic.load(hospital, folder.name + "/x.db", tables=["patients"])
        >>> ledger = mimic.status(folder.name + "/x.db")
        >>> ledger["patients"].written, ledger.unfinished
        (2, False)
        >>> folder.cleanup()
    """
    call, entries, state = LongCall(), [], _ffi.mimic_ledger_state()

    def add(entry: Any, _: Any) -> int:
        entries.append(LedgerEntry.of(entry.contents))
        return 0

    added = call.callback(_ffi.mimic_ledger_fn, add, is_users=False)
    options = sink_options(call, pg_schema=pg_schema)
    place, shown = _ffi.target(target), c_void_p()
    call.run(lib.mimic_ledger_read, _ffi.context(), place, byref(options), added, None,
             byref(state))
    lib.mimic_target_redact(_ffi.context(), place, byref(shown))
    return Ledger(_ffi.take_text(shown), entries, bool(state.is_unfinished),
                  _ffi.string(state.writer))


def synth(dataset: str, out: PathLike, *, patients: int = 100, seed: int = 0,
          tables: Names = None, compress: str = "gz", force: bool = False,
          progress: ProgressArgument = None, registry: Optional[Registry] = None) -> str:
    """Invents a hospital: MIMIC-shaped data of any size from a seed, below the folder `out`.

    Every patient is invented by rules. The data is fit for demonstrations, tests and benchmarks,
    and for nothing else. Same version, seed and options: same bytes. compress: "gz", "zst" or "none".
    Where a file of the same name stands in `out` already, which may be real data, nothing is written;
    force=True replaces it. Returns the folder.
    """
    job = Job(progress)
    chosen = _ffi.Strings(tables, "tables")
    if not 0 <= count(seed, "seed") < 1 << 63:
        raise ValueError("seed must be a whole number of 63 bits")
    options = _ffi.mimic_synth_options(
        compression=choice(compress, _SYNTH_COMPRESS, "compress"),
        patients=count(patients, "patients", 1), seed=seed, tables=chosen.pointer,
        table_count=chosen.count, progress=job.progress, force=int(force))
    folder = _ffi.path(out, "out")
    job.run(lib.mimic_synth, _ffi.context(), known(registry)._handle,
            _ffi.text(dataset, "dataset"), folder, byref(options))
    return os.fsdecode(folder)
