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
 *
 * Since: 0.1
 */
#ifndef MIMIC_BATCH_H
#define MIMIC_BATCH_H

#include <stddef.h>
#include <mimic/schema.h>

MIMIC_BEGIN_DECLS

/** Texts of a categorical column: text i is bytes[offsets[i] .. offsets[i + 1]). */
typedef struct mimic_dictionary {
    int64_t count;          /* of texts */
    const int32_t *offsets; /* count + 1 */
    const char *bytes;      /* UTF-8, one text after the other */
} mimic_dictionary;

/** One column of a batch. Values of rows that are NULL are there, but mean nothing. */
typedef struct mimic_column {
    mimic_type type;         /* which of the pointers below are set, and what they point at */
    int32_t precision;       /* decimal only */
    int32_t scale;           /* decimal only */
    int64_t null_count;      /* rows that are NULL */
    const uint8_t *validity; /* bit set = value present; NULL = no NULL in this column */
    const void *values;      /* fixed-width values, codes or bytes, as the head of this file says */
    const int32_t *offsets;             /* string and binary only: row_count + 1 */
    const mimic_dictionary *dictionary; /* categorical only: the texts of the codes */
} mimic_column;

/**
 * Rows of one table. Batches of the library are borrowed: valid until the next call of what
 * delivered them. A program may fill one by itself and hand it to mimic_sink_write or
 * mimic_batch_export.
 */
typedef struct mimic_batch {
    int64_t row_count;           /* may be 0 */
    size_t column_count;         /* as many as the table has fields */
    const mimic_column *columns; /* in the order of table's fields */
    const mimic_table *table;    /* the schema of exactly these columns */
    int64_t first_record;        /* 1-based record number of the first row read for this batch */
    int64_t first_row;           /* 0-based number of its first row among the table's: those of the
                                  * batches before; mimic_sink_write counts for itself */
} mimic_batch;

/**
 * Whether the value of a row is present.
 *
 * column: a column of a batch
 * row: 0-based, below the batch's row_count
 *
 * Returns: 1 when it is present, 0 when it is NULL.
 * Ownership: none.
 * Thread safety: any thread.
 * Since: 0.1
 *
 * Example:
 *     if (mimic_column_is_valid(column, row))
 *         printf("%g\n", ((const double *)column->values)[row]);
 */
static inline int mimic_column_is_valid(const mimic_column *column, int64_t row)
{
    return column->validity == NULL || ((column->validity[row >> 3] >> (row & 7)) & 1) != 0;
}

MIMIC_END_DECLS

#endif
