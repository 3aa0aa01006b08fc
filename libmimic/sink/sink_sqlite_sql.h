/* SQL texts of the SQLite sink, as pure functions from a table to a text. */
#ifndef MIMIC_SINK_SQLITE_SQL_H
#define MIMIC_SINK_SQLITE_SQL_H

#include <mimic/schema.h>

#include "base/buffer.h"

/* CREATE INDEX statements for the foreign keys of a table and for the usual patient and stay
 * columns, leaving out what a primary or unique key covers already. */
void mimic__sqlite_index_sql(mimic_buffer *sql, const mimic_table *table);

/* CREATE TABLE, without a semicolon. */
void mimic__ddl_sqlite_table(mimic_buffer *sql, const mimic_table *table, bool integer_times);
void mimic__sql_quote_identifier(mimic_buffer *sql, const char *name);

#endif
