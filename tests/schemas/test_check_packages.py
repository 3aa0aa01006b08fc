#!/usr/bin/env python3
"""Prove that check_packages.py finds faults: broken packages and broken rows must be reported."""

import copy
import io
import json
import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_packages as checker  # noqa: E402


def field(name, logical, physical, **more):
    return dict({"name": name, "type": logical, "description": "A value to test with.", "mimic": {"type": physical}}, **more)


PACKAGE = {
    "$schema": "x",
    "name": "demo",
    "version": "1",
    "title": "Demo",
    "description": "A package to test with.",
    "homepage": "x",
    "mimic": {"modules": {}, "signature": [{"table": "visits", "column": "kind", "values": ["new"], "otherValues": ["old"]}]},
    "resources": [
        {
            "name": "visits",
            "type": "table",
            "path": "visits.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "title": "Visits",
            "description": "A table to test with.",
            "schema": {
                "fields": [
                    field("id", "integer", "int16", constraints={"required": True}),
                    field("kind", "string", "categorical", constraints={"required": True, "maxLength": 3}),
                    field("at", "datetime", "timestamp", format="%Y-%m-%d %H:%M:%S"),
                    field("cost", "number", "decimal(4,2)"),
                ],
                "missingValues": [""],
                "primaryKey": ["id"],
            },
            "mimic": {"expectedRows": {"demo": 3}},
        }
    ],
}


def structure_faults(change):
    package = copy.deepcopy(PACKAGE)
    change(package, package["resources"][0])
    faults, out = checker.Faults(), io.StringIO()
    with redirect_stdout(out):
        checker.check_package(faults, os.path.join("schemas", "demo", "1", "datapackage.json"), package)
    return out.getvalue()


def stream_text(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "visits.csv")
        with open(path, "w", encoding="utf-8", newline="") as handle:
            handle.write(text)
        signature = [checker.judge(entry, path) for entry in PACKAGE["mimic"]["signature"]]
        return checker.stream(path, json.loads(json.dumps(PACKAGE["resources"][0])), set()), signature


class Structure(unittest.TestCase):
    def test_sound_package_passes(self):
        self.assertEqual(structure_faults(lambda p, r: None), "")

    def test_faults_are_found(self):
        def fields(resource):
            return resource["schema"]["fields"]

        cases = {
            "physical type": lambda p, r: fields(r)[0]["mimic"].update(type="int8"),
            "does not agree": lambda p, r: fields(r)[0].update(type="number"),
            "description": lambda p, r: fields(r)[0].update(description="The id."),
            "not unique": lambda p, r: fields(r)[1].update(name="ID"),
            "unknown column": lambda p, r: r["schema"].update(primaryKey=["nobody"]),
            "not required": lambda p, r: r["schema"].update(primaryKey=["at"]),
            "unknown table": lambda p, r: r["schema"].update(
                foreignKeys=[{"fields": ["id"], "reference": {"resource": "nowhere", "fields": ["id"]}}]
            ),
            "needs a format": lambda p, r: fields(r)[2].pop("format"),
            "does not fit": lambda p, r: fields(r)[0]["constraints"].update(maxLength=3),
            "unknown property": lambda p, r: r.update(surprise=1),
            "signature": lambda p, r: p["mimic"]["signature"].append({"table": "visits", "absent": ["id"]}),
        }
        for what, change in cases.items():
            with self.subTest(what):
                self.assertIn(what, structure_faults(change))


class Rows(unittest.TestCase):
    HEADER = "KIND,id,cost,at\n"

    def test_sound_rows_pass(self):
        table, signature = stream_text(
            self.HEADER + 'new,1,12.50,2150-01-31 10:00:00\n"",-2,,2150-01-31 10:00:00.125\n"a""b",3,0.1,\n'
        )
        self.assertEqual((table.rows, table.rejected, dict(table.faults)), (3, 0, {}))
        self.assertEqual(signature, [True])

    def test_faulty_rows_are_found(self):
        cases = {
            "kind: required": ",1,,",
            "kind: maxLength 3": "long,1,,",
            "id: required": "new,,,",
            "id: type int16": "new,1.0,,",
            "id: range int16": "new,32768,,",
            "cost: range decimal(4,2)": "new,1,123.4,",
            "at: type timestamp": "new,1,,2151-02-29 10:00:00",
            "row with 3 fields": "new,1,",
        }
        for what, line in cases.items():
            with self.subTest(what):
                table, _ = stream_text(self.HEADER + line + "\n")
                self.assertEqual((table.rejected, list(table.faults)), (1, [what]))

    def test_duplicate_keys_and_other_releases_are_found(self):
        table, signature = stream_text(self.HEADER + "old,1,,\nnew,1,,\n")
        self.assertEqual(dict(table.faults), {"duplicate key (id)": 1})
        self.assertEqual(signature, [False])


if __name__ == "__main__":
    unittest.main()
