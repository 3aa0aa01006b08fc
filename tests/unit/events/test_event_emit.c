/* Batches into events: by the built-in maps, and by kinds made by hand for what these do not
 * have. */
#include "emit_fixture.h"

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
                emit__every_built_in_table, emit__from_a_file)
