/* The sorter of events: whatever memory, pool and lanes, what comes out is what qsort makes of it. */
#include "check_main.h"
#include "failing_allocator.h"
#include "test_events.h"

#include <signal.h>
#include <sys/resource.h>

#include "events/event_sorter.h"
#include "events/event_sorter_internal.h"

typedef struct fixture {
    test_folder folder;
    mimic_context *ctx;
    mimic_pool *pool;
} fixture;

static void set_up(fixture *f, int jobs)
{
    *f = (fixture){.folder = test_folder_make()};
    ck_assert_int_eq(mimic_context_new(NULL, &f->ctx, NULL), MIMIC_OK);
    if (jobs > 0)
        ck_assert_int_eq(mimic__pool_new(f->ctx, jobs, &f->pool, NULL), MIMIC_OK);
}

static void tear_down(fixture *f)
{
    mimic__pool_free(f->pool);
    mimic_context_free(f->ctx);
    test_folder_remove(&f->folder);
}

typedef struct work {
    size_t memory;
    unsigned lanes;
    size_t chunk; /* events of a chunk at most */
    size_t memory_out;
} work;

/* Adds the events in chunks of all sizes. */
static mimic_event_sorter *sort(fixture *f, const test_events *events, const work *how)
{
    uint64_t random = 5;
    mimic_event_sorter *sorter = NULL;
    const mimic_event_sorter_options options = {
        .memory = how->memory, .path = test_path(&f->folder, "base"), .pool = f->pool,
        .lane_count = how->lanes, .lane = test_lane, .lane_ctx = &how->lanes,
        .memory_out = how->memory_out};
    ck_assert_int_eq(mimic__event_sorter_new(f->ctx, &options, &sorter, NULL), MIMIC_OK);
    for (size_t at = 0; at < events->count;) {
        size_t count = test_random(&random) % how->chunk;
        count = count < events->count - at ? count : events->count - at;
        ck_assert_int_eq(
            mimic__event_sorter_add(sorter, test_chunk(f->ctx, events, at, count), NULL), MIMIC_OK);
        at += count;
    }
    ck_assert_int_eq(mimic__event_sorter_finish(sorter, NULL), MIMIC_OK);
    return sorter;
}

static void check(fixture *f, const test_events *events, const mimic_event *sorted, const work *how)
{
    static const int64_t all[2] = {INT64_MIN, INT64_MAX};
    mimic_event_sorter *const sorter = sort(f, events, how);
    size_t found = 0;
    for (unsigned lane = 0; lane < how->lanes; lane++) {
        const unsigned lanes[2] = {lane, how->lanes};
        mimic_event_stream *stream = NULL;
        ck_assert_int_eq(
            mimic__event_sorter_stream(sorter, lane, all[0], all[1], &stream, NULL), MIMIC_OK);
        found += test_check_stream(stream, events, sorted, all, lanes);
        for (size_t i = 0; i < 3 && events->count > 0; i++) {
            const int64_t a = sorted[events->count / 3 * i].subject;
            const int64_t b = sorted[events->count - 1 - events->count / 7 * i].subject;
            const int64_t bounds[2] = {a, b};
            ck_assert_int_eq(mimic__event_sorter_stream(sorter, lane, a, b, &stream, NULL),
                             MIMIC_OK);
            (void)test_check_stream(stream, events, sorted, bounds, lanes);
        }
    }
    ck_assert_uint_eq(found, events->count);
    mimic__event_sorter_free(sorter);
}

static void check_all(int jobs)
{
    static const size_t counts[] = {0, 1, 2, 1000, 8000};
    static const work ways[] = {
        {0, 1, 500, 0},
        {0, 3, 500, 0},
        {(size_t)2 << 20, 1, 900, 0},
        {(size_t)1 << 20, 16, 300, 0},
        {(size_t)2 << 20, 2, 900, (size_t)300 << 10},
        {(size_t)64 << 20, 1, 900, 0},
        {(size_t)64 << 20, 3, 900, 1},
    };
    fixture f;
    set_up(&f, jobs);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const test_spec spec = {(test_shape)shape, counts[c], c == 3 ? 70000 : 0, c, 300, 9};
            test_events events = test_events_make(&spec);
            mimic_event *const sorted = test_in_order(&events);
            for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
                check(&f, &events, sorted, &ways[w]);
            free(sorted);
            test_events_free(&events);
        }
    }
    ck_assert(!test_exists(test_path(&f.folder, "base")));
    tear_down(&f);
}

START_TEST(event_sorter__like_qsort)
{
    check_all(0);
}
END_TEST

START_TEST(event_sorter__on_threads)
{
    check_all(3);
}
END_TEST

/* ---- runs and memory ---- */

START_TEST(event_sorter__order_makes_one_run)
{
    fixture f;
    set_up(&f, 2);
    const test_spec spec = {IN_ORDER, 60000, 0, 1, 300, 9};
    const work how = {(size_t)1 << 20, 3, 900, 0};
    test_events events = test_events_make(&spec);
    mimic_event_sorter *const sorter = sort(&f, &events, &how);
    ck_assert_int_gt(mimic__event_sorter_spilled(sorter), 0);
    for (unsigned lane = 0; lane < how.lanes; lane++)
        ck_assert_uint_eq(mimic__event_sorter_runs(sorter, lane), 1);
    mimic__event_sorter_free(sorter);
    test_events_free(&events);
    tear_down(&f);
}
END_TEST

START_TEST(event_sorter__in_memory_nothing_is_written)
{
    fixture f;
    set_up(&f, 2);
    const test_spec spec = {ONE_EACH, 20000, 0, 1, 300, 9};
    const work how = {(size_t)8 << 20, 1, 900, 0};
    test_events events = test_events_make(&spec);
    mimic_event *const sorted = test_in_order(&events);
    mimic_event_sorter *const sorter = sort(&f, &events, &how);
    ck_assert_int_eq(mimic__event_sorter_spilled(sorter), 0);
    mimic__event_sorter_free(sorter);
    check(&f, &events, sorted, &how);
    free(sorted);
    test_events_free(&events);
    tear_down(&f);
}
END_TEST

/* Texts of 16 MB, in memory and beyond. */
START_TEST(event_sorter__long_texts)
{
    static const work ways[] = {{0, 1, 40, 0}, {(size_t)256 << 20, 1, 40, 0}};
    fixture f;
    set_up(&f, 3);
    const test_spec spec = {FEW_SUBJECTS, 300, (size_t)16 << 20, 8, 300, 9};
    test_events events = test_events_make(&spec);
    mimic_event *const sorted = test_in_order(&events);
    ck_assert_uint_gt(events.bytes_size, (size_t)16 << 20);
    for (size_t w = 0; w < 2; w++)
        check(&f, &events, sorted, &ways[w]);
    free(sorted);
    test_events_free(&events);
    tear_down(&f);
}
END_TEST

/* An allocator that knows how much is in use. */
typedef struct counted {
    size_t used;
    size_t peak;
} counted;

static void *counted_alloc(size_t size, void *ctx)
{
    counted *const of = ctx;
    size_t *const memory = malloc(size + 16);
    ck_assert_ptr_nonnull(memory);
    *memory = size;
    const size_t used = __atomic_add_fetch(&of->used, size, __ATOMIC_RELAXED);
    size_t peak = __atomic_load_n(&of->peak, __ATOMIC_RELAXED);
    while (used > peak && !__atomic_compare_exchange_n(&of->peak, &peak, used, false,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    return memory + 2;
}

static void counted_free(void *memory, void *ctx)
{
    counted *const of = ctx;
    size_t *const whole = (size_t *)memory - 2;
    __atomic_sub_fetch(&of->used, *whole, __ATOMIC_RELAXED);
    free(whole);
}

static void *counted_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    void *const moved = counted_alloc(new_size, ctx);
    memcpy(moved, memory, old_size < new_size ? old_size : new_size);
    counted_free(memory, ctx);
    return moved;
}

/* However much there is to sort, the memory stays what was said. */
static void check_memory(test_shape shape, int jobs, size_t memory, size_t out)
{
    fixture f = {.folder = test_folder_make()};
    counted of = {0};
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){counted_alloc, counted_realloc, counted_free, &of};
    ck_assert_int_eq(mimic_context_new(&options, &f.ctx, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__pool_new(f.ctx, jobs, &f.pool, NULL), MIMIC_OK);
    const test_spec spec = {shape, memory / 30, 0, 1, 300, 9};
    const work how = {memory, 1, 2000, out};
    test_events events = test_events_make(&spec);
    mimic_event_sorter *const sorter = sort(&f, &events, &how);
    ck_assert_int_gt(mimic__event_sorter_spilled(sorter), 0);
    ck_assert_msg(of.peak <= memory + (300 << 10), "%d, %d jobs: %zu of %zu", shape, jobs, of.peak,
                  memory);
    of.peak = 0;
    mimic_event_stream *stream = NULL;
    mimic_event_chunk *chunk = NULL;
    ck_assert_int_eq(mimic__event_sorter_stream(sorter, 0, INT64_MIN, INT64_MAX, &stream, NULL),
                     MIMIC_OK);
    do {
        mimic__chunk_release(chunk);
        ck_assert_int_eq(stream->next(stream, &chunk, NULL), MIMIC_OK);
    } while (chunk != NULL);
    stream->free(stream);
    mimic__event_sorter_free(sorter);
    ck_assert_msg(of.peak <= (out == 0 ? memory : out) + (300 << 10), "%d, %d jobs: %zu of %zu",
                  shape, jobs, of.peak, out);
    test_events_free(&events);
    tear_down(&f);
}

START_TEST(event_sorter__memory_is_bounded)
{
    for (int shape = 0; shape < TEST_SHAPES; shape++)
        for (int jobs = 1; jobs <= 3; jobs += 2)
            check_memory((test_shape)shape, jobs, (size_t)4 << 20, shape % 2 == 0 ? 0 : 1 << 20);
    check_memory(ONE_EACH, 3, (size_t)16 << 20, (size_t)2 << 20);
}
END_TEST

/* ---- what goes wrong ---- */

static mimic_status sort_some(const mimic_context *ctx, const char *path, mimic_pool *pool,
                              mimic_error *err)
{
    const test_spec spec = {ONE_EACH, 3000, 0, 1, 300, 9};
    const unsigned lanes = 2;
    const mimic_event_sorter_options options = {.memory = 0, .path = path, .pool = pool,
                                                .lane_count = lanes, .lane = test_lane,
                                                .lane_ctx = &lanes};
    mimic_event_sorter *sorter = NULL;
    mimic_event_stream *stream = NULL;
    mimic_event_chunk *chunk = NULL;
    test_events events = test_events_make(&spec);
    mimic_status status = mimic__event_sorter_new(ctx, &options, &sorter, err);
    for (size_t at = 0; at < events.count && status == MIMIC_OK; at += 600) {
        chunk = test_chunk(ctx, &events, at, 600);
        status = chunk == NULL ? mimic__fail_memory(err)
                               : mimic__event_sorter_add(sorter, chunk, err);
    }
    if (status == MIMIC_OK)
        status = mimic__event_sorter_finish(sorter, err);
    if (status == MIMIC_OK)
        status = mimic__event_sorter_stream(sorter, 1, INT64_MIN, INT64_MAX, &stream, err);
    while (status == MIMIC_OK && (status = stream->next(stream, &chunk, err)) == MIMIC_OK &&
           chunk != NULL)
        mimic__chunk_release(chunk);
    if (stream != NULL)
        stream->free(stream);
    mimic__event_sorter_free(sorter);
    test_events_free(&events);
    return status;
}

static char memory_path[1100];

static mimic_status sort_in_little_memory(const mimic_context *ctx, mimic_error *err)
{
    return sort_some(ctx, memory_path, NULL, err);
}

static mimic_status sort_on_threads(const mimic_context *ctx, mimic_error *err)
{
    mimic_pool *pool = NULL;
    MIMIC_TRY(mimic__pool_new(ctx, 2, &pool, err));
    const mimic_status status = sort_some(ctx, memory_path, pool, err);
    mimic__pool_free(pool);
    return status;
}

START_TEST(event_sorter__no_memory)
{
    fixture f;
    set_up(&f, 0);
    snprintf(memory_path, sizeof memory_path, "%s", test_path(&f.folder, "base"));
    ck_assert_int_gt(replay_failing_allocations(sort_in_little_memory), 100);
    ck_assert_int_gt(replay_failing_allocations(sort_on_threads), 100);
    tear_down(&f);
}
END_TEST

START_TEST(event_sorter__no_folder)
{
    fixture f;
    set_up(&f, 2);
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_int_eq(sort_some(f.ctx, "/no/such/folder/base", f.pool, &err), MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "/no/such/folder"));
    tear_down(&f);
}
END_TEST

START_TEST(event_sorter__full_disk)
{
    fixture f;
    struct rlimit before;
    mimic_error err = MIMIC_ERROR_INIT;
    set_up(&f, 2);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {30000, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const mimic_status status = sort_some(f.ctx, test_path(&f.folder, "base"), f.pool, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(status, MIMIC_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot write a temporary file"));
    ck_assert_ptr_nonnull(strstr(err.message, f.folder.path));
    tear_down(&f);
}
END_TEST

MIMIC_TEST_MAIN(event_sorter, event_sorter__like_qsort, event_sorter__on_threads,
                event_sorter__order_makes_one_run, event_sorter__in_memory_nothing_is_written,
                event_sorter__long_texts, event_sorter__memory_is_bounded,
                event_sorter__no_memory, event_sorter__no_folder, event_sorter__full_disk)
