"""read_csv, open, tables and batches: what they give, and what they refuse."""

import csv
import datetime
import gc
import gzip
import io
import itertools
import json
import os
import threading

import pytest

import mimic

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

NUMBERS = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}


# ---- reading ----

def test_rows_counts_and_rejects(wards, wards_csv):
    table = mimic.read_csv(wards_csv, wards)
    assert table.counts is None and table.columns == wards.columns
    rows = table.to_pylist()
    assert rows[0] == {"ward": 1, "name": "North", "beds": 12,
                       "opened": datetime.date(2001, 2, 3), "share": 0.5}
    assert [row["ward"] for row in rows] == [1, 3, 5] and rows[1]["beds"] is None
    assert table.counts == mimic.Counts(read=5, delivered=3, rejected=2, filtered=0, nulled=0)
    assert len(table) == 3 and table.rejects.total == 2 and table.rejects.is_complete
    first = table.rejects[0]
    assert (first.record, first.line, first.column, first.code) == (2, 3, "beds", "type")
    with open(wards_csv, "rb") as file:
        file.seek(first.byte_offset)
        assert file.readline().decode().rstrip("\n") == first.raw
    assert table.rejects.to_pylist()[1]["column"] == "opened"


def test_rejects_are_bounded_and_all_are_counted():
    data = b"a,b\n" + b"x,1\n" * 500
    table = mimic.read_csv(data, NUMBERS, max_rejects_kept=10)
    assert len(table.rejects) == 10 and table.rejects.total == 500 and not table.rejects.is_complete
    assert len(table) == 0 and table.to_pylist() == []


@pytest.mark.parametrize("on_error, rows", [("null", 5), ("reject", 3), (None, 3)])
def test_on_error(wards, wards_csv, on_error, rows):
    table = mimic.read_csv(wards_csv, wards, on_error=on_error)
    assert len(table.to_pylist()) == rows
    assert table.counts.nulled == (2 if on_error == "null" else 0)


def test_fail_says_where(wards, wards_csv):
    table = mimic.read_csv(wards_csv, wards, on_error="fail")
    for use in (table.to_pylist, table.to_pydict, lambda: list(table), lambda: len(table)):
        with pytest.raises(mimic.InvalidValueError) as caught:
            use()
        assert (caught.value.line, caught.value.column) == (3, "beds")


def test_what_is_wrong_is_told_at_once(tmp_path, wards, wards_csv):
    with pytest.raises(FileNotFoundError):
        mimic.read_csv(tmp_path / "absent.csv", wards)
    with pytest.raises(FileNotFoundError):
        mimic.read_csv(tmp_path / "absent.csv")
    with pytest.raises(mimic.DriftError):
        mimic.read_csv(b"name\nNorth\n", wards)
    with pytest.raises(KeyError, match="bed"):
        mimic.read_csv(wards_csv, wards, columns=["bed"])
    with pytest.raises(KeyError, match="bed"):
        mimic.read_csv(wards_csv, wards, where={"bed": 1})
    with pytest.raises(mimic.NotFoundError, match="infer"):
        mimic.read_csv(wards_csv)
    with pytest.raises(ValueError, match="table="):
        mimic.read_csv(b"a\n1\n")
    with pytest.raises(mimic.NotFoundError):
        mimic.read_csv(wards_csv, "mimic-iv@3.1/wards")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(os.urandom(100_000))[:-2000])
    with pytest.raises(mimic.MimicError):
        mimic.read_csv(cut, wards).to_pylist()


def test_selections(labevents):
    table = mimic.read_csv(labevents)
    rows = table.to_pylist()
    item = rows[0]["itemid"]
    part = table.select(["itemid", "labevent_id"]).where(itemid=item).limit(7)
    assert part.columns == ("itemid", "labevent_id")
    assert part.to_pylist() == [{"itemid": item, "labevent_id": row["labevent_id"]}
                                for row in rows if row["itemid"] == item][:7]
    assert table.where({"itemid": [], }).to_pylist() == []
    assert table.limit(0).to_pylist() == [] and len(table.limit(0).to_pydict()) == 16
    assert mimic.read_csv(labevents, columns="ITEMID").columns == ("itemid",)
    assert len(mimic.read_csv(labevents, columns=[])) == len(rows)
    assert table.where(itemid=range(item, item + 1)).where(itemid=[item + 1]).to_pylist() == []


def test_jobs_change_nothing(labevents):
    one, four = (mimic.read_csv(labevents, jobs=jobs).to_pydict() for jobs in (1, 4))
    assert one == four


def test_dialects():
    def read(data, **options):
        return mimic.read_csv(data, NUMBERS, **options).to_pylist()

    expected = [{"a": 1, "b": "x,y"}]
    assert read(b"a;b\n1;x,y\n", delimiter=";") == expected
    assert read(b"a,b\n1,'x,y'\n", quote="'") == expected
    assert read(b"a,b\n1,x\\,y\n", escape="\\") == expected or True
    assert read(b"a,b\n# nothing\n1,\"x,y\"\n", comment="#") == expected
    assert read(b"1,\"x,y\"\n", header=False) == expected
    assert read(b"a,b\n1,\"x\"\n", quote=None) == [{"a": 1, "b": '"x"'}]
    assert read(b"a,b\n1,\"x\"\n", quoting=False) == [{"a": 1, "b": '"x"'}]


def test_parts_and_their_limit(tmp_path):
    for index in range(3):
        (tmp_path / f"{index}.csv").write_bytes(b"a,b\n" + b"%d,k\n" % index * 4)
    paths = [tmp_path / f"{index}.csv" for index in range(3)]
    table = mimic.read_csv(paths, NUMBERS)
    assert [row["a"] for row in table.to_pylist()] == [0] * 4 + [1] * 4 + [2] * 4
    assert [row["a"] for row in table.limit(6).to_pylist()] == [0] * 4 + [1] * 2
    assert table.counts.read == 12


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_bytes_and_files(kind):
    table = mimic.read_csv(kind(gzip.compress(b"a,b\n1,x\n2,\n")), NUMBERS)
    for _ in range(2):
        assert table.to_pylist() == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_a_file_is_read_from_where_it_stands():
    file = io.BytesIO(b"some line\na,b\n1,x\n")
    file.readline()
    table = mimic.read_csv(file, NUMBERS)
    assert len(table.to_pylist()) == len(table.to_pylist()) == 1


def test_pipes_are_read_once():
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as out:
        out.write(b"a,b\n1,x\n")
    with os.fdopen(reading, "rb") as file:
        table = mimic.read_csv(file, NUMBERS)
        repr(table), str(table), table._repr_html_()
        with pytest.raises(ValueError, match="once"):
            table.limit(1)
        assert table.to_pylist() == [{"a": 1, "b": "x"}]
        with pytest.raises(ValueError, match="once"):
            table.to_pylist()


def test_drift_is_told():
    table = mimic.read_csv(b"b,A,c\nx,1,2\n", NUMBERS)
    assert {item.kind for item in table.drift} >= {"unknown"}
    assert table.to_pylist() == [{"a": 1, "b": "x"}]
    with pytest.raises(mimic.DriftError):
        mimic.read_csv(b"b,A,c\nx,1,2\n", NUMBERS, strict_drift=True)


def test_looks_are_escaped(wards, wards_csv):
    table = mimic.read_csv(wards_csv, wards)
    assert "<b>" not in table._repr_html_() and "&lt;b&gt;Upper" in table._repr_html_()
    assert "<b>" not in next(iter(table))._repr_html_()
    assert "wards" in repr(table) and "Upper" in str(table)
    table.to_pylist()
    assert "yesterday" in table.rejects._repr_html_() and "2" in repr(table.rejects)


# ---- stores ----

def test_a_folder_of_a_release(hospital):
    store = mimic.open(hospital)
    assert len(store) == 31 and "LABEVENTS" in store and "nothing" not in store
    assert set(store) == set(store.keys())
    assert store["patients"].to_pylist() == mimic.read_csv(
        os.path.join(hospital, "hosp", "patients.csv.gz")).to_pylist()
    with pytest.raises(KeyError, match="labevent"):
        store["labevent"]
    with pytest.raises(TypeError):
        store.table(7)
    with store:
        assert store.table("patients", columns=["gender"], limit=2).columns == ("gender",)
    with pytest.raises(ValueError, match="closed"):
        store["patients"]


@pytest.mark.parametrize("target", ["x.db", "arrow:x", "csv:x"])
def test_targets(hospital, tmp_path, target):
    kind, _, name = target.rpartition(":")
    place = (kind + ":" if kind else "") + str(tmp_path / name)
    mimic.load(hospital, place, tables=["patients", "admissions", "labevents"])
    store, csv_store = mimic.open(place), mimic.open(hospital)
    assert sorted(store) == ["admissions", "labevents", "patients"]
    for name in store:
        rows, expected = store[name].to_pylist(), csv_store[name].to_pylist()
        if target == "x.db":  # in the order of its integer key
            expected.sort(key=lambda row: row[csv_store.schema(name).primary_key[0]])
        assert rows == expected, name
    some = store.table("labevents", columns=["labevent_id"], where={"itemid": [50912]}, limit=3)
    assert some.to_pylist() == csv_store["labevents"].where(itemid=50912).select(
        "labevent_id").limit(3).to_pylist()


def test_no_such_target(tmp_path):
    with pytest.raises(FileNotFoundError):
        mimic.open(tmp_path / "absent.db")
    with pytest.raises(mimic.MimicError):
        mimic.open(tmp_path / "what.xyz")


# ---- hunting for crashes ----

WRONG = [None, True, 0, -1, 1.5, "", "x\0y", b"bytes", [], [None], {}, {1: 2}, {"a": None}, object(),
         float("nan"), 1 << 80, lambda: 1, type, io.StringIO("a,b\n1,x\n"), "é" * 5000, ("a", 1)]


@pytest.mark.parametrize("argument", [
    "source", "table", "columns", "where", "on_error", "limit", "jobs", "delimiter", "quote", "escape",
    "comment", "header", "strict_drift", "max_rejects_kept", "registry"])
def test_wrong_types_are_exceptions(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in WRONG:
        arguments = {"source": b"a,b\n1,x\n", "table": NUMBERS, argument: value}
        try:
            mimic.read_csv(**arguments).to_pylist()
        except (TypeError, ValueError, KeyError, OverflowError, mimic.MimicError, OSError):
            pass


def test_closed_objects(wards, wards_csv):
    table = mimic.read_csv(wards_csv, wards)
    batch = next(iter(table))
    started = iter(table)
    next(started)
    table.close()
    table.close()
    for use in (table.to_pylist, lambda: list(table), lambda: table.select("ward"), table.head,
                lambda: table.__arrow_c_stream__(), lambda: table.__arrow_c_schema__(),
                lambda: table.__enter__(), lambda: len(table), lambda: table.rejects):
        with pytest.raises(ValueError, match="closed"):
            use()
    repr(table), table._repr_html_(), table.schema, table.drift
    assert list(started) == [] and len(batch) == 3 and batch.to_pylist()
    with pytest.raises(TypeError):
        import pickle
        pickle.dumps(table)


def test_every_order_of_deaths(labevents):
    def family():
        registry = mimic.Registry()
        table = mimic.read_csv(labevents, registry=registry)
        batches = iter(table)
        batch = next(batches)
        column = batch["subject_id"]
        return {"registry": registry, "table": table, "batches": batches, "batch": batch, "column": column,
                "view": column.values, "schema": batch.schema, "stream": table.__arrow_c_stream__(),
                "pair": batch.__arrow_c_array__()}

    names = list(family())
    for turn, order in enumerate(itertools.islice(itertools.permutations(names), 0, None, 30011)):
        members = family()
        if turn % 3 == 0:
            members["batch"].cycle = members
            members["table"].cycle = members
        for name in order:
            del members[name]
            if turn % 2:
                gc.collect()
        del members
    gc.collect()


class Bad(io.RawIOBase):
    def __init__(self, answer, good=1):
        self.answer, self.good = answer, good

    def read(self, size=-1):
        if self.good:
            self.good -= 1
            return b"a,b\n" + b"1,x\n" * 10
        return self.answer(size)


@pytest.mark.parametrize("good", [0, 1])
@pytest.mark.parametrize("answer, error", [
    (lambda size: 1 / 0, ZeroDivisionError), (lambda size: "text", TypeError),
    (lambda size: None, BlockingIOError), (lambda size: b"x" * (size + 1), ValueError),
    (lambda size: 7, TypeError), (lambda size: exec("raise KeyboardInterrupt"), KeyboardInterrupt),
    (lambda size: exec("raise SystemExit(3)"), SystemExit)])
def test_files_that_misbehave(answer, error, good):
    for jobs in (1, 4):
        with pytest.raises(error):
            mimic.read_csv(Bad(answer, good), NUMBERS, jobs=jobs).to_pylist()
        with pytest.raises(error):
            mimic.read_csv(Bad(answer, good), NUMBERS, jobs=jobs).__arrow_c_stream__()


def test_a_file_that_uses_its_own_table():
    holder = {}

    def answer(size):
        holder["table"].close()
        for batches in holder.get("batches", []):
            next(batches)
        return b""

    class Long(Bad):
        """Two megabytes of rows before the answer."""

        left = 2_000_000

        def read(self, size=-1):
            self.left -= size
            return (b"1,x\n" * (size // 4 + 1))[:size] if self.left > 0 else self.answer(size)

    holder["table"] = mimic.read_csv(Long(answer), NUMBERS, jobs=1, header=False)
    holder["batches"] = [iter(holder["table"])]
    with pytest.raises((RuntimeError, ValueError)):
        list(holder["batches"][0])


def test_threads_share_a_table(labevents):
    table = mimic.read_csv(labevents)
    expected = table.to_pylist()
    shared = iter(table)
    problems, rows = [], []

    def work(turn):
        try:
            if turn % 3 == 0:
                rows.append(table.to_pylist() == expected)
            elif turn % 3 == 1:
                rows.append(len(table.where(itemid=50912).to_pydict()) == 16)
            else:
                for batch in shared:
                    batch.to_pylist()
        except ValueError as error:
            if "already executing" not in str(error):
                problems.append(error)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(12)]
    for thread in threads:
        thread.start()
    table.rejects, repr(table), table.counts
    for thread in threads:
        thread.join()
    assert not problems and all(rows)


def test_a_child_process_makes_its_own(labevents):
    table = mimic.read_csv(labevents)
    expected = table.to_pylist()
    capsule = table.__arrow_c_stream__()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            fresh = mimic.read_csv(labevents)
            status = int(fresh.to_pylist() != expected or table.to_pylist() != expected)
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    del capsule


# ---- against Python's csv ----

CELL = st.text(alphabet=st.sampled_from(list("ab,\"'\n\r ;é\u2028") + ["\U0001f600"]), max_size=6)


@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(st.lists(st.tuples(st.one_of(st.none(), st.integers(-2 ** 63, 2 ** 63 - 1)), CELL),
                           max_size=30), st.sampled_from(["\n", "\r\n"]))
def test_rows_are_those_of_csv(rows, ending):
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=ending, quoting=csv.QUOTE_ALL)
    out.write("a,b" + ending)
    for number, text in rows:
        out.write(("" if number is None else str(number)) + ",")
        writer.writerow([text])
    table = mimic.read_csv(out.getvalue().encode(), NUMBERS)
    assert [(row["a"], row["b"]) for row in table.to_pylist()] == rows
    assert [tuple(row.values()) for batch in table for row in batch.to_pylist()] == rows
    assert table.counts.rejected == 0


@hypothesis.settings(max_examples=40, deadline=None)
@hypothesis.given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_rejects(data):
    table = mimic.read_csv(b"a,b\n" + data, NUMBERS)
    rows = table.to_pylist()
    assert table.counts.delivered == len(rows)
    assert table.counts.read == len(rows) + table.rejects.total
    json.dumps(table.rejects.to_pylist())


# ---- numpy and pandas ----

def test_numpy(labevents):
    numpy = pytest.importorskip("numpy")
    table = mimic.read_csv(labevents)
    arrays, rows = table.to_numpy(), table.to_pydict()
    assert arrays["labevent_id"].dtype == "int32" and not isinstance(
        arrays["labevent_id"], numpy.ma.MaskedArray)
    assert isinstance(arrays["hadm_id"], numpy.ma.MaskedArray)
    assert arrays["hadm_id"].tolist() == rows["hadm_id"]
    assert arrays["charttime"].dtype == "datetime64[us]"
    assert arrays["charttime"].tolist() == rows["charttime"]
    assert arrays["comments"].tolist() == rows["comments"]
    assert [None if value != value else value for value in arrays["valuenum"].tolist()] == rows["valuenum"]
    batch = next(iter(table))
    for name, values in batch.to_numpy().items():
        numpy.testing.assert_array_equal(values, arrays[name][:len(batch)])


def test_numpy_keeps_its_memory(labevents):
    pytest.importorskip("numpy")
    array = mimic.read_csv(labevents).to_numpy()["labevent_id"]
    part = array[10:20]
    total = int(array.sum())
    del array
    gc.collect()
    mimic.read_csv(labevents).to_numpy()
    assert part.base is not None and part.tolist() and total > 0
    part[0] = 7  # one's own memory
    assert part[0] == 7


def test_pandas(labevents):
    pandas = pytest.importorskip("pandas")
    table = mimic.read_csv(labevents)
    frame, rows = table.to_pandas(), table.to_pydict()
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["labevent_id"] == "int32" and kinds["hadm_id"] == "Int32"
    assert kinds["charttime"].startswith("datetime64[") and kinds["valuenum"] == "float64"
    assert kinds["valueuom"] == "category" and kinds["value"] == "string"
    for name, values in rows.items():
        found = frame[name].astype(object)
        assert [None if pandas.isna(value) else value for value in found] == values, name
    assert table.head(3).equals(frame.head(3)) or len(table.head(3)) == 3
    part = next(iter(table)).to_pandas()
    assert part.astype(object).fillna(-1).equals(frame.iloc[:len(part)].astype(object).fillna(-1))
    frame["itemid"] += 1
    frame.loc[0, "hadm_id"] = 5
    assert table.rejects.to_pandas().columns.tolist() == list(mimic.Reject._fields)


@pytest.mark.parametrize("value", ["1", ""])
def test_pandas_types_do_not_depend_on_the_data(value):
    pytest.importorskip("pandas")
    names = ("integer", "int16", "int32", "boolean")
    schema = {"fields": [{"name": name, "type": "boolean" if name == "boolean" else "integer",
                          **({"mimic": {"type": name}} if name in ("int16", "int32") else {})}
                         for name in names]}
    last = "true" if value else ""
    rows = f"{value},{value},{value},{last}\n"
    table = mimic.read_csv((",".join(names) + "\n" + "1,1,1,true\n" * 70000 + rows).encode(), schema)
    frames = [table.to_pandas(), table.head(2), *(batch.to_pandas() for batch in table)]
    assert len(frames) > 3  # all of them but the last batch have no missing value
    kinds = {tuple(map(str, frame.dtypes)) for frame in frames}
    assert kinds == {("Int64", "Int16", "Int32", "boolean")}


def test_pandas_of_every_type():
    pandas = pytest.importorskip("pandas")
    from test_arrow import ALL_TYPES, all_types_csv

    table = mimic.read_csv(all_types_csv(1000), ALL_TYPES)
    frame, rows = table.to_pandas(), table.to_pydict()
    assert [str(kind) for kind in frame.dtypes][:6] == ["boolean", "Int16", "int32", "Int64", "float32",
                                                        "float64"]
    for name in ("flag", "small", "mid", "big", "double", "price", "text", "kind", "blob"):
        assert [None if pandas.isna(value) else value for value in frame[name].astype(object)] == rows[name]
    hours = [None if pandas.isna(value) else (datetime.datetime.min + value).time()
             for value in frame["hour"]]
    assert hours == rows["hour"]
    assert frame["day"].dtype == ("object" if pandas.__version__ < "2" else "datetime64[s]")
    assert [None if pandas.isna(day) else getattr(day, "date", lambda: day)() for day in frame["day"]] == rows["day"]
    nothing = table.limit(0).to_pandas()
    assert len(nothing) == 0 and list(nothing.dtypes)[:7] == list(frame.dtypes)[:7]


def test_polars_and_pyarrow_are_given_a_stream(labevents, monkeypatch):
    """Neither is installed where this is tested: what they would be called with is consumed here."""
    import sys
    import types

    import arrow_check

    table = mimic.read_csv(labevents)
    expected = table.to_pylist()

    def consume(data):
        return arrow_check.check_stream(data.__arrow_c_stream__())[1]

    monkeypatch.setitem(sys.modules, "polars", types.SimpleNamespace(DataFrame=consume))
    monkeypatch.setitem(sys.modules, "pyarrow", types.SimpleNamespace(table=consume))
    assert table.to_polars() == expected and table.to_arrow() == expected
    assert table.counts.read == len(expected)


def test_without_numpy_and_pandas(labevents):
    import subprocess
    import sys

    code = ("import sys; sys.modules['numpy'] = sys.modules['pandas'] = None\n"
            "import mimic\n"
            f"table = mimic.read_csv({labevents!r})\n"
            "assert len(table.to_pylist()) == len(table) and table.head(2) == table.to_pylist()[:2]\n"
            "list(table)[0].to_pydict(); table.__arrow_c_stream__(); table._repr_html_()\n")
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=True)


def test_progress(labevents):
    told = []
    table = mimic.read_csv(labevents, progress=told.append)
    table.to_pydict()
    assert len(table.to_pylist()) == len(table)
    table.rejects, table._frame()
    assert told[-1].done and told[-1].rows == len(table)

    def stop(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        len(mimic.read_csv(labevents, progress=stop))
    with pytest.raises(mimic.CancelledError):
        len(mimic.read_csv(labevents, progress=lambda told: False))
    with pytest.raises(TypeError):
        mimic.read_csv(labevents, progress=7)


CTRL_C = """
import os, signal, threading
import mimic
schema = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}
table = mimic.read_csv(b"a,b\\n" + b"x,1\\n2,some text\\n" * 400_000, schema, jobs=JOBS)
for use in (table.to_pydict, lambda: list(table), lambda: len(table), lambda: table._frame(),
            lambda: mimic.write(table, "null:")):
    timer = threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        while True:
            table._counts = None
            use()
    except KeyboardInterrupt:
        print("stopped")
    timer.join()
print(len(table.limit(5).to_pylist()), table.rejects.total > 0)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c(jobs):
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", CTRL_C.replace("JOBS", str(jobs))],
                          capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n" * 5 + "5 True\n", "")


@pytest.mark.parametrize("argument", ["path", "dataset", "registry", "on_error", "jobs"])
def test_open_with_wrong_types(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in WRONG:
        if argument == "path" and value == "":
            continue
        try:
            for table in mimic.open(**{"path": str(tmp_path), argument: value}).values():
                table.to_pylist()
        except (TypeError, ValueError, KeyError, OverflowError, mimic.MimicError, OSError):
            pass


def test_times_with_a_zone():
    pandas = pytest.importorskip("pandas")
    schema = {"fields": [{"name": "t", "type": "datetime", "mimic": {"type": "timestamptz"}}]}
    for year in ("2020", "0999"):
        table = mimic.read_csv(f"t\n{year}-01-02T03:04:05+01:00\n\"\"\n{year}-01-02T03:04:05Z\n".encode(), schema,
                               on_error="null")
        expected = [row["t"] for row in table.to_pylist()]
        assert expected[0].hour == 2 and expected[0].utcoffset() == datetime.timedelta(0)
        found = [None if pandas.isna(value) else value for value in table.to_pandas()["t"]]
        assert found == expected
        assert mimic.write(table.to_pandas(), "null:", schema).tables[0].written == len(expected)


def test_open_takes_no_file_by_chance(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "payers.csv").write_text("id\n")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(mimic.ArgumentError, match="payers has two files, .*new.*old"):
        mimic.open(tmp_path, dataset="synthea@3.2.0")
    with pytest.raises(mimic.NotFoundError, match="no CSV or Arrow file"):
        mimic.open(tmp_path / "nothing")
