/* See arena.h. Blocks of 16 KiB; a larger request gets a block of its own. */
#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"

#define BLOCK_BYTES 16384

struct mimic_arena_block {
    mimic_arena_block *next;
    size_t used;
    size_t capacity;
    max_align_t bytes[];
};

void mimic__arena_init(mimic_arena *arena, const mimic_context *ctx)
{
    *arena = (mimic_arena){.ctx = ctx};
}

void mimic__arena_free(mimic_arena *arena)
{
    mimic_arena_block *block = arena->blocks;
    while (block != NULL) {
        mimic_arena_block *next = block->next;
        mimic__free(arena->ctx, block);
        block = next;
    }
    arena->blocks = NULL;
}

void *mimic__arena_alloc(mimic_arena *arena, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    size_t rounded;
    if (mimic__add_overflows(size, alignment - 1, &rounded))
        return NULL;
    rounded -= rounded % alignment;
    mimic_arena_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < rounded) {
        const size_t capacity = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        size_t total;
        if (mimic__add_overflows(sizeof *block, capacity, &total))
            return NULL;
        block = mimic__alloc(arena->ctx, total);
        if (block == NULL)
            return NULL;
        block->next = arena->blocks;
        block->used = 0;
        block->capacity = capacity;
        arena->blocks = block;
    }
    void *memory = (char *)block->bytes + block->used;
    block->used += rounded;
    memset(memory, 0, rounded);
    return memory;
}

void *mimic__arena_array(mimic_arena *arena, size_t count, size_t size)
{
    size_t total;
    if (mimic__multiply_overflows(count, size, &total))
        return NULL;
    return mimic__arena_alloc(arena, total);
}

char *mimic__arena_strndup(mimic_arena *arena, const char *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : mimic__arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

char *mimic__arena_strdup(mimic_arena *arena, const char *text)
{
    return mimic__arena_strndup(arena, text, strlen(text));
}

char *mimic__arena_format(mimic_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_list again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    char *text = size < 0 ? NULL : mimic__arena_alloc(arena, (size_t)size + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}
