"""The benchmark; run.sh prepares and starts it, from the top of the tree. Standard library only."""

import argparse
import os
import signal
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import data
import growth
import hotspots
import identical
import jobs
import micro
import peer_postgres
import peers
import pg_loads
import process
import report
import trajectories


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description="libmimic beside its peers, interleaved",
                                     epilog="rows: " + ", ".join(jobs.ROWS))
    parser.add_argument("old", nargs="*", type=int, metavar="MB [ROUNDS]", help="the same as --mb and --rounds")
    parser.add_argument("--mb", type=int, help="size of each file (200)")
    parser.add_argument("--rounds", type=int, help="rounds that count, after one that does not (5)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="threads of everyone (all processors)")
    parser.add_argument("--only", action="append", default=[], metavar="ROW", help="these rows only; may be given again")
    parser.add_argument("--tables", help="comma-separated; default chartevents,labevents")
    parser.add_argument("--shapes", action="store_true", help="the adverse shapes instead of the invented tables")
    parser.add_argument("--trajectories", action="store_true",
                        help="two tables into shards of trajectories; with --growth: from 100,000 events on (--sizes)")
    parser.add_argument("--growth", action="store_true", help="time per MB and memory at growing sizes")
    parser.add_argument("--sizes", help="for --growth: MB (1,10,100,1000), or events (100000 to 10000000)")
    parser.add_argument("--identical", action="store_true", help="compare the outputs of 1, 2, 3 and 8 threads")
    parser.add_argument("--micro", action="store_true", help="the microbenchmarks that are built")
    parser.add_argument("--postgres", action="store_true", help="loads into a PostgreSQL server of its own")
    parser.add_argument("--profile", action="store_true", help="perf on each of our jobs; needs perf")
    parser.add_argument("--out", help="folder for what the jobs write (the work folder)")
    parser.add_argument("--docs", action="store_true", help="put the result into docs/performance.md")
    parser.add_argument("--work", default="build/bench", help=argparse.SUPPRESS)
    parser.add_argument("--build", default="build", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.mb = options.mb or (options.old[0] if options.old else 200)
    options.rounds = options.rounds or (options.old[1] if len(options.old) > 1 else 5)
    options.only = [row for entry in options.only for row in entry.split(",")] or list(jobs.ROWS)
    unknown = [row for row in options.only if row not in jobs.ROWS]
    if unknown or len(options.old) > 2:
        parser.error("no such row: " + ", ".join(unknown) if unknown else "too many numbers")
    options.out = options.out or options.work
    options.sizes = options.sizes or ("100000,1000000,10000000" if options.trajectories else "1,10,100,1000")
    return options


def talk(text):
    print(text, file=sys.stderr, flush=True)


def everyone(options):
    mimic = peers.Mimic(options.build)
    return {"mimic": mimic, "duckdb": peers.DuckDB(options.build, options.work),
            "polars": peers.Polars(options.build, options.work), "pandas": peers.Pandas(options.build),
            "sqlite": peers.SQLite(options.build, mimic, options.jobs),
            "postgres": peer_postgres.Postgres(options.build, options.work, mimic)}


def compare(table, todo, rounds):
    """Interleaved rounds of every job on one table, each second one backwards; the first is not
    counted. A job that fails once is not run again."""
    taken, failed = {job: [] for job in todo}, {}
    data.warm(table.path)
    for number in range(rounds + 1):
        for job in todo if number % 2 == 0 else todo[::-1]:
            if job in failed:
                continue
            try:
                sample = job.once()
            except process.Failed as error:
                failed[job] = str(error)
                talk("%s, %s, %s failed: %s" % (table.name, job.row, job.who, error))
                continue
            if number > 0:
                taken[job].append(sample)
        talk("%s: round %d of %d" % (table.name, number, rounds))
    return [report.failure(table, job, failed[job]) if job in failed else report.summary(table, job, taken[job])
            for job in todo]


def side_by_side(options, who):
    names = options.tables.split(",") if options.tables else data.SHAPES if options.shapes else list(data.TABLES)
    facts = report.machine(options.build, who, options.jobs, options.rounds)
    rows = []
    try:
        for table in data.tables(options.build, options.work, options.mb, names):
            todo = jobs.jobs_of(who, table, options.only, options.jobs, options.out)
            rows += compare(table, todo, options.rounds)
    finally:
        who["postgres"].stop()
    return ("shapes" if options.shapes else "result"), facts, rows, report.markdown(facts, rows)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    who = everyone(options)
    status, shorter = 0, None
    if options.trajectories:
        name, facts, rows, text = trajectories.run(options, who)
    elif options.growth:
        name, facts, rows, text = growth.run(options, who)
    elif options.identical:
        name, facts, rows, text = identical.run(options, who)
        status, shorter = int(any(not row["is_same"] for row in rows)), identical.sentence(facts, rows)
    elif options.profile:
        name, facts, rows, text = hotspots.run(options, who)
    elif options.postgres:
        name, facts, rows, text = pg_loads.run(options, who)
        status = int(any("failed" in row and row["is_mimic"] for row in rows))
    elif options.micro:
        name, facts, rows, text = micro.run(options, who)
    else:
        name, facts, rows, text = side_by_side(options, who)
        status = int(any("failed" in row and row["is_mimic"] for row in rows))
        shorter = (report.shapes_page if options.shapes else report.page)(facts, rows)
    report.save(options.work, name, facts, rows, text)
    print(text)
    if options.docs:
        report.into_page("docs/performance.md", name, shorter or text)
    return status


sys.exit(main())
