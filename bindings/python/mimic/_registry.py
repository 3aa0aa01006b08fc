"""What is known of a dataset before its first byte is read: registry, releases, tables, fields.

    >>> import mimic
    >>> labs = mimic.registry()["mimic-iv@3.1"]["labevents"]
    >>> labs.primary_key
    ('labevent_id',)
    >>> labs["valuenum"].type
    'float64'
    >>> [key.table for key in labs.foreign_keys]
    ['patients', 'd_labitems']
"""

from __future__ import annotations

import json
import os
import threading
import weakref
from ctypes import POINTER, byref, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _ffi, _show
from ._errors import NotFoundError, missing
from ._ffi import PathLike, lib

_DIALECTS = {"sqlite": _ffi.SQL_SQLITE, "postgres": _ffi.SQL_POSTGRES, "duckdb": _ffi.SQL_DUCKDB,
             "bigquery": _ffi.SQL_BIGQUERY, "athena": _ffi.SQL_ATHENA}
_FORMATS = {"markdown": _ffi.TEXT_MARKDOWN, "html": _ffi.TEXT_HTML}
_ON_ERROR = {_ffi.ON_ERROR_DEFAULT: None, _ffi.ON_ERROR_REJECT: "reject",
             _ffi.ON_ERROR_NULL: "null", _ffi.ON_ERROR_FAIL: "fail"}


def choice(value: str, choices: Mapping[str, int], what: str) -> int:
    """The number of a word; an error lists the words."""
    try:
        return choices[value]
    except (KeyError, TypeError):
        listed = ", ".join(repr(name) for name in choices)
        raise ValueError(f"{what} must be one of {listed}, not {value!r}") from None


@dataclass(frozen=True)
class Field:
    """A column of a table.

    type         "int32", "timestamp", "categorical" … as in packages
    required     it is never NULL
    precision, scale        of a decimal, else None
    min_length, max_length  characters of a text, else None
    on_error     what becomes of a row whose value does not fit: "reject", "null" or "fail"; None
                 where the schema says nothing, which is "reject"
    """

    name: str
    type: str
    required: bool
    unique: bool
    title: str
    description: str
    format: str
    precision: Optional[int]
    scale: Optional[int]
    min_length: Optional[int]
    max_length: Optional[int]
    on_error: Optional[str]

    def __str__(self) -> str:
        return f"{self.name} {self.full_type}{' NOT NULL' if self.required else ''}"

    @property
    def full_type(self) -> str:
        """The type with what belongs to it, such as "decimal(10,2)"."""
        return f"{self.type}({self.precision},{self.scale})" if self.precision else self.type


@dataclass(frozen=True)
class ForeignKey:
    """Columns of a table that name a row of another one."""

    columns: Tuple[str, ...]
    table: str
    referenced_columns: Tuple[str, ...]


class Schema:
    """One table as it is described: its fields and keys.

    Made by `mimic.registry()`, from a Table Schema by `Schema.of`, or as a guess by `mimic.infer`.
    It is immutable, and keeps the registry alive that it stands in.

        >>> import mimic
        >>> wards = mimic.Schema.of({"fields": [{"name": "ward", "type": "integer"}]}, name="wards")
        >>> print(wards["ward"])
        ward int64
    """

    def __init__(self, owner: "Registry", handle: int) -> None:
        self._owner = owner
        self._handle = c_void_p(handle)

        def text(get: Any) -> str:
            return _ffi.string(get(self._handle))

        self.name = text(lib.mimic_table_name)
        self.module = text(lib.mimic_table_module)
        self.title = text(lib.mimic_table_title)
        self.description = text(lib.mimic_table_description)
        self.path = text(lib.mimic_table_path)
        name, version = text(lib.mimic_table_dataset), text(lib.mimic_table_version)
        self.dataset = f"{name}@{version}" if version else name
        self.fields = tuple(_field(self._handle, index)
                            for index in range(lib.mimic_table_field_count(self._handle)))
        self.primary_key = _primary_key(self._handle, self.fields)
        self.foreign_keys = tuple(_foreign_key(self._handle, index) for index in
                                  range(lib.mimic_table_foreign_key_count(self._handle)))

    @classmethod
    def of(cls, source: Union["Schema", Mapping[str, Any], PathLike], *, name: str = "",
           registry: Optional["Registry"] = None) -> "Schema":
        """A schema from whatever says it.

        source is a spec such as "mimic-iv@3.1/labevents" (of the release, or of the highest one
        without a version), a Table Schema as a dict or as the path of a .json file, or a Schema,
        which is returned. `name` is that of a table which does not say its own, and chooses among
        the tables of a package. registry: where specs are looked up, by default the built-in one.
        """
        if isinstance(source, Schema):
            return source
        if isinstance(source, Mapping):
            called = name or getattr(source, "name", "") or "table"
            return _from_json(json.dumps(source), called, name)
        given = os.fspath(source) if isinstance(source, os.PathLike) else source
        if not isinstance(given, str):
            raise TypeError("a table is a spec such as 'mimic-iv@3.1/labevents', a Schema, a dict "
                            f"or the path of a Table Schema, not {type(source).__name__}")
        if isinstance(source, os.PathLike) or given.lower().endswith(".json"):
            given = os.path.expanduser(given)
            with open(given, encoding="utf-8-sig") as stream:
                text = stream.read()
            return _from_json(text, name or os.path.basename(given).partition(".")[0], name)
        return known(registry).table(given)

    @property
    def spec(self) -> str:
        """How it is named elsewhere: "mimic-iv@3.1/labevents"."""
        return f"{self.dataset}/{self.name}" if self.dataset else self.name

    @property
    def columns(self) -> Tuple[str, ...]:
        """Names of the fields."""
        return tuple(field.name for field in self.fields)

    def expected_rows(self, edition: str = "full") -> Optional[int]:
        """Rows that an edition of the release ("full", "demo") is published with."""
        rows: int = lib.mimic_table_expected_rows(self._handle, _ffi.text(edition, "the edition"))
        return rows if rows >= 0 else None

    def ddl(self, dialect: str = "sqlite") -> str:
        """SQL that creates the table: "sqlite", "postgres", "duckdb", "bigquery" or "athena"."""
        return _ddl(None, self._handle, dialect)

    def to_dict(self) -> Dict[str, Any]:
        """The fields and keys as a plain dict."""
        return {"name": self.name, "dataset": self.dataset, "path": self.path,
                "description": self.description,
                "fields": [{"name": field.name, "type": field.full_type,
                            "required": field.required, "description": field.description}
                           for field in self.fields],
                "primary_key": list(self.primary_key),
                "foreign_keys": [{"columns": list(key.columns), "table": key.table,
                                  "referenced_columns": list(key.referenced_columns)}
                                 for key in self.foreign_keys]}

    def __getitem__(self, name: str) -> Field:
        """A field by its name, in any case."""
        for field in self.fields:
            if isinstance(name, str) and field.name.lower() == name.lower():
                return field
        raise missing(self.spec, "column", name, self.columns, column=str(name))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in map(str.lower, self.columns)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._handle.value == other._handle.value

    def __hash__(self) -> int:
        return hash(self._handle.value)

    def __reduce__(self) -> Any:
        raise TypeError("a Schema refers to its registry and cannot be pickled; pickle its spec")

    def _listing(self) -> _show.Listing:
        keys = {name: f"{key.table}.{other}" for key in self.foreign_keys
                for name, other in zip(key.columns, key.referenced_columns)}
        rows = [(field.name, field.full_type, "required" if field.required else "",
                 "primary" if field.name in self.primary_key else "", keys.get(field.name, ""),
                 field.description or field.title)
                for field in self.fields]
        head = ("column", "type", "", "key", "refers to", "description")
        return _show.Listing(self.spec, self.description or self.title, head, rows)

    def __repr__(self) -> str:
        return f"<mimic.Schema {self.spec}: {len(self.fields)} columns>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


class Dataset:
    """One release of a dataset: its tables by name, in any case."""

    def __init__(self, owner: "Registry", handle: int) -> None:
        self._owner = owner
        self._handle = c_void_p(handle)
        self.name = _ffi.string(lib.mimic_dataset_name(self._handle))
        self.version = _ffi.string(lib.mimic_dataset_version(self._handle))
        self.title = _ffi.string(lib.mimic_dataset_title(self._handle))
        self.description = _ffi.string(lib.mimic_dataset_description(self._handle))
        self._tables: Optional[Tuple[Schema, ...]] = None

    @property
    def spec(self) -> str:
        """How it is named elsewhere: "mimic-iv@3.1"."""
        return f"{self.name}@{self.version}" if self.version else self.name

    @property
    def tables(self) -> Tuple[Schema, ...]:
        """All tables, in the order of the package."""
        if self._tables is None:
            self._tables = tuple(
                Schema(self._owner, lib.mimic_dataset_table(self._handle, index))
                for index in range(lib.mimic_dataset_table_count(self._handle)))
        return self._tables

    def __getitem__(self, name: str) -> Schema:
        """A table by its name, in any case; with its module ("hosp/labevents") too."""
        wanted = name.lower() if isinstance(name, str) else None
        for table in self.tables:
            if wanted in (table.name.lower(), f"{table.module}/{table.name}".lower()):
                return table
        raise missing(self.spec, "table", name, [table.name for table in self.tables])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(name.lower() == t.name.lower() for t in self.tables)

    def __iter__(self) -> Iterator[Schema]:
        return iter(self.tables)

    def __len__(self) -> int:
        return int(lib.mimic_dataset_table_count(self._handle))

    def ddl(self, dialect: str = "sqlite") -> str:
        """SQL that creates all tables: "sqlite", "postgres", "duckdb", "bigquery" or "athena"."""
        return _ddl(self._handle, None, dialect)

    def dictionary(self, format: str = "markdown") -> str:
        """The data dictionary: tables, columns, types, keys; as "markdown" or one "html" page."""
        made = c_void_p()
        lib.mimic_schema_dictionary(_ffi.context(), self._handle,
                                    choice(format, _FORMATS, "format"), byref(made))
        return _ffi.take_text(made)

    def __reduce__(self) -> Any:
        raise TypeError("a Dataset refers to its registry and cannot be pickled; pickle its spec")

    def _listing(self) -> _show.Listing:
        rows = [(table.name, table.module, len(table.fields), table.expected_rows("full"),
                 table.description or table.title) for table in self.tables]
        head = ("table", "module", "columns", "rows", "description")
        return _show.Listing(self.spec, self.title, head, rows)

    def __repr__(self) -> str:
        return f"<mimic.Dataset {self.spec}: {len(self)} tables>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


class Registry:
    """The releases that are known. See `mimic.registry`."""

    def __init__(self, paths: Sequence[PathLike] = ()) -> None:
        made = c_void_p()
        lib.mimic_registry_new(_ffi.context(), byref(made))
        self._handle = made
        self._free = weakref.finalize(self, lib.mimic_registry_free, made)
        self._free.atexit = False  # at the end of the process others may still look at it
        for path in paths:
            lib.mimic_registry_add_dir(made, _ffi.path(path))
        self._datasets: Optional[Tuple[Dataset, ...]] = None

    @property
    def datasets(self) -> Tuple[Dataset, ...]:
        """All releases, by name and version."""
        if self._datasets is None:
            self._datasets = tuple(
                Dataset(self, lib.mimic_registry_dataset(self._handle, index))
                for index in range(lib.mimic_registry_dataset_count(self._handle)))
        return self._datasets

    def dataset(self, spec: str) -> Dataset:
        """A release: "mimic-iv@3.1", or "mimic-iv" for its highest version."""
        found = c_void_p()
        lib.mimic_registry_find_dataset(self._handle, _ffi.text(spec, "a dataset"), byref(found))
        return Dataset(self, found.value or 0)

    def table(self, spec: str) -> Schema:
        """A table: "mimic-iv@3.1/labevents"."""
        found = c_void_p()
        lib.mimic_registry_find_table(self._handle, _ffi.text(spec, "a table"), byref(found))
        return Schema(self, found.value or 0)

    def __getitem__(self, spec: str) -> Any:
        """A Dataset by "mimic-iv@3.1", or a table's Schema by "mimic-iv@3.1/labevents"."""
        return self.table(spec) if isinstance(spec, str) and "/" in spec else self.dataset(spec)

    def __contains__(self, spec: object) -> bool:
        if not isinstance(spec, str):
            return False
        try:
            self[spec]
        except (KeyError, ValueError):  # not there, or no name at all
            return False
        return True

    def __iter__(self) -> Iterator[Dataset]:
        return iter(self.datasets)

    def __len__(self) -> int:
        return int(lib.mimic_registry_dataset_count(self._handle))

    def __reduce__(self) -> Any:
        raise TypeError("a Registry cannot be pickled; make another from the same paths")

    def _listing(self) -> _show.Listing:
        rows = [(dataset.spec, len(dataset), dataset.title) for dataset in self.datasets]
        return _show.Listing("Datasets", "", ("dataset", "tables", "title"), rows)

    def __repr__(self) -> str:
        return f"<mimic.Registry: {len(self)} datasets>"

    def __str__(self) -> str:
        return self._listing().text()

    def _repr_html_(self) -> str:
        return self._listing().html()


_default: Optional[Registry] = None
_default_lock = threading.Lock()


def default() -> Registry:
    """The registry of the built-in datasets, made at first use."""
    global _default
    if _default is not None:  # without the lock, which another thread may have held at a fork
        return _default
    with _default_lock:
        if _default is None:
            _default = Registry()
        return _default


def known(registry: Optional[Registry]) -> Registry:
    """The argument `registry`: None is the default one. C would believe any handle."""
    if registry is None:
        return default()
    if not isinstance(registry, Registry):
        raise TypeError(f"registry must be a mimic.Registry, not {type(registry).__name__}")
    return registry


def registry(*paths: PathLike) -> Registry:
    """The known releases of datasets, those of packages below `paths` added to the built-in ones.

    A path is a folder with datapackage.json, or with <dataset>/<version>/datapackage.json below it.

        >>> import mimic
        >>> "mimic-iv@3.1" in mimic.registry()
        True
        >>> mimic.registry()["mimic-iv@3.1"]
        <mimic.Dataset mimic-iv@3.1: 31 tables>
    """
    return Registry(paths) if paths else default()


# ---- reading handles ----

def _field(table: c_void_p, index: int) -> Field:
    info = _ffi.mimic_field_info()
    lib.mimic_table_field(table, index, byref(info))
    is_decimal = info.type == _ffi.TYPE_DECIMAL

    def length(value: int) -> Optional[int]:
        return value if value >= 0 else None

    return Field(name=_ffi.string(info.name), type=_ffi.string(lib.mimic_type_name(info.type)),
                 required=bool(info.is_required), unique=bool(info.is_unique),
                 title=_ffi.string(info.title), description=_ffi.string(info.description),
                 format=_ffi.string(info.format),
                 precision=info.precision if is_decimal else None,
                 scale=info.scale if is_decimal else None,
                 min_length=length(info.min_length), max_length=length(info.max_length),
                 on_error=_ON_ERROR.get(info.on_error))


def _primary_key(table: c_void_p, fields: Sequence[Field]) -> Tuple[str, ...]:
    indexes = POINTER(c_size_t)()
    count = lib.mimic_table_primary_key(table, byref(indexes))
    return tuple(fields[indexes[i]].name for i in range(count))


def _foreign_key(table: c_void_p, index: int) -> ForeignKey:
    info = _ffi.mimic_foreign_key_info()
    lib.mimic_table_foreign_key(table, index, byref(info))
    return ForeignKey(tuple(_ffi.string(info.fields[i]) for i in range(info.count)),
                      _ffi.string(info.referenced_table),
                      tuple(_ffi.string(info.referenced_fields[i]) for i in range(info.count)))


def _ddl(dataset: Optional[c_void_p], table: Optional[c_void_p], dialect: str) -> str:
    made = c_void_p()
    lib.mimic_schema_ddl(_ffi.context(), dataset, table, choice(dialect, _DIALECTS, "dialect"),
                         byref(made))
    return _ffi.take_text(made)


def _from_json(text: str, called: str, wanted: str) -> Schema:
    """A registry of its own, so that names of no release meet nobody else's."""
    owner, added = Registry(), c_void_p()
    data = text.encode("utf-8", "surrogateescape")
    lib.mimic_registry_add_json(owner._handle, data, len(data), _ffi.text(called), byref(added))
    tables = Dataset(owner, added.value or 0).tables
    if len(tables) == 1:
        return tables[0]
    for table in tables:
        if wanted and table.name.lower() == wanted.lower():
            return table
    listed: List[str] = [table.name for table in tables]
    raise ValueError(f"{called} describes {len(tables)} tables; name one of {', '.join(listed)}")
