/*
 * Events made by hand, for tests of what takes them: a map without a schema, chunks, streams of
 * chunks, and a target that writes down what it is given.
 *
 * The map of `hand_map`, its tables in this order:
 *
 *     0 patients    context of the subject; gender (static), birth, death: earliest
 *                   admission.extra, else the row's own time
 *     1 diagnoses   at the end of its admission, which it needs
 *     2 labs        two events a row; admission and stay filled by time
 *     3 admissions  context; admission, discharge; its anchor is the row's
 *     4 stays       context; one event
 *     5 chart       needs a stay
 *     6 mixed       anchor: end of the stay, else the row's; time: the row's, else start of the
 * admission; available: earliest stay.start; admission and stay filled
 */
#ifndef MIMIC_TEST_HAND_EVENTS_H
#define MIMIC_TEST_HAND_EVENTS_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/context_internal.h"
#include "events/event_assembly.h"

#define NONE MIMIC_EVENT_NONE
#define HAND_TABLES 7

enum hand_kind {
    HAND_GENDER,
    HAND_BIRTH,
    HAND_DEATH,
    HAND_DIAGNOSIS,
    HAND_SPECIMEN,
    HAND_RESULT,
    HAND_ADMISSION,
    HAND_DISCHARGE,
    HAND_STAY,
    HAND_CHART,
    HAND_MIXED,
    HAND_KINDS,
};

static const mimic_event_time hand_own[] = {{TIME_COLUMN, 0, -1, 0, 0}};
static const mimic_event_time hand_death[] = {{TIME_EARLIEST, -1, -1, GROUP_ADMISSION, SLOT_EXTRA},
                                              {TIME_COLUMN, 0, -1, 0, 0}};
static const mimic_event_time hand_discharge[] = {{TIME_JOIN, -1, -1, GROUP_ADMISSION, SLOT_END}};
static const mimic_event_time hand_stay_end[] = {{TIME_JOIN, -1, -1, GROUP_STAY, SLOT_END},
                                                 {TIME_COLUMN, 0, -1, 0, 0}};
static const mimic_event_time hand_mixed[] = {{TIME_COLUMN, 0, -1, 0, 0},
                                              {TIME_JOIN, -1, -1, GROUP_ADMISSION, SLOT_START}};
static const mimic_event_time hand_stay_start[] = {{TIME_EARLIEST, -1, -1, GROUP_STAY, SLOT_START}};

#define HAND_OWN                                                                                   \
    {                                                                                              \
        hand_own, 1, false                                                                         \
    }
static const mimic_event_kind hand_kinds[HAND_KINDS] = {
    {.name = "gender", .number = 0, .table = 0, .rank = 0},
    {.name = "birth", .number = 1, .table = 0, .rank = 10, .time = HAND_OWN},
    {.name = "death", .number = 2, .table = 0, .rank = 250, .time = {hand_death, 2, true}},
    {.name = "diagnosis", .number = 3, .table = 1, .rank = 170, .time = {hand_discharge, 1, true}},
    {.name = "specimen", .number = 4, .table = 2, .rank = 80, .time = HAND_OWN},
    {.name = "result",
     .number = 5,
     .table = 2,
     .rank = 130,
     .time = HAND_OWN,
     .available = HAND_OWN},
    {.name = "admission", .number = 6, .table = 3, .rank = 30, .time = HAND_OWN},
    {.name = "discharge", .number = 7, .table = 3, .rank = 160, .time = HAND_OWN},
    {.name = "stay", .number = 8, .table = 4, .rank = 50, .time = HAND_OWN},
    {.name = "chart",
     .number = 9,
     .table = 5,
     .rank = 110,
     .time = HAND_OWN,
     .available = HAND_OWN},
    {.name = "mixed",
     .number = 10,
     .table = 6,
     .rank = 110,
     .time = {hand_mixed, 2, true},
     .available = {hand_stay_start, 1, true}},
};
static const mimic_event_kind *const hand_kind_list[HAND_KINDS] = {
    &hand_kinds[0], &hand_kinds[1], &hand_kinds[2], &hand_kinds[3], &hand_kinds[4],  &hand_kinds[5],
    &hand_kinds[6], &hand_kinds[7], &hand_kinds[8], &hand_kinds[9], &hand_kinds[10],
};
static const mimic_event_table hand_tables[HAND_TABLES] = {
    {.number = 0, .context = GROUP_SUBJECT, .kinds = hand_kind_list, .kind_count = 3},
    {.number = 1,
     .context = -1,
     .needs_admission = true,
     .kinds = hand_kind_list + 3,
     .kind_count = 1},
    {.number = 2,
     .context = -1,
     .fills_admission = true,
     .fills_stay = true,
     .kinds = hand_kind_list + 4,
     .kind_count = 2},
    {.number = 3,
     .context = GROUP_ADMISSION,
     .anchor = HAND_OWN,
     .kinds = hand_kind_list + 6,
     .kind_count = 2},
    {.number = 4, .context = GROUP_STAY, .kinds = hand_kind_list + 8, .kind_count = 1},
    {.number = 5, .context = -1, .needs_stay = true, .kinds = hand_kind_list + 9, .kind_count = 1},
    {.number = 6,
     .context = -1,
     .anchor = {hand_stay_end, 2, true},
     .fills_admission = true,
     .fills_stay = true,
     .kinds = hand_kind_list + 10,
     .kind_count = 1},
};
static const mimic_event_map hand_map = {
    .tables = hand_tables,
    .table_count = HAND_TABLES,
    .kinds = hand_kind_list,
    .kind_count = HAND_KINDS,
};

/* An event with nothing but these; what is 0 elsewhere is NONE here. */
static inline mimic_event hand_event(int kind, int64_t subject, int64_t row, int64_t time)
{
    return (mimic_event){
        .subject = subject,
        .time = time,
        .available = NONE,
        .anchor = NONE,
        .admission = NONE,
        .stay = NONE,
        .row = row,
        .unit = MIMIC_EVENT_NO_TEXT,
        .text_size = MIMIC_EVENT_NO_TEXT,
        .kind = (uint16_t)kind,
    };
}

/* What a row of patients, admissions or stays tells others. */
static inline mimic_event hand_context(int group, int64_t subject, int64_t row, int64_t id,
                                       const int64_t times[3])
{
    mimic_event event = hand_event((int)MIMIC_EVENT_CONTEXT + group, subject, row, times[0]);
    event.available = times[1];
    event.anchor = times[2];
    if (group == GROUP_ADMISSION)
        event.admission = id;
    if (group == GROUP_STAY)
        event.stay = id;
    return event;
}

/* ---- chunks and streams ---- */

static long hand_chunks_made = 0;

/* A chunk of some events of one table. Each event's text is the decimal of its row, "." and its
 * kind, but for every fifth row, which has none; properties {"r":1} on every third. */
static inline mimic_event_chunk *hand_chunk(const mimic_context *ctx, uint16_t table,
                                            const mimic_event *events, size_t count)
{
    mimic_event_chunk *const chunk = mimic__alloc_zeroed(ctx, 1, sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    atomic_init(&chunk->references, 1);
    chunk->ctx = ctx;
    chunk->table = table;
    chunk->ascends = true;
    chunk->count = count;
    chunk->rows = (int64_t)count;
    chunk->more[0] = mimic__alloc_array(ctx, count + 1, sizeof *events);
    chunk->more[1] = mimic__alloc_array(ctx, count + 1, sizeof *chunk->runs);
    chunk->more[2] = mimic__alloc_array(ctx, count + 1, 48);
    if (chunk->more[0] == NULL || chunk->more[1] == NULL || chunk->more[2] == NULL) {
        mimic__chunk_release(chunk);
        return NULL;
    }
    chunk->events = chunk->more[0];
    chunk->runs = chunk->more[1];
    chunk->bytes = chunk->more[2];
    chunk->memory_size = (count + 1) * (sizeof *events + sizeof *chunk->runs + 48);
    for (size_t i = 0; i < count; i++) {
        mimic_event *const event = &chunk->events[i];
        *event = events[i];
        event->text = (uint32_t)chunk->bytes_size;
        char *const bytes = chunk->bytes + chunk->bytes_size;
        int size = 0;
        if (event->row % 5 != 0) {
            size = snprintf(bytes, 32, "%lld.%d", (long long)event->row, event->kind);
            event->text_size = (uint32_t)size;
        }
        if (event->row % 3 == 0) {
            memcpy(bytes + size, "{\"r\":1}", 7);
            event->properties_size = 7;
        }
        chunk->bytes_size += (size_t)size + event->properties_size;
        if (i == 0 || events[i - 1].subject != event->subject)
            chunk->runs[chunk->run_count++] = (mimic_event_run){event->subject, (uint32_t)i, 0};
        chunk->runs[chunk->run_count - 1].count++;
    }
    hand_chunks_made++;
    return chunk;
}

/* A stream over events of one table, in chunks of at most `step`. */
typedef struct hand_stream {
    mimic_event_stream stream;
    const mimic_context *ctx;
    const mimic_event *events;
    size_t count;
    size_t next;
    size_t step;
    uint16_t table;
    long calls_until_failure; /* negative = never */
    mimic_status failure;
} hand_stream;

static inline mimic_status hand_next(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                                     mimic_error *err)
{
    hand_stream *const self = (hand_stream *)stream;
    *out_chunk = NULL;
    if (self->calls_until_failure == 0) {
        if (err != NULL)
            err->code = self->failure;
        return self->failure;
    }
    self->calls_until_failure -= self->calls_until_failure > 0;
    const size_t left = self->count - self->next;
    if (left == 0)
        return MIMIC_OK;
    /* Every third chunk is empty or short. */
    const size_t step = left < self->step ? left : self->step;
    *out_chunk = hand_chunk(self->ctx, self->table, self->events + self->next, step);
    self->next += step;
    if (*out_chunk != NULL)
        return MIMIC_OK;
    if (err != NULL)
        err->code = MIMIC_ERR_MEMORY;
    return MIMIC_ERR_MEMORY;
}

static inline hand_stream hand_stream_of(const mimic_context *ctx, uint16_t table,
                                         const mimic_event *events, size_t count, size_t step)
{
    return (hand_stream){{hand_next, NULL}, ctx, events, count, 0, step, table, -1, MIMIC_OK};
}

/* ---- a target that writes down ---- */

typedef struct hand_written {
    mimic_event event;
    uint32_t file;  /* index among all */
    uint32_t set;   /* number of the set in its file */
    bool is_more;   /* of the set */
    char bytes[48]; /* text and properties */
} hand_written;

typedef struct hand_encoded {
    size_t count;
    hand_written events[];
} hand_encoded;

typedef struct hand_subject {
    int64_t subject;
    int64_t events;
} hand_subject;

typedef struct hand_target {
    mimic_event_target target;
    const mimic_context *ctx;
    hand_written *events;
    size_t event_count;
    size_t event_capacity;
    uint32_t sets[64]; /* of each file */
    mimic_event_reject *rejects;
    size_t reject_count;
    size_t reject_capacity;
    hand_subject *subjects;
    size_t subject_count;
    size_t subject_capacity;
    atomic_long alive;              /* encoded */
    atomic_long until_encode_fails; /* negative = never */
    long until_write_fails;
    long until_tell_fails;
} hand_target;

static inline mimic_status hand_fail(mimic_error *err, const char *what)
{
    if (err != NULL) {
        err->code = MIMIC_ERR_IO;
        snprintf(err->message, sizeof err->message, "%s", what);
    }
    return MIMIC_ERR_IO;
}

static inline mimic_status hand_encode(void *ctx, const mimic_event_set *set, void **out_encoded,
                                       mimic_error *err)
{
    hand_target *const self = ctx;
    if (atomic_fetch_sub(&self->until_encode_fails, 1) == 0)
        return hand_fail(err, "encode");
    hand_encoded *const encoded =
        mimic__alloc_zeroed(self->ctx, 1, sizeof *encoded + set->count * sizeof(hand_written));
    if (encoded == NULL) {
        if (err != NULL)
            err->code = MIMIC_ERR_MEMORY;
        return MIMIC_ERR_MEMORY;
    }
    encoded->count = set->count;
    for (size_t i = 0; i < set->count; i++) {
        hand_written *const written = &encoded->events[i];
        const mimic_event *const event = &set->events[i];
        written->event = *event;
        written->event.text = 0;
        written->file = set->place.index;
        written->is_more = set->is_more;
        const size_t text = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
        memcpy(written->bytes, set->texts[i], text + event->properties_size);
    }
    atomic_fetch_add(&self->alive, 1);
    *out_encoded = encoded;
    return MIMIC_OK;
}

static inline void hand_drop(void *ctx, void *encoded)
{
    hand_target *const self = ctx;
    atomic_fetch_sub(&self->alive, 1);
    mimic__free(self->ctx, encoded);
}

static inline mimic_status hand_write(void *ctx, mimic_event_place place, void *encoded,
                                      mimic_error *err)
{
    hand_target *const self = ctx;
    hand_encoded *const set = encoded;
    const bool fails = self->until_write_fails == 0;
    self->until_write_fails -= self->until_write_fails > 0;
    if (!fails && self->event_count + set->count > self->event_capacity) {
        self->event_capacity = 2 * (self->event_count + set->count);
        self->events = realloc(self->events, self->event_capacity * sizeof *self->events);
    }
    for (size_t i = 0; i < set->count && !fails; i++) {
        self->events[self->event_count] = set->events[i];
        self->events[self->event_count].set = self->sets[place.index % 64];
        self->event_count++;
    }
    self->sets[place.index % 64]++;
    hand_drop(ctx, encoded);
    return fails ? hand_fail(err, "write") : MIMIC_OK;
}

static inline mimic_status hand_reject(void *ctx, const mimic_event_reject *reject,
                                       mimic_error *err)
{
    hand_target *const self = ctx;
    if (self->until_tell_fails == 0)
        return hand_fail(err, "reject");
    self->until_tell_fails -= self->until_tell_fails > 0;
    if (self->reject_count == self->reject_capacity) {
        self->reject_capacity = 2 * self->reject_capacity + 16;
        self->rejects = realloc(self->rejects, self->reject_capacity * sizeof *self->rejects);
    }
    self->rejects[self->reject_count++] = *reject;
    return MIMIC_OK;
}

static inline mimic_status hand_subject_done(void *ctx, int64_t subject, int64_t events,
                                             mimic_error *err)
{
    hand_target *const self = ctx;
    if (self->until_tell_fails == 0)
        return hand_fail(err, "subject");
    self->until_tell_fails -= self->until_tell_fails > 0;
    if (self->subject_count == self->subject_capacity) {
        self->subject_capacity = 2 * self->subject_capacity + 16;
        self->subjects = realloc(self->subjects, self->subject_capacity * sizeof *self->subjects);
    }
    self->subjects[self->subject_count++] = (hand_subject){subject, events};
    return MIMIC_OK;
}

static inline void hand_target_init(hand_target *self, const mimic_context *ctx)
{
    memset(self, 0, sizeof *self);
    self->ctx = ctx;
    atomic_init(&self->until_encode_fails, -1);
    self->until_write_fails = -1;
    self->until_tell_fails = -1;
    self->target = (mimic_event_target){self,      hand_encode, hand_write,
                                        hand_drop, hand_reject, hand_subject_done};
}

static inline void hand_target_free(hand_target *self)
{
    ck_assert_int_eq(atomic_load(&self->alive), 0);
    free(self->events);
    free(self->rejects);
    free(self->subjects);
}

#endif
