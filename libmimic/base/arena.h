/* An arena: many small allocations, one free. Used by schemas, reports and drift. */
#ifndef MIMIC_BASE_ARENA_H
#define MIMIC_BASE_ARENA_H

#include "base/context_internal.h"

typedef struct mimic_arena_block mimic_arena_block;

typedef struct mimic_arena {
    const mimic_context *ctx;
    mimic_arena_block *blocks;
} mimic_arena;

void mimic__arena_init(mimic_arena *arena, const mimic_context *ctx);
void mimic__arena_free(mimic_arena *arena); /* leaves an empty, usable arena */
/* Aligned for any type, zeroed; NULL on failure. */
void *mimic__arena_alloc(mimic_arena *arena, size_t size);
void *mimic__arena_array(mimic_arena *arena, size_t count, size_t size);
char *mimic__arena_strndup(mimic_arena *arena, const char *text, size_t size);
char *mimic__arena_strdup(mimic_arena *arena, const char *text);
char *mimic__arena_format(mimic_arena *arena, const char *format, ...) MIMIC_PRINTF(2, 3);

#endif
