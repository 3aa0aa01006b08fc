/*
 * Row filters on the columns of a stream, as the CSV reader has them: a row is kept when all filters
 * hold, before any column is converted. A value that is no integer is what its column's policy makes
 * of it.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "import/import_reader.h"
#include "import/import_text.h"

typedef enum verdict { VERDICT_KEEP, VERDICT_DROP, VERDICT_FAULT } verdict;

static int compare_values(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ---- binding ---- */

static mimic_status find_field(const mimic_arrow_reader *reader, const char *name,
                               const mimic_field **out_field, mimic_error *err)
{
    const mimic_table *const table = reader->source_table;
    if (name == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a filter without a column");
    const int64_t found = mimic_table_find_field(table, name);
    if (found < 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "filter on column \"%s\": table %s has none",
                           name, table->name);
    *out_field = &table->fields[found];
    return MIMIC_OK;
}

static mimic_status bind_integers(mimic_arrow_reader *reader, const mimic_csv_filter *wanted,
                                  import_filter *filter, mimic_error *err)
{
    const mimic_field *field = NULL;
    MIMIC_TRY(find_field(reader, wanted->column, &field, err));
    if (field->type != MIMIC_TYPE_INT16 && field->type != MIMIC_TYPE_INT32 &&
        field->type != MIMIC_TYPE_INT64)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "filter on column \"%s\": its type is %s; filters take integer columns",
                           wanted->column, mimic_type_name(field->type));
    int64_t *const values =
        mimic__arena_array(&reader->arena, wanted->value_count + 1, sizeof *values);
    if (values == NULL)
        return mimic__fail_memory(err);
    if (wanted->value_count > 0) {
        memcpy(values, wanted->values, wanted->value_count * sizeof *values);
        qsort(values, wanted->value_count, sizeof *values, compare_values);
    }
    filter->values = values;
    filter->value_count = wanted->value_count;
    return mimic__import_bind_field(reader, &filter->column, field, err);
}

static mimic_status bind_texts(mimic_arrow_reader *reader, const mimic_text_filter *wanted,
                               import_filter *filter, mimic_error *err)
{
    const mimic_field *field = NULL;
    MIMIC_TRY(find_field(reader, wanted->column, &field, err));
    if (field->type != MIMIC_TYPE_STRING && field->type != MIMIC_TYPE_CATEGORICAL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "filter on column \"%s\": its type is %s; filters on texts take string "
                           "and categorical columns",
                           wanted->column, mimic_type_name(field->type));
    const char **const texts =
        mimic__arena_array(&reader->arena, wanted->value_count + 1, sizeof *texts);
    if (texts == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < wanted->value_count; i++) {
        const char *const text = wanted->values[i];
        if (text == NULL || mimic__utf8_check(text, strlen(text)) != strlen(text))
            return mimic__fail(err, MIMIC_ERR_ARGUMENT, "filter on column \"%s\": value %zu is %s",
                               wanted->column, i + 1, text == NULL ? "NULL" : "not UTF-8");
        texts[i] = mimic__arena_strdup(&reader->arena, text);
        if (texts[i] == NULL)
            return mimic__fail_memory(err);
    }
    if (wanted->value_count > 0)
        qsort(texts, wanted->value_count, sizeof *texts, compare_texts);
    filter->texts = texts;
    filter->value_count = wanted->value_count;
    return mimic__import_bind_field(reader, &filter->column, field, err);
}

mimic_status mimic__import_bind_filters(mimic_arrow_reader *reader, mimic_error *err)
{
    const import_setup *const setup = &reader->setup;
    const size_t count = setup->filter_count + setup->text_filter_count;
    reader->filters = mimic__arena_array(&reader->arena, count + 1, sizeof *reader->filters);
    if (reader->filters == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < setup->filter_count; i++)
        MIMIC_TRY(bind_integers(reader, &setup->filters[i], &reader->filters[i], err));
    for (size_t i = 0; i < setup->text_filter_count; i++)
        MIMIC_TRY(bind_texts(reader, &setup->text_filters[i],
                             &reader->filters[setup->filter_count + i], err));
    reader->filter_count = count;
    return MIMIC_OK;
}

/* ---- rows ---- */

/* The value as text, in reader->line, with a NUL behind it. */
static mimic_status load_text(mimic_arrow_reader *reader, const import_column *column,
                              const import_place *place, mimic_reject_code *out_code,
                              mimic_error *err)
{
    bool is_broken;
    reader->line.size = 0;
    *out_code = mimic__import_text(place, &reader->line, &is_broken);
    mimic__buffer_byte(&reader->line, '\0');
    if (reader->line.failed)
        return mimic__fail_memory(err);
    reader->line.size--;
    return is_broken ? mimic__import_fail_broken(reader, reader->types[column->child],
                                                 "a value that lies outside of it", err)
                     : MIMIC_OK;
}

static bool is_missing(const import_column *column, const char *text, size_t size)
{
    const mimic_field *const field = column->field;
    for (size_t i = 0; i < field->missing_value_count; i++)
        if (field->missing_values[i].size == size &&
            memcmp(field->missing_values[i].data, text, size) == 0)
            return true;
    return false;
}

static mimic_status judge_integer(mimic_arrow_reader *reader, const import_filter *filter,
                                  const import_place *place, verdict *out, mimic_reject_code *out_code,
                                  mimic_error *err)
{
    const import_kind kind = place->array->type->kind;
    int64_t value = 0;
    if (kind == IMPORT_TEXT || kind == IMPORT_DECIMAL) {
        MIMIC_TRY(load_text(reader, &filter->column, place, out_code, err));
        if (kind == IMPORT_TEXT && is_missing(&filter->column, reader->line.data, reader->line.size))
            return MIMIC_OK; /* dropped, like any NULL */
        if (kind == IMPORT_DECIMAL)
            mimic__import_cut_zeros(&reader->line);
        if (*out_code == 0)
            *out_code = mimic_coerce_int64(reader->line.data, reader->line.size, &value);
    } else {
        *out_code = mimic__import_whole(place, &value);
    }
    const mimic_on_error policy = reader->options.on_error != MIMIC_ON_ERROR_DEFAULT
                                      ? reader->options.on_error
                                      : filter->column.field->on_error;
    if (*out_code != 0 && (policy != MIMIC_ON_ERROR_NULL || filter->column.field->is_required))
        *out = VERDICT_FAULT;
    else if (*out_code == 0 && filter->value_count > 0 &&
             bsearch(&value, filter->values, filter->value_count, sizeof value, compare_values) !=
                 NULL)
        *out = VERDICT_KEEP;
    return MIMIC_OK;
}

static mimic_status judge_text(mimic_arrow_reader *reader, const import_filter *filter,
                               const import_place *place, verdict *out, mimic_error *err)
{
    mimic_reject_code code = 0;
    MIMIC_TRY(load_text(reader, &filter->column, place, &code, err));
    const char *const text = reader->line.data;
    if (code == 0 && strlen(text) == reader->line.size && filter->value_count > 0 &&
        bsearch(&text, filter->texts, filter->value_count, sizeof text, compare_texts) != NULL)
        *out = VERDICT_KEEP;
    return MIMIC_OK;
}

static mimic_status judge(mimic_arrow_reader *reader, const import_filter *filter, int64_t row,
                          verdict *out, mimic_reject_code *out_code, mimic_error *err)
{
    import_place place;
    const import_found found = mimic__import_value(reader, &filter->column, row, &place);
    *out = VERDICT_DROP;
    if (found == IMPORT_BROKEN)
        return mimic__import_fail_broken(reader, reader->types[filter->column.child],
                                         "a value that lies outside of it", err);
    if (found == IMPORT_NO_VALUE)
        return MIMIC_OK;
    return filter->texts != NULL ? judge_text(reader, filter, &place, out, err)
                                 : judge_integer(reader, filter, &place, out, out_code, err);
}

mimic_status mimic__import_filter_rows(mimic_arrow_reader *reader, mimic_error *err)
{
    import_block *const block = &reader->block;
    size_t kept = 0;
    for (size_t row = 0; row < block->count; row++) {
        verdict answer = VERDICT_KEEP;
        mimic_reject_code code = 0;
        size_t filter = 0;
        for (; filter < reader->filter_count && answer == VERDICT_KEEP; filter++)
            MIMIC_TRY(judge(reader, &reader->filters[filter], block->first + (int64_t)row, &answer,
                            &code, err));
        if (answer == VERDICT_DROP)
            continue;
        if (answer == VERDICT_FAULT &&
            !mimic__row_faults_add(&reader->faults, (uint32_t)kept,
                                   (uint32_t)(reader->table->field_count + filter - 1), code))
            return mimic__fail_memory(err);
        reader->row_memory[kept++] = (uint32_t)row;
    }
    block->rows = reader->row_memory;
    block->row_count = kept;
    return MIMIC_OK;
}
