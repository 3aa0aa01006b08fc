/*
 * Values that a SQLite table cannot hold as they are: NaN, which SQLite turns into NULL, NULL where
 * the table requires a value or in a key, and values beyond SQLite's limit of size. Both ways of
 * writing rows, inserts and pages, ask here, so that they refuse the same.
 */
#ifndef MIMIC_SINK_SQLITE_FAULT_H
#define MIMIC_SINK_SQLITE_FAULT_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/context_internal.h"

typedef struct mimic_sqlite_rules {
    const mimic_table *table;
    bool *must_be_present; /* by field: NOT NULL, or part of the primary key */
} mimic_sqlite_rules;

mimic_status mimic__sqlite_rules_init(mimic_sqlite_rules *rules, const mimic_context *ctx,
                                      const mimic_table *table, mimic_error *err);
void mimic__sqlite_rules_free(mimic_sqlite_rules *rules, const mimic_context *ctx);

/* Whether a look at single cells is worth it: nearly never. */
bool mimic__sqlite_may_have_faults(const mimic_sqlite_rules *rules, const mimic_batch *batch);
/* The first row from `row` on that holds a fault, with its column; row_count when there is none. */
int64_t mimic__sqlite_find_fault(const mimic_sqlite_rules *rules, const mimic_batch *batch,
                                 int64_t row, size_t *out_column);
/* Refuses a row with a fault in `column` through the host. */
mimic_status mimic__sqlite_refuse_fault(const mimic_sqlite_rules *rules,
                                        const mimic_sink_host *host, const mimic_batch *batch,
                                        int64_t row, size_t column, mimic_error *err);

#endif
