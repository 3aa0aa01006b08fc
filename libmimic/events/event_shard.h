/* An Arrow file of ready record batches that is being written; it appears under its name when whole. */
#ifndef MIMIC_EVENTS_EVENT_SHARD_H
#define MIMIC_EVENTS_EVENT_SHARD_H

#include "arrow/ipc_ready.h"
#include "io/output.h"

typedef struct mimic_event_shard {
    mimic_output *output; /* NULL = none is open */
    const mimic_ipc_form *form;
    mimic_buffer blocks;
} mimic_event_shard;

/* `form` is borrowed. After a failure only free is allowed. */
mimic_status mimic__event_shard_open(mimic_event_shard *shard, const mimic_ipc_form *form,
                                     const char *path, bool no_sync, mimic_error *err);
mimic_status mimic__event_shard_add(mimic_event_shard *shard, const mimic_ipc_ready *ready,
                                    mimic_error *err);
/* Completes and names the file; *out_bytes is its size. */
mimic_status mimic__event_shard_close(mimic_event_shard *shard, int64_t *out_bytes,
                                      mimic_error *err);
/* Of a shard that was zeroed, opened or closed. */
void mimic__event_shard_free(mimic_event_shard *shard);

#endif
