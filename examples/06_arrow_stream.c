/*
 * A CSV file as an Arrow C stream that another library consumes as it is: DuckDB runs SQL on it, and
 * no row is stored in between.
 *
 *     06_arrow_stream labs.csv libduckdb.so
 *
 * DuckDB is opened by dlopen, so that nothing is needed to build this. Without the second argument the
 * program tells what the stream would deliver.
 */
#include <dlfcn.h>
#include <mimic/mimic.h>
#include <stdio.h>

/* From duckdb.h. Handles are pointers to opaque structs; a result is a struct of this size. */
typedef struct duckdb_result {
    uint64_t column_count, row_count, rows_changed;
    void *columns;
    char *error_message;
    void *internal_data;
} duckdb_result;

typedef union duckdb {
    void *symbols[10];
    struct {
        int (*open)(const char *path, void **out_database);
        int (*connect)(void *database, void **out_connection);
        int (*arrow_scan)(void *connection, const char *name, struct ArrowArrayStream *stream);
        int (*query)(void *connection, const char *sql, duckdb_result *out_result);
        uint64_t (*row_count)(duckdb_result *result);
        char *(*value)(duckdb_result *result, uint64_t column, uint64_t row);
        void (*free)(void *memory);
        void (*destroy_result)(duckdb_result *result);
        void (*disconnect)(void **connection);
        void (*close)(void **database);
    } call;
} duckdb;

static const char *const NAMES[] = {"open",           "connect",        "arrow_scan", "query",
                                    "row_count",      "value_varchar",  "free",
                                    "destroy_result", "disconnect",     "close"};

static int find_duckdb(const char *path, duckdb *out_api)
{
    void *const library = dlopen(path, RTLD_NOW);
    for (size_t i = 0; library != NULL && i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "duckdb_%s", NAMES[i]);
        out_api->symbols[i] = dlsym(library, name);
        if (out_api->symbols[i] == NULL)
            return 0;
    }
    return library != NULL;
}

static int ask_duckdb(const duckdb *api, struct ArrowArrayStream *stream)
{
    static const char sql[] =
        "SELECT itemid, count(valuenum), max(valuenum) FROM labs GROUP BY 1 ORDER BY 1";
    void *database = NULL;
    void *connection = NULL;
    duckdb_result result = {0, 0, 0, NULL, NULL, NULL};
    const int is_done = api->call.open(NULL, &database) == 0 &&
                        api->call.connect(database, &connection) == 0 &&
                        api->call.arrow_scan(connection, "labs", stream) == 0 &&
                        api->call.query(connection, sql, &result) == 0;
    for (uint64_t row = 0; is_done && row < api->call.row_count(&result); row++) {
        char *cells[3];
        for (uint64_t column = 0; column < 3; column++)
            cells[column] = api->call.value(&result, column, row);
        printf("item %s: %s values, at most %s\n", cells[0], cells[1],
               cells[2] == NULL ? "NULL" : cells[2]);
        for (size_t column = 0; column < 3; column++)
            api->call.free(cells[column]);
    }
    api->call.destroy_result(&result);
    api->call.disconnect(&connection);
    api->call.close(&database);
    return is_done;
}

/* What any consumer of the interface asks for first. */
static int tell_schema(struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema;
    if (stream->get_schema(stream, &schema) != 0)
        return 0;
    printf("no DuckDB was given; the stream has %lld columns:\n", (long long)schema.n_children);
    for (int64_t i = 0; i < schema.n_children; i++)
        printf("%s %s\n", schema.children[i]->name, schema.children[i]->format);
    schema.release(&schema);
    return 1;
}

int main(int argument_count, char **arguments)
{
    /* Those of the query, in its order: duckdb_arrow_scan takes for granted that a stream delivers what
     * the query asks for, and nothing else. */
    static const char *const columns[] = {"itemid", "valuenum"};
    duckdb api = {{NULL}};
    if (argument_count < 2 || argument_count > 3) {
        fprintf(stderr, "usage: %s FILE [LIBDUCKDB]\n", arguments[0]);
        return 2;
    }
    if (argument_count == 3 && !find_duckdb(arguments[2], &api)) {
        fprintf(stderr, "no DuckDB in %s: %s\n", arguments[2], dlerror());
        return 1;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_table *table = NULL;
    struct ArrowArrayStream stream = {NULL, NULL, NULL, NULL, NULL};
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = columns;
    options.column_count = 2;

    mimic_status status = mimic_context_new(NULL, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, &err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, &err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, arguments[1], NULL, &source, &err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &options, &reader, &err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_export(&reader, &stream, &err); /* the stream has the reader now */
    int is_done = status == MIMIC_OK;
    if (status != MIMIC_OK)
        fprintf(stderr, "%s\n", err.message);
    else
        is_done = argument_count == 3 ? ask_duckdb(&api, &stream) : tell_schema(&stream);
    if (stream.release != NULL)
        stream.release(&stream);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return is_done ? 0 : 1;
}
