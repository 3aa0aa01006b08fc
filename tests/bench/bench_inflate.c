/*
 * Decompression of one file, by the library and by bare loops around zlib, ISA-L and libzstd with the
 * same sizes of input and output. Prints medians of MB of decompressed bytes a second of processor time,
 * which other work on the machine disturbs least, and of elapsed time, for what uses threads; nothing
 * is gated on them.
 *
 *     bench_inflate FILE [ROUNDS]
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mimic/mimic.h>

#include "io/source_internal.h"

#if MIMIC_HAVE_ZLIB
#include <zlib.h>
#endif
#if MIMIC_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif
#if MIMIC_HAVE_ZSTD
#include <zstd.h>
#endif

#define INPUT_BYTES ((size_t)256 * 1024)
#define OUTPUT_BYTES ((size_t)512 * 1024)
#define ROUNDS_MAX 99

static const char *path;
static unsigned char input[INPUT_BYTES];
static unsigned char output[OUTPUT_BYTES];

/* Each gives the number of decompressed bytes, or -1. */

static double by_library(uint32_t cpu_mask, int jobs)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.cpu_mask = cpu_mask;
    mimic_context *ctx = NULL;
    mimic_pool *pool = NULL;
    mimic_source *source = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status = mimic_context_new(&options, &ctx, &err);
    if (status == MIMIC_OK)
        status = mimic__pool_new(ctx, jobs, &pool, &err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, path, NULL, &source, &err);
    if (status == MIMIC_OK)
        mimic__source_use_pool(source, pool);
    double total = 0;
    while (status == MIMIC_OK) {
        size_t size = 0;
        status = mimic_source_read(source, output, OUTPUT_BYTES, &size, &err);
        total += (double)size;
    }
    if (status != MIMIC_END)
        fprintf(stderr, "bench_inflate: %s\n", err.message);
    mimic_source_free(source);
    mimic__pool_free(pool);
    mimic_context_free(ctx);
    return status == MIMIC_END ? total : -1;
}

static double by_mimic(void)
{
    return by_library(MIMIC_CPU_ALL, 1);
}

static double by_mimic_portable(void)
{
    return by_library(MIMIC_CPU_NONE, 1);
}

static double by_mimic_jobs(void)
{
    return by_library(MIMIC_CPU_ALL, 2);
}

#if MIMIC_HAVE_ZLIB
static double by_zlib(void)
{
    double total = 0;
    z_stream stream = {0};
    const int file = open(path, O_RDONLY);
    int result = inflateInit2(&stream, 15 + 16);
    for (ssize_t size; result == Z_OK && (size = read(file, input, INPUT_BYTES)) > 0;) {
        stream.next_in = input;
        stream.avail_in = (uInt)size;
        do {
            stream.next_out = output;
            stream.avail_out = OUTPUT_BYTES;
            result = inflate(&stream, Z_NO_FLUSH);
            total += (double)(OUTPUT_BYTES - stream.avail_out);
            if (result == Z_STREAM_END)
                result = inflateReset(&stream);
        } while (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
        if (result == Z_BUF_ERROR)
            result = Z_OK;
    }
    inflateEnd(&stream);
    close(file);
    return result == Z_OK ? total : -1;
}
#endif

#if MIMIC_HAVE_ISAL
static double by_isal(void)
{
    static struct inflate_state state;
    double total = 0;
    const int file = open(path, O_RDONLY);
    int result = ISAL_DECOMP_OK;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    for (ssize_t size; result == ISAL_DECOMP_OK && (size = read(file, input, INPUT_BYTES)) > 0;) {
        state.next_in = input;
        state.avail_in = (uint32_t)size;
        do {
            state.next_out = output;
            state.avail_out = OUTPUT_BYTES;
            result = isal_inflate(&state);
            total += (double)(OUTPUT_BYTES - state.avail_out);
            if (state.block_state == ISAL_BLOCK_FINISH) {
                isal_inflate_reset(&state);
                state.crc_flag = ISAL_GZIP;
            }
        } while (result == ISAL_DECOMP_OK && (state.avail_in > 0 || state.avail_out == 0));
    }
    close(file);
    return result == ISAL_DECOMP_OK ? total : -1;
}
#endif

#if MIMIC_HAVE_ZSTD
static double by_zstd(void)
{
    double total = 0;
    size_t result = 0;
    ZSTD_DCtx *const stream = ZSTD_createDCtx();
    const int file = open(path, O_RDONLY);
    for (ssize_t size; !ZSTD_isError(result) && (size = read(file, input, INPUT_BYTES)) > 0;) {
        ZSTD_inBuffer in = {input, (size_t)size, 0};
        ZSTD_outBuffer out = {output, OUTPUT_BYTES, 0};
        do {
            out.pos = 0;
            result = ZSTD_decompressStream(stream, &out, &in);
            total += (double)out.pos;
        } while (!ZSTD_isError(result) && (in.pos < in.size || out.pos == out.size));
    }
    close(file);
    ZSTD_freeDCtx(stream);
    return ZSTD_isError(result) ? -1 : total;
}
#endif

typedef struct decoder {
    const char *name;
    double (*run)(void);
    const char *ending; /* of the files that it reads; NULL = of both */
    double speeds[2][ROUNDS_MAX]; /* by processor time, by elapsed time */
} decoder;

static decoder decoders[] = {
    {.name = "libmimic", .run = by_mimic},
    {.name = "libmimic, 2 jobs", .run = by_mimic_jobs},
    {.name = "libmimic, portable", .run = by_mimic_portable},
#if MIMIC_HAVE_ISAL
    {.name = "ISA-L", .run = by_isal, .ending = ".gz"},
#endif
#if MIMIC_HAVE_ZLIB
    {.name = "zlib", .run = by_zlib, .ending = ".gz"},
#endif
#if MIMIC_HAVE_ZSTD
    {.name = "libzstd", .run = by_zstd, .ending = ".zst"},
#endif
};

#define DECODER_COUNT (sizeof decoders / sizeof decoders[0])

static int reads_this(const decoder *self)
{
    const size_t size = strlen(path);
    return self->ending == NULL || (size > strlen(self->ending) &&
                                    strcmp(path + size - strlen(self->ending), self->ending) == 0);
}

static const clockid_t clocks[2] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_MONOTONIC};

static double seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int compare(const void *one, const void *other)
{
    const double a = *(const double *)one;
    const double b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    const int wanted = argc > 2 ? atoi(argv[2]) : 7;
    const int rounds = wanted < 1 ? 1 : wanted > ROUNDS_MAX ? ROUNDS_MAX : wanted;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_inflate FILE [ROUNDS]\n");
        return 2;
    }
    path = argv[1];
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < DECODER_COUNT; i++) {
            if (!reads_this(&decoders[i]))
                continue;
            const double starts[2] = {seconds(clocks[0]), seconds(clocks[1])};
            const double bytes = decoders[i].run();
            if (bytes < 0) {
                fprintf(stderr, "bench_inflate: %s failed\n", decoders[i].name);
                return 1;
            }
            for (int c = 0; c < 2; c++)
                decoders[i].speeds[c][round] = bytes / (seconds(clocks[c]) - starts[c]) / 1e6;
        }
    printf("%-20s %14s %14s\n", "MB/s by", "processor time", "elapsed time");
    for (size_t i = 0; i < DECODER_COUNT; i++) {
        if (!reads_this(&decoders[i]))
            continue;
        for (int c = 0; c < 2; c++)
            qsort(decoders[i].speeds[c], (size_t)rounds, sizeof(double), compare);
        printf("%-20s %14.0f %14.0f\n", decoders[i].name, decoders[i].speeds[0][rounds / 2],
               decoders[i].speeds[1][rounds / 2]);
    }
    return 0;
}
