/* aarch64: NEON, which every such machine has. */
#include <arm_neon.h>

#include "csv/csv_scan_portable.h"

typedef struct text_bits {
    uint8x16_t least; /* of each byte */
    uint8x16_t any;   /* bits */
} text_bits;

#include "csv/csv_scan_impl.h"

typedef struct step {
    uint8x16_t part[4];
} step;

static inline step load_step(const char *bytes)
{
    const uint8_t *const from = (const uint8_t *)bytes;
    return (step){{vld1q_u8(from), vld1q_u8(from + 16), vld1q_u8(from + 32), vld1q_u8(from + 48)}};
}

/* NEON has no move-mask: each byte keeps the bit of its place, and neighbours are added three times. */
static inline uint64_t equal(const step *bytes, uint8_t wanted)
{
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bit = vld1q_u8(places);
    const uint8x16_t all = vdupq_n_u8(wanted);
    const uint8x16_t a = vandq_u8(vceqq_u8(bytes->part[0], all), bit);
    const uint8x16_t b = vandq_u8(vceqq_u8(bytes->part[1], all), bit);
    const uint8x16_t c = vandq_u8(vceqq_u8(bytes->part[2], all), bit);
    const uint8x16_t d = vandq_u8(vceqq_u8(bytes->part[3], all), bit);
    const uint8x16_t sums = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

static inline csv_masks load_masks(const char *bytes, char delimiter, char quote)
{
    const step all = load_step(bytes);
    csv_masks masks;
    masks.quotes = equal(&all, (uint8_t)quote);
    masks.delimiters = equal(&all, (uint8_t)delimiter);
    masks.lf = equal(&all, '\n');
    masks.cr = equal(&all, '\r');
    return masks;
}

static inline text_bits nothing_seen(void)
{
    return (text_bits){vdupq_n_u8(0xff), vdupq_n_u8(0)};
}

static inline void see_text(text_bits *seen, const char *bytes)
{
    const step all = load_step(bytes);
    for (int i = 0; i < 4; i++) {
        seen->least = vminq_u8(seen->least, all.part[i]);
        seen->any = vorrq_u8(seen->any, all.part[i]);
    }
}

static inline bool has_nul(const text_bits *seen)
{
    return vminvq_u8(seen->least) == 0;
}

static inline bool has_high(const text_bits *seen)
{
    return vmaxvq_u8(seen->any) >= 0x80;
}

const csv_kernel mimic_csv__kernel_neon = {"neon", split, build_index, count_rows,
                                           mimic_csv__is_utf8_neon};
