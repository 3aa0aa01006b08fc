/*
 * One column of a block: from the producer's buffers to the plan, by value where that is the field's
 * kind, else as texts, which the coercers of CSV read. Both ways check the same constraints.
 */
#include <math.h>

#include "base/error.h"
#include "base/utf8.h"
#include "batch/batch_builder.h"
#include "import/import_reader.h"
#include "import/import_text.h"

/* ---- values ---- */

import_found mimic__import_value(const mimic_arrow_reader *reader, const import_column *column,
                                 int64_t array_row, import_place *out)
{
    if (column->child == SIZE_MAX ||
        (reader->root_validity != NULL &&
         !mimic__import_bit(reader->root_validity, reader->array.offset + array_row)))
        return IMPORT_NO_VALUE;
    return mimic__import_find(&column->array, reader->array.offset + array_row, out);
}

mimic_status mimic__import_fail_broken(const mimic_arrow_reader *reader, const import_type *type,
                                       const char *what, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_CORRUPT, "%s is no sound Arrow stream: column \"%s\" has %s",
                reader->name, type->name, what);
    mimic__error_place(err, reader->name, -1, -1, -1, type->name);
    return MIMIC_ERR_CORRUPT;
}

static mimic_status fail_value(const mimic_arrow_reader *reader, const import_column *column,
                               mimic_error *err)
{
    return mimic__import_fail_broken(reader, reader->types[column->child],
                                     "a value that lies outside of it", err);
}

import_way mimic__import_choose_way(const import_type *type, const mimic_field *field)
{
    const import_type *const leaf = mimic__import_leaf(type);
    const bool is_year = field->schema_type != NULL && strcmp(field->schema_type, "year") == 0;
    if (leaf->kind == IMPORT_NULL)
        return IMPORT_ABSENT;
    if (leaf->kind == IMPORT_TEXT || leaf->kind == IMPORT_BINARY || is_year)
        return IMPORT_BY_TEXT;
    switch (field->type) {
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
    case MIMIC_TYPE_BINARY:
        return IMPORT_BY_TEXT;
    case MIMIC_TYPE_DECIMAL:
        return leaf->kind == IMPORT_DECIMAL && leaf->width == 16 && leaf->scale == field->scale
                   ? IMPORT_BY_VALUE
                   : IMPORT_BY_TEXT;
    default:
        return leaf->kind == IMPORT_DECIMAL ? IMPORT_BY_TEXT : IMPORT_BY_VALUE;
    }
}

/* ---- by value ---- */

mimic_reject_code mimic__import_whole(const import_place *place, int64_t *out)
{
    if (place->array->type->kind != IMPORT_FLOAT)
        return mimic__import_integer(place, out);
    const double value = mimic__import_double(place);
    if (!(value == floor(value)) || isinf(value))
        return MIMIC_REJECT_TYPE;
    if (value < -0x1p63 || value >= 0x1p63)
        return MIMIC_REJECT_RANGE;
    *out = (int64_t)value;
    return 0;
}

/* Between dates and timestamps, which are dates at midnight. */
static mimic_reject_code to_time(const import_place *place, mimic_type type, int64_t *out)
{
    const bool is_date = place->array->type->kind == IMPORT_DATE;
    const mimic_reject_code code = mimic__import_integer(place, out);
    if (code != 0 || is_date == (type == MIMIC_TYPE_DATE))
        return code;
    if (is_date) {
        if (!mimic__time_is_valid(MIMIC_TYPE_DATE, *out))
            return MIMIC_REJECT_RANGE;
        *out *= INT64_C(86400000000);
        return 0;
    }
    if (*out % INT64_C(86400000000) != 0)
        return mimic__time_is_valid(MIMIC_TYPE_TIMESTAMP, *out) ? MIMIC_REJECT_PRECISION
                                                                 : MIMIC_REJECT_RANGE;
    *out /= INT64_C(86400000000);
    return 0;
}

static mimic_reject_code put_integer(const import_place *place, mimic_type type, char *out)
{
    int64_t value = 0;
    const bool is_time = place->array->type->kind == IMPORT_DATE ||
                         place->array->type->kind == IMPORT_TIMESTAMP;
    const mimic_reject_code code =
        is_time ? to_time(place, type, &value) : mimic__import_whole(place, &value);
    const int16_t int16 = (int16_t)value;
    const int32_t int32 = (int32_t)value;
    if (code != 0)
        return code;
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        *out = (char)value;
        return value == 0 || value == 1 ? 0 : MIMIC_REJECT_TYPE;
    case MIMIC_TYPE_INT16:
        memcpy(out, &int16, sizeof int16);
        return int16 == value ? 0 : MIMIC_REJECT_RANGE;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        memcpy(out, &int32, sizeof int32);
        return int32 == value ? 0 : MIMIC_REJECT_RANGE;
    default:
        memcpy(out, &value, sizeof value);
        return 0;
    }
}

static double to_double(const import_place *place)
{
    const import_type *const type = place->array->type;
    if (type->kind == IMPORT_FLOAT)
        return mimic__import_double(place);
    const int64_t value = mimic__import_number(
        place->array->values + place->row * (int64_t)type->width, type->width, type->is_signed);
    return type->is_signed || value >= 0 ? (double)value : (double)(uint64_t)value;
}

static mimic_reject_code put_float32(const import_place *place, char *out)
{
    const import_type *const type = place->array->type;
    float value;
    if (type->kind == IMPORT_FLOAT) {
        const double wide = mimic__import_double(place);
        value = (float)wide;
        if (isinf(value) && !isinf(wide))
            return MIMIC_REJECT_RANGE;
    } else { /* rounded once, not by way of a double */
        const int64_t number = mimic__import_number(
            place->array->values + place->row * (int64_t)type->width, type->width, type->is_signed);
        value = type->is_signed || number >= 0 ? (float)number : (float)(uint64_t)number;
    }
    memcpy(out, &value, sizeof value);
    return 0;
}

static mimic_reject_code put_value(const import_place *place, mimic_type type, char *out)
{
    double float64;
    switch (type) {
    case MIMIC_TYPE_FLOAT32:
        return put_float32(place, out);
    case MIMIC_TYPE_FLOAT64:
        float64 = to_double(place);
        memcpy(out, &float64, sizeof float64);
        return 0;
    case MIMIC_TYPE_DECIMAL:
        memcpy(out, place->array->values + place->row * 16, 16);
        return 0;
    default:
        return put_integer(place, type, out);
    }
}

/* True when the bytes of the column are the field's own, and may be copied. */
static bool is_same(const import_type *type, const mimic_field *field)
{
    if (type->dictionary != NULL || type->layout != IMPORT_FIXED || !type->is_signed ||
        type->multiply != 1 || type->divide != 1 || type->width != mimic__type_width(field->type))
        return false;
    switch (field->type) {
    case MIMIC_TYPE_INT16:
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_INT64:
        return type->kind == IMPORT_INTEGER;
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return type->kind == IMPORT_FLOAT;
    case MIMIC_TYPE_DATE:
        return type->kind == IMPORT_DATE;
    case MIMIC_TYPE_TIME:
        return type->kind == IMPORT_TIME;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return type->kind == IMPORT_TIMESTAMP;
    default:
        return false;
    }
}

static void copy_rows(const mimic_arrow_reader *reader, const import_column *column, size_t width,
                      char *values, uint8_t *codes)
{
    const import_block *const block = &reader->block;
    const int64_t first = reader->array.offset + block->first + column->array.offset;
    memcpy(values, column->array.values + first * (int64_t)width, block->row_count * width);
    memset(codes, 0, block->row_count);
    const uint8_t *const root = reader->root_validity;
    const uint8_t *const validity = column->array.validity;
    for (size_t row = 0; row < block->row_count && validity != NULL; row++)
        if (!mimic__import_bit(validity, first + (int64_t)row))
            codes[row] = MIMIC_TYPED_NULL;
    for (size_t row = 0; row < block->row_count && root != NULL; row++)
        if (!mimic__import_bit(root, reader->array.offset + block->first + (int64_t)row))
            codes[row] = MIMIC_TYPED_NULL;
}

static mimic_status fill_values(const mimic_arrow_reader *reader, const import_column *column,
                                size_t width, char *values, uint8_t *codes, mimic_error *err)
{
    for (size_t row = 0; row < reader->block.row_count; row++) {
        import_place place;
        const import_found found = mimic__import_value(
            reader, column, mimic__import_array_row(&reader->block, row), &place);
        if (found == IMPORT_BROKEN)
            return fail_value(reader, column, err);
        if (found == IMPORT_VALUE) {
            codes[row] = (uint8_t)put_value(&place, column->field->type, values + row * width);
            if (codes[row] == 0)
                continue;
        } else {
            codes[row] = MIMIC_TYPED_NULL;
        }
        memset(values + row * width, 0, width);
    }
    return MIMIC_OK;
}

static mimic_status convert_by_value(mimic_arrow_reader *reader, size_t number, mimic_error *err)
{
    const import_column *const column = &reader->columns[number];
    const size_t rows = reader->block.row_count;
    const size_t width =
        column->field->type == MIMIC_TYPE_BOOLEAN ? 1 : mimic__type_width(column->field->type);
    reader->values.size = 0;
    reader->codes.size = 0;
    if (!mimic__buffer_reserve(&reader->values, rows * width + 1) ||
        !mimic__buffer_reserve(&reader->codes, rows + 1))
        return mimic__fail_memory(err);
    char *const values = reader->values.data;
    uint8_t *const codes = (uint8_t *)reader->codes.data;
    if (reader->block.rows == NULL && rows > 0 &&
        is_same(reader->types[column->child], column->field))
        copy_rows(reader, column, width, values, codes);
    else
        MIMIC_TRY(fill_values(reader, column, width, values, codes, err));
    const mimic_typed_values typed = {rows, values, codes};
    return mimic__coerce_typed(reader->plan, number, &typed, &reader->faults, err);
}

/* ---- by text ---- */

/* A text as a field of CSV: quoted where it would not be read as what it is. */
static void put_field(mimic_buffer *out, const char *text, size_t size, bool empty_is_null)
{
    if (size == 0 && !empty_is_null)
        mimic__buffer_append(out, "\"\"", 2);
    if (size == 0 || text[0] != '"') {
        mimic__buffer_append(out, text, size);
        return;
    }
    mimic__buffer_byte(out, '"');
    for (const char *const end = text + size; text < end;) {
        const char *const quote = memchr(text, '"', (size_t)(end - text));
        const char *const stop = quote == NULL ? end : quote + 1;
        mimic__buffer_append(out, text, (size_t)(stop - text));
        if (quote != NULL)
            mimic__buffer_byte(out, '"');
        text = stop;
    }
    mimic__buffer_byte(out, '"');
}

void mimic__import_cut_zeros(mimic_buffer *decimal)
{
    size_t size = decimal->size;
    while (size > 0 && !decimal->failed && decimal->data[size - 1] == '0')
        size--;
    if (size > 0 && !decimal->failed && decimal->data[size - 1] == '.')
        decimal->size = size - 1;
}

/* Texts of the library hold no NUL and are UTF-8. */
static mimic_reject_code check_text(const import_piece *piece)
{
    if (piece->size > IMPORT_MAX_TEXT)
        return MIMIC_REJECT_OVERSIZE;
    if (mimic__utf8_check(piece->bytes, piece->size) != piece->size)
        return MIMIC_REJECT_UTF8;
    return piece->size > 0 && memchr(piece->bytes, '\0', piece->size) != NULL ? MIMIC_REJECT_NUL : 0;
}

static mimic_reject_code put_text(mimic_arrow_reader *reader, const import_column *column,
                                  const import_place *place, bool *out_is_broken)
{
    mimic_buffer *const out = &reader->texts;
    import_piece piece;
    *out_is_broken = false;
    if (place->array->type->kind == IMPORT_TEXT) {
        *out_is_broken = !mimic__import_piece(place, &piece);
        const mimic_reject_code code = *out_is_broken ? 0 : check_text(&piece);
        if (code == 0 && !*out_is_broken)
            put_field(out, piece.bytes, piece.size, column->empty_is_null);
        return code;
    }
    const size_t start = out->size;
    const mimic_reject_code code = mimic__import_text(place, out, out_is_broken);
    if (code != 0)
        out->size = start;
    else if (out->size == start) /* no bytes are a value too */
        mimic__buffer_append(out, "\"\"", 2);
    const bool is_integer = column->field->type == MIMIC_TYPE_INT16 ||
                            column->field->type == MIMIC_TYPE_INT32 ||
                            column->field->type == MIMIC_TYPE_INT64;
    if (is_integer && place->array->type->kind == IMPORT_DECIMAL && place->array->type->scale > 0 &&
        code == 0)
        mimic__import_cut_zeros(out);
    return code;
}

static mimic_status put_row(mimic_arrow_reader *reader, size_t number, size_t row, mimic_error *err)
{
    const import_column *const column = &reader->columns[number];
    import_place place;
    bool is_broken = false;
    mimic_reject_code code = 0;
    const import_found found = mimic__import_value(
        reader, column, mimic__import_array_row(&reader->block, row), &place);
    if (found == IMPORT_VALUE)
        code = put_text(reader, column, &place, &is_broken);
    if (found == IMPORT_BROKEN || is_broken)
        return fail_value(reader, column, err);
    if (code != 0 && !mimic__coerce_refuse(reader->plan, number, row, code, &reader->faults))
        return mimic__fail_memory(err);
    return MIMIC_OK;
}

static mimic_status convert_by_text(mimic_arrow_reader *reader, size_t number, mimic_error *err)
{
    const size_t rows = reader->block.row_count;
    reader->texts.size = 0;
    reader->marks.size = 0;
    if (!mimic__buffer_reserve(&reader->marks, (rows + 1) * sizeof(uint32_t)))
        return mimic__fail_memory(err);
    uint32_t *const marks = (uint32_t *)(void *)reader->marks.data;
    marks[0] = UINT32_MAX; /* one before byte 0 */
    for (size_t row = 0; row < rows; row++) {
        MIMIC_TRY(put_row(reader, number, row, err));
        if (reader->texts.size >= INT32_MAX)
            return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: a row of more than 2 GiB", reader->name);
        marks[row + 1] = (uint32_t)reader->texts.size;
        mimic__buffer_byte(&reader->texts, '\n');
    }
    if (!mimic__buffer_reserve(&reader->texts, MIMIC_FIELD_INDEX_PADDING))
        return mimic__fail_memory(err);
    memset(reader->texts.data + reader->texts.size, 0, MIMIC_FIELD_INDEX_PADDING);
    const mimic_field_index index = {reader->texts.data, marks, 1, rows, '"', 0};
    return mimic__coerce_column(reader->plan, number, &index, 0, &reader->faults, err);
}

mimic_status mimic__import_convert(mimic_arrow_reader *reader, size_t column, mimic_error *err)
{
    switch (reader->columns[column].way) {
    case IMPORT_BY_VALUE:
        return convert_by_value(reader, column, err);
    case IMPORT_BY_TEXT:
        return convert_by_text(reader, column, err);
    default: {
        const mimic_field_index index = {"", NULL, 1, reader->block.row_count, 0, 0};
        return mimic__coerce_column(reader->plan, column, &index, SIZE_MAX, &reader->faults, err);
    }
    }
}
