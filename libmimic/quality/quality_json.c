/* A quality as JSON (RFC 8259), one object; the members are listed in docs/formats.md. */

#include <mimic/version.h>

#include "json/json_write.h"
#include "quality/quality_print.h"
#include "sink/sink_format.h"

static void put_known_count(mimic_buffer *out, const char *name, int64_t count)
{
    if (count >= 0)
        mimic__json_put_number(out, name, count);
}

/* Finite ones only: JSON has no other. */
static void put_real(mimic_buffer *out, const char *name, double value)
{
    char text[MIMIC_FORMAT_BYTES];
    (void)mimic__format_float64(text, value);
    mimic__json_put_name(out, name);
    mimic__buffer_text(out, text);
}

/* Numbers stand as numbers, times as strings. */
static void put_value(mimic_buffer *out, const char *name, quality_kind kind, const char *text)
{
    mimic__json_put_name(out, name);
    if (kind == QUALITY_TIME)
        mimic__buffer_json_string(out, text);
    else
        mimic__buffer_text(out, text);
}

/* ---- columns ---- */

static const char *const quantile_names[MIMIC_QUALITY_QUANTILES] = {"p01", "p05", "p25", "p50",
                                                                    "p75", "p95", "p99"};

static void put_places(mimic_buffer *out, const quality_result *column)
{
    const mimic_quality_column_info *const info = &column->info;
    const quality_histogram *const histogram = &column->histogram;
    mimic__buffer_text(out, ",\n    ");
    put_value(out, "minimum", column->kind, info->minimum);
    put_value(out, "maximum", column->kind, info->maximum);
    mimic__buffer_text(out, ",\n    \"quantiles\": {");
    mimic__json_put_truth(out, "exact", info->are_quantiles_exact);
    if (!info->are_quantiles_exact)
        put_real(out, column->kind == QUALITY_TIME ? "error_seconds" : "relative_error",
                 info->quantile_error);
    for (size_t i = 0; i < MIMIC_QUALITY_QUANTILES; i++)
        put_value(out, quantile_names[i], column->kind, info->quantiles[i]);
    mimic__buffer_text(out, "},\n    \"histogram\": {");
    put_value(out, "from", column->kind, histogram->from);
    put_value(out, "to", column->kind, histogram->to);
    mimic__json_put_number(out, "below", histogram->below);
    mimic__json_put_number(out, "above", histogram->above);
    mimic__json_put_numbers(out, "counts", histogram->counts, histogram->bins);
    mimic__buffer_byte(out, '}');
}

static void put_top(const quality_printer *printer, const quality_result *column)
{
    mimic_buffer *const out = printer->out;
    const size_t shown = mimic__quality_shown_top(printer, column);
    if (shown == 0)
        return;
    mimic__buffer_text(out, ",\n    \"top\": {");
    mimic__json_put_truth(out, "exact", column->is_top_exact);
    mimic__json_put_number(out, "others_uncounted", column->others);
    mimic__buffer_text(out, ", \"values\": [");
    for (size_t i = 0; i < shown; i++) {
        mimic__json_put_comma(out);
        mimic__buffer_byte(out, '{');
        mimic__json_put_text(out, "value", column->top[i].text);
        if (column->top[i].is_cut)
            mimic__json_put_truth(out, "cut", true);
        mimic__json_put_number(out, "count", column->top[i].count);
        mimic__buffer_byte(out, '}');
    }
    mimic__buffer_text(out, "]}");
}

static void put_rejects(mimic_buffer *out, const int64_t *rejects)
{
    bool has_one = false;
    for (size_t code = 0; code < QUALITY_CODES; code++) {
        if (rejects[code] == 0)
            continue;
        if (!has_one)
            mimic__buffer_text(out, ",\n    \"rejects\": {");
        mimic__json_put_number(
            out, code == 0 ? "other" : mimic_reject_code_name((mimic_reject_code)code),
            rejects[code]);
        has_one = true;
    }
    if (has_one)
        mimic__buffer_byte(out, '}');
}

static void put_column(const quality_printer *printer, const quality_result *column)
{
    mimic_buffer *const out = printer->out;
    const mimic_quality_column_info *const info = &column->info;
    mimic__buffer_text(out, "   {");
    mimic__json_put_text(out, "column", info->column);
    mimic__json_put_text(out, "type", mimic_type_name(info->type));
    mimic__json_put_number(out, "rows", info->rows);
    mimic__json_put_number(out, "nulls", info->nulls);
    mimic__json_put_number(out, "distinct", info->distinct);
    mimic__json_put_truth(out, "distinct_exact", info->is_distinct_exact);
    if (column->kind == QUALITY_NUMBER || column->kind == QUALITY_REAL) {
        mimic__json_put_number(out, "zeros", info->zeros);
        mimic__json_put_number(out, "negatives", info->negatives);
    }
    if (column->kind == QUALITY_REAL)
        mimic__json_put_number(out, "not_finite", info->not_finite);
    if (column->kind == QUALITY_TIME)
        mimic__json_put_number(out, "before_1900", column->early);
    if (info->has_moments) {
        put_real(out, "mean", info->mean);
        put_real(out, "deviation", info->deviation);
    }
    if (info->shortest >= 0) {
        mimic__json_put_name(out, "length");
        mimic__buffer_byte(out, '{');
        mimic__json_put_number(out, "minimum", info->shortest);
        mimic__json_put_number(out, "maximum", info->longest);
        put_real(out, "mean", info->mean_length);
        mimic__buffer_byte(out, '}');
    }
    put_rejects(out, column->rejects);
    if (mimic__quality_shows_places(printer, column))
        put_places(out, column);
    put_top(printer, column);
    mimic__buffer_byte(out, '}');
}

/* ---- tables and checks ---- */

static void put_table(const quality_printer *printer, const quality_table *table)
{
    mimic_buffer *const out = printer->out;
    const mimic_quality_table_info *const info = &table->info;
    mimic__buffer_text(out, "  {");
    mimic__json_put_text(out, "table", info->table);
    mimic__json_put_text(out, "module", info->module);
    mimic__json_put_number(out, "rows", info->rows);
    put_known_count(out, "read", info->read);
    put_known_count(out, "written", info->written);
    put_known_count(out, "rejected", info->rejected);
    put_known_count(out, "duplicates", info->duplicates);
    put_known_count(out, "filtered", info->filtered);
    put_known_count(out, "nulled", info->nulled);
    put_known_count(out, "expected_rows", info->expected_rows);
    mimic__json_put_text(out, "message", mimic__quality_table_message(printer, table));
    put_rejects(out, table->rejects);
    mimic__buffer_text(out, ",\n   \"columns\": [");
    for (size_t i = 0; i < info->column_count; i++) {
        mimic__buffer_text(out, i == 0 ? "\n" : ",\n");
        put_column(printer, &table->columns[i]);
    }
    mimic__buffer_text(out, "]}");
}

static void put_summary(const quality_printer *printer)
{
    mimic_buffer *const out = printer->out;
    mimic__buffer_text(out, "\"summary\": {");
    for (mimic_quality_class category = 1; category <= MIMIC_PLAUSIBILITY_TEMPORAL; category++) {
        const quality_verdicts count = mimic__quality_count(printer->quality, category, NULL);
        mimic__buffer_text(out, category == 1 ? "" : ",\n  ");
        mimic__json_put_name(out, mimic__quality_class_name(category));
        mimic__buffer_byte(out, '{');
        mimic__json_put_number(out, "passed", count.passed);
        mimic__json_put_number(out, "failed", count.failed);
        mimic__json_put_number(out, "information", count.information);
        mimic__buffer_byte(out, '}');
    }
    mimic__buffer_text(out, "},\n");
}

static void put_check(const quality_printer *printer, const mimic_quality_check_info *check)
{
    mimic_buffer *const out = printer->out;
    mimic__buffer_text(out, "  {");
    mimic__json_put_text(out, "class", mimic__quality_class_name(check->category));
    mimic__json_put_text(out, "verdict", mimic__quality_verdict_name(check->verdict));
    mimic__json_put_text(out, "rule", check->rule);
    mimic__json_put_text(out, "table", check->table);
    mimic__json_put_text(out, "column", check->column);
    put_known_count(out, "observed", check->observed);
    put_known_count(out, "expected", check->expected);
    put_known_count(out, "of", check->of);
    mimic__json_put_text(out, "message", mimic__quality_check_message(printer, check));
    mimic__buffer_byte(out, '}');
}

void mimic__quality_print_json(const quality_printer *printer)
{
    const mimic_quality *const quality = printer->quality;
    mimic_buffer *const out = printer->out;
    mimic__buffer_text(out, "{\"version\": \"" MIMIC_VERSION_STRING "\"");
    mimic__json_put_text(out, "dataset", quality->dataset);
    mimic__json_put_text(out, "edition", quality->edition);
    mimic__json_put_text(out, "target", quality->target);
    mimic__json_put_truth(out, "values_shown", !printer->options.no_values);
    mimic__json_put_number(out, "min_count", printer->options.min_count);
    mimic__buffer_text(out, ",\n");
    put_summary(printer);
    mimic__buffer_text(out, "\"tables\": [");
    for (size_t i = 0; i < quality->table_count; i++) {
        mimic__buffer_text(out, i == 0 ? "\n" : ",\n");
        put_table(printer, quality->tables[i]);
    }
    mimic__buffer_text(out, "],\n\"checks\": [");
    for (size_t i = 0; i < quality->check_count; i++) {
        mimic__buffer_text(out, i == 0 ? "\n" : ",\n");
        put_check(printer, &quality->checks[i]);
    }
    mimic__buffer_text(out, "]}\n");
}
