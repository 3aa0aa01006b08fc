/* What the registry offers to the rest of the library. */
#ifndef MIMIC_SCHEMA_REGISTRY_H
#define MIMIC_SCHEMA_REGISTRY_H

#include "schema/schema_model.h"

/* A release and the memory it lives in. */
typedef struct mimic_release {
    mimic_arena arena;
    mimic_dataset *dataset;
    struct mimic_release *retired; /* next of the replaced ones */
} mimic_release;

struct mimic_registry {
    const mimic_context *ctx;
    mimic_release **releases; /* sorted by name, version, and the table's name for bare schemas */
    size_t release_count;
    size_t release_capacity;
    mimic_release *retired; /* replaced, kept for those who borrowed from them */
};

/* Versions compare number by number: "10.0" is above "9.1", "3.1" above "3". */
int mimic__version_compare(const char *a, const char *b);

/* Reads a package without adding it. The caller frees *out_release. */
mimic_status mimic__release_read(const mimic_context *ctx, const char *json, size_t size,
                                 const char *name, mimic_release **out_release, mimic_error *err);
void mimic__release_free(const mimic_context *ctx, mimic_release *release);
/* Room for `more` releases, so that as many calls of mimic__registry_put cannot fail. */
mimic_status mimic__registry_reserve(mimic_registry *registry, size_t more, mimic_error *err);
void mimic__registry_put(mimic_registry *registry, mimic_release *release);

#endif
