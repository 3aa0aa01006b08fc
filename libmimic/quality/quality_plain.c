/*
 * A quality as text for terminals: the checks by category, what failed, and a line a column. Control
 * characters of values are shown as blanks, bidirectional ones too: a terminal would obey them.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "quality/quality_print.h"
#include "quality/quality_escape.h"

static void put_padded(mimic_buffer *out, const char *text, size_t width)
{
    const size_t length = mimic__escape_plain(out, text, SIZE_MAX);
    for (size_t i = length; i < width; i++)
        mimic__buffer_byte(out, ' ');
}

static void put_right(mimic_buffer *out, const char *text, size_t width)
{
    for (size_t i = strlen(text); i < width; i++)
        mimic__buffer_byte(out, ' ');
    mimic__buffer_text(out, text);
}

static void put_checks(const quality_printer *printer)
{
    mimic_buffer *const out = printer->out;
    mimic__buffer_text(out, "\nchecks                      passed  failed  information\n");
    for (mimic_quality_class category = 1; category <= MIMIC_PLAUSIBILITY_TEMPORAL; category++) {
        const quality_verdicts count = mimic__quality_count(printer->quality, category, NULL);
        put_padded(out, mimic__quality_class_name(category), 26);
        mimic__buffer_format(out, "%8" PRId64 "%8" PRId64 "%13" PRId64 "\n", count.passed,
                             count.failed, count.information);
    }
}

static void put_failed(const quality_printer *printer)
{
    mimic_buffer *const out = printer->out;
    char number[QUALITY_NUMBER_BYTES];
    bool has_one = false;
    for (size_t i = 0; i < printer->quality->check_count; i++) {
        const mimic_quality_check_info *const check = &printer->quality->checks[i];
        if (check->verdict != MIMIC_QUALITY_FAILED)
            continue;
        mimic__buffer_text(out, has_one ? "  " : "\nFailed\n  ");
        has_one = true;
        (void)mimic__escape_plain(out, check->table, SIZE_MAX);
        mimic__buffer_text(out, check->column[0] != '\0' && check->table[0] != '\0' ? "." : "");
        (void)mimic__escape_plain(out, check->column, SIZE_MAX);
        mimic__buffer_format(out, ": %s", check->rule);
        if (check->observed >= 0)
            mimic__buffer_format(out, ", %s",
                                 mimic__quality_count_text(number, check->observed));
        if (check->of > 0)
            mimic__buffer_format(out, " of %s", mimic__quality_count_text(number, check->of));
        if (check->expected > 0)
            mimic__buffer_format(out, ", expected %s",
                                 mimic__quality_count_text(number, check->expected));
        mimic__buffer_text(out, " (");
        (void)mimic__escape_plain(out, mimic__quality_check_message(printer, check), SIZE_MAX);
        mimic__buffer_text(out, ")\n");
    }
}

static size_t widest(const quality_table *table)
{
    size_t width = 6;
    for (size_t i = 0; i < table->info.column_count; i++) {
        const size_t length = strlen(table->columns[i].info.column);
        width = length > width ? length : width;
    }
    return width;
}

static void put_range(const quality_printer *printer, const quality_result *column)
{
    mimic_buffer *const out = printer->out;
    const size_t top = mimic__quality_shown_top(printer, column);
    char number[QUALITY_NUMBER_BYTES];
    if (column->kind != QUALITY_TEXT && mimic__quality_shows_places(printer, column)) {
        mimic__buffer_format(out, "  %s .. %s .. %s", column->info.minimum,
                             column->info.quantiles[3], column->info.maximum);
        if (column->info.has_moments)
            mimic__buffer_format(out, "  mean %s",
                                 mimic__quality_short_number(number, column->info.mean));
        return;
    }
    for (size_t i = 0; i < top && i < 3; i++) {
        mimic__buffer_text(out, i == 0 ? "  " : ", ");
        (void)mimic__escape_plain(out, column->top[i].text[0] == '\0' ? "\"\"" : column->top[i].text,
                                  24);
        mimic__buffer_format(out, " %s", mimic__quality_share_text(number, column->top[i].count,
                                                                   column->info.rows));
    }
}

static void put_column(const quality_printer *printer, const quality_result *column, size_t width)
{
    mimic_buffer *const out = printer->out;
    char number[QUALITY_NUMBER_BYTES];
    mimic__buffer_text(out, "  ");
    put_padded(out, column->info.column, width);
    mimic__buffer_text(out, "  ");
    put_padded(out, mimic_type_name(column->info.type), 11);
    put_right(out, mimic__quality_share_text(number, column->info.nulls, column->info.rows), 8);
    mimic__buffer_text(out, column->info.is_distinct_exact ? "  " : " ~");
    put_right(out, mimic__quality_count_text(number, column->info.distinct), 12);
    put_range(printer, column);
    mimic__buffer_byte(out, '\n');
}

static void put_table(const quality_printer *printer, const quality_table *table)
{
    mimic_buffer *const out = printer->out;
    char number[QUALITY_NUMBER_BYTES];
    mimic__buffer_byte(out, '\n');
    (void)mimic__escape_plain(out, table->info.table, SIZE_MAX);
    if (table->info.column_count == 0) {
        mimic__buffer_text(out, ": not looked at");
        const char *const message = mimic__quality_table_message(printer, table);
        mimic__buffer_text(out, message[0] == '\0' ? "" : ", ");
        (void)mimic__escape_plain(out, message, SIZE_MAX);
        mimic__buffer_byte(out, '\n');
        return;
    }
    mimic__buffer_format(out, ": %s rows",
                         mimic__quality_count_text(number, table->info.rows));
    if (table->info.rejected > 0)
        mimic__buffer_format(out, ", %s rejected",
                             mimic__quality_count_text(number, table->info.rejected));
    if (table->info.duplicates > 0)
        mimic__buffer_format(out, ", %s duplicates",
                             mimic__quality_count_text(number, table->info.duplicates));
    const size_t width = widest(table);
    mimic__buffer_text(out, "\n  ");
    put_padded(out, "column", width);
    mimic__buffer_text(out, "  type          nulls      distinct  minimum .. median .. maximum, or "
                            "frequent values\n");
    for (size_t i = 0; i < table->info.column_count; i++)
        put_column(printer, &table->columns[i], width);
}

void mimic__quality_print_plain(const quality_printer *printer)
{
    const mimic_quality *const quality = printer->quality;
    mimic_buffer *const out = printer->out;
    mimic__buffer_text(out, "Data quality of ");
    (void)mimic__escape_plain(out, quality->dataset[0] != '\0' ? quality->dataset : quality->target,
                              SIZE_MAX);
    if (quality->edition[0] != '\0') {
        mimic__buffer_text(out, " (");
        (void)mimic__escape_plain(out, quality->edition, SIZE_MAX);
        mimic__buffer_byte(out, ')');
    }
    mimic__buffer_byte(out, '\n');
    put_checks(printer);
    put_failed(printer);
    for (size_t i = 0; i < quality->table_count; i++)
        put_table(printer, quality->tables[i]);
}
