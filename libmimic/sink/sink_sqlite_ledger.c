/*
 * See sink_sqlite_ledger.h. Lines are read whole before the first is told: whoever listens may ask
 * the database for something else.
 */
#include "sink/sink_sqlite_ledger.h"

#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "sink/sink_ledger.h"

static mimic_status run_text(mimic_sqlite *db, mimic_buffer *sql, const mimic_sqlite_value *values,
                             size_t count, mimic_error *err)
{
    mimic__buffer_byte(sql, '\0');
    const mimic_status status = sql->failed ? mimic__fail_memory(err)
                                : values == NULL
                                    ? mimic__sqlite_exec(db, sql->data, err)
                                    : mimic__sqlite_run(db, sql->data, values, count, err);
    mimic__buffer_free(sql);
    return status;
}

mimic_status mimic__sqlite_ledger_create(mimic_sqlite *db, mimic_error *err)
{
    mimic_buffer sql;
    mimic__buffer_init(&sql, mimic__sqlite_context(db));
    mimic__buffer_text(&sql, "CREATE TABLE IF NOT EXISTS main._mimic_ledger (");
    for (size_t i = 0; i < MIMIC_LEDGER_COLUMN_COUNT; i++) {
        const mimic_ledger_column *const column = &mimic__ledger_columns[i];
        mimic__buffer_format(&sql, "%s%s %s NOT NULL%s", i == 0 ? "" : ", ", column->name,
                             column->is_text ? "TEXT" : "INTEGER",
                             i == 0 ? " PRIMARY KEY COLLATE NOCASE" : "");
    }
    mimic__buffer_text(&sql, ") STRICT, WITHOUT ROWID");
    return run_text(db, &sql, NULL, 0, err);
}

mimic_status mimic__sqlite_ledger_store(mimic_sqlite *db, const mimic_ledger_entry *entry,
                                        mimic_error *err)
{
    mimic_sqlite_value values[MIMIC_LEDGER_COLUMN_COUNT] = {{0}};
    mimic_buffer sql;
    mimic__buffer_init(&sql, mimic__sqlite_context(db));
    mimic__buffer_text(&sql, "INSERT OR REPLACE INTO main._mimic_ledger (");
    for (size_t i = 0; i < MIMIC_LEDGER_COLUMN_COUNT; i++) {
        mimic__buffer_format(&sql, "%s%s", i == 0 ? "" : ", ", mimic__ledger_columns[i].name);
        if (mimic__ledger_columns[i].is_text)
            values[i] = (mimic_sqlite_value){.text = mimic__ledger_text(entry, i),
                                             .size = strlen(mimic__ledger_text(entry, i))};
        else
            values[i].number = mimic__ledger_number(entry, i);
    }
    mimic__buffer_text(&sql, ") VALUES (");
    for (size_t i = 0; i < MIMIC_LEDGER_COLUMN_COUNT; i++)
        mimic__buffer_format(&sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
    mimic__buffer_text(&sql, ")");
    return run_text(db, &sql, values, MIMIC_LEDGER_COLUMN_COUNT, err);
}

mimic_status mimic__sqlite_ledger_forget(mimic_sqlite *db, const char *table, mimic_error *err)
{
    const mimic_sqlite_value name = {.text = table, .size = strlen(table)};
    return mimic__sqlite_run(db, "DELETE FROM main._mimic_ledger WHERE table_name = ?1", &name, 1,
                             err);
}

/* ---- reading ---- */

typedef struct ledger_line {
    struct ledger_line *next;
    mimic_ledger_entry entry;
} ledger_line;

typedef struct ledger_reading {
    mimic_arena arena;
    ledger_line *first;
    ledger_line **last;
    bool ran_out; /* of memory */
} ledger_reading;

static int take_line(void *ctx, int count, char **values, char **names)
{
    ledger_reading *reading = ctx;
    mimic_ledger_entry entry = MIMIC_LEDGER_ENTRY_INIT;
    ledger_line *line = mimic__arena_alloc(&reading->arena, sizeof *line);
    /* By name: a later version may know more columns, an earlier one fewer. */
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < MIMIC_LEDGER_COLUMN_COUNT; k++)
            if (strcmp(names[i], mimic__ledger_columns[k].name) == 0)
                mimic__ledger_set(&entry, k, values[i]);
    reading->ran_out = line == NULL || !mimic__ledger_copy(&reading->arena, &entry, &line->entry);
    if (reading->ran_out)
        return 1;
    *reading->last = line;
    reading->last = &line->next;
    return 0;
}

static int take_answer(void *ctx, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    *(bool *)ctx = values[0] != NULL && values[0][0] == '1';
    return 0;
}

static mimic_status read_lines(mimic_sqlite *db, ledger_reading *reading, mimic_error *err)
{
    bool has_ledger = false;
    MIMIC_TRY(mimic__sqlite_query(db,
                                  "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table'"
                                  " AND name = '_mimic_ledger' COLLATE NOCASE",
                                  take_answer, &has_ledger, err));
    if (!has_ledger)
        return MIMIC_OK;
    const mimic_status status = mimic__sqlite_query(
        db,
        "SELECT * FROM main._mimic_ledger AS l WHERE EXISTS (SELECT 1 FROM main.sqlite_schema AS s"
        " WHERE s.type = 'table' AND s.name = l.table_name COLLATE NOCASE) ORDER BY table_name",
        take_line, reading, err);
    return reading->ran_out ? mimic__fail_memory(err) : status;
}

mimic_status mimic__sqlite_ledger_read(mimic_sqlite *db, mimic_ledger_fn fn, void *fn_ctx,
                                       mimic_error *err)
{
    ledger_reading reading = {.ran_out = false};
    reading.last = &reading.first;
    mimic__arena_init(&reading.arena, mimic__sqlite_context(db));
    mimic_status status = read_lines(db, &reading, err);
    for (const ledger_line *line = reading.first; line != NULL && status == MIMIC_OK;
         line = line->next)
        if (fn(&line->entry, fn_ctx) != 0)
            status = mimic__fail(err, MIMIC_ERR_CANCELLED, "stopped while reading the ledger");
    mimic__arena_free(&reading.arena);
    return status;
}
