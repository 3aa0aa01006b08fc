/* See value_set.h. */
#include "base/value_set.h"

#include <stdlib.h>
#include <string.h>

static int compare_values(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

bool mimic__integer_set_make(mimic_integer_set *set, mimic_arena *arena, const int64_t *values,
                             size_t count)
{
    int64_t *const sorted = mimic__arena_array(arena, count + 1, sizeof *sorted);
    *set = (mimic_integer_set){0};
    if (sorted == NULL)
        return false;
    if (count > 0) {
        memcpy(sorted, values, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, compare_values);
    }
    *set = (mimic_integer_set){sorted, count};
    return true;
}

bool mimic__text_set_make(mimic_text_set *set, const mimic_context *ctx, const char *const *texts,
                          size_t count)
{
    set->sizes = 0;
    mimic__hashmap_init(&set->texts, ctx);
    for (size_t i = 0; i < count; i++) {
        const size_t size = strlen(texts[i]);
        if (mimic__hashmap_insert(&set->texts, texts[i], size) == MIMIC_HASHMAP_NONE)
            return false;
        set->sizes |= UINT64_C(1) << (size < 63 ? size : 63);
    }
    return true;
}

void mimic__text_set_free(mimic_text_set *set)
{
    mimic__hashmap_free(&set->texts);
}
