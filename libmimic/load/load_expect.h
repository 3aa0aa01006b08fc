/*
 * mimic_load_options.expect: the rows of every table must be as many as one edition of the release is
 * published with, the same edition for all.
 */
#ifndef MIMIC_LOAD_EXPECT_H
#define MIMIC_LOAD_EXPECT_H

#include <stdatomic.h>
#include <stdint.h>

#include <mimic/load.h>

#define MIMIC_EXPECT_EDITIONS 64

typedef struct load_expect {
    const mimic_dataset *dataset;
    const char *editions[MIMIC_EXPECT_EDITIONS]; /* borrowed from the dataset */
    size_t edition_count;
    atomic_uint_fast64_t possible; /* a bit an edition: no table spoke against it so far */
} load_expect;

/* MIMIC_ERR_ARGUMENT when the release is published without counts, or when not all rows are read. */
mimic_status mimic__load_expect_init(load_expect *expect, const mimic_dataset *dataset,
                                     const mimic_load_options *options, mimic_error *err);
/* Fails a table that fits no edition that is still possible. Any thread; `expect` may be NULL. */
mimic_status mimic__load_expect_check(load_expect *expect, const mimic_table *table, int64_t rows,
                                      mimic_error *err);

#endif
