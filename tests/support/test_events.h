/* Chunks of made-up events, and what a stream should give for them: for tests and benchmarks of sorters
 * and of the files of `partition`. */
#ifndef MIMIC_TEST_EVENTS_H
#define MIMIC_TEST_EVENTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "events/event.h"
#include "test_folder.h"

/* Events in the order of a table, with their texts one behind the other. */
typedef struct test_events {
    mimic_event *events;
    size_t count;
    char *bytes;
    size_t bytes_size;
} test_events;

typedef enum test_shape {
    ONE_SUBJECT,   /* all events are of one */
    ONE_EACH,      /* a subject an event, in no order */
    FEW_SUBJECTS,  /* in no order */
    IN_ORDER,      /* some events a subject, ascending */
    IN_PIECES,     /* the same, but now and then it begins again */
    TEST_SHAPES
} test_shape;

typedef struct test_spec {
    test_shape shape;
    size_t count;
    size_t long_text; /* one event in a hundred has a text of that size */
    uint64_t seed;
    uint32_t code_count;
    uint32_t unit_count;
} test_spec;

static inline int64_t test_subject(test_shape shape, size_t i, uint64_t random)
{
    switch (shape) {
    case ONE_SUBJECT:
        return 10000032;
    case ONE_EACH:
        return (int64_t)((i * UINT64_C(0x9e3779b97f4a7c15)) >> 20) - (INT64_C(1) << 42);
    case FEW_SUBJECTS:
        return (int64_t)(random >> 33) % 50 - 10;
    case IN_ORDER:
        return 10000000 + (int64_t)(i / 17) * 3;
    default:
        return 10000000 + (int64_t)(i % 1000 / 7);
    }
}

static inline void test_event_fill(mimic_event *event, const test_spec *spec, size_t i,
                                   uint64_t *random)
{
    const uint64_t r = test_random(random);
    event->subject = test_subject(spec->shape, i, r);
    event->time = r % 50 == 0 ? MIMIC_EVENT_NONE
                              : INT64_C(5000000000000000) + (int64_t)(i % 977) * 60000000;
    event->available = r % 3 == 0 || event->time == MIMIC_EVENT_NONE
                           ? MIMIC_EVENT_NONE
                           : event->time + 1000000 * (int64_t)(r % 9000);
    event->anchor = r % 1001 == 0 ? INT64_MAX : event->time;
    event->admission = r % 4 == 0 ? MIMIC_EVENT_NONE : 20000000 + (int64_t)(r % 7);
    event->stay = r % 4 != 0 ? MIMIC_EVENT_NONE : INT64_MIN + 1 + (int64_t)(r % 7);
    event->row = (int64_t)i + 1;
    event->flags = (uint16_t)(r % 64);
    event->value = 0;
    if (r % 2 == 0) {
        event->flags |= MIMIC_EVENT_HAS_VALUE;
        event->value = (double)(int64_t)(r % 2000) / 10;
    }
    event->code = (uint32_t)((r >> 8) % spec->code_count);
    event->unit = r % 3 == 0 ? MIMIC_EVENT_NO_TEXT : (uint32_t)((r >> 12) % spec->unit_count);
    event->kind = r % 97 == 0 ? MIMIC_EVENT_CONTEXT : (uint16_t)(r % 3);
    if (event->kind == MIMIC_EVENT_CONTEXT) {
        event->code = event->unit = MIMIC_EVENT_NO_TEXT;
        event->anchor = event->time; /* a time, of those that others are joined with */
    }
    event->text_size = r % 5 == 0   ? (uint32_t)(r % 23)
                       : r % 5 == 1 ? 0
                                    : MIMIC_EVENT_NO_TEXT;
    if (r % 100 == 0 && spec->long_text > 0)
        event->text_size = (uint32_t)spec->long_text;
    event->properties_size = r % 7 == 0 ? (uint32_t)(r % 40) : 0;
}

static inline size_t test_text_bytes(const mimic_event *event)
{
    return (event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : (size_t)event->text_size) +
           event->properties_size;
}

static inline test_events test_events_make(const test_spec *spec)
{
    uint64_t random = spec->seed * 2 + 1;
    test_events made = {calloc(spec->count + 1, sizeof(mimic_event)), spec->count, NULL, 0};
    for (size_t i = 0; i < spec->count; i++) {
        test_event_fill(&made.events[i], spec, i, &random);
        made.events[i].text = (uint32_t)made.bytes_size;
        made.bytes_size += test_text_bytes(&made.events[i]);
    }
    made.bytes = malloc(made.bytes_size + 1);
    for (size_t i = 0; i < made.bytes_size; i++)
        made.bytes[i] = (char)('a' + (i * 7 + i / 13) % 26);
    return made;
}

static inline void test_events_free(test_events *events)
{
    free(events->events);
    free(events->bytes);
    *events = (test_events){0};
}

/* A chunk of some of them, in one piece of memory of the context; NULL when there is none. */
static inline mimic_event_chunk *test_chunk(const mimic_context *ctx, const test_events *from,
                                            size_t first, size_t count)
{
    size_t bytes = 0;
    size_t runs = 0;
    for (size_t i = first; i < first + count; i++) {
        bytes += test_text_bytes(&from->events[i]);
        runs += i == first || from->events[i].subject != from->events[i - 1].subject;
    }
    const size_t size = count * sizeof(mimic_event) + runs * sizeof(mimic_event_run) + bytes;
    mimic_event_chunk *const chunk = mimic__alloc_zeroed(ctx, 1, sizeof *chunk);
    chunk == NULL ? (void)0 : (void)(chunk->memory = mimic__alloc(ctx, size + 1));
    if (chunk == NULL || chunk->memory == NULL) {
        mimic__free(ctx, chunk);
        return NULL;
    }
    chunk->ctx = ctx;
    atomic_init(&chunk->references, 1);
    chunk->table = 4;
    chunk->memory_size = size;
    chunk->events = chunk->memory;
    chunk->count = count;
    chunk->runs = (mimic_event_run *)(void *)(chunk->events + count);
    chunk->bytes = (char *)(chunk->runs + runs);
    for (size_t i = 0; i < count; i++) {
        mimic_event event = from->events[first + i];
        const size_t text = test_text_bytes(&event);
        memcpy(chunk->bytes + chunk->bytes_size, from->bytes + event.text, text);
        event.text = (uint32_t)chunk->bytes_size;
        chunk->bytes_size += text;
        chunk->events[i] = event;
        if (i == 0 || event.subject != chunk->events[i - 1].subject)
            chunk->runs[chunk->run_count++] = (mimic_event_run){event.subject, (uint32_t)i, 0};
        chunk->runs[chunk->run_count - 1].count++;
    }
    return chunk;
}

static inline int test_compare_events(const void *left, const void *right)
{
    const mimic_event *const a = left;
    const mimic_event *const b = right;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row); /* rows are distinct, and in order */
}

/* The lane of a subject, of as many as ctx says. */
static inline unsigned test_lane(const void *ctx, int64_t subject)
{
    const unsigned *const lanes = ctx;
    return (unsigned)((uint64_t)subject * 7 / 3 % *lanes);
}

/* A chunk is as good as its runs say. */
static inline void test_check_runs(const mimic_event_chunk *chunk, int64_t *last)
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

static inline void test_check_event(const mimic_event_chunk *chunk, size_t i,
                                    const test_events *all, const mimic_event *expected)
{
    mimic_event event = chunk->events[i];
    const char *const text = chunk->bytes + event.text;
    const size_t size = test_text_bytes(expected);
    event.text = expected->text;
    ck_assert_int_eq(memcmp(&event, expected, sizeof event), 0);
    ck_assert(size == 0 || memcmp(text, all->bytes + expected->text, size) == 0);
}

/* `expected` in order, of which lane lanes[0] of lanes[1] and the subjects of the bounds are wanted.
 * Frees the stream, and returns how many events it gave. */
static inline size_t test_check_stream(mimic_event_stream *stream, const test_events *all,
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
        test_check_runs(chunk, &last);
        for (size_t i = 0; i < chunk->count; i++, at++) {
            while (at < all->count &&
                   (expected[at].subject < bounds[0] || expected[at].subject > bounds[1] ||
                    test_lane(&lanes[1], expected[at].subject) != lanes[0]))
                at++;
            ck_assert_uint_lt(at, all->count);
            test_check_event(chunk, i, all, &expected[at]);
        }
        found += chunk->count;
        mimic__chunk_release(chunk);
    }
    for (; at < all->count; at++)
        ck_assert(expected[at].subject < bounds[0] || expected[at].subject > bounds[1] ||
                  test_lane(&lanes[1], expected[at].subject) != lanes[0]);
    stream->free(stream);
    return found;
}

static inline mimic_event *test_in_order(const test_events *events)
{
    mimic_event *const sorted = malloc((events->count + 1) * sizeof *sorted);
    memcpy(sorted, events->events, events->count * sizeof *sorted);
    qsort(sorted, events->count, sizeof *sorted, test_compare_events);
    return sorted;
}

#endif
