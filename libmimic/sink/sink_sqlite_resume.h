/*
 * Going on with a new database that a load left unfinished. While a table is written past SQLite
 * (sink_sqlite_direct.h), PRAGMA user_version says how many pages the file had when that began; it is
 * set and taken back in SQLite's own transactions, so that a kill at any moment leaves either a
 * database that SQLite can roll back, or one whose last table is to be emptied first.
 */
#ifndef MIMIC_SINK_SQLITE_RESUME_H
#define MIMIC_SINK_SQLITE_RESUME_H

#include "sink/sink_sqlite_db.h"
#include "sink/sqlite_pages.h"

/* Within the transaction that makes the table, and in the one that completes or drops it. */
mimic_status mimic__sqlite_mark_direct(mimic_sqlite *db, mimic_error *err);
mimic_status mimic__sqlite_unmark_direct(mimic_sqlite *db, mimic_error *err);

typedef struct mimic_sqlite_resume {
    const mimic_context *ctx;
    mimic_sqlite_pages *pages; /* of the file */
    int (*keeps)(const mimic_ledger_entry *entry, void *ctx);
    void *keeps_ctx;
    size_t kept_count; /* out */
} mimic_sqlite_resume;

/* Brings the database to where its ledger says that it is: drops tables without a line and those that
 * are not to be kept, and notes the others in temp._mimic_done. */
mimic_status mimic__sqlite_resume(mimic_sqlite *db, mimic_sqlite_resume *resume, mimic_error *err);

#endif
