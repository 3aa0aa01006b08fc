/*
 * A record batch on its way to the file: gathered row by row, then turned into the body of a
 * message by a task that any thread may run. The task allocates nothing and reads nothing but the
 * batch.
 */
#ifndef MIMIC_ARROW_IPC_GATHERED_H
#define MIMIC_ARROW_IPC_GATHERED_H

#include "arrow/ipc_body.h"
#include "arrow/ipc_column.h"
#include "base/pool.h"

typedef struct mimic_ipc_gathered {
    mimic_task task;           /* the first member: the task is the batch */
    mimic_ipc_column *columns; /* NULL until the batch is used for the first time */
    size_t column_count;
    size_t rows;
    uint64_t bits;        /* what the rows take */
    int64_t *text_counts; /* of each field's dictionary when the batch was closed */
    mimic_ipc_body body;  /* made by the task */
    mimic_status status;  /* of the task */
    mimic_error error;
} mimic_ipc_gathered;

mimic_status mimic__ipc_gathered_init(mimic_ipc_gathered *batch, const mimic_context *ctx,
                                      size_t column_count, bool is_compressed, int level,
                                      mimic_error *err);
void mimic__ipc_gathered_free(mimic_ipc_gathered *batch);
void mimic__ipc_gathered_clear(mimic_ipc_gathered *batch);

/* Ends the gathering: notes the sizes of the dictionaries and takes all memory that the task will
 * need. The task may then be submitted. */
bool mimic__ipc_gathered_close(mimic_ipc_gathered *batch, const mimic_ipc_field *fields);

#endif
