/*
 * COPY BINARY against bytes that the server wrote (tests/golden/pgcopy), values that PostgreSQL cannot
 * hold, and the decoder on sound and damaged bytes. What the server itself makes of our bytes is
 * tested in tests/postgres.
 */
#include "check_main.h"

#include <math.h>

#include "failing_allocator.h"
#include "test_batch.h"
#include "test_files.h"

#include "base/error.h"
#include "sink/pgcopy.h"
#include "sink/pgcopy_numeric.h"

static mimic_context *ctx;
static mimic_error err;

static void setup(void)
{
    err = (mimic_error)MIMIC_ERROR_INIT;
    ctx = test_context_make(NULL);
}

static void teardown(void)
{
    mimic_context_free(ctx);
}

#define CK_OK(call) ck_assert_msg((call) == MIMIC_OK, "%s: %s", #call, err.message)

/* ---- the golden table ---- */

enum { GOLDEN_ROWS = 8, GOLDEN_COLUMNS = 17, RAW = 16, LABEL = 14 };

/* As make.py has them; raw is set apart. */
static const char *const golden[GOLDEN_ROWS][GOLDEN_COLUMNS] = {
    {"1"},
    {"2", "0", "0", "0", "0", "0", "0", "0", "0", "0", "2000-01-01", "00:00:00",
     "2000-01-01T00:00:00", "2000-01-01T00:00:00Z", "", ""},
    {"3", "1", "1", "1", "1", "1", "1", "1", "1", "0.1", "2000-01-02", "00:00:01",
     "2000-01-01T00:00:01", "2000-01-01T01:00:00+01:00", "a", "b"},
    {"4", "1", "32767", "9223372036854775807", "3.4028235e38", "1.7976931348623157e308",
     "99999999999999999999999999999999999999", "99999999999999999999999999999999999.999",
     "99999.99999", "0.99999999999999999999999999999999999999", "9999-12-31", "23:59:59.999999",
     "9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999Z", "\360\237\230\200",
     "\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200\360\237\230\200"},
    {"5", "0", "-32768", "-9223372036854775808", "-3.4028235e38", "-1.7976931348623157e308",
     "-99999999999999999999999999999999999999", "-99999999999999999999999999999999999.999",
     "-99999.99999", "-0.99999999999999999999999999999999999999", "0001-01-01", "12:34:56",
     "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "line\nend\ttab\\", "quote"},
    {"6", "1", "-1", "-1", "NaN", "INF", "10000", "10000", "0.00001",
     "0.00000000000000000000000000000000000001", "1970-01-01", "00:00:00.000001",
     "1970-01-01T00:00:00", "1999-12-31T23:59:59.999999Z", "", "x"},
    {"7", NULL, "256", "4294967296", "-INF", "-0", "100000000", "12345678.9", "1234.5678", "0.0001",
     "2180-02-29", "13:00:00", "2180-07-23T21:01:00", "1970-01-01T00:00:00Z", "\303\251\342\202\254",
     "\303\251"},
    {"8", "0", "100", "1000000", "1e-45", "5e-324", "18446744073709551616",
     "18446744073709551.616", "0.1", "0.00000000000000000001", "1858-11-17", "01:02:03.04",
     "1582-10-15T00:00:00.5", "2262-04-11T23:47:16.854775Z", " ", "     "},
};

static char long_text[1001];
static char many_bytes[300];

static void make_golden_table(test_table *t)
{
    test_table_make(t, "golden");
    test_table_field(t, "id", MIMIC_TYPE_INT32, false);
    test_table_field(t, "flag", MIMIC_TYPE_BOOLEAN, false);
    test_table_field(t, "small", MIMIC_TYPE_INT16, false);
    test_table_field(t, "big", MIMIC_TYPE_INT64, false);
    test_table_field(t, "single", MIMIC_TYPE_FLOAT32, false);
    test_table_field(t, "double", MIMIC_TYPE_FLOAT64, false);
    test_table_field(t, "whole", MIMIC_TYPE_DECIMAL, false)->scale = 0;
    test_table_field(t, "money", MIMIC_TYPE_DECIMAL, false);
    mimic_field *odd = test_table_field(t, "odd", MIMIC_TYPE_DECIMAL, false);
    odd->precision = 10;
    odd->scale = 5;
    test_table_field(t, "share", MIMIC_TYPE_DECIMAL, false)->scale = 38;
    test_table_field(t, "day", MIMIC_TYPE_DATE, false);
    test_table_field(t, "moment", MIMIC_TYPE_TIME, false);
    test_table_field(t, "when", MIMIC_TYPE_TIMESTAMP, false);
    test_table_field(t, "where", MIMIC_TYPE_TIMESTAMPTZ, false);
    test_table_field(t, "label", MIMIC_TYPE_STRING, false);
    test_table_field(t, "word", MIMIC_TYPE_CATEGORICAL, false)->max_length = 5;
    test_table_field(t, "raw", MIMIC_TYPE_BINARY, false);
}

static void set_time(const test_batch *b, size_t column, int64_t row, const char *text)
{
    const mimic_type type = b->batch.table->fields[column].type;
    int32_t days = 0;
    int64_t value = 0;
    mimic_reject_code code = 0;
    if (type == MIMIC_TYPE_DATE)
        code = mimic_coerce_date(text, strlen(text), NULL, &days);
    else if (type == MIMIC_TYPE_TIME)
        code = mimic_coerce_time(text, strlen(text), NULL, &value);
    else if (type == MIMIC_TYPE_TIMESTAMP)
        code = mimic_coerce_timestamp(text, strlen(text), NULL, &value);
    else
        code = mimic_coerce_timestamptz(text, strlen(text), NULL, &value);
    ck_assert_int_eq(code, 0);
    test_set_integer(b, column, row, type == MIMIC_TYPE_DATE ? days : value);
}

static void set_number(const test_batch *b, size_t column, int64_t row, const char *text)
{
    const mimic_field *field = &b->batch.table->fields[column];
    const size_t size = strlen(text);
    test_cell *cell = test_cell_at(b, column, row);
    mimic_reject_code code;
    float single = 0;
    if (field->type == MIMIC_TYPE_DECIMAL)
        code = mimic_coerce_decimal(text, size, field->precision, field->scale, &cell->decimal);
    else if (field->type == MIMIC_TYPE_FLOAT64)
        code = mimic_coerce_float64(text, size, 1, &cell->real);
    else if (field->type == MIMIC_TYPE_FLOAT32)
        code = mimic_coerce_float32(text, size, 1, &single);
    else
        code = mimic_coerce_int64(text, size, &cell->integer);
    if (field->type == MIMIC_TYPE_FLOAT32)
        cell->real = (double)single;
    ck_assert_int_eq(code, 0);
}

static void set_text(const test_batch *b, size_t column, int64_t row, const char *text)
{
    switch (b->batch.table->fields[column].type) {
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        set_time(b, column, row, text);
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        test_set_text(b, column, row, text);
        break;
    default:
        set_number(b, column, row, text);
    }
}

static const mimic_batch *make_golden(test_table *t, test_batch *b)
{
    make_golden_table(t);
    test_batch_make(b, &t->table, GOLDEN_ROWS);
    for (int64_t row = 0; row < GOLDEN_ROWS; row++)
        for (size_t i = 0; i < GOLDEN_COLUMNS; i++)
            if (golden[row][i] != NULL)
                set_text(b, i, row, golden[row][i]);
    memset(long_text, 'x', sizeof long_text - 1);
    memset(many_bytes, 0xff, sizeof many_bytes);
    test_set_text(b, LABEL, 5, long_text);
    test_set_bytes(b, RAW, 1, "", 0);
    test_set_bytes(b, RAW, 2, "", 1);
    test_set_bytes(b, RAW, 3, "\xde\xad\xbe\xef", 4);
    test_set_bytes(b, RAW, 4, many_bytes, sizeof many_bytes);
    test_set_bytes(b, RAW, 6, "\0\1", 2);
    test_set_bytes(b, RAW, 7, "", 0);
    return test_batch_view(b);
}

typedef struct bytes {
    char *data;
    size_t size;
} bytes;

static bytes read_golden(void)
{
    const char *folder = getenv("MIMIC_TEST_GOLDEN");
    char path[TEST_PATH_BYTES];
    snprintf(path, sizeof path, "%s/pgcopy/golden.bin", folder == NULL ? "tests/golden" : folder);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    bytes all = {malloc(65536), 0};
    all.size = fread(all.data, 1, 65536, file);
    fclose(file);
    return all;
}

/* Header, rows (in two calls), trailer. */
static void encode(const mimic_batch *batch, int64_t cut, mimic_buffer *out)
{
    mimic_pgcopy_plan plan;
    mimic__buffer_init(out, ctx);
    CK_OK(mimic__pgcopy_plan_init(&plan, ctx, batch->table, &err));
    mimic__pgcopy_put_header(out);
    mimic__pgcopy_put_rows(&plan, batch, 0, cut, out);
    mimic__pgcopy_put_rows(&plan, batch, cut, batch->row_count, out);
    mimic__pgcopy_put_trailer(out);
    ck_assert(!out->failed);
    mimic__pgcopy_plan_free(&plan);
}

START_TEST(pgcopy__writes_what_the_server_writes)
{
    setup();
    test_table t;
    test_batch b;
    const mimic_batch *batch = make_golden(&t, &b);
    const bytes expected = read_golden();
    mimic_pgcopy_plan plan;
    CK_OK(mimic__pgcopy_plan_init(&plan, ctx, &t.table, &err));
    mimic_pgcopy_fault fault;
    ck_assert(!mimic__pgcopy_find_fault(&plan, batch, 0, &fault));
    mimic__pgcopy_plan_free(&plan);
    for (int64_t cut = 0; cut <= GOLDEN_ROWS; cut++) {
        mimic_buffer out;
        encode(batch, cut, &out);
        ck_assert_uint_eq(out.size, expected.size);
        for (size_t i = 0; i < out.size; i++)
            ck_assert_msg(out.data[i] == expected.data[i], "byte %zu differs", i);
        mimic__buffer_free(&out);
    }
    free(expected.data);
    test_batch_free(&b);
    teardown();
}
END_TEST

/* ---- decoding ---- */

/* Feeds pieces of some bytes and encodes what comes out; the status at the end. */
static mimic_status decode(const mimic_table *table, bytes in, size_t piece, size_t rows,
                           mimic_buffer *out)
{
    mimic_pgcopy_decoder *decoder = NULL;
    mimic_pgcopy_plan plan;
    mimic__buffer_init(out, ctx);
    CK_OK(mimic__pgcopy_plan_init(&plan, ctx, table, &err));
    CK_OK(mimic__pgcopy_decoder_new(ctx, table, rows, &decoder, &err));
    mimic_status status = MIMIC_OK;
    mimic__pgcopy_put_header(out);
    for (size_t at = 0; status == MIMIC_OK && at < in.size;) {
        const size_t step = in.size - at < piece ? in.size - at : piece;
        /* A copy of its own size, so that a sanitizer sees a read beyond it. */
        char *copy = malloc(step);
        size_t used = 0;
        memcpy(copy, in.data + at, step);
        status = mimic__pgcopy_decoder_feed(decoder, copy, step, &used, &err);
        free(copy);
        at += used;
        const mimic_batch *batch = NULL;
        while (status == MIMIC_OK &&
               (status = mimic__pgcopy_decoder_batch(decoder, &batch, &err)) == MIMIC_OK &&
               batch != NULL) {
            ck_assert_int_le(batch->row_count, (int64_t)rows);
            mimic__pgcopy_put_rows(&plan, batch, 0, batch->row_count, out);
        }
    }
    if (status == MIMIC_OK)
        status = mimic__pgcopy_decoder_end(decoder, &err);
    else
        ck_assert_int_eq(mimic__pgcopy_decoder_end(decoder, NULL), status);
    mimic__pgcopy_put_trailer(out);
    mimic__pgcopy_decoder_free(decoder);
    mimic__pgcopy_plan_free(&plan);
    return status;
}

START_TEST(pgcopy__reads_what_the_server_writes)
{
    setup();
    test_table t;
    make_golden_table(&t);
    const bytes all = read_golden();
    static const size_t pieces[] = {1, 2, 3, 7, 19, 20, 100, 1000, 65536};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t rows = 1; rows < 10; rows++) {
            mimic_buffer out;
            CK_OK(decode(&t.table, all, pieces[i], rows, &out));
            ck_assert_uint_eq(out.size, all.size);
            ck_assert_mem_eq(out.data, all.data, all.size);
            mimic__buffer_free(&out);
        }
    free(all.data);
    teardown();
}
END_TEST

START_TEST(pgcopy__cut_off_bytes_are_an_error)
{
    setup();
    test_table t;
    make_golden_table(&t);
    bytes all = read_golden();
    const size_t size = all.size;
    for (all.size = 0; all.size < size; all.size++) {
        mimic_buffer out;
        ck_assert_int_eq(decode(&t.table, all, 50, 3, &out), MIMIC_ERR_BACKEND);
        mimic__buffer_free(&out);
    }
    free(all.data);
    teardown();
}
END_TEST

START_TEST(pgcopy__damaged_bytes_are_no_crash)
{
    setup();
    test_table t;
    make_golden_table(&t);
    const bytes all = read_golden();
    static const unsigned char values[] = {0x00, 0xff, 0x7f, 0x80, 0x01};
    for (size_t i = 0; i < all.size; i++)
        for (size_t j = 0; j < sizeof values; j++) {
            const char before = all.data[i];
            mimic_buffer out;
            all.data[i] = (char)values[j];
            const mimic_status status = decode(&t.table, all, 300, 4, &out);
            ck_assert(status == MIMIC_OK || status == MIMIC_ERR_BACKEND);
            mimic__buffer_free(&out);
            all.data[i] = before;
        }
    free(all.data);
    teardown();
}
END_TEST

/* One value of one column, as bytes; the message of the decoder, "" when it takes them. */
static const char *decode_value(const mimic_table *table, const void *value, int size)
{
    mimic_buffer in;
    mimic_buffer out;
    mimic__buffer_init(&in, ctx);
    mimic__pgcopy_put_header(&in);
    const char head[] = {0, 1, (char)(size >> 24), (char)(size >> 16), (char)(size >> 8),
                         (char)size};
    mimic__buffer_append(&in, head, sizeof head);
    mimic__buffer_append(&in, value, size > 0 ? (size_t)size : 0);
    mimic__pgcopy_put_trailer(&in);
    const mimic_status status = decode(table, (bytes){in.data, in.size}, 1000, 10, &out);
    mimic__buffer_free(&in);
    mimic__buffer_free(&out);
    return status == MIMIC_OK ? "" : err.message;
}

START_TEST(pgcopy__values_of_another_kind_are_errors)
{
    setup();
    static const struct {
        mimic_type type;
        int size;
        const char *value;
        const char *message; /* a part of it */
    } cases[] = {
        {MIMIC_TYPE_INT32, 4, "\0\0\0\7", ""},
        {MIMIC_TYPE_INT32, -1, "", ""},
        {MIMIC_TYPE_INT32, 2, "\0\7", "size"},
        {MIMIC_TYPE_INT32, -2, "", "size"},
        {MIMIC_TYPE_BOOLEAN, 1, "\1", ""},
        {MIMIC_TYPE_BOOLEAN, 1, "\2", "boolean"},
        {MIMIC_TYPE_DATE, 4, "\x7f\xff\xff\xff", "0001 to 9999"}, /* infinity */
        {MIMIC_TYPE_DATE, 4, "\x80\0\0\0", "0001 to 9999"},
        {MIMIC_TYPE_TIMESTAMP, 8, "\x7f\xff\xff\xff\xff\xff\xff\xff", "0001 to 9999"},
        {MIMIC_TYPE_TIMESTAMPTZ, 8, "\x80\0\0\0\0\0\0\0", "0001 to 9999"},
        {MIMIC_TYPE_TIME, 8, "\0\0\0\x14\x1d\xd7\x5f\xff", ""},
        {MIMIC_TYPE_TIME, 8, "\0\0\0\x14\x1d\xd7\x60\0", "time of a day"},
        {MIMIC_TYPE_STRING, 3, "a\0b", "NUL"},
        {MIMIC_TYPE_STRING, 2, "\303(", "UTF-8"},
        {MIMIC_TYPE_CATEGORICAL, 1, "\303", "UTF-8"},
        {MIMIC_TYPE_BINARY, 3, "\0\377\1", ""},
        {MIMIC_TYPE_STRING, 0x7fffffff, "", "longer"},
        {MIMIC_TYPE_DECIMAL, 8, "\0\0\0\0\0\0\0\3", ""},
        {MIMIC_TYPE_DECIMAL, 7, "\0\0\0\0\0\0\0", "digits"},
        {MIMIC_TYPE_DECIMAL, 8, "\0\1\0\0\0\0\0\3", "digits"},
        {MIMIC_TYPE_DECIMAL, 8, "\0\0\0\0\xc0\0\0\0", "digits"},           /* NaN */
        {MIMIC_TYPE_DECIMAL, 8, "\0\0\0\0\xd0\0\0\x20", "digits"},         /* infinity */
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\0\0\0\0\0\0\x27\x10", "digits"},    /* a digit of 10000 */
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\xff\xff\0\0\0\4\0\1", "digits"},    /* 0.0001 */
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\xff\xff\0\0\0\4\0\x0a", ""},        /* 0.001 */
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\0\x09\0\0\0\0\0\1", "digits"},      /* 10^36 */
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\x7f\xff\0\0\0\0\0\1", "digits"},
        {MIMIC_TYPE_DECIMAL, 10, "\0\1\x7f\xff\0\0\0\0\0\0", ""},          /* zero all the same */
        {MIMIC_TYPE_DECIMAL, 12, "\0\2\0\0\0\0\0\0\0\1\0\0", ""},          /* 1.0000 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_table t;
        test_table_make(&t, "one");
        test_table_field(&t, "x", cases[i].type, false);
        const char *message = decode_value(&t.table, cases[i].value,
                                           cases[i].size == 0x7fffffff ? 0 : cases[i].size);
        if (cases[i].size == 0x7fffffff) {
            const char huge[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\x7f\xff\xff\xff";
            mimic_buffer out;
            ck_assert_int_ne(
                decode(&t.table, (bytes){(char *)(uintptr_t)huge, sizeof huge - 1}, 99, 9, &out),
                MIMIC_OK);
            mimic__buffer_free(&out);
            message = err.message;
        }
        ck_assert_msg(cases[i].message[0] == '\0' ? message[0] == '\0'
                                                  : strstr(message, cases[i].message) != NULL,
                      "case %zu: \"%s\"", i, message);
        if (message[0] != '\0' && strstr(message, "column") != NULL)
            ck_assert_str_eq(err.column, "x");
    }
    teardown();
}
END_TEST

START_TEST(pgcopy__header_is_checked)
{
    setup();
    test_table t;
    test_table_make(&t, "empty");
    static const struct {
        const char *text;
        size_t size;
        bool is_sound;
    } cases[] = {
#define CASE(text, is_sound) {text, sizeof text - 1, is_sound}
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377", true),
        CASE("PGCOPY\n\377\r\n\0\0\0\0\1\0\0\0\0\377\377", true),            /* a flag to pass over */
        CASE("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0\377\377", false),           /* OIDs */
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3abc\377\377", true),         /* an extension */
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3abc\0\0\377\377", true),     /* a row of no fields */
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\4abc\377\377", false),
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\xff\0\0\0\377\377", false),
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377\0", false),         /* behind the end */
        CASE("PGCOPY\n\377\n\0\0\0\0\0\0\0\0\0\0\377\377", false),           /* as text made it */
        CASE("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1", false),
        CASE("", false),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece < 40; piece += 3) {
            mimic_buffer out;
            const bytes in = {(char *)(uintptr_t)cases[i].text, cases[i].size};
            const mimic_status status = decode(&t.table, in, piece, 10, &out);
            ck_assert_msg((status == MIMIC_OK) == cases[i].is_sound, "case %zu: %d", i, status);
            mimic__buffer_free(&out);
        }
    teardown();
}
END_TEST

/* ---- numerics ---- */

START_TEST(pgcopy__numerics_come_back)
{
    setup();
    uint64_t state = 7;
    for (int round = 0; round < 200000; round++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        const int32_t precision = 1 + (int32_t)(state >> 40) % 38;
        const int32_t scale = (int32_t)(state >> 33 & 127) % (precision + 1);
        char digits[64];
        const int size = 1 + (int)(state >> 20 & 63) % precision;
        for (int i = 0; i < size; i++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            digits[i] = (char)('0' + ((state >> 60) < 6 ? 0 : (state >> 33) % 10));
        }
        mimic_int128 value;
        ck_assert_int_eq(mimic_coerce_decimal(digits, (size_t)size, precision, 0, &value), 0);
        if ((state >> 50 & 1) != 0) { /* negative */
            value.low = 0 - value.low;
            value.high = (int64_t)(~(uint64_t)value.high + (value.low == 0));
        }
        char text[MIMIC_PGCOPY_NUMERIC_BYTES_MAX];
        mimic_int128 back;
        const size_t used = mimic__pgcopy_put_numeric(text, value, scale);
        ck_assert_uint_le(used, sizeof text);
        ck_assert(mimic__pgcopy_get_numeric(text, used, precision, scale, &back));
        ck_assert(back.low == value.low && back.high == value.high);
        ck_assert(mimic__pgcopy_fits_precision(value, precision));
        const bool is_digit_less = digits[0] == '0' || size < precision;
        ck_assert(precision == 1 ||
                  mimic__pgcopy_fits_precision(value, precision - 1) == is_digit_less);
    }
    const mimic_int128 least = {.low = 0, .high = INT64_MIN};
    char text[MIMIC_PGCOPY_NUMERIC_BYTES_MAX];
    for (int32_t scale = 0; scale <= 38; scale++)
        ck_assert_uint_le(mimic__pgcopy_put_numeric(text, least, scale), sizeof text);
    ck_assert(!mimic__pgcopy_fits_precision(least, 38));
    teardown();
}
END_TEST

/* ---- faults ---- */

/* The fault of a batch of one column whose rows are: sound, the cell, sound. */
static mimic_pgcopy_fault find_fault(test_table *t, const test_cell *cell, bool *out_found)
{
    test_batch b;
    mimic_pgcopy_plan plan;
    mimic_pgcopy_fault fault = {.row = -1};
    test_batch_make(&b, &t->table, 3);
    for (int64_t row = 0; row < 3; row += 2)
        test_set_text(&b, 0, row, "a");
    b.cells[1] = *cell;
    const mimic_batch *batch = test_batch_view(&b);
    CK_OK(mimic__pgcopy_plan_init(&plan, ctx, &t->table, &err));
    *out_found = mimic__pgcopy_find_fault(&plan, batch, 0, &fault);
    ck_assert_int_eq(mimic__pgcopy_may_have_faults(&plan, batch), *out_found);
    if (*out_found) {
        ck_assert_int_eq(fault.row, 1);
        ck_assert_ptr_nonnull(fault.message);
        mimic_pgcopy_fault next;
        ck_assert(!mimic__pgcopy_find_fault(&plan, batch, 2, &next));
    }
    mimic__pgcopy_plan_free(&plan);
    test_batch_free(&b);
    return fault;
}

START_TEST(pgcopy__faults_are_found)
{
    setup();
    const struct {
        mimic_type type;
        test_cell cell;
        mimic_reject_code code;
    } cases[] = {
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "a\0b", .size = 3}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "12345", .size = 5}, 0},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "123456", .size = 6}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "     ", .size = 5}, 0},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "      ", .size = 6}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "\303", .size = 1}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "\251x", .size = 2}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_STRING, {.is_present = true, .text = "", .size = 0}, 0},
        {MIMIC_TYPE_CATEGORICAL, {.is_present = true, .text = "\0", .size = 1}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_CATEGORICAL, {.is_present = true, .text = "\355\240\200", .size = 3},
         MIMIC_REJECT_SINK},
        {MIMIC_TYPE_BINARY, {.is_present = true, .text = "\0\377 long enough", .size = 14}, 0},
        {MIMIC_TYPE_FLOAT64, {.is_present = true, .real = NAN}, 0},
        {MIMIC_TYPE_DATE, {.is_present = true, .integer = INT32_MIN}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_DATE, {.is_present = true, .integer = INT32_MAX}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_DATE, {.is_present = true, .integer = -719162}, 0},
        {MIMIC_TYPE_TIME, {.is_present = true, .integer = -1}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_TIME, {.is_present = true, .integer = INT64_C(86400000001)}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_TIMESTAMP, {.is_present = true, .integer = INT64_MIN}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_TIMESTAMP,
         {.is_present = true, .integer = INT64_C(-62135596800000000)}, /* year 1 */
         0},
        {MIMIC_TYPE_TIMESTAMPTZ, {.is_present = true, .integer = INT64_MIN}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_DECIMAL, {.is_present = true, .decimal = {.low = 99999}}, 0},
        {MIMIC_TYPE_DECIMAL, {.is_present = true, .decimal = {.low = 100000}}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_DECIMAL, {.is_present = true, .decimal = {.low = (uint64_t)-100000, .high = -1}},
         MIMIC_REJECT_SINK},
        {MIMIC_TYPE_DECIMAL, {.is_present = true, .decimal = {.low = (uint64_t)-99999, .high = -1}}, 0},
        {MIMIC_TYPE_DECIMAL, {.is_present = true, .decimal = {.low = 1, .high = 1}}, MIMIC_REJECT_SINK},
        {MIMIC_TYPE_INT32, {.is_present = false}, MIMIC_REJECT_REQUIRED},
        {MIMIC_TYPE_STRING, {.is_present = false}, MIMIC_REJECT_REQUIRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_table t;
        test_table_make(&t, "one");
        mimic_field *field = test_table_field(&t, "x", cases[i].type, true);
        field->max_length = 5;
        if (cases[i].type == MIMIC_TYPE_DECIMAL) {
            field->precision = 5;
            field->scale = 2;
        }
        bool found;
        const mimic_pgcopy_fault fault = find_fault(&t, &cases[i].cell, &found);
        ck_assert_msg(found == (cases[i].code != 0), "case %zu", i);
        if (found) {
            ck_assert_int_eq(fault.code, cases[i].code);
            ck_assert_int_eq(fault.column, 0);
        }
    }
    teardown();
}
END_TEST

START_TEST(pgcopy__a_key_is_never_null)
{
    setup();
    test_table t;
    test_table_make(&t, "one");
    test_table_field(&t, "x", MIMIC_TYPE_INT32, false);
    const test_cell absent = {.is_present = false};
    bool found;
    find_fault(&t, &absent, &found);
    ck_assert(!found);
    test_table_key(&t, 0);
    ck_assert_int_eq(find_fault(&t, &absent, &found).code, MIMIC_REJECT_REQUIRED);
    ck_assert(found);
    teardown();
}
END_TEST

/* 1,100 values of eight bytes do not fit into a page, 990 do. */
START_TEST(pgcopy__a_row_that_fits_no_page_is_found)
{
    setup();
    enum { COLUMNS = 1100 };
    static mimic_field fields[COLUMNS];
    static mimic_column columns[COLUMNS];
    static const int64_t values[2] = {1, 2};
    static const uint8_t second_is_null[8] = {1};
    test_table t;
    test_table_make(&t, "wide");
    test_table_field(&t, "x", MIMIC_TYPE_INT64, false);
    for (size_t i = 0; i < COLUMNS; i++) {
        fields[i] = t.fields[0];
        columns[i] = (mimic_column){.type = MIMIC_TYPE_INT64, .values = values};
        if (i >= 990) {
            columns[i].validity = second_is_null;
            columns[i].null_count = 1;
        }
    }
    t.table.fields = fields;
    t.table.field_count = COLUMNS;
    const mimic_batch batch = {.row_count = 2, .column_count = COLUMNS, .columns = columns,
                               .table = &t.table};
    mimic_pgcopy_plan plan;
    mimic_pgcopy_fault fault;
    CK_OK(mimic__pgcopy_plan_init(&plan, ctx, &t.table, &err));
    ck_assert(mimic__pgcopy_may_have_faults(&plan, &batch));
    ck_assert(mimic__pgcopy_find_fault(&plan, &batch, 0, &fault));
    ck_assert_int_eq(fault.row, 0);
    ck_assert_int_eq(fault.column, -1);
    ck_assert(!mimic__pgcopy_find_fault(&plan, &batch, 1, &fault));
    mimic__pgcopy_plan_free(&plan);
    t.table.field_count = 1601;
    ck_assert_int_eq(mimic__pgcopy_plan_init(&plan, ctx, &t.table, &err), MIMIC_ERR_UNSUPPORTED);
    mimic__pgcopy_plan_free(&plan);
    teardown();
}
END_TEST

/* ---- memory ---- */

static mimic_status both_ways(const mimic_context *context, mimic_error *error)
{
    static test_table t;
    static test_batch b;
    const mimic_batch *batch = make_golden(&t, &b);
    mimic_pgcopy_plan plan;
    mimic_pgcopy_decoder *decoder = NULL;
    const mimic_batch *back = NULL;
    size_t used = 0;
    mimic_buffer out;
    mimic__buffer_init(&out, context);
    mimic_status status = mimic__pgcopy_plan_init(&plan, context, &t.table, error);
    if (status == MIMIC_OK) {
        mimic__pgcopy_put_header(&out);
        mimic__pgcopy_put_rows(&plan, batch, 0, batch->row_count, &out);
        mimic__pgcopy_put_trailer(&out);
        status = out.failed ? mimic__fail_memory(error) : MIMIC_OK;
    }
    if (status == MIMIC_OK)
        status = mimic__pgcopy_decoder_new(context, &t.table, 100, &decoder, error);
    if (status == MIMIC_OK)
        status = mimic__pgcopy_decoder_feed(decoder, out.data, out.size, &used, error);
    if (status == MIMIC_OK)
        status = mimic__pgcopy_decoder_batch(decoder, &back, error);
    if (status == MIMIC_OK)
        ck_assert_int_eq(back->row_count, GOLDEN_ROWS);
    mimic__pgcopy_decoder_free(decoder);
    mimic__pgcopy_plan_free(&plan);
    mimic__buffer_free(&out);
    test_batch_free(&b);
    return status;
}

START_TEST(pgcopy__every_allocation_may_fail)
{
    replay_failing_allocations(both_ways);
}
END_TEST

MIMIC_TEST_MAIN(pgcopy, pgcopy__writes_what_the_server_writes, pgcopy__reads_what_the_server_writes,
                pgcopy__cut_off_bytes_are_an_error, pgcopy__damaged_bytes_are_no_crash,
                pgcopy__values_of_another_kind_are_errors, pgcopy__header_is_checked,
                pgcopy__numerics_come_back, pgcopy__faults_are_found, pgcopy__a_key_is_never_null,
                pgcopy__a_row_that_fits_no_page_is_found, pgcopy__every_allocation_may_fail)
