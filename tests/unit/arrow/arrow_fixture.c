/* See arrow_fixture.h. */
#include "arrow_fixture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/schema_model.h"

#define FIELD(field_name, field_type) .name = field_name, .title = "", .type = field_type

static const mimic_field fields[FIXTURE_COLUMNS] = {
    {FIELD("flag", MIMIC_TYPE_BOOLEAN), .description = "true in every third row"},
    {FIELD("row_id", MIMIC_TYPE_INT64), .description = "", .is_required = true},
    {FIELD("small", MIMIC_TYPE_INT16), .description = ""},
    {FIELD("medium", MIMIC_TYPE_INT32), .description = ""},
    {FIELD("large", MIMIC_TYPE_INT64), .description = ""},
    {FIELD("single", MIMIC_TYPE_FLOAT32), .description = ""},
    {FIELD("double", MIMIC_TYPE_FLOAT64), .description = ""},
    {FIELD("price", MIMIC_TYPE_DECIMAL), .description = "", .precision = 20, .scale = 4},
    {FIELD("day", MIMIC_TYPE_DATE), .description = ""},
    {FIELD("clock", MIMIC_TYPE_TIME), .description = ""},
    {FIELD("local", MIMIC_TYPE_TIMESTAMP), .description = ""},
    {FIELD("instant", MIMIC_TYPE_TIMESTAMPTZ), .description = ""},
    {FIELD("text", MIMIC_TYPE_STRING), .description = "empty, quoted and \xe5\xa4\x9a texts"},
    {FIELD("kind \"q\" \xc3\xa9", MIMIC_TYPE_CATEGORICAL), .description = ""},
    {FIELD("bytes", MIMIC_TYPE_BINARY), .description = ""},
    {FIELD("other", MIMIC_TYPE_CATEGORICAL), .description = ""},
};

static const mimic_table table = {
    .name = "fixture",
    .title = "",
    .description = "",
    .module = "hosp",
    .path = "",
    .dataset = "test-data",
    .version = "1.0",
    .fields = fields,
    .field_count = FIXTURE_COLUMNS,
};

const mimic_table *fixture_table(void)
{
    return &table;
}

static bool is_null(int64_t row, size_t column)
{
    return column != 1 && (row + 3 * (int64_t)column) % 7 == 0;
}

/* Integer value of a fixed-width column, as wide as it gets. */
static int64_t integer_value(int64_t row, size_t column)
{
    static const int64_t edges[][2] = {
        [2] = {INT16_MIN, INT16_MAX},
        [3] = {INT32_MIN, INT32_MAX},
        [4] = {INT64_MIN, INT64_MAX},
        [8] = {-719162, 2932896},
        [9] = {0, INT64_C(86399999999)},
        [10] = {INT64_C(-62135596800000000), INT64_C(253402300799999999)},
        [11] = {-1, INT64_C(1700000000123456)}};
    static const int64_t ranges[] = {[2] = 1000,
                                     [3] = 100000,
                                     [4] = 10000000000,
                                     [8] = 20000,
                                     [9] = INT64_C(86400000000),
                                     [10] = INT64_C(4102444800000001),
                                     [11] = INT64_C(4102444800000001)};
    if (column == 0)
        return row % 3 == 0;
    if (column == 1)
        return row;
    if (row % 101 == 1 || row % 101 == 2)
        return edges[column][row % 101 - 1];
    return (int64_t)(((uint64_t)row * UINT64_C(0x9e3779b97f4a7c15) >> 8) %
                     (uint64_t)ranges[column]);
}

static double float_value(int64_t row, size_t column)
{
    if (column == 5)
        return (double)(row % 4096) * 0.5 - 10;
    switch (row % 50) {
    case 1:
        return 1.7976931348623157e308;
    case 2:
        return 5e-324;
    case 3:
        return -0.1;
    default:
        return (double)row / 7.0;
    }
}

static void decimal_value(int64_t row, unsigned char out[16], char *out_text)
{
    const int64_t value = row % 2 == 0 ? row * 12345 : -(row * 1000003 + 7);
    snprintf(out_text, 32, "%" PRId64, value);
    for (int i = 0; i < 16; i++)
        out[i] = (unsigned char)(i < 8 ? (uint64_t)value >> (8 * i) : value < 0 ? 0xff : 0);
}

static size_t text_value(int64_t row, size_t column, char *out)
{
    static const char *const texts[] = {"", "plain", "with \"quotes\"", "zwei\nZeilen",
                                        "\xe5\xa4\x9a\xe5\xad\x97\xe8\x8a\x82 \xf0\x9f\xa9\xba"};
    static const char *const kinds[] = {"", "MRSA SCREEN", "\xc3\xa9tat", "a,b"};
    if (column == 14) {
        for (int64_t i = 0; i < row % 6; i++)
            out[i] = (char)(unsigned char)(row * 37 + i * 101);
        return (size_t)(row % 6);
    }
    if (column == 12) {
        if (row % 10 < 5)
            return (size_t)sprintf(out, "%s", texts[row % 10]);
        return (size_t)sprintf(out, "note %" PRId64, row);
    }
    if (column == 13 && row % 3 != 0)
        return (size_t)sprintf(out, "group %" PRId64, row / 40);
    return (size_t)sprintf(out, "%s", kinds[(row + (int64_t)column) % 4]);
}

static void append_fixed(fixture_batch *fixture, size_t column, int64_t row, int64_t index,
                         bool null)
{
    mimic_buffer *values = &fixture->values[column];
    const mimic_type type = fields[column].type;
    const int64_t integer = type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64 ||
                                    type == MIMIC_TYPE_DECIMAL || null
                                ? 0
                                : integer_value(row, column);
    const int32_t word = (int32_t)integer;
    const int16_t half = (int16_t)integer;
    const double real = null ? 0 : float_value(row, column);
    const float single = column == 5 ? (float)real : 0;
    unsigned char wide[16] = {0};
    char text[32];
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        if (index % 8 == 0)
            mimic__buffer_byte(values, 0);
        values->data[index / 8] =
            (char)((unsigned char)values->data[index / 8] | (unsigned)(integer << (index % 8)));
        break;
    case MIMIC_TYPE_INT16:
        mimic__buffer_append(values, &half, 2);
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        mimic__buffer_append(values, &word, 4);
        break;
    case MIMIC_TYPE_FLOAT32:
        mimic__buffer_append(values, &single, 4);
        break;
    case MIMIC_TYPE_FLOAT64:
        mimic__buffer_append(values, &real, 8);
        break;
    case MIMIC_TYPE_DECIMAL:
        if (!null)
            decimal_value(row, wide, text);
        mimic__buffer_append(values, wide, 16);
        break;
    default:
        mimic__buffer_append(values, &integer, 8);
    }
}

static void append_text(fixture_batch *fixture, size_t column, int64_t row, bool null)
{
    char text[64];
    const size_t size = null ? 0 : text_value(row, column, text);
    if (fields[column].type == MIMIC_TYPE_CATEGORICAL) {
        const int32_t code =
            null ? 0 : (int32_t)mimic__hashmap_insert(&fixture->texts[column], text, size);
        mimic__buffer_append(&fixture->values[column], &code, sizeof code);
        return;
    }
    mimic__buffer_append(&fixture->values[column], text, size);
    const int32_t end = (int32_t)fixture->values[column].size;
    mimic__buffer_append(&fixture->offsets[column], &end, sizeof end);
}

static void fill_column(fixture_batch *fixture, size_t column, int64_t dictionary_first,
                        int64_t first, int64_t count)
{
    const bool is_text = fields[column].type >= MIMIC_TYPE_STRING;
    const int32_t zero = 0;
    char text[64];
    if (fields[column].type == MIMIC_TYPE_CATEGORICAL) {
        for (int64_t row = dictionary_first; row < first; row++)
            if (!is_null(row, column))
                mimic__hashmap_insert(&fixture->texts[column], text, text_value(row, column, text));
    } else if (is_text) {
        mimic__buffer_append(&fixture->offsets[column], &zero, sizeof zero);
    }
    int64_t null_count = 0;
    for (int64_t i = 0; i < count; i++) {
        const bool null = is_null(first + i, column);
        if (i % 8 == 0)
            mimic__buffer_byte(&fixture->validity[column], 0);
        char *byte = &fixture->validity[column].data[i / 8];
        *byte = (char)((unsigned char)*byte | (unsigned)(!null << (i % 8)));
        null_count += null;
        if (is_text)
            append_text(fixture, column, first + i, null);
        else
            append_fixed(fixture, column, first + i, i, null);
    }
    const mimic_hashmap *texts = &fixture->texts[column];
    fixture->dictionaries[column] =
        (mimic_dictionary){texts->count, texts->count == 0 ? NULL : texts->offsets, texts->bytes};
    fixture->columns[column] = (mimic_column){
        .type = fields[column].type,
        .precision = fields[column].precision,
        .scale = fields[column].scale,
        .null_count = null_count,
        .validity = null_count == 0 ? NULL : (const uint8_t *)fixture->validity[column].data,
        .values = fixture->values[column].data,
        .offsets = (const int32_t *)(const void *)fixture->offsets[column].data,
        .dictionary =
            fields[column].type == MIMIC_TYPE_CATEGORICAL ? &fixture->dictionaries[column] : NULL,
    };
}

void fixture_batch_make(fixture_batch *fixture, const mimic_context *ctx, int64_t dictionary_first,
                        int64_t first, int64_t count)
{
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        mimic__buffer_init(&fixture->validity[i], ctx);
        mimic__buffer_init(&fixture->values[i], ctx);
        mimic__buffer_init(&fixture->offsets[i], ctx);
        mimic__hashmap_init(&fixture->texts[i], ctx);
        fill_column(fixture, i, dictionary_first, first, count);
    }
    fixture->batch = (mimic_batch){.row_count = count,
                                   .column_count = FIXTURE_COLUMNS,
                                   .columns = fixture->columns,
                                   .table = &table,
                                   .first_record = first + 1};
}

void fixture_batch_free(fixture_batch *fixture)
{
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        mimic__buffer_free(&fixture->validity[i]);
        mimic__buffer_free(&fixture->values[i]);
        mimic__buffer_free(&fixture->offsets[i]);
        mimic__hashmap_free(&fixture->texts[i]);
    }
}

static void print_text(FILE *file, const char *text, size_t size, bool as_hex)
{
    fputc('"', file);
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (as_hex)
            fprintf(file, "%02x", byte);
        else if (byte == '"' || byte == '\\')
            fprintf(file, "\\%c", byte);
        else if (byte < 0x20)
            fprintf(file, "\\u%04x", byte);
        else
            fputc(byte, file);
    }
    fputc('"', file);
}

static void print_value(FILE *file, int64_t row, size_t column)
{
    char text[64];
    unsigned char wide[16];
    if (is_null(row, column)) {
        fputs("null", file);
        return;
    }
    switch (fields[column].type) {
    case MIMIC_TYPE_BOOLEAN:
        fputs(integer_value(row, column) ? "true" : "false", file);
        break;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        fprintf(file, "%.17g", float_value(row, column));
        break;
    case MIMIC_TYPE_DECIMAL:
        decimal_value(row, wide, text);
        fprintf(file, "\"%s\"", text);
        break;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        print_text(file, text, text_value(row, column, text),
                   fields[column].type == MIMIC_TYPE_BINARY);
        break;
    default:
        fprintf(file, "\"%" PRId64 "\"", integer_value(row, column));
    }
}

void fixture_print_row(FILE *file, int64_t row)
{
    for (size_t i = 0; i < FIXTURE_COLUMNS; i++) {
        fputs(i == 0 ? "{" : ",", file);
        print_text(file, fields[i].name, strlen(fields[i].name), false);
        fputc(':', file);
        print_value(file, row, i);
    }
    fputs("}\n", file);
}

static bool must_fail(failing_heap *heap)
{
    heap->calls++;
    return heap->fail_at > 0 &&
           (heap->fails_for_good ? heap->calls >= heap->fail_at : heap->calls == heap->fail_at);
}

static void *failing_alloc(size_t size, void *ctx)
{
    failing_heap *heap = ctx;
    if (must_fail(heap))
        return NULL;
    heap->live++;
    return malloc(size);
}

static void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    (void)old_size;
    return must_fail(ctx) ? NULL : realloc(memory, new_size);
}

static void failing_free(void *memory, void *ctx)
{
    failing_heap *heap = ctx;
    heap->live--;
    free(memory);
}

mimic_context *failing_context(failing_heap *heap)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){failing_alloc, failing_realloc, failing_free, heap};
    mimic_context *ctx = NULL;
    if (mimic_context_new(&options, &ctx, NULL) != MIMIC_OK)
        abort();
    return ctx;
}
