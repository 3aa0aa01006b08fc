/* Drift that the header alone does not show. */
#ifndef MIMIC_SCHEMA_DRIFT_H
#define MIMIC_SCHEMA_DRIFT_H

#include "schema/schema_model.h"

/* Adds MIMIC_DRIFT_RELEASE: the file looks like `other`, a table of another release. */
mimic_status mimic__drift_add_release(mimic_drift *drift, const mimic_table *other,
                                      mimic_error *err);

#endif
