/*
 * The rows of a batch as leaf pages of a rowid table. Making them is pure and may run on any
 * thread; where the pages will stand in the file is known only when the chunk is written, so page
 * numbers inside a chunk are relative, and a list says where they are.
 *
 * The last leaf of a chunk stays open: the rows of a next batch that is small go on in it, and it
 * is the whole table when nothing follows.
 */
#ifndef MIMIC_SINK_SQLITE_LEAF_H
#define MIMIC_SINK_SQLITE_LEAF_H

#include "base/buffer.h"
#include "sink/sink_sqlite_fault.h"
#include "sink/sqlite_record.h"

/* A leaf has 4088 bytes for cells of at least 4 and their offsets, and overflow pages begin only in
 * cells that have some hundred bytes. */
#define MIMIC_SQLITE_LEAF_CELLS_MAX 682
#define MIMIC_SQLITE_LEAF_CHAINS_MAX 8

/* What is the same for every batch of a table. */
typedef struct mimic_sqlite_layout {
    const mimic_context *ctx;
    mimic_sqlite_rules rules;
    bool integer_times;
    ptrdiff_t key_field; /* the INTEGER PRIMARY KEY, which is the rowid; -1 = none */
} mimic_sqlite_layout;

/* A row that is not in the pages. */
typedef struct mimic_sqlite_left_out {
    int64_t row;
    ptrdiff_t column; /* the one with a fault; -1 = the same key as the row before it */
} mimic_sqlite_left_out;

typedef struct mimic_sqlite_leaf {
    uint32_t page;    /* its place in the chunk */
    int64_t last_key; /* rowid of its last row */
} mimic_sqlite_leaf;

/* A leaf that rows are added to. */
typedef struct mimic_sqlite_open_leaf {
    size_t cell_count;
    size_t cells_start; /* in the page */
    int64_t last_key;
    size_t chain_count; /* cells that go on in overflow pages of this chunk */
    uint16_t chains[MIMIC_SQLITE_LEAF_CHAINS_MAX]; /* where such a cell names the first */
    uint16_t offsets[MIMIC_SQLITE_LEAF_CELLS_MAX];
} mimic_sqlite_open_leaf;

/* A leaf that is complete but for what may follow; its page numbers are the real ones. */
typedef struct mimic_sqlite_held_leaf {
    bool is_present;
    int64_t last_key;
    unsigned char page[MIMIC_SQLITE_PAGE_BYTES];
} mimic_sqlite_held_leaf;

typedef struct mimic_sqlite_chunk {
    const mimic_sqlite_layout *layout;
    struct mimic_sqlite_chunk *next; /* in a list of the owner's */
    /* Whole pages. Page 0 is left free for the leaf that the chunk before kept open. */
    mimic_buffer pages;
    mimic_buffer links;    /* of size_t: where in `pages` a page of this chunk is named */
    mimic_buffer leaves;   /* of mimic_sqlite_leaf */
    mimic_buffer left_out; /* of mimic_sqlite_left_out, by row */
    bool is_empty;         /* no row is in it */
    bool has_held;         /* it begins with the leaf that was open */
    int64_t first_key;     /* of the rows in it */
    int64_t last_key;
    int64_t end_row; /* rows from here on do not ascend: they are for inserts */
    mimic_sqlite_open_leaf leaf;
    mimic_sqlite_cell *cells; /* one a column */
    unsigned char *room;      /* of room_size; its last page is the open leaf */
    size_t room_size;
    mimic_buffer large;             /* a record that does not fit into the room */
    struct mimic_sqlite_keys *keys; /* the owner's: entries of the indexes */
} mimic_sqlite_chunk;

mimic_status mimic__sqlite_chunk_new(const mimic_sqlite_layout *layout,
                                     mimic_sqlite_chunk **out_chunk, mimic_error *err);
void mimic__sqlite_chunk_free(mimic_sqlite_chunk *chunk); /* NULL is allowed */

/* Small batches are encoded when they are written, into the leaf that is open. */
bool mimic__sqlite_batch_is_small(const mimic_batch *batch);
/* Replaces what the chunk holds by the rows of a batch; `held` (NULL allowed) is what the first
 * leaf begins with. `skip` (NULL = none) has a byte for each row, not 0 for those that were refused
 * already. */
mimic_status mimic__sqlite_chunk_encode(mimic_sqlite_chunk *chunk, const mimic_batch *batch,
                                        const uint8_t *skip, const mimic_sqlite_held_leaf *held,
                                        mimic_error *err);
/* Moves the open leaf into `page`, complete but for the page numbers in it. */
void mimic__sqlite_chunk_close_leaf(const mimic_sqlite_chunk *chunk, unsigned char *page);

static inline size_t mimic__sqlite_chunk_page_count(const mimic_sqlite_chunk *chunk)
{
    return chunk->pages.size / MIMIC_SQLITE_PAGE_BYTES;
}

#endif
