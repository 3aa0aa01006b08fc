/* What events are joined with, days against moments, and the order of events. */
#include "check_main.h"

#include "events/event_order.h"
#include "events/event_patient.h"
#include "hand_events.h"

#define DAY INT64_C(86400000000)

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static void add(mimic_event_context *to, int group, int64_t id, int64_t start, int64_t end)
{
    const mimic_event event = hand_context(group, 1, 1, id, (int64_t[]){start, end, NONE});
    ck_assert_int_eq(mimic__event_context_add(to, &event, NULL), MIMIC_OK);
}

START_TEST(event_patient__days_are_compared_by_day)
{
    const mimic_episode episode = {7, {3 * DAY + 500, 5 * DAY + 500, NONE}, NONE};
    const mimic_moment same_day = {3 * DAY, true};
    const mimic_moment midnight = {3 * DAY, false};
    const mimic_moment day_before = {2 * DAY, true};
    const mimic_moment last_day = {5 * DAY, true};
    const mimic_moment day_behind = {6 * DAY, true};
    ck_assert(mimic__episode_covers(&episode, same_day));
    ck_assert(!mimic__episode_covers(&episode, midnight));
    ck_assert(!mimic__episode_covers(&episode, day_before));
    ck_assert(mimic__episode_covers(&episode, last_day));
    ck_assert(!mimic__episode_covers(&episode, day_behind));
    ck_assert(!mimic__episode_excludes(&episode, same_day));
    ck_assert(mimic__episode_excludes(&episode, midnight));
    ck_assert(mimic__episode_excludes(&episode, day_before));
    ck_assert(mimic__episode_excludes(&episode, day_behind));
    const mimic_episode open = {7, {3 * DAY, NONE, NONE}, NONE};
    ck_assert(mimic__episode_covers(&open, (mimic_moment){INT64_MAX, true}));
    const mimic_episode reversed = {7, {3 * DAY, 2 * DAY, NONE}, NONE};
    ck_assert(!mimic__episode_covers(&reversed, same_day));
    ck_assert(!mimic__episode_excludes(&reversed, day_before));
    const mimic_episode unknown = {7, {NONE, 2 * DAY, NONE}, NONE};
    ck_assert(!mimic__episode_covers(&unknown, day_before));
    ck_assert(!mimic__episode_excludes(&unknown, day_before));
    ck_assert(mimic__episode_excludes(&unknown, same_day));
}
END_TEST

START_TEST(event_patient__date_columns_are_days)
{
    static const mimic_field fields[] = {{.name = "chartdate", .type = MIMIC_TYPE_DATE},
                                         {.name = "charttime", .type = MIMIC_TYPE_TIMESTAMP}};
    static const mimic_table source = {.fields = fields, .field_count = 2};
    static const mimic_event_time ways[] = {{TIME_COLUMN, 0, -1, 0, 0}, {TIME_COLUMN, 1, -1, 0, 0}};
    static const mimic_event_kind kinds[] = {
        {.time = {ways, 1, false}}, {.time = {ways, 2, false}}, {.time = {ways + 1, 1, false}}};
    static const mimic_event_kind *const list[] = {&kinds[0], &kinds[1], &kinds[2]};
    static const mimic_event_table tables[] = {{.table = &source, .kinds = list, .kind_count = 3}};
    static const mimic_event_map map = {
        .tables = tables, .table_count = 1, .kinds = list, .kind_count = 3};
    mimic_context *const ctx = context();
    const mimic_event_rules rules = {.map = &map};
    mimic_patient_rules out;
    ck_assert_int_eq(mimic__patient_rules_init(&out, ctx, &rules, NULL), MIMIC_OK);
    ck_assert(out.kinds[0].is_day);
    ck_assert(!out.kinds[1].is_day);
    ck_assert(!out.kinds[2].is_day);
    ck_assert_uint_eq(out.rejecting, MIMIC_MARK_UNKNOWN_SUBJECT); /* the defaults */
    ck_assert_uint_eq(out.keeping, 0);
    mimic__patient_rules_free(&out, ctx);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_patient__first_row_of_an_id_counts)
{
    mimic_context *const ctx = context();
    for (int64_t others = 0; others < 40; others += 39) { /* a few, and many */
        mimic_event_context known;
        mimic__event_context_init(&known, ctx);
        for (int64_t i = 0; i < others; i++)
            add(&known, GROUP_ADMISSION, 1000 + i, 5000 + 10 * i, 5009 + 10 * i);
        add(&known, GROUP_ADMISSION, 5, 100, 200);
        add(&known, GROUP_ADMISSION, 5, 300, 400); /* does not */
        add(&known, GROUP_ADMISSION, NONE, -50, 400);
        add(&known, GROUP_ADMISSION, 6, 150, NONE);
        add(&known, GROUP_ADMISSION, 8, 150, NONE);
        ck_assert_int_eq(mimic__event_context_settle(&known, NULL), MIMIC_OK);
        ck_assert_int_eq(mimic__event_context_find(&known, GROUP_ADMISSION, 5)->times[SLOT_START],
                         100);
        ck_assert_ptr_null(mimic__event_context_find(&known, GROUP_ADMISSION, 7));
        ck_assert_ptr_null(mimic__event_context_find(&known, GROUP_ADMISSION, NONE));
        ck_assert_ptr_null(mimic__event_context_find(&known, GROUP_STAY, 5));
        ck_assert_int_eq(known.earliest[GROUP_ADMISSION][SLOT_START], -50);
        static const struct {
            int64_t time, id;
        } cases[] = {{99, NONE}, {100, 5}, {149, 5}, {150, 6}, {200, 6}, {350, 6}};
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            const mimic_episode *const found = mimic__event_context_cover(
                &known, GROUP_ADMISSION, NONE, (mimic_moment){cases[i].time, false});
            ck_assert_int_eq(found == NULL ? NONE : found->id, cases[i].id);
        }
        for (int64_t i = 0; i < others; i++)
            ck_assert_int_eq(mimic__event_context_cover(&known, GROUP_ADMISSION, NONE,
                                                        (mimic_moment){5009 + 10 * i, false})
                                 ->id,
                             1000 + i);
        mimic__event_context_clear(&known);
        ck_assert_ptr_null(mimic__event_context_find(&known, GROUP_ADMISSION, 5));
        mimic__event_context_free(&known);
    }
    mimic_context_free(ctx);
}
END_TEST

static int compare_pairs(const void *a, const void *b)
{
    return mimic__event_order_is_before(a, b) ? -1 : mimic__event_order_is_before(b, a);
}

/* In order, nearly, in pieces, in none; whole seconds or not; with static facts or without. */
START_TEST(event_patient__order_is_that_of_a_plain_sort)
{
    static const size_t counts[] = {0, 1, 2, 3, 17, 255, 256, 300, 1000, 5000};
    uint64_t state = 1;
    for (int shape = 0; shape < 24; shape++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const size_t count = counts[c];
            mimic_sort_pair *const pairs = malloc((3 * count + 1) * sizeof *pairs);
            mimic_sort_pair *const expected = pairs + 2 * count;
            for (size_t i = 0; i < count; i++) {
                state = state * UINT64_C(6364136223846793005) + 1;
                const int64_t noise = (int64_t)(state >> 40);
                int64_t time = shape % 4 == 0   ? (int64_t)i
                               : shape % 4 == 1 ? (int64_t)(i % 50)
                               : shape % 4 == 2 ? (int64_t)i - (noise % 10 == 0 ? noise % 100 : 0)
                                                : noise % 1000 - 500;
                time *= shape / 4 % 2 == 0 ? 1000000 : 999983;
                if (shape >= 16 && noise % 7 == 0)
                    time = NONE;
                pairs[i] = mimic__event_order_pair(time, (uint8_t)(noise % 3), i);
            }
            memcpy(expected, pairs, count * sizeof *pairs);
            qsort(expected, count, sizeof *expected, compare_pairs);
            const mimic_sort_pair *const sorted = mimic__event_order(pairs, pairs + count, count);
            for (size_t i = 0; i < count; i++)
                ck_assert_uint_eq(sorted[i].lo, expected[i].lo);
            free(pairs);
        }
}
END_TEST

MIMIC_TEST_MAIN(event_patient, event_patient__days_are_compared_by_day,
                event_patient__date_columns_are_days, event_patient__first_row_of_an_id_counts,
                event_patient__order_is_that_of_a_plain_sort)
