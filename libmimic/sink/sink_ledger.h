/*
 * The ledger as sinks store it: its columns by name, and lines that are kept in memory. A line is a
 * mimic_ledger_entry (mimic/sink.h); the table's name is the key, in any case.
 */
#ifndef MIMIC_SINK_LEDGER_H
#define MIMIC_SINK_LEDGER_H

#include <stdbool.h>

#include <mimic/sink.h>

#include "base/arena.h"

/* A member of an entry: "table_name", "source_bytes" … */
typedef struct mimic_ledger_column {
    const char *name;
    size_t offset; /* in mimic_ledger_entry */
    bool is_text;  /* const char *, else int64_t */
} mimic_ledger_column;

#define MIMIC_LEDGER_COLUMN_COUNT 18

/* In the order of the struct; the first is the table's name. */
extern const mimic_ledger_column mimic__ledger_columns[MIMIC_LEDGER_COLUMN_COUNT];

const char *mimic__ledger_text(const mimic_ledger_entry *entry, size_t column);
int64_t mimic__ledger_number(const mimic_ledger_entry *entry, size_t column);
/* `text` is borrowed; NULL counts as "" or -1. */
void mimic__ledger_set(mimic_ledger_entry *entry, size_t column, const char *text);

/* A copy with all its texts; false when memory ran out. */
bool mimic__ledger_copy(mimic_arena *arena, const mimic_ledger_entry *entry,
                        mimic_ledger_entry *out_copy);

#endif
