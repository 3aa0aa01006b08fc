/*
 * See event_run.h: runs into one stream. Each run has one block in memory, and what is read ahead goes
 * to the runs in the order in which they will need it: the one whose last block ends first is the first
 * to want the next. A heap of runs says whose subject is next; a single run goes straight through.
 */
#include <string.h>

#include "base/error.h"
#include "events/event_run.h"

typedef struct merge merge;
typedef struct merge_load merge_load;

/* A block on its way into memory. */
struct merge_load {
    mimic_task task; /* first: a task is its load */
    const merge *of;
    mimic_event_block block;
    mimic_event_chunk *chunk;
    mimic_status status;
    mimic_error failure;
    merge_load *next; /* of the same run */
};

typedef struct merge_feed {
    int64_t next_page;        /* 0 = none */
    mimic_block_page *page;
    uint32_t next_block;      /* of the page, not yet on its way; the page's count at the end */
    int64_t awaited;          /* last subject of the last block on its way */
    merge_load *loads;        /* in order */
    mimic_event_chunk *chunk; /* NULL at the end */
    size_t run;               /* of the chunk: what comes next, */
    uint32_t taken;           /* from this event of it on */
} merge_feed;

struct merge {
    mimic_event_stream base; /* first: a stream is its merge */
    const mimic_context *ctx;
    mimic_merge_options options;
    merge_feed *feeds;
    uint32_t *heap; /* numbers of feeds; the first one has the least subject */
    size_t heap_size;
    size_t load_count; /* on their way, or there and not yet asked for */
    bool has_begun;
    mimic_event_builder builder;
    mimic_status status;
    mimic_error failure;
};

/* ---- blocks into memory ---- */

/* Leaves the subjects that are wanted. */
static void trim(const merge *of, mimic_event_chunk *chunk)
{
    size_t first = 0;
    size_t end = chunk->run_count;
    while (first < end && chunk->runs[first].subject < of->options.first)
        first++;
    while (first < end && chunk->runs[end - 1].subject > of->options.last)
        end--;
    const uint32_t begin = first < end ? chunk->runs[first].first : 0;
    chunk->count = first < end ? chunk->runs[end - 1].first + chunk->runs[end - 1].count - begin : 0;
    chunk->runs += first;
    chunk->run_count = end - first;
    chunk->events += begin;
    for (size_t i = 0; i < chunk->run_count; i++)
        chunk->runs[i].first -= begin;
}

static mimic_status read_chunk(merge_load *load, unsigned char *bytes)
{
    const mimic_merge_options *const options = &load->of->options;
    MIMIC_TRY(mimic__block_read(options->file, load->block.offset, bytes, load->block.stored,
                                &load->failure));
    MIMIC_TRY(
        mimic__event_unpack(load->of->ctx, &load->block, bytes, &load->chunk, &load->failure));
    if (options->accept != NULL)
        MIMIC_TRY(options->accept(options->ctx, load->chunk, &load->failure));
    trim(load->of, load->chunk);
    return MIMIC_OK;
}

/* What the failure is about: the file that was given, or one that nobody should have touched. */
static mimic_status place_failure(const mimic_block_file *file, mimic_status status,
                                  mimic_error *failure)
{
    if (status == MIMIC_ERR_CORRUPT && file->is_scratch)
        return mimic__fail(failure, MIMIC_ERR_IO,
                           "a temporary file for sorting beside %s does not hold what was written to "
                           "it",
                           file->path);
    if (status == MIMIC_ERR_CORRUPT)
        mimic__error_place(failure, file->path, -1, -1, -1, NULL);
    return status;
}

static void run_load(mimic_task *task)
{
    merge_load *const load = (merge_load *)task;
    unsigned char *const bytes = mimic__alloc(load->of->ctx, load->block.stored);
    load->status = bytes == NULL ? mimic__fail_memory(&load->failure) : read_chunk(load, bytes);
    load->status = place_failure(load->of->options.file, load->status, &load->failure);
    mimic__free(load->of->ctx, bytes);
}

/* Blocks of a file that anybody may have made: larger ones are not written, but for single events. */
static bool is_too_large(const merge *of, const mimic_event_block *block)
{
    return !of->options.file->is_scratch &&
           (block->events > of->options.max_events ||
            (block->bytes > of->options.max_bytes && block->events > 1));
}

static mimic_status check_cost(const merge *of, const mimic_event_block *block, mimic_error *err)
{
    const size_t cost = mimic__block_cost(block);
    return of->options.most_cost == 0 || cost <= of->options.most_cost
               ? MIMIC_OK
               : mimic__fail(err, MIMIC_ERR_LIMIT,
                             "%s has a row with texts of %llu bytes, too many for the memory; give more "
                             "of it (--memory)",
                             of->options.file->path, (unsigned long long)block->bytes);
}

/* The next page with blocks that are wanted, or the end. */
static mimic_status turn_page(const merge *of, merge_feed *feed, mimic_error *err)
{
    const mimic_block_file *const file = of->options.file;
    unsigned char bytes[MIMIC_PAGE_BYTES];
    const int64_t here = feed->next_page;
    feed->next_block = 0;
    feed->page->count = 0;
    if (here == 0)
        return MIMIC_OK;
    MIMIC_TRY(mimic__block_read(file, here, bytes, sizeof bytes, err));
    MIMIC_TRY(mimic__block_page_decode(bytes, feed->page, err));
    feed->next_page = feed->page->next;
    int64_t before = feed->awaited;
    for (uint32_t i = 0; i < feed->page->count; i++) {
        const mimic_event_block *const block = &feed->page->blocks[i];
        if (!mimic__event_block_is_sound(block) || is_too_large(of, block) || block->first < before || block->offset <= 0 ||
            block->stored > file->size || block->offset > file->size - block->stored)
            return mimic__fail(err, MIMIC_ERR_CORRUPT, "a page of its index makes no sense");
        MIMIC_TRY(check_cost(of, block, err));
        before = block->last;
    }
    if (feed->page->count == 0 || (feed->next_page != 0 && feed->next_page <= here) ||
        feed->next_page > file->size - MIMIC_PAGE_BYTES)
        return mimic__fail(err, MIMIC_ERR_CORRUPT, "a page of its index makes no sense");
    return MIMIC_OK;
}

/* Steps over blocks that hold nothing wanted. */
static mimic_status find_block(const merge *of, merge_feed *feed, mimic_error *err)
{
    for (;;) {
        while (feed->next_block < feed->page->count &&
               feed->page->blocks[feed->next_block].last < of->options.first)
            feed->awaited = feed->page->blocks[feed->next_block++].last;
        if (feed->next_block < feed->page->count || feed->next_page == 0)
            break;
        const mimic_status status = turn_page(of, feed, err);
        if (status != MIMIC_OK)
            return place_failure(of->options.file, status, err);
    }
    if (feed->next_block < feed->page->count &&
        feed->page->blocks[feed->next_block].first > of->options.last) {
        feed->page->count = 0;
        feed->next_block = 0;
        feed->next_page = 0;
    }
    return MIMIC_OK;
}

static bool has_block(const merge_feed *feed)
{
    return feed->next_block < feed->page->count;
}

static mimic_status start_load(merge *of, merge_feed *feed, mimic_error *err)
{
    merge_load *const load = mimic__alloc_zeroed(of->ctx, 1, sizeof *load);
    if (load == NULL)
        return mimic__fail_memory(err);
    load->task.run = run_load;
    load->of = of;
    load->block = feed->page->blocks[feed->next_block++];
    load->failure = (mimic_error)MIMIC_ERROR_INIT;
    feed->awaited = load->block.last;
    merge_load **at = &feed->loads;
    while (*at != NULL)
        at = &(*at)->next;
    *at = load;
    of->load_count++;
    mimic__pool_submit(of->options.pool, &load->task);
    return find_block(of, feed, err);
}

static mimic_status read_ahead(merge *of, mimic_error *err)
{
    while (of->load_count < of->options.ahead) {
        merge_feed *first = NULL;
        for (size_t i = 0; i < of->options.run_count; i++)
            if (has_block(&of->feeds[i]) &&
                (first == NULL || of->feeds[i].awaited < first->awaited))
                first = &of->feeds[i];
        if (first == NULL)
            break;
        MIMIC_TRY(start_load(of, first, err));
    }
    return MIMIC_OK;
}

static mimic_status take_load(merge *of, merge_feed *feed, mimic_error *err)
{
    merge_load *const load = feed->loads;
    mimic__pool_wait(of->options.pool, &load->task);
    feed->loads = load->next;
    of->load_count--;
    feed->chunk = load->chunk;
    feed->run = 0;
    feed->taken = 0;
    const mimic_status status =
        load->status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &load->failure);
    mimic__free(of->ctx, load);
    return status;
}

/* The next chunk of a run that is not empty, NULL at its end. */
static mimic_status next_chunk(merge *of, merge_feed *feed, mimic_error *err)
{
    do {
        mimic__chunk_release(feed->chunk);
        feed->chunk = NULL;
        if (feed->loads == NULL && !has_block(feed))
            return MIMIC_OK;
        if (feed->loads == NULL)
            MIMIC_TRY(start_load(of, feed, err));
        MIMIC_TRY(take_load(of, feed, err));
        MIMIC_TRY(read_ahead(of, err));
    } while (feed->chunk->count == 0);
    return MIMIC_OK;
}

/* ---- the heap ---- */

static bool is_before(const merge *of, uint32_t a, uint32_t b)
{
    const merge_feed *const left = &of->feeds[a];
    const merge_feed *const right = &of->feeds[b];
    const int64_t left_subject = left->chunk->runs[left->run].subject;
    const int64_t right_subject = right->chunk->runs[right->run].subject;
    return left_subject != right_subject ? left_subject < right_subject : a < b;
}

static void sift_down(merge *of, size_t at)
{
    const uint32_t feed = of->heap[at];
    for (size_t child; (child = 2 * at + 1) < of->heap_size; at = child) {
        if (child + 1 < of->heap_size && is_before(of, of->heap[child + 1], of->heap[child]))
            child++;
        if (!is_before(of, of->heap[child], feed))
            break;
        of->heap[at] = of->heap[child];
    }
    of->heap[at] = feed;
}

static mimic_status begin(merge *of, mimic_error *err)
{
    of->has_begun = true;
    for (size_t i = 0; i < of->options.run_count; i++) {
        MIMIC_TRY(find_block(of, &of->feeds[i], err));
        if (has_block(&of->feeds[i]))
            MIMIC_TRY(start_load(of, &of->feeds[i], err));
    }
    for (size_t i = 0; i < of->options.run_count; i++) {
        MIMIC_TRY(next_chunk(of, &of->feeds[i], err));
        if (of->feeds[i].chunk != NULL)
            of->heap[of->heap_size++] = (uint32_t)i;
    }
    for (size_t i = of->heap_size / 2; i-- > 0;)
        sift_down(of, i);
    return MIMIC_OK;
}

/* The first feed of the heap goes on. */
static mimic_status step(merge *of, uint32_t taken, mimic_error *err)
{
    merge_feed *const feed = &of->feeds[of->heap[0]];
    feed->taken += taken;
    if (feed->taken < feed->chunk->runs[feed->run].count)
        return MIMIC_OK;
    feed->taken = 0;
    if (++feed->run == feed->chunk->run_count)
        MIMIC_TRY(next_chunk(of, feed, err));
    if (feed->chunk == NULL)
        of->heap[0] = of->heap[--of->heap_size];
    if (of->heap_size > 0)
        sift_down(of, 0);
    return MIMIC_OK;
}

/* ---- the stream ---- */

static mimic_status merge_next(merge *of, mimic_event_chunk **out_chunk, mimic_error *err)
{
    if (!of->has_begun)
        MIMIC_TRY(begin(of, err));
    if (of->options.run_count == 1) {
        merge_feed *const feed = &of->feeds[0];
        if (feed->chunk == NULL)
            MIMIC_TRY(next_chunk(of, feed, err));
        *out_chunk = feed->chunk;
        feed->chunk = NULL;
        return MIMIC_OK;
    }
    while (of->heap_size > 0 && !of->builder.is_full) {
        const merge_feed *const feed = &of->feeds[of->heap[0]];
        const mimic_event_run *const run = &feed->chunk->runs[feed->run];
        mimic_event_slice slice = {feed->chunk, run->first + feed->taken, run->count - feed->taken};
        const uint32_t wanted = slice.count;
        MIMIC_TRY(mimic__event_builder_add(&of->builder, &slice, err));
        MIMIC_TRY(step(of, wanted - slice.count, err));
    }
    *out_chunk = mimic__event_builder_take(&of->builder);
    return MIMIC_OK;
}

static mimic_status stream_next(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                                mimic_error *err)
{
    merge *const of = (merge *)stream;
    *out_chunk = NULL;
    if (of->status == MIMIC_OK)
        of->status = merge_next(of, out_chunk, &of->failure);
    if (of->status == MIMIC_OK)
        return MIMIC_OK;
    mimic__chunk_release(*out_chunk);
    *out_chunk = NULL;
    return mimic__fail_again(err, &of->failure);
}

static void free_feed(merge *of, merge_feed *feed)
{
    while (feed->loads != NULL) {
        merge_load *const load = feed->loads;
        mimic__pool_wait(of->options.pool, &load->task);
        feed->loads = load->next;
        mimic__chunk_release(load->chunk);
        mimic__free(of->ctx, load);
    }
    mimic__chunk_release(feed->chunk);
    mimic__free(of->ctx, feed->page);
}

static void stream_free(mimic_event_stream *stream)
{
    merge *const of = (merge *)stream;
    if (of == NULL)
        return;
    for (size_t i = 0; of->feeds != NULL && i < of->options.run_count; i++)
        free_feed(of, &of->feeds[i]);
    mimic__event_builder_free(&of->builder);
    mimic__free(of->ctx, of->feeds);
    mimic__free(of->ctx, of->heap);
    mimic__free(of->ctx, of);
}

static mimic_status make_feeds(merge *of, mimic_error *err)
{
    const size_t count = of->options.run_count;
    of->feeds = mimic__alloc_zeroed(of->ctx, count + 1, sizeof *of->feeds);
    of->heap = mimic__alloc_array(of->ctx, count + 1, sizeof *of->heap);
    if (of->feeds == NULL || of->heap == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        merge_feed *const feed = &of->feeds[i];
        feed->next_page = of->options.runs[i].first_page;
        feed->awaited = INT64_MIN;
        feed->page = mimic__alloc_zeroed(of->ctx, 1, sizeof *feed->page);
        if (feed->page == NULL)
            return mimic__fail_memory(err);
    }
    return MIMIC_OK;
}

mimic_status mimic__event_merge_new(const mimic_context *ctx, const mimic_merge_options *options,
                                    mimic_event_stream **out_stream, mimic_error *err)
{
    *out_stream = NULL;
    merge *const made = mimic__alloc_zeroed(ctx, 1, sizeof *made);
    if (made == NULL)
        return mimic__fail_memory(err);
    made->base = (mimic_event_stream){stream_next, stream_free};
    made->ctx = ctx;
    made->options = *options;
    made->failure = (mimic_error)MIMIC_ERROR_INIT;
    mimic__event_builder_init(&made->builder, ctx, options->max_events, options->max_bytes);
    const mimic_status status = make_feeds(made, err);
    made->options.runs = NULL; /* the caller's, and not needed any more */
    if (status != MIMIC_OK) {
        stream_free(&made->base);
        return status;
    }
    *out_stream = &made->base;
    return MIMIC_OK;
}
