/*
 * See sink_ledger.h. One table of the members stands for all that goes through them: SQL, JSON, copies.
 */
#include "sink/sink_ledger.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(name, member) {name, offsetof(mimic_ledger_entry, member), true}
#define NUMBER(name, member) {name, offsetof(mimic_ledger_entry, member), false}

const mimic_ledger_column mimic__ledger_columns[MIMIC_LEDGER_COLUMN_COUNT] = {
    TEXT("table_name", table),
    TEXT("module", module),
    TEXT("dataset", dataset),
    TEXT("source", source),
    NUMBER("source_bytes", source_bytes),
    NUMBER("source_modified", source_modified),
    TEXT("source_hash", source_hash),
    TEXT("schema_hash", schema_hash),
    TEXT("options_hash", options_hash),
    TEXT("library_version", library_version),
    NUMBER("read", read),
    NUMBER("written", written),
    NUMBER("rejected", rejected),
    NUMBER("duplicates", duplicates),
    NUMBER("filtered", filtered),
    NUMBER("nulled", nulled),
    TEXT("started", started),
    TEXT("finished", finished),
};

const char *mimic__ledger_text(const mimic_ledger_entry *entry, size_t column)
{
    const char *text;
    memcpy(&text, (const char *)entry + mimic__ledger_columns[column].offset, sizeof text);
    return text == NULL ? "" : text;
}

int64_t mimic__ledger_number(const mimic_ledger_entry *entry, size_t column)
{
    int64_t number;
    memcpy(&number, (const char *)entry + mimic__ledger_columns[column].offset, sizeof number);
    return number;
}

void mimic__ledger_set(mimic_ledger_entry *entry, size_t column, const char *text)
{
    char *const member = (char *)entry + mimic__ledger_columns[column].offset;
    if (mimic__ledger_columns[column].is_text) {
        const char *const value = text == NULL ? "" : text;
        memcpy(member, &value, sizeof value);
    } else {
        const int64_t value = text == NULL ? -1 : strtoll(text, NULL, 10);
        memcpy(member, &value, sizeof value);
    }
}

bool mimic__ledger_copy(mimic_arena *arena, const mimic_ledger_entry *entry,
                        mimic_ledger_entry *out_copy)
{
    *out_copy = *entry;
    for (size_t i = 0; i < MIMIC_LEDGER_COLUMN_COUNT; i++) {
        if (!mimic__ledger_columns[i].is_text)
            continue;
        const char *const copy = mimic__arena_strdup(arena, mimic__ledger_text(entry, i));
        if (copy == NULL)
            return false;
        mimic__ledger_set(out_copy, i, copy);
    }
    return true;
}
