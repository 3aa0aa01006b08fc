/*
 * Row filters on integer columns. They run on the field marks, 64 rows at a time by the kernel of
 * the column loops and the others one by one, before any column is coerced: a row that is left out
 * costs nothing more. A row whose value is no integer is what the column's policy makes of it, as it
 * would be without the filter.
 */
#include "csv/csv_reader_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "coerce/coerce_strip.h"

static int compare_values(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static size_t find_in_header(const mimic_csv_reader *reader, const char *name)
{
    for (size_t i = 0; i < reader->field_count; i++)
        if (mimic__name_equals(reader->header != NULL ? reader->header[i]
                                                      : reader->source_table->fields[i].name,
                               name))
            return i;
    return SIZE_MAX;
}

/* True when a short integer as it stands is the value: it is no missing value by another name. */
static bool is_plain(const mimic_csv_reader *reader, const csv_filter *filter)
{
    int64_t value;
    for (size_t i = 0; i < filter->field->missing_value_count; i++)
        if (mimic_coerce_int64(filter->field->missing_values[i].data,
                               filter->field->missing_values[i].size, &value) == 0)
            return false;
    const char quote = reader->dialect.quote;
    return filter->file_field != SIZE_MAX && !mimic__is_digit(quote) && quote != '-';
}

static mimic_status bind(mimic_csv_reader *reader, const mimic_csv_filter *wanted,
                         csv_filter *filter, mimic_error *err)
{
    const int64_t found = mimic_table_find_field(reader->source_table, wanted->column);
    if (found < 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "filter on column \"%s\": table %s has none",
                           wanted->column, reader->source_table->name);
    filter->field = &reader->source_table->fields[found];
    if (filter->field->type != MIMIC_TYPE_INT16 && filter->field->type != MIMIC_TYPE_INT32 &&
        filter->field->type != MIMIC_TYPE_INT64)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "filter on column \"%s\": its type is %s; filters take integer columns",
                           wanted->column, mimic_type_name(filter->field->type));
    filter->file_field = find_in_header(reader, filter->field->name);
    int64_t *values =
        mimic__arena_array(&reader->arena, wanted->value_count, sizeof *values);
    if (values == NULL)
        return mimic__fail_memory(err);
    if (wanted->value_count > 0) {
        memcpy(values, wanted->values, wanted->value_count * sizeof *values);
        qsort(values, wanted->value_count, sizeof *values, compare_values);
    }
    filter->values = values;
    filter->value_count = wanted->value_count;
    filter->is_plain = is_plain(reader, filter);
    return MIMIC_OK;
}

mimic_status mimic_csv__filters_bind(mimic_csv_reader *reader, mimic_error *err)
{
    const size_t count = reader->options.filter_count;
    reader->numbers = mimic__strip_kernel_select(reader->ctx->cpu);
    reader->filters = mimic__arena_array(&reader->arena, count, sizeof *reader->filters);
    if (reader->filters == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        MIMIC_TRY(bind(reader, &reader->options.filters[i], &reader->filters[i], err));
    return MIMIC_OK;
}

typedef enum filter_verdict { FILTER_KEEP, FILTER_DROP, FILTER_FAULT } filter_verdict;

static bool is_missing(const mimic_field *field, const char *text, size_t size, bool is_quoted)
{
    if (size == 0 && is_quoted)
        return field->quoted_empty_is_null;
    for (size_t i = 0; i < field->missing_value_count; i++)
        if (field->missing_values[i].size == size &&
            memcmp(field->missing_values[i].data, text, size) == 0)
            return true;
    return false;
}

static mimic_on_error policy_of(const mimic_csv_reader *reader, const mimic_field *field)
{
    return reader->options.on_error != MIMIC_ON_ERROR_DEFAULT ? reader->options.on_error
                                                              : field->on_error;
}

static filter_verdict judge(const csv_slot *slot, const csv_filter *filter,
                            const uint32_t *marks, mimic_reject_code *out_code)
{
    if (filter->file_field == SIZE_MAX)
        return FILTER_DROP;
    const size_t start = (uint32_t)(marks[filter->file_field] + 1);
    const size_t field_size = marks[filter->file_field + 1] - start;
    char number[64];
    size_t size = 0;
    bool is_quoted = false;
    const char *text = slot->block.bytes + start;
    /* An integer that needs more room than this fits no type. */
    if (field_size <= sizeof number)
        text = mimic__field_text(text, field_size, slot->index.dialect.quote,
                                 slot->index.dialect.escape, number, &size, &is_quoted);
    else
        size = field_size;
    if (is_missing(filter->field, text, size, is_quoted))
        return FILTER_DROP;
    int64_t value;
    *out_code = mimic_coerce_int64(text, size, &value);
    if (*out_code != 0) /* under the policy "null" it is NULL, which is never kept */
        return policy_of(slot->reader, filter->field) == MIMIC_ON_ERROR_NULL && !filter->field->is_required
                   ? FILTER_DROP
                   : FILTER_FAULT;
    return bsearch(&value, filter->values, filter->value_count, sizeof value, compare_values) !=
                   NULL
               ? FILTER_KEEP
               : FILTER_DROP;
}

static mimic_status reserve_numbers(csv_slot *slot, size_t rows, mimic_error *err)
{
    if (rows > slot->row_number_capacity) {
        mimic__free(slot->reader->ctx, slot->row_number_memory);
        slot->row_number_capacity = 0;
        slot->row_number_memory =
            mimic__alloc_array(slot->reader->ctx, rows, sizeof *slot->row_number_memory);
        if (slot->row_number_memory == NULL)
            return mimic__fail_memory(err);
        slot->row_number_capacity = rows;
    }
    slot->row_numbers = slot->row_number_memory;
    return MIMIC_OK;
}

static bool is_wanted(const csv_filter *filter, int64_t value)
{
    if (filter->value_count == 0 || value < filter->values[0] ||
        value > filter->values[filter->value_count - 1])
        return false;
    return filter->value_count == 1 || bsearch(&value, filter->values, filter->value_count,
                                               sizeof value, compare_values) != NULL;
}

/* Verdicts on up to 64 rows, a bit a row; rows in neither set are left out. */
typedef struct strip_verdict {
    uint64_t kept;
    uint64_t unknown; /* for judge() */
} strip_verdict;

/* All filters on the rows from `row` on, as far as short integers go. */
static strip_verdict judge_strip(const csv_slot *slot, size_t row, size_t row_count)
{
    const mimic_csv_reader *const reader = slot->reader;
    strip_verdict verdict = {UINT64_MAX >> (MIMIC_STRIP_ROWS - row_count), 0};
    mimic_number_strip strip;
    strip.bytes = slot->block.bytes;
    strip.stride = slot->index.stride;
    strip.row_count = row_count;
    strip.low = INT32_MIN;
    strip.high = INT32_MAX;
    for (size_t i = 0; i < reader->options.filter_count && verdict.kept != 0; i++) {
        const csv_filter *const filter = &reader->filters[i];
        uint64_t wanted = 0;
        strip.hard = UINT64_MAX;
        if (filter->is_plain) {
            strip.marks = slot->index.marks + row * strip.stride + filter->file_field;
            reader->numbers->integers(&strip);
            for (size_t k = 0; k < row_count; k++)
                wanted |= (uint64_t)is_wanted(filter, strip.digits[k]) << k;
        }
        verdict.unknown |= verdict.kept & strip.hard;
        verdict.kept &= wanted & ~strip.hard;
    }
    return verdict;
}

/* All filters on one row, the long way. */
static filter_verdict judge_row(csv_slot *slot, size_t row, mimic_error *err, mimic_status *status)
{
    const mimic_csv_reader *const reader = slot->reader;
    const uint32_t *const marks = slot->index.marks + row * slot->index.stride;
    for (size_t i = 0; i < reader->options.filter_count; i++) {
        const csv_filter *const filter = &reader->filters[i];
        mimic_reject_code code = 0;
        const filter_verdict verdict = judge(slot, filter, marks, &code);
        if (verdict == FILTER_FAULT) {
            csv_reject_entry entry = mimic_csv__row_entry(slot, marks, filter->file_field);
            entry.code = code;
            entry.policy = policy_of(reader, filter->field);
            entry.rows_before = row;
            *status = mimic_csv__reject_add(slot, entry, err);
        }
        if (verdict != FILTER_KEEP)
            return verdict;
    }
    return FILTER_KEEP;
}

mimic_status mimic_csv__filters_apply(csv_slot *slot, mimic_error *err)
{
    slot->row_numbers = NULL;
    const size_t row_count = slot->index.row_count;
    if (slot->reader->options.filter_count == 0 || row_count == 0)
        return MIMIC_OK;
    MIMIC_TRY(reserve_numbers(slot, row_count, err));
    const size_t stride = slot->index.stride;
    uint32_t *const marks = slot->index.marks;
    mimic_status status = MIMIC_OK;
    size_t kept = 0;
    for (size_t first = 0; first < row_count && status == MIMIC_OK; first += MIMIC_STRIP_ROWS) {
        const size_t left = row_count - first;
        const strip_verdict verdict =
            judge_strip(slot, first, left < MIMIC_STRIP_ROWS ? left : MIMIC_STRIP_ROWS);
        uint64_t rows = verdict.kept | verdict.unknown;
        for (; rows != 0 && status == MIMIC_OK; rows &= rows - 1) {
            const size_t row = first + mimic__lowest_bit(rows);
            if ((verdict.unknown >> (row - first) & 1) != 0 &&
                judge_row(slot, row, err, &status) != FILTER_KEEP)
                continue;
            if (kept != row)
                memcpy(marks + kept * stride, marks + row * stride, stride * sizeof *marks);
            slot->row_numbers[kept++] = (uint32_t)row;
        }
    }
    slot->index.row_count = kept;
    return status;
}
