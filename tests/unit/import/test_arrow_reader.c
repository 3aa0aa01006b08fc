/*
 * The Arrow reader on columns made by hand: every type that it accepts, into the fields that it fits,
 * with what a schema without a table says of it.
 */
#include <math.h>

#include "arrow_case.h"

START_TEST(arrow_reader__plain_columns)
{
    set_up();
    for (hand_pad = 0; hand_pad < 12; hand_pad += 5) {
        hand_stream h = {0};
        hand_column(&h, "A", "i", HAND_NULLABLE);
        hand_column(&h, "b", "g", HAND_NULLABLE);
        hand_column(&h, "c", "u", HAND_NULLABLE);
        h.values[hand_column(&h, "d", "c", HAND_NULLABLE)] = "u";
        struct ArrowArray *rows = hand_rows(&h, 3);
        hand_fixed(rows, 0, (int32_t[]){1, -2, 3}, 4, "v.v");
        hand_fixed(rows, 1, (double[]){0.5, -0.25, 1e300}, 8, NULL);
        hand_texts(rows, 2, (const char *[]){"x", NULL, ""}, 4);
        hand_coded(rows, 3, (int8_t[]){1, 0, 1}, 1, "vv.", (const char *[]){"no", "yes"}, 2);
        rows = hand_rows(&h, 0);
        hand_fixed(rows, 0, "", 4, NULL);
        hand_fixed(rows, 1, "", 8, NULL);
        hand_texts(rows, 2, NULL, 4);
        hand_coded(rows, 3, "", 1, NULL, NULL, 0);
        rows = hand_rows(&h, 1);
        hand_fixed(rows, 0, (int32_t[]){7}, 4, NULL);
        hand_fixed(rows, 1, (double[]){7}, 8, ".");
        hand_texts(rows, 2, (const char *[]){"say \"hi\", \n"}, 4);
        hand_coded(rows, 3, (int8_t[]){0}, 1, NULL, (const char *[]){"yes"}, 1);
        expect(&h, PLAIN, NULL,
               "1|0.5|<x>|<yes>\nNULL|-0.25|NULL|<no>\n3|1.0000000000000001e+300|<>|NULL\n"
               "7|NULL|<say \"hi\", \n>|<yes>\n4 = 4 + 0 + 0\n");
    }
    tear_down();
}
END_TEST


/* ---- one column of every type into fields of every type ---- */

typedef void (*column_maker)(struct ArrowArray *rows);

/* Reads `length` rows of one column under several paddings, and compares. */
static void check_column(const char *format, int64_t length, column_maker make, const char *schema,
                         const char *wanted)
{
    static const int64_t pads[] = {0, 1, 8, 13};
    for (size_t i = 0; i < sizeof pads / sizeof pads[0]; i++) {
        hand_stream h = {0};
        hand_pad = pads[i];
        hand_column(&h, "v", format, HAND_NULLABLE);
        make(hand_rows(&h, length));
        expect(&h, schema, NULL, wanted);
    }
    hand_pad = 0;
}

#define MAKER(name, type, valid, ...)                                                              \
    static void name(struct ArrowArray *rows)                                                      \
    {                                                                                              \
        const type values[] = {__VA_ARGS__};                                                       \
        ck_assert_int_eq((int)rows->length, (int)(sizeof values / sizeof values[0]));              \
        hand_fixed(rows, 0, values, sizeof values[0], valid);                                      \
    }

MAKER(make_int8, int8_t, "vvv.", -128, 127, 0, 99)
MAKER(make_uint8, uint8_t, NULL, 0, 255)
MAKER(make_int16, int16_t, ".vv", 1, -32768, 32767)
MAKER(make_uint16, uint16_t, NULL, 1, 65535, 32767)
MAKER(make_int32, int32_t, "vv.", INT32_MIN, INT32_MAX, 1)
MAKER(make_uint32, uint32_t, NULL, 7, UINT32_MAX)
MAKER(make_int64, int64_t, "vvv.", INT64_MIN, 32768, INT64_MAX, 0)
MAKER(make_uint64, uint64_t, NULL, 1, UINT64_MAX)
MAKER(make_half, uint16_t, "vvvvv.", 0x3c00, 0xc000, 0x2e66, 0x0001, 0x7bff, 0x7c00)
MAKER(make_float, float, "vvv.", 0.1f, -2, 3e38f, 1)
MAKER(make_double, double, "vvvvv.", 0.1, -3, 1e300, 9007199254740993.0, 2.5, 1)
MAKER(make_special, double, NULL, (double)NAN, (double)INFINITY, 1)
MAKER(make_date32, int32_t, "vv.v", 0, -719162, 5, 2932897)
MAKER(make_date64, int64_t, "vv.", 86400000, 86400001, 1)
MAKER(make_time_s, int32_t, NULL, 0, 86399, 86400)
MAKER(make_time_ns, int64_t, NULL, 1000, 1)
MAKER(make_stamp_s, int64_t, "vvv.", 0, -1, INT64_MAX, 1)
MAKER(make_stamp_ms, int64_t, NULL, -1, 86400000)
MAKER(make_stamp_ns, int64_t, NULL, 1500, 1501, -1000)

static void make_bits(struct ArrowArray *rows)
{
    hand_bits(rows, 0, "10.1");
}

START_TEST(arrow_reader__integers_of_any_width)
{
    set_up();
    check_column("c", 4, make_int8, one_field("integer", "int16", ""),
                 "-128\n127\n0\nNULL\n4 = 4 + 0 + 0\n");
    check_column("C", 2, make_uint8, one_field("integer", "int64", ""), "0\n255\n2 = 2 + 0 + 0\n");
    check_column("s", 3, make_int16, one_field("integer", "int16", ""),
                 "NULL\n-32768\n32767\n3 = 3 + 0 + 0\n");
    check_column("S", 3, make_uint16, one_field("integer", "int16", ""),
                 "reject range row 2 column 'v' raw '65535': \"65535\" does not fit into int16 "
                 "(-32768 to 32767)\n1\n32767\n3 = 2 + 1 + 0\n");
    check_column("i", 3, make_int32, one_field("integer", "int32", ""),
                 "-2147483648\n2147483647\nNULL\n3 = 3 + 0 + 0\n");
    check_column("I", 2, make_uint32, one_field("integer", "int32", ""),
                 "reject range row 2 column 'v' raw '4294967295': \"4294967295\" does not fit into "
                 "int32 (-2147483648 to 2147483647)\n7\n2 = 1 + 1 + 0\n");
    check_column("l", 4, make_int64, one_field("integer", "int64", ""),
                 "-9223372036854775808\n32768\n9223372036854775807\nNULL\n4 = 4 + 0 + 0\n");
    check_column("L", 2, make_uint64, one_field("integer", "int64", ""),
                 "reject range row 2 column 'v' raw '18446744073709551615': "
                 "\"18446744073709551615\" does not fit into int64 (-9223372036854775808 to "
                 "9223372036854775807)\n1\n2 = 1 + 1 + 0\n");
    check_column("L", 2, make_uint64, one_field("number", "float64", ""),
                 "1\n1.8446744073709552e+19\n2 = 2 + 0 + 0\n");
    check_column("c", 4, make_int8, one_field("number", "float32", ""),
                 "-128\n127\n0\nNULL\n4 = 4 + 0 + 0\n");
    check_column("c", 4, make_int8, one_field("string", "string", ""),
                 "<-128>\n<127>\n<0>\nNULL\n4 = 4 + 0 + 0\n");
    check_column("C", 2, make_uint8, one_field("boolean", "boolean", ""),
                 "reject type row 2 column 'v' raw '255': \"255\" is not a boolean (true, false, 1, "
                 "0)\nfalse\n2 = 1 + 1 + 0\n");
    check_column("b", 4, make_bits, one_field("boolean", "boolean", ""),
                 "true\nfalse\nNULL\ntrue\n4 = 4 + 0 + 0\n");
    check_column("b", 4, make_bits, one_field("integer", "int16", ""),
                 "1\n0\nNULL\n1\n4 = 4 + 0 + 0\n");
    check_column("b", 4, make_bits, one_field("string", "categorical", ""),
                 "<true>\n<false>\nNULL\n<true>\n4 = 4 + 0 + 0\n");
    check_column("s", 3, make_int16, one_field("year", "int16", ""),
                 "reject type row 2 column 'v' raw '-32768': \"-32768\" is not a year\n"
                 "reject type row 3 column 'v' raw '32767': \"32767\" is not a year\n"
                 "NULL\n3 = 1 + 2 + 0\n");
    tear_down();
}
END_TEST

START_TEST(arrow_reader__floats)
{
    set_up();
    check_column("e", 6, make_half, one_field("number", "float64", ""),
                 "1\n-2\n0.0999755859375\n5.9604644775390625e-08\n65504\nNULL\n6 = 6 + 0 + 0\n");
    check_column("f", 4, make_float, one_field("number", "float32", ""),
                 "0.100000001\n-2\n3.00000001e+38\nNULL\n4 = 4 + 0 + 0\n");
    check_column("f", 4, make_float, one_field("string", "string", ""),
                 "<0.1>\n<-2>\n<3e+38>\nNULL\n4 = 4 + 0 + 0\n");
    check_column("g", 6, make_double, one_field("number", "float32", ""),
                 "reject range row 3 column 'v' raw '1e+300': \"1e+300\" does not fit into float32\n"
                 "0.100000001\n-3\n9.00719925e+15\n2.5\nNULL\n6 = 5 + 1 + 0\n");
    check_column("g", 6, make_double, one_field("integer", "int64", ""),
                 "reject type row 1 column 'v' raw '0.1': \"0.1\" is not an int64\n"
                 "reject range row 3 column 'v' raw '1e+300': \"1e+300\" does not fit into int64 "
                 "(-9223372036854775808 to 9223372036854775807)\n"
                 "reject type row 5 column 'v' raw '2.5': \"2.5\" is not an int64\n"
                 "-3\n9007199254740992\nNULL\n6 = 3 + 3 + 0\n");
    check_column("g", 3, make_special, one_field("number", "float64", ""),
                 "reject type row 1 column 'v' raw 'NaN': \"NaN\" is not a float64\n"
                 "reject type row 2 column 'v' raw 'INF': \"INF\" is not a float64\n"
                 "1\n3 = 1 + 2 + 0\n");
    check_column("g", 3, make_special, NULL, "nan\ninf\n1\n3 = 3 + 0 + 0\n");
    tear_down();
}
END_TEST

START_TEST(arrow_reader__dates_and_times)
{
    set_up();
    check_column("tdD", 4, make_date32, one_field("date", "date", ""),
                 "reject range row 4 column 'v' raw '2932897': \"2932897\" names a day or time that "
                 "does not exist\n1970-01-01\n0001-01-01\nNULL\n4 = 3 + 1 + 0\n");
    check_column("tdm", 3, make_date64, one_field("date", "date", ""),
                 "reject precision row 2 column 'v' raw '1970-01-02T00:00:00.001': "
                 "\"1970-01-02T00:00:00.001\" has a time of day, which a date does not keep\n"
                 "1970-01-02\nNULL\n3 = 2 + 1 + 0\n");
    check_column("tts", 3, make_time_s, one_field("time", "time", ""),
                 "reject range row 3 column 'v' raw '86400': \"86400\" names a day or time that "
                 "does not exist\n00:00:00\n23:59:59\n3 = 2 + 1 + 0\n");
    check_column("ttn", 2, make_time_ns, one_field("time", "time", ""),
                 "reject precision row 2 column 'v' raw '00:00:00.000000001': "
                 "\"00:00:00.000000001\" is finer than microseconds\n00:00:00.000001\n"
                 "2 = 1 + 1 + 0\n");
    check_column("tss:", 4, make_stamp_s, one_field("datetime", "timestamp", ""),
                 "reject range row 3 column 'v' raw '9223372036854775807': \"9223372036854775807\" "
                 "names a day or time that does not exist\n"
                 "1970-01-01 00:00:00\n1969-12-31 23:59:59\nNULL\n4 = 3 + 1 + 0\n");
    check_column("tsm:", 2, make_stamp_ms, one_field("date", "date", ""),
                 "reject precision row 1 column 'v' raw '1969-12-31T23:59:59.999': "
                 "\"1969-12-31T23:59:59.999\" has a time of day, which a date does not keep\n"
                 "1970-01-02\n2 = 1 + 1 + 0\n");
    check_column("tsn:", 3, make_stamp_ns, one_field("datetime", "timestamp", ""),
                 "reject precision row 1 column 'v' raw '1970-01-01T00:00:00.0000015': "
                 "\"1970-01-01T00:00:00.0000015\" is finer than microseconds\n"
                 "reject precision row 2 column 'v' raw '1970-01-01T00:00:00.000001501': "
                 "\"1970-01-01T00:00:00.000001501\" is finer than microseconds\n"
                 "1969-12-31 23:59:59.999999\n3 = 1 + 2 + 0\n");
    check_column("tsu:UTC", 3, make_stamp_ns, one_field("datetime", "timestamptz", ""),
                 "1970-01-01 00:00:00.0015\n1970-01-01 00:00:00.001501\n"
                 "1969-12-31 23:59:59.999\n3 = 3 + 0 + 0\n");
    check_column("tsu:Europe/Vienna", 3, make_stamp_ns, one_field("string", "string", ""),
                 "<1970-01-01T00:00:00.0015Z>\n<1970-01-01T00:00:00.001501Z>\n"
                 "<1969-12-31T23:59:59.999Z>\n3 = 3 + 0 + 0\n");
    check_column("tdD", 4, make_date32, one_field("datetime", "timestamp", ""),
                 "reject range row 4 column 'v' raw '2932897': \"2932897\" names a day or time that "
                 "does not exist\n1970-01-01 00:00:00\n0001-01-01 00:00:00\nNULL\n4 = 3 + 1 + 0\n");
    check_column("tdD", 4, make_date32, one_field("string", "string", ""),
                 "reject range row 4 column 'v' raw '2932897': \"2932897\" names a day or time that "
                 "does not exist\n<1970-01-01>\n<0001-01-01>\nNULL\n4 = 3 + 1 + 0\n");
    check_column("tsu:UTC", 3, make_stamp_ns, one_field("datetime", "timestamp", ""),
                 "MIMIC_ERR_DRIFT: <arrow>: column \"v\" has the Arrow type \"tsu:UTC\", whose values "
                 "can never be of type timestamp; say which local time is meant by taking its zone "
                 "away\n");
    check_column("tsu:", 3, make_stamp_ns, one_field("datetime", "timestamptz", ""),
                 "MIMIC_ERR_DRIFT: <arrow>: column \"v\" has the Arrow type \"tsu:\", whose values can "
                 "never be of type timestamptz; say which moments are meant by giving it a zone\n");
    tear_down();
}
END_TEST

/* ---- texts, bytes, decimals ---- */

static const char *const some_texts[] = {"7", NULL, "", "a \"quoted\" text of some length", "\"", "x"};

static void make_utf8(struct ArrowArray *rows)
{
    hand_texts(rows, 0, some_texts, 4);
}

static void make_large(struct ArrowArray *rows)
{
    hand_texts(rows, 0, some_texts, 8);
}

static void make_views(struct ArrowArray *rows)
{
    hand_views(rows, 0, some_texts);
}

static void make_coded(struct ArrowArray *rows)
{
    hand_coded(rows, 0, (uint16_t[]){0, 0, 1, 2, 3, 4}, 2, "v.vvvv",
               (const char *[]){"7", "", "a \"quoted\" text of some length", "\"", "x"}, 5);
}

static void make_coded_null(struct ArrowArray *rows)
{
    hand_coded(rows, 0, (int64_t[]){0, 1, 0}, 8, NULL, (const char *[]){"7", NULL}, 2);
}

static void make_bad_texts(struct ArrowArray *rows)
{
    static const char *const texts[] = {"fine", "\xff\xfe", "nu\0l", "e\xcc\x81"};
    static const size_t sizes[] = {4, 2, 4, 3};
    hand_fill_texts(rows->children[0], rows->length, texts, sizes, 4);
}

static void make_numbers(struct ArrowArray *rows)
{
    hand_texts(rows, 0, (const char *[]){"7", "", "NA", "0x7", "-5", "99999999999"}, 4);
}

START_TEST(arrow_reader__texts)
{
    static const char *const wanted =
        "<7>\nNULL\n<>\n<a \"quoted\" text of some length>\n<\">\n<x>\n6 = 6 + 0 + 0\n";
    static const struct {
        const char *format;
        column_maker make;
    } forms[] = {{"u", make_utf8}, {"U", make_large}, {"vu", make_views}};
    set_up();
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        check_column(forms[i].format, 6, forms[i].make, one_field("string", "string", ""), wanted);
        check_column(forms[i].format, 6, forms[i].make, one_field("string", "categorical", ""),
                     wanted);
        check_column(forms[i].format, 6, forms[i].make, NULL, wanted);
        check_column(forms[i].format, 6, forms[i].make,
                     one_field("string", "string", "\"missingValues\":[\"\",\"x\"]"), wanted);
    }
    check_column("u", 4, make_bad_texts, one_field("string", "string", ""),
                 "reject utf8 row 2 column 'v' raw '\xff\xfe': \"\\xff\\xfe\": utf8\n"
                 "reject nul row 3 column 'v' raw 'nu': \"nu\\x00l\": nul\n"
                 "<fine>\n<e\xcc\x81>\n4 = 2 + 2 + 0\n");
    /* Read as CSV would be: the field's missing values are NULL. */
    check_column("u", 6, make_numbers,
                 one_field("integer", "int32", "\"missingValues\":[\"\",\"NA\"]"),
                 "reject type row 4 column 'v' raw '0x7': \"0x7\" is not an int32\n"
                 "reject range row 6 column 'v' raw '99999999999': \"99999999999\" does not fit into "
                 "int32 (-2147483648 to 2147483647)\n7\nNULL\nNULL\n-5\n6 = 4 + 2 + 0\n");
    check_column("u", 6, make_numbers, one_field("integer", "int64", "\"missingValues\":[\"NA\"]"),
                 "reject type row 2 column 'v' raw '\"\"': an empty text is not an int64\n"
                 "reject type row 4 column 'v' raw '0x7': \"0x7\" is not an int64\n"
                 "7\nNULL\n-5\n99999999999\n6 = 4 + 2 + 0\n");
    tear_down();
}
END_TEST

static void make_lines(struct ArrowArray *rows)
{
    hand_texts(rows, 0, (const char *[]){"a\r", "\r\n", " b ", "\n", "\"c\"\r", "d\"\"e,"}, 4);
}

START_TEST(arrow_reader__texts_that_csv_would_change)
{
    set_up();
    check_column("u", 6, make_lines, one_field("string", "string", ""),
                 "<a\r>\n<\r\n>\n< b >\n<\n>\n<\"c\"\r>\n<d\"\"e,>\n6 = 6 + 0 + 0\n");
    tear_down();
}
END_TEST

/* A stream of one coded column; `values` is the dictionary's format. */
static void check_coded(const char *codes, int64_t length, column_maker make, const char *schema,
                        const char *wanted)
{
    for (hand_pad = 0; hand_pad < 10; hand_pad += 9) {
        hand_stream h = {0};
        h.values[hand_column(&h, "v", codes, HAND_NULLABLE)] = "u";
        make(hand_rows(&h, length));
        expect(&h, schema, NULL, wanted);
    }
    hand_pad = 0;
}

START_TEST(arrow_reader__dictionaries)
{
    static const char *const wanted =
        "<7>\nNULL\n<>\n<a \"quoted\" text of some length>\n<\">\n<x>\n6 = 6 + 0 + 0\n";
    set_up();
    check_coded("S", 6, make_coded, one_field("string", "categorical", ""), wanted);
    check_coded("S", 6, make_coded, one_field("string", "string", ""), wanted);
    check_coded("S", 6, make_coded, NULL, wanted);
    check_coded("l", 3, make_coded_null, one_field("integer", "int32", ""),
                "7\nNULL\n7\n3 = 3 + 0 + 0\n");
    /* Another dictionary in the next array, and codes of no text. */
    hand_stream h = {0};
    h.values[hand_column(&h, "v", "i", HAND_NULLABLE)] = "u";
    hand_coded(hand_rows(&h, 2), 0, (int32_t[]){1, 0}, 4, NULL, (const char *[]){"a", "b"}, 2);
    hand_coded(hand_rows(&h, 2), 0, (int32_t[]){1, 0}, 4, NULL, (const char *[]){"b", "c"}, 2);
    hand_coded(hand_rows(&h, 1), 0, (int32_t[]){2}, 4, NULL, (const char *[]){"b", "c"}, 2);
    expect(&h, one_field("string", "categorical", ""), NULL,
           "<b>\n<a>\n<c>\n<b>\nMIMIC_ERR_CORRUPT: <arrow> is no sound Arrow stream: column \"v\" has a "
           "value that lies outside of it\n4 = 4 + 0 + 0\n");
    tear_down();
}
END_TEST

/* Values of `words` words each, the lowest first, into the order of the machine. */
static void put_words(uint64_t *values, size_t count, size_t words)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < count; i += words)
        for (size_t j = 0; j < words / 2; j++) {
            const uint64_t low = values[i + j];
            values[i + j] = values[i + words - 1 - j];
            values[i + words - 1 - j] = low;
        }
#endif
    (void)values, (void)count, (void)words;
}

static void make_decimal128(struct ArrowArray *rows)
{
    /* 12.30, -0.01, 10^20, NULL as decimal(38,2) */
    uint64_t values[] = {1230,       0,          UINT64_MAX, UINT64_MAX,
                         UINT64_C(1864712049423024128), 542, 7, 7};
    put_words(values, 8, 2);
    hand_fixed(rows, 0, values, 16, "vvv.");
}

static void make_decimal256(struct ArrowArray *rows)
{
    uint64_t values[] = {250, 0, 0, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                         0,   0, 0, 1};
    put_words(values, 12, 4);
    hand_fixed(rows, 0, values, 32, NULL);
}

MAKER(make_decimal32, int32_t, NULL, 500, -1)

static void make_bytes(struct ArrowArray *rows)
{
    static const char *const values[] = {"\xff\x01\x80", "", NULL, "abcd"};
    static const size_t sizes[] = {3, 0, 0, 4};
    hand_fill_texts(rows->children[0], rows->length, values, sizes, 4);
}

static void make_fixed_bytes(struct ArrowArray *rows)
{
    hand_fixed(rows, 0, "abcdef", 3, NULL);
}

static void make_nothing(struct ArrowArray *rows)
{
    hand_array(rows->children[0], rows->length, 0);
    rows->children[0]->offset = hand_pad;
    rows->children[0]->null_count = rows->length;
}

START_TEST(arrow_reader__decimals_bytes_and_nothing)
{
    set_up();
    check_column("d:38,2", 4, make_decimal128,
                 "{\"fields\":[{\"name\":\"v\",\"type\":\"string\"}]}",
                 "<12.30>\n<-0.01>\n<100000000000000000000.00>\nNULL\n4 = 4 + 0 + 0\n");
    check_column("d:38,2", 4, make_decimal128,
                 one_field("number", "decimal(5,2)", ""),
                 "reject range row 3 column 'v' raw '100000000000000000000.00': "
                 "\"100000000000000000000.00\" does not fit into decimal(5,2)\n"
                 "1230/2\n-1/2\nNULL\n4 = 3 + 1 + 0\n");
    check_column("d:38,2", 4, make_decimal128,
                 one_field("number", "decimal(38,1)", ""),
                 "reject precision row 2 column 'v' raw '-0.01': \"-0.01\" has more digits than "
                 "decimal(38,1) keeps\n123/1\n3875820019684212736/1\nNULL\n4 = 3 + 1 + 0\n");
    check_column("d:76,2,256", 3, make_decimal256, one_field("number", "float64", ""),
                 "2.5\n-0.01\n6.2771017353866809e+55\n3 = 3 + 0 + 0\n");
    check_column("d:9,2,32", 2, make_decimal32, one_field("integer", "int16", ""),
                 "reject type row 2 column 'v' raw '-0.01': \"-0.01\" is not an int16\n"
                 "5\n2 = 1 + 1 + 0\n");
    check_column("d:9,-2,32", 2, make_decimal32, one_field("integer", "int32", ""),
                 "50000\n-100\n2 = 2 + 0 + 0\n");
    check_column("z", 4, make_bytes, one_field("string", "binary", "\"format\":\"binary\""),
                 "<\xff\x01\x80>\n<>\nNULL\n<abcd>\n4 = 4 + 0 + 0\n");
    check_column("w:3", 2, make_fixed_bytes, NULL, "<abc>\n<def>\n2 = 2 + 0 + 0\n");
    check_column("n", 3, make_nothing, NULL, "NULL\nNULL\nNULL\n3 = 3 + 0 + 0\n");
    check_column("n", 2, make_nothing,
                 one_field("integer", "int32", "\"constraints\":{\"required\":true}"),
                 "reject required row 1 column 'v' raw '': empty, but a value is required\n"
                 "reject required row 2 column 'v' raw '': empty, but a value is required\n"
                 "2 = 0 + 2 + 0\n");
    tear_down();
}
END_TEST

MIMIC_TEST_MAIN(arrow_reader, arrow_reader__plain_columns, arrow_reader__integers_of_any_width, arrow_reader__floats, arrow_reader__dates_and_times, arrow_reader__texts, arrow_reader__texts_that_csv_would_change, arrow_reader__dictionaries, arrow_reader__decimals_bytes_and_nothing)
