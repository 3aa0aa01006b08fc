/* What the tests of mimic__emit share: the built-in map of MIMIC-IV with an emitter for any of its
 * tables, what an event must say, and kinds made by hand over columns of all types. */
#ifndef MIMIC_TESTS_EMIT_FIXTURE_H
#define MIMIC_TESTS_EMIT_FIXTURE_H

#include "check_main.h"

#include <math.h>
#include <stdio.h>

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

static inline void setup(void)
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

static inline void teardown(void)
{
    mimic__event_codes_free(codes);
    mimic__event_codes_free(units);
    mimic__event_map_free(map);
    mimic_registry_free(registry);
    mimic_context_free(ctx);
}

static inline const mimic_event_table *table_of(const char *name)
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

static inline void open_bench(bench *b, const mimic_event_table *table)
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

static inline size_t at(const bench *b, const char *column)
{
    const int64_t index = mimic_table_find_field(&b->table, column);
    ck_assert_msg(index >= 0, "no column %s", column);
    return (size_t)index;
}

static inline void integer(const bench *b, const test_batch *batch, const char *column, int64_t row,
                           int64_t value)
{
    test_set_integer(batch, at(b, column), row, value);
}

static inline void text(const bench *b, const test_batch *batch, const char *column, int64_t row,
                        const char *value)
{
    test_set_text(batch, at(b, column), row, value);
}

static inline mimic_event_chunk *emit(const bench *b, test_batch *batch)
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

static inline void is_code(const mimic_event *event, const char *expected)
{
    size_t size;
    const char *found = mimic__event_codes_text(codes, event->code, &size);
    ck_assert_msg(size == strlen(expected) && memcmp(found, expected, size) == 0,
                  "%.*s instead of %s", (int)size, found, expected);
}

static inline void is_unit(const mimic_event *event, const char *expected)
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

static inline void is_text(const mimic_event_chunk *chunk, size_t index, const char *expected,
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

static inline void hand_make(hand *h)
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
static inline mimic_event_kind *hand_kind(hand *h, const char *name, int64_t time, int64_t first,
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
static inline void hand_row(const bench *b, const test_batch *batch, int64_t row)
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

/* ---- rows of all sorts ---- */

static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Rows of few different values, so that codes come again, with NULLs and hostile texts. */
static inline void random_rows(const bench *b, const test_batch *batch, uint32_t seed)
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

static inline void make_mixture(hand *h)
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

#endif
