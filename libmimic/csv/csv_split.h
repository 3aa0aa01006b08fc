/*
 * The splitter: bytes from a source, cut into blocks that begin at a record's start and end at a
 * record's end, with every place of broken quoting named. What comes out depends on the bytes alone,
 * not on how the source delivers them.
 */
#ifndef MIMIC_CSV_SPLIT_H
#define MIMIC_CSV_SPLIT_H

#include "csv/csv_grammar.h"
#include "csv/csv_scan.h"

#include "base/context_internal.h"

/* Bytes of a block that are no rows: a rejected line, or a comment (code 0). */
typedef struct csv_region {
    size_t start; /* offset in the block */
    size_t end;   /* after the line end */
    mimic_reject_code code;
    size_t field; /* 0-based field at fault */
} csv_region;

/* The memory of a block: the caller's, so that several blocks can live at once. Zero-initialised. */
typedef struct csv_block_memory {
    char *data; /* capacity + CSV_SCAN_PADDING bytes */
    size_t capacity;
    csv_region *regions;
    size_t region_capacity;
} csv_block_memory;

typedef struct csv_block {
    const char *bytes; /* in the block's memory; CSV_SCAN_PADDING readable bytes follow */
    size_t size;
    size_t records; /* upper bound of the rows in it */
    size_t lines;   /* physical lines in it */
    int64_t byte_offset; /* of bytes[0] in the decompressed stream */
    bool has_nul;
    bool has_high;
    const csv_region *regions; /* in order, not overlapping */
    size_t region_count;
} csv_block;

typedef struct csv_splitter csv_splitter;

typedef struct csv_splitter_options {
    csv_dialect dialect;
    size_t block_bytes;
    size_t max_record_bytes; /* at least block_bytes */
    const csv_kernel *kernel; /* NULL = grammar only, slow */
} csv_splitter_options;

mimic_status mimic_csv__splitter_new(const mimic_context *ctx, mimic_source *source,
                                     const csv_splitter_options *options,
                                     csv_splitter **out_splitter, mimic_error *err);
/* Blocks of at most so many records, as far as that makes sense: for tables whose rows take much
 * more memory than bytes. Before the first block. */
void mimic_csv__splitter_limit_records(csv_splitter *splitter, size_t max_records);
/*
 * Reads the first record and steps over it, and over a byte order mark and comments before it: the
 * header. Its bytes are borrowed until the next call; *out_lines counts all lines that were stepped
 * over. MIMIC_END when there is none; MIMIC_ERR_CSV_HEADER when it cannot be told where it ends.
 */
mimic_status mimic_csv__splitter_header(csv_splitter *splitter, csv_block_memory *memory,
                                        const char **out_bytes, size_t *out_size,
                                        size_t *out_lines, mimic_error *err);
/* Steps over a byte order mark. */
mimic_status mimic_csv__splitter_skip_mark(csv_splitter *splitter, csv_block_memory *memory,
                                           mimic_error *err);
/*
 * The next block, in the memory given, whose former content is gone; MIMIC_END after the last. What
 * follows the block is taken over from there by the next call: until then the memory is only read.
 */
mimic_status mimic_csv__splitter_next(csv_splitter *splitter, csv_block_memory *memory,
                                      csv_block *out_block, mimic_error *err);
void mimic_csv__block_memory_free(const mimic_context *ctx, csv_block_memory *memory);
/* True when what follows the last block stands in this memory. */
bool mimic_csv__splitter_holds(const csv_splitter *splitter, const csv_block_memory *memory);
/* Bytes taken from the source so far. */
int64_t mimic_csv__splitter_position(const csv_splitter *splitter);
void mimic_csv__splitter_free(csv_splitter *splitter);

#endif
