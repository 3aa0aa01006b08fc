/*
 * The command line parser: long options as `--name value` and `--name=value`, letters that may
 * stand together (-qj2), `--` before operands, options and operands in any order. A single-valued
 * option that comes twice is an error, because one of the two would be lost in silence. Long names
 * are not abbreviated: a script must not break when an option is added.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

enum { OPTIONS_MAX = 64, WORD_MAX = 48 };

typedef struct parser {
    const cli_command *command;
    cli_arguments *out;
    char **argv;
    int argc;
    int at; /* next argument to look at */
    unsigned char seen[OPTIONS_MAX];
} parser;

const cli_option *options_at(const cli_command *command, size_t index)
{
    for (size_t g = 0; command->groups[g] != NULL; g++) {
        for (const cli_option *option = command->groups[g]; option->name != NULL; option++) {
            if (index-- == 0)
                return option;
        }
    }
    return NULL;
}

/* ---- nearest name ---- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace) between two short words. */
static size_t edit_distance(const char *a, const char *b)
{
    const size_t a_size = smaller(strlen(a), WORD_MAX - 1);
    const size_t b_size = smaller(strlen(b), WORD_MAX - 1);
    size_t row[WORD_MAX];
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            const size_t above = row[j];
            const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = smaller(replaced, smaller(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_size];
}

const char *options_nearest(const char *word, const char *(*next)(const void *ctx, size_t index),
                            const void *ctx)
{
    const char *best = NULL;
    size_t best_distance = smaller(2, strlen(word) / 2) + 1;
    for (size_t i = 0;; i++) {
        const char *candidate = next(ctx, i);
        if (candidate == NULL)
            return best;
        size_t distance = edit_distance(word, candidate);
        if (strlen(word) >= 3 && strncmp(candidate, word, strlen(word)) == 0)
            distance = 1; /* an abbreviation */
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
}

static const char *option_name_at(const void *ctx, size_t index)
{
    const cli_option *option = options_at(ctx, index);
    return option == NULL ? NULL : option->name;
}

/* ---- values ---- */

static int usage(const parser *p, const char *message)
{
    talk_error("%s\nSee 'mimic %s --help'.", message, p->command->name);
    return EXIT_USAGE;
}

static int bad_value(const parser *p, const cli_option *option, const char *value,
                     const char *expected)
{
    char message[512];
    (void)snprintf(message, sizeof message, "--%s expects %s, not '%s'", option->name, expected,
                   value);
    return usage(p, message);
}

static void list_add(cli_list *list, const char *text, size_t size)
{
    char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    char *copy = malloc(size + 1);
    if (items == NULL || copy == NULL)
        talk_out_of_memory();
    memcpy(copy, text, size);
    copy[size] = '\0';
    items[list->count++] = copy;
    list->items = items;
}

static int set_list(const parser *p, const cli_option *option, const char *value, cli_list *list)
{
    for (const char *item = value;; item++) {
        const size_t size = strcspn(item, ",");
        if (size == 0)
            return bad_value(p, option, value, "names parted by commas");
        list_add(list, item, size);
        item += size;
        if (*item == '\0')
            return EXIT_DONE;
    }
}

static int set_choice(const parser *p, const cli_option *option, const char *value, int *out)
{
    int number = 1;
    for (const char *choice = option->argument;; number++) {
        const size_t size = strcspn(choice, "|");
        if (strlen(value) == size && strncmp(value, choice, size) == 0) {
            *out = number;
            return EXIT_DONE;
        }
        if (choice[size] == '\0')
            return bad_value(p, option, value, option->argument);
        choice += size + 1;
    }
}

/* Digits with an optional suffix: k, M or G times `step`. -1 when it is something else. */
static int64_t scaled_number(const char *text, int64_t step)
{
    int64_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); at++) {
        if (number > (INT64_MAX - 9) / 10)
            return -1;
        number = number * 10 + (*at - '0');
    }
    if (at == text)
        return -1;
    static const char suffixes[] = "kMG";
    const char upper = (char)toupper((unsigned char)*at);
    const char *suffix = upper == '\0' ? NULL : strchr(suffixes, upper == 'K' ? 'k' : upper);
    if (*at != '\0' && (suffix == NULL || at[1] != '\0'))
        return -1;
    for (ptrdiff_t power = suffix == NULL ? 0 : suffix - suffixes + 1; power > 0; power--) {
        if (number > INT64_MAX / step)
            return -1;
        number *= step;
    }
    return number;
}

static int set_number(const parser *p, const cli_option *option, const char *value, int64_t *out)
{
    *out = scaled_number(value, option->kind == OPTION_SIZE ? 1024 : 1000);
    if (*out >= 1)
        return EXIT_DONE;
    return bad_value(p, option, value,
                     option->kind == OPTION_SIZE ? "a size above 0, such as 65536, 64K or 16M"
                                                 : "a whole number above 0, such as 500 or 10k");
}

static int set_seed(const parser *p, const cli_option *option, const char *value, uint64_t *out)
{
    errno = 0;
    char *end = NULL;
    *out = isdigit((unsigned char)*value) ? strtoull(value, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0)
        return bad_value(p, option, value, "a whole number from 0 to 18446744073709551615");
    return EXIT_DONE;
}

static int set_limit(const parser *p, const cli_option *option, const char *value, cli_limit *out)
{
    static const char expected[] = "a number of rows (1000) or a share of them (2.5%)";
    out->is_given = 1;
    const size_t size = strlen(value);
    if (size == 0 || value[size - 1] != '%') {
        out->count = scaled_number(value, 1000);
        return out->count >= 0 ? EXIT_DONE : bad_value(p, option, value, expected);
    }
    if (size == 1 || strspn(value, "0123456789.") != size - 1)
        return bad_value(p, option, value, expected);
    char *end = NULL;
    out->percent = strtod(value, &end); /* the program never leaves the "C" locale */
    out->count = -1;
    if (*end != '%' || out->percent > 100)
        return bad_value(p, option, value, expected);
    return EXIT_DONE;
}

static int set_share(const parser *p, const cli_option *option, const char *value, cli_share *out)
{
    const char *const slash = strchr(value, '/');
    char number[WORD_MAX] = "";
    if (slash != NULL && (size_t)(slash - value) < sizeof number)
        memcpy(number, value, (size_t)(slash - value));
    const int64_t part = scaled_number(number, 1000);
    const int64_t count = slash == NULL ? -1 : scaled_number(slash + 1, 1000);
    if (part < 1 || count < part || count > INT32_MAX)
        return bad_value(p, option, value, "one part of several, such as 2/8 for the second of eight");
    *out = (cli_share){(int32_t)part, (int32_t)count};
    return EXIT_DONE;
}

/* Tenths of a percent; -1 when `text` does not begin with such a number. */
static int32_t tenths(const char **text)
{
    int32_t number = 0;
    const char *at = *text;
    for (; isdigit((unsigned char)*at) && number <= 100; at++)
        number = number * 10 + (*at - '0');
    if (at == *text)
        return -1;
    number *= 10;
    if (at[0] == '.' && isdigit((unsigned char)at[1])) {
        number += at[1] - '0';
        at += 2;
    }
    *text = at;
    return number;
}

static int set_split(const parser *p, const cli_option *option, const char *value, cli_split *out)
{
    const char *at = value;
    int32_t parts[3] = {-1, -1, -1};
    for (int i = 0; i < 3; i++) {
        parts[i] = tenths(&at);
        if (parts[i] < 0 || *at != (i < 2 ? ',' : '\0'))
            parts[0] = -1;
        at += *at == ',';
    }
    /* Zeros for the first two would mean the default to the library. */
    if (parts[0] < 0 || parts[0] + parts[1] == 0 || parts[0] + parts[1] + parts[2] != 1000)
        return bad_value(p, option, value,
                         "three percentages, 100 together, not all in the last, such as 80,10,10");
    *out = (cli_split){parts[0], parts[1]};
    return EXIT_DONE;
}

static int set_character(const parser *p, const cli_option *option, const char *value,
                         cli_character *out)
{
    const int may_be_none = strcmp(option->name, "delimiter") != 0;
    if (may_be_none && strcmp(value, "none") == 0)
        out->is_none = 1;
    else if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0)
        out->value = '\t';
    else if (strlen(value) == 1 && (unsigned char)*value < 0x80 && *value != '\n' && *value != '\r')
        out->value = *value;
    else
        return bad_value(p, option, value,
                         may_be_none ? "one ASCII character, tab or none"
                                     : "one ASCII character or tab");
    return EXIT_DONE;
}

static int set_value(const parser *p, const cli_option *option, const char *value)
{
    void *const place = (char *)p->out + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
        *(int *)place = 1;
        return EXIT_DONE;
    case OPTION_TEXT:
        *(const char **)place = value;
        return *value != '\0' ? EXIT_DONE : bad_value(p, option, value, option->argument);
    case OPTION_CHOICE:
        return set_choice(p, option, value, place);
    case OPTION_COUNT:
    case OPTION_SIZE:
        return set_number(p, option, value, place);
    case OPTION_SEED:
        return set_seed(p, option, value, place);
    case OPTION_CHARACTER:
        return set_character(p, option, value, place);
    case OPTION_LIST:
        return set_list(p, option, value, place);
    case OPTION_REPEATED:
        list_add(place, value, strlen(value));
        return EXIT_DONE;
    case OPTION_LIMIT:
        return set_limit(p, option, value, place);
    case OPTION_SHARE:
        return set_share(p, option, value, place);
    case OPTION_SPLIT:
        return set_split(p, option, value, place);
    }
    return EXIT_USAGE;
}

/* ---- arguments ---- */

static int take_option(parser *p, size_t index, const char *value)
{
    const cli_option *option = options_at(p->command, index);
    const int may_repeat = option->kind == OPTION_FLAG || option->kind == OPTION_LIST ||
                           option->kind == OPTION_REPEATED;
    char message[512];
    if (p->seen[index] && !may_repeat) {
        (void)snprintf(message, sizeof message, "--%s is given twice; give it once", option->name);
        return usage(p, message);
    }
    p->seen[index] = 1;
    if (option->kind == OPTION_FLAG && value != NULL) {
        (void)snprintf(message, sizeof message, "--%s takes no value", option->name);
        return usage(p, message);
    }
    if (option->kind != OPTION_FLAG && value == NULL) {
        if (p->at >= p->argc) {
            (void)snprintf(message, sizeof message, "--%s expects a value: %s", option->name,
                           option->argument);
            return usage(p, message);
        }
        value = p->argv[p->at++];
    }
    return set_value(p, option, value);
}

static int take_long(parser *p, const char *argument)
{
    const char *name = argument + 2;
    const size_t size = strcspn(name, "=");
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    for (size_t i = 0;; i++) {
        const cli_option *option = options_at(p->command, i);
        if (option == NULL)
            break;
        if (strlen(option->name) == size && strncmp(option->name, name, size) == 0)
            return take_option(p, i, value);
    }
    char word[WORD_MAX];
    (void)snprintf(word, sizeof word, "%.*s", (int)smaller(size, WORD_MAX - 1), name);
    const char *near = options_nearest(word, option_name_at, p->command);
    char message[512];
    (void)snprintf(message, sizeof message,
                   near == NULL ? "unknown option '--%s'%s"
                                : "unknown option '--%s'; did you mean '--%s'?",
                   word, near == NULL ? "" : near);
    return usage(p, message);
}

static int take_letters(parser *p, const char *argument)
{
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        size_t i = 0;
        const cli_option *option = options_at(p->command, i);
        while (option != NULL && option->letter != *letter)
            option = options_at(p->command, ++i);
        if (option == NULL) {
            char message[64];
            (void)snprintf(message, sizeof message, "unknown option '-%c'", *letter);
            return usage(p, message);
        }
        if (option->kind != OPTION_FLAG)
            return take_option(p, i, letter[1] == '\0' ? NULL : letter + 1);
        const int status = take_option(p, i, NULL);
        if (status != EXIT_DONE)
            return status;
    }
    return EXIT_DONE;
}

/* An address may hold a password, so one that stands in the wrong place is not told back. */
static int is_misplaced(const parser *p, size_t index)
{
    const char *text = p->out->operands.items[index];
    if (strncmp(text, "postgresql://", 13) != 0 && strncmp(text, "postgres://", 11) != 0)
        return 0;
    return index + 1 != p->out->operands.count || index >= p->command->max_operands ||
           strstr(p->command->operands, "TARGET") == NULL;
}

static int check_operands(const parser *p)
{
    const size_t count = p->out->operands.count;
    const cli_command *command = p->command;
    for (size_t i = 0; i < count; i++) {
        char misplaced[256];
        (void)snprintf(misplaced, sizeof misplaced,
                       "a PostgreSQL address stands in the wrong place; expected: mimic %s %s",
                       command->name, command->operands);
        if (is_misplaced(p, i))
            return usage(p, misplaced);
    }
    if (p->out->help || (count >= command->min_operands && count <= command->max_operands))
        return EXIT_DONE;
    char message[512];
    if (command->max_operands == 0)
        (void)snprintf(message, sizeof message, "unexpected argument '%s'",
                       p->out->operands.items[0]);
    else if (count > command->max_operands)
        (void)snprintf(message, sizeof message, "unexpected argument '%s'; expected: mimic %s %s",
                       p->out->operands.items[command->max_operands], command->name,
                       command->operands);
    else
        (void)snprintf(message, sizeof message, "too few arguments; expected: mimic %s %s",
                       command->name, command->operands);
    return usage(p, message);
}

int options_parse(const cli_command *command, int argc, char **argv, cli_arguments *out)
{
    memset(out, 0, sizeof *out);
    parser p = {.command = command, .out = out, .argv = argv, .argc = argc};
    int only_operands = 0;
    while (p.at < argc && !out->help) {
        const char *argument = argv[p.at++];
        int status = EXIT_DONE;
        if (only_operands || argument[0] != '-' || argument[1] == '\0')
            list_add(&out->operands, argument, strlen(argument));
        else if (strcmp(argument, "--") == 0)
            only_operands = 1;
        else if (argument[1] == '-')
            status = take_long(&p, argument);
        else
            status = take_letters(&p, argument);
        if (status != EXIT_DONE)
            return status;
    }
    return check_operands(&p);
}

static void list_free(cli_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

void options_free(cli_arguments *arguments)
{
    list_free(&arguments->operands);
    list_free(&arguments->schema_dirs);
    list_free(&arguments->tables);
    list_free(&arguments->order_by);
    list_free(&arguments->codes);
    list_free(&arguments->maps);
    list_free(&arguments->columns);
}
