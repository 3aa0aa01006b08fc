/*
 * mimic schema diff: the header of a file against a schema.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

static const char *kind_name(mimic_drift_kind kind)
{
    static const char *const names[] = {"other",     "missing_required", "missing", "unknown",
                                        "reordered", "release",          "case"};
    return kind > 0 && (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : names[0];
}

static void print_item(const mimic_drift_item *item, int is_json, size_t index)
{
    if (!is_json) {
        talk_print(stdout, "%-16s  %s\n", kind_name(item->kind), item->message);
        return;
    }
    talk_json_text(index == 0 ? "[\n  {" : ",\n  {", "kind", kind_name(item->kind));
    talk_json_text(", ", "column", item->column);
    talk_json_number(", ", "filePosition", item->file_position);
    talk_json_number(", ", "schemaPosition", item->schema_position);
    talk_json_text(", ", "message", item->message);
    (void)fputs("}", stdout);
}

/* Pure case differences are named and are no drift. */
static int print_drift(const mimic_drift *drift, int is_json)
{
    int result = EXIT_DONE;
    const size_t count = mimic_drift_count(drift);
    for (size_t i = 0; i < count; i++) {
        mimic_drift_item item = {.struct_size = (uint32_t)sizeof item};
        (void)mimic_drift_get(drift, i, &item);
        print_item(&item, is_json, i);
        if (item.kind != MIMIC_DRIFT_RENAMED_CASE)
            result = EXIT_REJECTS;
    }
    if (is_json)
        (void)fputs(count == 0 ? "[]\n" : "\n]\n", stdout);
    else if (count == 0)
        (void)puts("no drift");
    return result;
}

/*
 * A reader that lacks a required column does not open, and then has no drift to show. It minds the
 * columns of its projection only, so one column that is there is enough; the first is tried first.
 */
static mimic_status open_reader(const session *s, const cli_arguments *arguments,
                                const mimic_table *table, mimic_source **out_source,
                                mimic_csv_reader **out_reader, mimic_error *err)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.delimiter = arguments->delimiter.value;
    options.quote = arguments->quote.value;
    options.no_quoting = arguments->quote.is_none;
    options.escape = arguments->escape.value;
    options.comment = arguments->comment.value;
    options.column_count = 1;
    mimic_status status = MIMIC_ERR_DRIFT;
    for (size_t i = 0; status == MIMIC_ERR_DRIFT && i < mimic_table_field_count(table); i++) {
        mimic_field_info field = MIMIC_FIELD_INFO_INIT;
        (void)mimic_table_field(table, i, &field);
        options.columns = &field.name;
        mimic_source_free(*out_source);
        *out_source = NULL;
        *err = (mimic_error)MIMIC_ERROR_INIT;
        status = mimic_source_open(s->ctx, arguments->operands.items[0], NULL, out_source, err);
        if (status == MIMIC_OK)
            status = mimic_csv_reader_open(s->ctx, *out_source, table, &options, out_reader, err);
    }
    return status;
}

static int diff(const session *s, const cli_arguments *arguments)
{
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_table *table = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_status status =
        mimic_registry_find_table(s->registry, arguments->operands.items[1], &table, &err);
    if (status == MIMIC_OK)
        status = open_reader(s, arguments, table, &source, &reader, &err);
    int result = EXIT_DONE;
    if (status == MIMIC_OK)
        result = print_drift(mimic_csv_reader_drift(reader), arguments->format == FORMAT_JSON);
    else
        result = talk_mimic_error(&err);
    if (status == MIMIC_ERR_DRIFT)
        result = EXIT_REJECTS; /* not one required column is there */
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return result;
}

static int run_diff(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE)
        result = diff(&s, arguments);
    session_close(&s);
    return result;
}

static const cli_option *const groups[] = {group_dialect,    group_format, group_quiet,
                                           group_schema_dir, group_help,   NULL};

const cli_command cmd_schema_diff = {
    .name = "schema diff",
    .summary = "compare the header of a file with a schema",
    .operands = "FILE TABLE",
    .min_operands = 2,
    .max_operands = 2,
    .groups = groups,
    .description = "Compares the header of FILE (CSV; plain, gzip or Zstandard) with TABLE, such "
                   "as mimic-iv@3.1/labevents, and prints what a load "
                   "would find: missing, unknown and reordered columns, names that differ in case, "
                   "signs of another release.",
    .exit_status = "0 no drift, or names that differ in case only\n1 failed\n2 usage\n3 drift\n",
    .examples = "mimic schema diff labevents.csv.gz mimic-iv@3.1/labevents\n"
                "Does this file fit release 3.1?\n",
    .run = run_diff,
};
