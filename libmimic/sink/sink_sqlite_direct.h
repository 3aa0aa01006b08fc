/*
 * A table of a new database as pages that are written past SQLite: SQLite creates the table and its
 * transaction ends, the rows go in here, and SQLite takes over again. A table whose keys turn out
 * not to ascend is finished as it is, and the rows that follow are for inserts.
 *
 * encode and free_chunk may run on any thread, several at once, between begin and end.
 */
#ifndef MIMIC_SINK_SQLITE_DIRECT_H
#define MIMIC_SINK_SQLITE_DIRECT_H

#include <pthread.h>
#include <stdatomic.h>

#include "sink/sqlite_index.h"
#include "sink/sqlite_tree.h"

typedef struct mimic_sqlite_direct {
    const mimic_context *ctx;
    const mimic_sink_host *host;
    mimic_sqlite_layout layout;
    mimic_sqlite_pages pages;
    mimic_sqlite_tree tree;
    mimic_sqlite_indexes *indexes; /* owned */
    atomic_bool takes_rows;
    pthread_mutex_t mutex;
    mimic_sqlite_chunk *spare; /* chunks to be used again, under the mutex */
} mimic_sqlite_direct;

typedef struct mimic_sqlite_direct_table {
    const mimic_table *table;
    const mimic_sink_host *host;
    uint32_t root; /* the table's page */
    bool integer_times;
    mimic_sqlite_indexes *indexes; /* taken over on success */
} mimic_sqlite_direct_table;

/* For the database in the file `path`; `name` stands in messages. Both are borrowed. */
mimic_status mimic__sqlite_direct_new(const mimic_context *ctx, const char *path, const char *name,
                                      mimic_sqlite_direct **out_direct, mimic_error *err);
void mimic__sqlite_direct_free(mimic_sqlite_direct *direct); /* NULL is allowed */

/* MIMIC_ERR_UNSUPPORTED when the file is left to SQLite. end follows in any case. */
mimic_status mimic__sqlite_direct_begin(mimic_sqlite_direct *direct,
                                        const mimic_sqlite_direct_table *table, mimic_error *err);
/* *out_chunk is NULL when there is nothing to do before the batch is written. */
mimic_status mimic__sqlite_direct_encode(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                         mimic_sqlite_chunk **out_chunk, mimic_error *err);
void mimic__sqlite_direct_free_chunk(mimic_sqlite_direct *direct, mimic_sqlite_chunk *chunk);
/* Rows from *out_end on are for inserts, as are all batches that follow; takes_rows is false then.
 * Frees the chunk. */
mimic_status mimic__sqlite_direct_write(mimic_sqlite_direct *direct, const mimic_batch *batch,
                                        mimic_sqlite_chunk *chunk, int64_t *out_end,
                                        mimic_error *err);
/* Completes the table, which SQLite sees from its next transaction on. Of its indexes those that
 * are no keys are left empty when rows follow. */
mimic_status mimic__sqlite_direct_finish(mimic_sqlite_direct *direct, bool rows_follow,
                                         mimic_error *err);
/* The file is as it was at begin, also after finish. SQLite must have rolled back. */
mimic_status mimic__sqlite_direct_rollback(mimic_sqlite_direct *direct, mimic_error *err);
void mimic__sqlite_direct_end(mimic_sqlite_direct *direct);

#endif
