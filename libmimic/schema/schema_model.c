/*
 * Questions to datasets and tables, and projections of tables. The structs are filled by
 * schema_reader.c and never change afterwards, so everything here may run on any thread.
 */
#include "schema/schema_model.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"

/* ---- names ---- */

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool mimic__name_equals_sized(const char *a, const char *b, size_t b_size)
{
    for (size_t i = 0; i < b_size; i++)
        if (a[i] == '\0' || lower(a[i]) != lower(b[i]))
            return false;
    return a[b_size] == '\0';
}

bool mimic__name_equals(const char *a, const char *b)
{
    for (; *a != '\0' && lower(*a) == lower(*b); a++, b++)
        ;
    return *a == '\0' && *b == '\0';
}

void mimic__name_fold(mimic_buffer *out, const char *name)
{
    for (; *name != '\0'; name++)
        mimic__buffer_byte(out, lower(*name));
}

const char *mimic_type_name(mimic_type type)
{
    static const char *const names[] = {
        [MIMIC_TYPE_BOOLEAN] = "boolean",
        [MIMIC_TYPE_INT16] = "int16",
        [MIMIC_TYPE_INT32] = "int32",
        [MIMIC_TYPE_INT64] = "int64",
        [MIMIC_TYPE_FLOAT32] = "float32",
        [MIMIC_TYPE_FLOAT64] = "float64",
        [MIMIC_TYPE_DECIMAL] = "decimal",
        [MIMIC_TYPE_DATE] = "date",
        [MIMIC_TYPE_TIME] = "time",
        [MIMIC_TYPE_TIMESTAMP] = "timestamp",
        [MIMIC_TYPE_TIMESTAMPTZ] = "timestamptz",
        [MIMIC_TYPE_STRING] = "string",
        [MIMIC_TYPE_CATEGORICAL] = "categorical",
        [MIMIC_TYPE_BINARY] = "binary",
    };
    return type >= MIMIC_TYPE_BOOLEAN && type <= MIMIC_TYPE_BINARY ? names[type] : "unknown";
}

/* ---- dataset ---- */

const char *mimic_dataset_name(const mimic_dataset *dataset)
{
    return dataset == NULL ? "" : dataset->name;
}

const char *mimic_dataset_version(const mimic_dataset *dataset)
{
    return dataset == NULL ? "" : dataset->version;
}

const char *mimic_dataset_title(const mimic_dataset *dataset)
{
    return dataset == NULL ? "" : dataset->title;
}

const char *mimic_dataset_description(const mimic_dataset *dataset)
{
    return dataset == NULL ? "" : dataset->description;
}

size_t mimic_dataset_table_count(const mimic_dataset *dataset)
{
    return dataset == NULL ? 0 : dataset->table_count;
}

const mimic_table *mimic_dataset_table(const mimic_dataset *dataset, size_t index)
{
    return index < mimic_dataset_table_count(dataset) ? &dataset->tables[index] : NULL;
}

const mimic_table *mimic_dataset_find_table(const mimic_dataset *dataset, const char *name)
{
    if (dataset == NULL || name == NULL)
        return NULL;
    for (size_t i = 0; i < dataset->table_count; i++)
        if (mimic__name_equals(dataset->tables[i].name, name))
            return &dataset->tables[i];
    return NULL;
}

/* ---- table ---- */

const char *mimic_table_name(const mimic_table *table)
{
    return table == NULL ? "" : table->name;
}

const char *mimic_table_module(const mimic_table *table)
{
    return table == NULL ? "" : table->module;
}

const char *mimic_table_title(const mimic_table *table)
{
    return table == NULL ? "" : table->title;
}

const char *mimic_table_description(const mimic_table *table)
{
    return table == NULL ? "" : table->description;
}

const char *mimic_table_dataset(const mimic_table *table)
{
    return table == NULL ? "" : table->dataset;
}

const char *mimic_table_version(const mimic_table *table)
{
    return table == NULL ? "" : table->version;
}

const char *mimic_table_path(const mimic_table *table)
{
    return table == NULL ? "" : table->path;
}

size_t mimic_table_field_count(const mimic_table *table)
{
    return table == NULL ? 0 : table->field_count;
}

mimic_status mimic_table_field(const mimic_table *table, size_t index, mimic_field_info *out_field)
{
    if (out_field == NULL || index >= mimic_table_field_count(table))
        return MIMIC_ERR_ARGUMENT;
    const mimic_field *field = &table->fields[index];
    const mimic_field_info view = {
        .struct_size = (uint32_t)sizeof view,
        .type = field->type,
        .name = field->name,
        .title = field->title,
        .description = field->description,
        .format = field->formats[0],
        .precision = field->precision,
        .scale = field->scale,
        .is_required = field->is_required,
        .is_unique = field->is_unique,
        .min_length = field->min_length,
        .max_length = field->max_length,
        .on_error = field->on_error,
    };
    return MIMIC_VIEW_COPY(out_field, view);
}

int64_t mimic_table_find_field(const mimic_table *table, const char *name)
{
    for (size_t i = 0; name != NULL && i < mimic_table_field_count(table); i++)
        if (mimic__name_equals(table->fields[i].name, name))
            return (int64_t)i;
    return -1;
}

size_t mimic_table_primary_key(const mimic_table *table, const size_t **out_fields)
{
    if (out_fields != NULL)
        *out_fields = table == NULL ? NULL : table->primary_key;
    return table == NULL ? 0 : table->primary_key_count;
}

size_t mimic_table_foreign_key_count(const mimic_table *table)
{
    return table == NULL ? 0 : table->foreign_key_count;
}

mimic_status mimic_table_foreign_key(const mimic_table *table, size_t index,
                                     mimic_foreign_key_info *out_key)
{
    if (out_key == NULL || index >= mimic_table_foreign_key_count(table))
        return MIMIC_ERR_ARGUMENT;
    const mimic_foreign_key *key = &table->foreign_keys[index];
    const mimic_foreign_key_info view = {
        .struct_size = (uint32_t)sizeof view,
        .referenced_table = key->referenced_table,
        .count = key->count,
        .fields = key->fields,
        .referenced_fields = key->referenced_fields,
    };
    return MIMIC_VIEW_COPY(out_key, view);
}

int64_t mimic_table_expected_rows(const mimic_table *table, const char *edition)
{
    for (size_t i = 0; table != NULL && edition != NULL && i < table->edition_count; i++)
        if (strcmp(table->editions[i].name, edition) == 0)
            return table->editions[i].rows;
    return -1;
}

const char *mimic__table_label(mimic_arena *arena, const mimic_table *table)
{
    if (table->dataset[0] == '\0')
        return table->name;
    return mimic__arena_format(arena, "%s%s%s/%s", table->dataset,
                               table->version[0] == '\0' ? "" : "@", table->version, table->name);
}

/* ---- projection ---- */

/* Copies the indexes of a key as they are after the projection; false when a field is gone. */
static bool map_key(const size_t *fields, size_t field_count, const size_t *key, size_t key_count,
                    size_t *out_key)
{
    for (size_t i = 0; i < key_count; i++) {
        size_t at = 0;
        while (at < field_count && fields[at] != key[i])
            at++;
        if (at == field_count)
            return false;
        out_key[i] = at;
    }
    return true;
}

static bool project_key(mimic_arena *arena, const size_t *fields, size_t field_count,
                        const size_t **key, size_t *key_count)
{
    size_t *mapped = mimic__arena_array(arena, *key_count, sizeof *mapped);
    if (mapped == NULL)
        return false;
    if (!map_key(fields, field_count, *key, *key_count, mapped))
        *key_count = 0;
    *key = mapped;
    return true;
}

static bool project_unique_keys(mimic_arena *arena, const size_t *fields, size_t field_count,
                                mimic_table *table)
{
    mimic_unique_key *keys = mimic__arena_array(arena, table->unique_key_count, sizeof *keys);
    if (keys == NULL)
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < table->unique_key_count; i++) {
        keys[kept] = table->unique_keys[i];
        if (!project_key(arena, fields, field_count, &keys[kept].fields, &keys[kept].count))
            return false;
        kept += keys[kept].count > 0;
    }
    table->unique_keys = keys;
    table->unique_key_count = kept;
    return true;
}

static bool has_all_fields(const mimic_table *table, const mimic_foreign_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (mimic_table_find_field(table, key->fields[i]) < 0)
            return false;
    return true;
}

static bool project_foreign_keys(mimic_arena *arena, mimic_table *table)
{
    mimic_foreign_key *keys = mimic__arena_array(arena, table->foreign_key_count, sizeof *keys);
    if (keys == NULL)
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (has_all_fields(table, &table->foreign_keys[i]))
            keys[kept++] = table->foreign_keys[i];
    table->foreign_keys = keys;
    table->foreign_key_count = kept;
    return true;
}

/* The place of a field among the chosen ones; field_count when it is not there. */
static size_t place_among(const size_t *fields, size_t field_count, size_t field)
{
    size_t i = 0;
    while (i < field_count && fields[i] != field)
        i++;
    return i;
}

static bool project_spans(mimic_arena *arena, const size_t *fields, size_t field_count,
                          mimic_table *table)
{
    mimic_span *spans = mimic__arena_array(arena, table->span_count, sizeof *spans);
    if (spans == NULL)
        return false;
    size_t kept = 0;
    for (size_t i = 0; i < table->span_count; i++) {
        const mimic_span span = {place_among(fields, field_count, table->spans[i].start),
                                 place_among(fields, field_count, table->spans[i].end)};
        if (span.start < field_count && span.end < field_count)
            spans[kept++] = span;
    }
    table->spans = spans;
    table->span_count = kept;
    return true;
}

const mimic_table *mimic__table_project(mimic_arena *arena, const mimic_table *table,
                                        const size_t *fields, size_t field_count)
{
    mimic_table *projected = mimic__arena_alloc(arena, sizeof *projected);
    mimic_field *chosen = mimic__arena_array(arena, field_count, sizeof *chosen);
    if (projected == NULL || chosen == NULL)
        return NULL;
    *projected = *table;
    for (size_t i = 0; i < field_count; i++)
        chosen[i] = table->fields[fields[i]];
    projected->fields = chosen;
    projected->field_count = field_count;
    const bool is_whole = project_key(arena, fields, field_count, &projected->primary_key,
                                      &projected->primary_key_count) &&
                          project_key(arena, fields, field_count, &projected->order_key,
                                      &projected->order_key_count) &&
                          project_unique_keys(arena, fields, field_count, projected) &&
                          project_spans(arena, fields, field_count, projected) &&
                          project_foreign_keys(arena, projected);
    return is_whole ? projected : NULL;
}

mimic_field mimic__field_plain(const char *name, mimic_type type)
{
    static const char *const formats[] = {"default"};
    static const mimic_text missing[] = {{"", 0}};
    static const char *const schema_types[] = {
        [MIMIC_TYPE_BOOLEAN] = "boolean",    [MIMIC_TYPE_INT16] = "integer",
        [MIMIC_TYPE_INT32] = "integer",      [MIMIC_TYPE_INT64] = "integer",
        [MIMIC_TYPE_FLOAT32] = "number",     [MIMIC_TYPE_FLOAT64] = "number",
        [MIMIC_TYPE_DECIMAL] = "number",     [MIMIC_TYPE_DATE] = "date",
        [MIMIC_TYPE_TIME] = "time",          [MIMIC_TYPE_TIMESTAMP] = "datetime",
        [MIMIC_TYPE_TIMESTAMPTZ] = "datetime", [MIMIC_TYPE_STRING] = "string",
        [MIMIC_TYPE_CATEGORICAL] = "string", [MIMIC_TYPE_BINARY] = "string",
    };
    return (mimic_field){.name = name,
                         .title = "",
                         .description = "",
                         .type = type,
                         .schema_type = schema_types[type],
                         .formats = formats,
                         .format_count = 1,
                         .allow_special = true,
                         .decimal_char = '.',
                         .group_char = "",
                         .bare_number = true,
                         .missing_values = missing,
                         .missing_value_count = 1,
                         .min_length = -1,
                         .max_length = -1};
}
