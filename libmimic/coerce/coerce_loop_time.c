/*
 * Column loops of dates and times. "2150-01-01 10:00:00" (or with a T, or with a Z behind it) is
 * read in three words; a file's rows lie together in time, so the last date is kept with its day
 * number. Other forms go to the compiled formats, everything else to mimic__job_value.
 */
#include <string.h>

#include "base/calendar.h"
#include "coerce/coerce_digits.h"
#include "coerce/coerce_plan.h"

/* Bytes of a word, the first one lowest. */
#define WORD(a, b, c, d, e, f, g, h)                                                               \
    ((uint64_t)(uint8_t)(a) | (uint64_t)(uint8_t)(b) << 8 | (uint64_t)(uint8_t)(c) << 16 |         \
     (uint64_t)(uint8_t)(d) << 24 | (uint64_t)(uint8_t)(e) << 32 | (uint64_t)(uint8_t)(f) << 40 |  \
     (uint64_t)(uint8_t)(g) << 48 | (uint64_t)(uint8_t)(h) << 56)

/* The date met last, as its bytes: "2150-01-" and "01". */
typedef struct last_date {
    uint64_t year_month;
    uint64_t day;
    int64_t days;
} last_date;

/* "2150-01-01" to days; false unless such a day exists. */
static bool read_date(const char *text, last_date *last)
{
    const uint64_t year_month = mimic__load8(text);
    const uint64_t day = mimic__load8(text + 8) & 0xffff;
    const uint64_t front = year_month ^ WORD('0', '0', '0', '0', '-', '0', '0', '-');
    const uint64_t back = day ^ WORD('0', '0', 0, 0, 0, 0, 0, 0);
    if (!mimic__are_digits(front) || !mimic__are_digits(back) ||
        (front & WORD(0, 0, 0, 0, 0xff, 0, 0, 0xff)) != 0)
        return false;
    const int32_t year = (int32_t)((front & 15) * 1000 + (front >> 8 & 15) * 100 +
                                   (front >> 16 & 15) * 10 + (front >> 24 & 15));
    const int32_t month = (int32_t)((front >> 40 & 15) * 10 + (front >> 48 & 15));
    const int32_t day_number = (int32_t)((back & 15) * 10 + (back >> 8 & 15));
    if (year < 1 || month < 1 || month > 12 || day_number < 1 ||
        day_number > mimic__days_in_month(year, month))
        return false;
    last->year_month = year_month;
    last->day = day;
    last->days = mimic__days_from_date(year, month, day_number);
    return true;
}

/* Days of the date at `text`, kept from the last one when it is the same. */
static inline bool find_days(const char *text, last_date *last, int64_t *out)
{
    if (mimic__load8(text) != last->year_month || (mimic__load8(text + 8) & 0xffff) != last->day) {
        if (!read_date(text, last))
            return false;
    }
    *out = last->days;
    return true;
}

/* "10:00:00" to seconds; false unless such a time exists. */
static inline bool read_seconds(const char *text, int64_t *out)
{
    const uint64_t digits = mimic__load8(text) ^ WORD('0', '0', ':', '0', '0', ':', '0', '0');
    const uint64_t pairs = digits * 10 + (digits >> 8);
    const int64_t hour = (int64_t)(pairs & 0xff);
    const int64_t minute = (int64_t)(pairs >> 24 & 0xff);
    const int64_t second = (int64_t)(pairs >> 48 & 0xff);
    *out = hour * 3600 + minute * 60 + second;
    const bool has_form =
        mimic__are_digits(digits) && (digits & WORD(0, 0, 0xff, 0, 0, 0xff, 0, 0)) == 0;
    return has_form && hour < 24 && minute < 60 && second < 60;
}

/* A cell that the words could not read: by the formats, straight from the block, or the slow way.
 */
static int64_t hard_time(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    mimic_plan_column *const column = job->column;
    mimic_value value = {.integer = 0};
    if (size == 0 && column->empty_is_null) {
        mimic__job_null(job, row);
        return 0;
    }
    if (column->is_fast && column->parse(column, text, size, &value) == 0 &&
        value.integer >= column->low && value.integer <= column->high)
        return value.integer;
    value.integer = 0;
    return mimic__job_value(job, row, &value) ? value.integer : 0;
}

void mimic__loop_timestamp(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    int64_t *const values = (int64_t *)(void *)column->builder.values;
    const char separator = column->time_separator;
    const size_t plain_size = !column->is_fast || separator == '\0' ? SIZE_MAX
                              : column->has_time_suffix             ? 20
                                                                    : 19;
    last_date last = {0, 0, 0};
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        int64_t days;
        int64_t seconds;
        if (size == plain_size && text[10] == separator && (size == 19 || text[19] == 'Z') &&
            find_days(text, &last, &days) && read_seconds(text + 11, &seconds)) {
            const int64_t value =
                (days * MIMIC_SECONDS_PER_DAY + seconds) * MIMIC_MICROSECONDS_PER_SECOND;
            if (value >= column->low && value <= column->high) {
                values[row] = value;
                continue;
            }
        }
        values[row] = hard_time(job, row, text, size);
    }
}

void mimic__loop_date(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    int32_t *const values = (int32_t *)(void *)column->builder.values;
    const size_t plain_size = column->is_fast && column->time_separator != '\0' ? 10 : SIZE_MAX;
    last_date last = {0, 0, 0};
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        int64_t days;
        if (size == plain_size && find_days(text, &last, &days) && days >= column->low &&
            days <= column->high)
            values[row] = (int32_t)days;
        else
            values[row] = (int32_t)hard_time(job, row, text, size);
    }
}

void mimic__loop_time(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    int64_t *const values = (int64_t *)(void *)column->builder.values;
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        values[row] = hard_time(job, row, text, size);
    }
}
