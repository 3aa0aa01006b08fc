/*
 * See event_order.h. Tables come with the times of a stay mostly ascending, so that what is to be
 * sorted consists of few pieces in order: these are merged. Where there are many, the radix sort of
 * io/sort.h takes over, whose passes are fewer when times are counted from the first one, in whole
 * seconds where all of them are.
 */
#include "events/event_order.h"

#include <string.h>

#define MAX_PIECES 256
#define SECOND UINT64_C(1000000)
/* Rough costs in nanoseconds: an item in a merge, an item in a radix pass, a radix pass. */
#define MERGE_COST 4
#define RADIX_COST 3
#define PASS_COST 250
#define RADIX_PASSES 5

/* Where the pieces in order begin; `count` at the end. More than MAX_PIECES are not told. */
static size_t find_pieces(const mimic_sort_pair *pairs, size_t count, uint32_t *starts)
{
    size_t pieces = 1;
    starts[0] = 0;
    for (size_t i = 1; i < count; i++) {
        if (!mimic__event_order_is_before(&pairs[i], &pairs[i - 1]))
            continue;
        if (pieces == MAX_PIECES)
            return pieces + 1;
        starts[pieces++] = (uint32_t)i;
    }
    starts[pieces] = (uint32_t)count;
    return pieces;
}

static void merge(const mimic_sort_pair *from, size_t middle, size_t end, mimic_sort_pair *to)
{
    const mimic_sort_pair *left = from;
    const mimic_sort_pair *right = from + middle;
    const mimic_sort_pair *const left_end = right;
    const mimic_sort_pair *const right_end = from + end;
    while (left < left_end && right < right_end)
        *to++ = mimic__event_order_is_before(right, left) ? *right++ : *left++;
    if (left < left_end)
        memcpy(to, left, (size_t)(left_end - left) * sizeof *left);
    else if (right < right_end)
        memcpy(to, right, (size_t)(right_end - right) * sizeof *right);
}

static mimic_sort_pair *merge_pieces(mimic_sort_pair *from, mimic_sort_pair *to, uint32_t *starts,
                                     size_t pieces)
{
    while (pieces > 1) {
        size_t merged = 0;
        for (size_t piece = 0; piece < pieces; piece += 2) {
            const uint32_t start = starts[piece];
            const uint32_t middle = starts[piece + 1];
            const uint32_t end = piece + 1 < pieces ? starts[piece + 2] : middle;
            merge(from + start, middle - start, end - start, to + start);
            starts[merged++] = start;
        }
        starts[merged] = starts[pieces];
        pieces = merged;
        mimic_sort_pair *const turned = from;
        from = to;
        to = turned;
    }
    return from;
}

/* Times as distances from the first one, whole seconds where possible; 0 stays for static facts. */
static void shorten_times(mimic_sort_pair *pairs, size_t count)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        if (pairs[i].hi != 0 && pairs[i].hi < first)
            first = pairs[i].hi;
    bool is_whole = true;
    for (size_t i = 0; i < count && is_whole; i++)
        is_whole = pairs[i].hi == 0 || (pairs[i].hi - first) % SECOND == 0;
    for (size_t i = 0; i < count; i++)
        if (pairs[i].hi != 0)
            pairs[i].hi = (is_whole ? (pairs[i].hi - first) / SECOND : pairs[i].hi - first) + 1;
}

mimic_sort_pair *mimic__event_order(mimic_sort_pair *pairs, mimic_sort_pair *scratch, size_t count)
{
    if (count < 2)
        return pairs;
    uint32_t starts[MAX_PIECES + 2];
    if (count < UINT32_MAX) {
        const size_t pieces = find_pieces(pairs, count, starts);
        size_t merging = 0;
        for (size_t left = 1; left < pieces; left *= 2)
            merging += MERGE_COST * count;
        if (pieces <= MAX_PIECES && merging <= RADIX_PASSES * (RADIX_COST * count + PASS_COST))
            return merge_pieces(pairs, scratch, starts, pieces);
    }
    shorten_times(pairs, count);
    return mimic__sort(pairs, scratch, count, NULL);
}
