/*
 * Arrow IPC files of record batches that are made beforehand, on any thread: in the types of a
 * mimic_ipc_shape, with dictionaries that are known before the first row.
 *
 *     mimic__ipc_form_init(&form, ctx, &shape, true, &err);      // what all files of the shape share
 *     mimic__ipc_ready_make(&ready, &body, &batch, &err);        // any thread, a body each
 *     ... write form.start, then each ready.bytes, noting its place with mimic__ipc_ready_block ...
 *     mimic__ipc_form_end(&form, &blocks, &end);                 // write it too
 *
 * A message takes a multiple of 64 bytes and begins at one, so that its bytes do not depend on where it
 * stands in which file.
 */
#ifndef MIMIC_ARROW_IPC_READY_H
#define MIMIC_ARROW_IPC_READY_H

#include "arrow/ipc_body.h"

/* A column, or the child of the list before it, as the caller has laid it out. */
typedef struct mimic_ipc_laid {
    size_t rows;
    size_t null_count;
    const void *validity; /* a bit a row; looked at only where some row is NULL, and not all are */
    const void *offsets;  /* of texts and lists, with those of the end; NULL = none */
    size_t offset_width;  /* 4 or 8; there are rows + 1 of them */
    const void *values;   /* NULL: all bytes are 0 */
    size_t values_size;   /* bytes */
    bool has_values;      /* false: a list, whose child follows */
    bool counts;          /* values of 4 or 8 bytes that mostly count up */
} mimic_ipc_laid;

typedef struct mimic_ipc_laid_batch {
    size_t rows;
    const mimic_ipc_laid *columns;
    size_t column_count; /* children too */
} mimic_ipc_laid_batch;

/* A record batch message, whole. */
typedef struct mimic_ipc_ready {
    mimic_buffer bytes;
    int32_t metadata_length; /* with its prefix */
    int64_t body_length;
} mimic_ipc_ready;

/* `ready` need not be initialised; freed with mimic__ipc_ready_free, after a failure too. `body` has room
 * for the columns and is used as scratch. */
mimic_status mimic__ipc_ready_make(mimic_ipc_ready *ready, mimic_ipc_body *body,
                                   const mimic_ipc_laid_batch *batch, mimic_error *err);
void mimic__ipc_ready_free(mimic_ipc_ready *ready);
/* Notes among the blocks (mimic_ipc_block each) that the message stands at `position`. */
void mimic__ipc_ready_block(const mimic_ipc_ready *ready, int64_t position, mimic_buffer *blocks);

typedef struct mimic_ipc_form {
    mimic_ipc_shape shape;
    mimic_buffer start; /* of every file: magic, schema, dictionaries */
    mimic_buffer dictionary_blocks;
} mimic_ipc_form;

/* What the shape refers to is borrowed. Freed with mimic__ipc_form_free, after a failure too. */
mimic_status mimic__ipc_form_init(mimic_ipc_form *form, const mimic_context *ctx,
                                  const mimic_ipc_shape *shape, bool is_compressed,
                                  mimic_error *err);
void mimic__ipc_form_free(mimic_ipc_form *form);
/* Appends what stands behind the last record batch of a file. */
mimic_status mimic__ipc_form_end(const mimic_ipc_form *form, const mimic_buffer *batch_blocks,
                                 mimic_buffer *out, mimic_error *err);

#endif
