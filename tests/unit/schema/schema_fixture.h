/* What the schema tests share: a context, a registry, and an allocator that fails on purpose. */
#ifndef MIMIC_TEST_SCHEMA_FIXTURE_H
#define MIMIC_TEST_SCHEMA_FIXTURE_H

#include <mimic/mimic.h>

#include <stdlib.h>
#include <string.h>

/* Fails the allocation number `fail_at` (0-based) and every later one; counts what is alive. */
typedef struct fault_allocator {
    long fail_at; /* -1 = never */
    long calls;
    long alive;
} fault_allocator;

static inline bool fault_now(fault_allocator *self)
{
    const long call = self->calls++;
    return self->fail_at >= 0 && call >= self->fail_at;
}

static inline void *fault_alloc(size_t size, void *ctx)
{
    fault_allocator *self = ctx;
    if (fault_now(self))
        return NULL;
    self->alive++;
    return malloc(size);
}

static inline void *fault_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    fault_allocator *self = ctx;
    (void)old_size;
    if (fault_now(self))
        return NULL;
    self->alive += memory == NULL;
    return realloc(memory, new_size);
}

static inline void fault_free(void *memory, void *ctx)
{
    fault_allocator *self = ctx;
    self->alive--;
    free(memory);
}

static inline mimic_context *fault_context(fault_allocator *self)
{
    *self = (fault_allocator){.fail_at = -1};
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){fault_alloc, fault_realloc, fault_free, self};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static inline mimic_context *new_context(void)
{
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(NULL, &ctx, NULL), MIMIC_OK);
    return ctx;
}

static inline mimic_registry *new_registry(const mimic_context *ctx)
{
    mimic_registry *registry = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_registry_new(ctx, &registry, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    return registry;
}

/* JSON with ' for ", so that it can be read in C. */
static inline char *json_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    strcpy(copy, text);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return copy;
}

static inline const mimic_dataset *add_json(mimic_registry *registry, const char *text,
                                            const char *name)
{
    char *json = json_text(text);
    const mimic_dataset *dataset = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    if (mimic_registry_add_json(registry, json, strlen(json), name, &dataset, &err) != MIMIC_OK)
        ck_abort_msg("%s", err.message);
    free(json);
    return dataset;
}

#endif
