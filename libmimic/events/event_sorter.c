/*
 * See event_sorter.h. Chunks wait in a room until it is full; a task of the pool puts references to
 * their runs in order and packs the events as runs of a scratch file, one a lane, while the other room
 * fills. As long as nothing was spilled one room has all the memory. When a lane has more runs in the end
 * than can be read at once, neighbours are merged, so that events of a subject stay in order.
 *
 * Of the memory a quarter is for blocks on their way in or out, the rest for the rooms.
 */
#include "events/event_sorter_internal.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "io/sort.h"

#define SIGN ((uint64_t)1 << 63)
#define LANES_MAX 16
#define REFERENCE_BYTES (2 * sizeof(mimic_sort_pair) + 1)
#define BLOCK_BYTES_MIN ((size_t)16 << 10)
#define BLOCK_BYTES_MAX ((size_t)1 << 20)
#define BLOCKS_OF_MEMORY 256
#define BLOCKS_OUT 64
#define SLOTS_MAX 8
#define FEED_BYTES (sizeof(mimic_block_page) + 256) /* of a run that is read, beside its block */

/* Chunks in the order of the table. */
typedef struct sorter_room {
    mimic_event_chunk **chunks;
    size_t count;
    size_t capacity;
    size_t bytes;
    size_t run_count;
} sorter_room;

/* References to the runs of the chunks of a room, by lane and subject: hi is the subject, its sign
 * turned, lo the chunk and the run in it. */
typedef struct sorter_order {
    mimic_sort_pair *items;
    size_t starts[LANES_MAX + 1];
} sorter_order;

typedef struct sorter_lane {
    mimic_block_run *runs; /* in the order of the table */
    size_t count;
    size_t capacity;
} sorter_lane;

struct mimic_event_sorter {
    mimic_task task; /* first: a task is its sorter; spills the room that is not filling */
    const mimic_context *ctx;
    mimic_event_sorter_options options;
    char *path;
    size_t block_bytes;
    sorter_room rooms[2];
    int filling;
    bool has_spilled;
    bool is_finished;
    uint16_t table;
    sorter_order order; /* of what never left the memory */
    sorter_lane lanes[LANES_MAX];
    mimic_block_file file;
    mimic_run_writer writer;
    int64_t spilled; /* as the last task left it */
    mimic_status task_status;
    mimic_error task_failure;
    mimic_status status;
    mimic_error failure;
};

static mimic_status stop(mimic_event_sorter *sorter, mimic_status status, mimic_error *err)
{
    if (status != MIMIC_OK && sorter->status == MIMIC_OK)
        sorter->status = status;
    return status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &sorter->failure);
}

static mimic_status say_again(const mimic_event_sorter *sorter, mimic_error *err)
{
    return sorter->status == MIMIC_OK ? MIMIC_OK : mimic__fail_again(err, &sorter->failure);
}

/* ---- sizes ---- */

static size_t room_bytes(const mimic_event_sorter *sorter)
{
    const size_t all = sorter->options.memory / 4 * 3;
    return sorter->has_spilled ? all / 2 : all;
}

static uint32_t block_events(const mimic_event_sorter *sorter)
{
    return (uint32_t)(sorter->block_bytes / mimic__event_chunk_bytes(1, 1, 0));
}

/* Blocks that are packed at once: a slot has a chunk, what it is packed to, and a compressor. */
static unsigned slot_count(const mimic_event_sorter *sorter)
{
    const size_t most = sorter->options.memory / (32 * sorter->block_bytes);
    const size_t wanted = (size_t)mimic__pool_jobs(sorter->options.pool) + 1;
    const size_t slots = wanted < most ? wanted : most;
    if (sorter->options.pool == NULL || slots < 1)
        return 1;
    return slots < SLOTS_MAX ? (unsigned)slots : SLOTS_MAX;
}

/* Blocks that are read ahead, where there is so much memory for a stream. */
static size_t blocks_ahead(const mimic_event_sorter *sorter, size_t memory)
{
    const size_t most = memory / (16 * sorter->block_bytes);
    const size_t jobs = (size_t)mimic__pool_jobs(sorter->options.pool);
    if (jobs == 1)
        return 0;
    return jobs < most ? jobs : most;
}

/* Bytes for a stream, of which one a lane may be open. */
static size_t stream_bytes(const mimic_event_sorter *sorter)
{
    return sorter->options.memory_out / sorter->options.lane_count;
}

/* ---- rooms ---- */

static void empty_room(sorter_room *room)
{
    for (size_t i = 0; i < room->count; i++)
        mimic__chunk_release(room->chunks[i]);
    room->count = 0;
    room->bytes = 0;
    room->run_count = 0;
}

static void free_room(const mimic_event_sorter *sorter, sorter_room *room)
{
    empty_room(room);
    mimic__free(sorter->ctx, room->chunks);
    *room = (sorter_room){0};
}

/* The lane of each run, and how many there are in each. */
static mimic_status count_lanes(const mimic_event_sorter *sorter, const sorter_room *room,
                                unsigned char *lanes, size_t counts[LANES_MAX], mimic_error *err)
{
    const mimic_event_sorter_options *const options = &sorter->options;
    size_t at = 0;
    for (size_t c = 0; c < room->count; c++) {
        for (size_t r = 0; r < room->chunks[c]->run_count; r++) {
            const int64_t subject = room->chunks[c]->runs[r].subject;
            const unsigned lane =
                options->lane == NULL ? 0 : options->lane(options->lane_ctx, subject);
            if (lane >= options->lane_count)
                return mimic__fail(err, MIMIC_ERR_INTERNAL, "a subject is in lane %u of %u", lane,
                                   options->lane_count);
            lanes[at++] = (unsigned char)lane;
            counts[lane]++;
        }
    }
    return MIMIC_OK;
}

static bool ascend(const mimic_sort_pair *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (items[i].hi < items[i - 1].hi)
            return false;
    return true;
}

/* Puts the references into lanes, and these in order, with as much memory to work in. */
static void fill_order(const sorter_room *room, const unsigned char *lanes, sorter_order *order,
                       mimic_sort_pair *scratch)
{
    size_t places[LANES_MAX];
    size_t at = 0;
    memcpy(places, order->starts, sizeof places);
    for (size_t c = 0; c < room->count; c++)
        for (size_t r = 0; r < room->chunks[c]->run_count; r++)
            order->items[places[lanes[at++]]++] =
                (mimic_sort_pair){(uint64_t)room->chunks[c]->runs[r].subject ^ SIGN,
                                  (uint64_t)c << 32 | (uint64_t)r};
    for (size_t lane = 0; lane < LANES_MAX; lane++) {
        mimic_sort_pair *const items = order->items + order->starts[lane];
        const size_t count = order->starts[lane + 1] - order->starts[lane];
        if (ascend(items, count))
            continue;
        const mimic_sort_pair *const sorted = mimic__sort(items, scratch, count, NULL);
        if (sorted != items)
            memcpy(items, sorted, count * sizeof *items);
    }
}

/* The caller frees order->items. */
static mimic_status make_order(const mimic_event_sorter *sorter, const sorter_room *room,
                               sorter_order *order, mimic_error *err)
{
    size_t counts[LANES_MAX] = {0};
    const size_t count = room->run_count;
    *order = (sorter_order){0};
    order->items = mimic__alloc_array(sorter->ctx, count + 1, sizeof *order->items);
    mimic_sort_pair *const scratch =
        mimic__alloc_array(sorter->ctx, count + 1, sizeof *order->items);
    unsigned char *const lanes = mimic__alloc(sorter->ctx, count + 1);
    const bool has_all = order->items != NULL && scratch != NULL && lanes != NULL;
    mimic_status status = has_all ? count_lanes(sorter, room, lanes, counts, err)
                                  : mimic__fail_memory(err);
    if (status == MIMIC_OK) {
        for (size_t lane = 0; lane < LANES_MAX; lane++)
            order->starts[lane + 1] = order->starts[lane] + counts[lane];
        fill_order(room, lanes, order, scratch);
    }
    mimic__free(sorter->ctx, lanes);
    mimic__free(sorter->ctx, scratch);
    return status;
}

static mimic_event_slice slice_of(const sorter_room *room, const mimic_sort_pair *item)
{
    const mimic_event_chunk *const chunk = room->chunks[item->lo >> 32];
    const mimic_event_run *const run = &chunk->runs[item->lo & UINT32_MAX];
    return (mimic_event_slice){chunk, run->first, run->count};
}

static int64_t subject_of(const mimic_sort_pair *item)
{
    return (int64_t)(item->hi ^ SIGN);
}

/* ---- spilling ---- */

/* The run that goes on with `first`: the last one of the lane, or a new one. */
static mimic_status find_run(const mimic_event_sorter *sorter, sorter_lane *lane, int64_t first,
                             mimic_block_run **out_run, mimic_error *err)
{
    if (lane->count == 0 || lane->runs[lane->count - 1].last > first) {
        mimic_block_run *const runs = mimic__array_grow(sorter->ctx, lane->runs, lane->count,
                                                        &lane->capacity, sizeof *runs);
        if (runs == NULL)
            return mimic__fail_memory(err);
        lane->runs = runs;
        lane->runs[lane->count++] = (mimic_block_run){0};
    }
    *out_run = &lane->runs[lane->count - 1];
    return MIMIC_OK;
}

static mimic_status spill_lane(mimic_event_sorter *sorter, mimic_packing *packing,
                               const sorter_room *room, const sorter_order *order, unsigned lane,
                               mimic_error *err)
{
    mimic_block_run *run = NULL;
    const size_t first = order->starts[lane];
    const size_t end = order->starts[lane + 1];
    if (first == end)
        return MIMIC_OK;
    MIMIC_TRY(
        find_run(sorter, &sorter->lanes[lane], subject_of(&order->items[first]), &run, err));
    MIMIC_TRY(mimic__run_writer_begin(&sorter->writer, run, err));
    for (size_t i = first; i < end; i++)
        MIMIC_TRY(mimic__packing_add(packing, slice_of(room, &order->items[i]), err));
    MIMIC_TRY(mimic__packing_end(packing, err));
    return mimic__run_writer_end(&sorter->writer, err);
}

static mimic_status new_packing(mimic_event_sorter *sorter, mimic_packing **out_packing,
                                mimic_error *err)
{
    const mimic_packing_options options = {
        .pool = sorter->options.pool,
        .slots = slot_count(sorter),
        .level = MIMIC_PACK_LEVEL,
        .max_events = block_events(sorter),
        .max_bytes = sorter->block_bytes,
        .put = mimic__run_writer_put,
        .ctx = &sorter->writer,
    };
    return mimic__packing_new(sorter->ctx, &options, out_packing, err);
}

static mimic_status spill(mimic_event_sorter *sorter, sorter_room *room, mimic_error *err)
{
    sorter_order order = {0};
    mimic_packing *packing = NULL;
    mimic_status status = make_order(sorter, room, &order, err);
    if (status == MIMIC_OK)
        status = new_packing(sorter, &packing, err);
    for (unsigned lane = 0; lane < sorter->options.lane_count && status == MIMIC_OK; lane++)
        status = spill_lane(sorter, packing, room, &order, lane, err);
    mimic__packing_free(packing);
    mimic__free(sorter->ctx, order.items);
    empty_room(room);
    return status;
}

static void run_task(mimic_task *task)
{
    mimic_event_sorter *const sorter = (mimic_event_sorter *)task;
    sorter->task_status = spill(sorter, &sorter->rooms[!sorter->filling], &sorter->task_failure);
}

static mimic_status wait_for_task(mimic_event_sorter *sorter)
{
    mimic__pool_wait(sorter->options.pool, &sorter->task);
    sorter->spilled = sorter->file.fd < 0 ? 0 : sorter->file.size;
    return sorter->task_status == MIMIC_OK
               ? MIMIC_OK
               : mimic__fail_again(&sorter->failure, &sorter->task_failure);
}

/* Hands the full room to the task and takes the other one. The first time all memory is in use. */
static mimic_status turn_rooms(mimic_event_sorter *sorter)
{
    MIMIC_TRY(wait_for_task(sorter));
    const bool is_first = !sorter->has_spilled;
    sorter->has_spilled = true;
    sorter->filling = !sorter->filling;
    sorter->task_failure = (mimic_error)MIMIC_ERROR_INIT;
    mimic__pool_submit(sorter->options.pool, &sorter->task);
    return is_first ? wait_for_task(sorter) : MIMIC_OK;
}

/* ---- adding ---- */

static mimic_status add_to_room(mimic_event_sorter *sorter, mimic_event_chunk *chunk, size_t bytes)
{
    sorter_room *room = &sorter->rooms[sorter->filling];
    if (room->count > 0 && bytes + room->bytes > room_bytes(sorter)) {
        MIMIC_TRY(turn_rooms(sorter));
        room = &sorter->rooms[sorter->filling];
    }
    void *const chunks = mimic__array_grow(sorter->ctx, room->chunks, room->count, &room->capacity,
                                           sizeof(mimic_event_chunk *));
    if (chunks == NULL)
        return mimic__fail_memory(&sorter->failure);
    room->chunks = chunks;
    room->chunks[room->count++] = mimic__chunk_share(chunk);
    room->bytes += bytes;
    room->run_count += chunk->run_count;
    sorter->table = chunk->table;
    return MIMIC_OK;
}

mimic_status mimic__event_sorter_add(mimic_event_sorter *sorter, mimic_event_chunk *chunk,
                                     mimic_error *err)
{
    mimic_status status = say_again(sorter, err);
    if (status == MIMIC_OK && chunk->count > 0) {
        const size_t bytes =
            chunk->memory_size + sizeof *chunk + chunk->run_count * REFERENCE_BYTES;
        status = stop(sorter, add_to_room(sorter, chunk, bytes), err);
    }
    mimic__chunk_release(chunk);
    return status;
}

/* ---- fewer runs ---- */

/* How many runs from `first` on can be read at once: at least two, where there are two. */
static size_t readable(const mimic_event_sorter *sorter, const sorter_lane *lane, size_t first,
                       size_t memory)
{
    const size_t ahead = blocks_ahead(sorter, memory) + 2; /* and what comes out */
    size_t left = memory / 4 * 3;
    size_t largest = 0;
    size_t count = 0;
    for (size_t i = first; i < lane->count; i++, count++) {
        const size_t cost = lane->runs[i].cost;
        const size_t more =
            FEED_BYTES + cost + (cost > largest ? ahead * (cost - largest) : 0);
        if (count >= 2 && more > left)
            break;
        largest = cost > largest ? cost : largest;
        left -= more < left ? more : left;
    }
    return count;
}

static mimic_status set_table(void *ctx, mimic_event_chunk *chunk, mimic_error *err)
{
    (void)err;
    chunk->table = ((const mimic_event_sorter *)ctx)->table;
    return MIMIC_OK;
}

/* What a merge of these runs is told, whatever the subjects. */
static mimic_merge_options merge_options(mimic_event_sorter *sorter, const mimic_block_run *runs,
                                         size_t count, size_t memory)
{
    return (mimic_merge_options){
        .pool = sorter->options.pool,
        .file = &sorter->file,
        .runs = runs,
        .run_count = count,
        .first = INT64_MIN,
        .last = INT64_MAX,
        .ahead = blocks_ahead(sorter, memory),
        .max_events = block_events(sorter),
        .max_bytes = sorter->block_bytes,
        .accept = set_table,
        .ctx = sorter,
    };
}

static mimic_status write_merged(mimic_event_sorter *sorter, mimic_event_stream *stream,
                                 mimic_packing *packing, mimic_block_run *run, mimic_error *err)
{
    MIMIC_TRY(mimic__run_writer_begin(&sorter->writer, run, err));
    for (;;) {
        mimic_event_chunk *chunk = NULL;
        MIMIC_TRY(stream->next(stream, &chunk, err));
        if (chunk == NULL)
            break;
        const mimic_status status = mimic__packing_add_chunk(packing, chunk, err);
        mimic__chunk_release(chunk);
        MIMIC_TRY(status);
    }
    MIMIC_TRY(mimic__packing_end(packing, err));
    return mimic__run_writer_end(&sorter->writer, err);
}

/* Neighbouring runs become one, which takes their place. */
static mimic_status merge_runs(mimic_event_sorter *sorter, sorter_lane *lane, size_t first,
                               size_t count, mimic_error *err)
{
    const mimic_merge_options options =
        merge_options(sorter, lane->runs + first, count, sorter->options.memory);
    mimic_event_stream *stream = NULL;
    mimic_packing *packing = NULL;
    mimic_block_run merged = {0};
    mimic_status status = mimic__event_merge_new(sorter->ctx, &options, &stream, err);
    if (status == MIMIC_OK)
        status = new_packing(sorter, &packing, err);
    if (status == MIMIC_OK)
        status = write_merged(sorter, stream, packing, &merged, err);
    mimic__packing_free(packing);
    if (stream != NULL)
        stream->free(stream);
    MIMIC_TRY(status);
    lane->runs[first] = merged;
    memmove(lane->runs + first + 1, lane->runs + first + count,
            (lane->count - first - count) * sizeof merged);
    lane->count -= count - 1;
    return MIMIC_OK;
}

/* Merges just so many runs, one pass over them at a time, that the rest can be read at once. */
static mimic_status lessen_runs(mimic_event_sorter *sorter, sorter_lane *lane, mimic_error *err)
{
    size_t at = 0;
    for (;;) {
        const size_t most = readable(sorter, lane, 0, stream_bytes(sorter));
        if (most >= lane->count)
            return MIMIC_OK;
        const size_t excess = lane->count - most + 1;
        if (at + 2 > lane->count)
            at = 0;
        const size_t width = readable(sorter, lane, at, sorter->options.memory);
        MIMIC_TRY(merge_runs(sorter, lane, at, width < excess ? width : excess, err));
        at++;
    }
}

static mimic_status finish(mimic_event_sorter *sorter)
{
    sorter_room *const last = &sorter->rooms[sorter->filling];
    MIMIC_TRY(wait_for_task(sorter));
    if (!sorter->has_spilled && last->bytes <= sorter->options.memory_out)
        return make_order(sorter, last, &sorter->order, &sorter->failure);
    if (last->count > 0)
        MIMIC_TRY(turn_rooms(sorter));
    MIMIC_TRY(wait_for_task(sorter));
    for (unsigned lane = 0; lane < sorter->options.lane_count; lane++)
        MIMIC_TRY(lessen_runs(sorter, &sorter->lanes[lane], &sorter->failure));
    sorter->spilled = sorter->file.size;
    mimic__free(sorter->ctx, sorter->writer.page);
    sorter->writer.page = NULL;
    return MIMIC_OK;
}

mimic_status mimic__event_sorter_finish(mimic_event_sorter *sorter, mimic_error *err)
{
    MIMIC_TRY(say_again(sorter, err));
    if (sorter->is_finished)
        return MIMIC_OK;
    sorter->is_finished = true;
    return stop(sorter, finish(sorter), err);
}

/* ---- coming out ---- */

/* What never left the memory. */
typedef struct memory_stream {
    mimic_event_stream base; /* first: a stream is its memory_stream */
    const mimic_event_sorter *sorter;
    const mimic_sort_pair *at;
    const mimic_sort_pair *end;
    uint32_t taken; /* events of the run at hand */
    mimic_event_builder builder;
    mimic_status status;
    mimic_error failure;
} memory_stream;

static mimic_status gather(memory_stream *of, mimic_error *err)
{
    while (of->at < of->end && !of->builder.is_full) {
        mimic_event_slice slice = slice_of(&of->sorter->rooms[of->sorter->filling], of->at);
        slice.first += of->taken;
        slice.count -= of->taken;
        const uint32_t wanted = slice.count;
        MIMIC_TRY(mimic__event_builder_add(&of->builder, &slice, err));
        of->taken = slice.count == 0 ? 0 : of->taken + wanted - slice.count;
        of->at += slice.count == 0;
    }
    return MIMIC_OK;
}

static mimic_status memory_next(mimic_event_stream *stream, mimic_event_chunk **out_chunk,
                                mimic_error *err)
{
    memory_stream *const of = (memory_stream *)stream;
    *out_chunk = NULL;
    if (of->status == MIMIC_OK)
        of->status = gather(of, &of->failure);
    if (of->status != MIMIC_OK)
        return mimic__fail_again(err, &of->failure);
    *out_chunk = mimic__event_builder_take(&of->builder);
    return MIMIC_OK;
}

static void memory_free(mimic_event_stream *stream)
{
    memory_stream *const of = (memory_stream *)stream;
    if (of == NULL)
        return;
    mimic__event_builder_free(&of->builder);
    mimic__free(of->sorter->ctx, of);
}

static mimic_status new_memory_stream(const mimic_event_sorter *sorter, unsigned lane,
                                      const int64_t bounds[2], mimic_event_stream **out_stream,
                                      mimic_error *err)
{
    memory_stream *const made = mimic__alloc_zeroed(sorter->ctx, 1, sizeof *made);
    if (made == NULL)
        return mimic__fail_memory(err);
    made->base = (mimic_event_stream){memory_next, memory_free};
    made->sorter = sorter;
    made->failure = (mimic_error)MIMIC_ERROR_INIT;
    made->at = sorter->order.items + sorter->order.starts[lane];
    made->end = sorter->order.items + sorter->order.starts[lane + 1];
    while (made->at < made->end && subject_of(made->at) < bounds[0])
        made->at++;
    while (made->at < made->end && subject_of(made->end - 1) > bounds[1])
        made->end--;
    mimic__event_builder_init(&made->builder, sorter->ctx, block_events(sorter),
                              sorter->block_bytes);
    *out_stream = &made->base;
    return MIMIC_OK;
}

mimic_status mimic__event_sorter_stream(mimic_event_sorter *sorter, unsigned lane, int64_t first,
                                        int64_t last, mimic_event_stream **out_stream,
                                        mimic_error *err)
{
    *out_stream = NULL;
    MIMIC_TRY(say_again(sorter, err));
    if (!sorter->is_finished || lane >= sorter->options.lane_count)
        return mimic__fail(err, MIMIC_ERR_STATE, "a sorter is not finished, or has no lane %u", lane);
    if (!sorter->has_spilled)
        return new_memory_stream(sorter, lane, (const int64_t[2]){first, last}, out_stream, err);
    mimic_merge_options options = merge_options(sorter, sorter->lanes[lane].runs,
                                                sorter->lanes[lane].count, stream_bytes(sorter));
    options.first = first;
    options.last = last;
    return mimic__event_merge_new(sorter->ctx, &options, out_stream, err);
}

int64_t mimic__event_sorter_spilled(const mimic_event_sorter *sorter)
{
    return sorter->spilled;
}

size_t mimic__event_sorter_runs(const mimic_event_sorter *sorter, unsigned lane)
{
    return sorter->lanes[lane].count;
}

mimic_event_sorter_facts mimic__event_sorter_facts(const mimic_event_sorter *sorter)
{
    return (mimic_event_sorter_facts){sorter->ctx, sorter->options.pool, sorter->options.lane_count,
                                      sorter->table, slot_count(sorter), sorter->is_finished};
}

/* ---- the whole ---- */

mimic_status mimic__event_sorter_new(const mimic_context *ctx,
                                     const mimic_event_sorter_options *options,
                                     mimic_event_sorter **out_sorter, mimic_error *err)
{
    *out_sorter = NULL;
    if (options->lane_count < 1 || options->lane_count > LANES_MAX)
        return mimic__fail(err, MIMIC_ERR_INTERNAL, "a sorter of %u lanes", options->lane_count);
    mimic_event_sorter *const sorter = mimic__alloc_zeroed(ctx, 1, sizeof *sorter);
    char *const path = mimic__strdup(ctx, options->path);
    if (sorter == NULL || path == NULL) {
        mimic__free(ctx, sorter);
        mimic__free(ctx, path);
        return mimic__fail_memory(err);
    }
    const size_t memory_out = options->memory_out == 0 ? options->memory : options->memory_out;
    const size_t of_memory = options->memory / BLOCKS_OF_MEMORY;
    const size_t block = of_memory < memory_out / BLOCKS_OUT ? of_memory : memory_out / BLOCKS_OUT;
    sorter->task.run = run_task;
    sorter->ctx = ctx;
    sorter->options = *options;
    sorter->options.memory_out = memory_out;
    sorter->path = path;
    sorter->block_bytes = block < BLOCK_BYTES_MIN   ? BLOCK_BYTES_MIN
                          : block > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX
                                                    : block;
    sorter->file = (mimic_block_file){ctx, -1, 0, path, true};
    sorter->writer.file = &sorter->file;
    sorter->task_failure = (mimic_error)MIMIC_ERROR_INIT;
    sorter->failure = (mimic_error)MIMIC_ERROR_INIT;
    *out_sorter = sorter;
    return MIMIC_OK;
}

void mimic__event_sorter_free(mimic_event_sorter *sorter)
{
    if (sorter == NULL)
        return;
    mimic__pool_wait(sorter->options.pool, &sorter->task);
    for (int i = 0; i < 2; i++)
        free_room(sorter, &sorter->rooms[i]);
    for (size_t i = 0; i < LANES_MAX; i++)
        mimic__free(sorter->ctx, sorter->lanes[i].runs);
    if (sorter->file.fd >= 0)
        (void)close(sorter->file.fd);
    mimic__free(sorter->ctx, sorter->order.items);
    mimic__free(sorter->ctx, sorter->writer.page);
    mimic__free(sorter->ctx, sorter->path);
    mimic__free(sorter->ctx, sorter);
}
