/* The proleptic Gregorian calendar (ISO 8601), days counted from 1970-01-01. */
#ifndef MIMIC_BASE_CALENDAR_H
#define MIMIC_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define MIMIC_MICROSECONDS_PER_SECOND INT64_C(1000000)
#define MIMIC_SECONDS_PER_DAY INT64_C(86400)
#define MIMIC_MICROSECONDS_PER_DAY (MIMIC_SECONDS_PER_DAY * MIMIC_MICROSECONDS_PER_SECOND)

typedef struct mimic_date {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
} mimic_date;

static inline bool mimic__is_leap_year(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t mimic__days_in_month(int32_t year, int32_t month);
/* year 1 to 9999; the date must exist. */
int32_t mimic__days_from_date(int32_t year, int32_t month, int32_t day);
mimic_date mimic__date_from_days(int32_t days);

/* ISO 8601 texts, NUL-terminated; each returns the length. Buffers must hold 32 bytes.
 * Fractions are written only when they are not zero, without trailing zeros. */
int mimic__format_date(char *out, int32_t days);
int mimic__format_time(char *out, int64_t microseconds);
/* "2150-01-01 10:00:00", with `separator` between date and time. */
int mimic__format_timestamp(char *out, int64_t microseconds, char separator);

#endif
