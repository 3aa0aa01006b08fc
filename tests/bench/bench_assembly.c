/*
 * Putting patients together, one thread, nothing encoded: nanoseconds an event for a table shaped
 * as chartevents (3 stays a patient, thousands of events in order), for one that comes in disorder,
 * and for subjects with a single event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "events/event_assembly.h"

#define CHUNK_EVENTS 8192
#define NONE MIMIC_EVENT_NONE
#define HOUR INT64_C(3600000000)

static const mimic_event_time own[] = {{TIME_COLUMN, 0, -1, 0, 0}};
static const mimic_event_kind kinds[] = {
    {.name = "admission", .table = 0, .rank = 30, .time = {own, 1, false}},
    {.name = "chart", .number = 1, .table = 1, .rank = 110, .time = {own, 1, false}},
};
static const mimic_event_kind *const kind_list[] = {&kinds[0], &kinds[1]};
static const mimic_event_table tables[] = {
    {.number = 0, .context = GROUP_ADMISSION, .kinds = kind_list, .kind_count = 1},
    {.number = 1, .context = -1, .needs_stay = true, .kinds = kind_list + 1, .kind_count = 1},
};
static const mimic_event_map map = {
    .tables = tables, .table_count = 2, .kinds = kind_list, .kind_count = 2};

typedef struct shape {
    const char *name;
    int64_t subjects;
    int64_t events;   /* a subject */
    int64_t disorder; /* one of so many events jumps; 0 = none */
} shape;

typedef struct kept_stream {
    mimic_event_stream stream;
    mimic_event_chunk **chunks;
    size_t count;
    size_t next;
} kept_stream;

static mimic_status next_kept(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                              mimic_error *err)
{
    kept_stream *const self = (kept_stream *)stream;
    (void)err;
    *out_chunk = self->next == self->count ? NULL : mimic__chunk_share(self->chunks[self->next]);
    self->next += self->next < self->count;
    return MIMIC_OK;
}

static void add_event(kept_stream *to, const mimic_context *ctx, const mimic_event *event,
                      uint16_t table)
{
    mimic_event_chunk *chunk = to->count == 0 ? NULL : to->chunks[to->count - 1];
    if (chunk == NULL || chunk->count == CHUNK_EVENTS) {
        chunk = mimic__alloc_zeroed(ctx, 1, sizeof *chunk);
        to->chunks = realloc(to->chunks, (to->count + 1) * sizeof(mimic_event_chunk *));
        if (chunk == NULL || to->chunks == NULL)
            abort();
        to->chunks[to->count++] = chunk;
        atomic_init(&chunk->references, 1);
        chunk->ctx = ctx;
        chunk->table = table;
        chunk->more[0] = mimic__alloc_array(ctx, CHUNK_EVENTS, sizeof *chunk->events);
        chunk->more[1] = mimic__alloc_array(ctx, CHUNK_EVENTS, sizeof *chunk->runs);
        chunk->more[2] = mimic__alloc_zeroed(ctx, CHUNK_EVENTS, 4);
        if (chunk->more[0] == NULL || chunk->more[1] == NULL || chunk->more[2] == NULL)
            abort();
        chunk->events = chunk->more[0];
        chunk->runs = chunk->more[1];
        chunk->bytes = chunk->more[2];
        chunk->memory_size = CHUNK_EVENTS * (sizeof *chunk->events + sizeof *chunk->runs + 4);
    }
    if (chunk->count == 0 || chunk->events[chunk->count - 1].subject != event->subject)
        chunk->runs[chunk->run_count++] =
            (mimic_event_run){event->subject, (uint32_t)chunk->count, 0};
    chunk->runs[chunk->run_count - 1].count++;
    chunk->events[chunk->count] = *event;
    chunk->events[chunk->count].text = (uint32_t)chunk->count * 4;
    chunk->count++;
}

static void make(const mimic_context *ctx, const shape *of, kept_stream streams[2])
{
    uint64_t state = 1;
    int64_t row = 0;
    for (int64_t subject = 1; subject <= of->subjects; subject++) {
        const int64_t stays = of->events < 3 ? 1 : 3;
        for (int64_t stay = 0; stay < stays; stay++) {
            const int64_t start = (subject % 97 + stay * 1000) * 24 * HOUR;
            mimic_event event = {.subject = subject,
                                 .time = start,
                                 .available = start + 900 * HOUR,
                                 .anchor = NONE,
                                 .admission = subject * 4 + stay,
                                 .stay = NONE,
                                 .row = subject * 4 + stay,
                                 .unit = MIMIC_EVENT_NO_TEXT,
                                 .text_size = MIMIC_EVENT_NO_TEXT,
                                 .kind = MIMIC_EVENT_CONTEXT + GROUP_ADMISSION};
            if (of->events > 1)
                add_event(&streams[0], ctx, &event, 0);
            event.stay = event.admission;
            event.kind = 1;
            event.text_size = 4;
            event.flags = MIMIC_EVENT_HAS_VALUE;
            for (int64_t i = 0; i < of->events / stays; i++) {
                state = state * UINT64_C(6364136223846793005) + 1;
                event.row = ++row;
                event.code = (uint32_t)(state >> 40) % 2000;
                event.time = start + i * HOUR / 8;
                if (of->disorder > 0 && (int64_t)(state >> 33) % of->disorder == 0)
                    event.time = start + (int64_t)(state >> 50) * HOUR / 60;
                event.available = event.time + HOUR / 10;
                add_event(&streams[1], ctx, &event, 1);
            }
        }
    }
}

static mimic_status encode(void *ctx, const mimic_event_set *set, void **out_encoded,
                           mimic_error *err)
{
    (void)err;
    *(int64_t *)ctx += (int64_t)set->count;
    *out_encoded = ctx;
    return MIMIC_OK;
}

static mimic_status write_set(void *ctx, mimic_event_place place, void *encoded, mimic_error *err)
{
    (void)ctx, (void)place, (void)encoded, (void)err;
    return MIMIC_OK;
}

static void drop(void *ctx, void *encoded)
{
    (void)ctx, (void)encoded;
}

static mimic_status reject(void *ctx, const mimic_event_reject *rejected, mimic_error *err)
{
    (void)ctx, (void)rejected, (void)err;
    return MIMIC_OK;
}

static mimic_status subject_done(void *ctx, int64_t subject, int64_t events, mimic_error *err)
{
    (void)ctx, (void)subject, (void)events, (void)err;
    return MIMIC_OK;
}

/* Seconds of processor time: the machine may be busy. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(const mimic_context *ctx, const shape *of)
{
    kept_stream streams[2] = {{{next_kept, NULL}, NULL, 0, 0}, {{next_kept, NULL}, NULL, 0, 0}};
    make(ctx, of, streams);
    mimic_event_plan *plan = NULL;
    if (mimic__event_plan_new(ctx, NULL, 0, &(mimic_event_shares){800, 100, 1000}, &plan, NULL) !=
        MIMIC_OK)
        abort();
    double best = 1e9;
    int64_t events = 0;
    for (int round = 0; round < 7; round++) {
        mimic_event_tally tallies[2];
        memset(tallies, 0, sizeof tallies);
        events = 0;
        streams[0].next = streams[1].next = 0;
        const mimic_event_target target = {&events, encode, write_set, drop, reject, subject_done};
        const mimic_event_rules rules = {.map = &map, .plan = plan, .knows_admissions = true};
        mimic_event_stream *const both[] = {&streams[0].stream, &streams[1].stream};
        mimic_assembly assembly = {.ctx = ctx,
                                   .memory = (size_t)256 << 20,
                                   .rules = &rules,
                                   .streams = both,
                                   .stream_count = 2,
                                   .target = &target,
                                   .tallies = tallies};
        const double start = seconds();
        if (mimic__assemble(&assembly, NULL) != MIMIC_OK)
            abort();
        const double took = seconds() - start;
        best = took < best ? took : best;
        mimic__free(ctx, assembly.code_events);
    }
    printf("%-28s %9lld events %7.1f ns an event %9.1f ns a subject\n", of->name, (long long)events,
           best * 1e9 / (double)events, best * 1e9 / (double)of->subjects);
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < streams[i].count; j++)
            mimic__chunk_release(streams[i].chunks[j]);
        free(streams[i].chunks);
    }
    mimic__event_plan_free(plan);
}

int main(void)
{
    static const shape shapes[] = {
        {"chartevents, in order", 250, 3000, 0}, {"chartevents, some disorder", 250, 3000, 10},
        {"in no order", 250, 3000, 1},           {"twelve events a subject", 50000, 12, 0},
        {"one event a subject", 1000000, 1, 0},
    };
    mimic_context *ctx = NULL;
    if (mimic_context_new(NULL, &ctx, NULL) != MIMIC_OK)
        return 1;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        run(ctx, &shapes[i]);
    mimic_context_free(ctx);
    return 0;
}
