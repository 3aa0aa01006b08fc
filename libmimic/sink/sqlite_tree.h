/*
 * The interior pages of a rowid table's b-tree, built from the left to the right above leaves that
 * are there already (sqlite_leaf.h makes those): one page of each level is in memory.
 */
#ifndef MIMIC_SINK_SQLITE_TREE_H
#define MIMIC_SINK_SQLITE_TREE_H

#include "sink/sqlite_pages.h"
#include "sink/sqlite_record.h"

#define MIMIC_SQLITE_LEVELS_MAX 12

/* An interior page under construction; its last child is kept apart as the rightmost one. */
typedef struct mimic_sqlite_level {
    size_t cell_count;
    size_t cells_start;
    uint32_t right;    /* page number of the last child; 0 = none yet */
    int64_t right_key; /* its largest rowid */
    unsigned char page[MIMIC_SQLITE_PAGE_BYTES];
} mimic_sqlite_level;

typedef struct mimic_sqlite_tree {
    const mimic_context *ctx;
    mimic_sqlite_pages *pages;
    uint32_t root;
    mimic_sqlite_level *levels[MIMIC_SQLITE_LEVELS_MAX]; /* [0] stands above the leaves */
    size_t level_count;
} mimic_sqlite_tree;

void mimic__sqlite_tree_init(mimic_sqlite_tree *tree, mimic_sqlite_pages *pages, uint32_t root);
void mimic__sqlite_tree_free(mimic_sqlite_tree *tree);
/* The next child from the left, whose largest rowid is `key`. */
mimic_status mimic__sqlite_tree_add(mimic_sqlite_tree *tree, uint32_t child, int64_t key,
                                    mimic_error *err);
/* Writes what is left; the highest page becomes the root. For trees of two leaves and more. */
mimic_status mimic__sqlite_tree_finish(mimic_sqlite_tree *tree, mimic_error *err);

#endif
