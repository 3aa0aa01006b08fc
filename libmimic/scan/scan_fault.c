/* See scan_fault.h. Targets hold times in a few plain forms, so that one parser serves; the release's
 * own formats are those of its CSV files and mean nothing here. */
#include "scan/scan_fault.h"

#include <string.h>

#include "base/error.h"

mimic_reject_code mimic__scan_parse_time(mimic_type type, const char *text, size_t size,
                                         int64_t *out_value)
{
    const size_t separator = 10; /* where it stands in "2150-01-01 10:00:00" */
    char copy[MIMIC_SCAN_TIME_BYTES];
    int32_t days = 0;
    mimic_reject_code code;
    if (size >= sizeof copy)
        return MIMIC_REJECT_TYPE;
    switch (type) {
    case MIMIC_TYPE_DATE:
        code = mimic_coerce_date(text, size, NULL, &days);
        *out_value = days;
        return code;
    case MIMIC_TYPE_TIME:
        return mimic_coerce_time(text, size, NULL, out_value);
    default:
        memcpy(copy, text, size);
        if (size > separator && copy[separator] == ' ')
            copy[separator] = 'T';
        return type == MIMIC_TYPE_TIMESTAMP ? mimic_coerce_timestamp(copy, size, NULL, out_value)
                                            : mimic_coerce_timestamptz(copy, size, NULL, out_value);
    }
}

mimic_status mimic__scan_fail_value(mimic_error *err, const char *source, const mimic_table *table,
                                    int64_t row, size_t column, mimic_reject_code code)
{
    const mimic_field *field = &table->fields[column];
    const mimic_status status = mimic__fail(
        err, MIMIC_ERR_VALUE,
        "table %s, row %lld, column %s: expected a value of type %s, found one that is not (%s); it "
        "was changed since it was written, or written by another program",
        table->name, (long long)row + 1, field->name, mimic_type_name(field->type),
        mimic_reject_code_name(code));
    mimic__error_place(err, source, row + 1, -1, -1, field->name);
    return status;
}
