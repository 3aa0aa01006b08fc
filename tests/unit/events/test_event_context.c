/* What a subject's events are joined with: episodes that ids are filled in from, and those that are not. */
#include "check_main.h"

#include <mimic/mimic.h>

#include "events/event_context.h"

static void add_stay(mimic_event_context *context, int64_t id, int64_t start, int64_t end,
                     unsigned flags)
{
    const mimic_event event = {.subject = 1, .time = start, .available = end,
        .anchor = MIMIC_EVENT_NONE, .admission = MIMIC_EVENT_NONE, .stay = id,
        .kind = MIMIC_EVENT_CONTEXT + GROUP_STAY, .flags = (uint16_t)flags};
    ck_assert_int_eq(mimic__event_context_add(context, &event, NULL), MIMIC_OK);
}

/* Pairs of stays of one time: one in the ward, one in the emergency department that began later. */
static void check_pairs(int64_t count)
{
    mimic_context *ctx = NULL;
    mimic_event_context context;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic__event_context_init(&context, ctx);
    for (int64_t i = 0; i < count; i++) {
        add_stay(&context, 100 + i, 1000 * i, 1000 * i + 500, 0);
        add_stay(&context, 900 + i, 1000 * i + 100, 1000 * i + 800, MIMIC_EVENT_JOINS_ONLY);
    }
    ck_assert_int_eq(mimic__event_context_settle(&context, NULL), MIMIC_OK);
    for (int64_t i = 0; i < count; i++) {
        const mimic_episode *found = mimic__event_context_cover(
            &context, GROUP_STAY, MIMIC_EVENT_NONE, (mimic_moment){1000 * i + 200, false});
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(found->id, 100 + i);
        ck_assert_ptr_null(mimic__event_context_cover(&context, GROUP_STAY, MIMIC_EVENT_NONE,
                                                      (mimic_moment){1000 * i + 600, false}));
        found = mimic__event_context_find(&context, GROUP_STAY, 900 + i);
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(found->times[SLOT_END], 1000 * i + 800);
    }
    mimic__event_context_free(&context);
    mimic_context_free(ctx);
}

START_TEST(event_context__joins_only)
{
    check_pairs(1);
    check_pairs(4);
    check_pairs(200); /* sorted, with an index */
}
END_TEST

/* Ids by a step through all of them, each twice; the first row of an id is the one that is found. */
static void check_rows(int64_t count, size_t memory)
{
    mimic_context *ctx = NULL;
    mimic_event_context context;
    mimic_event event = {.subject = 1, .stay = MIMIC_EVENT_NONE,
                         .kind = MIMIC_EVENT_CONTEXT + GROUP_ROW};
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    mimic__event_context_init(&context, ctx);
    ck_assert_int_eq(mimic__event_context_spill_rows(&context, memory, "context-scratch", NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__event_context_add(&context, &event, NULL), MIMIC_OK);
    for (int64_t i = 0; i < 2 * count; i++) {
        event.stay = i % count * 7919 % count * 3 - count;
        event.time = i;
        event.available = event.stay + 1;
        event.anchor = event.stay + 2;
        event.admission = event.stay + 3;
        ck_assert_int_eq(mimic__event_context_add(&context, &event, NULL), MIMIC_OK);
    }
    ck_assert_int_eq(mimic__event_context_settle(&context, NULL), MIMIC_OK);
    ck_assert_uint_lt(mimic__event_context_size(&context), 4096);
    const int64_t step = count > 5000 ? count / 5000 : 1;
    for (int64_t i = 0; i < count; i += step) {
        const int64_t id = i * 7919 % count * 3 - count;
        const mimic_episode *const found = mimic__event_context_find(&context, GROUP_ROW, id);
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(found->times[SLOT_START], i);
        ck_assert_int_eq(found->times[SLOT_END], id + 1);
        ck_assert_int_eq(found->times[SLOT_EXTRA], id + 2);
        ck_assert_int_eq(found->admission, id + 3);
        ck_assert_ptr_null(mimic__event_context_find(&context, GROUP_ROW, id + 1));
    }
    ck_assert_ptr_null(mimic__event_context_find(&context, GROUP_ROW, INT64_MAX));
    ck_assert_ptr_null(mimic__event_context_find(&context, GROUP_ROW, INT64_MIN + 1));
    ck_assert_ptr_null(mimic__event_context_find(&context, GROUP_ROW, MIMIC_EVENT_NONE));
    ck_assert_int_eq(mimic__event_context_check(&context, NULL), MIMIC_OK);
    mimic__event_context_free(&context);
    mimic_context_free(ctx);
}

START_TEST(event_context__rows_in_files)
{
    static const int64_t counts[] = {1, 2, 127, 128, 129, 256, 1000, 50000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        check_rows(counts[i], 1);
        check_rows(counts[i], (size_t)1 << 20);
    }
    check_rows(600000, (size_t)4 << 20); /* more pages than fences */
}
END_TEST

MIMIC_TEST_MAIN(event_context, event_context__joins_only, event_context__rows_in_files)
