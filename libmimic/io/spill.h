/*
 * Sorted runs in a temporary file. A run is blocks of some 16 KiB, one after the other; in a block
 * an entry is written as its difference from the one before, so that ids in order take a few bytes.
 * The file has no name once it is open, and is gone with the process. Errors are MIMIC_ERR_IO.
 */
#ifndef MIMIC_IO_SPILL_H
#define MIMIC_IO_SPILL_H

#include "base/context_internal.h"
#include "io/sort.h"

#define MIMIC_SPILL_BLOCK_BYTES 16384
#define MIMIC_SPILL_STRING_MAX 65535 /* of one string */

typedef struct mimic_spill {
    const mimic_context *ctx;
    const char *path; /* it stands beside this one; borrowed */
    int fd;           /* -1 = none yet */
    int64_t size;
} mimic_spill;

void mimic__spill_init(mimic_spill *spill, const mimic_context *ctx, const char *path);
void mimic__spill_close(mimic_spill *spill);

/* Bytes [start, end) of the file. */
typedef struct mimic_spill_run {
    int64_t start;
    int64_t end;
    size_t longest_string;
} mimic_spill_run;

/* ---- writing: entries in order, at the end of the file, which the first one opens ---- */

typedef struct mimic_spill_writer {
    mimic_spill *spill;
    unsigned char *bytes; /* blocks that wait to be written; the last one is open */
    size_t size;
    size_t block_start; /* where the open block begins; size = none is open */
    uint32_t block_count;
    mimic_sort_pair last;
    unsigned char *last_string;
    size_t last_string_size;
    size_t longest_string;
} mimic_spill_writer;

mimic_status mimic__spill_writer_init(mimic_spill_writer *writer, mimic_spill *spill,
                                      mimic_error *err);
void mimic__spill_writer_free(mimic_spill_writer *writer);
mimic_status mimic__spill_write_pair(mimic_spill_writer *writer, const mimic_sort_pair *pair,
                                     mimic_error *err);
mimic_status mimic__spill_write_string(mimic_spill_writer *writer, const unsigned char *string,
                                       size_t size, mimic_error *err);
/* Writes what waits, and adds the run's end to *run: its start is the caller's. */
mimic_status mimic__spill_end_run(mimic_spill_writer *writer, mimic_spill_run *run,
                                  mimic_error *err);

/* ---- reading ---- */

typedef struct mimic_spill_reader {
    mimic_sort_pair now; /* the entry; of a string hi is its prefix, and lo is 0 */
    bool is_at_end;
    uint32_t left; /* entries in the block */
    const unsigned char *at;
    unsigned char *string; /* the entry, when it is one */
    size_t string_size;
    int64_t next; /* the block behind this one */
    const mimic_spill *spill;
    mimic_spill_run run;
    unsigned char *block;
    size_t block_capacity;
} mimic_spill_reader;

/* Stands before the first entry; *reader is then freed in any case. */
mimic_status mimic__spill_reader_init(mimic_spill_reader *reader, const mimic_spill *spill,
                                      const mimic_spill_run *run, mimic_error *err);
void mimic__spill_reader_free(mimic_spill_reader *reader);
/* Goes to the next entry, or sets is_at_end. */
mimic_status mimic__spill_read_pair(mimic_spill_reader *reader, mimic_error *err);
mimic_status mimic__spill_read_string(mimic_spill_reader *reader, mimic_error *err);

#endif
