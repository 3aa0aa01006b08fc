/*
 * Numbers as text, the same in every locale. Each function writes a NUL-terminated text and returns
 * its length; buffers must hold MIMIC_FORMAT_BYTES. Dates and times are in base/calendar.h.
 */
#ifndef MIMIC_SINK_FORMAT_H
#define MIMIC_SINK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MIMIC_FORMAT_BYTES 64

size_t mimic__format_int64(char *out, int64_t value);
/*
 * The fewest significant digits of which the nearest number of the type is `value`: "98", "0.1",
 * "6.02e+23", "-0". Not finite: "NaN", "INF", "-INF", as Table Schema spells them.
 */
size_t mimic__format_float64(char *out, double value);
size_t mimic__format_float32(char *out, float value);
/* decimal128 (a mimic_int128 at any address) with exactly `scale` digits after the point. */
size_t mimic__format_decimal(char *out, const void *value, int32_t scale);

#endif
