/*
 * The indexes of one new table, built beside its rows instead of after them: the entries of a batch
 * are made by `encode` on any thread, sorted as they come in order, and written as trees at the
 * end. Which indexes there are is what SQLite says of the empty table.
 *
 *     mimic__sqlite_indexes_open(&options, &indexes, &err);     // the table being empty
 *     mimic__sqlite_keys_encode(indexes, batch, end, skip, &keys, &err);  // on any thread
 *     mimic__sqlite_check_...(indexes, keys, ...);              // in order; see below
 *     mimic__sqlite_indexes_add(indexes, keys, &err);           // in order
 *     mimic__sqlite_indexes_write(indexes, pages, false, &err);
 *     mimic__sqlite_indexes_complete(indexes, &err);            // SQLite has the pages
 *
 * Rowids must ascend. An index whose entries this module does not make (expressions, collations,
 * DESC, very long keys) stays empty, and `complete` lets SQLite fill it.
 */
#ifndef MIMIC_SINK_SQLITE_INDEX_H
#define MIMIC_SINK_SQLITE_INDEX_H

#include "base/pool.h"
#include "sink/sink_sqlite_db.h"
#include "sink/sqlite_pages.h"
#include "sink/sqlite_unique.h"

typedef struct mimic_sqlite_indexes mimic_sqlite_indexes;
typedef struct mimic_sqlite_keys mimic_sqlite_keys; /* entries of a batch */

typedef struct mimic_sqlite_indexes_options {
    const mimic_context *ctx;
    mimic_sqlite *db;
    const mimic_table *table; /* borrowed */
    bool integer_times;
    const char *path;    /* temporary files stand beside it; borrowed */
    mimic_pool *pool;    /* may be NULL */
    size_t memory_bytes; /* of all sorters together; 0 = a default */
} mimic_sqlite_indexes_options;

mimic_status mimic__sqlite_indexes_open(const mimic_sqlite_indexes_options *options,
                                        mimic_sqlite_indexes **out_indexes, mimic_error *err);
/* NULL is allowed. */
void mimic__sqlite_indexes_free(mimic_sqlite_indexes *indexes);
/* The field that is the rowid; -1 = none. */
ptrdiff_t mimic__sqlite_indexes_rowid_field(const mimic_sqlite_indexes *indexes);
/* False when the table has a key that this module cannot watch over: its rows must be inserted. */
bool mimic__sqlite_indexes_watch_keys(const mimic_sqlite_indexes *indexes);

/* ---- a batch ---- */

/* Of the rows before end_row; `skip` (NULL = none) has a byte for each of them, not 0 for rows that
 * are not stored. Rowids are first_row + 1 and so on, unless a field is the rowid. */
mimic_status mimic__sqlite_keys_encode(const mimic_sqlite_indexes *indexes,
                                       const mimic_batch *batch, int64_t end_row,
                                       const uint8_t *skip, mimic_sqlite_keys **out_keys,
                                       mimic_error *err);
/* NULL is allowed. */
void mimic__sqlite_keys_free(mimic_sqlite_keys *keys);
mimic_status mimic__sqlite_indexes_add(mimic_sqlite_indexes *indexes, mimic_sqlite_keys *keys,
                                       mimic_error *err);

/*
 * ---- keys that were there before ----
 *
 *     mimic__sqlite_check_begin(indexes, keys, &seen, &err);   // unsure: insert from here on
 *     for (row = 0; row < end; row = clash.row + 1) {
 *         mimic__sqlite_check_rows(indexes, keys, row, end, &clash, &err);
 *         if (clash.row < end)
 *             mimic__sqlite_check_refuse(indexes, host, &clash, &err);
 *     }
 *     mimic__sqlite_check_end(indexes, keys, &err);
 *
 * When rows were refused, encode the batch anew without them, and add that.
 */

typedef struct mimic_sqlite_clash {
    int64_t row;  /* `end`: none */
    size_t index; /* whose key it is */
} mimic_sqlite_clash;

/* NOT_SEEN: no row will clash; SEEN: some may; UNSURE: it cannot be told. */
mimic_status mimic__sqlite_check_begin(mimic_sqlite_indexes *indexes, mimic_sqlite_keys *keys,
                                       mimic_sqlite_seen *out_seen, mimic_error *err);
/* The first row of [row, end) with a key that was there; all before it count as stored. */
mimic_status mimic__sqlite_check_rows(mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                                      int64_t row, int64_t end, mimic_sqlite_clash *out_clash,
                                      mimic_error *err);
/* With the code and the words of an insert that fails. */
mimic_status mimic__sqlite_check_refuse(const mimic_sqlite_indexes *indexes,
                                        const mimic_sink_host *host,
                                        const mimic_sqlite_clash *clash, mimic_error *err);
mimic_status mimic__sqlite_check_end(mimic_sqlite_indexes *indexes, const mimic_sqlite_keys *keys,
                                     mimic_error *err);

/* ---- the end ---- */

/* Writes the trees; with only_keys those of PRIMARY KEY and UNIQUE alone, the others then being
 * for `drop`. */
mimic_status mimic__sqlite_indexes_write(mimic_sqlite_indexes *indexes, mimic_sqlite_pages *pages,
                                         bool only_keys, mimic_error *err);
/* Drops the indexes that are no keys. */
mimic_status mimic__sqlite_indexes_drop(mimic_sqlite_indexes *indexes, mimic_error *err);
/* Has SQLite fill the indexes that were left to it. */
mimic_status mimic__sqlite_indexes_complete(mimic_sqlite_indexes *indexes, mimic_error *err);

#endif
