"""Jobs and what they tell, against the command line program on the same data."""

import copy
import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading

import pytest

import mimic

COUNTS = ("read", "written", "rejected", "duplicates", "filtered", "nulled", "nulls")


def run(program, *arguments, status=0):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def without_times(report):
    report = copy.deepcopy(report)
    for table in [report["totals"], *report["tables"]]:
        table.pop("seconds", None)
    for name in ("seconds", "started", "finished", "target"):
        report.pop(name, None)
    return report


def test_load_is_what_the_program_does(hospital, program, tmp_path):
    report = mimic.load(hospital, tmp_path / "python.db")
    told = json.loads(run(program, "load", "-q", "--format", "json", hospital, tmp_path / "c.db"))
    assert without_times(report.to_dict()) == without_times(told)
    assert report.ok and report.dataset == "mimic-iv@3.1" and len(report) == 31
    assert report["Patients"].written == 20 and report["patients"].ok
    assert report.total("read") == report.total("written") == sum(t.read for t in report)
    again = mimic.load(hospital, tmp_path / "python.db")
    assert all(table.unchanged for table in again) and again.ok
    forced = mimic.load(hospital, tmp_path / "python.db", force=True, tables="patients")
    assert [table.unchanged for table in forced] == [False]
    with pytest.raises(mimic.NotFoundError, match='no table "x"'):
        report["x"]


def test_arrow_files_are_the_programs(hospital, program, tmp_path):
    mimic.load(hospital, f"arrow:{tmp_path}/a", tables=["patients", "labevents"], jobs=2)
    run(program, "load", "-q", "--tables", "patients,labevents", hospital, f"arrow:{tmp_path}/b")
    for table in ("patients", "labevents"):
        name = os.path.join("hosp", table + ".arrow")
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_rejects_raise_nothing(wards, wards_csv, tmp_path):
    report = mimic.convert(wards_csv, tmp_path / "wards.db", table=wards)
    table = report.tables[0]
    assert (table.read, table.written, table.rejected) == (5, 3, 2)
    assert not report.ok and not table.ok and table.table == "wards"
    assert [(note.column, note.code, note.count) for note in report.rejects] == [
        ("beds", "type", 1), ("opened", "type", 1)]
    assert "2 rejected" in repr(report)
    assert '"many" is not an int64' in str(report)
    nulled = mimic.convert(wards_csv, "null:", table=wards, on_error="null")
    assert nulled.ok and nulled.tables[0].nulled == 2


def test_failures_carry_their_report(wards, wards_csv, tmp_path):
    target = tmp_path / "wards.db"
    with pytest.raises(mimic.RejectsError, match="2 rows rejected") as caught:
        mimic.convert(wards_csv, target, table=wards, max_rejects=1)
    assert caught.value.report.tables[0].rejected == 2 and not target.exists()
    assert caught.value.report.tables[0].status == "MIMIC_ERR_REJECTS"
    with pytest.raises(mimic.RejectsError):
        mimic.convert(wards_csv, target, table=wards, max_rejects=0)
    with pytest.raises(mimic.RejectsError):
        mimic.convert(wards_csv, target, table=wards, max_rejects="10%")
    assert not mimic.convert(wards_csv, target, table=wards, max_rejects="50%").ok
    with pytest.raises(mimic.InvalidValueError) as caught:
        mimic.convert(wards_csv, "null:", table=wards, on_error="fail")
    error = caught.value
    assert (error.record, error.line, error.column, error.byte_offset) == (2, 3, "beds", 54)
    assert error.source == wards_csv and isinstance(error, ValueError)
    with pytest.raises(FileNotFoundError) as caught:
        mimic.load(tmp_path / "nowhere", "null:")
    assert not caught.value.report.tables


def test_columns_where_and_limit(labevents, tmp_path):
    def counts(**options):
        table = mimic.convert(labevents, "null:", **options).tables[0]
        return table.read, table.written, table.filtered

    read, written, _ = counts()
    assert read == written
    items = counts(where={"itemid": [50912, 50971]})
    assert 0 < items[1] < read and sum(items[1:]) == read
    assert counts(where={"itemid": 50912})[1] < items[1]
    assert counts(where={"itemid": []})[1] == 0
    assert counts(limit=10)[1] == 10
    stat = counts(where={"priority": "STAT", "itemid": [50912]})
    routine = counts(where={"priority": ["ROUTINE"], "itemid": 50912})
    assert 0 < stat[1] and 0 < routine[1] and stat[1] + routine[1] <= counts(
        where={"itemid": 50912})[1]
    assert counts(where={})[1] == read
    mimic.convert(labevents, tmp_path / "labs.csv", columns=["valuenum", "ITEMID"], limit=1)
    assert (tmp_path / "labs.csv").read_text().split("\n")[0] == "valuenum,itemid"


def test_dialects(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("# talk\n1;'a;b'\n2;c\n")
    report = mimic.convert(path, tmp_path / "out.csv", delimiter=";", quote="'", comment="#",
                           header=False, table={"fields": [{"name": "n", "type": "integer"},
                                                           {"name": "t", "type": "string"}]})
    assert report.ok and report.tables[0].table == "odd"
    assert (tmp_path / "out.csv").read_text() == "n,t\n1,a;b\n2,c\n"


def test_parts_of_one_table(wards, tmp_path):
    for number in (1, 2):
        (tmp_path / f"{number}.csv").write_text(f"ward,name,beds,opened,share\n{number},,,,\n")
    report = mimic.convert([tmp_path / "1.csv", str(tmp_path / "2.csv")], "null:", table=wards)
    assert report.tables[0].written == 2
    with pytest.raises(mimic.MimicError):
        mimic.convert([], "null:", table=wards)


@pytest.mark.parametrize("options, error, words", [
    ({"on_error": "x"}, ValueError, "'reject', 'null', 'fail'"),
    ({"keys": 3}, ValueError, "'report', 'enforce', 'off'"),
    ({"duplicates": ""}, ValueError, "'latest'"),
    ({"compress": "brotli"}, ValueError, "'gz', 'zst', 'none'"),
    ({"max_rejects": -1}, ValueError, "0 or more"),
    ({"max_rejects": "many"}, ValueError, "0.1%"),
    ({"max_rejects": 1.5}, TypeError, "must be an int"),
    ({"max_rejects": 2**63}, ValueError, "0 or more"),
    ({"jobs": 0}, ValueError, "at least 1"),
    ({"jobs": "2"}, TypeError, "must be an int"),
    ({"progress": 3}, TypeError, "progress"),
    ({"tables": ["nope"]}, mimic.NotFoundError, "no table"),
    ({"tables": [1]}, TypeError, "each of tables"),
    ({"dataset": "mimic-iv@9"}, mimic.NotFoundError, "9"),
    ({"dataset": "a\0b"}, ValueError, "NUL"),
    ({"max_bytes": 0}, ValueError, "1 or more"),
])
def test_wrong_options(hospital, options, error, words):
    with pytest.raises(error, match=words):
        mimic.load(hospital, "null:", **options)


@pytest.mark.parametrize("options, error", [
    ({"where": ["itemid"]}, TypeError), ({"where": {"itemid": [1.5]}}, TypeError),
    ({"where": {"itemid": [True]}}, TypeError), ({"where": {"itemid": ["x", 1]}}, TypeError), ({"where": {"itemid": [2**64]}}, ValueError),
    ({"where": {3: [1]}}, TypeError), ({"where": {"nope": [1]}}, mimic.MimicError),
    ({"columns": ["nope"]}, mimic.NotFoundError), ({"columns": 3}, TypeError),
    ({"limit": 0}, ValueError), ({"delimiter": "ab"}, ValueError), ({"delimiter": 3}, ValueError),
    ({"table": 3}, TypeError), ({"table": "mimic-iv@3.1/nope"}, mimic.NotFoundError),
])
def test_wrong_options_of_convert(labevents, options, error):
    with pytest.raises(error):
        mimic.convert(labevents, "null:", **options)


@pytest.mark.parametrize("wrong", [3, None, b"x", ["a", 1]])
def test_wrong_paths(wrong):
    with pytest.raises(TypeError):
        mimic.convert(wrong, "null:")
    with pytest.raises(TypeError):
        mimic.load(".", wrong)


def test_quality(hospital, wards, wards_csv, program, tmp_path):
    report = mimic.check(hospital, quality=True, tables=["patients", "labevents"])
    quality = report.quality
    del report
    gc.collect()
    assert [table.table for table in quality.tables] == ["labevents", "patients"]
    column = quality["patients"]["subject_id"]
    assert (column.rows, column.nulls, column.distinct, column.type) == (20, 0, 20, "int32")
    assert json.loads(quality.to_json()) == quality.to_dict()
    assert quality.to_html().startswith("<!DOCTYPE html>") and "<script" not in quality.to_html(
        script=False)
    for name in ("q.html", "q.json", "q.txt"):
        quality.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    with pytest.raises(ValueError, match=".html, .json or .txt"):
        quality.save(tmp_path / "q.pdf")
    assert quality.to_dict(values=False)["values_shown"] is False
    with pytest.raises(mimic.NotFoundError):
        quality["nope"]
    failed = mimic.convert(wards_csv, "null:", table=wards, quality=True).quality
    assert not failed.ok and {check.rule for check in failed.failed} == {"type"}
    assert "checks failed" in repr(failed) and "Failed checks" in str(failed)
    mimic.load(hospital, tmp_path / "x.db", tables="patients")
    told = json.loads(run(program, "quality", "--format", "json", tmp_path / "x.db"))
    assert mimic.quality(tmp_path / "x.db").to_dict() == told
    with pytest.raises(mimic.NotFoundError):
        mimic.quality(tmp_path / "none.db")


def test_status(hospital, program, tmp_path):
    target = tmp_path / "x.db"
    mimic.load(hospital, target, tables=["patients", "omr"])
    ledger = mimic.status(target)
    assert sorted(entry.table for entry in ledger) == ["omr", "patients"]
    assert ledger["OMR"].source == "hosp/omr.csv.gz" and len(ledger) == 2
    assert not ledger.unfinished and ledger.writer == ""
    told = json.loads(run(program, "status", "--format", "json", target))
    assert {t["source_hash"] for t in told["tables"]} == {e.source_hash for e in ledger}
    assert ledger.to_dict()["tables"][0]["table"] == ledger.entries[0].table
    assert "<table>" in ledger._repr_html_() and "omr" in str(ledger)
    with pytest.raises(mimic.NotFoundError):
        mimic.status(tmp_path / "none.db")


def test_infer(tmp_path, wards_csv):
    draft = mimic.infer(wards_csv)
    assert draft.name == "wards" and draft["fields"][0]["name"] == "ward"
    draft["fields"][2]["mimic"]["type"] = "int16"
    draft["fields"][2]["type"] = "integer"
    assert draft.schema["beds"].type == "int16"
    assert mimic.convert(wards_csv, "null:", table=draft).tables[0].rejected == 1
    draft.save(tmp_path / "wards.json")
    assert mimic.Schema.of(tmp_path / "wards.json").columns == draft.schema.columns
    assert "&lt;" not in draft._repr_html_() and "ward" in str(draft)
    with pytest.raises(mimic.MimicError):
        mimic.infer(tmp_path / "none.csv")
    with pytest.raises(ValueError):
        mimic.infer(wards_csv, sample=0)


def test_synth_is_the_programs(program, tmp_path):
    folder = mimic.synth("mimic-iv", tmp_path / "a", patients=3, seed=5, compress="none",
                         tables=["patients", "omr"])
    run(program, "synth", "-q", "--patients", 3, "--seed", 5, "--compress", "none", "--tables",
        "patients,omr", "mimic-iv", tmp_path / "b")
    for name in ("patients", "omr"):
        assert (tmp_path / "a" / "hosp" / f"{name}.csv").read_bytes() == \
            (tmp_path / "b" / "hosp" / f"{name}.csv").read_bytes()
    assert mimic.detect(folder).spec == "mimic-iv@3.1"
    before = (tmp_path / "a" / "hosp" / "omr.csv").read_bytes()
    again = {"patients": 3, "seed": 6, "compress": "none", "tables": ["omr"]}
    with pytest.raises(mimic.MimicError, match="omr.csv is there already"):
        mimic.synth("mimic-iv", folder, **again)
    assert (tmp_path / "a" / "hosp" / "omr.csv").read_bytes() == before
    mimic.synth("mimic-iv", folder, force=True, **again)
    assert (tmp_path / "a" / "hosp" / "omr.csv").read_bytes() != before
    for wrong in ({"patients": 0}, {"seed": -1}, {"compress": "x"}):
        with pytest.raises(ValueError):
            mimic.synth("mimic-iv", tmp_path / "c", **wrong)
    with pytest.raises(mimic.NotFoundError):
        mimic.synth("mimic-v", tmp_path / "c")
    with pytest.raises(mimic.NotFoundError):
        mimic.detect(tmp_path / "nowhere")


def test_reports_escape_what_data_says(tmp_path):
    path = tmp_path / "evil.csv"
    path.write_text("a\n<script>alert(1)</script>\n\x1b[31m&\n")
    schema = {"fields": [{"name": "a", "type": "integer"}]}
    report = mimic.convert(path, "null:", table=schema, quality=True)
    assert report.tables[0].rejected == 2
    for page in (report._repr_html_(), report.quality._repr_html_()):
        assert "<script>" not in page
    assert "&lt;script&gt;" in report._repr_html_()
    assert "\x1b" not in str(report)


def test_progress_is_called_here(hospital):
    seen = []
    mimic.load(hospital, "null:", jobs=2,
               progress=lambda p: seen.append((threading.get_ident(), p)))
    assert {ident for ident, _ in seen} == {threading.get_ident()}
    done = [p for _, p in seen if p.done]
    assert len(done) == 31 and done[-1].table_count == 31
    assert seen[-1][1].fraction == 1.0 and sum(p.rows for p in done) > 10_000


def test_progress_may_cancel(hospital, tmp_path):
    target = tmp_path / "x.db"
    with pytest.raises(mimic.CancelledError) as caught:
        mimic.load(hospital, target, progress=lambda p: False)
    assert caught.value.report is not None and not target.exists()
    error = ZeroDivisionError("mine")

    def fail(progress):
        raise error

    for job in (lambda: mimic.load(hospital, target, progress=fail),
                lambda: mimic.convert(hospital + "/hosp/labevents.csv.gz", target, progress=fail),
                lambda: mimic.synth("mimic-iv", tmp_path / "y", progress=fail)):
        with pytest.raises(ZeroDivisionError) as caught:
            job()
        assert caught.value is error and not target.exists()
    assert mimic.load(hospital, target).ok
    with pytest.raises(ZeroDivisionError):
        mimic.quality(target, progress=fail)


def test_jobs_on_many_threads(hospital):
    results = []

    def work():
        results.append(mimic.load(hospital, "null:", jobs=2).total("written"))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6 and len(set(results)) == 1


# A load that is struck by Ctrl-C at some moment: told once, in time, nothing half there, and the
# next one goes on.
STRUCK = """
import os, random, signal, sys, threading, time
import mimic

source, target, seed = sys.argv[1:4]
random.seed(int(seed))
begun = time.perf_counter()
mimic.check(source)
whole = time.perf_counter() - begun
for _ in range(15):
    at = []

    def strike():
        at.append(time.process_time())  # of this process: what others do on the machine is not its fault
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(random.random() * whole * 2, strike)
    try:
        timer.start()
        mimic.load(source, target, force=True, jobs=random.choice([1, 2]))
        timer.join()
        time.sleep(0.05)
        print("lost")
    except KeyboardInterrupt:
        timer.join()
        if time.process_time() - at[0] > 3:
            print("late", time.process_time() - at[0])
print(mimic.load(source, target).ok)
"""


@pytest.mark.parametrize("target", ["x.db", "arrow:folder", "csv:folder", "null:"])
def test_ctrl_c_during_loads(hospital, tmp_path, target):
    seed = str(random.randrange(10**6))
    done = subprocess.run([sys.executable, "-W", "error", "-c", STRUCK, hospital, target, seed],
                          capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0), f"seed {seed}"


def test_ctrl_c_in_a_progress_function(hospital):
    def strike(progress):
        os.kill(os.getpid(), signal.SIGINT)
        return True

    with pytest.raises(KeyboardInterrupt):
        mimic.load(hospital, "null:", progress=strike)


def test_problems_are_not_folded_away(tmp_path):
    folder = mimic.synth("mimic-iv", tmp_path / "h", patients=5, compress="none",
                         tables=["patients", "admissions"])
    assert "<details open>" not in mimic.check(folder)._repr_html_()
    patients = tmp_path / "h" / "hosp" / "patients.csv"
    patients.write_text("".join(patients.read_text().splitlines(keepends=True)[:2]))
    report = mimic.check(folder)
    page = report._repr_html_()
    assert "<details open><summary>Keys (" in page and "<details open><summary>Absent" not in page
    assert repr(report).startswith("<mimic.Report mimic-iv@3.1, checked: 2 tables, ")
