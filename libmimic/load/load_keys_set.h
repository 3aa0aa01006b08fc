/*
 * The keys of one table, gathered in the order of its rows and given back in order of the keys, in
 * bounded memory. Two kinds:
 *
 *   of rows     every row is an entry (keys that are to be unique)
 *   distinct    rows of one key are one entry, with their number and the place of the first
 *
 * Keys that ascend are written down as they come. The others go through an external sorter, distinct
 * ones by way of a hash table, which is emptied into it when it is full.
 *
 *     mimic__key_set_new(ctx, &options, &set, &err);
 *     mimic__key_set_add(set, &entry, &err);          // in any order
 *     mimic__key_set_end(set, &err);
 *     while (mimic__key_set_next(set, &entry, &err) == MIMIC_OK && entry != NULL)
 *     mimic__key_set_free(set);
 *
 * What comes out does not depend on the memory nor on the pool: entries by key, those of one key by
 * their payload, then by `first`.
 */
#ifndef MIMIC_LOAD_KEYS_SET_H
#define MIMIC_LOAD_KEYS_SET_H

#include "base/pool.h"
#include "load/load_keys_run.h"

typedef struct load_key_set load_key_set;

typedef struct load_key_set_options {
    bool is_distinct;
    size_t memory_bytes;
    const char *path; /* temporary files stand beside it for a moment; borrowed */
    mimic_pool *pool; /* NULL allowed */
} load_key_set_options;

mimic_status mimic__key_set_new(const mimic_context *ctx, const load_key_set_options *options,
                                load_key_set **out_set, mimic_error *err);
void mimic__key_set_free(load_key_set *set); /* NULL is allowed */

/* `extra` of a distinct set: how many rows. The payload is copied. */
mimic_status mimic__key_set_add(load_key_set *set, const load_key_entry *entry, mimic_error *err);
/* Of rows: values that ascend, `first` and `extra` being one more from row to row. */
mimic_status mimic__key_set_add_integers(load_key_set *set, const int32_t *values, size_t count,
                                         uint64_t first, uint64_t extra, mimic_error *err);
/* Of a distinct set: counts rows of a key that is in the table; false when it is not there and must
 * be added with its place and payload. */
bool mimic__key_set_count(load_key_set *set, const load_key *key, uint64_t rows);

mimic_status mimic__key_set_end(load_key_set *set, mimic_error *err);
/* After the end. *out_entry is NULL behind the last, else valid until the next call. */
mimic_status mimic__key_set_next(load_key_set *set, const load_key_entry **out_entry,
                                 mimic_error *err);
/* After the end, instead of `next`: a set whose keys ascended from the first to the last is a run by
 * itself, which becomes the caller's; NULL when it is not. */
load_key_run *mimic__key_set_take_run(load_key_set *set);

#endif
