/*
 * A Data Package: resources, modules, signatures. Assumes nothing about the JSON but that it is
 * well-formed. Properties that the standard has and the library has no use for are left alone, as
 * are resources that are no tables; whatever would change what a load does and is not supported is
 * a finding.
 */
#include "schema/schema_reader.h"

/* ---- resources ---- */

/* "dir/labs.schema.json" gives "labs". */
static const char *name_stem(mimic_schema_reader *reader, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash == NULL ? path : slash + 1;
    const size_t size = strcspn(start[0] == '.' ? "" : start, ".");
    return size == 0 ? "table" : mimic__schema_copy(reader, start, size);
}

static const char *read_path(mimic_schema_reader *reader, const mimic_json *resource,
                             const mimic_table *table)
{
    const mimic_json *path = mimic__json_get(resource, "path");
    if (path == NULL) {
        const char *made = mimic__arena_format(reader->arena, "%s.csv", table->name);
        reader->out_of_memory = reader->out_of_memory || made == NULL;
        return made == NULL ? "" : made;
    }
    if (path->kind == MIMIC_JSON_ARRAY && path->first != NULL)
        path = path->first;
    if (path->kind == MIMIC_JSON_STRING && path->text_size > 0)
        return mimic__schema_copy(reader, path->text, path->text_size);
    mimic__schema_finding(reader, path, "\"path\" must be a string or an array of strings");
    return "";
}

static void read_expected_rows(mimic_schema_reader *reader, const mimic_json *extension,
                               mimic_table *table)
{
    const mimic_json *rows =
        mimic__schema_member(reader, extension, "expectedRows", MIMIC_JSON_OBJECT);
    if (rows == NULL)
        return;
    mimic_edition *editions = mimic__schema_array(reader, rows->child_count, sizeof *editions);
    if (editions == NULL)
        return;
    table->editions = editions;
    for (const mimic_json *edition = rows->first; edition != NULL; edition = edition->next) {
        const int64_t count = mimic__schema_count_of(reader, edition);
        if (count >= 0)
            editions[table->edition_count++] = (mimic_edition){
                mimic__schema_copy(reader, edition->key, strlen(edition->key)), count};
    }
}

static void read_resource_extension(mimic_schema_reader *reader, const mimic_json *resource,
                                    const mimic_json *modules, mimic_table *table)
{
    static const char *const known[] = {"module", "expectedRows", "aliases", "orderKey",
                                        "spans",  NULL};
    const mimic_json *extension =
        mimic__schema_member(reader, resource, "mimic", MIMIC_JSON_OBJECT);
    mimic__schema_known_only(reader, extension, known);
    const mimic_json *module = mimic__schema_member(reader, extension, "module", MIMIC_JSON_STRING);
    table->module = module != NULL && mimic__schema_check_label(reader, module)
                        ? mimic__schema_text_of(reader, module, "")
                        : "";
    if (table->module[0] != '\0' && modules != NULL &&
        mimic__json_get(modules, table->module) == NULL)
        mimic__schema_finding(reader, mimic__json_get(extension, "module"),
                              "module \"%s\" is not among the modules of the package",
                              table->module);
    table->aliases = mimic__schema_names(reader, extension, "aliases", &table->alias_count);
    read_expected_rows(reader, extension, table);
    mimic__schema_read_order_key(reader, mimic__json_get(extension, "orderKey"), table);
    mimic__schema_read_spans(reader, extension, table);
}

static void check_encoding(mimic_schema_reader *reader, const mimic_json *resource)
{
    const mimic_json *encoding =
        mimic__schema_member(reader, resource, "encoding", MIMIC_JSON_STRING);
    if (encoding != NULL && !mimic__name_equals(encoding->text, "utf-8") &&
        !mimic__name_equals(encoding->text, "utf8") &&
        !mimic__name_equals(encoding->text, "us-ascii") &&
        !mimic__name_equals(encoding->text, "ascii"))
        mimic__schema_finding(reader, encoding, "encoding \"%s\" is not supported; use utf-8",
                              encoding->text);
}

static void read_resource_name(mimic_schema_reader *reader, const mimic_json *resource,
                               mimic_table *table)
{
    const mimic_json *name = mimic__schema_member(reader, resource, "name", MIMIC_JSON_STRING);
    table->name = "";
    if (name == NULL && mimic__json_get(resource, "name") == NULL)
        mimic__schema_finding(reader, resource, "the resource has no \"name\"");
    else if (name != NULL && name->text_size == 0)
        mimic__schema_finding(reader, name, "the name is empty");
    else if (name != NULL && !mimic__schema_check_label(reader, name))
        return;
    else if (name != NULL && !mimic__schema_add_name(reader, &reader->tables, name->text))
        mimic__schema_finding(reader, name,
                              "a second resource \"%s\"; names must differ by more than case",
                              name->text);
    else if (name != NULL)
        table->name = mimic__schema_copy(reader, name->text, name->text_size);
}

/* False when it is no table, or one that cannot be named. */
static bool read_resource(mimic_schema_reader *reader, const mimic_json *resource,
                          const mimic_json *modules, mimic_table *table)
{
    const mimic_json *type = mimic__schema_member(reader, resource, "type", MIMIC_JSON_STRING);
    const mimic_json *schema = mimic__json_get(resource, "schema");
    const bool is_table = type != NULL && strcmp(type->text, "table") == 0;
    if (schema == NULL) {
        if (is_table)
            mimic__schema_finding(reader, resource, "the table has no \"schema\"");
        return false;
    }
    if (schema->kind != MIMIC_JSON_OBJECT) {
        mimic__schema_finding(reader, schema,
                              "\"schema\" must be an object; references to other files are not "
                              "followed");
        return false;
    }
    read_resource_name(reader, resource, table);
    table->title = mimic__schema_text(reader, resource, "title", "");
    table->description = mimic__schema_text(reader, resource, "description", "");
    table->path = read_path(reader, resource, table);
    check_encoding(reader, resource);
    mimic__schema_read_table(reader, schema, table);
    read_resource_extension(reader, resource, modules, table);
    mimic__schema_read_dialect(
        reader, mimic__schema_member(reader, resource, "dialect", MIMIC_JSON_OBJECT), table);
    return table->name[0] != '\0';
}

/* ---- what tells releases apart ---- */

static void read_modules(mimic_schema_reader *reader, const mimic_json *modules,
                         mimic_dataset *dataset)
{
    if (modules == NULL)
        return;
    mimic_module *array = mimic__schema_array(reader, modules->child_count, sizeof *array);
    if (array == NULL)
        return;
    dataset->modules = array;
    for (const mimic_json *module = modules->first; module != NULL; module = module->next)
        array[dataset->module_count++] =
            (mimic_module){mimic__schema_copy(reader, module->key, strlen(module->key)),
                           mimic__schema_text_of(reader, module, "")};
}

static void check_columns(mimic_schema_reader *reader, const mimic_json *entry, const char *key,
                          const mimic_table *table, bool expected)
{
    const mimic_json *names = mimic__json_get(entry, key);
    for (const mimic_json *name = names == NULL ? NULL : names->first; name != NULL;
         name = name->next)
        if ((mimic_table_find_field(table, name->text) >= 0) != expected)
            mimic__schema_finding(reader, name, "table \"%s\" has %s field \"%s\"", table->name,
                                  expected ? "no" : "a", name->text);
}

static void read_signature(mimic_schema_reader *reader, const mimic_json *entry,
                           const mimic_dataset *dataset, mimic_signature *out)
{
    static const char *const known[] = {"table",  "columns",     "absent", "column",
                                        "values", "otherValues", "rows",   NULL};
    mimic__schema_known_only(reader, entry, known);
    const mimic_json *table_name = mimic__schema_member(reader, entry, "table", MIMIC_JSON_STRING);
    const mimic_table *table =
        table_name == NULL ? NULL : mimic_dataset_find_table(dataset, table_name->text);
    out->table = table == NULL ? "" : table->name;
    if (table == NULL)
        mimic__schema_finding(reader, table_name == NULL ? entry : table_name,
                              "\"table\" must name a table of the package");
    out->columns = mimic__schema_names(reader, entry, "columns", &out->column_count);
    out->absent = mimic__schema_names(reader, entry, "absent", &out->absent_count);
    out->column = mimic__schema_text(reader, entry, "column", NULL);
    out->rows = mimic__schema_count(reader, entry, "rows");
    out->values =
        mimic__schema_texts(reader, mimic__schema_member(reader, entry, "values", MIMIC_JSON_ARRAY),
                            (mimic_schema_list_rule){.allow_scalars = true}, &out->value_count);
    out->other_values = mimic__schema_texts(
        reader, mimic__schema_member(reader, entry, "otherValues", MIMIC_JSON_ARRAY),
        (mimic_schema_list_rule){.allow_scalars = true}, &out->other_value_count);
    if (table == NULL || table->field_count == 0)
        return;
    check_columns(reader, entry, "columns", table, true);
    check_columns(reader, entry, "absent", table, false);
    if (out->column != NULL && mimic_table_find_field(table, out->column) < 0)
        mimic__schema_finding(reader, mimic__json_get(entry, "column"),
                              "table \"%s\" has no field \"%s\"", table->name, out->column);
}

static void read_signatures(mimic_schema_reader *reader, const mimic_json *extension,
                            mimic_dataset *dataset)
{
    const mimic_json *list = mimic__schema_member(reader, extension, "signature", MIMIC_JSON_ARRAY);
    mimic_signature *array =
        list == NULL ? NULL : mimic__schema_array(reader, list->child_count, sizeof *array);
    if (array == NULL)
        return;
    dataset->signatures = array;
    for (const mimic_json *entry = list->first; entry != NULL; entry = entry->next) {
        if (entry->kind == MIMIC_JSON_OBJECT)
            read_signature(reader, entry, dataset, &array[dataset->signature_count++]);
        else
            mimic__schema_finding(reader, entry, "a signature must be an object, not %s",
                                  mimic__json_kind_name(entry->kind));
    }
}

/* ---- packages ---- */

/* A name or version becomes part of "name@version/table". */
static const char *read_label(mimic_schema_reader *reader, const mimic_json *package,
                              const char *key)
{
    const mimic_json *value = mimic__schema_member(reader, package, key, MIMIC_JSON_STRING);
    if (value == NULL || !mimic__schema_check_label(reader, value))
        return "";
    if (strpbrk(value->text, "@/") != NULL)
        mimic__schema_finding(reader, value, "\"%s\" must not contain \"@\" or \"/\"", key);
    return mimic__schema_copy(reader, value->text, value->text_size);
}

/* The schemas' places in the JSON, wanted again for the foreign keys. */
static void read_resources(mimic_schema_reader *reader, const mimic_json *resources,
                           const mimic_json *modules, mimic_dataset *dataset)
{
    mimic_table *tables = mimic__schema_array(reader, resources->child_count, sizeof *tables);
    const mimic_json **schemas =
        mimic__schema_array(reader, resources->child_count, sizeof *schemas);
    if (tables == NULL || schemas == NULL)
        return;
    dataset->tables = tables;
    for (const mimic_json *resource = resources->first; resource != NULL && !reader->out_of_memory;
         resource = resource->next) {
        mimic_table *table = &tables[dataset->table_count];
        *table = (mimic_table){.module = "", .dataset = dataset->name, .version = dataset->version};
        if (resource->kind != MIMIC_JSON_OBJECT)
            mimic__schema_finding(reader, resource, "a resource must be an object, not %s",
                                  mimic__json_kind_name(resource->kind));
        else if (read_resource(reader, resource, modules, table))
            schemas[dataset->table_count++] = mimic__json_get(resource, "schema");
    }
    for (size_t i = 0; i < dataset->table_count && !reader->out_of_memory; i++)
        mimic__schema_read_foreign_keys(reader, schemas[i], tables, &tables[i]);
}

static void read_package(mimic_schema_reader *reader, const mimic_json *package,
                         mimic_dataset *dataset)
{
    static const char *const known[] = {"modules", "signature", "ignore", NULL};
    const mimic_json *resources =
        mimic__schema_member(reader, package, "resources", MIMIC_JSON_ARRAY);
    const mimic_json *extension = mimic__schema_member(reader, package, "mimic", MIMIC_JSON_OBJECT);
    const mimic_json *modules =
        mimic__schema_member(reader, extension, "modules", MIMIC_JSON_OBJECT);
    mimic__schema_known_only(reader, extension, known);
    dataset->name = read_label(reader, package, "name");
    dataset->version = read_label(reader, package, "version");
    dataset->title = mimic__schema_text(reader, package, "title", "");
    dataset->description = mimic__schema_text(reader, package, "description", "");
    dataset->homepage = mimic__schema_text(reader, package, "homepage", "");
    read_modules(reader, modules, dataset);
    dataset->ignored = mimic__schema_names(reader, extension, "ignore", &dataset->ignored_count);
    if (resources == NULL)
        return;
    if (resources->child_count > MIMIC_SCHEMA_MAX_TABLES) {
        mimic__schema_finding(reader, resources, "more than %d resources", MIMIC_SCHEMA_MAX_TABLES);
        return;
    }
    read_resources(reader, resources, modules, dataset);
    read_signatures(reader, extension, dataset);
    if (dataset->table_count == 0 && reader->finding_count == 0)
        mimic__schema_finding(reader, resources, "the package has no table");
}

/* A bare Table Schema: the table is named after the file. */
static void read_bare_schema(mimic_schema_reader *reader, const mimic_json *schema,
                             mimic_dataset *dataset)
{
    mimic_table *table = mimic__schema_array(reader, 1, sizeof *table);
    if (table == NULL)
        return;
    const mimic_json *label = mimic__schema_member(reader, schema, "name", MIMIC_JSON_STRING);
    const bool is_named = label != NULL && mimic__schema_check_label(reader, label);
    const char *name = is_named ? mimic__schema_text_of(reader, label, "") : "";
    *table = (mimic_table){.name = name[0] != '\0' ? name : name_stem(reader, reader->name),
                           .title = mimic__schema_text(reader, schema, "title", ""),
                           .description = mimic__schema_text(reader, schema, "description", ""),
                           .module = "",
                           .dataset = "",
                           .version = ""};
    dataset->tables = table;
    dataset->table_count = 1;
    table->path = read_path(reader, NULL, table);
    mimic__schema_add_name(reader, &reader->tables, table->name);
    mimic__schema_read_table(reader, schema, table);
    if (!reader->out_of_memory)
        mimic__schema_read_foreign_keys(reader, schema, table, table);
}

/* A single resource: a package of one. */
static void read_bare_resource(mimic_schema_reader *reader, const mimic_json *resource,
                               mimic_dataset *dataset)
{
    mimic_table *table = mimic__schema_array(reader, 1, sizeof *table);
    if (table == NULL)
        return;
    *table = (mimic_table){.module = "", .dataset = "", .version = ""};
    if (!read_resource(reader, resource, NULL, table) || reader->out_of_memory)
        return;
    dataset->tables = table;
    dataset->table_count = 1;
    mimic__schema_read_foreign_keys(reader, mimic__json_get(resource, "schema"), table, table);
}

static void read_root(mimic_schema_reader *reader, const mimic_json *root, mimic_dataset *dataset)
{
    *dataset =
        (mimic_dataset){.name = "", .version = "", .title = "", .description = "", .homepage = ""};
    if (mimic__json_get(root, "resources") != NULL)
        read_package(reader, root, dataset);
    else if (mimic__json_get(root, "schema") != NULL)
        read_bare_resource(reader, root, dataset);
    else if (mimic__json_get(root, "fields") != NULL)
        read_bare_schema(reader, root, dataset);
    else
        mimic__schema_finding(
            reader, root,
            "neither a Data Package (\"resources\"), nor a resource (\"schema\"), "
            "nor a Table Schema (\"fields\")");
}

/* ---- entry ---- */

static mimic_status read_tree(mimic_schema_reader *reader, const mimic_json *root,
                              mimic_dataset **out_dataset)
{
    mimic_dataset *dataset = mimic__schema_array(reader, 1, sizeof *dataset);
    if (dataset != NULL)
        read_root(reader, root, dataset);
    if (reader->out_of_memory)
        return mimic__fail_memory(reader->err);
    if (reader->finding_count > 0)
        return MIMIC_ERR_SCHEMA; /* *err holds the first finding */
    *out_dataset = dataset;
    return MIMIC_OK;
}

mimic_status mimic__schema_read(mimic_arena *arena, const char *json, size_t size, const char *name,
                                const mimic_schema_sink *sink, mimic_dataset **out_dataset,
                                mimic_error *err)
{
    *out_dataset = NULL;
    mimic_arena tree;
    mimic__arena_init(&tree, arena->ctx);
    const mimic_json *root = NULL;
    mimic_status status = mimic__json_parse(&tree, json, size, name, &root, err);
    if (status == MIMIC_OK) {
        mimic_schema_reader reader = {.arena = arena, .name = name, .err = err};
        if (sink != NULL)
            reader.sink = *sink;
        mimic__buffer_init(&reader.pointer, arena->ctx);
        mimic__buffer_init(&reader.message, arena->ctx);
        mimic__hashmap_init(&reader.tables, arena->ctx);
        mimic__hashmap_init(&reader.fields, arena->ctx);
        status = read_tree(&reader, root, out_dataset);
        mimic__buffer_free(&reader.pointer);
        mimic__buffer_free(&reader.message);
        mimic__hashmap_free(&reader.tables);
        mimic__hashmap_free(&reader.fields);
    }
    mimic__arena_free(&tree);
    return status;
}

mimic_status mimic_schema_check(const mimic_context *ctx, const char *json, size_t size_bytes,
                                const char *name, mimic_schema_finding_fn finding,
                                void *finding_ctx, mimic_error *err)
{
    if (ctx == NULL || (json == NULL && size_bytes > 0))
        return mimic__fail(err, MIMIC_ERR_ARGUMENT,
                           "mimic_schema_check needs a context and a text");
    mimic_arena arena;
    mimic__arena_init(&arena, ctx);
    const mimic_schema_sink sink = {finding, finding_ctx};
    mimic_dataset *dataset;
    const mimic_status status =
        mimic__schema_read(&arena, json == NULL ? "" : json, size_bytes,
                           name == NULL ? "schema" : name, &sink, &dataset, err);
    mimic__arena_free(&arena);
    return status;
}
