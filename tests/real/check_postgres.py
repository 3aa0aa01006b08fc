#!/usr/bin/env python3
"""Every folder of real data in one PostgreSQL database: published counts, every value read back
through psql, foreign keys, a second run that does nothing, and questions as people ask them.

    check_postgres.py MIMIC
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import check_loads
import check_values
import postgres
import real

SCHEMAS = {"mimic-iv": "mimiciv_", "mimic-iii": "mimiciii", "synthea": "synthea"}

# Questions in the words of people who work with MIMIC, and their answers on the demo.
QUESTIONS = [
    ("how many patients, and how many of them were in an ICU",
     """SET search_path TO mimiciv_hosp, mimiciv_icu;
        SELECT count(DISTINCT p.subject_id), count(DISTINCT i.subject_id)
        FROM patients p LEFT JOIN icustays i ON i.subject_id = p.subject_id""", "100|100"),
    ("length of stay agrees with its times",
     """SELECT count(*) FROM mimiciv_icu.icustays
        WHERE abs(extract(epoch FROM outtime - intime) / 86400 - los) > 0.001""", "0"),
    ("first creatinine of each ICU stay, within its first day",
     """SELECT count(*) FROM (SELECT i.stay_id, row_number() OVER (PARTITION BY i.stay_id
         ORDER BY l.charttime, l.labevent_id) AS rn, l.valuenum
        FROM mimiciv_icu.icustays i JOIN mimiciv_hosp.labevents l ON l.hadm_id = i.hadm_id
         AND l.charttime >= i.intime - INTERVAL '6' HOUR AND l.charttime < i.intime + INTERVAL '1' DAY
        WHERE l.itemid = 50912 AND l.valuenum IS NOT NULL) f WHERE rn = 1 AND valuenum <= 150""",
     None),
    ("age at admission",
     """SELECT bool_and(p.anchor_age + date_part('year', a.admittime)::integer - p.anchor_year
         BETWEEN 18 AND 120) FROM mimiciv_hosp.admissions a
        JOIN mimiciv_hosp.patients p USING (subject_id)""", "t"),
    ("urine output an hour",
     """SELECT sum(value) > 0 FROM (SELECT stay_id, date_trunc('hour', charttime) AS h,
         sum(CASE WHEN itemid = 227488 THEN -value ELSE value END) AS value
        FROM mimiciv_icu.outputevents GROUP BY 1, 2) u""", "t"),
    ("heart rates of the rebuilt chart",
     """SELECT count(*) > 0 FROM mimiciv_icu.chartevents ce INNER JOIN mimiciv_icu.d_items d
         ON ce.itemid = d.itemid WHERE d.label ILIKE 'heart rate' AND ce.valuenum BETWEEN 0 AND 300""",
     "t"),
    ("MIMIC-III by its own names",
     """SET search_path TO mimiciii;
        SELECT count(*) FROM icustays ie INNER JOIN admissions adm ON ie.hadm_id = adm.hadm_id
        INNER JOIN patients pat ON ie.subject_id = pat.subject_id
        WHERE ie.intime IS NOT NULL AND pat.dob < ie.intime""", "136"),
    ("types that people rely on",
     """SELECT string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = 'mimiciii.labevents'::regclass AND attnum > 0""",
     "integer,integer,integer,integer,timestamp(0) without time zone,character varying(200),"
     "double precision,character varying(20),character varying(20)"),
]


def rows_of(server, schema, table, columns):
    """Chunks of columns as text, in the order in which the rows came."""
    names = ", ".join('("%s" AT TIME ZONE \'UTC\')::text || \'Z\'' % column.name.lower()
                      if column.type == "timestamptz" else '"%s"' % column.name.lower()
                      for column in columns)
    command = server.psql_command("-c", f'COPY (SELECT {names} FROM "{schema}"."{table.lower()}"'
                                        f' ORDER BY ctid) TO STDOUT (FORMAT csv)')
    done = subprocess.run(command, env=server.environment(), stdout=subprocess.PIPE, check=True)
    _, records = real.read_records(b"header\n" + done.stdout)
    while chunk := [record for _, record in zip(range(check_values.CHUNK), records)]:
        yield list(zip(*chunk, strict=True))


def check_values_of(faults, server, folder, schemas):
    resources = real.package(real.FOLDERS[folder])
    count = 0
    for table, path in real.source_files(folder).items():
        if table not in schemas:
            faults.expect(table not in resources, f"{folder}: {table} is not in the database")
            continue
        source = check_values.Source(folder, table, path, resources[table])
        more, wrong = check_values.compare(
            f"{folder}: {table}", source.columns, source.chunks(),
            rows_of(server, schemas[table], table, source.columns), check_values.Column.of_text)
        count += more
        for fault in wrong:
            faults.expect(False, fault)
    print(f"{folder}: {count:,} values compared", flush=True)
    faults.expect(count > 0, f"{folder}: nothing compared")


def check_folder(faults, program, server, folder, expected):
    status, report, said = program.load(folder, server.dsn(), "--quiet")
    rejects = sum(n for (where, _), n in check_loads.REJECTS.items() if where == folder)
    if not faults.equal(status, 3 if rejects else 0, f"{folder}: exit status ({said})"):
        return
    dataset = real.FOLDERS[folder].split("@")[0]
    rows = server.psql("SELECT table_name, schema_name, read, written, rejected FROM mimic._mimic_ledger"
                       f" WHERE dataset = '{real.FOLDERS[folder]}'").split()
    lines = {row.split("|")[0]: row.split("|")[1:] for row in rows}
    for name, count in expected.items():
        what = f"{folder}: {name}"
        if not faults.expect(name.lower() in lines, f"{what}: no line in the ledger"):
            continue
        schema, read, written, rejected = lines[name.lower()]
        faults.expect(schema.startswith(SCHEMAS[dataset]), f"{what}: schema {schema}")
        faults.equal(int(read), count, f"{what}: rows read")
        faults.equal(int(server.psql(f'SELECT count(*) FROM "{schema}"."{name.lower()}"')), int(written),
                     f"{what}: rows there")
        faults.equal(int(server.psql("SELECT count(*) FROM mimic._mimic_rejects WHERE"
                                     f" schema_name = '{schema}' AND table_name = '{name.lower()}'")),
                     int(rejected), f"{what}: rejects there")
    problems = [note for note in report["notes"] if note["kind"] == "finding" and note["is_problem"]]
    faults.equal(problems, [], f"{folder}: problems")
    check_values_of(faults, server, folder, {name: lines[name.lower()][0] for name in expected
                                             if name.lower() in lines})
    status, report, _ = program.load(folder, server.dsn(), "--quiet")
    faults.equal([table["table"] for table in report["tables"] if not table.get("is_unchanged")], [],
                 f"{folder}: tables that a second run did anew")


def check_database(faults, server):
    """Keys that the demo does not break are there and valid; comments and statistics are, too."""
    faults.equal(server.psql("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"
                             " AND conrelid::regclass::text !~ 'synthea'").strip(), "0",
                 "foreign keys that do not hold")
    faults.expect(int(server.psql("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")) > 100,
                  "foreign keys are declared")
    faults.equal(server.psql("SELECT obj_description('mimiciv_hosp.labevents'::regclass) <> '' AND"
                             " col_description('mimiciv_hosp.labevents'::regclass, 1) <> ''").strip(), "t",
                 "comments")
    faults.equal(server.psql("SELECT count(*) FROM pg_stats WHERE schemaname = 'mimiciv_hosp' AND"
                             " tablename = 'labevents'").strip(), "16", "statistics")
    faults.equal(server.psql("SELECT count(*) FROM pg_class WHERE relname LIKE '\\_mimic\\_new%'").strip(), "0",
                 "left over")
    for what, question, answer in QUESTIONS:
        found = server.psql(question).strip()
        faults.expect(found == answer if answer is not None else int(found) > 0,
                      f"{what}: expected {answer}, found {found}")


def main():
    real.require_data()
    postgres.require()
    program = real.Program(sys.argv[1])
    faults = real.Faults()
    known = check_loads.known_rows()
    with postgres.Server() as server:
        for folder in real.FOLDERS:
            check_folder(faults, program, server, folder, known[folder])
        check_database(faults, server)
    faults.finish("PostgreSQL")


main()
