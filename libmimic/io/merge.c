/*
 * See merge.h. The tree is the usual one (Knuth, volume 3, 5.4.1): node n has the children
 * 2n and 2n + 1, the readers being the nodes count to 2 count - 1, and holds the one that lost
 * there. So each entry costs one comparison a level. A run that has ended loses against all others.
 */
#include "io/merge.h"

#include "base/error.h"

#define NOBODY UINT32_MAX

static mimic_status advance(mimic_merge *merge, mimic_spill_reader *reader, mimic_error *err)
{
    return merge->of_strings ? mimic__spill_read_string(reader, err)
                             : mimic__spill_read_pair(reader, err);
}

static bool stands_before(const mimic_merge *merge, uint32_t left, uint32_t right)
{
    const mimic_spill_reader *const a = &merge->readers[left];
    const mimic_spill_reader *const b = &merge->readers[right];
    if (a->is_at_end || b->is_at_end)
        return !a->is_at_end;
    if (a->now.hi != b->now.hi)
        return a->now.hi < b->now.hi;
    if (!merge->of_strings)
        return a->now.lo < b->now.lo;
    return mimic__sort_compare(a->string, a->string_size, b->string, b->string_size) < 0;
}

/* Lets a reader play from its leaf to the root. While the tree is built, the first to come to a
 * node waits there for its opponent. */
static void play(mimic_merge *merge, uint32_t player)
{
    for (size_t node = (merge->count + player) / 2; node > 0; node /= 2) {
        const uint32_t other = merge->losers[node];
        if (other == NOBODY) {
            merge->losers[node] = player;
            return;
        }
        if (stands_before(merge, other, player)) {
            merge->losers[node] = player;
            player = other;
        }
    }
    merge->losers[0] = player;
}

mimic_status mimic__merge_init(mimic_merge *merge, const mimic_spill *spill,
                               const mimic_spill_run *runs, size_t count, bool of_strings,
                               mimic_error *err)
{
    *merge = (mimic_merge){.ctx = spill->ctx, .of_strings = of_strings};
    if (count == 0)
        return MIMIC_OK;
    merge->readers = mimic__alloc_zeroed(spill->ctx, count, sizeof *merge->readers);
    merge->losers = mimic__alloc_array(spill->ctx, count, sizeof *merge->losers);
    if (merge->readers == NULL || merge->losers == NULL)
        return mimic__fail_memory(err);
    merge->count = count;
    for (size_t i = 0; i < count; i++) {
        merge->losers[i] = NOBODY;
        MIMIC_TRY(mimic__spill_reader_init(&merge->readers[i], spill, &runs[i], err));
        MIMIC_TRY(advance(merge, &merge->readers[i], err));
    }
    for (size_t i = 0; i < count; i++)
        play(merge, (uint32_t)i);
    return MIMIC_OK;
}

void mimic__merge_free(mimic_merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        mimic__spill_reader_free(&merge->readers[i]);
    if (merge->ctx != NULL) {
        mimic__free(merge->ctx, merge->readers);
        mimic__free(merge->ctx, merge->losers);
    }
    *merge = (mimic_merge){0};
}

mimic_status mimic__merge_next(mimic_merge *merge, mimic_error *err)
{
    const uint32_t winner = merge->losers[0];
    MIMIC_TRY(advance(merge, &merge->readers[winner], err));
    play(merge, winner);
    return MIMIC_OK;
}
