/*
 * See event_joined.h. Both files are arrays: of rows in the order of their table, and of pairs sorted by
 * id, of the same id by row, so that the first one found is the first row. The ids at every so many
 * pairs are kept, at most MOST_FENCES of them; what lies between two of these is halved in the file until
 * it fits into a page.
 */
#include "events/event_joined.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "events/event_run.h"
#include "io/output.h"
#include "io/sorter.h"

#define TURN_SIGN UINT64_C(0x8000000000000000)
#define PAGE_ROWS 256
#define PAGE_PAIRS 256
#define MOST_FENCES ((uint64_t)1 << 12)
#define LEAST_SORTER ((size_t)1 << 14)

/* Items of one size, written one behind the other and read a page at a time. */
typedef struct paged_file {
    mimic_block_file file;
    size_t item_bytes;
    size_t page_items;
    unsigned char *page;
    uint64_t count;
    uint64_t first; /* item that the page begins with */
    size_t held;    /* items of the page; while writing, those that wait */
} paged_file;

struct mimic_joined_rows {
    const mimic_context *ctx;
    mimic_sorter *sorter;
    paged_file rows;
    paged_file index;
    uint64_t *fences; /* id of every `stride`th pair */
    uint64_t fence_count;
    uint64_t stride;
};

/* ---- a file ---- */

static mimic_status paged_new(paged_file *self, const mimic_context *ctx, const char *path,
                              size_t item_bytes, size_t page_items, mimic_error *err)
{
    *self = (paged_file){.file = {.ctx = ctx, .fd = -1, .path = path, .is_scratch = true},
                         .item_bytes = item_bytes,
                         .page_items = page_items};
    self->page = mimic__alloc_array(ctx, page_items, item_bytes);
    return self->page == NULL ? mimic__fail_memory(err) : MIMIC_OK;
}

static void paged_free(paged_file *self)
{
    if (self->page == NULL)
        return;
    if (self->file.fd >= 0)
        (void)close(self->file.fd);
    mimic__free(self->file.ctx, self->page);
}

static mimic_status paged_flush(paged_file *self, mimic_error *err)
{
    const size_t size = self->held * self->item_bytes;
    if (size == 0)
        return MIMIC_OK;
    if (self->file.fd < 0)
        MIMIC_TRY(mimic__open_nameless(self->file.ctx, self->file.path, &self->file.fd, err));
    MIMIC_TRY(mimic__block_write(&self->file, self->file.size, self->page, size, err));
    self->file.size += (int64_t)size;
    self->first = self->count;
    self->held = 0;
    return MIMIC_OK;
}

static mimic_status paged_add(paged_file *self, const void *item, mimic_error *err)
{
    if (self->held == self->page_items)
        MIMIC_TRY(paged_flush(self, err));
    memcpy(self->page + self->held * self->item_bytes, item, self->item_bytes);
    self->held++;
    self->count++;
    return MIMIC_OK;
}

/* The items of a page that begins at `first`, of which there is one. */
static mimic_status paged_turn_to(paged_file *self, uint64_t first, mimic_error *err)
{
    if (self->held > 0 && self->first == first)
        return MIMIC_OK;
    const uint64_t left = self->count - first;
    const size_t items = left < self->page_items ? (size_t)left : self->page_items;
    self->held = 0;
    MIMIC_TRY(mimic__block_read(&self->file, (int64_t)(first * self->item_bytes), self->page,
                                items * self->item_bytes, err));
    self->first = first;
    self->held = items;
    return MIMIC_OK;
}

/* ---- filling ---- */

static uint64_t turned(int64_t id)
{
    return (uint64_t)id ^ TURN_SIGN;
}

mimic_status mimic__joined_rows_new(const mimic_context *ctx, size_t memory, const char *path,
                                    mimic_joined_rows **out_rows, mimic_error *err)
{
    mimic_joined_rows *const rows = mimic__alloc_zeroed(ctx, 1, sizeof *rows);
    *out_rows = NULL;
    if (rows == NULL)
        return mimic__fail_memory(err);
    rows->ctx = ctx;
    const mimic_sorter_options options = {
        .memory_bytes = memory < LEAST_SORTER         ? LEAST_SORTER
                        : memory > MIMIC_SORTER_BYTES ? MIMIC_SORTER_BYTES
                                                      : memory,
        .path = path};
    mimic_status status =
        paged_new(&rows->rows, ctx, path, sizeof(mimic_joined_row), PAGE_ROWS, err);
    if (status == MIMIC_OK)
        status = paged_new(&rows->index, ctx, path, sizeof(mimic_sort_pair), PAGE_PAIRS, err);
    if (status == MIMIC_OK)
        status = mimic__sorter_new(ctx, &options, &rows->sorter, err);
    if (status == MIMIC_OK)
        *out_rows = rows;
    else
        mimic__joined_rows_free(rows);
    return status;
}

void mimic__joined_rows_free(mimic_joined_rows *rows)
{
    if (rows == NULL)
        return;
    mimic__sorter_free(rows->sorter);
    paged_free(&rows->rows);
    paged_free(&rows->index);
    mimic__free(rows->ctx, rows->fences);
    mimic__free(rows->ctx, rows);
}

mimic_status mimic__joined_rows_add(mimic_joined_rows *rows, int64_t id,
                                    const mimic_joined_row *row, mimic_error *err)
{
    const mimic_sort_pair pair = {turned(id), rows->rows.count};
    MIMIC_TRY(mimic__sorter_add_pairs(rows->sorter, &pair, 1, err));
    return paged_add(&rows->rows, row, err);
}

int64_t mimic__joined_rows_spilled(const mimic_joined_rows *rows)
{
    return rows == NULL ? 0 : rows->rows.file.size + rows->index.file.size;
}

static mimic_status write_index(mimic_joined_rows *rows, mimic_error *err)
{
    mimic_sort_pair pairs[64];
    for (;;) {
        size_t count;
        MIMIC_TRY(mimic__sorter_next_pairs(rows->sorter, pairs, sizeof pairs / sizeof *pairs, &count,
                                           err));
        if (count == 0)
            return paged_flush(&rows->index, err);
        for (size_t i = 0; i < count; i++) {
            const uint64_t number = rows->index.count;
            if (number % rows->stride == 0)
                rows->fences[number / rows->stride] = pairs[i].hi;
            MIMIC_TRY(paged_add(&rows->index, &pairs[i], err));
        }
    }
}

mimic_status mimic__joined_rows_settle(mimic_joined_rows *rows, mimic_error *err)
{
    const uint64_t count = rows->rows.count;
    rows->stride = PAGE_PAIRS;
    while (count / rows->stride >= MOST_FENCES)
        rows->stride *= 2;
    rows->fence_count = count == 0 ? 0 : (count - 1) / rows->stride + 1;
    rows->fences =
        mimic__alloc_array(rows->ctx, (size_t)rows->fence_count + 1, sizeof *rows->fences);
    if (rows->fences == NULL)
        return mimic__fail_memory(err);
    MIMIC_TRY(mimic__sorter_finish(rows->sorter, err));
    MIMIC_TRY(write_index(rows, err));
    mimic__sorter_free(rows->sorter);
    rows->sorter = NULL;
    return paged_flush(&rows->rows, err);
}

/* ---- finding ---- */

/* How many of the fences stand before the id. */
static uint64_t fences_before(const mimic_joined_rows *rows, uint64_t key)
{
    uint64_t low = 0;
    for (uint64_t count = rows->fence_count; count > 0;) {
        const uint64_t half = count / 2;
        const bool goes_on = rows->fences[low + half] < key;
        low += goes_on ? half + 1 : 0;
        count = goes_on ? count - half - 1 : half;
    }
    return low;
}

/* The page in which the first pair stands that is not before the id: pages from `low` on begin before
 * it, those from `end` on do not. */
static mimic_status halve(mimic_joined_rows *rows, uint64_t key, uint64_t *in_out_low, uint64_t end,
                          mimic_error *err)
{
    uint64_t low = *in_out_low;
    while (end - low > 1) {
        const uint64_t middle = low + (end - low) / 2;
        mimic_sort_pair pair;
        MIMIC_TRY(mimic__block_read(&rows->index.file,
                                    (int64_t)(middle * PAGE_PAIRS * sizeof pair), &pair,
                                    sizeof pair, err));
        if (pair.hi < key)
            low = middle;
        else
            end = middle;
    }
    *in_out_low = low;
    return MIMIC_OK;
}

/* The first pair that is not before the id; the number of pairs when all are. */
static mimic_status first_pair(mimic_joined_rows *rows, uint64_t key, mimic_sort_pair *out_pair,
                               bool *out_is_there, mimic_error *err)
{
    const uint64_t fence = fences_before(rows, key);
    const uint64_t pages = (rows->index.count + PAGE_PAIRS - 1) / PAGE_PAIRS;
    const uint64_t step = rows->stride / PAGE_PAIRS;
    uint64_t page = fence == 0 ? 0 : (fence - 1) * step;
    const uint64_t end = fence * step < pages ? fence * step : pages;
    *out_is_there = false;
    if (fence > 0)
        MIMIC_TRY(halve(rows, key, &page, end, err));
    for (; page < pages; page++) { /* it may be the first one of the next page */
        MIMIC_TRY(paged_turn_to(&rows->index, page * PAGE_PAIRS, err));
        const mimic_sort_pair *const pairs = (const mimic_sort_pair *)(const void *)rows->index.page;
        size_t low = 0;
        for (size_t count = rows->index.held; count > 0;) {
            const size_t half = count / 2;
            const bool goes_on = pairs[low + half].hi < key;
            low += goes_on ? half + 1 : 0;
            count = goes_on ? count - half - 1 : half;
        }
        if (low == rows->index.held)
            continue;
        *out_pair = pairs[low];
        *out_is_there = true;
        return MIMIC_OK;
    }
    return MIMIC_OK;
}

mimic_status mimic__joined_rows_find(mimic_joined_rows *rows, int64_t id, mimic_joined_row *out_row,
                                     bool *out_is_there, mimic_error *err)
{
    mimic_sort_pair pair = {0};
    MIMIC_TRY(first_pair(rows, turned(id), &pair, out_is_there, err));
    *out_is_there = *out_is_there && pair.hi == turned(id);
    if (!*out_is_there)
        return MIMIC_OK;
    MIMIC_TRY(paged_turn_to(&rows->rows, pair.lo - pair.lo % PAGE_ROWS, err));
    memcpy(out_row, rows->rows.page + (size_t)(pair.lo % PAGE_ROWS) * sizeof *out_row,
           sizeof *out_row);
    return MIMIC_OK;
}
