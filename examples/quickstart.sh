#!/bin/sh
# From a bare Debian machine to a hospital in SQLite: installs what is missing, builds, invents a
# small MIMIC-IV-shaped hospital, loads it and asks it a question. Run it again as often as you like.
#
#     sh examples/quickstart.sh
set -eu
cd "$(dirname "$0")/.."
. tests/support/setup.sh

install_packages build-essential meson ninja-build pkg-config python3 sqlite3 zlib1g-dev \
    libisal-dev libzstd-dev libsqlite3-dev libpq-dev libjansson-dev libxxhash-dev
find_meson

say "building (build/)"
[ -f build/build.ninja ] || configure build
build build

say "inventing 50 patients (hospital/)"
quietly build/cli/mimic synth mimic-iv hospital --patients 50 --seed 1 --force

say "loading them (hospital.db)"
quietly build/cli/mimic load hospital hospital.db

say "done; hospital.db holds"
sqlite3 -readonly hospital.db <<'SQL'
.mode column
.headers on
SELECT 'patients' AS "table", count(*) AS "rows" FROM patients
UNION ALL SELECT 'admissions', count(*) FROM admissions
UNION ALL SELECT 'icustays', count(*) FROM icustays
UNION ALL SELECT 'labevents', count(*) FROM labevents
UNION ALL SELECT 'chartevents', count(*) FROM chartevents
UNION ALL SELECT 'inputevents', count(*) FROM inputevents
UNION ALL SELECT 'prescriptions', count(*) FROM prescriptions;

.print
.print The ten ICU stays with the worst lactate (mmol/L), their worst creatinine (mg/dL) and outcome:
WITH worst AS (
  SELECT i.stay_id,
         max(CASE WHEN l.itemid = 50813 THEN l.valuenum END) AS lactate,
         max(CASE WHEN l.itemid = 50912 THEN l.valuenum END) AS creatinine
    FROM icustays i
    JOIN labevents l ON l.subject_id = i.subject_id
                    AND l.charttime BETWEEN i.intime AND i.outtime
   WHERE l.itemid IN (50813, 50912)
   GROUP BY i.stay_id)
SELECT i.stay_id, i.first_careunit AS unit, p.gender AS sex, p.anchor_age AS age,
       round(i.los, 1) AS days, w.lactate, w.creatinine,
       CASE a.hospital_expire_flag WHEN 1 THEN 'died' ELSE 'left alive' END AS outcome
  FROM worst w
  JOIN icustays i ON i.stay_id = w.stay_id
  JOIN patients p ON p.subject_id = i.subject_id
  JOIN admissions a ON a.hadm_id = i.hadm_id
 WHERE w.lactate IS NOT NULL
 ORDER BY w.lactate DESC, i.stay_id
 LIMIT 10;
SQL
say "finished"
