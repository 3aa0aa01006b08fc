/*
 * See ipc_body.h. Message.fbs, BodyCompressionMethod BUFFER: a compressed buffer begins with its
 * plain size as a little-endian int64; an empty buffer has length 0 and no prefix. The size -1, for
 * a buffer that did not shrink and stands as it is, is never used: a frame adds a dozen bytes to
 * such a buffer, where the 8 bytes of the prefix would take a decimal's 16-byte alignment away, and
 * not every reader copes with that.
 */
#include "arrow/ipc_body.h"

#include <assert.h>

#include "base/error.h"

#define PREFIX_BYTES 8

mimic_status mimic__ipc_body_init(mimic_ipc_body *body, const mimic_context *ctx,
                                  size_t column_count, bool is_compressed, int level,
                                  mimic_error *err)
{
    memset(body, 0, sizeof *body);
    mimic__buffer_init(&body->bytes, ctx);
    body->node_capacity = column_count == 0 ? 1 : column_count; /* a dictionary needs one too */
    body->nodes = mimic__alloc_array(ctx, body->node_capacity, sizeof *body->nodes);
    body->spans = mimic__alloc_array(ctx, body->node_capacity, 3 * sizeof *body->spans);
    if (body->nodes == NULL || body->spans == NULL)
        return mimic__fail_memory(err);
    return is_compressed ? mimic__zstd_compressor_new(ctx, level, &body->compressor, err)
                         : MIMIC_OK;
}

void mimic__ipc_body_free(mimic_ipc_body *body)
{
    const mimic_context *ctx = body->bytes.ctx;
    if (ctx == NULL)
        return;
    mimic__zstd_compressor_free(body->compressor);
    mimic__free(ctx, body->nodes);
    mimic__free(ctx, body->spans);
    mimic__buffer_free(&body->bytes);
}

void mimic__ipc_body_clear(mimic_ipc_body *body)
{
    body->bytes.size = 0;
    body->node_count = 0;
    body->span_count = 0;
}

void mimic__ipc_body_add_node(mimic_ipc_body *body, int64_t length, int64_t null_count)
{
    assert(body->node_count < body->node_capacity);
    body->nodes[body->node_count++] = (mimic_ipc_node){length, null_count};
}

static mimic_status add_compressed(mimic_ipc_body *body, const void *bytes, size_t size,
                                   mimic_error *err)
{
    mimic_buffer *target = &body->bytes;
    const size_t bound = mimic__zstd_compress_bound(size);
    if (bound == 0 || !mimic__buffer_reserve(target, bound + PREFIX_BYTES))
        return mimic__fail_memory(err);
    mimic__fb_put(target, size, PREFIX_BYTES);
    size_t frame_size;
    MIMIC_TRY(mimic__zstd_compress_frame(body->compressor, bytes, size, target->data + target->size,
                                         bound, &frame_size, err));
    target->size += frame_size;
    return MIMIC_OK;
}

mimic_status mimic__ipc_body_add_buffer(mimic_ipc_body *body, const void *bytes, size_t size,
                                        mimic_error *err)
{
    static const char padding[MIMIC_IPC_ALIGNMENT];
    assert(body->span_count < 3 * body->node_capacity);
    const size_t start = body->bytes.size;
    if (size > 0 && body->compressor != NULL)
        MIMIC_TRY(add_compressed(body, bytes, size, err));
    else
        mimic__buffer_append(&body->bytes, bytes, size);
    const size_t length = body->bytes.size - start;
    body->spans[body->span_count++] = (mimic_ipc_span){(int64_t)start, (int64_t)length};
    const size_t beyond = body->bytes.size % MIMIC_IPC_ALIGNMENT;
    if (beyond != 0)
        mimic__buffer_append(&body->bytes, padding, MIMIC_IPC_ALIGNMENT - beyond);
    return body->bytes.failed ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_ipc_batch mimic__ipc_body_describe(const mimic_ipc_body *body, int64_t row_count)
{
    return (mimic_ipc_batch){.row_count = row_count,
                             .nodes = body->nodes,
                             .node_count = body->node_count,
                             .spans = body->spans,
                             .span_count = body->span_count,
                             .body_length = (int64_t)body->bytes.size,
                             .is_compressed = body->compressor != NULL};
}
