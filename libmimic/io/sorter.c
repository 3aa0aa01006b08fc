/*
 * See sorter.h. Entries fill a room; a full room is sorted and written by a task while a
 * second one fills. One task at a time, so that runs stand in the file in the order in which they
 * were filled. A sorter that never filled a room sorts in memory and makes no file.
 */
#include "io/sorter.h"

#include <stdlib.h>

#include "base/error.h"
#include "io/merge.h"

#define ITEM_BYTES sizeof(mimic_sort_pair)
#define ITEMS_MIN 16
#define FAN_IN_MIN 4

typedef struct sorter_room {
    mimic_sort_pair *items;
    size_t count;
    bool is_in_order;
    unsigned char *strings;
    size_t strings_size;
    size_t strings_capacity;
} sorter_room;

struct mimic_sorter {
    mimic_task task; /* spills rooms[!filling] */
    const mimic_context *ctx;
    mimic_sorter_options options;
    size_t item_capacity; /* of a room */
    sorter_room rooms[2];
    int filling;
    mimic_sort_pair *scratch;
    mimic_spill spill;
    mimic_spill_writer writer;
    mimic_spill_run *runs;
    size_t run_count;
    size_t run_capacity;
    /* the last entry of the last run */
    mimic_sort_pair last;
    unsigned char *last_string;
    size_t last_string_size;
    /* coming out: of the file, or of one room that was never written */
    mimic_merge merge;
    bool is_merging;
    bool took_entry; /* the merge stands at a string that was given out */
    const mimic_sort_pair *sorted;
    size_t next;
    mimic_status status;
    mimic_status task_status;
    mimic_error task_err;
};

static mimic_status stop(mimic_sorter *sorter, mimic_status status)
{
    if (status != MIMIC_OK && sorter->status == MIMIC_OK)
        sorter->status = status;
    return status;
}

static mimic_status say_again(const mimic_sorter *sorter, mimic_error *err)
{
    return sorter->status == MIMIC_OK
               ? MIMIC_OK
               : mimic__fail(err, sorter->status, "sorting failed before, and cannot go on");
}

mimic_status mimic__sorter_new(const mimic_context *ctx, const mimic_sorter_options *options,
                               mimic_sorter **out_sorter, mimic_error *err)
{
    mimic_sorter *sorter = mimic__alloc_zeroed(ctx, 1, sizeof *sorter);
    *out_sorter = sorter;
    if (sorter == NULL)
        return mimic__fail_memory(err);
    /* Two rooms and the scratch hold items; with strings, rooms hold twice as many bytes of those.
     */
    const size_t shares = options->of_strings ? 7 : 3;
    sorter->ctx = ctx;
    sorter->options = *options;
    sorter->item_capacity = options->memory_bytes / shares / ITEM_BYTES;
    if (sorter->item_capacity < ITEMS_MIN)
        sorter->item_capacity = ITEMS_MIN;
    if (mimic__pool_jobs(options->pool) == 1)
        sorter->options.pool = NULL;
    mimic__spill_init(&sorter->spill, ctx, options->path);
    return MIMIC_OK;
}

static void free_rooms(mimic_sorter *sorter)
{
    for (int i = 0; i < 2; i++) {
        mimic__free(sorter->ctx, sorter->rooms[i].items);
        mimic__free(sorter->ctx, sorter->rooms[i].strings);
        sorter->rooms[i] = (sorter_room){0};
    }
    mimic__free(sorter->ctx, sorter->scratch);
    mimic__free(sorter->ctx, sorter->last_string);
    sorter->scratch = NULL;
    sorter->last_string = NULL;
    mimic__spill_writer_free(&sorter->writer);
}

void mimic__sorter_free(mimic_sorter *sorter)
{
    if (sorter == NULL)
        return;
    mimic__pool_wait(sorter->options.pool, &sorter->task);
    free_rooms(sorter);
    mimic__merge_free(&sorter->merge);
    mimic__free(sorter->ctx, sorter->runs);
    mimic__spill_close(&sorter->spill);
    mimic__free(sorter->ctx, sorter);
}

/* ---- a run ---- */

static mimic_status write_run(mimic_sorter *sorter, const sorter_room *full,
                              const mimic_sort_pair *sorted, mimic_spill_run *run, mimic_error *err)
{
    if (!sorter->options.of_strings) {
        for (size_t i = 0; i < full->count; i++)
            MIMIC_TRY(mimic__spill_write_pair(&sorter->writer, &sorted[i], err));
        sorter->last = sorted[full->count - 1];
        return mimic__spill_end_run(&sorter->writer, run, err);
    }
    for (size_t i = 0; i < full->count; i++) {
        const unsigned char *const string = full->strings + sorted[i].lo;
        MIMIC_TRY(mimic__spill_write_string(&sorter->writer, string + MIMIC_SORT_STRING_HEAD,
                                            mimic__sort_string_size(string), err));
    }
    const unsigned char *const string = full->strings + sorted[full->count - 1].lo;
    sorter->last_string_size = mimic__sort_string_size(string);
    memcpy(sorter->last_string, string + MIMIC_SORT_STRING_HEAD, sorter->last_string_size);
    return mimic__spill_end_run(&sorter->writer, run, err);
}

/* Whether an entry stands behind all that the last run holds. */
static bool follows_last(const mimic_sorter *sorter, const sorter_room *full,
                         const mimic_sort_pair *first)
{
    if (sorter->run_count == 0)
        return false;
    if (!sorter->options.of_strings)
        return first->hi > sorter->last.hi ||
               (first->hi == sorter->last.hi && first->lo >= sorter->last.lo);
    const unsigned char *const string = full->strings + first->lo;
    return mimic__sort_compare(sorter->last_string, sorter->last_string_size,
                               string + MIMIC_SORT_STRING_HEAD,
                               mimic__sort_string_size(string)) <= 0;
}

static const mimic_sort_pair *sort_room(mimic_sorter *sorter, const sorter_room *full)
{
    return full->is_in_order ? full->items
                             : mimic__sort(full->items, sorter->scratch, full->count,
                                           sorter->options.of_strings ? full->strings : NULL);
}

static mimic_status spill(mimic_sorter *sorter, const sorter_room *full, mimic_error *err)
{
    const mimic_sort_pair *const sorted = sort_room(sorter, full);
    const bool extends = follows_last(sorter, full, sorted);
    mimic_spill_run *const runs = mimic__array_grow(sorter->ctx, sorter->runs, sorter->run_count,
                                                    &sorter->run_capacity, sizeof *runs);
    if (runs == NULL)
        return mimic__fail_memory(err);
    sorter->runs = runs;
    mimic_spill_run *const run = &runs[sorter->run_count - extends];
    if (!extends)
        *run = (mimic_spill_run){.start = sorter->spill.size};
    MIMIC_TRY(write_run(sorter, full, sorted, run, err));
    sorter->run_count += !extends;
    return MIMIC_OK;
}

static void run_task(mimic_task *task)
{
    mimic_sorter *const sorter = (mimic_sorter *)task;
    sorter->task_status = spill(sorter, &sorter->rooms[!sorter->filling], &sorter->task_err);
}

/* Waits for the task, and takes over what went wrong in it. */
static mimic_status wait_for_task(mimic_sorter *sorter, mimic_error *err)
{
    mimic__pool_wait(sorter->options.pool, &sorter->task);
    if (sorter->task_status != MIMIC_OK && err != NULL)
        *err = sorter->task_err;
    return stop(sorter, sorter->task_status);
}

/* Hands the full room to the task and takes the other one. */
static mimic_status turn_rooms(mimic_sorter *sorter, mimic_error *err)
{
    MIMIC_TRY(wait_for_task(sorter, err));
    if (sorter->writer.bytes == NULL)
        MIMIC_TRY(mimic__spill_writer_init(&sorter->writer, &sorter->spill, err));
    sorter->filling = !sorter->filling;
    sorter_room *const empty = &sorter->rooms[sorter->filling];
    empty->count = 0;
    empty->strings_size = 0;
    empty->is_in_order = true;
    sorter->task.run = run_task;
    sorter->task_err = (mimic_error)MIMIC_ERROR_INIT;
    mimic__pool_submit(sorter->options.pool, &sorter->task);
    return MIMIC_OK;
}

/* ---- adding ---- */

static mimic_status make_rooms(mimic_sorter *sorter, mimic_error *err)
{
    const size_t string_bytes = 2 * sorter->item_capacity * ITEM_BYTES;
    sorter->scratch = mimic__alloc_array(sorter->ctx, sorter->item_capacity, ITEM_BYTES);
    bool has_all = sorter->scratch != NULL;
    for (int i = 0; i < 2; i++) {
        sorter_room *const made = &sorter->rooms[i];
        made->is_in_order = true;
        made->items = mimic__alloc_array(sorter->ctx, sorter->item_capacity, ITEM_BYTES);
        has_all = has_all && made->items != NULL;
        if (!sorter->options.of_strings)
            continue;
        made->strings = mimic__alloc(sorter->ctx, string_bytes);
        made->strings_capacity = string_bytes;
        has_all = has_all && made->strings != NULL;
    }
    if (sorter->options.of_strings) {
        sorter->last_string = mimic__alloc(sorter->ctx, MIMIC_SPILL_STRING_MAX);
        has_all = has_all && sorter->last_string != NULL;
    }
    return has_all ? MIMIC_OK : mimic__fail_memory(err);
}

static mimic_status prepare(mimic_sorter *sorter, mimic_error *err)
{
    MIMIC_TRY(say_again(sorter, err));
    if (sorter->scratch == NULL)
        MIMIC_TRY(stop(sorter, make_rooms(sorter, err)));
    return MIMIC_OK;
}

/* Copies pairs and tells whether they are in order, the first of them against `before` included. */
static bool copy_pairs(mimic_sort_pair *to, const mimic_sort_pair *pairs, size_t count,
                       mimic_sort_pair before)
{
    bool is_in_order = true;
    for (size_t i = 0; i < count; i++) {
        const mimic_sort_pair pair = pairs[i];
        is_in_order &= (pair.hi > before.hi) | ((pair.hi == before.hi) & (pair.lo >= before.lo));
        to[i] = pair;
        before = pair;
    }
    return is_in_order;
}

mimic_status mimic__sorter_add_pairs(mimic_sorter *sorter, const mimic_sort_pair *pairs,
                                     size_t count, mimic_error *err)
{
    MIMIC_TRY(prepare(sorter, err));
    while (count > 0) {
        if (sorter->rooms[sorter->filling].count == sorter->item_capacity)
            MIMIC_TRY(stop(sorter, turn_rooms(sorter, err)));
        sorter_room *const room = &sorter->rooms[sorter->filling];
        const size_t free_items = sorter->item_capacity - room->count;
        const size_t step = count < free_items ? count : free_items;
        const mimic_sort_pair before =
            room->count > 0 ? room->items[room->count - 1] : (mimic_sort_pair){0};
        room->is_in_order &= copy_pairs(room->items + room->count, pairs, step, before);
        room->count += step;
        pairs += step;
        count -= step;
    }
    return MIMIC_OK;
}

/* A string of more than a whole room: small memory, or long strings. */
static mimic_status widen(const mimic_sorter *sorter, sorter_room *room, size_t size,
                          mimic_error *err)
{
    unsigned char *const grown =
        mimic__realloc(sorter->ctx, room->strings, room->strings_capacity, size);
    if (grown == NULL)
        return mimic__fail_memory(err);
    room->strings = grown;
    room->strings_capacity = size;
    return MIMIC_OK;
}

mimic_status mimic__sorter_add_string(mimic_sorter *sorter, const unsigned char *string,
                                      size_t size, mimic_error *err)
{
    MIMIC_TRY(prepare(sorter, err));
    if (size > MIMIC_SPILL_STRING_MAX)
        return stop(sorter, mimic__fail(err, MIMIC_ERR_INTERNAL, "a string too long to sort"));
    const size_t needed = MIMIC_SORT_STRING_HEAD + size;
    sorter_room *room = &sorter->rooms[sorter->filling];
    if (room->count == sorter->item_capacity ||
        (room->count > 0 && needed > room->strings_capacity - room->strings_size)) {
        MIMIC_TRY(stop(sorter, turn_rooms(sorter, err)));
        room = &sorter->rooms[sorter->filling];
    }
    if (needed > room->strings_capacity - room->strings_size)
        MIMIC_TRY(stop(sorter, widen(sorter, room, needed, err)));
    unsigned char *const copy = room->strings + room->strings_size;
    const uint32_t head = (uint32_t)size;
    memcpy(copy, &head, sizeof head);
    memcpy(copy + MIMIC_SORT_STRING_HEAD, string, size);
    if (room->is_in_order && room->count > 0) {
        const unsigned char *const before = room->strings + room->items[room->count - 1].lo;
        room->is_in_order = mimic__sort_compare(before + MIMIC_SORT_STRING_HEAD,
                                                mimic__sort_string_size(before), string, size) <= 0;
    }
    room->items[room->count++] =
        (mimic_sort_pair){mimic__sort_prefix(string, size), room->strings_size};
    room->strings_size += needed;
    return MIMIC_OK;
}

/* ---- coming out ---- */

/* Merges the first `count` runs into one at the end of the file. */
static mimic_status merge_runs(mimic_sorter *sorter, size_t count, mimic_error *err)
{
    const bool of_strings = sorter->options.of_strings;
    mimic_spill_run merged = {.start = sorter->spill.size};
    MIMIC_TRY(
        mimic__merge_init(&sorter->merge, &sorter->spill, sorter->runs, count, of_strings, err));
    const mimic_spill_reader *entry;
    while ((entry = mimic__merge_entry(&sorter->merge)) != NULL) {
        MIMIC_TRY(of_strings ? mimic__spill_write_string(&sorter->writer, entry->string,
                                                         entry->string_size, err)
                             : mimic__spill_write_pair(&sorter->writer, &entry->now, err));
        MIMIC_TRY(mimic__merge_next(&sorter->merge, err));
    }
    mimic__merge_free(&sorter->merge);
    MIMIC_TRY(mimic__spill_end_run(&sorter->writer, &merged, err));
    sorter->run_count -= count;
    memmove(sorter->runs, sorter->runs + count, sorter->run_count * sizeof merged);
    sorter->runs[sorter->run_count++] = merged;
    return MIMIC_OK;
}

/* How many runs may be read at once. */
static size_t fan_in(const mimic_sorter *sorter)
{
    size_t longest = 0;
    for (size_t i = 0; i < sorter->run_count; i++)
        if (sorter->runs[i].longest_string > longest)
            longest = sorter->runs[i].longest_string;
    /* A long string stands in a block of its own, and once more beside it. */
    const size_t bytes = MIMIC_SPILL_BLOCK_BYTES + 2 * longest;
    const size_t count = sorter->options.memory_bytes / bytes;
    return count < FAN_IN_MIN ? FAN_IN_MIN : count;
}

static mimic_status start_merge(mimic_sorter *sorter, mimic_error *err)
{
    MIMIC_TRY(turn_rooms(sorter, err));
    MIMIC_TRY(wait_for_task(sorter, err));
    mimic_spill_writer writer = sorter->writer;
    sorter->writer = (mimic_spill_writer){0};
    free_rooms(sorter);
    sorter->writer = writer;
    const size_t most = fan_in(sorter);
    while (sorter->run_count > most) {
        const size_t excess = sorter->run_count - most + 1;
        MIMIC_TRY(merge_runs(sorter, excess < most ? excess : most, err));
    }
    sorter->is_merging = true;
    return mimic__merge_init(&sorter->merge, &sorter->spill, sorter->runs, sorter->run_count,
                             sorter->options.of_strings, err);
}

mimic_status mimic__sorter_finish(mimic_sorter *sorter, mimic_error *err)
{
    MIMIC_TRY(say_again(sorter, err));
    MIMIC_TRY(wait_for_task(sorter, err));
    const sorter_room *const last = &sorter->rooms[sorter->filling];
    if (sorter->run_count > 0)
        return stop(sorter, start_merge(sorter, err));
    if (last->count > 0)
        sorter->sorted = sort_room(sorter, last);
    return MIMIC_OK;
}

static mimic_status next_merged(mimic_sorter *sorter, mimic_sort_pair *out, size_t room,
                                size_t *out_count, mimic_error *err)
{
    const mimic_spill_reader *entry;
    while (*out_count < room && (entry = mimic__merge_entry(&sorter->merge)) != NULL) {
        out[(*out_count)++] = entry->now;
        MIMIC_TRY(mimic__merge_next(&sorter->merge, err));
    }
    return MIMIC_OK;
}

mimic_status mimic__sorter_next_pairs(mimic_sorter *sorter, mimic_sort_pair *out, size_t room,
                                      size_t *out_count, mimic_error *err)
{
    *out_count = 0;
    MIMIC_TRY(say_again(sorter, err));
    if (sorter->is_merging)
        return stop(sorter, next_merged(sorter, out, room, out_count, err));
    const size_t left = sorter->rooms[sorter->filling].count - sorter->next;
    *out_count = left < room ? left : room;
    if (*out_count > 0)
        memcpy(out, sorter->sorted + sorter->next, *out_count * sizeof *out);
    sorter->next += *out_count;
    return MIMIC_OK;
}

mimic_status mimic__sorter_next_string(mimic_sorter *sorter, const unsigned char **out_string,
                                       size_t *out_size, mimic_error *err)
{
    *out_string = NULL;
    *out_size = 0;
    MIMIC_TRY(say_again(sorter, err));
    if (sorter->is_merging) {
        if (sorter->took_entry)
            MIMIC_TRY(stop(sorter, mimic__merge_next(&sorter->merge, err)));
        const mimic_spill_reader *const entry = mimic__merge_entry(&sorter->merge);
        sorter->took_entry = entry != NULL;
        if (entry != NULL) {
            *out_string = entry->string;
            *out_size = entry->string_size;
        }
    } else if (sorter->next < sorter->rooms[sorter->filling].count) {
        const unsigned char *const string =
            sorter->rooms[sorter->filling].strings + sorter->sorted[sorter->next++].lo;
        *out_string = string + MIMIC_SORT_STRING_HEAD;
        *out_size = mimic__sort_string_size(string);
    }
    return MIMIC_OK;
}

size_t mimic__sorter_run_count(const mimic_sorter *sorter)
{
    return sorter->run_count;
}
