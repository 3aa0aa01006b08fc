/*
 * See sqlite_leaf.h. A row is written straight to where it will stand: downwards from the last cell
 * of the open leaf. When it turns out not to fit, the leaf is closed without it and the cell moves
 * to the end of the next one. A leaf gets its place in the chunk when it is closed, behind the
 * overflow pages of its cells, so that the open leaf never leaves a hole.
 */
#include "sink/sqlite_leaf.h"

#include "base/error.h"
#include "schema/schema_model.h"

#define SMALL_BATCH_BYTES ((int64_t)128 * 1024)
/* So much more room than the fixed part of a record needs that one that fits a leaf always does. */
#define TEXT_ROOM MIMIC_SQLITE_PAGE_BYTES

mimic_status mimic__sqlite_chunk_new(const mimic_sqlite_layout *layout,
                                     mimic_sqlite_chunk **out_chunk, mimic_error *err)
{
    const size_t count = layout->rules.table->field_count;
    mimic_sqlite_chunk *chunk = mimic__alloc_zeroed(layout->ctx, 1, sizeof *chunk);
    *out_chunk = chunk;
    if (chunk == NULL)
        return mimic__fail_memory(err);
    chunk->layout = layout;
    mimic__buffer_init(&chunk->pages, layout->ctx);
    mimic__buffer_init(&chunk->links, layout->ctx);
    mimic__buffer_init(&chunk->leaves, layout->ctx);
    mimic__buffer_init(&chunk->left_out, layout->ctx);
    mimic__buffer_init(&chunk->large, layout->ctx);
    chunk->room_size =
        mimic__sqlite_record_fixed_bound(count) + TEXT_ROOM + MIMIC_SQLITE_PAGE_BYTES;
    chunk->room = mimic__alloc(layout->ctx, chunk->room_size);
    chunk->cells = mimic__alloc_array(layout->ctx, count, sizeof *chunk->cells);
    if (chunk->room == NULL || chunk->cells == NULL) {
        mimic__sqlite_chunk_free(chunk);
        *out_chunk = NULL;
        return mimic__fail_memory(err);
    }
    for (size_t i = 0; i < count; i++)
        mimic__sqlite_cell_init(&chunk->cells[i], layout->rules.table->fields[i].type,
                                layout->integer_times);
    if (layout->key_field >= 0)
        chunk->cells[layout->key_field].storage = MIMIC_SQLITE_AS_NOTHING;
    return MIMIC_OK;
}

void mimic__sqlite_chunk_free(mimic_sqlite_chunk *chunk)
{
    if (chunk == NULL)
        return;
    const mimic_context *ctx = chunk->layout->ctx;
    mimic__buffer_free(&chunk->pages);
    mimic__buffer_free(&chunk->links);
    mimic__buffer_free(&chunk->leaves);
    mimic__buffer_free(&chunk->left_out);
    mimic__buffer_free(&chunk->large);
    mimic__free(ctx, chunk->room);
    mimic__free(ctx, chunk->cells);
    mimic__free(ctx, chunk);
}

bool mimic__sqlite_batch_is_small(const mimic_batch *batch)
{
    int64_t bytes = batch->row_count * (int64_t)batch->column_count * 4; /* or so */
    for (size_t i = 0; i < batch->column_count; i++)
        if (batch->columns[i].offsets != NULL)
            bytes += batch->columns[i].offsets[batch->row_count] - batch->columns[i].offsets[0];
    return bytes < SMALL_BATCH_BYTES;
}

/* ---- the open leaf ---- */

static unsigned char *open_page(const mimic_sqlite_chunk *chunk)
{
    return chunk->room + chunk->room_size - MIMIC_SQLITE_PAGE_BYTES;
}

static void start_leaf(mimic_sqlite_chunk *chunk, const mimic_sqlite_held_leaf *held)
{
    mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    leaf->cell_count = 0;
    leaf->cells_start = MIMIC_SQLITE_PAGE_BYTES;
    leaf->chain_count = 0;
    if (held == NULL || !held->is_present)
        return;
    leaf->cell_count = mimic__sqlite_get16(held->page + 3);
    leaf->cells_start = mimic__sqlite_get16(held->page + 5);
    leaf->last_key = held->last_key;
    for (size_t i = 0; i < leaf->cell_count; i++)
        leaf->offsets[i] =
            (uint16_t)mimic__sqlite_get16(held->page + MIMIC_SQLITE_LEAF_HEADER + 2 * i);
    memcpy(open_page(chunk) + leaf->cells_start, held->page + leaf->cells_start,
           MIMIC_SQLITE_PAGE_BYTES - leaf->cells_start);
}

void mimic__sqlite_chunk_close_leaf(const mimic_sqlite_chunk *chunk, unsigned char *page)
{
    const mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    const size_t offsets_end = MIMIC_SQLITE_LEAF_HEADER + 2 * leaf->cell_count;
    mimic__sqlite_put_page_header(page, MIMIC_SQLITE_TABLE_LEAF, leaf->cell_count,
                                  leaf->cells_start, 0);
    for (size_t i = 0; i < leaf->cell_count; i++)
        mimic__sqlite_put16(page + MIMIC_SQLITE_LEAF_HEADER + 2 * i, leaf->offsets[i]);
    memset(page + offsets_end, 0, leaf->cells_start - offsets_end);
    memcpy(page + leaf->cells_start, open_page(chunk) + leaf->cells_start,
           MIMIC_SQLITE_PAGE_BYTES - leaf->cells_start);
}

/* A new page at the end of the chunk; NULL after a failure. */
static unsigned char *add_page(mimic_sqlite_chunk *chunk)
{
    if (!mimic__buffer_reserve(&chunk->pages, MIMIC_SQLITE_PAGE_BYTES))
        return NULL;
    chunk->pages.size += MIMIC_SQLITE_PAGE_BYTES;
    return (unsigned char *)chunk->pages.data + chunk->pages.size - MIMIC_SQLITE_PAGE_BYTES;
}

static void add_link(mimic_sqlite_chunk *chunk, size_t place)
{
    mimic__buffer_append(&chunk->links, &place, sizeof place);
}

static bool close_leaf(mimic_sqlite_chunk *chunk)
{
    const mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    unsigned char *page = add_page(chunk);
    if (page == NULL)
        return false;
    const size_t place = chunk->pages.size - MIMIC_SQLITE_PAGE_BYTES;
    const mimic_sqlite_leaf closed = {(uint32_t)(place / MIMIC_SQLITE_PAGE_BYTES), leaf->last_key};
    mimic__sqlite_chunk_close_leaf(chunk, page);
    for (size_t i = 0; i < leaf->chain_count; i++)
        add_link(chunk, place + leaf->chains[i]);
    mimic__buffer_append(&chunk->leaves, &closed, sizeof closed);
    start_leaf(chunk, NULL);
    return true;
}

/* Takes up a cell that stands below the others of the open leaf, [start, cells_start of the page);
 * the leaf is closed first when it is full. */
static bool add_cell(mimic_sqlite_chunk *chunk, const unsigned char *start, int64_t key)
{
    mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    unsigned char *page = open_page(chunk);
    const size_t size = (size_t)(page + leaf->cells_start - start);
    const size_t offsets_end = MIMIC_SQLITE_LEAF_HEADER + 2 * (leaf->cell_count + 1);
    if (leaf->cells_start < offsets_end + size) {
        if (!close_leaf(chunk))
            return false;
        memmove(page + MIMIC_SQLITE_PAGE_BYTES - size, start, size);
    }
    leaf->cells_start -= size;
    leaf->offsets[leaf->cell_count++] = (uint16_t)leaf->cells_start;
    leaf->last_key = key;
    return true;
}

/* ---- rows that do not fit a leaf ---- */

/* Puts the rest of a record into a chain of new pages, which follow each other. */
static bool add_chain(mimic_sqlite_chunk *chunk, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        unsigned char *page = add_page(chunk);
        if (page == NULL)
            return false;
        const size_t part = size < MIMIC_SQLITE_OVERFLOW_BYTES ? size : MIMIC_SQLITE_OVERFLOW_BYTES;
        const size_t count = mimic__sqlite_chunk_page_count(chunk);
        mimic__sqlite_put32(page, part == size ? 0 : (uint32_t)count);
        if (part < size)
            add_link(chunk, chunk->pages.size - MIMIC_SQLITE_PAGE_BYTES);
        memcpy(page + 4, bytes, part);
        memset(page + 4 + part, 0, MIMIC_SQLITE_OVERFLOW_BYTES - part);
        bytes += part;
        size -= part;
    }
    return true;
}

/* The record of a row in memory of its own; NULL after a failure. It ends at the buffer's capacity.
 */
static unsigned char *put_large(mimic_sqlite_chunk *chunk, size_t column_count, int64_t row,
                                unsigned char **out_end)
{
    /* The bound counts the fixed part once, the writer keeps it free below texts of any size. */
    const size_t size = mimic__sqlite_record_bound(chunk->cells, column_count, row) +
                        mimic__sqlite_record_fixed_bound(column_count);
    if (!mimic__buffer_reserve(&chunk->large, size))
        return NULL;
    unsigned char *floor = (unsigned char *)chunk->large.data;
    *out_end = floor + size;
    return mimic__sqlite_record_put(chunk->cells, column_count, row, *out_end, floor);
}

static bool add_large_row(mimic_sqlite_chunk *chunk, size_t column_count, int64_t row, int64_t key)
{
    unsigned char *record_end = NULL;
    const unsigned char *record = put_large(chunk, column_count, row, &record_end);
    if (record == NULL)
        return false;
    const size_t size = (size_t)(record_end - record);
    const size_t local_size = mimic__sqlite_local_size(size, MIMIC_SQLITE_TABLE_LOCAL_MAX);
    const size_t link_size = local_size < size ? 4 : 0;
    unsigned char *end = open_page(chunk) + chunk->leaf.cells_start;
    mimic__sqlite_put32(end - 4, 0);
    memcpy(end - link_size - local_size, record, local_size);
    unsigned char *start = mimic__sqlite_put_varint(end - link_size - local_size, (uint64_t)key);
    start = mimic__sqlite_put_varint(start, size);
    /* A leaf that is full is closed first, so the chain's place is known only behind it. */
    if (!add_cell(chunk, start, key))
        return false;
    if (link_size == 0)
        return true;
    mimic_sqlite_open_leaf *leaf = &chunk->leaf;
    const size_t cell_end = leaf->cells_start + (size_t)(end - start);
    leaf->chains[leaf->chain_count++] = (uint16_t)(cell_end - 4);
    mimic__sqlite_put32(open_page(chunk) + cell_end - 4,
                        (uint32_t)mimic__sqlite_chunk_page_count(chunk));
    return add_chain(chunk, record + local_size, size - local_size);
}

/* ---- a batch ---- */

static bool add_row(mimic_sqlite_chunk *chunk, size_t column_count, int64_t row, int64_t key)
{
    unsigned char *end = open_page(chunk) + chunk->leaf.cells_start;
    unsigned char *start =
        mimic__sqlite_record_put(chunk->cells, column_count, row, end, chunk->room);
    if (start == NULL || end - start > MIMIC_SQLITE_TABLE_LOCAL_MAX)
        return add_large_row(chunk, column_count, row, key);
    const size_t size = (size_t)(end - start);
    start = mimic__sqlite_put_varint(start, (uint64_t)key);
    start = mimic__sqlite_put_varint(start, size);
    return add_cell(chunk, start, key);
}

static int64_t key_at(const mimic_column *column, int64_t row)
{
    switch (column->type) {
    case MIMIC_TYPE_BOOLEAN:
        return (((const uint8_t *)column->values)[row >> 3] >> (row & 7)) & 1;
    case MIMIC_TYPE_INT16:
        return ((const int16_t *)column->values)[row];
    case MIMIC_TYPE_INT32:
        return ((const int32_t *)column->values)[row];
    default:
        return ((const int64_t *)column->values)[row];
    }
}

static void leave_out(mimic_sqlite_chunk *chunk, int64_t row, ptrdiff_t column)
{
    const mimic_sqlite_left_out left_out = {row, column};
    mimic__buffer_append(&chunk->left_out, &left_out, sizeof left_out);
}

static bool has_failed(const mimic_sqlite_chunk *chunk)
{
    return chunk->pages.failed || chunk->links.failed || chunk->leaves.failed ||
           chunk->left_out.failed || chunk->large.failed;
}

/* Rows up to the first whose key does not ascend. */
static void add_rows(mimic_sqlite_chunk *chunk, const mimic_batch *batch, const uint8_t *skip)
{
    const mimic_sqlite_rules *rules = &chunk->layout->rules;
    const mimic_column *keys =
        chunk->layout->key_field < 0 ? NULL : &batch->columns[chunk->layout->key_field];
    const bool is_suspect = mimic__sqlite_may_have_faults(rules, batch);
    size_t fault_column = 0;
    int64_t fault =
        is_suspect ? mimic__sqlite_find_fault(rules, batch, 0, &fault_column) : batch->row_count;
    for (int64_t row = 0; row < batch->row_count; row++) {
        if (row == fault) {
            leave_out(chunk, row, (ptrdiff_t)fault_column);
            fault = mimic__sqlite_find_fault(rules, batch, row + 1, &fault_column);
            continue;
        }
        if (skip != NULL && skip[row] != 0)
            continue;
        const int64_t key = keys == NULL ? batch->first_row + row + 1 : key_at(keys, row);
        if (chunk->is_empty) {
            chunk->first_key = key;
        } else if (key == chunk->last_key) {
            leave_out(chunk, row, -1);
            continue;
        } else if (key < chunk->last_key) {
            chunk->end_row = row;
            return;
        }
        if (!add_row(chunk, batch->column_count, row, key))
            return;
        chunk->is_empty = false;
        chunk->last_key = key;
    }
}

mimic_status mimic__sqlite_chunk_encode(mimic_sqlite_chunk *chunk, const mimic_batch *batch,
                                        const uint8_t *skip, const mimic_sqlite_held_leaf *held,
                                        mimic_error *err)
{
    chunk->pages.size = 0;
    chunk->links.size = 0;
    chunk->leaves.size = 0;
    chunk->left_out.size = 0;
    chunk->has_held = held != NULL && held->is_present;
    chunk->is_empty = !chunk->has_held;
    chunk->first_key = INT64_MIN;
    chunk->last_key = chunk->is_empty ? INT64_MIN : held->last_key;
    chunk->end_row = batch->row_count;
    for (size_t i = 0; i < batch->column_count; i++)
        mimic__sqlite_cell_bind(&chunk->cells[i], &batch->columns[i]);
    start_leaf(chunk, held);
    if (add_page(chunk) != NULL)
        add_rows(chunk, batch, skip);
    return has_failed(chunk) ? mimic__fail_memory(err) : MIMIC_OK;
}
