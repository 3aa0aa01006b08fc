"""Datasets of trajectories, read from Python."""

import datetime
import gc
import os
import pickle
import subprocess
import sys
import threading

import pytest

import mimic

EVENTS = {"fields": [
    {"name": "subject_id", "type": "integer"}, {"name": "time", "type": "datetime"},
    {"name": "code", "type": "string"}, {"name": "value", "type": "number"},
    {"name": "text_value", "type": "string"}, {"name": "unit", "type": "string"},
    {"name": "hadm_id", "type": "integer"}, {"name": "source_table", "type": "string"},
    {"name": "source_row", "type": "integer"}, {"name": "properties", "type": "string"}]}
NAMES = [field["name"] for field in EVENTS["fields"]]


def at(hour):
    return datetime.datetime(2180, 5, 6, hour)


ROWS = [
    (1, None, "GENDER//F", None, None, None, None, "patients", 1, None),
    (1, at(1), "LAB//1", 5.5, "5.5", "mg/dL", 10, "labevents", 7, '{"priority": "STAT"}'),
    (1, at(2), "NOTE", None, "größer\nund \U0001F600", None, 10, "notes", 8, None),
    (1, at(3), "LAB//1", 6.0, None, "mmol/L", 11, "labevents", 9, None),
    (2, at(4), "LAB//2", -1.0, None, None, None, None, None, None),
]
MORE = [(3, None, "GENDER//M", None, None, None, None, "patients", 2, None)]


def write_rows(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}
    mimic.write(columns, path, EVENTS, name="events")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trajectories")
    write_rows(str(folder / "data" / "train" / "0.arrow"), ROWS)
    write_rows(str(folder / "data" / "held_out" / "0.arrow"), MORE)
    (folder / "metadata").mkdir()
    mimic.write({"subject_id": [1, 2, 3], "split": ["train", "train", "held_out"]},
                folder / "metadata" / "subject_splits.arrow", name="subject_splits")
    mimic.write({"code": ["GENDER//F", "LAB//1"], "description": [None, "Glucose"]},
                folder / "metadata" / "codes.arrow", name="codes")
    (folder / "metadata" / "dataset.json").write_text('{"dataset_name": "d", "dataset_version": "2"}')
    return str(folder)


def test_patients_in_order(out):
    data = mimic.trajectories(out)
    assert len(data) == 3 and data.dataset == "d 2"
    for _ in range(2):
        found = list(data)
        assert [(one.subject_id, one.split, len(one)) for one in found] == [
            (1, "train", 4), (2, "train", 1), (3, "held_out", 1)]
    gc.collect()
    first = found[0]  # is still there, though the reader is gone
    assert first.static_count == 1 and first.group_id is None
    assert first.codes() == ["GENDER//F", "LAB//1", "NOTE", "LAB//1"]
    assert first.texts() == [None, "5.5", "größer\nund \U0001F600", None]
    assert first.units() == [None, "mg/dL", None, "mmol/L"]
    assert first.tables() == ["patients", "labevents", "notes", "labevents"]
    assert first.properties() == [None, {"priority": "STAT"}, None, None]
    assert repr(first) == "<Patient 1: 4 events>"


def test_numpy(out):
    numpy = pytest.importorskip("numpy")
    first = mimic.trajectories(out)[1]
    assert first.time.dtype == "datetime64[us]" and numpy.isnat(first.time[0])
    assert first.time[1] == numpy.datetime64("2180-05-06T01:00:00")
    assert numpy.isnan(first.value[0]) and first.value[1] == 5.5
    assert first.code.dtype == numpy.uint32 and not first.code.flags.writeable
    lab = mimic.trajectories(out).codes.find("LAB//1")
    assert list(first.value[first.code == lab]) == [5.5, 6.0]
    assert first.time is first.time
    with pytest.raises(AttributeError, match="has no weight"):
        first.weight


def test_without_numpy(out):
    code = ("import sys, mimic\n"
            f"one = mimic.trajectories({out!r})[1]\n"
            "assert 'numpy' not in sys.modules\n"
            "assert one.value[1] == 5.5 and one.time[0] == -2**63 and len(one.code) == 4\n"
            "assert len(one.events) == 4\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_events(out):
    events = mimic.trajectories(out)[1].events
    assert events[1] == mimic.Event(
        time=at(1), code="LAB//1", value=5.5, text="5.5", unit="mg/dL", available=None, hadm_id=10,
        stay_id=None, table="labevents", source_row=7, link_id=None, order_rank=0, marks=0,
        properties={"priority": "STAT"})
    assert events[0].time is None and events[0].value is None


def test_to_pandas(out):
    pandas = pytest.importorskip("pandas")
    frame = mimic.trajectories(out)[1].to_pandas()
    assert list(frame["code"]) == ["GENDER//F", "LAB//1", "NOTE", "LAB//1"]
    assert frame["time"].isna().tolist() == [True, False, False, False]
    assert frame["time"][1] == pandas.Timestamp(at(1))
    assert frame["hadm_id"].isna().tolist() == [True, False, False, False]
    assert frame["hadm_id"][1] == 10
    assert mimic.trajectories(out)[3].to_pandas()["value"].isna().all()


def test_codes(out):
    codes = mimic.trajectories(out).codes
    assert len(codes) == 2
    assert codes[1] == mimic.Code("LAB//1", "Glucose", (), None) == codes[-1]
    assert [code.code for code in codes] == ["GENDER//F", "LAB//1"]
    assert codes.find("LAB//1") == 1 and codes.find("NOTE") is None
    for number in (99, -3, -(1 << 40), 1 << 32, (1 << 32) + 1, 1 << 70):
        with pytest.raises(IndexError):
            codes[number]


def test_subjects_by_id(out):
    data = mimic.trajectories(out)
    assert 2 in data and 4 not in data and "2" not in data
    assert data[3].subject_id == 3 and data[1].subject_id == 1
    with pytest.raises(KeyError):
        data[4]
    with pytest.raises(mimic.NotFoundError, match="no event of subject 3 in split \"train\""):
        mimic.trajectories(out, split="train")[3]


def test_numbers_that_no_subject_has(out):
    data = mimic.trajectories(out)
    for number in ((1 << 64) + 1, (1 << 63), -(1 << 63) - 1, 1 << 200):
        assert number not in data
        with pytest.raises(KeyError):
            data[number]
    for other in ("1", 1.0, None):
        assert other not in data
        with pytest.raises(TypeError):
            data[other]


def test_numbers_of_numpy(out):
    numpy = pytest.importorskip("numpy")
    data = mimic.trajectories(out)
    for number in numpy.array([1, 3]):
        assert number in data and data[number].subject_id == number
    assert numpy.int64(7) not in data and data.codes[numpy.uint32(1)].code == "LAB//1"


def test_threads(out):
    data = mimic.trajectories(out)
    faults = []

    def use(first):
        try:
            for turn in range(300):
                subject = (first + turn) % 3 + 1
                one = data[subject]
                assert one.subject_id == subject and subject in data and len(data) == 3
                assert one.codes()[0] == ("GENDER//F", "LAB//2", "GENDER//M")[subject - 1]
                data.codes.find("LAB//2")
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=use, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_groups(out):
    data = mimic.trajectories(out, group="admission")
    assert [(one.subject_id, one.group_id, len(one)) for one in data] == [(1, 10, 3), (1, 11, 2)]
    assert [one.group_id for one in data[1]] == [10, 11]
    assert data[2] == []
    with pytest.raises(ValueError, match="group must be one of"):
        mimic.trajectories(out, group="ward")


def test_values_only(out):
    one = mimic.trajectories(out, values_only=True, jobs=3)[1]
    assert one.texts() == [None] * 4 == one.properties() and one.units() == [None] * 4
    assert one.events[1].value == 5.5


def test_faults(out, tmp_path):
    with pytest.raises(mimic.NotFoundError, match="no folder data"):
        mimic.trajectories(tmp_path)
    with pytest.raises(mimic.NotFoundError, match="no split"):
        mimic.trajectories(out, split="tuning")
    write_rows(str(tmp_path / "data" / "train" / "0.arrow"), [ROWS[4], ROWS[0]])
    with pytest.raises(mimic.CorruptError, match="out of order"):
        list(mimic.trajectories(tmp_path))
    with pytest.raises(TypeError, match="subject_splits"):
        len(mimic.trajectories(tmp_path))


def test_patient_function(out, tmp_path):
    def rows(patient):
        if patient.subject_id == 2:
            return None
        made = {"subject_id": patient.subject_id, "events": len(patient)}
        return made if patient.subject_id == 1 else [made, made]

    target = tmp_path / "counts.csv"
    report = mimic.patients(out, rows, target, name="counts")
    assert report.tables[0].written == 3
    assert target.read_text() == "subject_id,events\n1,4\n3,1\n3,1\n"


@pytest.mark.parametrize("group, text", [("subject", "subject 1: "), ("admission", "subject 1, group 11: ")])
def test_patient_function_that_fails(out, tmp_path, group, text):
    def fail(patient):
        if patient.group_id != 10:
            return {"share": 1 / (patient.subject_id - 1)}
        return None

    with pytest.raises(mimic.PatientError) as caught:
        mimic.patients(out, fail, tmp_path / "x.csv", group=group)
    assert str(caught.value) == text + "ZeroDivisionError: division by zero"
    assert caught.value.subject_id == 1
    assert caught.value.group_id == (None if group == "subject" else 11)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value) and again.subject_id == 1
    assert not (tmp_path / "x.csv").exists()


def test_patient_function_that_gives_no_rows(out, tmp_path):
    def late(patient):
        yield {"subject_id": patient.subject_id}
        raise KeyError("glucose")

    for function, reason in ((lambda patient: 7, "TypeError: 'int' object is not iterable"),
                             (lambda patient: [7], "TypeError: a row is a dict, not int"),
                             (late, "KeyError: 'glucose'")):
        with pytest.raises(mimic.PatientError, match="^subject 1: " + reason):
            mimic.patients(out, function, tmp_path / "x.csv")

    with pytest.raises(ValueError, match="no row for any patient"):
        mimic.patients(out, lambda patient: None, tmp_path / "x.csv")

    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mimic.patients(out, interrupted, tmp_path / "x.csv")


def test_build_without(hospital, tmp_path):
    with pytest.warns(UserWarning, match="no event has a code that fits 'LAP\\*', 'Z'") as caught:
        report = mimic.build_trajectories(hospital, tmp_path / "out", codes=["LAB*", "LAP*", "Z"])
    assert caught[0].filename == __file__
    assert report["unused_codes"] == ["LAP*", "Z"]
    assert report["absent_tables"] == [] and report["unmapped_tables"] == ["provider", "caregiver"]


def test_build(hospital, tmp_path):
    report = mimic.build_trajectories(hospital, tmp_path / "out", codes=["LAB*", "MEDS*"], jobs=2)
    assert report["subjects"] == 20
    data = mimic.trajectories(tmp_path / "out")
    assert len(data) == 20 == len(list(data)) and data.dataset == "mimic-iv 3.1"
    assert sum(len(patient) for patient in data) == report["events"]
    assert all(code.code.startswith(("LAB", "MEDS")) for code in data.codes)
    with pytest.raises(TypeError, match="no option colour"):
        mimic.build_trajectories(hospital, tmp_path / "out", colour="red")
    with pytest.raises(ValueError, match="bad_times must be one of"):
        mimic.build_trajectories(hospital, tmp_path / "out", bad_times="ignore")


def test_two_steps(hospital, tmp_path):
    mimic.partition_trajectories([hospital], tmp_path / "work")
    mimic.assemble_trajectories(tmp_path / "work", tmp_path / "out")
    mimic.build_trajectories(hospital, tmp_path / "again")
    found = [[(one.subject_id, one.codes()) for one in mimic.trajectories(tmp_path / name)]
             for name in ("out", "again")]
    assert found[0] == found[1] and len(found[0]) == 20
