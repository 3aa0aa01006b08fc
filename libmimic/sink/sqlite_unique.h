/*
 * Whether a key of a new table was there before, told at once, exactly as far as 128-bit hashes are
 * exact, and in bounded memory. Keys are seen batch by batch; the facts of a batch are made on any
 * thread.
 *
 * Keys that ascend cost nothing but a comparison a batch. Else the hashes of the last rows are
 * kept, in two generations; of the rows before those the largest key is known, and which values
 * their first columns had (patients come one after the other, in whatever order). What cannot be
 * told from that is unsure: then the rows must be inserted, and SQLite looks.
 */
#ifndef MIMIC_SINK_SQLITE_UNIQUE_H
#define MIMIC_SINK_SQLITE_UNIQUE_H

#include "base/buffer.h"
#include "sink/sqlite_key.h"

typedef struct mimic_sqlite_unique mimic_sqlite_unique;

/* Of one key for one batch. */
typedef struct mimic_sqlite_key_facts {
    uint64_t (*hashes)[2]; /* by row; {0, 0}: the row has no key, being skipped or with a NULL */
    size_t key_count;
    bool is_ascending;
    mimic_buffer smallest;
    mimic_buffer largest;
    mimic_buffer last;     /* while the facts are made */
    mimic_buffer prefixes; /* hashes of the first columns, where they change; of several columns */
} mimic_sqlite_key_facts;

/* False when memory ran out. *facts is to be freed in any case. */
bool mimic__sqlite_facts_init(mimic_sqlite_key_facts *facts, const mimic_context *ctx,
                              int64_t row_count);
bool mimic__sqlite_facts_add(mimic_sqlite_key_facts *facts, int64_t row,
                             const mimic_sqlite_key *key, size_t column_count);
void mimic__sqlite_facts_free(mimic_sqlite_key_facts *facts, const mimic_context *ctx);

/* rows_kept: at least so many rows are remembered. NULL when memory ran out. */
mimic_sqlite_unique *mimic__sqlite_unique_new(const mimic_context *ctx, size_t rows_kept);
/* NULL is allowed. */
void mimic__sqlite_unique_free(mimic_sqlite_unique *unique);

typedef enum mimic_sqlite_seen {
    MIMIC_SQLITE_NOT_SEEN,
    MIMIC_SQLITE_SEEN,
    MIMIC_SQLITE_UNSURE,
    MIMIC_SQLITE_NO_MEMORY
} mimic_sqlite_seen;

/* Before the rows of a batch: NOT_SEEN: no row of it was there before, and none is there twice;
 * SEEN: look at each; UNSURE. Has no effect that would matter if the batch is not added. */
mimic_sqlite_seen mimic__sqlite_unique_begin(mimic_sqlite_unique *unique,
                                             const mimic_sqlite_key_facts *facts);
/* After begin: was the key of this row there? */
mimic_sqlite_seen mimic__sqlite_unique_find(mimic_sqlite_unique *unique, const uint64_t hash[2]);
mimic_sqlite_seen mimic__sqlite_unique_add(mimic_sqlite_unique *unique, const uint64_t hash[2]);
/* After the last row of the batch. */
mimic_sqlite_seen mimic__sqlite_unique_end(mimic_sqlite_unique *unique,
                                           const mimic_sqlite_key_facts *facts);

#endif
