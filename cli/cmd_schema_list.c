/*
 * mimic schema list: the releases that are known.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

static void print_text(const mimic_registry *registry)
{
    int width = (int)strlen("dataset");
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *d = mimic_registry_dataset(registry, i);
        const int size =
            (int)(strlen(mimic_dataset_name(d)) + strlen(mimic_dataset_version(d))) + 1;
        width = size > width ? size : width;
    }
    (void)printf("%-*s  tables  title\n", width, "dataset");
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *d = mimic_registry_dataset(registry, i);
        const int size =
            (int)(strlen(mimic_dataset_name(d)) + strlen(mimic_dataset_version(d))) + 1;
        talk_print(stdout, "%s@%s%*s  %6zu  %s\n", mimic_dataset_name(d), mimic_dataset_version(d),
                   width - size, "", mimic_dataset_table_count(d), mimic_dataset_title(d));
    }
}

static void print_json(const mimic_registry *registry)
{
    (void)fputs("[", stdout);
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *d = mimic_registry_dataset(registry, i);
        (void)fputs(i == 0 ? "\n  {\"name\": " : ",\n  {\"name\": ", stdout);
        talk_json_string(stdout, mimic_dataset_name(d));
        (void)fputs(", \"version\": ", stdout);
        talk_json_string(stdout, mimic_dataset_version(d));
        (void)printf(", \"tables\": %zu, \"title\": ", mimic_dataset_table_count(d));
        talk_json_string(stdout, mimic_dataset_title(d));
        (void)fputs("}", stdout);
    }
    (void)fputs("\n]\n", stdout);
}

static int run_list(const cli_arguments *arguments)
{
    session s;
    const int status = session_open(arguments, &s);
    if (status == EXIT_DONE && arguments->format == FORMAT_JSON)
        print_json(s.registry);
    else if (status == EXIT_DONE)
        print_text(s.registry);
    session_close(&s);
    return status;
}

static const cli_option *const groups[] = {group_format, group_quiet, group_schema_dir, group_help,
                                           NULL};

const cli_command cmd_schema_list = {
    .name = "schema list",
    .summary = "list the known releases of datasets",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .groups = groups,
    .description = "Lists the releases whose schemas are built in or come from --schema-dir, with "
                   "their number of tables.",
    .examples = "mimic schema list\nThe built-in releases.\n"
                "mimic schema list --schema-dir ./schemas --format json\n"
                "... and those of a folder, for a program.\n",
    .run = run_list,
};
