/*
 * The b-tree of an index, or of a WITHOUT ROWID table, built from records in key order.
 *
 *     mimic__sqlite_index_tree_init(&tree, pages, root);
 *     mimic__sqlite_index_tree_add(&tree, record, size, &err);   // in order
 *     mimic__sqlite_index_tree_finish(&tree, &err);
 *
 * An index holds a record a row: its columns, then the rowid. A WITHOUT ROWID table holds the
 * columns of its primary key, then the others. In such trees an interior page holds records too:
 * the one between two pages stands above them, and nowhere else.
 */
#ifndef MIMIC_SINK_SQLITE_INDEX_TREE_H
#define MIMIC_SINK_SQLITE_INDEX_TREE_H

#include "sink/sqlite_pages.h"

#define MIMIC_SQLITE_INDEX_LEVELS_MAX 20
#define MIMIC_SQLITE_INDEX_STAGED 16 /* pages written at once */

/* A page under construction, level 0 being the leaves. */
typedef struct mimic_sqlite_index_level {
    size_t cell_count;
    size_t cells_start;
    unsigned char page[MIMIC_SQLITE_PAGE_BYTES];
} mimic_sqlite_index_level;

typedef struct mimic_sqlite_index_tree {
    mimic_sqlite_pages *pages;
    uint32_t root;
    mimic_sqlite_index_level *levels[MIMIC_SQLITE_INDEX_LEVELS_MAX];
    size_t level_count;
    /* complete pages with numbers in a row, not yet written */
    unsigned char *staged;
    size_t staged_count;
    uint32_t staged_first;
} mimic_sqlite_index_tree;

void mimic__sqlite_index_tree_init(mimic_sqlite_index_tree *tree, mimic_sqlite_pages *pages,
                                   uint32_t root);
void mimic__sqlite_index_tree_free(mimic_sqlite_index_tree *tree);
mimic_status mimic__sqlite_index_tree_add(mimic_sqlite_index_tree *tree,
                                          const unsigned char *record, size_t size,
                                          mimic_error *err);

#define MIMIC_SQLITE_SMALL_CELL 32

/* As add, for a record that stands with its size (one byte) at the end of MIMIC_SQLITE_SMALL_CELL
 * bytes, `size` bytes in all. */
static inline mimic_status
mimic__sqlite_index_tree_add_small(mimic_sqlite_index_tree *tree,
                                   const unsigned char cell[MIMIC_SQLITE_SMALL_CELL], size_t size,
                                   mimic_error *err)
{
    mimic_sqlite_index_level *const leaf = tree->levels[0];
    const size_t offset = MIMIC_SQLITE_LEAF_HEADER + (leaf == NULL ? 0 : 2 * leaf->cell_count);
    if (leaf == NULL || offset + 2 + MIMIC_SQLITE_SMALL_CELL > leaf->cells_start)
        return mimic__sqlite_index_tree_add(tree, cell + MIMIC_SQLITE_SMALL_CELL - size + 1,
                                            size - 1, err);
    /* All of it is copied: what stands before the cell goes into the gap. */
    memcpy(leaf->page + leaf->cells_start - MIMIC_SQLITE_SMALL_CELL, cell, MIMIC_SQLITE_SMALL_CELL);
    leaf->cells_start -= size;
    leaf->cell_count++;
    mimic__sqlite_put16(leaf->page + offset, (uint32_t)leaf->cells_start);
    return MIMIC_OK;
}

/* Writes what is left; the highest page becomes the root. */
mimic_status mimic__sqlite_index_tree_finish(mimic_sqlite_index_tree *tree, mimic_error *err);

#endif
