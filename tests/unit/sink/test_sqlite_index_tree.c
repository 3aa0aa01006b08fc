/* Trees of index pages by themselves: WITHOUT ROWID tables of all sizes, as SQLite reads them. */
#include "check_main.h"

#include <sqlite3.h>

#include "test_files.h"

#include "sink/sqlite_index_tree.h"

static mimic_context *ctx;
static char path[TEST_PATH_BYTES + 16];

static void make_database(void)
{
    sqlite3 *db = NULL;
    unlink(path);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "PRAGMA page_size = 4096; CREATE TABLE t (id INTEGER PRIMARY KEY,"
                                  " note TEXT) WITHOUT ROWID, STRICT",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* The record of (id, text of `size` letters). */
static size_t make_record(unsigned char *record, int64_t id, size_t size)
{
    unsigned char *const end = record + 32 + size;
    unsigned char *at = end - size;
    memset(at, 'a' + (int)(id % 26), size);
    at -= 8;
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)((uint64_t)id >> (56 - 8 * i));
    at = mimic__sqlite_put_varint(at, MIMIC_SQLITE_SERIAL_TEXT(size));
    *--at = 6; /* an integer of 8 bytes */
    *(at - 1) = (unsigned char)(end - at + 1 - 8 - (ptrdiff_t)size);
    at--;
    memmove(record, at, (size_t)(end - at));
    return (size_t)(end - at);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void check_size(int64_t count, size_t text_size)
{
    mimic_sqlite_pages pages;
    mimic_sqlite_index_tree tree;
    mimic_error err = MIMIC_ERROR_INIT;
    unsigned char *record = malloc(text_size + 64);
    int64_t total = 0;
    make_database();
    ck_assert_int_eq(mimic__sqlite_pages_open(&pages, ctx, path, path, &err), MIMIC_OK);
    ck_assert_int_eq(mimic__sqlite_pages_begin(&pages, &err), MIMIC_OK);
    mimic__sqlite_index_tree_init(&tree, &pages, 2);
    for (int64_t id = 1; id <= count; id++) {
        const size_t size = text_size == 0 ? 0 : (size_t)(id * 7919) % text_size;
        total += (int64_t)size;
        ck_assert_int_eq(
            mimic__sqlite_index_tree_add(&tree, record, make_record(record, id, size), &err),
            MIMIC_OK);
    }
    ck_assert_int_eq(mimic__sqlite_index_tree_finish(&tree, &err), MIMIC_OK);
    ck_assert_int_eq(mimic__sqlite_pages_commit(&pages, &err), MIMIC_OK);
    mimic__sqlite_index_tree_free(&tree);
    mimic__sqlite_pages_close(&pages);
    free(record);
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), count);
    ck_assert_int_eq(ask(db, "SELECT coalesce(sum(length(note)), 0) FROM t"), total);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t AS a WHERE EXISTS (SELECT 1 FROM t AS b WHERE"
                             " b.id = a.id + 1)"),
                     count == 0 ? 0 : count - 1);
    ck_assert_int_eq(sqlite3_exec(db,
                                  "INSERT INTO t VALUES (0, 'x'); DELETE FROM t WHERE id % 3 = 0",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    sqlite3_close(db);
}

START_TEST(sqlite_index_tree__without_rowid)
{
    static const size_t text_sizes[] = {0, 30, 1200, 20000};
    char folder[TEST_PATH_BYTES];
    ctx = test_context_make(NULL);
    test_folder_make(folder);
    snprintf(path, sizeof path, "%s/x.db", folder);
    for (size_t i = 0; i < sizeof text_sizes / sizeof text_sizes[0]; i++) {
        for (int64_t count = 0; count < 12; count++)
            check_size(count, text_sizes[i]);
        check_size(2000, text_sizes[i]);
    }
    /* Around the sizes at which a page, and the root, is full. */
    for (int64_t count = 270; count < 320; count++)
        check_size(count, 0);
    for (int64_t count = 65; count < 75; count++)
        check_size(count * 271, 0);
    check_size(200000, 0);
    test_folder_walk(folder, 1);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(sqlite_index_tree, sqlite_index_tree__without_rowid)
