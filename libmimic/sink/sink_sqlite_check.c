/* See sink_sqlite_check.h. */
#include "sink/sink_sqlite_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"

#define FULL_CHECK_BYTES ((int64_t)64 << 20)
#define FAULT_BYTES 300 /* of what a failed check says */

typedef struct check_run {
    const mimic_sqlite_check *check;
    mimic_sqlite *db;
    mimic_buffer faults; /* of the integrity check */
    mimic_status status; /* of a query inside a query, with its error */
    mimic_error *err;
} check_run;

static void tell(const check_run *run, const char *check, const char *table, int64_t count,
                 const char *message)
{
    const mimic_finding finding = {.struct_size = sizeof finding,
                                   .check = check,
                                   .table = table,
                                   .count = count,
                                   .message = message};
    run->check->finding(&finding, run->check->finding_ctx);
}

static int take_count(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(int64_t *)ctx = values[0] == NULL ? 0 : strtoll(values[0], NULL, 10);
    return 0;
}

static int collect_fault(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    check_run *run = ctx;
    if (run->faults.size < FAULT_BYTES)
        mimic__buffer_format(&run->faults, "%s%s", run->faults.size > 0 ? "; " : "",
                             values[0] == NULL ? "" : values[0]);
    return 0;
}

static mimic_status check_integrity(check_run *run, mimic_error *err)
{
    static const char whole[] =
        "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
    static const char loaded[] =
        "SELECT c.integrity_check FROM temp._mimic_done AS d, pragma_integrity_check(d.name) AS c"
        " WHERE c.integrity_check <> 'ok'";
    MIMIC_TRY(mimic__sqlite_query(run->db, run->check->is_new ? whole : loaded, collect_fault, run,
                                  err));
    if (run->faults.failed)
        return mimic__fail_memory(err);
    if (run->faults.size > 0)
        return mimic__fail(err, MIMIC_ERR_BACKEND, "database \"%s\" failed its integrity_check: %.*s",
                           run->check->path, (int)run->faults.size, run->faults.data);
    tell(run, "integrity_check", "", -1, "ok: pages, rows and indexes are sound and agree");
    return MIMIC_OK;
}

/* Compares the rows that a table holds with those that were written; values: name, rows, query. */
static int check_row_count(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    check_run *run = ctx;
    int64_t found = 0;
    run->status = mimic__sqlite_query(run->db, values[2], take_count, &found, run->err);
    if (run->status == MIMIC_OK && found != strtoll(values[1], NULL, 10))
        run->status = mimic__fail(run->err, MIMIC_ERR_BACKEND,
                                  "database \"%s\": table %s holds %lld rows, but %s were written",
                                  run->check->path, values[0], (long long)found, values[1]);
    return run->status != MIMIC_OK;
}

/* Counting walks over the pages of a table, which a damaged one would not survive. */
static mimic_status check_row_counts(check_run *run, mimic_error *err)
{
    static const char counts[] =
        "SELECT name, rows, printf('SELECT count(*) FROM main.\"%w\" NOT INDEXED', name)"
        " FROM temp._mimic_done";
    run->err = err;
    const mimic_status status = mimic__sqlite_query(run->db, counts, check_row_count, run, NULL);
    if (run->status != MIMIC_OK)
        return run->status;
    if (status != MIMIC_OK)
        return mimic__fail(err, status, "database \"%s\": the tables could not be counted",
                           run->check->path);
    tell(run, "row_count", "", -1,
         "ok: every table holds the rows that were written; at this size PRAGMA integrity_check is "
         "run if asked for (--verify)");
    return MIMIC_OK;
}

/*
 * A new database is checked as a whole, an existing one only where this sink wrote. integrity_check
 * looks up every row in every index, which takes several times as long as writing them all did (1.4 s
 * for 97 MB of chartevents and four indexes, quick_check 0.2 s, which is half of a load); so over
 * FULL_CHECK_BYTES it is left to those who ask for it.
 */
static mimic_status check_content(check_run *run, mimic_error *err)
{
    int64_t size = 0;
    MIMIC_TRY(mimic__sqlite_query(run->db,
                                  "SELECT page_count * page_size FROM pragma_page_count,"
                                  " pragma_page_size",
                                  take_count, &size, err));
    return size <= FULL_CHECK_BYTES || run->check->is_thorough ? check_integrity(run, err)
                                                               : check_row_counts(run, err);
}

mimic_status mimic__sqlite_check(mimic_sqlite *db, const mimic_sqlite_check *check,
                                 mimic_error *err)
{
    check_run run = {.check = check, .db = db};
    mimic__buffer_init(&run.faults, check->ctx);
    const mimic_status status = check_content(&run, err);
    mimic__buffer_free(&run.faults);
    return status;
}
