/*
 * A growable byte buffer that latches: after an allocation failed every append does nothing, and
 * `failed` says so once at the end.
 */
#ifndef MIMIC_BASE_BUFFER_H
#define MIMIC_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/context_internal.h"

typedef struct mimic_buffer {
    const mimic_context *ctx;
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
} mimic_buffer;

void mimic__buffer_init(mimic_buffer *buffer, const mimic_context *ctx);
void mimic__buffer_free(mimic_buffer *buffer); /* leaves an empty, usable buffer */
/* Room for `more` bytes beyond size; false after a failure. */
bool mimic__buffer_reserve(mimic_buffer *buffer, size_t more);
void mimic__buffer_append_slow(mimic_buffer *buffer, const void *bytes, size_t size);
void mimic__buffer_text(mimic_buffer *buffer, const char *text);
void mimic__buffer_format(mimic_buffer *buffer, const char *format, ...) MIMIC_PRINTF(2, 3);
/* A text as a JSON string (RFC 8259), quotes and all; malformed UTF-8, as names of files may be, as
 * U+FFFD. */
void mimic__buffer_json_string(mimic_buffer *buffer, const char *text);
/* NUL-terminated text that the caller frees with mimic__free; NULL after a failure. Empties it. */
char *mimic__buffer_take_text(mimic_buffer *buffer);

static inline void mimic__buffer_append(mimic_buffer *buffer, const void *bytes, size_t size)
{
    if (size <= buffer->capacity - buffer->size && !buffer->failed && size > 0) {
        memcpy(buffer->data + buffer->size, bytes, size);
        buffer->size += size;
    } else if (size > 0) {
        mimic__buffer_append_slow(buffer, bytes, size);
    }
}

static inline void mimic__buffer_byte(mimic_buffer *buffer, char byte)
{
    mimic__buffer_append(buffer, &byte, 1);
}

#endif
