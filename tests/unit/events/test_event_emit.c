/* Batches into events: by the built-in maps, and by kinds made by hand for what these do not have. */
#include "check_main.h"

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
    CK_OK(mimic__event_map_find(ctx, registry, &dataset, 1, NULL, &map, &err));
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
                      memcmp(found, properties, event->properties_size) == 0,
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

MIMIC_TEST_MAIN(event_emit, emit__labevents, emit__patients)
