/*
 * What the events of one subject are joined with: the subject's admissions and stays, and what the
 * table of patients says, as their context events tell it.
 *
 * Rows contradict each other now and then. Of several with one id the first counts; of an interval
 * that ends before it starts nothing is inside; a row without an id counts only where the earliest of
 * all rows is wanted.
 */
#ifndef MIMIC_EVENTS_EVENT_CONTEXT_H
#define MIMIC_EVENTS_EVENT_CONTEXT_H

#include "events/event_joined.h"
#include "io/sort.h"

typedef struct mimic_episode {
    int64_t id;
    int64_t times[SLOT_COUNT]; /* MIMIC_EVENT_NONE: not said; an end that is not said is open */
    int64_t admission;         /* of a stay, where its row says so */
    bool joins_only;           /* covers nothing */
} mimic_episode;

/* Episodes by start, with a tree over their ends: the latest that covers a moment in log n steps. */
typedef struct mimic_cover {
    const mimic_episode **order;
    int64_t *ends; /* heap: leaves from `leaves` on, each node the greatest of its two */
    size_t leaves; /* a power of two */
    size_t count;
    size_t capacity;
} mimic_cover;

typedef struct mimic_episodes {
    mimic_episode *items; /* in the order of their rows, one an id */
    size_t count;
    size_t capacity;
    const mimic_episode *last; /* that was found */
    /* Of more than MIMIC_EPISODES_FEW: */
    mimic_sort_pair *by_id; /* id with its sign turned, place among items */
    size_t by_id_capacity;
    mimic_cover by_start;
    mimic_cover by_admission; /* of stays: by admission, then by start */
} mimic_episodes;

#define MIMIC_EPISODES_FEW 16 /* are looked through */

typedef struct mimic_event_context {
    const mimic_context *ctx;
    mimic_episodes groups[GROUP_ALL];
    int64_t earliest[GROUP_ALL][SLOT_COUNT]; /* NONE = no row says it */
    mimic_joined_rows *rows; /* those of GROUP_ROW, where they are not held in memory */
    mimic_episode row;       /* of them, the one that was found last */
    mimic_status status;     /* of looking for it */
    mimic_error err;
} mimic_event_context;

void mimic__event_context_init(mimic_event_context *context, const mimic_context *ctx);
void mimic__event_context_free(mimic_event_context *context);
/* For the next subject. */
void mimic__event_context_clear(mimic_event_context *context);
/* Of this subject, rows that others are joined with go through scratch files beside `path`; see
 * event_joined.h. What was found among them stays until the next one. */
mimic_status mimic__event_context_spill_rows(mimic_event_context *context, size_t memory,
                                             const char *path, mimic_error *err);
/* One context event, in the order of the rows of its table. */
mimic_status mimic__event_context_add(mimic_event_context *context, const mimic_event *event,
                                      mimic_error *err);
/* When all are there. */
mimic_status mimic__event_context_settle(mimic_event_context *context, mimic_error *err);
/* Bytes that it holds, but for what is spilled. */
size_t mimic__event_context_size(const mimic_event_context *context);

/* NULL = the subject has none of that id. Of the group of the subject the id is not looked at. What went
 * wrong on the way is kept until mimic__event_context_check. */
const mimic_episode *mimic__event_context_find(mimic_event_context *context,
                                               mimic_event_group group, int64_t id);

/* Whether all that was looked for could be. */
static inline mimic_status mimic__event_context_check(const mimic_event_context *context,
                                                      mimic_error *err)
{
    if (context->status != MIMIC_OK && err != NULL)
        *err = context->err;
    return context->status;
}

/* When something was: by the microsecond, or a day that is known by its first moment. */
typedef struct mimic_moment {
    int64_t time;
    bool is_day;
} mimic_moment;

/* start <= moment <= end. A day is inside from the day of the start on. */
bool mimic__episode_covers(const mimic_episode *episode, mimic_moment moment);
/* Before the start or behind the end: not the opposite of covering, as what is not said excludes
 * nothing here. */
bool mimic__episode_excludes(const mimic_episode *episode, mimic_moment moment);
/* The episode that covers the moment; of several the one that starts last, of those the first row.
 * NULL = none. A stay must not be of another admission than `admission` (NONE = whichever). */
const mimic_episode *mimic__event_context_cover(const mimic_event_context *context,
                                                mimic_event_group group, int64_t admission,
                                                mimic_moment moment);

#endif
