/*
 * See timeline.h. Days are counted in the proleptic Gregorian calendar.
 */
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

static int64_t day_of(int64_t time)
{
    return time / DAY - (time % DAY < 0);
}

const char *timeline_date(int64_t time, char text[TIME_BYTES])
{
    /* Eras of 400 years that begin on the first of March, so that a leap day comes last. */
    const int64_t days = day_of(time) + 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    const int64_t real_month = month < 10 ? month + 3 : month - 9;
    const int64_t year = year_of_era + era * 400 + (real_month <= 2);
    (void)snprintf(text, TIME_BYTES, "%04lld-%02u-%02u", (long long)year,
                   (unsigned)real_month % 100, (unsigned)day % 100);
    return text;
}

const char *timeline_clock(int64_t time, char text[TIME_BYTES])
{
    const int64_t rest = time - day_of(time) * DAY;
    const int64_t seconds = rest / SECOND;
    const int used =
        snprintf(text, TIME_BYTES, "%02d:%02d:%02d", (int)(seconds / 3600),
                 (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest % SECOND != 0 && used > 0)
        (void)snprintf(text + used, TIME_BYTES - (size_t)used, ".%06d", (int)(rest % SECOND));
    return text;
}

const char *timeline_time(int64_t time, char between, char text[TIME_BYTES])
{
    text[0] = '\0';
    if (time == INT64_MIN)
        return text;
    char clock[TIME_BYTES];
    (void)timeline_date(time, text);
    const size_t used = strlen(text);
    (void)snprintf(text + used, TIME_BYTES - used, "%c%s", between, timeline_clock(time, clock));
    return text;
}

int timeline_parse(const char *option, const char *text, int is_end, int64_t *out)
{
    static const char *const FORMATS[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
                                          "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"};
    int32_t day = 0;
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++)
        if (mimic_coerce_timestamp(text, strlen(text), FORMATS[i], out) == 0)
            return EXIT_DONE;
    if (mimic_coerce_date(text, strlen(text), NULL, &day) == 0) {
        *out = (int64_t)day * DAY + (is_end ? DAY - 1 : 0);
        return EXIT_DONE;
    }
    talk_error("%s expects a date or a moment, such as 2180-05-06 or \"2180-05-06 22:30:00\", not "
               "'%s'",
               option, text);
    return EXIT_USAGE;
}

const char *timeline_real(double value, char text[REAL_BYTES])
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, REAL_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return text;
}

static int fits(const char *pattern, const char *code)
{
    const char *star = NULL; /* the last one, and how much of the code it stands for so far */
    const char *kept = NULL;
    while (*code != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            kept = code;
        } else if (*pattern == *code) {
            pattern++;
            code++;
        } else if (star != NULL) {
            pattern = star + 1;
            code = ++kept;
        } else {
            return 0;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

int timeline_fits(const cli_list *patterns, const char *code)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (fits(patterns->items[i], code))
            return 1;
    return patterns->count == 0;
}

int timeline_open(const session *s, const cli_arguments *arguments,
                  const mimic_trajectories_options *options, mimic_trajectories **out)
{
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_trajectories_open(s->ctx, arguments->operands.items[0], options, out, &err) ==
        MIMIC_OK)
        return EXIT_DONE;
    return talk_mimic_error(&err);
}
