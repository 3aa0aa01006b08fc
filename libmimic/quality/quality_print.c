/* What may be shown, numbers for people, and the door to the three forms. */
#include "quality/quality_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "sink/sink_format.h"

bool mimic__quality_shows_places(const quality_printer *printer, const quality_result *column)
{
    const int64_t present = column->info.rows - column->info.nulls;
    return !printer->options.no_values && column->info.minimum[0] != '\0' &&
           present >= printer->options.min_count;
}

size_t mimic__quality_shown_top(const quality_printer *printer, const quality_result *column)
{
    size_t shown = 0;
    if (printer->options.no_values)
        return 0;
    while (shown < column->top_count && column->top[shown].count >= printer->options.min_count)
        shown++;
    return shown;
}

const char *mimic__quality_check_message(const quality_printer *printer,
                                         const mimic_quality_check_info *check)
{
    const bool is_key = strstr(check->rule, "_key") != NULL;
    return printer->options.no_values && is_key && check->verdict != MIMIC_QUALITY_PASSED
               ? "keys that do not hold, or could not be checked"
               : check->message;
}

const char *mimic__quality_table_message(const quality_printer *printer,
                                         const quality_table *table)
{
    return printer->options.no_values && table->failed ? "it failed" : table->info.message;
}

quality_verdicts mimic__quality_count(const mimic_quality *quality, mimic_quality_class category,
                                      const char *table)
{
    quality_verdicts count = {0, 0, 0};
    for (size_t i = 0; i < quality->check_count; i++) {
        const mimic_quality_check_info *const check = &quality->checks[i];
        if (check->category != category || (table != NULL && strcmp(check->table, table) != 0))
            continue;
        count.passed += check->verdict == MIMIC_QUALITY_PASSED;
        count.failed += check->verdict == MIMIC_QUALITY_FAILED;
        count.information += check->verdict == MIMIC_QUALITY_INFORMATION;
    }
    return count;
}

const char *mimic__quality_short_number(char *out, double value)
{
    char text[MIMIC_FORMAT_BYTES];
    const double magnitude = fabs(value);
    if (magnitude > 1e4 && magnitude < 1e15) {
        value = floor(value + 0.5);
    } else if (magnitude >= 1e-4 && magnitude <= 1e4) {
        double scale = 1;
        while (magnitude * scale < 1e4 && scale < 1e8)
            scale *= 10;
        value = floor(value * scale + 0.5) / scale;
    }
    (void)mimic__format_float64(text, value);
    (void)snprintf(out, QUALITY_NUMBER_BYTES, "%s", text);
    return out;
}

const char *mimic__quality_count_text(char *out, int64_t count)
{
    char digits[32];
    const int size = snprintf(digits, sizeof digits, "%" PRId64, count);
    size_t written = 0;
    for (int i = 0; i < size; i++) {
        out[written++] = digits[i];
        const int left = size - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-')
            out[written++] = ',';
    }
    out[written] = '\0';
    return out;
}

const char *mimic__quality_share_text(char *out, int64_t part, int64_t whole)
{
    const int64_t tenths =
        whole <= 0 ? 0 : (int64_t)((double)part * 1000.0 / (double)whole + 0.5);
    if (part <= 0 || whole <= 0)
        (void)snprintf(out, QUALITY_NUMBER_BYTES, "0 %%");
    else if (part >= whole)
        (void)snprintf(out, QUALITY_NUMBER_BYTES, "100 %%");
    else if (tenths == 0)
        (void)snprintf(out, QUALITY_NUMBER_BYTES, "<0.1 %%");
    else if (tenths >= 1000)
        (void)snprintf(out, QUALITY_NUMBER_BYTES, ">99.9 %%");
    else
        (void)snprintf(out, QUALITY_NUMBER_BYTES, "%" PRId64 ".%" PRId64 " %%", tenths / 10,
                       tenths % 10);
    return out;
}

const char *mimic__quality_duration_text(char *out, double seconds)
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    (void)snprintf(out, QUALITY_NUMBER_BYTES, "%" PRId64 "\xc2\xa0%s",
                   (int64_t)ceil(seconds / units[i].seconds), units[i].name);
    return out;
}

mimic_status mimic_quality_text(const mimic_quality *quality, mimic_quality_format format,
                                const mimic_quality_options *options, char **out_text,
                                mimic_error *err)
{
    quality_printer printer = {.quality = quality, .options = MIMIC_QUALITY_OPTIONS_INIT};
    if (quality == NULL || out_text == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "quality and out_text must not be NULL");
    *out_text = NULL;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&printer.options, options, "mimic_quality_options", err));
    if (printer.options.min_count < 0 || format < MIMIC_QUALITY_PLAIN ||
        format > MIMIC_QUALITY_HTML)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "no such format, or min_count is negative");
    if (printer.options.min_count == 0)
        printer.options.min_count = 1;
    mimic_buffer out;
    mimic__buffer_init(&out, quality->ctx);
    printer.out = &out;
    if (format == MIMIC_QUALITY_JSON)
        mimic__quality_print_json(&printer);
    else if (format == MIMIC_QUALITY_HTML)
        mimic__quality_print_html(&printer);
    else
        mimic__quality_print_plain(&printer);
    *out_text = mimic__buffer_take_text(&out);
    return *out_text == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}
