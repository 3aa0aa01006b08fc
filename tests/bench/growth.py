"""Does the time per megabyte stay, and does memory stay, as files grow?"""

import os
import statistics
import sys

import data
import report

SETTLED = 90  # MB; from here the start of a process no longer shows
SMALL = 100  # MB; below it a job is over so soon that five runs are taken


def jobs_on(options, mimic, table):
    target = os.path.join(options.out, "bench-growth")
    for threads in sorted({1, options.jobs}):
        yield "typed batches", threads, mimic.read(table, table.path, threads)
        yield "Arrow", threads, mimic.convert(table, table.path, target + ".arrow", threads)
        yield "SQLite", threads, mimic.convert(table, table.path, target + ".db", threads)


def run(options, who):
    facts = report.machine(options.build, who, options.jobs, 1)
    rows = []
    for megabytes in (int(size) for size in options.sizes.split(",")):
        table = data.repeated(options.build, options.work, megabytes)
        data.warm(table.path)
        for job, threads, once in jobs_on(options, who["mimic"], table):
            taken = [once() for _ in range(5 if megabytes < SMALL else 1)]
            seconds = statistics.median(s.seconds for s in taken)
            rows.append({"job": job, "threads": threads, "megabytes": table.megabytes, "seconds": seconds,
                         "ms_per_mb": 1000 * seconds / table.megabytes,
                         "cpu_ms_per_mb": 1000 * statistics.median(s.cpu for s in taken) / table.megabytes,
                         "peak_mb": max(s.peak_kb for s in taken) / 1024})
        print("growth: %d MB" % megabytes, file=sys.stderr)
        if megabytes != 100:
            os.remove(table.path)  # the file of 100 MB is the source of the others
    rows.sort(key=lambda row: (row["job"], row["threads"], row["megabytes"]))
    return "growth", facts, rows, markdown(facts, rows)


def markdown(facts, rows):
    lines = ["%(date)s. %(cpu)s, %(processors)d processors, kernel %(kernel)s. chartevents, its first 100 MB repeated; "
             "the median of five runs below 100 MB, one run from there. Arrow and SQLite are whole processes, which "
             "take some 20 ms to start.\n" % facts,
             "| job | threads | MB | s | ms per MB | CPU ms per MB | peak MB |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        lines.append("| %(job)s | %(threads)d | %(megabytes).0f | %(seconds).3f | %(ms_per_mb).2f | "
                     "%(cpu_ms_per_mb).2f | %(peak_mb).0f |" % row)
    lines.append("")
    for job, threads in dict.fromkeys((row["job"], row["threads"]) for row in rows):
        large = [row for row in rows if (row["job"], row["threads"]) == (job, threads) and row["megabytes"] > SETTLED]
        if len(large) > 1:
            lines.append("- %s, %d threads, from %.0f to %.0f MB: %s" % (
                job, threads, large[0]["megabytes"], large[-1]["megabytes"], ", ".join(
                    "%s %.2fx" % (name, large[-1][key] / large[0][key])
                    for name, key in (("time per MB", "ms_per_mb"), ("CPU time per MB", "cpu_ms_per_mb"),
                                      ("memory", "peak_mb")))))
    return "\n".join(lines) + "\n"
