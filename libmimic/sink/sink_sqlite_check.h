/*
 * The check at the end of a load into SQLite: is the database sound? What was loaded, and how many
 * rows, stands in temp._mimic_done (sink_sqlite.c). Keys are looked at by the load.
 */
#ifndef MIMIC_SINK_SQLITE_CHECK_H
#define MIMIC_SINK_SQLITE_CHECK_H

#include <stdbool.h>

#include "sink/sink_sqlite_db.h"

typedef struct mimic_sqlite_check {
    const mimic_context *ctx;
    const char *path; /* for messages */
    bool is_new;      /* check all of it, not only what was loaded */
    bool is_thorough; /* integrity_check whatever the size */
    mimic_finding_fn finding;
    void *finding_ctx;
} mimic_sqlite_check;

/* Damage is MIMIC_ERR_BACKEND. */
mimic_status mimic__sqlite_check(mimic_sqlite *db, const mimic_sqlite_check *check,
                                 mimic_error *err);

#endif
