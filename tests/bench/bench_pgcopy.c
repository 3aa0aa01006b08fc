/*
 * A CSV file as the bytes of PostgreSQL's COPY BINARY, in a file: what a load would send, ready made.
 * Says how fast the encoder was, in MB of CSV a second of one thread.
 *
 *     bench_pgcopy DATASET/TABLE CSV OUT      ("-" as OUT: nowhere)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <mimic/mimic.h>

#include "sink/pgcopy.h"

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void check(mimic_status status, const mimic_error *err)
{
    if (status < 0) {
        fprintf(stderr, "bench_pgcopy: %s\n", err->message);
        exit(EXIT_FAILURE);
    }
}

static void write_out(FILE *file, mimic_buffer *out)
{
    if (out->failed || (file != NULL && fwrite(out->data, 1, out->size, file) != out->size)) {
        fputs("bench_pgcopy: no memory, or the file cannot be written\n", stderr);
        exit(EXIT_FAILURE);
    }
    out->size = 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("bench_pgcopy DATASET/TABLE CSV OUT\n", stderr);
        return 2;
    }
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_context *ctx = NULL;
    mimic_registry *registry = NULL;
    const mimic_table *table = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    check(mimic_context_new(NULL, &ctx, &err), &err);
    check(mimic_registry_new(ctx, &registry, &err), &err);
    check(mimic_registry_find_table(registry, argv[1], &table, &err), &err);
    check(mimic_source_open(ctx, argv[2], NULL, &source, &err), &err);
    check(mimic_csv_reader_open(ctx, source, table, &options, &reader, &err), &err);
    FILE *file = strcmp(argv[3], "-") == 0 ? NULL : fopen(argv[3], "wb");
    mimic_pgcopy_plan plan;
    mimic_buffer out;
    mimic__buffer_init(&out, ctx);
    check(mimic__pgcopy_plan_init(&plan, ctx, mimic_csv_reader_table(reader), &err), &err);
    mimic__pgcopy_put_header(&out);
    const mimic_batch *batch = NULL;
    double looking = 0;
    double encoding = 0;
    uint64_t bytes = 0;
    uint64_t rows = 0;
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK) {
        const double start = processor_seconds();
        const bool has_faults = mimic__pgcopy_may_have_faults(&plan, batch);
        const double looked = processor_seconds();
        mimic__pgcopy_put_rows(&plan, batch, 0, batch->row_count, &out);
        encoding += processor_seconds() - looked;
        looking += looked - start;
        rows += (uint64_t)batch->row_count;
        bytes += out.size;
        if (has_faults)
            fputs("bench_pgcopy: rows that PostgreSQL may not take\n", stderr);
        write_out(file, &out);
    }
    check(status, &err);
    mimic__pgcopy_put_trailer(&out);
    write_out(file, &out);
    struct stat facts;
    if (stat(argv[2], &facts) != 0 || (file != NULL && fclose(file) != 0))
        return EXIT_FAILURE;
    const double size = (double)facts.st_size / 1e6;
    printf("%llu rows, %.0f MB of CSV, %.0f MB of COPY BINARY; MB/s of CSV: encode %.0f, look for "
           "faults %.0f, both %.0f; %.1f ns a row\n",
           (unsigned long long)rows, size, (double)bytes / 1e6, size / encoding, size / looking,
           size / (encoding + looking), (encoding + looking) * 1e9 / (double)rows);
    mimic__buffer_free(&out);
    mimic__pgcopy_plan_free(&plan);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
    return EXIT_SUCCESS;
}
