"""From keyword arguments to the option structs of the library.

Names and meanings are those of the command line. An object here lives as long as the call, since C
looks at its arrays.
"""

from __future__ import annotations

import os
from ctypes import POINTER, byref, c_int64, cast, pointer
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from . import _ffi
from ._calls import LongCall
from ._ffi import PathLike
from ._registry import choice

Names = Union[None, str, Iterable[str]]
Where = Optional[Mapping[str, Any]]

ON_ERROR = {"reject": _ffi.ON_ERROR_REJECT, "null": _ffi.ON_ERROR_NULL,
            "fail": _ffi.ON_ERROR_FAIL}
KEYS = {"report": _ffi.KEYS_REPORT, "enforce": _ffi.KEYS_ENFORCE, "off": _ffi.KEYS_OFF}
DUPLICATES = {"reject": _ffi.DUPLICATES_REJECT, "keep": _ffi.DUPLICATES_KEEP,
              "latest": _ffi.DUPLICATES_LATEST}
COMPRESS = {"gz": _ffi.SINK_COMPRESSION_GZIP, "zst": _ffi.SINK_COMPRESSION_ZSTD,
            "none": _ffi.SINK_COMPRESSION_NONE}


def optional_choice(value: Optional[str], choices: Mapping[str, int], what: str) -> int:
    return 0 if value is None else choice(value, choices, what)


def count(value: Any, what: str, least: int = 0) -> int:
    """A whole number of the caller's, within 64 bits."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be an int, not {type(value).__name__}")
    number = int(value.__index__())
    if not least <= number < 1 << 63:
        raise ValueError(f"{what} must be {least} or more, not {number}")
    return number


def reject_limit(value: Union[None, int, str]) -> Tuple[int, float]:
    """(max_rejects, max_reject_percent) of None, a number, or a share such as "0.1%"."""
    if value is None:
        return 0, 0.0
    if isinstance(value, str):
        try:
            share = float(value[:-1]) if value.endswith("%") else -1.0
        except ValueError:
            share = -1.0
        if not 0 <= share <= 100:
            raise ValueError(f'max_rejects is a number or a share such as "0.1%", not {value!r}')
        return (0, share) if share > 0 else (-1, 0.0)
    number = count(value, "max_rejects")
    return (number, 0.0) if number > 0 else (-1, 0.0)


class CsvOptions:
    """Dialect, projection, filters and limit."""

    def __init__(self, *, columns: Names = None, where: Where = None, limit: Optional[int] = None,
                 delimiter: Optional[str] = None, quote: Optional[str] = '"',
                 escape: Optional[str] = None, comment: Optional[str] = None, header: bool = True,
                 max_record: Optional[int] = None) -> None:
        self.struct = _ffi.mimic_csv_options()
        self._alive: List[Any] = []
        self._fill_dialect(delimiter, quote, escape, comment)
        self.struct.no_header = int(not header)
        if limit is not None:
            self.struct.limit = count(limit, "limit", 1)
        if max_record is not None:
            self.struct.max_record_bytes = count(max_record, "max_record", 1)
        chosen = _ffi.Strings(columns, "columns")
        self._alive.append(chosen)
        self.struct.columns, self.struct.column_count = chosen.pointer, chosen.count
        self._fill_filters(where)

    def _fill_dialect(self, delimiter: Optional[str], quote: Optional[str],
                      escape: Optional[str], comment: Optional[str]) -> None:
        given = {"delimiter": delimiter, "quote": quote, "escape": escape, "comment": comment}
        for name, value in given.items():
            if value is None:
                continue
            if not isinstance(value, str) or len(value) != 1 or not 0 < ord(value) < 128:
                raise ValueError(f"{name} must be one ASCII character, not {value!r}")
            if name != "quote" or value != '"':  # which is what 0 says
                setattr(self.struct, name, value.encode())
        self.struct.no_quoting = int(quote is None)

    def _fill_filters(self, where: Where) -> None:
        if where is None:
            return
        if not isinstance(where, Mapping):
            raise TypeError("where must be a dict such as {'itemid': [50912, 50813]}, not "
                            f"{type(where).__name__}")
        numbers: Dict[bytes, List[int]] = {}
        texts: Dict[bytes, List[str]] = {}
        for column, values in where.items():
            name = _ffi.text(column, "a column of where")
            listed = [values] if isinstance(values, (str, int)) or not hasattr(
                values, "__iter__") else list(values)
            if listed and all(isinstance(value, str) for value in listed):
                texts[name] = listed
            else:
                numbers[name] = [_filter_number(column, value) for value in listed]
        self._fill_numbers(numbers)
        self._fill_texts(texts)

    def _fill_numbers(self, numbers: Dict[bytes, List[int]]) -> None:
        made = (_ffi.mimic_csv_filter * max(len(numbers), 1))()
        self._alive.append(made)
        for one, (name, values) in zip(made, numbers.items()):
            array = (c_int64 * max(len(values), 1))(*values)
            self._alive.append(array)
            one.column, one.value_count = name, len(values)
            one.values = cast(array, POINTER(c_int64))
        self.struct.filters = cast(made, POINTER(_ffi.mimic_csv_filter))
        self.struct.filter_count = len(numbers)

    def _fill_texts(self, texts: Dict[bytes, List[str]]) -> None:
        if not texts:
            return
        made = (_ffi.mimic_text_filter * len(texts))()
        self._alive.append(made)
        for one, (name, values) in zip(made, texts.items()):
            strings = _ffi.Strings(values, "values of where")
            self._alive.append(strings)
            one.column, one.values, one.value_count = name, strings.pointer, strings.count
        self.struct.text_filters = cast(made, POINTER(_ffi.mimic_text_filter))
        self.struct.text_filter_count = len(texts)


def _filter_number(column: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"where: {column} is compared with whole numbers or with texts, "
                        f"not {value!r}")
    number = int(value.__index__())
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"where: {number} has more than 64 bits")
    return number


def sink_options(call: LongCall, *, compress: Optional[str] = None, integer_times: bool = False,
                 indexes: bool = True, verify: bool = False, dictionaries: bool = True,
                 pg_schema: Optional[str] = None) -> Any:
    """How a target is written."""
    options = _ffi.mimic_sink_options()
    options.interrupted = call.interrupted
    options.compression = optional_choice(compress, COMPRESS, "compress")
    options.integer_times = int(integer_times)
    options.no_indexes = int(not indexes)
    options.verify = int(verify)
    options.no_dictionaries = int(not dictionaries)
    options.pg_schema = None if pg_schema is None else _ffi.text(pg_schema, "pg_schema")
    return options


class LoadOptions:
    """Of load, check and convert."""

    def __init__(self, csv: CsvOptions, sink: Any, progress: Any, *, dataset: Optional[str] = None,
                 tables: Names = None, on_error: Optional[str] = None,
                 max_rejects: Union[None, int, str] = None, strict_drift: bool = False,
                 keys: Optional[str] = None, duplicates: Optional[str] = None,
                 order_by: Names = None, jobs: Optional[int] = None, force: bool = False,
                 checksum: bool = False, expect: bool = False, quality: bool = False,
                 max_bytes: Optional[int] = None,
                 temporary_dir: Optional[PathLike] = None) -> None:
        self.struct = made = _ffi.mimic_load_options()
        chosen, order = _ffi.Strings(tables, "tables"), _ffi.Strings(order_by, "order_by")
        self._alive = [csv, sink, chosen, order]
        made.dataset = None if dataset is None else _ffi.text(dataset, "dataset")
        made.tables, made.table_count = chosen.pointer, chosen.count
        made.strict_drift = int(strict_drift)
        made.on_error = optional_choice(on_error, ON_ERROR, "on_error")
        made.max_rejects, made.max_reject_percent = reject_limit(max_rejects)
        made.csv, made.sink = pointer(csv.struct), pointer(sink)
        made.progress = progress
        made.jobs = _ffi.jobs(jobs)
        made.force, made.checksum, made.expect = int(force), int(checksum), int(expect)
        made.keys = optional_choice(keys, KEYS, "keys")
        made.duplicates = optional_choice(duplicates, DUPLICATES, "duplicates")
        made.order_by, made.order_by_count = order.pointer, order.count
        made.profile = int(quality)
        made.max_bytes = 0 if max_bytes is None else count(max_bytes, "max_bytes", 1)
        scratch = temporary_dir or os.environ.get("TMPDIR") or None
        made.temporary_dir = None if scratch is None else _ffi.path(scratch, "temporary_dir")

    @property
    def reference(self) -> Any:
        return byref(self.struct)
