/* Numbers as text: exact examples, and the way there and back over many random values. */
#include "check_main.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mimic/coerce.h>

#include "sink/sink_format.h"

static void expect_float64(double value, const char *expected)
{
    char text[MIMIC_FORMAT_BYTES];
    const size_t size = mimic__format_float64(text, value);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(size, strlen(expected));
}

static void expect_float32(float value, const char *expected)
{
    char text[MIMIC_FORMAT_BYTES];
    ck_assert_uint_eq(mimic__format_float32(text, value), strlen(expected));
    ck_assert_str_eq(text, expected);
}

START_TEST(format__float64_examples)
{
    expect_float64(0.0, "0");
    expect_float64(-0.0, "-0");
    expect_float64(98.0, "98");
    expect_float64(-36.7, "-36.7");
    expect_float64(0.1, "0.1");
    expect_float64(0.05, "0.05");
    expect_float64(0.000001, "0.000001");
    expect_float64(0.1 + 0.2, "0.30000000000000004");
    expect_float64(1.0 / 3.0, "0.3333333333333333");
    expect_float64(999999999999999.0, "999999999999999");
    expect_float64(1e15, "1e+15");
    expect_float64(6.02e23, "6.02e+23");
    expect_float64(5e-324, "5e-324");
    expect_float64(DBL_MAX, "1.7976931348623157e+308");
    expect_float64(DBL_MIN, "2.2250738585072014e-308");
    expect_float64(42.251961231, "42.251961231");
    expect_float64((double)INFINITY, "INF");
    expect_float64(-(double)INFINITY, "-INF");
    expect_float64((double)NAN, "NaN");
}
END_TEST

START_TEST(format__float32_examples)
{
    expect_float32(36.7f, "36.7");
    expect_float32(-0.0f, "-0");
    expect_float32(98.0f, "98");
    expect_float32(16777216.0f, "16777216");
    expect_float32(FLT_MAX, "3.4028235e+38");
    expect_float32(1e-45f, "1e-45");
    expect_float32(1.0f / 3.0f, "0.33333334");
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* No shorter %.*e reads back, and the text itself does. */
static void check_shortest(double value)
{
    char text[MIMIC_FORMAT_BYTES];
    mimic__format_float64(text, value);
    const double back = strtod(text, NULL);
    ck_assert_msg(memcmp(&back, &value, sizeof value) == 0, "%.17g became %s", value, text);
    int digits = 0;
    bool leading = true;
    int zeros = 0; /* zeros at the end do not count */
    for (const char *p = text; *p != '\0' && *p != 'e'; p++) {
        leading &= *p < '1' || *p > '9';
        if (*p >= '0' && *p <= '9' && !leading) {
            zeros = *p == '0' ? zeros + 1 : 0;
            digits++;
        }
    }
    digits -= zeros;
    if (digits > 1) {
        char shorter[64];
        snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
        ck_assert_msg(strtod(shorter, NULL) != value, "%s is shorter than %s", shorter, text);
    }
}

START_TEST(format__float64_is_shortest_and_exact)
{
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        const uint64_t bits = next_random(&state);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_shortest(value);
        check_shortest((double)(int64_t)(bits % 20000001 - 10000000) / 1000);
        check_shortest((double)(bits >> 11) / 1048576);
        check_shortest((double)(bits % 1000000007) / 1e9);
    }
}
END_TEST

START_TEST(format__float32_reads_back)
{
    uint64_t state = 42;
    for (int i = 0; i < 100000; i++) {
        const uint32_t bits = (uint32_t)next_random(&state);
        char text[MIMIC_FORMAT_BYTES];
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        mimic__format_float32(text, value);
        ck_assert_msg(strtof(text, NULL) == value, "%.9g became %s", (double)value, text);
    }
}
END_TEST

START_TEST(format__locale_does_not_matter)
{
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ps_AF.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_NUMERIC, locales[i]) == NULL)
            continue; /* not installed here */
        expect_float64(1.0 / 3.0, "0.3333333333333333");
        expect_float64(1.25e-7, "1.25e-07");
    }
    setlocale(LC_NUMERIC, "C");
}
END_TEST

START_TEST(format__integers)
{
    char text[MIMIC_FORMAT_BYTES];
    static const int64_t values[] = {0, 7, -7, INT64_MAX, INT64_MIN, 1000000};
    static const char *const expected[] = {
        "0", "7", "-7", "9223372036854775807", "-9223372036854775808", "1000000"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        ck_assert_uint_eq(mimic__format_int64(text, values[i]), strlen(expected[i]));
        ck_assert_str_eq(text, expected[i]);
    }
}
END_TEST

static void expect_decimal(uint64_t low, int64_t high, int32_t scale, const char *expected)
{
    char text[MIMIC_FORMAT_BYTES];
    const mimic_int128 value = {.low = low, .high = high};
    ck_assert_uint_eq(mimic__format_decimal(text, &value, scale), strlen(expected));
    ck_assert_str_eq(text, expected);
}

START_TEST(format__decimals)
{
    expect_decimal(0, 0, 0, "0");
    expect_decimal(0, 0, 2, "0.00");
    expect_decimal(5, 0, 3, "0.005");
    expect_decimal(12345, 0, 2, "123.45");
    expect_decimal(12345, 0, 5, "0.12345");
    expect_decimal(12345, 0, 0, "12345");
    expect_decimal(UINT64_MAX, -1, 2, "-0.01");
    expect_decimal(1000000000, 0, 0, "1000000000");
    expect_decimal(0, 1, 0, "18446744073709551616");
    /* 10^38 - 1, the largest of precision 38, and its negative */
    expect_decimal(687399551400673279u, 5421010862427522170, 0,
                   "99999999999999999999999999999999999999");
    expect_decimal(0u - 687399551400673279u, ~INT64_C(5421010862427522170), 38,
                   "-0.99999999999999999999999999999999999999");
}
END_TEST

MIMIC_TEST_MAIN(sink_format, format__float64_examples, format__float32_examples,
                format__float64_is_shortest_and_exact, format__float32_reads_back,
                format__locale_does_not_matter, format__integers, format__decimals)
