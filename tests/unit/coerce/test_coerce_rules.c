/* The rules of a plan one by one: constraints, lexical properties, limits, what is refused,
 * messages. */
#include "check_main.h"

#include <stdio.h>

#include "coerce/coerce_memory.h"
#include "coerce_block.h"

static mimic_context *ctx;

typedef struct run {
    mimic_coerce_plan *plan;
    mimic_coerce_memory *memory;
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
    r->memory = NULL;
    r->status = mimic__coerce_plan_new(ctx, &r->table, NULL, &r->plan, &r->err);
    if (r->status != MIMIC_OK)
        return;
    ck_assert_int_eq(mimic__coerce_memory_new(ctx, &r->table, NULL, &r->memory, NULL), MIMIC_OK);
    const mimic_field_index index = block_index(&r->block);
    r->status = mimic__coerce_column(r->plan, 0, &index, 0, &r->faults, &r->err);
    if (r->status == MIMIC_OK)
        r->status = mimic__coerce_memory_settle(r->memory, r->plan, index.row_count, &r->faults,
                                                &r->err);
    if (r->status == MIMIC_OK)
        r->status = mimic__coerce_plan_finish(r->plan, index.row_count, r->faults.bad, &r->column,
                                              &r->rows, &r->err);
}

static void run_free(run *r)
{
    mimic__coerce_plan_free(r->plan);
    mimic__coerce_memory_free(r->memory);
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

START_TEST(coerce_rules__bounds)
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
    expect_codes(
        &field, CELLS("2100", "210", "02100", "+210", "2100 "),
        CODES(0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
}
END_TEST

START_TEST(coerce_rules__enumerations)
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

START_TEST(coerce_rules__unique)
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

START_TEST(coerce_rules__limits_say_how_to_mend)
{
    mimic_field field = test_field("id", MIMIC_TYPE_INT32);
    field.is_unique = true;
    const mimic_table table = one_field(&field);
    const mimic_coerce_options options = {.max_categories = 3, .max_unique_bytes = 40000};
    mimic_error err = MIMIC_ERROR_INIT;
    for (int i = 0; i < 2; i++) {
        mimic_coerce_plan *plan = NULL;
        mimic_coerce_memory *memory = NULL;
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
        ck_assert_int_eq(mimic__coerce_memory_new(ctx, &table, &options, &memory, &err), MIMIC_OK);
        ck_assert_int_eq(mimic__coerce_column(plan, 0, &index, 0, &faults, &err), MIMIC_OK);
        ck_assert_int_eq(
            mimic__coerce_memory_settle(memory, plan, index.row_count, &faults, &err),
            MIMIC_ERR_LIMIT);
        ck_assert(strstr(err.message, "\"id\"") != NULL && strstr(err.message, "raise") != NULL);
        mimic__coerce_plan_free(plan);
        mimic__coerce_memory_free(memory);
        mimic__row_faults_free(&faults);
        block_free(&block);
        field.is_unique = false;
        field.type = MIMIC_TYPE_CATEGORICAL;
    }
}
END_TEST

START_TEST(coerce_rules__number_lexis)
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

START_TEST(coerce_rules__text_formats)
{
    static const char *const uuid[] = {"uuid"};
    static const char *const email[] = {"email"};
    static const char *const uri[] = {"uri"};
    mimic_field field = test_field("id", MIMIC_TYPE_STRING);
    field.formats = uuid;
    expect_codes(&field,
                 CELLS("8d4c4326-e9de-4f45-9a4c-f8c36bff89ae",
                       "8D4C4326-E9DE-4F45-9A4C-F8C36BFF89AE", "8d4c4326e9de4f459a4cf8c36bff89ae",
                       "8d4c4326-e9de-4f45-9a4c-f8c36bff89ag"),
                 CODES(0, 0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
    field.formats = email;
    expect_codes(
        &field, CELLS("a@b.org", "a@", "@b", "a@b@c", "a b@c.d"),
        CODES(0, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE, MIMIC_REJECT_TYPE));
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

START_TEST(coerce_rules__refuses_what_it_cannot_honour)
{
    static const char *const formats[][1] = {{"any"},         {"%Y-%q"},     {"%Y-%m"},
                                             {"%H:%M"},       {"uuid5"},     {"%Y-%m-%d %I:%M"},
                                             {"%Y-%m-%d %z"}, {"%Y-%m-%d %"}};
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

START_TEST(coerce_rules__absent_column)
{
    for (mimic_type type = MIMIC_TYPE_BOOLEAN; type <= MIMIC_TYPE_BINARY; type++) {
        for (int required = 0; required < 2; required++) {
            mimic_field field = test_field("gone", type);
            field.is_required = required != 0;
            run r;
            run_cells(&r, &field, CELLS("1", "2", "3"));
            const mimic_field_index index = block_index(&r.block);
            ck_assert(mimic__row_faults_reset(&r.faults, 3));
            ck_assert_int_eq(mimic__coerce_column(r.plan, 0, &index, SIZE_MAX, &r.faults, &r.err),
                             MIMIC_OK);
            ck_assert_int_eq((int)r.faults.count, required * 3);
            ck_assert_int_eq(
                mimic__coerce_plan_finish(r.plan, 3, r.faults.bad, &r.column, &r.rows, &r.err),
                MIMIC_OK);
            ck_assert_int_eq((int)r.rows, required ? 0 : 3);
            ck_assert_int_eq(r.column.null_count, required ? 0 : 3);
            run_free(&r);
        }
    }
}
END_TEST

START_TEST(coerce_rules__first_fault_of_a_row_is_kept)
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

START_TEST(coerce_rules__messages)
{
    mimic_field field = test_field("f", MIMIC_TYPE_INT32);
    expect_message(&field, MIMIC_REJECT_TYPE, "2.5", "\"2.5\" is not an int32");
    expect_message(&field, MIMIC_REJECT_TYPE, "\"2.5\"", "\"2.5\" is not an int32");
    expect_message(&field, MIMIC_REJECT_TYPE, "\"\"", "an empty text is not an int32");
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
    expect_message(&field, MIMIC_REJECT_LENGTH,
                   "a\xc2\x9b"
                   "1\xff",
                   "longer than 20 characters: \"a\\xc2\\x9b1\\xff\"");
    /* A text of the schema that is shown in part: forty bytes end within the second letter. */
    static const mimic_text long_text = {"abcdefghijklmnopqrstuvwxyzabcdefghijklm\xc3\xa9", 41};
    field.enum_values = &long_text;
    field.enum_count = 1;
    expect_message(&field, MIMIC_REJECT_ENUM, "\xc3\xa9",
                   "\"\xc3\xa9\" is not one of \"abcdefghijklmnopqrstuvwxyzabcdefghijklm\"");
    field.enum_count = 0;
    char tiny[8];
    const mimic_table table = one_field(&field);
    mimic_coerce_plan *plan = NULL;
    ck_assert_int_eq(mimic__coerce_plan_new(ctx, &table, NULL, &plan, NULL), MIMIC_OK);
    mimic__coerce_message(plan, 0, MIMIC_REJECT_LENGTH, "xx", 2, tiny, sizeof tiny);
    ck_assert_str_eq(tiny, "longer ");
    mimic__coerce_plan_free(plan);
}
END_TEST

START_TEST(coerce_rules__escape_character)
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

START_TEST(coerce_rules__setup)
{
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
}
END_TEST

START_TEST(coerce_rules__teardown)
{
    mimic_context_free(ctx);
}
END_TEST

MIMIC_TEST_MAIN(coerce_rules, coerce_rules__setup, coerce_rules__bounds, coerce_rules__enumerations,
                coerce_rules__unique, coerce_rules__limits_say_how_to_mend,
                coerce_rules__number_lexis, coerce_rules__text_formats,
                coerce_rules__refuses_what_it_cannot_honour, coerce_rules__absent_column,
                coerce_rules__first_fault_of_a_row_is_kept, coerce_rules__messages,
                coerce_rules__escape_character, coerce_rules__teardown)
