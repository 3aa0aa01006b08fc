/* The calendar against a day-by-day walk through ten thousand years. */
#include "check_main.h"

#include "base/calendar.h"

START_TEST(calendar__every_day_of_years_1_to_9999)
{
    int32_t days = mimic__days_from_date(1, 1, 1);
    ck_assert_int_eq(days, -719162);
    for (int32_t year = 1; year <= 9999; year++)
        for (int32_t month = 1; month <= 12; month++)
            for (int32_t day = 1; day <= mimic__days_in_month(year, month); day++, days++) {
                ck_assert_int_eq(mimic__days_from_date(year, month, day), days);
                const mimic_date date = mimic__date_from_days(days);
                if (date.year != year || date.month != month || date.day != day)
                    ck_abort_msg("day %d is not %d-%d-%d", days, year, month, day);
            }
    ck_assert_int_eq(days - 1, 2932896);
}
END_TEST

START_TEST(calendar__formats)
{
    char text[40];
    ck_assert_int_eq(mimic__format_timestamp(text, 0, ' '), 19);
    ck_assert_str_eq(text, "1970-01-01 00:00:00");
    mimic__format_timestamp(text, -1, 'T');
    ck_assert_str_eq(text, "1969-12-31T23:59:59.999999");
    mimic__format_timestamp(text, INT64_C(1500000), ' ');
    ck_assert_str_eq(text, "1970-01-01 00:00:01.5");
}
END_TEST

MIMIC_TEST_MAIN(calendar, calendar__every_day_of_years_1_to_9999, calendar__formats)
