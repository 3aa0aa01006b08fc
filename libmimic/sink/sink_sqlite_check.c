/*
 * See sink_sqlite_check.h. Foreign keys are counted by queries of our own instead of PRAGMA
 * foreign_key_check: it returns a row for each violation, fails where a parent's key is not unique,
 * and knows only what is declared.
 */
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
    int64_t violations;  /* of foreign keys */
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

/*
 * A new database is checked as a whole, an existing one only where this sink wrote. integrity_check
 * looks up every row in every index, which takes several times as long as writing them all did (1.4 s
 * for 97 MB of chartevents and four indexes); over FULL_CHECK_BYTES quick_check stands in, which
 * reads every page and row but leaves that comparison out (0.2 s).
 */
static mimic_status check_integrity(check_run *run, mimic_error *err)
{
    static const struct {
        const char *name;
        const char *whole;
        const char *loaded;
        const char *message;
    } checks[] = {
        {"integrity_check", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
         "SELECT c.integrity_check FROM temp._mimic_done AS d, pragma_integrity_check(d.name) AS c"
         " WHERE c.integrity_check <> 'ok'",
         "ok: pages, rows and indexes are sound and agree"},
        {"quick_check", "SELECT * FROM pragma_quick_check WHERE quick_check <> 'ok'",
         "SELECT c.quick_check FROM temp._mimic_done AS d, pragma_quick_check(d.name) AS c"
         " WHERE c.quick_check <> 'ok'",
         "ok: pages and rows are sound; PRAGMA integrity_check, which also compares every row with "
         "every index, is left to you at this size"},
    };
    int64_t size = 0;
    MIMIC_TRY(mimic__sqlite_query(run->db,
                                  "SELECT page_count * page_size FROM pragma_page_count,"
                                  " pragma_page_size",
                                  take_count, &size, err));
    const size_t chosen = size > FULL_CHECK_BYTES;
    MIMIC_TRY(mimic__sqlite_query(run->db,
                                  run->check->is_new ? checks[chosen].whole : checks[chosen].loaded,
                                  collect_fault, run, err));
    if (run->faults.failed)
        return mimic__fail_memory(err);
    if (run->faults.size > 0)
        return mimic__fail(err, MIMIC_ERR_BACKEND, "database \"%s\" failed its %s: %.*s",
                           run->check->path, checks[chosen].name, (int)run->faults.size,
                           run->faults.data);
    tell(run, checks[chosen].name, "", -1, checks[chosen].message);
    return MIMIC_OK;
}

/*
 * For every foreign key that touches a table of this load: child, parent, columns, whether the
 * parent's columns are there, and the queries that count the rows without a parent: those that find
 * none, or, where there is nothing to look in, all that name one. A left join, because it is fast
 * even where the parent has no index.
 */
static const char FOREIGN_KEYS[] =
    "WITH keys (child, id, parent, source, target) AS ("
    " SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\""
    "  FROM main.sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'"
    " UNION ALL SELECT * FROM temp._mimic_relations)"
    "SELECT child, parent, group_concat(source, ', '),"
    " min(EXISTS (SELECT 1 FROM pragma_table_info(keys.parent) AS p"
    "  WHERE p.name = keys.target COLLATE NOCASE)),"
    " printf('SELECT count(*) FROM main.\"%w\" AS c LEFT JOIN main.\"%w\" AS p ON %s WHERE %s"
    " AND p.\"%w\" IS NULL', child, parent,"
    "  group_concat(printf('p.\"%w\" = c.\"%w\"', target, source), ' AND '),"
    "  group_concat(printf('c.\"%w\" IS NOT NULL', source), ' AND '), min(target)),"
    " printf('SELECT count(*) FROM main.\"%w\" AS c WHERE %s', child,"
    "  group_concat(printf('c.\"%w\" IS NOT NULL', source), ' AND '))"
    " FROM keys WHERE child COLLATE NOCASE IN (SELECT name FROM temp._mimic_done)"
    "  OR parent COLLATE NOCASE IN (SELECT name FROM temp._mimic_done)"
    " GROUP BY child, id HAVING count(target) = count(*) ORDER BY child, min(source), id";

static int check_foreign_key(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    check_run *run = ctx;
    const char *child = values[0];
    const char *parent = values[1];
    const char *columns = values[2];
    const bool has_parent = values[3][0] != '0';
    char message[MIMIC_ERROR_MESSAGE_BYTES];
    int64_t missing = 0;
    run->status =
        mimic__sqlite_query(run->db, values[has_parent ? 4 : 5], take_count, &missing, run->err);
    if (run->status != MIMIC_OK)
        return 1;
    if (missing == 0)
        return 0;
    run->violations += missing;
    if (has_parent)
        snprintf(
            message, sizeof message,
            "%lld rows of %s name a row of %s that is not there (%s); exports and demo subsets "
            "have such rows, and they are kept",
            (long long)missing, child, parent, columns);
    else
        snprintf(
            message, sizeof message,
            "%lld rows of %s name a row of %s (%s), a table that is not in this database; they "
            "are kept",
            (long long)missing, child, parent, columns);
    tell(run, "foreign_key_check", child, missing, message);
    return 0;
}

static mimic_status check_foreign_keys(check_run *run, mimic_error *err)
{
    run->err = err;
    const mimic_status status =
        mimic__sqlite_query(run->db, FOREIGN_KEYS, check_foreign_key, run, NULL);
    if (run->status != MIMIC_OK)
        return run->status;
    if (status != MIMIC_OK)
        return mimic__fail(err, status, "database \"%s\": the foreign keys could not be listed",
                           run->check->path);
    if (run->violations == 0)
        tell(run, "foreign_key_check", "", 0, "ok: every reference finds its row");
    return MIMIC_OK;
}

mimic_status mimic__sqlite_check(mimic_sqlite *db, const mimic_sqlite_check *check,
                                 mimic_error *err)
{
    check_run run = {.check = check, .db = db};
    mimic__buffer_init(&run.faults, check->ctx);
    mimic_status status = check_integrity(&run, err);
    mimic__buffer_free(&run.faults);
    if (status == MIMIC_OK)
        status = check_foreign_keys(&run, err);
    return status;
}
