/* Merging runs of a spill file: a tree of losers over one reader a run. */
#ifndef MIMIC_IO_MERGE_H
#define MIMIC_IO_MERGE_H

#include "io/spill.h"

typedef struct mimic_merge {
    const mimic_context *ctx;
    bool of_strings;
    size_t count;
    mimic_spill_reader *readers;
    uint32_t *losers; /* [0] is the winner, whose entry is the next one */
} mimic_merge;

/* Goes to the first entry. *merge is to be freed in any case. */
mimic_status mimic__merge_init(mimic_merge *merge, const mimic_spill *spill,
                               const mimic_spill_run *runs, size_t count, bool of_strings,
                               mimic_error *err);
/* Allowed on a struct that is zero. */
void mimic__merge_free(mimic_merge *merge);

/* The entry at hand; NULL behind the last one. */
static inline const mimic_spill_reader *mimic__merge_entry(const mimic_merge *merge)
{
    const mimic_spill_reader *const reader =
        merge->count == 0 ? NULL : &merge->readers[merge->losers[0]];
    return reader == NULL || reader->is_at_end ? NULL : reader;
}
mimic_status mimic__merge_next(mimic_merge *merge, mimic_error *err);

#endif
