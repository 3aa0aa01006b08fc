/*
 * The context and the only place where the heap is touched. CPU features are found once, when a
 * context is made, and cut down by the caller's mask.
 */
#include "base/context_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/version.h>

#include "base/checked.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/options.h"

static void *heap_alloc(size_t size, void *ctx)
{
    (void)ctx;
    return malloc(size);
}

static void *heap_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    (void)old_size;
    (void)ctx;
    return realloc(memory, new_size);
}

static void heap_free(void *memory, void *ctx)
{
    (void)ctx;
    free(memory);
}

mimic_status mimic_context_new(const mimic_context_options *options, mimic_context **out_context,
                               mimic_error *err)
{
    mimic_context_options chosen = MIMIC_CONTEXT_OPTIONS_INIT;
    if (out_context == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT, "out_context is NULL");
    *out_context = NULL;
    MIMIC_TRY(MIMIC_OPTIONS_COPY(&chosen, options, "mimic_context_options", err));
    mimic_allocator allocator = chosen.allocator;
    const int given = (allocator.alloc != NULL) + (allocator.realloc != NULL) +
                      (allocator.free != NULL);
    if (given != 0 && given != 3)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "an allocator needs alloc, realloc and free; %d of 3 are set", given);
    if (given == 0)
        allocator = (mimic_allocator){heap_alloc, heap_realloc, heap_free, NULL};
    mimic_context *context = allocator.alloc(sizeof *context, allocator.ctx);
    if (context == NULL)
        return mimic__fail_memory(err);
    context->allocator = allocator;
    context->log = chosen.log;
    context->log_ctx = chosen.log_ctx;
    context->cpu = mimic__cpu_features() & (chosen.cpu_mask == 0 ? MIMIC_CPU_ALL : chosen.cpu_mask);
    *out_context = context;
    return MIMIC_OK;
}

void mimic_context_free(mimic_context *context)
{
    if (context == NULL)
        return;
    const mimic_allocator allocator = context->allocator;
    allocator.free(context, allocator.ctx);
}

void mimic_free(mimic_context *context, void *memory)
{
    if (context != NULL)
        mimic__free(context, memory);
}

const char *mimic_version(void)
{
    return MIMIC_VERSION_STRING;
}

int mimic_abi_version(void)
{
    return MIMIC_ABI_VERSION;
}

void *mimic__alloc(const mimic_context *ctx, size_t size)
{
    return ctx->allocator.alloc(size == 0 ? 1 : size, ctx->allocator.ctx);
}

void *mimic__alloc_array(const mimic_context *ctx, size_t count, size_t size)
{
    size_t total;
    if (mimic__multiply_overflows(count, size, &total))
        return NULL;
    return mimic__alloc(ctx, total);
}

void *mimic__alloc_zeroed(const mimic_context *ctx, size_t count, size_t size)
{
    void *memory = mimic__alloc_array(ctx, count, size);
    if (memory != NULL)
        memset(memory, 0, count * size);
    return memory;
}

void *mimic__realloc(const mimic_context *ctx, void *memory, size_t old_size, size_t new_size)
{
    if (new_size == 0)
        new_size = 1;
    if (memory == NULL)
        return mimic__alloc(ctx, new_size);
    return ctx->allocator.realloc(memory, old_size, new_size, ctx->allocator.ctx);
}

void *mimic__array_grow(const mimic_context *ctx, void *items, size_t count, size_t *capacity,
                        size_t item_size)
{
    size_t old_size;
    size_t new_size;
    if (count < *capacity)
        return items;
    const size_t grown = *capacity == 0 ? 32 : *capacity * 2;
    if (mimic__multiply_overflows(*capacity, item_size, &old_size) || grown < *capacity ||
        mimic__multiply_overflows(grown, item_size, &new_size))
        return NULL;
    void *moved = mimic__realloc(ctx, items, old_size, new_size);
    if (moved != NULL)
        *capacity = grown;
    return moved;
}

void mimic__free(const mimic_context *ctx, void *memory)
{
    if (memory != NULL)
        ctx->allocator.free(memory, ctx->allocator.ctx);
}

char *mimic__strndup(const mimic_context *ctx, const char *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : mimic__alloc(ctx, size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *mimic__strdup(const mimic_context *ctx, const char *text)
{
    return mimic__strndup(ctx, text, strlen(text));
}

void mimic__log(const mimic_context *ctx, mimic_log_level level, const char *format, ...)
{
    if (ctx->log == NULL)
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) >= 0)
        ctx->log(level, text, ctx->log_ctx);
    va_end(arguments);
}
