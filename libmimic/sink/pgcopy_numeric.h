/* decimal128 and PostgreSQL's numeric: an integer times 10^-scale, and digits of base 10000. */
#ifndef MIMIC_SINK_PGCOPY_NUMERIC_H
#define MIMIC_SINK_PGCOPY_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>

#include <mimic/coerce.h>

#include "sink/pgcopy_bytes.h"

#define MIMIC_PGCOPY_NUMERIC_BYTES_MAX                                                             \
    (MIMIC_PGCOPY_NUMERIC_HEAD_BYTES + 2 * MIMIC_PGCOPY_NUMERIC_DIGITS_MAX)

/* Writes the value that numeric(p,scale) sends; returns its size. Scale 0 to 38. */
size_t mimic__pgcopy_put_numeric(char *to, mimic_int128 value, int32_t scale);
/* The exact value, or false: malformed, not a number, infinite, digits behind the scale, or more than
 * `precision` digits. */
bool mimic__pgcopy_get_numeric(const char *from, size_t size, int32_t precision, int32_t scale,
                               mimic_int128 *out);
/* True when the value has at most `precision` digits, 1 to 38. */
bool mimic__pgcopy_fits_precision(mimic_int128 value, int32_t precision);

#endif
