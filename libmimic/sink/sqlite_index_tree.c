/*
 * See sqlite_index_tree.h. When a record does not fit into a leaf any more, the leaf's last record
 * moves up and stands between the leaf and the next one, which begins with the new record. So no
 * page is ever empty, whenever the records end: SQLite takes an empty one for damage. Interior
 * pages do the same. At least four records fit on a page, by the format's limit on what stays in a
 * cell.
 */
#include "sink/sqlite_index_tree.h"

#include "base/error.h"

#define CELL_MAX (4 + MIMIC_SQLITE_VARINT_MAX + MIMIC_SQLITE_INDEX_LOCAL_MAX + 4)

void mimic__sqlite_index_tree_init(mimic_sqlite_index_tree *tree, mimic_sqlite_pages *pages,
                                   uint32_t root)
{
    *tree = (mimic_sqlite_index_tree){.pages = pages, .root = root};
}

void mimic__sqlite_index_tree_free(mimic_sqlite_index_tree *tree)
{
    if (tree->pages == NULL)
        return;
    for (size_t i = 0; i < tree->level_count; i++)
        mimic__free(tree->pages->ctx, tree->levels[i]);
    mimic__free(tree->pages->ctx, tree->staged);
    *tree = (mimic_sqlite_index_tree){0};
}

/* ---- pages that are complete ---- */

static mimic_status flush(mimic_sqlite_index_tree *tree, mimic_error *err)
{
    if (tree->staged_count == 0)
        return MIMIC_OK;
    const size_t count = tree->staged_count;
    tree->staged_count = 0;
    return mimic__sqlite_pages_write(tree->pages, tree->staged_first, tree->staged, count, err);
}

/* A new page: its number, and the room for its content. */
static mimic_status stage_page(mimic_sqlite_index_tree *tree, uint32_t *out_number,
                               unsigned char **out_page, mimic_error *err)
{
    if (tree->staged_count == MIMIC_SQLITE_INDEX_STAGED)
        MIMIC_TRY(flush(tree, err));
    MIMIC_TRY(mimic__sqlite_pages_reserve(tree->pages, 1, out_number, err));
    if (tree->staged_count > 0 &&
        *out_number !=
            mimic__sqlite_page_number(tree->pages, tree->staged_first, tree->staged_count))
        MIMIC_TRY(flush(tree, err));
    if (tree->staged_count == 0)
        tree->staged_first = *out_number;
    *out_page = tree->staged + MIMIC_SQLITE_PAGE_BYTES * tree->staged_count++;
    return MIMIC_OK;
}

/* The page of a level, its header complete; `right` counts above the leaves. */
static const unsigned char *complete(mimic_sqlite_index_tree *tree, size_t height, uint32_t right)
{
    mimic_sqlite_index_level *const level = tree->levels[height];
    const int type = height == 0 ? MIMIC_SQLITE_INDEX_LEAF : MIMIC_SQLITE_INDEX_INTERIOR;
    const size_t header = height == 0 ? MIMIC_SQLITE_LEAF_HEADER : MIMIC_SQLITE_INTERIOR_HEADER;
    const size_t offsets_end = header + 2 * level->cell_count;
    memset(level->page + offsets_end, 0, level->cells_start - offsets_end);
    mimic__sqlite_put_page_header(level->page, type, level->cell_count, level->cells_start, right);
    return level->page;
}

static mimic_status put_page(mimic_sqlite_index_tree *tree, size_t height, uint32_t right,
                             uint32_t *out_number, mimic_error *err)
{
    unsigned char *page = NULL;
    MIMIC_TRY(stage_page(tree, out_number, &page, err));
    memcpy(page, complete(tree, height, right), MIMIC_SQLITE_PAGE_BYTES);
    return MIMIC_OK;
}

/* ---- pages under construction ---- */

static void clear_level(mimic_sqlite_index_level *level)
{
    level->cell_count = 0;
    level->cells_start = MIMIC_SQLITE_PAGE_BYTES;
}

static mimic_status add_level(mimic_sqlite_index_tree *tree, mimic_error *err)
{
    if (tree->level_count == MIMIC_SQLITE_INDEX_LEVELS_MAX)
        return mimic__fail(err, MIMIC_ERR_LIMIT, "an index of more levels than SQLite reads");
    mimic_sqlite_index_level *level = mimic__alloc(tree->pages->ctx, sizeof *level);
    if (level == NULL)
        return mimic__fail_memory(err);
    clear_level(level);
    tree->levels[tree->level_count++] = level;
    return MIMIC_OK;
}

static inline bool has_room(const mimic_sqlite_index_level *level, size_t header, size_t size)
{
    return header + 2 * (level->cell_count + 1) + size <= level->cells_start;
}

/* Room for a cell behind all others of the page. */
static inline unsigned char *append_cell(mimic_sqlite_index_level *level, size_t header,
                                         size_t size)
{
    level->cells_start -= size;
    mimic__sqlite_put16(level->page + header + 2 * level->cell_count++,
                        (uint32_t)level->cells_start);
    return level->page + level->cells_start;
}

/* Takes the last cell off; it stays where it is until the level is filled anew. */
static const unsigned char *take_last(mimic_sqlite_index_level *level, size_t header,
                                      size_t *out_size)
{
    const unsigned char *const cell = level->page + level->cells_start;
    const unsigned char *const offsets = level->page + header;
    const size_t end = --level->cell_count == 0
                           ? MIMIC_SQLITE_PAGE_BYTES
                           : mimic__sqlite_get16(offsets + 2 * (level->cell_count - 1));
    *out_size = end - level->cells_start;
    level->cells_start = end;
    return cell;
}

/* Puts a leaf cell above, `child` being the page before it. */
static mimic_status push_up(mimic_sqlite_index_tree *tree, uint32_t child, unsigned char *cell,
                            size_t size, mimic_error *err)
{
    const size_t header = MIMIC_SQLITE_INTERIOR_HEADER;
    for (size_t height = 1;; height++) {
        if (height == tree->level_count)
            MIMIC_TRY(add_level(tree, err));
        mimic_sqlite_index_level *const level = tree->levels[height];
        unsigned char last[CELL_MAX];
        size_t last_size = 0;
        uint32_t number = 0;
        if (!has_room(level, header, 4 + size)) {
            const unsigned char *const taken = take_last(level, header, &last_size);
            memcpy(last, taken, last_size);
            MIMIC_TRY(put_page(tree, height, mimic__sqlite_get32(last), &number, err));
            clear_level(level);
        }
        unsigned char *const place = append_cell(level, header, 4 + size);
        mimic__sqlite_put32(place, child);
        memcpy(place + 4, cell, size);
        if (last_size == 0)
            return MIMIC_OK;
        child = number;
        size = last_size - 4;
        memcpy(cell, last + 4, size);
    }
}

static mimic_status end_leaf(mimic_sqlite_index_tree *tree, mimic_error *err)
{
    mimic_sqlite_index_level *const leaf = tree->levels[0];
    unsigned char cell[CELL_MAX];
    size_t size = 0;
    uint32_t number = 0;
    const unsigned char *const last = take_last(leaf, MIMIC_SQLITE_LEAF_HEADER, &size);
    memcpy(cell, last, size);
    MIMIC_TRY(put_page(tree, 0, 0, &number, err));
    clear_level(leaf);
    return push_up(tree, number, cell, size, err);
}

/* ---- records ---- */

/* A chain of pages for what does not stand in the cell. */
static mimic_status put_overflow(mimic_sqlite_index_tree *tree, const unsigned char *bytes,
                                 size_t size, uint32_t *out_first, mimic_error *err)
{
    for (bool is_first = true; size > 0; is_first = false) {
        const size_t step = size < MIMIC_SQLITE_OVERFLOW_BYTES ? size : MIMIC_SQLITE_OVERFLOW_BYTES;
        uint32_t number = 0;
        unsigned char *page = NULL;
        MIMIC_TRY(stage_page(tree, &number, &page, err));
        if (is_first)
            *out_first = number;
        mimic__sqlite_put32(page,
                            size == step ? 0 : mimic__sqlite_page_number(tree->pages, number, 1));
        memcpy(page + 4, bytes, step);
        memset(page + 4 + step, 0, MIMIC_SQLITE_OVERFLOW_BYTES - step);
        bytes += step;
        size -= step;
    }
    return MIMIC_OK;
}

static mimic_status start(mimic_sqlite_index_tree *tree, mimic_error *err)
{
    if (tree->staged == NULL)
        tree->staged = mimic__alloc_array(tree->pages->ctx, MIMIC_SQLITE_INDEX_STAGED,
                                          MIMIC_SQLITE_PAGE_BYTES);
    return tree->staged == NULL ? mimic__fail_memory(err) : add_level(tree, err);
}

mimic_status mimic__sqlite_index_tree_add(mimic_sqlite_index_tree *tree,
                                          const unsigned char *record, size_t size,
                                          mimic_error *err)
{
    if (tree->level_count == 0)
        MIMIC_TRY(start(tree, err));
    const size_t local = mimic__sqlite_local_size(size, MIMIC_SQLITE_INDEX_LOCAL_MAX);
    const size_t size_size = mimic__sqlite_varint_size(size);
    const size_t cell_size = size_size + local + (local < size ? 4 : 0);
    uint32_t overflow = 0;
    if (local < size)
        MIMIC_TRY(put_overflow(tree, record + local, size - local, &overflow, err));
    if (!has_room(tree->levels[0], MIMIC_SQLITE_LEAF_HEADER, cell_size))
        MIMIC_TRY(end_leaf(tree, err));
    unsigned char *const cell = append_cell(tree->levels[0], MIMIC_SQLITE_LEAF_HEADER, cell_size);
    mimic__sqlite_put_varint(cell + size_size, size);
    memcpy(cell + size_size, record, local);
    if (local < size)
        mimic__sqlite_put32(cell + size_size + local, overflow);
    return MIMIC_OK;
}

mimic_status mimic__sqlite_index_tree_finish(mimic_sqlite_index_tree *tree, mimic_error *err)
{
    if (tree->level_count == 0)
        MIMIC_TRY(start(tree, err));
    uint32_t child = 0;
    const size_t top = tree->level_count - 1;
    for (size_t height = 0; height < top; height++)
        MIMIC_TRY(put_page(tree, height, child, &child, err));
    MIMIC_TRY(flush(tree, err));
    return mimic__sqlite_pages_write_root(tree->pages, tree->root, complete(tree, top, child), err);
}
