/*
 * Small datasets of trajectories, written with the library's own Arrow sink: columns by a Table Schema,
 * rows by a function of the row's number. Texts are made by the test; NULL is NULL.
 */
#ifndef MIMIC_TEST_EVENT_DATASET_H
#define MIMIC_TEST_EVENT_DATASET_H

#include <mimic/events.h>
#include <mimic/sink.h>

#include "test_folder.h"

#define DATASET_COLUMNS 20
#define DATASET_NULL INT64_MIN

/* One value: a number, or a text. */
typedef struct dataset_cell {
    int64_t number; /* DATASET_NULL = NULL */
    double real;
    const char *text; /* NULL = NULL */
} dataset_cell;

/* The value of column number `column` in a row. */
typedef dataset_cell (*dataset_cell_fn)(int64_t row, size_t column, void *ctx);

/* Writes the rows [first, end) of a table into the Arrow file at `path`. */
void dataset_write(const mimic_context *ctx, const char *path, const char *schema, int64_t first,
                   int64_t end, dataset_cell_fn cell, void *cell_ctx);

/* Makes the folders above a path. */
void dataset_make_folders(const char *path);

#endif
