/*
 * Help in the form of a manual page, 80 columns wide whatever the terminal, so that it can be
 * compared, piped and searched.
 */
#include "help.h"

#include <string.h>

#include "commands.h"
#include "talk.h"

enum { WIDTH = 80, INDENT = 4, DEEP_INDENT = 8 };

/* Paragraphs parted by empty lines; lines that begin with a blank are printed as they are. */
static void print_paragraphs(FILE *stream, const char *text)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        const size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
        (void)fprintf(stream, "%*s", INDENT, "");
        if (*text == ' ') {
            for (const char *at = text; at < text + size; at++) {
                (void)fputc(*at, stream);
                if (*at == '\n')
                    (void)fprintf(stream, "%*s", INDENT, "");
            }
        } else {
            char paragraph[2048];
            (void)snprintf(paragraph, sizeof paragraph, "%.*s", (int)size, text);
            talk_wrapped(stream, paragraph, INDENT, INDENT, WIDTH);
        }
        text += size + (end == NULL ? 0 : 2);
        (void)fputs(*text == '\0' ? "\n" : "\n\n", stream);
    }
}

static void print_option(FILE *stream, const cli_option *option)
{
    if (option->help == NULL)
        return;
    (void)fprintf(stream, "%*s", INDENT, "");
    if (option->letter != 0)
        (void)fprintf(stream, "-%c, ", option->letter);
    (void)fprintf(stream, "--%s%s%s\n%*s", option->name, option->argument == NULL ? "" : " ",
                  option->argument == NULL ? "" : option->argument, DEEP_INDENT, "");
    talk_wrapped(stream, option->help, DEEP_INDENT, DEEP_INDENT, WIDTH);
    (void)fputc('\n', stream);
}

/* Lines "N text". */
static void print_exit_status(FILE *stream, const char *lines)
{
    for (const char *line = lines; *line != '\0';) {
        const size_t number = strcspn(line, " ");
        const size_t size = strcspn(line, "\n");
        (void)fprintf(stream, "%*s%-5.*s%.*s\n", INDENT, "", (int)number, line,
                      (int)(size - number - 1), line + number + 1);
        line += size + (line[size] == '\n');
    }
}

/* Pairs of lines: a command and what it does. A command goes on after a backslash. */
static void print_examples(FILE *stream, const char *lines)
{
    int is_command = 1;
    for (const char *line = lines; *line != '\0'; is_command = !is_command) {
        char text[512];
        const size_t size = strcspn(line, "\n");
        (void)snprintf(text, sizeof text, "%.*s", (int)size, line);
        (void)fprintf(stream, "%*s", is_command ? INDENT : DEEP_INDENT, "");
        if (is_command)
            (void)fputs(text, stream);
        else
            talk_wrapped(stream, text, DEEP_INDENT, DEEP_INDENT, WIDTH);
        (void)fputc('\n', stream);
        if (is_command && size > 0 && line[size - 1] == '\\')
            is_command = !is_command; /* the next line is of the command too */
        line += size + (line[size] == '\n');
    }
}

void help_command(FILE *stream, const cli_command *command)
{
    static const char simple_status[] = "0 done\n1 failed\n2 usage\n";
    const char *gap = *command->operands == '\0' ? "" : " ";
    (void)fprintf(stream, "NAME\n%*smimic %s - ", INDENT, "", command->name);
    talk_wrapped(stream, command->summary, INDENT + 9 + (int)strlen(command->name), DEEP_INDENT,
                 WIDTH);
    (void)fprintf(stream, "\n\nSYNOPSIS\n%*smimic %s [OPTIONS]%s%s\n\nDESCRIPTION\n", INDENT, "",
                  command->name, gap, command->operands);
    print_paragraphs(stream, command->description);
    (void)fputs("\nOPTIONS\n", stream);
    for (size_t i = 0; options_at(command, i) != NULL; i++)
        print_option(stream, options_at(command, i));
    (void)fputs("\nEXIT STATUS\n", stream);
    print_exit_status(stream, command->exit_status != NULL ? command->exit_status : simple_status);
    (void)fputs("\nEXAMPLES\n", stream);
    print_examples(stream, command->examples);
}

static void print_summaries(FILE *stream, size_t from, size_t to)
{
    for (size_t i = from; i < to && commands_at(i) != NULL; i++)
        (void)fprintf(stream, "  %-22s  %s\n", commands_at(i)->name, commands_at(i)->summary);
}

static int is_schema(const cli_command *command)
{
    return strncmp(command->name, "schema ", 7) == 0;
}

void help_schema(FILE *stream)
{
    (void)fputs("mimic schema: what is known of a dataset before its first byte is read\n\n"
                "Usage: mimic schema COMMAND [OPTIONS] ...\n\n",
                stream);
    for (size_t i = 0; commands_at(i) != NULL; i++) {
        if (is_schema(commands_at(i)))
            print_summaries(stream, i, i + 1);
    }
    (void)fputs("\n'mimic help schema COMMAND' tells all about one of them.\n", stream);
}

void help_overview(FILE *stream)
{
    size_t schema = 0;
    while (!is_schema(commands_at(schema)))
        schema++;
    size_t other = schema;
    while (is_schema(commands_at(other)))
        other++;
    (void)fputs("mimic: messy clinical data into typed, validated tables\n\n"
                "Usage: mimic COMMAND [OPTIONS] ...\n\nData\n",
                stream);
    print_summaries(stream, 0, schema);
    (void)fputs("\nSchemas\n", stream);
    print_summaries(stream, schema, other);
    (void)fputs("\nOther\n", stream);
    print_summaries(stream, other, SIZE_MAX);
    (void)fputs("\n'mimic help COMMAND' tells all about a command; 'mimic --version' prints the "
                "version.\n",
                stream);
}
