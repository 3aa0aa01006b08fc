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

MIMIC_TEST_MAIN(event_context, event_context__joins_only)
