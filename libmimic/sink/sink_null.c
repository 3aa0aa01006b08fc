/*
 * The null sink: takes everything, keeps nothing. Loading into it validates a dataset, because all
 * checking happens before a batch exists.
 */
#include "sink/sink_internal.h"

static mimic_status begin(void *self, const mimic_table *table, const mimic_sink_host *host,
                          mimic_error *err)
{
    (void)self;
    (void)table;
    (void)host;
    (void)err;
    return MIMIC_OK;
}

static mimic_status write_batch(void *self, const mimic_batch *batch, void *chunk, mimic_error *err)
{
    (void)self;
    (void)batch;
    (void)chunk;
    (void)err;
    return MIMIC_OK;
}

static mimic_status commit(void *self, mimic_error *err)
{
    (void)self;
    (void)err;
    return MIMIC_OK;
}

mimic_status mimic__sink_null_open(const mimic_context *ctx, const struct mimic_target *target,
                                   const mimic_sink_options *options, mimic_pool *pool,
                                   mimic_sink **out_sink, mimic_error *err)
{
    (void)pool;
    (void)target;
    (void)options;
    const mimic_sink_vtable vtable = {.struct_size = sizeof vtable,
                                      .name = "null",
                                      .begin = begin,
                                      .write = write_batch,
                                      .commit = commit};
    return mimic_sink_new(ctx, &vtable, NULL, out_sink, err);
}
