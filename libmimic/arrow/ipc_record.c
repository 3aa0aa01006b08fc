/*
 * See ipc_record.h. Message.fbs: RecordBatch, FieldNode (length, null_count), Buffer (offset, length),
 * all int64. What a compressed buffer says of its size is believed as far as the budget goes.
 */
#include "arrow/ipc_record.h"

#include "arrow/ipc_body.h"
#include "base/error.h"

#define NODE_BYTES 16
#define SPAN_BYTES 16
#define PREFIX_BYTES 8
#define CODEC_ZSTD 1

static mimic_status fail_damaged(const mimic_ipc_record *record, const char *what, mimic_error *err)
{
    return mimic__ipc_fail_damaged(record->input->name, what, err);
}

static mimic_status read_compression(mimic_ipc_record *record, mimic_fb_view *view, size_t place,
                                     mimic_error *err)
{
    const size_t compression = mimic__fb_object(view, place, 3);
    record->is_compressed = compression != 0;
    if (compression == 0 || view->is_damaged)
        return MIMIC_OK;
    const uint64_t codec = mimic__fb_number(view, compression, 0, 1, 0);
    if (codec == CODEC_ZSTD && mimic__fb_number(view, compression, 1, 1, 0) == 0)
        return MIMIC_OK;
    return mimic__fail(err, MIMIC_ERR_UNSUPPORTED,
                       "%s is compressed by %s; only Zstandard and uncompressed Arrow files are "
                       "read. Write it again with compression \"zstd\"",
                       record->input->name, codec == 0 ? "LZ4" : "an unknown codec");
}

mimic_status mimic__ipc_record_read(mimic_ipc_record *record, mimic_fb_view *view, size_t place,
                                    mimic_error *err)
{
    record->view = view;
    const int64_t rows = (int64_t)mimic__fb_number(view, place, 0, 8, 0);
    record->nodes = mimic__fb_elements(view, place, 1, NODE_BYTES);
    record->spans = mimic__fb_elements(view, place, 2, SPAN_BYTES);
    record->variadic = mimic__fb_elements(view, place, 4, 8);
    if (place == 0 || view->is_damaged || rows < 0)
        return fail_damaged(record, "a record batch is damaged", err);
    MIMIC_TRY(read_compression(record, view, place, err));
    if (view->is_damaged)
        return fail_damaged(record, "a record batch is damaged", err);
    if (rows > INT32_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "%s: a record batch of %lld rows is too large",
                           record->input->name, (long long)rows);
    record->rows = (size_t)rows;
    return MIMIC_OK;
}

mimic_status mimic__ipc_record_node(const mimic_ipc_record *record, size_t index,
                                    int64_t *out_null_count, mimic_error *err)
{
    if (index >= record->nodes.count)
        return fail_damaged(record, "a record batch has too few columns", err);
    const size_t place = record->nodes.first + NODE_BYTES * index;
    const uint64_t length = mimic__fb_raw(record->view, place, 8);
    *out_null_count = (int64_t)mimic__fb_raw(record->view, place + 8, 8);
    if (length != record->rows || *out_null_count < 0 || (uint64_t)*out_null_count > length)
        return fail_damaged(record, "a column has another length than its record batch", err);
    return MIMIC_OK;
}

mimic_status mimic__ipc_record_charge(mimic_ipc_record *record, uint64_t size, mimic_error *err)
{
    if (size > record->budget)
        return mimic__fail(err, MIMIC_ERR_LIMIT,
                           "%s: a record batch takes more memory than allowed "
                           "(mimic_scan_options.max_batch_bytes); write it in smaller batches",
                           record->input->name);
    record->budget -= size;
    return MIMIC_OK;
}

static mimic_status read_bytes(const mimic_ipc_record *record, int64_t offset, size_t size,
                               mimic_buffer *out, mimic_error *err)
{
    out->size = 0;
    if (!mimic__buffer_reserve(out, size))
        return mimic__fail_memory(err);
    if (size > 0)
        MIMIC_TRY(record->input->read(record->input->ctx, offset, out->data, size, err));
    out->size = size;
    return MIMIC_OK;
}

static mimic_status unpack(mimic_ipc_record *record, int64_t offset, size_t size, mimic_buffer *out,
                           mimic_error *err)
{
    if (size < PREFIX_BYTES)
        return fail_damaged(record, "a compressed buffer is too short", err);
    MIMIC_TRY(read_bytes(record, offset, size, record->packed, err));
    const mimic_fb_view prefix = {(const unsigned char *)record->packed->data, PREFIX_BYTES, false};
    const int64_t plain_size = (int64_t)mimic__fb_raw(&prefix, 0, PREFIX_BYTES);
    if (plain_size < -1)
        return fail_damaged(record, "a compressed buffer has no sound size", err);
    if (plain_size > 0)
        MIMIC_TRY(mimic__ipc_record_charge(record, (uint64_t)plain_size, err));
    out->size = 0;
    return mimic__ipc_body_unpack(record->packed->data, size, out, err);
}

mimic_status mimic__ipc_record_buffer(mimic_ipc_record *record, size_t index, uint64_t needed,
                                      mimic_buffer *out, mimic_error *err)
{
    out->size = 0;
    if (index >= record->spans.count)
        return fail_damaged(record, "a record batch has too few buffers", err);
    const size_t place = record->spans.first + SPAN_BYTES * index;
    const int64_t offset = (int64_t)mimic__fb_raw(record->view, place, 8);
    const int64_t length = (int64_t)mimic__fb_raw(record->view, place + 8, 8);
    if (offset < 0 || length < 0 || offset > record->body_length ||
        length > record->body_length - offset)
        return fail_damaged(record, "a buffer lies outside of its record batch", err);
    MIMIC_TRY(mimic__ipc_record_charge(record, (uint64_t)length, err));
    const int64_t start = record->body_offset + offset;
    if (length > 0 && record->is_compressed)
        MIMIC_TRY(unpack(record, start, (size_t)length, out, err));
    else
        MIMIC_TRY(read_bytes(record, start, (size_t)length, out, err));
    if (out->size < needed)
        return fail_damaged(record, "a buffer is shorter than its column", err);
    return MIMIC_OK;
}
