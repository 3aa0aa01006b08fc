"""build_trajectories and its two steps: raw tables into a dataset of trajectories."""

from __future__ import annotations

import json
import os
import warnings
from ctypes import byref, c_void_p
from typing import Any, Callable, Dict, Iterable, List, Optional, Union

from . import _ffi
from ._ffi import PathLike, lib
from ._jobs import Job
from ._options import Names, count
from ._progress import ProgressArgument
from ._registry import Registry, choice, known

Dirs = Union[PathLike, Iterable[PathLike]]

_GROUPS = {"subject": _ffi.GROUP_SUBJECT, "admission": _ffi.GROUP_ADMISSION, "stay": _ffi.GROUP_STAY}
_LAYOUTS = {"shards": _ffi.LAYOUT_SHARDS, "files": _ffi.LAYOUT_FILES}
_FORMATS = {"arrow": _ffi.EVENT_FORMAT_ARROW, "ndjson": _ffi.EVENT_FORMAT_NDJSON}
_POLICIES = {"keep": _ffi.POLICY_KEEP, "mark": _ffi.POLICY_MARK, "reject": _ffi.POLICY_REJECT}
_NUMBERS = ("memory", "shard", "shard_count", "subjects_per_file", "train", "tuning")
_CHOICES = {"group": _GROUPS, "layout": _LAYOUTS, "format": _FORMATS, "bad_times": _POLICIES,
            "reversed": _POLICIES, "outside": _POLICIES, "unknown_subjects": _POLICIES,
            "missing_ids": _POLICIES}


class _Options:
    """mimic_trajectory_options, and what it refers to."""

    def __init__(self, job: Job, given: Dict[str, Any]) -> None:
        self.struct = made = _ffi.mimic_trajectory_options()
        self._alive: List[Any] = [job]
        self._names("tables", "table_count", given.pop("tables", None))
        self._names("codes", "code_count", given.pop("codes", None))
        maps = given.pop("maps", None)
        listed = [maps] if isinstance(maps, (str, os.PathLike)) else maps
        self._names("maps", "map_count", None if listed is None else [os.fspath(m) for m in listed])
        made.jobs = _ffi.jobs(given.pop("jobs", None))
        made.force, made.always_sort = int(given.pop("force", False)), int(given.pop("always_sort", False))
        for name in ("dataset", "version"):
            value = given.pop(name, None)
            setattr(made, name, None if value is None else _ffi.text(value, name))
        scratch = given.pop("temporary_dir", None) or os.environ.get("TMPDIR") or None
        made.temporary_dir = None if scratch is None else _ffi.path(scratch, "temporary_dir")
        for name, choices in _CHOICES.items():
            value = given.pop(name, None)
            if value is not None:
                setattr(made, name, choice(value, choices, name))
        for name in _NUMBERS:
            value = given.pop(name, None)
            if value is not None:
                setattr(made, name, count(value, name, 0))
        made.progress = job.progress
        if given:
            raise TypeError(f"there is no option {next(iter(given))}")

    def _names(self, name: str, size: str, value: Names) -> None:
        kept = _ffi.Strings(value, name)
        self._alive.append(kept)
        setattr(self.struct, name, kept.pointer)
        setattr(self.struct, size, kept.count)


def _paths(dirs: Dirs) -> _ffi.Strings:
    listed = [dirs] if isinstance(dirs, (str, os.PathLike)) else list(dirs)
    return _ffi.Strings([os.path.expanduser(os.fspath(one)) for one in listed], "dirs")


def _report(job: Job, function: Callable[..., int], *arguments: Any) -> Dict[str, Any]:
    made, text = c_void_p(), c_void_p()
    try:
        job.run(function, *arguments, byref(made))
        lib.mimic_trajectory_report_json(made, byref(text))
        report: Dict[str, Any] = json.loads(_ffi.take_text(text))
    finally:
        lib.mimic_trajectory_report_free(made)
    if report["unused_codes"]:
        warnings.warn("no event has a code that fits " + ", ".join(map(repr, report["unused_codes"])),
                      stacklevel=3)
    return report


def build_trajectories(dirs: Dirs, out: PathLike, *, progress: ProgressArgument = None,
                       registry: Optional[Registry] = None, **options: Any) -> Dict[str, Any]:
    """Makes a dataset of trajectories (MEDS, in Arrow files) of one folder of tables, or several.

        >>> import mimic, tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> hospital = mimic.synth("mimic-iv", folder.name + "/csv", patients=5)
        >>> report = mimic.build_trajectories(hospital, folder.name + "/out", tables=["labevents"])
        >>> len(list(mimic.trajectories(folder.name + "/out")))
        5
        >>> folder.cleanup()

    dataset     "mimic-iv@3.1"; by default each folder's is recognised
    tables      only these; codes: only those that fit a pattern such as "LAB*"
    maps        event maps of your own
    version     of this build, stands in every event
    jobs, memory (bytes)  what comes out does not depend on them
    group, layout ("shards", "files"), format ("arrow", "ndjson")
    shard, shard_count  one part of the files, from 1
    subjects_per_file, train, tuning (subjects of 1,000)
    bad_times, reversed, outside, unknown_subjects, missing_ids  "keep", "mark" or "reject"
    force       also where nothing has changed
    temporary_dir  for what does not fit into memory

    Returns the report as a dict: what became of the rows of each table, and totals; "absent_tables",
    which the event map has and no folder, "unmapped_tables", the other way round, and "unused_codes",
    patterns that no event fits, of which there is a warning too.
    """
    job = Job(progress)
    made, paths = _Options(job, options), _paths(dirs)
    return _report(job, lib.mimic_trajectories_build, _ffi.context(), known(registry)._handle,
                   paths.pointer, paths.count, _ffi.path(out, "out"), byref(made.struct))


def partition_trajectories(dirs: Dirs, work: PathLike, *, progress: ProgressArgument = None,
                           registry: Optional[Registry] = None, **options: Any) -> Dict[str, Any]:
    """The first of two steps, for clusters: tables into sorted files below `work`, a call a table."""
    job = Job(progress)
    made, paths = _Options(job, options), _paths(dirs)
    return _report(job, lib.mimic_trajectories_partition, _ffi.context(), known(registry)._handle,
                   paths.pointer, paths.count, _ffi.path(work, "work"), byref(made.struct))


def assemble_trajectories(work: PathLike, out: PathLike, *, progress: ProgressArgument = None,
                          registry: Optional[Registry] = None, **options: Any) -> Dict[str, Any]:
    """The second: the files below `work` into the dataset, or one part of it (shard, shard_count)."""
    job = Job(progress)
    made = _Options(job, options)
    return _report(job, lib.mimic_trajectories_assemble, _ffi.context(), known(registry)._handle,
                   _ffi.path(work, "work"), _ffi.path(out, "out"), byref(made.struct))
