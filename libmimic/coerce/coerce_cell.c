/*
 * One cell the slow and complete way: quotes, escapes, missing values, group characters, every
 * constraint, and the policy for what is faulty. The fast loops give the same answers for the plain
 * cells that they take themselves; everything else comes here.
 */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "coerce/coerce_digits.h"
#include "coerce/coerce_plan.h"

/* Copies text without its escapes: the character after one stands for itself. With doubled quotes
 * the quote is its own escape. */
static size_t unescape(const char *text, size_t size, char escape, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == escape && i + 1 < size)
            i++;
        out[written++] = text[i];
    }
    return written;
}

const char *mimic__field_text(const char *bytes, size_t size, char quote, char escape,
                              char *scratch, size_t *out_size, bool *out_quoted)
{
    *out_quoted = quote != '\0' && size > 0 && bytes[0] == quote;
    *out_size = size;
    if (!*out_quoted)
        return bytes;
    const char *const text = bytes + 1;
    const size_t text_size = size >= 2 && bytes[size - 1] == quote ? size - 2 : size - 1;
    const char introducer = escape != '\0' ? escape : quote;
    *out_size = text_size;
    if (memchr(text, introducer, text_size) == NULL)
        return text;
    *out_size = unescape(text, text_size, introducer, scratch);
    return scratch;
}

static bool fail_memory(mimic_coerce_job *job)
{
    if (job->status == MIMIC_OK)
        job->status = mimic__fail_memory(job->err);
    return false;
}

static bool is_missing(const mimic_field *field, const char *text, size_t size)
{
    for (size_t i = 0; i < field->missing_value_count; i++) {
        const mimic_text *const value = &field->missing_values[i];
        if (value->size == size && memcmp(value->data, text, size) == 0)
            return true;
    }
    return false;
}

static bool is_number_character(const mimic_field *field, char c)
{
    return mimic__is_digit(c) || c == field->decimal_char;
}

/* Cuts what stands before and after the number ("bareNumber": false); a sign belongs to it. */
static void trim_units(const mimic_field *field, const char **text, size_t *size)
{
    const char *const all = *text;
    size_t first = 0;
    size_t end = *size;
    while (first < end && !is_number_character(field, all[first]))
        first++;
    if (first == end)
        return; /* no number at all: NaN and INF stay as they are */
    while (!is_number_character(field, all[end - 1]))
        end--;
    if (first > 0 && (all[first - 1] == '-' || all[first - 1] == '+'))
        first--;
    *text = all + first;
    *size = end - first;
}

bool mimic__number_has_lexis(const mimic_field *field)
{
    const bool has_group = field->group_char != NULL && field->group_char[0] != '\0';
    const bool has_decimal_char = field->decimal_char != '.' && field->decimal_char != '\0';
    return has_group || has_decimal_char || !field->bare_number;
}

bool mimic__number_plain(const mimic_field *field, mimic_buffer *number, const char **text,
                         size_t *size)
{
    const size_t group_size = field->group_char == NULL ? 0 : strlen(field->group_char);
    if (!field->bare_number)
        trim_units(field, text, size);
    const char *const from = *text;
    number->size = 0;
    if (!mimic__buffer_reserve(number, *size + 1))
        return false;
    bool is_fraction = false;
    for (size_t i = 0; i < *size;) {
        const char c = from[i];
        const bool is_group = group_size > 0 && !is_fraction && i > 0 &&
                              mimic__is_digit(from[i - 1]) && *size - i > group_size &&
                              mimic__is_digit(from[i + group_size]) &&
                              memcmp(from + i, field->group_char, group_size) == 0;
        if (is_group) {
            i += group_size;
            continue;
        }
        is_fraction |= c == field->decimal_char;
        if (c == field->decimal_char)
            mimic__buffer_byte(number, '.');
        else /* a point that is no decimal character must not become one */
            mimic__buffer_byte(number, c == '.' ? '?' : c);
        i++;
    }
    *text = number->data;
    *size = number->size;
    return true;
}

bool mimic__job_cell(mimic_coerce_job *job, size_t row, mimic_cell_text *out)
{
    mimic_plan_column *const column = job->column;
    const mimic_field_index *const index = job->index;
    size_t raw_size;
    const char *const raw =
        mimic__field_start(index, index->marks + row * index->stride + job->field, &raw_size);
    bool is_quoted = index->quote != '\0' && raw_size > 0 && raw[0] == index->quote;
    if (is_quoted) {
        column->scratch.size = 0;
        if (!mimic__buffer_reserve(&column->scratch, raw_size))
            return fail_memory(job);
    }
    out->text = mimic__field_text(raw, raw_size, index->quote, index->escape, column->scratch.data,
                                  &out->size, &is_quoted);
    if (out->size == 0)
        out->is_null = is_quoted ? column->quoted_empty_is_null : column->empty_is_null;
    else
        out->is_null = column->has_missing_texts && is_missing(column->field, out->text, out->size);
    if (!out->is_null && column->has_number_lexis)
        return mimic__number_plain(column->field, &column->number, &out->text, &out->size) ||
               fail_memory(job);
    return true;
}

static bool add_fault(mimic_coerce_job *job, size_t row, mimic_reject_code code)
{
    if (!mimic__row_faults_add(job->faults, (uint32_t)row, job->column_number, code))
        return fail_memory(job);
    return true;
}

bool mimic__job_null(mimic_coerce_job *job, size_t row)
{
    mimic__builder_clear_valid(&job->column->builder, row);
    return !job->column->field->is_required || add_fault(job, row, MIMIC_REJECT_REQUIRED);
}

bool mimic__job_fault(mimic_coerce_job *job, size_t row, mimic_reject_code code)
{
    mimic__builder_clear_valid(&job->column->builder, row);
    if (job->column->on_error == MIMIC_ON_ERROR_NULL && !job->column->field->is_required) {
        const bool is_bad = (job->faults->bad[row >> 6] >> (row & 63) & 1) != 0;
        job->faults->nulled += !is_bad;
        if (job->column->field->is_unique) /* a text that failed behind the look at its uniqueness */
            memset(job->column->unique_hashes[row], 0, sizeof *job->column->unique_hashes);
        return true;
    }
    return add_fault(job, row, code);
}

void mimic__job_note_unique(mimic_coerce_job *job, const void *bytes, size_t size)
{
    if (job->column->field->is_unique)
        mimic__unique_hash(bytes, size, job->column->unique_hashes[job->row]);
}

bool mimic__job_value(mimic_coerce_job *job, size_t row, mimic_value *out)
{
    mimic_plan_column *const column = job->column;
    mimic_cell_text cell;
    if (!mimic__job_cell(job, row, &cell))
        return false;
    if (cell.is_null) {
        mimic__job_null(job, row);
        return false;
    }
    mimic_value value = {.decimal = {0, 0}};
    mimic_reject_code code = column->parse(column, cell.text, cell.size, &value);
    if (code == 0)
        code = mimic__value_check(column, &value);
    if (code == 0 && column->field->is_unique) {
        /* -0.0 and 0.0 are one value. */
        const mimic_value zero = {.decimal = {0, 0}};
        const bool is_zero = mimic__value_compare(column->field->type, &value, &zero) == 0;
        job->row = row;
        mimic__job_note_unique(job, is_zero ? &zero : &value, sizeof value);
    }
    if (code != 0) {
        mimic__job_fault(job, row, code);
        return false;
    }
    *out = value;
    return true;
}

static mimic_reject_code check_length(const mimic_field *field, const char *text, size_t size)
{
    const uint64_t length = mimic__utf8_length(text, size);
    if ((field->min_length >= 0 && length < (uint64_t)field->min_length) ||
        (field->max_length >= 0 && length > (uint64_t)field->max_length))
        return MIMIC_REJECT_LENGTH;
    return 0;
}

/* Bounds of a text (yearmonth) hold its order as bytes, which is that of time. */
static mimic_reject_code check_text_bounds(const mimic_field *field, const char *text, size_t size)
{
    const struct {
        const char *bound;
        int wrong;
        bool is_exclusive;
    } bounds[] = {{field->minimum, -1, false},
                  {field->maximum, 1, false},
                  {field->exclusive_minimum, -1, true},
                  {field->exclusive_maximum, 1, true}};
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if (bounds[i].bound == NULL)
            continue;
        const int order = memcmp(text, bounds[i].bound, size);
        if ((order < 0 ? -1 : order > 0) == bounds[i].wrong ||
            (order == 0 && bounds[i].is_exclusive))
            return MIMIC_REJECT_BOUND;
    }
    return 0;
}

mimic_reject_code mimic__job_check_text(mimic_coerce_job *job, const char *text, size_t size)
{
    mimic_plan_column *const column = job->column;
    mimic_reject_code code = check_length(column->field, text, size);
    if (code != 0 || !column->has_text_checks)
        return code;
    if (column->check_text != NULL)
        code = column->check_text(text, size);
    if (code == 0 && column->enum_texts.count > 0 &&
        mimic__hashmap_find(&column->enum_texts, text, size) == MIMIC_HASHMAP_NONE)
        code = MIMIC_REJECT_ENUM;
    if (code == 0)
        code = check_text_bounds(column->field, text, size);
    if (code == 0 && column->pattern != NULL &&
        !mimic__pattern_matches(column->pattern, text, size))
        code = MIMIC_REJECT_PATTERN;
    if (code == 0)
        mimic__job_note_unique(job, text, size);
    return code;
}
