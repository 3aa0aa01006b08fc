/* See buffer.h. Capacity doubles, so appends cost constant time on average. */
#include "base/buffer.h"

#include <stdio.h>

#include "base/checked.h"
#include "base/utf8.h"

void mimic__buffer_init(mimic_buffer *buffer, const mimic_context *ctx)
{
    *buffer = (mimic_buffer){.ctx = ctx};
}

void mimic__buffer_free(mimic_buffer *buffer)
{
    if (buffer->ctx != NULL)
        mimic__free(buffer->ctx, buffer->data);
    mimic__buffer_init(buffer, buffer->ctx);
}

bool mimic__buffer_reserve(mimic_buffer *buffer, size_t more)
{
    if (buffer->failed)
        return false;
    if (more <= buffer->capacity - buffer->size)
        return true;
    size_t needed;
    size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
    if (mimic__add_overflows(buffer->size, more, &needed)) {
        buffer->failed = true;
        return false;
    }
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    char *data = mimic__realloc(buffer->ctx, buffer->data, buffer->capacity, capacity);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void mimic__buffer_append_slow(mimic_buffer *buffer, const void *bytes, size_t size)
{
    if (!mimic__buffer_reserve(buffer, size))
        return;
    memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
}

void mimic__buffer_text(mimic_buffer *buffer, const char *text)
{
    mimic__buffer_append(buffer, text, strlen(text));
}

void mimic__buffer_format(mimic_buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    if (size >= 0 && mimic__buffer_reserve(buffer, (size_t)size + 1)) {
        vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
    va_end(arguments);
}

void mimic__buffer_json_string(mimic_buffer *buffer, const char *text)
{
    const size_t size = strlen(text);
    mimic__buffer_byte(buffer, '"');
    for (size_t i = 0; i < size;) {
        const size_t start = i;
        const uint32_t character = mimic__utf8_decode(text, size, &i);
        const bool is_malformed = character == 0xfffd && i - start == 1;
        if (character == '"' || character == '\\')
            mimic__buffer_format(buffer, "\\%c", (char)character);
        else if (character < 0x20 || (character >= 0x7f && character < 0xa0) || is_malformed)
            mimic__buffer_format(buffer, "\\u%04x", (unsigned)character);
        else
            mimic__buffer_append(buffer, text + start, i - start);
    }
    mimic__buffer_byte(buffer, '"');
}

char *mimic__buffer_take_text(mimic_buffer *buffer)
{
    mimic__buffer_byte(buffer, '\0');
    if (buffer->failed) {
        mimic__buffer_free(buffer);
        return NULL;
    }
    char *text = buffer->data;
    mimic__buffer_init(buffer, buffer->ctx);
    return text;
}
