/*
 * An allocator with a budget: the library asks it for every byte, fails cleanly when it says no, and
 * gives everything back.
 *
 *     05_custom_allocator labs.csv
 */
#include <mimic/mimic.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct budget {
    size_t left;
    long long blocks; /* given out and not given back */
} budget;

static void *budget_alloc(size_t size_bytes, void *ctx)
{
    budget *const self = ctx;
    if (size_bytes > self->left)
        return NULL;
    void *memory = malloc(size_bytes);
    if (memory != NULL) {
        self->left -= size_bytes;
        self->blocks++;
    }
    return memory;
}

/* What is freed does not come back to the budget: this one is about the whole life of a context. */
static void budget_free(void *memory, void *ctx)
{
    ((budget *)ctx)->blocks--;
    free(memory);
}

static void *budget_realloc(void *memory, size_t old_size_bytes, size_t new_size_bytes, void *ctx)
{
    budget *const self = ctx;
    const size_t more = new_size_bytes > old_size_bytes ? new_size_bytes - old_size_bytes : 0;
    if (more > self->left)
        return NULL;
    void *moved = realloc(memory, new_size_bytes);
    if (moved != NULL)
        self->left -= more;
    return moved;
}

static mimic_status count_rows(mimic_context *ctx, const char *path, mimic_error *err)
{
    mimic_registry *registry = NULL;
    mimic_source *source = NULL;
    mimic_csv_reader *reader = NULL;
    const mimic_table *table = NULL;
    const mimic_batch *batch = NULL;
    long long rows = 0;
    mimic_status status = mimic_registry_new(ctx, &registry, err);
    if (status == MIMIC_OK)
        status = mimic_registry_find_table(registry, "mimic-iv@3.1/labevents", &table, err);
    if (status == MIMIC_OK)
        status = mimic_source_open(ctx, path, NULL, &source, err);
    if (status == MIMIC_OK)
        status = mimic_csv_reader_open(ctx, source, table, NULL, &reader, err);
    while (status == MIMIC_OK && (status = mimic_csv_reader_next(reader, &batch, err)) == MIMIC_OK)
        rows += batch->row_count;
    if (status == MIMIC_END)
        printf("%lld rows\n", rows);
    mimic_csv_reader_free(reader);
    mimic_source_free(source);
    mimic_registry_free(registry);
    return status;
}

static void run(const char *path, size_t budget_bytes)
{
    budget self = {budget_bytes, 0};
    mimic_context_options options = MIMIC_CONTEXT_OPTIONS_INIT;
    options.allocator = (mimic_allocator){budget_alloc, budget_realloc, budget_free, &self};
    mimic_context *ctx = NULL;
    mimic_error err = MIMIC_ERROR_INIT;
    mimic_status status = mimic_context_new(&options, &ctx, &err);
    if (status == MIMIC_OK)
        status = count_rows(ctx, path, &err);
    mimic_context_free(ctx);
    printf("%zu KiB: %s, %lld blocks not given back\n", budget_bytes / 1024,
           status == MIMIC_END ? "done" : mimic_status_name(status), self.blocks);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s FILE\n", arguments[0]);
        return 2;
    }
    run(arguments[1], (size_t)256 * 1024 * 1024);
    run(arguments[1], (size_t)64 * 1024);
    return 0;
}
