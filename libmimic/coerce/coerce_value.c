/* Values of fixed-width types: from text by the public functions with what the field says, in
 * order, and against bounds and enumerations. */
#include <string.h>

#include "coerce/coerce_digits.h"
#include "coerce/coerce_plan.h"

static mimic_reject_code parse_int16(const mimic_plan_column *column, const char *text, size_t size,
                                     mimic_value *out)
{
    (void)column;
    int16_t value = 0;
    const mimic_reject_code code = mimic_coerce_int16(text, size, &value);
    out->integer = value;
    return code;
}

static mimic_reject_code parse_int32(const mimic_plan_column *column, const char *text, size_t size,
                                     mimic_value *out)
{
    (void)column;
    int32_t value = 0;
    const mimic_reject_code code = mimic_coerce_int32(text, size, &value);
    out->integer = value;
    return code;
}

static mimic_reject_code parse_int64(const mimic_plan_column *column, const char *text, size_t size,
                                     mimic_value *out)
{
    (void)column;
    return mimic_coerce_int64(text, size, &out->integer);
}

static mimic_reject_code parse_float32(const mimic_plan_column *column, const char *text,
                                       size_t size, mimic_value *out)
{
    return mimic_coerce_float32(text, size, column->field->allow_special, &out->float32);
}

static mimic_reject_code parse_float64(const mimic_plan_column *column, const char *text,
                                       size_t size, mimic_value *out)
{
    return mimic_coerce_float64(text, size, column->field->allow_special, &out->float64);
}

static mimic_reject_code parse_decimal(const mimic_plan_column *column, const char *text,
                                       size_t size, mimic_value *out)
{
    return mimic_coerce_decimal(text, size, column->field->precision, column->field->scale,
                                &out->decimal);
}

static bool is_listed(const mimic_text *texts, size_t count, const char *text, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].size == size && memcmp(texts[i].data, text, size) == 0)
            return true;
    return false;
}

/* A list that the field does not give keeps the standard's spellings. */
static mimic_reject_code parse_boolean(const mimic_plan_column *column, const char *text,
                                       size_t size, mimic_value *out)
{
    const mimic_field *const field = column->field;
    int value = -1;
    int standard = -1;
    if (mimic_coerce_boolean(text, size, &standard) == 0 &&
        (standard == 1 ? field->true_value_count : field->false_value_count) == 0)
        value = standard;
    if (is_listed(field->true_values, field->true_value_count, text, size))
        value = 1;
    else if (is_listed(field->false_values, field->false_value_count, text, size))
        value = 0;
    if (value < 0)
        return MIMIC_REJECT_TYPE;
    out->integer = value;
    return 0;
}

/* The first format that takes the text decides; else the fault that came nearest: a text of the
 * right form with an impossible day says more than one of another form. */
static mimic_reject_code parse_time(const mimic_plan_column *column, const char *text, size_t size,
                                    mimic_value *out)
{
    mimic_reject_code first = MIMIC_REJECT_TYPE;
    for (size_t i = 0; i < column->time_format_count; i++) {
        const mimic_reject_code code = mimic__time_parse(
            &column->time_formats[i], column->field->type, text, size, &out->integer);
        if (code == 0)
            return 0;
        if (first == MIMIC_REJECT_TYPE)
            first = code;
    }
    return first;
}

/* Table Schema "year": four digits. */
static mimic_reject_code parse_year(const mimic_plan_column *column, const char *text, size_t size,
                                    mimic_value *out)
{
    (void)column;
    if (size != 4 || !mimic__is_digit(text[0]))
        return MIMIC_REJECT_TYPE;
    return mimic_coerce_int64(text, size, &out->integer);
}

mimic_value_parser mimic__value_parser(const mimic_field *field)
{
    if (field->schema_type != NULL && strcmp(field->schema_type, "year") == 0)
        return parse_year;
    switch (field->type) {
    case MIMIC_TYPE_BOOLEAN:
        return parse_boolean;
    case MIMIC_TYPE_INT16:
        return parse_int16;
    case MIMIC_TYPE_INT32:
        return parse_int32;
    case MIMIC_TYPE_INT64:
        return parse_int64;
    case MIMIC_TYPE_FLOAT32:
        return parse_float32;
    case MIMIC_TYPE_FLOAT64:
        return parse_float64;
    case MIMIC_TYPE_DECIMAL:
        return parse_decimal;
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return parse_time;
    default:
        return NULL;
    }
}

static int compare_doubles(double a, double b)
{
    if (a < b)
        return -1;
    if (a > b)
        return 1;
    return a == b ? 0 : MIMIC_NOT_COMPARABLE;
}

int mimic__value_compare(mimic_type type, const mimic_value *a, const mimic_value *b)
{
    switch (type) {
    case MIMIC_TYPE_FLOAT32:
        return compare_doubles(a->float32, b->float32);
    case MIMIC_TYPE_FLOAT64:
        return compare_doubles(a->float64, b->float64);
    case MIMIC_TYPE_DECIMAL:
        if (a->decimal.high != b->decimal.high)
            return a->decimal.high < b->decimal.high ? -1 : 1;
        return a->decimal.low < b->decimal.low ? -1 : a->decimal.low > b->decimal.low;
    default:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    }
}

mimic_reject_code mimic__value_check(const mimic_plan_column *column, const mimic_value *value)
{
    const mimic_type type = column->field->type;
    for (size_t i = 0; i < column->bound_count; i++) {
        const mimic_bound *const bound = &column->bounds[i];
        const int order = mimic__value_compare(type, value, &bound->value);
        const bool is_inside = order == (bound->is_maximum ? -1 : 1);
        if (!is_inside && (order != 0 || bound->is_exclusive))
            return MIMIC_REJECT_BOUND;
    }
    if (column->enum_count == 0)
        return 0;
    for (size_t i = 0; i < column->enum_count; i++)
        if (mimic__value_compare(type, value, &column->enum_values[i]) == 0)
            return 0;
    return MIMIC_REJECT_ENUM;
}
