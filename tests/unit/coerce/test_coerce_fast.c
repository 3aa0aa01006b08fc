/* Every fast path of the column loops against the slow way: the short form of
 * tests/long/long_coerce.c, a small share of each group. */
#include "check_main.h"

#include "coerce_groups.h"

/* A share is a prime number of chunks wide, so that it has every digit in every place. */
static void run_group(const char *name, uint64_t shares)
{
    compare *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    c->shares = shares;
    c->share = shares / 2;
    for (size_t i = 0; i < COMPARE_GROUPS; i++)
        if (strcmp(compare_groups[i].name, name) == 0)
            compare_groups[i].run(c);
    ck_assert_msg(!c->has_failed, "%s", c->message);
    ck_assert_uint_gt(c->count, 10000);
    compare_free(c);
}

START_TEST(coerce_fast__integers)
{
    run_group("integers", 997);
}
END_TEST

START_TEST(coerce_fast__decimals)
{
    run_group("decimals", 997);
}
END_TEST

START_TEST(coerce_fast__random_numbers)
{
    run_group("random", 997);
}
END_TEST

START_TEST(coerce_fast__seconds)
{
    run_group("seconds", 11);
}
END_TEST

START_TEST(coerce_fast__dates)
{
    run_group("dates", 97);
}
END_TEST

START_TEST(coerce_fast__mutations)
{
    run_group("mutations", 1);
}
END_TEST

START_TEST(coerce_fast__texts)
{
    run_group("texts", 97);
}
END_TEST

/* A comparison that cannot fail proves nothing. */
START_TEST(coerce_fast__a_difference_is_seen)
{
    compare *c = calloc(1, sizeof *c);
    ck_assert_ptr_nonnull(c);
    c->shares = 1;
    const mimic_field field = group_field(MIMIC_TYPE_INT32, 0);
    ck_assert(compare_begin(c, &field));
    mimic__coerce_plan_free(c->plans[0]);
    mimic_field other = field;
    other.minimum = "5";
    const mimic_table table = one_field(&other);
    ck_assert_int_eq(mimic__coerce_plan_new(c->contexts[0], &table, NULL, &c->plans[0], NULL),
                     MIMIC_OK);
    compare_text(c, "6", 1);
    compare_text(c, "4", 1);
    compare_end(c);
    ck_assert(c->has_failed);
    ck_assert_ptr_nonnull(strstr(c->message, "[4]"));
    compare_free(c);
}
END_TEST

MIMIC_TEST_MAIN(coerce_fast, coerce_fast__integers, coerce_fast__decimals,
                coerce_fast__random_numbers, coerce_fast__seconds, coerce_fast__dates,
                coerce_fast__mutations, coerce_fast__texts, coerce_fast__a_difference_is_seen)
