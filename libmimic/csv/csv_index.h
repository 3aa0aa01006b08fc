/*
 * The indexer: a block of whole records to field marks (see mimic_field_index) and a list of the
 * records that are no rows of the table's width.
 */
#ifndef MIMIC_CSV_INDEX_H
#define MIMIC_CSV_INDEX_H

#include "csv/csv_split.h"

/* A record of the block that is rejected before coercion. */
typedef struct csv_fault {
    size_t start; /* offset in the block */
    size_t end;
    size_t rows_before; /* rows of the index that come before it */
    mimic_reject_code code;
    size_t field; /* 0-based, SIZE_MAX = the record as a whole */
} csv_fault;

typedef struct csv_index {
    const mimic_context *ctx;
    csv_dialect dialect;
    const csv_kernel *kernel; /* NULL = grammar only */
    bool counts_only; /* to be set after init: rows are counted and checked, marks stay unset */
    size_t stride;            /* fields + 1 */
    uint32_t *marks;
    size_t mark_capacity;
    size_t row_count;
    csv_fault *faults; /* in the order of the block */
    size_t fault_count;
    size_t fault_capacity;
} csv_index;

void mimic_csv__index_init(csv_index *index, const mimic_context *ctx, const csv_dialect *dialect,
                           const csv_kernel *kernel, size_t field_count);
void mimic_csv__index_free(csv_index *index);
/* Indexes a block; what the index held before is gone. */
mimic_status mimic_csv__index_build(csv_index *index, const csv_block *block, mimic_error *err);

#endif
