/*
 * Indexes that are written as pages beside the rows, against those that SQLite makes: random tables
 * with keys and indexes of all kinds are written both ways and must hold and refuse the same.
 */
#include "check_main.h"

#include <sqlite3.h>

#include "test_batch.h"
#include "test_files.h"

#include <mimic/sink.h>

#include "base/pool.h"
#include "sink/sink_internal.h"

#define LOG_BYTES (1 << 20)

/* How the values of a column come. */
typedef enum order { ASCENDING, BLOCKS, FEW, RANDOM, ORDERS } order;

typedef struct plan {
    test_table t;
    mimic_unique_key unique_keys[2];
    size_t unique_fields[2][3];
    const char *names[4][2];
    order orders[TEST_FIELDS_MAX];
    bool has_nulls[TEST_FIELDS_MAX];
    size_t text_max; /* of random texts */
    int64_t row_count;
    uint64_t seed;
} plan;

typedef struct way {
    char path[TEST_PATH_BYTES + 16];
    char *log; /* refusals */
    size_t log_size;
    int64_t first_row; /* of the batch at hand */
} way;

static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* ---- random tables ---- */

static void make_keys(plan *p, uint64_t *random)
{
    mimic_table *table = &p->t.table;
    const uint64_t kind = next_random(random) % 4;
    for (uint64_t i = 0; i < kind && i < table->field_count; i++)
        test_table_key(&p->t, (next_random(random) % 2 + i) % table->field_count);
    if (kind == 2 && table->primary_key_count == 2 && p->t.primary_key[0] == p->t.primary_key[1])
        table->primary_key_count = 1;
    if (kind == 3)
        table->primary_key_count = 1;
    table->unique_keys = p->unique_keys;
    table->unique_key_count = next_random(random) % 3;
    for (size_t i = 0; i < table->unique_key_count; i++) {
        p->unique_fields[i][0] = next_random(random) % table->field_count;
        p->unique_fields[i][1] = (p->unique_fields[i][0] + 1) % table->field_count;
        p->unique_keys[i] = (mimic_unique_key){1 + next_random(random) % 2, p->unique_fields[i]};
    }
    table->foreign_key_count = next_random(random) % 4;
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const size_t field = next_random(random) % table->field_count;
        p->names[i][0] = table->fields[field].name;
        p->names[i][1] = table->fields[(field + 1) % table->field_count].name;
        p->t.foreign_keys[i] = (mimic_foreign_key){.referenced_table = "other",
                                                   .count = 1 + next_random(random) % 2,
                                                   .fields = p->names[i],
                                                   .referenced_fields = p->names[i]};
    }
}

static void make_plan(plan *p, uint64_t seed)
{
    static const char *const names[] = {"subject_id", "hadm_id", "it's", "d", "e", "f"};
    static const mimic_type types[] = {
        MIMIC_TYPE_INT16,  MIMIC_TYPE_INT32, MIMIC_TYPE_INT64,     MIMIC_TYPE_BOOLEAN,
        MIMIC_TYPE_STRING, MIMIC_TYPE_DATE,  MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_FLOAT64,
        MIMIC_TYPE_BINARY, MIMIC_TYPE_TIME,  MIMIC_TYPE_FLOAT32,   MIMIC_TYPE_CATEGORICAL,
        MIMIC_TYPE_INT32,  MIMIC_TYPE_INT32, MIMIC_TYPE_DECIMAL};
    uint64_t random = seed;
    memset(p, 0, sizeof *p);
    p->seed = seed;
    test_table_make(&p->t, "ta'ble");
    const size_t field_count = 2 + next_random(&random) % 5;
    for (size_t i = 0; i < field_count; i++) {
        p->orders[i] = (order)(next_random(&random) % ORDERS);
        p->has_nulls[i] = next_random(&random) % 3 == 0;
        mimic_field *field = test_table_field(
            &p->t, names[i], types[next_random(&random) % (sizeof types / sizeof types[0])],
            next_random(&random) % 8 == 0);
        field->is_unique = next_random(&random) % 12 == 0;
    }
    p->text_max = next_random(&random) % 8 == 0 ? 6000 : 30;
    p->row_count = (int64_t)(next_random(&random) % (p->text_max > 30 ? 800 : 9000));
    make_keys(p, &random);
}

static int64_t integer_at(const plan *p, size_t column, int64_t row, uint64_t *random)
{
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, -1,    0,       1,       -128,
                                  127,       -32768,    32768, 8388608, -8388609};
    const uint64_t value = next_random(random);
    switch (p->orders[column]) {
    case ASCENDING: /* with a repetition now and then */
        return row - (value % 500 == 0);
    case BLOCKS:
        return (row / 37 * 7919) % 10007 * 40 + row % 37;
    case FEW:
        return (int64_t)(value % 7) - 3;
    default:
        return value % 9 == 0 ? odd[value / 9 % 11] : (int64_t)(value >> (value % 64));
    }
}

static void set_text(const plan *p, test_batch *b, size_t column, int64_t row, int64_t integer,
                     char *room)
{
    const size_t size = p->orders[column] == RANDOM && integer % 3 != 0
                            ? (size_t)((uint64_t)integer % p->text_max)
                            : (size_t)snprintf(room, 24, "%010lld", (long long)integer);
    if (p->orders[column] == RANDOM && integer % 3 != 0)
        for (size_t i = 0; i < size; i++)
            room[i] = (char)(i == 5 && integer % 7 == 0 ? 0 : 'a' + ((size_t)integer + i) % 3);
    test_set_bytes(b, column, row, room, size);
}

static void set_cell(const plan *p, test_batch *b, size_t column, int64_t row, int64_t number,
                     uint64_t *random, char *room)
{
    const int64_t integer = integer_at(p, column, number, random);
    if (p->has_nulls[column] && next_random(random) % 4 == 0)
        return;
    switch (p->t.fields[column].type) {
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
    case MIMIC_TYPE_CATEGORICAL:
        set_text(p, b, column, row, integer, room);
        break;
    case MIMIC_TYPE_DATE:
        test_set_integer(b, column, row, integer % 100000);
        break;
    case MIMIC_TYPE_TIME:
        test_set_integer(b, column, row, (int64_t)((uint64_t)integer % 86400000000));
        break;
    case MIMIC_TYPE_TIMESTAMP:
        test_set_integer(b, column, row, integer % INT64_C(100000000000000));
        break;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        test_set_real(b, column, row,
                      integer % 11 == 0 ? -0.0 : (double)integer / (integer % 2 == 0 ? 1 : 8));
        break;
    case MIMIC_TYPE_DECIMAL:
        test_cell_at(b, column, row)->decimal.low = (uint64_t)integer;
        break;
    default:
        test_set_integer(b, column, row, integer);
        break;
    }
}

/* ---- writing ---- */

static int note_refusal(void *ctx, int64_t row, mimic_reject_code code, const char *column,
                        const char *message)
{
    way *w = ctx;
    const int size = snprintf(w->log + w->log_size, LOG_BYTES - w->log_size, "%lld %d %s %s\n",
                              (long long)(w->first_row + row), (int)code, column, message);
    if (w->log_size + (size_t)size < LOG_BYTES)
        w->log_size += (size_t)size;
    return 0;
}

static void write_rows(const plan *p, mimic_sink *sink, way *w, mimic_error *err)
{
    uint64_t random = p->seed + 1;
    char *room = malloc(p->text_max * TEST_FIELDS_MAX * 3000 + 100000 * TEST_FIELDS_MAX);
    for (int64_t row = 0, count; row < p->row_count; row += count) {
        test_batch b;
        count = 1 + (int64_t)(next_random(&random) % 3000);
        count = count < p->row_count - row ? count : p->row_count - row;
        test_batch_make(&b, &p->t.table, count);
        char *next = room;
        for (int64_t i = 0; i < count; i++)
            for (size_t column = 0; column < p->t.table.field_count; column++) {
                set_cell(p, &b, column, i, row + i, &random, next);
                next += 24 > p->text_max ? 24 : p->text_max;
            }
        w->first_row = row;
        ck_assert_msg(mimic_sink_write(sink, test_batch_view(&b), err) == MIMIC_OK, "%s",
                      err->message);
        test_batch_free(&b);
    }
    free(room);
}

static void write_table(const plan *p, way *w, bool inserts, mimic_pool *pool)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = test_context_make(NULL);
    mimic_sink *sink = NULL;
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    const mimic_sink_host host = {sizeof host, note_refusal, w};
    options.no_sync = 1;
    options.no_direct_pages = inserts;
    options.integer_times = p->seed % 5 == 0;
    unlink(w->path);
    w->log_size = 0;
    w->log[0] = '\0';
    ck_assert_msg(mimic__sink_open(ctx, w->path, &options, pool, &sink, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_msg(mimic_sink_begin(sink, &p->t.table, &host, &err) == MIMIC_OK, "%s", err.message);
    write_rows(p, sink, w, &err);
    ck_assert_msg(mimic_sink_commit(sink, &err) == MIMIC_OK, "seed %llu: %s",
                  (unsigned long long)p->seed, err.message);
    ck_assert_msg(mimic_sink_finish(sink, NULL, NULL, &err) == MIMIC_OK, "%s", err.message);
    mimic_sink_free(sink);
    mimic_context_free(ctx);
}

/* ---- comparing ---- */

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    return statement;
}

static bool is_same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const int size = sqlite3_column_bytes(a, column);
    const int type = sqlite3_column_type(a, column);
    if (type != sqlite3_column_type(b, column))
        return false;
    if (type == SQLITE_INTEGER)
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    return size == sqlite3_column_bytes(b, column) &&
           (size == 0 || memcmp(sqlite3_column_blob(a, column), sqlite3_column_blob(b, column),
                                (size_t)size) == 0);
}

static void compare_query(sqlite3 *const dbs[2], const char *sql, uint64_t seed)
{
    sqlite3_stmt *a = prepare(dbs[0], sql);
    sqlite3_stmt *b = prepare(dbs[1], sql);
    for (int64_t row = 0;; row++) {
        const int code = sqlite3_step(a);
        ck_assert_msg(code == sqlite3_step(b), "seed %llu: %s: row %lld: %s",
                      (unsigned long long)seed, sql, (long long)row, sqlite3_errmsg(dbs[1]));
        if (code != SQLITE_ROW)
            break;
        for (int i = 0; i < sqlite3_column_count(a); i++)
            ck_assert_msg(is_same_value(a, b, i), "seed %llu: %s: row %lld, column %d: %s, %s",
                          (unsigned long long)seed, sql, (long long)row, i,
                          sqlite3_column_text(a, i), sqlite3_column_text(b, i));
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
}

static void check_integrity(sqlite3 *db, uint64_t seed)
{
    sqlite3_stmt *statement = prepare(db, "PRAGMA integrity_check");
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_msg(strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0,
                  "seed %llu: %s", (unsigned long long)seed, sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static void compare(const plan *p, const way ways[2])
{
    sqlite3 *dbs[2];
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(sqlite3_open(ways[i].path, &dbs[i]), SQLITE_OK);
    check_integrity(dbs[1], p->seed);
    compare_query(dbs,
                  "SELECT type, name, sql FROM sqlite_schema WHERE type <> 'view' ORDER BY 1, 2",
                  p->seed);
    compare_query(dbs, "SELECT * FROM \"ta'ble\" ORDER BY rowid", p->seed);
    sqlite3_stmt *names = prepare(
        dbs[0], "SELECT format('SELECT *, count(*) OVER () FROM \"ta''ble\" INDEXED BY \"%w\""
                " ORDER BY %s, rowid', l.name,"
                " (SELECT group_concat(format('\"%w\"', name)) FROM pragma_index_info(l.name)))"
                " FROM pragma_index_list('ta''ble') AS l");
    while (sqlite3_step(names) == SQLITE_ROW)
        compare_query(dbs, (const char *)sqlite3_column_text(names, 0), p->seed);
    sqlite3_finalize(names);
    for (int i = 0; i < 2; i++)
        sqlite3_close(dbs[i]);
    ck_assert_msg(strcmp(ways[0].log, ways[1].log) == 0, "seed %llu: refused\n%s\nand\n%s",
                  (unsigned long long)p->seed, ways[0].log, ways[1].log);
}

static void check_plan(const plan *p, const char *folder, mimic_pool *pool)
{
    way ways[2];
    for (int i = 0; i < 2; i++) {
        snprintf(ways[i].path, sizeof ways[i].path, "%s/%d.db", folder, i);
        ways[i].log = malloc(LOG_BYTES);
        write_table(p, &ways[i], i == 0, i == 0 ? NULL : pool);
    }
    compare(p, ways);
    for (int i = 0; i < 2; i++)
        free(ways[i].log);
}

START_TEST(sqlite_index__random_tables)
{
    char folder[TEST_PATH_BYTES];
    plan p;
    const char *rounds = getenv("MIMIC_TEST_ROUNDS");
    const uint64_t end = rounds == NULL ? 50 : strtoull(rounds, NULL, 10);
    mimic_context *ctx = test_context_make(NULL);
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, 2, &pool, NULL), MIMIC_OK);
    test_folder_make(folder);
    for (uint64_t seed = 1; seed <= end; seed++) {
        make_plan(&p, seed);
        check_plan(&p, folder, seed % 2 == 0 ? pool : NULL);
    }
    test_folder_walk(folder, 1);
    mimic__pool_free(pool);
    mimic_context_free(ctx);
}
END_TEST

/* Many rows: runs that spill, trees of three levels, keys that are forgotten. */
START_TEST(sqlite_index__many_rows)
{
    static const order orders[] = {BLOCKS, RANDOM, FEW, ASCENDING};
    static const char *const names[] = {"subject_id", "hadm_id", "stay_id", "d"};
    static const size_t key[] = {0, 3};
    static const mimic_unique_key unique_key = {2, key};
    char folder[TEST_PATH_BYTES];
    plan p;
    test_folder_make(folder);
    for (uint64_t kind = 0; kind < 3; kind++) {
        memset(&p, 0, sizeof p);
        p.seed = 77 + kind;
        p.row_count = 260000;
        p.text_max = 30;
        test_table_make(&p.t, "ta'ble");
        for (size_t i = 0; i < 4; i++) {
            test_table_field(&p.t, names[i], i == 2 ? MIMIC_TYPE_STRING : MIMIC_TYPE_INT32, false);
            p.orders[i] = orders[i];
        }
        p.orders[3] = kind == 2 ? RANDOM : ASCENDING;
        if (kind > 0) {
            p.t.table.unique_keys = &unique_key;
            p.t.table.unique_key_count = 1;
        }
        check_plan(&p, folder, NULL);
    }
    test_folder_walk(folder, 1);
}
END_TEST

MIMIC_TEST_MAIN(sqlite_index, sqlite_index__random_tables, sqlite_index__many_rows)
