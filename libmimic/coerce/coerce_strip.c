/* The portable kernel of strips, and the choice of one. */
#include "coerce/coerce_strip.h"

#include <mimic/context.h>

#include "coerce/coerce_time_strip.h"

static const char *field_at(const mimic_number_strip *strip, size_t row, size_t *out_size)
{
    const uint32_t *const mark = strip->marks + row * strip->stride;
    const uint32_t start = mark[0] + 1;
    *out_size = mark[1] - start;
    return strip->bytes + start;
}

static void read_integers(mimic_number_strip *strip)
{
    uint64_t empty = 0;
    uint64_t hard = 0;
    for (size_t row = 0; row < strip->row_count; row++) {
        size_t size;
        const char *const text = field_at(strip, row, &size);
        int32_t value = 0;
        const bool is_short =
            mimic__short_integer(text, size, &value) && value >= strip->low && value <= strip->high;
        strip->digits[row] = is_short ? value : 0;
        empty |= (uint64_t)(size == 0) << row;
        hard |= (uint64_t)!is_short << row;
    }
    strip->empty = empty;
    strip->hard = hard;
}

static uint64_t read_wide_integers(mimic_number_strip *strip, uint64_t rows)
{
    uint64_t found = 0;
    for (uint64_t left = rows; left != 0; left &= left - 1) {
        const unsigned row = mimic__lowest_bit(left);
        size_t size;
        const char *const text = field_at(strip, row, &size);
        found |= (uint64_t)mimic__wide_integer(text, size, &strip->wide[row]) << row;
    }
    return found;
}

static void read_decimals(mimic_number_strip *strip)
{
    uint64_t empty = 0;
    uint64_t hard = 0;
    for (size_t row = 0; row < strip->row_count; row++) {
        size_t size;
        const char *const text = field_at(strip, row, &size);
        int32_t digits = 0;
        int32_t divisor = 1;
        const bool is_short = mimic__short_number(text, size, &digits, &divisor);
        strip->digits[row] = is_short ? digits : 0;
        strip->divisors[row] = is_short ? divisor : 1;
        empty |= (uint64_t)(size == 0) << row;
        hard |= (uint64_t)!is_short << row;
    }
    strip->empty = empty;
    strip->hard = hard;
}

MIMIC_ALWAYS_INLINE void read_strip(mimic_time_strip *strip, mimic_time_reader read)
{
    strip->empty = 0;
    strip->hard = 0;
    for (size_t row = 0; row < strip->row_count; row++)
        mimic__strip_time(strip, row, read);
}

static void read_timestamps(mimic_time_strip *strip)
{
    read_strip(strip, mimic__read_timestamp);
}

static void read_dates(mimic_time_strip *strip)
{
    read_strip(strip, mimic__read_day);
}

static void read_times(mimic_time_strip *strip)
{
    read_strip(strip, mimic__read_time);
}

const mimic_strip_kernel mimic__strip_kernel_portable = {
    "portable",      read_integers, read_decimals, read_wide_integers,
    read_timestamps, read_dates,    read_times};

const mimic_strip_kernel *mimic__strip_kernel_select(uint32_t cpu)
{
#if defined(__x86_64__)
    if ((cpu & MIMIC_CPU_AVX2) != 0)
        return &mimic__strip_kernel_avx2;
#endif
    (void)cpu;
    return &mimic__strip_kernel_portable;
}
