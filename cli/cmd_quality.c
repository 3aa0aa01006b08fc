/*
 * mimic quality: what a target holds, described and checked.
 */
#include <stdlib.h>

#include "commands.h"
#include "progress.h"
#include "quality.h"
#include "talk.h"

static int ask(const char *table, int64_t rows, void *ctx)
{
    (void)ctx;
    mimic_progress progress = {.struct_size = sizeof progress,
                               .table = table,
                               .table_count = 1,
                               .total_bytes = -1,
                               .rows = rows,
                               .all_total_bytes = -1};
    return progress_update(&progress, NULL);
}

/* --format, else the ending of the file, else text. */
static mimic_quality_format chosen_format(const cli_arguments *arguments)
{
    static const mimic_quality_format formats[] = {0, MIMIC_QUALITY_PLAIN, MIMIC_QUALITY_JSON,
                                                   MIMIC_QUALITY_HTML};
    const mimic_quality_format by_name =
        arguments->output == NULL ? 0 : quality_format_of(arguments->output);
    if (arguments->format != 0)
        return formats[arguments->format];
    return by_name != 0 ? by_name : MIMIC_QUALITY_PLAIN;
}

/* Rules that do not hold are no failure of the report, but a job wants to know. */
static int64_t count_failed_checks(const mimic_quality *quality)
{
    mimic_quality_check_info check = MIMIC_QUALITY_CHECK_INFO_INIT;
    int64_t failed = 0;
    for (size_t i = 0; mimic_quality_check(quality, i, &check) == MIMIC_OK; i++)
        failed += check.verdict == MIMIC_QUALITY_FAILED;
    return failed;
}

static int report(const session *s, const cli_arguments *arguments)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_quality *quality = NULL;
    mimic_quality_read_options options = MIMIC_QUALITY_READ_OPTIONS_INIT;
    options.dataset = arguments->dataset;
    options.tables = (const char *const *)arguments->tables.items;
    options.table_count = arguments->tables.count;
    options.progress = ask;
    progress_begin(arguments->quiet);
    const mimic_status status = mimic_quality_read(
        s->ctx, s->registry, arguments->operands.items[0], &options, &quality, &err);
    progress_end();
    if (status != MIMIC_OK)
        return talk_mimic_error(&err);
    int result = quality_write(s, arguments, quality, chosen_format(arguments), arguments->output);
    const int64_t failed = count_failed_checks(quality);
    if (result == EXIT_DONE && failed > 0) {
        result = EXIT_REJECTS;
        /* The report in a file, nothing would tell why the exit status is 3. */
        if (arguments->output != NULL && !arguments->quiet)
            talk_warning("%lld %s failed; see %s", (long long)failed,
                         failed == 1 ? "check" : "checks", arguments->output);
    }
    mimic_quality_free(quality);
    return result;
}

static int run_quality(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE)
        result = report(&s, arguments);
    session_close(&s);
    return result;
}

static const cli_option format[] = {
    {"format", 0, OPTION_CHOICE, "text|json|html", OPTION_AT(format),
     "text for people, json for programs, html for the browser: one page, complete in itself. "
     "Default: by the ending of FILE, else text."},
    OPTION_END};

static const cli_option *const groups[] = {format,       group_output,     group_values,
                                           group_folder, group_quiet, group_schema_dir,
                                           group_help,   NULL};

const cli_command cmd_quality = {
    .name = "quality",
    .summary = "describe what a target holds, column by column, and check it",
    .operands = "TARGET",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description =
        "Reads every table of TARGET back and tells of every column how many values are missing and "
        "how many differ, minimum, maximum, mean, quantiles, frequent values and lengths, and which "
        "rules of the schema hold, in the categories of Kahn et al. (2016): conformance, "
        "completeness, plausibility. What was rejected while loading is told by --quality of load "
        "and check.\n\n"
        "Frequent values, extremes and quantiles are values of cells and can be those of a single "
        "patient; see --no-values and --min-count before a report leaves the house.",
    .exit_status = "0 done\n"
                   "1 failed\n"
                   "2 usage\n"
                   "3 done, but with failed checks\n"
                   "130 cancelled (Ctrl-C or SIGTERM)\n",
    .examples = "mimic quality hospital.db -o hospital.html\n"
                "A page for the browser.\n"
                "mimic quality --no-values --format json arrow:labs >labs.json\n"
                "For a program, without any value of a patient.\n",
    .run = run_quality,
};
