/*
 * The two loops that every kernel shares, written over a `csv_masks` of 64 bytes. A kernel includes
 * this file once, after defining
 *     static inline csv_masks load_masks(const char *bytes, char delimiter, char quote);
 *     static inline uint64_t prefix_xor(uint64_t bits);   // bit i = parity of bits 0 to i
 * and then names its table of functions. See csv_scan.h for what the loops promise.
 */
#ifndef MIMIC_CSV_SCAN_IMPL_H
#define MIMIC_CSV_SCAN_IMPL_H

#include <string.h>

#include "csv/csv_scan.h"

typedef struct csv_masks {
    uint64_t quotes;
    uint64_t delimiters;
    uint64_t lf;
    uint64_t cr;
    uint64_t nul;
    uint64_t high;
    uint64_t lines; /* line ends: LF, or a CR that no LF follows; set by take_masks */
} csv_masks;

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote);
static inline uint64_t prefix_xor(uint64_t bits);

/* Structure of 64 bytes, quotes taken into account. */
typedef struct csv_structure {
    uint64_t in_quote;   /* from an opening quote up to, not including, the closing one */
    uint64_t delimiters; /* outside quotes */
    uint64_t ends;       /* record ends */
} csv_structure;

/* `carry` is all ones while the step before ended inside a quoted field. */
static inline csv_structure resolve(const csv_masks *masks, uint64_t carry)
{
    csv_structure structure;
    structure.in_quote = masks->quotes == 0 ? carry : prefix_xor(masks->quotes) ^ carry;
    structure.delimiters = masks->delimiters & ~structure.in_quote;
    structure.ends = masks->lines & ~structure.in_quote;
    return structure;
}

static inline uint64_t low_bits(size_t count)
{
    return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* The masks of up to 64 of `left` bytes. */
static inline csv_masks take_masks(const char *bytes, size_t left, char delimiter, char quote)
{
    csv_masks masks = load_masks(bytes, delimiter, quote);
    const uint64_t followed_by_lf = masks.lf >> 1 | (uint64_t)(bytes[64] == '\n') << 63;
    masks.lines = masks.lf | (masks.cr & ~followed_by_lf);
    if (left < 64) {
        const uint64_t keep = low_bits(left);
        masks.quotes &= keep;
        masks.delimiters &= keep;
        masks.lf &= keep;
        masks.cr &= keep;
        masks.nul &= keep;
        masks.high &= keep;
        masks.lines &= keep;
    }
    return masks;
}

static void split(const char *bytes, size_t size, char delimiter, char quote,
                  csv_split_scan *out_scan)
{
    csv_split_scan scan = {0};
    uint64_t carry = 0;            /* all ones inside a quoted field */
    uint64_t after_structural = 1; /* the byte before may precede an opening quote */
    uint64_t after_closing = 0;    /* the byte before was a closing quote */
    uint64_t nul = 0;
    uint64_t high = 0;
    size_t lines = 0;
    for (size_t offset = 0; offset < size; offset += 64) {
        csv_masks masks = take_masks(bytes + offset, size - offset, delimiter, quote);
        nul |= masks.nul;
        high |= masks.high;
        csv_structure structure = resolve(&masks, carry);
        if ((masks.quotes | after_closing) != 0) {
            const uint64_t structural =
                (masks.delimiters | masks.lf | masks.cr) & ~structure.in_quote;
            const uint64_t opening = masks.quotes & structure.in_quote;
            const uint64_t closing = masks.quotes & ~structure.in_quote;
            const uint64_t follows_closing = closing << 1 | after_closing;
            const uint64_t valid = size - offset < 64 ? low_bits(size - offset) : ~UINT64_C(0);
            const uint64_t faults =
                ((opening & ~(structural << 1 | after_structural | follows_closing)) |
                 (follows_closing & ~(masks.quotes | structural))) &
                valid;
            if (faults != 0) {
                scan.has_fault = true;
                const uint64_t before = (faults & (0 - faults)) - 1;
                structure.ends &= before;
                masks.lines &= before;
            }
            after_closing = closing >> 63;
            after_structural = structural >> 63;
        } else {
            after_structural = (structure.delimiters | ((masks.lf | masks.cr) & ~carry)) >> 63;
        }
        carry = 0 - (structure.in_quote >> 63);
        if (structure.ends != 0) {
            const unsigned last = 63u - (unsigned)__builtin_clzll(structure.ends);
            scan.records += (size_t)__builtin_popcountll(structure.ends);
            scan.end = offset + last + 1;
            scan.lines = lines + (size_t)__builtin_popcountll(masks.lines & low_bits(last + 1));
        }
        lines += (size_t)__builtin_popcountll(masks.lines);
        if (scan.has_fault)
            break;
    }
    scan.has_nul = nul != 0;
    scan.has_high = high != 0;
    *out_scan = scan;
}

/* Writes the positions of the set bits, `base` added; may write up to 7 entries beyond them. */
static inline uint32_t *put_positions(uint32_t *out, uint32_t base, uint64_t bits)
{
    uint32_t *const end = out + __builtin_popcountll(bits);
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
            bits &= bits - 1;
        }
        out += 8;
    } while (bits != 0);
    return end;
}

/*
 * The bytes are whole records. A row's marks begin with the offset before its first byte, so `mark`
 * points one beyond that. Rows with too many fields are clamped: what lies beyond the row's marks is
 * scratch that the next row writes over.
 */
static void build_index(const char *bytes, size_t size, char delimiter, char quote,
                        csv_index_scan *scan)
{
    const size_t stride = scan->stride;
    uint64_t carry = 0;
    uint32_t *row = scan->marks;
    uint32_t *mark = row + 1;
    row[0] = scan->base - 1;
    for (size_t offset = 0; offset < size; offset += 64) {
        const csv_masks masks = take_masks(bytes + offset, size - offset, delimiter, quote);
        const csv_structure structure = resolve(&masks, carry);
        carry = 0 - (structure.in_quote >> 63);
        const uint32_t base = scan->base + (uint32_t)offset;
        uint64_t delimiters = structure.delimiters;
        uint64_t ends = structure.ends;
        while (ends != 0) {
            const uint64_t before = (ends & (0 - ends)) - 1;
            const uint32_t position = (uint32_t)__builtin_ctzll(ends);
            if ((delimiters & before) != 0)
                mark = put_positions(mark, base, delimiters & before);
            delimiters &= ~before;
            const char *const end = bytes + offset + position;
            const bool is_crlf = *end == '\n' && base + position != row[0] + 1 && end[-1] == '\r';
            *mark++ = base + position - is_crlf;
            if (mark != row + stride) {
                scan->has_fault = true;
                scan->fault_start = (size_t)(uint32_t)(row[0] + 1);
                scan->fault_end = (size_t)base + position + 1;
                return;
            }
            row = mark;
            scan->row_count++;
            *mark++ = base + position;
            ends &= ends - 1;
        }
        if (delimiters != 0)
            mark = put_positions(mark, base, delimiters);
        if (mark > row + stride)
            mark = row + stride;
    }
}

#endif
