/*
 * The ledger of a database: table _mimic_ledger, a line a table, written in the transaction of the
 * table that it tells of.
 */
#ifndef MIMIC_SINK_SQLITE_LEDGER_H
#define MIMIC_SINK_SQLITE_LEDGER_H

#include "sink/sink_sqlite_db.h"

/* Makes _mimic_ledger where it is not there. */
mimic_status mimic__sqlite_ledger_create(mimic_sqlite *db, mimic_error *err);
/* Stores a line, replacing the table's former one. */
mimic_status mimic__sqlite_ledger_store(mimic_sqlite *db, const mimic_ledger_entry *entry,
                                        mimic_error *err);
mimic_status mimic__sqlite_ledger_forget(mimic_sqlite *db, const char *table, mimic_error *err);
/* Tells the lines of tables that are there, by name. Nothing for a database without a ledger. */
mimic_status mimic__sqlite_ledger_read(mimic_sqlite *db, mimic_ledger_fn fn, void *fn_ctx,
                                       mimic_error *err);

#endif
