/*
 * x86-64 with AVX-512 VBMI2 (Ice Lake and later, Zen 4 and later); compiled with those flags, called
 * only where they are. What pays is VPCOMPRESSB: it turns a bit mask into a list of positions at once,
 * where AVX2 has to take bit after bit. On a Xeon of 2023 `index` is 1.6 (chartevents) to 2.8 times
 * (1,000 columns) as fast as with AVX2; `split` and `count` gain a tenth at most (tests/bench,
 * bench_kernels).
 */
#include <immintrin.h>

#include "csv/csv_scan_bmi.h"

typedef struct text_bits {
    __m512i least; /* of each byte, unsigned */
    __m512i any;   /* bits */
} text_bits;

#include "csv/csv_scan_impl.h"

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    const __m512i all = _mm512_loadu_si512(bytes);
    csv_masks masks;
    masks.quotes = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(quote));
    masks.delimiters = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(delimiter));
    masks.lf = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\n'));
    masks.cr = _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8('\r'));
    return masks;
}

static inline text_bits nothing_seen(void)
{
    return (text_bits){_mm512_set1_epi8((char)0xff), _mm512_setzero_si512()};
}

static inline void see_text(text_bits *seen, const char *bytes)
{
    const __m512i all = _mm512_loadu_si512(bytes);
    seen->least = _mm512_min_epu8(seen->least, all);
    seen->any = _mm512_or_si512(seen->any, all);
}

static inline bool has_nul(const text_bits *seen)
{
    return _mm512_testn_epi8_mask(seen->least, seen->least) != 0;
}

static inline bool has_high(const text_bits *seen)
{
    return _mm512_movepi8_mask(seen->any) != 0;
}

/* Writes 16 marks at a time; up to 15 beyond the last. */
static inline uint32_t *put_half(uint32_t *out, uint32_t base, uint64_t bits)
{
    /* 0 0 1 1 2 2 … 31 31 */
    const __m512i twice = _mm512_cvtepu8_epi16(_mm256_set_epi8(
        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8,
        7, 6, 5, 4, 3, 2, 1, 0));
    const __m512i positions = _mm512_maskz_compress_epi8(
        bits, _mm512_or_si512(twice, _mm512_slli_epi16(twice, 8)));
    const __m512i start = _mm512_set1_epi32((int)base);
    const size_t count = (size_t)__builtin_popcountll(bits);
    const __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(positions));
    _mm512_storeu_si512(out, _mm512_add_epi32(first, start));
    if (count > 16) {
        const __m512i second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(positions, 1));
        const __m512i third = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(positions, 2));
        const __m512i fourth = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(positions, 3));
        _mm512_storeu_si512(out + 16, _mm512_add_epi32(second, start));
        if (count > 32) {
            _mm512_storeu_si512(out + 32, _mm512_add_epi32(third, start));
            _mm512_storeu_si512(out + 48, _mm512_add_epi32(fourth, start));
        }
    }
    return out + count;
}

static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields)
{
    if ((fields->ends | fields->starts) == 0) /* in the middle of a long text */
        return out;
    out = put_half(out, base, interleave(fields->ends, fields->starts));
    return put_half(out, base + 32, interleave(fields->ends >> 32, fields->starts >> 32));
}

const csv_kernel mimic_csv__kernel_avx512 = {"avx512", split, build_index, count_rows,
                                             mimic_csv__is_utf8_avx2};
