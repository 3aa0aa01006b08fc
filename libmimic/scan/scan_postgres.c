/*
 * Reads tables of a PostgreSQL database by COPY … TO STDOUT (FORMAT BINARY), over a connection a stream,
 * in a session that may not write. The tables are those of the schema that is asked for, or of all that
 * are not the server's own; which release a table is of stands in the sink's own tables. A column of a
 * type that the library has not comes as its text.
 */
#include <string.h>

#include "base/error.h"
#include "scan/scan_internal.h"

#if MIMIC_HAVE_POSTGRES

#include "schema/schema_ddl.h"
#include "sink/pgcopy.h"
#include "sink/postgres_connection.h"

#define OWN_SCHEMA "mimic"
#define ROWS_MAX 16384

/* The order of the rows must not depend on other sessions, nor on workers, nor on an index (a bitmap of
 * one keeps it), nor the text of a value on what was set for the role. */
static const char SESSION[] = "SET default_transaction_read_only = on;"
                              "SET DateStyle = 'ISO, YMD';"
                              "SET IntervalStyle = 'iso_8601';"
                              "SET TimeZone = 'UTC';"
                              "SET extra_float_digits = 1;"
                              "SET bytea_output = 'hex';"
                              "SET synchronize_seqscans = off;"
                              "SET max_parallel_workers_per_gather = 0;"
                              "SET enable_indexscan = off;"
                              "SET enable_indexonlyscan = off";

/* Where a table is, as the server spells it. */
typedef struct postgres_place {
    const char *schema;
    const char *name;
    const char *const *columns;
} postgres_place;

static mimic_status connect_to(const mimic_scan *scan, mimic_postgres **out_db, mimic_error *err)
{
    const mimic_postgres_options options = {scan->target.path, scan->shown,
                                            scan->options.interrupted,
                                            scan->options.interrupted_ctx};
    MIMIC_TRY(mimic__postgres_connect(scan->ctx, &options, out_db, err));
    const mimic_status status = mimic__postgres_exec(*out_db, SESSION, err);
    if (status != MIMIC_OK) {
        mimic__postgres_free(*out_db);
        *out_db = NULL;
    }
    return status;
}

/* ---- rows ---- */

typedef struct postgres_reader {
    const mimic_context *ctx;
    const mimic_table *table; /* of the request */
    mimic_table counted;      /* what is read where no column is wanted */
    mimic_field counted_field;
    mimic_postgres *db;
    mimic_pgcopy_decoder *decoder;
    const char *bytes; /* not yet fed */
    size_t size;
    bool is_ended;
    mimic_batch batch;
} postgres_reader;

static void free_reader(void *self)
{
    postgres_reader *reader = self;
    mimic__pgcopy_decoder_free(reader->decoder);
    mimic__postgres_free(reader->db);
    mimic__free(reader->ctx, reader);
}

static mimic_status next_batch(void *self, const mimic_batch **out_batch, mimic_error *err)
{
    postgres_reader *reader = self;
    const mimic_batch *batch = NULL;
    bool is_full = false;
    while (!is_full && !reader->is_ended) {
        size_t used = 0;
        if (reader->size == 0) {
            const mimic_status status =
                mimic__postgres_copy_read(reader->db, &reader->bytes, &reader->size, err);
            reader->is_ended = status == MIMIC_END;
            if (status != MIMIC_OK && status != MIMIC_END)
                return status;
            if (reader->is_ended)
                MIMIC_TRY(mimic__pgcopy_decoder_end(reader->decoder, err));
        }
        if (reader->is_ended)
            break;
        MIMIC_TRY(mimic__pgcopy_decoder_feed(reader->decoder, reader->bytes, reader->size, &used,
                                             err));
        is_full = used < reader->size;
        reader->bytes += used;
        reader->size -= used;
    }
    MIMIC_TRY(mimic__pgcopy_decoder_batch(reader->decoder, &batch, err));
    if (batch == NULL)
        return reader->is_ended ? MIMIC_END
                                : mimic__fail(err, MIMIC_ERR_INTERNAL, "a full batch is empty");
    reader->batch = *batch;
    reader->batch.column_count = reader->table->field_count;
    *out_batch = &reader->batch;
    return MIMIC_OK;
}

/* Every column as exactly the type that the decoder expects. */
static void put_copy(mimic_buffer *sql, const scan_request *request)
{
    const postgres_place *place = request->table->detail;
    const mimic_table *table = request->projected;
    const mimic_ddl ddl = {.sql = sql, .dialect = MIMIC_SQL_POSTGRES};
    mimic__buffer_text(sql, "COPY (SELECT ");
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__buffer_text(sql, i > 0 ? ", " : "");
        mimic__sql_quote_identifier(sql, place->columns[request->fields[i]]);
        mimic__buffer_text(sql, "::");
        if (table->fields[i].type == MIMIC_TYPE_STRING ||
            table->fields[i].type == MIMIC_TYPE_CATEGORICAL)
            mimic__buffer_text(sql, "text"); /* a cast to varchar(n) could cut */
        else
            mimic__ddl_type(&ddl, &table->fields[i]);
    }
    if (table->field_count == 0)
        mimic__buffer_text(sql, "NULL::smallint");
    mimic__buffer_text(sql, " FROM ");
    mimic__sql_quote_identifier(sql, place->schema);
    mimic__buffer_byte(sql, '.');
    mimic__sql_quote_identifier(sql, place->name);
    mimic__scan_put_where(sql, MIMIC_SQL_POSTGRES, request, place->columns);
    mimic__buffer_text(sql, ") TO STDOUT (FORMAT BINARY)");
    mimic__buffer_byte(sql, '\0');
}

/* Texts go to the server as ASCII only: it may keep its tables in an encoding that has not the others. */
static bool takes_filter(const scan_filter *filter)
{
    for (size_t i = 0; filter->takes_texts && i < filter->texts.value_count; i++)
        for (const char *at = filter->texts.values[i]; *at != '\0'; at++)
            if ((unsigned char)*at >= 0x80)
                return false;
    return mimic__scan_filter_fits_sql(filter);
}

static mimic_status start_inner(postgres_reader *reader, const scan_request *request,
                                mimic_error *err)
{
    mimic_buffer sql;
    const mimic_table *read = reader->table;
    if (read->field_count == 0) {
        reader->counted_field = mimic__field_plain("nothing", MIMIC_TYPE_INT16);
        reader->counted = *read;
        reader->counted.fields = &reader->counted_field;
        reader->counted.field_count = 1;
        read = &reader->counted;
    }
    MIMIC_TRY(mimic__pgcopy_decoder_new(reader->ctx, read, ROWS_MAX, &reader->decoder, err));
    MIMIC_TRY(connect_to(request->scan, &reader->db, err));
    mimic__buffer_init(&sql, reader->ctx);
    put_copy(&sql, request);
    const mimic_status status = sql.failed ? mimic__fail_memory(err)
                                           : mimic__postgres_copy_out(reader->db, sql.data, err);
    mimic__buffer_free(&sql);
    return status;
}

static mimic_status start(const scan_request *request, scan_reader *out_reader, mimic_error *err)
{
    postgres_reader *reader = mimic__alloc_zeroed(request->scan->ctx, 1, sizeof *reader);
    if (reader == NULL)
        return mimic__fail_memory(err);
    reader->ctx = request->scan->ctx;
    reader->table = request->projected;
    const mimic_status status = start_inner(reader, request, err);
    if (status != MIMIC_OK) {
        free_reader(reader);
        return status;
    }
    *out_reader = (scan_reader){reader, next_batch, free_reader};
    return MIMIC_OK;
}

/* ---- tables ---- */

/* One line of the catalog, and of what the sink noted. */
typedef struct catalog_column {
    const char *schema;
    const char *table;
    const char *name;
    const char *type;
    bool is_required;
} catalog_column;

typedef struct meta_line {
    const char *schema;
    const char *table;
    const char *key;
    const char *value;
} meta_line;

typedef struct catalog {
    mimic_scan *scan;
    catalog_column *columns;
    size_t column_count;
    size_t column_capacity;
    meta_line *lines;
    size_t line_count;
    size_t line_capacity;
    bool ran_out;
} catalog;

static const char *copy_value(catalog *self, const char *value)
{
    const char *copy = mimic__arena_strdup(&self->scan->arena, value == NULL ? "" : value);
    self->ran_out |= copy == NULL;
    return copy;
}

static int take_column(void *ctx, const char *const *values, size_t count)
{
    catalog *self = ctx;
    catalog_column *columns = mimic__array_grow(self->scan->ctx, self->columns, self->column_count,
                                                &self->column_capacity, sizeof *columns);
    (void)count;
    if (columns == NULL) {
        self->ran_out = true;
        return 1;
    }
    self->columns = columns;
    columns[self->column_count++] =
        (catalog_column){copy_value(self, values[0]), copy_value(self, values[1]),
                         copy_value(self, values[2]), copy_value(self, values[3]),
                         values[4] != NULL && values[4][0] == 't'};
    return self->ran_out;
}

static int take_line(void *ctx, const char *const *values, size_t count)
{
    catalog *self = ctx;
    meta_line *lines = mimic__array_grow(self->scan->ctx, self->lines, self->line_count,
                                         &self->line_capacity, sizeof *lines);
    (void)count;
    if (lines == NULL) {
        self->ran_out = true;
        return 1;
    }
    self->lines = lines;
    lines[self->line_count++] = (meta_line){copy_value(self, values[0]), copy_value(self, values[1]),
                                            copy_value(self, values[2]),
                                            copy_value(self, values[3])};
    return self->ran_out;
}

static const char *find_meta(const catalog *self, const catalog_column *column, const char *key)
{
    for (size_t i = 0; i < self->line_count; i++)
        if (strcmp(self->lines[i].schema, column->schema) == 0 &&
            strcmp(self->lines[i].table, column->table) == 0 &&
            strcmp(self->lines[i].key, key) == 0)
            return self->lines[i].value;
    return "";
}

/* "numeric(10,3)": its digits; false for anything else. */
static bool read_numeric(const char *type, int32_t *precision, int32_t *scale)
{
    int32_t numbers[2] = {0, 0};
    if (strncmp(type, "numeric(", 8) != 0)
        return false;
    const char *at = type + 8;
    for (size_t i = 0; i < 2; i++) {
        for (; *at >= '0' && *at <= '9' && numbers[i] < 10000; at++)
            numbers[i] = numbers[i] * 10 + (*at - '0');
        if (*at != (i == 0 ? ',' : ')'))
            return false;
        at++;
    }
    *precision = numbers[0];
    *scale = numbers[1];
    return *precision >= 1 && *precision <= 38 && *scale <= *precision;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static mimic_field field_of(const catalog_column *column)
{
    static const struct {
        const char *name;
        mimic_type type;
    } types[] = {{"boolean", MIMIC_TYPE_BOOLEAN},
                 {"smallint", MIMIC_TYPE_INT16},
                 {"integer", MIMIC_TYPE_INT32},
                 {"bigint", MIMIC_TYPE_INT64},
                 {"real", MIMIC_TYPE_FLOAT32},
                 {"double precision", MIMIC_TYPE_FLOAT64},
                 {"date", MIMIC_TYPE_DATE},
                 {"bytea", MIMIC_TYPE_BINARY}};
    const char *type = column->type;
    mimic_type found = MIMIC_TYPE_STRING;
    int32_t precision = 0;
    int32_t scale = 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i].name) == 0)
            found = types[i].type;
    const bool has_zone = strstr(type, "with time zone") != NULL;
    if (begins_with(type, "timestamp"))
        found = has_zone ? MIMIC_TYPE_TIMESTAMPTZ : MIMIC_TYPE_TIMESTAMP;
    else if (begins_with(type, "time") && !has_zone)
        found = MIMIC_TYPE_TIME;
    else if (read_numeric(type, &precision, &scale))
        found = MIMIC_TYPE_DECIMAL;
    /* An array of any of these is another type. */
    if (strchr(type, '[') != NULL)
        found = MIMIC_TYPE_STRING;
    mimic_field field = mimic__field_plain(column->name, found);
    if (found == MIMIC_TYPE_DECIMAL) {
        field.precision = precision;
        field.scale = scale;
    }
    field.is_required = column->is_required;
    return field;
}

static bool fits_column(const void *ctx, size_t index, const mimic_field *field)
{
    const mimic_field *const own = (const mimic_field *)ctx + index;
    if (field->type == MIMIC_TYPE_CATEGORICAL)
        return own->type == MIMIC_TYPE_STRING;
    return own->type == field->type && own->precision == field->precision &&
           own->scale == field->scale;
}

static mimic_status add_table(catalog *self, const catalog_column *columns, size_t count,
                              mimic_error *err)
{
    mimic_scan *scan = self->scan;
    mimic_field *own = mimic__arena_array(&scan->arena, count, sizeof *own);
    mimic_field *fields = mimic__arena_array(&scan->arena, count, sizeof *fields);
    const char **names = mimic__arena_array(&scan->arena, count, sizeof *names);
    postgres_place *place = mimic__arena_alloc(&scan->arena, sizeof *place);
    if (own == NULL || fields == NULL || names == NULL || place == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        own[i] = fields[i] = field_of(&columns[i]);
        names[i] = columns[i].name;
    }
    *place = (postgres_place){columns->schema, columns->table, names};
    scan_table table = {.source = scan->shown,
                        .start = start,
                        .takes_filter = takes_filter,
                        .detail = place};
    scan_layout layout = {.name = columns->table,
                          .module = columns->schema,
                          .fields = fields,
                          .field_count = count,
                          .fits = fits_column,
                          .fits_ctx = own};
    layout.release =
        mimic__scan_release_table(scan, find_meta(self, columns, "dataset"),
                                  find_meta(self, columns, "version"), columns->table);
    if (layout.release == NULL && scan->options.dataset != NULL && scan->registry != NULL) {
        const mimic_dataset *dataset = NULL;
        MIMIC_TRY(
            mimic_registry_find_dataset(scan->registry, scan->options.dataset, &dataset, err));
        layout.release = mimic_dataset_find_table(dataset, columns->table);
    }
    return mimic__scan_add_table(scan, &layout, &table, err);
}

static mimic_status add_tables(catalog *self, mimic_error *err)
{
    size_t first = 0;
    for (size_t i = 1; i <= self->column_count; i++)
        if (i == self->column_count ||
            strcmp(self->columns[i].schema, self->columns[first].schema) != 0 ||
            strcmp(self->columns[i].table, self->columns[first].table) != 0) {
            MIMIC_TRY(add_table(self, &self->columns[first], i - first, err));
            first = i;
        }
    return MIMIC_OK;
}

static mimic_status read_catalog(catalog *self, mimic_postgres *db, const char *schema,
                                 mimic_error *err)
{
    const char *const values[] = {schema};
    const mimic_postgres_query columns = {
        "SELECT n.nspname, c.relname, a.attname,"
        " pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull"
        " FROM pg_catalog.pg_class AS c"
        " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
        " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0"
        " AND NOT a.attisdropped"
        " AND c.relname !~ '^_mimic_' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        " AND ($1::text IS NULL OR n.nspname = pg_catalog.lower($1))"
        " AND pg_catalog.has_table_privilege(c.oid, 'SELECT')"
        " ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\", a.attnum",
        values, 1, take_column, self};
    MIMIC_TRY(mimic__postgres_query(db, &columns, err));
    if (self->ran_out)
        return mimic__fail_memory(err);
    /* A database of another program has no such table, which is not an error. */
    mimic_buffer sql;
    mimic__buffer_init(&sql, self->scan->ctx);
    mimic__buffer_text(&sql, "SELECT schema_name, table_name, key, value FROM ");
    mimic__sql_quote_identifier(&sql, schema == NULL ? OWN_SCHEMA : schema);
    mimic__buffer_text(&sql, "._mimic_meta WHERE key IN ('dataset', 'version')");
    mimic__buffer_byte(&sql, '\0');
    const mimic_postgres_query lines = {sql.data, NULL, 0, take_line, self};
    const mimic_status status =
        sql.failed ? MIMIC_ERR_MEMORY : mimic__postgres_query(db, &lines, NULL);
    mimic__buffer_free(&sql);
    return self->ran_out || status == MIMIC_ERR_MEMORY ? mimic__fail_memory(err) : MIMIC_OK;
}

/* As the server folds a name without quotes, like the sink. */
static const char *fold_schema(mimic_scan *scan)
{
    char *schema = mimic__arena_strdup(&scan->arena, scan->options.pg_schema);
    for (char *at = schema; at != NULL && *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return schema;
}

mimic_status mimic__scan_open_postgres(mimic_scan *scan, mimic_error *err)
{
    catalog self = {.scan = scan};
    mimic_postgres *db = NULL;
    const char *schema = NULL;
    if (mimic__target_has_loose_password(scan->target.path))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "%s: the password holds one of @ / ? %% as it is; write %%40, %%2F, %%3F "
                           "and %%25, or leave it to PGPASSWORD or ~/.pgpass",
                           scan->shown);
    if (scan->options.pg_schema != NULL && (schema = fold_schema(scan)) == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(connect_to(scan, &db, err));
    mimic_status status = read_catalog(&self, db, schema, err);
    mimic__postgres_free(db);
    if (status == MIMIC_OK)
        status = add_tables(&self, err);
    mimic__free(scan->ctx, self.columns);
    mimic__free(scan->ctx, self.lines);
    return status;
}

#else

mimic_status mimic__scan_open_postgres(mimic_scan *scan, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "%s: this build of libmimic lacks PostgreSQL; build it with libpq "
                       "(-Dpostgres=enabled)",
                       scan->shown);
}

#endif
