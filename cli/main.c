/*
 * mimic: the command line of libmimic. It sees the public headers only and holds no logic that
 * another consumer of the library would want.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <mimic/mimic.h>

#include "commands.h"
#include "help.h"
#include "talk.h"

static int run_help(const cli_arguments *arguments)
{
    const cli_list *words = &arguments->operands;
    int used = 0;
    if (words->count == 0) {
        help_overview(stdout);
        return EXIT_DONE;
    }
    if (words->count == 1 && strcmp(words->items[0], "schema") == 0) {
        help_schema(stdout);
        return EXIT_DONE;
    }
    const cli_command *command = commands_find((int)words->count, words->items, &used);
    if (command == NULL)
        return commands_unknown((int)words->count, words->items);
    if ((size_t)used != words->count) {
        talk_error("unexpected argument '%s'\nSee 'mimic help help'.", words->items[used]);
        return EXIT_USAGE;
    }
    help_command(stdout, command);
    return EXIT_DONE;
}

static const cli_option *const help_groups[] = {group_help, NULL};

const cli_command cmd_help = {
    .name = "help",
    .summary = "tell about a command",
    .operands = "[COMMAND]",
    .min_operands = 0,
    .max_operands = 2,
    .groups = help_groups,
    .description = "Prints the overview, or all about one command; the same as COMMAND --help.",
    .examples = "mimic help convert\nAll about convert.\n"
                "mimic help schema diff\nAll about schema diff.\n",
    .run = run_help,
};

/* Others on this machine can read the arguments of a process: passwords are taken out of them once
 * they are copied. */
static void hide_secrets(int argc, char **argv)
{
    mimic_context *ctx = NULL;
    if (mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return;
    for (int i = 0; i < argc; i++) {
        char *shown = NULL;
        const size_t size = strlen(argv[i]);
        if (mimic_target_redact(ctx, argv[i], &shown, NULL) != MIMIC_OK)
            continue;
        if (strcmp(shown, argv[i]) != 0) {
            memset(argv[i], 0, size);
            memcpy(argv[i], shown, strlen(shown) < size ? strlen(shown) : size);
        }
        mimic_free(ctx, shown);
    }
    mimic_context_free(ctx);
}

static int run(int argc, char **argv)
{
    if (argc < 1) {
        help_overview(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[0], "--version") == 0) {
        (void)printf("mimic %s\n", mimic_version());
        return EXIT_DONE;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        help_overview(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[0], "schema") == 0 && argc > 1 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        help_schema(stdout);
        return EXIT_DONE;
    }
    int used = 0;
    const cli_command *command = commands_find(argc, argv, &used);
    if (command == NULL)
        return commands_unknown(argc, argv);
    cli_arguments arguments;
    int status = options_parse(command, argc - used, argv + used, &arguments);
    hide_secrets(argc, argv);
    if (status == EXIT_DONE && arguments.help)
        help_command(stdout, command);
    else if (status == EXIT_DONE)
        status = command->run(&arguments);
    options_free(&arguments);
    return status;
}

int main(int argc, char **argv)
{
    /* A reader of stdout or stderr that goes away must not cut a load short. */
    (void)signal(SIGPIPE, SIG_IGN);
#ifdef __GLIBC__
    /* What is large goes back to the system when it is freed, whichever thread had it. */
    (void)mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
#endif
    if (argc > 0) {
        argc--;
        argv++;
    }
    return talk_finish(run(argc, argv));
}
