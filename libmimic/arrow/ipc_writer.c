/*
 * See ipc_writer.h. Every message is written as: 0xFFFFFFFF, the size of the metadata, the metadata
 * padded so that the body begins on a 64-byte boundary of the file, the body. Memory: what is
 * gathered (MIMIC_IPC_BATCH_BYTES, or one row), the body made of it, and the dictionaries.
 */
#include "arrow/ipc_writer.h"

#include "arrow/arrow_type.h"
#include "arrow/ipc_body.h"
#include "arrow/ipc_column.h"
#include "base/error.h"

#define FILE_MAGIC "ARROW1"
#define PREFIX_BYTES 8

struct mimic_ipc_writer {
    const mimic_context *ctx;
    const mimic_table *table;
    mimic_ipc_options options;
    mimic_ipc_write_fn write;
    void *write_ctx;
    int64_t position; /* bytes written */
    mimic_ipc_column *columns;
    int64_t *sent_texts; /* a column: size of the dictionary in the stream, -1 = not sent */
    size_t rows;         /* gathered */
    uint64_t bits;       /* what they take */
    mimic_buffer metadata;
    mimic_ipc_body body;
    mimic_buffer batch_blocks;      /* mimic_ipc_block each */
    mimic_buffer dictionary_blocks; /* mimic_ipc_block each */
};

static mimic_status write_bytes(mimic_ipc_writer *writer, const void *bytes, size_t size,
                                mimic_error *err)
{
    MIMIC_TRY(writer->write(writer->write_ctx, bytes, size, err));
    writer->position += (int64_t)size;
    return MIMIC_OK;
}

/* Pads writer->metadata so that what follows it behind the prefix is aligned. */
static void pad_metadata(mimic_ipc_writer *writer)
{
    const uint64_t start = (uint64_t)writer->position + PREFIX_BYTES;
    while ((start + writer->metadata.size) % MIMIC_IPC_ALIGNMENT != 0 && !writer->metadata.failed)
        mimic__buffer_byte(&writer->metadata, 0);
}

/* Writes writer->metadata as a message with writer->body behind it. `blocks` may be NULL. */
static mimic_status write_message(mimic_ipc_writer *writer, mimic_buffer *blocks, mimic_error *err)
{
    pad_metadata(writer);
    if (writer->metadata.failed)
        return mimic__fail_memory(err);
    if (writer->metadata.size > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "table \"%s\": its names and descriptions pass 2 GiB, more than Arrow "
                           "metadata can hold",
                           writer->table->name);
    const mimic_ipc_block block = {writer->position,
                                   (int32_t)(writer->metadata.size + PREFIX_BYTES),
                                   (int64_t)writer->body.bytes.size};
    const uint32_t size = (uint32_t)writer->metadata.size;
    const unsigned char prefix[PREFIX_BYTES] = {0xff,
                                                0xff,
                                                0xff,
                                                0xff,
                                                (unsigned char)size,
                                                (unsigned char)(size >> 8),
                                                (unsigned char)(size >> 16),
                                                (unsigned char)(size >> 24)};
    MIMIC_TRY(write_bytes(writer, prefix, sizeof prefix, err));
    MIMIC_TRY(write_bytes(writer, writer->metadata.data, writer->metadata.size, err));
    if (writer->body.bytes.size > 0)
        MIMIC_TRY(write_bytes(writer, writer->body.bytes.data, writer->body.bytes.size, err));
    if (blocks != NULL)
        mimic__buffer_append(blocks, &block, sizeof block);
    return blocks != NULL && blocks->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status write_dictionary(mimic_ipc_writer *writer, size_t index, mimic_error *err)
{
    static const int32_t no_offsets[1] = {0};
    const mimic_hashmap *texts = &writer->columns[index].texts;
    const int32_t *offsets = texts->count == 0 ? no_offsets : texts->offsets;
    mimic_ipc_body *body = &writer->body;
    mimic__ipc_body_clear(body);
    mimic__ipc_body_add_node(body, texts->count, 0);
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, NULL, 0, err));
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, offsets, (texts->count + (size_t)1) * 4, err));
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, texts->bytes, (size_t)offsets[texts->count], err));
    const mimic_ipc_batch batch = mimic__ipc_body_describe(body, texts->count);
    mimic__ipc_dictionary_message(&writer->metadata, (int64_t)index, &batch);
    MIMIC_TRY(write_message(writer, &writer->dictionary_blocks, err));
    writer->sent_texts[index] = texts->count;
    return MIMIC_OK;
}

/* Writes the dictionaries that have grown since they were written. */
static mimic_status write_dictionaries(mimic_ipc_writer *writer, mimic_error *err)
{
    for (size_t i = 0; i < writer->table->field_count; i++)
        if (writer->columns[i].type == MIMIC_TYPE_CATEGORICAL &&
            writer->sent_texts[i] != writer->columns[i].texts.count)
            MIMIC_TRY(write_dictionary(writer, i, err));
    return MIMIC_OK;
}

static mimic_status add_column(mimic_ipc_body *body, const mimic_ipc_column *column,
                               mimic_error *err)
{
    mimic__ipc_body_add_node(body, (int64_t)column->rows, column->null_count);
    /* A column without NULLs may leave its bitmap out (Message.fbs, FieldNode). */
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, column->validity.data,
                                         column->null_count == 0 ? 0 : column->validity.size, err));
    if (column->value_bits == 0)
        MIMIC_TRY(
            mimic__ipc_body_add_buffer(body, column->offsets.data, column->offsets.size, err));
    return mimic__ipc_body_add_buffer(body, column->values.data, column->values.size, err);
}

/* Writes what is gathered as one record batch and begins anew. */
static mimic_status flush(mimic_ipc_writer *writer, mimic_error *err)
{
    if (writer->options.is_stream)
        MIMIC_TRY(write_dictionaries(writer, err));
    mimic__ipc_body_clear(&writer->body);
    for (size_t i = 0; i < writer->table->field_count; i++) {
        MIMIC_TRY(add_column(&writer->body, &writer->columns[i], err));
        mimic__ipc_column_clear(&writer->columns[i]);
    }
    const mimic_ipc_batch batch = mimic__ipc_body_describe(&writer->body, (int64_t)writer->rows);
    mimic__ipc_batch_message(&writer->metadata, &batch);
    writer->rows = 0;
    writer->bits = 0;
    return write_message(writer, &writer->batch_blocks, err);
}

/* Bits that the rows [first, first + count) take when gathered, one validity bit a value included.
 */
static uint64_t bits_of(const mimic_ipc_writer *writer, const mimic_batch *batch, size_t first,
                        size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        const size_t value_bits = writer->columns[i].value_bits;
        bits += (uint64_t)count * (1 + (value_bits == 0 ? 32 : value_bits));
        if (value_bits == 0) {
            const int32_t *offsets = batch->columns[i].offsets;
            bits += 8 * (uint64_t)(offsets[first + count] - offsets[first]);
        }
    }
    return bits;
}

/* How many of the next rows may join those gathered: a question of these rows only. */
static size_t rows_that_fit(const mimic_ipc_writer *writer, const mimic_batch *batch, size_t first,
                            size_t count)
{
    const uint64_t limit = (uint64_t)MIMIC_IPC_BATCH_BYTES * 8;
    size_t most = MIMIC_IPC_BATCH_ROWS - writer->rows;
    if (most > count)
        most = count;
    if (writer->bits + bits_of(writer, batch, first, most) <= limit)
        return most;
    size_t fits = 0; /* fits rows fit, most rows do not */
    while (most - fits > 1) {
        const size_t middle = fits + (most - fits) / 2;
        if (writer->bits + bits_of(writer, batch, first, middle) <= limit)
            fits = middle;
        else
            most = middle;
    }
    return fits == 0 && writer->rows == 0 ? 1 : fits;
}

static mimic_status gather(mimic_ipc_writer *writer, const mimic_batch *batch, size_t first,
                           size_t count, mimic_error *err)
{
    for (size_t i = 0; i < batch->column_count; i++)
        MIMIC_TRY(
            mimic__ipc_column_append(&writer->columns[i], &batch->columns[i], first, count, err));
    writer->bits += bits_of(writer, batch, first, count);
    writer->rows += count;
    return MIMIC_OK;
}

static mimic_status check_batch(const mimic_ipc_writer *writer, const mimic_batch *batch,
                                mimic_error *err)
{
    if (batch->column_count != writer->table->field_count)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "table \"%s\" has %zu fields, the batch has %zu columns",
                           writer->table->name, writer->table->field_count, batch->column_count);
    for (size_t i = 0; i < batch->column_count; i++)
        if (batch->columns[i].type != writer->columns[i].type)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "field \"%s\" of table \"%s\" has type %d, the column has type %d",
                               writer->table->fields[i].name, writer->table->name,
                               (int)writer->columns[i].type, (int)batch->columns[i].type);
    return MIMIC_OK;
}

mimic_status mimic__ipc_writer_append(mimic_ipc_writer *writer, const mimic_batch *batch,
                                      int64_t first, int64_t count, mimic_error *err)
{
    MIMIC_TRY(check_batch(writer, batch, err));
    for (size_t i = 0; i < batch->column_count; i++)
        if (!mimic__ipc_column_begin_batch(&writer->columns[i], &batch->columns[i]))
            return mimic__fail_memory(err);
    size_t next = (size_t)first;
    const size_t end = next + (size_t)count;
    while (next < end) {
        const size_t fits = rows_that_fit(writer, batch, next, end - next);
        MIMIC_TRY(gather(writer, batch, next, fits, err));
        next += fits;
        if (fits == 0 || writer->rows == MIMIC_IPC_BATCH_ROWS)
            MIMIC_TRY(flush(writer, err));
    }
    return MIMIC_OK;
}

static mimic_status write_footer(mimic_ipc_writer *writer, mimic_error *err)
{
    mimic__ipc_footer(&writer->metadata, writer->table,
                      (const mimic_ipc_block *)(void *)writer->dictionary_blocks.data,
                      writer->dictionary_blocks.size / sizeof(mimic_ipc_block),
                      (const mimic_ipc_block *)(void *)writer->batch_blocks.data,
                      writer->batch_blocks.size / sizeof(mimic_ipc_block));
    const size_t size = writer->metadata.size;
    mimic__fb_put(&writer->metadata, size, 4);
    mimic__buffer_text(&writer->metadata, FILE_MAGIC);
    if (writer->metadata.failed)
        return mimic__fail_memory(err);
    if (size > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "table \"%s\" has too many record batches for one Arrow file",
                           writer->table->name);
    return write_bytes(writer, writer->metadata.data, writer->metadata.size, err);
}

mimic_status mimic__ipc_writer_finish(mimic_ipc_writer *writer, mimic_error *err)
{
    static const unsigned char end_of_stream[] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    if (writer->rows > 0)
        MIMIC_TRY(flush(writer, err));
    MIMIC_TRY(write_dictionaries(writer, err));
    MIMIC_TRY(write_bytes(writer, end_of_stream, sizeof end_of_stream, err));
    return writer->options.is_stream ? MIMIC_OK : write_footer(writer, err);
}

static mimic_status write_start(mimic_ipc_writer *writer, mimic_error *err)
{
    static const char magic[8] = FILE_MAGIC; /* padded with NULs */
    if (!writer->options.is_stream)
        MIMIC_TRY(write_bytes(writer, magic, sizeof magic, err));
    mimic__ipc_schema_message(&writer->metadata, writer->table);
    return write_message(writer, NULL, err);
}

static mimic_status open_inner(mimic_ipc_writer *writer, mimic_error *err)
{
    const mimic_context *ctx = writer->ctx;
    const mimic_table *table = writer->table;
    const int level = writer->options.level == 0 ? MIMIC_IPC_DEFAULT_LEVEL : writer->options.level;
    MIMIC_TRY(mimic__ipc_body_init(&writer->body, ctx, table->field_count,
                                   writer->options.is_compressed, level, err));
    writer->sent_texts = mimic__alloc_array(ctx, table->field_count, sizeof *writer->sent_texts);
    if (writer->sent_texts == NULL)
        return mimic__fail_memory(err);
    writer->columns = mimic__alloc_array(ctx, table->field_count, sizeof *writer->columns);
    if (writer->columns == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__ipc_column_init(&writer->columns[i], ctx, table->fields[i].type);
        writer->sent_texts[i] = -1;
    }
    return write_start(writer, err);
}

mimic_status mimic__ipc_writer_open(const mimic_context *ctx, const mimic_table *table,
                                    const mimic_ipc_options *options, mimic_ipc_write_fn write,
                                    void *write_ctx, mimic_ipc_writer **out_writer,
                                    mimic_error *err)
{
    mimic_ipc_writer *writer = mimic__alloc_zeroed(ctx, 1, sizeof *writer);
    *out_writer = NULL;
    if (writer == NULL)
        return mimic__fail_memory(err);
    writer->ctx = ctx;
    writer->table = table;
    writer->options = *options;
    writer->write = write;
    writer->write_ctx = write_ctx;
    mimic__buffer_init(&writer->metadata, ctx);
    mimic__buffer_init(&writer->batch_blocks, ctx);
    mimic__buffer_init(&writer->dictionary_blocks, ctx);
    const mimic_status status = open_inner(writer, err);
    if (status != MIMIC_OK)
        mimic__ipc_writer_free(writer);
    else
        *out_writer = writer;
    return status;
}

void mimic__ipc_writer_free(mimic_ipc_writer *writer)
{
    if (writer == NULL)
        return;
    for (size_t i = 0; writer->columns != NULL && i < writer->table->field_count; i++)
        mimic__ipc_column_free(&writer->columns[i]);
    mimic__free(writer->ctx, writer->columns);
    mimic__free(writer->ctx, writer->sent_texts);
    mimic__ipc_body_free(&writer->body);
    mimic__buffer_free(&writer->metadata);
    mimic__buffer_free(&writer->batch_blocks);
    mimic__buffer_free(&writer->dictionary_blocks);
    mimic__free(writer->ctx, writer);
}
