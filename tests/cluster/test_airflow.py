#!/usr/bin/env python3
"""examples/airflow: the DAG's tasks and their order, told to an Airflow of a few lines, and its commands
run: they write what the one command writes, byte by byte.

    test_airflow.py MIMIC SHIM [NAME...]
"""

import collections
import glob
import json
import os
import subprocess
import sys
import types
import unittest
from unittest import mock

import work

DAG_FILE = os.path.join(work.ROOT, "examples", "airflow", "mimic_trajectories.py")


class Dag:
    """Remembers its operators; those that are made inside `with` belong to it."""

    current = None

    def __init__(self, dag_id, **settings):
        self.dag_id = dag_id
        self.settings = settings
        self.tasks = collections.OrderedDict()

    def __enter__(self):
        Dag.current = self
        return self

    def __exit__(self, *why):
        Dag.current = None


class BashOperator:
    def __init__(self, task_id, bash_command, **settings):
        if set(task_id) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"):
            raise ValueError("Airflow takes no such task_id: " + task_id)
        if task_id in Dag.current.tasks:
            raise ValueError("two tasks are " + task_id)
        # Airflow takes braces for templates, and a command that ends so for the name of a template.
        if "{{" in bash_command or "{%" in bash_command or bash_command.endswith((".sh", ".bash")):
            raise ValueError("Airflow would render " + bash_command)
        self.task_id = task_id
        self.bash_command = bash_command
        self.settings = settings
        self.upstream = set()
        Dag.current.tasks[task_id] = self

    def __rshift__(self, others):
        for other in others if isinstance(others, list) else [others]:
            other.upstream.add(self.task_id)
        return others


def modules(is_old):
    """An Airflow: before 2.10 the operators stood elsewhere."""
    names = (["airflow.operators", "airflow.operators.bash"] if is_old else
             ["airflow.providers", "airflow.providers.standard", "airflow.providers.standard.operators",
              "airflow.providers.standard.operators.bash"])
    made = {name: types.ModuleType(name) for name in ["airflow", *names]}
    made["airflow"].DAG = Dag
    made[names[-1]].BashOperator = BashOperator
    return made


def read_dag(is_old=False, **variables):
    with open(DAG_FILE, encoding="utf-8") as stream:
        code = compile(stream.read(), DAG_FILE, "exec")
    names = {"__name__": "dag_file"}
    with mock.patch.dict(sys.modules, modules(is_old)), mock.patch.dict(os.environ, variables):
        exec(code, names)
    return names["dag"]


def order(dag):
    """Tasks so that each stands behind those that it waits for."""
    done = []
    left = dict(dag.tasks)
    while left:
        ready = [name for name, task in left.items() if task.upstream <= set(done)]
        if not ready:
            raise AssertionError("tasks wait for each other: %s" % sorted(left))
        done += ready
        for name in ready:
            del left[name]
    return done


class Airflow(work.Work):
    def test_tasks(self):
        for is_old in (False, True):
            dag = read_dag(is_old, MIMIC_TABLES="patients labevents", MIMIC_PARTS="2", MIMIC_DIRS="/a b:/c",
                           MIMIC_OUT="/o", MIMIC_PARTITION_OPTIONS="--codes 'LAB*'", MIMIC_ASSEMBLE_OPTIONS="--group stay")
            self.assertEqual(list(dag.tasks), ["partition_patients", "partition_labevents", "assemble_1_of_2",
                                               "assemble_2_of_2"])
            self.assertEqual(dag.tasks["partition_labevents"].bash_command,
                             "mimic trajectories partition --tables labevents --codes 'LAB*' '/a b' /c /o.work "
                             "--quiet --jobs 2 --memory 512M || [ $? -eq 3 ]")
            self.assertEqual(dag.tasks["assemble_2_of_2"].bash_command,
                             "mimic trajectories assemble --shard 2/2 --group stay /o.work /o --quiet --jobs 2 "
                             "--memory 512M || [ $? -eq 3 ]")
            for name in ("assemble_1_of_2", "assemble_2_of_2"):
                self.assertEqual(dag.tasks[name].upstream, {"partition_patients", "partition_labevents"})
            self.assertEqual(dag.tasks["partition_patients"].upstream, set())
            self.assertEqual(dag.settings["max_active_runs"], 1)

    def test_tables_are_those_of_the_maps(self):
        """Those of Slurm are of all datasets: a file that has a listed name is an event table of its own."""
        with open(os.path.join(work.ROOT, "examples", "slurm", "tables.txt"), encoding="utf-8") as stream:
            listed = stream.read().split()
        named = {name[len("partition_"):] for name in read_dag().tasks if name.startswith("partition_")}
        mapped = set()
        for path in glob.glob(os.path.join(work.ROOT, "schemas", "*", "*", "events.json")):
            with open(path, encoding="utf-8") as stream:
                tables = set(json.load(stream)["tables"])
            with open(os.path.join(os.path.dirname(path), "datapackage.json"), encoding="utf-8") as stream:
                files = {resource["name"] for resource in json.load(stream)["resources"]}
            self.assertEqual(files & set(listed), tables, path)
            mapped |= tables
            if path.endswith("mimic-iv/3.1/events.json"):
                self.assertEqual(named, tables)
        self.assertEqual(sorted(listed), sorted(mapped))

    def test_commands(self):
        out = self.path("out")
        there = {name.split(".")[0] for folder in self.dirs for _, _, names in os.walk(folder) for name in names}
        tables = [name[len("partition_"):] for name in read_dag().tasks if name.startswith("partition_")]
        dag = read_dag(MIMIC=work.MIMIC, MIMIC_DIRS=":".join(self.dirs), MIMIC_OUT=out, MIMIC_PARTS="3",
                       MIMIC_TABLES=" ".join(name for name in tables if name in there))
        for name in order(dag):
            done = subprocess.run(["bash", "-c", dag.tasks[name].bash_command], capture_output=True, text=True,
                                  check=False, timeout=600)
            self.assertEqual(done.returncode, 0, (name, done.stderr))
        self.assertEqual(work.digests_below(out), self.wanted)


if __name__ == "__main__":
    work.begin()
    unittest.main()
