/* See event_shard.h. The blocks, where the record batches stand, are all that is kept of them. */
#include "events/event_shard.h"

#include "base/error.h"

mimic_status mimic__event_shard_open(mimic_event_shard *shard, const mimic_ipc_form *form,
                                     const char *path, bool no_sync, mimic_error *err)
{
    const mimic_context *ctx = form->start.ctx;
    const mimic_output_options options = {.compression = MIMIC_COMPRESSION_NONE,
                                          .no_sync = no_sync};
    *shard = (mimic_event_shard){.form = form};
    mimic__buffer_init(&shard->blocks, ctx);
    MIMIC_TRY(mimic__output_open(ctx, path, &options, &shard->output, err));
    return mimic__output_write(shard->output, form->start.data, form->start.size, err);
}

mimic_status mimic__event_shard_add(mimic_event_shard *shard, const mimic_ipc_ready *ready,
                                    mimic_error *err)
{
    mimic__ipc_ready_block(ready, mimic__output_position(shard->output), &shard->blocks);
    if (shard->blocks.failed)
        return mimic__fail_memory(err);
    return mimic__output_write(shard->output, ready->bytes.data, ready->bytes.size, err);
}

mimic_status mimic__event_shard_close(mimic_event_shard *shard, int64_t *out_bytes,
                                      mimic_error *err)
{
    mimic_buffer end;
    mimic__buffer_init(&end, shard->blocks.ctx);
    mimic_status status = mimic__ipc_form_end(shard->form, &shard->blocks, &end, err);
    if (status == MIMIC_OK)
        status = mimic__output_write(shard->output, end.data, end.size, err);
    mimic__buffer_free(&end);
    *out_bytes = mimic__output_position(shard->output);
    if (status == MIMIC_OK)
        status = mimic__output_publish(shard->output, err);
    mimic__event_shard_free(shard);
    return status;
}

void mimic__event_shard_free(mimic_event_shard *shard)
{
    mimic__output_free(shard->output);
    shard->output = NULL;
    if (shard->form != NULL)
        mimic__buffer_free(&shard->blocks);
}
