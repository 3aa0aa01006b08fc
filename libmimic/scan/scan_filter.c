/*
 * Filters of a stream. A target that finds rows by itself gets them as a WHERE clause (or as filters of
 * the CSV reader); what it does not take is applied here, batch by batch, to columns that are read for
 * that and left out of what is handed out.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "batch/batch_take.h"
#include "scan/scan_internal.h"
#include "schema/schema_ddl.h"

/* A statement that is longer than this takes a server longer to read than it saves. */
#define SQL_VALUES_MAX 4096
#define SQL_BYTES_MAX ((size_t)64 << 10)
#define SQL_FILTERS_MAX 64 /* SQLite takes conditions to a depth of 1,000 */

/* ---- binding ---- */

static mimic_status find_field(scan_filter *filter, const mimic_table *table, const char *column,
                               mimic_error *err)
{
    if (column == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "a filter without a column");
    const int64_t found = mimic_table_find_field(table, column);
    if (found < 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND, "filter on column \"%s\": table %s has none",
                           column, table->name);
    filter->field = &table->fields[found];
    const mimic_type type = filter->field->type;
    const bool is_text = type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_CATEGORICAL;
    const bool is_integer =
        type == MIMIC_TYPE_INT16 || type == MIMIC_TYPE_INT32 || type == MIMIC_TYPE_INT64;
    if (filter->takes_texts ? is_text : is_integer)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                       "filter on column \"%s\": its type is %s; the filter takes %s columns", column,
                       mimic_type_name(type),
                       filter->takes_texts ? "string and categorical" : "integer");
}

static mimic_status bind_integers(scan_filter *filter, mimic_arena *arena, const scan_table *table,
                                  mimic_error *err)
{
    const mimic_csv_filter *const wanted = &filter->integers;
    MIMIC_TRY(find_field(filter, table->table, wanted->column, err));
    if (wanted->values == NULL && wanted->value_count > 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "filter on column \"%s\": values is NULL",
                           wanted->column);
    if (!mimic__integer_set_make(&filter->integer_set, arena, wanted->values, wanted->value_count))
        return mimic__fail_memory(err);
    return MIMIC_OK;
}

static mimic_status bind_texts(scan_filter *filter, const mimic_context *ctx,
                               const scan_table *table, mimic_error *err)
{
    const mimic_text_filter *const wanted = &filter->texts;
    MIMIC_TRY(find_field(filter, table->table, wanted->column, err));
    for (size_t i = 0; i < wanted->value_count; i++) {
        const char *const text = wanted->values == NULL ? NULL : wanted->values[i];
        if (text == NULL || mimic__utf8_check(text, strlen(text)) != strlen(text))
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "filter on column \"%s\": value %zu is %s", wanted->column, i + 1,
                               text == NULL ? "NULL" : "not UTF-8");
    }
    if (!mimic__text_set_make(&filter->text_set, ctx, wanted->values, wanted->value_count))
        return mimic__fail_memory(err);
    return MIMIC_OK;
}

mimic_status mimic__scan_filters_bind(scan_filters *filters, mimic_arena *arena,
                                      const scan_table *table, const mimic_scan_selection *selection,
                                      mimic_error *err)
{
    const size_t count = selection->filter_count + selection->text_filter_count;
    if ((selection->filters == NULL && selection->filter_count > 0) ||
        (selection->text_filters == NULL && selection->text_filter_count > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "filters or text_filters is NULL");
    filters->items = mimic__arena_array(arena, count + 1, sizeof *filters->items);
    if (filters->items == NULL)
        return mimic__fail_memory(err);
    while (filters->count < count) {
        const size_t index = filters->count;
        scan_filter *const filter = &filters->items[filters->count++];
        filter->number = index;
        filter->takes_texts = index >= selection->filter_count;
        if (filter->takes_texts) {
            filter->texts = selection->text_filters[index - selection->filter_count];
            MIMIC_TRY(bind_texts(filter, filters->ctx, table, err));
        } else {
            filter->integers = selection->filters[index];
            MIMIC_TRY(bind_integers(filter, arena, table, err));
        }
        filter->column = table->takes_filter != NULL && table->takes_filter(filter) ? SIZE_MAX : 0;
    }
    return MIMIC_OK;
}

void mimic__scan_filters_free(scan_filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        mimic__text_set_free(&filters->items[i].text_set);
        mimic__free(filters->ctx, filters->items[i].verdicts);
    }
    mimic__batch_part_free(filters->part);
    mimic__free(filters->ctx, filters->rows);
}

/* ---- as SQL ---- */

bool mimic__scan_filter_fits_sql(const scan_filter *filter)
{
    size_t bytes = 0;
    if (filter->number >= SQL_FILTERS_MAX)
        return false;
    if (!filter->takes_texts)
        return filter->integers.value_count <= SQL_VALUES_MAX;
    if (filter->texts.value_count > SQL_VALUES_MAX)
        return false;
    for (size_t i = 0; i < filter->texts.value_count; i++)
        bytes += strlen(filter->texts.values[i]);
    return bytes <= SQL_BYTES_MAX;
}

static void put_values(const mimic_ddl *ddl, const scan_filter *filter)
{
    char number[24];
    const size_t count =
        filter->takes_texts ? filter->texts.value_count : filter->integers.value_count;
    for (size_t i = 0; i < count; i++) {
        mimic__buffer_text(ddl->sql, i > 0 ? ", " : "");
        if (filter->takes_texts) {
            mimic__ddl_text(ddl, filter->texts.values[i]);
        } else {
            snprintf(number, sizeof number, "%lld", (long long)filter->integers.values[i]);
            mimic__buffer_text(ddl->sql, number);
        }
    }
}

/* Texts are compared byte for byte, whatever collation the column has. */
void mimic__scan_put_where(mimic_buffer *sql, mimic_sql_dialect dialect, const scan_request *request,
                           const char *const *names)
{
    const mimic_table *const table = request->table->table;
    const mimic_ddl ddl = {.sql = sql, .dialect = dialect};
    const bool is_postgres = dialect == MIMIC_SQL_POSTGRES;
    bool is_first = true;
    for (size_t i = 0; i < request->filter_count; i++) {
        const scan_filter *const filter = &request->filters[i];
        const size_t field = (size_t)(filter->field - table->fields);
        if (filter->column != SIZE_MAX)
            continue;
        mimic__buffer_text(sql, is_first ? " WHERE " : " AND ");
        is_first = false;
        if ((filter->takes_texts ? filter->texts.value_count : filter->integers.value_count) == 0) {
            mimic__buffer_text(sql, "1 = 0");
            continue;
        }
        mimic__sql_quote_identifier(sql, names == NULL ? table->fields[field].name : names[field]);
        if (filter->takes_texts)
            mimic__buffer_text(sql, is_postgres ? "::text COLLATE \"C\"" : " COLLATE BINARY");
        mimic__buffer_text(sql, " IN (");
        put_values(&ddl, filter);
        mimic__buffer_byte(sql, ')');
    }
}

/* ---- on batches ---- */

static int64_t integer_at(const mimic_column *column, uint32_t row)
{
    switch (column->type) {
    case MIMIC_TYPE_INT16:
        return ((const int16_t *)column->values)[row];
    case MIMIC_TYPE_INT32:
        return ((const int32_t *)column->values)[row];
    default:
        return ((const int64_t *)column->values)[row];
    }
}

/* Judges the texts that a dictionary got since the last batch. */
static bool judge_dictionary(scan_filters *filters, scan_filter *filter,
                             const mimic_dictionary *dictionary)
{
    while (filter->verdict_count < (size_t)dictionary->count) {
        const size_t i = filter->verdict_count;
        const int32_t *const range = dictionary->offsets + i;
        int8_t *const verdicts =
            mimic__array_grow(filters->ctx, filter->verdicts, filter->verdict_count,
                              &filter->verdict_capacity, sizeof *verdicts);
        if (verdicts == NULL)
            return false;
        filter->verdicts = verdicts;
        verdicts[filter->verdict_count++] = mimic__text_set_has(
            &filter->text_set, dictionary->bytes + range[0], (size_t)(range[1] - range[0]));
    }
    return true;
}

static bool is_kept(const scan_filter *filter, const mimic_column *column, uint32_t row)
{
    if (!mimic_column_is_valid(column, row))
        return false;
    if (!filter->takes_texts)
        return mimic__integer_set_has(&filter->integer_set, integer_at(column, row));
    if (column->type == MIMIC_TYPE_CATEGORICAL)
        return filter->verdicts[((const int32_t *)column->values)[row]] != 0;
    const int32_t *const range = column->offsets + row;
    return mimic__text_set_has(&filter->text_set, (const char *)column->values + range[0],
                               (size_t)(range[1] - range[0]));
}

/* Leaves in filters->rows those of its `count` rows that the filter keeps; their number. */
static size_t keep_rows(scan_filters *filters, const scan_filter *filter,
                        const mimic_column *column, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t row = filters->rows[i];
        filters->rows[kept] = row;
        kept += is_kept(filter, column, row);
    }
    return kept;
}

static bool reserve_rows(scan_filters *filters, size_t count)
{
    if (count > filters->row_capacity) {
        mimic__free(filters->ctx, filters->rows);
        filters->row_capacity = 0;
        filters->rows = mimic__alloc_array(filters->ctx, count, sizeof *filters->rows);
        if (filters->rows == NULL)
            return false;
        filters->row_capacity = count;
    }
    for (size_t i = 0; i < count; i++)
        filters->rows[i] = (uint32_t)i;
    return true;
}

static mimic_status choose_rows(scan_filters *filters, const mimic_batch *batch, size_t *out_kept,
                                mimic_error *err)
{
    size_t kept = (size_t)batch->row_count;
    if (!reserve_rows(filters, kept))
        return mimic__fail_memory(err);
    for (size_t i = 0; i < filters->count; i++) {
        scan_filter *const filter = &filters->items[i];
        if (filter->column == SIZE_MAX)
            continue;
        const mimic_column *const column = &batch->columns[filter->column];
        if (column->type == MIMIC_TYPE_CATEGORICAL &&
            !judge_dictionary(filters, filter, column->dictionary))
            return mimic__fail_memory(err);
        kept = keep_rows(filters, filter, column, kept);
    }
    *out_kept = kept;
    return MIMIC_OK;
}

mimic_status mimic__scan_filters_apply(scan_filters *filters, const mimic_batch *batch,
                                       size_t column_count, int64_t limit, mimic_batch *out_batch,
                                       mimic_error *err)
{
    size_t kept = (size_t)batch->row_count;
    bool has_own = false;
    for (size_t i = 0; i < filters->count; i++)
        has_own |= filters->items[i].column != SIZE_MAX;
    *out_batch = *batch;
    out_batch->column_count = column_count;
    if (!has_own && batch->row_count <= limit)
        return MIMIC_OK;
    MIMIC_TRY(choose_rows(filters, batch, &kept, err));
    if ((int64_t)kept > limit)
        kept = (size_t)limit;
    if ((int64_t)kept == batch->row_count)
        return MIMIC_OK;
    mimic__batch_part_free(filters->part);
    filters->part = NULL;
    MIMIC_TRY(mimic__batch_take(filters->ctx, out_batch, filters->rows, kept, &filters->part, err));
    *out_batch = filters->part->batch;
    return MIMIC_OK;
}
