/* See calendar.h. Day counts are computed from years that begin in March, so that the leap day is
 * the last of its year. */
#include "base/calendar.h"

#include <string.h>

#define DAYS_PER_ERA 146097 /* 400 years */
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

int32_t mimic__days_in_month(int32_t year, int32_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && mimic__is_leap_year(year) ? 29 : days[month - 1];
}

int32_t mimic__days_from_date(int32_t year, int32_t month, int32_t day)
{
    const int32_t shifted_year = month <= 2 ? year - 1 : year;
    const int32_t era = (shifted_year >= 0 ? shifted_year : shifted_year - 399) / 400;
    const int32_t year_of_era = shifted_year - era * 400;
    const int32_t month_from_march = month > 2 ? month - 3 : month + 9;
    const int32_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const int32_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

mimic_date mimic__date_from_days(int32_t days)
{
    const int64_t shifted = (int64_t)days + DAYS_TO_1970;
    const int64_t era = (shifted >= 0 ? shifted : shifted - DAYS_PER_ERA + 1) / DAYS_PER_ERA;
    const int32_t day_of_era = (int32_t)(shifted - era * DAYS_PER_ERA);
    const int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int32_t month_from_march = (5 * day_of_year + 2) / 153;
    mimic_date date;
    date.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    date.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    date.year = (int32_t)(era * 400) + year_of_era + (date.month <= 2);
    return date;
}

static char *put_digits(char *out, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

int mimic__format_date(char *out, int32_t days)
{
    const mimic_date date = mimic__date_from_days(days);
    char *p = out;
    int32_t year = date.year;
    if (year < 0) {
        *p++ = '-';
        year = -year;
    }
    p = put_digits(p, year, year > 9999 ? 7 : 4);
    *p++ = '-';
    p = put_digits(p, date.month, 2);
    *p++ = '-';
    p = put_digits(p, date.day, 2);
    *p = '\0';
    return (int)(p - out);
}

int mimic__format_time(char *out, int64_t microseconds)
{
    const int64_t seconds = microseconds / MIMIC_MICROSECONDS_PER_SECOND;
    int64_t fraction = microseconds % MIMIC_MICROSECONDS_PER_SECOND;
    char *p = put_digits(out, seconds / 3600, 2);
    *p++ = ':';
    p = put_digits(p, seconds / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, seconds % 60, 2);
    if (fraction != 0) {
        *p++ = '.';
        p = put_digits(p, fraction, 6);
        while (p[-1] == '0')
            p--;
    }
    *p = '\0';
    return (int)(p - out);
}

int mimic__format_timestamp(char *out, int64_t microseconds, char separator)
{
    int64_t days = microseconds / MIMIC_MICROSECONDS_PER_DAY;
    int64_t rest = microseconds % MIMIC_MICROSECONDS_PER_DAY;
    if (rest < 0) {
        rest += MIMIC_MICROSECONDS_PER_DAY;
        days--;
    }
    int size = mimic__format_date(out, (int32_t)days);
    out[size++] = separator;
    return size + mimic__format_time(out + size, rest);
}
