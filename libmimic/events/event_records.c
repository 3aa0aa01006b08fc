/* Files of plain records; see the header. */
#include "base/buffer.h"
#include "base/error.h"
#include "events/event_records.h"

#define MOST_BYTES ((uint32_t)64 << 20)
#define STEP_BYTES ((size_t)64 << 10)

struct event_records {
    const mimic_context *ctx;
    mimic_source *source; /* NULL = there is no file */
    mimic_buffer bytes;
};

mimic_status mimic__records_write(mimic_output *output, const void *bytes, size_t size,
                                  mimic_error *err)
{
    if (size > MOST_BYTES)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "a text of more than 64 MiB cannot be kept");
    const uint32_t number = (uint32_t)size;
    MIMIC_TRY(mimic__output_write(output, &number, sizeof number, err));
    return mimic__output_write(output, bytes, size, err);
}

mimic_status mimic__records_open(const mimic_context *ctx, const char *path,
                                 event_records **out_records, mimic_error *err)
{
    mimic_source_options options = MIMIC_SOURCE_OPTIONS_INIT;
    mimic_error error = MIMIC_ERROR_INIT;
    options.compression = MIMIC_COMPRESSION_NONE;
    event_records *const records = mimic__alloc_zeroed(ctx, 1, sizeof *records);
    *out_records = records;
    if (records == NULL)
        return mimic__fail_memory(err);
    records->ctx = ctx;
    mimic__buffer_init(&records->bytes, ctx);
    const mimic_status status = mimic_source_open(ctx, path, &options, &records->source, &error);
    if (status == MIMIC_OK || status == MIMIC_ERR_NOT_FOUND)
        return MIMIC_OK;
    mimic__records_free(records);
    *out_records = NULL;
    return mimic__fail_again(err, &error);
}

mimic_status mimic__records_fail(const event_records *records, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_CORRUPT,
                       "%s is damaged or cut off; remove it and build again",
                       mimic_source_name(records->source));
}

/* `size` bytes behind those in the buffer; *out_is_end when not one came. */
static mimic_status take(event_records *records, size_t size, bool *out_is_end, mimic_error *err)
{
    mimic_buffer *const bytes = &records->bytes;
    const size_t wanted = bytes->size + size;
    *out_is_end = false;
    while (bytes->size < wanted) {
        const size_t left = wanted - bytes->size;
        const size_t step = left < STEP_BYTES ? left : STEP_BYTES; /* what is said may not be there */
        size_t got = 0;
        if (!mimic__buffer_reserve(bytes, step))
            return mimic__fail_memory(err);
        const mimic_status status =
            mimic_source_read(records->source, bytes->data + bytes->size, step, &got, err);
        if (status == MIMIC_END) {
            *out_is_end = bytes->size == 0;
            return bytes->size == 0 ? MIMIC_OK : mimic__records_fail(records, err);
        }
        MIMIC_TRY(status);
        bytes->size += got;
    }
    return MIMIC_OK;
}

mimic_status mimic__records_next(event_records *records, const char **out_bytes, size_t *out_size,
                                 mimic_error *err)
{
    uint32_t size;
    bool is_end = records->source == NULL;
    *out_bytes = NULL;
    records->bytes.size = 0;
    if (!is_end)
        MIMIC_TRY(take(records, sizeof size, &is_end, err));
    if (is_end)
        return MIMIC_OK;
    memcpy(&size, records->bytes.data, sizeof size);
    if (size > MOST_BYTES)
        return mimic__records_fail(records, err);
    if (size > 0)
        MIMIC_TRY(take(records, size, &is_end, err));
    *out_bytes = records->bytes.data + sizeof size;
    *out_size = size;
    return MIMIC_OK;
}

void mimic__records_free(event_records *records)
{
    if (records == NULL)
        return;
    mimic_source_free(records->source);
    mimic__buffer_free(&records->bytes);
    mimic__free(records->ctx, records);
}
