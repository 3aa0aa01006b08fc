/*
 * Finding datasets and tables by their names, "mimic-iv@3.1/labevents", and saying what there is
 * when there is no such thing.
 */
#include "schema/schema_registry.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"

/* A spec taken apart; texts are not terminated. */
typedef struct spec_parts {
    const char *name;
    size_t name_size;
    const char *version; /* NULL = the highest */
    size_t version_size;
    const char *table; /* NULL = none; terminated */
} spec_parts;

static spec_parts split_spec(const char *spec)
{
    spec_parts parts = {.name = spec};
    const char *slash = strrchr(spec, '/');
    const size_t size = slash == NULL ? strlen(spec) : (size_t)(slash - spec);
    const char *at = memchr(spec, '@', size);
    parts.table = slash == NULL ? NULL : slash + 1;
    parts.name_size = at == NULL ? size : (size_t)(at - spec);
    if (at != NULL) {
        parts.version = at + 1;
        parts.version_size = size - parts.name_size - 1;
    }
    return parts;
}

static bool text_equals(const char *text, const char *other, size_t other_size)
{
    return strncmp(text, other, other_size) == 0 && text[other_size] == '\0';
}

/* ---- near names ---- */

#define NEAR_MAX 48

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Levenshtein distance without regard to case; NEAR_MAX for long names. */
static size_t distance(const char *a, const char *b)
{
    const size_t a_size = strlen(a);
    const size_t b_size = strlen(b);
    size_t row[NEAR_MAX + 1];
    if (a_size >= NEAR_MAX || b_size >= NEAR_MAX)
        return NEAR_MAX;
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 0; i < a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_size; j++) {
            const size_t replaced = diagonal + (fold(a[i]) != fold(b[j]));
            diagonal = row[j + 1];
            const size_t shorter = row[j] < diagonal ? row[j] + 1 : diagonal + 1;
            row[j + 1] = replaced < shorter ? replaced : shorter;
        }
    }
    return row[b_size];
}

/* Near enough to be meant: a third of the letters may differ. */
static bool is_near(const char *name, const char *wanted, size_t *best)
{
    const size_t steps = distance(name, wanted);
    if (steps >= *best || steps * 3 > strlen(wanted) + 1)
        return false;
    *best = steps;
    return true;
}

const char *mimic__name_nearest(const char *wanted, const char *const *names)
{
    const char *near = NULL;
    size_t best = NEAR_MAX;
    for (; *names != NULL; names++)
        if (is_near(*names, wanted, &best))
            near = *names;
    return near;
}

/* ---- lists ---- */

static void append_dataset(mimic_buffer *list, const mimic_dataset *dataset)
{
    if (list->size > 0)
        mimic__buffer_text(list, ", ");
    mimic__buffer_text(list, dataset->name[0] == '\0' ? dataset->tables[0].name : dataset->name);
    if (dataset->version[0] != '\0')
        mimic__buffer_format(list, "@%s", dataset->version);
}

static mimic_status fail_dataset(const mimic_registry *registry, const char *spec, mimic_error *err)
{
    const spec_parts parts = split_spec(spec);
    char wanted[NEAR_MAX] = "";
    if (parts.name_size < sizeof wanted)
        memcpy(wanted, parts.name, parts.name_size);
    mimic_buffer list;
    mimic__buffer_init(&list, registry->ctx);
    const mimic_dataset *near = NULL;
    size_t best = NEAR_MAX;
    for (size_t i = 0; i < registry->release_count; i++) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        append_dataset(&list, dataset);
        if (wanted[0] != '\0' && is_near(dataset->name, wanted, &best))
            near = dataset;
    }
    mimic__buffer_byte(&list, '\0');
    const mimic_status status =
        mimic__fail(err, MIMIC_ERR_NOT_FOUND, "there is no dataset \"%s\"%s%s%s%s",
                    spec, near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near->name,
                    near == NULL ? "; there are: " : "\"? There are: ", list.failed ? "" : list.data);
    mimic__buffer_free(&list);
    return status;
}

/* "X has no table \"labevent\"; did you mean \"labevents\"? It has: …", for the names offered. */
typedef struct missing_name {
    const char *wanted;
    const char *near;
    size_t best;
    mimic_buffer list;
} missing_name;

static missing_name begin_missing(const mimic_context *ctx, const char *wanted)
{
    missing_name missing = {.wanted = wanted, .best = NEAR_MAX};
    mimic__buffer_init(&missing.list, ctx);
    return missing;
}

static void offer_name(missing_name *missing, const char *name)
{
    mimic__buffer_format(&missing->list, "%s%s", missing->list.size > 0 ? ", " : "", name);
    if (is_near(name, missing->wanted, &missing->best))
        missing->near = name;
}

static mimic_status fail_missing(missing_name *missing, const char *owner, const char *kind,
                                 mimic_error *err)
{
    const char *const near = missing->near;
    mimic__buffer_byte(&missing->list, '\0');
    const mimic_status status = mimic__fail(
        err, MIMIC_ERR_NOT_FOUND, "%s has no %s \"%s\"%s%s%s%s", owner, kind,
        missing->wanted, near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
        near == NULL ? "; it has: " : "\"? It has: ", missing->list.failed ? "" : missing->list.data);
    mimic__buffer_free(&missing->list);
    return status;
}

mimic_status mimic__fail_no_table(const mimic_context *ctx, const mimic_dataset *dataset,
                                  const char *name, mimic_error *err)
{
    char owner[NEAR_MAX * 3];
    missing_name missing = begin_missing(ctx, name);
    for (size_t i = 0; i < dataset->table_count; i++)
        offer_name(&missing, dataset->tables[i].name);
    snprintf(owner, sizeof owner, "%s%s%s", dataset->name, dataset->version[0] == '\0' ? "" : "@",
             dataset->version);
    return fail_missing(&missing, owner, "table", err);
}

mimic_status mimic__fail_no_column(const mimic_context *ctx, const mimic_table *table,
                                   const char *name, mimic_error *err)
{
    char owner[NEAR_MAX * 3];
    missing_name missing = begin_missing(ctx, name);
    for (size_t i = 0; i < table->field_count; i++)
        offer_name(&missing, table->fields[i].name);
    snprintf(owner, sizeof owner, "table %s", table->name);
    return fail_missing(&missing, owner, "column", err);
}

/* A name without a dataset: say where such a table is. */
static mimic_status fail_bare_table(const mimic_registry *registry, const char *table,
                                    mimic_error *err)
{
    mimic_buffer list;
    mimic__buffer_init(&list, registry->ctx);
    for (size_t i = 0; i < registry->release_count; i++) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        const mimic_table *found = mimic_dataset_find_table(dataset, table);
        if (found == NULL || dataset->name[0] == '\0')
            continue;
        append_dataset(&list, dataset);
        mimic__buffer_format(&list, "/%s", found->name);
    }
    if (list.size == 0) {
        mimic__buffer_free(&list);
        return fail_dataset(registry, table, err);
    }
    mimic__buffer_byte(&list, '\0');
    const mimic_status status =
        mimic__fail(err, MIMIC_ERR_NOT_FOUND, "table \"%s\" needs its dataset; there are: %s",
                    table, list.failed ? "" : list.data);
    mimic__buffer_free(&list);
    return status;
}

/* ---- finding ---- */

/* The release that is named, or the highest of its name; NULL when there is none. */
static const mimic_dataset *find_release(const mimic_registry *registry, const spec_parts *parts)
{
    for (size_t i = registry->release_count; i-- > 0;) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        if (parts->name_size > 0 && text_equals(dataset->name, parts->name, parts->name_size) &&
            (parts->version == NULL ||
             text_equals(dataset->version, parts->version, parts->version_size)))
            return dataset;
    }
    return NULL;
}

/* A table of a bare schema or of a package without a name. */
static const mimic_table *find_bare_table(const mimic_registry *registry, const char *name)
{
    for (size_t i = 0; i < registry->release_count; i++) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        const mimic_table *table =
            dataset->name[0] == '\0' ? mimic_dataset_find_table(dataset, name) : NULL;
        if (table != NULL)
            return table;
    }
    return NULL;
}

mimic_status mimic_registry_find_dataset(const mimic_registry *registry, const char *spec,
                                         const mimic_dataset **out_dataset, mimic_error *err)
{
    if (registry == NULL || spec == NULL || out_dataset == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_registry_find_dataset needs a registry and a name");
    *out_dataset = NULL;
    const spec_parts parts = split_spec(spec);
    if (parts.table == NULL)
        *out_dataset = find_release(registry, &parts);
    return *out_dataset == NULL ? fail_dataset(registry, spec, err) : MIMIC_OK;
}

mimic_status mimic_registry_find_table(const mimic_registry *registry, const char *spec,
                                       const mimic_table **out_table, mimic_error *err)
{
    if (registry == NULL || spec == NULL || out_table == NULL)
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_registry_find_table needs a registry and a name");
    *out_table = NULL;
    const spec_parts parts = split_spec(spec);
    if (parts.table == NULL) {
        *out_table = find_bare_table(registry, spec);
        return *out_table == NULL ? fail_bare_table(registry, spec, err) : MIMIC_OK;
    }
    const mimic_dataset *dataset = find_release(registry, &parts);
    if (dataset == NULL)
        return fail_dataset(registry, spec, err);
    *out_table = mimic_dataset_find_table(dataset, parts.table);
    return *out_table == NULL ? mimic__fail_no_table(registry->ctx, dataset, parts.table, err) : MIMIC_OK;
}
