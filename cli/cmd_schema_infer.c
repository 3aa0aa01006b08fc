/*
 * mimic schema infer: a first draft of a Table Schema.
 */
#include "commands.h"
#include "session.h"
#include "talk.h"

static int infer(const session *s, const cli_arguments *arguments)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_source *source = NULL;
    char *json = NULL;
    mimic_status status =
        mimic_source_open(s->ctx, arguments->operands.items[0], NULL, &source, &err);
    if (status == MIMIC_OK)
        status = mimic_infer(s->ctx, source, arguments->sample, &json, &err);
    mimic_source_free(source);
    if (status != MIMIC_OK)
        return talk_mimic_error(&err);
    const int result = session_write_text(arguments->output, json);
    mimic_free(s->ctx, json);
    return result;
}

static int run_infer(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE)
        result = infer(&s, arguments);
    session_close(&s);
    return result;
}

static const cli_option rows[] = {{"sample", 0, OPTION_COUNT, "N", OPTION_AT(sample),
                                   "Look at the first N rows, such as 5000 or 1M. Default: 100k."},
                                  OPTION_END};

static const cli_option *const groups[] = {rows, group_output, group_quiet, group_help, NULL};

const cli_command cmd_schema_infer = {
    .name = "schema infer",
    .summary = "draft a Table Schema from a CSV file",
    .operands = "FILE",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description = "Reads the first rows of FILE (CSV; plain, gzip or Zstandard; - is standard "
                   "input) and prints a Table Schema (JSON): types, widths, required columns, "
                   "categories. It is a guess to be looked over; loads never guess.",
    .examples = "mimic schema infer wards.csv -o wards.json\n"
                "A draft to edit.\n"
                "mimic convert --schema wards.json wards.csv wards.db\n"
                "... and to use.\n",
    .run = run_infer,
};
