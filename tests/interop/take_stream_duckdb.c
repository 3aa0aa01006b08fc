/*
 * The other way: libmimic takes the result of a DuckDB query as an Arrow C stream, arrays made by a
 * library that it shares no code with, under a schema of other widths and under the stream's own, and
 * writes it to CSV.
 *
 *     take_stream_duckdb LIBDUCKDB FOLDER
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/mimic.h>

#define ROWS 200000

typedef struct duckdb_api {
    int (*open)(const char *path, void **out_database);
    int (*connect)(void *database, void **out_connection);
    int (*query_arrow)(void *connection, const char *sql, void **out_result);
    int (*arrow_schema)(void *result, struct ArrowSchema **schema);
    int (*arrow_array)(void *result, struct ArrowArray **array);
    const char *(*arrow_error)(void *result);
    void (*destroy_arrow)(void **result);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
} duckdb_api;

static duckdb_api api;

static const char query[] =
    "SELECT i::BIGINT AS id, (i % 200 - 100)::TINYINT AS tiny, (i % 60000)::USMALLINT AS small, "
    "CASE WHEN i % 3 = 0 THEN NULL ELSE i / 8.0 END::DOUBLE AS real, (i * 7)::UBIGINT AS large, "
    "(i / 100.0)::DECIMAL(18,2) AS price, DATE '1900-01-01' + (i % 9000)::INTEGER AS day, "
    "TIME '00:00:01' AS clock, TIMESTAMP '2110-01-01 10:00:00' + INTERVAL (i) SECOND AS local, "
    "(TIMESTAMP '2110-01-01 10:00:00')::TIMESTAMP_NS AS fine, i % 2 = 0 AS flag, "
    "CASE WHEN i % 4 = 1 THEN NULL ELSE 'text number ' || i END AS note, "
    "(CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END)::ENUM('odd', 'even') AS kind "
    "FROM range(200000) t(i) ORDER BY i";

static const char schema[] =
    "{\"fields\":["
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"
    "\"constraints\":{\"required\":true,\"unique\":true}},"
    "{\"name\":\"tiny\",\"type\":\"integer\",\"mimic\":{\"type\":\"int16\"}},"
    "{\"name\":\"small\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"}},"
    "{\"name\":\"real\",\"type\":\"number\",\"mimic\":{\"type\":\"float64\"}},"
    "{\"name\":\"large\",\"type\":\"integer\",\"mimic\":{\"type\":\"int64\"}},"
    "{\"name\":\"price\",\"type\":\"number\",\"mimic\":{\"type\":\"decimal(10,2)\"}},"
    "{\"name\":\"day\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamp\"}},"
    "{\"name\":\"clock\",\"type\":\"time\"},"
    "{\"name\":\"local\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamp\"}},"
    "{\"name\":\"fine\",\"type\":\"datetime\",\"mimic\":{\"type\":\"timestamp\"}},"
    "{\"name\":\"flag\",\"type\":\"boolean\",\"mimic\":{\"type\":\"boolean\"}},"
    "{\"name\":\"note\",\"type\":\"string\"},"
    "{\"name\":\"kind\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}}]}";

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

static void load(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail(path, dlerror());
    find(library, "duckdb_open", &api.open);
    find(library, "duckdb_connect", &api.connect);
    find(library, "duckdb_query_arrow", &api.query_arrow);
    find(library, "duckdb_query_arrow_schema", &api.arrow_schema);
    find(library, "duckdb_query_arrow_array", &api.arrow_array);
    find(library, "duckdb_query_arrow_error", &api.arrow_error);
    find(library, "duckdb_destroy_arrow", &api.destroy_arrow);
    find(library, "duckdb_disconnect", &api.disconnect);
    find(library, "duckdb_close", &api.close);
}

/* ---- DuckDB's result as a stream ---- */

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    memset(out, 0, sizeof *out);
    return api.arrow_schema(stream->private_data, &out) == 0 ? 0 : EIO;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    memset(out, 0, sizeof *out);
    return api.arrow_array(stream->private_data, &out) == 0 ? 0 : EIO;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    return api.arrow_error(stream->private_data);
}

static void release(struct ArrowArrayStream *stream)
{
    api.destroy_arrow(&stream->private_data);
    stream->release = NULL;
}

static struct ArrowArrayStream run_query(void *connection)
{
    struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release, NULL};
    if (api.query_arrow(connection, query, &stream.private_data) != 0)
        fail("query", api.arrow_error(stream.private_data));
    return stream;
}

/* ---- what is expected ---- */

/* Row i begins with this, up to the day, and ends with that. */
static void expected_line(int i, char head[128], char tail[128])
{
    char real[32] = "";
    char note[40] = "";
    const int second = 36000 + i; /* of the day on which the times begin */
    if (i % 3 != 0)
        snprintf(real, sizeof real, "%.10g", i / 8.0);
    if (i % 4 != 1)
        snprintf(note, sizeof note, "text number %d", i);
    snprintf(head, 128, "%d,%d,%d,%s,%d,%d.%02d,", i, i % 200 - 100, i % 60000, real, i * 7, i / 100,
             i % 100);
    snprintf(tail, 128, ",00:00:01,2110-01-%02dT%02d:%02d:%02d,2110-01-01T10:00:00,%s,%s,%s\n",
             1 + second / 86400, second / 3600 % 24, second / 60 % 60, second % 60,
             i % 2 == 0 ? "true" : "false", note, i % 2 == 0 ? "even" : "odd");
}

static void check_file(const char *path)
{
    char line[512];
    char head[128];
    char tail[128];
    FILE *file = fopen(path, "r");
    int i = 0;
    if (file == NULL || fgets(line, sizeof line, file) == NULL)
        fail(path, strerror(errno));
    for (; fgets(line, sizeof line, file) != NULL; i++) {
        expected_line(i, head, tail);
        if (strncmp(line, head, strlen(head)) != 0 || strstr(line, tail) == NULL) {
            fprintf(stderr, "%s, row %d: expected %s ... %s, found %s", path, i, head, tail, line);
            exit(1);
        }
    }
    if (i != ROWS)
        fail(path, "not as many rows as were asked for");
    fclose(file);
}

static void take(const mimic_context *ctx, void *connection, const mimic_table *table,
                 const char *path)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    mimic_table_report line = MIMIC_TABLE_REPORT_INIT;
    struct ArrowArrayStream stream = run_query(connection);
    if (mimic_convert_stream(ctx, &stream, "duckdb", table, path, NULL, &report, &err) != MIMIC_OK)
        fail("mimic_convert_stream", err.message);
    if (mimic_report_table(report, 0, &line) != MIMIC_OK || line.written != ROWS ||
        line.rejected != 0)
        fail("report", "rows were lost");
    mimic_report_free(report);
    check_file(path);
}

int main(int argc, char **argv)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_dataset *dataset = NULL;
    void *database = NULL;
    void *connection = NULL;
    char path[1000];
    if (argc != 3)
        fail("usage", "take_stream_duckdb LIBDUCKDB FOLDER");
    load(argv[1]);
    if (api.open(NULL, &database) != 0 || api.connect(database, &connection) != 0)
        fail("duckdb", "cannot open a database in memory");
    if (mimic_context_new(NULL, &ctx, &err) != MIMIC_OK ||
        mimic_registry_new(ctx, &registry, &err) != MIMIC_OK ||
        mimic_registry_add_json(registry, schema, strlen(schema), "labs", &dataset, &err) != MIMIC_OK)
        fail("mimic", err.message);
    snprintf(path, sizeof path, "%s/with_schema.csv", argv[2]);
    take(ctx, connection, mimic_dataset_table(dataset, 0), path);
    snprintf(path, sizeof path, "%s/own_schema.csv", argv[2]);
    take(ctx, connection, NULL, path);
    api.disconnect(&connection);
    api.close(&database);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    printf("DuckDB's rows: %d, 13 columns, twice, ok\n", ROWS);
    return 0;
}
