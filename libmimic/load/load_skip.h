/*
 * Rows of a table that are not to be written: one bit a row in a file without a name, so that memory
 * does not depend on how many there are.
 *
 *     mimic__skip_open(ctx, path, &skip, &err);
 *     mimic__skip_add(skip, row, &err);           // ascending, as often as there are rows
 *     mimic__skip_end(skip, &err);
 *     mimic__skip_kept(skip, first, count, rows, &kept, &err);   // then, on any thread
 *     mimic__skip_free(skip);
 */
#ifndef MIMIC_LOAD_SKIP_H
#define MIMIC_LOAD_SKIP_H

#include "base/context_internal.h"

typedef struct load_skip load_skip;

/* The file stands beside `path` for a moment, and is gone with the process. */
mimic_status mimic__skip_open(const mimic_context *ctx, const char *path, load_skip **out_skip,
                              mimic_error *err);
/* `row`: its number among the rows that the reader delivers, from 0. */
mimic_status mimic__skip_add(load_skip *skip, int64_t row, mimic_error *err);
mimic_status mimic__skip_end(load_skip *skip, mimic_error *err);
/* Those of the rows [first, first + count) that are to be written, counted from `first`; out_rows has
 * room for `count`. */
mimic_status mimic__skip_kept(const load_skip *skip, int64_t first, size_t count,
                              uint32_t *out_rows, size_t *out_kept, mimic_error *err);
int64_t mimic__skip_count(const load_skip *skip); /* 0 for NULL */
void mimic__skip_free(load_skip *skip);           /* NULL is allowed */

#endif
