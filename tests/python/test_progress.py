"""Bars: one line on a terminal, one output in a notebook, nothing anywhere else."""

import os
import pty
import subprocess
import sys

import pytest

import mimic
from mimic import _progress


def of(done_bytes, table="labevents", done=False):
    return mimic.Progress(table, 2, 31, done_bytes, 100, 10, done_bytes, 100, done)


def test_fraction():
    assert of(50).fraction == 0.5 and of(200).fraction == 1.0
    assert mimic.Progress("t", 0, 1, 1, None, 1, 1, None, False).fraction is None


def test_nothing_where_nobody_looks(hospital, tmp_path):
    code = f"import mimic; mimic.load({hospital!r}, 'null:', progress=True)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True,
                          check=True)
    assert done.stdout == done.stderr == b""


def test_bar_on_a_terminal(hospital):
    main, side = pty.openpty()
    code = (f"import mimic; mimic._progress.TERMINAL_SECONDS = 0; "
            f"mimic.load({hospital!r}, 'null:', progress=True)")
    with subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE,
                          stderr=side) as child:
        os.close(side)
        drawn = b""
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            drawn += part
        assert child.stdout.read() == b""
    os.close(main)
    assert child.returncode == 0
    lines = drawn.split(b"\r")
    assert b"\n" not in drawn and lines[-1] == b"\x1b[K" and len(lines) > 20
    assert any(line.startswith(b"[####") and b"rows/s" in line for line in lines)
    assert all(len(line) <= 79 + 3 for line in lines)


def test_terminal_takes_no_commands(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "TERMINAL_SECONDS", 0)
    bar = _progress.Terminal()
    bar.update(of(10, table="a\x1b[2J\nb"))
    bar.end(True)
    drawn = capsys.readouterr().err
    assert "\x1b[2J" not in drawn and "\n" not in drawn and drawn.endswith("\r\x1b[K")


def test_notebook(monkeypatch):
    display = pytest.importorskip("IPython.display")
    pages = []

    class Handle:
        def update(self, page):
            pages.append(page.data)

    def show(page, display_id):
        assert display_id is True
        pages.append(page.data)
        return Handle()

    monkeypatch.setattr(display, "display", show)
    monkeypatch.setattr(_progress, "NOTEBOOK_SECONDS", 0)
    bar = _progress.Notebook()
    bar.update(of(10, table="<b>"))
    bar.update(of(100, done=True))
    bar.end(True)
    assert len(pages) == 3 and "<b>" not in pages[0] and "&lt;b&gt;" in pages[0]
    assert "width:10.0%" in pages[0] and "#3a9a4b" in pages[2]
    pages.clear()
    _progress.Notebook().end(True)
    assert pages == []


def test_a_real_notebook(hospital, tmp_path):
    """A kernel runs a cell: the bar is one output, the report another."""
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(
        f"import mimic\nmimic.load({hospital!r}, 'null:', progress=True)")])
    nbformat.write(notebook, tmp_path / "a.ipynb")
    code = ("import nbformat, nbclient; n = nbformat.read('a.ipynb', 4); "
            "nbclient.NotebookClient(n, timeout=600, startup_timeout=600, kernel_name='python3').execute(); "
            "nbformat.write(n, 'b.ipynb')")
    known = {**os.environ, "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=known,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outputs = nbformat.read(tmp_path / "b.ipynb", 4).cells[0].outputs
    assert [output.output_type for output in outputs] == ["display_data", "execute_result"]
    assert "width:100.0%" in outputs[0].data["text/html"]
    assert "labevents" in outputs[1].data["text/html"]
    assert outputs[1].data["text/plain"].startswith("<mimic.Report mimic-iv@3.1")


def test_importing_imports_little():
    code = ("import sys, mimic; "
            "print([m for m in ('numpy', 'pandas', 'IPython', 'pyarrow') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True,
                          text=True, check=True)
    assert done.stdout == "[]\n"
