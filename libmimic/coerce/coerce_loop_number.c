/*
 * Column loops of the number types. Three ways for a cell, each slower and more able than the one
 * before: up to eight plain characters in one word; any plain text by the public function, straight
 * from the block; everything else (quotes, missing values, constraints) by mimic__job_value. The
 * first two are taken only in columns that are `is_fast`, and only for values within the bounds.
 *
 * Each body is written once for its widths, forced inline so that the width is a constant.
 */
#include <string.h>

#include "coerce/coerce_digits.h"
#include "coerce/coerce_number.h"
#include "coerce/coerce_plan.h"

#if defined(__GNUC__) || defined(__clang__)
#define FORCE_INLINE static inline __attribute__((always_inline))
#else
#define FORCE_INLINE static inline
#endif

FORCE_INLINE void store_integer(void *values, size_t row, int width, int64_t value)
{
    if (width == 2)
        ((int16_t *)values)[row] = (int16_t)value;
    else if (width == 4)
        ((int32_t *)values)[row] = (int32_t)value;
    else
        ((int64_t *)values)[row] = value;
}

/* The second and third way for an integer; 0 where there is no value. */
static int64_t hard_integer(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    mimic_plan_column *const column = job->column;
    mimic_value value = {.integer = 0};
    if (column->is_fast && size > 0 && column->parse(column, text, size, &value) == 0 &&
        value.integer >= column->low && value.integer <= column->high)
        return value.integer;
    value.integer = 0;
    return mimic__job_value(job, row, &value) ? value.integer : 0;
}

/* A column that may be NULL takes an empty field as zero digits, which make a 0, and finds its
 * valid bits without a branch. */
FORCE_INLINE void integer_loop(mimic_coerce_job *job, int width)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const size_t row_count = index->row_count;
    const uint32_t *mark = index->marks + job->field;
    void *const values = column->builder.values;
    uint8_t *const validity = column->builder.validity;
    const int64_t low = column->low;
    const int64_t high = column->high;
    const bool takes_empty =
        column->empty_is_null && !column->field->is_required && low <= 0 && high >= 0;
    /* Sizes that the first way takes: least_size to 8, or none. */
    const size_t least_size = takes_empty ? 0 : 1;
    const size_t size_span = column->is_fast ? 8 - least_size : 0;
    const size_t first_size = column->is_fast ? least_size : SIZE_MAX;
    for (size_t first = 0; first < row_count && job->status == MIMIC_OK; first += 64) {
        const size_t end = row_count - first < 64 ? row_count : first + 64;
        uint64_t empty = 0;
        for (size_t row = first; row < end; row++, mark += index->stride) {
            size_t size;
            const char *const text = mimic__field_start(index, mark, &size);
            int64_t value;
            if (size - first_size <= size_span) {
                const uint64_t word = mimic__digit_word(text, size);
                value = mimic__digits_value(word);
                if (mimic__are_digits(word) && value >= low && value <= high) {
                    empty |= (uint64_t)(size == 0) << (row - first);
                    store_integer(values, row, width, value);
                    continue;
                }
            }
            value = hard_integer(job, row, text, size);
            store_integer(values, row, width, value);
        }
        uint64_t valid;
        memcpy(&valid, validity + first / 8, sizeof valid);
        mimic__store8(&empty, empty); /* bits in the order of bytes, on any machine */
        valid &= ~empty;
        memcpy(validity + first / 8, &valid, sizeof valid);
    }
}

void mimic__loop_int16(mimic_coerce_job *job)
{
    integer_loop(job, 2);
}

void mimic__loop_int32(mimic_coerce_job *job)
{
    integer_loop(job, 4);
}

void mimic__loop_int64(mimic_coerce_job *job)
{
    integer_loop(job, 8);
}

/* Rows whose cell is empty and NULL; true when the row is dealt with. */
FORCE_INLINE bool take_empty(mimic_coerce_job *job, size_t row, size_t size)
{
    if (size != 0 || !job->column->empty_is_null)
        return false;
    mimic__job_null(job, row);
    return true;
}

static double hard_float64(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    const mimic_plan_column *const column = job->column;
    mimic_value value = {.float64 = 0};
    if (column->is_fast &&
        mimic_coerce_float64(text, size, column->field->allow_special, &value.float64) == 0 &&
        value.float64 >= column->low_float && value.float64 <= column->high_float)
        return value.float64;
    value.float64 = 0;
    return mimic__job_value(job, row, &value) ? value.float64 : 0;
}

void mimic__loop_float64(mimic_coerce_job *job)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    double *const values = (double *)(void *)column->builder.values;
    const double low = column->low_float;
    const double high = column->high_float;
    const bool is_short = column->is_fast && MIMIC_EXACT_FLOATS;
    const size_t size_span = is_short ? 7 : 0;
    const size_t first_size = is_short ? 1 : SIZE_MAX;
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        uint32_t digits;
        unsigned fraction_digits;
        if (size - first_size <= size_span &&
            mimic__short_decimal(text, size, &digits, &fraction_digits)) {
            /* Both are exact doubles, so the quotient is rounded once. */
            const double value = digits / powers[fraction_digits];
            if (value >= low && value <= high) {
                values[row] = value;
                continue;
            }
        }
        values[row] = take_empty(job, row, size) ? 0 : hard_float64(job, row, text, size);
    }
}

void mimic__loop_float32(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    float *const values = (float *)(void *)column->builder.values;
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        mimic_value value = {.float32 = 0};
        values[row] = 0;
        if (take_empty(job, row, size))
            continue;
        const bool is_plain =
            column->is_fast &&
            mimic_coerce_float32(text, size, column->field->allow_special, &value.float32) == 0 &&
            value.float32 >= column->low_float && value.float32 <= column->high_float;
        if (is_plain || mimic__job_value(job, row, &value))
            values[row] = value.float32;
    }
}

void mimic__loop_decimal(mimic_coerce_job *job)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    mimic_int128 *const values = (mimic_int128 *)(void *)column->builder.values;
    const int32_t scale = column->field->scale;
    /* Up to eight digits become digits * 10^(scale - fraction digits), which then fits 64 bits;
     * that they are not too many for the precision is sure when eight may stand before the point.
     */
    const bool is_short = column->is_fast && column->bound_count == 0 && scale <= 8 &&
                          column->field->precision - scale >= 8;
    const size_t size_span = is_short ? 7 : 0;
    const size_t first_size = is_short ? 1 : SIZE_MAX;
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        uint32_t digits;
        unsigned fraction_digits;
        if (size - first_size <= size_span &&
            mimic__short_decimal(text, size, &digits, &fraction_digits) &&
            (int32_t)fraction_digits <= scale) {
            values[row] = (mimic_int128){digits * powers[scale - (int32_t)fraction_digits], 0};
            continue;
        }
        mimic_value value;
        values[row] = (mimic_int128){0, 0};
        if (!take_empty(job, row, size) && mimic__job_value(job, row, &value))
            values[row] = value.decimal;
    }
}

void mimic__loop_boolean(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    uint8_t *const bits = (uint8_t *)column->builder.values;
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        mimic__field_start(index, mark, &size);
        mimic_value value;
        if (!take_empty(job, row, size) && mimic__job_value(job, row, &value))
            bits[row >> 3] |= (uint8_t)(value.integer << (row & 7));
    }
}
