/* Whatever gives batches one after the other as a struct ArrowArrayStream. */
#ifndef MIMIC_ARROW_STREAM_H
#define MIMIC_ARROW_STREAM_H

#include <mimic/arrow.h>

/* Batches of one table, whose dictionaries only grow. */
typedef struct mimic_batch_source {
    void *self;
    const mimic_table *table; /* valid until `free` */
    mimic_status (*next)(void *self, const mimic_batch **out_batch, mimic_error *err);
    void (*free)(void *self);
} mimic_batch_source;

/* The stream owns source->self from here on; when this fails the caller still does.
 * MIMIC_ERR_MEMORY. */
mimic_status mimic__stream_export(const mimic_context *ctx, const mimic_batch_source *source,
                                  struct ArrowArrayStream *out_stream, mimic_error *err);

#endif
