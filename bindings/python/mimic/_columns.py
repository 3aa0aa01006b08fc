"""Python's data as Arrow buffers: lists, numpy arrays and pandas columns, encoded piece by piece.

Types come from numpy's or pandas' dtype; of lists and object arrays from the values, which must be of
one kind. None, pandas.NA, NaT, masked values and the NaN of an array are NULL; the NaN of a list stays.
"""

from __future__ import annotations

import array
import datetime
import decimal
import sys
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=datetime.timezone.utc)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = datetime.timedelta(microseconds=1)
_FORMATS = {"b1": "b", "i1": "c", "i2": "s", "i4": "i", "i8": "l", "u1": "C", "u2": "S", "u4": "I",
            "u8": "L", "f4": "f", "f8": "g"}
_UNITS = {"s": "s", "ms": "m", "us": "u", "ns": "n"}
_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class Piece(NamedTuple):
    """Some rows of a column: the buffers as Arrow wants them, and how many are NULL."""

    buffers: Tuple[Any, ...]  # objects with memory, or None
    null_count: int


class Source(NamedTuple):
    """A column that can be encoded from row to row."""

    name: str
    format: str
    rows: int
    piece: Callable[[int, int], Piece]
    categories: Optional[Piece] = None  # of a dictionary: its texts
    category_count: int = 0


def numpy_or_none() -> Any:
    """numpy, if somebody has it already: data of its own cannot come from elsewhere."""
    return sys.modules.get("numpy")


# ---- lists ----

def _is_null(value: Any) -> bool:
    if value is None:
        return True
    kind = type(value).__name__
    return kind in ("NAType", "NaTType") and type(value).__module__.startswith("pandas")


def _bits(flags: Sequence[bool]) -> bytes:
    """A bit a row, least significant first."""
    made = bytearray((len(flags) + 7) // 8)
    for row, flag in enumerate(flags):
        if flag:
            made[row >> 3] |= 1 << (row & 7)
    return bytes(made)


def _validity(values: Sequence[Any]) -> Tuple[Optional[bytes], int]:
    nulls = sum(1 for value in values if value is None)
    return (_bits([value is not None for value in values]) if nulls else None), nulls


def _texts(values: Sequence[Optional[bytes]]) -> Piece:
    validity, nulls = _validity(values)
    data = b"".join([value for value in values if value is not None])
    if len(data) >= 1 << 31:
        raise OverflowError("texts of 2 GiB in a piece of a column")
    offsets, end = array.array("i", [0]), 0
    for value in values:
        end += len(value) if value is not None else 0
        offsets.append(end)
    return Piece((validity, offsets, data), nulls)


def _fixed(letter: str, convert: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Piece]:
    def encode(values: Sequence[Any]) -> Piece:
        validity, nulls = _validity(values)
        return Piece((validity, array.array(letter, [0 if value is None else convert(value)
                                                     for value in values])), nulls)

    return encode


def _booleans(values: Sequence[Any]) -> Piece:
    validity, nulls = _validity(values)
    return Piece((validity, _bits([bool(value) for value in values])), nulls)


def _text(value: str) -> bytes:
    return value.encode("utf-8")


def _encoded(convert: Callable[[Any], bytes]) -> Callable[[Sequence[Any]], Piece]:
    return lambda values: _texts([None if value is None else convert(value) for value in values])


def _microseconds(epoch: datetime.datetime) -> Callable[[datetime.datetime], int]:
    def encode(value: datetime.datetime) -> int:
        if getattr(value, "nanosecond", 0):  # of pandas.Timestamp
            raise ValueError(f"{value} is finer than microseconds")
        return (value - epoch) // _MICROSECOND

    return encode


def _time(value: datetime.time) -> int:
    if value.tzinfo is not None:
        raise TypeError("a time of day with a time zone cannot be written")
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _decimals(name: str, values: Sequence[Any]) -> Tuple[str, Callable[[Sequence[Any]], Piece]]:
    """One scale for all, exactly."""
    digits = scale = 0
    for value in values:
        if value is None:
            continue
        if not value.is_finite():
            raise ValueError(f"column {name}: {value} cannot be written as a decimal")
        exponent = value.as_tuple().exponent
        if abs(exponent) > 1000 or value.adjusted() > 1000:  # before anything that long is made
            raise ValueError(f"column {name}: {value} needs more than the 38 digits there are at most")
        scale = max(scale, -exponent)
    for value in values:
        if value is not None:
            digits = max(digits, len(str(abs(int(value.scaleb(scale, decimal.Context(prec=200)))))))
    if digits > 38:
        raise ValueError(f"column {name}: its decimals need {digits} digits; there are at most 38")

    def encode(part: Sequence[Any]) -> Piece:
        validity, nulls = _validity(part)
        exact = decimal.Context(prec=60)
        return Piece((validity, b"".join(
            (0 if value is None else int(value.scaleb(scale, exact))).to_bytes(16, "little", signed=True)
            for value in part)), nulls)

    return f"d:{max(digits, scale, 1)},{scale}", encode


def _kind(value: Any) -> Any:
    """The type that stands for a value; subclasses count as what they derive from."""
    for kind in (bool, int, float, str, bytes, datetime.datetime, datetime.date, datetime.time,
                 decimal.Decimal):
        if isinstance(value, kind):
            return kind
    numpy = numpy_or_none()
    if numpy is not None and isinstance(value, numpy.generic):
        return _kind(value.item())
    return type(value)


def of_list(name: str, given: Sequence[Any]) -> Source:
    """A list, or anything else with a length and items."""
    values = [None if _is_null(value) else value for value in given]
    numpy = numpy_or_none()
    if numpy is not None:
        values = [value.item() if isinstance(value, numpy.generic) else value for value in values]
    kinds = {_kind(value) for value in values if value is not None}
    if float in kinds and kinds - {float, int}:  # the NaN that pandas has for what is missing
        values = [None if isinstance(value, float) and value != value else value for value in values]
        kinds = {_kind(value) for value in values if value is not None}
    if kinds == {int, float}:
        kinds = {float}
    if len(kinds) > 1:
        listed = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeError(f"column {name} holds values of several types: {listed}")
    form, encode = _encoder(name, kinds.pop() if kinds else str, values)
    return Source(name, form, len(values), lambda start, stop: encode(values[start:stop]))


def _encoder(name: str, kind: Any, values: Sequence[Any]) -> Tuple[str, Callable[[Sequence[Any]], Piece]]:
    if kind is bool:
        return "b", _booleans
    if kind is int:
        if any(value is not None and not -(1 << 63) <= value < 1 << 63 for value in values):
            raise OverflowError(f"column {name} holds an int of more than 64 bits")
        return "l", _fixed("q", int)
    if kind is float:
        return "g", _fixed("d", float)
    if kind is str:
        return "u", _encoded(_text)
    if kind is bytes:
        return "z", _encoded(bytes)
    if kind is datetime.datetime:
        aware = {value.tzinfo is not None for value in values if value is not None}
        if len(aware) > 1:
            raise TypeError(f"column {name} holds times with and without a time zone")
        is_aware = aware.pop()
        return ("tsu:UTC" if is_aware else "tsu:",
                _fixed("q", _microseconds(_EPOCH_UTC if is_aware else _EPOCH)))
    if kind is datetime.date:
        return "tdD", _fixed("i", lambda value: value.toordinal() - _EPOCH_DAY)
    if kind is datetime.time:
        return "ttu", _fixed("q", _time)
    if kind is decimal.Decimal:
        return _decimals(name, values)
    raise TypeError(f"column {name} holds {kind.__name__}, which cannot be written")


# ---- numpy ----

def of_array(name: str, values: Any, missing: Any = None) -> Source:
    """A numpy array of one dimension; missing is a bool a row, or None."""
    import numpy

    if values.ndim != 1:
        raise ValueError(f"column {name} has {values.ndim} dimensions; a column has one")
    masked: Any = numpy.ma
    if isinstance(values, masked.MaskedArray):
        mask = masked.getmaskarray(values)
        missing = mask if missing is None else mask | missing
        values = values.data
    kind = values.dtype.kind
    if kind in "OUSV":
        return _of_objects(name, values, missing)
    if kind == "f" and values.dtype.itemsize not in (4, 8):
        values = values.astype("f4" if values.dtype.itemsize < 4 else "f8")
    if kind in "fMm":
        empty = numpy.isnan(values) if kind == "f" else numpy.isnat(values)
        missing = empty if missing is None else missing | empty
    if kind in "Mm":
        form, values = _of_times(name, values, missing)
    else:
        code = values.dtype.str[1:]
        if code not in _FORMATS:
            raise TypeError(f"column {name} is {values.dtype}, which cannot be written")
        form = _FORMATS[code]
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return Source(name, form, len(values), _piecewise(values, missing))


def _piecewise(values: Any, missing: Any) -> Callable[[int, int], Piece]:
    import numpy

    def piece(start: int, stop: int) -> Piece:
        part = numpy.ascontiguousarray(values[start:stop])
        if part.dtype.kind == "b":
            part = numpy.packbits(part, bitorder="little")
        validity, nulls = None, 0
        if missing is not None:
            absent = missing[start:stop]
            nulls = int(numpy.count_nonzero(absent))
            if nulls:
                validity = numpy.packbits(~absent, bitorder="little")
        return Piece((validity, part), nulls)

    return piece


def _of_times(name: str, values: Any, missing: Any) -> Tuple[str, Any]:
    import numpy

    unit, step = numpy.datetime_data(values.dtype)
    if values.dtype.kind == "M" and unit == "D" and step == 1:
        days = values.view("i8") if values.dtype.isnative else values.astype("M8[D]").view("i8")
        days = numpy.where(missing, 0, days)
        if len(days) and not (-(1 << 31) <= days.min() and days.max() < 1 << 31):
            raise OverflowError(f"column {name} holds a date of more than 32 bits")
        return "tdD", days.astype("i4")
    if unit not in _UNITS:
        unit = "s" if unit in ("Y", "M", "W", "D", "h", "m") else "ns"
    values = values.astype(f"{values.dtype.kind}8[{unit}]")
    if values.dtype.kind == "M":
        return f"ts{_UNITS[unit]}:", values.view("i8")
    ticks = numpy.where(missing, 0, values.view("i8"))
    if len(ticks) and not (0 <= ticks.min() and ticks.max() < _DAY[unit]):
        raise ValueError(f"column {name} holds durations that are no time of day")
    if unit in ("s", "ms"):
        return f"tt{_UNITS[unit]}", ticks.astype("i4")
    return f"tt{_UNITS[unit]}", ticks


def _of_objects(name: str, values: Any, missing: Any) -> Source:
    if values.dtype.kind == "V":
        raise TypeError(f"column {name} is {values.dtype}, which cannot be written")
    listed = values.tolist()
    if missing is not None:
        listed = [None if absent else value for value, absent in zip(listed, missing.tolist())]
    if values.dtype.kind == "O":  # there NaN means that there is nothing
        listed = [None if isinstance(value, float) and value != value else value for value in listed]
    return of_list(name, listed)


# ---- pandas ----

def of_series(name: str, series: Any) -> Source:
    """A column of a data frame."""
    import numpy
    import pandas  # type: ignore[import]

    kind = series.dtype
    if isinstance(kind, pandas.CategoricalDtype):
        return _of_categories(name, series)
    if isinstance(kind, numpy.dtype):
        return of_array(name, series.to_numpy())
    if isinstance(kind, pandas.DatetimeTZDtype):
        made = of_array(name, series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
        return made._replace(format=made.format + "UTC")
    data, mask = getattr(series.array, "_data", None), getattr(series.array, "_mask", None)
    if isinstance(data, numpy.ndarray) and isinstance(mask, numpy.ndarray):
        return of_array(name, data, mask)
    missing = series.isna().to_numpy()
    return _of_objects(name, series.to_numpy(dtype=object, na_value=None)
                       if hasattr(series.array, "to_numpy") else numpy.asarray(series, object), missing)


def _of_categories(name: str, series: Any) -> Source:
    import numpy

    texts = series.cat.categories.tolist()
    if not all(isinstance(text, str) for text in texts):
        return _of_objects(name, numpy.asarray(series.astype(object), object), series.isna().to_numpy())
    codes = series.cat.codes.to_numpy()
    missing = codes < 0
    pool = _texts([text.encode("utf-8") for text in texts])
    if not texts:
        codes = numpy.zeros(len(codes), "i4")
    return Source(name, "i", len(codes), _piecewise(numpy.where(missing, 0, codes).astype("i4"), missing),
                  pool, len(texts))


# ---- whole tables ----

def of_column(name: Any, values: Any) -> Source:
    if not isinstance(name, str):
        raise TypeError(f"a column's name is a str, not {type(name).__name__}")
    numpy, pandas = numpy_or_none(), sys.modules.get("pandas")
    if pandas is not None and isinstance(values, (pandas.Series, pandas.Index)):
        return of_series(name, pandas.Series(values))
    if pandas is not None and isinstance(values, pandas.api.extensions.ExtensionArray):
        return of_series(name, pandas.Series(values))
    if numpy is not None and isinstance(values, numpy.ndarray):
        return of_array(name, values)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"column {name} must be a list or an array, not {type(values).__name__}")
    return of_list(name, list(values))


def is_data_frame(data: Any) -> bool:
    """Of pandas, which is read here: its own stream needs pyarrow, and adds the index to the columns."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def of_data(data: Any) -> List[Source]:
    """The columns of a data frame, of a dict of lists or arrays, or of a list of dicts."""
    if is_data_frame(data):
        if not data.columns.is_unique:
            raise ValueError("the data frame has several columns of one name")
        made = [of_column(name, data[name]) for name in data.columns]
    elif isinstance(data, Mapping):
        made = [of_column(name, values) for name, values in data.items()]
    elif isinstance(data, (list, tuple)) and all(isinstance(row, Mapping) for row in data):
        names: Dict[Any, None] = {name: None for row in data for name in row}
        made = [of_column(name, [row.get(name) for row in data]) for name in names]
    else:
        raise TypeError(f"{type(data).__name__} cannot be written: data must have __arrow_c_stream__ or "
                        "__arrow_c_array__, or be a data frame of pandas, a dict of columns or a list "
                        "of dicts")
    lengths = {source.rows for source in made}
    if len(lengths) > 1:
        listed = ", ".join(f"{source.name} {source.rows:,}" for source in made)
        raise ValueError(f"the columns differ in length: {listed}")
    if not made:
        raise ValueError("there is no column to write")
    return made
