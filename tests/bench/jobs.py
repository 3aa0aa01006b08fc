"""Which jobs there are, who does them, and what was aimed at."""

import os


class Job:
    """is_ours: the one whose ratios are shown. is_aside: not the same job, shown for the record."""

    def __init__(self, row, who, once, is_ours=False, is_aside=False):
        self.row, self.who, self.once, self.is_ours, self.is_aside = row, who, once, is_ours, is_aside


class Goal:
    """Aims for one row: MB/s, and a multiple of what one peer does; chartevents, labevents."""

    def __init__(self, speed=None, peer=None, times=None, size_peer=None, size_times=None, also=()):
        self.speed, self.peer, self.times = speed, peer, times
        self.also = also  # more pairs of peer and times
        self.size_peer, self.size_times = size_peer, size_times


ROWS = {
    "count": "count the records",
    "batches": "CSV to typed batches, streamed",
    "table": "CSV to a typed table in memory",
    "frame": "CSV to a data frame of Python",
    "gzip": ".csv.gz to typed batches",
    "zstd": ".csv.zst to typed batches",
    "blocks": ".csv.gz in blocks (BGZF) to typed batches",
    "frames": ".csv.zst of many frames to typed batches",
    "columnar": "CSV to a compressed columnar file",
    "sqlite": "CSV to SQLite, rows and primary key",
    "indexes": "CSV to SQLite, with indexes and checks",
    "csv": "CSV to normalised CSV",
    "postgres": "CSV to PostgreSQL (context)",
}
SCAN, STORED, PARQUET, IMPORT = "DuckDB typed scan", "DuckDB table", "DuckDB Parquet zstd", "sqlite3 .import"
GOALS = {
    "count": Goal(speed=(4500, 4500)),
    "batches": Goal(speed=(1400, 1100), peer=SCAN, times=(3.5, 3.0)),
    "table": Goal(peer=STORED, times=(5.0, 5.0)),
    "frame": Goal(peer="pandas, 1 thread", times=(8.0, 8.0), also=(("Polars", (1.0, 1.0)),)),
    "gzip": Goal(speed=(900, 650)),
    "zstd": Goal(speed=(850, 650)),
    "columnar": Goal(speed=(800, 500), size_peer=PARQUET, size_times=1.5),
    "sqlite": Goal(speed=(500, 400), peer=IMPORT, times=(8.0, 8.0)),
    "indexes": Goal(peer=IMPORT + ", CREATE INDEX, integrity_check", times=(8.0, 8.0)),
}
PEAK_GOAL_MB = 64  # of every job of ours but the table in memory
FOLDED = {"gzip": "gz", "zstd": "zst", "blocks": "bgzf.gz", "frames": "frames.zst"}


def reading(who, table, path, row, threads):
    """Jobs that end in batches or in memory."""
    mimic, duckdb = who["mimic"], who["duckdb"]
    many, jobs = "%d threads" % threads, []

    def ours(name, *options):
        jobs.append(Job(row, "mimic, " + many + name, mimic.read(table, path, threads, *options), True))
        if threads > 1:
            jobs.append(Job(row, "mimic, 1 thread" + name, mimic.read(table, path, 1, *options)))

    def theirs(name, job, count=threads, is_aside=False, **rest):
        if duckdb.version:
            jobs.append(Job(row, name, duckdb.job(job, table, path, count, **rest), is_aside=is_aside))

    if row == "count":
        ours("", "--count")
        theirs("DuckDB count(*)", "count")
        theirs("DuckDB count(*), all columns text", "count", is_text=True)
    elif row == "table":
        ours("", "--hold")
        for form in ("Arrow", "dense"):
            jobs.append(Job(row, "mimic, one %s frame, %s" % (form, many),
                            mimic.read(table, path, threads, "--" + form.lower())))
        theirs(STORED, "table")
        theirs(STORED + ", order not kept", "table", order=False)
        if who["polars"].version:
            jobs.append(Job(row, "Polars", who["polars"].job(table, path, threads)))
        if who["pandas"].version:
            jobs.append(Job(row, "pandas, 1 thread", who["pandas"].job(table, path)))
    elif row == "frame":
        if who["pandas"].version:
            jobs.append(Job(row, "mimic, " + many, mimic.frame(table, path, threads), True))
            if threads > 1:
                jobs.append(Job(row, "mimic, 1 thread", mimic.frame(table, path, 1)))
            jobs.append(Job(row, "pandas, 1 thread", who["pandas"].job(table, path)))
        if who["polars"].version:
            jobs.append(Job(row, "Polars", who["polars"].job(table, path, threads)))
    else:
        ours("")
        if row == "batches":
            jobs.append(Job(row, "mimic, 1 thread, scalar kernel", mimic.read(table, path, 1, "--scalar")))
            jobs.append(Job(row, "mimic convert to null:, " + many, mimic.convert(table, path, "null:", threads)))
        theirs(SCAN, "scan")
        if row == "batches":
            theirs(SCAN + ", 1 thread", "scan", count=1)
        else:
            theirs(STORED, "table")
            theirs("DuckDB count(*)", "count", is_aside=True)
    return jobs


def writing(who, table, row, threads, out):
    """Jobs that end in a file or a database."""
    mimic, path, many = who["mimic"], table.path, "%d threads" % threads
    target, jobs = os.path.join(out, "bench-out"), []

    def ours(ending, *options):
        jobs.append(Job(row, "mimic, " + many, mimic.convert(table, path, target + ending, threads, *options), True))
        if threads > 1:
            jobs.append(Job(row, "mimic, 1 thread", mimic.convert(table, path, target + ending, 1, *options)))

    if row == "columnar":
        ours(".arrow")
        if who["duckdb"].version:
            for name, order in ((PARQUET, True), (PARQUET + ", order not kept", False)):
                jobs.append(Job(row, name, who["duckdb"].job("parquet", table, path, threads, order=order,
                                                             out=target + ".parquet")))
    elif row == "sqlite":
        ours(".db", "--no-indexes")
        if who["sqlite"].version:
            jobs.append(Job(row, IMPORT, who["sqlite"].job(table, path, target + "-peer.db", False)))
    elif row == "indexes":
        ours(".db")
        if who["sqlite"].version:
            jobs.append(Job(row, IMPORT + ", CREATE INDEX, integrity_check",
                            who["sqlite"].job(table, path, target + "-peer.db", True)))
    elif row == "csv":
        ours(".csv")
    elif row == "postgres" and who["postgres"].version:
        jobs.append(Job(row, "psql \\copy", who["postgres"].job(table, path)))
    return jobs


def jobs_of(who, table, rows, threads, out):
    """Every job on one table, row by row; compressed copies are made where a row reads one."""
    jobs = []
    for row in rows:
        if row in FOLDED:
            path = table.variant(FOLDED[row])
            jobs += reading(who, table, path, row, threads) if path else []
        elif row in ("count", "batches", "table", "frame"):
            jobs += reading(who, table, table.path, row, threads)
        else:
            jobs += writing(who, table, row, threads, out)
    return jobs
