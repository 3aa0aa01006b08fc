/*
 * A run: entries in order of their keys, written once, read as often as wanted. Small ones stay in
 * memory, others stand in a file without a name, as differences from entry to entry (two or three
 * bytes for ids that ascend).
 *
 *     mimic__key_run_new(ctx, path, &run, &err);
 *     mimic__key_run_add(run, &entry, &err);              // by ascending key
 *     mimic__key_run_end(run, &err);
 *     mimic__key_reader_init(&reader, run, &err);         // several at a time
 *     while (mimic__key_reader_next(&reader, &entry, &err) == MIMIC_OK && entry != NULL)
 *     mimic__key_reader_free(&reader);
 *     mimic__key_run_free(run);
 */
#ifndef MIMIC_LOAD_KEYS_RUN_H
#define MIMIC_LOAD_KEYS_RUN_H

#include "base/buffer.h"
#include "load/load_keys_code.h"

typedef struct load_key_entry {
    load_key key;
    uint64_t first; /* place of the (first) row: see LOAD_PLACE */
    uint64_t extra; /* number of rows; of keys that are to be unique: the row among those delivered */
    const unsigned char *payload; /* the key as text, or what orders rows of one key */
    size_t payload_size;
} load_key_entry;

/* Where a row stands: in which part of the input, and its record there. In the order of the input. */
#define LOAD_PLACE_RECORD_BITS 44
#define LOAD_PLACE(part, record) ((uint64_t)(part) << LOAD_PLACE_RECORD_BITS | (uint64_t)(record))
#define LOAD_PLACE_PART(place) ((size_t)((place) >> LOAD_PLACE_RECORD_BITS))
#define LOAD_PLACE_RECORD(place)                                                                   \
    ((int64_t)((place) & ((UINT64_C(1) << LOAD_PLACE_RECORD_BITS) - 1)))

#define LOAD_KEY_PAYLOAD_MAX 65000

typedef struct load_key_run load_key_run;

/* `path`: the file stands beside it for a moment; borrowed. */
mimic_status mimic__key_run_new(const mimic_context *ctx, const char *path, load_key_run **out_run,
                                mimic_error *err);
void mimic__key_run_free(load_key_run *run); /* NULL is allowed */
mimic_status mimic__key_run_add(load_key_run *run, const load_key_entry *entry, mimic_error *err);
/* Keys of integers that ascend, `first` and `extra` being one more from one to the next. */
mimic_status mimic__key_run_add_integers(load_key_run *run, const int32_t *values, size_t count,
                                         uint64_t first, uint64_t extra, mimic_error *err);
mimic_status mimic__key_run_end(load_key_run *run, mimic_error *err);
int64_t mimic__key_run_count(const load_key_run *run);
/* Of the entry added last, when there is one. */
load_key mimic__key_run_last(const load_key_run *run);

typedef struct load_key_reader {
    const load_key_run *run;
    unsigned char *bytes; /* of the file; NULL for a run in memory */
    const unsigned char *at;
    const unsigned char *end;
    int64_t next; /* in the file */
    int64_t left; /* entries */
    uint64_t repeats;
    load_key_entry entry;
} load_key_reader;

/* Stands before the first entry; to be freed in any case. */
mimic_status mimic__key_reader_init(load_key_reader *reader, const load_key_run *run,
                                    mimic_error *err);
void mimic__key_reader_free(load_key_reader *reader);
/* *out_entry is NULL at the end, else valid until the next call. */
mimic_status mimic__key_reader_next(load_key_reader *reader, const load_key_entry **out_entry,
                                    mimic_error *err);

#endif
