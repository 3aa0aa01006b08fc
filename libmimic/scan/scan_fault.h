/* What the scans of all targets do about times as text, and about values that are none of their type. */
#ifndef MIMIC_SCAN_FAULT_H
#define MIMIC_SCAN_FAULT_H

#include <mimic/coerce.h>

#include "schema/schema_model.h"

/* The longest text of a time that is taken, and a little more. */
#define MIMIC_SCAN_TIME_BYTES 48

/* A date, time or timestamp as the sinks write it: ISO 8601, with a blank or a T between date and time.
 * Days for dates, else microseconds. */
mimic_reject_code mimic__scan_parse_time(mimic_type type, const char *text, size_t size,
                                         int64_t *out_value);

/* The value of row number `row` (0-based) in column `column` is none of its type. */
mimic_status mimic__scan_fail_value(mimic_error *err, const char *source, const mimic_table *table,
                                    int64_t row, size_t column, mimic_reject_code code);

#endif
