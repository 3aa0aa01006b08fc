#!/usr/bin/env python3
"""Check the built-in event maps against the schema packages beside them.

Every schemas/<dataset>/<version>/events.json: keys, ranks, that each column named is one of the
table and of a fitting type, that the tables of a dataset that can have events are all there. Shares
no code with the library.

Standard library only.  Exit status 0: all well, 1: faults.
"""

import glob
import json
import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

RANKS = {
    "static", "birth", "arrival", "admission", "transfer", "stay_start", "service", "order", "specimen",
    "start", "administration", "measurement", "observation", "output", "result", "end", "procedure",
    "stay_end", "departure", "discharge", "diagnosis", "billing", "death",
}
MAP_KEYS = {"dataset", "version", "title", "sources", "context", "dictionaries", "tables"}
TABLE_KEYS = {"subject", "admission", "stay", "join", "at", "fill", "expects", "events"}
EVENT_KEYS = {
    "event", "rank", "code", "time", "when", "available", "value", "text", "unit", "link", "icd", "icd_version",
    "properties", "describe", "parents",
}
CONTEXT_KEYS = {
    "subject": {"table", "id", "extra"},
    "admission": {"table", "id", "start", "end", "extra"},
    "stay": {"table", "id", "start", "end", "extra"},
}
TIMES = {"date", "timestamp", "timestamptz"}
INTEGERS = {"int16", "int32", "int64"}
NUMBERS = INTEGERS | {"float32", "float64"}
TEXTS = {"string", "categorical"}
PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
WORD = r"([A-Za-z_][A-Za-z0-9_]*)"

# Tables that give no events, and why: dictionaries and persons who are not patients.
WITHOUT = {
    "mimic-iv": {"caregiver", "provider"},
    "mimic-iv-ed": set(),
    "mimic-iii": {"caregivers", "d_cpt"},
    "synthea": {"organizations", "payers", "providers"},
}


class Map:
    """One events.json and the types of the columns beside it."""

    def __init__(self, path, faults):
        self.path = path
        self.where = os.path.relpath(os.path.dirname(path), ROOT)
        self.faults = faults
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        self.map = json.loads(text, object_pairs_hook=self.unique)
        with open(os.path.join(os.path.dirname(path), "datapackage.json"), encoding="utf-8") as stream:
            self.package = json.load(stream)
        self.columns = {}
        for resource in self.package["resources"]:
            self.columns[resource["name"]] = {
                field["name"].lower(): field["mimic"]["type"] for field in resource["schema"]["fields"]
            }
        if any(line != line.rstrip() or "\t" in line for line in text.split("\n")):
            self.add("/", "blanks at the end of a line, or a tab")

    def unique(self, pairs):
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                self.add("/", "key %r stands twice" % name)
        return dict(pairs)

    def add(self, where, what):
        self.faults.append("%s %s: %s" % (self.where, where, what))

    def keys(self, where, found, allowed, required):
        for name in found:
            if name not in allowed:
                self.add(where, "unknown key %r" % name)
        for name in required:
            if name not in found:
                self.add(where, "lacks %r" % name)

    def column(self, where, table, name, types=None):
        """The type of a column; a fault where there is none or it does not fit."""
        kind = self.columns.get(table, {}).get(str(name).lower())
        if kind is None:
            self.add(where, "table %s has no column %r" % (table, name))
        elif types and kind.split("(")[0] not in types:
            self.add(where, "column %s.%s is of type %s" % (table, name, kind))
        return kind

    def columns_of(self, where, table, names):
        if not isinstance(names, list) or len(set(names)) != len(names):
            self.add(where, "not a list of different columns")
            return
        for name in names:
            self.column(where, table, name)


def check_time(one, where, table, term):
    match = re.fullmatch(WORD, term)
    if match:
        one.column(where, table, term, TIMES)
        return
    join = one.map["tables"][table].get("join")
    if join and "." in term and term.split(".")[0] == join["table"]:
        if term.split(".")[1] not in join["columns"]:
            one.add(where, "%r is not among the columns of the join" % term)
        return
    match = re.fullmatch(r"(?:earliest\()?" + WORD + r"\." + WORD + r"\)?", term)
    if match and term.startswith("earliest(") == term.endswith(")"):
        group, name = match.groups()
        context = one.map["context"].get(group)
        if context is None:
            one.add(where, "there is no context %r" % group)
        elif name not in [context.get(slot) for slot in ("start", "end", "extra")]:
            one.add(where, "context %s has no time %r" % (group, name))
        elif not term.startswith("earliest(") and group != "subject" and group not in one.map["tables"][table]:
            one.add(where, "the table does not say its %s" % group)
        return
    match = re.fullmatch(r"year\(" + WORD + r"(?: - " + WORD + r")?\)", term)
    if match:
        for name in match.groups():
            if name:
                one.column(where, table, name, INTEGERS)
        return
    one.add(where, "no time: %r" % term)


def check_times(one, where, table, value):
    for term in value if isinstance(value, list) else [value]:
        check_time(one, where, table, term)


def check_template(one, where, template, names):
    """The columns of a template; `names` says what is one, and finds fault."""
    rest = PLACE.sub("", template)
    if "{" in rest or "}" in rest or not template:
        one.add(where, "no template: %r" % template)
    for match in PLACE.finditer(template):
        if match.group(1) is not None:
            names(match.group(1))


def check_when(one, where, table, when):
    for name, wanted in when.items():
        one.column(where, table, name)
        if isinstance(wanted, dict):
            one.keys(where, wanted, {"not"}, {"not"})
            wanted = wanted.get("not")
        elif wanted in ("present", "absent"):
            continue
        if not isinstance(wanted, list) or not all(isinstance(text, str) for text in wanted):
            one.add(where, "condition on %r" % name)


def check_describe(one, where, table, event):
    describe = event.get("describe", {})
    keys = describe.get("key", [])
    one.columns_of(where, table, keys)
    if "dictionary" in describe:
        dictionary = one.map["dictionaries"].get(describe["dictionary"])
        if dictionary is None:
            one.add(where, "there is no dictionary %r" % describe["dictionary"])
        elif len(dictionary["key"]) != len(keys):
            one.add(where, "keys of another number than dictionary %r has" % describe["dictionary"])
    elif "column" in describe:
        one.column(where, table, describe["column"], TEXTS)
    elif describe and not describe.get("text"):
        one.add(where, "neither dictionary nor column nor text")

    def parent(name):
        match = re.fullmatch(r"dotted\(" + WORD + r"\)", name)
        if match and "icd" not in event:
            one.add(where, "dotted() without icd")
        one.column(where, table, match.group(1) if match else name)

    for template in event.get("parents", []):
        check_template(one, where, template, parent)
    if event.get("icd", "diagnosis") not in ("diagnosis", "procedure"):
        one.add(where, "icd %r" % event["icd"])


def check_event(one, where, table, event):
    one.keys(where, event, EVENT_KEYS, {"event", "rank", "code", "time"})
    if event["rank"] not in RANKS:
        one.add(where, "there is no rank %r" % event["rank"])
    check_template(one, where, event["code"], lambda name: one.column(where, table, name))
    if event["time"] is None:
        if event["rank"] != "static":
            one.add(where, "no time, and not static")
    else:
        check_times(one, where, table, event["time"])
    if "available" in event:
        check_times(one, where, table, event["available"])
    if "when" in event:
        check_when(one, where, table, event["when"])
    if "value" in event:
        one.column(where, table, event["value"], NUMBERS | TEXTS | {"decimal", "boolean"})
    if "text" in event:
        one.column(where, table, event["text"])
    if "unit" in event and not isinstance(event["unit"], dict):
        one.column(where, table, event["unit"], TEXTS)
    one.columns_of(where, table, event.get("properties", []))
    if event.get("link", "start") not in ("start", "end"):
        one.add(where, "link %r" % event["link"])
    check_describe(one, where, table, event)


def check_table(one, table, entry):
    where = "/tables/" + table
    if table not in one.columns:
        one.add(where, "no such table")
        return
    one.keys(where, entry, TABLE_KEYS, {"subject", "events"})
    for key in ("subject", "admission", "stay"):
        if key in entry:
            one.column(where, table, entry[key], INTEGERS | TEXTS)
    if "join" in entry:
        join = entry["join"]
        one.keys(where + "/join", join, {"table", "by", "columns"}, {"table", "by", "columns"})
        one.column(where + "/join", table, join["by"], INTEGERS | TEXTS)
        one.column(where + "/join", join["table"], join["by"], INTEGERS | TEXTS)
        for name in join["columns"]:
            one.column(where + "/join", join["table"], name, TIMES)
        if join["table"] not in one.map["tables"]:
            one.add(where, "the map lacks table %r" % join["table"])
    if "at" in entry:
        check_times(one, where, table, entry["at"])
    for key in ("fill", "expects"):
        for group in entry.get(key, []):
            if group not in ("admission", "stay") or group not in one.map["context"]:
                one.add(where, "%s %r" % (key, group))
            elif key == "expects" and group not in entry:
                one.add(where, "expects a %s, and names no column of it" % group)
    names = [event.get("event") for event in entry["events"]]
    if len(set(names)) != len(names):
        one.add(where, "two events of one name")
    links = [event["link"] for event in entry["events"] if "link" in event]
    if links and set(links) != {"start", "end"}:
        one.add(where, "a link without its other end")
    for number, event in enumerate(entry["events"]):
        check_event(one, "%s/events/%d (%s)" % (where, number, event.get("event")), table, event)


def check_map(path, faults):
    one = Map(path, faults)
    one.keys("/", one.map, MAP_KEYS, {"dataset", "version", "title", "context", "tables"})
    folder = os.path.dirname(path)
    if [one.map["dataset"], one.map["version"]] != folder.split(os.sep)[-2:]:
        one.add("/", "dataset and version are not those of the folder")
    for group, entry in one.map["context"].items():
        where = "/context/" + group
        if group not in CONTEXT_KEYS:
            one.add(where, "no such group")
            continue
        one.keys(where, entry, CONTEXT_KEYS[group], {"table", "id"})
        if entry["table"] not in one.map["tables"]:
            one.add(where, "table %r gives no events" % entry["table"])
        one.column(where, entry["table"], entry["id"], INTEGERS | TEXTS)
        for slot in ("start", "end", "extra"):
            if slot in entry:
                one.column(where, entry["table"], entry[slot], TIMES)
    for name, entry in one.map.get("dictionaries", {}).items():
        where = "/dictionaries/" + name
        one.keys(where, entry, {"key", "description"}, {"key", "description"})
        one.columns_of(where, name, entry["key"])
        one.column(where, name, entry["description"], TEXTS)
    for table, entry in one.map["tables"].items():
        check_table(one, table, entry)
    known = set(one.map["tables"]) | set(one.map.get("dictionaries", {})) | WITHOUT[one.map["dataset"]]
    for table in one.columns:
        if table not in known:
            one.add("/", "table %s gives no events" % table)
    return one


def main():
    faults = []
    paths = sorted(glob.glob(os.path.join(ROOT, "schemas", "*", "*", "events.json")))
    events = tables = 0
    for path in paths:
        one = check_map(path, faults)
        tables += len(one.map["tables"])
        events += sum(len(entry["events"]) for entry in one.map["tables"].values())
    for fault in faults:
        print("FAULT " + fault)
    print("%d maps, %d tables, %d events, %d faults" % (len(paths), tables, events, len(faults)))
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
