/* The rows that a patient function gives, as columns of a batch. */
#ifndef MIMIC_CLINICAL_ROWS_H
#define MIMIC_CLINICAL_ROWS_H

#include <mimic/clinical.h>

#include "base/buffer.h"
#include "base/hashmap.h"
#include "schema/schema_model.h"

typedef struct mimic_rows_column {
    const mimic_field *field;
    bool is_set;    /* in the row at hand */
    int64_t number; /* of the row at hand */
    double real;
    int64_t null_count;
    mimic_buffer validity; /* a bit a row */
    mimic_buffer values;
    mimic_buffer offsets;  /* int32, of strings */
    mimic_hashmap texts;   /* of categories */
    mimic_dictionary dictionary;
} mimic_rows_column;

struct mimic_rows {
    const mimic_context *ctx;
    const mimic_table *table;
    mimic_rows_column *columns;
    mimic_column *views;
    int64_t count;
    bool is_open; /* the row at hand has a value */
    mimic_status status;
    mimic_error error;
};

/* MIMIC_ERR_UNSUPPORTED for a table with a column that cannot be set. */
mimic_status mimic__rows_init(mimic_rows *rows, const mimic_context *ctx, const mimic_table *table,
                              mimic_error *err);
void mimic__rows_free(mimic_rows *rows);
void mimic__rows_clear(mimic_rows *rows);
/* What went wrong since the last clear; a row that was not ended is a failure too. */
mimic_status mimic__rows_check(mimic_rows *rows, mimic_error *err);
/* Borrowed until the rows change. */
mimic_batch mimic__rows_batch(mimic_rows *rows);

#endif
