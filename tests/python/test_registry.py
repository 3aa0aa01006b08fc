"""Registry, releases, schemas and fields."""

import gc
import json
import pathlib
import pickle

import pytest

import mimic


def test_builtin_releases():
    registry = mimic.registry()
    assert registry is mimic.registry()
    specs = [dataset.spec for dataset in registry]
    assert len(registry) == len(specs) and "mimic-iv@3.1" in specs
    assert specs == [dataset.spec for dataset in registry.datasets]
    assert registry["mimic-iv"].spec == "mimic-iv@3.1"
    assert "mimic-iv@3.1" in registry and "mimic-iv@3.1/labevents" in registry
    assert "nope" not in registry and 3 not in registry


def test_a_table():
    labs = mimic.registry()["mimic-iv@3.1"]["LABEVENTS"]
    assert labs.spec == "mimic-iv@3.1/labevents" and labs.module == "hosp"
    assert labs == mimic.registry()["mimic-iv@3.1/labevents"]
    assert hash(labs) == hash(mimic.registry()["mimic-iv@3.1/labevents"])
    assert labs.path == "hosp/labevents.csv.gz"
    assert labs.primary_key == ("labevent_id",)
    assert labs.expected_rows() == 158_374_764 and labs.expected_rows("none") is None
    assert labs["ITEMID"].required and labs["itemid"].type == "int32"
    assert "itemid" in labs and "x" not in labs
    assert labs.columns[0] == "labevent_id" and len(labs) == len(list(labs)) == 16
    assert labs.foreign_keys[0].table == "patients"
    with pytest.raises(KeyError, match='no column "x"'):
        labs["x"]
    with pytest.raises(mimic.NotFoundError, match='no table "x"'):
        mimic.registry()["mimic-iv@3.1"]["x"]


def test_sql_and_dictionary():
    release = mimic.registry()["mimic-iv@3.1"]
    for dialect in ("sqlite", "postgres", "duckdb", "bigquery", "athena"):
        assert "labevents" in release.ddl(dialect)
        assert "CREATE" in release["labevents"].ddl(dialect)
    assert release.dictionary().startswith("# MIMIC-IV 3.1")
    assert release.dictionary("html").startswith("<!DOCTYPE html>")
    with pytest.raises(ValueError, match="'sqlite', 'postgres'"):
        release.ddl("oracle")
    with pytest.raises(ValueError, match="'markdown', 'html'"):
        release.dictionary(None)


def test_printing_is_escaped():
    schema = mimic.Schema.of({"description": "<script>x</script>", "fields": [
        {"name": "<b>", "type": "string", "description": "a & b \x1b[31m"}]}, name="evil<i>")
    page = schema._repr_html_()
    assert "<script>" not in page and "<b>" not in page and "<i>" not in page
    assert "&lt;b&gt;" in page and "a &amp; b" in page
    assert "\x1b" not in str(schema)
    assert repr(schema) == "<mimic.Schema evil<i>: 1 columns>"
    assert "mimic-iv@3.1" in str(mimic.registry()) and "<table>" in mimic.registry()._repr_html_()
    assert "labevents" in str(mimic.registry()["mimic-iv"])


def test_schemas_from_elsewhere(tmp_path, wards):
    assert wards["ward"].required and wards.primary_key == ("ward",) and wards.dataset == ""
    assert mimic.Schema.of(wards) is wards
    described = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "date"}]}
    path = tmp_path / "rooms.json"
    path.write_text(json.dumps(described), encoding="utf-8")
    for source in (path, str(path), pathlib.PurePath(path)):
        schema = mimic.Schema.of(source)
        assert (schema.name, schema.columns) == ("rooms", ("a", "b"))
    package = {"name": "p", "version": "1", "resources": [
        {"name": "one", "path": "one.csv", "schema": described},
        {"name": "two", "path": "two.csv", "schema": described}]}
    assert mimic.Schema.of(package, name="TWO").name == "two"
    with pytest.raises(ValueError, match="one, two"):
        mimic.Schema.of(package)
    with pytest.raises(mimic.JSONError):
        (tmp_path / "bad.json").write_text("{")
        mimic.Schema.of(tmp_path / "bad.json")
    with pytest.raises(TypeError, match="a table is a spec"):
        mimic.Schema.of(3)
    with pytest.raises(FileNotFoundError):
        mimic.Schema.of(tmp_path / "none.json")


def test_packages_of_ones_own(tmp_path):
    folder = tmp_path / "own" / "1.0"
    folder.mkdir(parents=True)
    (folder / "datapackage.json").write_text(json.dumps({
        "name": "own", "version": "1.0",
        "resources": [{"name": "t", "path": "t.csv",
                       "schema": {"fields": [{"name": "a", "type": "integer"}]}}]}))
    registry = mimic.registry(tmp_path)
    assert registry is not mimic.registry() and "own@1.0" in registry
    assert "own@1.0" not in mimic.registry()
    with pytest.raises(mimic.NotFoundError):
        mimic.registry(tmp_path / "nowhere")


def test_children_keep_their_registry_alive(wards):
    for _ in range(20):
        schema = mimic.Schema.of({"fields": [{"name": "a", "type": "integer"}]}, name="t")
        fields = schema.fields
        gc.collect()
        assert "CREATE" in schema.ddl() and fields[0].name == "a"
        del schema
        assert fields[0].type == "int64"
    with pytest.raises(TypeError, match="pickle its spec"):
        pickle.dumps(wards)
    assert pickle.loads(pickle.dumps(wards.fields)) == wards.fields
