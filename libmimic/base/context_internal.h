/* What a context holds; allocation and logging go through here. */
#ifndef MIMIC_BASE_CONTEXT_INTERNAL_H
#define MIMIC_BASE_CONTEXT_INTERNAL_H

#include <stdbool.h>
#include <mimic/context.h>

struct mimic_context {
    mimic_allocator allocator;
    mimic_log_fn log;
    void *log_ctx;
    uint32_t cpu; /* MIMIC_CPU_…: features present and allowed */
};

/* NULL on failure, never for size 0. */
void *mimic__alloc(const mimic_context *ctx, size_t size);
void *mimic__alloc_zeroed(const mimic_context *ctx, size_t count, size_t size);
/* count * size, overflow checked. */
void *mimic__alloc_array(const mimic_context *ctx, size_t count, size_t size);
void *mimic__realloc(const mimic_context *ctx, void *memory, size_t old_size, size_t new_size);
/*
 * Room for one more item behind `count` of them: returns the array, moved perhaps, with *capacity
 * updated; NULL when memory ran out, the old array then being as it was.
 */
void *mimic__array_grow(const mimic_context *ctx, void *items, size_t count, size_t *capacity,
                        size_t item_size);
/* NULL is allowed. */
void mimic__free(const mimic_context *ctx, void *memory);
char *mimic__strndup(const mimic_context *ctx, const char *text, size_t size);
char *mimic__strdup(const mimic_context *ctx, const char *text);

void mimic__log(const mimic_context *ctx, mimic_log_level level, const char *format, ...)
    MIMIC_PRINTF(3, 4);

#endif
