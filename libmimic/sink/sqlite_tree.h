/*
 * The b-tree of a rowid table, built from the left to the right: chunks of leaf pages get their
 * place in the file as they come, and the interior pages grow above them, one page of each level
 * being in memory. What it writes depends on the batches alone.
 */
#ifndef MIMIC_SINK_SQLITE_TREE_H
#define MIMIC_SINK_SQLITE_TREE_H

#include "sink/sqlite_leaf.h"
#include "sink/sqlite_pages.h"

#define MIMIC_SQLITE_LEVELS_MAX 8 /* of interior pages; each has 270 children and more */

typedef struct mimic_sqlite_child {
    uint32_t page;
    int64_t last_key; /* the largest rowid below it */
} mimic_sqlite_child;

/* An interior page under construction. */
typedef struct mimic_sqlite_level {
    size_t cell_count;
    size_t cells_start;
    bool has_children;
    mimic_sqlite_child right; /* the last child, which has no cell yet */
    mimic_sqlite_child last;  /* the child of the last cell */
    size_t last_size;         /* of that cell */
    unsigned char page[MIMIC_SQLITE_PAGE_BYTES];
} mimic_sqlite_level;

typedef struct mimic_sqlite_tree {
    const mimic_context *ctx;
    mimic_sqlite_pages *pages;
    uint32_t root; /* an empty leaf, which SQLite made */
    mimic_sqlite_held_leaf held;
    mimic_sqlite_level *levels[MIMIC_SQLITE_LEVELS_MAX]; /* [0] stands above the leaves */
    size_t level_count;
} mimic_sqlite_tree;

void mimic__sqlite_tree_init(mimic_sqlite_tree *tree, const mimic_context *ctx,
                             mimic_sqlite_pages *pages, uint32_t root);
void mimic__sqlite_tree_free(mimic_sqlite_tree *tree);
/* Appends a chunk, whose rowids must be larger than those before. A chunk that was encoded into
 * tree->held must be the next. The chunk's pages are changed. */
mimic_status mimic__sqlite_tree_append(mimic_sqlite_tree *tree, mimic_sqlite_chunk *chunk,
                                       mimic_error *err);
/* Writes what is in memory, and the root. Nothing can be appended then. */
mimic_status mimic__sqlite_tree_finish(mimic_sqlite_tree *tree, mimic_error *err);

#endif
