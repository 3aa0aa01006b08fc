"""Medians, ratios and goals, as Markdown and as JSON."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

import data
import jobs as job_list


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def features():
    """The instruction sets that matter to the kernels."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((line.split() for line in file if line.startswith(("flags", "Features"))), [])
    return [name for name in ("avx2", "avx512bw", "vpclmulqdq", "pclmulqdq", "asimd", "pmull") if name in flags]


def commit():
    """Of the tree that is measured; a + says that it was changed since."""
    done = subprocess.run(["git", "describe", "--always", "--dirty=+"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().strip() or None


def build_type(build):
    """How the library was built; anything but a release without sanitizers is no measure."""
    with open(os.path.join(build, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as file:
        options = {option["name"]: option["value"] for option in json.load(file)}
    sanitizers = options.get("b_sanitize", "none")
    return options["buildtype"] + ("" if sanitizers in ("none", []) else " with sanitizers")


def machine(build, who, threads, rounds):
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = round(int(file.readline().split()[1]) / 1e6)
    versions = {name: peer.version for name, peer in who.items()}
    versions["mimic"] = " at ".join(filter(None, (versions["mimic"], commit())))
    if build_type(build) != "release":
        print("this build is %s: its figures mean little" % build_type(build), file=sys.stderr)
    return {"date": datetime.date.today().isoformat(), "cpu": cpu_name(), "features": features(),
            "processors": os.cpu_count(), "memory_gb": memory, "kernel": platform.release(),
            "build": build_type(build), "threads": threads, "rounds": rounds, "load_at_start": round(os.getloadavg()[0], 2),
            "versions": {**versions, **data.compressors()}}


def machine_text(facts):
    versions = ", ".join("%s %s" % item for item in facts["versions"].items() if item[1])
    missing = ", ".join(name for name, version in facts["versions"].items() if not version)
    text = ("%(date)s. %(cpu)s, %(processors)d processors, %(memory_gb)d GB, kernel %(kernel)s; %(threads)d threads; "
            "medians of %(rounds)d interleaved rounds after one that warms up; load average at the start "
            "%(load_at_start)s.\n" % facts)
    return text + "\nVersions: " + versions + (". Not there: " + missing if missing else "") + ".\n"


def name_of(table, job):
    return {"table": table.name, "megabytes": round(table.megabytes, 1), "row": job.row, "who": job.who,
            "is_ours": job.is_ours, "is_aside": job.is_aside, "is_mimic": job.who.startswith("mimic")}


def summary(table, job, taken):
    """One row of the result: a job on a table."""
    size = table.megabytes
    speeds = [size / s.seconds for s in taken]
    return {**name_of(table, job), "mb_per_s": size / statistics.median(s.seconds for s in taken),
            "slowest": min(speeds), "fastest": max(speeds), "cpu_s": statistics.median(s.cpu for s in taken),
            "peak_mb": max(s.peak_kb for s in taken) / 1024, "rows": taken[0].rows,
            "file_mb": taken[0].file_bytes / 1e6 if taken[0].file_bytes else None,
            "seconds": [s.seconds for s in taken]}


def failure(table, job, message):
    return {**name_of(table, job), "failed": message}


def our_row(rows, row):
    return next((r for r in rows if r["table"] == row["table"] and r["row"] == row["row"] and r["is_ours"]
                 and "failed" not in r), None)


def number(value):
    return "" if value is None else "%.0f" % value if value >= 99.5 else "%.1f" % value


def full_table(rows):
    """Every job of every table."""
    lines = ["| data | job | who | MB/s | min–max | mimic is | CPU s | peak MB | file MB |",
             "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        head = "| %s | %s | %s |" % (row["table"], job_list.ROWS[row["row"]], row["who"])
        if "failed" in row:
            lines.append(head + " failed: %s | | | | | |" % row["failed"].replace("|", "/"))
            continue
        ours = our_row(rows, row)
        ratio = "" if ours is None or ours is row else "%.2fx" % (ours["mb_per_s"] / row["mb_per_s"])
        lines.append(head + " %.0f | %.0f–%.0f | %s | %.2f | %.0f | %s |" % (
            row["mb_per_s"], row["slowest"], row["fastest"], ratio, row["cpu_s"], row["peak_mb"],
            number(row["file_mb"])))
    return "\n".join(lines) + "\n"


def verdict(value, goal):
    return "met" if value >= goal else "%.0f %% of it" % (100 * value / goal)


def goal_lines(rows, ours):
    """Speed, multiple of a peer, file size and memory of one of our rows, each beside its goal."""
    goal = job_list.GOALS.get(ours["row"])
    if goal is None:
        return
    which = list(data.TABLES).index(ours["table"]) if ours["table"] in data.TABLES else None
    found = {r["who"]: r for r in rows if r["table"] == ours["table"] and r["row"] == ours["row"]
             and "failed" not in r}
    if goal.speed and which is not None:
        yield "MB/s", "%.0f" % ours["mb_per_s"], "%d" % goal.speed[which], verdict(ours["mb_per_s"], goal.speed[which])
    for peer, aims in ((goal.peer, goal.times), *goal.also):
        if peer in found:
            times = ours["mb_per_s"] / found[peer]["mb_per_s"]
            aim = aims[which or 0]
            yield "times " + peer, "%.2f" % times, "%.1f" % aim, verdict(times, aim)
    if goal.size_peer in found:
        times = ours["file_mb"] / found[goal.size_peer]["file_mb"]
        yield ("file, times " + goal.size_peer, "%.2f" % times, "at most %.1f" % goal.size_times,
               "met" if times <= goal.size_times else "missed")


def memory_line(rows):
    """The largest of our peaks; a table held in memory has no bound and is left out."""
    ours = [r for r in rows if r["is_mimic"] and r["row"] not in ("table", "frame") and "failed" not in r]
    if not ours:
        return ""
    most = max(ours, key=lambda row: row["peak_mb"])
    return "Peak memory: %.0f MB (%s of %s, %s), to be under %d; the goal is %s.\n" % (
        most["peak_mb"], job_list.ROWS[most["row"]], most["table"], most["who"], job_list.PEAK_GOAL_MB,
        "met" if most["peak_mb"] < job_list.PEAK_GOAL_MB else "missed")


def same_job(rows, ours):
    return [r for r in rows if r["table"] == ours["table"] and r["row"] == ours["row"] and "failed" not in r]


def fastest_peer(rows, ours):
    return max((r for r in same_job(rows, ours) if not r["is_mimic"] and not r["is_aside"]),
               key=lambda r: r["mb_per_s"], default=None)


def digest(rows):
    """One line for each job and file: ours beside the fastest peer that does the same."""
    lines = ["| data | job | mimic MB/s | 1 thread | fastest peer | MB/s | mimic is | peak MB | peer's |",
             "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |"]
    for ours in (row for row in rows if row["is_ours"] and "failed" not in row):
        single = next((r for r in same_job(rows, ours) if r["who"] == "mimic, 1 thread"), ours)
        peer = fastest_peer(rows, ours)
        theirs = " | | | %.0f | |" % ours["peak_mb"] if peer is None else "%s | %.0f | %.1fx | %.0f | %.0f |" % (
            peer["who"], peer["mb_per_s"], ours["mb_per_s"] / peer["mb_per_s"], ours["peak_mb"], peer["peak_mb"])
        lines.append("| %s | %s | %.0f | %.0f | %s" % (ours["table"], job_list.ROWS[ours["row"]], ours["mb_per_s"],
                                                       single["mb_per_s"], theirs))
    return "\n".join(lines) + "\n"


def goal_table(rows):
    lines = ["| data | job | measure | mimic | goal | |", "| --- | --- | --- | ---: | ---: | --- |"]
    for ours in rows:
        if ours["is_ours"] and "failed" not in ours:
            for measure in goal_lines(rows, ours):
                lines.append("| %s | %s | %s |" % (ours["table"], job_list.ROWS[ours["row"]], " | ".join(measure)))
    return "\n".join(lines) + "\n"


def doubts(rows):
    """What a reader must know before believing the numbers: failures and different row counts."""
    for row in rows:
        ours = our_row(rows, row)
        if "failed" in row:
            yield "%s, %s, %s failed: %s" % (row["table"], row["row"], row["who"], row["failed"])
        elif ours and row["rows"] is not None and ours["rows"] is not None and row["rows"] != ours["rows"]:
            yield "%s, %s: %s has %d rows, mimic %d" % (row["table"], row["row"], row["who"], row["rows"],
                                                       ours["rows"])


def matrix(rows):
    """Many files at a glance: a line each, our MB/s and how many times the fastest peer that is."""
    tables = list(dict.fromkeys(row["table"] for row in rows))
    names = list(dict.fromkeys(row["row"] for row in rows if row["is_ours"]))
    lines = ["| data | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for table in tables:
        cells = []
        for name in names:
            ours = our_row(rows, {"table": table, "row": name})
            peer = fastest_peer(rows, ours) if ours else None
            cells.append("" if ours is None else "%.0f" % ours["mb_per_s"] if peer is None else "%.0f, %.1fx" % (
                ours["mb_per_s"], ours["mb_per_s"] / peer["mb_per_s"]))
        lines.append("| %s | %s |" % (table, " | ".join(cells)))
    return "\n".join(lines) + "\n"


def shapes_page(facts, rows):
    """The same for files that no goal was set for."""
    text = machine_text(facts) + "\nMB/s of ours, and that as a multiple of the fastest peer that does the same:\n\n"
    remarks = ["- " + line for line in doubts(rows)]
    return text + matrix(rows) + "\n" + memory_line(rows) + ("\nMind:\n\n" + "\n".join(remarks) + "\n"
                                                           if remarks else "")


def page(facts, rows):
    """What docs/performance.md holds of a run."""
    text = machine_text(facts) + "\n" + digest(rows) + "\nAgainst the goals:\n\n" + goal_table(rows)
    remarks = ["- " + line for line in doubts(rows)]
    return text + "\n" + memory_line(rows) + ("\nMind:\n\n" + "\n".join(remarks) + "\n" if remarks else "")


def markdown(facts, rows):
    return page(facts, rows) + "\nEvery job:\n\n" + full_table(rows)


def save(work, name, facts, rows, text):
    with open(os.path.join(work, name + ".json"), "w", encoding="utf-8") as file:
        json.dump({"machine": facts, "results": rows}, file, indent=1)
    with open(os.path.join(work, name + ".md"), "w", encoding="utf-8") as file:
        file.write(text)


def into_page(page, name, text):
    """Puts the text between the marks of that name in a Markdown page."""
    start, end = "<!-- %s -->\n" % name, "<!-- end of %s -->" % name
    with open(page, encoding="utf-8") as file:
        whole = file.read()
    if start not in whole or end not in whole:
        raise SystemExit("%s has no marks for %s" % (page, name))
    before, rest = whole.split(start, 1)
    with open(page, "w", encoding="utf-8") as file:
        file.write(before + start + text + end + rest.split(end, 1)[1])
