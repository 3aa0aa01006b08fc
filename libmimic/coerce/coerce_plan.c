/* The plan: one resolved column a field, the call that runs a column's loop, and the end of a
 * block. */
#include "coerce/coerce_plan.h"

#include <string.h>

#include "base/error.h"
#include "coerce/coerce_digits.h"

static mimic_status resolve_columns(mimic_coerce_plan *plan, const mimic_table *table,
                                    const mimic_coerce_options *options, mimic_error *err)
{
    for (size_t i = 0; i < table->field_count; i++) {
        mimic_plan_column *const column = &plan->columns[i];
        const mimic_field *const field = &table->fields[i];
        column->ctx = plan->ctx;
        column->field = field;
        plan->column_count = i + 1;
        mimic__builder_init(&column->builder, plan->ctx, field->type, field->precision,
                            field->scale);
        mimic__hashmap_init(&column->enum_texts, plan->ctx);
        mimic__buffer_init(&column->scratch, plan->ctx);
        mimic__buffer_init(&column->number, plan->ctx);
        MIMIC_TRY(mimic__column_resolve(column, field, options, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__coerce_plan_new(const mimic_context *ctx, const mimic_table *table,
                                    const mimic_coerce_options *options,
                                    mimic_coerce_plan **out_plan, mimic_error *err)
{
    static const mimic_coerce_options defaults = {0};
    *out_plan = NULL;
    mimic_coerce_plan *plan = mimic__alloc_zeroed(ctx, 1, sizeof *plan);
    if (plan == NULL)
        return mimic__fail_memory(err);
    plan->ctx = ctx;
    plan->columns = mimic__alloc_zeroed(ctx, table->field_count, sizeof *plan->columns);
    mimic_status status = plan->columns == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    if (status == MIMIC_OK)
        status = resolve_columns(plan, table, options == NULL ? &defaults : options, err);
    if (status != MIMIC_OK) {
        mimic__coerce_plan_free(plan);
        return status;
    }
    *out_plan = plan;
    return MIMIC_OK;
}

void mimic__coerce_plan_free(mimic_coerce_plan *plan)
{
    if (plan == NULL)
        return;
    for (size_t i = 0; i < plan->column_count; i++)
        mimic__column_release(&plan->columns[i]);
    mimic__free(plan->ctx, plan->columns);
    mimic__free(plan->ctx, plan);
}

mimic_on_error mimic__coerce_plan_on_error(const mimic_coerce_plan *plan, size_t column)
{
    return plan->columns[column].on_error;
}

/* A column that the file does not have. */
static void fill_with_nulls(mimic_coerce_job *job)
{
    mimic_column_builder *const builder = &job->column->builder;
    const size_t row_count = builder->row_count;
    const size_t width = mimic__type_width(builder->type);
    memset(builder->values, 0, row_count * width);
    if (builder->offsets != NULL)
        memset(builder->offsets, 0, (row_count + 1) * sizeof *builder->offsets);
    for (size_t row = 0; row < row_count && job->status == MIMIC_OK; row++)
        mimic__job_null(job, row);
}

/* Bytes of a column's cells as they stand in the block; their texts have no more. */
static size_t count_text_bytes(const mimic_field_index *index, size_t field)
{
    size_t bytes = 0;
    if (field == SIZE_MAX)
        return 0;
    const uint32_t *mark = index->marks + field;
    for (size_t row = 0; row < index->row_count; row++, mark += index->stride)
        /* Unsigned wrap-around is intended: the first mark may be one before byte 0. */
        bytes += mark[1] - mark[0] - 1;
    return bytes;
}

/* A quote that can begin a number or a time (an odd dialect) leaves all to the slow way. */
static bool is_plain_quote(char quote)
{
    return !mimic__is_digit(quote) && quote != '-' && quote != '.';
}

/* Texts of former blocks that are kept: those of a column that deserves the name. */
#define KEPT_TEXT_BYTES (64 * 1024)

bool mimic__column_begin_block(mimic_plan_column *column, size_t row_count, size_t text_bytes)
{
    const mimic_hashmap *const texts = &column->builder.texts;
    column->is_settled = false;
    if (texts->count > 0 && texts->offsets[texts->count] > KEPT_TEXT_BYTES &&
        column->field->enum_count == 0) {
        mimic__hashmap_clear(&column->builder.texts);
        mimic__recent_texts_clear(column);
        column->code_count = 0;
        column->codes_differ = false;
    }
    if (column->field->is_unique && row_count > column->unique_capacity) {
        mimic__free(column->ctx, column->unique_hashes);
        column->unique_capacity = 0;
        column->unique_hashes =
            mimic__alloc_array(column->ctx, row_count, sizeof *column->unique_hashes);
        if (column->unique_hashes == NULL)
            return false;
        column->unique_capacity = row_count;
    }
    if (column->field->is_unique && row_count > 0)
        memset(column->unique_hashes, 0, row_count * sizeof *column->unique_hashes);
    return mimic__builder_begin(&column->builder, row_count, text_bytes);
}

mimic_status mimic__coerce_column(mimic_coerce_plan *plan, size_t column,
                                  const mimic_field_index *index, size_t field,
                                  mimic_row_faults *faults, mimic_error *err)
{
    mimic_coerce_job job = {.column = &plan->columns[column],
                            .index = index,
                            .field = field,
                            .column_number = (uint32_t)column,
                            .faults = faults,
                            .status = MIMIC_OK,
                            .err = err};
    job.is_fast = job.column->is_fast && is_plain_quote(index->quote);
    job.takes_empty = job.column->empty_is_null && !job.column->field->is_required;
    mimic_column_builder *const builder = &job.column->builder;
    const mimic_type type = builder->type;
    const bool is_text = type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_BINARY;
    const size_t bytes = is_text ? count_text_bytes(index, field) : 0;
    if (bytes > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "a block of %zu bytes is too large for column \"%s\"; blocks must stay "
                           "under 2 GiB",
                           bytes, job.column->field->name);
    if (!mimic__column_begin_block(job.column, index->row_count, bytes))
        return mimic__fail_memory(err);
    if (field == SIZE_MAX)
        fill_with_nulls(&job);
    else if (index->row_count > 0)
        job.column->loop(&job);
    return job.status;
}

/* From the plan's codes to the table's. */
static void use_settled_codes(mimic_plan_column *column, mimic_column *view)
{
    int32_t *const codes = (int32_t *)(void *)column->builder.values;
    for (size_t row = 0; row < column->builder.row_count && column->codes_differ; row++)
        codes[row] = column->codes[codes[row]];
    view->dictionary = &column->dictionary;
}

mimic_status mimic__coerce_plan_finish(mimic_coerce_plan *plan, size_t row_count,
                                       const uint64_t *bad, mimic_column *out_columns,
                                       size_t *out_rows, mimic_error *err)
{
    size_t rows = row_count;
    for (size_t i = 0; i < plan->column_count; i++) {
        mimic_column_builder *const builder = &plan->columns[i].builder;
        if (builder->row_count != row_count)
            return mimic__fail(err, MIMIC_ERR_INTERNAL,
                               "column \"%s\" holds %zu rows, but the block has %zu",
                               plan->columns[i].field->name, builder->row_count, row_count);
        rows = mimic__builder_compact(builder, bad);
        out_columns[i] = mimic__builder_view(builder);
        if (plan->columns[i].is_settled)
            use_settled_codes(&plan->columns[i], &out_columns[i]);
    }
    if (plan->column_count == 0 && bad != NULL)
        for (size_t word = 0; word <= row_count / 64; word++)
            for (uint64_t bits = bad[word]; bits != 0; bits &= bits - 1)
                rows--;
    *out_rows = rows;
    return MIMIC_OK;
}

size_t mimic__coerce_plan_bytes(const mimic_coerce_plan *plan)
{
    size_t bytes = plan->column_count * sizeof *plan->columns;
    for (size_t i = 0; i < plan->column_count; i++) {
        const mimic_plan_column *const column = &plan->columns[i];
        bytes += column->builder.validity_capacity + column->builder.value_capacity +
                 column->builder.offset_capacity + column->scratch.capacity +
                 column->unique_capacity * sizeof *column->unique_hashes;
    }
    return bytes;
}
