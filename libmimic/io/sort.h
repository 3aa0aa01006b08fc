/*
 * Sorting in memory: items of two words, as they stand in a run of the external sorter.
 *
 * An item is an entry of its own (key, number), or it stands for a string: then `hi` is the
 * string's first eight bytes, as a big-endian number, and `lo` is where the string lies.
 */
#ifndef MIMIC_IO_SORT_H
#define MIMIC_IO_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct mimic_sort_pair {
    uint64_t hi;
    uint64_t lo;
} mimic_sort_pair;

/* A string in memory is its size (four bytes, in the order of the machine) and its bytes. */
#define MIMIC_SORT_STRING_HEAD 4

static inline size_t mimic__sort_string_size(const unsigned char *string)
{
    uint32_t size;
    memcpy(&size, string, sizeof size);
    return size;
}

/* memcmp order; a string stands behind its own beginnings. */
static inline int mimic__sort_compare(const unsigned char *a, size_t a_size, const unsigned char *b,
                                      size_t b_size)
{
    const size_t size = a_size < b_size ? a_size : b_size;
    const int order = size == 0 ? 0 : memcmp(a, b, size);
    if (order != 0)
        return order;
    return (a_size > b_size) - (a_size < b_size);
}

/* The first eight bytes as a number, filled up with zeros. */
uint64_t mimic__sort_prefix(const unsigned char *bytes, size_t size);

/*
 * Sorts `count` items, using as many in `scratch`; returns the one of the two that holds the
 * result. With `strings` (where the strings of the items lie) by the strings, without by (hi, lo),
 * for which items of the same `hi` must have come by ascending `lo`, but for its highest byte.
 */
mimic_sort_pair *mimic__sort(mimic_sort_pair *items, mimic_sort_pair *scratch, size_t count,
                             const unsigned char *strings);

#endif
