/*
 * Nanoseconds an event from batches to chunks (mimic__emit), one thread, for every table of an invented
 * MIMIC-IV; with the caches and, beside it, without. Nothing is gated on time.
 *
 *     bench_emit [PATIENTS [TABLE [fast]]]     fast: nothing beside it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mimic/mimic.h>

#include "events/event_emit.h"
#include "test_files.h"

#define ROUNDS 5

typedef struct bench {
    mimic_context *ctx;
    mimic_registry *registry;
    mimic_event_map *map;
    mimic_event_codes *codes;
    mimic_event_codes *units;
    mimic_error err;
    char folder[TEST_PATH_BYTES];
} bench;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(bench *b, mimic_status status)
{
    if (status == MIMIC_OK)
        return;
    fprintf(stderr, "%s\n", b->err.message);
    exit(1);
}

/* One pass over a file: seconds in mimic__emit, and what came of it. */
typedef struct pass {
    double nanoseconds;
    double events;
    double rows;
    double bytes;
} pass;

static pass run_pass(bench *b, const mimic_emitter *emitter, const char *path)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.columns = mimic__emitter_columns(emitter, &options.column_count);
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    must(b, mimic_source_open(b->ctx, path, NULL, &source, &b->err));
    must(b, mimic_csv_reader_open(b->ctx, source, mimic__emitter_table(emitter), &options, &reader,
                                  &b->err));
    pass p = {0};
    const mimic_batch *batch = NULL;
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, &b->err)) == MIMIC_OK) {
        const mimic_emit_rows rows = {batch->first_record, NULL};
        mimic_event_chunk *chunk = NULL;
        const double start = now();
        must(b, mimic__emit(emitter, batch, &rows, &chunk, &b->err));
        p.nanoseconds += now() - start;
        p.events += (double)chunk->count;
        p.rows += (double)chunk->rows;
        p.bytes += (double)chunk->memory_size;
        mimic__chunk_release(chunk);
    }
    if (status != MIMIC_END)
        must(b, status);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return p;
}

static pass best_pass(bench *b, const mimic_event_table *table, const char *path, bool is_plain)
{
    const mimic_emit_setup setup = {.map = b->map,
                                    .table = table,
                                    .into_codes = b->codes,
                                    .into_units = b->units,
                                    .is_plain = is_plain};
    mimic_emitter *emitter = NULL;
    must(b, mimic__emitter_new(b->ctx, &setup, &emitter, &b->err));
    pass best = {0};
    for (int round = 0; round < (is_plain ? 1 : ROUNDS); round++) {
        const pass p = run_pass(b, emitter, path);
        if (round == 0 || p.nanoseconds < best.nanoseconds)
            best = p;
    }
    mimic__emitter_free(emitter);
    return best;
}

int main(int count, char **arguments)
{
    bench b = {.err = MIMIC_ERROR_INIT};
    const mimic_dataset *dataset = NULL;
    must(&b, mimic_context_new(NULL, &b.ctx, &b.err));
    must(&b, mimic_registry_new(b.ctx, &b.registry, &b.err));
    must(&b, mimic_registry_find_dataset(b.registry, "mimic-iv@3.1", &dataset, &b.err));
    must(&b, mimic__event_map_find(b.ctx, &dataset, 1, NULL, &b.map, &b.err));
    must(&b, mimic__event_codes_new(b.ctx, 1u << 28, &b.codes, &b.err));
    must(&b, mimic__event_codes_new(b.ctx, 1u << 28, &b.units, &b.err));
    mimic_synth_options synth = MIMIC_SYNTH_OPTIONS_INIT;
    synth.patients = count > 1 ? atoi(arguments[1]) : 500;
    synth.compression = MIMIC_COMPRESSION_NONE;
    test_folder_make(b.folder);
    must(&b, mimic_synth(b.ctx, b.registry, "mimic-iv", b.folder, &synth, &b.err));
    printf("%-20s %10s %10s %8s %12s %12s %8s\n", "table", "rows", "events", "ns a row", "ns an event",
           "uncached", "bytes");
    for (size_t i = 0; i < b.map->table_count; i++) {
        const mimic_event_table *table = &b.map->tables[i];
        if (count > 2 && strcmp(arguments[2], table->table->name) != 0)
            continue;
        char path[TEST_PATH_BYTES + 256];
        snprintf(path, sizeof path, "%s/%s/%s.csv", b.folder, table->table->module, table->table->name);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        fclose(file);
        const pass p = best_pass(&b, table, path, false);
        const pass plain = count > 3 ? p : best_pass(&b, table, path, true);
        printf("%-20s %10.0f %10.0f %8.1f %12.1f %12.1f %8.1f\n", table->table->name, p.rows, p.events,
               p.nanoseconds / p.rows, p.nanoseconds / p.events,
               plain.nanoseconds / plain.events, p.bytes / p.events);
    }
    test_folder_walk(b.folder, 1);
    mimic__event_codes_free(b.codes);
    mimic__event_codes_free(b.units);
    mimic__event_map_free(b.map);
    mimic_registry_free(b.registry);
    mimic_context_free(b.ctx);
    return 0;
}
