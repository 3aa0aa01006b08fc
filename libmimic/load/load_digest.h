/* Hashes of what decides about the rows of a target, beside the source: schema and options. */
#ifndef MIMIC_LOAD_DIGEST_H
#define MIMIC_LOAD_DIGEST_H

#include <mimic/load.h>

#include "base/context_internal.h"

/* Of everything in a table's schema that shows in a target, comments included. 32 hex digits. */
mimic_status mimic__digest_table(const mimic_context *ctx, const mimic_table *table,
                                 char out_hex[33], mimic_error *err);

/* Of the options that change what is written, and not of how fast it is. options->csv is there. */
mimic_status mimic__digest_options(const mimic_context *ctx, const char *target,
                                   const mimic_load_options *options,
                                   char out_hex[33], mimic_error *err);

#endif
