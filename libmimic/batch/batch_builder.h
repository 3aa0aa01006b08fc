/*
 * A column under construction: Arrow buffers that are kept from batch to batch and only grow.
 *
 * mimic__builder_begin makes every row present and, for fixed widths, leaves the values to be
 * written. Rows are then filled in any order for fixed widths, in row order for string and binary.
 */
#ifndef MIMIC_BATCH_BUILDER_H
#define MIMIC_BATCH_BUILDER_H

#include <mimic/batch.h>

#include "base/hashmap.h"

/* Bytes that may be written beyond the last one used, so that loops may store whole words. */
#define MIMIC_BUILDER_PADDING 64

typedef struct mimic_column_builder {
    const mimic_context *ctx;
    mimic_type type;
    int32_t precision;
    int32_t scale;
    size_t row_count;
    uint8_t *validity; /* a bit a row, in whole words of 64 */
    size_t validity_capacity;
    char *values; /* string and binary: the bytes so far */
    size_t value_capacity;
    int32_t *offsets;
    size_t offset_capacity; /* in bytes */
    mimic_hashmap texts;    /* categorical: text of code i is key i */
    mimic_dictionary dictionary;
} mimic_column_builder;

void mimic__builder_init(mimic_column_builder *builder, const mimic_context *ctx, mimic_type type,
                         int32_t precision, int32_t scale);
void mimic__builder_free(mimic_column_builder *builder);

/* Bytes of a value in `values`: 0 for boolean, string and binary. */
size_t mimic__type_width(mimic_type type);

/* Is this a day of the years 1 to 9999, a time of a day, or a moment of those years? True for every
 * value of the other types. */
bool mimic__time_is_valid(mimic_type type, int64_t value);

/* Room for row_count rows, all present; `value_bytes` bytes of text for string and binary. Booleans
 * are all false. False when memory ran out. */
bool mimic__builder_begin(mimic_column_builder *builder, size_t row_count, size_t value_bytes);

/* Room for `more` bytes of text behind the first `used`, which stay, for those who cannot tell the sum
 * beforehand. False when memory ran out or a column cannot hold as much. */
bool mimic__builder_more_bytes(mimic_column_builder *builder, size_t used, size_t more);

/* Drops the rows whose bit is set in `bad` (NULL: none); returns how many are left. */
size_t mimic__builder_compact(mimic_column_builder *builder, const uint64_t *bad);

/* Makes the rows whose bit is set NULL, as if they had been NULL from the start. */
void mimic__builder_null_rows(mimic_column_builder *builder, const uint64_t *rows);

/* The column as a view, valid until the builder changes. */
mimic_column mimic__builder_view(mimic_column_builder *builder);

static inline void mimic__builder_clear_valid(mimic_column_builder *builder, size_t row)
{
    builder->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
}

/* Up to 64 rows from `first` on, which is a multiple of 64: those with a set bit. */
static inline void mimic__builder_clear_rows(mimic_column_builder *builder, size_t first,
                                             uint64_t rows)
{
    uint8_t *const bytes = builder->validity + first / 8;
    for (size_t i = 0; i < 8; i++)
        bytes[i] &= (uint8_t) ~(rows >> (8 * i));
}

#endif
