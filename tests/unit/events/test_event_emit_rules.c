/* Batches into events: policies for what is wrong in a row, conditions, and patterns of codes. */
#include "emit_fixture.h"

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

MIMIC_TEST_MAIN(event_emit_rules, emit__reversed_intervals, emit__bad_times, emit__conditions,
                emit__filters, emit__patterns)
