/* Files to tables, by name and by header; see schema_detect.h. */
#include "schema/schema_detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- names ---- */

/* A path taken apart; texts are not terminated. */
typedef struct file_name {
    const char *stem;
    size_t stem_size;
    const char *folder; /* the innermost one, size 0 = none */
    size_t folder_size;
} file_name;

static bool ends_with(const char *text, size_t size, const char *end)
{
    const size_t end_size = strlen(end);
    return size > end_size && mimic__name_equals_sized(end, text + size - end_size, end_size);
}

/* False when the ending is not that of a CSV file. */
static bool split_name(const char *relative, file_name *out)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".csv.zst"};
    const char *slash = strrchr(relative, '/');
    out->stem = slash == NULL ? relative : slash + 1;
    out->folder = relative;
    out->folder_size = slash == NULL ? 0 : (size_t)(slash - relative);
    for (size_t i = out->folder_size; i-- > 0;)
        if (relative[i] == '/') {
            out->folder = relative + i + 1;
            out->folder_size -= i + 1;
            break;
        }
    const size_t size = strlen(out->stem);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(out->stem, size, endings[i])) {
            out->stem_size = size - strlen(endings[i]);
            return true;
        }
    return false;
}

static bool is_called(const mimic_table *table, const file_name *name)
{
    if (mimic__name_equals_sized(table->name, name->stem, name->stem_size))
        return true;
    for (size_t i = 0; i < table->alias_count; i++)
        if (mimic__name_equals_sized(table->aliases[i], name->stem, name->stem_size))
            return true;
    return false;
}

/* The module that the file's folder is; NULL when the folder means nothing. */
static const char *folder_module(const mimic_dataset *dataset, const file_name *name)
{
    for (size_t i = 0; i < dataset->module_count; i++)
        if (mimic__name_equals_sized(dataset->modules[i].name, name->folder, name->folder_size))
            return dataset->modules[i].name;
    return NULL;
}

const mimic_table *mimic__schema_match_file(const mimic_dataset *dataset, const char *relative)
{
    file_name name;
    if (!split_name(relative, &name))
        return NULL;
    const char *module = folder_module(dataset, &name);
    for (size_t i = 0; i < dataset->table_count; i++) {
        const mimic_table *table = &dataset->tables[i];
        if (is_called(table, &name) && (module == NULL || table->module[0] == '\0' ||
                                        mimic__name_equals(table->module, module)))
            return table;
    }
    return NULL;
}

bool mimic__schema_ignores_file(const mimic_dataset *dataset, const char *relative)
{
    file_name name;
    if (!split_name(relative, &name))
        return false;
    for (size_t i = 0; i < dataset->ignored_count; i++)
        if (mimic__name_equals_sized(dataset->ignored[i], name.stem, name.stem_size))
            return true;
    return false;
}

/* ---- headers ---- */

bool mimic__schema_has_column(const char *const *header, size_t header_count, const char *name,
                              size_t *out_column)
{
    for (size_t i = 0; i < header_count; i++)
        if (mimic__name_equals(header[i], name)) {
            *out_column = i;
            return true;
        }
    return false;
}

mimic_header_fit mimic__schema_fit(const mimic_table *table, const char *const *header,
                                   size_t header_count)
{
    mimic_header_fit fit = {0};
    for (size_t i = 0; i < table->field_count; i++) {
        size_t column;
        if (mimic__schema_has_column(header, header_count, table->fields[i].name, &column))
            fit.known++;
        else
            fit.required_missing += table->fields[i].is_required;
    }
    fit.missing = table->field_count - fit.known;
    fit.unknown = header_count > fit.known ? header_count - fit.known : 0;
    const size_t both = header_count + table->field_count;
    fit.likeness = both == 0 ? 0 : 2.0 * (double)fit.known / (double)both;
    return fit;
}

const mimic_table *mimic__schema_better_release(const mimic_registry *registry,
                                                const mimic_table *table, const char *const *header,
                                                size_t header_count)
{
    const mimic_header_fit own = mimic__schema_fit(table, header, header_count);
    if (own.missing == 0 && own.unknown == 0)
        return NULL;
    for (size_t i = registry->release_count; i-- > 0;) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        const mimic_table *other = strcmp(dataset->name, table->dataset) == 0
                                       ? mimic_dataset_find_table(dataset, table->name)
                                       : NULL;
        if (other == NULL || other == table)
            continue;
        const mimic_header_fit fit = mimic__schema_fit(other, header, header_count);
        if (fit.missing == 0 && fit.unknown == 0)
            return other;
    }
    return NULL;
}

/* ---- candidates of a single file ---- */

static double rank(const mimic_table_candidate *candidate)
{
    return candidate->likeness + (candidate->name_matches ? 1 : 0);
}

static int compare_candidates(const void *a, const void *b)
{
    const mimic_table_candidate *left = a;
    const mimic_table_candidate *right = b;
    const double difference = rank(right) - rank(left);
    if (difference != 0)
        return difference < 0 ? -1 : 1;
    const int order = strcmp(left->table->dataset, right->table->dataset);
    if (order != 0)
        return order;
    const int version = mimic__version_compare(right->table->version, left->table->version);
    return version != 0 ? version : strcmp(left->table->name, right->table->name);
}

static size_t count_tables(const mimic_registry *registry)
{
    size_t count = 0;
    for (size_t i = 0; i < registry->release_count; i++)
        count += registry->releases[i]->dataset->table_count;
    return count;
}

mimic_status mimic__schema_candidates(mimic_arena *arena, const mimic_registry *registry,
                                      const mimic_found_file *file,
                                      mimic_table_candidate **out_candidates, size_t *out_count,
                                      mimic_error *err)
{
    *out_count = 0;
    *out_candidates = mimic__arena_array(arena, count_tables(registry), sizeof **out_candidates);
    if (*out_candidates == NULL)
        return mimic__fail_memory(err);
    for (size_t i = 0; i < registry->release_count; i++) {
        const mimic_dataset *dataset = registry->releases[i]->dataset;
        const mimic_table *named = mimic__schema_match_file(dataset, file->relative);
        for (size_t j = 0; j < dataset->table_count; j++) {
            const mimic_table *table = &dataset->tables[j];
            const mimic_header_fit fit = mimic__schema_fit(table, file->header, file->header_count);
            if (fit.likeness >= 0.5 || (file->header_count == 0 && table == named))
                (*out_candidates)[(*out_count)++] = (mimic_table_candidate){
                    table, table == named, fit.likeness, fit.required_missing};
        }
    }
    if (*out_count > 1)
        qsort(*out_candidates, *out_count, sizeof **out_candidates, compare_candidates);
    return MIMIC_OK;
}
