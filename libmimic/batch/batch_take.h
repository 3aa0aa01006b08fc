/*
 * A batch of some of the rows of another.
 *
 *     const uint32_t rows[] = {0, 2, 3};
 *     mimic_batch_part *part = NULL;
 *     mimic__batch_take(ctx, batch, rows, 3, &part, &err);
 *     mimic_sink_write(sink, &part->batch, &err);
 *     mimic__batch_part_free(part);
 */
#ifndef MIMIC_BATCH_TAKE_H
#define MIMIC_BATCH_TAKE_H

#include <mimic/batch.h>

#include "base/arena.h"

typedef struct mimic_batch_part {
    mimic_batch batch;
    uint32_t *rows; /* of the batch it was taken from, one a row */
    mimic_arena arena;
} mimic_batch_part;

/* `rows` ascend; they are copied, as are all values but dictionaries, which stay those of `batch`.
 * MIMIC_ERR_MEMORY. */
mimic_status mimic__batch_take(const mimic_context *ctx, const mimic_batch *batch,
                               const uint32_t *rows, size_t row_count, mimic_batch_part **out_part,
                               mimic_error *err);
void mimic__batch_part_free(mimic_batch_part *part); /* NULL is allowed */

#endif
