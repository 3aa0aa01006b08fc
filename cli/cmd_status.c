/*
 * mimic status: what a target holds, by its ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

enum { CELL_COUNT = 9, CELL_BYTES = 96 };

typedef struct status_row {
    char cells[CELL_COUNT][CELL_BYTES];
} status_row;

typedef struct status_table {
    int is_json;
    status_row *rows; /* text: the first is the heading */
    size_t count;
} status_table;

static status_row *add_row(status_table *table)
{
    status_row *rows = realloc(table->rows, (table->count + 1) * sizeof *rows);
    if (rows == NULL)
        talk_out_of_memory();
    table->rows = rows;
    return &rows[table->count++];
}

static void fill_row(status_row *row, const mimic_ledger_entry *e)
{
    char number[NUMBER_BYTES];
    const char *const texts[CELL_COUNT] = {e->table,   e->dataset, e->source, e->source_hash, "", "",
                                           "",         e->finished, e->library_version};
    for (size_t i = 0; i < CELL_COUNT; i++)
        (void)snprintf(row->cells[i], CELL_BYTES, "%.*s", i == 3 ? 8 : 60, texts[i]);
    (void)snprintf(row->cells[0], CELL_BYTES, "%.60s%s", e->table, e->is_waiting ? " *" : "");
    (void)snprintf(row->cells[4], CELL_BYTES, "%s", talk_number(e->written, number));
    (void)snprintf(row->cells[5], CELL_BYTES, "%s", talk_number(e->rejected, number));
    (void)snprintf(row->cells[6], CELL_BYTES, "%s", talk_number(e->duplicates, number));
}

static void print_json_line(const mimic_ledger_entry *e, int is_first)
{
    talk_json_text(is_first ? "\n  {" : ",\n  {", "table", e->table);
    talk_json_text(", ", "module", e->module);
    talk_json_text(", ", "dataset", e->dataset);
    talk_json_text(", ", "source", e->source);
    talk_json_number(", ", "source_bytes", e->source_bytes);
    talk_json_number(", ", "source_modified", e->source_modified);
    talk_json_text(", ", "source_hash", e->source_hash);
    talk_json_text(", ", "schema_hash", e->schema_hash);
    talk_json_text(", ", "options_hash", e->options_hash);
    talk_json_text(", ", "library_version", e->library_version);
    talk_json_number(", ", "read", e->read);
    talk_json_number(", ", "written", e->written);
    talk_json_number(", ", "rejected", e->rejected);
    talk_json_number(", ", "duplicates", e->duplicates);
    talk_json_number(", ", "filtered", e->filtered);
    talk_json_number(", ", "nulled", e->nulled);
    talk_json_text(", ", "started", e->started);
    talk_json_text(", ", "finished", e->finished);
    (void)printf(", \"is_waiting\": %s}", e->is_waiting ? "true" : "false");
}

static int take_line(const mimic_ledger_entry *entry, void *ctx)
{
    status_table *table = ctx;
    if (!table->is_json)
        fill_row(add_row(table), entry);
    else if (table->count++ == 0)
        (void)fputs("{\"tables\": [", stdout);
    if (table->is_json)
        print_json_line(entry, table->count == 1);
    return 0;
}

static void print_rows(const status_table *table)
{
    size_t widths[CELL_COUNT] = {0};
    for (size_t r = 0; r < table->count; r++)
        for (size_t i = 0; i < CELL_COUNT; i++) {
            const size_t size = strlen(table->rows[r].cells[i]);
            widths[i] = size > widths[i] ? size : widths[i];
        }
    for (size_t r = 0; r < table->count; r++) {
        for (size_t i = 0; i < CELL_COUNT; i++) {
            const char *cell = table->rows[r].cells[i];
            const int gap = (int)(widths[i] - strlen(cell));
            const int is_number = i >= 4 && i <= 6;
            talk_print(stdout, "%s%*s%s", i == 0 ? "" : "  ", is_number ? gap : 0, "", cell);
            if (!is_number && i + 1 < CELL_COUNT)
                (void)fprintf(stdout, "%*s", gap, "");
        }
        (void)fputc('\n', stdout);
    }
}

static void print_state(const mimic_ledger_state *state)
{
    if (state->writer[0] != '\0')
        talk_print(stdout, "\nBeing written by %s.\n", state->writer);
    else if (state->is_unfinished)
        talk_print(stdout, "\nA load was cut short; the next one goes on with it.\n");
    if (state->is_unfinished)
        talk_print(stdout, "Tables with * are finished and appear with the end of the load.\n");
}

static void print_end(const status_table *table, const mimic_ledger_state *state)
{
    if (!table->is_json) {
        print_rows(table);
        print_state(state);
        return;
    }
    (void)fputs(table->count == 0 ? "{\"tables\": [" : "", stdout);
    (void)printf("],\n \"is_unfinished\": %s", state->is_unfinished ? "true" : "false");
    talk_json_text(", ", "writer", state->writer);
    (void)fputs("}\n", stdout);
}

static void add_heading(status_table *table)
{
    static const char *const headings[CELL_COUNT] = {"table",      "dataset", "source",
                                                     "hash",       "rows",    "rejected",
                                                     "duplicates", "loaded",  "version"};
    status_row *heading = add_row(table);
    for (size_t i = 0; i < CELL_COUNT; i++)
        (void)snprintf(heading->cells[i], CELL_BYTES, "%s", headings[i]);
}

static int run_status(const cli_arguments *arguments)
{
    session s;
    status_table table = {.is_json = arguments->format == FORMAT_JSON};
    int status = session_open(arguments, &s);
    if (status == EXIT_DONE) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_ledger_state state = MIMIC_LEDGER_STATE_INIT;
        mimic_sink_options options = MIMIC_SINK_OPTIONS_INIT;
        options.pg_schema = arguments->pg_schema;
        if (!table.is_json)
            add_heading(&table);
        if (mimic_ledger_read(s.ctx, arguments->operands.items[0], &options, take_line, &table,
                              &state, &err) != MIMIC_OK)
            status = talk_mimic_error(&err);
        else
            print_end(&table, &state);
    }
    free(table.rows);
    session_close(&s);
    return status;
}

static const cli_option *const groups[] = {group_pg_schema, group_format, group_quiet, group_help,
                                           NULL};

const cli_command cmd_status = {
    .name = "status",
    .summary = "show what a target holds and where it came from",
    .operands = "TARGET",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description =
        "Prints the ledger of a target: for every table that mimic loaded into it the release, the "
        "source and its hash (eight digits of it; --format json has all), the rows, rejects and "
        "duplicates, when it was loaded and by which version. Tells too of a load that is under "
        "way, or that was cut short and will be gone on with. Nothing is locked or changed.\n\n"
        "Single files have no ledger.",
    .exit_status = "0 done\n1 failed; also when there is no target, or it has no ledger\n2 usage\n",
    .examples = "mimic status hospital.db\n"
                "Tables, sources, rows, rejects.\n"
                "mimic status --format json arrow:labs | jq -r '.tables[].source_hash'\n"
                "For a program.\n",
    .run = run_status,
};
