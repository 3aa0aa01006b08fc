/*
 * See ipc_body.h. Message.fbs, BodyCompressionMethod BUFFER: a buffer begins with its plain size as
 * a little-endian int64 and goes on with a frame, or begins with -1 and stands as it is when a
 * frame would not be smaller. An empty buffer has length 0 and no prefix. Decimals always get a
 * frame: 8 bytes behind a boundary they are not aligned, and polars reads them where they are.
 */
#include "arrow/ipc_body.h"

#include <assert.h>

#include "base/error.h"

#define PREFIX_BYTES 8
/* What a frame may take beyond what is in it is less than a 128th and 64 bytes (zstd.h,
 * ZSTD_COMPRESSBOUND). */
#define FRAME_SHARE 128
#define FRAME_OVERHEAD 128

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

bool mimic__ipc_body_reserve(mimic_ipc_body *body, size_t size)
{
    /* The worst a buffer may add: a prefix, what a frame takes, zeros up to a boundary. */
    const size_t more = PREFIX_BYTES + FRAME_OVERHEAD + MIMIC_IPC_ALIGNMENT;
    return mimic__buffer_reserve(&body->bytes,
                                 size + size / FRAME_SHARE + 3 * body->node_capacity * more);
}

/* Puts a prefix and a frame, or the bytes, where the body ends. */
static mimic_status add_compressed(mimic_ipc_body *body, const void *bytes, size_t size,
                                   bool is_always_frame, mimic_error *err)
{
    mimic_buffer *target = &body->bytes;
    const size_t most = is_always_frame ? size + size / FRAME_SHARE + FRAME_OVERHEAD : size - 1;
    size_t frame_size = 0;
    if (!mimic__buffer_reserve(target, PREFIX_BYTES + size + size / FRAME_SHARE + FRAME_OVERHEAD))
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__zstd_compress_frame(body->compressor, bytes, size,
                                         target->data + target->size + PREFIX_BYTES, most,
                                         &frame_size, err));
    mimic__fb_put(target, frame_size > 0 ? size : UINT64_MAX, PREFIX_BYTES);
    if (frame_size > 0)
        target->size += frame_size;
    else
        mimic__buffer_append(target, bytes, size);
    return MIMIC_OK;
}

/* Notes what was put since `start` as a buffer. */
static mimic_status end_buffer(mimic_ipc_body *body, size_t start, mimic_error *err)
{
    mimic_buffer *target = &body->bytes;
    assert(body->span_count < 3 * body->node_capacity);
    body->spans[body->span_count++] =
        (mimic_ipc_span){(int64_t)start, (int64_t)(target->size - start)};
    while (target->size % MIMIC_IPC_ALIGNMENT != 0 && !target->failed)
        mimic__buffer_byte(target, 0);
    return target->failed ? mimic__fail_memory(err) : MIMIC_OK;
}

mimic_status mimic__ipc_body_add_buffer(mimic_ipc_body *body, const void *bytes, size_t size,
                                        bool is_decimal, mimic_error *err)
{
    const size_t start = body->bytes.size;
    if (size > 0 && body->compressor != NULL)
        MIMIC_TRY(add_compressed(body, bytes, size, is_decimal, err));
    else
        mimic__buffer_append(&body->bytes, bytes, size);
    return end_buffer(body, start, err);
}

mimic_status mimic__ipc_body_add_equal(mimic_ipc_body *body, unsigned char byte, size_t size,
                                       mimic_error *err)
{
    mimic_buffer *target = &body->bytes;
    const size_t start = target->size;
    const bool is_frame = size > 0 && body->compressor != NULL;
    if (!mimic__buffer_reserve(target, is_frame ? PREFIX_BYTES + MIMIC_REPEAT_FRAME_BYTES(size)
                                                : size))
        return mimic__fail_memory(err);
    if (is_frame) {
        mimic__fb_put(target, size, PREFIX_BYTES);
        target->size += mimic__zstd_repeat_frame(byte, size, target->data + target->size);
    } else if (size > 0) {
        memset(target->data + target->size, byte, size);
        target->size += size;
    }
    return end_buffer(body, start, err);
}

mimic_status mimic__ipc_body_add_words(mimic_ipc_body *body, const void *words, size_t width,
                                       size_t count, mimic_error *err)
{
    mimic_buffer *target = &body->bytes;
    const size_t start = target->size;
    const size_t size = width * count;
    size_t frame_size = 0;
    if (body->compressor != NULL) {
        if (!mimic__buffer_reserve(target, PREFIX_BYTES + size))
            return mimic__fail_memory(err);
        frame_size = mimic__zstd_words_frame(words, width, count,
                                             target->data + target->size + PREFIX_BYTES, size);
    }
    if (frame_size == 0)
        return mimic__ipc_body_add_buffer(body, words, size, false, err);
    mimic__fb_put(target, size, PREFIX_BYTES);
    target->size += frame_size;
    return end_buffer(body, start, err);
}

mimic_status mimic__ipc_body_add_ready(mimic_ipc_body *body, const void *bytes, size_t size,
                                       mimic_error *err)
{
    const size_t start = body->bytes.size;
    mimic__buffer_append(&body->bytes, bytes, size);
    return end_buffer(body, start, err);
}

mimic_status mimic__ipc_body_unpack(const char *bytes, size_t size, mimic_buffer *out,
                                    mimic_error *err)
{
    uint64_t plain_size = 0;
    for (size_t i = PREFIX_BYTES; i-- > 0;)
        plain_size = plain_size << 8 | (unsigned char)bytes[i];
    bytes += PREFIX_BYTES;
    size -= PREFIX_BYTES;
    if (!mimic__buffer_reserve(out, 1 + (plain_size == UINT64_MAX ? size : (size_t)plain_size)))
        return mimic__fail_memory(err);
    if (plain_size == UINT64_MAX) {
        mimic__buffer_append(out, bytes, size);
        return MIMIC_OK;
    }
    MIMIC_TRY(
        mimic__zstd_decompress_frame(bytes, size, out->data + out->size, (size_t)plain_size, err));
    out->size += (size_t)plain_size;
    return MIMIC_OK;
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
