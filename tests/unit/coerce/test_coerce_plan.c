/*
 * The plan against a slow model made of the public scalar functions: random fields, random cells
 * plain and quoted, every value, NULL and fault compared. Then every allocation fails in turn.
 */
#include "check_main.h"

#include <stdio.h>

#include "coerce_block.h"
#include "coerce_random.h"

static mimic_context *ctx;

/* ---- the model ---- */

typedef struct model_value {
    mimic_reject_code fault; /* 0 = none */
    bool is_null;
    _Alignas(16) char bytes[16]; /* of the value, or of nothing for texts */
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
        result.fault = mimic_coerce_string(scratch, size, field->min_length, field->max_length);
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
    static const size_t widths[] = {
        [MIMIC_TYPE_INT16] = 2,      [MIMIC_TYPE_INT32] = 4,   [MIMIC_TYPE_INT64] = 8,
        [MIMIC_TYPE_FLOAT32] = 4,    [MIMIC_TYPE_FLOAT64] = 8, [MIMIC_TYPE_DECIMAL] = 16,
        [MIMIC_TYPE_DATE] = 4,       [MIMIC_TYPE_TIME] = 8,    [MIMIC_TYPE_TIMESTAMP] = 8,
        [MIMIC_TYPE_TIMESTAMPTZ] = 8};
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
        const int32_t *offsets = dictionary == NULL ? column->offsets + row : NULL;
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
        const size_t width = column->type == MIMIC_TYPE_CATEGORICAL ? 4 : type_width(column->type);
        if (memcmp((const char *)column->values + (size_t)row * width, wanted, width) != 0)
            ck_abort_msg("row %d \"%.*s\": another value", (int)row, (int)raw_size, raw);
    }
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
    "",
    "0",
    "1",
    "7",
    "-1",
    "+5",
    "12",
    "007",
    "12345678",
    "123456789",
    "99999999",
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
    "2.5",
    "98.6",
    ".5",
    "5.",
    ".",
    "-.5",
    "1e3",
    "1e-3",
    "7.7025115740740739",
    "49.999998807907104",
    "0.10",
    "12345.678",
    "1234567.",
    ".1234567",
    "1.2.3",
    "12..3",
    "nan",
    "NaN",
    "INF",
    "-INF",
    " 7 ",
    "7 ",
    " 7",
    "1_000",
    "1,000",
    "0x10",
    "true",
    "False",
    "TRUE",
    "yes",
    "NA",
    "None",
    "-999",
    "2100-01-01 00:00:00",
    "2100-02-29 00:00:00",
    "2100-02-30 00:00:00",
    "2096-02-29 23:59:59",
    "2100-1-1 0:0:0",
    "2100-01-01",
    "2100-01-01T10:11:12",
    "2100-01-01T10:11:12Z",
    "2100-01-01T10:11:12+02:00",
    "2100-01-01 10:11:12.123456",
    "2100-01-01 10:11:12.123456789",
    "2100-01-01 10:11:12.123456000",
    "2100-01-01 24:00:00",
    "2100-01-01 10:60:00",
    "2100-01-01 10:11:60",
    "0000-01-01 00:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "2100-13-01 00:00:00",
    "2100-00-01 00:00:00",
    "10:11:12",
    "10:11:12.5",
    "24:00:00",
    "mmHg",
    "bpm",
    "insp/min",
    "a text of 16 byt",
    "a text of 17 byte",
    "long text that is copied in more than one step of sixteen bytes",
    "%",
    "quoted \"inside\"",
    "two,\nlines",
    "\xc3\xa4\xc3\xb6\xc3\xbc",
    "QUJD",
    "QUI=",
    "QQ==",
    "QR==",
    "QU=D",
    "0000000000000000000000012",
    "1e400",
    "123456789012345.67",
    "12345678901234567.89",
    "0.001",
    "1.230",
    "99999999",
    "999999.99",
    "9999999.9"};

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
        const bool must_quote = memchr(text, '"', size) != NULL ||
                                memchr(text, ',', size) != NULL || memchr(text, '\n', size) != NULL;
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
            status =
                mimic__coerce_plan_finish(plan, index.row_count, faults.bad, columns, &rows, NULL);
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
        options.allocator = (mimic_allocator){failing_alloc, failing_realloc, failing_free, &heap};
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
                coerce_plan__random_blocks_against_the_scalar_functions,
                coerce_plan__every_allocation_may_fail, coerce_plan__teardown)
