/*
 * SQL and dictionaries: golden texts of a hostile package, SQLite as the judge of every built-in
 * release, and order and escaping as properties.
 */
#include "check_main.h"

#include <stdio.h>

#if MIMIC_HAVE_SQLITE
#include <sqlite3.h>
#endif

#include "base/buffer.h"
#include "schema/schema_ddl.h"
#include "schema_fixture.h"

static char *read_text(const char *name, size_t *out_size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/ddl/%s", MIMIC_GOLDEN_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = calloc(1, 1 << 20);
    *out_size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

static void compare_golden(const char *name, const char *text)
{
    if (getenv("MIMIC_GOLDEN_UPDATE") != NULL) {
        char path[1024];
        snprintf(path, sizeof path, "%s/ddl/%s", MIMIC_GOLDEN_DIR, name);
        FILE *file = fopen(path, "wb");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        fclose(file);
    }
    size_t size = 0;
    char *golden = read_text(name, &size);
    if (golden == NULL)
        ck_abort_msg("no golden file %s", name);
    ck_assert_str_eq(text, golden);
    free(golden);
}

static const mimic_dataset *add_golden_package(mimic_registry *registry)
{
    size_t size = 0;
    char *json = read_text("package.json", &size);
    ck_assert_ptr_nonnull(json);
    const mimic_dataset *dataset = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_registry_add_json(registry, json, size, "package.json", &dataset, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    free(json);
    return dataset;
}

static char *ddl_of(const mimic_context *ctx, const mimic_dataset *dataset,
                    const mimic_table *table, mimic_sql_dialect dialect)
{
    char *sql = NULL;
    ck_assert_int_eq(mimic_schema_ddl(ctx, dataset, table, dialect, &sql, NULL), MIMIC_OK);
    return sql;
}

START_TEST(ddl__golden)
{
    static const char *const names[] = {"sqlite.sql", "postgres.sql", "duckdb.sql", "bigquery.sql",
                                        "athena.sql"};
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_golden_package(registry);
    for (mimic_sql_dialect dialect = MIMIC_SQL_SQLITE; dialect <= MIMIC_SQL_ATHENA; dialect++) {
        char *sql = ddl_of(ctx, dataset, NULL, dialect);
        compare_golden(names[dialect - 1], sql);
        mimic_free(ctx, sql);
    }
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(ddl__arguments)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = mimic_registry_dataset(registry, 0);
    char *text = NULL;
    ck_assert_int_eq(mimic_schema_ddl(ctx, dataset, NULL, 9, &text, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_schema_ddl(ctx, NULL, NULL, MIMIC_SQL_SQLITE, &text, NULL),
                     MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, 3, &text, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_schema_dictionary(ctx, NULL, 1, &text, NULL), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(text);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(ddl__one_table)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *table = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv/icustays", &table, NULL),
                     MIMIC_OK);
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_find_dataset(registry, "mimic-iv", &dataset, NULL), MIMIC_OK);
    char *sql = ddl_of(ctx, dataset, table, MIMIC_SQL_POSTGRES);
    /* The referenced table lives in another schema. */
    ck_assert_ptr_nonnull(strstr(sql, "REFERENCES \"mimiciv_hosp\".\"patients\""));
    ck_assert_ptr_null(strstr(sql, "CREATE TABLE \"mimiciv_hosp\""));
    mimic_free(ctx, sql);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* Every table that a script refers to stands above, in the dialects that need it. */
START_TEST(ddl__referenced_tables_come_first)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    add_golden_package(registry);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *dataset = mimic_registry_dataset(registry, i);
        char *sql = ddl_of(ctx, dataset, NULL, MIMIC_SQL_DUCKDB);
        size_t keys = 0;
        for (char *at = sql; (at = strstr(at, " REFERENCES ")) != NULL; at++, keys++) {
            char created[256] = "CREATE TABLE ";
            const size_t size = strcspn(at + 12, "(\n");
            ck_assert_uint_lt(size + 14, sizeof created);
            strncat(created, at + 12, size);
            const char kept = *at;
            *at = '\0'; /* what stands above */
            ck_assert_msg(strstr(sql, created) != NULL, "%s comes late", created);
            *at = kept;
        }
        size_t declared = 0;
        size_t left_out = 0;
        for (size_t j = 0; j < dataset->table_count; j++)
            declared += dataset->tables[j].foreign_key_count;
        for (char *at = sql; (at = strstr(at, "-- not declared: ")) != NULL; at++)
            left_out++;
        ck_assert_uint_eq(keys + left_out, declared);
        mimic_free(ctx, sql);
    }
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* A long chain in the wrong order, and a circle. */
START_TEST(ddl__chains_and_circles)
{
    enum { TABLES = 2000 };
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    char *json = malloc(TABLES * 256);
    size_t size = (size_t)sprintf(json, "{\"name\":\"c\",\"resources\":[");
    for (int i = 0; i < TABLES; i++)
        size += (size_t)sprintf(
            json + size,
            "%s{\"name\":\"t%d\",\"schema\":{\"fields\":[{\"name\":\"a\"}],\"primaryKey\":\"a\","
            "\"foreignKeys\":[{\"fields\":\"a\",\"reference\":{\"resource\":\"t%d\",\"fields\":"
            "\"a\"}}]}}",
            i > 0 ? "," : "", i, (i + 1) % TABLES);
    size += (size_t)sprintf(json + size, "]}");
    const mimic_dataset *dataset = NULL;
    ck_assert_int_eq(mimic_registry_add_json(registry, json, size, "c", &dataset, NULL), MIMIC_OK);
    char *sql = ddl_of(ctx, dataset, NULL, MIMIC_SQL_DUCKDB);
    size_t keys = 0;
    for (char *at = sql; (at = strstr(at, " REFERENCES ")) != NULL; at++)
        keys++;
    ck_assert_uint_eq(keys, TABLES - 1);
    ck_assert_ptr_nonnull(strstr(sql, "closes a circle"));
    mimic_free(ctx, sql);
    free(json);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(ddl__quoting_is_undone_by_unquoting)
{
    static const char *const names[] = {"a", "", "\"", "\"\"", "a\"b\"\"c", "x'; --", "\n`\\"};
    mimic_context *ctx = new_context();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        mimic_buffer sql;
        mimic__buffer_init(&sql, ctx);
        mimic__sql_quote_identifier(&sql, names[i]);
        ck_assert(sql.data[0] == '"' && sql.data[sql.size - 1] == '"');
        char plain[64];
        size_t size = 0;
        for (size_t j = 1; j + 1 < sql.size; j++) {
            plain[size++] = sql.data[j];
            if (sql.data[j] == '"')
                ck_assert_int_eq(sql.data[++j], '"');
        }
        plain[size] = '\0';
        ck_assert_str_eq(plain, names[i]);
        mimic__buffer_free(&sql);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(ddl__times_as_integers)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_table *table = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "mimic-iv/icustays", &table, NULL),
                     MIMIC_OK);
    mimic_buffer sql;
    mimic__buffer_init(&sql, ctx);
    mimic__ddl_sqlite_table(&sql, table, true);
    mimic__buffer_byte(&sql, '\0');
    ck_assert_ptr_nonnull(strstr(sql.data, "\"intime\" INTEGER"));
    mimic__buffer_free(&sql);
    mimic__ddl_sqlite_table(&sql, table, false);
    mimic__buffer_byte(&sql, '\0');
    ck_assert_ptr_nonnull(strstr(sql.data, "\"intime\" TEXT"));
    mimic__buffer_free(&sql);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

#if MIMIC_HAVE_SQLITE
static void run_sql(sqlite3 *db, const char *sql, const char *what)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        ck_abort_msg("%s: %s", what, message);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* SQLite finds a foreign key to something that is no key only when rows change. */
START_TEST(ddl__sqlite_takes_every_release)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    add_golden_package(registry);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *dataset = mimic_registry_dataset(registry, i);
        sqlite3 *db = NULL;
        ck_assert_int_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
        char *sql = ddl_of(ctx, dataset, NULL, MIMIC_SQL_SQLITE);
        run_sql(db, sql, dataset->name);
        mimic_free(ctx, sql);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"),
                         (int64_t)dataset->table_count);
        run_sql(db, "PRAGMA foreign_keys = ON; PRAGMA foreign_key_check", dataset->name);
        for (size_t j = 0; j < dataset->table_count; j++) {
            mimic_buffer change;
            mimic__buffer_init(&change, ctx);
            mimic__buffer_text(&change, "DELETE FROM ");
            mimic__sql_quote_identifier(&change, dataset->tables[j].name);
            mimic__buffer_byte(&change, '\0');
            run_sql(db, change.data, dataset->tables[j].name);
            mimic__buffer_free(&change);
        }
        sqlite3_close(db);
    }
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST
#else
START_TEST(ddl__sqlite_takes_every_release)
{
    printf("# built without SQLite: not run\n");
}
END_TEST
#endif

/* ---- dictionaries ---- */

START_TEST(dictionary__golden)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_golden_package(registry);
    char *text = NULL;
    ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_MARKDOWN, &text, NULL),
                     MIMIC_OK);
    compare_golden("dictionary.md", text);
    mimic_free(ctx, text);
    ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_HTML, &text, NULL), MIMIC_OK);
    compare_golden("dictionary.html", text);
    mimic_free(ctx, text);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

/* Every link has its target, every tag its end, nothing is fetched from anywhere. */
START_TEST(dictionary__html_is_whole)
{
    static const char *const tags[] = {"table", "tr", "td", "section", "nav", "ul",  "li",
                                       "code",  "p",  "a",  "h2",      "h3",  "div", "small"};
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    add_golden_package(registry);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *dataset = mimic_registry_dataset(registry, i);
        char *html = NULL;
        ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_HTML, &html, NULL),
                         MIMIC_OK);
        for (size_t j = 0; j < sizeof tags / sizeof tags[0]; j++) {
            long open = 0;
            char start[16];
            char end[16];
            snprintf(start, sizeof start, "<%s", tags[j]);
            snprintf(end, sizeof end, "</%s>", tags[j]);
            for (char *at = html; (at = strstr(at, start)) != NULL; at++)
                open += strchr(" >", at[strlen(start)]) != NULL;
            for (char *at = html; (at = strstr(at, end)) != NULL; at++)
                open--;
            ck_assert_msg(open == 0, "%s: <%s> is off by %ld", dataset->name, tags[j], open);
        }
        for (char *at = html; (at = strstr(at, "href=\"#")) != NULL; at++) {
            char target[256];
            snprintf(target, sizeof target, "id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
            ck_assert_msg(strstr(html, target) != NULL, "no %s", target);
        }
        ck_assert_ptr_null(strstr(html, "<script"));
        ck_assert_ptr_null(strstr(html, "src="));
        ck_assert_ptr_null(strstr(html, "url("));
        ck_assert_ptr_null(strstr(html, "@import"));
        mimic_free(ctx, html);
    }
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(dictionary__hostile_texts_stay_text)
{
    mimic_context *ctx = new_context();
    mimic_registry *registry = new_registry(ctx);
    const mimic_dataset *dataset = add_json(
        registry,
        "{'title':'<script>alert(1)</script>','homepage':'javascript:alert(1)','resources':[{"
        "'name':'<img src=x onerror=y>','description':'</p><script>','schema':{'fields':[{'name':"
        "'a|b`<i>','description':'[x](javascript:y) | <b> ![z](q)'}]}}]}",
        "x");
    char *text = NULL;
    ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_HTML, &text, NULL), MIMIC_OK);
    ck_assert_ptr_null(strstr(text, "<script"));
    ck_assert_ptr_null(strstr(text, "<img"));
    ck_assert_ptr_null(strstr(text, "href=\"javascript"));
    mimic_free(ctx, text);
    ck_assert_int_eq(mimic_schema_dictionary(ctx, dataset, MIMIC_TEXT_MARKDOWN, &text, NULL),
                     MIMIC_OK);
    ck_assert_ptr_null(strchr(text, '<'));
    ck_assert_ptr_nonnull(strstr(text, "\\[x\\](javascript"));
    ck_assert_ptr_nonnull(strstr(text, "a\\|b\\`"));
    mimic_free(ctx, text);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(ddl, ddl__golden, ddl__arguments, ddl__one_table, ddl__referenced_tables_come_first,
                ddl__chains_and_circles, ddl__quoting_is_undone_by_unquoting,
                ddl__times_as_integers, ddl__sqlite_takes_every_release, dictionary__golden,
                dictionary__html_is_whole, dictionary__hostile_texts_stay_text)
