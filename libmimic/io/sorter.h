/*
 * A sorter for more entries than fit into memory: all of them pairs, by (hi, lo), or all of them
 * strings, by memcmp. What is full is sorted by a task of the pool and written to a temporary file
 * as a run; at the end the runs are merged. Entries that come in order are not sorted, and runs
 * that follow each other in order are one run.
 *
 *     mimic__sorter_new(ctx, &options, &sorter, &err);
 *     mimic__sorter_add_pairs(sorter, pairs, count, &err);       // as often as there are some
 *     mimic__sorter_finish(sorter, &err);                        // no more
 *     while (mimic__sorter_next_pairs(sorter, out, room, &count, &err) == MIMIC_OK && count > 0)
 *
 * Errors are sticky; MIMIC_ERR_IO when the file cannot be written or read. What comes out does not
 * depend on the memory, nor on the pool.
 */
#ifndef MIMIC_IO_SORTER_H
#define MIMIC_IO_SORTER_H

#include "base/pool.h"
#include "io/spill.h"

typedef struct mimic_sorter mimic_sorter;

#define MIMIC_SORTER_BYTES ((size_t)4 << 20)

typedef struct mimic_sorter_options {
    bool of_strings;
    size_t memory_bytes; /* while entries are added, and again while they come out */
    const char *path;    /* the temporary file stands beside this one; borrowed */
    mimic_pool *pool;    /* may be NULL */
} mimic_sorter_options;

/* The memory is taken with the first entry. */
mimic_status mimic__sorter_new(const mimic_context *ctx, const mimic_sorter_options *options,
                               mimic_sorter **out_sorter, mimic_error *err);
/* NULL is allowed. */
void mimic__sorter_free(mimic_sorter *sorter);

/* Pairs of the same hi must come by ascending lo, but for its highest byte. */
mimic_status mimic__sorter_add_pairs(mimic_sorter *sorter, const mimic_sort_pair *pairs,
                                     size_t count, mimic_error *err);
/* At most MIMIC_SPILL_STRING_MAX bytes. */
mimic_status mimic__sorter_add_string(mimic_sorter *sorter, const unsigned char *string,
                                      size_t size, mimic_error *err);

mimic_status mimic__sorter_finish(mimic_sorter *sorter, mimic_error *err);

/* The next pairs, as many as there are room and entries for: *out_count is 0 at the end only. */
mimic_status mimic__sorter_next_pairs(mimic_sorter *sorter, mimic_sort_pair *out, size_t room,
                                      size_t *out_count, mimic_error *err);
/* The next string, which stays until the one after it; *out_string is NULL at the end. */
mimic_status mimic__sorter_next_string(mimic_sorter *sorter, const unsigned char **out_string,
                                       size_t *out_size, mimic_error *err);

/* Runs written so far, for tests and logs. */
size_t mimic__sorter_run_count(const mimic_sorter *sorter);

#endif
