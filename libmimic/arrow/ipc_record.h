/*
 * A record batch as it lies in a file: where its buffers are, checked against the file, and the
 * buffers one by one, decompressed. Only the buffers that are asked for are read.
 */
#ifndef MIMIC_ARROW_IPC_RECORD_H
#define MIMIC_ARROW_IPC_RECORD_H

#include "arrow/ipc_schema.h"
#include "base/buffer.h"

/* The bytes of a file, anywhere in it. */
typedef struct mimic_ipc_input {
    /* All `size` bytes, or an error. */
    mimic_status (*read)(void *ctx, int64_t offset, void *bytes, size_t size, mimic_error *err);
    void *ctx;
    int64_t size;
    const char *name; /* in messages */
    bool takes_any;   /* columns that the library cannot read are passed over, not refused */
} mimic_ipc_input;

typedef struct mimic_ipc_record {
    const mimic_ipc_input *input;
    const mimic_fb_view *view; /* of the message */
    int64_t body_offset;       /* in the input, which has body_length bytes from there */
    int64_t body_length;
    size_t rows;
    mimic_fb_vector nodes;
    mimic_fb_vector spans;
    mimic_fb_vector variadic; /* how many buffers of bytes each column of views has */
    bool is_compressed;
    uint64_t budget;      /* memory that may still be taken for it */
    mimic_buffer *packed; /* scratch */
} mimic_ipc_record;

/* Reads the RecordBatch at `place`. The caller has set input, body_offset, body_length, budget and
 * packed. */
mimic_status mimic__ipc_record_read(mimic_ipc_record *record, mimic_fb_view *view, size_t place,
                                    mimic_error *err);
/* The node of column number `index`: as many rows as the batch, and how many of them are NULL. */
mimic_status mimic__ipc_record_node(const mimic_ipc_record *record, size_t index,
                                    int64_t *out_null_count, mimic_error *err);
/* Takes `size` bytes from the budget; MIMIC_ERR_LIMIT when there are not so many left. */
mimic_status mimic__ipc_record_charge(mimic_ipc_record *record, uint64_t size, mimic_error *err);
/* What is in buffer number `index`, in `out` instead of what was there; at least `needed` bytes, else
 * MIMIC_ERR_CORRUPT. */
mimic_status mimic__ipc_record_buffer(mimic_ipc_record *record, size_t index, uint64_t needed,
                                      mimic_buffer *out, mimic_error *err);

#endif
