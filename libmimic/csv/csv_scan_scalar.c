/* The reference kernel: one byte at a time, nothing clever, on every machine. */
#include "csv/csv_scan_impl.h"

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    csv_masks masks = {0};
    for (unsigned i = 0; i < 64; i++) {
        const char byte = bytes[i];
        masks.quotes |= (uint64_t)(byte == quote) << i;
        masks.delimiters |= (uint64_t)(byte == delimiter) << i;
        masks.lf |= (uint64_t)(byte == '\n') << i;
        masks.cr |= (uint64_t)(byte == '\r') << i;
        masks.nul |= (uint64_t)(byte == '\0') << i;
        masks.high |= (uint64_t)((unsigned char)byte >> 7) << i;
    }
    return masks;
}

static inline uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

const csv_kernel mimic_csv__kernel_scalar = {"scalar", split, build_index};
