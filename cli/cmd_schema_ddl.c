/*
 * mimic schema ddl: SQL that creates the tables.
 */
#include "commands.h"
#include "session.h"
#include "talk.h"

static int print_ddl(const session *s, const cli_arguments *arguments)
{
    const mimic_dataset *dataset = NULL;
    const mimic_table *table = NULL;
    int result = session_find(s, arguments->operands.items[0], &dataset, &table);
    if (result != EXIT_DONE)
        return result;
    mimic_error err = MIMIC_ERROR_INIT;
    char *sql = NULL;
    /* The choices stand in the order of MIMIC_SQL_. */
    const mimic_sql_dialect dialect =
        arguments->dialect != 0 ? arguments->dialect : MIMIC_SQL_SQLITE;
    if (mimic_schema_ddl(s->ctx, dataset, table, dialect, &sql, &err) != MIMIC_OK)
        return talk_mimic_error(&err);
    result = session_write_text(arguments->output, sql);
    mimic_free(s->ctx, sql);
    return result;
}

static int run_ddl(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE)
        result = print_ddl(&s, arguments);
    session_close(&s);
    return result;
}

static const cli_option dialect[] = {{"dialect", 0, OPTION_CHOICE,
                                      "sqlite|postgres|duckdb|bigquery|athena", OPTION_AT(dialect),
                                      "The database that the SQL is for. Default: sqlite."},
                                     OPTION_END};

static const cli_option *const groups[] = {dialect,          group_output, group_quiet,
                                           group_schema_dir, group_help,   NULL};

const cli_command cmd_schema_ddl = {
    .name = "schema ddl",
    .summary = "print SQL that creates the tables of a release",
    .operands = "SPEC",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description = "Prints CREATE TABLE statements, with comments, keys and foreign keys as far as "
                   "the database knows them, for a release (mimic-iv@3.1) or one of its tables "
                   "(mimic-iv@3.1/labevents). Without a version the highest is taken.",
    .examples = "mimic schema ddl mimic-iv@3.1 --dialect postgres | psql mimic\n"
                "All tables of a release.\n"
                "mimic schema ddl mimic-iv/labevents --dialect bigquery -o labevents.sql\n"
                "One table, into a file.\n",
    .run = run_ddl,
};
