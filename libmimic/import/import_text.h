/*
 * Values of any Arrow type as text: what a CSV file would hold. Numbers are the shortest text that
 * reads back as the same number, times are ISO 8601 with all their digits, binary is base64.
 */
#ifndef MIMIC_IMPORT_TEXT_H
#define MIMIC_IMPORT_TEXT_H

#include <mimic/coerce.h>

#include "base/buffer.h"
#include "import/import_array.h"

/*
 * Appends the text of a value. 0; MIMIC_REJECT_RANGE for a time beyond the calendar, whose number is
 * appended; MIMIC_REJECT_OVERSIZE for a text of more than IMPORT_MAX_TEXT bytes, of which nothing is
 * appended. *out_is_broken: the value lies outside of the array.
 */
mimic_reject_code mimic__import_text(const import_place *place, mimic_buffer *out,
                                     bool *out_is_broken);

#define IMPORT_MAX_TEXT ((size_t)256 << 20)

/* A date or time, or an integer, in the library's unit: 0, MIMIC_REJECT_RANGE, _PRECISION. */
mimic_reject_code mimic__import_integer(const import_place *place, int64_t *out);
double mimic__import_double(const import_place *place);

#endif
