/*
 * The commands and the option groups that they share.
 */
#ifndef MIMIC_CLI_COMMANDS_H
#define MIMIC_CLI_COMMANDS_H

#include "options.h"

extern const cli_command cmd_convert;
extern const cli_command cmd_load;
extern const cli_command cmd_check;
extern const cli_command cmd_status;
extern const cli_command cmd_quality;
extern const cli_command cmd_trajectories;
extern const cli_command cmd_trajectories_partition;
extern const cli_command cmd_trajectories_assemble;
extern const cli_command cmd_trajectories_show;
extern const cli_command cmd_trajectories_stats;
extern const cli_command cmd_schema_list;
extern const cli_command cmd_schema_show;
extern const cli_command cmd_schema_ddl;
extern const cli_command cmd_schema_dictionary;
extern const cli_command cmd_schema_infer;
extern const cli_command cmd_schema_check;
extern const cli_command cmd_schema_diff;
extern const cli_command cmd_synth;
extern const cli_command cmd_completion;
extern const cli_command cmd_help;

/* Command by place in the overview; NULL beyond the last. */
const cli_command *commands_at(size_t index);

/*
 * The command that `argv` begins with; *out_used says how many words its name takes. NULL when
 * there is none.
 */
const cli_command *commands_find(int argc, char **argv, int *out_used);

/* Says on stderr that no command has this name, and which one is near. Returns EXIT_USAGE. */
int commands_unknown(int argc, char **argv);

/* Group "help" stands last in every command. */
extern const cli_option group_help[];       /* --help */
extern const cli_option group_quiet[];      /* --quiet */
extern const cli_option group_format[];     /* --format text|json */
extern const cli_option group_schema_dir[]; /* --schema-dir DIR */
extern const cli_option group_output[];     /* --output FILE */
extern const cli_option group_dialect[];    /* --delimiter, --quote … */
extern const cli_option group_limits[];     /* --max-bytes */
extern const cli_option group_records[];    /* --no-header, --max-record */
extern const cli_option group_policy[];     /* --on-error, --max-rejects, --strict */
extern const cli_option group_keys[];       /* --keys, --duplicates, --order-by */
extern const cli_option group_folder[];     /* --dataset, --tables */
extern const cli_option group_target[];     /* --compress, --integer-times, --no-indexes, … */
extern const cli_option group_pg_schema[];  /* --pg-schema, for reading */
extern const cli_option group_ledger[];     /* --force, --checksum */
extern const cli_option group_expect[];     /* --expect */
extern const cli_option group_jobs[];       /* --jobs */
extern const cli_option group_values[];     /* --no-values, --min-count */
extern const cli_option group_quality[];    /* --quality FILE */

#define OPTION_AT(member) offsetof(cli_arguments, member)
#define OPTION_END                                                                                 \
    {                                                                                              \
        NULL, 0, OPTION_FLAG, NULL, 0, NULL                                                        \
    }

/* Exit status of commands that go through rows. */
extern const char exit_status_rows[];

#endif
