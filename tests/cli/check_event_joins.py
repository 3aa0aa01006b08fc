"""mimic trajectories on a few rows of MIMIC-IV by hand: details that are joined with orders and
administrations by their ids, stays of the emergency department beside those of the ICU, what is known
when, and which tables are read for the sake of others.

    check_event_joins.py MIMIC_PROGRAM
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

TABLES = {
    "hosp/patients": """subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
7,F,60,2150,2011 - 2013,
8,M,50,2150,2011 - 2013,2151-03-01
""",
    "hosp/admissions": """subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,admission_location,discharge_location,insurance,language,marital_status,race,edregtime,edouttime,hospital_expire_flag
7,70,2150-01-02 10:00:00,2150-01-05 12:00:00,,URGENT,,ER,HOME,,ENGLISH,,,,,0
8,80,2150-02-01 10:00:00,2150-02-03 12:00:00,,URGENT,,ER,HOME,,ENGLISH,,,,,0
""",
    "hosp/poe": """poe_id,poe_seq,subject_id,hadm_id,ordertime,order_type,order_subtype,transaction_type,discontinue_of_poe_id,discontinued_by_poe_id,order_provider_id,order_status
7-1,1,7,70,2150-01-02 11:00:00,Medications,,New,,,,Inactive
8-1,1,8,80,2150-02-01 11:00:00,Medications,,New,,,,Inactive
""",
    # 7-1 is an id of emar and of poe; 7-9 is of no order, 8-1 of another patient's.
    "hosp/poe_detail": """poe_id,poe_seq,subject_id,field_name,field_value
7-1,1,7,Admit to,Medicine
7-9,9,7,Level of Urgency,Now
8-1,1,7,Admit to,Surgery
""",
    "hosp/emar": """subject_id,hadm_id,emar_id,emar_seq,poe_id,pharmacy_id,enter_provider_id,charttime,medication,event_txt,scheduletime,storetime
7,70,7-1,1,7-1,5,,2150-01-03 08:00:00,Heparin,Administered,,2150-01-03 09:30:00
7,,7-2,2,7-1,5,,2150-01-04 08:00:00,Heparin,Administered,,2150-01-04 07:00:00
""",
    "hosp/emar_detail": """subject_id,emar_id,emar_seq,parent_field_ordinal,administration_type,pharmacy_id,barcode_type,reason_for_no_barcode,complete_dose_not_given,dose_due,dose_due_unit,dose_given,dose_given_unit,will_remainder_of_dose_be_given,product_amount_given,product_unit,product_code,product_description,product_description_other,prior_infusion_rate,infusion_rate,infusion_rate_adjustment,infusion_rate_adjustment_amount,infusion_rate_unit,route,infusion_complete,completion_interval,new_iv_bag_hung,continued_infusion_in_other_location,restart_interval,side,site,non_formulary_visual_verification
7,7-1,1,,Standard Maintenance,5,,,,5000,UNIT,,,,,,,,,,,,,,,,,,,,,,
7,7-1,1,1.1,,5,if,,,,,5000,UNIT,,1,mL,HEPA5I,Heparin 5000 Units,,,,,,,SC,,,,,,,,
7,7-2,2,1.1,,5,if,,,,,___,UNIT,,1,mL,HEPA5I,Heparin 5000 Units,,,,,,,SC,,,,,,,,
""",
}

EMERGENCY = {
    "ed/edstays": """subject_id,hadm_id,stay_id,intime,outtime,gender,race,arrival_transport,disposition
7,70,30000001,2150-01-02 07:00:00,2150-01-02 10:30:00,F,,AMBULANCE,ADMITTED
""",
    "ed/triage": """subject_id,stay_id,temperature,heartrate,resprate,o2sat,sbp,dbp,pain,acuity,chiefcomplaint
7,30000001,98.6,90,,,,,unable,2,Chest pain
""",
    "ed/diagnosis": """subject_id,stay_id,seq_num,icd_code,icd_version,icd_title
7,30000001,1,E119,10,Type 2 diabetes
""",
}

# Stay 41 is of nobody.
INTENSIVE = {
    "icu/icustays": """subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los
7,70,40,MICU,MICU,2150-01-02 12:00:00,2150-01-03 12:00:00,1
""",
    "icu/procedureevents": """subject_id,hadm_id,stay_id,caregiver_id,starttime,endtime,storetime,itemid,value,valueuom,location,locationcategory,orderid,linkorderid,ordercategoryname,ordercategorydescription,patientweight,isopenbag,continueinnextdept,statusdescription,originalamount,originalrate
7,70,40,,2150-01-02 13:00:00,2150-01-02 14:00:00,2150-01-02 14:00:00,225752,60,min,,,1,1,x,y,70,0,0,FinishedRunning,60,1
7,70,41,,2150-01-02 13:00:00,2150-01-02 14:00:00,2150-01-02 14:00:00,225752,60,min,,,1,1,x,y,70,0,0,FinishedRunning,60,1
""",
}


def check_emergency(equal, program, work):
    """Two releases of the same patients: the stay of one is joined with, and no ICU stay of the other."""
    out = os.path.join(work, "both")
    done = subprocess.run([program, "trajectories", "--layout", "files", "--format", "ndjson",
                           work + "/data", work + "/emergency", out], capture_output=True, text=True)
    events = []
    for path in sorted(glob.glob(out + "/files/**/*.ndjson", recursive=True)):
        with open(path, encoding="utf-8") as stream:
            events += [json.loads(line) for line in stream]
    equal((done.returncode, done.stderr), (0, ""), "both releases")
    equal([(event["time"], event["code"], event.get("value"), event.get("hadm_id"), event["stay_id"],
            event["marks"] & 4) for event in events
           if event["source_table"] in ("triage", "edstays", "diagnosis")],
          [("2150-01-02T07:00:00", "ED_ARRIVAL//AMBULANCE", None, 70, 30000001, 0),
           ("2150-01-02T07:00:00", "TRIAGE//TEMPERATURE//degF", 98.6, 70, 30000001, 0),
           ("2150-01-02T07:00:00", "TRIAGE//HEARTRATE//bpm", 90, 70, 30000001, 0),
           ("2150-01-02T07:00:00", "TRIAGE//PAIN", None, 70, 30000001, 0),
           ("2150-01-02T07:00:00", "TRIAGE//CHIEFCOMPLAINT", None, 70, 30000001, 0),
           ("2150-01-02T07:00:00", "TRIAGE//ACUITY", 2, 70, 30000001, 0),
           ("2150-01-02T10:30:00", "ED_DEPARTURE//ADMITTED", None, 70, 30000001, 0),
           ("2150-01-02T10:30:00", "DIAGNOSIS//ICD//10//E119", None, 70, 30000001, 0)],
          "the emergency department")
    equal([event for event in events if event["source_table"] not in ("triage", "edstays", "diagnosis")
           and event.get("stay_id") == 30000001], [], "events of the hospital in that stay")


def check_without_stays(equal, program, work):
    """A table that is not there proves no id wrong: nothing is marked, and it is told once."""
    out = os.path.join(work, "without")
    os.remove(work + "/emergency/ed/edstays.csv")
    done = subprocess.run([program, "trajectories", "--layout", "files", "--format", "ndjson", "--dataset",
                           "mimic-iv-ed@2.2", work + "/emergency", out + "-alone"], capture_output=True, text=True)
    equal(done.returncode, 0, "the emergency department alone, without its stays")
    done = subprocess.run([program, "trajectories", "--layout", "files", "--format", "ndjson", "--on-missing-ids",
                           "reject", work + "/data", work + "/icu", work + "/emergency", out],
                          capture_output=True, text=True)
    with open(out + "/manifest.json", encoding="utf-8") as stream:
        tables = {entry["table"]: entry for entry in json.load(stream)["tables"]}
    equal([tables[name]["rejected"] for name in ("triage", "diagnosis", "procedureevents")], [0, 0, 1],
          "rows without their stay")
    equal([line for line in done.stderr.splitlines() if "edstays" in line and "triage" in line] != [], True,
          "the table that is not there is told: " + done.stderr)


def build(program, work, *options):
    out = os.path.join(work, "out")
    done = subprocess.run([program, "trajectories", "--dataset", "mimic-iv@3.1", "--layout", "files",
                           "--format", "ndjson", "--force", *options, work + "/data", out],
                          capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{done.returncode}: {done.stderr}")
    events = []
    for path in sorted(glob.glob(out + "/files/**/*.ndjson", recursive=True)):
        with open(path, encoding="utf-8") as stream:
            events += [json.loads(line) for line in stream]
    with open(out + "/manifest.json", encoding="utf-8") as stream:
        return events, {entry["table"]: entry for entry in json.load(stream)["tables"]}


def main():
    faults = []

    def equal(found, expected, what):
        if found != expected:
            faults.append(f"{what}: expected {expected}, found {found}")

    with tempfile.TemporaryDirectory() as work:
        for name, text in {**{"data/" + name: text for name, text in TABLES.items()},
                           **{"icu/" + name: text for name, text in INTENSIVE.items()},
                           **{"emergency/" + name: text for name, text in EMERGENCY.items()}}.items():
            path = os.path.join(work, name + ".csv")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        events, tables = build(sys.argv[1], work)
        equal([(event["subject_id"], event["time"], event["code"], event["text_value"],
                event.get("hadm_id"), event.get("stay_id"))
               for event in events if event["source_table"] == "poe_detail"],
              [(7, "2150-01-02T11:00:00", "ORDER//DETAIL//Admit to", "Medicine", 70, None)],
              "details of orders")
        equal((tables["poe_detail"]["with_events"], tables["poe_detail"]["without_events"]), (1, 2),
              "details without their order")
        equal([(event["time"], event["code"], event.get("value"), event["text_value"], event["unit"],
                event["available_time"], event["hadm_id"])
               for event in events if event["source_table"] == "emar_detail"],
              [("2150-01-03T08:00:00", "MEDICATION//DOSE_DUE//Standard Maintenance//UNIT", 5000,
                "5000", "UNIT", "2150-01-03T09:30:00", 70),
               ("2150-01-03T08:00:00", "MEDICATION//DOSE_GIVEN//HEPA5I//UNIT", 5000, "5000", "UNIT",
                "2150-01-03T09:30:00", 70),
               ("2150-01-04T08:00:00", "MEDICATION//DOSE_GIVEN//HEPA5I//UNIT", None, "___", "UNIT",
                "2150-01-04T08:00:00", 70)], "details of administrations")
        everything = len(events)
        events, tables = build(sys.argv[1], work, "--tables", "emar_detail")
        equal(len(events), 3, "events of emar_detail alone")
        equal("emar" in tables and "poe" not in tables, True, "tables that are read with emar_detail")
        events, tables = build(sys.argv[1], work, "--codes", "ORDER//DETAIL*")
        equal(len(events), 1, "events of one code")
        equal(len(build(sys.argv[1], work)[0]), everything, "all events once more")
        check_emergency(equal, sys.argv[1], work)
        check_without_stays(equal, sys.argv[1], work)
    for fault in faults:
        print(fault)
    print(f"joined rows: {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
