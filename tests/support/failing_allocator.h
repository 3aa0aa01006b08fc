/*
 * An allocator that counts, and that fails at the allocation it is told to. A scenario is replayed
 * with 0, 1, 2 … until it succeeds; each failure must be MIMIC_ERR_MEMORY and leave nothing behind.
 * Any thread may use it.
 *
 *     static mimic_status scenario(const mimic_context *ctx, mimic_error *err) { ... }
 *     replay_failing_allocations(scenario);
 */
#ifndef MIMIC_TEST_FAILING_ALLOCATOR_H
#define MIMIC_TEST_FAILING_ALLOCATOR_H

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <mimic/context.h>

typedef struct failing_allocator {
    long until_failure; /* allocations that still succeed; negative = all */
    long alive;         /* allocations not freed */
    bool has_failed;
} failing_allocator;

static pthread_mutex_t failing_lock = PTHREAD_MUTEX_INITIALIZER;

/* Counts an allocation that adds `alive` blocks; true when it is the one to fail. */
static inline bool failing_allocator_refuses(failing_allocator *state, long alive)
{
    pthread_mutex_lock(&failing_lock);
    const bool refuses = state->until_failure == 0;
    state->has_failed |= refuses;
    if (state->until_failure > 0)
        state->until_failure--;
    if (!refuses)
        state->alive += alive;
    pthread_mutex_unlock(&failing_lock);
    return refuses;
}

static inline void *failing_alloc(size_t size, void *ctx)
{
    return failing_allocator_refuses(ctx, 1) ? NULL : malloc(size);
}

static inline void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    (void)old_size;
    return failing_allocator_refuses(ctx, memory == NULL) ? NULL : realloc(memory, new_size);
}

static inline void failing_free(void *memory, void *ctx)
{
    failing_allocator *state = ctx;
    pthread_mutex_lock(&failing_lock);
    state->alive--;
    pthread_mutex_unlock(&failing_lock);
    free(memory);
}

static inline mimic_context *failing_context(failing_allocator *state)
{
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    if (getenv("MIMIC_TEST_PORTABLE") != NULL)
        options.cpu_mask = MIMIC_CPU_NONE;
    options.allocator = (mimic_allocator){failing_alloc, failing_realloc, failing_free, state};
    mimic_context *ctx = NULL;
    ck_assert_int_eq(mimic_context_new(&options, &ctx, NULL), MIMIC_OK);
    return ctx;
}

/* Returns how many allocations the scenario makes. */
static inline long replay_failing_allocations(mimic_status (*scenario)(const mimic_context *ctx,
                                                                       mimic_error *err))
{
    for (long count = 0;; count++) {
        failing_allocator state = {-1, 0, false};
        mimic_context *ctx = failing_context(&state);
        state.until_failure = count;
        mimic_error err = MIMIC_ERROR_INIT;
        const mimic_status status = scenario(ctx, &err);
        mimic_context_free(ctx);
        ck_assert_msg(state.alive == 0, "failing at %ld: %ld allocations leak", count, state.alive);
        if (!state.has_failed) {
            ck_assert_msg(status == MIMIC_OK, "%s: %s", mimic_status_name(status), err.message);
            return count;
        }
        ck_assert_msg(status == MIMIC_ERR_MEMORY, "failing at %ld gave %s: %s", count,
                      mimic_status_name(status), err.message);
        ck_assert_int_eq(err.code, MIMIC_ERR_MEMORY);
    }
}

#endif
