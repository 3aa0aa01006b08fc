/*
 * Splitter and indexer: the kernels against the grammar, on random text of an alphabet that is all
 * quotes, delimiters and line ends, under random block sizes and random chunks from the source.
 */
#include "check_main.h"

#include <stdio.h>
#include <string.h>

#include "csv/csv_index.h"

typedef struct chunked {
    const char *bytes;
    size_t size;
    size_t at;
    uint64_t random; /* 0 = as much as fits */
} chunked;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static mimic_status read_chunk(void *ctx, void *buffer, size_t capacity, size_t *out_size,
                               mimic_error *err)
{
    chunked *input = ctx;
    (void)err;
    if (input->at == input->size)
        return MIMIC_END;
    size_t size = input->size - input->at;
    if (size > capacity)
        size = capacity;
    if (input->random != 0) {
        const size_t most = (size_t)(next_random(&input->random) % 9) + 1;
        size = size < most ? size : most;
    }
    memcpy(buffer, input->bytes + input->at, size);
    input->at += size;
    *out_size = size;
    return MIMIC_OK;
}

/* Everything that a run says, as text, so that two runs are compared as a whole. */
static char *describe(const mimic_context *ctx, const char *bytes, size_t size, size_t block_bytes,
                      size_t max_record_bytes, const csv_kernel *kernel, uint64_t chunks)
{
    static char text[1 << 20];
    size_t used = 0;
    chunked input = {bytes, size, 0, chunks};
    const mimic_source_callbacks callbacks = {sizeof callbacks, read_chunk, NULL, &input};
    const csv_dialect dialect = {',', '"', 0, 0};
    const csv_splitter_options options = {dialect, block_bytes, max_record_bytes, kernel};
    mimic_source_options source_options = MIMIC_SOURCE_OPTIONS_INIT;
    source_options.compression = MIMIC_COMPRESSION_NONE;
    mimic_source *source = NULL;
    csv_splitter *splitter = NULL;
    csv_index index;
    csv_index counter;
    csv_block block;
    csv_block_memory memory[3] = {{0}};
    size_t number = 0;
    ck_assert_int_eq(mimic_source_from_callbacks(ctx, &callbacks, "test", &source_options, &source,
                                                 NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_csv__splitter_new(ctx, source, &options, &splitter, NULL), MIMIC_OK);
    if (max_record_bytes % 2 == 1)
        mimic_csv__splitter_limit_records(splitter, 1); /* as few as it takes */
    mimic_csv__index_init(&index, ctx, &dialect, kernel, 3);
    mimic_csv__index_init(&counter, ctx, &dialect, kernel, 3);
    counter.counts_only = true;
    /* One memory for all blocks, or several in turn: it makes no difference. */
    while (mimic_csv__splitter_next(splitter, &memory[chunks % 2 == 0 ? 0 : number++ % 3], &block,
                                    NULL) == MIMIC_OK) {
        ck_assert_uint_gt(block.size, 0);
        ck_assert_int_eq(mimic_csv__index_build(&index, &block, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_csv__index_build(&counter, &block, NULL), MIMIC_OK);
        ck_assert_uint_eq(counter.row_count, index.row_count);
        ck_assert_uint_eq(counter.fault_count, index.fault_count);
        for (size_t i = 0; i < index.fault_count; i++) {
            ck_assert_uint_eq(counter.faults[i].start, index.faults[i].start);
            ck_assert_uint_eq(counter.faults[i].end, index.faults[i].end);
            ck_assert_uint_eq(counter.faults[i].rows_before, index.faults[i].rows_before);
            ck_assert_int_eq(counter.faults[i].code, index.faults[i].code);
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "block %lld+%zu lines %zu\n",
                                 (long long)block.byte_offset, block.size, block.lines);
        for (size_t i = 0; i < index.row_count * index.stride; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%d ", (int)index.marks[i]);
        for (size_t i = 0; i < index.fault_count; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "[%zu-%zu after %zu: %d/%d]",
                                     index.faults[i].start, index.faults[i].end,
                                     index.faults[i].rows_before, index.faults[i].code,
                                     (int)index.faults[i].field);
        ck_assert_uint_lt(used, sizeof text - 65536);
    }
    mimic_csv__index_free(&index);
    mimic_csv__index_free(&counter);
    for (size_t i = 0; i < 3; i++)
        mimic_csv__block_memory_free(ctx, &memory[i]);
    mimic_csv__splitter_free(splitter);
    mimic_source_free(source);
    return strdup(text);
}

static void compare(const mimic_context *ctx, const char *bytes, size_t size, size_t block_bytes,
                    size_t max_record_bytes, uint64_t chunks)
{
    char *const wanted = describe(ctx, bytes, size, block_bytes, max_record_bytes, NULL, 0);
    const csv_kernel *kernel = NULL; /* the grammar, in other chunks */
    for (size_t i = 0; i == 0 || kernel != NULL; kernel = mimic_csv__kernel_at(ctx->cpu, i++)) {
        char *const got = describe(ctx, bytes, size, block_bytes, max_record_bytes, kernel, chunks);
        if (strcmp(wanted, got) != 0)
            ck_abort_msg("kernel %s, block %zu, record %zu\ninput: %.*s\nwanted:\n%.2000s\ngot:\n%.2000s",
                         kernel == NULL ? "grammar" : kernel->name, block_bytes,
                         max_record_bytes, (int)size, bytes, wanted, got);
        free(got);
    }
    free(wanted);
}

START_TEST(csv_split__kernels_agree_with_the_grammar)
{
    static const char alphabet[] = "aaaaaaaaaaaaa,,,,\n\n\n\"\"\"\"\"\r";
    mimic_context *ctx = NULL;
    uint64_t random = 88172645463325252u;
    char bytes[400];
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    const int rounds = getenv("MIMIC_TEST_LONG") != NULL ? 3000000 : 8000;
    for (int round = 0; round < rounds; round++) {
        const size_t size = (size_t)(next_random(&random) % sizeof bytes);
        const size_t first = (size_t)(next_random(&random) % 20);
        for (size_t i = 0; i < size; i++)
            bytes[i] = alphabet[first + next_random(&random) % (sizeof alphabet - 1 - first)];
        const size_t block_bytes = (size_t)(next_random(&random) % 200) + 2;
        const size_t more = (size_t)(next_random(&random) % 200);
        compare(ctx, bytes, size, block_bytes, block_bytes + more, next_random(&random));
    }
    mimic_context_free(ctx);
}
END_TEST

/* Records that are mostly sound, with quoted line ends, so that the fast path has its say. */
START_TEST(csv_split__sound_records)
{
    static const char *const fields[] = {"", "1", "abc", "\"x,y\"", "\"line\nend\"", "\"\"",
                                         "\"a\"\"b\"", "2150-01-01 10:00:00", "\"\"\"\"", "q\"r",
                                         "\"s\"t", "\xc3\xa9"};
    static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\r"};
    mimic_context *ctx = NULL;
    uint64_t random = 1234567;
    char bytes[4096];
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int round = 0; round < 1500; round++) {
        size_t size = 0;
        const size_t choices = round % 2 == 0 ? 9 : sizeof fields / sizeof fields[0];
        while (size < 3900) {
            for (int field = 0; field < 3; field++) {
                const char *const text = fields[next_random(&random) % choices];
                memcpy(bytes + size, text, strlen(text));
                size += strlen(text);
                if (field < 2)
                    bytes[size++] = ',';
            }
            const char *const end = ends[next_random(&random) % 5];
            memcpy(bytes + size, end, strlen(end));
            size += strlen(end);
        }
        compare(ctx, bytes, size, (size_t)(next_random(&random) % 3000) + 50, 5000,
                next_random(&random) % 3 == 0 ? next_random(&random) : 0);
    }
    mimic_context_free(ctx);
}
END_TEST

START_TEST(csv_split__runaway_quote_costs_one_line)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    static const char bytes[] = "a,b,c\n1,\"x,3\n4,5,6\n7,8,9\n";
    char *const text =
        describe(ctx, bytes, sizeof bytes - 1, 1024, 2048, mimic_csv__kernel_select(ctx->cpu), 0);
    ck_assert_ptr_nonnull(strstr(text, "block 6+7 lines 1\n[0-7 after 0: 3/1]"));
    ck_assert_ptr_nonnull(strstr(text, "block 13+12 lines 2\n-1 1 3 5 5 7 9 11"));
    free(text);
    mimic_context_free(ctx);
}
END_TEST

/* Half a megabyte of line ends must not become half a million records at once. */
START_TEST(csv_split__short_records_make_small_blocks)
{
    enum { SIZE = 300001, BLOCK = 512 * 1024 };
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    char *const bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    const csv_kernel *kernels[] = {NULL, mimic_csv__kernel_select(ctx->cpu)};
    for (size_t pattern = 0; pattern < 2; pattern++) { /* sound lines; broken ones */
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = pattern == 0 ? '\n' : "\"\"x\n"[i % 4];
        for (size_t kernel = 0; kernel < 2; kernel++) {
            mimic_source *source = NULL;
            csv_splitter *splitter = NULL;
            csv_block block;
            csv_block_memory memory = {0};
            const csv_splitter_options options = {{',', '"', 0, 0}, BLOCK, BLOCK, kernels[kernel]};
            ck_assert_int_eq(mimic_source_from_memory(ctx, bytes, SIZE, "test", NULL, &source, NULL),
                             MIMIC_OK);
            ck_assert_int_eq(mimic_csv__splitter_new(ctx, source, &options, &splitter, NULL),
                             MIMIC_OK);
            size_t records = 0, size = 0;
            while (mimic_csv__splitter_next(splitter, &memory, &block, NULL) == MIMIC_OK) {
                ck_assert_uint_le(block.records + block.region_count, 65536);
                records += block.records + block.region_count;
                ck_assert_int_eq(block.byte_offset, (int64_t)size);
                size += block.size;
            }
            ck_assert_uint_eq(records, pattern == 0 ? SIZE : (SIZE + 3) / 4);
            ck_assert_uint_ge(size, SIZE);
            mimic_csv__block_memory_free(ctx, &memory);
            mimic_csv__splitter_free(splitter);
            mimic_source_free(source);
        }
    }
    free(bytes);
    mimic_context_free(ctx);
}
END_TEST

/* The best kernel, and how many bytes it was asked to look at. */
static const csv_kernel *best_kernel;
static size_t bytes_looked_at;

static void counting_split(const char *bytes, size_t size, char delimiter, char quote,
                           csv_split_scan *out_scan)
{
    bytes_looked_at += size;
    best_kernel->split(bytes, size, delimiter, quote, out_scan);
}

/* Blocks of few records cost no more than a few looks at every byte, also behind long records. */
START_TEST(csv_split__few_records_a_block)
{
    enum { SIZE = 4000000, BLOCK = 512 * 1024, MOST = 100 };
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    char *const bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++) /* two-byte records, at times one of 60,000 */
        bytes[i] = i % 1000000 > 60000 && i % 2 == 1 ? '\n' : '1';
    best_kernel = mimic_csv__kernel_select(ctx->cpu);
    csv_kernel counting = *best_kernel;
    counting.split = counting_split;
    bytes_looked_at = 0;
    mimic_source *source = NULL;
    csv_splitter *splitter = NULL;
    csv_block block;
    csv_block_memory memory = {0};
    const csv_splitter_options options = {{',', '"', 0, 0}, BLOCK, BLOCK, &counting};
    ck_assert_int_eq(mimic_source_from_memory(ctx, bytes, SIZE, "test", NULL, &source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(mimic_csv__splitter_new(ctx, source, &options, &splitter, NULL), MIMIC_OK);
    mimic_csv__splitter_limit_records(splitter, MOST);
    size_t records = 0, size = 0, blocks = 0;
    while (mimic_csv__splitter_next(splitter, &memory, &block, NULL) == MIMIC_OK) {
        ck_assert_uint_le(block.records, MOST);
        ck_assert_int_eq(block.byte_offset, (int64_t)size);
        records += block.records;
        size += block.size;
        blocks++;
    }
    ck_assert_uint_eq(size, SIZE);
    ck_assert_uint_eq(records, 4 * ((1000000 - 60000) / 2));
    ck_assert_uint_lt(blocks, records / (MOST / 4));
    ck_assert_uint_lt(bytes_looked_at, 8 * (size_t)SIZE);
    mimic_csv__block_memory_free(ctx, &memory);
    mimic_csv__splitter_free(splitter);
    mimic_source_free(source);
    free(bytes);
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(csv_split, csv_split__kernels_agree_with_the_grammar, csv_split__sound_records,
                csv_split__runaway_quote_costs_one_line,
                csv_split__short_records_make_small_blocks, csv_split__few_records_a_block)
