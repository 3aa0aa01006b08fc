/*
 * See arrow_type.h. The formats are those of the Arrow C Data Interface, "Data type description".
 */
#include "arrow/arrow_type.h"

#include <stdio.h>

#include <mimic/version.h>

size_t mimic__arrow_value_bits(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return 1;
    case MIMIC_TYPE_INT16:
        return 16;
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_FLOAT32:
    case MIMIC_TYPE_DATE:
    case MIMIC_TYPE_CATEGORICAL:
        return 32;
    case MIMIC_TYPE_INT64:
    case MIMIC_TYPE_FLOAT64:
    case MIMIC_TYPE_TIME:
    case MIMIC_TYPE_TIMESTAMP:
    case MIMIC_TYPE_TIMESTAMPTZ:
        return 64;
    case MIMIC_TYPE_DECIMAL:
        return 128;
    default:
        return 0;
    }
}

static const char *fixed_format(mimic_type type)
{
    switch (type) {
    case MIMIC_TYPE_BOOLEAN:
        return "b";
    case MIMIC_TYPE_INT16:
        return "s";
    case MIMIC_TYPE_INT32:
    case MIMIC_TYPE_CATEGORICAL: /* of the codes; the dictionary says "u" */
        return "i";
    case MIMIC_TYPE_INT64:
        return "l";
    case MIMIC_TYPE_FLOAT32:
        return "f";
    case MIMIC_TYPE_FLOAT64:
        return "g";
    case MIMIC_TYPE_DATE:
        return "tdD";
    case MIMIC_TYPE_TIME:
        return "ttu";
    case MIMIC_TYPE_TIMESTAMP:
        return "tsu:";
    case MIMIC_TYPE_TIMESTAMPTZ:
        return "tsu:UTC";
    case MIMIC_TYPE_STRING:
        return "u";
    case MIMIC_TYPE_BINARY:
        return "z";
    default:
        return NULL;
    }
}

bool mimic__arrow_format(const mimic_field *field, char out_format[MIMIC_ARROW_FORMAT_BYTES])
{
    if (field->type == MIMIC_TYPE_DECIMAL) {
        snprintf(out_format, MIMIC_ARROW_FORMAT_BYTES, "d:%d,%d", (int)field->precision,
                 (int)field->scale);
        return true;
    }
    const char *format = fixed_format(field->type);
    if (format == NULL)
        return false;
    snprintf(out_format, MIMIC_ARROW_FORMAT_BYTES, "%s", format);
    return true;
}

void mimic__arrow_table_pairs(const mimic_table *table,
                              mimic_arrow_pair out_pairs[MIMIC_ARROW_TABLE_PAIRS])
{
    out_pairs[0] = (mimic_arrow_pair){"mimic:dataset", table->dataset};
    out_pairs[1] = (mimic_arrow_pair){"mimic:version", table->version};
    out_pairs[2] = (mimic_arrow_pair){"mimic:table", table->name};
    out_pairs[3] = (mimic_arrow_pair){"mimic:library", MIMIC_VERSION_STRING};
}

size_t mimic__arrow_field_pairs(const mimic_field *field, mimic_arrow_pair *out_pair)
{
    *out_pair = (mimic_arrow_pair){"mimic:description", field->description};
    return field->description[0] == '\0' ? 0 : 1;
}
