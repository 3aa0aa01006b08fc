/* The parts of a kernel in plain C, for machines without an instruction for them. */
#ifndef MIMIC_CSV_SCAN_PORTABLE_H
#define MIMIC_CSV_SCAN_PORTABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "csv/csv_scan_masks.h"

static inline uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* True when each row ends with the field that its width says: `left` fields end before the first. */
static inline bool rows_fit(const csv_fields *fields, size_t left, const csv_width *width)
{
    for (uint64_t rows = fields->rows; rows != 0; rows &= rows - 1) {
        const uint64_t before = (rows & (0 - rows)) - 1;
        if ((size_t)__builtin_popcountll(fields->ends & before) != left)
            return false;
        left += width->fields;
    }
    return (size_t)__builtin_popcountll(fields->ends) <= left;
}

/* Eight positions at a time; may write up to 7 marks beyond the last. */
static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields)
{
    uint64_t ends = fields->ends;
    for (uint64_t starts = fields->starts; ends != 0 || starts != 0;) {
        const uint64_t part = starts == 0 ? ends : ends & (starts ^ (starts - 1));
        uint32_t *const end = out + __builtin_popcountll(part);
        for (uint64_t bits = part; bits != 0; out += 8)
            for (int i = 0; i < 8; i++) {
                out[i] = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
                bits &= bits - 1;
            }
        out = end;
        ends &= ~part;
        if (starts != 0)
            *out++ = base + (uint32_t)__builtin_ctzll(starts);
        starts &= starts - 1;
    }
    return out;
}

#endif
