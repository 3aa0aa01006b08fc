/*
 * Writes one table in the Arrow IPC formats, file or stream (Arrow columnar format, "Serialization
 * and Interprocess Communication"). Rows are gathered into record batches of MIMIC_IPC_BATCH_ROWS
 * rows or MIMIC_IPC_BATCH_BYTES bytes, so that the bytes written depend on the rows alone, not on
 * the batches they came in.
 *
 * With a pool of more than one job the compression of a record batch is a task, and the next one is
 * gathered meanwhile; messages are written in their order on the thread of the caller.
 *
 * A categorical column is dictionary<int32, utf8>. So is a string column of a file when the first
 * record batch shows that its texts repeat: the offsets of short texts do not compress, codes do.
 * When the dictionaries of string columns pass MIMIC_IPC_DICTIONARY_BYTES together, the largest
 * becomes plain, and what was written is written anew.
 *
 * In the file format a dictionary stands once, whole, behind the record batches; in the stream
 * format, whose string columns stay utf8, it is sent, whole, before the first record batch and
 * again before every one that needs texts not sent yet. Deltas are never used: too few readers know
 * them.
 */
#ifndef MIMIC_ARROW_IPC_WRITER_H
#define MIMIC_ARROW_IPC_WRITER_H

#include <stdbool.h>

#include <mimic/batch.h>

#include "base/pool.h"

#define MIMIC_IPC_BATCH_ROWS 65536
#define MIMIC_IPC_BATCH_BYTES (8 << 20) /* before compression; a larger row goes alone */

/* Of all string columns together, a text counting 16 bytes more than it has. */
#define MIMIC_IPC_DICTIONARY_BYTES (4 << 20)

typedef struct mimic_ipc_writer mimic_ipc_writer;

typedef mimic_status (*mimic_ipc_write_fn)(void *ctx, const void *bytes, size_t size,
                                           mimic_error *err);

/* What lets a file be begun anew, with fewer dictionaries, when one of them has grown too large;
 * called with write's ctx. Without it string columns are not coded. */
typedef struct mimic_ipc_rewrite {
    /* From now on a new file is written; what was written before can be read. */
    mimic_status (*begin)(void *ctx, mimic_error *err);
    mimic_status (*read)(void *ctx, int64_t offset, void *bytes, size_t size, mimic_error *err);
    /* The old file is needed no more. Not called after a failure. */
    void (*end)(void *ctx);
} mimic_ipc_rewrite;

typedef struct mimic_ipc_options {
    bool is_stream;
    bool is_compressed;               /* Zstandard, buffer by buffer */
    int level;                        /* 0 = MIMIC_IPC_DEFAULT_LEVEL */
    const mimic_ipc_rewrite *rewrite; /* NULL = string fields stay utf8 */
    mimic_pool *pool; /* NULL = no thread but the caller's; must outlive the writer */
} mimic_ipc_options;

#define MIMIC_IPC_DEFAULT_LEVEL 1

/* `table` is borrowed until free; so is write_ctx. */
mimic_status mimic__ipc_writer_open(const mimic_context *ctx, const mimic_table *table,
                                    const mimic_ipc_options *options, mimic_ipc_write_fn write,
                                    void *write_ctx, mimic_ipc_writer **out_writer,
                                    mimic_error *err);
/* Appends the rows [first, first + count) of a batch. After a failure only free is allowed. */
mimic_status mimic__ipc_writer_append(mimic_ipc_writer *writer, const mimic_batch *batch,
                                      int64_t first, int64_t count, mimic_error *err);
/* Writes what is gathered and all that belongs at the end. */
mimic_status mimic__ipc_writer_finish(mimic_ipc_writer *writer, mimic_error *err);
void mimic__ipc_writer_free(mimic_ipc_writer *writer); /* NULL is allowed */

#endif
