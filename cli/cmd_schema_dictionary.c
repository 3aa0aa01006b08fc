/*
 * mimic schema dictionary: a data dictionary to publish.
 */
#include "commands.h"
#include "session.h"
#include "talk.h"

static int print_dictionary(const session *s, const cli_arguments *arguments)
{
    mimic_error err = MIMIC_ERROR_INIT;
    const mimic_dataset *dataset = NULL;
    char *text = NULL;
    /* The choices stand in the order of MIMIC_TEXT_. */
    const mimic_text_format format =
        arguments->text_format != 0 ? arguments->text_format : MIMIC_TEXT_MARKDOWN;
    mimic_status status =
        mimic_registry_find_dataset(s->registry, arguments->operands.items[0], &dataset, &err);
    if (status == MIMIC_OK)
        status = mimic_schema_dictionary(s->ctx, dataset, format, &text, &err);
    if (status != MIMIC_OK)
        return talk_mimic_error(&err);
    const int result = session_write_text(arguments->output, text);
    mimic_free(s->ctx, text);
    return result;
}

static int run_dictionary(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE)
        result = print_dictionary(&s, arguments);
    session_close(&s);
    return result;
}

static const cli_option format[] = {
    {"format", 0, OPTION_CHOICE, "markdown|html", OPTION_AT(text_format),
     "markdown, or html: one page, complete in itself. Default: markdown."},
    OPTION_END};

static const cli_option *const groups[] = {format,           group_output, group_quiet,
                                           group_schema_dir, group_help,   NULL};

const cli_command cmd_schema_dictionary = {
    .name = "schema dictionary",
    .summary = "write the data dictionary of a release",
    .operands = "DATASET",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description = "Writes a data dictionary: tables, columns, types, keys, descriptions and "
                   "relations of a release such as mimic-iv@3.1.",
    .examples = "mimic schema dictionary mimic-iv@3.1 --format html -o mimic-iv.html\n"
                "A page for the intranet.\n"
                "mimic schema dictionary synthea | less\n"
                "To read at once.\n",
    .run = run_dictionary,
};
