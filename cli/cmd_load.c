/*
 * mimic load: a folder of a dataset into a target.
 */
#include "commands.h"
#include "job.h"

static int run_load(const cli_arguments *arguments)
{
    return job_load(arguments, arguments->operands.items[1]);
}

static const cli_option *const groups[] = {group_folder,     group_policy, group_keys,   group_limits,
                                           group_expect,     group_ledger, group_target,
                                           group_quality, group_values, group_jobs,       group_format, group_quiet,
                                           group_schema_dir, group_help,   NULL};

const cli_command cmd_load = {
    .name = "load",
    .summary = "load a folder of a dataset into one database or folder",
    .operands = "DIR TARGET",
    .min_operands = 2,
    .max_operands = 2,
    .groups = groups,
    .description =
        "Finds the tables of a dataset in DIR (below hosp/, icu/ or flat; names in any case; .csv, "
        ".csv.gz or .csv.zst), recognises the release, and loads every table, typed and validated, "
        "into TARGET. Files that are no table are named in the report and left alone.\n\n"
        "Targets:\n\n"
        " sqlite:PATH   or a path ending .db, .sqlite or .sqlite3: one database,\n"
        "               strict tables, keys, foreign keys and indexes\n"
        " postgresql:// a PostgreSQL database, addressed as for psql: a schema a\n"
        "               module (mimiciv_hosp), keys, indexes, comments, statistics;\n"
        "               the password is best left to ~/.pgpass or PGPASSWORD\n"
        " arrow:DIR     one Arrow IPC file a table\n"
        " csv:DIR       one normalised CSV file a table\n"
        " null:         nothing is written\n\n"
        "A row that does not fit its schema is a reject. It is put aside with its reason and place "
        "(table _mimic_rejects of a database, folder rejects/ beside files), and the others go on. "
        "For every table the report shows read = written + rejected + duplicates + filtered.\n\n"
        "The target keeps a ledger (table _mimic_ledger of a database, mimic-ledger.json in a folder; see mimic status): a table whose source, "
        "schema and options are what they were is left alone, so a second run does nothing and "
        "says so; its exit status is 3 as long as the ledger has rejects. A table whose source is "
        "gone is reported and kept.\n\n"
        "A new database appears under its name when it is whole; in a database that is there "
        "already, and in PostgreSQL, each table is replaced in one transaction: after Ctrl-C or a "
        "failure, tables that were finished are new and the others as they were.\n\n"
        "A load that was killed, cancelled or failed is gone on with table by table by the next one "
        "into the same target: what it finished of a new database or folder waits under a hidden name beside it. One "
        "load at a time writes a target; another waits some seconds and then says who does.",
    .exit_status = exit_status_rows,
    .examples = "mimic load mimic-iv-demo hospital.db\n"
                "Every table of the demo into one SQLite database.\n"
                "mimic load --tables patients,admissions,labevents mimiciv/3.1 arrow:labs\n"
                "Three tables of the full release as Arrow files.\n"
                "mimic load mimiciv/3.1 postgresql://loader@db.example/research\n"
                "Into PostgreSQL, several tables at once.\n"
                "mimic load --max-rejects 0.1% --format json mimiciv x.db >report.json\n"
                "Fail when more than one row in a thousand of a table is bad; keep the report.\n",
    .run = run_load,
};
