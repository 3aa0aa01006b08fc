/*
 * The loops that every kernel shares, written over a `csv_masks` of 64 bytes. A kernel includes this
 * file once, after defining
 *     static inline csv_masks load_masks(const char *bytes, char delimiter, char quote);
 *     typedef … text_bits;            // what was seen of many steps: NUL bytes, bytes beyond ASCII
 *     static inline text_bits nothing_seen(void);
 *     static inline void see_text(text_bits *seen, const char *bytes);   // 64 of them
 *     static inline bool has_nul(const text_bits *seen);
 *     static inline bool has_high(const text_bits *seen);
 *     static inline uint64_t prefix_xor(uint64_t bits);   // bit i = parity of bits 0 to i
 *     static inline bool rows_fit(const csv_fields *fields, size_t left, const csv_width *width);
 *     static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields);
 * (csv_scan_portable.h has the last three in plain C) and then names its table of functions. See
 * csv_scan.h for what the loops promise.
 *
 * No branch depends on where in 64 bytes a record ends: that cannot be foreseen, and a branch that is
 * guessed wrong costs more than all else that is done to the 64 bytes. Only `split` looks whether there
 * are quotes: where there are none it is twice as fast.
 */
#ifndef MIMIC_CSV_SCAN_IMPL_H
#define MIMIC_CSV_SCAN_IMPL_H

#include <string.h>

#include "csv/csv_scan.h"
#include "csv/csv_scan_masks.h"

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote);
static inline text_bits nothing_seen(void);
static inline void see_text(text_bits *seen, const char *bytes);
static inline bool has_nul(const text_bits *seen);
static inline bool has_high(const text_bits *seen);
static inline uint64_t prefix_xor(uint64_t bits);
static inline bool rows_fit(const csv_fields *fields, size_t left, const csv_width *width);
static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields);

static inline uint64_t low_bits(size_t count)
{
    return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* All ones when the last byte of a step is inside quotes. */
static inline uint64_t carry_of(uint64_t in_quote)
{
    return (uint64_t)((int64_t)in_quote >> 63);
}

static inline csv_masks keep_masks(csv_masks masks, uint64_t keep)
{
    masks.quotes &= keep;
    masks.delimiters &= keep;
    masks.lf &= keep;
    masks.cr &= keep;
    return masks;
}

/* ---- split ---- */

/* What the steps so far found; kept apart from the result so that it stays in registers. */
typedef struct csv_split_state {
    uint64_t carry;         /* all ones inside a quoted field */
    uint64_t after_closing; /* the byte before was a closing quote */
    uint64_t after_cr;      /* the byte before was a CR */
    size_t records;
    size_t lines;
    /* Of the last step with a record end: its offset, record ends and lines in it, lines before. */
    size_t last_offset;
    uint64_t last_ends;
    uint64_t last_rows;
    size_t last_lines;
} csv_split_state;

/* Places of broken quoting: an opening quote in the middle of a field, or something else than a
 * delimiter, a line end or a quote after a closing one. */
static inline uint64_t find_faults(const csv_masks *masks, uint64_t in_quote, uint64_t after_closing,
                                   bool is_after_structural)
{
    const uint64_t structural = (masks->delimiters | masks->lf | masks->cr) & ~in_quote;
    const uint64_t opening = masks->quotes & in_quote;
    const uint64_t follows_closing = (masks->quotes & ~in_quote) << 1 | after_closing;
    return (opening & ~(structural << 1 | (uint64_t)is_after_structural | follows_closing)) |
           (follows_closing & ~(masks->quotes | structural));
}

/* One step; true when it met a fault. `valid` are the bytes that belong to it. */
static inline bool split_step(csv_split_state *state, const csv_masks *masks, const char *bytes,
                              size_t offset, char delimiter, uint64_t valid)
{
    /* A line counts at the first byte of its end: the LF of a CRLF does not. */
    uint64_t rows = masks->cr | (masks->lf & ~(masks->cr << 1 | state->after_cr));
    uint64_t in_quote = state->carry;
    uint64_t faults = 0;
    if ((masks->quotes | state->after_closing) != 0) {
        const char before = offset == 0 ? '\n' : bytes[offset - 1];
        in_quote ^= prefix_xor(masks->quotes);
        faults = valid & find_faults(masks, in_quote, state->after_closing,
                                     before == delimiter || before == '\n' || before == '\r');
        rows &= (faults & (0 - faults)) - 1;
        state->after_closing = (masks->quotes & ~in_quote) >> 63;
    }
    const uint64_t ends = rows & ~in_quote;
    state->last_offset = ends != 0 ? offset : state->last_offset;
    state->last_rows = ends != 0 ? rows : state->last_rows;
    state->last_lines = ends != 0 ? state->lines : state->last_lines;
    state->last_ends = ends != 0 ? ends : state->last_ends;
    state->records += (size_t)__builtin_popcountll(ends);
    state->lines += (size_t)__builtin_popcountll(rows);
    state->after_cr = masks->cr >> 63;
    state->carry = carry_of(in_quote);
    return faults != 0;
}

static void split(const char *bytes, size_t size, char delimiter, char quote,
                  csv_split_scan *out_scan)
{
    csv_split_state state = {0};
    text_bits seen = nothing_seen();
    bool is_fault = false;
    /* Half a CRLF ends no record. */
    const size_t whole = size - (size > 0 && bytes[size - 1] == '\r' && bytes[size] == '\n');
    size_t offset = 0;
    for (; offset + 64 <= whole && !is_fault; offset += 64) {
        const csv_masks masks = load_masks(bytes + offset, delimiter, quote);
        see_text(&seen, bytes + offset);
        is_fault = split_step(&state, &masks, bytes, offset, delimiter, ~UINT64_C(0));
    }
    if (offset < whole && !is_fault) {
        char last[64];
        const uint64_t valid = low_bits(whole - offset);
        memset(last, ' ', sizeof last);
        memcpy(last, bytes + offset, whole - offset);
        const csv_masks masks = keep_masks(load_masks(last, delimiter, quote), valid);
        see_text(&seen, last);
        is_fault = split_step(&state, &masks, bytes, offset, delimiter, valid);
    }
    *out_scan = (csv_split_scan){.records = state.records,
                                 .has_fault = is_fault,
                                 .has_nul = has_nul(&seen),
                                 .has_high = has_high(&seen)};
    if (state.records == 0)
        return;
    const unsigned last_bit = 63u - (unsigned)__builtin_clzll(state.last_ends);
    const char *const end = bytes + state.last_offset + last_bit;
    out_scan->end = state.last_offset + last_bit + 1 + (*end == '\r' && end[1] == '\n');
    out_scan->lines = state.last_lines + (size_t)__builtin_popcountll(state.last_rows &
                                                                      low_bits(last_bit + 1));
}

/* ---- index and count ---- */

static inline csv_width width_of(size_t fields)
{
    csv_width width = {fields, 1};
    for (size_t bit = fields; bit > 0 && bit < 64; bit += fields)
        width.pattern |= UINT64_C(1) << bit;
    return width;
}

/* The ends of fields and rows in 64 bytes, of which `left` belong to the scan. */
static inline csv_fields take_fields(const char *bytes, size_t left, char delimiter, char quote,
                                     uint64_t *carry, uint64_t *after_cr)
{
    csv_masks masks = load_masks(bytes, delimiter, quote);
    const uint64_t before_lf = masks.lf >> 1 | (uint64_t)(bytes[64] == '\n') << 63;
    uint64_t starts = masks.lf | (masks.cr & ~before_lf);
    if (left < 64) {
        masks = keep_masks(masks, low_bits(left));
        starts &= low_bits(left);
    }
    const uint64_t in_quote = prefix_xor(masks.quotes) ^ *carry;
    const uint64_t rows = masks.cr | (masks.lf & ~(masks.cr << 1 | *after_cr));
    *carry = carry_of(in_quote);
    *after_cr = masks.cr >> 63;
    return (csv_fields){.ends = (masks.delimiters | rows) & ~in_quote,
                        .rows = rows & ~in_quote,
                        .starts = starts & ~in_quote};
}

/*
 * The bytes are whole records. Marks of a row are the byte before it and the ends of its fields, so
 * the marks of a block are one sequence: at each field end a mark, and one more at the last byte of
 * each line end.
 */
static void build_index(const char *bytes, size_t size, char delimiter, char quote,
                        csv_index_scan *scan)
{
    const csv_width width = width_of(scan->stride - 1);
    uint64_t carry = 0;
    uint64_t after_cr = 0;
    size_t left = width.fields - 1; /* field ends before the one that ends the row */
    uint32_t *mark = scan->marks;
    *mark++ = scan->base - 1;
    scan->has_fault = false;
    for (size_t offset = 0; offset < size; offset += 64) {
        const csv_fields fields =
            take_fields(bytes + offset, size - offset, delimiter, quote, &carry, &after_cr);
        if (!rows_fit(&fields, left, &width)) {
            scan->has_fault = true;
            break;
        }
        left += width.fields * (size_t)__builtin_popcountll(fields.rows);
        left -= (size_t)__builtin_popcountll(fields.ends);
        mark = put_marks(mark, scan->base + (uint32_t)offset, &fields);
    }
    scan->row_count = (size_t)(mark - scan->marks - 1) / scan->stride;
    scan->end = (uint32_t)(scan->marks[scan->row_count * scan->stride] + 1 - scan->base);
}

static void count_rows(const char *bytes, size_t size, char delimiter, char quote,
                       csv_index_scan *scan)
{
    const csv_width width = width_of(scan->stride - 1);
    uint64_t carry = 0;
    uint64_t after_cr = 0;
    size_t left = width.fields - 1;
    size_t row_count = 0;
    size_t last_offset = 0; /* of the last step with a row's end, and the line ends in it */
    uint64_t last_starts = 0;
    scan->has_fault = false;
    for (size_t offset = 0; offset < size; offset += 64) {
        const csv_fields fields =
            take_fields(bytes + offset, size - offset, delimiter, quote, &carry, &after_cr);
        if (!rows_fit(&fields, left, &width)) {
            scan->has_fault = true;
            break;
        }
        left += width.fields * (size_t)__builtin_popcountll(fields.rows);
        left -= (size_t)__builtin_popcountll(fields.ends);
        row_count += (size_t)__builtin_popcountll(fields.starts);
        last_offset = fields.starts != 0 ? offset : last_offset;
        last_starts = fields.starts != 0 ? fields.starts : last_starts;
    }
    scan->row_count = row_count;
    scan->end = last_starts == 0 ? 0 : last_offset + 64 - (size_t)__builtin_clzll(last_starts);
}

#endif
