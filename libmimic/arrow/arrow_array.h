/*
 * Exports of one stream of batches, whose dictionaries only grow: arrays share a dictionary until
 * it has grown, instead of a copy each.
 */
#ifndef MIMIC_ARROW_ARRAY_H
#define MIMIC_ARROW_ARRAY_H

#include <mimic/arrow.h>

typedef struct mimic_shared_texts mimic_shared_texts;

/* The newest dictionary of each column. Zero-initialised; used by one thread at a time, while the
 * arrays that share its dictionaries may be released on any. */
typedef struct mimic_export_cache {
    mimic_shared_texts **texts; /* a column: NULL until there is one */
    size_t count;
} mimic_export_cache;

void mimic__export_cache_free(const mimic_context *ctx, mimic_export_cache *cache);

/* mimic_batch_export of the next batch of the stream that the cache belongs to; with cache NULL the
 * batch stands alone. */
mimic_status mimic__batch_export(const mimic_context *ctx, const mimic_batch *batch,
                                 mimic_export_cache *cache, struct ArrowArray *out_array,
                                 mimic_error *err);

#endif
