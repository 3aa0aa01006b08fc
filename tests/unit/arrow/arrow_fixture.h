/*
 * A table with a field of every type and batches of it, any number of rows from any row on. A value
 * depends on its row and column only, so that a test can ask for the same rows in batches of any
 * size, and say what a reader must find (fixture_print_row).
 */
#ifndef MIMIC_TEST_ARROW_FIXTURE_H
#define MIMIC_TEST_ARROW_FIXTURE_H

#include <stdio.h>

#include <mimic/batch.h>

#include "base/buffer.h"
#include "base/hashmap.h"

#define FIXTURE_COLUMNS 16

/* The table; immutable and static. Column 1 is required, all others hold NULLs. */
const mimic_table *fixture_table(void);

typedef struct fixture_batch {
    mimic_batch batch;
    mimic_column columns[FIXTURE_COLUMNS];
    mimic_buffer validity[FIXTURE_COLUMNS];
    mimic_buffer values[FIXTURE_COLUMNS];
    mimic_buffer offsets[FIXTURE_COLUMNS];
    mimic_hashmap texts[FIXTURE_COLUMNS];
    mimic_dictionary dictionaries[FIXTURE_COLUMNS];
} fixture_batch;

/*
 * Fills a batch with the rows [first, first + count). `dictionary_first` is the row from which the
 * imagined reader began: the dictionary holds the texts of the rows from there on.
 */
void fixture_batch_make(fixture_batch *fixture, const mimic_context *ctx, int64_t dictionary_first,
                        int64_t first, int64_t count);
void fixture_batch_free(fixture_batch *fixture);

/* One line of JSON: integers, dates and times as strings of their number, decimals as strings of
 * the unscaled number, bytes as hexadecimal. */
void fixture_print_row(FILE *file, int64_t row);

/* A context whose allocator counts and, from allocation number `fail_at` on (1-based, 0 = never),
 * fails once, or for good when `fail_after` is set. */
typedef struct failing_heap {
    int64_t calls;
    int64_t fail_at;
    int64_t live; /* blocks not freed yet */
    bool fails_for_good;
} failing_heap;

mimic_context *failing_context(failing_heap *heap);

#endif
