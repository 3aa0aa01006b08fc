/*
 * A column of the record batch that is being gathered. Rows are appended from batches of any size;
 * categorical codes are given anew, in the order in which texts first appear among the rows
 * written, so that neither the reader's batches nor its dictionary can be told from what is
 * written.
 */
#ifndef MIMIC_ARROW_IPC_COLUMN_H
#define MIMIC_ARROW_IPC_COLUMN_H

#include <mimic/batch.h>

#include "base/buffer.h"
#include "base/hashmap.h"

typedef struct mimic_ipc_column {
    mimic_type type;
    size_t value_bits; /* 0 = values lie between offsets */
    size_t rows;
    int64_t null_count;
    mimic_buffer validity; /* a bit a row */
    mimic_buffer offsets;  /* int32, rows + 1 of them, when value_bits is 0 */
    mimic_buffer values;
    mimic_hashmap texts; /* of a categorical column, kept from record batch to record batch */
    mimic_buffer codes;  /* int32: code of the source's dictionary -> own code, or -1 */
} mimic_ipc_column;

/* The column owns nothing until rows are appended. */
void mimic__ipc_column_init(mimic_ipc_column *column, const mimic_context *ctx, mimic_type type);
void mimic__ipc_column_free(mimic_ipc_column *column);

/* Forgets the rows, not the dictionary; buffers are kept. */
void mimic__ipc_column_clear(mimic_ipc_column *column);

/* Forgets what is known of the source's dictionary: to be called for every batch. */
bool mimic__ipc_column_begin_batch(mimic_ipc_column *column, const mimic_column *source);

/* Appends the rows [first, first + count) of `source`. */
mimic_status mimic__ipc_column_append(mimic_ipc_column *column, const mimic_column *source,
                                      size_t first, size_t count, mimic_error *err);

#endif
