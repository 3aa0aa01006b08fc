/*
 * Loads whose allocations fail, one at a time, on demand:
 *
 *     memory SCHEMAS DATASET FOLDER TARGET [OPTION...]     options: jobs=N no_pages
 *
 * Each line of the input, "N" or "N+", is a load of which allocation N fails, or every one from N on;
 * -1 is none. Each line of the answer is the status, the blocks that were not given back, whether an
 * allocation failed, and the message.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mimic/mimic.h>

typedef struct failing {
    pthread_mutex_t lock;
    long long countdown;
    bool stays;
    bool has_failed;
    long long blocks;
} failing;

static bool fails(failing *self)
{
    const bool now = self->countdown == 0 || (self->stays && self->countdown < 0);
    self->countdown--;
    self->has_failed |= now;
    return now;
}

static void *failing_alloc(size_t size, void *ctx)
{
    failing *const self = ctx;
    pthread_mutex_lock(&self->lock);
    void *const memory = fails(self) ? NULL : malloc(size);
    self->blocks += memory != NULL;
    pthread_mutex_unlock(&self->lock);
    return memory;
}

static void *failing_realloc(void *memory, size_t old_size, size_t new_size, void *ctx)
{
    failing *const self = ctx;
    (void)old_size;
    pthread_mutex_lock(&self->lock);
    const bool now = fails(self);
    void *const moved = now ? NULL : realloc(memory, new_size);
    self->blocks += memory == NULL && moved != NULL;
    pthread_mutex_unlock(&self->lock);
    return moved;
}

static void failing_free(void *memory, void *ctx)
{
    failing *const self = ctx;
    pthread_mutex_lock(&self->lock);
    self->blocks--;
    pthread_mutex_unlock(&self->lock);
    free(memory);
}

typedef struct job {
    const char *schemas;
    const char *dataset;
    const char *folder;
    const char *target;
    mimic_load_options options;
    mimic_sink_options sink;
} job;

static mimic_status load(const job *work, mimic_context *ctx, mimic_error *err)
{
    mimic_registry *registry = NULL;
    mimic_report *report = NULL;
    char *json = NULL;
    mimic_status status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_registry_add_dir(registry, work->schemas, err);
    if (status == MIMIC_OK)
        status = mimic_load(ctx, registry, work->folder, work->target, &work->options, &report, err);
    /* The load is done, whatever becomes of its report. */
    const mimic_status told = report == NULL ? MIMIC_OK : mimic_report_json(report, &json, NULL);
    (void)told;
    mimic_free(ctx, json);
    mimic_report_free(report);
    mimic_registry_free(registry);
    return status;
}

static void run(const job *work, long long countdown, bool stays)
{
    failing memory = {.lock = PTHREAD_MUTEX_INITIALIZER,
                      .countdown = countdown < 0 ? INT64_MAX : countdown,
                      .stays = stays && countdown >= 0};
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){failing_alloc, failing_realloc, failing_free, &memory};
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status = mimic_context_new(&options, &ctx, &err);
    if (status == MIMIC_OK)
        status = load(work, ctx, &err);
    mimic_context_free(ctx);
    for (char *at = err.message; *at != '\0'; at++)
        if (*at == '\n')
            *at = ' ';
    printf("%s %lld %d %s\n", mimic_status_name(status), memory.blocks, memory.has_failed,
           status == MIMIC_OK ? "" : err.message);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    job work = {argv[1], argv[2], argv[3], argv[4], MIMIC_LOAD_OPTIONS_INIT,
                MIMIC_SINK_OPTIONS_INIT};
    work.sink.no_sync = 1;
    work.options.dataset = work.dataset;
    work.options.sink = &work.sink;
    for (int i = 5; i < argc; i++) {
        if (strncmp(argv[i], "jobs=", 5) == 0)
            work.options.jobs = (int32_t)strtol(argv[i] + 5, NULL, 10);
        else if (strcmp(argv[i], "no_pages") == 0)
            work.sink.no_direct_pages = 1;
        else
            return 2;
    }
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL)
        run(&work, strtoll(line, NULL, 10), strchr(line, '+') != NULL);
    return 0;
}
