/*
 * The SQLite file format ("Database File Format" of the SQLite documentation) as far as pages are
 * built here: numbers are big-endian, the page size is fixed, no bytes are reserved at the end of a
 * page, texts are UTF-8.
 *
 * A b-tree page is a header, an array of 2-byte cell offsets in key order, a gap, and the cells.
 * Cells may stand in any order; ours grow from the end of the page downwards.
 */
#ifndef MIMIC_SINK_SQLITE_FORMAT_H
#define MIMIC_SINK_SQLITE_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MIMIC_SQLITE_PAGE_BYTES 4096
/* The page that holds this byte is never used: locks lie there. */
#define MIMIC_SQLITE_LOCK_BYTE (INT64_C(1) << 30)

enum {
    MIMIC_SQLITE_INDEX_INTERIOR = 2,
    MIMIC_SQLITE_TABLE_INTERIOR = 5,
    MIMIC_SQLITE_INDEX_LEAF = 10,
    MIMIC_SQLITE_TABLE_LEAF = 13
};
/* Bytes of a page header: type, first free block, number of cells, start of the cells, fragmented
 * free bytes, and on interior pages the rightmost child. */
#define MIMIC_SQLITE_LEAF_HEADER 8
#define MIMIC_SQLITE_INTERIOR_HEADER 12

/* Serial types (record headers): 0 NULL, 1 to 6 integers of 1, 2, 3, 4, 6 and 8 bytes, 7 a double,
 * 8 and 9 the integers 0 and 1, from 12 on blobs of (N-12)/2 bytes and texts of (N-13)/2. */
enum { MIMIC_SQLITE_SERIAL_NULL = 0, MIMIC_SQLITE_SERIAL_REAL = 7, MIMIC_SQLITE_SERIAL_ZERO = 8 };
#define MIMIC_SQLITE_SERIAL_BLOB(size) (2 * (uint64_t)(size) + 12)
#define MIMIC_SQLITE_SERIAL_TEXT(size) (2 * (uint64_t)(size) + 13)

#define MIMIC_SQLITE_VARINT_MAX 9
/* A payload's largest size that stays whole in its cell, by kind of page; what is larger goes on in
 * overflow pages. */
#define MIMIC_SQLITE_TABLE_LOCAL_MAX (MIMIC_SQLITE_PAGE_BYTES - 35)
#define MIMIC_SQLITE_INDEX_LOCAL_MAX ((MIMIC_SQLITE_PAGE_BYTES - 12) * 64 / 255 - 23)
/* Payload bytes of an overflow page, behind the 4 bytes that name the next one. */
#define MIMIC_SQLITE_OVERFLOW_BYTES (MIMIC_SQLITE_PAGE_BYTES - 4)

/* Bytes of a payload that stay in its cell. */
static inline size_t mimic__sqlite_local_size(uint64_t payload_size, size_t local_max)
{
    const size_t local_min = (MIMIC_SQLITE_PAGE_BYTES - 12) * 32 / 255 - 23;
    if (payload_size <= local_max)
        return (size_t)payload_size;
    const size_t size =
        local_min + (size_t)((payload_size - local_min) % MIMIC_SQLITE_OVERFLOW_BYTES);
    return size <= local_max ? size : local_min;
}

static inline void mimic__sqlite_put16(unsigned char *to, uint32_t value)
{
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)value;
}

static inline void mimic__sqlite_put32(unsigned char *to, uint32_t value)
{
    mimic__sqlite_put16(to, value >> 16);
    mimic__sqlite_put16(to + 2, value);
}

static inline void mimic__sqlite_put64(unsigned char *to, uint64_t value)
{
    to[0] = (unsigned char)(value >> 56);
    to[1] = (unsigned char)(value >> 48);
    to[2] = (unsigned char)(value >> 40);
    to[3] = (unsigned char)(value >> 32);
    to[4] = (unsigned char)(value >> 24);
    to[5] = (unsigned char)(value >> 16);
    to[6] = (unsigned char)(value >> 8);
    to[7] = (unsigned char)value;
}

static inline uint32_t mimic__sqlite_get16(const unsigned char *from)
{
    return (uint32_t)from[0] << 8 | from[1];
}

static inline uint32_t mimic__sqlite_get32(const unsigned char *from)
{
    return mimic__sqlite_get16(from) << 16 | mimic__sqlite_get16(from + 2);
}

static inline size_t mimic__sqlite_varint_size(uint64_t value)
{
    size_t size = 1;
    while (size < MIMIC_SQLITE_VARINT_MAX && value >= (uint64_t)1 << (7 * size))
        size++;
    return size;
}

/* Writes a varint that ends before `end`; returns where it begins. Records are built from their end
 * to their start, as every length is known by the time that it is written. */
static inline unsigned char *mimic__sqlite_put_varint(unsigned char *end, uint64_t value)
{
    if (value >> 56 != 0) { /* 9 bytes, the last of which is a whole one */
        *--end = (unsigned char)value;
        value >>= 8;
        for (int i = 0; i < 8; i++, value >>= 7)
            *--end = (unsigned char)(value | 0x80);
        return end;
    }
    *--end = (unsigned char)(value & 0x7f);
    while ((value >>= 7) != 0)
        *--end = (unsigned char)(value | 0x80);
    return end;
}

/* Completes a b-tree page whose cells and offsets stand; the gap between them must be zero already.
 * `right` is the rightmost child of an interior page. */
static inline void mimic__sqlite_put_page_header(unsigned char *page, int type, size_t cell_count,
                                                 size_t cells_start, uint32_t right)
{
    page[0] = (unsigned char)type;
    mimic__sqlite_put16(page + 1, 0);
    mimic__sqlite_put16(page + 3, (uint32_t)cell_count);
    mimic__sqlite_put16(page + 5, (uint32_t)cells_start); /* 65536 would be 0 */
    page[7] = 0;
    if (type == MIMIC_SQLITE_TABLE_INTERIOR || type == MIMIC_SQLITE_INDEX_INTERIOR)
        mimic__sqlite_put32(page + 8, right);
}

#endif
