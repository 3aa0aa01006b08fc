/*
 * See sink_sqlite_resume.h. A table that was being written past SQLite is the last one that was made.
 * Its roots may point at pages that the header does not count yet; empty ones are put in their place,
 * the page count is set back, and the file is cut. From then on SQLite is asked for everything.
 */
#include "sink/sink_sqlite_resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "schema/schema_ddl.h"
#include "sink/sink_sqlite_ledger.h"

mimic_status mimic__sqlite_unmark_direct(mimic_sqlite *db, mimic_error *err)
{
    return mimic__sqlite_exec(db, "PRAGMA main.user_version = 0", err);
}

static int take_number(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(int64_t *)ctx = values[0] == NULL ? 0 : strtoll(values[0], NULL, 10);
    return 0;
}

mimic_status mimic__sqlite_mark_direct(mimic_sqlite *db, mimic_error *err)
{
    int64_t pages = 0;
    mimic_buffer sql;
    MIMIC_TRY(mimic__sqlite_query(db, "PRAGMA main.page_count", take_number, &pages, err));
    mimic__buffer_init(&sql, mimic__sqlite_context(db));
    mimic__buffer_format(&sql, "PRAGMA main.user_version = %lld", (long long)pages);
    mimic__buffer_byte(&sql, '\0');
    const mimic_status status =
        sql.failed ? mimic__fail_memory(err) : mimic__sqlite_exec(db, sql.data, err);
    mimic__buffer_free(&sql);
    return status;
}

/* ---- the table that was being written ---- */

typedef struct root_page {
    uint32_t number;
    bool is_table;
} root_page;

static int take_root(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    mimic_buffer *const roots = ctx;
    const root_page root = {values[0] == NULL ? 0 : (uint32_t)strtoul(values[0], NULL, 10),
                            values[1] != NULL && strcmp(values[1], "table") == 0};
    mimic__buffer_append(roots, &root, sizeof root);
    return roots->failed;
}

static mimic_status empty_root(mimic_sqlite_pages *pages, const root_page *root, uint32_t count,
                               mimic_error *err)
{
    unsigned char page[MIMIC_SQLITE_PAGE_BYTES] = {0};
    if (root->number < 2 || root->number > count)
        return mimic__fail(err, MIMIC_ERR_BACKEND, "page %u is no root of a table", root->number);
    mimic__sqlite_put_page_header(page,
                                  root->is_table ? MIMIC_SQLITE_TABLE_LEAF : MIMIC_SQLITE_INDEX_LEAF,
                                  0, sizeof page, 0);
    return mimic__sqlite_pages_write(pages, root->number, page, 1, err);
}

static mimic_status set_back(mimic_sqlite_pages *pages, const mimic_buffer *roots, uint32_t count,
                             mimic_error *err)
{
    MIMIC_TRY(mimic__sqlite_pages_begin(pages, err));
    if (count > pages->count)
        return mimic__fail(err, MIMIC_ERR_BACKEND, "the file had %u pages and has %u", count,
                           pages->count);
    const root_page *const list = (const root_page *)(const void *)roots->data;
    for (size_t i = 0; i < roots->size / sizeof *list; i++)
        MIMIC_TRY(empty_root(pages, &list[i], count, err));
    pages->count = count;
    return mimic__sqlite_pages_rollback(pages, err);
}

static mimic_status empty_last_table(mimic_sqlite *db, mimic_sqlite_resume *resume, int64_t count,
                                     mimic_error *err)
{
    mimic_buffer roots;
    mimic__buffer_init(&roots, resume->ctx);
    mimic_status status = mimic__sqlite_query(
        db,
        "SELECT rootpage, type FROM main.sqlite_schema WHERE rootpage > 0 AND tbl_name ="
        " (SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY rowid DESC LIMIT 1)",
        take_root, &roots, err);
    if (roots.failed)
        status = mimic__fail_memory(err);
    if (status == MIMIC_OK)
        status = set_back(resume->pages, &roots, (uint32_t)count, err);
    mimic__buffer_free(&roots);
    return status;
}

/* ---- which tables stay ---- */

typedef struct line_choice {
    mimic_sqlite *db;
    mimic_sqlite_resume *resume;
    mimic_status status;
    mimic_error *err;
} line_choice;

/* Lines that are not to be kept are forgotten; then whatever has no line is dropped. */
static int judge_line(const mimic_ledger_entry *entry, void *ctx)
{
    line_choice *const choice = ctx;
    mimic_sqlite_resume *const resume = choice->resume;
    if (resume->keeps(entry, resume->keeps_ctx) != 0) {
        resume->kept_count++;
        return 0;
    }
    choice->status = mimic__sqlite_ledger_forget(choice->db, entry->table, choice->err);
    return choice->status != MIMIC_OK;
}

static int collect_drop(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    mimic_buffer *const sql = ctx;
    mimic__buffer_text(sql, "DROP TABLE main.");
    mimic__sql_quote_identifier(sql, values[0]);
    mimic__buffer_text(sql, ";\n");
    return sql->failed;
}

static mimic_status drop_others(mimic_sqlite *db, const mimic_context *ctx, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, ctx);
    mimic_status status = mimic__sqlite_query(
        db,
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' AND name NOT LIKE '\\_mimic\\_%' ESCAPE '\\' AND name COLLATE NOCASE NOT IN"
        " (SELECT table_name FROM main._mimic_ledger)",
        collect_drop, &sql, err);
    mimic__buffer_text(&sql,
                       "DELETE FROM main._mimic_meta WHERE table_name COLLATE NOCASE NOT IN"
                       " (SELECT table_name FROM main._mimic_ledger);"
                       "DELETE FROM main._mimic_rejects WHERE table_name COLLATE NOCASE NOT IN"
                       " (SELECT table_name FROM main._mimic_ledger);"
                       "INSERT INTO temp._mimic_done SELECT table_name, written"
                       " FROM main._mimic_ledger");
    mimic__buffer_byte(&sql, '\0');
    if (sql.failed)
        status = mimic__fail_memory(err);
    if (status == MIMIC_OK)
        status = mimic__sqlite_exec(db, sql.data, err);
    mimic__buffer_free(&sql);
    return status;
}

static mimic_status choose_tables(mimic_sqlite *db, mimic_sqlite_resume *resume, mimic_error *err)
{
    line_choice choice = {db, resume, MIMIC_OK, err};
    MIMIC_TRY(mimic__sqlite_exec(db, "BEGIN IMMEDIATE", err));
    const mimic_status status = mimic__sqlite_ledger_read(db, judge_line, &choice, NULL);
    if (choice.status != MIMIC_OK)
        return choice.status;
    if (status != MIMIC_OK)
        return mimic__fail(err, status, "the ledger of an unfinished load cannot be read");
    MIMIC_TRY(drop_others(db, resume->ctx, err));
    MIMIC_TRY(mimic__sqlite_unmark_direct(db, err));
    return mimic__sqlite_exec(db, "COMMIT", err);
}

mimic_status mimic__sqlite_resume(mimic_sqlite *db, mimic_sqlite_resume *resume, mimic_error *err)
{
    int64_t count = 0;
    int64_t has_ledger = 0;
    resume->kept_count = 0;
    MIMIC_TRY(mimic__sqlite_query(db, "PRAGMA main.user_version", take_number, &count, err));
    if (count > 0)
        MIMIC_TRY(empty_last_table(db, resume, count, err));
    MIMIC_TRY(mimic__sqlite_query(db,
                                  "SELECT count(*) FROM main.sqlite_schema"
                                  " WHERE name IN ('_mimic_ledger', '_mimic_meta', '_mimic_rejects')"
                                  " AND type = 'table'",
                                  take_number, &has_ledger, err));
    return has_ledger == 3 ? choose_tables(db, resume, err) : MIMIC_OK;
}
