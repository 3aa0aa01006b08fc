/*
 * A release of one table with every type, random rows of it, and the comparison of what was written
 * with what a scan gives. Random numbers come from a seed, so that a failure comes again.
 */
#ifndef MIMIC_TEST_SCAN_FIXTURE_H
#define MIMIC_TEST_SCAN_FIXTURE_H

#include <check.h>
#include <math.h>

#include <mimic/mimic.h>

#include "test_batch.h"
#include "test_files.h"

static const char FIXTURE_PACKAGE[] =
    "{\"name\":\"test\",\"version\":\"1.0\",\"resources\":[{\"name\":\"things\",\"path\":"
    "\"mod/things.csv\",\"mimic\":{\"module\":\"mod\"},\"schema\":{\"fields\":["
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int64\"}},"
    "{\"name\":\"flag\",\"type\":\"boolean\"},"
    "{\"name\":\"small\",\"type\":\"integer\",\"mimic\":{\"type\":\"int16\"}},"
    "{\"name\":\"middle\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"
    "{\"name\":\"single\",\"type\":\"number\",\"mimic\":{\"type\":\"float32\"}},"
    "{\"name\":\"double\",\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}},"
    "{\"name\":\"exact\",\"type\":\"number\",\"mimic\":{\"type\":\"decimal(38,3)\"}},"
    "{\"name\":\"day\",\"type\":\"date\"},"
    "{\"name\":\"clock\",\"type\":\"time\"},"
    "{\"name\":\"moment\",\"type\":\"datetime\",\"format\":\"%Y-%m-%d %H:%M:%S\","
    "\"mimic\":{\"type\":\"timestamp\"}},"
    "{\"name\":\"instant\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamptz\"}},"
    "{\"name\":\"text\",\"type\":\"string\"},"
    "{\"name\":\"category\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"
    "{\"name\":\"bytes\",\"type\":\"string\",\"format\":\"binary\",\"mimic\":{\"type\":\"binary\"}}"
    "]}}]}";

#define FIXTURE_FIELDS 14

static inline uint64_t fixture_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static inline mimic_registry *fixture_registry(const mimic_context *ctx)
{
    mimic_registry *registry = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(mimic_registry_new(ctx, &registry, &err), MIMIC_OK);
    const mimic_status status = mimic_registry_add_json(
        registry, FIXTURE_PACKAGE, sizeof FIXTURE_PACKAGE - 1, "fixture", NULL, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return registry;
}

static inline const mimic_table *fixture_table(const mimic_registry *registry)
{
    const mimic_table *table = NULL;
    ck_assert_int_eq(mimic_registry_find_table(registry, "test@1.0/things", &table, NULL),
                     MIMIC_OK);
    ck_assert_uint_eq(mimic_table_field_count(table), FIXTURE_FIELDS);
    return table;
}

static inline void fixture_cell(test_batch *b, size_t column, int64_t row, uint64_t *seed)
{
    static const char *const texts[] = {"", "a", "two words", "x,y\"z", "line\nend", "\xc3\xa9t\xc3\xa9",
                                        "NULL", " blank ", "a longer text, to go over a word or two",
                                        "back\\slash, 'quote' and\ttab"};
    const int64_t any = (int64_t)fixture_random(seed);
    const int64_t day = INT64_C(86400000000);
    switch (b->batch.table->fields[column].type) {
    case MIMIC_TYPE_BOOLEAN:
        test_set_integer(b, column, row, any & 1);
        break;
    case MIMIC_TYPE_INT16:
        test_set_integer(b, column, row, (int16_t)any);
        break;
    case MIMIC_TYPE_INT32:
        test_set_integer(b, column, row, (int32_t)any);
        break;
    case MIMIC_TYPE_FLOAT32:
        test_set_real(b, column, row, (double)(float)((double)(any % 1000000) / 7));
        break;
    case MIMIC_TYPE_FLOAT64:
        test_set_real(b, column, row, (any & 7) == 0 ? INFINITY : (double)any / 3e9);
        break;
    case MIMIC_TYPE_DECIMAL:
        test_cell_at(b, column, row)->decimal = (mimic_int128){.low = (uint64_t)any, .high = any >> 33};
        break;
    case MIMIC_TYPE_DATE:
        test_set_integer(b, column, row, any % 719000);
        break;
    case MIMIC_TYPE_TIME:
        test_set_integer(b, column, row, (any & INT64_MAX) % day);
        break;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        test_set_integer(b, column, row, any % (719000 * day) / ((any & 8) != 0 ? 1 : 1000000) *
                                             ((any & 8) != 0 ? 1 : 1000000));
        break;
    case MIMIC_TYPE_BINARY:
        test_set_bytes(b, column, row, FIXTURE_PACKAGE + any % 50 * (any > 0), (size_t)(any & 15));
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
        test_set_text(b, column, row, texts[(uint64_t)any % (sizeof texts / sizeof texts[0])]);
        break;
    default:
        test_set_integer(b, column, row, any);
        break;
    }
}

/* A seventh of the cells are NULL, the first column excepted, which numbers the rows. */
static inline void fixture_batch(test_batch *b, const mimic_table *table, int64_t first,
                                 int64_t rows, uint64_t *seed)
{
    test_batch_make(b, table, rows);
    b->batch.first_row = first;
    for (int64_t row = 0; row < rows; row++)
        for (size_t column = 0; column < table->field_count; column++)
            if (column == 0)
                test_set_integer(b, 0, row, first + row);
            else if (fixture_random(seed) % 7 != 0)
                fixture_cell(b, column, row, seed);
    test_batch_view(b);
}

/* The bytes of a value that is there. */
static inline const void *fixture_value(const mimic_column *column, int64_t row, size_t *size)
{
    static const char bits[2] = {0, 1};
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        *size = 1;
        return &bits[((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1];
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        *size = (size_t)(column->offsets[row + 1] - column->offsets[row]);
        return (const char *)column->values + column->offsets[row];
    case MIMIC_TYPE_CATEGORICAL: {
        const int32_t code = ((const int32_t *)column->values)[row];
        const int32_t *offsets = column->dictionary->offsets + code;
        *size = (size_t)(offsets[1] - offsets[0]);
        return column->dictionary->bytes + offsets[0];
    }
    case MIMIC_TYPE_INT16:
        *size = 2;
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
        *size = 4;
        break;
    case MIMIC_TYPE_DECIMAL:
        *size = 16;
        break;
    default:
        *size = 8;
        break;
    }
    return (const char *)column->values + (size_t)row * *size;
}

static inline void fixture_same(const mimic_column *a, int64_t a_row, const mimic_column *b,
                                int64_t b_row, const char *name)
{
    size_t a_size = 0;
    size_t b_size = 0;
    ck_assert_msg(a->type == b->type, "%s: types %d and %d", name, a->type, b->type);
    ck_assert_msg(mimic_column_is_valid(a, a_row) == mimic_column_is_valid(b, b_row),
                  "%s, row %lld: NULL or not", name, (long long)a_row);
    if (!mimic_column_is_valid(a, a_row))
        return;
    const void *a_value = fixture_value(a, a_row, &a_size);
    const void *b_value = fixture_value(b, b_row, &b_size);
    ck_assert_msg(a_size == b_size && memcmp(a_value, b_value, a_size) == 0,
                  "%s, row %lld: values differ", name, (long long)a_row);
}

/* A stream, and where in its batch one is. */
typedef struct fixture_reader {
    mimic_scan_stream *stream;
    const mimic_batch *batch;
    int64_t row;
} fixture_reader;

/* Compares the next rows of a stream with all rows of `written`; columns[i] is the column of `written`
 * that column i of the stream should equal, NULL = the same. */
static inline void fixture_compare(fixture_reader *reader, const mimic_batch *written,
                                   const size_t *columns)
{
    mimic_error err = MIMIC_ERROR_INIT;
    for (int64_t row = 0; row < written->row_count; row++) {
        if (reader->batch == NULL || reader->row == reader->batch->row_count) {
            const mimic_status status = mimic_scan_next(reader->stream, &reader->batch, &err);
            ck_assert_msg(status == MIMIC_OK, "status %d: %s", status, err.message);
            ck_assert_int_gt(reader->batch->row_count, 0);
            reader->row = 0;
        }
        for (size_t i = 0; i < reader->batch->column_count; i++) {
            const size_t column = columns == NULL ? i : columns[i];
            fixture_same(&written->columns[column], row, &reader->batch->columns[i], reader->row,
                         reader->batch->table->fields[i].name);
        }
        reader->row++;
    }
}

static inline void fixture_end(fixture_reader *reader)
{
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert(reader->batch == NULL || reader->row == reader->batch->row_count);
    ck_assert_int_eq(mimic_scan_next(reader->stream, &reader->batch, &err), MIMIC_END);
    ck_assert_int_eq(mimic_scan_next(reader->stream, &reader->batch, &err), MIMIC_END);
    mimic_scan_stream_free(reader->stream);
}

/* ---- a table, stored in every way that there is ---- */

#define BATCHES 5

/* One way to store a table. */
typedef struct way {
    const char *target; /* with %s for the folder */
    mimic_sink_options options;
    int categories_are_kept; /* without the release: a column of codes stays one */
} way;

static const way WAYS[] = {
    {.target = "sqlite:%s/out.db"},
    {.target = "sqlite:%s/out.db",
     .options = {.struct_size = sizeof(mimic_sink_options), .integer_times = 1}},
    {.target = "sqlite:%s/out.db",
     .options = {.struct_size = sizeof(mimic_sink_options), .no_direct_pages = 1}},
    {.target = "arrow:%s/out"},
    {.target = "%s/things.arrow",
     .options = {.struct_size = sizeof(mimic_sink_options),
                 .compression = MIMIC_SINK_COMPRESSION_NONE}},
    {.target = "%s/things.arrow",
     .options = {.struct_size = sizeof(mimic_sink_options), .no_dictionaries = 1}},
    {.target = "%s/things.arrows"},
    {.target = "%s/things.arrows",
     .options = {.struct_size = sizeof(mimic_sink_options),
                 .compression = MIMIC_SINK_COMPRESSION_NONE}},
    {.target = "csv:%s/out"},
    {.target = "%s/things.csv.gz"},
    {.target = "%s/things.csv.zst"},
};
#define WAY_COUNT (sizeof WAYS / sizeof WAYS[0])

/* Where there is a server, its address stands for the target, and only what concerns it is run. */
static way server_way = {.options = {.struct_size = sizeof(mimic_sink_options)}};

static inline const way *way_at(size_t index)
{
    const char *server = getenv("MIMIC_TEST_POSTGRES");
    if (server == NULL)
        return index < WAY_COUNT ? &WAYS[index] : NULL;
    server_way.target = server;
    return index == 0 ? &server_way : NULL;
}

typedef struct world {
    mimic_context *ctx;
    mimic_registry *registry;
    const mimic_table *table;
    test_batch batches[BATCHES];
    char folder[TEST_PATH_BYTES];
    char target[TEST_PATH_BYTES + 64];
} world;

static inline void make_world(world *w, uint64_t seed)
{
    static const int64_t sizes[BATCHES] = {1, 300, 64, 2000, 65};
    int64_t first = 0;
    w->ctx = test_context_make(NULL);
    w->registry = fixture_registry(w->ctx);
    w->table = fixture_table(w->registry);
    test_folder_make(w->folder);
    for (size_t i = 0; i < BATCHES; first += sizes[i++])
        fixture_batch(&w->batches[i], w->table, first, sizes[i], &seed);
}

static inline void free_world(world *w)
{
    for (size_t i = 0; i < BATCHES; i++)
        test_batch_free(&w->batches[i]);
    test_folder_walk(w->folder, 1);
    mimic_registry_free(w->registry);
    mimic_context_free(w->ctx);
}

static inline void store(world *w, const way *by)
{
    mimic_sink *sink = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (by == &server_way)
        snprintf(w->target, sizeof w->target, "%s", by->target);
    else
        snprintf(w->target, sizeof w->target, by->target, w->folder);
    mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
    if (by->options.struct_size != 0)
        options = by->options;
    ck_assert_msg(mimic_sink_open(w->ctx, w->target, &options, &sink, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_msg(mimic_sink_begin(sink, w->table, NULL, &err) == MIMIC_OK, "%s", err.message);
    for (size_t i = 0; i < BATCHES; i++)
        ck_assert_msg(mimic_sink_write(sink, &w->batches[i].batch, &err) == MIMIC_OK, "%s",
                      err.message);
    ck_assert_msg(mimic_sink_commit(sink, &err) == MIMIC_OK, "%s", err.message);
    ck_assert_msg(mimic_sink_finish(sink, NULL, NULL, &err) == MIMIC_OK, "%s", err.message);
    mimic_sink_free(sink);
}

static inline mimic_scan *open_scan(world *w, const mimic_scan_options *options)
{
    mimic_scan *scan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_status status =
        mimic_scan_open(w->ctx, w->registry, w->target, options, &scan, &err);
    ck_assert_msg(status == MIMIC_OK, "%s: %s", w->target, err.message);
    ck_assert_uint_eq(mimic_scan_table_count(scan), 1);
    return scan;
}

static inline mimic_scan_stream *read_table(mimic_scan *scan, const char *const *columns, size_t count)
{
    mimic_scan_stream *stream = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_table *table = mimic_scan_find_table(scan, "THINGS");
    ck_assert_ptr_nonnull(table);
    const mimic_status status = mimic_scan_read(scan, table, columns, count, &stream, &err);
    ck_assert_msg(status == MIMIC_OK, "%s", err.message);
    return stream;
}

#endif
