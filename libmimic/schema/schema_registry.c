/*
 * The registry: releases sorted by name and version, each in an arena of its own. All packages are
 * parsed when they are added (the built-in ones take some milliseconds together), so that a filled
 * registry never changes behind a reader's back and needs no lock.
 */
#include "schema/schema_registry.h"

#include <string.h>

#include "base/error.h"
#include "schema/schema_builtin.h"
#include "schema/schema_reader.h"

/* ---- order ---- */

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Compares the numbers at *a and *b and steps over them; they may be of any length. */
static int compare_numbers(const char **a, const char **b)
{
    while (**a == '0')
        ++*a;
    while (**b == '0')
        ++*b;
    size_t a_digits = 0;
    size_t b_digits = 0;
    while (is_digit((*a)[a_digits]))
        a_digits++;
    while (is_digit((*b)[b_digits]))
        b_digits++;
    const int order =
        a_digits != b_digits ? (a_digits < b_digits ? -1 : 1) : strncmp(*a, *b, a_digits);
    *a += a_digits;
    *b += b_digits;
    return order;
}

int mimic__version_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        int order;
        if (is_digit(*a) && is_digit(*b)) {
            order = compare_numbers(&a, &b);
        } else {
            order = (unsigned char)*a - (unsigned char)*b;
            a++;
            b++;
        }
        if (order != 0)
            return order < 0 ? -1 : 1;
    }
    return (*a != '\0') - (*b != '\0');
}

static int compare_releases(const mimic_dataset *a, const mimic_dataset *b)
{
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = mimic__version_compare(a->version, b->version);
    if (order == 0)
        order = strcmp(a->version, b->version); /* "3.1" and "3.01" are two */
    if (order == 0 && a->name[0] == '\0')
        order = strcmp(a->tables[0].name, b->tables[0].name);
    return order;
}

/* ---- releases ---- */

void mimic__release_free(const mimic_context *ctx, mimic_release *release)
{
    if (release == NULL)
        return;
    mimic__arena_free(&release->arena);
    mimic__free(ctx, release);
}

mimic_status mimic__release_read(const mimic_context *ctx, const char *json, size_t size,
                                 const char *name, mimic_release **out_release, mimic_error *err)
{
    *out_release = NULL;
    mimic_release *release = mimic__alloc_zeroed(ctx, 1, sizeof *release);
    if (release == NULL)
        return mimic__fail_memory(err);
    mimic__arena_init(&release->arena, ctx);
    const mimic_status status =
        mimic__schema_read(&release->arena, json, size, name, NULL, &release->dataset, err);
    if (status == MIMIC_OK)
        *out_release = release;
    else
        mimic__release_free(ctx, release);
    return status;
}

mimic_status mimic__registry_reserve(mimic_registry *registry, size_t more, mimic_error *err)
{
    const size_t needed = registry->release_count + more;
    if (needed <= registry->release_capacity)
        return MIMIC_OK;
    const size_t capacity = needed * 2;
    mimic_release **releases =
        mimic__realloc(registry->ctx, registry->releases,
                       registry->release_capacity * sizeof *releases, capacity * sizeof *releases);
    if (releases == NULL)
        return mimic__fail_memory(err);
    registry->releases = releases;
    registry->release_capacity = capacity;
    return MIMIC_OK;
}

void mimic__registry_put(mimic_registry *registry, mimic_release *release)
{
    size_t at = 0;
    int order = 1;
    while (at < registry->release_count &&
           (order = compare_releases(release->dataset, registry->releases[at]->dataset)) > 0)
        at++;
    if (at < registry->release_count && order == 0) {
        registry->releases[at]->retired = registry->retired;
        registry->retired = registry->releases[at];
    } else {
        memmove(&registry->releases[at + 1], &registry->releases[at],
                (registry->release_count - at) * sizeof registry->releases[0]);
        registry->release_count++;
    }
    registry->releases[at] = release;
}

/* ---- public ---- */

static mimic_status add_json(mimic_registry *registry, const char *json, size_t size,
                             const char *name, const mimic_dataset **out_dataset, mimic_error *err)
{
    MIMIC_TRY(mimic__registry_reserve(registry, 1, err));
    mimic_release *release;
    MIMIC_TRY(mimic__release_read(registry->ctx, json, size, name, &release, err));
    mimic__registry_put(registry, release);
    if (out_dataset != NULL)
        *out_dataset = release->dataset;
    return MIMIC_OK;
}

static mimic_status add_builtin(mimic_registry *registry, mimic_error *err)
{
    for (size_t i = 0; i < mimic__builtin_package_count; i++) {
        const mimic_builtin_package *package = &mimic__builtin_packages[i];
        MIMIC_TRY(add_json(registry, package->json, package->size, package->name, NULL, err));
    }
    return MIMIC_OK;
}

mimic_status mimic_registry_new(const mimic_context *ctx, mimic_registry **out_registry,
                                mimic_error *err)
{
    if (ctx == NULL || out_registry == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_registry_new needs a context and a place for the registry");
    *out_registry = NULL;
    mimic_registry *registry = mimic__alloc_zeroed(ctx, 1, sizeof *registry);
    if (registry == NULL)
        return mimic__fail_memory(err);
    registry->ctx = ctx;
    const mimic_status status = add_builtin(registry, err);
    if (status == MIMIC_OK)
        *out_registry = registry;
    else
        mimic_registry_free(registry);
    return status;
}

mimic_status mimic_registry_add_json(mimic_registry *registry, const char *json, size_t size_bytes,
                                     const char *name, const mimic_dataset **out_dataset,
                                     mimic_error *err)
{
    if (out_dataset != NULL)
        *out_dataset = NULL;
    if (registry == NULL || (json == NULL && size_bytes > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_registry_add_json needs a registry and a text");
    return add_json(registry, json == NULL ? "" : json, size_bytes, name == NULL ? "schema" : name,
                    out_dataset, err);
}

size_t mimic_registry_dataset_count(const mimic_registry *registry)
{
    return registry == NULL ? 0 : registry->release_count;
}

const mimic_dataset *mimic_registry_dataset(const mimic_registry *registry, size_t index)
{
    return index < mimic_registry_dataset_count(registry) ? registry->releases[index]->dataset
                                                          : NULL;
}

void mimic_registry_free(mimic_registry *registry)
{
    if (registry == NULL)
        return;
    for (size_t i = 0; i < registry->release_count; i++)
        mimic__release_free(registry->ctx, registry->releases[i]);
    while (registry->retired != NULL) {
        mimic_release *release = registry->retired;
        registry->retired = release->retired;
        mimic__release_free(registry->ctx, release);
    }
    mimic__free(registry->ctx, registry->releases);
    mimic__free(registry->ctx, registry);
}
