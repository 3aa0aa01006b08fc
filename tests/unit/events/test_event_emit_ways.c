/* Batches into events: the fast ways beside the plain one, what goes wrong, several threads. */
#include "check_main.h"

#include <pthread.h>

#include "failing_allocator.h"

#include "emit_fixture.h"

/* ---- the fast ways beside the plain one ---- */

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

MIMIC_TEST_MAIN(event_emit_ways, emit__fast_is_plain, emit__more_codes_than_are_cached,
                emit__wrong_batches_and_headers, emit__columns_that_are_not_there,
                emit__failing_allocations, emit__threads)
