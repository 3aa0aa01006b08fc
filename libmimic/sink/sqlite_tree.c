/*
 * See sqlite_tree.h. An interior page names its last child in its header and the others in cells,
 * each with the largest rowid below it. A page other than the root must have a cell (SQLite,
 * "B-tree Pages"), so the last cell of a full page is kept for the page that follows.
 */
#include "sink/sqlite_tree.h"

#include "base/error.h"

void mimic__sqlite_tree_init(mimic_sqlite_tree *tree, const mimic_context *ctx,
                             mimic_sqlite_pages *pages, uint32_t root)
{
    *tree = (mimic_sqlite_tree){.ctx = ctx, .pages = pages, .root = root};
}

void mimic__sqlite_tree_free(mimic_sqlite_tree *tree)
{
    for (size_t i = 0; i < tree->level_count; i++)
        mimic__free(tree->ctx, tree->levels[i]);
    tree->level_count = 0;
    tree->held.is_present = false;
}

/* ---- interior pages ---- */

static void start_page(mimic_sqlite_level *level)
{
    level->cell_count = 0;
    level->cells_start = MIMIC_SQLITE_PAGE_BYTES;
    memset(level->page, 0, sizeof level->page);
}

static mimic_status add_level(mimic_sqlite_tree *tree, mimic_error *err)
{
    if (tree->level_count == MIMIC_SQLITE_LEVELS_MAX)
        return mimic__fail(err, MIMIC_ERR_INTERNAL, "a tree of a table is too high");
    mimic_sqlite_level *level = mimic__alloc_zeroed(tree->ctx, 1, sizeof *level);
    if (level == NULL)
        return mimic__fail_memory(err);
    start_page(level);
    tree->levels[tree->level_count++] = level;
    return MIMIC_OK;
}

/* A cell for a child; false when the page is full. */
static bool put_cell(mimic_sqlite_level *level, mimic_sqlite_child child)
{
    const size_t size = 4 + mimic__sqlite_varint_size((uint64_t)child.last_key);
    const size_t offset = MIMIC_SQLITE_INTERIOR_HEADER + 2 * level->cell_count;
    if (level->cells_start < offset + 2 + size)
        return false;
    unsigned char *start =
        mimic__sqlite_put_varint(level->page + level->cells_start, (uint64_t)child.last_key);
    mimic__sqlite_put32(start - 4, child.page);
    level->cells_start -= size;
    mimic__sqlite_put16(level->page + offset, (uint32_t)level->cells_start);
    level->cell_count++;
    level->last = child;
    level->last_size = size;
    return true;
}

static void take_last_cell(mimic_sqlite_level *level)
{
    level->cell_count--;
    mimic__sqlite_put16(level->page + MIMIC_SQLITE_INTERIOR_HEADER + 2 * level->cell_count, 0);
    memset(level->page + level->cells_start, 0, level->last_size);
    level->cells_start += level->last_size;
}

static void complete_page(mimic_sqlite_level *level, mimic_sqlite_child right)
{
    mimic__sqlite_put_page_header(level->page, MIMIC_SQLITE_TABLE_INTERIOR, level->cell_count,
                                  level->cells_start, right.page);
}

/* Appends the page of a level, `right` being its last child; *out_child is what stands above it. */
static mimic_status append_page(const mimic_sqlite_tree *tree, mimic_sqlite_level *level,
                                mimic_sqlite_child right, mimic_sqlite_child *out_child,
                                mimic_error *err)
{
    complete_page(level, right);
    out_child->last_key = right.last_key;
    MIMIC_TRY(mimic__sqlite_pages_reserve(tree->pages, 1, &out_child->page, err));
    return mimic__sqlite_pages_write(tree->pages, out_child->page, level->page, 1, err);
}

/* Adds a child on the right of a level; what becomes full goes into the one above. */
static mimic_status add_child(mimic_sqlite_tree *tree, size_t depth, mimic_sqlite_child child,
                              mimic_error *err)
{
    for (;; depth++) {
        if (depth == tree->level_count)
            MIMIC_TRY(add_level(tree, err));
        mimic_sqlite_level *level = tree->levels[depth];
        const mimic_sqlite_child right = level->right;
        const bool is_full = level->has_children && !put_cell(level, right);
        level->has_children = true;
        level->right = child;
        if (!is_full)
            return MIMIC_OK;
        take_last_cell(level);
        MIMIC_TRY(append_page(tree, level, level->last, &child, err)); /* goes a level up */
        start_page(level);
        put_cell(level, right);
    }
}

/* ---- leaves ---- */

static void link_pages(const mimic_sqlite_tree *tree, const mimic_sqlite_chunk *chunk,
                       uint32_t first, size_t start)
{
    unsigned char *pages = (unsigned char *)chunk->pages.data;
    const size_t *links = (const size_t *)(const void *)chunk->links.data;
    for (size_t i = 0; i < chunk->links.size / sizeof *links; i++) {
        const size_t index = mimic__sqlite_get32(pages + links[i]);
        mimic__sqlite_put32(pages + links[i],
                            mimic__sqlite_page_number(tree->pages, first, index - start));
    }
}

/* Keeps the leaf that is open at the end of the chunk. */
static void hold_leaf(mimic_sqlite_tree *tree, const mimic_sqlite_chunk *chunk, uint32_t first,
                      size_t start)
{
    const mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    mimic__sqlite_chunk_close_leaf(chunk, tree->held.page);
    tree->held.is_present = true;
    tree->held.last_key = leaf->last_key;
    for (size_t i = 0; i < leaf->chain_count; i++) {
        unsigned char *link = tree->held.page + leaf->chains[i];
        const size_t index = mimic__sqlite_get32(link);
        mimic__sqlite_put32(link, mimic__sqlite_page_number(tree->pages, first, index - start));
    }
}

mimic_status mimic__sqlite_tree_append(mimic_sqlite_tree *tree, mimic_sqlite_chunk *chunk,
                                       mimic_error *err)
{
    if (chunk->is_empty)
        return MIMIC_OK;
    const size_t start = tree->held.is_present && !chunk->has_held ? 0 : 1;
    const size_t count = mimic__sqlite_chunk_page_count(chunk) - start;
    uint32_t first = 0;
    MIMIC_TRY(mimic__sqlite_pages_reserve(tree->pages, count, &first, err));
    if (start == 0)
        memcpy(chunk->pages.data, tree->held.page, MIMIC_SQLITE_PAGE_BYTES);
    link_pages(tree, chunk, first, start);
    MIMIC_TRY(mimic__sqlite_pages_write(
        tree->pages, first, chunk->pages.data + start * MIMIC_SQLITE_PAGE_BYTES, count, err));
    if (start == 0)
        MIMIC_TRY(add_child(tree, 0, (mimic_sqlite_child){first, tree->held.last_key}, err));
    const mimic_sqlite_leaf *leaves = (const mimic_sqlite_leaf *)(const void *)chunk->leaves.data;
    for (size_t i = 0; i < chunk->leaves.size / sizeof *leaves; i++) {
        const uint32_t page = mimic__sqlite_page_number(tree->pages, first, leaves[i].page - start);
        MIMIC_TRY(add_child(tree, 0, (mimic_sqlite_child){page, leaves[i].last_key}, err));
    }
    hold_leaf(tree, chunk, first, start);
    return MIMIC_OK;
}

mimic_status mimic__sqlite_tree_finish(mimic_sqlite_tree *tree, mimic_error *err)
{
    if (!tree->held.is_present)
        return MIMIC_OK;
    if (tree->level_count == 0)
        return mimic__sqlite_pages_write_root(tree->pages, tree->root, tree->held.page, err);
    mimic_sqlite_child child = {0, tree->held.last_key};
    MIMIC_TRY(mimic__sqlite_pages_reserve(tree->pages, 1, &child.page, err));
    MIMIC_TRY(mimic__sqlite_pages_write(tree->pages, child.page, tree->held.page, 1, err));
    MIMIC_TRY(add_child(tree, 0, child, err));
    for (size_t depth = 0; depth + 1 < tree->level_count; depth++) {
        mimic_sqlite_level *level = tree->levels[depth];
        MIMIC_TRY(append_page(tree, level, level->right, &child, err));
        MIMIC_TRY(add_child(tree, depth + 1, child, err));
    }
    mimic_sqlite_level *top = tree->levels[tree->level_count - 1];
    complete_page(top, top->right);
    return mimic__sqlite_pages_write_root(tree->pages, tree->root, top->page, err);
}
