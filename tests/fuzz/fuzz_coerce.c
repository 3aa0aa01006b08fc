/*
 * Coercion of hostile texts. The first byte chooses a type, the second its options; up to the first
 * line feed stands a format or pattern, and the rest is cells, one a line. Every cell goes through
 * the public functions and through a plan; numbers must agree with strtod.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "coerce/coerce_column.h"
#include "coerce/coerce_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_CELLS 64

typedef struct input {
    mimic_type type;
    unsigned flags;
    char *format; /* NUL-terminated */
    const char *cells;
    size_t cells_size;
} input;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_float(const char *text, size_t size)
{
    double value;
    float value_float;
    const mimic_reject_code code = mimic_coerce_float64(text, size, 0, &value);
    const mimic_reject_code code_float = mimic_coerce_float32(text, size, 0, &value_float);
    check((code == MIMIC_REJECT_TYPE) == (code_float == MIMIC_REJECT_TYPE));
    if (code == MIMIC_REJECT_TYPE)
        return;
    char *const copy = malloc(size + 1);
    check(copy != NULL);
    memcpy(copy, text, size);
    copy[size] = '\0';
    const double expected = strtod(copy, NULL);
    const float expected_float = strtof(copy, NULL);
    check(code == 0 ? memcmp(&expected, &value, sizeof value) == 0 : expected - expected != 0);
    check(code_float == 0 ? memcmp(&expected_float, &value_float, sizeof value_float) == 0
                          : expected_float - expected_float != 0);
    free(copy);
}

/* Calls every public function with any bytes. */
static void run_scalars(const char *text, size_t size, const char *format, unsigned flags)
{
    int16_t small;
    int32_t medium;
    int64_t large;
    int flag;
    mimic_int128 wide;
    size_t decoded_size;
    (void)mimic_coerce_int16(text, size, &small);
    (void)mimic_coerce_int32(text, size, &medium);
    (void)mimic_coerce_int64(text, size, &large);
    (void)mimic_coerce_decimal(text, size, 1 + (int32_t)(flags % 38), (int32_t)(flags % 38) / 2,
                               &wide);
    (void)mimic_coerce_boolean(text, size, &flag);
    (void)mimic_coerce_date(text, size, format, &medium);
    (void)mimic_coerce_time(text, size, format, &large);
    (void)mimic_coerce_timestamp(text, size, format, &large);
    (void)mimic_coerce_timestamptz(text, size, format, &large);
    (void)mimic_coerce_string(text, size, 0, (int64_t)flags);
    uint8_t *const decoded = malloc(size / 4 * 3 + 1);
    check(decoded != NULL);
    (void)mimic_coerce_binary(text, size, decoded, &decoded_size);
    free(decoded);
    check_float(text, size);
}

/* One column over all cells that a reader would let through: well-formed UTF-8 without NUL. */
static void run_plan(const mimic_context *ctx, const input *in)
{
    static const mimic_text missing[] = {{"", 0}, {"NA", 2}, {"-1", 2}};
    const char *const formats[] = {in->format};
    const char *const plain[] = {"default"};
    const bool has_format = in->type >= MIMIC_TYPE_DATE && in->type <= MIMIC_TYPE_TIMESTAMPTZ;
    const mimic_field field = {.name = "f",
                               .type = in->type,
                               .precision = 18,
                               .scale = 4,
                               .formats = has_format && *in->format != '\0' ? formats : plain,
                               .format_count = 1,
                               .decimal_char = '.',
                               .group_char = (in->flags & 1) != 0 ? "," : "",
                               .bare_number = (in->flags & 2) == 0,
                               .missing_values = missing,
                               .missing_value_count = (in->flags & 4) != 0 ? 3 : 1,
                               .is_required = (in->flags & 8) != 0,
                               .is_unique = (in->flags & 16) != 0,
                               .pattern = (in->flags & 32) != 0 ? in->format : NULL,
                               .min_length = -1,
                               .max_length = -1};
    const mimic_table table = {.name = "t", .fields = &field, .field_count = 1};
    mimic_coerce_plan *plan = NULL;
    mimic_row_faults faults;
    mimic_column column;
    size_t rows;
    uint32_t marks[MAX_CELLS * 2];
    if (mimic__coerce_plan_new(ctx, &table, NULL, &plan, NULL) != MIMIC_OK)
        return;
    /* Exactly the padding that is promised, so that a sanitizer sees any read beyond it. */
    char *const bytes = malloc(in->cells_size + MIMIC_FIELD_INDEX_PADDING);
    check(bytes != NULL);
    memcpy(bytes, in->cells, in->cells_size);
    memset(bytes + in->cells_size, '0', MIMIC_FIELD_INDEX_PADDING);
    mimic_field_index index = {.bytes = bytes, .marks = marks, .stride = 2, .quote = '"'};
    size_t start = 0;
    for (size_t i = 0; i <= in->cells_size && index.row_count < MAX_CELLS; i++) {
        if (i < in->cells_size && bytes[i] != '\n')
            continue;
        const bool is_quoted = i > start && bytes[start] == '"';
        if (!is_quoted || (i - start >= 2 && bytes[i - 1] == '"')) {
            marks[index.row_count * 2] = (uint32_t)start - 1;
            marks[index.row_count * 2 + 1] = (uint32_t)i;
            index.row_count++;
        }
        start = i + 1;
    }
    mimic__row_faults_init(&faults, ctx);
    check(mimic__row_faults_reset(&faults, index.row_count));
    check(mimic__coerce_column(plan, 0, &index, 0, &faults, NULL) == MIMIC_OK);
    check(mimic__coerce_plan_finish(plan, index.row_count, faults.bad, &column, &rows, NULL) ==
          MIMIC_OK);
    check(rows + faults.count == index.row_count);
    for (size_t i = 0; i < faults.count; i++) {
        char message[200];
        const mimic_row_fault *const fault = &faults.faults[i];
        const size_t first = (uint32_t)(marks[fault->row * 2] + 1);
        mimic__coerce_message(plan, 0, fault->code, bytes + first,
                              marks[fault->row * 2 + 1] - first, message, sizeof message);
        check(memchr(message, '\0', sizeof message) != NULL);
    }
    mimic__row_faults_free(&faults);
    mimic__coerce_plan_free(plan);
    free(bytes);
}

static void run_pattern(const mimic_context *ctx, const input *in)
{
    mimic_pattern *pattern = NULL;
    const char *reason = NULL;
    if (mimic__pattern_new(ctx, in->format, &pattern, &reason) == MIMIC_OK)
        (void)mimic__pattern_matches(pattern, in->cells, in->cells_size % 2000);
    mimic__pattern_free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const char *const text = (const char *)data + 2;
    const char *const line_end = memchr(text, '\n', size - 2);
    if (line_end == NULL)
        return 0;
    const size_t format_size = (size_t)(line_end - text);
    input in = {.type = 1 + data[0] % MIMIC_TYPE_BINARY, .flags = data[1]};
    in.cells = line_end + 1;
    in.cells_size = size - 3 - format_size;
    in.format = malloc(format_size + 1);
    check(in.format != NULL);
    memcpy(in.format, text, format_size);
    in.format[format_size] = '\0';
    mimic_context *ctx = NULL;
    check(mimic_context_new(NULL, &ctx, NULL) == MIMIC_OK);
    run_scalars(in.cells, in.cells_size, in.format, in.flags);
    if (mimic__utf8_check(in.cells, in.cells_size) == in.cells_size &&
        memchr(in.cells, '\0', in.cells_size) == NULL) {
        run_plan(ctx, &in);
        run_pattern(ctx, &in);
    }
    mimic_context_free(ctx);
    free(in.format);
    return 0;
}
