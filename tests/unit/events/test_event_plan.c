/* Which subject goes where: splits by hash, files by ranges of ids. */
#include "check_main.h"

#include "base/hash.h"
#include "events/event_plan.h"
#include "failing_allocator.h"

static mimic_event_plan *plan_of(const mimic_context *ctx, const int64_t *subjects, size_t count,
                                 mimic_event_shares shares)
{
    mimic_event_plan *plan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(mimic__event_plan_new(ctx, subjects, count, &shares, &plan, &err) == MIMIC_OK,
                  "%s", err.message);
    return plan;
}

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

/* Ids that ascend with gaps, below and above zero. */
static int64_t *some_subjects(size_t count)
{
    int64_t *const subjects = malloc(count * sizeof *subjects);
    int64_t id = -500;
    for (size_t i = 0; i < count; i++)
        subjects[i] = id += 1 + (int64_t)(mimic__hash64(&i, sizeof i) % 7);
    return subjects;
}

START_TEST(event_plan__splits_by_hash_of_the_id)
{
    /* XXH3-64 of the eight bytes, computed by another implementation, modulo 1,000. */
    mimic_context *const ctx = context();
    mimic_event_plan *const plan = plan_of(ctx, NULL, 0, (mimic_event_shares){800, 100, 1000});
    static const int64_t ids[] = {0, 1, 10000032, -1, INT64_MAX, INT64_MIN, 10000005, 10000014};
    static const unsigned splits[] = {1, 0, 0, 0, 0, 0, 1, 2};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        ck_assert_uint_eq(mimic__event_plan_split(plan, ids[i]), splits[i]);
    size_t counts[3] = {0};
    for (int64_t id = 10000000; id < 10100000; id++)
        counts[mimic__event_plan_split(plan, id)]++;
    ck_assert(counts[0] > 79500 && counts[0] < 80500);
    ck_assert(counts[1] > 9600 && counts[1] < 10400);
    ck_assert_str_eq(mimic__event_split_name(0), "train");
    ck_assert_str_eq(mimic__event_split_name(2), "held_out");
    mimic__event_plan_free(plan);
    mimic_context_free(ctx);
}
END_TEST

/* Every id, known or not, has one file, whose range holds it; files hold what they should. */
static void check_files(const mimic_event_plan *plan, const int64_t *subjects, size_t count,
                        mimic_event_shares shares)
{
    size_t known[3] = {0};
    for (size_t i = 0; i < count; i++) {
        const unsigned split = mimic__event_plan_split(plan, subjects[i]);
        const mimic_event_place place = mimic__event_plan_place(plan, subjects[i]);
        ck_assert_uint_eq(place.split, split);
        ck_assert_uint_eq(place.file, known[split] / (size_t)shares.subjects_per_file);
        known[split]++;
        ck_assert(mimic__event_plan_knows(plan, subjects[i]));
    }
    uint32_t index = 0;
    for (unsigned split = 0; split < 3; split++) {
        int64_t next = INT64_MIN;
        for (uint32_t file = 0; file < mimic__event_plan_files(plan, split); file++, index++) {
            int64_t first = 0;
            int64_t last = 0;
            mimic__event_plan_range(plan, split, file, &first, &last);
            ck_assert_int_eq(first, next);
            ck_assert(first <= last);
            next = last + (last != INT64_MAX);
            for (int64_t id = first; id < first + 9 && id <= last; id++) {
                const mimic_event_place place = mimic__event_plan_place(plan, id);
                if (place.split == split) {
                    ck_assert_uint_eq(place.file, file);
                    ck_assert_uint_eq(place.index, index);
                }
            }
        }
        ck_assert(next == INT64_MAX || mimic__event_plan_files(plan, split) == 0);
    }
    ck_assert_uint_eq(mimic__event_plan_all_files(plan), index);
}

START_TEST(event_plan__cuts_files_by_known_subjects)
{
    mimic_context *const ctx = context();
    int64_t *const subjects = some_subjects(2500);
    static const mimic_event_shares all[] = {{800, 100, 100}, {1000, 0, 7},
                                             {0, 1000, 1},    {0, 0, 2500},
                                             {1, 998, 1000},  {800, 100, INT32_MAX}};
    static const size_t counts[] = {0, 1, 2, 99, 100, 101, 2500};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            mimic_event_plan *const plan = plan_of(ctx, subjects, counts[j], all[i]);
            check_files(plan, subjects, counts[j], all[i]);
            ck_assert(!mimic__event_plan_knows(plan, subjects[2499] + 1));
            ck_assert(!mimic__event_plan_knows(plan, INT64_MIN));
            mimic__event_plan_free(plan);
        }
    free(subjects);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_plan__split_without_share_has_no_file)
{
    mimic_context *const ctx = context();
    mimic_event_plan *const plan = plan_of(ctx, NULL, 0, (mimic_event_shares){1000, 0, 1000});
    ck_assert_uint_eq(mimic__event_plan_files(plan, 0), 1);
    ck_assert_uint_eq(mimic__event_plan_files(plan, 1), 0);
    ck_assert_uint_eq(mimic__event_plan_files(plan, 2), 0);
    ck_assert_uint_eq(mimic__event_plan_all_files(plan), 1);
    ck_assert_uint_eq(mimic__event_plan_place(plan, INT64_MAX).index, 0);
    mimic__event_plan_free(plan);
    mimic__event_plan_free(NULL);
    mimic_context_free(ctx);
}
END_TEST

START_TEST(event_plan__refuses_shares_that_cannot_be)
{
    mimic_context *const ctx = context();
    static const mimic_event_shares bad[] = {{-1, 0, 1},    {0, -1, 1},    {1001, 0, 1},
                                             {900, 101, 1}, {800, 100, 0}, {0, INT32_MAX, 1},
                                             {0, 1001, 1},  {800, 100, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mimic_event_plan *plan = NULL;
        ck_assert_int_eq(mimic__event_plan_new(ctx, NULL, 0, &bad[i], &plan, NULL),
                         MIMIC_ERR_ARGUMENT);
        ck_assert_ptr_null(plan);
    }
    const int64_t twice[] = {1, 1};
    mimic_event_plan *plan = NULL;
    ck_assert_int_eq(
        mimic__event_plan_new(ctx, twice, 2, &(mimic_event_shares){800, 100, 1000}, &plan, NULL),
        MIMIC_ERR_INTERNAL);
    mimic_context_free(ctx);
}
END_TEST

static mimic_status make_plan(const mimic_context *ctx, mimic_error *err)
{
    int64_t *const subjects = some_subjects(100);
    mimic_event_plan *plan = NULL;
    const mimic_status status =
        mimic__event_plan_new(ctx, subjects, 100, &(mimic_event_shares){500, 250, 10}, &plan, err);
    mimic__event_plan_free(plan);
    free(subjects);
    return status;
}

START_TEST(event_plan__failing_allocations)
{
    ck_assert_int_ge(replay_failing_allocations(make_plan), 5);
}
END_TEST

MIMIC_TEST_MAIN(event_plan, event_plan__splits_by_hash_of_the_id,
                event_plan__cuts_files_by_known_subjects,
                event_plan__split_without_share_has_no_file,
                event_plan__refuses_shares_that_cannot_be, event_plan__failing_allocations)
