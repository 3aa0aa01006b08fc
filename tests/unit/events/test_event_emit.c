/* Batches into events: by the built-in maps, and by kinds made by hand for what these do not have. */
#include "check_main.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "failing_allocator.h"
#include "test_batch.h"

#include <mimic/mimic.h>

#include "events/event_emit.h"

static mimic_context *ctx;
static mimic_registry *registry;
static mimic_event_map *map;
static mimic_event_codes *codes;
static mimic_event_codes *units;
static mimic_error err;

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)
#define SECONDS INT64_C(1000000)

static void setup(void)
{
    const mimic_dataset *dataset = NULL;
    err = (mimic_error)MIMIC_ERROR_INIT;
    CK_OK(mimic_context_new(NULL, &ctx, &err));
    CK_OK(mimic_registry_new(ctx, &registry, &err));
    CK_OK(mimic_registry_find_dataset(registry, "mimic-iv@3.1", &dataset, &err));
    CK_OK(mimic__event_map_find(ctx, &dataset, 1, NULL, &map, &err));
    CK_OK(mimic__event_codes_new(ctx, 1 << 20, &codes, &err));
    CK_OK(mimic__event_codes_new(ctx, 1 << 20, &units, &err));
}

static void teardown(void)
{
    mimic__event_codes_free(codes);
    mimic__event_codes_free(units);
    mimic__event_map_free(map);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

static const mimic_event_table *table_of(const char *name)
{
    for (size_t i = 0; i < map->table_count; i++)
        if (strcmp(map->tables[i].table->name, name) == 0)
            return &map->tables[i];
    ck_abort_msg("no table %s", name);
    return NULL;
}

/* An emitter with the table that its batches are of. */
typedef struct bench {
    mimic_emit_setup setup;
    mimic_emitter *emitter;
    mimic_table table;
    mimic_field fields[TEST_FIELDS_MAX];
} bench;

static void open_bench(bench *b, const mimic_event_table *table)
{
    b->setup.map = map;
    b->setup.table = table;
    b->setup.into_codes = codes;
    b->setup.into_units = units;
    CK_OK(mimic__emitter_new(ctx, &b->setup, &b->emitter, &err));
    size_t count;
    const char *const *names = mimic__emitter_columns(b->emitter, &count);
    b->table = *mimic__emitter_table(b->emitter);
    for (size_t i = 0; i < count; i++)
        b->fields[i] = b->table.fields[mimic_table_find_field(table->table, names[i])];
    b->table.fields = b->fields;
    b->table.field_count = count;
}

static size_t at(const bench *b, const char *column)
{
    const int64_t index = mimic_table_find_field(&b->table, column);
    ck_assert_msg(index >= 0, "no column %s", column);
    return (size_t)index;
}

static void integer(const bench *b, const test_batch *batch, const char *column, int64_t row,
                    int64_t value)
{
    test_set_integer(batch, at(b, column), row, value);
}

static void text(const bench *b, const test_batch *batch, const char *column, int64_t row,
                 const char *value)
{
    test_set_text(batch, at(b, column), row, value);
}

static mimic_event_chunk *emit(const bench *b, test_batch *batch)
{
    const mimic_emit_rows rows = {1, NULL};
    mimic_event_chunk *chunk = NULL;
    CK_OK(mimic__emit(b->emitter, test_batch_view(batch), &rows, &chunk, &err));
    int64_t with = 0;
    for (size_t i = 0; i < chunk->count; i++)
        with += i == 0 || chunk->events[i].row != chunk->events[i - 1].row;
    ck_assert_int_eq(chunk->rows, with + chunk->rows_none + (int64_t)chunk->reject_count);
    return chunk;
}

static void is_code(const mimic_event *event, const char *expected)
{
    size_t size;
    const char *found = mimic__event_codes_text(codes, event->code, &size);
    ck_assert_msg(size == strlen(expected) && memcmp(found, expected, size) == 0,
                  "%.*s instead of %s", (int)size, found, expected);
}

static void is_unit(const mimic_event *event, const char *expected)
{
    size_t size = 0;
    if (expected == NULL) {
        ck_assert_uint_eq(event->unit, MIMIC_EVENT_NO_TEXT);
        return;
    }
    const char *found = mimic__event_codes_text(units, event->unit, &size);
    ck_assert_msg(size == strlen(expected) && memcmp(found, expected, size) == 0,
                  "%.*s instead of %s", (int)size, found, expected);
}

static void is_text(const mimic_event_chunk *chunk, size_t index, const char *expected,
                    const char *properties)
{
    const mimic_event *event = &chunk->events[index];
    const size_t size = event->text_size == MIMIC_EVENT_NO_TEXT ? 0 : event->text_size;
    ck_assert_int_eq(event->text_size != MIMIC_EVENT_NO_TEXT, expected != NULL);
    if (expected != NULL)
        ck_assert_msg(size == strlen(expected) &&
                          memcmp(chunk->bytes + event->text, expected, size) == 0,
                      "text %.*s instead of %s", (int)size, chunk->bytes + event->text, expected);
    const char *found = chunk->bytes + event->text + size;
    ck_assert_msg(event->properties_size == strlen(properties) &&
                      (*properties == '\0' ||
                       memcmp(found, properties, event->properties_size) == 0),
                  "properties %.*s instead of %s", (int)event->properties_size, found, properties);
}

START_TEST(emit__labevents)
{
    setup();
    bench b = {0};
    test_batch batch;
    open_bench(&b, table_of("labevents"));
    test_batch_make(&batch, &b.table, 3);
    for (int64_t row = 0; row < 3; row++) {
        integer(&b, &batch, "subject_id", row, 10 + row / 2);
        integer(&b, &batch, "itemid", row, 50912 + row / 2);
        integer(&b, &batch, "charttime", row, 100 * SECONDS);
    }
    integer(&b, &batch, "hadm_id", 0, 77);
    integer(&b, &batch, "storetime", 0, 200 * SECONDS);
    text(&b, &batch, "value", 0, "1.0");
    test_set_real(&batch, at(&b, "valuenum"), 0, 1.0);
    text(&b, &batch, "valueuom", 0, "mg/dL");
    text(&b, &batch, "priority", 0, "STAT");
    text(&b, &batch, "comments", 0, "say \"no\"\n");
    integer(&b, &batch, "storetime", 2, 300 * SECONDS);
    mimic_event_chunk *chunk = emit(&b, &batch);
    ck_assert_uint_eq(chunk->count, 5);
    ck_assert_uint_eq(chunk->run_count, 2);
    ck_assert(chunk->ascends);
    const mimic_event *e = chunk->events;
    is_code(&e[0], "LAB//SPECIMEN_COLLECTED//50912");
    is_code(&e[1], "LAB//RESULT//50912//mg/dL");
    is_code(&e[2], "LAB//SPECIMEN_COLLECTED//50912");
    is_code(&e[3], "LAB//SPECIMEN_COLLECTED//50913");
    is_code(&e[4], "LAB//RESULT//50913//UNK");
    ck_assert_uint_eq(e[0].code, e[2].code);
    is_text(chunk, 0, NULL, "{\"priority\":\"STAT\"}");
    is_text(chunk, 1, "1.0", "{\"priority\":\"STAT\",\"comments\":\"say \\\"no\\\"\\u000a\"}");
    is_text(chunk, 4, NULL, "");
    is_unit(&e[0], NULL);
    is_unit(&e[1], "mg/dL");
    is_unit(&e[4], NULL);
    ck_assert_uint_eq(e[1].flags, MIMIC_EVENT_HAS_VALUE);
    ck_assert(e[1].value == 1.0);
    ck_assert_uint_eq(e[4].flags, 0);
    ck_assert_int_eq(e[0].time, 100 * SECONDS);
    ck_assert_int_eq(e[1].time, 200 * SECONDS);
    ck_assert_int_eq(e[1].anchor, 100 * SECONDS);
    ck_assert_int_eq(e[0].admission, 77);
    ck_assert_int_eq(e[0].stay, MIMIC_EVENT_NONE);
    ck_assert_int_eq(e[2].admission, MIMIC_EVENT_NONE);
    ck_assert_int_eq(e[4].row, 3);
    ck_assert_int_eq(chunk->runs[1].subject, 11);
    ck_assert_uint_eq(chunk->runs[1].first, 3);
    ck_assert_uint_eq(chunk->runs[1].count, 2);
    mimic__chunk_release(chunk);
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    teardown();
}
END_TEST

START_TEST(emit__patients)
{
    setup();
    bench b = {0};
    test_batch batch;
    open_bench(&b, table_of("patients"));
    test_batch_make(&batch, &b.table, 4);
    for (int64_t row = 0; row < 4; row++) {
        if (row != 2)
            integer(&b, &batch, "subject_id", row, 12 - row);
        text(&b, &batch, "gender", row, "F");
        integer(&b, &batch, "anchor_year", row, 2150);
        integer(&b, &batch, "anchor_age", row, row == 1 ? 2150 : 50);
    }
    integer(&b, &batch, "dod", 0, 2);
    mimic_event_chunk *chunk = emit(&b, &batch);
    const mimic_event *e = chunk->events;
    ck_assert_uint_eq(chunk->count, 8);
    ck_assert_uint_eq(e[0].kind, MIMIC_EVENT_CONTEXT + GROUP_SUBJECT);
    ck_assert_int_eq(e[0].anchor, 2 * 86400 * SECONDS);
    ck_assert_int_eq(e[1].time, MIMIC_EVENT_NONE);
    is_code(&e[1], "GENDER//F");
    is_code(&e[2], "MEDS_BIRTH");
    ck_assert_int_eq(e[2].time, INT64_C(47482) * 86400 * SECONDS); /* 2100-01-01 */
    is_code(&e[3], "MEDS_DEATH");
    ck_assert_int_eq(e[3].time, 2 * 86400 * SECONDS);
    ck_assert(!chunk->ascends);
    ck_assert_uint_eq(chunk->reject_count, 2);
    ck_assert_uint_eq(chunk->rejects[0].mark, MIMIC_MARK_BAD_TIME);
    ck_assert_int_eq(chunk->rejects[0].subject, 11);
    ck_assert_uint_eq(chunk->rejects[1].mark, MIMIC_MARK_MISSING_ID);
    ck_assert_int_eq(chunk->rejects[1].row, 3);
    mimic__chunk_release(chunk);
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    teardown();
}
END_TEST

/* ---- kinds made by hand, over columns of all types ---- */

enum {
    C_SUBJECT,
    C_BOOLEAN,
    C_INT16,
    C_INT32,
    C_INT64,
    C_FLOAT32,
    C_FLOAT64,
    C_DECIMAL,
    C_DATE,
    C_TIME,
    C_TIMESTAMP,
    C_TIMESTAMPTZ,
    C_STRING,
    C_CATEGORICAL,
    C_COUNT
};

#define HAND_KINDS 6

typedef struct hand {
    test_table fields;
    mimic_event_table table;
    mimic_event_kind kinds[HAND_KINDS];
    const mimic_event_kind *list[HAND_KINDS];
    mimic_code_part parts[HAND_KINDS][8];
    mimic_event_time ways[HAND_KINDS][2];
    mimic_event_condition conditions[HAND_KINDS];
    int64_t columns[C_COUNT];
    mimic_event_map map;
} hand;

static void hand_make(hand *h)
{
    static const char *const names[C_COUNT] = {"subject", "boolean",   "int16",       "int32",
                                               "int64",   "float32",   "float64",     "decimal",
                                               "date",    "time",      "timestamp",   "timestamptz",
                                               "string",  "categorical"};
    static const mimic_type types[C_COUNT] = {
        MIMIC_TYPE_INT64,   MIMIC_TYPE_BOOLEAN, MIMIC_TYPE_INT16,     MIMIC_TYPE_INT32,
        MIMIC_TYPE_INT64,   MIMIC_TYPE_FLOAT32, MIMIC_TYPE_FLOAT64,   MIMIC_TYPE_DECIMAL,
        MIMIC_TYPE_DATE,    MIMIC_TYPE_TIME,    MIMIC_TYPE_TIMESTAMP, MIMIC_TYPE_TIMESTAMPTZ,
        MIMIC_TYPE_STRING,  MIMIC_TYPE_CATEGORICAL};
    static const char *const dates[] = {"default"};
    memset(h, 0, sizeof *h);
    test_table_make(&h->fields, "hand");
    for (size_t i = 0; i < C_COUNT; i++) {
        mimic_field *field = test_table_field(&h->fields, names[i], types[i], true);
        if (types[i] == MIMIC_TYPE_DATE || types[i] == MIMIC_TYPE_TIMESTAMPTZ)
            field->formats = dates;
        h->columns[i] = (int64_t)i;
    }
    h->table = (mimic_event_table){.table = &h->fields.table,
                                   .number = 3,
                                   .subject = C_SUBJECT,
                                   .admission = MIMIC_EVENT_NO_COLUMN,
                                   .stay = MIMIC_EVENT_NO_COLUMN,
                                   .context = -1,
                                   .kinds = h->list};
}

/* An event at `time` (NO_COLUMN = static) with the code "<name>//{first}//{second}". */
static mimic_event_kind *hand_kind(hand *h, const char *name, int64_t time, int64_t first,
                                   int64_t second)
{
    const size_t n = h->table.kind_count++;
    mimic_event_kind *kind = &h->kinds[n];
    h->list[n] = kind;
    h->ways[n][0] = (mimic_event_time){
        .source = TIME_COLUMN, .column = time, .minus = MIMIC_EVENT_NO_COLUMN};
    mimic_code_part *part = h->parts[n];
    *part++ = (mimic_code_part){name, strlen(name), MIMIC_EVENT_NO_COLUMN, false};
    const int64_t columns[] = {first, second};
    for (size_t i = 0; i < 2 && columns[i] != MIMIC_EVENT_NO_COLUMN; i++) {
        *part++ = (mimic_code_part){"//", 2, MIMIC_EVENT_NO_COLUMN, false};
        *part++ = (mimic_code_part){NULL, 0, columns[i], false};
    }
    *kind = (mimic_event_kind){.name = name,
                               .number = (uint16_t)n,
                               .table = 3,
                               .code = h->parts[n],
                               .code_count = (size_t)(part - h->parts[n]),
                               .time = {h->ways[n], time != MIMIC_EVENT_NO_COLUMN, false},
                               .value = MIMIC_EVENT_NO_COLUMN,
                               .text = MIMIC_EVENT_NO_COLUMN,
                               .unit = MIMIC_EVENT_NO_COLUMN,
                               .conditions = &h->conditions[n],
                               .properties = h->columns,
                               .key_columns = h->columns + first};
    return kind;
}

/* A row in which every column has a value. */
static void hand_row(const bench *b, const test_batch *batch, int64_t row)
{
    for (size_t i = 0; i < b->table.field_count; i++) {
        const mimic_field *field = &b->table.fields[i];
        test_cell *cell = test_cell_at(batch, i, row);
        cell->integer = 3;
        cell->real = 0.1;
        cell->text = field->name;
        cell->size = strlen(field->name);
        if (field->type == MIMIC_TYPE_DECIMAL)
            cell->decimal = (mimic_int128){.low = (uint64_t)-1500, .high = -1};
    }
}

START_TEST(emit__every_type_everywhere)
{
    static const char *const texts[C_COUNT] = {"3",
                                               "true",
                                               "3",
                                               "3",
                                               "3",
                                               "0.1",
                                               "0.1",
                                               "-1.500",
                                               "1970-01-04",
                                               "00:00:00.000003",
                                               "1970-01-01 00:00:00.000003",
                                               "1970-01-01 00:00:00.000003Z",
                                               "string",
                                               "categorical"};
    setup();
    for (size_t i = 0; i < C_COUNT; i++) {
        hand h;
        bench b = {0};
        test_batch batch;
        char code[128];
        char null_code[128];
        char json[128];
        hand_make(&h);
        const bool is_number = (i <= C_DECIMAL);
        const bool is_quoted = i >= C_DATE;
        const bool is_time = i == C_DATE || i == C_TIMESTAMP || i == C_TIMESTAMPTZ;
        mimic_event_kind *kind =
            hand_kind(&h, "X", MIMIC_EVENT_NO_COLUMN, (int64_t)i, C_STRING);
        kind->value = is_number ? (int64_t)i : MIMIC_EVENT_NO_COLUMN;
        kind->text = (int64_t)i;
        kind->unit = (int64_t)i;
        kind->properties = &h.columns[i];
        kind->property_count = 1;
        kind->key_count = 1;
        if (is_time)
            hand_kind(&h, "T", (int64_t)i, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN);
        open_bench(&b, &h.table);
        test_batch_make(&batch, &b.table, 2);
        hand_row(&b, &batch, 0);
        hand_row(&b, &batch, 1);
        if (i != C_SUBJECT)
            batch.cells[b.table.field_count + at(&b, h.fields.fields[i].name)].is_present = false;
        snprintf(code, sizeof code, "X//%s//string", texts[i]);
        snprintf(null_code, sizeof null_code, "X//UNK//%s", i == C_STRING ? "UNK" : "string");
        snprintf(json, sizeof json, is_quoted ? "{\"%s\":\"%s\"}" : "{\"%s\":%s}",
                 h.fields.fields[i].name, texts[i]);
        mimic_event_chunk *chunk = emit(&b, &batch);
        ck_assert_uint_eq(chunk->count, is_time ? 3 : 2);
        is_code(&chunk->events[0], code);
        is_text(chunk, 0, texts[i], json);
        is_unit(&chunk->events[0], texts[i]);
        ck_assert_int_eq((chunk->events[0].flags & MIMIC_EVENT_HAS_VALUE) != 0, is_number);
        static const volatile float tenth = 0.1f; /* some machines keep more of a constant */
        const double expected = i == C_BOOLEAN   ? 1
                                : i == C_FLOAT32 ? (double)tenth
                                : i == C_FLOAT64 ? 0.1
                                : i == C_DECIMAL ? -1.5
                                : is_number      ? 3
                                                 : 0;
        ck_assert(chunk->events[0].value == expected);
        if (is_time)
            ck_assert_int_eq(chunk->events[1].time, i == C_DATE ? 3 * 86400 * SECONDS : 3);
        if (i != C_SUBJECT) {
            const size_t last = chunk->count - 1;
            is_code(&chunk->events[last], null_code);
            is_text(chunk, last, NULL, "");
            is_unit(&chunk->events[last], NULL);
            ck_assert_uint_eq(chunk->events[last].flags, 0);
        }
        const mimic_event_origin origin =
            mimic__event_codes_origin(codes, chunk->events[0].code);
        ck_assert_uint_eq(origin.key_size, strlen(texts[i]));
        ck_assert_mem_eq(origin.key, texts[i], origin.key_size);
        mimic__chunk_release(chunk);
        test_batch_free(&batch);
        mimic__emitter_free(b.emitter);
    }
    teardown();
}
END_TEST

/* ---- policies ---- */

static void make_interval(hand *h)
{
    hand_make(h);
    hand_kind(h, "START", C_TIMESTAMP, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN)->link =
        LINK_START;
    hand_kind(h, "END", C_DATE, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN)->link = LINK_END;
    hand_kind(h, "WEIGHT", C_TIMESTAMP, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN);
}

START_TEST(emit__reversed_intervals)
{
    static const struct {
        mimic_policy policy;
        unsigned flags;
    } cases[] = {{MIMIC_POLICY_DEFAULT, MIMIC_MARK_REVERSED},
                 {MIMIC_POLICY_MARK, MIMIC_MARK_REVERSED},
                 {MIMIC_POLICY_KEEP, MIMIC_EVENT_KEPT_REVERSED},
                 {MIMIC_POLICY_REJECT, 0}};
    setup();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hand h;
        bench b = {.setup.reversed = cases[i].policy};
        test_batch batch;
        make_interval(&h);
        open_bench(&b, &h.table);
        test_batch_make(&batch, &b.table, 3);
        for (int64_t row = 0; row < 3; row++) {
            integer(&b, &batch, "subject", row, 5);
            integer(&b, &batch, "timestamp", row, row == 1 ? 86400 * SECONDS + 1 : 86400 * SECONDS);
            if (row != 2)
                integer(&b, &batch, "date", row, 1);
        }
        mimic_event_chunk *chunk = emit(&b, &batch);
        const bool rejects = cases[i].policy == MIMIC_POLICY_REJECT;
        ck_assert_uint_eq(chunk->count, rejects ? 5 : 8);
        ck_assert_uint_eq(chunk->reject_count, rejects);
        if (rejects) {
            ck_assert_uint_eq(chunk->rejects[0].mark, MIMIC_MARK_REVERSED);
            ck_assert_int_eq(chunk->rejects[0].row, 2);
            ck_assert_int_eq(chunk->rejects[0].time, 86400 * SECONDS);
            ck_assert_uint_eq(chunk->rejects[0].table, 3);
        } else {
            ck_assert_uint_eq(chunk->events[0].flags, 0);
            ck_assert_uint_eq(chunk->events[3].flags, cases[i].flags);
            ck_assert_uint_eq(chunk->events[4].flags, cases[i].flags);
            ck_assert_uint_eq(chunk->events[5].flags, 0);
        }
        mimic__chunk_release(chunk);
        test_batch_free(&batch);
        mimic__emitter_free(b.emitter);
    }
    teardown();
}
END_TEST

START_TEST(emit__bad_times)
{
    setup();
    for (int keeps = 0; keeps < 2; keeps++) {
        hand h;
        bench b = {.setup.bad_times = keeps ? MIMIC_POLICY_KEEP : MIMIC_POLICY_MARK};
        test_batch batch;
        hand_make(&h);
        mimic_event_kind *kind = hand_kind(&h, "A", C_TIMESTAMP, C_DATE, MIMIC_EVENT_NO_COLUMN);
        kind->text = C_TIMESTAMP;
        kind->properties = &h.columns[C_TIMESTAMPTZ];
        kind->property_count = 1;
        hand_kind(&h, "B", C_DATE, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN);
        open_bench(&b, &h.table);
        ck_assert_int_eq(b.table.fields[at(&b, "date")].type, MIMIC_TYPE_STRING);
        test_batch_make(&batch, &b.table, 4);
        for (int64_t row = 0; row < 4; row++)
            integer(&b, &batch, "subject", row, 5);
        text(&b, &batch, "timestamp", 0, "1970-01-01 00:00:01");
        text(&b, &batch, "date", 0, "1970-01-03");
        text(&b, &batch, "timestamptz", 0, "1970-01-01T02:00:00+02:00");
        text(&b, &batch, "timestamp", 1, "soon");
        text(&b, &batch, "date", 1, "1970-02-30");
        text(&b, &batch, "timestamptz", 1, "");
        text(&b, &batch, "timestamp", 2, "1970-01-01 00:00:02");
        text(&b, &batch, "timestamptz", 2, "x");
        mimic_event_chunk *chunk = emit(&b, &batch);
        const unsigned mark = keeps ? MIMIC_EVENT_KEPT_BAD_TIME : MIMIC_MARK_BAD_TIME;
        const mimic_event *e = chunk->events;
        ck_assert_uint_eq(chunk->count, 5);
        ck_assert_int_eq(chunk->rows_none, 1);
        ck_assert_int_eq(e[0].time, SECONDS);
        ck_assert_uint_eq(e[0].flags, 0);
        is_code(&e[0], "A//1970-01-03");
        is_text(chunk, 0, "1970-01-01 00:00:01", "{\"timestamptz\":\"1970-01-01 00:00:00Z\"}");
        ck_assert_int_eq(e[1].time, 2 * 86400 * SECONDS);
        ck_assert_int_eq(e[2].time, MIMIC_EVENT_NONE);
        is_code(&e[2], "A//UNK");
        is_text(chunk, 2, NULL, "");
        ck_assert_uint_eq(e[2].flags, mark);
        ck_assert_uint_eq(e[3].flags, mark);
        ck_assert_int_eq(e[3].time, MIMIC_EVENT_NONE);
        ck_assert_int_eq(e[4].time, 2 * SECONDS);
        ck_assert_uint_eq(e[4].flags, mark);
        mimic__chunk_release(chunk);
        test_batch_free(&batch);
        mimic__emitter_free(b.emitter);
    }
    teardown();
}
END_TEST

/* ---- conditions ---- */

static size_t count_with(mimic_event_condition condition)
{
    hand h;
    bench b = {0};
    test_batch batch;
    hand_make(&h);
    mimic_event_kind *kind =
        hand_kind(&h, "A", MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN);
    h.conditions[0] = condition;
    kind->condition_count = 1;
    open_bench(&b, &h.table);
    test_batch_make(&batch, &b.table, 2);
    hand_row(&b, &batch, 0);
    integer(&b, &batch, "subject", 1, 1); /* all else is NULL */
    mimic_event_chunk *chunk = emit(&b, &batch);
    const size_t first = chunk->count > 0 && chunk->events[0].row == 1;
    const size_t count = chunk->count;
    mimic__chunk_release(chunk);
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    return first + 10 * (count - first);
}

START_TEST(emit__conditions)
{
    static const char *const values[C_COUNT] = {
        NULL,         "true", "3",    "3", "3", "0.1", "0.1", "-1.500", "1970-01-04", NULL, NULL, NULL,
        "string", "categorical"};
    static const char *const others[] = {"x", "4", "", "3 "};
    setup();
    for (int64_t i = C_BOOLEAN; i < C_COUNT; i++) {
        if (values[i] == NULL)
            continue;
        const char *const both[] = {"nothing", values[i]};
        ck_assert_uint_eq(count_with((mimic_event_condition){.column = i, .wants_present = true}), 1);
        ck_assert_uint_eq(count_with((mimic_event_condition){.column = i, .wants_absent = true}), 10);
        ck_assert_uint_eq(
            count_with((mimic_event_condition){.column = i, .values = both, .value_count = 2}), 1);
        ck_assert_uint_eq(
            count_with((mimic_event_condition){.column = i, .values = others, .value_count = 4}), 0);
        ck_assert_uint_eq(count_with((mimic_event_condition){
                              .column = i, .values = both, .value_count = 2, .is_negated = true}),
                          10);
        ck_assert_uint_eq(count_with((mimic_event_condition){
                              .column = i, .values = others, .value_count = 4, .is_negated = true}),
                          11);
    }
    teardown();
}
END_TEST

/* ---- patterns ---- */

/* What patterns make of labevents: "all", "none", or the values that are left. */
static const char *filter_of(const char *const *patterns, size_t count, const char *table)
{
    static char out[256];
    bench b = {.setup.codes = patterns, .setup.code_count = count};
    open_bench(&b, table_of(table));
    size_t filters;
    const mimic_csv_filter *filter = mimic__emitter_filters(b.emitter, &filters);
    snprintf(out, sizeof out, "%s", mimic__emitter_is_needed(b.emitter) ? "all" : "none");
    for (size_t i = 0; filters > 0 && i < filter->value_count; i++)
        snprintf(out + (i == 0 ? 0 : strlen(out)), 64, "%s%s%lld", i == 0 ? filter->column : "",
                 i == 0 ? " " : ",", (long long)filter->values[i]);
    mimic__emitter_free(b.emitter);
    return out;
}

START_TEST(emit__filters)
{
    static const struct {
        const char *table;
        const char *patterns[3];
        const char *expected;
    } cases[] = {
        {"labevents", {"*"}, "all"},
        {"labevents", {"LAB*"}, "all"},
        {"labevents", {"LAB//RESULT//*"}, "all"},
        {"labevents", {"LAB//RESULT//50912//mg/dL"}, "itemid 50912"},
        {"labevents", {"LAB//RESULT//50912//*"}, "itemid 50912"},
        {"labevents", {"LAB//RESULT//50912*"}, "all"},
        {"labevents", {"LAB//RESULT//50912/*"}, "itemid 50912"},
        {"labevents", {"LAB//RESULT//50912/"}, "none"},
        {"labevents", {"LAB//RESULT//50912"}, "none"},
        {"labevents", {"LAB//RESULT//050912//*"}, "none"},
        {"labevents", {"LAB//RESULT//99999999999999999999//*"}, "none"},
        {"labevents", {"LAB//RESULT//-7//*"}, "itemid -7"},
        {"labevents", {"LAB//RESULT//-0//*"}, "none"},
        {"labevents", {"LAB//RESULT//-*"}, "all"},
        {"labevents", {"LAB//RESULT//UNK//*"}, "all"},
        {"labevents", {"LAB//RESULT//UN*"}, "all"},
        {"labevents", {"LAB//RESULT//UX*"}, "none"},
        {"labevents", {"LAB//RESULT//"}, "none"},
        {"labevents", {"LAB//SPECIMEN_COLLECTED//50912"}, "itemid 50912"},
        {"labevents", {"LAB//SPECIMEN_COLLECTED//50912//x"}, "none"},
        {"labevents",
         {"LAB//SPECIMEN_COLLECTED//1", "LAB//RESULT//2//*", "LAB//RESULT//3//%"},
         "itemid 1,2,3"},
        {"labevents", {"LAB//SPECIMEN_COLLECTED//1", "LAB//RESULT//*"}, "all"},
        {"labevents", {"HOSPITAL*"}, "none"},
        {"labevents", {""}, "none"},
        {"chartevents", {"LAB//220045//bpm", "HOSPITAL*", "MEDS_DEATH"}, "itemid 220045"},
        {"chartevents", {"LAB//RESULT//50912//*"}, "none"},
        {"patients", {"HOSPITAL*"}, "all"}, /* context */
    };
    setup();
    ck_assert_str_eq(filter_of(NULL, 0, "labevents"), "all");
    ck_assert_str_eq(filter_of(cases[0].patterns, 0, "labevents"), "none");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t count = 0;
        while (count < 3 && cases[i].patterns[count] != NULL)
            count++;
        const char *found = filter_of(cases[i].patterns, count, cases[i].table);
        ck_assert_msg(strcmp(found, cases[i].expected) == 0, "%s of %s: %s instead of %s",
                      cases[i].patterns[0], cases[i].table, found, cases[i].expected);
    }
    teardown();
}
END_TEST

static size_t codes_that_fit(const char *pattern)
{
    hand h;
    test_batch batch;
    bench b = {.setup.codes = &pattern, .setup.code_count = 1};
    hand_make(&h);
    hand_kind(&h, "A", MIMIC_EVENT_NO_COLUMN, C_STRING, C_INT32);
    open_bench(&b, &h.table);
    test_batch_make(&batch, &b.table, 600);
    for (int64_t row = 0; row < 600; row++) {
        integer(&b, &batch, "subject", row, row);
        integer(&b, &batch, "int32", row, row % 3);
        text(&b, &batch, "string", row, row % 2 == 0 ? "even" : "a rather odd text");
    }
    mimic_event_chunk *chunk = emit(&b, &batch);
    const size_t count = chunk->count;
    ck_assert_uint_eq(chunk->run_count, count);
    mimic__chunk_release(chunk);
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    return count;
}

START_TEST(emit__patterns)
{
    setup();
    ck_assert_uint_eq(codes_that_fit("*"), 600);
    ck_assert_uint_eq(codes_that_fit("A//*//1"), 200);
    ck_assert_uint_eq(codes_that_fit("A//even//*"), 300);
    ck_assert_uint_eq(codes_that_fit("*odd*2"), 100);
    ck_assert_uint_eq(codes_that_fit("*odd*odd*"), 0);
    ck_assert_uint_eq(codes_that_fit("**e**n**"), 300);
    ck_assert_uint_eq(codes_that_fit("A//even//"), 0);
    ck_assert_uint_eq(codes_that_fit("A//even//1 "), 0);
    ck_assert_uint_eq(mimic__event_codes_count(codes), 6);
    teardown();
}
END_TEST

/* ---- the fast ways beside the plain one ---- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Rows of few different values, so that codes come again, with NULLs and hostile texts. */
static void random_rows(const bench *b, const test_batch *batch, uint32_t seed)
{
    static const char long_text[] = "a text that no cache keeps: 0123456789 0123456789 0123456789 "
                                    "0123456789 0123456789 0123456789 0123456789 0123456789 0123";
    const char *const texts[] = {"", "a", "ab\"", "abc\\", "\x7f", "caf\xc3\xa9", "\xc2\x85",
                                 "twelve bytes", "thirteen byte", "\xff\xfe broken \xc3", "UNK",
                                 long_text, "line\nbreak\ttab", "0123456", "01234567",
                                 "012345678"};
    uint32_t state = seed;
    for (int64_t row = 0; row < batch->batch.row_count; row++) {
        for (size_t i = 0; i < b->table.field_count; i++) {
            test_cell *cell = &batch->cells[(size_t)row * b->table.field_count + i];
            const uint32_t choice = next_random(&state);
            cell->is_present = choice % 7 != 0;
            cell->integer = (int64_t)(next_random(&state) % 5) - 2;
            cell->real = (double)cell->integer / 3;
            cell->decimal = (mimic_int128){.low = (uint64_t)cell->integer,
                                             .high = cell->integer < 0 ? -1 : 0};
            cell->text = texts[next_random(&state) % (sizeof texts / sizeof texts[0])];
            cell->size = strlen(cell->text);
            if (b->table.fields[i].type == MIMIC_TYPE_INT64 && choice % 11 == 0 && i != 0)
                cell->integer = INT64_MIN;
            if (b->table.fields[i].type == MIMIC_TYPE_FLOAT64 && choice % 13 == 0)
                cell->real = (double)NAN;
        }
    }
}

static void is_same_text(const mimic_event_chunk *a, const mimic_event_chunk *b, size_t i)
{
    const mimic_event *x = &a->events[i];
    const mimic_event *y = &b->events[i];
    const size_t size = (x->text_size == MIMIC_EVENT_NO_TEXT ? 0 : x->text_size) + x->properties_size;
    ck_assert_uint_eq(x->text_size, y->text_size);
    ck_assert_uint_eq(x->properties_size, y->properties_size);
    ck_assert_uint_le(x->text + size, a->bytes_size);
    ck_assert_uint_le(y->text + size, b->bytes_size);
    if (size > 0)
        ck_assert_mem_eq(a->bytes + x->text, b->bytes + y->text, size);
}

static void is_same_chunk(const mimic_event_chunk *a, const mimic_event_chunk *b)
{
    ck_assert_uint_eq(a->count, b->count);
    ck_assert_uint_eq(a->run_count, b->run_count);
    ck_assert_uint_eq(a->reject_count, b->reject_count);
    ck_assert_int_eq(a->rows_none, b->rows_none);
    ck_assert_int_eq(a->ascends, b->ascends);
    for (size_t i = 0; i < a->run_count; i++)
        ck_assert(a->runs[i].subject == b->runs[i].subject && a->runs[i].first == b->runs[i].first &&
                  a->runs[i].count == b->runs[i].count);
    for (size_t i = 0; i < a->count; i++) {
        mimic_event x = a->events[i];
        mimic_event y = b->events[i];
        is_same_text(a, b, i);
        x.text = y.text = 0;
        ck_assert_mem_eq(&x, &y, sizeof x);
    }
    for (size_t i = 0; i < a->reject_count; i++)
        ck_assert_int_eq(a->rejects[i].row, b->rejects[i].row);
}

static void make_mixture(hand *h)
{
    hand_make(h);
    mimic_event_kind *kind = hand_kind(h, "ONE", C_TIMESTAMP, C_INT64, C_STRING);
    kind->value = C_FLOAT64;
    kind->text = C_STRING;
    kind->unit = C_CATEGORICAL;
    kind = hand_kind(h, "TWO", C_DATE, C_CATEGORICAL, C_STRING);
    kind->value = C_DECIMAL;
    kind->text = C_CATEGORICAL;
    kind->unit = C_STRING;
    kind->property_count = C_COUNT;
    kind->key_count = 1;
    kind->link = LINK_START;
    kind = hand_kind(h, "THREE", C_TIMESTAMPTZ, C_INT32, C_INT64);
    kind->text = C_STRING;
    kind->properties = &h->columns[C_STRING];
    kind->property_count = 2;
    kind->link = LINK_END;
    kind = hand_kind(h, "FOUR", MIMIC_EVENT_NO_COLUMN, C_BOOLEAN, C_DATE);
    kind->text = C_FLOAT32;
    kind->unit_text = "kg";
    h->conditions[3] = (mimic_event_condition){.column = C_BOOLEAN, .wants_present = true};
    kind->condition_count = 1;
    kind = hand_kind(h, "FIVE", C_TIMESTAMP, C_INT16, MIMIC_EVENT_NO_COLUMN);
    kind->key_columns = &h->columns[C_INT32];
    kind->key_count = 3; /* with int64 and float32 */
    hand_kind(h, "SIX", C_TIMESTAMP, MIMIC_EVENT_NO_COLUMN, MIMIC_EVENT_NO_COLUMN);
}

START_TEST(emit__fast_is_plain)
{
    static const int64_t sizes[] = {0, 1, 7, 255, 256, 257, 513, 2000};
    static const mimic_policy policies[] = {MIMIC_POLICY_REJECT, MIMIC_POLICY_MARK};
    setup();
    for (size_t p = 0; p < 2; p++) {
        hand h;
        bench fast = {.setup.bad_times = policies[p], .setup.reversed = policies[p]};
        bench plain = fast;
        plain.setup.is_plain = true;
        make_mixture(&h);
        open_bench(&fast, &h.table);
        open_bench(&plain, &h.table);
        for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
            test_batch batch;
            test_batch_make(&batch, &fast.table, sizes[i / 2]);
            random_rows(&fast, &batch, (uint32_t)i + 1);
            mimic_event_chunk *a = emit(&fast, &batch);
            const mimic_emit_rows rows = {1, NULL};
            mimic_event_chunk *b = NULL;
            CK_OK(mimic__emit(plain.emitter, &batch.batch, &rows, &b, &err));
            is_same_chunk(a, b);
            mimic__chunk_release(a);
            mimic__chunk_release(b);
            test_batch_free(&batch);
        }
        mimic__emitter_free(fast.emitter);
        mimic__emitter_free(plain.emitter);
    }
    teardown();
}
END_TEST

/* More codes than the cache of an emitter holds. */
START_TEST(emit__more_codes_than_are_cached)
{
    setup();
    hand h;
    bench b = {0};
    hand_make(&h);
    mimic_event_codes *many = NULL;
    CK_OK(mimic__event_codes_new(ctx, 1 << 26, &many, &err));
    hand_kind(&h, "A", MIMIC_EVENT_NO_COLUMN, C_INT64, MIMIC_EVENT_NO_COLUMN);
    open_bench(&b, &h.table);
    mimic__emitter_free(b.emitter);
    b.setup.into_codes = many;
    CK_OK(mimic__emitter_new(ctx, &b.setup, &b.emitter, &err));
    for (int64_t first = 0; first < 140000; first += 10000) {
        test_batch batch;
        test_batch_make(&batch, &b.table, 20000);
        for (int64_t row = 0; row < 20000; row++) {
            integer(&b, &batch, "subject", row, 1);
            integer(&b, &batch, "int64", row, first + row);
        }
        mimic_event_chunk *chunk = emit(&b, &batch);
        for (size_t i = 0; i < 20000; i += 7) {
            char expected[32];
            size_t size;
            snprintf(expected, sizeof expected, "A//%lld", (long long)(first + (int64_t)i));
            const char *found = mimic__event_codes_text(many, chunk->events[i].code, &size);
            ck_assert(size == strlen(expected) && memcmp(found, expected, size) == 0);
        }
        mimic__chunk_release(chunk);
        test_batch_free(&batch);
    }
    ck_assert_uint_eq(mimic__event_codes_count(many), 150000);
    mimic__emitter_free(b.emitter);
    mimic__event_codes_free(many);
    teardown();
}
END_TEST

/* ---- what goes wrong ---- */

START_TEST(emit__wrong_batches_and_headers)
{
    setup();
    hand h;
    bench b = {0};
    test_batch batch;
    make_mixture(&h);
    open_bench(&b, &h.table);
    test_batch_make(&batch, &b.table, 1);
    hand_row(&b, &batch, 0);
    mimic_batch wrong = *test_batch_view(&batch);
    const mimic_emit_rows rows = {1, NULL};
    mimic_event_chunk *chunk = NULL;
    wrong.column_count--;
    ck_assert_int_eq(mimic__emit(b.emitter, &wrong, &rows, &chunk, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_ptr_null(chunk);
    wrong.column_count++;
    batch.columns[at(&b, "float64")].type = MIMIC_TYPE_STRING;
    ck_assert_int_eq(mimic__emit(b.emitter, &wrong, &rows, &chunk, &err), MIMIC_ERR_ARGUMENT);
    ck_assert_str_eq(err.message, "hand.float64 comes as string instead of float64");
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    static const char *const header[] = {"INT64", "String", "timestamp"};
    b.setup.columns_there = header;
    b.setup.columns_there_count = 3;
    ck_assert_int_eq(mimic__emitter_new(ctx, &b.setup, &b.emitter, &err), MIMIC_ERR_DRIFT);
    ck_assert_str_eq(err.message,
                     "hand: the file has no column subject, which says whose events these are");
    ck_assert_ptr_null(b.emitter);
    teardown();
}
END_TEST

START_TEST(emit__columns_that_are_not_there)
{
    static const char *const header[] = {"SUBJECT", "Int64", "timestamp"};
    static const int64_t records[] = {70, 90};
    setup();
    hand h;
    bench b = {.setup.columns_there = header, .setup.columns_there_count = 3};
    test_batch batch;
    make_mixture(&h);
    open_bench(&b, &h.table);
    ck_assert_uint_eq(b.table.field_count, 3);
    test_batch_make(&batch, &b.table, 2);
    hand_row(&b, &batch, 0);
    hand_row(&b, &batch, 1);
    const mimic_emit_rows rows = {1, records};
    mimic_event_chunk *chunk = NULL;
    CK_OK(mimic__emit(b.emitter, test_batch_view(&batch), &rows, &chunk, &err));
    ck_assert_uint_eq(chunk->count, 6);
    ck_assert_int_eq(chunk->events[3].row, 90);
    is_code(&chunk->events[0], "ONE//3//UNK");
    is_text(chunk, 0, NULL, "");
    is_code(&chunk->events[1], "FIVE//UNK");
    is_code(&chunk->events[2], "SIX");
    mimic__chunk_release(chunk);
    test_batch_free(&batch);
    mimic__emitter_free(b.emitter);
    teardown();
}
END_TEST

static mimic_status scenario(const mimic_context *failing, mimic_error *failure)
{
    hand h;
    bench b = {0};
    mimic_event_chunk *chunk = NULL;
    mimic_event_codes *many[2] = {NULL, NULL};
    make_mixture(&h);
    h.conditions[3] = (mimic_event_condition){
        .column = C_STRING, .values = (const char *const[]){"a", ""}, .value_count = 2};
    b.setup = (mimic_emit_setup){.map = &h.map, .table = &h.table};
    mimic_status status = mimic__event_codes_new(failing, 1 << 20, &many[0], failure);
    if (status == MIMIC_OK)
        status = mimic__event_codes_new(failing, 1 << 20, &many[1], failure);
    b.setup.into_codes = many[0];
    b.setup.into_units = many[1];
    if (status == MIMIC_OK)
        status = mimic__emitter_new(failing, &b.setup, &b.emitter, failure);
    if (status == MIMIC_OK) {
        const mimic_emit_rows rows = {1, NULL};
        bench view = {0};
        test_batch batch;
        view.setup = b.setup;
        view.setup.into_codes = codes;
        view.setup.into_units = units;
        open_bench(&view, &h.table);
        test_batch_make(&batch, &view.table, 300);
        random_rows(&view, &batch, 5);
        batch.cells[0].is_present = false;
        status = mimic__emit(b.emitter, test_batch_view(&batch), &rows, &chunk, failure);
        test_batch_free(&batch);
        mimic__emitter_free(view.emitter);
    }
    mimic__chunk_release(chunk);
    mimic__emitter_free(b.emitter);
    mimic__event_codes_free(many[0]);
    mimic__event_codes_free(many[1]);
    return status;
}

START_TEST(emit__failing_allocations)
{
    setup();
    replay_failing_allocations(scenario);
    teardown();
}
END_TEST

/* ---- threads ---- */

typedef struct worker {
    pthread_t thread;
    const bench *b;
    test_batch batch;
    mimic_event_chunk *chunks[20];
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    const mimic_emit_rows rows = {1, NULL};
    mimic_error failure = MIMIC_ERROR_INIT;
    for (size_t i = 0; i < 20; i++)
        if (mimic__emit(w->b->emitter, &w->batch.batch, &rows, &w->chunks[i], &failure) != MIMIC_OK)
            return w;
    return NULL;
}

START_TEST(emit__threads)
{
    setup();
    hand h;
    bench b = {0};
    worker workers[4];
    make_mixture(&h);
    open_bench(&b, &h.table);
    for (size_t i = 0; i < 4; i++) {
        workers[i].b = &b;
        test_batch_make(&workers[i].batch, &b.table, 1000);
        random_rows(&b, &workers[i].batch, i < 2 ? 1 : (uint32_t)i);
        test_batch_view(&workers[i].batch);
    }
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed;
        pthread_join(workers[i].thread, &failed);
        ck_assert_ptr_null(failed);
    }
    for (size_t c = 0; c < 20; c++) {
        is_same_chunk(workers[0].chunks[c], workers[1].chunks[0]);
        is_same_chunk(workers[2].chunks[c], workers[2].chunks[0]);
        is_same_chunk(workers[3].chunks[c], workers[3].chunks[0]);
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t c = 0; c < 20; c++)
            mimic__chunk_release(workers[i].chunks[c]);
        test_batch_free(&workers[i].batch);
    }
    mimic__emitter_free(b.emitter);
    teardown();
}
END_TEST

/* ---- with what surrounds it ---- */

START_TEST(emit__every_built_in_table)
{
    static const char *const releases[] = {"mimic-iii@1.4",   "mimic-iv@2.2",  "mimic-iv@3.1",
                                           "mimic-iv-ed@2.2", "synthea@2.7.0", "synthea@3.3.0"};
    setup();
    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        const mimic_dataset *dataset = NULL;
        mimic_event_map *own = NULL;
        CK_OK(mimic_registry_find_dataset(registry, releases[i], &dataset, &err));
        CK_OK(mimic__event_map_find(ctx, &dataset, 1, NULL, &own, &err));
        for (size_t t = 0; t < 2 * own->table_count; t++) {
            bench b = {.setup.bad_times = t % 2 ? MIMIC_POLICY_MARK : MIMIC_POLICY_REJECT};
            test_batch batch;
            open_bench(&b, &own->tables[t / 2]);
            test_batch_make(&batch, &b.table, 300);
            random_rows(&b, &batch, (uint32_t)t);
            mimic__chunk_release(emit(&b, &batch));
            test_batch_free(&batch);
            mimic__emitter_free(b.emitter);
        }
        mimic__event_map_free(own);
    }
    teardown();
}
END_TEST

/* Events of a file through a reader, and how many rows that rejects. */
static size_t read_events(bench *b, const char *csv, int64_t *out_rejected)
{
    mimic_csv_options options = MIMIC_CSV_OPTIONS_INIT;
    mimic_csv_counts counts = MIMIC_CSV_COUNTS_INIT;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    mimic_event_chunk *chunk = NULL;
    const mimic_batch *batch = NULL;
    open_bench(b, table_of("labevents"));
    options.columns = mimic__emitter_columns(b->emitter, &options.column_count);
    options.filters = mimic__emitter_filters(b->emitter, &options.filter_count);
    CK_OK(mimic_source_from_memory(ctx, csv, strlen(csv), "lab", NULL, &source, &err));
    CK_OK(mimic_csv_reader_open(ctx, source, mimic__emitter_table(b->emitter), &options, &reader,
                                &err));
    size_t events = 0;
    mimic_status status;
    while ((status = mimic_csv_reader_next(reader, &batch, &err)) == MIMIC_OK) {
        const mimic_emit_rows rows = {1, NULL};
        CK_OK(mimic__emit(b->emitter, batch, &rows, &chunk, &err));
        events += chunk->count;
        mimic__chunk_release(chunk);
    }
    ck_assert_int_eq(status, MIMIC_END);
    mimic_csv_reader_counts(reader, &counts);
    *out_rejected = counts.rejected;
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic__emitter_free(b->emitter);
    return events;
}

START_TEST(emit__from_a_file)
{
    static const char csv[] =
        "labevent_id,subject_id,hadm_id,specimen_id,itemid,order_provider_id,charttime,storetime,"
        "value,valuenum,valueuom,ref_range_lower,ref_range_upper,flag,priority,comments\n"
        "1,10,,1,50912,,2150-01-01 10:00:00,2150-01-01 11:00:00,1,1,mg/dL,,,,,\n"
        "2,10,,1,50913,,2150-01-01 25:00:00,2150-01-01 11:00:00,1,1,mg/dL,,,,,\n"
        ",10,,,50912,,2150-01-01 10:00:00,,,,,,,,,\n";
    static const char *const pattern = "LAB//RESULT//50912//*";
    int64_t rejected;
    setup();
    bench b = {0};
    ck_assert_uint_eq(read_events(&b, csv, &rejected), 3);
    ck_assert_int_eq(rejected, 1);
    b = (bench){.setup.bad_times = MIMIC_POLICY_MARK};
    ck_assert_uint_eq(read_events(&b, csv, &rejected), 5);
    ck_assert_int_eq(rejected, 0);
    b = (bench){.setup.codes = &pattern, .setup.code_count = 1};
    ck_assert_uint_eq(read_events(&b, csv, &rejected), 1);
    ck_assert_int_eq(rejected, 0);
    teardown();
}
END_TEST

MIMIC_TEST_MAIN(event_emit, emit__labevents, emit__patients, emit__every_type_everywhere,
                emit__reversed_intervals, emit__bad_times, emit__conditions, emit__filters,
                emit__patterns, emit__fast_is_plain, emit__more_codes_than_are_cached,
                emit__wrong_batches_and_headers, emit__columns_that_are_not_there,
                emit__failing_allocations, emit__threads, emit__every_built_in_table,
                emit__from_a_file)
