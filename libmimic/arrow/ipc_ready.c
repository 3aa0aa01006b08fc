/*
 * See ipc_ready.h. A message is: 0xFFFFFFFF, the size of the metadata, the metadata padded so that the
 * body begins on a 64-byte boundary of the file, the body.
 */
#include "arrow/ipc_ready.h"

#include "base/error.h"

#define FILE_MAGIC "ARROW1"
#define PREFIX_BYTES 8
#define EQUAL_BYTES 64 /* from so many on it is worth a look */

/* Appends a message to `out`, which ends at a boundary then; the block's offset is where it stood. */
static mimic_status append_message(mimic_buffer *out, mimic_buffer *metadata,
                                   const mimic_buffer *body, mimic_ipc_block *block,
                                   mimic_error *err)
{
    while ((out->size + PREFIX_BYTES + metadata->size) % MIMIC_IPC_ALIGNMENT != 0 &&
           !metadata->failed)
        mimic__buffer_byte(metadata, 0);
    if (metadata->size > INT32_MAX - PREFIX_BYTES)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "Arrow metadata cannot pass 2 GiB");
    const size_t body_size = body == NULL ? 0 : body->size;
    if (metadata->failed || !mimic__buffer_reserve(out, PREFIX_BYTES + metadata->size + body_size))
        return mimic__fail_memory(err);
    *block = (mimic_ipc_block){(int64_t)out->size, (int32_t)(metadata->size + PREFIX_BYTES),
                               (int64_t)body_size};
    mimic__fb_put(out, UINT32_MAX, 4);
    mimic__fb_put(out, metadata->size, 4);
    mimic__buffer_append(out, metadata->data, metadata->size);
    if (body_size > 0)
        mimic__buffer_append(out, body->data, body_size);
    return MIMIC_OK;
}

/* ---- record batches ---- */

static bool is_equal(const unsigned char *bytes, size_t size)
{
    return size >= EQUAL_BYTES && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* Values of which all bytes are alike are not compressed, just said. */
static mimic_status add_values(mimic_ipc_body *body, const mimic_ipc_laid *column, mimic_error *err)
{
    const unsigned char *bytes = column->values;
    const size_t size = column->values_size;
    if (bytes == NULL || is_equal(bytes, size))
        return mimic__ipc_body_add_equal(body, bytes == NULL ? 0 : bytes[0], size, err);
    if (column->counts)
        return mimic__ipc_body_add_words(body, bytes, size / column->rows, column->rows, err);
    return mimic__ipc_body_add_buffer(body, bytes, size, false, err);
}

static mimic_status add_offsets(mimic_ipc_body *body, const mimic_ipc_laid *column,
                                mimic_error *err)
{
    const size_t width = column->offset_width;
    const size_t count = column->rows + 1;
    return is_equal(column->offsets, width * count)
               ? mimic__ipc_body_add_equal(body, 0, width * count, err)
               : mimic__ipc_body_add_words(body, column->offsets, width, count, err);
}

static mimic_status add_column(mimic_ipc_body *body, const mimic_ipc_laid *column, mimic_error *err)
{
    const size_t bitmap_size = (column->rows + 7) / 8;
    mimic__ipc_body_add_node(body, (int64_t)column->rows, (int64_t)column->null_count);
    if (column->null_count == 0) /* may leave its bitmap out (Message.fbs, FieldNode) */
        MIMIC_TRY(mimic__ipc_body_add_buffer(body, NULL, 0, false, err));
    else if (column->null_count == column->rows)
        MIMIC_TRY(mimic__ipc_body_add_equal(body, 0, bitmap_size, err));
    else
        MIMIC_TRY(mimic__ipc_body_add_buffer(body, column->validity, bitmap_size, false, err));
    if (column->offsets != NULL)
        MIMIC_TRY(add_offsets(body, column, err));
    return column->has_values ? add_values(body, column, err) : MIMIC_OK;
}

mimic_status mimic__ipc_ready_make(mimic_ipc_ready *ready, mimic_ipc_body *body,
                                   const mimic_ipc_laid_batch *batch, mimic_error *err)
{
    memset(ready, 0, sizeof *ready);
    mimic__buffer_init(&ready->bytes, body->bytes.ctx);
    mimic__ipc_body_clear(body);
    for (size_t i = 0; i < batch->column_count; i++)
        MIMIC_TRY(add_column(body, &batch->columns[i], err));
    const mimic_ipc_batch description = mimic__ipc_body_describe(body, (int64_t)batch->rows);
    mimic_buffer metadata;
    mimic__buffer_init(&metadata, body->bytes.ctx);
    mimic__ipc_batch_message(&metadata, &description);
    mimic_ipc_block block = {0, 0, 0};
    const mimic_status status =
        append_message(&ready->bytes, &metadata, &body->bytes, &block, err);
    mimic__buffer_free(&metadata);
    ready->metadata_length = block.metadata_length;
    ready->body_length = block.body_length;
    return status;
}

void mimic__ipc_ready_free(mimic_ipc_ready *ready)
{
    mimic__buffer_free(&ready->bytes);
}

void mimic__ipc_ready_block(const mimic_ipc_ready *ready, int64_t position, mimic_buffer *blocks)
{
    const mimic_ipc_block block = {position, ready->metadata_length, ready->body_length};
    mimic__buffer_append(blocks, &block, sizeof block);
}

/* ---- what files share ---- */

/* The texts of a dictionary as a column: offsets, then bytes. */
static mimic_status lay_texts(const mimic_ipc_shape_field *field, mimic_buffer *offsets,
                              mimic_buffer *bytes, mimic_error *err)
{
    for (size_t i = 0; i <= field->text_count; i++) {
        const int32_t end = (int32_t)bytes->size;
        mimic__buffer_append(offsets, &end, sizeof end);
        if (i < field->text_count)
            mimic__buffer_text(bytes, field->texts[i]);
        if (bytes->size > INT32_MAX)
            return mimic__fail(err, MIMIC_ERR_LIMIT, "the texts of column \"%s\" pass 2 GiB",
                               field->name);
    }
    return offsets->failed || bytes->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status add_dictionary(mimic_ipc_form *form, size_t index, mimic_ipc_body *body,
                                   mimic_buffer *metadata, mimic_error *err)
{
    const mimic_ipc_shape_field *field = &form->shape.fields[index];
    mimic_buffer offsets;
    mimic_buffer bytes;
    mimic__buffer_init(&offsets, form->start.ctx);
    mimic__buffer_init(&bytes, form->start.ctx);
    mimic_status status = lay_texts(field, &offsets, &bytes, err);
    const mimic_ipc_laid column = {.rows = field->text_count,
                                   .offsets = offsets.data,
                                   .offset_width = sizeof(int32_t),
                                   .values = bytes.data,
                                   .values_size = bytes.size,
                                   .has_values = true};
    mimic__ipc_body_clear(body);
    if (status == MIMIC_OK)
        status = add_column(body, &column, err);
    mimic__buffer_free(&offsets);
    mimic__buffer_free(&bytes);
    if (status != MIMIC_OK)
        return status;
    const mimic_ipc_batch batch = mimic__ipc_body_describe(body, (int64_t)field->text_count);
    mimic_ipc_block block;
    mimic__ipc_dictionary_message(metadata, (int64_t)index, &batch);
    MIMIC_TRY(append_message(&form->start, metadata, &body->bytes, &block, err));
    mimic__buffer_append(&form->dictionary_blocks, &block, sizeof block);
    return form->dictionary_blocks.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status make_start(mimic_ipc_form *form, mimic_ipc_body *body, mimic_buffer *metadata,
                               mimic_error *err)
{
    static const char magic[8] = FILE_MAGIC; /* padded with NULs */
    mimic_ipc_block block;
    mimic__buffer_append(&form->start, magic, sizeof magic);
    mimic__ipc_shape_message(metadata, &form->shape);
    MIMIC_TRY(append_message(&form->start, metadata, NULL, &block, err));
    for (size_t i = 0; i < form->shape.field_count; i++)
        if (form->shape.fields[i].texts != NULL)
            MIMIC_TRY(add_dictionary(form, i, body, metadata, err));
    return MIMIC_OK;
}

mimic_status mimic__ipc_form_init(mimic_ipc_form *form, const mimic_context *ctx,
                                  const mimic_ipc_shape *shape, bool is_compressed,
                                  mimic_error *err)
{
    *form = (mimic_ipc_form){.shape = *shape};
    mimic__buffer_init(&form->start, ctx);
    mimic__buffer_init(&form->dictionary_blocks, ctx);
    mimic_buffer metadata;
    mimic_ipc_body body;
    mimic__buffer_init(&metadata, ctx);
    mimic_status status =
        mimic__ipc_body_init(&body, ctx, 1, is_compressed, 1, err);
    if (status == MIMIC_OK)
        status = make_start(form, &body, &metadata, err);
    mimic__ipc_body_free(&body);
    mimic__buffer_free(&metadata);
    return status;
}

void mimic__ipc_form_free(mimic_ipc_form *form)
{
    mimic__buffer_free(&form->start);
    mimic__buffer_free(&form->dictionary_blocks);
}

mimic_status mimic__ipc_form_end(const mimic_ipc_form *form, const mimic_buffer *batch_blocks,
                                 mimic_buffer *out, mimic_error *err)
{
    mimic_buffer footer;
    mimic__buffer_init(&footer, out->ctx);
    mimic__ipc_shape_footer(&footer, &form->shape, &form->dictionary_blocks, batch_blocks);
    mimic__fb_put(out, UINT32_MAX, 8); /* the end of the messages */
    mimic__buffer_append(out, footer.data, footer.size);
    mimic__fb_put(out, footer.size, 4);
    mimic__buffer_text(out, FILE_MAGIC);
    const bool has_failed = footer.failed || out->failed;
    const size_t size = footer.size;
    mimic__buffer_free(&footer);
    if (has_failed)
        return mimic__fail_memory(err);
    return size <= INT32_MAX ? MIMIC_OK
                             : mimic__fail(err, MIMIC_ERR_LIMIT,
                                           "too many record batches for one Arrow file");
}
