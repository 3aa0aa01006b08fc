/*
 * What a sink wrote comes back the same, cell by cell, whatever the target; and a target that was
 * tampered with gives a clear error.
 */
#include "scan_fixture.h"

#include "sink/sink_sqlite_db.h"

#include "check_main.h"

static void check_way(const way *by, uint64_t seed)
{
    world w;
    make_world(&w, seed);
    store(&w, by);
    mimic_scan *scan = open_scan(&w, NULL);
    const mimic_table *table = mimic_scan_table(scan, 0);
    ck_assert_str_eq(mimic_table_dataset(table), "test");
    if (by != &server_way) /* the module is part of the schema's name there */
        ck_assert_str_eq(mimic_table_module(table), "mod");
    for (int again = 0; again < 2; again++) {
        fixture_reader reader = {.stream = read_table(scan, NULL, 0)};
        for (size_t i = 0; i < BATCHES; i++)
            fixture_compare(&reader, &w.batches[i].batch, NULL);
        fixture_end(&reader);
    }
    mimic_scan_free(scan);
    free_world(&w);
}

START_TEST(scan__gives_back_what_sinks_wrote)
{
    for (size_t i = 0; way_at(i) != NULL; i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            check_way(way_at(i), seed * 7919);
}
END_TEST

START_TEST(scan__projects_columns)
{
    static const char *const names[] = {"Text", "id", "category", "exact"};
    static const size_t columns[] = {11, 0, 12, 6};
    for (size_t i = 0; way_at(i) != NULL; i++) {
        world w;
        make_world(&w, 99);
        store(&w, way_at(i));
        mimic_scan *scan = open_scan(&w, NULL);
        fixture_reader first = {.stream = read_table(scan, names, 4)};
        fixture_reader second = {.stream = read_table(scan, names, 1)};
        ck_assert_uint_eq(mimic_table_field_count(mimic_scan_stream_table(first.stream)), 4);
        for (size_t k = 0; k < BATCHES; k++) {
            fixture_compare(&first, &w.batches[k].batch, columns);
            fixture_compare(&second, &w.batches[k].batch, columns);
        }
        fixture_end(&first);
        fixture_end(&second);
        mimic_scan_free(scan);
        free_world(&w);
    }
}
END_TEST

START_TEST(scan__counts_rows_without_columns)
{
    static const char *const none[] = {""};
    for (size_t i = 0; way_at(i) != NULL; i++) {
        world w;
        make_world(&w, 5);
        store(&w, way_at(i));
        mimic_scan *scan = open_scan(&w, NULL);
        mimic_scan_stream *stream = read_table(scan, none, 0);
        const mimic_batch *batch = NULL;
        int64_t rows = 0;
        while (mimic_scan_next(stream, &batch, NULL) == MIMIC_OK) {
            ck_assert_uint_eq(batch->column_count, 0);
            ck_assert_int_eq(batch->first_row, rows);
            rows += batch->row_count;
        }
        ck_assert_int_eq(rows, 1 + 300 + 64 + 2000 + 65);
        mimic_scan_stream_free(stream);
        mimic_scan_free(scan);
        free_world(&w);
    }
}
END_TEST

START_TEST(scan__refuses_what_is_not_there)
{
    static const char *const unknown[] = {"nothing"};
    static const char *const twice[] = {"id", "ID"};
    world w;
    mimic_scan *scan = NULL;
    mimic_scan_stream *stream = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    make_world(&w, 1);
    ck_assert_int_eq(mimic_scan_open(w.ctx, NULL, "/nowhere/x.db", NULL, &scan, &err),
                     MIMIC_ERR_NOT_FOUND);
    ck_assert_int_eq(mimic_scan_open(w.ctx, NULL, "null:", NULL, &scan, &err),
                     MIMIC_ERR_UNSUPPORTED);
    ck_assert_int_eq(mimic_scan_open(w.ctx, NULL, "what", NULL, &scan, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(scan);
    store(&w, &WAYS[0]);
    scan = open_scan(&w, NULL);
    const mimic_table *table = mimic_scan_table(scan, 0);
    ck_assert_ptr_null(mimic_scan_table(scan, 1));
    ck_assert_ptr_null(mimic_scan_find_table(scan, "other"));
    ck_assert_int_eq(mimic_scan_read(scan, table, unknown, 1, &stream, &err), MIMIC_ERR_NOT_FOUND);
    ck_assert_int_eq(mimic_scan_read(scan, table, twice, 2, &stream, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_int_eq(mimic_scan_read(scan, w.table, NULL, 0, &stream, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(stream);
    mimic_scan_stream_free(NULL);
    mimic_scan_free(scan);
    mimic_scan_free(NULL);
    free_world(&w);
}
END_TEST

static int refuse(void *ctx)
{
    return *(int *)ctx;
}

START_TEST(scan__can_be_cancelled)
{
    for (size_t i = 0; way_at(i) != NULL; i++) {
        world w;
        int is_enough = 0;
        mimic_scan_options options = MIMIC_SCAN_OPTIONS_INIT;
        const mimic_batch *batch = NULL;
        mimic_status status;
        mimic_error err = MIMIC_ERROR_INIT;
        options.interrupted = refuse;
        options.interrupted_ctx = &is_enough;
        make_world(&w, 5);
        store(&w, way_at(i));
        mimic_scan *scan = open_scan(&w, &options);
        mimic_scan_stream *stream = read_table(scan, NULL, 0);
        is_enough = 1;
        while ((status = mimic_scan_next(stream, &batch, &err)) == MIMIC_OK)
            continue;
        ck_assert_int_eq(status, MIMIC_ERR_CANCELLED);
        ck_assert_int_eq(mimic_scan_next(stream, &batch, &err), MIMIC_ERR_CANCELLED);
        mimic_scan_stream_free(stream);
        mimic_scan_free(scan);
        free_world(&w);
    }
}
END_TEST

/* Without the release a column has the type of its storage. */
START_TEST(scan__knows_storage_without_a_release)
{
    world w;
    mimic_scan *scan = NULL;
    mimic_field_info field = MIMIC_FIELD_INFO_INIT;
    static const mimic_type types[FIXTURE_FIELDS] = {
        MIMIC_TYPE_INT64,   MIMIC_TYPE_INT64,  MIMIC_TYPE_INT64,  MIMIC_TYPE_INT64,
        MIMIC_TYPE_FLOAT64, MIMIC_TYPE_FLOAT64, MIMIC_TYPE_STRING, MIMIC_TYPE_STRING,
        MIMIC_TYPE_STRING,  MIMIC_TYPE_STRING, MIMIC_TYPE_STRING, MIMIC_TYPE_STRING,
        MIMIC_TYPE_STRING,  MIMIC_TYPE_BINARY};
    make_world(&w, 1);
    store(&w, &WAYS[0]);
    ck_assert_int_eq(mimic_scan_open(w.ctx, NULL, w.target, NULL, &scan, NULL), MIMIC_OK);
    for (size_t i = 0; i < FIXTURE_FIELDS; i++) {
        ck_assert_int_eq(mimic_table_field(mimic_scan_table(scan, 0), i, &field), MIMIC_OK);
        ck_assert_msg(field.type == types[i], "%s: %s", field.name, mimic_type_name(field.type));
    }
    const mimic_batch *batch = NULL;
    mimic_scan_stream *stream = read_table(scan, NULL, 0);
    int64_t rows = 0;
    while (mimic_scan_next(stream, &batch, NULL) == MIMIC_OK)
        rows += batch->row_count;
    ck_assert_int_eq(rows, 1 + 300 + 64 + 2000 + 65);
    mimic_scan_stream_free(stream);
    mimic_scan_free(scan);
    free_world(&w);
}
END_TEST

/* The ledger of a folder says which files are tables, and of which release. */
START_TEST(scan__goes_by_the_ledger)
{
    world w;
    char path[TEST_PATH_BYTES + 64];
    mimic_scan *scan = NULL;
    make_world(&w, 2);
    store(&w, &(const way){.target = "csv:%s/out"});
    snprintf(path, sizeof path, "%s/out/notes.csv", w.folder);
    test_file_write(path, "who,what\nme,nothing\n");
    ck_assert_int_eq(mimic_scan_open(w.ctx, w.registry, w.target, NULL, &scan, NULL), MIMIC_OK);
    ck_assert_uint_eq(mimic_scan_table_count(scan), 2);
    mimic_scan_free(scan);
    snprintf(path, sizeof path, "%s/out/mimic-ledger.json", w.folder);
    test_file_write(path, "{\"tables\": [{\"table_name\": \"things\", \"dataset\": \"test@1.0\", "
                          "\"file\": \"mod/things.csv\"}]}");
    scan = open_scan(&w, NULL);
    ck_assert_str_eq(mimic_table_dataset(mimic_scan_table(scan, 0)), "test");
    mimic_scan_free(scan);
    test_file_write(path, "{\"tables\": [{\"file\": ");
    ck_assert_int_eq(mimic_scan_open(w.ctx, w.registry, w.target, NULL, &scan, NULL), MIMIC_OK);
    ck_assert_uint_eq(mimic_scan_table_count(scan), 2);
    mimic_scan_free(scan);
    free_world(&w);
}
END_TEST

/* A table WITHOUT ROWID comes in the order of its key, whichever of its indexes would be shorter to read. */
START_TEST(scan__keeps_the_order_of_a_key)
{
    static const char sql[] =
        "CREATE TABLE keyed (name TEXT, a INTEGER, b INTEGER, PRIMARY KEY (a DESC, \"b\")) WITHOUT ROWID;"
        "CREATE INDEX by_b ON keyed (b); CREATE INDEX by_name ON keyed (name);"
        "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
        " INSERT INTO keyed SELECT 'name' || (i * 7 % 10), i, i * 37 % 100 FROM n";
    static const char *const columns[] = {"b"};
    static const int64_t values[] = {90, 3, 41, 7, 14};
    static const char *const names[] = {"name9", "name1", "name4"};
    const mimic_csv_filter integers = {"b", values, 5};
    const mimic_text_filter texts = {"name", names, 3};
    world w;
    mimic_sqlite *db = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    make_world(&w, 11);
    store(&w, &WAYS[0]);
    ck_assert_int_eq(mimic__sqlite_open(w.ctx, w.target + strlen("sqlite:"), &db, &err), MIMIC_OK);
    ck_assert_msg(mimic__sqlite_exec(db, sql, &err) == MIMIC_OK, "%s", err.message);
    mimic__sqlite_free(db);
    mimic_scan *scan = NULL;
    ck_assert_int_eq(mimic_scan_open(w.ctx, NULL, w.target, NULL, &scan, &err), MIMIC_OK);
    for (int round = 0; round < 3; round++) {
        static const int64_t expected_rows[] = {100, 5, 30};
        mimic_scan_selection selection = MIMIC_SCAN_SELECTION_INIT;
        mimic_scan_stream *stream = NULL;
        const mimic_batch *batch = NULL;
        int64_t last = -1;
        selection.columns = columns;
        selection.column_count = 1;
        selection.filters = &integers;
        selection.filter_count = round == 1;
        selection.text_filters = &texts;
        selection.text_filter_count = round == 2;
        ck_assert_msg(mimic_scan_select(scan, mimic_scan_find_table(scan, "keyed"), &selection,
                                        &stream, &err) == MIMIC_OK, "%s", err.message);
        ck_assert_msg(mimic_scan_next(stream, &batch, &err) == MIMIC_OK, "%s", err.message);
        ck_assert_int_eq(batch->row_count, expected_rows[round]);
        for (int64_t row = 0; row < batch->row_count; row++) {
            const int64_t a = ((const int64_t *)batch->columns[0].values)[row] * 73 % 100;
            ck_assert_int_gt(a, last); /* 37 * 73 = 2701 */
            last = a;
        }
        mimic_scan_stream_free(stream);
    }
    mimic_scan_free(scan);
    free_world(&w);
}
END_TEST

/* Values that a program of another kind put into the database. */
START_TEST(scan__names_the_value_that_does_not_fit)
{
    static const struct {
        const char *sql;
        const char *column;
    } edits[] = {
        {"UPDATE things SET small = 40000 WHERE id = 7", "small"},
        {"UPDATE things SET middle = 3000000000 WHERE id = 7", "middle"},
        {"UPDATE things SET flag = 2 WHERE id = 7", "flag"},
        {"UPDATE things SET single = 1e300 WHERE id = 7", "single"},
        {"UPDATE things SET exact = '1.2345' WHERE id = 7", "exact"},
        {"UPDATE things SET exact = 'much' WHERE id = 7", "exact"},
        {"UPDATE things SET day = '2100-02-30' WHERE id = 7", "day"},
        {"UPDATE things SET clock = '25:00:00' WHERE id = 7", "clock"},
        {"UPDATE things SET moment = 'now' WHERE id = 7", "moment"},
        {"UPDATE things SET moment = '2100-01-01 00:00:00Z' WHERE id = 7", "moment"},
        {"UPDATE things SET instant = '2100-01-01 00:00:00' WHERE id = 7", "instant"},
        {"UPDATE things SET text = CAST(x'ff41' AS TEXT) WHERE id = 7", "text"},
        {"UPDATE things SET category = CAST(x'4100' AS TEXT) WHERE id = 7", "category"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        world w;
        mimic_sqlite *db = NULL;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_batch *batch = NULL;
        make_world(&w, 11);
        store(&w, &WAYS[0]);
        ck_assert_int_eq(mimic__sqlite_open(w.ctx, w.target + strlen("sqlite:"), &db, &err),
                         MIMIC_OK);
        ck_assert_msg(mimic__sqlite_exec(db, edits[i].sql, &err) == MIMIC_OK, "%s", err.message);
        mimic__sqlite_free(db);
        mimic_scan *scan = open_scan(&w, NULL);
        mimic_scan_stream *stream = read_table(scan, NULL, 0);
        for (int again = 0; again < 2; again++) {
            ck_assert_msg(mimic_scan_next(stream, &batch, &err) == MIMIC_ERR_VALUE, "%s",
                          edits[i].sql);
            ck_assert_ptr_null(batch);
            ck_assert_str_eq(err.column, edits[i].column);
            ck_assert_int_eq(err.record, 8);
            ck_assert_ptr_nonnull(strstr(err.message, "things"));
        }
        mimic_scan_stream_free(stream);
        mimic_scan_free(scan);
        free_world(&w);
    }
}
END_TEST

/* Reads whatever can be read; only the way it ends is looked at. */
static mimic_status read_all(world *w)
{
    mimic_scan *scan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status = mimic_scan_open(w->ctx, w->registry, w->target, NULL, &scan, &err);
    for (size_t i = 0; status == MIMIC_OK && i < mimic_scan_table_count(scan); i++) {
        mimic_scan_stream *stream = NULL;
        const mimic_batch *batch = NULL;
        status = mimic_scan_read(scan, mimic_scan_table(scan, i), NULL, 0, &stream, &err);
        while (status == MIMIC_OK)
            status = mimic_scan_next(stream, &batch, &err);
        if (status == MIMIC_END)
            status = MIMIC_OK;
        mimic_scan_stream_free(stream);
    }
    ck_assert_msg(status == MIMIC_OK || err.message[0] != '\0', "status %d without words", status);
    ck_assert_int_ne(status, MIMIC_ERR_INTERNAL);
    mimic_scan_free(scan);
    return status;
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    unlink(path); /* a new file each time: some file systems wait for the disk when one is rewritten */
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Bytes flipped one by one, and the file cut at every so many. */
static void damage(const way *by, const char *file, size_t step)
{
    world w;
    char path[TEST_PATH_BYTES + 64];
    make_world(&w, 21);
    for (size_t i = 1; i < BATCHES; i++) /* one row and a few: every byte matters */
        w.batches[i].batch.row_count = i == 1 ? 20 : 0;
    store(&w, by);
    snprintf(path, sizeof path, "%s/%s", w.folder, file);
    struct stat facts;
    ck_assert_int_eq(stat(path, &facts), 0);
    const size_t size = (size_t)facts.st_size;
    char *bytes = test_file_read(path);
    ck_assert_int_eq(read_all(&w), MIMIC_OK);
    for (size_t at = 0; at < size; at += step) {
        for (unsigned bits = 0x01; bits <= 0xff; bits += 0x7f) {
            bytes[at] = (char)((unsigned char)bytes[at] ^ bits);
            write_bytes(path, bytes, size);
            read_all(&w);
            bytes[at] = (char)((unsigned char)bytes[at] ^ bits);
        }
        write_bytes(path, bytes, at);
        read_all(&w);
    }
    free(bytes);
    free_world(&w);
}

START_TEST(scan__survives_damage)
{
    damage(&WAYS[0], "out.db", 61);
    damage(&WAYS[3], "out/mod/things.arrow", 3);
    damage(&WAYS[4], "things.arrow", 7);
    damage(&WAYS[6], "things.arrows", 5);
    damage(&WAYS[7], "things.arrows", 5);
    damage(&WAYS[8], "out/mod/things.csv", 7);
    damage(&WAYS[9], "things.csv.gz", 7);
}
END_TEST

/* Each allocation fails in turn: a clean error, and nothing is lost. */
START_TEST(scan__survives_failing_allocations)
{
    static const way *const ways[] = {&WAYS[0], &WAYS[3], &WAYS[6], &WAYS[8]};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        world w;
        make_world(&w, 3);
        store(&w, ways[i]);
        bool is_done = false;
        for (long fail_at = 1; !is_done; fail_at++) {
            test_allocator allocator = {.fail_at = fail_at};
            mimic_context *ctx = test_context_make(&allocator);
            mimic_scan *scan = NULL;
            mimic_scan_stream *stream = NULL;
            const mimic_batch *batch = NULL;
            if (ctx == NULL)
                continue;
            mimic_status status = mimic_scan_open(ctx, w.registry, w.target, NULL, &scan, NULL);
            if (status == MIMIC_OK)
                status = mimic_scan_read(scan, mimic_scan_table(scan, 0), NULL, 0, &stream, NULL);
            while (status == MIMIC_OK)
                status = mimic_scan_next(stream, &batch, NULL);
            ck_assert_msg(status == MIMIC_END || status == MIMIC_ERR_MEMORY, "%d", status);
            is_done = allocator.calls < fail_at;
            ck_assert(is_done == (status == MIMIC_END));
            mimic_scan_stream_free(stream);
            mimic_scan_free(scan);
            mimic_context_free(ctx);
            ck_assert_int_eq(allocator.alive, 0);
        }
        free_world(&w);
    }
}
END_TEST

MIMIC_TEST_MAIN(scan, scan__gives_back_what_sinks_wrote, scan__projects_columns,
                scan__counts_rows_without_columns, scan__refuses_what_is_not_there,
                scan__can_be_cancelled, scan__knows_storage_without_a_release,
                scan__goes_by_the_ledger, scan__keeps_the_order_of_a_key,
                scan__names_the_value_that_does_not_fit,
                scan__survives_damage, scan__survives_failing_allocations)
