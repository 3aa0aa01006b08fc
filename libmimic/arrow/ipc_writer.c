/*
 * See ipc_writer.h. Every message is written as: 0xFFFFFFFF, the size of the metadata, the metadata
 * padded so that the body begins on a 64-byte boundary of the file, the body.
 *
 * Memory: a record batch is gathered (MIMIC_IPC_BATCH_BYTES, or one row) and made a body of no more
 * than that. With a pool, others wait for their bodies or to be written: at most MAX_BATCHES - 1,
 * and no further one is begun while they hold MAX_WAITING_BYTES. Dictionaries come on top.
 */
#include "arrow/ipc_writer.h"

#include "arrow/arrow_type.h"
#include "arrow/ipc_gathered.h"
#include "arrow/ipc_rewrite.h"
#include "base/error.h"

#define FILE_MAGIC "ARROW1"
#define PREFIX_BYTES 8
#define MAX_BATCHES 3
#define MAX_WAITING_BYTES (10 << 20)

struct mimic_ipc_writer {
    const mimic_context *ctx;
    const mimic_table *table;
    mimic_ipc_options options;
    mimic_ipc_write_fn write;
    void *write_ctx;
    int64_t position; /* bytes written */
    bool has_start;   /* the schema is written */
    mimic_ipc_field *fields;
    int64_t *sent_texts; /* a field: size of the dictionary in the stream, -1 = not sent */
    mimic_ipc_gathered batches[MAX_BATCHES];  /* initialised when they are needed */
    mimic_ipc_gathered *current;              /* the one that is being gathered, or NULL */
    mimic_ipc_gathered *waiting[MAX_BATCHES]; /* submitted, not written; the oldest first */
    size_t waiting_count;
    mimic_buffer metadata;
    mimic_ipc_body texts;           /* of the dictionary that is being written */
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

/* Writes writer->metadata as a message with `body` behind it. Body and blocks may be NULL. */
static mimic_status write_message(mimic_ipc_writer *writer, const mimic_ipc_body *body,
                                  mimic_buffer *blocks, mimic_error *err)
{
    const size_t body_size = body == NULL ? 0 : body->bytes.size;
    pad_metadata(writer);
    if (writer->metadata.failed)
        return mimic__fail_memory(err);
    if (writer->metadata.size > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "table \"%s\": its names and descriptions pass 2 GiB, more than Arrow "
                           "metadata can hold",
                           writer->table->name);
    const mimic_ipc_block block = {
        writer->position, (int32_t)(writer->metadata.size + PREFIX_BYTES), (int64_t)body_size};
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
    if (body_size > 0)
        MIMIC_TRY(write_bytes(writer, body->bytes.data, body_size, err));
    if (blocks != NULL)
        mimic__buffer_append(blocks, &block, sizeof block);
    return blocks != NULL && blocks->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

static mimic_status write_start(mimic_ipc_writer *writer, mimic_error *err)
{
    static const char magic[8] = FILE_MAGIC; /* padded with NULs */
    writer->has_start = true;
    if (!writer->options.is_stream)
        MIMIC_TRY(write_bytes(writer, magic, sizeof magic, err));
    mimic__ipc_schema_message(&writer->metadata, writer->table, writer->fields);
    return write_message(writer, NULL, NULL, err);
}

/* The first `count` texts of a field, which are the dictionary as it was at some time. */
static mimic_status write_dictionary(mimic_ipc_writer *writer, size_t index, int64_t count,
                                     mimic_error *err)
{
    static const int32_t no_offsets[1] = {0};
    const mimic_hashmap *texts = &writer->fields[index].texts;
    const int32_t *offsets = count == 0 ? no_offsets : texts->offsets;
    mimic_ipc_body *body = &writer->texts;
    mimic__ipc_body_clear(body);
    mimic__ipc_body_add_node(body, count, 0);
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, NULL, 0, false, err));
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, offsets, ((size_t)count + 1) * 4, false, err));
    MIMIC_TRY(mimic__ipc_body_add_buffer(body, texts->bytes, (size_t)offsets[count], false, err));
    const mimic_ipc_batch batch = mimic__ipc_body_describe(body, count);
    mimic__ipc_dictionary_message(&writer->metadata, (int64_t)index, &batch);
    MIMIC_TRY(write_message(writer, body, &writer->dictionary_blocks, err));
    writer->sent_texts[index] = count;
    return MIMIC_OK;
}

/* Writes the dictionaries that have grown since they were written: as they were when `batch` was
 * closed, or, NULL, as they are. */
static mimic_status write_dictionaries(mimic_ipc_writer *writer, const mimic_ipc_gathered *batch,
                                       mimic_error *err)
{
    for (size_t i = 0; i < writer->table->field_count; i++) {
        if (!writer->fields[i].is_coded)
            continue;
        const int64_t count =
            batch == NULL ? (int64_t)writer->fields[i].texts.count : batch->text_counts[i];
        if (writer->sent_texts[i] != count)
            MIMIC_TRY(write_dictionary(writer, i, count, err));
    }
    return MIMIC_OK;
}

/* ---- record batches ---- */

/* Writes a record batch whose body is made. */
static mimic_status write_batch(mimic_ipc_writer *writer, mimic_ipc_gathered *batch,
                                mimic_error *err)
{
    if (batch->status != MIMIC_OK) {
        if (err != NULL)
            *err = batch->error;
        return batch->status;
    }
    if (writer->options.is_stream)
        MIMIC_TRY(write_dictionaries(writer, batch, err));
    const mimic_ipc_batch description =
        mimic__ipc_body_describe(&batch->body, (int64_t)batch->rows);
    mimic__ipc_batch_message(&writer->metadata, &description);
    return write_message(writer, &batch->body, &writer->batch_blocks, err);
}

/* Waits for the oldest of the waiting batches and writes it. */
static mimic_status write_oldest(mimic_ipc_writer *writer, mimic_error *err)
{
    mimic_ipc_gathered *batch = writer->waiting[0];
    mimic__pool_wait(writer->options.pool, &batch->task);
    writer->waiting_count--;
    memmove(writer->waiting, writer->waiting + 1, writer->waiting_count * sizeof *writer->waiting);
    return write_batch(writer, batch, err);
}

static mimic_status write_waiting(mimic_ipc_writer *writer, mimic_error *err)
{
    while (writer->waiting_count > 0)
        MIMIC_TRY(write_oldest(writer, err));
    return MIMIC_OK;
}

static bool is_waiting(const mimic_ipc_writer *writer, const mimic_ipc_gathered *batch)
{
    for (size_t i = 0; i < writer->waiting_count; i++)
        if (writer->waiting[i] == batch)
            return true;
    return false;
}

/* May another batch be gathered while so many wait? */
static bool has_room(const mimic_ipc_writer *writer)
{
    const size_t most = mimic__pool_jobs(writer->options.pool) > 1 ? MAX_BATCHES : 1;
    uint64_t bits = 0;
    for (size_t i = 0; i < writer->waiting_count; i++)
        bits += writer->waiting[i]->bits;
    return writer->waiting_count == 0 ||
           (writer->waiting_count < most && bits <= (uint64_t)MAX_WAITING_BYTES * 8);
}

static mimic_status init_batch(const mimic_ipc_writer *writer, mimic_ipc_gathered *batch,
                               mimic_error *err)
{
    const mimic_ipc_options *options = &writer->options;
    const int level = options->level == 0 ? MIMIC_IPC_DEFAULT_LEVEL : options->level;
    return mimic__ipc_gathered_init(batch, writer->ctx, writer->table->field_count,
                                    options->is_compressed, level, err);
}

/* Makes an empty batch the current one. The first that is free: so no more are used than needed. */
static mimic_status begin_batch(mimic_ipc_writer *writer, mimic_error *err)
{
    while (!has_room(writer))
        MIMIC_TRY(write_oldest(writer, err));
    size_t index = 0;
    while (is_waiting(writer, &writer->batches[index]))
        index++;
    mimic_ipc_gathered *batch = &writer->batches[index];
    if (batch->columns == NULL)
        MIMIC_TRY(init_batch(writer, batch, err));
    mimic__ipc_gathered_clear(batch);
    writer->current = batch;
    return MIMIC_OK;
}

/* Before the first record batch of a file: chooses the string fields that are coded, and begins the
 * file. */
static mimic_status start_file(mimic_ipc_writer *writer, mimic_error *err)
{
    for (size_t i = 0; i < writer->table->field_count; i++)
        if (writer->fields[i].type == MIMIC_TYPE_STRING && writer->options.rewrite != NULL)
            MIMIC_TRY(mimic__ipc_column_try_coding(&writer->current->columns[i], &writer->fields[i],
                                                   err));
    return write_start(writer, err);
}

/* ---- dictionaries that have grown too large ---- */

static uint64_t dictionary_size(const mimic_ipc_field *field)
{
    if (!field->is_coded || field->is_outgrown || field->type != MIMIC_TYPE_STRING ||
        field->texts.count == 0)
        return 0;
    return (uint64_t)field->texts.offsets[field->texts.count] + 16 * (uint64_t)field->texts.count;
}

/* Marks the largest dictionaries until the others are small enough; false when all are. */
static bool mark_outgrown(mimic_ipc_writer *writer)
{
    bool found = false;
    for (;;) {
        size_t largest = 0;
        uint64_t total = 0;
        for (size_t i = 0; i < writer->table->field_count; i++) {
            const uint64_t size = dictionary_size(&writer->fields[i]);
            total += size;
            if (size > dictionary_size(&writer->fields[largest]))
                largest = i;
        }
        if (total <= MIMIC_IPC_DICTIONARY_BYTES)
            return found;
        writer->fields[largest].is_outgrown = true;
        found = true;
    }
}

/* Reads the record batch at `block` of the old file and writes it into the new one. */
static mimic_status rewrite_batch(mimic_ipc_writer *writer, const mimic_ipc_block *block,
                                  mimic_ipc_gathered *spare, mimic_buffer *old, mimic_error *err)
{
    mimic_buffer *metadata = &old[0];
    mimic_buffer *body = &old[1];
    metadata->size = 0;
    body->size = 0;
    const size_t metadata_size = (size_t)block->metadata_length - PREFIX_BYTES;
    if (!mimic__buffer_reserve(metadata, metadata_size) ||
        !mimic__buffer_reserve(body, (size_t)block->body_length))
        return mimic__fail_memory(err);
    const mimic_ipc_rewrite *rewrite = writer->options.rewrite;
    MIMIC_TRY(rewrite->read(writer->write_ctx, block->offset + PREFIX_BYTES, metadata->data,
                            metadata_size, err));
    MIMIC_TRY(rewrite->read(writer->write_ctx, block->offset + block->metadata_length, body->data,
                            (size_t)block->body_length, err));
    MIMIC_TRY(mimic__ipc_rewrite_batch(spare, metadata, body, writer->fields, err));
    const mimic_ipc_batch batch = mimic__ipc_body_describe(&spare->body, (int64_t)spare->rows);
    mimic__ipc_batch_message(&writer->metadata, &batch);
    return write_message(writer, &spare->body, &writer->batch_blocks, err);
}

/* The schema of the new file. The fields stay coded in writer->fields: so the old batches are. */
static mimic_status write_new_start(mimic_ipc_writer *writer, mimic_error *err)
{
    for (size_t i = 0; i < writer->table->field_count; i++)
        writer->fields[i].is_coded = writer->fields[i].is_coded && !writer->fields[i].is_outgrown;
    const mimic_status status = write_start(writer, err);
    for (size_t i = 0; i < writer->table->field_count; i++)
        writer->fields[i].is_coded = writer->fields[i].is_coded || writer->fields[i].is_outgrown;
    return status;
}

/* Writes a new file of the batches in the old one. Nothing waits. */
static mimic_status rewrite_file(mimic_ipc_writer *writer, const mimic_buffer *blocks,
                                 mimic_buffer *old, mimic_error *err)
{
    mimic_ipc_gathered *spare = &writer->batches[writer->current == &writer->batches[0] ? 1 : 0];
    if (spare->columns == NULL)
        MIMIC_TRY(init_batch(writer, spare, err));
    writer->position = 0;
    MIMIC_TRY(write_new_start(writer, err));
    for (size_t done = 0; done < blocks->size; done += sizeof(mimic_ipc_block)) {
        mimic_ipc_block block;
        memcpy(&block, blocks->data + done, sizeof block);
        MIMIC_TRY(rewrite_batch(writer, &block, spare, old, err));
    }
    return MIMIC_OK;
}

/* Begins the file anew, without the dictionaries that are marked. */
static mimic_status begin_anew(mimic_ipc_writer *writer, mimic_error *err)
{
    MIMIC_TRY(write_waiting(writer, err));
    for (size_t i = 0; i < writer->table->field_count; i++)
        if (writer->fields[i].is_outgrown)
            MIMIC_TRY(
                mimic__ipc_column_decode(&writer->current->columns[i], &writer->fields[i], err));
    MIMIC_TRY(writer->options.rewrite->begin(writer->write_ctx, err));
    mimic_buffer blocks = writer->batch_blocks;
    mimic_buffer old[2];
    mimic__buffer_init(&writer->batch_blocks, writer->ctx);
    mimic__buffer_init(&old[0], writer->ctx);
    mimic__buffer_init(&old[1], writer->ctx);
    const mimic_status status = rewrite_file(writer, &blocks, old, err);
    mimic__buffer_free(&old[0]);
    mimic__buffer_free(&old[1]);
    mimic__buffer_free(&blocks);
    if (status != MIMIC_OK)
        return status;
    for (size_t i = 0; i < writer->table->field_count; i++) {
        if (!writer->fields[i].is_outgrown)
            continue;
        writer->fields[i].is_coded = false;
        writer->fields[i].is_outgrown = false;
        mimic__hashmap_free(&writer->fields[i].texts);
    }
    writer->options.rewrite->end(writer->write_ctx);
    return MIMIC_OK;
}

/* Ends the current record batch. */
static mimic_status end_batch(mimic_ipc_writer *writer, mimic_error *err)
{
    mimic_ipc_gathered *batch = writer->current;
    if (!writer->has_start)
        MIMIC_TRY(start_file(writer, err));
    if (mark_outgrown(writer))
        MIMIC_TRY(begin_anew(writer, err));
    writer->current = NULL;
    if (!mimic__ipc_gathered_close(batch, writer->fields))
        return mimic__fail_memory(err);
    writer->waiting[writer->waiting_count++] = batch;
    mimic__pool_submit(writer->options.pool, &batch->task);
    return mimic__pool_jobs(writer->options.pool) > 1 ? MIMIC_OK : write_oldest(writer, err);
}

/* ---- rows ---- */

/* Bits that the rows [first, first + count) take, one validity bit a value included. Texts count
 * whole, coded or not: so coding does not change where record batches end. */
static uint64_t bits_of(const mimic_ipc_writer *writer, const mimic_batch *batch, size_t first,
                        size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        const size_t value_bits = mimic__arrow_value_bits(writer->fields[i].type);
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
    const mimic_ipc_gathered *current = writer->current;
    size_t most = MIMIC_IPC_BATCH_ROWS - current->rows;
    if (most > count)
        most = count;
    if (current->bits + bits_of(writer, batch, first, most) <= limit)
        return most;
    size_t fits = 0; /* fits rows fit, most rows do not */
    while (most - fits > 1) {
        const size_t middle = fits + (most - fits) / 2;
        if (current->bits + bits_of(writer, batch, first, middle) <= limit)
            fits = middle;
        else
            most = middle;
    }
    return fits == 0 && current->rows == 0 ? 1 : fits;
}

static mimic_status gather(mimic_ipc_writer *writer, const mimic_batch *batch, size_t first,
                           size_t count, mimic_error *err)
{
    mimic_ipc_gathered *current = writer->current;
    for (size_t i = 0; i < batch->column_count; i++)
        MIMIC_TRY(mimic__ipc_column_append(&current->columns[i], &writer->fields[i],
                                           &batch->columns[i], first, count, err));
    current->bits += bits_of(writer, batch, first, count);
    current->rows += count;
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
        if (batch->columns[i].type != writer->fields[i].type)
            return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                               "field \"%s\" of table \"%s\" has type %d, the column has type %d",
                               writer->table->fields[i].name, writer->table->name,
                               (int)writer->fields[i].type, (int)batch->columns[i].type);
    return MIMIC_OK;
}

mimic_status mimic__ipc_writer_append(mimic_ipc_writer *writer, const mimic_batch *batch,
                                      int64_t first, int64_t count, mimic_error *err)
{
    MIMIC_TRY(check_batch(writer, batch, err));
    for (size_t i = 0; i < batch->column_count; i++)
        if (!mimic__ipc_field_begin_batch(&writer->fields[i], &batch->columns[i]))
            return mimic__fail_memory(err);
    size_t next = (size_t)first;
    const size_t end = next + (size_t)count;
    while (next < end) {
        if (writer->current == NULL)
            MIMIC_TRY(begin_batch(writer, err));
        const size_t fits = rows_that_fit(writer, batch, next, end - next);
        MIMIC_TRY(gather(writer, batch, next, fits, err));
        next += fits;
        if (fits == 0 || writer->current->rows == MIMIC_IPC_BATCH_ROWS)
            MIMIC_TRY(end_batch(writer, err));
    }
    return MIMIC_OK;
}

static mimic_status write_footer(mimic_ipc_writer *writer, mimic_error *err)
{
    mimic__ipc_footer(&writer->metadata, writer->table, writer->fields, &writer->dictionary_blocks,
                      &writer->batch_blocks);
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
    if (writer->current != NULL)
        MIMIC_TRY(end_batch(writer, err));
    MIMIC_TRY(write_waiting(writer, err));
    if (!writer->has_start)
        MIMIC_TRY(write_start(writer, err));
    MIMIC_TRY(write_dictionaries(writer, NULL, err));
    MIMIC_TRY(write_bytes(writer, end_of_stream, sizeof end_of_stream, err));
    return writer->options.is_stream ? MIMIC_OK : write_footer(writer, err);
}

static mimic_status open_inner(mimic_ipc_writer *writer, mimic_error *err)
{
    const mimic_context *ctx = writer->ctx;
    const mimic_table *table = writer->table;
    const int level = writer->options.level == 0 ? MIMIC_IPC_DEFAULT_LEVEL : writer->options.level;
    MIMIC_TRY(
        mimic__ipc_body_init(&writer->texts, ctx, 1, writer->options.is_compressed, level, err));
    writer->sent_texts = mimic__alloc_array(ctx, table->field_count, sizeof *writer->sent_texts);
    writer->fields = mimic__alloc_zeroed(ctx, table->field_count, sizeof *writer->fields);
    if (writer->sent_texts == NULL || writer->fields == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < table->field_count; i++) {
        mimic__ipc_field_init(&writer->fields[i], ctx, table->fields[i].type);
        writer->sent_texts[i] = -1;
    }
    return writer->options.is_stream ? write_start(writer, err) : MIMIC_OK;
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
    for (size_t i = 0; i < writer->waiting_count; i++)
        mimic__pool_wait(writer->options.pool, &writer->waiting[i]->task);
    for (size_t i = 0; i < MAX_BATCHES; i++)
        mimic__ipc_gathered_free(&writer->batches[i]);
    for (size_t i = 0; writer->fields != NULL && i < writer->table->field_count; i++)
        mimic__ipc_field_free(&writer->fields[i]);
    mimic__free(writer->ctx, writer->fields);
    mimic__free(writer->ctx, writer->sent_texts);
    mimic__ipc_body_free(&writer->texts);
    mimic__buffer_free(&writer->metadata);
    mimic__buffer_free(&writer->batch_blocks);
    mimic__buffer_free(&writer->dictionary_blocks);
    mimic__free(writer->ctx, writer);
}
