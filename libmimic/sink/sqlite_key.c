/* See sqlite_key.h. What SQLite stores where it has a choice is stored here too: integral reals of
 * an index are integers, and -0.0 is 0. */
#include "sink/sqlite_key.h"

enum {
    TAG_NULL = 0x01,
    TAG_NEGATIVE = 0x17, /* less the number of bytes */
    TAG_POSITIVE = 0x18, /* and the number of bytes */
    TAG_REAL = 0x24,
    TAG_TEXT = 0x30,
    TAG_BLOB = 0x40
};
#define ESCAPED 0xff /* a zero inside a text is 00 ff, the end is 00 00 */

/* ---- making keys ---- */

static bool has_room(const mimic_sqlite_key *key, size_t size)
{
    return size <= sizeof key->bytes - key->size;
}

static size_t byte_count(uint64_t bits)
{
    size_t count = 0;
    for (; bits != 0; bits >>= 8)
        count++;
    return count;
}

static void put_big_endian(unsigned char *to, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(bits >> (8 * (size - 1 - i)));
}

static bool put_integer(mimic_sqlite_key *key, int64_t value)
{
    const uint64_t bits = (uint64_t)value;
    const size_t size = byte_count(value < 0 ? ~bits : bits);
    if (!has_room(key, 1 + size))
        return false;
    key->bytes[key->size] =
        (unsigned char)(value < 0 ? TAG_NEGATIVE - (int)size : TAG_POSITIVE + (int)size);
    put_big_endian(key->bytes + key->size + 1, bits, size);
    key->size += 1 + size;
    return true;
}

static bool put_real(mimic_sqlite_key *key, double value)
{
    uint64_t bits = 0;
    const double plain = value + 0.0; /* -0.0 becomes 0.0 */
    const uint64_t sign = UINT64_C(1) << 63;
    memcpy(&bits, &plain, sizeof bits);
    bits = (bits & sign) != 0 ? ~bits : bits | sign;
    if (!has_room(key, 9))
        return false;
    key->bytes[key->size] = TAG_REAL;
    put_big_endian(key->bytes + key->size + 1, bits, 8);
    key->size += 9;
    return true;
}

static bool put_bytes(mimic_sqlite_key *key, int tag, const char *bytes, size_t size)
{
    if (!has_room(key, size) || !has_room(key, size + 3))
        return false;
    key->bytes[key->size++] = (unsigned char)tag;
    const char *const end = size == 0 ? bytes : bytes + size;
    while (bytes < end) {
        const char *const zero = memchr(bytes, 0, (size_t)(end - bytes));
        const size_t step = (size_t)((zero == NULL ? end : zero + 1) - bytes);
        if (!has_room(key, step + 3))
            return false;
        memcpy(key->bytes + key->size, bytes, step);
        key->size += step;
        if (zero != NULL)
            key->bytes[key->size++] = ESCAPED;
        bytes += step;
    }
    key->bytes[key->size++] = 0;
    key->bytes[key->size++] = 0;
    return true;
}

static bool put_time(mimic_sqlite_key *key, const mimic_sqlite_cell *cell, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    return put_bytes(key, TAG_TEXT, text, mimic__sqlite_time_text(cell, value, text));
}

static bool put_decimal(mimic_sqlite_key *key, const mimic_sqlite_cell *cell, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const unsigned char *const value = (const unsigned char *)cell->values + 16 * row;
    return put_bytes(key, TAG_TEXT, text, mimic__format_decimal(text, value, cell->scale));
}

static bool put_slice(mimic_sqlite_key *key, int tag, const mimic_sqlite_cell *cell, int64_t index)
{
    return put_bytes(key, tag, cell->bytes + cell->offsets[index],
                     (size_t)(cell->offsets[index + 1] - cell->offsets[index]));
}

static bool put_value(mimic_sqlite_key *key, const mimic_sqlite_cell *cell, int64_t row)
{
    const void *const values = cell->values;
    switch (cell->storage) {
    case MIMIC_SQLITE_AS_BIT:
        return put_integer(key, (((const uint8_t *)values)[row >> 3] >> (row & 7)) & 1);
    case MIMIC_SQLITE_AS_INT16:
        return put_integer(key, ((const int16_t *)values)[row]);
    case MIMIC_SQLITE_AS_INT32:
        return put_integer(key, ((const int32_t *)values)[row]);
    case MIMIC_SQLITE_AS_INT64:
        return put_integer(key, ((const int64_t *)values)[row]);
    case MIMIC_SQLITE_AS_FLOAT32:
        return put_real(key, (double)((const float *)values)[row]);
    case MIMIC_SQLITE_AS_FLOAT64:
        return put_real(key, ((const double *)values)[row]);
    case MIMIC_SQLITE_AS_DECIMAL:
        return put_decimal(key, cell, row);
    case MIMIC_SQLITE_AS_DATE:
        return put_time(key, cell, ((const int32_t *)values)[row]);
    case MIMIC_SQLITE_AS_TIME:
    case MIMIC_SQLITE_AS_TIMESTAMP:
        return put_time(key, cell, ((const int64_t *)values)[row]);
    case MIMIC_SQLITE_AS_CATEGORICAL:
        return put_slice(key, TAG_TEXT, cell, ((const int32_t *)values)[row]);
    case MIMIC_SQLITE_AS_BLOB:
        return put_slice(key, TAG_BLOB, cell, row);
    default:
        return put_slice(key, TAG_TEXT, cell, row);
    }
}

bool mimic__sqlite_key_make(mimic_sqlite_key *key, mimic_sqlite_cell *cells, size_t cell_count,
                            int64_t row)
{
    key->size = 0;
    key->has_null = false;
    for (size_t i = 0; i < cell_count; i++) {
        const uint8_t *const validity = cells[i].validity;
        const bool is_present = validity == NULL || ((validity[row >> 3] >> (row & 7)) & 1) != 0;
        if (is_present) {
            if (!put_value(key, &cells[i], row))
                return false;
            continue;
        }
        if (!has_room(key, 1))
            return false;
        key->bytes[key->size++] = TAG_NULL;
        key->has_null = true;
    }
    return true;
}

/* ---- records from keys ---- */

static uint64_t get_big_endian(const unsigned char *from, size_t size)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | from[i];
    return bits;
}

/* Where the end of a text stands: at its 00 00. */
static const unsigned char *text_end(const unsigned char *at)
{
    for (;; at += 2) {
        at = memchr(at, 0, MIMIC_SQLITE_KEY_MAX);
        if (at[1] != ESCAPED)
            return at;
    }
}

bool mimic__sqlite_key_is_null(const unsigned char *key)
{
    return key[0] == TAG_NULL;
}

size_t mimic__sqlite_key_column_size(const unsigned char *key)
{
    switch (key[0]) {
    case TAG_NULL:
        return 1;
    case TAG_REAL:
        return 9;
    case TAG_TEXT:
    case TAG_BLOB:
        return (size_t)(text_end(key + 1) + 2 - key);
    default:
        return 1 + (size_t)(key[0] >= TAG_POSITIVE ? key[0] - TAG_POSITIVE : TAG_NEGATIVE - key[0]);
    }
}

static int64_t integer_of(const unsigned char *column)
{
    if (column[0] >= TAG_POSITIVE)
        return (int64_t)get_big_endian(column + 1, column[0] - (size_t)TAG_POSITIVE);
    const size_t size = TAG_NEGATIVE - (size_t)column[0];
    const uint64_t above = size == 8 ? 0 : UINT64_MAX << (8 * size);
    return (int64_t)(above | get_big_endian(column + 1, size));
}

static double real_of(const unsigned char *column)
{
    uint64_t bits = get_big_endian(column + 1, 8);
    double value = 0;
    bits = bits >> 63 != 0 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A real of an index, which SQLite makes an integer where nothing is lost. */
static size_t put_number(unsigned char *to, double value, unsigned char *out_serial)
{
    const double limit = 9223372036854775808.0;
    if (value > -limit && value < limit && (double)(int64_t)value == value)
        return mimic__sqlite_put_integer(to, (int64_t)value, out_serial);
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    put_big_endian(to, bits, 8);
    *out_serial = MIMIC_SQLITE_SERIAL_REAL;
    return 8;
}

static size_t put_text(unsigned char *to, const unsigned char *from, const unsigned char *end)
{
    const unsigned char *const start = to;
    while (from < end) {
        const unsigned char *const zero = memchr(from, 0, (size_t)(end - from));
        const size_t step = (size_t)((zero == NULL ? end : zero + 1) - from);
        memcpy(to, from, step);
        to += step;
        from += step + (zero != NULL);
    }
    return (size_t)(to - start);
}

/* Writes a column's value and returns its size; its serial type goes to *out_serial. */
static size_t put_column(unsigned char *to, const unsigned char *column, size_t size,
                         uint64_t *out_serial)
{
    unsigned char serial = MIMIC_SQLITE_SERIAL_NULL;
    size_t written = 0;
    if (column[0] == TAG_TEXT || column[0] == TAG_BLOB) {
        written = put_text(to, column + 1, column + size - 2);
        *out_serial = column[0] == TAG_TEXT ? MIMIC_SQLITE_SERIAL_TEXT(written)
                                            : MIMIC_SQLITE_SERIAL_BLOB(written);
        return written;
    }
    if (column[0] == TAG_REAL)
        written = put_number(to, real_of(column), &serial);
    else if (column[0] != TAG_NULL)
        written = mimic__sqlite_put_integer(to, integer_of(column), &serial);
    *out_serial = serial;
    return written;
}

size_t mimic__sqlite_key_record(const unsigned char *key, size_t column_count, int64_t rowid,
                                unsigned char *record)
{
    /* Values first, behind the largest header that there can be; then they move up to theirs. */
    unsigned char types[3 * MIMIC_SQLITE_KEY_COLUMNS_MAX + 1];
    unsigned char *const values = record + sizeof types + 2;
    size_t type_size = 0;
    size_t value_size = 0;
    for (size_t i = 0; i < column_count; i++) {
        uint64_t serial = 0;
        const size_t size = mimic__sqlite_key_column_size(key);
        value_size += put_column(values + value_size, key, size, &serial);
        type_size += mimic__sqlite_varint_size(serial);
        mimic__sqlite_put_varint(types + type_size, serial);
        key += size;
    }
    unsigned char serial = 0;
    value_size += mimic__sqlite_put_integer(values + value_size, rowid, &serial);
    types[type_size++] = serial;
    record[0] = (unsigned char)(type_size + 1); /* below 128: one byte */
    memcpy(record + 1, types, type_size);
    memmove(record + 1 + type_size, values, value_size);
    return 1 + type_size + value_size;
}
