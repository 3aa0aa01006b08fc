/*
 * Sets of values that filters look for: integers as a sorted list, texts as a hash map with a bit a
 * size before it, since most texts that are not wanted have another size.
 */
#ifndef MIMIC_BASE_VALUE_SET_H
#define MIMIC_BASE_VALUE_SET_H

#include "base/arena.h"
#include "base/hashmap.h"

typedef struct mimic_integer_set {
    const int64_t *values; /* ascending */
    size_t count;
} mimic_integer_set;

typedef struct mimic_text_set {
    mimic_hashmap texts;
    uint64_t sizes; /* bit n: a text of n bytes is there; bit 63: of 63 bytes or more */
} mimic_text_set;

/* Copies `values` into the arena; false when memory ran out. */
bool mimic__integer_set_make(mimic_integer_set *set, mimic_arena *arena, const int64_t *values,
                             size_t count);
/* To be freed in any case; false when memory ran out. */
bool mimic__text_set_make(mimic_text_set *set, const mimic_context *ctx, const char *const *texts,
                          size_t count);
void mimic__text_set_free(mimic_text_set *set);

static inline bool mimic__integer_set_has(const mimic_integer_set *set, int64_t value)
{
    if (set->count == 0 || value < set->values[0] || value > set->values[set->count - 1])
        return false;
    size_t low = 0;
    for (size_t width = set->count; width > 1;) {
        const size_t half = width / 2;
        if (set->values[low + half] <= value)
            low += half;
        width -= half;
    }
    return set->values[low] == value;
}

static inline bool mimic__text_set_has(const mimic_text_set *set, const char *text, size_t size)
{
    if ((set->sizes >> (size < 63 ? size : 63) & 1) == 0)
        return false;
    return mimic__hashmap_find(&set->texts, text, size) != MIMIC_HASHMAP_NONE;
}

#endif
