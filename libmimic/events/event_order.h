/* The order of a subject's events: static facts first, then by time, by clinical rank, and as they
 * came, which is by table, row and event of the row. */
#ifndef MIMIC_EVENTS_EVENT_ORDER_H
#define MIMIC_EVENTS_EVENT_ORDER_H

#include "events/event.h"
#include "io/sort.h"

#define MIMIC_ORDER_INDEX UINT64_C(0x00FFFFFFFFFFFFFF)

/* hi: the time; lo: the rank, and the place in which the event came. */
static inline mimic_sort_pair mimic__event_order_pair(int64_t time, uint8_t rank, size_t index)
{
    return (mimic_sort_pair){(uint64_t)time ^ UINT64_C(0x8000000000000000),
                             (uint64_t)rank << 56 | index};
}

static inline bool mimic__event_order_is_before(const mimic_sort_pair *a, const mimic_sort_pair *b)
{
    return a->hi < b->hi || (a->hi == b->hi && a->lo < b->lo);
}

/* Sorts what came by ascending index; returns the one of both that holds the result, whose hi may
 * have changed. Pieces that are in order already are merged where that is less work. */
mimic_sort_pair *mimic__event_order(mimic_sort_pair *pairs, mimic_sort_pair *scratch, size_t count);

#endif
