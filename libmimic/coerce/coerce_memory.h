/*
 * What a table remembers from block to block: the texts of its categorical columns and the values of
 * its unique ones. Blocks may be coerced in any order and side by side, by plans of their own; then
 * each is settled, in input order, so that the result does not depend on how the work was shared:
 *
 *     mimic__coerce_column(plan, …) for every column          any thread
 *     mimic__coerce_memory_settle(memory, plan, &faults)      in input order, one at a time
 *     mimic__coerce_plan_finish(plan, …)                      any thread
 *
 * A row that is rejected for whatever other reason takes no value of a unique column.
 */
#ifndef MIMIC_COERCE_MEMORY_H
#define MIMIC_COERCE_MEMORY_H

#include "coerce/coerce_column.h"

typedef struct mimic_coerce_memory mimic_coerce_memory;

/* For plans of the same table and options; `table` must outlive it. */
mimic_status mimic__coerce_memory_new(const mimic_context *ctx, const mimic_table *table,
                                      const mimic_coerce_options *options,
                                      mimic_coerce_memory **out_memory, mimic_error *err);
/* Batches of the plans refer to its texts, and to the older state of those: freed last. */
void mimic__coerce_memory_free(mimic_coerce_memory *memory); /* NULL is allowed */
/*
 * Gives the block's new texts their codes and looks for values that came before, which are added to
 * `faults` (or made NULL under that policy). MIMIC_ERR_LIMIT when a table holds more texts or values
 * than the options allow; MIMIC_ERR_MEMORY.
 */
mimic_status mimic__coerce_memory_settle(mimic_coerce_memory *memory, mimic_coerce_plan *plan,
                                         size_t row_count, mimic_row_faults *faults,
                                         mimic_error *err);

#endif
