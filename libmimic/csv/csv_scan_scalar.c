/* The reference kernel: one byte at a time, nothing clever, on every machine. */
#include "csv/csv_scan_portable.h"

typedef struct text_bits {
    bool has_nul;
    bool has_high;
} text_bits;

#include "csv/csv_scan_impl.h"

#include "base/utf8.h"

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    csv_masks masks = {0};
    for (unsigned i = 0; i < 64; i++) {
        const char byte = bytes[i];
        masks.quotes |= (uint64_t)(byte == quote) << i;
        masks.delimiters |= (uint64_t)(byte == delimiter) << i;
        masks.lf |= (uint64_t)(byte == '\n') << i;
        masks.cr |= (uint64_t)(byte == '\r') << i;
    }
    return masks;
}

static inline text_bits nothing_seen(void)
{
    return (text_bits){0};
}

static inline void see_text(text_bits *seen, const char *bytes)
{
    for (unsigned i = 0; i < 64; i++) {
        seen->has_nul |= bytes[i] == '\0';
        seen->has_high |= (unsigned char)bytes[i] >= 0x80;
    }
}

static inline bool has_nul(const text_bits *seen)
{
    return seen->has_nul;
}

static inline bool has_high(const text_bits *seen)
{
    return seen->has_high;
}

static bool is_utf8(const char *bytes, size_t size)
{
    return mimic__utf8_check(bytes, size) == size;
}

const csv_kernel mimic_csv__kernel_scalar = {"scalar", split, build_index, count_rows, is_utf8};
