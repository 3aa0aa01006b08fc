/* See ipc_rewrite.h. Only what mimic__ipc_batch_message wrote is read here, moments later and from
 * a file of our own: the FlatBuffers are not checked. */
#include "arrow/ipc_rewrite.h"

#include "arrow/arrow_type.h"
#include "base/error.h"

/* The parts of an old record batch. */
typedef struct old_batch {
    const unsigned char *nodes; /* 16 bytes each */
    const unsigned char *spans; /* 16 bytes each */
    const char *body;
    bool is_compressed;
} old_batch;

static uint64_t get(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static const unsigned char *follow(const unsigned char *place)
{
    return place + get(place, 4);
}

/* Where a table has a field that is there. */
static const unsigned char *field_at(const unsigned char *table, size_t slot)
{
    const unsigned char *vtable = table - get(table, 4);
    return table + get(vtable + 4 + 2 * slot, 2);
}

/* Takes the buffer `span` of the old body over as it is. */
static mimic_status copy_buffer(mimic_ipc_body *target, const old_batch *old, size_t span,
                                mimic_error *err)
{
    const unsigned char *place = old->spans + 16 * span;
    return mimic__ipc_body_add_ready(target, old->body + get(place, 8),
                                     (size_t)get(place + 8, 8), err);
}

/* Appends what is in the buffer `span` to `out`. */
static mimic_status unpack_buffer(const old_batch *old, size_t span, mimic_buffer *out,
                                  mimic_error *err)
{
    const unsigned char *place = old->spans + 16 * span;
    const char *bytes = old->body + get(place, 8);
    const size_t size = (size_t)get(place + 8, 8);
    if (size == 0)
        return MIMIC_OK;
    if (!old->is_compressed)
        mimic__buffer_append(out, bytes, size);
    else
        MIMIC_TRY(mimic__ipc_body_unpack(bytes, size, out, err));
    return out->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

/* Puts the buffers of a column whose codes, from buffer `span` + 1 on, become texts. */
static mimic_status decode_buffers(mimic_ipc_gathered *out, const old_batch *old, size_t index,
                                   size_t span, const mimic_ipc_field *field, mimic_error *err)
{
    mimic_ipc_column *column = &out->columns[index];
    MIMIC_TRY(unpack_buffer(old, span, &column->validity, err));
    MIMIC_TRY(unpack_buffer(old, span + 1, &column->values, err));
    column->rows = out->rows;
    MIMIC_TRY(mimic__ipc_column_decode(column, field, err));
    MIMIC_TRY(copy_buffer(&out->body, old, span, err));
    MIMIC_TRY(mimic__ipc_body_add_buffer(&out->body, column->offsets.data, column->offsets.size,
                                         false, err));
    return mimic__ipc_body_add_buffer(&out->body, column->values.data, column->values.size, false,
                                      err);
}

mimic_status mimic__ipc_rewrite_batch(mimic_ipc_gathered *out, const mimic_buffer *metadata,
                                      const mimic_buffer *body, const mimic_ipc_field *fields,
                                      mimic_error *err)
{
    /* Message, slot 2: its header, a RecordBatch: length, nodes, buffers. */
    const unsigned char *message = follow((const unsigned char *)metadata->data);
    const unsigned char *batch = follow(field_at(message, 2));
    const old_batch old = {.nodes = follow(field_at(batch, 1)) + 4,
                           .spans = follow(field_at(batch, 2)) + 4,
                           .body = body->data,
                           .is_compressed = out->body.compressor != NULL};
    size_t span = 0;
    mimic__ipc_gathered_clear(out);
    out->rows = (size_t)get(field_at(batch, 0), 8);
    for (size_t i = 0; i < out->column_count; i++) {
        const bool has_offsets = mimic__arrow_has_offsets(fields[i].type) && !fields[i].is_coded;
        const size_t end = span + (has_offsets ? 3 : 2);
        mimic__ipc_body_add_node(&out->body, (int64_t)out->rows,
                                 (int64_t)get(old.nodes + 16 * i + 8, 8));
        if (fields[i].is_outgrown)
            MIMIC_TRY(decode_buffers(out, &old, i, span, &fields[i], err));
        else
            for (size_t k = span; k < end; k++)
                MIMIC_TRY(copy_buffer(&out->body, &old, k, err));
        span = end;
    }
    return MIMIC_OK;
}
