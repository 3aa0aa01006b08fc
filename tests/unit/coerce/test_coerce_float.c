/* Floating point against the C library's strtod and strtof (which glibc rounds correctly; the tests
 * run in the C locale), on known hard cases and on random texts of many shapes. */
#include "check_main.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mimic/coerce.h>

#include "coerce_random.h"

static void check_text(const char *text)
{
    const size_t size = strlen(text);
    double found = 0;
    const mimic_reject_code code = mimic_coerce_float64(text, size, 0, &found);
    const double expected = strtod(text, NULL);
    if (isinf(expected))
        ck_assert_msg(code == MIMIC_REJECT_RANGE, "%s: code %d, not RANGE", text, code);
    else if (code != 0 || memcmp(&found, &expected, sizeof found) != 0)
        ck_abort_msg("%s: code %d, %a, expected %a", text, code, found, expected);
    float found_float = 0;
    const mimic_reject_code code_float = mimic_coerce_float32(text, size, 0, &found_float);
    const float expected_float = strtof(text, NULL);
    if (isinf(expected_float))
        ck_assert_msg(code_float == MIMIC_REJECT_RANGE, "%s: code %d, not RANGE", text, code_float);
    else if (code_float != 0 || memcmp(&found_float, &expected_float, sizeof found_float) != 0)
        ck_abort_msg("%s: code %d, %a, expected %a (float)", text, code_float, (double)found_float,
                     (double)expected_float);
}

START_TEST(coerce_float__hard_cases)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "0.0",
                                        "1",
                                        "-1",
                                        "1.",
                                        ".5",
                                        "-.5",
                                        "+7",
                                        "6.02e23",
                                        "1E5",
                                        "1e+5",
                                        "1e-5",
                                        "9007199254740993",
                                        "9007199254740992",
                                        "9007199254740991",
                                        "9007199254740993.0000000001",
                                        "9007199254740992.9999999999999999999",
                                        "9007199254740995",
                                        "2.2250738585072011e-308",
                                        "2.2250738585072012e-308",
                                        "2.2250738585072014e-308",
                                        "1.7976931348623157e308",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "179769313486231580793e289",
                                        "1e308",
                                        "1e309",
                                        "1e-400",
                                        "1e400",
                                        "4.9e-324",
                                        "5e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "2.4703282292062327208e-324",
                                        "2.4703282292062327209e-324",
                                        "7.4109846876186981e-324",
                                        "1e23",
                                        "1e22",
                                        "8.5899345919999999e9",
                                        "7.7025115740740739",
                                        "49.999998807907104",
                                        "0.1",
                                        "0.2",
                                        "0.3",
                                        "123456789012345678901234567890",
                                        "1e0000000001",
                                        "0e999999999999999999999",
                                        "1e-999999999999999999999",
                                        "0.000000000000000000000000000001e30",
                                        "10000000000000000000000000000000000000000e-40",
                                        "16777217",
                                        "16777219",
                                        "33554435",
                                        "3.4028234663852886e38",
                                        "3.4028235677973366e38",
                                        "3.4028235677973365e38",
                                        "3.4028235677973367e38",
                                        "1.401298464324817e-45",
                                        "7.006492321624085e-46",
                                        "7.0064923216240853e-46",
                                        "7.0064923216240854e-46",
                                        "1.1754943508222875e-38",
                                        "1.1754942807573643e-38",
                                        "5e-46",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "9999999999999999999",
                                        "99999999999999999999",
                                        "0.5",
                                        "0.25",
                                        "1.5e0",
                                        "4503599627370496.5",
                                        "4503599627370497.5",
                                        "4503599627370495.5",
                                        "9223372036854775807",
                                        "9223372036854776833",
                                        "3.3554433e7",
                                        "1.00000017881393432617187499",
                                        "1.00000017881393432617187500",
                                        "1.00000017881393432617187501",
                                        "1.00000005960464477539062499999999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text(texts[i]);
}
END_TEST

START_TEST(coerce_float__refuses_other_forms)
{
    static const char *const texts[] = {"",     " 7 ", "7 ",  " 7",   "1_000", "1,5", "0x10",
                                        "nan",  "inf", "NaN", "INF",  "-INF",  "1e",  "1e+",
                                        "e5",   ".",   "-",   "+",    "--1",   "+-1", "1.2.3",
                                        "1e5.", "1d5", "1f",  "-.e1", "..",    "1 e5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double value = 42;
        float value_float = 42;
        ck_assert_msg(mimic_coerce_float64(texts[i], strlen(texts[i]), 0, &value) ==
                          MIMIC_REJECT_TYPE,
                      "%s was taken", texts[i]);
        ck_assert_int_eq(mimic_coerce_float32(texts[i], strlen(texts[i]), 0, &value_float),
                         MIMIC_REJECT_TYPE);
        ck_assert(value == 42 && value_float == 42);
    }
}
END_TEST

START_TEST(coerce_float__specials_only_where_allowed)
{
    double value = 0;
    float value_float = 0;
    ck_assert_int_eq(mimic_coerce_float64("nAn", 3, 1, &value), 0);
    ck_assert(isnan(value) && !signbit(value));
    ck_assert_int_eq(mimic_coerce_float64("Inf", 3, 1, &value), 0);
    ck_assert(isinf(value) && value > 0);
    ck_assert_int_eq(mimic_coerce_float64("-inf", 4, 1, &value), 0);
    ck_assert(isinf(value) && value < 0);
    ck_assert_int_eq(mimic_coerce_float32("NaN", 3, 1, &value_float), 0);
    ck_assert(isnan(value_float));
    ck_assert_int_eq(mimic_coerce_float32("-INF", 4, 1, &value_float), 0);
    ck_assert(isinf(value_float) && value_float < 0);
    ck_assert_int_eq(mimic_coerce_float64("+INF", 4, 1, &value), MIMIC_REJECT_TYPE);
    ck_assert_int_eq(mimic_coerce_float64("infinity", 8, 1, &value), MIMIC_REJECT_TYPE);
    ck_assert_int_eq(mimic_coerce_float64("-nan", 4, 1, &value), MIMIC_REJECT_TYPE);
}
END_TEST

/* Random digits with a point somewhere and perhaps an exponent. */
static void random_decimal(test_random *random, char *text, size_t max_digits)
{
    static const int exponent_ranges[] = {0, 3, 25, 60, 330};
    char *p = text;
    if (random_below(random, 4) == 0)
        *p++ = '-';
    const size_t digits = 1 + random_below(random, (uint32_t)max_digits);
    const size_t point = random_below(random, (uint32_t)digits * 2);
    for (size_t i = 0; i < digits; i++) {
        if (i == point)
            *p++ = '.';
        *p++ = (char)('0' + random_below(random, 10));
    }
    const int range = exponent_ranges[random_below(random, 5)];
    if (range > 0)
        p += sprintf(p, "e%d", (int)random_below(random, (uint32_t)(2 * range + 1)) - range);
    *p = '\0';
}

/* Random doubles printed with 1 to 20 digits: values that programs write. */
static void random_printed(test_random *random, char *text)
{
    double value;
    do {
        const uint64_t bits = random_word(random);
        memcpy(&value, &bits, sizeof value);
    } while (!isfinite(value));
    if (random_below(random, 2) == 0)
        value = (double)(int64_t)random_word(random) / 1e15;
    sprintf(text, "%.*g", 1 + (int)random_below(random, 20), value);
}

/* The point halfway between two neighbours, exactly, and one unit of a late digit off it. */
static void check_halfway(test_random *random, bool is_float)
{
    static char text[1200];
    double low;
    double half;
    if (is_float) {
        const uint32_t bits = (uint32_t)random_word(random) & 0x7fffffff;
        float value;
        memcpy(&value, &bits, sizeof value);
        const uint32_t next_bits = bits + 1;
        float next;
        memcpy(&next, &next_bits, sizeof next);
        if (!isfinite(value) || !isfinite(next))
            return;
        low = value;
        half = (low + (double)next) / 2; /* exact in a double */
        sprintf(text, "%.160e", half);
    } else {
        uint64_t bits = random_word(random) & INT64_MAX;
        if (random_below(random, 3) == 0)
            bits &= UINT64_C(0x001fffffffffffff);
        memcpy(&low, &bits, sizeof low);
        if (!isfinite(low) || bits < 2)
            return;
        const int exponent = ilogb(low) < -1022 ? -1074 : ilogb(low) - 52;
        sprintf(text, "%.780Le", (long double)low + ldexpl(0.5L, exponent));
    }
    check_text(text);
    char *const digit = strchr(text, 'e') - 1;
    *digit = '1';
    check_text(text);
    char *p = digit;
    for (*p = '0'; p > text; p--) { /* one less: borrow through the zeros */
        if (*p == '.')
            continue;
        if (*p == '0') {
            *p = '9';
        } else {
            (*p)--;
            break;
        }
    }
    check_text(text);
}

START_TEST(coerce_float__random_against_the_c_library)
{
    test_random random = {1};
    static char text[1200];
    for (int i = 0; i < test_rounds(400000); i++) {
        random_decimal(&random, text, 20);
        check_text(text);
        random_printed(&random, text);
        check_text(text);
        random_decimal(&random, text, i % 50 == 0 ? 900 : 40);
        check_text(text);
    }
}
END_TEST

START_TEST(coerce_float__halfway_between_neighbours)
{
    test_random random = {2};
    for (int i = 0; i < test_rounds(10000); i++) {
        check_halfway(&random, false);
        check_halfway(&random, true);
    }
}
END_TEST

MIMIC_TEST_MAIN(coerce_float, coerce_float__hard_cases, coerce_float__refuses_other_forms,
                coerce_float__specials_only_where_allowed,
                coerce_float__random_against_the_c_library,
                coerce_float__halfway_between_neighbours)
