"""trajectories and patients: a dataset of trajectories, patient by patient."""

from __future__ import annotations

import datetime
import json
import operator
import sys
import threading
from ctypes import byref, c_void_p, string_at
from typing import (TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
                    Optional, Tuple, Union)

from . import _errors, _ffi
from ._ffi import PathLike, lib
from ._jobs import TableArgument
from ._quality import Owned
from ._report import Report
from ._write import write

if TYPE_CHECKING:
    import pandas  # type: ignore[import]

_GROUPS = {"subject": _ffi.GROUP_SUBJECT, "admission": _ffi.GROUP_ADMISSION, "stay": _ffi.GROUP_STAY}
_NONE = -(1 << 63)
_NO_NUMBER = 0xFFFFFFFF
_EPOCH = datetime.datetime(1970, 1, 1)
# Name, and how its values lie: as memoryview and numpy spell it.
_ARRAYS = (("time", "q", "<M8[us]"), ("available", "q", "<M8[us]"), ("code", "I", "<u4"),
           ("value", "d", "<f8"), ("hadm_id", "q", "<i8"), ("stay_id", "q", "<i8"),
           ("unit", "I", "<u4"), ("table", "H", "<u2"), ("source_row", "q", "<i8"),
           ("link_id", "q", "<i8"), ("order_rank", "h", "<i2"), ("marks", "i", "<i4"))
_WIDTHS = {"q": 8, "I": 4, "d": 8, "H": 2, "h": 2, "i": 4}


class Code(NamedTuple):
    """One code of a dataset."""

    code: str
    description: str       # "" = none
    parents: Tuple[str, ...]
    events: Optional[int]  # with this code, as the dataset says


class Event(NamedTuple):
    """One event of a patient. What is not there is None."""

    time: Optional[datetime.datetime]
    code: str
    value: Optional[float]
    text: Optional[str]
    unit: Optional[str]
    available: Optional[datetime.datetime]  # when it was known
    hadm_id: Optional[int]
    stay_id: Optional[int]
    table: Optional[str]
    source_row: Optional[int]
    link_id: Optional[int]  # the same for start and end of an interval
    order_rank: int
    marks: int
    properties: Optional[Dict[str, Any]]


def _moment(time: int) -> Optional[datetime.datetime]:
    return None if time == _NONE else _EPOCH + datetime.timedelta(microseconds=time)


def _id(number: int) -> Optional[int]:
    return None if number == _NONE else number


def _subject(number: Any) -> Optional[int]:
    """A subject_id, of numpy too; None for what no subject has."""
    subject = operator.index(number)
    return subject if _NONE <= subject < 1 << 63 else None


class _Reader:
    """One pass over the files, and the names that belong to its numbers.

    Names may be asked for by any thread; what moves the reader is for one at a time, which has `lock`.
    """

    def __init__(self, path: bytes, options: Any) -> None:
        self.handle = c_void_p()
        lib.mimic_trajectories_open(_ffi.context(), path, byref(options), byref(self.handle))
        self._owned = Owned(self.handle, lib.mimic_trajectories_free)
        self.lock = threading.Lock()
        self._codes: Dict[int, str] = {}
        self._units: Dict[int, str] = {}
        self._tables: Dict[int, str] = {}

    def code_at(self, number: int) -> Code:
        view = _ffi.mimic_code()
        if not 0 <= number < _NO_NUMBER or lib.mimic_trajectories_code(self.handle, number, byref(view)) != _ffi.OK:
            raise IndexError(f"there is no code number {number}")
        parents = tuple(_ffi.string(view.parents[i]) for i in range(view.parent_count))
        return Code(_ffi.string(view.code), _ffi.string(view.description), parents,
                    None if view.events < 0 else view.events)

    def code(self, number: int) -> str:
        code = self._codes.get(number)
        if code is None:
            code = self._codes[number] = self.code_at(number).code
        return code

    def unit(self, number: int) -> str:
        if number not in self._units:
            self._units[number] = _ffi.string(lib.mimic_trajectories_unit(self.handle, number))
        return self._units[number]

    def table(self, number: int) -> str:
        if number not in self._tables:
            self._tables[number] = _ffi.string(lib.mimic_trajectories_table(self.handle, number))
        return self._tables[number]

    def next(self) -> Optional["Patient"]:
        view = _ffi.mimic_patient()
        if lib.mimic_trajectories_next(self.handle, byref(view)) == _ffi.END:
            return None
        return Patient(self, view)


class Patient:
    """One patient's events in order, or those of one admission or stay; made by `mimic.trajectories`.

        >>> patient.time[0], patient.codes()[0], patient.value[0]     # doctest: +SKIP

    The arrays are numpy's where numpy is imported already, else memoryviews; they are read-only, and
    live as long as anybody has them. `time` and `available` are datetime64[us] with NaT (without numpy:
    microseconds since 1970, and the least int64 where there is none). Of hadm_id, stay_id and link_id the
    least int64 means none, of value NaN. `code`, `unit` and `table` are numbers; codes(), units(),
    tables() give texts.

    subject_id   whose events
    group_id     the admission or stay; None when it is all of the patient
    split        "train" and so on
    static_count so many events at the beginning have no time
    """

    def __init__(self, reader: _Reader, view: Any) -> None:
        self._reader = reader
        self.subject_id: int = view.subject_id
        self.group_id = _id(view.group_id)
        self.split = _ffi.string(view.split)
        self.static_count: int = view.static_count
        self._count: int = view.count
        self._bytes = {name: string_at(getattr(view, name), _WIDTHS[letter] * view.count)
                       for name, letter, _ in _ARRAYS}
        self._texts = self._take_texts(view, "text")
        self._properties = self._take_texts(view, "properties")

    def _take_texts(self, view: Any, name: str) -> Tuple[Any, bytes]:
        offsets = memoryview(string_at(getattr(view, name + "_offsets"),
                                       8 * (self._count + 1))).cast("q")
        start, end = offsets[0], offsets[self._count]
        if start == end:
            return None, b""
        return offsets, string_at(getattr(view, name + "_bytes") + start, end - start)

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        group = "" if self.group_id is None else f", group {self.group_id}"
        return f"<Patient {self.subject_id}{group}: {self._count} events>"

    def __getattr__(self, name: str) -> Any:
        for known, letter, dtype in _ARRAYS:
            if known == name:
                numpy = sys.modules.get("numpy")
                data = self._bytes[name]
                made: Any = memoryview(data).cast(letter) if numpy is None else numpy.frombuffer(
                    data, dtype)
                if numpy is not None:
                    setattr(self, name, made)
                return made
        raise AttributeError(f"a Patient has no {name}")

    def __dir__(self) -> List[str]:
        return sorted({*super().__dir__(), *(name for name, _, _ in _ARRAYS)})

    def _raw(self, name: str) -> Any:
        letter = next(letter for known, letter, _ in _ARRAYS if known == name)
        return memoryview(self._bytes[name]).cast(letter)

    @staticmethod
    def _decode(kept: Tuple[Any, bytes], count: int) -> List[Optional[str]]:
        offsets, data = kept
        if offsets is None:
            return [None] * count
        first = offsets[0]
        return [data[offsets[i] - first:offsets[i + 1] - first].decode("utf-8", "replace") or None
                for i in range(count)]

    def codes(self) -> List[str]:
        """The code of each event."""
        return [self._reader.code(number) for number in self._raw("code")]

    def units(self) -> List[Optional[str]]:
        """The unit of each event's value; None where there is none."""
        return [self._reader.unit(number) or None for number in self._raw("unit")]

    def tables(self) -> List[Optional[str]]:
        """The table that each event comes from; None where the dataset does not say."""
        return [self._reader.table(number) or None for number in self._raw("table")]

    def texts(self) -> List[Optional[str]]:
        """The text value of each event; None where there is none."""
        return self._decode(self._texts, self._count)

    def properties(self) -> List[Optional[Dict[str, Any]]]:
        """Further columns of each event's row; None where there are none."""
        return [None if text is None else json.loads(text)
                for text in self._decode(self._properties, self._count)]

    @property
    def events(self) -> List[Event]:
        """All of it as plain Python objects; slow, for looks at a patient."""
        columns = zip(self._raw("time"), self.codes(), self._raw("value"), self.texts(), self.units(),
                      self._raw("available"), self._raw("hadm_id"), self._raw("stay_id"),
                      self.tables(), self._raw("source_row"), self._raw("link_id"),
                      self._raw("order_rank"), self._raw("marks"), self.properties())
        return [Event(_moment(time), code, None if value != value else value, text, unit,
                      _moment(available), _id(hadm), _id(stay), table, _id(row), _id(link), rank,
                      marks, properties)
                for (time, code, value, text, unit, available, hadm, stay, table, row, link, rank,
                     marks, properties) in columns]

    def to_pandas(self) -> "pandas.DataFrame":
        """A data frame, an event a row; needs pandas."""
        import pandas

        from ._frame import pandas_times

        def ids(name: str) -> Any:
            values = pandas.array(getattr(self, name), dtype="Int64")
            values[getattr(self, name) == _NONE] = pandas.NA
            return values

        return pandas.DataFrame({
            "time": pandas_times(self.time),
            "code": pandas.Categorical(self.codes()), "value": self.value, "text": self.texts(),
            "unit": pandas.Categorical(self.units()),
            "available": pandas_times(self.available),
            "hadm_id": ids("hadm_id"), "stay_id": ids("stay_id"),
            "table": pandas.Categorical(self.tables()), "source_row": ids("source_row"),
            "link_id": ids("link_id"), "order_rank": self.order_rank, "marks": self.marks,
            "properties": self.properties()})


class Codes:
    """The codes of a dataset: by number, or by text their number."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return int(lib.mimic_trajectories_code_count(self._reader.handle))

    def __getitem__(self, number: int) -> Code:
        """The Code of a number."""
        if not hasattr(number, "__index__"):
            raise TypeError("codes are had by their number; find() gives the number of a code")
        place = operator.index(number)
        return self._reader.code_at(place if place >= 0 else len(self) + place)

    def __iter__(self) -> Iterator[Code]:
        return (self._reader.code_at(number) for number in range(len(self)))

    def find(self, code: str) -> Optional[int]:
        """The number of a code, as it stands in Patient.code; None when no event has it."""
        with self._reader.lock:
            number = lib.mimic_trajectories_find_code(self._reader.handle,
                                                      _ffi.text(code, "the code"))
        return None if number == _NO_NUMBER else int(number)


class Trajectories:
    """A dataset of trajectories; made by `mimic.trajectories`.

    Each `for` begins at the first patient. len() is how many subjects the dataset's table of splits
    has. `trajectories[subject_id]` is one patient, or the list of his admissions or stays. Several
    threads may use it at once, each with a `for` of its own.
    """

    def __init__(self, path: bytes, options: Any) -> None:
        self._path, self._options = path, options
        self._reader = _Reader(path, options)
        self.codes = Codes(self._reader)

    def _describe(self) -> Any:
        info = _ffi.mimic_trajectories_info()
        with self._reader.lock:
            lib.mimic_trajectories_describe(self._reader.handle, byref(info))
        return info

    @property
    def dataset(self) -> str:
        """Its name and version, such as "mimic-iv 3.1"; "" where it does not say."""
        info = self._describe()
        return f"{_ffi.string(info.dataset)} {_ffi.string(info.version)}".strip()

    def __len__(self) -> int:
        count = int(self._describe().subjects)
        if count < 0:
            raise TypeError("the dataset has no metadata/subject_splits.arrow, which would say how "
                            "many subjects there are")
        return count

    def __repr__(self) -> str:
        return f"<Trajectories {self._path.decode('utf-8', 'replace')!r}>"

    def __iter__(self) -> Iterator[Patient]:
        reader = _Reader(self._path, self._options)
        while True:
            patient = reader.next()
            if patient is None:
                return
            yield patient

    def __getitem__(self, subject_id: int) -> Union[Patient, List[Patient]]:
        subject = _subject(subject_id)
        if subject is None:
            raise _errors.NotFoundError(f"no subject has the number {subject_id}")
        found: List[Patient] = []
        with self._reader.lock:
            lib.mimic_trajectories_seek(self._reader.handle, subject)  # NotFoundError is a KeyError
            while True:
                patient = self._reader.next()
                if patient is None or patient.subject_id != subject:
                    return found
                if self._options.group == _ffi.GROUP_SUBJECT:
                    return patient
                found.append(patient)

    def __contains__(self, subject_id: object) -> bool:
        try:
            subject = _subject(subject_id)
        except TypeError:
            return False
        try:
            with self._reader.lock:
                if subject is not None:
                    lib.mimic_trajectories_seek(self._reader.handle, subject)
        except _errors.NotFoundError:
            return False
        return subject is not None


def trajectories(path: PathLike, *, split: Optional[str] = None, group: str = "subject",
                 values_only: bool = False, jobs: Optional[int] = None) -> Trajectories:
    """Opens a dataset of trajectories: what `mimic trajectories` wrote, or any MEDS dataset in Arrow files.

        for patient in mimic.trajectories("out"):
            late = patient.value[patient.code == glucose]

    path        its folder
    split       only this one: "train", "tuning", "held_out"
    group       "subject": patients; "admission", "stay": these one by one, in the order of their first
                events, with the patient's static facts
    values_only texts, units and properties are not read: faster
    jobs        threads that decode ahead; None = one a processor
    """
    if group not in _GROUPS:
        raise ValueError(f"group must be one of {', '.join(_GROUPS)}, not {group!r}")
    options = _ffi.mimic_trajectories_options()
    options.group, options.values_only, options.jobs = _GROUPS[group], int(values_only), _ffi.jobs(jobs)
    if split is not None:
        options.split = _ffi.text(split, "split")
    return Trajectories(_ffi.path(path), options)


Rows = Union[None, Mapping[str, Any], Iterable[Mapping[str, Any]]]


class PatientError(RuntimeError):
    """A function failed for a patient, or gave something that is no row; __cause__ is what it raised.

    subject_id  whose events it was given
    group_id    of which admission or stay; None when it was all of the patient
    """

    def __init__(self, subject_id: int, group_id: Optional[int], reason: str) -> None:
        super().__init__(subject_id, group_id, reason)  # what pickle makes it from again
        self.subject_id, self.group_id, self.reason = subject_id, group_id, reason

    def __str__(self) -> str:
        group = "" if self.group_id is None else f", group {self.group_id}"
        return f"subject {self.subject_id}{group}: {self.reason}"


def _rows_of(given: Rows) -> Iterable[Mapping[str, Any]]:
    if given is None:
        return
    for row in [given] if isinstance(given, Mapping) else given:
        if not isinstance(row, Mapping):
            raise TypeError(f"a row is a dict, not {type(row).__name__}")
        yield row


def patients(path: PathLike, function: Callable[[Patient], Rows], target: PathLike,
             table: TableArgument = None, *, name: Optional[str] = None, split: Optional[str] = None,
             group: str = "subject", values_only: bool = False,
             jobs: Optional[int] = None) -> Report:
    """Runs a function over all patients and writes the rows that it gives.

    function    is given a Patient; answers with a dict (a row), several of them, or None
    target      as of `mimic.write`; the rows are kept in memory until all patients are done
    table       the schema that rows must fit; None: names and types are those of the rows
    name        of the table, where `table` does not say it

    The other options are those of `trajectories`. What comes back is the Report of the writing. What the
    function raises comes out as a PatientError that says for whom, and nothing is written.
    """
    rows: List[Mapping[str, Any]] = []
    for patient in trajectories(path, split=split, group=group, values_only=values_only, jobs=jobs):
        try:
            rows.extend(_rows_of(function(patient)))
        except Exception as error:
            raise PatientError(patient.subject_id, patient.group_id,
                               f"{type(error).__name__}: {error}") from error
    if not rows:
        raise ValueError("the function gave no row for any patient; there is nothing to write")
    return write(rows, target, table, name=name)
