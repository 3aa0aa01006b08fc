/*
 * Dates and times of up to 64 rows of a column at a time, of the one form that the column's loop
 * reads by itself: "2150-01-01", "10:00:00", or both with a separator and perhaps a Z. The rows of
 * a file lie together in time, so the last date is kept with its day number. As with numbers
 * (coerce_strip.h), every kernel takes the same texts.
 */
#ifndef MIMIC_COERCE_TIME_STRIP_H
#define MIMIC_COERCE_TIME_STRIP_H

#include "base/calendar.h"
#include "coerce/coerce_strip.h"

/* Bytes of a word, the first one lowest. */
#define MIMIC_WORD(a, b, c, d, e, f, g, h)                                                         \
    ((uint64_t)(uint8_t)(a) | (uint64_t)(uint8_t)(b) << 8 | (uint64_t)(uint8_t)(c) << 16 |         \
     (uint64_t)(uint8_t)(d) << 24 | (uint64_t)(uint8_t)(e) << 32 | (uint64_t)(uint8_t)(f) << 40 |  \
     (uint64_t)(uint8_t)(g) << 48 | (uint64_t)(uint8_t)(h) << 56)

/* The date met last, as its bytes in two overlapping words, what separates it from the time
 * included. At first the words contradict each other, so that no text is like them. */
typedef struct mimic_last_date {
    uint64_t front; /* the first eight bytes */
    uint64_t back;  /* the last eight bytes */
    int64_t days;
} mimic_last_date;

#define MIMIC_NO_DATE ((mimic_last_date){0, UINT64_MAX, 0})

/* "2150-01-01" to days; false unless such a day exists. */
static inline bool mimic__read_date(const char *text, int64_t *out_days)
{
    const uint64_t front = mimic__load8(text) ^ MIMIC_WORD('0', '0', '0', '0', '-', '0', '0', '-');
    const uint64_t back =
        (mimic__load8(text + 8) & 0xffff) ^ MIMIC_WORD('0', '0', 0, 0, 0, 0, 0, 0);
    if (!mimic__are_digits(front) || !mimic__are_digits(back) ||
        (front & MIMIC_WORD(0, 0, 0, 0, 0xff, 0, 0, 0xff)) != 0)
        return false;
    const int32_t year = (int32_t)((front & 15) * 1000 + (front >> 8 & 15) * 100 +
                                   (front >> 16 & 15) * 10 + (front >> 24 & 15));
    const int32_t month = (int32_t)((front >> 40 & 15) * 10 + (front >> 48 & 15));
    const int32_t day = (int32_t)((back & 15) * 10 + (back >> 8 & 15));
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > mimic__days_in_month(year, month))
        return false;
    *out_days = mimic__days_from_date(year, month, day);
    return true;
}

/* Days of the date at `text`, of `size` bytes with what follows it, kept from the last one when it
 * is the same. That what follows is right was checked when the last one was read. */
static inline bool mimic__find_days(const char *text, size_t size, char separator,
                                    mimic_last_date *last)
{
    const uint64_t front = mimic__load8(text);
    const uint64_t back = mimic__load8(text + size - 8);
    if (((front ^ last->front) | (back ^ last->back)) == 0)
        return true;
    int64_t days;
    if ((size > 10 && text[10] != separator) || !mimic__read_date(text, &days))
        return false;
    *last = (mimic_last_date){front, back, days};
    return true;
}

/* "10:00:00" to seconds; false unless such a time exists. */
static inline bool mimic__read_seconds(const char *text, int64_t *out)
{
    const uint64_t digits = mimic__load8(text) ^ MIMIC_WORD('0', '0', ':', '0', '0', ':', '0', '0');
    /* A byte over its limit (2, 9, no digit, 5, 9, no digit, 5, 9) sets its own top bit, in the sum
     * or by itself; a carry out of a byte needs such a byte. */
    const uint64_t sums = digits + MIMIC_WORD(0x7d, 0x76, 0x7f, 0x7a, 0x76, 0x7f, 0x7a, 0x76);
    const uint64_t pairs = digits * 10 + (digits >> 8);
    *out = (int64_t)((pairs & 0xff) * 3600 + (pairs >> 24 & 0xff) * 60 + (pairs >> 48 & 0xff));
    return ((sums | digits) & MIMIC_EIGHT(0x80)) == 0 && *out < MIMIC_SECONDS_PER_DAY;
}

/* The form, its last date, and which values are in the bounds. */
struct mimic_time_strip {
    /* In: as in mimic_field_index, the marks those of the field in the strip's first row. */
    const char *bytes;
    const uint32_t *marks;
    size_t stride;
    size_t row_count; /* 1 to MIMIC_STRIP_ROWS */
    size_t size;      /* of a text of the form */
    char separator;   /* in front of a time of day */
    int64_t low;      /* values outside are hard */
    int64_t high;

    mimic_last_date last; /* kept from strip to strip */

    /* Out. Rows that are empty or hard have the value 0. */
    uint64_t empty; /* a bit a row: no text at all */
    uint64_t hard;  /* a bit a row: not of the form, empty rows included */
    int64_t values[MIMIC_STRIP_ROWS];
};

static inline bool mimic__read_timestamp(mimic_time_strip *strip, const char *text, size_t size,
                                         int64_t *out)
{
    int64_t seconds;
    if (size != strip->size || (size == 20 && text[19] != 'Z') ||
        !mimic__find_days(text, 11, strip->separator, &strip->last) ||
        !mimic__read_seconds(text + 11, &seconds))
        return false;
    *out = (strip->last.days * MIMIC_SECONDS_PER_DAY + seconds) * MIMIC_MICROSECONDS_PER_SECOND;
    return *out >= strip->low && *out <= strip->high;
}

static inline bool mimic__read_day(mimic_time_strip *strip, const char *text, size_t size,
                                   int64_t *out)
{
    if (size != strip->size || !mimic__find_days(text, 10, strip->separator, &strip->last))
        return false;
    *out = strip->last.days;
    return *out >= strip->low && *out <= strip->high;
}

static inline bool mimic__read_time(mimic_time_strip *strip, const char *text, size_t size,
                                    int64_t *out)
{
    if (size != strip->size || !mimic__read_seconds(text, out))
        return false;
    *out *= MIMIC_MICROSECONDS_PER_SECOND;
    return *out >= strip->low && *out <= strip->high;
}

typedef bool (*mimic_time_reader)(mimic_time_strip *strip, const char *text, size_t size,
                                  int64_t *out);

/* Reads one row of the strip. */
MIMIC_ALWAYS_INLINE void mimic__strip_time(mimic_time_strip *strip, size_t row,
                                           mimic_time_reader read)
{
    const uint32_t *const mark = strip->marks + row * strip->stride;
    const uint32_t start = mark[0] + 1;
    const uint32_t size = mark[1] - start;
    int64_t value = 0;
    const bool is_read = read(strip, strip->bytes + start, size, &value);
    strip->values[row] = is_read ? value : 0;
    strip->hard |= (uint64_t)!is_read << row;
    strip->empty |= (uint64_t)(size == 0) << row;
}

#endif
