/*
 * See sqlite_record.h. Values go from the last column to the first, downwards from the end of the
 * record, and their serial types downwards in a place of their own at the bottom of the room, from
 * where they are copied before the values once their number is known. So fixed-width stores may be
 * wider than the value: what they spoil lies below it and is written next.
 */
#include "sink/sqlite_record.h"

#include "base/calendar.h"

#define SERIAL_BYTES_MAX 5 /* of a value below 2 GiB */
#define COPY_BYTES 16      /* short texts are copied as one block of this size */

/* IEEE doubles hold these exactly; SQLite stores integral reals between them as integers. */
#define INTEGRAL_MAX 140737488355327.0
#define INTEGRAL_MIN (-140737488355328.0)

static mimic_sqlite_storage storage_of(mimic_type type, bool integer_times)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return MIMIC_SQLITE_AS_BIT;
    case MIMIC_TYPE_INT16:
        return MIMIC_SQLITE_AS_INT16;
    case MIMIC_TYPE_INT32:
        return MIMIC_SQLITE_AS_INT32;
    case MIMIC_TYPE_INT64:
        return MIMIC_SQLITE_AS_INT64;
    case MIMIC_TYPE_FLOAT32:
        return MIMIC_SQLITE_AS_FLOAT32;
    case MIMIC_TYPE_FLOAT64:
        return MIMIC_SQLITE_AS_FLOAT64;
    case MIMIC_TYPE_DECIMAL:
        return MIMIC_SQLITE_AS_DECIMAL;
    case MIMIC_TYPE_DATE:
        return MIMIC_SQLITE_AS_DATE;
    case MIMIC_TYPE_TIME:
        return integer_times ? MIMIC_SQLITE_AS_INT64 : MIMIC_SQLITE_AS_TIME;
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return integer_times ? MIMIC_SQLITE_AS_INT64 : MIMIC_SQLITE_AS_TIMESTAMP;
    case MIMIC_TYPE_CATEGORICAL:
        return MIMIC_SQLITE_AS_CATEGORICAL;
    case MIMIC_TYPE_BINARY:
        return MIMIC_SQLITE_AS_BLOB;
    default:
        return MIMIC_SQLITE_AS_TEXT;
    }
}

void mimic__sqlite_cell_init(mimic_sqlite_cell *cell, mimic_type type, bool integer_times)
{
    *cell = (mimic_sqlite_cell){.storage = storage_of(type, integer_times), .type = type};
}

void mimic__sqlite_cell_bind(mimic_sqlite_cell *cell, const mimic_column *column)
{
    cell->validity = column->validity;
    cell->values = column->values;
    cell->offsets = column->offsets;
    cell->bytes = column->values;
    cell->scale = column->scale;
    if (cell->storage == MIMIC_SQLITE_AS_CATEGORICAL) {
        cell->offsets = column->dictionary->offsets;
        cell->bytes = column->dictionary->bytes;
    }
}

size_t mimic__sqlite_record_fixed_bound(size_t cell_count)
{
    return cell_count * (2 * SERIAL_BYTES_MAX + MIMIC_FORMAT_BYTES) + MIMIC_FORMAT_BYTES +
           MIMIC_SQLITE_VARINT_MAX;
}

static bool is_present(const mimic_sqlite_cell *cell, int64_t row)
{
    return cell->validity == NULL || ((cell->validity[row >> 3] >> (row & 7)) & 1) != 0;
}

size_t mimic__sqlite_record_bound(const mimic_sqlite_cell *cells, size_t cell_count, int64_t row)
{
    size_t size = mimic__sqlite_record_fixed_bound(cell_count);
    for (size_t i = 0; i < cell_count; i++) {
        const mimic_sqlite_cell *cell = &cells[i];
        if (cell->storage < MIMIC_SQLITE_AS_TEXT || !is_present(cell, row))
            continue;
        const int64_t index = cell->storage == MIMIC_SQLITE_AS_CATEGORICAL
                                  ? ((const int32_t *)cell->values)[row]
                                  : row;
        size += (size_t)(cell->offsets[index + 1] - cell->offsets[index]);
    }
    return size;
}

/* ---- the two ends that grow ---- */

typedef struct record_ends {
    unsigned char *value;  /* where the last written value begins */
    unsigned char *serial; /* where the last written serial type begins */
    unsigned char *floor;  /* values of any size must stay above this */
} record_ends;

static inline void put_integer(record_ends *ends, int64_t value)
{
    /* by the bytes that the value needs; there are no integers of 5 and 7 */
    static const uint8_t widths[] = {0, 1, 2, 3, 4, 6, 6, 8, 8};
    static const uint8_t serials[] = {0, 1, 2, 3, 4, 5, 5, 6, 6};
    const uint64_t bits = (uint64_t)(value < 0 ? ~value : value);
    const int bytes = (72 - __builtin_clzll(bits | 1)) / 8;
    const bool is_in_type = (uint64_t)value <= 1;
    mimic__sqlite_put64(ends->value - 8, (uint64_t)value);
    ends->value -= is_in_type ? 0 : widths[bytes];
    *--ends->serial =
        (unsigned char)(is_in_type ? MIMIC_SQLITE_SERIAL_ZERO + value : serials[bytes]);
}

static inline void put_real(record_ends *ends, double value)
{
    if (value >= INTEGRAL_MIN && value <= INTEGRAL_MAX && (double)(int64_t)value == value) {
        put_integer(ends, (int64_t)value);
        return;
    }
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    ends->value -= 8;
    mimic__sqlite_put64(ends->value, bits);
    *--ends->serial = MIMIC_SQLITE_SERIAL_REAL;
}

/* first_serial: that of an empty text, or an empty blob. False when there is no room. */
static inline bool put_bytes(record_ends *ends, const char *bytes, const int32_t *offsets,
                             unsigned first_serial)
{
    const int32_t end = offsets[1];
    const size_t size = (size_t)(end - offsets[0]);
    if (ends->value - ends->floor < (ptrdiff_t)size) /* numbers may stand below the floor already */
        return false;
    unsigned char *to = ends->value - size;
    if (size <= COPY_BYTES && end >= COPY_BYTES) /* whatever stands before it is readable too */
        memcpy(ends->value - COPY_BYTES, bytes + end - COPY_BYTES, COPY_BYTES);
    else if (size > 0)
        memcpy(to, bytes + offsets[0], size);
    ends->value = to;
    ends->serial = mimic__sqlite_put_varint(ends->serial, 2 * (uint64_t)size + first_serial);
    return true;
}

/* The text of the cell, which stands at the end of its buffer. */
static inline void put_cell_text(record_ends *ends, const mimic_sqlite_cell *cell)
{
    const size_t half = MIMIC_FORMAT_BYTES / 2;
    if (cell->text_size <= (int32_t)half)
        memcpy(ends->value - half, cell->text + half, half);
    else
        memcpy(ends->value - MIMIC_FORMAT_BYTES, cell->text, MIMIC_FORMAT_BYTES);
    ends->value -= cell->text_size;
    ends->serial =
        mimic__sqlite_put_varint(ends->serial, MIMIC_SQLITE_SERIAL_TEXT((uint32_t)cell->text_size));
}

/* ---- dates and times ---- */

static void align_text(mimic_sqlite_cell *cell, const char *text, size_t size)
{
    memcpy(cell->text + sizeof cell->text - size, text, size);
    cell->text_size = (int32_t)size;
}

size_t mimic__sqlite_time_text(const mimic_sqlite_cell *cell, int64_t value, char *out)
{
    int size = 0;
    if (cell->storage == MIMIC_SQLITE_AS_DATE)
        size = mimic__format_date(out, (int32_t)value);
    else if (cell->storage == MIMIC_SQLITE_AS_TIME)
        size = mimic__format_time(out, value);
    else
        size = mimic__format_timestamp(out, value, ' ');
    if (cell->type == MIMIC_TYPE_TIMESTAMPTZ)
        out[size++] = 'Z';
    return (size_t)size;
}

static void format_time(mimic_sqlite_cell *cell, int64_t value)
{
    char text[MIMIC_FORMAT_BYTES];
    align_text(cell, text, mimic__sqlite_time_text(cell, value, text));
    cell->text_value = value;
}

static inline void put_time(record_ends *ends, mimic_sqlite_cell *cell, int64_t value)
{
    if (value != cell->text_value || cell->text_size == 0)
        format_time(cell, value);
    put_cell_text(ends, cell);
}

static void put_decimal(record_ends *ends, mimic_sqlite_cell *cell, int64_t row)
{
    char text[MIMIC_FORMAT_BYTES];
    const unsigned char *value = (const unsigned char *)cell->values + 16 * row;
    align_text(cell, text, mimic__format_decimal(text, value, cell->scale));
    put_cell_text(ends, cell);
}

/* ---- a row ---- */

static inline bool put_value(record_ends *ends, mimic_sqlite_cell *cell, int64_t row)
{
    const void *values = cell->values;
    switch (cell->storage) {
    case MIMIC_SQLITE_AS_NOTHING:
        *--ends->serial = MIMIC_SQLITE_SERIAL_NULL;
        return true;
    case MIMIC_SQLITE_AS_BIT:
        put_integer(ends, (((const uint8_t *)values)[row >> 3] >> (row & 7)) & 1);
        return true;
    case MIMIC_SQLITE_AS_INT16:
        put_integer(ends, ((const int16_t *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_INT32:
        put_integer(ends, ((const int32_t *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_INT64:
        put_integer(ends, ((const int64_t *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_FLOAT32:
        put_real(ends, (double)((const float *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_FLOAT64:
        put_real(ends, ((const double *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_DECIMAL:
        put_decimal(ends, cell, row);
        return true;
    case MIMIC_SQLITE_AS_DATE:
        put_time(ends, cell, ((const int32_t *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_TIME:
    case MIMIC_SQLITE_AS_TIMESTAMP:
        put_time(ends, cell, ((const int64_t *)values)[row]);
        return true;
    case MIMIC_SQLITE_AS_CATEGORICAL:
        return put_bytes(ends, cell->bytes, cell->offsets + ((const int32_t *)values)[row],
                         MIMIC_SQLITE_SERIAL_TEXT(0));
    case MIMIC_SQLITE_AS_BLOB:
        return put_bytes(ends, cell->bytes, cell->offsets + row, MIMIC_SQLITE_SERIAL_BLOB(0));
    default:
        return put_bytes(ends, cell->bytes, cell->offsets + row, MIMIC_SQLITE_SERIAL_TEXT(0));
    }
}

unsigned char *mimic__sqlite_record_put(mimic_sqlite_cell *cells, size_t cell_count, int64_t row,
                                        unsigned char *end, unsigned char *floor)
{
    unsigned char *const serial_end = floor + cell_count * SERIAL_BYTES_MAX;
    record_ends ends = {end, serial_end, floor + mimic__sqlite_record_fixed_bound(cell_count)};
    for (size_t i = cell_count; i-- > 0;) {
        if (!is_present(&cells[i], row))
            *--ends.serial = MIMIC_SQLITE_SERIAL_NULL;
        else if (!put_value(&ends, &cells[i], row))
            return NULL;
    }
    const size_t serial_size = (size_t)(serial_end - ends.serial);
    unsigned char *start = ends.value - serial_size;
    memcpy(start, ends.serial, serial_size);
    /* The size of a header counts itself. */
    size_t header_size = serial_size + 1;
    while (serial_size + mimic__sqlite_varint_size(header_size) != header_size)
        header_size++;
    return mimic__sqlite_put_varint(start, header_size);
}
