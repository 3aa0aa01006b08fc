/*
 * Finished events made by hand, and a small map for them:
 *
 *     made_events h;
 *     made_events_begin(&h, ctx);
 *     made_event *e = made_add(&h, subject, time, MADE_RESULT, "LAB//RESULT//1//mg");
 *     e->text = "a text"; ...
 *     mimic_event_set set = made_set(&h, first, count);
 */
#ifndef MIMIC_TEST_MADE_EVENTS_H
#define MIMIC_TEST_MADE_EVENTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/event_output.h"

#define MADE_TIME INT64_C(5680281600000000) /* 2150-01-01 */
#define MADE_HOUR INT64_C(3600000000)

enum { MADE_GENDER, MADE_BIRTH, MADE_RESULT, MADE_START, MADE_END, MADE_KINDS };

typedef struct made_event {
    mimic_event event;
    char *bytes; /* text, and behind it properties */
} made_event;

typedef struct made_events {
    const mimic_context *ctx;
    mimic_event_codes *codes;
    mimic_event_codes *units;
    mimic_table tables[3];
    mimic_event_table map_tables[3];
    mimic_event_kind kinds[MADE_KINDS];
    const mimic_event_kind *kind_list[MADE_KINDS];
    mimic_event_map map;
    made_event *items;
    size_t count;
    size_t capacity;
    mimic_event *events; /* as made_set gives them */
    const char **texts;
} made_events;

static inline void made_must(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "made_events: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static inline void made_events_begin(made_events *h, const mimic_context *ctx)
{
    static const char *const names[] = {"patients", "labevents", "inputevents"};
    static const struct {
        uint16_t table;
        uint8_t rank;
        mimic_event_link link;
    } kinds[MADE_KINDS] = {{0, 0, LINK_NONE},
                           {0, 10, LINK_NONE},
                           {1, 130, LINK_NONE},
                           {2, 90, LINK_START},
                           {2, 140, LINK_END}};
    memset(h, 0, sizeof *h);
    h->ctx = ctx;
    made_must(mimic__event_codes_new(ctx, 1 << 30, &h->codes, NULL) == MIMIC_OK, "codes");
    made_must(mimic__event_codes_new(ctx, 1 << 30, &h->units, NULL) == MIMIC_OK, "units");
    for (size_t i = 0; i < 3; i++) {
        h->tables[i].name = names[i];
        h->map_tables[i].table = &h->tables[i];
        h->map_tables[i].number = (uint16_t)i;
    }
    for (size_t i = 0; i < MADE_KINDS; i++) {
        h->kinds[i].number = (uint16_t)i;
        h->kinds[i].table = kinds[i].table;
        h->kinds[i].rank = kinds[i].rank;
        h->kinds[i].link = kinds[i].link;
        h->kind_list[i] = &h->kinds[i];
    }
    h->map.tables = h->map_tables;
    h->map.table_count = 3;
    h->map.kinds = h->kind_list;
    h->map.kind_count = MADE_KINDS;
}

static inline void made_events_end(made_events *h)
{
    mimic__event_codes_free(h->codes);
    mimic__event_codes_free(h->units);
    for (size_t i = 0; i < h->count; i++)
        free(h->items[i].bytes);
    free(h->items);
    free(h->events);
    free(h->texts);
}

static inline uint32_t made_number(mimic_event_codes *codes, const char *text)
{
    uint32_t number = 0;
    made_must(mimic__event_codes_add(codes, text, strlen(text), NULL, &number, NULL) == MIMIC_OK,
              "a code");
    return number;
}

/* An event without text, value or ids; borrowed until the next. */
static inline mimic_event *made_add(made_events *h, int64_t subject, int64_t time, uint16_t kind,
                                    const char *code)
{
    if (h->count == h->capacity) {
        h->capacity = h->capacity * 2 + 64;
        h->items = realloc(h->items, h->capacity * sizeof *h->items);
        made_must(h->items != NULL, "memory");
    }
    made_event *item = &h->items[h->count++];
    *item = (made_event){.event = {.subject = subject,
                                   .time = time,
                                   .available = time,
                                   .anchor = time,
                                   .admission = MIMIC_EVENT_NONE,
                                   .stay = MIMIC_EVENT_NONE,
                                   .row = (int64_t)h->count,
                                   .code = made_number(h->codes, code),
                                   .unit = MIMIC_EVENT_NO_TEXT,
                                   .text_size = MIMIC_EVENT_NO_TEXT,
                                   .kind = kind}};
    return &item->event;
}

/* Text and properties of the event added last; NULL = none. */
static inline void made_text(made_events *h, const char *text, const char *properties)
{
    made_event *item = &h->items[h->count - 1];
    const size_t text_size = text == NULL ? 0 : strlen(text);
    const size_t properties_size = properties == NULL ? 0 : strlen(properties);
    item->bytes = malloc(text_size + properties_size + 1);
    made_must(item->bytes != NULL, "memory");
    if (text_size > 0)
        memcpy(item->bytes, text, text_size);
    if (properties_size > 0)
        memcpy(item->bytes + text_size, properties, properties_size);
    item->event.text_size = text == NULL ? MIMIC_EVENT_NO_TEXT : (uint32_t)text_size;
    item->event.properties_size = (uint32_t)properties_size;
}

static inline void made_value(made_events *h, double value, const char *unit)
{
    mimic_event *event = &h->items[h->count - 1].event;
    event->value = value;
    event->flags |= MIMIC_EVENT_HAS_VALUE;
    if (unit != NULL)
        event->unit = made_number(h->units, unit);
}

/* The events [first, first + count) as a set; valid until the next call. */
static inline mimic_event_set made_set(made_events *h, const mimic_event_plan *plan, size_t first,
                                       size_t count)
{
    free(h->events);
    free(h->texts);
    h->events = malloc((count + 1) * sizeof *h->events);
    h->texts = malloc((count + 1) * sizeof *h->texts);
    made_must(h->events != NULL && h->texts != NULL, "memory");
    for (size_t i = 0; i < count; i++) {
        h->events[i] = h->items[first + i].event;
        h->texts[i] = h->items[first + i].bytes;
    }
    return (mimic_event_set){
        .place = mimic__event_plan_place(plan, h->events[0].subject),
        .events = h->events,
        .texts = h->texts,
        .count = count,
        .is_more = first > 0 &&
                   h->items[first - 1].event.subject == h->items[first].event.subject};
}

/* Hands the events to a target: as sets of what stands together in one file, of at most so many events
 * when `most` > 0; or of one patient each. */
#define MADE_BY_SUBJECT SIZE_MAX
static inline mimic_status made_write(made_events *h, const mimic_event_plan *plan,
                                      const mimic_event_target *target, size_t most,
                                      mimic_error *err)
{
    for (size_t first = 0, end; first < h->count; first = end) {
        const mimic_event_place place =
            mimic__event_plan_place(plan, h->items[first].event.subject);
        for (end = first + 1; end < h->count; end++) {
            const mimic_event_place next =
                mimic__event_plan_place(plan, h->items[end].event.subject);
            if (next.index != place.index || (most > 0 && end - first == most))
                break;
            if (most == MADE_BY_SUBJECT &&
                h->items[end].event.subject != h->items[first].event.subject)
                break;
        }
        const mimic_event_set set = made_set(h, plan, first, end - first);
        void *encoded = NULL;
        mimic_status status = target->encode(target->ctx, &set, &encoded, err);
        if (status == MIMIC_OK)
            status = target->write(target->ctx, place, encoded, err);
        for (size_t i = first; status == MIMIC_OK && i < end; i++)
            if (i + 1 == h->count ||
                h->items[i + 1].event.subject != h->items[i].event.subject)
                status = target->subject(target->ctx, h->items[i].event.subject, 1, err);
        if (status != MIMIC_OK)
            return status;
    }
    return MIMIC_OK;
}

/* A few patients with all that an event may have. Subjects ascend. */
static inline void made_patients(made_events *h, size_t count)
{
    char code[64];
    char text[64];
    for (size_t i = 0; i < count; i++) {
        const int64_t subject = 10000000 + (int64_t)i * 7;
        made_add(h, subject, MIMIC_EVENT_NONE, MADE_GENDER, i % 2 == 0 ? "GENDER//F" : "GENDER//M");
        made_add(h, subject, -MADE_TIME, MADE_BIRTH, "MEDS_BIRTH");
        for (size_t j = 0; j < 8 + i % 5; j++) {
            const int64_t time = MADE_TIME + (int64_t)(j / 2) * MADE_HOUR + (j == 3 ? 1234567 : 0);
            snprintf(code, sizeof code, "LAB//RESULT//%zu//mg/dL", 50800 + j % 4);
            mimic_event *event = made_add(h, subject, time, MADE_RESULT, code);
            event->available = j == 5 ? MIMIC_EVENT_NONE : time + MADE_HOUR;
            event->admission = j < 6 ? 20000000 + subject + (int64_t)(j / 3) : MIMIC_EVENT_NONE;
            event->stay = j == 2 ? 30000000 + subject : MIMIC_EVENT_NONE;
            event->flags = j == 4 ? MIMIC_MARK_OUTSIDE | MIMIC_MARK_ADMISSION_FILLED : 0;
            snprintf(text, sizeof text, "%zu \"\\\n\xc3\xa9", j);
            if (j % 3 == 0)
                made_text(h, j == 6 ? "" : text, j == 0 ? "{\"priority\":\"STAT\",\"n\":1}" : NULL);
            if (j % 2 == 0)
                made_value(h, j == 2 ? 122.29 : (double)(j * i), j == 4 ? NULL : "mg/dL");
        }
        mimic_event *start = made_add(h, subject, MADE_TIME + 9 * MADE_HOUR, MADE_START, "INFUSION_START//1");
        start->row = 77;
        mimic_event *end = made_add(h, subject, MADE_TIME + 12 * MADE_HOUR, MADE_END, "INFUSION_END//1");
        end->row = 77;
    }
}

#endif
