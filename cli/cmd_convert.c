/*
 * mimic convert: one table from one or more files into one target.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "job.h"
#include "talk.h"

/* The table of the schema file: the one that --table names, or the only one. */
static int choose_table(const cli_arguments *arguments, const mimic_dataset *dataset,
                        const mimic_table **out_table)
{
    const size_t count = mimic_dataset_table_count(dataset);
    if (arguments->table != NULL) {
        *out_table = mimic_dataset_find_table(dataset, arguments->table);
        if (*out_table == NULL)
            talk_error("%s has no table '%s'; 'mimic schema check' names its tables",
                       arguments->schema, arguments->table);
    } else if (count == 1) {
        *out_table = mimic_dataset_table(dataset, 0);
    } else {
        talk_error("%s holds %zu tables; name one with --table", arguments->schema, count);
    }
    return *out_table != NULL ? EXIT_DONE : EXIT_FAILED;
}

static int find_table(const job *j, const mimic_table **out_table)
{
    const cli_arguments *arguments = j->arguments;
    mimic_error err = MIMIC_ERROR_INIT;
    *out_table = NULL;
    if (arguments->schema != NULL) {
        const mimic_dataset *dataset = NULL;
        char *json = NULL;
        size_t size = 0;
        if (session_read_file(arguments->schema, &json, &size) != EXIT_DONE)
            return EXIT_FAILED;
        const mimic_status status = mimic_registry_add_json(j->session.registry, json, size,
                                                            arguments->schema, &dataset, &err);
        free(json);
        return status == MIMIC_OK ? choose_table(arguments, dataset, out_table)
                                  : talk_mimic_error(&err);
    }
    if (arguments->table == NULL)
        return EXIT_DONE; /* the library recognises it */
    if (mimic_registry_find_table(j->session.registry, arguments->table, out_table, &err) !=
        MIMIC_OK)
        return talk_mimic_error(&err);
    return EXIT_DONE;
}

static int convert(job *j)
{
    const cli_list *operands = &j->arguments->operands;
    const mimic_table *table = NULL;
    const int found = find_table(j, &table);
    if (found != EXIT_DONE)
        return found;
    j->is_recognised = table == NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_report *report = NULL;
    const mimic_status status = mimic_convert(
        j->session.ctx, j->session.registry, table, (const char *const *)operands->items,
        operands->count - 1, operands->items[operands->count - 1], &j->load, &report, &err);
    return job_end(j, status, report, &err);
}

/* A target forgotten on the command line must not cost the last input. */
static int check_target(const cli_arguments *arguments)
{
    const cli_list *operands = &arguments->operands;
    const char *target = operands->items[operands->count - 1];
    struct stat target_info;
    struct stat input_info;
    if (stat(target, &target_info) != 0)
        return EXIT_DONE;
    for (size_t i = 0; i + 1 < operands->count; i++) {
        if (stat(operands->items[i], &input_info) == 0 && input_info.st_dev == target_info.st_dev &&
            input_info.st_ino == target_info.st_ino) {
            talk_error("the target %s is an input too; give the target another name\n"
                       "See 'mimic convert --help'.",
                       target);
            return EXIT_USAGE;
        }
    }
    return EXIT_DONE;
}

static int run_convert(const cli_arguments *arguments)
{
    job j;
    int status = check_target(arguments);
    if (status != EXIT_DONE)
        return status;
    status = job_open(arguments, &j);
    if (status == EXIT_DONE)
        status = convert(&j);
    job_close(&j);
    return status;
}

static const cli_option rows[] = {
    {"table", 0, OPTION_TEXT, "TABLE", OPTION_AT(table),
     "Schema of the input, such as mimic-iv@3.1/labevents; with --schema, a table of that file. "
     "Default: recognised from the file's name and header."},
    {"schema", 0, OPTION_TEXT, "FILE", OPTION_AT(schema),
     "Take the schema from FILE: a Table Schema, a resource or a Data Package (JSON)."},
    {"columns", 0, OPTION_LIST, "NAMES", OPTION_AT(columns),
     "Only these columns, in this order, parted by commas; the others are not even parsed."},
    {"where", 0, OPTION_TEXT, "FILTER", OPTION_AT(where),
     "Only rows for which FILTER holds: COLUMN = VALUE or COLUMN in (VALUE, VALUE, ...), joined by "
     "'and'. A VALUE is a whole number or, for columns of texts, a text in double quotes. The others "
     "are counted as filtered."},
    {"limit", 0, OPTION_COUNT, "N", OPTION_AT(limit), "Stop after N rows, such as 500 or 10k."},
    OPTION_END};

static const cli_option *const groups[] = {
    rows,         group_policy, group_keys,   group_limits, group_dialect, group_records, group_target, group_jobs,
    group_format, group_quiet,  group_schema_dir, group_help,    NULL};

const cli_command cmd_convert = {
    .name = "convert",
    .summary = "convert one table into a typed, validated target",
    .operands = "INPUT... TARGET",
    .min_operands = 2,
    .max_operands = SIZE_MAX,
    .groups = groups,
    .description =
        "Reads the INPUT files (CSV; plain, gzip or Zstandard; - is standard input), which are "
        "parts of one table, each with its own header, and writes TARGET. Columns are matched by "
        "name, without regard to case, never by position. Nothing is guessed: each value fits the "
        "type of its column exactly, or its row is a reject.\n\n"
        "Targets:\n\n"
        " sqlite:PATH   or a path ending .db, .sqlite or .sqlite3\n"
        " postgresql:// a PostgreSQL database, addressed as for psql\n"
        " PATH.arrow    an Arrow IPC file; .arrows for the stream format;\n"
        "               arrow:DIR for a file named after the table\n"
        " PATH.csv      normalised CSV; also .csv.gz and .csv.zst; csv:DIR\n"
        " null:         nothing is written, everything is checked\n\n"
        "An unquoted empty field is NULL, a quoted empty field is an empty text. Files appear "
        "whole "
        "or not at all; a table of a database is replaced in one transaction.",
    .exit_status = exit_status_rows,
    .examples = "mimic convert hosp/labevents.csv.gz labevents.arrow\n"
                "A table of a known dataset, recognised by its name and header.\n"
                "mimic convert --columns stay_id,charttime,valuenum \\\n"
                "    --where 'itemid in (220045, 220050)' icu/chartevents.csv.gz vitals.db\n"
                "Heart rate and arterial pressure only, three columns, into SQLite.\n"
                "mimic schema infer wards.csv -o wards.json && \\\n"
                "    mimic convert --schema wards.json wards.csv wards.db\n"
                "A file of your own: draft a schema, look it over, use it.\n"
                "ssh store cat labevents.csv.gz | \\\n"
                "    mimic convert --table mimic-iv@3.1/labevents - null:\n"
                "Check what comes through a pipe.\n",
    .run = run_convert,
};
