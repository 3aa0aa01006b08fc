/*
 * A quality as one HTML page, complete in itself: no request to anywhere, which its own policy forbids.
 * Every text from files and schemas goes through mimic__escape_html; anchors are numbers.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <mimic/version.h>

#include "quality/quality_escape.h"
#include "quality/quality_page.h"
#include "quality/quality_print.h"

#define DOT " \xc2\xb7 "
#define NBSP "\xc2\xa0"

static void put(const quality_printer *printer, const char *markup)
{
    mimic__buffer_text(printer->out, markup);
}

static void put_text(const quality_printer *printer, const char *text)
{
    mimic__escape_html(printer->out, text);
}

static void put_count(const quality_printer *printer, int64_t count)
{
    char text[QUALITY_NUMBER_BYTES];
    put(printer, mimic__quality_count_text(text, count));
}

static void put_share(const quality_printer *printer, int64_t part, int64_t whole)
{
    char text[QUALITY_NUMBER_BYTES];
    put(printer, mimic__quality_share_text(text, part, whole));
}

/* Thousandths, as "12.3"; CSS and data attributes want a point in every locale. */
static void put_percent(const quality_printer *printer, int64_t part, int64_t whole)
{
    const int64_t tenths =
        whole <= 0 ? 0 : (int64_t)((double)part * 1000.0 / (double)whole + 0.5);
    mimic__buffer_format(printer->out, "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10);
}

static void put_bar(const quality_printer *printer, int64_t part, int64_t whole)
{
    put(printer, "<span class=\"track\"><i style=\"width:");
    put_percent(printer, part, whole);
    put(printer, "%\"></i></span>");
}

/* ---- head ---- */

static const char *title_of(const mimic_quality *quality)
{
    return quality->dataset[0] != '\0' ? quality->dataset : quality->target;
}

static void put_head(const quality_printer *printer)
{
    put(printer, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'");
    if (!printer->options.no_script) {
        put(printer, "; script-src '");
        put(printer, mimic__page_script_hash);
        put(printer, "'");
    }
    put(printer, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    put_text(printer, title_of(printer->quality));
    put(printer, " \xe2\x80\x93 data quality</title>\n<style>\n");
    mimic__page_style(printer->out);
    put(printer, "</style>\n</head>\n<body>\n");
}

static int64_t failed_in(const mimic_quality *quality, const char *table, const char *column)
{
    int64_t failed = 0;
    for (size_t i = 0; i < quality->check_count; i++) {
        const mimic_quality_check_info *const check = &quality->checks[i];
        failed += check->verdict == MIMIC_QUALITY_FAILED && strcmp(check->table, table) == 0 &&
                  (column == NULL || strcmp(check->column, column) == 0);
    }
    return failed;
}

static void put_contents(const quality_printer *printer)
{
    const mimic_quality *const quality = printer->quality;
    const char *module = NULL;
    put(printer, "<nav aria-label=\"Tables\">\n<div id=\"find\" hidden><input type=\"search\" "
                 "placeholder=\"Filter columns  /\" aria-label=\"Filter tables and columns\">"
                 "</div>\n<h2>Overview</h2>\n<ul>\n<li><a href=\"#checks\">Checks</a></li>\n"
                 "<li><a href=\"#tables\">Tables</a></li>\n</ul>\n");
    for (size_t i = 0; i < quality->table_count; i++) {
        const mimic_quality_table_info *const info = &quality->tables[i]->info;
        if (module == NULL || strcmp(module, info->module) != 0) {
            put(printer, module == NULL ? "<h2>" : "</ul>\n<h2>");
            put_text(printer, info->module[0] == '\0' ? "Tables" : info->module);
            put(printer, "</h2>\n<ul>\n");
            module = info->module;
        }
        const int64_t failed = failed_in(quality, info->table, NULL);
        mimic__buffer_format(printer->out, "<li><a href=\"#t%zu\"><span>", i);
        put_text(printer, info->table);
        put(printer, "</span>");
        if (failed > 0)
            mimic__buffer_format(printer->out, "<b title=\"failed checks\">%" PRId64 "</b>", failed);
        put(printer, "</a></li>\n");
    }
    put(printer, module == NULL ? "</nav>\n" : "</ul>\n</nav>\n");
}

/* ---- summary ---- */

static void put_tile(const quality_printer *printer, int64_t count, const char *what, bool is_bad)
{
    put(printer, is_bad ? "<div class=\"tile bad\"><b>" : "<div class=\"tile\"><b>");
    put_count(printer, count);
    put(printer, "</b><span>");
    put(printer, what);
    put(printer, "</span></div>\n");
}

/* What was rejected is known after a load only. */
static bool has_load(const mimic_quality *quality)
{
    for (size_t i = 0; i < quality->table_count; i++)
        if (quality->tables[i]->has_account)
            return true;
    return false;
}

static void put_tiles(const quality_printer *printer)
{
    const mimic_quality *const quality = printer->quality;
    char share[QUALITY_NUMBER_BYTES];
    int64_t rows = 0;
    int64_t columns = 0;
    int64_t cells = 0;
    int64_t nulls = 0;
    int64_t rejected = 0;
    quality_verdicts verdicts = {0, 0, 0};
    for (size_t i = 0; i < quality->table_count; i++) {
        const quality_table *const table = quality->tables[i];
        rows += table->info.rows;
        columns += (int64_t)table->info.column_count;
        rejected += table->info.rejected > 0 ? table->info.rejected : 0;
        for (size_t j = 0; j < table->info.column_count; j++) {
            cells += table->columns[j].info.rows;
            nulls += table->columns[j].info.nulls;
        }
    }
    for (mimic_quality_class category = 1; category <= MIMIC_PLAUSIBILITY_TEMPORAL; category++) {
        const quality_verdicts count = mimic__quality_count(quality, category, NULL);
        verdicts.passed += count.passed;
        verdicts.failed += count.failed;
    }
    put(printer, "<div class=\"tiles\">\n");
    put_tile(printer, (int64_t)quality->table_count, "tables", false);
    put_tile(printer, rows, "rows", false);
    put_tile(printer, columns, "columns", false);
    mimic__buffer_format(printer->out,
                         "<div class=\"tile\"><b>%s</b><span>cells without value</span></div>\n",
                         mimic__quality_share_text(share, nulls, cells));
    if (has_load(quality))
        put_tile(printer, rejected, "rows rejected", rejected > 0);
    put_tile(printer, verdicts.passed, "checks passed", false);
    put_tile(printer, verdicts.failed, "checks failed", verdicts.failed > 0);
    put(printer, "</div>\n");
}

static const char *const category_titles[] = {"",
                                              "Conformance" DOT "value",
                                              "Conformance" DOT "relational",
                                              "Conformance" DOT "computational",
                                              "Completeness",
                                              "Plausibility" DOT "uniqueness",
                                              "Plausibility" DOT "atemporal",
                                              "Plausibility" DOT "temporal"};
static const char *const category_words[] = {"",
                                             "values fit their type and their constraints",
                                             "keys hold, columns are as the schema has them",
                                             "what is counted adds up",
                                             "what should be there is there",
                                             "nothing is there twice",
                                             "values are believable by themselves",
                                             "values are believable in their order in time"};

static void put_split(const quality_printer *printer, const quality_verdicts *count)
{
    const int64_t total = count->passed + count->failed + count->information;
    const struct {
        const char *kind;
        int64_t part;
    } parts[] = {{"ok", count->passed}, {"ko", count->failed}, {"in", count->information}};
    put(printer, "<div class=\"split\">");
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].part == 0)
            continue;
        mimic__buffer_format(printer->out, "<i class=\"%s\" style=\"width:", parts[i].kind);
        put_percent(printer, parts[i].part, total);
        put(printer, "%\"></i>");
    }
    put(printer, "</div>");
}

static void put_verdicts(const quality_printer *printer, int64_t count, const char *more)
{
    mimic__buffer_format(printer->out, "<td class=\"n%s\">", count == 0 ? " nil" : more);
    put_count(printer, count);
    put(printer, "</td>");
}

static void put_categories(const quality_printer *printer)
{
    put(printer, "<h2 class=\"part\" id=\"checks\">Checks</h2>\n<div class=\"card wide\"><table class=\"cats\">\n"
                 "<thead><tr><th>Category</th><th></th><th class=\"n\">Passed</th>"
                 "<th class=\"n\">Failed</th><th class=\"n\">Information</th></tr></thead>\n"
                 "<tbody>\n");
    for (mimic_quality_class category = 1; category <= MIMIC_PLAUSIBILITY_TEMPORAL; category++) {
        const quality_verdicts count =
            mimic__quality_count(printer->quality, category, NULL);
        put(printer, "<tr><th scope=\"row\">");
        put(printer, category_titles[category]);
        put(printer, "<br><small>");
        put(printer, category_words[category]);
        put(printer, "</small></th><td>");
        put_split(printer, &count);
        put(printer, "</td>");
        put_verdicts(printer, count.passed, "");
        put_verdicts(printer, count.failed, " bad");
        put_verdicts(printer, count.information, "");
        put(printer, "</tr>\n");
    }
    put(printer, "</tbody>\n</table></div>\n");
}

static size_t index_of(const mimic_quality *quality, const char *name)
{
    for (size_t i = 0; i < quality->table_count; i++)
        if (strcmp(quality->tables[i]->info.table, name) == 0)
            return i;
    return SIZE_MAX;
}

static void put_table_link(const quality_printer *printer, const char *name)
{
    const size_t index = index_of(printer->quality, name);
    if (index != SIZE_MAX)
        mimic__buffer_format(printer->out, "<a href=\"#t%zu\">", index);
    put_text(printer, name);
    put(printer, index == SIZE_MAX ? "" : "</a>");
}

static void put_failed_check(const quality_printer *printer, const mimic_quality_check_info *check)
{
    put(printer, "<tr><td>");
    put_table_link(printer, check->table);
    put(printer, "</td><td><code>");
    put_text(printer, check->column);
    put(printer, "</code></td><td>");
    put_text(printer, check->rule);
    mimic__buffer_format(printer->out, "</td><td class=\"n bad\" data-v=\"%" PRId64 "\">",
                         check->observed);
    if (check->observed >= 0)
        put_count(printer, check->observed);
    mimic__buffer_format(printer->out, "</td><td class=\"n\" data-v=\"%" PRId64 "\">",
                         check->expected > 0 ? check->expected : check->of);
    if (check->expected > 0) {
        put(printer, "expected" NBSP);
        put_count(printer, check->expected);
    } else if (check->of > 0) {
        put(printer, "of" NBSP);
        put_count(printer, check->of);
    }
    put(printer, "</td><td>");
    put_text(printer, mimic__quality_check_message(printer, check));
    mimic__buffer_format(printer->out, "</td><td><small>%s</small></td></tr>\n",
                         category_titles[check->category]);
}

static void put_failed(const quality_printer *printer)
{
    bool has_one = false;
    for (size_t i = 0; i < printer->quality->check_count; i++) {
        const mimic_quality_check_info *const check = &printer->quality->checks[i];
        if (check->verdict != MIMIC_QUALITY_FAILED)
            continue;
        if (!has_one)
            put(printer, "<h2 class=\"part\">Failed</h2>\n<div class=\"card wide\">"
                         "<table class=\"sort\">\n<thead><tr><th>Table</th><th>Column</th>"
                         "<th>Rule</th><th class=\"n\">Observed</th><th class=\"n\">Of</th>"
                         "<th>Rule in words</th><th>Category</th></tr></thead>\n<tbody>\n");
        has_one = true;
        put_failed_check(printer, check);
    }
    if (has_one)
        put(printer, "</tbody>\n</table></div>\n");
}

static void put_overview_row(const quality_printer *printer, size_t index)
{
    const quality_table *const table = printer->quality->tables[index];
    int64_t cells = 0;
    int64_t nulls = 0;
    const int64_t failed = failed_in(printer->quality, table->info.table, NULL);
    for (size_t j = 0; j < table->info.column_count; j++) {
        cells += table->columns[j].info.rows;
        nulls += table->columns[j].info.nulls;
    }
    put(printer, "<tr><td>");
    put_table_link(printer, table->info.table);
    mimic__buffer_format(printer->out, "</td><td class=\"n\" data-v=\"%" PRId64 "\">",
                         table->info.rows);
    put_count(printer, table->info.rows);
    mimic__buffer_format(printer->out, "</td><td class=\"n\" data-v=\"%zu\">%zu</td><td data-v=\"",
                         table->info.column_count, table->info.column_count);
    put_percent(printer, nulls, cells);
    put(printer, "\"><span class=\"nulls\">");
    put_bar(printer, nulls, cells);
    put(printer, "<span class=\"n\">");
    put_share(printer, nulls, cells);
    put(printer, "</span></span></td>");
    if (has_load(printer->quality)) {
        mimic__buffer_format(printer->out, "<td class=\"n%s\" data-v=\"%" PRId64 "\">",
                             table->info.rejected > 0 ? "" : " nil", table->info.rejected);
        if (table->info.rejected >= 0)
            put_count(printer, table->info.rejected);
        put(printer, "</td>");
    }
    mimic__buffer_format(printer->out, "<td class=\"n %s\" data-v=\"%" PRId64 "\">",
                         failed > 0 ? "bad" : "nil", failed);
    put_count(printer, failed);
    put(printer, "</td></tr>\n");
}

static void put_overview(const quality_printer *printer)
{
    put(printer, "<h2 class=\"part\" id=\"tables\">Tables</h2>\n<div class=\"card wide\">"
                 "<table class=\"sort\">\n<thead><tr><th>Table</th><th class=\"n\">Rows</th>"
                 "<th class=\"n\">Columns</th><th>Cells without value</th>");
    put(printer, has_load(printer->quality) ? "<th class=\"n\">Rejected</th>" : "");
    put(printer, "<th class=\"n\">Failed checks</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < printer->quality->table_count; i++)
        put_overview_row(printer, i);
    put(printer, "</tbody>\n</table></div>\n");
}

/* ---- a column ---- */

/* Bars as one path in a box of 240 by 60. */
static void put_histogram(const quality_printer *printer, const quality_histogram *histogram)
{
    int64_t most = 1;
    for (size_t i = 0; i < histogram->bins; i++)
        most = histogram->counts[i] > most ? histogram->counts[i] : most;
    put(printer, "<svg viewBox=\"0 0 240 60\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                 "<path class=\"z\" d=\"M0 59h240v1h-240z\"/><path d=\"");
    for (size_t i = 0; i < histogram->bins; i++) {
        int height = (int)((double)histogram->counts[i] * 58.0 / (double)most + 0.5);
        if (histogram->counts[i] == 0)
            continue;
        height = height < 2 ? 2 : height;
        const int left = (int)(i * 240 / histogram->bins);
        const int right = (int)((i + 1) * 240 / histogram->bins);
        const int width = right - left > 60 ? 60 : right - left - 1; /* one bar is no wall */
        mimic__buffer_format(printer->out, "M%d 60v-%dh%dv%dz", left, height, width, height);
    }
    put(printer, "\"/></svg>");
}

/* The shares of the frequent values, one beside the other. */
static void put_stripe(const quality_printer *printer, const quality_result *column, size_t top)
{
    const int64_t present = column->info.rows - column->info.nulls;
    int x = 0;
    put(printer, "<svg class=\"flat\" viewBox=\"0 0 240 8\" preserveAspectRatio=\"none\" "
                 "aria-hidden=\"true\"><path class=\"z\" d=\"M0 0h240v8h-240z\"/>");
    for (size_t i = 0; i < top && i < 6; i++) {
        int width = present <= 0
                        ? 0
                        : (int)((double)column->top[i].count * 240.0 / (double)present + 0.5);
        width = width < 2 ? 2 : width;
        if (x + width > 240)
            width = 240 - x;
        mimic__buffer_format(printer->out, "<path opacity=\".%d\" d=\"M%d 0h%dv8h-%dz\"/>",
                             95 - 14 * (int)i, x, width > 2 ? width - 1 : width,
                             width > 2 ? width - 1 : width);
        x += width;
    }
    put(printer, "</svg>");
}

static void put_value(const quality_printer *printer, const quality_top *top)
{
    if (top->text[0] == '\0') {
        put(printer, "<span class=\"none\">empty text</span>");
        return;
    }
    put(printer, "<bdi>");
    put_text(printer, top->text);
    put(printer, top->is_cut ? "\xe2\x80\xa6</bdi>" : "</bdi>");
}

static void put_gist(const quality_printer *printer, const quality_result *column, size_t top)
{
    const mimic_quality_column_info *const info = &column->info;
    if (info->rows == info->nulls) {
        put(printer, "<span class=\"none\">no value</span>");
    } else if (column->kind != QUALITY_TEXT && mimic__quality_shows_places(printer, column)) {
        put(printer, info->minimum);
        put(printer, DOT "<b>");
        put(printer, info->quantiles[3]);
        put(printer, "</b>" DOT);
        put(printer, info->maximum);
    } else if (top > 0) {
        for (size_t i = 0; i < top && i < 3; i++) {
            put(printer, i == 0 ? "" : DOT);
            put_value(printer, &column->top[i]);
            put(printer, NBSP "<small>");
            put_share(printer, column->top[i].count, info->rows - info->nulls);
            put(printer, "</small>");
        }
    } else if (printer->options.no_values) {
        put(printer, "<span class=\"none\">values are not shown</span>");
    } else if (info->is_distinct_exact) {
        put(printer, "<span class=\"none\">every value differs</span>");
    } else {
        put(printer, "<span class=\"none\">nearly every value differs</span>");
    }
}

static void put_summary(const quality_printer *printer, const quality_table *table,
                        const quality_result *column, size_t top)
{
    const mimic_quality_column_info *const info = &column->info;
    const int64_t failed = failed_in(printer->quality, table->info.table, info->column);
    put(printer, "<summary><span class=\"name\"><code>");
    put_text(printer, info->column);
    put(printer, "</code>");
    if (column->is_key)
        put(printer, " <span class=\"tag\">key</span>");
    if (failed > 0)
        mimic__buffer_format(printer->out, " <span class=\"tag bad\">%" PRId64 " failed</span>",
                             failed);
    mimic__buffer_format(printer->out, "<small>%s%s</small></span><span class=\"nulls\" data-v=\"",
                         mimic_type_name(info->type), column->is_required ? ", required" : "");
    put_percent(printer, info->nulls, info->rows);
    put(printer, "\">");
    put_bar(printer, info->nulls, info->rows);
    put(printer, "<span class=\"n\">");
    put_share(printer, info->nulls, info->rows);
    mimic__buffer_format(printer->out, "</span></span><span class=\"n count\" data-v=\"%" PRId64 "\">%s",
                         info->distinct, info->is_distinct_exact ? "" : "~" NBSP);
    put_count(printer, info->distinct);
    put(printer, "</span><span>");
    if (column->kind != QUALITY_TEXT && mimic__quality_shows_places(printer, column))
        put_histogram(printer, &column->histogram);
    else if (top > 0)
        put_stripe(printer, column, top);
    put(printer, "</span><span class=\"gist\">");
    put_gist(printer, column, top);
    put(printer, "</span></summary>\n");
}

static void put_fact(const quality_printer *printer, const char *name, const char *value)
{
    put(printer, "<dt>");
    put(printer, name);
    put(printer, "</dt><dd>");
    put_text(printer, value);
    put(printer, "</dd>");
}

static void put_count_fact(const quality_printer *printer, const char *name, int64_t count)
{
    char text[QUALITY_NUMBER_BYTES];
    put_fact(printer, name, mimic__quality_count_text(text, count));
}

static void put_part_fact(const quality_printer *printer, const char *name, int64_t part,
                          int64_t whole)
{
    char share[QUALITY_NUMBER_BYTES];
    char count[QUALITY_NUMBER_BYTES];
    if (part == 0)
        return;
    mimic__buffer_format(printer->out, "<dt>%s</dt><dd>%s" DOT "%s</dd>", name,
                         mimic__quality_count_text(count, part),
                         mimic__quality_share_text(share, part, whole));
}

static void put_counts(const quality_printer *printer, const quality_result *column)
{
    const mimic_quality_column_info *const info = &column->info;
    const int64_t present = info->rows - info->nulls;
    char text[QUALITY_NUMBER_BYTES];
    put(printer, "<div><h4>Counts</h4><dl>");
    put_count_fact(printer, "values", present);
    put_part_fact(printer, "without value", info->nulls, info->rows);
    put_count_fact(printer, info->is_distinct_exact ? "distinct" : "distinct, \xc2\xb1" "1.15" NBSP "%",
                   info->distinct);
    put_part_fact(printer, "zero", info->zeros, present);
    put_part_fact(printer, "negative", info->negatives, present);
    put_part_fact(printer, "not finite", info->not_finite, present);
    put_part_fact(printer, "before 1900", column->early, present);
    if (info->has_moments) {
        put_fact(printer, "mean", mimic__quality_short_number(text, info->mean));
        put_fact(printer, "standard deviation",
                 mimic__quality_short_number(text, info->deviation));
    }
    if (info->shortest >= 0) {
        put_count_fact(printer, "shortest", info->shortest);
        put_fact(printer, "mean length", mimic__quality_short_number(text, info->mean_length));
        put_count_fact(printer, "longest", info->longest);
    }
    put(printer, "</dl></div>\n");
}

static void put_quantiles(const quality_printer *printer, const quality_result *column)
{
    static const char *const names[MIMIC_QUALITY_QUANTILES] = {
        "1" NBSP "%",  "5" NBSP "%",  "25" NBSP "%", "median",
        "75" NBSP "%", "95" NBSP "%", "99" NBSP "%"};
    const mimic_quality_column_info *const info = &column->info;
    char text[QUALITY_NUMBER_BYTES];
    put(printer, "<div><h4>Quantiles");
    if (!info->are_quantiles_exact && column->kind == QUALITY_TIME)
        mimic__buffer_format(printer->out, " <small>within %s</small>",
                             mimic__quality_duration_text(text, info->quantile_error));
    else if (!info->are_quantiles_exact)
        mimic__buffer_format(printer->out, " <small>\xc2\xb1%s" NBSP "%%</small>",
                             mimic__quality_short_number(text, info->quantile_error * 100));
    put(printer, "</h4><dl>");
    put_fact(printer, "minimum", info->minimum);
    for (size_t i = 0; i < MIMIC_QUALITY_QUANTILES; i++)
        put_fact(printer, names[i], info->quantiles[i]);
    put_fact(printer, "maximum", info->maximum);
    put(printer, "</dl></div>\n");
}

static void put_axis(const quality_printer *printer, const quality_result *column)
{
    const quality_histogram *const histogram = &column->histogram;
    put(printer, "<div><h4>Distribution");
    if (histogram->below + histogram->above > 0) {
        put(printer, " <small>");
        put_count(printer, histogram->below);
        put(printer, " below, ");
        put_count(printer, histogram->above);
        put(printer, " above</small>");
    }
    put(printer, "</h4>");
    put_histogram(printer, histogram);
    put(printer, "<div class=\"axis\"><span>");
    put_text(printer, histogram->from);
    put(printer, "</span><span>");
    put_text(printer, histogram->to);
    put(printer, "</span></div></div>\n");
}

/* Bars are relative to the most frequent one: most columns have no value with a large share. */
static void put_frequent(const quality_printer *printer, const quality_result *column, size_t top)
{
    put(printer, "<div><h4>Frequent values");
    if (!column->is_top_exact && column->others > 0) {
        put(printer, " <small>of the first 4,096 met; ");
        put_count(printer, column->others);
        put(printer, " rows have others</small>");
    }
    put(printer, "</h4><ol class=\"top\">");
    for (size_t i = 0; i < top; i++) {
        put(printer, "<li>");
        put_value(printer, &column->top[i]);
        put_bar(printer, column->top[i].count, column->top[0].count);
        put(printer, "<span class=\"n\">");
        put_count(printer, column->top[i].count);
        put(printer, "</span></li>");
    }
    put(printer, "</ol></div>\n");
}

static void put_rules(const quality_printer *printer, const quality_table *table,
                      const quality_result *column)
{
    bool has_one = false;
    for (size_t i = 0; i < printer->quality->check_count; i++) {
        const mimic_quality_check_info *const check = &printer->quality->checks[i];
        if (strcmp(check->table, table->info.table) != 0 ||
            strcmp(check->column, column->info.column) != 0 ||
            check->verdict == MIMIC_QUALITY_INFORMATION)
            continue;
        put(printer, has_one ? "" : "<div><h4>Checks</h4><dl>");
        has_one = true;
        put(printer, "<dt>");
        put_text(printer, mimic__quality_check_message(printer, check));
        put(printer, check->verdict == MIMIC_QUALITY_FAILED ? "</dt><dd class=\"bad\">"
                                                            : "</dt><dd>");
        if (check->verdict == MIMIC_QUALITY_FAILED && check->observed >= 0) {
            put_count(printer, check->observed);
            put(printer, " failed</dd>");
        } else {
            put(printer, check->verdict == MIMIC_QUALITY_FAILED ? "failed</dd>" : "passed</dd>");
        }
    }
    put(printer, has_one ? "</dl></div>\n" : "");
}

static void put_column(const quality_printer *printer, const quality_table *table,
                       const quality_result *column)
{
    const size_t top = mimic__quality_shown_top(printer, column);
    put(printer, "<details>");
    put_summary(printer, table, column, top);
    put(printer, "<div class=\"more\">");
    if (column->title[0] != '\0' || column->description[0] != '\0') {
        put(printer, "<p>");
        put_text(printer, column->description[0] != '\0' ? column->description : column->title);
        put(printer, "</p>\n");
    }
    if (column->kind != QUALITY_TEXT && mimic__quality_shows_places(printer, column)) {
        put_axis(printer, column);
        put_quantiles(printer, column);
    }
    put_counts(printer, column);
    if (top > 0)
        put_frequent(printer, column, top);
    put_rules(printer, table, column);
    put(printer, "</div></details>\n");
}

/* ---- a table ---- */

static void put_table_fact(const quality_printer *printer, int64_t count, const char *what)
{
    if (count <= 0)
        return;
    put(printer, DOT);
    put_count(printer, count);
    put(printer, what);
}

static void put_table_facts(const quality_printer *printer, const quality_table *table)
{
    put(printer, "<p>");
    put_count(printer, table->info.rows);
    put(printer, table->info.rows == 1 ? " row" : " rows");
    if (table->info.expected_rows >= 0 && table->info.expected_rows != table->info.rows)
        put_table_fact(printer, table->info.expected_rows, " published");
    put_table_fact(printer, table->info.rejected, " rejected");
    put_table_fact(printer, table->info.duplicates, " duplicates left out");
    put_table_fact(printer, table->info.filtered, " filtered");
    put_table_fact(printer, table->info.nulled, " values made NULL");
    if (table->source[0] != '\0') {
        put(printer, DOT "<code>");
        put_text(printer, table->source);
        put(printer, "</code>");
    }
    const char *const message = mimic__quality_table_message(printer, table);
    if (message[0] != '\0') {
        put(printer, DOT);
        put_text(printer, message);
    }
    put(printer, "</p>\n");
}

static void put_table(const quality_printer *printer, size_t index)
{
    const quality_table *const table = printer->quality->tables[index];
    mimic__buffer_format(printer->out, "<section id=\"t%zu\" data-name=\"", index);
    put_text(printer, table->info.table);
    put(printer, "\">\n<h3>");
    put_text(printer, table->info.table);
    if (table->title[0] != '\0') {
        put(printer, " <small>");
        put_text(printer, table->title);
        put(printer, "</small>");
    }
    put(printer, "</h3>\n");
    put_table_facts(printer, table);
    if (table->info.column_count > 0) {
        put(printer, "<div class=\"card\"><div class=\"heads\"><span data-s>Column</span>"
                     "<span data-s>Without value</span><span class=\"n\" data-s>Distinct</span>"
                     "<span>Distribution</span><span>Minimum" DOT "median" DOT
                     "maximum, or frequent values</span></div>\n");
        for (size_t i = 0; i < table->info.column_count; i++)
            put_column(printer, table, &table->columns[i]);
        put(printer, "</div>\n");
    }
    put(printer, "</section>\n");
}

static void put_foot(const quality_printer *printer)
{
    put(printer, "<footer><p>A quantile is the smallest value that at least so many values do not "
                 "exceed. Distinct values are counted exactly up to 4,096 and estimated beyond "
                 "(~, HyperLogLog). Checks are grouped after Kahn et al., <i>A Harmonized Data "
                 "Quality Assessment Terminology and Framework for the Secondary Use of "
                 "Electronic Health Record Data</i>, eGEMs 2016;4(1):1244. "
                 "libmimic " MIMIC_VERSION_STRING "</p></footer>\n");
}

void mimic__quality_print_html(const quality_printer *printer)
{
    const mimic_quality *const quality = printer->quality;
    put_head(printer);
    put_contents(printer);
    put(printer, "<main>\n<h1>Data quality of ");
    put_text(printer, title_of(quality));
    put(printer, "</h1>\n<p>");
    if (quality->edition[0] != '\0') {
        put_text(printer, quality->edition);
        put(printer, " edition" DOT);
    }
    put_text(printer, quality->target);
    put(printer, "</p>\n");
    put_tiles(printer);
    put_categories(printer);
    put_failed(printer);
    put_overview(printer);
    for (size_t i = 0; i < quality->table_count; i++)
        put_table(printer, i);
    put_foot(printer);
    put(printer, "</main>\n");
    if (!printer->options.no_script) {
        put(printer, "<script>");
        mimic__page_script(printer->out);
        put(printer, "</script>\n");
    }
    put(printer, "</body>\n</html>\n");
}
