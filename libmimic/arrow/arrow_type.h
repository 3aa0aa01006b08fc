/* How the library's types look in Arrow: layout, names, and the metadata of a table. */
#ifndef MIMIC_ARROW_TYPE_H
#define MIMIC_ARROW_TYPE_H

#include <stdbool.h>

#include <mimic/arrow.h>

#include "schema/schema_model.h"

/* Bits of one value slot; 0 for string and binary, whose values lie between offsets. */
size_t mimic__arrow_value_bits(mimic_type type);

static inline bool mimic__arrow_has_offsets(mimic_type type)
{
    return type == MIMIC_TYPE_STRING || type == MIMIC_TYPE_BINARY;
}

#define MIMIC_ARROW_FORMAT_BYTES 32

/* Format string of the C Data Interface; false for a number that is no type. */
bool mimic__arrow_format(const mimic_field *field, char out_format[MIMIC_ARROW_FORMAT_BYTES]);

/* One entry of a schema's or a field's metadata; both texts are borrowed. */
typedef struct mimic_arrow_pair {
    const char *key;
    const char *value;
} mimic_arrow_pair;

#define MIMIC_ARROW_TABLE_PAIRS 4

/* mimic:dataset, mimic:version, mimic:table and mimic:library. */
void mimic__arrow_table_pairs(const mimic_table *table,
                              mimic_arrow_pair out_pairs[MIMIC_ARROW_TABLE_PAIRS]);
/* mimic:description where there is one; returns how many pairs were filled, 0 or 1. */
size_t mimic__arrow_field_pairs(const mimic_field *field, mimic_arrow_pair *out_pair);

#endif
