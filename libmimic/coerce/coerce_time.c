/*
 * Text to dates, times and timestamps: the fields that a format read become a day of the proleptic
 * Gregorian calendar and microseconds, when such a day and time exist. 24:00:00 and second 60 do
 * not.
 */
#include "coerce/coerce_time.h"

#include "base/calendar.h"

#define MAX_ZONE_MINUTES (14 * 60) /* XML Schema part 2, dateTime */
#define FIRST_DAY INT32_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT32_C(2932896)  /* 9999-12-31 */

static mimic_reject_code to_days(const mimic_time_fields *fields, int32_t *out)
{
    if (fields->year < 1 || fields->year > 9999)
        return MIMIC_REJECT_RANGE;
    const bool is_ordinal = fields->day_of_year != 0;
    if (is_ordinal) {
        if (fields->day_of_year > (mimic__is_leap_year(fields->year) ? 366 : 365))
            return MIMIC_REJECT_RANGE;
        *out = mimic__days_from_date(fields->year, 1, 1) + fields->day_of_year - 1;
    }
    if (!is_ordinal || fields->month != 0) {
        if (fields->month < 1 || fields->month > 12 || fields->day < 1 ||
            fields->day > mimic__days_in_month(fields->year, fields->month))
            return MIMIC_REJECT_RANGE;
        const int32_t days = mimic__days_from_date(fields->year, fields->month, fields->day);
        if (is_ordinal && days != *out)
            return MIMIC_REJECT_RANGE;
        *out = days;
    }
    /* 1970-01-01 was a Thursday. */
    if (fields->weekday >= 0 && ((*out - FIRST_DAY) % 7 + 1) % 7 != fields->weekday)
        return MIMIC_REJECT_RANGE;
    return 0;
}

static mimic_reject_code to_microseconds(const mimic_time_fields *fields, int64_t *out)
{
    int32_t hour = fields->hour;
    if (fields->half_day >= 0) {
        if (hour < 1 || hour > 12)
            return MIMIC_REJECT_RANGE;
        hour = hour % 12 + 12 * fields->half_day;
    }
    if (hour > 23 || fields->minute > 59 || fields->second > 59)
        return MIMIC_REJECT_RANGE;
    if (fields->is_too_fine)
        return MIMIC_REJECT_PRECISION;
    *out = ((int64_t)hour * 3600 + fields->minute * 60 + fields->second) *
               MIMIC_MICROSECONDS_PER_SECOND +
           fields->microsecond;
    return 0;
}

static mimic_reject_code to_timestamp(const mimic_time_fields *fields, int32_t days,
                                      int64_t microseconds, int64_t *out)
{
    if (fields->zone_minutes > MAX_ZONE_MINUTES || fields->zone_minutes < -MAX_ZONE_MINUTES)
        return MIMIC_REJECT_RANGE;
    const int64_t value = days * MIMIC_MICROSECONDS_PER_DAY + microseconds -
                          fields->zone_minutes * 60 * MIMIC_MICROSECONDS_PER_SECOND;
    if (value < FIRST_DAY * MIMIC_MICROSECONDS_PER_DAY ||
        value >= (LAST_DAY + 1) * MIMIC_MICROSECONDS_PER_DAY)
        return MIMIC_REJECT_RANGE;
    *out = value;
    return 0;
}

mimic_reject_code mimic__time_parse(const mimic_time_format *format, mimic_type type,
                                    const char *text, size_t size, int64_t *out)
{
    mimic_time_fields fields;
    int32_t days = 0;
    int64_t microseconds = 0;
    mimic_reject_code code = mimic__time_format_read(format, text, size, &fields);
    if (code == 0 && type != MIMIC_TYPE_TIME)
        code = to_days(&fields, &days);
    if (code == 0)
        code = to_microseconds(&fields, &microseconds);
    if (code != 0)
        return code;
    if (type == MIMIC_TYPE_TIME) {
        *out = microseconds;
    } else if (type == MIMIC_TYPE_DATE) {
        if (microseconds != 0)
            return MIMIC_REJECT_PRECISION; /* a pattern with a time: only midnight loses nothing */
        *out = days;
    } else {
        return to_timestamp(&fields, days, microseconds, out);
    }
    return 0;
}

static mimic_reject_code parse_as(mimic_type type, const char *format, const char *text,
                                  size_t size, int64_t *out)
{
    mimic_time_format compiled;
    if (mimic__time_format_compile(format, type, &compiled) != NULL)
        return MIMIC_REJECT_TYPE;
    return mimic__time_parse(&compiled, type, text, size, out);
}

mimic_reject_code mimic_coerce_date(const char *text, size_t size, const char *format, int32_t *out)
{
    int64_t value = 0;
    const mimic_reject_code code = parse_as(MIMIC_TYPE_DATE, format, text, size, &value);
    if (code == 0)
        *out = (int32_t)value;
    return code;
}

mimic_reject_code mimic_coerce_time(const char *text, size_t size, const char *format, int64_t *out)
{
    return parse_as(MIMIC_TYPE_TIME, format, text, size, out);
}

mimic_reject_code mimic_coerce_timestamp(const char *text, size_t size, const char *format,
                                         int64_t *out)
{
    return parse_as(MIMIC_TYPE_TIMESTAMP, format, text, size, out);
}

mimic_reject_code mimic_coerce_timestamptz(const char *text, size_t size, const char *format,
                                           int64_t *out)
{
    return parse_as(MIMIC_TYPE_TIMESTAMPTZ, format, text, size, out);
}
