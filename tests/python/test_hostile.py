"""What nobody should do, and somebody will: each was a crash, a hang or a wrong result once."""

import gc
import io
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref

import pytest

import mimic

TABLE = {"fields": [{"name": "ward", "type": "integer"}, {"name": "name", "type": "string"}]}


def read(source, **options):
    return mimic.read_csv(source, table=TABLE, **options)


def numbered(rows):
    return b"ward,name\n" + b"".join(b"%d,n%d\n" % (i, i % 9) for i in range(rows))


class Pipe(io.RawIOBase):
    """A file object that cannot seek."""

    def __init__(self, data):
        super().__init__()
        self._rest = io.BytesIO(data)

    def read(self, size=-1):
        return self._rest.read(size)

    def readable(self):
        return True

    def seekable(self):
        return False


# ---- handles of the wrong kind ----

@pytest.mark.parametrize("wrong", ["mimic-iv@3.1", 5, [], {}])
def test_registry_must_be_one(hospital, tmp_path, wrong):
    check_registry(wrong, hospital, tmp_path)


def test_dataset_is_no_registry(hospital, tmp_path):
    """It has a handle too, which the library would take for one of a registry."""
    check_registry(mimic.registry()["mimic-iv@3.1"], hospital, tmp_path)


def check_registry(wrong, hospital, tmp_path):
    patients = os.path.join(hospital, "hosp", "patients.csv.gz")
    for job in (lambda: mimic.check(hospital, registry=wrong),
                lambda: mimic.load(hospital, tmp_path / "x.db", registry=wrong),
                lambda: mimic.convert(patients, "null:", registry=wrong),
                lambda: mimic.detect(hospital, registry=wrong),
                lambda: mimic.quality(tmp_path, registry=wrong),
                lambda: mimic.synth("mimic-iv", tmp_path / "s", registry=wrong),
                lambda: mimic.open(hospital, registry=wrong),
                lambda: mimic.read_csv(patients, registry=wrong),
                lambda: mimic.Schema.of("mimic-iv/patients", registry=wrong),
                lambda: mimic.write({"a": [1]}, "null:", registry=wrong)):
        with pytest.raises(TypeError, match="must be a mimic.Registry"):
            job()


def test_report_is_made_by_the_library(hospital):
    report = mimic.check(hospital, tables=["patients"])
    assert not hasattr(report, "take") and report.total("read") == report["patients"].read
    for wrong in ("x", "table", None, 5):
        with pytest.raises(ValueError, match="count must be one of"):
            report.total(wrong)


def test_names_that_are_none(hospital):
    """Of whatever type, they are not there."""
    known = mimic.registry()
    report = mimic.check(hospital, tables=["patients"], quality=True)
    for wrong in (5, None, ("a",), b"patients"):
        for owner in (known["mimic-iv@3.1"], known["mimic-iv@3.1/labevents"], report, report.quality,
                      next(iter(read(b"ward,name\n1,a\n")))):
            with pytest.raises(KeyError):
                owner[wrong]
        with pytest.raises(TypeError):
            known[wrong]
        assert wrong not in known
    assert "\0" not in known and "\ud800" not in known


@pytest.mark.parametrize("wrong", [1.5, "3", None, True])
def test_min_count_is_a_number(hospital, wrong):
    quality = mimic.check(hospital, tables=["patients"], quality=True).quality
    with pytest.raises(TypeError, match="min_count"):
        quality.to_text(min_count=wrong)
    for wrong_too in (-1, 1 << 70):
        with pytest.raises(ValueError, match="min_count"):
            quality.to_json(min_count=wrong_too)


# ---- what is not there ----

def test_unknown_names_say_what_is_meant(hospital, labevents):
    table = mimic.read_csv(labevents)
    for job in (lambda: mimic.read_csv(labevents, columns=["valuenu"]),
                lambda: mimic.read_csv(labevents, where={"valuenu": [1]}),
                lambda: table.select("valuenu"), lambda: table.where(valuenu=1),
                lambda: mimic.registry()["mimic-iv/labevents"]["valuenu"]):
        with pytest.raises(mimic.NotFoundError, match='has no column "valuenu"; did you mean '
                                                      r'"valuenum"\? It has: labevent_id, ') as found:
            job()
        assert isinstance(found.value, KeyError) and found.value.column == "valuenu"
    with mimic.open(hospital) as store:
        for job in (lambda: store["labevent"], lambda: store.table("labevent"),
                    lambda: store.schema("labevent")):
            with pytest.raises(mimic.NotFoundError, match='has no table "labevent"; did you mean '
                                                          r'"labevents"\? It has: admissions, '):
                job()
        with pytest.raises(mimic.NotFoundError, match='no table "x"; it has: admissions'):
            store["x"]
        assert store.get("labevent") is None and "labevent" not in store


def test_words_are_those_of_the_library():
    dataset = mimic.registry()["mimic-iv@3.1"]
    for wanted in ("labevent", "LABEVENS", "x", "patient", "poe_", "drgcode"):
        with pytest.raises(mimic.NotFoundError) as ours:
            dataset[wanted]
        with pytest.raises(mimic.NotFoundError) as its:
            mimic.registry()[f"mimic-iv@3.1/{wanted}"]
        assert ours.value.message == its.value.message


def test_ignored_files_are_named(hospital, tmp_path):
    folder = tmp_path / "hospital"
    shutil.copytree(hospital, folder)
    (folder / "notes.csv").write_text("a\n1\n", encoding="utf-8")
    report = mimic.check(folder, tables=["patients"])
    assert "\nIgnored files\n  notes.csv" in str(report)
    assert "notes.csv" in report._repr_html_() and "unknown" not in str(report)


def test_star_leaves_the_builtin_open():
    names = {}
    exec("from mimic import *", names)  # noqa: S102
    assert "open" not in names and names["read_csv"] is mimic.read_csv


# ---- files that are read once, and files that are read by several ----

def test_all_parts_of_what_is_read_once(tmp_path):
    path = tmp_path / "c.csv"
    path.write_bytes(b"ward,name\n3,c\nx,d\n")
    parts = [Pipe(b"ward,name\n1,a\n"), Pipe(b"ward,name\ny,b\n2,b\n"), path]
    table = read(parts)
    assert [row["ward"] for row in table.to_pylist()] == [1, 2, 3]
    assert len(table) == 3 and [reject.raw for reject in table.rejects] == ["y,b", "x,d"]
    with pytest.raises(ValueError, match="read once only"):
        table.to_pylist()
    parts = [Pipe(b"ward,name\n1,a\n2,a\n"), Pipe(b"ward,name\n3,b\n4,b\n")]
    assert [row["ward"] for row in read(parts, limit=3).to_pylist()] == [1, 2, 3]


def test_list_of_batches_of_a_pipe():
    """list() asks for the length first."""
    batches = list(read(Pipe(b"ward,name\n1,a\n")))
    assert [batch.to_pylist() for batch in batches] == [[{"ward": 1, "name": "a"}]]
    with pytest.raises(TypeError, match="read once only"):
        len(read(Pipe(b"ward,name\n1,a\n")))


def test_fifo_is_opened_once(tmp_path):
    """Another open would wait for another writer."""
    path = tmp_path / "fifo.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(b"ward,name\n1,a\n"))
    writer.start()
    table = read(path)
    assert table.to_pylist() == [{"ward": 1, "name": "a"}]
    writer.join()
    with pytest.raises(ValueError, match="read once only"):
        table.to_pylist()


def test_readings_of_one_file_object_at_a_time():
    rows = 200_000
    table = read(io.BytesIO(numbered(rows)), jobs=1)
    first, second = [], []
    for one, other in zip(table, table):
        first += one.to_pydict()["ward"]
        second += other.to_pydict()["ward"]
    assert first == second == list(range(rows))


def test_threads_share_a_file_object():
    table = read(io.BytesIO(numbered(100_000)), jobs=2)
    sums = []
    threads = [threading.Thread(target=lambda: sums.append(sum(table.to_pydict()["ward"])))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [sum(range(100_000))] * 4


class Nosy(io.BytesIO):
    """Uses the table that is read from it."""

    table = None
    reads = 0

    def read(self, size=-1):
        self.reads += 1
        if self.reads == 3:
            self.table.to_pylist()
        return super().read(size)


def test_file_object_that_reads_its_table():
    file = Nosy(numbered(200_000))
    file.table = read(file, jobs=1)
    with pytest.raises(RuntimeError, match="read.. of its own"):
        file.table.to_pylist()
    assert len(file.table.to_pylist()) == 200_000


def test_file_object_that_stands_in_the_middle():
    file = io.BytesIO(b"preface\nward,name\n1,a\n")
    file.seek(8)
    table = read(file)
    assert table.to_pylist() == table.to_pylist() == [{"ward": 1, "name": "a"}]


def test_where_without_values():
    for column in ("ward", "name"):
        assert read(b"ward,name\n1,a\n", where={column: []}).to_pylist() == []


# ---- memory ----

def test_frames_go_without_a_collection():
    """A frame in a cycle would hold a whole table until somebody collects garbage."""
    pytest.importorskip("pandas")
    from mimic import _frame

    made = []
    new = _frame.Frame.__init__

    def watched(self, *arguments, **options):
        new(self, *arguments, **options)
        made.append(weakref.ref(self))

    gc.collect()
    gc.disable()
    _frame.Frame.__init__ = watched
    try:
        table = read(numbered(100))
        values = table.to_pandas()["ward"].to_numpy(), table.to_numpy(), table.__arrow_c_schema__()
        assert len(made) == 2
        del values
        assert [frame() for frame in made] == [None, None]
    finally:
        _frame.Frame.__init__ = new
        gc.enable()


def test_written_data_goes_without_a_collection():
    numpy = pytest.importorskip("numpy")
    gc.collect()
    gc.disable()
    try:
        values = numpy.arange(10)
        gone = weakref.ref(values)
        mimic.write({"a": values}, "null:", name="x")
        del values
        assert gone() is None
    finally:
        gc.enable()


# ---- forks ----

def in_child(function):
    """What a forked child says, or None when it hangs or crashes."""
    ours, its = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            said = repr(function())
        except BaseException as error:
            said = type(error).__name__
        os.write(its, said.encode()[:1000])
        os._exit(0)
    os.close(its)
    try:
        ready, _, _ = select.select([ours], [], [], 70)
        said = os.read(ours, 1000).decode() if ready else ""
    finally:
        os.close(ours)
        _, status = os.waitpid(child, 0)
    return said if status == 0 else None


@pytest.mark.skipif(not hasattr(os, "fork") or "MIMIC_TEST_SANITIZER" in os.environ,
                    reason="no fork, or a sanitizer that does not fork well")
@pytest.mark.parametrize("kind", ["path", "bytes"])
def test_child_of_a_fork(tmp_path, kind):
    """Threads of a reading stay in the parent: the child must neither use nor free it."""
    path = tmp_path / "wards.csv"
    path.write_bytes(numbered(300_000))
    source = path if kind == "path" else path.read_bytes()
    table = read(source, jobs=2)
    rows = iter(table)
    read_before = len(next(rows))
    capsule = table.__arrow_c_stream__()

    def drop():
        nonlocal rows, capsule
        rows = capsule = None
        gc.collect()
        return mimic._arrow.sweep()

    assert in_child(lambda: next(rows)) == "RuntimeError"
    assert in_child(lambda: rows.close()) == "None"
    assert in_child(drop) == "None"
    assert in_child(lambda: sum(len(batch) for batch in table)) == "300000"
    assert in_child(lambda: len(read(source).to_pydict()["ward"])) == "300000"
    assert read_before + sum(len(batch) for batch in rows) == 300_000  # the parent goes on


# ---- names that terminals and notebooks must not believe ----

def test_file_name_with_escapes(tmp_path):
    path = os.fsencode(tmp_path) + b"/\x1b[31m\xff<b>.csv"
    with open(path, "wb") as file:
        file.write(b"ward,name\n1,<script>\n")
    table = read(os.fsdecode(path))
    for text in (repr(table), str(table)):
        assert "\x1b" not in text and text.encode("utf-8")
    page = table._repr_html_()
    assert "<b>" not in page and "<script>" not in page and page.encode("utf-8")


# ---- writing ----

def test_data_frames_need_no_pyarrow(monkeypatch):
    """The stream of pandas 2.2 is pyarrow's, and has the index in it."""
    pandas = pytest.importorskip("pandas")

    def refuse(self, requested_schema=None):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pandas.DataFrame, "__arrow_c_stream__", refuse, raising=False)
    frame = pandas.DataFrame({"a": [1, 2]}, index=["x", "y"])
    assert mimic.write(frame, "null:").tables[0].written == 2


def test_times_in_steps(tmp_path):
    numpy = pytest.importorskip("numpy")
    times = numpy.array(["2500-01-01T00:00:00"], "M8[s]").astype("M8[25s]")
    mimic.write({"t": times}, tmp_path / "x.db", name="x")
    made = mimic.open(tmp_path / "x.db")["x"].to_pylist()[0]["t"]
    assert str(made).startswith("2499-12-31 23:59:35") or str(made).startswith("2500-01-01 00:00:00")


def test_dates_and_decimals_that_are_too_far():
    numpy = pytest.importorskip("numpy")
    from decimal import Decimal

    with pytest.raises(OverflowError, match="column d"):
        mimic.write({"d": numpy.array([1 << 40], "M8[D]")}, "null:")
    begun = time.process_time()
    for far in ("1E+99999999", "1E-99999999", "1E+40"):
        with pytest.raises(ValueError, match="column d.*38"):
            mimic.write({"d": [Decimal(far)]}, "null:")
    assert time.process_time() - begun < 30


def test_nanoseconds_are_not_lost():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="finer than microseconds"):
        mimic.write({"t": [pandas.Timestamp(1)]}, "null:")


def test_nothing_is_left_open_at_the_end(tmp_path):
    """A process that ends with everything half-way."""
    path = tmp_path / "wards.csv"
    path.write_bytes(numbered(300_000))
    program = (
        "import mimic, sys\n"
        f"table = mimic.read_csv({str(path)!r}, table={TABLE!r}, jobs=2)\n"
        "rows = iter(table); batch = next(rows); view = batch['ward'].values\n"
        "sys.left = (table.__arrow_c_stream__(), batch.__arrow_c_array__(), rows, view)\n"
        "class Last:\n"
        "    def __del__(self, batch=batch, view=view): print(len(batch), view[3])\n"
        "sys.last = Last()\n")
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", program], check=False,
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and done.stderr == "", done
