/*
 * The context: allocator, log callback and CPU mask, given once and inherited by every object.
 *
 *     mimic_context *ctx = NULL;
 *     mimic_context_new(NULL, &ctx, NULL);    // malloc, silent, every CPU feature
 *     do_all_the_work(ctx);
 *     mimic_context_free(ctx);                // after all objects made from it
 *
 * Thread safety: a context is immutable after creation and may be shared by any number of threads,
 * provided that the allocator and the log callback may be.
 *
 * Since: 0.1
 */
#ifndef MIMIC_CONTEXT_H
#define MIMIC_CONTEXT_H

#include <stddef.h>
#include <mimic/status.h>

MIMIC_BEGIN_DECLS

/** What every object is made from: allocator, log and CPU mask. Made by mimic_context_new. */
typedef struct mimic_context mimic_context;

/**
 * Where memory comes from. alloc and realloc may return NULL: the library then fails with
 * MIMIC_ERR_MEMORY and loses nothing. Memory must suit any type, as malloc's does. With `jobs`
 * above 1 they are called on several threads at once.
 *
 * alloc: `size_bytes` of memory; the size is never 0
 * realloc: grows or shrinks `memory` to `new_size_bytes`; gets the old size, and never NULL
 * free: gives `memory` back; never gets NULL
 * ctx: handed to all three
 */
typedef struct mimic_allocator {
    void *(*alloc)(size_t size_bytes, void *ctx);
    void *(*realloc)(void *memory, size_t old_size_bytes, size_t new_size_bytes, void *ctx);
    void (*free)(void *memory, void *ctx);
    void *ctx;
} mimic_allocator;

/** How much a line of the log matters. */
typedef int32_t mimic_log_level;
#define MIMIC_LOG_WARNING 1 /* something is not as it should be, and the work goes on */
#define MIMIC_LOG_INFO 2    /* good to know */

/**
 * Receives one line of talk; see mimic_context_options.log.
 *
 * level: MIMIC_LOG_WARNING or MIMIC_LOG_INFO
 * text: the line, without a line end; valid during the call only
 *
 * Thread safety: called on the caller's thread; where a load writes over several connections, on
 * those of the library too, several at once.
 * Since: 0.1
 */
typedef void (*mimic_log_fn)(mimic_log_level level, const char *text, void *ctx);

/** CPU features that kernels may use; see mimic_context_options.cpu_mask. */
#define MIMIC_CPU_AVX2 (1u << 0)
#define MIMIC_CPU_NEON (1u << 1)
#define MIMIC_CPU_AVX512 (1u << 2) /* with VBMI and VBMI2 */
#define MIMIC_CPU_ALL 0xffffffffu  /* all of them */

/** What a context may be told; begin with MIMIC_CONTEXT_OPTIONS_INIT. */
typedef struct mimic_context_options {
    uint32_t struct_size;
    uint32_t cpu_mask;         /* 0 = every feature found; MIMIC_CPU_NONE forces portable code */
    mimic_allocator allocator; /* all NULL = malloc, realloc, free */
    mimic_log_fn log;          /* NULL = silent */
    void *log_ctx;             /* handed to log */
} mimic_context_options;

/** As a cpu_mask: portable code only. */
#define MIMIC_CPU_NONE (1u << 31)

#define MIMIC_CONTEXT_OPTIONS_INIT                                                                 \
    { sizeof(mimic_context_options), 0, {NULL, NULL, NULL, NULL}, NULL, NULL }

/**
 * Makes a context.
 *
 * options: NULL = defaults: malloc, silent, every CPU feature
 * out_context: the context; NULL after a failure
 *
 * Returns: MIMIC_OK; MIMIC_ERR_ARGUMENT for out_context NULL, an allocator given in part or options
 * without their INIT macro; MIMIC_ERR_MEMORY when the allocator refuses.
 * Ownership: the caller frees *out_context, after every object made from it. Options are copied.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
 *     options.log = print_log;
 *     status = mimic_context_new(&options, &ctx, &err);
 */
MIMIC_API MIMIC_NODISCARD mimic_status mimic_context_new(const mimic_context_options *options,
                                                         mimic_context **out_context,
                                                         mimic_error *err);

/**
 * Frees a context; NULL is allowed.
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `context`; every object made from it must be gone.
 * Thread safety: one thread, when no other uses the context any more.
 * Since: 0.1
 */
MIMIC_API void mimic_context_free(mimic_context *context);

/**
 * Frees memory that a call of this library handed over as a plain pointer (texts of
 * mimic_report_json and the like).
 *
 * memory: what the call handed over, by an object of this context; NULL is allowed
 *
 * Returns: nothing, cannot fail.
 * Ownership: takes `memory`.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     char *json = NULL;
 *     status = mimic_report_json(report, &json, &err);
 *     mimic_free(ctx, json);
 */
MIMIC_API void mimic_free(mimic_context *context, void *memory);

MIMIC_END_DECLS

#endif
