/*
 * Column loops of the number types. Three ways for a cell, each slower and more able than the one
 * before: short plain numbers, 64 rows at a time, by a kernel (coerce_strip.h); any plain text, or
 * one in quotes, by the public function, straight from the block; everything else (missing values,
 * constraints, what is faulty) by mimic__job_value. The first two are taken only in columns that
 * are `is_fast`, and only for values within the bounds.
 */
#include <string.h>

#include "coerce/coerce_loop.h"
#include "coerce/coerce_number.h"

/* The rows of a job in strips: while (next_strip(…)). */
typedef struct strip_walk {
    size_t first;   /* row of the strip at hand */
    uint64_t to_do; /* its rows that the kernel left over */
    mimic_number_strip strip;
    mimic_strip_marks place;
} strip_walk;

static void begin_strips(const mimic_coerce_job *job, strip_walk *walk)
{
    walk->first = 0;
    walk->strip.bytes = job->index->bytes;
    walk->strip.row_count = 0;
    walk->place.are_moved = false;
}

/*
 * Goes to the next strip and runs the kernel on it (NULL: every row is left over). Rows that are
 * empty and NULL are dealt with here, all at once: valid no more, their digits are zero.
 */
static bool next_strip(mimic_coerce_job *job, strip_walk *walk,
                       void (*kernel)(mimic_number_strip *strip))
{
    mimic_number_strip *const strip = &walk->strip;
    walk->first += strip->row_count;
    const size_t left = job->index->row_count - walk->first;
    if (left == 0 || job->status != MIMIC_OK)
        return false;
    strip->row_count = left < MIMIC_STRIP_ROWS ? left : MIMIC_STRIP_ROWS;
    if (kernel == NULL) {
        walk->to_do = UINT64_MAX >> (MIMIC_STRIP_ROWS - strip->row_count);
        return true;
    }
    mimic__strip_place(job, &walk->place, walk->first, strip->row_count);
    strip->marks = walk->place.marks;
    strip->stride = walk->place.stride;
    kernel(strip);
    walk->to_do = strip->hard;
    if (job->takes_empty && strip->empty != 0) {
        mimic__builder_clear_rows(&job->column->builder, walk->first, strip->empty);
        walk->to_do &= ~strip->empty;
    }
    mimic__strip_look(job, &walk->place, walk->to_do);
    return true;
}

/* The next row that the kernel left over, counted in the strip; its text without quotes, empty
 * where only the slow way can tell what it is. */
static inline size_t next_row(mimic_coerce_job *job, strip_walk *walk, const char **out_text,
                              size_t *out_size)
{
    const size_t row = mimic__lowest_bit(walk->to_do);
    walk->to_do &= walk->to_do - 1;
    const mimic_field_index *const index = job->index;
    const uint32_t *const mark = index->marks + (walk->first + row) * index->stride + job->field;
    *out_text = mimic__field_start(index, mark, out_size);
    if (!job->is_fast || !mimic__strip_quotes(index, out_text, out_size))
        *out_size = 0;
    return row;
}

/* ---- integers ---- */

/* The second and third way for an integer; 0 where there is no value. */
static int64_t hard_integer(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    const mimic_plan_column *const column = job->column;
    mimic_value value = {.integer = 0};
    int32_t number;
    if (size > 0) {
        bool is_read = true;
        if (mimic__short_integer(text, size, &number)) /* it was in quotes */
            value.integer = number;
        else
            is_read = column->parse(column, text, size, &value) == 0;
        if (is_read && value.integer >= column->low && value.integer <= column->high)
            return value.integer;
    }
    value.integer = 0;
    return mimic__job_value(job, row, &value) ? value.integer : 0;
}

static inline void store_integer(void *values, size_t row, size_t width, int64_t value)
{
    if (width == 2)
        ((int16_t *)values)[row] = (int16_t)value;
    else if (width == 4)
        ((int32_t *)values)[row] = (int32_t)value;
    else
        ((int64_t *)values)[row] = value;
}

/* No short integer lies beyond ±10^8, so that narrower bounds say the same. */
static int32_t narrow_bound(int64_t bound)
{
    const int64_t limit = 100000000;
    return (int32_t)(bound < -limit ? -limit : bound > limit ? limit : bound);
}

/* Copies what the kernel read, which is in the bounds; the width is a constant in each call. */
static inline void store_strip(void *values, const strip_walk *walk, size_t width)
{
    for (size_t row = 0; row < walk->strip.row_count; row++)
        store_integer(values, walk->first + row, width, walk->strip.digits[row]);
}

/* Takes integers of nine to sixteen characters from what is left over. */
static void take_wide(const mimic_plan_column *column, void *values, strip_walk *walk, size_t width)
{
    uint64_t found = column->kernel->wide_integers(&walk->strip, walk->to_do);
    for (; found != 0; found &= found - 1) {
        const size_t row = mimic__lowest_bit(found);
        const int64_t value = walk->strip.wide[row];
        if (value < column->low || value > column->high)
            continue;
        store_integer(values, walk->first + row, width, value);
        walk->to_do &= ~(UINT64_C(1) << row);
    }
}

static void integer_loop(mimic_coerce_job *job, size_t width)
{
    mimic_plan_column *const column = job->column;
    void *const values = column->builder.values;
    strip_walk walk;
    begin_strips(job, &walk);
    walk.strip.low = narrow_bound(column->low);
    walk.strip.high = narrow_bound(column->high);
    while (next_strip(job, &walk, job->is_fast ? column->kernel->integers : NULL)) {
        if (width == 2)
            store_strip(values, &walk, 2);
        else if (width == 4)
            store_strip(values, &walk, 4);
        else
            store_strip(values, &walk, 8);
        if (job->is_fast && walk.to_do != 0)
            take_wide(column, values, &walk, width);
        while (walk.to_do != 0 && job->status == MIMIC_OK) {
            const char *text;
            size_t size;
            const size_t row = walk.first + next_row(job, &walk, &text, &size);
            store_integer(values, row, width, hard_integer(job, row, text, size));
        }
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

/* ---- floating point ---- */

static double hard_float64(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    const mimic_plan_column *const column = job->column;
    mimic_value value = {.float64 = 0};
    int32_t digits;
    int32_t divisor;
    if (MIMIC_EXACT_FLOATS && mimic__short_number(text, size, &digits, &divisor)) {
        value.float64 = (double)digits / (double)divisor; /* it was in quotes */
        if (value.float64 >= column->low_float && value.float64 <= column->high_float)
            return value.float64;
    } else if (size > 0 &&
               mimic_coerce_float64(text, size, column->field->allow_special, &value.float64) ==
                   0 &&
               value.float64 >= column->low_float && value.float64 <= column->high_float)
        return value.float64;
    value.float64 = 0;
    return mimic__job_value(job, row, &value) ? value.float64 : 0;
}

static float hard_float32(mimic_coerce_job *job, size_t row, const char *text, size_t size)
{
    const mimic_plan_column *const column = job->column;
    mimic_value value = {.float32 = 0};
    if (size > 0 &&
        mimic_coerce_float32(text, size, column->field->allow_special, &value.float32) == 0 &&
        value.float32 >= column->low_float && value.float32 <= column->high_float)
        return value.float32;
    value.float32 = 0;
    return mimic__job_value(job, row, &value) ? value.float32 : 0;
}

/* Rows of a strip that the kernel read but the bounds forbid are left over too; a NULL has none. */
static inline uint64_t outside(const mimic_plan_column *column, double value, size_t row)
{
    return (uint64_t) !(value >= column->low_float && value <= column->high_float) << row;
}

void mimic__loop_float64(mimic_coerce_job *job)
{
    const mimic_plan_column *const column = job->column;
    double *const values = (double *)(void *)column->builder.values;
    const bool is_short = job->is_fast && MIMIC_EXACT_FLOATS;
    const bool has_bounds = column->bound_count > 0;
    strip_walk walk;
    begin_strips(job, &walk);
    while (next_strip(job, &walk, is_short ? column->kernel->decimals : NULL)) {
        const mimic_number_strip *const strip = &walk.strip;
        double *const to = values + walk.first;
        /* Both are exact doubles, so the quotient is rounded once. */
        for (size_t row = 0; is_short && row < strip->row_count; row++)
            to[row] = (double)strip->digits[row] / (double)strip->divisors[row];
        for (size_t row = 0; is_short && has_bounds && row < strip->row_count; row++)
            walk.to_do |= outside(column, to[row], row) & ~strip->empty;
        while (walk.to_do != 0 && job->status == MIMIC_OK) {
            const char *text;
            size_t size;
            const size_t row = next_row(job, &walk, &text, &size);
            to[row] = hard_float64(job, walk.first + row, text, size);
        }
    }
}

/* Digits up to 2^24 are exact floats; more of them are left over. */
static inline uint64_t is_wide(int32_t digits, size_t row)
{
    const int32_t limit = INT32_C(1) << 24;
    return (uint64_t)(digits < -limit || digits > limit) << row;
}

void mimic__loop_float32(mimic_coerce_job *job)
{
    const mimic_plan_column *const column = job->column;
    float *const values = (float *)(void *)column->builder.values;
    const bool is_short = job->is_fast && MIMIC_EXACT_FLOATS;
    strip_walk walk;
    begin_strips(job, &walk);
    while (next_strip(job, &walk, is_short ? column->kernel->decimals : NULL)) {
        const mimic_number_strip *const strip = &walk.strip;
        float *const to = values + walk.first;
        for (size_t row = 0; is_short && row < strip->row_count; row++) {
            to[row] = (float)strip->digits[row] / (float)strip->divisors[row];
            walk.to_do |=
                (is_wide(strip->digits[row], row) | outside(column, to[row], row)) & ~strip->empty;
        }
        while (walk.to_do != 0 && job->status == MIMIC_OK) {
            const char *text;
            size_t size;
            const size_t row = next_row(job, &walk, &text, &size);
            to[row] = hard_float32(job, walk.first + row, text, size);
        }
    }
}

/* ---- decimals ---- */

/* Digits times 10^scale / divisor. False when that is no whole number of units. */
static inline bool scaled(int32_t digits, int32_t divisor, int64_t unit, mimic_int128 *out)
{
    if (divisor > unit)
        return false;
    /* 8 digits times at most 10^8; the quotient of the powers is exact. */
    const int64_t value = digits * (divisor == 1 ? unit : unit / divisor);
    *out = (mimic_int128){.low = (uint64_t)value, .high = value < 0 ? -1 : 0};
    return true;
}

void mimic__loop_decimal(mimic_coerce_job *job)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    const mimic_plan_column *const column = job->column;
    mimic_int128 *const values = (mimic_int128 *)(void *)column->builder.values;
    const int32_t scale = column->field->scale;
    /* That the digits are not too many for the precision is sure when eight may stand before the
     * point. */
    const bool is_short = job->is_fast && column->bound_count == 0 && scale <= 8 &&
                          column->field->precision - scale >= 8;
    const int64_t unit = is_short ? powers[scale] : 0;
    strip_walk walk;
    begin_strips(job, &walk);
    while (next_strip(job, &walk, is_short ? column->kernel->decimals : NULL)) {
        const mimic_number_strip *const strip = &walk.strip;
        mimic_int128 *const to = values + walk.first;
        for (size_t row = 0; is_short && row < strip->row_count; row++)
            if (!scaled(strip->digits[row], strip->divisors[row], unit, &to[row]))
                walk.to_do |= UINT64_C(1) << row;
        while (walk.to_do != 0 && job->status == MIMIC_OK) {
            const char *text;
            size_t size;
            const size_t row = next_row(job, &walk, &text, &size);
            int32_t digits;
            int32_t divisor;
            if (is_short && mimic__short_number(text, size, &digits, &divisor) &&
                scaled(digits, divisor, unit, &to[row]))
                continue;
            mimic_value value = {.decimal = {0, 0}};
            to[row] = (mimic_int128){0, 0};
            if (mimic__job_value(job, walk.first + row, &value))
                to[row] = value.decimal;
        }
    }
}

/* ---- booleans ---- */

/* Spellings of one value met lately, with what they mean; what a text means once, quotes and all,
 * it means again. Only of columns where one row does not bear on another. */
typedef struct spelling {
    uint64_t word;
    size_t size; /* 1 to 8; 0 = free */
} spelling;

void mimic__loop_boolean(mimic_coerce_job *job)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    const uint32_t *mark = index->marks + job->field;
    uint8_t *const bits = (uint8_t *)column->builder.values;
    const bool may_learn = !column->field->is_unique && !column->is_reference;
    spelling known[2] = {{0, 0}, {0, 0}};
    for (size_t row = 0; row < index->row_count && job->status == MIMIC_OK;
         row++, mark += index->stride) {
        size_t size;
        const char *const text = mimic__field_start(index, mark, &size);
        mimic_value value = {.integer = 0};
        if (size == 0 && job->takes_empty) {
            mimic__builder_clear_valid(&column->builder, row);
            continue;
        }
        const bool is_small = size - 1 <= 7;
        const uint64_t word = is_small ? mimic__digit_word(text, size) : 0;
        const bool is_true = size == known[1].size && word == known[1].word;
        const bool is_false = size == known[0].size && word == known[0].word;
        if (is_small && (is_true || is_false)) {
            value.integer = is_true;
        } else {
            if (!mimic__job_value(job, row, &value))
                continue;
            if (is_small && may_learn)
                known[value.integer] = (spelling){word, size};
        }
        bits[row >> 3] |= (uint8_t)(value.integer << (row & 7));
    }
}
