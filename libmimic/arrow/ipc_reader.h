/*
 * Reads one table in the Arrow IPC formats, file or stream, told apart by the magic bytes. What is read
 * may come from any writer and may be damaged: nothing of it is used before it is checked. Compression
 * by Zstandard or none. Dictionaries may stand anywhere in a file; in a stream they may be replaced or
 * grow. A record batch becomes a batch; its columns are read one by one, those not chosen not at all.
 */
#ifndef MIMIC_ARROW_IPC_READER_H
#define MIMIC_ARROW_IPC_READER_H

#include "arrow/ipc_convert.h"

typedef struct mimic_ipc_reader mimic_ipc_reader;

/* Reads the schema. `input` is copied, what it refers to is borrowed until free. max_batch_bytes bounds
 * the memory for one record batch, MIMIC_ERR_LIMIT beyond. */
mimic_status mimic__ipc_reader_open(const mimic_context *ctx, const mimic_ipc_input *input,
                                    uint64_t max_batch_bytes, mimic_ipc_reader **out_reader,
                                    mimic_error *err);
/* Borrowed until free. */
const mimic_ipc_schema *mimic__ipc_reader_schema(const mimic_ipc_reader *reader);
/* Chooses columns, once and before the first batch: fields[i] of the file as types[i], which
 * mimic__ipc_can_read_as allows. */
mimic_status mimic__ipc_reader_choose(mimic_ipc_reader *reader, const size_t *fields,
                                      const mimic_type *types, size_t count, mimic_error *err);
/* MIMIC_OK, MIMIC_END or an error, after which only free is allowed. The batch is borrowed until the
 * next call, and has no table. */
mimic_status mimic__ipc_reader_next(mimic_ipc_reader *reader, const mimic_batch **out_batch,
                                    mimic_error *err);
void mimic__ipc_reader_free(mimic_ipc_reader *reader); /* NULL is allowed */

/* Of a file: how many record batches it has, -1 for a stream; and which of them, from 0, next gives
 * next. */
int64_t mimic__ipc_reader_batch_count(const mimic_ipc_reader *reader);
void mimic__ipc_reader_go_to(mimic_ipc_reader *reader, size_t number);

/* A column of lists of texts (MIMIC_IPC_LISTS): those of a row are the texts [offsets[row],
 * offsets[row + 1]). What stands behind a list that is NULL is not looked at: it is read as it lies. */
typedef struct mimic_ipc_lists {
    mimic_buffer offsets; /* int64, one more than there are rows */
    mimic_column texts;
    mimic_ipc_wanted wanted;
} mimic_ipc_lists;

void mimic__ipc_lists_init(mimic_ipc_lists *lists, const mimic_context *ctx);
/* Of the record batch that next gave last; field of the file. */
mimic_status mimic__ipc_reader_lists(mimic_ipc_reader *reader, size_t field, mimic_ipc_lists *lists,
                                     mimic_error *err);
void mimic__ipc_lists_free(mimic_ipc_lists *lists);

#endif
