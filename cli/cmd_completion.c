/*
 * mimic completion: a script for the shell, made from the tables of commands and the registry, so
 * that it cannot fall behind them.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "session.h"
#include "talk.h"

/* What a value is completed to, by its name in the help. */
static const char *value_kind(const char *argument)
{
    if (strstr(argument, "TABLE") != NULL)
        return strstr(argument, "FILE") != NULL ? "files_tables" : "tables";
    if (strcmp(argument, "SPEC") == 0)
        return "tables";
    if (strcmp(argument, "DATASET") == 0)
        return "datasets";
    if (strstr(argument, "DATASET") != NULL)
        return "files_datasets";
    if (strstr(argument, "COMMAND") != NULL)
        return "commands";
    if (strstr(argument, "FILE") != NULL || strstr(argument, "DIR") != NULL ||
        strstr(argument, "PACKAGE") != NULL || strstr(argument, "INPUT") != NULL)
        return "files";
    return "none";
}

/* True for names that a shell takes as they are; bash runs what it finds in words of compgen -W. */
static int is_plain(const char *name)
{
    return name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

/* Datasets whose names are plain, each behind a blank; with `has_tables` their tables instead. */
static void print_specs(const mimic_registry *registry, int has_tables)
{
    for (size_t i = 0; i < mimic_registry_dataset_count(registry); i++) {
        const mimic_dataset *d = mimic_registry_dataset(registry, i);
        const char *name = mimic_dataset_name(d);
        const char *version = mimic_dataset_version(d);
        if (!is_plain(name) || !is_plain(version))
            continue;
        if (!has_tables)
            (void)printf(" %s@%s", name, version);
        for (size_t t = 0; has_tables && t < mimic_dataset_table_count(d); t++) {
            const char *table = mimic_table_name(mimic_dataset_table(d, t));
            if (is_plain(table))
                (void)printf(" %s@%s/%s", name, version, table);
        }
    }
}

/* First words of all commands, or the second words of those that begin with `first`. */
static void print_words(const char *first)
{
    const size_t size = strlen(first);
    const char *last = "";
    for (size_t i = 0; commands_at(i) != NULL; i++) {
        const char *name = commands_at(i)->name;
        if (size > 0 && (strncmp(name, first, size) != 0 || name[size] != ' '))
            continue;
        const char *word = size > 0 ? name + size + 1 : name;
        const size_t word_size = strcspn(word, " ");
        if (strncmp(word, last, word_size) == 0 && strcspn(last, " ") == word_size)
            continue;
        (void)printf("%s%.*s", *last == '\0' ? "" : " ", (int)word_size, word);
        last = word;
    }
}

static void print_command(const cli_command *command)
{
    (void)printf("    '%s')\n        options='", command->name);
    const cli_option *option = NULL;
    const char *gap = "";
    for (size_t i = 0; (option = options_at(command, i)) != NULL; i++) {
        if (option->help == NULL)
            continue;
        (void)printf("%s--%s", gap, option->name);
        gap = " ";
    }
    (void)printf("'; operands=%s\n        case $option in\n",
                 strcmp(command->name, "completion") == 0 ? "shells"
                                                          : value_kind(command->operands));
    for (size_t i = 0; (option = options_at(command, i)) != NULL; i++) {
        if (option->kind == OPTION_FLAG)
            continue;
        (void)printf("        --%s", option->name);
        if (option->letter != 0)
            (void)printf("|-%c", option->letter);
        if (option->kind == OPTION_CHOICE) {
            (void)fputs(") kind=words; words='", stdout);
            for (const char *at = option->argument; *at != '\0'; at++)
                (void)fputc(*at == '|' ? ' ' : *at, stdout);
            (void)fputs("' ;;\n", stdout);
        } else {
            (void)printf(") kind=%s ;;\n", value_kind(option->argument));
        }
    }
    (void)fputs("        esac ;;\n", stdout);
}

/* Bash parts words at = and @, so the word is taken from the line and replies lose its first part.
 */
static const char script_begin[] =
    "_mimic() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} cur= option= kind= words= options= operands= i=1\n"
    "    local -a typed\n"
    "    read -ra typed <<<\"$line\"\n"
    "    case $line in *[[:space:]]) ;; *) cur=${typed[${#typed[@]}-1]}; "
    "unset \"typed[${#typed[@]}-1]\" ;; esac\n"
    "    COMPREPLY=()\n"
    "    if [[ ${typed[1]} == help ]]; then i=2; fi\n"
    "    local command=${typed[i]}\n"
    "    if [[ $command == schema ]]; then\n"
    "        if [[ -z ${typed[i+1]} ]]; then _mimic_words \"$_mimic_schema\"; return; fi\n"
    "        command=\"schema ${typed[i+1]}\"\n"
    "    fi\n"
    "    if [[ $command == trajectories ]]; then\n"
    "        if [[ -z ${typed[i+1]} ]]; then _mimic_words \"$_mimic_trajectories\"\n"
    "        elif [[ \" $_mimic_trajectories \" == *\" ${typed[i+1]} \"* ]]; then\n"
    "            command=\"trajectories ${typed[i+1]}\"; fi\n"
    "    fi\n"
    "    if [[ -z $command ]]; then _mimic_words \"$_mimic_commands\"; return; fi\n"
    "    if [[ $i == 2 ]]; then return; fi\n"
    "    if [[ $cur == --*=* ]]; then option=${cur%%=*}; cur=${cur#*=}\n"
    "    elif [[ ${typed[${#typed[@]}-1]} == -* ]]; then option=${typed[${#typed[@]}-1]}; fi\n"
    "    case $command in\n";

static const char script_end[] =
    "    *) return ;;\n"
    "    esac\n"
    "    if [[ -z $kind && $cur == -* ]]; then kind=words words=$options; fi\n"
    "    case ${kind:-$operands} in\n"
    "    words) _mimic_words \"$words\" ;;\n"
    "    shells) _mimic_words bash ;;\n"
    "    datasets) _mimic_words \"$_mimic_datasets\" ;;\n"
    "    tables) _mimic_words \"$_mimic_datasets $_mimic_tables\" ;;\n"
    "    files) _mimic_files ;;\n"
    "    files_datasets) _mimic_words \"$_mimic_datasets\"; _mimic_files ;;\n"
    "    files_tables) _mimic_words \"$_mimic_tables\"; _mimic_files ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_mimic_words() {\n"
    "    local head=${cur%\"${cur##*[=@:]}\"}\n"
    "    local -a found\n"
    "    mapfile -t found < <(compgen -W \"$1\" -- \"$cur\")\n"
    "    COMPREPLY+=(\"${found[@]#\"$head\"}\")\n"
    "}\n"
    "\n"
    "_mimic_files() {\n"
    "    local -a found\n"
    "    mapfile -t found < <(compgen -f -- \"$cur\")\n"
    "    COMPREPLY+=(\"${found[@]}\")\n"
    "    compopt -o filenames 2>/dev/null\n"
    "}\n"
    "\n"
    "complete -F _mimic mimic\n";

static int run_completion(const cli_arguments *arguments)
{
    if (strcmp(arguments->operands.items[0], "bash") != 0) {
        talk_error("completion is there for bash, not for '%s'\nSee 'mimic completion --help'.",
                   arguments->operands.items[0]);
        return EXIT_USAGE;
    }
    session s;
    const int status = session_open(arguments, &s);
    if (status == EXIT_DONE) {
        (void)fputs("# Completion of mimic for bash: eval \"$(mimic completion bash)\"\n", stdout);
        (void)fputs("_mimic_datasets='", stdout);
        print_specs(s.registry, 0);
        (void)fputs("'\n_mimic_tables='", stdout);
        print_specs(s.registry, 1);
        (void)fputs("'\n_mimic_commands='", stdout);
        print_words("");
        (void)fputs("'\n_mimic_schema='", stdout);
        print_words("schema");
        (void)fputs("'\n_mimic_trajectories='", stdout);
        print_words("trajectories");
        (void)printf("'\n\n%s", script_begin);
        for (size_t i = 0; commands_at(i) != NULL; i++)
            print_command(commands_at(i));
        (void)fputs(script_end, stdout);
    }
    session_close(&s);
    return status;
}

static const cli_option *const groups[] = {group_schema_dir, group_help, NULL};

const cli_command cmd_completion = {
    .name = "completion",
    .summary = "print a script that completes commands in the shell",
    .operands = "SHELL",
    .min_operands = 1,
    .max_operands = 1,
    .groups = groups,
    .description =
        "Prints a script for SHELL (bash) that completes commands, options, their values, "
        "datasets, tables and files.",
    .examples = "eval \"$(mimic completion bash)\"\n"
                "For this shell, or in ~/.bashrc for all.\n"
                "mimic completion bash >/etc/bash_completion.d/mimic\n"
                "For every user.\n",
    .run = run_completion,
};
