/*
 * Reading on several threads: whatever the number of jobs, the same batches, codes, rejects, counts
 * and errors, in the same order, on sound files and on broken ones; and nothing is left behind when
 * a reader ends early.
 */
#include "check_main.h"
#include "csv/csv_reader_internal.h"
#include "failing_allocator.h"
#include "read_csv.h"

#include <pthread.h>

#define SCHEMA                                                                                     \
    "{\"fields\":["                                                                                \
    "{\"name\":\"id\",\"type\":\"integer\",\"mimic\":{\"type\":\"int32\"},"                        \
    "\"constraints\":{\"unique\":true}},"                                                          \
    "{\"name\":\"unit\",\"type\":\"string\",\"mimic\":{\"type\":\"categorical\"}},"                \
    "{\"name\":\"value\",\"type\":\"number\"},"                                                    \
    "{\"name\":\"note\",\"type\":\"string\"},"                                                     \
    "{\"name\":\"key\",\"type\":\"string\",\"constraints\":{\"unique\":true},"                     \
    "\"mimic\":{\"onError\":\"null\"}}]}"

static const int job_counts[] = {2, 3, 8};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Lines of the schema above, one in `fault_every` broken in some way; 0 = all sound. */
static char *make_csv(uint64_t seed, int rows, int fault_every)
{
    read_text text = {NULL, 0, 0};
    uint64_t state = seed;
    read_put(&text, "id,unit,value,note,key\n");
    for (int row = 0; row < rows; row++) {
        const uint64_t kind = next_random(&state);
        const unsigned unit = (unsigned)(next_random(&state) % (unsigned)(row / 8 + 3));
        if (fault_every > 0 && kind % (unsigned)fault_every == 0) {
            static const char *const broken[] = {
                "%d,u,1,a\"b,k\n", "%d,u\n", "\n", "%d,\"u,1,x,k\n", "x%d,u,1,y,k\n",
                "%d,u,1,\"a\"b,k\n", "%d,u,1.5.5,z,k\n", "%d,u,1,\xff,k\n"};
            read_put(&text, broken[next_random(&state) % 8], row);
            continue;
        }
        const int id = next_random(&state) % 97 == 0 ? row / 2 : row;
        read_put(&text, "%d,mg%u,%d.%d,", id, unit, (int)(kind % 1000), (int)(kind % 7));
        if (kind % 5 == 0)
            read_put(&text, "\"said \"\"%u\"\"\nand, more\"", (unsigned)kind % 100);
        else
            for (uint64_t i = 0; i < kind % 11; i++)
                read_put(&text, "%c", (int)('a' + (kind + i) % 26));
        read_put(&text, ",k%d\n", next_random(&state) % 53 == 0 ? row / 3 : row);
    }
    return text.data;
}

static int stop_at_third(const mimic_reject *reject, void *ctx)
{
    read_put_reject(reject, ctx);
    static const char third[] = "reject";
    int count = 0;
    for (const char *at = ((read_text *)ctx)->data; (at = strstr(at, third)) != NULL; at++)
        count++;
    return count >= 3;
}

typedef struct run_options {
    int jobs;
    bool from_memory;
    bool stops_at_third_reject;
    mimic_csv_options csv;
} run_options;

static void describe_batch(read_text *text, const mimic_batch *batch)
{
    read_put(text, "batch of %lld, record %lld, row %lld\n", (long long)batch->row_count,
             (long long)batch->first_record, (long long)batch->first_row);
    for (int64_t row = 0; row < batch->row_count; row++)
        for (size_t i = 0; i < batch->column_count; i++) {
            const mimic_column *const column = &batch->columns[i];
            read_put_value(text, column, row);
            if (column->type == MIMIC_TYPE_CATEGORICAL)
                read_put(text, " (%d of %lld)", (int)((const int32_t *)column->values)[row],
                         (long long)column->dictionary->count);
            read_put(text, i + 1 < batch->column_count ? "|" : "\n");
        }
}

static char *describe(const mimic_context *ctx, const char *csv, const run_options *options)
{
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    read_text text = {NULL, 0, 0};
    mimic_csv_options chosen = options->csv;
    chosen.jobs = options->jobs;
    chosen.on_reject = options->stops_at_third_reject ? stop_at_third : read_put_reject;
    chosen.on_reject_ctx = &text;
    read_pieces input = {csv, strlen(csv), 0, 1000};
    const mimic_source_callbacks callbacks = {sizeof callbacks, read_piece, NULL, &input};
    ck_assert_int_eq(
        options->from_memory
            ? mimic_source_from_memory(ctx, csv, strlen(csv), "input", NULL, &source, &err)
            : mimic_source_from_callbacks(ctx, &callbacks, "input", NULL, &source, &err),
        MIMIC_OK);
    mimic_status status =
        mimic_csv_reader_open(ctx, source, read_schema(SCHEMA), &chosen, &reader, &err);
    const mimic_batch *batch;
    while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK)
        describe_batch(&text, batch);
    read_put(&text, "%s: %s\n", mimic_status_name(status), status == MIMIC_END ? "" : err.message);
    ck_assert_int_eq(mimic_csv_reader_next(reader, &batch, &err), status);
    mimic_csv_counts counts = {.struct_size = sizeof counts};
    mimic_csv_reader_counts(reader, &counts);
    read_put(&text, "%lld = %lld + %lld + %lld, %lld nulled, %lld bytes\n", (long long)counts.read,
             (long long)counts.delivered, (long long)counts.rejected, (long long)counts.filtered,
             (long long)counts.nulled, (long long)counts.bytes);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return text.data;
}

static mimic_context *new_context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

/* The same with every number of jobs, from memory and from callbacks. */
static void compare_jobs(const char *csv, const run_options *options)
{
    mimic_context *ctx = new_context();
    run_options chosen = *options;
    chosen.jobs = 1;
    char *wanted = describe(ctx, csv, &chosen);
    for (int from_memory = 0; from_memory < 2; from_memory++)
        for (size_t i = 0; i < sizeof job_counts / sizeof job_counts[0]; i++) {
            chosen.jobs = job_counts[i];
            chosen.from_memory = from_memory != 0;
            char *got = describe(ctx, csv, &chosen);
            if (strcmp(got, wanted) != 0) {
                size_t at = 0;
                while (got[at] == wanted[at])
                    at++;
                at = at < 60 ? 0 : at - 60;
                ck_abort_msg("%d jobs, memory %d:\n%.200s\ninstead of\n%.200s", chosen.jobs,
                             from_memory, got + at, wanted + at);
            }
            free(got);
        }
    free(wanted);
    mimic_context_free(ctx);
}

START_TEST(jobs__sound_and_broken_files)
{
    for (int fault_every = 0; fault_every < 40; fault_every += 13)
        for (uint32_t block_bytes = 150; block_bytes < 20000; block_bytes *= 5) {
            char *csv = make_csv(block_bytes, 3000, fault_every);
            run_options options = {.csv = MIMIC_CSV_OPTIONS_INIT};
            options.csv.block_bytes = block_bytes;
            compare_jobs(csv, &options);
            free(csv);
        }
}
END_TEST

START_TEST(jobs__limit_filter_and_projection)
{
    static const int64_t values[] = {5, 70, 71, 72, 500, 1400, 2999};
    static const char *const columns[] = {"unit", "key"};
    const mimic_csv_filter filter = {"id", values, sizeof values / sizeof values[0]};
    char *csv = make_csv(7, 3000, 17);
    for (int64_t limit = 0; limit < 2600; limit = limit * 3 + 1) {
        run_options options = {.csv = MIMIC_CSV_OPTIONS_INIT};
        options.csv.block_bytes = 400;
        options.csv.limit = limit;
        compare_jobs(csv, &options);
        options.csv.columns = columns;
        options.csv.column_count = 2;
        compare_jobs(csv, &options);
        options.csv.filters = &filter;
        options.csv.filter_count = 1;
        compare_jobs(csv, &options);
    }
    free(csv);
}
END_TEST

/* No column at all: records are checked and counted, whatever stands in their fields. */
START_TEST(jobs__counting)
{
    static const char *const none[] = {NULL};
    for (int fault_every = 0; fault_every < 40; fault_every += 13) {
        char *csv = make_csv(19, 3000, fault_every);
        run_options options = {.csv = MIMIC_CSV_OPTIONS_INIT};
        options.csv.block_bytes = 700;
        options.csv.columns = none;
        compare_jobs(csv, &options);
        options.csv.limit = 1000;
        compare_jobs(csv, &options);
        mimic_context *ctx = new_context();
        options.jobs = 1;
        options.csv.limit = 0;
        char *counted = describe(ctx, csv, &options);
        static const char *const text[] = {"note"}; /* whose values are never refused */
        options.csv.columns = text;
        options.csv.column_count = 1;
        char *read = describe(ctx, csv, &options);
        ck_assert_str_eq(strstr(counted, "MIMIC_END"), strstr(read, "MIMIC_END"));
        free(counted);
        free(read);
        mimic_context_free(ctx);
        free(csv);
    }
}
END_TEST

START_TEST(jobs__errors_come_when_their_block_is_due)
{
    char *csv = make_csv(11, 3000, 211);
    run_options options = {.csv = MIMIC_CSV_OPTIONS_INIT};
    options.csv.block_bytes = 300;
    options.csv.on_error = MIMIC_ON_ERROR_FAIL;
    compare_jobs(csv, &options);
    options.csv.on_error = MIMIC_ON_ERROR_DEFAULT;
    options.csv.max_categories = 40;
    compare_jobs(csv, &options);
    options.csv.max_categories = 0;
    options.stops_at_third_reject = true;
    compare_jobs(csv, &options);
    free(csv);
}
END_TEST

/* A record of many blocks' size now and then, and one that is too long. */
START_TEST(jobs__long_records)
{
    read_text text = {NULL, 0, 0};
    read_put(&text, "id,unit,value,note,key\n");
    for (int row = 0; row < 400; row++) {
        read_put(&text, "%d,u,1,\"", row);
        for (int i = 0; row % 50 == 49 && i < (row == 199 ? 4000 : 1500); i++)
            read_put(&text, "%s", i % 9 == 0 ? "\n" : "long ");
        read_put(&text, "\",k%d\n", row);
    }
    run_options options = {.csv = MIMIC_CSV_OPTIONS_INIT};
    options.csv.block_bytes = 500;
    options.csv.max_record_bytes = 15000;
    compare_jobs(text.data, &options);
    free(text.data);
}
END_TEST

START_TEST(jobs__a_reader_may_end_at_any_time)
{
    char *csv = make_csv(5, 2000, 50);
    mimic_context *ctx = new_context();
    for (int batches = 0; batches < 30; batches += 3) {
        mimic_source *source = NULL;
        mimic_csv_reader *reader = NULL;
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        options.jobs = 4;
        options.block_bytes = 300;
        ck_assert_int_eq(
            mimic_source_from_memory(ctx, csv, strlen(csv), "input", NULL, &source, NULL),
            MIMIC_OK);
        ck_assert_int_eq(
            mimic_csv_reader_open(ctx, source, read_schema(SCHEMA), &options, &reader, NULL),
            MIMIC_OK);
        const mimic_batch *batch;
        for (int i = 0; i < batches; i++)
            ck_assert_int_eq(mimic_csv_reader_next(reader, &batch, NULL), MIMIC_OK);
        mimic_csv_reader_free(reader);
        mimic_source_free(source);
    }
    mimic_context_free(ctx);
    free(csv);
}
END_TEST

/* ---- the encoder ---- */

static mimic_status encode_count(void *ctx, const mimic_batch *batch, void **out_chunk,
                                 mimic_error *err)
{
    (void)ctx;
    (void)err;
    int64_t *numbers = malloc(2 * sizeof *numbers);
    numbers[0] = batch->first_row;
    numbers[1] = batch->row_count;
    *out_chunk = numbers;
    return MIMIC_OK;
}

static void free_numbers(void *ctx, void *chunk)
{
    (void)ctx;
    free(chunk);
}

START_TEST(jobs__chunks_come_with_their_batches)
{
    char *csv = make_csv(3, 3000, 29);
    mimic_context *ctx = new_context();
    mimic_pool *pool = NULL;
    ck_assert_int_eq(mimic__pool_new(ctx, 3, &pool, NULL), MIMIC_OK);
    const csv_setup setup = {pool, {encode_count, free_numbers, NULL}};
    mimic_csv_reader *parts[2];
    mimic_source *sources[2];
    int64_t rows = 0;
    for (int part = 0; part < 2; part++) {
        mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
        options.block_bytes = 300;
        ck_assert_int_eq(mimic_source_from_memory(ctx, csv, strlen(csv), "input", NULL,
                                                  &sources[part], NULL), MIMIC_OK);
        ck_assert_int_eq(mimic_csv__reader_open(ctx, sources[part], read_schema(SCHEMA), &options,
                                                &setup, &parts[part], NULL), MIMIC_OK);
        if (part == 1)
            mimic_csv__reader_continue(parts[1], parts[0]);
        const mimic_batch *batch;
        while (mimic_csv_reader_next(parts[part], &batch, NULL) == MIMIC_OK) {
            int64_t *numbers = mimic_csv__reader_take_chunk(parts[part]);
            ck_assert_int_eq(numbers[0], rows);
            ck_assert_int_eq(numbers[1], batch->row_count);
            ck_assert_ptr_null(mimic_csv__reader_take_chunk(parts[part]));
            rows += batch->row_count;
            free(numbers);
        }
        /* The same ids once more: every row of the second part is a duplicate. */
        ck_assert_int_gt(rows, 2000);
        ck_assert_int_lt(rows, 3000);
    }
    for (int part = 0; part < 2; part++) {
        mimic_csv_reader_free(parts[part]);
        mimic_source_free(sources[part]);
    }
    mimic__pool_free(pool);
    mimic_context_free(ctx);
    free(csv);
}
END_TEST

/* ---- allocations that fail on any thread ---- */

static const char *failing_csv;

static mimic_status read_with_threads(const mimic_context *ctx, mimic_error *err)
{
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = 3;
    options.block_bytes = 2000;
    const mimic_table *const table = read_schema(SCHEMA);
    mimic_status status = mimic_source_from_memory(ctx, failing_csv, strlen(failing_csv), "input",
                                                   NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, &options, &reader, err);
    const mimic_batch *batch;
    while (status == MIMIC_OK)
        status = mimic_csv_reader_next(reader, &batch, err);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    return status == MIMIC_END ? MIMIC_OK : status;
}

START_TEST(jobs__every_allocation_may_fail)
{
    char *csv = make_csv(13, 300, 20);
    failing_csv = csv;
    ck_assert_int_gt(replay_failing_allocations(read_with_threads), 50);
    free(csv);
}
END_TEST

/* ---- a value that is made NULL takes no place among the unique ones ---- */

START_TEST(jobs__a_nulled_text_is_not_unique)
{
    static const char schema[] =
        "{\"fields\":[{\"name\":\"kind\",\"type\":\"string\",\"constraints\":{\"unique\":true,"
        "\"enum\":[\"a\",\"b\"]},\"mimic\":{\"type\":\"categorical\",\"onError\":\"null\"}}]}";
    static const char csv[] = "kind\na\nz\nz\nb\nz\na\n";
    mimic_context *ctx = new_context();
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    ck_assert_int_eq(mimic_source_from_memory(ctx, csv, sizeof csv - 1, "kinds", NULL, &source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(
        mimic_csv_reader_open(ctx, source, read_schema(schema), NULL, &reader, NULL), MIMIC_OK);
    const mimic_batch *batch = NULL;
    ck_assert_int_eq(mimic_csv_reader_next(reader, &batch, NULL), MIMIC_OK);
    ck_assert_int_eq(batch->columns[0].null_count, 4);
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    mimic_csv_reader_counts(reader, &counts);
    ck_assert_int_eq(counts.nulled, 4);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_context_free(ctx);
}
END_TEST

/* ---- memory ---- */

/* An allocator that knows how many bytes are out, at most. Any thread may use it. */
typedef struct byte_counter {
    pthread_mutex_t lock;
    size_t bytes;
    size_t most;
} byte_counter;

#define COUNTED_HEADER 16 /* holds the size, keeps the alignment */

static void *counted_alloc(size_t size, void *ctx)
{
    byte_counter *const counter = ctx;
    char *const memory = malloc(size + COUNTED_HEADER);
    if (memory == NULL)
        return NULL;
    memcpy(memory, &size, sizeof size);
    pthread_mutex_lock(&counter->lock);
    counter->bytes += size;
    if (counter->bytes > counter->most)
        counter->most = counter->bytes;
    pthread_mutex_unlock(&counter->lock);
    return memory + COUNTED_HEADER;
}

static void counted_free(void *memory, void *ctx)
{
    byte_counter *const counter = ctx;
    char *const start = (char *)memory - COUNTED_HEADER;
    size_t size;
    memcpy(&size, start, sizeof size);
    pthread_mutex_lock(&counter->lock);
    counter->bytes -= size;
    pthread_mutex_unlock(&counter->lock);
    free(start);
}

static void *counted_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    void *const grown = counted_alloc(new_size, ctx);
    if (grown == NULL || memory == NULL)
        return grown;
    memcpy(grown, memory, old_size < new_size ? old_size : new_size);
    counted_free(memory, ctx);
    return grown;
}

/* Long records one after the other: they take the memory of two or three, whatever the number of
 * slots that they pass through. */
START_TEST(jobs__memory_of_long_records)
{
    enum { RECORDS = 24, LENGTH = 1000 * 1000 };
    byte_counter counter = {.lock = PTHREAD_MUTEX_INITIALIZER};
    mimic_context_options chosen = MIMIC_CONTEXT_OPTIONS_INIT;
    chosen.allocator =
        (mimic_allocator){counted_alloc, counted_realloc, counted_free, &counter};
    char *csv = malloc((size_t)RECORDS * (LENGTH + 16) + 64);
    ck_assert_ptr_nonnull(csv);
    size_t size = (size_t)sprintf(csv, "id,unit,value,note,key\n");
    for (int row = 0; row < RECORDS; row++) {
        size += (size_t)sprintf(csv + size, "%d,u,1,", row);
        memset(csv + size, 'a' + row, LENGTH);
        size += LENGTH;
        size += (size_t)sprintf(csv + size, ",k%d\n", row);
    }
    mimic_context *ctx = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = 8;
    options.block_bytes = 64 * 1024;
    ck_assert_int_eq(mimic_context_new(&chosen, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_source_from_memory(ctx, csv, size, "long", NULL, &source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(
        mimic_csv_reader_open(ctx, source, read_schema(SCHEMA), &options, &reader, NULL), MIMIC_OK);
    const mimic_batch *batch;
    int64_t rows = 0;
    while (mimic_csv_reader_next(reader, &batch, NULL) == MIMIC_OK)
        rows += batch->row_count;
    ck_assert_int_eq(rows, RECORDS);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_context_free(ctx);
    ck_assert_uint_eq(counter.bytes, 0);
    ck_assert_uint_lt(counter.most, 8 * LENGTH);
    free(csv);
}
END_TEST

/* A schema of 1,000 columns over a file that has one: every line of two bytes is a row of 8 KB. */
START_TEST(jobs__memory_of_absent_columns)
{
    enum { COLUMNS = 1000, ROWS = 300000 };
    byte_counter counter = {.lock = PTHREAD_MUTEX_INITIALIZER};
    mimic_context_options chosen = MIMIC_CONTEXT_OPTIONS_INIT;
    chosen.allocator =
        (mimic_allocator){counted_alloc, counted_realloc, counted_free, &counter};
    char *const schema = malloc(COLUMNS * 64);
    char *const csv = malloc(2 * ROWS + 16);
    ck_assert_ptr_nonnull(schema);
    ck_assert_ptr_nonnull(csv);
    size_t size = (size_t)sprintf(schema, "{\"fields\":[");
    for (int i = 0; i < COLUMNS; i++)
        size += (size_t)sprintf(schema + size, "%s{\"name\":\"c%d\",\"type\":\"integer\"}",
                                i == 0 ? "" : ",", i);
    sprintf(schema + size, "]}");
    size = (size_t)sprintf(csv, "c0\n");
    for (int row = 0; row < ROWS; row++)
        size += (size_t)sprintf(csv + size, "%d\n", row % 10);
    mimic_context *ctx = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    options.jobs = 8;
    ck_assert_int_eq(mimic_context_new(&chosen, &ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic_source_from_memory(ctx, csv, size, "narrow", NULL, &source, NULL),
                     MIMIC_OK);
    ck_assert_int_eq(
        mimic_csv_reader_open(ctx, source, read_schema(schema), &options, &reader, NULL), MIMIC_OK);
    const mimic_batch *batch;
    int64_t rows = 0;
    while (mimic_csv_reader_next(reader, &batch, NULL) == MIMIC_OK) {
        ck_assert_uint_eq(batch->column_count, COLUMNS);
        ck_assert_int_eq(batch->columns[COLUMNS - 1].null_count, batch->row_count);
        rows += batch->row_count;
    }
    ck_assert_int_eq(rows, ROWS);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_context_free(ctx);
    ck_assert_uint_eq(counter.bytes, 0);
    ck_assert_uint_lt(counter.most, (size_t)48 * 1024 * 1024);
    free(csv);
    free(schema);
}
END_TEST

MIMIC_TEST_MAIN(csv_jobs, jobs__sound_and_broken_files, jobs__limit_filter_and_projection, jobs__counting,
                jobs__errors_come_when_their_block_is_due, jobs__long_records,
                jobs__a_reader_may_end_at_any_time, jobs__chunks_come_with_their_batches,
                jobs__every_allocation_may_fail, jobs__memory_of_long_records,
                jobs__memory_of_absent_columns, jobs__a_nulled_text_is_not_unique)
