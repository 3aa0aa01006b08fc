/*
 * See frame_buffer.h. Growing by realloc matters: blocks of some size are moved by the kernel's page
 * tables there, so that a column of gigabytes grows without being copied, and room that is not yet
 * used costs no memory.
 */
#include "frame/frame_buffer.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

#define ALIGNMENT 64
#define EXTRA (ALIGNMENT + MIMIC_FRAME_PADDING)

static mimic_status fail_bound(const mimic_frame_memory *memory, mimic_error *err)
{
    return mimic__fail(err, MIMIC_ERR_LIMIT,
                       "the frame needs more than %" PRIu64 " bytes of memory; raise max_bytes, or "
                       "read fewer columns or rows",
                       memory->max_bytes);
}

mimic_status mimic__frame_count_bytes(mimic_frame_memory *memory, size_t before, size_t after,
                                      mimic_error *err)
{
    memory->held += (uint64_t)after - before;
    return memory->held <= memory->max_bytes ? MIMIC_OK : fail_bound(memory, err);
}

mimic_status mimic__frame_size(size_t count, size_t more, size_t each, size_t *out_size,
                               mimic_error *err)
{
    size_t total;
    if (mimic__add_overflows(count, more, &total) ||
        mimic__multiply_overflows(total, each, out_size) || *out_size > SIZE_MAX / 4)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "a column would take more than the address space");
    return MIMIC_OK;
}

static char *align_up(char *p)
{
    const size_t beyond = (uintptr_t)p % ALIGNMENT;
    return beyond == 0 ? p : p + (ALIGNMENT - beyond);
}

/* False when there is no memory, the buffer then being as it was. */
static bool resize(mimic_frame_memory *memory, mimic_frame_buffer *buffer, size_t capacity)
{
    const size_t size = capacity + EXTRA;
    const size_t offset = buffer->block == NULL ? 0 : (size_t)(buffer->data - (char *)buffer->block);
    char *const block = mimic__realloc(memory->ctx, buffer->block, buffer->block_size, size);
    if (block == NULL)
        return false;
    memory->held += size - buffer->block_size;
    char *const data = align_up(block);
    if (buffer->capacity > 0 && data != block + offset)
        memmove(data, block + offset, buffer->capacity);
    *buffer = (mimic_frame_buffer){data, capacity, block, size};
    return true;
}

/* Does a block of that capacity keep to the bound? */
static bool is_allowed(const mimic_frame_memory *memory, const mimic_frame_buffer *buffer,
                       size_t capacity)
{
    const uint64_t others = memory->held - buffer->block_size;
    return others <= memory->max_bytes && capacity + EXTRA <= memory->max_bytes - others;
}

mimic_status mimic__frame_reserve(mimic_frame_memory *memory, mimic_frame_buffer *buffer,
                                  size_t size, size_t hint, mimic_error *err)
{
    if (size <= buffer->capacity && buffer->block != NULL)
        return MIMIC_OK;
    if (size > SIZE_MAX / 4)
        return mimic__fail_memory(err);
    const size_t half = buffer->capacity + buffer->capacity / 2;
    const size_t grown = half > size ? half : size;
    if (hint > grown && hint <= SIZE_MAX / 4 && is_allowed(memory, buffer, hint) &&
        resize(memory, buffer, hint))
        return MIMIC_OK;
    const size_t capacity = is_allowed(memory, buffer, grown) ? grown : size;
    if (!is_allowed(memory, buffer, capacity))
        return fail_bound(memory, err);
    return resize(memory, buffer, capacity) ? MIMIC_OK : mimic__fail_memory(err);
}

void mimic__frame_buffer_free(mimic_frame_memory *memory, mimic_frame_buffer *buffer)
{
    mimic__free(memory->ctx, buffer->block);
    memory->held -= buffer->block_size;
    *buffer = (mimic_frame_buffer){0};
}
