/* See ipc_gathered.h. */
#include "arrow/ipc_gathered.h"

#include "base/error.h"

static mimic_status add_column(mimic_ipc_body *body, const mimic_ipc_column *column,
                               mimic_error *err)
{
    /* A column without NULLs may leave its bitmap out (Message.fbs, FieldNode). */
    const size_t validity_size = column->null_count == 0 ? 0 : column->validity.size;
    const mimic_buffer *offsets = &column->offsets;
    const mimic_buffer *values = &column->values;
    mimic__ipc_body_add_node(body, (int64_t)column->rows, column->null_count);
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, column->validity.data, validity_size, false, err));
    if (offsets->size > 0)
        MIMIC_TRY(mimic__ipc_body_add_buffer(body, offsets->data, offsets->size, false, err));
    return mimic__ipc_body_add_buffer(body, values->data, values->size, column->is_decimal, err);
}

static void make_body(mimic_task *task)
{
    mimic_ipc_gathered *batch = (mimic_ipc_gathered *)task;
    batch->status = MIMIC_OK;
    for (size_t i = 0; i < batch->column_count && batch->status == MIMIC_OK; i++)
        batch->status = add_column(&batch->body, &batch->columns[i], &batch->error);
}

mimic_status mimic__ipc_gathered_init(mimic_ipc_gathered *batch, const mimic_context *ctx,
                                      size_t column_count, bool is_compressed, int level,
                                      mimic_error *err)
{
    *batch = (mimic_ipc_gathered){.task.run = make_body};
    MIMIC_TRY(mimic__ipc_body_init(&batch->body, ctx, column_count, is_compressed, level, err));
    batch->text_counts = mimic__alloc_array(ctx, column_count, sizeof *batch->text_counts);
    batch->columns = mimic__alloc_array(ctx, column_count, sizeof *batch->columns);
    if (batch->columns == NULL || batch->text_counts == NULL)
        return mimic__fail_memory(err);
    batch->column_count = column_count;
    for (size_t i = 0; i < column_count; i++)
        mimic__ipc_column_init(&batch->columns[i], ctx);
    return MIMIC_OK;
}

void mimic__ipc_gathered_free(mimic_ipc_gathered *batch)
{
    const mimic_context *ctx = batch->body.bytes.ctx;
    if (ctx == NULL) /* never used */
        return;
    for (size_t i = 0; i < batch->column_count; i++)
        mimic__ipc_column_free(&batch->columns[i]);
    mimic__free(ctx, batch->columns);
    mimic__free(ctx, batch->text_counts);
    mimic__ipc_body_free(&batch->body);
}

void mimic__ipc_gathered_clear(mimic_ipc_gathered *batch)
{
    for (size_t i = 0; i < batch->column_count; i++)
        mimic__ipc_column_clear(&batch->columns[i]);
    mimic__ipc_body_clear(&batch->body);
    batch->rows = 0;
    batch->bits = 0;
}

bool mimic__ipc_gathered_close(mimic_ipc_gathered *batch, const mimic_ipc_field *fields)
{
    size_t size = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        const mimic_ipc_column *column = &batch->columns[i];
        size += column->validity.size + column->offsets.size + column->values.size;
        batch->columns[i].is_decimal = fields[i].type == MIMIC_TYPE_DECIMAL;
        batch->text_counts[i] = fields[i].texts.count;
    }
    return mimic__ipc_body_reserve(&batch->body, size);
}
