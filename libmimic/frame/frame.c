/*
 * See <mimic/frame.h>: a frame's life, its questions, and the way of a batch into its columns. A
 * column is appended whole before the next one begins; after a failure the columns may differ in
 * length, which is why a frame that failed shows nothing any more.
 */
#include "frame/frame_column.h"

#include <string.h>

#include "arrow/arrow_type.h"
#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"

_Alignas(64) const int64_t mimic__frame_nothing[8];

static mimic_status check_options(const mimic_frame_options *options, mimic_error *err)
{
    if (options->form != MIMIC_FRAME_ARROW && options->form != MIMIC_FRAME_DENSE)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "form is %d, which is no form of a frame",
                           (int)options->form);
    if (options->nanoseconds != 0 && options->form == MIMIC_FRAME_ARROW)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "nanoseconds are for the DENSE form; the ARROW form has microseconds");
    if (options->expected_rows < 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "expected_rows is negative; 0 = not known");
    return MIMIC_OK;
}

/* No more than the bound allows, or the first columns would take the room of the others. */
static size_t clamp_expected(const mimic_frame *frame, int64_t rows)
{
    const uint64_t each = 24 * ((uint64_t)frame->table->field_count + 1); /* what a row may take */
    const uint64_t most = frame->memory.max_bytes / each;
    return (uint64_t)rows > most || (uint64_t)rows > SIZE_MAX / 64 ? 0 : (size_t)rows;
}

static void init_columns(mimic_frame *frame)
{
    for (size_t i = 0; i < frame->table->field_count; i++) {
        mimic_frame_data *const data = &frame->columns[i];
        data->field = &frame->table->fields[i];
        data->in_width = mimic__arrow_value_bits(data->field->type) / 8;
        data->out_width = data->in_width;
        mimic__hashmap_init(&data->categories, frame->memory.ctx);
        if (frame->form == MIMIC_FRAME_DENSE)
            mimic__frame_dense_init(frame, data);
    }
}

mimic_status mimic_frame_new(const mimic_context *ctx, const mimic_table *table,
                             const mimic_frame_options *options, mimic_frame **out_frame,
                             mimic_error *err)
{
    mimic_frame_options chosen = MIMIC_FRAME_OPTIONS_INIT;
    if (out_frame != NULL)
        *out_frame = NULL;
    if (ctx == NULL || table == NULL || out_frame == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "context, table or out_frame is NULL");
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_frame_options", err));
    MIMIC_TRY(check_options(&chosen, err));
    size_t size;
    mimic_frame *frame = NULL;
    if (!mimic__multiply_overflows(table->field_count, sizeof frame->columns[0], &size) &&
        !mimic__add_overflows(size, sizeof *frame, &size))
        frame = mimic__alloc_zeroed(ctx, 1, size);
    if (frame == NULL)
        return mimic__fail_memory(err);
    frame->memory.ctx = ctx;
    frame->memory.max_bytes = chosen.max_bytes == 0 ? UINT64_MAX : chosen.max_bytes;
    frame->form = chosen.form;
    frame->is_nanoseconds = chosen.nanoseconds != 0;
    mimic__arena_init(&frame->arena, ctx);
    frame->table = mimic__table_copy(&frame->arena, table);
    if (frame->table == NULL) {
        mimic_frame_free(frame);
        return mimic__fail_memory(err);
    }
    frame->expected_rows = clamp_expected(frame, chosen.expected_rows);
    init_columns(frame);
    *out_frame = frame;
    return MIMIC_OK;
}

void mimic__frame_data_free(mimic_frame_memory *memory, mimic_frame_data *data)
{
    mimic__frame_buffer_free(memory, &data->values);
    mimic__frame_buffer_free(memory, &data->mask);
    mimic__frame_buffer_free(memory, &data->offsets);
    mimic__frame_buffer_free(memory, &data->category_texts);
    mimic__frame_buffer_free(memory, &data->category_offsets);
    mimic__frame_text_table_free(memory, &data->texts);
    mimic__hashmap_free(&data->categories);
    mimic__free(memory->ctx, data->codes);
    memory->held -= data->category_bytes;
    data->codes = NULL;
    data->category_bytes = 0;
}

void mimic_frame_free(mimic_frame *frame)
{
    if (frame == NULL)
        return;
    const mimic_context *const ctx = frame->memory.ctx;
    for (size_t i = 0; frame->table != NULL && i < frame->table->field_count; i++)
        mimic__frame_data_free(&frame->memory, &frame->columns[i]);
    mimic__arena_free(&frame->arena);
    mimic__free(ctx, frame);
}

const mimic_table *mimic_frame_table(const mimic_frame *frame)
{
    return frame == NULL ? NULL : frame->table;
}

int64_t mimic_frame_row_count(const mimic_frame *frame)
{
    return frame == NULL ? 0 : (int64_t)frame->row_count;
}

uint64_t mimic_frame_bytes(const mimic_frame *frame)
{
    return frame == NULL ? 0 : frame->memory.held;
}

/* ---- appending ---- */

mimic_status mimic__frame_more(mimic_frame *frame, mimic_frame_buffer *buffer, size_t count,
                               size_t width, mimic_error *err)
{
    size_t size;
    MIMIC_TRY(mimic__frame_size(frame->row_count, count, width, &size, err));
    return mimic__frame_reserve(&frame->memory, buffer, size, (frame->expected_rows + 1) * width,
                                err);
}

static mimic_status check_batch(const mimic_frame *frame, const mimic_batch *batch,
                                mimic_error *err)
{
    const mimic_table *const table = frame->table;
    if (batch->column_count != table->field_count)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "the batch has %zu columns, the frame %zu; a frame takes batches of one "
                           "table",
                           batch->column_count, table->field_count);
    for (size_t i = 0; i < batch->column_count; i++)
        if (batch->columns[i].type != table->fields[i].type)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "column \"%s\" is of type %s in the batch and %s in the frame",
                               table->fields[i].name, mimic_type_name(batch->columns[i].type),
                               mimic_type_name(table->fields[i].type));
    return MIMIC_OK;
}

mimic_status mimic_frame_append(mimic_frame *frame, const mimic_batch *batch, mimic_error *err)
{
    if (frame == NULL || batch == NULL || batch->row_count < 0)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "frame or batch is NULL or not sound");
    if (frame->failure.code != MIMIC_OK)
        return mimic__fail_again(err, &frame->failure);
    MIMIC_TRY(check_batch(frame, batch, err));
    const size_t count = (size_t)batch->row_count;
    mimic_error failure = MIMIC_ERROR_INIT;
    mimic_status status = MIMIC_OK;
    for (size_t i = 0; i < batch->column_count && count > 0 && status == MIMIC_OK; i++) {
        mimic_frame_data *const data = &frame->columns[i];
        const mimic_column *const from = &batch->columns[i];
        status = frame->form == MIMIC_FRAME_ARROW
                     ? mimic__frame_append_arrow(frame, data, from, count, &failure)
                     : mimic__frame_append_dense(frame, data, from, count, &failure);
        if (mimic__frame_has_nulls(from))
            data->null_count += from->null_count;
    }
    if (status != MIMIC_OK) {
        frame->failure = failure;
        return mimic__fail_again(err, &frame->failure);
    }
    frame->row_count += count;
    return MIMIC_OK;
}

/* ---- looking ---- */

static const void *or_nothing(const mimic_frame_buffer *buffer)
{
    return buffer->data == NULL ? (const void *)mimic__frame_nothing : buffer->data;
}

static mimic_status show_texts(mimic_frame *frame, mimic_frame_data *data, mimic_frame_column *view,
                               mimic_error *err)
{
    const mimic_frame_text_table *const texts = &data->texts;
    if (data->field->type == MIMIC_TYPE_STRING && frame->form == MIMIC_FRAME_DENSE) {
        view->text_count = (int64_t)texts->count;
        view->texts = or_nothing(&texts->bytes);
        view->text_offsets = or_nothing(&texts->offsets);
    } else if (data->field->type == MIMIC_TYPE_CATEGORICAL) {
        MIMIC_TRY(mimic__frame_show_categories(frame, data, err));
        view->text_count = data->categories.count;
        view->texts = or_nothing(&data->category_texts);
        view->text_offsets = or_nothing(&data->category_offsets);
    } else {
        return MIMIC_OK;
    }
    view->texts_size = view->text_offsets[view->text_count];
    return MIMIC_OK;
}

mimic_status mimic_frame_get(mimic_frame *frame, size_t column, mimic_frame_column *out_column,
                             mimic_error *err)
{
    if (frame == NULL || out_column == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "frame or out_column is NULL");
    if (frame->failure.code != MIMIC_OK)
        return mimic__fail_again(err, &frame->failure);
    if (column >= frame->table->field_count)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "there is no column %zu: the frame has %zu",
                           column, frame->table->field_count);
    mimic_frame_data *const data = &frame->columns[column];
    const mimic_field *const field = data->field;
    const bool has_offsets = mimic__arrow_has_offsets(field->type);
    mimic_frame_column view = {.struct_size = (uint32_t)sizeof view,
                               .type = field->type,
                               .row_count = (int64_t)frame->row_count,
                               .null_count = data->null_count,
                               .precision = field->precision,
                               .scale = field->scale,
                               .values = or_nothing(&data->values)};
    if (frame->form == MIMIC_FRAME_ARROW) {
        view.validity = data->has_mask ? or_nothing(&data->mask) : NULL;
        view.offsets = has_offsets ? or_nothing(&data->offsets) : NULL;
    } else {
        if (data->can_miss && (data->has_mask || !field->is_required))
            view.missing = or_nothing(&data->mask);
        view.long_offsets =
            field->type == MIMIC_TYPE_BINARY ? or_nothing(&data->offsets) : NULL;
    }
    MIMIC_TRY(show_texts(frame, data, &view, err));
    if (MIMIC_VIEW_COPY(out_column, view) != MIMIC_OK)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "out_column has no struct_size; begin with MIMIC_FRAME_COLUMN_INIT");
    return MIMIC_OK;
}
