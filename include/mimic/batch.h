/*
 * Batches: some thousands of rows of one table, as columns in the Arrow memory layout.
 *
 * Everything that flows through the library is a batch. A column is borrowed memory:
 *
 *     for (int64_t row = 0; row < batch->row_count; row++)
 *         if (mimic_column_is_valid(column, row))
 *             sum += ((const double *)column->values)[row];
 *
 * Which pointers a column has: fixed-width types use `values` (boolean is bit-packed, least
 * significant bit first); string and binary use `offsets` (row_count + 1 of them) and `values` as
 * bytes; categorical has int32 codes in `values` and their texts in `dictionary`, which only grows
 * from batch to batch of one reader.
 */
#ifndef MIMIC_BATCH_H
#define MIMIC_BATCH_H

#include <stddef.h>
#include <mimic/schema.h>

MIMIC_BEGIN_DECLS

/** Texts of a categorical column: text i is bytes[offsets[i] .. offsets[i + 1]). */
typedef struct mimic_dictionary {
    int64_t count;
    const int32_t *offsets; /* count + 1 */
    const char *bytes;
} mimic_dictionary;

typedef struct mimic_column {
    mimic_type type;
    int32_t precision;       /* decimal only */
    int32_t scale;           /* decimal only */
    int64_t null_count;
    const uint8_t *validity; /* bit set = value present; NULL = no NULL in this column */
    const void *values;
    const int32_t *offsets;             /* string and binary only */
    const mimic_dictionary *dictionary; /* categorical only */
} mimic_column;

typedef struct mimic_batch {
    int64_t row_count;
    size_t column_count;
    const mimic_column *columns; /* in the order of table's fields */
    const mimic_table *table;    /* the schema of exactly these columns */
    int64_t first_record;        /* 1-based record number of the first row read for this batch */
    int64_t first_row;           /* 0-based number of its first row among the table's: those of the
                                  * batches before; mimic_sink_write counts for itself */
} mimic_batch;

/** 1 when the value of `row` is present, 0 when it is NULL. */
static inline int mimic_column_is_valid(const mimic_column *column, int64_t row)
{
    return column->validity == NULL || ((column->validity[row >> 3] >> (row & 7)) & 1) != 0;
}

MIMIC_END_DECLS

#endif
