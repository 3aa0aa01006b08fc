/*
 * See load_keys_code.h. The two lowest bits of `lo` say what a key is: 00 integers, 01 a short text, 10
 * a text of two numbers, 11 a hash. What tells keys apart stands in `hi` first, which is what sorting looks at first.
 */
#include "load/load_keys_code.h"

#include <mimic/coerce.h>

#include "base/calendar.h"
#include "base/hash.h"
#include "base/wide.h"
#include "sink/sink_format.h"

#define KIND_TEXT 1u
#define KIND_NUMBERS 2u
#define KIND_HASH 3u
#define SHORT_TEXT_MAX 15
#define SIGN (UINT64_C(1) << 63)
#define SECOND_LIMIT (INT64_C(1) << 61) /* of two integers the second is below, and not below its
                                         * negative */
#define TEXT_SHOWN 100                  /* bytes of one value */
#define ORDER_TEXT_MAX 4096

load_key_class mimic__key_class(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return LOAD_KEY_FLOAT;
    case MIMIC_TYPE_DATE:
        return LOAD_KEY_DATE;
    case MIMIC_TYPE_TIME:
        return LOAD_KEY_TIME;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return LOAD_KEY_TIMESTAMP;
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
        return LOAD_KEY_TEXT;
    case MIMIC_TYPE_BINARY:
        return LOAD_KEY_BINARY;
    default:
        return LOAD_KEY_NUMBER;
    }
}

/* ---- values ---- */

typedef struct text_view {
    const char *bytes;
    size_t size;
} text_view;

static text_view text_at(const mimic_column *column, int64_t row)
{
    const mimic_dictionary *const dictionary = column->dictionary;
    if (dictionary != NULL) {
        const int32_t code = ((const int32_t *)column->values)[row];
        return (text_view){dictionary->bytes + dictionary->offsets[code],
                           (size_t)(dictionary->offsets[code + 1] - dictionary->offsets[code])};
    }
    return (text_view){(const char *)column->values + column->offsets[row],
                       (size_t)(column->offsets[row + 1] - column->offsets[row])};
}

static double float_at(const mimic_column *column, int64_t row)
{
    const double value = column->type == MIMIC_TYPE_FLOAT32
                             ? (double)((const float *)column->values)[row]
                             : ((const double *)column->values)[row];
    return value == 0 ? 0 : value; /* no -0 */
}

/* A decimal without the zeros at its end; what is left of its scale in *out_scale. */
static mimic_int128 decimal_at(const mimic_column *column, int64_t row, int32_t *out_scale)
{
    mimic_int128 value;
    int32_t scale = column->scale;
    memcpy(&value, (const char *)column->values + row * 16, sizeof value);
    mimic_wide rest = {value.low, (uint64_t)value.high};
    const bool is_negative = mimic__wide_split_sign(&rest);
    for (; scale > 0; scale--) {
        mimic_wide shorter = rest;
        if (mimic__wide_divide(&shorter, 10) != 0)
            break;
        rest = shorter;
    }
    *out_scale = scale;
    if (is_negative) {
        rest.low = 0 - rest.low;
        rest.high = ~rest.high + (rest.low == 0);
    }
    memcpy(&value.high, &rest.high, sizeof value.high);
    value.low = rest.low;
    return value;
}

/* The value as an integer, where it is one. */
static bool integer_at(const mimic_column *column, int64_t row, int64_t *out_value)
{
    int32_t scale = 0;
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        *out_value = ((const uint8_t *)column->values)[row >> 3] >> (row & 7) & 1;
        return true;
    case MIMIC_TYPE_INT16:
        *out_value = ((const int16_t *)column->values)[row];
        return true;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        *out_value = ((const int32_t *)column->values)[row];
        return true;
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        *out_value = ((const int64_t *)column->values)[row];
        return true;
    case MIMIC_TYPE_DECIMAL: {
        const mimic_int128 value = decimal_at(column, row, &scale);
        memcpy(out_value, &value.low, sizeof *out_value);
        return scale == 0 && value.high == (*out_value < 0 ? -1 : 0);
    }
    default:
        return false;
    }
}

static uint64_t big_endian(const char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | (i < size ? (unsigned char)bytes[i] : 0);
    return value;
}

static load_key key_of_text(text_view text)
{
    const size_t head = text.size < 8 ? text.size : 8;
    return (load_key){big_endian(text.bytes, head),
                      big_endian(text.bytes + head, text.size - head) |
                          (uint64_t)text.size << 2 | KIND_TEXT};
}

#define NUMBER_DIGITS_MAX 18

/* A number as it is written, that is without zeros before it; returns the digits that it takes, 0 for
 * anything else. */
static size_t read_number(const char *bytes, size_t size, uint64_t *out_value)
{
    size_t count = 0;
    uint64_t value = 0;
    for (; count < size && count < NUMBER_DIGITS_MAX; count++) {
        const unsigned digit = (unsigned)(unsigned char)bytes[count] - '0';
        if (digit > 9)
            break;
        value = value * 10 + digit;
    }
    *out_value = value;
    return count > 1 && bytes[0] == '0' ? 0 : count;
}

static bool key_of_numbers(text_view text, load_key *out_key)
{
    uint64_t second;
    const size_t head = read_number(text.bytes, text.size, &out_key->hi);
    if (head == 0 || head + 1 >= text.size || text.bytes[head] != '-')
        return false;
    const size_t tail = read_number(text.bytes + head + 1, text.size - head - 1, &second);
    out_key->lo = second << 2 | KIND_NUMBERS; /* 18 digits take 60 bits */
    return tail > 0 && head + 1 + tail == text.size;
}

/* ---- hashing what does not fit ---- */

/* Bytes that are equal where the values are, and do not run into those of the next column. */
static void append_value(mimic_buffer *out, const mimic_column *column, int64_t row)
{
    int64_t integer;
    if (integer_at(column, row, &integer)) {
        mimic__buffer_byte(out, 'i');
        mimic__buffer_append(out, &integer, sizeof integer);
    } else if (mimic__key_class(column->type) == LOAD_KEY_FLOAT) {
        const double value = float_at(column, row);
        mimic__buffer_byte(out, 'f');
        mimic__buffer_append(out, &value, sizeof value);
    } else if (column->type == MIMIC_TYPE_DECIMAL) {
        int32_t scale;
        const mimic_int128 value = decimal_at(column, row, &scale);
        mimic__buffer_byte(out, 'd');
        mimic__buffer_append(out, &value, sizeof value);
        mimic__buffer_append(out, &scale, sizeof scale);
    } else {
        const text_view text = text_at(column, row);
        const uint32_t size = (uint32_t)text.size;
        mimic__buffer_byte(out, 't');
        mimic__buffer_append(out, &size, sizeof size);
        mimic__buffer_append(out, text.bytes, text.size);
    }
}

static load_key hash_row(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                         mimic_buffer *scratch)
{
    uint64_t hash[2];
    scratch->size = 0;
    for (size_t i = 0; i < columns->count; i++)
        append_value(scratch, &batch->columns[columns->fields[i]], row);
    mimic__hash128(scratch->data, scratch->size, hash);
    return (load_key){hash[1], hash[0] | KIND_HASH};
}

/* A key of one column, where it fits. */
static bool make_one(const mimic_column *column, int64_t row, load_key *out_key)
{
    int64_t value;
    if (mimic__key_class(column->type) == LOAD_KEY_TEXT ||
        mimic__key_class(column->type) == LOAD_KEY_BINARY) {
        const text_view text = text_at(column, row);
        if (key_of_numbers(text, out_key))
            return true;
        if (text.size > SHORT_TEXT_MAX)
            return false;
        *out_key = key_of_text(text);
        return true;
    }
    if (!integer_at(column, row, &value))
        return false;
    *out_key = mimic__key_of_integer(value);
    return true;
}

static bool make_two(const mimic_column *first, const mimic_column *second, int64_t row,
                     load_key *out_key)
{
    int64_t a;
    int64_t b;
    if (!integer_at(first, row, &a) || !integer_at(second, row, &b) || b >= SECOND_LIMIT ||
        b < -SECOND_LIMIT)
        return false;
    *out_key = (load_key){(uint64_t)a ^ SIGN, (uint64_t)(b + SECOND_LIMIT) << 2};
    return true;
}

bool mimic__key_make(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                     mimic_buffer *scratch, load_key *out_key)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!mimic_column_is_valid(&batch->columns[columns->fields[i]], row))
            return false;
    const mimic_column *const first = &batch->columns[columns->fields[0]];
    if ((columns->count == 1 && make_one(first, row, out_key)) ||
        (columns->count == 2 &&
         make_two(first, &batch->columns[columns->fields[1]], row, out_key)))
        return true;
    *out_key = hash_row(batch, columns, row, scratch);
    return true;
}

static bool is_same_value(const mimic_column *column, int64_t a, int64_t b)
{
    if (mimic_column_is_valid(column, a) != mimic_column_is_valid(column, b))
        return false;
    if (!mimic_column_is_valid(column, a))
        return true;
    switch (column->type) {
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_CATEGORICAL:
        return ((const int32_t *)column->values)[a] == ((const int32_t *)column->values)[b];
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_BINARY: {
        const text_view left = text_at(column, a);
        const text_view right = text_at(column, b);
        return left.size == right.size &&
               (left.size == 0 || memcmp(left.bytes, right.bytes, left.size) == 0);
    }
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_FLOAT64:
        return float_at(column, a) == float_at(column, b);
    case MIMIC_TYPE_DECIMAL:
        return memcmp((const char *)column->values + a * 16, (const char *)column->values + b * 16,
                      16) == 0;
    default: {
        int64_t left;
        int64_t right;
        return integer_at(column, a, &left) && integer_at(column, b, &right) && left == right;
    }
    }
}

bool mimic__key_is_same(const mimic_batch *batch, const load_key_columns *columns, int64_t a,
                        int64_t b)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!is_same_value(&batch->columns[columns->fields[i]], a, b))
            return false;
    return true;
}

bool mimic__key_is_plain(const mimic_table *table, const load_key_columns *columns,
                         const load_key *key)
{
    if ((key->lo & KIND_HASH) == KIND_HASH)
        return false;
    for (size_t i = 0; i < columns->count; i++) {
        const mimic_type type = table->fields[columns->fields[i]].type;
        if (mimic__key_class(type) != LOAD_KEY_NUMBER && mimic__key_class(type) != LOAD_KEY_TEXT)
            return false;
    }
    return true;
}

/* ---- text for people ---- */

static void show_text(mimic_buffer *out, const char *bytes, size_t size)
{
    size_t shown = size < TEXT_SHOWN ? size : TEXT_SHOWN;
    while (shown < size && shown > 0 && ((unsigned char)bytes[shown] & 0xc0) == 0x80)
        shown--; /* not within a character */
    mimic__buffer_byte(out, '"');
    mimic__buffer_append(out, bytes, shown);
    mimic__buffer_text(out, shown < size ? "…\"" : "\"");
}

static void show_value(mimic_buffer *out, const mimic_column *column, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    int64_t value = 0;
    (void)integer_at(column, row, &value);
    switch (mimic__key_class(column->type)) {
    case LOAD_KEY_TEXT:
        show_text(out, text_at(column, row).bytes, text_at(column, row).size);
        return;
    case LOAD_KEY_BINARY:
        mimic__buffer_format(out, "%zu bytes", text_at(column, row).size);
        return;
    case LOAD_KEY_DATE:
        (void)mimic__format_date(text, (int32_t)value);
        break;
    case LOAD_KEY_TIME:
        (void)mimic__format_time(text, value);
        break;
    case LOAD_KEY_TIMESTAMP:
        (void)mimic__format_timestamp(text, value, ' ');
        break;
    case LOAD_KEY_FLOAT:
        (void)mimic__format_float64(text, float_at(column, row));
        break;
    default:
        if (column->type == MIMIC_TYPE_DECIMAL)
            (void)mimic__format_decimal(text, (const char *)column->values + row * 16,
                                        column->scale);
        else
            (void)mimic__format_int64(text, value);
    }
    mimic__buffer_text(out, text);
}

void mimic__key_text(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                     mimic_buffer *out)
{
    for (size_t i = 0; i < columns->count; i++) {
        mimic__buffer_text(out, i == 0 ? "" : ", ");
        show_value(out, &batch->columns[columns->fields[i]], row);
    }
}

void mimic__key_plain_text(const load_key *key, size_t column_count, mimic_buffer *out)
{
    if ((key->lo & KIND_HASH) == KIND_TEXT) {
        char bytes[16];
        for (size_t i = 0; i < 16; i++)
            bytes[i] = (char)((i < 8 ? key->hi : key->lo) >> (56 - 8 * (i & 7)) & 0xff);
        show_text(out, bytes, (size_t)(key->lo >> 2 & 15));
        return;
    }
    if ((key->lo & KIND_HASH) == KIND_NUMBERS) {
        mimic__buffer_format(out, "\"%llu-%llu\"", (unsigned long long)key->hi,
                             (unsigned long long)(key->lo >> 2));
        return;
    }
    mimic__buffer_format(out, "%lld", (long long)(int64_t)(key->hi ^ SIGN));
    if (column_count > 1)
        mimic__buffer_format(out, ", %lld", (long long)(int64_t)(key->lo >> 2) - SECOND_LIMIT);
}

/* ---- order ---- */

static void append_ordered(mimic_buffer *out, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(value >> (56 - 8 * i));
    mimic__buffer_append(out, bytes, sizeof bytes);
}

/* A text ends with 00 00, a zero inside is 00 ff. */
static void append_ordered_text(mimic_buffer *out, text_view text)
{
    static const char end[2] = {0, 0};
    const size_t size = text.size < ORDER_TEXT_MAX ? text.size : ORDER_TEXT_MAX;
    for (size_t i = 0; i < size; i++) {
        mimic__buffer_byte(out, text.bytes[i]);
        if (text.bytes[i] == '\0')
            mimic__buffer_byte(out, (char)0xff);
    }
    mimic__buffer_append(out, end, sizeof end);
}

static void append_order(mimic_buffer *out, const mimic_column *column, int64_t row)
{
    const load_key_class class = mimic__key_class(column->type);
    const bool is_present = mimic_column_is_valid(column, row) != 0;
    mimic__buffer_byte(out, is_present ? 1 : 0);
    if (!is_present)
        return;
    if (class == LOAD_KEY_TEXT || class == LOAD_KEY_BINARY) {
        append_ordered_text(out, text_at(column, row));
    } else if (class == LOAD_KEY_FLOAT) {
        uint64_t bits;
        const double value = float_at(column, row);
        memcpy(&bits, &value, sizeof bits);
        append_ordered(out, (bits & SIGN) != 0 ? ~bits : bits | SIGN);
    } else if (column->type == MIMIC_TYPE_DECIMAL) {
        mimic_int128 value;
        memcpy(&value, (const char *)column->values + row * 16, sizeof value);
        append_ordered(out, (uint64_t)value.high ^ SIGN);
        append_ordered(out, value.low);
    } else {
        int64_t value = 0;
        (void)integer_at(column, row, &value);
        append_ordered(out, (uint64_t)value ^ SIGN);
    }
}

void mimic__key_order_bytes(const mimic_batch *batch, const load_key_columns *columns, int64_t row,
                            mimic_buffer *out)
{
    for (size_t i = 0; i < columns->count; i++)
        append_order(out, &batch->columns[columns->fields[i]], row);
}
