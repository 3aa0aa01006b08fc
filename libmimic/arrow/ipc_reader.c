/*
 * See ipc_reader.h. "Encapsulated message format": 0xFFFFFFFF, the size of the metadata, the metadata,
 * the body. A file (ARROW1, messages, footer, size of the footer, ARROW1) is read by its footer, a
 * stream message by message. Streams from before version 0.15, without the four bytes, are refused.
 */
#include "arrow/ipc_reader.h"

#include "base/error.h"

#define PREFIX_BYTES 8
#define CONTINUATION 0xffffffffu
#define METADATA_BYTES_MAX ((uint64_t)16 << 20)
#define BLOCK_BYTES 24
#define FOOTER_END_BYTES 10 /* its size, and the magic bytes */

/* union MessageHeader */
#define HEADER_SCHEMA 1
#define HEADER_DICTIONARY_BATCH 2
#define HEADER_RECORD_BATCH 3

static const char MAGIC[] = {'A', 'R', 'R', 'O', 'W', '1'};

/* A message: its metadata is in reader->metadata. */
typedef struct ipc_message {
    mimic_fb_view view;
    uint64_t header_type;
    size_t header;
    int64_t body_offset;
    int64_t body_length;
    int64_t end; /* of the whole message */
    bool is_end; /* there is none: the stream ends here */
} ipc_message;

/* Where the parts of a column of the record batch at hand begin. */
typedef struct ipc_place {
    size_t node;
    size_t span;
} ipc_place;

struct mimic_ipc_reader {
    const mimic_context *ctx;
    mimic_ipc_input input;
    uint64_t max_batch_bytes;
    mimic_arena arena;
    mimic_ipc_schema schema;
    bool is_file;
    mimic_buffer footer;
    mimic_fb_view footer_view;
    mimic_fb_vector dictionary_blocks;
    mimic_fb_vector batch_blocks;
    size_t next_block;
    bool has_dictionaries; /* of a file: all are read */
    int64_t position;      /* in a stream */
    mimic_buffer metadata;
    mimic_ipc_scratch scratch;
    mimic_ipc_wanted *wanted;
    mimic_column *views;
    size_t wanted_count;
    ipc_place *places; /* of all fields */
    ipc_message message; /* of the record batch at hand */
    mimic_ipc_record record;
    mimic_batch batch;
    int64_t row_count;
};

static mimic_status fail_damaged(const mimic_ipc_reader *reader, const char *what, mimic_error *err)
{
    return mimic__ipc_fail_damaged(reader->input.name, what, err);
}

static mimic_status read_at(const mimic_ipc_reader *reader, int64_t offset, size_t size,
                            mimic_buffer *out, mimic_error *err)
{
    out->size = 0;
    if (!mimic__buffer_reserve(out, size == 0 ? 1 : size))
        return mimic__fail_memory(err);
    MIMIC_TRY(reader->input.read(reader->input.ctx, offset, out->data, size, err));
    out->size = size;
    return MIMIC_OK;
}

static mimic_fb_view view_of(const mimic_buffer *buffer)
{
    return (mimic_fb_view){(const unsigned char *)buffer->data, buffer->size, false};
}

/* ---- messages ---- */

/* The size of the metadata at `offset`; 0 where a stream ends. */
static mimic_status read_prefix(mimic_ipc_reader *reader, int64_t offset, uint64_t *out_size,
                                mimic_error *err)
{
    const int64_t left = reader->input.size - offset;
    *out_size = 0;
    if (left == 0)
        return MIMIC_OK;
    if (left < PREFIX_BYTES)
        return fail_damaged(reader, "it is cut off", err);
    MIMIC_TRY(read_at(reader, offset, PREFIX_BYTES, &reader->metadata, err));
    const mimic_fb_view prefix = view_of(&reader->metadata);
    if (mimic__fb_raw(&prefix, 0, 4) != CONTINUATION)
        return fail_damaged(reader, "a message does not begin with its mark", err);
    *out_size = mimic__fb_raw(&prefix, 4, 4);
    if (*out_size > METADATA_BYTES_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "%s: a message has %llu bytes of metadata; at most %llu are read",
                           reader->input.name, (unsigned long long)*out_size,
                           (unsigned long long)METADATA_BYTES_MAX);
    if (*out_size > (uint64_t)(left - PREFIX_BYTES))
        return fail_damaged(reader, "it is cut off", err);
    return MIMIC_OK;
}

static mimic_status read_message(mimic_ipc_reader *reader, int64_t offset, ipc_message *out,
                                 mimic_error *err)
{
    uint64_t size = 0;
    *out = (ipc_message){0};
    MIMIC_TRY(read_prefix(reader, offset, &size, err));
    out->is_end = size == 0;
    if (out->is_end)
        return MIMIC_OK;
    MIMIC_TRY(read_at(reader, offset + PREFIX_BYTES, (size_t)size, &reader->metadata, err));
    out->view = view_of(&reader->metadata);
    const size_t message = mimic__fb_root(&out->view);
    out->header_type = mimic__fb_number(&out->view, message, 1, 1, 0);
    out->header = mimic__fb_object(&out->view, message, 2);
    out->body_length = (int64_t)mimic__fb_number(&out->view, message, 3, 8, 0);
    out->body_offset = offset + PREFIX_BYTES + (int64_t)size;
    if (out->view.is_damaged || out->header == 0)
        return fail_damaged(reader, "a message is damaged", err);
    if (out->body_length < 0 || out->body_length > reader->input.size - out->body_offset)
        return fail_damaged(reader, "it is cut off", err);
    out->end = out->body_offset + out->body_length;
    return MIMIC_OK;
}

/* The message that a Block of the footer describes. */
static mimic_status read_block(mimic_ipc_reader *reader, const mimic_fb_vector *blocks,
                               size_t index, ipc_message *out, mimic_error *err)
{
    const size_t place = blocks->first + BLOCK_BYTES * index;
    const int64_t offset = (int64_t)mimic__fb_raw(&reader->footer_view, place, 8);
    const uint64_t metadata_length = mimic__fb_raw(&reader->footer_view, place + 8, 4);
    const uint64_t body_length = mimic__fb_raw(&reader->footer_view, place + 16, 8);
    if (offset < 0 || offset > reader->input.size)
        return fail_damaged(reader, "its footer leads out of it", err);
    MIMIC_TRY(read_message(reader, offset, out, err));
    if (out->is_end || (uint64_t)(out->body_offset - offset) != metadata_length ||
        (uint64_t)out->body_length != body_length)
        return fail_damaged(reader, "its footer does not agree with its messages", err);
    return MIMIC_OK;
}

static mimic_status begin_record(mimic_ipc_reader *reader, ipc_message *message, size_t place,
                                 mimic_ipc_record *out, mimic_error *err)
{
    *out = (mimic_ipc_record){.input = &reader->input,
                              .body_offset = message->body_offset,
                              .body_length = message->body_length,
                              .budget = reader->max_batch_bytes,
                              .packed = &reader->scratch.packed};
    return mimic__ipc_record_read(out, &message->view, place, err);
}

/* ---- opening ---- */

static mimic_status open_stream(mimic_ipc_reader *reader, mimic_error *err)
{
    ipc_message message;
    MIMIC_TRY(read_message(reader, 0, &message, err));
    if (message.is_end || message.header_type != HEADER_SCHEMA)
        return fail_damaged(reader, "a stream begins with its schema", err);
    reader->position = message.end;
    const mimic_ipc_schema_place place = {&message.view, message.header, reader->input.name,
                                          reader->input.takes_any};
    return mimic__ipc_read_schema(&reader->arena, &place, &reader->schema, err);
}

static mimic_status open_file(mimic_ipc_reader *reader, mimic_error *err)
{
    const int64_t size = reader->input.size;
    const int64_t head = 8; /* magic bytes, padded */
    if (size < head + FOOTER_END_BYTES)
        return fail_damaged(reader, "it is cut off", err);
    MIMIC_TRY(read_at(reader, size - FOOTER_END_BYTES, FOOTER_END_BYTES, &reader->footer, err));
    if (memcmp(reader->footer.data + 4, MAGIC, sizeof MAGIC) != 0)
        return fail_damaged(reader, "it is cut off, or was never finished", err);
    const mimic_fb_view end = view_of(&reader->footer);
    const uint64_t footer_size = mimic__fb_raw(&end, 0, 4);
    if (footer_size > (uint64_t)(size - head - FOOTER_END_BYTES))
        return fail_damaged(reader, "its footer is larger than it is", err);
    if (footer_size > METADATA_BYTES_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: its footer has %llu bytes; at most %llu are read",
                           reader->input.name, (unsigned long long)footer_size,
                           (unsigned long long)METADATA_BYTES_MAX);
    MIMIC_TRY(read_at(reader, size - FOOTER_END_BYTES - (int64_t)footer_size, (size_t)footer_size,
                      &reader->footer, err));
    mimic_fb_view *view = &reader->footer_view;
    *view = view_of(&reader->footer);
    const size_t footer = mimic__fb_root(view);
    const size_t schema = mimic__fb_object(view, footer, 1);
    reader->dictionary_blocks = mimic__fb_elements(view, footer, 2, BLOCK_BYTES);
    reader->batch_blocks = mimic__fb_elements(view, footer, 3, BLOCK_BYTES);
    if (view->is_damaged)
        return fail_damaged(reader, "its footer is damaged", err);
    const mimic_ipc_schema_place place = {view, schema, reader->input.name,
                                          reader->input.takes_any};
    return mimic__ipc_read_schema(&reader->arena, &place, &reader->schema, err);
}

static mimic_status open_inner(mimic_ipc_reader *reader, mimic_error *err)
{
    const int64_t size = reader->input.size;
    if (size >= (int64_t)sizeof MAGIC) {
        MIMIC_TRY(read_at(reader, 0, sizeof MAGIC, &reader->metadata, err));
        reader->is_file = memcmp(reader->metadata.data, MAGIC, sizeof MAGIC) == 0;
    }
    return reader->is_file ? open_file(reader, err) : open_stream(reader, err);
}

mimic_status mimic__ipc_reader_open(const mimic_context *ctx, const mimic_ipc_input *input,
                                    uint64_t max_batch_bytes, mimic_ipc_reader **out_reader,
                                    mimic_error *err)
{
    *out_reader = NULL;
    mimic_ipc_reader *reader = mimic__alloc_zeroed(ctx, 1, sizeof *reader);
    if (reader == NULL)
        return mimic__fail_memory(err);
    reader->ctx = ctx;
    reader->input = *input;
    reader->max_batch_bytes = max_batch_bytes;
    mimic__arena_init(&reader->arena, ctx);
    mimic_buffer *const buffers[] = {&reader->footer,         &reader->metadata,
                                     &reader->scratch.validity, &reader->scratch.values,
                                     &reader->scratch.bytes,  &reader->scratch.packed,
                                     &reader->scratch.ends};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        mimic__buffer_init(buffers[i], ctx);
    const mimic_status status = open_inner(reader, err);
    if (status != MIMIC_OK)
        mimic__ipc_reader_free(reader);
    else
        *out_reader = reader;
    return status;
}

void mimic__ipc_reader_free(mimic_ipc_reader *reader)
{
    if (reader == NULL)
        return;
    mimic_buffer *const buffers[] = {&reader->footer,         &reader->metadata,
                                     &reader->scratch.validity, &reader->scratch.values,
                                     &reader->scratch.bytes,  &reader->scratch.packed,
                                     &reader->scratch.ends};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        mimic__buffer_free(buffers[i]);
    for (size_t i = 0; i < reader->wanted_count; i++) {
        mimic__builder_free(&reader->wanted[i].builder);
        mimic__buffer_free(&reader->wanted[i].codes);
    }
    mimic__free(reader->ctx, reader->wanted);
    mimic__free(reader->ctx, reader->views);
    mimic__free(reader->ctx, reader->places);
    mimic__arena_free(&reader->arena);
    mimic__free(reader->ctx, reader);
}

const mimic_ipc_schema *mimic__ipc_reader_schema(const mimic_ipc_reader *reader)
{
    return &reader->schema;
}

mimic_status mimic__ipc_reader_choose(mimic_ipc_reader *reader, const size_t *fields,
                                      const mimic_type *types, size_t count, mimic_error *err)
{
    reader->wanted = mimic__alloc_zeroed(reader->ctx, count + 1, sizeof *reader->wanted);
    reader->views = mimic__alloc_zeroed(reader->ctx, count + 1, sizeof *reader->views);
    reader->places = mimic__alloc_zeroed(reader->ctx, reader->schema.field_count + 1,
                                         sizeof *reader->places);
    if (reader->wanted == NULL || reader->views == NULL || reader->places == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const mimic_ipc_source_field *field = &reader->schema.fields[fields[i]];
        mimic_ipc_wanted *wanted = &reader->wanted[i];
        wanted->field = field;
        wanted->index = fields[i];
        mimic__builder_init(&wanted->builder, reader->ctx, types[i], field->precision,
                            field->scale);
        mimic__buffer_init(&wanted->codes, reader->ctx);
    }
    reader->wanted_count = count;
    return MIMIC_OK;
}

/* ---- dictionaries ---- */

static mimic_status take_dictionary(mimic_ipc_reader *reader, ipc_message *message,
                                    mimic_error *err)
{
    mimic_fb_view *view = &message->view;
    const int64_t id = (int64_t)mimic__fb_number(view, message->header, 0, 8, 0);
    const size_t data = mimic__fb_object(view, message->header, 1);
    const bool is_delta = mimic__fb_number(view, message->header, 2, 1, 0) != 0;
    if (view->is_damaged)
        return fail_damaged(reader, "a dictionary is damaged", err);
    for (size_t i = 0; i < reader->wanted_count; i++) {
        mimic_ipc_wanted *wanted = &reader->wanted[i];
        mimic_ipc_record record;
        if (!wanted->field->is_coded || wanted->field->dictionary != id)
            continue;
        MIMIC_TRY(begin_record(reader, message, data, &record, err));
        MIMIC_TRY(
            mimic__ipc_take_dictionary(wanted, &record, is_delta, &reader->scratch, err));
    }
    return MIMIC_OK;
}

static bool wants_dictionaries(const mimic_ipc_reader *reader)
{
    for (size_t i = 0; i < reader->wanted_count; i++)
        if (reader->wanted[i].field->is_coded)
            return true;
    return false;
}

static mimic_status take_file_dictionaries(mimic_ipc_reader *reader, mimic_error *err)
{
    reader->has_dictionaries = true;
    for (size_t i = 0; wants_dictionaries(reader) && i < reader->dictionary_blocks.count; i++) {
        ipc_message message;
        MIMIC_TRY(read_block(reader, &reader->dictionary_blocks, i, &message, err));
        if (message.header_type != HEADER_DICTIONARY_BATCH)
            return fail_damaged(reader, "its footer calls a dictionary what is none", err);
        MIMIC_TRY(take_dictionary(reader, &message, err));
    }
    return MIMIC_OK;
}

/* ---- record batches ---- */

/* How many buffers of bytes the views of a column have. */
static mimic_status count_views(mimic_ipc_reader *reader, const mimic_ipc_record *record,
                                size_t view_number, size_t *count, mimic_error *err)
{
    if (view_number >= record->variadic.count)
        return fail_damaged(reader, "a record batch does not count its buffers", err);
    const uint64_t more =
        mimic__fb_raw(record->view, record->variadic.first + 8 * view_number, 8);
    if (more > record->spans.count)
        return fail_damaged(reader, "a record batch has too few buffers", err);
    *count += (size_t)more;
    return MIMIC_OK;
}

/* Which buffers belong to which column: told by the layouts of all columns. */
static mimic_status place_spans(mimic_ipc_reader *reader, const mimic_ipc_record *record,
                                mimic_error *err)
{
    size_t span = 0;
    size_t node = 0;
    size_t view_number = 0;
    for (size_t i = 0; i < reader->schema.field_count; i++) {
        const mimic_ipc_source_field *field = &reader->schema.fields[i];
        size_t count = field->span_count;
        for (size_t k = 0; k < field->view_count; k++)
            MIMIC_TRY(count_views(reader, record, view_number++, &count, err));
        for (size_t k = 0; k < reader->wanted_count; k++)
            if (reader->wanted[k].index == i) {
                reader->wanted[k].first_span = span;
                reader->wanted[k].span_count = count;
                reader->wanted[k].node = node;
            }
        reader->places[i] = (ipc_place){node, span};
        span += count;
        node += field->node_count;
    }
    if (span != record->spans.count || record->nodes.count != node)
        return fail_damaged(reader, "a record batch has other columns than its schema", err);
    return MIMIC_OK;
}

static mimic_status take_batch(mimic_ipc_reader *reader, const mimic_batch **out_batch,
                               mimic_error *err)
{
    ipc_message *message = &reader->message;
    mimic_ipc_record *record = &reader->record;
    MIMIC_TRY(begin_record(reader, message, message->header, record, err));
    MIMIC_TRY(place_spans(reader, record, err));
    for (size_t i = 0; i < reader->wanted_count; i++)
        MIMIC_TRY(mimic__ipc_convert(&reader->wanted[i], record, &reader->scratch,
                                     reader->row_count, err));
    for (size_t i = 0; i < reader->wanted_count; i++)
        reader->views[i] = mimic__builder_view(&reader->wanted[i].builder);
    reader->batch = (mimic_batch){.row_count = (int64_t)record->rows,
                                  .column_count = reader->wanted_count,
                                  .columns = reader->views};
    reader->row_count += (int64_t)record->rows;
    *out_batch = &reader->batch;
    return MIMIC_OK;
}

static mimic_status next_in_file(mimic_ipc_reader *reader, const mimic_batch **out_batch,
                                 mimic_error *err)
{
    ipc_message *message = &reader->message;
    if (!reader->has_dictionaries)
        MIMIC_TRY(take_file_dictionaries(reader, err));
    if (reader->next_block >= reader->batch_blocks.count)
        return MIMIC_END;
    MIMIC_TRY(read_block(reader, &reader->batch_blocks, reader->next_block++, message, err));
    if (message->header_type != HEADER_RECORD_BATCH)
        return fail_damaged(reader, "its footer calls a record batch what is none", err);
    return take_batch(reader, out_batch, err);
}

static mimic_status next_in_stream(mimic_ipc_reader *reader, const mimic_batch **out_batch,
                                   mimic_error *err)
{
    ipc_message *message = &reader->message;
    for (;;) {
        MIMIC_TRY(read_message(reader, reader->position, message, err));
        if (message->is_end)
            return MIMIC_END;
        reader->position = message->end;
        if (message->header_type == HEADER_RECORD_BATCH)
            return take_batch(reader, out_batch, err);
        if (message->header_type != HEADER_DICTIONARY_BATCH)
            return fail_damaged(reader, "a stream holds a message of an unknown kind", err);
        MIMIC_TRY(take_dictionary(reader, message, err));
    }
}

mimic_status mimic__ipc_reader_next(mimic_ipc_reader *reader, const mimic_batch **out_batch,
                                    mimic_error *err)
{
    return reader->is_file ? next_in_file(reader, out_batch, err)
                           : next_in_stream(reader, out_batch, err);
}

/* ---- more than one record batch after the other ---- */

int64_t mimic__ipc_reader_batch_count(const mimic_ipc_reader *reader)
{
    return reader->is_file ? (int64_t)reader->batch_blocks.count : -1;
}

void mimic__ipc_reader_go_to(mimic_ipc_reader *reader, size_t number)
{
    reader->next_block = number;
    reader->row_count = 0;
}

/* ---- lists ---- */

/* Where the lists of the rows begin and end, as offsets that are those of the items. */
static mimic_status read_offsets(mimic_ipc_reader *reader, size_t field, size_t items,
                                 mimic_buffer *out, mimic_error *err)
{
    const size_t rows = reader->record.rows;
    const size_t width = reader->schema.fields[field].width;
    mimic_buffer *raw = &reader->scratch.values;
    out->size = 0;
    MIMIC_TRY(mimic__ipc_record_buffer(&reader->record, reader->places[field].span + 1,
                                       rows == 0 ? 0 : (uint64_t)(rows + 1) * width, raw, err));
    if (!mimic__buffer_reserve(out, (rows + 1) * sizeof(int64_t)))
        return mimic__fail_memory(err);
    int64_t *offsets = (int64_t *)(void *)out->data;
    offsets[0] = 0;
    for (size_t i = 0; i < (rows == 0 ? 0 : rows + 1); i++) {
        int32_t narrow;
        memcpy(&narrow, raw->data + i * width, sizeof narrow);
        offsets[i] = narrow;
        if (width == sizeof(int64_t))
            memcpy(&offsets[i], raw->data + i * width, sizeof(int64_t));
        if (offsets[i] < (i == 0 ? 0 : offsets[i - 1]) || (uint64_t)offsets[i] > items)
            return fail_damaged(reader, "a list lies outside of its column", err);
    }
    out->size = (rows + 1) * sizeof(int64_t);
    return MIMIC_OK;
}

mimic_status mimic__ipc_reader_lists(mimic_ipc_reader *reader, size_t field, mimic_ipc_lists *lists,
                                     mimic_error *err)
{
    const ipc_place place = reader->places[field];
    const mimic_ipc_source_field *item = reader->schema.fields[field].item;
    mimic_ipc_record record = reader->record;
    if (place.node + 1 >= record.nodes.count)
        return fail_damaged(reader, "a record batch has too few columns", err);
    const uint64_t items =
        mimic__fb_raw(record.view, record.nodes.first + 16 * (place.node + 1), 8);
    if (items > INT32_MAX)
        return fail_damaged(reader, "lists of more items than can be", err);
    MIMIC_TRY(read_offsets(reader, field, (size_t)items, &lists->offsets, err));
    record.rows = (size_t)items;
    lists->wanted.field = item;
    lists->wanted.node = place.node + 1;
    lists->wanted.first_span = place.span + 2;
    lists->wanted.span_count = item->span_count;
    MIMIC_TRY(mimic__ipc_convert(&lists->wanted, &record, &reader->scratch, 0, err));
    reader->record.budget = record.budget;
    lists->texts = mimic__builder_view(&lists->wanted.builder);
    return MIMIC_OK;
}

void mimic__ipc_lists_init(mimic_ipc_lists *lists, const mimic_context *ctx)
{
    *lists = (mimic_ipc_lists){0};
    mimic__buffer_init(&lists->offsets, ctx);
    mimic__buffer_init(&lists->wanted.codes, ctx);
    mimic__builder_init(&lists->wanted.builder, ctx, MIMIC_TYPE_STRING, 0, 0);
}

void mimic__ipc_lists_free(mimic_ipc_lists *lists)
{
    mimic__buffer_free(&lists->offsets);
    mimic__buffer_free(&lists->wanted.codes);
    mimic__builder_free(&lists->wanted.builder);
}
