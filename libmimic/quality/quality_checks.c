/*
 * The checks that follow from schema, rejects and profiles, in Kahn's categories. A column whose schema
 * asks for something gets a check for it, passed or failed; what is only measured is information.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "quality/quality_model.h"

/* ---- rules in words ---- */

#define ENUM_SHOWN 8

static const char *enum_words(const mimic_field *field, mimic_arena *arena)
{
    mimic_buffer text;
    mimic__buffer_init(&text, arena->ctx);
    for (size_t i = 0; i < field->enum_count && i < ENUM_SHOWN; i++) {
        mimic__buffer_text(&text, i == 0 ? "one of " : ", ");
        mimic__buffer_text(&text, field->enum_values[i].size == 0 ? "\"\""
                                                                  : field->enum_values[i].data);
    }
    if (field->enum_count > ENUM_SHOWN)
        mimic__buffer_format(&text, " and %zu more", field->enum_count - ENUM_SHOWN);
    mimic__buffer_byte(&text, '\0');
    const char *const words = text.failed ? NULL : mimic__arena_strdup(arena, text.data);
    mimic__buffer_free(&text);
    return words;
}

static const char *bound_words(const mimic_field *field, mimic_arena *arena)
{
    const char *const low = field->minimum != NULL ? field->minimum : field->exclusive_minimum;
    const char *const high = field->maximum != NULL ? field->maximum : field->exclusive_maximum;
    const char *const above = field->minimum != NULL ? "at least" : "above";
    const char *const below = field->maximum != NULL ? "at most" : "below";
    if (low != NULL && high != NULL)
        return mimic__arena_format(arena, "%s %s and %s %s", above, low, below, high);
    return low != NULL ? mimic__arena_format(arena, "%s %s", above, low)
                       : mimic__arena_format(arena, "%s %s", below, high);
}

static const char *length_words(const mimic_field *field, mimic_arena *arena)
{
    if (field->min_length >= 0 && field->max_length >= 0)
        return mimic__arena_format(arena, "%" PRId64 " to %" PRId64 " characters",
                                   field->min_length, field->max_length);
    return field->max_length >= 0
               ? mimic__arena_format(arena, "at most %" PRId64 " characters", field->max_length)
               : mimic__arena_format(arena, "at least %" PRId64 " characters", field->min_length);
}

bool mimic__quality_copy_rules(const mimic_field *field, mimic_arena *arena,
                               quality_result *result)
{
    const bool has_bound = field->minimum != NULL || field->maximum != NULL ||
                           field->exclusive_minimum != NULL || field->exclusive_maximum != NULL;
    const bool has_length = field->min_length >= 0 || field->max_length >= 0;
    result->is_required = field->is_required;
    result->is_unique = field->is_unique;
    if (field->enum_count > 0)
        result->rule_enum = enum_words(field, arena);
    if (has_bound)
        result->rule_bound = bound_words(field, arena);
    if (field->pattern != NULL)
        result->rule_pattern = mimic__arena_format(arena, "matches %s", field->pattern);
    if (has_length)
        result->rule_length = length_words(field, arena);
    return (result->rule_enum != NULL) == (field->enum_count > 0) &&
           (result->rule_bound != NULL) == has_bound &&
           (result->rule_pattern != NULL) == (field->pattern != NULL) &&
           (result->rule_length != NULL) == has_length;
}

/* ---- checks ---- */

/* Adding them; latches when memory runs out. */
typedef struct deriving {
    mimic_quality *quality;
    const quality_table *table;
    const char *column;
    bool failed;
} deriving;

static void add(deriving *work, mimic_quality_class category, const char *rule, int64_t observed,
                int64_t of, const char *message)
{
    const mimic_quality_check_info check = {
        .category = category,
        .verdict = observed == 0 ? MIMIC_QUALITY_PASSED : MIMIC_QUALITY_FAILED,
        .rule = rule,
        .table = work->table->info.table,
        .column = work->column,
        .observed = observed,
        .expected = 0,
        .of = of,
        .message = message};
    work->failed |= message == NULL || !mimic__quality_add_check(work->quality, &check);
}

static void inform(deriving *work, mimic_quality_class category, const char *rule,
                   int64_t observed, int64_t of, const char *message)
{
    const mimic_quality_check_info check = {.category = category,
                                            .verdict = MIMIC_QUALITY_INFORMATION,
                                            .rule = rule,
                                            .table = work->table->info.table,
                                            .column = work->column,
                                            .observed = observed,
                                            .expected = -1,
                                            .of = of,
                                            .message = message};
    work->failed |= message == NULL || !mimic__quality_add_check(work->quality, &check);
}

/* Rows that were tried: those that are there, and those that were rejected. */
static int64_t tried(const quality_table *table)
{
    return table->info.read >= 0 ? table->info.read : table->info.rows;
}

static void check_constraints(deriving *work, const quality_result *column)
{
    const struct {
        mimic_reject_code code;
        const char *rule;
        const char *words;
    } rules[] = {{MIMIC_REJECT_ENUM, "enum", column->rule_enum},
                 {MIMIC_REJECT_BOUND, "bound", column->rule_bound},
                 {MIMIC_REJECT_PATTERN, "pattern", column->rule_pattern},
                 {MIMIC_REJECT_LENGTH, "length", column->rule_length}};
    const int64_t of = tried(work->table);
    const int64_t mistyped = column->rejects[MIMIC_REJECT_TYPE] +
                             column->rejects[MIMIC_REJECT_RANGE] +
                             column->rejects[MIMIC_REJECT_PRECISION];
    if (column->kind != QUALITY_TEXT || column->info.type == MIMIC_TYPE_BINARY || mistyped > 0)
        add(work, MIMIC_CONFORMANCE_VALUE, "type", mistyped, of,
            mimic__arena_format(&work->quality->arena, "is %s",
                                mimic_type_name(column->info.type)));
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].words != NULL || column->rejects[rules[i].code] > 0)
            add(work, MIMIC_CONFORMANCE_VALUE, rules[i].rule, column->rejects[rules[i].code], of,
                rules[i].words == NULL ? "as the schema says" : rules[i].words);
    if (column->rejects[MIMIC_REJECT_SINK] > 0)
        add(work, MIMIC_CONFORMANCE_VALUE, "sink", column->rejects[MIMIC_REJECT_SINK], of,
            "the target can hold it");
}

static void check_presence(deriving *work, const quality_result *column)
{
    const int64_t refused = column->rejects[MIMIC_REJECT_REQUIRED];
    const int64_t nulls = column->info.nulls;
    if (column->is_required)
        add(work, MIMIC_COMPLETENESS, "required", refused + nulls, tried(work->table),
            "a value is required");
    else if (column->info.rows > 0 && nulls == column->info.rows)
        inform(work, MIMIC_COMPLETENESS, "empty", nulls, column->info.rows, "no value at all");
    else if (nulls > 0)
        inform(work, MIMIC_COMPLETENESS, "nulls", nulls, column->info.rows, "without a value");
}

static void check_column(deriving *work, const quality_result *column)
{
    const int64_t present = column->info.rows - column->info.nulls;
    work->column = column->info.column;
    check_constraints(work, column);
    check_presence(work, column);
    if (column->is_unique || column->rejects[MIMIC_REJECT_UNIQUE] > 0)
        add(work, MIMIC_PLAUSIBILITY_UNIQUENESS, "unique", column->rejects[MIMIC_REJECT_UNIQUE],
            tried(work->table), "each value comes once");
    if (column->info.not_finite > 0)
        inform(work, MIMIC_PLAUSIBILITY_ATEMPORAL, "not_finite", column->info.not_finite, present,
               "NaN or infinite");
    if (column->early > 0)
        inform(work, MIMIC_PLAUSIBILITY_TEMPORAL, "before_1900", column->early, present,
               "before 1900");
    work->column = "";
}

static void check_structure(deriving *work)
{
    const quality_table *const table = work->table;
    int64_t broken = 0;
    for (size_t code = 0; code < MIMIC_REJECT_REQUIRED; code++)
        broken += table->rejects[code];
    add(work, MIMIC_CONFORMANCE_VALUE, "structure", broken, table->info.read,
        "records that can be read: quoting, number of fields, UTF-8");
    int64_t other = 0;
    for (size_t code = MIMIC_REJECT_REQUIRED; code < QUALITY_CODES; code++)
        other += table->rejects[code];
    if (other > 0)
        add(work, MIMIC_CONFORMANCE_VALUE, "row", other, table->info.read,
            "rows rejected as a whole, such as for a key that was there before");
}

static void check_account(deriving *work)
{
    const mimic_quality_table_info *const info = &work->table->info;
    const int64_t accounted = info->written + info->rejected + info->duplicates + info->filtered;
    add(work, MIMIC_CONFORMANCE_COMPUTATIONAL, "account", info->read - accounted, info->read,
        "rows read = written + rejected + duplicates + filtered");
}

static void check_row_count(deriving *work)
{
    const mimic_quality_table_info *const info = &work->table->info;
    const int64_t rows = tried(work->table);
    const mimic_quality_check_info check = {
        .category = MIMIC_COMPLETENESS,
        .verdict = rows == info->expected_rows ? MIMIC_QUALITY_PASSED : MIMIC_QUALITY_FAILED,
        .rule = "row_count",
        .table = info->table,
        .column = "",
        .observed = rows,
        .expected = info->expected_rows,
        .of = -1,
        .message = "rows that the release is published with"};
    work->failed |= !mimic__quality_add_check(work->quality, &check);
}

static void check_table(deriving *work)
{
    const quality_table *const table = work->table;
    if (table->has_account) {
        check_structure(work);
        check_account(work);
        if (table->info.nulled > 0)
            inform(work, MIMIC_CONFORMANCE_VALUE, "nulled", table->info.nulled, -1,
                   "values that did not fit and became NULL");
        if (table->info.duplicates > 0)
            inform(work, MIMIC_PLAUSIBILITY_UNIQUENESS, "duplicates", table->info.duplicates,
                   table->info.read, "rows left out for a later one of the same key");
    }
    if (table->info.expected_rows >= 0)
        check_row_count(work);
    for (size_t i = 0; i < table->info.column_count; i++)
        check_column(work, &table->columns[i]);
    for (size_t i = 0; i < table->span_count; i++) {
        work->column = table->spans[i].end;
        add(work, MIMIC_PLAUSIBILITY_TEMPORAL, "order", table->spans[i].reversed,
            table->spans[i].both,
            mimic__arena_format(&work->quality->arena, "not before %s", table->spans[i].start));
        work->column = "";
    }
}

bool mimic__quality_derive_checks(mimic_quality *quality)
{
    deriving work = {quality, NULL, "", false};
    for (size_t i = 0; i < quality->table_count && !work.failed; i++) {
        work.table = quality->tables[i];
        if (work.table->info.column_count > 0)
            check_table(&work);
    }
    return !work.failed;
}
