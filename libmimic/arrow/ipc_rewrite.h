/*
 * A record batch of a file that is begun anew because a dictionary has outgrown its limit: the
 * codes of that column become texts, the buffers of all others are taken as they are.
 */
#ifndef MIMIC_ARROW_IPC_REWRITE_H
#define MIMIC_ARROW_IPC_REWRITE_H

#include "arrow/ipc_gathered.h"

/* Makes out->body and out->rows of a message that this library wrote, whose fields are coded as
 * `fields` says. Those that are `is_outgrown` are written plain. */
mimic_status mimic__ipc_rewrite_batch(mimic_ipc_gathered *out, const mimic_buffer *metadata,
                                      const mimic_buffer *body, const mimic_ipc_field *fields,
                                      mimic_error *err);

#endif
