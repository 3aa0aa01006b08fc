"""Capsules: what they hold, as an independent judge sees it, and who frees it when."""

import gc
import io
import os
import subprocess
import sys
import threading

import pytest

import arrow_check
import mimic
from mimic import _arrow

ALL_TYPES = {"fields": [
    {"name": "flag", "type": "boolean"},
    {"name": "small", "type": "integer", "mimic": {"type": "int16"}},
    {"name": "mid", "type": "integer", "mimic": {"type": "int32"}, "constraints": {"required": True}},
    {"name": "big", "type": "integer"},
    {"name": "single", "type": "number", "mimic": {"type": "float32"}},
    {"name": "double", "type": "number"},
    {"name": "price", "type": "number", "mimic": {"type": "decimal(12,3)"}},
    {"name": "day", "type": "date"},
    {"name": "hour", "type": "time"},
    {"name": "moment", "type": "datetime", "mimic": {"type": "timestamp"}},
    {"name": "text", "type": "string"},
    {"name": "kind", "type": "string", "mimic": {"type": "categorical"}},
    {"name": "blob", "type": "string", "mimic": {"type": "binary"}},
]}
HEADER = "flag,small,mid,big,single,double,price,day,hour,moment,text,kind,blob\n"


def all_types_csv(rows):
    lines = [HEADER]
    for row in range(rows):
        if row % 7 == 3:
            lines.append(f",,{row},,,,,,,,,,\n")
        else:
            lines.append(
                f"{'true' if row % 2 else 'false'},{row % 3000},{row},{row * 10 ** 10},{row / 4},"
                f"{row / 8},{row % 99}.125,2{row % 1000:03}-02-28,{row % 24:02}:15:00,"
                f"2150-01-{row % 28 + 1:02}T{row % 24:02}:00:01,\"tèxt {row}, \"\"q\"\"\","
                f"kind {row % 5},aGk=\n")
    return "".join(lines).encode()


@pytest.fixture(scope="module")
def all_types():
    return mimic.read_csv(all_types_csv(20_000), table=ALL_TYPES)


def settle():
    gc.collect()
    assert not _arrow._capsules and not _arrow._kept


def test_streams_hold_what_rows_hold(all_types):
    rows = all_types.to_pylist()
    assert len(rows) == 20_000 and all_types.rejects.total == 0
    field, streamed = arrow_check.check_stream(all_types.__arrow_c_stream__())
    assert [child.name for child in field.children] == list(all_types.columns)
    assert streamed == rows
    assert not field.children[2].is_nullable and field.children[1].is_nullable
    assert field.children[11].dictionary is not None
    settle()


def test_whole_streams_hold_the_same(all_types):
    assert arrow_check.check_stream(all_types._whole_stream())[1] == all_types.to_pylist()
    settle()


def test_batches_hold_what_rows_hold(all_types):
    rows = []
    for batch in all_types:
        field, part = arrow_check.check_pair(batch.__arrow_c_array__())
        assert part == batch.to_pylist() and len(part) == len(batch)
        rows += part
    assert rows == all_types.to_pylist()
    assert [child.format for child in field.children] == [
        child.format for child in arrow_check.check_schema(all_types.__arrow_c_schema__()).children]
    assert arrow_check.check_schema(batch.__arrow_c_schema__()).metadata["mimic:table"]


def test_an_array_shares_the_batch_and_outlives_it(all_types):
    batch = next(iter(all_types))
    mine = batch["mid"].values
    pair = batch.__arrow_c_array__()
    schema, array = (arrow_check.take(pair[0], arrow_check.Schema),
                     arrow_check.take(pair[1], arrow_check.Array))
    other = batch.__arrow_c_array__()
    rows = batch.to_pylist()
    address = array.children[2].contents.buffers[1]
    assert address == batch._owned.struct.children[2].contents.buffers[1]
    del batch
    gc.collect()
    field = arrow_check.Field(schema)
    assert arrow_check.check_array(array, field, is_root=True) == rows
    arrow_check.release(array)
    assert arrow_check.check_pair(other)[1] == rows
    assert mine[5] == 5  # a view keeps the memory too
    arrow_check.release(schema)


def test_a_stream_outlives_everything(labevents):
    """Table, registry and capsule are gone; what the stream needs is not."""
    registry = mimic.Registry()
    table = mimic.read_csv(labevents, registry=registry)
    rows = table.to_pylist()
    capsule = table.__arrow_c_stream__()
    del table, registry
    gc.collect()
    assert arrow_check.check_stream(capsule)[1] == rows
    del capsule
    settle()


def test_bytes_live_as_long_as_their_stream():
    data = bytearray(all_types_csv(5000))
    capsule = mimic.read_csv(data, table=ALL_TYPES).__arrow_c_stream__()
    gc.collect()
    with pytest.raises(BufferError):
        data.clear()
    assert len(arrow_check.check_stream(capsule, early=1)[1]) > 0
    del capsule
    settle()
    data.clear()


def test_file_objects_and_parts_are_read_before_they_leave(tmp_path):
    data = all_types_csv(3000)
    table = mimic.read_csv(io.BytesIO(data), table=ALL_TYPES)
    assert len(arrow_check.check_stream(table.__arrow_c_stream__())[1]) == 3000
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(data)
    parts = mimic.read_csv([tmp_path / "a.csv", tmp_path / "b.csv"], table=ALL_TYPES)
    assert arrow_check.check_stream(parts.__arrow_c_stream__())[1] == parts.to_pylist()
    assert parts.counts.read == 6000


def test_capsules_that_nobody_takes_are_freed(labevents):
    table = mimic.read_csv(labevents)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(40):
        table.__arrow_c_stream__()
        table.__arrow_c_schema__()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    settle()


def test_a_capsule_that_dies_while_an_exception_flies(labevents):
    """A destructor in Python would crash here."""
    table = mimic.read_csv(labevents)
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            print(table.__arrow_c_stream__(), 1 / 0)
    gc.collect()
    settle()


def test_a_capsule_is_taken_once(labevents):
    table = mimic.read_csv(labevents, limit=10)
    capsule = table.__arrow_c_stream__()
    arrow_check.release(arrow_check.take(capsule, arrow_check.Stream))
    with pytest.raises(ValueError, match="taken"):
        _arrow.pointer(capsule, _arrow.ArrowArrayStream)
    with pytest.raises(TypeError, match="another name"):
        _arrow.pointer(table.__arrow_c_schema__(), _arrow.ArrowArrayStream)
    with pytest.raises(TypeError, match="PyCapsule"):
        _arrow.pointer("no capsule", _arrow.ArrowArrayStream)


def test_errors_of_a_stream_have_a_message():
    table = mimic.read_csv(b"mid\n1\nx\n", table={"fields": [{"name": "mid", "type": "integer"}]},
                           on_error="fail")
    with pytest.raises(OSError, match="x"):
        arrow_check.check_stream(table.__arrow_c_stream__())


def test_streams_on_other_threads(labevents):
    table = mimic.read_csv(labevents)
    rows = table.to_pylist()
    capsules = [table.__arrow_c_stream__() for _ in range(8)]
    results = []

    def consume(capsule):
        results.append(arrow_check.check_stream(capsule)[1] == rows)

    threads = [threading.Thread(target=consume, args=(capsule,)) for capsule in capsules]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    del capsules, threads
    settle()


AT_EXIT = """
import atexit, ctypes, gc, sys
sys.path.insert(0, {tests!r})
import arrow_check, mimic
table = mimic.read_csv({path!r})
capsule = table.__arrow_c_stream__()           # never taken
taken = arrow_check.take(table.__arrow_c_stream__(), arrow_check.Stream)   # never released
array = arrow_check.Array()
assert taken.get_next(ctypes.byref(taken), ctypes.byref(array)) == 0
class Late:                                    # released when modules are gone
    def __init__(self, struct, kind=ctypes.CFUNCTYPE(None, ctypes.c_void_p), at=ctypes.addressof):
        self.call, self.at = kind(struct.release), at(struct)
        self.struct = struct
    def __del__(self):
        self.call(self.at)
late = Late(array)
later = Late(arrow_check.take(table.__arrow_c_stream__(), arrow_check.Stream))
sys.late = Late(arrow_check.take(table.__arrow_c_stream__(), arrow_check.Stream))
batches = iter(table)
batch = next(batches)
batch.me = batch                               # a cycle
view = batch["subject_id"].values
frame = table.to_pandas() if {pandas} else None
sys.frame = frame
atexit.register(lambda: table.to_pylist())
atexit.register(lambda: arrow_check.check_stream(table.__arrow_c_stream__()))
import threading
threading.Thread(target=lambda: [batch for batch in table], daemon=True).start()
print("end")
"""


@pytest.mark.parametrize("pandas", [False, True])
def test_at_exit(labevents, pandas):
    code = AT_EXIT.format(tests=os.path.dirname(os.path.abspath(__file__)), path=labevents, pandas=pandas)
    done = subprocess.run([sys.executable, "-X", "dev", "-X", "faulthandler", "-W", "error", "-c", code],
                          capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")
