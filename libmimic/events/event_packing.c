/* See event_run.h: slices into blocks, some of which are packed at once by tasks of the pool; they are
 * put in order by whoever adds. */
#include "base/error.h"
#include "events/event_run.h"

typedef struct packing_slot {
    mimic_task task; /* first: a task is its slot */
    mimic_event_packer *packer;
    mimic_event_chunk *chunk; /* NULL = free */
    mimic_event_block block;
    const unsigned char *bytes;
    mimic_status status;
    mimic_error failure;
} packing_slot;

struct mimic_packing {
    const mimic_context *ctx;
    mimic_packing_options options;
    mimic_event_builder builder;
    packing_slot *slots;
    unsigned next; /* slot that is filled next, and holds the oldest block if it is not free */
};

static void pack(mimic_task *task)
{
    packing_slot *const slot = (packing_slot *)task;
    slot->status =
        mimic__event_pack(slot->packer, slot->chunk, &slot->block, &slot->bytes, &slot->failure);
}

mimic_status mimic__packing_new(const mimic_context *ctx, const mimic_packing_options *options,
                                mimic_packing **out_packing, mimic_error *err)
{
    *out_packing = NULL;
    mimic_packing *const packing = mimic__alloc_zeroed(ctx, 1, sizeof *packing);
    if (packing == NULL)
        return mimic__fail_memory(err);
    packing->ctx = ctx;
    packing->options = *options;
    mimic__event_builder_init(&packing->builder, ctx, options->max_events, options->max_bytes);
    packing->slots = mimic__alloc_zeroed(ctx, options->slots, sizeof *packing->slots);
    mimic_status status = packing->slots == NULL ? mimic__fail_memory(err) : MIMIC_OK;
    for (unsigned i = 0; i < options->slots && status == MIMIC_OK; i++) {
        packing->slots[i].task.run = pack;
        status = mimic__event_packer_new(ctx, options->level, &packing->slots[i].packer, err);
    }
    if (status != MIMIC_OK) {
        mimic__packing_free(packing);
        return status;
    }
    *out_packing = packing;
    return MIMIC_OK;
}

void mimic__packing_free(mimic_packing *packing)
{
    if (packing == NULL)
        return;
    for (unsigned i = 0; packing->slots != NULL && i < packing->options.slots; i++) {
        packing_slot *const slot = &packing->slots[i];
        mimic__pool_wait(packing->options.pool, &slot->task);
        mimic__event_packer_free(slot->packer);
        mimic__chunk_release(slot->chunk);
    }
    mimic__event_builder_free(&packing->builder);
    mimic__free(packing->ctx, packing->slots);
    mimic__free(packing->ctx, packing);
}

/* Puts what the slot holds. */
static mimic_status settle(mimic_packing *packing, packing_slot *slot, mimic_error *err)
{
    if (slot->chunk == NULL)
        return MIMIC_OK;
    mimic__pool_wait(packing->options.pool, &slot->task);
    mimic__chunk_release(slot->chunk);
    slot->chunk = NULL;
    if (slot->status != MIMIC_OK)
        return mimic__fail_again(err, &slot->failure);
    return packing->options.put(packing->options.ctx, &slot->block, slot->bytes, err);
}

static mimic_status close_block(mimic_packing *packing, mimic_error *err)
{
    packing_slot *const slot = &packing->slots[packing->next];
    MIMIC_TRY(settle(packing, slot, err));
    slot->chunk = mimic__event_builder_take(&packing->builder);
    if (packing->options.prepare != NULL)
        MIMIC_TRY(packing->options.prepare(packing->options.ctx, slot->chunk, err));
    packing->next = (packing->next + 1) % packing->options.slots;
    slot->failure = (mimic_error)MIMIC_ERROR_INIT;
    mimic__pool_submit(packing->options.pool, &slot->task);
    return MIMIC_OK;
}

mimic_status mimic__packing_add(mimic_packing *packing, mimic_event_slice slice, mimic_error *err)
{
    while (slice.count > 0) {
        MIMIC_TRY(mimic__event_builder_add(&packing->builder, &slice, err));
        if (packing->builder.is_full)
            MIMIC_TRY(close_block(packing, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__packing_add_chunk(mimic_packing *packing, const mimic_event_chunk *chunk,
                                      mimic_error *err)
{
    for (size_t i = 0; i < chunk->run_count; i++)
        MIMIC_TRY(mimic__packing_add(
            packing, (mimic_event_slice){chunk, chunk->runs[i].first, chunk->runs[i].count}, err));
    return MIMIC_OK;
}

mimic_status mimic__packing_end(mimic_packing *packing, mimic_error *err)
{
    if (packing->builder.chunk != NULL && packing->builder.chunk->count > 0)
        MIMIC_TRY(close_block(packing, err));
    for (unsigned i = 0; i < packing->options.slots; i++)
        MIMIC_TRY(
            settle(packing, &packing->slots[(packing->next + i) % packing->options.slots], err));
    return MIMIC_OK;
}
