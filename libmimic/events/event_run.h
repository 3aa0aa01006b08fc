/*
 * Runs: blocks whose subjects ascend, anywhere in a file, with an index of pages, each of which says
 * where the next one is. The blocks of one run follow each other in the index, not in the file.
 *
 *     slices ► packing (tasks of the pool, some blocks at a time, put in order) ► a run
 *     runs ► merge (tasks of the pool read ahead) ► stream of chunks
 */
#ifndef MIMIC_EVENTS_EVENT_RUN_H
#define MIMIC_EVENTS_EVENT_RUN_H

#include "base/pool.h"
#include "events/event_block.h"

/* A file of blocks and pages. */
typedef struct mimic_block_file {
    const mimic_context *ctx;
    int fd;           /* -1 = none yet */
    int64_t size;     /* nothing that counts stands from here on */
    const char *path; /* of a scratch file: it stands beside this one; borrowed */
    bool is_scratch;
} mimic_block_file;

mimic_status mimic__block_read(const mimic_block_file *file, int64_t offset, void *bytes, size_t size,
                               mimic_error *err);
mimic_status mimic__block_write(mimic_block_file *file, int64_t offset, const unsigned char *bytes,
                                size_t size, mimic_error *err);

/* ---- index ---- */

#define MIMIC_PAGE_BLOCKS 64
#define MIMIC_PAGE_BYTES (24 + MIMIC_PAGE_BLOCKS * 56)

typedef struct mimic_block_page {
    mimic_event_block blocks[MIMIC_PAGE_BLOCKS];
    uint32_t count;
    int64_t next; /* where the next page is; 0 = this is the last one */
} mimic_block_page;

void mimic__block_page_encode(const mimic_block_page *page, unsigned char out[MIMIC_PAGE_BYTES]);
/* MIMIC_ERR_CORRUPT */
mimic_status mimic__block_page_decode(const unsigned char bytes[MIMIC_PAGE_BYTES],
                                      mimic_block_page *out, mimic_error *err);

typedef struct mimic_block_run {
    int64_t first_page; /* 0 = there is no block */
    int64_t last_page;
    int64_t first; /* subjects */
    int64_t last;
    size_t cost;   /* bytes of memory that its largest block takes */
} mimic_block_run;

/* Appends blocks to a run of a scratch file, which the first one opens. Begins with a run that may have
 * blocks already; its end must be waited for with mimic__run_writer_end. */
typedef struct mimic_run_writer {
    mimic_block_file *file;
    mimic_block_run *run;
    mimic_block_page *page;  /* the last one; taken once */
    int64_t page_offset;     /* 0 = none */
} mimic_run_writer;

mimic_status mimic__run_writer_begin(mimic_run_writer *writer, mimic_block_run *run,
                                     mimic_error *err);
mimic_status mimic__run_writer_put(void *writer, mimic_event_block *block,
                                   const unsigned char *bytes, mimic_error *err);
mimic_status mimic__run_writer_end(mimic_run_writer *writer, mimic_error *err);

/* Bytes that a block takes in memory. */
size_t mimic__block_cost(const mimic_event_block *block);

/* ---- packing ---- */

typedef struct mimic_packing mimic_packing;

typedef struct mimic_packing_options {
    mimic_pool *pool;
    unsigned slots; /* blocks that are packed at once */
    int level;
    uint32_t max_events; /* of a block */
    size_t max_bytes;
    /* In order, on the caller's thread: before a chunk is packed (may be NULL), and behind. */
    mimic_status (*prepare)(void *ctx, mimic_event_chunk *chunk, mimic_error *err);
    mimic_status (*put)(void *ctx, mimic_event_block *block, const unsigned char *bytes,
                        mimic_error *err);
    void *ctx;
} mimic_packing_options;

mimic_status mimic__packing_new(const mimic_context *ctx, const mimic_packing_options *options,
                                mimic_packing **out_packing, mimic_error *err);
void mimic__packing_free(mimic_packing *packing); /* NULL is allowed */
mimic_status mimic__packing_add(mimic_packing *packing, mimic_event_slice slice, mimic_error *err);
mimic_status mimic__packing_add_chunk(mimic_packing *packing, const mimic_event_chunk *chunk,
                                      mimic_error *err);
/* The block that is open ends here, and all of them are put. It may go on behind. */
mimic_status mimic__packing_end(mimic_packing *packing, mimic_error *err);

/* ---- merging ---- */

typedef struct mimic_merge_options {
    mimic_pool *pool;
    const mimic_block_file *file;
    const mimic_block_run *runs; /* of one subject, the events of an earlier run come first; copied */
    size_t run_count;
    int64_t first; /* subjects that are wanted */
    int64_t last;
    size_t ahead; /* blocks that are read ahead, over all runs */
    uint32_t max_events; /* of chunks that come out; of a file that is no scratch file, of its blocks too */
    size_t max_bytes;
    size_t most_cost; /* bytes that one block may take; 0 = as many as it likes. MIMIC_ERR_LIMIT */
    /* On any thread: a chunk that was just read, to be looked at and changed. */
    mimic_status (*accept)(void *ctx, mimic_event_chunk *chunk, mimic_error *err);
    void *ctx;
} mimic_merge_options;

/* Borrows the file, the pool and ctx. */
mimic_status mimic__event_merge_new(const mimic_context *ctx, const mimic_merge_options *options,
                                    mimic_event_stream **out_stream, mimic_error *err);

#endif
