/*
 * Formats of dates and times: a strptime pattern is compiled to a short list of operations, and the
 * list is run over a text. Fields have their full width, names are English in any case, a literal
 * character stands for itself (a blank for exactly one blank).
 *
 * Stricter than strptime(3) on purpose: a pattern must fix the whole value (no day without its
 * month, no minute without its hour), and what is not supported is refused when it is compiled.
 */
#include "coerce/coerce_time.h"

#include <string.h>

#include "coerce/coerce_digits.h"

enum {
    TIME_LITERAL,
    TIME_YEAR,
    TIME_YEAR_2, /* 69 to 99: 19.., 00 to 68: 20.. (POSIX) */
    TIME_MONTH,
    TIME_MONTH_ABBREVIATED,
    TIME_MONTH_NAME,
    TIME_DAY,
    TIME_DAY_BLANK, /* " 7" or "07" */
    TIME_DAY_OF_YEAR,
    TIME_WEEKDAY_ABBREVIATED,
    TIME_WEEKDAY_NAME,
    TIME_HOUR,
    TIME_HOUR_12,
    TIME_HALF_DAY,
    TIME_MINUTE,
    TIME_SECOND,
    TIME_SECOND_FRACTION, /* seconds, then a fraction or none */
    TIME_FRACTION,
    TIME_ZONE,
    TIME_ZONE_NAME
};

static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};
static const char *const weekday_names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                            "thursday", "friday", "saturday"};

/* ---- compiling ---- */

static int directive_kind(char letter)
{
    switch (letter) {
    case 'Y':
        return TIME_YEAR;
    case 'y':
        return TIME_YEAR_2;
    case 'm':
        return TIME_MONTH;
    case 'b':
        return TIME_MONTH_ABBREVIATED;
    case 'B':
        return TIME_MONTH_NAME;
    case 'd':
        return TIME_DAY;
    case 'e':
        return TIME_DAY_BLANK;
    case 'j':
        return TIME_DAY_OF_YEAR;
    case 'a':
        return TIME_WEEKDAY_ABBREVIATED;
    case 'A':
        return TIME_WEEKDAY_NAME;
    case 'H':
        return TIME_HOUR;
    case 'I':
        return TIME_HOUR_12;
    case 'p':
        return TIME_HALF_DAY;
    case 'M':
        return TIME_MINUTE;
    case 'S':
        return TIME_SECOND_FRACTION;
    case 'f':
        return TIME_FRACTION;
    case 'z':
        return TIME_ZONE;
    case 'Z':
        return TIME_ZONE_NAME;
    default:
        return -1;
    }
}

/* The directives that a composed one stands for, NULL for any other. */
static const char *composed_directive(char letter)
{
    switch (letter) {
    case 'F':
        return "Y-m-d";
    case 'D':
        return "m/d/y";
    case 'T':
        return "H:M:S";
    case 'R':
        return "H:M";
    default:
        return NULL;
    }
}

static bool add_op(mimic_time_format *out, int kind, char literal)
{
    if (out->count == MIMIC_TIME_FORMAT_OPS)
        return false;
    out->ops[out->count++] = (mimic_time_op){(uint8_t)kind, literal};
    return true;
}

/* Adds one directive; false when it is not supported. */
static bool add_directive(mimic_time_format *out, char letter)
{
    const char *const composed = composed_directive(letter);
    if (composed == NULL) {
        if (letter == '%')
            return add_op(out, TIME_LITERAL, '%');
        const int kind = directive_kind(letter);
        return kind >= 0 && add_op(out, kind, '\0');
    }
    for (const char *p = composed; *p != '\0'; p++) {
        const int kind = directive_kind(*p);
        if (!add_op(out, kind >= 0 ? kind : TIME_LITERAL, *p))
            return false;
    }
    return true;
}

/* A fraction that the pattern spells out ("%S.%f") takes the place of the optional one of %S. */
static void settle_fractions(mimic_time_format *format)
{
    bool is_spelt_out = false;
    for (size_t i = 0; i < format->count; i++)
        is_spelt_out |= format->ops[i].kind == TIME_FRACTION;
    for (size_t i = 0; i < format->count && is_spelt_out; i++)
        if (format->ops[i].kind == TIME_SECOND_FRACTION)
            format->ops[i].kind = TIME_SECOND;
}

static bool has(uint32_t kinds, int kind)
{
    return (kinds >> kind & 1) != 0;
}

#define BIT(kind) (UINT32_C(1) << (kind))

/* True when two directives read one field: the later would hide what the earlier said. */
static bool has_rivals(uint32_t kinds)
{
    static const uint32_t rivals[] = {
        BIT(TIME_YEAR) | BIT(TIME_YEAR_2),
        BIT(TIME_MONTH) | BIT(TIME_MONTH_ABBREVIATED) | BIT(TIME_MONTH_NAME),
        BIT(TIME_DAY) | BIT(TIME_DAY_BLANK),
        BIT(TIME_WEEKDAY_ABBREVIATED) | BIT(TIME_WEEKDAY_NAME),
        BIT(TIME_HOUR) | BIT(TIME_HOUR_12),
    };
    for (size_t i = 0; i < sizeof rivals / sizeof rivals[0]; i++) {
        const uint32_t both = kinds & rivals[i];
        if ((both & (both - 1)) != 0)
            return true;
    }
    return false;
}

/* Why these fields do not make a value of the type; NULL when they do. */
static const char *find_gap(uint32_t kinds, mimic_type type)
{
    const bool has_year = has(kinds, TIME_YEAR) || has(kinds, TIME_YEAR_2);
    const bool has_month =
        has(kinds, TIME_MONTH) || has(kinds, TIME_MONTH_ABBREVIATED) || has(kinds, TIME_MONTH_NAME);
    const bool has_day = has(kinds, TIME_DAY) || has(kinds, TIME_DAY_BLANK);
    const bool has_date = has_year && ((has_month && has_day) || has(kinds, TIME_DAY_OF_YEAR));
    const bool has_date_part = has_year || has_month || has_day || has(kinds, TIME_DAY_OF_YEAR) ||
                               has(kinds, TIME_WEEKDAY_NAME) ||
                               has(kinds, TIME_WEEKDAY_ABBREVIATED);
    const bool has_hour =
        has(kinds, TIME_HOUR) || (has(kinds, TIME_HOUR_12) && has(kinds, TIME_HALF_DAY));
    const bool has_second = has(kinds, TIME_SECOND) || has(kinds, TIME_SECOND_FRACTION);
    const bool has_zone = has(kinds, TIME_ZONE) || has(kinds, TIME_ZONE_NAME);
    if (type == MIMIC_TYPE_TIME ? has_date_part : !has_date)
        return type == MIMIC_TYPE_TIME ? "has parts of a date, which a time cannot keep"
                                       : "does not give year, month and day";
    if ((has(kinds, TIME_HOUR_12) || has(kinds, TIME_HALF_DAY)) &&
        !(has(kinds, TIME_HOUR_12) && has(kinds, TIME_HALF_DAY)))
        return "has one of %I and %p without the other";
    if ((type == MIMIC_TYPE_TIME && !has_hour) || (has(kinds, TIME_MINUTE) && !has_hour) ||
        (has_second && !has(kinds, TIME_MINUTE)) || (has(kinds, TIME_FRACTION) && !has_second))
        return "does not give hour, minute and second in turn";
    if (type == MIMIC_TYPE_TIMESTAMPTZ && !has_zone)
        return "gives no zone (%z), which a timestamptz needs";
    if (type != MIMIC_TYPE_TIMESTAMPTZ && has_zone)
        return "gives a zone, which only a timestamptz can keep";
    return NULL;
}

static const char *default_pattern(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_DATE:
        return "%Y-%m-%d";
    case MIMIC_TYPE_TIME:
        return "%H:%M:%S";
    case MIMIC_TYPE_TIMESTAMP:
        return "%Y-%m-%dT%H:%M:%S";
    default:
        return "%Y-%m-%dT%H:%M:%S%z";
    }
}

const char *mimic__time_format_compile(const char *format, mimic_type type, mimic_time_format *out)
{
    memset(out, 0, sizeof *out);
    if (format == NULL || strcmp(format, "default") == 0)
        format = default_pattern(type);
    if (strchr(format, '%') == NULL)
        return "is neither \"default\" nor a strptime pattern";
    for (const char *p = format; *p != '\0'; p++) {
        const bool is_directive = *p == '%';
        if (is_directive ? !add_directive(out, *++p) : !add_op(out, TIME_LITERAL, *p))
            return out->count == MIMIC_TIME_FORMAT_OPS ? "is too long"
                                                       : "has a directive that is not supported";
    }
    settle_fractions(out);
    uint32_t kinds = 0;
    for (size_t i = 0; i < out->count; i++) {
        const uint32_t kind = BIT(out->ops[i].kind);
        if (out->ops[i].kind != TIME_LITERAL && (kinds & kind) != 0)
            return "gives a field twice";
        kinds |= kind;
    }
    if (has_rivals(kinds))
        return "gives a field twice";
    out->has_zone = has(kinds, TIME_ZONE) || has(kinds, TIME_ZONE_NAME);
    return find_gap(kinds, type);
}

/* ---- reading ---- */

static bool read_digits(const char **cursor, const char *end, int count, int32_t *out)
{
    const char *p = *cursor;
    if (end - p < count)
        return false;
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        if (!mimic__is_digit(p[i]))
            return false;
        value = value * 10 + (p[i] - '0');
    }
    *cursor = p + count;
    *out = value;
    return true;
}

/* Digits after a point, at least one; six of them are kept. */
static bool read_fraction(const char **cursor, const char *end, mimic_time_fields *out)
{
    const char *p = *cursor;
    int32_t value = 0;
    int count = 0;
    for (; p < end && mimic__is_digit(*p); p++) {
        if (count < 6) {
            value = value * 10 + (*p - '0');
            count++;
        } else if (*p != '0') {
            out->is_too_fine = true;
        }
    }
    if (count == 0)
        return false;
    for (; count < 6; count++)
        value *= 10;
    *cursor = p;
    out->microsecond = value;
    return true;
}

static bool starts_with(const char *text, const char *end, const char *lower, size_t size)
{
    if ((size_t)(end - text) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((text[i] | 0x20) != lower[i])
            return false;
    return true;
}

/* A name of a list, its first three letters or the whole; its number, or -1. */
static int32_t read_name(const char **cursor, const char *end, const char *const *names,
                         size_t name_count, bool is_abbreviated)
{
    for (size_t i = 0; i < name_count; i++) {
        const size_t size = is_abbreviated ? 3 : strlen(names[i]);
        if (starts_with(*cursor, end, names[i], size)) {
            *cursor += size;
            return (int32_t)i;
        }
    }
    return -1;
}

/* Z, ±hh, ±hhmm or ±hh:mm. */
static bool read_zone(const char **cursor, const char *end, mimic_time_fields *out)
{
    const char *p = *cursor;
    if (p == end)
        return false;
    const char sign = *p++;
    int32_t hours = 0;
    int32_t minutes = 0;
    if (sign == '+' || sign == '-') {
        if (!read_digits(&p, end, 2, &hours))
            return false;
        if (p < end && *p == ':') {
            p++;
            if (!read_digits(&p, end, 2, &minutes))
                return false;
        } else if (end - p >= 2 && mimic__is_digit(*p)) {
            if (!read_digits(&p, end, 2, &minutes))
                return false;
        }
    } else if (sign != 'Z') {
        return false;
    }
    /* Minutes over 59 are put out of range for good: their sum with the hours might not be. */
    out->zone_minutes = hours * 60 + (minutes < 60 ? minutes : 100 * 60);
    if (sign == '-')
        out->zone_minutes = -out->zone_minutes;
    *cursor = p;
    return true;
}

static bool read_zone_name(const char **cursor, const char *end)
{
    static const char *const names[] = {"utc", "gmt"};
    if (read_name(cursor, end, names, 2, false) >= 0)
        return true;
    if (*cursor == end || **cursor != 'Z')
        return false;
    (*cursor)++;
    return true;
}

static bool read_names(const mimic_time_op *op, const char **cursor, const char *end,
                       mimic_time_fields *out)
{
    if (op->kind == TIME_MONTH_NAME || op->kind == TIME_MONTH_ABBREVIATED) {
        out->month =
            1 + read_name(cursor, end, month_names, 12, op->kind == TIME_MONTH_ABBREVIATED);
        return out->month > 0;
    }
    if (op->kind == TIME_HALF_DAY) {
        static const char *const names[] = {"am", "pm"};
        out->half_day = read_name(cursor, end, names, 2, false);
        return out->half_day >= 0;
    }
    out->weekday = read_name(cursor, end, weekday_names, 7, op->kind == TIME_WEEKDAY_ABBREVIATED);
    return out->weekday >= 0;
}

static bool read_op(const mimic_time_op *op, const char **cursor, const char *end,
                    mimic_time_fields *out)
{
    switch (op->kind) {
    case TIME_LITERAL:
        return *cursor < end && *(*cursor)++ == op->literal;
    case TIME_YEAR:
        return read_digits(cursor, end, 4, &out->year);
    case TIME_YEAR_2:
        if (!read_digits(cursor, end, 2, &out->year))
            return false;
        out->year += out->year < 69 ? 2000 : 1900;
        return true;
    case TIME_MONTH:
        return read_digits(cursor, end, 2, &out->month);
    case TIME_DAY_BLANK:
        if (end - *cursor >= 2 && **cursor == ' ') {
            (*cursor)++;
            return read_digits(cursor, end, 1, &out->day);
        }
        return read_digits(cursor, end, 2, &out->day);
    case TIME_DAY:
        return read_digits(cursor, end, 2, &out->day);
    case TIME_DAY_OF_YEAR:
        /* 000 must not look like "not given". */
        if (!read_digits(cursor, end, 3, &out->day_of_year))
            return false;
        out->day_of_year = out->day_of_year == 0 ? 999 : out->day_of_year;
        return true;
    case TIME_HOUR:
        return read_digits(cursor, end, 2, &out->hour);
    case TIME_HOUR_12:
        return read_digits(cursor, end, 2, &out->hour);
    case TIME_MINUTE:
        return read_digits(cursor, end, 2, &out->minute);
    case TIME_SECOND:
        return read_digits(cursor, end, 2, &out->second);
    case TIME_SECOND_FRACTION:
        if (!read_digits(cursor, end, 2, &out->second))
            return false;
        if (*cursor < end && **cursor == '.') {
            (*cursor)++;
            return read_fraction(cursor, end, out);
        }
        return true;
    case TIME_FRACTION:
        return read_fraction(cursor, end, out);
    case TIME_ZONE:
        return read_zone(cursor, end, out);
    case TIME_ZONE_NAME:
        return read_zone_name(cursor, end);
    default:
        return read_names(op, cursor, end, out);
    }
}

mimic_reject_code mimic__time_format_read(const mimic_time_format *format, const char *text,
                                          size_t size, mimic_time_fields *out)
{
    *out = (mimic_time_fields){.weekday = -1, .half_day = -1};
    const char *cursor = text;
    const char *const end = text + size;
    for (size_t i = 0; i < format->count; i++)
        if (!read_op(&format->ops[i], &cursor, end, out))
            return MIMIC_REJECT_TYPE;
    return cursor == end ? 0 : MIMIC_REJECT_TYPE;
}
