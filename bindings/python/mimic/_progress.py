"""How far a job is: the object that callables get, and the bars of terminal and notebook."""

from __future__ import annotations

import html
import importlib
import os
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

from . import _ffi, _show

TERMINAL_SECONDS = 0.1
NOTEBOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Progress:
    """Where a job is.

    table         that is being read; table_index of table_count
    bytes         stored bytes of it that were read, of total_bytes; None where not known
    rows          of it that were read
    all_bytes, all_total_bytes  the same over all tables
    done          the table is finished
    """

    table: str
    table_index: int
    table_count: int
    bytes: int
    total_bytes: Optional[int]
    rows: int
    all_bytes: int
    all_total_bytes: Optional[int]
    done: bool

    @property
    def fraction(self) -> Optional[float]:
        """Of the whole job, 0 to 1; None where not known."""
        if self.all_total_bytes:
            return min(1.0, self.all_bytes / self.all_total_bytes)
        return None

    @classmethod
    def of(cls, info: Any) -> "Progress":
        """From a mimic_progress, which is borrowed."""

        def known(value: int) -> Optional[int]:
            return value if value >= 0 else None

        return cls(_ffi.string(info.table), info.table_index, info.table_count, info.bytes,
                   known(info.total_bytes), info.rows, info.all_bytes, known(info.all_total_bytes),
                   bool(info.is_done))


ProgressArgument = Union[None, bool, Callable[[Progress], Any]]


class Silent:
    """Nothing is shown."""

    def update(self, progress: Progress) -> None:
        pass

    def end(self, is_whole: bool) -> None:
        pass


class _Clock:
    """Speed and time left of a job."""

    def __init__(self, seconds: float) -> None:
        self._every = seconds
        self._begun = time.monotonic()
        self._drawn = 0.0
        self._finished_rows = 0

    def is_due(self, progress: Progress) -> bool:
        """Whether to draw again; counts the rows of tables that are finished."""
        if progress.done:
            self._finished_rows += progress.rows
        now = time.monotonic()
        if now - self._drawn < self._every:
            return False
        self._drawn = now
        return True

    def words(self, progress: Progress, width: int = 1 << 16) -> str:
        """"3/31 labevents  ETA 0:12  2.1 M rows/s  12.3 MB of 45.6 MB"; what is too much is left out."""
        seconds = max(time.monotonic() - self._begun, 1e-6)
        share = progress.fraction
        rows = self._finished_rows + (0 if progress.done else progress.rows)
        parts = []
        if progress.table_count > 1:
            parts.append(f"{progress.table_index + 1}/{progress.table_count} {progress.table}")
        elif progress.table:
            parts.append(progress.table)
        if share and seconds > 0.5:
            parts.append(f"ETA {_duration(seconds / share * (1 - share))}")
        parts.append(f"{_short(rows / seconds)} rows/s")
        of = f" of {_short(progress.all_total_bytes)}B" if progress.all_total_bytes else ""
        parts.append(f"{_short(progress.all_bytes)}B{of}")
        while len(parts) > 1 and len("  ".join(parts)) > width:
            parts.pop()
        return "  ".join(parts)


class Terminal:
    """One line of standard error, drawn over and gone in the end."""

    def __init__(self) -> None:
        self._clock = _Clock(TERMINAL_SECONDS)
        self._is_drawn = False

    def update(self, progress: Progress) -> None:
        if not self._clock.is_due(progress):
            return
        try:
            width = (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1
        except (OSError, ValueError):
            width = 79
        share = progress.fraction
        bar = ""
        if share is not None:
            cells = 24 if width >= 100 else 12 if width >= 70 else 6
            filled = int(share * cells + 0.5)
            bar = f"[{'#' * filled}{'.' * (cells - filled)}] {share * 100:3.0f}%  "
        line = _show.plain(bar + self._clock.words(progress, width - len(bar)), keep_blanks=True)[:width]
        sys.stderr.write(f"\r{line}\x1b[K")
        sys.stderr.flush()
        self._is_drawn = True

    def end(self, is_whole: bool) -> None:
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class Notebook:
    """One output of the cell, which is updated."""

    def __init__(self) -> None:
        self._clock = _Clock(NOTEBOOK_SECONDS)
        self._handle: Any = None
        self._last: Optional[Progress] = None

    def update(self, progress: Progress) -> None:
        self._last = progress
        if self._clock.is_due(progress):
            self._draw("#4c8bf5")

    def end(self, is_whole: bool) -> None:
        if self._last is not None and self._handle is not None:
            self._draw("#3a9a4b" if is_whole else "#c0392b", is_whole)

    def _draw(self, color: str, is_whole: bool = False) -> None:
        assert self._last is not None
        shown = importlib.import_module("IPython.display")
        share = 1.0 if is_whole else self._last.fraction or 0.0
        page = shown.HTML(
            '<div style="max-width:40em"><div style="background:#8883;border-radius:3px">'
            f'<div style="background:{color};width:{share * 100:.1f}%;height:0.5em;'
            'border-radius:3px"></div></div><small>'
            f"{html.escape(self._clock.words(self._last))}</small></div>")
        if self._handle is None:
            self._handle = shown.display(page, display_id=True)
        else:
            self._handle.update(page)


def is_notebook() -> bool:
    """Whether a kernel runs this; a kernel has imported IPython long since."""
    if "IPython" not in sys.modules:
        return False
    shell = getattr(sys.modules["IPython"], "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def bar() -> Union[Silent, Terminal, Notebook]:
    """What `progress=True` shows here: nothing where nobody looks."""
    if is_notebook():
        return Notebook()
    try:
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # closed
        is_terminal = False
    return Terminal() if is_terminal else Silent()


def _short(value: float) -> str:
    """"812 ", "45.1 k", "3.2 M": a unit can follow."""
    for suffix in (" ", " k", " M", " G", " T"):
        if value < 999.5:
            break
        value /= 1000
    return f"{value:.0f}{suffix}" if suffix == " " or value >= 99.95 else f"{value:.1f}{suffix}"


def _duration(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 60}:{whole % 60:02}"
