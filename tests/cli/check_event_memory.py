"""mimic trajectories on single patients who are too large for the memory: by the rows that others are joined
with, by their texts, by their admissions. What comes out is the same as with enough of it, and the memory
that is taken stays under --memory and 64 MB.

    check_event_memory.py MIMIC_PROGRAM
"""

import filecmp
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from peak import MEASURE  # noqa: E402

PATIENTS = """subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
7,F,60,2150,2011 - 2013,
8,M,50,2150,2011 - 2013,2151-03-01
"""
ADMISSIONS = ("subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"
              "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,"
              "edouttime,hospital_expire_flag\n")
EMAR = ("subject_id,hadm_id,emar_id,emar_seq,poe_id,pharmacy_id,enter_provider_id,charttime,medication,"
        "event_txt,scheduletime,storetime\n")
DETAIL = "subject_id,emar_id,emar_seq,dose_due,dose_due_unit\n"
LABS = ("labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,value,"
        "valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n")
MOST_KIB = (64 + 64) * 1024


def clock(number):
    return "2150-01-03 %02d:%02d:%02d" % (number // 3600 % 24, number // 60 % 60, number % 60)


def write(folder, name, head, lines):
    os.makedirs(os.path.join(folder, "hosp"), exist_ok=True)
    with open(os.path.join(folder, "hosp", name + ".csv"), "w", encoding="ascii") as stream:
        stream.write(head)
        stream.writelines(lines)


def patient(folder, admissions=1):
    write(folder, "patients", PATIENTS, [])
    write(folder, "admissions", ADMISSIONS,
          ("7,%d,2150-01-%02d 10:00:00,2150-02-05 12:00:00,,URGENT,,ER,HOME,,ENGLISH,,,,,0\n"
           % (70 + i, i % 28 + 1) for i in range(admissions)))


def joined(folder):
    """Ids in no order, some of them twice, some details of nothing."""
    chance = random.Random(1)
    ids = [chance.randrange(80000) for _ in range(75000)]
    patient(folder)
    write(folder, "emar", EMAR, ("7,70,7-%d,%d,7-1,5,,%s,Heparin,Administered,,2150-01-04 09:30:00\n"
                                 % (one, i, clock(i)) for i, one in enumerate(ids)))
    write(folder, "emar_detail", DETAIL, ("7,7-%d,%d,5000,UNIT\n" % (chance.randrange(80000), i)
                                          for i in range(50000)))


def texts(count, size):
    def make(folder):
        chance = random.Random(2)
        pool = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz 0123456789", k=4096)) for _ in range(64)]
        patient(folder)
        write(folder, "labevents", LABS,
              ("%d,7,70,1,50931,,%s,2150-01-03 09:30:00,%s,,mg/dL,,,,,\n"
               % (i + 1, clock(i), "".join(chance.choices(pool, k=size // 4096))) for i in range(count)))
    return make


CASES = {
    "rows that others are joined with": joined,
    "many texts": texts(20000, 4096),
    "few texts, but very long": texts(8, 8 << 20),
    "admissions": lambda folder: patient(folder, 70000),
}


def run(program, work, folder, memory):
    """The folder that came out, the memory that it took."""
    out = os.path.join(work, "out-" + memory)
    done = subprocess.run([sys.executable, "-c", MEASURE, os.path.join(work, "peak"), program, "trajectories",
                           "--dataset", "mimic-iv@3.1", "--memory", memory, "--jobs", "2", "--force", "--quiet",
                           folder, out], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{done.returncode}: {done.stderr}")
    with open(os.path.join(work, "peak"), encoding="ascii") as stream:
        return out, int(stream.read())


def compare(left, right):
    """Files that are not the same in both folders."""
    found = [filecmp.dircmp(left, right, hide=[])]
    faults = []
    while found:
        one = found.pop()
        faults += one.left_only + one.right_only
        faults += [name for name in one.common_files
                   if not filecmp.cmp(os.path.join(one.left, name), os.path.join(one.right, name), shallow=False)]
        found += [each for name, each in one.subdirs.items() if name not in (".", "..")]
    return [name for name in faults if name not in (".", "..")]


def main():
    program, faults = os.path.abspath(sys.argv[1]), []
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    is_measured = sys.platform == "linux" and "san.so" not in linked
    for name, make in CASES.items():
        with tempfile.TemporaryDirectory() as work:
            folder = os.path.join(work, "data")
            make(folder)
            small, peak = run(program, work, folder, "64M")
            large, _ = run(program, work, folder, "4G")
            faults += [f"{name}: {file} differs" for file in compare(small, large)]
            if is_measured and peak > MOST_KIB:
                faults.append(f"{name}: {peak // 1024} MiB were taken")
            print(f"{name}: {peak // 1024} MiB")
    for fault in faults:
        print(fault)
    print(f"large patients: {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
