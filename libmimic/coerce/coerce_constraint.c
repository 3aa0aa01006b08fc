/*
 * Constraints of a field, made ready at plan time: bounds and enumerations are cast by the field's
 * own type and formats, patterns compiled. A constraint that the type cannot have is an error of
 * the schema (Table Schema: an unsupported constraint is reported, not ignored).
 */
#include <string.h>

#include "base/error.h"
#include "coerce/coerce_format.h"
#include "coerce/coerce_plan.h"

static mimic_status refuse(const mimic_field *field, const char *constraint, const char *value,
                           const char *reason, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_SCHEMA, "field \"%s\": %s \"%s\" %s", field->name, constraint, value,
                reason);
    mimic__error_place(err, NULL, -1, -1, -1, field->name);
    return MIMIC_ERR_SCHEMA;
}

static bool is_yearmonth(const mimic_field *field)
{
    return field->schema_type != NULL && strcmp(field->schema_type, "yearmonth") == 0;
}

/* What the fast loops compare with. Exclusive bounds of integers move by one; an exclusive bound of
 * a floating-point column leaves the comparison to the slow way. */
static void narrow_fast_range(mimic_plan_column *column, const mimic_bound *bound)
{
    const mimic_type type = column->field->type;
    if (type == MIMIC_TYPE_FLOAT32 || type == MIMIC_TYPE_FLOAT64) {
        const double limit =
            type == MIMIC_TYPE_FLOAT32 ? bound->value.float32 : bound->value.float64;
        if (bound->is_exclusive)
            column->is_fast = false;
        else if (bound->is_maximum && !(limit >= column->high_float))
            column->high_float = limit;
        else if (!bound->is_maximum && !(limit <= column->low_float))
            column->low_float = limit;
        return;
    }
    int64_t limit = bound->value.integer;
    if (bound->is_exclusive && limit == (bound->is_maximum ? INT64_MIN : INT64_MAX))
        column->is_fast = false; /* nothing is allowed; let the slow way say so */
    else if (bound->is_exclusive)
        limit += bound->is_maximum ? -1 : 1;
    if (bound->is_maximum && limit < column->high)
        column->high = limit;
    if (!bound->is_maximum && limit > column->low)
        column->low = limit;
}

static mimic_status add_bound(mimic_plan_column *column, const char *text, const char *name,
                              bool is_maximum, bool is_exclusive, mimic_error *err)
{
    const mimic_field *const field = column->field;
    if (text == NULL)
        return MIMIC_OK;
    if (is_yearmonth(field)) {
        column->has_text_checks = true;
        if (mimic__check_yearmonth(text, strlen(text)) != 0)
            return refuse(field, name, text, "is no month of the form YYYY-MM", err);
        return MIMIC_OK;
    }
    if (column->parse == NULL || field->type == MIMIC_TYPE_BOOLEAN)
        return refuse(field, name, text, "cannot be tested on this type", err);
    mimic_bound bound = {.is_maximum = is_maximum, .is_exclusive = is_exclusive};
    bound.value.decimal = (mimic_int128){0, 0};
    if (column->parse(column, text, strlen(text), &bound.value) != 0)
        return refuse(field, name, text, "is not a value of the field's own type and format", err);
    column->bounds[column->bound_count++] = bound;
    if (field->type != MIMIC_TYPE_DECIMAL)
        narrow_fast_range(column, &bound);
    return MIMIC_OK;
}

static mimic_status resolve_bounds(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    MIMIC_TRY(add_bound(column, field->minimum, "minimum", false, false, err));
    MIMIC_TRY(add_bound(column, field->maximum, "maximum", true, false, err));
    MIMIC_TRY(add_bound(column, field->exclusive_minimum, "exclusiveMinimum", false, true, err));
    return add_bound(column, field->exclusive_maximum, "exclusiveMaximum", true, true, err);
}

/* Allowed texts: the dictionary of a categorical column begins with them, so that their codes
 * follow the schema's order. */
static mimic_status resolve_enum_texts(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    mimic_hashmap *const texts =
        field->type == MIMIC_TYPE_CATEGORICAL ? &column->builder.texts : &column->enum_texts;
    for (size_t i = 0; i < field->enum_count; i++) {
        const mimic_text *const value = &field->enum_values[i];
        if (mimic__hashmap_insert(texts, value->data, value->size) == MIMIC_HASHMAP_NONE)
            return mimic__fail_memory(err);
    }
    if (field->type != MIMIC_TYPE_CATEGORICAL)
        column->has_text_checks = true;
    return MIMIC_OK;
}

/* Integers without a gap (icd_version: 9, 10) are bounds, which the fast loops know; other lists are
 * left to the slow way. */
static void narrow_to_enum(mimic_plan_column *column)
{
    const mimic_type type = column->field->type;
    int64_t least = INT64_MAX;
    int64_t largest = INT64_MIN;
    for (size_t i = 0; i < column->enum_count; i++) {
        const int64_t value = column->enum_values[i].integer;
        least = value < least ? value : least;
        largest = value > largest ? value : largest;
    }
    const bool is_integer =
        type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
    /* Without a gap, as many values as the list has at most, each one in the list. */
    bool has_all = is_integer && (uint64_t)largest - (uint64_t)least < column->enum_count;
    for (size_t step = 0; has_all && step <= (uint64_t)largest - (uint64_t)least; step++) {
        bool is_listed = false;
        for (size_t i = 0; i < column->enum_count; i++)
            is_listed |= column->enum_values[i].integer == least + (int64_t)step;
        has_all = is_listed;
    }
    if (!has_all) {
        column->is_fast = false;
        return;
    }
    column->low = least > column->low ? least : column->low;
    column->high = largest < column->high ? largest : column->high;
}

static mimic_status resolve_enum(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    if (field->enum_count == 0)
        return MIMIC_OK;
    if (field->type == MIMIC_TYPE_STRING || field->type == MIMIC_TYPE_CATEGORICAL)
        return resolve_enum_texts(column, err);
    if (column->parse == NULL)
        return refuse(field, "enum", field->enum_values[0].data, "cannot be tested on binary", err);
    column->enum_values =
        mimic__alloc_zeroed(column->ctx, field->enum_count, sizeof *column->enum_values);
    if (column->enum_values == NULL)
        return mimic__fail_memory(err);
    column->enum_count = field->enum_count;
    for (size_t i = 0; i < field->enum_count; i++) {
        const mimic_text *const value = &field->enum_values[i];
        if (column->parse(column, value->data, value->size, &column->enum_values[i]) != 0)
            return refuse(field, "enum value", value->data,
                          "is not a value of the field's own type and format", err);
    }
    narrow_to_enum(column);
    return MIMIC_OK;
}

static mimic_status resolve_pattern(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    if (field->pattern == NULL)
        return MIMIC_OK;
    if (field->type != MIMIC_TYPE_STRING && field->type != MIMIC_TYPE_CATEGORICAL)
        return refuse(field, "pattern", field->pattern, "can be tested on strings only", err);
    const char *reason = NULL;
    const mimic_status status =
        mimic__pattern_new(column->ctx, field->pattern, &column->pattern, &reason);
    if (status == MIMIC_ERR_SCHEMA)
        return refuse(field, "pattern", field->pattern, reason, err);
    if (status != MIMIC_OK)
        return mimic__fail_memory(err);
    column->has_text_checks = true;
    return MIMIC_OK;
}

static mimic_status check_lengths(const mimic_field *field, mimic_error *err)
{
    const bool has_lengths = field->min_length >= 0 || field->max_length >= 0;
    if (has_lengths && field->type != MIMIC_TYPE_STRING && field->type != MIMIC_TYPE_CATEGORICAL &&
        field->type != MIMIC_TYPE_BINARY)
        return refuse(field, field->min_length >= 0 ? "minLength" : "maxLength", "",
                      "can be tested on strings and binary only", err);
    return MIMIC_OK;
}

mimic_status mimic__column_resolve_constraints(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    column->has_text_checks = column->check_text != NULL || field->is_unique;
    MIMIC_TRY(check_lengths(field, err));
    MIMIC_TRY(resolve_bounds(column, err));
    MIMIC_TRY(resolve_enum(column, err));
    MIMIC_TRY(resolve_pattern(column, err));
    if (field->is_unique)
        column->is_fast = false;
    return MIMIC_OK;
}
