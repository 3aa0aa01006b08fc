/* The files that partition leaves: the same bytes however they were made, everything in them comes back,
 * and nothing in them is trusted. */
#include "check_main.h"
#include "failing_allocator.h"
#include "test_events.h"
#include "io/output.h"

#include "events/event_sorter.h"

#define LANES 3

static unsigned lane_of(const void *ctx, int64_t subject)
{
    (void)ctx;
    return (unsigned)((uint64_t)subject * 7 / 3 % LANES);
}

/* Codes and units of a run, in an order of its own. */
typedef struct names {
    mimic_event_codes *codes;
    mimic_event_codes *units;
    uint32_t code_numbers[400];
    uint32_t unit_numbers[20];
} names;

static mimic_status make_names(const mimic_context *ctx, const test_spec *spec, uint32_t turn,
                               names *out, mimic_error *err)
{
    char text[40];
    char key[20];
    mimic_status status = mimic__event_codes_new(ctx, 1 << 20, &out->codes, err);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(ctx, 1 << 20, &out->units, err);
    for (uint32_t i = 0; i < spec->code_count && status == MIMIC_OK; i++) {
        const uint32_t code = (i + turn) % spec->code_count;
        const int key_size = snprintf(key, sizeof key, "%u", code * 3);
        const mimic_event_origin origin = {(uint16_t)(code % 3), key, (size_t)key_size};
        const int size = snprintf(text, sizeof text, "LAB//%u", code);
        status = mimic__event_codes_add(out->codes, text, (size_t)size, &origin,
                                        &out->code_numbers[code], err);
    }
    for (uint32_t i = 0; i < spec->unit_count && status == MIMIC_OK; i++) {
        const int size = snprintf(text, sizeof text, "unit %u", i);
        status = mimic__event_codes_add(out->units, text, (size_t)size, NULL,
                                        &out->unit_numbers[i], err);
    }
    return status;
}

static void free_names(names *of)
{
    mimic__event_codes_free(of->codes);
    mimic__event_codes_free(of->units);
}

/* The events with the numbers of these names. */
static test_events named(const test_spec *spec, const names *of)
{
    test_events events = test_events_make(spec);
    for (size_t i = 0; i < events.count; i++) {
        mimic_event *const event = &events.events[i];
        if (event->code != MIMIC_EVENT_NO_TEXT)
            event->code = of->code_numbers[event->code];
        if (event->unit != MIMIC_EVENT_NO_TEXT)
            event->unit = of->unit_numbers[event->unit];
    }
    return events;
}

typedef struct making {
    const mimic_context *ctx;
    const test_spec *spec;
    uint32_t turn; /* of the codes' numbers */
    int jobs;
    size_t memory;
    size_t chunk;
    const char *path;
} making;

static mimic_status add_all(const making *how, const test_events *events,
                            mimic_event_sorter *sorter, mimic_error *err)
{
    for (size_t at = 0; at < events->count;) {
        const size_t left = events->count - at;
        const size_t count = left < how->chunk ? left : how->chunk;
        mimic_event_chunk *const chunk = test_chunk(how->ctx, events, at, count);
        if (chunk == NULL)
            return mimic__fail_memory(err);
        MIMIC_TRY(mimic__event_sorter_add(sorter, chunk, err));
        at += count;
    }
    return mimic__event_sorter_finish(sorter, err);
}

static mimic_status make_file(const making *how, mimic_error *err)
{
    static const mimic_event_file_head head = {"{\"table\": \"labevents\"}", 22};
    names of = {0};
    mimic_pool *pool = NULL;
    mimic_event_sorter *sorter = NULL;
    test_events events = {0};
    const mimic_event_sorter_options options = {
        .memory = how->memory, .path = how->path, .lane_count = LANES, .lane = lane_of};
    mimic_event_sorter_options with_pool = options;
    mimic_status status = make_names(how->ctx, how->spec, how->turn, &of, err);
    if (status == MIMIC_OK && how->jobs > 0)
        status = mimic__pool_new(how->ctx, how->jobs, &pool, err);
    with_pool.pool = pool;
    if (status == MIMIC_OK)
        status = mimic__event_sorter_new(how->ctx, &with_pool, &sorter, err);
    if (status == MIMIC_OK) {
        events = named(how->spec, &of);
        status = add_all(how, &events, sorter, err);
    }
    if (status == MIMIC_OK)
        status = mimic__event_file_write(sorter, how->path, of.codes, of.units, &head, err);
    mimic__event_sorter_free(sorter);
    mimic__pool_free(pool);
    free_names(&of);
    test_events_free(&events);
    return status;
}

/* Reads every lane to its end; adds the events up. */
static mimic_status read_file(const mimic_context *ctx, const char *path,
                              const mimic_event_map *map, size_t *out_events, mimic_error *err)
{
    names of = {0};
    mimic_event_file *file = NULL;
    *out_events = 0;
    mimic_status status = mimic__event_codes_new(ctx, 1 << 20, &of.codes, err);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(ctx, 1 << 20, &of.units, err);
    const mimic_event_file_options options = {path, of.codes, of.units, map, NULL};
    if (status == MIMIC_OK)
        status = mimic__event_file_open(ctx, &options, &file, err);
    for (unsigned lane = 0; lane < LANES && status == MIMIC_OK; lane++) {
        mimic_event_stream *stream = NULL;
        mimic_event_chunk *chunk = NULL;
        status = mimic__event_file_stream(file, lane, INT64_MIN, INT64_MAX, 1 << 20, &stream, err);
        while (status == MIMIC_OK &&
               (status = stream->next(stream, &chunk, err)) == MIMIC_OK && chunk != NULL) {
            *out_events += chunk->count;
            mimic__chunk_release(chunk);
        }
        if (stream != NULL)
            stream->free(stream);
    }
    mimic__event_file_free(file);
    free_names(&of);
    return status;
}

START_TEST(event_file__same_bytes)
{
    static const making ways[] = {
        {.turn = 0, .jobs = 0, .memory = (size_t)64 << 20, .chunk = 700},
        {.turn = 7, .jobs = 3, .memory = (size_t)64 << 20, .chunk = 5000},
        {.turn = 50, .jobs = 3, .memory = (size_t)1 << 20, .chunk = 333},
        {.turn = 99, .jobs = 1, .memory = 0, .chunk = 4000},
    };
    test_folder folder = test_folder_make();
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    for (int shape = 0; shape < TEST_SHAPES; shape++) {
        const test_spec spec = {(test_shape)shape, 20000, shape == 1 ? 100000 : 30, 3, 300, 9};
        char *first = NULL;
        size_t first_size = 0;
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            making how = ways[w];
            mimic_error err = MIMIC_ERROR_INIT;
            size_t size = 0;
            size_t count = 0;
            char *text = NULL;
            how.ctx = ctx;
            how.spec = &spec;
            how.path = test_path(&folder, "table.events");
            ck_assert_msg(make_file(&how, &err) == MIMIC_OK, "%s", err.message);
            ck_assert_int_eq(mimic__read_file(ctx, how.path, 0, &text, &size, NULL), MIMIC_OK);
            ck_assert_msg(read_file(ctx, how.path, NULL, &count, &err) == MIMIC_OK, "%s",
                          err.message);
            ck_assert_uint_eq(count, spec.count);
            if (first == NULL) {
                first = text;
                first_size = size;
                continue;
            }
            ck_assert_uint_eq(size, first_size);
            ck_assert_int_eq(memcmp(text, first, size), 0);
            mimic_free(ctx, text);
        }
        mimic_free(ctx, first);
    }
    mimic_context_free(ctx);
    test_folder_remove(&folder);
}
END_TEST

MIMIC_TEST_MAIN(event_file, event_file__same_bytes)
