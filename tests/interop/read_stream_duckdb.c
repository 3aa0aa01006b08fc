/*
 * DuckDB, which shares no code with libmimic, takes a CSV reader as an Arrow C stream and must find
 * every row and every value of every type in it.
 *
 *     read_stream_duckdb LIBDUCKDB
 *
 * Uses the public headers only; DuckDB's few functions are declared here and found with dlopen.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/mimic.h>

#define ROWS 20000

/* From duckdb.h: handles are pointers to opaque structs; a result is a struct of this size. */
typedef struct duckdb_result {
    uint64_t column_count;
    uint64_t row_count;
    uint64_t rows_changed;
    void *columns;
    char *error_message;
    void *internal_data;
} duckdb_result;

typedef struct duckdb_api {
    int (*open)(const char *path, void **out_database);
    int (*connect)(void *database, void **out_connection);
    int (*arrow_scan)(void *connection, const char *name, void *stream);
    int (*query)(void *connection, const char *sql, duckdb_result *out_result);
    const char *(*result_error)(duckdb_result *result);
    uint64_t (*row_count)(duckdb_result *result);
    char *(*value_varchar)(duckdb_result *result, uint64_t column, uint64_t row);
    void (*free)(void *memory);
    void (*destroy_result)(duckdb_result *result);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
} duckdb_api;

static const char schema[] =
    "{\"fields\":["
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"
    "\"constraints\":{\"required\":true}},"
    "{\"name\":\"flag\",\"type\":\"boolean\",\"mimic\":{\"type\":\"boolean\"}},"
    "{\"name\":\"small\",\"type\":\"integer\",\"mimic\":{\"type\":\"int16\"}},"
    "{\"name\":\"large\",\"type\":\"integer\",\"mimic\":{\"type\":\"int64\"}},"
    "{\"name\":\"real\",\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}},"
    "{\"name\":\"price\",\"type\":\"number\",\"mimic\":{\"type\":\"decimal(18,2)\"}},"
    "{\"name\":\"day\",\"type\":\"date\"},"
    "{\"name\":\"clock\",\"type\":\"time\"},"
    "{\"name\":\"local\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamp\"},"
    "\"format\":\"%Y-%m-%d %H:%M:%S\"},"
    "{\"name\":\"note\",\"type\":\"string\"},"
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}";

#define COLUMNS 11

/* Value of a row as it stands in the CSV and as DuckDB casts it to text; "" = NULL. */
static void cell(int row, int column, char out[64])
{
    static const char *const notes[] = {"plain", "\xe5\xa4\x9a \xf0\x9f\xa9\xba", "semi;colon"};
    out[0] = '\0';
    if (column != 0 && (row + column) % 5 == 0)
        return;
    switch (column) {
    case 0:
        sprintf(out, "%d", row);
        break;
    case 1:
        sprintf(out, "%s", row % 3 == 0 ? "true" : "false");
        break;
    case 2:
        sprintf(out, "%d", row % 60000 - 30000);
        break;
    case 3:
        sprintf(out, "%lld", -9000000000000000000LL + row);
        break;
    case 4:
        sprintf(out, "%d.5", row);
        break;
    case 5:
        sprintf(out, "-%d.%02d", row, row % 100);
        break;
    case 6:
        sprintf(out, "%04d-02-%02d", 1900 + row % 300, 1 + row % 28);
        break;
    case 7:
        sprintf(out, "%02d:%02d:59", row % 24, row % 60);
        break;
    case 8:
        sprintf(out, "2110-%02d-11 %02d:%02d:00", 1 + row % 12, row % 24, row % 60);
        break;
    case 9:
        sprintf(out, "%s", notes[row % 3]);
        break;
    default:
        sprintf(out, "kind %d", row / 300);
    }
}

static char *make_csv(void)
{
    char *csv = malloc((size_t)ROWS * COLUMNS * 32 + 200);
    char *p = csv + sprintf(csv, "id,flag,small,large,real,price,day,clock,local,note,kind\n");
    char value[64];
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            cell(row, column, value);
            p += sprintf(p, "%s%c", value, column + 1 == COLUMNS ? '\n' : ',');
        }
    return csv;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why == NULL ? "no reason given" : why);
    exit(1);
}

/* POSIX lets dlsym return functions; C has no cast for it. */
static void find(void *library, const char *name, void *out_function)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL)
        fail(name, dlerror());
    memcpy(out_function, &symbol, sizeof symbol);
}

static duckdb_api load(const char *path)
{
    duckdb_api api;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail(path, dlerror());
    find(library, "duckdb_open", &api.open);
    find(library, "duckdb_connect", &api.connect);
    find(library, "duckdb_arrow_scan", &api.arrow_scan);
    find(library, "duckdb_query", &api.query);
    find(library, "duckdb_result_error", &api.result_error);
    find(library, "duckdb_row_count", &api.row_count);
    find(library, "duckdb_value_varchar", &api.value_varchar);
    find(library, "duckdb_free", &api.free);
    find(library, "duckdb_destroy_result", &api.destroy_result);
    find(library, "duckdb_disconnect", &api.disconnect);
    find(library, "duckdb_close", &api.close);
    return api;
}

static void check(mimic_status status, const mimic_error *err)
{
    if (status != MIMIC_OK)
        fail(mimic_status_name(status), err->message);
}

static void compare(const duckdb_api *api, duckdb_result *result)
{
    char expected[64];
    if (api->row_count(result) != ROWS)
        fail("rows", "not as many as were written");
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            cell(row, column, expected);
            char *found = api->value_varchar(result, (uint64_t)column, (uint64_t)row);
            if (strcmp(found == NULL ? "" : found, expected) != 0) {
                fprintf(stderr, "row %d, column %d: expected %s, found %s\n", row, column, expected,
                        found == NULL ? "NULL" : found);
                exit(1);
            }
            api->free(found);
        }
}

static void scan(const duckdb_api *api, struct ArrowArrayStream *stream)
{
    void *database = NULL;
    void *connection = NULL;
    duckdb_result result;
    if (api->open(NULL, &database) != 0 || api->connect(database, &connection) != 0)
        fail("duckdb", "cannot open a database in memory");
    if (api->arrow_scan(connection, "labs", stream) != 0)
        fail("duckdb_arrow_scan", stream->get_last_error(stream));
    if (api->query(connection, "SELECT * FROM labs ORDER BY id", &result) != 0)
        fail("query", api->result_error(&result));
    compare(api, &result);
    api->destroy_result(&result);
    api->disconnect(&connection);
    api->close(&database);
}

int main(int argc, char **argv)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_dataset *dataset = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    struct ArrowArrayStream stream;
    if (argc != 2)
        fail("usage", "read_stream_duckdb LIBDUCKDB");
    const duckdb_api api = load(argv[1]);
    char *csv = make_csv();
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.block_bytes = 64 * 1024;
    check(mimic_context_new(NULL, &ctx, &err), &err);
    check(mimic_registry_new(ctx, &registry, &err), &err);
    check(mimic_registry_add_json(registry, schema, strlen(schema), "labs", &dataset, &err), &err);
    check(mimic_source_from_memory(ctx, csv, strlen(csv), "labs.csv", NULL, &source, &err), &err);
    check(mimic_csv_reader_open(ctx, source, mimic_dataset_table(dataset, 0), &options, &reader,
                                &err),
          &err);
    check(mimic_csv_reader_export(&reader, &stream, &err), &err);
    scan(&api, &stream);
    if (stream.release != NULL)
        stream.release(&stream);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    free(csv);
    printf("DuckDB: %d rows, %d columns, ok\n", ROWS, COLUMNS);
    return 0;
}
