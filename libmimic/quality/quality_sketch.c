/* See quality_sketch.h. */
#include "quality/quality_sketch.h"

#include <math.h>
#include <string.h>

/* ---- HyperLogLog ---- */

void mimic__registers_merge(uint8_t *registers, const uint8_t *more)
{
    for (size_t i = 0; i < QUALITY_REGISTERS; i++)
        registers[i] = registers[i] > more[i] ? registers[i] : more[i];
}

/* sigma and tau of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches". */
static double sigma(double x)
{
    if (x >= 1)
        return INFINITY;
    double step = 1;
    double sum = x;
    double before;
    do {
        x *= x;
        before = sum;
        sum += x * step;
        step += step;
    } while (sum > before);
    return sum;
}

static double tau(double x)
{
    if (x <= 0 || x >= 1)
        return 0;
    double step = 1;
    double sum = 1 - x;
    double before;
    do {
        x = sqrt(x);
        before = sum;
        step *= 0.5;
        sum -= (1 - x) * (1 - x) * step;
    } while (sum < before);
    return sum / 3;
}

int64_t mimic__registers_estimate(const uint8_t *registers)
{
    enum { RANKS = 51 };
    const double m = QUALITY_REGISTERS;
    int64_t counts[RANKS + 2] = {0};
    for (size_t i = 0; i < QUALITY_REGISTERS; i++)
        counts[registers[i] > RANKS + 1 ? RANKS + 1 : registers[i]]++;
    double z = m * tau(1 - (double)counts[RANKS + 1] / m);
    for (int rank = RANKS; rank >= 1; rank--)
        z = 0.5 * (z + (double)counts[rank]);
    z += m * sigma((double)counts[0] / m);
    /* m^2 / (2 ln 2 z) */
    return z > 0 ? (int64_t)(m * m / (1.3862943611198906 * z) + 0.5) : 0;
}

/* ---- buckets ---- */

static int32_t shift_for(uint64_t lowest, uint64_t highest)
{
    int32_t shift = 0;
    while ((highest >> shift) - (lowest >> shift) >= QUALITY_BUCKETS)
        shift++;
    return shift;
}

bool mimic__buckets_widen(quality_buckets *buckets, const mimic_context *ctx, uint64_t lowest,
                          uint64_t highest)
{
    const bool is_new = buckets->counts == NULL;
    if (is_new) {
        buckets->counts = mimic__alloc_zeroed(ctx, QUALITY_BUCKETS, sizeof *buckets->counts);
        if (buckets->counts == NULL)
            return false;
    }
    if (!is_new && lowest >= buckets->lowest && highest <= buckets->highest)
        return true;
    if (!is_new) {
        lowest = lowest < buckets->lowest ? lowest : buckets->lowest;
        highest = highest > buckets->highest ? highest : buckets->highest;
    }
    const uint64_t old_first = buckets->first;
    const int32_t old_shift = buckets->shift;
    const int32_t shift = shift_for(lowest, highest);
    *buckets = (quality_buckets){lowest, highest, lowest >> shift, shift, buckets->total,
                                 buckets->counts};
    if (is_new || (old_first == buckets->first && old_shift == shift))
        return true;
    int64_t *counts = mimic__alloc_zeroed(ctx, QUALITY_BUCKETS, sizeof *counts);
    if (counts == NULL)
        return false;
    for (size_t i = 0; i < QUALITY_BUCKETS; i++)
        if (buckets->counts[i] != 0)
            counts[((old_first + i) >> (shift - old_shift)) - buckets->first] += buckets->counts[i];
    mimic__free(ctx, buckets->counts);
    buckets->counts = counts;
    return true;
}

bool mimic__buckets_merge(quality_buckets *buckets, const mimic_context *ctx,
                          const quality_buckets *more)
{
    if (more->counts == NULL)
        return true;
    if (!mimic__buckets_widen(buckets, ctx, more->lowest, more->highest))
        return false;
    const int32_t by = buckets->shift - more->shift; /* a part is never coarser than the whole */
    const size_t used = (size_t)((more->highest >> more->shift) - more->first) + 1;
    for (size_t i = 0; i < used; i++)
        buckets->counts[((more->first + i) >> by) - buckets->first] += more->counts[i];
    buckets->total += more->total;
    return true;
}

void mimic__buckets_free(quality_buckets *buckets, const mimic_context *ctx)
{
    mimic__free(ctx, buckets->counts);
    *buckets = (quality_buckets){0};
}
