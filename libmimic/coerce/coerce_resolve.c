/*
 * From a field of the schema to a column of the plan: which functions read it, which formats, which
 * cells the fast loops may take. What cannot be honoured is refused here, with the field's name,
 * and never ignored later. Constraints have their own file.
 */
#include <string.h>

#include "base/error.h"
#include "coerce/coerce_format.h"
#include "coerce/coerce_plan.h"

#define DEFAULT_MAX_CATEGORIES 1048576u
#define DEFAULT_MAX_CATEGORY_BYTES ((size_t)256 << 20)

static mimic_status refuse(const mimic_field *field, const char *what, const char *text,
                           const char *reason, mimic_error *err)
{
    mimic__fail(err, MIMIC_ERR_SCHEMA, "field \"%s\": %s%s%s%s %s", field->name, what,
                text == NULL ? "" : " \"", text == NULL ? "" : text, text == NULL ? "" : "\"",
                reason);
    mimic__error_place(err, NULL, -1, -1, -1, field->name);
    return MIMIC_ERR_SCHEMA;
}

static bool is_time_type(mimic_type type)
{
    return type == MIMIC_TYPE_DATE || type == MIMIC_TYPE_TIME || type == MIMIC_TYPE_TIMESTAMP ||
           type == MIMIC_TYPE_TIMESTAMPTZ;
}

static bool is_text_type(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
}

static bool is_number_type(mimic_type type)
{
    return type >= MIMIC_TYPE_INT16 && type <= MIMIC_TYPE_DECIMAL;
}

static bool is_integer_type(mimic_type type)
{
    return type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
}

/* The Table Schema types whose texts are understood here. */
static mimic_status check_schema_type(const mimic_field *field, mimic_error *err)
{
    static const char *const known[] = {"any",  "string", "number",   "integer", "boolean",
                                        "date", "time",   "datetime", "year",    "yearmonth"};
    if (field->type < MIMIC_TYPE_BOOLEAN || field->type > MIMIC_TYPE_BINARY)
        return refuse(field, "the type", NULL, "is not one that this version knows", err);
    const char *const type = field->schema_type;
    if (type == NULL || type[0] == '\0')
        return MIMIC_OK;
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        is_known |= strcmp(type, known[i]) == 0;
    if (!is_known)
        return refuse(field, "type", type,
                      "is not supported; declare it a string to keep its text unchecked", err);
    if (strcmp(type, "year") == 0 && !is_integer_type(field->type))
        return refuse(field, "type", type, "needs an integer as its physical type", err);
    if (strcmp(type, "yearmonth") == 0 && !is_text_type(field->type))
        return refuse(field, "type", type, "needs string as its physical type", err);
    return MIMIC_OK;
}

static mimic_status check_decimal(const mimic_field *field, mimic_error *err)
{
    if (field->type == MIMIC_TYPE_DECIMAL && (field->precision < 1 || field->precision > 38 ||
                                              field->scale < 0 || field->scale > field->precision))
        return refuse(field, "decimal", NULL,
                      "needs a precision of 1 to 38 and a scale of 0 to the precision", err);
    return MIMIC_OK;
}

/* The loop reads these forms by itself, when the first format is one of them. */
static void find_plain_form(mimic_plan_column *column, const char *format)
{
    static const struct {
        mimic_type type;
        const char *format;
        char separator;
        bool has_suffix;
    } forms[] = {
        {MIMIC_TYPE_TIMESTAMP, "default", 'T', false},
        {MIMIC_TYPE_TIMESTAMP, "%Y-%m-%dT%H:%M:%S", 'T', false},
        {MIMIC_TYPE_TIMESTAMP, "%Y-%m-%d %H:%M:%S", ' ', false},
        {MIMIC_TYPE_TIMESTAMP, "%F %T", ' ', false},
        {MIMIC_TYPE_TIMESTAMPTZ, "default", 'T', true},
        {MIMIC_TYPE_TIMESTAMPTZ, "%Y-%m-%dT%H:%M:%S%z", 'T', true},
        {MIMIC_TYPE_TIMESTAMPTZ, "%Y-%m-%d %H:%M:%S%z", ' ', true},
        {MIMIC_TYPE_DATE, "default", 'D', false},
        {MIMIC_TYPE_DATE, "%Y-%m-%d", 'D', false},
        {MIMIC_TYPE_DATE, "%F", 'D', false},
        {MIMIC_TYPE_TIME, "default", 't', false},
        {MIMIC_TYPE_TIME, "%H:%M:%S", 't', false},
        {MIMIC_TYPE_TIME, "%T", 't', false},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].type == column->field->type && strcmp(forms[i].format, format) == 0) {
            column->time_separator = forms[i].separator;
            column->has_time_suffix = forms[i].has_suffix;
        }
}

static mimic_status resolve_time_formats(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    const size_t count = field->format_count == 0 ? 1 : field->format_count;
    column->time_formats = mimic__alloc_array(column->ctx, count, sizeof *column->time_formats);
    if (column->time_formats == NULL)
        return mimic__fail_memory(err);
    column->time_format_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *const format = field->format_count == 0 ? "default" : field->formats[i];
        const char *const reason =
            mimic__time_format_compile(format, field->type, &column->time_formats[i]);
        if (reason != NULL)
            return refuse(field, "format", format, reason, err);
    }
    find_plain_form(column, field->format_count == 0 ? "default" : field->formats[0]);
    return MIMIC_OK;
}

static mimic_status resolve_text_format(mimic_plan_column *column, mimic_error *err)
{
    static const struct {
        const char *format;
        mimic_text_checker check;
    } known[] = {{"default", NULL},
                 {"uuid", mimic__check_uuid},
                 {"email", mimic__check_email},
                 {"uri", mimic__check_uri}};
    const mimic_field *const field = column->field;
    if (field->schema_type != NULL && strcmp(field->schema_type, "yearmonth") == 0)
        column->check_text = mimic__check_yearmonth;
    if (field->format_count > 1)
        return refuse(field, "a list of formats", NULL, "is for dates and times only", err);
    const char *const format = field->format_count == 0 ? "default" : field->formats[0];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(format, known[i].format) == 0) {
            if (known[i].check != NULL)
                column->check_text = known[i].check;
            return MIMIC_OK;
        }
    return refuse(field, "format", format, "is not supported; there are default, uuid, email, uri",
                  err);
}

static mimic_status resolve_format(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    if (is_time_type(field->type))
        return resolve_time_formats(column, err);
    if (is_text_type(field->type))
        return resolve_text_format(column, err);
    for (size_t i = 0; i < field->format_count; i++)
        if (strcmp(field->formats[i], "default") != 0 &&
            !(field->type == MIMIC_TYPE_BINARY && strcmp(field->formats[i], "binary") == 0))
            return refuse(field, "format", field->formats[i], "is not supported for this type",
                          err);
    return MIMIC_OK;
}

/* Which empty fields are NULL, and whether a listed text could be taken for a value. */
static void resolve_missing(mimic_plan_column *column)
{
    const mimic_field *const field = column->field;
    for (size_t i = 0; i < field->missing_value_count; i++) {
        const mimic_text *const missing = &field->missing_values[i];
        mimic_value value;
        if (missing->size == 0) {
            column->empty_is_null = true;
            continue;
        }
        column->has_missing_texts = true;
        if (column->parse != NULL &&
            column->parse(column, missing->data, missing->size, &value) == 0)
            column->is_fast = false;
    }
    column->quoted_empty_is_null = field->quoted_empty_is_null;
}

static mimic_status resolve_lexis(mimic_plan_column *column, mimic_error *err)
{
    const mimic_field *const field = column->field;
    if (!is_number_type(field->type))
        return MIMIC_OK;
    const bool has_group = field->group_char != NULL && field->group_char[0] != '\0';
    column->has_number_lexis = mimic__number_has_lexis(field);
    if (column->has_number_lexis)
        column->is_fast = false;
    if (has_group && strchr(field->group_char, field->decimal_char) != NULL)
        return refuse(field, "groupChar", field->group_char, "is the decimal character too", err);
    return MIMIC_OK;
}

static void resolve_limits(mimic_plan_column *column)
{
    static const struct {
        mimic_type type;
        int64_t low;
        int64_t high;
    } limits[] = {{MIMIC_TYPE_INT16, INT16_MIN, INT16_MAX},
                  {MIMIC_TYPE_INT32, INT32_MIN, INT32_MAX}};
    column->low = INT64_MIN;
    column->high = INT64_MAX;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].type == column->field->type) {
            column->low = limits[i].low;
            column->high = limits[i].high;
        }
    /* A NaN is in no interval and goes the slow way. */
    const double infinity = 1e308 * 10;
    column->low_float = -infinity;
    column->high_float = infinity;
}

static mimic_status resolve_category_cache(mimic_plan_column *column,
                                           const mimic_coerce_options *options, mimic_error *err)
{
    column->max_categories = options->max_categories;
    column->max_category_bytes = options->max_category_bytes;
    if (column->max_categories == 0)
        column->max_categories = DEFAULT_MAX_CATEGORIES;
    if (column->max_category_bytes == 0)
        column->max_category_bytes = DEFAULT_MAX_CATEGORY_BYTES;
    if (column->field->type != MIMIC_TYPE_CATEGORICAL)
        return MIMIC_OK;
    column->recent_texts =
        mimic__alloc_array(column->ctx, MIMIC_RECENT_TEXTS, sizeof *column->recent_texts);
    if (column->recent_texts == NULL)
        return mimic__fail_memory(err);
    mimic__recent_texts_clear(column);
    return MIMIC_OK;
}

mimic_column_loop mimic__column_loop(mimic_type type)
{
    static const mimic_column_loop loops[] = {
        [MIMIC_TYPE_BOOLEAN] = mimic__loop_boolean,
        [MIMIC_TYPE_INT16] = mimic__loop_int16,
        [MIMIC_TYPE_INT32] = mimic__loop_int32,
        [MIMIC_TYPE_INT64] = mimic__loop_int64,
        [MIMIC_TYPE_FLOAT32] = mimic__loop_float32,
        [MIMIC_TYPE_FLOAT64] = mimic__loop_float64,
        [MIMIC_TYPE_DECIMAL] = mimic__loop_decimal,
        [MIMIC_TYPE_DATE] = mimic__loop_date,
        [MIMIC_TYPE_TIME] = mimic__loop_time,
        [MIMIC_TYPE_TIMESTAMP] = mimic__loop_timestamp,
        [MIMIC_TYPE_TIMESTAMPTZ] = mimic__loop_timestamp,
        [MIMIC_TYPE_STRING] = mimic__loop_string,
        [MIMIC_TYPE_CATEGORICAL] = mimic__loop_categorical,
        [MIMIC_TYPE_BINARY] = mimic__loop_binary,
    };
    return loops[type];
}

mimic_status mimic__column_resolve(mimic_plan_column *column, const mimic_field *field,
                                   const mimic_coerce_options *options, mimic_error *err)
{
    MIMIC_TRY(check_schema_type(field, err));
    MIMIC_TRY(check_decimal(field, err));
    column->on_error = options->on_error != MIMIC_ON_ERROR_DEFAULT ? options->on_error
                       : field->on_error != MIMIC_ON_ERROR_DEFAULT ? field->on_error
                                                                   : MIMIC_ON_ERROR_REJECT;
    column->loop = mimic__column_loop(field->type);
    column->parse = mimic__value_parser(field);
    column->kernel = mimic__strip_kernel_select(column->ctx->cpu);
    /* A four-digit year has no fast form of its own. */
    column->is_fast = field->schema_type == NULL || strcmp(field->schema_type, "year") != 0;
    MIMIC_TRY(resolve_format(column, err));
    MIMIC_TRY(resolve_lexis(column, err));
    resolve_limits(column);
    resolve_missing(column);
    MIMIC_TRY(resolve_category_cache(column, options, err));
    MIMIC_TRY(mimic__column_resolve_constraints(column, err));
    column->is_reference = options->is_reference;
    if (options->is_reference)
        column->is_fast = false;
    return MIMIC_OK;
}

void mimic__column_release(mimic_plan_column *column)
{
    if (column->ctx == NULL)
        return;
    mimic__builder_free(&column->builder);
    mimic__free(column->ctx, column->time_formats);
    mimic__free(column->ctx, column->enum_values);
    mimic__free(column->ctx, column->recent_texts);
    mimic__hashmap_free(&column->enum_texts);
    mimic__pattern_free(column->pattern);
    mimic__free(column->ctx, column->unique_hashes);
    mimic__free(column->ctx, column->codes);
    mimic__buffer_free(&column->scratch);
    mimic__buffer_free(&column->number);
}
