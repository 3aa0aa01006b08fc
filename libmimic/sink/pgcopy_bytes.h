/* What both directions of pgcopy.h know of the format: its marks, its numbers and its zero of time. */
#ifndef MIMIC_SINK_PGCOPY_BYTES_H
#define MIMIC_SINK_PGCOPY_BYTES_H

#include <stdint.h>
#include <string.h>

#include "base/calendar.h"

/* The signature, no flags, no extension. */
#define MIMIC_PGCOPY_HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"
#define MIMIC_PGCOPY_HEADER_BYTES 19
#define MIMIC_PGCOPY_SIGNATURE_BYTES 11
#define MIMIC_PGCOPY_NULL UINT32_MAX /* size of a field that is NULL */
#define MIMIC_PGCOPY_END UINT16_MAX  /* number of fields that is the trailer */

/* PostgreSQL counts from 2000-01-01. */
#define MIMIC_PGCOPY_EPOCH_DAYS INT64_C(10957)
#define MIMIC_PGCOPY_EPOCH (MIMIC_PGCOPY_EPOCH_DAYS * MIMIC_MICROSECONDS_PER_DAY)

/* numeric: digits of base 10000 behind four 16-bit words. */
#define MIMIC_PGCOPY_DIGIT_BASE 10000
#define MIMIC_PGCOPY_NUMERIC_HEAD_BYTES 8
#define MIMIC_PGCOPY_NUMERIC_DIGITS_MAX 11 /* of a decimal128, whatever its scale */
#define MIMIC_PGCOPY_NUMERIC_NEGATIVE 0x4000u

/* PostgreSQL's MaxAllocSize (1 GiB - 1), less what it keeps around a row and a value. */
#define MIMIC_PGCOPY_ROW_BYTES_MAX ((INT64_C(1) << 30) - 65536)

/* PostgreSQL's MaxHeapTupleSize for pages of 8 KiB: a row without what is moved out of it. */
#define MIMIC_PGCOPY_TUPLE_BYTES_MAX 8160

static inline uint16_t mimic__pgcopy_order16(uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return value;
#else
    return __builtin_bswap16(value);
#endif
}

static inline uint32_t mimic__pgcopy_order32(uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return value;
#else
    return __builtin_bswap32(value);
#endif
}

static inline uint64_t mimic__pgcopy_order64(uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return value;
#else
    return __builtin_bswap64(value);
#endif
}

static inline void mimic__pgcopy_store16(void *to, uint32_t value)
{
    const uint16_t word = mimic__pgcopy_order16((uint16_t)value);
    memcpy(to, &word, sizeof word);
}

static inline void mimic__pgcopy_store32(void *to, uint32_t value)
{
    const uint32_t word = mimic__pgcopy_order32(value);
    memcpy(to, &word, sizeof word);
}

static inline void mimic__pgcopy_store64(void *to, uint64_t value)
{
    const uint64_t word = mimic__pgcopy_order64(value);
    memcpy(to, &word, sizeof word);
}

static inline uint16_t mimic__pgcopy_load16(const void *from)
{
    uint16_t word;
    memcpy(&word, from, sizeof word);
    return mimic__pgcopy_order16(word);
}

static inline uint32_t mimic__pgcopy_load32(const void *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return mimic__pgcopy_order32(word);
}

static inline uint64_t mimic__pgcopy_load64(const void *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return mimic__pgcopy_order64(word);
}

#endif
