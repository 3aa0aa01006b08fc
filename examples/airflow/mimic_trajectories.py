"""Trajectories as an Airflow DAG: a task a table, then a task a part, with the same commands that
examples/slurm gives to Slurm.

Put this file into the DAGs folder and set the environment variables below (README.md). All workers must
see the folders. Every task may be killed and retried at any moment: what it had finished is found and
left alone, and no file is ever half there.
"""

import os
import shlex
from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 2.10
    from airflow.operators.bash import BashOperator

MIMIC = os.environ.get("MIMIC", "mimic")
DIRS = os.environ.get("MIMIC_DIRS", "/data/mimiciv/3.1").split(":")
OUT = os.environ.get("MIMIC_OUT", "/data/trajectories")
WORK = os.environ.get("MIMIC_WORK", OUT + ".work")
PARTS = int(os.environ.get("MIMIC_PARTS", "8"))
MEMORY = os.environ.get("MIMIC_MEMORY", "512M")  # of a task
JOBS = os.environ.get("MIMIC_JOBS", "2")
PARTITION_OPTIONS = shlex.split(os.environ.get("MIMIC_PARTITION_OPTIONS", ""))
ASSEMBLE_OPTIONS = shlex.split(os.environ.get("MIMIC_ASSEMBLE_OPTIONS", ""))

# Those of MIMIC-IV's event map; name here what the folders have.
TABLES = os.environ.get("MIMIC_TABLES", (
    "patients admissions transfers services icustays poe poe_detail prescriptions pharmacy emar emar_detail "
    "labevents microbiologyevents omr chartevents datetimeevents procedureevents inputevents ingredientevents "
    "outputevents diagnoses_icd procedures_icd drgcodes hcpcsevents")).split()


def command(*words):
    """A command line of bash. Status 3 (done, and some rows are among the rejects) is no failure."""
    line = shlex.join([MIMIC, "trajectories", *words, "--quiet", "--jobs", JOBS, "--memory", MEMORY])
    return line + " || [ $? -eq 3 ]"


with DAG(
    dag_id="mimic_trajectories",
    description="Patient trajectories of MIMIC as a MEDS dataset",
    start_date=datetime(2026, 1, 1),
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
) as dag:
    partitions = [
        BashOperator(task_id="partition_" + table,
                     bash_command=command("partition", "--tables", table, *PARTITION_OPTIONS, *DIRS, WORK))
        for table in TABLES
    ]
    parts = [
        BashOperator(task_id=f"assemble_{part}_of_{PARTS}",
                     bash_command=command("assemble", "--shard", f"{part}/{PARTS}", *ASSEMBLE_OPTIONS, WORK, OUT))
        for part in range(1, PARTS + 1)
    ]
    for partition in partitions:
        partition >> parts
