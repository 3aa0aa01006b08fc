/*
 * The plan against a slow model made of the public scalar functions: random fields, random cells
 * plain and quoted, every value, NULL and fault compared. Then the rules one by one.
 */
#include "check_main.h"

#include <stdio.h>

#include "base/utf8.h"
#include "coerce_block.h"
#include "coerce_random.h"

static mimic_context *ctx;

static mimic_table one_field(const mimic_field *field)
{
    return (mimic_table){.name = "t", .fields = field, .field_count = 1};
}

/* ---- the model ---- */

typedef struct model_value {
    mimic_reject_code fault; /* 0 = none */
    bool is_null;
    char bytes[16]; /* of the value, or of nothing for texts */
    const char *text;
    size_t text_size;
} model_value;

static mimic_reject_code model_parse(const mimic_field *field, const char *text, size_t size,
                                     char *bytes)
{
    mimic_reject_code code = MIMIC_REJECT_TYPE;
    int flag = 0;
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
        code = mimic_coerce_boolean(text, size, &flag);
        bytes[0] = (char)flag;
        return code;
    case MIMIC_TYPE_INT16:
        return mimic_coerce_int16(text, size, (int16_t *)(void *)bytes);
    case MIMIC_TYPE_INT32:
        return mimic_coerce_int32(text, size, (int32_t *)(void *)bytes);
    case MIMIC_TYPE_INT64:
        return mimic_coerce_int64(text, size, (int64_t *)(void *)bytes);
    case MIMIC_TYPE_FLOAT32:
        return mimic_coerce_float32(text, size, field->allow_special, (float *)(void *)bytes);
    case MIMIC_TYPE_FLOAT64:
        return mimic_coerce_float64(text, size, field->allow_special, (double *)(void *)bytes);
    case MIMIC_TYPE_DECIMAL:
        return mimic_coerce_decimal(text, size, field->precision, field->scale,
                                    (mimic_int128 *)(void *)bytes);
    default:
        break;
    }
    for (size_t i = 0; i < field->format_count && code == MIMIC_REJECT_TYPE; i++) {
        const char *const format = field->formats[i];
        if (field->type == MIMIC_TYPE_DATE)
            code = mimic_coerce_date(text, size, format, (int32_t *)(void *)bytes);
        else if (field->type == MIMIC_TYPE_TIME)
            code = mimic_coerce_time(text, size, format, (int64_t *)(void *)bytes);
        else if (field->type == MIMIC_TYPE_TIMESTAMP)
            code = mimic_coerce_timestamp(text, size, format, (int64_t *)(void *)bytes);
        else
            code = mimic_coerce_timestamptz(text, size, format, (int64_t *)(void *)bytes);
    }
    return code;
}

/* What a cell means, by the rules of coerce_column.h and nothing else. */
static model_value model_cell(const mimic_field *field, const char *raw, size_t raw_size,
                              mimic_on_error on_error, char *scratch)
{
    model_value result = {.fault = 0, .text = ""};
    const bool is_quoted = raw_size > 0 && raw[0] == '"';
    size_t size = 0;
    for (size_t i = is_quoted; i < raw_size - is_quoted; i++) {
        scratch[size++] = raw[i];
        i += is_quoted && raw[i] == '"';
    }
    for (size_t i = 0; i < field->missing_value_count; i++) {
        const mimic_text *const missing = &field->missing_values[i];
        if (missing->size == size && memcmp(missing->data, scratch, size) == 0)
            result.is_null |= size > 0 || !is_quoted || field->quoted_empty_is_null;
    }
    if (is_quoted && size == 0 && field->quoted_empty_is_null)
        result.is_null = true;
    if (result.is_null) {
        result.fault = field->is_required ? MIMIC_REJECT_REQUIRED : 0;
        return result;
    }
    if (field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL) {
        result.fault =
            mimic_coerce_string(scratch, size, field->min_length, field->max_length);
        result.text = scratch;
        result.text_size = size;
    } else if (field->type == MIMIC_TYPE_BINARY) {
        uint8_t decoded[256];
        result.fault = size > 256 ? MIMIC_REJECT_TYPE
                                  : mimic_coerce_binary(scratch, size, decoded, &result.text_size);
        if (result.fault == 0)
            memcpy(scratch, decoded, result.text_size);
        result.text = scratch;
    } else {
        memset(result.bytes, 0, sizeof result.bytes);
        result.fault = model_parse(field, scratch, size, result.bytes);
    }
    if (result.fault != 0) {
        result.is_null = true;
        if (on_error == MIMIC_ON_ERROR_NULL && !field->is_required)
            result.fault = -1; /* counted, no fault */
    }
    return result;
}

/* ---- comparing ---- */

static size_t type_width(mimic_type type)
{
    static const size_t widths[] = {[MIMIC_TYPE_INT16] = 2,   [MIMIC_TYPE_INT32] = 4,
                                    [MIMIC_TYPE_INT64] = 8,   [MIMIC_TYPE_FLOAT32] = 4,
                                    [MIMIC_TYPE_FLOAT64] = 8, [MIMIC_TYPE_DECIMAL] = 16,
                                    [MIMIC_TYPE_DATE] = 4,    [MIMIC_TYPE_TIME] = 8,
                                    [MIMIC_TYPE_TIMESTAMP] = 8, [MIMIC_TYPE_TIMESTAMPTZ] = 8};
    return widths[type];
}

static void compare_value(const mimic_column *column, int64_t row, const model_value *expected,
                          const char *raw, size_t raw_size)
{
    const bool is_valid = mimic_column_is_valid(column, row) != 0;
    ck_assert_msg(is_valid == !expected->is_null, "row %d \"%.*s\": valid %d", (int)row,
                  (int)raw_size, raw, is_valid);
    static const char zeros[16];
    if (column->type == MIMIC_TYPE_STRING || column->type == MIMIC_TYPE_BINARY ||
        (column->type == MIMIC_TYPE_CATEGORICAL && is_valid)) {
        const mimic_dictionary *const dictionary = column->dictionary;
        const int32_t *offsets = column->offsets + row;
        const char *bytes = column->values;
        if (dictionary != NULL) {
            offsets = dictionary->offsets + ((const int32_t *)column->values)[row];
            bytes = dictionary->bytes;
        }
        const size_t size = (size_t)(offsets[1] - offsets[0]);
        const size_t expected_size = expected->is_null ? 0 : expected->text_size;
        if (size != expected_size || memcmp(bytes + offsets[0], expected->text, size) != 0)
            ck_abort_msg("row %d \"%.*s\": got \"%.*s\"", (int)row, (int)raw_size, raw, (int)size,
                         bytes + offsets[0]);
        return;
    }
    const char *const wanted = expected->is_null ? zeros : expected->bytes;
    if (column->type == MIMIC_TYPE_BOOLEAN) {
        const int bit = ((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1;
        ck_assert_int_eq(bit, wanted[0]);
    } else {
        const size_t width =
            column->type == MIMIC_TYPE_CATEGORICAL ? 4 : type_width(column->type);
        if (memcmp((const char *)column->values + (size_t)row * width, wanted, width) != 0)
            ck_abort_msg("row %d \"%.*s\": another value", (int)row, (int)raw_size, raw);
    }
}

static mimic_reject_code fault_of(const mimic_row_faults *faults, size_t row)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->faults[i].row == row)
            return faults->faults[i].code;
    return 0;
}

static void compare_block(const mimic_field *field, test_block *block, mimic_on_error on_error)
{
    const mimic_table table = one_field(field);
    const mimic_coerce_options options = {.on_error = on_error};
    const mimic_field_index index = block_index(block);
    mimic_coerce_plan *plan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_row_faults faults;
    mimic__row_faults_init(&faults, ctx);
    ck_assert(mimic__row_faults_reset(&faults, index.row_count));
    ck_assert_msg(mimic__coerce_plan_new(ctx, &table, &options, &plan, &err) == MIMIC_OK, "%s",
                  err.message);
    ck_assert_int_eq(mimic__coerce_column(plan, 0, &index, 0, &faults, &err), MIMIC_OK);
    char *scratch = malloc(block->size + 1);
    mimic_column column;
    size_t rows = 0;
    int64_t nulled = 0;
    /* Once with all rows, once without the bad ones. */
    for (int pass = 0; pass < 2; pass++) {
        ck_assert_int_eq(mimic__coerce_plan_finish(plan, index.row_count,
                                                   pass == 0 ? NULL : faults.bad, &column, &rows,
                                                   &err),
                         MIMIC_OK);
        int64_t kept = 0;
        int64_t null_count = 0;
        for (size_t row = 0; row < index.row_count; row++) {
            const char *const raw = block->bytes + (uint32_t)(index.marks[row * 2] + 1);
            const size_t raw_size = index.marks[row * 2 + 1] - (uint32_t)(index.marks[row * 2] + 1);
            const model_value expected = model_cell(field, raw, raw_size, on_error, scratch);
            const mimic_reject_code fault = fault_of(&faults, row);
            if (fault != (expected.fault > 0 ? expected.fault : 0))
                ck_abort_msg("row %d \"%.*s\" type %d: fault %d, expected %d", (int)row,
                             (int)raw_size, raw, field->type, fault, expected.fault);
            nulled += pass == 0 && expected.fault < 0;
            if (pass == 1 && expected.fault > 0)
                continue;
            compare_value(&column, kept++, &expected, raw, raw_size);
            null_count += expected.is_null;
        }
        ck_assert_int_eq((int64_t)rows, kept);
        ck_assert_int_eq(column.null_count, null_count);
        ck_assert(null_count > 0 || column.validity == NULL);
    }
    ck_assert_int_eq(faults.nulled, nulled);
    free(scratch);
    mimic__row_faults_free(&faults);
    mimic__coerce_plan_free(plan);
}

/* ---- random cells ---- */

static const char *const seeds[] = {
    "", "0", "1", "7", "-1", "+5", "12", "007", "12345678", "123456789", "99999999", "32767", "32768",
    "-32768", "-32769", "2147483647", "2147483648", "-2147483648", "-2147483649",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "2.5", "98.6", ".5", "5.",
    ".", "-.5", "1e3", "1e-3", "7.7025115740740739", "49.999998807907104", "0.10", "12345.678",
    "1234567.", ".1234567", "1.2.3", "12..3", "nan", "NaN", "INF", "-INF", " 7 ", "7 ", " 7", "1_000",
    "1,000", "0x10", "true", "False", "TRUE", "yes", "NA", "None", "-999", "2100-01-01 00:00:00",
    "2100-02-29 00:00:00", "2100-02-30 00:00:00", "2096-02-29 23:59:59", "2100-1-1 0:0:0",
    "2100-01-01", "2100-01-01T10:11:12", "2100-01-01T10:11:12Z", "2100-01-01T10:11:12+02:00",
    "2100-01-01 10:11:12.123456", "2100-01-01 10:11:12.123456789", "2100-01-01 10:11:12.123456000",
    "2100-01-01 24:00:00", "2100-01-01 10:60:00", "2100-01-01 10:11:60", "0000-01-01 00:00:00",
    "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2100-13-01 00:00:00", "2100-00-01 00:00:00",
    "10:11:12", "10:11:12.5", "24:00:00", "mmHg", "bpm", "insp/min", "a text of 16 byt",
    "a text of 17 byte", "long text that is copied in more than one step of sixteen bytes", "%",
    "quoted \"inside\"", "two,\nlines", "\xc3\xa4\xc3\xb6\xc3\xbc", "QUJD", "QUI=", "QQ==", "QR==",
    "QU=D", "0000000000000000000000012", "1e400", "123456789012345.67", "12345678901234567.89",
    "0.001", "1.230", "99999999", "999999.99", "9999999.9"};

/* A seed, now and then with a character changed, put in or taken out. */
static size_t random_cell(test_random *random, char *out)
{
    const char *const seed = seeds[random_below(random, sizeof seeds / sizeof seeds[0])];
    size_t size = strlen(seed);
    memcpy(out, seed, size);
    if (random_below(random, 3) == 0 && size > 0) {
        static const char characters[] = "0123456789.-+:eE TZax\"";
        const size_t place = random_below(random, (uint32_t)size);
        const char c = characters[random_below(random, sizeof characters - 1)];
        /* Bytes beyond ASCII stay whole: the reader has checked UTF-8. */
        if ((out[place] & 0x80) == 0)
            out[place] = c;
    }
    if (random_below(random, 10) == 0)
        size = (size_t)sprintf(out, "%d", (int)(random_word(random) >> random_below(random, 32)));
    return size;
}

static void random_block(test_random *random, test_block *block, size_t rows)
{
    char text[256];
    char raw[600];
    for (size_t row = 0; row < rows; row++) {
        const size_t size = random_cell(random, text);
        size_t raw_size = 0;
        const bool must_quote = memchr(text, '"', size) != NULL || memchr(text, ',', size) != NULL ||
                                memchr(text, '\n', size) != NULL;
        if (must_quote || random_below(random, 4) == 0) {
            raw[raw_size++] = '"';
            for (size_t i = 0; i < size; i++) {
                if (text[i] == '"')
                    raw[raw_size++] = '"';
                raw[raw_size++] = text[i];
            }
            raw[raw_size++] = '"';
            block_raw(block, raw, raw_size);
        } else {
            block_raw(block, text, size);
        }
    }
}

START_TEST(coerce_plan__random_blocks_against_the_scalar_functions)
{
    static const mimic_text missing[][3] = {
        {{"", 0}}, {{"", 0}, {"NA", 2}, {"-999", 4}}, {{"None", 4}, {"7", 1}}};
    static const size_t missing_counts[] = {1, 3, 2};
    static const char *const space_formats[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d"};
    static const char *const zone_formats[] = {"%Y-%m-%dT%H:%M:%S%z"};
    test_random random = {3};
    for (int round = 0; round < test_rounds(1500); round++) {
        const mimic_type type = 1 + (mimic_type)random_below(&random, 14);
        mimic_field field = test_field("f", type);
        const uint32_t list = random_below(&random, 6) % 3;
        field.missing_values = missing[list];
        field.missing_value_count = missing_counts[list];
        field.is_required = random_below(&random, 3) == 0;
        field.allow_special = random_below(&random, 2) == 0;
        field.quoted_empty_is_null = random_below(&random, 4) == 0;
        if (random_below(&random, 2) == 0) {
            field.precision = 6;
            field.scale = 3;
        }
        if (type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL) {
            field.max_length = (int64_t)random_below(&random, 20) - 1;
            field.min_length = random_below(&random, 3) == 0 ? 2 : -1;
        }
        if ((type == MIMIC_TYPE_TIMESTAMP && random_below(&random, 3) > 0)) {
            field.formats = space_formats;
            field.format_count = 1 + random_below(&random, 2);
        }
        if (type == MIMIC_TYPE_TIMESTAMPTZ && random_below(&random, 2) == 0)
            field.formats = zone_formats;
        test_block block;
        block_init(&block, 1);
        random_block(&random, &block, random_below(&random, 400));
        compare_block(&field, &block,
                      random_below(&random, 2) == 0 ? MIMIC_ON_ERROR_REJECT : MIMIC_ON_ERROR_NULL);
        block_free(&block);
    }
}
END_TEST

/* ---- rules one by one ---- */

typedef struct run {
    mimic_coerce_plan *plan;
    mimic_row_faults faults;
    mimic_column column;
    size_t rows;
    mimic_status status;
    mimic_error err;
    mimic_table table;
    test_block block;
} run;

/* Coerces the cells, NULL-terminated list; the caller looks and calls run_free. */
static void run_cells(run *r, const mimic_field *field, const char *const *cells)
{
    memset(r, 0, sizeof *r);
    r->err = (mimic_error)MIMIC_ERROR_INIT;
    r->table = one_field(field);
    block_init(&r->block, 1);
    for (; *cells != NULL; cells++)
        block_cell(&r->block, *cells);
    mimic__row_faults_init(&r->faults, ctx);
    ck_assert(mimic__row_faults_reset(&r->faults, r->block.row_count));
    r->status = mimic__coerce_plan_new(ctx, &r->table, NULL, &r->plan, &r->err);
    if (r->status != MIMIC_OK)
        return;
    const mimic_field_index index = block_index(&r->block);
    r->status = mimic__coerce_column(r->plan, 0, &index, 0, &r->faults, &r->err);
    if (r->status == MIMIC_OK)
        r->status = mimic__coerce_plan_finish(r->plan, index.row_count, r->faults.bad, &r->column,
                                              &r->rows, &r->err);
}

static void run_free(run *r)
{
    mimic__coerce_plan_free(r->plan);
    mimic__row_faults_free(&r->faults);
    block_free(&r->block);
}

/* Expects a code for each cell, "0" meaning a value or NULL. */
static void expect_codes(const mimic_field *field, const char *const *cells, const int *codes)
{
    run r;
    run_cells(&r, field, cells);
    ck_assert_msg(r.status == MIMIC_OK, "%s", r.err.message);
    for (size_t i = 0; cells[i] != NULL; i++)
        ck_assert_msg(fault_of(&r.faults, i) == codes[i], "%s: %s gives %d, expected %d",
                      field->name, cells[i], fault_of(&r.faults, i), codes[i]);
    run_free(&r);
}

#define CELLS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CODES(...) ((const int[]){__VA_ARGS__})

START_TEST(coerce_plan__bounds)
{
    mimic_field field = test_field("warning", MIMIC_TYPE_INT16);
    field.minimum = "0";
    field.maximum = "1";
    expect_codes(&field, CELLS("0", "1", "2", "-1", "", "\"1\"", "\"2\"", "40000"),
                 CODES(0, 0, MIMIC_REJECT_BOUND, MIMIC_REJECT_BOUND, 0, 0, MIMIC_REJECT_BOUND,
                       MIMIC_REJECT_RANGE));
    field.minimum = "1";
    expect_codes(&field, CELLS("", "1", "0"), CODES(0, 0, MIMIC_REJECT_BOUND));
    field.minimum = NULL;
    field.exclusive_minimum = "0";
    field.exclusive_maximum = "1";
    field.maximum = NULL;
    expect_codes(&field, CELLS("0", "1"), CODES(MIMIC_REJECT_BOUND, MIMIC_REJECT_BOUND));
    field = test_field("valuenum", MIMIC_TYPE_FLOAT64);
    field.minimum = "0.5";
    field.exclusive_maximum = "2";
    field.allow_special = true;
    expect_codes(&field, CELLS("0.5", "0.4999", "2", "1.9999999999", "NaN", "-INF", ""),
                 CODES(0, MIMIC_REJECT_BOUND, MIMIC_REJECT_BOUND, 0, MIMIC_REJECT_BOUND,
                       MIMIC_REJECT_BOUND, 0));
    field = test_field("charttime", MIMIC_TYPE_TIMESTAMP);
    field.minimum = "2100-01-01T00:00:00";
    expect_codes(&field, CELLS("2100-01-01T00:00:00", "2099-12-31T23:59:59", ""),
                 CODES(0, MIMIC_REJECT_BOUND, 0));
    field = test_field("cost", MIMIC_TYPE_DECIMAL);
    field.minimum = "-1.5";
    expect_codes(&field, CELLS("-1.5", "-1.51", "3", "0"), CODES(0, MIMIC_REJECT_BOUND, 0, 0));
    field = test_field("month", MIMIC_TYPE_STRING);
    field.schema_type = "yearmonth";
    field.maximum = "2100-06";
    expect_codes(&field, CELLS("2100-06", "2100-07", "2100-13", "2100-6"),
                 CODES(0, MIMIC_REJECT_BOUND, MIMIC_REJECT_RANGE, MIMIC_REJECT_TYPE));
    field = test_field("year", MIMIC_TYPE_INT16);
    field.schema_type = "year";
    expect_codes(&field, CELLS("2100", "210", "02100", "+210", "2100 "),
                 CODES(0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE,
                       MIMIC_REJECT_TYPE));
}
END_TEST

START_TEST(coerce_plan__enumerations)
{
    static const mimic_text versions[] = {{"9", 1}, {"10", 2}};
    static const mimic_text sexes[] = {{"F", 1}, {"M", 1}};
    mimic_field field = test_field("icd_version", MIMIC_TYPE_INT16);
    field.enum_values = versions;
    field.enum_count = 2;
    expect_codes(&field, CELLS("9", "10", "010", "11", "", "x"),
                 CODES(0, 0, 0, MIMIC_REJECT_ENUM, 0, MIMIC_REJECT_TYPE));
    field = test_field("gender", MIMIC_TYPE_STRING);
    field.enum_values = sexes;
    field.enum_count = 2;
    expect_codes(&field, CELLS("F", "\"M\"", "f", ""), CODES(0, 0, MIMIC_REJECT_ENUM, 0));
    field.type = MIMIC_TYPE_CATEGORICAL;
    run r;
    run_cells(&r, &field, CELLS("M", "M", "X", "F"));
    ck_assert_int_eq(r.status, MIMIC_OK);
    ck_assert_int_eq(fault_of(&r.faults, 2), MIMIC_REJECT_ENUM);
    ck_assert_int_eq((int)r.rows, 3);
    ck_assert_int_eq(r.column.dictionary->count, 2); /* in the schema's order */
    ck_assert_int_eq(((const int32_t *)r.column.values)[0], 1);
    ck_assert_int_eq(((const int32_t *)r.column.values)[2], 0);
    run_free(&r);
}
END_TEST

START_TEST(coerce_plan__unique)
{
    mimic_field field = test_field("id", MIMIC_TYPE_INT32);
    field.is_unique = true;
    expect_codes(&field, CELLS("1", "2", "", "01", "", "3"),
                 CODES(0, 0, 0, MIMIC_REJECT_UNIQUE, 0, 0));
    field = test_field("x", MIMIC_TYPE_FLOAT64);
    field.is_unique = true;
    expect_codes(&field, CELLS("0", "-0", "1e0", "1"),
                 CODES(0, MIMIC_REJECT_UNIQUE, 0, MIMIC_REJECT_UNIQUE));
    field = test_field("key", MIMIC_TYPE_STRING);
    field.is_unique = true;
    expect_codes(&field, CELLS("a", "\"a\"", "A", "\"\"", "\"\"", ""),
                 CODES(0, MIMIC_REJECT_UNIQUE, 0, 0, MIMIC_REJECT_UNIQUE, 0));
    field.type = MIMIC_TYPE_CATEGORICAL;
    expect_codes(&field, CELLS("a", "b", "a"), CODES(0, 0, MIMIC_REJECT_UNIQUE));
}
END_TEST

START_TEST(coerce_plan__limits_say_how_to_mend)
{
    mimic_field field = test_field("id", MIMIC_TYPE_INT32);
    field.is_unique = true;
    const mimic_table table = one_field(&field);
    const mimic_coerce_options options = {.max_categories = 3, .max_unique_bytes = 40000};
    mimic_error err = MIMIC_ERROR_INIT;
    for (int i = 0; i < 2; i++) {
        mimic_coerce_plan *plan = NULL;
        mimic_row_faults faults;
        test_block block;
        block_init(&block, 1);
        for (int row = 0; row < 3000; row++) {
            char cell[16];
            sprintf(cell, "%d", row);
            block_cell(&block, cell);
        }
        const mimic_field_index index = block_index(&block);
        mimic__row_faults_init(&faults, ctx);
        ck_assert(mimic__row_faults_reset(&faults, index.row_count));
        ck_assert_int_eq(mimic__coerce_plan_new(ctx, &table, &options, &plan, &err), MIMIC_OK);
        ck_assert_int_eq(mimic__coerce_column(plan, 0, &index, 0, &faults, &err), MIMIC_ERR_LIMIT);
        ck_assert(strstr(err.message, "\"id\"") != NULL && strstr(err.message, "raise") != NULL);
        mimic__coerce_plan_free(plan);
        mimic__row_faults_free(&faults);
        block_free(&block);
        field.is_unique = false;
        field.type = MIMIC_TYPE_CATEGORICAL;
    }
}
END_TEST

START_TEST(coerce_plan__number_lexis)
{
    mimic_field field = test_field("n", MIMIC_TYPE_FLOAT64);
    field.group_char = " ";
    field.decimal_char = ',';
    run r;
    run_cells(&r, &field, CELLS("1 234,5", "1,5", "1.5", " 1", "1  2", "\"12 345\"", ""));
    ck_assert_int_eq(r.status, MIMIC_OK);
    ck_assert_int_eq((int)r.faults.count, 3);
    const double *const values = r.column.values;
    ck_assert(values[0] == 1234.5 && values[1] == 1.5 && values[2] == 12345);
    run_free(&r);
    field = test_field("n", MIMIC_TYPE_INT32);
    field.bare_number = false;
    run_cells(&r, &field, CELLS("95%", "EUR -5 ", "12", "x", "1-2", ""));
    ck_assert_int_eq((int)r.faults.count, 2);
    const int32_t *const integers = r.column.values;
    ck_assert(integers[0] == 95 && integers[1] == -5 && integers[2] == 12);
    run_free(&r);
    field = test_field("b", MIMIC_TYPE_BOOLEAN);
    static const mimic_text yes[] = {{"Y", 1}, {"yes", 3}};
    field.true_values = yes;
    field.true_value_count = 2;
    expect_codes(&field, CELLS("Y", "yes", "0", "false", "true", "1"),
                 CODES(0, 0, 0, 0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
}
END_TEST

START_TEST(coerce_plan__text_formats)
{
    static const char *const uuid[] = {"uuid"};
    static const char *const email[] = {"email"};
    static const char *const uri[] = {"uri"};
    mimic_field field = test_field("id", MIMIC_TYPE_STRING);
    field.formats = uuid;
    expect_codes(&field,
                 CELLS("8d4c4326-e9de-4f45-9a4c-f8c36bff89ae", "8D4C4326-E9DE-4F45-9A4C-F8C36BFF89AE",
                       "8d4c4326e9de4f459a4cf8c36bff89ae", "8d4c4326-e9de-4f45-9a4c-f8c36bff89ag"),
                 CODES(0, 0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
    field.formats = email;
    expect_codes(&field, CELLS("a@b.org", "a@", "@b", "a@b@c", "a b@c.d"),
                 CODES(0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE,
                       MIMIC_REJECT_TYPE));
    field.formats = uri;
    expect_codes(&field, CELLS("https://a.org/b?c", "urn:x", "a.org", ":x", "1a:b"),
                 CODES(0, 0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
}
END_TEST

static void expect_refused(const mimic_field *field, const char *part)
{
    const mimic_table table = one_field(field);
    mimic_coerce_plan *plan = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    ck_assert_msg(mimic__coerce_plan_new(ctx, &table, NULL, &plan, &err) == MIMIC_ERR_SCHEMA,
                  "taken, but \"%s\" was expected", part);
    ck_assert_ptr_null(plan);
    ck_assert_msg(strstr(err.message, part) != NULL && strstr(err.message, "\"f\"") != NULL,
                  "\"%s\" does not speak of %s", err.message, part);
    ck_assert_str_eq(err.column, "f");
}

START_TEST(coerce_plan__refuses_what_it_cannot_honour)
{
    static const char *const formats[][1] = {{"any"}, {"%Y-%q"}, {"%Y-%m"}, {"%H:%M"}, {"uuid5"},
                                             {"%Y-%m-%d %I:%M"}, {"%Y-%m-%d %z"}, {"%Y-%m-%d %"}};
    static const mimic_text bad_enum[] = {{"1", 1}, {"x", 1}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        mimic_field field = test_field("f", i == 4 ? MIMIC_TYPE_STRING : MIMIC_TYPE_TIMESTAMP);
        field.formats = formats[i];
        expect_refused(&field, formats[i][0]);
    }
    mimic_field field = test_field("f", MIMIC_TYPE_INT32);
    field.minimum = "1.5";
    expect_refused(&field, "minimum");
    field = test_field("f", MIMIC_TYPE_STRING);
    field.maximum = "9";
    expect_refused(&field, "maximum");
    field = test_field("f", MIMIC_TYPE_INT32);
    field.enum_values = bad_enum;
    field.enum_count = 2;
    expect_refused(&field, "enum");
    field = test_field("f", MIMIC_TYPE_INT32);
    field.pattern = "[0-9]+";
    expect_refused(&field, "pattern");
    field = test_field("f", MIMIC_TYPE_STRING);
    field.pattern = "\\p{L}+";
    expect_refused(&field, "pattern");
    field = test_field("f", MIMIC_TYPE_INT32);
    field.max_length = 5;
    expect_refused(&field, "maxLength");
    field = test_field("f", MIMIC_TYPE_STRING);
    field.schema_type = "geopoint";
    expect_refused(&field, "geopoint");
    field = test_field("f", MIMIC_TYPE_DECIMAL);
    field.precision = 39;
    expect_refused(&field, "precision");
}
END_TEST

START_TEST(coerce_plan__absent_column)
{
    for (mimic_type type = MIMIC_TYPE_BOOLEAN; type <= MIMIC_TYPE_BINARY; type++) {
        for (int required = 0; required < 2; required++) {
            mimic_field field = test_field("gone", type);
            field.is_required = required != 0;
            run r;
            run_cells(&r, &field, CELLS("1", "2", "3"));
            const mimic_field_index index = block_index(&r.block);
            ck_assert(mimic__row_faults_reset(&r.faults, 3));
            ck_assert_int_eq(
                mimic__coerce_column(r.plan, 0, &index, SIZE_MAX, &r.faults, &r.err), MIMIC_OK);
            ck_assert_int_eq((int)r.faults.count, required * 3);
            ck_assert_int_eq(mimic__coerce_plan_finish(r.plan, 3, r.faults.bad, &r.column, &r.rows,
                                                       &r.err),
                             MIMIC_OK);
            ck_assert_int_eq((int)r.rows, required ? 0 : 3);
            ck_assert_int_eq(r.column.null_count, required ? 0 : 3);
            run_free(&r);
        }
    }
}
END_TEST

START_TEST(coerce_plan__first_fault_of_a_row_is_kept)
{
    const mimic_field fields[2] = {test_field("a", MIMIC_TYPE_INT32),
                                   test_field("b", MIMIC_TYPE_INT32)};
    const mimic_table table = {.name = "t", .fields = fields, .field_count = 2};
    mimic_coerce_plan *plan = NULL;
    mimic_row_faults faults;
    mimic_column columns[2];
    size_t rows = 0;
    test_block block;
    block_init(&block, 2);
    for (int row = 0; row < 200; row++) {
        block_cell(&block, row % 3 == 0 ? "x" : "1");
        block_cell(&block, row % 5 == 0 ? "99999999999" : "2");
    }
    ck_assert_int_eq((int)block.row_count, 200);
    const mimic_field_index index = block_index(&block);
    mimic__row_faults_init(&faults, ctx);
    ck_assert(mimic__row_faults_reset(&faults, 200));
    ck_assert_int_eq(mimic__coerce_plan_new(ctx, &table, NULL, &plan, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__coerce_column(plan, 0, &index, 0, &faults, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__coerce_column(plan, 1, &index, 1, &faults, NULL), MIMIC_OK);
    ck_assert_int_eq(mimic__coerce_plan_finish(plan, 200, faults.bad, columns, &rows, NULL),
                     MIMIC_OK);
    ck_assert_int_eq((int)rows, 200 - 67 - 40 + 14);
    for (size_t row = 0; row < 200; row++)
        ck_assert_int_eq(fault_of(&faults, row), row % 3 == 0   ? MIMIC_REJECT_TYPE
                                                 : row % 5 == 0 ? MIMIC_REJECT_RANGE
                                                                : 0);
    for (size_t row = 0; row < rows; row++)
        ck_assert(((const int32_t *)columns[1].values)[row] == 2);
    mimic__coerce_plan_free(plan);
    mimic__row_faults_free(&faults);
    block_free(&block);
}
END_TEST

static void expect_message(const mimic_field *field, mimic_reject_code code, const char *value,
                           const char *expected)
{
    const mimic_table table = one_field(field);
    mimic_coerce_plan *plan = NULL;
    char message[256];
    ck_assert_int_eq(mimic__coerce_plan_new(ctx, &table, NULL, &plan, NULL), MIMIC_OK);
    mimic__coerce_message(plan, 0, code, value, strlen(value), message, sizeof message);
    ck_assert_str_eq(message, expected);
    mimic__coerce_plan_free(plan);
}

START_TEST(coerce_plan__messages)
{
    mimic_field field = test_field("f", MIMIC_TYPE_INT32);
    expect_message(&field, MIMIC_REJECT_TYPE, "2.5", "\"2.5\" is not an int32");
    expect_message(&field, MIMIC_REJECT_RANGE, "3000000000",
                   "\"3000000000\" does not fit into int32 (-2147483648 to 2147483647)");
    expect_message(&field, MIMIC_REJECT_REQUIRED, "", "empty, but a value is required");
    expect_message(&field, MIMIC_REJECT_TYPE, "a\tb\n", "\"a\\x09b\\x0a\" is not an int32");
    field = test_field("f", MIMIC_TYPE_DECIMAL);
    field.precision = 6;
    field.scale = 3;
    expect_message(&field, MIMIC_REJECT_PRECISION, "1.2345",
                   "\"1.2345\" has more digits than decimal(6,3) keeps");
    field = test_field("f", MIMIC_TYPE_TIMESTAMP);
    expect_message(&field, MIMIC_REJECT_RANGE, "2100-02-30 00:00:00",
                   "\"2100-02-30 00:00:00\" names a day or time that does not exist");
    field = test_field("f", MIMIC_TYPE_STRING);
    field.max_length = 20;
    expect_message(&field, MIMIC_REJECT_LENGTH, "abcdefghijklmnopqrstuvwxyz",
                   "longer than 20 characters: \"abcdefghijklmnopqrstuvwxyz\"");
    char tiny[8];
    const mimic_table table = one_field(&field);
    mimic_coerce_plan *plan = NULL;
    ck_assert_int_eq(mimic__coerce_plan_new(ctx, &table, NULL, &plan, NULL), MIMIC_OK);
    mimic__coerce_message(plan, 0, MIMIC_REJECT_LENGTH, "xx", 2, tiny, sizeof tiny);
    ck_assert_str_eq(tiny, "longer ");
    mimic__coerce_plan_free(plan);
}
END_TEST

START_TEST(coerce_plan__escape_character)
{
    char scratch[32];
    size_t size = 0;
    bool is_quoted = false;
    const char *text = mimic__field_text("\"a\\\"b\"", 6, '"', '\\', scratch, &size, &is_quoted);
    ck_assert(is_quoted && size == 3 && memcmp(text, "a\"b", 3) == 0);
    text = mimic__field_text("\"a\"\"b\"", 6, '"', 0, scratch, &size, &is_quoted);
    ck_assert(is_quoted && size == 3 && memcmp(text, "a\"b", 3) == 0);
    text = mimic__field_text("abc", 3, '"', 0, scratch, &size, &is_quoted);
    ck_assert(!is_quoted && size == 3 && memcmp(text, "abc", 3) == 0);
    text = mimic__field_text("\"\"", 2, '"', 0, scratch, &size, &is_quoted);
    ck_assert(is_quoted && size == 0);
    text = mimic__field_text("\"\"", 2, 0, 0, scratch, &size, &is_quoted);
    ck_assert(!is_quoted && size == 2 && text[0] == '"');
}
END_TEST

/* ---- allocation failures ---- */

typedef struct failing_heap {
    int left;  /* allocations until the failure */
    int alive; /* blocks not freed */
} failing_heap;

static void *failing_alloc(size_t size, void *heap_ctx)
{
    failing_heap *const heap = heap_ctx;
    if (heap->left-- <= 0)
        return NULL;
    heap->alive++;
    return malloc(size);
}

static void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *heap_ctx)
{
    failing_heap *const heap = heap_ctx;
    (void)old_size;
    return heap->left-- <= 0 ? NULL : realloc(memory, new_size);
}

static void failing_free(void *memory, void *heap_ctx)
{
    failing_heap *const heap = heap_ctx;
    heap->alive--;
    free(memory);
}

/* Every type, with constraints, two blocks; fails when memory does. */
static mimic_status run_scenario(const mimic_context *heap, test_block *block)
{
    static const mimic_text versions[] = {{"9", 1}, {"10", 2}};
    mimic_field fields[MIMIC_TYPE_BINARY];
    for (mimic_type type = MIMIC_TYPE_BOOLEAN; type <= MIMIC_TYPE_BINARY; type++)
        fields[type - 1] = test_field("f", type);
    fields[MIMIC_TYPE_INT16 - 1].enum_values = versions;
    fields[MIMIC_TYPE_INT16 - 1].enum_count = 2;
    fields[MIMIC_TYPE_INT32 - 1].is_unique = true;
    fields[MIMIC_TYPE_FLOAT64 - 1].group_char = ",";
    fields[MIMIC_TYPE_STRING - 1].enum_values = versions;
    fields[MIMIC_TYPE_STRING - 1].enum_count = 2;
    fields[MIMIC_TYPE_CATEGORICAL - 1].pattern = "[a-z0-9]*|x+";
    const mimic_table table = {.name = "t", .fields = fields, .field_count = MIMIC_TYPE_BINARY};
    const mimic_field_index index = block_index(block);
    mimic_coerce_plan *plan = NULL;
    mimic_row_faults faults;
    mimic_column columns[MIMIC_TYPE_BINARY];
    size_t rows = 0;
    mimic__row_faults_init(&faults, heap);
    mimic_status status = mimic__coerce_plan_new(heap, &table, NULL, &plan, NULL);
    for (int repeat = 0; repeat < 2 && status == MIMIC_OK; repeat++) {
        if (!mimic__row_faults_reset(&faults, index.row_count))
            status = MIMIC_ERR_MEMORY;
        for (size_t i = 0; i < MIMIC_TYPE_BINARY && status == MIMIC_OK; i++)
            status = mimic__coerce_column(plan, i, &index, 0, &faults, NULL);
        if (status == MIMIC_OK)
            status = mimic__coerce_plan_finish(plan, index.row_count, faults.bad, columns, &rows,
                                               NULL);
    }
    mimic__row_faults_free(&faults);
    mimic__coerce_plan_free(plan);
    return status;
}

START_TEST(coerce_plan__every_allocation_may_fail)
{
    test_random random = {4};
    test_block block;
    block_init(&block, 1);
    random_block(&random, &block, 500);
    bool is_done = false;
    for (int limit = 1; !is_done; limit++) {
        failing_heap heap = {.left = limit};
        mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
        options.allocator =
            (mimic_allocator){failing_alloc, failing_realloc, failing_free, &heap};
        mimic_context *failing = NULL;
        ck_assert_int_eq(mimic_context_new(&options, &failing, NULL), MIMIC_OK);
        const mimic_status status = run_scenario(failing, &block);
        ck_assert(status == MIMIC_OK || status == MIMIC_ERR_MEMORY);
        is_done = status == MIMIC_OK;
        mimic_context_free(failing);
        ck_assert_int_eq(heap.alive, 0);
        ck_assert_int_lt(limit, 100000);
    }
    block_free(&block);
}
END_TEST

START_TEST(coerce_plan__setup)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
}
END_TEST

START_TEST(coerce_plan__teardown)
{
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(coerce_plan, coerce_plan__setup,
                coerce_plan__random_blocks_against_the_scalar_functions, coerce_plan__bounds,
                coerce_plan__enumerations, coerce_plan__unique, coerce_plan__limits_say_how_to_mend,
                coerce_plan__number_lexis, coerce_plan__text_formats,
                coerce_plan__refuses_what_it_cannot_honour, coerce_plan__absent_column,
                coerce_plan__first_fault_of_a_row_is_kept, coerce_plan__messages,
                coerce_plan__escape_character, coerce_plan__every_allocation_may_fail,
                coerce_plan__teardown)
