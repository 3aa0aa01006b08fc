/*
 * The table of commands, and the option groups that several of them share.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "talk.h"

static const cli_command *const commands[] = {
    &cmd_load,       &cmd_convert,           &cmd_check, &cmd_status,        &cmd_quality,
    &cmd_trajectories, &cmd_trajectories_partition, &cmd_trajectories_assemble,
    &cmd_trajectories_show, &cmd_trajectories_stats,
    &cmd_schema_list,  &cmd_schema_show,
    &cmd_schema_ddl, &cmd_schema_dictionary, &cmd_schema_infer, &cmd_schema_check, &cmd_schema_diff,
    &cmd_synth,      &cmd_completion,        &cmd_help,
};

const cli_option group_help[] = {
    {"help", 'h', OPTION_FLAG, NULL, OPTION_AT(help), "Print this text."}, OPTION_END};

const cli_option group_quiet[] = {
    {"quiet", 'q', OPTION_FLAG, NULL, OPTION_AT(quiet),
     "No progress and no warnings. The report and errors are still printed."},
    OPTION_END};

const cli_option group_format[] = {
    {"format", 0, OPTION_CHOICE, "text|json", OPTION_AT(format),
     "Form of the result on standard output: text for people (default), json for programs."},
    OPTION_END};

const cli_option group_schema_dir[] = {
    {"schema-dir", 0, OPTION_REPEATED, "DIR", OPTION_AT(schema_dirs),
     "Add the packages below DIR (DIR/datapackage.json or "
     "DIR/<dataset>/<version>/datapackage.json) to the built-in ones; a release that is there "
     "already is replaced. May be given again."},
    OPTION_END};

const cli_option group_output[] = {
    {"output", 'o', OPTION_TEXT, "FILE", OPTION_AT(output),
     "Write to FILE, which appears whole or not at all, instead of standard output."},
    OPTION_END};

const cli_option group_dialect[] = {
    {"delimiter", 0, OPTION_CHARACTER, "C", OPTION_AT(delimiter),
     "Character between fields; tab for a tabulator. Default: comma."},
    {"quote", 0, OPTION_CHARACTER, "C", OPTION_AT(quote),
     "Character around quoted fields; none when nothing is quoted. Default: double quote."},
    {"escape", 0, OPTION_CHARACTER, "C", OPTION_AT(escape),
     "Character that makes the next one ordinary inside a quoted field. Default: none; a quote is "
     "doubled."},
    {"comment", 0, OPTION_CHARACTER, "C", OPTION_AT(comment),
     "Lines that begin with C are no records. Default: none."},
    OPTION_END};

const cli_option group_records[] = {
    {"no-header", 0, OPTION_FLAG, NULL, OPTION_AT(no_header),
     "The first line is data; columns stand in the order of the schema."},
    {"max-record", 0, OPTION_SIZE, "SIZE", OPTION_AT(max_record),
     "Longest record in bytes, such as 64K or 32M; a longer one is rejected. Default: 16M."},
    OPTION_END};

const cli_option group_limits[] = {
    {"max-bytes", 0, OPTION_SIZE, "SIZE", OPTION_AT(max_bytes),
     "Fail when one input holds more than SIZE bytes, counted decompressed, such as 500M or 20G: a "
     "guard against archives that blow up. Default: no limit; memory is bounded either way."},
    OPTION_END};

const cli_option group_policy[] = {
    {"on-error", 0, OPTION_CHOICE, "reject|null|fail", OPTION_AT(on_error),
     "What becomes of a row with a value that does not fit: the row is put aside with its reason "
     "and place (reject), the value becomes NULL and is counted (null), or the work stops (fail). "
     "Default: what the schema says of the field, else reject."},
    {"max-rejects", 0, OPTION_LIMIT, "N|P%", OPTION_AT(max_rejects),
     "Fail when a table has more than N rejects, or more than P percent of its rows. Default: no "
     "limit."},
    {"strict", 0, OPTION_FLAG, NULL, OPTION_AT(strict),
     "Fail when a header differs from its schema in any way. Without it unknown columns are left "
     "out and missing nullable ones become NULL, both with a warning; a missing required column "
     "always fails."},
    OPTION_END};

const cli_option group_keys[] = {
    {"keys", 0, OPTION_CHOICE, "report|enforce|off", OPTION_AT(keys),
     "Look at primary, unique and foreign keys and report those that do not hold (report), fail a "
     "table whose keys do not hold (enforce), or leave them to the target (off). Default: report."},
    {"duplicates", 0, OPTION_CHOICE, "reject|keep|latest", OPTION_AT(duplicates),
     "Of rows with the same primary or unique key, write the first and reject the others (reject), "
     "write all and leave the key out of the target (keep), or write the latest (latest). Default: "
     "reject."},
    {"order-by", 0, OPTION_LIST, "COLUMNS", OPTION_AT(order_by),
     "Which row is the latest: the one with the greatest value, NULL being the least, and of equal "
     "ones the last in the input. Default: the order key of the schema, such as storetime."},
    OPTION_END};

const cli_option group_folder[] = {
    {"dataset", 0, OPTION_TEXT, "DATASET", OPTION_AT(dataset),
     "The release, such as mimic-iv@3.1; without a version the highest. Default: recognised from "
     "the files."},
    {"tables", 0, OPTION_LIST, "NAMES", OPTION_AT(tables),
     "Only these tables, parted by commas. Default: all that are there."},
    OPTION_END};

const cli_option group_target[] = {
    {"compress", 0, OPTION_CHOICE, "gz|zst|none", OPTION_AT(compress),
     "Compression of Arrow (zst, none) and CSV targets. Default: by the target's name; zst for "
     "Arrow."},
    {"integer-times", 0, OPTION_FLAG, NULL, OPTION_AT(integer_times),
     "SQLite: store dates and times as integers (microseconds) instead of ISO 8601 text."},
    {"no-indexes", 0, OPTION_FLAG, NULL, OPTION_AT(no_indexes),
     "SQLite, PostgreSQL: make no indexes on foreign keys; primary and unique keys are kept."},
    {"verify", 0, OPTION_FLAG, NULL, OPTION_AT(verify),
     "SQLite: run PRAGMA integrity_check on the finished database, also on one over 64 MiB, where only the rows are counted otherwise."},
    {"no-dictionaries", 0, OPTION_FLAG, NULL, OPTION_AT(no_dictionaries),
     "Arrow files: leave string columns utf8 even where their texts repeat."},
    {"pg-schema", 0, OPTION_TEXT, "NAME", OPTION_AT(pg_schema),
     "PostgreSQL: put all tables into this schema, made when it is missing. Default: one a module, "
     "such as mimiciv_hosp and mimiciv_icu, and mimic for what libmimic notes of them."},
    OPTION_END};

const cli_option group_pg_schema[] = {
    {"pg-schema", 0, OPTION_TEXT, "NAME", OPTION_AT(pg_schema),
     "PostgreSQL: the schema that the load was given."},
    OPTION_END};

const cli_option group_ledger[] = {
    {"force", 0, OPTION_FLAG, NULL, OPTION_AT(force),
     "Load every table anew, also those that the target holds already."},
    {"checksum", 0, OPTION_FLAG, NULL, OPTION_AT(checksum),
     "Tell changed files by their content alone. Without it a file of the same size and "
     "modification time counts as unchanged, and only others are read."},
    OPTION_END};

const cli_option group_expect[] = {
    {"expect", 0, OPTION_FLAG, NULL, OPTION_AT(expect),
     "Fail when the rows read of a table are not as many as the release is published with (all "
     "tables of the full release, or all of the demo). Without it the report says so."},
    OPTION_END};

const cli_option group_jobs[] = {
    {"jobs", 'j', OPTION_COUNT, "N", OPTION_AT(jobs), "Use up to N threads. What comes out is the same whatever N is. Default: one a processor."},
    OPTION_END};

const cli_option group_values[] = {
    {"no-values", 0, OPTION_FLAG, NULL, OPTION_AT(no_values),
     "Show no value of a cell in a quality report: no frequent values, minimum, maximum, quantiles or "
     "histograms. Counts, shares, means and standard deviations stay."},
    {"min-count", 0, OPTION_COUNT, "N", OPTION_AT(min_count),
     "Name a frequent value, and show a column's minimum, maximum, quantiles and histogram, only where "
     "at least N rows stand behind it. Default: 1."},
    OPTION_END};

const cli_option group_quality[] = {
    {"quality", 0, OPTION_TEXT, "FILE", OPTION_AT(quality),
     "Describe the columns too (nulls, distinct and frequent values, quantiles, checks) and write that "
     "to FILE: a page for the browser (.html), .json or .txt."},
    OPTION_END};

const char exit_status_rows[] = "0 done\n"
                                "1 failed; a table that could not be finished is as it was\n"
                                "2 usage\n"
                                "3 done, but with rejects or failed checks\n"
                                "130 cancelled (Ctrl-C or SIGTERM); likewise\n";

const cli_command *commands_at(size_t index)
{
    return index < sizeof commands / sizeof commands[0] ? commands[index] : NULL;
}

/* True when the words begin with the whole name; *out_used says how many words that are. */
static int has_name(const cli_command *command, int argc, char **argv, int *out_used)
{
    const char *name = command->name;
    const size_t first = strcspn(name, " ");
    const char *second = name[first] == ' ' ? name + first + 1 : NULL;
    *out_used = second == NULL ? 1 : 2;
    return argc >= *out_used && strlen(argv[0]) == first && strncmp(argv[0], name, first) == 0 &&
           (second == NULL || strcmp(argv[1], second) == 0);
}

const cli_command *commands_find(int argc, char **argv, int *out_used)
{
    const cli_command *found = NULL;
    int used = 0;
    *out_used = 0;
    for (size_t i = 0; commands_at(i) != NULL; i++) {
        if (has_name(commands_at(i), argc, argv, &used) && used > *out_used) {
            found = commands_at(i);
            *out_used = used;
        }
    }
    return found;
}

static const char *command_name_at(const void *ctx, size_t index)
{
    (void)ctx;
    const cli_command *command = commands_at(index);
    return command == NULL ? NULL : command->name;
}

int commands_unknown(int argc, char **argv)
{
    char name[128];
    const int is_schema = strcmp(argv[0], "schema") == 0;
    if (is_schema && (argc < 2 || argv[1][0] == '-')) {
        talk_error("'mimic schema' expects one of list, show, ddl, dictionary, infer, check, diff"
                   "\nSee 'mimic help schema'.");
        return EXIT_USAGE;
    }
    (void)snprintf(name, sizeof name, "%s%s%s", argv[0], is_schema ? " " : "",
                   is_schema ? argv[1] : "");
    const char *near = options_nearest(name, command_name_at, NULL);
    if (near != NULL)
        talk_error("unknown command '%s'; did you mean '%s'?\nSee 'mimic help'.", name, near);
    else
        talk_error("unknown command '%s'\nSee 'mimic help'.", name);
    return EXIT_USAGE;
}
