"""mimic.write: whatever Python has as a table, into a target and back."""

import datetime
import decimal
import gc
import subprocess
import sys

import pytest

import mimic

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

UTC = datetime.timezone.utc
EVERYTHING = {
    "flag": [True, None, False], "number": [1, None, -2 ** 63], "share": [0.5, None, 1e300],
    "price": [decimal.Decimal("1.25"), None, decimal.Decimal("-3.00")],
    "day": [datetime.date(1, 1, 1), None, datetime.date(9999, 12, 31)],
    "hour": [datetime.time(1, 2, 3, 4), None, datetime.time(0)],
    "moment": [datetime.datetime(2150, 1, 2, 3, 4, 5, 6), None, datetime.datetime(1800, 1, 1)],
    "instant": [datetime.datetime(2150, 1, 2, tzinfo=UTC), None, datetime.datetime(1, 1, 2, tzinfo=UTC)],
    "text": ["a,\"b\"\n", None, ""], "blob": [b"\x00\xff", None, b""], "nothing": [None, None, None],
}


def back(data, tmp_path, *arguments, **options):
    target = str(tmp_path / "back.arrow")
    report = mimic.write(data, target, *arguments, **options)
    return report, mimic.open(target)[options.get("name", "table")]


def test_every_type_comes_back(tmp_path):
    report, table = back(EVERYTHING, tmp_path)
    assert report.ok and report.tables[0].written == 3
    assert table.to_pydict() == EVERYTHING


def test_rows_as_dicts(tmp_path):
    rows = [{"a": 1, "b": "x"}, {"b": None}, {"a": None, "b": "y"}]
    assert back(rows, tmp_path)[1].to_pydict() == {"a": [1, None, None], "b": ["x", None, "y"]}


def test_a_schema_converts_and_rejects(tmp_path):
    wards = {"fields": [{"name": "ward", "type": "integer", "constraints": {"required": True}},
                        {"name": "opened", "type": "date"}]}
    data = {"WARD": ["1", "2", None, "4.5"], "opened": ["2001-02-03", None, None, "soon"], "more": [1] * 4}
    report, table = back(data, tmp_path, wards, name="wards")
    assert table.to_pydict() == {"ward": [1, 2], "opened": [datetime.date(2001, 2, 3), None]}
    assert report.tables[0].rejected == 2
    with pytest.raises(mimic.DriftError):
        mimic.write({"opened": []}, tmp_path / "no.arrow", wards)
    with pytest.raises(mimic.InvalidValueError):
        mimic.write(data, tmp_path / "no.arrow", wards, on_error="fail")
    assert not (tmp_path / "no.arrow").exists()


def test_tables_batches_and_capsules(labevents, tmp_path):
    table = mimic.read_csv(labevents)
    rows = table.to_pylist()

    class Other:
        def __init__(self, capsule):
            self.capsule = capsule

        def __arrow_c_stream__(self, requested_schema=None):
            return self.capsule

    for number, data in enumerate((table, next(iter(table)), Other(table.__arrow_c_stream__()))):
        target = tmp_path / f"{number}.db"
        mimic.write(data, target, "mimic-iv@3.1/labevents")
        found = mimic.open(target)["labevents"].to_pylist()
        assert found == rows[:len(found)] and len(found) == (len(data) if number == 1 else len(rows))
    taken = Other(table.__arrow_c_stream__())
    mimic.write(taken, "null:", name="labs")
    with pytest.raises(ValueError, match="taken"):
        mimic.write(taken, "null:", name="labs")
    with pytest.raises(TypeError, match="PyCapsule"):
        mimic.write(Other("capsule"), "null:")
    with pytest.raises(TypeError, match="name"):
        mimic.write(Other(table.__arrow_c_schema__()), "null:")
    gc.collect()


def test_frames_come_back(labevents, tmp_path):
    pandas = pytest.importorskip("pandas")
    table = mimic.read_csv(labevents)
    target = tmp_path / "labs.db"
    report = mimic.write(table.to_pandas(), target, "mimic-iv@3.1/labevents")
    assert report.ok and mimic.open(target)["labevents"].to_pylist() == table.to_pylist()
    arrays = table.to_numpy()
    mimic.write(arrays, target, "mimic-iv@3.1/labevents")
    assert mimic.open(target)["labevents"].to_pylist() == table.to_pylist()
    assert isinstance(pandas.DataFrame(), pandas.DataFrame)


def test_dtypes_of_pandas(tmp_path):
    pandas = pytest.importorskip("pandas")
    import numpy

    frame = pandas.DataFrame({
        "i8": numpy.array([1, -2], "i1"), "u4": numpy.array([1, 2 ** 32 - 1], "u4"),
        "big": numpy.array([1, 2], ">i8"), "f2": numpy.array([0.5, numpy.nan], "f2"),
        "na": pandas.array([1, None], "Int16"), "bool": pandas.array([True, None], "boolean"),
        "fl": pandas.array([1.5, None], "Float64"), "text": pandas.array(["é", None], "string"),
        "objects": ["x", numpy.nan], "kind": pandas.Categorical(["b", None], ["a", "b"]),
        "codes": pandas.Categorical([7, 8]), "when": pandas.to_datetime(["2150-01-02 03:04:05", None]),
        "zone": pandas.to_datetime(["2020-06-01", None]).tz_localize("Europe/Berlin"),
        "span": pandas.to_timedelta(["01:02:03", None]), "every": numpy.array([1, 2, 3, 4])[::2],
        "seconds": numpy.array(["2000-01-01T00:00:01", "NaT"], "M8[s]").astype("M8[ns]"),
    })
    table = back(frame, tmp_path)[1]
    assert table.to_pydict() == {
        "i8": [1, -2], "u4": [1, 2 ** 32 - 1], "big": [1, 2], "f2": [0.5, None], "na": [1, None],
        "bool": [True, None], "fl": [1.5, None], "text": ["é", None], "objects": ["x", None],
        "kind": ["b", None], "codes": [7, 8], "when": [datetime.datetime(2150, 1, 2, 3, 4, 5), None],
        "zone": [datetime.datetime(2020, 5, 31, 22, tzinfo=UTC), None],
        "span": [datetime.time(1, 2, 3), None], "every": [1, 3],
        "seconds": [datetime.datetime(2000, 1, 1, 0, 0, 1), None]}
    part = frame.iloc[::-1].reset_index(drop=True)
    assert back(part, tmp_path)[1].to_pydict()["text"] == [None, "é"]


VALUES = {
    "a": st.integers(-2 ** 63, 2 ** 63 - 1), "b": st.text(st.characters(
        blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=5),
    "c": st.floats(allow_nan=False, allow_infinity=False), "d": st.dates(), "e": st.datetimes(),
    "f": st.booleans(), "g": st.decimals(-10 ** 9, 10 ** 9, places=3), "h": st.binary(max_size=4),
}


@hypothesis.settings(max_examples=40, deadline=None,
                     suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(data=st.integers(0, 20).flatmap(lambda size: st.fixed_dictionaries(
    {name: st.lists(st.one_of(st.none(), values), min_size=size, max_size=size)
     for name, values in VALUES.items()})))
def test_random_tables_come_back(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("random")
    target = str(folder / "x.arrow")
    types = {"a": "int64", "b": "string", "c": "float64", "d": "date", "e": "timestamp", "f": "boolean",
             "g": "decimal(15,3)", "h": "binary"}
    schema = {"fields": [{"name": name, "type": "string" if kind == "binary" else "any",
                          "mimic": {"type": kind}} for name, kind in types.items()]}
    fields = {"a": "integer", "b": "string", "c": "number", "d": "date", "e": "datetime", "f": "boolean",
              "g": "number", "h": "string"}
    for field in schema["fields"]:
        field["type"] = fields[field["name"]]
    mimic.write(data, target, schema, name="x")
    assert mimic.open(target)["x"].to_pydict() == data
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({name: pandas.Series(values, dtype=object) for name, values in data.items()})
    mimic.write(frame, target, schema, name="x")
    assert mimic.open(target)["x"].to_pydict() == data
    arrays = mimic.open(target)["x"].to_numpy()
    mimic.write(arrays, target, schema, name="x")
    assert mimic.open(target)["x"].to_pydict() == data


@pytest.mark.parametrize("data, error", [
    (None, TypeError), (7, TypeError), ("text", TypeError), (b"bytes", TypeError), ({}, ValueError),
    ([], ValueError), ([1], TypeError), ({1: [1]}, TypeError), ({"a": 1}, TypeError), ({"a": "text"}, TypeError),
    ({"a": [1], "b": [1, 2]}, ValueError), ({"a": [1, "x"]}, TypeError), ({"a": [object()]}, TypeError),
    ({"a": [1 << 64]}, OverflowError), ({"a\0": [1]}, ValueError), ({"a": ["\ud800"]}, ValueError),
    ({"a": [decimal.Decimal("NaN")]}, ValueError), ({"a": [datetime.time(1, tzinfo=UTC)]}, TypeError),
    ({"a": [datetime.datetime(2000, 1, 1), datetime.datetime(2000, 1, 1, tzinfo=UTC)]}, TypeError),
    ({"a": [[1]]}, TypeError), (mimic.Table, TypeError)])
def test_what_cannot_be_written(data, error, tmp_path):
    for _ in range(2):
        with pytest.raises(error):
            mimic.write(data, tmp_path / "x.arrow")
    assert list(tmp_path.iterdir()) == []


def test_producers_that_raise(tmp_path):
    class Raises:
        def __arrow_c_stream__(self, requested_schema=None):
            raise KeyboardInterrupt

    class Array:
        def __arrow_c_array__(self, requested_schema=None):
            return 7

    with pytest.raises(KeyboardInterrupt):
        mimic.write(Raises(), tmp_path / "x.arrow")
    with pytest.raises(TypeError):
        mimic.write(Array(), tmp_path / "x.arrow")

    class Trap(list):
        def __iter__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mimic.write({"a": Trap([1])}, tmp_path / "x.arrow")


def test_progress_may_cancel(labevents, tmp_path):
    def stop(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        mimic.write(mimic.read_csv(labevents), tmp_path / "x.arrow", progress=stop)
    with pytest.raises(mimic.CancelledError):
        mimic.write(mimic.read_csv(labevents), tmp_path / "x.arrow", progress=lambda told: False)
    assert list(tmp_path.iterdir()) == []


def test_without_numpy(tmp_path):
    code = ("import sys; sys.modules['numpy'] = sys.modules['pandas'] = None\n"
            f"import mimic; target = {str(tmp_path / 'x.arrow')!r}\n"
            "mimic.write({'a': [1, None], 'b': ['x', None]}, target, name='t')\n"
            "assert mimic.open(target)['t'].to_pydict() == {'a': [1, None], 'b': ['x', None]}\n")
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=True)
