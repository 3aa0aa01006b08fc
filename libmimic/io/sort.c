/*
 * See sort.h. A radix sort from the lowest byte to the highest, which is stable, passes over
 * those bytes only that differ somewhere: few, as ids of one column are near one another. Strings
 * that share their first eight bytes are put in order afterwards, by merging.
 */
#include "io/sort.h"

#define DIGITS 9 /* the highest byte of lo, and the eight of hi */
#define VALUES 256

uint64_t mimic__sort_prefix(const unsigned char *bytes, size_t size)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < size ? bytes[i] : 0);
    return prefix;
}

static inline size_t digit_of(const mimic_sort_pair *item, int digit)
{
    return digit == 0 ? (size_t)(item->lo >> 56) : (size_t)(item->hi >> (8 * (digit - 1))) & 0xff;
}

/* Bit d is set when the items differ in digit d. */
static unsigned differing_digits(const mimic_sort_pair *items, size_t count)
{
    uint64_t hi = 0;
    uint64_t lo = 0;
    unsigned digits = 0;
    for (size_t i = 1; i < count; i++) {
        hi |= items[i].hi ^ items[0].hi;
        lo |= items[i].lo ^ items[0].lo;
    }
    const mimic_sort_pair differences = {hi, lo};
    for (int digit = 0; digit < DIGITS; digit++)
        digits |= (unsigned)(digit_of(&differences, digit) != 0) << digit;
    return digits;
}

static void sort_by_digit(const mimic_sort_pair *from, mimic_sort_pair *to, size_t count, int digit)
{
    uint32_t places[VALUES] = {0};
    uint32_t place = 0;
    for (size_t i = 0; i < count; i++)
        places[digit_of(&from[i], digit)]++;
    for (int value = 0; value < VALUES; value++) {
        const uint32_t here = places[value];
        places[value] = place;
        place += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[digit_of(&from[i], digit)]++] = from[i];
}

/* ---- strings with the same prefix ---- */

static int compare_strings(const unsigned char *strings, const mimic_sort_pair *a,
                           const mimic_sort_pair *b)
{
    const unsigned char *left = strings + a->lo;
    const unsigned char *right = strings + b->lo;
    return mimic__sort_compare(left + MIMIC_SORT_STRING_HEAD, mimic__sort_string_size(left),
                               right + MIMIC_SORT_STRING_HEAD, mimic__sort_string_size(right));
}

static bool is_in_order(const unsigned char *strings, const mimic_sort_pair *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare_strings(strings, &items[i - 1], &items[i]) > 0)
            return false;
    return true;
}

static void merge(const unsigned char *strings, const mimic_sort_pair *from, size_t middle,
                  size_t count, mimic_sort_pair *to)
{
    size_t left = 0;
    size_t right = middle;
    for (size_t i = 0; i < count; i++) {
        const bool takes_left =
            left < middle &&
            (right == count || compare_strings(strings, &from[left], &from[right]) <= 0);
        to[i] = takes_left ? from[left++] : from[right++];
    }
}

/* Merges pieces of 1, 2, 4 … items; the result is in `items`. */
static void merge_sort(const unsigned char *strings, mimic_sort_pair *items,
                       mimic_sort_pair *scratch, size_t count)
{
    mimic_sort_pair *from = items;
    mimic_sort_pair *to = scratch;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            const size_t rest = count - start;
            const size_t size = rest < 2 * width ? rest : 2 * width;
            merge(strings, from + start, size < width ? size : width, size, to + start);
        }
        mimic_sort_pair *const turned = from;
        from = to;
        to = turned;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

static void sort_equal_prefixes(const unsigned char *strings, mimic_sort_pair *items,
                                mimic_sort_pair *scratch, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].hi == items[start].hi;)
            end++;
        if (!is_in_order(strings, items + start, end - start))
            merge_sort(strings, items + start, scratch, end - start);
    }
}

mimic_sort_pair *mimic__sort(mimic_sort_pair *items, mimic_sort_pair *scratch, size_t count,
                             const unsigned char *strings)
{
    if (count < 2)
        return items;
    const unsigned digits = differing_digits(items, count);
    for (int digit = strings == NULL ? 0 : 1; digit < DIGITS; digit++) {
        if ((digits >> digit & 1) == 0)
            continue;
        sort_by_digit(items, scratch, count, digit);
        mimic_sort_pair *const turned = items;
        items = scratch;
        scratch = turned;
    }
    if (strings != NULL)
        sort_equal_prefixes(strings, items, scratch, count);
    return items;
}
