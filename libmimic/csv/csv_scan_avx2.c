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

/* Positions of the set bits of each byte, two bits a position; one byte of the result each. */
/*
 * Positions of the bits that are set in each byte, one byte a position; where two bits are one position.
 * AT puts one of them behind those of the bits below it.
 */
#define BIT(byte, i) ((uint64_t)(byte) >> (i) & 1)
#define BELOW_2(byte) (BIT(byte, 0) + BIT(byte, 1))
#define BELOW_4(byte) (BELOW_2(byte) + BIT(byte, 2) + BIT(byte, 3))
#define BELOW_6(byte) (BELOW_4(byte) + BIT(byte, 4) + BIT(byte, 5))
#define AT(byte, i, below) (BIT(byte, i) * ((i) / 2) << (8 * (below)))
#define PAIR(byte, i, below) (AT(byte, i, below) | AT(byte, (i) + 1, (below) + BIT(byte, i)))
#define ENTRY(byte)                                                                                \
    (PAIR(byte, 2, BELOW_2(byte)) | PAIR(byte, 4, BELOW_4(byte)) | PAIR(byte, 6, BELOW_6(byte)))
#define ENTRIES_4(byte) ENTRY(byte), ENTRY((byte) + 1), ENTRY((byte) + 2), ENTRY((byte) + 3)
#define ENTRIES_16(byte)                                                                           \
    ENTRIES_4(byte), ENTRIES_4((byte) + 4), ENTRIES_4((byte) + 8), ENTRIES_4((byte) + 12)
#define ENTRIES_64(byte)                                                                           \
    ENTRIES_16(byte), ENTRIES_16((byte) + 16), ENTRIES_16((byte) + 32), ENTRIES_16((byte) + 48)

static const uint64_t positions_of[256] = {ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128),
                                           ENTRIES_64(192)};

/* A byte of the mask at a time, however many bits are set; may write up to 8 marks beyond the last. */
static inline uint32_t *put_dense(uint32_t *out, uint32_t base, uint64_t bits)
{
    __m256i start = _mm256_set1_epi32((int)base);
    for (int i = 0; i < 8; i++) {
        const uint64_t *const entry = &positions_of[bits & 0xff];
        const __m256i positions =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)entry));
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_add_epi32(positions, start));
        out += __builtin_popcountll(bits & 0xff);
        start = _mm256_add_epi32(start, _mm256_set1_epi32(4));
        bits >>= 8;
    }
    return out;
}

/* Eight bits at a time; may write up to 7 marks beyond the last. */
static inline uint32_t *put_positions(uint32_t *out, uint32_t base, uint64_t bits)
{
    uint32_t *const end = out + __builtin_popcountll(bits);
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)_tzcnt_u64(bits);
            bits &= bits - 1;
        }
        out += 8;
    } while (bits != 0);
    return end;
}

static inline uint32_t *put_marks(uint32_t *out, uint32_t base, const csv_fields *fields)
{
    uint64_t ends = fields->ends;
    /* Long fields, long rows: few turns of few loops, and mostly as many as the time before. */
    if (__builtin_popcountll(ends) > 16 || __builtin_popcountll(fields->starts) > 2) {
        out = put_dense(out, base, interleave(fields->ends, fields->starts));
        return put_dense(out, base + 32, interleave(fields->ends >> 32, fields->starts >> 32));
    }
    for (uint64_t starts = fields->starts; starts != 0; starts &= starts - 1) {
        const uint64_t upto = starts ^ (starts - 1);
        out = put_positions(out, base, ends & upto);
        *out++ = base + (uint32_t)_tzcnt_u64(starts);
        ends &= ~upto;
    }
    return ends != 0 ? put_positions(out, base, ends) : out;
}

const csv_kernel mimic_csv__kernel_avx2 = {"avx2", split, build_index, count_rows,
                                           mimic_csv__is_utf8_avx2};
