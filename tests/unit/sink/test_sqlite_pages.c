/* Pages that are built directly against the rows that SQLite inserts: random tables and batches,
 * the records byte for byte; and what only pages have: page numbers around the lock page, chunks
 * that are encoded in another order, tables that are given up or handed over to inserts. */
#include "check_main.h"

#include <math.h>
#include <sqlite3.h>

#include "failing_allocator.h"
#include "sqlite_walk.h"
#include "test_batch.h"
#include "test_files.h"

#include "sink/sink_internal.h"
#include "sink/sink_sqlite_direct.h"

static mimic_context *ctx;
static mimic_error err;
static char folder[TEST_PATH_BYTES];

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
    test_folder_make(folder);
}

static void teardown(void)
{
    mimic_context_free(ctx);
    test_folder_walk(folder, 1);
}

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

/* ---- random numbers ---- */

static uint64_t seed;

static uint64_t random_number(uint64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static int64_t random_integer(void)
{
    const int64_t edge = (int64_t)((uint64_t)1 << random_number(64));
    switch (random_number(4)) {
    case 0:
        return (int64_t)random_number(3) - 1;
    case 1:
        return (int64_t)((uint64_t)edge - random_number(3));
    case 2:
        return (int64_t)(random_number(3) - (uint64_t)edge);
    default:
        return (int64_t)random_number(100000);
    }
}

static double random_real(void)
{
    static const double values[] = {0.0,
                                    -0.0,
                                    1.0,
                                    -1.0,
                                    0.1,
                                    98.6,
                                    1e300,
                                    5e-324,
                                    INFINITY,
                                    -INFINITY,
                                    140737488355327.0,
                                    140737488355328.0,
                                    -140737488355328.0,
                                    -140737488355329.0,
                                    9007199254740993.0,
                                    9223372036854775807.0,
                                    -9223372036854775808.0,
                                    255.0,
                                    32768.0,
                                    8388608.5};
    return random_number(2) == 0 ? values[random_number(sizeof values / sizeof values[0])]
                                 : (double)random_number(1000000) / 100;
}

/* ---- random tables ---- */

static const mimic_type TYPES[] = {
    MIMIC_TYPE_BOOLEAN,     MIMIC_TYPE_INT16,     MIMIC_TYPE_INT32,       MIMIC_TYPE_INT64,
    MIMIC_TYPE_FLOAT32,     MIMIC_TYPE_FLOAT64,   MIMIC_TYPE_DECIMAL,     MIMIC_TYPE_DATE,
    MIMIC_TYPE_TIME,        MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_TIMESTAMPTZ, MIMIC_TYPE_STRING,
    MIMIC_TYPE_CATEGORICAL, MIMIC_TYPE_BINARY};

typedef enum key_kind {
    KEY_NONE,
    KEY_ASCENDING, /* an integer that does */
    KEY_NEARLY,    /* with the same key twice, now and then */
    KEY_UNORDERED, /* integers that turn back at some row */
    KEY_OTHER,     /* two columns, or a text */
    KEY_KINDS
} key_kind;

typedef struct plan {
    test_table t;
    char names[TEST_FIELDS_MAX][8];
    key_kind key;
    int64_t next_key;
    uint64_t text_bytes; /* of the longest, nearly */
    bool has_faults;
} plan;

static void make_plan(plan *p)
{
    *p = (plan){.key = (key_kind)random_number(KEY_KINDS), .next_key = -5};
    test_table_make(&p->t, "t");
    const size_t count =
        1 + random_number(random_number(3) == 0 ? TEST_FIELDS_MAX : TEST_FIELDS_MAX / 5);
    p->text_bytes = (uint64_t)1 << random_number(6) << random_number(6);
    p->has_faults = random_number(3) == 0;
    for (size_t i = 0; i < count; i++) {
        mimic_type type = TYPES[random_number(sizeof TYPES / sizeof TYPES[0])];
        if (i == 0 && p->key != KEY_NONE && p->key != KEY_OTHER)
            type = random_number(2) == 0 ? MIMIC_TYPE_INT32 : MIMIC_TYPE_INT64;
        snprintf(p->names[i], sizeof p->names[i], "c%zu", i);
        test_table_field(&p->t, p->names[i], type, random_number(4) == 0);
    }
    if (p->key != KEY_NONE)
        test_table_key(&p->t, 0);
    if (p->key == KEY_OTHER && count > 1)
        test_table_key(&p->t, 1);
}

static int64_t key_of(plan *p)
{
    p->next_key += 1 + (int64_t)random_number(3);
    if (p->key == KEY_NEARLY && random_number(20) == 0)
        p->next_key -= 1;
    if (p->key == KEY_UNORDERED && random_number(300) == 0)
        p->next_key -= (int64_t)random_number(2000);
    return p->next_key;
}

static const char *random_bytes(uint64_t *out_size, uint64_t most)
{
    static char bytes[1 << 18];
    if (bytes[0] == 0)
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)('a' + i % 26);
    *out_size = random_number(8) == 0 ? 0 : random_number(most);
    if (random_number(500) == 0)
        *out_size = random_number(100000);
    return bytes + random_number(sizeof bytes - *out_size);
}

static void fill_cell(const plan *p, const test_batch *b, size_t column, int64_t row)
{
    uint64_t size = 0;
    const char *text = NULL;
    const bool may_be_null = !p->t.fields[column].is_required || p->has_faults;
    if (may_be_null && random_number(p->t.fields[column].is_required ? 200 : 6) == 0)
        return;
    switch (p->t.fields[column].type) {
    case MIMIC_TYPE_BOOLEAN:
        test_set_integer(b, column, row, (int64_t)random_number(2));
        break;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        test_set_real(b, column, row,
                      p->has_faults && random_number(200) == 0 ? (double)NAN : random_real());
        break;
    case MIMIC_TYPE_DECIMAL:
        test_cell_at(b, column, row)->decimal.low = (uint64_t)random_integer();
        break;
    case MIMIC_TYPE_DATE:
        test_set_integer(b, column, row, (int64_t)random_number(3000000) - 700000);
        break;
    case MIMIC_TYPE_TIME:
        test_set_integer(b, column, row, (int64_t)(random_number(86400) * 1000000));
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        test_set_integer(b, column, row,
                         (int64_t)random_number(1u << 30) * (random_number(2) ? 1 : 4000000));
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        text = random_bytes(&size, p->text_bytes);
        test_set_bytes(b, column, row, text, size);
        break;
    default:
        test_set_integer(b, column, row, random_integer());
        break;
    }
}

static void make_batch(plan *p, test_batch *b)
{
    static const uint64_t most[] = {1, 3, 40, 300, 3000};
    uint64_t rows = random_number(most[random_number(5)] + 1);
    if (p->text_bytes * p->t.table.field_count > 4096)
        rows %= 200;
    test_batch_make(b, &p->t.table, (int64_t)rows);
    for (int64_t row = 0; row < (int64_t)rows; row++)
        for (size_t i = 0; i < p->t.table.field_count; i++)
            if (i == 0 && p->key != KEY_NONE && p->key != KEY_OTHER) {
                if (!p->has_faults || random_number(300) != 0)
                    test_set_integer(b, i, row, key_of(p));
            } else {
                fill_cell(p, b, i, row);
            }
    test_batch_view(b);
}

/* ---- two sinks that get the same ---- */

typedef struct side {
    char path[TEST_PATH_BYTES + 32];
    mimic_sink *sink;
    mimic_sink_host host;
    char *refusals; /* what was said of refused rows */
    size_t refusals_size;
    FILE *stream;
    int64_t batch;
} side;

static int note_refusal(void *self, int64_t row, mimic_reject_code code, const char *column,
                        const char *message)
{
    side *s = self;
    char text[512];
    snprintf(text, sizeof text, "%lld/%lld %s %s: %s", (long long)s->batch, (long long)row,
             mimic_reject_code_name(code), column, message);
    fprintf(s->stream, "%s\n", text);
    const mimic_reject reject = {.struct_size = sizeof reject,
                                 .source = "x.csv",
                                 .record = row,
                                 .column = column,
                                 .code = code,
                                 .message = text,
                                 .raw = "raw",
                                 .raw_size = 3};
    return mimic_sink_reject(s->sink, &reject, NULL) == MIMIC_OK ? 0 : 1;
}

static void side_open(side *s, const char *name, const mimic_table *table,
                      const mimic_sink_options *options)
{
    *s = (side){.host = {sizeof s->host, note_refusal, s}};
    snprintf(s->path, sizeof s->path, "%s/%s.db", folder, name);
    unlink(s->path);
    s->stream = open_memstream(&s->refusals, &s->refusals_size);
    CK_OK(mimic_sink_open(ctx, s->path, options, &s->sink, &err));
    CK_OK(mimic_sink_begin(s->sink, table, &s->host, &err));
}

static void side_close(side *s)
{
    CK_OK(mimic_sink_commit(s->sink, &err));
    CK_OK(mimic_sink_finish(s->sink, NULL, NULL, &err));
    mimic_sink_free(s->sink);
    fclose(s->stream);
}

/* ---- comparing ---- */

static sqlite3 *database_open(const char *path)
{
    sqlite3 *database = NULL;
    ck_assert_int_eq(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    return database;
}

static void expect_text(sqlite3 *database, const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    ck_assert_msg(strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0, "%s: %s",
                  sql, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static void compare_query(sqlite3 *one, sqlite3 *other, const char *sql)
{
    sqlite3_stmt *a = NULL;
    sqlite3_stmt *b = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(one, sql, -1, &a, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(other, sql, -1, &b, NULL), SQLITE_OK);
    for (long row = 0;; row++) {
        const int code = sqlite3_step(a);
        ck_assert_int_eq(code, sqlite3_step(b));
        if (code != SQLITE_ROW)
            break;
        for (int i = 0; i < sqlite3_column_count(a); i++) {
            ck_assert_msg(sqlite3_column_type(a, i) == sqlite3_column_type(b, i),
                          "row %ld column %d: types %d and %d", row, i, sqlite3_column_type(a, i),
                          sqlite3_column_type(b, i));
            const void *left = sqlite3_column_blob(a, i);
            const void *right = sqlite3_column_blob(b, i);
            const int size = sqlite3_column_bytes(a, i);
            ck_assert_int_eq(size, sqlite3_column_bytes(b, i));
            ck_assert_msg(size == 0 || memcmp(left, right, (size_t)size) == 0,
                          "row %ld column %d differs", row, i);
        }
    }
    sqlite3_finalize(a);
    sqlite3_finalize(b);
}

static char *file_read(const char *path, size_t *out_size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    *out_size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*out_size + 1);
    ck_assert_uint_eq(fread(bytes, 1, *out_size, file), *out_size);
    fclose(file);
    return bytes;
}

typedef struct records {
    FILE *stream;
    char *bytes;
    size_t size;
} records;

static void take_record(void *self, int64_t rowid, const unsigned char *record, size_t size)
{
    (void)rowid; /* inserts leave no gap where a row is refused */
    fwrite(&size, sizeof size, 1, ((records *)self)->stream);
    fwrite(record, 1, size, ((records *)self)->stream);
}

/* The records of table t as they stand in the file. */
static records records_of(const char *path, walk *out_walk)
{
    records found = {0};
    size_t size = 0;
    char *file = file_read(path, &size);
    sqlite3 *database = database_open(path);
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(database, "SELECT rootpage FROM sqlite_schema WHERE name = 't'", -1,
                       &statement, NULL);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    found.stream = open_memstream(&found.bytes, &found.size);
    *out_walk = (walk){(const unsigned char *)file, size, take_record, &found, 0, 0};
    walk_tree(out_walk, (uint32_t)sqlite3_column_int(statement, 0));
    fclose(found.stream);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    free(file);
    return found;
}

static void expect_sound(const char *path)
{
    sqlite3 *database = database_open(path);
    expect_text(database, "PRAGMA integrity_check", "ok");
    expect_text(database, "PRAGMA quick_check", "ok");
    expect_text(database,
                "SELECT (SELECT count(*) FROM t NOT INDEXED) = "
                "(SELECT count(*) FROM (SELECT rowid FROM t NOT INDEXED ORDER BY 1 DESC))",
                "1");
    sqlite3_close(database);
}

static void expect_same(const side *direct, const side *inserted)
{
    walk walks[2];
    expect_sound(direct->path);
    ck_assert_str_eq(direct->refusals, inserted->refusals);
    sqlite3 *one = database_open(direct->path);
    sqlite3 *other = database_open(inserted->path);
    compare_query(one, other, "SELECT * FROM t NOT INDEXED ORDER BY rowid");
    compare_query(one, other, "SELECT * FROM _mimic_rejects ORDER BY rowid");
    compare_query(one, other, "SELECT * FROM _mimic_meta ORDER BY table_name, key");
    compare_query(one, other, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name");
    sqlite3_close(one);
    sqlite3_close(other);
    const records a = records_of(direct->path, &walks[0]);
    const records b = records_of(inserted->path, &walks[1]);
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_msg(memcmp(a.bytes, b.bytes, a.size) == 0, "the records differ");
    free(a.bytes);
    free(b.bytes);
}

static void side_free(side *s)
{
    free(s->refusals);
}

START_TEST(sqlite_pages__equal_inserts)
{
    setup();
    const uint64_t rounds = number_of("MIMIC_TEST_ROUNDS", 60);
    const uint64_t first = number_of("MIMIC_TEST_SEED", 1);
    for (uint64_t round = 0; round < rounds; round++) {
        plan p;
        side direct;
        side inserted;
        seed = first + round;
        make_plan(&p);
        mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
        options.no_sync = 1;
        options.integer_times = random_number(2) == 0;
        side_open(&direct, "direct", &p.t.table, &options);
        options.no_direct_pages = 1;
        side_open(&inserted, "inserted", &p.t.table, &options);
        const int64_t batches = (int64_t)random_number(12);
        for (int64_t i = 0; i < batches; i++) {
            test_batch b;
            make_batch(&p, &b);
            direct.batch = inserted.batch = i;
            CK_OK(mimic_sink_write(direct.sink, &b.batch, &err));
            CK_OK(mimic_sink_write(inserted.sink, &b.batch, &err));
            test_batch_free(&b);
        }
        side_close(&direct);
        side_close(&inserted);
        expect_same(&direct, &inserted);
        side_free(&direct);
        side_free(&inserted);
    }
    teardown();
}
END_TEST

/* ---- batches of rows that are known ---- */

static void make_notes(test_table *t, bool has_key)
{
    test_table_make(t, "t");
    test_table_field(t, "id", MIMIC_TYPE_INT64, true);
    test_table_field(t, "note", MIMIC_TYPE_STRING, false);
    test_table_field(t, "value", MIMIC_TYPE_FLOAT64, false);
    if (has_key)
        test_table_key(t, 0);
}

static void make_rows(test_batch *b, const mimic_table *table, int64_t first, int64_t count)
{
    static char note[20000];
    memset(note, 'n', sizeof note);
    test_batch_make(b, table, count);
    for (int64_t row = 0; row < count; row++) {
        test_set_integer(b, 0, row, first + row);
        test_set_bytes(b, 1, row, note, (first + row) % 211 == 0 ? 15000 : (size_t)(row % 50));
        test_set_real(b, 2, row, (double)(first + row) / 4);
    }
    test_batch_view(b);
    b->batch.first_row = first - 1;
}

static void write_rows(mimic_sink *sink, const mimic_table *table, int64_t first, int64_t count)
{
    test_batch b;
    make_rows(&b, table, first, count);
    CK_OK(mimic_sink_write(sink, &b.batch, &err));
    test_batch_free(&b);
}

static void expect_count(const char *path, const char *table, const char *count)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    sqlite3 *database = database_open(path);
    expect_text(database, sql, count);
    expect_text(database, "PRAGMA integrity_check", "ok");
    sqlite3_close(database);
}

START_TEST(sqlite_pages__small_batches_fill_their_leaves)
{
    setup();
    test_table t;
    side sides[2];
    walk walks[2];
    make_notes(&t, true);
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    for (int i = 0; i < 2; i++) {
        options.no_direct_pages = i;
        side_open(&sides[i], i == 0 ? "direct" : "inserted", &t.table, &options);
        for (int64_t row = 1; row <= 3000; row++)
            write_rows(sides[i].sink, &t.table, row, 1);
        side_close(&sides[i]);
        expect_count(sides[i].path, "t", "3000");
        free(records_of(sides[i].path, &walks[i]).bytes);
        side_free(&sides[i]);
    }
    ck_assert_uint_le(walks[0].leaf_count, walks[1].leaf_count);
    teardown();
}
END_TEST

/* Chunks may be encoded in any order, and thrown away; the file is the same. */
START_TEST(sqlite_pages__order_of_encoding_does_not_matter)
{
    setup();
    enum { BATCHES = 9, ROWS = 7000 };
    test_table t;
    side plain;
    side other;
    test_batch batches[BATCHES];
    void *chunks[BATCHES];
    size_t sizes[2];
    make_notes(&t, true);
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    side_open(&plain, "plain", &t.table, &options);
    side_open(&other, "other", &t.table, &options);
    for (int64_t i = 0; i < BATCHES; i++) {
        make_rows(&batches[i], &t.table, 1 + i * ROWS, ROWS);
        CK_OK(mimic_sink_write(plain.sink, &batches[i].batch, &err));
    }
    for (int i = BATCHES; i-- > 0;) {
        CK_OK(mimic__sink_encode(other.sink, &batches[i].batch, &chunks[i], &err));
        mimic__sink_free_chunk(other.sink, chunks[i]);
        CK_OK(mimic__sink_encode(other.sink, &batches[i].batch, &chunks[i], &err));
    }
    for (int i = 0; i < BATCHES; i++) {
        CK_OK(mimic__sink_write_chunk(other.sink, &batches[i].batch, chunks[i], &err));
        test_batch_free(&batches[i]);
    }
    side_close(&plain);
    side_close(&other);
    expect_count(plain.path, "t", "63000");
    char *one = file_read(plain.path, &sizes[0]);
    char *two = file_read(other.path, &sizes[1]);
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_msg(memcmp(one, two, sizes[0]) == 0, "the files differ");
    free(one);
    free(two);
    side_free(&plain);
    side_free(&other);
    teardown();
}
END_TEST

/* ---- tables that are given up ---- */

START_TEST(sqlite_pages__abort_leaves_the_other_tables)
{
    setup();
    test_table t;
    test_table u;
    side s;
    make_notes(&t, true);
    make_notes(&u, true);
    u.table.name = "u";
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    side_open(&s, "abort", &t.table, &options);
    write_rows(s.sink, &t.table, 1, 9000);
    CK_OK(mimic_sink_commit(s.sink, &err));
    for (int falls_back = 0; falls_back < 2; falls_back++) {
        CK_OK(mimic_sink_begin(s.sink, &u.table, &s.host, &err));
        write_rows(s.sink, &u.table, 100000, 9000);
        if (falls_back)
            write_rows(s.sink, &u.table, 1, 9000);
        ck_assert_int_eq(note_refusal(&s, 1, MIMIC_REJECT_SINK, "id", "of a table given up"), 0);
        mimic_sink_abort(s.sink);
    }
    CK_OK(mimic_sink_begin(s.sink, &u.table, &s.host, &err));
    write_rows(s.sink, &u.table, 1, 500);
    side_close(&s);
    expect_count(s.path, "t", "9000");
    expect_count(s.path, "u", "500");
    expect_count(s.path, "_mimic_rejects", "0");
    side_free(&s);
    teardown();
}
END_TEST

START_TEST(sqlite_pages__table_begun_again_replaces_the_first)
{
    setup();
    test_table t;
    side s;
    make_notes(&t, false);
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    side_open(&s, "again", &t.table, &options);
    write_rows(s.sink, &t.table, 1, 9000);
    CK_OK(mimic_sink_commit(s.sink, &err));
    CK_OK(mimic_sink_begin(s.sink, &t.table, &s.host, &err));
    write_rows(s.sink, &t.table, 1, 10);
    mimic_sink_abort(s.sink);
    CK_OK(mimic_sink_begin(s.sink, &t.table, &s.host, &err));
    write_rows(s.sink, &t.table, 1, 20);
    side_close(&s);
    expect_count(s.path, "t", "20");
    side_free(&s);
    teardown();
}
END_TEST

static mimic_status failing_scenario(const mimic_context *failing, mimic_error *error)
{
    test_table t;
    test_batch b;
    mimic_sink *sink = NULL;
    char path[TEST_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/failing.db", folder);
    unlink(path);
    make_notes(&t, true);
    mimic_status status = mimic_sink_open(failing, path, NULL, &sink, error);
    if (status == MIMIC_OK)
        status = mimic_sink_begin(sink, &t.table, NULL, error);
    for (int64_t i = 0; i < 3 && status == MIMIC_OK; i++) {
        make_rows(&b, &t.table, 1 + i * 6000, i == 1 ? 10 : 6000);
        status = mimic_sink_write(sink, &b.batch, error);
        test_batch_free(&b);
    }
    if (status == MIMIC_OK)
        status = mimic_sink_commit(sink, error);
    if (status == MIMIC_OK)
        status = mimic_sink_finish(sink, NULL, NULL, error);
    mimic_sink_free(sink);
    return status;
}

START_TEST(sqlite_pages__memory_may_run_out)
{
    setup();
    replay_failing_allocations(failing_scenario);
    teardown();
}
END_TEST

/* ---- the lock page ---- */

static mimic_sqlite_indexes *indexes_of(const char *path, const test_table *t)
{
    mimic_sqlite *db = NULL;
    mimic_sqlite_indexes *indexes = NULL;
    CK_OK(mimic__sqlite_open(ctx, path, &db, &err));
    const mimic_sqlite_indexes_options options = {
        .ctx = ctx, .db = db, .table = &t->table, .path = path};
    CK_OK(mimic__sqlite_indexes_open(&options, &indexes, &err));
    mimic__sqlite_free(db); /* not needed for what is done here */
    return indexes;
}

/* A database of three pages: the schema, the table and its index. */
static sqlite3 *begin_around(const char *path, uint32_t lock_page, const test_table *t,
                             mimic_sqlite_direct **out_direct)
{
    sqlite3 *database = NULL;
    unlink(path);
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database,
                                  "PRAGMA page_size = 4096; CREATE TABLE t (id INTEGER PRIMARY KEY,"
                                  " note TEXT, value REAL) STRICT; CREATE INDEX i ON t (note)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    CK_OK(mimic__sqlite_direct_new(ctx, path, path, out_direct, &err));
    (*out_direct)->pages.lock_page = lock_page;
    const mimic_sqlite_direct_table table = {&t->table, NULL, 2, false, indexes_of(path, t)};
    CK_OK(mimic__sqlite_direct_begin(*out_direct, &table, &err));
    return database;
}

static void write_direct(mimic_sqlite_direct *direct, const test_table *t, int64_t first,
                         int64_t count)
{
    test_batch b;
    mimic_sqlite_chunk *chunk = NULL;
    int64_t end = 0;
    make_rows(&b, &t->table, first, count);
    CK_OK(mimic__sqlite_direct_encode(direct, &b.batch, &chunk, &err));
    ck_assert_int_eq(chunk == NULL, count < 5000);
    CK_OK(mimic__sqlite_direct_write(direct, &b.batch, chunk, &end, &err));
    ck_assert_int_eq(end, count);
    test_batch_free(&b);
}

static void write_around(const char *path, uint32_t lock_page, const test_table *t)
{
    mimic_sqlite_direct *direct = NULL;
    sqlite3 *database = begin_around(path, lock_page, t, &direct);
    for (int64_t i = 0; i < 3; i++)
        write_direct(direct, t, 1 + i * 5000, 5000);
    CK_OK(mimic__sqlite_direct_finish(direct, false, &err));
    mimic__sqlite_direct_free(direct);
    /* The connection notices, and goes on behind the pages that it did not write. */
    expect_text(database, "SELECT count(*) || ' ' || max(id) || ' ' || sum(length(note)) FROM t",
                "15000 15000 1430755");
    ck_assert_int_eq(sqlite3_exec(database, "INSERT INTO t VALUES (15001, zeroblob(0) || 'x', 1.5)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    expect_text(database, "PRAGMA integrity_check", "ok");
    sqlite3_close(database);
}

/* SQLite can be told that the lock byte lies elsewhere, so the page is met at every kind of page
 * without a file of a gigabyte. */
START_TEST(sqlite_pages__lock_page_is_left_out)
{
    setup();
    test_table t;
    char path[TEST_PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/lock.db", folder);
    make_notes(&t, true);
    const int lock_byte = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0);
    write_around(path, 1000000, &t);
    size_t size = 0;
    free(file_read(path, &size));
    const uint32_t pages = (uint32_t)(size / MIMIC_SQLITE_PAGE_BYTES);
    ck_assert_uint_gt(pages, 300);
    for (uint32_t page = 4; page <= pages + 3; page += page < 20 || page + 10 > pages ? 1 : 7) {
        sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, (page - 1) * MIMIC_SQLITE_PAGE_BYTES);
        write_around(path, page, &t);
    }
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, lock_byte);
    teardown();
}
END_TEST

/* A table that needs no new page, in a file that ends where the lock page would begin. */
START_TEST(sqlite_pages__lock_page_behind_the_last)
{
    setup();
    test_table t;
    char path[TEST_PATH_BYTES + 32];
    mimic_sqlite_direct *direct = NULL;
    snprintf(path, sizeof path, "%s/lock.db", folder);
    make_notes(&t, true);
    const int lock_byte = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0);
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 3 * MIMIC_SQLITE_PAGE_BYTES);
    sqlite3 *database = begin_around(path, 4, &t, &direct);
    write_direct(direct, &t, 1, 10);
    write_direct(direct, &t, 11, 10);
    CK_OK(mimic__sqlite_direct_finish(direct, false, &err));
    mimic__sqlite_direct_free(direct);
    expect_text(database, "SELECT count(*) FROM t", "20");
    expect_text(database, "PRAGMA page_count", "3");
    expect_text(database, "PRAGMA integrity_check", "ok");
    sqlite3_close(database);
    sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, lock_byte);
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(sqlite_pages, sqlite_pages__equal_inserts,
                sqlite_pages__small_batches_fill_their_leaves,
                sqlite_pages__order_of_encoding_does_not_matter,
                sqlite_pages__abort_leaves_the_other_tables,
                sqlite_pages__table_begun_again_replaces_the_first,
                sqlite_pages__memory_may_run_out, sqlite_pages__lock_page_is_left_out,
                sqlite_pages__lock_page_behind_the_last)
