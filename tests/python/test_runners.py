"""The runners of notebooks and of the guide find what they are there to find."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import check_guide

nbformat = pytest.importorskip("nbformat")
run_notebooks = pytest.importorskip("run_notebooks")


def notebook(*cells):
    return nbformat.from_dict({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def cell(name, tags=(), outputs=(), count=None):
    return {"cell_type": "code", "id": name, "source": "x", "metadata": {"tags": list(tags)},
            "outputs": list(outputs), "execution_count": count}


def shown(kind):
    return {"output_type": "display_data", "metadata": {}, "data": {kind: "…"}}


def test_form_of_a_notebook():
    assert list(run_notebooks.form_findings(notebook(cell("a"), cell("b")))) == []
    for wrong in (notebook(cell("a"), cell("a")), notebook(cell("")), notebook(cell("a", count=1)),
                  notebook(cell("a", outputs=[shown("text/html")]))):
        assert len(list(run_notebooks.form_findings(wrong))) == 1


def test_what_a_notebook_shows():
    good = notebook(cell("a", ["figure"], [shown("image/png")]), cell("b", ["table"], [shown("text/html")]))
    assert list(run_notebooks.result_findings(good)) == []
    for wrong in (cell("a", ["figure"], [shown("text/html")]), cell("a", ["table"]), cell("a", ["tabel"])):
        assert len(list(run_notebooks.result_findings(notebook(wrong)))) == 1


@pytest.mark.parametrize("page, findings, ran", [
    ("```python\nprint(1)\n```\n```text\n1\n```\n", 0, 1),
    ("```python\nprint(1)\n```\n```text\n2\n```\n", 1, 1),
    ("```python\nx = 1\n```\n```python\nassert x == 1\n```\n", 0, 2),
    ("```python\nraise ValueError\n```\n```python\nprint()\n```\n", 1, 0),
    ("```sh\nls\n```\n", 0, 0),
])
def test_blocks_of_a_page(page, findings, ran):
    found, done, absent = check_guide.check("page.md", page)
    assert (len(found), done, absent) == (findings, ran, set())


def test_packages_that_are_not_there(monkeypatch):
    monkeypatch.setattr(check_guide, "OPTIONAL", ("no_such_package",))
    assert check_guide.check("page.md", "```python\nimport no_such_package\n```\n") == ([], 0, {"no_such_package"})
