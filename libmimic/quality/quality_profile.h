/*
 * The profile of one table while its rows pass by: its columns, and pairs of them that bound a span of
 * time. look, take and drop are as a stage of a load has them; look runs on any thread, take in the
 * order of rows.
 */
#ifndef MIMIC_QUALITY_PROFILE_H
#define MIMIC_QUALITY_PROFILE_H

#include "quality/quality_model.h"

typedef struct quality_profile quality_profile;

/* For batches of exactly this table's fields; the table must outlive the profile. */
mimic_status mimic__profile_new(const mimic_context *ctx, const mimic_table *table,
                                quality_profile **out_profile, mimic_error *err);
void mimic__profile_free(quality_profile *profile); /* NULL is allowed */
/* Forgets all rows. Nobody looks meanwhile. */
mimic_status mimic__profile_reset(quality_profile *profile, mimic_error *err);

mimic_status mimic__profile_look(void *profile, const mimic_batch *batch, void **out_notes,
                                 mimic_error *err);
/* Takes the notes over. `rows` is not used. */
mimic_status mimic__profile_take(void *profile, const mimic_batch *batch, const uint32_t *rows,
                                 void *notes, mimic_error *err);
void mimic__profile_drop(void *profile, void *notes);

/* What was found, for good; needs neither profile nor table any more. */
mimic_status mimic__profile_result(const quality_profile *profile, quality_table **out_table,
                                   mimic_error *err);

#endif
