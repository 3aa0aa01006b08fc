/*
 * Memory of a frame: arrays that grow in place where the allocator can do that, begin at a multiple of
 * 64 bytes whatever the allocator returns, and are counted against the frame's bound.
 */
#ifndef MIMIC_FRAME_BUFFER_H
#define MIMIC_FRAME_BUFFER_H

#include "base/context_internal.h"

/* Bytes behind the size asked for that may be written, so that loops may store whole words. */
#define MIMIC_FRAME_PADDING 64

typedef struct mimic_frame_memory {
    const mimic_context *ctx;
    uint64_t held;
    uint64_t max_bytes; /* UINT64_MAX = no bound */
} mimic_frame_memory;

/* Zero-initialised. */
typedef struct mimic_frame_buffer {
    char *data;      /* NULL until there is room */
    size_t capacity; /* bytes at data, without the padding */
    void *block;     /* what was allocated */
    size_t block_size;
} mimic_frame_buffer;

/*
 * Room for `size` bytes; what is there stays. What grows gets half as much again, or `hint` bytes if
 * that is more and there is as much memory. MIMIC_ERR_MEMORY; MIMIC_ERR_LIMIT.
 */
mimic_status mimic__frame_reserve(mimic_frame_memory *memory, mimic_frame_buffer *buffer,
                                  size_t size, size_t hint, mimic_error *err);
void mimic__frame_buffer_free(mimic_frame_memory *memory, mimic_frame_buffer *buffer);

/* Counts memory that is allocated elsewhere. MIMIC_ERR_LIMIT when it passes the bound. */
mimic_status mimic__frame_count_bytes(mimic_frame_memory *memory, size_t before, size_t after,
                                      mimic_error *err);

/* count * size; MIMIC_ERR_LIMIT when that is more than an address can say. */
mimic_status mimic__frame_size(size_t count, size_t more, size_t each, size_t *out_size,
                               mimic_error *err);

#endif
