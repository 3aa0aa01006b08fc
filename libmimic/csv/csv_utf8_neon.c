/* UTF-8 validation with NEON. */
#include <arm_neon.h>

#include "csv/csv_scan.h"

typedef uint8x16_t vector;
#define VECTOR_BYTES ((size_t)16)

static inline vector load(const char *bytes)
{
    return vld1q_u8((const uint8_t *)bytes);
}

static inline vector zero(void)
{
    return vdupq_n_u8(0);
}

static inline bool is_ascii(vector bytes)
{
    return vmaxvq_u8(bytes) < 0x80;
}

static inline bool is_zero(vector bytes)
{
    return vmaxvq_u8(bytes) == 0;
}

static inline vector or_bits(vector a, vector b)
{
    return vorrq_u8(a, b);
}

static inline vector xor_bits(vector a, vector b)
{
    return veorq_u8(a, b);
}

static inline vector and_bits(vector a, vector b)
{
    return vandq_u8(a, b);
}

static inline vector low_halves(vector bytes)
{
    return vandq_u8(bytes, vdupq_n_u8(0x0f));
}

static inline vector high_halves(vector bytes)
{
    return vshrq_n_u8(bytes, 4);
}

static inline vector look_up(const unsigned char *table, vector halves)
{
    return vqtbl1q_u8(vld1q_u8(table), halves);
}

static inline vector before_1(vector bytes, vector before)
{
    return vextq_u8(before, bytes, 15);
}

static inline vector before_2(vector bytes, vector before)
{
    return vextq_u8(before, bytes, 14);
}

static inline vector before_3(vector bytes, vector before)
{
    return vextq_u8(before, bytes, 13);
}

static inline vector must_follow(vector two_before, vector three_before)
{
    const vector third = vqsubq_u8(two_before, vdupq_n_u8(0xe0 - 0x80));
    const vector fourth = vqsubq_u8(three_before, vdupq_n_u8(0xf0 - 0x80));
    return vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80));
}

#include "csv/csv_utf8_impl.h"

bool mimic_csv__is_utf8_neon(const char *bytes, size_t size)
{
    return is_utf8_text(bytes, size);
}
