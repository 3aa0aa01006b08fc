/* The record of faulty rows of one block: a bit a row, and for each bad row its first fault. */
#include "coerce/coerce_column.h"

#include <string.h>

void mimic__row_faults_init(mimic_row_faults *faults, const mimic_context *ctx)
{
    *faults = (mimic_row_faults){.ctx = ctx};
}

void mimic__row_faults_free(mimic_row_faults *faults)
{
    if (faults->ctx == NULL)
        return;
    mimic__free(faults->ctx, faults->bad);
    mimic__free(faults->ctx, faults->faults);
    mimic__row_faults_init(faults, faults->ctx);
}

bool mimic__row_faults_reset(mimic_row_faults *faults, size_t row_count)
{
    const size_t words = row_count / 64 + 1;
    faults->count = 0;
    faults->nulled = 0;
    if (words > faults->bad_words) {
        uint64_t *bad = mimic__alloc_array(faults->ctx, words, sizeof *bad);
        if (bad == NULL)
            return false;
        mimic__free(faults->ctx, faults->bad);
        faults->bad = bad;
        faults->bad_words = words;
    }
    memset(faults->bad, 0, faults->bad_words * sizeof *faults->bad);
    return true;
}

bool mimic__row_faults_add(mimic_row_faults *faults, uint32_t row, uint32_t column,
                           mimic_reject_code code)
{
    const uint64_t bit = UINT64_C(1) << (row & 63);
    if ((faults->bad[row >> 6] & bit) != 0)
        return true;
    if (faults->count == faults->capacity) {
        const size_t capacity = faults->capacity == 0 ? 64 : faults->capacity * 2;
        mimic_row_fault *list = mimic__realloc(
            faults->ctx, faults->faults, faults->capacity * sizeof *list, capacity * sizeof *list);
        if (list == NULL)
            return false;
        faults->faults = list;
        faults->capacity = capacity;
    }
    faults->bad[row >> 6] |= bit;
    faults->faults[faults->count++] = (mimic_row_fault){row, column, code};
    return true;
}
