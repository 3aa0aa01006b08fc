/*
 * Sorting events: what blocks cost and how small they get, by level; sorting tables that come in order
 * and that do not, in and beyond memory; files of `partition`. Events are shaped as those of labevents:
 * two a row, texts and properties as the map makes them. Times are the processor's.
 *
 *     bench_event_sorter [events in millions, default 2] [jobs, default 2] [memory in MiB, default 64]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "events/event_block.h"
#include "events/event_sorter.h"
#include "events/event_sorter_internal.h"
#include "io/codec.h"

#define CHUNK 16384

/* Time of the processor: other programs do not count. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void must(mimic_status status, const mimic_error *err)
{
    if (status == MIMIC_OK)
        return;
    fprintf(stderr, "%s: %s\n", mimic_status_name(status), err->message);
    exit(1);
}

/* ---- memory in use, and its peak ---- */

static size_t used_bytes;
static size_t peak_bytes;

static void count(size_t size)
{
    const size_t used = __atomic_add_fetch(&used_bytes, size, __ATOMIC_RELAXED);
    if (used > peak_bytes)
        peak_bytes = used;
}

static void *counting_alloc(size_t size, void *ctx)
{
    (void)ctx;
    size_t *const memory = malloc(size + 16);
    if (memory == NULL)
        return NULL;
    count(size);
    *memory = size;
    return memory + 2;
}

static void counting_free(void *memory, void *ctx)
{
    (void)ctx;
    size_t *const whole = (size_t *)memory - 2;
    count(0 - *whole);
    free(whole);
}

static void *counting_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    void *const moved = counting_alloc(new_size, ctx);
    if (moved == NULL)
        return NULL;
    memcpy(moved, memory, old_size < new_size ? old_size : new_size);
    counting_free(memory, ctx);
    return moved;
}

/* ---- events as those of labevents ---- */

typedef struct shape {
    size_t events;
    bool is_shuffled; /* subjects in no order; each has some dozen rows in a place, */
    bool has_many;    /* or a row a subject */
} shape;

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

static void make_row(mimic_event *out, size_t row, const shape *of)
{
    const uint64_t specimen = row / 12;
    const uint64_t place = specimen / 9;
    const uint64_t subject = of->is_shuffled ? mix(place) % (of->events / 500 + 1)
                             : of->has_many  ? mix(row) >> 24
                                             : place / 4;
    const uint64_t r = mix(row + 77);
    const uint64_t s = mix(specimen);
    const uint64_t item = (row % 12 * 5 + s % 5) % 60;
    const int64_t time = INT64_C(5000000000000000) +
                         (int64_t)(mix(subject) % 2000000 + specimen % 900 * 613) * 60000000;
    out[0] = (mimic_event){.subject = 10000000 + (int64_t)subject * 17,
                           .time = time,
                           .available = time,
                           .anchor = time,
                           .admission = s % 3 == 0 ? MIMIC_EVENT_NONE
                                                   : 20000000 + (int64_t)(mix(subject * 4) % 9999999),
                           .stay = MIMIC_EVENT_NONE,
                           .row = (int64_t)row + 1,
                           .code = (uint32_t)(2 * item),
                           .unit = MIMIC_EVENT_NO_TEXT,
                           .text_size = MIMIC_EVENT_NO_TEXT,
                           .properties_size = 22,
                           .kind = 0};
    out[1] = out[0];
    out[1].kind = 1;
    out[1].code++;
    out[1].time = out[1].available = time + (int64_t)(20 + s % 200) * 60000000;
    out[1].unit = (uint32_t)(item % 20);
    out[1].text_size = 3 + (uint32_t)(item % 3);
    out[1].value = (double)(r % (10 + item * 30)) / (item % 2 == 0 ? 10 : 1);
    out[1].flags = MIMIC_EVENT_HAS_VALUE;
}

/* Rows of one chunk, two events each. */
static mimic_event_chunk *make_chunk(const mimic_context *ctx, size_t first_row, const shape *of)
{
    const size_t size = CHUNK * (sizeof(mimic_event) + sizeof(mimic_event_run) + 24 + 32);
    mimic_event_chunk *const chunk = mimic__alloc_zeroed(ctx, 1, sizeof *chunk);
    if (chunk == NULL || (chunk->memory = mimic__alloc(ctx, size)) == NULL)
        exit(1);
    chunk->ctx = ctx;
    atomic_init(&chunk->references, 1);
    chunk->memory_size = size;
    chunk->events = chunk->memory;
    chunk->runs = (mimic_event_run *)(void *)(chunk->events + CHUNK);
    chunk->bytes = (char *)(chunk->runs + CHUNK);
    for (; chunk->count < CHUNK; chunk->count += 2) {
        mimic_event *const events = chunk->events + chunk->count;
        make_row(events, first_row + chunk->count / 2, of);
        for (int i = 0; i < 2; i++) {
            char text[40];
            events[i].text = (uint32_t)chunk->bytes_size;
            const size_t text_size = i == 0 ? 0 : events[i].text_size;
            snprintf(text, sizeof text, "%-*.1f{\"priority\":\"%s\"}", (int)text_size,
                     events[i].value, events[0].time % 7 < 4 ? "ROUTINE" : "STAT123");
            const size_t whole = text_size + events[i].properties_size;
            memcpy(chunk->bytes + chunk->bytes_size,
                   strlen(text) > whole || text_size == 0 ? strchr(text, '{') - text_size : text,
                   whole);
            chunk->bytes_size += whole;
        }
        if (chunk->run_count == 0 ||
            chunk->runs[chunk->run_count - 1].subject != events->subject)
            chunk->runs[chunk->run_count++] =
                (mimic_event_run){events->subject, (uint32_t)chunk->count, 0};
        chunk->runs[chunk->run_count - 1].count += 2;
    }
    return chunk;
}

/* ---- blocks ---- */

static void bench_level(const mimic_context *ctx, int level, size_t block_events, const shape *of)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_event_packer *packer = NULL;
    mimic_event_builder builder;
    double pack_time = 0;
    double unpack_time = 0;
    size_t stored = 0;
    size_t packed = 0;
    size_t events = 0;
    must(mimic__event_packer_new(ctx, level, &packer, &err), &err);
    mimic__event_builder_init(&builder, ctx, (uint32_t)block_events, (size_t)1 << 20);
    for (size_t row = 0; row < 20 * CHUNK; row += CHUNK / 2) {
        mimic_event_chunk *const chunk = make_chunk(ctx, row, of);
        for (size_t i = 0; i < chunk->run_count; i++) {
            mimic_event_slice slice = {chunk, chunk->runs[i].first, chunk->runs[i].count};
            while (slice.count > 0) {
                must(mimic__event_builder_add(&builder, &slice, &err), &err);
                if (!builder.is_full)
                    continue;
                mimic_event_chunk *const full = mimic__event_builder_take(&builder);
                mimic_event_chunk *again = NULL;
                mimic_event_block block = {0};
                const unsigned char *bytes = NULL;
                full->ascends = true;
                double start = now();
                must(mimic__event_pack(packer, full, &block, &bytes, &err), &err);
                pack_time += now() - start;
                if (full->ascends && block.runs > 0) {
                    start = now();
                    const mimic_status status =
                        mimic__event_unpack(ctx, &block, bytes, &again, &err);
                    unpack_time += now() - start;
                    if (status != MIMIC_OK && !of->is_shuffled)
                        must(status, &err);
                }
                stored += block.stored;
                packed += block.packed;
                events += full->count;
                mimic__chunk_release(full);
                mimic__chunk_release(again);
            }
        }
        mimic__chunk_release(chunk);
    }
    mimic__event_builder_free(&builder);
    mimic__event_packer_free(packer);
    printf("level %2d, blocks of %5zu: %5.1f bytes an event (%5.1f before compression), pack %5.1f ns, "
           "unpack %5.1f ns an event\n",
           level, block_events, (double)stored / (double)events, (double)packed / (double)events,
           pack_time * 1e9 / (double)events, unpack_time * 1e9 / (double)events);
}

/* The same events as they lie in memory, for comparison. */
static void bench_plain(const mimic_context *ctx, int level, const shape *of)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_zstd_compressor *compressor = NULL;
    static unsigned char into[1 << 20];
    static unsigned char back[1 << 20];
    double pack_time = 0;
    double unpack_time = 0;
    size_t stored = 0;
    size_t events = 0;
    must(mimic__zstd_compressor_new(ctx, level, &compressor, &err), &err);
    for (size_t row = 0; row < 20 * CHUNK; row += CHUNK / 2) {
        mimic_event_chunk *const chunk = make_chunk(ctx, row, of);
        for (size_t first = 0; first < CHUNK; first += 4096) {
            size_t size = 0;
            const size_t all = 4096 * sizeof *chunk->events;
            double start = now();
            must(mimic__zstd_compress_frame(compressor, chunk->events + first, all, into,
                                            sizeof into, &size, &err),
                 &err);
            pack_time += now() - start;
            start = now();
            must(mimic__zstd_decompress_frame(into, size, back, all, &err), &err);
            unpack_time += now() - start;
            stored += size;
            events += 4096;
        }
        mimic__chunk_release(chunk);
    }
    mimic__zstd_compressor_free(compressor);
    printf("level %2d, as in memory, without texts: %5.1f bytes an event, pack %5.1f ns, unpack %5.1f "
           "ns an event\n",
           level, (double)stored / (double)events, pack_time * 1e9 / (double)events,
           unpack_time * 1e9 / (double)events);
}

/* ---- sorting ---- */

static unsigned lane_of(const void *ctx, int64_t subject)
{
    (void)ctx;
    return (unsigned)(mix((uint64_t)subject) >> 20) % 3;
}

static size_t drain(mimic_event_stream *stream)
{
    mimic_error err = MIMIC_ERROR_INIT;
    size_t events = 0;
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        must(stream->next(stream, &chunk, &err), &err);
        if (chunk == NULL)
            break;
        events += chunk->count;
        mimic__chunk_release(chunk);
    }
    stream->free(stream);
    return events;
}

static mimic_event_sorter *bench_adding(const mimic_context *ctx, const shape *of,
                                        const mimic_event_sorter_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_event_sorter *sorter = NULL;
    double making = 0;
    must(mimic__event_sorter_new(ctx, options, &sorter, &err), &err);
    const double start = now();
    for (size_t row = 0; row < of->events / 2; row += CHUNK / 2) {
        const double before = now();
        mimic_event_chunk *const chunk = make_chunk(ctx, row, of);
        making += now() - before;
        must(mimic__event_sorter_add(sorter, chunk, &err), &err);
    }
    const double added = now();
    must(mimic__event_sorter_finish(sorter, &err), &err);
    const double n = (double)of->events;
    printf("  add %6.1f ns, finish %6.1f ns an event; %zu runs, %5.1f bytes spilled an event\n",
           (added - start - making) * 1e9 / n, (now() - added) * 1e9 / n,
           mimic__event_sorter_runs(sorter, 0), (double)mimic__event_sorter_spilled(sorter) / n);
    return sorter;
}

static void bench_file(const mimic_context *ctx, mimic_event_sorter *sorter, mimic_pool *pool,
                       size_t events)
{
    static const mimic_event_file_head head = {"{}", 2};
    static const char path[] = "bench_event_sorter.tmp";
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_event_codes *codes[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        must(mimic__event_codes_new(ctx, 1 << 20, &codes[i], &err), &err);
        for (int c = 0; c < 200; c++) {
            char text[20];
            uint32_t number;
            const int size = snprintf(text, sizeof text, "LAB//%d", c);
            must(mimic__event_codes_add(codes[i], text, (size_t)size, NULL, &number, &err), &err);
        }
    }
    double start = now();
    must(mimic__event_file_write(sorter, path, codes[0], codes[1], &head, &err), &err);
    printf("  file: write %6.1f ns an event", (now() - start) * 1e9 / (double)events);
    mimic_event_file *file = NULL;
    const mimic_event_file_options options = {path, codes[0], codes[1], NULL, pool};
    start = now();
    must(mimic__event_file_open(ctx, &options, &file, &err), &err);
    size_t found = 0;
    for (unsigned lane = 0; lane < 3; lane++) {
        mimic_event_stream *stream = NULL;
        must(mimic__event_file_stream(file, lane, INT64_MIN, INT64_MAX, 8 << 20, &stream, &err),
             &err);
        found += drain(stream);
    }
    printf(", read %6.1f ns an event\n", (now() - start) * 1e9 / (double)found);
    mimic__event_file_free(file);
    mimic__event_codes_free(codes[0]);
    mimic__event_codes_free(codes[1]);
    remove(path);
}

static void bench_sort(const mimic_context *ctx, const shape *of, int jobs, size_t memory)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_pool *pool = NULL;
    must(mimic__pool_new(ctx, jobs, &pool, &err), &err);
    const mimic_event_sorter_options options = {.memory = memory, .path = "./bench", .pool = pool,
                                                .lane_count = 3, .lane = lane_of};
    printf("%s, %zu MiB, %d jobs:\n",
           of->is_shuffled ? "shuffled"
           : of->has_many  ? "shuffled, a row a subject"
                           : "in order",
           memory >> 20, jobs);
    peak_bytes = used_bytes;
    mimic_event_sorter *const sorter = bench_adding(ctx, of, &options);
    const double start = now();
    size_t found = 0;
    for (unsigned lane = 0; lane < 3; lane++) {
        mimic_event_stream *stream = NULL;
        must(mimic__event_sorter_stream(sorter, lane, INT64_MIN, INT64_MAX, &stream, &err), &err);
        found += drain(stream);
    }
    struct rusage usage;
    const double stream_time = now() - start;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("  stream %6.1f ns an event; at most %zu MiB in use, %ld MiB resident so far\n",
           stream_time * 1e9 / (double)found, peak_bytes >> 20, usage.ru_maxrss >> 10);
    bench_file(ctx, sorter, pool, of->events);
    mimic__event_sorter_free(sorter);
    mimic__pool_free(pool);
}

int main(int argc, char **argv)
{
    const size_t millions = argc > 1 ? strtoul(argv[1], NULL, 10) : 2;
    const int jobs = argc > 2 ? atoi(argv[2]) : 2;
    const size_t memory = (argc > 3 ? strtoul(argv[3], NULL, 10) : 64) << 20;
    mimic_context *ctx = NULL;
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){counting_alloc, counting_realloc, counting_free, NULL};
    mimic_error err = MIMIC_ERROR_INIT;
    must(mimic_context_new(&options, &ctx, &err), &err);
    const shape in_order = {millions * 1000000, false, false};
    const shape shuffled = {millions * 1000000, true, false};
    const shape many = {millions * 1000000, false, true};
    static const int levels[] = {1, 3};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        bench_plain(ctx, levels[i], &in_order);
        bench_level(ctx, levels[i], 900, &in_order);
        bench_level(ctx, levels[i], 4096, &in_order);
    }
    bench_sort(ctx, &in_order, jobs, memory);
    bench_sort(ctx, &shuffled, jobs, memory);
    bench_sort(ctx, &many, jobs, memory);
    bench_sort(ctx, &shuffled, jobs, millions << 28);
    mimic_context_free(ctx);
    return 0;
}
