/*
 * The CSV kernels alone: MB/s of one thread (of processor time) for cutting records, for writing field
 * marks and for counting rows, with each kernel that runs here, on data of many shapes. `file` reads a
 * file in the page cache through the splitter and indexes it: what one thread of the reader does before
 * it looks at a value; `rows` is the same without marks.
 *
 *     bench_kernels [SHAPE [KERNEL]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "csv/csv_index.h"

#define BYTES ((size_t)16 << 20)
#define BLOCK ((size_t)512 << 10) /* the reader's */
#define ROUNDS 5
#define LONGEST_ROW 16384

static uint64_t state;

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 11) % limit;
}

/* ---- shapes: each writes one row, without its line end ---- */

static char *put(char *out, const char *text)
{
    const size_t size = strlen(text);
    memcpy(out, text, size);
    return out + size;
}

static char *put_number(char *out, unsigned least, unsigned most)
{
    return out + sprintf(out, "%u", least + below(most - least + 1));
}

static char *put_time(char *out)
{
    return out + sprintf(out, "2%03u-%02u-%02u %02u:%02u:00", 100 + below(100), 1 + below(12),
                         1 + below(28), below(24), below(60));
}

static char *put_words(char *out, unsigned count)
{
    static const char *const words[] = {"___",    "sample", "hemolyzed,", "REPORTED", "BY",
                                        "phone.", "of",     "\n",         "\"\"high\"\"", "(normal"};
    for (unsigned i = 0; i < count; i++) {
        out = put(out, words[below(10)]);
        *out++ = ' ';
    }
    return out;
}

static char *chart_row(char *out)
{
    static const char *const units[] = {"mmHg", "bpm", "%", "", "", "insp/min", "cmH2O"};
    out = put_number(out, 10000000, 19999999);
    *out++ = ',';
    out = put_number(out, 20000000, 29999999);
    *out++ = ',';
    out = put_number(out, 30000000, 39999999);
    *out++ = ',';
    if (below(10) > 0)
        out = put_number(out, 1000, 99999);
    *out++ = ',';
    out = put_time(out);
    *out++ = ',';
    out = put_time(out);
    *out++ = ',';
    out = put_number(out, 220000, 229999);
    *out++ = ',';
    char *const value = out;
    out = put_number(out, 0, below(4) == 0 ? 99999 : 150);
    const size_t size = (size_t)(out - value);
    *out++ = ',';
    memcpy(out, value, size);
    out += size;
    *out++ = ',';
    out = put(out, units[below(7)]);
    return put(out, below(20) == 0 ? ",1" : ",0");
}

static char *lab_row(char *out)
{
    out = put_number(out, 1, 99999999);
    *out++ = ',';
    out = put_number(out, 10000000, 19999999);
    *out++ = ',';
    if (below(3) > 0)
        out = put_number(out, 20000000, 29999999);
    *out++ = ',';
    out = put_number(out, 1000000, 99999999);
    *out++ = ',';
    out = put_number(out, 50801, 53999);
    *out++ = ',';
    if (below(3) == 0)
        out += sprintf(out, "P%02uXYZ", below(90));
    *out++ = ',';
    out = put_time(out);
    *out++ = ',';
    out = put_time(out);
    out += sprintf(out, ",%u.%u,%u.%u,mg/dL,%u.5,%u,", below(100), below(10), below(100), below(10),
                   below(9), 10 + below(100));
    out = put(out, below(4) == 0 ? "abnormal," : ",");
    out = put(out, below(5) == 0 ? "STAT," : "ROUTINE,");
    if (below(10) > 0)
        return out;
    *out++ = '"';
    out = put_words(out, 2 + below(20));
    *out++ = '"';
    return out;
}

static char *short_row(char *out)
{
    for (int i = 0; i < 12; i++) {
        if (below(4) > 0)
            out = put_number(out, 0, 9);
        *out++ = ',';
    }
    return out;
}

static char *wide_row(char *out)
{
    for (int i = 0; i < 999; i++) {
        if (below(4) > 0)
            out = put_number(out, 0, 9999);
        *out++ = ',';
    }
    return put_number(out, 0, 9);
}

static char *single_row(char *out)
{
    return put_number(out, 1, 99999999);
}

static char *quoted_row(char *out)
{
    for (int i = 0; i < 10; i++) {
        *out++ = '"';
        out = below(5) == 0 ? put_words(out, 2) : put_number(out, 0, 9999999);
        out = put(out, i < 9 ? "\"," : "\"");
    }
    return out;
}

static char *note_row(char *out)
{
    out = put_number(out, 10000000, 19999999);
    out = put(out, ",DS,\"");
    out = put_words(out, 100 + below(600));
    return put(out, "\",1");
}

static char *name_row(char *out)
{
    static const char *const names[] = {"Jos\xc3\xa9", "Mar\xc3\xad" "a", "Smith", "Nu\xc3\xb1" "ez",
                                        "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd", "M\xc3\xbcller", "Ann"};
    out = put_number(out, 1000000, 9999999);
    for (int i = 0; i < 6; i++) {
        *out++ = ',';
        out = put(out, names[below(7)]);
        out = put_number(out, 0, 999);
    }
    return out;
}

typedef struct shape {
    const char *name;
    size_t fields;
    const char *end;
    char *(*row)(char *out);
} shape;

static const shape shapes[] = {
    {"chartevents", 11, "\n", chart_row}, {"labevents", 16, "\n", lab_row},
    {"crlf", 11, "\r\n", chart_row},      {"short", 13, "\n", short_row},
    {"wide", 1000, "\n", wide_row},       {"single", 1, "\n", single_row},
    {"quoted", 10, "\n", quoted_row},     {"notes", 4, "\n", note_row},
    {"names", 7, "\n", name_row},
};

static size_t fill(const shape *chosen, char *bytes)
{
    char *out = bytes;
    state = 88172645463325252u;
    while (out + LONGEST_ROW < bytes + BYTES)
        out = put(chosen->row(out), chosen->end);
    return (size_t)(out - bytes);
}

/* ---- measuring ---- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void check(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "bench_kernels: %s\n", what);
    exit(1);
}

enum { SPLIT, INDEX, COUNT, FILE_INDEX, FILE_COUNT, FIGURES };

/* Windows of the reader's size, copied to one place first, as a read does. */
static void measure_kernel(const csv_kernel *kernel, const shape *chosen, const char *bytes,
                           size_t size, double *seconds)
{
    char *const block = calloc(1, BLOCK + CSV_SCAN_PADDING);
    uint32_t *const marks = calloc(2 * BLOCK + CSV_INDEX_SLACK(chosen->fields + 1), sizeof *marks);
    check(block != NULL && marks != NULL, "no memory");
    for (size_t at = 0; at + BLOCK < size;) {
        memcpy(block, bytes + at, BLOCK + 1); /* the byte after belongs to it */
        csv_split_scan split;
        const double start = now();
        kernel->split(block, BLOCK, ',', '"', &split);
        const double cut = now();
        csv_index_scan index = {.marks = marks, .stride = chosen->fields + 1};
        kernel->index(block, split.end, ',', '"', &index);
        const double indexed = now();
        const size_t row_count = index.row_count;
        kernel->count(block, split.end, ',', '"', &index);
        const double counted = now();
        check(!split.has_fault && !index.has_fault && row_count == split.records &&
                  index.row_count == split.records && index.end == split.end,
              "the rows are not right");
        seconds[SPLIT] += cut - start;
        seconds[INDEX] += indexed - cut;
        seconds[COUNT] += counted - indexed;
        at += split.end;
    }
    free(block);
    free(marks);
}

static double measure_file(const mimic_context *ctx, const csv_kernel *kernel, const shape *chosen,
                           const char *path, bool counts_only)
{
    const csv_dialect dialect = {',', '"', 0, 0};
    const csv_splitter_options options = {dialect, BLOCK, BLOCK, kernel};
    mimic_source *source = NULL;
    csv_splitter *splitter = NULL;
    csv_index index;
    csv_block_memory memory = {0};
    csv_block block;
    check(mimic_source_open(ctx, path, NULL, &source, NULL) == MIMIC_OK &&
              mimic_csv__splitter_new(ctx, source, &options, &splitter, NULL) == MIMIC_OK,
          "cannot open the file");
    mimic_csv__index_init(&index, ctx, &dialect, kernel, chosen->fields);
    index.counts_only = counts_only;
    const double start = now();
    while (mimic_csv__splitter_next(splitter, &memory, &block, NULL) == MIMIC_OK)
        check(mimic_csv__index_build(&index, &block, NULL) == MIMIC_OK && index.fault_count == 0,
              "the file is not right");
    const double end = now();
    mimic_csv__index_free(&index);
    mimic_csv__block_memory_free(ctx, &memory);
    mimic_csv__splitter_free(splitter);
    mimic_source_free(source);
    return end - start;
}

static void measure(const mimic_context *ctx, const csv_kernel *kernel, const shape *chosen,
                    const char *bytes, size_t size, const char *path)
{
    double best[FIGURES] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        double seconds[FIGURES] = {0};
        measure_kernel(kernel, chosen, bytes, size, seconds);
        seconds[FILE_INDEX] = measure_file(ctx, kernel, chosen, path, false);
        seconds[FILE_COUNT] = measure_file(ctx, kernel, chosen, path, true);
        for (int i = 0; i < FIGURES; i++)
            if (best[i] <= 0 || seconds[i] < best[i])
                best[i] = seconds[i];
    }
    printf("| %-11s | %-7s |", chosen->name, kernel->name);
    for (int i = 0; i < FIGURES; i++)
        printf(" %6.0f |", best[i] > 0 ? (double)size / 1e6 / best[i] : 0);
    puts("");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    mimic_context *ctx = NULL;
    char *const bytes = malloc(BYTES);
    char path[] = "bench_kernels.XXXXXX";
    const int file = mkstemp(path);
    check(bytes != NULL && file >= 0 && mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK, "cannot start");
    FILE *const stream = fdopen(file, "w+b");
    check(stream != NULL, "cannot open a file");
    puts("| shape       | kernel  |  split |  index |  count |   file |   rows |\n"
         "| ----------- | ------- | -----: | -----: | -----: | -----: | -----: |");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (argc > 1 && strcmp(argv[1], shapes[i].name) != 0)
            continue;
        const size_t size = fill(&shapes[i], bytes);
        rewind(stream);
        check(fwrite(bytes, 1, size, stream) == size && fflush(stream) == 0 &&
                  ftruncate(file, (off_t)size) == 0,
              "cannot write the file");
        const csv_kernel *kernel;
        for (size_t k = 0; (kernel = mimic_csv__kernel_at(ctx->cpu, k)) != NULL; k++)
            if (argc < 3 || strcmp(argv[2], kernel->name) == 0)
                measure(ctx, kernel, &shapes[i], bytes, size, path);
    }
    fclose(stream);
    remove(path);
    free(bytes);
    mimic_context_free(ctx);
    return 0;
}
