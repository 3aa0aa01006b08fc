"""Exceptions: their kinds, their texts, and that they can be pickled."""

import copy
import pickle

import pytest

import mimic
from mimic import _errors, _ffi

BUILTINS = {
    -100: ValueError, -101: RuntimeError, -102: NotImplementedError, -200: MemoryError,
    -300: OSError, -301: FileNotFoundError, -302: OSError, -400: ValueError, -500: ValueError,
    -501: ValueError, -502: ValueError, -600: ValueError, -601: ValueError, -700: RuntimeError,
    -900: RuntimeError,
}


def test_every_status_has_a_class():
    statuses = {name: value for name, value in vars(_ffi).items()
                if name.startswith("ERR_") and isinstance(value, int)}
    assert set(_errors.BY_CODE) == set(statuses.values())
    for code, kind in _errors.BY_CODE.items():
        assert kind.name == _ffi.lib.mimic_status_name(code).decode()
        assert issubclass(kind, mimic.MimicError)
        assert issubclass(kind, BUILTINS.get(code, Exception))
        assert getattr(mimic, kind.__name__) is kind


def test_text_shows_the_place_once():
    error = mimic.InvalidValueError("expected a number", source="a.csv", record=2, line=3,
                                    byte_offset=17, column="beds")
    assert str(error) == "a.csv: expected a number (line 3, record 2, column beds)"
    error = mimic.InvalidValueError("a.csv, line 3: no number in beds", source="a.csv", line=3,
                                    column="beds")
    assert str(error) == "a.csv, line 3: no number in beds"
    assert str(mimic.BackendError("refused", sqlstate="42P01")) == "refused (SQLSTATE 42P01)"


@pytest.mark.parametrize("kind", list(_errors.BY_CODE.values()))
def test_pickle_and_copy(kind):
    error = kind("a message", source="a.csv", record=2, line=3, byte_offset=0, column="c",
                 sqlstate="42P01")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(other) is kind and other.args == error.args and str(other) == str(error)
        assert (other.code, other.record, other.line, other.byte_offset) == (kind.code, 2, 3, 0)


def test_from_the_library():
    with pytest.raises(mimic.NotFoundError) as caught:
        mimic.registry()["mimic-iv@0.0"]
    assert caught.value.code == -301 and "3.1" in caught.value.message
    assert caught.value.record is None and caught.value.byte_offset is None
    assert isinstance(caught.value, KeyError)
    with pytest.raises(mimic.SchemaError):
        mimic.Schema.of({"fields": "none"}, name="x")


def test_unknown_status():
    error = _errors.from_struct(-999, _ffi.mimic_error())
    assert type(error) is mimic.MimicError and error.code == -999 and "-999" in str(error)
