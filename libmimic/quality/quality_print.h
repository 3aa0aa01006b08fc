/* The three forms of a quality, and what they share. */
#ifndef MIMIC_QUALITY_PRINT_H
#define MIMIC_QUALITY_PRINT_H

#include "base/buffer.h"
#include "quality/quality_model.h"

typedef struct quality_printer {
    const mimic_quality *quality;
    mimic_quality_options options; /* min_count at least 1 */
    mimic_buffer *out;
} quality_printer;

/* Extremes, quantiles and histogram of a column may be shown. */
bool mimic__quality_shows_places(const quality_printer *printer, const quality_result *column);
/* How many of its frequent values may be named. */
size_t mimic__quality_shown_top(const quality_printer *printer, const quality_result *column);

/* Messages of failed keys and failed tables quote values. */
const char *mimic__quality_check_message(const quality_printer *printer,
                                         const mimic_quality_check_info *check);
const char *mimic__quality_table_message(const quality_printer *printer,
                                         const quality_table *table);

/* Verdicts of a category, of one table (NULL = all tables and what concerns none). */
typedef struct quality_verdicts {
    int64_t passed;
    int64_t failed;
    int64_t information;
} quality_verdicts;

quality_verdicts mimic__quality_count(const mimic_quality *quality, mimic_quality_class category,
                                      const char *table);

/* A number for people: at most five significant digits, the same in every locale. */
#define QUALITY_NUMBER_BYTES 64
const char *mimic__quality_short_number(char *out, double value);
/* "12,345" */
const char *mimic__quality_count_text(char *out, int64_t count);
/* "0 %", "<0.1 %", "12.3 %", "100 %": a share is 0 or 100 only when it is so. */
const char *mimic__quality_share_text(char *out, int64_t part, int64_t whole);

/* "7 days", rounded up to a whole number of the unit. */
const char *mimic__quality_duration_text(char *out, double seconds);

void mimic__quality_print_json(const quality_printer *printer);
void mimic__quality_print_plain(const quality_printer *printer);
void mimic__quality_print_html(const quality_printer *printer);

#endif
