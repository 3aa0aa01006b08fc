/*
 * Reads tables of a SQLite database. Values are stored as the SQLite sink stores them: booleans and
 * integers as INTEGER, floats as REAL, decimals, dates and times as TEXT, times also as INTEGER
 * microseconds where the column is declared so. A database of another program has the types that it
 * declares, as SQLite's affinities read them ("Datatypes In SQLite", 3.1). Views and virtual tables
 * are left out, and so is what the library keeps for itself.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include <mimic/coerce.h>

#include "base/error.h"
#include "scan/scan_fault.h"
#include "scan/scan_internal.h"

#if MIMIC_HAVE_SQLITE

#include "batch/batch_builder.h"
#include "schema/schema_ddl.h"
#include "sink/sink_sqlite_db.h"

#define ROWS_MAX 16384
#define TEXT_BYTES_MAX ((size_t)4 << 20) /* of all columns; a larger row goes alone */
#define CATEGORIES_MAX ((uint32_t)1 << 20)
#define CATEGORY_BYTES_MAX ((size_t)64 << 20)

/* ---- values ---- */

typedef struct sqlite_column sqlite_column;
/* Puts a value that is not NULL into the row. */
typedef mimic_reject_code (*take_fn)(sqlite_column *column, const mimic_sqlite_found *cell,
                                     size_t row);

struct sqlite_column {
    const mimic_field *field;
    mimic_column_builder builder;
    take_fn take;
    size_t text_size; /* of the batch so far */
    /* The last time that was read: measurements of one moment stand together. */
    char last_text[MIMIC_SCAN_TIME_BYTES];
    size_t last_size; /* 0 = none */
    int64_t last_value;
    bool ran_out; /* of memory, or of room */
};

static mimic_reject_code take_boolean(sqlite_column *column, const mimic_sqlite_found *cell,
                                      size_t row)
{
    if (cell->kind != MIMIC_SQLITE_INTEGER)
        return MIMIC_REJECT_TYPE;
    if (cell->integer != 0 && cell->integer != 1)
        return MIMIC_REJECT_RANGE;
    if (cell->integer != 0)
        column->builder.values[row >> 3] |= (char)(1 << (row & 7));
    return 0;
}

static mimic_reject_code take_integer(sqlite_column *column, const mimic_sqlite_found *cell,
                                      size_t row)
{
    const int64_t value = cell->integer;
    if (cell->kind != MIMIC_SQLITE_INTEGER)
        return MIMIC_REJECT_TYPE;
    if (column->builder.type == MIMIC_TYPE_INT64) {
        ((int64_t *)(void *)column->builder.values)[row] = value;
    } else if (column->builder.type == MIMIC_TYPE_INT32) {
        if (value < INT32_MIN || value > INT32_MAX)
            return MIMIC_REJECT_RANGE;
        ((int32_t *)(void *)column->builder.values)[row] = (int32_t)value;
    } else {
        if (value < INT16_MIN || value > INT16_MAX)
            return MIMIC_REJECT_RANGE;
        ((int16_t *)(void *)column->builder.values)[row] = (int16_t)value;
    }
    return 0;
}

static mimic_reject_code take_float(sqlite_column *column, const mimic_sqlite_found *cell,
                                    size_t row)
{
    double value = cell->real;
    if (cell->kind == MIMIC_SQLITE_INTEGER)
        value = (double)cell->integer;
    else if (cell->kind != MIMIC_SQLITE_REAL)
        return MIMIC_REJECT_TYPE;
    if (column->builder.type == MIMIC_TYPE_FLOAT64) {
        ((double *)(void *)column->builder.values)[row] = value;
        return 0;
    }
    if (isfinite(value) && fabs(value) > (double)FLT_MAX)
        return MIMIC_REJECT_RANGE;
    ((float *)(void *)column->builder.values)[row] = (float)value;
    return 0;
}

static mimic_reject_code take_decimal(sqlite_column *column, const mimic_sqlite_found *cell,
                                      size_t row)
{
    mimic_int128 value;
    if (cell->kind != MIMIC_SQLITE_TEXT)
        return MIMIC_REJECT_TYPE;
    const mimic_reject_code code = mimic_coerce_decimal(
        cell->bytes, cell->size, column->field->precision, column->field->scale, &value);
    if (code != 0)
        return code;
    memcpy(column->builder.values + 16 * row, &value, sizeof value);
    return 0;
}

static void put_moment(sqlite_column *column, size_t row, int64_t value)
{
    if (column->builder.type == MIMIC_TYPE_DATE)
        ((int32_t *)(void *)column->builder.values)[row] = (int32_t)value;
    else
        ((int64_t *)(void *)column->builder.values)[row] = value;
}

static mimic_reject_code take_time(sqlite_column *column, const mimic_sqlite_found *cell, size_t row)
{
    if (cell->kind == MIMIC_SQLITE_INTEGER && column->builder.type != MIMIC_TYPE_DATE) {
        put_moment(column, row, cell->integer);
        return mimic__time_is_valid(column->builder.type, cell->integer) ? 0 : MIMIC_REJECT_RANGE;
    }
    if (cell->kind != MIMIC_SQLITE_TEXT)
        return MIMIC_REJECT_TYPE;
    if (cell->size != column->last_size ||
        memcmp(cell->bytes, column->last_text, cell->size) != 0) {
        column->last_size = 0;
        const mimic_reject_code code = mimic__scan_parse_time(
            column->builder.type, cell->bytes, cell->size, &column->last_value);
        if (code != 0)
            return code;
        column->last_size = cell->size;
        memcpy(column->last_text, cell->bytes, cell->size);
    }
    put_moment(column, row, column->last_value);
    return 0;
}

static mimic_reject_code add_bytes(sqlite_column *column, const char *bytes, size_t size)
{
    if (!mimic__builder_more_bytes(&column->builder, column->text_size, size)) {
        column->ran_out = true;
        return 0;
    }
    if (size > 0)
        memcpy(column->builder.values + column->text_size, bytes, size);
    column->text_size += size;
    return 0;
}

static mimic_reject_code take_string(sqlite_column *column, const mimic_sqlite_found *cell,
                                     size_t row)
{
    (void)row;
    if (cell->kind != MIMIC_SQLITE_TEXT)
        return MIMIC_REJECT_TYPE;
    const mimic_reject_code code = mimic_coerce_string(cell->bytes, cell->size, -1, -1);
    return code != 0 ? code : add_bytes(column, cell->bytes, cell->size);
}

static mimic_reject_code take_binary(sqlite_column *column, const mimic_sqlite_found *cell,
                                     size_t row)
{
    (void)row;
    return cell->kind != MIMIC_SQLITE_BLOB ? MIMIC_REJECT_TYPE
                                           : add_bytes(column, cell->bytes, cell->size);
}

static mimic_reject_code take_category(sqlite_column *column, const mimic_sqlite_found *cell,
                                       size_t row)
{
    if (cell->kind != MIMIC_SQLITE_TEXT)
        return MIMIC_REJECT_TYPE;
    const mimic_reject_code code = mimic_coerce_string(cell->bytes, cell->size, -1, -1);
    if (code != 0)
        return code;
    const uint32_t number =
        mimic__hashmap_insert(&column->builder.texts, cell->bytes, cell->size);
    column->ran_out |= number == MIMIC_HASHMAP_NONE;
    column->text_size += cell->size; /* bounds the batch */
    ((int32_t *)(void *)column->builder.values)[row] = (int32_t)number;
    return 0;
}

static take_fn choose_take(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return take_boolean;
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
        return take_integer;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return take_float;
    case MIMIC_TYPE_DECIMAL:
        return take_decimal;
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return take_time;
    case MIMIC_TYPE_CATEGORICAL:
        return take_category;
    case MIMIC_TYPE_BINARY:
        return take_binary;
    default:
        return take_string;
    }
}

/* ---- rows ---- */

typedef struct sqlite_reader {
    const mimic_context *ctx;
    const mimic_table *table; /* of the request */
    const char *source;
    mimic_sqlite_cursor *cursor;
    mimic_sqlite_found *cells;
    sqlite_column *columns;
    size_t column_count;
    mimic_column *views;
    mimic_batch batch;
    int64_t rows_before;
    bool is_ended;
} sqlite_reader;

static void free_reader(void *self)
{
    sqlite_reader *reader = self;
    for (size_t i = 0; reader->columns != NULL && i < reader->column_count; i++)
        mimic__builder_free(&reader->columns[i].builder);
    mimic__sqlite_cursor_free(reader->cursor);
    mimic__free(reader->ctx, reader->columns);
    mimic__free(reader->ctx, reader->cells);
    mimic__free(reader->ctx, reader->views);
    mimic__free(reader->ctx, reader);
}

static void put_null(sqlite_column *column, size_t row)
{
    const size_t width = mimic__type_width(column->builder.type);
    mimic__builder_clear_valid(&column->builder, row);
    if (width > 0)
        memset(column->builder.values + row * width, 0, width);
}

static mimic_status take_row(sqlite_reader *reader, size_t row, size_t *text_size, mimic_error *err)
{
    *text_size = 0;
    for (size_t i = 0; i < reader->column_count; i++) {
        sqlite_column *column = &reader->columns[i];
        const mimic_sqlite_found *cell = &reader->cells[i];
        if (cell->kind == MIMIC_SQLITE_NULL) {
            put_null(column, row);
        } else {
            const mimic_reject_code code = column->take(column, cell, row);
            if (code != 0)
                return mimic__scan_fail_value(err, reader->source, reader->table,
                                              reader->rows_before + (int64_t)row, i, code);
        }
        if (column->builder.offsets != NULL)
            column->builder.offsets[row + 1] = (int32_t)column->text_size;
        if (column->ran_out)
            return mimic__fail_memory(err);
        *text_size += column->text_size;
    }
    return MIMIC_OK;
}

static mimic_status begin_batch(sqlite_reader *reader, mimic_error *err)
{
    for (size_t i = 0; i < reader->column_count; i++) {
        sqlite_column *column = &reader->columns[i];
        const mimic_hashmap *texts = &column->builder.texts;
        column->text_size = 0;
        if (texts->count > CATEGORIES_MAX ||
            (texts->count > 0 && (size_t)texts->offsets[texts->count] > CATEGORY_BYTES_MAX))
            return mimic__fail(err, MIMIC_ERR_LIMIT,
                               "table %s, column %s: more than %u categories, or longer ones than "
                               "can be kept",
                               reader->table->name, column->field->name, CATEGORIES_MAX);
        if (!mimic__builder_begin(&column->builder, ROWS_MAX, 0))
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

static mimic_status next_batch(void *self, const mimic_batch **out_batch, mimic_error *err)
{
    sqlite_reader *reader = self;
    size_t rows = 0;
    size_t text_size = 0;
    if (reader->is_ended)
        return MIMIC_END;
    MIMIC_TRY(begin_batch(reader, err));
    while (rows < ROWS_MAX && text_size < TEXT_BYTES_MAX) {
        const mimic_status status = mimic__sqlite_next_row(reader->cursor, reader->cells, err);
        reader->is_ended = status == MIMIC_END;
        if (reader->is_ended)
            break;
        MIMIC_TRY(status);
        MIMIC_TRY(take_row(reader, rows++, &text_size, err));
    }
    for (size_t i = 0; i < reader->column_count; i++) {
        reader->columns[i].builder.row_count = rows;
        reader->views[i] = mimic__builder_view(&reader->columns[i].builder);
    }
    reader->batch = (mimic_batch){.row_count = (int64_t)rows,
                                  .column_count = reader->column_count,
                                  .columns = reader->views};
    reader->rows_before += (int64_t)rows;
    *out_batch = &reader->batch;
    return MIMIC_OK;
}

/* A table WITHOUT ROWID is an index itself, and SQLite takes any of its indexes for it: rows come in the
 * order of the primary key when that is asked for. */
static mimic_status put_order(mimic_buffer *sql, mimic_sqlite *db, const char *table,
                              mimic_error *err)
{
    mimic_sqlite_cursor *cursor = NULL;
    mimic_sqlite_found cell = {0};
    mimic_buffer keys;
    mimic__buffer_init(&keys, sql->ctx);
    const mimic_ddl ddl = {.sql = &keys, .dialect = MIMIC_SQL_SQLITE};
    mimic__buffer_text(&keys, "SELECT c.name FROM pragma_table_list(");
    mimic__ddl_text(&ddl, table);
    mimic__buffer_text(&keys, ") AS t, pragma_table_info(");
    mimic__ddl_text(&ddl, table);
    mimic__buffer_text(&keys, ") AS c WHERE t.schema = 'main' AND t.wr AND c.pk > 0 ORDER BY c.pk");
    mimic__buffer_byte(&keys, '\0');
    mimic_status status = keys.failed ? mimic__fail_memory(err)
                                      : mimic__sqlite_select(db, keys.data, &cursor, err);
    mimic__buffer_free(&keys);
    for (int i = 0;
         status == MIMIC_OK && (status = mimic__sqlite_next_row(cursor, &cell, err)) == MIMIC_OK; i++)
        if (cell.kind == MIMIC_SQLITE_TEXT) {
            mimic__buffer_text(sql, i == 0 ? " ORDER BY " : ", ");
            mimic__sql_quote_identifier(sql, cell.bytes);
        }
    mimic__sqlite_cursor_free(cursor);
    return status == MIMIC_END ? MIMIC_OK : status;
}

/* In the order of the rows: without an index, which could give another. */
static mimic_status select_columns(sqlite_reader *reader, const scan_request *request,
                                   mimic_error *err)
{
    const char *name = request->table->detail;
    mimic_buffer sql;
    mimic__buffer_init(&sql, reader->ctx);
    mimic__buffer_text(&sql, "SELECT ");
    for (size_t i = 0; i < reader->column_count; i++) {
        mimic__buffer_text(&sql, i > 0 ? ", " : "");
        mimic__sql_quote_identifier(&sql, reader->table->fields[i].name);
    }
    mimic__buffer_text(&sql, reader->column_count == 0 ? "NULL FROM main." : " FROM main.");
    mimic__sql_quote_identifier(&sql, name);
    mimic__buffer_text(&sql, " NOT INDEXED");
    mimic__scan_put_where(&sql, MIMIC_SQL_SQLITE, request, NULL);
    mimic_status status = put_order(&sql, request->scan->database, name, err);
    mimic__buffer_byte(&sql, '\0');
    if (status == MIMIC_OK)
        status = sql.failed ? mimic__fail_memory(err)
                            : mimic__sqlite_select(request->scan->database, sql.data,
                                                   &reader->cursor, err);
    mimic__buffer_free(&sql);
    return status;
}

static mimic_status start_inner(sqlite_reader *reader, const scan_request *request,
                                mimic_error *err)
{
    const size_t count = reader->column_count;
    reader->columns = mimic__alloc_zeroed(reader->ctx, count + 1, sizeof *reader->columns);
    reader->views = mimic__alloc_zeroed(reader->ctx, count + 1, sizeof *reader->views);
    reader->cells = mimic__alloc_zeroed(reader->ctx, count + 1, sizeof *reader->cells);
    if (reader->columns == NULL || reader->views == NULL || reader->cells == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const mimic_field *field = &reader->table->fields[i];
        reader->columns[i].field = field;
        reader->columns[i].take = choose_take(field->type);
        mimic__builder_init(&reader->columns[i].builder, reader->ctx, field->type,
                            field->precision, field->scale);
    }
    return select_columns(reader, request, err);
}

static mimic_status start(const scan_request *request, scan_reader *out_reader, mimic_error *err)
{
    sqlite_reader *reader = mimic__alloc_zeroed(request->scan->ctx, 1, sizeof *reader);
    if (reader == NULL)
        return mimic__fail_memory(err);
    reader->ctx = request->scan->ctx;
    reader->table = request->projected;
    reader->source = request->table->source;
    reader->column_count = request->projected->field_count;
    const mimic_status status = start_inner(reader, request, err);
    if (status != MIMIC_OK) {
        free_reader(reader);
        return status;
    }
    *out_reader = (scan_reader){reader, next_batch, free_reader};
    return MIMIC_OK;
}

/* ---- tables ---- */

/* ASCII case does not count. */
static bool contains(const char *text, const char *word)
{
    const size_t size = strlen(word);
    for (; strlen(text) >= size; text++)
        if (mimic__name_equals_sized(word, text, size))
            return true;
    return false;
}

/* "Determination Of Column Affinity"; what has none is read as text, and fails where it is not. */
static mimic_type declared_type(const char *declared)
{
    if (contains(declared, "INT"))
        return MIMIC_TYPE_INT64;
    if (contains(declared, "CHAR") || contains(declared, "CLOB") || contains(declared, "TEXT"))
        return MIMIC_TYPE_STRING;
    if (contains(declared, "BLOB"))
        return MIMIC_TYPE_BINARY;
    if (contains(declared, "REAL") || contains(declared, "FLOA") || contains(declared, "DOUB"))
        return MIMIC_TYPE_FLOAT64;
    if (contains(declared, "BOOL"))
        return MIMIC_TYPE_BOOLEAN;
    return MIMIC_TYPE_STRING;
}

/* Is a field of the release stored in a column that is declared as this? */
static bool fits_declared(const void *ctx, size_t index, const mimic_field *field)
{
    const mimic_field *const fields = ctx;
    const mimic_type declared = fields[index].type;
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
        return declared == MIMIC_TYPE_INT64;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return declared == MIMIC_TYPE_FLOAT64;
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return declared == MIMIC_TYPE_INT64 || declared == MIMIC_TYPE_STRING;
    case MIMIC_TYPE_BINARY:
        return declared == MIMIC_TYPE_BINARY;
    default:
        return declared == MIMIC_TYPE_STRING;
    }
}

/* A text of a cell, in the scan's arena; "" for what is no text. */
static char *copy_text(mimic_scan *scan, const mimic_sqlite_found *cell)
{
    const bool is_text = cell->kind == MIMIC_SQLITE_TEXT;
    return mimic__arena_strndup(&scan->arena, is_text ? cell->bytes : "", is_text ? cell->size : 0);
}

/* A growing list of fields. */
typedef struct field_list {
    mimic_field *fields;
    size_t count;
    size_t capacity;
} field_list;

static mimic_status read_fields(mimic_scan *scan, mimic_sqlite_cursor *cursor, field_list *list,
                                mimic_error *err)
{
    mimic_sqlite_found cells[3] = {{0}};
    mimic_status status;
    while ((status = mimic__sqlite_next_row(cursor, cells, err)) == MIMIC_OK) {
        const char *name = copy_text(scan, &cells[0]);
        const char *declared = copy_text(scan, &cells[1]);
        mimic_field *grown = mimic__array_grow(scan->ctx, list->fields, list->count,
                                               &list->capacity, sizeof *grown);
        if (grown != NULL)
            list->fields = grown;
        if (grown == NULL || name == NULL || declared == NULL)
            return mimic__fail_memory(err);
        mimic_field *field = &list->fields[list->count++];
        *field = mimic__field_plain(name, declared_type(declared));
        field->is_required = cells[2].kind == MIMIC_SQLITE_INTEGER && cells[2].integer != 0;
    }
    return status == MIMIC_END ? MIMIC_OK : status;
}

/* One text of _mimic_meta, "" where there is none. */
static mimic_status read_meta(mimic_scan *scan, const char *table, const char *key,
                              const char **out_value, mimic_error *err)
{
    mimic_sqlite_cursor *cursor = NULL;
    mimic_sqlite_found cell = {0};
    mimic_buffer sql;
    mimic__buffer_init(&sql, scan->ctx);
    const mimic_ddl ddl = {.sql = &sql, .dialect = MIMIC_SQL_SQLITE};
    *out_value = "";
    mimic__buffer_text(&sql, "SELECT value FROM main._mimic_meta WHERE key = '");
    mimic__buffer_text(&sql, key);
    mimic__buffer_text(&sql, "' AND table_name COLLATE NOCASE = ");
    mimic__ddl_text(&ddl, table);
    mimic__buffer_byte(&sql, '\0');
    if (sql.failed) {
        mimic__buffer_free(&sql);
        return mimic__fail_memory(err);
    }
    /* A database of another program has no such table, which is not an error. */
    mimic_status status = mimic__sqlite_select(scan->database, sql.data, &cursor, NULL);
    mimic__buffer_free(&sql);
    if (status != MIMIC_OK)
        return status == MIMIC_ERR_MEMORY ? mimic__fail_memory(err) : MIMIC_OK;
    status = mimic__sqlite_next_row(cursor, &cell, err);
    if (status == MIMIC_OK && (*out_value = copy_text(scan, &cell)) == NULL)
        status = mimic__fail_memory(err);
    mimic__sqlite_cursor_free(cursor);
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status find_release(mimic_scan *scan, const char *name, scan_layout *layout,
                                 mimic_error *err)
{
    const char *dataset;
    const char *version;
    MIMIC_TRY(read_meta(scan, name, "dataset", &dataset, err));
    MIMIC_TRY(read_meta(scan, name, "version", &version, err));
    layout->release = mimic__scan_release_table(scan, dataset, version, name);
    if (layout->release != NULL || scan->options.dataset == NULL || scan->registry == NULL)
        return MIMIC_OK;
    const mimic_dataset *chosen = NULL;
    MIMIC_TRY(mimic_registry_find_dataset(scan->registry, scan->options.dataset, &chosen, err));
    layout->release = mimic_dataset_find_table(chosen, name);
    return MIMIC_OK;
}

static mimic_status add_with_fields(mimic_scan *scan, const char *name, const field_list *list,
                                    mimic_error *err)
{
    mimic_field *fields = mimic__arena_array(&scan->arena, list->count + 1, sizeof *fields);
    scan_table table = {.source = scan->target.path,
                        .start = start,
                        .takes_filter = mimic__scan_filter_fits_sql,
                        .detail = name};
    scan_layout layout = {.name = name,
                          .module = "",
                          .fields = fields,
                          .field_count = list->count,
                          .fits = fits_declared,
                          .fits_ctx = list->fields};
    if (fields == NULL)
        return mimic__fail_memory(err);
    if (list->count > 0)
        memcpy(fields, list->fields, list->count * sizeof *fields);
    MIMIC_TRY(find_release(scan, name, &layout, err));
    return mimic__scan_add_table(scan, &layout, &table, err);
}

static mimic_status add_table(mimic_scan *scan, const char *name, mimic_error *err)
{
    mimic_sqlite_cursor *cursor = NULL;
    field_list list = {0};
    mimic_buffer sql;
    mimic__buffer_init(&sql, scan->ctx);
    const mimic_ddl ddl = {.sql = &sql, .dialect = MIMIC_SQL_SQLITE};
    mimic__buffer_text(&sql, "SELECT name, type, \"notnull\" FROM pragma_table_info(");
    mimic__ddl_text(&ddl, name);
    mimic__buffer_text(&sql, ") ORDER BY cid");
    mimic__buffer_byte(&sql, '\0');
    mimic_status status = sql.failed
                              ? mimic__fail_memory(err)
                              : mimic__sqlite_select(scan->database, sql.data, &cursor, err);
    mimic__buffer_free(&sql);
    if (status == MIMIC_OK)
        status = read_fields(scan, cursor, &list, err);
    mimic__sqlite_cursor_free(cursor);
    if (status == MIMIC_OK)
        status = add_with_fields(scan, name, &list, err);
    mimic__free(scan->ctx, list.fields);
    return status;
}

static mimic_status add_tables(mimic_scan *scan, mimic_sqlite_cursor *cursor, mimic_error *err)
{
    mimic_sqlite_found cell = {0};
    mimic_status status;
    while ((status = mimic__sqlite_next_row(cursor, &cell, err)) == MIMIC_OK) {
        const char *name = copy_text(scan, &cell);
        if (name == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(add_table(scan, name, err));
    }
    return status == MIMIC_END ? MIMIC_OK : status;
}

static void close_database(void *database)
{
    mimic__sqlite_free(database);
}

mimic_status mimic__scan_open_sqlite(mimic_scan *scan, mimic_error *err)
{
    static const char tables[] =
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0"
        " AND lower(substr(name, 1, 7)) NOT IN ('_mimic_', 'sqlite_') ORDER BY name COLLATE NOCASE";
    mimic_sqlite *db = NULL;
    mimic_sqlite_cursor *cursor = NULL;
    MIMIC_TRY(mimic__sqlite_open_read(scan->ctx, scan->target.path, &db, err));
    scan->database = db;
    scan->close_database = close_database;
    mimic__sqlite_set_interrupted(db, scan->options.interrupted, scan->options.interrupted_ctx);
    MIMIC_TRY(mimic__sqlite_select(db, tables, &cursor, err));
    const mimic_status status = add_tables(scan, cursor, err);
    mimic__sqlite_cursor_free(cursor);
    return status;
}

#else

mimic_status mimic__scan_open_sqlite(mimic_scan *scan, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "\"%s\": this build of libmimic lacks SQLite; build it with -Dsqlite=enabled",
                       scan->target.path);
}

#endif
