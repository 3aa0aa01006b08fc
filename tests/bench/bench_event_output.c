/*
 * What it costs to make record batches of finished events: nanoseconds of one thread and bytes an event,
 * the whole and column by column. The events are like those of MIMIC's chartevents and labevents.
 *
 *     bench_event_output [--json] [SETS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arrow/flatbuffer_view.h"
#include "events/event_columns.h"

#define SET_EVENTS 65536u
#define ITEMS 48u
#define MINUTE INT64_C(60000000)

typedef struct item {
    uint32_t code;
    uint32_t unit;
    uint16_t kind;
    bool is_text;
    double low, high, step;
} item;

typedef struct world {
    const mimic_context *ctx;
    mimic_event_terms terms;
    mimic_event_codes *codes;
    mimic_event_codes *units;
    item items[ITEMS];
    mimic_event *events;
    const char **texts;
    char *bytes;
    size_t bytes_size;
    uint64_t random;
    int64_t rows[2];
} world;

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        fprintf(stderr, "bench_event_output: %s\n", what);
        exit(EXIT_FAILURE);
    }
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint32_t draw(world *w, uint32_t below)
{
    uint64_t value = w->random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((value ^ (value >> 31)) % below);
}

static uint32_t number_of(mimic_event_codes *codes, const char *text)
{
    uint32_t number = 0;
    must(mimic__event_codes_add(codes, text, strlen(text), NULL, &number, NULL) == MIMIC_OK,
         "no memory");
    return number;
}

/* Kinds: 0 measurement of table 0; 1 specimen and 2 result of table 1. */
static void make_terms(world *w)
{
    static mimic_table tables[2] = {{.name = "chartevents"}, {.name = "labevents"}};
    static mimic_event_table map_tables[2] = {{.table = &tables[0]}, {.table = &tables[1]}};
    static const mimic_event_kind kinds[3] = {{.table = 0, .rank = 110},
                                              {.table = 1, .rank = 80},
                                              {.table = 1, .rank = 130}};
    static const mimic_event_kind *const list[3] = {&kinds[0], &kinds[1], &kinds[2]};
    const mimic_event_map map = {.tables = map_tables, .table_count = 2, .kinds = list,
                                 .kind_count = 3};
    must(mimic__event_terms_init(&w->terms, w->ctx, &map, "v1", NULL) == MIMIC_OK, "no memory");
    must(mimic__event_codes_new(w->ctx, 1 << 30, &w->codes, NULL) == MIMIC_OK, "no memory");
    must(mimic__event_codes_new(w->ctx, 1 << 30, &w->units, NULL) == MIMIC_OK, "no memory");
    w->terms.codes = w->codes;
    w->terms.units = w->units;
    static const char *const units[] = {"bpm", "mmHg", "insp/min", "%", "mg/dL", "mEq/L", "K/uL",
                                        "IU/L"};
    for (uint32_t i = 0; i < ITEMS; i++) {
        char code[64];
        item *one = &w->items[i];
        const bool is_lab = i >= 24;
        const char *unit = units[is_lab ? 4 + i % 4 : i % 4];
        one->is_text = !is_lab && i % 4 == 3;
        snprintf(code, sizeof code, is_lab ? "LAB//RESULT//%u//%s" : "LAB//%u//%s",
                 is_lab ? 50860 + i * 7 : 220045 + i * 11, one->is_text ? "UNK" : unit);
        *one = (item){.code = number_of(w->codes, code),
                      .unit = one->is_text ? MIMIC_EVENT_NO_TEXT : number_of(w->units, unit),
                      .kind = is_lab ? 2 : 0,
                      .is_text = one->is_text,
                      .low = is_lab ? 2 : 60,
                      .high = is_lab ? 30 : 140,
                      .step = is_lab ? 0.1 : 1};
    }
}

static void put_text(world *w, mimic_event *event, const char *text, const char *properties)
{
    const size_t text_size = strlen(text);
    const size_t properties_size = strlen(properties);
    w->texts[event - w->events] = w->bytes + w->bytes_size;
    memcpy(w->bytes + w->bytes_size, text, text_size);
    memcpy(w->bytes + w->bytes_size + text_size, properties, properties_size);
    w->bytes_size += text_size + properties_size;
    event->text_size = (uint32_t)text_size;
    event->properties_size = (uint32_t)properties_size;
}

static void put_result(world *w, mimic_event *event, const item *what)
{
    static const char *const words[] = {"Regular", "Clear", "SR (Sinus Rhythm)", "Spontaneously"};
    char text[32];
    event->code = what->code;
    event->unit = what->unit;
    event->kind = what->kind;
    if (what->is_text) {
        put_text(w, event, words[draw(w, 4)], "");
        return;
    }
    const uint32_t steps = (uint32_t)((what->high - what->low) / what->step);
    /* sums of two draws: values near the middle come more often */
    const double value =
        what->low + what->step * (double)((draw(w, steps) + draw(w, steps)) / 2);
    snprintf(text, sizeof text, "%.*f", what->step < 1 ? 1 : 0, value);
    event->value = strtod(text, NULL);
    event->flags |= MIMIC_EVENT_HAS_VALUE;
    put_text(w, event, text, what->kind == 2 ? "{\"priority\":\"ROUTINE\"}" : "");
}

/* Fills `events` with patients of some 1,500 events: vitals at every hour, a panel every morning. */
static void make_events(world *w, int64_t *subject)
{
    size_t i = 0;
    w->bytes_size = 0;
    while (i < SET_EVENTS) {
        *subject += 1 + draw(w, 60);
        const size_t size = 200 + draw(w, 2600);
        int64_t time = INT64_C(5680281600000000) + (int64_t)draw(w, 10000000) * MINUTE;
        const int64_t admission = 20000000 + draw(w, 9999999);
        const int64_t stay = 30000000 + draw(w, 9999999);
        const int64_t lab_row = w->rows[1];
        for (size_t done = 0; done < size && i < SET_EVENTS;) {
            time += (int64_t)(20 + draw(w, 60)) * MINUTE;
            const bool is_panel = draw(w, 4) == 0;
            const size_t count = is_panel ? 24 : 6 + draw(w, 8);
            const int64_t available =
                time + (is_panel ? 3600 + draw(w, 7200) : 60 * (5 + draw(w, 40))) *
                           INT64_C(1000000);
            for (size_t j = 0; j < count && i < SET_EVENTS; j++, i++, done++) {
                const bool is_specimen = is_panel && j < 8;
                mimic_event *event = &w->events[i];
                *event = (mimic_event){.subject = *subject,
                                       .time = time,
                                       .available = is_specimen ? time : available,
                                       .admission = admission,
                                       .stay = is_panel && draw(w, 3) == 0 ? MIMIC_EVENT_NONE
                                                                           : stay,
                                       .row = is_panel ? lab_row + (int64_t)done
                                                       : ++w->rows[0],
                                       .unit = MIMIC_EVENT_NO_TEXT,
                                       .text_size = MIMIC_EVENT_NO_TEXT};
                if (is_panel)
                    event->flags = MIMIC_MARK_STAY_FILLED;
                put_result(w, event, &w->items[is_panel ? 24 + j : (j + draw(w, 2)) % 24]);
                if (is_specimen) {
                    event->kind = 1;
                    event->flags &= (uint16_t)~MIMIC_EVENT_HAS_VALUE;
                    event->unit = MIMIC_EVENT_NO_TEXT;
                    event->text_size = MIMIC_EVENT_NO_TEXT;
                    event->properties_size = 0;
                }
            }
        }
        w->rows[1] += (int64_t)size;
    }
}

/* ---- column by column ---- */

typedef struct column_cost {
    double seconds;
    uint64_t plain;
    uint64_t stored;
} column_cost;

static size_t buffers_of(const mimic_ipc_shape_field *field)
{
    return field->kind == MIMIC_IPC_UTF8 || field->kind == MIMIC_IPC_LARGE_UTF8 ? 3 : 2;
}

/* Unpacks and packs the buffers of a message once more. */
static void measure(world *w, const mimic_ipc_ready *ready, mimic_ipc_body *body,
                    column_cost *costs)
{
    mimic_fb_view view = {(const unsigned char *)ready->bytes.data + 8,
                          (size_t)ready->metadata_length - 8, false};
    const size_t message = mimic__fb_root(&view);
    const size_t batch = mimic__fb_object(&view, message, 2);
    const mimic_fb_vector spans = mimic__fb_elements(&view, batch, 2, 16);
    mimic_buffer plain;
    mimic__buffer_init(&plain, w->ctx);
    size_t index = 0;
    for (size_t i = 0; i < MIMIC_EVENT_COLUMNS; i++) {
        const size_t buffers = buffers_of(&w->terms.fields[i]);
        for (size_t j = 0; j < buffers; j++, index++) {
            const size_t at = spans.first + 16 * index;
            const size_t offset = (size_t)mimic__fb_raw(&view, at, 8);
            const size_t size = (size_t)mimic__fb_raw(&view, at + 8, 8);
            if (size == 0)
                continue;
            plain.size = 0;
            const char *stored = ready->bytes.data + ready->metadata_length + offset;
            must(mimic__ipc_body_unpack(stored, size, &plain, NULL) == MIMIC_OK, "unpack");
            mimic__ipc_body_clear(body);
            const mimic_ipc_kind kind = w->terms.fields[i].kind;
            const bool counts = (buffers == 3 && j == 1) || i == 11;
            const size_t width = kind == MIMIC_IPC_UTF8 ? 4 : 8;
            const double start = processor_seconds();
            must((counts ? mimic__ipc_body_add_words(body, plain.data, width, plain.size / width,
                                                     NULL)
                         : mimic__ipc_body_add_buffer(body, plain.data, plain.size, false, NULL)) ==
                     MIMIC_OK,
                 "pack");
            costs[i].seconds += processor_seconds() - start;
            costs[i].plain += plain.size;
            costs[i].stored += size;
        }
    }
    mimic__buffer_free(&plain);
}

static void print(const world *w, const column_cost *costs, double whole, double events,
                  uint64_t bytes, bool is_json)
{
    const char *const line = is_json ? "%s{\"column\": \"%s\", \"plain bytes an event\": %.2f, \"stored\": "
                                       "%.2f, \"ns\": %.1f}\n"
                                     : "%s| %-18s | %6.2f | %6.2f | %5.1f |\n";
    uint64_t plain = 0;
    if (is_json)
        putchar('[');
    for (size_t i = 0; i < MIMIC_EVENT_COLUMNS; i++) {
        plain += costs[i].plain;
        printf(line, is_json && i > 0 ? "," : "", w->terms.fields[i].name,
               (double)costs[i].plain / events, (double)costs[i].stored / events,
               costs[i].seconds * 1e9 / events);
    }
    printf(line, is_json ? "," : "", "the whole", (double)plain / events, (double)bytes / events,
           whole * 1e9 / events);
    if (is_json)
        puts("]");
}

int main(int argc, char **argv)
{
    const bool is_json = argc > 1 && strcmp(argv[1], "--json") == 0;
    const char *const last = argv[argc - 1];
    const size_t sets = argc > 1 && last[0] != '-' ? strtoul(last, NULL, 10) : 40;
    world w = {.random = 1};
    column_cost costs[MIMIC_EVENT_COLUMNS] = {{0}};
    mimic_context *ctx = NULL;
    mimic_event_columns *columns = NULL;
    mimic_ipc_body body;
    must(mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK, "no memory");
    w.ctx = ctx;
    make_terms(&w);
    w.events = calloc(SET_EVENTS, sizeof *w.events);
    w.texts = calloc(SET_EVENTS, sizeof *w.texts);
    w.bytes = malloc((size_t)SET_EVENTS * 64);
    must(w.events != NULL && w.texts != NULL && w.bytes != NULL, "no memory");
    must(mimic__event_columns_new(ctx, &w.terms, &columns, NULL) == MIMIC_OK, "no memory");
    must(mimic__ipc_body_init(&body, ctx, MIMIC_EVENT_COLUMNS, true, 1, NULL) == MIMIC_OK,
         "no memory");
    double whole = 0;
    uint64_t bytes = 0;
    int64_t subject = 10000000;
    for (size_t i = 0; i < sets; i++) {
        mimic_ipc_ready ready;
        size_t done = 0;
        make_events(&w, &subject);
        const mimic_event_slice slice = {w.events, w.texts, SET_EVENTS};
        const double start = processor_seconds();
        must(mimic__event_columns_encode(columns, &slice, &ready, &done, NULL) == MIMIC_OK,
             "encode");
        if (i > 0) /* the first one takes memory */
            whole += processor_seconds() - start;
        bytes += ready.bytes.size;
        measure(&w, &ready, &body, costs);
        mimic__ipc_ready_free(&ready);
    }
    const double events = (double)sets * SET_EVENTS;
    print(&w, costs, whole * (double)sets / (double)(sets - 1), events, bytes, is_json);
    fprintf(stderr, "memory of an encoder: %zu bytes\n", mimic__event_columns_memory(columns));
    mimic__event_columns_free(columns);
    mimic__ipc_body_free(&body);
    mimic__event_terms_free(&w.terms, ctx);
    mimic__event_codes_free(w.codes);
    mimic__event_codes_free(w.units);
    free(w.events);
    free(w.texts);
    free(w.bytes);
    mimic_context_free(ctx);
    return 0;
}
