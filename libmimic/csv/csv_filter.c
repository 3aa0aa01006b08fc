/*
 * Row filters on integer and on text columns. Those on integers run on the field marks, 64 rows at a time by the kernel of
 * the column loops and the others one by one, before any column is coerced: a row that is left out
 * costs nothing more. A row whose value is no integer is what the column's policy makes of it, as it
 * would be without the filter. Filters on texts come behind them; every text can be judged.
 */
#include "csv/csv_reader_internal.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "coerce/coerce_strip.h"

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

/* The field that a filter is on; `is_text`: of which kind it has to be. */
static mimic_status find_field(const mimic_csv_reader *reader, const char *column, bool is_text,
                               const mimic_field **out_field, mimic_error *err)
{
    if (column == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a filter without a column");
    const int64_t found = mimic_table_find_field(reader->source_table, column);
    if (found < 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "filter on column \"%s\": table %s has none",
                           column, reader->source_table->name);
    *out_field = &reader->source_table->fields[found];
    const mimic_type type = (*out_field)->type;
    if (is_text ? type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL
                : type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                       "filter on column \"%s\": its type is %s; the filter takes %s columns",
                       column, mimic_type_name(type),
                       is_text ? "string and categorical" : "integer");
}

static mimic_status bind(mimic_csv_reader *reader, const mimic_csv_filter *wanted,
                         csv_filter *filter, mimic_error *err)
{
    MIMIC_TRY(find_field(reader, wanted->column, false, &filter->field, err));
    filter->file_field = find_in_header(reader, filter->field->name);
    if (!mimic__integer_set_make(&filter->values, &reader->arena, wanted->values,
                                 wanted->value_count))
        return mimic__fail_memory(err);
    filter->is_plain = is_plain(reader, filter);
    filter->has_lexis = mimic__number_has_lexis(filter->field);
    return MIMIC_OK;
}

static mimic_status bind_texts(mimic_csv_reader *reader, const mimic_text_filter *wanted,
                               csv_text_filter *filter, mimic_error *err)
{
    MIMIC_TRY(find_field(reader, wanted->column, true, &filter->field, err));
    filter->file_field = find_in_header(reader, filter->field->name);
    for (size_t i = 0; i < wanted->value_count; i++) {
        const char *const text = wanted->values[i];
        const size_t size = text == NULL ? 0 : strlen(text);
        if (text == NULL || mimic__utf8_check(text, size) != size)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "filter on column \"%s\": value %zu is %s",
                               wanted->column, i + 1, text == NULL ? "NULL" : "not UTF-8");
        if (size > filter->longest)
            filter->longest = size;
    }
    if (filter->longest > (SIZE_MAX - 2) / 2)
        return mimic__fail_memory(err);
    if (2 * filter->longest + 2 > reader->longest_field) /* every character doubled or escaped */
        reader->longest_field = 2 * filter->longest + 2;
    return mimic__text_set_make(&filter->values, reader->ctx, wanted->values, wanted->value_count)
               ? MIMIC_OK
               : mimic__fail_memory(err);
}

mimic_status mimic_csv__filters_bind(mimic_csv_reader *reader, mimic_error *err)
{
    const mimic_csv_options *const options = &reader->options;
    reader->numbers = mimic__strip_kernel_select(reader->ctx->cpu);
    reader->filters =
        mimic__arena_array(&reader->arena, options->filter_count, sizeof *reader->filters);
    reader->text_filters = mimic__arena_array(&reader->arena, options->text_filter_count,
                                              sizeof *reader->text_filters);
    if (reader->filters == NULL || reader->text_filters == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < options->filter_count; i++)
        MIMIC_TRY(bind(reader, &options->filters[i], &reader->filters[i], err));
    for (size_t i = 0; i < options->text_filter_count; i++)
        MIMIC_TRY(bind_texts(reader, &options->text_filters[i],
                             &reader->text_filters[reader->text_filter_count++], err));
    return MIMIC_OK;
}

void mimic_csv__filters_free(mimic_csv_reader *reader)
{
    for (size_t i = 0; i < reader->text_filter_count; i++)
        mimic__text_set_free(&reader->text_filters[i].values);
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

/* A field without quotes, escapes and units. */
typedef struct filter_cell {
    const char *text;
    size_t size;
    bool is_null;
    char room[64]; /* enough for nearly all integers */
} filter_cell;

/* The number of a field, as the column's own coercion sees it; false when memory ran out. */
static bool read_number(csv_slot *slot, const csv_filter *filter, const char *bytes, size_t size,
                        filter_cell *out)
{
    const csv_dialect *const dialect = &slot->index.dialect;
    char *room = out->room;
    bool is_quoted = false;
    if (size > sizeof out->room) {
        slot->filter_field.size = 0;
        if (!mimic__buffer_reserve(&slot->filter_field, size))
            return false;
        room = slot->filter_field.data;
    }
    out->text = mimic__field_text(bytes, size, dialect->quote, dialect->escape, room, &out->size,
                                  &is_quoted);
    out->is_null = is_missing(filter->field, out->text, out->size, is_quoted);
    return out->is_null || !filter->has_lexis ||
           mimic__number_plain(filter->field, &slot->filter_number, &out->text, &out->size);
}

static filter_verdict judge(csv_slot *slot, const csv_filter *filter, const uint32_t *marks,
                            mimic_reject_code *out_code, mimic_status *status)
{
    if (filter->file_field == SIZE_MAX)
        return FILTER_DROP;
    const size_t start = (uint32_t)(marks[filter->file_field] + 1);
    filter_cell number;
    int64_t value;
    if (!read_number(slot, filter, slot->block.bytes + start, marks[filter->file_field + 1] - start,
                     &number)) {
        *status = MIMIC_ERR_MEMORY;
        return FILTER_DROP;
    }
    if (number.is_null)
        return FILTER_DROP;
    *out_code = mimic_coerce_int64(number.text, number.size, &value);
    if (*out_code != 0) /* under the policy "null" it is NULL, which is never kept */
        return policy_of(slot->reader, filter->field) == MIMIC_ON_ERROR_NULL && !filter->field->is_required
                   ? FILTER_DROP
                   : FILTER_FAULT;
    return mimic__integer_set_has(&filter->values, value) ? FILTER_KEEP : FILTER_DROP;
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
                wanted |= (uint64_t)mimic__integer_set_has(&filter->values, strip.digits[k]) << k;
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
        const filter_verdict verdict = judge(slot, filter, marks, &code, status);
        if (*status != MIMIC_OK) {
            *status = mimic__fail_memory(err);
            return FILTER_DROP;
        }
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

/* Does the filter keep the row? No fault is possible: what a text must be like is looked at later. */
static bool keeps_text(const csv_slot *slot, const csv_text_filter *filter, const uint32_t *marks)
{
    if (filter->file_field == SIZE_MAX)
        return false;
    const size_t start = (uint32_t)(marks[filter->file_field] + 1);
    const size_t field_size = marks[filter->file_field + 1] - start;
    size_t size = 0;
    bool is_quoted = false;
    if (field_size > slot->reader->longest_field)
        return false;
    const char *const text =
        mimic__field_text(slot->block.bytes + start, field_size, slot->index.dialect.quote,
                          slot->index.dialect.escape, slot->filter_text, &size, &is_quoted);
    return mimic__text_set_has(&filter->values, text, size) &&
           !is_missing(filter->field, text, size, is_quoted);
}

/* Those of the rows `rows`, a bit a row, that all filters on texts keep. */
static uint64_t keep_texts(const csv_slot *slot, size_t first, uint64_t rows)
{
    const mimic_csv_reader *const reader = slot->reader;
    uint64_t kept = rows;
    for (size_t i = 0; i < reader->text_filter_count; i++)
        for (uint64_t left = kept; left != 0; left &= left - 1) {
            const size_t row = mimic__lowest_bit(left);
            const uint32_t *const marks = slot->index.marks + (first + row) * slot->index.stride;
            if (!keeps_text(slot, &reader->text_filters[i], marks))
                kept &= ~(UINT64_C(1) << row);
        }
    return kept;
}

static mimic_status reserve_text(csv_slot *slot, mimic_error *err)
{
    if (slot->filter_text != NULL || slot->reader->text_filter_count == 0)
        return MIMIC_OK;
    slot->filter_text = mimic__alloc(slot->reader->ctx, slot->reader->longest_field);
    return slot->filter_text == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic_csv__filters_apply(csv_slot *slot, mimic_error *err)
{
    slot->row_numbers = NULL;
    const size_t row_count = slot->index.row_count;
    const mimic_csv_options *const options = &slot->reader->options;
    if ((options->filter_count == 0 && options->text_filter_count == 0) || row_count == 0)
        return MIMIC_OK;
    MIMIC_TRY(reserve_numbers(slot, row_count, err));
    MIMIC_TRY(reserve_text(slot, err));
    const size_t stride = slot->index.stride;
    uint32_t *const marks = slot->index.marks;
    mimic_status status = MIMIC_OK;
    size_t kept = 0;
    for (size_t first = 0; first < row_count && status == MIMIC_OK; first += MIMIC_STRIP_ROWS) {
        const size_t left = row_count - first;
        const strip_verdict verdict =
            judge_strip(slot, first, left < MIMIC_STRIP_ROWS ? left : MIMIC_STRIP_ROWS);
        uint64_t rows = keep_texts(slot, first, verdict.kept) | verdict.unknown;
        for (; rows != 0 && status == MIMIC_OK; rows &= rows - 1) {
            const size_t row = first + mimic__lowest_bit(rows);
            if ((verdict.unknown >> (row - first) & 1) != 0 &&
                (judge_row(slot, row, err, &status) != FILTER_KEEP ||
                 keep_texts(slot, row, 1) == 0))
                continue;
            if (kept != row)
                memcpy(marks + kept * stride, marks + row * stride, stride * sizeof *marks);
            slot->row_numbers[kept++] = (uint32_t)row;
        }
    }
    slot->index.row_count = kept;
    return status;
}
