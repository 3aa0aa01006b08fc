/*
 * Rows that PostgreSQL would refuse, and with them the whole COPY, or would round or cut silently; see
 * pgcopy.h. A batch is looked at as a whole first, a column in one loop. What the reader of CSV
 * checks already (NUL, UTF-8, lengths, years) is looked at again: batches also come from programs.
 */
#include "sink/pgcopy.h"

#include <string.h>

#include "base/utf8.h"
#include "schema/schema_model.h"
#include "sink/pgcopy_bytes.h"
#include "sink/pgcopy_numeric.h"

/* Limits of PostgreSQL's date and timestamp, in its own numbers (datatype/timestamp.h); the upper ones
 * of timestamps are beyond what 64 bits of ours can say. */
#define DATE_MIN INT64_C(-2451545)
#define DATE_END INT64_C(2145031949)
#define TIMESTAMP_MIN INT64_C(-211813488000000000)
/* A dictionary of more bytes than this is looked at only where the rows use it. */
#define DICTIONARY_BYTES 65536

typedef struct text {
    const char *bytes;
    size_t size;
} text;

static text text_at(const int32_t *offsets, const char *bytes, int64_t index)
{
    return (text){bytes + offsets[index], (size_t)(offsets[index + 1] - offsets[index])};
}

static text text_of_row(const mimic_column *column, int64_t row)
{
    if (column->type != MIMIC_TYPE_CATEGORICAL)
        return text_at(column->offsets, column->values, row);
    return text_at(column->dictionary->offsets, column->dictionary->bytes,
                   ((const int32_t *)column->values)[row]);
}

/* ---- a batch as a whole ---- */

static bool may_be_no_text(text bytes)
{
    return bytes.size > 0 && (memchr(bytes.bytes, '\0', bytes.size) != NULL ||
                              mimic__utf8_check(bytes.bytes, bytes.size) != bytes.size);
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Texts that are well formed one behind the other are so one by one, unless one begins in the middle of
 * a character; one that ends there is followed by such a one, or by the end. */
static bool may_have_broken_texts(const int32_t *offsets, const char *bytes, int64_t count)
{
    const text all = {bytes + offsets[0], (size_t)(offsets[count] - offsets[0])};
    if (may_be_no_text(all))
        return true;
    bool found = false;
    for (int64_t i = 0; i < count; i++)
        found |= offsets[i] < offsets[count] && is_continuation(bytes[offsets[i]]);
    return found;
}

static bool may_have_long_texts(const int32_t *offsets, int64_t count, int64_t max_length)
{
    if (max_length < 0)
        return false;
    int32_t most = 0;
    for (int64_t i = 0; i < count; i++) {
        const int32_t size = offsets[i + 1] - offsets[i];
        most = size > most ? size : most;
    }
    return most > max_length;
}

static bool texts_may_be_faulty(const mimic_pgcopy_column *plan, const mimic_column *column,
                                int64_t row_count)
{
    return may_have_broken_texts(column->offsets, column->values, row_count) ||
           may_have_long_texts(column->offsets, row_count, plan->max_length);
}

static bool categories_may_be_faulty(const mimic_pgcopy_column *plan, const mimic_column *column,
                                     int64_t row_count)
{
    const mimic_dictionary *dictionary = column->dictionary;
    if (dictionary->count == 0)
        return false;
    const int32_t size = dictionary->offsets[dictionary->count] - dictionary->offsets[0];
    if (size <= DICTIONARY_BYTES)
        return may_have_broken_texts(dictionary->offsets, dictionary->bytes, dictionary->count) ||
               may_have_long_texts(dictionary->offsets, dictionary->count, plan->max_length);
    bool found = false;
    for (int64_t row = 0; row < row_count && !found; row++) {
        if (!mimic_column_is_valid(column, row))
            continue;
        const text value = text_of_row(column, row);
        found = may_be_no_text(value) ||
                (plan->max_length >= 0 && (int64_t)value.size > plan->max_length);
    }
    return found;
}

static bool decimals_may_be_faulty(const mimic_pgcopy_column *plan, const mimic_column *column,
                                   int64_t row_count)
{
    const uint64_t *words = column->values;
    bool found = false;
    if (plan->precision >= 19) { /* any 64 bits fit */
        for (int64_t row = 0; row < row_count; row++)
            found |= (int64_t)words[2 * row + 1] != (int64_t)words[2 * row] >> 63;
        return found;
    }
    int64_t limit = 1;
    for (int32_t i = 0; i < plan->precision; i++)
        limit *= 10;
    for (int64_t row = 0; row < row_count; row++) {
        const int64_t value = (int64_t)words[2 * row];
        found |= (int64_t)words[2 * row + 1] != value >> 63 || value >= limit || value <= -limit;
    }
    return found;
}

static bool dates_may_be_faulty(const mimic_column *column, int64_t row_count)
{
    const int32_t *days = column->values;
    bool found = false;
    for (int64_t row = 0; row < row_count; row++)
        found |= (uint64_t)(days[row] - MIMIC_PGCOPY_EPOCH_DAYS - DATE_MIN) >=
                 (uint64_t)(DATE_END - DATE_MIN);
    return found;
}

/* Of times that are in range: a multiple of the step is one of unsigned numbers too, once they are moved
 * by a multiple of a day. */
static bool times_may_be_faulty(const mimic_pgcopy_column *plan, const mimic_column *column,
                                int64_t row_count)
{
    const bool is_time = plan->type == MIMIC_TYPE_TIME;
    const int64_t least = is_time ? 0 : TIMESTAMP_MIN + MIMIC_PGCOPY_EPOCH;
    const uint64_t range = is_time ? (uint64_t)MIMIC_MICROSECONDS_PER_DAY
                                   : (uint64_t)INT64_MAX - (uint64_t)least;
    const int64_t *values = column->values;
    bool found = false;
    if (plan->step == MIMIC_MICROSECONDS_PER_SECOND) { /* the usual one, as a constant */
        for (int64_t row = 0; row < row_count; row++) {
            const uint64_t value = (uint64_t)values[row] - (uint64_t)least;
            found |= value > range || value % (uint64_t)MIMIC_MICROSECONDS_PER_SECOND != 0;
        }
        return found;
    }
    const uint64_t step = (uint64_t)plan->step;
    for (int64_t row = 0; row < row_count; row++) {
        const uint64_t value = (uint64_t)values[row] - (uint64_t)least;
        found |= value > range || (step > 1 && value % step != 0);
    }
    return found;
}

static bool column_may_be_faulty(const mimic_pgcopy_column *plan, const mimic_column *column,
                                 int64_t row_count)
{
    if (plan->must_be_present && column->null_count != 0)
        return true;
    switch (plan->type) {
    case MIMIC_TYPE_DATE:
        return dates_may_be_faulty(column, row_count);
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return times_may_be_faulty(plan, column, row_count);
    case MIMIC_TYPE_DECIMAL:
        return decimals_may_be_faulty(plan, column, row_count);
    case MIMIC_TYPE_STRING:
        return texts_may_be_faulty(plan, column, row_count);
    case MIMIC_TYPE_CATEGORICAL:
        return categories_may_be_faulty(plan, column, row_count);
    default:
        return false;
    }
}

/* ---- the size of a row ---- */

/* What a row takes at most on its way: one byte more than a batch of less than that cannot have. */
static bool rows_may_be_long(const mimic_pgcopy_plan *plan, const mimic_batch *batch)
{
    int64_t total = (int64_t)plan->fixed_bytes;
    for (size_t i = 0; i < plan->column_count; i++) {
        const mimic_column *column = &batch->columns[i];
        if (plan->columns[i].layout == MIMIC_PGCOPY_BYTES)
            total += column->offsets[batch->row_count] - column->offsets[0];
        else if (plan->columns[i].layout == MIMIC_PGCOPY_CATEGORICAL)
            total += column->dictionary->offsets[column->dictionary->count];
    }
    return total > MIMIC_PGCOPY_ROW_BYTES_MAX;
}

static bool is_text(const mimic_pgcopy_column *plan)
{
    return plan->layout == MIMIC_PGCOPY_BYTES || plan->layout == MIMIC_PGCOPY_CATEGORICAL;
}

static bool row_is_long(const mimic_pgcopy_plan *plan, const mimic_batch *batch, int64_t row)
{
    int64_t total = (int64_t)plan->fixed_bytes;
    for (size_t i = 0; i < plan->column_count; i++)
        if (is_text(&plan->columns[i]) && mimic_column_is_valid(&batch->columns[i], row))
            total += (int64_t)text_of_row(&batch->columns[i], row).size;
    return total > MIMIC_PGCOPY_ROW_BYTES_MAX;
}

/* Bytes of a value of variable width inside its row: with a header of one byte when it is short, and as a
 * pointer of 18 bytes when it has been moved out, which happens to those of more than 24. */
static size_t in_page(size_t size)
{
    return size + 1 > 24 ? 18 : size + 1;
}

static size_t aligned(size_t at, size_t width)
{
    return (at + width - 1) / width * width;
}

static size_t decimal_bytes(const mimic_pgcopy_column *plan, const mimic_column *column, int64_t row)
{
    char bytes[MIMIC_PGCOPY_NUMERIC_BYTES_MAX];
    mimic_int128 value;
    memcpy(&value, (const char *)column->values + 16 * row, sizeof value);
    /* Sign, weight and scale of usual numbers share two bytes in a page. */
    return mimic__pgcopy_put_numeric(bytes, value, plan->scale) -
           MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2;
}

/* The smallest tuple that PostgreSQL could make of a row (storage/htup_details.h). */
static bool row_is_wide(const mimic_pgcopy_plan *plan, const mimic_batch *batch, int64_t row)
{
    static const uint8_t widths[] = {[MIMIC_PGCOPY_BOOLEAN] = 1,
                                     [MIMIC_PGCOPY_2_BYTES] = 2,
                                     [MIMIC_PGCOPY_4_BYTES] = 4,
                                     [MIMIC_PGCOPY_8_BYTES] = 8};
    size_t at = 0;
    bool has_nulls = false;
    for (size_t i = 0; i < plan->column_count; i++) {
        const mimic_pgcopy_column *column = &plan->columns[i];
        if (!mimic_column_is_valid(&batch->columns[i], row))
            has_nulls = true;
        else if (column->layout == MIMIC_PGCOPY_NUMERIC)
            at += in_page(decimal_bytes(column, &batch->columns[i], row));
        else if (is_text(column))
            at += in_page(text_of_row(&batch->columns[i], row).size);
        else
            at = aligned(at, widths[column->layout]) + widths[column->layout];
    }
    const size_t head = aligned(23 + (has_nulls ? (plan->column_count + 7) / 8 : 0), 8);
    return head + at > MIMIC_PGCOPY_TUPLE_BYTES_MAX;
}

/* ---- the ways in ---- */

bool mimic__pgcopy_may_have_faults(const mimic_pgcopy_plan *plan, const mimic_batch *batch)
{
    for (size_t i = 0; i < plan->column_count; i++)
        if (column_may_be_faulty(&plan->columns[i], &batch->columns[i], batch->row_count))
            return true;
    if (rows_may_be_long(plan, batch))
        return true;
    for (int64_t row = 0; plan->may_be_wide && row < batch->row_count; row++)
        if (row_is_wide(plan, batch, row))
            return true;
    return false;
}

static const char *text_fault(const mimic_pgcopy_column *plan, const mimic_column *column,
                              int64_t row)
{
    const text value = text_of_row(column, row);
    if (value.size > 0 && memchr(value.bytes, '\0', value.size) != NULL)
        return "a NUL byte, which a text of PostgreSQL cannot hold";
    if (mimic__utf8_check(value.bytes, value.size) != value.size)
        return "not UTF-8, which a text of PostgreSQL must be";
    if (plan->max_length >= 0 &&
        (int64_t)mimic__utf8_length(value.bytes, value.size) > plan->max_length)
        return "longer than the column's varchar";
    return NULL;
}

static const char *time_fault(const mimic_pgcopy_column *plan, int64_t value)
{
    if (plan->type == MIMIC_TYPE_TIME) {
        if (value < 0 || value > MIMIC_MICROSECONDS_PER_DAY)
            return "no time of a day";
    } else if (value < TIMESTAMP_MIN + MIMIC_PGCOPY_EPOCH) {
        return "before the first moment that PostgreSQL can hold";
    }
    return value % plan->step != 0 ? "finer than the column's type keeps" : NULL;
}

static const char *cell_fault(const mimic_pgcopy_column *plan, const mimic_column *column,
                              int64_t row)
{
    mimic_int128 decimal;
    int64_t days;
    switch (plan->type) {
    case MIMIC_TYPE_DATE:
        days = ((const int32_t *)column->values)[row] - MIMIC_PGCOPY_EPOCH_DAYS;
        return days < DATE_MIN || days >= DATE_END ? "a day that PostgreSQL cannot hold" : NULL;
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return time_fault(plan, ((const int64_t *)column->values)[row]);
    case MIMIC_TYPE_DECIMAL:
        memcpy(&decimal, (const char *)column->values + 16 * row, sizeof decimal);
        return mimic__pgcopy_fits_precision(decimal, plan->precision)
                   ? NULL
                   : "more digits than the column's numeric has";
    case MIMIC_TYPE_STRING:
    case MIMIC_TYPE_CATEGORICAL:
        return text_fault(plan, column, row);
    default:
        return NULL;
    }
}

/* False when the row is sound. */
static bool row_fault(const mimic_pgcopy_plan *plan, const mimic_batch *batch, int64_t row,
                      mimic_pgcopy_fault *out)
{
    *out = (mimic_pgcopy_fault){.row = row, .column = -1, .code = MIMIC_REJECT_SINK};
    for (size_t i = 0; i < plan->column_count; i++) {
        const mimic_column *column = &batch->columns[i];
        const bool is_present = mimic_column_is_valid(column, row) != 0;
        out->column = (ptrdiff_t)i;
        if (is_present) {
            out->message = cell_fault(&plan->columns[i], column, row);
        } else if (plan->columns[i].must_be_present) {
            out->code = MIMIC_REJECT_REQUIRED;
            out->message = "no value, where the table requires one";
        }
        if (out->message != NULL)
            return true;
    }
    out->column = -1;
    if (row_is_long(plan, batch, row))
        out->message = "the row is longer than the 1 GiB that PostgreSQL takes";
    else if (plan->may_be_wide && row_is_wide(plan, batch, row))
        out->message = "the row has more values than fit into a page of PostgreSQL";
    return out->message != NULL;
}

bool mimic__pgcopy_find_fault(const mimic_pgcopy_plan *plan, const mimic_batch *batch,
                              int64_t first, mimic_pgcopy_fault *out_fault)
{
    for (int64_t row = first; row < batch->row_count; row++)
        if (row_fault(plan, batch, row, out_fault))
            return true;
    return false;
}
