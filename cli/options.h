/*
 * Command lines as tables: a command names its option groups, and the same tables give the parser,
 * the --help text and the shell completion.
 */
#ifndef MIMIC_CLI_OPTIONS_H
#define MIMIC_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Exit status of every command. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REJECTS = 3,     /* done, but with rejects or failed checks */
    EXIT_CANCELLED = 130, /* 128 + SIGINT, as shells have it */
};

/* Texts of the command line, each a copy of its own. */
typedef struct cli_list {
    char **items;
    size_t count;
} cli_list;

/* "1000" or "2.5%". */
typedef struct cli_limit {
    int is_given;
    int64_t count;  /* -1 where a share was given */
    double percent; /* 0 where a count was given */
} cli_limit;

/* One character, or none at all. */
typedef struct cli_character {
    char value; /* 0 = not given */
    int is_none;
} cli_character;

/* "2/8": one part of several. */
typedef struct cli_share {
    int32_t number; /* 0 = not given */
    int32_t count;
} cli_share;

/* "80,10,10": how many of 1,000 come first and second; the rest is third. */
typedef struct cli_split {
    int32_t first;
    int32_t second;
} cli_split;

enum { FORMAT_TEXT = 1, FORMAT_JSON = 2, FORMAT_HTML = 3 };

/* Every option of every command; 0, NULL or empty = not given. Choices count from 1. */
typedef struct cli_arguments {
    cli_list operands;

    int help;
    int quiet;
    int format;
    cli_list schema_dirs;

    const char *table;
    const char *schema;
    const char *dataset;
    cli_list tables;
    cli_list columns;
    const char *where;
    int64_t limit;
    int on_error;
    cli_limit max_rejects;
    int keys;
    int duplicates;
    cli_list order_by;
    int strict;
    int64_t jobs;
    int compress;
    int integer_times;
    int no_indexes;
    int verify;
    int no_dictionaries;
    const char *pg_schema;
    int force;
    int checksum;
    int expect;

    cli_character delimiter;
    cli_character quote;
    cli_character escape;
    cli_character comment;
    int no_header;
    int64_t max_record;
    int64_t max_bytes;

    const char *output;
    int dialect;
    int text_format;
    const char *quality;
    int no_values;
    int64_t min_count;
    int64_t sample;
    int64_t patients;
    uint64_t seed;

    const char *trajectory_version;
    cli_list codes;
    cli_list maps;
    int64_t memory;
    const char *temporary_dir;
    int group;
    int layout;
    int event_format;
    cli_share shard;
    int64_t subjects_per_file;
    cli_split split;
    int bad_times;
    int reversed;
    int outside;
    int unknown_subjects;
    int missing_ids;
    int always_sort;
    const char *from;
    const char *to;
    int properties;
} cli_arguments;

typedef enum cli_option_kind {
    OPTION_FLAG,      /* int */
    OPTION_TEXT,      /* const char * */
    OPTION_CHOICE,    /* int; the choices stand in `argument`, parted by | */
    OPTION_COUNT,     /* int64_t above 0; suffixes k, M, G are powers of 1,000 */
    OPTION_SIZE,      /* int64_t above 0; suffixes K, M, G are powers of 1,024 */
    OPTION_SEED,      /* uint64_t */
    OPTION_CHARACTER, /* cli_character */
    OPTION_LIST,      /* cli_list, parted by commas; may come again */
    OPTION_REPEATED,  /* cli_list, one item each time */
    OPTION_LIMIT,     /* cli_limit */
    OPTION_SHARE,     /* cli_share */
    OPTION_SPLIT,     /* cli_split */
} cli_option_kind;

typedef struct cli_option {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* 0 = none */
    cli_option_kind kind;
    const char *argument; /* as it stands in the help; NULL for flags */
    size_t offset;        /* of the value in cli_arguments */
    const char *help;     /* NULL = for those who know it: in no help and no completion */
} cli_option;

typedef struct cli_command {
    const char *name; /* "convert", "schema list" */
    const char *summary;
    const char *operands; /* as in the synopsis, "" = none */
    size_t min_operands;
    size_t max_operands;             /* SIZE_MAX = any number */
    const cli_option *const *groups; /* ended by NULL */
    const char *description;         /* paragraphs; lines that begin with a blank keep their form */
    const char *exit_status; /* lines "N text"; NULL = those of a command that cannot reject */
    const char *examples;    /* pairs of lines: the command, what it does */
    int (*run)(const cli_arguments *arguments);
} cli_command;

/* The option at `index` over all groups of a command; NULL beyond the last. */
const cli_option *options_at(const cli_command *command, size_t index);

/*
 * Parses what follows the command's name. Says on stderr what is wrong and returns EXIT_USAGE, or
 * EXIT_DONE. With --help nothing after it is looked at. *out is to be given to options_free either
 * way.
 */
int options_parse(const cli_command *command, int argc, char **argv, cli_arguments *out);
void options_free(cli_arguments *arguments);

/*
 * The candidate that `word` was most likely meant to be, or NULL when none is near. `next` gives
 * candidate after candidate, NULL at the end.
 */
const char *options_nearest(const char *word, const char *(*next)(const void *ctx, size_t index),
                            const void *ctx);

#endif
