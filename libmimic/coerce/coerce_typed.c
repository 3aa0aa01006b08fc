/*
 * Values that need no parsing: a column of the field's own physical type goes in, the same rules hold
 * as for texts: what is required, bounds, lists, uniqueness, the calendar, the policy for what is
 * faulty.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "coerce/coerce_plan.h"

/* One value, as the constraints see it. */
static mimic_value load_value(mimic_type type, const char *place)
{
    mimic_value value = {.decimal = {0, 0}};
    int16_t int16;
    int32_t int32;
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        value.integer = *place != 0;
        break;
    case MIMIC_TYPE_INT16:
        memcpy(&int16, place, sizeof int16);
        value.integer = int16;
        break;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_DATE:
        memcpy(&int32, place, sizeof int32);
        value.integer = int32;
        break;
    case MIMIC_TYPE_FLOAT32:
        memcpy(&value.float32, place, sizeof value.float32);
        break;
    case MIMIC_TYPE_DECIMAL:
        memcpy(&value.decimal, place, sizeof value.decimal);
        break;
    default:
        memcpy(&value.integer, place, sizeof value.integer); /* float64 has the same bytes */
        break;
    }
    return value;
}

/* 10^precision is beyond the digits of a decimal. */
static bool has_precision(const mimic_int128 *value, int32_t precision)
{
    uint64_t low = value->low;
    uint64_t high = (uint64_t)value->high;
    uint64_t limit_low = 1;
    uint64_t limit_high = 0;
    if (high >> 63 != 0) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    for (int32_t i = 0; i < precision; i++) {
        const uint64_t low8 = limit_low << 3;
        const uint64_t low10 = low8 + (limit_low << 1);
        limit_high = (limit_high << 3 | limit_low >> 61) + (limit_high << 1 | limit_low >> 63) +
                     (low10 < low8);
        limit_low = low10;
    }
    return high < limit_high || (high == limit_high && low < limit_low);
}

/* What the type itself asks of a value. */
static mimic_reject_code check_kind(const mimic_field *field, const mimic_value *value)
{
    switch (field->type) {
    case MIMIC_TYPE_FLOAT32:
        return field->allow_special || isfinite(value->float32) ? 0 : MIMIC_REJECT_TYPE;
    case MIMIC_TYPE_FLOAT64:
        return field->allow_special || isfinite(value->float64) ? 0 : MIMIC_REJECT_TYPE;
    case MIMIC_TYPE_DECIMAL:
        return has_precision(&value->decimal, field->precision) ? 0 : MIMIC_REJECT_RANGE;
    default:
        return mimic__time_is_valid(field->type, value->integer) ? 0 : MIMIC_REJECT_RANGE;
    }
}

static void note_unique(mimic_coerce_job *job, size_t row, const mimic_value *value)
{
    /* -0.0 and 0.0 are one value, as in the column loops. */
    const mimic_value zero = {.decimal = {0, 0}};
    const bool is_zero = mimic__value_compare(job->column->field->type, value, &zero) == 0;
    job->row = row;
    mimic__job_note_unique(job, is_zero ? &zero : value, sizeof *value);
}

static bool needs_checks(const mimic_plan_column *column)
{
    const mimic_type type = column->field->type;
    return column->bound_count > 0 || column->enum_count > 0 || column->field->is_unique ||
           !(type == MIMIC_TYPE_BOOLEAN || type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 ||
             type == MIMIC_TYPE_INT64);
}

static mimic_reject_code check_value(mimic_coerce_job *job, size_t row, const char *place)
{
    const mimic_plan_column *const column = job->column;
    const mimic_value value = load_value(column->field->type, place);
    mimic_reject_code code = check_kind(column->field, &value);
    if (code == 0)
        code = mimic__value_check(column, &value);
    if (code == 0)
        note_unique(job, row, &value);
    return code;
}

/* NULL values and faults are zeros. */
static void clear_value(mimic_column_builder *builder, size_t row)
{
    const size_t width = mimic__type_width(builder->type);
    if (builder->type == MIMIC_TYPE_BOOLEAN)
        builder->values[row >> 3] &= (char)~(1u << (row & 7));
    else
        memset(builder->values + row * width, 0, width);
}

static void take_row(mimic_coerce_job *job, const mimic_typed_values *values, size_t row,
                     bool has_checks, size_t width)
{
    mimic_column_builder *const builder = &job->column->builder;
    mimic_reject_code code = values->codes[row];
    if (code == 0 && has_checks)
        code = check_value(job, row, values->values + row * width);
    if (code == 0)
        return;
    clear_value(builder, row);
    if (code == MIMIC_TYPED_NULL)
        mimic__job_null(job, row);
    else
        mimic__job_fault(job, row, code);
}

static void store(mimic_column_builder *builder, const mimic_typed_values *values, size_t width)
{
    if (values->row_count == 0)
        return;
    if (builder->type != MIMIC_TYPE_BOOLEAN) {
        memcpy(builder->values, values->values, values->row_count * width);
        return;
    }
    for (size_t row = 0; row < values->row_count; row++)
        if (values->values[row] != 0)
            builder->values[row >> 3] |= (char)(1u << (row & 7));
}

static bool all_there(const mimic_typed_values *values)
{
    uint8_t any = 0;
    for (size_t row = 0; row < values->row_count; row++)
        any |= values->codes[row];
    return any == 0;
}

mimic_status mimic__coerce_typed(mimic_coerce_plan *plan, size_t column,
                                 const mimic_typed_values *values, mimic_row_faults *faults,
                                 mimic_error *err)
{
    mimic_coerce_job job = {.column = &plan->columns[column],
                            .column_number = (uint32_t)column,
                            .faults = faults,
                            .status = MIMIC_OK,
                            .err = err};
    const mimic_type type = job.column->builder.type;
    const size_t width = type == MIMIC_TYPE_BOOLEAN ? 1 : mimic__type_width(type);
    const bool has_checks = needs_checks(job.column);
    if (!mimic__column_begin_block(job.column, values->row_count, 0))
        return mimic__fail_memory(err);
    store(&job.column->builder, values, width);
    if (!has_checks && all_there(values))
        return MIMIC_OK;
    for (size_t row = 0; row < values->row_count && job.status == MIMIC_OK; row++)
        take_row(&job, values, row, has_checks, width);
    return job.status;
}

bool mimic__coerce_refuse(const mimic_coerce_plan *plan, size_t column, size_t row,
                          mimic_reject_code code, mimic_row_faults *faults)
{
    const mimic_plan_column *const own = &plan->columns[column];
    const bool is_bad = (faults->bad[row >> 6] >> (row & 63) & 1) != 0;
    if (own->on_error == MIMIC_ON_ERROR_NULL && !own->field->is_required) {
        faults->nulled += !is_bad;
        return true;
    }
    return mimic__row_faults_add(faults, (uint32_t)row, (uint32_t)column, code);
}
