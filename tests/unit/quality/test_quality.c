/*
 * The parts of a profile: sums that are exact in any order, sketches that remember nothing of order or
 * batches, texts made harmless.
 */
#include "check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "quality/quality_escape.h"
#include "quality/quality_exact.h"
#include "quality/quality_sketch.h"

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static mimic_context *context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

/* ---- sums ---- */

static double mean_of(const double *values, size_t count, double *out_deviation)
{
    quality_real *total = calloc(1, sizeof *total);
    double mean;
    for (size_t i = 0; i < count; i++)
        mimic__real_add(total, values[i], 1);
    mimic__real_moments(total, (int64_t)count, &mean, out_deviation);
    free(total);
    return mean;
}

START_TEST(quality__real_sums_are_exact)
{
    double deviation;
    const double lost[] = {1e300, 1, -1e300};
    ck_assert_double_eq(mean_of(lost, 3, &deviation), 1.0 / 3.0);
    const double tiny[] = {5e-324, 1e-323, 1.5e-323};
    ck_assert_double_eq(mean_of(tiny, 3, &deviation), 1e-323);
    const double same[] = {1e9 + 0.125, 1e9 + 0.125, 1e9 + 0.125};
    ck_assert_double_eq(mean_of(same, 3, &deviation), 1e9 + 0.125);
    ck_assert_double_eq(deviation, 0);
    /* A spread of 1 around 1e15: the naive difference of squares has no digit left. */
    const double close[] = {1e15 - 1, 1e15, 1e15 + 1};
    ck_assert_double_eq(mean_of(close, 3, &deviation), 1e15);
    ck_assert_double_eq(deviation, 1);
    const double negative[] = {-3, -1, -2};
    ck_assert_double_eq(mean_of(negative, 3, &deviation), -2);
    ck_assert_double_eq(deviation, 1);
}
END_TEST

START_TEST(quality__real_sums_know_no_order)
{
    enum { COUNT = 3000 };
    static double values[COUNT];
    double first_deviation;
    double deviation;
    for (size_t i = 0; i < COUNT; i++) {
        const uint64_t bits = next() & ~(UINT64_C(0x7ff) << 52);
        const uint64_t exponent = 700 + next() % 600;
        const uint64_t whole = bits | exponent << 52;
        memcpy(&values[i], &whole, sizeof whole);
    }
    const double first = mean_of(values, COUNT, &first_deviation);
    for (int round = 0; round < 20; round++) {
        quality_real *parts[2] = {calloc(1, sizeof(quality_real)), calloc(1, sizeof(quality_real))};
        for (size_t i = COUNT - 1; i > 0; i--) {
            const size_t other = next() % (i + 1);
            const double swapped = values[i];
            values[i] = values[other];
            values[other] = swapped;
        }
        for (size_t i = 0; i < COUNT; i++)
            mimic__real_add(parts[next() % 2], values[i], 1);
        mimic__real_merge(parts[0], parts[1]);
        double mean;
        mimic__real_moments(parts[0], COUNT, &mean, &deviation);
        ck_assert(memcmp(&mean, &first, sizeof mean) == 0);
        ck_assert(memcmp(&deviation, &first_deviation, sizeof mean) == 0);
        free(parts[0]);
        free(parts[1]);
    }
}
END_TEST

START_TEST(quality__real_counts_are_repetitions)
{
    quality_real *once = calloc(1, sizeof *once);
    quality_real *often = calloc(1, sizeof *often);
    const double values[] = {0.1, -17.25, 1e-310, 1.7e308};
    for (size_t i = 0; i < 4; i++) {
        mimic__real_add(once, values[i], 5000);
        for (int j = 0; j < 5000; j++)
            mimic__real_add(often, values[i], 1);
    }
    double means[2];
    double deviations[2];
    mimic__real_moments(once, 20000, &means[0], &deviations[0]);
    mimic__real_moments(often, 20000, &means[1], &deviations[1]);
    ck_assert(memcmp(&means[0], &means[1], sizeof(double)) == 0);
    ck_assert(memcmp(&deviations[0], &deviations[1], sizeof(double)) == 0);
    free(once);
    free(often);
}
END_TEST

START_TEST(quality__whole_sums_are_exact)
{
    quality_whole total = {0};
    double mean;
    double deviation;
    for (int i = 0; i < 1000; i++) {
        mimic__whole_add(&total, INT64_MIN);
        mimic__whole_add(&total, INT64_MAX);
    }
    mimic__whole_moments(&total, 2000, &mean, &deviation);
    ck_assert_double_eq(mean, -0.5);
    ck_assert_double_eq_tol(deviation / 9223372036854775808.0, sqrt(2000.0 / 1999.0), 1e-12);
    quality_whole near = {0};
    mimic__whole_add(&near, 400000000000000);
    mimic__whole_add(&near, 400000000000002);
    mimic__whole_moments(&near, 2, &mean, &deviation);
    ck_assert_double_eq_tol(deviation, sqrt(2.0), 1e-12);
    quality_whole merged = {0};
    mimic__whole_merge(&merged, &total);
    mimic__whole_merge(&merged, &total);
    mimic__whole_moments(&merged, 4000, &mean, &deviation);
    ck_assert_double_eq(mean, -0.5);
}
END_TEST

/* ---- sketches ---- */

START_TEST(quality__distinct_estimate_is_near)
{
    static uint8_t registers[QUALITY_REGISTERS];
    static uint8_t halves[2][QUALITY_REGISTERS];
    const double bound = 4 * 1.04 / sqrt(QUALITY_REGISTERS);
    for (int64_t count = 4097; count <= 3000000; count = count * 5 / 2) {
        memset(registers, 0, sizeof registers);
        memset(halves, 0, sizeof halves);
        for (int64_t i = 0; i < count; i++) {
            const int64_t value = i * 7919 + count;
            const uint64_t hash = mimic__hash64(&value, sizeof value);
            mimic__registers_add(registers, hash);
            mimic__registers_add(registers, hash);
            mimic__registers_add(halves[next() % 2], hash);
        }
        const int64_t estimate = mimic__registers_estimate(registers);
        ck_assert_double_le(fabs((double)(estimate - count)) / (double)count, bound);
        mimic__registers_merge(halves[0], halves[1]);
        ck_assert(memcmp(halves[0], registers, sizeof registers) == 0);
    }
    memset(registers, 0, sizeof registers);
    ck_assert_int_eq(mimic__registers_estimate(registers), 0);
}
END_TEST

static uint64_t random_key(int shape)
{
    switch (shape) {
    case 0:
        return 1000000 + next() % 100000;
    case 1:
        return mimic__key_of_real((double)(1 + next() % 1000000) / 100);
    case 2:
        return mimic__key_of_whole((int64_t)(next() % 2000) - 1000);
    default:
        return next();
    }
}

START_TEST(quality__buckets_know_no_order)
{
    enum { COUNT = 20000 };
    static uint64_t keys[COUNT];
    mimic_context *ctx = context();
    for (int shape = 0; shape < 4; shape++) {
        quality_buckets whole = {0};
        quality_buckets parts[3] = {{0}};
        uint64_t lowest = UINT64_MAX;
        uint64_t highest = 0;
        for (size_t i = 0; i < COUNT; i++) {
            keys[i] = random_key(shape);
            lowest = keys[i] < lowest ? keys[i] : lowest;
            highest = keys[i] > highest ? keys[i] : highest;
            quality_buckets *const part = &parts[next() % 3];
            ck_assert(mimic__buckets_widen(part, ctx, keys[i], keys[i]));
            mimic__buckets_add(part, keys[i], 1);
        }
        for (size_t i = 0; i < 3; i++)
            ck_assert(mimic__buckets_merge(&whole, ctx, &parts[i]));
        ck_assert_uint_eq(whole.lowest, lowest);
        ck_assert_uint_eq(whole.highest, highest);
        ck_assert_uint_lt((highest >> whole.shift) - (lowest >> whole.shift), QUALITY_BUCKETS);
        ck_assert(whole.shift == 0 || (highest >> (whole.shift - 1)) -
                                              (lowest >> (whole.shift - 1)) >= QUALITY_BUCKETS);
        ck_assert_int_eq(whole.total, COUNT);
        for (size_t i = 0; i < COUNT; i++)
            whole.counts[(keys[i] >> whole.shift) - whole.first]--;
        for (size_t i = 0; i < QUALITY_BUCKETS; i++)
            ck_assert_int_eq(whole.counts[i], 0);
        mimic__buckets_free(&whole, ctx);
        for (size_t i = 0; i < 3; i++)
            mimic__buckets_free(&parts[i], ctx);
    }
    mimic_context_free(ctx);
}
END_TEST

/* ---- texts ---- */

START_TEST(quality__texts_are_made_harmless)
{
    static const struct {
        const char *text;
        const char *html;
        const char *plain;
    } cases[] = {
        {"<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;",
         "<script>alert('1')</script>"},
        {"a\"&b", "a&quot;&amp;b", "a\"&b"},
        {"\x1b[31m\x07\tx\n", "\xef\xbf\xbd[31m\xef\xbf\xbd x ", "\xef\xbf\xbd[31m\xef\xbf\xbd x "},
        {"\xe2\x80\xae" "evil\xe2\x80\xac", "\xef\xbf\xbd" "evil\xef\xbf\xbd", "\xef\xbf\xbd" "evil\xef\xbf\xbd"},
        {"\xc2\x85\xef\xbb\xbf", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"caf\xc3\xa9 \xf0\x9f\x99\x82", "caf\xc3\xa9 \xf0\x9f\x99\x82", "caf\xc3\xa9 \xf0\x9f\x99\x82"},
        {"\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"},
    };
    mimic_context *ctx = context();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mimic_buffer out;
        mimic__buffer_init(&out, ctx);
        mimic__escape_html(&out, cases[i].text);
        mimic__buffer_byte(&out, '\0');
        ck_assert_str_eq(out.data, cases[i].html);
        out.size = 0;
        (void)mimic__escape_plain(&out, cases[i].text, SIZE_MAX);
        mimic__buffer_byte(&out, '\0');
        ck_assert_str_eq(out.data, cases[i].plain);
        mimic__buffer_free(&out);
    }
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(quality, quality__real_sums_are_exact, quality__real_sums_know_no_order,
                quality__real_counts_are_repetitions, quality__whole_sums_are_exact,
                quality__distinct_estimate_is_near, quality__buckets_know_no_order,
                quality__texts_are_made_harmless)
