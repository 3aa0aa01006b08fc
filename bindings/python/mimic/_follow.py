"""Progress of a table that is read, for bars and for functions of the user's."""

from __future__ import annotations

import time
from ctypes import CFUNCTYPE, c_int, c_void_p
from typing import Any, Callable, Optional

from . import _progress
from ._errors import CancelledError
from ._passes import Pass
from ._progress import Progress, ProgressArgument

_Callback = CFUNCTYPE(c_int, c_void_p)


def checked(progress: ProgressArgument) -> ProgressArgument:
    if progress not in (None, False, True) and not callable(progress):
        raise TypeError("progress must be True, False or something that can be called, not "
                        f"{type(progress).__name__}")
    return progress


class Follower:
    """Tells how far a reading is, some times a second and at the end."""

    def __init__(self, progress: ProgressArgument, table: str, total_bytes: Optional[int]) -> None:
        self._shown: Any = _progress.bar() if progress is True else _progress.Silent()
        self._told: Optional[Callable[[Progress], Any]] = progress if callable(progress) else None
        self.is_wanted = progress is True or self._told is not None
        self._table, self._total = table, total_bytes
        self._bytes = self._rows = self._bytes_before = self._rows_before = 0
        self._due = time.monotonic() + _progress.TERMINAL_SECONDS
        self._callback: Any = None

    def begin(self, passed: Pass) -> None:
        """A part follows."""
        self._bytes_before, self._rows_before = self._bytes, self._rows
        self._callback = passed.call.callback(_Callback, lambda _: self._tell(False))

    def step(self, passed: Pass, rows: int) -> None:
        """On the thread that reads; the user's function runs on the calling one."""
        if not self.is_wanted:
            return
        read = passed.read_so_far()
        self._rows += rows
        if read is not None:
            self._bytes, self._rows = self._bytes_before + read[0], self._rows_before + read[1]
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _progress.TERMINAL_SECONDS
            self._callback(None)

    def _tell(self, is_done: bool) -> int:
        where = Progress(table=self._table, table_index=0, table_count=1, bytes=self._bytes,
                         total_bytes=self._total, rows=self._rows, all_bytes=self._bytes,
                         all_total_bytes=self._total, done=is_done)
        self._shown.update(where)
        if self._told is not None and self._told(where) is False:
            raise CancelledError("the progress function returned False")
        return 0

    def end(self, is_whole: bool) -> None:
        try:
            if is_whole and self.is_wanted:
                self._tell(True)
        finally:
            self._shown.end(is_whole)
