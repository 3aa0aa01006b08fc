/*
 * The context: allocator, log callback and CPU mask, given once and inherited by every object.
 *
 *     mimic_context *ctx = NULL;
 *     mimic_context_new(NULL, &ctx, NULL);    // malloc, silent, every CPU feature
 *     ...
 *     mimic_context_free(ctx);                // after all objects made from it
 *
 * Thread safety: a context is immutable after creation and may be shared by any number of threads,
 * provided that the allocator and the log callback may be.
 */
#ifndef MIMIC_CONTEXT_H
#define MIMIC_CONTEXT_H

#include <stddef.h>
#include <mimic/status.h>

MIMIC_BEGIN_DECLS

typedef struct mimic_context mimic_context;

/**
 * Where memory comes from. Any call may return NULL: the library then fails with MIMIC_ERR_MEMORY
 * and loses nothing. realloc gets the old size; free gets NULL never.
 */
typedef struct mimic_allocator {
    void *(*alloc)(size_t size_bytes, void *ctx);
    void *(*realloc)(void *memory, size_t old_size_bytes, size_t new_size_bytes, void *ctx);
    void (*free)(void *memory, void *ctx);
    void *ctx;
} mimic_allocator;

typedef int32_t mimic_log_level;
#define MIMIC_LOG_WARNING 1
#define MIMIC_LOG_INFO 2

/** Receives one line of talk, without a line end. The text is valid during the call only. */
typedef void (*mimic_log_fn)(mimic_log_level level, const char *text, void *ctx);

/* CPU features that kernels may use; see mimic_context_options.cpu_mask. */
#define MIMIC_CPU_AVX2 (1u << 0)
#define MIMIC_CPU_NEON (1u << 1)
#define MIMIC_CPU_AVX512 (1u << 2) /* with VBMI and VBMI2 */
#define MIMIC_CPU_ALL 0xffffffffu

typedef struct mimic_context_options {
    uint32_t struct_size;
    uint32_t cpu_mask;         /* 0 = every feature found; MIMIC_CPU_NONE forces portable code */
    mimic_allocator allocator; /* all NULL = malloc, realloc, free */
    mimic_log_fn log;          /* NULL = silent */
    void *log_ctx;
} mimic_context_options;

#define MIMIC_CPU_NONE (1u << 31)
#define MIMIC_CONTEXT_OPTIONS_INIT                                                                 \
    { (uint32_t)sizeof(mimic_context_options), 0, {NULL, NULL, NULL, NULL}, NULL, NULL }

/**
 * Makes a context. `options` may be NULL for the defaults.
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for an allocator given in part; MIMIC_ERR_MEMORY.
 * Ownership: the caller frees *out_context, after every object made from it.
 * Thread safety: any thread.
 * Since: 0.1
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_context_new(const mimic_context_options *options,
                                                         mimic_context **out_context,
                                                         mimic_error *err);

/**
 * Frees a context; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `context`.
 * Since: 0.1
 */
MIMIC_API void mimic_context_free(mimic_context *context);

/**
 * Frees memory that a call of this library handed over as a plain pointer (texts of
 * mimic_report_json and the like); NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `memory`, which must come from an object of this context.
 * Since: 0.1
 */
MIMIC_API void mimic_free(mimic_context *context, void *memory);

MIMIC_END_DECLS

#endif
