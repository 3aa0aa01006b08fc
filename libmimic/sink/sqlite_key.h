/*
 * Keys of indexes as byte strings whose memcmp order is SQLite's order of records: NULL, then
 * integers, then texts by their bytes, then blobs. So whoever sorts and merges knows bytes only,
 * and the record can be made from the key.
 *
 * A column is a tag and its bytes: an integer has as many as it needs, the tag telling how many and
 * the sign; a real has eight; a text or blob ends with 00 00, a zero inside being 00 ff. A column
 * of a STRICT table holds one kind of value, so integers are never compared with reals.
 */
#ifndef MIMIC_SINK_SQLITE_KEY_H
#define MIMIC_SINK_SQLITE_KEY_H

#include "sink/sqlite_record.h"

#define MIMIC_SQLITE_KEY_COLUMNS_MAX 16
#define MIMIC_SQLITE_KEY_MAX                                                                       \
    32768 /* bytes of a key; indexes with longer ones are SQLite's to make */
/* Room for the record of a key: values take no more bytes than in the key, but for the rowid; the
 * header comes on top, and numbers are stored eight bytes wide. */
#define MIMIC_SQLITE_KEY_RECORD_MAX (MIMIC_SQLITE_KEY_MAX + 4 * MIMIC_SQLITE_KEY_COLUMNS_MAX + 64)

typedef struct mimic_sqlite_key {
    size_t size;
    bool has_null;
    unsigned char bytes[MIMIC_SQLITE_KEY_MAX];
} mimic_sqlite_key;

/* Makes the key of a row from its columns; false when it would be too long. */
bool mimic__sqlite_key_make(mimic_sqlite_key *key, mimic_sqlite_cell *cells, size_t cell_count,
                            int64_t row);
/* Of the first column: whether it is NULL, and its bytes. */
bool mimic__sqlite_key_is_null(const unsigned char *key);
size_t mimic__sqlite_key_column_size(const unsigned char *key);
/* Writes the record of an index entry; returns its size. */
size_t mimic__sqlite_key_record(const unsigned char *key, size_t column_count, int64_t rowid,
                                unsigned char *record);

/* An integer as a record holds it: the bytes that count, of the eight that are written to `to`. */
static inline size_t mimic__sqlite_put_integer(unsigned char *to, int64_t value,
                                               unsigned char *out_serial)
{
    /* by the bytes that the value needs; there are no integers of 5 and 7 */
    static const uint8_t widths[] = {0, 1, 2, 3, 4, 6, 6, 8, 8};
    static const uint8_t serials[] = {0, 1, 2, 3, 4, 5, 5, 6, 6};
    if ((uint64_t)value <= 1) {
        *out_serial = (unsigned char)(MIMIC_SQLITE_SERIAL_ZERO + value);
        return 0;
    }
    const uint64_t bits = (uint64_t)(value < 0 ? ~value : value);
    const int bytes = (72 - __builtin_clzll(bits | 1)) / 8;
    const size_t width = widths[bytes];
    mimic__sqlite_put64(to, (uint64_t)value << (64 - 8 * width));
    *out_serial = serials[bytes];
    return width;
}

#endif
