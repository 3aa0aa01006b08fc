/* Dates and times: every day and every second in the default forms, patterns against strftime, and
 * tables of what is refused and why. */
#include "check_main.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mimic/coerce.h>

#include "base/calendar.h"
#include "coerce/coerce_time.h"
#include "coerce_random.h"

START_TEST(coerce_time__every_date)
{
    char text[40];
    for (int year = 0; year <= 9999; year += year % 400 < 12 || year > 1890 ? 1 : 13)
        for (int month = 0; month <= 13; month++)
            for (int day = 0; day <= 32; day++) {
                const bool exists = year > 0 && month >= 1 && month <= 12 && day >= 1 &&
                                    day <= mimic__days_in_month(year, month);
                int32_t found = 7;
                sprintf(text, "%04d-%02d-%02d", year, month, day);
                const mimic_reject_code code = mimic_coerce_date(text, 10, NULL, &found);
                if (code != (exists ? 0 : MIMIC_REJECT_RANGE) ||
                    found != (exists ? mimic__days_from_date(year, month, day) : 7))
                    ck_abort_msg("%s: code %d, %d", text, code, found);
            }
}
END_TEST

START_TEST(coerce_time__every_second)
{
    char text[40];
    for (int hour = 0; hour < 30; hour++)
        for (int minute = 0; minute < 65; minute++)
            for (int second = 0; second < 65; second++) {
                const bool exists = hour < 24 && minute < 60 && second < 60;
                int64_t found = 7;
                sprintf(text, "%02d:%02d:%02d", hour, minute, second);
                const mimic_reject_code code = mimic_coerce_time(text, 8, "default", &found);
                const int64_t expected = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000;
                if (code != (exists ? 0 : MIMIC_REJECT_RANGE) || found != (exists ? expected : 7))
                    ck_abort_msg("%s: code %d", text, code);
            }
}
END_TEST

typedef struct time_case {
    const char *text;
    const char *format;
    mimic_reject_code code;
    int64_t value;
} time_case;

typedef mimic_reject_code (*time_function)(const char *, size_t, const char *, int64_t *);

static mimic_reject_code date_as_time(const char *text, size_t size, const char *format,
                                      int64_t *out)
{
    int32_t days = 0;
    const mimic_reject_code code = mimic_coerce_date(text, size, format, &days);
    if (code == 0)
        *out = days;
    return code;
}

static void check_cases(time_function function, const time_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 0;
        const mimic_reject_code code =
            function(cases[i].text, strlen(cases[i].text), cases[i].format, &value);
        ck_assert_msg(code == cases[i].code && value == cases[i].value,
                      "\"%s\" by %s: code %d value %lld, expected %d and %lld", cases[i].text,
                      cases[i].format ? cases[i].format : "default", code, (long long)value,
                      cases[i].code, (long long)cases[i].value);
    }
}

#define CHECK_CASES(function, cases) check_cases(function, cases, sizeof(cases) / sizeof(cases)[0])
#define TYPE MIMIC_REJECT_TYPE
#define RANGE MIMIC_REJECT_RANGE
#define PRECISION MIMIC_REJECT_PRECISION
#define SPACE "%Y-%m-%d %H:%M:%S"

START_TEST(coerce_time__timestamps)
{
    static const time_case cases[] = {
        {"1970-01-01T00:00:00", NULL, 0, 0},
        {"1970-01-01T00:00:01.5", NULL, 0, 1500000},
        {"1970-01-01T00:00:00.123456", NULL, 0, 123456},
        {"1970-01-01T00:00:00.123456000", NULL, 0, 123456},
        {"1970-01-01T00:00:00.1234567", NULL, PRECISION, 0},
        {"1970-01-01T00:00:00.", NULL, TYPE, 0},
        {"1970-01-01 00:00:00", NULL, TYPE, 0},
        {"1970-01-01 00:00:00", SPACE, 0, 0},
        {"1970-01-01T00:00:00", SPACE, TYPE, 0},
        {"1970-01-02 00:00:00.25", SPACE, 0, INT64_C(86400250000)},
        {"2100-1-1 0:0:0", SPACE, TYPE, 0},
        {"2100-01-01", SPACE, TYPE, 0},
        {"2100-01-01", NULL, TYPE, 0},
        {"2100-01-01 00:00:00.123456789", SPACE, PRECISION, 0},
        {"2100-02-29 00:00:00", SPACE, RANGE, 0},
        {"2100-01-01 24:00:00", SPACE, RANGE, 0},
        {"2100-01-01 23:59:60", SPACE, RANGE, 0},
        {"2100-01-01 00:00:00Z", SPACE, TYPE, 0},
        {"1970-01-01T00:00:00Z", NULL, TYPE, 0},
        {"1970-01-01T00:00:00+00:00", NULL, TYPE, 0},
        {" 1970-01-01T00:00:00", NULL, TYPE, 0},
        {"1970-01-01T00:00:00 ", NULL, TYPE, 0},
        {"+1970-01-01T00:00:00", NULL, TYPE, 0},
        {"", NULL, TYPE, 0},
        {"1970-01-02", "%Y-%m-%d", 0, INT64_C(86400000000)},
        {"1970-01-01 00:00:00.000001", "%Y-%m-%d %H:%M:%S.%f", 0, 1},
        {"1970-01-01 00:00:00", "%Y-%m-%d %H:%M:%S.%f", TYPE, 0},
        {"01/02/70 1", "%m/%d/%y %H", TYPE, 0},
        {"01/02/70 01", "%D %H", 0, INT64_C(90000000000)},
        {"12/31/68 00", "%D %H", 0, INT64_C(3124137600000000)},
        {"1970-01-01 12:30 AM", "%F %I:%M %p", 0, INT64_C(1800000000)},
        {"1970-01-01 12:30 pm", "%F %I:%M %p", 0, INT64_C(45000000000)},
        {"1970-01-01 00:30 pm", "%F %I:%M %p", RANGE, 0},
        {"1970-01-01 13:30 pm", "%F %I:%M %p", RANGE, 0},
        {"1970 001", "%Y %j", 0, 0},
        {"1971 366", "%Y %j", RANGE, 0},
        {"1970 000", "%Y %j", RANGE, 0},
        {"Thu 01 JAN 1970", "%a %d %b %Y", 0, 0},
        {"Fri 01 Jan 1970", "%a %d %b %Y", RANGE, 0},
        {"thursday,  1 january 1970", "%A, %e %B %Y", 0, 0},
        {"100% 1970-01-01", "100%% %F", 0, 0},
        {"1970-01-01", "%Y-%m-%d %q", TYPE, 0}};
    CHECK_CASES(mimic_coerce_timestamp, cases);
}
END_TEST

START_TEST(coerce_time__zones)
{
    static const time_case cases[] = {{"1970-01-01T00:00:00Z", NULL, 0, 0},
                                      {"1970-01-01T01:00:00+01:00", NULL, 0, 0},
                                      {"1970-01-01T01:00:00+0100", NULL, 0, 0},
                                      {"1970-01-01T01:00:00+01", NULL, 0, 0},
                                      {"1969-12-31T19:00:00-05:00", NULL, 0, 0},
                                      {"1970-01-01T05:30:00.5+05:30", NULL, 0, 500000},
                                      {"1970-01-01T00:00:00", NULL, TYPE, 0},
                                      {"1970-01-01T00:00:00z", NULL, TYPE, 0},
                                      {"1970-01-01T00:00:00+1", NULL, TYPE, 0},
                                      {"1970-01-01T00:00:00+01:0", NULL, TYPE, 0},
                                      {"1970-01-01T00:00:00+01:60", NULL, RANGE, 0},
                                      {"1970-01-01T00:00:00+14:01", NULL, RANGE, 0},
                                      {"1970-01-01T14:00:00+14:00", NULL, 0, 0},
                                      {"0001-01-01T00:00:00+01:00", NULL, RANGE, 0},
                                      {"9999-12-31T23:59:59-01:00", NULL, RANGE, 0},
                                      {"1970-01-01 00:00:00 UTC", SPACE " %Z", 0, 0},
                                      {"1970-01-01 00:00:00 CET", SPACE " %Z", TYPE, 0},
                                      {"1970-01-01 00:00:00Z", SPACE "%z", 0, 0}};
    CHECK_CASES(mimic_coerce_timestamptz, cases);
}
END_TEST

START_TEST(coerce_time__dates_and_times)
{
    static const time_case dates[] = {{"1970-01-02", NULL, 0, 1},
                                      {"1970-1-2", NULL, TYPE, 0},
                                      {"19700102", NULL, TYPE, 0},
                                      {"19700102", "%Y%m%d", 0, 1},
                                      {"1970-01-02 00:00:00", SPACE, 0, 1},
                                      {"1970-01-02 00:00:01", SPACE, PRECISION, 0},
                                      {"1970-01-02T00:00:00", NULL, TYPE, 0},
                                      {"0000-01-01", NULL, RANGE, 0}};
    CHECK_CASES(date_as_time, dates);
    static const time_case times[] = {
        {"00:00:00.5", NULL, 0, 500000}, {"1:00:00", NULL, TYPE, 0},
        {"01:00", NULL, TYPE, 0},        {"01:00", "%H:%M", 0, INT64_C(3600000000)},
        {"24:00:00", NULL, RANGE, 0},    {"01:00:00Z", NULL, TYPE, 0}};
    CHECK_CASES(mimic_coerce_time, times);
}
END_TEST

START_TEST(coerce_time__patterns_against_strftime)
{
    static const char *const formats[] = {SPACE,
                                          "%Y-%m-%dT%H:%M:%S",
                                          "%d/%m/%Y %R:%S",
                                          "%D %T",
                                          "%A %e %B %Y, %I:%M:%S %p",
                                          "%a, %d %b %Y %T",
                                          "%Y %j %T",
                                          "%Y%m%d%H%M%S",
                                          "%F %%%T"};
    test_random random = {21};
    for (int i = 0; i < test_rounds(200000); i++) {
        const char *const format =
            formats[random_below(&random, sizeof formats / sizeof formats[0])];
        /* 1969 to 2068, which two-digit years can say, or what a time_t of 32 bits can. */
        const uint64_t range = sizeof(time_t) > 4 ? UINT64_C(3155673600) : INT32_MAX;
        const time_t seconds = (time_t)(random_word(&random) % range) - (time_t)31536000;
        struct tm fields;
        char text[100];
        gmtime_r(&seconds, &fields);
        const size_t size = strftime(text, sizeof text, format, &fields);
        int64_t value = 0;
        const mimic_reject_code code = mimic_coerce_timestamp(text, size, format, &value);
        ck_assert_msg(code == 0 && value == (int64_t)seconds * 1000000, "%s by %s: code %d", text,
                      format, code);
    }
}
END_TEST

/* Of two directives for one field the second would hide what the first said. */
START_TEST(coerce_time__patterns_that_contradict_themselves)
{
    static const char *const formats[] = {"%b %m %d %Y", "%d %e %m %Y",      "%y %Y %j",
                                          "%B %m %d %Y", "%a %A %F",         "%H %I %p %M %F",
                                          "%F %S %S %R", "%Y-%m-%d %H:%M:%H"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        mimic_time_format format;
        const char *const reason =
            mimic__time_format_compile(formats[i], MIMIC_TYPE_TIMESTAMP, &format);
        ck_assert_msg(reason != NULL && strcmp(reason, "gives a field twice") == 0, "%s: %s",
                      formats[i], reason == NULL ? "taken" : reason);
    }
    int64_t value = 0;
    ck_assert_int_eq(mimic_coerce_time("00:00:01,25", 11, "%H:%M:%S,%f", &value), 0);
    ck_assert_int_eq(value, 1250000);
    ck_assert_int_eq(mimic_coerce_time("00:00:01.5,25", 13, "%H:%M:%S,%f", &value),
                     MIMIC_REJECT_TYPE);
}
END_TEST

MIMIC_TEST_MAIN(coerce_time, coerce_time__every_date, coerce_time__every_second,
                coerce_time__timestamps, coerce_time__zones, coerce_time__dates_and_times,
                coerce_time__patterns_against_strftime,
                coerce_time__patterns_that_contradict_themselves)
