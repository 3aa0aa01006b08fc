/* x86-64 with AVX2, PCLMULQDQ, BMI and POPCNT; compiled with those flags, called only where they are. */
#include <immintrin.h>

#include "csv/csv_scan_impl.h"

static inline uint64_t equal(__m256i low, __m256i high, __m256i wanted)
{
    const uint32_t low_bits_set = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    const uint32_t high_bits_set = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)high_bits_set << 32 | low_bits_set;
}

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));
    csv_masks masks;
    masks.quotes = equal(low, high, _mm256_set1_epi8(quote));
    masks.delimiters = equal(low, high, _mm256_set1_epi8(delimiter));
    masks.lf = equal(low, high, _mm256_set1_epi8('\n'));
    masks.cr = equal(low, high, _mm256_set1_epi8('\r'));
    masks.nul = equal(low, high, _mm256_setzero_si256());
    masks.high = (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
                 (uint32_t)_mm256_movemask_epi8(low);
    return masks;
}

/* Carry-less multiplication by all ones. */
static inline uint64_t prefix_xor(uint64_t bits)
{
    const __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits),
                                                 _mm_set1_epi8((char)0xff), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

const csv_kernel mimic_csv__kernel_avx2 = {"avx2", split, build_index};
