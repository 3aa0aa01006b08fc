/*
 * CSV to typed batches, through the shared library: what a program that links it gets.
 * Prints one JSON object; nothing is gated on time.
 *
 *     bench_csv [--jobs N] [--scalar] [--count | --hold | --arrow | --dense [--rows N]] [--schema-dir DIR]
 *               TABLE FILE
 *
 * TABLE such as mimic-iv@3.1/chartevents. --count takes no column: records are checked and
 * counted; --hold keeps every batch, as an Arrow array, until all are read; --arrow and --dense
 * gather the table in a frame of that form, --dense with times in nanoseconds, and --rows as what
 * the frame is told to expect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <mimic/mimic.h>

typedef struct bench_settings {
    const char *table;
    const char *file;
    const char *schema_dir;
    int jobs;
    int is_scalar;
    int is_count;
    int is_hold;
    int is_frame;
    mimic_frame_form form;
    long expected_rows;
} bench_settings;

/* Everything a run owns, so that one place frees it. */
typedef struct bench_run {
    mimic_context *ctx;
    mimic_registry *registry;
    mimic_source *source;
    mimic_csv_reader *reader;
    mimic_frame *frame;
    struct ArrowArray *held;
    size_t held_count;
    size_t held_room;
} bench_run;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Processor time of all threads. */
static double worked(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static mimic_status hold(bench_run *run, const mimic_batch *batch, mimic_error *err)
{
    if (run->held_count == run->held_room) {
        run->held_room = run->held_room * 2 + 1024;
        run->held = realloc(run->held, run->held_room * sizeof *run->held);
        if (run->held == NULL)
            return MIMIC_ERR_MEMORY;
    }
    const mimic_status status =
        mimic_batch_export(run->ctx, batch, &run->held[run->held_count], err);
    run->held_count += status == MIMIC_OK;
    return status;
}

static mimic_status read_all(bench_run *run, const bench_settings *settings, mimic_error *err)
{
    const mimic_batch *batch;
    mimic_status status;
    while ((status = mimic_csv_reader_next(run->reader, &batch, err)) == MIMIC_OK)
        if ((settings->is_hold && (status = hold(run, batch, err)) != MIMIC_OK) ||
            (settings->is_frame &&
             (status = mimic_frame_append(run->frame, batch, err)) != MIMIC_OK))
            break;
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status open_reader(bench_run *run, const bench_settings *settings,
                                const mimic_table *table, mimic_error *err)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = settings->jobs;
    static const char *const no_columns[] = {NULL};
    if (settings->is_count)
        options.columns = no_columns; /* and a count of 0 */
    mimic_status status = mimic_source_open(run->ctx, settings->file, NULL, &run->source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(run->ctx, run->source, table, &options, &run->reader, err);
    mimic_frame_options frame = MIMIC_FRAME_OPTIONS_INIT;
    frame.form = settings->form;
    frame.expected_rows = settings->expected_rows;
    frame.nanoseconds = settings->form == MIMIC_FRAME_DENSE;
    if (status == MIMIC_OK && settings->is_frame)
        status = mimic_frame_new(run->ctx, mimic_csv_reader_table(run->reader), &frame, &run->frame,
                                 err);
    return status;
}

static void report(const bench_run *run, const bench_settings *settings, double seconds,
                   double cpu_seconds)
{
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    struct rusage usage;
    mimic_csv_reader_counts(run->reader, &counts);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"kernel\": \"%s\", \"jobs\": %d, \"rows\": %lld, \"rejected\": %lld, "
           "\"bytes\": %lld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_kb\": %ld}\n",
           settings->is_scalar ? "scalar" : "best", settings->jobs, (long long)counts.delivered,
           (long long)counts.rejected, (long long)counts.bytes, seconds, cpu_seconds,
           usage.ru_maxrss);
}

static mimic_status measure(bench_run *run, const bench_settings *settings, mimic_error *err)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.cpu_mask = settings->is_scalar ? MIMIC_CPU_NONE : MIMIC_CPU_ALL;
    const mimic_table *table = NULL;
    mimic_status status = mimic_context_new(&options, &run->ctx, err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(run->ctx, &run->registry, err);
    if (status == MIMIC_OK && settings->schema_dir != NULL)
        status = mimic_registry_add_dir(run->registry, settings->schema_dir, err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(run->registry, settings->table, &table, err);
    const double start = now();
    const double cpu_start = worked();
    if (status == MIMIC_OK)
        status = open_reader(run, settings, table, err);
    if (status == MIMIC_OK)
        status = read_all(run, settings, err);
    if (status == MIMIC_OK)
        report(run, settings, now() - start, worked() - cpu_start);
    return status;
}

static int read_arguments(int argc, char **argv, bench_settings *out)
{
    int next = 1;
    for (; next < argc && strncmp(argv[next], "--", 2) == 0; next++) {
        if (strcmp(argv[next], "--scalar") == 0)
            out->is_scalar = 1;
        else if (strcmp(argv[next], "--count") == 0)
            out->is_count = 1;
        else if (strcmp(argv[next], "--hold") == 0)
            out->is_hold = 1;
        else if (strcmp(argv[next], "--arrow") == 0)
            out->is_frame = 1;
        else if (strcmp(argv[next], "--dense") == 0)
            out->is_frame = out->form = MIMIC_FRAME_DENSE;
        else if (strcmp(argv[next], "--jobs") == 0 && next + 1 < argc)
            out->jobs = atoi(argv[++next]);
        else if (strcmp(argv[next], "--rows") == 0 && next + 1 < argc)
            out->expected_rows = atol(argv[++next]);
        else if (strcmp(argv[next], "--schema-dir") == 0 && next + 1 < argc)
            out->schema_dir = argv[++next];
        else
            return 0;
    }
    if (argc - next != 2)
        return 0;
    out->table = argv[next];
    out->file = argv[next + 1];
    return 1;
}

int main(int argc, char **argv)
{
    mimic_error err = MIMIC_ERROR_INIT;
    bench_settings settings = {.jobs = 1};
    if (!read_arguments(argc, argv, &settings)) {
        fprintf(stderr, "usage: bench_csv [--jobs N] [--scalar] [--count | --hold | --arrow | --dense "
                        "[--rows N]] [--schema-dir DIR] TABLE FILE\n");
        return 2;
    }
    bench_run run = {0};
    const mimic_status status = measure(&run, &settings, &err);
    for (size_t i = 0; i < run.held_count; i++)
        run.held[i].release(&run.held[i]);
    free(run.held);
    mimic_frame_free(run.frame);
    mimic_csv_reader_free(run.reader);
    mimic_source_free(run.source);
    mimic_registry_free(run.registry);
    mimic_context_free(run.ctx);
    if (status == MIMIC_OK)
        return 0;
    fprintf(stderr, "bench_csv: %s\n", err.message);
    return 1;
}
