/*
 * mimic synth: an invented hospital.
 */
#include <stdio.h>

#include "commands.h"
#include "progress.h"
#include "session.h"
#include "talk.h"

/* "gz|zst|none" counted from 1; 0 is the library's default. */
static const mimic_compression compressions[] = {MIMIC_COMPRESSION_AUTO, MIMIC_COMPRESSION_GZIP,
                                                 MIMIC_COMPRESSION_ZSTD, MIMIC_COMPRESSION_NONE};

typedef struct tally {
    size_t tables;
    int64_t rows;
    int64_t bytes;
} tally;

static int count(const mimic_progress *progress, void *ctx)
{
    tally *written = ctx;
    if (progress->is_done) {
        written->tables++;
        written->rows += progress->rows;
        written->bytes += progress->bytes;
    }
    return progress_update(progress, NULL);
}

static void print_tally(const cli_arguments *arguments, const tally *written)
{
    char rows[NUMBER_BYTES];
    talk_print(stdout, "%s: %zu tables, %s rows, %.1f MB in %s\n", arguments->operands.items[0],
               written->tables, talk_number(written->rows, rows), (double)written->bytes / 1e6,
               arguments->operands.items[1]);
}

static int run_synth(const cli_arguments *arguments)
{
    session s;
    int result = session_open(arguments, &s);
    if (result == EXIT_DONE) {
        mimic_error err = MIMIC_ERROR_INIT;
        mimic_synth_options options = MIMIC_SYNTH_OPTIONS_INIT;
        options.compression = compressions[arguments->compress];
        options.patients = arguments->patients;
        options.seed = arguments->seed;
        options.tables = (const char *const *)arguments->tables.items;
        options.table_count = arguments->tables.count;
        options.force = arguments->force;
        tally written = {0, 0, 0};
        options.progress = count;
        options.progress_ctx = &written;
        progress_begin(arguments->quiet);
        const mimic_status status = mimic_synth(s.ctx, s.registry, arguments->operands.items[0],
                                                arguments->operands.items[1], &options, &err);
        progress_end();
        if (status != MIMIC_OK)
            result = talk_mimic_error(&err);
        else
            print_tally(arguments, &written);
    }
    session_close(&s);
    return result;
}

static const cli_option rows[] = {
    {"patients", 0, OPTION_COUNT, "N", OPTION_AT(patients),
     "Number of patients, such as 100 or 50k. Default: 100."},
    {"seed", 0, OPTION_SEED, "S", OPTION_AT(seed),
     "Same version, seed and options: same bytes. Default: 0."},
    {"tables", 0, OPTION_LIST, "NAMES", OPTION_AT(tables),
     "Only these tables, parted by commas; their bytes do not depend on the choice. Default: all."},
    {"compress", 0, OPTION_CHOICE, "gz|zst|none", OPTION_AT(compress),
     "Compression of the files. Default: gz."},
    {"force", 0, OPTION_FLAG, NULL, OPTION_AT(force),
     "Replace files that stand in OUT under the same names."},
    OPTION_END};

static const cli_option *const groups[] = {rows, group_quiet, group_schema_dir, group_help, NULL};

const cli_command cmd_synth = {
    .name = "synth",
    .summary = "invent a hospital: MIMIC-shaped data of any size from a seed",
    .operands = "DATASET OUT",
    .min_operands = 2,
    .max_operands = 2,
    .groups = groups,
    .description =
        "Writes all tables of DATASET (mimic-iv) below the folder OUT, in the layout of the "
        "release: the same files, columns and order, whole in every reference, with plausible "
        "values, missing ones and free text. Where a file of the same name stands in OUT already, "
        "which may be real data, nothing is written, unless --force is given.\n\n"
        "Every patient is invented by rules. The data is fit for demonstrations, tests and "
        "benchmarks where no one may share MIMIC, and for nothing else.",
    .exit_status = "0 done\n1 failed\n2 usage\n130 cancelled (Ctrl-C or SIGTERM)\n",
    .examples = "mimic synth mimic-iv hospital --patients 200 --seed 7\n"
                "A small hospital.\n"
                "mimic load hospital hospital.db\n"
                "... and its database.\n"
                "mimic synth mimic-iv big --patients 100k --seed 1 --compress zst\n"
                "Something to measure with.\n",
    .run = run_synth,
};
