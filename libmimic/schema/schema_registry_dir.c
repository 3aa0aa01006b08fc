/*
 * Packages on disk. All of a folder's packages are read before the first is added, so that a faulty
 * one leaves the registry as it was.
 */
#include "schema/schema_registry.h"

#include <string.h>

#include "base/error.h"
#include "io/output.h"
#include "json/json.h"

#define PACKAGE_FILE "datapackage.json"
#define PACKAGE_DEPTH 3 /* <dir>/<dataset>/<version>/datapackage.json */

static bool is_package(const char *relative)
{
    const char *slash = strrchr(relative, '/');
    return strcmp(slash == NULL ? relative : slash + 1, PACKAGE_FILE) == 0;
}

static mimic_status read_package(const mimic_context *ctx, const char *path,
                                 mimic_release **out_release, mimic_error *err)
{
    char *text;
    size_t size;
    MIMIC_TRY(mimic__read_file(ctx, path, MIMIC_JSON_MAX_BYTES, &text, &size, err));
    const mimic_status status = mimic__release_read(ctx, text, size, path, out_release, err);
    mimic__free(ctx, text);
    return status;
}

/* Two packages of one release in one folder: which one is meant cannot be told. */
static mimic_status check_double(mimic_release *const *releases, size_t count,
                                 const mimic_file_entry *entry, mimic_error *err)
{
    const mimic_dataset *last = releases[count - 1]->dataset;
    for (size_t i = 0; i + 1 < count; i++)
        if (last->name[0] != '\0' && strcmp(releases[i]->dataset->name, last->name) == 0 &&
            strcmp(releases[i]->dataset->version, last->version) == 0)
            return mimic__fail(err, MIMIC_ERR_SCHEMA, "%s: a second package of %s@%s in one folder",
                               entry->path, last->name, last->version);
    return MIMIC_OK;
}

/* *out_count releases are read and owned by the caller, also after a failure. */
static mimic_status read_packages(const mimic_context *ctx, const mimic_file_entry *entries,
                                  size_t entry_count, mimic_release **releases, size_t *out_count,
                                  mimic_error *err)
{
    for (size_t i = 0; i < entry_count; i++) {
        if (!is_package(entries[i].relative))
            continue;
        MIMIC_TRY(read_package(ctx, entries[i].path, &releases[*out_count], err));
        ++*out_count;
        MIMIC_TRY(check_double(releases, *out_count, &entries[i], err));
    }
    return MIMIC_OK;
}

static mimic_status add_dir(mimic_registry *registry, mimic_arena *arena, const char *path,
                            mimic_error *err)
{
    mimic_file_entry *entries;
    size_t entry_count;
    MIMIC_TRY(mimic__list_files(arena, path, PACKAGE_DEPTH, false, &entries, &entry_count, err));
    mimic_release **releases = mimic__arena_array(arena, entry_count, sizeof(mimic_release *));
    if (releases == NULL)
        return mimic__fail_memory(err);
    size_t count = 0;
    mimic_status status = read_packages(registry->ctx, entries, entry_count, releases, &count, err);
    if (status == MIMIC_OK)
        status = mimic__registry_reserve(registry, count, err);
    for (size_t i = 0; i < count; i++) {
        if (status == MIMIC_OK)
            mimic__registry_put(registry, releases[i]);
        else
            mimic__release_free(registry->ctx, releases[i]);
    }
    if (status == MIMIC_OK && count == 0)
        return mimic__fail(err, MIMIC_ERR_NOT_FOUND,
                           "%s: no " PACKAGE_FILE " here, nor in <dataset>/<version>/ below", path);
    return status;
}

mimic_status mimic_registry_add_dir(mimic_registry *registry, const char *path, mimic_error *err)
{
    if (registry == NULL || path == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_registry_add_dir needs a registry and a path");
    mimic_arena arena;
    mimic__arena_init(&arena, registry->ctx);
    const mimic_status status = add_dir(registry, &arena, path, err);
    mimic__arena_free(&arena);
    return status;
}
