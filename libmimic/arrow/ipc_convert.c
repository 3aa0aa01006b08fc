/*
 * See ipc_convert.h. Values are checked as far as the rest of the library relies on them: times that
 * the calendar can show, decimals of their precision, texts that are UTF-8 without NUL, codes that
 * the dictionary has. What stands in a NULL slot is never looked at, and reads as 0.
 */
#include "arrow/ipc_convert.h"

#include <mimic/coerce.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/utf8.h"

#define CATEGORIES_MAX ((uint32_t)1 << 20)
#define CATEGORY_BYTES_MAX ((size_t)64 << 20)

/* What the functions of a column share. */
typedef struct conversion {
    mimic_ipc_wanted *wanted;
    mimic_ipc_record *record;
    mimic_ipc_scratch *scratch;
    size_t rows;
    int64_t first_row;
} conversion;

static mimic_status fail_cell(const conversion *c, size_t row, mimic_reject_code code,
                              mimic_error *err)
{
    const mimic_ipc_source_field *field = c->wanted->field;
    const int64_t number = c->first_row + (int64_t)row + 1;
    const mimic_status status = mimic__fail(
        err, MIMIC_ERR_VALUE, "%s, row %lld, column %s: expected a value of type %s, found one that is "
                              "not (%s)",
        c->record->input->name, (long long)number, field->name,
        mimic_type_name(c->wanted->builder.type), mimic_reject_code_name(code));
    mimic__error_place(err, c->record->input->name, number, -1, -1, field->name);
    return status;
}

static mimic_status fail_column(const conversion *c, const char *what, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CORRUPT, "%s is no sound Arrow file: column \"%s\" has %s",
                       c->record->input->name, c->wanted->field->name, what);
}

static bool is_valid(const conversion *c, size_t row)
{
    return (c->wanted->builder.validity[row >> 3] >> (row & 7) & 1) != 0;
}

/* A number of the file, in the byte order of this machine. */
static int64_t get_number(const char *bytes, size_t width, bool is_signed)
{
    int8_t int8;
    int16_t int16;
    int32_t int32;
    int64_t int64;
    switch (width) {
    case 1:
        memcpy(&int8, bytes, 1);
        return is_signed ? int8 : (uint8_t)int8;
    case 2:
        memcpy(&int16, bytes, 2);
        return is_signed ? int16 : (uint16_t)int16;
    case 4:
        memcpy(&int32, bytes, 4);
        return is_signed ? int32 : (int64_t)(uint32_t)int32;
    default:
        memcpy(&int64, bytes, 8);
        return int64; /* unsigned ones above the range show as negative */
    }
}

/* ---- numbers ---- */

static void put_number(mimic_column_builder *builder, size_t row, int64_t value)
{
    const size_t width = mimic__type_width(builder->type);
    const int16_t int16 = (int16_t)value;
    const int32_t int32 = (int32_t)value;
    char *target = builder->values + row * width;
    if (width == 2)
        memcpy(target, &int16, 2);
    else if (width == 4)
        memcpy(target, &int32, 4);
    else
        memcpy(target, &value, 8);
}

/* 64-bit numbers and times that are stored as they are held here, which is what most columns are: false
 * for others, and where a time is none, which the slower way then names. */
static bool copy_numbers(const conversion *c)
{
    const mimic_ipc_source_field *field = c->wanted->field;
    mimic_column_builder *builder = &c->wanted->builder;
    if (field->width != sizeof(int64_t) || !field->is_signed || field->multiply != 1 ||
        field->divide != 1 || mimic__type_width(builder->type) != sizeof(int64_t) || c->rows == 0)
        return false;
    int64_t least = 0; /* 1970 is a time, and so are all between two that are */
    int64_t greatest = 0;
    int64_t *values = (int64_t *)(void *)builder->values;
    memcpy(values, c->scratch->values.data, c->rows * sizeof *values);
    for (size_t row = 0; row < c->rows; row++) {
        const int64_t value = is_valid(c, row) ? values[row] : 0;
        values[row] = value;
        least = value < least ? value : least;
        greatest = value > greatest ? value : greatest;
    }
    return mimic__time_is_valid(builder->type, least) &&
           mimic__time_is_valid(builder->type, greatest);
}

static mimic_status convert_numbers(const conversion *c, mimic_error *err)
{
    if (copy_numbers(c))
        return MIMIC_OK;
    const mimic_ipc_source_field *field = c->wanted->field;
    mimic_column_builder *builder = &c->wanted->builder;
    const char *bytes = c->scratch->values.data;
    for (size_t row = 0; row < c->rows; row++) {
        if (!is_valid(c, row)) {
            put_number(builder, row, 0);
            continue;
        }
        int64_t value = get_number(bytes + row * field->width, field->width, field->is_signed);
        if ((!field->is_signed && field->width == 8 && value < 0) ||
            value > INT64_MAX / field->multiply || value < INT64_MIN / field->multiply)
            return fail_cell(c, row, MIMIC_REJECT_RANGE, err);
        value *= field->multiply;
        if (value % field->divide != 0)
            return fail_cell(c, row, MIMIC_REJECT_PRECISION, err);
        value /= field->divide;
        if (!mimic__time_is_valid(builder->type, value))
            return fail_cell(c, row, MIMIC_REJECT_RANGE, err);
        put_number(builder, row, value);
    }
    return MIMIC_OK;
}

/* 10^precision, which a decimal's magnitude stays below. */
static mimic_int128 power_of_ten(int32_t precision)
{
    mimic_int128 power = {.low = 1};
    for (int32_t i = 0; i < precision; i++) {
        const uint64_t high = (uint64_t)power.high;
        /* times 10, as 8 + 2 */
        const uint64_t low8 = power.low << 3;
        const uint64_t low2 = power.low << 1;
        const uint64_t low = low8 + low2;
        const uint64_t carry = low < low8;
        power.high = (int64_t)((high << 3 | power.low >> 61) + (high << 1 | power.low >> 63) + carry);
        power.low = low;
    }
    return power;
}

static bool has_precision(const char *bytes, const mimic_int128 *limit)
{
    mimic_int128 value;
    memcpy(&value, bytes, sizeof value);
    uint64_t low = value.low;
    uint64_t high = (uint64_t)value.high;
    if (high >> 63 != 0) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    return high < (uint64_t)limit->high || (high == (uint64_t)limit->high && low < limit->low);
}

/* Values whose bytes are ours: floats and decimals. */
static mimic_status copy_values(const conversion *c, mimic_error *err)
{
    mimic_column_builder *builder = &c->wanted->builder;
    const size_t width = c->wanted->field->width;
    const bool is_decimal = builder->type == MIMIC_TYPE_DECIMAL;
    const mimic_int128 limit = power_of_ten(is_decimal ? builder->precision : 0);
    if (c->rows > 0)
        memcpy(builder->values, c->scratch->values.data, c->rows * width);
    for (size_t row = 0; row < c->rows; row++)
        if (!is_valid(c, row))
            memset(builder->values + row * width, 0, width);
        else if (is_decimal && !has_precision(builder->values + row * width, &limit))
            return fail_cell(c, row, MIMIC_REJECT_RANGE, err);
    return MIMIC_OK;
}

static void copy_bits(const conversion *c)
{
    mimic_column_builder *builder = &c->wanted->builder;
    const size_t size = (c->rows + 7) / 8;
    for (size_t i = 0; i < size; i++)
        builder->values[i] =
            (char)((unsigned char)c->scratch->values.data[i] & builder->validity[i]);
}

/* ---- texts and bytes ---- */

typedef struct piece {
    const char *bytes;
    size_t size;
} piece;

static bool get_offset_piece(const conversion *c, size_t row, piece *out)
{
    const size_t width = c->wanted->field->width;
    const char *place = c->scratch->values.data + row * width;
    const int64_t start = get_number(place, width, true);
    const int64_t end = get_number(place + width, width, true);
    if (start < 0 || end < start || (uint64_t)end > c->scratch->bytes.size)
        return false;
    *out = (piece){end == start ? "" : c->scratch->bytes.data + start, (size_t)(end - start)};
    return true;
}

/* "Variable-size Binary View Layout": up to 12 bytes stand in the view, others in a buffer. */
static bool get_view_piece(const conversion *c, size_t row, piece *out)
{
    const size_t inlined_max = 12;
    const char *place = c->scratch->values.data + 16 * row;
    const int64_t size = get_number(place, 4, true);
    if (size < 0)
        return false;
    *out = (piece){place + 4, (size_t)size};
    if ((size_t)size <= inlined_max)
        return true;
    const size_t *ends = (const size_t *)(const void *)c->scratch->ends.data;
    const size_t count = c->scratch->ends.size / sizeof *ends; /* one more than there are buffers */
    const int64_t buffer = get_number(place + 8, 4, true);
    const int64_t offset = get_number(place + 12, 4, true);
    if (buffer < 0 || offset < 0 || (uint64_t)buffer + 1 >= count)
        return false;
    const size_t available = ends[buffer + 1] - ends[buffer];
    if ((uint64_t)offset > available || (uint64_t)size > available - (uint64_t)offset)
        return false;
    out->bytes = c->scratch->bytes.data + ends[buffer] + offset;
    return true;
}

/* The bytes of a row that is not NULL; false when they lie outside of the column. */
static bool get_piece(const conversion *c, size_t row, piece *out)
{
    const mimic_ipc_source_field *field = c->wanted->field;
    if (field->layout == MIMIC_IPC_OFFSETS)
        return get_offset_piece(c, row, out);
    if (field->layout == MIMIC_IPC_VIEWS)
        return get_view_piece(c, row, out);
    *out = (piece){c->scratch->values.data + row * field->width, field->width};
    return true;
}

/* The text of a code; false for NULL. */
static bool get_coded(const mimic_ipc_wanted *wanted, int32_t number, piece *out)
{
    const mimic_hashmap *texts = &wanted->builder.texts;
    if (number < 0)
        return false;
    const int32_t *offsets = texts->offsets + number;
    *out = (piece){offsets[1] == offsets[0] ? "" : texts->bytes + offsets[0],
                   (size_t)(offsets[1] - offsets[0])};
    return true;
}

/* The first row whose text is none; rows when all are. */
static size_t find_bad_text(const mimic_column_builder *builder, size_t rows,
                            mimic_reject_code *out_code)
{
    const char *bytes = builder->values;
    const size_t size = (size_t)builder->offsets[rows];
    const bool is_clean = mimic__utf8_check(bytes, size) == size &&
                          (size == 0 || memchr(bytes, '\0', size) == NULL);
    for (size_t row = 0; row < rows; row++) {
        const size_t start = (size_t)builder->offsets[row];
        const size_t length = (size_t)builder->offsets[row + 1] - start;
        if (is_clean && (length == 0 || ((unsigned char)bytes[start] & 0xc0) != 0x80))
            continue;
        *out_code = mimic_coerce_string(bytes + start, length, -1, -1);
        if (*out_code != 0)
            return row;
    }
    return rows;
}

typedef bool (*row_piece_fn)(const conversion *c, size_t row, piece *out);

static bool get_coded_piece(const conversion *c, size_t row, piece *out)
{
    const int32_t *numbers = (const int32_t *)(const void *)c->scratch->bytes.data;
    return get_coded(c->wanted, numbers[row], out);
}

static mimic_status measure(const conversion *c, row_piece_fn get, size_t *out_total,
                            mimic_error *err)
{
    size_t total = 0;
    for (size_t row = 0; row < c->rows; row++) {
        piece text;
        if (!is_valid(c, row))
            continue;
        if (!get(c, row, &text))
            return fail_column(c, "a value that lies outside of it", err);
        if (mimic__add_overflows(total, text.size, &total) || total > INT32_MAX)
            return mimic__fail(err, MIMIC_ERR_LIMIT,
                               "%s, column %s: a record batch holds more than 2 GiB of text",
                               c->record->input->name, c->wanted->field->name);
    }
    *out_total = total;
    return MIMIC_OK;
}

static mimic_status build_texts(const conversion *c, row_piece_fn get, mimic_error *err)
{
    mimic_column_builder *builder = &c->wanted->builder;
    size_t total = 0;
    size_t used = 0;
    MIMIC_TRY(measure(c, get, &total, err));
    MIMIC_TRY(mimic__ipc_record_charge(c->record, total, err));
    if (!mimic__builder_more_bytes(builder, 0, total))
        return mimic__fail_memory(err);
    for (size_t row = 0; row < c->rows; row++) {
        piece text;
        if (is_valid(c, row) && get(c, row, &text) && text.size > 0) {
            memcpy(builder->values + used, text.bytes, text.size);
            used += text.size;
        }
        builder->offsets[row + 1] = (int32_t)used;
    }
    mimic_reject_code code = 0;
    if (builder->type == MIMIC_TYPE_STRING) {
        const size_t bad = find_bad_text(builder, c->rows, &code);
        if (bad < c->rows)
            return fail_cell(c, bad, code, err);
    }
    return MIMIC_OK;
}

/* ---- dictionaries ---- */

static mimic_status check_categories(const conversion *c, mimic_error *err)
{
    const mimic_hashmap *texts = &c->wanted->builder.texts;
    if (texts->count <= CATEGORIES_MAX &&
        (texts->count == 0 || (size_t)texts->offsets[texts->count] <= CATEGORY_BYTES_MAX))
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_LIMIT,
                       "%s, column %s: more than %u categories, or longer ones than can be kept",
                       c->record->input->name, c->wanted->field->name, CATEGORIES_MAX);
}

/* Number of a text among the column's, which learns it when it is new. */
static mimic_status number_text(const conversion *c, size_t row, const piece *text, int32_t *out,
                                mimic_error *err)
{
    mimic_hashmap *texts = &c->wanted->builder.texts;
    const uint32_t known = texts->count;
    const uint32_t number =
        mimic__hashmap_insert(texts, text->size == 0 ? "" : text->bytes, text->size);
    if (number == MIMIC_HASHMAP_NONE)
        return mimic__fail_memory(err);
    *out = (int32_t)number;
    if (number != known)
        return MIMIC_OK;
    const mimic_reject_code code =
        mimic_coerce_string(text->size == 0 ? "" : text->bytes, text->size, -1, -1);
    return code != 0 ? fail_cell(c, row, code, err) : check_categories(c, err);
}

static mimic_status number_texts(const conversion *c, mimic_error *err)
{
    mimic_column_builder *builder = &c->wanted->builder;
    for (size_t row = 0; row < c->rows; row++) {
        piece text;
        int32_t number = 0;
        if (is_valid(c, row)) {
            if (!get_piece(c, row, &text))
                return fail_column(c, "a value that lies outside of it", err);
            MIMIC_TRY(number_text(c, row, &text, &number, err));
        }
        put_number(builder, row, number);
    }
    return MIMIC_OK;
}

/* Codes of the file become numbers of texts, in scratch->bytes; NULL in the dictionary is NULL. */
static mimic_status translate_codes(const conversion *c, mimic_error *err)
{
    const mimic_ipc_source_field *field = c->wanted->field;
    const int32_t *numbers = (const int32_t *)(const void *)c->wanted->codes.data;
    const size_t count = c->wanted->codes.size / sizeof *numbers;
    mimic_buffer *out = &c->scratch->bytes;
    out->size = 0;
    MIMIC_TRY(mimic__ipc_record_charge(c->record, c->rows * sizeof *numbers, err));
    if (!mimic__buffer_reserve(out, c->rows * sizeof *numbers))
        return mimic__fail_memory(err);
    for (size_t row = 0; row < c->rows; row++) {
        int32_t number = 0;
        if (is_valid(c, row)) {
            const int64_t code = get_number(c->scratch->values.data + row * field->code_width,
                                            field->code_width, field->code_is_signed);
            if (code < 0 || (uint64_t)code >= count)
                return fail_column(c, "a code that its dictionary has not", err);
            number = numbers[code];
        }
        if (number < 0) {
            mimic__builder_clear_valid(&c->wanted->builder, row);
            number = 0;
        }
        mimic__buffer_append(out, &number, sizeof number);
    }
    return MIMIC_OK;
}

static mimic_status convert_codes(const conversion *c, mimic_error *err)
{
    mimic_column_builder *builder = &c->wanted->builder;
    if (!c->wanted->has_dictionary && c->rows > 0)
        return fail_column(c, "no dictionary", err);
    MIMIC_TRY(translate_codes(c, err));
    if (builder->type == MIMIC_TYPE_STRING)
        return build_texts(c, get_coded_piece, err);
    if (c->rows > 0)
        memcpy(builder->values, c->scratch->bytes.data, c->rows * sizeof(int32_t));
    return MIMIC_OK;
}

/* ---- the buffers of a column ---- */

/* Bits of the rows that are there, into the builder. */
static mimic_status load_validity(const conversion *c, size_t node, mimic_error *err)
{
    const size_t size = (c->rows + 7) / 8;
    mimic_column_builder *builder = &c->wanted->builder;
    int64_t null_count = 0;
    MIMIC_TRY(mimic__ipc_record_node(c->record, node, &null_count, err));
    if (c->wanted->field->layout == MIMIC_IPC_NULLS) {
        memset(builder->validity, 0, size);
        return MIMIC_OK;
    }
    mimic_buffer *bits = &c->scratch->validity;
    MIMIC_TRY(mimic__ipc_record_buffer(c->record, c->wanted->first_span, 0, bits, err));
    if (bits->size == 0 && null_count == 0)
        return MIMIC_OK;
    if (bits->size < size)
        return fail_column(c, "too few bits that say which values are there", err);
    int64_t nulls = 0;
    for (size_t row = 0; row < c->rows; row++)
        nulls += ((unsigned char)bits->data[row >> 3] >> (row & 7) & 1) == 0;
    if (nulls != null_count)
        return fail_column(c, "another number of NULL values than it says", err);
    if (size > 0)
        memcpy(builder->validity, bits->data, size);
    return MIMIC_OK;
}

static mimic_status load_views(const conversion *c, mimic_error *err)
{
    mimic_buffer one;
    mimic_ipc_scratch *scratch = c->scratch;
    const size_t first = c->wanted->first_span + 2;
    const size_t end = c->wanted->first_span + c->wanted->span_count;
    mimic_status status = MIMIC_OK;
    mimic__buffer_init(&one, scratch->values.ctx);
    scratch->bytes.size = 0;
    scratch->ends.size = 0;
    mimic__buffer_append(&scratch->ends, &scratch->bytes.size, sizeof(size_t));
    for (size_t i = first; i < end && status == MIMIC_OK; i++) {
        status = mimic__ipc_record_buffer(c->record, i, 0, &one, err);
        mimic__buffer_append(&scratch->bytes, one.data, one.size);
        mimic__buffer_append(&scratch->ends, &scratch->bytes.size, sizeof(size_t));
    }
    mimic__buffer_free(&one);
    if (status == MIMIC_OK && (scratch->bytes.failed || scratch->ends.failed))
        return mimic__fail_memory(err);
    return status;
}

static mimic_status load_values(const conversion *c, bool is_coded, mimic_error *err)
{
    const mimic_ipc_source_field *field = c->wanted->field;
    const size_t span = c->wanted->first_span + 1;
    mimic_buffer *values = &c->scratch->values;
    const uint64_t rows = c->rows;
    if (is_coded)
        return mimic__ipc_record_buffer(c->record, span, rows * field->code_width, values, err);
    switch (field->layout) {
    case MIMIC_IPC_NULLS:
        return MIMIC_OK;
    case MIMIC_IPC_BITS:
        return mimic__ipc_record_buffer(c->record, span, (rows + 7) / 8, values, err);
    case MIMIC_IPC_FIXED:
        return mimic__ipc_record_buffer(c->record, span, rows * field->width, values, err);
    case MIMIC_IPC_OFFSETS:
        MIMIC_TRY(mimic__ipc_record_buffer(c->record, span,
                                           rows == 0 ? 0 : (rows + 1) * field->width, values, err));
        return mimic__ipc_record_buffer(c->record, span + 1, 0, &c->scratch->bytes, err);
    default:
        MIMIC_TRY(mimic__ipc_record_buffer(c->record, span, rows * 16, values, err));
        return load_views(c, err);
    }
}

static mimic_status begin(const conversion *c, mimic_error *err)
{
    mimic_column_builder *builder = &c->wanted->builder;
    const size_t width = mimic__type_width(builder->type);
    MIMIC_TRY(mimic__ipc_record_charge(
        c->record, (uint64_t)c->rows * (width == 0 ? 4 : width) + c->rows / 8, err));
    return mimic__builder_begin(builder, c->rows, 0) ? MIMIC_OK : mimic__fail_memory(err);
}

bool mimic__ipc_can_read_as(const mimic_ipc_source_field *field, mimic_type type)
{
    const bool is_text =
        field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL;
    return (type == field->type && field->layout < MIMIC_IPC_LISTS) ||
           (is_text && field->layout < MIMIC_IPC_LISTS && (type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL));
}

mimic_status mimic__ipc_convert(mimic_ipc_wanted *wanted, mimic_ipc_record *record,
                                mimic_ipc_scratch *scratch, int64_t first_row, mimic_error *err)
{
    const conversion c = {wanted, record, scratch, record->rows, first_row};
    MIMIC_TRY(begin(&c, err));
    MIMIC_TRY(load_validity(&c, wanted->node, err));
    MIMIC_TRY(load_values(&c, wanted->field->is_coded, err));
    if (wanted->field->is_coded)
        return convert_codes(&c, err);
    switch (wanted->builder.type) {
    case MIMIC_TYPE_BOOLEAN:
        copy_bits(&c);
        return MIMIC_OK;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_DECIMAL:
        return copy_values(&c, err);
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY:
        return build_texts(&c, get_piece, err);
    case MIMIC_TYPE_CATEGORICAL:
        return number_texts(&c, err);
    default:
        return convert_numbers(&c, err);
    }
}

/* ---- dictionary batches ---- */

static mimic_status add_codes(const conversion *c, const mimic_column_builder *bits, bool is_delta,
                              mimic_error *err)
{
    mimic_buffer *codes = &c->wanted->codes;
    if (!is_delta)
        codes->size = 0;
    for (size_t i = 0; i < c->rows; i++) {
        piece text;
        int32_t number = -1;
        if ((bits->validity[i >> 3] >> (i & 7) & 1) != 0) {
            if (!get_piece(c, i, &text))
                return fail_column(c, "a dictionary with a value that lies outside of it", err);
            MIMIC_TRY(number_text(c, i, &text, &number, err));
        }
        mimic__buffer_append(codes, &number, sizeof number);
    }
    if (codes->size / sizeof(int32_t) > INT32_MAX)
        return fail_column(c, "too large a dictionary", err);
    return codes->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__ipc_take_dictionary(mimic_ipc_wanted *wanted, mimic_ipc_record *record,
                                        bool is_delta, mimic_ipc_scratch *scratch, mimic_error *err)
{
    const conversion c = {wanted, record, scratch, record->rows, 0};
    const mimic_ipc_source_field *field = wanted->field;
    const size_t variadic = record->variadic.count > 0
                                ? (size_t)mimic__fb_raw(record->view, record->variadic.first, 8)
                                : 0;
    wanted->first_span = 0;
    wanted->span_count = field->layout == MIMIC_IPC_VIEWS ? 2 + variadic : 3;
    if (wanted->span_count > record->spans.count)
        return fail_column(&c, "a dictionary with too few buffers", err);
    /* Only bits are built here: the texts go to the dictionary. */
    MIMIC_TRY(mimic__ipc_record_charge(record, (uint64_t)c.rows * 8, err));
    if (!mimic__builder_begin(&wanted->builder, c.rows, 0))
        return mimic__fail_memory(err);
    MIMIC_TRY(load_validity(&c, 0, err));
    MIMIC_TRY(load_values(&c, false, err));
    /* Batches that were handed out refer to the texts by number, if they are of categories. */
    if (!is_delta && wanted->builder.type == MIMIC_TYPE_STRING)
        mimic__hashmap_clear(&wanted->builder.texts);
    wanted->has_dictionary = true;
    return add_codes(&c, &wanted->builder, is_delta, err);
}
