/*
 * The schema of a table that a target holds: column by column what the release says, where the target
 * stores the column as the library would, and what the target says otherwise. A table all of whose
 * columns are the release's keeps its keys.
 */
#include <string.h>

#include "base/error.h"
#include "scan/scan_internal.h"
#include "schema/schema_registry.h"

const mimic_table *mimic__scan_release_table(const mimic_scan *scan, const char *dataset,
                                             const char *version, const char *name)
{
    const mimic_registry *registry = scan->registry;
    for (size_t i = 0; registry != NULL && i < registry->release_count; i++) {
        const mimic_dataset *release = registry->releases[i]->dataset;
        if (strcmp(release->name, dataset) != 0 || strcmp(release->version, version) != 0)
            continue;
        const mimic_table *table = mimic_dataset_find_table(release, name);
        if (table != NULL)
            return table;
    }
    return NULL;
}

static const mimic_table *mix(mimic_arena *arena, const scan_layout *layout)
{
    mimic_table *table = mimic__arena_alloc(arena, sizeof *table);
    if (table == NULL)
        return NULL;
    *table = (mimic_table){.name = layout->name,
                           .module = layout->module,
                           .title = "",
                           .description = "",
                           .path = "",
                           .dataset = "",
                           .version = ""};
    if (layout->release != NULL) {
        table->title = layout->release->title;
        table->description = layout->release->description;
        table->dataset = layout->release->dataset;
        table->version = layout->release->version;
    }
    table->fields = layout->fields;
    table->field_count = layout->field_count;
    return table;
}

static const mimic_table *make_table(mimic_arena *arena, const scan_layout *layout)
{
    const mimic_table *release = layout->release;
    size_t *known = mimic__arena_array(arena, layout->field_count, sizeof *known);
    bool is_known = release != NULL;
    if (known == NULL)
        return NULL;
    for (size_t i = 0; release != NULL && i < layout->field_count; i++) {
        const int64_t found = mimic_table_find_field(release, layout->fields[i].name);
        const mimic_field *field = found < 0 ? NULL : &release->fields[found];
        if (field != NULL && layout->fits(layout->fits_ctx, i, field)) {
            known[i] = (size_t)found;
            layout->fields[i] = *field;
        } else {
            is_known = false;
        }
    }
    return is_known ? mimic__table_project(arena, release, known, layout->field_count)
                    : mix(arena, layout);
}

mimic_status mimic__scan_add_table(mimic_scan *scan, const scan_layout *layout, scan_table *table,
                                   mimic_error *err)
{
    scan_table *tables = mimic__array_grow(scan->ctx, scan->tables, scan->table_count,
                                           &scan->table_capacity, sizeof *tables);
    if (tables == NULL)
        return mimic__fail_memory(err);
    scan->tables = tables;
    table->table = make_table(&scan->arena, layout);
    if (table->table == NULL)
        return mimic__fail_memory(err);
    scan->tables[scan->table_count++] = *table;
    return MIMIC_OK;
}
