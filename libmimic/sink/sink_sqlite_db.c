/*
 * The door to SQLite. A batch is inserted as `INSERT INTO t SELECT * FROM batch`, where batch is a
 * virtual table over the Arrow columns: one statement a batch instead of one a row, which halves
 * the cost of a row. OR FAIL keeps the rows before a key that clashes (SQLite, "ON CONFLICT
 * clause"), so the row is refused and the insert goes on behind it.
 *
 * SQLite takes its memory from its own allocator: routing it through the context would need
 * sqlite3_config, which is a setting of the whole process and not a library's to change.
 */
#include "sink/sink_sqlite_db.h"

#include <sqlite3.h>
#include <string.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/error.h"
#include "schema/schema_ddl.h"
#include "sink/sink_format.h"
#include "sink/sink_internal.h"
#include "sink/sink_sqlite_fault.h"

#define BUSY_TIMEOUT_MS 5000

typedef struct batch_column batch_column;
typedef void (*result_fn)(sqlite3_context *result, batch_column *column, int64_t row);

struct batch_column {
    const mimic_column *data;
    result_fn result;
    /* The last date or time formatted: measurements of one moment stand together. */
    int64_t last_value;
    int last_size; /* 0 = none */
    char text[MIMIC_FORMAT_BYTES];
};

struct mimic_sqlite {
    const mimic_context *ctx;
    sqlite3 *handle;
    const char *name;
    /* the open insert; columns NULL = none */
    mimic_sqlite_insert insert;
    sqlite3_stmt *statement;
    batch_column *columns;
    mimic_sqlite_rules rules;
    /* the rows that a run of the statement takes: next to end */
    int64_t next;
    int64_t end;
};

static mimic_status fail(const mimic_sqlite *db, int code, const char *doing, mimic_error *err)
{
    const int primary = code & 0xff;
    if (primary == SQLITE_NOMEM)
        return mimic__fail_memory(err);
    if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
        return mimic__fail(err, MIMIC_ERR_BACKEND,
                           "database \"%s\" is in use by another program (waited %d s); close it "
                           "and run again",
                           db->name, BUSY_TIMEOUT_MS / 1000);
    if (primary == SQLITE_INTERRUPT)
        return mimic__fail(err, MIMIC_ERR_CANCELLED, "cancelled while %s", doing);
    const bool is_io = primary == SQLITE_FULL || primary == SQLITE_IOERR ||
                       primary == SQLITE_READONLY || primary == SQLITE_CANTOPEN;
    return mimic__fail(err, is_io ? MIMIC_ERR_IO : MIMIC_ERR_BACKEND,
                       "database \"%s\", %s: %s (SQLite code %d)", db->name, doing,
                       db->handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db->handle),
                       code);
}

/* ---- connection ---- */

static const sqlite3_module BATCH_MODULE;

/* Of a file from elsewhere: no functions from its schema, and pages are looked at before use. */
static const char WARY[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                           "PRAGMA query_only = ON; PRAGMA mmap_size = 0;";

static mimic_status open_inner(mimic_sqlite *db, const char *path, bool is_read_only,
                               mimic_error *err)
{
    const int access = is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int code = sqlite3_open_v2(path, &db->handle, access | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        sqlite3_extended_result_codes(db->handle, 1);
        sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
        if (is_read_only)
            return MIMIC_OK;
        code = sqlite3_create_module(db->handle, "mimic_batch", &BATCH_MODULE, db);
    }
    return code == SQLITE_OK ? MIMIC_OK : fail(db, code, "opening it", err);
}

void mimic__sqlite_set_interrupted(mimic_sqlite *db, int (*interrupted)(void *ctx), void *ctx)
{
    const int instructions = 100000; /* some milliseconds apart */
    sqlite3_progress_handler(db->handle, instructions, interrupted, ctx);
}

static mimic_status open_with(const mimic_context *ctx, const char *path, bool is_read_only,
                              mimic_sqlite **out_db, mimic_error *err)
{
    *out_db = NULL;
    mimic_sqlite *db = mimic__alloc_zeroed(ctx, 1, sizeof *db);
    if (db == NULL)
        return mimic__fail_memory(err);
    db->ctx = ctx;
    db->name = path;
    mimic_status status = open_inner(db, path, is_read_only, err);
    if (status == MIMIC_OK && is_read_only)
        status = mimic__sqlite_exec(db, WARY, err);
    if (status != MIMIC_OK)
        mimic__sqlite_free(db);
    else
        *out_db = db;
    return status;
}

mimic_status mimic__sqlite_open(const mimic_context *ctx, const char *path, mimic_sqlite **out_db,
                                mimic_error *err)
{
    return open_with(ctx, path, false, out_db, err);
}

mimic_status mimic__sqlite_open_read(const mimic_context *ctx, const char *path,
                                     mimic_sqlite **out_db, mimic_error *err)
{
    return open_with(ctx, path, true, out_db, err);
}

void mimic__sqlite_set_name(mimic_sqlite *db, const char *name)
{
    db->name = name;
}

const mimic_context *mimic__sqlite_context(const mimic_sqlite *db)
{
    return db->ctx;
}

mimic_status mimic__sqlite_close(mimic_sqlite *db, mimic_error *err)
{
    const int code = sqlite3_close(db->handle);
    if (code != SQLITE_OK)
        return fail(db, code, "closing it", err);
    db->handle = NULL;
    return MIMIC_OK;
}

void mimic__sqlite_free(mimic_sqlite *db)
{
    if (db == NULL)
        return;
    mimic__sqlite_insert_close(db);
    sqlite3_close_v2(db->handle);
    mimic__free(db->ctx, db);
}

mimic_status mimic__sqlite_exec(mimic_sqlite *db, const char *sql, mimic_error *err)
{
    return mimic__sqlite_query(db, sql, NULL, NULL, err);
}

mimic_status mimic__sqlite_query(mimic_sqlite *db, const char *sql, mimic_sqlite_row_fn row_fn,
                                 void *row_ctx, mimic_error *err)
{
    const int code = sqlite3_exec(db->handle, sql, row_fn, row_ctx, NULL);
    return code == SQLITE_OK ? MIMIC_OK : fail(db, code, "running SQL", err);
}

static int bind_value(sqlite3_stmt *statement, int index, const mimic_sqlite_value *value)
{
    if (value->text == NULL)
        return sqlite3_bind_int64(statement, index, value->number);
    if (value->is_blob)
        return sqlite3_bind_blob64(statement, index, value->text, value->size, SQLITE_STATIC);
    return sqlite3_bind_text64(statement, index, value->text, value->size, SQLITE_STATIC,
                               SQLITE_UTF8);
}

mimic_status mimic__sqlite_run(mimic_sqlite *db, const char *sql, const mimic_sqlite_value *values,
                               size_t value_count, mimic_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < value_count; i++)
        code = bind_value(statement, (int)i + 1, &values[i]);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    const mimic_status status =
        code == SQLITE_DONE || code == SQLITE_ROW ? MIMIC_OK : fail(db, code, "running SQL", err);
    sqlite3_finalize(statement);
    return status;
}

/* ---- reading ---- */

struct mimic_sqlite_cursor {
    mimic_sqlite *db;
    sqlite3_stmt *statement;
    int width;
};

mimic_status mimic__sqlite_select(mimic_sqlite *db, const char *sql,
                                  mimic_sqlite_cursor **out_cursor, mimic_error *err)
{
    *out_cursor = NULL;
    mimic_sqlite_cursor *cursor = mimic__alloc_zeroed(db->ctx, 1, sizeof *cursor);
    if (cursor == NULL)
        return mimic__fail_memory(err);
    cursor->db = db;
    const int code = sqlite3_prepare_v2(db->handle, sql, -1, &cursor->statement, NULL);
    if (code != SQLITE_OK) {
        mimic__sqlite_cursor_free(cursor);
        return fail(db, code, "preparing to read", err);
    }
    cursor->width = sqlite3_column_count(cursor->statement);
    *out_cursor = cursor;
    return MIMIC_OK;
}

static bool take_cell(sqlite3_stmt *statement, int index, mimic_sqlite_found *cell)
{
    switch (sqlite3_column_type(statement, index)) {
    case SQLITE_INTEGER:
        cell->kind = MIMIC_SQLITE_INTEGER;
        cell->integer = sqlite3_column_int64(statement, index);
        return true;
    case SQLITE_FLOAT:
        cell->kind = MIMIC_SQLITE_REAL;
        cell->real = sqlite3_column_double(statement, index);
        return true;
    case SQLITE_TEXT:
        cell->kind = MIMIC_SQLITE_TEXT;
        cell->bytes = (const char *)sqlite3_column_text(statement, index);
        cell->size = (size_t)sqlite3_column_bytes(statement, index);
        return cell->bytes != NULL;
    case SQLITE_BLOB:
        cell->kind = MIMIC_SQLITE_BLOB;
        cell->bytes = sqlite3_column_blob(statement, index);
        cell->size = (size_t)sqlite3_column_bytes(statement, index);
        return cell->bytes != NULL || cell->size == 0;
    default:
        cell->kind = MIMIC_SQLITE_NULL;
        return true;
    }
}

mimic_status mimic__sqlite_next_row(mimic_sqlite_cursor *cursor, mimic_sqlite_found *cells,
                                    mimic_error *err)
{
    const int code = sqlite3_step(cursor->statement);
    if (code == SQLITE_DONE)
        return MIMIC_END;
    if (code != SQLITE_ROW)
        return fail(cursor->db, code, "reading", err);
    for (int i = 0; i < cursor->width; i++)
        if (!take_cell(cursor->statement, i, &cells[i]))
            return mimic__fail_memory(err);
    return MIMIC_OK;
}

size_t mimic__sqlite_cursor_width(const mimic_sqlite_cursor *cursor)
{
    return (size_t)cursor->width;
}

void mimic__sqlite_cursor_free(mimic_sqlite_cursor *cursor)
{
    if (cursor == NULL)
        return;
    sqlite3_finalize(cursor->statement);
    mimic__free(cursor->db->ctx, cursor);
}

/* ---- values: one function a type, so that a cell costs no decision ---- */

static void result_boolean(sqlite3_context *result, batch_column *column, int64_t row)
{
    const uint8_t *bits = column->data->values;
    sqlite3_result_int(result, (bits[row >> 3] >> (row & 7)) & 1);
}

static void result_int16(sqlite3_context *result, batch_column *column, int64_t row)
{
    sqlite3_result_int(result, ((const int16_t *)column->data->values)[row]);
}

static void result_int32(sqlite3_context *result, batch_column *column, int64_t row)
{
    sqlite3_result_int(result, ((const int32_t *)column->data->values)[row]);
}

static void result_int64(sqlite3_context *result, batch_column *column, int64_t row)
{
    sqlite3_result_int64(result, ((const int64_t *)column->data->values)[row]);
}

static void result_float32(sqlite3_context *result, batch_column *column, int64_t row)
{
    sqlite3_result_double(result, (double)((const float *)column->data->values)[row]);
}

static void result_float64(sqlite3_context *result, batch_column *column, int64_t row)
{
    sqlite3_result_double(result, ((const double *)column->data->values)[row]);
}

static void result_decimal(sqlite3_context *result, batch_column *column, int64_t row)
{
    const unsigned char *value = (const unsigned char *)column->data->values + 16 * row;
    const size_t size = mimic__format_decimal(column->text, value, column->data->scale);
    sqlite3_result_text(result, column->text, (int)size, SQLITE_STATIC);
}

static void result_date(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int32_t value = ((const int32_t *)column->data->values)[row];
    if (column->last_size == 0 || value != column->last_value) {
        column->last_size = mimic__format_date(column->text, value);
        column->last_value = value;
    }
    sqlite3_result_text(result, column->text, column->last_size, SQLITE_STATIC);
}

static void result_time(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int64_t value = ((const int64_t *)column->data->values)[row];
    if (column->last_size == 0 || value != column->last_value) {
        column->last_size = mimic__format_time(column->text, value);
        column->last_value = value;
    }
    sqlite3_result_text(result, column->text, column->last_size, SQLITE_STATIC);
}

static void result_timestamp(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int64_t value = ((const int64_t *)column->data->values)[row];
    if (column->last_size == 0 || value != column->last_value) {
        column->last_size = mimic__format_timestamp(column->text, value, ' ');
        column->last_value = value;
        if (column->data->type == MIMIC_TYPE_TIMESTAMPTZ)
            column->text[column->last_size++] = 'Z';
    }
    sqlite3_result_text(result, column->text, column->last_size, SQLITE_STATIC);
}

static void result_string(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int32_t *offsets = column->data->offsets;
    sqlite3_result_text(result, (const char *)column->data->values + offsets[row],
                        offsets[row + 1] - offsets[row], SQLITE_STATIC);
}

static void result_binary(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int32_t *offsets = column->data->offsets;
    sqlite3_result_blob(result, (const char *)column->data->values + offsets[row],
                        offsets[row + 1] - offsets[row], SQLITE_STATIC);
}

static void result_categorical(sqlite3_context *result, batch_column *column, int64_t row)
{
    const int32_t code = ((const int32_t *)column->data->values)[row];
    const int32_t *offsets = column->data->dictionary->offsets + code;
    sqlite3_result_text(result, column->data->dictionary->bytes + offsets[0],
                        offsets[1] - offsets[0], SQLITE_STATIC);
}

static result_fn choose_result(mimic_type type, bool integer_times)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return result_boolean;
    case MIMIC_TYPE_INT16:
        return result_int16;
    case MIMIC_TYPE_INT32:
        return result_int32;
    case MIMIC_TYPE_INT64:
        return result_int64;
    case MIMIC_TYPE_FLOAT32:
        return result_float32;
    case MIMIC_TYPE_FLOAT64:
        return result_float64;
    case MIMIC_TYPE_DECIMAL:
        return result_decimal;
    case MIMIC_TYPE_DATE:
        return result_date;
    case MIMIC_TYPE_TIME:
        return integer_times ? result_int64 : result_time;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return integer_times ? result_int64 : result_timestamp;
    case MIMIC_TYPE_CATEGORICAL:
        return result_categorical;
    case MIMIC_TYPE_BINARY:
        return result_binary;
    default:
        return result_string;
    }
}

/* ---- the batch as a virtual table (SQLite, "The Virtual Table Mechanism") ---- */

typedef struct batch_table {
    sqlite3_vtab base;
    mimic_sqlite *db;
    sqlite3_vtab_cursor cursor; /* one INSERT at a time opens one cursor */
} batch_table;

static int connect_batch(sqlite3 *handle, void *aux, int count, const char *const *arguments,
                         sqlite3_vtab **out_vtab, char **out_message)
{
    (void)count;
    (void)arguments;
    (void)out_message;
    mimic_sqlite *db = aux;
    mimic_buffer sql;
    mimic__buffer_init(&sql, db->ctx);
    mimic__buffer_text(&sql, "CREATE TABLE batch(c0");
    for (size_t i = 1; i < db->insert.table->field_count; i++)
        mimic__buffer_format(&sql, ",c%zu", i);
    mimic__buffer_append(&sql, ")", 2);
    int code = sql.failed ? SQLITE_NOMEM : sqlite3_declare_vtab(handle, sql.data);
    mimic__buffer_free(&sql);
    if (code != SQLITE_OK)
        return code;
    batch_table *table = mimic__alloc_zeroed(db->ctx, 1, sizeof *table);
    if (table == NULL)
        return SQLITE_NOMEM;
    table->db = db;
    *out_vtab = &table->base;
    return SQLITE_OK;
}

static int disconnect_batch(sqlite3_vtab *vtab)
{
    batch_table *table = (batch_table *)vtab;
    mimic__free(table->db->ctx, table);
    return SQLITE_OK;
}

static int plan_batch(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab;
    info->estimatedCost = 1;
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **out_cursor)
{
    *out_cursor = &((batch_table *)vtab)->cursor;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
    (void)cursor;
    return SQLITE_OK;
}

static mimic_sqlite *db_of(const sqlite3_vtab_cursor *cursor)
{
    return ((batch_table *)cursor->pVtab)->db;
}

static int rewind_cursor(sqlite3_vtab_cursor *cursor, int plan, const char *plan_text, int count,
                         sqlite3_value **values)
{
    (void)cursor; /* stands at db->next already */
    (void)plan;
    (void)plan_text;
    (void)count;
    (void)values;
    return SQLITE_OK;
}

static int step_cursor(sqlite3_vtab_cursor *cursor)
{
    db_of(cursor)->next++;
    return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *cursor)
{
    const mimic_sqlite *db = db_of(cursor);
    return db->next >= db->end;
}

static int get_cell(sqlite3_vtab_cursor *cursor, sqlite3_context *result, int index)
{
    const mimic_sqlite *db = db_of(cursor);
    batch_column *column = &db->columns[index];
    if (mimic_column_is_valid(column->data, db->next))
        column->result(result, column, db->next);
    return SQLITE_OK;
}

static int get_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out_rowid)
{
    *out_rowid = db_of(cursor)->next;
    return SQLITE_OK;
}

static const sqlite3_module BATCH_MODULE = {
    .xCreate = connect_batch,
    .xConnect = connect_batch,
    .xBestIndex = plan_batch,
    .xDisconnect = disconnect_batch,
    .xDestroy = disconnect_batch,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = rewind_cursor,
    .xNext = step_cursor,
    .xEof = is_at_end,
    .xColumn = get_cell,
    .xRowid = get_rowid,
};

/* ---- inserting ---- */

mimic_status mimic__sqlite_insert_open(mimic_sqlite *db, const mimic_sqlite_insert *insert,
                                       mimic_error *err)
{
    const mimic_table *table = insert->table;
    db->insert = *insert;
    db->columns = mimic__alloc_zeroed(db->ctx, table->field_count, sizeof *db->columns);
    if (db->columns == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++)
        db->columns[i].result = choose_result(table->fields[i].type, insert->integer_times);
    MIMIC_TRY(mimic__sqlite_rules_init(&db->rules, db->ctx, table, err));
    MIMIC_TRY(
        mimic__sqlite_exec(db, "CREATE VIRTUAL TABLE temp._mimic_batch USING mimic_batch", err));
    mimic_buffer sql;
    mimic__buffer_init(&sql, db->ctx);
    mimic__buffer_text(&sql, "INSERT OR FAIL INTO main.");
    mimic__sql_quote_identifier(&sql, table->name);
    mimic__buffer_text(&sql, " SELECT * FROM temp._mimic_batch");
    const int code = sql.failed
                         ? SQLITE_NOMEM
                         : sqlite3_prepare_v3(db->handle, sql.data, (int)sql.size,
                                              SQLITE_PREPARE_PERSISTENT, &db->statement, NULL);
    mimic__buffer_free(&sql);
    return code == SQLITE_OK ? MIMIC_OK : fail(db, code, "preparing the insert", err);
}

void mimic__sqlite_insert_close(mimic_sqlite *db)
{
    if (db->columns == NULL)
        return;
    sqlite3_finalize(db->statement);
    db->statement = NULL;
    /* Teardown: the temporary database goes with the connection in any case. */
    sqlite3_exec(db->handle, "DROP TABLE IF EXISTS temp._mimic_batch", NULL, NULL, NULL);
    mimic__sqlite_rules_free(&db->rules, db->ctx);
    mimic__free(db->ctx, db->columns);
    db->columns = NULL;
}

/* The field that SQLite's message "UNIQUE constraint failed: table.field" names; "" for several. */
static const char *clashing_field(const mimic_table *table, const char *message)
{
    const char *place = strstr(message, ": ");
    const size_t table_size = strlen(table->name);
    if (place == NULL || strncmp(place + 2, table->name, table_size) != 0 ||
        place[2 + table_size] != '.')
        return "";
    for (size_t i = 0; i < table->field_count; i++)
        if (strcmp(place + 2 + table_size + 1, table->fields[i].name) == 0)
            return table->fields[i].name;
    return "";
}

static mimic_status refuse_clash(const mimic_sqlite *db, int code, int64_t row, mimic_error *err)
{
    const bool is_primary = code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID;
    if (!is_primary && code != SQLITE_CONSTRAINT_UNIQUE)
        return fail(db, code, "inserting", err);
    mimic_buffer message;
    mimic__buffer_init(&message, db->ctx);
    mimic__buffer_format(&message, "a row with the same %s key came before (%s)",
                         is_primary ? "primary" : "unique", sqlite3_errmsg(db->handle));
    mimic__buffer_byte(&message, '\0');
    const mimic_status status =
        message.failed
            ? mimic__fail_memory(err)
            : mimic__sink_refuse(db->insert.host, row, MIMIC_REJECT_UNIQUE,
                                 clashing_field(db->insert.table, sqlite3_errmsg(db->handle)),
                                 message.data, err);
    mimic__buffer_free(&message);
    return status;
}

/* Inserts rows [first, end) and sets *out_next to the row where to go on. */
static mimic_status insert_rows(mimic_sqlite *db, int64_t first, int64_t end, int64_t *out_next,
                                mimic_error *err)
{
    db->next = first;
    db->end = end;
    int code = sqlite3_step(db->statement);
    if (code == SQLITE_ROW)
        code = SQLITE_MISUSE;
    sqlite3_reset(db->statement); /* returns `code` again, and leaves the message */
    *out_next = end;
    if (code == SQLITE_DONE)
        return MIMIC_OK;
    if ((code & 0xff) != SQLITE_CONSTRAINT)
        return fail(db, code, "inserting", err);
    *out_next = db->next + 1;
    return refuse_clash(db, code, db->next, err);
}

mimic_status mimic__sqlite_insert_batch(mimic_sqlite *db, const mimic_batch *batch, int64_t row,
                                        mimic_error *err)
{
    for (size_t i = 0; i < batch->column_count; i++) {
        db->columns[i].data = &batch->columns[i];
        db->columns[i].last_size = 0;
    }
    const bool is_suspect = mimic__sqlite_may_have_faults(&db->rules, batch);
    while (row < batch->row_count) {
        size_t column = 0;
        const int64_t end = is_suspect ? mimic__sqlite_find_fault(&db->rules, batch, row, &column)
                                       : batch->row_count;
        while (row < end)
            MIMIC_TRY(insert_rows(db, row, end, &row, err));
        if (row < batch->row_count)
            MIMIC_TRY(
                mimic__sqlite_refuse_fault(&db->rules, db->insert.host, batch, row++, column, err));
    }
    return MIMIC_OK;
}
