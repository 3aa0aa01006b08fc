"""Values of Arrow buffers as Python objects, with nothing but the standard library."""

from __future__ import annotations

import datetime
import decimal
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import _arrow
from ._ffi import ArrowArray
from ._registry import Field

_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=datetime.timezone.utc)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = datetime.timedelta(microseconds=1)

# Of a fixed-width type: bytes a value, and its letter in the struct module.
WIDTHS: Dict[str, Tuple[int, str]] = {
    "int16": (2, "h"), "int32": (4, "i"), "int64": (8, "q"), "float32": (4, "f"),
    "float64": (8, "d"), "decimal": (16, "B"), "date": (4, "i"), "time": (8, "q"),
    "timestamp": (8, "q"), "timestamptz": (8, "q"), "categorical": (4, "i"),
}
_EXACT = decimal.Context(prec=60)


def date(days: int) -> datetime.date:
    return datetime.date.fromordinal(days + _EPOCH_DAY)


def time(microseconds: int) -> datetime.time:
    return (_EPOCH + microseconds * _MICROSECOND).time()


def timestamp(microseconds: int) -> datetime.datetime:
    return _EPOCH + microseconds * _MICROSECOND


def timestamptz(microseconds: int) -> datetime.datetime:
    return _EPOCH_UTC + microseconds * _MICROSECOND


def decimals(data: memoryview, scale: int) -> List[decimal.Decimal]:
    return [decimal.Decimal(int.from_bytes(data[i:i + 16], "little", signed=True)).scaleb(
        -scale, _EXACT) for i in range(0, len(data), 16)]


_CALENDAR: Dict[str, Callable[[int], Any]] = {"date": date, "time": time, "timestamp": timestamp,
                                              "timestamptz": timestamptz}


class Column:
    """One column of a batch: views of the batch's memory, which they keep alive.

    values    numbers as a typed memoryview; the bytes of texts; a bit a row of booleans; 16 bytes
              a row of decimals, little-endian; times as integers (days or microseconds since 1970,
              or since midnight); categories as codes
    validity  a bit a row, least significant first, 1 = there is a value; None = no NULL here
    offsets   of texts and binary: where each begins, and where the last one ends
    categories  of a categorical column: its texts
    """

    def __init__(self, field: Field, array: ArrowArray, owner: Any) -> None:
        self.field = field
        self._array = array
        self._owner = owner
        self.null_count: int = array.null_count

    def __len__(self) -> int:
        return int(self._array.length)

    def __repr__(self) -> str:
        return f"<mimic.Column {self.field.name} {self.field.full_type}: {len(self):,} rows>"

    @property
    def validity(self) -> Optional[memoryview]:
        address = self._array.buffers[0]
        return _arrow.memory(address, (len(self) + 7) // 8, self._owner) if address else None

    @property
    def offsets(self) -> Optional[memoryview]:
        if self.field.type not in ("string", "binary"):
            return None
        return _arrow.memory(self._array.buffers[1], 4 * (len(self) + 1), self._owner).cast("i")

    @property
    def values(self) -> memoryview:
        if self.field.type in ("string", "binary"):
            offsets = self.offsets
            assert offsets is not None
            return _arrow.memory(self._array.buffers[2], offsets[-1], self._owner)
        if self.field.type == "boolean":
            return _arrow.memory(self._array.buffers[1], (len(self) + 7) // 8, self._owner)
        width, letter = WIDTHS[self.field.type]
        return _arrow.memory(self._array.buffers[1], width * len(self), self._owner).cast(letter)

    @property
    def categories(self) -> Optional[List[str]]:
        if not self._array.dictionary:
            return None
        texts = self._array.dictionary.contents
        count = texts.length
        offsets = _arrow.memory(texts.buffers[1], 4 * (count + 1), self._owner).cast("i")
        data = _arrow.memory(texts.buffers[2], offsets[count], self._owner)
        return [str(data[offsets[i]:offsets[i + 1]], "utf-8") for i in range(count)]

    def is_null(self) -> List[bool]:
        """A bool a row."""
        validity = self.validity
        if validity is None:
            return [False] * len(self)
        return [not validity[row >> 3] >> (row & 7) & 1 for row in range(len(self))]

    def to_pylist(self) -> List[Any]:
        """Its values as Python objects; None where there is none."""
        values = self._present()
        if self.null_count == 0 or self.validity is None:
            return values
        return [None if null else value for value, null in zip(values, self.is_null())]

    def _present(self) -> List[Any]:
        """A value a row; where it is NULL, something."""
        kind = self.field.type
        if kind in ("string", "binary"):
            return self._bytes(kind == "string")
        data = self.values
        if kind == "boolean":
            return [bool(data[row >> 3] >> (row & 7) & 1) for row in range(len(self))]
        if kind == "categorical":
            texts = self.categories or [""]
            return [texts[code] if 0 <= code < len(texts) else None for code in data]
        if kind == "decimal":
            return decimals(data, self.field.scale or 0)
        if kind in _CALENDAR:
            made = _CALENDAR[kind]
            if self.null_count == 0:
                return [made(value) for value in data]
            return [None if null else made(value) for value, null in zip(data, self.is_null())]
        return data.tolist()

    def _bytes(self, is_text: bool) -> List[Any]:
        offsets = self.offsets
        assert offsets is not None
        data = bytes(self.values)
        ends = offsets.tolist()
        cut = [data[ends[i]:ends[i + 1]] for i in range(len(self))]
        return [value.decode("utf-8") for value in cut] if is_text else cut
