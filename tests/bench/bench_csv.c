/*
 * CSV to typed batches, through the shared library: what a program that links it gets. Prints one
 * JSON object; nothing is gated on time.
 *
 *     bench_csv TABLE FILE [KERNEL [JOBS]]      TABLE such as mimic-iv@3.1/chartevents
 *                                               KERNEL best or scalar; JOBS threads, default 1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <mimic/mimic.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static mimic_status read_all(mimic_csv_reader *reader, mimic_error *err)
{
    const mimic_batch *batch;
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, err)) == MIMIC_OK)
        continue;
    return status == MIMIC_END ? MIMIC_OK : status;
}

static mimic_status run(const char *spec, const char *path, int is_scalar, int jobs,
                        mimic_error *err)
{
    mimic_csv_options csv = MIMIC_CSV_OPTIONS_INIT;
    csv.jobs = jobs;
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.cpu_mask = is_scalar ? MIMIC_CPU_NONE : MIMIC_CPU_ALL;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_counts counts = {.struct_size = sizeof counts};
    struct rusage usage;
    mimic_status status = mimic_context_new(&options, &ctx, err);
    if (status == MIMIC_OK)
        status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, spec, &table, err);
    const double start = now();
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, path, NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &csv, &reader, err);
    if (status == MIMIC_OK)
        status = read_all(reader, err);
    const double seconds = now() - start;
    if (status == MIMIC_OK) {
        mimic_csv_reader_counts(reader, &counts);
        getrusage(RUSAGE_SELF, &usage);
        printf("{\"kernel\": \"%s\", \"rows\": %lld, \"rejected\": %lld, \"bytes\": %lld, "
               "\"seconds\": %.6f, \"peak_kb\": %ld}\n",
               is_scalar ? "scalar" : "best", (long long)counts.delivered,
               (long long)counts.rejected, (long long)counts.bytes, seconds, usage.ru_maxrss);
    }
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return status;
}

int main(int argc, char **argv)
{
    mimic_error err = MIMIC_ERROR_INIT;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_csv TABLE FILE [KERNEL [JOBS]]\n");
        return 2;
    }
    const int is_scalar = argc > 3 && strcmp(argv[3], "scalar") == 0;
    if (run(argv[1], argv[2], is_scalar, argc > 4 ? atoi(argv[4]) : 1, &err) == MIMIC_OK)
        return 0;
    fprintf(stderr, "bench_csv: %s\n", err.message);
    return 1;
}
