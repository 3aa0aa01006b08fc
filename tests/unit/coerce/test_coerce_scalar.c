/* Integers, decimals, booleans, texts and binary: tables of edges, and random texts against oracles
 * that work on the digits as a person would. */
#include "check_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <mimic/coerce.h>

#include "coerce_random.h"

/* ---- integers ---- */

/* Compares a text with a limit by its digits: RANGE when it is longer or larger. */
static mimic_reject_code integer_oracle(const char *text, const char *largest, const char *smallest)
{
    const bool is_negative = text[0] == '-';
    if (text[0] == '-' || text[0] == '+')
        text++;
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
        return MIMIC_REJECT_TYPE;
    text += strspn(text, "0");
    const char *const limit = is_negative ? smallest : largest;
    const size_t size = strlen(text);
    if (size != strlen(limit))
        return size < strlen(limit) ? 0 : MIMIC_REJECT_RANGE;
    return strcmp(text, limit) <= 0 ? 0 : MIMIC_REJECT_RANGE;
}

static void check_integer(const char *text)
{
    const size_t size = strlen(text);
    int16_t small = 77;
    int32_t medium = 77;
    int64_t large = 77;
    const mimic_reject_code codes[] = {mimic_coerce_int16(text, size, &small),
                                       mimic_coerce_int32(text, size, &medium),
                                       mimic_coerce_int64(text, size, &large)};
    const mimic_reject_code expected[] = {
        integer_oracle(text, "32767", "32768"), integer_oracle(text, "2147483647", "2147483648"),
        integer_oracle(text, "9223372036854775807", "9223372036854775808")};
    const int64_t values[] = {small, medium, large};
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(codes[i] == expected[i], "\"%s\" %d: code %d", text, i, codes[i]);
        ck_assert_msg(values[i] == (codes[i] == 0 ? strtoll(text, NULL, 10) : 77), "\"%s\" %d",
                      text, i);
    }
}

START_TEST(coerce_integer__edges)
{
    static const char *const texts[] = {"",
                                        "+",
                                        "-",
                                        "0",
                                        "-0",
                                        "+0",
                                        "007",
                                        "+7",
                                        "-012",
                                        "2.5",
                                        "7.0",
                                        " 7 ",
                                        "7 ",
                                        " 7",
                                        "1_000",
                                        "1,000",
                                        "1e3",
                                        "0x10",
                                        "nan",
                                        "32767",
                                        "32768",
                                        "-32768",
                                        "-32769",
                                        "2147483647",
                                        "2147483648",
                                        "-2147483648",
                                        "-2147483649",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551616",
                                        "99999999999999999999",
                                        "99999999999999999999x",
                                        "00000000000000000000000000000000001",
                                        "--1",
                                        "+-1",
                                        "1-",
                                        "12345678",
                                        "123456789",
                                        "1234567a",
                                        "\xd9\xa1"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_integer(texts[i]);
    for (int value = -70000; value <= 70000; value++) {
        char text[16];
        sprintf(text, "%d", value);
        check_integer(text);
    }
}
END_TEST

START_TEST(coerce_integer__random)
{
    test_random random = {11};
    for (int i = 0; i < test_rounds(300000); i++) {
        char text[40];
        char *p = text;
        if (random_below(&random, 3) == 0)
            *p++ = "+-"[random_below(&random, 2)];
        const uint32_t digits = random_below(&random, 24);
        for (uint32_t k = 0; k < digits; k++)
            *p++ = "0123456789012345678901234567890123456789x. "[random_below(&random, 43)];
        *p = '\0';
        check_integer(text);
    }
}
END_TEST

/* ---- decimals ---- */

/* The digits written out without an exponent, 200 before the point and 200 behind it. */
static mimic_reject_code decimal_oracle(const char *text, int precision, int scale, char *out)
{
    char places[401];
    memset(places, '0', 400);
    places[400] = '\0';
    const bool is_negative = text[0] == '-';
    text += text[0] == '-' || text[0] == '+';
    char *end;
    const char *const exponent_at = strpbrk(text, "eE");
    const long exponent = exponent_at == NULL ? 0 : strtol(exponent_at + 1, &end, 10);
    const size_t size = exponent_at == NULL ? strlen(text) : (size_t)(exponent_at - text);
    const char *const point = memchr(text, '.', size);
    long place = 200 - (long)(point == NULL ? size : (size_t)(point - text)) - exponent;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '.')
            places[place++] = text[i];
    for (int i = 0; i < 200 - (precision - scale); i++)
        if (places[i] != '0')
            return MIMIC_REJECT_RANGE;
    for (int i = 200 + scale; i < 400; i++)
        if (places[i] != '0')
            return MIMIC_REJECT_PRECISION;
    const char *first = places + 200 - (precision - scale);
    places[200 + scale] = '\0';
    first += strspn(first, "0");
    sprintf(out, "%s%s", is_negative && *first != '\0' ? "-" : "", *first == '\0' ? "0" : first);
    return 0;
}

/* The 128-bit integer as text, by long division of its 32-bit parts. */
static void format_wide(mimic_int128 value, char *out)
{
    uint64_t high = (uint64_t)value.high;
    uint64_t low = value.low;
    const bool is_negative = value.high < 0;
    if (is_negative) {
        low = ~low + 1;
        high = ~high + (low == 0);
    }
    char digits[48];
    size_t count = 0;
    do {
        uint32_t parts[4] = {(uint32_t)(high >> 32), (uint32_t)high, (uint32_t)(low >> 32),
                             (uint32_t)low};
        uint64_t rest = 0;
        for (int i = 0; i < 4; i++) {
            rest = rest << 32 | parts[i];
            parts[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        digits[count++] = (char)('0' + rest);
        high = (uint64_t)parts[0] << 32 | parts[1];
        low = (uint64_t)parts[2] << 32 | parts[3];
    } while ((high | low) != 0);
    if (is_negative)
        *out++ = '-';
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
}

static void check_decimal(const char *text, int precision, int scale)
{
    mimic_int128 value = {0, 0};
    char expected[80] = "";
    char found[80] = "";
    const mimic_reject_code code =
        mimic_coerce_decimal(text, strlen(text), precision, scale, &value);
    const mimic_reject_code expected_code = decimal_oracle(text, precision, scale, expected);
    ck_assert_msg(code == expected_code, "%s as decimal(%d,%d): code %d, expected %d", text,
                  precision, scale, code, expected_code);
    if (code == 0) {
        format_wide(value, found);
        ck_assert_msg(strcmp(found, expected) == 0, "%s as decimal(%d,%d): %s, expected %s", text,
                      precision, scale, found, expected);
    }
}

START_TEST(coerce_decimal__edges)
{
    check_decimal("1.2345", 6, 3);
    check_decimal("1.2340", 6, 3);
    check_decimal("1234.5", 6, 3);
    check_decimal("999.999", 6, 3);
    check_decimal("-999.999", 6, 3);
    check_decimal("1000", 6, 3);
    check_decimal("1e2", 6, 3);
    check_decimal("1e3", 6, 3);
    check_decimal("1e-3", 6, 3);
    check_decimal("1e-4", 6, 3);
    check_decimal("0e100", 6, 3);
    check_decimal("0.000000", 6, 3);
    check_decimal("-0", 6, 3);
    check_decimal(".5", 1, 1);
    check_decimal("5.", 1, 0);
    check_decimal("99999999999999999999999999999999999999", 38, 0);
    check_decimal("-99999999999999999999999999999999999999", 38, 0);
    check_decimal("100000000000000000000000000000000000000", 38, 0);
    check_decimal("0.99999999999999999999999999999999999999", 38, 38);
    check_decimal("18446744073709551615", 38, 0);
    check_decimal("18446744073709551616", 38, 0);
    static const char *const others[] = {"",    ".",  "-",   "e5",  "1e",  "1.2.3", "nan",
                                         "INF", " 7", "1_0", "1,0", "0x1", "1e5.5"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        mimic_int128 value = {7, 7};
        ck_assert_int_eq(mimic_coerce_decimal(others[i], strlen(others[i]), 18, 2, &value),
                         MIMIC_REJECT_TYPE);
        ck_assert(value.low == 7 && value.high == 7);
    }
    mimic_int128 value = {7, 7};
    ck_assert_int_eq(mimic_coerce_decimal("1e99999999999999999999", 22, 18, 2, &value),
                     MIMIC_REJECT_RANGE);
    ck_assert_int_eq(mimic_coerce_decimal("1e-99999999999999999999", 23, 18, 2, &value),
                     MIMIC_REJECT_PRECISION);
}
END_TEST

START_TEST(coerce_decimal__random)
{
    test_random random = {12};
    for (int i = 0; i < test_rounds(200000); i++) {
        char text[100];
        char *p = text;
        const int precision = 1 + (int)random_below(&random, 38);
        const int scale = (int)random_below(&random, (uint32_t)precision + 1);
        if (random_below(&random, 3) == 0)
            *p++ = "+-"[random_below(&random, 2)];
        const uint32_t digits = 1 + random_below(&random, 40);
        const uint32_t point = random_below(&random, digits * 2);
        for (uint32_t k = 0; k < digits; k++) {
            if (k == point)
                *p++ = '.';
            *p++ = "0001234567890"[random_below(&random, 13)];
        }
        *p = '\0';
        if (random_below(&random, 3) == 0)
            sprintf(p, "e%d", (int)random_below(&random, 60) - 30);
        check_decimal(text, precision, scale);
    }
}
END_TEST

/* ---- boolean, text, binary ---- */

START_TEST(coerce_boolean__spellings)
{
    static const char *const yes[] = {"true", "True", "TRUE", "1"};
    static const char *const no[] = {"false", "False", "FALSE", "0"};
    static const char *const others[] = {"", "yes", "t", "tRUE", "01", " 1", "2", "truee", "F"};
    for (size_t i = 0; i < 4; i++) {
        int value = 5;
        ck_assert_int_eq(mimic_coerce_boolean(yes[i], strlen(yes[i]), &value), 0);
        ck_assert_int_eq(value, 1);
        ck_assert_int_eq(mimic_coerce_boolean(no[i], strlen(no[i]), &value), 0);
        ck_assert_int_eq(value, 0);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int value = 5;
        ck_assert_int_eq(mimic_coerce_boolean(others[i], strlen(others[i]), &value),
                         MIMIC_REJECT_TYPE);
        ck_assert_int_eq(value, 5);
    }
}
END_TEST

START_TEST(coerce_string__lengths_count_characters)
{
    ck_assert_int_eq(mimic_coerce_string("", 0, -1, -1), 0);
    ck_assert_int_eq(mimic_coerce_string("", 0, 1, -1), MIMIC_REJECT_LENGTH);
    ck_assert_int_eq(mimic_coerce_string("\xc3\xa4\xc3\xb6", 4, 2, 2), 0);
    ck_assert_int_eq(mimic_coerce_string("\xc3\xa4\xc3\xb6", 4, -1, 1), MIMIC_REJECT_LENGTH);
    ck_assert_int_eq(mimic_coerce_string("abc", 3, 4, -1), MIMIC_REJECT_LENGTH);
    ck_assert_int_eq(mimic_coerce_string("a\0b", 3, -1, -1), MIMIC_REJECT_NUL);
    ck_assert_int_eq(mimic_coerce_string("\xc3", 1, -1, -1), MIMIC_REJECT_UTF8);
    ck_assert_int_eq(mimic_coerce_string("\xed\xa0\x80", 3, -1, -1), MIMIC_REJECT_UTF8);
}
END_TEST

START_TEST(coerce_binary__round_trip_and_refusals)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    test_random random = {13};
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[64];
        uint8_t decoded[64];
        char text[100];
        size_t text_size = 0;
        const size_t size = random_below(&random, 60);
        for (size_t k = 0; k < size; k++)
            bytes[k] = (uint8_t)random_word(&random);
        for (size_t k = 0; k < size; k += 3) {
            const size_t left = size - k;
            const uint32_t group = (uint32_t)bytes[k] << 16 |
                                   (left > 1 ? (uint32_t)bytes[k + 1] << 8 : 0) |
                                   (left > 2 ? bytes[k + 2] : 0);
            text[text_size++] = alphabet[group >> 18];
            text[text_size++] = alphabet[group >> 12 & 63];
            text[text_size++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
            text[text_size++] = left > 2 ? alphabet[group & 63] : '=';
        }
        size_t decoded_size = 99;
        ck_assert_int_eq(mimic_coerce_binary(text, text_size, decoded, &decoded_size), 0);
        ck_assert(decoded_size == size && memcmp(decoded, bytes, size) == 0);
    }
    static const char *const others[] = {"A",    "AA",   "AAA",      "A===", "====", "AA=A",
                                         "AB==", "AAB=", "AA==AAAA", "AA A", "AA-_", "QUJD\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t decoded[16];
        size_t size = 0;
        ck_assert_msg(mimic_coerce_binary(others[i], strlen(others[i]), decoded, &size) ==
                          MIMIC_REJECT_TYPE,
                      "%s was taken", others[i]);
    }
}
END_TEST

START_TEST(coerce_names__of_reject_codes)
{
    ck_assert_str_eq(mimic_reject_code_name(MIMIC_REJECT_FIELD_COUNT), "field_count");
    ck_assert_str_eq(mimic_reject_code_name(MIMIC_REJECT_SINK), "sink");
    ck_assert_str_eq(mimic_reject_code_name(0), "unknown");
    ck_assert_str_eq(mimic_reject_code_name(-1), "unknown");
}
END_TEST

MIMIC_TEST_MAIN(coerce_scalar, coerce_integer__edges, coerce_integer__random, coerce_decimal__edges,
                coerce_decimal__random, coerce_boolean__spellings,
                coerce_string__lengths_count_characters, coerce_binary__round_trip_and_refusals,
                coerce_names__of_reject_codes)
