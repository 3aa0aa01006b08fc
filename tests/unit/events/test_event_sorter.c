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

static unsigned lane_of(const void *ctx, int64_t subject)
{
    const unsigned *const lanes = ctx;
    return (unsigned)((uint64_t)subject * 7 / 3 % *lanes);
}

typedef struct work {
    size_t memory;
    unsigned lanes;
    size_t chunk; /* events of a chunk at most */
} work;

/* Adds the events in chunks of all sizes. */
static mimic_event_sorter *sort(fixture *f, const test_events *events, const work *how)
{
    uint64_t random = 5;
    mimic_event_sorter *sorter = NULL;
    const mimic_event_sorter_options options = {
        .memory = how->memory, .path = test_path(&f->folder, "base"), .pool = f->pool,
        .lane_count = how->lanes, .lane = lane_of, .lane_ctx = &how->lanes};
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

/* A chunk is as good as its runs say. */
static void check_runs(const mimic_event_chunk *chunk, int64_t *last)
{
    size_t first = 0;
    for (size_t r = 0; r < chunk->run_count; r++) {
        const mimic_event_run *const run = &chunk->runs[r];
        ck_assert_uint_eq(run->first, first);
        ck_assert_uint_gt(run->count, 0);
        ck_assert_int_ge(run->subject, *last);
        ck_assert(r == 0 || run->subject > *last);
        *last = run->subject;
        for (size_t i = 0; i < run->count; i++)
            ck_assert_int_eq(chunk->events[first + i].subject, run->subject);
        first += run->count;
    }
    ck_assert_uint_eq(first, chunk->count);
    ck_assert(chunk->ascends);
    ck_assert_uint_eq(chunk->table, 4);
}

static void check_event(const mimic_event_chunk *chunk, size_t i, const test_events *all,
                        const mimic_event *expected)
{
    mimic_event event = chunk->events[i];
    const char *const text = chunk->bytes + event.text;
    const size_t size = test_text_bytes(expected);
    event.text = expected->text;
    ck_assert_int_eq(memcmp(&event, expected, sizeof event), 0);
    ck_assert(size == 0 || memcmp(text, all->bytes + expected->text, size) == 0);
}

/* `expected` in order, of which the lane and the subjects from first to last are wanted. */
static size_t check_stream(mimic_event_stream *stream, const test_events *all,
                           const mimic_event *expected, const int64_t bounds[2],
                           const unsigned lanes[2])
{
    int64_t last = INT64_MIN;
    size_t at = 0;
    size_t found = 0;
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        ck_assert_int_eq(stream->next(stream, &chunk, NULL), MIMIC_OK);
        if (chunk == NULL)
            break;
        ck_assert_uint_gt(chunk->count, 0);
        check_runs(chunk, &last);
        for (size_t i = 0; i < chunk->count; i++, at++) {
            while (at < all->count &&
                   (expected[at].subject < bounds[0] || expected[at].subject > bounds[1] ||
                    lane_of(&lanes[1], expected[at].subject) != lanes[0]))
                at++;
            ck_assert_uint_lt(at, all->count);
            check_event(chunk, i, all, &expected[at]);
        }
        found += chunk->count;
        mimic__chunk_release(chunk);
    }
    for (; at < all->count; at++)
        ck_assert(expected[at].subject < bounds[0] || expected[at].subject > bounds[1] ||
                  lane_of(&lanes[1], expected[at].subject) != lanes[0]);
    stream->free(stream);
    return found;
}

static mimic_event *in_order(const test_events *events)
{
    mimic_event *const sorted = malloc((events->count + 1) * sizeof *sorted);
    memcpy(sorted, events->events, events->count * sizeof *sorted);
    qsort(sorted, events->count, sizeof *sorted, test_compare_events);
    return sorted;
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
        found += check_stream(stream, events, sorted, all, lanes);
        for (size_t i = 0; i < 3 && events->count > 0; i++) {
            const int64_t a = sorted[events->count / 3 * i].subject;
            const int64_t b = sorted[events->count - 1 - events->count / 7 * i].subject;
            const int64_t bounds[2] = {a, b};
            ck_assert_int_eq(mimic__event_sorter_stream(sorter, lane, a, b, &stream, NULL),
                             MIMIC_OK);
            (void)check_stream(stream, events, sorted, bounds, lanes);
        }
    }
    ck_assert_uint_eq(found, events->count);
    mimic__event_sorter_free(sorter);
}

static void check_all(int jobs)
{
    static const size_t counts[] = {0, 1, 2, 1000, 8000};
    static const work ways[] = {{0, 1, 500},        {0, 3, 500},          {(size_t)2 << 20, 1, 900},
                                {1 << 20, 16, 300}, {(size_t)64 << 20, 1, 900}, {(size_t)64 << 20, 3, 900}};
    fixture f;
    set_up(&f, jobs);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const test_spec spec = {(test_shape)shape, counts[c], c == 3 ? 70000 : 0, c, 300, 9};
            test_events events = test_events_make(&spec);
            mimic_event *const sorted = in_order(&events);
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

MIMIC_TEST_MAIN(event_sorter, event_sorter__like_qsort, event_sorter__on_threads)
