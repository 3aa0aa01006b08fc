/* Formats of dates and times, compiled: what the public functions do at each call, the plan does
 * once. */
#ifndef MIMIC_COERCE_TIME_H
#define MIMIC_COERCE_TIME_H

#include <stdbool.h>

#include <mimic/coerce.h>
#include <mimic/schema.h>

#define MIMIC_TIME_FORMAT_OPS 64

typedef struct mimic_time_op {
    uint8_t kind; /* a TIME_… of coerce_time_format.c */
    char literal;
} mimic_time_op;

typedef struct mimic_time_format {
    uint8_t count;
    bool has_zone; /* reads one */
    mimic_time_op ops[MIMIC_TIME_FORMAT_OPS];
} mimic_time_format;

/* What a text said, field by field; checked for form only. */
typedef struct mimic_time_fields {
    int32_t year;
    int32_t month;
    int32_t day;
    int32_t day_of_year; /* 0 = not given */
    int32_t weekday;     /* -1 = not given; 0 = Sunday */
    int32_t hour;
    int32_t minute;
    int32_t second;
    int32_t microsecond;
    int32_t half_day; /* -1 = not given, 0 = AM, 1 = PM */
    int32_t zone_minutes;
    bool is_too_fine; /* digits after the microseconds */
} mimic_time_fields;

/*
 * Compiles `format` ("default", NULL or a strptime pattern) for MIMIC_TYPE_DATE, TIME, TIMESTAMP or
 * TIMESTAMPTZ. Returns NULL, or why it cannot be honoured: a static text such as "has a directive
 * that is not supported".
 */
const char *mimic__time_format_compile(const char *format, mimic_type type, mimic_time_format *out);

/* Reads a whole text by a compiled format; 0 or MIMIC_REJECT_TYPE. */
mimic_reject_code mimic__time_format_read(const mimic_time_format *format, const char *text,
                                          size_t size, mimic_time_fields *out);

/* The value of a type from a text, as the public functions give it (date: days). */
mimic_reject_code mimic__time_parse(const mimic_time_format *format, mimic_type type,
                                    const char *text, size_t size, int64_t *out);

#endif
