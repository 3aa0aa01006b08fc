/* x86-64 with AVX2, PCLMULQDQ, BMI and POPCNT; compiled with those flags, called only where they are. */
#include <immintrin.h>

#include "csv/csv_scan_bmi.h"

typedef struct text_bits {
    __m256i least; /* of each byte, unsigned */
    __m256i any;   /* bits */
} text_bits;

#include "csv/csv_scan_impl.h"

static inline __m256i load(const char *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

static inline uint64_t equal(__m256i low, __m256i high, __m256i wanted)
{
    const uint32_t low_bits_set = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    const uint32_t high_bits_set = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)high_bits_set << 32 | low_bits_set;
}

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    const __m256i low = load(bytes);
    const __m256i high = load(bytes + 32);
    csv_masks masks;
    masks.quotes = equal(low, high, _mm256_set1_epi8(quote));
    masks.delimiters = equal(low, high, _mm256_set1_epi8(delimiter));
    masks.lf = equal(low, high, _mm256_set1_epi8('\n'));
    masks.cr = equal(low, high, _mm256_set1_epi8('\r'));
    return masks;
}

static inline text_bits nothing_seen(void)
{
    return (text_bits){_mm256_set1_epi8((char)0xff), _mm256_setzero_si256()};
}

static inline void see_text(text_bits *seen, const char *bytes)
{
    const __m256i low = load(bytes);
    const __m256i high = load(bytes + 32);
    seen->least = _mm256_min_epu8(seen->least, _mm256_min_epu8(low, high));
    seen->any = _mm256_or_si256(seen->any, _mm256_or_si256(low, high));
}

static inline bool has_nul(const text_bits *seen)
{
    return _mm256_movemask_epi8(_mm256_cmpeq_epi8(seen->least, _mm256_setzero_si256())) != 0;
}

static inline bool has_high(const text_bits *seen)
{
    return _mm256_movemask_epi8(seen->any) != 0;
}

/* May write up to 7 marks beyond the last. */
static inline uint32_t *put_half(uint32_t *out, uint32_t base, uint64_t bits)
{
    uint32_t *const end = out + __builtin_popcountll(bits);
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)(_tzcnt_u64(bits) >> 1);
            bits &= bits - 1;
        }
        out += 8;
    } while (bits != 0);
    return end;
}

static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields)
{
    out = put_half(out, base, interleave(fields->ends, fields->starts));
    return put_half(out, base + 32, interleave(fields->ends >> 32, fields->starts >> 32));
}

const csv_kernel mimic_csv__kernel_avx2 = {"avx2", split, build_index, count_rows,
                                           mimic_csv__is_utf8_avx2};
