/*
 * Batches as a struct ArrowArrayStream (Arrow C Stream Interface). The stream owns what gives them;
 * each array that it hands out lives on its own (arrow_array.c) and may outlive the stream; their
 * dictionaries are shared while they do not grow. Batches without rows are passed over: a consumer has
 * no use for them.
 */
#include "arrow/arrow_stream.h"

#include <errno.h>
#include <string.h>

#include "arrow/arrow_array.h"
#include "base/context_internal.h"
#include "base/error.h"

typedef struct stream_owner {
    const mimic_context *ctx;
    mimic_batch_source source;
    const mimic_batch *batch; /* read, not yet handed out: kept when that fails, so no row is lost */
    mimic_export_cache cache;
    mimic_error error; /* of the last call; code MIMIC_OK = it did not fail */
} stream_owner;

/* The interface knows errno values only; the message is for get_last_error. */
static int finish_call(stream_owner *owner, mimic_status status)
{
    switch (status) {
    case MIMIC_OK:
    case MIMIC_END:
        owner->error.code = MIMIC_OK;
        return 0;
    case MIMIC_ERR_MEMORY:
        return ENOMEM;
    case MIMIC_ERR_CANCELLED:
        return ECANCELED;
    default:
        return EIO;
    }
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    stream_owner *owner = stream->private_data;
    return finish_call(owner, mimic_table_export_schema(owner->ctx, owner->source.table, out,
                                                        &owner->error));
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_owner *owner = stream->private_data;
    mimic_status status = MIMIC_OK;
    memset(out, 0, sizeof *out); /* release NULL says that the stream has ended */
    while (status == MIMIC_OK && owner->batch == NULL) {
        const mimic_batch *batch = NULL;
        status = owner->source.next(owner->source.self, &batch, &owner->error);
        if (status == MIMIC_OK && batch->row_count > 0)
            owner->batch = batch;
    }
    if (status == MIMIC_OK)
        status = mimic__batch_export(owner->ctx, owner->batch, &owner->cache, out, &owner->error);
    if (status == MIMIC_OK)
        owner->batch = NULL;
    return finish_call(owner, status);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const stream_owner *owner = stream->private_data;
    return owner->error.code == MIMIC_OK ? NULL : owner->error.message;
}

static void release(struct ArrowArrayStream *stream)
{
    stream_owner *owner = stream->private_data;
    owner->source.free(owner->source.self);
    mimic__export_cache_free(owner->ctx, &owner->cache);
    mimic__free(owner->ctx, owner);
    stream->release = NULL;
}

mimic_status mimic__stream_export(const mimic_context *ctx, const mimic_batch_source *source,
                                  struct ArrowArrayStream *out_stream, mimic_error *err)
{
    memset(out_stream, 0, sizeof *out_stream);
    stream_owner *owner = mimic__alloc_zeroed(ctx, 1, sizeof *owner);
    if (owner == NULL)
        return mimic__fail_memory(err);
    owner->ctx = ctx;
    owner->source = *source;
    owner->error = (mimic_error)MIMIC_ERROR_INIT;
    *out_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release,
                                            .private_data = owner};
    return MIMIC_OK;
}
