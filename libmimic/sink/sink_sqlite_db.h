/*
 * A SQLite connection as the sink needs it; the only file that sees sqlite3.h stands behind this.
 */
#ifndef MIMIC_SINK_SQLITE_DB_H
#define MIMIC_SINK_SQLITE_DB_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/context_internal.h"

typedef struct mimic_sqlite mimic_sqlite;

/* Opens `path`, which must exist (an empty file is an empty database). */
mimic_status mimic__sqlite_open(const mimic_context *ctx, const char *path, mimic_sqlite **out_db,
                                mimic_error *err);
/* Opens a database that must exist for reading only, and without trust in what stands in it. */
mimic_status mimic__sqlite_open_read(const mimic_context *ctx, const char *path,
                                     mimic_sqlite **out_db, mimic_error *err);
/* Rolls back what is not committed. NULL is allowed. */
void mimic__sqlite_free(mimic_sqlite *db);
/* The name that messages use instead of the path that is open; borrowed. */
void mimic__sqlite_set_name(mimic_sqlite *db, const char *name);
/* Closes the file, so that it may be renamed. The object must still be freed. */
mimic_status mimic__sqlite_close(mimic_sqlite *db, mimic_error *err);

/* Asks `interrupted` now and then while a statement runs; not 0 ends it with MIMIC_ERR_CANCELLED.
 */
void mimic__sqlite_set_interrupted(mimic_sqlite *db, int (*interrupted)(void *ctx), void *ctx);

const mimic_context *mimic__sqlite_context(const mimic_sqlite *db);

/* Runs statements without parameters. */
mimic_status mimic__sqlite_exec(mimic_sqlite *db, const char *sql, mimic_error *err);

/* Called for each row with its values as text, NULL for NULL; not 0 stops. */
typedef int (*mimic_sqlite_row_fn)(void *ctx, int column_count, char **values, char **names);
mimic_status mimic__sqlite_query(mimic_sqlite *db, const char *sql, mimic_sqlite_row_fn row_fn,
                                 void *row_ctx, mimic_error *err);

/* A parameter: text of `size` bytes, or a number where text is NULL. */
typedef struct mimic_sqlite_value {
    const char *text;
    size_t size;
    int64_t number;
    bool is_blob;
} mimic_sqlite_value;

/* Runs one statement; the parameters are numbered from 1. */
mimic_status mimic__sqlite_run(mimic_sqlite *db, const char *sql, const mimic_sqlite_value *values,
                               size_t value_count, mimic_error *err);

/* Reading rows. */
typedef struct mimic_sqlite_cursor mimic_sqlite_cursor;

typedef enum mimic_sqlite_kind {
    MIMIC_SQLITE_NULL,
    MIMIC_SQLITE_INTEGER,
    MIMIC_SQLITE_REAL,
    MIMIC_SQLITE_TEXT,
    MIMIC_SQLITE_BLOB
} mimic_sqlite_kind;

/* A value as it is stored; bytes are borrowed until the next row. */
typedef struct mimic_sqlite_found {
    mimic_sqlite_kind kind;
    int64_t integer;
    double real;
    const char *bytes; /* of texts and blobs */
    size_t size;
} mimic_sqlite_found;

/* Starts a statement that gives rows. */
mimic_status mimic__sqlite_select(mimic_sqlite *db, const char *sql,
                                  mimic_sqlite_cursor **out_cursor, mimic_error *err);
/* Fills a cell a column of the next row; MIMIC_END after the last one. */
mimic_status mimic__sqlite_next_row(mimic_sqlite_cursor *cursor, mimic_sqlite_found *cells,
                                    mimic_error *err);
size_t mimic__sqlite_cursor_width(const mimic_sqlite_cursor *cursor);
void mimic__sqlite_cursor_free(mimic_sqlite_cursor *cursor); /* NULL is allowed */

/*
 * Inserting batches into a table that exists: open, any number of batches, close. Rows that cannot
 * be held (NaN, NULL in a key, a key that is there) are refused through the host, in row order.
 */
typedef struct mimic_sqlite_insert {
    const mimic_table *table;
    const mimic_sink_host *host;
    bool integer_times;
} mimic_sqlite_insert;

mimic_status mimic__sqlite_insert_open(mimic_sqlite *db, const mimic_sqlite_insert *insert,
                                       mimic_error *err);
/* Of a batch the rows from `row` on. */
mimic_status mimic__sqlite_insert_batch(mimic_sqlite *db, const mimic_batch *batch, int64_t row,
                                        mimic_error *err);
void mimic__sqlite_insert_close(mimic_sqlite *db);

#endif
