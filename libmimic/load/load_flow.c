/* See load_flow.h. */
#include "load/load_flow.h"

#include "base/error.h"
#include "sink/sink_internal.h"

static void drop_notes(const load_flow *flow, load_chunk *chunk)
{
    for (size_t i = 0; i < flow->stage_count; i++) {
        if (chunk->notes[i] != NULL)
            flow->stages[i].drop(flow->stages[i].self, chunk->notes[i]);
        chunk->notes[i] = NULL;
    }
}

static mimic_status look(const load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                         mimic_error *err)
{
    for (size_t i = 0; i < flow->stage_count; i++)
        if (flow->stages[i].look != NULL)
            MIMIC_TRY(flow->stages[i].look(flow->stages[i].self, batch, &chunk->notes[i], err));
    return MIMIC_OK;
}

/* Leaves out the rows to be skipped; chunk->part stays NULL when there are none. */
static mimic_status skip_rows(const load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                              mimic_error *err)
{
    const size_t count = (size_t)batch->row_count;
    size_t kept = 0;
    if (flow->skip == NULL || count == 0)
        return MIMIC_OK;
    uint32_t *const rows = mimic__alloc_array(flow->ctx, count, sizeof *rows);
    if (rows == NULL)
        return mimic__fail_memory(err);
    mimic_status status = mimic__skip_kept(flow->skip, batch->first_row, count, rows, &kept, err);
    if (status == MIMIC_OK && kept < count)
        status = mimic__batch_take(flow->ctx, batch, rows, kept, &chunk->part, err);
    mimic__free(flow->ctx, rows);
    return status;
}

const mimic_batch *mimic__flow_batch(const load_chunk *chunk, const mimic_batch *batch)
{
    return chunk->part == NULL ? batch : &chunk->part->batch;
}

void mimic__flow_free_chunk(void *self, void *memory)
{
    const load_flow *const flow = self;
    load_chunk *const chunk = memory;
    if (chunk == NULL)
        return;
    mimic__sink_free_chunk(flow->sink, chunk->encoded);
    drop_notes(flow, chunk);
    mimic__batch_part_free(chunk->part);
    mimic__free(flow->ctx, chunk);
}

mimic_status mimic__flow_encode(void *self, const mimic_batch *batch, void **out_chunk,
                                mimic_error *err)
{
    const load_flow *const flow = self;
    load_chunk *const chunk = mimic__alloc_zeroed(flow->ctx, 1, sizeof *chunk);
    *out_chunk = NULL;
    if (chunk == NULL)
        return mimic__fail_memory(err);
    mimic_status status = skip_rows(flow, chunk, batch, err);
    const mimic_batch *const written = mimic__flow_batch(chunk, batch);
    if (status == MIMIC_OK)
        status = look(flow, chunk, written, err);
    if (status == MIMIC_OK)
        status = mimic__sink_encode(flow->sink, written, &chunk->encoded, err);
    if (status != MIMIC_OK) {
        mimic__flow_free_chunk(self, chunk);
        return status;
    }
    *out_chunk = chunk;
    return MIMIC_OK;
}

mimic_status mimic__flow_write(load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                               mimic_error *err)
{
    void *const encoded = chunk->encoded;
    chunk->encoded = NULL; /* taken over, also when it fails */
    return mimic__sink_write_chunk(flow->sink, mimic__flow_batch(chunk, batch), encoded, err);
}

static mimic_status take(load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                         const uint32_t *rows, mimic_error *err)
{
    for (size_t i = 0; i < flow->stage_count; i++) {
        void *const notes = chunk->notes[i];
        chunk->notes[i] = NULL;
        MIMIC_TRY(flow->stages[i].take(flow->stages[i].self, batch, rows, notes, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__flow_take(load_flow *flow, load_chunk *chunk, const mimic_batch *batch,
                              const uint32_t *kept, size_t kept_count, mimic_error *err)
{
    const mimic_batch *const written = mimic__flow_batch(chunk, batch);
    mimic_batch_part *part = NULL;
    const uint32_t *const rows = chunk->part == NULL ? NULL : chunk->part->rows;
    if (kept == NULL || flow->stage_count == 0)
        return take(flow, chunk, written, rows, err);
    /* What was noted holds rows that are not there: look again. */
    drop_notes(flow, chunk);
    MIMIC_TRY(mimic__batch_take(flow->ctx, written, kept, kept_count, &part, err));
    if (rows != NULL)
        for (size_t i = 0; i < kept_count; i++)
            part->rows[i] = rows[part->rows[i]];
    mimic_status status = look(flow, chunk, &part->batch, err);
    if (status == MIMIC_OK)
        status = take(flow, chunk, &part->batch, part->rows, err);
    mimic__batch_part_free(part);
    return status;
}

mimic_status mimic__flow_begin(load_flow *flow, mimic_error *err)
{
    for (size_t i = 0; i < flow->stage_count; i++)
        if (flow->stages[i].begin != NULL)
            MIMIC_TRY(flow->stages[i].begin(flow->stages[i].self, err));
    return MIMIC_OK;
}

mimic_status mimic__flow_end(load_flow *flow, bool *out_again, mimic_error *err)
{
    *out_again = false;
    for (size_t i = 0; i < flow->stage_count && !*out_again; i++)
        if (flow->stages[i].end != NULL)
            MIMIC_TRY(flow->stages[i].end(flow->stages[i].self, out_again, err));
    return MIMIC_OK;
}
