/*
 * See event_context.h. Nearly every patient has a handful of admissions, which are looked through
 * one by one; whoever has thousands, as in a hostile file, gets them sorted.
 */
#include "events/event_context.h"

#include <string.h>

#include "base/error.h"

#define DAY INT64_C(86400000000)
#define TURN_SIGN UINT64_C(0x8000000000000000)

static uint64_t turned(int64_t number)
{
    return (uint64_t)number ^ TURN_SIGN;
}

static void forget_times(mimic_event_context *context)
{
    for (int group = 0; group < GROUP_ALL; group++)
        for (int slot = 0; slot < SLOT_COUNT; slot++)
            context->earliest[group][slot] = MIMIC_EVENT_NONE;
}

void mimic__event_context_init(mimic_event_context *context, const mimic_context *ctx)
{
    *context = (mimic_event_context){.ctx = ctx};
    forget_times(context);
}

static void free_cover(const mimic_context *ctx, mimic_cover *cover)
{
    mimic__free(ctx, cover->order);
    mimic__free(ctx, cover->ends);
}

void mimic__event_context_free(mimic_event_context *context)
{
    for (int group = 0; group < GROUP_ALL; group++) {
        mimic_episodes *const episodes = &context->groups[group];
        mimic__free(context->ctx, episodes->items);
        mimic__free(context->ctx, episodes->by_id);
        free_cover(context->ctx, &episodes->by_start);
        free_cover(context->ctx, &episodes->by_admission);
        *episodes = (mimic_episodes){0};
    }
    mimic__joined_rows_free(context->rows);
    context->rows = NULL;
}

void mimic__event_context_clear(mimic_event_context *context)
{
    for (int group = 0; group < GROUP_ALL; group++) {
        context->groups[group].count = 0;
        context->groups[group].last = NULL;
    }
    mimic__joined_rows_free(context->rows);
    context->rows = NULL;
    context->status = MIMIC_OK;
    forget_times(context);
}

mimic_status mimic__event_context_spill_rows(mimic_event_context *context, size_t memory,
                                             const char *path, mimic_error *err)
{
    return mimic__joined_rows_new(context->ctx, memory, path, &context->rows, err);
}

static mimic_status spill_row(mimic_event_context *context, const mimic_episode *episode,
                              mimic_error *err)
{
    mimic_joined_row row = {.admission = episode->admission};
    memcpy(row.times, episode->times, sizeof row.times);
    return mimic__joined_rows_add(context->rows, episode->id, &row, err);
}

mimic_status mimic__event_context_add(mimic_event_context *context, const mimic_event *event,
                                      mimic_error *err)
{
    const int group = event->kind - (int)MIMIC_EVENT_CONTEXT;
    mimic_episodes *const episodes = &context->groups[group];
    const mimic_episode episode = {
        .id = group == GROUP_SUBJECT     ? event->subject
              : group == GROUP_ADMISSION ? event->admission
                                         : event->stay,
        .times = {[SLOT_START] = event->time,
                  [SLOT_END] = event->available,
                  [SLOT_EXTRA] = event->anchor},
        .admission = event->admission,
        .joins_only = (event->flags & MIMIC_EVENT_JOINS_ONLY) != 0,
    };
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        int64_t *const earliest = &context->earliest[group][slot];
        const int64_t time = episode.times[slot];
        if (time != MIMIC_EVENT_NONE && (*earliest == MIMIC_EVENT_NONE || time < *earliest))
            *earliest = time;
    }
    if (episode.id == MIMIC_EVENT_NONE || (group == GROUP_SUBJECT && episodes->count > 0))
        return MIMIC_OK;
    if (group == GROUP_ROW && context->rows != NULL)
        return spill_row(context, &episode, err);
    mimic_episode *const items = mimic__array_grow(context->ctx, episodes->items, episodes->count,
                                                   &episodes->capacity, sizeof *items);
    if (items == NULL)
        return mimic__fail_memory(err);
    episodes->items = items;
    items[episodes->count++] = episode;
    return MIMIC_OK;
}

size_t mimic__event_context_size(const mimic_event_context *context)
{
    /* An episode with its place in each index, which growing may double. */
    const size_t one = sizeof(mimic_episode) + 2 * sizeof(mimic_sort_pair) +
                       2 * (sizeof(mimic_episode *) + 2 * sizeof(int64_t));
    size_t count = 0;
    for (int group = 0; group < GROUP_ALL; group++)
        count += context->groups[group].capacity;
    return count * one;
}

/* ---- one an id ---- */

static void drop_repeated_few(mimic_episodes *episodes)
{
    size_t kept = 0;
    for (size_t i = 0; i < episodes->count; i++) {
        size_t same = 0;
        while (same < kept && episodes->items[same].id != episodes->items[i].id)
            same++;
        if (same == kept)
            episodes->items[kept++] = episodes->items[i];
    }
    episodes->count = kept;
}

/* Sorts the places by id; `by_id` has room for them and as much again. */
static const mimic_sort_pair *sort_by_id(mimic_episodes *episodes)
{
    for (size_t i = 0; i < episodes->count; i++)
        episodes->by_id[i] = (mimic_sort_pair){turned(episodes->items[i].id), i};
    return mimic__sort(episodes->by_id, episodes->by_id + episodes->count, episodes->count, NULL);
}

static mimic_status drop_repeated_many(const mimic_context *ctx, mimic_episodes *episodes,
                                       mimic_error *err)
{
    if (episodes->by_id_capacity < 2 * episodes->count) {
        mimic__free(ctx, episodes->by_id);
        episodes->by_id_capacity = 2 * episodes->count;
        episodes->by_id =
            mimic__alloc_array(ctx, episodes->by_id_capacity, sizeof *episodes->by_id);
        if (episodes->by_id == NULL) {
            episodes->by_id_capacity = 0;
            return mimic__fail_memory(err);
        }
    }
    const mimic_sort_pair *const sorted = sort_by_id(episodes);
    bool repeats = false;
    for (size_t i = 1; i < episodes->count; i++) {
        if (sorted[i].hi != sorted[i - 1].hi)
            continue;
        episodes->items[sorted[i].lo].id = MIMIC_EVENT_NONE;
        repeats = true;
    }
    if (repeats) {
        size_t kept = 0;
        for (size_t i = 0; i < episodes->count; i++)
            if (episodes->items[i].id != MIMIC_EVENT_NONE)
                episodes->items[kept++] = episodes->items[i];
        episodes->count = kept;
    }
    const mimic_sort_pair *const again = repeats ? sort_by_id(episodes) : sorted;
    if (again != episodes->by_id)
        memcpy(episodes->by_id, again, episodes->count * sizeof *again);
    return MIMIC_OK;
}

/* ---- by start ---- */

static bool can_cover(const mimic_episode *episode)
{
    const int64_t start = episode->times[SLOT_START];
    const int64_t end = episode->times[SLOT_END];
    return !episode->joins_only && start != MIMIC_EVENT_NONE &&
           (end == MIMIC_EVENT_NONE || end >= start);
}

static mimic_status make_room(const mimic_context *ctx, mimic_cover *cover, size_t count,
                              mimic_error *err)
{
    cover->leaves = 1;
    while (cover->leaves < count)
        cover->leaves *= 2;
    if (cover->capacity >= cover->leaves)
        return MIMIC_OK;
    free_cover(ctx, cover);
    cover->capacity = 0;
    cover->order = mimic__alloc_array(ctx, cover->leaves, sizeof *cover->order);
    cover->ends = mimic__alloc_array(ctx, cover->leaves, 2 * sizeof *cover->ends);
    if (cover->order == NULL || cover->ends == NULL)
        return mimic__fail_memory(err);
    cover->capacity = cover->leaves;
    return MIMIC_OK;
}

static void plant(mimic_cover *cover)
{
    for (size_t i = 0; i < cover->leaves; i++) {
        const int64_t end = i < cover->count ? cover->order[i]->times[SLOT_END] : INT64_MIN;
        cover->ends[cover->leaves + i] =
            i < cover->count && end == MIMIC_EVENT_NONE ? INT64_MAX : end;
    }
    for (size_t node = cover->leaves - 1; node > 0; node--) {
        const int64_t left = cover->ends[2 * node];
        const int64_t right = cover->ends[2 * node + 1];
        cover->ends[node] = left > right ? left : right;
    }
}

/* Both orders; `pairs` has room for twice as many. Of the same start the first row comes last, so
 * that it is met first from behind. */
static mimic_status order_by_start(const mimic_context *ctx, mimic_episodes *episodes,
                                   mimic_sort_pair *pairs, bool with_admissions, mimic_error *err)
{
    mimic_cover *const by_start = &episodes->by_start;
    size_t count = 0;
    MIMIC_TRY(make_room(ctx, by_start, episodes->count, err));
    for (size_t i = episodes->count; i-- > 0;)
        if (can_cover(&episodes->items[i]))
            pairs[count++] = (mimic_sort_pair){turned(episodes->items[i].times[SLOT_START]),
                                               episodes->count - 1 - i};
    const mimic_sort_pair *sorted = mimic__sort(pairs, pairs + count, count, NULL);
    by_start->count = count;
    for (size_t i = 0; i < count; i++)
        by_start->order[i] = &episodes->items[episodes->count - 1 - sorted[i].lo];
    plant(by_start);
    if (!with_admissions)
        return MIMIC_OK;
    mimic_cover *const by_admission = &episodes->by_admission;
    MIMIC_TRY(make_room(ctx, by_admission, episodes->count, err));
    for (size_t i = 0; i < count; i++)
        pairs[i] = (mimic_sort_pair){turned(by_start->order[i]->admission), i};
    sorted = mimic__sort(pairs, pairs + count, count, NULL);
    by_admission->count = count;
    for (size_t i = 0; i < count; i++)
        by_admission->order[i] = by_start->order[sorted[i].lo];
    plant(by_admission);
    return MIMIC_OK;
}

mimic_status mimic__event_context_settle(mimic_event_context *context, mimic_error *err)
{
    for (int group = GROUP_ADMISSION; group < GROUP_ALL; group++) {
        mimic_episodes *const episodes = &context->groups[group];
        if (episodes->count <= MIMIC_EPISODES_FEW) {
            drop_repeated_few(episodes);
            continue;
        }
        MIMIC_TRY(drop_repeated_many(context->ctx, episodes, err));
        if (episodes->count <= MIMIC_EPISODES_FEW || group == GROUP_ROW)
            continue; /* rows are found by their ids only */
        mimic_sort_pair *const pairs =
            mimic__alloc_array(context->ctx, 2 * episodes->count, sizeof *pairs);
        if (pairs == NULL)
            return mimic__fail_memory(err);
        const mimic_status status =
            order_by_start(context->ctx, episodes, pairs, group == GROUP_STAY, err);
        mimic__free(context->ctx, pairs);
        MIMIC_TRY(status);
    }
    return context->rows == NULL ? MIMIC_OK : mimic__joined_rows_settle(context->rows, err);
}

/* ---- asking ---- */

static const mimic_episode *find_spilled(mimic_event_context *context, int64_t id)
{
    mimic_joined_row row;
    bool is_there = false;
    if (context->status == MIMIC_OK) {
        context->err = (mimic_error)MIMIC_ERROR_INIT;
        context->status =
            mimic__joined_rows_find(context->rows, id, &row, &is_there, &context->err);
    }
    if (context->status != MIMIC_OK || !is_there)
        return NULL;
    context->row = (mimic_episode){.id = id, .admission = row.admission};
    memcpy(context->row.times, row.times, sizeof row.times);
    return &context->row;
}

static const mimic_episode *find_many(const mimic_episodes *episodes, int64_t id)
{
    size_t low = 0;
    for (size_t count = episodes->count; count > 0;) {
        const size_t half = count / 2;
        const bool goes_on = episodes->by_id[low + half].hi < turned(id);
        low += goes_on ? half + 1 : 0;
        count = goes_on ? count - half - 1 : half;
    }
    return low < episodes->count && episodes->by_id[low].hi == turned(id)
               ? &episodes->items[episodes->by_id[low].lo]
               : NULL;
}

const mimic_episode *mimic__event_context_find(mimic_event_context *context,
                                               mimic_event_group group, int64_t id)
{
    mimic_episodes *const episodes = &context->groups[group];
    if (group == GROUP_SUBJECT)
        return episodes->count > 0 ? &episodes->items[0] : NULL;
    if (episodes->last != NULL && episodes->last->id == id)
        return episodes->last;
    if (id == MIMIC_EVENT_NONE)
        return NULL;
    const mimic_episode *found = NULL;
    if (group == GROUP_ROW && context->rows != NULL)
        found = find_spilled(context, id);
    else if (episodes->count > MIMIC_EPISODES_FEW)
        found = find_many(episodes, id);
    for (size_t i = 0; i < episodes->count && episodes->count <= MIMIC_EPISODES_FEW; i++)
        if (episodes->items[i].id == id) {
            found = &episodes->items[i];
            break;
        }
    if (found != NULL)
        episodes->last = found;
    return found;
}

/* What a start must not be behind, to be at or before the moment. */
static int64_t last_start(mimic_moment moment)
{
    return moment.is_day && moment.time <= INT64_MAX - DAY ? moment.time + (DAY - 1) : moment.time;
}

bool mimic__episode_covers(const mimic_episode *episode, mimic_moment moment)
{
    const int64_t end = episode->times[SLOT_END];
    return can_cover(episode) && episode->times[SLOT_START] <= last_start(moment) &&
           (end == MIMIC_EVENT_NONE || end >= moment.time);
}

bool mimic__episode_excludes(const mimic_episode *episode, mimic_moment moment)
{
    const int64_t start = episode->times[SLOT_START];
    const int64_t end = episode->times[SLOT_END];
    if (start != MIMIC_EVENT_NONE && end != MIMIC_EVENT_NONE && end < start)
        return false;
    return (start != MIMIC_EVENT_NONE && start > last_start(moment)) ||
           (end != MIMIC_EVENT_NONE && end < moment.time);
}

/* Among [first, end) of the order: the last one that starts in time and does not end before. */
static const mimic_episode *cover_many(const mimic_cover *cover, size_t first, size_t end,
                                       mimic_moment moment)
{
    const int64_t bound = last_start(moment);
    size_t low = first;
    for (size_t count = end - first; count > 0;) {
        const size_t half = count / 2;
        const bool goes_on = cover->order[low + half]->times[SLOT_START] <= bound;
        low += goes_on ? half + 1 : 0;
        count = goes_on ? count - half - 1 : half;
    }
    if (low == first)
        return NULL;
    size_t node = cover->leaves + low - 1;
    while (cover->ends[node] < moment.time) { /* on to what stands left of it */
        while (node % 2 == 0)
            node /= 2;
        if (node == 1)
            return NULL;
        node--;
    }
    while (node < cover->leaves)
        node = 2 * node + (cover->ends[2 * node + 1] >= moment.time);
    return node - cover->leaves >= first ? cover->order[node - cover->leaves] : NULL;
}

/* Where the stays of an admission begin in the order. */
static size_t admission_begins(const mimic_cover *cover, uint64_t turned_admission)
{
    size_t low = 0;
    for (size_t count = cover->count; count > 0;) {
        const size_t half = count / 2;
        const bool goes_on = turned(cover->order[low + half]->admission) < turned_admission;
        low += goes_on ? half + 1 : 0;
        count = goes_on ? count - half - 1 : half;
    }
    return low;
}

static const mimic_episode *cover_of_admission(const mimic_cover *cover, int64_t admission,
                                               mimic_moment moment)
{
    const uint64_t key = turned(admission);
    const size_t first = admission_begins(cover, key);
    const size_t end = key == UINT64_MAX ? cover->count : admission_begins(cover, key + 1);
    return cover_many(cover, first, end, moment);
}

static const mimic_episode *later(const mimic_episode *a, const mimic_episode *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    const int64_t a_start = a->times[SLOT_START];
    const int64_t b_start = b->times[SLOT_START];
    return a_start != b_start ? (a_start > b_start ? a : b) : (a < b ? a : b);
}

const mimic_episode *mimic__event_context_cover(const mimic_event_context *context,
                                                mimic_event_group group, int64_t admission,
                                                mimic_moment moment)
{
    const mimic_episodes *const episodes = &context->groups[group];
    const bool by_admission = group == GROUP_STAY && admission != MIMIC_EVENT_NONE;
    if (episodes->count > MIMIC_EPISODES_FEW)
        return by_admission
                   ? later(cover_of_admission(&episodes->by_admission, admission, moment),
                           cover_of_admission(&episodes->by_admission, MIMIC_EVENT_NONE, moment))
                   : cover_many(&episodes->by_start, 0, episodes->by_start.count, moment);
    const mimic_episode *found = NULL;
    for (size_t i = 0; i < episodes->count; i++) {
        const mimic_episode *const one = &episodes->items[i];
        const bool agrees =
            !by_admission || one->admission == admission || one->admission == MIMIC_EVENT_NONE;
        if (agrees && mimic__episode_covers(one, moment))
            found = later(found, one);
    }
    return found;
}
