/*
 * Keys of the tables of a load: primary and unique keys of each, foreign keys between them, and what
 * becomes of duplicates.
 *
 *     mimic__keys_new(ctx, &setup, &keys, &err);
 *     for each table, on any thread:
 *         mimic__keys_join(keys, table, delivered, paths, flow, &err);    // the flow calls from here
 *     mimic__keys_finish(keys, &err);                  // foreign keys, those not yet looked at
 *     mimic__keys_note(keys, report, &err);
 *     mimic__keys_free(keys);
 *
 * Every table gathers what is needed of it and no more: rows of keys that are to be unique, distinct
 * keys that other tables name, distinct keys that name others. All are sorted in bounded memory and
 * kept in files without names; at the end those of child and parent are merged.
 *
 * Duplicates are dealt with on the assumption that there are none: the first pass over a table writes
 * it and gathers keys. When some came twice, the table is given up and written anew, without the rows
 * that lose, or without the key.
 */
#ifndef MIMIC_LOAD_KEYS_H
#define MIMIC_LOAD_KEYS_H

#include "base/pool.h"
#include "load/load_flow.h"
#include "load/load_report.h"
#include "schema/schema_model.h"

typedef struct load_keys load_keys;

typedef struct load_keys_setup {
    const mimic_load_options *options; /* borrowed */
    const mimic_table *const *tables;  /* all that have an input; copied */
    size_t table_count;
    size_t loaded_count; /* the first ones are loaded; the others are in the target already */
    const mimic_dataset *dataset; /* NULL = one table by itself: others are none of its business */
    const char *path;             /* temporary files stand beside it for a moment; borrowed */
    mimic_pool *pool;
    bool sink_enforces;   /* the sink itself refuses rows whose primary or unique key was there */
    bool finds_problems;  /* what a foreign key does not find is a problem (a check) */
    size_t memory_bytes;  /* of one table while it is loaded; 0 = LOAD_KEYS_BYTES */
} load_keys_setup;

#define LOAD_KEYS_BYTES ((size_t)6 << 20)

/* *out_keys is NULL when the options say that keys are not looked at. */
mimic_status mimic__keys_new(const mimic_context *ctx, const load_keys_setup *setup,
                             load_keys **out_keys, mimic_error *err);
void mimic__keys_free(load_keys *keys); /* NULL is allowed */

/* Joins a table's flow, if there is anything to be gathered. `delivered`: the table as the reader
 * delivers it, which may lack columns; it and `paths` are borrowed until the end. */
mimic_status mimic__keys_join(load_keys *keys, const mimic_table *table,
                              const mimic_table *delivered, const char *const *paths,
                              size_t path_count, load_flow *flow, mimic_error *err);
/* After the last use of a flow that was joined; what is known of a table that was not written is
 * forgotten. */
void mimic__keys_leave(load_keys *keys, const mimic_table *table, bool is_written);
/* The sink refused a row of this table because its key was there. True where that is not the end of
 * the row: the table is to be given up, and the flow's end called, which asks for another way. */
bool mimic__keys_refused(load_keys *keys, const mimic_table *table);

/* True when a foreign key joins this table, which is not loaded, with one that is. */
bool mimic__keys_is_needed(const load_keys *keys, const mimic_table *table);
/* The columns of a table that keys are made of; false when memory ran out. */
bool mimic__keys_columns(load_keys *keys, const mimic_table *table, const char ***out_columns,
                         size_t *out_count);

mimic_status mimic__keys_finish(load_keys *keys, mimic_error *err);
mimic_status mimic__keys_note(load_keys *keys, mimic_report *report, mimic_error *err);

/* How many parents stand above a table: those of 0 name no other. For loads in which violations fail
 * a table, parents come first. 0 for NULL. */
size_t mimic__keys_depth(const load_keys *keys, const mimic_table *table);

#endif
