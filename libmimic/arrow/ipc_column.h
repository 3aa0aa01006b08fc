/*
 * A column of the record batch that is being gathered. Rows are appended from batches of any size;
 * codes of a dictionary are given anew, in the order in which texts first appear among the rows
 * written, so that neither the reader's batches nor its dictionary can be told from what is
 * written.
 */
#ifndef MIMIC_ARROW_IPC_COLUMN_H
#define MIMIC_ARROW_IPC_COLUMN_H

#include <mimic/batch.h>

#include "base/buffer.h"
#include "base/hashmap.h"

/* What stays the same, or grows, from record batch to record batch. */
typedef struct mimic_ipc_field {
    mimic_type type;
    bool is_coded;       /* written as codes of `texts`: every categorical, some string fields */
    bool is_outgrown;    /* is about to be coded no more */
    mimic_hashmap texts; /* the dictionary */
    mimic_buffer codes;  /* int32: code of the source's dictionary -> own code, or -1 */
} mimic_ipc_field;

/* The rows of one record batch. */
typedef struct mimic_ipc_column {
    size_t rows;
    int64_t null_count;
    bool is_decimal;       /* set when the batch is closed */
    mimic_buffer validity; /* a bit a row */
    mimic_buffer offsets;  /* int32, rows + 1 of them, when value_bits is 0 */
    mimic_buffer values;
} mimic_ipc_column;

/* Both own nothing until rows are appended. */
void mimic__ipc_field_init(mimic_ipc_field *field, const mimic_context *ctx, mimic_type type);
void mimic__ipc_field_free(mimic_ipc_field *field);
void mimic__ipc_column_init(mimic_ipc_column *column, const mimic_context *ctx);
void mimic__ipc_column_free(mimic_ipc_column *column);

/* Forgets what is known of the source's dictionary: to be called for every batch. */
bool mimic__ipc_field_begin_batch(mimic_ipc_field *field, const mimic_column *source);

/* Forgets the rows; buffers are kept. */
void mimic__ipc_column_clear(mimic_ipc_column *column);

/* Appends the rows [first, first + count) of `source`. */
mimic_status mimic__ipc_column_append(mimic_ipc_column *column, mimic_ipc_field *field,
                                      const mimic_column *source, size_t first, size_t count,
                                      mimic_error *err);

/* Turns the texts of a string column, the first of its field, into codes, if that pays: when a text
 * comes MIMIC_IPC_REPEATS times on average. field->is_coded says whether it was done. */
#define MIMIC_IPC_REPEATS 8
mimic_status mimic__ipc_column_try_coding(mimic_ipc_column *column, mimic_ipc_field *field,
                                          mimic_error *err);

/* Turns the codes of a string column into texts again. */
mimic_status mimic__ipc_column_decode(mimic_ipc_column *column, const mimic_ipc_field *field,
                                      mimic_error *err);

#endif
