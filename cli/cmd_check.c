/*
 * mimic check: all the work of a load, without a target.
 */
#include "commands.h"
#include "job.h"

static int run_check(const cli_arguments *arguments)
{
    return job_load(arguments, "null:");
}

static const cli_option *const groups[] = {group_folder, group_policy,     group_keys,   group_limits,
                                           group_expect, group_quality,    group_values, group_jobs,
                                           group_format, group_quiet,
                                           group_schema_dir, group_help, NULL};

const cli_command cmd_check = {
    .name = "check",
    .summary = "validate a folder of a dataset; write nothing",
    .operands = "DIR",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description =
        "Reads every table of a dataset in DIR as load does, checks each value against the schema, "
        "and reports rejects by column and reason, headers that differ from their schema, files "
        "that are no table, tables without a file, and row counts that differ from those the "
        "release is published with.",
    .exit_status = exit_status_rows,
    .examples = "mimic check mimic-iv-demo\n"
                "Is this copy of the demo whole and sound?\n"
                "mimic check --dataset mimic-iv@3.1 --tables emar,emar_detail mimiciv\n"
                "Two tables, held against release 3.1.\n"
                "mimic check --strict --quiet --format json export >report.json\n"
                "For a nightly job: any drift fails, the exit status says how it went.\n",
    .run = run_check,
};
