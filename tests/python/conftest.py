"""What the tests share: a small invented hospital, and files with known faults."""

import os
import subprocess

import pytest

import mimic


@pytest.fixture(scope="session")
def program():
    """The command line program of the same build."""
    return os.environ["MIMIC_TEST_PROGRAM"]


@pytest.fixture(scope="session")
def source_tree():
    return os.environ["MIMIC_TEST_SOURCE"]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory, program):
    """A folder of mimic-iv@3.1 with 20 invented patients."""
    folder = tmp_path_factory.mktemp("data") / "hospital"
    subprocess.run([program, "synth", "-q", "--patients", "20", "--seed", "7", "mimic-iv",
                    str(folder)], check=True)
    return str(folder)


@pytest.fixture(scope="session")
def labevents(hospital):
    return os.path.join(hospital, "hosp", "labevents.csv.gz")


@pytest.fixture(scope="session")
def wards():
    """A small schema with most types."""
    return mimic.Schema.of({
        "fields": [
            {"name": "ward", "type": "integer", "constraints": {"required": True}},
            {"name": "name", "type": "string"},
            {"name": "beds", "type": "integer"},
            {"name": "opened", "type": "date"},
            {"name": "share", "type": "number"},
        ],
        "primaryKey": ["ward"],
    }, name="wards")


@pytest.fixture()
def wards_csv(tmp_path):
    """Five records, two of which fit no row of `wards`."""
    path = tmp_path / "wards.csv"
    path.write_text("ward,name,beds,opened,share\n"
                    "1,North,12,2001-02-03,0.5\n"
                    "2,South,many,2001-02-03,0.5\n"
                    "3,\"East, new\",,,\n"
                    "4,West,7,yesterday,\n"
                    "5,<b>Upper</b>,8,2020-12-31,1e3\n", encoding="utf-8")
    return str(path)
