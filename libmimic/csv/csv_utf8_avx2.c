/* UTF-8 validation with AVX2; also what the AVX-512 kernel uses: text beyond ASCII is rare. */
#include <immintrin.h>

#include "csv/csv_scan.h"

typedef __m256i vector;
#define VECTOR_BYTES ((size_t)32)

static inline vector load(const char *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

static inline vector zero(void)
{
    return _mm256_setzero_si256();
}

static inline bool is_ascii(vector bytes)
{
    return _mm256_movemask_epi8(bytes) == 0;
}

static inline bool is_zero(vector bytes)
{
    return _mm256_testz_si256(bytes, bytes) != 0;
}

static inline vector or_bits(vector a, vector b)
{
    return _mm256_or_si256(a, b);
}

static inline vector xor_bits(vector a, vector b)
{
    return _mm256_xor_si256(a, b);
}

static inline vector and_bits(vector a, vector b)
{
    return _mm256_and_si256(a, b);
}

static inline vector low_halves(vector bytes)
{
    return _mm256_and_si256(bytes, _mm256_set1_epi8(0x0f));
}

static inline vector high_halves(vector bytes)
{
    return low_halves(_mm256_srli_epi16(bytes, 4));
}

static inline vector look_up(const unsigned char *table, vector halves)
{
    const __m128i entries = _mm_loadu_si128((const __m128i *)(const void *)table);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), halves);
}

/* The last 16 bytes of `before`, then the first 16 of `bytes`. */
static inline vector middle(vector bytes, vector before)
{
    return _mm256_permute2x128_si256(before, bytes, 0x21);
}

static inline vector before_1(vector bytes, vector before)
{
    return _mm256_alignr_epi8(bytes, middle(bytes, before), 15);
}

static inline vector before_2(vector bytes, vector before)
{
    return _mm256_alignr_epi8(bytes, middle(bytes, before), 14);
}

static inline vector before_3(vector bytes, vector before)
{
    return _mm256_alignr_epi8(bytes, middle(bytes, before), 13);
}

static inline vector must_follow(vector two_before, vector three_before)
{
    const vector third = _mm256_subs_epu8(two_before, _mm256_set1_epi8(0xe0 - 0x80));
    const vector fourth = _mm256_subs_epu8(three_before, _mm256_set1_epi8(0xf0 - 0x80));
    return _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
}

#include "csv/csv_utf8_impl.h"

bool mimic_csv__is_utf8_avx2(const char *bytes, size_t size)
{
    return is_utf8_text(bytes, size);
}
