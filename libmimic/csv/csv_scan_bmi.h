/* The parts of a kernel that AVX2 and AVX-512 share: carry-less multiplication and bit deposit. */
#ifndef MIMIC_CSV_SCAN_BMI_H
#define MIMIC_CSV_SCAN_BMI_H

#include <immintrin.h>
#include <stdbool.h>

#include "csv/csv_scan_masks.h"

/* Carry-less multiplication by all ones. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits),
                                                 _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* True when each row ends with the field that its width says, the first after `left` others: those
 * field ends, told by their number alone, must be where the rows end. */
static inline bool rows_fit(const csv_fields *fields, size_t left, const csv_width *width)
{
    const uint64_t wanted = left < 64 ? width->pattern << left : 0;
    return _pdep_u64(wanted, fields->ends) == fields->rows;
}

/* Field ends and row starts of 32 bytes, two bits a byte: the order of their marks. */
static inline uint64_t interleave(uint64_t ends, uint64_t starts)
{
    return _pdep_u64(ends, UINT64_C(0x5555555555555555)) |
           _pdep_u64(starts, UINT64_C(0xaaaaaaaaaaaaaaaa));
}

#endif
